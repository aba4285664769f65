/* VisionStream: cuts an event's renditions at common boundaries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A cutter's bytes go through its reader and interleaver into its queue of
 * held units. If it is the reference, the rules (vsboundaries.c) see the units
 * first; then the cutter (vscutter.c) gives out those whose segment is decided.
 * A follower does the second part alone, in its own thread, at its next push.
 *
 * A follower that has ended can't come back for the rest. Whoever changes
 * what is decided therefore looks after those that have ended
 * (serve_drained ()). So a cutter may be worked on by several threads, one at
 * a time: whoever sets `busy` under the lock. The order of locks is trivial,
 * for there is one; it is held over no callback.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vssegmenterprivate.h"

#define TICKS G_GINT64_CONSTANT (90000)
/* What a follower may hold before it takes a silent reference's place, or does
 * not wait any longer for a rendition of which nothing is known; one without
 * video leaves others the time to do so first. */
#define HOLD_90K (10 * TICKS)
#define HOLD_AUDIO_90K (12 * TICKS)
#define HOLD_BYTES_MAX (32 * 1024 * 1024)

VsSegmenter *
vs_segmenter_new (const VsSegmenterSettings * settings)
{
  VsSegmenter *segmenter = g_new0 (VsSegmenter, 1);

  g_atomic_ref_count_init (&segmenter->ref_count);
  g_mutex_init (&segmenter->lock);
  g_cond_init (&segmenter->idle);
  g_cond_init (&segmenter->changed);
  vs_boundaries_init (&segmenter->boundaries, settings);
  segmenter->cutters = g_ptr_array_new ();
  return segmenter;
}

VsSegmenter *
vs_segmenter_ref (VsSegmenter * segmenter)
{
  g_atomic_ref_count_inc (&segmenter->ref_count);
  return segmenter;
}

void
vs_segmenter_unref (VsSegmenter * segmenter)
{
  if (!g_atomic_ref_count_dec (&segmenter->ref_count))
    return;
  vs_boundaries_clear (&segmenter->boundaries);
  g_ptr_array_unref (segmenter->cutters);
  g_cond_clear (&segmenter->idle);
  g_cond_clear (&segmenter->changed);
  g_mutex_clear (&segmenter->lock);
  g_free (segmenter);
}

void
vs_segmenter_note_change_unlocked (VsSegmenter * segmenter)
{
  segmenter->version++;
  g_cond_broadcast (&segmenter->changed);
}

guint
vs_segmenter_get_fixed_target (VsSegmenter * segmenter)
{
  guint s;

  g_mutex_lock (&segmenter->lock);
  s = segmenter->boundaries.fixed_target;
  g_mutex_unlock (&segmenter->lock);
  return s;
}

/* The reference is the first rendition with video, else the first of all. At
 * the start it waits until the programmes of those that could come before are
 * known, unless @force. */
static void
elect_unlocked (VsSegmenter * segmenter, gboolean force)
{
  VsCutter *first = NULL;
  gboolean unknown = FALSE;

  if (segmenter->reference != NULL && !segmenter->reference->exhausted)
    return;
  force |= segmenter->boundaries.started;
  segmenter->reference = NULL;
  for (guint i = 0; i < segmenter->cutters->len; i++) {
    VsCutter *cutter = g_ptr_array_index (segmenter->cutters, i);

    if (cutter->exhausted)
      continue;
    unknown |= !cutter->known;
    if (unknown && !force)
      return;
    if (cutter->known && first == NULL)
      first = cutter;
    if (cutter->has_video) {
      first = cutter;
      break;
    }
  }
  segmenter->reference = first;
  if (first == NULL)
    return;
  if (segmenter->led_by_video && !first->has_video)
    vs_boundaries_go_on_with_audio (&segmenter->boundaries);
  segmenter->led_by_video = first->has_video;
}

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  VsCutter *cutter = user_data;
  VsSegmenter *segmenter = cutter->segmenter;
  gboolean has_video = FALSE;

  for (guint i = 0; i < program->n_tracks; i++)
    has_video |= vs_codec_get_media_type (program->tracks[i].codec)
        == VS_MEDIA_VIDEO;
  g_mutex_lock (&segmenter->lock);
  cutter->known = TRUE;
  cutter->has_video = has_video;
  g_mutex_unlock (&segmenter->lock);
  vs_interleaver_set_program (cutter->interleaver, program);
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  VsCutter *cutter = user_data;

  vs_interleaver_push (cutter->interleaver, unit, cutter->running_time);
}

