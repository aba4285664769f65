/* VisionStream: tests of moments in an archive, as people write them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/vsarchivetime.h"

#define NEW_YEAR G_GINT64_CONSTANT (1767225600000000)

static const struct
{
  const gchar *text;
  VsArchiveTimeKind kind;
  gint64 us;
} good[] = {
  {NULL, VS_ARCHIVE_TIME_NONE, 0},
  {"", VS_ARCHIVE_TIME_NONE, 0},
  {"0", VS_ARCHIVE_TIME_START, 0},
  {"90", VS_ARCHIVE_TIME_START, 90000000},
  {"90.5", VS_ARCHIVE_TIME_START, 90500000},
  {"0.000001", VS_ARCHIVE_TIME_START, 1},
  {"0.0000019", VS_ARCHIVE_TIME_START, 1},
  {"1:30", VS_ARCHIVE_TIME_START, 90000000},
  {"00:01:30.500", VS_ARCHIVE_TIME_START, 90500000},
  {"336:00:00", VS_ARCHIVE_TIME_START, G_GINT64_CONSTANT (1209600000000)},
  {"-90", VS_ARCHIVE_TIME_END, 90000000},
  {"-1:30.25", VS_ARCHIVE_TIME_END, 90250000},
  {"-0", VS_ARCHIVE_TIME_END, 0},
  {"2026-01-01T00:00:00Z", VS_ARCHIVE_TIME_UTC, NEW_YEAR},
  {"2026-01-01T00:00:00", VS_ARCHIVE_TIME_UTC, NEW_YEAR},
  {"20260101T000000Z", VS_ARCHIVE_TIME_UTC, NEW_YEAR},
  {"2026-01-01T01:00:00.5+01:00", VS_ARCHIVE_TIME_UTC, NEW_YEAR + 500000},
};

static const gchar *const bad[] = {
  "x", "90s", "1:5", "1:60", "1:2:3:4", ":30", "1:", "1.", ".5", "1.5.5", "--1",
  "+1", " 1", "1e3", "0x10", "9999999999", "1.1:30", "1:-30", "-", "T",
  "2026-01-01", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z",
  "2026-01-01T00:00:00Zx", "-2026-01-01T00:00:00Z",
};

GST_START_TEST (test_good)
{
  VsArchiveTime time;

  fail_unless (vs_archive_time_parse (good[__i__].text, &time, NULL), "%s",
      good[__i__].text);
  fail_unless_equals_int (time.kind, good[__i__].kind);
  fail_unless_equals_int64 (time.us, good[__i__].us);
}

GST_END_TEST;

GST_START_TEST (test_bad)
{
  g_autoptr (GError) error = NULL;
  VsArchiveTime time;

  fail_if (vs_archive_time_parse (bad[__i__], &time, &error), "%s", bad[__i__]);
  fail_unless (g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_INVALID_ARGUMENT));
  fail_unless (strstr (error->message, "00:01:30.500") != NULL);
}

GST_END_TEST;

static Suite *
archivetime_suite (void)
{
  Suite *suite = suite_create ("archivetime");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_good, 0, G_N_ELEMENTS (good));
  tcase_add_loop_test (tcase, test_bad, 0, G_N_ELEMENTS (bad));
  return suite;
}

GST_CHECK_MAIN (archivetime);
