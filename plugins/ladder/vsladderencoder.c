/* VisionStream: encoders, set up for a rung
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ladder/vsladderencoder.h"

/* How encoders name what all of them have. The first row is for those that
 * have none: most count in kbit/s. */
typedef struct
{
  const gchar *factory;
  const gchar *bitrate, *gop;   /* properties */
  guint bitrate_unit;           /* bit/s */
  const gchar *settings[4][2];  /* so that bit rate and GOP hold */
} VideoEncoder;

static const VideoEncoder video_encoders[] = {
  {NULL, "bitrate", "key-int-max", 1000, {{NULL}}},
  {"x264enc", "bitrate", "key-int-max", 1000, {{NULL}}},
  {"openh264enc", "bitrate", "gop-size", 1, {{"rate-control", "bitrate"},
          {"scene-change-detection", "false"}, {NULL}}},
  {"avenc_h264_omx", "bitrate", "gop-size", 1, {{NULL}}},
  {"nvh264enc", "bitrate", "gop-size", 1000, {{"rc-mode", "cbr"}, {NULL}}},
  {"vah264enc", "bitrate", "key-int-max", 1000, {{NULL}}},
  {"vaapih264enc", "bitrate", "keyframe-period", 1000, {{NULL}}},
  {"msdkh264enc", "bitrate", "gop-size", 1000, {{NULL}}},
  {"qsvh264enc", "bitrate", "gop-size", 1000, {{NULL}}},
};

/* At 192 kb/s the libav encoder's two-loop search costs three times its fast
 * one, 7 % of a whole ladder, and voaacenc no less than the fast one. The fast
 * one's mid/side coding lets left and right run into each other (two tones, 6
 * dB apart instead of 60), and is switched off. The delays were measured with
 * a click. */
typedef struct
{
  const gchar *factory;
  guint delay;                  /* samples */
} AudioEncoder;

static const AudioEncoder audio_encoders[] = {
  {"avenc_aac", 1024},
  {"voaacenc", 1600},
};

/* The ladder asks for IDRs itself, by frame number. The encoder's own limit
 * lies beyond, or a rung whose frame rate is not known yet would get more. */
#define KEY_INTERVAL_SLACK 2

#define DEFAULT_PROFILE "high"
#define DEFAULT_VBR_PEAK_PERCENT 150
#define MAX_VBV_MS 10000

static gboolean
has_property (GstElement * element, const gchar * name)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS (element), name) !=
      NULL;
}

/* Sets by text, so that the property's own type and range hold. */
static void
set_property (GstElement * element, const gchar * name, const gchar * format,
    ...)
{
  g_autofree gchar *value = NULL;
  va_list args;

  if (!has_property (element, name)) {
    GST_INFO_OBJECT (element, "has no %s", name);
    return;
  }
  va_start (args, format);
  value = g_strdup_vprintf (format, args);
  va_end (args);
  gst_util_set_object_arg (G_OBJECT (element), name, value);
}

static guint
rung_get_rate_control (const VsLadderRung * rung,
    const VsLadderEncoderSettings * settings)
{
  return rung->rate_control < 0 ? settings->rate_control :
      (guint) rung->rate_control;
}

static guint
rung_get_max_bitrate (const VsLadderRung * rung, guint rate_control)
{
  if (rung->max_bitrate)
    return rung->max_bitrate;
  return rate_control == VS_LADDER_VBR ?
      (guint) ((guint64) rung->bitrate * DEFAULT_VBR_PEAK_PERCENT / 100) :
      rung->bitrate;
}

/* x264enc takes one rate for both the average and the VBV. For VBR the buffer
 * is widened by what a GOP may have above the average: then no GOP is above
 * the maximum, and the average holds. */
static guint
rung_get_vbv_ms (const VsLadderRung * rung, guint rate_control,
    GstClockTime gop_duration)
{
  const guint vbv = rung->vbv_ms ? rung->vbv_ms : VS_LADDER_VBV_MS;
  const guint max = rung_get_max_bitrate (rung, rate_control);
  const guint64 gop_ms = gop_duration / GST_MSECOND;

  if (rate_control != VS_LADDER_VBR)
    return vbv;
  return MIN (vbv + gop_ms * (max - rung->bitrate) / rung->bitrate, MAX_VBV_MS);
}

