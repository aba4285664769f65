/* VisionStream: what there is of an event in an archive, in short
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchivelistprivate.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchivesummary.h"
#include "archive/vsarchivewriter.h"

#define MAIN_MAX (1024 * 1024)

void
vs_archive_summary_free (VsArchiveSummary * summary)
{
  g_ptr_array_unref (summary->renditions);
  g_free (summary);
}

static GstClockTime
sum_durations (const VsM3u8Media * media)
{
  GstClockTime sum = 0;

  for (guint i = 0; i < media->segments->len; i++)
    sum += vs_archive_list_nth (media->segments, i)->duration;
  return sum;
}

static GstClockTime
get_duration (VsM3u8Media * media)
{
  guint64 total, retained;

  if (media->foreign)
    return sum_durations (media);
  total = vs_archive_get_number (media, VS_ARCHIVE_ATTRIBUTE_BYTES);
  retained = vs_archive_get_number (media, VS_ARCHIVE_ATTRIBUTE_RETAINED);
  if (total == 0 || retained >= total)
    return vs_archive_get_number (media, VS_ARCHIVE_ATTRIBUTE_DURATION);
  return gst_util_uint64_scale (vs_archive_get_number (media,
          VS_ARCHIVE_ATTRIBUTE_DURATION), retained, total);
}

static GPtrArray *
read_main (const VsArchivePlace * place, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (place->folder, VS_ARCHIVE_MAIN);
  g_autoptr (GBytes) bytes = vs_store_get (place->store, key, 0, -1, MAIN_MAX,
      place->cancellable, error);
  gconstpointer text;
  gsize size;

  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &size);
  return vs_m3u8_read_main (text, size, error);
}

VsArchiveSummary *
vs_archive_summary_read (VsStore * store, const gchar * folder,
    GCancellable * cancellable, GError ** error)
{
  VsArchivePlace place = { store, folder, cancellable };
  g_autoptr (GPtrArray) variants = read_main (&place, error);
  g_autoptr (VsM3u8Media) media = NULL;
  const VsM3u8MainEntry *first;
  VsArchiveSummary *summary;
  gboolean whole;

  if (variants == NULL)
    return NULL;
  first = variants->len ? g_ptr_array_index (variants, 0) : NULL;
  if (first == NULL || !vs_store_key_is_valid (first->uri)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s/" VS_ARCHIVE_MAIN " names no rendition of its own",
        vs_store_get_location (store), folder);
    return NULL;
  }
  media = vs_archive_read_playlist (&place, first->uri, &whole, error);
  if (media == NULL)
    return NULL;

  summary = g_new0 (VsArchiveSummary, 1);
  summary->renditions = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < variants->len; i++) {
    const VsM3u8MainEntry *entry = g_ptr_array_index (variants, i);
    gchar *name = vs_archive_name_to_rendition (entry->uri);

    g_ptr_array_add (summary->renditions, name ? name : g_strdup (entry->uri));
  }
  summary->duration = get_duration (media);
  summary->ended = media->ended;
  return summary;
}