VsCutter *
vs_segmenter_add (VsSegmenter * segmenter, const gchar * name,
    guint16 program_number, const VsCutterCallbacks * callbacks,
    gpointer user_data)
{
  static const VsTsReaderCallbacks reader_callbacks = { on_program, on_unit };
  VsCutter *cutter = g_new0 (VsCutter, 1);

  cutter->segmenter = vs_segmenter_ref (segmenter);
  cutter->name = g_strdup (name);
  cutter->callbacks = *callbacks;
  cutter->user_data = user_data;
  cutter->reader = vs_ts_reader_new (program_number, &reader_callbacks, cutter);
  cutter->interleaver = vs_interleaver_new (vs_cutter_take, cutter);
  g_queue_init (&cutter->held);
  g_queue_init (&cutter->after);
  cutter->video_ahead = VS_TS_NO_TIME;

  g_mutex_lock (&segmenter->lock);
  cutter->next_sequence =
      vs_boundaries_get_next_sequence (&segmenter->boundaries);
  if (segmenter->boundaries.started)
    cutter->stretch_shift = segmenter->boundaries.stretch;
  segmenter->finished = FALSE;
  g_ptr_array_add (segmenter->cutters, cutter);
  g_mutex_unlock (&segmenter->lock);
  return cutter;
}

static void
acquire (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;

  g_mutex_lock (&segmenter->lock);
  while (cutter->busy)
    g_cond_wait (&segmenter->idle, &segmenter->lock);
  cutter->busy = TRUE;
  g_mutex_unlock (&segmenter->lock);
}

static void
note_finished_unlocked (VsSegmenter * segmenter)
{
  for (guint i = 0; i < segmenter->cutters->len; i++) {
    const VsCutter *cutter = g_ptr_array_index (segmenter->cutters, i);

    if (!cutter->exhausted)
      return;
  }
  segmenter->finished = TRUE;
  vs_boundaries_finish (&segmenter->boundaries);
}

/* A drained cutter has given out all that it had. */
static void
note_exhausted_unlocked (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;

  if (!cutter->drained || cutter->exhausted || cutter->held.length > 0)
    return;
  cutter->exhausted = TRUE;
  vs_segmenter_note_change_unlocked (segmenter);
  note_finished_unlocked (segmenter);
}

/* Takes a cutter on as far as it is decided. */
static void
work (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;
  gboolean is_reference, drained;

  g_mutex_lock (&segmenter->lock);
  elect_unlocked (segmenter, FALSE);
  is_reference = segmenter->reference == cutter;
  g_mutex_unlock (&segmenter->lock);

  if (is_reference)
    vs_cutter_examine (cutter);
  vs_cutter_cut (cutter);

  g_mutex_lock (&segmenter->lock);
  note_exhausted_unlocked (cutter);
  elect_unlocked (segmenter, FALSE);
  drained = cutter->drained && !cutter->ended;
  g_mutex_unlock (&segmenter->lock);
  if (drained)
    vs_cutter_finish (cutter);
}

/* Works on a cutter that this thread made busy, and lets it go. */
static void
work_and_release (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;

  g_mutex_lock (&segmenter->lock);
  do {
    cutter->seen = segmenter->version;
    g_mutex_unlock (&segmenter->lock);
    work (cutter);
    g_mutex_lock (&segmenter->lock);
  } while (cutter->drained && !cutter->ended
      && cutter->seen != segmenter->version);
  cutter->busy = FALSE;
  g_cond_broadcast (&segmenter->idle);
  g_mutex_unlock (&segmenter->lock);
}

