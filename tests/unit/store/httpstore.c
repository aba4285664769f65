/* VisionStream: tests of the store behind HTTP, against servers that people run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "common/deadline.h"
#include "common/folder.h"
#include "common/poolthreads.h"
#include "store/digestserver.h"
#include "store/nginx.h"
#include "store/vsspool.h"
#include "store/vsstore.h"

#define MIB (1024 * 1024)

static Nginx *nginx;
static VsStore *store;

static VsStore *
open_with (VsStoreSettings settings, const gchar * base, const gchar * path)
{
  g_autofree gchar *location = g_strconcat (base, path, NULL);
  g_autoptr (GError) error = NULL;
  VsStore *opened;

  settings.location = location;
  settings.ca_file = nginx ? nginx->ca_file : NULL;
  opened = vs_store_open_with (&settings, &error);
  fail_unless (opened != NULL, "%s", error ? error->message : "");
  return opened;
}

static VsStore *
open_plain (const gchar * path)
{
  return open_with ((VsStoreSettings) {
      .create = TRUE}
      , nginx->plain, path);
}

static void
setup (void)
{
  test_pool_threads_limit ();
  nginx = nginx_new ();
  store = open_plain ("/dav/some/");
}

static void
teardown (void)
{
  g_clear_pointer (&store, vs_store_unref);
  g_clear_pointer (&nginx, nginx_free);
  test_pool_threads_await_end ();
}

static GBytes *
random_bytes (gsize size)
{
  guint8 *data = g_malloc (size + 4);

  for (gsize i = 0; i < size; i += 4) {
    guint32 word = g_random_int ();

    memcpy (data + i, &word, 4);
  }
  return g_bytes_new_take (data, size);
}

static void
must (gboolean ok, const GError * error)
{
  fail_unless (ok, "%s", error ? error->message : "");
}

static void
assert_error (gboolean ok, GError ** error, gint code, const gchar * text)
{
  fail_if (ok);
  fail_unless (g_error_matches (*error, G_IO_ERROR, code), "%s",
      (*error)->message);
  fail_unless (strstr ((*error)->message, text) != NULL, "no \"%s\": %s", text,
      (*error)->message);
  fail_if (strstr ((*error)->message, "p w") != NULL);
  g_clear_error (error);
}

static gboolean
put (const gchar * key, GBytes * bytes, GError ** error)
{
  return vs_store_put (store, key, &bytes, 1, NULL, error);
}

static void
put_text (const gchar * key, const gchar * text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  must (put (key, bytes, &error), error);
}

static void
assert_object (const gchar * key, GBytes * expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = vs_store_get (store, key, 0, -1,
      g_bytes_get_size (expected), NULL, &error);

  must (bytes != NULL, error);
  fail_unless (g_bytes_equal (bytes, expected), "%s differs", key);
}

/* ---- objects ------------------------------------------------------------ */

static void
check_objects (void)
{
  static const gchar *const keys[] = {
    "a.ts", "deep/er/b.ts", "with space+plus.ts", "per%cent%20.ts",
    "ümläut-日本.ts", "q?m&e=;,:@$'()*!~#.ts", "a_00001.m3u8"
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GBytes) bytes = random_bytes (1000 * i);
    g_autoptr (VsStoreObject) object = NULL;
    g_autoptr (GError) error = NULL;

    must (put (keys[i], bytes, &error), error);
    assert_object (keys[i], bytes);
    object = vs_store_stat (store, keys[i], NULL, &error);
    must (object != NULL, error);
    fail_unless_equals_uint64 (object->size, 1000 * i);
    fail_unless (ABS (object->mtime_us - g_get_real_time ()) <
        60 * G_TIME_SPAN_SECOND);
    fail_unless (object->etag != NULL);
    must (vs_store_delete (store, keys[i], NULL, &error), error);
    must (vs_store_delete (store, keys[i], NULL, &error), error);
    assert_error (vs_store_stat (store, keys[i], NULL, &error) != NULL,
        &error, G_IO_ERROR_NOT_FOUND, keys[i]);
    assert_error (vs_store_get (store, keys[i], 0, 4, 4, NULL, &error) != NULL,
        &error, G_IO_ERROR_NOT_FOUND, nginx->plain);
  }
}

