/* VisionStream: HLS playlists, line by line (RFC 8216bis 4.1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsm3u8.h"

G_BEGIN_DECLS

/**
 * VsM3u8Lines:
 *
 * A text that is taken line by line: each line is copied into one buffer, where
 * it may be cut up.
 */
typedef struct
{
  /* the text, and the line at hand (without its end) */
  const gchar *cursor, *end;
  GString *line;
  guint line_number;
} VsM3u8Lines;

/* Checks the text as a whole and steps over its first line. To be cleared only
 * after TRUE. */
gboolean vs_m3u8_lines_begin (VsM3u8Lines *lines, const gchar *text,
    gsize size, GError **error);
/* FALSE at the end, and with @error set on a line too long. */
gboolean vs_m3u8_lines_next (VsM3u8Lines *lines, GError **error);
void     vs_m3u8_lines_clear (VsM3u8Lines *lines);

/* Sets %VS_M3U8_ERROR_SYNTAX; returns FALSE. */
gboolean vs_m3u8_fail (GError **error, guint line_number,
    const gchar *problem);

G_END_DECLS
