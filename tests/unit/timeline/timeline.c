/* VisionStream: tests of vstimeline.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "timeline/vstimeline.h"

static VsTimeline *
timeline_new (void)
{
  g_autoptr (VsRendition) rendition =
      vs_rendition_new ("default", "live", NULL, "720p");

  return vs_timeline_new (rendition);
}

static gboolean
append (VsTimeline * timeline, guint64 sequence, guint64 size,
    GstClockTime duration)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();

  segment->sequence = sequence;
  segment->duration = duration;
  segment->size = size;
  segment->n_tracks = 1;
  segment->tracks[0].type = VS_MEDIA_VIDEO;
  g_strlcpy (segment->tracks[0].config_id, sequence < 5 ? "0000aaaa" :
      "0000bbbb", sizeof segment->tracks[0].config_id);
  return vs_timeline_append (timeline, segment);
}

static void
fail_unless_view (VsTimelineView * view, guint64 from, guint n)
{
  fail_unless_equals_int (view->segments->len, n);
  for (guint i = 0; i < n; i++) {
    VsSegment *segment = g_ptr_array_index (view->segments, i);

    fail_unless_equals_uint64 (segment->sequence, from + i);
  }
}

GST_START_TEST (test_sequence_must_follow)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();

  fail_unless (append (timeline, 7, 1, GST_SECOND));
  fail_if (append (timeline, 7, 1, GST_SECOND));
  fail_if (append (timeline, 9, 1, GST_SECOND));
  fail_unless (append (timeline, 8, 1, GST_SECOND));
  fail_unless (vs_timeline_get (timeline, 6) == NULL);
  fail_unless (vs_timeline_get (timeline, 9) == NULL);
  {
    g_autoptr (VsSegment) segment = vs_timeline_get (timeline, 8);

    fail_unless_equals_uint64 (segment->sequence, 8);
  }
}

GST_END_TEST;

GST_START_TEST (test_views)
{
  /* first and last asked for -> first and number got, of 1 to 2500 */
  static const struct
  {
    guint64 first, last, got_first;
    guint got_n;
  } cases[] = {
    {0, G_MAXUINT64, 1, 2500},
    {1000, 1001, 1000, 2},
    {1001, 1001, 1001, 1},
    {2400, 9999, 2400, 101},
    {2501, G_MAXUINT64, 0, 0},
    {20, 10, 0, 0},
  };
  static const struct
  {
    GstClockTime window;
    guint got_n;
  } windows[] = {
    {0, 2500}, {1, 1}, {2 * GST_SECOND, 1}, {2 * GST_SECOND + 1, 2},
    {60 * GST_SECOND, 30}, {10000 * GST_SECOND, 2500},
  };
  g_autoptr (VsTimeline) timeline = timeline_new ();

  for (guint i = 1; i <= 2500; i++)
    fail_unless (append (timeline, i, 1000, 2 * GST_SECOND));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsTimelineView) view =
        vs_timeline_view (timeline, cases[i].first, cases[i].last);

    fail_unless_view (view, cases[i].got_first, cases[i].got_n);
  }
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++) {
    g_autoptr (VsTimelineView) view =
        vs_timeline_view_window (timeline, G_MAXUINT64, windows[i].window);

    fail_unless_view (view, 2501 - windows[i].got_n, windows[i].got_n);
  }
}

GST_END_TEST;

/* A stream with a configuration of its own in each segment does not fill the
 * memory with them; what is told of ahead of its segment, or is in use still,
 * stays. */
GST_START_TEST (test_many_configs)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  const guint n = 5000, kept = 10;
  guint known = 0;

  for (guint i = 0; i < n; i++) {
    g_autoptr (VsCodecConfig) config = vs_codec_config_new (VS_CODEC_H264);
    g_autoptr (VsCodecConfig) steady = NULL, own = NULL;
    g_autoptr (VsSegment) segment = vs_segment_new ();

    g_snprintf (config->id, sizeof config->id, "%08x", i);
    vs_timeline_add_config (timeline, config);
    if (i >= kept)
      vs_timeline_prune (timeline, i - kept);
    segment->sequence = i;
    segment->n_tracks = 2;
    g_strlcpy (segment->tracks[0].config_id, config->id, sizeof config->id);
    g_strlcpy (segment->tracks[1].config_id, "00000000", sizeof config->id);
    fail_unless (vs_timeline_append (timeline, segment));
    steady = vs_timeline_get_config (timeline, "00000000");
    own = vs_timeline_get_config (timeline, config->id);
    fail_unless (steady != NULL && own == config);
  }
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *id = g_strdup_printf ("%08x", i);
    g_autoptr (VsCodecConfig) config = vs_timeline_get_config (timeline, id);

    known += config != NULL;
    fail_unless (config != NULL || i < n - kept);
  }
  fail_unless (known < 3 * VS_TIMELINE_BLOCK, "%u", known);
}

