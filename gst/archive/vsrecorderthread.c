/* VisionStream: the thread that records a rendition
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Its work is a row of jobs, each a file: those that earlier recorders did not
 * finish, and then what is told. A job goes through the segments by their
 * numbers; what a store refuses is tried again, with growing pauses, until it
 * works or the recorder is freed. An upload that is lost begins anew, from the
 * job's first segment, which the archive still has.
 */
#include "archive/vsrecorderprivate.h"

#include <string.h>

#include "archive/vsarchivename.h"
#include "archive/vsrecording.h"
#include "archive/vsrecordingmarker.h"
#include "archive/vsrecordingname.h"
#include "store/vssha256.h"

#define RETRY_MIN (50 * G_TIME_SPAN_MILLISECOND)
#define RETRY_MAX (2 * G_TIME_SPAN_SECOND)
/* What a file's end may miss of its rollover: the last frame of a track */
#define ROLLOVER_EARLY (100 * GST_MSECOND)
/* By how much a file may get longer than that: a segment */
#define ROLLOVER_SLACK (60 * GST_SECOND)

typedef struct
{
  VsRecorder *recorder;
  VsRecordingMarker *marker;
  gboolean is_marked;           /* as it is, in the archive */
  guint64 end;                  /* ahead of which it ends */
  guint64 next;                 /* sequence number to be recorded */
  VsRecording *recording;

  /* of the segment that is worked on */
  VsSegment *segment;
  GBytes *bytes;
} Job;

/* (transfer full) @marker */
static void
job_init (Job * job, VsRecorder * recorder, VsRecordingMarker * marker,
    guint64 end)
{
  memset (job, 0, sizeof *job);
  job->recorder = recorder;
  job->marker = marker;
  job->next = marker ? marker->first_sequence : 0;
  job->end = end;
}

