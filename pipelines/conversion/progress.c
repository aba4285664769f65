/* VisionStream: how far a conversion is, and what came of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "convert.h"

gchar *
vs_convert_format_time (GstClockTime time)
{
  guint64 ms = time / GST_MSECOND;

  return g_strdup_printf ("%02" G_GUINT64_FORMAT ":%02u:%02u.%03u",
      ms / 3600000, (guint) (ms / 60000 % 60), (guint) (ms / 1000 % 60),
      (guint) (ms % 1000));
}

/* without the fraction */
static void
append_time (GString * line, GstClockTime time)
{
  guint64 s = time / GST_SECOND;

  g_string_append_printf (line, "%" G_GUINT64_FORMAT ":%02u:%02u", s / 3600,
      (guint) (s / 60 % 60), (guint) (s % 60));
}

void
vs_convert_tell (VsConvert * convert, GstClockTime position, GstClockTime total)
{
  gdouble elapsed = vs_line_get_elapsed (&convert->line);
  gboolean known = GST_CLOCK_TIME_IS_VALID (total) && total > 0;
  g_autoptr (GString) line = NULL;
  gdouble speed;

  if (!vs_line_is_due (&convert->line))
    return;
  line = g_string_new (NULL);
  if (known)
    g_string_append_printf (line, "%3.0f %% | ",
        MIN (position / (gdouble) total, 1) * 100);
  append_time (line, position);
  if (known) {
    g_string_append (line, " of ");
    append_time (line, MAX (total, position));
  }
  speed = elapsed > 0 ? position / (elapsed * GST_SECOND) : 0;
  if (speed > 0)
    g_string_append_printf (line, speed < 10 ? " | %.2fx" : " | %.0fx", speed);
  if (known && speed > 0) {
    g_string_append (line, " | ");
    append_time (line, (total - MIN (position, total)) / speed);
    g_string_append (line, " left");
  }
  vs_line_tell (&convert->line, line->str);
}

void
vs_convert_warn (VsConvert * convert, const gchar * text)
{
  vs_line_break (&convert->line);
  g_printerr ("convert: warning: %s\n", text);
}

void
vs_convert_say_made (VsConvert * convert, const gchar * path,
    GstClockTime duration, guint64 size)
{
  g_autofree gchar *time = vs_convert_format_time (duration);

  vs_line_break (&convert->line);
  if (size < 1000 * 1000)
    g_printerr ("%s, %.1f kB\n", time, size / 1e3);
  else
    g_printerr ("%s, %.1f MB\n", time, size / 1e6);
  g_print ("%s\n", path);
}
