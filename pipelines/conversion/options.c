/* VisionStream: what a conversion is asked for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "options.h"

#include <string.h>

#include "common/job.h"
#include "common/place.h"

#define HEIGHT_MAX 8192
#define BITRATE_MAX 1e9
/* s between thumbnails */
#define INTERVAL_MIN 0.04
#define INTERVAL_MAX 86400.0

#define ENCODED (VS_CONVERT_ENCODE | VS_CONVERT_WEBM)

/* What a file's name ends with */
static const struct
{
  const gchar *suffix;
  VsConvertKind kind;
} formats[] = {
  {"mp4", VS_CONVERT_COPY},
  {"m4v", VS_CONVERT_COPY},
  {"webm", VS_CONVERT_WEBM},
  {"m4a", VS_CONVERT_M4A},
  {"mp3", VS_CONVERT_MP3},
  {"opus", VS_CONVERT_OPUS},
  {"ogg", VS_CONVERT_OPUS},
  {"flac", VS_CONVERT_FLAC},
  {"wav", VS_CONVERT_WAV},
};

/* As the command line has them; the names of the fields are the options'. */
typedef struct
{
  gboolean encode, force;
  gint height, width;
  gdouble thumbnails;
  gchar *gaps, *on_error, *codec, *bitrate, *audio_bitrate;
  gchar **arguments;
} Given;

static void
given_clear (Given * given)
{
  g_free (given->gaps);
  g_free (given->on_error);
  g_free (given->codec);
  g_free (given->bitrate);
  g_free (given->audio_bitrate);
  g_strfreev (given->arguments);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Given, given_clear);

void
vs_convert_options_clear (VsConvertOptions * options)
{
  g_free (options->source);
  g_free (options->output);
  g_free (options->rendition);
  g_free (options->start_text);
  g_free (options->stop_text);
  g_free (options->preset);
  g_free (options->ladder);
  g_free (options->to);
  g_free (options->event);
  g_free (options->spool);
}

