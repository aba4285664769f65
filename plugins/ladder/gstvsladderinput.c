/* VisionStream: the ladder's entrance: one timeline for video and audio
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Both streams pass here before anything is decoded, in the order in which
 * the source gave them. That makes it the place where time is decided:
 *
 * - The first video keyframe (or audio, where it comes clearly earlier or
 *   alone) is the origin. Buffers are stamped with ladder time, which is
 *   VS_LADDER_TIME_ORIGIN there; the segment's base keeps its running time.
 * - A step of more than MAX_GAP, or back, is a jump of the clock and not a
 *   gap: the stream runs on where it was, the other one with it.
 * - What one stream lacks is told by GAP events, as serialized as the data,
 *   so that decoders are drained before the gap is filled: after a stream
 *   has ended before the other, and when it is MAX_LEAD behind the other. As
 *   long as one thread feeds both (a demuxer), position alone decides. Two
 *   threads are two sources: the leading one then waits for the other, and
 *   takes it for missing once nothing has moved for STALL_TIME. Live input
 *   never waits; what comes too late is replaced further down, by the clock.
 *
 * Lock order: the stream lock of a sink pad, then self->lock. The lock is not
 * held over a push. A stream's events are pushed from the other's thread only
 * when the stream lock could be taken at once, that is, when it is idle. */

#include "ladder/gstvsladderinput.h"

#include "ladder/vsladderchain.h"

GST_DEBUG_CATEGORY_STATIC (vsladderinput_debug);
#define GST_CAT_DEFAULT vsladderinput_debug

/* a step further than this, or further back than MAX_BACKSTEP, is a jump */
#define MAX_GAP (10 * GST_SECOND)
#define MAX_BACKSTEP (1 * GST_SECOND)
/* how far one stream may be ahead of the other in the source's own order */
#define MAX_LEAD (5 * GST_SECOND)
/* audio that begins this much before the first picture counts as its start */
#define MIN_LEAD_IN (500 * GST_MSECOND)
/* of a source that has stopped; wall clock, two threads only */
#define STALL_TIME (2 * G_USEC_PER_SEC)
/* how much of what is missing before a late stream is made all the same */
#define LATE_LEAD_IN (10 * GST_SECOND)
/* audio kept until the first picture has told the origin */
#define MAX_HELD 4096

typedef struct _InputStream
{
  GstPad *sinkpad, *srcpad;
  VsMediaType type;

  /* streaming thread only */
  GstSegment segment;           /* of what goes on next */
  GstSegment arrival;           /* of what comes next */

  /* protected by lock */
  gboolean linked;
  gboolean expected;            /* the output has this stream */
  GstClockTime link_time;       /* of the other stream, when linked */
  gboolean refused;             /* came too late to be part of the output */
  GThread *thread;              /* that last brought something; not owned */
  gint64 last_arrival;          /* monotonic µs */
  gboolean seen;                /* had a buffer */
  gboolean started;             /* our segment was pushed */
  gboolean stream_started;      /* a stream-start was pushed */
  gboolean eos, eos_sent;
  gboolean flushing;
  gint64 offset;                /* ladder time - (running time - origin) */
  GstClockTime last;            /* ladder time of the last DTS or PTS */
  GstClockTime position;        /* ladder time up to which it has come */
  GQueue held;                  /* of GstMiniObject, before the origin: buffers,
                                 * and the events between them */
  GstClockTime held_first;      /* running time of the first held buffer */
} InputStream;

struct _GstVsLadderInput
{
  GstElement parent;

  InputStream video, audio;

  GMutex lock;
  GCond cond;

  /* protected by lock */
  gboolean has_origin;
  GstClockTime origin;          /* running time */
  gint64 offset;                /* that the last jump set */
  gboolean live_known, live;
};

G_DEFINE_TYPE (GstVsLadderInput, gst_vs_ladder_input, GST_TYPE_ELEMENT);

