/* VisionStream: H.264 parameter sets (ITU-T H.264, ISO/IEC 14496-15)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsnaltypes.h"
#include "codec/vsparametersets.h"

#define IS_SLICE(type) ((type) >= H264_SLICE && (type) <= H264_IDR)

/* avcC, 14496-15 5.3.3.1: lengthSizeMinusOne of 3 behind reserved bits */
#define AVCC_LENGTH_SIZE 0xff

/* of a VsParameterSets */
#define LEVEL_SPS 0
#define LEVEL_PPS 1
#define LEVELS 2

/* up to and with pic_parameter_set_id, as Exp-Golomb codes of 32 bits at most,
 * and emulation prevention */
#define SLICE_START_MAX 20
#define SLICE_TYPE_MAX 9

/* A sample entry has 16 bits for each */
#define MACROBLOCKS_MAX (G_MAXUINT16 / 16)

typedef struct
{
  guint8 profile, compatibility, level;
  guint chroma_format, bit_depth_luma, bit_depth_chroma;
  guint id;
  VsH264Sps syntax;
} Sps;

/* Profiles whose SPS tells a chroma format, 7.3.2.1.1 */
static gboolean
has_chroma_format (guint profile)
{
  static const guint8 profiles[] = { 100, 110, 122, 244, 44, 83, 86, 118, 128,
    138, 139, 134, 135
  };

  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++) {
    if (profiles[i] == profile)
      return TRUE;
  }
  return FALSE;
}

/* All but Baseline, Main and Extended have the chroma format at the end of
 * their avcC, 14496-15 5.3.3.1.2 */
static gboolean
avcc_has_chroma_format (guint profile)
{
  return profile != 66 && profile != 77 && profile != 88;
}

static void
skip_scaling_list (VsRbsp * rbsp, guint size)
{
  guint last = 8, next = 8;

  for (guint i = 0; i < size && !rbsp->failed; i++) {
    if (next != 0)
      next = (last + (guint32) vs_rbsp_se (rbsp)) & 0xff;
    if (next != 0)
      last = next;
  }
}

static void
parse_chroma (VsRbsp * rbsp, Sps * sps)
{
  sps->chroma_format = vs_rbsp_ue (rbsp, 3);
  if (sps->chroma_format == 3)
    sps->syntax.separate_planes = vs_rbsp_u (rbsp, 1);
  sps->bit_depth_luma = 8 + vs_rbsp_ue (rbsp, 6);
  sps->bit_depth_chroma = 8 + vs_rbsp_ue (rbsp, 6);
  vs_rbsp_skip (rbsp, 1);
  if (vs_rbsp_u (rbsp, 1)) {    /* seq_scaling_matrix_present_flag */
    for (guint i = 0; i < (sps->chroma_format == 3 ? 12 : 8); i++) {
      if (vs_rbsp_u (rbsp, 1))
        skip_scaling_list (rbsp, i < 6 ? 16 : 64);
    }
  }
}

static void
parse_picture_order (VsRbsp * rbsp, VsH264Sps * syntax)
{
  syntax->order_type = vs_rbsp_ue (rbsp, 2);
  if (syntax->order_type == 0) {
    syntax->order_bits = 4 + vs_rbsp_ue (rbsp, 12);
  } else if (syntax->order_type == 1) {
    guint n;

    syntax->deltas_zero = vs_rbsp_u (rbsp, 1);
    vs_rbsp_se (rbsp);
    vs_rbsp_se (rbsp);
    n = vs_rbsp_ue (rbsp, 255);
    for (guint i = 0; i < n && !rbsp->failed; i++)
      vs_rbsp_se (rbsp);
  }
}

