/* VisionStream: pictures at the ladder's frame rate and sizes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Frame n is shown at VS_LADDER_TIME_ORIGIN + n / frame rate, on all rungs
 * that take it, whatever comes in. A picture belongs to the frame that it is
 * nearest to; it is kept back until the next one comes, which may be nearer,
 * and is shown again where none comes. Before the first picture it is black,
 * if that is more than a moment.
 *
 * A picture is scaled once a rung, however often it is shown, and only when
 * a rung takes it. Each GOP begins with a GstForceKeyUnit event, ahead of the
 * same frame on all rungs. */

#include "ladder/gstvsladdervideo.h"

#include <gst/video/video.h>
#include "ladder/gstvsladderinput.h"
#include "ladder/vsladderscaler.h"
#include "ladder/vsladderspec.h"

GST_DEBUG_CATEGORY_STATIC (vsladdervideo_debug);
#define GST_CAT_DEFAULT vsladdervideo_debug

/* a first picture that is no later than this leaves no black before it */
#define FIRST_PICTURE_LATE (100 * GST_MSECOND)
/* decoded pictures kept: each is megabytes */
#define MAX_BUFFERS 2

typedef struct
{
  GstPad *pad;
  GstVideoInfo info;
  GstBufferPool *pool;
  GstBuffer *made;              /* of the picture in force, or NULL */
  gboolean off;                 /* not linked, or larger than the source */
} Rung;

struct _GstVsLadderVideo
{
  GstVsLadderGrid parent;

  VsLadderVideoSettings settings;
  guint n_rungs;
  Rung rungs[VS_LADDER_MAX_RUNGS];
  VsLadderScaleStep steps[VS_LADDER_MAX_RUNGS];

  /* task only */
  GstSegment segment;
  guint fps_n, fps_d;           /* 0 until known */
  guint gop_frames;
  gboolean has_caps;            /* caps and segment were pushed */
  GstVideoInfo input;           /* of the pictures that come */
  gboolean has_input;
  GstVideoColorimetry colorimetry;
  GstVideoChromaSite chroma_site;
  guint64 next;                 /* frame to come out next */
  GstBuffer *pending;           /* picture of frame pending_frame */
  GstVideoInfo pending_info;
  guint64 pending_frame;
  GstClockTime pending_distance;        /* from that frame's time */
  GstBuffer *picture;           /* in force, or NULL: black */
  GstVideoInfo picture_info;
  gboolean picture_shown;
};

#define SRC_CAPS "video/x-raw, format=(string)I420"
static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (SRC_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src_%u",
    GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS (SRC_CAPS));

G_DEFINE_TYPE (GstVsLadderVideo, gst_vs_ladder_video, GST_TYPE_VS_LADDER_GRID);

/* ladder time of frame @frame */
static GstClockTime
video_get_time (GstVsLadderVideo * self, guint64 frame)
{
  return VS_LADDER_TIME_ORIGIN + gst_util_uint64_scale (frame,
      GST_SECOND * self->fps_d, self->fps_n);
}

/* the frame nearest to @time; 0 also before it */
static guint64
video_get_frame (GstVsLadderVideo * self, GstClockTime time)
{
  if (time <= VS_LADDER_TIME_ORIGIN)
    return 0;
  return gst_util_uint64_scale_round (time - VS_LADDER_TIME_ORIGIN,
      self->fps_n, GST_SECOND * self->fps_d);
}

static void
video_set_frame_rate (GstVsLadderVideo * self, const GstVideoInfo * input)
{
  guint strides[VS_LADDER_MAX_RUNGS];

  if (self->settings.fps_n) {
    self->fps_n = self->settings.fps_n;
    self->fps_d = self->settings.fps_d;
  } else if (input) {
    vs_ladder_frame_rate_family (GST_VIDEO_INFO_FPS_N (input),
        GST_VIDEO_INFO_FPS_D (input), &self->fps_n, &self->fps_d);
  } else {
    self->fps_n = VS_LADDER_DEFAULT_FPS;
    self->fps_d = 1;
  }
  for (guint i = 0; i < self->n_rungs; i++)
    strides[i] = self->steps[i].stride;
  self->gop_frames = vs_ladder_gop_frames (self->settings.gop_duration,
      self->fps_n, self->fps_d, strides, self->n_rungs);
}

