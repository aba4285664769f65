/* VisionStream: tests of what a signature allows, carried on
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/signfixture.h"

#define ORIGIN "https://h"
#define FOLDER "/out/v1/a/live/hls/"
#define NOW 1000
#define EXPIRES 2000

static VsUrlVerifier *verifier;
static VsKeyGroup *group;

static void
setup (void)
{
  VsUrlVerifierSettings settings = { 0 };

  verifier = vs_url_verifier_new (&settings);
  group = load_group ();
}

static void
teardown (void)
{
  vs_url_verifier_free (verifier);
  vs_key_group_unref (group);
}

static VsSignVerdict
check (const gchar * target, const gchar * cookie, VsSignGrant * grant)
{
  VsSignedRequest request = { ORIGIN, target, cookie, NULL, NOW };

  return vs_url_verifier_check (verifier, group, &request, grant);
}

/* What the signature of a main playlist allows. */
static void
grant_by (VsSignKind kind, VsSignHash hash, VsSignGrant * grant)
{
  g_autoptr (VsUrlSigner) signer = make_signer ("rsa", "K1", kind, hash,
      EXPIRES);
  g_autofree gchar *url = sign_url (signer, ORIGIN FOLDER "index.m3u8");

  fail_unless_equals_int (check (url + strlen (ORIGIN), NULL, grant),
      VS_SIGN_VALID);
  fail_unless_equals_int64 (grant->expires, EXPIRES);
}

/* "name=value" of each cookie, as a browser sends them */
static gchar *
send_back (gchar ** cookies)
{
  GString *header = g_string_new (NULL);

  for (; *cookies; cookies++) {
    gsize size = strcspn (*cookies, ";");

    if (header->len > 0)
      g_string_append (header, "; ");
    g_string_append_len (header, *cookies, (gssize) size);
  }
  return g_string_free (header, FALSE);
}

GST_START_TEST (test_query)
{
  for (VsSignHash hash = VS_SIGN_SHA1; hash <= VS_SIGN_SHA256; hash++) {
    g_auto (VsSignGrant) grant = { 0 };
    g_autofree gchar *query = NULL, *child = NULL, *outside = NULL;

    grant_by (VS_SIGN_WILDCARD, hash, &grant);
    query = vs_sign_grant_make_query (&grant);
    child = g_strconcat (FOLDER "v1/7.ts?t=1&_HLS_msn=3&", query, NULL);
    outside = g_strconcat ("/out/v1/b/live/hls/7.ts?", query, NULL);
    fail_unless_equals_int (check (child, NULL, NULL), VS_SIGN_VALID);
    fail_unless_equals_int (check (outside, NULL, NULL), VS_SIGN_RESOURCE);
  }
}

GST_END_TEST;

GST_START_TEST (test_cookies)
{
  for (VsSignHash hash = VS_SIGN_SHA1; hash <= VS_SIGN_SHA256; hash++) {
    g_auto (VsSignGrant) grant = { 0 };
    g_auto (VsSignGrant) by_cookie = { 0 };
    g_auto (GStrv) cookies = NULL;
    g_autofree gchar *header = NULL;

    grant_by (VS_SIGN_WILDCARD, hash, &grant);
    cookies = vs_sign_grant_make_cookies (&grant, FOLDER, TRUE, NOW);
    header = send_back (cookies);
    fail_unless_equals_int (check (FOLDER "7.ts?t=1", header, &by_cookie),
        VS_SIGN_VALID);
    /* the browser has them: nothing is to be carried on */
    fail_if (vs_sign_grant_is_wide (&by_cookie));
    fail_unless_equals_int64 (by_cookie.expires, EXPIRES);
  }
}

GST_END_TEST;

GST_START_TEST (test_attributes)
{
  g_auto (VsSignGrant) grant = { 0 };
  g_auto (GStrv) tls = NULL;
  g_auto (GStrv) plain = NULL;
  g_auto (GStrv) late = NULL;

  grant_by (VS_SIGN_WILDCARD, VS_SIGN_SHA1, &grant);
  tls = vs_sign_grant_make_cookies (&grant, FOLDER, TRUE, NOW);
  plain = vs_sign_grant_make_cookies (&grant, FOLDER, FALSE, NOW);
  late = vs_sign_grant_make_cookies (&grant, FOLDER, FALSE, EXPIRES + 5);
  fail_unless_equals_int (g_strv_length (tls), 4);
  fail_unless (g_str_has_prefix (tls[0], "CloudFront-Policy="));
  fail_unless (g_str_has_suffix (tls[0],
          "; Path=" FOLDER "; Max-Age=1000; HttpOnly; Secure; SameSite=None"));
  fail_unless_equals_string (tls[2], "CloudFront-Key-Pair-Id=K1; Path=" FOLDER
      "; Max-Age=1000; HttpOnly; Secure; SameSite=None");
  fail_unless_equals_string (plain[2], "CloudFront-Key-Pair-Id=K1; Path="
      FOLDER "; Max-Age=1000; HttpOnly; SameSite=Lax");
  /* or that of another path would count */
  fail_unless_equals_string (plain[3], "CloudFront-Hash-Algorithm=SHA1; Path="
      FOLDER "; Max-Age=1000; HttpOnly; SameSite=Lax");
  fail_unless (strstr (late[0], "; Max-Age=0; ") != NULL);
  fail_if (vs_sign_grant_make_cookies (&grant, "/a;Domain=b/", TRUE, NOW));
  fail_if (vs_sign_grant_make_cookies (&grant, "/a\r\nb", TRUE, NOW));
  fail_if (vs_sign_grant_make_cookies (&grant, "", TRUE, NOW));
}

GST_END_TEST;

/* One URL is one URL. */
GST_START_TEST (test_narrow)
{
  static const VsSignKind kinds[] = { VS_SIGN_CANNED, VS_SIGN_CUSTOM };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_auto (VsSignGrant) grant = { 0 };

    grant_by (kinds[i], VS_SIGN_SHA1, &grant);
    fail_if (vs_sign_grant_is_wide (&grant));
  }
}

GST_END_TEST;

static Suite *
signgrant_suite (void)
{
  Suite *s = suite_create ("signgrant");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_query);
  tcase_add_test (tc, test_cookies);
  tcase_add_test (tc, test_attributes);
  tcase_add_test (tc, test_narrow);
  return s;
}

GST_CHECK_MAIN (signgrant);
