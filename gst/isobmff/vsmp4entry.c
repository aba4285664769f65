/* VisionStream: MP4 files read: sample entries, and samples as units
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "isobmff/vsmp4private.h"

#include <gst/base/gstbitreader.h>
#include <string.h>

#include "codec/vscodecrecord.h"
#include "codec/vsnaltypes.h"
#include "codec/vsparsers.h"

/* bytes of entries ahead of their boxes: VisualSampleEntry (14496-12 12.1.3),
 * AudioSampleEntry (12.2.3), and what QuickTime's versions 1 and 2 add */
#define VISUAL_ENTRY 78
#define AUDIO_ENTRY 28
#define AUDIO_VERSION_OFFSET 8
#define AUDIO_V1_EXTRA 16
#define AUDIO_V2_EXTRA 36

/* descriptors of ISO/IEC 14496-1 7.2.2.1 */
#define ES_DESCRIPTOR 0x03
#define DECODER_CONFIG 0x04
#define DECODER_SPECIFIC 0x05
#define DESCRIPTOR_SIZE_BYTES 4
/* flags of an ES_Descriptor, 7.2.6.5 */
#define ES_DEPENDS 0x80
#define ES_URL 0x40
#define ES_OCR 0x20
/* objectTypeIndication of AAC: MPEG-4, and the profiles of MPEG-2 */
#define OBJECT_MPEG4_AUDIO 0x40
#define OBJECT_MPEG2_AAC_FIRST 0x66
#define OBJECT_MPEG2_AAC_LAST 0x68

/* AudioSpecificConfig, ISO/IEC 14496-3 1.6.2.1 */
#define AAC_SBR 5
#define AAC_PS 29
#define AAC_LAST_IN_ADTS 4
#define ADTS_SIZE 7
#define ADTS_FRAME_MAX 0x1fff

/* The display orientation message, payloadType 47: 16 bits of turns
 * anticlockwise behind three flags; it holds up to the next one. */
#define SEI_ORIENTATION 47
#define SEI_ORIENTATION_SIZE 3
#define H264_SEI_HEADER 0x06
#define H265_SEI_HEADER 0x4e, 0x01
/* what follows the turns, and the bit that aligns: in H.264 a repetition
 * period of 1 and no extension, in H.265 the persistence flag */
#define H264_ORIENTATION_TAIL 0x09
#define H265_ORIENTATION_TAIL 0x18
#define SEI_TRAILING_BITS 0x80

static const guint8 start_code[] = { 0, 0, 0, 1 };

static void
append_nal (GByteArray * out, const guint8 * data, gsize size)
{
  g_byte_array_append (out, start_code, sizeof start_code);
  g_byte_array_append (out, data, size);
}

static gboolean
read_video (const GstByteReader * entry, VsCodec codec,
    VsMp4Description * description)
{
  g_autoptr (GByteArray) sets = g_byte_array_new ();
  GstByteReader boxes = *entry, record;

  if (!gst_byte_reader_skip (&boxes, VISUAL_ENTRY))
    return FALSE;
  if (!vs_mp4_find (&boxes, codec == VS_CODEC_H264 ?
          VS_MP4_TYPE ('a', 'v', 'c', 'C') : VS_MP4_TYPE ('h', 'v', 'c', 'C'),
          &record))
    return FALSE;
  description->nal_length_size = vs_codec_record_append_sets (codec, &record,
      VS_NAL_PREFIX_START_CODE, sets);
  /* sizes of 1, 2 and 4 bytes: 3 is reserved */
  if (description->nal_length_size == 0 || description->nal_length_size == 3)
    return FALSE;
  description->codec = codec;
  description->parameter_sets =
      g_byte_array_free_to_bytes (g_steal_pointer (&sets));
  return TRUE;
}

