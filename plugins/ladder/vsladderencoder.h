/* VisionStream: encoders, set up for a rung
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "ladder/vsladderspec.h"

G_BEGIN_DECLS

/**
 * VsLadderEncoderSettings:
 *
 * The ladder's settings, which hold where a rung has none of its own.
 */
typedef struct
{
  const gchar *factory;
  const gchar *speed_preset;
  VsLadderRateControl rate_control;
  GstClockTime gop_duration;
  guint fps;                    /* the highest that may come */
  guint threads;
} VsLadderEncoderSettings;

/**
 * vs_ladder_encoder_new_video:
 * @sink, @src: (out): its first and last element
 *
 * Adds to @bin an encoder for @rung and what brings its output into the form
 * that the multiplexer takes.
 */
gboolean vs_ladder_encoder_new_video (GstBin *bin, const VsLadderRung *rung,
    const VsLadderEncoderSettings *settings, GstElement **sink,
    GstElement **src, GError **error);

/**
 * vs_ladder_encoder_new_audio:
 * @delay: (out): samples by which what comes out is late
 */
gboolean vs_ladder_encoder_new_audio (GstBin *bin, guint bitrate,
    GstElement **sink, GstElement **src, guint *delay, GError **error);

G_END_DECLS
