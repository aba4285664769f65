/* VisionStream: test of the S3 store against a service of another make
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VS_S3_ENDPOINT names it; tests/archive/run starts one.
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "bucket.h"
#include "store/vslease.h"
#include "store/vss3store.h"

#define MIB (1024 * 1024)

static VsStore *store;
static gchar *bucket;

/* As a process of its own would have it */
static VsStore *
open_store (void)
{
  g_autofree gchar *location = g_strdup_printf ("s3://%s/some/prefix", bucket);

  return bucket_open (location, g_getenv ("VS_S3_KEY"),
      g_getenv ("VS_S3_SECRET"));
}

static void
setup (void)
{
  bucket = bucket_new ();
  store = open_store ();
}

static void
teardown (void)
{
  g_clear_pointer (&store, vs_store_unref);
  g_clear_pointer (&bucket, g_free);
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
put (const gchar * key, GBytes * bytes)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vs_store_put (store, key, &bytes, 1, NULL, &error), "%s",
      error ? error->message : "");
}

static void
put_text (const gchar * key, const gchar * text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  put (key, bytes);
}

static void
assert_object (const gchar * key, GBytes * expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = vs_store_get (store, key, 0, -1,
      g_bytes_get_size (expected), NULL, &error);

  fail_unless (bytes != NULL, "%s", error ? error->message : "");
  fail_unless (g_bytes_equal (bytes, expected), "%s differs", key);
}

GST_START_TEST (test_objects)
{
  static const gchar *const keys[] = {
    "a.ts", "deep/er/b.ts", "with space+plus.ts", "per%cent%20.ts",
    "ümläut-日本.ts", "q?m&e=;,:@$'()*!~.ts", "a_00001.ts"
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GBytes) bytes = random_bytes (1000 * i);
    g_autoptr (VsStoreObject) object = NULL;
    g_autoptr (GError) error = NULL;

    put (keys[i], bytes);
    assert_object (keys[i], bytes);
    object = vs_store_stat (store, keys[i], NULL, &error);
    fail_unless (object != NULL, "%s", error ? error->message : "");
    fail_unless_equals_uint64 (object->size, 1000 * i);
    fail_unless (ABS (object->mtime_us - g_get_real_time ()) <
        60 * G_TIME_SPAN_SECOND);
    fail_unless (object->etag != NULL);
    fail_unless (vs_store_delete (store, keys[i], NULL, &error));
    fail_unless (vs_store_delete (store, keys[i], NULL, &error));
    fail_unless (vs_store_stat (store, keys[i], NULL, &error) == NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  }
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
  };

  put ("a.ts", bytes);
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) part = vs_store_get (store, "a.ts", ranges[i].offset,
        ranges[i].length, 100000, NULL, &error);
    g_autoptr (GBytes) expected = g_bytes_new_from_bytes (bytes,
        MIN (ranges[i].offset, 100000), ranges[i].expected);

    fail_unless (part != NULL, "%s", error ? error->message : "");
    fail_unless (g_bytes_equal (part, expected), "range %u", i);
  }
}

GST_END_TEST;

GST_START_TEST (test_read)
{
  g_autoptr (GBytes) bytes = random_bytes (3 * MIB);
  const guint8 *data = g_bytes_get_data (bytes, NULL);
  guint8 a[100], b[5000], c[3];
  VsStorePart parts[] = {
    {10, sizeof a, a}, {200, sizeof b, b}, {2 * MIB, sizeof c, c}
  };
  g_autoptr (GError) error = NULL;

  put ("a.mp4", bytes);
  fail_unless (vs_store_read (store, "a.mp4", parts, 3, NULL, &error));
  for (guint i = 0; i < 3; i++)
    fail_unless (memcmp (parts[i].to, data + parts[i].offset,
            parts[i].size) == 0);
  parts[2].offset = 3 * MIB - 1;
  fail_if (vs_store_read (store, "a.mp4", parts, 3, NULL, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT));
}

GST_END_TEST;

