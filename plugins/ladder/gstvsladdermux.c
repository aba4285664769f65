/* VisionStream: a rung's video and audio as MPEG-TS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Encoders push access units here from threads of their own; a task takes
 * them out in the order of their DTS and writes one buffer a PES. Ladder time
 * is turned back into the number of the frame or sample, and PES times are
 * computed from that, so that they are exact whatever nanoseconds rounded.
 *
 * The audio encoders are shared by the rungs: a rung must not hold audio up
 * for the others while it waits for its own video. So both queues are long
 * enough for what one stream may be ahead at the ladder's entrance plus what
 * encoders keep; at its limit a queue goes on alone instead of waiting.
 *
 * Audio that is linked while the output runs joins at the first IDR after its
 * pad was linked: an IDR that cannot have been written before, so that the
 * same input gives the same bytes.
 *
 * self->lock guards the queues and flags; it is not held over a push. */

#include "ladder/gstvsladdermux.h"

#include "ladder/gstvsladderaudio.h"
#include "mpegts/vstswriter.h"

GST_DEBUG_CATEGORY_STATIC (vsladdermux_debug);
#define GST_CAT_DEFAULT vsladdermux_debug

/* one stream's units while the other has none; see above */
#define MAX_VIDEO_90K (12 * 90000)
#define MAX_AUDIO_90K (20 * 90000)
/* A picture is written at most this much before it would be shown at the
 * entrance: a frame of the slowest rate, and what rounding adds */
#define JOIN_MARGIN (250 * GST_MSECOND)
/* without video, PAT and PMT come this often */
#define AUDIO_PSI_90K 90000
/* samples of an AAC access unit, ISO/IEC 14496-3 */
#define AAC_FRAME 1024

typedef struct
{
  GstBuffer *buffer;
  gint64 pts_90k, dts_90k;
  gboolean key;
} Unit;

typedef struct
{
  GstPad *pad;
  guint fps_n, fps_d;           /* video; streaming thread only */
  GstSegment segment;           /* streaming thread only */

  /* protected by lock */
  GQueue units;                 /* of Unit */
  gboolean seen;
  gboolean eos;
  gboolean active;              /* part of the programme */
  gint64 start_90k;             /* what lies before is left out */
} Track;

struct _GstVsLadderMux
{
  GstElement parent;

  GstPad *srcpad;
  GstVsLadderInput *input;
  VsRendition *rendition;
  guint audio_delay;
  gboolean audio_only;

  GMutex lock;
  GCond cond;

  /* protected by lock */
  Track video, audio;
  gboolean flushing;
  gboolean decided;             /* which tracks are active */
  GstFlowReturn flow;
  GstClockTime base;            /* running time of ladder time's origin */

  /* task only */
  VsTsWriter *writer;
  gboolean announced;           /* the programme, as it is now */
  gint64 last_psi_90k;
};

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE ("video",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/x-h264, stream-format=(string)byte-stream, "
        "alignment=(string)au"));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE ("audio",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("audio/mpeg, mpegversion=(int)4, "
        "stream-format=(string)adts, framed=(boolean)true"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/mpegts, systemstream=(boolean)true, "
        "packetsize=(int)188"));

G_DEFINE_TYPE (GstVsLadderMux, gst_vs_ladder_mux, GST_TYPE_ELEMENT);

static void
unit_free (Unit * unit)
{
  gst_buffer_unref (unit->buffer);
  g_free (unit);
}

/* floor (number * 90000 * d / n), below zero too */
static gint64
number_to_90k (gint64 number, guint n, guint d)
{
  const gint64 numerator = number * 90000 * d;
  const gint64 ticks = numerator / n;

  return VS_LADDER_PES_ORIGIN_90K + (numerator % n < 0 ? ticks - 1 : ticks);
}

/* nearest whole number of n/d-ths of a second in @time (ns), below zero too */
static gint64
time_to_number (gint64 time, guint n, guint d)
{
  return time < 0 ?
      -(gint64) gst_util_uint64_scale_round (-time, n, GST_SECOND * d) :
      (gint64) gst_util_uint64_scale_round (time, n, GST_SECOND * d);
}

