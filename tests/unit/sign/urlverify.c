/* VisionStream: tests of signed URLs and cookies, checked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of gst/sign/README.md, row by row: a comment names each.
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/signfixture.h"
#include "sign/vssignbase64.h"
#include "sign/vssigncache.h"

#define ORIGIN "https://h"
#define NOW 1000
#define EXPIRES 2000
#define URL "/a/b.ts?c=d"

/* cookies of another path */
#define ANOTHER "CloudFront-Policy=x; CloudFront-Signature=y; " \
    "CloudFront-Key-Pair-Id=z; CloudFront-Hash-Algorithm=SHA1"

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
check_at (const gchar * target, const gchar * cookie, gint64 now)
{
  VsSignedRequest request = { ORIGIN, target, cookie, NULL, now };
  g_auto (VsSignGrant) grant = { 0 };
  VsSignVerdict verdict = vs_url_verifier_check (verifier, group, &request,
      &grant);

  fail_unless (verdict == VS_SIGN_VALID ? grant.expires > 0 :
      grant.expires == 0 && grant.policy == NULL);
  return verdict;
}

static VsSignVerdict
check (const gchar * target)
{
  return check_at (target, NULL, NOW);
}

static void
expect (const gchar * target, VsSignVerdict want)
{
  VsSignVerdict got = check (target);

  fail_unless (got == want, "%s, not %s: %s", vs_sign_verdict_get_name (got),
      vs_sign_verdict_get_name (want), target);
}

/* (transfer full): a target that is signed */
static gchar *
make_target (const gchar * key, const gchar * id, VsSignKind kind,
    VsSignHash hash, const gchar * target)
{
  g_autoptr (VsUrlSigner) signer = make_signer (key, id, kind, hash, EXPIRES);
  g_autofree gchar *url = g_strconcat (ORIGIN, target, NULL);
  g_autofree gchar *text = sign_url (signer, url);

  return g_strdup (text + strlen (ORIGIN));
}

static gchar *
make_canned (const gchar * target)
{
  return make_target ("rsa", "K1", VS_SIGN_CANNED, VS_SIGN_SHA1, target);
}

/* "Policy=...&Signature=...&Key-Pair-Id=K1" of any text */
static gchar *
sign_policy (const gchar * policy)
{
  g_autoptr (VsSignKey) key = load_private ("rsa");
  GString *query = g_string_new ("Policy=");
  guint8 signature[VS_SIGNATURE_MAX];
  gsize size = vs_sign_key_sign (key, VS_SIGN_SHA1, policy, strlen (policy),
      signature);

  vs_sign_base64_append (query, policy, strlen (policy));
  g_string_append (query, "&Signature=");
  vs_sign_base64_append (query, signature, size);
  g_string_append (query, "&Key-Pair-Id=K1");
  return g_string_free (query, FALSE);
}

static gchar *
replace (const gchar * text, const gchar * from, const gchar * to)
{
  g_autoptr (GString) out = g_string_new (text);

  fail_unless (g_string_replace (out, from, to, 1) == 1, "%s in %s", from,
      text);
  return g_strdup (out->str);
}

static void
expect_replaced (const gchar * target, const gchar * from, const gchar * to,
    VsSignVerdict want)
{
  g_autofree gchar *text = replace (target, from, to);

  expect (text, want);
}

/* ---- what passes --------------------------------------------------------- */

GST_START_TEST (test_valid)
{
  static const gchar *const keys[][2] = { {"rsa", "K1"}, {"other", "K2"},
  {"ec", "E1"}
  };
  static const gchar *const targets[] = { "/", "/a", "/a/", URL, "/a?",
    "/a?b&c=&=d&&", "/%20?%2F", "/a?b=c=d", "/a:b@c"
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys) * 3 * VS_SIGN_N_HASHES; i++) {
    const gchar *const *key = keys[i % 3];

    for (guint n = 0; n < G_N_ELEMENTS (targets); n++) {
      g_autofree gchar *target = make_target (key[0], key[1], i / 3 % 3,
          i / 9, targets[n]);
      g_autoptr (GString) stripped = g_string_new (NULL);

      expect (target, VS_SIGN_VALID);
      expect (target, VS_SIGN_VALID);
      vs_signed_target_strip (stripped, target);
      fail_unless_equals_string (stripped->str, targets[n]);
      expect (targets[n], VS_SIGN_UNSIGNED);
    }
  }
}

