/* VisionStream: a range of time, cut out of a timeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsrange.h"

#include <string.h>

#include "origin/vsjoin.h"

static const VsSegment *
first_segment (const VsTimelineView * view)
{
  return g_ptr_array_index (view->segments, 0);
}

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

typedef struct
{
  guint64 first, last;          /* sequences; none when first > last */
} Bounds;

/* Moves a bound by @step as long as the joined segment is the same. */
static guint64
widen (VsTimeline * timeline, guint64 sequence, gint step, guint join)
{
  g_autoptr (VsSegment) segment = vs_timeline_get (timeline, sequence);

  while (segment) {
    g_autoptr (VsSegment) beside = vs_timeline_get (timeline, sequence + step);

    if (beside == NULL
        || vs_join_number (beside, join) != vs_join_number (segment, join))
      break;
    sequence += step;
  }
  return sequence;
}

static void
find_bounds (VsTimeline * timeline, const VsRange * range, guint join,
    Bounds * bounds)
{
  guint64 past = G_MAXUINT64;

  bounds->first = 0;
  bounds->last = G_MAXUINT64;
  if (range->end_us != G_MAXINT64)
    past = vs_timeline_search (timeline, is_past, (gpointer) range);
  if (past != G_MAXUINT64)
    bounds->last = past - 1;
  if (range->start_us != G_MININT64)
    bounds->first = vs_timeline_search (timeline, ends_within,
        (gpointer) range);
  if (join > 1 && bounds->first > 0)
    bounds->first = widen (timeline, bounds->first, -1, join);
  if (join > 1 && !range->grows)
    bounds->last = widen (timeline, bounds->last, 1, join);
}

static void
drop_before (VsTimelineView * view, guint64 sequence)
{
  guint n = 0;

  while (n < view->segments->len && ((const VsSegment *)
          g_ptr_array_index (view->segments, n))->sequence < sequence)
    n++;
  if (n > 0)
    g_ptr_array_remove_range (view->segments, 0, n);
}

static VsTimelineView *
view_bounds (VsTimeline * timeline, const VsRange * range, guint join)
{
  Bounds bounds;

  find_bounds (timeline, range, join, &bounds);
  if (range->slides) {
    VsTimelineView *view = vs_timeline_view_window (timeline, bounds.last,
        range->window);

    drop_before (view, bounds.first);
    return view;
  }
  return vs_timeline_view (timeline, bounds.first, bounds.last);
}

static gboolean
has_config (const VsTimelineView * view, const gchar * id)
{
  for (guint i = 0; i < view->configs->len; i++)
    if (strcmp (((VsCodecConfig *) g_ptr_array_index (view->configs, i))->id,
            id) == 0)
      return TRUE;
  return FALSE;
}

static void
add_missing_configs (VsTimelineView * view, const VsTimelineView * other)
{
  for (guint i = 0; i < other->configs->len; i++) {
    VsCodecConfig *config = g_ptr_array_index (other->configs, i);

    if (!has_config (view, config->id))
      g_ptr_array_add (view->configs, vs_codec_config_ref (config));
  }
}

/* Puts what @before has of earlier segments in front, if it joins up. */
static void
extend_back (VsTimelineView * view, const VsTimelineView * before)
{
  guint64 limit = view->segments->len > 0 ?
      first_segment (view)->sequence : G_MAXUINT64;
  g_autoptr (GPtrArray) newer = NULL;
  guint n = before->segments->len;

  while (n > 0 && ((VsSegment *) g_ptr_array_index (before->segments,
              n - 1))->sequence >= limit)
    n--;
  if (n == 0 || (limit != G_MAXUINT64
          && ((VsSegment *) g_ptr_array_index (before->segments,
                  n - 1))->sequence != limit - 1))
    return;
  newer = g_steal_pointer (&view->segments);
  view->segments = g_ptr_array_new_full (n + newer->len,
      (GDestroyNotify) vs_segment_unref);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (view->segments,
        vs_segment_ref (g_ptr_array_index (before->segments, i)));
  for (guint i = 0; i < newer->len; i++)
    g_ptr_array_add (view->segments,
        vs_segment_ref (g_ptr_array_index (newer, i)));
  add_missing_configs (view, before);
  vs_peaks_raise (&view->peaks, &before->peaks);
}

/* Drops segments from the front as long as what remains lasts @window. */
static void
trim_to_window (VsTimelineView * view, GstClockTime window)
{
  GstClockTime duration = 0;
  guint first = view->segments->len;

  while (first > 0 && duration < window) {
    const VsSegment *segment = g_ptr_array_index (view->segments, --first);

    if (GST_CLOCK_TIME_IS_VALID (segment->duration))
      duration += segment->duration;
  }
  if (first > 0)
    g_ptr_array_remove_range (view->segments, 0, first);
}

VsTimelineView *
vs_range_view (VsTimeline * timeline, VsTimeline * older,
    const VsRange * range, guint join)
{
  g_autoptr (VsTimelineView) view = view_bounds (timeline, range, join);
  VsTimelineState state;

  vs_timeline_get_state (timeline, &state);
  if (older && (view->segments->len == 0
          || first_segment (view)->sequence == state.first)) {
    g_autoptr (VsTimelineView) before = view_bounds (older, range, join);

    extend_back (view, before);
    if (range->slides)
      trim_to_window (view, range->window);
  }
  vs_join_view (view, join, range->grows);
  if (view->segments->len == 0)
    return NULL;
  return g_steal_pointer (&view);
}

void
vs_range_get_extent (VsTimeline * timeline, VsTimeline * older,
    VsExtent * extent)
{
  VsTimeline *const sources[] = { timeline, older };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++) {
    g_autoptr (VsSegment) oldest = NULL, newest = NULL;
    VsTimelineState state;

    if (sources[i] == NULL)
      continue;
    vs_timeline_get_state (sources[i], &state);
    if (state.next == state.first)
      continue;
    oldest = vs_timeline_get (sources[i], state.first);
    newest = vs_timeline_get (sources[i], state.next - 1);
    if (oldest && (extent->oldest_us == 0
            || oldest->utc_us < extent->oldest_us))
      extent->oldest_us = oldest->utc_us;
    if (newest)
      extent->newest_us = MAX (extent->newest_us, end_us (newest));
  }
}
