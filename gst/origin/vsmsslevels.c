/* VisionStream: an event's quality levels of Smooth Streaming
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsmsslevels.h"

#include <string.h>

/* what of the newest segments is looked at: some rendition may have had a few
 * without audio */
#define NEWEST_WINDOW (60 * GST_SECOND)
/* µs: around a time, more than tracks are apart in a segment */
#define AROUND_US (5 * G_TIME_SPAN_SECOND)
#define UNITS_PER_US 10

static void
add_level (VsMssLevels * levels, const VsTimelineView * view,
    VsMediaType type, const gchar * track)
{
  VsSmoothLevel level = { view, type };
  g_autofree gchar *stream = NULL;

  level.config = vs_timeline_view_find_config (view, type);
  if (level.config)
    stream = vs_smooth_stream_name (level.config->codec, track);
  if (stream == NULL)
    return;
  level.stream = g_string_chunk_insert (levels->strings, stream);
  g_array_append_val (levels->levels, level);
}

VsMssLevels *
vs_mss_levels_new (GPtrArray * timelines)
{
  VsMssLevels *levels = g_new0 (VsMssLevels, 1);
  const VsEventView *view;

  levels->newest = vs_event_view_new (timelines, NULL, NEWEST_WINDOW);
  levels->strings = g_string_chunk_new (256);
  levels->levels = g_array_new (FALSE, FALSE, sizeof (VsSmoothLevel));
  view = levels->newest;
  for (guint i = 0; i < view->views->len; i++)
    add_level (levels, g_ptr_array_index (view->views, i), VS_MEDIA_VIDEO,
        NULL);
  for (guint i = 0; i < view->audios->len; i++) {
    const VsAudioTrack *audio = g_ptr_array_index (view->audios, i);

    add_level (levels, g_ptr_array_index (view->views, audio->view),
        VS_MEDIA_AUDIO, audio->name);
  }
  vs_smooth_levels_choose_bitrates ((VsSmoothLevel *) levels->levels->data,
      levels->levels->len);
  return levels;
}

void
vs_mss_levels_free (VsMssLevels * levels)
{
  g_array_unref (levels->levels);
  g_string_chunk_free (levels->strings);
  vs_event_view_free (levels->newest);
  g_free (levels);
}

/* Finding. */

static VsTimeline *
find_timeline (GPtrArray * timelines, const VsSmoothLevel * level)
{
  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    g_autoptr (VsRendition) info = vs_timeline_get_rendition (timeline);

    if (strcmp (info->name, level->view->rendition->name) == 0)
      return timeline;
  }
  g_return_val_if_reached (NULL);
}

static gboolean
is_of_later_run (const VsSegment * segment, gpointer user_data)
{
  return segment->run > *(const guint64 *) user_data;
}

static gboolean
ends_after (const VsSegment * segment, gpointer user_data)
{
  guint64 start, end;

  vs_smooth_get_boundaries (segment, &start, &end);
  return end > *(const guint64 *) user_data;
}

static void
add_segment (GPtrArray * segments, VsTimeline * timeline, guint64 sequence)
{
  VsSegment *segment = vs_timeline_get (timeline, sequence);

  if (segment)
    g_ptr_array_add (segments, segment);
}

/* The first and the last segment of each run, from @base on. */
static void
add_edges (GPtrArray * segments, VsTimeline * timeline, guint64 base)
{
  VsTimelineState state;
  guint64 sequence = vs_timeline_search (timeline, ends_after, &base);

  vs_timeline_get_state (timeline, &state);
  while (sequence < state.next) {
    g_autoptr (VsSegment) first = vs_timeline_get (timeline, sequence);
    guint64 last;

    if (first == NULL)
      return;
    g_ptr_array_add (segments, vs_segment_ref (first));
    sequence = MIN (vs_timeline_search (timeline, is_of_later_run,
            &first->run), state.next);
    last = sequence - 1;
    if (last > first->sequence)
      add_segment (segments, timeline, last);
  }
}