static gboolean
parse_size (VsRbsp * rbsp, const Sps * sps, VsCodecConfig * config)
{
  guint width = 16 * (1 + vs_rbsp_ue (rbsp, MACROBLOCKS_MAX - 1));
  guint height = 16 * (1 + vs_rbsp_ue (rbsp, MACROBLOCKS_MAX - 1));
  gboolean frames_only = vs_rbsp_u (rbsp, 1);
  guint unit_x = sps->chroma_format == 1 || sps->chroma_format == 2 ? 2 : 1;
  guint unit_y = sps->chroma_format == 1 ? 2 : 1;
  guint64 crop_x = 0, crop_y = 0;

  if (!frames_only) {
    vs_rbsp_skip (rbsp, 1);
    height *= 2;
    unit_y *= 2;
  }
  vs_rbsp_skip (rbsp, 1);       /* direct_8x8_inference_flag */
  if (vs_rbsp_u (rbsp, 1)) {    /* frame_cropping_flag */
    crop_x = vs_rbsp_ue (rbsp, G_MAXUINT16);
    crop_x = (crop_x + vs_rbsp_ue (rbsp, G_MAXUINT16)) * unit_x;
    crop_y = vs_rbsp_ue (rbsp, G_MAXUINT16);
    crop_y = (crop_y + vs_rbsp_ue (rbsp, G_MAXUINT16)) * unit_y;
  }
  if (rbsp->failed || crop_x >= width || crop_y >= height
      || height > G_MAXUINT16)
    return FALSE;
  config->width = width - crop_x;
  config->height = height - crop_y;
  config->interlaced = !frames_only;
  return TRUE;
}

/* 7.3.2.1.1, up to the picture's size */
static void
parse_sps_start (VsRbsp * rbsp, Sps * sps)
{
  memset (sps, 0, sizeof *sps);
  sps->profile = vs_rbsp_u (rbsp, 8);
  sps->compatibility = vs_rbsp_u (rbsp, 8);
  sps->level = vs_rbsp_u (rbsp, 8);
  sps->chroma_format = 1;
  sps->bit_depth_luma = sps->bit_depth_chroma = 8;
  sps->id = vs_rbsp_ue (rbsp, VS_H264_SPS_MAX - 1);
  if (has_chroma_format (sps->profile))
    parse_chroma (rbsp, sps);
  sps->syntax.frame_num_bits = 4 + vs_rbsp_ue (rbsp, 12);
  parse_picture_order (rbsp, &sps->syntax);
  vs_rbsp_ue (rbsp, 16);        /* max_num_ref_frames */
  vs_rbsp_skip (rbsp, 1);
}

gboolean
vs_h264_parse_slice_syntax (const VsNal * nal, guint * id, VsH264Sps * syntax)
{
  VsRbsp rbsp;
  Sps sps;

  vs_rbsp_init (&rbsp, nal->data + 1, nal->size - 1);
  parse_sps_start (&rbsp, &sps);
  vs_rbsp_ue (&rbsp, MACROBLOCKS_MAX - 1);
  vs_rbsp_ue (&rbsp, MACROBLOCKS_MAX - 1);
  sps.syntax.frames_only = vs_rbsp_u (&rbsp, 1);
  sps.syntax.valid = !rbsp.failed;
  *id = sps.id;
  *syntax = sps.syntax;
  return syntax->valid;
}

/* up to the timing in the VUI */
static gboolean
parse_sps (const VsNal * nal, Sps * sps, VsCodecConfig * config)
{
  VsRbsp rbsp;

  vs_rbsp_init (&rbsp, nal->data + 1, nal->size - 1);
  parse_sps_start (&rbsp, sps);
  if (!parse_size (&rbsp, sps, config))
    return FALSE;
  /* a damaged VUI takes nothing from the picture */
  if (vs_rbsp_u (&rbsp, 1)) {
    vs_rbsp_vui_start (&rbsp, config);
    if (vs_rbsp_u (&rbsp, 1))   /* timing_info_present_flag */
      vs_rbsp_vui_timing (&rbsp, config, 2);
  }
  config->profile = sps->profile;
  config->level = sps->level;
  config->bit_depth = sps->bit_depth_luma;
  g_snprintf (config->mime, sizeof config->mime, "avc1.%02x%02x%02x",
      sps->profile, sps->compatibility, sps->level);
  return TRUE;
}

/* 14496-15 5.3.3.1.2; the bytes ahead of the parameter sets are the SPS's
 * own. */
static void
build_avcc (const Sps * sps, const VsParameterSets * sets, GByteArray * record)
{
  const guint8 head[] = { 1, sps->profile, sps->compatibility, sps->level,
    AVCC_LENGTH_SIZE, 0xe0 | sets->levels[LEVEL_SPS].n
  };
  const guint8 n_pps = sets->levels[LEVEL_PPS].n;

  g_byte_array_append (record, head, sizeof head);
  vs_parameter_sets_append (sets, LEVEL_SPS, record);
  g_byte_array_append (record, &n_pps, 1);
  vs_parameter_sets_append (sets, LEVEL_PPS, record);
  if (avcc_has_chroma_format (sps->profile)) {
    const guint8 tail[] = { 0xfc | sps->chroma_format,
      0xf8 | (sps->bit_depth_luma - 8), 0xf8 | (sps->bit_depth_chroma - 8), 0
    };
    g_byte_array_append (record, tail, sizeof tail);
  }
}