GST_START_TEST (test_objects)
{
  check_objects ();
  fail_unless (g_str_has_suffix (vs_store_get_location (store), "/dav/some"));
  fail_unless (vs_store_is_remote (store));
}

GST_END_TEST;

/* A location is an address: what is encoded in it stays so. */
GST_START_TEST (test_location)
{
  g_autofree gchar *path = g_build_filename (nginx->folder, "root", "dav",
      "ä b", "a.ts", NULL);

  vs_store_unref (store);
  store = open_plain ("/dav/%C3%A4%20b//");
  put_text ("a.ts", "x");
  fail_unless (g_file_test (path, G_FILE_TEST_EXISTS));
  vs_store_unref (store);
  store = open_plain ("/dav/ä b");
  check_objects ();
  fail_unless (g_str_has_suffix (vs_store_get_location (store),
          "/dav/%C3%A4%20b"));
}

GST_END_TEST;

GST_START_TEST (test_ranges)
{
  g_autoptr (GBytes) bytes = random_bytes (100000);
  static const struct
  {
    guint64 offset;
    gssize length;
    gsize expected;
  } ranges[] = {
    {0, 1, 1}, {0, -1, 100000}, {99999, 1, 1}, {99990, 100, 10},
    {50000, -1, 50000}, {100000, 10, 0}, {200000, -1, 0}, {7, 0, 0},
    {0, 200000, 100000},
  };
  GError *error = NULL;

  must (put ("a.ts", bytes, &error), error);
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    g_autoptr (GBytes) part = vs_store_get (store, "a.ts", ranges[i].offset,
        ranges[i].length, 100000, NULL, &error);
    g_autoptr (GBytes) expected = g_bytes_new_from_bytes (bytes,
        MIN (ranges[i].offset, 100000), ranges[i].expected);

    must (part != NULL, error);
    fail_unless (g_bytes_equal (part, expected), "range %u", i);
  }
  assert_error (vs_store_get (store, "a.ts", 0, -1, 99999, NULL, &error) !=
      NULL, &error, G_IO_ERROR_MESSAGE_TOO_LARGE, "a.ts");
  assert_error (vs_store_get (store, "a.ts", 50000, -1, 49999, NULL, &error) !=
      NULL, &error, G_IO_ERROR_MESSAGE_TOO_LARGE, "a.ts");
}

GST_END_TEST;

/* ---- uploads ------------------------------------------------------------ */

/* In pieces, as the spool does. */
static gboolean
upload (const gchar * key, GBytes * bytes, guint64 size, const guint8 * sha256,
    GError ** error)
{
  g_autoptr (VsStoreUpload) upload =
      vs_store_upload_new (store, key, NULL, error);
  gsize n = g_bytes_get_size (bytes);

  vs_store_upload_set_size (upload, size);
  if (sha256)
    vs_store_upload_set_sha256 (upload, sha256);
  for (gsize i = 0; i < n; i += MIB) {
    g_autoptr (GBytes) part =
        g_bytes_new_from_bytes (bytes, i, MIN (MIB, n - i));

    if (!vs_store_upload_write (upload, &part, 1, error))
      return FALSE;
  }
  return vs_store_upload_commit (upload, error);
}

/* In memory and in a file, and at the border. */
GST_START_TEST (test_sizes)
{
  static const gsize sizes[] = {
    0, 1, MIB, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB + 3
  };
  guint fds = 0;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GBytes) bytes = random_bytes (sizes[i]);
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
    guint8 sha256[32];
    gsize length = sizeof sha256;
    GError *error = NULL;

    g_checksum_update (sum, g_bytes_get_data (bytes, NULL), sizes[i]);
    g_checksum_get_digest (sum, sha256, &length);
    must (upload ("big.ts", bytes, sizes[i], sha256, &error), error);
    assert_object ("big.ts", bytes);

    assert_error (upload ("big.ts", bytes, sizes[i] + 1, sha256, &error),
        &error, G_IO_ERROR_INVALID_DATA, "big.ts");
    sha256[31] ^= 1;
    assert_error (upload ("big.ts", bytes, sizes[i], sha256, &error), &error,
        G_IO_ERROR_INVALID_DATA, "big.ts");
    assert_object ("big.ts", bytes);
    if (i == 0)
      fds = test_folder_count ("/proc/self/fd");
  }
  fail_unless (test_folder_count ("/proc/self/fd") <= fds);
}

