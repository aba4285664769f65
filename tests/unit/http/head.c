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
  tcase_add_test (tc, test_etag);
  return s;
}

GST_CHECK_MAIN (http_head);
