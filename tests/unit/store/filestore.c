/* VisionStream: tests of the directory as a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/folder.h"
#include "store/storefixture.h"

static gchar *
get (const gchar * key, guint64 offset, gssize length, gsize max,
    GError ** error)
{
  g_autoptr (GBytes) bytes =
      vs_store_get (store, key, offset, length, max, NULL, error);
  gsize size;
  gconstpointer data;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  return g_strndup (data ? data : "", size);
}

static gchar *
path_of (const gchar * key)
{
  return g_build_filename (root, key, NULL);
}

GST_START_TEST (test_put_get)
{
  static const struct
  {
    guint64 offset;
    gssize length;
    const gchar *want;
  } rows[] = {
    {0, -1, "hello, world"},
    {7, -1, "world"},
    {7, 3, "wor"},
    {7, 300, "world"},
    {12, -1, ""},
    {100, 5, ""},
    {0, 0, ""},
  };
  g_autoptr (GError) error = NULL;

  fail_unless (put ("a/b/c.ts", "older", NULL));
  fail_unless (put ("a/b/c.ts", "hello, world", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *text =
        get ("a/b/c.ts", rows[i].offset, rows[i].length, 100, NULL);

    fail_unless_equals_string (text, rows[i].want);
  }
  fail_unless_equals_int (count_names ("a/b"), 1);

  fail_unless (get ("a/b/c.ts", 0, -1, 11, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_MESSAGE_TOO_LARGE));
  g_clear_error (&error);
  fail_unless (get ("a/b/none", 0, -1, 11, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "a/b/none: No such file") != NULL);
}

GST_END_TEST;

/* More pieces than one writev takes, some empty. */
GST_START_TEST (test_many_parts)
{
  GBytes *parts[300];
  g_autoptr (GString) want = g_string_new (NULL);
  g_autofree gchar *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree gchar *piece =
        i % 7 ? g_strdup_printf ("%u,", i) : g_strdup ("");

    g_string_append (want, piece);
    parts[i] = g_bytes_new (piece, strlen (piece));
  }
  fail_unless (vs_store_put (store, "many", parts, G_N_ELEMENTS (parts), NULL,
          NULL));
  text = get ("many", 0, -1, 10000, NULL);
  fail_unless_equals_string (text, want->str);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_bytes_unref (parts[i]);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  static const struct
  {
    const gchar *key;
    gboolean valid;
  } rows[] = {
    {"one", TRUE},
    {"a/b.ts", TRUE},
    {"a/b c\xc3\xa9.ts", TRUE},
    {"a..b", TRUE},
    {"", FALSE},
    {"/", FALSE},
    {"/etc/passwd", FALSE},
    {"a/", FALSE},
    {"a//b", FALSE},
    {".", FALSE},
    {"..", FALSE},
    {"a/../b", FALSE},
    {"a/./b", FALSE},
    {"a/.lock", FALSE},
    {".tmp-1", FALSE},
    {"a\\b", FALSE},
    {"a\nb", FALSE},
    {"a/\xff", FALSE},
  };
  g_autofree gchar *longest = g_strnfill (255, 'x');
  g_autofree gchar *longer = g_strnfill (256, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (put (rows[i].key, "x", &error) == rows[i].valid,
        "\"%s\"", rows[i].key);
    fail_unless (rows[i].valid || g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_FILENAME), "\"%s\"", rows[i].key);
  }
  fail_unless (put (longest, "x", NULL));
  fail_if (put (longer, "x", NULL));
}

GST_END_TEST;

/* Nothing planted in the archive leads out of it. */
GST_START_TEST (test_links)
{
  g_autofree gchar *outside = g_dir_make_tmp ("vsstore-out-XXXXXX", NULL);
  g_autofree gchar *secret = g_build_filename (outside, "secret", NULL);
  g_autofree gchar *folder = path_of ("folder");
  g_autofree gchar *file = path_of ("file");
  g_autofree gchar *fifo = path_of ("fifo");
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;

  fail_unless (g_file_set_contents (secret, "secret", -1, NULL));
  fail_unless (symlink (outside, folder) == 0);
  fail_unless (symlink (secret, file) == 0);
  fail_unless (mkfifo (fifo, 0600) == 0);

  fail_unless (get ("folder/secret", 0, -1, 100, NULL) == NULL);
  fail_unless (get ("file", 0, -1, 100, NULL) == NULL);
  fail_if (put ("folder/new", "x", NULL));
  fail_unless (get ("fifo", 0, -1, 100, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_NOT_REGULAR_FILE));
  list = vs_store_list (store, "", NULL, NULL, NULL);
  fail_unless_equals_int (list->len, 0);

  /* a put replaces a planted link, not what it points to */
  fail_unless (put ("file", "mine", NULL));
  fail_unless (g_file_get_contents (secret, &text, NULL, NULL));
  fail_unless_equals_string (text, "secret");
  test_folder_remove (outside);
}