/* Whether the enumeration @name has @nick */
static gboolean
has_choice (GstElement * element, const gchar * name, const gchar * nick)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS
      (element), name);

  return spec && G_IS_PARAM_SPEC_ENUM (spec) && nick &&
      g_enum_get_value_by_nick (G_PARAM_SPEC_ENUM (spec)->enum_class, nick);
}

/* Whether the element's source caps can have @profile */
static gboolean
has_profile (GstElement * element, const gchar * profile)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "src");
  g_autoptr (GstCaps) caps = pad ? gst_pad_get_pad_template_caps (pad) : NULL;
  g_autoptr (GstCaps) wanted = gst_caps_new_simple ("video/x-h264", "profile",
      G_TYPE_STRING, profile, NULL);

  return caps && gst_caps_can_intersect (caps, wanted);
}

static gboolean
check_choices (GstElement * encoder, const VsLadderRung * rung,
    const VsLadderEncoderSettings * settings, GError ** error)
{
  const gchar *what = NULL, *value = NULL;

  if (rung->profile && !has_profile (encoder, rung->profile)) {
    what = "profile";
    value = rung->profile;
  } else if (g_str_equal (settings->factory, "x264enc")) {
    value = rung->speed_preset ? rung->speed_preset : settings->speed_preset;
    if (!has_choice (encoder, "speed-preset", value))
      what = "speed-preset";
  }
  if (what == NULL)
    return TRUE;
  g_set_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
      "rung \"%s\": %s has no %s \"%s\"; gst-inspect-1.0 %s lists them",
      rung->name, settings->factory, what, value, settings->factory);
  return FALSE;
}

static void
set_up_x264 (GstElement * encoder, const VsLadderRung * rung,
    const VsLadderEncoderSettings * settings)
{
  const guint rate_control = rung_get_rate_control (rung, settings);
  g_autoptr (GString) options = g_string_new ("scenecut=0:open-gop=0:nal-hrd=");

  g_string_append (options, rate_control == VS_LADDER_CBR ? "cbr" : "vbr");
  if (rung->level)
    g_string_append_printf (options, ":level=%s", rung->level);
  set_property (encoder, "option-string", "%s", options->str);
  set_property (encoder, "threads", "%u", settings->threads);
  set_property (encoder, "vbv-buf-capacity", "%u", rung_get_vbv_ms (rung,
          rate_control, settings->gop_duration));
  set_property (encoder, "speed-preset", "%s",
      rung->speed_preset ? rung->speed_preset : settings->speed_preset);
  if (rate_control == VS_LADDER_CRF) {
    set_property (encoder, "pass", "qual");
    set_property (encoder, "quantizer", "%u",
        (guint) ((rung->crf > 0 ? rung->crf : VS_LADDER_CRF_DEFAULT) + 0.5));
    set_property (encoder, "bitrate", "%u",
        rung_get_max_bitrate (rung, rate_control) / 1000);
  }
}

static const VideoEncoder *
find_video_encoder (const gchar * factory)
{
  for (guint i = 1; i < G_N_ELEMENTS (video_encoders); i++) {
    if (g_str_equal (video_encoders[i].factory, factory))
      return &video_encoders[i];
  }
  return &video_encoders[0];
}

static gboolean
set_up_video (GstElement * encoder, const VsLadderRung * rung,
    const VsLadderEncoderSettings * settings, GError ** error)
{
  const VideoEncoder *known = find_video_encoder (settings->factory);
  const guint gop = MAX (1, gst_util_uint64_scale_ceil (settings->gop_duration,
          settings->fps, GST_SECOND)) * KEY_INTERVAL_SLACK;

  if (!has_property (encoder, known->bitrate)) {
    g_set_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        "encoder: \"%s\" has no property \"%s\", so that rungs cannot be told "
        "apart; take another, such as x264enc", settings->factory,
        known->bitrate);
    return FALSE;
  }
  if (!check_choices (encoder, rung, settings, error))
    return FALSE;
  set_property (encoder, known->bitrate, "%u",
      rung->bitrate / known->bitrate_unit);
  set_property (encoder, known->gop, "%u", gop);
  for (guint i = 0; known->settings[i][0]; i++)
    set_property (encoder, known->settings[i][0], "%s", known->settings[i][1]);
  if (g_str_equal (settings->factory, "x264enc"))
    set_up_x264 (encoder, rung, settings);
  return TRUE;
}

