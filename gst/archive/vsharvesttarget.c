/* VisionStream: where a clip is written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock, over what the writer's thread and the spool's say; stores are
 * called without it.
 */
#include "config.h"
#include "archive/vsharvesttarget.h"

#include <string.h>

#include "archive/vsarchivename.h"
#include "store/vsspool.h"

/* What may wait for the writer, but for one segment, so that it is busy while
 * the next is read */
#define QUEUED_MAX (16 * 1024 * 1024)
#define QUEUED_JOBS_MAX 256
/* What may wait in the spool for the store, on the disk */
#define UNSENT_MAX (256 * 1024 * 1024)
/* Of the spool itself: playlists and one large segment more */
#define SPOOL_MAX (UNSENT_MAX + VS_SEGMENT_MAX_BYTES)
/* How often somebody who waits for the spool looks up */
#define LOOK_UP_US (200 * G_TIME_SPAN_MILLISECOND)
#define DEFAULT_PATIENCE_US (60 * G_TIME_SPAN_SECOND)
/* Removing what was written, where the store may be gone for good */
#define REMOVE_PATIENCE_US (5 * G_TIME_SPAN_SECOND)
/* What the writer is given to stop: what it has on its hands is removed. */
#define STOP_TIMEOUT 0

typedef struct
{
  gchar *name;
  guint64 last;                 /* number */
} Written;

struct _VsHarvestTarget
{
  VsStore *store;               /* the spool, where there is one */
  gboolean has_spool;
  VsArchiveWriter *writer;
  gchar *folder, *account, *event;
  gint64 patience_us;
  GCancellable *cancellable;
  gulong cancel_id;
  GArray *written;              /* Written */
  gboolean finished;

  GMutex lock;
  GCond changed;
  /* protected by lock */
  guint64 queued, unsent;       /* bytes */
  guint64 jobs;
  gint64 failing_since;         /* monotonic; 0 while the store works */
  GError *trouble;              /* why it fails */
  gboolean done, complete;
};

/* ---- what the writer and the spool say ---------------------------------- */

typedef struct
{
  VsHarvestTarget *self;
  guint64 size;
} Sent;

