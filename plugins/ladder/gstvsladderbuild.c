/* VisionStream: the elements of a ladder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* One graph for all inputs, made at NULL to READY, so that source pads are
 * there to be linked before anything is known of the source:
 *
 *   input ! queue ! decode ! prepare ! video   src_N ! queue ! encoder ! mux N
 *   input ! queue ! decode ! mix ! audio ! tee   ! encoder ! tee ! mux N
 *
 * with a queue, an encoder and a mux a rung, and an audio encoder a bit rate.
 * decode, prepare and mix are stages: what is inside is chosen by the caps. */
#include "ladder/gstvsladderprivate.h"

#include <gst/audio/audio.h>
#include "ladder/gstvsladderaudio.h"
#include "ladder/gstvsladdermux.h"
#include "ladder/gstvsladderstage.h"
#include "ladder/vsladderchain.h"
#include "ladder/vsladderencoder.h"

/* A demuxer feeds both sinks from one thread: each has a queue of its own. */
#define INPUT_QUEUE_TIME (2 * GST_SECOND)
#define INPUT_QUEUE_BYTES (16 * 1024 * 1024)
/* scaled pictures that wait for an encoder: the rungs run side by side */
#define RUNG_QUEUE_BUFFERS 3
/* the highest source rate that "family" may come to */
#define FAMILY_MAX_FPS 30

static GstElement *
ladder_add (GstVsLadder * self, GstElement * element)
{
  gst_bin_add (GST_BIN (self), element);
  return element;
}

static GstElement *
ladder_make (GstVsLadder * self, const gchar * factory, const gchar * name,
    GError ** error)
{
  GstElement *element = gst_element_factory_make (factory, name);

  if (element)
    return ladder_add (self, element);
  g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
      "the element \"%s\" is not installed", factory);
  return NULL;
}

static gchar *
decode_video (const GstCaps * caps, gpointer user_data)
{
  return vs_ladder_chain_decoder (VS_MEDIA_VIDEO, caps);
}

static gchar *
decode_audio (const GstCaps * caps, gpointer user_data)
{
  return vs_ladder_chain_decoder (VS_MEDIA_AUDIO, caps);
}

static gchar *
prepare_picture (const GstCaps * caps, gpointer user_data)
{
  GstVsLadder *self = user_data;

  return vs_ladder_chain_picture (caps,
      self->fps_n > FAMILY_MAX_FPS * self->fps_d);
}

static gchar *
mix_audio (const GstCaps * caps, gpointer user_data)
{
  GstVsLadder *self = user_data;

  return vs_ladder_chain_mix (caps, self->audio_channels);
}

static GstElement *
ladder_make_input_queue (GstVsLadder * self, const gchar * name,
    GError ** error)
{
  GstElement *queue = ladder_make (self, "queue", name, error);

  if (queue)
    g_object_set (queue, "max-size-buffers", 0, "max-size-time",
        (guint64) INPUT_QUEUE_TIME, "max-size-bytes", INPUT_QUEUE_BYTES, NULL);
  return queue;
}

static gboolean
ladder_build_video (GstVsLadder * self, GError ** error)
{
  const VsLadderVideoSettings settings = {
    .fps_n = self->fps_n,
    .fps_d = self->fps_d,
    .gop_duration = self->gop_duration,
    .letterbox = self->aspect == GST_VS_LADDER_LETTERBOX,
    .upscale = self->upscale,
  };
  GstElement *queue = ladder_make_input_queue (self, "video-queue", error);
  GstElement *decode, *picture;

  if (queue == NULL)
    return FALSE;
  decode = ladder_add (self, gst_vs_ladder_stage_new ("video-decode",
          decode_video, self));
  picture = ladder_add (self, gst_vs_ladder_stage_new ("video-prepare",
          prepare_picture, self));
  self->video = GST_VS_LADDER_VIDEO (ladder_add (self,
          gst_vs_ladder_video_new ("video", &settings)));
  gst_element_link_pads (GST_ELEMENT (self->input), "video_src", queue, "sink");
  return gst_element_link_many (queue, decode, picture,
      GST_ELEMENT (self->video), NULL);
}

