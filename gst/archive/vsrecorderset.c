/* VisionStream: which renditions of an event are recorded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock, over the recorders and those that may be the best; recorders are
 * never freed before the set is, so they are used without it.
 */
#include "archive/vsrecorderset.h"

#include <string.h>

/* The best rendition is chosen without those that have nothing when another
 * one has so many segments: encoders of large pictures come late. */
#define PATIENCE_SEGMENTS 8

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
  gchar *folder, *event, *spill_directory;
  gchar **renditions;           /* NULL: all, or the best */
  gboolean best, keep_gaps, has_ended;
  GstClockTime max_duration;
  guint64 first_sequence;
  VsRecorderCommon common;
  VsRecorderCallbacks callbacks;
  gpointer user_data;

  GMutex lock;
  /* protected by lock */
  GPtrArray *recorders;         /* VsRecorder */
  GPtrArray *candidates;        /* Candidate */
  gboolean chosen;              /* the best one */
  gboolean interrupted, ended;
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
  self->first_sequence = settings->state->next_sequence;
  self->has_ended = settings->state->ended;
  self->callbacks = *callbacks;
  self->user_data = user_data;
  g_mutex_init (&self->lock);
  g_mutex_init (&self->common.lock);
  self->recorders = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_recorder_free);
  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)
      candidate_free);
  return self;
}

void
vs_recorder_set_free (VsRecorderSet * self)
{
  g_ptr_array_unref (self->recorders);
  g_ptr_array_unref (self->candidates);
  vs_store_unref (self->store);
  vs_store_unref (self->archive);
  g_free (self->folder);
  g_free (self->event);
  g_free (self->spill_directory);
  g_strfreev (self->renditions);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->common.lock);
  g_free (self);
}

/* ---- choosing ----------------------------------------------------------- */

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
    const gchar * language)
{
  const VsRecorderSettings settings = {
    .store = self->store,
    .archive = self->archive,
    .folder = self->folder,
    .event = self->event,
    .rendition = rendition,
    .language = language,
    .keep_gaps = self->keep_gaps,
    .max_duration = self->max_duration,
    .spill_directory = self->spill_directory,
    .first_sequence = self->first_sequence,
    .has_ended = self->has_ended,
    .common = &self->common,
  };
  VsRecorder *recorder =
      vs_recorder_new (&settings, &self->callbacks, self->user_data);

  if (self->interrupted)
    vs_recorder_interrupt (recorder);
  g_ptr_array_add (self->recorders, recorder);
  return recorder;
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
  self->chosen = TRUE;
  recorder = add_unlocked (self, best->name, best->language);
  /* their bytes, and what is between them, are read back */
  vs_recorder_tell (recorder, best->first, NULL, 0);
  vs_recorder_tell (recorder, best->last, NULL, 0);
  if (self->ended)
    vs_recorder_end (recorder, G_MAXUINT64);
  g_ptr_array_set_size (self->candidates, 0);
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
  VsRecorder *recorder = find_unlocked (self, rendition->name);
  const gchar *const *names = (const gchar * const *) self->renditions;

  if (recorder || self->chosen)
    return recorder;
  if (!self->best)
    return names == NULL || g_strv_contains (names, rendition->name) ?
        add_unlocked (self, rendition->name, rendition->language) : NULL;
  consider_unlocked (self, rendition, segment, video);
  return find_unlocked (self, rendition->name);
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
  if (self->best && !self->chosen)
    choose_unlocked (self);
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
  if (self->candidates->len > 0)
    needed = MIN (needed, self->first_sequence);
  g_mutex_unlock (&self->lock);
  return needed;
}

void
vs_recorder_set_get_follower (VsRecorderSet * self,
    VsArchiveFollower * follower)
{
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
  if (self->best && !self->chosen && self->candidates->len > 0
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
  gboolean all = TRUE;
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
