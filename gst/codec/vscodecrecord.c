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

/* @n NAL units behind 16 bits of length each. */
static gboolean
append_sets (GstByteReader * record, guint n, VsNalPrefix prefix,
    GByteArray * out)
{
  for (guint i = 0; i < n; i++) {
    const guint8 *set;
    guint8 head[4];
    guint16 size;

    if (!gst_byte_reader_get_uint16_be (record, &size)
        || !gst_byte_reader_get_data (record, size, &set))
      return FALSE;
    if (size == 0)
      continue;
    GST_WRITE_UINT32_BE (head, prefix == VS_NAL_PREFIX_LENGTH ? size : 1);
    g_byte_array_append (out, head, sizeof head);
    g_byte_array_append (out, set, size);
  }
  return TRUE;
}

static gboolean
append_avcc (GstByteReader * record, VsNalPrefix prefix, GByteArray * out)
{
  guint8 n_sps, n_pps;

  return gst_byte_reader_get_uint8 (record, &n_sps)
      && append_sets (record, n_sps & AVCC_SPS_MASK, prefix, out)
      && gst_byte_reader_get_uint8 (record, &n_pps)
      && append_sets (record, n_pps, prefix, out);
}

static gboolean
append_hvcc (GstByteReader * record, VsNalPrefix prefix, GByteArray * out)
{
  guint8 n_arrays;

  if (!gst_byte_reader_get_uint8 (record, &n_arrays))
    return FALSE;
  for (guint i = 0; i < n_arrays; i++) {
    guint16 n;

    /* the type of these NAL units is ahead of their number */
    if (!gst_byte_reader_skip (record, 1)
        || !gst_byte_reader_get_uint16_be (record, &n)
        || !append_sets (record, n, prefix, out))
      return FALSE;
  }
  return TRUE;
}

guint
vs_codec_record_append_sets (VsCodec codec, GstByteReader * record,
    VsNalPrefix prefix, GByteArray * out)
{
  gboolean h264 = codec == VS_CODEC_H264;
  guint8 length;

  if (!gst_byte_reader_skip (record, h264 ? AVCC_HEAD : HVCC_HEAD)
      || !gst_byte_reader_get_uint8 (record, &length)
      || !(h264 ? append_avcc : append_hvcc) (record, prefix, out))
    return 0;
  return (length & LENGTH_SIZE_MASK) + 1;
}
