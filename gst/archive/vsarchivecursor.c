/* VisionStream: an archive, read as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A seek (the range's start is the first one) finds the segment with the
 * keyframe that is wanted; from there on the cursor goes from entry to entry.
 * What is given is at its place in the archive's time where it does not go on
 * from what was given before, else as far behind that as its PTS tells.
 */
#include "config.h"
#include "archive/vsarchivecursor.h"

#include <string.h>

#include "archive/vsarchiveclip.h"
#include "archive/vsarchiverendition.h"
#include "mpegts/vstsjoiner.h"
#include "mpegts/vstspieces.h"

/* Another maker's clock that is this far off the playlist's has jumped. */
#define JUMP_US G_USEC_PER_SEC
/* How many segments are looked into for the keyframe after the stop, ahead of
 * the reading, to tell the duration */
#define END_ATTEMPTS 4
#define FOREVER G_MAXINT64

/* What comes of a step */
typedef enum
{
  STEP_GIVEN,
  STEP_AGAIN,
  STEP_WAIT,                    /* for more segments */
  STEP_END,
  STEP_FAILED
} Step;

struct _VsArchiveCursor
{
  VsArchiveRendition *archive;
  guint64 id;                   /* of its timeline */
  VsArchiveCursorSettings settings;     /* without its strings */

  /* the range; UTC */
  gboolean ranged;
  gint64 start_us, stop_us;
  gboolean end_known;
  gint64 found_end_us;          /* of the keyframe at which it ends */
  gboolean has_origin;
  gint64 origin_us;             /* of the first keyframe, holes closed up */

  /* where to go */
  gboolean placed;
  gint64 seek_us;               /* position; 0 at first */
  VsArchiveSnap snap;
  GstClockTime seek_stop;

  /* where it is */
  guint64 next;
  gboolean has_from, needs_key;
  VsTsKey from;
  VsArchiveClip *clip;          /* that was loaded last */
  VsSegment *previous;          /* that was given last, as listed; or NULL */
  gint64 anchor_90k, next_90k;  /* the clock of what was given */
  GstClockTime anchor;          /* position of anchor_90k */
  GstClockTime end;             /* position up to which was given */
  VsTsJoiner *joiner;
  guint64 missed;               /* what was gone, and is looked for again */
};

void
vs_archive_chunk_free (VsArchiveChunk * chunk)
{
  g_clear_pointer (&chunk->segment, vs_segment_unref);
  g_clear_pointer (&chunk->bytes, g_bytes_unref);
  g_clear_pointer (&chunk->pieces, g_array_unref);
  g_clear_error (&chunk->problem);
  g_free (chunk);
}

/* ---- time --------------------------------------------------------------- */

static gboolean
to_utc (VsArchiveCursor * self, const VsArchiveTime * time, gint64 fallback_us,
    gint64 * utc_us, GError ** error)
{
  gint64 closed_us = vs_archive_rendition_close_up (self->archive,
      self->archive->oldest_us) + time->us;

  switch (time->kind) {
    case VS_ARCHIVE_TIME_NONE:
      *utc_us = fallback_us;
      return TRUE;
    case VS_ARCHIVE_TIME_UTC:
      *utc_us = time->us;
      return vs_archive_rendition_look_for_holes (self->archive, *utc_us,
          G_MININT64, error);
    case VS_ARCHIVE_TIME_START:
      if (!vs_archive_rendition_look_for_holes (self->archive, G_MININT64,
              closed_us, error))
        return FALSE;
      *utc_us = vs_archive_rendition_open_up (self->archive, closed_us);
      return TRUE;
    default:
      if (!vs_archive_rendition_look_for_holes (self->archive, FOREVER, FOREVER,
              error))
        return FALSE;
      *utc_us =
          vs_archive_rendition_open_up (self->archive,
          vs_archive_rendition_close_up (self->archive,
              self->archive->end_us) - time->us);
      *utc_us = MAX (*utc_us, self->archive->oldest_us);
      return TRUE;
  }
}

