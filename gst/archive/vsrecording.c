/* VisionStream: an MP4 file that is made of segments as they come
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times of tracks in a segment count from an axis that is the run's own. In
 * the movie they lie @offset_90k before that: the offset is chosen where a run
 * begins or segments are missing, for all tracks, and stays up to there.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "archive/vsrecording.h"
#include "isobmff/vsmp4writer.h"

#define TICKS G_GINT64_CONSTANT (90000)
/* of a chunk */
#define CHUNK_90K (TICKS / 2)

/* An index that is longer is another file's to go on with. */
#define HEAD_MAX (1024 * 1024 * 1024)
/* Nor is a file longer, in bytes: parts of an upload to S3 have their number
 * (vss3upload.c). */
#define PAYLOAD_MAX (G_GUINT64_CONSTANT (512) << 30)
/* of boxes that are not tables, with a few configurations */
#define HEAD_BASE (64 * 1024)
/* Bytes of the tables: a sample's size, and of video its composition offset,
 * its duration where these alternate, and that it is a keyframe; a chunk's
 * place and number of samples. See vsmp4index.c. */
#define AUDIO_SAMPLE_BYTES 5
#define VIDEO_SAMPLE_BYTES 24
#define CHUNK_BYTES 20

/* What a track's times may be apart: vs_mp4_writer_add_chunk () takes 2^31 */
#define HOLE_MAX (G_MAXINT32 - 3600)
/* What another maker's times may be off by rounding, some do it twice */
#define ROUNDED_90K 3

typedef struct
{
  /* in the file */
  gint number;                  /* -1: not there yet */
  VsCodec codec;
  guint32 timescale;
  gint64 last_end;              /* in the movie */
  gint64 frame;                 /* what a sample lasts */

  /* of the segment that is loaded */
  gboolean loaded, is_guessed;  /* its times */
  VsSegmentTrack entry;
  VsSamples samples;
  gint64 start;                 /* in the movie */
  guint next;                   /* sample to be written */
  gsize offset;                 /* of its bytes in samples.data */
} Track;

struct _VsRecording
{
  VsRecordingSettings settings;
  GCancellable *cancellable;
  gchar *key, *spill_directory, *language;

  VsMp4Writer *writer;
  VsStoreUpload *upload;        /* made with the first media */
  guint64 payload, head;        /* bytes */
  gboolean slice_is_stored;     /* and is not in the index yet */
  Track tracks[VS_SEGMENT_MAX_TRACKS];
  gboolean left_out[VS_SEGMENT_MAX_TRACKS];     /* and said */

  gboolean begun;
  guint64 sequence, run;        /* of the segment before */
  gint64 utc_us;                /* where the movie begins */
  gint64 offset_90k;
  gint64 end_90k;               /* of the movie */
  guint gaps;
  gint64 reserve_bytes;         /* a second of index, from the first segment */
};

static const VsMediaType types[VS_SEGMENT_MAX_TRACKS] = {
  VS_MEDIA_VIDEO, VS_MEDIA_AUDIO
};

VsRecording *
vs_recording_new (const VsRecordingSettings * settings,
    GCancellable * cancellable)
{
  VsRecording *self = g_new0 (VsRecording, 1);

  self->settings = *settings;
  self->settings.store = vs_store_ref (settings->store);
  self->key = g_strdup (settings->key);
  self->spill_directory = g_strdup (settings->spill_directory);
  self->language = g_strdup (settings->language);
  self->cancellable = cancellable ? g_object_ref (cancellable) : NULL;
  self->writer = vs_mp4_writer_new (self->spill_directory);
  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++)
    self->tracks[i].number = -1;
  return self;
}

static void
unload (VsRecording * self)
{
  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    vs_samples_clear (&self->tracks[i].samples);
    self->tracks[i].loaded = FALSE;
  }
}

void
vs_recording_free (VsRecording * self)
{
  unload (self);
  g_clear_pointer (&self->upload, vs_store_upload_free);
  vs_mp4_writer_free (self->writer);
  vs_store_unref (self->settings.store);
  g_clear_object (&self->cancellable);
  g_free (self->key);
  g_free (self->spill_directory);
  g_free (self->language);
  g_free (self);
}

