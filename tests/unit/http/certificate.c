/* VisionStream: tests of a certificate that is renewed on disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "common/folder.h"
#include "http/vshttpcertificate.h"

static gchar *folder, *cert_path, *key_path;

/* Makes NAME.crt and NAME.key. */
static void
make_pair (const gchar * name)
{
  g_autofree gchar *key = g_strdup_printf ("%s/%s.key", folder, name);
  g_autofree gchar *cert = g_strdup_printf ("%s/%s.crt", folder, name);
  g_autofree gchar *subject = g_strdup_printf ("/CN=%s", name);
  const gchar *argv[] = { "openssl", "req", "-x509", "-newkey", "ec",
    "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", subject, "-keyout", key, "-out", cert, NULL
  };
  gint status;

  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
          NULL, &status, NULL));
  fail_unless_equals_int (status, 0);
}

/* As tools that renew do: a new file in place of the old one. */
static void
install (const gchar * name, const gchar * suffix, const gchar * path)
{
  g_autofree gchar *from = g_strconcat (folder, "/", name, suffix, NULL);
  g_autofree gchar *text = NULL;

  fail_unless (g_file_get_contents (from, &text, NULL, NULL));
  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vs-certificate-XXXXXX", NULL);
  cert_path = g_build_filename (folder, "cert.pem", NULL);
  key_path = g_build_filename (folder, "key.pem", NULL);
  make_pair ("one");
  make_pair ("two");
  install ("one", ".crt", cert_path);
  install ("one", ".key", key_path);
}

static void
teardown (void)
{
  test_folder_remove (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&cert_path, g_free);
  g_clear_pointer (&key_path, g_free);
}

typedef struct
{
  gchar *subject;               /* NULL: an error */
  gchar *error;
} Change;

static void
on_changed (GTlsCertificate * tls, const GError * error, gpointer user_data)
{
  Change *change = g_new0 (Change, 1);

  fail_unless ((tls != NULL) != (error != NULL));
  if (tls)
    g_object_get (tls, "subject-name", &change->subject, NULL);
  else
    change->error = g_strdup (error->message);
  g_async_queue_push (user_data, change);
}

static void
expect (GAsyncQueue * changes, const gchar * subject)
{
  Change *change = g_async_queue_timeout_pop (changes, 30 * G_TIME_SPAN_SECOND);

  fail_unless (change != NULL);
  fail_unless_equals_string (change->subject, subject);
  if (subject == NULL)
    fail_unless (strstr (change->error, cert_path) != NULL, "%s",
        change->error);
  g_free (change->subject);
  g_free (change->error);
  g_free (change);
}

/* The two files change one after the other: in between they do not fit. */
GST_START_TEST (test_renewal)
{
  g_autoptr (GAsyncQueue) changes = g_async_queue_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VsHttpCertificate) certificate =
      vs_http_certificate_new (cert_path, key_path, &error);

  fail_unless (certificate != NULL, "%s", error ? error->message : "");
  vs_http_certificate_watch (certificate, on_changed, changes);
  install ("two", ".crt", cert_path);
  expect (changes, NULL);
  install ("two", ".key", key_path);
  expect (changes, "CN=two");

  /* said once, and good again when it is */
  fail_unless (g_file_set_contents (cert_path, "no certificate", -1, NULL));
  expect (changes, NULL);
  fail_unless (g_async_queue_timeout_pop (changes,
          3 * VS_HTTP_CERTIFICATE_INTERVAL_MS * 500) == NULL);
  install ("two", ".crt", cert_path);
  expect (changes, "CN=two");
}

GST_END_TEST;

GST_START_TEST (test_bad_files)
{
  g_autofree gchar *bundle = g_build_filename (folder, "bundle.pem", NULL);
  g_autofree gchar *chain = NULL, *key = NULL, *both = NULL;
  g_autoptr (VsHttpCertificate) good = NULL;

  /* the key is missing, is another's, is not there, is no file */
  fail_unless (vs_http_certificate_new (cert_path, NULL, NULL) == NULL);
  install ("two", ".key", key_path);
  fail_unless (vs_http_certificate_new (cert_path, key_path, NULL) == NULL);
  fail_unless (vs_http_certificate_new (cert_path, "/nonexistent", NULL)
      == NULL);
  fail_unless (vs_http_certificate_new (folder, key_path, NULL) == NULL);

  install ("one", ".key", key_path);
  fail_unless (g_file_get_contents (cert_path, &chain, NULL, NULL));
  fail_unless (g_file_get_contents (key_path, &key, NULL, NULL));
  both = g_strconcat (key, chain, NULL);
  fail_unless (g_file_set_contents (bundle, both, -1, NULL));
  good = vs_http_certificate_new (bundle, NULL, NULL);
  fail_unless (good != NULL);
  fail_unless (vs_http_certificate_get (good) != NULL);
}

GST_END_TEST;

static Suite *
http_certificate_suite (void)
{
  Suite *s = suite_create ("http_certificate");
  TCase *tc = tcase_create ("certificate");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_renewal);
  tcase_add_test (tc, test_bad_files);
  return s;
}

GST_CHECK_MAIN (http_certificate);
