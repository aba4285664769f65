/* VisionStream: test of vsspoolqueue.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "store/vsspoolqueue.h"

static VsSpoolQueue *queue;
static GArray *superseded;
static guint64 next;

static void
setup (void)
{
  queue = vs_spool_queue_new ();
  superseded = g_array_new (FALSE, FALSE, sizeof (guint64));
  next = 1;
}

static void
teardown (void)
{
  vs_spool_queue_free (queue);
  g_array_unref (superseded);
}

/* "s..." is a segment, "p..." a playlist, "-..." deletes */
static guint64
add (const gchar * what)
{
  gboolean removes = what[0] == '-';

  vs_spool_queue_add (queue, next, removes ? what + 1 : what, removes ? 0 : 10,
      removes || what[0] == 'p', removes, superseded);
  return next++;
}

static void
assert_takes (guint64 number)
{
  const VsSpoolOp *op = vs_spool_queue_take (queue);

  fail_unless_equals_uint64 (op ? op->number : 0, number);
}

static void
assert_superseded (guint n, guint64 last)
{
  fail_unless_equals_int (superseded->len, n);
  if (n > 0)
    fail_unless_equals_uint64 (g_array_index (superseded, guint64, n - 1),
        last);
}

GST_START_TEST (test_playlist_after_its_segments)
{
  add ("s1");
  add ("s2");
  add ("p");
  add ("s3");
  assert_takes (1);
  assert_takes (2);
  assert_takes (4);
  assert_takes (0);
  fail_unless (vs_spool_queue_done (queue, 1));
  assert_takes (0);
  fail_unless (vs_spool_queue_done (queue, 2));
  fail_unless_equals_uint64 (vs_spool_queue_get_sent (queue), 3);
  assert_takes (3);
  fail_if (vs_spool_queue_done (queue, 3));
  fail_unless_equals_uint64 (vs_spool_queue_get_sent (queue), 4);
  fail_unless (vs_spool_queue_done (queue, 4));
  fail_unless_equals_uint64 (vs_spool_queue_get_sent (queue), 5);
  fail_unless_equals_int (vs_spool_queue_get_length (queue), 0);
  fail_unless_equals_uint64 (vs_spool_queue_get_bytes (queue), 0);
}

GST_END_TEST;

GST_START_TEST (test_oldest_and_newest_stay)
{
  add ("s1");
  add ("p");
  add ("s2");
  add ("p");
  assert_superseded (0, 0);
  add ("s3");
  add ("p");
  assert_superseded (1, 4);
  fail_unless_equals_uint64 (vs_spool_queue_find (queue, "p")->number, 6);

  /* what the middle one would have listed is listed when the newest is sent */
  assert_takes (1);
  vs_spool_queue_done (queue, 1);
  assert_takes (2);
  vs_spool_queue_done (queue, 2);
  assert_takes (3);
  vs_spool_queue_done (queue, 3);
  fail_unless_equals_uint64 (vs_spool_queue_get_sent (queue), 4);
  assert_takes (5);
  vs_spool_queue_done (queue, 5);
  fail_unless_equals_uint64 (vs_spool_queue_get_sent (queue), 4);
  assert_takes (6);
  vs_spool_queue_done (queue, 6);
  fail_unless_equals_uint64 (vs_spool_queue_get_sent (queue), 7);
}

GST_END_TEST;

GST_START_TEST (test_what_is_on_its_way_stays)
{
  add ("p");
  assert_takes (1);
  add ("p");
  add ("p");
  assert_superseded (1, 2);
  assert_takes (0);
  fail_unless (vs_spool_queue_done (queue, 1));
  assert_takes (3);
  fail_if (vs_spool_queue_done (queue, 3));
}

GST_END_TEST;

GST_START_TEST (test_put_back)
{
  add ("s1");
  add ("s2");
  assert_takes (1);
  assert_takes (2);
  vs_spool_queue_put_back (queue, 2);
  vs_spool_queue_put_back (queue, 1);
  assert_takes (1);
  assert_takes (2);
  vs_spool_queue_done (queue, 2);
  vs_spool_queue_put_back (queue, 1);
  assert_takes (1);
}

GST_END_TEST;

GST_START_TEST (test_deletion)
{
  add ("s1");
  add ("s2");
  assert_takes (1);
  add ("-s1");
  add ("-s2");
  assert_superseded (1, 2);
  fail_unless (vs_spool_queue_find (queue, "s1")->removes);
  assert_takes (0);
  vs_spool_queue_done (queue, 1);
  assert_takes (3);
  fail_unless (vs_spool_queue_done (queue, 3));
  fail_unless (vs_spool_queue_find (queue, "s1") == NULL);
  assert_takes (4);
  add ("s2");
  assert_takes (0);
  vs_spool_queue_done (queue, 4);
  assert_takes (5);
}

GST_END_TEST;

