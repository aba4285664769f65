/* VisionStream: the access units of a programme in one order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * On its way in, a unit's times are repaired (a PES without times continues
 * the one before it) and put on the grid of the frame rate where they are
 * within its noise. Then it waits in its track's queue until no other track
 * can come up with an earlier one.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vsinterleaver.h"

#include <string.h>

#include "timeline/vsframegrid.h"

#define TICKS G_GINT64_CONSTANT (90000)
/* How far the others may get ahead of a track that has nothing. Muxers keep
 * tracks within 1 s (13818-1 2.4.2.6, T-STD); a track that was never there
 * is given the time that encoders take to start. */
#define WAIT_90K (2 * TICKS)
#define WAIT_FIRST_90K (5 * TICKS)
/* all queues together, with what the units themselves take; past it the tracks
 * that have nothing are given up */
#define QUEUED_BYTES_MAX (32 * 1024 * 1024)
/* a frame's duration where nothing tells it: 30 frames a second */
#define FALLBACK_FRAME_90K 3000

typedef struct
{
  VsMediaType type;
  GQueue units;                 /* VsMediaUnit */
  guint stretch;
  gboolean seen;                /* had a unit */
  gboolean absent;              /* not waited for */

  /* the stretch so far */
  gboolean timed;               /* the next three are valid */
  gint64 last_dts_90k;
  gint64 max_pts_90k;
  gint64 next_90k;              /* where the frame after the last one is due */
  gint64 frame_90k;

  VsFrameGrid grid;
  gint64 frame_index;           /* audio: on the grid, of the next frame */
  VsCodecConfig *config;
  gchar key_config[9];          /* id of the newest keyframe's, or empty */
  gboolean reconfigured;        /* not yet told */
} Track;

struct _VsInterleaver
{
  VsInterleaverFunc output;
  gpointer user_data;

  VsTsProgram *program;
  Track tracks[VS_TS_MAX_TRACKS];
  guint stretch;
  guint flushed_stretch;        /* the newest that a flush began */
  gboolean timed;               /* the next two are valid */
  gint64 first_dts_90k, newest_dts_90k; /* audio and video of the stretch */
  gsize bytes;
  gboolean started;             /* something went out */
};

void
vs_media_unit_free (VsMediaUnit * unit)
{
  g_clear_pointer (&unit->program, vs_ts_program_free);
  g_clear_pointer (&unit->config, vs_codec_config_unref);
  g_free (unit);
}

gsize
vs_media_unit_get_footprint (const VsMediaUnit * unit)
{
  return sizeof (VsMediaUnit) + unit->size;
}

static void
track_clear (Track * track)
{
  g_queue_clear_full (&track->units, (GDestroyNotify) vs_media_unit_free);
  g_clear_pointer (&track->config, vs_codec_config_unref);
}

VsInterleaver *
vs_interleaver_new (VsInterleaverFunc output, gpointer user_data)
{
  VsInterleaver *interleaver = g_new0 (VsInterleaver, 1);

  interleaver->output = output;
  interleaver->user_data = user_data;
  interleaver->flushed_stretch = G_MAXUINT;
  return interleaver;
}

void
vs_interleaver_free (VsInterleaver * interleaver)
{
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++)
    track_clear (&interleaver->tracks[i]);
  g_clear_pointer (&interleaver->program, vs_ts_program_free);
  g_free (interleaver);
}

static gboolean
is_media (const Track * track)
{
  return track->type != VS_MEDIA_OTHER;
}

/* The first track of @type, NULL when there is none that is present. */
static Track *
find_present (VsInterleaver * interleaver, VsMediaType type)
{
  for (guint i = 0; i < interleaver->program->n_tracks; i++) {
    Track *track = &interleaver->tracks[i];

    if (track->type == type && !track->absent)
      return track;
  }
  return NULL;
}

static void
output_unit (VsInterleaver * interleaver, Track * track)
{
  VsMediaUnit *unit = g_queue_pop_head (&track->units);
  Track *lead = find_present (interleaver, VS_MEDIA_VIDEO);

  if (lead == NULL)
    lead = find_present (interleaver, VS_MEDIA_AUDIO);
  unit->leads = track == lead;
  interleaver->bytes -= vs_media_unit_get_footprint (unit);
  interleaver->started = TRUE;
  interleaver->output (unit, interleaver->user_data);
}

