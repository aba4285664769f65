/* VisionStream: pictures at the ladder's frame rate and sizes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ladder/gstvsladdergrid.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_LADDER_VIDEO (gst_vs_ladder_video_get_type ())
G_DECLARE_FINAL_TYPE (GstVsLadderVideo, gst_vs_ladder_video, GST,
    VS_LADDER_VIDEO, GstVsLadderGrid)

/**
 * VsLadderVideoSettings:
 *
 * @fps_n: 0: the family of the source
 */
typedef struct
{
  guint fps_n, fps_d;
  GstClockTime gop_duration;
  gboolean letterbox;
  gboolean upscale;
} VsLadderVideoSettings;

/**
 * gst_vs_ladder_video_new:
 *
 * One source pad `src_%u` a rung of gst_vs_ladder_video_add_rung ().
 */
GstElement *gst_vs_ladder_video_new (const gchar *name,
    const VsLadderVideoSettings *settings);

/**
 * gst_vs_ladder_video_add_rung:
 * @stride: the rung takes every @stride-th frame
 *
 * Returns: (transfer none): the rung's source pad
 */
GstPad *gst_vs_ladder_video_add_rung (GstVsLadderVideo *self, guint width,
    guint height, guint stride);

G_END_DECLS
