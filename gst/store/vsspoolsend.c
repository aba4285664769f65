/* VisionStream: a spool's threads, which send what is in it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each takes what may be sent next, sends it from the local file, and says so.
 * While the store fails one of them alone goes on trying, with growing pauses
 * of uneven length; the others wait until that succeeds.
 */
#include "store/vsspoolprivate.h"

/* What is read of a local file at a time */
#define PIECE (1024 * 1024)

/* Pauses between tries: short ones, so that a store that has come back is
 * noticed within a segment. */
#define RETRY_MIN (100 * G_TIME_SPAN_MILLISECOND)
#define RETRY_MAX (1 * G_TIME_SPAN_SECOND)

/* Versions of playlists that are kept after they were sent: two a rendition,
 * and the parts of the last minutes. */
#define KEPT_MAX 256

typedef enum
{
  SENT,
  REFUSED,                      /* try again */
  LOST                          /* the local file is gone or damaged */
} Outcome;

/* ---- one object --------------------------------------------------------- */

/* A disk that fails to read may do so the next time; what is not there, or is
 * something else, never will. */
static Outcome
judge_local (const GError * error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA) ? LOST :
      REFUSED;
}

static gboolean
copy_body (VsSpool * self, const gchar * local_key, guint64 size,
    VsStoreUpload * upload, gboolean * local_failed, GError ** error)
{
  for (guint64 offset = 0; offset < size;) {
    gsize piece = MIN (size - offset, PIECE);
    g_autoptr (GBytes) bytes = vs_store_get (self->local, local_key, offset,
        piece, piece, self->cancellable, error);

    if (bytes == NULL || g_bytes_get_size (bytes) != piece) {
      *local_failed = TRUE;
      if (bytes)
        vs_store_set_short_error (self->local, local_key, error);
      return FALSE;
    }
    if (!vs_store_upload_write (upload, &bytes, 1, error))
      return FALSE;
    offset += piece;
  }
  return TRUE;
}

static Outcome
send_body (VsSpool * self, const gchar * local_key, const VsSpoolEntry * entry,
    GError ** error)
{
  g_autoptr (VsStoreUpload) upload = vs_store_upload_new (self->remote,
      entry->key, self->cancellable, error);
  gboolean local_failed = FALSE;

  if (upload == NULL)
    return REFUSED;
  vs_store_upload_set_size (upload, entry->size);
  vs_store_upload_set_sha256 (upload, entry->sha256);
  if (copy_body (self, local_key, entry->size, upload, &local_failed, error)
      && vs_store_upload_commit (upload, error))
    return SENT;
  return local_failed ? judge_local (*error) : REFUSED;
}

static Outcome
send (VsSpool * self, guint64 number, guint64 * size, GError ** error)
{
  g_autofree gchar *local_key = vs_spool_get_entry_key (self, number);
  g_autoptr (VsStoreObject) object =
      vs_store_stat (self->local, local_key, NULL, error);
  g_auto (VsSpoolEntry) entry = { NULL, };

  if (object == NULL || !vs_spool_entry_read (self->local, local_key,
          object->size, &entry, error))
    return judge_local (*error);
  *size = entry.size;
  if (entry.removes)
    return vs_store_delete (self->remote, entry.key, self->cancellable,
        error) ? SENT : REFUSED;
  return send_body (self, local_key, &entry, error);
}

/* ---- what comes of it --------------------------------------------------- */

void
vs_spool_mark_free (VsSpoolMark * mark)
{
  if (mark->free_data)
    mark->free_data (mark->data);
  g_free (mark);
}

void
vs_spool_run_marks (VsSpool * self)
{
  VsSpoolMark *mark;
  guint64 sent;

  g_mutex_lock (&self->lock);
  sent = vs_spool_queue_get_sent (self->queue);
  while ((mark = g_queue_peek_head (&self->marks)) && mark->number <= sent) {
    g_queue_pop_head (&self->marks);
    g_mutex_unlock (&self->lock);
    mark->func (mark->data);
    vs_spool_mark_free (mark);
    g_mutex_lock (&self->lock);
    sent = vs_spool_queue_get_sent (self->queue);
  }
  g_mutex_unlock (&self->lock);
}

