/* VisionStream: an event's archive, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each child of the main playlist becomes a VsTimeline (vsarchivechild.c).
 *
 * Two locks: `reading` is held over the store, so that one call reads at a
 * time; `lock` only guards which timelines there are. reading before lock.
 */
#include "archive/vsarchivechild.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchiveuri.h"
#include "manifest/vsm3u8.h"
#include "archive/vsarchivewriter.h"

#include <openssl/sha.h>
#include <string.h>

#define MAIN_MAX (1024 * 1024)
/* of a reader that shares its cache with no other: some parts of each
 * rendition */
#define OWN_CACHE_BYTES (1024 * 1024)

/* ---- the event ---------------------------------------------------------- */

static gboolean
has_name (GPtrArray * children, const gchar * name)
{
  for (guint i = 0; i < children->len; i++) {
    const VsArchiveChild *child = g_ptr_array_index (children, i);

    if (strcmp (child->name, name) == 0)
      return TRUE;
  }
  return FALSE;
}

/* What a valid name allows of the end of @path. */
static gchar *
make_name (const gchar * path)
{
  gsize length = strlen (path);
  gchar *name = g_strdup (path + length - MIN (length, VS_NAME_MAX));

  return g_strcanon (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-", '-');
}

/* A name for another maker's rendition: its playlist's, or where others are
 * called so in folders of their own, with its folders. */
static gchar *
foreign_name (VsArchiveReader * self, const gchar * uri, GPtrArray * children)
{
  g_autofree gchar *path = vs_store_get_name (self->store, uri);
  gchar *slash = strrchr (path, '/');
  gchar *base = slash ? slash + 1 : path;
  gchar *name, *dot = strrchr (base, '.');

  if (dot && dot != base)
    *dot = '\0';
  name = make_name (base);
  if (!has_name (children, name))
    return name;
  g_free (name);
  return make_name (path);
}

static VsArchiveChild *
find_child (GPtrArray * children, const gchar * uri)
{
  for (guint i = 0; i < children->len; i++) {
    VsArchiveChild *child = g_ptr_array_index (children, i);

    if (strcmp (child->uri, uri) == 0)
      return child;
  }
  return NULL;
}

static gboolean
read_new_child (VsArchiveReader * self, const VsM3u8MainEntry * entry,
    gchar * uri, GPtrArray * children,
    GCancellable * cancellable, GError ** error)
{
  VsArchiveChild *child = g_new0 (VsArchiveChild, 1);

  child->uri = uri;
  child->foreign = vs_archive_foreign_new (entry);
  child->name = vs_archive_name_to_rendition (uri);
  if (child->name == NULL)
    child->name = foreign_name (self, uri, children);
  g_ptr_array_add (children, child);
  if (vs_archive_child_refresh (self, child, TRUE, cancellable, error))
    return TRUE;
  g_ptr_array_remove_index (children, children->len - 1);
  return FALSE;
}

/* Whether others are read all the same when one can't be. (transfer full)
 * @problem */
static gboolean
leave_out (VsArchiveReader * self, GError * problem, GError ** error)
{
  if (!self->lenient
      || g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_propagate_error (error, problem);
    return FALSE;
  }
  g_mutex_lock (&self->lock);
  if (self->trouble == NULL)
    self->trouble = g_steal_pointer (&problem);
  g_mutex_unlock (&self->lock);
  g_clear_error (&problem);
  return TRUE;
}

/* The child of an entry, known or new; NULL without an error where it is left
 * out. */
static VsArchiveChild *
read_entry (VsArchiveReader * self, const VsM3u8MainEntry * entry,
    GPtrArray * children, GPtrArray * added, GCancellable * cancellable,
    GError ** error)
{
  GError *problem = NULL;
  g_autofree gchar *uri = vs_archive_resolve (self->store, self->folder,
      self->main, entry->uri, &problem);
  VsArchiveChild *child = NULL;

  if (uri && find_child (children, uri))
    return NULL;
  if (uri)
    child = find_child (self->children, uri);
  if (uri && child == NULL && read_new_child (self, entry,
          g_steal_pointer (&uri), added, cancellable, &problem))
    child = g_ptr_array_index (added, added->len - 1);
  if (problem)
    leave_out (self, problem, error);
  return child;
}

/* The children that the main playlist names, those that were known as they
 * are: they are borrowed. */
static gboolean
read_children (VsArchiveReader * self, GPtrArray * variants,
    GPtrArray * children, GPtrArray * added, GCancellable * cancellable,
    GError ** error)
{
  for (guint i = 0; i < variants->len; i++) {
    GError *problem = NULL;
    VsArchiveChild *child = read_entry (self, g_ptr_array_index (variants, i),
        children, added, cancellable, &problem);

    if (problem) {
      g_propagate_error (error, problem);
      return FALSE;
    }
    if (child)
      g_ptr_array_add (children, child);
  }
  if (children->len > 0)
    return TRUE;
  g_propagate_error (error, vs_archive_reader_take_trouble (self));
  return FALSE;
}

/* Puts @children in place of the old ones; drops those that are not named. */
static void
replace_children (VsArchiveReader * self, GPtrArray * children)
{
  GPtrArray *old;

  g_mutex_lock (&self->lock);
  old = self->children;
  self->children = g_ptr_array_ref (children);
  g_mutex_unlock (&self->lock);

  g_ptr_array_set_free_func (old, NULL);
  for (guint i = 0; i < old->len; i++) {
    if (!g_ptr_array_find (children, g_ptr_array_index (old, i), NULL))
      vs_archive_child_free (g_ptr_array_index (old, i));
  }
  g_ptr_array_unref (old);
}

static GPtrArray *
read_variants (VsArchiveReader * self, GBytes * bytes, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  GPtrArray *variants = vs_m3u8_read_main (text, size, &cause);
  g_autofree gchar *shown = NULL;

  if (variants && variants->len > 0)
    return variants;
  g_clear_pointer (&variants, g_ptr_array_unref);
  shown = vs_archive_show (self->store, self->folder, self->main);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", shown,
      cause ? cause->message : "it names no rendition");
  return NULL;
}

