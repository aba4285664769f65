/* VisionStream: an event's archive, written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Callers put segments into a queue; one thread takes the oldest, stores it,
 * then the playlist that names it, and only then lets go of it. So playlists
 * never run ahead of their segments, and never back. What the store refuses
 * is tried again, with growing pauses, until it works or the writer is freed;
 * what waits meanwhile is bounded by max_pending: past that the oldest
 * segments lose their bytes and go through the queue as gaps.
 *
 * One lock, over the queue and what callers declare; the store and callbacks
 * are called without it. VsArchiveSet is the thread's alone.
 */
#include "archive/vsarchiveset.h"
#include "archive/vsarchivename.h"

#include <string.h>

#define DEFAULT_MAX_PENDING (64 * 1024 * 1024)

/* Jobs that may wait. Past that the oldest go altogether; the entries of what
 * lies between two segments are made up (vs_archive_set_make_gap ()). */
#define JOBS_MAX 4096

/* Configurations that are kept a rendition, for segments still to come. */
#define CONFIGS_MAX 64

#define RETRY_MIN (50 * G_TIME_SPAN_MILLISECOND)
#define RETRY_MAX (5 * G_TIME_SPAN_SECOND)

/* What a caller declared of a rendition. */
typedef struct
{
  VsRendition *rendition;
  GQueue configs;               /* VsCodecConfig */
  guint order;
  guint64 next;                 /* the least that may be appended */
} Declared;

typedef struct
{
  Declared *declared;
  VsSegment *segment;
  GBytes **parts;               /* NULL: nothing to store: a gap */
  guint n_parts;
  gsize size;
  gboolean busy;                /* the thread reads parts */
} Job;

typedef struct
{
  Declared *declared;
  guint64 first, last;
} Lost;

typedef struct
{
  void (*done) (gboolean complete, gpointer user_data);
  gpointer user_data;
} End;

struct _VsArchiveWriter
{
  VsStore *store;
  gpointer lease;
  gchar *folder;
  gchar *account, *event_name, *breakout;
  gsize max_pending;
  guint64 first_sequence;       /* of this run: numbers are never used twice */
  VsArchiveWriterCallbacks callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  GThread *thread;

  /* the thread's */
  VsArchiveSet *set;
  gboolean failing;

  GMutex lock;
  GCond changed;
  /* protected by lock */
  GQueue jobs;                  /* Job */
  gsize pending;
  GPtrArray *declared;          /* Declared, in order */
  GQueue lost;                  /* Lost, not yet said */
  gboolean lost_any;
  GQueue ends;                  /* End */
  gboolean closing;
  gint64 deadline;              /* monotonic, when closing */
  gboolean finished;
};

/* ---- the queue ---------------------------------------------------------- */

static void
declared_free (Declared * declared)
{
  vs_rendition_unref (declared->rendition);
  g_queue_clear_full (&declared->configs,
      (GDestroyNotify) vs_codec_config_unref);
  g_free (declared);
}

static void
job_drop_parts (Job * job)
{
  for (guint i = 0; i < job->n_parts; i++)
    g_bytes_unref (job->parts[i]);
  g_clear_pointer (&job->parts, g_free);
  job->n_parts = 0;
}

static void
job_free (Job * job)
{
  job_drop_parts (job);
  vs_segment_unref (job->segment);
  g_free (job);
}

static Declared *
get_declared_unlocked (VsArchiveWriter * self, const gchar * name)
{
  Declared *declared;

  for (guint i = 0; i < self->declared->len; i++) {
    declared = g_ptr_array_index (self->declared, i);
    if (strcmp (declared->rendition->name, name) == 0)
      return declared;
  }

  declared = g_new0 (Declared, 1);
  declared->rendition = vs_rendition_new (self->account, self->event_name,
      self->breakout, name);
  declared->order = self->declared->len;
  declared->next = self->first_sequence;
  g_ptr_array_add (self->declared, declared);
  return declared;
}

static void
add_lost_unlocked (VsArchiveWriter * self, Declared * declared,
    guint64 sequence)
{
  Lost *lost;

  self->lost_any = TRUE;
  for (GList * l = self->lost.tail; l; l = l->prev) {
    lost = l->data;
    if (lost->declared == declared && lost->last + 1 == sequence) {
      lost->last = sequence;
      return;
    }
  }
  lost = g_new (Lost, 1);
  lost->declared = declared;
  lost->first = lost->last = sequence;
  g_queue_push_tail (&self->lost, lost);
}

static void
release_parts_unlocked (VsArchiveWriter * self, Job * job)
{
  if (job->parts == NULL)
    return;
  self->pending -= job->size;
  job_drop_parts (job);
}

static void
give_up_unlocked (VsArchiveWriter * self, Job * job)
{
  VsSegment *gap = vs_archive_segment_to_gap (job->segment);

  release_parts_unlocked (self, job);
  add_lost_unlocked (self, job->declared, job->segment->sequence);
  vs_segment_unref (job->segment);
  job->segment = gap;
}

/* Gives up what is too much, the oldest first; never what is being read. */
static void
bound_unlocked (VsArchiveWriter * self)
{
  for (GList * l = self->jobs.head; l && self->pending > self->max_pending;
      l = l->next) {
    Job *job = l->data;

    if (job->parts && !job->busy)
      give_up_unlocked (self, job);
  }
  /* the first may be in the thread's hands */
  while (self->jobs.length > JOBS_MAX) {
    Job *job = g_queue_pop_nth (&self->jobs, 1);

    if (job->parts)
      give_up_unlocked (self, job);
    job_free (job);
  }
}

