/* VisionStream: the thread that writes an event's archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * It takes the oldest segment of the queue, stores it, then the playlist that
 * names it, and only then lets go of it. So playlists never run ahead of their
 * segments, and never back. What the store refuses is tried again, with
 * growing pauses, until it works or the writer is freed.
 */
#include "archive/vsarchivewriterprivate.h"
#include "archive/vsarchivename.h"

#include <string.h>

/* A rendition that lacks so many segments is not expected to write its
 * playlist soon. */
#define BEHIND 3

#define RETRY_MIN (50 * G_TIME_SPAN_MILLISECOND)
#define RETRY_MAX (5 * G_TIME_SPAN_SECOND)

/* ---- trying until it works ---------------------------------------------- */

gboolean
vs_archive_writer_is_stopping_unlocked (VsArchiveWriter * self)
{
  return self->closing && g_get_monotonic_time () >= self->deadline;
}

/* Says what was given up. */
static void
report_lost (VsArchiveWriter * self)
{
  VsArchiveLost *lost;

  g_mutex_lock (&self->lock);
  while ((lost = g_queue_pop_head (&self->lost))) {
    g_autoptr (VsRendition) rendition =
        vs_rendition_ref (lost->declared->rendition);

    g_mutex_unlock (&self->lock);
    if (self->callbacks.lost)
      self->callbacks.lost (rendition, lost->first, lost->last,
          self->user_data);
    g_free (lost);
    g_mutex_lock (&self->lock);
  }
  g_mutex_unlock (&self->lock);
}

/* Waits before the next try. FALSE: @job was given up, or it is time to
 * stop. */
static gboolean
pause_before_retry (VsArchiveWriter * self, gint64 pause, VsArchiveJob * job)
{
  gint64 end = g_get_monotonic_time () + pause;
  gboolean go_on;

  g_mutex_lock (&self->lock);
  while (!(job && job->parts == NULL)
      && !vs_archive_writer_is_stopping_unlocked (self)
      && g_get_monotonic_time () < end) {
    gint64 until = self->closing ? MIN (end, self->deadline) : end;

    g_cond_wait_until (&self->changed, &self->lock, until);
    if (!g_queue_is_empty (&self->lost)) {
      g_mutex_unlock (&self->lock);
      report_lost (self);
      g_mutex_lock (&self->lock);
    }
  }
  go_on = !(job && job->parts == NULL)
      && !vs_archive_writer_is_stopping_unlocked (self);
  g_mutex_unlock (&self->lock);
  return go_on;
}

static gchar *
path_of (VsArchiveWriter * self, const gchar * name)
{
  return g_build_filename (vs_store_get_location (self->store), self->folder,
      name, NULL);
}

static void
set_failing (VsArchiveWriter * self, const gchar * name, const GError * error)
{
  if (!self->failing && error && self->callbacks.failed) {
    g_autofree gchar *path = path_of (self, name);

    self->callbacks.failed (path, error, self->user_data);
  }
  if (self->failing && !error && self->callbacks.recovered)
    self->callbacks.recovered (self->user_data);
  self->failing = error != NULL;
}

typedef gboolean (*TryFunc) (VsArchiveWriter * self, gpointer data,
    GError ** error);

/* TRUE when @func succeeded; FALSE as pause_before_retry (). */
static gboolean
try_until_done (VsArchiveWriter * self, const gchar * name, TryFunc func,
    gpointer data, VsArchiveJob * job)
{
  gint64 pause = RETRY_MIN;

  for (;;) {
    g_autoptr (GError) error = NULL;
    gboolean ok = func (self, data, &error);

    /* a job that was given up meanwhile is neither */
    if (ok || error)
      set_failing (self, name, error);
    if (ok)
      return TRUE;
    if (!pause_before_retry (self, pause, job))
      return FALSE;
    pause = MIN (pause * 2, RETRY_MAX);
  }
}

/* Size and hash are known: a store that needs them does not look for them. */
static gboolean
put_segment (VsArchiveWriter * self, VsArchiveJob * job, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (self->folder, job->segment->uri);
  g_autoptr (VsStoreUpload) upload =
      vs_store_upload_new (self->store, key, self->cancellable, error);

  if (upload == NULL)
    return FALSE;
  vs_store_upload_set_size (upload, job->size);
  vs_store_upload_set_sha256 (upload, job->segment->sha256);
  return vs_store_upload_write (upload, job->parts, job->n_parts, error)
      && vs_store_upload_commit (upload, error);
}