static InputStream *
input_get_stream (GstVsLadderInput * self, GstPad * pad)
{
  return pad == self->video.sinkpad || pad == self->video.srcpad ?
      &self->video : &self->audio;
}

static InputStream *
input_get_other (GstVsLadderInput * self, InputStream * stream)
{
  return stream == &self->video ? &self->audio : &self->video;
}

static void
stream_reset (InputStream * stream)
{
  gst_segment_init (&stream->segment, GST_FORMAT_UNDEFINED);
  gst_segment_init (&stream->arrival, GST_FORMAT_UNDEFINED);
  stream->thread = NULL;
  stream->seen = stream->started = stream->stream_started = FALSE;
  stream->eos = stream->eos_sent = FALSE;
  stream->expected = stream->linked;
  stream->refused = FALSE;
  stream->link_time = VS_LADDER_TIME_ORIGIN;
  stream->offset = 0;
  stream->last = stream->position = VS_LADDER_TIME_ORIGIN;
  stream->held_first = GST_CLOCK_TIME_NONE;
  g_queue_clear_full (&stream->held, (GDestroyNotify) gst_mini_object_unref);
}

/* A stream that is filled before anything came on it needs caps of some kind:
 * those of raw media, of which none will follow. */
static void
stream_push_silent_caps (InputStream * stream)
{
  g_autoptr (GstCaps) caps = NULL;

  if (gst_pad_has_current_caps (stream->srcpad))
    return;
  caps = gst_caps_from_string (stream->type == VS_MEDIA_VIDEO ?
      "video/x-raw, format=(string)I420, width=(int)320, height=(int)240, "
      "framerate=(fraction)30/1" : "audio/x-raw, format=(string)S16LE, "
      "rate=(int)48000, channels=(int)2, layout=(string)interleaved");
  gst_pad_push_event (stream->srcpad, gst_event_new_caps (caps));
}

/* Called without the lock, with the stream lock of stream->sinkpad. What joins
 * late starts late too: hours of silence need not be made. */
static void
stream_push_start (GstVsLadderInput * self, InputStream * stream)
{
  GstSegment segment;
  gboolean need_stream_start;

  g_mutex_lock (&self->lock);
  if (stream->started || !self->has_origin) {
    g_mutex_unlock (&self->lock);
    return;
  }
  stream->started = TRUE;
  need_stream_start = !stream->stream_started;
  stream->stream_started = TRUE;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.position = VS_LADDER_TIME_ORIGIN;
  segment.base = self->origin;
  if (stream->link_time > VS_LADDER_TIME_ORIGIN + LATE_LEAD_IN)
    segment.position = stream->link_time - LATE_LEAD_IN;
  g_mutex_unlock (&self->lock);

  if (need_stream_start)
    gst_pad_push_event (stream->srcpad,
        gst_event_new_stream_start (GST_PAD_NAME (stream->srcpad)));
  stream_push_silent_caps (stream);
  gst_pad_push_event (stream->srcpad, gst_event_new_segment (&segment));
}

/* Called with the stream lock. Tells that nothing comes before @until. */
static void
stream_push_gap (GstVsLadderInput * self, InputStream * stream,
    GstClockTime until)
{
  GstClockTime from;

  stream_push_start (self, stream);
  g_mutex_lock (&self->lock);
  from = stream->position;
  if (from >= until) {
    g_mutex_unlock (&self->lock);
    return;
  }
  stream->position = stream->last = until;
  g_mutex_unlock (&self->lock);
  GST_LOG_OBJECT (stream->srcpad, "nothing until %" GST_TIME_FORMAT,
      GST_TIME_ARGS (until));
  gst_pad_push_event (stream->srcpad, gst_event_new_gap (from, until - from));
}

/* With the lock */
static void
input_set_origin_unlocked (GstVsLadderInput * self, GstClockTime origin)
{
  GST_INFO_OBJECT (self, "origin at running time %" GST_TIME_FORMAT,
      GST_TIME_ARGS (origin));
  self->origin = origin;
  self->has_origin = TRUE;
}

