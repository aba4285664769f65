/* VisionStream: tests of an endpoint's settings
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "origin/vsendpoint.h"

GST_START_TEST (test_texts)
{
  static const struct
  {
    const gchar *name, *text;
    gboolean taken;
  } table[] = {
    {"id", "abc-1_2", TRUE}, {"id", "a/b", FALSE}, {"id", "", TRUE},
    {"separator", "-", TRUE}, {"separator", ".", FALSE},
    {"clip-start", "2026-01-31T12:00:00Z", TRUE},
    {"clip-start", "1769860800", TRUE}, {"clip-start", "noon", FALSE},
    {"manifest-filter", "video_height:240-720", TRUE},
    {"manifest-filter", "video_height:720-240", FALSE},
    {"base-urls", "https://a.example/ http://b.example/x/", TRUE},
    {"base-urls", "ftp://a.example/", FALSE}, {"base-urls", "/x/", FALSE},
    {"allow-list", "192.0.2.0/24,2001:db8::/32", TRUE},
    {"allow-list", "192.0.2.0/33", FALSE},
    {"cdn-identifier", "12345678", TRUE}, {"cdn-identifier", "1234567", FALSE},
    {"cdn-identifier", "1234 5678", FALSE},
    {"cdn-identifier", "b0a4c2de-91f3-4f0e-8d55-0cf0f2c6c7a1", TRUE},
  };
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (GError) error = NULL;
    const VsEndpointSetting *setting = vs_endpoint_find_setting (table[i].name);
    gchar **member = G_STRUCT_MEMBER_P (endpoint, setting->offset);
    g_autofree gchar *before = g_strdup (*member);

    fail_unless (vs_endpoint_set_text (endpoint, setting, table[i].text,
            &error) == table[i].taken, "%s=%s", table[i].name, table[i].text);
    if (table[i].taken)
      continue;
    fail_unless_equals_string (*member, before);
    fail_unless (g_str_has_prefix (error->message, table[i].name));
    /* what may be a secret is not told again */
    if (setting->kind == VS_SETTING_SECRET)
      fail_if (strstr (error->message, table[i].text));
  }
}

GST_END_TEST;

GST_START_TEST (test_copies_are_apart)
{
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
  g_autoptr (VsEndpoint) copy = NULL;
  g_autoptr (GInetAddress) inside =
      g_inet_address_new_from_string ("192.0.2.1");
  const VsEndpointSetting *allow = vs_endpoint_find_setting ("allow-list");

  fail_unless (vs_endpoint_set_text (endpoint, allow, "192.0.2.0/24", NULL));
  copy = vs_endpoint_copy (endpoint);
  fail_unless (vs_endpoint_set_text (endpoint, allow, NULL, NULL));
  fail_unless (vs_endpoint_set_text (endpoint,
          vs_endpoint_find_setting ("manifest-name"), "main", NULL));
  fail_unless_equals_string (copy->manifest_name, "index");
  fail_unless (endpoint->allowed == NULL);
  fail_unless (vs_address_list_contains (copy->allowed, inside));
}

GST_END_TEST;

/* Each is described where users look. */
GST_START_TEST (test_documented)
{
  g_autofree gchar *text = NULL;
  guint n;
  const VsEndpointSetting *settings = vs_endpoint_get_settings (&n);

  fail_unless (g_file_get_contents (g_getenv ("VS_ORIGIN_README"), &text, NULL,
          NULL));
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *name = g_strdup_printf ("`%s`", settings[i].name);

    fail_unless (strstr (text, name) != NULL, "%s is not in README.md", name);
  }
}

GST_END_TEST;

static Suite *
endpoint_suite (void)
{
  Suite *s = suite_create ("endpoint");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_texts);
  tcase_add_test (tc, test_copies_are_apart);
  tcase_add_test (tc, test_documented);
  return s;
}

GST_CHECK_MAIN (endpoint);
