/* VisionStream: one picture to many sizes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* VsLadderScaleStep.from: the picture that came in */
#define VS_LADDER_SCALE_INPUT (-1)

/**
 * VsLadderScaleStep:
 *
 * How one output size comes about.
 */
typedef struct
{
  guint width, height;
  guint stride;                 /* every how manieth frame, from 1 */
  GstVideoRectangle active;     /* the picture without bars */
  gint from;                    /* step whose active picture is scaled */
  gboolean same;                /* the input as it is: nothing to scale */
  gboolean upscaled;            /* the active picture is larger than input */
} VsLadderScaleStep;

/**
 * vs_ladder_scale_plan:
 * @input: size and pixel aspect ratio of what comes in
 * @steps: (inout): width, height and stride are set; the rest is filled in
 * @order: (out): the indices of @steps, each after what it is made from
 * @letterbox: keep the picture's shape, with black bars; else stretch it
 *
 * Plans a cascade: a size is made from the smallest one above it that is at
 * least one and a half times as large, since less would blur it twice for
 * little gain, else from the input.
 */
void vs_ladder_scale_plan (const GstVideoInfo *input,
    VsLadderScaleStep *steps, guint n_steps, guint *order,
    gboolean letterbox);

/**
 * vs_ladder_scale_picture:
 * @source: I420; only @source_active of it is taken
 * @dest: I420, of the step's size
 *
 * Scales into the step's active picture and blackens the bars.
 */
void vs_ladder_scale_picture (const VsLadderScaleStep *step,
    const GstVideoFrame *source, const GstVideoRectangle *source_active,
    GstVideoFrame *dest);

/**
 * vs_ladder_scale_black:
 *
 * Fills an I420 picture with black.
 */
void vs_ladder_scale_black (GstVideoFrame *dest);

G_END_DECLS
