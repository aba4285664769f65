/* VisionStream: the quickstart chain in one process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/*
 * Composes a gst-launch line from the options, prints it and runs it by
 * gst_parse_launch (). Everything here runs in the main thread, from the
 * default main context: signals, the bus, the status line. pipelines/live
 * builds and starts this program and documents its options.
 */
#include "input.h"
#include "limit.h"
#include "status.h"

#include <string.h>
#include <unistd.h>
#include <glib-unix.h>
#include <gst/gst.h>

/* a status line's age on a terminal, and in a file */
#define STATUS_TTY_MS 500
#define STATUS_LOG_MS 5000
#define LIMIT_CHECK_MS 50
/* what is under way when the end is asked for may take this long to close */
#define DRAIN_SECONDS 20
/* and the sources may take this long of it to end */
#define SOURCE_SECONDS 3
#define SEGMENT_DURATION (2 * GST_SECOND)

typedef struct
{
  gdouble duration;             /* s, 0 for no end */
  gchar *preset;
  gchar *ladder;                /* NULL for vsladder's own */
  gint port;
  gchar *address;
  gchar *out;
  gchar **inputs;
} Options;

typedef struct
{
  const Options *options;
  GMainLoop *loop;
  GCancellable *cancellable;    /* of what waits before there is a pipeline */
  GstElement *pipeline;
  VsChainStatus *status;
  VsChainLimit *limit;          /* NULL without --duration */
  gboolean ending;
  gboolean failed;
} Chain;

static void
options_clear (Options * options)
{
  g_free (options->preset);
  g_free (options->ladder);
  g_free (options->address);
  g_free (options->out);
  g_strfreev (options->inputs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear);

static gboolean
options_parse (Options * options, gint * argc, gchar *** argv, GError ** error)
{
  const GOptionEntry entries[] = {
    {"duration", 0, 0, G_OPTION_ARG_DOUBLE, &options->duration},
    {"preset", 0, 0, G_OPTION_ARG_STRING, &options->preset},
    {"ladder", 0, 0, G_OPTION_ARG_STRING, &options->ladder},
    {"port", 0, 0, G_OPTION_ARG_INT, &options->port},
    {"address", 0, 0, G_OPTION_ARG_STRING, &options->address},
    {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs},
    {NULL}
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options->inputs && g_strv_length (options->inputs) > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "one input at a time, not also %s", options->inputs[1]);
    return FALSE;
  }
  if (options->port < 1 || options->port > G_MAXUINT16 || options->duration < 0) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--port is 1 to 65535, --duration a number of seconds");
    return FALSE;
  }
  return TRUE;
}

/* --- the line --- */

static gchar *
compose_line (const Options * options, const gchar * input)
{
  g_autofree gchar *out = vs_chain_quote (options->out);
  g_autofree gchar *address = vs_chain_quote (options->address);
  g_autofree gchar *preset = vs_chain_quote (options->preset);
  g_autofree gchar *rungs =
      options->ladder ? vs_chain_quote (options->ladder) : NULL;

  return g_strdup_printf ("%svsladder name=ladder speed-preset=%s%s%s"
      " : vssegmentstore location=%s target-duration=%" G_GUINT64_FORMAT
      " : vsjitpackager name=packager address=%s port=%d", input, preset,
      rungs ? " ladder=" : "", rungs ? rungs : "", out,
      SEGMENT_DURATION, address, options->port);
}

/* An SRT passphrase is not for a terminal's scroll-back or a log. */
static gchar *
hide_secrets (const gchar * text)
{
  g_autoptr (GRegex) secret =
      g_regex_new ("(passphrase=)[^&\"]*", G_REGEX_DEFAULT, 0, NULL);

  return g_regex_replace (secret, text, -1, 0, "\\1***", 0, NULL);
}

