/* VisionStream: the ladder's entrance: one timeline for video and audio
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "codec/vscodec.h"

G_BEGIN_DECLS

/* Ladder time: where the output begins, whatever the running time is. Decoders
 * may see earlier times (priming, leading pictures) and DTS may lie before it;
 * 10 s leave room for both. A PES carries ladder time in 90 kHz. */
#define VS_LADDER_TIME_ORIGIN (10 * GST_SECOND)

/* Demuxers link their pads one after the other. Video that is linked when the
 * audio has come this far is left out, since rungs without audio of their own
 * have ended by then; audio may join at any time, up to this one from the
 * start on. */
#define VS_LADDER_VIDEO_WAIT (5 * GST_SECOND)
#define VS_LADDER_AUDIO_WAIT (1 * GST_SECOND)

#define GST_TYPE_VS_LADDER_INPUT (gst_vs_ladder_input_get_type ())
G_DECLARE_FINAL_TYPE (GstVsLadderInput, gst_vs_ladder_input, GST,
    VS_LADDER_INPUT, GstElement)

/**
 * gst_vs_ladder_input_new:
 *
 * Always pads `video`, `audio` (sink) and `video_src`, `audio_src`.
 */
GstElement *gst_vs_ladder_input_new (const gchar *name);

/**
 * gst_vs_ladder_input_set_linked:
 *
 * Told by the bin: whether something is linked to its own pad. MT safe.
 */
void gst_vs_ladder_input_set_linked (GstVsLadderInput *self, VsMediaType type,
    gboolean linked);

/**
 * gst_vs_ladder_input_get_link_time:
 *
 * How far the other stream had come when the pad was linked, in the order of
 * the source and not by a clock. MT safe.
 *
 * Returns: ladder time, VS_LADDER_TIME_ORIGIN before the first buffer, or
 *   GST_CLOCK_TIME_NONE when nothing is linked
 */
GstClockTime gst_vs_ladder_input_get_link_time (GstVsLadderInput *self,
    VsMediaType type);

G_END_DECLS
