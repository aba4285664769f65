/* VisionStream: headers of MPEG audio and Opus frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "codec/vsparsers.h"

/* What vs_codec_audio_frame () says of a frame that should have @frame_size
 * of the @size bytes. */
static guint
whole_frame (gsize * size, gsize frame_size, guint samples)
{
  if (frame_size > *size) {
    *size = 0;
    return 0;
  }
  *size = frame_size;
  return samples;
}

/* No frame is here, and needs @header bytes to be seen as one: the next byte
 * that looks like the first of a sync word may be one. */
static guint
no_frame (const guint8 * data, gsize * size, guint8 first)
{
  const guint8 *next = *size > 1 ? memchr (data + 1, first, *size - 1) : NULL;

  *size = next ? next - data : *size;
  return 0;
}

static guint
need_more (gsize * size)
{
  *size = 0;
  return 0;
}

/* ISO/IEC 11172-3 2.4.2.3, 13818-3 2.4.2.3 */
#define MPEG_AUDIO_HEADER 4
#define MODE_MONO 3
/* objectTypeIndication, RFC 6381 and www.mp4ra.org */
#define OBJECT_TYPE_MPEG2_AUDIO 0x69
#define OBJECT_TYPE_MPEG1_AUDIO 0x6b

typedef struct
{
  gboolean low_rates;           /* MPEG-2's halved sampling rates */
  guint layer, sample_rate, channels, samples, frame_size;
} MpegAudio;