static GstCaps *
rung_get_caps (GstVsLadderVideo * self, guint i)
{
  Rung *rung = &self->rungs[i];
  const VsLadderScaleStep *step = &self->steps[i];

  gst_video_info_set_format (&rung->info, GST_VIDEO_FORMAT_I420, step->width,
      step->height);
  rung->info.fps_n = self->fps_n;
  rung->info.fps_d = self->fps_d * step->stride;
  rung->info.colorimetry = self->colorimetry;
  rung->info.chroma_site = self->chroma_site;
  return gst_video_info_to_caps (&rung->info);
}

static void
rung_set_pool (Rung * rung, GstCaps * caps)
{
  GstStructure *config;

  if (rung->pool)
    return;
  rung->pool = gst_video_buffer_pool_new ();
  config = gst_buffer_pool_get_config (rung->pool);
  gst_buffer_pool_config_set_params (config, caps,
      GST_VIDEO_INFO_SIZE (&rung->info), 0, 0);
  gst_buffer_pool_set_config (rung->pool, config);
  gst_buffer_pool_set_active (rung->pool, TRUE);
}

/* Caps go out with the first frame, and when the source's colours change at
 * the start of a GOP: an encoder begins anew with them. */
static void
video_push_caps (GstVsLadderVideo * self)
{
  const gboolean first = !self->has_caps;

  if (self->has_input) {
    self->colorimetry = GST_VIDEO_INFO_COLORIMETRY (&self->input);
    self->chroma_site = GST_VIDEO_INFO_CHROMA_SITE (&self->input);
  }
  self->has_caps = TRUE;
  for (guint i = 0; i < self->n_rungs; i++) {
    g_autoptr (GstCaps) caps = rung_get_caps (self, i);

    gst_pad_push_event (self->rungs[i].pad, gst_event_new_caps (caps));
    rung_set_pool (&self->rungs[i], caps);
    if (first)
      gst_pad_push_event (self->rungs[i].pad,
          gst_event_new_segment (&self->segment));
  }
}

static gboolean
video_colours_changed (GstVsLadderVideo * self)
{
  return self->has_input && (!gst_video_colorimetry_is_equal
      (&self->colorimetry, &GST_VIDEO_INFO_COLORIMETRY (&self->input)) ||
      self->chroma_site != GST_VIDEO_INFO_CHROMA_SITE (&self->input));
}

/* Rungs that would only enlarge the source end before they begin; the
 * smallest one stays if all would. */
static void
video_drop_upscaled (GstVsLadderVideo * self, guint smallest)
{
  if (self->settings.upscale || self->has_caps)
    return;
  video_push_caps (self);
  for (guint i = 0; i < self->n_rungs; i++) {
    if (self->steps[i].upscaled && i != smallest) {
      self->rungs[i].off = TRUE;
      gst_pad_push_event (self->rungs[i].pad, gst_event_new_eos ());
    }
  }
}

static gboolean
video_start (GstVsLadderGrid * grid, const GstSegment * segment)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (grid);

  self->segment = *segment;
  for (guint i = 0; i < self->n_rungs; i++) {
    g_autofree gchar *id = gst_pad_create_stream_id (self->rungs[i].pad,
        GST_ELEMENT (self), GST_PAD_NAME (self->rungs[i].pad));

    gst_pad_push_event (self->rungs[i].pad, gst_event_new_stream_start (id));
  }
  return TRUE;
}

static gboolean
video_caps (GstVsLadderGrid * grid, const GstCaps * caps)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (grid);
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, caps))
    return FALSE;
  self->input = info;
  self->has_input = TRUE;
  if (self->fps_n == 0)
    video_set_frame_rate (self, &info);
  return TRUE;
}

static void
video_forget_made (GstVsLadderVideo * self)
{
  for (guint i = 0; i < self->n_rungs; i++)
    gst_clear_buffer (&self->rungs[i].made);
}

/* What was pending comes into force. The plan follows the picture and not the
 * caps: the picture before a change may still be repeated. */
static void
video_take_pending (GstVsLadderVideo * self)
{
  guint order[VS_LADDER_MAX_RUNGS];

  video_forget_made (self);
  if (self->picture == NULL ||
      !gst_video_info_is_equal (&self->picture_info, &self->pending_info)) {
    self->picture_info = self->pending_info;
    vs_ladder_scale_plan (&self->picture_info, self->steps, self->n_rungs,
        order, self->settings.letterbox);
    video_drop_upscaled (self, order[self->n_rungs - 1]);
  }
  gst_clear_buffer (&self->picture);
  self->picture = g_steal_pointer (&self->pending);
  self->picture_shown = FALSE;
}

typedef struct
{
  GstBuffer *picture;
  GstMapInfo map;
} Wrapped;

