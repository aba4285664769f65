/* VisionStream: tests of key groups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "sign/signfixture.h"

GST_START_TEST (test_group)
{
  g_autoptr (VsKeyGroup) group = load_group ();
  g_autoptr (VsKeyGroup) second = load_group ();
  g_autofree gchar *longest = g_strnfill (VS_KEY_ID_MAX, 'K');
  g_autofree gchar *longer = g_strnfill (VS_KEY_ID_MAX + 1, 'K');

  fail_unless_equals_int (vs_key_group_get_n_keys (group), 3);
  fail_unless (vs_key_group_find (group, "K1", 2) != NULL);
  fail_unless (vs_key_group_find (group, "K1 and more", 2) != NULL);
  fail_unless (vs_key_group_find (group, "K3", 2) == NULL);
  fail_unless (vs_key_group_find (group, "K1\0", 3) == NULL);
  fail_unless (vs_key_group_find (group, "", 0) == NULL);
  fail_unless (vs_key_group_find (group, longer, VS_KEY_ID_MAX + 1) == NULL);
  fail_unless (vs_key_group_get_serial (group) !=
      vs_key_group_get_serial (second));
  fail_unless (vs_key_id_is_valid (longest));
  fail_unless (vs_key_id_is_valid ("K2JCJMDEHXQW5F"));
  fail_if (vs_key_id_is_valid (longer));
  fail_if (vs_key_id_is_valid (""));
  fail_if (vs_key_id_is_valid ("a b"));
  fail_if (vs_key_id_is_valid ("a&b"));
  fail_if (vs_key_id_is_valid ("a/b"));
}

GST_END_TEST;

GST_START_TEST (test_no_groups)
{
  static const gchar *const twice[] = { "K1", "K1" };
  static const gchar *const bad[] = { "K1", "K;" };
  g_autoptr (VsSignKey) key = load_public ("rsa");
  VsSignKey *keys[VS_KEY_GROUP_MAX + 1];
  g_auto (GStrv) ids = g_new0 (gchar *, VS_KEY_GROUP_MAX + 2);
  g_autoptr (VsKeyGroup) full = NULL;

  for (guint i = 0; i <= VS_KEY_GROUP_MAX; i++) {
    keys[i] = key;
    ids[i] = g_strdup_printf ("K%u", i);
  }
  fail_unless (vs_key_group_new (twice, keys, 2, NULL) == NULL);
  fail_unless (vs_key_group_new (bad, keys, 2, NULL) == NULL);
  fail_unless (vs_key_group_new ((const gchar * const *) ids, keys,
          VS_KEY_GROUP_MAX + 1, NULL) == NULL);
  full = vs_key_group_new ((const gchar * const *) ids, keys,
      VS_KEY_GROUP_MAX, NULL);
  fail_unless (full != NULL);
}

GST_END_TEST;

static Suite *
keygroup_suite (void)
{
  Suite *s = suite_create ("keygroup");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_test (tc, test_group);
  tcase_add_test (tc, test_no_groups);
  return s;
}

GST_CHECK_MAIN (keygroup);