/* The payload of a descriptor with this tag that comes next. */
static gboolean
get_descriptor (GstByteReader * reader, guint8 tag, GstByteReader * body)
{
  const guint8 *data;
  guint32 size = 0;
  guint8 byte;

  if (!gst_byte_reader_get_uint8 (reader, &byte) || byte != tag)
    return FALSE;
  for (guint i = 0; i < DESCRIPTOR_SIZE_BYTES; i++) {
    if (!gst_byte_reader_get_uint8 (reader, &byte))
      return FALSE;
    size = size << 7 | (byte & 0x7f);
    if (!(byte & 0x80))
      break;
  }
  if (!gst_byte_reader_get_data (reader, size, &data))
    return FALSE;
  gst_byte_reader_init (body, data, size);
  return TRUE;
}

/* What is between an ES_Descriptor's start and its DecoderConfigDescriptor. */
static gboolean
skip_es_head (GstByteReader * es)
{
  guint8 flags, url;

  return gst_byte_reader_skip (es, 2)
      && gst_byte_reader_get_uint8 (es, &flags)
      && (!(flags & ES_DEPENDS) || gst_byte_reader_skip (es, 2))
      && (!(flags & ES_URL) || (gst_byte_reader_get_uint8 (es, &url)
          && gst_byte_reader_skip (es, url)))
      && (!(flags & ES_OCR) || gst_byte_reader_skip (es, 2));
}

static gboolean
is_aac (guint8 object_type)
{
  return object_type == OBJECT_MPEG4_AUDIO
      || (object_type >= OBJECT_MPEG2_AAC_FIRST
      && object_type <= OBJECT_MPEG2_AAC_LAST);
}

static gboolean
get_object_type (GstBitReader * bits, guint8 * type)
{
  if (!gst_bit_reader_get_bits_uint8 (bits, type, 5))
    return FALSE;
  if (*type != 31)
    return TRUE;
  if (!gst_bit_reader_get_bits_uint8 (bits, type, 6))
    return FALSE;
  *type += 32;
  return TRUE;
}

static gboolean
get_frequency_index (GstBitReader * bits, guint8 * index)
{
  guint32 hz;

  if (!gst_bit_reader_get_bits_uint8 (bits, index, 4))
    return FALSE;
  if (*index == VS_AAC_RATE_IN_FULL) {
    if (!gst_bit_reader_get_bits_uint32 (bits, &hz, 24))
      return FALSE;
    *index = vs_aac_rate_index (hz);
  }
  return TRUE;
}

/* The ADTS header (14496-3 1.A.2.2) of frames of this AudioSpecificConfig.
 * FALSE: ADTS has no place for it. */
static gboolean
write_adts (GstByteReader * config, guint8 adts[ADTS_SIZE])
{
  guint size = gst_byte_reader_get_remaining (config);
  guint8 type, frequency, channels, extension;
  GstBitReader bits;
  const guint8 *data;

  if (!gst_byte_reader_get_data (config, size, &data))
    return FALSE;
  gst_bit_reader_init (&bits, data, size);
  if (!get_object_type (&bits, &type)
      || !get_frequency_index (&bits, &frequency)
      || !gst_bit_reader_get_bits_uint8 (&bits, &channels, 4))
    return FALSE;
  /* the core's type comes behind; decoders find SBR by themselves */
  if ((type == AAC_SBR || type == AAC_PS)
      && (!get_frequency_index (&bits, &extension)
          || !get_object_type (&bits, &type)))
    return FALSE;
  if (type == 0 || type > AAC_LAST_IN_ADTS || frequency == VS_AAC_RATE_IN_FULL
      || channels == 0 || channels > 7)
    return FALSE;
  adts[0] = 0xff;
  adts[1] = 0xf1;               /* MPEG-4, no CRC */
  adts[2] = (type - 1) << 6 | frequency << 2 | channels >> 2;
  adts[3] = (channels & 3) << 6;
  adts[4] = 0;
  adts[5] = 0x1f;               /* buffer fullness: variable rate */
  adts[6] = 0xfc;
  return TRUE;
}