static gboolean
find_range (VsArchiveCursor * self, GError ** error)
{
  const VsArchiveTime *start = &self->settings.start;
  const VsArchiveTime *stop = &self->settings.stop;

  if ((start->kind == VS_ARCHIVE_TIME_UTC || stop->kind == VS_ARCHIVE_TIME_UTC)
      && !vs_archive_rendition_has_dates (self->archive)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s tells no dates (EXT-X-PROGRAM-DATE-TIME): give offsets",
        self->archive->place);
    return FALSE;
  }
  if (!vs_archive_rendition_look_for_holes (self->archive,
          self->archive->oldest_us, G_MININT64, error)
      || !to_utc (self, start, self->archive->oldest_us, &self->start_us, error)
      || !to_utc (self, stop, FOREVER, &self->stop_us, error))
    return FALSE;
  if (self->stop_us <= self->start_us) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s: the stop is not after the start", self->archive->place);
    return FALSE;
  }
  self->ranged = TRUE;
  return TRUE;
}

/* Position of UTC @utc_us, µs */
static gint64
to_position (VsArchiveCursor * self, gint64 utc_us)
{
  return vs_archive_rendition_close_up (self->archive,
      utc_us) - self->origin_us;
}

/* ---- problems ----------------------------------------------------------- */

/* What a reader can leave out and go on behind. */
static gboolean
is_of_one_segment (const GError * error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE);
}

static VsArchiveChunk *
chunk_new (VsSegment * segment, gint64 position_us)
{
  VsArchiveChunk *chunk = g_new0 (VsArchiveChunk, 1);

  chunk->segment = segment;
  chunk->position = MAX (position_us, 0) * GST_USECOND;
  return chunk;
}

/* (transfer full) @problem: @segment is left out. */
static Step
skip (VsArchiveCursor * self, const VsSegment * segment, GError * problem,
    VsArchiveChunk ** chunk, GError ** error)
{
  VsSegment *lost;

  if (self->settings.fail || (!is_of_one_segment (problem))) {
    g_propagate_error (error, problem);
    return STEP_FAILED;
  }
  if (self->archive->holes)
    vs_archive_holes_lose (self->archive->holes, segment);
  lost = vs_segment_copy (segment);
  lost->gap = TRUE;
  lost->n_tracks = 0;
  lost->size = 0;
  memset (lost->sha256, 0, sizeof lost->sha256);
  *chunk = chunk_new (lost, self->has_origin ?
      to_position (self, segment->utc_us) : 0);
  (*chunk)->problem = problem;
  g_clear_pointer (&self->previous, vs_segment_unref);
  self->next = segment->sequence + 1;
  self->has_from = FALSE;
  self->needs_key = TRUE;
  return STEP_GIVEN;
}

/* ---- segments ----------------------------------------------------------- */

static gboolean
goes_on (VsArchiveCursor * self, const VsSegment * segment)
{
  const VsSegment *previous = self->previous;

  if (previous == NULL || segment->discontinuity
      || segment->sequence != previous->sequence + 1)
    return FALSE;
  /* another maker's runs are counted from where its playlist begins now */
  return self->archive->foreign ? segment->discontinuity_sequence ==
      previous->discontinuity_sequence : segment->run == previous->run;
}

static gboolean
load (VsArchiveCursor * self, const VsSegment * segment,
    GCancellable * cancellable, GError ** error)
{
  gint64 near_90k = goes_on (self, segment) ? self->next_90k : 0;

  if (self->clip && self->clip->entry->sequence == segment->sequence
      && (!self->archive->foreign
          || ABS (self->clip->entry->start_pts_90k - near_90k) <=
          VS_TS_CLOCK_WRAP / 2))
    return TRUE;
  g_clear_pointer (&self->clip, vs_archive_clip_free);
  self->clip =
      vs_archive_clip_load (self->archive->reader, segment,
      self->archive->foreign, near_90k, cancellable, error);
  return self->clip != NULL;
}

/* ---- seeking ------------------------------------------------------------ */

/* Another one may have the keyframe that is looked for: the one before, as long
 * as it goes on from that. */
static VsSegment *
step_back (VsArchiveCursor * self, const VsSegment * segment)
{
  g_autoptr (VsSegment) before =
      segment->discontinuity
      || segment->sequence <=
      self->archive->history.oldest ? NULL : vs_history_get (&self->
      archive->history, segment->sequence - 1, NULL);

  return before && before->run == segment->run && !before->gap ?
      g_steal_pointer (&before) : NULL;
}

