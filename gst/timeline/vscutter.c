/* VisionStream: cuts one rendition at an event's boundaries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Units come in decoding order and stay in `held` until it is decided which
 * segment they belong to. Near a boundary the tracks go over to the next
 * segment one by one: each unit that has reached the boundary waits in `after`
 * until the order comes to the boundary's time. No unit after that can belong
 * to the segment before: it is closed, the next one is opened, and `after` is
 * looked at again.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "timeline/vssegmenterprivate.h"
#include "timeline/vsframegrid.h"

#define TICKS G_GINT64_CONSTANT (90000)
/* A rendition whose clock runs on this far past the end of a stretch did not
 * jump with the reference. */
#define OVERRUN_90K (2 * TICKS)
/* What waits for the order to come to a boundary; past it the boundary is
 * taken, for the clock stands still. Tracks are a second or two apart. */
#define AFTER_BYTES_MAX (32 * 1024 * 1024)

void
vs_cutter_take (VsMediaUnit * unit, gpointer user_data)
{
  VsCutter *cutter = user_data;

  unit->stretch += cutter->stretch_shift;
  g_queue_push_tail (&cutter->held, unit);
  if (cutter->unexamined == NULL)
    cutter->unexamined = cutter->held.tail;
  if (unit->leads)
    cutter->held_90k += unit->duration_90k;
  cutter->held_bytes += vs_media_unit_get_footprint (unit);
}

/* (transfer full) */
static VsMediaUnit *
pop_held (VsCutter * cutter)
{
  VsMediaUnit *unit;

  if (cutter->unexamined == cutter->held.head)
    cutter->unexamined = cutter->unexamined->next;
  unit = g_queue_pop_head (&cutter->held);
  if (unit->leads)
    cutter->held_90k -= unit->duration_90k;
  cutter->held_bytes -= vs_media_unit_get_footprint (unit);
  return unit;
}

/* The units that waited for the turn come first again. */
static void
unpop_after (VsCutter * cutter)
{
  gboolean unexamined = cutter->unexamined == cutter->held.head;
  VsMediaUnit *unit;

  while ((unit = g_queue_pop_tail (&cutter->after)) != NULL) {
    g_queue_push_head (&cutter->held, unit);
    if (unit->leads)
      cutter->held_90k += unit->duration_90k;
    cutter->held_bytes += vs_media_unit_get_footprint (unit);
  }
  if (unexamined)
    cutter->unexamined = cutter->held.head;
  cutter->after_bytes = 0;
  cutter->ahead = 0;
  cutter->video_ahead = VS_TS_NO_TIME;
}

static void
warn (VsCutter * cutter, const gchar * text)
{
  cutter->callbacks.warning (cutter, text, cutter->user_data);
}

/* As the reference: decides on the boundaries. */
void
vs_cutter_examine (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;

  for (; cutter->unexamined; cutter->unexamined = cutter->unexamined->next) {
    const VsMediaUnit *unit = cutter->unexamined->data;
    const gchar *text = NULL;

    if (unit->program != NULL)
      continue;
    g_mutex_lock (&segmenter->lock);
    text = vs_boundaries_examine (&segmenter->boundaries, unit);
    vs_segmenter_note_change_unlocked (segmenter);
    g_mutex_unlock (&segmenter->lock);
    if (text != NULL)
      warn (cutter, text);
  }
}

/* Finds for each track of the programme that comes the track that is written:
 * the first of its kind that is not taken. */
static void
map_tracks (VsCutter * cutter, const VsTsProgram * from)
{
  gboolean taken[VS_TS_MAX_TRACKS] = { FALSE, };

  for (guint i = 0; i < from->n_tracks; i++) {
    cutter->map[i] = -1;
    for (guint j = 0; j < cutter->program->n_tracks; j++) {
      const VsTsTrack *a = &from->tracks[i], *b = &cutter->program->tracks[j];

      if (!taken[j] && a->codec == b->codec
          && a->stream_type == b->stream_type
          && strcmp (a->language, b->language) == 0) {
        cutter->map[i] = j;
        taken[j] = TRUE;
        break;
      }
    }
  }
}