/* With the lock. Video says where the output begins; audio does when it is
 * alone or clearly earlier. */
static void
input_decide_origin_unlocked (GstVsLadderInput * self, InputStream * stream,
    GstClockTime time)
{
  InputStream *other = input_get_other (self, stream);

  if (!GST_CLOCK_TIME_IS_VALID (stream->held_first))
    stream->held_first = time;
  if (stream == &self->video) {
    if (GST_CLOCK_TIME_IS_VALID (other->held_first) &&
        other->held_first + MIN_LEAD_IN < time)
      time = other->held_first;
    input_set_origin_unlocked (self, time);
  } else if (!other->expected || other->eos ||
      time > stream->held_first + MAX_LEAD ||
      g_queue_get_length (&stream->held) >= MAX_HELD) {
    input_set_origin_unlocked (self, stream->held_first);
  }
}

/* The running time now, in ladder time; or NONE */
static GstClockTime
input_get_now (GstVsLadderInput * self)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime now;

  if (clock == NULL)
    return GST_CLOCK_TIME_NONE;
  now = gst_clock_get_time (clock);
  if (now < GST_ELEMENT (self)->base_time)
    return GST_CLOCK_TIME_NONE;
  now -= GST_ELEMENT (self)->base_time;
  return now > self->origin ? now - self->origin + VS_LADDER_TIME_ORIGIN :
      VS_LADDER_TIME_ORIGIN;
}

/* With the lock. Turns a running time into ladder time; a jump of the clock
 * is taken out. May be negative. */
static gint64
stream_map_time_unlocked (GstVsLadderInput * self, InputStream * stream,
    gint64 running_time)
{
  const gint64 flat =
      running_time - (gint64) self->origin + VS_LADDER_TIME_ORIGIN;
  const gint64 lowest = (gint64) stream->last - MAX_BACKSTEP;
  gint64 highest = stream->last + MAX_GAP;
  gint64 time = flat + stream->offset;

  if (self->live) {
    const GstClockTime now = input_get_now (self);

    if (GST_CLOCK_TIME_IS_VALID (now))
      highest = MAX (highest, (gint64) now + MAX_GAP);
  }
  if (!stream->seen || (time >= lowest && time <= highest))
    return time;

  time = flat + self->offset;
  if (time < lowest || time > highest) {
    time = MAX (self->video.position, self->audio.position);
    self->offset = time - flat;
    GST_WARNING_OBJECT (stream->sinkpad, "time jumped, runs on at %"
        GST_TIME_FORMAT, GST_TIME_ARGS (time));
  }
  stream->offset = self->offset;
  return time;
}

/* With the lock. Returns FALSE when the buffer lies before all time. */
static gboolean
stream_stamp_unlocked (GstVsLadderInput * self, InputStream * stream,
    GstBuffer * buffer)
{
  const GstClockTime times[] = { GST_BUFFER_DTS (buffer),
    GST_BUFFER_PTS (buffer)
  };
  gint64 mapped[2] = { -1, -1 };
  gint64 running;
  gint sign;

  for (guint i = 0; i < 2; i++) {
    if (!GST_CLOCK_TIME_IS_VALID (times[i]))
      continue;
    sign = gst_segment_to_running_time_full (&stream->segment, GST_FORMAT_TIME,
        times[i], (guint64 *) & running);
    if (sign == 0)
      return FALSE;
    mapped[i] = stream_map_time_unlocked (self, stream,
        sign < 0 ? -running : running);
    if (mapped[i] < 0)
      return FALSE;
    if (i == 0 || mapped[0] < 0)
      stream->last = mapped[i];
    stream->seen = TRUE;
  }
  GST_BUFFER_DTS (buffer) = mapped[0] < 0 ? GST_CLOCK_TIME_NONE : mapped[0];
  GST_BUFFER_PTS (buffer) = mapped[1] < 0 ? GST_CLOCK_TIME_NONE : mapped[1];
  if (mapped[1] >= 0) {
    GstClockTime end = mapped[1];

    if (GST_BUFFER_DURATION_IS_VALID (buffer))
      end += GST_BUFFER_DURATION (buffer);
    stream->position = MAX (stream->position, end);
  }
  return TRUE;
}