/* @next: (out): it is the one that the segment after it begins with */
static const VsTsKey *
choose_key (VsArchiveCursor * self, gint64 utc_us, gboolean back,
    gboolean * next)
{
  const VsTsKey *before = vs_archive_clip_key_before (self->clip, utc_us);
  const VsTsKey *after = vs_archive_clip_key_after (self->clip, utc_us);
  const VsSegment *entry = self->clip->entry;
  gint64 after_us = after ?
      vs_archive_clip_to_utc (self->clip, after->pts_90k) :
      vs_archive_end_us (entry);

  *next = FALSE;
  if (back || self->snap == VS_ARCHIVE_SNAP_BEFORE)
    return before;
  if (self->snap == VS_ARCHIVE_SNAP_NEAREST && before && after_us - utc_us >=
      utc_us - vs_archive_clip_to_utc (self->clip, before->pts_90k))
    return before;
  *next = after == NULL && (self->snap == VS_ARCHIVE_SNAP_AFTER
      || entry->sequence + 1 < self->archive->history.next);
  return after || *next ? after : before;
}

static void
go_to (VsArchiveCursor * self, guint64 sequence, const VsTsKey * key)
{
  self->placed = TRUE;
  self->next = sequence;
  self->has_from = key != NULL;
  self->needs_key = key == NULL;
  if (key)
    self->from = *key;
}

/* Goes to the keyframe for @utc_us, which @first is to hold. What can't be read
 * is met again, and told, when it is its turn. */
static gboolean
place_within (VsArchiveCursor * self, VsSegment * first, gint64 utc_us,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (VsSegment) segment = vs_segment_ref (first);
  gboolean back = FALSE;

  for (;;) {
    g_autoptr (GError) problem = NULL;
    const VsTsKey *key;
    VsSegment *before;
    gboolean next;

    if (!load (self, segment, cancellable, &problem)) {
      if (!is_of_one_segment (problem)) {
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
      }
      go_to (self, back ? segment->sequence + 1 : segment->sequence, NULL);
      return TRUE;
    }
    key = choose_key (self, utc_us, back, &next);
    before = key || next ? NULL : step_back (self, segment);
    if (before == NULL) {
      go_to (self, segment->sequence + next, key);
      return TRUE;
    }
    vs_segment_unref (segment);
    segment = before;
    back = TRUE;
  }
}

/* UTC of what was asked for; of the range's start while its keyframe is not
 * known yet. */
static gboolean
find_target (VsArchiveCursor * self, gint64 * utc_us, GError ** error)
{
  gint64 closed_us = self->origin_us + self->seek_us;

  *utc_us = self->start_us;
  if (!self->has_origin)
    return TRUE;
  if (!vs_archive_rendition_look_for_holes (self->archive, G_MININT64,
          closed_us, error))
    return FALSE;
  *utc_us = vs_archive_rendition_open_up (self->archive, closed_us);
  return TRUE;
}

static Step
say_empty (VsArchiveCursor * self, GError ** error)
{
  g_autoptr (GDateTime) from =
      g_date_time_new_from_unix_utc (self->archive->oldest_us / G_USEC_PER_SEC);
  g_autoptr (GDateTime) to =
      g_date_time_new_from_unix_utc (self->archive->end_us / G_USEC_PER_SEC);
  g_autofree gchar *from_text = g_date_time_format_iso8601 (from);
  g_autofree gchar *to_text = g_date_time_format_iso8601 (to);

  /* a seek behind the end is just that */
  if (self->has_origin || vs_archive_rendition_is_empty (self->archive))
    return STEP_END;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "%s has nothing in the range: it is from %s to %s, %.3f s",
      self->archive->place, from_text, to_text,
      (self->archive->end_us -
          self->archive->oldest_us) / (gdouble) G_USEC_PER_SEC);
  return STEP_FAILED;
}

