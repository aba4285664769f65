/* VisionStream: a line on standard error that tells how far something is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "line.h"

#include <unistd.h>

#define TTY_US (G_USEC_PER_SEC / 4)

void
vs_line_init (VsLine * line, gint64 log_us)
{
  line->tty = isatty (STDERR_FILENO);
  line->in_place = FALSE;
  line->log_us = log_us;
  line->begun_us = g_get_monotonic_time ();
  /* a terminal shows at once that something is being done */
  line->told_us = line->tty ? 0 : line->begun_us;
}

gboolean
vs_line_is_due (VsLine * line)
{
  gint64 interval = line->tty ? TTY_US : line->log_us;

  return interval > 0 && g_get_monotonic_time () >= line->told_us + interval;
}

void
vs_line_expire (VsLine * line)
{
  if (line->tty)
    line->told_us = 0;
}

void
vs_line_tell (VsLine * line, const gchar * text)
{
  line->told_us = g_get_monotonic_time ();
  if (!line->tty) {
    g_printerr ("%s\n", text);
    return;
  }
  /* back to the left edge, and erase what the last line left behind */
  g_printerr ("\r%s\033[K", text);
  line->in_place = TRUE;
}

void
vs_line_break (VsLine * line)
{
  if (line->in_place)
    g_printerr ("\n");
  line->in_place = FALSE;
}

gdouble
vs_line_get_elapsed (const VsLine * line)
{
  return (g_get_monotonic_time () - line->begun_us)
      / (gdouble) G_USEC_PER_SEC;
}
