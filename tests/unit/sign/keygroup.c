/* VisionStream: tests of key groups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "common/deadline.h"
#define AWAIT_DEADLINE test_deadline (30)
#include "common/await.h"
#include "sign/signfixture.h"

/* What was told, of any thread; before the table is another. */
typedef struct
{
  guint n;
  gchar *last;
} Told;

static Told told;

static void
put_key (const gchar * to, const gchar * from)
{
  g_autofree gchar *text = read_text (from);

  write_text (to, text, 0644);
}

static void
remove_file (const gchar * name)
{
  g_autofree gchar *path = path_of (name);

  g_unlink (path);
}

static void
setup (void)
{
  static const gchar *const folders[] = { "accounts", "accounts/a",
    "accounts/b"
  };
  static const gchar *const keys[] = { "accounts/a/K1.pem",
    "accounts/a/K2.pem", "accounts/b/K1.pem", "accounts/b/K2.pem"
  };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree gchar *path = path_of (folders[i]);

    g_mkdir (path, 0700);
  }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    remove_file (keys[i]);
  told.n = 0;
}

static void
tell (const GError * error, gpointer user_data)
{
  told.n++;
  g_free (told.last);
  told.last = g_strdup (error->message);
}

static VsKeyGroups *
open_groups (const gchar * name)
{
  g_autofree gchar *path = path_of (name);
  GError *error = NULL;
  VsKeyGroups *groups = vs_key_groups_open (path, tell, NULL, &error);

  fail_unless (groups != NULL, "%s", error ? error->message : "");
  return groups;
}

static guint
count_keys (VsKeyGroups * groups, const gchar * account)
{
  VsKeyGroup *group = vs_key_groups_find (groups, account);
  guint n = group ? vs_key_group_get_n_keys (group) : 0;

  g_clear_pointer (&group, vs_key_group_unref);
  return n;
}

static guint64
get_serial (VsKeyGroups * groups, const gchar * account)
{
  g_autoptr (VsKeyGroup) group = vs_key_groups_find (groups, account);

  fail_unless (group != NULL, "%s", account);
  return vs_key_group_get_serial (group);
}

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

GST_START_TEST (test_folder)
{
  g_autoptr (VsKeyGroups) groups = NULL;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  put_key ("accounts/a/K2.pem", "other.pub.pem");
  write_text ("accounts/a/notes.txt", "no key", 0644);
  write_text ("accounts/a/.hidden.pem", "no key", 0644);
  write_text ("accounts/README", "no account", 0644);
  groups = open_groups ("accounts");
  fail_unless_equals_int (count_keys (groups, "a"), 2);
  fail_unless_equals_int (count_keys (groups, "b"), 0);
  fail_unless_equals_int (count_keys (groups, "c"), 0);
}

GST_END_TEST;

GST_START_TEST (test_file)
{
  g_autoptr (VsKeyGroups) groups = NULL;
  g_autofree gchar *absolute = path_of ("other.pub.pem");
  g_autofree gchar *json = g_strdup_printf ("{\"a\": {\"K1\": "
      "\"rsa.pub.pem\", \"K2\": \"%s\"}, \"b\": {}}", absolute);

  write_text ("groups.json", json, 0644);
  groups = open_groups ("groups.json");
  fail_unless_equals_int (count_keys (groups, "a"), 2);
  fail_unless_equals_int (count_keys (groups, "b"), 0);

  /* what can't be read leaves all as it was */
  write_text ("groups.json", "{", 0644);
  vs_key_groups_refresh (groups);
  fail_unless_equals_int (count_keys (groups, "a"), 2);
  fail_unless_equals_int (told.n, 1);
  write_text ("groups.json", "{\"b\": {\"K1\": \"rsa.pub.pem\"}}", 0644);
  vs_key_groups_refresh (groups);
  fail_unless_equals_int (count_keys (groups, "a"), 0);
  fail_unless_equals_int (count_keys (groups, "b"), 1);
  fail_unless_equals_int (told.n, 1);
}

GST_END_TEST;

GST_START_TEST (test_open_errors)
{
  static const gchar *const bad[] = { "", "[]", "{", "{\"a\": 1}",
    "{\"a\": {\"K1\": 1}}", "{\"a\": {\"K 1\": \"rsa.pub.pem\"}}",
    "{\"a\": {\"K1\": \"rsa.pem\"}}", "{\"a\": {\"K1\": \"groups.json\"}}"
  };
  g_autofree gchar *path = path_of ("groups.json");
  g_autofree gchar *missing = path_of ("missing");
  g_autofree gchar *accounts = path_of ("accounts");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    write_text ("groups.json", bad[i], 0644);
    fail_unless (vs_key_groups_open (path, tell, NULL, &error) == NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA),
        "%s", bad[i]);
  }
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;

    write_text ("groups.json", "{\"a\": {\"K1\": \"nowhere.pem\"}}", 0644);
    fail_unless (vs_key_groups_open (i ? path : missing, tell, NULL,
            &error) == NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  }
  write_text ("accounts/a/K1.pem", "no key", 0644);
  fail_unless (vs_key_groups_open (accounts, tell, NULL, NULL) == NULL);
  remove_file ("accounts/a/K1.pem");
  fail_unless_equals_int (told.n, 0);
}

