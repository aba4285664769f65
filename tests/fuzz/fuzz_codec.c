/* VisionStream: fuzzes parameter sets and audio frame headers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte is the codec. What is accepted must be fit for use.
 */
#include <stdint.h>
#include <string.h>
#include "codec/vscodec.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

static void
check_config (VsCodec codec, const guint8 * data, gsize size)
{
  g_autoptr (VsCodecConfig) config =
      vs_codec_config_from_unit (codec, data, size, NULL);
  g_autoptr (VsCodecConfig) again = NULL;

  if (config == NULL)
    return;
  again = vs_codec_config_from_unit (codec, data, size, config);
  g_assert (again == config);
  g_assert (strlen (config->id) == 8);
  g_assert (strlen (config->mime) < sizeof config->mime);
  g_assert (config->par_n > 0 && config->par_d > 0 && config->fps_d > 0);
  if (vs_codec_get_media_type (codec) == VS_MEDIA_VIDEO)
    g_assert (config->width > 0 && config->height > 0);
  else
    g_assert (config->sample_rate > 0 && config->channels > 0
        && config->frame_samples > 0);
}

static void
check_nals (const guint8 * data, gsize size)
{
  gsize offset = 0, last = 0;
  VsNal nal;

  while (vs_nal_next (data, size, &offset, &nal)) {
    g_assert (nal.size > 0 && nal.data >= data + last);
    g_assert (nal.data + nal.size <= data + size);
    last = nal.data + nal.size - data;
  }
}

static void
check_frames (VsCodec codec, const guint8 * data, gsize size)
{
  while (size > 0) {
    gsize frame = size;
    guint rate = 0;
    guint samples = vs_codec_audio_frame (codec, data, &frame, &rate);

    g_assert (frame <= size);
    g_assert (samples == 0 || (frame > 0 && rate > 0));
    if (frame == 0)
      return;
    if (samples > 0)
      check_config (codec, data, frame);
    data += frame;
    size -= frame;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  VsCodec codec;

  if (size < 1)
    return 0;
  codec = data[0] % (VS_CODEC_PRIVATE + 1);
  check_config (codec, data + 1, size - 1);
  vs_codec_is_keyframe (codec, data + 1, size - 1);
  check_nals (data + 1, size - 1);
  if (vs_codec_get_media_type (codec) == VS_MEDIA_AUDIO)
    check_frames (codec, data + 1, size - 1);
  return 0;
}