static void
wrapped_free (Wrapped * wrapped)
{
  gst_buffer_unmap (wrapped->picture, &wrapped->map);
  gst_buffer_unref (wrapped->picture);
  g_free (wrapped);
}

/* The input as it is: the same bytes, our own times. The bytes are wrapped and
 * the memory is not referenced: a decoder's pool would not take a buffer back
 * whose memory others hold, and allocate anew for each picture. */
static GstBuffer *
rung_wrap_picture (GstBuffer * picture)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (picture);
  Wrapped *wrapped = g_new (Wrapped, 1);
  GstBuffer *buffer;

  if (!gst_buffer_map (picture, &wrapped->map, GST_MAP_READ)) {
    g_free (wrapped);
    return NULL;
  }
  wrapped->picture = gst_buffer_ref (picture);
  buffer = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY,
      wrapped->map.data, wrapped->map.size, 0, wrapped->map.size, wrapped,
      (GDestroyNotify) wrapped_free);
  if (meta)
    gst_buffer_add_video_meta_full (buffer, meta->flags, meta->format,
        meta->width, meta->height, meta->n_planes, meta->offset, meta->stride);
  return buffer;
}

static GstBuffer *rung_get_made (GstVsLadderVideo * self, guint i);

static gboolean
rung_scale (GstVsLadderVideo * self, guint i, GstBuffer * buffer)
{
  const VsLadderScaleStep *step = &self->steps[i];
  GstVideoRectangle active = { 0, 0,
    GST_VIDEO_INFO_WIDTH (&self->picture_info),
    GST_VIDEO_INFO_HEIGHT (&self->picture_info)
  };
  const GstVideoInfo *info = &self->picture_info;
  GstBuffer *source = self->picture;
  GstVideoFrame in, out;

  if (step->from != VS_LADDER_SCALE_INPUT) {
    active = self->steps[step->from].active;
    info = &self->rungs[step->from].info;
    source = rung_get_made (self, step->from);
  }
  if (source == NULL || !gst_video_frame_map (&in, info, source, GST_MAP_READ))
    return FALSE;
  if (!gst_video_frame_map (&out, &self->rungs[i].info, buffer, GST_MAP_WRITE)) {
    gst_video_frame_unmap (&in);
    return FALSE;
  }
  vs_ladder_scale_picture (step, &in, &active, &out);
  gst_video_frame_unmap (&out);
  gst_video_frame_unmap (&in);
  return TRUE;
}

static gboolean
rung_blacken (Rung * rung, GstBuffer * buffer)
{
  GstVideoFrame out;

  if (!gst_video_frame_map (&out, &rung->info, buffer, GST_MAP_WRITE))
    return FALSE;
  vs_ladder_scale_black (&out);
  gst_video_frame_unmap (&out);
  return TRUE;
}

/* Returns: (transfer none) (nullable): the picture in force in the rung's
 * size */
static GstBuffer *
rung_get_made (GstVsLadderVideo * self, guint i)
{
  Rung *rung = &self->rungs[i];
  GstBuffer *buffer = NULL;
  gboolean done;

  if (rung->made)
    return rung->made;
  if (self->picture && self->steps[i].same) {
    rung->made = rung_wrap_picture (self->picture);
    return rung->made;
  }
  if (gst_buffer_pool_acquire_buffer (rung->pool, &buffer, NULL) != GST_FLOW_OK)
    return NULL;
  done = self->picture ? rung_scale (self, i, buffer) :
      rung_blacken (rung, buffer);
  if (!done) {
    gst_buffer_unref (buffer);
    return NULL;
  }
  rung->made = buffer;
  return buffer;
}

static void
rung_add_captions (GstBuffer * picture, GstBuffer * buffer)
{
  GstVideoCaptionMeta *captions;
  gpointer state = NULL;

  while ((captions = (GstVideoCaptionMeta *) gst_buffer_iterate_meta_filtered
          (picture, &state, GST_VIDEO_CAPTION_META_API_TYPE)))
    gst_buffer_add_video_caption_meta (buffer, captions->caption_type,
        captions->data, captions->size);
}

/* The rung's buffer for frame @n. A picture that is shown again is a copy
 * that shares the memory, without the captions. */
