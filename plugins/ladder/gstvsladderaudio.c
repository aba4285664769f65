/* VisionStream: audio as an unbroken run of samples
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Sample n is heard at VS_LADDER_TIME_ORIGIN + n / 48000, from the first on
 * without end: silence where nothing came, nothing twice. Times of what comes
 * jitter (RTMP's are whole milliseconds), so they are trusted only beyond
 * MAX_JITTER; a difference that stays (the source's sample clock runs fast or
 * slow) is averaged and worked off a sample a buffer, which is not heard. */

#include "ladder/gstvsladderaudio.h"

#include <string.h>
#include <gst/audio/audio.h>
#include <gst/base/gstadapter.h>
#include "ladder/gstvsladderinput.h"

/* encoded frames of audio a decoder may be ahead */
#define MAX_BUFFERS 32
/* samples a buffer that goes out, an AAC frame's worth */
#define CHUNK 1024
/* further off than this is a gap or an overlap: 40 ms, two AAC frames */
#define MAX_JITTER (VS_LADDER_SAMPLE_RATE / 25)
/* an average difference to be worked off: 2 ms */
#define MAX_DRIFT (VS_LADDER_SAMPLE_RATE / 500)
/* buffers over which the average runs: about a second and a half */
#define DRIFT_WINDOW 64

struct _GstVsLadderAudio
{
  GstVsLadderGrid parent;

  GstPad *srcpad;
  guint channels, frame_size;   /* bytes a sample of all channels */

  /* task only */
  GstSegment segment;
  GstAdapter *adapter;
  guint64 next;                 /* sample that goes out next */
  gboolean exact;               /* the next buffer's time is taken exactly */
  gdouble drift;                /* samples that the input is ahead, averaged */
};

#define CAPS "audio/x-raw, format=(string)" GST_AUDIO_NE (F32) \
  ", rate=(int)48000, channels=(int)[ 1, 8 ], layout=(string)interleaved"
static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

G_DEFINE_TYPE (GstVsLadderAudio, gst_vs_ladder_audio, GST_TYPE_VS_LADDER_GRID);

static GstClockTime
audio_get_time (guint64 sample)
{
  return VS_LADDER_TIME_ORIGIN + gst_util_uint64_scale (sample, GST_SECOND,
      VS_LADDER_SAMPLE_RATE);
}

/* may lie before the origin */
static gint64
audio_get_sample (GstClockTime time)
{
  const gint64 sample = gst_util_uint64_scale_round (time,
      VS_LADDER_SAMPLE_RATE, GST_SECOND);

  return sample - (gint64) (VS_LADDER_TIME_ORIGIN / GST_SECOND) *
      VS_LADDER_SAMPLE_RATE;
}

static guint
audio_get_available (GstVsLadderAudio * self)
{
  return gst_adapter_available (self->adapter) / self->frame_size;
}

static gboolean
audio_start (GstVsLadderGrid * grid, const GstSegment * segment)
{
  GstVsLadderAudio *self = GST_VS_LADDER_AUDIO (grid);
  g_autofree gchar *id = gst_pad_create_stream_id (self->srcpad,
      GST_ELEMENT (self), "audio");
  g_autoptr (GstCaps) caps = NULL;
  GstAudioChannelPosition positions[8];
  GstAudioInfo info;

  gst_audio_channel_positions_from_mask (self->channels,
      gst_audio_channel_get_fallback_mask (self->channels), positions);
  gst_audio_info_set_format (&info, GST_AUDIO_FORMAT_F32,
      VS_LADDER_SAMPLE_RATE, self->channels,
      self->channels > 1 ? positions : NULL);
  caps = gst_audio_info_to_caps (&info);
  self->segment = *segment;
  self->next = audio_get_sample (segment->position) / CHUNK * CHUNK;
  gst_pad_push_event (self->srcpad, gst_event_new_stream_start (id));
  gst_pad_push_event (self->srcpad, gst_event_new_caps (caps));
  return gst_pad_push_event (self->srcpad, gst_event_new_segment (segment));
}

static gboolean
audio_caps (GstVsLadderGrid * grid, const GstCaps * caps)
{
  GstVsLadderAudio *self = GST_VS_LADDER_AUDIO (grid);
  GstAudioInfo info;

  return gst_audio_info_from_caps (&info, caps) &&
      GST_AUDIO_INFO_CHANNELS (&info) == self->channels;
}

static GstFlowReturn
audio_push (GstVsLadderAudio * self, guint samples)
{
  GstBuffer *buffer = gst_adapter_take_buffer (self->adapter,
      (gsize) samples * self->frame_size);

  buffer = gst_buffer_make_writable (buffer);
  GST_BUFFER_PTS (buffer) = audio_get_time (self->next);
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = audio_get_time (self->next + samples) -
      GST_BUFFER_PTS (buffer);
  GST_BUFFER_OFFSET (buffer) = self->next;
  GST_BUFFER_OFFSET_END (buffer) = self->next + samples;
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT |
      GST_BUFFER_FLAG_GAP | GST_BUFFER_FLAG_RESYNC);
  self->next += samples;
  return gst_pad_push (self->srcpad, buffer);
}

static GstFlowReturn
audio_push_chunks (GstVsLadderAudio * self)
{
  GstFlowReturn flow = GST_FLOW_OK;

  while (flow == GST_FLOW_OK && audio_get_available (self) >= CHUNK)
    flow = audio_push (self, CHUNK);
  return flow;
}

