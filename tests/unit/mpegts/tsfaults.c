/* VisionStream: what the MPEG-TS reader makes of damaged streams
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The streams are our writer's, whose bytes tswriter.c checks: where each
 * packet is and what it carries is known.
 */
#include "tshelper.h"

#define FRAME_90K 3600
#define AUDIO_90K 1920
#define VIDEO_PID 0x100
#define AUDIO_PID 0x101

typedef struct
{
  gint64 start;                 /* of the first DTS, unwrapped */
  guint frames;
  guint jump_at;                /* frame at which times step by @jump */
  gint64 jump;
} Recipe;

static void
write_adts (VsTsWriter * writer, gint64 pts, GByteArray * out)
{
  guint8 frame[200] = { 0xff, 0xf1, 0x4c, 0x80, 0, 0x1f, 0xfc };
  VsTsUnit unit = { 1, VS_TS_UNIT_KEYFRAME, pts, pts, frame, sizeof frame,
    NULL
  };

  frame[4] = sizeof frame >> 3;
  frame[5] |= (sizeof frame & 7) << 5;
  vs_ts_writer_write_unit (writer, &unit, out);
}

/* 25 frames a second of 600 bytes, a keyframe each second, and AAC */
static GByteArray *
make_stream (const Recipe * recipe)
{
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_AAC, "deu");
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  GByteArray *out = g_byte_array_new ();
  gint64 audio = recipe->start, step = 0;

  for (guint i = 0; i < recipe->frames; i++) {
    guint8 data[600] = { 0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1, i % 25 ? 1 : 5 };
    gint64 dts = recipe->start + i * FRAME_90K;
    VsTsUnit unit = { 0, i % 25 ? 0 : VS_TS_UNIT_KEYFRAME, 0, 0, data,
      sizeof data, NULL
    };

    memset (data + 10, i | 0x80, sizeof data - 10);
    if (i == recipe->jump_at)
      step = recipe->jump;
    unit.dts_90k = dts + step;
    unit.pts_90k = unit.dts_90k + FRAME_90K;
    if (i % 25 == 0)
      vs_ts_writer_write_psi (writer, out);
    vs_ts_writer_write_unit (writer, &unit, out);
    for (; audio < dts + FRAME_90K; audio += AUDIO_90K)
      write_adts (writer, audio + step, out);
  }
  return out;
}

static GByteArray *
make_plain_stream (guint frames)
{
  const Recipe recipe = { 900000, frames, 0, 0 };

  return make_stream (&recipe);
}

static guint16
pid_of (const guint8 * packet)
{
  return GST_READ_UINT16_BE (packet + 1) & 0x1fff;
}

/* The offset of the @index-th packet of a PID */
static guint
find_packet (GByteArray * ts, guint16 pid, guint index)
{
  for (guint i = 0; i < ts->len; i += 188) {
    if (pid_of (ts->data + i) == pid && index-- == 0)
      return i;
  }
  fail ("no such packet");
  return 0;
}

static guint
count (TestReader * test, guint track, VsTsUnitFlags flags)
{
  guint n = 0;

  for (guint i = 0; i < test->units->len; i++) {
    VsTsUnit *unit = &test_reader_get (test, i)->unit;

    n += unit->track == track && (unit->flags & flags) == flags;
  }
  return n;
}

/* A bit of a table is wrong: it is counted, the one before stays in force. */
GST_START_TEST (test_table_crc)
{
  static const guint16 pids[] = { 0, VS_TS_PID_PMT };

  for (guint i = 0; i < G_N_ELEMENTS (pids); i++) {
    for (guint bit = 0; bit < 8 * 12; bit += 5) {
      g_autoptr (GByteArray) ts = make_plain_stream (50);
      g_autoptr (TestReader) test = NULL;
      VsTsStats stats;

      /* from program_number or the transport stream's id on */
      ts->data[find_packet (ts, pids[i], 1) + 8 + bit / 8] ^= 1 << bit % 8;
      test = test_read (ts->data, ts->len, 0);
      vs_ts_reader_get_stats (test->reader, &stats);
      fail_unless_equals_uint64 (stats.crc_errors, 1);
      fail_unless_equals_int (test->programs, 1);
      fail_unless_equals_int (count (test, 0, 0), 50);
    }
  }
}

