/* VisionStream: which renditions of an event are recorded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is to be recorded is marked before its first segment is listed, so that
 * whoever finds the segment finds the marker too. A thread looks for those that
 * an earlier process left, and gives their renditions recorders at once: they
 * are finished at the end of the event, also if the rendition never comes back.
 *
 * One lock, over the recorders and those that may be the best; recorders are
 * never freed before the set is, so they are used without it.
 */
#include "archive/vsrecorderset.h"

#include <string.h>

#include "archive/vsrecordingmarker.h"

/* The best rendition is chosen without those that have nothing when another
 * one has so many segments: encoders of large pictures come late. */
#define PATIENCE_SEGMENTS 8

#define RETRY_MIN (50 * G_TIME_SPAN_MILLISECOND)
#define RETRY_MAX (2 * G_TIME_SPAN_SECOND)
/* How long segments are kept for markers that can't be read. */
#define NEEDED_MAX G_TIME_SPAN_HOUR

#define ALL "all"
#define BEST "best"

/* A rendition of which the best one is chosen. */
typedef struct
{
  gchar *name, *language;
  guint64 pixels;
  guint64 size;                 /* bytes of its first segment */
  VsSegment *first, *last;
  guint n_segments;
} Candidate;

struct _VsRecorderSet
{
  VsStore *store, *archive;
  gchar *folder, *event, *name, *spill_directory;
  gchar **renditions;           /* NULL: all, or the best */
  gboolean best, keep_gaps, has_ended;
  GstClockTime max_duration, rollover;
  guint64 first_sequence;
  VsRecorderCommon common;
  VsRecorderCallbacks callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  GThread *thread;              /* that looks for markers */

  GMutex lock;
  GCond changed;
  /* protected by lock */
  GPtrArray *recorders;         /* VsRecorder */
  GPtrArray *candidates;        /* Candidate */
  gchar *choice;                /* the best one, or NULL */
  GHashTable *marked;           /* names of what was begun; whether there is a
                                 * marker that says so */
  GPtrArray *unfinished;        /* VsRecordingMarker of earlier processes */
  gboolean found;               /* these */
  gint64 failing_since;         /* monotonic, 0: they could be looked for */
  gboolean interrupted, ended, closing;
  guint n_renditions;           /* that are expected, 0: not known */
};

static void
candidate_free (Candidate * candidate)
{
  vs_segment_unref (candidate->first);
  vs_segment_unref (candidate->last);
  g_free (candidate->name);
  g_free (candidate->language);
  g_free (candidate);
}

static gpointer find_unfinished (gpointer data);

VsRecorderSet *
vs_recorder_set_new (const VsRecorderSetSettings * settings,
    const VsRecorderCallbacks * callbacks, gpointer user_data)
{
  VsRecorderSet *self = g_new0 (VsRecorderSet, 1);

  self->store = vs_store_ref (settings->store);
  self->archive = vs_store_ref (settings->archive);
  self->folder = vs_archive_folder (settings->account, settings->event,
      settings->breakout);
  self->event = g_strdup (settings->breakout ? settings->breakout :
      settings->event ? settings->event : VS_DEFAULT_EVENT);
  self->spill_directory = g_strdup (settings->spill_directory);
  self->best = strcmp (settings->renditions, BEST) == 0;
  if (!self->best && strcmp (settings->renditions, ALL) != 0)
    self->renditions = g_strsplit_set (settings->renditions, ", ", -1);
  self->keep_gaps = settings->keep_gaps;
  self->max_duration = settings->max_duration;
  self->rollover = settings->rollover;
  self->name = g_strdup (settings->name);
  self->first_sequence = settings->state->next_sequence;
  self->has_ended = settings->state->ended;
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_mutex_init (&self->common.lock);
  self->marked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->unfinished = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_recording_marker_free);
  self->recorders = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_recorder_free);
  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)
      candidate_free);
  self->thread = g_thread_new ("vsrecorders", find_unfinished, self);
  return self;
}

