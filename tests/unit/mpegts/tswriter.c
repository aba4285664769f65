/* VisionStream: tests of the MPEG-TS writer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <gst/check/gstcheck.h>

#include "mpegts/vstswriter.h"

#define FRAME_90K 3600
#define AUDIO_90K 1920

/* An H.264 unit of @size bytes, no start code inside, with or without AUD */
static guint8 *
make_h264 (gsize size, gboolean aud)
{
  static const guint8 head[] = { 0, 0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x65 };
  guint skip = aud ? 0 : 6;
  guint8 *data = g_malloc (size);

  memset (data, 0xa5, size);
  memcpy (data, head + skip, sizeof head - skip);
  return data;
}

static void
write_unit (VsTsWriter * writer, guint track, VsTsUnitFlags flags, gint64 pts,
    gint64 dts, const guint8 * data, gsize size, GByteArray * out)
{
  VsTsUnit unit = { track, flags, pts, dts, data, size, NULL };

  vs_ts_writer_write_unit (writer, &unit, out);
}

/* Two seconds of B-frame video and audio from @start on, in DTS order. */
static GByteArray *
write_stream (gint64 start)
{
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_AAC, "deu");
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  GByteArray *out = g_byte_array_new ();
  gint64 audio = start;

  for (guint i = 0; i < 50; i++) {
    gint64 dts = start + i * FRAME_90K;
    gsize size = i % 25 == 0 ? 70000 : 180 + i * 13;
    g_autofree guint8 *data = make_h264 (size, i & 1);

    if (i % 25 == 0)
      vs_ts_writer_write_psi (writer, out);
    write_unit (writer, 0, i % 25 == 0 ? VS_TS_UNIT_KEYFRAME : 0,
        dts + (i % 3) * FRAME_90K, dts, data, size, out);
    for (; audio < dts + FRAME_90K; audio += AUDIO_90K) {
      guint8 frame[300] = { 0xff, 0xf1, };

      write_unit (writer, 1, VS_TS_UNIT_KEYFRAME, audio, audio, frame,
          sizeof frame, out);
    }
  }
  return out;
}

typedef struct
{
  guint16 pid;
  gboolean start, discontinuity, random_access;
  gint64 pcr;
  const guint8 *payload;
  gsize size;
  guint8 counter;
} Packet;

static void
parse_packet (const guint8 * p, Packet * packet)
{
  gsize head = 4;

  memset (packet, 0, sizeof *packet);
  fail_unless_equals_int (p[0], 0x47);
  packet->pid = GST_READ_UINT16_BE (p + 1) & 0x1fff;
  packet->start = p[1] >> 6 & 1;
  packet->counter = p[3] & 0x0f;
  packet->pcr = -1;
  if (p[3] & 0x20) {
    head += 1 + p[4];
    fail_unless (head <= 188);
    if (p[4] > 0) {
      packet->discontinuity = p[5] >> 7;
      packet->random_access = p[5] >> 6 & 1;
      if (p[5] & 0x10)
        packet->pcr = (gint64) GST_READ_UINT32_BE (p + 6) << 1 | p[10] >> 7;
    }
  }
  packet->payload = p + head;
  packet->size = p[3] & 0x10 ? 188 - head : 0;
}

static gint64
parse_time (const guint8 * p)
{
  return (gint64) (p[0] >> 1 & 7) << 30
      | (GST_READ_UINT16_BE (p + 1) >> 1) << 15
      | GST_READ_UINT16_BE (p + 3) >> 1;
}

/* Counters run, PCRs are monotone and at most 100 ms apart, and lie ahead of
 * the DTS; also over a wrap of the 33-bit clock. */
