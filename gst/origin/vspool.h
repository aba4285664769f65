/* VisionStream: the packaging pool
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * VsPool:
 *
 * A fixed number of threads and a bounded queue in front of them. What is
 * nearer to the live edge goes first, and pushes the youngest of a lower class
 * out of a full queue.
 */
typedef struct _VsPool VsPool;

typedef enum
{
  VS_POOL_LIVE,
  VS_POOL_STARTOVER,            /* of a live event, behind its window */
  VS_POOL_VOD,
  VS_POOL_N_CLASSES
} VsPoolClass;

typedef void (*VsPoolFunc) (gpointer data);

/* @n_threads: 0 for one a core; @max_queue: jobs that may wait */
VsPool *vs_pool_new (guint n_threads, guint max_queue);

/**
 * vs_pool_free:
 *
 * Drops what waits, finishes what runs, joins the threads; not to be called
 * in one of them.
 */
void    vs_pool_free (VsPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsPool, vs_pool_free)

/**
 * vs_pool_push:
 * @run: called in a thread of the pool
 * @drop: called instead when the job is given up: by whoever pushed it out,
 *   or by vs_pool_free ()
 *
 * Returns: FALSE when the queue is full; then neither is called
 */
gboolean vs_pool_push (VsPool *pool, VsPoolClass klass, VsPoolFunc run,
    VsPoolFunc drop, gpointer data);

G_END_DECLS
