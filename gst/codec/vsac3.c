/* VisionStream: headers of AC-3 and E-AC-3 frames (ETSI TS 102 366)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "codec/vsparsers.h"

#define SYNC_WORD 0x0b77
/* up to and with what dac3 and dec3 need */
#define HEADER_SIZE 8
#define BLOCK_SAMPLES 256
#define AC3_BLOCKS 6
/* bsid: up to 10 AC-3 (above 8 at halved rates), up to 16 E-AC-3 */
#define BSID_AC3_FULL_RATE 8
#define BSID_AC3_MAX 10
#define BSID_EAC3_MAX 16
/* strmtyp, E.1.3.1.1 */
#define DEPENDENT 1
#define RESERVED 3
#define PROGRAMS_MAX 8

typedef struct
{
  guint type, substream;
  guint fscod, bsid, bsmod, acmod, lfeon, bit_rate_code;
  guint sample_rate, samples, size;
} Header;

static const guint sample_rates[] = { 48000, 44100, 32000 };

static gboolean
parse_ac3 (GstBitReader * bits, Header * header)
{
  static const guint16 bit_rates[] = { 32, 40, 48, 56, 64, 80, 96, 112, 128,
    160, 192, 224, 256, 320, 384, 448, 512, 576, 640
  };
  guint code, words;

  gst_bit_reader_skip (bits, 16);       /* crc1 */
  header->fscod = gst_bit_reader_get_bits_uint8_unchecked (bits, 2);
  code = gst_bit_reader_get_bits_uint8_unchecked (bits, 6);
  gst_bit_reader_skip (bits, 5);
  header->bsmod = gst_bit_reader_get_bits_uint8_unchecked (bits, 3);
  header->acmod = gst_bit_reader_get_bits_uint8_unchecked (bits, 3);
  /* center, surround and Dolby Surround mix levels, 4.3 */
  if ((header->acmod & 1) && header->acmod != 1)
    gst_bit_reader_skip (bits, 2);
  if (header->acmod & 4)
    gst_bit_reader_skip (bits, 2);
  if (header->acmod == 2)
    gst_bit_reader_skip (bits, 2);
  header->lfeon = gst_bit_reader_get_bits_uint8_unchecked (bits, 1);
  if (header->fscod == 3 || code / 2 >= G_N_ELEMENTS (bit_rates))
    return FALSE;
  header->type = header->substream = 0;
  header->bit_rate_code = code / 2;
  header->sample_rate = sample_rates[header->fscod];
  header->samples = AC3_BLOCKS * BLOCK_SAMPLES;
  /* table 4.13; at 44.1 kHz the odd codes have one word more */
  words = bit_rates[code / 2] * 1000 / 8 * header->samples
      / header->sample_rate / 2;
  if (header->fscod == 1)
    words += code & 1;
  header->size = 2 * words;
  if (header->bsid > BSID_AC3_FULL_RATE)
    header->sample_rate >>= header->bsid - BSID_AC3_FULL_RATE;
  return TRUE;
}

static gboolean
parse_eac3 (GstBitReader * bits, Header * header)
{
  static const guint8 blocks[] = { 1, 2, 3, 6 };
  guint code;

  header->type = gst_bit_reader_get_bits_uint8_unchecked (bits, 2);
  header->substream = gst_bit_reader_get_bits_uint8_unchecked (bits, 3);
  header->size = 2 * (gst_bit_reader_get_bits_uint16_unchecked (bits, 11) + 1);
  header->fscod = gst_bit_reader_get_bits_uint8_unchecked (bits, 2);
  code = gst_bit_reader_get_bits_uint8_unchecked (bits, 2);
  header->acmod = gst_bit_reader_get_bits_uint8_unchecked (bits, 3);
  header->lfeon = gst_bit_reader_get_bits_uint8_unchecked (bits, 1);
  header->bsmod = header->bit_rate_code = 0;
  if (header->type == RESERVED || (header->fscod == 3 && code == 3)
      || header->size < HEADER_SIZE)
    return FALSE;
  if (header->fscod == 3) {     /* fscod2: halved rates, always six blocks */
    header->sample_rate = sample_rates[code] / 2;
    header->samples = AC3_BLOCKS * BLOCK_SAMPLES;
  } else {
    header->sample_rate = sample_rates[header->fscod];
    header->samples = blocks[code] * BLOCK_SAMPLES;
  }
  return TRUE;
}

/* The bytes are at least HEADER_SIZE. */
static gboolean
parse_header (const guint8 * data, gboolean eac3, Header * header)
{
  GstBitReader bits;

  if (GST_READ_UINT16_BE (data) != SYNC_WORD)
    return FALSE;
  header->bsid = data[5] >> 3;
  if (header->bsid > BSID_EAC3_MAX)
    return FALSE;
  gst_bit_reader_init (&bits, data + 2, HEADER_SIZE - 2);
  /* an E-AC-3 stream may have AC-3 frames as its first substream */
  if (header->bsid <= BSID_AC3_MAX)
    return parse_ac3 (&bits, header);
  return eac3 && parse_eac3 (&bits, header);
}

static guint
next_sync (const guint8 * data, gsize * size)
{
  const guint8 *next =
      *size > 1 ? memchr (data + 1, SYNC_WORD >> 8, *size - 1) : NULL;

  *size = next ? next - data : *size;
  return 0;
}

