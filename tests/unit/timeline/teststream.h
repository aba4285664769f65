/* VisionStream: transport streams made to order, for tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Access units that nobody could decode, but with true headers: H.264 with
 * parameter sets that x264 made, AAC LC frames of 48 kHz stereo.
 */
#pragma once

#include <string.h>
#include "mpegts/vstswriter.h"

#define TEST_AUDIO_STEP 1920    /* 1024 samples at 48 kHz, in ticks */

typedef enum
{
  TEST_64_2997,                 /* 64x64, 30000/1001 */
  TEST_128_2997,                /* 128x96, 30000/1001 */
  TEST_64_23976                 /* 64x64, 24000/1001 */
} TestPicture;

/* A piece of a stream: frames [0, frames) from @start_90k on. Audio lasts as
 * long as the video would, except where it is left out. */
typedef struct
{
  gint64 start_90k;
  guint frames;
  guint gop;                    /* frames; 0 for no IDR at all */
  guint first_idr;              /* frames before it are no IDR */
  guint b_frames;               /* between two others; 0 or 2 */
  guint delay;                  /* frames; 0: as the B-frames need */
  TestPicture picture;
  guint noise_90k;              /* times are off by up to this */
  /* ticks from start_90k that one has and the other has not; 0, 0: all */
  gint64 audio_from_90k, audio_to_90k;
  gint64 no_video_from_90k, no_video_to_90k;
  gint64 audio_offset_90k;      /* of the audio's clock */
} TestPiece;

typedef struct
{
  VsTsWriter *writer;
  GByteArray *bytes;
  gboolean video, audio;
  guint frame;                  /* video units so far */
  guint audio_frame;
} TestStream;

static inline void
test_stream_init (TestStream *stream, gboolean video, gboolean audio)
{
  VsTsProgram *program = vs_ts_program_new_simple (
      video ? VS_CODEC_H264 : VS_CODEC_UNKNOWN,
      audio ? VS_CODEC_AAC : VS_CODEC_UNKNOWN, NULL);

  memset (stream, 0, sizeof *stream);
  stream->writer = vs_ts_writer_new (program);
  stream->bytes = g_byte_array_new ();
  stream->video = video;
  stream->audio = audio;
  vs_ts_program_free (program);
}

static inline void
test_stream_clear (TestStream *stream)
{
  vs_ts_writer_free (stream->writer);
  g_byte_array_unref (stream->bytes);
}

static inline void
test_append_hex (GByteArray *out, const gchar *hex)
{
  for (; hex[0] && hex[1]; hex += 2) {
    guint8 byte = g_ascii_xdigit_value (hex[0]) << 4
        | g_ascii_xdigit_value (hex[1]);

    g_byte_array_append (out, &byte, 1);
  }
}

static inline void
test_stream_add_video (TestStream *stream, TestPicture picture, gboolean key,
    gboolean reference, gint64 pts_90k, gint64 dts_90k)
{
  static const gchar *const parameter_sets[] = {
    "000000016742c00ada109b011000003e90000ea600f1226a0000000168ce0fc8",
    "000000016742c00ada0836c04400000fa40003a9803c489a800000000168ce0fc8",
    "000000016742c00ada109b011000003e90000bb800f1226a0000000168ce0fc8",
  };
  GByteArray *data = g_byte_array_new ();
  VsTsUnit unit = { .track = 0, .pts_90k = pts_90k, .dts_90k = dts_90k };
  guint8 number[2] = { 0x10 | (stream->frame >> 8 & 15),
    0x10 | (stream->frame & 15) };

  if (key) {
    unit.flags = VS_TS_UNIT_KEYFRAME;
    test_append_hex (data, parameter_sets[picture]);
    test_append_hex (data, "0000000165888420");
  } else {
    /* non-IDR slice, P or B, with and without nal_ref_idc */
    test_append_hex (data, reference ? "00000001419a2020" :
        "00000001019e2020");
  }
  g_byte_array_append (data, number, sizeof number);
  for (guint i = 0; i < 50; i++)
    g_byte_array_append (data, (const guint8 *) "\x55", 1);
  unit.data = data->data;
  unit.size = data->len;
  if (key || stream->frame == 0)
    vs_ts_writer_write_psi (stream->writer, stream->bytes);
  vs_ts_writer_write_unit (stream->writer, &unit, stream->bytes);
  g_byte_array_unref (data);
  stream->frame++;
}

