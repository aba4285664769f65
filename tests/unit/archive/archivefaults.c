/* VisionStream: tests of an archive's writer over a store that fails, and of
 * one that is killed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VS_ARCHIVE_KILLS is how often the writer is killed (50); VS_ARCHIVE_ALL
 * lets each operation fail instead of each third one.
 */
#include <gst/check/gstcheck.h>
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/archivefixture.h"
#include "store/faultystore.h"
#include "common/folder.h"

static VsStore *faulty;

static void
setup (void)
{
  archive_setup ();
  faulty = faulty_store_new (store);
}

static void
teardown (void)
{
  vs_store_unref (faulty);
  archive_teardown ();
}

static guint
count_gaps (GPtrArray * entries)
{
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    n += ((VsSegment *) g_ptr_array_index (entries, i))->gap;
  return n;
}

/* A full disk: said once, with path and cause; what fits into memory waits,
 * the oldest beyond that become gaps and are counted; it goes on by itself. */
GST_START_TEST (test_full)
{
  static const struct
  {
    Fault fault;
    guint segments;
    gsize max_pending;
    guint lost;
  } rows[] = {
    {FAULT_FULL, 10, 20 * ARCHIVE_SIZE, 0},
    {FAULT_FULL, 10, 4 * ARCHIVE_SIZE, 6},
    {FAULT_FULL, 100, 4 * ARCHIVE_SIZE, 96},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *event = g_strdup_printf ("e%u", i);
    g_autofree gchar *folder = vs_archive_folder (NULL, event, NULL);
    VsArchiveWriterSettings settings = {
      .event = event,
      .max_pending = rows[i].max_pending,
    };
    VsArchiveWriter *writer =
        archive_open_writer (faulty, &settings, NULL, NULL);
    g_autoptr (GPtrArray) entries = NULL;

    archive_log_clear ();
    archive_declare (writer, "a");
    archive_append (writer, "a", 1, 3, NULL);
    archive_log_await (&archive_log.stored, 3);
    faulty_store_set (faulty, rows[i].fault, 0);
    archive_append (writer, "a", 4, 4, NULL);
    archive_log_await (&archive_log.failed, 1);
    archive_append (writer, "a", 5, 3 + rows[i].segments, NULL);
    archive_check (store, folder);
    faulty_store_set (faulty, FAULT_NONE, 0);
    archive_log_await (&archive_log.recovered, 1);
    archive_finish (writer);

    fail_unless_equals_int (archive_log.failed, 1);
    fail_unless_equals_int (archive_log.recovered, 1);
    fail_unless (strstr (archive_log.message, "/index_a_00004.ts") != NULL);
    fail_unless (strstr (archive_log.message, "No space left on device"));
    entries = archive_check_ended (store, folder, "a");
    fail_unless_equals_int (entries->len, 3 + rows[i].segments);
    /* the one that is being tried may be given up too, or not */
    fail_unless_equals_int (count_gaps (entries), archive_log.lost);
    fail_unless (archive_log.lost == rows[i].lost
        || archive_log.lost == rows[i].lost + 1, "%d", (int) archive_log.lost);
    fail_unless_equals_int (archive_log.complete, archive_log.lost == 0);
  }
}

GST_END_TEST;

/* Unless told otherwise 64 MiB wait. */
GST_START_TEST (test_default_bound)
{
  const gsize size = 1024 * 1024;
  VsArchiveWriter *writer = archive_open_writer (faulty, NULL, NULL, NULL);
  g_autoptr (GPtrArray) entries = NULL;

  archive_declare (writer, "a");
  faulty_store_set (faulty, FAULT_FULL, 0);
  for (guint s = 1; s <= 70; s++) {
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (VsSegment) segment = archive_make_segment ("a", s, size, &bytes);

    vs_archive_writer_append (writer, "a", segment, &bytes, 1);
  }
  faulty_store_set (faulty, FAULT_NONE, 0);
  archive_finish (writer);
  entries = archive_check_ended (store, ARCHIVE_FOLDER, "a");
  fail_unless_equals_int (entries->len, 70);
  fail_unless_equals_int (count_gaps (entries), 6);
  fail_unless_equals_uint64 (archive_log.lost, 6);
  /* the oldest went, but for the one that was being tried */
  for (guint i = 7; i < entries->len; i++)
    fail_unless (!((VsSegment *) g_ptr_array_index (entries, i))->gap);
}

