/* VisionStream: tests of an archive's time without its holes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/vsarchiveholes.h"

#define S G_USEC_PER_SEC

static void
add (VsArchiveHoles * holes, guint64 sequence, gint64 utc_us, gint64 length_us,
    gboolean gap)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();

  segment->sequence = sequence;
  segment->utc_us = utc_us;
  segment->duration = length_us * GST_USECOND;
  segment->gap = gap;
  vs_archive_holes_add (holes, segment);
}

/* [100, 110) [110, 120) gap [120, 130), then nothing up to [150, 160); dates
 * are a little off. */
static VsArchiveHoles *
make (void)
{
  VsArchiveHoles *holes = vs_archive_holes_new ();

  fail_unless_equals_uint64 (vs_archive_holes_get_next (holes), 0);
  add (holes, 7, 100 * S, 10 * S, FALSE);
  add (holes, 8, 110 * S + 10000, 10 * S - 10000, FALSE);
  add (holes, 9, 120 * S, 10 * S, TRUE);
  add (holes, 10, 150 * S, 10 * S, FALSE);
  fail_unless_equals_uint64 (vs_archive_holes_get_next (holes), 11);
  return holes;
}

GST_START_TEST (test_both_ways)
{
  static const struct
  {
    gint64 utc, closed, back;
  } rows[] = {
    {90, 90, 90}, {100, 100, 100}, {115, 115, 115}, {119, 119, 119},
    {120, 120, 150}, {125, 120, 150}, {149, 120, 150}, {150, 120, 150},
    {155, 125, 155}, {160, 130, 160}, {1000, 970, 1000},
  };
  g_autoptr (VsArchiveHoles) holes = make ();

  fail_unless_equals_int64 (vs_archive_holes_get_end (holes), 130 * S);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gint64 closed = vs_archive_holes_close (holes, rows[i].utc * S);

    fail_unless_equals_int64 (closed, rows[i].closed * S);
    fail_unless_equals_int64 (vs_archive_holes_open (holes, closed),
        rows[i].back * S);
  }
}

GST_END_TEST;

/* One that is lost later takes no time either, however often that is said. */
GST_START_TEST (test_lose)
{
  g_autoptr (VsArchiveHoles) holes = make ();
  g_autoptr (VsSegment) segment = vs_segment_new ();

  segment->utc_us = 100 * S;
  segment->duration = 10 * GST_SECOND;
  for (guint i = 0; i < 2; i++) {
    vs_archive_holes_lose (holes, segment);
    fail_unless_equals_int64 (vs_archive_holes_close (holes, 100 * S), 100 * S);
    fail_unless_equals_int64 (vs_archive_holes_close (holes, 115 * S), 105 * S);
    fail_unless_equals_int64 (vs_archive_holes_close (holes, 155 * S), 115 * S);
    fail_unless_equals_int64 (vs_archive_holes_open (holes, 115 * S), 155 * S);
    fail_unless_equals_int64 (vs_archive_holes_get_end (holes), 120 * S);
  }
}

GST_END_TEST;

static Suite *
archiveholes_suite (void)
{
  Suite *suite = suite_create ("archiveholes");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_both_ways);
  tcase_add_test (tcase, test_lose);
  return suite;
}

GST_CHECK_MAIN (archiveholes);
