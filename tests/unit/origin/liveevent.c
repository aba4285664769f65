/* VisionStream: tests of live events
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "fixture.h"
#include "origin/vsliveevent.h"

#define MIB (1024 * 1024)

static VsOriginEvent *
live_new (gsize max_bytes, GstClockTime keep, gboolean archived)
{
  VsOriginEvent *event = vs_live_event_new ("default", "live", NULL, max_bytes);

  vs_live_event_set_keep (event, keep, archived);
  return event;
}

static void
declare (VsOriginEvent * event, const gchar * name, guint position)
{
  g_autoptr (VsTimeline) timeline =
      fixture_timeline (name, NULL, TRUE, FALSE, 1, 0);

  vs_origin_event_add_rendition (event, timeline, position);
}

/* One MiB a segment. */
static void
add (VsOriginEvent * event, const gchar * name, guint64 sequence,
    gboolean stored)
{
  g_autoptr (VsSegment) segment = fixture_segment (sequence, TRUE, FALSE);
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (MIB), MIB);

  if (stored)
    segment->uri = g_strdup ("stored.ts");
  vs_origin_event_add_segment (event, name, segment, bytes);
}

static VsTimelineView *
view_all (VsOriginEvent * event, guint nth)
{
  g_autoptr (GPtrArray) timelines = vs_live_event_get_timelines (event);

  return vs_timeline_view (g_ptr_array_index (timelines, nth), 0, G_MAXUINT64);
}

static guint64
first_of (VsOriginEvent * event, guint nth)
{
  g_autoptr (VsTimelineView) view = view_all (event, nth);

  return ((VsSegment *) g_ptr_array_index (view->segments, 0))->sequence;
}

static gboolean
has_bytes (VsOriginEvent * event, const gchar * name, guint64 sequence)
{
  g_autoptr (GBytes) bytes = vs_live_event_get_bytes (event, name, sequence);

  return bytes != NULL;
}

GST_START_TEST (test_forgets_by_age)
{
  g_autoptr (VsOriginEvent) event = live_new (100 * MIB, 10 * GST_SECOND,
      FALSE);

  declare (event, "a", 0);
  for (guint64 i = 1; i <= 20; i++)
    add (event, "a", i, FALSE);
  /* segment 20 ends at 40 s; what ended before 30 s is gone */
  fail_unless_equals_uint64 (first_of (event, 0), 15);
  fail_if (has_bytes (event, "a", 14));
  fail_unless (has_bytes (event, "a", 15));
  fail_unless_equals_uint64 (vs_live_event_get_size (event), 6 * MIB);
  fail_unless_equals_uint64 (vs_live_event_get_newest (event), 20);
}

GST_END_TEST;

GST_START_TEST (test_budget_with_archive)
{
  g_autoptr (VsOriginEvent) event = live_new (4 * MIB, 3600 * GST_SECOND, TRUE);

  declare (event, "a", 0);
  for (guint64 i = 1; i <= 10; i++)
    add (event, "a", i, TRUE);
  fail_unless_equals_uint64 (vs_live_event_get_size (event), 4 * MIB);
  fail_unless (has_bytes (event, "a", 7));
  fail_if (has_bytes (event, "a", 6));
  /* listed all the same: the archive has it */
  fail_unless_equals_uint64 (first_of (event, 0), 1);
}

GST_END_TEST;

GST_START_TEST (test_budget_without_archive)
{
  g_autoptr (VsOriginEvent) event = live_new (MIB, 3600 * GST_SECOND, FALSE);

  declare (event, "a", 0);
  for (guint64 i = 1; i <= 10; i++)
    add (event, "a", i, FALSE);
  /* four times the budget, and nothing listed that can't be had */
  fail_unless_equals_uint64 (vs_live_event_get_size (event), 4 * MIB);
  fail_unless_equals_uint64 (first_of (event, 0), 7);
}

GST_END_TEST;