GST_END_TEST;

/* A packet is missing, repeated, or repeated twice. */
GST_START_TEST (test_continuity)
{
  static const struct
  {
    guint copies;
    guint errors, damaged, units;
  } cases[] = {
    {1, 0, 0, 50}, {2, 0, 0, 50}, {0, 1, 2, 50}, {3, 1, 1, 50}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) ts = make_plain_stream (50);
    g_autoptr (GByteArray) bad = g_byte_array_new ();
    g_autoptr (TestReader) test = NULL;
    /* the second packet of a unit */
    guint at = find_packet (ts, VIDEO_PID, 41);
    VsTsStats stats;

    g_byte_array_append (bad, ts->data, at);
    for (guint j = 0; j < cases[i].copies; j++)
      g_byte_array_append (bad, ts->data + at, 188);
    g_byte_array_append (bad, ts->data + at + 188, ts->len - at - 188);
    test = test_read (bad->data, bad->len, 0);
    vs_ts_reader_get_stats (test->reader, &stats);
    fail_unless_equals_uint64 (stats.continuity_errors, cases[i].errors);
    fail_unless_equals_int (count (test, 0, VS_TS_UNIT_DAMAGED),
        cases[i].damaged);
    fail_unless_equals_int (count (test, 1, VS_TS_UNIT_DAMAGED), 0);
    fail_unless_equals_int (count (test, 0, 0), cases[i].units);
  }
}

GST_END_TEST;

/* Transport errors, scrambled packets, adaptation fields that are too long */
GST_START_TEST (test_bad_packets)
{
  static const struct
  {
    guint byte;
    guint8 set;
    guint64 transport, scrambled;
  } cases[] = {
    {1, 0x80, 1, 0}, {3, 0xc0, 0, 1}, {3, 0x40, 0, 1}, {4, 0xff, 0, 0}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) ts = make_plain_stream (50);
    g_autoptr (TestReader) test = NULL;
    /* the first packet of a unit: it has an adaptation field */
    guint at = find_packet (ts, VIDEO_PID, 40);
    VsTsStats stats;

    fail_unless (ts->data[at + 3] & 0x20);
    ts->data[at + cases[i].byte] |= cases[i].set;
    test = test_read (ts->data, ts->len, 0);
    vs_ts_reader_get_stats (test->reader, &stats);
    fail_unless_equals_uint64 (stats.transport_errors, cases[i].transport);
    fail_unless_equals_uint64 (stats.scrambled, cases[i].scrambled);
    fail_unless_equals_uint64 (stats.continuity_errors, 0);
    fail_unless (count (test, 0, VS_TS_UNIT_DAMAGED) > 0);
    fail_unless_equals_int (count (test, 0, 0), 49);
  }
}

GST_END_TEST;

/* Garbage with sync bytes in it between two halves: all of the second comes
 * but for the unit that was open. */
