/* VisionStream: H.265 parameter sets (ITU-T H.265, ISO/IEC 14496-15)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsnaltypes.h"
#include "codec/vsparametersets.h"

#define NAL_HEADER 2
#define IS_IRAP(type) ((type) >= H265_BLA_W_LP && (type) <= H265_IRAP_LAST)
/* nuh_layer_id */
#define IS_OTHER_LAYER(nal) (((nal)[0] & 1) != 0 || (nal)[1] >> 3 != 0)

/* 7.4.3.2.1 */
#define SUB_LAYERS_MAX 7
#define SHORT_TERM_SETS_MAX 64
#define LONG_TERM_MAX 32
/* MaxDpbSize, A.4.2 */
#define PICTURES_MAX 16

/* of a VsParameterSets */
#define LEVEL_VPS 0
#define LEVEL_SPS 1
#define LEVEL_PPS 2
#define LEVELS 3

/* hvcC, 14496-15 8.3.3.1: what is ahead of numOfArrays */
#define HVCC_HEAD 22

#define CONSTRAINT_BYTES 6
/* array_completeness: the samples of hvc1 carry no parameter sets */
#define HVCC_COMPLETE 0x80

typedef struct
{
  guint8 profile_space, tier, profile, level;
  guint32 compatibility;
  guint8 constraints[CONSTRAINT_BYTES];
  guint sub_layers;
  gboolean nested;
  guint chroma_format, bit_depth_luma, bit_depth_chroma;
  guint id, vps;
  VsH265Sps syntax;
} Sps;

/* 7.3.3 */
static void
parse_profile_tier_level (VsRbsp * rbsp, Sps * sps)
{
  gboolean profile[SUB_LAYERS_MAX], level[SUB_LAYERS_MAX];
  guint n = sps->sub_layers - 1;

  sps->profile_space = vs_rbsp_u (rbsp, 2);
  sps->tier = vs_rbsp_u (rbsp, 1);
  sps->profile = vs_rbsp_u (rbsp, 5);
  sps->compatibility = vs_rbsp_u (rbsp, 32);
  for (guint i = 0; i < CONSTRAINT_BYTES; i++)
    sps->constraints[i] = vs_rbsp_u (rbsp, 8);
  sps->level = vs_rbsp_u (rbsp, 8);
  for (guint i = 0; i < n; i++) {
    profile[i] = vs_rbsp_u (rbsp, 1);
    level[i] = vs_rbsp_u (rbsp, 1);
  }
  if (n > 0)
    vs_rbsp_skip (rbsp, 2 * (8 - n));
  for (guint i = 0; i < n; i++)
    vs_rbsp_skip (rbsp, (profile[i] ? 88 : 0) + (level[i] ? 8 : 0));
}

/* 7.3.4 */
static void
skip_scaling_lists (VsRbsp * rbsp)
{
  for (guint size = 0; size < 4; size++) {
    for (guint matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
      if (!vs_rbsp_u (rbsp, 1)) {
        vs_rbsp_ue (rbsp, 6);
        continue;
      }
      if (size > 1)
        vs_rbsp_se (rbsp);
      for (guint i = 0; i < MIN (64, 1 << (4 + 2 * size)) && !rbsp->failed; i++)
        vs_rbsp_se (rbsp);
    }
  }
}

/* 7.3.7: a set that is predicted from the one before has an entry for each of
 * its pictures and one more. */
static void
skip_short_term_set (VsRbsp * rbsp, guint index, guint * n_pictures)
{
  if (index > 0 && vs_rbsp_u (rbsp, 1)) {
    guint before = *n_pictures;

    *n_pictures = 0;
    vs_rbsp_skip (rbsp, 1);
    vs_rbsp_ue (rbsp, G_MAXINT16);
    for (guint i = 0; i <= before; i++) {
      gboolean used = vs_rbsp_u (rbsp, 1);

      if (used || vs_rbsp_u (rbsp, 1))
        ++ * n_pictures;
    }
  } else {
    guint n = vs_rbsp_ue (rbsp, PICTURES_MAX);

    n += vs_rbsp_ue (rbsp, PICTURES_MAX);
    for (guint i = 0; i < n; i++) {
      vs_rbsp_ue (rbsp, G_MAXINT16);
      vs_rbsp_skip (rbsp, 1);
    }
    *n_pictures = n;
  }
  if (*n_pictures > PICTURES_MAX)
    rbsp->failed = TRUE;
}