static void
job_clear (Job * job)
{
  g_clear_pointer (&job->marker, vs_recording_marker_free);
  g_clear_pointer (&job->recording, vs_recording_free);
  g_clear_pointer (&job->segment, vs_segment_unref);
  g_clear_pointer (&job->bytes, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear);

/* ---- saying ------------------------------------------------------------- */

static void
warn (VsRecorder * self, const gchar * text)
{
  if (self->callbacks.warning)
    self->callbacks.warning (self->rendition, text, self->user_data);
}

static void
set_failing (VsRecorder * self, const GError * error)
{
  gboolean failing = error != NULL;

  if (failing == self->failing)
    return;
  self->failing = failing;
  g_mutex_lock (&self->lock);
  self->failing_since = failing ? g_get_monotonic_time () : 0;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (failing && self->callbacks.failed)
    self->callbacks.failed (self->rendition, error, self->user_data);
  if (!failing && self->callbacks.recovered)
    self->callbacks.recovered (self->rendition, self->user_data);
}

/* Says which segments a recording lacks. */
static void
say_skipped (VsRecorder * self)
{
  g_autofree gchar *text = NULL;

  if (self->skipped_first == 0)
    return;
  text = g_strdup_printf ("segments %" G_GUINT64_FORMAT " to %"
      G_GUINT64_FORMAT " are not in the recording: %s", self->skipped_first,
      self->skipped_last, self->skipped_cause);
  self->skipped_first = 0;
  g_clear_pointer (&self->skipped_cause, g_free);
  warn (self, text);
}

static void
skip (Job * job, const gchar * cause)
{
  VsRecorder *self = job->recorder;

  if (self->skipped_first && job->next != self->skipped_last + 1)
    say_skipped (self);
  if (self->skipped_first == 0) {
    self->skipped_first = job->next;
    self->skipped_cause = g_strdup (cause);
  }
  self->skipped_last = job->next;
}

static void
on_rewriting (guint64 size, gpointer user_data)
{
  g_autofree gchar *text = g_strdup_printf ("the recording is longer than "
      "recording-max-duration: all of its %" G_GUINT64_FORMAT " bytes are "
      "copied, which takes a while", size);

  warn (user_data, text);
}

static void
on_left_out (VsMediaType type, const GError * error, gpointer user_data)
{
  g_autofree gchar *text = g_strdup_printf ("the recording is without %s: %s",
      type == VS_MEDIA_VIDEO ? "picture" : "sound", error->message);

  warn (user_data, text);
}

/* ---- trying until it works ---------------------------------------------- */

/* FALSE: the recorder is closing. */
static gboolean
pause_before_retry (VsRecorder * self, gint64 pause)
{
  gint64 end = g_get_monotonic_time () + pause;
  gboolean go_on;

  g_mutex_lock (&self->lock);
  while (!self->closing
      && g_cond_wait_until (&self->changed, &self->lock, end));
  go_on = !self->closing;
  g_mutex_unlock (&self->lock);
  return go_on;
}

typedef gboolean (*TryFunc) (Job * job, GError ** error);

static gboolean
is_lost (Job * job)
{
  return job->recording && vs_recording_is_lost (job->recording);
}

/* FALSE: the recorder is closing, or the upload is lost. */
static gboolean
try_until_done (Job * job, TryFunc func)
{
  VsRecorder *self = job->recorder;
  gint64 pause = RETRY_MIN;

  for (;;) {
    g_autoptr (GError) error = NULL;
    gboolean ok = func (job, &error);

    if (!vs_recorder_is_closing (self))
      set_failing (self, error);
    if (ok || is_lost (job) || !pause_before_retry (self, pause))
      return ok;
    pause = MIN (pause * 2, RETRY_MAX);
  }
}

/* ---- finding a segment -------------------------------------------------- */

/* Reads the list anew where it ends too early. */
static gboolean
update_list (VsRecorder * self, guint64 sequence, GError ** error)
{
  VsArchivePlace place = { self->archive, self->folder, self->cancellable };
  g_autoptr (VsArchiveList) list = NULL;

  if (self->list && sequence < self->list->next)
    return TRUE;
  list = vs_archive_list_new (self->rendition);
  if (!vs_archive_list_recover (list, &place, error))
    return FALSE;
  g_clear_pointer (&self->list, vs_archive_list_free);
  self->list = g_steal_pointer (&list);
  return TRUE;
}

/* Nothing comes any more of what lies between the list's end and what is told:
 * it need not be looked for number by number. */
static void
pass_end (Job * job)
{
  VsRecorder *self = job->recorder;
  guint64 first = MIN (self->first_sequence, job->end);

  if (job->next >= self->list->next && job->next < first)
    job->next = first - 1;
}

/* What the archive no longer has, or never had, is no error. */
static gboolean
try_find_entry (Job * job, GError ** error)
{
  VsRecorder *self = job->recorder;
  VsArchivePlace place = { self->archive, self->folder, self->cancellable };
  g_autoptr (GError) cause = NULL;
  VsSegment *segment;

  if (!update_list (self, job->next, error))
    return FALSE;
  pass_end (job);
  segment = vs_archive_list_get (self->list, job->next, &place, &cause);
  if (segment)
    job->segment = vs_segment_ref (segment);
  else if (!g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  } else if (job->next < self->list->first)
    skip (job, "the archive no longer has them");
  return TRUE;
}

static gboolean
is_intact (const VsSegment * segment, GBytes * bytes)
{
  g_auto (VsSha256) sha256 = { NULL };
  guint8 digest[VS_SHA256_SIZE];
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  vs_sha256_init (&sha256);
  vs_sha256_update (&sha256, data, size);
  vs_sha256_finish (&sha256, digest);
  return size == segment->size
      && memcmp (digest, segment->sha256, sizeof digest) == 0;
}

static gboolean
try_read_bytes (Job * job, GError ** error)
{
  VsRecorder *self = job->recorder;
  g_autofree gchar *key = vs_archive_key (self->folder, job->segment->uri);
  g_autoptr (GError) cause = NULL;

  job->bytes = vs_store_get (self->archive, key, 0, -1, VS_SEGMENT_MAX_BYTES,
      self->cancellable, &cause);
  if (job->bytes && !is_intact (job->segment, job->bytes)) {
    g_clear_pointer (&job->bytes, g_bytes_unref);
    skip (job, "their bytes are not those that were stored");
    return TRUE;
  }
  if (job->bytes)
    return TRUE;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE)) {
    skip (job, cause->message);
    return TRUE;
  }
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Entry and bytes of the next segment; none of the bytes: it is a gap.
 * FALSE: the recorder is closing. */