/* Whether @unit must wait since the empty @track may still have an earlier
 * one. Gives the track up when the others are far enough ahead. */
static gboolean
holds_back (VsInterleaver * interleaver, Track * track,
    const VsMediaUnit * unit)
{
  gint64 from = unit->dts_90k;

  if (!is_media (track) || track->absent || track->units.length > 0)
    return FALSE;
  /* what the track could still have belongs to an older stretch */
  if (unit->stretch < interleaver->stretch)
    from = interleaver->first_dts_90k;
  if (interleaver->bytes <= QUEUED_BYTES_MAX
      && interleaver->newest_dts_90k - from <=
      (track->seen ? WAIT_90K : WAIT_FIRST_90K))
    return TRUE;
  track->absent = TRUE;
  return FALSE;
}

static Track *
find_earliest (VsInterleaver * interleaver)
{
  Track *earliest = NULL;
  const VsMediaUnit *first = NULL;

  for (guint i = 0; i < interleaver->program->n_tracks; i++) {
    Track *track = &interleaver->tracks[i];
    const VsMediaUnit *unit = g_queue_peek_head (&track->units);

    if (unit == NULL)
      continue;
    if (first == NULL || unit->stretch < first->stretch
        || (unit->stretch == first->stretch
            && unit->dts_90k < first->dts_90k)) {
      first = unit;
      earliest = track;
    }
  }
  return earliest;
}

static void
output_ready (VsInterleaver * interleaver)
{
  Track *track;

  while ((track = find_earliest (interleaver)) != NULL) {
    const VsMediaUnit *unit = g_queue_peek_head (&track->units);

    for (guint i = 0; i < interleaver->program->n_tracks; i++) {
      if (holds_back (interleaver, &interleaver->tracks[i], unit))
        return;
    }
    output_unit (interleaver, track);
  }
}

void
vs_interleaver_drain (VsInterleaver * interleaver)
{
  Track *track;

  if (interleaver->program == NULL)
    return;
  while ((track = find_earliest (interleaver)) != NULL)
    output_unit (interleaver, track);
}

static gboolean
same_tracks (const VsTsProgram * a, const VsTsProgram * b)
{
  if (a == NULL || a->n_tracks != b->n_tracks)
    return FALSE;
  for (guint i = 0; i < a->n_tracks; i++) {
    if (a->tracks[i].codec != b->tracks[i].codec
        || a->tracks[i].stream_type != b->tracks[i].stream_type
        || strcmp (a->tracks[i].language, b->tracks[i].language) != 0)
      return FALSE;
  }
  return TRUE;
}

void
vs_interleaver_set_program (VsInterleaver * interleaver,
    const VsTsProgram * program)
{
  VsMediaUnit *unit;
  gboolean changed = interleaver->program != NULL;

  if (same_tracks (interleaver->program, program))
    return;
  vs_interleaver_drain (interleaver);
  g_clear_pointer (&interleaver->program, vs_ts_program_free);
  interleaver->program = vs_ts_program_copy (program);
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++) {
    track_clear (&interleaver->tracks[i]);
    memset (&interleaver->tracks[i], 0, sizeof (Track));
  }
  for (guint i = 0; i < program->n_tracks; i++) {
    Track *track = &interleaver->tracks[i];

    track->type = vs_codec_get_media_type (program->tracks[i].codec);
    track->stretch = interleaver->stretch;
    track->reconfigured = changed;
  }
  unit = g_new0 (VsMediaUnit, 1);
  unit->program = vs_ts_program_copy (program);
  unit->stretch = interleaver->stretch;
  interleaver->output (unit, interleaver->user_data);
}

static void
begin_stretch (VsInterleaver * interleaver)
{
  interleaver->stretch++;
  interleaver->timed = FALSE;
  interleaver->first_dts_90k = interleaver->newest_dts_90k = 0;
}

void
vs_interleaver_flush (VsInterleaver * interleaver)
{
  begin_stretch (interleaver);
  interleaver->flushed_stretch = interleaver->stretch;
  interleaver->bytes = 0;
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++) {
    Track *track = &interleaver->tracks[i];

    g_queue_clear_full (&track->units, (GDestroyNotify) vs_media_unit_free);
    track->stretch = interleaver->stretch;
    track->timed = FALSE;
    track->grid.anchored = FALSE;
  }
}

