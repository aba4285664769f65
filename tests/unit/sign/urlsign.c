/* VisionStream: tests of signed URLs and cookies, made
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/signfixture.h"
#include "sign/vssignbase64.h"

#define EXPIRES 1900000000
#define CANNED(url) "{\"Statement\":[{\"Resource\":\"" url "\",\"Condition\":{" \
  "\"DateLessThan\":{\"AWS:EpochTime\":1900000000}}}]}"
#define N_THREADS 4

static gchar *
find_value (const gchar * url, const gchar * name)
{
  const gchar *at = strstr (url, name);

  fail_unless (at != NULL, "%s in %s", name, url);
  at += strlen (name);
  return g_strndup (at, strcspn (at, "&"));
}

/* By openssl dgst: what is signed is @policy. */
static void
check_signature (const gchar * encoded, const gchar * policy,
    const gchar * hash, const gchar * key)
{
  g_autoptr (GBytes) bytes = vs_sign_base64_decode (encoded, strlen (encoded));
  g_autofree gchar *path = path_of ("sig");

  fail_unless (bytes != NULL, "%s", encoded);
  fail_unless (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
          (gssize) g_bytes_get_size (bytes), NULL));
  write_text ("policy", policy, 0600);
  fail_unless (openssl ("dgst -%s -verify %s.pub.pem -signature sig policy",
          hash, key), "%s", policy);
}

GST_START_TEST (test_canned)
{
  static const gchar *const keys[] = { "rsa", "ec" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    VsUrlSigner *signer = make_signer (keys[i], "K1", VS_SIGN_CANNED,
        VS_SIGN_SHA1, EXPIRES);
    g_autofree gchar *url = sign_url (signer, "https://h/a.ts?b=c");
    g_autofree gchar *signature = find_value (url, "&Signature=");
    g_autofree gchar *want = g_strdup_printf ("https://h/a.ts?b=c"
        "&Expires=1900000000&Signature=%s&Key-Pair-Id=K1", signature);

    fail_unless_equals_string (url, want);
    check_signature (signature, CANNED ("https://h/a.ts?b=c"), "sha1", keys[i]);
    vs_url_signer_free (signer);
  }
}

GST_END_TEST;

GST_START_TEST (test_custom)
{
  g_autoptr (VsSignKey) key = load_private ("rsa");
  VsUrlSignerSettings settings = { key, "K1", VS_SIGN_CUSTOM, VS_SIGN_SHA256,
    {NULL, EXPIRES, 1800000000}
  };
  g_autoptr (VsUrlSigner) signer = NULL;
  static const gchar policy[] =
      "{\"Statement\":[{\"Resource\":\"https://h/a.ts\",\"Condition\":{"
      "\"DateLessThan\":{\"AWS:EpochTime\":1900000000},"
      "\"IpAddress\":{\"AWS:SourceIp\":\"192.0.2.0/24\"},"
      "\"DateGreaterThan\":{\"AWS:EpochTime\":1800000000}}}]}";
  g_autofree gchar *url = NULL, *signature = NULL, *want = NULL;
  g_autoptr (GString) encoded = g_string_new (NULL);

  fail_unless (vs_sign_policy_set_source (&settings.conditions,
          "192.0.2.0/24", NULL));
  signer = vs_url_signer_new (&settings, NULL);
  url = sign_url (signer, "https://h/a.ts");
  signature = find_value (url, "&Signature=");
  vs_sign_base64_append (encoded, policy, strlen (policy));
  want = g_strdup_printf ("https://h/a.ts?Policy=%s&Signature=%s"
      "&Key-Pair-Id=K1&Hash-Algorithm=SHA256", encoded->str, signature);
  fail_unless_equals_string (url, want);
  check_signature (signature, policy, "sha256", "rsa");
}

GST_END_TEST;

/* One policy for a folder: one text, also of ECDSA, which else never signs the
 * same way twice. */