static gint64
to_90k (gint64 time, guint32 timescale)
{
  gint64 ticks = gst_util_uint64_scale_round (ABS (time), TICKS, timescale);

  return time < 0 ? -ticks : ticks;
}

static gint64
from_90k (gint64 time, guint32 timescale)
{
  gint64 units = gst_util_uint64_scale_round (ABS (time), timescale, TICKS);

  return time < 0 ? -units : units;
}

/* ---- times that nobody tells -------------------------------------------- */

static const VsSample *
nth (const Track * track, guint i)
{
  return &g_array_index (track->samples.samples, VsSample, i);
}

static gint64
get_earliest_pts (const Track * track)
{
  gint64 pts = nth (track, 0)->pts;

  for (guint i = 1; i < track->samples.samples->len; i++)
    pts = MIN (pts, nth (track, i)->pts);
  return pts;
}

/* The last picture lasts as long as the one before it. */
static void
guess_video (Track * track, const VsSegment * segment)
{
  guint n = track->samples.samples->len;
  gint64 last = nth (track, n - 1)->dts;
  gint64 frame = n > 1 ? last - nth (track, n - 2)->dts :
      (gint64) gst_util_uint64_scale (segment->duration, TICKS, GST_SECOND);

  track->entry.timescale = TICKS;
  track->entry.start = get_earliest_pts (track);
  track->entry.duration = last - nth (track, 0)->dts + MAX (frame, 1);
}

static void
guess_audio (Track * track)
{
  const VsCodecConfig *config = track->samples.config;
  guint32 timescale = config ? config->sample_rate : track->timescale;
  guint n = track->samples.samples->len;
  gint64 held;

  if (timescale == 0)
    timescale = TICKS;
  track->entry.timescale = timescale;
  track->entry.start = from_90k (nth (track, 0)->pts, timescale);
  held = from_90k (nth (track, n - 1)->pts, timescale) - track->entry.start;
  track->entry.duration = config ? held + config->frame_samples :
      held + held / MAX (n - 1, 1);
}

/* Another maker's playlist tells no times of tracks. */
static void
guess_times (Track * track, guint i, const VsSegment * segment)
{
  track->is_guessed = track->entry.duration == 0;
  if (track->is_guessed && types[i] == VS_MEDIA_VIDEO)
    guess_video (track, segment);
  else if (track->is_guessed)
    guess_audio (track);
}

/* ---- taking a segment apart --------------------------------------------- */

static void
say_left_out (VsRecording * self, guint i, const GError * error)
{
  if (self->left_out[i] || !g_error_matches (error, VS_PACKAGE_ERROR,
          VS_PACKAGE_ERROR_UNSUPPORTED))
    return;
  self->left_out[i] = TRUE;
  if (self->settings.left_out)
    self->settings.left_out (types[i], error, self->settings.user_data);
}

static gboolean
collect_track (VsRecording * self, guint i, const VsSegment * segment,
    GBytes * ts, GError ** error)
{
  Track *track = &self->tracks[i];
  const VsSegmentTrack *entry = vs_segment_get_track (segment, types[i]);

  if (entry == NULL || entry->timescale == 0)
    return FALSE;
  if (!vs_samples_collect (&track->samples, ts, types[i],
          segment->start_pts_90k, error))
    return FALSE;
  if (track->samples.config == NULL && track->number < 0) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_NO_TRACK,
        "segment %" G_GUINT64_FORMAT " does not say how to decode it",
        segment->sequence);
    return FALSE;
  }
  track->entry = *entry;
  guess_times (track, i, segment);
  vs_samples_place (&track->samples, track->entry.timescale,
      track->entry.duration);
  return TRUE;
}

/* Whether any track is of use; else why not. */
static gboolean
collect (VsRecording * self, const VsSegment * segment, GBytes * ts,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  gboolean any = FALSE;

  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    Track *track = &self->tracks[i];
    g_autoptr (GError) one = NULL;

    track->loaded = collect_track (self, i, segment, ts, &one);
    any |= track->loaded;
    if (track->loaded)
      continue;
    vs_samples_clear (&track->samples);
    if (one)
      say_left_out (self, i, one);
    if (one && cause == NULL)
      cause = g_steal_pointer (&one);
  }
  if (!any && cause)
    g_propagate_error (error, g_steal_pointer (&cause));
  else if (!any)
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_NO_TRACK,
        "segment %" G_GUINT64_FORMAT " has no tracks", segment->sequence);
  return any;
}