/* A pad that nothing comes on still takes part in a live timeline. */
static void
stream_start_other_live (GstVsLadderInput * self, InputStream * stream)
{
  InputStream *other = input_get_other (self, stream);
  gboolean wanted;

  g_mutex_lock (&self->lock);
  wanted = self->live && self->has_origin && !other->started && other->expected;
  g_mutex_unlock (&self->lock);
  if (wanted && g_rec_mutex_trylock (GST_PAD_GET_STREAM_LOCK (other->sinkpad))) {
    stream_push_start (self, other);
    g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (other->sinkpad));
  }
}

/* With the stream lock. Stamps a buffer; NULL when it lies before all time. */
static GstBuffer *
stream_stamp (GstVsLadderInput * self, InputStream * stream, GstBuffer * buffer)
{
  gboolean in_time;

  buffer = gst_buffer_make_writable (buffer);
  g_mutex_lock (&self->lock);
  in_time = stream_stamp_unlocked (self, stream, buffer);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  if (!in_time)
    gst_clear_buffer (&buffer);
  return buffer;
}

static void
stream_push_held_event (InputStream * stream, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) != GST_EVENT_SEGMENT) {
    gst_pad_push_event (stream->srcpad, event);
    return;
  }
  gst_event_copy_segment (event, &stream->segment);
  gst_event_unref (event);
}

/* With the stream lock. What was kept back until the origin was known */
static GstFlowReturn
stream_push_held (GstVsLadderInput * self, InputStream * stream)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GstMiniObject *item;
  GstBuffer *buffer;

  stream_push_start (self, stream);
  while (flow == GST_FLOW_OK) {
    g_mutex_lock (&self->lock);
    item = self->has_origin ? g_queue_pop_head (&stream->held) : NULL;
    g_mutex_unlock (&self->lock);
    if (item == NULL)
      break;
    if (GST_IS_EVENT (item)) {
      stream_push_held_event (stream, GST_EVENT_CAST (item));
      continue;
    }
    buffer = stream_stamp (self, stream, GST_BUFFER_CAST (item));
    if (buffer)
      flow = gst_pad_push (stream->srcpad, buffer);
  }
  return flow;
}

/* Called from the other stream's thread, without locks. Does nothing when
 * @stream is busy: then it is not missing. */
static void
stream_advance (GstVsLadderInput * self, InputStream * stream,
    GstClockTime until)
{
  if (!g_rec_mutex_trylock (GST_PAD_GET_STREAM_LOCK (stream->sinkpad)))
    return;
  stream_push_held (self, stream);
  stream_push_gap (self, stream, until);
  g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (stream->sinkpad));
}

/* With the lock. Whether @other is to be advanced so that @stream can go on;
 * may wait for a source of its own. */
static gboolean
stream_is_alone_unlocked (GstVsLadderInput * self, InputStream * stream,
    InputStream * other)
{
  gint64 give_up;

  while (!stream->flushing && other->expected && !other->eos_sent) {
    if (other->eos)
      return TRUE;
    if (stream->position <= other->position + MAX_LEAD)
      return FALSE;
    if (self->live || other->thread == g_thread_self ())
      return TRUE;
    give_up = other->last_arrival + STALL_TIME;
    if (!g_cond_wait_until (&self->cond, &self->lock, give_up) &&
        other->last_arrival + STALL_TIME <= give_up)
      return TRUE;
  }
  return FALSE;
}

