/* VisionStream: an event's quality levels of Smooth Streaming
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsmsslevels.h"

#include <gio/gio.h>
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

static gboolean
set_not_there (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "There is no such fragment");
  return FALSE;
}

static gboolean
add_segment (GPtrArray * segments, const VsHistory * history,
    guint64 sequence, GError ** error)
{
  VsSegment *segment = vs_history_get (history, sequence, error);

  if (segment)
    g_ptr_array_add (segments, segment);
  return segment != NULL;
}

/* The first and the last segment of each run, from @base on. */
static gboolean
add_edges (GPtrArray * segments, VsTimeline * timeline, guint64 base,
    GError ** error)
{
  VsHistory history;
  guint64 sequence;

  vs_history_init (&history, timeline, NULL);
  if (!vs_history_search (&history, ends_after, &base, &sequence, error))
    return FALSE;
  while (sequence < history.next) {
    guint64 run, first = sequence;

    if (!add_segment (segments, &history, first, error))
      return FALSE;
    run = ((VsSegment *) g_ptr_array_index (segments, segments->len - 1))->run;
    if (!vs_history_search (&history, is_of_later_run, &run, &sequence, error))
      return FALSE;
    sequence = MIN (sequence, history.next);
    if (sequence - 1 > first
        && !add_segment (segments, &history, sequence - 1, error))
      return FALSE;
  }
  return TRUE;
}

/* Whether a timeline still knows all runs since @base. */
static gboolean
reaches_back (VsTimeline * timeline, guint64 base)
{
  g_autoptr (VsSegment) oldest = vs_timeline_get_oldest (timeline);

  /* times of both are rounded */
  return oldest && (vs_segment_get_run_utc (oldest) - 1) * UNITS_PER_US
      <= (gint64) base;
}

/* What the time of a fragment on demand is counted from. */
static gboolean
find_shift (GPtrArray * timelines, const VsMssLevels * all, guint index,
    const VsObjectName * name, guint64 * shift, GError ** error)
{
  guint n = all->levels->len;
  g_autofree VsSmoothLevel *levels = g_memdup2 (all->levels->data,
      n * sizeof (VsSmoothLevel));
  g_autofree VsTimelineView *views = g_new0 (VsTimelineView, n);
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (
      (GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GArray) runs = NULL;

  if (!reaches_back (find_timeline (timelines, &levels[index]), name->base))
    return set_not_there (error);
  for (guint i = 0; i < n; i++) {
    views[i] = *levels[i].view;
    views[i].segments = g_ptr_array_new_with_free_func ((GDestroyNotify)
        vs_segment_unref);
    g_ptr_array_add (owned, views[i].segments);
    if (!add_edges (views[i].segments, find_timeline (timelines, &levels[i]),
            name->base, error))
      return FALSE;
    levels[i].view = &views[i];
  }
  runs = vs_smooth_levels_place_runs (levels, n, name->base);
  return vs_smooth_level_find_shift (&levels[index], runs, name->time, shift)
      || set_not_there (error);
}

/* @level and its alternatives, with what they have around a time. */
static GArray *
view_around (GPtrArray * timelines, const VsMssLevels * all,
    const VsSmoothLevel * level, const VsObjectName * name, guint64 shift,
    GPtrArray * views, GError ** error)
{
  g_autoptr (GArray) around =
      g_array_new (FALSE, FALSE, sizeof (VsSmoothLevel));
  gint64 at_us = (gint64) ((guint64) name->time + shift) / UNITS_PER_US;
  VsRange range = {.start_us = at_us - AROUND_US,.end_us = at_us + AROUND_US };

  for (guint i = 0; i < all->levels->len; i++) {
    VsSmoothLevel one = g_array_index (all->levels, VsSmoothLevel, i);
    VsTimelineView *view;
    VsHistory history;

    if (!vs_smooth_level_is_alternative (&one, level))
      continue;
    vs_history_init (&history, find_timeline (timelines, &one), NULL);
    view = vs_range_view (&history, &range, name->join, NULL, error);
    if (view == NULL)
      return NULL;
    g_ptr_array_add (views, view);
    if (view->segments->len == 0)
      continue;
    one.view = view;
    g_array_append_val (around, one);
  }
  return g_steal_pointer (&around);
}

static gboolean
find_sequence (GPtrArray * timelines, const VsMssLevels * all,
    const VsSmoothLevel * level, const VsObjectName * name, guint64 shift,
    guint64 * sequence, GError ** error)
{
  g_autoptr (GPtrArray) views = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_timeline_view_free);
  g_autoptr (GArray) around = view_around (timelines, all, level, name, shift,
      views, error);
  const VsSmoothLevel *levels, *own;
  VsSmoothFragmentEntry entry;

  if (around == NULL)
    return FALSE;
  levels = (const VsSmoothLevel *) around->data;
  own = vs_smooth_levels_find (levels, around->len, name->name, name->bitrate);
  if (own == NULL || !vs_smooth_levels_find_fragment (levels, around->len, own,
          name->time, shift, &entry))
    return set_not_there (error);
  *sequence = entry.sequence;
  return TRUE;
}

gboolean
vs_mss_find_fragment (GPtrArray * timelines, const VsObjectName * name,
    VsMssPlace * place, GError ** error)
{
  g_autoptr (VsMssLevels) all = vs_mss_levels_new (timelines);
  const VsSmoothLevel *levels = (const VsSmoothLevel *) all->levels->data;
  const VsSmoothLevel *level = vs_smooth_levels_find (levels,
      all->levels->len, name->name, name->bitrate);

  if (level == NULL)
    return set_not_there (error);
  place->timeline = find_timeline (timelines, level);
  place->shift = 0;
  return (name->base == 0 || find_shift (timelines, all, level - levels, name,
          &place->shift, error))
      && find_sequence (timelines, all, level, name, place->shift,
      &place->sequence, error);
}
