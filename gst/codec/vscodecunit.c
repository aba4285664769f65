/* VisionStream: access units of any codec
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsparsers.h"

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