/* Before a buffer goes on: sees to it that the other stream follows. */
static void
stream_balance (GstVsLadderInput * self, InputStream * stream)
{
  InputStream *other = input_get_other (self, stream);
  GstClockTime until = 0;

  g_mutex_lock (&self->lock);
  if (stream_is_alone_unlocked (self, stream, other))
    until = other->eos ? stream->position : stream->position - MAX_LEAD;
  g_mutex_unlock (&self->lock);
  if (until)
    stream_advance (self, other, until);
}

static gboolean
input_query_live (GstPad * pad)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (pad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  return live;
}

/* Pictures before the first keyframe cannot be decoded. */
static gboolean
stream_may_begin (InputStream * stream, GstBuffer * buffer)
{
  return GST_BUFFER_PTS_IS_VALID (buffer) && (stream->type == VS_MEDIA_AUDIO ||
      !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT));
}

/* With the lock. FALSE: the buffer was kept or dropped. */
static gboolean
stream_begin_unlocked (GstVsLadderInput * self, InputStream * stream,
    GstBuffer * buffer)
{
  const GstClockTime time = gst_segment_to_running_time (&stream->arrival,
      GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));

  if (!self->has_origin && GST_CLOCK_TIME_IS_VALID (time) &&
      stream_may_begin (stream, buffer))
    input_decide_origin_unlocked (self, stream, time);
  if (self->has_origin)
    return TRUE;
  if (stream->type == VS_MEDIA_AUDIO)
    g_queue_push_tail (&stream->held, buffer);
  else
    gst_buffer_unref (buffer);
  return FALSE;
}

static GstFlowReturn
input_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstVsLadderInput *self = GST_VS_LADDER_INPUT (parent);
  InputStream *stream = input_get_stream (self, pad);
  GstFlowReturn flow;
  gboolean begun, taken, live = FALSE;

  if (!self->live_known)
    live = input_query_live (pad);
  g_mutex_lock (&self->lock);
  if (!self->live_known) {
    self->live = live;
    self->live_known = TRUE;
  }
  stream->thread = g_thread_self ();
  stream->last_arrival = g_get_monotonic_time ();
  stream->eos = stream->eos_sent;       /* a pad may be linked anew */
  taken = !stream->eos_sent && !stream->refused;
  begun = taken && stream_begin_unlocked (self, stream, buffer);
  g_mutex_unlock (&self->lock);
  if (!taken)
    gst_buffer_unref (buffer);
  if (!begun)
    return stream->eos_sent ? GST_FLOW_EOS : GST_FLOW_OK;

  stream_start_other_live (self, stream);
  flow = stream_push_held (self, stream);
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  buffer = stream_stamp (self, stream, buffer);
  if (buffer == NULL)
    return GST_FLOW_OK;
  stream_balance (self, stream);
  return gst_pad_push (stream->srcpad, buffer);
}

/* With the lock: whether nothing will come on a stream that has not ended. A
 * source of its own that has not begun yet is given STALL_TIME. */
static gboolean
stream_is_missing_unlocked (GstVsLadderInput * self, InputStream * stream)
{
  if (!stream->expected)
    return TRUE;
  while (!stream->eos && stream->expected && !stream->flushing &&
      !GST_CLOCK_TIME_IS_VALID (stream->held_first) && !stream->seen) {
    if (stream->thread == g_thread_self ())
      return FALSE;
    if (self->live || !g_cond_wait_until (&self->cond, &self->lock,
            stream->last_arrival + STALL_TIME))
      return TRUE;
  }
  return FALSE;
}

static void
stream_push_eos (GstVsLadderInput * self, InputStream * stream,
    GstClockTime end)
{
  gboolean sent;

  g_rec_mutex_lock (GST_PAD_GET_STREAM_LOCK (stream->sinkpad));
  g_mutex_lock (&self->lock);
  sent = stream->eos_sent;
  stream->eos = stream->eos_sent = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  if (!sent) {
    if (stream->expected && self->has_origin) {
      stream_push_gap (self, stream, end);
      /* marks the end, for what comes out late or not at all further down */
      if (stream->type == VS_MEDIA_VIDEO)
        gst_pad_push_event (stream->srcpad, gst_event_new_gap (end, 0));
    }
    gst_pad_push_event (stream->srcpad, gst_event_new_eos ());
  }
  g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (stream->sinkpad));
}