static void
on_sent (gpointer data)
{
  Sent *sent = data;
  VsHarvestTarget *self = sent->self;

  g_mutex_lock (&self->lock);
  self->unsent -= sent->size;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
on_stored (const VsRendition * rendition, const VsSegment * segment,
    const gchar * path, gpointer user_data)
{
  VsHarvestTarget *self = user_data;

  g_mutex_lock (&self->lock);
  self->queued -= segment->size;
  self->jobs--;
  self->unsent += self->has_spool ? segment->size : 0;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  if (self->has_spool) {
    Sent *sent = g_new (Sent, 1);

    sent->self = self;
    sent->size = segment->size;
    vs_spool_when_sent (self->store, on_sent, sent, g_free);
  }
}

static void
on_failed (const gchar * path, const GError * error, gpointer user_data)
{
  VsHarvestTarget *self = user_data;

  g_mutex_lock (&self->lock);
  if (self->failing_since == 0)
    self->failing_since = g_get_monotonic_time ();
  g_clear_error (&self->trouble);
  self->trouble = g_error_copy (error);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
on_recovered (gpointer user_data)
{
  VsHarvestTarget *self = user_data;

  g_mutex_lock (&self->lock);
  self->failing_since = 0;
  g_mutex_unlock (&self->lock);
}

static void
on_done (gboolean complete, gpointer user_data)
{
  VsHarvestTarget *self = user_data;

  g_mutex_lock (&self->lock);
  self->done = TRUE;
  self->complete = complete;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
on_cancelled (GCancellable * cancellable, gpointer user_data)
{
  VsHarvestTarget *self = user_data;

  g_mutex_lock (&self->lock);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* ---- waiting ------------------------------------------------------------ */

/* Whether there is nothing to wait for any more: cancelled, or the store has
 * failed for too long. */
static gboolean
give_up_unlocked (VsHarvestTarget * self, GError ** error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return TRUE;
  if (self->failing_since == 0
      || g_get_monotonic_time () < self->failing_since + self->patience_us)
    return FALSE;
  g_propagate_error (error, g_error_copy (self->trouble));
  return TRUE;
}

static void
wait_unlocked (VsHarvestTarget * self)
{
  if (self->failing_since)
    g_cond_wait_until (&self->changed, &self->lock,
        MIN (self->failing_since + self->patience_us,
            g_get_monotonic_time () + LOOK_UP_US));
  else
    g_cond_wait (&self->changed, &self->lock);
}

static gboolean
is_full_unlocked (VsHarvestTarget * self, gsize size)
{
  return self->jobs >= QUEUED_JOBS_MAX
      || (self->jobs > 1 && self->queued + size > QUEUED_MAX)
      || (self->unsent > 0 && self->unsent + size > UNSENT_MAX);
}

static gboolean
make_room (VsHarvestTarget * self, gsize size, GError ** error)
{
  gboolean ok = TRUE;

  g_mutex_lock (&self->lock);
  while ((ok = !give_up_unlocked (self, error))
      && is_full_unlocked (self, size))
    wait_unlocked (self);
  if (ok) {
    self->queued += size;
    self->jobs++;
  }
  g_mutex_unlock (&self->lock);
  return ok;
}

/* ---- removing ----------------------------------------------------------- */

static void
remove_object (VsHarvestTarget * self, const gchar * name)
{
  g_autofree gchar *key = vs_archive_key (self->folder, name);

  vs_store_delete (self->store, key, NULL, NULL);
}

static void
remove_rendition (VsHarvestTarget * self, const Written * written)
{
  g_autofree gchar *list = vs_archive_playlist_name (written->name);

  remove_object (self, list);
  for (guint64 s = 1; s <= written->last; s += VS_ARCHIVE_PART) {
    g_autofree gchar *part = vs_archive_part_name (written->name, s);

    remove_object (self, part);
  }
  for (guint64 s = 1; s <= written->last; s++) {
    g_autofree gchar *segment = vs_archive_segment_name (written->name, s);

    remove_object (self, segment);
  }
}

/* What is not this clip's is left where it is, and so is all of it when another
 * one writes there by now. */
static void
remove_written (VsHarvestTarget * self)
{
  gpointer lease = vs_store_lock (self->store, self->folder, NULL);

  if (lease == NULL)
    return;
  remove_object (self, VS_ARCHIVE_MAIN);
  for (guint i = 0; i < self->written->len; i++)
    remove_rendition (self, &g_array_index (self->written, Written, i));
  if (self->has_spool)
    vs_spool_drain (self->store, REMOVE_PATIENCE_US, G_MAXINT64);
  vs_store_unlock (self->store, lease);
}

/* ---- opening ------------------------------------------------------------ */

static gboolean
open_spool (VsHarvestTarget * self, const VsHarvestSettings * settings,
    GError ** error)
{
  static const VsSpoolCallbacks callbacks = {
    on_failed, on_recovered, NULL
  };
  const VsSpoolSettings spool = {.local = settings->spool,
    .folder = self->folder,.max_bytes = SPOOL_MAX
  };

  if (!vs_store_is_remote (settings->destination)) {
    self->store = vs_store_ref (settings->destination);
    return TRUE;
  }
  if (settings->spool == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s is behind a network: a spool directory is needed",
        vs_store_get_location (settings->destination));
    return FALSE;
  }
  self->store = vs_spool_open (settings->destination, &spool, &callbacks, self,
      error);
  self->has_spool = self->store != NULL;
  return self->has_spool;
}

/* Whether there is such an event. */
static gboolean
check_free (VsHarvestTarget * self, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (self->folder, VS_ARCHIVE_MAIN);
  g_autoptr (GError) cause = NULL;
  g_autoptr (VsStoreObject) object =
      vs_store_stat (self->store, key, self->cancellable, &cause);

  if (object) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "%s/%s is there already: choose another name, or remove it",
        vs_store_get_location (self->store), self->folder);
    return FALSE;
  }
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* An event that has no main playlist is a clip whose process died. */
static gboolean
remove_leftovers (VsHarvestTarget * self, GError ** error)
{
  gpointer lease = vs_store_lock (self->store, self->folder, error);
  g_autoptr (GPtrArray) objects = NULL;
  gboolean ok;

  if (lease == NULL)
    return FALSE;
  ok = check_free (self, error);
  objects = ok ? vs_store_list (self->store, self->folder, NULL,
      self->cancellable, error) : NULL;
  for (guint i = 0; objects && ok && i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);
    const gchar *name = object->key + strlen (self->folder) + 1;

    if (g_str_has_prefix (name, "index_") && (g_str_has_suffix (name, ".ts")
            || g_str_has_suffix (name, ".m3u8")))
      ok = vs_store_delete (self->store, object->key, self->cancellable, error);
  }
  vs_store_unlock (self->store, lease);
  return ok && objects;
}

static gboolean
open_writer (VsHarvestTarget * self, GError ** error)
{
  static const VsArchiveWriterCallbacks callbacks = {
    on_stored, on_failed, on_recovered, NULL
  };
  /* nothing is given up: this waits before that */
  const VsArchiveWriterSettings settings = {.account = self->account,
    .event = self->event,.max_pending = G_MAXSIZE,.at_end = TRUE
  };
  VsArchiveState state;

  self->writer = vs_archive_writer_new (self->store, &settings, &callbacks,
      self, &state, error);
  if (self->writer && state.found) {
    vs_archive_writer_free (g_steal_pointer (&self->writer), STOP_TIMEOUT);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "%s/%s was made meanwhile", vs_store_get_location (self->store),
        self->folder);
  }
  return self->writer != NULL;
}

