/* VisionStream: tests of vsaudioname.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "origin/vsaudioname.h"

GST_START_TEST (test_names)
{
  static const struct
  {
    const gchar *language;
    guint channels;
    const gchar *name;
  } cases[] = {
    {"de", 2, "Deutsch"},
    {"EN", 6, "English"},
    {"pt-BR", 2, "Português (BR)"},
    {"gsw", 2, "gsw"},
    {"d", 2, "d"},
    {NULL, 1, "Mono"},
    {NULL, 2, "Stereo"},
    {NULL, 6, "5.1"},
    {NULL, 5, "5 channels"},
    {NULL, 0, "Audio"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *name =
        vs_audio_name (cases[i].language, cases[i].channels);

    fail_unless_equals_string (name, cases[i].name);
    fail_unless (g_utf8_validate (name, -1, NULL));
  }
}

GST_END_TEST;

static Suite *
audioname_suite (void)
{
  Suite *s = suite_create ("audioname");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_names);
  return s;
}

GST_CHECK_MAIN (audioname);
