/* VisionStream: headers of AAC frames in ADTS (ISO/IEC 14496-3 1.A.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/base/gstbitwriter.h>

#include "codec/vsparsers.h"

/* 1.A.2.2: with CRC the header is two bytes longer */
#define ADTS_HEADER 7
#define ADTS_CRC 2
#define AAC_FRAME_SAMPLES 1024
/* id_syn_ele of a program_config_element, table 4.85 */
#define ID_PCE 5
/* AudioSpecificConfig: without a program_config_element, and with the longest,
 * of 45 bits, 15 front, side, back and coupling elements of 5, 3 LFE and 7
 * data elements of 4, and a comment's length */
#define CONFIG_SIZE 2
#define CONFIG_MAX (CONFIG_SIZE + 50)

/* SamplingFrequency, table 1.18 */
static const guint aac_rates[] = { 96000, 88200, 64000, 48000, 44100, 32000,
  24000, 22050, 16000, 12000, 11025, 8000, 7350
};

/* channelConfiguration, table 1.19 */
static const guint8 aac_channels[] = { 0, 1, 2, 3, 4, 5, 6, 8 };

typedef struct
{
  guint object_type, rate_index, channel_config;
  guint header_size, frame_size, blocks;
} Adts;

/* The bytes are at least ADTS_HEADER. */
static gboolean
parse_adts (const guint8 * p, Adts * adts)
{
  /* syncword, and a layer of 0 */
  if (p[0] != 0xff || (p[1] & 0xf6) != 0xf0)
    return FALSE;
  adts->object_type = (p[2] >> 6) + 1;
  adts->rate_index = p[2] >> 2 & 0x0f;
  adts->channel_config = (p[2] & 1) << 2 | p[3] >> 6;
  adts->frame_size = (p[3] & 3) << 11 | p[4] << 3 | p[5] >> 5;
  adts->blocks = 1 + (p[6] & 3);
  adts->header_size = ADTS_HEADER + (p[1] & 1 ? 0 : ADTS_CRC);
  return adts->rate_index < G_N_ELEMENTS (aac_rates)
      && adts->frame_size > adts->header_size;
}

guint
vs_aac_rate_index (guint32 sample_rate)
{
  for (guint i = 0; i < G_N_ELEMENTS (aac_rates); i++)
    if (aac_rates[i] == sample_rate)
      return i;
  return VS_AAC_RATE_IN_FULL;
}

guint
vs_aac_frame (const guint8 * data, gsize * size, guint * sample_rate)
{
  const guint8 *next;
  Adts adts;

  if (*size == 0 || (data[0] == 0xff && *size < ADTS_HEADER)) {
    *size = 0;
    return 0;
  }
  if (data[0] != 0xff || !parse_adts (data, &adts)) {
    next = memchr (data + 1, 0xff, *size - 1);
    *size = next ? next - data : *size;
    return 0;
  }
  *sample_rate = aac_rates[adts.rate_index];
  if (adts.frame_size > *size) {
    *size = 0;
    return 0;
  }
  *size = adts.frame_size;
  return AAC_FRAME_SAMPLES * adts.blocks;
}

/* Copies @bits from one to the other. */
static guint
copy_bits (GstBitReader * from, GstBitWriter * to, guint bits)
{
  guint32 value = 0;

  gst_bit_reader_get_bits_uint32 (from, &value, bits);
  gst_bit_writer_put_bits_uint32 (to, value, bits);
  return value;
}

/* Elements that tell whether they are pairs; returns their channels. */
static guint
copy_elements (GstBitReader * from, GstBitWriter * to, guint n)
{
  guint channels = 0;

  for (guint i = 0; i < n; i++) {
    channels += 1 + copy_bits (from, to, 1);
    copy_bits (from, to, 4);
  }
  return channels;
}

/* 4.4.1.1, up to its alignment, and no comment; returns how many channels it
 * has, 0 when it is cut off. */
