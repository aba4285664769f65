/* VisionStream: how far a harvest is, as one line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "progress.h"

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
vs_clip_progress_tell (VsLine * line, const VsHarvestStatus * status)
{
  gdouble seconds = vs_line_get_elapsed (line);
  g_autoptr (GString) text = NULL;

  if (!vs_line_is_due (line))
    return;
  text = g_string_new (NULL);
  g_string_append_printf (text, "segments %" G_GUINT64_FORMAT,
      status->segments);
  append_remaining (text, status, seconds);
  if (seconds > 0)
    g_string_append_printf (text, " | %.1f MB/s",
        status->bytes / seconds / 1000000);
  if (status->gaps > 0)
    g_string_append_printf (text, " | gaps %" G_GUINT64_FORMAT, status->gaps);
  vs_line_tell (line, text->str);
}