static gboolean
try_segment (VsArchiveWriter * self, gpointer data, GError ** error)
{
  VsArchiveJob *job = data;
  gboolean ok;

  g_mutex_lock (&self->lock);
  job->busy = job->parts != NULL;
  g_mutex_unlock (&self->lock);
  if (!job->busy)
    return FALSE;

  ok = put_segment (self, job, error);

  g_mutex_lock (&self->lock);
  job->busy = FALSE;
  if (ok)
    vs_archive_writer_release_parts_unlocked (self, job);
  else
    vs_archive_writer_bound_unlocked (self);
  g_mutex_unlock (&self->lock);
  return ok;
}

static gboolean
try_list (VsArchiveWriter * self, gpointer data, GError ** error)
{
  return vs_archive_set_write_list (self->set, data, FALSE, error);
}

static gboolean
try_complete_list (VsArchiveWriter * self, gpointer data, GError ** error)
{
  return vs_archive_set_write_list (self->set, data, TRUE, error);
}

static gboolean
try_seal (VsArchiveWriter * self, gpointer data, GError ** error)
{
  return vs_archive_list_seal (data, &self->set->place, error);
}

static gboolean
try_main (VsArchiveWriter * self, gpointer data, GError ** error)
{
  return vs_archive_set_write_main (self->set, GPOINTER_TO_INT (data), error);
}

static gboolean
write_list (VsArchiveWriter * self, VsArchiveList * list, TryFunc func)
{
  g_autofree gchar *name = vs_archive_playlist_name (list->name);

  return try_until_done (self, name, func, list, NULL);
}

static gboolean
write_main (VsArchiveWriter * self, gboolean complete)
{
  return try_until_done (self, VS_ARCHIVE_MAIN, try_main,
      GINT_TO_POINTER (complete), NULL);
}

/* ---- segments ----------------------------------------------------------- */

/* A part is sealed from what was listed before. */
static gboolean
append_entry (VsArchiveWriter * self, VsArchiveList * list, VsSegment * segment)
{
  if (vs_archive_list_is_full (list)) {
    if ((list->dirty && !write_list (self, list, try_list))
        || !write_list (self, list, try_seal))
      return FALSE;
  }
  vs_archive_list_append (list, segment);
  return TRUE;
}

static gboolean
fill_gaps (VsArchiveWriter * self, VsArchiveList * list, guint64 next,
    const VsSegment * following)
{
  while (list->next != 0 && list->next < next) {
    g_autoptr (VsSegment) gap =
        vs_archive_set_make_gap (self->set, list, following);

    if (!append_entry (self, list, gap))
      return FALSE;
  }
  return TRUE;
}

static guint
rounded_seconds (GstClockTime duration)
{
  return (duration + GST_SECOND / 2) / GST_SECOND;
}

/* The list of the job's rendition, with what was declared of it. */
static VsArchiveList *
prepare_list (VsArchiveWriter * self, VsArchiveJob * job)
{
  VsArchiveList *list;
  guint target;

  g_mutex_lock (&self->lock);
  list = vs_archive_set_get_list (self->set, job->declared->rendition->name);
  g_clear_pointer (&list->rendition, vs_rendition_unref);
  list->rendition = vs_rendition_ref (job->declared->rendition);
  list->order = job->declared->order;
  for (guint t = 0; t < job->segment->n_tracks; t++) {
    for (GList * l = job->declared->configs.head; l; l = l->next) {
      VsCodecConfig *config = l->data;

      if (strcmp (config->id, job->segment->tracks[t].config_id) == 0)
        vs_archive_list_add_config (list, config);
    }
  }
  g_mutex_unlock (&self->lock);

  target = rounded_seconds (list->rendition->target_duration);
  list->target_duration = MAX (list->target_duration, target);
  return list;
}

/* A rendition that left, or fell behind, still has to forget what was
 * pruned. */
static gboolean
write_pruned (VsArchiveWriter * self)
{
  GPtrArray *lists = self->set->lists;
  guint64 next = vs_archive_set_get_next (self->set);

  for (guint i = 0; i < lists->len; i++) {
    VsArchiveList *list = g_ptr_array_index (lists, i);

    if (list->stored && list->stored_first != list->first
        && (list->order == G_MAXUINT || list->next + BEHIND < next)
        && !write_list (self, list, try_list))
      return FALSE;
  }
  return TRUE;
}

static void
report_stored (VsArchiveWriter * self, VsArchiveList * list,
    const VsSegment * segment)
{
  g_autofree gchar *path = path_of (self, segment->uri);

  if (self->callbacks.stored)
    self->callbacks.stored (list->rendition, segment, path, self->user_data);
}

/* The bytes of a job, for who follows: storing lets go of them. */
typedef struct
{
  GBytes **parts;
  guint n_parts;
} Bytes;

