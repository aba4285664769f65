/* VisionStream: a rendition of an archive, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A timeline can only grow at its end, so one that shall reach further back is
 * built anew, from the sealed parts on. What a refresh finds is appended; where
 * that does not fit to what was read before, the archive is another one, and
 * the timeline is built anew too.
 */
#include "archive/vsarchivechild.h"
#include "archive/vsarchivelist.h"
#include "archive/vsarchivename.h"

#include <string.h>

void
vs_archive_child_free (VsArchiveChild * child)
{
  g_free (child->uri);
  g_free (child->name);
  g_free (child->etag);
  g_clear_pointer (&child->foreign, vs_archive_foreign_free);
  g_clear_pointer (&child->timeline, vs_timeline_unref);
  g_free (child);
}

static VsArchivePlace
place_of (VsArchiveReader * self, GCancellable * cancellable)
{
  VsArchivePlace place = { self->store, self->folder, cancellable };

  return place;
}

/* ---- URIs --------------------------------------------------------------- */

gchar *
vs_archive_reader_resolve (VsArchiveReader * self, const gchar * base,
    const gchar * uri, GError ** error)
{
  g_autofree gchar *path = g_strndup (uri, strcspn (uri, "?#"));
  g_autofree gchar *plain = g_uri_unescape_string (path, "/");
  const gchar *slash = strrchr (base, '/');
  g_autofree gchar *below = plain == NULL ? NULL :
      g_strdup_printf ("%.*s%s", slash ? (gint) (slash + 1 - base) : 0, base,
      plain);

  if (below && vs_store_key_is_valid (below))
    return g_steal_pointer (&below);

  path = (g_free (path), g_strescape (uri, NULL));
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s/%s/%s: the URI \"%.100s\" leads out of the folder",
      vs_store_get_location (self->store), self->folder, base, path);
  return NULL;
}

/* Makes the URIs of @media those of VsSegment. */
static gboolean
resolve_all (VsArchiveReader * self, const gchar * base, VsM3u8Media * media,
    GError ** error)
{
  for (guint i = 0; i < media->segments->len; i++) {
    VsSegment *segment = g_ptr_array_index (media->segments, i);
    gchar *uri;

    if (segment->uri == NULL)
      continue;
    uri = vs_archive_reader_resolve (self, base, segment->uri, error);
    if (uri == NULL)
      return FALSE;
    g_free (segment->uri);
    segment->uri = uri;
  }
  return TRUE;
}

/* ---- one rendition ------------------------------------------------------ */

static VsSegment *
nth (GPtrArray * segments, guint i)
{
  return g_ptr_array_index (segments, i);
}

static void
add_configs (VsTimeline * timeline, VsM3u8Media * media)
{
  for (guint i = 0; i < media->configs->len; i++)
    vs_timeline_add_config (timeline, g_ptr_array_index (media->configs, i));
}

static VsM3u8Media *
read_part (VsArchiveReader * self, VsArchiveChild * child, guint64 sequence,
    GCancellable * cancellable, GError ** error)
{
  VsArchivePlace place = place_of (self, cancellable);
  g_autofree gchar *name = vs_archive_part_name (child->name, sequence);
  g_autoptr (VsM3u8Media) media =
      vs_archive_read_whole_playlist (&place, name, error);

  if (media == NULL || !resolve_all (self, name, media, error))
    return NULL;
  return g_steal_pointer (&media);
}

static GstClockTime
sum_durations (GPtrArray * segments)
{
  GstClockTime sum = 0;

  for (guint i = 0; i < segments->len; i++)
    sum += nth (segments, i)->duration;
  return sum;
}

/* Sealed parts ahead of @end, the newest first, until @span is filled. A part
 * that is gone was pruned since: what came after it is what there is. */
static GPtrArray *
read_parts_back (VsArchiveReader * self, VsArchiveChild * child, guint64 end,
    GstClockTime span, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GPtrArray) parts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_m3u8_media_free);
  GstClockTime have = 0;

  while (end > child->retained && have < span) {
    g_autoptr (GError) cause = NULL;
    VsM3u8Media *part = read_part (self, child, end - 1, cancellable, &cause);

    if (part == NULL
        && g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
      break;
    if (part == NULL) {
      g_propagate_error (error, g_steal_pointer (&cause));
      return NULL;
    }
    g_ptr_array_add (parts, part);
    have += sum_durations (part->segments);
    end = vs_archive_part_start (end - 1);
  }
  return g_steal_pointer (&parts);
}

/* Appends what is new of @segments, below @end. FALSE when it does not
 * follow. */
static gboolean
append_segments (VsArchiveChild * child, VsTimeline * timeline,
    GPtrArray * segments, guint64 end)
{
  for (guint i = 0; i < segments->len; i++) {
    VsSegment *segment = nth (segments, i);

    if (segment->sequence < MAX (child->next, child->retained)
        || segment->sequence >= end)
      continue;
    if (!vs_timeline_append (timeline, segment))
      return FALSE;
    if (child->next == 0)
      child->first = segment->sequence;
    child->next = segment->sequence + 1;
  }
  return TRUE;
}

typedef struct
{
  VsArchiveReader *reader;
  GCancellable *cancellable;
} Loading;