GST_START_TEST (test_sent_playlists_stay)
{
  g_autoptr (GArray) evicted = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *key = g_strdup_printf ("p%u", i);
    guint64 number = add (key);

    assert_takes (number);
    fail_if (vs_spool_queue_done (queue, number));
  }
  fail_unless_equals_uint64 (vs_spool_queue_find (queue, "p1")->number, 2);
  add ("p1");
  assert_superseded (1, 2);
  vs_spool_queue_evict (queue, 1, evicted);
  fail_unless_equals_int (evicted->len, 1);
  fail_unless_equals_uint64 (g_array_index (evicted, guint64, 0), 1);
  fail_unless (vs_spool_queue_find (queue, "p0") == NULL);
  fail_unless (vs_spool_queue_find (queue, "p1") != NULL);
}

GST_END_TEST;

/* ---- any order of events ------------------------------------------------ */

#define RUNS 300
#define STEPS 400

typedef struct
{
  GHashTable *listed;           /* playlist -> number that was sent last */
  GHashTable *pending;          /* number -> key, of segments not sent */
  GArray *busy;                 /* VsSpoolOp */
} Model;

static void
start (Model * model)
{
  const VsSpoolOp *op = vs_spool_queue_take (queue);
  GHashTableIter iter;
  gpointer number;

  if (op == NULL)
    return;
  g_array_append_vals (model->busy, op, 1);
  if (!op->ordered)
    return;
  /* nothing older is left to be sent */
  g_hash_table_iter_init (&iter, model->pending);
  while (g_hash_table_iter_next (&iter, &number, NULL))
    fail_unless ((guint64) GPOINTER_TO_SIZE (number) > op->number);
}

static void
finish (Model * model, GRand * rand)
{
  guint i;
  VsSpoolOp op;

  if (model->busy->len == 0)
    return;
  i = g_rand_int_range (rand, 0, model->busy->len);
  op = g_array_index (model->busy, VsSpoolOp, i);
  if (g_rand_boolean (rand)) {
    vs_spool_queue_put_back (queue, op.number);
  } else {
    gpointer last = g_hash_table_lookup (model->listed, op.key);

    fail_unless (GPOINTER_TO_SIZE (last) < op.number,
        "an older version after a newer one");
    g_hash_table_insert (model->listed, (gpointer) g_intern_string (op.key),
        GSIZE_TO_POINTER (op.number));
    g_hash_table_remove (model->pending, GSIZE_TO_POINTER (op.number));
    vs_spool_queue_done (queue, op.number);
  }
  g_array_remove_index_fast (model->busy, i);
}

static void
put_something (Model * model, GRand * rand)
{
  g_autofree gchar *key = g_rand_boolean (rand) ?
      g_strdup_printf ("s%" G_GUINT64_FORMAT, next) :
      g_strdup_printf ("p%d", g_rand_int_range (rand, 0, 3));

  if (key[0] == 's')
    g_hash_table_insert (model->pending, GSIZE_TO_POINTER (next), NULL);
  add (key);
}

static void
drain (Model * model, GRand * rand)
{
  while (vs_spool_queue_get_length (queue) > 0) {
    start (model);
    finish (model, rand);
  }
  fail_unless_equals_int (g_hash_table_size (model->pending), 0);
  fail_unless_equals_uint64 (vs_spool_queue_get_sent (queue), next);
  fail_unless_equals_uint64 (vs_spool_queue_get_bytes (queue), 0);
}

GST_START_TEST (test_any_order)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (__i__);
  Model model = { g_hash_table_new (g_str_hash, g_str_equal),
    g_hash_table_new (NULL, NULL), g_array_new (FALSE, FALSE,
        sizeof (VsSpoolOp))
  };

  for (guint i = 0; i < STEPS; i++) {
    switch (g_rand_int_range (rand, 0, 3)) {
      case 0:
        put_something (&model, rand);
        break;
      case 1:
        start (&model);
        break;
      default:
        finish (&model, rand);
    }
  }
  drain (&model, rand);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *key = g_strdup_printf ("p%u", i);
    const VsSpoolOp *newest = vs_spool_queue_find (queue, key);

    /* what is known of a playlist is what was sent of it last */
    if (newest)
      fail_unless_equals_uint64 (newest->number,
          GPOINTER_TO_SIZE (g_hash_table_lookup (model.listed, key)));
  }
  g_hash_table_unref (model.listed);
  g_hash_table_unref (model.pending);
  g_array_unref (model.busy);
}

GST_END_TEST;

static Suite *
spoolqueue_suite (void)
{
  Suite *s = suite_create ("spoolqueue");
  TCase *tc = tcase_create ("queue");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_playlist_after_its_segments);
  tcase_add_test (tc, test_oldest_and_newest_stay);
  tcase_add_test (tc, test_what_is_on_its_way_stays);
  tcase_add_test (tc, test_put_back);
  tcase_add_test (tc, test_deletion);
  tcase_add_test (tc, test_sent_playlists_stay);
  tcase_add_loop_test (tc, test_any_order, 0, RUNS);
  return s;
}

GST_CHECK_MAIN (spoolqueue);
