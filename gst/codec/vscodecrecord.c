/* VisionStream: decoder configuration records of H.264 and H.265, read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "codec/vscodecrecord.h"

/* bytes ahead of lengthSizeMinusOne, which has the two lowest bits */
#define AVCC_HEAD 4
#define HVCC_HEAD 21
#define LENGTH_SIZE_MASK 3
/* numOfSequenceParameterSets of avcC has 5 bits */
#define AVCC_SPS_MASK 0x1f

typedef struct
{
  VsCodecSetFunc func;
  gpointer user_data;
} Visitor;

/* @n NAL units behind 16 bits of length each. */
static gboolean
visit_sets (GstByteReader * record, guint n, const Visitor * visitor)
{
  for (; n > 0; n--) {
    const guint8 *set;
    guint16 size;

    if (!gst_byte_reader_get_uint16_be (record, &size)
        || !gst_byte_reader_get_data (record, size, &set))
      return FALSE;
    if (size > 0 && !visitor->func (set, size, visitor->user_data))
      return FALSE;
  }
  return TRUE;
}

static gboolean
visit_avcc (GstByteReader * record, const Visitor * visitor)
{
  guint8 n_sps, n_pps;

  return gst_byte_reader_get_uint8 (record, &n_sps)
      && visit_sets (record, n_sps & AVCC_SPS_MASK, visitor)
      && gst_byte_reader_get_uint8 (record, &n_pps)
      && visit_sets (record, n_pps, visitor);
}

static gboolean
visit_hvcc (GstByteReader * record, const Visitor * visitor)
{
  guint8 n_arrays;

  if (!gst_byte_reader_get_uint8 (record, &n_arrays))
    return FALSE;
  for (; n_arrays > 0; n_arrays--) {
    guint16 n;

    /* the type of these NAL units is ahead of their number */
    if (!gst_byte_reader_skip (record, 1)
        || !gst_byte_reader_get_uint16_be (record, &n)
        || !visit_sets (record, n, visitor))
      return FALSE;
  }
  return TRUE;
}

guint
vs_codec_record_for_each_set (VsCodec codec, GstByteReader * record,
    VsCodecSetFunc func, gpointer user_data)
{
  const Visitor visitor = { func, user_data };
  gboolean h264 = codec == VS_CODEC_H264;
  guint8 length;

  if (!gst_byte_reader_skip (record, h264 ? AVCC_HEAD : HVCC_HEAD)
      || !gst_byte_reader_get_uint8 (record, &length)
      || !(h264 ? visit_avcc : visit_hvcc) (record, &visitor))
    return 0;
  return (length & LENGTH_SIZE_MASK) + 1;
}

typedef struct
{
  VsNalPrefix prefix;
  GByteArray *out;
} Appender;

static gboolean
append_set (const guint8 * set, gsize size, gpointer user_data)
{
  const Appender *appender = user_data;
  guint8 head[4];

  GST_WRITE_UINT32_BE (head,
      appender->prefix == VS_NAL_PREFIX_LENGTH ? size : 1);
  g_byte_array_append (appender->out, head, sizeof head);
  g_byte_array_append (appender->out, set, size);
  return TRUE;
}

guint
vs_codec_record_append_sets (VsCodec codec, GstByteReader * record,
    VsNalPrefix prefix, GByteArray * out)
{
  Appender appender = { prefix, out };

  return vs_codec_record_for_each_set (codec, record, append_set, &appender);
}