/* A chunk at a time: a gap may be long. */
static GstFlowReturn
audio_add_silence (GstVsLadderAudio * self, guint64 samples)
{
  GstFlowReturn flow = GST_FLOW_OK;

  while (samples && flow == GST_FLOW_OK) {
    const guint n = MIN (samples, CHUNK);
    const gsize size = (gsize) n * self->frame_size;

    gst_adapter_push (self->adapter, gst_buffer_new_wrapped (g_malloc0 (size),
            size));
    samples -= n;
    flow = audio_push_chunks (self);
  }
  return flow;
}

/* Works a drift off: one sample is left out, or one stands twice. */
static GstBuffer *
audio_correct_drift (GstVsLadderAudio * self, GstBuffer * buffer, gint64 ahead)
{
  const gsize size = gst_buffer_get_size (buffer);

  self->drift += (ahead - self->drift) / DRIFT_WINDOW;
  if (ABS (self->drift) < MAX_DRIFT || size < 2 * self->frame_size)
    return buffer;
  if (self->drift < 0) {
    gst_buffer_resize (buffer, 0, size - self->frame_size);
    self->drift += 1;
  } else {
    GstBuffer *again = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY,
        size - self->frame_size, self->frame_size);

    buffer = gst_buffer_append (buffer, again);
    self->drift -= 1;
  }
  return buffer;
}

static GstFlowReturn
audio_buffer (GstVsLadderGrid * grid, GstBuffer * buffer)
{
  GstVsLadderAudio *self = GST_VS_LADDER_AUDIO (grid);
  const gint64 have = self->next + audio_get_available (self);
  const gint64 ahead = audio_get_sample (GST_BUFFER_PTS (buffer)) - have;
  const gint64 samples = gst_buffer_get_size (buffer) / self->frame_size;
  GstFlowReturn flow = GST_FLOW_OK;

  if (ahead + samples <= 0 && -ahead > MAX_JITTER) {
    gst_buffer_unref (buffer);  /* wholly too late */
    self->exact = TRUE;
    return GST_FLOW_OK;
  }
  buffer = gst_buffer_make_writable (buffer);
  if (!self->exact && ABS (ahead) <= MAX_JITTER) {
    buffer = audio_correct_drift (self, buffer, ahead);
  } else {
    if (ahead > 0)
      flow = audio_add_silence (self, ahead);
    else
      gst_buffer_resize (buffer, MIN (-ahead, samples) * self->frame_size, -1);
    self->exact = FALSE;
    self->drift = 0;
  }
  if (gst_buffer_get_size (buffer) == 0) {
    gst_buffer_unref (buffer);
    return flow;
  }
  gst_adapter_push (self->adapter, buffer);
  return flow == GST_FLOW_OK ? audio_push_chunks (self) : flow;
}

static GstFlowReturn
audio_fill (GstVsLadderGrid * grid, GstClockTime until, gboolean final)
{
  GstVsLadderAudio *self = GST_VS_LADDER_AUDIO (grid);
  const guint available = audio_get_available (self);

  if (final)
    return available ?
        audio_add_silence (self, CHUNK - available % CHUNK) : GST_FLOW_OK;
  if (audio_get_sample (until) <= (gint64) (self->next + available))
    return GST_FLOW_OK;
  self->exact = TRUE;
  return audio_add_silence (self, audio_get_sample (until) - self->next -
      available);
}

static GstClockTime
audio_due (GstVsLadderGrid * grid)
{
  return audio_get_time (GST_VS_LADDER_AUDIO (grid)->next + CHUNK);
}

static void
audio_push_event (GstVsLadderGrid * grid, GstEvent * event)
{
  gst_pad_push_event (GST_VS_LADDER_AUDIO (grid)->srcpad, event);
}

static void
audio_reset (GstVsLadderGrid * grid)
{
  GstVsLadderAudio *self = GST_VS_LADDER_AUDIO (grid);

  gst_adapter_clear (self->adapter);
  self->next = 0;
  self->exact = TRUE;
  self->drift = 0;
}

static gboolean
audio_src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  return gst_vs_ladder_grid_query_latency (GST_VS_LADDER_GRID (parent), query,
      gst_util_uint64_scale (CHUNK, GST_SECOND, VS_LADDER_SAMPLE_RATE));
}

static void
gst_vs_ladder_audio_init (GstVsLadderAudio * self)
{
  self->adapter = gst_adapter_new ();
  gst_vs_ladder_grid_add_sink_pad (GST_VS_LADDER_GRID (self));
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->srcpad, audio_src_query);
  gst_pad_use_fixed_caps (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
  audio_reset (GST_VS_LADDER_GRID (self));
}

static void
gst_vs_ladder_audio_finalize (GObject * object)
{
  g_clear_object (&GST_VS_LADDER_AUDIO (object)->adapter);
  G_OBJECT_CLASS (gst_vs_ladder_audio_parent_class)->finalize (object);
}

static void
gst_vs_ladder_audio_class_init (GstVsLadderAudioClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstVsLadderGridClass *grid_class = GST_VS_LADDER_GRID_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_vs_ladder_audio_finalize;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Ladder audio",
      "Filter/Audio", "Audio as an unbroken run of samples", "VisionStream");
  grid_class->max_buffers = MAX_BUFFERS;
  grid_class->start = audio_start;
  grid_class->caps = audio_caps;
  grid_class->buffer = audio_buffer;
  grid_class->fill = audio_fill;
  grid_class->due = audio_due;
  grid_class->push_event = audio_push_event;
  grid_class->reset = audio_reset;
}

GstElement *
gst_vs_ladder_audio_new (const gchar * name, guint channels)
{
  GstVsLadderAudio *self =
      g_object_new (GST_TYPE_VS_LADDER_AUDIO, "name", name, NULL);

  self->channels = channels;
  self->frame_size = channels * sizeof (gfloat);
  return GST_ELEMENT (self);
}