GST_END_TEST;

/* A view stays as it was while the timeline grows and is pruned. */
GST_START_TEST (test_prune)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  g_autoptr (VsTimelineView) before = NULL;
  g_autoptr (VsTimelineView) after = NULL;
  g_autoptr (VsTimelineView) none = NULL;

  for (guint i = 1; i <= 2000; i++)
    append (timeline, i, 1000, GST_SECOND);
  before = vs_timeline_view (timeline, 0, G_MAXUINT64);
  vs_timeline_prune (timeline, 1500);
  vs_timeline_prune (timeline, 3);
  after = vs_timeline_view (timeline, 0, G_MAXUINT64);
  fail_unless_view (before, 1, 2000);
  fail_unless_view (after, 1500, 501);
  fail_unless (vs_timeline_get (timeline, 1499) == NULL);

  /* all of it, on a block's edge: the numbering goes on */
  vs_timeline_prune (timeline, 99999);
  none = vs_timeline_view (timeline, 0, G_MAXUINT64);
  fail_unless_view (none, 0, 0);
  fail_unless (append (timeline, 2001, 1000, GST_SECOND));
  {
    g_autoptr (VsSegment) segment = vs_timeline_get (timeline, 2001);

    fail_unless_equals_uint64 (segment->sequence, 2001);
  }
}

GST_END_TEST;

/* Bandwidths by hand: a run of 0.5 to 1.5 target durations makes the peak. */
GST_START_TEST (test_bandwidth)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  g_autoptr (VsTimelineView) view = NULL;
  g_autoptr (VsSegment) gap = vs_segment_new ();

  vs_timeline_set_target_duration (timeline, 4);
  append (timeline, 1, 4000, 4 * GST_SECOND);
  /* too short to count alone (8000 bit/s over 1 s): with its neighbours
   * before and after it does not reach it */
  append (timeline, 2, 1000, GST_SECOND);
  append (timeline, 3, 6000, 4 * GST_SECOND);
  gap->sequence = 4;
  gap->gap = TRUE;
  gap->duration = 4 * GST_SECOND;
  fail_unless (vs_timeline_append (timeline, gap));
  view = vs_timeline_view (timeline, 0, G_MAXUINT64);
  fail_unless_equals_int (view->peaks.whole, 12000);
  fail_unless_equals_int (view->average_bandwidth, 11000 * 8 / 9 + 1);
  fail_unless_equals_int (view->target_duration, 4);
}

GST_END_TEST;

/* A track's peak is of its own bytes, and may come before the timeline. */
GST_START_TEST (test_track_bandwidth)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  g_autoptr (VsTimelineView) view = NULL;
  const VsPeaks earlier = {.whole = 1,.audio = 9000 };

  vs_timeline_set_target_duration (timeline, 4);
  for (guint i = 1; i <= 3; i++) {
    g_autoptr (VsSegment) segment = vs_segment_new ();

    segment->sequence = i;
    segment->duration = 4 * GST_SECOND;
    segment->size = 10000;
    segment->n_tracks = 2;
    segment->tracks[0].type = VS_MEDIA_VIDEO;
    segment->tracks[0].size = i == 2 ? 8000 : 5000;
    segment->tracks[1].type = VS_MEDIA_AUDIO;
    segment->tracks[1].size = i == 3 ? 4000 : 500;
    fail_unless (vs_timeline_append (timeline, segment));
  }
  vs_timeline_raise_peaks (timeline, &earlier);
  view = vs_timeline_view (timeline, 0, G_MAXUINT64);
  fail_unless_equals_int (view->peaks.whole, 20000);
  fail_unless_equals_int (view->peaks.video, 16000);
  fail_unless_equals_int (view->peaks.audio, 9000);
}

GST_END_TEST;

static VsCodecConfig *
config_new (const gchar * id)
{
  VsCodecConfig *config = vs_codec_config_new (VS_CODEC_AAC);

  g_strlcpy (config->id, id, sizeof config->id);
  return config;
}

static void
append_with_config (VsTimeline * timeline, guint64 sequence,
    const gchar * config_id)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();

  segment->sequence = sequence;
  segment->duration = GST_SECOND;
  segment->n_tracks = 1;
  segment->tracks[0].type = VS_MEDIA_AUDIO;
  g_strlcpy (segment->tracks[0].config_id, config_id,
      sizeof segment->tracks[0].config_id);
  fail_unless (vs_timeline_append (timeline, segment));
}

