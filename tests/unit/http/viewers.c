/* VisionStream: tests of the viewer count
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include "http/vshttpviewers.h"

#define S G_GINT64_CONSTANT (1000000)

GST_START_TEST (test_count)
{
  VsHttpViewers *viewers = vs_http_viewers_new ();

  vs_http_viewers_see (viewers, "10.0.0.1", "a", 0);
  vs_http_viewers_see (viewers, "10.0.0.1", "a", 1 * S);
  vs_http_viewers_see (viewers, "10.0.0.1", "b", 2 * S);
  vs_http_viewers_see (viewers, "10.0.0.2", "a", 10 * S);
  vs_http_viewers_see (viewers, "10.0.0.2", NULL, 10 * S);
  fail_unless_equals_int (vs_http_viewers_count (viewers, 10 * S), 4);
  fail_unless_equals_int (vs_http_viewers_count (viewers, 31 * S), 4);
  fail_unless_equals_int (vs_http_viewers_count (viewers, 32 * S), 3);
  fail_unless_equals_int (vs_http_viewers_count (viewers, 33 * S), 2);
  fail_unless_equals_int (vs_http_viewers_count (viewers, 60 * S), 0);
  vs_http_viewers_free (viewers);
}

GST_END_TEST;

GST_START_TEST (test_bound)
{
  VsHttpViewers *viewers = vs_http_viewers_new ();
  guint i, count;

  for (i = 0; i < VS_HTTP_MAX_VIEWERS + 1000; i++) {
    g_autofree gchar *ip = g_strdup_printf ("10.%u.%u.%u", i >> 16,
        i >> 8 & 255, i & 255);

    vs_http_viewers_see (viewers, ip, "agent", 0);
  }
  count = vs_http_viewers_count (viewers, 0);
  fail_unless (count <= VS_HTTP_MAX_VIEWERS, "%u", count);
  fail_unless (count > VS_HTTP_MAX_VIEWERS * 99 / 100, "%u", count);
  /* room is made by those who left */
  vs_http_viewers_see (viewers, "192.0.2.1", "agent", 100 * S);
  fail_unless_equals_int (vs_http_viewers_count (viewers, 100 * S), 1);
  vs_http_viewers_free (viewers);
}

GST_END_TEST;

static Suite *
http_viewers_suite (void)
{
  Suite *s = suite_create ("http_viewers");
  TCase *tc = tcase_create ("viewers");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_count);
  tcase_add_test (tc, test_bound);
  return s;
}

GST_CHECK_MAIN (http_viewers);
