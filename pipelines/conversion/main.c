/* VisionStream: an archive, turned into something else
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The script pipelines/convert has the options.
 */
#include "convert.h"

#include "common/job.h"

/* between lines where there is no terminal */
#define LOG_US (5 * G_USEC_PER_SEC)

static const gchar *
remedy (const VsConvertOptions * options, const GError * error)
{
  static const struct
  {
    gint code;
    const gchar *text;
  } remedies[] = {
    {G_IO_ERROR_EXISTS, "Choose another name, or replace it with --force."},
    {G_IO_ERROR_NOT_FOUND, "Check LOCATION, the event behind the #, "
          "--rendition and the output's folder."},
    {G_IO_ERROR_NO_SPACE, "Make room, or choose another place."},
    {G_IO_ERROR_PERMISSION_DENIED, "Check who may read and write there; "
          "--help has the environment."},
    {G_IO_ERROR_BUSY, "Wait for whoever writes it, or choose another name."},
    {G_IO_ERROR_INVALID_ARGUMENT, "Check --start and --stop."},
    {G_IO_ERROR_NOT_SUPPORTED, "Choose another --rendition, or another "
          "format."},
  };

  if (error->domain == G_OPTION_ERROR)
    return "--help says what there is.";
  if (error->domain == GST_PARSE_ERROR)
    return "Elements are missing: pipelines/packages install run";
  if (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NO_SPACE_LEFT))
    return "Make room, or choose another place.";
  if (options->kind == VS_CONVERT_COPY
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    return "Encode it anew with --encode, or choose another --rendition.";
  if (options->kind == VS_CONVERT_LADDER
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    return "Choose another name with --event.";
  for (guint i = 0; i < G_N_ELEMENTS (remedies); i++)
    if (g_error_matches (error, G_IO_ERROR, remedies[i].code))
      return remedies[i].text;
  return NULL;
}

static gboolean
run (gpointer user_data, GCancellable * cancellable, GError ** error)
{
  VsConvert *convert = user_data;

  /* a copy finds out by itself what there is */
  if (convert->options->kind == VS_CONVERT_COPY)
    return vs_convert_copy (convert, cancellable, error);
  if (!vs_convert_look (convert, cancellable, error))
    return FALSE;
  switch (convert->options->kind) {
    case VS_CONVERT_ENCODE:
      return vs_convert_encode (convert, cancellable, error);
    case VS_CONVERT_WEBM:
      return vs_convert_webm (convert, cancellable, error);
    case VS_CONVERT_THUMBNAILS:
      return vs_convert_thumbnails (convert, cancellable, error);
    case VS_CONVERT_LADDER:
      return vs_convert_ladder (convert, cancellable, error);
    default:
      return vs_convert_audio (convert, cancellable, error);
  }
}

static gboolean
convert (const VsConvertOptions * options, GError ** error)
{
  g_auto (VsConvert) convert = {.options = options,
    .rendition = g_strdup (options->rendition)
  };
  gboolean ok;

  if (!vs_place_parse (&convert.place, options->source, error))
    return FALSE;
  convert.store = vs_place_open_source (convert.place.location,
      &convert.playlist, error);
  if (convert.store == NULL)
    return FALSE;
  vs_line_init (&convert.line, LOG_US);
  ok = vs_job_run (run, &convert, error);
  vs_line_break (&convert.line);
  return ok;
}

int
main (int argc, char *argv[])
{
  g_auto (VsConvertOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  gst_init (NULL, NULL);
  if (vs_convert_options_parse (&options, &argc, &argv, &error))
    convert (&options, &error);
  if (error && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    vs_job_say_error ("convert", error, remedy (&options, error));
  return vs_job_exit_status (error);
}
