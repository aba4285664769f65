/* VisionStream: test of an archive that is written through a spool
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "archive/archivefixture.h"
#include "common/deadline.h"
#include "common/folder.h"
#include "store/faultystore.h"
#include "store/vsspool.h"

static gchar *spool_root;
static VsStore *local, *faulty_local, *remote, *spool;

static void
setup (void)
{
  archive_setup ();
  archive_is_spooled = TRUE;
  remote = faulty_store_new (store);
  spool_root = g_strconcat (root, "-spool", NULL);
  local = vs_store_open (spool_root, TRUE, NULL);
  faulty_local = faulty_store_new (local);
}

static void
teardown (void)
{
  faulty_store_set (remote, FAULT_NONE, 0);
  g_clear_pointer (&spool, vs_store_unref);
  vs_store_unref (faulty_local);
  vs_store_unref (local);
  vs_store_unref (remote);
  test_folder_remove (spool_root);
  g_free (spool_root);
  archive_teardown ();
}

static gboolean
open_spool (VsStore * on, guint64 max_bytes)
{
  static const VsSpoolCallbacks callbacks = { NULL, };
  VsSpoolSettings settings = { on, ARCHIVE_FOLDER, max_bytes, 0 };

  spool = vs_spool_open (remote, &settings, &callbacks, NULL, NULL);
  return spool != NULL;
}

static void
close_spool (void)
{
  g_clear_pointer (&spool, vs_store_unref);
}

static void
drain (void)
{
  fail_unless (vs_spool_drain (spool, G_MAXINT64 / 2, test_deadline (50)));
}

/* As another process finds it. */
static void
send_all (void)
{
  fail_unless (open_spool (local, 1 << 20));
  drain ();
  close_spool ();
}

static guint64
last_listed (const gchar * rendition)
{
  g_autofree gchar *key =
      g_strdup_printf (ARCHIVE_FOLDER "/index_%s.m3u8", rendition);
  g_autoptr (VsStoreObject) object = vs_store_stat (store, key, NULL, NULL);
  g_autoptr (GPtrArray) entries = NULL;

  if (object == NULL)
    return 0;
  entries = archive_read_list (store, ARCHIVE_FOLDER, rendition, NULL);
  if (entries->len == 0)
    return 0;
  return ((VsSegment *) g_ptr_array_index (entries,
          entries->len - 1))->sequence;
}

static guint
count_gaps (GPtrArray * entries)
{
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    n += ((VsSegment *) g_ptr_array_index (entries, i))->gap;
  return n;
}

static void
assert_complete (guint n, guint gaps)
{
  g_autoptr (GPtrArray) entries =
      archive_check_ended (store, ARCHIVE_FOLDER, "a");

  fail_unless_equals_int (entries->len, n);
  fail_unless_equals_int (count_gaps (entries), gaps);
}

/* ---- outages ------------------------------------------------------------ */

/* A store that is away all the time: the archive is whole when it is back. */
GST_START_TEST (test_outage)
{
  VsArchiveWriter *writer;

  fail_unless (open_spool (local, 1 << 20));
  writer = archive_open_writer (spool, NULL, NULL, NULL);
  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 10, NULL);
  archive_log_await (&archive_log.stored, 10);
  drain ();
  faulty_store_set (remote, FAULT_FULL, 0);
  archive_append (writer, "a", 11, 150, NULL);
  archive_finish (writer);
  fail_unless (archive_log.complete);
  fail_unless_equals_uint64 (archive_log.lost, 0);
  archive_check (store, ARCHIVE_FOLDER);
  fail_unless_equals_uint64 (last_listed ("a"), 10);

  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  assert_complete (150, 0);
}

GST_END_TEST;

/* The next process goes on where this one stopped, with the store away. */
GST_START_TEST (test_restart_offline)
{
  VsArchiveState state;
  VsArchiveWriter *writer;

  fail_unless (open_spool (local, 1 << 20));
  writer = archive_open_writer (spool, NULL, NULL, NULL);
  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 40, NULL);
  archive_log_await (&archive_log.stored, 40);
  drain ();
  faulty_store_set (remote, FAULT_DEAD, 1);
  archive_append (writer, "a", 41, 50, NULL);
  archive_log_await (&archive_log.stored, 50);
  vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
  close_spool ();

  fail_unless (open_spool (local, 1 << 20));
  writer = archive_open_writer (spool, NULL, &state, NULL);
  fail_unless (writer != NULL);
  fail_unless (state.found);
  fail_unless_equals_uint64 (state.next_sequence, 51);
  archive_declare (writer, "a");
  archive_append (writer, "a", 51, 60, &state);
  faulty_store_set (remote, FAULT_NONE, 0);
  archive_finish (writer);
  drain ();
  assert_complete (60, 0);
}

