/* VisionStream: conversions into a file of another format
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "chain.h"
#include "output.h"

#include "common/job.h"

/* bit/s where none is asked for */
#define OPUS_BITRATE 128000
/* LAME's VBR scale: 0 is best */
#define MP3_QUALITY 2
/* libvpx's scale of constant quality, 0 to 63 */
#define VP9_CQ_LEVEL 31
#define VP8_CQ_LEVEL 18
/* What takes a fifth of the time is a tenth larger. */
#define VPX_FAST " deadline=1 cpu-used=5 lag-in-frames=0"
#define VPX_GOOD " deadline=1000000 cpu-used=4 lag-in-frames=25 " \
  "auto-alt-ref=true"
/* a file cannot be larger: its sizes have 32 bits */
#define WAV_MAX (G_MAXUINT32 - 4096.0)

/* The line ends in a file, which appears when it is whole. */
static gboolean
make_file (VsConvert * convert, const gchar * line, GCancellable * cancellable,
    GError ** error)
{
  const VsConvertOptions *options = convert->options;
  g_autofree gchar *whole = g_strconcat (line, " ! filesink name=file", NULL);
  g_autoptr (GstElement) file = NULL, faststart = NULL;
  g_autofree gchar *index = NULL;
  g_auto (VsChain) chain = { NULL };
  g_auto (VsOutput) output = { NULL };
  gboolean ok;
  guint64 size;

  if (!vs_output_open (&output, options->output, options->force, error)
      || !vs_chain_init (&chain, convert, whole, error))
    return FALSE;
  file = vs_chain_get (&chain, "file");
  g_object_set (file, "location", output.part, NULL);
  faststart = vs_chain_get (&chain, "faststart");
  if (faststart) {
    index = g_strconcat (output.part, ".index", NULL);
    g_object_set (faststart, "faststart-file", index, NULL);
  }
  ok = vs_chain_run (&chain, cancellable, error);
  if (index)
    vs_output_remove_tree (index);
  if (!ok || !vs_output_commit (&output, &size, error))
    return FALSE;
  vs_convert_say_made (convert, output.path, vs_chain_get_duration (&chain),
      size);
  return TRUE;
}

/* ---- sound -------------------------------------------------------------- */

static gboolean
is_copied (const VsCodecConfig * audio)
{
  return audio->codec == VS_CODEC_AAC || audio->codec == VS_CODEC_AC3;
}

/* Gaps become silence: sound has no times of its own in most formats. */
#define TO_RAW " ! audioconvert ! audioresample ! audiorate"

static gchar *
describe_audio (VsConvert * convert, GError ** error)
{
  const VsConvertOptions *options = convert->options;
  gboolean copied = options->kind == VS_CONVERT_M4A
      && is_copied (convert->audio);
  g_autofree gchar *sound = copied ?
      vs_chain_track (convert, VS_MEDIA_AUDIO, error) :
      vs_chain_decoded (convert, VS_MEDIA_AUDIO, error);

  if (sound == NULL)
    return NULL;
  switch (options->kind) {
    case VS_CONVERT_M4A:
      return g_strconcat (sound, copied ? "" : TO_RAW " ! avenc_aac ! aacparse",
          " ! identity name=watch silent=true"
          " ! mp4mux name=faststart faststart=true", NULL);
    case VS_CONVERT_MP3:
      return options->bitrate > 0 ?
          g_strdup_printf ("%s" TO_RAW " ! lamemp3enc name=watch "
          "target=bitrate cbr=true bitrate=%u ! xingmux", sound,
          options->bitrate / 1000) :
          g_strdup_printf ("%s" TO_RAW " ! lamemp3enc name=watch "
          "target=quality quality=%d ! xingmux", sound, MP3_QUALITY);
    case VS_CONVERT_OPUS:
      return g_strdup_printf ("%s" TO_RAW " ! opusenc name=watch bitrate=%u "
          "! oggmux", sound, options->bitrate > 0 ? options->bitrate :
          OPUS_BITRATE);
    default:
      return g_strdup_printf ("%s" TO_RAW " ! audio/x-raw,format=S16LE ! %s",
          sound, options->kind == VS_CONVERT_FLAC ? "flacenc name=watch" :
          "identity name=watch silent=true ! wavenc");
  }
}

