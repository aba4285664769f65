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
 * - A step too far forth, or back, is a jump of the clock and not a gap: the
 *   stream runs on where it was, the other one with it.
 * - What one stream lacks is told by GAP events, as serialized as the data,
 *   so that decoders are drained before the gap is filled: after a stream
 *   has ended before the other, and when it is too far behind the other. As
 *   long as one thread feeds both (a demuxer), position alone decides. Two
 *   threads are two sources: the leading one then waits for the other, and
 *   takes it for missing once nothing has moved for a while. Live input
 *   never waits; what comes too late is replaced further down, by the clock.
 */

#include "ladder/gstvsladderinputprivate.h"

#include "ladder/vsladderchain.h"

GST_DEBUG_CATEGORY (vsladderinput_debug);
#define GST_CAT_DEFAULT vsladderinput_debug

G_DEFINE_TYPE (GstVsLadderInput, gst_vs_ladder_input, GST_TYPE_ELEMENT);

static InputStream *
input_get_stream (GstVsLadderInput * self, GstPad * pad)
{
  return pad == self->video.sinkpad || pad == self->video.srcpad ?
      &self->video : &self->audio;
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
    vs_ladder_input_decide_origin_unlocked (self, stream, time);
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

  vs_ladder_stream_start_other_live (self, stream);
  flow = vs_ladder_stream_push_held (self, stream);
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  buffer = vs_ladder_stream_stamp (self, stream, buffer);
  if (buffer == NULL)
    return GST_FLOW_OK;
  vs_ladder_stream_balance (self, stream);
  return gst_pad_push (stream->srcpad, buffer);
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
    until = vs_ladder_stream_map_time_unlocked (self, stream, running);
  g_mutex_unlock (&self->lock);
  if (until > 0)
    vs_ladder_stream_push_gap (self, stream, until);
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
  vs_ladder_stream_push_held (self, stream);
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
      vs_ladder_stream_end (self, stream);
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
    stream->link_time = vs_ladder_input_get_other (self, stream)->position;
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
  vs_ladder_stream_reset (&self->video);
  vs_ladder_stream_reset (&self->audio);
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
  vs_ladder_stream_reset (stream);
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

  vs_ladder_stream_reset (&self->video);
  vs_ladder_stream_reset (&self->audio);
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