static inline void
test_stream_add_audio (TestStream *stream, gint64 pts_90k)
{
  /* ADTS without CRC, AAC LC, 48 kHz, stereo, 27 bytes; then the payload */
  guint8 frame[27] = { 0xff, 0xf1, 0x4c, 0x80, 0x03, 0x7f, 0xfc, 0x21 };
  VsTsUnit unit = { .track = stream->video ? 1 : 0, .pts_90k = pts_90k,
    .dts_90k = pts_90k, .flags = VS_TS_UNIT_KEYFRAME, .data = frame,
    .size = sizeof frame };

  frame[10] = stream->audio_frame;
  frame[11] = stream->audio_frame >> 8;
  if (!stream->video && stream->audio_frame % 50 == 0)
    vs_ts_writer_write_psi (stream->writer, stream->bytes);
  vs_ts_writer_write_unit (stream->writer, &unit, stream->bytes);
  stream->audio_frame++;
}

static inline gint64
test_frame_time (TestPicture picture, gint64 n)
{
  if (picture == TEST_64_23976)
    return (n * 90000 * 1001 * 2 + 24000) / 48000;
  return n * 3003;
}

/* Where frame @n of the decoding order is shown: I0 P3 B1 B2 P6 B4 B5, each
 * GOP for itself. */
static inline guint
test_display_order (const TestPiece *piece, guint n, gboolean *reference)
{
  guint gop = piece->gop ? piece->gop : piece->frames;
  guint in_gop = n % gop, group = piece->b_frames + 1;
  guint gop_start = n - in_gop, last, size;

  *reference = TRUE;
  if (in_gop == 0 || piece->b_frames == 0)
    return n;
  /* mini-GOPs of `group` frames after the IDR, the last one cut short */
  last = (in_gop - 1) / group * group;
  size = MIN (group, MIN (gop, piece->frames - gop_start) - 1 - last);
  if (in_gop - 1 == last)
    return gop_start + last + size;
  *reference = FALSE;
  return n - 1;
}

static inline void
test_stream_add (TestStream *stream, const TestPiece *piece)
{
  gint64 length = test_frame_time (piece->picture, piece->frames);
  gint64 delay = test_frame_time (piece->picture,
      piece->delay ? piece->delay : piece->b_frames ? 1 : 0);
  gint64 audio = 0;

  for (guint n = 0; n <= piece->frames; n++) {
    gint64 dts = test_frame_time (piece->picture, n) - delay;
    gboolean last = n == piece->frames, reference, key;
    gint64 pts;

    for (; stream->audio && audio < (last ? length : dts);
        audio += TEST_AUDIO_STEP) {
      if (piece->audio_to_90k == 0 || (audio >= piece->audio_from_90k
              && audio < piece->audio_to_90k))
        test_stream_add_audio (stream, piece->start_90k + audio
            + piece->audio_offset_90k);
    }
    if (last || !stream->video || (dts >= piece->no_video_from_90k
            && dts < piece->no_video_to_90k))
      continue;
    pts = test_frame_time (piece->picture,
        test_display_order (piece, n, &reference));
    key = piece->gop > 0 && n >= piece->first_idr
        && (n - piece->first_idr) % piece->gop == 0;
    if (piece->noise_90k) {
      pts += n * 7 % (piece->noise_90k + 1);
      dts += n * 5 % (piece->noise_90k + 1);
    }
    test_stream_add_video (stream, piece->picture, key, reference,
        piece->start_90k + pts, piece->start_90k + dts);
  }
}