GST_END_TEST;

GST_START_TEST (test_list_stat_delete)
{
  g_autoptr (GPtrArray) all = NULL, some = NULL, folders = NULL, none = NULL;
  g_autoptr (VsStoreObject) before = NULL, after = NULL;
  static const gchar *const want[] = { "e/a.ts", "e/b.m3u8", "e/sub/" };

  fail_unless (put ("e/b.m3u8", "22", NULL));
  fail_unless (put ("e/a.ts", "1", NULL));
  fail_unless (put ("e/sub/c.ts", "333", NULL));

  all = vs_store_list (store, "e", NULL, NULL, NULL);
  fail_unless_equals_int (all->len, G_N_ELEMENTS (want));
  for (guint i = 0; i < all->len; i++) {
    VsStoreObject *object = g_ptr_array_index (all, i);

    fail_unless_equals_string (object->key, want[i]);
  }
  some = vs_store_list (store, "e", ".m3u8", NULL, NULL);
  fail_unless_equals_int (some->len, 1);
  folders = vs_store_list (store, "e", "/", NULL, NULL);
  fail_unless_equals_int (folders->len, 1);
  none = vs_store_list (store, "missing/folder", NULL, NULL, NULL);
  fail_unless_equals_int (none->len, 0);

  before = vs_store_stat (store, "e/b.m3u8", NULL, NULL);
  fail_unless_equals_uint64 (before->size, 2);
  fail_unless (put ("e/b.m3u8", "33", NULL));
  after = vs_store_stat (store, "e/b.m3u8", NULL, NULL);
  fail_if (g_str_equal (before->etag, after->etag));

  fail_unless (vs_store_delete (store, "e/b.m3u8", NULL, NULL));
  fail_unless (vs_store_delete (store, "e/b.m3u8", NULL, NULL));
  fail_unless (vs_store_delete (store, "missing/x", NULL, NULL));
  fail_unless (vs_store_stat (store, "e/b.m3u8", NULL, NULL) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_upload)
{
  g_autoptr (GBytes) piece = g_bytes_new_static ("0123456789", 10);
  VsStoreUpload *upload = vs_store_upload_new (store, "up", NULL, NULL);
  g_autofree gchar *text = NULL;

  for (guint i = 0; i < 3; i++)
    fail_unless (vs_store_upload_write (upload, &piece, 1, NULL));
  fail_unless (vs_store_stat (store, "up", NULL, NULL) == NULL);
  fail_unless (vs_store_upload_commit (upload, NULL));
  vs_store_upload_free (upload);
  text = get ("up", 10, -1, 100, NULL);
  fail_unless_equals_string (text, "01234567890123456789");

  /* not committed: nothing stays */
  upload = vs_store_upload_new (store, "up2", NULL, NULL);
  fail_unless (vs_store_upload_write (upload, &piece, 1, NULL));
  vs_store_upload_free (upload);
  fail_unless_equals_int (count_names (""), 1);
}

GST_END_TEST;

GST_START_TEST (test_lock)
{
  g_autoptr (VsStore) other = vs_store_open (root, FALSE, NULL);
  g_autoptr (GError) error = NULL;
  gpointer lock = vs_store_lock (store, "a/b", NULL);
  gpointer second;

  fail_unless (lock != NULL);
  fail_unless (vs_store_lock (other, "a/b", &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY));
  second = vs_store_lock (other, "a/c", NULL);
  fail_unless (second != NULL);
  vs_store_unlock (other, second);
  vs_store_unlock (store, lock);
  lock = vs_store_lock (other, "a/b", NULL);
  fail_unless (lock != NULL);
  vs_store_unlock (other, lock);
}

GST_END_TEST;

/* A process that dies in a put leaves a temporary file and the lease free. */
GST_START_TEST (test_clean_after_death)
{
  g_autoptr (GBytes) piece = g_bytes_new_static ("0123456789", 10);
  gpointer lock;
  gint status;
  pid_t child = fork ();

  if (child == 0) {
    VsStoreUpload *upload;

    vs_store_lock (store, "a", NULL);
    upload = vs_store_upload_new (store, "a/x.ts", NULL, NULL);
    vs_store_upload_write (upload, &piece, 1, NULL);
    raise (SIGKILL);
  }
  fail_unless (waitpid (child, &status, 0) == child);
  fail_unless (WIFSIGNALED (status));

  lock = vs_store_lock (store, "a", NULL);
  fail_unless (lock != NULL);
  fail_unless_equals_int (count_names ("a"), 2);
  fail_unless (vs_store_clean (store, "a", NULL, NULL));
  fail_unless_equals_int (count_names ("a"), 1);
  vs_store_unlock (store, lock);
}

GST_END_TEST;

/* What the kernel refuses in the middle of a file is an error that names path
 * and cause, and leaves neither object nor temporary file. */
GST_START_TEST (test_write_fails)
{
  struct rlimit old, small = { 4096, 4096 };
  g_autofree gchar *large = g_strnfill (10000, 'x');
  g_autoptr (GError) error = NULL;
  gboolean ok;

  fail_unless (put ("seg.ts", "old", NULL));
  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &old);
  small.rlim_max = old.rlim_max;
  setrlimit (RLIMIT_FSIZE, &small);
  ok = put ("seg.ts", large, &error);
  setrlimit (RLIMIT_FSIZE, &old);

  fail_if (ok);
  fail_unless (g_str_has_prefix (error->message, root));
  fail_unless (g_str_has_suffix (error->message, "/seg.ts: File too large"),
      "%s", error->message);
  fail_unless_equals_int (count_names (""), 1);
}

