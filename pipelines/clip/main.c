/* VisionStream: a clip of an event, as an archive of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The script pipelines/harvest has the options.
 */
#include "common/job.h"
#include "common/place.h"
#include "progress.h"

typedef struct
{
  gchar *event, *to, *start, *stop, *spool, *mp4;
  gdouble patience;             /* s */
  gchar **source;
} Options;

typedef struct
{
  VsHarvestSettings settings;
  VsLine line;
  VsHarvestStatus status;
  GPtrArray *recorded;          /* text, a line each */
} Clip;

static void
options_clear (Options * options)
{
  g_free (options->event);
  g_free (options->to);
  g_free (options->start);
  g_free (options->stop);
  g_free (options->spool);
  g_free (options->mp4);
  g_strfreev (options->source);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear);

static gboolean
parse_mp4 (const gchar * name, const gchar * value, gpointer options,
    GError ** error)
{
  gchar **mp4 = &((Options *) options)->mp4;

  g_free (*mp4);
  *mp4 = g_strdup (value && value[0] ? value : "best");
  return TRUE;
}

static gboolean
options_parse (Options * options, gint * argc, gchar *** argv, GError ** error)
{
  const GOptionEntry entries[] = {
    {"event", 0, 0, G_OPTION_ARG_STRING, &options->event},
    {"to", 0, 0, G_OPTION_ARG_FILENAME, &options->to},
    {"start", 0, 0, G_OPTION_ARG_STRING, &options->start},
    {"stop", 0, 0, G_OPTION_ARG_STRING, &options->stop},
    {"spool", 0, 0, G_OPTION_ARG_FILENAME, &options->spool},
    {"mp4", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, parse_mp4},
    {"patience", 0, 0, G_OPTION_ARG_DOUBLE, &options->patience},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->source},
    {NULL}
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  GOptionGroup *group =
      g_option_group_new ("harvest", NULL, NULL, options, NULL);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options->source == NULL || g_strv_length (options->source) != 1)
    return vs_job_set_usage (error, "one LOCATION[#ACCOUNT/EVENT] is needed");
  if (options->event == NULL)
    return vs_job_set_usage (error, "--event is needed: the clip's name");
  if (!(options->patience > 0 && options->patience < G_MAXINT32))
    return vs_job_set_usage (error, "--patience is a number of seconds");
  return TRUE;
}

/* ---- what is meant ------------------------------------------------------ */

static VsStore *
open_spool (const Options * options, GError ** error)
{
  g_autofree gchar *directory = vs_place_spool_directory (options->spool);

  return vs_store_open (directory, TRUE, error);
}

static const gchar *
remedy (const GError * error)
{
  if (error->domain == G_OPTION_ERROR)
    return "--help says what there is.";
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    return "Choose another name with --event.";
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return "Check LOCATION, and the event behind the #.";
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    return "Make room, or choose another place with --to.";
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return "Check who may read and write there; --help has the environment.";
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY))
    return "Wait for whoever writes it, or choose another name with --event.";
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    return "Check --start and --stop.";
  return NULL;
}

/* ---- the harvest -------------------------------------------------------- */

static void
on_progress (const VsHarvestStatus * status, gpointer user_data)
{
  vs_clip_progress_tell (&((Clip *) user_data)->line, status);
}

static void
on_problem (const GError * error, gpointer user_data)
{
  vs_line_break (&((Clip *) user_data)->line);
  g_printerr ("harvest: warning: %s\n", error->message);
}

static void
on_recorded (const VsRecordingInfo * info, gpointer user_data)
{
  g_ptr_array_add (((Clip *) user_data)->recorded, g_strdup (info->location));
}

static gboolean
harvest (gpointer user_data, GCancellable * cancellable, GError ** error)
{
  static const VsHarvestCallbacks callbacks = {
    on_progress, on_problem, on_recorded
  };
  Clip *clip = user_data;

  return vs_harvest_run (&clip->settings, &callbacks, clip, &clip->status,
      cancellable, error);
}

static void
say_result (const Clip * clip)
{
  const VsHarvestSettings *settings = &clip->settings;

  g_printerr ("%.3f s, %" G_GUINT64_FORMAT " segments, %.1f MB, %"
      G_GUINT64_FORMAT " missing\n",
      clip->status.duration / (gdouble) GST_SECOND, clip->status.segments,
      clip->status.bytes / 1e6, clip->status.gaps);
  g_print ("%s/%s/%s/index.m3u8\n",
      vs_store_get_location (settings->destination), settings->to_account,
      settings->to_event);
  for (guint i = 0; i < clip->recorded->len; i++)
    g_print ("%s\n", (gchar *) g_ptr_array_index (clip->recorded, i));
}

static gboolean
run (Clip * clip, GError ** error)
{
  gboolean ok;

  clip->recorded = g_ptr_array_new_with_free_func (g_free);
  vs_line_init (&clip->line, 0);
  ok = vs_job_run (harvest, clip, error);
  vs_line_break (&clip->line);
  if (ok)
    say_result (clip);
  g_ptr_array_unref (clip->recorded);
  return ok;
}

/* ---- its parts ---------------------------------------------------------- */

static gboolean
make_clip (const Options * options, GError ** error)
{
  g_auto (VsPlace) from = { NULL }, to = { NULL };
  g_autoptr (VsStore) source = NULL, destination = NULL, spool = NULL;
  Clip clip = { {0} };

  if (!vs_place_parse (&from, options->source[0], error)
      || !vs_place_parse_event (&to, options->event, VS_PLACE_EVENT, error)
      || !vs_place_parse_time (options->start, &clip.settings.start, error)
      || !vs_place_parse_time (options->stop, &clip.settings.stop, error))
    return FALSE;
  source = vs_place_open_store (from.location, FALSE, error);
  if (source)
    destination = vs_place_open_store (options->to ? options->to :
        from.location, TRUE, error);
  if (destination && vs_store_is_remote (destination))
    spool = open_spool (options, error);
  if (destination == NULL || (spool == NULL
          && vs_store_is_remote (destination)))
    return FALSE;
  clip.settings.source = source;
  clip.settings.account = from.account;
  clip.settings.event = from.event;
  clip.settings.breakout = from.breakout;
  clip.settings.destination = destination;
  clip.settings.to_account = to.account;
  clip.settings.to_event = to.event;
  clip.settings.spool = spool;
  clip.settings.recordings = options->mp4;
  clip.settings.spill_directory =
      vs_store_get_location (spool ? spool : destination);
  clip.settings.patience = options->patience * GST_SECOND;
  return run (&clip, error);
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = {.patience = 60 };
  g_autoptr (GError) error = NULL;

  gst_init (NULL, NULL);
  if (options_parse (&options, &argc, &argv, &error))
    make_clip (&options, &error);
  if (error && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    vs_job_say_error ("harvest", error, remedy (error));
  return vs_job_exit_status (error);
}
