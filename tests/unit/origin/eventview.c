/* VisionStream: tests of event views
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "fixture.h"
#include "origin/vseventview.h"

static GPtrArray *
timelines_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);
}

static const VsTimelineView *
nth (const VsEventView * view, guint i)
{
  return g_ptr_array_index (view->views, i);
}

static guint64
sequence_at (const VsTimelineView * view, guint i)
{
  return ((VsSegment *) g_ptr_array_index (view->segments, i))->sequence;
}

GST_START_TEST (test_shared_audio)
{
  static const struct
  {
    const gchar *name, *audio_id;
    gboolean audio;
    gint expected;              /* index of its audio track */
  } renditions[] = {
    {"1080p", "a192", TRUE, 0},
    {"720p", "a192", TRUE, 0},
    {"480p", "a128", TRUE, 1},
    /* no audio of its own: an id alone does not make one */
    {"360p", "a128", FALSE, -1},
    {"240p", NULL, TRUE, 2},
    /* an id as another's name, and one that can't stand in a URL */
    {"x", "240p", TRUE, 3},
    {"y", "a/b", TRUE, 4},
  };
  static const gchar *const names[] = { "a192", "a128", "240p", "240p-2", "y" };
  g_autoptr (GPtrArray) timelines = timelines_new ();
  g_autoptr (VsEventView) view = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (renditions); i++)
    g_ptr_array_add (timelines, fixture_timeline (renditions[i].name,
            renditions[i].audio_id, TRUE, renditions[i].audio, 1, 3));
  view = vs_event_view_new (timelines, NULL, 0);
  fail_unless_equals_int (view->audios->len, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    fail_unless_equals_string (((VsAudioTrack *)
            g_ptr_array_index (view->audios, i))->name, names[i]);
  for (guint i = 0; i < G_N_ELEMENTS (renditions); i++)
    fail_unless_equals_int (vs_event_view_get_audio (view, i),
        renditions[i].expected);

  fail_unless (vs_event_view_find (view, VS_MEDIA_AUDIO, "a192")
      == nth (view, 0));
  fail_unless (vs_event_view_find (view, VS_MEDIA_AUDIO, "720p") == NULL);
  fail_unless (vs_event_view_find (view, VS_MEDIA_VIDEO, "720p")
      == nth (view, 1));
  fail_unless (vs_event_view_find (view, VS_MEDIA_OTHER, "none") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_window)
{
  g_autoptr (GPtrArray) timelines = timelines_new ();
  g_autoptr (VsEventView) view = NULL;

  g_ptr_array_add (timelines, fixture_timeline ("a", NULL, TRUE, FALSE, 1, 50));
  g_ptr_array_add (timelines, fixture_timeline ("b", NULL, TRUE, FALSE, 1, 0));
  view = vs_event_view_new (timelines, NULL, 9 * GST_SECOND);
  /* what has no segment is not there */
  fail_unless_equals_int (view->views->len, 1);
  fail_unless_equals_int (nth (view, 0)->segments->len, 5);
  fail_unless_equals_uint64 (sequence_at (nth (view, 0), 0), 46);
}

GST_END_TEST;

GST_START_TEST (test_archive_extends_back)
{
  g_autoptr (GPtrArray) live = timelines_new (), archive = timelines_new ();
  g_autoptr (GPtrArray) torn = timelines_new ();
  g_autoptr (VsEventView) view = NULL;

  g_ptr_array_add (live, fixture_timeline ("a", NULL, TRUE, FALSE, 40, 50));
  g_ptr_array_add (archive, fixture_timeline ("a", NULL, TRUE, FALSE, 1, 44));
  g_ptr_array_add (torn, fixture_timeline ("a", NULL, TRUE, FALSE, 1, 38));

  view = vs_event_view_new (live, archive, 60 * GST_SECOND);
  fail_unless_equals_int (nth (view, 0)->segments->len, 30);
  for (guint i = 0; i < 30; i++)
    fail_unless_equals_uint64 (sequence_at (nth (view, 0), i), 21 + i);
  vs_event_view_free (g_steal_pointer (&view));

  view = vs_event_view_new (live, archive, 0);
  fail_unless_equals_uint64 (sequence_at (nth (view, 0), 0), 1);
  fail_unless_equals_int (nth (view, 0)->segments->len, 50);
  vs_event_view_free (g_steal_pointer (&view));

  /* what does not join up is left out: numbers have no hole */
  view = vs_event_view_new (live, torn, 0);
  fail_unless_equals_uint64 (sequence_at (nth (view, 0), 0), 40);
}

GST_END_TEST;

GST_START_TEST (test_align)
{
  static const struct
  {
    guint64 first, last, expected_first, expected_last;
  } table[] = {
    {1, 20, 3, 18},
    {1, 19, 3, 18},
    {3, 18, 3, 18},
    /* far behind: waits for nobody, and nobody waits for it */
    {1, 10, 3, 10},
  };
  g_autoptr (GPtrArray) timelines = timelines_new ();
  g_autoptr (VsEventView) view = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree gchar *name = g_strdup_printf ("r%u", i);

    g_ptr_array_add (timelines, fixture_timeline (name, NULL, TRUE, FALSE,
            table[i].first, table[i].last));
  }
  view = vs_event_view_new (timelines, NULL, 0);
  vs_event_view_align (view);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    const VsTimelineView *one = nth (view, i);

    fail_unless_equals_uint64 (sequence_at (one, 0), table[i].expected_first);
    fail_unless_equals_uint64 (sequence_at (one, one->segments->len - 1),
        table[i].expected_last);
  }
}

GST_END_TEST;

GST_START_TEST (test_late_joiner_keeps_vod_whole)
{
  g_autoptr (GPtrArray) timelines = timelines_new ();
  g_autoptr (VsEventView) view = NULL;

  g_ptr_array_add (timelines, fixture_timeline ("a", NULL, TRUE, FALSE, 1, 9));
  g_ptr_array_add (timelines, fixture_timeline ("b", NULL, TRUE, FALSE, 5, 9));
  for (guint i = 0; i < 2; i++)
    vs_timeline_set_ended (g_ptr_array_index (timelines, i), TRUE);
  view = vs_event_view_new (timelines, NULL, 0);
  fail_unless (view->ended);
  vs_event_view_align (view);
  fail_unless_equals_int (nth (view, 0)->segments->len, 9);
  fail_unless_equals_int (nth (view, 1)->segments->len, 5);
}

GST_END_TEST;

static Suite *
eventview_suite (void)
{
  Suite *s = suite_create ("eventview");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_shared_audio);
  tcase_add_test (tc, test_window);
  tcase_add_test (tc, test_archive_extends_back);
  tcase_add_test (tc, test_align);
  tcase_add_test (tc, test_late_joiner_keeps_vod_whole);
  return s;
}

GST_CHECK_MAIN (eventview);
