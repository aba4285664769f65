/* VisionStream: an archive, read ahead of who uses it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cursor is the thread's alone. One lock, over what waits.
 */
#include "config.h"
#include "archive/vsarchiveahead.h"

/* What may wait, but for one segment */
#define WAITING_MAX (12 * 1024 * 1024)
#define WAITING_CHUNKS_MAX 64

typedef struct
{
  VsArchiveChunk *chunk;
  VsArchiveAheadState state;
} Item;

struct _VsArchiveAhead
{
  VsArchiveCursor *cursor;
  GCancellable *cancellable;    /* its own, with the caller's behind it */
  GCancellable *callers;
  gulong cancel_id;
  GThread *thread;

  GMutex lock;
  GCond changed;
  /* protected by lock */
  GQueue items;                 /* Item */
  gsize bytes;                  /* of them */
  gboolean ended;               /* with the error, or without */
  GError *error;
  gboolean stopped;
};

static void
item_free (Item * item)
{
  g_clear_pointer (&item->chunk, vs_archive_chunk_free);
  g_free (item);
}

static gsize
get_size (const Item * item)
{
  return item->chunk->bytes ? g_bytes_get_size (item->chunk->bytes) : 0;
}

/* ---- reading ------------------------------------------------------------ */

static Item *
read_next (VsArchiveAhead * self, GError ** error)
{
  VsArchiveChunk *chunk =
      vs_archive_cursor_next (self->cursor, self->cancellable, error);
  Item *item;

  if (chunk == NULL)
    return NULL;
  item = g_new0 (Item, 1);
  item->chunk = chunk;
  item->state.total = vs_archive_cursor_is_growing (self->cursor) ?
      GST_CLOCK_TIME_NONE : vs_archive_cursor_get_duration (self->cursor);
  item->state.is_foreign = vs_archive_cursor_is_foreign (self->cursor);
  return item;
}

static gboolean
is_full_unlocked (VsArchiveAhead * self, const Item * item)
{
  return self->items.length >= WAITING_CHUNKS_MAX
      || (self->bytes > 0 && self->bytes + get_size (item) > WAITING_MAX);
}

/* (transfer full) @item. FALSE: nobody wants it. */
static gboolean
push (VsArchiveAhead * self, Item * item)
{
  gboolean wanted;

  g_mutex_lock (&self->lock);
  while (!self->stopped && is_full_unlocked (self, item))
    g_cond_wait (&self->changed, &self->lock);
  wanted = !self->stopped;
  if (wanted) {
    self->bytes += get_size (item);
    g_queue_push_tail (&self->items, item);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  if (!wanted)
    item_free (item);
  return wanted;
}

static gpointer
run (gpointer data)
{
  VsArchiveAhead *self = data;
  GError *error = NULL;
  Item *item;

  while ((item = read_next (self, &error)) && push (self, item));
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  self->error = error;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* ---- using -------------------------------------------------------------- */

static void
on_cancelled (GCancellable * callers, gpointer own)
{
  g_cancellable_cancel (own);
}

VsArchiveAhead *
vs_archive_ahead_new (VsArchiveCursor * cursor, GCancellable * cancellable)
{
  VsArchiveAhead *self = g_new0 (VsArchiveAhead, 1);

  self->cursor = cursor;
  self->cancellable = g_cancellable_new ();
  g_set_object (&self->callers, cancellable);
  if (cancellable)
    self->cancel_id = g_cancellable_connect (cancellable,
        G_CALLBACK (on_cancelled), self->cancellable, NULL);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->items);
  self->thread = g_thread_new ("archive-ahead", run, self);
  return self;
}

void
vs_archive_ahead_free (VsArchiveAhead * self)
{
  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  if (self->callers)
    g_cancellable_disconnect (self->callers, self->cancel_id);
  g_clear_object (&self->callers);
  g_object_unref (self->cancellable);
  g_queue_clear_full (&self->items, (GDestroyNotify) item_free);
  g_clear_error (&self->error);
  vs_archive_cursor_free (self->cursor);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

VsArchiveChunk *
vs_archive_ahead_next (VsArchiveAhead * self, VsArchiveAheadState * state,
    GError ** error)
{
  VsArchiveChunk *chunk = NULL;
  Item *item;

  g_mutex_lock (&self->lock);
  while (self->items.length == 0 && !self->ended)
    g_cond_wait (&self->changed, &self->lock);
  item = g_queue_pop_head (&self->items);
  if (item) {
    self->bytes -= get_size (item);
    g_cond_broadcast (&self->changed);
    *state = item->state;
    chunk = g_steal_pointer (&item->chunk);
  } else if (self->error) {
    g_propagate_error (error, g_error_copy (self->error));
  }
  g_mutex_unlock (&self->lock);
  if (item)
    item_free (item);
  return chunk;
}
