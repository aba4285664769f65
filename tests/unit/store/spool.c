/* VisionStream: test of vsspool.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <stdio.h>
#include <string.h>

#include "common/await.h"
#include "common/deadline.h"
#include "common/folder.h"
#include "store/faultystore.h"
#include "store/storefixture.h"
#include "store/vsspoolprivate.h"

#define FOLDER "default/live"
#define NEVER G_MAXINT64

#define AWAIT_DEADLINE test_deadline (20)

static VsStore *inner, *remote, *local, *spool;
static gchar *spool_root;
static gint failures, recoveries, losses;       /* atomic */
static GMutex log_lock;
static GString *sent;           /* protected by log_lock: "a.ts b.ts -c.ts " */

static void
on_log (const gchar * key, gboolean deleted, gpointer user_data)
{
  const gchar *slash = strrchr (key, '/');

  g_mutex_lock (&log_lock);
  g_string_append_printf (sent, "%s%s ", deleted ? "-" : "",
      slash ? slash + 1 : key);
  g_mutex_unlock (&log_lock);
}

static void
on_failed (const gchar * key, const GError * error, gpointer user_data)
{
  g_atomic_int_inc (&failures);
}

static void
on_recovered (gpointer user_data)
{
  g_atomic_int_inc (&recoveries);
}

static void
on_lost (const gchar * key, const GError * error, gpointer user_data)
{
  g_atomic_int_inc (&losses);
}

static void
open_spool_with (VsStore * below, guint64 max_bytes)
{
  static const VsSpoolCallbacks callbacks =
      { on_failed, on_recovered, on_lost };
  VsSpoolSettings settings = { below, FOLDER, max_bytes, 0 };
  g_autoptr (GError) error = NULL;

  spool = vs_spool_open (remote, &settings, &callbacks, NULL, &error);
  fail_unless (spool != NULL, "%s", error ? error->message : "");
}

static void
open_spool (void)
{
  open_spool_with (local, 1 << 20);
}

static void
setup (void)
{
  store_setup ();
  inner = store;
  remote = faulty_store_new (inner);
  faulty_store_set_log (remote, on_log, NULL);
  spool_root = g_dir_make_tmp ("vsspool-XXXXXX", NULL);
  local = vs_store_open (spool_root, TRUE, NULL);
  sent = g_string_new (NULL);
  failures = recoveries = losses = 0;
  open_spool ();
}

static void
teardown (void)
{
  faulty_store_set (remote, FAULT_NONE, 0);
  g_clear_pointer (&spool, vs_store_unref);
  vs_store_unref (remote);
  vs_store_unref (local);
  g_string_free (sent, TRUE);
  test_folder_remove (spool_root);
  g_free (spool_root);
  store_teardown ();
}