static gboolean
fetch (Job * job)
{
  g_clear_pointer (&job->segment, vs_segment_unref);
  g_clear_pointer (&job->bytes, g_bytes_unref);
  vs_recorder_take (job->recorder, job->next, &job->segment, &job->bytes);
  if (job->segment == NULL && !try_until_done (job, try_find_entry))
    return FALSE;
  if (job->segment == NULL || job->segment->gap || job->segment->uri == NULL
      || job->bytes)
    return TRUE;
  return try_until_done (job, try_read_bytes);
}

/* ---- recording ---------------------------------------------------------- */

static void
set_needed (VsRecorder * self, guint64 needed)
{
  g_mutex_lock (&self->lock);
  self->needed = needed;
  g_mutex_unlock (&self->lock);
}

static gboolean
try_mark (Job * job, GError ** error)
{
  VsRecorder *self = job->recorder;

  job->is_marked = job->is_marked
      || vs_recording_marker_put (job->marker, self->archive, self->folder,
      self->cancellable, error);
  return job->is_marked;
}

/* What the pictures are, where the name tells. */
static gboolean
look_at_pictures (Job * job, VsRecordingNaming * naming, GError ** error)
{
  VsRecorder *self = job->recorder;
  const VsSegmentTrack *video =
      vs_segment_get_track (job->segment, VS_MEDIA_VIDEO);
  const VsCodecConfig *config;

  if (!vs_recording_name_has_pictures (self->name) || video == NULL)
    return TRUE;
  if (!update_list (self, job->next, error))
    return FALSE;
  config = g_hash_table_lookup (self->list->configs, video->config_id);
  if (config == NULL)
    return TRUE;
  naming->width = config->width;
  naming->height = config->height;
  naming->fps_n = config->fps_n;
  naming->fps_d = config->fps_d;
  return TRUE;
}

static gchar *
make_name (Job * job, GError ** error)
{
  VsRecorder *self = job->recorder;
  VsRecordingNaming naming = {.event = self->event,
    .rendition = self->rendition,.utc_us = job->segment->utc_us
  };
  g_autofree gchar *wanted = NULL;

  if (!look_at_pictures (job, &naming, error))
    return NULL;
  wanted = vs_recording_name_expand (self->name, &naming);
  return vs_recording_name (self->store, self->folder, wanted,
      self->cancellable, error);
}

/* The name is in the marker before there is a file. */
static gboolean
try_name (Job * job, GError ** error)
{
  if (job->marker->name == NULL) {
    job->is_marked = FALSE;
    job->marker->name = make_name (job, error);
  }
  return job->marker->name && try_mark (job, error);
}

/* As it was told, or as the archive has it. */
static const gchar *
get_language (const VsRecorder * self)
{
  if (self->language || self->list == NULL || self->list->rendition == NULL)
    return self->language;
  return self->list->rendition->language;
}

/* For which room is reserved */
static GstClockTime
get_max_duration (const VsRecorder * self)
{
  return self->rollover ? MIN (self->max_duration,
      self->rollover + ROLLOVER_SLACK) : self->max_duration;
}

