/* VisionStream: tests of vsframegrid.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "timeline/vsframegrid.h"

GST_START_TEST (test_steps)
{
  static const struct
  {
    guint rate_n, rate_d;
    gint64 step, at_1, at_2, at_1000, at_minus_3;
  } cases[] = {
    {30000, 1001, 3003, 3003, 6006, 3003000, -9009},
    /* 3753.75 */
    {24000, 1001, 3754, 3754, 7508, 3753750, -11261},
    /* 1501.5 */
    {60000, 1001, 1502, 1502, 3003, 1501500, -4505},
    {25, 1, 3600, 3600, 7200, 3600000, -10800},
    {48000, 1024, 1920, 1920, 3840, 1920000, -5760},
    /* 2089.795... */
    {44100, 1024, 2090, 2090, 4180, 2089796, -6269},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VsFrameGrid grid = { 0, };

    vs_frame_grid_set_rate (&grid, cases[i].rate_n, cases[i].rate_d);
    fail_unless_equals_int64 (vs_frame_grid_get_step (&grid), cases[i].step);
    fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 500), 500);
    fail_unless_equals_int64 (vs_frame_grid_time (&grid, 1) - 500,
        cases[i].at_1);
    fail_unless_equals_int64 (vs_frame_grid_time (&grid, 2) - 500,
        cases[i].at_2);
    fail_unless_equals_int64 (vs_frame_grid_time (&grid, 1000) - 500,
        cases[i].at_1000);
    fail_unless_equals_int64 (vs_frame_grid_time (&grid, -3) - 500,
        cases[i].at_minus_3);
    for (gint64 n = -2000; n < 2000; n += 7)
      fail_unless_equals_int64 (vs_frame_grid_index (&grid,
              vs_frame_grid_time (&grid, n)), n);
  }
}

GST_END_TEST;

/* Two ticks of noise go, more is another phase. */
GST_START_TEST (test_snap)
{
  VsFrameGrid grid = { 0, };

  fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 7), 7);
  vs_frame_grid_set_rate (&grid, 30000, 1001);
  fail_unless_equals_int64 (vs_frame_grid_snap (&grid, 9), 9);
  fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 1000), 1000);
  fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 4005), 4003);
  fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 7004), 7006);
  fail_unless_equals_int64 (vs_frame_grid_snap (&grid, 4006), 4006);
  fail_unless_equals_int64 (vs_frame_grid_snap (&grid, 4003 + 3003), 7006);
  /* a new phase */
  fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 10020), 10020);
  fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 13021), 13023);
  /* another rate forgets it */
  vs_frame_grid_set_rate (&grid, 25, 1);
  fail_unless_equals_int64 (vs_frame_grid_snap (&grid, 13022), 13022);
  /* no rate */
  vs_frame_grid_set_rate (&grid, 0, 1);
  fail_unless_equals_int64 (vs_frame_grid_follow (&grid, 13022), 13022);
  fail_unless_equals_int64 (vs_frame_grid_get_step (&grid), 0);
}

GST_END_TEST;

static Suite *
framegrid_suite (void)
{
  Suite *s = suite_create ("vsframegrid");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_steps);
  tcase_add_test (tc, test_snap);
  return s;
}

GST_CHECK_MAIN (framegrid);
