/* VisionStream: tests of who may have what an endpoint serves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "origin/vsaccess.h"

GST_START_TEST (test_addresses)
{
  static const struct
  {
    const gchar *list, *address;
    gboolean contained;
  } table[] = {
    {"192.0.2.0/24", "192.0.2.255", TRUE},
    {"192.0.2.0/24", "192.0.3.0", FALSE},
    {"192.0.2.7", "192.0.2.7", TRUE},
    {"192.0.2.7", "192.0.2.8", FALSE},
    {"10.0.0.0/8, 192.0.2.7", "192.0.2.7", TRUE},
    {"10.0.0.0/8 192.0.2.7", "10.255.0.1", TRUE},
    {"192.0.2.0/24", "::ffff:192.0.2.1", TRUE},
    {"192.0.2.0/24", "::ffff:192.0.3.1", FALSE},
    {"0.0.0.0/0", "::1", FALSE},
    {"2001:db8::/32", "2001:db8:1::1", TRUE},
    {"2001:db8::/32", "2001:db9::1", FALSE},
    {"2001:db8::/32,192.0.2.0/24", "192.0.2.1", TRUE},
    {"::/0", "192.0.2.1", FALSE},
    {"", "192.0.2.1", FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (VsAddressList) list = vs_address_list_new (table[i].list, NULL);
    g_autoptr (GInetAddress) address =
        g_inet_address_new_from_string (table[i].address);

    fail_unless (list != NULL);
    fail_unless (vs_address_list_contains (list, address)
        == table[i].contained, "%s in %s", table[i].address, table[i].list);
    fail_if (vs_address_list_contains (list, NULL));
  }
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_address)
{
  static const gchar *const table[] = {
    "192.0.2.0/33", "192.0.2.1/24", "host", "192.0.2", "2001:db8::/129",
    "192.0.2.1,x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (vs_address_list_new (table[i], &error) == NULL, "%s",
        table[i]);
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT));
  }
}

GST_END_TEST;

GST_START_TEST (test_secrets)
{
  static const gchar *const both[] = { "current-value", "previous-value" };
  static const gchar *const one[] = { "current-value", NULL };
  static const gchar *const none[] = { NULL, NULL };

  fail_unless (vs_secret_matches ("current-value", both, 2));
  fail_unless (vs_secret_matches ("previous-value", both, 2));
  fail_if (vs_secret_matches ("current-valu", both, 2));
  fail_if (vs_secret_matches ("current-value ", both, 2));
  fail_if (vs_secret_matches ("Current-value", both, 2));
  fail_if (vs_secret_matches ("", both, 2));
  fail_if (vs_secret_matches (NULL, both, 2));
  fail_unless (vs_secret_matches ("current-value", one, 2));
  fail_if (vs_secret_matches ("previous-value", one, 2));
  fail_if (vs_secret_matches ("", none, 2));
}

GST_END_TEST;

static Suite *
access_suite (void)
{
  Suite *s = suite_create ("access");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_what_is_no_address);
  tcase_add_test (tc, test_secrets);
  return s;
}

GST_CHECK_MAIN (access);
