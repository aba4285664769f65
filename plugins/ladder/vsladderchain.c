/* VisionStream: which elements decode what
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ladder/vsladderchain.h"

#include <gst/audio/audio.h>
#include <gst/video/video.h>

/* A contribution feed is foreign bytes: what decodes it is named here, and
 * nothing is plugged by rank. */
typedef struct
{
  VsMediaType type;
  const gchar *caps;
  const gchar *parser;          /* or NULL */
  const gchar *decoders[4];     /* the first installed one is taken */
} Decoder;

/* What an element that needs nothing done consists of */
#define CHAIN_PASS "identity silent=true"
/* A damaged picture or frame is left out, the stream goes on: without this
 * a decoder makes ten damaged ones an ERROR. */
#define CHAIN_TOLERANT " max-errors=-1"

static const Decoder decoders[] = {
  {VS_MEDIA_VIDEO, "video/x-h264", "h264parse", {"avdec_h264",
          "openh264dec"}},
  {VS_MEDIA_VIDEO, "video/x-h265", "h265parse", {"avdec_h265", "libde265dec"}},
  {VS_MEDIA_VIDEO, "video/mpeg, mpegversion=(int){ 1, 2 }, "
        "systemstream=(boolean)false", "mpegvideoparse", {"avdec_mpeg2video",
          "mpeg2dec"}},
  {VS_MEDIA_VIDEO, "video/mpeg, mpegversion=(int)4, "
        "systemstream=(boolean)false", "mpeg4videoparse", {"avdec_mpeg4"}},
  {VS_MEDIA_VIDEO, "video/x-vp8", NULL, {"vp8dec", "avdec_vp8"}},
  {VS_MEDIA_VIDEO, "video/x-vp9", NULL, {"vp9dec", "avdec_vp9"}},
  {VS_MEDIA_VIDEO, "video/x-av1", "av1parse", {"dav1ddec", "av1dec"}},
  {VS_MEDIA_VIDEO, "video/x-theora", NULL, {"theoradec"}},
  {VS_MEDIA_VIDEO, "image/jpeg", "jpegparse", {"jpegdec", "avdec_mjpeg"}},
  {VS_MEDIA_AUDIO, "audio/mpeg, mpegversion=(int){ 2, 4 }", "aacparse",
      {"avdec_aac", "faad"}},
  {VS_MEDIA_AUDIO, "audio/mpeg, mpegversion=(int)1", "mpegaudioparse",
      {"mpg123audiodec", "avdec_mp2float"}},
  {VS_MEDIA_AUDIO, "audio/x-ac3; audio/ac3", "ac3parse", {"avdec_ac3",
          "a52dec"}},
  {VS_MEDIA_AUDIO, "audio/x-eac3", "ac3parse", {"avdec_eac3"}},
  {VS_MEDIA_AUDIO, "audio/x-opus", "opusparse", {"opusdec", "avdec_opus"}},
  {VS_MEDIA_AUDIO, "audio/x-vorbis", NULL, {"vorbisdec"}},
  {VS_MEDIA_AUDIO, "audio/x-flac", "flacparse", {"flacdec", "avdec_flac"}},
  {VS_MEDIA_AUDIO, "audio/x-alaw", NULL, {"alawdec"}},
  {VS_MEDIA_AUDIO, "audio/x-mulaw", NULL, {"mulawdec"}},
};

static const gchar *
raw_caps (VsMediaType type)
{
  /* I420 first: sources that fixate on the first format need no conversion */
  return type == VS_MEDIA_VIDEO ?
      "video/x-raw, format=(string)I420; " GST_VIDEO_CAPS_MAKE
      (GST_VIDEO_FORMATS_ALL) : "audio/x-raw";
}

GstCaps *
vs_ladder_chain_get_caps (VsMediaType type)
{
  GstCaps *caps = gst_caps_from_string (raw_caps (type));

  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++) {
    if (decoders[i].type == type)
      gst_caps_append (caps, gst_caps_from_string (decoders[i].caps));
  }
  return caps;
}

static gboolean
element_is_installed (const gchar * name)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (name);

  return factory != NULL;
}

static gchar *
decoder_describe (const Decoder * decoder)
{
  for (guint i = 0; i < G_N_ELEMENTS (decoder->decoders) &&
      decoder->decoders[i]; i++) {
    const gchar *name = decoder->decoders[i];

    if (element_is_installed (name))
      return g_strdup_printf ("%s%s%s" CHAIN_TOLERANT,
          decoder->parser ? decoder->parser : "",
          decoder->parser ? " ! " : "", name);
  }
  return NULL;
}