static void
skip_reference_sets (VsRbsp * rbsp, guint poc_bits)
{
  guint n_pictures = 0;
  guint n = vs_rbsp_ue (rbsp, SHORT_TERM_SETS_MAX);

  for (guint i = 0; i < n && !rbsp->failed; i++)
    skip_short_term_set (rbsp, i, &n_pictures);
  if (vs_rbsp_u (rbsp, 1)) {    /* long_term_ref_pics_present_flag */
    n = vs_rbsp_ue (rbsp, LONG_TERM_MAX);
    for (guint i = 0; i < n; i++)
      vs_rbsp_skip (rbsp, poc_bits + 1);
  }
}

static gboolean
parse_size (VsRbsp * rbsp, const Sps * sps, VsCodecConfig * config)
{
  guint width = vs_rbsp_ue (rbsp, G_MAXUINT16);
  guint height = vs_rbsp_ue (rbsp, G_MAXUINT16);
  guint unit_x = sps->chroma_format == 1 || sps->chroma_format == 2 ? 2 : 1;
  guint unit_y = sps->chroma_format == 1 ? 2 : 1;
  guint crop_x = 0, crop_y = 0;

  if (vs_rbsp_u (rbsp, 1)) {    /* conformance_window_flag */
    crop_x = vs_rbsp_ue (rbsp, G_MAXUINT16);
    crop_x = (crop_x + vs_rbsp_ue (rbsp, G_MAXUINT16)) * unit_x;
    crop_y = vs_rbsp_ue (rbsp, G_MAXUINT16);
    crop_y = (crop_y + vs_rbsp_ue (rbsp, G_MAXUINT16)) * unit_y;
  }
  if (rbsp->failed || crop_x >= width || crop_y >= height)
    return FALSE;
  config->width = width - crop_x;
  config->height = height - crop_y;
  return TRUE;
}

static void
skip_coding_tools (VsRbsp * rbsp, const Sps * sps)
{
  /* sub_layer_ordering_info_present_flag */
  guint n = vs_rbsp_u (rbsp, 1) ? sps->sub_layers : 1;

  for (guint i = 0; i < 3 * n; i++)
    vs_rbsp_ue (rbsp, G_MAXUINT32 - 1);
  for (guint i = 0; i < 6; i++) /* block sizes and depths */
    vs_rbsp_ue (rbsp, 32);
  if (vs_rbsp_u (rbsp, 1) && vs_rbsp_u (rbsp, 1))
    skip_scaling_lists (rbsp);
  vs_rbsp_skip (rbsp, 2);
  if (vs_rbsp_u (rbsp, 1)) {    /* pcm_enabled_flag */
    vs_rbsp_skip (rbsp, 8);
    vs_rbsp_ue (rbsp, 2);
    vs_rbsp_ue (rbsp, 2);
    vs_rbsp_skip (rbsp, 1);
  }
  skip_reference_sets (rbsp, sps->syntax.order_bits);
  vs_rbsp_skip (rbsp, 2);
}

/* E.2.1 */
static void
parse_vui (VsRbsp * rbsp, VsCodecConfig * config)
{
  gboolean fields;

  vs_rbsp_vui_start (rbsp, config);
  vs_rbsp_skip (rbsp, 1);
  fields = vs_rbsp_u (rbsp, 1);
  vs_rbsp_skip (rbsp, 1);
  if (vs_rbsp_u (rbsp, 1)) {    /* default_display_window_flag */
    for (guint i = 0; i < 4; i++)
      vs_rbsp_ue (rbsp, G_MAXUINT16);
  }
  if (rbsp->failed)
    return;
  config->interlaced = fields;
  if (vs_rbsp_u (rbsp, 1))      /* vui_timing_info_present_flag */
    vs_rbsp_vui_timing (rbsp, config, fields ? 2 : 1);
}

/* ISO/IEC 14496-15 E.3: the compatibility flags with their bits reversed, the
 * constraint bytes up to the last that is not 0 */
static void
write_mime (const Sps * sps, gchar * mime, gsize size)
{
  static const gchar *const spaces[] = { "", "A", "B", "C" };
  guint32 flags = 0;
  gsize length;
  guint n = CONSTRAINT_BYTES;

  for (guint i = 0; i < 32; i++)
    flags |= (sps->compatibility >> i & 1) << (31 - i);
  length = g_snprintf (mime, size, "hvc1.%s%u.%X.%c%u",
      spaces[sps->profile_space], sps->profile, flags, sps->tier ? 'H' : 'L',
      sps->level);
  while (n > 0 && sps->constraints[n - 1] == 0)
    n--;
  for (guint i = 0; i < n; i++)
    length += g_snprintf (mime + length, size - length, ".%X",
        sps->constraints[i]);
}

