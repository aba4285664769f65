/* VisionStream: recordings that are not finished
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsrecordingmarker.h"

#include <string.h>

#include "archive/vsarchivename.h"

#define SUFFIX ".recording"
#define MOVIE_SUFFIX ".mp4"
#define MARKER_MAX 4096
#define NAMES_MAX 1000

/* the key file */
#define GROUP "recording"
#define KEY_VERSION "version"
#define KEY_RENDITION "rendition"
#define KEY_FIRST "first-sequence"
#define KEY_SEPARATE "separate"
#define KEY_CHOICE "choice"
#define KEY_PIXELS "pixels"
#define KEY_NAME "name"
#define VERSION 1

VsRecordingMarker *
vs_recording_marker_new (const gchar * rendition, guint64 first_sequence,
    gboolean is_separate)
{
  VsRecordingMarker *marker = g_new0 (VsRecordingMarker, 1);

  marker->rendition = g_strdup (rendition);
  marker->first_sequence = first_sequence;
  marker->is_separate = is_separate;
  return marker;
}

VsRecordingMarker *
vs_recording_marker_copy (const VsRecordingMarker * marker)
{
  VsRecordingMarker *copy = vs_recording_marker_new (marker->rendition,
      marker->first_sequence, marker->is_separate);

  copy->name = g_strdup (marker->name);
  copy->is_choice = marker->is_choice;
  copy->pixels = marker->pixels;
  return copy;
}

void
vs_recording_marker_free (VsRecordingMarker * marker)
{
  g_free (marker->name);
  g_free (marker->rendition);
  g_free (marker);
}

gchar *
vs_recordings_folder (const gchar * folder)
{
  return vs_archive_key (folder, VS_RECORDINGS_FOLDER);
}

gchar *
vs_recording_key (const gchar * folder, const gchar * name)
{
  return g_strconcat (folder, "/" VS_RECORDINGS_FOLDER "/", name,
      MOVIE_SUFFIX, NULL);
}

static gchar *
marker_key (const VsRecordingMarker * marker, const gchar * folder)
{
  return g_strdup_printf ("%s/" VS_RECORDINGS_FOLDER "/%s-%"
      G_GUINT64_FORMAT SUFFIX, folder, marker->rendition,
      marker->first_sequence);
}

gchar *
vs_recording_name (VsStore * store, const gchar * folder, const gchar * wanted,
    GCancellable * cancellable, GError ** error)
{
  for (guint n = 1; n < NAMES_MAX; n++) {
    g_autofree gchar *name = n == 1 ? g_strdup (wanted) :
        g_strdup_printf ("%s-%u", wanted, n);
    g_autofree gchar *key = vs_recording_key (folder, name);
    g_autoptr (GError) cause = NULL;
    g_autoptr (VsStoreObject) object =
        vs_store_stat (store, key, cancellable, &cause);

    if (object)
      continue;
    if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
      return g_steal_pointer (&name);
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
      "%s/%s has too many recordings that are called %s",
      vs_store_get_location (store), folder, wanted);
  return NULL;
}

gboolean
vs_recording_marker_put (const VsRecordingMarker * marker, VsStore * store,
    const gchar * folder, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = marker_key (marker, folder);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GBytes) bytes = NULL;
  gchar *text;
  gsize size;

  g_key_file_set_integer (file, GROUP, KEY_VERSION, VERSION);
  g_key_file_set_string (file, GROUP, KEY_RENDITION, marker->rendition);
  g_key_file_set_uint64 (file, GROUP, KEY_FIRST, marker->first_sequence);
  g_key_file_set_boolean (file, GROUP, KEY_SEPARATE, marker->is_separate);
  if (marker->is_choice) {
    g_key_file_set_boolean (file, GROUP, KEY_CHOICE, TRUE);
    g_key_file_set_uint64 (file, GROUP, KEY_PIXELS, marker->pixels);
  }
  if (marker->name)
    g_key_file_set_string (file, GROUP, KEY_NAME, marker->name);
  text = g_key_file_to_data (file, &size, NULL);
  bytes = g_bytes_new_take (text, size);
  return vs_store_put (store, key, &bytes, 1, cancellable, error);
}

gboolean
vs_recording_marker_delete (const VsRecordingMarker * marker, VsStore * store,
    const gchar * folder, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = marker_key (marker, folder);

  return vs_store_delete (store, key, cancellable, error);
}

/* NULL: it is none of ours. */
static VsRecordingMarker *
parse (GBytes * bytes)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree gchar *rendition = NULL;
  g_autofree gchar *name = NULL;
  VsRecordingMarker *marker;
  guint64 first;

  if (!g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, NULL)
      || g_key_file_get_integer (file, GROUP, KEY_VERSION, NULL) != VERSION)
    return NULL;
  rendition = g_key_file_get_string (file, GROUP, KEY_RENDITION, NULL);
  name = g_key_file_get_string (file, GROUP, KEY_NAME, NULL);
  first = g_key_file_get_uint64 (file, GROUP, KEY_FIRST, NULL);
  if (rendition == NULL || !vs_name_is_valid (rendition) || first == 0
      || (name && (strchr (name, '/') || !vs_store_key_is_valid (name))))
    return NULL;
  marker = vs_recording_marker_new (rendition, first,
      g_key_file_get_boolean (file, GROUP, KEY_SEPARATE, NULL));
  marker->name = g_steal_pointer (&name);
  marker->is_choice = g_key_file_get_boolean (file, GROUP, KEY_CHOICE, NULL);
  marker->pixels = g_key_file_get_uint64 (file, GROUP, KEY_PIXELS, NULL);
  return marker;
}

/* FALSE: it could not be read. */
static gboolean
add_marker (GPtrArray * markers, VsStore * store, const gchar * key,
    const gchar * rendition, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GBytes) bytes = vs_store_get (store, key, 0, -1, MARKER_MAX,
      cancellable, &cause);
  VsRecordingMarker *marker;

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    return TRUE;
  if (bytes == NULL) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  marker = parse (bytes);
  if (marker && (rendition == NULL
          || strcmp (marker->rendition, rendition) == 0))
    g_ptr_array_add (markers, marker);
  else
    g_clear_pointer (&marker, vs_recording_marker_free);
  return TRUE;
}

static gint
compare_markers (gconstpointer a, gconstpointer b)
{
  const VsRecordingMarker *const *x = a, *const *y = b;

  return (*x)->first_sequence < (*y)->first_sequence ? -1 :
      (*x)->first_sequence > (*y)->first_sequence;
}

GPtrArray *
vs_recording_markers_find (VsStore * store, const gchar * folder,
    const gchar * rendition, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *recordings = vs_recordings_folder (folder);
  g_autoptr (GPtrArray) markers = g_ptr_array_new_with_free_func
      ((GDestroyNotify) vs_recording_marker_free);
  g_autoptr (GPtrArray) objects =
      vs_store_list (store, recordings, SUFFIX, cancellable, error);

  if (objects == NULL)
    return NULL;
  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);

    if (!add_marker (markers, store, object->key, rendition, cancellable,
            error))
      return NULL;
  }
  g_ptr_array_sort (markers, compare_markers);
  return g_steal_pointer (&markers);
}