void
vs_recorder_set_free (VsRecorderSet * self)
{
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);

  g_ptr_array_unref (self->recorders);
  g_ptr_array_unref (self->candidates);
  g_ptr_array_unref (self->unfinished);
  g_hash_table_unref (self->marked);
  g_object_unref (self->cancellable);
  g_free (self->choice);
  vs_store_unref (self->store);
  vs_store_unref (self->archive);
  g_free (self->folder);
  g_free (self->name);
  g_free (self->event);
  g_free (self->spill_directory);
  g_strfreev (self->renditions);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->common.lock);
  g_free (self);
}

/* ---- choosing ----------------------------------------------------------- */

/* Whether it is recorded, as far as that is known: until it is chosen nobody
 * is the best. */
static gboolean
is_wanted_unlocked (VsRecorderSet * self, const gchar * rendition)
{
  if (self->best)
    return g_strcmp0 (self->choice, rendition) == 0;
  return self->renditions == NULL
      || g_strv_contains ((const gchar * const *) self->renditions, rendition);
}

static VsRecorder *
find_unlocked (VsRecorderSet * self, const gchar * rendition)
{
  for (guint i = 0; i < self->recorders->len; i++) {
    VsRecorder *recorder = g_ptr_array_index (self->recorders, i);

    if (strcmp (vs_recorder_get_rendition (recorder), rendition) == 0)
      return recorder;
  }
  return NULL;
}

static VsRecorder *
add_unlocked (VsRecorderSet * self, const gchar * rendition,
    const gchar * language, gboolean resumes)
{
  const VsRecorderSettings settings = {
    .store = self->store,
    .archive = self->archive,
    .folder = self->folder,
    .event = self->event,
    .rendition = rendition,
    .language = language,
    .keep_gaps = self->keep_gaps,
    .name = self->name,
    .max_duration = self->max_duration,
    .rollover = self->rollover,
    .spill_directory = self->spill_directory,
    .first_sequence = self->first_sequence,
    .has_ended = self->has_ended,
    .resumes = resumes,
    .is_marked = !self->best
        && g_hash_table_lookup (self->marked, rendition) != NULL,
    .common = &self->common,
  };
  VsRecorder *recorder =
      vs_recorder_new (&settings, &self->callbacks, self->user_data);

  if (self->interrupted)
    vs_recorder_interrupt (recorder);
  g_ptr_array_add (self->recorders, recorder);
  return recorder;
}

/* Nothing more is told to a recorder that was made after the end. */
static void
end_unlocked (VsRecorderSet * self, VsRecorder * recorder)
{
  if (self->ended)
    vs_recorder_end (recorder, G_MAXUINT64);
}

/* Gives recorders to what was left unfinished. Where the rendition is not
 * recorded any more, what there is of it is all. */
static void
resume_unlocked (VsRecorderSet * self)
{
  for (guint i = 0; i < self->unfinished->len; i++) {
    const VsRecordingMarker *marker = g_ptr_array_index (self->unfinished, i);
    const gchar *name = marker->rendition;
    gboolean is_over = (!self->best || self->choice)
        && !is_wanted_unlocked (self, name);
    VsRecorder *recorder = find_unlocked (self, name);

    if (marker->is_choice)
      continue;
    /* what has begun gets its recorder with its first segment */
    if (recorder == NULL && (is_over
            || !g_hash_table_contains (self->marked, name))) {
      recorder = add_unlocked (self, name, NULL, TRUE);
      end_unlocked (self, recorder);
    }
    if (recorder && is_over)
      vs_recorder_end (recorder, self->first_sequence - 1);
  }
}

static gboolean
is_better (const Candidate * a, const Candidate * b)
{
  return b == NULL || a->pixels > b->pixels
      || (a->pixels == b->pixels && a->size > b->size);
}