/* Whether it is a media playlist: some tag of these is in each, and in no main
 * playlist (RFC 8216bis 4.4.3). */
static gboolean
is_media (const gchar * text, gsize size)
{
  return g_strstr_len (text, size, "\n#EXT-X-TARGETDURATION:")
      || g_strstr_len (text, size, "\n#EXTINF:");
}

/* An entry for the playlist itself. */
static GPtrArray *
make_only_variant (VsArchiveReader * self)
{
  GPtrArray *variants =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_m3u8_main_entry_free);
  VsM3u8MainEntry *entry = g_new0 (VsM3u8MainEntry, 1);
  g_autofree gchar *name = vs_store_get_name (self->store, self->main);
  g_autofree gchar *encoded = g_uri_escape_string (name, NULL, FALSE);

  entry->uri = g_strconcat (encoded, self->main + strlen (name), NULL);
  g_ptr_array_add (variants, entry);
  return variants;
}

/* A media playlist may be long: of one that stands alone the head is looked at
 * here. */
static GPtrArray *
fetch_variants (VsArchiveReader * self, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GBytes) bytes = vs_store_get (self->store, key, 0,
      self->lenient ? MAIN_MAX + 1 : -1, MAIN_MAX + self->lenient,
      cancellable, error);
  g_autofree gchar *shown = NULL;
  gsize size;
  const gchar *text;

  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &size);
  if (self->lenient && is_media (text, size))
    return make_only_variant (self);
  if (size <= MAIN_MAX)
    return read_variants (self, bytes, error);
  shown = vs_archive_show (self->store, self->folder, self->main);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
      "%s: too large for a main playlist", shown);
  return NULL;
}

/* URLs that are signed often are so for GET, and what a program makes as it is
 * asked for has no size ahead of that. */
