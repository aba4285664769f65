/* VisionStream: tests of vsboundaries.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "timeline/vsboundaries.h"

#define FRAME 3000              /* 30 frames a second */
#define SECOND 90000
#define UTC G_GINT64_CONSTANT (1700000000000000)

static void
init (VsBoundaries * boundaries, GstClockTime target)
{
  VsSegmenterSettings settings = {
    .target_duration = target,
    .first_sequence = 1,
    .start_utc_us = UTC
  };

  vs_boundaries_init (boundaries, &settings);
}

/* Frames of video without B-frames, @key: an IDR. */
static VsMediaUnit
frame (gint64 n, gboolean key)
{
  return (VsMediaUnit) {
  .type = VS_MEDIA_VIDEO,.flags = key ? VS_TS_UNIT_KEYFRAME : 0,.pts_90k =
        n * FRAME,.dts_90k = n * FRAME,.floor_90k = n * FRAME,.duration_90k =
        FRAME,.leads = TRUE,.anchor = TRUE,.running_time = GST_CLOCK_TIME_NONE};
}

static const gchar *
see (VsBoundaries * boundaries, gint64 n, gboolean key)
{
  VsMediaUnit unit = frame (n, key);

  return vs_boundaries_examine (boundaries, &unit);
}

/* Where the segments start, in frames. */
static gchar *
list (const VsBoundaries * boundaries)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < boundaries->list->len; i++) {
    const VsBoundary *b = &g_array_index (boundaries->list, VsBoundary, i);

    g_string_append_printf (text, "%s%s %" G_GINT64_FORMAT "%s",
        i ? ", " : "", b->cause, b->pts_90k / FRAME,
        b->discontinuity ? " D" : "");
  }
  return g_string_free (text, FALSE);
}