static Step
place (VsArchiveCursor * self, GCancellable * cancellable, GError ** error)
{
  g_autoptr (VsSegment) segment = NULL;
  guint64 sequence;
  gint64 utc_us;

  if (!find_target (self, &utc_us, error))
    return STEP_FAILED;
  if (utc_us >= self->archive->end_us)
    return vs_archive_rendition_can_grow (self->archive) ? STEP_WAIT :
        say_empty (self, error);
  if (!vs_archive_rendition_find (self->archive, utc_us, &sequence, error))
    return STEP_FAILED;
  segment = vs_history_get (&self->archive->history, sequence, error);
  if (segment == NULL)
    return STEP_FAILED;
  if (utc_us >= vs_archive_end_us (segment)
      && sequence + 1 < self->archive->history.next) {
    /* nothing is stored of that time: what comes after it */
    go_to (self, sequence + 1, NULL);
    return STEP_AGAIN;
  }
  if (segment->gap) {
    go_to (self, sequence, NULL);
    return STEP_AGAIN;
  }
  return place_within (self, segment, utc_us, cancellable, error) ?
      STEP_AGAIN : STEP_FAILED;
}

/* ---- the end ------------------------------------------------------------ */

/* UTC at which what is read ends, as it was asked for */
static gint64
get_stop (VsArchiveCursor * self)
{
  gint64 closed_us;

  if (!GST_CLOCK_TIME_IS_VALID (self->seek_stop))
    return self->stop_us;
  closed_us = self->origin_us + GST_TIME_AS_USECONDS (self->seek_stop);
  return MIN (self->stop_us, vs_archive_rendition_open_up (self->archive,
          closed_us));
}

/* Whether the stop is so far ahead of @segment that none of it is wanted. */
static gboolean
is_behind_stop (VsArchiveCursor * self, const VsSegment * segment,
    gint64 stop_us)
{
  if (stop_us == FOREVER || segment->utc_us < stop_us - VS_ARCHIVE_SLACK_US)
    return FALSE;
  /* another maker's has sound of the time before */
  return !goes_on (self, segment) || (segment->independent
      && !self->archive->foreign);
}

/* The keyframe of the loaded segment at which it ends, or NULL. */
static const VsTsKey *
find_end (VsArchiveCursor * self, gint64 stop_us)
{
  if (stop_us == FOREVER
      || vs_archive_end_us (self->clip->entry) <= stop_us - VS_ARCHIVE_SLACK_US)
    return NULL;
  return vs_archive_clip_key_after (self->clip, stop_us);
}

static void
set_end (VsArchiveCursor * self, gint64 utc_us)
{
  self->end_known = TRUE;
  self->found_end_us = utc_us;
}

/* Looks where the range ends, for its duration. What can't be found out is
 * left to the reading. */
static void
look_for_end (VsArchiveCursor * self, GCancellable * cancellable)
{
  guint64 sequence;

  if (self->end_known || vs_archive_rendition_is_empty (self->archive)
      || self->archive->end_us <= self->stop_us
      || !vs_archive_rendition_find (self->archive, self->stop_us, &sequence,
          NULL))
    return;
  for (guint i = 0;
      i < END_ATTEMPTS && sequence + i < self->archive->history.next; i++) {
    g_autoptr (VsSegment) segment =
        vs_history_get (&self->archive->history, sequence + i, NULL);
    const VsTsKey *key;

    if (segment == NULL || segment->gap)
      return;
    if (segment->utc_us >= self->stop_us - VS_ARCHIVE_SLACK_US
        && segment->independent && !self->archive->foreign) {
      set_end (self, segment->utc_us);
      return;
    }
    if (vs_archive_end_us (segment) <= self->stop_us) {
      set_end (self, vs_archive_end_us (segment));
      return;
    }
    key = load (self, segment, cancellable, NULL) ?
        find_end (self, self->stop_us) : NULL;
    if (key) {
      set_end (self, vs_archive_clip_to_utc (self->clip, key->pts_90k));
      return;
    }
  }
}

/* Position 0 is the first keyframe's, or, where it can't be read, that of the
 * segment that is to have it. */
static gboolean
set_origin (VsArchiveCursor * self, GError ** error)
{
  g_autoptr (VsSegment) segment = NULL;

  if (self->has_from) {
    self->origin_us = vs_archive_clip_to_utc (self->clip, self->from.pts_90k);
  } else {
    segment = vs_history_get (&self->archive->history,
        MIN (self->next, self->archive->history.next - 1), error);
    if (segment == NULL)
      return FALSE;
    self->origin_us = segment->utc_us;
  }
  if (!vs_archive_rendition_look_for_holes (self->archive, self->origin_us,
          G_MININT64, error))
    return FALSE;
  self->origin_us =
      vs_archive_rendition_close_up (self->archive, self->origin_us);
  self->has_origin = TRUE;
  return TRUE;
}