gboolean
vs_archive_reader_get_etag (VsArchiveReader * self, const gchar * key,
    gchar ** etag, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (VsStoreObject) object =
      vs_store_stat (self->store, key, cancellable, &cause);

  *etag = object ? g_steal_pointer (&object->etag) : NULL;
  if (object || (self->lenient && vs_store_is_remote (self->store)
          && (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)
              || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
              || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static gboolean
read_main (VsArchiveReader * self, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (self->folder, self->main);
  g_autofree gchar *etag = NULL;
  g_autoptr (GPtrArray) variants = NULL, children = NULL, added = NULL;

  if (!vs_archive_reader_get_etag (self, key, &etag, cancellable, error))
    return FALSE;
  if (etag && g_strcmp0 (etag, self->main_etag) == 0)
    return TRUE;

  variants = fetch_variants (self, key, cancellable, error);
  if (variants == NULL)
    return FALSE;
  children = g_ptr_array_new ();
  added =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_archive_child_free);
  if (!read_children (self, variants, children, added, cancellable, error))
    return FALSE;

  g_ptr_array_set_free_func (added, NULL);
  g_ptr_array_set_free_func (children, (GDestroyNotify) vs_archive_child_free);
  replace_children (self, children);
  g_free (self->main_etag);
  self->main_etag = g_steal_pointer (&etag);
  return TRUE;
}

static VsArchiveReader *
reader_new (VsStore * store, VsLru * cache, const gchar * account,
    const gchar * event, const gchar * breakout, GCancellable * cancellable)
{
  VsArchiveReader *self = g_new0 (VsArchiveReader, 1);

  self->store = vs_store_ref (store);
  self->cache = cache ? vs_lru_ref (cache) : vs_lru_new (OWN_CACHE_BYTES);
  self->account = g_strdup (account);
  self->event = g_strdup (event);
  self->breakout = g_strdup (breakout);
  g_set_object (&self->cancellable, cancellable);
  self->children =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_archive_child_free);
  g_mutex_init (&self->reading);
  g_mutex_init (&self->lock);
  return self;
}

VsArchiveReader *
vs_archive_reader_open (VsStore * store, VsLru * cache, const gchar * account,
    const gchar * event, const gchar * breakout, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (VsArchiveReader) self =
      reader_new (store, cache, account, event, breakout, cancellable);

  self->folder = vs_archive_folder (account, event, breakout);
  self->main = g_strdup (VS_ARCHIVE_MAIN);
  self->loader = vs_archive_loader_new (store, self->folder);
  return read_main (self, cancellable, error) ? g_steal_pointer (&self) : NULL;
}

VsArchiveReader *
vs_archive_reader_open_playlist (VsStore * store, VsLru * cache,
    const gchar * playlist, const gchar * account, const gchar * event,
    const gchar * breakout, GCancellable * cancellable, GError ** error)
{
  g_autoptr (VsArchiveReader) self =
      reader_new (store, cache, account, event, breakout, cancellable);
  g_autofree gchar *name = vs_store_get_name (store, playlist);
  const gchar *slash = strrchr (name, '/');
  gsize length = slash ? slash - name : 0;

  self->folder = g_strndup (playlist, length);
  self->main = g_strdup (playlist + length + (slash != NULL));
  self->lenient = TRUE;
  self->loader = vs_archive_loader_new (store, self->folder);
  return read_main (self, cancellable, error) ? g_steal_pointer (&self) : NULL;
}

GError *
vs_archive_reader_take_trouble (VsArchiveReader * self)
{
  GError *trouble;

  g_mutex_lock (&self->lock);
  trouble = g_steal_pointer (&self->trouble);
  g_mutex_unlock (&self->lock);
  return trouble;
}

void
vs_archive_reader_free (VsArchiveReader * self)
{
  g_ptr_array_unref (self->children);
  vs_archive_loader_free (self->loader);
  g_mutex_clear (&self->reading);
  g_mutex_clear (&self->lock);
  vs_store_unref (self->store);
  vs_lru_unref (self->cache);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->trouble);
  g_free (self->main_etag);
  g_free (self->main);
  g_free (self->folder);
  g_free (self->account);
  g_free (self->event);
  g_free (self->breakout);
  g_free (self);
}

gboolean
vs_archive_reader_refresh (VsArchiveReader * self, GCancellable * cancellable,
    GError ** error)
{
  gboolean ok;

  g_mutex_lock (&self->reading);
  ok = read_main (self, cancellable, error);
  for (guint i = 0; ok && i < self->children->len; i++)
    ok = vs_archive_child_refresh (self, g_ptr_array_index (self->children, i),
        FALSE, cancellable, error);
  g_mutex_unlock (&self->reading);
  return ok;
}

GPtrArray *
vs_archive_reader_get_timelines (VsArchiveReader * self)
{
  GPtrArray *timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->children->len; i++) {
    VsArchiveChild *child = g_ptr_array_index (self->children, i);

    g_ptr_array_add (timelines, vs_timeline_ref (child->timeline));
  }
  g_mutex_unlock (&self->lock);
  return timelines;
}

gboolean
vs_archive_reader_is_foreign (VsArchiveReader * self)
{
  gboolean is_foreign = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->children->len && !is_foreign; i++) {
    const VsArchiveChild *child = g_ptr_array_index (self->children, i);

    is_foreign = child->is_foreign;
  }
  g_mutex_unlock (&self->lock);
  return is_foreign;
}

/* ---- segments ----------------------------------------------------------- */