/* A view has the configurations that its segments name and no others. */
GST_START_TEST (test_configs)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  g_autoptr (VsCodecConfig) a = config_new ("0000000a");
  g_autoptr (VsCodecConfig) b = config_new ("0000000b");
  g_autoptr (VsTimelineView) both = NULL;
  g_autoptr (VsTimelineView) second = NULL;

  vs_timeline_add_config (timeline, a);
  vs_timeline_add_config (timeline, a);
  vs_timeline_add_config (timeline, b);
  append_with_config (timeline, 1, a->id);
  append_with_config (timeline, 2, b->id);
  append_with_config (timeline, 3, a->id);
  append_with_config (timeline, 4, "");
  append_with_config (timeline, 5, "ffffffff");

  both = vs_timeline_view (timeline, 0, G_MAXUINT64);
  fail_unless_equals_int (both->configs->len, 2);
  fail_unless (g_ptr_array_index (both->configs, 0) == a);
  fail_unless (g_ptr_array_index (both->configs, 1) == b);
  second = vs_timeline_view (timeline, 2, 2);
  fail_unless_equals_int (second->configs->len, 1);
  fail_unless (g_ptr_array_index (second->configs, 0) == b);
  fail_unless (vs_timeline_get_config (timeline, "ffffffff") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_ended)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  g_autoptr (VsTimelineView) ended = NULL;
  g_autoptr (VsTimelineView) reopened = NULL;

  append (timeline, 1, 1000, GST_SECOND);
  vs_timeline_set_ended (timeline, TRUE);
  ended = vs_timeline_view (timeline, 0, G_MAXUINT64);
  vs_timeline_set_ended (timeline, FALSE);
  reopened = vs_timeline_view (timeline, 0, G_MAXUINT64);
  fail_unless (ended->ended);
  fail_if (reopened->ended);
}

GST_END_TEST;

typedef struct
{
  VsTimeline *timeline;
  gint done;
} Race;

static gpointer
read_views (gpointer data)
{
  Race *race = data;
  guint64 views = 0;

  do {
    g_autoptr (VsTimelineView) view =
        vs_timeline_view_window (race->timeline, G_MAXUINT64, 10 * GST_SECOND);
    guint n = view->segments->len;

    if (n > 0)
      fail_unless_view (view,
          ((VsSegment *) g_ptr_array_index (view->segments, 0))->sequence, n);
    views++;
  } while (!g_atomic_int_get (&race->done));
  return GUINT_TO_POINTER (views > 0);
}

GST_START_TEST (test_reader_beside_writer)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  Race race = { timeline, FALSE };
  GThread *reader = g_thread_new ("reader", read_views, &race);

  for (guint i = 1; i <= 5000; i++) {
    append (timeline, i, 1000, GST_SECOND);
    if (i > 100)
      vs_timeline_prune (timeline, i - 100);
  }
  g_atomic_int_set (&race.done, TRUE);
  fail_unless (g_thread_join (reader) != NULL);
}

GST_END_TEST;

GST_START_TEST (test_state)
{
  g_autoptr (VsTimeline) timeline = timeline_new ();
  g_autoptr (VsTimeline) other = timeline_new ();
  VsTimelineState before, after, others;

  vs_timeline_get_state (timeline, &before);
  vs_timeline_get_state (other, &others);
  fail_unless_equals_uint64 (before.next, 0);
  fail_unless (before.revision != others.revision);

  append (timeline, 7, 1, 2 * GST_SECOND);
  vs_timeline_get_state (timeline, &after);
  fail_unless (after.revision != before.revision);
  fail_unless_equals_uint64 (after.next, 8);
  fail_unless_equals_int (after.target_duration, 2);
  fail_if (after.ended);

  /* what changes nothing is no change */
  before = after;
  fail_if (append (timeline, 7, 1, GST_SECOND));
  vs_timeline_set_ended (timeline, FALSE);
  vs_timeline_prune (timeline, 7);
  vs_timeline_get_state (timeline, &after);
  fail_unless_equals_uint64 (after.revision, before.revision);

  vs_timeline_set_ended (timeline, TRUE);
  vs_timeline_get_state (timeline, &after);
  fail_unless (after.ended);
  fail_unless (after.revision != before.revision);
  vs_timeline_get_state (other, &after);
  fail_unless_equals_uint64 (after.revision, others.revision);
}

GST_END_TEST;

static Suite *
timeline_suite (void)
{
  Suite *s = suite_create ("vstimeline");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_sequence_must_follow);
  tcase_add_test (tc, test_views);
  tcase_add_test (tc, test_many_configs);
  tcase_add_test (tc, test_prune);
  tcase_add_test (tc, test_bandwidth);
  tcase_add_test (tc, test_track_bandwidth);
  tcase_add_test (tc, test_configs);
  tcase_add_test (tc, test_ended);
  tcase_add_test (tc, test_state);
  tcase_add_test (tc, test_reader_beside_writer);
  return s;
}

GST_CHECK_MAIN (timeline);