/* PES time to ladder time */
static GstClockTime
ticks_to_time (gint64 ticks)
{
  return gst_util_uint64_scale (MAX (ticks, 0), GST_SECOND, 90000);
}

/* @time since the segment's start, where every encoder's output begins,
 * whatever it adds to its times (x264enc: 1000 hours) */
static gint64
track_get_offset (Track * track, GstClockTime time)
{
  return (gint64) time - (gint64) track->segment.start;
}

static gboolean
video_get_times (Track * track, GstBuffer * buffer, Unit * unit)
{
  const GstClockTime dts = GST_BUFFER_DTS_OR_PTS (buffer);
  const guint n = track->fps_n, d = track->fps_d;

  if (!GST_BUFFER_PTS_IS_VALID (buffer) || n == 0)
    return FALSE;
  unit->pts_90k = number_to_90k (time_to_number (track_get_offset (track,
              GST_BUFFER_PTS (buffer)), n, d), n, d);
  unit->dts_90k = number_to_90k (time_to_number (track_get_offset (track, dts),
          n, d), n, d);
  unit->key = !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return TRUE;
}

/* Times are those of what is heard: the encoder's delay is taken off. A frame
 * that holds nothing but the delay is left out. */
static gboolean
audio_get_times (GstVsLadderMux * self, Track * track, GstBuffer * buffer,
    Unit * unit)
{
  gint64 sample;

  if (!GST_BUFFER_PTS_IS_VALID (buffer))
    return FALSE;
  sample = time_to_number (track_get_offset (track, GST_BUFFER_PTS (buffer)),
      VS_LADDER_SAMPLE_RATE, 1) - self->audio_delay;
  unit->pts_90k = number_to_90k (sample, VS_LADDER_SAMPLE_RATE, 1);
  unit->dts_90k = unit->pts_90k;
  unit->key = TRUE;
  return sample + AAC_FRAME > 0;
}

static gint64
track_get_span_unlocked (Track * track)
{
  const Unit *head = g_queue_peek_head (&track->units);
  const Unit *tail = g_queue_peek_tail (&track->units);

  return head ? tail->dts_90k - head->dts_90k : 0;
}

static gboolean
track_is_full_unlocked (GstVsLadderMux * self, Track * track)
{
  return track_get_span_unlocked (track) >=
      (track == &self->video ? MAX_VIDEO_90K : MAX_AUDIO_90K);
}

/* A rung that nobody takes ends, without an error (queues make one of
 * NOT_LINKED), and must not stop the audio that others share. */
static GstFlowReturn
track_get_flow_unlocked (GstVsLadderMux * self, Track * track)
{
  if (self->flushing)
    return GST_FLOW_FLUSHING;
  if (self->flow == GST_FLOW_NOT_LINKED || self->flow == GST_FLOW_EOS)
    return track == &self->audio ? GST_FLOW_OK : GST_FLOW_EOS;
  return self->flow;
}

/* With the lock. Whether a unit is wanted; audio that may yet join is kept, no
 * more of it than a queue holds. */
static gboolean
track_wants_unlocked (GstVsLadderMux * self, Track * track, const Unit * unit)
{
  if (self->flow != GST_FLOW_OK)
    return FALSE;
  if (!self->decided || track->active)
    return unit->pts_90k >= track->start_90k;
  if (track == &self->video || !self->video.active ||
      !GST_CLOCK_TIME_IS_VALID (gst_vs_ladder_input_get_link_time
          (self->input, VS_MEDIA_AUDIO)))
    return FALSE;
  while (track_is_full_unlocked (self, track))
    unit_free (g_queue_pop_head (&track->units));
  return TRUE;
}

