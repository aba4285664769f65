/* VisionStream: what a spool has still to send, and in which order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What waits is in one queue, by number: an ordered operation may be taken
 * when it is at its head. The others are in a second one beside it, and may be
 * taken whenever no older version of the same object is here.
 */
#include "store/vsspoolqueue.h"

struct _VsSpoolQueue
{
  GHashTable *ops;              /* number -> VsSpoolOp, owned */
  GHashTable *keys;             /* key -> GQueue of VsSpoolOp, oldest first */
  GQueue pending;               /* not sent, by number */
  GQueue unordered;             /* of these: may be taken in any order */
  GQueue stand_ins;             /* of pending: took the place of another */
  GQueue kept;                  /* sent, and still here, by number */
  guint64 next;                 /* above all numbers */
  guint64 bytes;                /* of pending */
};

static void
op_free (VsSpoolOp * op)
{
  g_free (op->key);
  g_free (op);
}

VsSpoolQueue *
vs_spool_queue_new (void)
{
  VsSpoolQueue *queue = g_new0 (VsSpoolQueue, 1);

  queue->ops = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL,
      (GDestroyNotify) op_free);
  queue->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) g_queue_free);
  return queue;
}

void
vs_spool_queue_free (VsSpoolQueue * queue)
{
  g_queue_clear (&queue->pending);
  g_queue_clear (&queue->unordered);
  g_queue_clear (&queue->stand_ins);
  g_queue_clear (&queue->kept);
  g_hash_table_unref (queue->keys);
  g_hash_table_unref (queue->ops);
  g_free (queue);
}

static GQueue *
get_versions (VsSpoolQueue * queue, const gchar * key)
{
  GQueue *versions = g_hash_table_lookup (queue->keys, key);

  if (versions == NULL) {
    versions = g_queue_new ();
    g_hash_table_insert (queue->keys, g_strdup (key), versions);
  }
  return versions;
}

static void
leave_pending (VsSpoolQueue * queue, VsSpoolOp * op)
{
  g_queue_remove (&queue->pending, op);
  if (!op->ordered && !op->busy)
    g_queue_remove (&queue->unordered, op);
  if (op->stands_for < op->number)
    g_queue_remove (&queue->stand_ins, op);
  queue->bytes -= op->size;
}

static void
forget (VsSpoolQueue * queue, VsSpoolOp * op)
{
  GQueue *versions = g_hash_table_lookup (queue->keys, op->key);

  if (op->sent)
    g_queue_remove (&queue->kept, op);
  else
    leave_pending (queue, op);
  g_queue_remove (versions, op);
  if (versions->length == 0)
    g_hash_table_remove (queue->keys, op->key);
  g_hash_table_remove (queue->ops, &op->number);
}

static void
supersede (VsSpoolQueue * queue, VsSpoolOp * op, VsSpoolOp * newest,
    GArray * superseded)
{
  if (!op->sent)
    newest->stands_for = MIN (newest->stands_for, op->stands_for);
  g_array_append_val (superseded, op->number);
  forget (queue, op);
}

/* What was sent gives way at once; of what was not, the oldest stays, unless
 * its object is to be deleted, and what is on its way. */
static void
drop_older (VsSpoolQueue * queue, GQueue * versions, VsSpoolOp * newest,
    GArray * superseded)
{
  gboolean oldest = TRUE;

  for (GList * l = versions->head; l;) {
    VsSpoolOp *op = l->data;

    l = l->next;
    if (op == newest)
      continue;
    if (op->sent)
      supersede (queue, op, newest, superseded);
    else if (!op->busy && (!oldest || newest->removes))
      supersede (queue, op, newest, superseded);
    else
      oldest = FALSE;
  }
}