static void
add_track (VsCutter * cutter, guint n, VsMediaType type)
{
  VsCutterTrack *track = &cutter->tracks[n];

  memset (track, 0, sizeof *track);
  track->type = type;
  track->index = VS_TS_MAX_TRACKS;
  for (guint i = 0; i < cutter->program->n_tracks; i++) {
    if (vs_codec_get_media_type (cutter->program->tracks[i].codec) == type) {
      track->index = i;
      break;
    }
  }
}

static void
adopt_program (VsCutter * cutter, VsTsProgram * program)
{
  g_clear_pointer (&cutter->program, vs_ts_program_free);
  g_clear_pointer (&cutter->writer, vs_ts_writer_free);
  cutter->program = program;
  cutter->writer = vs_ts_writer_new (program);
  map_tracks (cutter, program);
  add_track (cutter, 0, VS_MEDIA_VIDEO);
  add_track (cutter, 1, VS_MEDIA_AUDIO);
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++) {
    g_clear_pointer (&cutter->configs[i], vs_codec_config_unref);
    cutter->written[i] = 0;
  }
}

/* Another programme takes over at the next boundary; up to there the tracks
 * that it shares with the one before go on. */
static void
follow_program (VsCutter * cutter, VsMediaUnit * unit)
{
  VsTsProgram *program = g_steal_pointer (&unit->program);

  if (cutter->program == NULL || cutter->segment == NULL) {
    g_clear_pointer (&cutter->next_program, vs_ts_program_free);
    adopt_program (cutter, program);
    return;
  }
  map_tracks (cutter, program);
  g_clear_pointer (&cutter->next_program, vs_ts_program_free);
  cutter->next_program = program;
}

static void
open_segment (VsCutter * cutter, const VsBoundary * boundary)
{
  VsSegment *segment = vs_segment_new ();
  gboolean fresh = cutter->segment == NULL
      || boundary->stretch != cutter->stretch || cutter->dropped;

  segment->sequence = boundary->sequence;
  segment->discontinuity_sequence = boundary->discontinuity_sequence;
  segment->discontinuity = boundary->discontinuity;
  segment->run = boundary->run;
  segment->run_start_pts_90k = boundary->run_start_90k;
  segment->start_pts_90k = boundary->pts_90k;
  segment->utc_us = boundary->utc_us;
  segment->event_utc_us = boundary->event_utc_us;
  g_strlcpy (segment->cause, boundary->cause, sizeof segment->cause);
  segment->independent = TRUE;

  if (cutter->next_program != NULL)
    adopt_program (cutter, g_steal_pointer (&cutter->next_program));
  g_clear_pointer (&cutter->segment, vs_segment_unref);
  cutter->segment = segment;
  cutter->stretch = boundary->stretch;
  cutter->needs_key = fresh && !boundary->forced;
  cutter->psi_due = TRUE;
  cutter->has_video_unit = FALSE;
  cutter->dropped = FALSE;
  cutter->empty = TRUE;
  cutter->callbacks.open (cutter, segment, cutter->user_data);
}

/* Where the open segment's part of a track ends and the next one's begins:
 * where the track itself goes over, if that is known, else where its next
 * frame is due at or after the boundary. */
static gint64
get_track_end (VsCutter * cutter, const VsCutterTrack * track,
    const VsBoundary * next)
{
  gint64 due;

  if (next == NULL || next->discontinuity)
    return MAX (track->end, track->start);
  if (track->type == VS_MEDIA_VIDEO)
    return cutter->video_ahead != VS_TS_NO_TIME ? cutter->video_ahead :
        next->pts_90k;
  due = (next->pts_90k - VS_GRID_SNAP_90K) * track->timescale / TICKS;
  if (track->end >= due || track->length <= 0)
    return MAX (track->end, track->start);
  return track->end
      + (due - track->end + track->length - 1) / track->length * track->length;
}