GST_END_TEST;

/* Dates, at the second. */
GST_START_TEST (test_dates)
{
  g_autofree gchar *canned = make_canned (URL);
  g_autofree gchar *query = sign_policy ("{\"Statement\":[{\"Resource\":\"*\","
      "\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":2000},"
      "\"DateGreaterThan\":{\"AWS:EpochTime\":1500}}}]}");
  g_autofree gchar *custom = g_strconcat ("/x?", query, NULL);

  fail_unless_equals_int (check_at (canned, NULL, 0), VS_SIGN_VALID);
  fail_unless_equals_int (check_at (canned, NULL, 1999), VS_SIGN_VALID);
  fail_unless_equals_int (check_at (canned, NULL, 2000), VS_SIGN_EXPIRED);
  fail_unless_equals_int (check_at (canned, NULL, G_MAXINT64), VS_SIGN_EXPIRED);
  fail_unless_equals_int (check_at (custom, NULL, 1500), VS_SIGN_EARLY);
  fail_unless_equals_int (check_at (custom, NULL, 1501), VS_SIGN_VALID);
  fail_unless_equals_int (check_at (custom, NULL, 1999), VS_SIGN_VALID);
  fail_unless_equals_int (check_at (custom, NULL, 2000), VS_SIGN_EXPIRED);
  /* also what is remembered by now */
  fail_unless_equals_int (check_at (custom, NULL, 1500), VS_SIGN_EARLY);
}

GST_END_TEST;

/* 0, 5 and 300 seconds; no more than 5 are granted */
GST_START_TEST (test_skew)
{
  static const guint skews[] = { 0, 1, 5, 300 };
  g_autofree gchar *query = sign_policy ("{\"Statement\":[{\"Resource\":\"*\","
      "\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":2000},"
      "\"DateGreaterThan\":{\"AWS:EpochTime\":1500}}}]}");
  g_autofree gchar *target = g_strconcat ("/x?", query, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (skews); i++) {
    VsUrlVerifierSettings settings = {.skew = skews[i] };
    gint64 skew = MIN (skews[i], 5);

    vs_url_verifier_free (verifier);
    verifier = vs_url_verifier_new (&settings);
    fail_unless_equals_int (check_at (target, NULL, 1999 + skew),
        VS_SIGN_VALID);
    fail_unless_equals_int (check_at (target, NULL, 2000 + skew),
        VS_SIGN_EXPIRED);
    fail_unless_equals_int (check_at (target, NULL, 1501 - skew),
        VS_SIGN_VALID);
    fail_unless_equals_int (check_at (target, NULL, 1500 - skew),
        VS_SIGN_EARLY);
  }
}

GST_END_TEST;

GST_START_TEST (test_addresses)
{
  g_autofree gchar *query = sign_policy ("{\"Statement\":[{\"Resource\":\"*\","
      "\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":2000},"
      "\"IpAddress\":{\"AWS:SourceIp\":\"192.0.2.0/24\"}}}]}");
  g_autofree gchar *target = g_strconcat ("/x?", query, NULL);
  static const struct
  {
    const gchar *client;
    VsSignVerdict verdict;
  } cases[] = {
    {"192.0.2.0", VS_SIGN_VALID}, {"192.0.2.255", VS_SIGN_VALID},
    {"::ffff:192.0.2.7", VS_SIGN_VALID}, {"192.0.3.0", VS_SIGN_ADDRESS},
    {"192.0.1.255", VS_SIGN_ADDRESS}, {"::1", VS_SIGN_ADDRESS},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GInetAddress) client =
        g_inet_address_new_from_string (cases[i].client);
    VsSignedRequest request = { ORIGIN, target, NULL, client, NOW };

    fail_unless_equals_int (vs_url_verifier_check (verifier, group, &request,
            NULL), cases[i].verdict);
  }
  expect (target, VS_SIGN_ADDRESS);
}

