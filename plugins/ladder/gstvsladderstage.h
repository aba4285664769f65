/* VisionStream: a bin whose inside is chosen by the caps that come
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_VS_LADDER_STAGE (gst_vs_ladder_stage_get_type ())
G_DECLARE_FINAL_TYPE (GstVsLadderStage, gst_vs_ladder_stage, GST,
    VS_LADDER_STAGE, GstBin)

/**
 * GstVsLadderStageFunc:
 *
 * Returns: (transfer full) (nullable): a gst-launch description of what
 *   handles @caps, or NULL when nothing does. Called in the streaming thread.
 */
typedef gchar *(*GstVsLadderStageFunc) (const GstCaps *caps,
    gpointer user_data);

/**
 * gst_vs_ladder_stage_new:
 *
 * With other caps mid-stream, the old inside is drained and taken out, when
 * the description differs; else the caps are passed on to it.
 */
GstElement *gst_vs_ladder_stage_new (const gchar *name,
    GstVsLadderStageFunc func, gpointer user_data);

G_END_DECLS