static void
close_track (VsCutter * cutter, VsCutterTrack * track, VsSegment * segment,
    const VsBoundary * next)
{
  VsSegmentTrack *told = &segment->tracks[segment->n_tracks];
  gint64 end;

  if (track->timescale == 0 || !track->placed)
    return;
  end = get_track_end (cutter, track, next);
  segment->n_tracks++;
  told->type = track->type;
  told->timescale = track->timescale;
  told->start = track->start;
  told->duration = MAX (end - track->start, 0);
  told->size = track->size;
  memcpy (told->config_id, track->config_id, sizeof told->config_id);
  track->start = track->end = end;
  track->placed = next != NULL && !next->discontinuity;
  track->config_id[0] = '\0';
  track->size = 0;
}

/* @next: NULL at the end of all */
static void
close_segment (VsCutter * cutter, const VsBoundary * next, gint64 end_90k)
{
  g_autoptr (VsSegment) segment = vs_segment_copy (cutter->segment);
  gint64 ticks = MAX (end_90k - segment->start_pts_90k, 0);

  segment->duration = gst_util_uint64_scale_round (ticks, GST_SECOND, TICKS);
  for (guint i = 0; i < VS_CUTTER_TRACKS; i++)
    close_track (cutter, &cutter->tracks[i], segment, next);
  if (cutter->dropped || cutter->empty) {
    segment->gap = TRUE;
    segment->n_tracks = 0;
  }
  cutter->callbacks.close (cutter, segment, cutter->user_data);
}

static void
turn (VsCutter * cutter, const VsBoundary * next)
{
  VsSegmenter *segmenter = cutter->segmenter;
  guint64 oldest = G_MAXUINT64;

  if (cutter->segment != NULL)
    close_segment (cutter, next, next->previous_end_90k);
  open_segment (cutter, next);
  unpop_after (cutter);

  g_mutex_lock (&segmenter->lock);
  cutter->next_sequence = next->sequence + 1;
  for (guint i = 0; i < segmenter->cutters->len; i++) {
    const VsCutter *other = g_ptr_array_index (segmenter->cutters, i);

    if (!other->ended)
      oldest = MIN (oldest, other->next_sequence);
  }
  vs_boundaries_prune (&segmenter->boundaries, oldest);
  g_mutex_unlock (&segmenter->lock);
}

static VsCutterTrack *
find_track (VsCutter * cutter, guint index)
{
  for (guint i = 0; i < VS_CUTTER_TRACKS; i++) {
    if (cutter->tracks[i].index == index)
      return &cutter->tracks[i];
  }
  return NULL;
}

static void
count_unit (VsCutter * cutter, VsCutterTrack * track, const VsMediaUnit * unit)
{
  if (track->timescale != unit->timescale)
    track->placed = FALSE;
  track->timescale = unit->timescale;
  track->length = unit->length;
  track->size += unit->size;
  if (!track->placed) {
    track->start = track->end = unit->start;
    track->placed = TRUE;
  }
  if (track->config_id[0] == '\0' && unit->config != NULL)
    g_strlcpy (track->config_id, unit->config->id, sizeof track->config_id);
  if (unit->type == VS_MEDIA_VIDEO)
    track->end = MAX (track->end, unit->pts_90k + unit->length);
  else
    track->end = MAX (track->end, unit->start + unit->length);
}

/* What holds for a few pictures only, up to the next keyframe, is no segment's
 * configuration and is not told: those pictures carry it (vssamples.c). */
static void
follow_config (VsCutter * cutter, guint index, VsCodecConfig * config)
{
  VsCodecConfig *old = cutter->configs[index];

  if (config == NULL || config == old)
    return;
  cutter->configs[index] = vs_codec_config_ref (config);
  if (old == NULL || strcmp (old->id, config->id) != 0)
    cutter->callbacks.config (cutter, config, cutter->user_data);
  g_clear_pointer (&old, vs_codec_config_unref);
}

/* A segment stands by itself: where a decoder begins, what was sent before is
 * said again. */
static void
complete (const VsMediaUnit * unit, GByteArray * whole, VsTsUnit * to)
{
  if (unit->type != VS_MEDIA_VIDEO || unit->config == NULL
      || !vs_codec_complete_unit (unit->config, unit->data, unit->size, whole))
    return;
  to->data = whole->data;
  to->size = whole->len;
}