/* In one part, in some, and at their borders. */
GST_START_TEST (test_sizes)
{
  static const gsize sizes[] = {
    0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB, 20 * MIB + 3
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GBytes) bytes = random_bytes (sizes[i]);
    g_autoptr (GPtrArray) left = NULL;

    put ("big.ts", bytes);
    assert_object ("big.ts", bytes);
  }
}

GST_END_TEST;

/* By which a lost answer to the last request is made up for. */
GST_START_TEST (test_upload_name)
{
  g_autoptr (GBytes) bytes = random_bytes (9 * MIB);
  g_autoptr (VsStoreObject) object = NULL;
  g_auto (VsHttpReply) reply = { 0, };
  g_autoptr (GError) error = NULL;
  const gchar *name;

  put ("big.ts", bytes);
  object = vs_s3_store_head ((VsS3Store *) store, "some/prefix/big.ts", NULL,
      &reply, &error);
  fail_unless (object != NULL, "%s", error ? error->message : "");
  fail_unless_equals_uint64 (object->size, 9 * MIB);
  name = soup_message_headers_get_one (reply.headers, VS_S3_UPLOAD_HEADER);
  fail_unless (name != NULL);
  fail_unless_equals_int (strlen (name), 32);
}

GST_END_TEST;

/* What is not committed is not there, and nothing of it stays. */
GST_START_TEST (test_abandoned_upload)
{
  g_autoptr (GBytes) bytes = random_bytes (20 * MIB);
  g_autoptr (VsStoreUpload) upload =
      vs_store_upload_new (store, "big.ts", NULL, NULL);
  g_autoptr (VsStore) next = open_store ();
  g_autoptr (GError) error = NULL;

  fail_unless (vs_store_upload_write (upload, &bytes, 1, &error));
  g_clear_pointer (&upload, vs_store_upload_free);
  fail_unless (vs_store_stat (store, "big.ts", NULL, NULL) == NULL);

  /* as if its process had died */
  upload = vs_store_upload_new (store, "folder/big.ts", NULL, NULL);
  fail_unless (vs_store_upload_write (upload, &bytes, 1, &error));
  fail_unless (vs_store_clean (next, "folder", NULL, &error), "%s",
      error ? error->message : "");
  fail_if (vs_store_upload_commit (upload, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
}

GST_END_TEST;

/* ---- the head comes last ------------------------------------------------ */

static void
write_pieces (VsStoreUpload * upload, GBytes * bytes, gsize piece)
{
  gsize size = g_bytes_get_size (bytes);

  for (gsize i = 0; i < size; i += piece) {
    g_autoptr (GBytes) part =
        g_bytes_new_from_bytes (bytes, i, MIN (piece, size - i));
    g_autoptr (GError) error = NULL;

    fail_unless (vs_store_upload_write (upload, &part, 1, &error), "%s",
        error ? error->message : "");
  }
}

static void
assert_headed (gsize head_size, gsize size, gsize piece)
{
  VsStoreHead settings = {.reserve = 1000 };
  g_autoptr (VsStoreUpload) upload = vs_store_upload_new_headed (store,
      "r/a.mp4", &settings, NULL, NULL);
  g_autoptr (GBytes) payload = random_bytes (size);
  g_autoptr (GBytes) head = random_bytes (head_size);
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  g_autoptr (GBytes) expected = NULL;
  g_autoptr (GError) error = NULL;
  guint64 told;

  write_pieces (upload, payload, piece);
  fail_unless (vs_store_upload_make_head (upload, head_size, &told, NULL));
  fail_unless_equals_uint64 (told, head_size);
  fail_unless (vs_store_upload_write_head (upload, &head, 1, NULL));
  fail_unless (vs_store_upload_commit (upload, &error), "%s",
      error ? error->message : "");
  g_byte_array_append (whole, g_bytes_get_data (head, NULL), head_size);
  g_byte_array_append (whole, g_bytes_get_data (payload, NULL), size);
  expected = g_byte_array_free_to_bytes (g_steal_pointer (&whole));
  assert_object ("r/a.mp4", expected);
}

/* As one object and in parts, parts that go through a file, and heads longer
 * than what is held in memory. */
GST_START_TEST (test_headed)
{
  static const struct
  {
    gsize head, payload, piece;
  } rows[] = {
    {1, 0, 1}, {500, 1000, 100}, {500, 5 * MIB, MIB}, {500, 5 * MIB + 1, MIB},
    {3, 11 * MIB, MIB}, {3, 11 * MIB + 1, MIB}, {3, 30 * MIB + 77, 100000},
    {9 * MIB, 1000, 1000}, {12 * MIB, 30 * MIB, MIB},
    {100, 60 * MIB, 20 * MIB},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_headed (rows[i].head, rows[i].payload, rows[i].piece);
}

GST_END_TEST;

/* An upload that was ended from elsewhere says so; its own store leaves it
 * alone, and so does who cleans a folder above. */
GST_START_TEST (test_lost_upload)
{
  VsStoreHead settings = {.reserve = 1000 };
  g_autoptr (VsStoreUpload) upload = vs_store_upload_new_headed (store,
      "e/recordings/a.mp4", &settings, NULL, NULL);
  g_autoptr (VsStore) next = open_store ();
  g_autoptr (GBytes) bytes = random_bytes (MIB);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 20; i++)
    fail_unless (vs_store_upload_write (upload, &bytes, 1, NULL));
  fail_unless (vs_store_clean (store, "e/recordings", NULL, NULL));
  fail_unless (vs_store_clean (next, "e", NULL, NULL));
  for (guint i = 0; i < 20; i++)
    fail_unless (vs_store_upload_write (upload, &bytes, 1, NULL));
  fail_if (vs_store_upload_is_lost (upload));
  fail_unless (vs_store_clean (next, "e/recordings", NULL, NULL));
  for (guint i = 0; i < 20
      && vs_store_upload_write (upload, &bytes, 1, &error); i++);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  fail_unless (vs_store_upload_is_lost (upload));
}

GST_END_TEST;

GST_START_TEST (test_list)
{
  g_autoptr (GPtrArray) objects = NULL;
  VsStoreObject *object;

  for (guint i = 0; i < 1205; i++) {
    g_autofree gchar *key = g_strdup_printf ("e/index_%05u.ts", i);

    put_text (key, "x");
  }
  put_text ("e/index.m3u8", "list");
  put_text ("e/recordings/a.mp4", "x");
  put_text ("f.ts", "x");

  objects = vs_store_list (store, "e", NULL, NULL, NULL);
  fail_unless_equals_int (objects->len, 1207);
  object = g_ptr_array_index (objects, 0);
  fail_unless_equals_string (object->key, "e/index.m3u8");
  fail_unless_equals_uint64 (object->size, 4);
  object = g_ptr_array_index (objects, 1206);
  fail_unless_equals_string (object->key, "e/recordings/");
  g_ptr_array_unref (objects);

  objects = vs_store_list (store, "e", ".m3u8", NULL, NULL);
  fail_unless_equals_int (objects->len, 1);
  g_ptr_array_unref (objects);
  objects = vs_store_list (store, "", "/", NULL, NULL);
  fail_unless_equals_int (objects->len, 1);
  fail_unless_equals_string (((VsStoreObject *) g_ptr_array_index (objects,
              0))->key, "e/");
  g_ptr_array_unref (objects);
  objects = vs_store_list (store, "none", NULL, NULL, NULL);
  fail_unless_equals_int (objects->len, 0);
}

GST_END_TEST;

/* ---- who writes ---------------------------------------------------------- */

static void
assert_takes (VsLease * lease, VsLeaseState expected)
{
  g_autoptr (GError) error = NULL;
  VsLeaseState state;

  fail_unless (vs_lease_take (lease, &state, NULL, &error), "%s",
      error ? error->message : "");
  fail_unless_equals_int (state, expected);
}

static void
assert_busy (gboolean ok, GError ** error)
{
  fail_if (ok);
  fail_unless (g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_BUSY), "%s",
      (*error)->message);
  fail_unless (strstr ((*error)->message, "another writer") != NULL, "%s",
      (*error)->message);
  g_clear_error (error);
}

GST_START_TEST (test_lease)
{
  g_autoptr (VsLease) first = vs_lease_new (store, "default/live", "one");
  g_autoptr (VsLease) again = vs_lease_new (store, "default/live", "one");
  g_autoptr (VsLease) other = vs_lease_new (store, "default/live", "two");
  VsLeaseState state;
  GError *error = NULL;

  assert_takes (first, VS_LEASE_NEW);
  assert_busy (vs_lease_take (other, &state, NULL, &error), &error);
  fail_unless (vs_lease_renew (first, NULL, NULL));
  /* the same writer, started anew */
  assert_takes (again, VS_LEASE_OURS);
  fail_unless (vs_lease_renew (again, NULL, NULL));
  vs_lease_release (again, NULL);
  assert_takes (other, VS_LEASE_TAKEN_OVER);
  assert_busy (vs_lease_renew (again, NULL, &error), &error);
  assert_busy (vs_lease_take (first, &state, NULL, &error), &error);
}

GST_END_TEST;

static gpointer
race (gpointer owner)
{
  g_autoptr (VsLease) lease = vs_lease_new (store, "default/race", owner);
  VsLeaseState state;

  return GINT_TO_POINTER (vs_lease_take (lease, &state, NULL, NULL));
}

/* Two that come at once: the service lets one in. */
GST_START_TEST (test_lease_race)
{
  static const gchar *const owners[] = { "a", "b", "c", "d" };
  GThread *threads[G_N_ELEMENTS (owners)];
  guint winners = 0;

  for (guint i = 0; i < G_N_ELEMENTS (owners); i++)
    threads[i] = g_thread_new ("lease", race, (gpointer) owners[i]);
  for (guint i = 0; i < G_N_ELEMENTS (owners); i++)
    winners += GPOINTER_TO_INT (g_thread_join (threads[i]));
  fail_unless_equals_int (winners, 1);
}

GST_END_TEST;

/* ---- what can be wrong -------------------------------------------------- */

static void
assert_refusal (const gchar * location, const gchar * key,
    const gchar * secret, gint code, const gchar * text)
{
  g_autoptr (VsStore) other = bucket_open (location, key, secret);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;

  fail_if (vs_store_put (other, "a.ts", &bytes, 1, NULL, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, code), "%s", error->message);
  fail_unless (strstr (error->message, text) != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "a.ts") != NULL, "%s", error->message);
  if (secret)
    fail_if (strstr (error->message, secret) != NULL);
}