GST_END_TEST;

/* A store that hangs: callers do not. */
GST_START_TEST (test_stuck)
{
  VsArchiveWriterSettings settings = {.max_pending = 4 * ARCHIVE_SIZE };
  VsArchiveWriter *writer = archive_open_writer (faulty, &settings, NULL, NULL);
  g_autoptr (GPtrArray) entries = NULL;

  archive_declare (writer, "a");
  faulty_store_set (faulty, FAULT_STUCK, 0);
  archive_append (writer, "a", 1, 6000, NULL);
  faulty_store_set (faulty, FAULT_NONE, 0);
  archive_finish (writer);
  entries = archive_check_ended (store, ARCHIVE_FOLDER, "a");
  fail_unless_equals_uint64 (archive_log.lost, count_gaps (entries));
  fail_unless (archive_log.lost >= 5990);
}

GST_END_TEST;

/* Freed while the store is broken: in time, and what was not stored is
 * said. */
GST_START_TEST (test_free_while_failing)
{
  VsArchiveWriter *writer = archive_open_writer (faulty, NULL, NULL, NULL);
  gint64 start;

  archive_declare (writer, "a");
  faulty_store_set (faulty, FAULT_FULL, 0);
  archive_append (writer, "a", 1, 10, NULL);
  archive_log_await (&archive_log.failed, 1);
  start = g_get_monotonic_time ();
  vs_archive_writer_free (writer, 300 * GST_MSECOND);
  fail_unless (g_get_monotonic_time () - start < 5 * G_USEC_PER_SEC);
  fail_unless_equals_uint64 (archive_log.lost, 10);
  archive_check (store, ARCHIVE_FOLDER);
}

GST_END_TEST;

/* A failed sync is no success, and what was written then is not trusted:
 * there is a new upload. */
GST_START_TEST (test_failed_sync)
{
  VsArchiveWriter *writer = archive_open_writer (faulty, NULL, NULL, NULL);
  guint before;

  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 1, NULL);
  archive_log_await (&archive_log.stored, 1);
  before = faulty_store_get_uploads (faulty);
  /* upload, write, commit */
  faulty_store_set (faulty, FAULT_ONCE, 3);
  archive_append (writer, "a", 2, 2, NULL);
  archive_log_await (&archive_log.stored, 2);
  fail_unless_equals_int (archive_log.failed, 1);
  fail_unless_equals_int (archive_log.recovered, 1);
  /* the segment twice, its playlist once */
  fail_unless_equals_int (faulty_store_get_uploads (faulty) - before, 3);
  archive_finish (writer);
  fail_unless (archive_log.complete);
}

GST_END_TEST;

static void
on_end (gboolean complete, gpointer user_data)
{
  g_mutex_lock (&archive_log.lock);
  archive_log.done++;
  g_cond_broadcast (&archive_log.changed);
  g_mutex_unlock (&archive_log.lock);
}

/* Until all is done or the store has failed. */
static void
await_end_or_failure (void)
{
  gint64 end =
      g_get_monotonic_time () + GST_TIME_AS_USECONDS (ARCHIVE_PATIENCE);

  g_mutex_lock (&archive_log.lock);
  while (archive_log.done == 0 && archive_log.failed == 0)
    fail_unless (g_cond_wait_until (&archive_log.changed, &archive_log.lock,
            end));
  g_mutex_unlock (&archive_log.lock);
}

/* One run of a writer on what the runs before left, whose newest number is
 * @last: @n segments; an operation that fails may be tried again for @patience. */
