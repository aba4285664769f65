/* VisionStream: test of recordings that an earlier process left unfinished
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "archive/recordercheck.h"
#include "common/await.h"
#include "common/deadline.h"
#include "common/folder.h"
#include "store/faultystore.h"

#define AWAIT_DEADLINE test_deadline (30)
#define UTC G_GINT64_CONSTANT (1767225600000000)
/* segments of a run */
#define RUN 4

static Clip *clip;
static GArray *fed_a, *fed_b;

static void
setup (void)
{
  archive_setup ();
  recorder_log_clear ();
  clip = clip_make (root, "a.ts", "-b:a 64k");
  fed_a = g_array_new (FALSE, FALSE, sizeof (Fed));
  fed_b = g_array_new (FALSE, FALSE, sizeof (Fed));
}

static void
teardown (void)
{
  g_clear_pointer (&clip, clip_free);
  g_clear_pointer (&fed_a, g_array_unref);
  g_clear_pointer (&fed_b, g_array_unref);
  recorder_log_clear ();
  archive_teardown ();
}

static void
declare (Chain * chain, const gchar * rendition, guint width)
{
  const VsSegment *segment = g_ptr_array_index (clip->segments, 0);
  VsCodecConfig *config = archive_make_config ();

  g_strlcpy (config->id, segment->tracks[0].config_id, sizeof config->id);
  config->width = width;
  config->height = width * 9 / 16;
  vs_archive_writer_add_config (chain->writer, rendition, config);
  vs_codec_config_unref (config);
}

/* A run of what goes on, of "a", which has the larger picture, and of "b". */
static void
feed (Chain * chain, guint run, gboolean with_b)
{
  guint stored = archive_log.stored;

  for (guint i = 0; i < RUN; i++) {
    guint n = run * RUN + i;
    Fed one = { clip, i + 5 * run, n + 1, run, UTC + n * G_TIME_SPAN_SECOND };

    declare (chain, "a", 320);
    chain_feed (chain, "a", &one);
    g_array_append_val (fed_a, one);
    if (!with_b)
      continue;
    declare (chain, "b", 160);
    chain_feed (chain, "b", &one);
    g_array_append_val (fed_b, one);
  }
  archive_log_await (&archive_log.stored, stored + (with_b ? 2 : 1) * RUN);
}

/* As a process that is killed after it listed a segment, and before anything
 * else. */
static void
run_and_die (const ChainSettings * settings)
{
  VsArchiveFollower follower;
  Chain chain;

  chain_open (&chain, settings);
  vs_recorder_set_get_follower (chain.set, &follower);
  follower.entry = NULL;
  follower.ended = NULL;
  vs_archive_writer_set_follower (chain.writer, &follower);
  feed (&chain, 0, TRUE);
  chain_close (&chain);
  fail_unless_equals_int (recording_count (".mp4"), 0);
  fail_unless_equals_int (recording_count (".recording"), 2);
}

static void
check (const gchar * rendition, const GArray * fed)
{
  g_autofree gchar *name =
      g_strdup_printf ("live-20260101T000000Z_%s.mp4", rendition);
  g_autofree gchar *path = g_build_filename (root, ARCHIVE_FOLDER,
      "recordings", name, NULL);

  recording_check (path, fed, FALSE);
}

static void
finish (Chain * chain, guint recordings)
{
  fail_unless (chain_end (chain));
  chain_close (chain);
  fail_unless_equals_int (recording_count (".mp4"), recordings);
  fail_unless_equals_int (recording_count (".recording"), 0);
}

/* Killed between the first segment's entry and anything that the recorder
 * does: what was listed is recorded. */
GST_START_TEST (test_killed_at_once)
{
  const ChainSettings settings = {.renditions = __i__ ? "best" : "all" };
  Chain chain;

  if (clip == NULL)
    return;
  run_and_die (&settings);
  chain_open (&chain, &settings);
  feed (&chain, 1, TRUE);
  finish (&chain, __i__ ? 1 : 2);
  check ("a", fed_a);
  if (__i__ == 0)
    check ("b", fed_b);
}

GST_END_TEST;

/* The same, and nothing comes any more. */
GST_START_TEST (test_killed_and_over)
{
  const ChainSettings settings = {.renditions = __i__ ? "best" : "all" };
  Chain chain;

  if (clip == NULL)
    return;
  run_and_die (&settings);
  chain_open (&chain, &settings);
  finish (&chain, __i__ ? 1 : 2);
  check ("a", fed_a);
  if (__i__ == 0)
    check ("b", fed_b);
}

GST_END_TEST;

/* A rendition that does not come back is finished with the event, from its
 * segments, and keeps none of the others'. */
GST_START_TEST (test_never_back)
{
  const ChainSettings all = { NULL }, settings = {.max_segments = 3 };
  VsArchiveFollower follower;
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &all);
  feed (&chain, 0, TRUE);
  chain_close (&chain);
  fail_unless_equals_int (recording_count (".recording"), 2);
  chain_open (&chain, &settings);
  feed (&chain, 1, FALSE);
  vs_recorder_set_get_follower (chain.set, &follower);
  AWAIT (follower.get_needed (follower.user_data) > RUN + 1);
  finish (&chain, 2);
  check ("a", fed_a);
  check ("b", fed_b);
  fail_unless_equals_int (recorder_log.warnings, 0);
}

GST_END_TEST;

/* One that is not recorded any more is finished at once. */
GST_START_TEST (test_not_wanted)
{
  static const gchar *const fewer[] = { "a", "best" };
  const ChainSettings all = { NULL };
  const ChainSettings settings = {.renditions = fewer[__i__] };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &all);
  feed (&chain, 0, TRUE);
  chain_close (&chain);
  chain_open (&chain, &settings);
  vs_recorder_set_expect (chain.set, 2);
  feed (&chain, 1, TRUE);
  recorder_log_await (&recorder_log.finished, 1);
  fail_unless_equals_int (recording_count ("_b.mp4"), 1);
  g_array_set_size (fed_b, RUN);
  finish (&chain, 2);
  check ("a", fed_a);
  check ("b", fed_b);
}

GST_END_TEST;

/* The event had ended, and its recordings could not be finished: they are, and
 * what comes is another one's, also of a rendition that comes late. */
GST_START_TEST (test_ended)
{
  g_autoptr (VsStore) faulty = faulty_store_new (store);
  const ChainSettings settings = {.recordings = faulty };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  faulty_store_set (faulty, FAULT_FULL, 0);
  feed (&chain, 0, TRUE);
  vs_archive_writer_end (chain.writer, NULL, NULL);
  recorder_log_await (&recorder_log.failed, 2);
  chain_close (&chain);
  fail_unless_equals_int (recording_count (".recording"), 2);
  faulty_store_set (faulty, FAULT_NONE, 0);

  chain_open (&chain, &settings);
  fail_unless (chain.state.ended);
  recorder_log_await (&recorder_log.finished, 2);
  g_array_set_size (fed_a, RUN);
  check ("a", fed_a);
  check ("b", fed_b);
  feed (&chain, 1, TRUE);
  finish (&chain, 4);
}

GST_END_TEST;

static Suite *
recorderresume_suite (void)
{
  Suite *suite = suite_create ("recorderresume");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_loop_test (tcase, test_killed_at_once, 0, 2);
  tcase_add_loop_test (tcase, test_killed_and_over, 0, 2);
  tcase_add_test (tcase, test_never_back);
  tcase_add_loop_test (tcase, test_not_wanted, 0, 2);
  tcase_add_test (tcase, test_ended);
  return suite;
}

GST_CHECK_MAIN (recorderresume);
