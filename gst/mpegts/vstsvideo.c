/* VisionStream: video PES payload to access units with times
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include "mpegts/vstsvideo.h"

#define TICKS 90000
/* a frame's duration where nothing tells it: 30 frames a second */
#define FALLBACK_FRAME_90K 3000

static void
forget_times (VsTsVideo * video)
{
  video->n_times = 0;
  video->lost = FALSE;
  video->last_90k = video->timed_dts_90k = video->anchor_90k = VS_TS_NO_TIME;
  video->since_timed = 0;
  video->frame_90k = video->order_90k = 0;
}

void
vs_ts_video_init (VsTsVideo * video, VsCodec codec)
{
  memset (video, 0, sizeof *video);
  vs_unit_splitter_init (&video->splitter, codec);
  forget_times (video);
}

void
vs_ts_video_clear (VsTsVideo * video)
{
  vs_unit_splitter_clear (&video->splitter);
}

void
vs_ts_video_reset (VsTsVideo * video)
{
  vs_unit_splitter_reset (&video->splitter);
  forget_times (video);
}

void
vs_ts_video_drop (VsTsVideo * video)
{
  vs_unit_splitter_reset (&video->splitter);
  video->n_times = 0;
}

void
vs_ts_video_begin (VsTsVideo * video, gsize offset, gint64 pts_90k,
    gint64 dts_90k, gboolean discont)
{
  VsTsVideoTime *time;

  if (pts_90k == VS_TS_NO_TIME)
    return;
  /* units that go on over so many PES packets: only the newest can matter */
  if (video->n_times == VS_TS_VIDEO_TIMES)
    discont |= video->times[--video->n_times].discont;
  time = &video->times[video->n_times++];
  time->position = video->position + offset;
  time->pts_90k = pts_90k;
  time->dts_90k = dts_90k;
  time->discont = discont;
}

void
vs_ts_video_lose (VsTsVideo * video, gsize offset)
{
  video->lost_to = video->position + offset;
  if (!video->lost)
    video->lost_from = video->lost_to;
  video->lost = TRUE;
}

/* Takes the newest of the times that were sent up to @position. */
static gboolean
take_time (VsTsVideo * video, guint64 position, VsTsUnit * unit)
{
  guint n = 0;

  while (n < video->n_times && video->times[n].position <= position) {
    unit->pts_90k = video->times[n].pts_90k;
    unit->dts_90k = video->times[n].dts_90k;
    if (video->times[n++].discont)
      unit->flags |= VS_TS_UNIT_DISCONT;
  }
  video->n_times -= n;
  memmove (video->times, video->times + n,
      video->n_times * sizeof *video->times);
  return n > 0;
}

static gdouble
get_frame_90k (const VsTsVideo * video, const VsCodecConfig * config)
{
  if (video->frame_90k > 0)
    return video->frame_90k;
  if (config && config->fps_n > 0)
    return (gdouble) TICKS *config->fps_d / config->fps_n;
  return FALLBACK_FRAME_90K;
}

/* How far @to is after @from in the order of output. */
static gint
order_difference (const VsUnitBounds * to, guint from)
{
  guint range = to->order_range;
  guint ahead = (to->order - from) & (range - 1);

  return ahead < range / 2 ? (gint) ahead : (gint) ahead - (gint) range;
}

/* Measures by a unit that has a time of its own. */
static void
follow_time (VsTsVideo * video, const VsUnitBounds * bounds,
    const VsTsUnit * unit)
{
  gint64 ticks = unit->dts_90k - video->timed_dts_90k;
  guint frames = video->since_timed + 1;
  gint steps;

  if (unit->flags & VS_TS_UNIT_DISCONT)
    video->anchor_90k = video->last_90k = VS_TS_NO_TIME;
  else if (video->timed_dts_90k != VS_TS_NO_TIME && ticks > 0
      && ticks <= TICKS * (gint64) frames)
    video->frame_90k = (gdouble) ticks / frames;
  video->timed_dts_90k = unit->dts_90k;
  video->since_timed = 0;
  if (video->anchor_90k == VS_TS_NO_TIME || bounds->order_range == 0
      || bounds->order_reset)
    return;
  ticks = unit->pts_90k - video->anchor_90k;
  steps = order_difference (bounds, video->anchor_order);
  if (steps != 0 && ticks / steps > 0 && ticks / steps <= TICKS)
    video->order_90k = (gdouble) ticks / steps;
}