static void
run_once (VsStore * on, const VsArchiveWriterSettings * settings,
    guint64 last, guint n, gboolean end, GstClockTime patience)
{
  VsArchiveState state;
  VsArchiveWriter *writer = archive_open_writer (on, settings, &state, NULL);
  guint64 from = state.next_sequence;

  if (writer == NULL)
    return;
  fail_unless (from > last);
  archive_log_clear ();
  archive_declare (writer, "a");
  archive_declare (writer, "b");
  archive_append (writer, "a", from, from + n - 1, &state);
  archive_append (writer, "b", from, from + n - 1, &state);
  if (end) {
    vs_archive_writer_end (writer, on_end, NULL);
    await_end_or_failure ();
  }
  vs_archive_writer_free (writer, patience);
}

static guint64
last_listed (const gchar * rendition)
{
  g_autofree gchar *key =
      g_strdup_printf (ARCHIVE_FOLDER "/index_%s.m3u8", rendition);
  g_autoptr (VsStoreObject) object = vs_store_stat (store, key, NULL, NULL);
  g_autoptr (GPtrArray) entries = NULL;
  VsSegment *last;

  if (object == NULL)
    return 0;
  entries = archive_read_list (store, ARCHIVE_FOLDER, rendition, NULL);
  /* a rendition that fell behind may have been pruned whole */
  if (entries->len == 0)
    return 0;
  last = g_ptr_array_index (entries, entries->len - 1);
  return last->sequence;
}

/* The n-th operation fails, for every n that there is, or for each third one
 * from a random one on: whatever comes of it, the archive holds and its
 * numbers only grow. */
static void
run_faults (Fault fault, const VsArchiveWriterSettings * settings,
    GstClockTime patience)
{
  g_autofree gchar *path = g_build_filename (root, ARCHIVE_FOLDER, NULL);
  gboolean failed = TRUE;
  guint64 last = 0;
  guint step = g_getenv ("VS_ARCHIVE_ALL") ? 1 :
      g_getenv ("VS_VALGRIND") ? 12 : 3;
  guint start = g_random_int_range (1, step + 1), n = 0, at;

  for (at = start; failed; at += step, n++) {
    guint64 now;

    faulty_store_set (faulty, fault, at);
    run_once (faulty, settings, last, 3, TRUE, patience);
    failed = faulty_store_has_failed (faulty);
    archive_check (store, ARCHIVE_FOLDER);
    now = MAX (last_listed ("a"), last_listed ("b"));
    fail_unless (now >= last, "operation %u: the numbers went back", at);
    last = now;

    /* a check reads all: an archive that is long enough for parts, no more */
    if (n % 30 == 29) {
      test_folder_remove (path);
      run_once (store, settings, 0, 50, FALSE, ARCHIVE_PATIENCE);
      last = last_listed ("a");
    }
    /* and a good run in between heals it; it leaves a live playlist */
    if (n % 3 == 0) {
      run_once (store, settings, last, 2, FALSE, ARCHIVE_PATIENCE);
      archive_check (store, ARCHIVE_FOLDER);
      last = last_listed ("a");
      fail_unless_equals_uint64 (last, last_listed ("b"));
    }
  }
  g_print ("%u, %u, ... %u\n", start, start + step, at - step);
}

GST_START_TEST (test_every_operation_fails)
{
  run_faults (FAULT_DEAD, NULL, 0);
}

GST_END_TEST;

/* also where the oldest segments go all the time */
GST_START_TEST (test_every_operation_fails_pruning)
{
  VsArchiveWriterSettings settings = {.max_segments = 5 };

  run_faults (FAULT_DEAD, &settings, 0);
}

GST_END_TEST;

GST_START_TEST (test_every_operation_fails_once)
{
  run_faults (FAULT_ONCE, NULL, ARCHIVE_PATIENCE);
}

GST_END_TEST;

GST_START_TEST (test_every_reply_is_lost)
{
  run_faults (FAULT_LIE, NULL, ARCHIVE_PATIENCE);
}

GST_END_TEST;

