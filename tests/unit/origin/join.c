/* VisionStream: tests of segments that are several stored ones
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "origin/vsjoin.h"

/* A timeline of 2 s segments whose runs have @lengths; 0 ends the list. */
static VsTimeline *
make_timeline (guint64 first, const guint * lengths)
{
  g_autoptr (VsRendition) rendition =
      vs_rendition_new (VS_DEFAULT_ACCOUNT, VS_DEFAULT_EVENT, NULL, "720p");
  VsTimeline *timeline = vs_timeline_new (rendition);
  guint64 sequence = first;

  for (guint run = 0; lengths[run]; run++) {
    for (guint i = 0; i < lengths[run]; i++) {
      g_autoptr (VsSegment) segment = vs_segment_new ();

      segment->sequence = sequence++;
      segment->discontinuity_sequence = run;
      segment->discontinuity = run > 0 && i == 0;
      segment->duration = 2 * GST_SECOND;
      segment->size = 1000;
      segment->independent = TRUE;
      segment->n_tracks = 1;
      segment->tracks[0].type = VS_MEDIA_VIDEO;
      segment->tracks[0].timescale = 90000;
      segment->tracks[0].start = (gint64) sequence *180000;
      segment->tracks[0].duration = 180000;
      segment->sha256[0] = (guint8) segment->sequence;
      fail_unless (vs_timeline_append (timeline, segment));
    }
  }
  return timeline;
}

static GPtrArray *
find (VsTimeline * timeline, guint64 number, guint count)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *parts;
  VsHistory history;

  vs_history_init (&history, timeline, NULL);
  parts = vs_join_find (&history, number, count, &error);
  fail_unless (parts != NULL
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  return parts;
}

GST_START_TEST (test_count)
{
  static const struct
  {
    GstClockTime wanted, stored;
    guint count;
  } table[] = {
    {0, 2000, 1}, {2000, 2000, 1}, {1000, 2000, 1}, {6000, 2002, 3},
    {6000, 2000, 3}, {6006, 2002, 3}, {4000, 3000, 2}, {6001, 2000, 3},
    {6100, 2000, 4}, {60000, 500, 60}, {60000, 0, 1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    fail_unless_equals_int (vs_join_count (table[i].wanted * GST_MSECOND,
            table[i].stored * GST_MSECOND), table[i].count);
}

GST_END_TEST;

/* Whatever the runs, numbers follow each other without a gap, a number never
 * spans a discontinuity, and only a run's first may be short. */
GST_START_TEST (test_numbers)
{
  static const guint runs[][8] = {
    {30}, {7, 9}, {6, 6, 6}, {1, 1, 1, 1, 1, 4}, {3, 1, 2, 3, 5, 1, 9},
  };

  for (guint r = 0; r < G_N_ELEMENTS (runs); r++) {
    for (guint count = 2; count <= 7; count++) {
      g_autoptr (VsTimeline) timeline = make_timeline (1, runs[r]);
      g_autoptr (VsTimelineView) view =
          vs_timeline_view (timeline, 0, G_MAXUINT64);
      g_autoptr (GPtrArray) stored = g_ptr_array_ref (view->segments);
      GstClockTime duration = 0;
      guint64 start = 0;

      vs_join_view (view, count, FALSE);
      for (guint i = 0; i < view->segments->len; i++) {
        const VsSegment *segment = g_ptr_array_index (view->segments, i);
        g_autoptr (GPtrArray) parts = find (timeline, segment->sequence, count);

        if (i == 0)
          start = segment->sequence;
        fail_unless_equals_uint64 (segment->sequence, start + i);
        fail_unless (parts && parts->len <= count);
        fail_unless_equals_uint64 (segment->size, parts->len * 1000);
        fail_unless_equals_uint64 (segment->duration,
            parts->len * 2 * GST_SECOND);
        fail_unless_equals_int64 (segment->tracks[0].duration,
            parts->len * 180000);
        for (guint j = 1; j < parts->len; j++)
          fail_if (((VsSegment *) g_ptr_array_index (parts, j))->discontinuity);
        duration += segment->duration;
      }
      fail_unless_equals_uint64 (duration, stored->len * 2 * GST_SECOND);
    }
  }
}

GST_END_TEST;

/* Stored segments of 1000 and 3000 bytes take turns: the larger are the peak;
 * joined in twos all are alike. */
GST_START_TEST (test_peaks)
{
  static const guint runs[] = { 12, 0 };
  g_autoptr (VsTimeline) timeline = make_timeline (1, runs);
  g_autoptr (VsTimelineView) view = NULL;

  for (guint i = 2; i <= 12; i += 2) {
    g_autoptr (VsSegment) segment = vs_timeline_get (timeline, i);

    segment->size = 3000;
    segment->tracks[0].size = 2800;
  }
  view = vs_timeline_view (timeline, 0, G_MAXUINT64);
  view->peaks = (VsPeaks) {
  .whole = 12000};
  vs_join_view (view, 2, FALSE);
  vs_join_measure_peaks (view);
  fail_unless_equals_int (view->peaks.whole, 8000);
  fail_unless_equals_int (view->peaks.video, 5600);
  for (guint i = 0; i < view->segments->len; i++)
    ((VsSegment *) g_ptr_array_index (view->segments, i))->size = 0;
  vs_join_measure_peaks (view);
  fail_unless_equals_int (view->peaks.whole, 8000);
}

GST_END_TEST;

/* What a window begins or ends in the middle of is not shown, and a window
 * further on numbers the same segments the same. */
GST_START_TEST (test_windows)
{
  static const guint runs[] = { 10, 10, 0 };
  g_autoptr (VsTimeline) timeline = make_timeline (1, runs);
  g_autoptr (VsTimelineView) all = vs_timeline_view (timeline, 0, G_MAXUINT64);

  vs_join_view (all, 3, FALSE);
  for (guint64 first = 1; first < 15; first++) {
    for (guint64 last = first + 5; last <= 20; last++) {
      g_autoptr (VsTimelineView) view =
          vs_timeline_view (timeline, first, last);

      vs_join_view (view, 3, TRUE);
      for (guint i = 0; i < view->segments->len; i++) {
        const VsSegment *segment = g_ptr_array_index (view->segments, i);
        const VsSegment *same = NULL;

        for (guint j = 0; j < all->segments->len && !same; j++) {
          same = g_ptr_array_index (all->segments, j);
          if (same->sequence != segment->sequence)
            same = NULL;
        }
        fail_unless (same != NULL);
        /* a run's last may be short, and is whole once the next run begins */
        fail_unless_equals_uint64 (segment->duration, same->duration);
        fail_unless (memcmp (segment->sha256, same->sha256,
                sizeof segment->sha256) == 0);
      }
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_find_what_is_not_there)
{
  static const guint runs[] = { 10, 0 };
  g_autoptr (VsTimeline) timeline = make_timeline (5, runs);

  /* 5 and 6 are of a number that began with 4 */
  fail_unless (find (timeline, 2, 3) == NULL);
  fail_unless (find (timeline, 99, 3) == NULL);
  fail_unless (find (timeline, 0, 3) == NULL);
}

GST_END_TEST;

static Suite *
join_suite (void)
{
  Suite *s = suite_create ("join");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_count);
  tcase_add_test (tc, test_numbers);
  tcase_add_test (tc, test_windows);
  tcase_add_test (tc, test_peaks);
  tcase_add_test (tc, test_find_what_is_not_there);
  return s;
}

GST_CHECK_MAIN (join);