GST_END_TEST;

/* ---- the table ----------------------------------------------------------- */

GST_START_TEST (test_parameters)
{
  g_autofree gchar *target = make_canned (URL);
  g_autofree gchar *sha256 = make_target ("rsa", "K1", VS_SIGN_CANNED,
      VS_SIGN_SHA256, URL);
  g_autofree gchar *signature = g_strndup (strstr (target, "&Signature="),
      strlen ("&Signature=") + 344);
  g_autofree gchar *without = replace (target, signature, "");
  g_autofree gchar *moved = g_strconcat ("/a/b.ts?Key-Pair-Id=K1", signature,
      "&c=d&Expires=2000", NULL);

  /* in any order, between any others */
  expect (moved, VS_SIGN_VALID);
  /* one is missing */
  expect (without, VS_SIGN_MALFORMED);
  expect_replaced (target, "&Expires=2000", "", VS_SIGN_MALFORMED);
  expect_replaced (target, "&Key-Pair-Id=K1", "", VS_SIGN_MALFORMED);
  expect (URL "&Expires=2000", VS_SIGN_MALFORMED);
  expect (URL "&Hash-Algorithm=SHA1", VS_SIGN_MALFORMED);
  /* one is there twice, the same or not */
  expect_replaced (target, "&Expires=2000", "&Expires=2000&Expires=2000",
      VS_SIGN_MALFORMED);
  expect_replaced (target, "&Expires=2000", "&Expires=2000&Expires=9",
      VS_SIGN_MALFORMED);
  expect_replaced (target, "=K1", "=K1&Key-Pair-Id=K1", VS_SIGN_MALFORMED);
  expect_replaced (target, "=K1", "=K1&Key-Pair-Id", VS_SIGN_MALFORMED);
  expect_replaced (target, "=K1", "=K1&Signature=", VS_SIGN_MALFORMED);
  expect_replaced (sha256, "=SHA256", "=SHA256&Hash-Algorithm=SHA256",
      VS_SIGN_MALFORMED);
  /* other letters, or escaped: a parameter like any other, which is signed */
  expect_replaced (target, "Expires", "expires", VS_SIGN_MALFORMED);
  expect_replaced (target, "Expires", "%45xpires", VS_SIGN_MALFORMED);
  expect_replaced (target, "=K1", "=K1&expires=3", VS_SIGN_FORGED);
  /* one in a query that somebody added */
  expect_replaced (target, "=K1", "=K1&_HLS_msn=3", VS_SIGN_FORGED);
  expect_replaced (target, "=K1", "=K1&", VS_SIGN_FORGED);
}

GST_END_TEST;

GST_START_TEST (test_expires)
{
  static const gchar *const cases[] = { "+2000", "02000", "2000.0", "2e3",
    " 2000", "2000 ", "%202000", "2000%20", "0x7d0", "-1", "", "0", "2,000",
    "9007199254740992", "99999999999999999999", "2000\t"
  };
  g_autofree gchar *target = make_canned (URL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *value = g_strconcat ("Expires=", cases[i], NULL);

    expect_replaced (target, "Expires=2000", value, VS_SIGN_MALFORMED);
  }
  expect_replaced (target, "Expires=2000", "Expires=2001", VS_SIGN_FORGED);
}

GST_END_TEST;

GST_START_TEST (test_hashes)
{
  g_autofree gchar *sha1 = make_canned (URL);
  g_autofree gchar *sha256 = make_target ("rsa", "K1", VS_SIGN_CANNED,
      VS_SIGN_SHA256, URL);
  static const gchar *const bad[] = { "sha256", "SHA-256", "Sha256", "SHA512",
    "", "SHA256 ", "SHA256,SHA1", "MD5"
  };

  expect_replaced (sha1, "=K1", "=K1&Hash-Algorithm=SHA1", VS_SIGN_VALID);
  expect_replaced (sha1, "=K1", "=K1&Hash-Algorithm=SHA256", VS_SIGN_FORGED);
  expect_replaced (sha256, "&Hash-Algorithm=SHA256", "", VS_SIGN_FORGED);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    expect_replaced (sha256, "SHA256", bad[i], VS_SIGN_MALFORMED);
}

