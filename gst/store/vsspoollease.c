/* VisionStream: a spool's hold on the folder that it writes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A thread of its own puts the lease anew, however long the objects take that
 * are being sent. While it can't, and the lease has run out, nothing is sent:
 * somebody else may have the folder. Once somebody has, nothing is sent any
 * more.
 */
#include "store/vsspoolprivate.h"

#define RENEW (VS_LEASE_RENEW_SECONDS * G_TIME_SPAN_SECOND)
#define VALID (VS_LEASE_SECONDS * G_TIME_SPAN_SECOND)
#define RETRY (1 * G_TIME_SPAN_SECOND)

void
vs_spool_hold_lease_unlocked (VsSpool * self, gint64 since)
{
  self->lease_until = since + VALID;
}

void
vs_spool_say_remark (VsSpool * self)
{
  g_autofree gchar *remark =
      self->remarked ? NULL : vs_lease_dup_remark (self->lease);

  if (remark == NULL)
    return;
  self->remarked = TRUE;
  if (self->callbacks.warning)
    self->callbacks.warning (remark, self->user_data);
}

gboolean
vs_spool_has_lease_unlocked (VsSpool * self)
{
  return self->lease == NULL
      || (!self->fenced && g_get_monotonic_time () < self->lease_until);
}

/* It counts from when it was put, and that is not later than the answer, which
 * may take longer than the lease lasts. Returns when to put it anew. */
static gint64
renew (VsSpool * self)
{
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  gboolean ok = vs_lease_renew (self->lease, self->cancellable, &error);
  gboolean was_failing, is_failing;

  g_mutex_lock (&self->lock);
  was_failing = vs_spool_is_failing_unlocked (self);
  if (ok)
    vs_spool_hold_lease_unlocked (self, start);
  self->fenced = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  self->lease_lost = !vs_spool_has_lease_unlocked (self);
  is_failing = vs_spool_is_failing_unlocked (self);
  if (is_failing && !was_failing)
    self->failing_since = g_get_monotonic_time ();
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);

  vs_spool_say_remark (self);
  vs_spool_tell (self, was_failing, is_failing, self->folder, error);
  return ok ? start + RENEW : g_get_monotonic_time () + RETRY;
}

gpointer
vs_spool_lease_loop (gpointer data)
{
  VsSpool *self = data;
  gint64 due;

  g_mutex_lock (&self->lock);
  due = self->lease_until - VALID + RENEW;
  while (!self->closing && !self->fenced) {
    if (g_get_monotonic_time () < due) {
      g_cond_wait_until (&self->changed, &self->lock, due);
      continue;
    }
    g_mutex_unlock (&self->lock);
    due = renew (self);
    g_mutex_lock (&self->lock);
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}