static gboolean
check_audio (const VsConvert * convert, GError ** error)
{
  const VsConvertOptions *options = convert->options;
  gdouble bytes = (gdouble) convert->duration / GST_SECOND
      * convert->audio->sample_rate * convert->audio->channels * 2;

  if (options->kind == VS_CONVERT_WAV && bytes > WAV_MAX) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
        "%s would be larger than 4 GiB, which no WAV file can be: make a .flac",
        options->output);
    return FALSE;
  }
  if (options->kind == VS_CONVERT_MP3 && options->bitrate != 0
      && (options->bitrate < 8000 || options->bitrate > 320000))
    return vs_job_set_usage (error, "MP3 has bit rates from 8k to 320k");
  if (options->kind == VS_CONVERT_OPUS && options->bitrate != 0
      && (options->bitrate < 4000 || options->bitrate > 650000))
    return vs_job_set_usage (error, "Opus has bit rates from 4k to 650k");
  return TRUE;
}

gboolean
vs_convert_audio (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *line = NULL;

  if (!vs_convert_need (convert, VS_MEDIA_AUDIO, error)
      || !check_audio (convert, error))
    return FALSE;
  line = describe_audio (convert, error);
  return line && make_file (convert, line, cancellable, error);
}

/* ---- WebM --------------------------------------------------------------- */

/* Columns of tiles are encoded side by side, and are 256 pixels wide at least
 * (VP9 bitstream specification, 7.2.11). */
static guint
count_tiles (guint width, guint threads)
{
  guint log2 = 0;

  while ((256u << (log2 + 1)) <= width && (1u << log2) < threads)
    log2++;
  return log2;
}

static gchar *
describe_vpx (const VsConvert * convert, guint width, guint height)
{
  const VsConvertOptions *options = convert->options;
  guint threads = g_get_num_processors ();
  GString *line = g_string_new (options->vp8 ? "vp8enc" : "vp9enc");

  g_string_append_printf (line, " name=watch threads=%u target-bitrate=%u%s",
      MIN (threads, 64), options->bitrate > 0 ? options->bitrate :
      vs_convert_guess_bitrate (convert, width, height),
      g_strcmp0 (options->preset, "good") == 0 ? VPX_GOOD : VPX_FAST);
  if (!options->vp8)
    g_string_append_printf (line, " row-mt=true tile-columns=%u",
        count_tiles (width, threads));
  /* the bit rate is what it is not to pass then */
  if (options->bitrate == 0)
    g_string_append_printf (line, " end-usage=cq cq-level=%d",
        options->vp8 ? VP8_CQ_LEVEL : VP9_CQ_LEVEL);
  return g_string_free (line, FALSE);
}

static gchar *
describe_pictures (const VsConvert * convert, GError ** error)
{
  guint width, height, threads = g_get_num_processors ();
  g_autofree gchar *decoded = vs_chain_decoded (convert, VS_MEDIA_VIDEO, error);
  g_autofree gchar *encoder = NULL;

  if (decoded == NULL)
    return NULL;
  vs_convert_get_size (convert, convert->options->height, &width, &height);
  encoder = describe_vpx (convert, width, height);
  return g_strdup_printf ("%s ! deinterlace ! videoconvert n-threads=%u"
      " ! videoscale n-threads=%u ! video/x-raw,format=I420,width=%u,height=%u,"
      "pixel-aspect-ratio=1/1 ! %s ! mux. ", decoded, threads, threads, width,
      height, encoder);
}

static gchar *
describe_sound (const VsConvert * convert, GError ** error)
{
  guint bitrate = convert->options->audio_bitrate;
  g_autofree gchar *decoded = NULL;

  if (convert->audio == NULL)
    return g_strdup ("");
  decoded = vs_chain_decoded (convert, VS_MEDIA_AUDIO, error);
  if (decoded == NULL)
    return NULL;
  return g_strdup_printf ("%s" TO_RAW " ! opusenc bitrate=%u ! mux. ",
      decoded, bitrate > 0 ? bitrate : OPUS_BITRATE);
}

gboolean
vs_convert_webm (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *pictures = NULL;
  g_autofree gchar *sound = NULL;
  g_autofree gchar *line = NULL;

  if (!vs_convert_need (convert, VS_MEDIA_VIDEO, error))
    return FALSE;
  pictures = describe_pictures (convert, error);
  sound = pictures ? describe_sound (convert, error) : NULL;
  if (sound == NULL)
    return FALSE;
  line = g_strconcat (pictures, sound, "webmmux name=mux", NULL);
  return make_file (convert, line, cancellable, error);
}