GST_START_TEST (test_lost_sync)
{
  static const gsize sizes[] = { 1, 100, 187, 189, 5000, 10 * 1000 * 1000 };
  static const gsize steps[] = { 0, 1316, 65536 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes) * G_N_ELEMENTS (steps); i++) {
    gsize garbage = sizes[i % G_N_ELEMENTS (sizes)];
    g_autoptr (GByteArray) ts = make_plain_stream (50);
    g_autoptr (GByteArray) bad = g_byte_array_new ();
    g_autoptr (GRand) rand = g_rand_new_with_seed (21);
    g_autoptr (TestReader) test = NULL;
    guint at = find_packet (ts, 0, 1);
    VsTsStats stats;

    g_byte_array_append (bad, ts->data, at);
    g_byte_array_set_size (bad, at + garbage);
    for (gsize j = at; j < bad->len; j++)
      bad->data[j] = g_rand_int (rand);
    bad->data[at] = 0;
    g_byte_array_append (bad, ts->data + at, ts->len - at);
    test = test_read (bad->data, bad->len, steps[i / G_N_ELEMENTS (sizes)]);
    vs_ts_reader_get_stats (test->reader, &stats);
    fail_unless_equals_uint64 (stats.sync_losses, 1);
    fail_unless_equals_uint64 (stats.skipped_bytes, garbage);
    fail_unless_equals_uint64 (stats.packets, ts->len / 188);
    fail_unless_equals_int (count (test, 0, 0), 50);
    fail_unless_equals_int (count (test, 0, VS_TS_UNIT_DAMAGED), 0);
  }
}

GST_END_TEST;

/* Sync is where five sync bytes are in step, not where four are: of so many
 * packets between noise none counts, or all do. */
GST_START_TEST (test_five_sync_bytes)
{
  for (guint packets = 1; packets <= 8; packets++) {
    g_autoptr (GByteArray) ts = make_plain_stream (50);
    g_autoptr (GByteArray) bad = g_byte_array_new ();
    g_autoptr (TestReader) test = NULL;
    guint at = find_packet (ts, 0, 1);
    gboolean counts = packets >= 5;
    gsize noise = 2000, skipped;
    VsTsStats stats;

    /* the noise is zeros: null packets of which only the first byte is none */
    g_byte_array_append (bad, ts->data, at);
    g_byte_array_set_size (bad, at + noise + packets * 188 + noise);
    memset (bad->data + at, 0, bad->len - at);
    for (guint i = 0; i < packets; i++)
      GST_WRITE_UINT32_BE (bad->data + at + noise + i * 188, 0x471fff10);
    g_byte_array_append (bad, ts->data + at, ts->len - at);
    test = test_read (bad->data, bad->len, 1316);
    vs_ts_reader_get_stats (test->reader, &stats);
    skipped = 2 * noise + (counts ? 0 : packets * 188);
    fail_unless_equals_uint64 (stats.skipped_bytes, skipped);
    fail_unless_equals_uint64 (stats.packets, ts->len / 188
        + (counts ? packets : 0));
    fail_unless_equals_uint64 (stats.sync_losses, counts ? 2 : 1);
    fail_unless_equals_int (count (test, 0, 0), 50);
  }
}

GST_END_TEST;

/* Joined in the middle of a packet */
GST_START_TEST (test_late_start)
{
  g_autoptr (GByteArray) ts = make_plain_stream (50);

  for (guint cut = 1; cut < 188; cut += 31) {
    g_autoptr (TestReader) test = test_read (ts->data + cut, ts->len - cut, 0);
    VsTsStats stats;

    vs_ts_reader_get_stats (test->reader, &stats);
    fail_unless_equals_uint64 (stats.skipped_bytes, 188 - cut);
    fail_unless_equals_uint64 (stats.sync_losses, 0);
    /* without the first PAT all is unknown until the second */
    fail_unless_equals_int (count (test, 0, 0), 25);
  }
}

GST_END_TEST;

static void
assert_times_run (TestReader * test, guint track, gint64 start, gint64 step,
    guint jump_at, gint64 jump)
{
  guint n = 0;

  for (guint i = 0; i < test->units->len; i++) {
    VsTsUnit *unit = &test_reader_get (test, i)->unit;

    if (unit->track != track)
      continue;
    fail_unless_equals_int64 (unit->dts_90k, start + n * step
        + (n >= jump_at ? jump : 0));
    n++;
  }
}