/* Goes where it was asked to, by way of the range's start the first time. */
static Step
go (VsArchiveCursor * self, GCancellable * cancellable, GError ** error)
{
  VsArchiveSnap snap = self->snap;
  Step step;

  if (vs_archive_rendition_is_empty (self->archive))
    return vs_archive_rendition_can_grow (self->archive) ? STEP_WAIT : STEP_END;
  if (!self->has_origin) {
    look_for_end (self, cancellable);
    self->snap = VS_ARCHIVE_SNAP_BEFORE;
    step = place (self, cancellable, error);
    self->snap = snap;
    if (step != STEP_AGAIN)
      return step;
    if (!set_origin (self, error)) {
      self->placed = FALSE;
      return STEP_FAILED;
    }
    if (self->seek_us == 0)
      return STEP_AGAIN;
    self->placed = FALSE;
  }
  return place (self, cancellable, error);
}

/* ---- giving ------------------------------------------------------------- */

/* Where @segment is; @discont: (inout) */
static GstClockTime
find_position (VsArchiveCursor * self, const VsSegment * segment,
    gboolean * discont)
{
  gint64 ticks = segment->start_pts_90k - self->anchor_90k;
  gint64 listed_us = to_position (self, segment->utc_us);
  gint64 counted_us = GST_TIME_AS_USECONDS (self->anchor) + ticks * 100 / 9;

  *discont |= vs_archive_rendition_has_dates (self->archive)
      && ABS (counted_us - listed_us) > JUMP_US;
  if (!*discont)
    return self->anchor + gst_util_uint64_scale (MAX (ticks, 0), GST_SECOND,
        90000);
  self->anchor_90k = segment->start_pts_90k;
  self->anchor = MAX (MAX (listed_us, 0) * GST_USECOND, self->end);
  return self->anchor;
}

/* (transfer full) @bytes, @segment */
static Step
give (VsArchiveCursor * self, const VsSegment * entry, VsSegment * segment,
    GBytes * bytes, VsArchiveChunk ** chunk, GError ** error)
{
  GBytes *stored = self->clip->bytes;
  VsArchiveChunk *given = chunk_new (segment, 0);

  given->discont = !goes_on (self, entry);
  given->position = find_position (self, segment, &given->discont);
  given->bytes = (self->clip->rewritten ? vs_ts_joiner_add_counted :
      vs_ts_joiner_add) (self->joiner, bytes, given->discont);
  given->whole = given->bytes == stored && !self->clip->rewritten;
  given->pieces =
      vs_ts_find_pieces (given->bytes, segment->start_pts_90k, error);
  g_clear_pointer (&self->previous, vs_segment_unref);
  self->previous = vs_segment_copy (entry);
  self->next = entry->sequence + 1;
  self->end = given->position + segment->duration;
  self->next_90k = segment->start_pts_90k
      + gst_util_uint64_scale (segment->duration, 90000, GST_SECOND);
  self->has_from = self->needs_key = FALSE;
  g_clear_pointer (&self->clip, vs_archive_clip_free);
  if (given->pieces == NULL) {
    vs_archive_chunk_free (given);
    return STEP_FAILED;
  }
  *chunk = given;
  return STEP_GIVEN;
}

/* Whether all is wanted, and this is where it begins: then also the sound that
 * stands ahead of the first keyframe of another maker's, as priming does. */
static gboolean
is_beginning (VsArchiveCursor * self)
{
  return self->settings.start.kind == VS_ARCHIVE_TIME_NONE
      && self->clip->entry->sequence == self->archive->history.oldest
      && self->from.index == 0;
}

/* From which keyframe of the loaded segment on; FALSE: it has none, and one is
 * needed. */
static gboolean
find_from (VsArchiveCursor * self, const VsTsKey ** from)
{
  *from = self->has_from && !is_beginning (self) ? &self->from : NULL;
  if (!self->needs_key || (self->clip->entry->independent
          && !self->archive->foreign))
    return TRUE;
  *from = vs_archive_clip_first_key (self->clip);
  return *from != NULL;
}