GST_END_TEST;

/* What is not committed is not there. */
GST_START_TEST (test_abandoned_upload)
{
  g_autoptr (GBytes) bytes = random_bytes (9 * MIB);
  g_autoptr (VsStoreUpload) upload =
      vs_store_upload_new (store, "big.ts", NULL, NULL);

  fail_unless (vs_store_upload_write (upload, &bytes, 1, NULL));
  g_clear_pointer (&upload, vs_store_upload_free);
  fail_unless (vs_store_stat (store, "big.ts", NULL, NULL) == NULL);
}

GST_END_TEST;

/* ---- folders ------------------------------------------------------------ */

static gpointer
put_deep (gpointer number)
{
  g_autofree gchar *key = g_strdup_printf ("a/b/c/%d.ts",
      GPOINTER_TO_INT (number));

  put_text (key, "x");
  return NULL;
}

/* nginx makes none along here: all threads find them missing at once. */
GST_START_TEST (test_folders_made)
{
  g_autofree gchar *path = g_build_filename (nginx->folder, "root", "dav",
      "some", NULL);
  GThread *threads[8];
  guint failed;

  for (gint i = 0; i < 8; i++)
    threads[i] = g_thread_new ("put", put_deep, GINT_TO_POINTER (i));
  for (gint i = 0; i < 8; i++)
    g_thread_join (threads[i]);
  failed = nginx_count_answers (nginx, 500);
  fail_unless (failed >= 1 && failed <= 8, "%u", failed);
  put_text ("a/b/c/9.ts", "x");
  put_text ("a/b/9.ts", "x");
  fail_unless_equals_int (nginx_count_answers (nginx, 500), failed);
  fail_unless_equals_int (test_folder_count (path), 1);
}

GST_END_TEST;

/* Of the location nothing is made unless that is wanted. */
GST_START_TEST (test_folder_not_made)
{
  g_autofree gchar *path = g_build_filename (nginx->folder, "root", "dav",
      "none", NULL);
  g_autoptr (GBytes) bytes = random_bytes (1);
  GError *error = NULL;

  vs_store_unref (store);
  store = open_with ((VsStoreSettings) {
      0}
      , nginx->plain, "/dav/none");
  assert_error (put ("a.ts", bytes, &error), &error, G_IO_ERROR_FAILED, "500");
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

static void
assert_listing (const gchar * prefix, const gchar * suffix,
    const gchar * expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) objects =
      vs_store_list (store, prefix, suffix, NULL, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  must (objects != NULL, error);
  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);

    g_string_append_printf (text, "%s %d ", object->key, (gint) object->size);
    fail_unless (object->etag != NULL);
    fail_unless (object->mtime_us > 0);
  }
  fail_unless_equals_string (text->str, expected);
}

GST_START_TEST (test_list)
{
  put_text ("e/b%20 ä&<.ts", "12");
  put_text ("e/index.m3u8", "list");
  put_text ("e/recordings/a.mp4", "x");
  put_text ("e/z.m3u8/a.ts", "x");
  put_text ("e2/x.ts", "x");
  put_text ("f.ts", "123");

  assert_listing ("", NULL, "e/ 0 e2/ 0 f.ts 3 ");
  assert_listing ("", "/", "e/ 0 e2/ 0 ");
  assert_listing ("e", NULL, "e/b%20 ä&<.ts 2 e/index.m3u8 4 e/recordings/ 0 "
      "e/z.m3u8/ 0 ");
  assert_listing ("e", ".m3u8", "e/index.m3u8 4 ");
  assert_listing ("e/recordings", NULL, "e/recordings/a.mp4 1 ");
  assert_listing ("none", NULL, "");
  /* the whole server */
  vs_store_unref (store);
  store = open_plain ("");
  assert_listing ("dav/some/e", ".m3u8", "dav/some/e/index.m3u8 4 ");
}

