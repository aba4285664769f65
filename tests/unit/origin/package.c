/* VisionStream: tests of packaging and of the tokens in URLs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "fixture.h"
#include "origin/vspackage.h"

GST_START_TEST (test_ts_passes_through)
{
  g_autoptr (VsSegment) segment = fixture_segment (1, TRUE, TRUE);
  g_autoptr (GBytes) ts = g_bytes_new_static ("ts", 2);
  g_autoptr (GBytes) out =
      vs_package (ts, segment, VS_FORMAT_TS, VS_MEDIA_OTHER, NULL);

  fail_unless (out == ts);
}

GST_END_TEST;

GST_START_TEST (test_damage_is_told)
{
  g_autoptr (VsSegment) segment = fixture_segment (1, TRUE, TRUE);
  g_autoptr (GBytes) ts = g_bytes_new_static ("no TS at all", 12);
  g_autoptr (GError) error = NULL;

  fail_unless (vs_package (ts, segment, VS_FORMAT_CMAF, VS_MEDIA_VIDEO,
          &error) == NULL);
  fail_unless (error && error->domain == VS_PACKAGE_ERROR);
}

GST_END_TEST;

GST_START_TEST (test_digests_differ)
{
  g_autoptr (VsSegment) segment = fixture_segment (1, TRUE, TRUE);
  g_autoptr (VsSegment) other = fixture_segment (2, TRUE, TRUE);
  g_autoptr (VsSegment) unknown = fixture_segment (3, TRUE, TRUE);
  const VsSegment *segments[] = { segment, other };
  guint8 digests[6][32], again[32];
  guint n = 0;

  for (guint i = 0; i < 2; i++) {
    fail_unless (vs_package_digest (segments[i], VS_FORMAT_TS, VS_MEDIA_OTHER,
            digests[n++]));
    fail_unless (vs_package_digest (segments[i], VS_FORMAT_CMAF,
            VS_MEDIA_VIDEO, digests[n++]));
    fail_unless (vs_package_digest (segments[i], VS_FORMAT_CMAF,
            VS_MEDIA_AUDIO, digests[n++]));
  }
  for (guint i = 0; i < n; i++)
    for (guint j = i + 1; j < n; j++)
      fail_if (memcmp (digests[i], digests[j], 32) == 0);
  vs_package_digest (segment, VS_FORMAT_CMAF, VS_MEDIA_VIDEO, again);
  fail_unless (memcmp (again, digests[1], 32) == 0);
  fail_unless (memcmp (digests[0], segment->sha256, 32) == 0);

  memset (unknown->sha256, 0, 32);
  fail_if (vs_package_digest (unknown, VS_FORMAT_TS, VS_MEDIA_OTHER, again));
}

GST_END_TEST;

static void
assert_event_token (const VsSegment * segment, gchar ** expected)
{
  g_autoptr (GString) token = g_string_new (NULL);

  vs_package_append_event_token (token, segment);
  if (*expected == NULL)
    *expected = g_strdup (token->str);
  fail_unless_equals_string (token->str, *expected);
}

/* What stands for an event is the same wherever in it one looks; in a run of
 * one whose start is not known too, though UTC is rounded down. */
GST_START_TEST (test_event_token)
{
  g_autofree gchar *expected = NULL;
  g_autofree gchar *expected_in_run = NULL;

  for (guint i = 0; i < 1000; i++) {
    g_autoptr (VsSegment) segment = fixture_segment (1, TRUE, FALSE);
    gint64 ticks = i * G_GINT64_CONSTANT (180180) + i % 7;

    segment->run_start_pts_90k = 126000;
    segment->start_pts_90k = 126000 + ticks;
    segment->utc_us = FIXTURE_START_US + ticks * 100 / 9;
    segment->event_utc_us = 0;
    assert_event_token (segment, &expected_in_run);
    segment->event_utc_us = FIXTURE_START_US - 5;
    segment->run_start_pts_90k += i;
    assert_event_token (segment, &expected);
  }
  fail_if (strcmp (expected, expected_in_run) == 0);
}

GST_END_TEST;

static Suite *
package_suite (void)
{
  Suite *s = suite_create ("package");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_ts_passes_through);
  tcase_add_test (tc, test_damage_is_told);
  tcase_add_test (tc, test_digests_differ);
  tcase_add_test (tc, test_event_token);
  return s;
}

GST_CHECK_MAIN (package);