static GstFlowReturn
mux_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstVsLadderMux *self = GST_VS_LADDER_MUX (parent);
  Track *track = pad == self->video.pad ? &self->video : &self->audio;
  Unit unit = { buffer, 0, 0, FALSE };
  GstFlowReturn flow;
  gboolean valid = track == &self->video ?
      video_get_times (track, buffer, &unit) :
      audio_get_times (self, track, buffer, &unit);

  g_mutex_lock (&self->lock);
  while (valid && track_is_full_unlocked (self, track) && !self->flushing &&
      self->flow == GST_FLOW_OK && (track->active || !self->decided))
    g_cond_wait (&self->cond, &self->lock);
  flow = track_get_flow_unlocked (self, track);
  if (valid && flow == GST_FLOW_OK && track_wants_unlocked (self, track, &unit)) {
    g_queue_push_tail (&track->units, g_memdup2 (&unit, sizeof (unit)));
    track->seen = TRUE;
    buffer = NULL;
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  gst_clear_buffer (&buffer);
  return flow;
}

static void
video_set_caps (Track * track, GstEvent * event)
{
  gint n = 0, d = 1;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  gst_structure_get_fraction (gst_caps_get_structure (caps, 0), "framerate",
      &n, &d);
  if (n > 0 && d > 0) {
    track->fps_n = n;
    track->fps_d = d;
  }
}

static void
track_clear_unlocked (Track * track)
{
  g_queue_clear_full (&track->units, (GDestroyNotify) unit_free);
  track->seen = track->eos = track->active = FALSE;
  track->start_90k = 0;
}

static gboolean
mux_sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstVsLadderMux *self = GST_VS_LADDER_MUX (parent);
  Track *track = pad == self->video.pad ? &self->video : &self->audio;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      if (track == &self->video)
        video_set_caps (track, event);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &track->segment);
      g_mutex_lock (&self->lock);
      self->base = track->segment.base;
      g_mutex_unlock (&self->lock);
      break;
    case GST_EVENT_EOS:
      g_mutex_lock (&self->lock);
      track->eos = TRUE;
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->lock);
      break;
    default:
      /* keyframe requests, tags and the like have nothing to say in a TS */
      break;
  }
  gst_event_unref (event);
  return TRUE;
}

/* With the lock. Whether the programme has a stream from its start on. Demuxers
 * link their pads one after the other: with one stream alone, some of it is
 * awaited before the programme is said to have no other. */
static gboolean
mux_find_stream_unlocked (GstVsLadderMux * self, VsMediaType type,
    gboolean * found)
{
  const Track *track = type == VS_MEDIA_VIDEO ? &self->video : &self->audio;
  Track *other = type == VS_MEDIA_VIDEO ? &self->audio : &self->video;
  const GstClockTime time =
      gst_vs_ladder_input_get_link_time (self->input, type);
  const GstClockTime wait = type == VS_MEDIA_VIDEO ? VS_LADDER_VIDEO_WAIT :
      VS_LADDER_AUDIO_WAIT;

  *found = GST_CLOCK_TIME_IS_VALID (time) &&
      time <= VS_LADDER_TIME_ORIGIN + wait;
  return *found || track->eos || other->eos ||
      ticks_to_time (track_get_span_unlocked (other)) >= wait;
}

/* With the lock. Which streams the programme has; FALSE: not known yet. */
static gboolean
mux_decide_unlocked (GstVsLadderMux * self)
{
  const gboolean wants_audio = self->rendition->audio_id != NULL;
  gboolean video, audio;

  if (self->decided)
    return TRUE;
  if (!self->video.seen && !self->audio.seen && !self->video.eos &&
      !self->audio.eos)
    return FALSE;
  if (!mux_find_stream_unlocked (self, VS_MEDIA_VIDEO, &video) ||
      (!mux_find_stream_unlocked (self, VS_MEDIA_AUDIO, &audio) && wants_audio))
    return FALSE;
  self->video.active = video;
  self->audio.active = audio && wants_audio && (video || self->audio_only);
  self->decided = TRUE;
  if (!self->audio.active)
    g_queue_clear_full (&self->audio.units, (GDestroyNotify) unit_free);
  return TRUE;
}