GST_START_TEST (test_packets)
{
  static const gint64 starts[] = { 0, 900000, VS_TS_CLOCK_WRAP - 90000,
    -45000
  };

  for (guint s = 0; s < G_N_ELEMENTS (starts); s++) {
    g_autoptr (GByteArray) out = write_stream (starts[s]);
    gint counters[0x2000];
    gint64 last_pcr = -1;
    guint units = 0, random_access = 0, pcrs = 0;

    memset (counters, -1, sizeof counters);
    fail_unless_equals_int (out->len % 188, 0);
    for (guint i = 0; i < out->len; i += 188) {
      Packet packet;

      parse_packet (out->data + i, &packet);
      if (counters[packet.pid] >= 0)
        fail_unless_equals_int (packet.counter,
            (counters[packet.pid] + (packet.size > 0)) & 0x0f);
      counters[packet.pid] = packet.counter;
      random_access += packet.random_access && packet.pid == 0x100;
      if (packet.pcr >= 0) {
        gint64 step = (packet.pcr - last_pcr) & (VS_TS_CLOCK_WRAP - 1);

        fail_unless_equals_int (packet.pid, 0x100);
        if (last_pcr >= 0)
          fail_unless (step > 0 && step <= 9000);
        last_pcr = packet.pcr;
        pcrs++;
      }
      if (packet.start && packet.pid == 0x100) {
        gint64 pts = parse_time (packet.payload + 9);
        gint64 dts = packet.payload[7] & 0x40
            ? parse_time (packet.payload + 14) : pts;

        fail_unless_equals_int (GST_READ_UINT32_BE (packet.payload),
            0x000001e0);
        fail_unless_equals_int64 (dts, (starts[s] + units * FRAME_90K)
            & (VS_TS_CLOCK_WRAP - 1));
        fail_unless_equals_int64 ((dts - packet.pcr)
            & (VS_TS_CLOCK_WRAP - 1), VS_TS_PCR_DELAY_90K);
        units++;
      }
    }
    fail_unless_equals_int (units, 50);
    fail_unless_equals_int (pcrs, 50);
    fail_unless_equals_int (random_access, 2);
  }
}

GST_END_TEST;

GST_START_TEST (test_identical)
{
  g_autoptr (GByteArray) a = write_stream (12345);
  g_autoptr (GByteArray) b = write_stream (12345);

  fail_unless_equals_int (a->len, b->len);
  fail_unless (memcmp (a->data, b->data, a->len) == 0);
}

GST_END_TEST;

/* A programme with a track more keeps counters and PIDs; its PMT is new. */
GST_START_TEST (test_set_program)
{
  g_autoptr (VsTsProgram) video =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_UNKNOWN, NULL);
  g_autoptr (VsTsProgram) both =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_AAC, NULL);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (video);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree guint8 *data = make_h264 (1000, TRUE);
  const guint8 frame[300] = { 0xff, 0xf1, };
  gint counters[0x2000];
  guint pmts = 0, audio = 0;
  guint8 versions[2];

  for (guint i = 0; i < 2; i++) {
    if (i == 1)
      vs_ts_writer_set_program (writer, both);
    vs_ts_writer_write_psi (writer, out);
    write_unit (writer, 0, VS_TS_UNIT_KEYFRAME, i * FRAME_90K, i * FRAME_90K,
        data, 1000, out);
  }
  write_unit (writer, 1, VS_TS_UNIT_KEYFRAME, FRAME_90K, FRAME_90K, frame,
      sizeof frame, out);
  memset (counters, -1, sizeof counters);
  for (guint i = 0; i < out->len; i += 188) {
    Packet packet;

    parse_packet (out->data + i, &packet);
    if (counters[packet.pid] >= 0)
      fail_unless_equals_int (packet.counter,
          (counters[packet.pid] + 1) & 0x0f);
    counters[packet.pid] = packet.counter;
    audio += packet.pid == 0x101;
    if (packet.pid == VS_TS_PID_PMT) {
      fail_unless (pmts < 2);
      versions[pmts++] = packet.payload[6] & 0x3e;
    }
  }
  fail_unless_equals_int (pmts, 2);
  fail_unless (versions[0] != versions[1]);
  fail_unless_equals_int (audio, 2);
}

GST_END_TEST;