static gboolean
ladder_build_audio (GstVsLadder * self, GError ** error)
{
  g_autofree gchar *caps = g_strdup_printf ("audio/x-raw, "
      "format=(string)" GST_AUDIO_NE (F32) ", rate=(int)%d, "
      "channels=(int)%u, layout=(string)interleaved", VS_LADDER_SAMPLE_RATE,
      self->audio_channels);
  GstElement *queue = ladder_make_input_queue (self, "audio-queue", error);
  GstElement *decode, *mix, *grid;
  GstElement *resample = ladder_make (self, "audioresample", NULL, error);
  GstElement *filter = resample ?
      ladder_make (self, "capsfilter", NULL, error) : NULL;

  self->audio_tee = filter ?
      ladder_make (self, "tee", "audio-tee", error) : NULL;
  if (queue == NULL || self->audio_tee == NULL)
    return FALSE;
  decode = ladder_add (self, gst_vs_ladder_stage_new ("audio-decode",
          decode_audio, self));
  mix = ladder_add (self, gst_vs_ladder_stage_new ("audio-mix", mix_audio,
          self));
  grid = ladder_add (self, gst_vs_ladder_audio_new ("audio",
          self->audio_channels));
  gst_util_set_object_arg (G_OBJECT (filter), "caps", caps);
  g_object_set (self->audio_tee, "allow-not-linked", TRUE, NULL);
  gst_element_link_pads (GST_ELEMENT (self->input), "audio_src", queue, "sink");
  return gst_element_link_many (queue, decode, mix, resample, filter, grid,
      self->audio_tee, NULL);
}

/* The encoder of @bitrate, made when it is asked for the first time */
static AudioSetting *
ladder_get_audio (GstVsLadder * self, guint bitrate, GError ** error)
{
  AudioSetting *setting;
  GstElement *sink, *src;

  for (guint i = 0; i < self->n_audio; i++) {
    if (self->audio[i].bitrate == bitrate)
      return &self->audio[i];
  }
  setting = &self->audio[self->n_audio];
  setting->bitrate = bitrate;
  if (!vs_ladder_encoder_new_audio (GST_BIN (self), bitrate, &sink, &src,
          &setting->delay, error))
    return NULL;
  setting->tee = ladder_make (self, "tee", NULL, error);
  if (setting->tee == NULL)
    return NULL;
  gst_element_link (self->audio_tee, sink);
  gst_element_link (src, setting->tee);
  self->n_audio++;
  return setting;
}

static VsRendition *
ladder_make_rendition (GstVsLadder * self, const VsLadderRung * rung)
{
  VsRendition *rendition = vs_rendition_new (self->identity.account,
      self->identity.event, self->identity.breakout, rung->name);

  rendition->bitrate = rung->bitrate + rung->audio_bitrate;
  if (rung->audio_bitrate)
    rendition->audio_id = g_strdup_printf ("aac-%u-%u", self->audio_channels,
        rung->audio_bitrate);
  return rendition;
}

static GstElement *
ladder_build_mux (GstVsLadder * self, const VsLadderRung * rung,
    GError ** error)
{
  g_autoptr (VsRendition) rendition = ladder_make_rendition (self, rung);
  VsLadderMuxSettings settings = {.rendition = rendition };
  const guint n_audio = self->n_audio;
  AudioSetting *audio = NULL;
  GstElement *mux;

  if (rung->audio_bitrate) {
    audio = ladder_get_audio (self, rung->audio_bitrate, error);
    if (audio == NULL)
      return NULL;
    settings.audio_delay = audio->delay;
    settings.audio_only = self->n_audio > n_audio;
  }
  mux = ladder_add (self, gst_vs_ladder_mux_new (rung->name, self->input,
          &settings));
  if (audio)
    gst_element_link_pads (audio->tee, NULL, mux, "audio");
  return mux;
}

static gboolean
ladder_build_encoder (GstVsLadder * self, guint i, GstElement * mux,
    GError ** error)
{
  const VsLadderRung *rung = g_ptr_array_index (self->rungs, i);
  const guint fps = self->fps_n ?
      (self->fps_n + self->fps_d - 1) / self->fps_d : FAMILY_MAX_FPS;
  const VsLadderEncoderSettings settings = {
    .factory = self->encoder,
    .speed_preset = self->speed_preset,
    .rate_control = self->rate_control,
    .gop_duration = self->gop_duration,
    .fps = fps,
    .threads = self->threads,
  };
  GstElement *queue = ladder_make (self, "queue", NULL, error);
  GstElement *sink, *src;
  g_autoptr (GstPad) queue_sink = NULL;
  GstPad *pad;

  if (queue == NULL || !vs_ladder_encoder_new_video (GST_BIN (self), rung,
          &settings, &sink, &src, error))
    return FALSE;
  g_object_set (queue, "max-size-buffers", RUNG_QUEUE_BUFFERS, "max-size-bytes",
      0, "max-size-time", (guint64) 0, NULL);
  pad = gst_vs_ladder_video_add_rung (self->video, rung->width, rung->height,
      self->strides[i]);
  queue_sink = gst_element_get_static_pad (queue, "sink");
  return gst_pad_link (pad, queue_sink) == GST_PAD_LINK_OK &&
      gst_element_link (queue, sink) &&
      gst_element_link_pads (src, NULL, mux, "video");
}

