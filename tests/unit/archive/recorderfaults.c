/* VisionStream: tests of recordings over stores that fail, and of processes
 * that are killed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VS_ARCHIVE_KILLS is how often a process is killed (8); VS_ARCHIVE_ALL lets
 * each operation fail instead of each twelfth one.
 */
#include <gst/check/gstcheck.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/recordercheck.h"
#include "common/folder.h"
#include "store/faultystore.h"

#define UTC G_GINT64_CONSTANT (1767225600000000)
/* segments of a run that is repeated often */
#define SHORT 4

static Clip *clip;
static GArray *fed;
static VsStore *faulty;
static gboolean is_refused;     /* what moves a file's blocks */

int
fallocate (int fd, int mode, off_t offset, off_t length)
{
  errno = EOPNOTSUPP;
  return is_refused ? -1 : syscall (SYS_fallocate, fd, mode, offset, length);
}

static void
setup (void)
{
  archive_setup ();
  recorder_log_clear ();
  faulty = faulty_store_new (store);
  clip = clip_make (root, "a.ts", "-b:a 64k");
  fed = g_array_new (FALSE, FALSE, sizeof (Fed));
  is_refused = FALSE;
}

static void
teardown (void)
{
  g_clear_pointer (&clip, clip_free);
  g_clear_pointer (&fed, g_array_unref);
  vs_store_unref (faulty);
  recorder_log_clear ();
  archive_teardown ();
}

static gint64
utc_of (guint segment)
{
  return UTC + segment * G_TIME_SPAN_SECOND;
}

static void
check_one (void)
{
  g_autofree gchar *path = recording_find ();

  fail_unless_equals_int (recording_count (".recording"), 0);
  recording_check (path, fed, FALSE);
}

/* A store that hangs while the stream runs: the archive does not wait for it,
 * and the recording is there when it works again. */
GST_START_TEST (test_stuck)
{
  const ChainSettings settings = {.recordings = faulty };
  Chain chain;

  if (clip == NULL)
    return;
  faulty_store_set (faulty, FAULT_STUCK, 0);
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, clip->segments->len, 1, 0, UTC, fed);
  archive_log_await (&archive_log.stored, clip->segments->len);
  fail_unless_equals_int (recorder_log.finished, 0);
  faulty_store_set (faulty, FAULT_NONE, 0);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  check_one ();
}

GST_END_TEST;

/* One that refuses all: said once; and after its return, once more. */
GST_START_TEST (test_outage)
{
  const ChainSettings settings = {.recordings = faulty };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 5, 1, 0, UTC, fed);
  archive_log_await (&archive_log.stored, 5);
  faulty_store_set (faulty, FAULT_FULL, 0);
  chain_feed_clip (&chain, clip, 5, 12, 6, 0, utc_of (5), fed);
  recorder_log_await (&recorder_log.failed, 1);
  fail_unless (strstr (recorder_log.error, "No space left") != NULL);
  archive_log_await (&archive_log.stored, 12);
  faulty_store_set (faulty, FAULT_NONE, 0);
  recorder_log_await (&recorder_log.recovered, 1);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  fail_unless_equals_int (recorder_log.failed, 1);
  fail_unless_equals_int (recorder_log.recovered, 1);
  check_one ();
}

GST_END_TEST;

/* Gone at the end: nobody waits for long, and the next start finishes it,
 * without what comes then. */
GST_START_TEST (test_gone_at_the_end)
{
  const ChainSettings settings = {.recordings = faulty };
  g_autofree gchar *path = NULL;
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 5, 1, 0, UTC, fed);
  archive_log_await (&archive_log.stored, 5);
  faulty_store_set (faulty, FAULT_FULL, 0);
  vs_archive_writer_end (chain.writer, NULL, NULL);
  recorder_log_await (&recorder_log.failed, 1);
  fail_if (vs_recorder_set_wait (chain.set, 100 * G_TIME_SPAN_MILLISECOND));
  fail_unless_equals_int (vs_recorder_set_count_open (chain.set), 1);
  chain_close (&chain);
  fail_unless_equals_int (recording_count (".mp4"), 0);

  faulty_store_set (faulty, FAULT_NONE, 0);
  chain_open (&chain, &settings);
  fail_unless (chain.state.ended);
  chain_feed_clip (&chain, clip, 5, 7, 6, 1, utc_of (5), NULL);
  recorder_log_await (&recorder_log.finished, 1);
  path = g_strdup (recorder_log.info->location);
  fail_unless (strstr (path, "T000000Z_a.mp4") != NULL, "%s", path);
  recording_check (path, fed, FALSE);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  fail_unless_equals_int (recording_count (".mp4"), 2);
}

