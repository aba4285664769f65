/* VisionStream: how far a harvest is, as one line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "progress.h"

#include <unistd.h>

#define PRINT_US (G_USEC_PER_SEC / 4)

void
vs_clip_progress_init (VsClipProgress * progress)
{
  progress->tty = isatty (STDERR_FILENO);
  progress->in_place = FALSE;
  progress->begun_us = g_get_monotonic_time ();
  progress->told_us = 0;
}

static void
append_remaining (GString * line, const VsHarvestStatus * status,
    gdouble seconds)
{
  guint64 done = status->segments + status->gaps;
  gdouble share;
  gint64 left;

  if (status->total == 0 || done == 0)
    return;
  share = MIN (done / (gdouble) status->total, 1);
  left = seconds * (1 - share) / share;
  g_string_append_printf (line, " of %" G_GUINT64_FORMAT " | %.0f %% | %"
      G_GINT64_FORMAT ":%02" G_GINT64_FORMAT " left",
      MAX (status->total, done), share * 100, left / 60, left % 60);
}

void
vs_clip_progress_tell (VsClipProgress * progress,
    const VsHarvestStatus * status)
{
  gint64 now = g_get_monotonic_time ();
  gdouble seconds = (now - progress->begun_us) / (gdouble) G_USEC_PER_SEC;
  g_autoptr (GString) line = NULL;

  if (!progress->tty || now < progress->told_us + PRINT_US)
    return;
  progress->told_us = now;
  line = g_string_new (NULL);
  g_string_append_printf (line, "segments %" G_GUINT64_FORMAT,
      status->segments);
  append_remaining (line, status, seconds);
  if (seconds > 0)
    g_string_append_printf (line, " | %.1f MB/s",
        status->bytes / seconds / 1000000);
  if (status->gaps > 0)
    g_string_append_printf (line, " | gaps %" G_GUINT64_FORMAT, status->gaps);
  /* back to the left edge, and erase what the last line left behind */
  g_printerr ("\r%s\033[K", line->str);
  progress->in_place = TRUE;
}

void
vs_clip_progress_break (VsClipProgress * progress)
{
  if (progress->in_place)
    g_printerr ("\n");
  progress->in_place = FALSE;
}