static gboolean
parse_line (VsConvertOptions * options, Given * given, gint * argc,
    gchar *** argv, GError ** error)
{
  const GOptionEntry entries[] = {
    {"rendition", 0, 0, G_OPTION_ARG_STRING, &options->rendition},
    {"start", 0, 0, G_OPTION_ARG_STRING, &options->start_text},
    {"stop", 0, 0, G_OPTION_ARG_STRING, &options->stop_text},
    {"gaps", 0, 0, G_OPTION_ARG_STRING, &given->gaps},
    {"on-error", 0, 0, G_OPTION_ARG_STRING, &given->on_error},
    {"force", 0, 0, G_OPTION_ARG_NONE, &given->force},
    {"encode", 0, 0, G_OPTION_ARG_NONE, &given->encode},
    {"height", 0, 0, G_OPTION_ARG_INT, &given->height},
    {"bitrate", 0, 0, G_OPTION_ARG_STRING, &given->bitrate},
    {"audio-bitrate", 0, 0, G_OPTION_ARG_STRING, &given->audio_bitrate},
    {"preset", 0, 0, G_OPTION_ARG_STRING, &options->preset},
    {"codec", 0, 0, G_OPTION_ARG_STRING, &given->codec},
    {"thumbnails", 0, 0, G_OPTION_ARG_DOUBLE, &given->thumbnails},
    {"width", 0, 0, G_OPTION_ARG_INT, &given->width},
    {"ladder", 0, 0, G_OPTION_ARG_STRING, &options->ladder},
    {"to", 0, 0, G_OPTION_ARG_FILENAME, &options->to},
    {"event", 0, 0, G_OPTION_ARG_STRING, &options->event},
    {"spool", 0, 0, G_OPTION_ARG_FILENAME, &options->spool},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY,
        &given->arguments},
    {NULL}
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

/* "800000", "800k" or "2.5M"; 0 where there is none */
static gboolean
parse_bitrate (const gchar * text, const gchar * option, guint * bitrate,
    GError ** error)
{
  gchar *end;
  gdouble value;

  if (text == NULL)
    return TRUE;
  value = g_ascii_strtod (text, &end);
  if (*end == 'k') {
    value *= 1000;
    end++;
  } else if (*end == 'M') {
    value *= 1000000;
    end++;
  }
  if (end == text || *end != '\0' || !(value >= 1000 && value <= BITRATE_MAX))
    return vs_job_set_usage (error, "%s is bit/s: 800k or 2.5M, not \"%s\"",
        option, text);
  *bitrate = value;
  return TRUE;
}

static gboolean
find_kind (VsConvertOptions * options, const Given * given, GError ** error)
{
  const gchar *suffix;

  if (options->ladder)
    options->kind = VS_CONVERT_LADDER;
  else if (given->thumbnails != 0)
    options->kind = VS_CONVERT_THUMBNAILS;
  if (options->kind != 0)
    return TRUE;
  suffix = strrchr (options->output, '.');
  for (guint i = 0; suffix && i < G_N_ELEMENTS (formats); i++)
    if (g_ascii_strcasecmp (suffix + 1, formats[i].suffix) == 0)
      options->kind = formats[i].kind;
  if (options->kind == VS_CONVERT_COPY && given->encode)
    options->kind = VS_CONVERT_ENCODE;
  return options->kind != 0 || vs_job_set_usage (error,
      "\"%s\" does not end with a format that can be made: .mp4, .webm, .m4a, "
      ".mp3, .opus, .ogg, .flac or .wav", options->output);
}

static gboolean
take_arguments (VsConvertOptions * options, const Given * given,
    GError ** error)
{
  guint wanted = options->ladder ? 1 : 2;

  if (given->arguments == NULL || g_strv_length (given->arguments) != wanted)
    return vs_job_set_usage (error, "%s", options->ladder ?
        "with --ladder one LOCATION[#ACCOUNT/EVENT] is needed, and no output: "
        "that is --event, and --to" :
        "a LOCATION[#ACCOUNT/EVENT] and an output are needed");
  options->source = g_strdup (given->arguments[0]);
  options->output = g_strdup (given->arguments[1]);
  if (options->ladder && options->event == NULL)
    return vs_job_set_usage (error,
        "--event is needed with --ladder: the new archive's name");
  return find_kind (options, given, error);
}

/* An option that would do nothing is a mistake. */
static gboolean
check_use (const VsConvertOptions * options, const Given * given,
    GError ** error)
{
  const struct
  {
    gboolean given;
    const gchar *option, *use;
    gint kinds;
  } uses[] = {
    {given->encode, "--encode", "MP4", VS_CONVERT_ENCODE},
    {given->height != 0, "--height", "WebM, and MP4 with --encode", ENCODED},
    {given->bitrate != NULL, "--bitrate",
          "MP3, Opus, WebM, and MP4 with --encode",
        ENCODED | VS_CONVERT_MP3 | VS_CONVERT_OPUS},
    {given->audio_bitrate != NULL, "--audio-bitrate",
        "WebM, and MP4 with --encode", ENCODED},
    {options->preset != NULL, "--preset",
          "--ladder, WebM, and MP4 with --encode",
        ENCODED | VS_CONVERT_LADDER},
    {given->codec != NULL, "--codec", "WebM", VS_CONVERT_WEBM},
    {given->width != 0, "--width", "--thumbnails", VS_CONVERT_THUMBNAILS},
    {options->event != NULL, "--event", "--ladder", VS_CONVERT_LADDER},
    {options->to != NULL, "--to", "--ladder", VS_CONVERT_LADDER},
    {options->spool != NULL, "--spool", "--ladder", VS_CONVERT_LADDER},
    {given->force, "--force", "files, not a ladder", ~VS_CONVERT_LADDER},
    {given->thumbnails != 0, "--thumbnails", "one output, not also a ladder",
        VS_CONVERT_THUMBNAILS},
  };

  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    if (uses[i].given && !(options->kind & uses[i].kinds))
      return vs_job_set_usage (error, "%s is for %s", uses[i].option,
          uses[i].use);
  return TRUE;
}

/* Whether @text is the second word; the first where there is none. */
static gboolean
parse_word (const gchar * text, const gchar * option, const gchar * first,
    const gchar * second, gboolean * is_second, GError ** error)
{
  *is_second = g_strcmp0 (text, second) == 0;
  return text == NULL || *is_second || g_str_equal (text, first)
      || vs_job_set_usage (error, "%s is %s or %s, not \"%s\"", option, first,
      second, text);
}

static gboolean
check_preset (const VsConvertOptions * options, GError ** error)
{
  return options->kind != VS_CONVERT_WEBM || options->preset == NULL
      || g_str_equal (options->preset, "fast")
      || g_str_equal (options->preset, "good")
      || vs_job_set_usage (error,
      "--preset of WebM is fast or good, not \"%s\"", options->preset);
}

static gboolean
take_values (VsConvertOptions * options, const Given * given, GError ** error)
{
  if (given->height < 0 || given->height > HEIGHT_MAX || given->width < 0
      || given->width > HEIGHT_MAX)
    return vs_job_set_usage (error, "--height and --width are pixels, up to %d",
        HEIGHT_MAX);
  if (given->thumbnails != 0 && !(given->thumbnails >= INTERVAL_MIN
          && given->thumbnails <= INTERVAL_MAX))
    return vs_job_set_usage (error,
        "--thumbnails is the number of seconds between two: %g to %g",
        INTERVAL_MIN, INTERVAL_MAX);
  options->force = given->force;
  options->height = given->height;
  options->width = given->width;
  options->interval = given->thumbnails * GST_SECOND;
  return parse_word (given->gaps, "--gaps", "close", "keep",
      &options->keep_gaps, error)
      && parse_word (given->on_error, "--on-error", "skip", "fail",
      &options->fail, error)
      && parse_word (given->codec, "--codec", "vp9", "vp8", &options->vp8,
      error)
      && parse_bitrate (given->bitrate, "--bitrate", &options->bitrate, error)
      && parse_bitrate (given->audio_bitrate, "--audio-bitrate",
      &options->audio_bitrate, error);
}

gboolean
vs_convert_options_parse (VsConvertOptions * options, gint * argc,
    gchar *** argv, GError ** error)
{
  g_auto (Given) given = { 0 };

  return parse_line (options, &given, argc, argv, error)
      && take_arguments (options, &given, error)
      && check_use (options, &given, error)
      && check_preset (options, error)
      && take_values (options, &given, error)
      && vs_place_parse_time (options->start_text, &options->start, error)
      && vs_place_parse_time (options->stop_text, &options->stop, error);
}
