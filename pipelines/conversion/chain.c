/* VisionStream: a conversion's pipeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "chain.h"

/* a frame lasts no longer, mostly */
#define FRAME (50 * GST_MSECOND)
/* a track may be this far ahead of the others */
#define AHEAD_BYTES (64 * 1024 * 1024)
#define POLL (100 * GST_MSECOND)

/* What decodes: elements that are named, nothing is plugged in by itself. */
static const struct
{
  VsCodec codec;
  const gchar *caps, *parser, *decoder;
} codecs[] = {
  {VS_CODEC_H264, "video/x-h264,stream-format=(string)byte-stream,"
        "alignment=(string)au", "h264parse", "avdec_h264"},
  {VS_CODEC_H265, "video/x-h265,stream-format=(string)byte-stream,"
        "alignment=(string)au", "h265parse", "avdec_h265"},
  {VS_CODEC_MPEG2_VIDEO, "video/mpeg,mpegversion=(int)2,"
        "systemstream=(boolean)false", "mpegvideoparse", "avdec_mpeg2video"},
  {VS_CODEC_AAC, "audio/mpeg,mpegversion=(int)4,stream-format=(string)adts",
      "aacparse", "avdec_aac"},
  {VS_CODEC_AC3, "audio/x-ac3", "ac3parse", "avdec_ac3"},
  {VS_CODEC_EAC3, "audio/x-eac3", "ac3parse", "avdec_eac3"},
  {VS_CODEC_MPEG_AUDIO, "audio/mpeg,mpegversion=(int)1", "mpegaudioparse",
      "mpg123audiodec"},
};

/* ---- its line ----------------------------------------------------------- */

static gint
find_codec (const VsConvert * convert, VsMediaType type, GError ** error)
{
  const VsCodecConfig *config =
      type == VS_MEDIA_VIDEO ? convert->video : convert->audio;

  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++)
    if (codecs[i].codec == config->codec)
      return i;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "%s: there is no decoder of %s", convert->options->source,
      vs_codec_to_string (config->codec));
  return -1;
}

gchar *
vs_chain_track (const VsConvert * convert, VsMediaType type, GError ** error)
{
  gint nth = find_codec (convert, type, error);

  if (nth < 0)
    return NULL;
  return g_strdup_printf ("appsrc name=%s format=time block=true "
      "max-bytes=%d handle-segment-change=true caps=\"%s\" ! %s",
      type == VS_MEDIA_VIDEO ? "video" : "audio", AHEAD_BYTES,
      codecs[nth].caps, codecs[nth].parser);
}

gchar *
vs_chain_decoded (const VsConvert * convert, VsMediaType type, GError ** error)
{
  g_autofree gchar *track = vs_chain_track (convert, type, error);

  if (track == NULL)
    return NULL;
  return g_strdup_printf ("%s ! %s", track,
      codecs[find_codec (convert, type, NULL)].decoder);
}

gchar *
vs_chain_keyframes (const VsConvert * convert, GError ** error)
{
  gint nth = find_codec (convert, VS_MEDIA_VIDEO, error);

  if (nth < 0)
    return NULL;
  return g_strdup_printf ("appsrc name=keyframes format=time caps=\"%s\" "
      "! %s ! %s", codecs[nth].caps, codecs[nth].parser, codecs[nth].decoder);
}

/* ---- its life ----------------------------------------------------------- */

GstClockTime
vs_chain_get_time (GstPad * pad, GstBuffer * buffer)
{
  GstEvent *event = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;
  GstClockTime time;

  if (event == NULL)
    return GST_CLOCK_TIME_NONE;
  gst_event_parse_segment (event, &segment);
  time = gst_segment_to_running_time (segment, GST_FORMAT_TIME,
      GST_BUFFER_PTS (buffer));
  gst_event_unref (event);
  return time;
}

static GstPadProbeReturn
on_output (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  VsChain *chain = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstClockTime end = vs_chain_get_time (pad, buffer);

  if (!GST_CLOCK_TIME_IS_VALID (end))
    return GST_PAD_PROBE_OK;
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    end += GST_BUFFER_DURATION (buffer);
  g_mutex_lock (&chain->lock);
  chain->position = MAX (chain->position, end);
  g_mutex_unlock (&chain->lock);
  return GST_PAD_PROBE_OK;
}

gboolean
vs_chain_init (VsChain * chain, VsConvert * convert, const gchar * line,
    GError ** error)
{
  g_mutex_init (&chain->lock);
  chain->convert = convert;
  chain->position = 0;
  chain->total = convert->duration;
  chain->pipeline = gst_parse_launch_full (line, NULL,
      GST_PARSE_FLAG_FATAL_ERRORS, error);
  return chain->pipeline != NULL;
}