static void
bytes_clear (Bytes * bytes)
{
  for (guint i = 0; i < bytes->n_parts; i++)
    g_bytes_unref (bytes->parts[i]);
  g_clear_pointer (&bytes->parts, g_free);
  bytes->n_parts = 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bytes, bytes_clear);

static void
ref_bytes (VsArchiveWriter * self, VsArchiveJob * job, Bytes * bytes)
{
  g_mutex_lock (&self->lock);
  if (self->follower.entry && job->parts) {
    bytes->n_parts = job->n_parts;
    bytes->parts = g_new (GBytes *, MAX (job->n_parts, 1));
    for (guint i = 0; i < job->n_parts; i++)
      bytes->parts[i] = g_bytes_ref (job->parts[i]);
  }
  g_mutex_unlock (&self->lock);
}

/* (nullable): the picture of a segment */
static const VsCodecConfig *
get_video (const VsArchiveList * list, const VsSegment * segment)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, VS_MEDIA_VIDEO);

  return track ? g_hash_table_lookup (list->configs, track->config_id) : NULL;
}

static void
prepare_follower (VsArchiveWriter * self, const VsArchiveList * list,
    const VsSegment * segment)
{
  VsArchiveFollower follower;

  vs_archive_writer_get_follower (self, &follower);
  if (follower.begin)
    follower.begin (list->rendition, segment, get_video (list, segment),
        follower.user_data);
}

static void
tell_follower (VsArchiveWriter * self, VsArchiveList * list,
    VsSegment * segment, const Bytes * bytes)
{
  VsArchiveFollower follower;

  vs_archive_writer_get_follower (self, &follower);
  if (follower.entry)
    follower.entry (list->rendition, segment, get_video (list, segment),
        bytes->parts, segment->gap ? 0 : bytes->n_parts, follower.user_data);
}

static void
prune (VsArchiveWriter * self)
{
  VsArchiveFollower follower;

  vs_archive_writer_get_follower (self, &follower);
  if (follower.get_needed)
    self->set->needed = follower.get_needed (follower.user_data);
  vs_archive_set_prune (self->set);
}

/* The job's entry as it stands: a caller may turn it into a gap. */
static VsSegment *
ref_segment (VsArchiveWriter * self, VsArchiveJob * job)
{
  VsSegment *segment;

  g_mutex_lock (&self->lock);
  segment = vs_segment_ref (job->segment);
  g_mutex_unlock (&self->lock);
  return segment;
}

static gboolean
store_segment (VsArchiveWriter * self, VsArchiveJob * job)
{
  g_autoptr (VsSegment) segment = ref_segment (self, job);

  return segment->uri && try_until_done (self, segment->uri, try_segment, job,
      job);
}

static gboolean
is_stopping (VsArchiveWriter * self)
{
  gboolean stopping;

  g_mutex_lock (&self->lock);
  stopping = vs_archive_writer_is_stopping_unlocked (self);
  g_mutex_unlock (&self->lock);
  return stopping;
}

/* FALSE: it is time to stop. */
static gboolean
process (VsArchiveWriter * self, VsArchiveJob * job)
{
  VsArchiveList *list = prepare_list (self, job);
  guint64 sequence = job->segment->sequence;
  g_auto (Bytes) bytes = { NULL, 0 };
  g_autoptr (VsSegment) segment = NULL;
  gboolean stored;

  ref_bytes (self, job, &bytes);
  stored = store_segment (self, job);
  segment = ref_segment (self, job);
  if (!stored && is_stopping (self))
    return FALSE;
  prepare_follower (self, list, segment);
  if (!fill_gaps (self, list, sequence, segment)
      || !append_entry (self, list, segment))
    return FALSE;
  prune (self);
  if (self->set->at_end)
    report_stored (self, list, segment);
  if (!stored || self->set->at_end) {
    tell_follower (self, list, segment, &bytes);
    return TRUE;
  }

  /* the main playlist goes ahead of a child that becomes empty */
  if (!write_list (self, list, try_list) || !write_main (self, FALSE)
      || !write_pruned (self))
    return FALSE;
  report_stored (self, list, segment);
  tell_follower (self, list, segment, &bytes);
  return TRUE;
}

/* Gaps that no segment follows yet. */
static gboolean
write_dirty (VsArchiveWriter * self)
{
  GPtrArray *lists = self->set->lists;
  gboolean any = FALSE;

  for (guint i = 0; i < lists->len; i++) {
    VsArchiveList *list = g_ptr_array_index (lists, i);

    if (!list->dirty)
      continue;
    if (!write_list (self, list, try_list))
      return FALSE;
    any = TRUE;
  }
  return !any || write_main (self, FALSE);
}