GST_END_TEST;

/* Policy wins over Expires, whatever that is. */
GST_START_TEST (test_both)
{
  g_autofree gchar *custom = make_target ("rsa", "K1", VS_SIGN_CUSTOM,
      VS_SIGN_SHA1, URL);
  g_autofree gchar *canned = make_canned (URL);

  expect_replaced (custom, "=K1", "=K1&Expires=1", VS_SIGN_VALID);
  expect_replaced (custom, "=K1", "=K1&Expires=soon", VS_SIGN_VALID);
  expect_replaced (custom, "=K1", "=K1&Expires=1&Expires=1", VS_SIGN_MALFORMED);
  expect_replaced (canned, "=K1", "=K1&Policy=", VS_SIGN_FORGED);
}

GST_END_TEST;

GST_START_TEST (test_hosts)
{
  static const gchar *const cases[][2] = {
    {"https://H/*", "https://h"}, {"https://h/*", "https://h:8443"},
    {"https://h:443/*", "https://h"}, {"https://h./*", "https://h"},
    {"http://h/*", "https://h"}, {"HTTPS://h/*", "https://h"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *policy = g_strdup_printf ("{\"Statement\":[{"
        "\"Resource\":\"%s\",\"Condition\":{\"DateLessThan\":{"
        "\"AWS:EpochTime\":2000}}}]}", cases[i][0]);
    g_autofree gchar *query = sign_policy (policy);
    g_autofree gchar *target = g_strconcat ("/a?", query, NULL);
    VsSignedRequest request = { cases[i][1], target, NULL, NULL, NOW };
    VsSignVerdict got = vs_url_verifier_check (verifier, group, &request,
        NULL);

    /* what is no pattern at all is no policy */
    fail_unless (got == (cases[i][0][0] == 'H' ? VS_SIGN_POLICY
            : VS_SIGN_RESOURCE), "%s", cases[i][0]);
  }
}

GST_END_TEST;

/* The path is compared as it was sent; one that has another normal form is
 * refused, also by a policy that is for everything. */
GST_START_TEST (test_paths)
{
  static const gchar *const bad[] = { "//a", "/a//b", "/./a", "/a/../b",
    "/a/..", "/%61", "/a%2fb", "/a%2Fb", "/%2e%2e/a", "/a%5cb", "/a\\b",
    "/%00", "/%", "/a b", "/\xc3\xa4", "a", "", "https://h/a", "/a\"b",
    "/a#b"
  };
  g_autofree gchar *query = sign_policy ("{\"Statement\":[{\"Resource\":\"*\","
      "\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":2000}}}]}");
  g_autofree gchar *good = g_strconcat ("/a%20b/c?d=%61&", query, NULL);
  g_autofree gchar *escaped = make_canned ("/a%C3%A4");

  expect (good, VS_SIGN_VALID);
  expect_replaced (escaped, "%C3", "%c3", VS_SIGN_FORGED);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *target = g_strconcat (bad[i], "?", query, NULL);

    expect (target, VS_SIGN_MALFORMED);
  }
}

GST_END_TEST;

/* Signed, but no policy that counts. */
GST_START_TEST (test_policies)
{
  static const gchar end[] = "\"Condition\":{\"DateLessThan\":{"
      "\"AWS:EpochTime\":2000}}";
  static const gchar *const heads[] = { "", "\"Resource\":\"*\","
        "\"Resource\":\"*\",", "\"Effect\":\"Allow\",\"Resource\":\"*\",",
    "\"Resource\":\"/a\",", "\"Resource\":\"**\",", "\"resource\":\"*\","
  };
  VsUrlVerifierSettings liberal = {.allow_any_resource = TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    g_autofree gchar *policy = g_strdup_printf ("{\"Statement\":[{%s%s}]}",
        heads[i], end);
    g_autofree gchar *query = sign_policy (policy);
    g_autofree gchar *target = g_strconcat ("/a?", query, NULL);

    expect (target, VS_SIGN_POLICY);
    if (i == 0) {
      vs_url_verifier_free (verifier);
      verifier = vs_url_verifier_new (&liberal);
      expect (target, VS_SIGN_VALID);
    }
  }
}

