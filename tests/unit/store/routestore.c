/* VisionStream: test of stores by account and event
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <string.h>

#include "store/fakes3.h"
#include "store/storefixture.h"
#include "store/vsstoreclass.h"

static VsStore *
open_template (const gchar * template, GError ** error)
{
  g_autofree gchar *location = g_build_filename (root, template, NULL);

  return vs_store_open (location, TRUE, error);
}

static void
put_into (VsStore * into, const gchar * key)
{
  g_autoptr (GBytes) bytes = g_bytes_new (key, strlen (key));
  g_autoptr (GError) error = NULL;

  fail_unless (vs_store_put (into, key, &bytes, 1, NULL, &error), "%s",
      error ? error->message : "");
}

static void
assert_file (const gchar * path)
{
  g_autofree gchar *file = g_build_filename (root, path, NULL);

  fail_unless (g_file_test (file, G_FILE_TEST_IS_REGULAR), "%s", path);
}

static void
assert_list (VsStore * from, const gchar * prefix, const gchar * suffix,
    const gchar * expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) objects = vs_store_list (from, prefix, suffix, NULL,
      &error);
  g_autoptr (GString) text = g_string_new (NULL);

  fail_unless (objects != NULL, "%s", error ? error->message : "");
  for (guint i = 0; i < objects->len; i++)
    g_string_append_printf (text, "%s ",
        ((VsStoreObject *) g_ptr_array_index (objects, i))->key);
  fail_unless_equals_string (text->str, expected);
}

static const struct
{
  const gchar *template, *file, *events;
} templates[] = {
  {"vs-{account}/{event}", "vs-acme/live/a.ts", "acme/live/ acme/two/ "},
  {"vs-{account}", "vs-acme/live/a.ts", "acme/live/ acme/two/ "},
  {"all/{account}/x/{event}", "all/acme/x/live/a.ts", "acme/live/ acme/two/ "},
  {"{event}-of-{account}", "live-of-acme/a.ts", NULL},
};

GST_START_TEST (test_templates)
{
  g_autoptr (VsStore) routed = open_template (templates[__i__].template, NULL);
  static const gchar *const keys[] = { "acme/live/a.ts", "acme/live/b.ts" };
  g_autoptr (VsStoreObject) object = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gboolean found[2];

  put_into (routed, "acme/live/a.ts");
  put_into (routed, "acme/live/deep/c.ts");
  put_into (routed, "acme/two/a.ts");
  put_into (routed, "other/live/a.ts");
  assert_file (templates[__i__].file);
  bytes = vs_store_get (routed, "acme/live/a.ts", 0, -1, 100, NULL, NULL);
  fail_unless (memcmp (g_bytes_get_data (bytes, NULL), "acme/live/a.ts",
          14) == 0);
  object = vs_store_stat (routed, "acme/live/a.ts", NULL, NULL);
  fail_unless_equals_string (object->key, "acme/live/a.ts");
  fail_unless (vs_store_find (routed, keys, 2, found, NULL, NULL));
  fail_unless (found[0] && !found[1]);
  assert_list (routed, "acme/live", NULL, "acme/live/a.ts acme/live/deep/ ");
  assert_list (routed, "acme/live/deep", ".ts", "acme/live/deep/c.ts ");
  if (templates[__i__].events)
    assert_list (routed, "acme", "/", templates[__i__].events);
  fail_unless (vs_store_delete (routed, "acme/live/a.ts", NULL, NULL));
  assert_list (routed, "acme/live", ".ts", "");
}

GST_END_TEST;

/* One writer a folder, also where the folder is a store's root. */
GST_START_TEST (test_lock)
{
  g_autoptr (VsStore) routed = open_template ("{account}/{event}", NULL);
  g_autoptr (VsStore) again = open_template ("{account}/{event}", NULL);
  g_autoptr (GError) error = NULL;
  gpointer lock = vs_store_lock (routed, "acme/live", NULL);

  fail_unless (lock != NULL);
  fail_unless (vs_store_lock (again, "acme/live", &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY));
  vs_store_unlock (routed, lock);
  lock = vs_store_lock (again, "acme/live", NULL);
  fail_unless (lock != NULL);
  vs_store_unlock (again, lock);
}

GST_END_TEST;

GST_START_TEST (test_bad_template)
{
  g_autoptr (GError) error = NULL;

  fail_unless (open_template ("{account}/{breakout}", &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_INVALID_ARGUMENT));
  fail_unless (strstr (error->message, "{account} and {event}") != NULL);
  g_clear_error (&error);
  fail_unless (open_template ("all/{event}", &error) == NULL);
  fail_unless (strstr (error->message, "put {account} in too") != NULL);
}

GST_END_TEST;

/* ---- accounts ----------------------------------------------------------- */

static gchar *
write_accounts (const gchar * text)
{
  gchar *path = g_build_filename (root, "accounts.json", NULL);
  g_autofree gchar *filled = NULL;
  g_auto (GStrv) parts = g_strsplit (text, "ROOT", -1);

  filled = g_strjoinv (root, parts);
  fail_unless (g_file_set_contents (path, filled, -1, NULL));
  return path;
}

