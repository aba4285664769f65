/* VisionStream: a rung's video and audio as MPEG-TS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "ladder/gstvsladderinput.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/* PES time of VS_LADDER_TIME_ORIGIN, that is, of the first picture */
#define VS_LADDER_PES_ORIGIN_90K 900000

#define GST_TYPE_VS_LADDER_MUX (gst_vs_ladder_mux_get_type ())
G_DECLARE_FINAL_TYPE (GstVsLadderMux, gst_vs_ladder_mux, GST, VS_LADDER_MUX,
    GstElement)

/**
 * VsLadderMuxSettings:
 *
 * @rendition: (transfer none): track count and frame rate are filled in
 * @audio_delay: samples by which the audio encoder is late
 * @audio_only: whether the rung stands for its audio when there is no video;
 *   else it is absent then
 */
typedef struct
{
  const VsRendition *rendition;
  guint audio_delay;
  gboolean audio_only;
} VsLadderMuxSettings;

/**
 * gst_vs_ladder_mux_new:
 * @input: (transfer none): asked what is linked
 *
 * Sink pads `video` (H.264 byte-stream) and `audio` (ADTS), source pad `src`.
 */
GstElement *gst_vs_ladder_mux_new (const gchar *name,
    GstVsLadderInput *input, const VsLadderMuxSettings *settings);

G_END_DECLS