static VsRecording *
new_recording (VsRecorder * self, const VsRecordingMarker * marker)
{
  g_autofree gchar *key = vs_recording_key (self->folder, marker->name);
  const VsRecordingSettings settings = {
    .store = self->store,
    .key = key,
    .keep_gaps = self->keep_gaps,
    .max_duration = get_max_duration (self),
    .spill_directory = self->spill_directory,
    .language = get_language (self),
    .rewriting = on_rewriting,
    .left_out = on_left_out,
    .user_data = self,
  };

  return vs_recording_new (&settings, self->cancellable);
}

static gboolean
try_write (Job * job, GError ** error)
{
  return vs_recording_write (job->recording, error);
}

typedef enum
{
  STEP_DONE,
  STEP_FULL,                    /* the segment goes into another file */
  STEP_FAILED                   /* closing, or the upload is lost */
} Step;

/* Long enough: the next one begins with this segment, whoever makes it. */
static gboolean
is_over (Job * job)
{
  GstClockTime rollover = job->recorder->rollover;

  return rollover > 0 && job->recording
      && vs_recording_has_media (job->recording)
      && vs_recording_get_duration (job->recording) + ROLLOVER_EARLY >=
      rollover;
}

static Step
record (Job * job)
{
  g_autoptr (GError) error = NULL;

  if (is_over (job))
    return STEP_FULL;
  if (job->recording == NULL) {
    if (!try_until_done (job, try_name))
      return STEP_FAILED;
    job->recording = new_recording (job->recorder, job->marker);
  }
  switch (vs_recording_load (job->recording, job->segment, job->bytes, &error)) {
    case VS_RECORDING_LOADED:
      say_skipped (job->recorder);
      return try_until_done (job, try_write) ? STEP_DONE : STEP_FAILED;
    case VS_RECORDING_FULL:
      return STEP_FULL;
    case VS_RECORDING_DAMAGED:
      skip (job, error->message);
      return STEP_DONE;
  }
  return STEP_DONE;
}

static gboolean
begin_anew (Job * job)
{
  if (!is_lost (job))
    return FALSE;
  g_clear_pointer (&job->recording, vs_recording_free);
  job->next = job->marker->first_sequence;
  return TRUE;
}

/* Goes on to the job's end. STEP_DONE: all is written */
static Step
run_segments (Job * job)
{
  while (job->next < job->end
      && vs_recorder_await (job->recorder, job->next, TRUE)) {
    Step step = STEP_DONE;

    set_needed (job->recorder, job->next);
    if (!fetch (job))
      return STEP_FAILED;
    if (job->bytes)
      step = record (job);
    if (step == STEP_FULL)
      return step;
    if (step == STEP_DONE)
      job->next++;
    else if (!begin_anew (job))
      return step;
  }
  return vs_recorder_is_closing (job->recorder) ? STEP_FAILED : STEP_DONE;
}

/* ---- the end of a file -------------------------------------------------- */

static gboolean
try_finish (Job * job, GError ** error)
{
  return vs_recording_finish (job->recording, error);
}

static gboolean
try_unmark (Job * job, GError ** error)
{
  VsRecorder *self = job->recorder;

  return vs_recording_marker_delete (job->marker, self->archive, self->folder,
      self->cancellable, error);
}

static void
report_finished (Job * job)
{
  VsRecorder *self = job->recorder;
  g_autofree gchar *key = vs_recording_key (self->folder, job->marker->name);
  VsRecordingInfo info = {
    .location = g_build_filename (vs_store_get_location (self->store), key,
        NULL),
    .rendition = self->rendition,
    .duration = vs_recording_get_duration (job->recording),
    .size = vs_recording_get_size (job->recording),
    .gaps = vs_recording_get_gaps (job->recording),
  };

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->info, vs_recording_info_free);
  self->info = vs_recording_info_copy (&info);
  g_mutex_unlock (&self->lock);
  if (self->callbacks.finished)
    self->callbacks.finished (&info, self->user_data);
  g_free (info.location);
}