static void
choose_unlocked (VsRecorderSet * self)
{
  const Candidate *best = NULL;
  VsRecorder *recorder;

  for (guint i = 0; i < self->candidates->len; i++) {
    const Candidate *candidate = g_ptr_array_index (self->candidates, i);

    if (is_better (candidate, best))
      best = candidate;
  }
  if (best == NULL)
    return;
  self->choice = g_strdup (best->name);
  recorder = find_unlocked (self, best->name);
  if (recorder == NULL)
    recorder = add_unlocked (self, best->name, best->language, FALSE);
  vs_recorder_set_chosen (recorder);
  /* their bytes, and what is between them, are read back */
  vs_recorder_tell (recorder, best->first, NULL, 0);
  vs_recorder_tell (recorder, best->last, NULL, 0);
  end_unlocked (self, recorder);
  g_ptr_array_set_size (self->candidates, 0);
  resume_unlocked (self);
}

/* At the end, where nothing came: an earlier process was about to choose. */
static void
choose_marked_unlocked (VsRecorderSet * self)
{
  const VsRecordingMarker *best = NULL;
  VsRecorder *recorder;

  for (guint i = 0; i < self->unfinished->len; i++) {
    const VsRecordingMarker *marker = g_ptr_array_index (self->unfinished, i);

    /* one that was chosen is being finished */
    if (!marker->is_choice)
      return;
    if (best == NULL || marker->pixels > best->pixels)
      best = marker;
  }
  if (best == NULL)
    return;
  self->choice = g_strdup (best->rendition);
  recorder = add_unlocked (self, self->choice, NULL, TRUE);
  vs_recorder_set_chosen (recorder);
  end_unlocked (self, recorder);
}

static Candidate *
find_candidate_unlocked (VsRecorderSet * self, const gchar * rendition)
{
  for (guint i = 0; i < self->candidates->len; i++) {
    Candidate *candidate = g_ptr_array_index (self->candidates, i);

    if (strcmp (candidate->name, rendition) == 0)
      return candidate;
  }
  return NULL;
}

static Candidate *
add_candidate_unlocked (VsRecorderSet * self, const VsRendition * rendition,
    VsSegment * segment, const VsCodecConfig * video)
{
  Candidate *candidate = g_new0 (Candidate, 1);

  candidate->name = g_strdup (rendition->name);
  candidate->language = g_strdup (rendition->language);
  candidate->pixels = video ? (guint64) video->width * video->height : 0;
  candidate->size = segment->size;
  candidate->first = vs_segment_ref (segment);
  candidate->last = vs_segment_ref (segment);
  g_ptr_array_add (self->candidates, candidate);
  return candidate;
}

/* What may be the best has one more segment. */
static void
consider_unlocked (VsRecorderSet * self, const VsRendition * rendition,
    VsSegment * segment, const VsCodecConfig * video)
{
  Candidate *candidate = find_candidate_unlocked (self, rendition->name);

  if (segment->gap)
    return;
  if (candidate == NULL)
    candidate = add_candidate_unlocked (self, rendition, segment, video);
  vs_segment_unref (candidate->last);
  candidate->last = vs_segment_ref (segment);
  if (++candidate->n_segments == PATIENCE_SEGMENTS
      || self->candidates->len == self->n_renditions)
    choose_unlocked (self);
}

/* The recorder of the rendition, NULL: it is not recorded, or is not known to
 * be yet. */
static VsRecorder *
get_recorder_unlocked (VsRecorderSet * self, const VsRendition * rendition,
    VsSegment * segment, const VsCodecConfig * video)
{
  VsRecorder *recorder;

  if (self->best && self->choice == NULL)
    consider_unlocked (self, rendition, segment, video);
  if (!is_wanted_unlocked (self, rendition->name))
    return NULL;
  recorder = find_unlocked (self, rendition->name);
  return recorder ? recorder :
      add_unlocked (self, rendition->name, rendition->language, FALSE);
}

/* ---- markers ------------------------------------------------------------ */

/* Whether what begins is to be marked; once. What goes on with something older
 * is marked with that. */
static gboolean
is_unmarked_unlocked (VsRecorderSet * self, const gchar * rendition)
{
  gboolean may_be_best = self->best && self->choice == NULL;

  if (g_hash_table_contains (self->marked, rendition)
      || (!may_be_best && !is_wanted_unlocked (self, rendition))
      || (find_unlocked (self, rendition) && !self->has_ended))
    return FALSE;
  g_hash_table_insert (self->marked, g_strdup (rendition), NULL);
  return TRUE;
}