static gboolean
spool_put (const gchar * name, const gchar * text, GError ** error)
{
  g_autofree gchar *key = g_strconcat (FOLDER "/", name, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return vs_store_put (spool, key, &bytes, 1, NULL, error);
}

static void
must_put (const gchar * name, const gchar * text)
{
  g_autoptr (GError) error = NULL;

  fail_unless (spool_put (name, text, &error), "%s",
      error ? error->message : "");
}

static void
assert_text (VsStore * from, const gchar * name, const gchar * text)
{
  g_autofree gchar *key = g_strconcat (FOLDER "/", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = vs_store_get (from, key, 0, -1, 1000, NULL,
      &error);

  if (text == NULL) {
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
    return;
  }
  fail_unless (bytes != NULL, "%s: %s", name, error ? error->message : "");
  fail_unless_equals_int (g_bytes_get_size (bytes), strlen (text));
  fail_unless (memcmp (g_bytes_get_data (bytes, NULL), text,
          strlen (text)) == 0);
}

static void
assert_sent (const gchar * expected)
{
  g_mutex_lock (&log_lock);
  fail_unless_equals_string (sent->str, expected);
  g_mutex_unlock (&log_lock);
}

static void
drain (void)
{
  fail_unless (vs_spool_drain (spool, NEVER / 2, test_deadline (30)));
}

static guint
count_entries (void)
{
  g_autoptr (GPtrArray) folders = vs_store_list (local, "", "/", NULL, NULL);
  g_autofree gchar *path = NULL;
  VsStoreObject *folder;

  fail_unless_equals_int (folders->len, 1);
  folder = g_ptr_array_index (folders, 0);
  path = g_build_filename (spool_root, folder->key, NULL);
  return test_folder_count (path) - 1;  /* the lock */
}

/* ---- putting and reading ------------------------------------------------ */

GST_START_TEST (test_put_returns_at_once)
{
  faulty_store_set (remote, FAULT_STUCK, 0);
  must_put ("a_00001.ts", "one");
  must_put ("a.m3u8", "list");
  assert_text (spool, "a_00001.ts", "one");
  assert_text (spool, "a.m3u8", "list");
  assert_text (inner, "a_00001.ts", NULL);

  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  assert_text (inner, "a_00001.ts", "one");
  assert_text (inner, "a.m3u8", "list");
  assert_sent ("a_00001.ts a.m3u8 ");
  /* the playlist stays at hand */
  AWAIT (count_entries () == 1);
  fail_unless_equals_int (g_atomic_int_get (&failures), 0);
}

GST_END_TEST;

GST_START_TEST (test_read_ranges)
{
  g_autoptr (GBytes) middle = NULL;
  g_autoptr (GBytes) beyond = NULL;
  g_autoptr (VsStoreObject) object = NULL;

  faulty_store_set (remote, FAULT_STUCK, 0);
  must_put ("a_00001.ts", "0123456789");
  middle = vs_store_get (spool, FOLDER "/a_00001.ts", 3, 4, 4, NULL, NULL);
  fail_unless_equals_int (g_bytes_get_size (middle), 4);
  fail_unless (memcmp (g_bytes_get_data (middle, NULL), "3456", 4) == 0);
  /* what describes the object in its file is none of it */
  beyond = vs_store_get (spool, FOLDER "/a_00001.ts", 8, 100, 100, NULL, NULL);
  fail_unless_equals_int (g_bytes_get_size (beyond), 2);
  object = vs_store_stat (spool, FOLDER "/a_00001.ts", NULL, NULL);
  fail_unless_equals_uint64 (object->size, 10);
}

GST_END_TEST;

GST_START_TEST (test_empty_object)
{
  must_put ("empty.ts", "");
  drain ();
  assert_text (inner, "empty.ts", "");
}

GST_END_TEST;

GST_START_TEST (test_large_object)
{
  gsize size = 3 * 1024 * 1024 + 7;
  guint8 *data = g_malloc (size);
  g_autoptr (GBytes) bytes = g_bytes_new_take (data, size);
  g_autoptr (GBytes) read = NULL;

  for (gsize i = 0; i < size; i++)
    data[i] = i * 7 >> 3;
  g_clear_pointer (&spool, vs_store_unref);
  open_spool_with (local, 4 << 20);
  fail_unless (vs_store_put (spool, FOLDER "/big.ts", &bytes, 1, NULL, NULL));
  drain ();
  read = vs_store_get (inner, FOLDER "/big.ts", 0, -1, size, NULL, NULL);
  fail_unless (g_bytes_equal (read, bytes));
}

GST_END_TEST;

GST_START_TEST (test_delete)
{
  must_put ("a_00001.ts", "one");
  drain ();
  faulty_store_set (remote, FAULT_STUCK, 0);
  fail_unless (vs_store_delete (spool, FOLDER "/a_00001.ts", NULL, NULL));
  assert_text (spool, "a_00001.ts", NULL);
  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  assert_text (inner, "a_00001.ts", NULL);
  assert_text (spool, "a_00001.ts", NULL);
}

GST_END_TEST;

/* Names as a list of the folder has them. */
static gchar *
names (const gchar * suffix)
{
  g_autoptr (GPtrArray) objects =
      vs_store_list (spool, FOLDER, suffix, NULL, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);

    g_string_append_printf (text, "%s:%d ",
        object->key + strlen (FOLDER "/"), (gint) object->size);
  }
  return g_string_free (text, FALSE);
}

static void
assert_names (const gchar * suffix, const gchar * expected)
{
  g_autofree gchar *text = names (suffix);

  fail_unless_equals_string (text, expected);
}

GST_START_TEST (test_list)
{
  must_put ("a.ts", "old");
  must_put ("b.ts", "old");
  must_put ("z.m3u8", "old");
  drain ();
  faulty_store_set (remote, FAULT_FULL, 0);
  must_put ("a.ts", "longer");
  must_put ("c.ts", "new");
  must_put ("sub/d.ts", "deep");
  fail_unless (vs_store_delete (spool, FOLDER "/b.ts", NULL, NULL));
  assert_names (".ts", "a.ts:6 c.ts:3 ");
  assert_names ("/", "sub/:4 ");
  assert_names (NULL, "a.ts:6 c.ts:3 sub/:4 z.m3u8:3 ");
}

GST_END_TEST;

/* ---- order -------------------------------------------------------------- */

GST_START_TEST (test_outage)
{
  faulty_store_set (remote, FAULT_FULL, 0);
  for (guint i = 1; i <= 20; i++) {
    g_autofree gchar *name = g_strdup_printf ("a_%05u.ts", i);
    g_autofree gchar *list = g_strdup_printf ("list %u", i);

    must_put (name, name);
    must_put ("a.m3u8", list);
  }
  AWAIT (g_atomic_int_get (&failures) == 1);
  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  AWAIT (g_atomic_int_get (&recoveries) == 1);
  fail_unless_equals_int (g_atomic_int_get (&failures), 1);
  assert_text (inner, "a.m3u8", "list 20");
  for (guint i = 1; i <= 20; i++) {
    g_autofree gchar *name = g_strdup_printf ("a_%05u.ts", i);

    assert_text (inner, name, name);
  }
  /* two playlists stand for twenty */
  fail_unless (strstr (sent->str, "a.m3u8") != NULL);
  fail_unless (g_str_has_suffix (sent->str, "a.m3u8 "));
}

GST_END_TEST;

static void
count_mark (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

GST_START_TEST (test_when_sent)
{
  gint marks = 0, never = 0;

  vs_spool_when_sent (spool, count_mark, &marks, NULL);
  AWAIT (g_atomic_int_get (&marks) == 1);
  faulty_store_set (remote, FAULT_STUCK, 0);
  must_put ("a_00001.ts", "one");
  vs_spool_when_sent (spool, count_mark, &marks, NULL);
  must_put ("a.m3u8", "list");
  vs_spool_when_sent (spool, count_mark, &marks, NULL);
  fail_unless_equals_int (g_atomic_int_get (&marks), 1);
  faulty_store_set (remote, FAULT_NONE, 0);
  AWAIT (g_atomic_int_get (&marks) == 3);

  faulty_store_set (remote, FAULT_FULL, 0);
  must_put ("a_00002.ts", "two");
  vs_spool_when_sent (spool, count_mark, &never, count_mark);
  g_clear_pointer (&spool, vs_store_unref);
  /* freed, not called */
  fail_unless_equals_int (never, 1);
}

GST_END_TEST;

/* ---- restart ------------------------------------------------------------ */

GST_START_TEST (test_restart)
{
  faulty_store_set (remote, FAULT_FULL, 0);
  must_put ("a_00001.ts", "one");
  must_put ("a.m3u8", "list 1");
  must_put ("a_00002.ts", "two");
  must_put ("a.m3u8", "list 2");
  fail_unless (vs_store_delete (spool, FOLDER "/old.ts", NULL, NULL));
  g_clear_pointer (&spool, vs_store_unref);
  assert_sent ("");

  open_spool ();
  assert_text (spool, "a_00001.ts", "one");
  assert_text (spool, "a.m3u8", "list 2");
  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  assert_text (inner, "a_00001.ts", "one");
  assert_text (inner, "a_00002.ts", "two");
  assert_text (inner, "a.m3u8", "list 2");
  fail_unless (g_str_has_suffix (sent->str, "a.m3u8 -old.ts "));
}

GST_END_TEST;

/* A playlist is found without the store, and is not sent in an older form. */
GST_START_TEST (test_restart_offline)
{
  must_put ("a.m3u8", "list 1");
  drain ();
  g_clear_pointer (&spool, vs_store_unref);
  faulty_store_set (remote, FAULT_DEAD, 1);
  open_spool ();
  assert_text (spool, "a.m3u8", "list 1");
  must_put ("a.m3u8", "list 2");
  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  assert_text (inner, "a.m3u8", "list 2");
}

GST_END_TEST;

GST_START_TEST (test_one_process)
{
  static const VsSpoolCallbacks callbacks = { NULL, };
  VsSpoolSettings settings = { local, FOLDER, 1 << 20, 0 };
  g_autoptr (GError) error = NULL;

  fail_unless (vs_spool_open (remote, &settings, &callbacks, NULL,
          &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY));
}

GST_END_TEST;

/* ---- what goes wrong ---------------------------------------------------- */

GST_START_TEST (test_full)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&spool, vs_store_unref);
  open_spool_with (local, 10);
  faulty_store_set (remote, FAULT_FULL, 0);
  must_put ("a_00001.ts", "12345");
  must_put ("a_00002.ts", "12345");
  fail_if (spool_put ("a_00003.ts", "1", &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
  fail_unless (strstr (error->message, "a_00003.ts") != NULL);
  must_put ("a.m3u8", "a playlist comes on top");
  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  must_put ("a_00003.ts", "1");
  drain ();
  assert_text (inner, "a_00003.ts", "1");
  assert_text (inner, "a.m3u8", "a playlist comes on top");
}

GST_END_TEST;

GST_START_TEST (test_local_file_damaged)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GPtrArray) folders = NULL;
  FILE *file;

  faulty_store_set (remote, FAULT_FULL, 0);
  must_put ("a_00001.ts", "one");
  must_put ("a_00002.ts", "two");
  AWAIT (g_atomic_int_get (&failures) == 1);
  folders = vs_store_list (local, "", "/", NULL, NULL);
  path = g_build_filename (spool_root,
      ((VsStoreObject *) g_ptr_array_index (folders, 0))->key,
      "0000000000000001", NULL);
  file = fopen (path, "r+");
  fail_unless (file != NULL && ftruncate (fileno (file), 10) == 0);
  fclose (file);
  faulty_store_set (remote, FAULT_NONE, 0);
  drain ();
  fail_unless_equals_int (g_atomic_int_get (&losses), 1);
  assert_text (inner, "a_00001.ts", NULL);
  assert_text (inner, "a_00002.ts", "two");
}

