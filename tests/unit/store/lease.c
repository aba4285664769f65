/* VisionStream: test of vslease.h by services that keep few promises
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "store/fakes3.h"
#include "store/vslease.h"

#define PATH "/bucket/pre/live/writer.lease"

static const FakeConditions manners[] = {
  FAKE_HONOURS, FAKE_IGNORES, FAKE_REFUSES
};

static VsLease *
new_lease (const gchar * owner)
{
  return vs_lease_new (bucket, "live", owner);
}

static void
assert_takes (VsLease * lease, VsLeaseState expected)
{
  g_autoptr (GError) error = NULL;
  VsLeaseState state;

  fail_unless (vs_lease_take (lease, &state, NULL, &error), "%s",
      error ? error->message : "");
  fail_unless_equals_int (state, expected);
}

static void
assert_renews (VsLease * lease)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vs_lease_renew (lease, NULL, &error), "%s",
      error ? error->message : "");
}

static void
assert_busy (VsLease * lease, gboolean renew)
{
  g_autoptr (GError) error = NULL;
  VsLeaseState state;

  fail_if (renew ? vs_lease_renew (lease, NULL, &error) :
      vs_lease_take (lease, &state, NULL, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY), "%s",
      error->message);
  fail_unless (strstr (error->message, "another writer") != NULL);
}

GST_START_TEST (test_manners)
{
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (VsLease) again = new_lease ("one");
  g_autoptr (VsLease) other = new_lease ("two");

  fake->conditions = manners[__i__];
  assert_takes (first, VS_LEASE_NEW);
  assert_busy (other, FALSE);
  assert_renews (first);
  assert_takes (again, VS_LEASE_OURS);
  vs_lease_release (again, NULL);
  assert_takes (other, VS_LEASE_TAKEN_OVER);
  assert_renews (other);
  assert_busy (again, TRUE);
  vs_lease_release (again, NULL);
  assert_busy (first, FALSE);
  assert_renews (other);
}

GST_END_TEST;

/* Where the service could not be reached at first, what it can is found out
 * later. */
GST_START_TEST (test_never_taken)
{
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (VsLease) other = new_lease ("two");

  fake->conditions = manners[__i__];
  assert_renews (first);
  assert_renews (first);
  fake_s3_age (fake, PATH, VS_LEASE_SECONDS + 5);
  assert_takes (other, VS_LEASE_TAKEN_OVER);
  assert_busy (first, TRUE);
  assert_renews (other);
}

GST_END_TEST;

GST_START_TEST (test_expiry)
{
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (VsLease) other = new_lease ("two");

  fake->conditions = manners[__i__];
  assert_takes (first, VS_LEASE_NEW);
  fake_s3_age (fake, PATH, VS_LEASE_SECONDS - 5);
  assert_busy (other, FALSE);
  fake_s3_age (fake, PATH, 10);
  assert_takes (other, VS_LEASE_TAKEN_OVER);
  assert_busy (first, TRUE);
}

GST_END_TEST;

static gpointer
race (gpointer owner)
{
  g_autoptr (VsLease) lease = new_lease (owner);
  VsLeaseState state;

  return GINT_TO_POINTER (vs_lease_take (lease, &state, NULL, NULL));
}

GST_START_TEST (test_race)
{
  static const gchar *const owners[] = { "a", "b", "c", "d" };
  GThread *threads[G_N_ELEMENTS (owners)];
  guint winners = 0;

  fake->conditions = manners[__i__];
  for (guint i = 0; i < G_N_ELEMENTS (owners); i++)
    threads[i] = g_thread_new ("lease", race, (gpointer) owners[i]);
  for (guint i = 0; i < G_N_ELEMENTS (owners); i++)
    winners += GPOINTER_TO_INT (g_thread_join (threads[i]));
  fail_unless_equals_int (winners, 1);
}

GST_END_TEST;

/* It was put, and nobody heard of it: neither the first time, nor when it is
 * another's, nor when it is renewed. */