GST_END_TEST;

/* Order and white space of a policy are the signer's. */
GST_START_TEST (test_reordered)
{
  g_autofree gchar *query = sign_policy (" { \"Statement\" : [ {\n"
      "\"Condition\" : { \"IpAddress\" : { \"AWS:SourceIp\" : \"0.0.0.0/0\" }"
      " , \"DateLessThan\" : { \"AWS:EpochTime\" : 2000 } } ,\n"
      "\"Resource\" : \"https:\\/\\/h\\/a\" } ] }\n");
  g_autofree gchar *target = g_strconcat ("/a?", query, NULL);

  expect (target, VS_SIGN_VALID);
  expect_replaced (target, "/a?", "/b?", VS_SIGN_RESOURCE);
}

GST_END_TEST;

GST_START_TEST (test_resources)
{
  g_autofree gchar *wildcard = make_target ("rsa", "K1", VS_SIGN_WILDCARD,
      VS_SIGN_SHA1, "/a/b/c.ts");
  g_autofree gchar *custom = make_target ("rsa", "K1", VS_SIGN_CUSTOM,
      VS_SIGN_SHA1, URL);

  expect_replaced (wildcard, "c.ts?", "d/e.m4s?x=y&", VS_SIGN_VALID);
  expect_replaced (wildcard, "/b/", "/x/", VS_SIGN_RESOURCE);
  expect_replaced (wildcard, "/b/c.ts", "/b", VS_SIGN_RESOURCE);
  expect_replaced (custom, "c=d&", "", VS_SIGN_RESOURCE);
  expect_replaced (custom, "c=d&", "c=e&", VS_SIGN_RESOURCE);
}

GST_END_TEST;

GST_START_TEST (test_keys)
{
  g_autofree gchar *target = make_canned (URL);
  g_autofree gchar *other = make_target ("other", "K1", VS_SIGN_CANNED,
      VS_SIGN_SHA1, URL);
  static const gchar *const bad[] = { "K9", "", "k1", "K1%20", "K%2F1" };

  expect_replaced (target, "=K1", "=K2", VS_SIGN_FORGED);
  expect_replaced (target, "=K1", "=E1", VS_SIGN_FORGED);
  expect (other, VS_SIGN_FORGED);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *value = g_strconcat ("Key-Pair-Id=", bad[i], NULL);

    expect_replaced (target, "Key-Pair-Id=K1", value, VS_SIGN_UNKNOWN_KEY);
  }
  vs_key_group_unref (group);
  group = NULL;
  expect (target, VS_SIGN_UNKNOWN_KEY);
  group = load_group ();
}

GST_END_TEST;

GST_START_TEST (test_base64)
{
  g_autofree gchar *target = make_canned (URL);
  g_autofree gchar *custom = make_target ("rsa", "K1", VS_SIGN_CUSTOM,
      VS_SIGN_SHA1, URL);
  gchar *last = strstr (target, "__&Key-Pair-Id") - 1;

  /* 2048 bits leave four of the last letter's bits unset */
  (*last)++;
  expect (target, VS_SIGN_MALFORMED);
  (*last)--;
  expect (target, VS_SIGN_VALID);
  expect_replaced (target, "__&Key", "==&Key", VS_SIGN_MALFORMED);
  expect_replaced (target, "__&Key", "_&Key", VS_SIGN_MALFORMED);
  expect_replaced (target, "__&Key", "&Key", VS_SIGN_MALFORMED);
  expect_replaced (target, "__&Key", "__AAAA&Key", VS_SIGN_MALFORMED);
  /* an unreserved letter may be escaped, no other */
  expect_replaced (target, "__&Key", "%5F%5f&Key", VS_SIGN_VALID);
  expect_replaced (target, "=K1", "=%4B1", VS_SIGN_VALID);
  expect_replaced (target, "__&Key", "%3D%3D&Key", VS_SIGN_MALFORMED);
  expect_replaced (target, "__&Key", "%5F%255F&Key", VS_SIGN_MALFORMED);
  expect_replaced (target, "__&Key", "_%5&Key", VS_SIGN_MALFORMED);
  expect_replaced (custom, "Policy=", "Policy=%65", VS_SIGN_MALFORMED);
}