GST_END_TEST;

/* ---- who may ------------------------------------------------------------ */

GST_START_TEST (test_basic)
{
  const gchar *const bases[] = { nginx->plain, nginx->tls };

  for (guint i = 0; i < G_N_ELEMENTS (bases); i++) {
    vs_store_unref (store);
    store = open_with ((VsStoreSettings) {
        .user = "u",.password = "p w+"}
        , bases[i], "/shut");
    put_text ("a/b.ts", "x");
    /* it is asked for once */
    put_text ("a/b.ts", "y");
    fail_unless_equals_int (nginx_count_answers (nginx, 401), i + 1);
  }
}

GST_END_TEST;

static void
assert_denied (const gchar * text)
{
  g_autoptr (GBytes) bytes = random_bytes (10);
  GError *error = NULL;

  assert_error (put ("a.ts", bytes, &error), &error,
      G_IO_ERROR_PERMISSION_DENIED, text);
  assert_error (vs_store_get (store, "a.ts", 0, -1, 9, NULL, &error) != NULL,
      &error, G_IO_ERROR_PERMISSION_DENIED, text);
  assert_error (vs_store_stat (store, "a.ts", NULL, &error) != NULL, &error,
      G_IO_ERROR_PERMISSION_DENIED, text);
  assert_error (vs_store_list (store, "", NULL, NULL, &error) != NULL, &error,
      G_IO_ERROR_PERMISSION_DENIED, text);
  assert_error (vs_store_delete (store, "a.ts", NULL, &error), &error,
      G_IO_ERROR_PERMISSION_DENIED, text);
}

/* A wrong password does not look like a folder that is empty. */
GST_START_TEST (test_wrong_password)
{
  vs_store_unref (store);
  store = open_with ((VsStoreSettings) {
      .user = "u",.password = "p wrong"}, nginx->plain, "/shut");
  assert_denied ("user and password are not accepted");
  vs_store_unref (store);
  store = open_plain ("/shut");
  assert_denied ("wants a user and a password");
}

GST_END_TEST;

GST_START_TEST (test_digest)
{
  g_autoptr (GBytes) bytes = random_bytes (9 * MIB);
  g_autoptr (GBytes) ok = g_bytes_new_static ("ok", 2);
  DigestServer server = { 0 };
  GError *error = NULL;

  digest_server_start (&server);
  vs_store_unref (store);
  store = open_with ((VsStoreSettings) {
      .user = "u",.password = "p w+"}, server.base, "/in/v2/channel");
  /* from a file, twice: the server asks when it has had it */
  must (put ("index 1.ts", bytes, &error), error);
  must (put ("index 1.ts", bytes, &error), error);
  assert_object ("index_1.m3u8", ok);
  vs_store_unref (store);
  store = open_with ((VsStoreSettings) {
      .user = "u",.password = "p w"}, server.base, "/");
  assert_denied ("user and password are not accepted");
  digest_server_stop (&server);
  fail_unless_equals_int (server.n_401, 1 + 2 * 5);
  fail_unless_equals_int (server.n_200, 3);
  fail_unless_equals_int (server.received, 2 * 9 * MIB);
  digest_server_clear (&server);
}

GST_END_TEST;

/* ---- what servers do not do --------------------------------------------- */

/* An ingest that is pushed to: a writer begins there as in an empty folder. */
GST_START_TEST (test_push_only)
{
  g_autoptr (GBytes) bytes = random_bytes (10);
  GError *error = NULL;

  vs_store_unref (store);
  store = open_plain ("/push");
  must (put ("e/a.ts", bytes, &error), error);
  assert_error (vs_store_get (store, "e/a.ts", 0, -1, 9, NULL, &error) != NULL,
      &error, G_IO_ERROR_NOT_FOUND, "405");
  assert_error (vs_store_stat (store, "e/a.ts", NULL, &error) != NULL, &error,
      G_IO_ERROR_NOT_FOUND, "405");
  assert_listing ("e", NULL, "");
  must (vs_store_clean (store, "e", NULL, &error), error);
  must (vs_store_delete (store, "e/a.ts", NULL, &error), error);
  must (vs_store_delete (store, "e/a.ts", NULL, &error), error);
}

