/* VisionStream: tests of the quality levels of a Smooth Streaming presentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "smoothfixture.h"

/* The key of a level depends on neither measure nor company. */
GST_START_TEST (test_bitrates)
{
  g_auto (Fixture) f;
  guint before[N_LEVELS];
  VsSmoothLevel swapped[2];

  fixture_init (&f);
  fixture_fill (&f, 1, 0);
  for (guint i = 0; i < N_LEVELS; i++)
    before[i] = f.levels[i].bitrate;
  fail_unless_equals_int (before[LEVEL_HIGH] / 1000, 3000);
  fail_unless_equals_int (before[LEVEL_LOW] / 1000, 800);
  fail_unless_equals_int (before[LEVEL_AUDIO] / 1000, 192);

  f.views[0].average_bandwidth = 9999999;
  swapped[0] = f.levels[LEVEL_LOW];
  swapped[1] = f.levels[LEVEL_HIGH];
  vs_smooth_levels_choose_bitrates (swapped, 2);
  fail_unless_equals_int (swapped[0].bitrate, before[LEVEL_LOW]);
  fail_unless_equals_int (swapped[1].bitrate, before[LEVEL_HIGH]);

  /* the same rate: told apart, and neither by its place */
  f.views[1].rendition->bitrate = 3000000;
  vs_smooth_levels_choose_bitrates (f.levels, N_LEVELS);
  fail_unless_equals_int (f.levels[LEVEL_HIGH].bitrate, before[LEVEL_HIGH]);
  fail_if (f.levels[LEVEL_LOW].bitrate == f.levels[LEVEL_HIGH].bitrate);
  /* the same name too, as far as that goes */
  f.views[1].rendition->name[0] = '7';
  f.views[1].rendition->name[1] = '2';
  vs_smooth_levels_choose_bitrates (f.levels, N_LEVELS);
  fail_unless_equals_int (f.levels[LEVEL_LOW].bitrate,
      f.levels[LEVEL_HIGH].bitrate + 1);
  fail_unless (vs_smooth_levels_find (f.levels, N_LEVELS, "video",
          before[LEVEL_HIGH]) == &f.levels[LEVEL_HIGH]);
  fail_unless (vs_smooth_levels_find (f.levels, N_LEVELS, "audio_en",
          before[LEVEL_HIGH]) == NULL);
}

GST_END_TEST;

/* Nobody said what a rendition takes. */
GST_START_TEST (test_guessed_bitrates)
{
  g_auto (Fixture) f;

  fixture_init (&f);
  f.views[0].rendition->bitrate = f.views[1].rendition->bitrate = 0;
  vs_smooth_levels_choose_bitrates (f.levels, N_LEVELS);
  /* a bit for ten pixels, 30 times a second */
  fail_unless_equals_int (f.levels[LEVEL_HIGH].bitrate / 1000,
      1280 * 720 * 30 / 10 / 1000);
  fail_unless_equals_int (f.levels[LEVEL_LOW].bitrate / 1000,
      640 * 360 * 30 / 10 / 1000);
  fail_unless_equals_int (f.levels[LEVEL_AUDIO].bitrate / 1000, 192);
}

GST_END_TEST;

static void
assert_found (const Fixture * f, guint level, const GArray * runs,
    const VsSmoothFragmentEntry * expected)
{
  VsSmoothFragmentEntry entry;
  guint64 shift;

  fail_unless (vs_smooth_level_find_shift (&f->levels[level], runs,
          expected->time, &shift));
  fail_unless_equals_uint64 (shift, expected->shift);
  fail_unless (vs_smooth_levels_find_fragment (f->levels, N_LEVELS,
          &f->levels[level], expected->time, shift, &entry));
  fail_unless_equals_uint64 (entry.sequence, expected->sequence);
  fail_unless_equals_uint64 (entry.time, expected->time);
  fail_unless_equals_uint64 (entry.duration, expected->duration);
  fail_unless_equals_uint64 (entry.shift, expected->shift);
  fail_if (vs_smooth_levels_find_fragment (f->levels, N_LEVELS,
          &f->levels[level], expected->time + VS_SMOOTH_TIME_STEP, shift,
          &entry));
}

static void
check_list (const Fixture * f, guint level, guint64 base, guint expected)
{
  g_autoptr (GArray) runs =
      vs_smooth_levels_place_runs (f->levels, N_LEVELS, base);
  g_autoptr (GArray) list = vs_smooth_level_list (&f->levels[level], runs);

  fail_unless_equals_int (list->len, expected);
  for (guint i = 0; i < list->len; i++) {
    const VsSmoothFragmentEntry *entry =
        &g_array_index (list, VsSmoothFragmentEntry, i);

    fail_unless_equals_uint64 (entry->time % VS_SMOOTH_TIME_STEP, 0);
    if (i > 0)
      fail_unless (entry->time > entry[-1].time);
    /* within a run fragments touch */
    if (i > 0 && entry->shift == entry[-1].shift && base > 0
        && entry->sequence == entry[-1].sequence + 1)
      fail_unless_equals_uint64 (entry->time,
          entry[-1].time + entry[-1].duration);
    assert_found (f, level, runs, entry);
  }
}

/* What a list says is found again, live and in VOD, over runs and gaps. */
GST_START_TEST (test_find)
{
  g_auto (Fixture) f;
  VsSegment *gap;
  guint64 base, end;

  fixture_init (&f);
  fixture_fill (&f, 50, 50);
  gap = g_ptr_array_index (f.views[0].segments, 20);
  gap->gap = TRUE;
  gap->n_tracks = 0;
  for (guint i = 0; i < N_LEVELS; i++) {
    guint lost = i == LEVEL_LOW ? 0 : 1;

    check_list (&f, i, 0, 100 - lost);
    vs_smooth_get_boundaries (g_ptr_array_index (f.views[0].segments, 0),
        &base, &end);
    check_list (&f, i, base, 100 - lost);
    /* from the middle of the second run on */
    vs_smooth_get_boundaries (g_ptr_array_index (f.views[0].segments, 70),
        &base, &end);
    check_list (&f, i, base, 30);
  }
}

GST_END_TEST;

/* A rung that begins at other times is found by those of the list. */
GST_START_TEST (test_find_by_other)
{
  g_auto (Fixture) f;
  VsSmoothFragmentEntry entry;
  guint64 time, duration;
  VsSegment *segment;

  fixture_init (&f);
  fixture_fill (&f, 3, 0);
  segment = g_ptr_array_index (f.views[1].segments, 1);
  segment->tracks[0].start += 1500;
  fail_unless (vs_smooth_get_extent (g_ptr_array_index (f.views[0].segments,
              1), VS_MEDIA_VIDEO, 0, &time, &duration));
  fail_unless (vs_smooth_levels_find_fragment (f.levels, N_LEVELS,
          &f.levels[LEVEL_LOW], time, 0, &entry));
  fail_unless_equals_uint64 (entry.sequence, 2);
}

GST_END_TEST;

static Suite *
smoothlevel_suite (void)
{
  Suite *suite = suite_create ("smoothlevel");
  TCase *tcase = tcase_create ("level");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_bitrates);
  tcase_add_test (tcase, test_guessed_bitrates);
  tcase_add_test (tcase, test_find);
  tcase_add_test (tcase, test_find_by_other);
  return suite;
}

GST_CHECK_MAIN (smoothlevel);