/* Whether a timeline still knows all runs since @base. */
static gboolean
reaches_back (VsTimeline * timeline, guint64 base)
{
  VsTimelineState state;
  g_autoptr (VsSegment) oldest = NULL;

  vs_timeline_get_state (timeline, &state);
  oldest = vs_timeline_get (timeline, state.first);
  /* times of both are rounded */
  return oldest && (vs_segment_get_run_utc (oldest) - 1) * UNITS_PER_US
      <= (gint64) base;
}

/* What the time of a fragment on demand is counted from. */
static gboolean
find_shift (GPtrArray * timelines, const VsMssLevels * all, guint index,
    const VsObjectName * name, guint64 * shift)
{
  guint n = all->levels->len;
  g_autofree VsSmoothLevel *levels = g_memdup2 (all->levels->data,
      n * sizeof (VsSmoothLevel));
  g_autofree VsTimelineView *views = g_new0 (VsTimelineView, n);
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (
      (GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GArray) runs = NULL;

  if (!reaches_back (find_timeline (timelines, &levels[index]), name->base))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    views[i] = *levels[i].view;
    views[i].segments = g_ptr_array_new_with_free_func ((GDestroyNotify)
        vs_segment_unref);
    g_ptr_array_add (owned, views[i].segments);
    add_edges (views[i].segments, find_timeline (timelines, &levels[i]),
        name->base);
    levels[i].view = &views[i];
  }
  runs = vs_smooth_levels_place_runs (levels, n, name->base);
  return vs_smooth_level_find_shift (&levels[index], runs, name->time, shift);
}

/* @level and its alternatives, with what they have around a time. */
static GArray *
view_around (GPtrArray * timelines, const VsMssLevels * all,
    const VsSmoothLevel * level, const VsObjectName * name, guint64 shift,
    GPtrArray * views)
{
  GArray *around = g_array_new (FALSE, FALSE, sizeof (VsSmoothLevel));
  gint64 at_us = (gint64) ((guint64) name->time + shift) / UNITS_PER_US;
  VsRange range = {.start_us = at_us - AROUND_US,.end_us = at_us + AROUND_US };

  for (guint i = 0; i < all->levels->len; i++) {
    VsSmoothLevel one = g_array_index (all->levels, VsSmoothLevel, i);
    VsTimelineView *view;

    if (!vs_smooth_level_is_alternative (&one, level))
      continue;
    view = vs_range_view (find_timeline (timelines, &one), NULL, &range,
        name->join);
    if (view == NULL)
      continue;
    g_ptr_array_add (views, view);
    one.view = view;
    g_array_append_val (around, one);
  }
  return around;
}

static gboolean
find_sequence (GPtrArray * timelines, const VsMssLevels * all,
    const VsSmoothLevel * level, const VsObjectName * name, guint64 shift,
    guint64 * sequence)
{
  g_autoptr (GPtrArray) views = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_timeline_view_free);
  g_autoptr (GArray) around = view_around (timelines, all, level, name, shift,
      views);
  const VsSmoothLevel *levels = (const VsSmoothLevel *) around->data;
  const VsSmoothLevel *own = vs_smooth_levels_find (levels, around->len,
      name->name, name->bitrate);
  VsSmoothFragmentEntry entry;

  if (own == NULL || !vs_smooth_levels_find_fragment (levels, around->len, own,
          name->time, shift, &entry))
    return FALSE;
  *sequence = entry.sequence;
  return TRUE;
}

gboolean
vs_mss_find_fragment (GPtrArray * timelines, const VsObjectName * name,
    VsMssPlace * place)
{
  g_autoptr (VsMssLevels) all = vs_mss_levels_new (timelines);
  const VsSmoothLevel *levels = (const VsSmoothLevel *) all->levels->data;
  const VsSmoothLevel *level = vs_smooth_levels_find (levels,
      all->levels->len, name->name, name->bitrate);

  if (level == NULL)
    return FALSE;
  place->timeline = find_timeline (timelines, level);
  place->shift = 0;
  return (name->base == 0 || find_shift (timelines, all, level - levels, name,
          &place->shift))
      && find_sequence (timelines, all, level, name, place->shift,
      &place->sequence);
}
