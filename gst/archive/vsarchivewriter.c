/* VisionStream: an event's archive, written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Callers put segments into a queue, from which a thread stores them
 * (vsarchivethread.c). What waits is bounded by max_pending: past that the
 * oldest segments lose their bytes and go through the queue as gaps.
 *
 * One lock, over the queue and what callers declare; the store and callbacks
 * are called without it. VsArchiveSet is the thread's alone.
 */
#include "archive/vsarchivewriterprivate.h"

#include <string.h>

#define DEFAULT_MAX_PENDING (64 * 1024 * 1024)

/* Jobs that may wait. Past that the oldest go altogether; the entries of what
 * lies between two segments are made up (vs_archive_set_make_gap ()). */
#define JOBS_MAX 4096

/* Configurations that are kept a rendition, for segments still to come. */
#define CONFIGS_MAX 64

/* ---- the queue ---------------------------------------------------------- */

static void
declared_free (VsArchiveDeclared * declared)
{
  vs_rendition_unref (declared->rendition);
  g_queue_clear_full (&declared->configs,
      (GDestroyNotify) vs_codec_config_unref);
  g_free (declared);
}

static void
job_drop_parts (VsArchiveJob * job)
{
  for (guint i = 0; i < job->n_parts; i++)
    g_bytes_unref (job->parts[i]);
  g_clear_pointer (&job->parts, g_free);
  job->n_parts = 0;
}

void
vs_archive_job_free (VsArchiveJob * job)
{
  job_drop_parts (job);
  vs_segment_unref (job->segment);
  g_free (job);
}

static VsArchiveDeclared *
get_declared_unlocked (VsArchiveWriter * self, const gchar * name)
{
  VsArchiveDeclared *declared;

  for (guint i = 0; i < self->declared->len; i++) {
    declared = g_ptr_array_index (self->declared, i);
    if (strcmp (declared->rendition->name, name) == 0)
      return declared;
  }

  declared = g_new0 (VsArchiveDeclared, 1);
  declared->rendition = vs_rendition_new (self->account, self->event_name,
      self->breakout, name);
  declared->order = self->declared->len;
  declared->next = self->first_sequence;
  g_ptr_array_add (self->declared, declared);
  return declared;
}

static void
add_lost_unlocked (VsArchiveWriter * self, VsArchiveDeclared * declared,
    guint64 sequence)
{
  VsArchiveLost *lost;

  self->lost_any = TRUE;
  for (GList * l = self->lost.tail; l; l = l->prev) {
    lost = l->data;
    if (lost->declared == declared && lost->last + 1 == sequence) {
      lost->last = sequence;
      return;
    }
  }
  lost = g_new (VsArchiveLost, 1);
  lost->declared = declared;
  lost->first = lost->last = sequence;
  g_queue_push_tail (&self->lost, lost);
}

void
vs_archive_writer_release_parts_unlocked (VsArchiveWriter * self,
    VsArchiveJob * job)
{
  if (job->parts == NULL)
    return;
  self->pending -= job->size;
  job_drop_parts (job);
}

void
vs_archive_writer_give_up_unlocked (VsArchiveWriter * self, VsArchiveJob * job)
{
  VsSegment *gap = vs_archive_segment_to_gap (job->segment);

  vs_archive_writer_release_parts_unlocked (self, job);
  add_lost_unlocked (self, job->declared, job->segment->sequence);
  vs_segment_unref (job->segment);
  job->segment = gap;
}

/* Gives up what is too much, the oldest first; never what is being read. */
void
vs_archive_writer_bound_unlocked (VsArchiveWriter * self)
{
  for (GList * l = self->jobs.head; l && self->pending > self->max_pending;
      l = l->next) {
    VsArchiveJob *job = l->data;

    if (job->parts && !job->busy)
      vs_archive_writer_give_up_unlocked (self, job);
  }
  /* the first may be in the thread's hands */
  while (self->jobs.length > JOBS_MAX) {
    VsArchiveJob *job = g_queue_pop_nth (&self->jobs, 1);

    if (job->parts)
      vs_archive_writer_give_up_unlocked (self, job);
    vs_archive_job_free (job);
  }
}

void
vs_archive_writer_set_follower (VsArchiveWriter * self,
    const VsArchiveFollower * follower)
{
  g_mutex_lock (&self->lock);
  self->follower = *follower;
  g_mutex_unlock (&self->lock);
}

void
vs_archive_writer_get_follower (VsArchiveWriter * self,
    VsArchiveFollower * follower)
{
  g_mutex_lock (&self->lock);
  *follower = self->follower;
  g_mutex_unlock (&self->lock);
}

void
vs_archive_writer_set_rendition (VsArchiveWriter * self,
    VsRendition * rendition)
{
  VsArchiveDeclared *declared;

  g_mutex_lock (&self->lock);
  declared = get_declared_unlocked (self, rendition->name);
  vs_rendition_unref (declared->rendition);
  declared->rendition = vs_rendition_ref (rendition);
  g_mutex_unlock (&self->lock);
}