static GstBuffer *
rung_get_buffer (GstVsLadderVideo * self, guint i, guint64 n)
{
  GstBuffer *made = rung_get_made (self, i);
  GstBuffer *buffer = made;

  if (made == NULL)
    return NULL;
  if (GST_BUFFER_PTS_IS_VALID (made)) {
    buffer = rung_wrap_picture (made);
    if (buffer == NULL)
      return NULL;
  } else if (self->picture && !self->picture_shown) {
    rung_add_captions (self->picture, made);
  }
  GST_BUFFER_PTS (buffer) = video_get_time (self, n);
  GST_BUFFER_DURATION (buffer) = video_get_time (self,
      n + self->steps[i].stride) - GST_BUFFER_PTS (buffer);
  return buffer == made ? gst_buffer_ref (made) : buffer;
}

static GstFlowReturn
rung_push (GstVsLadderVideo * self, guint i, guint64 n)
{
  Rung *rung = &self->rungs[i];
  GstBuffer *buffer = rung_get_buffer (self, i, n);
  GstFlowReturn flow;

  if (buffer == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("No memory for a picture."), (NULL));
    return GST_FLOW_ERROR;
  }
  /* The first frame is an IDR anyway; x264enc, which moves its times with
   * it, would take a request there for one 1000 hours later. */
  if (n > 0 && n % self->gop_frames == 0)
    gst_pad_push_event (rung->pad,
        gst_video_event_new_downstream_force_key_unit (GST_BUFFER_PTS (buffer),
            GST_BUFFER_PTS (buffer),
            gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME,
                GST_BUFFER_PTS (buffer)), FALSE, n / self->gop_frames));
  flow = gst_pad_push (rung->pad, buffer);
  if (flow == GST_FLOW_EOS) {
    GST_INFO_OBJECT (rung->pad, "nobody takes this rung: left out");
    rung->off = TRUE;
    return GST_FLOW_OK;
  }
  return flow;
}

/* Shows the picture in force as frame self->next. */
static GstFlowReturn
video_show (GstVsLadderVideo * self)
{
  const guint64 n = self->next++;
  GstFlowReturn flow = GST_FLOW_OK;
  gboolean on = FALSE;

  if (!self->has_caps ||
      (n % self->gop_frames == 0 && video_colours_changed (self)))
    video_push_caps (self);
  for (guint i = 0; i < self->n_rungs && flow == GST_FLOW_OK; i++) {
    on |= !self->rungs[i].off;
    if (!self->rungs[i].off && n % self->steps[i].stride == 0)
      flow = rung_push (self, i, n);
  }
  self->picture_shown = TRUE;
  return flow == GST_FLOW_OK && !on ? GST_FLOW_NOT_LINKED : flow;
}

/* Frames before @end are shown with what there is. */
static GstFlowReturn
video_show_until (GstVsLadderVideo * self, guint64 end)
{
  GstFlowReturn flow = GST_FLOW_OK;

  while (self->next < end && flow == GST_FLOW_OK) {
    if (self->pending && self->pending_frame <= self->next)
      video_take_pending (self);
    flow = video_show (self);
  }
  return flow;
}

static GstFlowReturn
video_fill (GstVsLadderGrid * grid, GstClockTime until, gboolean final)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (grid);
  guint64 end;

  if (self->fps_n == 0)
    video_set_frame_rate (self, self->has_input ? &self->input : NULL);
  end = video_get_frame (self, until);
  if (final && self->pending)
    end = MAX (end, self->pending_frame + 1);
  return video_show_until (self, end);
}

/* @picture: (transfer full) */
static void
video_set_pending (GstVsLadderVideo * self, GstBuffer * picture, guint64 frame,
    GstClockTime distance)
{
  gst_clear_buffer (&self->pending);
  self->pending = picture;
  self->pending_info = self->input;
  self->pending_frame = frame;
  self->pending_distance = distance;
}

/* The frame that a picture of @time is for. The first one is shown from the
 * start if it is only a moment late: deinterlace gives the first picture the
 * time of the second, and decoders leave damaged ones out. */
static guint64
video_choose_frame (GstVsLadderVideo * self, GstClockTime time)
{
  if (self->pending == NULL && self->next == 0 &&
      time < VS_LADDER_TIME_ORIGIN + FIRST_PICTURE_LATE)
    return 0;
  return MAX (video_get_frame (self, time), self->next);
}

static GstFlowReturn
video_buffer (GstVsLadderGrid * grid, GstBuffer * buffer)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (grid);
  const GstClockTime time = GST_BUFFER_PTS (buffer);
  const guint64 frame = video_choose_frame (self, time);
  const GstClockTime shown = video_get_time (self, frame);
  const GstClockTime distance = time > shown ? time - shown : shown - time;
  GstFlowReturn flow;

  if (self->pending && frame == self->pending_frame) {
    if (distance < self->pending_distance)
      video_set_pending (self, buffer, frame, distance);
    else
      gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  flow = video_show_until (self, frame);
  video_set_pending (self, buffer, frame, distance);
  return flow;
}