static void
written_clear (gpointer data)
{
  g_free (((Written *) data)->name);
}

VsHarvestTarget *
vs_harvest_target_open (const VsHarvestSettings * settings,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (VsHarvestTarget) self = g_new0 (VsHarvestTarget, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->written = g_array_new (FALSE, TRUE, sizeof (Written));
  g_array_set_clear_func (self->written, written_clear);
  self->account = g_strdup (settings->to_account);
  self->event = g_strdup (settings->to_event);
  self->folder = vs_archive_folder (self->account, self->event, NULL);
  self->patience_us = settings->patience ?
      settings->patience / GST_USECOND : DEFAULT_PATIENCE_US;
  g_set_object (&self->cancellable, cancellable);
  if (cancellable)
    self->cancel_id = g_cancellable_connect (cancellable,
        G_CALLBACK (on_cancelled), self, NULL);
  if (!open_spool (self, settings, error) || !check_free (self, error)
      || !remove_leftovers (self, error) || !open_writer (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
vs_harvest_target_free (VsHarvestTarget * self)
{
  if (self->cancellable)
    g_cancellable_disconnect (self->cancellable, self->cancel_id);
  if (self->writer)
    vs_archive_writer_free (self->writer, STOP_TIMEOUT);
  if (self->writer && !self->finished)
    remove_written (self);
  if (self->has_spool) {
    /* the next one of this name is another clip */
    vs_spool_forget_sent (self->store);
    vs_spool_close (self->store);
  }
  g_clear_pointer (&self->store, vs_store_unref);
  g_clear_object (&self->cancellable);
  g_array_unref (self->written);
  g_clear_error (&self->trouble);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->folder);
  g_free (self->account);
  g_free (self->event);
  g_free (self);
}

/* ---- writing ------------------------------------------------------------ */

void
vs_harvest_target_declare (VsHarvestTarget * self, VsRendition * rendition)
{
  g_autoptr (VsRendition) mine = vs_rendition_copy (rendition);
  Written written = { g_strdup (mine->name), 0 };

  g_free (mine->account);
  g_free (mine->event);
  g_clear_pointer (&mine->breakout, g_free);
  g_clear_pointer (&mine->archive, g_free);
  mine->account = g_strdup (self->account);
  mine->event = g_strdup (self->event);
  g_array_append_val (self->written, written);
  vs_archive_writer_set_rendition (self->writer, mine);
}

void
vs_harvest_target_add_config (VsHarvestTarget * self, const gchar * rendition,
    VsCodecConfig * config)
{
  vs_archive_writer_add_config (self->writer, rendition, config);
}

static void
note_written (VsHarvestTarget * self, const gchar * rendition, guint64 sequence)
{
  for (guint i = 0; i < self->written->len; i++) {
    Written *written = &g_array_index (self->written, Written, i);

    if (strcmp (written->name, rendition) == 0)
      written->last = sequence;
  }
}

gboolean
vs_harvest_target_add (VsHarvestTarget * self, const gchar * rendition,
    VsSegment * segment, GBytes * bytes, GError ** error)
{
  if (!make_room (self, segment->size, error))
    return FALSE;
  note_written (self, rendition, segment->sequence);
  vs_archive_writer_append (self->writer, rendition, segment, &bytes,
      bytes != NULL);
  return TRUE;
}

static gboolean
await_end (VsHarvestTarget * self, GError ** error)
{
  gboolean complete;

  vs_archive_writer_end (self->writer, on_done, self);
  g_mutex_lock (&self->lock);
  while (!self->done && !give_up_unlocked (self, error))
    wait_unlocked (self);
  complete = self->complete;
  if (self->done && !complete)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "%s/%s could not be written as a whole",
        vs_store_get_location (self->store), self->folder);
  g_mutex_unlock (&self->lock);
  return complete;
}

static gboolean
drain (VsHarvestTarget * self, GError ** error)
{
  gboolean ok = TRUE;

  /* here it is known when to give up */
  while (ok && self->has_spool && !vs_spool_drain (self->store,
          self->patience_us + LOOK_UP_US,
          g_get_monotonic_time () + LOOK_UP_US)) {
    g_mutex_lock (&self->lock);
    ok = !give_up_unlocked (self, error);
    g_mutex_unlock (&self->lock);
  }
  return ok;
}

gboolean
vs_harvest_target_finish (VsHarvestTarget * self, GError ** error)
{
  self->finished = !g_cancellable_set_error_if_cancelled (self->cancellable,
      error) && await_end (self, error) && drain (self, error);
  return self->finished;
}