GST_END_TEST;

/* ---- cookies ------------------------------------------------------------- */

static gchar *
make_cookies (VsSignKind kind, VsSignHash hash, const gchar * resource,
    const gchar * separator)
{
  g_autoptr (VsUrlSigner) signer = make_signer ("rsa", "K1", kind, hash,
      EXPIRES);
  VsSignedCookie cookies[VS_SIGNED_COOKIES_MAX];
  guint n = vs_url_signer_make_cookies (signer, resource, cookies, NULL);
  GString *header = g_string_new ("a=b");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (header, "%s%s=%s", separator, cookies[i].name,
        cookies[i].value);
  g_string_append_printf (header, "%sz", separator);
  vs_signed_cookies_clear (cookies, n);
  return g_string_free (header, FALSE);
}

static void
expect_cookies (const gchar * target, const gchar * cookies, VsSignVerdict want)
{
  VsSignVerdict got = check_at (target, cookies, NOW);

  fail_unless (got == want, "%s, not %s: %s %s",
      vs_sign_verdict_get_name (got), vs_sign_verdict_get_name (want), target,
      cookies);
}

GST_START_TEST (test_cookies)
{
  g_autofree gchar *wildcard = make_cookies (VS_SIGN_WILDCARD, VS_SIGN_SHA256,
      "https://h/a/*", "; ");
  g_autofree gchar *tight = make_cookies (VS_SIGN_WILDCARD, VS_SIGN_SHA1,
      "https://h/a/*", ";");
  g_autofree gchar *canned = make_cookies (VS_SIGN_CANNED, VS_SIGN_SHA1,
      "https://h" URL, "; ");
  g_autofree gchar *twice = g_strconcat (wildcard, "; ", wildcard, NULL);
  g_autofree gchar *half = g_strconcat ("CloudFront-Signature; ", wildcard,
      NULL);
  g_autofree gchar *before = g_strconcat (wildcard, "; ", ANOTHER, NULL);
  g_autofree gchar *behind = g_strconcat (ANOTHER, "; ", wildcard, NULL);
  g_autofree gchar *quoted = replace (wildcard, "Key-Pair-Id=K1",
      "Key-Pair-Id=\"K1\"");
  g_autofree gchar *letters = replace (wildcard, "CloudFront-Policy",
      "cloudfront-policy");

  expect_cookies (URL, wildcard, VS_SIGN_VALID);
  expect_cookies (URL, tight, VS_SIGN_VALID);
  expect_cookies (URL, canned, VS_SIGN_VALID);
  expect_cookies ("/x", wildcard, VS_SIGN_RESOURCE);
  expect_cookies ("/a/x", canned, VS_SIGN_FORGED);
  expect_cookies (URL, "a=b; Policy=c", VS_SIGN_UNSIGNED);
  expect_cookies (URL, "", VS_SIGN_UNSIGNED);
  expect_cookies (URL, twice, VS_SIGN_VALID);
  expect_cookies (URL, before, VS_SIGN_VALID);
  expect_cookies (URL, behind, VS_SIGN_MALFORMED);
  expect_cookies (URL, half, VS_SIGN_MALFORMED);
  expect_cookies (URL, quoted, VS_SIGN_UNKNOWN_KEY);
  expect_cookies (URL, letters, VS_SIGN_MALFORMED);
  /* any parameter in the URL, and cookies do not count */
  expect_cookies (URL "&Expires=1", wildcard, VS_SIGN_MALFORMED);
  expect_cookies (URL "&Hash-Algorithm", wildcard, VS_SIGN_MALFORMED);
  expect_cookies (URL "&Key-Pair-Id=K1", wildcard, VS_SIGN_MALFORMED);
}

