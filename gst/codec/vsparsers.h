/* VisionStream: what the codecs' parsers share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/gstbitreader.h>
#include "codec/vscodec.h"

G_BEGIN_DECLS

/**
 * vs_nal_find_start_code:
 *
 * Returns: where the first 00 00 01 at or after @offset begins, @size when
 *   there is none
 */
gsize vs_nal_find_start_code (const guint8 *data, gsize size, gsize offset);

/**
 * VsNalSet:
 *
 * The parameter sets of one type that a unit carries, each once. They are as
 * many as a decoder configuration record counts in a byte.
 */
#define VS_NAL_SET_MAX 64
typedef struct
{
  guint n;
  VsNal nals[VS_NAL_SET_MAX];
} VsNalSet;

/* FALSE when the set is full or the NAL unit longer than a record can say */
gboolean vs_nal_set_add (VsNalSet *set, const VsNal *nal);

/* What parameter sets have in them that matters here is in the first bytes:
 * an SPS with all scaling lists and reference picture sets is below this. */
#define VS_RBSP_MAX 4096

/**
 * VsRbsp:
 *
 * The payload of a NAL unit without emulation prevention bytes, read bit by
 * bit. Reading past the end gives 0 and sets @failed for good, so that a
 * parser may check once, at its end.
 */
typedef struct
{
  guint8 data[VS_RBSP_MAX];
  gsize size;
  GstBitReader bits;
  gboolean failed;
} VsRbsp;

void    vs_rbsp_init (VsRbsp *rbsp, const guint8 *data, gsize size);
guint32 vs_rbsp_u (VsRbsp *rbsp, guint bits);
void    vs_rbsp_skip (VsRbsp *rbsp, guint bits);
/* Exp-Golomb; a value above @max fails. */
guint32 vs_rbsp_ue (VsRbsp *rbsp, guint32 max);
gint32  vs_rbsp_se (VsRbsp *rbsp);

/* The part of the VUI that H.264 and H.265 have in common: aspect ratio up to
 * chroma location (H.264 E.1.1, H.265 E.2.1). */
void vs_rbsp_vui_start (VsRbsp *rbsp, VsCodecConfig *config);
/* num_units_in_tick and time_scale; @fields: ticks of a frame */
void vs_rbsp_vui_timing (VsRbsp *rbsp, VsCodecConfig *config, guint ticks);

/**
 * vs_codec_config_finish:
 * @identity: what tells configurations apart
 *
 * Sets the id. The record is @identity where the codec has one.
 */
void vs_codec_config_finish (VsCodecConfig *config, const guint8 *identity,
    gsize size, gboolean is_record);
/* Whether @config was made from this identity. */
gboolean vs_codec_config_matches (const VsCodecConfig *config, VsCodec codec,
    const guint8 *identity, gsize size);

VsCodecConfig *vs_h264_config (const guint8 *data, gsize size,
    VsCodecConfig *previous);
VsCodecConfig *vs_h265_config (const guint8 *data, gsize size,
    VsCodecConfig *previous);
VsCodecConfig *vs_mpeg2_video_config (const guint8 *data, gsize size,
    VsCodecConfig *previous);
VsCodecConfig *vs_aac_config (const guint8 *data, gsize size,
    VsCodecConfig *previous);
VsCodecConfig *vs_ac3_config (VsCodec codec, const guint8 *data, gsize size,
    VsCodecConfig *previous);
VsCodecConfig *vs_mpeg_audio_config (const guint8 *data, gsize size,
    VsCodecConfig *previous);
VsCodecConfig *vs_opus_config (const guint8 *data, gsize size,
    VsCodecConfig *previous);

/**
 * VsH264Sets:
 *
 * What slice headers need of the parameter sets of a stream, by their ids.
 */
#define VS_H264_SPS_MAX 32
#define VS_H264_PPS_MAX 256
typedef struct
{
  gboolean valid;
  gboolean separate_planes, frames_only, deltas_zero;
  guint8 frame_num_bits, order_type, order_bits;
} VsH264Sps;

typedef struct
{
  struct
  {
    gboolean valid;
    gboolean order_present;     /* bottom_field_pic_order_in_frame_present */
    guint8 sps;
  } pps[VS_H264_PPS_MAX];
  VsH264Sps sps[VS_H264_SPS_MAX];
} VsH264Sets;

