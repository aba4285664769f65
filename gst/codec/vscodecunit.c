/* VisionStream: access units of any codec
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsparametersets.h"

#define START_CODE 3
/* nal_unit_type of an access unit delimiter */
#define H264_AUD 9
#define H265_AUD 35

VsCodecConfig *
vs_codec_config_from_unit (VsCodec codec, const guint8 * data, gsize size,
    VsCodecConfig * previous)
{
  switch (codec) {
    case VS_CODEC_H264:
      return vs_h264_config (data, size, previous);
    case VS_CODEC_H265:
      return vs_h265_config (data, size, previous);
    case VS_CODEC_MPEG2_VIDEO:
      return vs_mpeg2_video_config (data, size, previous);
    case VS_CODEC_AAC:
      return vs_aac_config (data, size, previous);
    case VS_CODEC_AC3:
    case VS_CODEC_EAC3:
      return vs_ac3_config (codec, data, size, previous);
    case VS_CODEC_MPEG_AUDIO:
      return vs_mpeg_audio_config (data, size, previous);
    case VS_CODEC_OPUS:
      return vs_opus_config (data, size, previous);
    default:
      return NULL;
  }
}

static gboolean
is_delimiter (VsCodec codec, guint8 nal)
{
  if (codec == VS_CODEC_H264)
    return (nal & 0x1f) == H264_AUD;
  return (nal >> 1 & 0x3f) == H265_AUD;
}

/* How much of a unit its delimiter is, 0 where it has none: up to the next
 * start code and the zero that may be ahead of it. */
static gsize
measure_delimiter (VsCodec codec, const guint8 * data, gsize size)
{
  gsize at = vs_nal_find_start_code (data, size, 0) + START_CODE;

  if (at >= size || !is_delimiter (codec, data[at]))
    return 0;
  at = vs_nal_find_start_code (data, size, at);
  return at < size && data[at - 1] == 0 ? at - 1 : at;
}

gboolean
vs_codec_complete_unit (const VsCodecConfig * config, const guint8 * data,
    gsize size, GByteArray * out)
{
  static const guint8 start_code[] = { 0, 0, 0, 1 };
  VsNalSet own[VS_PARAMETER_LEVELS_MAX], all[VS_PARAMETER_LEVELS_MAX];
  gboolean h264 = config->codec == VS_CODEC_H264;
  guint levels = h264 ? 2 : 3;
  gsize head;
  gint picture_id;

  if ((!h264 && config->codec != VS_CODEC_H265)
      || !vs_nal_sets_read_record (all, config->codec, config)
      || !(h264 ? vs_h264_collect : vs_h265_collect) (data, size, own,
          &picture_id)
      || vs_nal_sets_include (own, all, levels))
    return FALSE;
  head = measure_delimiter (config->codec, data, size);
  g_byte_array_append (out, data, head);
  for (guint level = 0; level < levels; level++) {
    for (guint i = 0; i < all[level].n; i++) {
      g_byte_array_append (out, start_code, sizeof start_code);
      g_byte_array_append (out, all[level].nals[i].data,
          all[level].nals[i].size);
    }
  }
  g_byte_array_append (out, data + head, size - head);
  return TRUE;
}

gboolean
vs_codec_is_keyframe (VsCodec codec, const guint8 * data, gsize size)
{
  switch (codec) {
    case VS_CODEC_H264:
      return vs_h264_is_keyframe (data, size);
    case VS_CODEC_H265:
      return vs_h265_is_keyframe (data, size);
    case VS_CODEC_MPEG2_VIDEO:
      return vs_mpeg2_video_is_keyframe (data, size);
    default:
      return FALSE;
  }
}

guint
vs_codec_audio_frame (VsCodec codec, const guint8 * data, gsize * size,
    guint * sample_rate)
{
  switch (codec) {
    case VS_CODEC_AAC:
      return vs_aac_frame (data, size, sample_rate);
    case VS_CODEC_AC3:
      return vs_ac3_frame (data, size, sample_rate);
    case VS_CODEC_EAC3:
      return vs_eac3_frame (data, size, sample_rate);
    case VS_CODEC_MPEG_AUDIO:
      return vs_mpeg_audio_frame (data, size, sample_rate);
    case VS_CODEC_OPUS:
      return vs_opus_frame (data, size, sample_rate);
    default:
      return 0;
  }
}

/* The first 8 hex digits of a SHA-256 over the codec's name and @identity */
static void
compute_id (VsCodec codec, const guint8 * identity, gsize size, gchar id[9])
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const gchar *name = vs_codec_to_string (codec);

  g_checksum_update (checksum, (const guchar *) name, strlen (name));
  g_checksum_update (checksum, identity, size);
  g_strlcpy (id, g_checksum_get_string (checksum), 9);
}

void
vs_codec_config_finish (VsCodecConfig * config, const guint8 * identity,
    gsize size, gboolean is_record)
{
  compute_id (config->codec, identity, size, config->id);
  if (is_record)
    config->record = g_bytes_new (identity, size);
}

gboolean
vs_codec_config_matches (const VsCodecConfig * config, VsCodec codec,
    const guint8 * identity, gsize size)
{
  gchar id[9];
  const guint8 *record;
  gsize record_size;

  if (config == NULL || config->codec != codec)
    return FALSE;
  if (config->record) {
    record = g_bytes_get_data (config->record, &record_size);
    return record_size == size && memcmp (record, identity, size) == 0;
  }
  compute_id (codec, identity, size, id);
  return memcmp (id, config->id, sizeof id) == 0;
}