/* Where the loaded tracks begin and end on the run's axis. */
static void
get_extent (VsRecording * self, gint64 * start, gint64 * end)
{
  *start = G_MAXINT64;
  *end = G_MININT64;
  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    const VsSegmentTrack *entry = &self->tracks[i].entry;

    if (!self->tracks[i].loaded)
      continue;
    *start = MIN (*start, to_90k (entry->start, entry->timescale));
    *end = MAX (*end, to_90k (entry->start + entry->duration,
            entry->timescale));
  }
}

/* The clock on the wall at a time of the segment's axis. */
static gint64
get_utc_us (const VsSegment * segment, gint64 time_90k)
{
  return segment->utc_us + (time_90k - segment->start_pts_90k) * 100 / 9;
}

static gboolean
has_gap (const VsRecording * self, const VsSegment * segment)
{
  return self->begun && (segment->sequence != self->sequence + 1
      || segment->run != self->run);
}

static gint64
get_start_90k (const Track * track)
{
  return to_90k (track->entry.start, track->entry.timescale);
}

/* How much later than on its own axis a segment has to be at least, so that no
 * track begins before it was over. */
static gint64
get_least_shift (const VsRecording * self)
{
  gint64 shift = G_MININT64;

  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    const Track *track = &self->tracks[i];

    if (track->loaded && track->number >= 0)
      shift = MAX (shift, to_90k (track->last_end, track->timescale)
          - get_start_90k (track));
  }
  return shift;
}

/* Pictures go on a whole number of frames after the last one, so that they
 * stay as even as they were. */
static gint64
snap_shift (const VsRecording * self, gint64 wanted, gint64 least)
{
  const Track *video = &self->tracks[0];
  gint64 touching, frame = video->frame;

  if (!video->loaded || video->number < 0 || frame <= 0)
    return MAX (wanted, least);
  touching = video->last_end - get_start_90k (video);
  wanted = touching + (wanted - touching + frame / 2) / frame * frame;
  least = touching + (least - touching + frame - 1) / frame * frame;
  return MAX (wanted, least);
}

static gint64
choose_offset (const VsRecording * self, const VsSegment * segment,
    gint64 start)
{
  gint64 least, wanted;

  if (!self->begun)
    return start;
  if (!has_gap (self, segment)
      || (self->settings.keep_gaps && segment->run == self->run))
    return self->offset_90k;
  least = get_least_shift (self);
  if (least == G_MININT64)
    least = self->end_90k - start;
  wanted = self->settings.keep_gaps ?
      (get_utc_us (segment, start) - self->utc_us) * 9 / 100 - start : least;
  return -snap_shift (self, MAX (wanted, least), least);
}

static gboolean
fits_track (VsRecording * self, guint i, gint64 offset_90k)
{
  Track *track = &self->tracks[i];
  const VsSegmentTrack *entry = &track->entry;

  if (!track->loaded)
    return TRUE;
  track->start = entry->start - from_90k (offset_90k, entry->timescale);
  if (track->number < 0)
    return TRUE;
  /* what was rounded to ticks touches what was before it */
  if (track->is_guessed && ABS (track->start - track->last_end) <=
      from_90k (ROUNDED_90K, track->timescale))
    track->start = track->last_end;
  return track->codec == track->samples.codec
      && track->timescale == entry->timescale
      && track->start - track->last_end < HOLE_MAX
      && (track->samples.config == NULL
      || vs_mp4_writer_set_config (self->writer, track->number,
          track->samples.config, NULL));
}

/* A track that was not there before begins here. */
static gboolean
add_track (VsRecording * self, guint i, GError ** error)
{
  Track *track = &self->tracks[i];

  if (!track->loaded || track->number >= 0)
    return TRUE;
  track->number = vs_mp4_writer_add_track (self->writer,
      track->samples.config, track->entry.timescale,
      types[i] == VS_MEDIA_AUDIO ? self->language : NULL, error);
  track->codec = track->samples.codec;
  track->timescale = track->entry.timescale;
  return track->number >= 0;
}