/* A jump is told once a track. The first track to tell begins a stretch, the
 * others join it; also one that was away while there were several. */
static void
follow_clock (VsInterleaver * interleaver, Track * track)
{
  if (track->stretch == interleaver->stretch) {
    /* a jump at a flush is part of it */
    if (!interleaver->timed || (!track->timed
            && interleaver->stretch == interleaver->flushed_stretch))
      return;
    begin_stretch (interleaver);
  }
  track->stretch = interleaver->stretch;
  track->timed = FALSE;
  track->grid.anchored = FALSE;
}

static void
follow_config (Track * track, VsCodecConfig * config)
{
  if (config == NULL || config == track->config)
    return;
  g_clear_pointer (&track->config, vs_codec_config_unref);
  track->config = vs_codec_config_ref (config);
  if (track->type == VS_MEDIA_VIDEO)
    vs_frame_grid_set_rate (&track->grid, config->fps_n, config->fps_d);
  else
    vs_frame_grid_set_rate (&track->grid, config->sample_rate,
        config->frame_samples);
}

/* Keyframes are compared, for what changes between two and is back at the
 * second, as parameter sets that pictures are sent with by turns, leaves the
 * stream decodable from there by what it was. */
static void
compare_config (VsInterleaver * interleaver, Track * track, VsMediaUnit * unit)
{
  const gchar *id = unit->config ? unit->config->id : track->key_config;

  unit->reconfigured = track->reconfigured;
  track->reconfigured = FALSE;
  if (strcmp (id, track->key_config) == 0)
    return;
  if (*track->key_config != '\0'
      || (track->type == VS_MEDIA_VIDEO && interleaver->started))
    unit->reconfigured = TRUE;
  g_strlcpy (track->key_config, id, sizeof track->key_config);
}

/* How long a frame lasts: as the configuration says, unless the times
 * disagree by more than a quarter (frames announced as fields, wrong VUI). */
static void
measure_frame (Track * track, gint64 dts_90k)
{
  gint64 told = vs_frame_grid_get_step (&track->grid);
  gint64 seen = track->timed ? dts_90k - track->last_dts_90k : 0;

  if (track->type == VS_MEDIA_AUDIO || seen <= 0 || seen > TICKS)
    seen = track->frame_90k;
  if (told > 0 && (track->type == VS_MEDIA_AUDIO || seen == 0
          || ABS (seen - told) <= told / 4))
    track->frame_90k = told;
  else
    track->frame_90k = seen > 0 ? seen : FALLBACK_FRAME_90K;
}

/* FALSE: there is no time to give it. */
static gboolean
set_media_times (Track * track, VsMediaUnit * unit, const VsTsUnit * from)
{
  gint64 pts = from->pts_90k, dts = from->dts_90k;

  if (pts == VS_TS_NO_TIME) {
    if (!track->timed)
      return FALSE;
    pts = dts = track->type == VS_MEDIA_AUDIO ? track->next_90k :
        track->last_dts_90k + track->frame_90k;
    pts = MAX (pts, track->next_90k);
  } else if (dts == VS_TS_NO_TIME) {
    dts = pts;
  }
  measure_frame (track, dts);
  if (track->type == VS_MEDIA_VIDEO) {
    pts = vs_frame_grid_follow (&track->grid, pts);
    dts = vs_frame_grid_snap (&track->grid, dts);
  }
  unit->pts_90k = pts;
  unit->dts_90k = dts;
  unit->duration_90k = track->frame_90k;
  unit->timed = TRUE;
  return TRUE;
}

static void
place_video (Track * track, VsMediaUnit * unit)
{
  gboolean key = unit->flags & VS_TS_UNIT_KEYFRAME;

  unit->floor_90k = unit->pts_90k;
  unit->anchor = key || !track->timed || unit->pts_90k > track->max_pts_90k;
  if (unit->anchor && !key && track->timed)
    unit->floor_90k = MIN (unit->pts_90k, track->next_90k);
  unit->timescale = TICKS;
  unit->start = unit->floor_90k;
  unit->length = unit->duration_90k;
  if (!track->timed || unit->pts_90k > track->max_pts_90k) {
    track->max_pts_90k = unit->pts_90k;
    track->next_90k = vs_frame_grid_snap (&track->grid,
        unit->pts_90k + unit->duration_90k);
  }
}

