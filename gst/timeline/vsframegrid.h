/* VisionStream: the grid of frame times that a stream keeps to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* muxers cut times off where they should round: noise on 90 kHz times */
#define VS_GRID_SNAP_90K 2

/**
 * VsFrameGrid:
 *
 * Frame n of a constant rate is due at anchor + n / rate, rounded to a tick
 * for each n anew: 30000/1001 gives steps of 3003, 24000/1001 alternates
 * between 3753 and 3754, 48000/1024 between 1920 and 1920. Plain struct; all
 * zero is a grid without a rate, on which nothing snaps.
 */
typedef struct
{
  guint rate_n, rate_d;         /* frames a second */
  gint64 anchor_90k;
  gboolean anchored;
} VsFrameGrid;

/* Changing the rate drops the anchor. */
void   vs_frame_grid_set_rate (VsFrameGrid *grid, guint rate_n,
    guint rate_d);
/* One frame in ticks, rounded; 0 without a rate. */
gint64 vs_frame_grid_get_step (const VsFrameGrid *grid);
/* Frame number @index's time and the frame nearest to @time_90k. */
gint64 vs_frame_grid_time (const VsFrameGrid *grid, gint64 index);
gint64 vs_frame_grid_index (const VsFrameGrid *grid, gint64 time_90k);

/**
 * vs_frame_grid_snap:
 *
 * Returns: the grid's time within VS_GRID_SNAP_90K of @time_90k, or
 *   @time_90k itself when there is none
 */
gint64 vs_frame_grid_snap (const VsFrameGrid *grid, gint64 time_90k);

/**
 * vs_frame_grid_follow:
 *
 * As vs_frame_grid_snap (), but a time that is off the grid becomes its new
 * anchor: the stream went over to another phase, or has no constant rate.
 */
gint64 vs_frame_grid_follow (VsFrameGrid *grid, gint64 time_90k);

G_END_DECLS
