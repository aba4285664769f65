/* VisionStream: where an event's segments begin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A segment ends at the first keyframe at or after the target duration. What
 * EXT-X-TARGETDURATION promises is fixed when the first one closes; from then
 * on a segment is cut before its duration would round past it (RFC 8216bis
 * 4.4.3.1), the first one at three target durations.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vsboundaries.h"

#include "timeline/vsframegrid.h"

#define TICKS G_GINT64_CONSTANT (90000)
/* the longest that the first segment may get, and that a start waits for a
 * keyframe, in target durations */
#define FIRST_MAX_TARGETS 3
/* see vs_boundaries_go_on_with_audio () */
#define OVERHANG_90K (TICKS / 2)
/* Decisions that a rendition which stands still may come back for: a day of
 * 2 s segments. */
#define KEPT_MAX 43200

void
vs_boundaries_init (VsBoundaries * boundaries,
    const VsSegmenterSettings * settings)
{
  *boundaries = (VsBoundaries) {
  .settings = *settings,.fixed_target = settings->fixed_target};
  boundaries->overhang_90k = G_MININT64;
  boundaries->list = g_array_new (FALSE, FALSE, sizeof (VsBoundary));
}

void
vs_boundaries_clear (VsBoundaries * boundaries)
{
  g_array_unref (boundaries->list);
}

static gint64
ticks_from_ns (GstClockTime ns)
{
  return gst_util_uint64_scale_round (ns, TICKS, GST_SECOND);
}

/* 90 kHz to µs, towards the past. */
static gint64
us_from_ticks (gint64 ticks)
{
  gint64 scaled = ticks * 100;

  return scaled >= 0 ? scaled / 9 : -((-scaled + 8) / 9);
}

static VsBoundary *
newest (const VsBoundaries * boundaries)
{
  if (boundaries->list->len == 0)
    return NULL;
  return &g_array_index (boundaries->list, VsBoundary,
      boundaries->list->len - 1);
}

guint64
vs_boundaries_get_next_sequence (const VsBoundaries * boundaries)
{
  const VsBoundary *last = newest (boundaries);

  return last ? last->sequence + 1 : boundaries->settings.first_sequence;
}

gboolean
vs_boundaries_find (const VsBoundaries * boundaries, guint64 sequence,
    VsBoundary * boundary)
{
  const VsBoundary *last = newest (boundaries);
  guint64 oldest;

  if (last == NULL || sequence > last->sequence)
    return FALSE;
  oldest = last->sequence + 1 - boundaries->list->len;
  *boundary = g_array_index (boundaries->list, VsBoundary,
      sequence > oldest ? sequence - oldest : 0);
  return TRUE;
}

void
vs_boundaries_prune (VsBoundaries * boundaries, guint64 sequence)
{
  const VsBoundary *last = newest (boundaries);
  guint64 oldest;
  guint n = 0;

  if (last == NULL)
    return;
  oldest = last->sequence + 1 - boundaries->list->len;
  /* the newest stays: the rules go on from it */
  if (sequence > oldest)
    n = MIN (sequence - oldest, boundaries->list->len - 1);
  if (boundaries->list->len - n > KEPT_MAX)
    n = boundaries->list->len - KEPT_MAX;
  /* many at a time, for the rest is moved */
  if (n > 0 && n >= boundaries->list->len / 2)
    g_array_remove_range (boundaries->list, 0, n);
}

gboolean
vs_boundaries_is_decided (const VsBoundaries * boundaries,
    const VsMediaUnit * unit)
{
  if (!boundaries->started || unit->stretch > boundaries->stretch)
    return FALSE;
  if (unit->stretch < boundaries->stretch)
    return TRUE;
  if (unit->type == VS_MEDIA_OTHER)
    return unit->dts_90k < boundaries->horizon_90k;
  /* it reaches a boundary half a frame (or the snapping) ahead of it */
  return MAX (unit->pts_90k, unit->dts_90k) + MAX (unit->duration_90k / 2,
      VS_GRID_SNAP_90K) < boundaries->horizon_90k;
}

gboolean
vs_boundary_is_reached (const VsBoundary * boundary, const VsMediaUnit * unit)
{
  if (unit->stretch != boundary->stretch)
    return unit->stretch > boundary->stretch;
  if (unit->type == VS_MEDIA_OTHER)
    return unit->dts_90k >= boundary->pts_90k;
  if (unit->type == VS_MEDIA_AUDIO)
    return unit->pts_90k + VS_GRID_SNAP_90K >= boundary->pts_90k;
  if (unit->flags & VS_TS_UNIT_KEYFRAME)
    return unit->pts_90k + unit->duration_90k / 2 >= boundary->pts_90k;
  return unit->anchor
      && unit->floor_90k + unit->duration_90k / 2 >= boundary->pts_90k;
}

