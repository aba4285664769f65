/* VisionStream: times and origin of the ladder's entrance
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ladder/gstvsladderinputprivate.h"

#define GST_CAT_DEFAULT vsladderinput_debug

/* a step further than this, or further back than MAX_BACKSTEP, is a jump */
#define MAX_GAP (10 * GST_SECOND)
#define MAX_BACKSTEP (1 * GST_SECOND)
/* audio that begins this much before the first picture counts as its start */
#define MIN_LEAD_IN (500 * GST_MSECOND)
/* audio kept until the first picture has told the origin */
#define MAX_HELD 4096

void
vs_ladder_input_set_origin_unlocked (GstVsLadderInput * self,
    GstClockTime origin)
{
  GST_INFO_OBJECT (self, "origin at running time %" GST_TIME_FORMAT,
      GST_TIME_ARGS (origin));
  self->origin = origin;
  self->has_origin = TRUE;
}

void
vs_ladder_input_decide_origin_unlocked (GstVsLadderInput * self,
    InputStream * stream, GstClockTime time)
{
  InputStream *other = vs_ladder_input_get_other (self, stream);

  if (!GST_CLOCK_TIME_IS_VALID (stream->held_first))
    stream->held_first = time;
  if (stream == &self->video) {
    if (GST_CLOCK_TIME_IS_VALID (other->held_first) &&
        other->held_first + MIN_LEAD_IN < time)
      time = other->held_first;
    vs_ladder_input_set_origin_unlocked (self, time);
  } else if (!other->expected || other->eos ||
      time > stream->held_first + VS_LADDER_INPUT_MAX_LEAD ||
      g_queue_get_length (&stream->held) >= MAX_HELD) {
    vs_ladder_input_set_origin_unlocked (self, stream->held_first);
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

gint64
vs_ladder_stream_map_time_unlocked (GstVsLadderInput * self,
    InputStream * stream, gint64 running_time)
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
    mapped[i] = vs_ladder_stream_map_time_unlocked (self, stream,
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

GstBuffer *
vs_ladder_stream_stamp (GstVsLadderInput * self, InputStream * stream,
    GstBuffer * buffer)
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