/* What the index takes for a second of streams like this one. */
static gint64
measure_index (VsRecording * self, gint64 duration_90k)
{
  gint64 bytes = 0;

  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    if (self->tracks[i].loaded)
      bytes += 2 * CHUNK_BYTES + self->tracks[i].samples.samples->len
          * (types[i] == VS_MEDIA_VIDEO ? VIDEO_SAMPLE_BYTES :
          AUDIO_SAMPLE_BYTES) * TICKS / MAX (duration_90k, 1);
  }
  return bytes;
}

static void
begin (VsRecording * self, const VsSegment * segment, gint64 start, gint64 end)
{
  if (self->begun)
    return;
  self->begun = TRUE;
  self->utc_us = get_utc_us (segment, start);
  self->reserve_bytes = measure_index (self, end - start);
  vs_mp4_writer_set_created (self->writer, self->utc_us / G_USEC_PER_SEC);
}

static gboolean
is_full (VsRecording * self, gint64 offset_90k)
{
  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++)
    if (!fits_track (self, i, offset_90k))
      return TRUE;
  return self->payload > PAYLOAD_MAX || (self->begun
      && vs_mp4_writer_get_head_size (self->writer, 0) > HEAD_MAX);
}

/* Gives up a track whose codec has no sample entry. */
static gboolean
add_tracks (VsRecording * self, GError ** error)
{
  gboolean any = FALSE;

  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    g_autoptr (GError) cause = NULL;

    if (add_track (self, i, &cause)) {
      any |= self->tracks[i].loaded;
      continue;
    }
    say_left_out (self, i, cause);
    self->tracks[i].loaded = FALSE;
    vs_samples_clear (&self->tracks[i].samples);
    g_clear_error (error);
    g_propagate_error (error, g_steal_pointer (&cause));
  }
  if (any)
    g_clear_error (error);
  return any;
}

VsRecordingLoad
vs_recording_load (VsRecording * self, const VsSegment * segment, GBytes * ts,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  gint64 start, end, offset_90k;

  if (!collect (self, segment, ts, error))
    return VS_RECORDING_DAMAGED;
  get_extent (self, &start, &end);
  offset_90k = choose_offset (self, segment, start);
  if (is_full (self, offset_90k)) {
    unload (self);
    return VS_RECORDING_FULL;
  }
  if (!add_tracks (self, &cause)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    unload (self);
    return VS_RECORDING_DAMAGED;
  }
  self->gaps += has_gap (self, segment);
  begin (self, segment, start, end);
  self->offset_90k = offset_90k;
  self->end_90k = MAX (self->end_90k, end - offset_90k);
  self->sequence = segment->sequence;
  self->run = segment->run;
  return VS_RECORDING_LOADED;
}

/* ---- writing ------------------------------------------------------------ */

/* Samples of a track that are written together. */
typedef struct
{
  Track *track;
  guint n_samples;
  gsize size;
} Slice;

static gint64
get_dts_90k (const Track * track, guint i)
{
  return to_90k (track->start + nth (track, i)->dts, track->timescale);
}

static gboolean
has_more (const Track * track)
{
  return track->loaded && track->next < track->samples.samples->len;
}

/* The track that is furthest behind goes on for half a second. */
static gboolean
find_slice (VsRecording * self, Slice * slice)
{
  gint64 limit;

  slice->track = NULL;
  slice->n_samples = slice->size = 0;
  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    Track *track = &self->tracks[i];

    if (has_more (track) && (slice->track == NULL
            || get_dts_90k (track, track->next) <
            get_dts_90k (slice->track, slice->track->next)))
      slice->track = track;
  }
  if (slice->track == NULL)
    return FALSE;
  limit = get_dts_90k (slice->track, slice->track->next) + CHUNK_90K;
  for (guint i = slice->track->next; i < slice->track->samples.samples->len
      && get_dts_90k (slice->track, i) < limit; i++) {
    slice->size += nth (slice->track, i)->size;
    slice->n_samples++;
  }
  return TRUE;
}

