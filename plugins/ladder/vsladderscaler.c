/* VisionStream: one picture to many sizes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ladder/vsladderscaler.h"

#include <libyuv.h>

/* ITU-R BT.709 4.2, BT.601 2.5.3: narrow range black */
#define BLACK_Y_NARROW 16
#define BLACK_C 128

static void
step_set_active (VsLadderScaleStep * step, guint source_width,
    guint source_height, gboolean letterbox)
{
  GstVideoRectangle source = { 0, 0, source_width, source_height };
  GstVideoRectangle dest = { 0, 0, step->width, step->height };

  step->active = dest;
  if (!letterbox)
    return;
  gst_video_sink_center_rect (source, dest, &step->active, TRUE);
  /* a line or column of rounding is no bar; chroma needs even numbers */
  step->active.w = GST_ROUND_UP_2 (step->active.w);
  step->active.h = GST_ROUND_UP_2 (step->active.h);
  if (step->width - step->active.w <= 2)
    step->active.w = step->width;
  if (step->height - step->active.h <= 2)
    step->active.h = step->height;
  step->active.x = GST_ROUND_DOWN_2 ((step->width - step->active.w) / 2);
  step->active.y = GST_ROUND_DOWN_2 ((step->height - step->active.h) / 2);
}

static gint
step_area (const VsLadderScaleStep * step)
{
  return step->active.w * step->active.h;
}

static gint
compare_area (gconstpointer a, gconstpointer b, gpointer steps)
{
  const guint *x = a, *y = b;
  const gint difference = step_area ((VsLadderScaleStep *) steps + *y) -
      step_area ((VsLadderScaleStep *) steps + *x);

  return difference ? difference : (gint) * x - (gint) * y;
}

/* Whether @step may be made from @from: enough larger, and there whenever
 * it is needed */
static gboolean
step_can_follow (const VsLadderScaleStep * step, const VsLadderScaleStep * from)
{
  return step->stride % from->stride == 0 && !from->upscaled &&
      2 * from->active.w >= 3 * step->active.w &&
      2 * from->active.h >= 3 * step->active.h;
}

void
vs_ladder_scale_plan (const GstVideoInfo * input, VsLadderScaleStep * steps,
    guint n_steps, guint * order, gboolean letterbox)
{
  const guint width = GST_VIDEO_INFO_WIDTH (input);
  const guint height = GST_VIDEO_INFO_HEIGHT (input);
  const guint square_width = gst_util_uint64_scale_int_round (width,
      GST_VIDEO_INFO_PAR_N (input), GST_VIDEO_INFO_PAR_D (input));

  for (guint i = 0; i < n_steps; i++) {
    VsLadderScaleStep *step = &steps[i];

    step_set_active (step, square_width, height, letterbox);
    step->from = VS_LADDER_SCALE_INPUT;
    step->same = step->active.w == width && step->active.h == height &&
        step->width == width && step->height == height;
    step->upscaled = step->active.w > MAX (width, square_width) ||
        step->active.h > height;
    order[i] = i;
  }
  g_qsort_with_data (order, n_steps, sizeof (guint), compare_area, steps);
  for (guint i = 1; i < n_steps; i++) {
    for (gint j = i - 1; j >= 0; j--) {
      if (!steps[order[i]].same &&
          step_can_follow (&steps[order[i]], &steps[order[j]])) {
        steps[order[i]].from = order[j];
        break;
      }
    }
  }
}

static guint8 *
frame_at (const GstVideoFrame * frame, guint plane, gint x, gint y)
{
  const guint shift = plane ? 1 : 0;

  return (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, plane) +
      (gsize) (y >> shift) * GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane) +
      (x >> shift);
}

static void
fill_black (GstVideoFrame * frame, gint x, gint y, gint width, gint height)
{
  const gboolean full = GST_VIDEO_INFO_COLORIMETRY (&frame->info).range ==
      GST_VIDEO_COLOR_RANGE_0_255;

  if (width <= 0 || height <= 0)
    return;
  I420Rect (GST_VIDEO_FRAME_PLANE_DATA (frame, 0),
      GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0),
      GST_VIDEO_FRAME_PLANE_DATA (frame, 1),
      GST_VIDEO_FRAME_PLANE_STRIDE (frame, 1),
      GST_VIDEO_FRAME_PLANE_DATA (frame, 2),
      GST_VIDEO_FRAME_PLANE_STRIDE (frame, 2), x, y, width, height,
      full ? 0 : BLACK_Y_NARROW, BLACK_C, BLACK_C);
}

void
vs_ladder_scale_black (GstVideoFrame * dest)
{
  fill_black (dest, 0, 0, GST_VIDEO_FRAME_WIDTH (dest),
      GST_VIDEO_FRAME_HEIGHT (dest));
}

void
vs_ladder_scale_picture (const VsLadderScaleStep * step,
    const GstVideoFrame * source, const GstVideoRectangle * source_active,
    GstVideoFrame * dest)
{
  const GstVideoRectangle *in = source_active, *out = &step->active;
  const gint right = out->x + out->w, bottom = out->y + out->h;

  fill_black (dest, 0, 0, step->width, out->y);
  fill_black (dest, 0, bottom, step->width, step->height - bottom);
  fill_black (dest, 0, out->y, out->x, out->h);
  fill_black (dest, right, out->y, step->width - right, out->h);

  I420Scale (frame_at (source, 0, in->x, in->y),
      GST_VIDEO_FRAME_PLANE_STRIDE (source, 0),
      frame_at (source, 1, in->x, in->y),
      GST_VIDEO_FRAME_PLANE_STRIDE (source, 1),
      frame_at (source, 2, in->x, in->y),
      GST_VIDEO_FRAME_PLANE_STRIDE (source, 2), in->w, in->h,
      frame_at (dest, 0, out->x, out->y),
      GST_VIDEO_FRAME_PLANE_STRIDE (dest, 0),
      frame_at (dest, 1, out->x, out->y),
      GST_VIDEO_FRAME_PLANE_STRIDE (dest, 1),
      frame_at (dest, 2, out->x, out->y),
      GST_VIDEO_FRAME_PLANE_STRIDE (dest, 2), out->w, out->h, kFilterBox);
}
