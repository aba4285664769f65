/* VisionStream: tests of how recordings are called
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/vsrecordingname.h"

/* 2026-01-02T03:04:05.9Z */
#define UTC_US G_GINT64_CONSTANT (1767323045900000)

static const struct
{
  const gchar *template, *name;
  gboolean has_pictures;
} good[] = {
  /* *INDENT-OFF* */
  {VS_RECORDING_NAME_DEFAULT, "derby-20260102T030405Z_720p", FALSE},
  {"$d$_$t$", "20260102_030405", FALSE},
  {"{rendition}.$w$x$h$", "720p.1280x720", TRUE},
  {"f$f$", "f29", TRUE},
  {"$h%05$-$w%02$", "00720-1280", TRUE},
  {"{event}{event}$d$$t$", "derbyderby20260102030405", FALSE},
  {"plain", "plain", FALSE},
  /* *INDENT-ON* */
};

GST_START_TEST (test_good)
{
  const VsRecordingNaming naming = {
    "derby", "720p", UTC_US, 1280, 720, 30000, 1001
  };
  g_autofree gchar *name =
      vs_recording_name_expand (good[__i__].template, &naming);
  GError *error = NULL;

  fail_unless (vs_recording_name_check (good[__i__].template, &error), "%s",
      error ? error->message : "");
  fail_unless_equals_string (name, good[__i__].name);
  fail_unless (vs_recording_name_has_pictures (good[__i__].template) ==
      good[__i__].has_pictures);
}

GST_END_TEST;

/* What is wrong is said. */
static const struct
{
  const gchar *template, *said;
} bad[] = {
  /* *INDENT-OFF* */
  {"", "file's name"}, {".$d$", "\".1970"}, {"a/b", "a/b"}, {"..", "file's name"},
  {"{account}", "{account}"}, {"a b", "a b"}, {"a$", "\"$\""},
  {"$$", "\"$$\""}, {"$x$", "$x$"}, {"$dt", "$dt"}, {"$DT$", "$DT$"},
  {"$dtt$", "$dtt$"}, {"$d%05$", "$d%05$"}, {"$h%5$", "$h%5$"},
  {"$h%0$", "$h%0$"}, {"$h%021$", "$h%021$"}, {"$h%099999999999999999999$",
      "$h%0999"}, {"$sn$", "$sn$"}, {"$h%05", "$h%05"},
  /* *INDENT-ON* */
};

GST_START_TEST (test_bad)
{
  g_autoptr (GError) error = NULL;

  fail_if (vs_recording_name_check (bad[__i__].template, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_INVALID_ARGUMENT));
  fail_unless (strstr (error->message, bad[__i__].said) != NULL, "%s",
      error->message);
}

GST_END_TEST;

GST_START_TEST (test_long)
{
  g_autofree gchar *template = g_strnfill (129, 'a');

  fail_if (vs_recording_name_check (template, NULL));
  template[128] = '\0';
  fail_unless (vs_recording_name_check (template, NULL));
}

GST_END_TEST;

static Suite *
recordingname_suite (void)
{
  Suite *s = suite_create ("recordingname");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (s, tcase);
  tcase_add_loop_test (tcase, test_good, 0, G_N_ELEMENTS (good));
  tcase_add_loop_test (tcase, test_bad, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tcase, test_long);
  return s;
}

GST_CHECK_MAIN (recordingname);