static void
print_introduction (const Options * options, const gchar * line)
{
  g_autofree gchar *shown = hide_secrets (line);
  /* an address that means all of them is no address to visit */
  gboolean any = g_str_equal (options->address, "0.0.0.0")
      || g_str_equal (options->address, "::");
  gboolean loopback = g_str_equal (options->address, "127.0.0.1");
  gboolean ipv6 = strchr (options->address, ':') != NULL && !any;
  g_autofree gchar *base = g_strdup_printf ("http://%s%s%s:%d",
      ipv6 ? "[" : "", any || loopback ? "localhost" : options->address,
      ipv6 ? "]" : "", options->port);
  const gchar *path = "/out/v1/default/live";

  g_print ("\ngst-launch-1.0 -e %s\n\n"
      "Player    %s/\n"
      "HLS       %s%s/hls/index.m3u8\n"
      "HLS CMAF  %s%s/cmaf/index.m3u8\n"
      "DASH      %s%s/dash/index.mpd\n"
      "Smooth    %s%s/mss/index.ism/Manifest\n"
      "Archive   %s/default/live/index.m3u8\n\n"
      "Ctrl-C ends it.\n", shown, base, base, path, base, path, base, path,
      base, path, options->out);
}

/* --- the end --- */

static gboolean
drain_timed_out (gpointer user_data)
{
  Chain *chain = user_data;

  vs_chain_status_break (chain->status);
  g_printerr ("live: the last segments could not be closed within %d s\n",
      DRAIN_SECONDS);
  chain->failed = TRUE;
  g_main_loop_quit (chain->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
end_pad (GstElement * ladder, GstPad * pad, gpointer user_data)
{
  gst_pad_send_event (pad, gst_event_new_eos ());
  return TRUE;
}

/* A source that waits for its peer does not get to send EOS. */
static gboolean
end_ladder (gpointer user_data)
{
  Chain *chain = user_data;
  g_autoptr (GstElement) ladder =
      gst_bin_get_by_name (GST_BIN (chain->pipeline), "ladder");

  gst_element_foreach_sink_pad (ladder, end_pad, NULL);
  return G_SOURCE_REMOVE;
}

static void
chain_end (Chain * chain)
{
  if (chain->ending)
    return;
  chain->ending = TRUE;
  if (!vs_chain_status_has_output (chain->status)) {
    g_main_loop_quit (chain->loop);
    return;
  }
  gst_element_send_event (chain->pipeline, gst_event_new_eos ());
  g_timeout_add_seconds (SOURCE_SECONDS, end_ladder, chain);
  g_timeout_add_seconds (DRAIN_SECONDS, drain_timed_out, chain);
}

static gboolean
interrupted (gpointer user_data)
{
  Chain *chain = user_data;

  if (chain->pipeline == NULL) {
    g_cancellable_cancel (chain->cancellable);
  } else if (!chain->ending) {
    vs_chain_status_break (chain->status);
    g_print ("Ending: the last segments are being closed"
        " (Ctrl-C again to leave at once)\n");
    chain_end (chain);
  } else {
    chain->failed = TRUE;
    g_main_loop_quit (chain->loop);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
check_limit (gpointer user_data)
{
  Chain *chain = user_data;

  if (!vs_chain_limit_is_over (chain->limit))
    return G_SOURCE_CONTINUE;
  chain_end (chain);
  return G_SOURCE_REMOVE;
}

static void
set_limit (Chain * chain)
{
  g_autoptr (GstElement) ladder =
      gst_bin_get_by_name (GST_BIN (chain->pipeline), "ladder");

  chain->limit = vs_chain_limit_new (ladder,
      chain->options->duration * GST_SECOND);
  g_timeout_add (LIMIT_CHECK_MS, check_limit, chain);
}

/* --- what the pipeline says --- */

static const gchar *
remedy (GstMessage * message, const GError * error)
{
  /* all that the packager opens is its socket */
  if (error->domain == GST_RESOURCE_ERROR
      && g_str_equal (GST_MESSAGE_SRC_NAME (message), "packager"))
    return "Choose another port with --port, or address with --address.";
  if (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NO_SPACE_LEFT))
    return "Make room on the disk, or choose another directory with --out.";
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND)
      || g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_OPEN_READ))
    return "Check the input's address, and that it is being published.";
  if (g_error_matches (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN)
      || g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_CODEC_NOT_FOUND))
    return "A decoder is missing: pipelines/packages install run";
  return NULL;
}