GST_END_TEST;

#define SEGMENTS 6

static void
put_stream (guint from)
{
  for (guint i = from; i < from + SEGMENTS; i++) {
    g_autofree gchar *name = g_strdup_printf ("a_%05u.ts", i);
    g_autofree gchar *list = g_strdup_printf ("list %u", i);

    must_put (name, name);
    must_put ("a.m3u8", list);
  }
}

/* Each operation of the store fails once, in all runs together. */
static void
run_faults (Fault fault)
{
  for (guint n = 1;; n++) {
    g_autofree gchar *list = g_strdup_printf ("list %u", n * SEGMENTS + 5);

    faulty_store_set (remote, fault, n);
    put_stream (n * SEGMENTS);
    drain ();
    for (guint i = n * SEGMENTS; i < (n + 1) * SEGMENTS; i++) {
      g_autofree gchar *name = g_strdup_printf ("a_%05u.ts", i);

      assert_text (inner, name, name);
    }
    assert_text (inner, "a.m3u8", list);
    if (!faulty_store_has_failed (remote))
      break;
  }
}

GST_START_TEST (test_nth_operation_fails)
{
  run_faults (FAULT_ONCE);
}

GST_END_TEST;

GST_START_TEST (test_nth_operation_lies)
{
  run_faults (FAULT_LIE);
}