/* Each size of a unit that ends around a packet's end comes back whole. */
GST_START_TEST (test_sizes)
{
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (VS_CODEC_UNKNOWN, VS_CODEC_AC3, NULL);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);

  for (gsize size = 1; size < 600; size++) {
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autoptr (GByteArray) back = g_byte_array_new ();
    g_autofree guint8 *data = g_malloc (size);
    gsize head;

    for (gsize i = 0; i < size; i++)
      data[i] = i * 31;
    write_unit (writer, 0, size & 1 ? VS_TS_UNIT_KEYFRAME : 0,
        (gint64) size * 2000, VS_TS_NO_TIME, data, size, out);
    for (guint i = 0; i < out->len; i += 188) {
      Packet packet;

      parse_packet (out->data + i, &packet);
      g_byte_array_append (back, packet.payload, packet.size);
    }
    head = 9 + back->data[8];
    fail_unless_equals_int (back->len, head + size);
    fail_unless_equals_int (GST_READ_UINT16_BE (back->data + 4), back->len - 6);
    fail_unless (memcmp (back->data + head, data, size) == 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_aud)
{
  static const struct
  {
    VsCodec codec;
    guint8 data[8];
    guint8 expected[8];
  } cases[] = {
    {VS_CODEC_H264, {0, 0, 0, 1, 0x65, 1, 2, 3}, {0, 0, 0, 1, 0x09, 0xf0}},
    {VS_CODEC_H264, {0, 0, 1, 0x65, 1, 2, 3, 4}, {0, 0, 0, 1, 0x09, 0xf0}},
    {VS_CODEC_H264, {0, 0, 1, 0x09, 0x10, 2, 3, 4}, {0, 0, 1, 0x09, 0x10}},
    {VS_CODEC_H265, {0, 0, 0, 1, 0x26, 1, 2, 3},
        {0, 0, 0, 1, 0x46, 0x01, 0x50}},
    {VS_CODEC_H265, {0, 0, 1, 0x46, 0x01, 0x10, 0, 0},
        {0, 0, 1, 0x46, 0x01, 0x10}},
    {VS_CODEC_MPEG2_VIDEO, {0, 0, 1, 0xb3, 1, 2, 3, 4}, {0, 0, 1, 0xb3}},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsTsProgram) program =
        vs_ts_program_new_simple (cases[i].codec, VS_CODEC_UNKNOWN, NULL);
    g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
    g_autoptr (GByteArray) out = g_byte_array_new ();
    Packet packet;

    write_unit (writer, 0, 0, 0, 0, cases[i].data, 8, out);
    parse_packet (out->data, &packet);
    fail_unless (memcmp (packet.payload + 14, cases[i].expected, 4) == 0);
    fail_unless (memcmp (packet.payload + packet.size - 8, cases[i].data,
            8) == 0);
  }
}

GST_END_TEST;

/* Gaps up to 10 s are filled with PCRs; what is further is another clock. */
GST_START_TEST (test_pcr_gaps)
{
  static const struct
  {
    gint64 step;
    guint pcrs;
    gboolean discontinuity;
  } cases[] = {
    {3600, 1, FALSE}, {9000, 1, FALSE}, {9001, 2, FALSE}, {90000, 10, FALSE},
    {900000, 100, FALSE}, {900001, 1, TRUE}, {-1, 0, FALSE}, {0, 0, FALSE},
    {-90001, 1, TRUE}, {G_GINT64_CONSTANT (324000000), 1, TRUE},
  };
  guint8 data[] = { 0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x65, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsTsProgram) program =
        vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_UNKNOWN, NULL);
    g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
    g_autoptr (GByteArray) out = g_byte_array_new ();
    guint pcrs = 0, discontinuities = 0;

    write_unit (writer, 0, 0, 1000000, 1000000, data, sizeof data, out);
    g_byte_array_set_size (out, 0);
    write_unit (writer, 0, 0, 1000000 + cases[i].step,
        1000000 + cases[i].step, data, sizeof data, out);
    for (guint j = 0; j < out->len; j += 188) {
      Packet packet;

      parse_packet (out->data + j, &packet);
      pcrs += packet.pcr >= 0;
      discontinuities += packet.discontinuity;
      fail_unless_equals_int (packet.counter, packet.size > 0 ? 1 : 0);
    }
    fail_unless_equals_int (pcrs, cases[i].pcrs);
    fail_unless_equals_int (discontinuities, cases[i].discontinuity);
  }
}

GST_END_TEST;

GST_START_TEST (test_long_pes)
{
  static const struct
  {
    VsCodec codec;
    guint packets;
  } cases[] = { {VS_CODEC_H264, 1}, {VS_CODEC_PRIVATE, 4} };
  g_autofree guint8 *data = make_h264 (200000, TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsTsProgram) program =
        vs_ts_program_new_simple (cases[i].codec, VS_CODEC_UNKNOWN, NULL);
    g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
    g_autoptr (GByteArray) out = g_byte_array_new ();
    guint starts = 0;

    write_unit (writer, 0, 0, 0, 0, data, 200000, out);
    for (guint j = 0; j < out->len; j += 188) {
      Packet packet;

      parse_packet (out->data + j, &packet);
      if (!packet.start)
        continue;
      starts++;
      fail_unless_equals_int (GST_READ_UINT16_BE (packet.payload + 4) == 0,
          cases[i].codec == VS_CODEC_H264);
    }
    fail_unless_equals_int (starts, cases[i].packets);
  }
}

GST_END_TEST;

static Suite *
tswriter_suite (void)
{
  Suite *s = suite_create ("tswriter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_packets);
  tcase_add_test (tc, test_identical);
  tcase_add_test (tc, test_set_program);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_aud);
  tcase_add_test (tc, test_pcr_gaps);
  tcase_add_test (tc, test_long_pes);
  return s;
}

GST_CHECK_MAIN (tswriter);