/* Over the wrap times run on, and nothing is marked. */
GST_START_TEST (test_wrap)
{
  const Recipe recipe = { VS_TS_CLOCK_WRAP - 25 * FRAME_90K - 7, 75, 0, 0 };
  g_autoptr (GByteArray) ts = make_stream (&recipe);
  g_autoptr (TestReader) test = test_read (ts->data, ts->len, 1316);
  VsTsStats stats;

  vs_ts_reader_get_stats (test->reader, &stats);
  fail_unless_equals_uint64 (stats.clock_jumps, 0);
  fail_unless_equals_int (count (test, 0, VS_TS_UNIT_DISCONT), 0);
  fail_unless_equals_int (count (test, 0, 0), 75);
  assert_times_run (test, 0, recipe.start, FRAME_90K, G_MAXUINT, 0);
  assert_times_run (test, 1, recipe.start, AUDIO_90K, G_MAXUINT, 0);
}

GST_END_TEST;

/* A segment behind the wrap, told where it belongs */
GST_START_TEST (test_time_hint)
{
  const Recipe recipe = { 500, 25, 0, 0 };
  g_autoptr (GByteArray) ts = make_stream (&recipe);
  g_autoptr (TestReader) test = test_reader_new (0);
  gint64 start = 3 * VS_TS_CLOCK_WRAP + 500;

  vs_ts_reader_set_time_hint (test->reader, start + 90000);
  vs_ts_reader_push (test->reader, ts->data, ts->len);
  vs_ts_reader_drain (test->reader);
  assert_times_run (test, 0, start, FRAME_90K, G_MAXUINT, 0);
  fail_unless_equals_int (count (test, 0, VS_TS_UNIT_DISCONT), 0);
}

GST_END_TEST;

/* A step further than 10 s, or back by more than 1 s, is one jump, which each
 * track marks once; a smaller one is none. */
GST_START_TEST (test_jumps)
{
  static const struct
  {
    gint64 jump;
    gboolean marked;
  } cases[] = {
    {G_GINT64_CONSTANT (324000000), TRUE},
    {G_GINT64_CONSTANT (-324000000), TRUE},
    {900001, TRUE}, {890000, FALSE}, {-100000, TRUE}, {-80000, FALSE},
    {-450000, TRUE}, {VS_TS_CLOCK_WRAP / 2 - 9000, TRUE}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Recipe recipe = { G_GINT64_CONSTANT (400000000), 50, 30,
      cases[i].jump
    };
    g_autoptr (GByteArray) ts = make_stream (&recipe);
    g_autoptr (TestReader) test = test_read (ts->data, ts->len, 1316);
    VsTsStats stats;

    vs_ts_reader_get_stats (test->reader, &stats);
    fail_unless_equals_uint64 (stats.clock_jumps, cases[i].marked);
    for (guint track = 0; track < 2; track++)
      fail_unless_equals_int (count (test, track, VS_TS_UNIT_DISCONT),
          cases[i].marked);
    fail_unless_equals_int (count (test, 0, 0), 50);
    assert_times_run (test, 0, recipe.start, FRAME_90K, 30, cases[i].jump);
  }
}

GST_END_TEST;