GST_END_TEST;

/* One run on what an earlier one left: the recording is whole, or is when the
 * store works. */
static void
run_with_fault (Fault fault, guint at)
{
  ChainSettings settings = {.archive = faulty,.recordings = faulty };
  Chain chain;

  g_array_set_size (fed, 0);
  faulty_store_set (faulty, fault, at);
  if (chain_try_open (&chain, &settings)) {
    chain_feed_clip (&chain, clip, 0, SHORT, 1, 0, UTC, fed);
    archive_log_await (&archive_log.stored, SHORT);
    fail_unless (chain_end (&chain));
    chain_close (&chain);
  }
}

static void
run_faults (Fault fault)
{
  g_autofree gchar *folder = g_build_filename (root, ARCHIVE_FOLDER, NULL);
  guint step = g_getenv ("VS_ARCHIVE_ALL") ? 1 : 12;
  guint at = g_random_int_range (1, step + 1), n = 0;
  gboolean failed;

  if (clip == NULL)
    return;
  do {
    archive_log_clear ();
    run_with_fault (fault, at);
    failed = faulty_store_has_failed (faulty);
    if (archive_log.stored > 0) {
      check_one ();
      n++;
    }
    test_folder_remove (folder);
    at += step;
  } while (failed);
  g_print ("%u operations, %u recordings\n", at, n);
  fail_unless (n > 2);
}

GST_START_TEST (test_every_operation_fails_once)
{
  run_faults (FAULT_ONCE);
}

GST_END_TEST;

GST_START_TEST (test_every_reply_is_lost)
{
  run_faults (FAULT_LIE);
}

GST_END_TEST;

/* Segments that are gone or damaged when they are wanted: said, and left out
 * as a gap. */
GST_START_TEST (test_missing_segments)
{
  const ChainSettings settings = {.recordings = faulty };
  g_autoptr (GBytes) garbage = g_bytes_new_static ("garbage", 7);
  Chain chain;

  if (clip == NULL)
    return;
  faulty_store_set (faulty, FAULT_STUCK, 0);
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 4, 1, 0, UTC, NULL);
  archive_log_await (&archive_log.stored, 4);
  faulty_store_set (faulty, FAULT_NONE, 0);
  chain_close (&chain);
  fail_unless (vs_store_delete (store, ARCHIVE_FOLDER "/index_a_00002.ts",
          NULL, NULL));
  fail_unless (vs_store_put (store, ARCHIVE_FOLDER "/index_a_00003.ts",
          &garbage, 1, NULL, NULL));
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 6, 8, 5, 1, utc_of (9), NULL);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  for (guint i = 0; i < 4; i++) {
    const Fed rows[] = {
      {clip, 0, 1, 0, UTC}, {clip, 3, 4, 0, utc_of (3)},
      {clip, 6, 5, 1, utc_of (9)}, {clip, 7, 6, 1, utc_of (10)}
    };

    g_array_append_val (fed, rows[i]);
  }
  check_one ();
  fail_unless_equals_int (recorder_log.warnings, 1);
  fail_unless (strstr (recorder_log.warning, "segments 2 to 3") != NULL, "%s",
      recorder_log.warning);
}

GST_END_TEST;

/* Longer than there is room for: where blocks can be put in, and where all
 * has to be copied, which is said. Some file systems in memory can't move
 * blocks, so it lies elsewhere than the archive. */