GST_END_TEST;

/* The same of the local disk: what was put stays put, what was not is not
 * there in part. */
GST_START_TEST (test_nth_local_operation_fails)
{
  g_autoptr (VsStore) disk = faulty_store_new (local);
  gboolean failed = TRUE;

  for (guint n = 1; failed; n++) {
    g_autofree gchar *first = g_strdup_printf ("b_%05u.ts", n);
    g_autofree gchar *second = g_strdup_printf ("c_%05u.ts", n);
    gboolean put_first, put_second;

    g_clear_pointer (&spool, vs_store_unref);
    open_spool_with (disk, 1 << 20);
    drain ();
    faulty_store_set (remote, FAULT_FULL, 0);
    faulty_store_set (disk, FAULT_ONCE, n);
    put_first = spool_put (first, "first", NULL);
    put_second = spool_put (second, "second", NULL);
    failed = faulty_store_has_failed (disk);
    faulty_store_set (disk, FAULT_NONE, 0);
    faulty_store_set (remote, FAULT_NONE, 0);
    drain ();
    if (g_atomic_int_get (&losses) == 0) {
      assert_text (inner, first, put_first ? "first" : NULL);
      assert_text (inner, second, put_second ? "second" : NULL);
    }
    g_atomic_int_set (&losses, 0);
  }
}

GST_END_TEST;

/* ---- who writes --------------------------------------------------------- */

static VsStore *
open_other (VsStore * on, GError ** error)
{
  static const VsSpoolCallbacks callbacks =
      { on_failed, on_recovered, on_lost };
  VsSpoolSettings settings = { on, FOLDER, 1 << 20, 0 };

  return vs_spool_open (remote, &settings, &callbacks, NULL, error);
}

static void
use_conditional_store (void)
{
  g_clear_pointer (&spool, vs_store_unref);
  vs_store_unref (remote);
  remote = faulty_store_new_conditional (inner);
  faulty_store_set_log (remote, on_log, NULL);
  open_spool ();
}

/* Another machine's spool gets the folder when this one has let go of it; what
 * was left here would go over what that one wrote. */