static guint
mpeg_audio_bit_rate (gboolean low_rates, guint layer, guint index)
{
  static const guint16 rates[][14] = {
    {32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
    {32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
    {32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
    {32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
    {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
  };
  guint row = low_rates ? (layer == 1 ? 3 : 4) : layer - 1;

  return 1000 * rates[row][index - 1];
}

static gboolean
parse_mpeg_audio (const guint8 * p, MpegAudio * audio)
{
  static const guint sample_rates[] = { 44100, 48000, 32000 };
  guint version = p[1] >> 3 & 3;        /* 3: MPEG-1, 2: MPEG-2, 0: "2.5" */
  guint layer = p[1] >> 1 & 3;
  guint rate = p[2] >> 4, frequency = p[2] >> 2 & 3, padding = p[2] >> 1 & 1;
  guint bit_rate;

  if (p[0] != 0xff || (p[1] & 0xe0) != 0xe0 || version == 1 || layer == 0
      || rate == 0 || rate == 15 || frequency == 3)
    return FALSE;
  audio->layer = 4 - layer;
  audio->low_rates = version != 3;
  audio->sample_rate = sample_rates[frequency]
      >> (version == 3 ? 0 : version == 2 ? 1 : 2);
  audio->channels = p[3] >> 6 == MODE_MONO ? 1 : 2;
  audio->samples = audio->layer == 1 ? 384
      : audio->layer == 3 && audio->low_rates ? 576 : 1152;
  bit_rate = mpeg_audio_bit_rate (audio->low_rates, audio->layer, rate);
  if (audio->layer == 1)
    audio->frame_size = (12 * bit_rate / audio->sample_rate + padding) * 4;
  else
    audio->frame_size = audio->samples / 8 * bit_rate / audio->sample_rate
        + padding;
  return TRUE;
}

guint
vs_mpeg_audio_frame (const guint8 * data, gsize * size, guint * sample_rate)
{
  MpegAudio audio;

  if (*size >= 1 && data[0] != 0xff)
    return no_frame (data, size, 0xff);
  if (*size < MPEG_AUDIO_HEADER)
    return need_more (size);
  if (!parse_mpeg_audio (data, &audio))
    return no_frame (data, size, 0xff);
  *sample_rate = audio.sample_rate;
  return whole_frame (size, audio.frame_size, audio.samples);
}

VsCodecConfig *
vs_mpeg_audio_config (const guint8 * data, gsize size, VsCodecConfig * previous)
{
  VsCodecConfig *config;
  MpegAudio audio;
  guint8 identity[3];

  if (size < MPEG_AUDIO_HEADER || !parse_mpeg_audio (data, &audio))
    return NULL;
  identity[0] = data[1] & 0x1e; /* version and layer */
  identity[1] = data[2] & 0x0c; /* sampling frequency */
  identity[2] = audio.channels;
  if (previous && previous->codec == VS_CODEC_MPEG_AUDIO
      && previous->profile == audio.layer
      && previous->sample_rate == audio.sample_rate
      && previous->channels == audio.channels)
    return vs_codec_config_ref (previous);
  config = vs_codec_config_new (VS_CODEC_MPEG_AUDIO);
  config->profile = audio.layer;
  config->sample_rate = audio.sample_rate;
  config->channels = audio.channels;
  config->frame_samples = audio.samples;
  g_snprintf (config->mime, sizeof config->mime, "mp4a.%x",
      audio.low_rates ? OBJECT_TYPE_MPEG2_AUDIO : OBJECT_TYPE_MPEG1_AUDIO);
  vs_codec_config_finish (config, identity, sizeof identity, FALSE);
  return config;
}

/* The control header ahead of each Opus packet in a PES: ETSI TS 103 491 and
 * the mapping that ffmpeg and GStreamer write */
#define OPUS_CONTROL_MASK 0xffe0
#define OPUS_CONTROL 0x7fe0
#define OPUS_START_TRIM 0x10
#define OPUS_END_TRIM 0x08
#define OPUS_EXTENSION 0x04
#define OPUS_RATE 48000
/* 120 ms, RFC 6716 3.2 */
#define OPUS_SAMPLES_MAX 5760

/* Samples of a packet: RFC 6716 3.1, table 2 */
static guint
opus_samples (const guint8 * packet, gsize size)
{
  static const guint16 silk[] = { 480, 960, 1920, 2880 };
  guint config = packet[0] >> 3;
  guint frame, frames = 1;

  if (config < 12)
    frame = silk[config & 3];
  else if (config < 16)
    frame = config & 1 ? 960 : 480;
  else
    frame = 120 << (config & 3);
  if ((packet[0] & 3) == 3)
    frames = size > 1 ? packet[1] & 0x3f : 0;
  else if ((packet[0] & 3) != 0)
    frames = 2;
  return frame * frames <= OPUS_SAMPLES_MAX ? frame * frames : 0;
}

/* Where the packet behind the control header begins and how long it is; FALSE
 * when the header is not whole. */
static gboolean
parse_opus_control (const guint8 * data, gsize size, gsize * start,
    gsize * length)
{
  gsize i = 2;

  *length = 0;
  do {
    if (i >= size)
      return FALSE;
    *length += data[i];
  } while (data[i++] == 0xff);
  i += data[1] & OPUS_START_TRIM ? 2 : 0;
  i += data[1] & OPUS_END_TRIM ? 2 : 0;
  if (data[1] & OPUS_EXTENSION) {
    if (i >= size)
      return FALSE;
    i += 1 + data[i];
  }
  *start = i;
  return TRUE;
}

guint
vs_opus_frame (const guint8 * data, gsize * size, guint * sample_rate)
{
  gsize start, length;

  if (*size >= 1 && data[0] != OPUS_CONTROL >> 8)
    return no_frame (data, size, OPUS_CONTROL >> 8);
  if (*size < 2)
    return need_more (size);
  if ((GST_READ_UINT16_BE (data) & OPUS_CONTROL_MASK) != OPUS_CONTROL)
    return no_frame (data, size, OPUS_CONTROL >> 8);
  if (!parse_opus_control (data, *size, &start, &length)
      || start + length > *size)
    return need_more (size);
  *sample_rate = OPUS_RATE;
  if (length == 0 || opus_samples (data + start, length) == 0)
    return no_frame (data, size, OPUS_CONTROL >> 8);
  *size = start + length;
  return opus_samples (data + start, length);
}

VsCodecConfig *
vs_opus_config (const guint8 * data, gsize size, VsCodecConfig * previous)
{
  VsCodecConfig *config;
  gsize frame_size = size, start, length;
  guint rate;
  guint8 channels;
  guint samples = vs_opus_frame (data, &frame_size, &rate);

  if (samples == 0 || !parse_opus_control (data, size, &start, &length))
    return NULL;
  channels = data[start] & 4 ? 2 : 1;
  if (previous && previous->codec == VS_CODEC_OPUS
      && previous->channels == channels)
    return vs_codec_config_ref (previous);
  config = vs_codec_config_new (VS_CODEC_OPUS);
  config->sample_rate = rate;
  config->channels = channels;
  config->frame_samples = samples;
  g_strlcpy (config->mime, "opus", sizeof config->mime);
  vs_codec_config_finish (config, &channels, 1, FALSE);
  return config;
}
