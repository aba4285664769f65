/* VisionStream: audio as an unbroken run of samples
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ladder/gstvsladdergrid.h"

G_BEGIN_DECLS

#define VS_LADDER_SAMPLE_RATE 48000

#define GST_TYPE_VS_LADDER_AUDIO (gst_vs_ladder_audio_get_type ())
G_DECLARE_FINAL_TYPE (GstVsLadderAudio, gst_vs_ladder_audio, GST,
    VS_LADDER_AUDIO, GstVsLadderGrid)

/**
 * gst_vs_ladder_audio_new:
 *
 * Takes and gives 32-bit float at VS_LADDER_SAMPLE_RATE.
 */
GstElement *gst_vs_ladder_audio_new (const gchar *name, guint channels);

G_END_DECLS