gboolean
vs_spool_is_failing_unlocked (VsSpool * self)
{
  return self->failing || self->lease_lost;
}

void
vs_spool_tell (VsSpool * self, gboolean was_failing, gboolean is_failing,
    const gchar * key, const GError * error)
{
  if (is_failing && !was_failing && self->callbacks.failed)
    self->callbacks.failed (key, error, self->user_data);
  if (was_failing && !is_failing && self->callbacks.recovered)
    self->callbacks.recovered (self->user_data);
}

static void
on_sent (VsSpool * self, const gchar * key, guint64 number, guint64 size,
    const GError * lost)
{
  g_autoptr (GArray) done = g_array_new (FALSE, FALSE, sizeof (guint64));
  gboolean was_failing, is_failing;

  g_mutex_lock (&self->lock);
  was_failing = vs_spool_is_failing_unlocked (self);
  self->probing = FALSE;
  if (!lost) {
    self->failing = FALSE;
    self->attempts = 0;
    self->sent_objects++;
    self->sent_bytes += size;
  }
  is_failing = vs_spool_is_failing_unlocked (self);
  if (vs_spool_queue_done (self->queue, number))
    g_array_append_val (done, number);
  vs_spool_queue_evict (self->queue, KEPT_MAX, done);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);

  vs_spool_forget (self, done);
  if (lost && self->callbacks.lost)
    self->callbacks.lost (key, lost, self->user_data);
  vs_spool_tell (self, was_failing, is_failing, key, NULL);
  vs_spool_run_marks (self);
}

/* Full jitter: threads of many spools do not come back all at once. */
static gint64
pause_after (guint attempts)
{
  gint64 longest = RETRY_MIN << MIN (attempts, 10);

  longest = MIN (longest, RETRY_MAX);
  return RETRY_MIN / 2 + g_random_int_range (0, longest);
}

static void
on_refused (VsSpool * self, const gchar * key, guint64 number,
    const GError * error)
{
  gboolean was_failing, closing;

  g_mutex_lock (&self->lock);
  vs_spool_queue_put_back (self->queue, number);
  was_failing = vs_spool_is_failing_unlocked (self);
  closing = self->closing;
  if (!was_failing)
    self->failing_since = g_get_monotonic_time ();
  self->failing = TRUE;
  self->probing = FALSE;
  self->retry_at = g_get_monotonic_time () + pause_after (self->attempts++);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);

  if (!closing)
    vs_spool_tell (self, was_failing, TRUE, key, error);
}

/* ---- the thread --------------------------------------------------------- */

/* When something may be sent, as far as that is known: while the store fails
 * one thread alone tries. */
static gint64
due_unlocked (VsSpool * self)
{
  if (!vs_spool_has_lease_unlocked (self)
      || (self->failing && self->probing))
    return G_MAXINT64;
  return self->failing ? self->retry_at : 0;
}

/* Waits for something to send. FALSE: the spool is closed. */
static gboolean
take (VsSpool * self, guint64 * number, gchar ** key)
{
  const VsSpoolOp *op = NULL;

  g_mutex_lock (&self->lock);
  while (!self->closing) {
    gint64 due = due_unlocked (self);

    if (due <= g_get_monotonic_time ()) {
      op = vs_spool_queue_take (self->queue);
      if (op)
        break;
      due = G_MAXINT64;
    }
    if (due == G_MAXINT64)
      g_cond_wait (&self->changed, &self->lock);
    else
      g_cond_wait_until (&self->changed, &self->lock, due);
  }
  if (op) {
    self->probing = self->failing;
    *number = op->number;
    *key = g_strdup (op->key);
  }
  g_mutex_unlock (&self->lock);
  return op != NULL;
}

gpointer
vs_spool_send_loop (gpointer data)
{
  VsSpool *self = data;
  guint64 number;
  gchar *taken;

  while (take (self, &number, &taken)) {
    g_autofree gchar *key = taken;
    g_autoptr (GError) error = NULL;
    guint64 size = 0;

    switch (send (self, number, &size, &error)) {
      case SENT:
        on_sent (self, key, number, size, NULL);
        break;
      case LOST:
        on_sent (self, key, number, size, error);
        break;
      case REFUSED:
        on_refused (self, key, number, error);
        break;
    }
  }
  return NULL;
}