GST_START_TEST (test_lost_answers)
{
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (VsLease) other = new_lease ("two");

  fake->conditions = manners[__i__];
  fake_s3_fail ("PUT", 1, TRUE, NULL);
  assert_takes (first, VS_LEASE_NEW);
  fake_s3_fail ("PUT", 1, TRUE, NULL);
  assert_renews (first);
  assert_renews (first);
  fake_s3_age (fake, PATH, 2 * VS_LEASE_SECONDS);
  fake_s3_fail ("PUT", 1, TRUE, NULL);
  assert_takes (other, VS_LEASE_TAKEN_OVER);
  assert_renews (other);
  assert_busy (first, TRUE);
}

GST_END_TEST;

/* Nobody can tell how old it is: the writer may be alive. */
GST_START_TEST (test_no_time)
{
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (VsLease) other = new_lease ("two");

  fake->without_date = TRUE;
  assert_takes (first, VS_LEASE_NEW);
  fake_s3_age (fake, PATH, 2 * VS_LEASE_SECONDS);
  assert_busy (other, FALSE);
  assert_renews (first);
  vs_lease_release (first, NULL);
  assert_takes (other, VS_LEASE_TAKEN_OVER);
}

GST_END_TEST;

static const gchar *const times[] = {
  "", "Last-Modified: yesterday\r\n",
  "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
};

GST_START_TEST (test_no_age)
{
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (VsLease) other = new_lease ("two");
  g_autofree gchar *head = NULL, *answer = NULL;
  g_autoptr (VsStoreObject) object = NULL;

  assert_takes (first, VS_LEASE_NEW);
  object = vs_store_stat (bucket, "live/writer.lease", NULL, NULL);
  head = g_strdup_printf ("ETag: %s\r\n%s", object->etag, times[__i__]);
  answer = fake_s3_answer (200, head, "");
  fake_s3_fail ("HEAD", 1, FALSE, answer);
  assert_busy (other, FALSE);
  assert_renews (first);
}

GST_END_TEST;

/* A writer's clock is nothing to go by. */
GST_START_TEST (test_clock)
{
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (VsLease) other = new_lease ("two");

  fake->offset_s = __i__ ? 3600 : -3600;
  assert_takes (first, VS_LEASE_NEW);
  assert_busy (other, FALSE);
  fake_s3_age (fake, PATH, VS_LEASE_SECONDS + 5);
  assert_takes (other, VS_LEASE_TAKEN_OVER);
}

GST_END_TEST;

/* A service that is busy is no other writer: who takes it for one never sends
 * again. */
GST_START_TEST (test_busy_service)
{
  g_autofree gchar *slow = fake_s3_answer (503, "Retry-After: 60\r\n", "");
  g_autoptr (VsLease) first = new_lease ("one");
  g_autoptr (GError) taking = NULL;
  g_autoptr (GError) renewing = NULL;
  VsLeaseState state;

  fake->conditions = manners[__i__];
  fake_s3_fail ("*", 100, FALSE, slow);
  fail_if (vs_lease_take (first, &state, NULL, &taking));
  fail_if (g_error_matches (taking, G_IO_ERROR, G_IO_ERROR_BUSY), "%s",
      taking->message);
  fake_s3_clear_faults (fake);
  assert_takes (first, VS_LEASE_NEW);
  fake_s3_fail ("*", 100, FALSE, slow);
  fail_if (vs_lease_renew (first, NULL, &renewing));
  fail_if (g_error_matches (renewing, G_IO_ERROR, G_IO_ERROR_BUSY), "%s",
      renewing->message);
  fake_s3_clear_faults (fake);
  assert_renews (first);
}

GST_END_TEST;

static Suite *
lease_suite (void)
{
  Suite *s = suite_create ("lease");
  TCase *tc = tcase_create ("lease");
  guint n = G_N_ELEMENTS (manners);

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fake_s3_setup, fake_s3_teardown);
  tcase_add_loop_test (tc, test_manners, 0, n);
  tcase_add_loop_test (tc, test_never_taken, 0, n);
  tcase_add_loop_test (tc, test_expiry, 0, n);
  tcase_add_loop_test (tc, test_race, 0, n);
  tcase_add_loop_test (tc, test_lost_answers, 0, n);
  tcase_add_loop_test (tc, test_busy_service, 0, n);
  tcase_add_test (tc, test_no_time);
  tcase_add_loop_test (tc, test_no_age, 0, G_N_ELEMENTS (times));
  tcase_add_loop_test (tc, test_clock, 0, 2);
  return s;
}

GST_CHECK_MAIN (lease);
