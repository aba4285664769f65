/* VisionStream: the packaging pool
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vspool.h"

typedef struct
{
  VsPoolFunc run, drop;
  gpointer data;
} Job;

struct _VsPool
{
  guint max_queue;
  GPtrArray *threads;

  GMutex lock;
  GCond cond;
  /* protected by lock */
  GQueue queues[VS_POOL_N_CLASSES];     /* Job; head: oldest */
  guint n_queued;
  gboolean stopping;
};

static Job *
take_oldest_unlocked (VsPool * pool)
{
  for (guint i = 0; i < VS_POOL_N_CLASSES; i++) {
    Job *job = g_queue_pop_head (&pool->queues[i]);

    if (job) {
      pool->n_queued--;
      return job;
    }
  }
  return NULL;
}

/* The youngest job of the lowest class below @klass. */
static Job *
take_victim_unlocked (VsPool * pool, VsPoolClass klass)
{
  for (guint i = VS_POOL_N_CLASSES - 1; i > klass; i--) {
    Job *job = g_queue_pop_tail (&pool->queues[i]);

    if (job) {
      pool->n_queued--;
      return job;
    }
  }
  return NULL;
}

static gpointer
worker (gpointer user_data)
{
  VsPool *pool = user_data;

  g_mutex_lock (&pool->lock);
  while (!pool->stopping) {
    Job *job = take_oldest_unlocked (pool);

    if (job == NULL) {
      g_cond_wait (&pool->cond, &pool->lock);
      continue;
    }
    g_mutex_unlock (&pool->lock);
    job->run (job->data);
    g_free (job);
    g_mutex_lock (&pool->lock);
  }
  g_mutex_unlock (&pool->lock);
  return NULL;
}

VsPool *
vs_pool_new (guint n_threads, guint max_queue)
{
  VsPool *pool = g_new0 (VsPool, 1);

  if (n_threads == 0)
    n_threads = g_get_num_processors ();
  pool->max_queue = max_queue;
  g_mutex_init (&pool->lock);
  g_cond_init (&pool->cond);
  for (guint i = 0; i < VS_POOL_N_CLASSES; i++)
    g_queue_init (&pool->queues[i]);
  pool->threads = g_ptr_array_new ();
  for (guint i = 0; i < n_threads; i++)
    g_ptr_array_add (pool->threads, g_thread_new ("vs-package", worker, pool));
  return pool;
}

void
vs_pool_free (VsPool * pool)
{
  Job *job;

  g_mutex_lock (&pool->lock);
  pool->stopping = TRUE;
  g_cond_broadcast (&pool->cond);
  g_mutex_unlock (&pool->lock);

  for (guint i = 0; i < pool->threads->len; i++)
    g_thread_join (g_ptr_array_index (pool->threads, i));
  g_ptr_array_unref (pool->threads);

  /* no thread is left that could push */
  while ((job = take_oldest_unlocked (pool)) != NULL) {
    job->drop (job->data);
    g_free (job);
  }
  g_mutex_clear (&pool->lock);
  g_cond_clear (&pool->cond);
  g_free (pool);
}

gboolean
vs_pool_push (VsPool * pool, VsPoolClass klass, VsPoolFunc run,
    VsPoolFunc drop, gpointer data)
{
  Job *job, *victim = NULL;
  gboolean full;

  g_mutex_lock (&pool->lock);
  if (pool->n_queued >= pool->max_queue)
    victim = take_victim_unlocked (pool, klass);
  full = pool->stopping || pool->n_queued >= pool->max_queue;
  if (!full) {
    job = g_new (Job, 1);
    *job = (Job) {
    run, drop, data};
    g_queue_push_tail (&pool->queues[klass], job);
    pool->n_queued++;
    g_cond_signal (&pool->cond);
  }
  g_mutex_unlock (&pool->lock);

  if (victim) {
    victim->drop (victim->data);
    g_free (victim);
  }
  return !full;
}
