/* VisionStream: tests of the packaging pool
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "origin/vspool.h"

/* One thread, held by a first job, so that what is queued behind it can be
 * watched. */
typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean held, released;
  GString *log;
} Bench;

typedef struct
{
  Bench *bench;
  gchar name;
} Work;

static void
hold (gpointer data)
{
  Bench *bench = data;

  g_mutex_lock (&bench->lock);
  bench->held = TRUE;
  g_cond_broadcast (&bench->cond);
  while (!bench->released)
    g_cond_wait (&bench->cond, &bench->lock);
  g_mutex_unlock (&bench->lock);
}

static void
never (gpointer data)
{
  fail ("the running job was dropped");
}

static void
note (Bench * bench, const gchar * what, gchar name)
{
  g_mutex_lock (&bench->lock);
  g_string_append_printf (bench->log, "%s%c ", what, name);
  g_cond_broadcast (&bench->cond);
  g_mutex_unlock (&bench->lock);
}

static void
run (gpointer data)
{
  Work *work = data;

  note (work->bench, "", work->name);
}

static void
drop (gpointer data)
{
  Work *work = data;

  note (work->bench, "-", work->name);
}

static VsPool *
bench_start (Bench * bench, guint max_queue)
{
  VsPool *pool = vs_pool_new (1, max_queue);

  memset (bench, 0, sizeof *bench);
  g_mutex_init (&bench->lock);
  g_cond_init (&bench->cond);
  bench->log = g_string_new (NULL);
  fail_unless (vs_pool_push (pool, VS_POOL_VOD, hold, never, bench));
  g_mutex_lock (&bench->lock);
  while (!bench->held)
    g_cond_wait (&bench->cond, &bench->lock);
  g_mutex_unlock (&bench->lock);
  return pool;
}

static void
bench_release (Bench * bench)
{
  g_mutex_lock (&bench->lock);
  bench->released = TRUE;
  g_cond_broadcast (&bench->cond);
  g_mutex_unlock (&bench->lock);
}

static void
bench_await (Bench * bench, gsize length)
{
  g_mutex_lock (&bench->lock);
  while (bench->log->len < length)
    g_cond_wait (&bench->cond, &bench->lock);
  g_mutex_unlock (&bench->lock);
}

static void
bench_clear (Bench * bench)
{
  g_mutex_clear (&bench->lock);
  g_cond_clear (&bench->cond);
  g_string_free (bench->log, TRUE);
}

GST_START_TEST (test_live_edge_first)
{
  Bench bench;
  VsPool *pool = bench_start (&bench, 10);
  Work work[] = { {&bench, 'v'}, {&bench, 's'}, {&bench, 'l'}, {&bench, 'm'} };

  vs_pool_push (pool, VS_POOL_VOD, run, drop, &work[0]);
  vs_pool_push (pool, VS_POOL_STARTOVER, run, drop, &work[1]);
  vs_pool_push (pool, VS_POOL_LIVE, run, drop, &work[2]);
  vs_pool_push (pool, VS_POOL_LIVE, run, drop, &work[3]);
  bench_release (&bench);
  bench_await (&bench, strlen ("l m s v "));
  fail_unless_equals_string (bench.log->str, "l m s v ");
  vs_pool_free (pool);
  bench_clear (&bench);
}

GST_END_TEST;

GST_START_TEST (test_full_queue)
{
  Bench bench;
  VsPool *pool = bench_start (&bench, 2);
  Work work[] = { {&bench, 'a'}, {&bench, 'b'}, {&bench, 'c'}, {&bench, 'd'},
  {&bench, 'e'}
  };

  fail_unless (vs_pool_push (pool, VS_POOL_VOD, run, drop, &work[0]));
  fail_unless (vs_pool_push (pool, VS_POOL_VOD, run, drop, &work[1]));
  fail_if (vs_pool_push (pool, VS_POOL_VOD, run, drop, &work[2]));
  /* the younger of the two gives way */
  fail_unless (vs_pool_push (pool, VS_POOL_LIVE, run, drop, &work[3]));
  fail_unless_equals_string (bench.log->str, "-b ");
  fail_if (vs_pool_push (pool, VS_POOL_VOD, run, drop, &work[4]));
  bench_release (&bench);
  bench_await (&bench, strlen ("-b d a "));
  fail_unless_equals_string (bench.log->str, "-b d a ");
  vs_pool_free (pool);
  bench_clear (&bench);
}

GST_END_TEST;

static gpointer
free_pool (gpointer pool)
{
  vs_pool_free (pool);
  return NULL;
}

GST_START_TEST (test_free_drops_what_waits)
{
  Bench bench;
  VsPool *pool = bench_start (&bench, G_MAXUINT);
  Work work[] = { {&bench, 'a'}, {&bench, 'b'}, {&bench, 'c'}
  };
  GThread *thread;
  gint64 deadline = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;

  vs_pool_push (pool, VS_POOL_LIVE, run, drop, &work[0]);
  vs_pool_push (pool, VS_POOL_VOD, run, drop, &work[1]);
  thread = g_thread_new ("free", free_pool, pool);
  /* once it is stopping, nothing more is taken: the queue is never full */
  while (vs_pool_push (pool, VS_POOL_LIVE, run, drop, &work[2]))
    fail_unless (g_get_monotonic_time () < deadline);
  bench_release (&bench);
  g_thread_join (thread);
  fail_unless (strstr (bench.log->str, "-a ") != NULL);
  bench_clear (&bench);
}

GST_END_TEST;

static Suite *
pool_suite (void)
{
  Suite *s = suite_create ("pool");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_live_edge_first);
  tcase_add_test (tc, test_full_queue);
  tcase_add_test (tc, test_free_drops_what_waits);
  return s;
}

GST_CHECK_MAIN (pool);