/* Audio is counted in whole frames from the first one of the stretch. The
 * count is kept as long as the PES times stay within three quarters of a
 * frame of it; past that it steps to the nearest, which leaves them a quarter
 * off at most, so that noise can't step it back. */
static void
place_audio (Track * track, VsMediaUnit * unit)
{
  VsFrameGrid *grid = &track->grid;
  gint64 due, frame;

  unit->anchor = TRUE;
  if (grid->rate_n == 0) {
    unit->timescale = TICKS;
    unit->start = unit->pts_90k;
    unit->length = unit->duration_90k;
  } else {
    frame = track->config->frame_samples;
    if (!grid->anchored) {
      grid->anchor_90k = unit->pts_90k;
      grid->anchored = TRUE;
      track->frame_index = 0;
    }
    due = vs_frame_grid_time (grid, track->frame_index);
    if (ABS (unit->pts_90k - due) > unit->duration_90k * 3 / 4)
      track->frame_index = vs_frame_grid_index (grid, unit->pts_90k);
    unit->pts_90k = unit->dts_90k = vs_frame_grid_snap (grid, unit->pts_90k);
    unit->timescale = track->config->sample_rate;
    unit->length = frame;
    unit->start = track->frame_index * frame
        + (grid->anchor_90k * unit->timescale + TICKS / 2) / TICKS;
    track->frame_index++;
  }
  unit->floor_90k = unit->pts_90k;
  track->max_pts_90k = unit->pts_90k;
  track->next_90k = unit->pts_90k + unit->duration_90k;
}

/* Sections and data go where they came: their times may be anything. */
static void
place_other (VsInterleaver * interleaver, VsMediaUnit * unit,
    const VsTsUnit * from)
{
  unit->stretch = interleaver->stretch;
  unit->timed = from->pts_90k != VS_TS_NO_TIME;
  unit->dts_90k = interleaver->newest_dts_90k;
  unit->pts_90k = unit->timed ? from->pts_90k : unit->dts_90k;
  unit->anchor = TRUE;
  unit->floor_90k = unit->dts_90k;
}

static gboolean
place_media (VsInterleaver * interleaver, Track * track, VsMediaUnit * unit,
    const VsTsUnit * from)
{
  if (!set_media_times (track, unit, from))
    return FALSE;
  if (track->type == VS_MEDIA_VIDEO)
    place_video (track, unit);
  else
    place_audio (track, unit);
  if (unit->flags & VS_TS_UNIT_KEYFRAME)
    compare_config (interleaver, track, unit);
  track->timed = TRUE;
  track->last_dts_90k = unit->dts_90k;
  track->seen = TRUE;
  track->absent = FALSE;
  if (track->stretch == interleaver->stretch) {
    if (!interleaver->timed)
      interleaver->first_dts_90k = interleaver->newest_dts_90k = unit->dts_90k;
    interleaver->newest_dts_90k =
        MAX (interleaver->newest_dts_90k, unit->dts_90k);
    interleaver->timed = TRUE;
  }
  return TRUE;
}

void
vs_interleaver_push (VsInterleaver * interleaver, const VsTsUnit * from,
    GstClockTime running_time)
{
  Track *track = &interleaver->tracks[from->track];
  g_autoptr (VsMediaUnit) unit = NULL;

  if (interleaver->program == NULL
      || from->track >= interleaver->program->n_tracks)
    return;
  if (is_media (track)) {
    if (from->flags & VS_TS_UNIT_DISCONT)
      follow_clock (interleaver, track);
    follow_config (track, from->config);
  } else if (!interleaver->timed) {
    return;
  }

  unit = g_malloc0 (sizeof (VsMediaUnit) + from->size);
  unit->track = from->track;
  unit->type = track->type;
  unit->flags = from->flags & ~VS_TS_UNIT_DISCONT;
  unit->stretch = track->stretch;
  unit->running_time = running_time;
  unit->config = from->config ? vs_codec_config_ref (from->config) : NULL;
  unit->size = from->size;
  memcpy (unit->data, from->data, from->size);

  if (!is_media (track))
    place_other (interleaver, unit, from);
  else if (!place_media (interleaver, track, unit, from))
    return;
  interleaver->bytes += vs_media_unit_get_footprint (unit);
  g_queue_push_tail (&track->units, g_steal_pointer (&unit));
  output_ready (interleaver);
}