/* One that ended before the reference got there and has to look again. */
static VsCutter *
find_drained_unlocked (VsSegmenter * segmenter)
{
  for (guint i = 0; i < segmenter->cutters->len; i++) {
    VsCutter *cutter = g_ptr_array_index (segmenter->cutters, i);

    if (cutter->drained && !cutter->ended && !cutter->busy
        && cutter->seen != segmenter->version)
      return cutter;
  }
  return NULL;
}

static void
serve_drained (VsSegmenter * segmenter)
{
  VsCutter *cutter;

  do {
    g_mutex_lock (&segmenter->lock);
    cutter = find_drained_unlocked (segmenter);
    if (cutter != NULL)
      cutter->busy = TRUE;
    g_mutex_unlock (&segmenter->lock);
    if (cutter != NULL)
      work_and_release (cutter);
  } while (cutter != NULL);
}

static gboolean
is_full (const VsCutter * cutter)
{
  return cutter->held_bytes > HOLD_BYTES_MAX || cutter->held_90k >
      (cutter->has_video ? HOLD_90K : HOLD_AUDIO_90K);
}

/* Whether it makes sense that this thread waits for the reference, or for one
 * to be known: not where it is the same that brings it. */
static gboolean
can_wait_unlocked (const VsCutter * cutter)
{
  const VsSegmenter *segmenter = cutter->segmenter;
  const VsCutter *reference = segmenter->reference;

  return segmenter->boundaries.settings.patience > 0 && reference != cutter
      && (reference == NULL || reference->thread != cutter->thread);
}

/* Lets go of @cutter until something changed since it was last worked on.
 * FALSE when nothing did. */
static gboolean
await_change_unlocked (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;
  gint64 deadline = g_get_monotonic_time ()
      + GST_TIME_AS_USECONDS (segmenter->boundaries.settings.patience);
  gboolean in_time = TRUE;

  cutter->busy = FALSE;
  g_cond_broadcast (&segmenter->idle);
  while (in_time && !cutter->flushing && cutter->seen == segmenter->version)
    in_time = g_cond_wait_until (&segmenter->changed, &segmenter->lock,
        deadline);
  while (cutter->busy)
    g_cond_wait (&segmenter->idle, &segmenter->lock);
  cutter->busy = TRUE;
  return in_time || cutter->flushing || cutter->seen != segmenter->version;
}

/* @cutter, which is busy, holds all that it may: waits for the reference to
 * come on. FALSE when that is not to be waited for (any longer). */
static gboolean
wait_for_reference (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;
  gboolean goes_on = TRUE, flushing = FALSE;

  if (cutter->callbacks.may_wait == NULL
      || !cutter->callbacks.may_wait (cutter, cutter->user_data))
    return FALSE;
  while (goes_on && !flushing && is_full (cutter)) {
    g_mutex_lock (&segmenter->lock);
    goes_on = can_wait_unlocked (cutter) && await_change_unlocked (cutter);
    flushing = cutter->flushing;
    cutter->seen = segmenter->version;
    g_mutex_unlock (&segmenter->lock);
    work (cutter);
  }
  return goes_on;
}

/* The reference is silent and @cutter, which is busy, holds too much: it goes
 * on without. TRUE when it became the reference. */
static gboolean
take_over (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;
  g_autofree gchar *text = NULL;
  gboolean taken;

  g_mutex_lock (&segmenter->lock);
  if (segmenter->reference == NULL) {
    elect_unlocked (segmenter, TRUE);
  } else if (segmenter->reference != cutter) {
    text = g_strdup_printf ("rendition %s is silent, or far behind: %s "
        "decides where segments begin now", segmenter->reference->name,
        cutter->name);
    segmenter->reference = cutter;
    vs_segmenter_note_change_unlocked (segmenter);
  }
  taken = segmenter->reference == cutter;
  g_mutex_unlock (&segmenter->lock);
  if (text != NULL)
    cutter->callbacks.warning (cutter, text, cutter->user_data);
  return taken;
}

