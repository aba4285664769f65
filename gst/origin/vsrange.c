/* VisionStream: a range of time, cut out of a timeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsrange.h"

#include <string.h>

#include "origin/vsjoin.h"
#include "origin/vsspanblocks.h"

static gint64
end_us (const VsSegment * segment)
{
  if (!GST_CLOCK_TIME_IS_VALID (segment->duration))
    return segment->utc_us;
  return segment->utc_us + (gint64) (segment->duration / GST_USECOND);
}

void
vs_range_init_window (VsRange * range, GstClockTime window)
{
  *range = (VsRange) {
  .start_us = G_MININT64,.end_us = G_MAXINT64,.window =
        window > 0 ? MIN (window, VS_MANIFEST_MAX) : VS_MANIFEST_MAX,.grows =
        TRUE,.slides = TRUE};
}

/* Where the range begins. */
static gboolean
ends_within (const VsSegment * segment, gpointer user_data)
{
  const VsRange *range = user_data;

  return end_us (segment) > range->start_us;
}

/* Where it is over. */
static gboolean
is_past (const VsSegment * segment, gpointer user_data)
{
  const VsRange *range = user_data;

  return range->grows ? end_us (segment) > range->end_us :
      segment->utc_us >= range->end_us;
}

/* Moves a bound by @step as long as the joined segment is the same. */
static gboolean
widen (const VsHistory * history, guint64 * sequence, gint step, guint join,
    GError ** error)
{
  guint64 from = *sequence > join ? *sequence - join : 0;
  g_autoptr (VsTimelineView) view = NULL;
  const VsSegment *segment;
  gint64 at;

  if (*sequence < history->oldest || *sequence >= history->next)
    return TRUE;
  view = vs_history_read (history, from, *sequence + join, error);
  if (view == NULL)
    return FALSE;
  if (view->segments->len == 0)
    return TRUE;
  segment = g_ptr_array_index (view->segments, 0);
  at = *sequence - segment->sequence;
  while (at + step >= 0 && at + step < (gint64) view->segments->len
      && vs_join_number (g_ptr_array_index (view->segments, at + step), join)
      == vs_join_number (g_ptr_array_index (view->segments, at), join))
    at += step;
  *sequence = segment->sequence + at;
  return TRUE;
}

/* The first segment that is past, or the one that comes next. */
static gboolean
find_past (const VsHistory * history, const VsRange * range, guint64 * past,
    GError ** error)
{
  *past = G_MAXUINT64;
  if (range->end_us != G_MAXINT64
      && !vs_history_search (history, is_past, (gpointer) range, past, error))
    return FALSE;
  *past = MIN (*past, history->next);
  return TRUE;
}

/* What slides begins where the window does, but not ahead of the start: @found
 * when that settles it. */
static gboolean
find_window (const VsHistory * history, const VsRange * range, VsLru * cache,
    guint64 last, guint64 * first, gboolean * found, GError ** error)
{
  g_autoptr (VsSegment) segment = NULL;

  if (range->window > 0 && !vs_summary_find_start (history, cache, last,
          range->window, first, error))
    return FALSE;
  if (range->start_us != G_MININT64) {
    segment = vs_history_get (history, *first, error);
    if (segment == NULL)
      return FALSE;
  }
  *found = segment == NULL || ends_within (segment, (gpointer) range);
  return TRUE;
}

static gboolean
find_first (const VsHistory * history, const VsRange * range, guint join,
    VsLru * cache, guint64 last, guint64 * first, GError ** error)
{
  gboolean found = FALSE;

  *first = history->oldest;
  if (range->slides && !find_window (history, range, cache, last, first,
          &found, error))
    return FALSE;
  if (found || range->start_us == G_MININT64)
    return TRUE;
  return vs_history_search (history, ends_within, (gpointer) range, first,
      error) && (join == 1 || widen (history, first, -1, join, error));
}

gboolean
vs_range_find (const VsHistory * history, const VsRange * range, guint join,
    VsLru * cache, VsBounds * bounds, GError ** error)
{
  guint64 past;

  *bounds = (VsBounds) {
  1, 0};
  if (history->oldest >= history->next)
    return TRUE;
  if (!find_past (history, range, &past, error))
    return FALSE;
  if (past <= history->oldest)
    return TRUE;
  bounds->last = past - 1;
  if (!find_first (history, range, join, cache, bounds->last, &bounds->first,
          error))
    return FALSE;
  return join == 1 || range->grows
      || widen (history, &bounds->last, 1, join, error);
}

/* What lies between @bounds, of which the view has the newest only. */
static gboolean
add_spans (const VsHistory * history, const VsRange * range, guint join,
    VsLru * cache, const VsBounds * bounds, VsTimelineView * view,
    GError ** error)
{
  VsBlocks blocks = { history, *bounds, join, range->grows, bounds->first };

  return vs_span_blocks_read (&blocks, cache, view, error);
}

VsTimelineView *
vs_range_view (const VsHistory * history, const VsRange * range, guint join,
    VsLru * cache, GError ** error)
{
  g_autoptr (VsTimelineView) view = NULL;
  VsBounds bounds;
  guint64 first;

  if (!vs_range_find (history, range, join, cache, &bounds, error))
    return NULL;
  first = bounds.first;
  if (range->newest && bounds.last >= first + range->newest)
    first = bounds.last - range->newest + 1;
  view = vs_history_read (history, first, bounds.last, error);
  if (view == NULL)
    return NULL;
  vs_join_view (view, join, range->grows);
  /* what is long is not read whole: the stored segments' peaks, which are no
   * lower, stand for it */
  if (join > 1 && !range->grows && !range->newest)
    vs_join_measure_peaks (view);
  if (range->summed && !add_spans (history, range, join, cache, &bounds, view,
          error))
    return NULL;
  return g_steal_pointer (&view);
}

static void
extend (VsTimeline * timeline, VsExtent * extent)
{
  g_autoptr (VsSegment) oldest = vs_timeline_get_oldest (timeline);
  g_autoptr (VsSegment) newest = NULL;
  VsTimelineState state;

  vs_timeline_get_state (timeline, &state);
  newest = vs_timeline_get (timeline, state.next - 1);
  if (oldest && (extent->oldest_us == 0 || oldest->utc_us < extent->oldest_us))
    extent->oldest_us = oldest->utc_us;
  if (newest)
    extent->newest_us = MAX (extent->newest_us, end_us (newest));
}

void
vs_range_get_extent (VsTimeline * timeline, VsTimeline * older,
    VsExtent * extent)
{
  extend (timeline, extent);
  if (older)
    extend (older, extent);
}