static gboolean
ladder_build_rung (GstVsLadder * self, guint i, GError ** error)
{
  const VsLadderRung *rung = g_ptr_array_index (self->rungs, i);
  GstElement *mux = ladder_build_mux (self, rung, error);
  g_autofree gchar *name = g_strdup_printf ("src_%u", i);
  g_autoptr (GstPad) target = NULL;
  GstPad *pad;

  if (mux == NULL || !ladder_build_encoder (self, i, mux, error))
    return FALSE;
  target = gst_element_get_static_pad (mux, "src");
  pad = gst_ghost_pad_new_from_template (name, target,
      gst_element_get_pad_template (GST_ELEMENT (self), "src_%u"));
  self->n_pads++;
  return gst_element_add_pad (GST_ELEMENT (self), pad);
}

static gboolean
ladder_read_settings (GstVsLadder * self, GError ** error)
{
  g_autofree gchar *ladder = NULL, *frame_rate = NULL;

  GST_OBJECT_LOCK (self);
  ladder = g_strdup (self->ladder);
  frame_rate = g_strdup (self->frame_rate);
  GST_OBJECT_UNLOCK (self);

  self->rungs = vs_ladder_spec_parse (ladder, error);
  if (self->rungs == NULL)
    return FALSE;
  self->fps_n = 0;
  self->fps_d = 1;
  if (frame_rate && !g_str_equal (frame_rate, "family") &&
      !vs_ladder_parse_frame_rate (frame_rate, &self->fps_n, &self->fps_d)) {
    g_set_error (error, VS_LADDER_SPEC_ERROR, VS_LADDER_SPEC_ERROR_VALUE,
        "frame-rate: expected a number, a fraction or \"family\", found "
        "\"%s\"", frame_rate);
    return FALSE;
  }
  if (!vs_ladder_spec_strides (self->rungs, &self->fps_n, &self->fps_d,
          self->strides, error))
    return FALSE;
  if (g_strcmp0 (frame_rate, "family") == 0)
    self->fps_n = 0;
  return TRUE;
}

static void
ladder_set_sink_target (GstVsLadder * self, GstPad * pad, const gchar * name,
    VsMediaType type)
{
  g_autoptr (GstPad) target =
      gst_element_get_static_pad (GST_ELEMENT (self->input), name);

  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), target);
  gst_vs_ladder_input_set_linked (self->input, type, gst_pad_is_linked (pad));
}

gboolean
gst_vs_ladder_build (GstVsLadder * self, GError ** error)
{
  if (!ladder_read_settings (self, error))
    return FALSE;
  self->input = GST_VS_LADDER_INPUT (ladder_add (self,
          gst_vs_ladder_input_new ("input")));
  if (!ladder_build_video (self, error) || !ladder_build_audio (self, error))
    return FALSE;
  for (guint i = 0; i < self->rungs->len; i++) {
    if (!ladder_build_rung (self, i, error))
      return FALSE;
  }
  ladder_set_sink_target (self, self->video_sink, "video", VS_MEDIA_VIDEO);
  ladder_set_sink_target (self, self->audio_sink, "audio", VS_MEDIA_AUDIO);
  gst_element_no_more_pads (GST_ELEMENT (self));
  return TRUE;
}

void
gst_vs_ladder_take_down (GstVsLadder * self)
{
  GstBin *bin = GST_BIN (self);

  gst_ghost_pad_set_target (GST_GHOST_PAD (self->video_sink), NULL);
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->audio_sink), NULL);
  for (guint i = 0; i < self->n_pads; i++) {
    g_autofree gchar *name = g_strdup_printf ("src_%u", i);
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (GST_ELEMENT (self), name);

    gst_pad_set_active (pad, FALSE);
    gst_ghost_pad_set_target (GST_GHOST_PAD (pad), NULL);
    gst_element_remove_pad (GST_ELEMENT (self), pad);
  }
  while (bin->children) {
    g_autoptr (GstElement) child = gst_object_ref (bin->children->data);

    gst_element_set_state (child, GST_STATE_NULL);
    gst_bin_remove (bin, child);
  }
  g_clear_pointer (&self->rungs, g_ptr_array_unref);
  self->n_pads = self->n_audio = 0;
  self->input = NULL;
  self->video = NULL;
  self->audio_tee = NULL;
}
