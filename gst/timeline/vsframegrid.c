/* VisionStream: the grid of frame times that a stream keeps to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/gst.h>

#include "timeline/vsframegrid.h"

#define TICKS 90000

void
vs_frame_grid_set_rate (VsFrameGrid * grid, guint rate_n, guint rate_d)
{
  if (grid->rate_n == rate_n && grid->rate_d == rate_d)
    return;
  grid->rate_n = rate_d > 0 ? rate_n : 0;
  grid->rate_d = rate_d;
  grid->anchored = FALSE;
}

/* value * num / den to the nearest, halves away from zero. */
static gint64
scale_round (gint64 value, guint64 num, guint64 den)
{
  if (value < 0)
    return -(gint64) gst_util_uint64_scale_round (-value, num, den);
  return gst_util_uint64_scale_round (value, num, den);
}

gint64
vs_frame_grid_get_step (const VsFrameGrid * grid)
{
  if (grid->rate_n == 0)
    return 0;
  return gst_util_uint64_scale_round (TICKS, grid->rate_d, grid->rate_n);
}

gint64
vs_frame_grid_time (const VsFrameGrid * grid, gint64 index)
{
  return grid->anchor_90k + scale_round (index,
      (guint64) TICKS * grid->rate_d, grid->rate_n);
}

gint64
vs_frame_grid_index (const VsFrameGrid * grid, gint64 time_90k)
{
  return scale_round (time_90k - grid->anchor_90k, grid->rate_n,
      (guint64) TICKS * grid->rate_d);
}

gint64
vs_frame_grid_snap (const VsFrameGrid * grid, gint64 time_90k)
{
  gint64 on_grid;

  if (grid->rate_n == 0 || !grid->anchored)
    return time_90k;
  on_grid = vs_frame_grid_time (grid, vs_frame_grid_index (grid, time_90k));
  return ABS (on_grid - time_90k) <= VS_GRID_SNAP_90K ? on_grid : time_90k;
}

gint64
vs_frame_grid_follow (VsFrameGrid * grid, gint64 time_90k)
{
  gint64 snapped = vs_frame_grid_snap (grid, time_90k);

  if (grid->rate_n != 0 && (!grid->anchored || (snapped == time_90k
              && vs_frame_grid_time (grid, vs_frame_grid_index (grid,
                      time_90k)) != time_90k))) {
    grid->anchor_90k = time_90k;
    grid->anchored = TRUE;
  }
  return snapped;
}