GST_START_TEST (test_gaps)
{
  g_autoptr (VsOriginEvent) event = live_new (100 * MIB, 3600 * GST_SECOND,
      FALSE);
  g_autoptr (VsTimelineView) view = NULL;
  const VsSegment *gap;

  declare (event, "a", 0);
  declare (event, "b", 1);
  for (guint64 i = 1; i <= 5; i++)
    add (event, "a", i, FALSE);
  add (event, "b", 1, FALSE);
  add (event, "b", 4, FALSE);
  view = view_all (event, 1);
  fail_unless_equals_int (view->segments->len, 4);
  gap = g_ptr_array_index (view->segments, 2);
  fail_unless (gap->gap);
  fail_unless_equals_uint64 (gap->sequence, 3);
  fail_unless_equals_int64 (gap->start_pts_90k, 360000);

  /* what comes twice, or late, is left out */
  add (event, "b", 2, FALSE);
  vs_timeline_view_free (g_steal_pointer (&view));
  view = view_all (event, 1);
  fail_unless_equals_int (view->segments->len, 4);
}

GST_END_TEST;

GST_START_TEST (test_jump_begins_anew)
{
  g_autoptr (VsOriginEvent) event = live_new (100 * MIB, 36000 * GST_SECOND,
      FALSE);
  g_autoptr (VsTimelineView) view = NULL;

  declare (event, "a", 0);
  add (event, "a", 1, FALSE);
  add (event, "a", 5000, FALSE);
  view = view_all (event, 0);
  fail_unless_equals_int (view->segments->len, 1);
  fail_unless_equals_uint64 (first_of (event, 0), 5000);
  fail_unless_equals_int (view->target_duration, 2);
}

GST_END_TEST;

GST_START_TEST (test_order_of_renditions)
{
  g_autoptr (VsOriginEvent) event = live_new (MIB, GST_SECOND, FALSE);
  g_autoptr (GPtrArray) timelines = NULL;
  g_autoptr (VsRendition) head = NULL;

  declare (event, "low", 1);
  declare (event, "high", 0);
  timelines = vs_live_event_get_timelines (event);
  head = vs_timeline_get_rendition (g_ptr_array_index (timelines, 0));
  fail_unless_equals_string (head->name, "high");
}

GST_END_TEST;

GST_START_TEST (test_covers)
{
  g_autoptr (VsOriginEvent) event = live_new (100 * MIB, 20 * GST_SECOND, TRUE);

  declare (event, "a", 0);
  add (event, "a", 1, TRUE);
  fail_unless (vs_live_event_covers (event, 0));
  for (guint64 i = 2; i <= 100; i++)
    add (event, "a", i, TRUE);
  fail_unless (vs_live_event_covers (event, 20 * GST_SECOND));
  fail_if (vs_live_event_covers (event, 30 * GST_SECOND));
  fail_if (vs_live_event_covers (event, 0));
}

GST_END_TEST;

GST_START_TEST (test_end)
{
  g_autoptr (VsOriginEvent) event = live_new (MIB, GST_SECOND, FALSE);
  g_autoptr (VsTimelineView) view = NULL;
  guint64 revision;

  declare (event, "a", 0);
  add (event, "a", 1, FALSE);
  revision = vs_live_event_get_revision (event);
  vs_origin_event_end (event);
  fail_unless (vs_live_event_has_ended (event));
  fail_unless (vs_live_event_get_revision (event) != revision);
  view = view_all (event, 0);
  fail_unless (view->ended);
}

GST_END_TEST;

static Suite *
liveevent_suite (void)
{
  Suite *s = suite_create ("liveevent");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_forgets_by_age);
  tcase_add_test (tc, test_budget_with_archive);
  tcase_add_test (tc, test_budget_without_archive);
  tcase_add_test (tc, test_gaps);
  tcase_add_test (tc, test_jump_begins_anew);
  tcase_add_test (tc, test_order_of_renditions);
  tcase_add_test (tc, test_covers);
  tcase_add_test (tc, test_end);
  return s;
}

GST_CHECK_MAIN (liveevent);