/* With the lock. At an IDR: audio that was linked before it joins. */
static void
mux_let_audio_join_unlocked (GstVsLadderMux * self)
{
  const Unit *video = g_queue_peek_head (&self->video.units);
  GstClockTime time;
  Unit *audio;

  if (self->audio.active || !self->video.active || video == NULL ||
      !video->key || self->rendition->audio_id == NULL)
    return;
  time = gst_vs_ladder_input_get_link_time (self->input, VS_MEDIA_AUDIO);
  if (!GST_CLOCK_TIME_IS_VALID (time) ||
      ticks_to_time (video->pts_90k) < time + JOIN_MARGIN)
    return;
  GST_INFO_OBJECT (self, "audio joins at %" G_GINT64_FORMAT, video->pts_90k);
  self->audio.active = TRUE;
  self->audio.start_90k = video->pts_90k;
  self->announced = FALSE;
  while ((audio = g_queue_peek_head (&self->audio.units)) &&
      audio->pts_90k < self->audio.start_90k)
    unit_free (g_queue_pop_head (&self->audio.units));
}

/* With the lock. A rung whose video ends before it begins is absent. */
static gboolean
mux_is_at_end_unlocked (GstVsLadderMux * self)
{
  if (self->video.active && self->video.eos && !self->video.seen)
    return TRUE;
  return (!self->video.active || (self->video.eos &&
          g_queue_is_empty (&self->video.units))) &&
      (!self->audio.active || (self->audio.eos &&
          g_queue_is_empty (&self->audio.units)));
}

/* With the lock. The track to take a unit from, NULL to wait. */
static Track *
mux_choose_unlocked (GstVsLadderMux * self)
{
  const Unit *video = g_queue_peek_head (&self->video.units);
  const Unit *audio = self->audio.active ?
      g_queue_peek_head (&self->audio.units) : NULL;

  if (video && audio)
    return audio->dts_90k < video->dts_90k ? &self->audio : &self->video;
  if (video && (!self->audio.active || self->audio.eos ||
          track_is_full_unlocked (self, &self->video)))
    return &self->video;
  if (audio && (!self->video.active || self->video.eos ||
          track_is_full_unlocked (self, &self->audio)))
    return &self->audio;
  return NULL;
}

/* Returns: (transfer full) (nullable): the next unit; NULL with @end set at
 * the end of all, else on flush */