/* The second half comes on other PIDs, tracks in the other order. */
GST_START_TEST (test_pid_change)
{
  g_autoptr (GByteArray) ts = make_plain_stream (50);
  g_autoptr (VsTsProgram) swapped =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_AAC, "deu");
  g_autoptr (VsTsWriter) writer = NULL;
  g_autoptr (GByteArray) psi = g_byte_array_new ();
  g_autoptr (TestReader) test = NULL;
  VsTsTrack video = swapped->tracks[0];
  guint at = find_packet (ts, VS_TS_PID_PMT, 1);
  VsTsStats stats;

  swapped->tracks[0] = swapped->tracks[1];
  swapped->tracks[1] = video;
  writer = vs_ts_writer_new (swapped);
  vs_ts_writer_write_psi (writer, psi);
  memcpy (ts->data + at + 4, psi->data + 188 + 4, 184);
  for (guint i = at; i < ts->len; i += 188) {
    guint16 pid = pid_of (ts->data + i);

    if (pid == VIDEO_PID || pid == AUDIO_PID)
      ts->data[i + 2] ^= 1;
  }
  test = test_read (ts->data, ts->len, 1316);
  vs_ts_reader_get_stats (test->reader, &stats);
  fail_unless_equals_uint64 (stats.pid_changes, 1);
  fail_unless_equals_uint64 (stats.continuity_errors, 0);
  fail_unless_equals_int (test->programs, 2);
  fail_unless_equals_int (test->program->tracks[0].codec, VS_CODEC_H264);
  fail_unless_equals_int (test->program->tracks[0].pid, AUDIO_PID);
  fail_unless_equals_int (count (test, 0, 0), 50);
  assert_times_run (test, 0, 900000, FRAME_90K, G_MAXUINT, 0);
  assert_times_run (test, 1, 900000, AUDIO_90K, G_MAXUINT, 0);
}

GST_END_TEST;

/* Where a unit ends is told, so that it need not wait for the next. */
GST_START_TEST (test_end_unit)
{
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_UNKNOWN, NULL);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  g_autoptr (TestReader) test = test_reader_new (0);
  g_autofree guint8 *data = g_malloc0 (100000);

  memcpy (data, "\0\0\1\x09\xf0\0\0\1\x65", 9);
  memset (data + 9, 0x80, 100000 - 9);
  for (guint i = 0; i < 5; i++) {
    VsTsUnit unit = { 0, VS_TS_UNIT_KEYFRAME, i * 3600, i * 3600, data,
      100000, NULL
    };
    g_autoptr (GByteArray) out = g_byte_array_new ();

    vs_ts_writer_write_psi (writer, out);
    vs_ts_writer_write_unit (writer, &unit, out);
    vs_ts_reader_push (test->reader, out->data, out->len);
    fail_unless_equals_int (test->units->len, i);
    vs_ts_reader_end_unit (test->reader);
    fail_unless_equals_int (test->units->len, i + 1);
    fail_unless_equals_uint64 (test_reader_get (test, i)->unit.size, 100000);
  }
}

GST_END_TEST;

/* Several pictures in one PES come apart at their delimiters. */
GST_START_TEST (test_pictures_in_a_pes)
{
  static const guint8 data[] = {
    0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x65, 0x88, 0x80,
    0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x41, 0x9a,
    0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x41, 0x9b, 0x80
  };
  static const gsize sizes[] = { 12, 11, 11 };
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_UNKNOWN, NULL);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  VsTsUnit unit = { 0, VS_TS_UNIT_KEYFRAME, 9000, 9000, data, sizeof data,
    NULL
  };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (TestReader) test = NULL;
  gsize at = 0;

  vs_ts_writer_write_psi (writer, out);
  vs_ts_writer_write_unit (writer, &unit, out);
  test = test_read (out->data, out->len, 0);
  fail_unless_equals_int (test->units->len, G_N_ELEMENTS (sizes));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    VsTsUnit *part = &test_reader_get (test, i)->unit;

    fail_unless_equals_uint64 (part->size, sizes[i]);
    fail_unless (memcmp (part->data, data + at, sizes[i]) == 0);
    fail_unless_equals_int (part->flags, i == 0 ? VS_TS_UNIT_KEYFRAME : 0);
    at += sizes[i];
  }
}

GST_END_TEST;