static void
fix_target (VsBoundaries * boundaries, gint64 duration_90k)
{
  guint least = (boundaries->settings.target_duration + GST_SECOND - 1)
      / GST_SECOND;

  if (boundaries->fixed_target == 0)
    boundaries->fixed_target = MAX (least, (duration_90k + TICKS / 2) / TICKS);
}

/* The longest that the segment now open may get. */
static gint64
get_limit (const VsBoundaries * boundaries)
{
  if (boundaries->fixed_target == 0)
    return FIRST_MAX_TARGETS
        * ticks_from_ns (boundaries->settings.target_duration);
  return boundaries->fixed_target * TICKS + TICKS / 2 - 1;
}

/* UTC of a boundary; a new stretch takes a new anchor, from the time that
 * passed at the door when it is known. */
static gint64
get_utc (const VsBoundaries * boundaries, const VsBoundary * previous,
    const VsMediaUnit * unit, gint64 pts_90k)
{
  gint64 least, utc;

  if (previous == NULL) {
    utc = boundaries->settings.start_utc_us;
    if (utc < 0)
      utc = g_get_real_time ();
    return MAX (utc, boundaries->settings.min_utc_us);
  }
  if (unit->stretch == previous->stretch)
    return boundaries->anchor_utc_us
        + us_from_ticks (pts_90k - boundaries->anchor_pts_90k);
  least = previous->utc_us
      + us_from_ticks (boundaries->end_90k - previous->pts_90k);
  if (!GST_CLOCK_TIME_IS_VALID (unit->running_time)
      || !GST_CLOCK_TIME_IS_VALID (boundaries->anchor_running_time)
      || unit->running_time < boundaries->anchor_running_time)
    return least;
  utc = boundaries->anchor_utc_us + (gint64) GST_TIME_AS_USECONDS
      (unit->running_time - boundaries->anchor_running_time);
  return MAX (utc, least);
}

static void
begin_segment (VsBoundaries * boundaries, const VsMediaUnit * unit,
    gint64 pts_90k, gboolean discontinuity, const gchar * cause)
{
  const VsBoundary *previous = newest (boundaries);
  VsBoundary boundary = {
    .stretch = unit->stretch,
    .pts_90k = pts_90k,
    .utc_us = get_utc (boundaries, previous, unit, pts_90k),
    .forced = !(unit->flags & VS_TS_UNIT_KEYFRAME),
    .cause = cause,
    .discontinuity = discontinuity,
  };

  if (previous == NULL) {
    boundary.sequence = boundaries->settings.first_sequence;
    boundary.discontinuity_sequence =
        boundaries->settings.first_discontinuity_sequence;
    boundary.run = boundaries->settings.first_run;
    boundary.discontinuity = boundaries->settings.continues;
    boundary.event_utc_us = boundaries->settings.event_utc_us;
    if (boundary.event_utc_us < 0)
      boundary.event_utc_us = boundary.utc_us;
  } else {
    boundary.sequence = previous->sequence + 1;
    boundary.discontinuity_sequence =
        previous->discontinuity_sequence + discontinuity;
    boundary.run = previous->run + discontinuity;
    boundary.event_utc_us = previous->event_utc_us;
    boundary.previous_end_90k = discontinuity ? boundaries->end_90k : pts_90k;
    fix_target (boundaries, boundary.previous_end_90k - previous->pts_90k);
  }
  if (previous == NULL || discontinuity) {
    boundaries->anchor_pts_90k = pts_90k;
    boundaries->anchor_utc_us = boundary.utc_us;
    boundaries->anchor_running_time = unit->running_time;
  }
  if (previous == NULL || unit->stretch != previous->stretch) {
    boundaries->end_90k = pts_90k;
    boundaries->overhang_90k = G_MININT64;
  }
  boundary.run_start_90k = boundaries->anchor_pts_90k;
  g_array_append_val (boundaries->list, boundary);
  boundaries->waiting = FALSE;
}

/* The first segment of all, or of a stretch: at a keyframe, unless none comes
 * for too long. */
