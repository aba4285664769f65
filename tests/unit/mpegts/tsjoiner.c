/* VisionStream: tests of stored segments as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tshelper.h"

#include "mpegts/vstsjoiner.h"
#include "timeline/teststream.h"

#define STEP_90K (15 * 3003)

/* @n pieces of half a second that one writer has written. */
static GPtrArray *
make (gint64 start_90k, guint n)
{
  GPtrArray *pieces =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  TestStream stream;

  test_stream_init (&stream, TRUE, TRUE);
  for (guint i = 0; i < n; i++) {
    TestPiece piece = {.start_90k = start_90k + i * STEP_90K,.frames = 15,
      .gop = 15
    };
    guint old = stream.bytes->len;

    test_stream_add (&stream, &piece);
    g_ptr_array_add (pieces, g_bytes_new (stream.bytes->data + old,
            stream.bytes->len - old));
  }
  test_stream_clear (&stream);
  return pieces;
}

/* Adds a piece; whether it stayed as it is. */
static gboolean
add (VsTsJoiner * joiner, GPtrArray * pieces, guint i, gboolean jump,
    GByteArray * all)
{
  GBytes *bytes = g_ptr_array_index (pieces, i);
  g_autoptr (GBytes) joined =
      vs_ts_joiner_add (joiner, g_bytes_ref (bytes), jump);
  gsize size;
  gconstpointer data = g_bytes_get_data (joined, &size);

  g_byte_array_append (all, data, size);
  return joined == bytes;
}

static guint64
count_errors (const GByteArray * bytes, guint units)
{
  g_autoptr (TestReader) reader = test_read (bytes->data, bytes->len, 0);
  VsTsStats stats;

  vs_ts_reader_get_stats (reader->reader, &stats);
  fail_unless_equals_int (reader->units->len, units);
  for (guint i = 0; i < reader->units->len; i++)
    fail_if (test_reader_get (reader, i)->unit.flags & VS_TS_UNIT_DAMAGED);
  return stats.continuity_errors;
}

static guint
count_units (GPtrArray * pieces, guint i)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (g_ptr_array_index (pieces, i), &size);
  g_autoptr (TestReader) reader = test_read (data, size, 0);

  return reader->units->len;
}

GST_START_TEST (test_goes_on)
{
  g_autoptr (GPtrArray) pieces = make (0, 3);
  g_autoptr (VsTsJoiner) joiner = vs_ts_joiner_new ();
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint units = 0;

  for (guint i = 0; i < 3; i++) {
    fail_unless (add (joiner, pieces, i, FALSE, all));
    units += count_units (pieces, i);
  }
  fail_unless_equals_uint64 (count_errors (all, units), 0);
}

GST_END_TEST;

/* One is missing, and then another writer begins with another clock: nothing is
 * lost, and nothing is an error. */
GST_START_TEST (test_jumps)
{
  g_autoptr (GPtrArray) pieces = make (0, 3);
  g_autoptr (GPtrArray) others = make (500000, 3);
  g_autoptr (VsTsJoiner) joiner = vs_ts_joiner_new ();
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint units = count_units (pieces, 0) + count_units (pieces, 2)
      + count_units (others, 1) + count_units (others, 2);

  fail_unless (add (joiner, pieces, 0, TRUE, all));
  fail_if (add (joiner, pieces, 2, TRUE, all));
  fail_if (add (joiner, others, 1, TRUE, all));
  fail_unless (add (joiner, others, 2, FALSE, all));
  fail_unless_equals_uint64 (count_errors (all, units), 0);
}

GST_END_TEST;

/* The clock alone jumps: the counters go on. */
GST_START_TEST (test_clock)
{
  g_autoptr (GPtrArray) pieces = make (0, 2);
  g_autoptr (VsTsJoiner) joiner = vs_ts_joiner_new ();
  g_autoptr (GByteArray) all = g_byte_array_new ();
  gsize size, n = 0;
  const guint8 *data = g_bytes_get_data (g_ptr_array_index (pieces, 1), &size);

  add (joiner, pieces, 0, FALSE, all);
  g_byte_array_set_size (all, 0);
  fail_if (add (joiner, pieces, 1, TRUE, all));
  fail_unless_equals_uint64 (all->len, size);
  for (gsize i = 0; i < size; i++) {
    if (data[i] == all->data[i])
      continue;
    fail_unless_equals_int (data[i] ^ all->data[i], 0x80);
    fail_unless_equals_int (i % 188, 5);
    fail_unless (data[i] & 0x10);
    n++;
  }
  fail_unless_equals_uint64 (n, 1);
}

GST_END_TEST;

GST_START_TEST (test_reset)
{
  g_autoptr (GPtrArray) pieces = make (0, 3);
  g_autoptr (VsTsJoiner) joiner = vs_ts_joiner_new ();
  g_autoptr (GByteArray) all = g_byte_array_new ();

  add (joiner, pieces, 0, FALSE, all);
  vs_ts_joiner_reset (joiner);
  fail_unless (add (joiner, pieces, 2, TRUE, all));
}

GST_END_TEST;

/* Each of what is added counts from the same number. */
GST_START_TEST (test_counted)
{
  g_autoptr (VsTsJoiner) joiner = vs_ts_joiner_new ();
  gint last[8192];

  memset (last, -1, sizeof last);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GPtrArray) made = make (900000, 2);
    g_autoptr (GBytes) given = vs_ts_joiner_add_counted (joiner,
        g_bytes_ref (g_ptr_array_index (made, 0)), FALSE);
    gsize size;
    const guint8 *data = g_bytes_get_data (given, &size);

    fail_unless_equals_uint64 (size,
        g_bytes_get_size (g_ptr_array_index (made, 0)));
    for (gsize k = 0; k < size; k += 188) {
      guint pid = (data[k + 1] & 0x1f) << 8 | data[k + 2];
      gint step = (data[k + 3] & 0x10) != 0;

      fail_unless (last[pid] < 0
          || (data[k + 3] & 0x0f) == ((last[pid] + step) & 0x0f));
      last[pid] = data[k + 3] & 0x0f;
      fail_if (i > 0 && (data[k + 3] & 0x20) && data[k + 4] > 0
          && (data[k + 5] & 0x80));
    }
  }
}

GST_END_TEST;

static Suite *
tsjoiner_suite (void)
{
  Suite *suite = suite_create ("tsjoiner");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_goes_on);
  tcase_add_test (tcase, test_jumps);
  tcase_add_test (tcase, test_clock);
  tcase_add_test (tcase, test_reset);
  tcase_add_test (tcase, test_counted);
  return suite;
}

GST_CHECK_MAIN (tsjoiner);
