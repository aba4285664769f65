/* VisionStream: a clip of an event, as an archive of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The harvest runs in a thread of its own; this one waits for it and for
 * signals. The script pipelines/harvest has the options.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_INTERRUPTED 130

typedef struct
{
  gchar *event, *to, *start, *stop, *spool, *mp4;
  gdouble patience;             /* s */
  gchar **source;
} Options;

typedef struct
{
  VsHarvestSettings settings;
  GMainLoop *loop;
  GCancellable *cancellable;
  VsClipProgress progress;
  VsHarvestStatus status;
  GPtrArray *recorded;          /* text, a line each */
  GError *error;
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
set_usage (GError ** error, const gchar * text)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}

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
    return set_usage (error, "one LOCATION[#ACCOUNT/EVENT] is needed");
  if (options->event == NULL)
    return set_usage (error, "--event is needed: the clip's name");
  if (!(options->patience > 0 && options->patience < G_MAXINT32))
    return set_usage (error, "--patience is a number of seconds");
  return TRUE;
}

/* ---- what is meant ------------------------------------------------------ */

/* Splits "[ACCOUNT/]EVENT[/BREAKOUT]"; the breakout where there are three. */
static gchar **
split_event (const gchar * text, guint max, GError ** error)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", -1);
  guint n = g_strv_length (parts);
  gboolean ok = n >= 1 && n <= max;
  const gchar *account = n > 1 ? parts[0] : VS_DEFAULT_ACCOUNT;
  const gchar *event = n > 1 ? parts[1] : parts[0];

  ok = ok && vs_name_is_valid (account) && vs_event_name_is_valid (event)
      && (n < 3 || vs_event_name_is_valid (parts[2]));
  if (!ok) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "\"%s\" is no event: write EVENT or ACCOUNT/EVENT, of letters, digits, "
        "- and _", text);
    return NULL;
  }
  {
    const gchar *const names[] = { account, event, n > 2 ? parts[2] : NULL,
      NULL
    };

    return g_strdupv ((gchar **) names);
  }
}

static VsStore *
open_store (const gchar * location, gboolean create, GError ** error)
{
  VsStoreSettings settings = {.location = location,.create = create,
    .endpoint_uri = g_getenv ("AWS_ENDPOINT_URL_S3"),
    .force_path_style = g_strcmp0 (g_getenv ("VS_FORCE_PATH_STYLE"), "1") == 0,
    .ca_file = g_getenv ("AWS_CA_BUNDLE"),.user = g_getenv ("VS_USER"),
    .password = g_getenv ("VS_PASSWORD")
  };

  if (settings.endpoint_uri == NULL)
    settings.endpoint_uri = g_getenv ("AWS_ENDPOINT_URL");
  return vs_store_open_with (&settings, error);
}

