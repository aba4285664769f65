/* VisionStream: vsladder, the bit-rate ladder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-vsladder
 * @title: vsladder
 *
 * Makes the renditions that adaptive streaming needs out of one feed, whatever
 * the feed is: raw or encoded, interlaced, of any frame rate, with gaps, with
 * late or missing audio. Each source pad `src_%u` carries one rendition
 * ("rung") as MPEG-TS: H.264 with AAC. What a hand-made graph of encoders
 * gets wrong is the point of the element: IDRs fall on the same frames on all
 * rungs, frame rate and audio never break, times are exact, no rung stalls
 * another, and the CPU goes into encoding: pictures are scaled in a cascade,
 * audio is encoded once for all rungs that share a setting.
 *
 * Link `video` and `audio`, or one of them: rungs have what is linked. A pad
 * that is linked and gives nothing is filled with silence or black. The source
 * pads are there from READY on, so that gst-launch's `:` links them. Audio that
 * is linked while the output runs (a demuxer finds it late) joins at the next
 * IDR; video must be linked before 5 s of audio have come. The pads `audio_%u`
 * stand for further tracks of a programme, which are not encoded: a request
 * is refused with a WARNING, and the chain goes on with the first track.
 *
 * ## The ladder
 *
 * #GstVsLadder:ladder is a list of rungs apart by semicolons, each
 * `name:WIDTHxHEIGHT[@FPS],BITRATE[,AUDIO-BITRATE][,key=value...]`. FPS is the
 * ladder's frame rate or a whole fraction of it. The keys are `audio`,
 * `max-bitrate`, `vbv` (ms), `profile`, `level`, `speed-preset`,
 * `rate-control` (`cbr`, `vbr`, `crf`) and `crf`; where they are missing the
 * element's properties hold. A rung without audio bit rate has no audio.
 *
 * ## Messages
 *
 * A WARNING is posted at READY to PAUSED when no source pad is linked, or when
 * nothing is linked to the ladder and nothing is there that could be, and for
 * video or further audio that cannot be part of the output; an ERROR with the
 * rung and the position when the ladder cannot be read.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -e filesrc location=clip.mp4 ! qtdemux : vsladder name=l  l.src_0 ! filesink location=1080p.ts
 * ]| The default ladder's first rung as a file.
 * |[
 * gst-launch-1.0 -e videotestsrc num-buffers=120 ! vsladder ladder="hd:640x360,800k;sd:320x180@15,200k" name=l  l.src_0 ! filesink location=hd.ts  l.src_1 ! filesink location=sd.ts
 * ]| Two rungs without audio, the second at half the frame rate.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "ladder/gstvsladderprivate.h"

#include "ladder/vsladderchain.h"

GST_DEBUG_CATEGORY_STATIC (vsladder_debug);
#define GST_CAT_DEFAULT vsladder_debug

#define DEFAULT_GOP_DURATION (2 * GST_SECOND)
#define DEFAULT_SPEED_PRESET "veryfast"
#define DEFAULT_ENCODER "x264enc"
#define DEFAULT_THREADS 1
#define DEFAULT_AUDIO_CHANNELS 2

enum
{
  PROP_0,
  PROP_LADDER,
  PROP_FRAME_RATE,
  PROP_GOP_DURATION,
  PROP_RATE_CONTROL,
  PROP_SPEED_PRESET,
  PROP_ENCODER,
  PROP_THREADS,
  PROP_UPSCALE,
  PROP_ASPECT,
  PROP_AUDIO_CHANNELS,
  PROP_ACCOUNT                  /* and event, breakout */
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src_%u",
    GST_PAD_SRC, GST_PAD_SOMETIMES,
    GST_STATIC_CAPS ("video/mpegts, systemstream=(boolean)true, "
        "packetsize=(int)188"));

G_DEFINE_TYPE (GstVsLadder, gst_vs_ladder, GST_TYPE_BIN);
GST_ELEMENT_REGISTER_DEFINE (vsladder, "vsladder", GST_RANK_NONE,
    GST_TYPE_VS_LADDER);

