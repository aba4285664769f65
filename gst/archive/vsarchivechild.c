/* VisionStream: a rendition of an archive, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The timeline has in memory what the child playlist gives, and a source for
 * what is in sealed parts. Of a complete playlist that is long only the head
 * is read; then the newest parts are what is in memory. What a refresh finds
 * is appended; where that does not fit to what was read before, the archive
 * is another one, and the timeline is built anew.
 */
#include "archive/vsarchivechild.h"
#include "archive/vsarchivelist.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchiveuri.h"

#include <string.h>

/* parts that are looked into for the oldest segment */
#define OLDEST_ATTEMPTS 4

void
vs_archive_child_free (VsArchiveChild * child)
{
  g_free (child->uri);
  g_free (child->name);
  g_free (child->etag);
  g_clear_pointer (&child->foreign, vs_archive_foreign_free);
  g_clear_pointer (&child->timeline, vs_timeline_unref);
  g_clear_pointer (&child->parts, vs_archive_parts_unref);
  g_clear_pointer (&child->oldest, vs_segment_unref);
  g_free (child);
}

static VsArchivePlace
place_of (VsArchiveReader * self, GCancellable * cancellable)
{
  VsArchivePlace place = { self->store, self->folder, cancellable };

  return place;
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

/* Appends what is new of @segments. FALSE when it does not follow. */
static gboolean
append_segments (VsArchiveChild * child, VsTimeline * timeline,
    GPtrArray * segments)
{
  for (guint i = 0; i < segments->len; i++) {
    VsSegment *segment = nth (segments, i);

    if (segment->sequence < MAX (child->next, child->retained))
      continue;
    if (!vs_timeline_append (timeline, segment))
      return FALSE;
    child->next = segment->sequence + 1;
  }
  return TRUE;
}

/* Appends a part, or what is new of it; keeps no more than two of them. FALSE
 * without an error when it does not follow. */
static gboolean
append_part (VsArchiveChild * child, VsTimeline * timeline, guint64 sequence,
    GCancellable * cancellable, GError ** error)
{
  guint64 start = vs_archive_part_start (sequence);
  g_autoptr (VsTimelinePart) part =
      vs_archive_parts_get (child->parts, sequence, cancellable, error);

  if (part == NULL)
    return FALSE;
  for (guint i = 0; i < part->configs->len; i++)
    vs_timeline_add_config (timeline, g_ptr_array_index (part->configs, i));
  if (!append_segments (child, timeline, part->segments)
      || child->next <= sequence)
    return FALSE;
  if (start > VS_ARCHIVE_PART)
    vs_timeline_prune (timeline, start - VS_ARCHIVE_PART);
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
  gboolean rewritten;

  return vs_archive_loader_load (loading->reader->loader, segment, NULL,
      &rewritten, loading->cancellable, NULL);
}

static gboolean
ends_run (GPtrArray * segments, guint i, gboolean ended)
{
  return i + 1 < segments->len ? nth (segments, i + 1)->discontinuity : ended;
}

/* What segments need of what stands around them, where their sound is to be
 * looked for elsewhere. */
static void
set_audio (VsM3u8Media * media, const gchar * audio)
{
  GstClockTime offset = 0;

  for (guint i = 0; i < media->segments->len; i++) {
    VsSegment *segment = nth (media->segments, i);

    if (segment->storage == NULL)
      segment->storage = vs_segment_storage_new ();
    segment->storage->audio = g_strdup (audio);
    segment->storage->offset_us = GST_TIME_AS_USECONDS (offset);
    segment->storage->first = i == 0 || segment->discontinuity;
    segment->storage->last = ends_run (media->segments, i, media->ended);
    offset += segment->duration;
  }
}

static gboolean
find_audio (VsArchiveReader * self, VsArchiveChild * child,
    VsM3u8Media * media, GError ** error)
{
  const gchar *uri = child->foreign->entry->audio_uri;
  g_autofree gchar *audio = NULL;

  if (uri == NULL || !media->foreign)
    return TRUE;
  audio = vs_archive_resolve (self->store, self->folder, self->main, uri,
      error);
  if (audio)
    set_audio (media, audio);
  return audio != NULL;
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

/* The oldest segment that is retained, of those in parts. One part that is
 * gone was pruned since; where some are, there are none. */
static VsSegment *
find_oldest (VsArchiveChild * child, guint64 end, GCancellable * cancellable)
{
  guint64 sequence = MAX (child->retained, 1);

  for (guint i = 0; i < OLDEST_ATTEMPTS && sequence < end; i++) {
    g_autoptr (VsTimelinePart) part =
        vs_archive_parts_get (child->parts, sequence, cancellable, NULL);

    for (guint k = 0; part && k < part->segments->len; k++) {
      VsSegment *segment = nth (part->segments, k);

      if (segment->sequence >= sequence && segment->sequence < end)
        return vs_segment_ref (segment);
    }
    sequence = vs_archive_part_start (sequence) + VS_ARCHIVE_PART;
  }
  return NULL;
}

static void
update_source (VsArchiveChild * child, VsTimeline * timeline,
    GCancellable * cancellable)
{
  VsTimelineState state;

  vs_timeline_get_state (timeline, &state);
  if (child->oldest && (child->oldest->sequence < child->retained
          || child->oldest->sequence >= state.first))
    g_clear_pointer (&child->oldest, vs_segment_unref);
  if (child->oldest == NULL && child->retained < state.first)
    child->oldest = find_oldest (child, state.first, cancellable);
  vs_timeline_set_source (timeline,
      vs_archive_parts_get_source (child->parts), child->oldest);
}

/* @start: what lies before is in parts, or was not retained */
static void
update_child (VsArchiveChild * child, VsTimeline * timeline,
    VsM3u8Media * media, guint64 start, GCancellable * cancellable)
{
  add_configs (timeline, media);
  vs_timeline_set_target_duration (timeline, media->target_duration);
  vs_timeline_raise_peaks (timeline, &media->peaks);
  vs_timeline_set_average_bandwidth (timeline, media->average_bandwidth);
  vs_timeline_prune (timeline, MAX (child->retained, start));
  update_source (child, timeline, cancellable);
  vs_timeline_set_ended (timeline, media->ended);
  child->ended = media->ended;
}

/* The playlist of @child; without entries when not @whole. */
static VsM3u8Media *
read_child (VsArchiveReader * self, VsArchiveChild * child, gboolean * whole,
    GCancellable * cancellable, GError ** error)
{
  VsArchivePlace place = place_of (self, cancellable);
  g_autoptr (VsM3u8Media) media =
      vs_archive_read_playlist (&place, child->uri, whole, error);

  if (media == NULL || !vs_archive_resolve_all (self->store, self->folder,
          child->uri, media, error)
      || !find_audio (self, child, media, error))
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

/* The newest two parts ahead of @end. */
static gboolean
append_newest_parts (VsArchiveChild * child, VsTimeline * timeline,
    guint64 end, GCancellable * cancellable, GError ** error)
{
  guint64 start = vs_archive_part_start (end - 1);

  if (start > VS_ARCHIVE_PART)
    start -= VS_ARCHIVE_PART;
  for (start = MAX (start, child->retained); start < end;
      start = vs_archive_part_start (start) + VS_ARCHIVE_PART)
    if (!append_part (child, timeline, start, cancellable, error))
      return FALSE;
  return TRUE;
}

static VsTimeline *
new_timeline (VsArchiveReader * self, VsArchiveChild * child,
    VsRendition * rendition)
{
  VsTimeline *timeline = vs_timeline_new (rendition);
  VsTimelineState state;

  vs_timeline_get_state (timeline, &state);
  g_clear_pointer (&child->parts, vs_archive_parts_unref);
  g_clear_pointer (&child->oldest, vs_segment_unref);
  child->parts = vs_archive_parts_new (self->store, self->folder, child->name,
      self->cache, state.id, self->cancellable);
  child->next = 0;
  return timeline;
}

static gboolean
build_child (VsArchiveReader * self, VsArchiveChild * child,
    VsM3u8Media * media, gboolean whole, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (VsTimeline) timeline =
      new_timeline (self, child, media->rendition);
  guint64 start = entries_start (media, whole);

  if (!whole
      && !append_newest_parts (child, timeline, start, cancellable, error))
    return FALSE;
  append_segments (child, timeline, media->segments);
  update_child (child, timeline, media, whole ? start : 0, cancellable);

  g_mutex_lock (&self->lock);
  g_clear_pointer (&child->timeline, vs_timeline_unref);
  child->timeline = g_steal_pointer (&timeline);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Appends what came since. FALSE: it does not fit. */
static gboolean
grow_child (VsArchiveChild * child, VsM3u8Media * media, gboolean whole,
    GCancellable * cancellable)
{
  guint64 start = entries_start (media, whole);
  guint64 end = whole ? start + media->segments->len : start;

  if (child->next == 0 || end < child->next)
    return FALSE;
  while (child->next < start)
    if (!append_part (child, child->timeline, child->next, cancellable, NULL))
      return FALSE;
  if (!append_segments (child, child->timeline, media->segments))
    return FALSE;
  update_child (child, child->timeline, media, whole ? start : 0, cancellable);
  return TRUE;
}

gboolean
vs_archive_child_refresh (VsArchiveReader * self, VsArchiveChild * child,
    gboolean anew, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (self->folder, child->uri);
  g_autofree gchar *etag = NULL;
  g_autoptr (VsM3u8Media) media = NULL;
  gboolean whole;

  if (!vs_archive_reader_get_etag (self, key, &etag, cancellable, error))
    return FALSE;
  if (!anew && etag && g_strcmp0 (etag, child->etag) == 0)
    return TRUE;

  media = read_child (self, child, &whole, cancellable, error);
  if (media == NULL)
    return FALSE;
  if ((anew || !grow_child (child, media, whole, cancellable))
      && !build_child (self, child, media, whole, cancellable, error))
    return FALSE;
  g_free (child->etag);
  child->etag = g_steal_pointer (&etag);
  return TRUE;
}