/* FALSE where there is no AAC in it. */
static gboolean
read_esds (GstByteReader * esds, VsMp4Description * description)
{
  GstByteReader es, decoder, specific;
  guint8 version, object_type;
  guint32 flags;

  return vs_mp4_get_full (esds, &version, &flags)
      && get_descriptor (esds, ES_DESCRIPTOR, &es) && skip_es_head (&es)
      && get_descriptor (&es, DECODER_CONFIG, &decoder)
      && gst_byte_reader_get_uint8 (&decoder, &object_type)
      && is_aac (object_type)
      /* stream type, buffer size, two bit rates */
      && gst_byte_reader_skip (&decoder, 12)
      && get_descriptor (&decoder, DECODER_SPECIFIC, &specific)
      && write_adts (&specific, description->adts);
}

static gboolean
skip_audio_entry (GstByteReader * boxes)
{
  guint16 version = 0;
  guint extra;

  if (!gst_byte_reader_skip (boxes, AUDIO_VERSION_OFFSET)
      || !gst_byte_reader_get_uint16_be (boxes, &version))
    return FALSE;
  extra = version == 1 ? AUDIO_V1_EXTRA : version == 2 ? AUDIO_V2_EXTRA : 0;
  return gst_byte_reader_skip (boxes,
      AUDIO_ENTRY - AUDIO_VERSION_OFFSET - 2 + extra);
}

static gboolean
read_aac (const GstByteReader * entry, VsMp4Description * description)
{
  GstByteReader boxes = *entry, wave, esds;

  if (!skip_audio_entry (&boxes))
    return FALSE;
  /* QuickTime has it one box deeper */
  if (vs_mp4_find (&boxes, VS_MP4_TYPE ('w', 'a', 'v', 'e'), &wave))
    boxes = wave;
  if (!vs_mp4_find (&boxes, VS_MP4_TYPE ('e', 's', 'd', 's'), &esds))
    return FALSE;
  if (read_esds (&esds, description))
    description->codec = VS_CODEC_AAC;
  return TRUE;
}

gboolean
vs_mp4_description_parse (guint32 type, const GstByteReader * body,
    VsMp4Description * description)
{
  switch (type) {
    case VS_MP4_TYPE ('a', 'v', 'c', '1'):
    case VS_MP4_TYPE ('a', 'v', 'c', '3'):
      return read_video (body, VS_CODEC_H264, description);
    case VS_MP4_TYPE ('h', 'v', 'c', '1'):
    case VS_MP4_TYPE ('h', 'e', 'v', '1'):
      return read_video (body, VS_CODEC_H265, description);
    case VS_MP4_TYPE ('m', 'p', '4', 'a'):
      return read_aac (body, description);
    case VS_MP4_TYPE ('a', 'c', '-', '3'):
      description->codec = VS_CODEC_AC3;
      return TRUE;
    case VS_MP4_TYPE ('e', 'c', '-', '3'):
      description->codec = VS_CODEC_EAC3;
      return TRUE;
    default:
      return TRUE;
  }
}

static gboolean
fail (GError ** error, const gchar * what)
{
  g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED, what);
  return FALSE;
}

/* The next NAL unit of a sample; those of no length are passed over. */
gboolean
vs_mp4_next_nal (const VsMp4Description * description, GstByteReader * sample,
    const guint8 ** data, guint32 * size)
{
  guint length_size = description->nal_length_size;
  const guint8 *length;

  *size = 0;
  if (!gst_byte_reader_get_data (sample, length_size, &length))
    return FALSE;
  for (guint i = 0; i < length_size; i++)
    *size = *size << 8 | length[i];
  return gst_byte_reader_get_data (sample, *size, data);
}

static gboolean
is_delimiter (VsCodec codec, guint8 head)
{
  return codec == VS_CODEC_H264 ? H264_TYPE (head) == H264_AUD :
      H265_TYPE (head) == H265_AUD;
}

static gboolean
is_parameter_set (VsCodec codec, guint8 head)
{
  guint type = H265_TYPE (head);

  return codec == VS_CODEC_H264 ? H264_TYPE (head) == H264_SPS :
      type == H265_VPS || type == H265_SPS;
}

static gboolean
is_slice (VsCodec codec, guint8 head)
{
  guint type = H264_TYPE (head);

  return codec == VS_CODEC_H264 ? type >= H264_SLICE && type <= H264_IDR :
      H265_TYPE (head) <= H265_VCL_LAST;
}