static VsStore *
open_spool (const Options * options, GError ** error)
{
  g_autofree gchar *directory = options->spool ? g_strdup (options->spool) :
      g_build_filename (g_get_user_state_dir (), "visionstream", "spool", NULL);

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

static gint
say_error (const GError * error)
{
  const gchar *hint = remedy (error);

  g_printerr ("harvest: %s%s%s\n", error->message, hint ? "\n  " : "",
      hint ? hint : "");
  return error->domain == G_OPTION_ERROR ? EXIT_USAGE : EXIT_FAILED;
}

/* ---- the harvest -------------------------------------------------------- */

static void
on_progress (const VsHarvestStatus * status, gpointer user_data)
{
  vs_clip_progress_tell (&((Clip *) user_data)->progress, status);
}

static void
on_problem (const GError * error, gpointer user_data)
{
  vs_clip_progress_break (&((Clip *) user_data)->progress);
  g_printerr ("harvest: warning: %s\n", error->message);
}

static void
on_recorded (const VsRecordingInfo * info, gpointer user_data)
{
  g_ptr_array_add (((Clip *) user_data)->recorded, g_strdup (info->location));
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static gpointer
harvest (gpointer user_data)
{
  static const VsHarvestCallbacks callbacks = {
    on_progress, on_problem, on_recorded
  };
  Clip *clip = user_data;

  vs_harvest_run (&clip->settings, &callbacks, clip, &clip->status,
      clip->cancellable, &clip->error);
  /* a loop that does not run yet would not know */
  g_idle_add (quit, clip->loop);
  return NULL;
}

static gboolean
interrupted (gpointer user_data)
{
  Clip *clip = user_data;

  if (g_cancellable_is_cancelled (clip->cancellable))
    _exit (EXIT_INTERRUPTED);
  g_printerr ("\nRemoving what was written (Ctrl-C again to leave at once)\n");
  g_cancellable_cancel (clip->cancellable);
  return G_SOURCE_CONTINUE;
}

static gint
say_result (Clip * clip)
{
  const VsHarvestSettings *settings = &clip->settings;

  vs_clip_progress_break (&clip->progress);
  if (g_error_matches (clip->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return EXIT_INTERRUPTED;
  if (clip->error)
    return say_error (clip->error);
  g_printerr ("%.3f s, %" G_GUINT64_FORMAT " segments, %.1f MB, %"
      G_GUINT64_FORMAT " missing\n",
      clip->status.duration / (gdouble) GST_SECOND, clip->status.segments,
      clip->status.bytes / 1e6, clip->status.gaps);
  g_print ("%s/%s/%s/index.m3u8\n",
      vs_store_get_location (settings->destination), settings->to_account,
      settings->to_event);
  for (guint i = 0; i < clip->recorded->len; i++)
    g_print ("%s\n", (gchar *) g_ptr_array_index (clip->recorded, i));
  return 0;
}

static gint
run (Clip * clip)
{
  GThread *thread;
  gint status;

  clip->loop = g_main_loop_new (NULL, FALSE);
  clip->cancellable = g_cancellable_new ();
  clip->recorded = g_ptr_array_new_with_free_func (g_free);
  g_unix_signal_add (SIGINT, interrupted, clip);
  g_unix_signal_add (SIGTERM, interrupted, clip);
  vs_clip_progress_init (&clip->progress);
  thread = g_thread_new ("harvest", harvest, clip);
  g_main_loop_run (clip->loop);
  g_thread_join (thread);
  status = say_result (clip);
  g_clear_error (&clip->error);
  g_object_unref (clip->cancellable);
  g_ptr_array_unref (clip->recorded);
  g_main_loop_unref (clip->loop);
  return status;
}

/* ---- its parts ---------------------------------------------------------- */

static gboolean
parse_time (const gchar * text, VsArchiveTime * time, GError ** error)
{
  g_autoptr (GError) cause = NULL;

  return vs_archive_time_parse (text, time, &cause)
      || set_usage (error, cause->message);
}

static gint
make_clip (const Options * options, GError ** error)
{
  g_auto (GStrv) place = g_strsplit (options->source[0], "#", 2);
  g_auto (GStrv) from = split_event (place[0] && place[1] ? place[1] :
      VS_DEFAULT_EVENT, 3, error);
  g_auto (GStrv) to = from ? split_event (options->event, 2, error) : NULL;
  g_autoptr (VsStore) source = NULL, destination = NULL, spool = NULL;
  Clip clip = { {0} };

  if (to == NULL || !parse_time (options->start, &clip.settings.start, error)
      || !parse_time (options->stop, &clip.settings.stop, error))
    return EXIT_FAILED;
  source = open_store (place[0], FALSE, error);
  if (source)
    destination = open_store (options->to ? options->to : place[0], TRUE,
        error);
  if (destination && vs_store_is_remote (destination))
    spool = open_spool (options, error);
  if (destination == NULL || (spool == NULL
          && vs_store_is_remote (destination)))
    return EXIT_FAILED;
  clip.settings.source = source;
  clip.settings.account = from[0];
  clip.settings.event = from[1];
  clip.settings.breakout = from[2];
  clip.settings.destination = destination;
  clip.settings.to_account = to[0];
  clip.settings.to_event = to[1];
  clip.settings.spool = spool;
  clip.settings.recordings = options->mp4;
  clip.settings.spill_directory =
      vs_store_get_location (spool ? spool : destination);
  clip.settings.patience = options->patience * GST_SECOND;
  return run (&clip);
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = {.patience = 60 };
  g_autoptr (GError) error = NULL;
  gint status = EXIT_FAILED;

  gst_init (NULL, NULL);
  if (options_parse (&options, &argc, &argv, &error))
    status = make_clip (&options, &error);
  return error ? say_error (error) : status;
}