GstElement *
vs_chain_get (VsChain * chain, const gchar * name)
{
  return gst_bin_get_by_name (GST_BIN (chain->pipeline), name);
}

void
vs_chain_add_probe (VsChain * chain, const gchar * name,
    GstPadProbeCallback func, gpointer user_data)
{
  g_autoptr (GstElement) element = vs_chain_get (chain, name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, func, user_data, NULL);
}

/* The ladder's pads are there from READY on. */
static void
watch (VsChain * chain)
{
  g_autoptr (GstElement) element = vs_chain_get (chain, "watch");
  g_autoptr (GstElement) ladder = vs_chain_get (chain, "ladder");
  g_autoptr (GstPad) pad = NULL;

  if (element)
    pad = gst_element_get_static_pad (element, "src");
  else if (ladder)
    pad = gst_element_get_static_pad (ladder, "src_0");
  if (pad)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_output, chain, NULL);
}

static GstClockTime
get_position (VsChain * chain)
{
  GstClockTime position;

  g_mutex_lock (&chain->lock);
  position = chain->position;
  g_mutex_unlock (&chain->lock);
  return position;
}

GstClockTime
vs_chain_get_duration (VsChain * chain)
{
  GstClockTime position = get_position (chain);
  GstClockTime range = chain->total;

  return position + FRAME > range && position < range ? range : position;
}

GstClockTime
vs_chain_get_total (VsChain * chain)
{
  return chain->total;
}

static void
warn (VsChain * chain, GstMessage * message)
{
  g_autoptr (GError) warning = NULL;
  g_autofree gchar *debug = NULL;

  gst_message_parse_warning (message, &warning, &debug);
  vs_convert_warn (chain->convert, warning->message);
}

static void
take_error (VsChain * chain, GstMessage * message, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  g_autofree gchar *debug = NULL;

  gst_message_parse_error (message, &cause, &debug);
  /* what the ladder can't read was typed wrongly */
  if (g_error_matches (cause, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s",
        cause->message);
    return;
  }
  if (debug && g_getenv ("GST_DEBUG"))
    g_printerr ("%s\n", debug);
  /* the feed speaks for the pipeline */
  if (GST_MESSAGE_SRC (message) != GST_OBJECT (chain->pipeline))
    g_prefix_error (&cause, "%s: ", GST_MESSAGE_SRC_NAME (message));
  g_propagate_error (error, g_steal_pointer (&cause));
}

/* TRUE when it is over; then *@error may be set. */
static gboolean
handle (VsChain * chain, GstMessage * message, GError ** error)
{
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      take_error (chain, message, error);
      return TRUE;
    case GST_MESSAGE_WARNING:
      warn (chain, message);
      return FALSE;
    default:
      return GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  }
}

static void
tell (VsChain * chain)
{
  GstClockTime duration = vs_feed_get_duration (chain->feed);

  if (GST_CLOCK_TIME_IS_VALID (duration))
    chain->total = duration;
  vs_convert_tell (chain->convert, get_position (chain), chain->total);
}

static void
start (VsChain * chain)
{
  gst_element_set_state (chain->pipeline, GST_STATE_READY);
  watch (chain);
  gst_element_set_state (chain->pipeline, GST_STATE_PLAYING);
  vs_feed_start (chain->feed);
}

/* In this order nobody waits for another. */
static void
stop (VsChain * chain)
{
  vs_feed_cancel (chain->feed);
  gst_element_set_state (chain->pipeline, GST_STATE_NULL);
  g_clear_pointer (&chain->feed, vs_feed_free);
}

gboolean
vs_chain_run (VsChain * chain, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (chain->pipeline);
  g_autoptr (GError) cause = NULL;
  gboolean over = FALSE;

  chain->feed = vs_feed_new (chain->convert, chain->pipeline, cancellable,
      error);
  if (chain->feed == NULL)
    return FALSE;
  start (chain);
  while (!over && !g_cancellable_is_cancelled (cancellable)) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, POLL,
        GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_EOS);

    if (message)
      over = handle (chain, message, &cause);
    if (over)
      vs_line_expire (&chain->convert->line);
    tell (chain);
  }
  if (over && cause == NULL && chain->at_end)
    chain->at_end (chain, &cause);
  stop (chain);
  /* elements that were cancelled say so in their own words */
  if (g_cancellable_is_cancelled (cancellable))
    return !g_cancellable_set_error_if_cancelled (cancellable, error);
  if (cause == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

void
vs_chain_clear (VsChain * chain)
{
  if (chain->pipeline) {
    gst_element_set_state (chain->pipeline, GST_STATE_NULL);
    gst_clear_object (&chain->pipeline);
  }
  if (chain->convert)
    g_mutex_clear (&chain->lock);
  chain->convert = NULL;
}
