/* VisionStream: tests of where Smooth Streaming's fragments are found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A list of all fragments, made from views of everything, is what manifests
 * show; each of its times has to lead to the same segment.
 */
#include <gst/check/gstcheck.h>

#include "fixture.h"
#include "origin/vsjoin.h"
#include "origin/vsmsslevels.h"

#define RUN_SEGMENTS 40
#define RUNS 3
#define SEGMENTS (RUNS * RUN_SEGMENTS)
/* between two runs */
#define PAUSE_US (600 * G_TIME_SPAN_SECOND)

/* Runs of which each begins ten minutes after the one before. */
static VsSegment *
make_segment (guint64 sequence)
{
  VsSegment *segment = fixture_segment (sequence, TRUE, TRUE);
  guint run = (sequence - 1) / RUN_SEGMENTS;
  gint64 first = (gint64) run * RUN_SEGMENTS;

  segment->run = segment->discontinuity_sequence = run;
  segment->discontinuity = run > 0 && sequence == (guint64) first + 1;
  segment->run_start_pts_90k = first * 180000;
  segment->utc_us += run * PAUSE_US;
  return segment;
}

static GPtrArray *
make_event (guint64 first)
{
  static const gchar *const names[] = { "720p", "240p" };
  GPtrArray *timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    VsTimeline *timeline = fixture_timeline (names[i], "en", TRUE, TRUE, 1, 0);

    for (guint64 n = 1; n <= SEGMENTS; n++) {
      g_autoptr (VsSegment) segment = make_segment (n);

      vs_timeline_append (timeline, segment);
    }
    vs_timeline_prune (timeline, first);
    g_ptr_array_add (timelines, timeline);
  }
  return timelines;
}

/* Levels with views of all that there is, joined. */
static GArray *
view_all (const VsMssLevels * levels, GPtrArray * timelines, guint join,
    GPtrArray * views)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (VsSmoothLevel));

  for (guint i = 0; i < levels->levels->len; i++) {
    VsSmoothLevel level = g_array_index (levels->levels, VsSmoothLevel, i);
    gboolean low = strcmp (level.view->rendition->name, "240p") == 0;
    VsTimelineView *view = vs_timeline_view (timelines->pdata[low], 0,
        G_MAXUINT64);

    vs_join_view (view, join, FALSE);
    g_ptr_array_add (views, view);
    level.view = view;
    g_array_append_val (all, level);
  }
  return all;
}

static guint
check_level (GPtrArray * timelines, const VsSmoothLevel * level,
    const GArray * runs, guint64 base, guint join)
{
  g_autoptr (GArray) list = vs_smooth_level_list (level, runs);
  VsObjectName name = {.track = level->type,.bitrate = level->bitrate,.base =
        base,.join = join
  };
  VsMssPlace place;

  g_strlcpy (name.name, level->stream, sizeof name.name);
  for (guint i = 0; i < list->len; i++) {
    const VsSmoothFragmentEntry *entry =
        &g_array_index (list, VsSmoothFragmentEntry, i);
    g_autoptr (VsRendition) info = NULL;

    name.time = entry->time;
    fail_unless (vs_mss_find_fragment (timelines, &name, &place, NULL));
    fail_unless_equals_uint64 (place.sequence, entry->sequence);
    fail_unless_equals_uint64 (place.shift, entry->shift);
    info = vs_timeline_get_rendition (place.timeline);
    fail_unless_equals_string (info->name, level->view->rendition->name);
    name.time += VS_SMOOTH_TIME_STEP;
    fail_if (vs_mss_find_fragment (timelines, &name, &place, NULL));
  }
  name.time = 0;
  name.bitrate++;
  fail_if (vs_mss_find_fragment (timelines, &name, &place, NULL));
  return list->len;
}

static void
check_event (GPtrArray * timelines, guint64 base, guint join, guint expected)
{
  g_autoptr (VsMssLevels) levels = vs_mss_levels_new (timelines);
  g_autoptr (GPtrArray) views = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_timeline_view_free);
  g_autoptr (GArray) all = view_all (levels, timelines, join, views);
  g_autoptr (GArray) runs = vs_smooth_levels_place_runs (
      (const VsSmoothLevel *) all->data, all->len, base);

  fail_unless_equals_int (all->len, 3);
  for (guint i = 0; i < all->len; i++)
    fail_unless_equals_int (check_level (timelines,
            &g_array_index (all, VsSmoothLevel, i), runs, base, join),
        expected);
}

static guint64
start_of (guint64 sequence)
{
  g_autoptr (VsSegment) segment = make_segment (sequence);
  guint64 start, end;

  vs_smooth_get_boundaries (segment, &start, &end);
  return start;
}

GST_START_TEST (test_live)
{
  g_autoptr (GPtrArray) timelines = make_event (1);

  check_event (timelines, 0, 1, SEGMENTS);
  /* all runs but the first begin with one that has fewer parts */
  check_event (timelines, 0, 4, SEGMENTS / 4 + RUNS - 1);
}

GST_END_TEST;

GST_START_TEST (test_on_demand)
{
  g_autoptr (GPtrArray) timelines = make_event (1);

  check_event (timelines, start_of (1), 1, SEGMENTS);
  /* which begins a joined one too */
  check_event (timelines, start_of (RUN_SEGMENTS + 10), 1,
      SEGMENTS - RUN_SEGMENTS - 9);
  check_event (timelines, start_of (RUN_SEGMENTS + 10), 4,
      (SEGMENTS - RUN_SEGMENTS - 9) / 4 + 2);
}

GST_END_TEST;

/* What has been forgotten hurts only where it is needed to count. */
GST_START_TEST (test_pruned)
{
  g_autoptr (GPtrArray) timelines = make_event (RUN_SEGMENTS + 21);
  VsObjectName name = {.name = "video",.base = start_of (5),.join = 1 };
  VsMssPlace place;

  check_event (timelines, start_of (RUN_SEGMENTS + 9), 1,
      SEGMENTS - RUN_SEGMENTS - 20);
  {
    g_autoptr (VsMssLevels) levels = vs_mss_levels_new (timelines);

    name.bitrate = g_array_index (levels->levels, VsSmoothLevel, 0).bitrate;
  }
  name.time = (RUN_SEGMENTS - 4) * G_GINT64_CONSTANT (20000000)
      + 20 * G_GINT64_CONSTANT (20000000);
  fail_if (vs_mss_find_fragment (timelines, &name, &place, NULL));
}

GST_END_TEST;

static Suite *
msslevels_suite (void)
{
  Suite *s = suite_create ("msslevels");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_live);
  tcase_add_test (tc, test_on_demand);
  tcase_add_test (tc, test_pruned);
  return s;
}

GST_CHECK_MAIN (msslevels);
