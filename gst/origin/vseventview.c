/* VisionStream: what a manifest is written from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vseventview.h"

#include <string.h>

#include "origin/vsjoin.h"
#include "timeline/vsspan.h"

/* segments that a rendition may be late by and still be waited for */
#define MAX_LAG 3

/* Neither view is empty. */
static guint64
first_sequence (const VsTimelineView * view)
{
  VsSegment segment = { 0 };

  vs_timeline_view_get_first (view, &segment);
  return segment.sequence;
}

static guint64
last_sequence (const VsTimelineView * view)
{
  VsSegment segment = { 0 };

  vs_timeline_view_get_last (view, &segment);
  return segment.sequence;
}

GstClockTime
vs_timeline_view_get_duration (const VsTimelineView * view)
{
  GstClockTime duration = 0;

  for (guint i = 0; i < view->segments->len; i++) {
    const VsSegment *segment = g_ptr_array_index (view->segments, i);

    if (GST_CLOCK_TIME_IS_VALID (segment->duration))
      duration += segment->duration;
  }
  return duration;
}

static VsCodecConfig *
find_config_by_id (const VsTimelineView * view, const gchar * id)
{
  for (guint i = 0; i < view->configs->len; i++) {
    VsCodecConfig *config = g_ptr_array_index (view->configs, i);

    if (strcmp (config->id, id) == 0)
      return config;
  }
  return NULL;
}

static VsCodecConfig *
find_config_in_segments (const VsTimelineView * view, VsMediaType track)
{
  for (guint i = view->segments->len; i > 0; i--) {
    const VsSegment *segment = g_ptr_array_index (view->segments, i - 1);
    const VsSegmentTrack *t = vs_segment_get_track (segment, track);
    VsCodecConfig *config = t ? find_config_by_id (view, t->config_id) : NULL;

    if (config)
      return config;
  }
  return NULL;
}

VsCodecConfig *
vs_timeline_view_find_config (const VsTimelineView * view, VsMediaType track)
{
  const GArray *spans = track == VS_MEDIA_VIDEO ? view->video : view->audio;

  if (spans == NULL)
    return find_config_in_segments (view, track);
  for (guint i = spans->len; i > 0; i--) {
    const VsSpan *span = &g_array_index (spans, VsSpan, i - 1);
    VsCodecConfig *config = span->type == track ?
        find_config_by_id (view, span->config_id) : NULL;

    if (config)
      return config;
  }
  return NULL;
}

static VsTimeline *
find_timeline (GPtrArray * timelines, const gchar * name)
{
  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    g_autoptr (VsRendition) rendition = vs_timeline_get_rendition (timeline);

    if (strcmp (rendition->name, name) == 0)
      return timeline;
  }
  return NULL;
}

static void
audio_track_free (VsAudioTrack * audio)
{
  g_free (audio->name);
  g_free (audio);
}

static VsAudioTrack *
find_audio (const VsEventView * view, const gchar * name)
{
  for (guint i = 0; i < view->audios->len; i++) {
    VsAudioTrack *audio = g_ptr_array_index (view->audios, i);

    if (strcmp (audio->name, name) == 0)
      return audio;
  }
  return NULL;
}

/* An id stands in URLs only if it can. */
static const gchar *
usable_audio_id (const VsTimelineView * view)
{
  const gchar *id = view->rendition->audio_id;

  return id && vs_name_is_valid (id) ? id : NULL;
}

gint
vs_event_view_get_audio (const VsEventView * view, guint index)
{
  const VsTimelineView *own = g_ptr_array_index (view->views, index);
  const gchar *id = usable_audio_id (own);

  for (guint i = 0; i < view->audios->len; i++) {
    const VsAudioTrack *audio = g_ptr_array_index (view->audios, i);
    const VsTimelineView *carrier =
        g_ptr_array_index (view->views, audio->view);

    if (audio->view == index)
      return i;
    if (id && vs_timeline_view_find_config (own, VS_MEDIA_AUDIO)
        && g_strcmp0 (usable_audio_id (carrier), id) == 0)
      return i;
  }
  return -1;
}

static void
list_audios (VsEventView * view)
{
  for (guint i = 0; i < view->views->len; i++) {
    const VsTimelineView *own = g_ptr_array_index (view->views, i);
    const gchar *id = usable_audio_id (own);
    const gchar *name = id ? id : own->rendition->name;
    VsAudioTrack *audio;

    if (!vs_timeline_view_find_config (own, VS_MEDIA_AUDIO)
        || vs_event_view_get_audio (view, i) >= 0)
      continue;
    audio = g_new0 (VsAudioTrack, 1);
    audio->view = i;
    audio->name = g_strdup (name);
    for (guint n = 2; find_audio (view, audio->name); n++) {
      g_free (audio->name);
      audio->name = g_strdup_printf ("%.*s-%u", VS_NAME_MAX - 8, name, n);
    }
    g_ptr_array_add (view->audios, audio);
  }
}

/* One target duration holds for all renditions of an event. */
static guint
target_duration (GPtrArray * timelines)
{
  guint target = 0;

  for (guint i = 0; i < timelines->len; i++) {
    VsTimelineState state;

    vs_timeline_get_state (g_ptr_array_index (timelines, i), &state);
    target = MAX (target, state.target_duration);
  }
  return target;
}

/* (nullable): the one of @older that is the same rendition as @timeline */
static VsTimeline *
find_older (GPtrArray * older, VsTimeline * timeline)
{
  g_autoptr (VsRendition) info = vs_timeline_get_rendition (timeline);

  return older ? find_timeline (older, info->name) : NULL;
}