static gboolean
write_all_complete (VsArchiveWriter * self)
{
  GPtrArray *lists = self->set->lists;
  guint64 next = vs_archive_set_get_next (self->set);

  for (guint i = 0; i < lists->len; i++) {
    VsArchiveList *list = g_ptr_array_index (lists, i);

    if (!fill_gaps (self, list, next, NULL))
      return FALSE;
    if (list->tail->len > 0 && !(list->ended && !list->dirty)
        && !write_list (self, list, try_complete_list))
      return FALSE;
  }
  return write_main (self, TRUE);
}

static void
run_end (VsArchiveWriter * self, VsArchiveEnd * end, gboolean may_write)
{
  VsArchiveFollower follower;
  gboolean complete;

  vs_archive_writer_get_follower (self, &follower);
  if (follower.ended && may_write)
    follower.ended (follower.user_data);
  complete = may_write && write_all_complete (self);
  report_lost (self);
  g_mutex_lock (&self->lock);
  complete &= !self->lost_any;
  g_mutex_unlock (&self->lock);
  if (end->done)
    end->done (complete, end->user_data);
  g_free (end);
}

/* ---- its life ----------------------------------------------------------- */

typedef enum
{
  WORK_SEGMENT,
  WORK_END,
  WORK_IDLE,
  WORK_STOP
} Work;

/* What is to be done next; waits until there is something, or until @wake. */
static Work
next_work (VsArchiveWriter * self, gint64 wake)
{
  Work work;

  g_mutex_lock (&self->lock);
  while (self->jobs.length == 0 && self->ends.length == 0 && !self->closing
      && self->lost.length == 0 && g_get_monotonic_time () < wake) {
    if (wake == G_MAXINT64)
      g_cond_wait (&self->changed, &self->lock);
    else
      g_cond_wait_until (&self->changed, &self->lock, wake);
  }
  if (vs_archive_writer_is_stopping_unlocked (self))
    work = WORK_STOP;
  else if (self->jobs.length > 0)
    work = WORK_SEGMENT;
  else if (self->ends.length > 0)
    work = WORK_END;
  else
    work = self->closing ? WORK_STOP : WORK_IDLE;
  g_mutex_unlock (&self->lock);
  return work;
}

static gboolean
run_segment (VsArchiveWriter * self)
{
  VsArchiveJob *job;
  gboolean ok, last;

  g_mutex_lock (&self->lock);
  job = g_queue_peek_head (&self->jobs);
  g_mutex_unlock (&self->lock);

  ok = process (self, job);
  if (!ok)
    return FALSE;

  g_mutex_lock (&self->lock);
  g_queue_remove (&self->jobs, job);
  vs_archive_writer_release_parts_unlocked (self, job);
  last = self->jobs.length == 0;
  g_mutex_unlock (&self->lock);
  vs_archive_job_free (job);
  return !last || self->set->at_end || write_dirty (self);
}

static gboolean
run_next_end (VsArchiveWriter * self)
{
  VsArchiveEnd *end;

  g_mutex_lock (&self->lock);
  end = g_queue_pop_head (&self->ends);
  g_mutex_unlock (&self->lock);
  run_end (self, end, TRUE);
  return TRUE;
}

/* What is left undone is said. */
static void
abandon (VsArchiveWriter * self)
{
  VsArchiveEnd *end;
  VsArchiveJob *job;

  g_mutex_lock (&self->lock);
  while ((job = g_queue_pop_head (&self->jobs))) {
    if (job->parts)
      vs_archive_writer_give_up_unlocked (self, job);
    vs_archive_job_free (job);
  }
  g_mutex_unlock (&self->lock);
  report_lost (self);

  g_mutex_lock (&self->lock);
  while ((end = g_queue_pop_head (&self->ends))) {
    g_mutex_unlock (&self->lock);
    run_end (self, end, FALSE);
    g_mutex_lock (&self->lock);
  }
  self->finished = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gpointer
vs_archive_writer_run (gpointer data)
{
  VsArchiveWriter *self = data;
  gboolean running = TRUE;

  while (running) {
    gint64 wake = vs_archive_set_sweep (self->set);

    switch (next_work (self, wake)) {
      case WORK_SEGMENT:
        running = run_segment (self);
        break;
      case WORK_END:
        running = run_next_end (self);
        break;
      case WORK_IDLE:
        break;
      case WORK_STOP:
        running = FALSE;
        break;
    }
    report_lost (self);
  }
  abandon (self);
  return NULL;
}