#define TYPE_ASPECT (aspect_get_type ())
static GType
aspect_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_VS_LADDER_LETTERBOX, "Keep the picture's shape, with black bars",
        "letterbox"},
    {GST_VS_LADDER_STRETCH, "Fill the rung", "stretch"},
    {0, NULL, NULL}
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstVsLadderAspect",
            values));
  return type;
}

static gboolean
ladder_has_input (GstVsLadder * self)
{
  return gst_pad_is_linked (self->video_sink) ||
      gst_pad_is_linked (self->audio_sink);
}

static gboolean
ladder_has_output (GstVsLadder * self)
{
  for (guint i = 0; i < self->n_pads; i++) {
    g_autofree gchar *name = g_strdup_printf ("src_%u", i);
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (GST_ELEMENT (self), name);

    if (gst_pad_is_linked (pad))
      return TRUE;
  }
  return FALSE;
}

/* Whether something beside us can bring data: a demuxer links its pads only
 * when it has found its streams. */
static gboolean
ladder_may_get_input (GstVsLadder * self)
{
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (self));
  gboolean found = FALSE;

  if (ladder_has_input (self) || !GST_IS_BIN (parent))
    return TRUE;
  GST_OBJECT_LOCK (parent);
  for (GList * l = GST_BIN_CHILDREN (parent); l && !found; l = l->next)
    found = l->data != self &&
        GST_OBJECT_FLAG_IS_SET (l->data, GST_ELEMENT_FLAG_SOURCE);
  GST_OBJECT_UNLOCK (parent);
  return found;
}

/* Without input, EOS is for us to send, as it is for a source. */
static void
ladder_check_links (GstVsLadder * self)
{
  if (!ladder_has_output (self))
    GST_ELEMENT_WARNING (self, CORE, PAD, ("No rendition of the ladder is "
            "linked: link src_0 and following, or use \"vsladder : ...\"."),
        (NULL));
  if (ladder_may_get_input (self))
    return;
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
  GST_ELEMENT_WARNING (self, CORE, PAD, ("Nothing is linked to the ladder, and "
          "nothing will come out: link video and audio, as in "
          "\"... ! qtdemux : vsladder : ...\"."), (NULL));
}

static gboolean
gst_vs_ladder_send_event (GstElement * element, GstEvent * event)
{
  GstVsLadder *self = GST_VS_LADDER (element);
  GstPad *sinks[] = { self->video_sink, self->audio_sink };

  if (GST_EVENT_TYPE (event) != GST_EVENT_EOS || ladder_has_input (self))
    return GST_ELEMENT_CLASS (gst_vs_ladder_parent_class)->send_event (element,
        event);
  for (guint i = 0; i < G_N_ELEMENTS (sinks); i++) {
    gst_pad_send_event (sinks[i],
        gst_event_new_stream_start (GST_PAD_NAME (sinks[i])));
    gst_pad_send_event (sinks[i], gst_event_ref (event));
  }
  gst_event_unref (event);
  return TRUE;
}

static GstStateChangeReturn
gst_vs_ladder_change_state (GstElement * element, GstStateChange transition)
{
  GstVsLadder *self = GST_VS_LADDER (element);
  g_autoptr (GError) error = NULL;
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY &&
      !gst_vs_ladder_build (self, &error)) {
    GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS,
        ("%s", error ? error->message : "elements could not be linked"),
        (NULL));
    gst_vs_ladder_take_down (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    ladder_check_links (self);

  ret = GST_ELEMENT_CLASS (gst_vs_ladder_parent_class)->change_state (element,
      transition);

  if (transition == GST_STATE_CHANGE_READY_TO_NULL ||
      (transition == GST_STATE_CHANGE_NULL_TO_READY &&
          ret == GST_STATE_CHANGE_FAILURE))
    gst_vs_ladder_take_down (self);
  return ret;
}

/* Pads */

