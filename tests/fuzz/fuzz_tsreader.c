/* VisionStream: fuzzes the MPEG-TS reader
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte chooses: bytes as they are, or, behind tables that are right,
 * packets whose headers are. Pieces of another size must give the same units.
 */
#include <stdint.h>
#include <string.h>
#include "mpegts/vstswriter.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

#define PAYLOAD 184

typedef struct
{
  guint n_tracks;
  guint64 units, bytes, times;
} Result;

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  ((Result *) user_data)->n_tracks = program->n_tracks;
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Result *result = user_data;

  g_assert (unit->track < result->n_tracks);
  result->units++;
  for (gsize i = 0; i < unit->size; i++)
    result->bytes = result->bytes * 31 + unit->data[i];
  result->times = result->times * 31 + unit->pts_90k + unit->dts_90k
      + unit->flags;
}

static Result
read_in_pieces (const guint8 * data, gsize size, gsize step)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  Result result = { 0, };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &result);

  for (gsize i = 0; i < size; i += step)
    vs_ts_reader_push (reader, data + i, MIN (step, size - i));
  vs_ts_reader_drain (reader);
  return result;
}

/* Each 185 bytes become a packet: the first chooses track and start. */
static GByteArray *
make_packets (const guint8 * data, gsize size)
{
  static const VsCodec codecs[] = { VS_CODEC_H264, VS_CODEC_AAC,
    VS_CODEC_H265, VS_CODEC_EAC3, VS_CODEC_MPEG_AUDIO, VS_CODEC_SCTE35,
    VS_CODEC_OPUS, VS_CODEC_MPEG2_VIDEO
  };
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_AAC, NULL);
  g_autoptr (VsTsWriter) writer = NULL;
  GByteArray *out = g_byte_array_new ();
  guint8 counters[8] = { 0, };

  for (guint i = 2; i < 8; i++) {
    g_autoptr (VsTsProgram) one =
        vs_ts_program_new_simple (codecs[i], VS_CODEC_UNKNOWN, NULL);

    program->tracks[i] = one->tracks[0];
    one->n_tracks = 0;
  }
  program->tracks[5].stream_type = 0x86;
  program->n_tracks = 8;
  writer = vs_ts_writer_new (program);
  vs_ts_writer_write_psi (writer, out);
  while (size > 1) {
    gsize n = MIN (size - 1, PAYLOAD);
    guint8 track = data[0] & 7;
    guint8 packet[188] = { 0x47, 0x01 | (data[0] & 0x40),
      VS_TS_PID_FIRST_TRACK + track, 0x10 | (data[0] & 0x20)
          | (counters[track] & 0x0f)
    };

    packet[2] = (VS_TS_PID_FIRST_TRACK & 0xff) + track;
    counters[track] += data[0] & 0x10 ? 2 : 1;
    memset (packet + 4, 0xff, PAYLOAD);
    memcpy (packet + 4, data + 1, n);
    g_byte_array_append (out, packet, sizeof packet);
    data += 1 + n;
    size -= 1 + n;
  }
  return out;
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GByteArray) stream = NULL;
  Result a, b;

  if (size < 2)
    return 0;
  if (data[0] & 1) {
    stream = make_packets (data + 2, size - 2);
  } else {
    stream = g_byte_array_new ();
    g_byte_array_append (stream, data + 2, size - 2);
  }
  a = read_in_pieces (stream->data, stream->len, MAX (stream->len, 1));
  b = read_in_pieces (stream->data, stream->len, 1 + data[1] * 7);
  g_assert (memcmp (&a, &b, sizeof a) == 0);
  return 0;
}