/* FALSE: closing, or the upload is lost. */
static gboolean
finish (Job * job)
{
  say_skipped (job->recorder);
  if (job->recording && vs_recording_has_media (job->recording)) {
    if (!try_until_done (job, try_finish))
      return FALSE;
    report_finished (job);
  }
  return try_until_done (job, try_unmark);
}

/* What is left of the job is another file's. It is marked before the first
 * file's marker goes. */
static gboolean
split (Job * job, Job * rest)
{
  job_init (rest, job->recorder, vs_recording_marker_new
      (job->recorder->rendition, job->next, TRUE), job->end);
  job->end = job->next;
  /* it was taken, and is wanted again */
  g_clear_pointer (&job->bytes, g_bytes_unref);
  return try_until_done (rest, try_mark);
}

/* Up to where the file is finished. @rest: (out): what it has no room for,
 * without a marker where there is nothing. FALSE: the recorder is closing. */
static gboolean
run_file (Job * job, Job * rest)
{
  for (;;) {
    Step step = run_segments (job);

    if (step == STEP_FAILED || (step == STEP_FULL && !split (job, rest)))
      return FALSE;
    if (finish (job))
      return TRUE;
    if (!begin_anew (job))
      return FALSE;
  }
}

/* All files that the job's segments make. FALSE: the recorder is closing. */
static gboolean
run_job (Job * job)
{
  gboolean ok;

  do {
    g_auto (Job) rest = { NULL };

    ok = run_file (job, &rest);
    job_clear (job);
    *job = rest;
    memset (&rest, 0, sizeof rest);
  } while (ok && job->marker);
  return ok;
}

/* ---- all files ---------------------------------------------------------- */

static gboolean
clean (VsRecorder * self, GError ** error)
{
  g_autofree gchar *folder = vs_recordings_folder (self->folder);
  gboolean is_clean;

  /* before the first recorder of this process begins to write */
  g_mutex_lock (&self->common->lock);
  is_clean = self->common->is_clean
      || vs_store_clean (self->store, folder, self->cancellable, error);
  self->common->is_clean = is_clean;
  g_mutex_unlock (&self->common->lock);
  return is_clean;
}

/* A job without a segment, and what it finds. */
typedef struct
{
  Job job;
  GPtrArray *markers;
} Search;

static gboolean
try_find_markers (Job * job, GError ** error)
{
  VsRecorder *self = job->recorder;
  Search *search = (Search *) job;

  if (!clean (self, error))
    return FALSE;
  search->markers = vs_recording_markers_find (self->archive, self->folder,
      self->rendition, self->cancellable, error);
  return search->markers != NULL;
}

/* NULL: the recorder is closing. */
static GPtrArray *
find_markers (VsRecorder * self)
{
  Search search = { {0}, NULL };

  job_init (&search.job, self, NULL, 0);
  try_until_done (&search.job, try_find_markers);
  return search.markers;
}

static const VsRecordingMarker *
nth_marker (const GPtrArray * markers, guint i)
{
  return g_ptr_array_index (markers, i);
}

/* The next recording's marker after the @i-th; the number of them, if none. */
static guint
find_separate (const GPtrArray * markers, guint i)
{
  do {
    i++;
  } while (i < markers->len && !nth_marker (markers, i)->is_separate);
  return i;
}

/* Markers of runs that go on with an older recording. */
static gboolean
unmark (VsRecorder * self, const GPtrArray * markers, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    g_auto (Job) job = { NULL };

    job_init (&job, self, vs_recording_marker_copy (nth_marker (markers, i)),
        0);
    if (!try_until_done (&job, try_unmark))
      return FALSE;
  }
  return TRUE;
}

/* What was not finished, up to where the next one begins, and what is told up
 * to @end. */
static gboolean
run_all (VsRecorder * self, const GPtrArray * markers, guint64 end)
{
  for (guint i = 0, next; i < markers->len
      && nth_marker (markers, i)->first_sequence < end; i = next) {
    g_auto (Job) job = { NULL };

    next = find_separate (markers, i);
    job_init (&job, self, vs_recording_marker_copy (nth_marker (markers, i)),
        next < markers->len ? MIN (nth_marker (markers, next)->first_sequence,
            end) : end);
    job.is_marked = TRUE;
    if (!unmark (self, markers, i + 1, next) || !run_job (&job))
      return FALSE;
  }
  return TRUE;
}