GST_END_TEST;

/* ---- one byte ------------------------------------------------------------ */

/* Every byte of a signed target, changed to another that can be in a URL. */
static void
check_each_byte (const gchar * key, const gchar * id, VsSignKind kind)
{
  static const gchar letters[] = "ABCabcxyz0189-_~.%/=&?";
  g_autofree gchar *good = make_target (key, id, kind, VS_SIGN_SHA256, URL);

  expect (good, VS_SIGN_VALID);
  for (gsize i = 0; good[i]; i++) {
    g_autofree gchar *bad = g_strdup (good);

    do
      bad[i] = letters[g_random_int_range (0, sizeof letters - 1)];
    while (bad[i] == good[i]);
    /* what the wildcard stands for: "b.ts?c=d&" */
    if (kind == VS_SIGN_WILDCARD && i >= strlen ("/a/")
        && i <= strlen (URL))
      continue;
    fail_if (check (bad) == VS_SIGN_VALID, "%s", bad);
  }
  expect (good, VS_SIGN_VALID);
}

GST_START_TEST (test_each_byte)
{
  for (VsSignKind kind = VS_SIGN_CANNED; kind <= VS_SIGN_WILDCARD; kind++) {
    check_each_byte ("rsa", "K1", kind);
    check_each_byte ("ec", "E1", kind);
  }
}

GST_END_TEST;

/* What is cut off or repeated anywhere. */
GST_START_TEST (test_pieces)
{
  g_autofree gchar *good = make_target ("rsa", "K1", VS_SIGN_CUSTOM,
      VS_SIGN_SHA1, "/a");

  for (gsize i = 1; good[i]; i++) {
    g_autofree gchar *cut = g_strndup (good, i);
    g_autofree gchar *twice = g_strconcat (cut, good + i - 1, NULL);
    g_autofree gchar *less = g_strconcat (cut, good + i + 1, NULL);

    fail_if (check (cut) == VS_SIGN_VALID, "%s", cut);
    fail_if (check (twice) == VS_SIGN_VALID, "%s", twice);
    fail_if (check (less) == VS_SIGN_VALID && good[i] != '\0', "%s", less);
  }
}

GST_END_TEST;

/* ---- what is remembered -------------------------------------------------- */

/* A key is taken away: what was verified with it does not pass any more. */
GST_START_TEST (test_rotation)
{
  static const gchar *const ids[] = { "K2" };
  g_autofree gchar *first = make_canned (URL);
  g_autofree gchar *second = make_target ("other", "K2", VS_SIGN_CANNED,
      VS_SIGN_SHA1, URL);
  g_autoptr (VsSignKey) other = load_public ("other");

  expect (first, VS_SIGN_VALID);
  expect (second, VS_SIGN_VALID);
  vs_key_group_unref (group);
  group = vs_key_group_new (ids, &other, 1, NULL);
  expect (first, VS_SIGN_UNKNOWN_KEY);
  expect (second, VS_SIGN_VALID);
}

GST_END_TEST;

/* Two accounts that have the same key id: one's is not the other's. */
GST_START_TEST (test_accounts)
{
  static const gchar *const ids[] = { "K1" };
  g_autofree gchar *target = make_canned (URL);
  g_autoptr (VsSignKey) other = load_public ("other");

  expect (target, VS_SIGN_VALID);
  vs_key_group_unref (group);
  group = vs_key_group_new (ids, &other, 1, NULL);
  expect (target, VS_SIGN_FORGED);
}

GST_END_TEST;

static void
fill_digest (guint8 * digest, guint number)
{
  memset (digest, 0, VS_SIGN_DIGEST_SIZE);
  memcpy (digest, &number, sizeof number);
}

