/* VisionStream: tests of request fields that are lists
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>
#include "http/vshttpguard.h"

static VsHttpHead *
parse (const gchar * fields)
{
  g_autofree gchar *text = g_strdup_printf ("GET / HTTP/1.1\r\nHost: a\r\n"
      "%s\r\n", fields);
  g_autoptr (VsHttpGuard) guard = vs_http_guard_new ();
  const VsHttpRules rules = { NULL };
  gsize used;

  fail_unless_equals_int (vs_http_guard_push (guard, (const guint8 *) text,
          strlen (text), &rules, &used), VS_HTTP_VERDICT_PASS);
  return vs_http_guard_steal_head (guard);
}

GST_START_TEST (test_gzip)
{
  const struct
  {
    const gchar *fields;
    gboolean accepts;
  } cases[] = {
    {"", FALSE},
    {"Accept-Encoding:\r\n", FALSE},
    {"Accept-Encoding: gzip\r\n", TRUE},
    {"accept-encoding: GZIP\r\n", TRUE},
    {"Accept-Encoding: x-gzip\r\n", TRUE},
    {"Accept-Encoding: deflate, gzip;q=1.0, br\r\n", TRUE},
    {"Accept-Encoding: deflate\r\nAccept-Encoding: gzip\r\n", TRUE},
    {"Accept-Encoding: gzip;q=0\r\n", FALSE},
    {"Accept-Encoding: gzip ; q=0.000\r\n", FALSE},
    {"Accept-Encoding: gzip;q=0.001\r\n", TRUE},
    {"Accept-Encoding: *\r\n", TRUE},
    {"Accept-Encoding: *;q=0\r\n", FALSE},
    {"Accept-Encoding: *, gzip;q=0\r\n", FALSE},
    {"Accept-Encoding: gzipped\r\n", FALSE},
    {"Accept-Encoding: identity\r\n", FALSE},
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsHttpHead) head = parse (cases[i].fields);

    fail_unless (vs_http_head_accepts_gzip (head) == cases[i].accepts, "%s",
        cases[i].fields);
  }
}

GST_END_TEST;

GST_START_TEST (test_origin)
{
  const struct
  {
    const gchar *host, *plain, *tls;
  } cases[] = {
    {"a", "http://a", "https://a"},
    {"Video.Example.COM", "http://video.example.com",
        "https://video.example.com"},
    {"a:80", "http://a", "https://a:80"},
    {"a:443", "http://a:443", "https://a"},
    {"a:8080", "http://a:8080", "https://a:8080"},
    {"a:8443", "http://a:8443", "https://a:8443"},
    {"[2001:DB8::80]", "http://[2001:db8::80]", "https://[2001:db8::80]"},
    {"[2001:db8::1]:80", "http://[2001:db8::1]", "https://[2001:db8::1]:80"},
    /* another name */
    {"a.", "http://a.", "https://a."},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsHttpHead) head = parse ("");
    g_autofree gchar *plain = NULL, *tls = NULL;

    head->host = cases[i].host;
    plain = vs_http_head_get_origin (head, FALSE);
    tls = vs_http_head_get_origin (head, TRUE);
    fail_unless_equals_string (plain, cases[i].plain);
    fail_unless_equals_string (tls, cases[i].tls);
    head->host = NULL;
    fail_if (vs_http_head_get_origin (head, TRUE));
  }
}

GST_END_TEST;

GST_START_TEST (test_etag)
{
  const struct
  {
    const gchar *fields;
    const gchar *etag;
    gboolean matches;
  } cases[] = {
    {"", "\"a\"", FALSE},
    {"If-None-Match: \"a\"\r\n", "\"a\"", TRUE},
    {"If-None-Match: W/\"a\"\r\n", "\"a\"", TRUE},
    {"If-None-Match: \"a\"\r\n", "W/\"a\"", TRUE},
    {"If-None-Match: \"b\", \"a\"\r\n", "\"a\"", TRUE},
    {"If-None-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n", "\"a\"", TRUE},
    {"If-None-Match: \"b,\\\", \"a\"\r\n", "\"a\"", TRUE},
    {"If-None-Match: *\r\n", "\"a\"", TRUE},
    {"If-None-Match: a\r\n", "\"a\"", FALSE},
    {"If-None-Match: \"a\r\n", "\"a\"", FALSE},
    {"If-None-Match: \"b, \"a\"\r\n", "\"a\"", FALSE},
    {"If-None-Match: \"A\"\r\n", "\"a\"", FALSE},
    {"If-None-Match: \"aa\"\r\n", "\"a\"", FALSE},
    {"If-None-Match:\r\n", "\"a\"", FALSE},
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsHttpHead) head = parse (cases[i].fields);

    fail_unless (vs_http_head_matches_etag (head, cases[i].etag) ==
        cases[i].matches, "%s", cases[i].fields);
  }
}

GST_END_TEST;

static Suite *
http_head_suite (void)
{
  Suite *s = suite_create ("http_head");
  TCase *tc = tcase_create ("head");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_gzip);
  tcase_add_test (tc, test_origin);
  tcase_add_test (tc, test_etag);
  return s;
}

GST_CHECK_MAIN (http_head);