GST_START_TEST (test_wildcard)
{
  g_autoptr (VsUrlSigner) signer = make_signer ("ec", "E1", VS_SIGN_WILDCARD,
      VS_SIGN_SHA1, EXPIRES);
  g_autofree gchar *one = sign_url (signer, "https://h/a/b/c.ts");
  g_autofree gchar *two = sign_url (signer, "https://h/a/b/d.ts?e");
  g_autofree gchar *signature = find_value (one, "&Signature=");

  fail_unless_equals_string (strchr (one, '?') + 1, strstr (two, "Policy="));
  check_signature (signature, CANNED ("https://h/a/b/*"), "sha1", "ec");
}

GST_END_TEST;

/* More folders than are remembered: each is still one text. */
GST_START_TEST (test_many_folders)
{
  g_autoptr (VsUrlSigner) signer = make_signer ("rsa", "K1", VS_SIGN_WILDCARD,
      VS_SIGN_SHA1, EXPIRES);

  for (guint i = 0; i < 150; i++) {
    g_autofree gchar *url = g_strdup_printf ("https://h/%u/a.ts", i % 75);
    g_autofree gchar *pattern = g_strdup_printf ("https://h/%u/*", i % 75);
    g_autofree gchar *got = sign_url (signer, url);
    g_autoptr (GString) query = g_string_new (NULL);

    fail_unless (vs_url_signer_append_query (signer, query, pattern, NULL));
    fail_unless_equals_string (strchr (got, '?') + 1, query->str);
  }
}

GST_END_TEST;

