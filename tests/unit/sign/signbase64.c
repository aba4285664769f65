/* VisionStream: tests of CloudFront's base64
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/vssignbase64.h"

/* GLib's own, in CloudFront's letters */
static gchar *
encode (const guint8 * data, gsize size)
{
  gchar *text = g_base64_encode (data, size);

  for (gchar * c = text; *c; c++)
    *c = *c == '+' ? '-' : *c == '=' ? '_' : *c == '/' ? '~' : *c;
  return text;
}

GST_START_TEST (test_both_ways)
{
  guint8 data[67];

  for (guint round = 0; round < 2000; round++) {
    gsize size = round % sizeof data;
    g_autoptr (GString) text = g_string_new ("before");
    g_autoptr (GBytes) bytes = NULL;
    g_autofree gchar *want = NULL;

    for (gsize i = 0; i < size; i++)
      data[i] = (guint8) g_random_int_range (0, 256);
    want = encode (data, size);
    vs_sign_base64_append (text, data, size);
    fail_unless_equals_string (text->str + strlen ("before"), want);
    bytes = vs_sign_base64_decode (want, strlen (want));
    fail_unless (bytes != NULL);
    fail_unless_equals_int (g_bytes_get_size (bytes), size);
    fail_unless (size == 0
        || memcmp (g_bytes_get_data (bytes, NULL), data, size) == 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const gchar *const cases[] = { "A", "AA", "AAA", "AA_", "AB__",
    "AAB_", "A___", "____", "_AAA", "A_AA", "AA_A", "AA__AAAA", "AA+A", "AA/A",
    "AA==", "AAA=", "AAA A", "AAA\n", "AAAA\n", " AAAA", "AA\xc3\xa4",
    "AAA\x80"
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless (vs_sign_base64_decode (cases[i], strlen (cases[i])) == NULL,
        "%s", cases[i]);
  fail_unless (vs_sign_base64_decode ("AA\0A", 4) == NULL);
}

GST_END_TEST;

/* One value has one text: what is taken is what would be written. */
GST_START_TEST (test_canonical)
{
  static const gchar letters[] = "ABCghQZwxz0189-~_+/=";
  guint taken = 0;

  for (guint round = 0; round < 40000; round++) {
    gchar text[9] = { 0 };
    gsize size = 4 + 4 * (round % 2);
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GString) again = g_string_new (NULL);

    for (gsize i = 0; i < size; i++)
      text[i] = letters[g_random_int_range (0, sizeof letters - 1)];
    bytes = vs_sign_base64_decode (text, size);
    if (bytes == NULL)
      continue;
    taken++;
    vs_sign_base64_append (again, g_bytes_get_data (bytes, NULL),
        g_bytes_get_size (bytes));
    fail_unless_equals_string (again->str, text);
  }
  fail_unless (taken > 1000);
}

GST_END_TEST;

static Suite *
signbase64_suite (void)
{
  Suite *s = suite_create ("signbase64");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_both_ways);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_canonical);
  return s;
}

GST_CHECK_MAIN (signbase64);