static void
sink_linked (GstPad * pad, GstPad * peer, GstVsLadder * self)
{
  if (gst_pad_is_linked (pad))
    GST_OBJECT_FLAG_UNSET (self, GST_ELEMENT_FLAG_SOURCE);
  if (self->input)
    gst_vs_ladder_input_set_linked (self->input,
        pad == self->video_sink ? VS_MEDIA_VIDEO : VS_MEDIA_AUDIO,
        gst_pad_is_linked (pad));
}

static GstPad *
ladder_add_sink (GstVsLadder * self, const gchar * name)
{
  GstPad *pad = gst_ghost_pad_new_no_target_from_template (name,
      gst_element_get_pad_template (GST_ELEMENT (self), name));

  g_signal_connect (pad, "linked", G_CALLBACK (sink_linked), self);
  g_signal_connect (pad, "unlinked", G_CALLBACK (sink_linked), self);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

/* More audio tracks need a rung of their own each, which this element does not
 * make: what comes is told apart from what is taken. */
static GstPad *
gst_vs_ladder_request_new_pad (GstElement * element, GstPadTemplate * templ,
    const gchar * name, const GstCaps * caps)
{
  GST_ELEMENT_WARNING (element, CORE, PAD, ("Only one audio track is encoded, "
          "this one is left out. Give it a vsladder of its own, linked by its "
          "pad \"audio\" alone: its rungs are audio renditions."),
      ("%s was requested", name ? name : GST_PAD_TEMPLATE_NAME_TEMPLATE
          (templ)));
  return NULL;
}

/* Object */

static void
set_string (GstVsLadder * self, gchar ** field, const GValue * value)
{
  GST_OBJECT_LOCK (self);
  g_free (*field);
  *field = g_value_dup_string (value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vs_ladder_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstVsLadder *self = GST_VS_LADDER (object);

  switch (id) {
    case PROP_LADDER:
      set_string (self, &self->ladder, value);
      break;
    case PROP_FRAME_RATE:
      set_string (self, &self->frame_rate, value);
      break;
    case PROP_GOP_DURATION:
      self->gop_duration = g_value_get_uint64 (value);
      break;
    case PROP_RATE_CONTROL:
      self->rate_control = g_value_get_enum (value);
      break;
    case PROP_SPEED_PRESET:
      set_string (self, &self->speed_preset, value);
      break;
    case PROP_ENCODER:
      set_string (self, &self->encoder, value);
      break;
    case PROP_THREADS:
      self->threads = g_value_get_uint (value);
      break;
    case PROP_UPSCALE:
      self->upscale = g_value_get_boolean (value);
      break;
    case PROP_ASPECT:
      self->aspect = g_value_get_enum (value);
      break;
    case PROP_AUDIO_CHANNELS:
      self->audio_channels = g_value_get_uint (value);
      break;
    default:
      vs_identity_set_property (&self->identity, object, id - PROP_ACCOUNT,
          value);
      break;
  }
}

static void
gst_vs_ladder_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstVsLadder *self = GST_VS_LADDER (object);

  if (id >= PROP_ACCOUNT) {
    vs_identity_get_property (&self->identity, object, id - PROP_ACCOUNT,
        value);
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LADDER:
      g_value_set_string (value, self->ladder);
      break;
    case PROP_FRAME_RATE:
      g_value_set_string (value, self->frame_rate);
      break;
    case PROP_GOP_DURATION:
      g_value_set_uint64 (value, self->gop_duration);
      break;
    case PROP_RATE_CONTROL:
      g_value_set_enum (value, self->rate_control);
      break;
    case PROP_SPEED_PRESET:
      g_value_set_string (value, self->speed_preset);
      break;
    case PROP_ENCODER:
      g_value_set_string (value, self->encoder);
      break;
    case PROP_THREADS:
      g_value_set_uint (value, self->threads);
      break;
    case PROP_UPSCALE:
      g_value_set_boolean (value, self->upscale);
      break;
    case PROP_ASPECT:
      g_value_set_enum (value, self->aspect);
      break;
    case PROP_AUDIO_CHANNELS:
      g_value_set_uint (value, self->audio_channels);
      break;
    default:
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vs_ladder_init (GstVsLadder * self)
{
  self->ladder = g_strdup (VS_LADDER_DEFAULT);
  self->gop_duration = DEFAULT_GOP_DURATION;
  self->speed_preset = g_strdup (DEFAULT_SPEED_PRESET);
  self->encoder = g_strdup (DEFAULT_ENCODER);
  self->threads = DEFAULT_THREADS;
  self->upscale = TRUE;
  self->audio_channels = DEFAULT_AUDIO_CHANNELS;
  vs_identity_init (&self->identity);
  self->video_sink = ladder_add_sink (self, "video");
  self->audio_sink = ladder_add_sink (self, "audio");
}

static void
gst_vs_ladder_finalize (GObject * object)
{
  GstVsLadder *self = GST_VS_LADDER (object);

  g_free (self->ladder);
  g_free (self->frame_rate);
  g_free (self->speed_preset);
  g_free (self->encoder);
  vs_identity_clear (&self->identity);
  g_clear_pointer (&self->rungs, g_ptr_array_unref);
  G_OBJECT_CLASS (gst_vs_ladder_parent_class)->finalize (object);
}

#define PROPERTY_FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_READY)

static void
install_picture_properties (GObjectClass * klass)
{
  /**
   * GstVsLadder:ladder:
   *
   * The rungs, see above.
   */
  g_object_class_install_property (klass, PROP_LADDER,
      g_param_spec_string ("ladder", "Ladder", "Rungs apart by semicolons: "
          "name:WIDTHxHEIGHT[@FPS],BITRATE[,AUDIO-BITRATE][,key=value...]",
          VS_LADDER_DEFAULT, PROPERTY_FLAGS));
  /**
   * GstVsLadder:frame-rate:
   *
   * `family` keeps a 25, 29.97, 24 or 23.976 source at its rate and halves
   * its doubles, so that no frame is shown twice or left out.
   */
  g_object_class_install_property (klass, PROP_FRAME_RATE,
      g_param_spec_string ("frame-rate", "Frame Rate", "Frames a second: a "
          "number, a fraction, or \"family\" for the source's rate, halved "
          "above 30; unset: the fastest rung's, else 30", NULL,
          PROPERTY_FLAGS));
  /**
   * GstVsLadder:upscale:
   *
   * A rung that is left out ends at once.
   */
  g_object_class_install_property (klass, PROP_UPSCALE,
      g_param_spec_boolean ("upscale", "Upscale", "Make rungs that are larger "
          "than the source too; else they end before they begin", TRUE,
          PROPERTY_FLAGS));
  /**
   * GstVsLadder:aspect:
   *
   * What to do with a source of another shape than the rung.
   */
  g_object_class_install_property (klass, PROP_ASPECT,
      g_param_spec_enum ("aspect", "Aspect", "How a source of another shape "
          "fits into a rung", TYPE_ASPECT, GST_VS_LADDER_LETTERBOX,
          PROPERTY_FLAGS));
}

static void
install_encoder_properties (GObjectClass * klass)
{
  /**
   * GstVsLadder:gop-duration:
   *
   * IDRs fall on the same frames on all rungs.
   */
  g_object_class_install_property (klass, PROP_GOP_DURATION,
      g_param_spec_uint64 ("gop-duration", "GOP Duration", "Time between IDRs "
          "in ns; the nearest whole number of frames is taken",
          100 * GST_MSECOND, 60 * GST_SECOND, DEFAULT_GOP_DURATION,
          PROPERTY_FLAGS));
  /**
   * GstVsLadder:rate-control:
   *
   * For rungs that do not say. `vbr` holds the bit rate on average and no GOP
   * above the rung's max-bitrate (one and a half times it), `crf` the quality
   * and no more than max-bitrate (the bit rate).
   */
  g_object_class_install_property (klass, PROP_RATE_CONTROL,
      g_param_spec_enum ("rate-control", "Rate Control", "How the bit rate "
          "of rungs that do not say so themselves is held (x264enc)",
          VS_TYPE_LADDER_RATE_CONTROL, VS_LADDER_CBR, PROPERTY_FLAGS));
  /**
   * GstVsLadder:speed-preset:
   *
   * x264's: ultrafast, superfast, veryfast, faster, fast, medium, slow, ...
   */
  g_object_class_install_property (klass, PROP_SPEED_PRESET,
      g_param_spec_string ("speed-preset", "Speed Preset", "x264's preset "
          "for rungs that do not name one (x264enc)", DEFAULT_SPEED_PRESET,
          PROPERTY_FLAGS));
  /**
   * GstVsLadder:encoder:
   *
   * Other encoders than x264enc get the bit rate and the key frame interval.
   */
  g_object_class_install_property (klass, PROP_ENCODER,
      g_param_spec_string ("encoder", "Encoder", "Factory name of the H.264 "
          "encoder", DEFAULT_ENCODER, PROPERTY_FLAGS));
  /**
   * GstVsLadder:threads:
   *
   * The rungs are encoded side by side, each in a thread of its own. More
   * let one rung use several cores, for presets that are too slow otherwise;
   * x264's output with a VBV then differs from run to run.
   */
  g_object_class_install_property (klass, PROP_THREADS,
      g_param_spec_uint ("threads", "Threads", "Encoder threads a rung "
          "(x264enc); with one, equal input gives equal bytes", 1, 64,
          DEFAULT_THREADS, PROPERTY_FLAGS));
  /**
   * GstVsLadder:audio-channels:
   *
   * More channels than these are mixed down; 5.1 to two by the coefficients
   * of ITU-R BS.775, lowered so that nothing is clipped.
   */
  g_object_class_install_property (klass, PROP_AUDIO_CHANNELS,
      g_param_spec_uint ("audio-channels", "Audio Channels", "Channels of the "
          "audio that is made: 1, 2, or up to 6 for surround", 1, 6,
          DEFAULT_AUDIO_CHANNELS, PROPERTY_FLAGS));
}

static void
add_sink_template (GstElementClass * klass, const gchar * name,
    GstPadPresence presence, VsMediaType type)
{
  g_autoptr (GstCaps) caps = vs_ladder_chain_get_caps (type);

  gst_element_class_add_pad_template (klass,
      gst_pad_template_new (name, GST_PAD_SINK, presence, caps));
}

static void
gst_vs_ladder_class_init (GstVsLadderClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (vsladder_debug, "vsladder", 0, "bit-rate ladder");
  object_class->set_property = gst_vs_ladder_set_property;
  object_class->get_property = gst_vs_ladder_get_property;
  object_class->finalize = gst_vs_ladder_finalize;
  install_picture_properties (object_class);
  install_encoder_properties (object_class);
  vs_identity_install_properties (object_class, PROP_ACCOUNT);

  element_class->change_state = gst_vs_ladder_change_state;
  element_class->send_event = gst_vs_ladder_send_event;
  element_class->request_new_pad = gst_vs_ladder_request_new_pad;
  add_sink_template (element_class, "video", GST_PAD_ALWAYS, VS_MEDIA_VIDEO);
  /* ahead of "audio": links take an always pad that is free, then the first
   * template that fits */
  add_sink_template (element_class, "audio_%u", GST_PAD_REQUEST,
      VS_MEDIA_AUDIO);
  add_sink_template (element_class, "audio", GST_PAD_ALWAYS, VS_MEDIA_AUDIO);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Bit-rate ladder",
      "Codec/Encoder/Video/Audio",
      "Encodes a feed at several sizes and bit rates, with aligned IDRs, as "
      "MPEG-TS", "VisionStream");
  gst_type_mark_as_plugin_api (TYPE_ASPECT, 0);
  gst_type_mark_as_plugin_api (VS_TYPE_LADDER_RATE_CONTROL, 0);
}