/* Keyframes at these frames of 20 s, and what becomes of them. */
GST_START_TEST (test_rules)
{
  static const struct
  {
    const gchar *name;
    guint target_ms;
    gint keys[12];              /* ends with -1 */
    const gchar *expected;
    guint fixed;                /* s */
  } cases[] = {
    {"at the target", 2000, {0, 60, 120, 180, 240, 300, 360, 420, 480, 540,
            -1}, "start 0, idr 60, idr 120, idr 180, idr 240, idr 300, "
        "idr 360, idr 420, idr 480, idr 540", 2},
    {"the first after it", 5000, {0, 90, 180, 270, 360, 450, 540, -1},
        "start 0, idr 180, idr 360, idr 540", 6},
    {"a long first one fixes the target", 2000, {0, 130, 190, 250, -1},
        "start 0, idr 130, idr 190, idr 250, max 384, max 518", 4},
    /* 2.5 s rounds to 3 and is one tick too long for 2 */
    {"before it would round past the target", 2000, {0, 60, 135, 195, -1},
        "start 0, idr 60, max 134, idr 195, max 269, max 343, max 417, "
        "max 491, max 565", 2},
    {"the first at three targets", 1500, {0, -1},
        "start 0, max 135, max 299, max 463", 5},
    {"a fraction of a second fixes a whole one", 500, {0, 15, 30, 60, 80,
            100, -1}, "start 0, idr 15, idr 30, idr 60, idr 80, idr 100, "
        "max 144, max 188, max 232, max 276, max 320, max 364, max 408, "
        "max 452, max 496, max 540, max 584", 1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = NULL;
    VsBoundaries boundaries;
    const gint *key = cases[i].keys;

    init (&boundaries, cases[i].target_ms * GST_MSECOND);
    for (gint n = 0; n < 600; n++) {
      see (&boundaries, n, n == *key);
      key += n == *key;
    }
    text = list (&boundaries);
    fail_unless (strcmp (text, cases[i].expected) == 0, "%s: %s",
        cases[i].name, text);
    fail_unless_equals_int (boundaries.fixed_target, cases[i].fixed);
    vs_boundaries_clear (&boundaries);
  }
}

GST_END_TEST;

/* A hole that fits stays in its segment; a longer one ends the run. */
GST_START_TEST (test_holes)
{
  static const struct
  {
    gint to;                    /* frames 90 to this one are missing */
    gboolean key;
    const gchar *expected;
    gboolean warns;
  } cases[] = {
    {110, FALSE, "start 0, idr 60", FALSE},
    {120, TRUE, "start 0, idr 60, idr 120", FALSE},
    /* past the limit with the frame after it: cut where the hole begins */
    {150, FALSE, "start 0, idr 60, max 90", TRUE},
    {400, FALSE, "start 0, idr 60, gap 400 D", TRUE},
    {400, TRUE, "start 0, idr 60, gap 400 D", TRUE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = NULL;
    VsMediaUnit after = frame (cases[i].to, cases[i].key);
    VsBoundaries boundaries;
    VsBoundary last;

    after.floor_90k = 90 * FRAME;
    init (&boundaries, 2 * GST_SECOND);
    for (gint n = 0; n < 90; n++)
      see (&boundaries, n, n % 60 == 0);
    fail_unless_equals_int (vs_boundaries_examine (&boundaries, &after)
        != NULL, cases[i].warns);
    text = list (&boundaries);
    fail_unless_equals_string (text, cases[i].expected);
    fail_unless (vs_boundaries_find (&boundaries, boundaries.list->len, &last));
    if (last.discontinuity && last.sequence > 1) {
      fail_unless_equals_int64 (last.previous_end_90k, 90 * FRAME);
      /* the media tell how long the hole was */
      fail_unless_equals_int64 (last.utc_us - UTC,
          cases[i].to * G_GINT64_CONSTANT (1000000) / 30);
      fail_unless_equals_int64 (last.run_start_90k, cases[i].to * FRAME);
    }
    vs_boundaries_clear (&boundaries);
  }
}

GST_END_TEST;

GST_START_TEST (test_decided_and_reached)
{
  VsBoundaries boundaries;
  VsBoundary second;
  VsMediaUnit unit;

  init (&boundaries, 2 * GST_SECOND);
  unit = frame (0, TRUE);
  fail_if (vs_boundaries_is_decided (&boundaries, &unit));
  for (gint n = 0; n <= 60; n++)
    see (&boundaries, n, n % 60 == 0);
  fail_unless (vs_boundaries_find (&boundaries, 2, &second));
  fail_if (vs_boundaries_find (&boundaries, 3, &second));
  fail_unless_equals_uint64 (vs_boundaries_get_next_sequence (&boundaries), 3);

  /* what could still reach a boundary at frame 60 is not decided */
  unit = frame (59, FALSE);
  fail_unless (vs_boundaries_is_decided (&boundaries, &unit));
  fail_if (vs_boundary_is_reached (&second, &unit));
  unit.duration_90k = 2 * FRAME;
  fail_if (vs_boundaries_is_decided (&boundaries, &unit));
  unit = frame (60, FALSE);
  fail_if (vs_boundaries_is_decided (&boundaries, &unit));
  fail_unless (vs_boundary_is_reached (&second, &unit));
  unit.anchor = FALSE;
  fail_if (vs_boundary_is_reached (&second, &unit));
  /* another stretch */
  unit.stretch = 1;
  fail_unless (vs_boundary_is_reached (&second, &unit));
  fail_if (vs_boundaries_is_decided (&boundaries, &unit));

  /* audio: by PTS, within two ticks */
  unit = frame (60, TRUE);
  unit.type = VS_MEDIA_AUDIO;
  unit.pts_90k -= 2;
  fail_unless (vs_boundary_is_reached (&second, &unit));
  unit.pts_90k -= 1;
  fail_if (vs_boundary_is_reached (&second, &unit));
  vs_boundaries_clear (&boundaries);
}

GST_END_TEST;

GST_START_TEST (test_prune)
{
  VsBoundaries boundaries;
  VsBoundary found;

  init (&boundaries, 2 * GST_SECOND);
  for (gint n = 0; n <= 6000; n += 30)
    see (&boundaries, n, n % 60 == 0);
  fail_unless_equals_int (boundaries.list->len, 101);
  vs_boundaries_prune (&boundaries, 90);
  fail_unless (vs_boundaries_find (&boundaries, 1, &found));
  fail_unless_equals_uint64 (found.sequence, 90);
  fail_unless (vs_boundaries_find (&boundaries, 95, &found));
  fail_unless_equals_uint64 (found.sequence, 95);
  /* the newest stays */
  vs_boundaries_prune (&boundaries, 9999);
  fail_unless (vs_boundaries_find (&boundaries, 1, &found));
  fail_unless_equals_uint64 (found.sequence, 101);
  vs_boundaries_clear (&boundaries);
}

GST_END_TEST;

static Suite *
boundaries_suite (void)
{
  Suite *s = suite_create ("vsboundaries");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_rules);
  tcase_add_test (tc, test_holes);
  tcase_add_test (tc, test_decided_and_reached);
  tcase_add_test (tc, test_prune);
  return s;
}

GST_CHECK_MAIN (boundaries);