static Unit *
mux_wait (GstVsLadderMux * self, guint * track_index, gboolean * end)
{
  Track *track = NULL;
  Unit *unit = NULL;

  *end = FALSE;
  g_mutex_lock (&self->lock);
  while (!self->flushing) {
    if (mux_decide_unlocked (self)) {
      mux_let_audio_join_unlocked (self);
      *end = mux_is_at_end_unlocked (self);
      if (*end || (track = mux_choose_unlocked (self)))
        break;
    }
    g_cond_wait (&self->cond, &self->lock);
  }
  if (track) {
    unit = g_queue_pop_head (&track->units);
    *track_index = track == &self->audio && self->video.active ? 1 : 0;
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  return unit;
}

static void
mux_push_rendition (GstVsLadderMux * self)
{
  g_autoptr (VsRendition) rendition = vs_rendition_copy (self->rendition);

  rendition->track_count = self->video.active + self->audio.active;
  if (!self->audio.active)
    g_clear_pointer (&rendition->audio_id, g_free);
  if (self->video.active) {
    rendition->fps_n = self->video.fps_n;
    rendition->fps_d = self->video.fps_d;
  }
  gst_pad_push_event (self->srcpad, vs_event_new_rendition (rendition));
}

static void
mux_begin (GstVsLadderMux * self)
{
  g_autoptr (GstCaps) caps = gst_pad_get_pad_template_caps (self->srcpad);
  const VsRendition *rendition = self->rendition;
  g_autofree gchar *id = g_strjoin ("/", rendition->account,
      rendition->event, rendition->breakout ? rendition->breakout : "",
      rendition->name, NULL);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.position = VS_LADDER_TIME_ORIGIN;
  g_mutex_lock (&self->lock);
  segment.base = self->base;
  g_mutex_unlock (&self->lock);

  self->last_psi_90k = G_MININT64;
  gst_pad_push_event (self->srcpad, gst_event_new_stream_start (id));
  gst_pad_push_event (self->srcpad, gst_event_new_caps (caps));
  gst_pad_push_event (self->srcpad, gst_event_new_segment (&segment));
}

/* Says which streams there are, at the start and when audio has joined. */
static void
mux_announce (GstVsLadderMux * self)
{
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (self->video.active ? VS_CODEC_H264 :
      VS_CODEC_UNKNOWN, self->audio.active ? VS_CODEC_AAC : VS_CODEC_UNKNOWN,
      self->rendition->language);

  if (self->writer == NULL) {
    mux_begin (self);
    self->writer = vs_ts_writer_new (program);
  } else {
    vs_ts_writer_set_program (self->writer, program);
  }
  mux_push_rendition (self);
  self->announced = TRUE;
}

/* PAT and PMT stand before each IDR, or now and then without video. */
static gboolean
mux_needs_psi (GstVsLadderMux * self, const Unit * unit, guint track)
{
  if (self->video.active)
    return track == 0 && unit->key;
  return self->last_psi_90k == G_MININT64 ||
      unit->dts_90k >= self->last_psi_90k + AUDIO_PSI_90K;
}

static GstBuffer *
mux_write (GstVsLadderMux * self, const Unit * unit, guint track)
{
  GByteArray *array = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  GstMapInfo map;
  GstBuffer *buffer;

  if (mux_needs_psi (self, unit, track)) {
    vs_ts_writer_write_psi (self->writer, array);
    self->last_psi_90k = unit->dts_90k;
  }
  if (gst_buffer_map (unit->buffer, &map, GST_MAP_READ)) {
    const VsTsUnit ts_unit = {
      .track = track,
      .flags = unit->key ? VS_TS_UNIT_KEYFRAME : 0,
      .pts_90k = unit->pts_90k,
      .dts_90k = unit->dts_90k,
      .data = map.data,
      .size = map.size,
    };

    vs_ts_writer_write_unit (self->writer, &ts_unit, array);
    gst_buffer_unmap (unit->buffer, &map);
  }
  bytes = g_byte_array_free_to_bytes (array);
  buffer = gst_buffer_new_wrapped_bytes (bytes);
  GST_BUFFER_PTS (buffer) = ticks_to_time (unit->pts_90k);
  GST_BUFFER_DTS (buffer) = ticks_to_time (unit->dts_90k);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
  if (self->video.active && (track == 1 || !unit->key))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return buffer;
}

/* What was waiting will not be taken any more. */
static void
mux_stop (GstVsLadderMux * self, GstFlowReturn flow)
{
  g_mutex_lock (&self->lock);
  self->flow = flow;
  g_queue_clear_full (&self->video.units, (GDestroyNotify) unit_free);
  g_queue_clear_full (&self->audio.units, (GDestroyNotify) unit_free);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  gst_pad_pause_task (self->srcpad);
}

static void
mux_loop (gpointer user_data)
{
  GstVsLadderMux *self = user_data;
  guint track = 0;
  gboolean end;
  Unit *unit = mux_wait (self, &track, &end);
  GstFlowReturn flow;

  if (unit == NULL && !end) {
    mux_stop (self, GST_FLOW_FLUSHING);
    return;
  }
  if (!self->announced)
    mux_announce (self);
  if (end) {
    GST_DEBUG_OBJECT (self, "all was written");
    gst_pad_push_event (self->srcpad, gst_event_new_eos ());
    mux_stop (self, GST_FLOW_EOS);
    return;
  }
  flow = gst_pad_push (self->srcpad, mux_write (self, unit, track));
  unit_free (unit);
  if (flow != GST_FLOW_OK) {
    GST_INFO_OBJECT (self, "downstream: %s", gst_flow_get_name (flow));
    mux_stop (self, flow);
  }
}

static gboolean
mux_src_activate_mode (GstPad * pad, GstObject * parent, GstPadMode mode,
    gboolean active)
{
  GstVsLadderMux *self = GST_VS_LADDER_MUX (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->flushing = !active;
  self->flow = GST_FLOW_OK;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  if (active)
    return gst_pad_start_task (pad, mux_loop, self, NULL);
  return gst_pad_stop_task (pad);
}

/* What is said here stands for the slower of the two branches. */
static gboolean
mux_query_latency (GstVsLadderMux * self, GstQuery * query)
{
  GstPad *pads[] = { self->video.pad, self->audio.pad };
  const VsMediaType types[] = { VS_MEDIA_VIDEO, VS_MEDIA_AUDIO };
  GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
  gboolean live = FALSE, answered = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (pads); i++) {
    g_autoptr (GstQuery) peer = gst_query_new_latency ();
    GstClockTime peer_min, peer_max;
    gboolean peer_live;

    if (!GST_CLOCK_TIME_IS_VALID (gst_vs_ladder_input_get_link_time
            (self->input, types[i])) || !gst_pad_peer_query (pads[i], peer))
      continue;
    gst_query_parse_latency (peer, &peer_live, &peer_min, &peer_max);
    answered = TRUE;
    live |= peer_live;
    min = MAX (min, peer_min);
    max = MIN (max, peer_max);
  }
  if (answered)
    gst_query_set_latency (query, live, min, MAX (min, max));
  return answered;
}

static gboolean
mux_src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return mux_query_latency (GST_VS_LADDER_MUX (parent), query);
  return gst_pad_query_default (pad, parent, query);
}

