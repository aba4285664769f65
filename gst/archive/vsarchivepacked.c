/* VisionStream: packed audio (RFC 8216bis 3.1.3)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames behind each other, with an ID3 tag (version 2.3 or 2.4) ahead of them
 * whose PRIV frame has the time of the first.
 */
#include "archive/vsarchivepacked.h"

#include <string.h>
#include <gst/base/gstbytereader.h>

#define TAG_HEADER 10
#define FRAME_HEADER 10
#define OWNER "com.apple.streaming.transportStreamTimestamp"
/* a PTS of 33 bits */
#define TIME_MASK ((G_GUINT64_CONSTANT (1) << 33) - 1)

/* bsid of AC-3 (ETSI TS 102 366 4.4.2.1); above that it is E-AC-3 */
#define BSID_AC3_MAX 10

/* Seven bits a byte. */
static guint32
read_syncsafe (const guint8 * data)
{
  return (data[0] & 0x7f) << 21 | (data[1] & 0x7f) << 14
      | (data[2] & 0x7f) << 7 | (data[3] & 0x7f);
}

/* Bytes of the tag at @data, 0 where there is none. */
static gsize
get_tag_size (const guint8 * data, gsize size)
{
  gsize length;

  if (size < TAG_HEADER || memcmp (data, "ID3", 3) != 0)
    return 0;
  length = TAG_HEADER + read_syncsafe (data + 6);
  /* a footer, 2.4 3.4 */
  if (data[5] & 0x10)
    length += TAG_HEADER;
  return MIN (length, size);
}

static gboolean
read_private (const guint8 * data, gsize size, gint64 * start_90k)
{
  if (size != sizeof OWNER + 8 || memcmp (data, OWNER, sizeof OWNER) != 0)
    return FALSE;
  *start_90k = GST_READ_UINT64_BE (data + sizeof OWNER) & TIME_MASK;
  return TRUE;
}

/* The time that a tag tells. */
static gboolean
read_tag (const guint8 * data, gsize size, gint64 * start_90k)
{
  gboolean syncsafe = data[3] >= 4;
  gsize offset = TAG_HEADER;

  while (size - offset >= FRAME_HEADER) {
    const guint8 *frame = data + offset;
    gsize length = syncsafe ? read_syncsafe (frame + 4) :
        GST_READ_UINT32_BE (frame + 4);

    offset += FRAME_HEADER;
    if (frame[0] == 0 || length > size - offset)
      return FALSE;
    if (memcmp (frame, "PRIV", 4) == 0
        && read_private (data + offset, length, start_90k))
      return TRUE;
    offset += length;
  }
  return FALSE;
}

static VsCodec
find_codec (const guint8 * data, gsize size)
{
  if (size < 8)
    return VS_CODEC_UNKNOWN;
  if (data[0] == 0x0b && data[1] == 0x77)
    return data[5] >> 3 > BSID_AC3_MAX ? VS_CODEC_EAC3 : VS_CODEC_AC3;
  if (data[0] == 0xff && (data[1] & 0xe0) == 0xe0)
    return data[1] & 0x06 ? VS_CODEC_MPEG_AUDIO : VS_CODEC_AAC;
  return VS_CODEC_UNKNOWN;
}

gboolean
vs_archive_packed_is_one (const guint8 * data, gsize size)
{
  return get_tag_size (data, size) > 0
      || find_codec (data, size) != VS_CODEC_UNKNOWN;
}

static VsCodec
fail (GError ** error, const gchar * why)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
  return VS_CODEC_UNKNOWN;
}

VsCodec
vs_archive_packed_parse (const guint8 * data, gsize size, gint64 * start_90k,
    void (*frame) (const guint8 * data, gsize size, guint samples,
        guint sample_rate, gpointer user_data), gpointer user_data,
    GError ** error)
{
  gsize offset = get_tag_size (data, size);
  VsCodec codec = find_codec (data + offset, size - offset);
  guint n = 0;

  if (offset < TAG_HEADER || !read_tag (data, offset, start_90k))
    return fail (error, "packed audio without the ID3 tag that tells its time "
        "(RFC 8216 3.4)");
  while (codec != VS_CODEC_UNKNOWN && offset < size) {
    gsize length = size - offset;
    guint rate, samples = vs_codec_audio_frame (codec, data + offset, &length,
        &rate);

    /* what is cut off at the end; or another tag, or a byte that is none */
    if (samples == 0 && length == 0)
      break;
    if (samples > 0) {
      frame (data + offset, length, samples, rate, user_data);
      n++;
    }
    offset += MAX (samples == 0 ? get_tag_size (data + offset,
            size - offset) : 0, length);
  }
  return n > 0 ? codec : fail (error, "packed audio without frames of AAC, "
      "AC-3, E-AC-3 or MPEG audio");
}