static void
write_unit (VsCutter * cutter, const VsMediaUnit * unit, guint index,
    gboolean entry)
{
  gboolean key = unit->type == VS_MEDIA_VIDEO
      && (unit->flags & VS_TS_UNIT_KEYFRAME);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  VsTsUnit to = {
    .track = index,
    .flags = unit->flags,
    .pts_90k = unit->type != VS_MEDIA_OTHER || unit->timed ? unit->pts_90k :
        VS_TS_NO_TIME,
    .dts_90k = unit->type != VS_MEDIA_OTHER ? unit->dts_90k : VS_TS_NO_TIME,
    .data = unit->data,
    .size = unit->size,
    .config = unit->config,
  };

  if (cutter->written[index] != 0
      && cutter->written[index] != 1 + unit->stretch)
    to.flags |= VS_TS_UNIT_DISCONT;
  cutter->written[index] = 1 + unit->stretch;
  if (entry)
    complete (unit, whole, &to);
  if (cutter->psi_due || key)
    vs_ts_writer_write_psi (cutter->writer, out);
  cutter->psi_due = FALSE;
  cutter->empty = FALSE;
  vs_ts_writer_write_unit (cutter->writer, &to, out);
  cutter->callbacks.chunk (cutter,
      g_byte_array_free_to_bytes (g_steal_pointer (&out)), &to,
      cutter->user_data);
}

/* What belongs into the open segment. */
static void
put_unit (VsCutter * cutter, const VsMediaUnit * unit)
{
  gboolean key = unit->flags & VS_TS_UNIT_KEYFRAME;
  gint index = cutter->map[unit->track];
  gboolean entry = key;         /* a decoder may begin here */
  VsCutterTrack *track;

  if (index < 0 || cutter->dropped)
    return;
  /* of a track that was given up and came back: its segment is closed */
  if (unit->type == VS_MEDIA_AUDIO && unit->pts_90k + VS_GRID_SNAP_90K <
      cutter->segment->start_pts_90k)
    return;
  track = find_track (cutter, index);
  if (unit->type == VS_MEDIA_VIDEO) {
    if (cutter->needs_key && !key)
      return;
    cutter->needs_key = FALSE;
    if (!cutter->has_video_unit && track != NULL) {
      cutter->segment->independent = key;
      cutter->has_video_unit = entry = TRUE;
    }
  }
  if (entry)
    follow_config (cutter, index, unit->config);
  if (track != NULL)
    count_unit (cutter, track, unit);
  write_unit (cutter, unit, index, entry);
}

static gboolean
is_ahead (VsCutter * cutter, guint track)
{
  return (cutter->ahead & (1U << track)) != 0;
}

/* Video is cut in decoding order: what follows the first unit that went over
 * to the next segment goes with it, whatever its PTS. */
static gboolean
goes_after (VsCutter * cutter, const VsBoundary * next,
    const VsMediaUnit * unit)
{
  return vs_boundary_is_reached (next, unit)
      || (unit->type == VS_MEDIA_VIDEO && is_ahead (cutter, unit->track));
}

/* Keeps what belongs into the segment after the open one. */
static void
put_after (VsCutter * cutter, VsMediaUnit * unit)
{
  if (unit->program == NULL) {
    if (cutter->map[unit->track] == cutter->tracks[0].index
        && !is_ahead (cutter, unit->track))
      cutter->video_ahead = unit->start;
    cutter->ahead |= 1U << unit->track;
  }
  cutter->after_bytes += vs_media_unit_get_footprint (unit);
  g_queue_push_tail (&cutter->after, unit);
}

/* The order has come to the boundary's time: nothing after @unit belongs to
 * the segment before it. */
static gboolean
is_due (const VsBoundary * next, const VsMediaUnit * unit)
{
  if (unit->stretch != next->stretch)
    return unit->stretch > next->stretch;
  return unit->dts_90k >= next->pts_90k;
}

/* A rendition that did not see the jump goes over to the next stretch. */
static void
join_stretch (VsCutter * cutter, const VsBoundary * next,
    const VsMediaUnit * unit)
{
  guint shift = next->stretch - unit->stretch;

  cutter->stretch_shift += shift;
  for (GList * l = cutter->held.head; l; l = l->next)
    ((VsMediaUnit *) l->data)->stretch += shift;
  warn (cutter, "this rendition's clock did not jump with the reference's");
}

