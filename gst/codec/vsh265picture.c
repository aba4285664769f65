/* VisionStream: when an H.265 picture is shown (ITU-T H.265 7.3.6.1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsnaltypes.h"
#include "codec/vsparsers.h"

#define NAL_HEADER 2

#define SLICE_TYPE_MAX 2

void
vs_h265_sets_update (VsH265Sets * sets, const VsNal * nal)
{
  VsRbsp rbsp;
  VsH265Sps sps;
  VsH265Pps pps = { FALSE, };
  guint id;

  if (nal->size <= NAL_HEADER)
    return;
  if (H265_TYPE (nal->data[0]) == H265_SPS) {
    if (vs_h265_parse_slice_syntax (nal, &id, &sps))
      sets->sps[id] = sps;
  } else if (H265_TYPE (nal->data[0]) == H265_PPS) {
    vs_rbsp_init (&rbsp, nal->data + NAL_HEADER, nal->size - NAL_HEADER);
    id = vs_rbsp_ue (&rbsp, VS_H265_PPS_MAX - 1);
    pps.sps = vs_rbsp_ue (&rbsp, VS_H265_SPS_MAX - 1);
    vs_rbsp_skip (&rbsp, 1);    /* dependent_slice_segments_enabled_flag */
    pps.output_flag = vs_rbsp_u (&rbsp, 1);
    pps.extra_bits = vs_rbsp_u (&rbsp, 3);
    pps.valid = !rbsp.failed;
    if (pps.valid)
      sets->pps[id] = pps;
  }
}

/* slice_pic_order_cnt_lsb */
static guint
parse_order (VsRbsp * rbsp, const VsH265Pps * pps, const VsH265Sps * sps)
{
  vs_rbsp_skip (rbsp, pps->extra_bits);
  vs_rbsp_ue (rbsp, SLICE_TYPE_MAX);
  if (pps->output_flag)
    vs_rbsp_skip (rbsp, 1);
  if (sps->separate_planes)
    vs_rbsp_skip (rbsp, 2);
  return vs_rbsp_u (rbsp, sps->order_bits);
}

void
vs_h265_parse_slice (VsH265Sets * sets, const guint8 * nal, gsize size,
    VsH265Picture * picture)
{
  const VsH265Pps *pps;
  const VsH265Sps *sps;
  VsRbsp rbsp;
  guint type, id, order = 0;

  memset (picture, 0, sizeof *picture);
  if (size <= NAL_HEADER)
    return;
  type = H265_TYPE (nal[0]);
  picture->reset = type >= H265_BLA_W_LP && type <= H265_IDR_N_LP;
  vs_rbsp_init (&rbsp, nal + NAL_HEADER,
      MIN (size, VS_H265_SLICE_HEADER_MAX) - NAL_HEADER);
  /* behind another the place is not told in a number of bits known here */
  if (!vs_rbsp_u (&rbsp, 1))    /* first_slice_segment_in_pic_flag */
    return;
  if (type >= H265_BLA_W_LP && type <= H265_IRAP_LAST)
    vs_rbsp_skip (&rbsp, 1);
  id = vs_rbsp_ue (&rbsp, VS_H265_PPS_MAX - 1);
  pps = &sets->pps[id];
  sps = &sets->sps[pps->sps];
  if (rbsp.failed || !pps->valid || !sps->valid)
    return;
  if (type != H265_IDR_W_RADL && type != H265_IDR_N_LP)
    order = parse_order (&rbsp, pps, sps);
  if (rbsp.failed)
    return;
  if (picture->reset)
    sets->order_base = order;
  picture->order_range = 1U << sps->order_bits;
  picture->order = (order - sets->order_base) & (picture->order_range - 1);
}