static void
copy_stats (VsCutter * cutter)
{
  VsTsStats stats;

  vs_ts_reader_get_stats (cutter->reader, &stats);
  g_mutex_lock (&cutter->segmenter->lock);
  cutter->stats = stats;
  g_mutex_unlock (&cutter->segmenter->lock);
}

static void
note_thread (VsCutter * cutter)
{
  g_mutex_lock (&cutter->segmenter->lock);
  cutter->thread = g_thread_self ();
  /* what this thread did not see yet may have come about before */
  cutter->seen = 0;
  g_mutex_unlock (&cutter->segmenter->lock);
}

void
vs_cutter_push (VsCutter * cutter, const guint8 * data, gsize size,
    GstClockTime running_time, gboolean marker)
{
  VsSegmenter *segmenter = cutter->segmenter;

  acquire (cutter);
  note_thread (cutter);
  cutter->running_time = running_time;
  vs_ts_reader_push (cutter->reader, data, size);
  if (marker)
    vs_ts_reader_end_unit (cutter->reader);
  copy_stats (cutter);
  work (cutter);
  if (is_full (cutter) && !wait_for_reference (cutter) && is_full (cutter)
      && take_over (cutter))
    work (cutter);
  work_and_release (cutter);
  serve_drained (segmenter);
}

void
vs_cutter_drain (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;

  acquire (cutter);
  vs_ts_reader_drain (cutter->reader);
  vs_interleaver_drain (cutter->interleaver);
  g_mutex_lock (&segmenter->lock);
  cutter->drained = TRUE;
  vs_segmenter_note_change_unlocked (segmenter);
  g_mutex_unlock (&segmenter->lock);
  work_and_release (cutter);
  serve_drained (segmenter);
}

void
vs_cutter_flush (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;

  acquire (cutter);
  vs_ts_reader_reset (cutter->reader);
  vs_interleaver_flush (cutter->interleaver);
  vs_cutter_forget (cutter);
  g_mutex_lock (&segmenter->lock);
  cutter->drained = cutter->exhausted = cutter->ended = FALSE;
  cutter->flushing = FALSE;
  segmenter->finished = FALSE;
  g_mutex_unlock (&segmenter->lock);
  work_and_release (cutter);
}

void
vs_cutter_set_flushing (VsCutter * cutter, gboolean flushing)
{
  VsSegmenter *segmenter = cutter->segmenter;

  g_mutex_lock (&segmenter->lock);
  cutter->flushing = flushing;
  g_cond_broadcast (&segmenter->changed);
  g_mutex_unlock (&segmenter->lock);
}

void
vs_cutter_free (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;

  acquire (cutter);
  g_mutex_lock (&segmenter->lock);
  g_ptr_array_remove (segmenter->cutters, cutter);
  if (segmenter->reference == cutter)
    segmenter->reference = NULL;
  elect_unlocked (segmenter, FALSE);
  note_finished_unlocked (segmenter);
  vs_segmenter_note_change_unlocked (segmenter);
  g_mutex_unlock (&segmenter->lock);

  vs_cutter_forget (cutter);
  vs_ts_reader_free (cutter->reader);
  vs_interleaver_free (cutter->interleaver);
  g_clear_pointer (&cutter->program, vs_ts_program_free);
  g_clear_pointer (&cutter->next_program, vs_ts_program_free);
  g_clear_pointer (&cutter->writer, vs_ts_writer_free);
  g_clear_pointer (&cutter->segment, vs_segment_unref);
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++)
    g_clear_pointer (&cutter->configs[i], vs_codec_config_unref);
  g_free (cutter->name);
  g_free (cutter);
  serve_drained (segmenter);
  vs_segmenter_unref (segmenter);
}

const gchar *
vs_cutter_get_name (VsCutter * cutter)
{
  return cutter->name;
}

const VsTsProgram *
vs_cutter_get_program (VsCutter * cutter)
{
  return cutter->program;
}

void
vs_cutter_get_stats (VsCutter * cutter, VsTsStats * stats)
{
  g_mutex_lock (&cutter->segmenter->lock);
  *stats = cutter->stats;
  g_mutex_unlock (&cutter->segmenter->lock);
}