static gint
read_picture_id (const guint8 * nal, gsize size)
{
  VsRbsp rbsp;
  guint id;

  vs_rbsp_init (&rbsp, nal, MIN (size, SLICE_START_MAX));
  vs_rbsp_skip (&rbsp, 8);
  vs_rbsp_ue (&rbsp, MACROBLOCKS_MAX * MACROBLOCKS_MAX);
  vs_rbsp_ue (&rbsp, SLICE_TYPE_MAX);
  id = vs_rbsp_ue (&rbsp, VS_H264_PPS_MAX - 1);
  return rbsp.failed ? -1 : (gint) id;
}

gboolean
vs_h264_collect (const guint8 * data, gsize size, VsNalSet * sets,
    gint * picture_id)
{
  gsize offset = vs_nal_find_start_code (data, size, 0);

  sets[LEVEL_SPS].n = sets[LEVEL_PPS].n = 0;
  *picture_id = -1;
  while (offset + 3 < size && !IS_SLICE (H264_TYPE (data[offset + 3]))) {
    VsNal nal;
    guint type;

    if (!vs_nal_next (data, size, &offset, &nal))
      return TRUE;
    type = H264_TYPE (nal.data[0]);
    if ((type == H264_SPS && !vs_nal_set_add (&sets[LEVEL_SPS], &nal))
        || (type == H264_PPS && !vs_nal_set_add (&sets[LEVEL_PPS], &nal)))
      return FALSE;
  }
  if (offset + 3 < size)
    *picture_id = read_picture_id (data + offset + 3, size - offset - 3);
  return TRUE;
}

/* VsParameterSetFunc */
static gboolean
identify (guint level, VsParameterSet * set)
{
  VsRbsp rbsp;
  Sps sps;

  vs_rbsp_init (&rbsp, set->nal.data + 1, set->nal.size - 1);
  if (level == LEVEL_SPS) {
    parse_sps_start (&rbsp, &sps);
    set->id = sps.id;
  } else {
    set->id = vs_rbsp_ue (&rbsp, VS_H264_PPS_MAX - 1);
    set->parent = vs_rbsp_ue (&rbsp, VS_H264_SPS_MAX - 1);
  }
  return !rbsp.failed;
}

VsCodecConfig *
vs_h264_config (const guint8 * data, gsize size, VsCodecConfig * previous)
{
  g_autoptr (VsCodecConfig) config = NULL;
  g_autoptr (GByteArray) record = NULL;
  VsNalSet own[LEVELS], old[LEVELS];
  VsParameterSets sets;
  gint picture_id;
  Sps sps;

  if (!vs_h264_collect (data, size, own, &picture_id)
      || own[LEVEL_SPS].n + own[LEVEL_PPS].n == 0
      || !vs_nal_sets_read_record (old, VS_CODEC_H264, previous))
    return NULL;
  if (old[LEVEL_SPS].n > 0 && vs_nal_sets_include (old, own, LEVELS))
    return vs_codec_config_ref (previous);
  vs_parameter_sets_merge (&sets, LEVELS, old, own, identify);
  if (!vs_parameter_sets_activate (&sets, picture_id, own, identify))
    return NULL;
  config = vs_codec_config_new (VS_CODEC_H264);
  if (!parse_sps (&sets.levels[LEVEL_SPS].sets[0].nal, &sps, config))
    return NULL;
  record = g_byte_array_new ();
  build_avcc (&sps, &sets, record);
  if (vs_codec_config_matches (previous, VS_CODEC_H264, record->data,
          record->len))
    return vs_codec_config_ref (previous);
  vs_codec_config_finish (config, record->data, record->len, TRUE);
  return g_steal_pointer (&config);
}

gboolean
vs_h264_is_keyframe (const guint8 * data, gsize size)
{
  gsize i = vs_nal_find_start_code (data, size, 0);

  for (; i + 3 < size; i = vs_nal_find_start_code (data, size, i + 3)) {
    guint type = H264_TYPE (data[i + 3]);

    if (IS_SLICE (type))
      return type == H264_IDR;
  }
  return FALSE;
}