/* H.264 D.1.27, H.265 D.2.17. Of quarters of a turn no byte needs emulation
 * prevention. */
static void
append_orientation (const VsMp4Description * description, GByteArray * out)
{
  guint8 turns = (360 - description->rotation) / 90 << 3;
  const guint8 h264[] = { H264_SEI_HEADER, SEI_ORIENTATION,
    SEI_ORIENTATION_SIZE, turns, 0, H264_ORIENTATION_TAIL, SEI_TRAILING_BITS
  };
  const guint8 h265[] = { H265_SEI_HEADER, SEI_ORIENTATION,
    SEI_ORIENTATION_SIZE, turns, 0, H265_ORIENTATION_TAIL, SEI_TRAILING_BITS
  };

  if (description->codec == VS_CODEC_H264)
    append_nal (out, h264, sizeof h264);
  else
    append_nal (out, h265, sizeof h265);
}

gboolean
vs_mp4_has_parameter_sets (const VsMp4Description * description,
    const guint8 * sample, gsize size)
{
  GstByteReader reader;
  const guint8 *nal;
  guint32 length;

  gst_byte_reader_init (&reader, sample, size);
  while (gst_byte_reader_get_remaining (&reader) > 0) {
    if (!vs_mp4_next_nal (description, &reader, &nal, &length))
      return FALSE;
    if (length > 0 && is_parameter_set (description->codec, nal[0]))
      return TRUE;
  }
  return FALSE;
}

static gboolean
append_video (const VsMp4Description * description, const guint8 * sample,
    gsize size, gboolean sync, GByteArray * out, GError ** error)
{
  gboolean wanted =
      sync && !vs_mp4_has_parameter_sets (description, sample, size);
  gboolean turned = sync && description->rotation > 0;
  GstByteReader reader;
  const guint8 *nal;
  guint32 length;

  gst_byte_reader_init (&reader, sample, size);
  while (gst_byte_reader_get_remaining (&reader) > 0) {
    if (!vs_mp4_next_nal (description, &reader, &nal, &length))
      return fail (error, "A NAL unit is longer than its sample");
    if (length == 0)
      continue;
    if (wanted && !is_delimiter (description->codec, nal[0])) {
      gsize n;
      const guint8 *sets = g_bytes_get_data (description->parameter_sets, &n);

      g_byte_array_append (out, sets, n);
      wanted = FALSE;
    }
    if (turned && is_slice (description->codec, nal[0])) {
      append_orientation (description, out);
      turned = FALSE;
    }
    append_nal (out, nal, length);
  }
  return TRUE;
}

static gboolean
append_aac (const VsMp4Description * description, const guint8 * sample,
    gsize size, GByteArray * out, GError ** error)
{
  guint8 adts[ADTS_SIZE];
  guint total = size + ADTS_SIZE;

  if (size > ADTS_FRAME_MAX - ADTS_SIZE)
    return fail (error, "An AAC frame is too long");
  memcpy (adts, description->adts, sizeof adts);
  adts[3] |= total >> 11;
  adts[4] = total >> 3 & 0xff;
  adts[5] |= (total & 7) << 5;
  g_byte_array_append (out, adts, sizeof adts);
  g_byte_array_append (out, sample, size);
  return TRUE;
}

gboolean
vs_mp4_append_unit (const VsMp4Description * description,
    const guint8 * sample, gsize size, gboolean sync, GByteArray * out,
    GError ** error)
{
  guint before = out->len;

  if (size > VS_MP4_SAMPLE_SIZE_MAX)
    return fail (error, "A sample is too long");
  switch (description->codec) {
    case VS_CODEC_H264:
    case VS_CODEC_H265:
      if (!append_video (description, sample, size, sync, out, error))
        return FALSE;
      break;
    case VS_CODEC_AAC:
      return append_aac (description, sample, size, out, error);
    default:
      g_byte_array_append (out, sample, size);
  }
  return out->len > before || fail (error, "A sample has nothing in it");
}