static GBytes *
load (VsSegment * segment, gpointer user_data)
{
  Loading *loading = user_data;

  return vs_archive_reader_load (loading->reader, segment,
      loading->cancellable, NULL);
}

/* What another maker's playlist does not tell. */
static void
describe (VsArchiveReader * self, VsArchiveChild * child, VsM3u8Media * media,
    GCancellable * cancellable)
{
  g_autoptr (VsRendition) rendition = vs_rendition_new (self->account,
      self->event, self->breakout, child->name);
  Loading loading = { self, cancellable };

  vs_archive_foreign_describe (child->foreign, media, rendition, load,
      &loading);
}

static void
update_child (VsArchiveChild * child, VsTimeline * timeline,
    VsM3u8Media * media)
{
  add_configs (timeline, media);
  vs_timeline_set_target_duration (timeline, media->target_duration);
  vs_timeline_raise_peaks (timeline, &media->peaks);
  vs_timeline_prune (timeline, child->retained);
  child->first = MAX (child->first, child->retained);
  vs_timeline_set_ended (timeline, media->ended);
  child->ended = media->ended;
}

/* The playlist of @child; entries only of one that grows when not @whole. */
static VsM3u8Media *
read_child (VsArchiveReader * self, VsArchiveChild * child, gboolean * whole,
    GCancellable * cancellable, GError ** error)
{
  VsArchivePlace place = place_of (self, cancellable);
  g_autoptr (VsM3u8Media) media =
      vs_archive_read_playlist (&place, child->uri, whole, error);

  if (media == NULL || !resolve_all (self, child->uri, media, error))
    return NULL;
  child->retained =
      media->foreign ? media->media_sequence : media->first_sequence;
  g_mutex_lock (&self->lock);
  child->is_foreign = media->foreign;
  g_mutex_unlock (&self->lock);
  if (media->rendition == NULL)
    describe (self, child, media, cancellable);
  return g_steal_pointer (&media);
}

/* Where the entries that the playlist itself gives begin. */
static guint64
entries_start (VsM3u8Media * media, gboolean whole)
{
  if (!whole)
    return vs_archive_get_last_sequence (media) + 1;
  return media->segments->len ? nth (media->segments, 0)->sequence :
      media->first_sequence;
}

static gboolean
build_child (VsArchiveReader * self, VsArchiveChild * child,
    VsM3u8Media * media, gboolean whole, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (VsTimeline) timeline = vs_timeline_new (media->rendition);
  g_autoptr (GPtrArray) parts = NULL;
  guint64 start = entries_start (media, whole);
  GstClockTime have = sum_durations (media->segments);

  parts = read_parts_back (self, child, start,
      media->ended ? GST_CLOCK_TIME_NONE : self->span - MIN (have,
          self->span), cancellable, error);
  if (parts == NULL)
    return FALSE;

  child->first = child->next = 0;
  for (guint i = parts->len; i > 0; i--) {
    VsM3u8Media *part = g_ptr_array_index (parts, i - 1);

    add_configs (timeline, part);
    append_segments (child, timeline, part->segments, start);
  }
  append_segments (child, timeline, media->segments, G_MAXUINT64);
  update_child (child, timeline, media);

  g_mutex_lock (&self->lock);
  g_clear_pointer (&child->timeline, vs_timeline_unref);
  child->timeline = g_steal_pointer (&timeline);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Appends what came since. FALSE without an error: it does not fit. */
static gboolean
grow_child (VsArchiveReader * self, VsArchiveChild * child, VsM3u8Media * media,
    gboolean whole, GCancellable * cancellable, GError ** error)
{
  guint64 start = entries_start (media, whole);
  guint64 end = whole ? start + media->segments->len : start;

  if (child->next == 0 || end < child->next)
    return FALSE;
  while (child->next < start) {
    guint64 before = child->next;
    g_autoptr (VsM3u8Media) part =
        read_part (self, child, child->next, cancellable, error);

    if (part == NULL)
      return FALSE;
    add_configs (child->timeline, part);
    if (!append_segments (child, child->timeline, part->segments, start)
        || child->next == before)
      return FALSE;
  }
  if (!append_segments (child, child->timeline, media->segments, G_MAXUINT64))
    return FALSE;
  update_child (child, child->timeline, media);
  return TRUE;
}

gboolean
vs_archive_child_refresh (VsArchiveReader * self, VsArchiveChild * child,
    gboolean anew, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (self->folder, child->uri);
  g_autoptr (VsStoreObject) object =
      vs_store_stat (self->store, key, cancellable, error);
  g_autoptr (VsM3u8Media) media = NULL;
  gboolean whole;

  if (object == NULL)
    return FALSE;
  if (!anew && g_strcmp0 (object->etag, child->etag) == 0)
    return TRUE;

  media = read_child (self, child, &whole, cancellable, error);
  if (media == NULL)
    return FALSE;
  if ((anew || !grow_child (self, child, media, whole, cancellable, NULL))
      && !build_child (self, child, media, whole, cancellable, error))
    return FALSE;
  g_free (child->etag);
  child->etag = g_steal_pointer (&object->etag);
  return TRUE;
}