static gboolean
open_upload (VsRecording * self, GError ** error)
{
  guint64 seconds = self->settings.max_duration / GST_SECOND + 1;
  VsStoreHead head = {
    .reserve = MIN (HEAD_BASE + seconds * self->reserve_bytes, HEAD_MAX),
    .rewriting = self->settings.rewriting,
    .user_data = self->settings.user_data,
  };

  if (self->upload == NULL)
    self->upload = vs_store_upload_new_headed (self->settings.store,
        self->key, &head, self->cancellable, error);
  return self->upload != NULL;
}

static gboolean
store_slice (VsRecording * self, const Slice * slice, GError ** error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (self->slice_is_stored)
    return TRUE;
  bytes = g_bytes_new_static (slice->track->samples.data +
      slice->track->samples.headroom + slice->track->offset, slice->size);
  self->slice_is_stored =
      vs_store_upload_write (self->upload, &bytes, 1, error);
  return self->slice_is_stored;
}

/* Samples whose times make no sense are left out. */
static gboolean
index_slice (VsRecording * self, const Slice * slice, GError ** error)
{
  const VsMp4Chunk chunk = {
    .position = self->payload,
    .start = slice->track->start,
    .samples = nth (slice->track, slice->track->next),
    .n_samples = slice->n_samples,
  };
  g_autoptr (GError) cause = NULL;

  if (vs_mp4_writer_add_chunk (self->writer, slice->track->number, &chunk,
          &cause) || cause->domain == VS_PACKAGE_ERROR)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static gboolean
write_slice (VsRecording * self, const Slice * slice, GError ** error)
{
  Track *track = slice->track;
  const VsSample *last = nth (track, track->next + slice->n_samples - 1);

  if (!open_upload (self, error) || !store_slice (self, slice, error)
      || !index_slice (self, slice, error))
    return FALSE;
  self->slice_is_stored = FALSE;
  self->payload += slice->size;
  track->last_end = track->start + last->dts + last->duration;
  track->frame = nth (track, track->next)->duration;
  track->next += slice->n_samples;
  track->offset += slice->size;
  return TRUE;
}

gboolean
vs_recording_write (VsRecording * self, GError ** error)
{
  Slice slice;

  while (find_slice (self, &slice))
    if (!write_slice (self, &slice, error))
      return FALSE;
  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++)
    self->tracks[i].next = self->tracks[i].offset = 0;
  unload (self);
  return TRUE;
}

gboolean
vs_recording_is_lost (VsRecording * self)
{
  return self->upload && vs_store_upload_is_lost (self->upload);
}

/* ---- the end ------------------------------------------------------------ */

gboolean
vs_recording_has_media (VsRecording * self)
{
  return self->upload != NULL;
}

static gboolean
put_head_piece (gconstpointer bytes, gsize size, gpointer user_data,
    GError ** error)
{
  VsRecording *self = user_data;
  g_autoptr (GBytes) piece = g_bytes_new_static (bytes, size);

  return vs_store_upload_write_head (self->upload, &piece, 1, error);
}

/* A head gets longer where it is moved past 4 GiB: once. */
static gboolean
make_head (VsRecording * self, GError ** error)
{
  guint64 needed = vs_mp4_writer_get_head_size (self->writer, 0);

  do {
    if (!vs_store_upload_make_head (self->upload, needed, &self->head, error))
      return FALSE;
    needed = vs_mp4_writer_get_head_size (self->writer, self->head);
  } while (needed > self->head);
  return TRUE;
}

gboolean
vs_recording_finish (VsRecording * self, GError ** error)
{
  return make_head (self, error)
      && vs_mp4_writer_write_head (self->writer, self->head, self->payload,
      put_head_piece, self, error)
      && vs_store_upload_commit (self->upload, error);
}

GstClockTime
vs_recording_get_duration (VsRecording * self)
{
  return gst_util_uint64_scale (self->end_90k, GST_SECOND, TICKS);
}

guint
vs_recording_get_gaps (VsRecording * self)
{
  return self->gaps;
}

guint64
vs_recording_get_size (VsRecording * self)
{
  return self->head + self->payload;
}