/* What can't be marked ahead is marked by its recorder, which tries that until
 * it works. */
static void
on_begin (const VsRendition * rendition, const VsSegment * segment,
    const VsCodecConfig * video, gpointer user_data)
{
  VsRecorderSet *self = user_data;
  g_autoptr (VsRecordingMarker) marker = vs_recording_marker_new
      (rendition->name, segment->sequence, self->has_ended);
  g_autoptr (GError) error = NULL;
  gboolean is_unmarked;

  marker->is_choice = self->best;
  marker->pixels = video ? (guint64) video->width * video->height : 0;
  g_mutex_lock (&self->lock);
  is_unmarked = is_unmarked_unlocked (self, rendition->name);
  g_mutex_unlock (&self->lock);
  if (!is_unmarked)
    return;
  if (!vs_recording_marker_put (marker, self->archive, self->folder,
          self->cancellable, &error)) {
    g_info ("%s: not marked ahead: %s", rendition->name, error->message);
    return;
  }
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->marked, g_strdup (rendition->name),
      GINT_TO_POINTER (TRUE));
  g_mutex_unlock (&self->lock);
}

/* Of earlier processes: what this one begins has higher numbers. A choice that
 * nobody will make any more is one for all. */
static void
take_markers_unlocked (VsRecorderSet * self, GPtrArray * markers)
{
  for (guint i = 0; i < markers->len; i++) {
    const VsRecordingMarker *marker = g_ptr_array_index (markers, i);
    VsRecordingMarker *copy;

    if (marker->first_sequence >= self->first_sequence)
      continue;
    copy = vs_recording_marker_copy (marker);
    copy->is_choice &= self->best;
    g_ptr_array_add (self->unfinished, copy);
  }
  self->found = TRUE;
  self->failing_since = 0;
  resume_unlocked (self);
  if (self->ended && self->best && self->choice == NULL)
    choose_marked_unlocked (self);
}

/* TRUE: they were found, or it is time to stop; waits before the next try. */
static gboolean
try_find_unfinished (VsRecorderSet * self, gint64 pause)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) markers = vs_recording_markers_find (self->archive,
      self->folder, NULL, self->cancellable, &error);
  gint64 end = g_get_monotonic_time () + pause;
  gboolean done;

  if (error)
    g_info ("%s: recordings that are not finished: %s", self->folder,
        error->message);
  g_mutex_lock (&self->lock);
  if (markers)
    take_markers_unlocked (self, markers);
  else if (self->failing_since == 0)
    self->failing_since = g_get_monotonic_time ();
  g_cond_broadcast (&self->changed);
  while (!self->found && !self->closing
      && g_cond_wait_until (&self->changed, &self->lock, end));
  done = self->found || self->closing;
  g_mutex_unlock (&self->lock);
  return done;
}

static gpointer
find_unfinished (gpointer data)
{
  for (gint64 pause = RETRY_MIN; !try_find_unfinished (data, pause);)
    pause = MIN (pause * 2, RETRY_MAX);
  return NULL;
}

/* FALSE: they can't be looked for. */
static gboolean
await_found (VsRecorderSet * self, gint64 patience_us)
{
  gboolean found;

  g_mutex_lock (&self->lock);
  while (!self->found && !self->interrupted && (self->failing_since == 0
          || g_get_monotonic_time () < self->failing_since + patience_us)) {
    if (self->failing_since == 0)
      g_cond_wait (&self->changed, &self->lock);
    else
      g_cond_wait_until (&self->changed, &self->lock,
          self->failing_since + patience_us);
  }
  found = self->found;
  g_mutex_unlock (&self->lock);
  return found;
}

/* ---- following ---------------------------------------------------------- */