gchar *
vs_ladder_chain_decoder (VsMediaType type, const GstCaps * caps)
{
  g_autoptr (GstCaps) raw = gst_caps_from_string (raw_caps (type));

  if (gst_caps_can_intersect (caps, raw))
    return g_strdup (CHAIN_PASS);
  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++) {
    g_autoptr (GstCaps) known = gst_caps_from_string (decoders[i].caps);

    if (decoders[i].type == type && gst_caps_can_intersect (caps, known))
      return decoder_describe (&decoders[i]);
  }
  return NULL;
}

gchar *
vs_ladder_chain_picture (const GstCaps * caps, gboolean all_fields)
{
  const gchar *deinterlace = "", *convert = "";
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, caps))
    return g_strdup (CHAIN_PASS);
  /* YADIF has SIMD in this version and no combing on motion */
  if (GST_VIDEO_INFO_IS_INTERLACED (&info))
    deinterlace = all_fields ?
        "deinterlace method=yadif mode=auto fields=all" :
        "deinterlace method=yadif mode=auto fields=top";
  if (GST_VIDEO_INFO_FORMAT (&info) != GST_VIDEO_FORMAT_I420)
    convert = "videoconvert ! capsfilter caps=\"video/x-raw, "
        "format=(string)I420\"";
  if (*deinterlace == '\0' && *convert == '\0')
    return g_strdup (CHAIN_PASS);
  return g_strconcat (deinterlace, *deinterlace && *convert ? " ! " : "",
      convert, NULL);
}

/* What goes to the left, and mirrored to the right: ITU-R BS.775-3 annex 4,
 * table 2, and for one centre behind the same again by 3 dB less */
static gdouble
get_left_share (GstAudioChannelPosition position)
{
  switch (position) {
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT:
      return 1;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_CENTER:
    case GST_AUDIO_CHANNEL_POSITION_SIDE_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_REAR_LEFT:
      return G_SQRT2 / 2;
    case GST_AUDIO_CHANNEL_POSITION_REAR_CENTER:
      return 0.5;
    default:
      return 0;
  }
}

static GstAudioChannelPosition
mirror (GstAudioChannelPosition position)
{
  switch (position) {
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT:
      return GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT;
    case GST_AUDIO_CHANNEL_POSITION_SIDE_RIGHT:
      return GST_AUDIO_CHANNEL_POSITION_SIDE_LEFT;
    case GST_AUDIO_CHANNEL_POSITION_REAR_RIGHT:
      return GST_AUDIO_CHANNEL_POSITION_REAR_LEFT;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_SIDE_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_REAR_LEFT:
      return GST_AUDIO_CHANNEL_POSITION_NONE;
    default:
      return position;
  }
}

static void
append_row (GString * text, const GstAudioInfo * info, gboolean right,
    gdouble scale)
{
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_c (text, '<');
  for (gint i = 0; i < GST_AUDIO_INFO_CHANNELS (info); i++) {
    const GstAudioChannelPosition position = info->position[i];
    const gdouble share = get_left_share (right ? mirror (position) : position);

    g_ascii_formatd (number, sizeof number, "%.6f", share * scale);
    g_string_append_printf (text, "%s(float)%s", i ? ", " : "", number);
  }
  g_string_append_c (text, '>');
}

gchar *
vs_ladder_chain_mix (const GstCaps * caps, guint channels)
{
  g_autoptr (GString) text = g_string_new ("audioconvert");
  gdouble left = 0, right = 0, scale;
  GstAudioInfo info;

  if (channels != 2 || !gst_audio_info_from_caps (&info, caps) ||
      GST_AUDIO_INFO_CHANNELS (&info) <= 2 ||
      GST_AUDIO_INFO_IS_UNPOSITIONED (&info))
    return g_string_free (g_steal_pointer (&text), FALSE);
  for (gint i = 0; i < GST_AUDIO_INFO_CHANNELS (&info); i++) {
    left += get_left_share (info.position[i]);
    right += get_left_share (mirror (info.position[i]));
  }
  scale = 1 / MAX (MAX (left, right), 1);
  g_string_append (text, " mix-matrix=\"<");
  append_row (text, &info, FALSE, scale);
  g_string_append (text, ", ");
  append_row (text, &info, TRUE, scale);
  g_string_append (text, ">\"");
  return g_string_free (g_steal_pointer (&text), FALSE);
}