GST_START_TEST (test_refusals)
{
  const gchar *key = g_getenv ("VS_S3_KEY");
  g_autofree gchar *location = g_strdup_printf ("s3://%s", bucket);

  assert_refusal (location, key, "another-secret",
      G_IO_ERROR_PERMISSION_DENIED, "secret access key");
  assert_refusal (location, "nobody", "another-secret",
      G_IO_ERROR_PERMISSION_DENIED, "does not know this access key");
  assert_refusal ("s3://there-is-none-such", key, g_getenv ("VS_S3_SECRET"),
      G_IO_ERROR_NOT_MOUNTED, "no such bucket");
}

GST_END_TEST;

static Suite *
s3store_suite (void)
{
  Suite *s = suite_create ("s3store");
  TCase *tc = tcase_create ("s3store");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_objects);
  tcase_add_test (tc, test_ranges);
  tcase_add_test (tc, test_read);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_upload_name);
  tcase_add_test (tc, test_abandoned_upload);
  tcase_add_test (tc, test_headed);
  tcase_add_test (tc, test_lost_upload);
  tcase_add_test (tc, test_list);
  tcase_add_loop_test (tc, test_lease_race, 0, 5);
  tcase_add_test (tc, test_lease);
  tcase_add_test (tc, test_refusals);
  return s;
}

GST_CHECK_MAIN (s3store);