static GstClockTime
video_due (GstVsLadderGrid * grid)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (grid);

  if (self->fps_n == 0)
    video_set_frame_rate (self, self->has_input ? &self->input : NULL);
  return video_get_time (self, self->next + 1);
}

static void
video_push_event (GstVsLadderGrid * grid, GstEvent * event)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (grid);

  for (guint i = 0; i < self->n_rungs; i++)
    gst_pad_push_event (self->rungs[i].pad, gst_event_ref (event));
  gst_event_unref (event);
}

static void
video_reset (GstVsLadderGrid * grid)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (grid);

  video_forget_made (self);
  gst_clear_buffer (&self->pending);
  gst_clear_buffer (&self->picture);
  self->next = 0;
  self->fps_n = 0;
  self->has_caps = self->has_input = FALSE;
  gst_video_colorimetry_from_string (&self->colorimetry,
      GST_VIDEO_COLORIMETRY_BT709);
  self->chroma_site = GST_VIDEO_CHROMA_SITE_MPEG2;
  for (guint i = 0; i < self->n_rungs; i++) {
    self->rungs[i].off = FALSE;
    if (self->rungs[i].pool)
      gst_buffer_pool_set_active (self->rungs[i].pool, FALSE);
    gst_clear_object (&self->rungs[i].pool);
  }
}

static gboolean
video_sink_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return gst_pad_query_default (pad, parent, query);
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

static gboolean
video_src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstVsLadderVideo *self = GST_VS_LADDER_VIDEO (parent);
  guint n = self->settings.fps_n ? self->settings.fps_n : VS_LADDER_DEFAULT_FPS;
  guint d = self->settings.fps_n ? self->settings.fps_d : 1;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  return gst_vs_ladder_grid_query_latency (GST_VS_LADDER_GRID (self), query,
      gst_util_uint64_scale (GST_SECOND, d, n));
}

static void
gst_vs_ladder_video_init (GstVsLadderVideo * self)
{
  g_autoptr (GstPad) sink = NULL;

  gst_vs_ladder_grid_add_sink_pad (GST_VS_LADDER_GRID (self));
  sink = gst_element_get_static_pad (GST_ELEMENT (self), "sink");
  gst_pad_set_query_function (sink, video_sink_query);
  video_reset (GST_VS_LADDER_GRID (self));
}

static void
gst_vs_ladder_video_finalize (GObject * object)
{
  video_reset (GST_VS_LADDER_GRID (object));
  G_OBJECT_CLASS (gst_vs_ladder_video_parent_class)->finalize (object);
}

static void
gst_vs_ladder_video_class_init (GstVsLadderVideoClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstVsLadderGridClass *grid_class = GST_VS_LADDER_GRID_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (vsladdervideo_debug, "vsladdervideo", 0,
      "vsladder pictures");
  G_OBJECT_CLASS (klass)->finalize = gst_vs_ladder_video_finalize;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Ladder video",
      "Filter/Video", "Pictures at a ladder's frame rate and sizes",
      "VisionStream");
  grid_class->max_buffers = MAX_BUFFERS;
  grid_class->start = video_start;
  grid_class->caps = video_caps;
  grid_class->buffer = video_buffer;
  grid_class->fill = video_fill;
  grid_class->due = video_due;
  grid_class->push_event = video_push_event;
  grid_class->reset = video_reset;
}

GstElement *
gst_vs_ladder_video_new (const gchar * name,
    const VsLadderVideoSettings * settings)
{
  GstVsLadderVideo *self =
      g_object_new (GST_TYPE_VS_LADDER_VIDEO, "name", name, NULL);

  self->settings = *settings;
  return GST_ELEMENT (self);
}

GstPad *
gst_vs_ladder_video_add_rung (GstVsLadderVideo * self, guint width,
    guint height, guint stride)
{
  const guint i = self->n_rungs;
  g_autofree gchar *name = g_strdup_printf ("src_%u", i);
  GstPad *pad;

  g_return_val_if_fail (i < VS_LADDER_MAX_RUNGS, NULL);
  pad = gst_pad_new_from_static_template (&src_template, name);
  gst_pad_set_query_function (pad, video_src_query);
  gst_pad_use_fixed_caps (pad);
  self->steps[i] = (VsLadderScaleStep) {
  .width = width,.height = height,.stride = stride};
  self->rungs[i].pad = pad;
  self->n_rungs++;
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}