static gboolean
is_as_listed (const VsSegment * segment, GBytes * bytes)
{
  guint8 hash[SHA256_DIGEST_LENGTH];
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size != segment->size)
    return FALSE;
  SHA256 (data, size, hash);
  return memcmp (hash, segment->sha256, sizeof hash) == 0;
}

static GBytes *
load_own (VsArchiveReader * self, const VsSegment * segment,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (self->folder, segment->uri);
  g_autofree gchar *shown = NULL;

  /* one byte more than listed: enough to see that it is too long */
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GBytes) bytes = vs_store_get (self->store, key, 0,
        segment->size + 1, segment->size + 1, cancellable, error);

    if (bytes == NULL)
      return NULL;
    if (is_as_listed (segment, bytes))
      return g_steal_pointer (&bytes);
  }
  shown = vs_archive_show (self->store, self->folder, segment->uri);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s: size or SHA-256 is not what the playlist says", shown);
  return NULL;
}

/* (transfer full) (nullable): of the playlist that has the sound */
static VsTimeline *
find_audio (VsArchiveReader * self, const gchar * uri)
{
  VsTimeline *timeline = NULL;
  VsArchiveChild *child;

  g_mutex_lock (&self->lock);
  child = find_child (self->children, uri);
  if (child)
    timeline = vs_timeline_ref (child->timeline);
  g_mutex_unlock (&self->lock);
  return timeline;
}

static GBytes *
load_foreign (VsArchiveReader * self, const VsSegment * segment,
    gboolean * rewritten, GCancellable * cancellable, GError ** error)
{
  const gchar *uri = segment->storage ? segment->storage->audio : NULL;
  g_autoptr (VsTimeline) audio = uri ? find_audio (self, uri) : NULL;
  g_autofree gchar *shown = NULL;

  if (uri == NULL || audio)
    return vs_archive_loader_load (self->loader, segment, audio, rewritten,
        cancellable, error);
  shown = vs_archive_show (self->store, self->folder, uri);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s: the playlist with the sound can't be read", shown);
  return NULL;
}

GBytes *
vs_archive_reader_load_ts (VsArchiveReader * self, const VsSegment * segment,
    gboolean * rewritten, GCancellable * cancellable, GError ** error)
{
  *rewritten = FALSE;
  if (segment->gap || segment->uri == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "segment %" G_GUINT64_FORMAT " is a gap", segment->sequence);
    return NULL;
  }
  return segment->size ? load_own (self, segment, cancellable, error) :
      load_foreign (self, segment, rewritten, cancellable, error);
}

GBytes *
vs_archive_reader_load (VsArchiveReader * self, const VsSegment * segment,
    GCancellable * cancellable, GError ** error)
{
  gboolean rewritten;

  return vs_archive_reader_load_ts (self, segment, &rewritten, cancellable,
      error);
}

/* ---- events ------------------------------------------------------------- */

static gboolean
has_main (VsStore * store, const gchar * folder, GCancellable * cancellable)
{
  g_autofree gchar *key = vs_archive_key (folder, VS_ARCHIVE_MAIN);
  g_autoptr (VsStoreObject) object =
      vs_store_stat (store, key, cancellable, NULL);

  return object != NULL;
}

/* Events and breakouts below @folder, @depth levels of them. */
static gboolean
add_events (VsStore * store, const gchar * folder, guint depth,
    GPtrArray * events, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GPtrArray) folders =
      vs_store_list (store, folder, "/", cancellable, error);

  if (folders == NULL)
    return FALSE;
  for (guint i = 0; i < folders->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (folders, i);
    g_autofree gchar *key = g_strndup (object->key, strlen (object->key) - 1);
    g_autofree gchar *name = g_path_get_basename (key);

    if (events->len >= VS_ARCHIVE_EVENTS_MAX)
      break;
    if (!vs_event_name_is_valid (name))
      continue;
    if (has_main (store, key, cancellable))
      g_ptr_array_add (events, g_strdup (key));
    if (depth > 1
        && !add_events (store, key, depth - 1, events, cancellable, error))
      return FALSE;
  }
  return TRUE;
}

GPtrArray *
vs_archive_list_events (VsStore * store, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) accounts =
      vs_store_list (store, "", "/", cancellable, error);

  if (accounts == NULL)
    return NULL;
  for (guint i = 0; i < accounts->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (accounts, i);
    g_autofree gchar *account =
        g_strndup (object->key, strlen (object->key) - 1);

    if (vs_name_is_valid (account)
        && !add_events (store, account, 2, events, cancellable, error))
      return NULL;
  }
  return g_steal_pointer (&events);
}