/* Both streams end together, where the longer one does. Whichever ends last
 * ends both; so only one ever takes the other's stream lock. */
static void
stream_handle_eos (GstVsLadderInput * self, InputStream * stream)
{
  InputStream *other = input_get_other (self, stream);
  gboolean last;

  g_mutex_lock (&self->lock);
  stream->eos = TRUE;
  g_cond_broadcast (&self->cond);
  last = other->eos || stream_is_missing_unlocked (self, other);
  if (last && !self->has_origin) {
    if (GST_CLOCK_TIME_IS_VALID (stream->held_first))
      input_set_origin_unlocked (self, stream->held_first);
    else if (GST_CLOCK_TIME_IS_VALID (other->held_first))
      input_set_origin_unlocked (self, other->held_first);
  }
  g_mutex_unlock (&self->lock);

  if (!last)
    return;
  stream_push_held (self, stream);
  g_rec_mutex_lock (GST_PAD_GET_STREAM_LOCK (other->sinkpad));
  stream_push_held (self, other);
  g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (other->sinkpad));
  stream_push_eos (self, stream, MAX (stream->position, other->position));
  stream_push_eos (self, other, MAX (stream->position, other->position));
}

static void
stream_handle_gap (GstVsLadderInput * self, InputStream * stream,
    GstEvent * event)
{
  GstClockTime start, duration, running;
  gint64 until = 0;

  gst_event_parse_gap (event, &start, &duration);
  if (GST_CLOCK_TIME_IS_VALID (duration))
    start += duration;
  running = gst_segment_to_running_time (&stream->segment, GST_FORMAT_TIME,
      start);
  g_mutex_lock (&self->lock);
  if (self->has_origin && stream->seen && GST_CLOCK_TIME_IS_VALID (running))
    until = stream_map_time_unlocked (self, stream, running);
  g_mutex_unlock (&self->lock);
  if (until > 0)
    stream_push_gap (self, stream, until);
}

static void
stream_handle_flush (GstVsLadderInput * self, InputStream * stream,
    gboolean flushing)
{
  g_mutex_lock (&self->lock);
  stream->flushing = flushing;
  if (!flushing) {
    gst_segment_init (&stream->segment, GST_FORMAT_UNDEFINED);
    gst_segment_init (&stream->arrival, GST_FORMAT_UNDEFINED);
    stream->eos = stream->eos_sent = stream->started = FALSE;
  }
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

/* Whether an event has to wait behind buffers that are kept back: it is theirs
 * to come first. Takes @event then. */
static gboolean
stream_hold_event (GstVsLadderInput * self, InputStream * stream,
    GstEvent * event)
{
  gboolean holds;

  g_mutex_lock (&self->lock);
  holds = !g_queue_is_empty (&stream->held);
  g_mutex_unlock (&self->lock);
  if (!holds)
    return FALSE;
  stream_push_held (self, stream);
  g_mutex_lock (&self->lock);
  holds = !g_queue_is_empty (&stream->held);
  if (holds)
    g_queue_push_tail (&stream->held, event);
  g_mutex_unlock (&self->lock);
  return holds;
}

static gboolean
stream_handle_segment (GstVsLadderInput * self, InputStream * stream,
    GstEvent * event)
{
  gst_event_copy_segment (event, &stream->arrival);
  if (!stream_hold_event (self, stream, gst_event_ref (event))) {
    stream->segment = stream->arrival;
    gst_event_unref (event);
  }
  if (stream->arrival.format == GST_FORMAT_TIME)
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("The input has no times: put a parser or a demuxer before vsladder."),
      ("segment in format %s", gst_format_get_name (stream->arrival.format)));
  return FALSE;
}