GST_END_TEST;

/* What does not fit is given up, is a gap, and is said; what is in the spool
 * is kept. */
GST_START_TEST (test_full)
{
  VsArchiveWriterSettings settings = {.max_pending = 3 * ARCHIVE_SIZE };
  g_autoptr (GPtrArray) entries = NULL;
  VsArchiveWriter *writer;

  fail_unless (open_spool (local, 10 * ARCHIVE_SIZE + 200000));
  writer = archive_open_writer (spool, &settings, NULL, NULL);
  archive_declare (writer, "a");
  faulty_store_set (remote, FAULT_FULL, 0);
  archive_append (writer, "a", 1, 1, NULL);
  archive_log_await (&archive_log.stored, 1);
  for (guint i = 2; archive_log.failed == 0; i++) {
    archive_append (writer, "a", i, i, NULL);
    if (archive_log.failed == 0)
      g_usleep (100);
  }
  vs_archive_writer_free (writer, 0);
  fail_unless (archive_log.lost > 0);
  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  archive_check (store, ARCHIVE_FOLDER);
  entries = archive_read_list (store, ARCHIVE_FOLDER, "a", NULL);
  fail_unless (count_gaps (entries) <= archive_log.lost);
  fail_unless (last_listed ("a") <= archive_log.stored + archive_log.lost);
}

GST_END_TEST;

/* ---- the n-th operation ------------------------------------------------- */

/* One writer's life on what was left before; FALSE when it could not start. */
static gboolean
run_once (VsStore * on, guint n, gboolean end, GstClockTime patience)
{
  VsArchiveState state;
  VsArchiveWriter *writer = open_spool (on, 1 << 20) ?
      archive_open_writer (spool, NULL, &state, NULL) : NULL;
  guint64 from;

  if (writer == NULL) {
    close_spool ();
    return FALSE;
  }
  from = state.next_sequence;
  archive_log_clear ();
  archive_declare (writer, "a");
  archive_declare (writer, "b");
  archive_append (writer, "a", from, from + n - 1, &state);
  archive_append (writer, "b", from, from + n - 1, &state);
  if (end)
    vs_archive_writer_end (writer, NULL, NULL);
  vs_archive_writer_free (writer, patience);
  close_spool ();
  return TRUE;
}

/* Whatever fails, and whenever: the archive holds, its numbers grow, and a
 * run without a fault heals it. */
static void
run_faults (VsStore * faulty, VsStore * on, Fault fault, GstClockTime patience)
{
  guint step = g_getenv ("VS_ARCHIVE_ALL") ? 1 :
      g_getenv ("VS_VALGRIND") ? 30 : 5;
  guint at = g_random_int_range (1, step + 1);
  gboolean failed = TRUE;
  guint64 last = 0;

  for (; failed && at < 400; at += step) {
    faulty_store_set (faulty, fault, at);
    run_once (on, 3, at % 2, patience);
    failed = faulty_store_has_failed (faulty);
    archive_check (store, ARCHIVE_FOLDER);
    faulty_store_set (faulty, FAULT_NONE, 0);
    send_all ();
    archive_check (store, ARCHIVE_FOLDER);
    fail_unless (MAX (last_listed ("a"), last_listed ("b")) >= last);
    last = MAX (last_listed ("a"), last_listed ("b"));
  }
  g_print ("%u operations in steps of %u\n", at, step);
  fail_unless (run_once (local, 2, TRUE, ARCHIVE_PATIENCE));
  send_all ();
  archive_check (store, ARCHIVE_FOLDER);
  g_ptr_array_unref (archive_check_ended (store, ARCHIVE_FOLDER, "a"));
}

GST_START_TEST (test_every_remote_operation_fails)
{
  run_faults (remote, local, FAULT_DEAD, ARCHIVE_PATIENCE);
}

GST_END_TEST;

GST_START_TEST (test_every_remote_reply_is_lost)
{
  run_faults (remote, local, FAULT_LIE, ARCHIVE_PATIENCE);
}

GST_END_TEST;

GST_START_TEST (test_every_local_operation_fails)
{
  run_faults (faulty_local, faulty_local, FAULT_DEAD, GST_SECOND / 5);
}

GST_END_TEST;

