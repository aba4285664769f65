/* VisionStream: tests of exact times for manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "manifest/vsmediatime.h"

GST_START_TEST (test_time_to_us)
{
  static const struct
  {
    gint64 time;
    guint32 timescale;
    gint64 us;
  } cases[] = {
    {0, 90000, 0},
    {90000, 90000, 1000000},
    {1, 90000, 11},
    {3003, 90000, 33367},
    {-3003, 90000, -33367},
    {1024, 44100, 23220},
    {1, 2000000, 1},
    {G_MAXINT64, 1, G_MAXINT64 / 2},
    {G_MININT64, 1, -(G_MAXINT64 / 2)},
    {5, 0, 5000000},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless_equals_int64 (vs_media_time_to_us (cases[i].time,
            cases[i].timescale), cases[i].us);
}

GST_END_TEST;

GST_START_TEST (test_ticks_to_us)
{
  static const gint64 cases[][2] = {
    {0, 0}, {1, 11}, {9, 100}, {17, 188}, {180180, 2002000},
    {-1, -12}, {-9, -100}, {-17, -189},
    {G_MAXINT64 / 100, G_MAXINT64 / 100 / 9 * 100},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless_equals_int64 (vs_media_ticks_to_us (cases[i][0]), cases[i][1]);
}

GST_END_TEST;

/* The audio's own start moves its UTC by as much. */
GST_START_TEST (test_segment)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();
  gint64 start_us, end_us;

  segment->start_pts_90k = 90000;
  segment->utc_us = 5000000;
  segment->duration = 2 * GST_SECOND;
  segment->n_tracks = 1;
  segment->tracks[0].type = VS_MEDIA_AUDIO;
  segment->tracks[0].timescale = 48000;
  segment->tracks[0].start = 48480;
  segment->tracks[0].duration = 96000;

  vs_media_time_of_segment (segment, VS_MEDIA_AUDIO, &start_us, &end_us);
  fail_unless_equals_int64 (start_us, 1010000);
  fail_unless_equals_int64 (end_us, 3010000);
  fail_unless_equals_int64 (vs_media_time_get_utc (segment, VS_MEDIA_AUDIO),
      5010000);

  vs_media_time_of_segment (segment, VS_MEDIA_VIDEO, &start_us, &end_us);
  fail_unless_equals_int64 (start_us, 1000000);
  fail_unless_equals_int64 (end_us, 3000000);
  fail_unless_equals_int64 (vs_media_time_get_utc (segment, VS_MEDIA_VIDEO),
      5000000);
}

GST_END_TEST;

GST_START_TEST (test_format)
{
  static const struct
  {
    gint64 utc_us;
    const gchar *text;
  } cases[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {1772366400999999, "2026-03-01T12:00:00.999Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {G_GINT64_CONSTANT (253402300799999999), "9999-12-31T23:59:59.999Z"},
    {G_MAXINT64, "1970-01-01T00:00:00.000Z"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = vs_media_time_format_utc (cases[i].utc_us);

    fail_unless_equals_string (text, cases[i].text);
  }
}

GST_END_TEST;

static Suite *
mediatime_suite (void)
{
  Suite *suite = suite_create ("mediatime");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_time_to_us);
  tcase_add_test (tcase, test_ticks_to_us);
  tcase_add_test (tcase, test_segment);
  tcase_add_test (tcase, test_format);
  return suite;
}

GST_CHECK_MAIN (mediatime);