void
vs_spool_queue_add (VsSpoolQueue * queue, guint64 number, const gchar * key,
    guint64 size, gboolean ordered, gboolean removes, GArray * superseded)
{
  VsSpoolOp *op = g_new0 (VsSpoolOp, 1);
  GQueue *versions = get_versions (queue, key);

  g_return_if_fail (number >= queue->next);
  op->number = op->stands_for = number;
  op->key = g_strdup (key);
  op->size = size;
  op->ordered = ordered;
  op->removes = removes;
  queue->next = number + 1;
  queue->bytes += size;
  g_hash_table_insert (queue->ops, &op->number, op);
  g_queue_push_tail (versions, op);
  g_queue_push_tail (&queue->pending, op);
  if (!ordered)
    g_queue_push_tail (&queue->unordered, op);
  drop_older (queue, versions, op, superseded);
  if (op->stands_for < number)
    g_queue_push_tail (&queue->stand_ins, op);
}

const VsSpoolOp *
vs_spool_queue_find (VsSpoolQueue * queue, const gchar * key)
{
  GQueue *versions = g_hash_table_lookup (queue->keys, key);

  return versions ? g_queue_peek_tail (versions) : NULL;
}

static VsSpoolOp *
find_unordered (VsSpoolQueue * queue)
{
  for (GList * l = queue->unordered.head; l; l = l->next) {
    VsSpoolOp *op = l->data;

    if (g_queue_peek_head (g_hash_table_lookup (queue->keys, op->key)) == op)
      return op;
  }
  return NULL;
}

const VsSpoolOp *
vs_spool_queue_take (VsSpoolQueue * queue)
{
  VsSpoolOp *op = g_queue_peek_head (&queue->pending);

  if (op == NULL || !op->ordered || op->busy)
    op = find_unordered (queue);
  if (op == NULL)
    return NULL;
  op->busy = TRUE;
  g_queue_remove (&queue->unordered, op);
  return op;
}

gboolean
vs_spool_queue_done (VsSpoolQueue * queue, guint64 number)
{
  VsSpoolOp *op = g_hash_table_lookup (queue->ops, &number);
  GQueue *versions = g_hash_table_lookup (queue->keys, op->key);

  if (!op->ordered || op->removes || g_queue_peek_tail (versions) != op) {
    forget (queue, op);
    return TRUE;
  }
  leave_pending (queue, op);
  op->busy = FALSE;
  op->sent = TRUE;
  g_queue_push_tail (&queue->kept, op);
  return FALSE;
}

static gint
compare_numbers (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VsSpoolOp *x = a, *y = b;

  return x->number < y->number ? -1 : x->number > y->number;
}

void
vs_spool_queue_put_back (VsSpoolQueue * queue, guint64 number)
{
  VsSpoolOp *op = g_hash_table_lookup (queue->ops, &number);

  op->busy = FALSE;
  if (!op->ordered)
    g_queue_insert_sorted (&queue->unordered, op, compare_numbers, NULL);
}

guint64
vs_spool_queue_get_sent (VsSpoolQueue * queue)
{
  const VsSpoolOp *first = g_queue_peek_head (&queue->pending);
  guint64 sent = first ? first->number : queue->next;

  for (GList * l = queue->stand_ins.head; l; l = l->next)
    sent = MIN (sent, ((VsSpoolOp *) l->data)->stands_for);
  return sent;
}

guint64
vs_spool_queue_get_end (VsSpoolQueue * queue)
{
  return queue->next;
}

guint
vs_spool_queue_get_length (VsSpoolQueue * queue)
{
  return queue->pending.length;
}

guint64
vs_spool_queue_get_bytes (VsSpoolQueue * queue)
{
  return queue->bytes;
}

void
vs_spool_queue_evict (VsSpoolQueue * queue, guint max, GArray * evicted)
{
  while (queue->kept.length > max) {
    VsSpoolOp *op = g_queue_peek_head (&queue->kept);

    g_array_append_val (evicted, op->number);
    forget (queue, op);
  }
}

void
vs_spool_queue_foreach (VsSpoolQueue * queue,
    void (*func) (const VsSpoolOp * op, gpointer user_data), gpointer user_data)
{
  GHashTableIter iter;
  gpointer versions;

  g_hash_table_iter_init (&iter, queue->keys);
  while (g_hash_table_iter_next (&iter, NULL, &versions))
    func (g_queue_peek_tail (versions), user_data);
}