GST_START_TEST (test_cache)
{
  g_autoptr (VsSignCache) cache = vs_sign_cache_new (64);
  guint8 digest[VS_SIGN_DIGEST_SIZE];
  guint held = 0;

  for (guint i = 0; i < 10000; i++) {
    fill_digest (digest, i);
    fail_if (vs_sign_cache_has (cache, digest));
    vs_sign_cache_add (cache, digest, NOW, EXPIRES);
    fail_unless (vs_sign_cache_has (cache, digest));
    /* the first of all is in use all the time */
    fill_digest (digest, 0);
    fail_unless (vs_sign_cache_has (cache, digest));
  }
  for (guint i = 0; i < 10000; i++) {
    fill_digest (digest, i);
    held += vs_sign_cache_has (cache, digest);
  }
  fail_unless_equals_int (held, 64);
  /* what is over goes first, however lately it was used: of those in one set
   * every second one is, the last too */
  for (guint i = 0; i < 8; i++) {
    fill_digest (digest, i * 8);
    vs_sign_cache_add (cache, digest, EXPIRES, EXPIRES + (i % 2 ? 1 : 9));
  }
  for (guint i = 0; i < 4; i++) {
    fill_digest (digest, 800000 + i * 8);
    vs_sign_cache_add (cache, digest, EXPIRES + 1, EXPIRES + 9);
  }
  for (guint i = 0; i < 8; i++) {
    fill_digest (digest, i * 8);
    fail_unless (vs_sign_cache_has (cache, digest) == !(i % 2), "%u", i);
  }
}

GST_END_TEST;

static gpointer
check_on (gpointer data)
{
  for (guint i = 0; i < 300; i++) {
    VsSignedRequest request = {.origin = ORIGIN,.target = data,.now = NOW };

    if (vs_url_verifier_check (verifier, group, &request, NULL) !=
        VS_SIGN_VALID)
      return NULL;
  }
  return data;
}

GST_START_TEST (test_threads)
{
  GThread *threads[6];
  gchar *targets[G_N_ELEMENTS (threads)];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    g_autofree gchar *path = g_strdup_printf ("/%u", i / 2);

    targets[i] = make_canned (path);
    threads[i] = g_thread_new ("check", check_on, targets[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    fail_unless (g_thread_join (threads[i]) == targets[i]);
    g_free (targets[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_strip)
{
  static const gchar *const cases[][2] = {
    {"/a", "/a"}, {"/a?", "/a?"}, {"/a?b", "/a?b"}, {"/a?Expires=1", "/a"},
    {"/a?b&Expires=1&c", "/a?b&c"}, {"/a?Policy&b=c", "/a?b=c"},
    {"/a?&Expires=1", "/a?"}, {"/a?b&&Signature=1&", "/a?b&&"},
    {"/a?expires=1&b?Policy=1", "/a?expires=1&b?Policy=1"},
    {"/a?Key-Pair-Id=1&Hash-Algorithm=2&Signature=3&Policy=4", "/a"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GString) text = g_string_new (NULL);

    vs_signed_target_strip (text, cases[i][0]);
    fail_unless_equals_string (text->str, cases[i][1]);
  }
}

GST_END_TEST;

static Suite *
urlverify_suite (void)
{
  Suite *s = suite_create ("urlverify");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_valid);
  tcase_add_test (tc, test_dates);
  tcase_add_test (tc, test_skew);
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_parameters);
  tcase_add_test (tc, test_expires);
  tcase_add_test (tc, test_hashes);
  tcase_add_test (tc, test_both);
  tcase_add_test (tc, test_hosts);
  tcase_add_test (tc, test_paths);
  tcase_add_test (tc, test_policies);
  tcase_add_test (tc, test_reordered);
  tcase_add_test (tc, test_resources);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_base64);
  tcase_add_test (tc, test_cookies);
  tcase_add_test (tc, test_each_byte);
  tcase_add_test (tc, test_pieces);
  tcase_add_test (tc, test_rotation);
  tcase_add_test (tc, test_accounts);
  tcase_add_test (tc, test_cache);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_strip);
  return s;
}

GST_CHECK_MAIN (urlverify);