/* 7.3.2.2.1, up to the length of a picture's number */
static gboolean
parse_sps_start (VsRbsp * rbsp, const VsNal * nal, Sps * sps,
    VsCodecConfig * config)
{
  memset (sps, 0, sizeof *sps);
  if (nal->size <= NAL_HEADER)
    return FALSE;
  vs_rbsp_init (rbsp, nal->data + NAL_HEADER, nal->size - NAL_HEADER);
  sps->vps = vs_rbsp_u (rbsp, 4);
  sps->sub_layers = 1 + vs_rbsp_u (rbsp, 3);
  sps->nested = vs_rbsp_u (rbsp, 1);
  if (sps->sub_layers > SUB_LAYERS_MAX)
    return FALSE;
  parse_profile_tier_level (rbsp, sps);
  sps->id = vs_rbsp_ue (rbsp, VS_H265_SPS_MAX - 1);
  sps->chroma_format = vs_rbsp_ue (rbsp, 3);
  if (sps->chroma_format == 3)
    sps->syntax.separate_planes = vs_rbsp_u (rbsp, 1);
  if (!parse_size (rbsp, sps, config))
    return FALSE;
  sps->bit_depth_luma = 8 + vs_rbsp_ue (rbsp, 7);
  sps->bit_depth_chroma = 8 + vs_rbsp_ue (rbsp, 7);
  sps->syntax.order_bits = 4 + vs_rbsp_ue (rbsp, 12);
  sps->syntax.valid = !rbsp->failed;
  return sps->syntax.valid;
}

gboolean
vs_h265_parse_slice_syntax (const VsNal * nal, guint * id, VsH265Sps * syntax)
{
  VsCodecConfig ignored;
  VsRbsp rbsp;
  Sps sps;

  if (!parse_sps_start (&rbsp, nal, &sps, &ignored))
    return FALSE;
  *id = sps.id;
  *syntax = sps.syntax;
  return TRUE;
}

/* up to the timing in the VUI */
static gboolean
parse_sps (const VsNal * nal, Sps * sps, VsCodecConfig * config)
{
  VsRbsp rbsp;

  if (!parse_sps_start (&rbsp, nal, sps, config))
    return FALSE;
  /* damage from here on takes nothing from the picture */
  skip_coding_tools (&rbsp, sps);
  if (vs_rbsp_u (&rbsp, 1))
    parse_vui (&rbsp, config);
  config->profile = sps->profile;
  config->level = sps->level;
  config->bit_depth = sps->bit_depth_luma;
  write_mime (sps, config->mime, sizeof config->mime);
  return TRUE;
}

static void
append_array (GByteArray * record, const VsParameterSets * sets, guint level)
{
  const guint8 head[] = { HVCC_COMPLETE | (H265_VPS + level), 0,
    sets->levels[level].n
  };

  g_byte_array_append (record, head, sizeof head);
  vs_parameter_sets_append (sets, level, record);
}

/* 14496-15 8.3.3.1.2; spatial segmentation, parallelism and frame rate stay
 * unknown */
static void
build_hvcc (const Sps * sps, const VsParameterSets * sets, GByteArray * record)
{
  guint8 head[HVCC_HEAD + 1] = { 1, sps->profile_space << 6 | sps->tier << 5
        | sps->profile, sps->compatibility >> 24,
    sps->compatibility >> 16 & 0xff, sps->compatibility >> 8 & 0xff,
    sps->compatibility & 0xff
  };

  memcpy (head + 6, sps->constraints, CONSTRAINT_BYTES);
  head[12] = sps->level;
  head[13] = 0xf0;
  head[15] = 0xfc;
  head[16] = 0xfc | sps->chroma_format;
  head[17] = 0xf8 | (sps->bit_depth_luma - 8);
  head[18] = 0xf8 | (sps->bit_depth_chroma - 8);
  head[21] = sps->sub_layers << 3 | sps->nested << 2 | 3;
  head[HVCC_HEAD] = LEVELS;
  g_byte_array_append (record, head, sizeof head);
  for (guint i = 0; i < LEVELS; i++)
    append_array (record, sets, i);
}