static GstStateChangeReturn
gst_vs_ladder_mux_change_state (GstElement * element, GstStateChange transition)
{
  GstVsLadderMux *self = GST_VS_LADDER_MUX (element);
  GstStateChangeReturn ret = GST_ELEMENT_CLASS
      (gst_vs_ladder_mux_parent_class)->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    g_mutex_lock (&self->lock);
    track_clear_unlocked (&self->video);
    track_clear_unlocked (&self->audio);
    self->decided = FALSE;
    g_mutex_unlock (&self->lock);
    g_clear_pointer (&self->writer, vs_ts_writer_free);
    self->announced = FALSE;
  }
  return ret;
}

static void
track_init (GstVsLadderMux * self, Track * track,
    GstStaticPadTemplate * template)
{
  track->pad = gst_pad_new_from_static_template (template,
      template->name_template);
  gst_pad_set_chain_function (track->pad, mux_chain);
  gst_pad_set_event_function (track->pad, mux_sink_event);
  gst_element_add_pad (GST_ELEMENT (self), track->pad);
  g_queue_init (&track->units);
  gst_segment_init (&track->segment, GST_FORMAT_TIME);
}

static void
gst_vs_ladder_mux_init (GstVsLadderMux * self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  track_init (self, &self->video, &video_template);
  track_init (self, &self->audio, &audio_template);
  self->flushing = TRUE;
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_activatemode_function (self->srcpad, mux_src_activate_mode);
  gst_pad_set_query_function (self->srcpad, mux_src_query);
  gst_pad_use_fixed_caps (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
gst_vs_ladder_mux_finalize (GObject * object)
{
  GstVsLadderMux *self = GST_VS_LADDER_MUX (object);

  track_clear_unlocked (&self->video);
  track_clear_unlocked (&self->audio);
  g_clear_pointer (&self->writer, vs_ts_writer_free);
  g_clear_pointer (&self->rendition, vs_rendition_unref);
  g_clear_object (&self->input);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (gst_vs_ladder_mux_parent_class)->finalize (object);
}

static void
gst_vs_ladder_mux_class_init (GstVsLadderMuxClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (vsladdermux_debug, "vsladdermux", 0,
      "vsladder multiplexer");
  G_OBJECT_CLASS (klass)->finalize = gst_vs_ladder_mux_finalize;
  element_class->change_state = gst_vs_ladder_mux_change_state;
  gst_element_class_add_static_pad_template (element_class, &video_template);
  gst_element_class_add_static_pad_template (element_class, &audio_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Ladder mux",
      "Muxer", "A rung's video and audio as MPEG-TS", "VisionStream");
}

GstElement *
gst_vs_ladder_mux_new (const gchar * name, GstVsLadderInput * input,
    const VsLadderMuxSettings * settings)
{
  GstVsLadderMux *self =
      g_object_new (GST_TYPE_VS_LADDER_MUX, "name", name, NULL);

  self->input = g_object_ref (input);
  self->rendition = vs_rendition_copy (settings->rendition);
  self->audio_delay = settings->audio_delay;
  self->audio_only = settings->audio_only;
  return GST_ELEMENT (self);
}