static gboolean
input_sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstVsLadderInput *self = GST_VS_LADDER_INPUT (parent);
  InputStream *stream = input_get_stream (self, pad);
  gboolean handled = TRUE, refused;

  g_mutex_lock (&self->lock);
  if (GST_EVENT_IS_SERIALIZED (event)) {
    stream->thread = g_thread_self ();
    stream->last_arrival = g_get_monotonic_time ();
  }
  refused = stream->refused;
  g_mutex_unlock (&self->lock);
  if (refused) {
    gst_event_unref (event);
    return TRUE;
  }
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_SEGMENT:
      handled = stream_handle_segment (self, stream, event);
      break;
    case GST_EVENT_GAP:
      stream_handle_gap (self, stream, event);
      break;
    case GST_EVENT_EOS:
      stream_handle_eos (self, stream);
      break;
    case GST_EVENT_STREAM_START:
      g_mutex_lock (&self->lock);
      stream->stream_started = TRUE;
      g_mutex_unlock (&self->lock);
      return gst_pad_push_event (stream->srcpad, event);
    case GST_EVENT_FLUSH_START:
      stream_handle_flush (self, stream, TRUE);
      return gst_pad_push_event (stream->srcpad, event);
    case GST_EVENT_FLUSH_STOP:
      stream_handle_flush (self, stream, FALSE);
      return gst_pad_push_event (stream->srcpad, event);
    default:
      if (GST_EVENT_IS_SERIALIZED (event)
          && stream_hold_event (self, stream, event))
        return TRUE;
      return gst_pad_push_event (stream->srcpad, event);
  }
  gst_event_unref (event);
  return handled;
}

static GstIterator *
input_iterate_internal_links (GstPad * pad, GstObject * parent)
{
  InputStream *stream = input_get_stream (GST_VS_LADDER_INPUT (parent), pad);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value,
      pad == stream->sinkpad ? stream->srcpad : stream->sinkpad);
  return gst_iterator_new_single (GST_TYPE_PAD, &value);
}

/* With the lock */
static void
stream_link_unlocked (GstVsLadderInput * self, InputStream * stream)
{
  if (stream->expected)
    return;
  if (self->has_origin)
    stream->link_time = input_get_other (self, stream)->position;
  stream->refused = stream->type == VS_MEDIA_VIDEO &&
      stream->link_time > VS_LADDER_TIME_ORIGIN + VS_LADDER_VIDEO_WAIT;
  stream->expected = !stream->refused;
}

void
gst_vs_ladder_input_set_linked (GstVsLadderInput * self, VsMediaType type,
    gboolean linked)
{
  InputStream *stream = type == VS_MEDIA_VIDEO ? &self->video : &self->audio;
  gboolean refused;

  g_mutex_lock (&self->lock);
  stream->linked = linked;
  stream->refused = FALSE;
  if (linked)
    stream_link_unlocked (self, stream);
  else if (stream->expected && stream->started)
    stream->eos = TRUE;         /* until it is linked anew */
  else
    stream->expected = FALSE;
  refused = stream->refused;
  stream->last_arrival = g_get_monotonic_time ();
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  if (refused)
    GST_ELEMENT_WARNING (self, STREAM, FAILED, ("Video came after the output "
            "had begun as audio alone, and is left out. Link it before, or "
            "start anew."), (NULL));
}

GstClockTime
gst_vs_ladder_input_get_link_time (GstVsLadderInput * self, VsMediaType type)
{
  InputStream *stream = type == VS_MEDIA_VIDEO ? &self->video : &self->audio;
  GstClockTime time;

  g_mutex_lock (&self->lock);
  time = stream->expected ? stream->link_time : GST_CLOCK_TIME_NONE;
  g_mutex_unlock (&self->lock);
  return time;
}

static void
input_reset (GstVsLadderInput * self)
{
  g_mutex_lock (&self->lock);
  stream_reset (&self->video);
  stream_reset (&self->audio);
  self->has_origin = FALSE;
  self->offset = 0;
  self->live_known = self->live = FALSE;
  g_mutex_unlock (&self->lock);
}