/* Takes over what an SPS or PPS says; others, and damaged ones, nothing. */
void     vs_h264_sets_update (VsH264Sets *sets, const VsNal *nal);
/* FALSE when the SPS is damaged */
gboolean vs_h264_parse_slice_syntax (const VsNal *nal, guint *id,
    VsH264Sps *sps);

/**
 * VsH264Picture:
 *
 * What of a slice header tells pictures apart, H.264 7.4.1.2.4.
 */
typedef struct
{
  gboolean known;               /* the parameter sets are: all but the first */
  gboolean first;               /* first_mb_in_slice is 0 */
  gboolean idr, reference, field, bottom;
  guint pps, frame_num, idr_id;
  guint order, order_range;     /* PicOrderCnt modulo; 0 where not sent */
  gint32 delta[2];
} VsH264Picture;

/* A header is no longer than this, its NAL unit's included: seven Exp-Golomb
 * codes of 32 bits at most, with emulation prevention. */
#define VS_H264_SLICE_HEADER_MAX 48

/* FALSE when it has not even its first syntax elements */
gboolean vs_h264_parse_slice (const VsH264Sets *sets, const guint8 *nal,
    gsize size, VsH264Picture *picture);
/* Whether @next is a slice of another picture than @picture. */
gboolean vs_h264_is_other_picture (const VsH264Picture *picture,
    const VsH264Picture *next);
/* Whether field @next completes the frame that field @first began. */
gboolean vs_h264_is_second_field (const VsH264Picture *first,
    const VsH264Picture *next);

/**
 * VsH265Sets:
 *
 * The same for H.265.
 */
#define VS_H265_SPS_MAX 16
#define VS_H265_PPS_MAX 64
typedef struct
{
  gboolean valid;
  gboolean separate_planes;
  guint8 order_bits;
} VsH265Sps;

typedef struct
{
  gboolean valid;
  gboolean output_flag;         /* output_flag_present_flag */
  guint8 extra_bits;            /* num_extra_slice_header_bits */
  guint8 sps;
} VsH265Pps;

typedef struct
{
  VsH265Pps pps[VS_H265_PPS_MAX];
  VsH265Sps sps[VS_H265_SPS_MAX];
  guint order_base;             /* see VsH265Picture */
} VsH265Sets;

/* As vs_h264_sets_update () */
void     vs_h265_sets_update (VsH265Sets *sets, const VsNal *nal);
/* FALSE when the SPS is damaged */
gboolean vs_h265_parse_slice_syntax (const VsNal *nal, guint *id,
    VsH265Sps *sps);

/**
 * VsH265Picture:
 *
 * Where a picture is in the order of output: its PicOrderCnt, H.265 8.3.1,
 * modulo @order_range, which is 0 where the header does not tell. An IDR
 * picture's is 0; a BLA picture, which counts anew too, may begin anywhere:
 * numbers are given as if it were 0 as well.
 */
typedef struct
{
  gboolean reset;               /* it counts anew from here */
  guint order, order_range;
} VsH265Picture;

/* A header is no longer than this up to the order, its NAL unit's included,
 * with emulation prevention. */
#define VS_H265_SLICE_HEADER_MAX 16

void     vs_h265_parse_slice (VsH265Sets *sets, const guint8 *nal, gsize size,
    VsH265Picture *picture);

gboolean vs_h264_is_keyframe (const guint8 *data, gsize size);
gboolean vs_h265_is_keyframe (const guint8 *data, gsize size);
gboolean vs_mpeg2_video_is_keyframe (const guint8 *data, gsize size);

/* samplingFrequencyIndex (ISO/IEC 14496-3 table 1.18) of a rate in Hz, or
 * VS_AAC_RATE_IN_FULL for one that has none */
#define VS_AAC_RATE_IN_FULL 15
guint vs_aac_rate_index (guint32 sample_rate);

/* As vs_codec_audio_frame (), with the same results */
guint vs_aac_frame (const guint8 *data, gsize *size, guint *sample_rate);
guint vs_ac3_frame (const guint8 *data, gsize *size, guint *sample_rate);
guint vs_eac3_frame (const guint8 *data, gsize *size, guint *sample_rate);
guint vs_mpeg_audio_frame (const guint8 *data, gsize *size,
    guint *sample_rate);
guint vs_opus_frame (const guint8 *data, gsize *size, guint *sample_rate);

G_END_DECLS
