/* VisionStream: what a tool does, until it is done or interrupted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Exit statuses of the shell's tools; 0 is done */
#define VS_EXIT_FAILED 1
#define VS_EXIT_USAGE 2
#define VS_EXIT_INTERRUPTED 130

/* May block; ends soon, with %G_IO_ERROR_CANCELLED and nothing left behind,
 * when it is cancelled. */
typedef gboolean (*VsJobFunc) (gpointer user_data,
    GCancellable *cancellable, GError **error);

/**
 * vs_job_run:
 *
 * Runs @func in a thread of its own and waits for it and for signals: SIGINT
 * and SIGTERM cancel it, the second one ends the process at once. For the main
 * thread.
 */
gboolean vs_job_run (VsJobFunc func, gpointer user_data, GError **error);

/* The status that @error means, NULL meaning none. */
gint vs_job_exit_status (const GError *error);

/* Says "tool: what went wrong", and below it what to do about it. */
void vs_job_say_error (const gchar *tool, const GError *error,
    const gchar *remedy);

/* Sets G_OPTION_ERROR_BAD_VALUE; returns FALSE. */
gboolean vs_job_set_usage (GError **error, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);

G_END_DECLS