/* A PES packet that never ends is given up, and its memory is bounded. */
GST_START_TEST (test_endless_pes)
{
  g_autoptr (GByteArray) ts = make_plain_stream (25);
  g_autoptr (TestReader) test = test_reader_new (0);
  guint at = find_packet (ts, VIDEO_PID, 0);
  guint8 packet[188];
  VsTsStats stats;

  /* make the first unit an open-ended one */
  GST_WRITE_UINT16_BE (ts->data + at + 5 + ts->data[at + 4] + 4, 0);
  vs_ts_reader_push (test->reader, ts->data, at + 188);
  memset (packet, 0x11, sizeof packet);
  packet[0] = 0x47;
  packet[1] = VIDEO_PID >> 8;
  packet[2] = VIDEO_PID & 0xff;
  for (guint i = 1; i <= 20 * 1024 * 1024 / 184; i++) {
    packet[3] = 0x10 | (i & 0x0f);
    vs_ts_reader_push (test->reader, packet, sizeof packet);
  }
  vs_ts_reader_get_stats (test->reader, &stats);
  fail_unless_equals_uint64 (stats.oversize, 1);
  fail_unless_equals_int (test->units->len, 0);
}

GST_END_TEST;

/* Each prefix of a small file, in one piece and in two */
GST_START_TEST (test_prefixes)
{
  g_autoptr (GByteArray) ts = make_plain_stream (3);
  guint last = 0;

  for (guint size = 0; size <= ts->len; size++) {
    g_autofree guint8 *copy = g_memdup2 (ts->data, size);
    g_autoptr (TestReader) a = test_read (copy, size, 0);
    g_autoptr (TestReader) b = test_read (copy, size, size / 2 + 1);

    fail_unless_equals_int (a->units->len, b->units->len);
    fail_unless (a->units->len >= last);
    last = a->units->len;
  }
  fail_unless (last > 3);
}

GST_END_TEST;

/* Bits flipped anywhere: nothing that comes out is larger than what went in,
 * and pieces of any size give the same. */
GST_START_TEST (test_flipped_bits)
{
  g_autoptr (GByteArray) ts = make_plain_stream (30);
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);

  for (guint round = 0; round < 300; round++) {
    g_autofree guint8 *copy = g_memdup2 (ts->data, ts->len);
    g_autoptr (TestReader) a = NULL;
    g_autoptr (TestReader) b = NULL;

    for (guint i = 0; i < 1u << (round % 12); i++) {
      guint bit = g_rand_int_range (rand, 0, ts->len * 8);

      copy[bit / 8] ^= 1 << bit % 8;
    }
    a = test_read (copy, ts->len, 0);
    b = test_read (copy, ts->len, g_rand_int_range (rand, 1, 2000));
    fail_unless_equals_int (a->units->len, b->units->len);
    for (guint i = 0; i < a->units->len; i++) {
      VsTsUnit *unit = &test_reader_get (a, i)->unit;
      VsTsUnit *other = &test_reader_get (b, i)->unit;

      fail_unless (unit->size <= ts->len);
      fail_unless_equals_uint64 (unit->size, other->size);
      fail_unless_equals_int64 (unit->dts_90k, other->dts_90k);
      fail_unless_equals_int (unit->flags, other->flags);
    }
  }
}

GST_END_TEST;

static Suite *
tsfaults_suite (void)
{
  Suite *s = suite_create ("tsfaults");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_table_crc);
  tcase_add_test (tc, test_continuity);
  tcase_add_test (tc, test_bad_packets);
  tcase_add_test (tc, test_lost_sync);
  tcase_add_test (tc, test_five_sync_bytes);
  tcase_add_test (tc, test_late_start);
  tcase_add_test (tc, test_wrap);
  tcase_add_test (tc, test_time_hint);
  tcase_add_test (tc, test_jumps);
  tcase_add_test (tc, test_pid_change);
  tcase_add_test (tc, test_end_unit);
  tcase_add_test (tc, test_pictures_in_a_pes);
  tcase_add_test (tc, test_endless_pes);
  tcase_add_test (tc, test_prefixes);
  tcase_add_test (tc, test_flipped_bits);
  return s;
}

GST_CHECK_MAIN (tsfaults);