void
vs_archive_writer_set_rendition (VsArchiveWriter * self,
    VsRendition * rendition)
{
  Declared *declared;

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
  Job *job = g_new0 (Job, 1);
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
    bound_unlocked (self);
    g_cond_signal (&self->changed);
  }
  g_mutex_unlock (&self->lock);

  if (!in_order) {
    g_warning ("%s: segment %" G_GUINT64_FORMAT " is out of order: dropped",
        rendition, segment->sequence);
    job_free (job);
  }
}

void
vs_archive_writer_end (VsArchiveWriter * self,
    void (*done) (gboolean complete, gpointer user_data), gpointer user_data)
{
  End *end = g_new (End, 1);

  end->done = done;
  end->user_data = user_data;
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->ends, end);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* ---- the thread: trying until it works ---------------------------------- */

static gboolean
is_stopping_unlocked (VsArchiveWriter * self)
{
  return self->closing && g_get_monotonic_time () >= self->deadline;
}

/* Says what was given up. */
static void
report_lost (VsArchiveWriter * self)
{
  Lost *lost;

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
pause_before_retry (VsArchiveWriter * self, gint64 pause, Job * job)
{
  gint64 end = g_get_monotonic_time () + pause;
  gboolean go_on;

  g_mutex_lock (&self->lock);
  while (!(job && job->parts == NULL) && !is_stopping_unlocked (self)
      && g_get_monotonic_time () < end) {
    gint64 until = self->closing ? MIN (end, self->deadline) : end;

    g_cond_wait_until (&self->changed, &self->lock, until);
    if (!g_queue_is_empty (&self->lost)) {
      g_mutex_unlock (&self->lock);
      report_lost (self);
      g_mutex_lock (&self->lock);
    }
  }
  go_on = !(job && job->parts == NULL) && !is_stopping_unlocked (self);
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
    gpointer data, Job * job)
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

static gboolean
try_segment (VsArchiveWriter * self, gpointer data, GError ** error)
{
  Job *job = data;
  g_autofree gchar *key = NULL;
  gboolean ok;

  g_mutex_lock (&self->lock);
  job->busy = job->parts != NULL;
  g_mutex_unlock (&self->lock);
  if (!job->busy)
    return FALSE;

  key = vs_archive_key (self->folder, job->segment->uri);
  ok = vs_store_put (self->store, key, job->parts, job->n_parts,
      self->cancellable, error);

  g_mutex_lock (&self->lock);
  job->busy = FALSE;
  if (ok)
    release_parts_unlocked (self, job);
  else
    bound_unlocked (self);
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

/* ---- the thread: segments ----------------------------------------------- */

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
prepare_list (VsArchiveWriter * self, Job * job)
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

/* A rendition that left still has to forget what was pruned. */
static gboolean
write_pruned (VsArchiveWriter * self)
{
  GPtrArray *lists = self->set->lists;

  for (guint i = 0; i < lists->len; i++) {
    VsArchiveList *list = g_ptr_array_index (lists, i);

    if (list->order == G_MAXUINT && list->stored_first != list->first
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

/* The job's entry as it stands: a caller may turn it into a gap. */
static VsSegment *
ref_segment (VsArchiveWriter * self, Job * job)
{
  VsSegment *segment;

  g_mutex_lock (&self->lock);
  segment = vs_segment_ref (job->segment);
  g_mutex_unlock (&self->lock);
  return segment;
}

static gboolean
store_segment (VsArchiveWriter * self, Job * job)
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
  stopping = is_stopping_unlocked (self);
  g_mutex_unlock (&self->lock);
  return stopping;
}

/* FALSE: it is time to stop. */
static gboolean
process (VsArchiveWriter * self, Job * job)
{
  VsArchiveList *list = prepare_list (self, job);
  guint64 sequence = job->segment->sequence;
  gboolean stored = store_segment (self, job);
  g_autoptr (VsSegment) segment = ref_segment (self, job);

  if (!stored && is_stopping (self))
    return FALSE;
  if (!fill_gaps (self, list, sequence, segment)
      || !append_entry (self, list, segment))
    return FALSE;
  vs_archive_set_prune (self->set);
  if (!stored)
    return TRUE;

  if (!write_list (self, list, try_list) || !write_pruned (self)
      || !write_main (self, FALSE))
    return FALSE;
  report_stored (self, list, segment);
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
run_end (VsArchiveWriter * self, End * end, gboolean may_write)
{
  gboolean complete = may_write && write_all_complete (self);

  report_lost (self);
  g_mutex_lock (&self->lock);
  complete &= !self->lost_any;
  g_mutex_unlock (&self->lock);
  if (end->done)
    end->done (complete, end->user_data);
  g_free (end);
}

/* ---- the thread: its life ----------------------------------------------- */

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
  if (is_stopping_unlocked (self))
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
  Job *job;
  gboolean ok, last;

  g_mutex_lock (&self->lock);
  job = g_queue_peek_head (&self->jobs);
  g_mutex_unlock (&self->lock);

  ok = process (self, job);
  if (!ok)
    return FALSE;

  g_mutex_lock (&self->lock);
  g_queue_remove (&self->jobs, job);
  release_parts_unlocked (self, job);
  last = self->jobs.length == 0;
  g_mutex_unlock (&self->lock);
  job_free (job);
  return !last || write_dirty (self);
}

static gboolean
run_next_end (VsArchiveWriter * self)
{
  End *end;

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
  End *end;
  Job *job;

  g_mutex_lock (&self->lock);
  while ((job = g_queue_pop_head (&self->jobs))) {
    if (job->parts)
      give_up_unlocked (self, job);
    job_free (job);
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

static gpointer
writer_thread (gpointer data)
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
  self->thread = g_thread_new ("vsarchive", writer_thread, self);
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
  while (!self->finished && !is_stopping_unlocked (self))
    g_cond_wait_until (&self->changed, &self->lock, self->deadline);
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  writer_dispose (self);
}
