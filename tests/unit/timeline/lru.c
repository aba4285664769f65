/* VisionStream: tests of a bounded cache
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "timeline/vslru.h"

#define SIZE 1000

static gint n_cleared;

static void
count_cleared (gpointer value)
{
  n_cleared++;
}

static void
put (VsLru * lru, const gchar * key, gint number)
{
  gint *value = g_atomic_rc_box_new (gint);

  *value = number;
  vs_lru_put (lru, key, value, SIZE, count_cleared);
  g_atomic_rc_box_release_full (value, count_cleared);
}

static void
check (VsLru * lru, const gchar * key, gint number)
{
  gint *value = vs_lru_get (lru, key);

  fail_unless_equals_int (value ? *value : 0, number);
  if (value)
    g_atomic_rc_box_release_full (value, count_cleared);
}

/* The least recently used go; the bound holds at any moment. */
GST_START_TEST (test_bound)
{
  g_autoptr (VsLru) lru = vs_lru_new (4 * SIZE);

  n_cleared = 0;
  put (lru, "a", 1);
  put (lru, "b", 2);
  put (lru, "c", 3);
  check (lru, "a", 1);
  put (lru, "d", 4);
  fail_unless (vs_lru_get_size (lru) <= vs_lru_get_max_size (lru));
  check (lru, "b", 0);
  check (lru, "a", 1);
  check (lru, "c", 3);
  fail_unless_equals_int (n_cleared, 1);
  put (lru, "a", 5);
  check (lru, "a", 5);
  fail_unless_equals_int (n_cleared, 2);
}

GST_END_TEST;

/* Who has got a value keeps it. */
GST_START_TEST (test_kept)
{
  g_autoptr (VsLru) lru = vs_lru_new (2 * SIZE);
  gint *value;

  n_cleared = 0;
  put (lru, "a", 1);
  value = vs_lru_get (lru, "a");
  put (lru, "b", 2);
  check (lru, "a", 0);
  fail_unless_equals_int (n_cleared, 0);
  fail_unless_equals_int (*value, 1);
  g_atomic_rc_box_release_full (value, count_cleared);
  fail_unless_equals_int (n_cleared, 1);
}

GST_END_TEST;

static Suite *
lru_suite (void)
{
  Suite *suite = suite_create ("lru");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_bound);
  tcase_add_test (tcase, test_kept);
  return suite;
}

GST_CHECK_MAIN (lru);