GST_START_TEST (test_every_local_operation_fails_once)
{
  run_faults (faulty_local, faulty_local, FAULT_ONCE, ARCHIVE_PATIENCE);
}

GST_END_TEST;

/* ---- kill -9 ------------------------------------------------------------ */

/* What the child has promised, in memory that outlives it. */
typedef struct
{
  guint64 stored_a, stored_b;
} Promise;

static Promise *promise;

static void
on_stored (const VsRendition * rendition, const VsSegment * segment,
    const gchar * path, gpointer user_data)
{
  guint64 *stored =
      rendition->name[0] == 'a' ? &promise->stored_a : &promise->stored_b;

  __atomic_store_n (stored, segment->sequence, __ATOMIC_SEQ_CST);
}

static void
write_once (guint run)
{
  static const VsArchiveWriterCallbacks callbacks = { on_stored, };
  VsArchiveWriterSettings settings = {.max_segments = 70 };
  VsArchiveState state;
  VsArchiveWriter *writer;

  if (!open_spool (local, 1 << 20))
    _exit (1);
  writer = vs_archive_writer_new (spool, &settings, &callbacks, NULL, &state,
      NULL);
  if (writer == NULL)
    _exit (2);
  archive_declare (writer, "a");
  archive_declare (writer, "b");
  for (guint i = 0; i < 20; i++) {
    archive_append (writer, "a", state.next_sequence + i,
        state.next_sequence + i, &state);
    archive_append (writer, "b", state.next_sequence + i,
        state.next_sequence + i, &state);
  }
  if (run % 2)
    archive_finish (writer);
  else
    vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
  if (run % 3)
    vs_spool_drain (spool, G_MAXINT64 / 2, test_deadline (50));
  close_spool ();
}

static void
write_forever (gboolean away)
{
  faulty_store_set (remote, away ? FAULT_FULL : FAULT_NONE, 0);
  for (guint run = 0;; run++)
    write_once (run);
}

static void
kill_once (guint i, gint64 longest)
{
  pid_t child = fork ();
  gint status;

  if (child == 0)
    write_forever (i % 4 == 3);
  g_usleep (g_random_int_range (longest / 30, longest));
  kill (child, SIGKILL);
  fail_unless (waitpid (child, &status, 0) == child);
  fail_unless (WIFSIGNALED (status), "the writer gave up: %d",
      WEXITSTATUS (status));
}

GST_START_TEST (test_kill)
{
  const gchar *times = g_getenv ("VS_ARCHIVE_KILLS");
  guint n = times ? atoi (times) : g_getenv ("VS_VALGRIND") ? 10 : 200;
  gint64 run = g_get_monotonic_time ();
  guint64 last = 0;

  promise = mmap (NULL, sizeof *promise, PROT_READ | PROT_WRITE,
      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  run_once (local, 20, FALSE, ARCHIVE_PATIENCE);
  send_all ();
  run = g_get_monotonic_time () - run;

  for (guint i = 0; i < n; i++) {
    guint64 now;

    kill_once (i, 2 * run);
    /* what others see holds at once, */
    archive_check (store, ARCHIVE_FOLDER);
    /* and all that was promised comes */
    if (i % 3 == 0) {
      send_all ();
      archive_check (store, ARCHIVE_FOLDER);
      fail_unless (last_listed ("a") >= promise->stored_a);
      fail_unless (last_listed ("b") >= promise->stored_b);
    }
    now = MAX (last_listed ("a"), last_listed ("b"));
    fail_unless (now >= last);
    last = now;
  }
  g_print ("killed %u times, %" G_GUINT64_FORMAT " segments\n", n, last);
  fail_unless (last > 20);
  fail_unless (run_once (local, 2, TRUE, ARCHIVE_PATIENCE));
  send_all ();
  g_ptr_array_unref (archive_check_ended (store, ARCHIVE_FOLDER, "a"));
  munmap (promise, sizeof *promise);
}

GST_END_TEST;

static Suite *
archivespool_suite (void)
{
  Suite *suite = suite_create ("archivespool");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_outage);
  tcase_add_test (tcase, test_restart_offline);
  tcase_add_test (tcase, test_full);
  tcase_add_test (tcase, test_every_remote_operation_fails);
  tcase_add_test (tcase, test_every_remote_reply_is_lost);
  tcase_add_test (tcase, test_every_local_operation_fails);
  tcase_add_test (tcase, test_every_local_operation_fails_once);
  tcase_add_test (tcase, test_kill);
  return suite;
}

GST_CHECK_MAIN (archivespool);