GST_START_TEST (test_past_max_duration)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vsrecorder-XXXXXX", NULL);
  g_autoptr (VsStore) other = vs_store_open (folder, FALSE, NULL);
  const ChainSettings settings = {.max_duration = 1,.recordings = other };
  Chain chain;

  is_refused = __i__;
  chain_open (&chain, &settings);
  for (guint run = 0; clip && run < 30; run++)
    chain_feed_clip (&chain, clip, 0, 20, 1 + 20 * run, run,
        utc_of (20 * run), fed);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  if (clip)
    recording_check (recorder_log.info->location, fed, FALSE);
  if (clip && is_refused) {
    fail_unless_equals_int (recorder_log.warnings, 1);
    fail_unless (strstr (recorder_log.warning, "recording-max-duration"));
  }
  test_folder_remove (folder);
}

GST_END_TEST;

/* Killed at any moment, again and again, while one recording goes on: at last
 * it has all that the archive has, each once. */
static void
record_forever (void)
{
  for (guint run = 0;; run++) {
    const ChainSettings settings = { NULL };
    Chain chain;

    if (!chain_try_open (&chain, &settings))
      _exit (1);
    chain_feed_clip (&chain, clip, 0, 20, chain.state.next_sequence,
        chain.state.next_run, chain.state.found ? chain.state.end_utc_us : UTC,
        NULL);
    vs_archive_writer_free (chain.writer, ARCHIVE_PATIENCE);
    vs_recorder_set_free (chain.set);
  }
}

/* What the archive has, as it was fed. */
static void
read_back (void)
{
  g_autoptr (GPtrArray) entries =
      archive_check_ended (store, ARCHIVE_FOLDER, "a");

  for (guint i = 0; i < entries->len; i++) {
    const VsSegment *entry = g_ptr_array_index (entries, i);

    for (guint s = 0; s < clip->segments->len; s++) {
      const VsSegment *segment = g_ptr_array_index (clip->segments, s);

      if (memcmp (segment->sha256, entry->sha256, 32) == 0) {
        Fed one = { clip, s, entry->sequence, entry->run, entry->utc_us };

        g_array_append_val (fed, one);
      }
    }
  }
  fail_unless_equals_int (fed->len, entries->len);
}

GST_START_TEST (test_kill)
{
  const gchar *times = g_getenv ("VS_ARCHIVE_KILLS");
  const ChainSettings settings = { NULL };
  guint n = times ? atoi (times) : 8;
  Chain chain;

  if (clip == NULL)
    return;
  /* begun: from its first segment on it is to be found */
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 2, 1, 0, UTC, NULL);
  archive_log_await (&archive_log.stored, 2);
  chain_close (&chain);
  for (guint i = 0; i < n; i++) {
    pid_t child = fork ();
    gint status;

    if (child == 0)
      record_forever ();
    g_usleep (g_random_int_range (5000, 150000));
    kill (child, SIGKILL);
    fail_unless (waitpid (child, &status, 0) == child);
    fail_unless (WIFSIGNALED (status), "the recorder gave up");
    fail_unless_equals_int (recording_count (".mp4"), 0);
  }
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 3, chain.state.next_sequence,
      chain.state.next_run, chain.state.end_utc_us, NULL);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  read_back ();
  g_print ("killed %u times, %u segments\n", n, fed->len);
  check_one ();
  /* nothing of those that died is left */
  fail_unless_equals_int (recording_count (""), 1);
}

GST_END_TEST;

static Suite *
recorderfaults_suite (void)
{
  Suite *suite = suite_create ("recorderfaults");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_stuck);
  tcase_add_test (tcase, test_outage);
  tcase_add_test (tcase, test_gone_at_the_end);
  tcase_add_test (tcase, test_every_operation_fails_once);
  tcase_add_test (tcase, test_every_reply_is_lost);
  tcase_add_test (tcase, test_missing_segments);
  tcase_add_loop_test (tcase, test_past_max_duration, 0, 2);
  tcase_add_test (tcase, test_kill);
  return suite;
}

GST_CHECK_MAIN (recorderfaults);
