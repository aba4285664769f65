/* VisionStream: codecs and their configurations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * VsCodec:
 *
 * What an elementary stream holds. The values are stable: they appear in
 * archives by name (see vs_codec_to_string ()), never by number.
 */
typedef enum
{
  VS_CODEC_UNKNOWN,
  VS_CODEC_H264,
  VS_CODEC_H265,
  VS_CODEC_MPEG2_VIDEO,
  VS_CODEC_AAC,                 /* ADTS in TS */
  VS_CODEC_AC3,
  VS_CODEC_EAC3,
  VS_CODEC_MPEG_AUDIO,          /* layers 1 to 3 */
  VS_CODEC_OPUS,
  VS_CODEC_ID3,                 /* timed metadata, stream type 0x15 */
  VS_CODEC_SCTE35,              /* sections, stream type 0x86 */
  VS_CODEC_PRIVATE              /* anything else in a PES: passed through */
} VsCodec;

typedef enum
{
  VS_MEDIA_OTHER,
  VS_MEDIA_VIDEO,
  VS_MEDIA_AUDIO
} VsMediaType;

const gchar *vs_codec_to_string (VsCodec codec);
VsCodec      vs_codec_from_string (const gchar *name);
VsMediaType  vs_codec_get_media_type (VsCodec codec);

/* ISO/IEC 23091-2: the code point of what is not told */
#define VS_CODE_POINT_UNSPECIFIED 2

/**
 * VsCodecConfig:
 *
 * A decoder's configuration: immutable, reference counted, told apart by
 * `id`, the first 8 hex digits of the SHA-256 of its configuration record
 * (codec name, then avcC, hvcC, AudioSpecificConfig or dac3/dec3 payload).
 * Two origins that read the same segment find the same id.
 */
typedef struct
{
  VsCodec codec;
  gchar id[9];

  /* RFC 6381, for CODECS in manifests: "avc1.64001f", "hvc1.1.6.L93.B0",
   * "mp4a.40.2", "ac-3", "ec-3" */
  gchar mime[48];

  /* What goes into the sample description: the payload of avcC, hvcC,
   * dac3, dec3, or the AudioSpecificConfig; NULL where there is none, and
   * where the configuration was read from a playlist */
  GBytes *record;

  /* Video: coded picture after cropping, in luma samples; pixel aspect
   * ratio; frame rate as the VUI tells it, 0/1 where it does not */
  guint width, height;
  guint par_n, par_d;
  guint fps_n, fps_d;
  gboolean interlaced;
  /* ISO/IEC 23091-2 code points; 2 is "unspecified" */
  guint colour_primaries, transfer, matrix;
  gboolean full_range;
  guint profile, level, bit_depth;

  /* Audio: Hz, channels, samples (a channel) a frame */
  guint sample_rate, channels, frame_samples;

  /*< private >*/
  gint ref_count;
} VsCodecConfig;

#define VS_TYPE_CODEC_CONFIG (vs_codec_config_get_type ())
GType          vs_codec_config_get_type (void);
/* Nothing known but @codec; to be filled in before it is shared. */
VsCodecConfig *vs_codec_config_new (VsCodec codec);
VsCodecConfig *vs_codec_config_ref (VsCodecConfig *config);
void           vs_codec_config_unref (VsCodecConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsCodecConfig, vs_codec_config_unref)

/**
 * vs_codec_config_from_unit:
 * @codec: what @data is
 * @data: one access unit as it stands in a TS: Annex B, an ADTS frame,
 *   an AC-3 or E-AC-3 syncframe
 * @previous: (nullable): the configuration in force
 *
 * Reads the configuration in force from an access unit on: by the parameter
 * sets of H.264 or H.265 (NULL when the unit has none), or the header of an
 * audio frame. When nothing changed a new reference of @previous is returned.
 * Damaged headers give NULL; no length in @data is trusted.
 *
 * A unit may carry some parameter sets only, as where an encoder sends a PPS
 * anew: they take the place of those with the same ids in the record of
 * @previous, the others stay. The record has, by ascending ids, the VPS and
 * SPS that the unit's first slice refers to, and all PPS for that SPS: what
 * decodes the pictures up to the next one that begins a sequence. A stream
 * that comes back to another SPS has to send it again, as it must for a
 * receiver that joins there.
 *
 * Returns: (transfer full) (nullable): the configuration
 */
VsCodecConfig *vs_codec_config_from_unit (VsCodec codec, const guint8 *data,
    gsize size, VsCodecConfig *previous);

/**
 * vs_codec_complete_unit:
 * @config: in force for the unit
 * @data: a video access unit
 *
 * Appends the unit to @out with all parameter sets of @config ahead of it,
 * behind its access unit delimiter: whoever begins to read here finds @config.
 *
 * Returns: FALSE when the unit has them all, or @config has none; then nothing
 *   is appended
 */
gboolean vs_codec_complete_unit (const VsCodecConfig *config,
    const guint8 *data, gsize size, GByteArray *out);

/**
 * vs_codec_is_keyframe:
 *
 * Whether a video access unit starts a segment: H.264 IDR, H.265 IDR_W_RADL
 * or IDR_N_LP (SAP type 1 or 2), an MPEG-2 sequence header with an I picture.
 * A CRA or a recovery point is none. Reads up to the first slice only.
 */
gboolean vs_codec_is_keyframe (VsCodec codec, const guint8 *data, gsize size);

/**
 * vs_codec_audio_frame:
 * @size: (inout): bytes available, then the frame's size
 *
 * Finds the frame that begins at @data: checks the sync word and the length.
 *
 * Returns: samples a channel in the frame, 0 when no whole valid frame is
 *   here (then @size is 0 if more bytes could complete it, else the number of
 *   bytes to skip before trying again)
 */
guint vs_codec_audio_frame (VsCodec codec, const guint8 *data, gsize *size,
    guint *sample_rate);

/**
 * VsNal:
 *
 * One NAL unit of an Annex B access unit, without start code and without
 * trailing zero bytes.
 */
typedef struct
{
  const guint8 *data;
  gsize size;
} VsNal;

/**
 * vs_nal_next:
 * @data: an Annex B access unit
 * @offset: (inout): where to look, 0 at first
 *
 * Steps through the NAL units; start code search runs at memory speed.
 *
 * Returns: FALSE when there are no more
 */
gboolean vs_nal_next (const guint8 *data, gsize size, gsize *offset,
    VsNal *nal);

G_END_DECLS
