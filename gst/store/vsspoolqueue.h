/* VisionStream: what a spool has still to send, and in which order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * VsSpoolOp:
 *
 * One object that is to be written, or deleted, behind the spool. What is
 * @ordered (playlists, deletions) comes after all that was put before it;
 * the rest (segments) comes in any order, several at a time.
 */
typedef struct
{
  guint64 number;               /* ascending in the order of the puts */
  gchar *key;
  guint64 size;
  gboolean ordered, removes;

  /*< private >*/
  guint64 stands_for;           /* the oldest that it took the place of */
  gboolean busy, sent;
} VsSpoolOp;

/**
 * VsSpoolQueue:
 *
 * The order in which a spool sends, without the sending. Of an object that is
 * put over and over while it waits, the oldest version and the newest stay:
 * the first so that readers see progress while a long backlog is sent, the
 * last because it is what counts. The newest version of an ordered object
 * stays after it was sent too, as what a reader finds here without asking the
 * store, until vs_spool_queue_evict () takes it.
 *
 * No I/O, no locks. Operations are owned by the queue.
 */
typedef struct _VsSpoolQueue VsSpoolQueue;

VsSpoolQueue *vs_spool_queue_new (void);
void          vs_spool_queue_free (VsSpoolQueue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSpoolQueue, vs_spool_queue_free)

/**
 * vs_spool_queue_add:
 * @number: above all that were added before
 * @superseded: (element-type guint64): the numbers of what @key no longer
 *   needs are added to it: the caller forgets their bytes
 */
void vs_spool_queue_add (VsSpoolQueue *queue, guint64 number,
    const gchar *key, guint64 size, gboolean ordered, gboolean removes,
    GArray *superseded);

/* The newest version of @key that is here, sent or not, or NULL. */
const VsSpoolOp *vs_spool_queue_find (VsSpoolQueue *queue, const gchar *key);

/* Takes what may be sent next, NULL when there is nothing or all that there is
 * has to wait. It is given back by one of the two below. */
const VsSpoolOp *vs_spool_queue_take (VsSpoolQueue *queue);
/* It was sent. Returns TRUE when its bytes are to be forgotten. */
gboolean vs_spool_queue_done (VsSpoolQueue *queue, guint64 number);
void     vs_spool_queue_put_back (VsSpoolQueue *queue, guint64 number);

/* All below it were sent, or something newer in their place. */
guint64 vs_spool_queue_get_sent (VsSpoolQueue *queue);

/* Above all numbers that were added */
guint64 vs_spool_queue_get_end (VsSpoolQueue *queue);

/* What waits or is being sent */
guint   vs_spool_queue_get_length (VsSpoolQueue *queue);
guint64 vs_spool_queue_get_bytes (VsSpoolQueue *queue);

/* Forgets the versions that were sent and were put longest ago, down to @max
 * of them; adds their numbers to @evicted. */
void vs_spool_queue_evict (VsSpoolQueue *queue, guint max, GArray *evicted);

/* Calls @func for the newest version of each key. */
void vs_spool_queue_foreach (VsSpoolQueue *queue,
    void (*func) (const VsSpoolOp *op, gpointer user_data),
    gpointer user_data);

G_END_DECLS
