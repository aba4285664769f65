/* VisionStream: video PES payload to access units with times
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "codec/vsunitsplitter.h"
#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/* Time stamps that wait for the unit which they belong to */
#define VS_TS_VIDEO_TIMES 16

typedef struct
{
  guint64 position;             /* of the PES packet's payload */
  gint64 pts_90k, dts_90k;
  gboolean discont;
} VsTsVideoTime;

/**
 * VsTsVideo:
 *
 * Splits what the PES packets of a track carry into access units, and gives
 * each its time: the PES packet's in which it is the first to commence
 * (13818-1 2.4.3.7). To units without a time of their own one is given that
 * goes on in decoding order; where the stream tells the order of output, their
 * PTS follows that. Positions count the payload bytes of all PES packets.
 */
typedef struct
{
  VsUnitSplitter splitter;
  guint64 position;             /* of the first byte not given out */
  VsTsVideoTime times[VS_TS_VIDEO_TIMES];
  guint n_times;
  /* packets were lost from the one to the other place */
  gboolean lost;
  guint64 lost_from, lost_to;

  /* the units so far; VS_TS_NO_TIME until there are */
  gint64 last_90k;              /* latest PTS */
  gint64 timed_dts_90k;         /* of the newest with a time of its own, and */
  guint since_timed;            /* how many units ago */
  gdouble frame_90k;            /* as measured between these, or 0 */
  /* the newest picture's time, and its place in the order of output */
  gint64 anchor_90k;
  guint anchor_order;
  gdouble order_90k;            /* ticks a step in that order, or 0 */
} VsTsVideo;

void vs_ts_video_init (VsTsVideo *video, VsCodec codec);
void vs_ts_video_clear (VsTsVideo *video);
/* Nothing that comes continues what came. */
void vs_ts_video_reset (VsTsVideo *video);
/* Forgets the open unit only. */
void vs_ts_video_drop (VsTsVideo *video);

/* The payload of a PES packet begins @offset bytes behind what is not given
 * out; times are VS_TS_NO_TIME where it has none. */
void vs_ts_video_begin (VsTsVideo *video, gsize offset, gint64 pts_90k,
    gint64 dts_90k, gboolean discont);
/* Something is missing there. */
void vs_ts_video_lose (VsTsVideo *video, gsize offset);

/**
 * vs_ts_video_next:
 * @data: payload that is not given out yet
 * @config: (nullable): in force so far
 * @unit: (out): all but the track and its configuration; points into @data
 * @configured: (out): it brings a configuration, maybe the same
 *
 * Returns: how many bytes of @data are given out with this unit, 0 when none
 *   is whole
 */
gsize vs_ts_video_next (VsTsVideo *video, const guint8 *data, gsize size,
    VsUnitEnd end, const VsCodecConfig *config, VsTsUnit *unit,
    gboolean *configured);
/* How many of the @size bytes that are left belong to no unit; they are to be
 * taken away. All do where no more come. */
gsize vs_ts_video_skip (VsTsVideo *video, gsize size, VsUnitEnd end);

G_END_DECLS
