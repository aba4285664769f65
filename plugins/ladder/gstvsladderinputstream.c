/* VisionStream: the ladder's entrance: what goes out on its two streams
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ladder/gstvsladderinputprivate.h"

#define GST_CAT_DEFAULT vsladderinput_debug

/* of a source that has stopped; wall clock, two threads only */
#define STALL_TIME (2 * G_USEC_PER_SEC)
/* how much of what is missing before a late stream is made all the same */
#define LATE_LEAD_IN (10 * GST_SECOND)

InputStream *
vs_ladder_input_get_other (GstVsLadderInput * self, InputStream * stream)
{
  return stream == &self->video ? &self->audio : &self->video;
}

void
vs_ladder_stream_reset (InputStream * stream)
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

void
vs_ladder_stream_push_gap (GstVsLadderInput * self, InputStream * stream,
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

GstFlowReturn
vs_ladder_stream_push_held (GstVsLadderInput * self, InputStream * stream)
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
    buffer = vs_ladder_stream_stamp (self, stream, GST_BUFFER_CAST (item));
    if (buffer)
      flow = gst_pad_push (stream->srcpad, buffer);
  }
  return flow;
}

/* One stream beside the other. */

void
vs_ladder_stream_start_other_live (GstVsLadderInput * self,
    InputStream * stream)
{
  InputStream *other = vs_ladder_input_get_other (self, stream);
  gboolean wanted;

  g_mutex_lock (&self->lock);
  wanted = self->live && self->has_origin && !other->started && other->expected;
  g_mutex_unlock (&self->lock);
  if (wanted && g_rec_mutex_trylock (GST_PAD_GET_STREAM_LOCK (other->sinkpad))) {
    stream_push_start (self, other);
    g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (other->sinkpad));
  }
}

/* Called from the other stream's thread, without locks. Does nothing when
 * @stream is busy: then it is not missing. */
static void
stream_advance (GstVsLadderInput * self, InputStream * stream,
    GstClockTime until)
{
  if (!g_rec_mutex_trylock (GST_PAD_GET_STREAM_LOCK (stream->sinkpad)))
    return;
  vs_ladder_stream_push_held (self, stream);
  vs_ladder_stream_push_gap (self, stream, until);
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
    if (stream->position <= other->position + VS_LADDER_INPUT_MAX_LEAD)
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

void
vs_ladder_stream_balance (GstVsLadderInput * self, InputStream * stream)
{
  InputStream *other = vs_ladder_input_get_other (self, stream);
  GstClockTime until = 0;

  g_mutex_lock (&self->lock);
  if (stream_is_alone_unlocked (self, stream, other))
    until = other->eos ? stream->position :
        stream->position - VS_LADDER_INPUT_MAX_LEAD;
  g_mutex_unlock (&self->lock);
  if (until)
    stream_advance (self, other, until);
}

/* The end. */

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
      vs_ladder_stream_push_gap (self, stream, end);
      /* marks the end, for what comes out late or not at all further down */
      if (stream->type == VS_MEDIA_VIDEO)
        gst_pad_push_event (stream->srcpad, gst_event_new_gap (end, 0));
    }
    gst_pad_push_event (stream->srcpad, gst_event_new_eos ());
  }
  g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (stream->sinkpad));
}

/* Whichever ends last ends both; so only one ever takes the other's stream
 * lock. */
void
vs_ladder_stream_end (GstVsLadderInput * self, InputStream * stream)
{
  InputStream *other = vs_ladder_input_get_other (self, stream);
  gboolean last;

  g_mutex_lock (&self->lock);
  stream->eos = TRUE;
  g_cond_broadcast (&self->cond);
  last = other->eos || stream_is_missing_unlocked (self, other);
  if (last && !self->has_origin) {
    if (GST_CLOCK_TIME_IS_VALID (stream->held_first))
      vs_ladder_input_set_origin_unlocked (self, stream->held_first);
    else if (GST_CLOCK_TIME_IS_VALID (other->held_first))
      vs_ladder_input_set_origin_unlocked (self, other->held_first);
  }
  g_mutex_unlock (&self->lock);

  if (!last)
    return;
  vs_ladder_stream_push_held (self, stream);
  g_rec_mutex_lock (GST_PAD_GET_STREAM_LOCK (other->sinkpad));
  vs_ladder_stream_push_held (self, other);
  g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (other->sinkpad));
  stream_push_eos (self, stream, MAX (stream->position, other->position));
  stream_push_eos (self, other, MAX (stream->position, other->position));
}
