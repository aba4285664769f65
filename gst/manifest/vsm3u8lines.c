/* VisionStream: HLS playlists, line by line (RFC 8216bis 4.1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "manifest/vsm3u8lines.h"

/* a longer line is in no playlist */
#define LINE_MAX_SIZE (64 * 1024)

GQuark
vs_m3u8_error_quark (void)
{
  return g_quark_from_static_string ("vs-m3u8-error-quark");
}

gboolean
vs_m3u8_fail (GError ** error, guint line_number, const gchar * problem)
{
  g_set_error (error, VS_M3U8_ERROR, VS_M3U8_ERROR_SYNTAX, "line %u: %s",
      line_number, problem);
  return FALSE;
}

/* FALSE at the end, and with @error set on a line too long. */
gboolean
vs_m3u8_lines_next (VsM3u8Lines * lines, GError ** error)
{
  const gchar *feed;
  gsize length;

  if (lines->cursor == lines->end)
    return FALSE;
  lines->line_number++;
  feed = memchr (lines->cursor, '\n', lines->end - lines->cursor);
  length = (feed ? feed : lines->end) - lines->cursor;
  if (length > LINE_MAX_SIZE)
    return vs_m3u8_fail (error, lines->line_number, "too long");
  g_string_truncate (lines->line, 0);
  g_string_append_len (lines->line, lines->cursor, length);
  if (length > 0 && lines->line->str[length - 1] == '\r')
    g_string_truncate (lines->line, length - 1);
  lines->cursor = feed ? feed + 1 : lines->end;
  return TRUE;
}

/* Checks the text as a whole and steps over its first line. */
gboolean
vs_m3u8_lines_begin (VsM3u8Lines * lines, const gchar * text, gsize size,
    GError ** error)
{
  const gchar *bad = NULL;

  lines->cursor = text;
  lines->end = text + size;
  lines->line_number = 0;
  if (size > VS_M3U8_MAX_SIZE) {
    g_set_error (error, VS_M3U8_ERROR, VS_M3U8_ERROR_TOO_LARGE,
        "a playlist of %" G_GSIZE_FORMAT " bytes", size);
    return FALSE;
  }
  /* RFC 8216bis 4.1; NUL is not valid here either */
  if (!g_utf8_validate (text, size, &bad)) {
    guint line = 1;

    for (const gchar * c = text; c < bad; c++)
      line += *c == '\n';
    return vs_m3u8_fail (error, line, "not UTF-8");
  }
  lines->line = g_string_new (NULL);
  if (vs_m3u8_lines_next (lines, error)
      && strcmp (lines->line->str, "#EXTM3U") == 0)
    return TRUE;
  if (error == NULL || *error == NULL)
    vs_m3u8_fail (error, 1, "no #EXTM3U");
  vs_m3u8_lines_clear (lines);
  return FALSE;
}

void
vs_m3u8_lines_clear (VsM3u8Lines * lines)
{
  g_string_free (lines->line, TRUE);
}
