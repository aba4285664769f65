/* VisionStream: codec names, and the configuration as an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vscodec.h"

/* The names stand in archives: they never change. */
static const struct
{
  VsCodec codec;
  const gchar *name;
  VsMediaType type;
} codecs[] = {
  {VS_CODEC_H264, "h264", VS_MEDIA_VIDEO},
  {VS_CODEC_H265, "h265", VS_MEDIA_VIDEO},
  {VS_CODEC_MPEG2_VIDEO, "mpeg2video", VS_MEDIA_VIDEO},
  {VS_CODEC_AAC, "aac", VS_MEDIA_AUDIO},
  {VS_CODEC_AC3, "ac3", VS_MEDIA_AUDIO},
  {VS_CODEC_EAC3, "eac3", VS_MEDIA_AUDIO},
  {VS_CODEC_MPEG_AUDIO, "mpegaudio", VS_MEDIA_AUDIO},
  {VS_CODEC_OPUS, "opus", VS_MEDIA_AUDIO},
  {VS_CODEC_ID3, "id3", VS_MEDIA_OTHER},
  {VS_CODEC_SCTE35, "scte35", VS_MEDIA_OTHER},
  {VS_CODEC_PRIVATE, "private", VS_MEDIA_OTHER},
};

const gchar *
vs_codec_to_string (VsCodec codec)
{
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (codecs[i].codec == codec)
      return codecs[i].name;
  }
  return "unknown";
}

VsCodec
vs_codec_from_string (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (g_strcmp0 (codecs[i].name, name) == 0)
      return codecs[i].codec;
  }
  return VS_CODEC_UNKNOWN;
}

VsMediaType
vs_codec_get_media_type (VsCodec codec)
{
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (codecs[i].codec == codec)
      return codecs[i].type;
  }
  return VS_MEDIA_OTHER;
}

G_DEFINE_BOXED_TYPE (VsCodecConfig, vs_codec_config, vs_codec_config_ref,
    vs_codec_config_unref);

VsCodecConfig *
vs_codec_config_new (VsCodec codec)
{
  VsCodecConfig *config = g_new0 (VsCodecConfig, 1);

  config->codec = codec;
  config->par_n = config->par_d = 1;
  config->fps_d = 1;
  config->colour_primaries = VS_CODE_POINT_UNSPECIFIED;
  config->transfer = VS_CODE_POINT_UNSPECIFIED;
  config->matrix = VS_CODE_POINT_UNSPECIFIED;
  config->ref_count = 1;
  return config;
}

VsCodecConfig *
vs_codec_config_ref (VsCodecConfig * config)
{
  g_atomic_int_inc (&config->ref_count);
  return config;
}

void
vs_codec_config_unref (VsCodecConfig * config)
{
  if (!g_atomic_int_dec_and_test (&config->ref_count))
    return;
  g_clear_pointer (&config->record, g_bytes_unref);
  g_free (config);
}
