/* VisionStream: what a tool does, until it is done or interrupted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job.h"

#include <glib-unix.h>
#include <unistd.h>

typedef struct
{
  VsJobFunc func;
  gpointer user_data;
  GMainLoop *loop;
  GCancellable *cancellable;
  GError *error;
} Job;

static gboolean
interrupted (gpointer user_data)
{
  Job *job = user_data;

  if (g_cancellable_is_cancelled (job->cancellable))
    _exit (VS_EXIT_INTERRUPTED);
  g_printerr ("\nRemoving what was written (Ctrl-C again to leave at once)\n");
  g_cancellable_cancel (job->cancellable);
  return G_SOURCE_CONTINUE;
}

static gpointer
run (gpointer user_data)
{
  Job *job = user_data;

  job->func (job->user_data, job->cancellable, &job->error);
  /* the loop may not run yet */
  g_idle_add_once ((GSourceOnceFunc) g_main_loop_quit, job->loop);
  return NULL;
}

gboolean
vs_job_run (VsJobFunc func, gpointer user_data, GError ** error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Job job = { func, user_data, loop, cancellable, NULL };
  guint signals[] = { g_unix_signal_add (SIGINT, interrupted, &job),
    g_unix_signal_add (SIGTERM, interrupted, &job)
  };
  GThread *thread = g_thread_new ("job", run, &job);

  g_main_loop_run (loop);
  g_thread_join (thread);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (signals[i]);
  if (job.error == NULL)
    return TRUE;
  g_propagate_error (error, job.error);
  return FALSE;
}

gint
vs_job_exit_status (const GError * error)
{
  if (error == NULL)
    return 0;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return VS_EXIT_INTERRUPTED;
  return error->domain == G_OPTION_ERROR ? VS_EXIT_USAGE : VS_EXIT_FAILED;
}

void
vs_job_say_error (const gchar * tool, const GError * error,
    const gchar * remedy)
{
  g_printerr ("%s: %s%s%s\n", tool, error->message, remedy ? "\n  " : "",
      remedy ? remedy : "");
}

gboolean
vs_job_set_usage (GError ** error, const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}