static const gchar *
examine_start (VsBoundaries * boundaries, const VsMediaUnit * unit)
{
  const gchar *cause = newest (boundaries) ? "discont" : "start";
  gint64 patience = FIRST_MAX_TARGETS
      * ticks_from_ns (boundaries->settings.target_duration);

  if (unit->flags & VS_TS_UNIT_KEYFRAME) {
    begin_segment (boundaries, unit, unit->pts_90k, TRUE, cause);
    return NULL;
  }
  if (!boundaries->waiting || boundaries->waiting_stretch != unit->stretch) {
    boundaries->waiting = TRUE;
    boundaries->waiting_stretch = unit->stretch;
    boundaries->waiting_90k = unit->dts_90k;
  }
  if (!unit->anchor || unit->dts_90k - boundaries->waiting_90k < patience)
    return NULL;
  begin_segment (boundaries, unit, unit->floor_90k, TRUE, cause);
  return "no keyframe at the start: the first segment begins without one";
}

static gboolean
overhangs (const VsBoundaries * boundaries, const VsMediaUnit * unit)
{
  return unit->type == VS_MEDIA_AUDIO
      && unit->pts_90k < boundaries->overhang_90k;
}

/* Where a stretch is under way. */
static const gchar *
examine_next (VsBoundaries * boundaries, const VsMediaUnit * unit)
{
  const VsBoundary *open = newest (boundaries);
  gint64 target = ticks_from_ns (boundaries->settings.target_duration);
  gint64 limit = get_limit (boundaries);
  gint64 elapsed = unit->pts_90k - open->pts_90k;
  /* what is shown up to here, whichever track led */
  gint64 floor = MAX (unit->floor_90k, MIN (boundaries->end_90k,
          unit->pts_90k));
  gboolean key = unit->flags & VS_TS_UNIT_KEYFRAME;

  if (!unit->anchor || elapsed <= 0)
    return NULL;
  if (key && unit->reconfigured && elapsed <= limit) {
    begin_segment (boundaries, unit, unit->pts_90k, TRUE, "config");
    return NULL;
  }
  if (key && elapsed + unit->duration_90k / 2 >= target && elapsed <= limit
      && !overhangs (boundaries, unit)) {
    begin_segment (boundaries, unit, unit->pts_90k, FALSE,
        unit->type == VS_MEDIA_VIDEO ? "idr" : "audio");
    return NULL;
  }
  if (elapsed + unit->duration_90k <= limit)
    return NULL;
  if (floor > open->pts_90k
      && unit->pts_90k + unit->duration_90k - floor <= limit) {
    begin_segment (boundaries, unit, floor, key && unit->reconfigured, "max");
    return "no keyframe for too long: the segment is cut without one";
  }
  begin_segment (boundaries, unit, unit->pts_90k, TRUE, "gap");
  return key ? "a hole in the stream, longer than a segment may be" :
      "a hole in the stream: the segment after it begins without a keyframe";
}

const gchar *
vs_boundaries_examine (VsBoundaries * boundaries, const VsMediaUnit * unit)
{
  const VsBoundary *open = newest (boundaries);
  const gchar *warning = NULL;

  if (!unit->leads)
    return NULL;
  /* an earlier reference has decided on this */
  if (boundaries->started && (unit->stretch < boundaries->stretch
          || (unit->stretch == boundaries->stretch
              && unit->pts_90k < boundaries->horizon_90k)))
    return NULL;

  if (open == NULL || unit->stretch > open->stretch)
    warning = examine_start (boundaries, unit);
  else
    warning = examine_next (boundaries, unit);

  open = newest (boundaries);
  if (open != NULL && open->stretch == unit->stretch
      && !overhangs (boundaries, unit))
    boundaries->end_90k = MAX (boundaries->end_90k,
        unit->pts_90k + unit->duration_90k);
  if (!boundaries->started || unit->stretch > boundaries->stretch
      || unit->dts_90k > boundaries->horizon_90k)
    boundaries->horizon_90k = unit->dts_90k;
  boundaries->stretch = unit->stretch;
  boundaries->started = TRUE;
  return warning;
}

void
vs_boundaries_go_on_with_audio (VsBoundaries * boundaries)
{
  boundaries->overhang_90k = boundaries->end_90k + OVERHANG_90K;
}

void
vs_boundaries_finish (VsBoundaries * boundaries)
{
  const VsBoundary *open = newest (boundaries);

  if (open != NULL)
    fix_target (boundaries, boundaries->end_90k - open->pts_90k);
}