/* Deals with the first unit held. FALSE: it has to wait. */
static gboolean
step (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;
  VsMediaUnit *unit = g_queue_peek_head (&cutter->held);
  gboolean has_next, decided;
  VsBoundary next;

  if (unit->program != NULL) {
    unit = pop_held (cutter);
    if (cutter->after.length > 0) {
      put_after (cutter, unit);
    } else {
      follow_program (cutter, unit);
      vs_media_unit_free (unit);
    }
    return TRUE;
  }
  g_mutex_lock (&segmenter->lock);
  has_next = vs_boundaries_find (&segmenter->boundaries,
      cutter->next_sequence, &next);
  /* by what this cutter saw as the reference, by what another one did, or
   * because nothing more will come */
  decided = segmenter->finished || cutter->unexamined != cutter->held.head
      || vs_boundaries_is_decided (&segmenter->boundaries, unit);
  g_mutex_unlock (&segmenter->lock);

  if (has_next && unit->stretch < next.stretch && cutter->segment != NULL
      && unit->stretch == cutter->stretch
      && unit->dts_90k > next.previous_end_90k + OVERRUN_90K) {
    join_stretch (cutter, &next, unit);
    return TRUE;
  }
  if (has_next && (is_due (&next, unit)
          || cutter->after_bytes > AFTER_BYTES_MAX)) {
    turn (cutter, &next);
    return TRUE;
  }
  if (!has_next && !decided)
    return FALSE;
  unit = pop_held (cutter);
  if (has_next && goes_after (cutter, &next, unit)) {
    put_after (cutter, unit);
    return TRUE;
  }
  /* the rest is before the first segment, or between two stretches */
  if (cutter->segment != NULL && unit->stretch == cutter->stretch)
    put_unit (cutter, unit);
  vs_media_unit_free (unit);
  return TRUE;
}

void
vs_cutter_cut (VsCutter * cutter)
{
  while (cutter->held.length > 0 && step (cutter));
}

/* After the last unit: closes the last segment when it is known how long it
 * is. */
void
vs_cutter_finish (VsCutter * cutter)
{
  VsSegmenter *segmenter = cutter->segmenter;
  gboolean has_next, finished;
  gint64 end_90k;
  VsBoundary next;

  g_mutex_lock (&segmenter->lock);
  has_next = vs_boundaries_find (&segmenter->boundaries,
      cutter->next_sequence, &next);
  finished = segmenter->finished;
  end_90k = segmenter->boundaries.end_90k;
  g_mutex_unlock (&segmenter->lock);

  if (cutter->held.length > 0)
    return;
  if (cutter->after.length > 0 && has_next) {
    turn (cutter, &next);
    vs_cutter_cut (cutter);
    vs_cutter_finish (cutter);
    return;
  }
  if (cutter->segment != NULL) {
    if (!has_next && !finished)
      return;
    if (has_next)
      close_segment (cutter, &next, next.previous_end_90k);
    else
      close_segment (cutter, NULL, end_90k);
    g_clear_pointer (&cutter->segment, vs_segment_unref);
  }
  g_mutex_lock (&segmenter->lock);
  cutter->ended = TRUE;
  g_mutex_unlock (&segmenter->lock);
  if (cutter->callbacks.end)
    cutter->callbacks.end (cutter, cutter->user_data);
}

/* A flush: what is held is gone, what is open becomes a gap. */
void
vs_cutter_forget (VsCutter * cutter)
{
  g_queue_clear_full (&cutter->held, (GDestroyNotify) vs_media_unit_free);
  g_queue_clear_full (&cutter->after, (GDestroyNotify) vs_media_unit_free);
  cutter->unexamined = NULL;
  cutter->held_90k = 0;
  cutter->held_bytes = cutter->after_bytes = 0;
  cutter->ahead = 0;
  cutter->video_ahead = VS_TS_NO_TIME;
  cutter->dropped = cutter->segment != NULL;
}
