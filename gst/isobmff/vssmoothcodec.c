/* VisionStream: codecs as Smooth Streaming manifests describe them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "codec/vscodecrecord.h"
#include "isobmff/vssmoothcodec.h"

/* 14496-3 1.6.2.1: audioObjectType, 5 bits */
#define ASC_OBJECT_TYPE(byte) ((byte) >> 3)
#define OBJECT_TYPE_SBR 5
#define OBJECT_TYPE_PS 29

/* mmreg.h: WAVE_FORMAT_RAW_AAC1, WAVE_FORMAT_EXTENSIBLE */
#define WAVE_FORMAT_RAW_AAC1 255
#define WAVE_FORMAT_EXTENSIBLE 0xfffe
#define BYTES_PER_PCM_SAMPLE 2

/* ETSI TS 102 366 F.6.2: data_rate of dec3, kbit/s */
#define DEC3_DATA_RATE_SHIFT 3

/* {a7fb87af-2d02-42fb-a4d4-05cd93843bdd}, MEDIASUBTYPE_DOLBY_DDPLUS, as it
 * lies in memory */
static const guint8 subtype_dolby_ddplus[] = {
  0xaf, 0x87, 0xfb, 0xa7, 0x02, 0x2d, 0xfb, 0x42,
  0xa4, 0xd4, 0x05, 0xcd, 0x93, 0x84, 0x3b, 0xdd
};

/* dwChannelMask of WAVEFORMATEXTENSIBLE (ksmedia.h), by number of channels:
 * the layouts that AC-3 has, one to eight */
static const guint32 channel_masks[] = {
  0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x13f, 0x63f
};

gboolean
vs_smooth_supports (VsCodec codec)
{
  return codec == VS_CODEC_H264 || codec == VS_CODEC_H265
      || codec == VS_CODEC_AAC || codec == VS_CODEC_EAC3;
}

/* SBR that is signalled; where it is implicit players find out themselves */
static gboolean
is_he_aac (const VsCodecConfig * config)
{
  gsize size = 0;
  const guint8 *asc = config->record ?
      g_bytes_get_data (config->record, &size) : NULL;

  return size > 0 && (ASC_OBJECT_TYPE (asc[0]) == OBJECT_TYPE_SBR
      || ASC_OBJECT_TYPE (asc[0]) == OBJECT_TYPE_PS);
}

const gchar *
vs_smooth_get_four_cc (const VsCodecConfig * config)
{
  switch (config->codec) {
    case VS_CODEC_H264:
      return "H264";
    case VS_CODEC_H265:
      return "HVC1";
    case VS_CODEC_AAC:
      return is_he_aac (config) ? "AACH" : "AACL";
    case VS_CODEC_EAC3:
      return "EC-3";
    default:
      return NULL;
  }
}

guint
vs_smooth_get_audio_tag (const VsCodecConfig * config)
{
  if (config->codec == VS_CODEC_AAC)
    return WAVE_FORMAT_RAW_AAC1;
  return config->codec == VS_CODEC_EAC3 ? WAVE_FORMAT_EXTENSIBLE : 0;
}

/* of a syncframe */
static guint
get_eac3_frame_size (const VsCodecConfig * config)
{
  gsize size = 0;
  const guint8 *dec3 = config->record ?
      g_bytes_get_data (config->record, &size) : NULL;
  guint rate;

  if (size < 2 || config->sample_rate == 0)
    return 0;
  rate = GST_READ_UINT16_BE (dec3) >> DEC3_DATA_RATE_SHIFT;
  return (guint64) rate *1000 / 8 * config->frame_samples / config->sample_rate;
}

guint
vs_smooth_get_packet_size (const VsCodecConfig * config)
{
  if (config->codec == VS_CODEC_AAC)
    return config->channels * BYTES_PER_PCM_SAMPLE;
  return config->codec == VS_CODEC_EAC3 ? get_eac3_frame_size (config) : 0;
}

/* (transfer full) (nullable) */
static GByteArray *
get_sets (const VsCodecConfig * config, VsNalPrefix prefix)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  GstByteReader reader;
  const guint8 *record;
  gsize size;

  if (config->record == NULL)
    return NULL;
  record = g_bytes_get_data (config->record, &size);
  if (size > G_MAXUINT16)
    return NULL;
  gst_byte_reader_init (&reader, record, size);
  if (vs_codec_record_append_sets (config->codec, &reader, prefix, out) == 0
      || out->len == 0)
    return NULL;
  return g_steal_pointer (&out);
}

GByteArray *
vs_smooth_get_parameter_sets (const VsCodecConfig * config)
{
  if (config->codec != VS_CODEC_H264 && config->codec != VS_CODEC_H265)
    return NULL;
  return get_sets (config, VS_NAL_PREFIX_LENGTH);
}

/* wSamplesPerBlock, dwChannelMask and SubFormat, little-endian */
static void
append_wave_extension (GByteArray * out, const VsCodecConfig * config)
{
  guint channels = CLAMP (config->channels, 1, G_N_ELEMENTS (channel_masks));
  guint8 head[6];

  GST_WRITE_UINT16_LE (head, config->frame_samples);
  GST_WRITE_UINT32_LE (head + 2, channel_masks[channels - 1]);
  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, subtype_dolby_ddplus, sizeof subtype_dolby_ddplus);
}

GByteArray *
vs_smooth_get_private_data (const VsCodecConfig * config)
{
  const guint8 *record;
  GByteArray *out;
  gsize size;

  if (!vs_smooth_supports (config->codec) || config->record == NULL)
    return NULL;
  if (vs_codec_get_media_type (config->codec) == VS_MEDIA_VIDEO)
    return get_sets (config, VS_NAL_PREFIX_START_CODE);
  out = g_byte_array_new ();
  if (config->codec == VS_CODEC_EAC3)
    append_wave_extension (out, config);
  record = g_bytes_get_data (config->record, &size);
  return g_byte_array_append (out, record, size);
}