static VsStore *
open_accounts (const gchar * path, GError ** error)
{
  VsStoreSettings settings = {.accounts_file = path,.create = TRUE };

  return vs_store_open_with (&settings, error);
}

GST_START_TEST (test_accounts)
{
  g_autofree gchar *path = write_accounts ("{\"acme\": {\"location\": "
      "\"ROOT/first\"}, \"other\": {\"location\": \"ROOT/{event}\"}}");
  g_autoptr (VsStore) routed = open_accounts (path, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *same = NULL;

  fail_unless (routed != NULL);
  put_into (routed, "acme/live/a.ts");
  put_into (routed, "other/live/a.ts");
  assert_file ("first/acme/live/a.ts");
  assert_file ("live/a.ts");
  assert_list (routed, "", "/", "acme/ other/ ");
  assert_list (routed, "acme", "/", "acme/live/ ");
  fail_unless (vs_store_stat (routed, "third/live/a.ts", NULL, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "third") != NULL);

  /* one that comes later, and a file that is damaged then */
  same = write_accounts ("{\"third\": {\"location\": \"ROOT/third\"}}");
  put_into (routed, "third/live/a.ts");
  assert_file ("third/third/live/a.ts");
  g_free (same);
  same = write_accounts ("{\"third\": ");
  g_test_expect_message ("VisionStream", G_LOG_LEVEL_WARNING,
      "*no JSON object*");
  put_into (routed, "third/live/b.ts");
  g_test_assert_expected_messages ();
}

GST_END_TEST;

static const gchar *const bad_accounts[] = {
  "", "[]", "{\"acme\": 1}", "{\"a/b\": {\"location\": \"ROOT\"}}",
  "{\"acme\": {}}", "{\"acme\": {\"location\": 1}}",
  "{\"acme\": {\"location\": \"ROOT\", \"secret\": \"abc\"}}",
  "{\"acme\": {\"location\": \"ROOT\", \"force-path-style\": \"yes\"}}",
  "{\"acme\": {\"location\": \"ROOT\", \"secret-access-key\": \"hunter2\" ",
};

GST_START_TEST (test_bad_accounts)
{
  g_autofree gchar *path = write_accounts (bad_accounts[__i__]);
  g_autoptr (GError) error = NULL;

  fail_unless (open_accounts (path, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  fail_unless (strstr (error->message, path) != NULL, "%s", error->message);
  fail_if (strstr (error->message, "hunter2") != NULL);
}

GST_END_TEST;

static void
write_two_accounts (const gchar * path, const FakeS3 * second,
    const gchar * token)
{
  g_autofree gchar *text = g_strdup_printf ("{\"acme\": {\"location\": "
      "\"s3://bucket\", \"endpoint-uri\": \"%s\", \"access-key\": \"A\", "
      "\"secret-access-key\": \"a\", \"session-token\": \"%s\"}, "
      "\"beta\": {\"location\": \"s3://bucket\", \"endpoint-uri\": \"%s\","
      " \"access-key\": \"B\", \"secret-access-key\": \"b\"}}", fake->uri,
      token, second->uri);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

/* Two accounts whose buckets have the same name, on two services; and keys that
 * are changed while all goes on. */
GST_START_TEST (test_accounts_apart)
{
  g_autofree gchar *path = g_build_filename (root, "accounts.json", NULL);
  const VsStoreSettings settings = {.accounts_file = path };
  g_autoptr (GBytes) acme = NULL;
  g_autoptr (GBytes) beta = NULL;
  FakeS3 *second = fake_s3_new ();
  VsStore *routed;

  fake = fake_s3_new ();
  write_two_accounts (path, second, "old");
  fake_s3_set_token (fake, "old");
  routed = vs_store_open_with (&settings, NULL);
  put_into (routed, "acme/live/a.ts");
  put_into (routed, "beta/live/a.ts");
  acme = fake_s3_get (fake, "/bucket/acme/live/a.ts");
  beta = fake_s3_get (second, "/bucket/beta/live/a.ts");
  fail_unless (acme != NULL && beta != NULL);
  fail_unless_equals_int (fake_s3_count_objects (fake), 1);
  fail_unless_equals_int (fake_s3_count_objects (second), 1);

  write_two_accounts (path, second, "newer");
  fake_s3_set_token (fake, "newer");
  put_into (routed, "acme/live/b.ts");
  vs_store_unref (routed);
  fake_s3_free (second);
  fake_s3_free (fake);
}

GST_END_TEST;

static Suite *
routestore_suite (void)
{
  Suite *s = suite_create ("routestore");
  TCase *tc = tcase_create ("routestore");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, store_setup, store_teardown);
  tcase_add_loop_test (tc, test_templates, 0, G_N_ELEMENTS (templates));
  tcase_add_test (tc, test_lock);
  tcase_add_test (tc, test_bad_template);
  tcase_add_test (tc, test_accounts);
  tcase_add_test (tc, test_accounts_apart);
  tcase_add_loop_test (tc, test_bad_accounts, 0, G_N_ELEMENTS (bad_accounts));
  return s;
}

GST_CHECK_MAIN (routestore);