static Step
cut_and_give (VsArchiveCursor * self, const VsSegment * entry,
    gint64 stop_us, VsArchiveChunk ** chunk, GError ** error)
{
  const VsTsKey *to = find_end (self, stop_us);
  const VsTsKey *from;
  VsSegment *segment;
  GBytes *bytes;
  Step step;

  if (!find_from (self, &from)) {
    self->next = entry->sequence + 1;
    return to ? STEP_END : STEP_AGAIN;
  }
  if (to && stop_us == self->stop_us)
    set_end (self, vs_archive_clip_to_utc (self->clip, to->pts_90k));
  if (to && from && to->index <= from->index)
    return STEP_END;
  bytes = vs_archive_clip_cut (self->clip, from, to, &segment);
  if (bytes == NULL)
    return STEP_END;
  step = give (self, entry, segment, bytes, chunk, error);
  /* nothing more of it, nor of what follows */
  if (to)
    self->next = G_MAXUINT64;
  return step;
}

static gboolean
refresh (VsArchiveCursor * self, GCancellable * cancellable, GError ** error)
{
  if (!vs_archive_rendition_refresh (self->archive, cancellable, error))
    return FALSE;
  if (self->id == self->archive->state.id)
    return TRUE;
  /* much was removed, or the archive was made anew: then, where its numbers
   * are lower, it is read from its beginning */
  self->id = self->archive->state.id;
  if (self->next > self->archive->history.next)
    self->next = self->archive->history.oldest;
  self->has_from = FALSE;
  self->needs_key = TRUE;
  g_clear_pointer (&self->clip, vs_archive_clip_free);
  g_clear_pointer (&self->previous, vs_segment_unref);
  return TRUE;
}

/* A segment can't be read. One that is gone may have been removed since the
 * playlist was read. */
static Step
miss (VsArchiveCursor * self, const VsSegment * entry, GError * problem,
    VsArchiveChunk ** chunk, GCancellable * cancellable, GError ** error)
{
  if (!vs_archive_rendition_can_grow (self->archive)
      || self->missed == entry->sequence
      || !g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return skip (self, entry, problem, chunk, error);
  g_error_free (problem);
  self->missed = entry->sequence;
  return refresh (self, cancellable, error) ? STEP_AGAIN : STEP_FAILED;
}

static Step
give_next (VsArchiveCursor * self, const VsSegment * entry,
    VsArchiveChunk ** chunk, GCancellable * cancellable, GError ** error)
{
  GError *problem = NULL;
  gint64 stop_us;

  if (!vs_archive_rendition_look_for_holes (self->archive,
          vs_archive_end_us (entry), G_MININT64, error))
    return STEP_FAILED;
  stop_us = get_stop (self);
  if (is_behind_stop (self, entry, stop_us)) {
    if (stop_us == self->stop_us && !self->end_known)
      set_end (self,
          self->previous ? vs_archive_end_us (self->previous) : entry->utc_us);
    return STEP_END;
  }
  if (!load (self, entry, cancellable, &problem))
    return miss (self, entry, problem, chunk, cancellable, error);
  return cut_and_give (self, entry, stop_us, chunk, error);
}

/* Retention was faster than whoever reads. */
static Step
skip_pruned (VsArchiveCursor * self, VsArchiveChunk ** chunk, GError ** error)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();
  guint64 first = self->next;
  Step step;

  segment->sequence = first;
  segment->utc_us = self->archive->oldest_us;
  segment->duration = 0;
  step = skip (self, segment, g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
          "%s: segments %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
          " of %s were removed before they were read", self->archive->place,
          first, self->archive->history.oldest - 1, self->archive->name), chunk,
      error);
  self->next = self->archive->history.oldest;
  return step;
}

static Step
read_next (VsArchiveCursor * self, VsArchiveChunk ** chunk,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (VsSegment) entry = NULL;
  GError *problem = NULL;

  if (self->next == G_MAXUINT64)
    return STEP_END;
  if (self->next >= self->archive->history.next)
    return vs_archive_rendition_can_grow (self->archive) ? STEP_WAIT : STEP_END;
  if (self->next < self->archive->history.oldest)
    return skip_pruned (self, chunk, error);
  entry = vs_history_get (&self->archive->history, self->next, &problem);
  if (entry == NULL) {
    g_autoptr (VsSegment) lost = vs_segment_new ();

    lost->sequence = self->next;
    lost->utc_us = self->archive->oldest_us;
    lost->duration = 0;
    return skip (self, lost, problem, chunk, error);
  }
  return give_next (self, entry, chunk, cancellable, error);
}

