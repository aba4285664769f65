/* VisionStream: a line on standard error that tells how far something is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* On a terminal each line takes the place of the one before. For one thread. */
typedef struct
{
  gboolean tty;
  gboolean in_place;            /* a line stands without its newline */
  gint64 log_us;                /* between lines where there is no terminal */
  gint64 begun_us, told_us;     /* monotonic */
} VsLine;

/* @log_us: 0 for none at all */
void vs_line_init (VsLine *line, gint64 log_us);
/* Whether it is time for a new one. */
gboolean vs_line_is_due (VsLine *line);
/* On a terminal the next one is due at once: the last. */
void vs_line_expire (VsLine *line);
void vs_line_tell (VsLine *line, const gchar *text);
/* Ends the line, for other output to follow. */
void vs_line_break (VsLine *line);
/* s since it was initialised */
gdouble vs_line_get_elapsed (const VsLine *line);

G_END_DECLS