static void
on_entry (const VsRendition * rendition, VsSegment * segment,
    const VsCodecConfig * video, GBytes ** parts, guint n_parts,
    gpointer user_data)
{
  VsRecorderSet *self = user_data;
  VsRecorder *recorder;

  g_mutex_lock (&self->lock);
  recorder = get_recorder_unlocked (self, rendition, segment, video);
  g_mutex_unlock (&self->lock);
  if (recorder)
    vs_recorder_tell (recorder, segment, parts, n_parts);
}

static void
on_ended (gpointer user_data)
{
  VsRecorderSet *self = user_data;

  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  for (guint i = 0; i < self->recorders->len; i++)
    vs_recorder_end (g_ptr_array_index (self->recorders, i), G_MAXUINT64);
  if (self->best && self->choice == NULL)
    choose_unlocked (self);
  if (self->best && self->choice == NULL && self->found)
    choose_marked_unlocked (self);
  g_mutex_unlock (&self->lock);
}

static guint64
get_needed (gpointer user_data)
{
  VsRecorderSet *self = user_data;
  guint64 needed = G_MAXUINT64;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->recorders->len; i++)
    needed = MIN (needed,
        vs_recorder_get_needed (g_ptr_array_index (self->recorders, i)));
  if (!self->found && (self->failing_since == 0
          || g_get_monotonic_time () - self->failing_since < NEEDED_MAX))
    needed = 0;
  if (self->candidates->len > 0)
    needed = MIN (needed, self->first_sequence);
  g_mutex_unlock (&self->lock);
  return needed;
}

void
vs_recorder_set_get_follower (VsRecorderSet * self,
    VsArchiveFollower * follower)
{
  follower->begin = on_begin;
  follower->entry = on_entry;
  follower->ended = on_ended;
  follower->get_needed = get_needed;
  follower->user_data = self;
}

void
vs_recorder_set_expect (VsRecorderSet * self, guint n_renditions)
{
  g_mutex_lock (&self->lock);
  self->n_renditions = n_renditions;
  if (self->best && self->choice == NULL && self->candidates->len > 0
      && self->candidates->len >= n_renditions)
    choose_unlocked (self);
  g_mutex_unlock (&self->lock);
}

/* ---- the end ------------------------------------------------------------ */

VsRecordingInfo *
vs_recorder_set_end_rendition (VsRecorderSet * self, const gchar * rendition,
    guint64 last, gint64 patience_us)
{
  VsRecorder *recorder;

  g_mutex_lock (&self->lock);
  recorder = find_unlocked (self, rendition);
  g_mutex_unlock (&self->lock);
  if (recorder == NULL)
    return NULL;
  vs_recorder_end (recorder, last);
  if (vs_recorder_wait (recorder, 0, g_get_monotonic_time () + patience_us)
      != VS_RECORDER_FINISHED)
    return NULL;
  return vs_recorder_get_last (recorder);
}

static VsRecorder *
nth_recorder (VsRecorderSet * self, guint i)
{
  VsRecorder *recorder;

  g_mutex_lock (&self->lock);
  recorder = i < self->recorders->len ?
      g_ptr_array_index (self->recorders, i) : NULL;
  g_mutex_unlock (&self->lock);
  return recorder;
}

gboolean
vs_recorder_set_wait (VsRecorderSet * self, gint64 patience_us)
{
  gboolean all = await_found (self, patience_us);
  VsRecorder *recorder;

  for (guint i = 0; (recorder = nth_recorder (self, i)); i++)
    all &= vs_recorder_wait (recorder, patience_us, G_MAXINT64) ==
        VS_RECORDER_FINISHED;
  return all;
}

void
vs_recorder_set_interrupt (VsRecorderSet * self)
{
  g_mutex_lock (&self->lock);
  self->interrupted = TRUE;
  for (guint i = 0; i < self->recorders->len; i++)
    vs_recorder_interrupt (g_ptr_array_index (self->recorders, i));
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

guint
vs_recorder_set_count_open (VsRecorderSet * self)
{
  guint n = 0;
  VsRecorder *recorder;

  for (guint i = 0; (recorder = nth_recorder (self, i)); i++)
    n += vs_recorder_wait (recorder, 0, 0) != VS_RECORDER_FINISHED;
  return n;
}