GST_START_TEST (test_lease)
{
  g_autofree gchar *path = g_strconcat (spool_root, "-other", NULL);
  g_autoptr (VsStore) other_local = vs_store_open (path, TRUE, NULL);
  g_autoptr (VsStore) other = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) folders = NULL;

  use_conditional_store ();
  must_put ("a_00001.ts", "one");
  drain ();
  fail_unless (open_other (other_local, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY));
  fail_unless (strstr (error->message, g_get_host_name ()) != NULL);

  faulty_store_set (remote, FAULT_FULL, 0);
  must_put ("a_00002.ts", "never sent");
  AWAIT (g_atomic_int_get (&failures) == 1);
  g_clear_pointer (&spool, vs_store_unref);
  faulty_store_set (remote, FAULT_NONE, 0);
  open_spool ();
  drain ();
  g_clear_pointer (&spool, vs_store_unref);

  other = open_other (other_local, NULL);
  fail_unless (other != NULL);
  g_clear_pointer (&other, vs_store_unref);
  open_spool ();
  fail_unless_equals_int (g_atomic_int_get (&losses), 0);
  g_clear_pointer (&spool, vs_store_unref);
  test_folder_remove (path);
}

GST_END_TEST;

/* One that finds another in its place stops; its next start does not go on
 * with what it had. */
GST_START_TEST (test_fenced)
{
  g_autoptr (GBytes) lease = g_bytes_new_static ("[lease]\nowner=x\n", 16);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) folders = NULL;
  guint sent_before;

  use_conditional_store ();
  must_put ("a_00001.ts", "one");
  drain ();
  fail_unless (vs_store_put (inner, FOLDER "/writer.lease", &lease, 1, NULL,
          NULL));
  AWAIT (g_atomic_int_get (&failures) == 1);
  sent_before = sent->len;
  must_put ("a_00002.ts", "two");
  must_put ("a.m3u8", "list");
  fail_if (vs_spool_drain (spool, NEVER / 2, NEVER));
  g_clear_pointer (&spool, vs_store_unref);
  fail_unless_equals_int (sent->len, sent_before);

  g_bytes_unref (lease);
  lease = g_bytes_new_static ("[lease]\nowner=x\nreleased=true\n", 30);
  fail_unless (vs_store_put (inner, FOLDER "/writer.lease", &lease, 1, NULL,
          NULL));
  open_spool ();
  fail_unless_equals_int (g_atomic_int_get (&losses), 1);
  drain ();
  assert_text (inner, "a_00002.ts", NULL);
  folders = vs_store_list (local, "", "/", NULL, NULL);
  fail_unless_equals_int (folders->len, 2);
}

GST_END_TEST;

static gpointer
open_in_thread (gpointer data)
{
  open_spool ();
  return NULL;
}

/* An answer that takes long does not make the lease last longer: the store
 * counts from when it was put. */
GST_START_TEST (test_lease_put_slowly)
{
  GThread *thread;
  gint64 begun;

  use_conditional_store ();
  g_clear_pointer (&spool, vs_store_unref);
  faulty_store_set (remote, FAULT_STUCK, 0);
  thread = g_thread_new ("open", open_in_thread, NULL);
  AWAIT (faulty_store_get_count (remote) > 0);
  begun = g_get_monotonic_time ();
  faulty_store_set (remote, FAULT_NONE, 0);
  g_thread_join (thread);
  fail_unless (((VsSpool *) spool)->lease_until <
      begun + VS_LEASE_SECONDS * G_TIME_SPAN_SECOND);
}

GST_END_TEST;

static Suite *
spool_suite (void)
{
  Suite *s = suite_create ("spool");
  TCase *tc = tcase_create ("spool");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_put_returns_at_once);
  tcase_add_test (tc, test_read_ranges);
  tcase_add_test (tc, test_empty_object);
  tcase_add_test (tc, test_large_object);
  tcase_add_test (tc, test_delete);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_outage);
  tcase_add_test (tc, test_when_sent);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_restart_offline);
  tcase_add_test (tc, test_one_process);
  tcase_add_test (tc, test_full);
  tcase_add_test (tc, test_local_file_damaged);
  tcase_add_test (tc, test_nth_operation_fails);
  tcase_add_test (tc, test_nth_operation_lies);
  tcase_add_test (tc, test_nth_local_operation_fails);
  tcase_add_test (tc, test_lease);
  tcase_add_test (tc, test_fenced);
  tcase_add_test (tc, test_lease_put_slowly);
  return s;
}

GST_CHECK_MAIN (spool);