void
vs_archive_writer_set_order (VsArchiveWriter * self, const gchar * rendition,
    guint order)
{
  g_mutex_lock (&self->lock);
  get_declared_unlocked (self, rendition)->order = order;
  g_mutex_unlock (&self->lock);
}

void
vs_archive_writer_add_config (VsArchiveWriter * self, const gchar * rendition,
    VsCodecConfig * config)
{
  GQueue *configs;

  g_mutex_lock (&self->lock);
  configs = &get_declared_unlocked (self, rendition)->configs;
  g_queue_push_tail (configs, vs_codec_config_ref (config));
  if (configs->length > CONFIGS_MAX)
    vs_codec_config_unref (g_queue_pop_head (configs));
  g_mutex_unlock (&self->lock);
}

void
vs_archive_writer_append (VsArchiveWriter * self, const gchar * rendition,
    VsSegment * segment, GBytes ** parts, guint n_parts)
{
  VsArchiveJob *job = g_new0 (VsArchiveJob, 1);
  gboolean in_order;

  g_free (segment->uri);
  segment->uri = segment->gap ? NULL :
      vs_archive_segment_name (rendition, segment->sequence);
  job->segment = vs_segment_ref (segment);
  if (!segment->gap) {
    job->parts = g_new (GBytes *, MAX (n_parts, 1));
    job->n_parts = n_parts;
  }
  for (guint i = 0; i < job->n_parts; i++) {
    job->parts[i] = g_bytes_ref (parts[i]);
    job->size += g_bytes_get_size (parts[i]);
  }

  g_mutex_lock (&self->lock);
  job->declared = get_declared_unlocked (self, rendition);
  in_order = segment->sequence >= job->declared->next;
  if (in_order) {
    job->declared->next = segment->sequence + 1;
    self->pending += job->size;
    g_queue_push_tail (&self->jobs, job);
    vs_archive_writer_bound_unlocked (self);
    g_cond_signal (&self->changed);
  }
  g_mutex_unlock (&self->lock);

  if (!in_order) {
    g_warning ("%s: segment %" G_GUINT64_FORMAT " is out of order: dropped",
        rendition, segment->sequence);
    vs_archive_job_free (job);
  }
}

void
vs_archive_writer_end (VsArchiveWriter * self,
    void (*done) (gboolean complete, gpointer user_data), gpointer user_data)
{
  VsArchiveEnd *end = g_new (VsArchiveEnd, 1);

  end->done = done;
  end->user_data = user_data;
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->ends, end);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* ---- life --------------------------------------------------------------- */

static VsArchiveWriter *
writer_alloc (VsStore * store, const VsArchiveWriterSettings * settings,
    const VsArchiveWriterCallbacks * callbacks, gpointer user_data)
{
  VsArchiveWriter *self = g_new0 (VsArchiveWriter, 1);

  self->store = vs_store_ref (store);
  self->account = g_strdup (settings->account);
  self->event_name = g_strdup (settings->event);
  self->breakout = g_strdup (settings->breakout);
  self->folder = vs_archive_folder (settings->account, settings->event,
      settings->breakout);
  self->max_pending = settings->max_pending ? settings->max_pending :
      DEFAULT_MAX_PENDING;
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->set = vs_archive_set_new (store, self->folder, settings,
      self->cancellable);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->jobs);
  g_queue_init (&self->lost);
  g_queue_init (&self->ends);
  self->declared =
      g_ptr_array_new_with_free_func ((GDestroyNotify) declared_free);
  return self;
}

static void
writer_dispose (VsArchiveWriter * self)
{
  if (self->lease)
    vs_store_unlock (self->store, self->lease);
  vs_archive_set_free (self->set);
  g_ptr_array_unref (self->declared);
  g_object_unref (self->cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  vs_store_unref (self->store);
  g_free (self->account);
  g_free (self->event_name);
  g_free (self->breakout);
  g_free (self->folder);
  g_free (self);
}

VsArchiveWriter *
vs_archive_writer_new (VsStore * store,
    const VsArchiveWriterSettings * settings,
    const VsArchiveWriterCallbacks * callbacks, gpointer user_data,
    VsArchiveState * state, GError ** error)
{
  VsArchiveWriter *self = writer_alloc (store, settings, callbacks, user_data);

  self->lease = vs_store_lock (store, self->folder, error);
  if (self->lease == NULL || !vs_archive_set_recover (self->set, state, error)) {
    writer_dispose (self);
    return NULL;
  }
  self->first_sequence = state->next_sequence;
  self->thread = g_thread_new ("vsarchive", vs_archive_writer_run, self);
  return self;
}

void
vs_archive_writer_free (VsArchiveWriter * self, GstClockTime timeout)
{
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  self->deadline = g_get_monotonic_time () + MIN (timeout / GST_USECOND,
      (guint64) G_TIME_SPAN_DAY);
  g_cond_broadcast (&self->changed);
  while (!self->finished && !vs_archive_writer_is_stopping_unlocked (self))
    g_cond_wait_until (&self->changed, &self->lock, self->deadline);
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  writer_dispose (self);
}