/* The ticks of a step in the order of output; H.264 usually counts fields,
 * the others pictures. */
static gdouble
get_order_90k (const VsTsVideo * video, gdouble frame_90k)
{
  if (video->order_90k > 0)
    return video->order_90k;
  return video->splitter.codec == VS_CODEC_H264 ? frame_90k / 2 : frame_90k;
}

/* For a unit without a time. Where pictures are counted anew, all before are
 * shown before number 0. */
static void
guess_time (VsTsVideo * video, const VsUnitBounds * bounds, gdouble frame_90k,
    VsTsUnit * unit)
{
  gint64 frame = rint (frame_90k);

  if (video->timed_dts_90k == VS_TS_NO_TIME)
    return;
  video->since_timed++;
  unit->dts_90k = video->timed_dts_90k
      + (gint64) rint (video->since_timed * frame_90k);
  unit->pts_90k = video->last_90k + frame;
  if (bounds->order_range == 0 || video->anchor_90k == VS_TS_NO_TIME)
    return;
  if (bounds->order_reset) {
    video->anchor_90k = video->last_90k + frame;
    video->anchor_order = 0;
  }
  unit->pts_90k = video->anchor_90k
      + (gint64) rint (get_order_90k (video, frame_90k)
      * order_difference (bounds, video->anchor_order));
}

static void
set_times (VsTsVideo * video, const VsUnitBounds * bounds,
    const VsCodecConfig * config, VsTsUnit * unit)
{
  unit->pts_90k = unit->dts_90k = VS_TS_NO_TIME;
  if (take_time (video, video->position + bounds->mark, unit))
    follow_time (video, bounds, unit);
  else
    guess_time (video, bounds, get_frame_90k (video, config), unit);
  if (unit->pts_90k == VS_TS_NO_TIME)
    return;
  if (bounds->order_range > 0) {
    video->anchor_90k = unit->pts_90k;
    video->anchor_order = bounds->order;
  }
  if (video->last_90k == VS_TS_NO_TIME || unit->pts_90k > video->last_90k)
    video->last_90k = unit->pts_90k;
}

/* Whether something is missing in the unit between two places, or at one of
 * them; what is missing behind it is not its own. */
static gboolean
is_damaged (VsTsVideo * video, guint64 from, guint64 to)
{
  if (!video->lost || video->lost_from > to)
    return FALSE;
  if (video->lost_to < to)
    video->lost = FALSE;
  video->lost_from = to;
  return video->lost_to >= from;
}

gsize
vs_ts_video_next (VsTsVideo * video, const guint8 * data, gsize size,
    VsUnitEnd end, const VsCodecConfig * config, VsTsUnit * unit,
    gboolean * configured)
{
  VsUnitBounds bounds;

  if (!vs_unit_splitter_next (&video->splitter, data, size, end, &bounds))
    return 0;
  memset (unit, 0, sizeof *unit);
  unit->data = data + bounds.start;
  unit->size = bounds.end - bounds.start;
  set_times (video, &bounds, config, unit);
  if (is_damaged (video, video->position, video->position + bounds.end))
    unit->flags |= VS_TS_UNIT_DAMAGED;
  if (bounds.keyframe)
    unit->flags |= VS_TS_UNIT_KEYFRAME;
  video->position += bounds.end;
  *configured = bounds.configured;
  return bounds.end;
}

gsize
vs_ts_video_skip (VsTsVideo * video, gsize size, VsUnitEnd end)
{
  gsize skip = vs_unit_splitter_skip (&video->splitter);

  if (end != VS_UNIT_END_OPEN)
    skip = size;
  video->position += skip;
  /* what is missing ahead of a unit is so just before it */
  if (video->lost && video->lost_to < video->position)
    video->lost_from = video->lost_to = video->position;
  return skip;
}