static GstElement *
make_element (GstBin * bin, const gchar * factory, GError ** error)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "the element \"%s\" is not installed", factory);
    return NULL;
  }
  gst_bin_add (bin, element);
  return element;
}

static GstElement *
make_video_encoder (GstBin * bin, const gchar * name, GError ** error)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (name);
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("video/x-h264");

  if (factory && !gst_element_factory_can_src_any_caps (factory, caps)) {
    g_set_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        "encoder: \"%s\" gives no H.264", name);
    return NULL;
  }
  return make_element (bin, name, error);
}

static GstElement *
make_caps_filter (GstBin * bin, const gchar * caps, GError ** error)
{
  GstElement *filter = make_element (bin, "capsfilter", error);

  if (filter)
    gst_util_set_object_arg (G_OBJECT (filter), "caps", caps);
  return filter;
}

static gboolean
link_chain (GstElement ** elements, guint n, GError ** error)
{
  for (guint i = 0; i + 1 < n; i++) {
    if (!gst_element_link (elements[i], elements[i + 1])) {
      g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
          "%s gives nothing that %s takes", GST_OBJECT_NAME (elements[i]),
          GST_OBJECT_NAME (elements[i + 1]));
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
vs_ladder_encoder_new_video (GstBin * bin, const VsLadderRung * rung,
    const VsLadderEncoderSettings * settings, GstElement ** sink,
    GstElement ** src, GError ** error)
{
  const gboolean own_stream = g_str_equal (settings->factory, "x264enc");
  g_autofree gchar *caps = g_strdup_printf ("video/x-h264, "
      "stream-format=(string)byte-stream, alignment=(string)au, "
      "profile=(string)%s", rung->profile ? rung->profile : DEFAULT_PROFILE);
  GstElement *elements[3];
  guint n = 0;

  elements[n] = make_video_encoder (bin, settings->factory, error);
  if (elements[n] == NULL || !set_up_video (elements[n], rung, settings, error))
    return FALSE;
  n++;
  if (!own_stream) {
    /* others may have only avc, or a profile of their own */
    elements[n] = make_element (bin, "h264parse", error);
    if (elements[n++] == NULL)
      return FALSE;
  }
  elements[n] = make_caps_filter (bin, own_stream || rung->profile ? caps :
      "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au",
      error);
  if (elements[n++] == NULL)
    return FALSE;
  *sink = elements[0];
  *src = elements[n - 1];
  return link_chain (elements, n, error);
}

static const AudioEncoder *
find_audio_encoder (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (audio_encoders); i++) {
    g_autoptr (GstElementFactory) factory =
        gst_element_factory_find (audio_encoders[i].factory);

    if (factory)
      return &audio_encoders[i];
  }
  return NULL;
}

gboolean
vs_ladder_encoder_new_audio (GstBin * bin, guint bitrate, GstElement ** sink,
    GstElement ** src, guint * delay, GError ** error)
{
  const AudioEncoder *known = find_audio_encoder ();
  GstElement *elements[4] = { NULL, };

  if (known == NULL) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "no AAC encoder is installed (avenc_aac of gstreamer1.0-libav, or "
        "voaacenc)");
    return FALSE;
  }
  elements[0] = make_element (bin, "audioconvert", error);
  elements[1] = elements[0] ? make_element (bin, known->factory, error) : NULL;
  elements[2] = elements[1] ? make_element (bin, "aacparse", error) : NULL;
  elements[3] = elements[2] ? make_caps_filter (bin, "audio/mpeg, "
      "mpegversion=(int)4, stream-format=(string)adts, framed=(boolean)true",
      error) : NULL;
  if (elements[3] == NULL)
    return FALSE;
  set_property (elements[1], "bitrate", "%u", bitrate);
  if (g_str_equal (known->factory, "avenc_aac")) {
    set_property (elements[1], "aac-coder", "fast");
    set_property (elements[1], "aac-ms", "false");
  }
  *sink = elements[0];
  *src = elements[3];
  *delay = known->delay;
  return link_chain (elements, G_N_ELEMENTS (elements), error);
}