/* The start of a slice's header, 7.3.6.1 */
static gint
read_picture_id (const guint8 * nal, gsize size)
{
  VsRbsp rbsp;
  guint id;

  vs_rbsp_init (&rbsp, nal, MIN (size, VS_H265_SLICE_HEADER_MAX));
  vs_rbsp_skip (&rbsp, 8 * NAL_HEADER + 1);
  if (size > 0 && IS_IRAP (H265_TYPE (nal[0])))
    vs_rbsp_skip (&rbsp, 1);
  id = vs_rbsp_ue (&rbsp, VS_H265_PPS_MAX - 1);
  return rbsp.failed ? -1 : (gint) id;
}

gboolean
vs_h265_collect (const guint8 * data, gsize size, VsNalSet * sets,
    gint * picture_id)
{
  gsize offset = vs_nal_find_start_code (data, size, 0);

  for (guint i = 0; i < LEVELS; i++)
    sets[i].n = 0;
  *picture_id = -1;
  while (offset + 3 < size && H265_TYPE (data[offset + 3]) > H265_VCL_LAST) {
    VsNal nal;
    guint type;

    if (!vs_nal_next (data, size, &offset, &nal))
      return TRUE;
    type = H265_TYPE (nal.data[0]);
    /* other layers have ids of their own */
    if (type >= H265_VPS && type <= H265_PPS && nal.size > NAL_HEADER
        && !IS_OTHER_LAYER (nal.data)
        && !vs_nal_set_add (&sets[type - H265_VPS], &nal))
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
  VsCodecConfig ignored;
  VsRbsp rbsp;
  Sps sps;

  if (level == LEVEL_SPS) {
    if (!parse_sps_start (&rbsp, &set->nal, &sps, &ignored))
      return FALSE;
    set->id = sps.id;
    set->parent = sps.vps;
    return TRUE;
  }
  vs_rbsp_init (&rbsp, set->nal.data + NAL_HEADER, set->nal.size - NAL_HEADER);
  if (level == LEVEL_VPS) {
    set->id = vs_rbsp_u (&rbsp, 4);
  } else {
    set->id = vs_rbsp_ue (&rbsp, VS_H265_PPS_MAX - 1);
    set->parent = vs_rbsp_ue (&rbsp, VS_H265_SPS_MAX - 1);
  }
  return !rbsp.failed;
}

VsCodecConfig *
vs_h265_config (const guint8 * data, gsize size, VsCodecConfig * previous)
{
  g_autoptr (VsCodecConfig) config = NULL;
  g_autoptr (GByteArray) record = NULL;
  VsNalSet own[LEVELS], old[LEVELS];
  VsParameterSets sets;
  gint picture_id;
  Sps sps;

  if (!vs_h265_collect (data, size, own, &picture_id)
      || own[LEVEL_VPS].n + own[LEVEL_SPS].n + own[LEVEL_PPS].n == 0
      || !vs_nal_sets_read_record (old, VS_CODEC_H265, previous))
    return NULL;
  if (old[LEVEL_SPS].n > 0 && vs_nal_sets_include (old, own, LEVELS))
    return vs_codec_config_ref (previous);
  vs_parameter_sets_merge (&sets, LEVELS, old, own, identify);
  if (!vs_parameter_sets_activate (&sets, picture_id, own, identify))
    return NULL;
  config = vs_codec_config_new (VS_CODEC_H265);
  if (!parse_sps (&sets.levels[LEVEL_SPS].sets[0].nal, &sps, config))
    return NULL;
  record = g_byte_array_new ();
  build_hvcc (&sps, &sets, record);
  if (vs_codec_config_matches (previous, VS_CODEC_H265, record->data,
          record->len))
    return vs_codec_config_ref (previous);
  vs_codec_config_finish (config, record->data, record->len, TRUE);
  return g_steal_pointer (&config);
}

gboolean
vs_h265_is_keyframe (const guint8 * data, gsize size)
{
  gsize i = vs_nal_find_start_code (data, size, 0);

  for (; i + 3 < size; i = vs_nal_find_start_code (data, size, i + 3)) {
    guint type = H265_TYPE (data[i + 3]);

    if (type <= H265_VCL_LAST)
      return type == H265_IDR_W_RADL || type == H265_IDR_N_LP;
  }
  return FALSE;
}