static guint64
get_first_told (VsRecorder * self)
{
  guint64 first;

  g_mutex_lock (&self->lock);
  first = self->first_told;
  g_mutex_unlock (&self->lock);
  return first;
}

/* Of what was there before this run, nothing is needed any more. */
static void
need_told (VsRecorder * self)
{
  g_mutex_lock (&self->lock);
  self->needed = self->first_told ? self->first_told : G_MAXUINT64;
  g_mutex_unlock (&self->lock);
}

/* Before all else: it is here already that what is told now is recorded, also
 * if this process ends at once. TRUE also where nothing was told. */
static gboolean
mark_first (VsRecorder * self)
{
  g_auto (Job) job = { NULL };
  guint64 first;

  vs_recorder_await (self, self->first_sequence, FALSE);
  first = get_first_told (self);
  if (first == 0)
    return !vs_recorder_is_closing (self);
  job_init (&job, self, vs_recording_marker_new (self->rendition, first,
          self->has_ended), 0);
  job.is_marked = self->is_told_marked;
  if (!try_mark (&job, NULL))
    g_info ("%s: the recording is not marked yet", self->rendition);
  g_mutex_lock (&self->lock);
  self->marked = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return try_until_done (&job, try_mark);
}

/* ---- what was left ------------------------------------------------------ */

static gboolean
has_recording (const GPtrArray * markers, const gchar * rendition)
{
  for (guint i = 0; i < markers->len; i++)
    if (!nth_marker (markers, i)->is_choice
        && strcmp (nth_marker (markers, i)->rendition, rendition) == 0)
      return TRUE;
  return FALSE;
}

/* Markers of those that another one was better than; of this one, those that
 * were made before its older recording was found. */
static gboolean
try_forget_choice (Job * job, GError ** error)
{
  VsRecorder *self = job->recorder;
  g_autoptr (GPtrArray) markers = vs_recording_markers_find (self->archive,
      self->folder, NULL, self->cancellable, error);

  for (guint i = 0; markers && i < markers->len; i++) {
    const VsRecordingMarker *marker = nth_marker (markers, i);

    if (marker->is_choice && (strcmp (marker->rendition, self->rendition) == 0
            || !has_recording (markers, marker->rendition))
        && !vs_recording_marker_delete (marker, self->archive, self->folder,
            self->cancellable, error))
      return FALSE;
  }
  return markers != NULL;
}

static gboolean
forget_choice (VsRecorder * self)
{
  Job job;
  gboolean chosen;

  g_mutex_lock (&self->lock);
  chosen = self->chosen;
  g_mutex_unlock (&self->lock);
  job_init (&job, self, NULL, 0);
  return !chosen || try_until_done (&job, try_forget_choice);
}

static gboolean
run_marked (VsRecorder * self, guint64 end)
{
  g_autoptr (GPtrArray) markers = find_markers (self);

  return markers && run_all (self, markers, end);
}

/* What an earlier recorder left goes on with what is told, if the event does. */
static gboolean
run (VsRecorder * self)
{
  if (self->resumes && !self->has_ended)
    return run_marked (self, G_MAXUINT64);
  if (self->resumes && !run_marked (self, self->first_sequence))
    return FALSE;
  if (self->resumes)
    need_told (self);
  return mark_first (self) && run_marked (self, G_MAXUINT64);
}

gpointer
vs_recorder_run (gpointer data)
{
  VsRecorder *self = data;
  gboolean done = run (self) && forget_choice (self);

  g_mutex_lock (&self->lock);
  self->finished = done;
  self->marked = TRUE;          /* as far as it will ever be */
  self->needed = G_MAXUINT64;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return NULL;
}