static gpointer
sign_folder (gpointer data)
{
  GString *text = g_string_new (NULL);

  vs_url_signer_append_query (data, text, "https://h/*", NULL);
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_threads)
{
  for (guint round = 0; round < 20; round++) {
    g_autoptr (VsUrlSigner) signer = make_signer ("ec", "E1",
        VS_SIGN_WILDCARD, VS_SIGN_SHA1, EXPIRES);
    g_autofree gchar *first = NULL;
    GThread *threads[N_THREADS];

    for (guint i = 0; i < N_THREADS; i++)
      threads[i] = g_thread_new ("sign", sign_folder, signer);
    first = g_thread_join (threads[0]);
    for (guint i = 1; i < N_THREADS; i++) {
      g_autofree gchar *text = g_thread_join (threads[i]);

      fail_unless_equals_string (text, first);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_under)
{
  g_autoptr (VsUrlSigner) signer = make_signer ("rsa", "K1", VS_SIGN_CANNED,
      VS_SIGN_SHA1, EXPIRES);
  g_autoptr (GString) text = g_string_new (NULL);

  fail_unless (vs_url_signer_append_under (signer, text, "https://h/a/b?c",
          "https://h/a/*", NULL));
  fail_unless (g_str_has_prefix (text->str, "https://h/a/b?c&Policy="));
  g_string_assign (text, "kept");
  fail_if (vs_url_signer_append_under (signer, text, "https://h/b",
          "https://h/a/*", NULL));
  fail_unless_equals_string (text->str, "kept");
}

GST_END_TEST;

GST_START_TEST (test_folders)
{
  static const gchar *const cases[][2] = {
    {"https://h/a/b.ts", "https://h/a/*"}, {"https://h/a/", "https://h/a/*"},
    {"https://h/a", "https://h/*"}, {"https://h", "https://h/*"},
    {"https://h/a/b?c/d", "https://h/a/*"}, {"https://h?a/b", "https://h/*"},
    {"https://h/a/b*", "https://h/a/*"}, {"https://h/a*/b", NULL},
    {"h/a", NULL}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *pattern = vs_sign_folder_of (cases[i][0], NULL);

    fail_unless_equals_string (pattern, cases[i][1]);
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const gchar *const cases[] = {
    "", "/a", "https://h/a b", "https://h/a#b", "https://u@h/a", "ftp://h/a",
    "HTTPS://h/a", "https://h/a?Expires=1", "https://h/a?b&Policy=c",
    "https://h/a?Signature", "https://h/a?Key-Pair-Id=K1",
    "https://h/a?Hash-Algorithm=SHA1", "https://h/*", "https://h/a?b=*",
    "https://h/a?b?c", "https://h/\"",
  };

  for (VsSignKind kind = VS_SIGN_CANNED; kind <= VS_SIGN_CUSTOM; kind++) {
    g_autoptr (VsUrlSigner) signer = make_signer ("rsa", "K1", kind,
        VS_SIGN_SHA1, EXPIRES);

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
      g_autoptr (GString) text = g_string_new ("kept");
      g_autoptr (GError) error = NULL;

      fail_if (vs_url_signer_append (signer, text, cases[i], &error), "%s",
          cases[i]);
      fail_unless (g_error_matches (error, G_IO_ERROR,
              G_IO_ERROR_INVALID_ARGUMENT), "%s", cases[i]);
      fail_unless_equals_string (text->str, "kept");
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_settings)
{
  g_autoptr (VsSignKey) key = load_private ("rsa");
  g_autoptr (VsSignKey) public = load_public ("rsa");
  const VsUrlSignerSettings cases[] = {
    {public, "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9}},
    {NULL, "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9}},
    {key, NULL, VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9}},
    {key, "", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9}},
    {key, "K 1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9}},
    {key, "K1;", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9}},
    {key, "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 0}},
    {key, "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, -9}},
    {key, "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, G_MAXINT64}},
    {key, "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9, 5}},
    {key, "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, {NULL, 9, 0, 1, 32}},
    {key, "K1", VS_SIGN_CUSTOM, VS_SIGN_SHA1, {NULL, 9, -5}},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (vs_url_signer_new (&cases[i], &error) == NULL, "%u", i);
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT));
  }
}

GST_END_TEST;

GST_START_TEST (test_cookies)
{
  g_autoptr (VsUrlSigner) canned = make_signer ("rsa", "K1", VS_SIGN_CANNED,
      VS_SIGN_SHA1, EXPIRES);
  g_autoptr (VsUrlSigner) custom = make_signer ("rsa", "K1", VS_SIGN_CUSTOM,
      VS_SIGN_SHA256, EXPIRES);
  VsSignedCookie cookies[VS_SIGNED_COOKIES_MAX];

  fail_unless_equals_int (vs_url_signer_make_cookies (canned, "https://h/a",
          cookies, NULL), 3);
  fail_unless_equals_string (cookies[0].name, "CloudFront-Expires");
  fail_unless_equals_string (cookies[0].value, "1900000000");
  fail_unless_equals_string (cookies[1].name, "CloudFront-Signature");
  check_signature (cookies[1].value, CANNED ("https://h/a"), "sha1", "rsa");
  fail_unless_equals_string (cookies[2].name, "CloudFront-Key-Pair-Id");
  fail_unless_equals_string (cookies[2].value, "K1");
  vs_signed_cookies_clear (cookies, 3);

  fail_unless_equals_int (vs_url_signer_make_cookies (custom, "https://h/*",
          cookies, NULL), 4);
  fail_unless_equals_string (cookies[0].name, "CloudFront-Policy");
  check_signature (cookies[1].value, CANNED ("https://h/*"), "sha256", "rsa");
  fail_unless_equals_string (cookies[3].name, "CloudFront-Hash-Algorithm");
  fail_unless_equals_string (cookies[3].value, "SHA256");
  vs_signed_cookies_clear (cookies, 4);

  fail_unless_equals_int (vs_url_signer_make_cookies (canned, "https://h/*",
          cookies, NULL), 0);
  fail_unless_equals_int (vs_url_signer_make_cookies (custom, "https://h/\"",
          cookies, NULL), 0);
}

GST_END_TEST;

static Suite *
urlsign_suite (void)
{
  Suite *s = suite_create ("urlsign");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_test (tc, test_canned);
  tcase_add_test (tc, test_custom);
  tcase_add_test (tc, test_wildcard);
  tcase_add_test (tc, test_many_folders);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_under);
  tcase_add_test (tc, test_folders);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_settings);
  tcase_add_test (tc, test_cookies);
  return s;
}

GST_CHECK_MAIN (urlsign);