static void
report (Chain * chain, GstMessage * message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  gboolean fatal = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  const gchar *hint;

  if (fatal)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  vs_chain_status_break (chain->status);
  hint = remedy (message, error);
  g_printerr ("live: %s%s: %s%s%s\n", fatal ? "" : "warning: ",
      GST_MESSAGE_SRC_NAME (message), error->message, hint ? "\n  " : "",
      hint ? hint : "");
  if (debug && g_getenv ("GST_DEBUG"))
    g_printerr ("%s\n", debug);
}

static gboolean
bus_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  Chain *chain = user_data;

  vs_chain_status_message (chain->status, message);
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      report (chain, message);
      chain->failed = TRUE;
      g_main_loop_quit (chain->loop);
      break;
    case GST_MESSAGE_WARNING:
      report (chain, message);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (chain->loop);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (chain->pipeline));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
print_status (gpointer user_data)
{
  Chain *chain = user_data;

  if (!chain->ending)
    vs_chain_status_print (chain->status);
  return G_SOURCE_CONTINUE;
}

/* --- life --- */

static gboolean
chain_start (Chain * chain, GError ** error)
{
  const Options *options = chain->options;
  g_autofree gchar *input = vs_chain_input_describe (options->inputs
      ? options->inputs[0] : NULL, chain->cancellable, error);
  g_autofree gchar *line = NULL;
  g_autoptr (GstBus) bus = NULL;

  if (input == NULL)
    return FALSE;
  line = compose_line (options, input);
  print_introduction (options, line);
  chain->pipeline = gst_parse_launch_full (line, NULL,
      GST_PARSE_FLAG_FATAL_ERRORS, error);
  if (chain->pipeline == NULL)
    return FALSE;
  /* the ladder's pads, of which one is watched, appear here */
  gst_element_set_state (chain->pipeline, GST_STATE_READY);
  chain->status = vs_chain_status_new (chain->pipeline);
  if (options->duration > 0)
    set_limit (chain);
  bus = gst_element_get_bus (chain->pipeline);
  gst_bus_add_watch (bus, bus_message, chain);
  gst_element_set_state (chain->pipeline, GST_STATE_PLAYING);
  g_timeout_add (isatty (STDOUT_FILENO) ? STATUS_TTY_MS : STATUS_LOG_MS,
      print_status, chain);
  return TRUE;
}

static void
chain_stop (Chain * chain)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (chain->pipeline);
  guint segments = vs_chain_status_segments (chain->status);

  gst_element_set_state (chain->pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  g_clear_pointer (&chain->status, vs_chain_status_free);
  g_clear_pointer (&chain->limit, vs_chain_limit_free);
  gst_clear_object (&chain->pipeline);
  if (segments > 0)
    g_print ("%u segments in %s/default/live. To serve them again:\n"
        "  gst-launch-1.0 -e vsjitpackager location=%s port=%d\n", segments,
        chain->options->out, chain->options->out, chain->options->port);
}

static gint
chain_run (const Options * options)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Chain chain = {.options = options,.loop = loop,.cancellable = cancellable };

  g_unix_signal_add (SIGINT, interrupted, &chain);
  g_unix_signal_add (SIGTERM, interrupted, &chain);
  if (!chain_start (&chain, &error)) {
    gboolean cancelled =
        g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

    if (!cancelled)
      g_printerr ("live: %s\n", error->message);
    return cancelled ? 0 : 1;
  }
  g_main_loop_run (loop);
  chain_stop (&chain);
  return chain.failed ? 1 : 0;
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = {
    .preset = g_strdup ("superfast"),
    .port = 8080,
    .address = g_strdup ("127.0.0.1"),
    .out = g_strdup ("archive"),
  };
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  if (!options_parse (&options, &argc, &argv, &error)) {
    g_printerr ("live: %s (--help says what there is)\n", error->message);
    return 2;
  }
  return chain_run (&options);
}