/* What the child does until it is killed: one run after the other. */
static void
write_forever (void)
{
  for (guint run = 0;; run++) {
    VsArchiveWriterSettings settings = {.max_segments = 70 };
    VsArchiveState state;
    VsArchiveWriter *writer =
        archive_open_writer (store, &settings, &state, NULL);

    if (writer == NULL)
      _exit (1);
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
  }
}

GST_START_TEST (test_kill)
{
  const gchar *times = g_getenv ("VS_ARCHIVE_KILLS");
  gboolean slow = g_getenv ("VS_VALGRIND") != NULL;
  guint n = times ? atoi (times) : slow ? 10 : 50;
  gint64 run = g_get_monotonic_time ();
  guint64 last = 0;

  /* how long this machine takes for some segments says when to kill */
  run_once (store, NULL, last, 20, FALSE, ARCHIVE_PATIENCE);
  run = g_get_monotonic_time () - run;
  last = last_listed ("a");
  fail_unless_equals_uint64 (last, 20);

  for (guint i = 0; i < n; i++) {
    pid_t child = fork ();
    gint status;
    guint64 now;

    if (child == 0)
      write_forever ();
    g_usleep (g_random_int_range (run / 20, 3 * run));
    kill (child, SIGKILL);
    fail_unless (waitpid (child, &status, 0) == child);
    fail_unless (WIFSIGNALED (status), "the writer gave up");

    archive_check (store, ARCHIVE_FOLDER);
    now = MAX (last_listed ("a"), last_listed ("b"));
    fail_unless (now >= last);
    last = now;
  }
  g_print ("killed %u times, %" G_GUINT64_FORMAT " segments\n", n, last);
  run_once (store, NULL, last, 2, TRUE, ARCHIVE_PATIENCE);
  g_ptr_array_unref (archive_check_ended (store, ARCHIVE_FOLDER, "a"));
  fail_unless (last > 20);
}

GST_END_TEST;

/* A real full disk. */
GST_START_TEST (test_full_disk)
{
  g_autofree gchar *mnt = g_build_filename (root, "mnt", NULL);
  g_autoptr (VsStore) small = vs_store_open (mnt, TRUE, NULL);
  VsArchiveWriter *writer;
  g_autoptr (GPtrArray) entries = NULL;

  if (mount ("tmpfs", mnt, "tmpfs", 0, "size=256k") != 0) {
    g_print ("skipped: no small tmpfs: %s\n", g_strerror (errno));
    return;
  }
  vs_store_unref (small);
  small = vs_store_open (mnt, TRUE, NULL);
  writer = archive_open_writer (small, NULL, NULL, NULL);
  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 120, NULL);
  archive_log_await (&archive_log.failed, 1);
  fail_unless (g_str_has_prefix (archive_log.message, mnt));
  fail_unless (strstr (archive_log.message, "No space left on device"));
  archive_check (small, ARCHIVE_FOLDER);
  fail_unless (mount ("tmpfs", mnt, "tmpfs", MS_REMOUNT, "size=8m") == 0);
  archive_finish (writer);
  fail_unless (archive_log.complete);
  entries = archive_check_ended (small, ARCHIVE_FOLDER, "a");
  fail_unless_equals_int (entries->len, 120);
  fail_unless_equals_int (count_gaps (entries), 0);
  g_clear_pointer (&small, vs_store_unref);
  fail_unless (umount (mnt) == 0);
}

GST_END_TEST;

static Suite *
archivefaults_suite (void)
{
  Suite *suite = suite_create ("archivefaults");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_full);
  tcase_add_test (tcase, test_default_bound);
  tcase_add_test (tcase, test_stuck);
  tcase_add_test (tcase, test_free_while_failing);
  tcase_add_test (tcase, test_failed_sync);
  tcase_add_test (tcase, test_every_operation_fails);
  tcase_add_test (tcase, test_every_operation_fails_pruning);
  tcase_add_test (tcase, test_every_operation_fails_once);
  tcase_add_test (tcase, test_every_reply_is_lost);
  tcase_add_test (tcase, test_kill);
  tcase_add_test (tcase, test_full_disk);
  return suite;
}

GST_CHECK_MAIN (archivefaults);