static void
input_set_flushing (GstVsLadderInput * self, gboolean flushing)
{
  const gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&self->lock);
  self->video.flushing = self->audio.flushing = flushing;
  self->video.last_arrival = self->audio.last_arrival = now;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static GstStateChangeReturn
gst_vs_ladder_input_change_state (GstElement * element,
    GstStateChange transition)
{
  GstVsLadderInput *self = GST_VS_LADDER_INPUT (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    input_set_flushing (self, FALSE);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    input_set_flushing (self, TRUE);

  ret = GST_ELEMENT_CLASS (gst_vs_ladder_input_parent_class)->change_state
      (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    input_reset (self);
  return ret;
}

static void
stream_init (GstVsLadderInput * self, InputStream * stream, VsMediaType type,
    const gchar * sink_name, const gchar * src_name)
{
  GstElement *element = GST_ELEMENT (self);
  GstElementClass *klass = GST_ELEMENT_GET_CLASS (self);

  stream->type = type;
  g_queue_init (&stream->held);
  stream->sinkpad = gst_pad_new_from_template
      (gst_element_class_get_pad_template (klass, sink_name), sink_name);
  gst_pad_set_chain_function (stream->sinkpad, input_chain);
  gst_pad_set_event_function (stream->sinkpad, input_sink_event);
  gst_pad_set_iterate_internal_links_function (stream->sinkpad,
      input_iterate_internal_links);
  GST_PAD_SET_PROXY_ALLOCATION (stream->sinkpad);
  gst_element_add_pad (element, stream->sinkpad);

  stream->srcpad = gst_pad_new_from_template
      (gst_element_class_get_pad_template (klass, src_name), src_name);
  gst_pad_set_iterate_internal_links_function (stream->srcpad,
      input_iterate_internal_links);
  gst_pad_use_fixed_caps (stream->srcpad);
  gst_element_add_pad (element, stream->srcpad);
  stream_reset (stream);
}

static void
gst_vs_ladder_input_init (GstVsLadderInput * self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  stream_init (self, &self->video, VS_MEDIA_VIDEO, "video", "video_src");
  stream_init (self, &self->audio, VS_MEDIA_AUDIO, "audio", "audio_src");
}

static void
gst_vs_ladder_input_finalize (GObject * object)
{
  GstVsLadderInput *self = GST_VS_LADDER_INPUT (object);

  stream_reset (&self->video);
  stream_reset (&self->audio);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (gst_vs_ladder_input_parent_class)->finalize (object);
}

static void
add_templates (GstElementClass * klass, VsMediaType type,
    const gchar * sink_name, const gchar * src_name)
{
  g_autoptr (GstCaps) caps = vs_ladder_chain_get_caps (type);

  gst_element_class_add_pad_template (klass,
      gst_pad_template_new (sink_name, GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (klass,
      gst_pad_template_new (src_name, GST_PAD_SRC, GST_PAD_ALWAYS, caps));
}

static void
gst_vs_ladder_input_class_init (GstVsLadderInputClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (vsladderinput_debug, "vsladderinput", 0,
      "vsladder entrance");
  G_OBJECT_CLASS (klass)->finalize = gst_vs_ladder_input_finalize;
  element_class->change_state = gst_vs_ladder_input_change_state;
  gst_element_class_set_static_metadata (element_class, "Ladder input",
      "Generic", "One timeline for the video and audio of a ladder",
      "VisionStream");
  add_templates (element_class, VS_MEDIA_VIDEO, "video", "video_src");
  add_templates (element_class, VS_MEDIA_AUDIO, "audio", "audio_src");
}

GstElement *
gst_vs_ladder_input_new (const gchar * name)
{
  return g_object_new (GST_TYPE_VS_LADDER_INPUT, "name", name, NULL);
}