static VsEventView *
view_alloc (const VsRange * range, guint join)
{
  VsEventView *view = g_new0 (VsEventView, 1);

  view->views = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_timeline_view_free);
  view->audios = g_ptr_array_new_with_free_func ((GDestroyNotify)
      audio_track_free);
  view->ended = !range->grows;
  view->slides = range->slides;
  view->join = join;
  return view;
}

static void
take_view (VsEventView * view, VsTimelineView * one)
{
  if (one->segments->len == 0) {
    vs_timeline_view_free (one);
    return;
  }
  one->ended = view->ended;
  g_ptr_array_add (view->views, one);
}

VsEventView *
vs_event_view_new_range (GPtrArray * timelines, GPtrArray * older,
    const VsRange * range, GstClockTime segment_duration, VsLru * cache,
    GError ** error)
{
  g_autoptr (VsEventView) view = view_alloc (range,
      vs_join_count (segment_duration,
          target_duration (timelines) * GST_SECOND));

  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    VsTimelineView *one;
    VsHistory history;

    vs_history_init (&history, timeline, find_older (older, timeline));
    one = vs_range_view (&history, range, view->join, cache, error);
    if (one == NULL)
      return NULL;
    take_view (view, one);
  }
  list_audios (view);
  return g_steal_pointer (&view);
}

/* Nothing that is in memory can fail to be read. */
static VsEventView *
view_memory (GPtrArray * timelines, GPtrArray * older, const VsRange * range)
{
  VsEventView *view = view_alloc (range, 1);

  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    VsHistory history;

    vs_history_init_memory (&history, timeline, find_older (older, timeline));
    take_view (view, vs_range_view (&history, range, 1, NULL, NULL));
  }
  list_audios (view);
  return view;
}

VsEventView *
vs_event_view_new (GPtrArray * timelines, GPtrArray * older,
    GstClockTime window)
{
  gboolean ended = timelines->len > 0;
  VsRange range;

  for (guint i = 0; i < timelines->len; i++) {
    VsTimelineState state;

    vs_timeline_get_state (g_ptr_array_index (timelines, i), &state);
    ended &= state.ended;
  }
  vs_range_init_window (&range, window);
  range.grows = !ended;
  return view_memory (timelines, older, &range);
}

gboolean
vs_event_find_history (GPtrArray * timelines, GPtrArray * older,
    const gchar * rendition, VsHistory * history)
{
  VsTimeline *timeline = find_timeline (timelines, rendition);

  if (timeline)
    vs_history_init (history, timeline, find_older (older, timeline));
  return timeline != NULL;
}

void
vs_event_get_extent (GPtrArray * timelines, GPtrArray * older,
    VsExtent * extent)
{
  memset (extent, 0, sizeof *extent);
  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);

    vs_range_get_extent (timeline, find_older (older, timeline), extent);
  }
}

void
vs_event_view_free (VsEventView * view)
{
  g_ptr_array_unref (view->views);
  g_ptr_array_unref (view->audios);
  g_free (view);
}

VsTimelineView *
vs_event_view_find (const VsEventView * view, VsMediaType track,
    const gchar * name)
{
  if (track == VS_MEDIA_AUDIO) {
    const VsAudioTrack *audio = find_audio (view, name);

    return audio ? g_ptr_array_index (view->views, audio->view) : NULL;
  }
  for (guint i = 0; i < view->views->len; i++) {
    VsTimelineView *one = g_ptr_array_index (view->views, i);

    if (strcmp (one->rendition->name, name) != 0)
      continue;
    if (track == VS_MEDIA_VIDEO && !vs_timeline_view_find_config (one, track))
      return NULL;
    return one;
  }
  return NULL;
}

static void
cut_view (VsTimelineView * view, guint64 first, guint64 last)
{
  const VsSegment *const *segments =
      (const VsSegment * const *) view->segments->pdata;
  guint head = 0, tail = view->segments->len;

  while (head < tail && segments[head]->sequence < first)
    head++;
  while (tail > head && segments[tail - 1]->sequence > last)
    tail--;
  g_ptr_array_remove_range (view->segments, tail, view->segments->len - tail);
  g_ptr_array_remove_range (view->segments, 0, head);
  if (view->video == NULL)
    return;
  vs_spans_cut (view->video, first, last);
  vs_spans_cut (view->audio, first, last);
}

gboolean
vs_event_view_get_first (const VsEventView * view, VsSegment * segment)
{
  for (guint i = 0; i < view->views->len; i++)
    if (vs_timeline_view_get_first (g_ptr_array_index (view->views, i),
            segment))
      return TRUE;
  return FALSE;
}

void
vs_event_view_align (VsEventView * view)
{
  guint64 newest = 0, first = 0, last = G_MAXUINT64;

  for (guint i = 0; i < view->views->len; i++)
    newest = MAX (newest, last_sequence (g_ptr_array_index (view->views, i)));
  for (guint i = 0; i < view->views->len; i++) {
    const VsTimelineView *one = g_ptr_array_index (view->views, i);

    if (last_sequence (one) + MAX_LAG >= newest)
      last = MIN (last, last_sequence (one));
  }
  /* one that joined late shortens a live window until it has slid past that,
   * but never what is on demand */
  for (guint i = 0; i < view->views->len && !view->ended; i++) {
    const VsTimelineView *one = g_ptr_array_index (view->views, i);

    if (first_sequence (one) <= last && last_sequence (one) >= last)
      first = MAX (first, first_sequence (one));
  }
  for (guint i = 0; i < view->views->len; i++)
    cut_view (g_ptr_array_index (view->views, i), first, last);
}