VsArchiveChunk *
vs_archive_cursor_next (VsArchiveCursor * self, GCancellable * cancellable,
    GError ** error)
{
  VsArchiveChunk *chunk = NULL;

  for (;;) {
    Step step;

    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return NULL;
    if (!self->ranged && !vs_archive_rendition_is_empty (self->archive)
        && !find_range (self, error))
      return NULL;
    step = self->placed ?
        read_next (self, &chunk, cancellable, error) :
        go (self, cancellable, error);
    if (step == STEP_GIVEN)
      return chunk;
    if (step == STEP_END || step == STEP_FAILED)
      return NULL;
    if (step == STEP_WAIT
        && (!vs_archive_rendition_pause (self->archive, cancellable, error)
            || !refresh (self, cancellable, error)))
      return NULL;
    if (self->archive->trouble) {
      chunk = chunk_new (NULL, 0);
      chunk->problem = g_steal_pointer (&self->archive->trouble);
      return chunk;
    }
  }
}

/* ---- the cursor --------------------------------------------------------- */

VsArchiveCursor *
vs_archive_cursor_open (VsStore * store, const gchar * account,
    const gchar * event, const gchar * breakout,
    const VsArchiveCursorSettings * settings, GCancellable * cancellable,
    GError ** error)
{
  VsArchiveRendition *archive = vs_archive_rendition_open (store, account,
      event, breakout, settings->playlist, settings->rendition, cancellable,
      error);
  VsArchiveCursor *self;

  if (archive == NULL)
    return NULL;
  archive->follow = settings->follow;
  archive->holes = settings->close_gaps ? vs_archive_holes_new () : NULL;
  self = g_new0 (VsArchiveCursor, 1);
  self->archive = archive;
  self->id = archive->state.id;
  self->settings = *settings;
  self->settings.rendition = self->settings.playlist = NULL;
  self->joiner = vs_ts_joiner_new ();
  self->stop_us = FOREVER;
  self->seek_stop = GST_CLOCK_TIME_NONE;
  return self;
}

void
vs_archive_cursor_free (VsArchiveCursor * self)
{
  vs_archive_rendition_free (self->archive);
  g_clear_pointer (&self->clip, vs_archive_clip_free);
  g_clear_pointer (&self->previous, vs_segment_unref);
  vs_ts_joiner_free (self->joiner);
  g_free (self);
}

void
vs_archive_cursor_seek (VsArchiveCursor * self, GstClockTime position,
    VsArchiveSnap snap, GstClockTime stop)
{
  self->seek_us = GST_TIME_AS_USECONDS (position);
  self->snap = snap;
  self->seek_stop = stop;
  self->placed = FALSE;
  self->end = 0;
  g_clear_pointer (&self->previous, vs_segment_unref);
  vs_ts_joiner_reset (self->joiner);
}

GstClockTime
vs_archive_cursor_get_duration (VsArchiveCursor * self)
{
  gint64 end_us = self->end_known ? self->found_end_us :
      MIN (self->archive->end_us, self->stop_us);

  if (!self->has_origin)
    return GST_CLOCK_TIME_NONE;
  return MAX (to_position (self, end_us), 0) * GST_USECOND;
}

GstClockTime
vs_archive_cursor_get_oldest (VsArchiveCursor * self)
{
  if (!self->has_origin)
    return 0;
  return MAX (to_position (self, self->archive->oldest_us), 0) * GST_USECOND;
}

gboolean
vs_archive_cursor_is_growing (VsArchiveCursor * self)
{
  return vs_archive_rendition_can_grow (self->archive) && !self->end_known;
}

gboolean
vs_archive_cursor_is_foreign (VsArchiveCursor * self)
{
  return self->archive->foreign;
}

VsRendition *
vs_archive_cursor_get_rendition (VsArchiveCursor * self)
{
  return vs_timeline_get_rendition (self->archive->timeline);
}
