/* VisionStream: tests of NAL unit and RBSP reading
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <gst/check/gstcheck.h>

#include "codec/vsparsers.h"

/* The same as vs_nal_find_start_code (), one byte after the other */
static gsize
find_plainly (const guint8 * data, gsize size, gsize offset)
{
  for (gsize i = offset; i + 3 <= size; i++) {
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1)
      return i;
  }
  return size;
}

/* All lengths and alignments, with much or little that looks like a start */
GST_START_TEST (test_find_start_code)
{
  static const guint ranges[] = { 2, 3, 16, 256 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  guint8 data[200];
  guint found = 0;

  for (guint round = 0; round < 20000; round++) {
    gsize size = g_rand_int_range (rand, 0, sizeof data);
    gsize offset = g_rand_int_range (rand, 0, size + 1);
    guint8 *exact;
    gsize expected;

    for (gsize i = 0; i < size; i++)
      data[i] = g_rand_int_range (rand, 0, ranges[round % 4]);
    /* so that a read past the end is one past the allocation */
    exact = g_memdup2 (data, size);
    expected = find_plainly (data, size, offset);
    fail_unless_equals_uint64 (vs_nal_find_start_code (exact, size, offset),
        expected);
    found += expected < size;
    g_free (exact);
  }
  fail_unless (found > 1000);
}

GST_END_TEST;

GST_START_TEST (test_next)
{
  static const guint8 data[] = { 9, 0, 0, 0, 1, 0x67, 1, 0, 0, 0, 0, 1, 0, 0,
    1, 0, 0, 1, 0x68, 0, 0, 3, 0, 0, 1, 0x65
  };
  static const struct
  {
    gsize at, size;
  } expected[] = { {5, 2}, {18, 4}, {25, 1} };
  gsize offset = 0;
  VsNal nal;

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    fail_unless (vs_nal_next (data, sizeof data, &offset, &nal));
    fail_unless_equals_int (nal.data - data, expected[i].at);
    fail_unless_equals_int (nal.size, expected[i].size);
  }
  fail_if (vs_nal_next (data, sizeof data, &offset, &nal));
  offset = 0;
  fail_if (vs_nal_next (data, 3, &offset, &nal));
  offset = 0;
  fail_if (vs_nal_next (data, 0, &offset, &nal));
}

GST_END_TEST;

GST_START_TEST (test_rbsp)
{
  /* 1 010 011 00100 00101 then escaped zeros */
  static const guint8 data[] = { 0xa6, 0x42, 0x80, 0, 0, 3, 1, 0, 0, 3 };
  VsRbsp rbsp;

  vs_rbsp_init (&rbsp, data, sizeof data);
  fail_unless_equals_int (rbsp.size, 8);
  fail_unless_equals_int (vs_rbsp_ue (&rbsp, 9), 0);
  fail_unless_equals_int (vs_rbsp_ue (&rbsp, 9), 1);
  fail_unless_equals_int (vs_rbsp_ue (&rbsp, 9), 2);
  fail_unless_equals_int (vs_rbsp_ue (&rbsp, 9), 3);
  fail_unless_equals_int (vs_rbsp_se (&rbsp), -2);
  fail_unless_equals_int (vs_rbsp_u (&rbsp, 7), 0);
  fail_unless_equals_int (vs_rbsp_u (&rbsp, 24), 1);
  fail_if (rbsp.failed);
  fail_unless_equals_int (vs_rbsp_u (&rbsp, 17), 0);
  fail_unless (rbsp.failed);
  /* once failed, always */
  fail_unless_equals_int (vs_rbsp_u (&rbsp, 1), 0);

  vs_rbsp_init (&rbsp, data, sizeof data);
  vs_rbsp_u (&rbsp, 4);
  fail_unless_equals_int (vs_rbsp_ue (&rbsp, 1), 0);
  fail_unless (rbsp.failed);
}

GST_END_TEST;

static Suite *
nal_suite (void)
{
  Suite *s = suite_create ("nal");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_find_start_code);
  tcase_add_test (tc, test_next);
  tcase_add_test (tc, test_rbsp);
  return s;
}

GST_CHECK_MAIN (nal);
