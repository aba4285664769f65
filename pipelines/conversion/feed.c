/* VisionStream: the tracks of an archive, fed to a pipeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "feed.h"

#include "mpegts/vstsreader.h"

/* Ahead of position 0: pictures are decoded before they are shown. */
#define LEAD (60 * GST_SECOND)

typedef struct
{
  GstElement *appsrc;           /* NULL: not wanted */
  VsCodec codec;
  gboolean discont;
  gboolean told;                /* that something of it is left out */
} Track;

struct _VsFeed
{
  GstElement *pipeline;
  GCancellable *cancellable;
  GThread *thread;
  gboolean both;                /* sound and pictures are wanted */

  /* of the thread */
  VsArchiveCursor *cursor;
  const VsArchiveChunk *chunk;
  Track video, audio;
  GstSegment segment;
  gboolean skipping;            /* what is not there, which was told */
  gboolean stopped;             /* the pipeline takes no more */
  guint tracks[VS_TS_MAX_TRACKS];       /* VsCodec of the programme's */
  gint first_video, first_audio;        /* of these; -1 for none */

  GMutex lock;
  GstClockTime duration;        /* protected by lock */
};

/* ---- access units ------------------------------------------------------- */

static void
warn (VsFeed * self, GError * warning)
{
  gst_element_post_message (self->pipeline, gst_message_new_warning
      (GST_OBJECT (self->pipeline), warning, NULL));
}

/* Decoders were chosen for what is at the beginning. */
static void
tell_left_out (VsFeed * self, Track * track, VsCodec codec)
{
  g_autoptr (GError) warning = NULL;

  if (track->told)
    return;
  track->told = TRUE;
  warning = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "from %s on, %s is left out: it is not what the range begins with; "
      "convert that part by itself (--start)", self->chunk->segment->uri ?
      self->chunk->segment->uri : "here", vs_codec_to_string (codec));
  warn (self, warning);
}

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  VsFeed *self = user_data;

  self->first_video = self->first_audio = -1;
  for (gint i = program->n_tracks - 1; i >= 0; i--) {
    VsMediaType type = vs_codec_get_media_type (program->tracks[i].codec);

    self->tracks[i] = program->tracks[i].codec;
    if (type == VS_MEDIA_VIDEO)
      self->first_video = i;
    else if (type == VS_MEDIA_AUDIO)
      self->first_audio = i;
  }
  if (self->both && self->audio.appsrc == NULL && self->first_audio >= 0)
    tell_left_out (self, &self->audio, self->tracks[self->first_audio]);
  if (self->both && self->video.appsrc == NULL && self->first_video >= 0)
    tell_left_out (self, &self->video, self->tracks[self->first_video]);
}

static GstClockTime
to_time (const VsFeed * self, gint64 time_90k)
{
  const VsArchiveChunk *chunk = self->chunk;
  gint64 time;

  if (time_90k == VS_TS_NO_TIME)
    return GST_CLOCK_TIME_NONE;
  time = (gint64) (chunk->position + LEAD)
      + (time_90k - chunk->segment->start_pts_90k) * 100000 / 9;
  return MAX (time, 0);
}

static GstBuffer *
make_buffer (VsFeed * self, Track * track, const VsTsUnit * unit)
{
  GstBuffer *buffer = gst_buffer_new_memdup (unit->data, unit->size);

  GST_BUFFER_PTS (buffer) = to_time (self, unit->pts_90k);
  GST_BUFFER_DTS (buffer) = to_time (self, unit->dts_90k);
  if (track->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  track->discont = FALSE;
  if (unit->flags & VS_TS_UNIT_DAMAGED)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_CORRUPTED);
  if (!(unit->flags & VS_TS_UNIT_KEYFRAME))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return buffer;
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  VsFeed *self = user_data;
  gboolean is_video = (gint) unit->track == self->first_video;
  Track *track = is_video ? &self->video : &self->audio;
  GstFlowReturn flow = GST_FLOW_OK;
  GstBuffer *buffer;
  GstSample *sample;

  if (track->appsrc == NULL || self->stopped
      || (!is_video && (gint) unit->track != self->first_audio))
    return;
  if (self->tracks[unit->track] != track->codec) {
    tell_left_out (self, track, self->tracks[unit->track]);
    return;
  }
  buffer = make_buffer (self, track, unit);
  sample = gst_sample_new (buffer, NULL, &self->segment, NULL);
  g_signal_emit_by_name (track->appsrc, "push-sample", sample, &flow);
  gst_sample_unref (sample);
  gst_buffer_unref (buffer);
  self->stopped = flow != GST_FLOW_OK;
}