GST_END_TEST;

GST_START_TEST (test_full_disk)
{
  g_autofree gchar *mnt = path_of ("mnt");
  g_autofree gchar *large = g_strnfill (200000, 'x');
  g_autoptr (GError) error = NULL;

  g_mkdir (mnt, 0700);
  if (mount ("tmpfs", mnt, "tmpfs", 0, "size=64k") != 0) {
    g_print ("skipped: no small tmpfs: %s\n", g_strerror (errno));
    return;
  }
  fail_if (put ("mnt/x.ts", large, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
  fail_unless (g_str_has_suffix (error->message,
          "/mnt/x.ts: No space left on device"), "%s", error->message);
  fail_unless_equals_int (count_names ("mnt"), 0);
  fail_unless (put ("mnt/x.ts", "small", NULL));
  fail_unless (umount (mnt) == 0);
}

GST_END_TEST;

GST_START_TEST (test_open)
{
  g_autofree gchar *deep = path_of ("x/y/z");
  g_autoptr (GError) error = NULL;
  VsStore *opened;

  fail_unless (vs_store_open (deep, FALSE, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "x/y/z: No such file"));
  g_clear_error (&error);
  opened = vs_store_open (deep, TRUE, NULL);
  fail_unless_equals_string (vs_store_get_location (opened), deep);
  vs_store_unref (opened);
  fail_unless (vs_store_open ("gopher://host/x", TRUE, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
}

GST_END_TEST;

static Suite *
filestore_suite (void)
{
  Suite *suite = suite_create ("filestore");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, store_setup, store_teardown);
  tcase_add_test (tcase, test_put_get);
  tcase_add_test (tcase, test_many_parts);
  tcase_add_test (tcase, test_names);
  tcase_add_test (tcase, test_links);
  tcase_add_test (tcase, test_list_stat_delete);
  tcase_add_test (tcase, test_upload);
  tcase_add_test (tcase, test_lock);
  tcase_add_test (tcase, test_clean_after_death);
  tcase_add_test (tcase, test_write_fails);
  tcase_add_test (tcase, test_full_disk);
  tcase_add_test (tcase, test_open);
  return suite;
}

GST_CHECK_MAIN (filestore);