GST_END_TEST;

GST_START_TEST (test_too_large)
{
  g_autoptr (GBytes) small = random_bytes (64 * 1024);
  g_autoptr (GBytes) large = random_bytes (12 * MIB);
  GError *error = NULL;

  vs_store_unref (store);
  store = open_plain ("/small");
  must (put ("a.ts", small, &error), error);
  assert_error (put ("b.ts", large, &error), &error,
      G_IO_ERROR_MESSAGE_TOO_LARGE, "client_max_body_size");
}

GST_END_TEST;

/* ---- behind a spool ----------------------------------------------------- */

static void
spool_put (VsStore * spool, const gchar * name, guint round)
{
  g_autofree gchar *key = g_strconcat ("default/live/", name, NULL);
  g_autofree gchar *text = g_strdup_printf ("%s of round %u", name, round);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  must (vs_store_put (spool, key, &bytes, 1, NULL, &error), error);
}

static void
put_round (VsStore * spool, guint round)
{
  for (guint i = 0; i < 5; i++) {
    g_autofree gchar *name = g_strdup_printf ("%u_%u.ts", round, i);

    spool_put (spool, name, round);
  }
  spool_put (spool, "index.m3u8", round);
}

static void
assert_sent (guint rounds)
{
  g_autofree gchar *folder = g_build_filename (nginx->folder, "root", "dav",
      "some", "default", "live", NULL);
  g_autofree gchar *list = g_build_filename (folder, "index.m3u8", NULL);
  g_autofree gchar *expected = g_strdup_printf ("index.m3u8 of round %u",
      rounds - 1);
  g_autofree gchar *text = NULL;

  fail_unless_equals_int (test_folder_count (folder), 5 * rounds + 1);
  fail_unless (g_file_get_contents (list, &text, NULL, NULL));
  fail_unless_equals_string (text, expected);
}

/* The server goes and comes back. */
GST_START_TEST (test_spool)
{
  static const VsSpoolCallbacks callbacks = { NULL };
  g_autofree gchar *path = g_build_filename (nginx->folder, "spool", NULL);
  g_autoptr (VsStore) local = vs_store_open (path, TRUE, NULL);
  VsSpoolSettings settings = { local, "default/live", 100 * MIB, 0 };
  g_autoptr (GError) error = NULL;
  VsStore *spool = vs_spool_open (store, &settings, &callbacks, NULL, &error);
  VsSpoolStats stats;

  must (spool != NULL, error);
  put_round (spool, 0);
  fail_unless (vs_spool_drain (spool, G_MAXINT64 / 2, test_deadline (30)));
  assert_sent (1);

  nginx_stop (nginx);
  put_round (spool, 1);
  fail_if (vs_spool_drain (spool, 0, test_deadline (30)));
  vs_spool_get_stats (spool, &stats);
  fail_unless (stats.failing);
  fail_unless_equals_int (stats.objects, 6);
  /* nor does it come back before the writer ends */
  vs_store_unref (spool);
  spool = vs_spool_open (store, &settings, &callbacks, NULL, &error);
  must (spool != NULL, error);

  nginx_restart (nginx);
  put_round (spool, 2);
  fail_unless (vs_spool_drain (spool, G_MAXINT64 / 2, test_deadline (30)));
  assert_sent (3);
  vs_store_unref (spool);
}

GST_END_TEST;

static Suite *
store_httpstore_suite (void)
{
  Suite *s = suite_create ("store_httpstore");
  TCase *tc = tcase_create ("httpstore");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_objects);
  tcase_add_test (tc, test_location);
  tcase_add_test (tc, test_ranges);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_abandoned_upload);
  tcase_add_test (tc, test_folders_made);
  tcase_add_test (tc, test_folder_not_made);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_basic);
  tcase_add_test (tc, test_wrong_password);
  tcase_add_test (tc, test_digest);
  tcase_add_test (tc, test_push_only);
  tcase_add_test (tc, test_too_large);
  tcase_add_test (tc, test_spool);
  return s;
}

GST_CHECK_MAIN (store_httpstore);