GST_END_TEST;

/* A key is added, and the one before it taken away. */
GST_START_TEST (test_rotation)
{
  g_autoptr (VsKeyGroups) groups = NULL;
  guint64 serial, b;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  put_key ("accounts/b/K1.pem", "rsa.pub.pem");
  groups = open_groups ("accounts");
  serial = get_serial (groups, "a");
  b = get_serial (groups, "b");
  fail_unless (serial != b);

  /* the same again is the same group */
  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  vs_key_groups_refresh (groups);
  fail_unless (get_serial (groups, "a") == serial);

  put_key ("accounts/a/K2.pem", "other.pub.pem");
  vs_key_groups_refresh (groups);
  fail_unless_equals_int (count_keys (groups, "a"), 2);
  fail_unless (get_serial (groups, "a") != serial);
  fail_unless (get_serial (groups, "b") == b);

  remove_file ("accounts/a/K1.pem");
  vs_key_groups_refresh (groups);
  fail_unless_equals_int (count_keys (groups, "a"), 1);
  /* another key by the name that one had */
  serial = get_serial (groups, "a");
  put_key ("accounts/a/K2.pem", "ec.pub.pem");
  vs_key_groups_refresh (groups);
  fail_unless (get_serial (groups, "a") != serial);
  fail_unless_equals_int (told.n, 0);
}

GST_END_TEST;

/* Of one account: the other's changes count still. */
GST_START_TEST (test_trouble)
{
  g_autoptr (VsKeyGroups) groups = NULL;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  put_key ("accounts/b/K1.pem", "rsa.pub.pem");
  groups = open_groups ("accounts");
  write_text ("accounts/a/K1.pem", "half a ke", 0644);
  put_key ("accounts/b/K2.pem", "other.pub.pem");
  vs_key_groups_refresh (groups);
  fail_unless_equals_int (count_keys (groups, "a"), 1);
  fail_unless_equals_int (count_keys (groups, "b"), 2);
  fail_unless_equals_int (told.n, 1);
  fail_unless (strstr (told.last, "a: ") != NULL, "%s", told.last);
  vs_key_groups_refresh (groups);
  fail_unless_equals_int (told.n, 1);

  put_key ("accounts/a/K1.pem", "other.pub.pem");
  vs_key_groups_refresh (groups);
  write_text ("accounts/a/K1.pem", "half a ke", 0644);
  vs_key_groups_refresh (groups);
  fail_unless_equals_int (told.n, 2);
  fail_unless_equals_int (count_keys (groups, "a"), 1);
}

GST_END_TEST;

/* Nobody asks for it: the thread finds and tells it. */
GST_START_TEST (test_by_itself)
{
  g_autoptr (VsKeyGroups) groups = NULL;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  groups = open_groups ("accounts");
  put_key ("accounts/b/K1.pem", "rsa.pub.pem");
  write_text ("accounts/a/K1.pem", "no key", 0644);
  AWAIT (count_keys (groups, "b") == 1);
  fail_unless_equals_int (count_keys (groups, "a"), 1);
  fail_unless_equals_int (told.n, 1);
}

GST_END_TEST;

typedef struct
{
  VsKeyGroups *groups;
  gint stop;                    /* atomic */
  guint lost;
} Reader;

static gpointer
read_on (gpointer data)
{
  Reader *reader = data;

  while (!g_atomic_int_get (&reader->stop)) {
    g_autoptr (VsKeyGroup) group = vs_key_groups_find (reader->groups, "a");

    if (group == NULL || vs_key_group_get_n_keys (group) == 0
        || vs_key_group_find (group, "K1", 2) == NULL)
      reader->lost++;
  }
  return NULL;
}

/* Whoever has got a group keeps it, and K1 is in each. */
GST_START_TEST (test_while_in_use)
{
  g_autoptr (VsKeyGroups) groups = NULL;
  Reader reader = { 0 };
  GThread *thread;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  groups = open_groups ("accounts");
  reader.groups = groups;
  thread = g_thread_new ("reader", read_on, &reader);
  for (guint i = 0; i < 40; i++) {
    if (i % 2)
      remove_file ("accounts/a/K2.pem");
    else
      put_key ("accounts/a/K2.pem", "other.pub.pem");
    vs_key_groups_refresh (groups);
  }
  g_atomic_int_set (&reader.stop, 1);
  g_thread_join (thread);
  fail_unless_equals_int (reader.lost, 0);
}

GST_END_TEST;

static Suite *
keygroup_suite (void)
{
  Suite *s = suite_create ("keygroup");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_checked_fixture (tc, setup, NULL);
  tcase_add_test (tc, test_group);
  tcase_add_test (tc, test_no_groups);
  tcase_add_test (tc, test_folder);
  tcase_add_test (tc, test_file);
  tcase_add_test (tc, test_open_errors);
  tcase_add_test (tc, test_rotation);
  tcase_add_test (tc, test_trouble);
  tcase_add_test (tc, test_by_itself);
  tcase_add_test (tc, test_while_in_use);
  return s;
}

GST_CHECK_MAIN (keygroup);
