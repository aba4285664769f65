/* VisionStream: which picture an H.264 slice belongs to (ITU-T H.264 7.3.3)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsnaltypes.h"
#include "codec/vsparsers.h"

#define NAL_REF_IDC(byte) ((byte) >> 5 & 3)

/* A picture of level 6.2 has 139264 macroblocks, table A-1. */
#define MACROBLOCKS_MAX 139264
#define SLICE_TYPE_MAX 9
#define IDR_ID_MAX 65535

void
vs_h264_sets_update (VsH264Sets * sets, const VsNal * nal)
{
  VsRbsp rbsp;
  VsH264Sps sps;
  guint id, sps_id;

  if (nal->size < 2)
    return;
  if (H264_TYPE (nal->data[0]) == H264_SPS) {
    if (vs_h264_parse_slice_syntax (nal, &id, &sps))
      sets->sps[id] = sps;
  } else if (H264_TYPE (nal->data[0]) == H264_PPS) {
    gboolean order_present;

    vs_rbsp_init (&rbsp, nal->data + 1, nal->size - 1);
    id = vs_rbsp_ue (&rbsp, VS_H264_PPS_MAX - 1);
    sps_id = vs_rbsp_ue (&rbsp, VS_H264_SPS_MAX - 1);
    vs_rbsp_skip (&rbsp, 1);    /* entropy_coding_mode_flag */
    order_present = vs_rbsp_u (&rbsp, 1);
    if (rbsp.failed)
      return;
    sets->pps[id].sps = sps_id;
    sets->pps[id].order_present = order_present;
    sets->pps[id].valid = TRUE;
  }
}

static void
parse_order (VsRbsp * rbsp, const VsH264Sps * sps, gboolean order_present,
    VsH264Picture * picture)
{
  gboolean both = order_present && !picture->field;

  if (sps->order_type == 0) {
    picture->order = vs_rbsp_u (rbsp, sps->order_bits);
    picture->order_range = 1U << sps->order_bits;
    if (both)
      picture->delta[0] = vs_rbsp_se (rbsp);
    /* a frame's is the smaller of its fields', 8.2.1 */
    if (picture->delta[0] < 0)
      picture->order = (picture->order + (guint) picture->delta[0])
          & (picture->order_range - 1);
  } else if (sps->order_type == 1 && !sps->deltas_zero) {
    picture->delta[0] = vs_rbsp_se (rbsp);
    if (both)
      picture->delta[1] = vs_rbsp_se (rbsp);
  }
}

gboolean
vs_h264_parse_slice (const VsH264Sets * sets, const guint8 * nal, gsize size,
    VsH264Picture * picture)
{
  const VsH264Sps *sps;
  VsRbsp rbsp;

  memset (picture, 0, sizeof *picture);
  if (size < 2)
    return FALSE;
  picture->idr = H264_TYPE (nal[0]) == H264_IDR;
  picture->reference = NAL_REF_IDC (nal[0]) != 0;
  vs_rbsp_init (&rbsp, nal + 1, MIN (size, VS_H264_SLICE_HEADER_MAX) - 1);
  picture->first = vs_rbsp_ue (&rbsp, MACROBLOCKS_MAX) == 0;
  if (rbsp.failed)
    return FALSE;
  vs_rbsp_ue (&rbsp, SLICE_TYPE_MAX);
  picture->pps = vs_rbsp_ue (&rbsp, VS_H264_PPS_MAX - 1);
  if (rbsp.failed || !sets->pps[picture->pps].valid)
    return TRUE;
  sps = &sets->sps[sets->pps[picture->pps].sps];
  if (!sps->valid)
    return TRUE;
  if (sps->separate_planes)
    vs_rbsp_skip (&rbsp, 2);
  picture->frame_num = vs_rbsp_u (&rbsp, sps->frame_num_bits);
  if (!sps->frames_only)
    picture->field = vs_rbsp_u (&rbsp, 1);
  if (picture->field)
    picture->bottom = vs_rbsp_u (&rbsp, 1);
  if (picture->idr)
    picture->idr_id = vs_rbsp_ue (&rbsp, IDR_ID_MAX);
  parse_order (&rbsp, sps, sets->pps[picture->pps].order_present, picture);
  picture->known = !rbsp.failed;
  return TRUE;
}

gboolean
vs_h264_is_other_picture (const VsH264Picture * a, const VsH264Picture * b)
{
  if (!a->known || !b->known)
    return b->first;
  return a->frame_num != b->frame_num || a->pps != b->pps
      || a->field != b->field || a->bottom != b->bottom
      || a->reference != b->reference || a->idr != b->idr
      || (a->idr && a->idr_id != b->idr_id) || a->order != b->order
      || a->delta[0] != b->delta[0] || a->delta[1] != b->delta[1];
}

/* 3.30: a reference field pairs with a reference field; an IDR picture has a
 * second field that is none (7.4.1.2.4, nal_unit_type 5). */
gboolean
vs_h264_is_second_field (const VsH264Picture * first,
    const VsH264Picture * next)
{
  return first->known && next->known && first->field && next->field
      && first->bottom != next->bottom && first->reference == next->reference
      && first->frame_num == next->frame_num && !next->idr;
}