/* One frame: 0 bytes when it is not whole, FALSE when it is none. */
static gboolean
find_frame (const guint8 * data, gsize size, gboolean eac3, Header * header)
{
  static const guint8 sync[] = { SYNC_WORD >> 8, SYNC_WORD & 0xff };

  header->samples = 0;
  if (size == 0)
    return TRUE;
  if (memcmp (data, sync, MIN (size, sizeof sync)) != 0)
    return FALSE;
  if (size < HEADER_SIZE)
    return TRUE;
  if (!parse_header (data, eac3, header))
    return FALSE;
  if (header->size > size)
    header->samples = 0;
  return TRUE;
}

guint
vs_ac3_frame (const guint8 * data, gsize * size, guint * sample_rate)
{
  Header header;

  if (!find_frame (data, *size, FALSE, &header))
    return next_sync (data, size);
  *size = header.samples ? header.size : 0;
  *sample_rate = header.samples ? header.sample_rate : 0;
  return header.samples;
}

/* A frame and the dependent substreams that follow it: together they are the
 * sound of its samples. Further independent substreams are other programmes,
 * and go with it too. */
guint
vs_eac3_frame (const guint8 * data, gsize * size, guint * sample_rate)
{
  Header header, next;
  gsize whole;

  if (!find_frame (data, *size, TRUE, &header)
      || (header.samples && header.type == DEPENDENT))
    return next_sync (data, size);
  if (header.samples == 0) {
    *size = 0;
    return 0;
  }
  for (whole = header.size; whole < *size; whole += next.size) {
    if (!find_frame (data + whole, *size - whole, TRUE, &next))
      break;
    if (next.samples == 0) {
      /* it may belong here: only a whole header tells */
      if (*size - whole >= HEADER_SIZE && next.type != DEPENDENT
          && next.substream == 0)
        break;
      *size = 0;
      return 0;
    }
    if (next.type != DEPENDENT && next.substream == 0)
      break;
  }
  *size = whole;
  *sample_rate = header.sample_rate;
  return header.samples;
}

static guint
channels (const Header * header)
{
  static const guint8 of_acmod[] = { 2, 1, 2, 3, 3, 4, 4, 5 };

  return of_acmod[header->acmod] + header->lfeon;
}

/* F.4: fscod, bsid, bsmod, acmod, lfeon, bit_rate_code, reserved bits */
static gsize
build_dac3 (const Header * header, guint8 * record)
{
  guint32 bits = header->fscod << 22 | header->bsid << 17
      | header->bsmod << 14 | header->acmod << 11 | header->lfeon << 10
      | header->bit_rate_code << 5;

  GST_WRITE_UINT24_BE (record, bits);
  return 3;
}

/* F.6: one independent substream; the others of the unit, if any, count as
 * its dependents, of unknown places. The data rate is the frame's. */
static gsize
build_dec3 (const Header * header, const guint8 * data, gsize size,
    guint8 * record)
{
  gsize used = header->size;
  guint n_dependent = 0;
  guint64 rate;
  Header next;

  while (size - used >= HEADER_SIZE && n_dependent < PROGRAMS_MAX
      && parse_header (data + used, TRUE, &next) && next.type == DEPENDENT
      && next.size <= size - used) {
    n_dependent++;
    used += next.size;
  }
  rate = (guint64) used *8 * header->sample_rate / header->samples / 1000;
  GST_WRITE_UINT16_BE (record, MIN (rate, 0x1fff) << 3);
  record[2] = header->fscod << 6 | header->bsid << 1;
  record[3] = header->bsmod << 4 | header->acmod << 1 | header->lfeon;
  record[4] = n_dependent << 1;
  record[5] = 0;
  return n_dependent > 0 ? 6 : 5;
}

/* Whether only the data rate differs, which it may from frame to frame */
static gboolean
same_but_rate (const VsCodecConfig * previous, const guint8 * record,
    gsize size)
{
  gsize before = 0;
  const guint8 *data;

  if (!previous || previous->codec != VS_CODEC_EAC3 || !previous->record)
    return FALSE;
  data = g_bytes_get_data (previous->record, &before);
  return before == size && memcmp (data + 2, record + 2, size - 2) == 0;
}

VsCodecConfig *
vs_ac3_config (VsCodec codec, const guint8 * data, gsize size,
    VsCodecConfig * previous)
{
  VsCodecConfig *config;
  guint8 record[8];
  gsize record_size;
  Header header;

  if (size < HEADER_SIZE || !parse_header (data, codec == VS_CODEC_EAC3,
          &header) || header.size > size)
    return NULL;
  if (codec == VS_CODEC_EAC3)
    record_size = build_dec3 (&header, data, size, record);
  else
    record_size = build_dac3 (&header, record);
  if (vs_codec_config_matches (previous, codec, record, record_size)
      || (codec == VS_CODEC_EAC3
          && same_but_rate (previous, record, record_size)))
    return vs_codec_config_ref (previous);
  config = vs_codec_config_new (codec);
  config->sample_rate = header.sample_rate;
  config->channels = channels (&header);
  config->frame_samples = header.samples;
  g_strlcpy (config->mime, codec == VS_CODEC_EAC3 ? "ec-3" : "ac-3",
      sizeof config->mime);
  vs_codec_config_finish (config, record, record_size, TRUE);
  return config;
}
