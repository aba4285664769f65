/* VisionStream: tests of packaging and of the tokens in URLs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "fixture.h"
#include "origin/vspackage.h"

static const VsPackaging as_stored = {.format = VS_FORMAT_TS };

static const VsPackaging cmaf_video = {.format = VS_FORMAT_CMAF,.track =
      VS_MEDIA_VIDEO
};

static const VsPackaging cmaf_audio = {.format = VS_FORMAT_CMAF,.track =
      VS_MEDIA_AUDIO
};

static const VsPackaging smooth_video = {.format = VS_FORMAT_SMOOTH,.track =
      VS_MEDIA_VIDEO
};

static const VsPackaging smooth_audio = {.format = VS_FORMAT_SMOOTH,.track =
      VS_MEDIA_AUDIO
};

GST_START_TEST (test_ts_passes_through)
{
  g_autoptr (VsSegment) segment = fixture_segment (1, TRUE, TRUE);
  g_autoptr (GBytes) ts = g_bytes_new_static ("ts", 2);
  g_autoptr (GBytes) out = vs_package (ts, segment, &as_stored, NULL);

  fail_unless (out == ts);
}

GST_END_TEST;

GST_START_TEST (test_damage_is_told)
{
  g_autoptr (VsSegment) segment = fixture_segment (1, TRUE, TRUE);
  g_autoptr (GBytes) ts = g_bytes_new_static ("no TS at all", 12);
  const VsPackaging *const packagings[] = { &cmaf_video, &smooth_video };

  for (guint i = 0; i < G_N_ELEMENTS (packagings); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (vs_package (ts, segment, packagings[i], &error) == NULL);
    fail_unless (error && error->domain == VS_PACKAGE_ERROR);
  }
}

GST_END_TEST;

GST_START_TEST (test_digests_differ)
{
  g_autoptr (VsSegment) segment = fixture_segment (1, TRUE, TRUE);
  g_autoptr (VsSegment) other = fixture_segment (2, TRUE, TRUE);
  g_autoptr (VsSegment) unknown = fixture_segment (3, TRUE, TRUE);
  const VsSegment *const segments[] = { segment, other };
  const VsPackaging *const packagings[] = {
    &as_stored, &cmaf_video, &cmaf_audio, &smooth_video, &smooth_audio
  };
  VsPackaging variants[] = { smooth_video, smooth_video, smooth_video };
  guint8 digests[13][32], again[32];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (segments); i++)
    for (guint j = 0; j < G_N_ELEMENTS (packagings); j++)
      fail_unless (vs_package_digest (segments[i], packagings[j],
              digests[n++]));
  variants[0].info = TRUE;
  variants[1].shift = 20;
  variants[2].ahead = &segments[1];
  variants[2].n_ahead = 1;
  for (guint i = 0; i < G_N_ELEMENTS (variants); i++)
    fail_unless (vs_package_digest (segment, &variants[i], digests[n++]));
  for (guint i = 0; i < n; i++)
    for (guint j = i + 1; j < n; j++)
      fail_if (memcmp (digests[i], digests[j], 32) == 0);
  vs_package_digest (segment, &cmaf_video, again);
  fail_unless (memcmp (again, digests[1], 32) == 0);
  fail_unless (memcmp (digests[0], segment->sha256, 32) == 0);

  memset (unknown->sha256, 0, 32);
  fail_if (vs_package_digest (unknown, &as_stored, again));
}

GST_END_TEST;

static void
assert_event_token (const VsSegment * segment, gchar ** expected)
{
  g_autoptr (GString) token = g_string_new (NULL);

  vs_package_append_event_token (token, VS_FORMAT_CMAF, segment);
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