/* ---- reading ------------------------------------------------------------ */

static void
give_chunk (VsFeed * self, const VsArchiveChunk * chunk)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, self);
  gsize size;
  const guint8 *data = g_bytes_get_data (chunk->bytes, &size);

  self->chunk = chunk;
  self->first_video = self->first_audio = -1;
  self->video.discont |= chunk->discont;
  self->audio.discont |= chunk->discont;
  if (self->video.appsrc == NULL)
    vs_ts_reader_select (reader, VS_MEDIA_AUDIO);
  else if (self->audio.appsrc == NULL)
    vs_ts_reader_select (reader, VS_MEDIA_VIDEO);
  vs_ts_reader_set_time_hint (reader, chunk->segment->start_pts_90k);
  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
}

static void
note_duration (VsFeed * self)
{
  GstClockTime duration = vs_archive_cursor_get_duration (self->cursor);

  g_mutex_lock (&self->lock);
  self->duration = duration;
  g_mutex_unlock (&self->lock);
}

static void
end (VsFeed * self, const GError * error)
{
  Track *const tracks[] = { &self->video, &self->audio };
  GstFlowReturn flow;

  if (error) {
    gst_element_post_message (self->pipeline, gst_message_new_error
        (GST_OBJECT (self->pipeline), (GError *) error, NULL));
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (tracks); i++)
    if (tracks[i]->appsrc)
      g_signal_emit_by_name (tracks[i]->appsrc, "end-of-stream", &flow);
}

/* Of some in a row the first one. */
static void
tell_problem (VsFeed * self, GError * problem)
{
  if (problem && !self->skipping)
    warn (self, problem);
  self->skipping = problem != NULL;
}

static gpointer
run (gpointer user_data)
{
  VsFeed *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean over = FALSE;

  while (!over && !self->stopped) {
    g_autoptr (VsArchiveChunk) chunk =
        vs_archive_cursor_next (self->cursor, self->cancellable, &error);

    over = chunk == NULL;
    if (chunk)
      tell_problem (self, chunk->problem);
    note_duration (self);
    if (chunk && chunk->bytes)
      give_chunk (self, chunk);
  }
  if (!self->stopped)
    end (self, error);
  return NULL;
}

/* ---- its life ----------------------------------------------------------- */

static void
init_track (VsFeed * self, Track * track, const gchar * name,
    const VsCodecConfig * config)
{
  track->appsrc = gst_bin_get_by_name (GST_BIN (self->pipeline), name);
  track->codec = config ? config->codec : VS_CODEC_UNKNOWN;
}

VsFeed *
vs_feed_new (const VsConvert * convert, GstElement * pipeline,
    GCancellable * cancellable, GError ** error)
{
  VsFeed *self;
  VsArchiveCursor *cursor;
  VsArchiveCursorSettings range;

  vs_convert_get_range (convert, &range);
  cursor = vs_archive_cursor_open (convert->store, convert->place.account,
      convert->place.event, convert->place.breakout, &range, cancellable,
      error);
  if (cursor == NULL)
    return NULL;
  self = g_new0 (VsFeed, 1);
  self->cursor = cursor;
  self->pipeline = pipeline;
  self->cancellable = g_cancellable_new ();
  self->both = (convert->options->kind & (VS_CONVERT_ENCODE | VS_CONVERT_WEBM
          | VS_CONVERT_LADDER)) != 0;
  self->duration = convert->duration;
  g_mutex_init (&self->lock);
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
  self->segment.start = self->segment.position = LEAD;
  init_track (self, &self->video, "video", convert->video);
  init_track (self, &self->audio, "audio", convert->audio);
  return self;
}

void
vs_feed_start (VsFeed * self)
{
  if (self->video.appsrc || self->audio.appsrc)
    self->thread = g_thread_new ("feed", run, self);
}

void
vs_feed_cancel (VsFeed * self)
{
  g_cancellable_cancel (self->cancellable);
}

GstClockTime
vs_feed_get_duration (VsFeed * self)
{
  GstClockTime duration;

  g_mutex_lock (&self->lock);
  duration = self->duration;
  g_mutex_unlock (&self->lock);
  return duration;
}

void
vs_feed_free (VsFeed * self)
{
  vs_feed_cancel (self);
  g_clear_pointer (&self->thread, g_thread_join);
  gst_clear_object (&self->video.appsrc);
  gst_clear_object (&self->audio.appsrc);
  vs_archive_cursor_free (self->cursor);
  g_object_unref (self->cancellable);
  g_mutex_clear (&self->lock);
  g_free (self);
}