static guint
copy_pce (GstBitReader * from, GstBitWriter * to)
{
  guint channels = 0, n[3], n_lfe, n_data, n_coupling;

  copy_bits (from, to, 4 + 2 + 4);
  for (guint i = 0; i < G_N_ELEMENTS (n); i++)
    n[i] = copy_bits (from, to, 4);
  n_lfe = copy_bits (from, to, 2);
  n_data = copy_bits (from, to, 3);
  n_coupling = copy_bits (from, to, 4);
  if (copy_bits (from, to, 1))  /* mono_mixdown_present */
    copy_bits (from, to, 4);
  if (copy_bits (from, to, 1))  /* stereo_mixdown_present */
    copy_bits (from, to, 4);
  if (copy_bits (from, to, 1))  /* matrix_mixdown_idx_present */
    copy_bits (from, to, 3);
  for (guint i = 0; i < G_N_ELEMENTS (n); i++)
    channels += copy_elements (from, to, n[i]);
  for (guint i = 0; i < n_lfe + n_data; i++)
    copy_bits (from, to, 4);
  copy_elements (from, to, n_coupling);
  gst_bit_writer_align_bytes (to, 0);
  gst_bit_writer_put_bits_uint8 (to, 0, 8);
  /* the length of a comment must follow; a reader that cannot go on stays
   * where it is */
  return gst_bit_reader_get_remaining (from) >= 8 ? channels + n_lfe : 0;
}

/* AudioSpecificConfig, 1.6.2.1; an SBR extension stays implicit. A channel
 * configuration of 0 needs the program_config_element that the frame may begin
 * with. Returns its size, 0 when that is not there. */
static gsize
build_config (const guint8 * data, gsize size, const Adts * adts,
    guint8 record[CONFIG_MAX], guint * channels)
{
  GstBitWriter writer;
  GstBitReader reader;
  guint8 element = 0;

  *channels = aac_channels[adts->channel_config];
  record[0] = adts->object_type << 3 | adts->rate_index >> 1;
  record[1] = (adts->rate_index & 1) << 7 | adts->channel_config << 3;
  if (adts->channel_config != 0)
    return CONFIG_SIZE;
  if (adts->blocks > 1 || size <= adts->header_size)
    return 0;
  gst_bit_reader_init (&reader, data + adts->header_size,
      MIN (size, adts->frame_size) - adts->header_size);
  if (!gst_bit_reader_get_bits_uint8 (&reader, &element, 3)
      || element != ID_PCE)
    return 0;
  gst_bit_writer_init_with_data (&writer, record, CONFIG_MAX, FALSE);
  gst_bit_writer_set_pos (&writer, 8 * CONFIG_SIZE);
  *channels = copy_pce (&reader, &writer);
  return *channels > 0 ? gst_bit_writer_get_size (&writer) / 8 : 0;
}

/* Whether a frame without a program_config_element goes with @config. */
static gboolean
goes_with (const VsCodecConfig * config, const guint8 record[CONFIG_SIZE])
{
  return config && config->codec == VS_CODEC_AAC && config->record
      && g_bytes_get_size (config->record) > CONFIG_SIZE
      && memcmp (g_bytes_get_data (config->record, NULL), record,
      CONFIG_SIZE) == 0;
}

VsCodecConfig *
vs_aac_config (const guint8 * data, gsize size, VsCodecConfig * previous)
{
  guint8 record[CONFIG_MAX] = { 0, };
  VsCodecConfig *config;
  gsize record_size;
  guint channels;
  Adts adts;

  if (size < ADTS_HEADER || !parse_adts (data, &adts))
    return NULL;
  record_size = build_config (data, size, &adts, record, &channels);
  if (record_size == 0)
    return goes_with (previous, record) ? vs_codec_config_ref (previous) : NULL;
  if (vs_codec_config_matches (previous, VS_CODEC_AAC, record, record_size))
    return vs_codec_config_ref (previous);
  config = vs_codec_config_new (VS_CODEC_AAC);
  config->profile = adts.object_type;
  config->sample_rate = aac_rates[adts.rate_index];
  config->channels = channels;
  config->frame_samples = AAC_FRAME_SAMPLES;
  g_snprintf (config->mime, sizeof config->mime, "mp4a.40.%u",
      adts.object_type);
  vs_codec_config_finish (config, record, record_size, TRUE);
  return config;
}
