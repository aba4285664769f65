/* VisionStream: a moment in an archive, as people write it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsarchivetime.h"

#include <string.h>

/* hours, minutes, seconds */
#define PARTS_MAX 3
/* the first number of an offset: 27 years in hours, and no overflow */
#define DIGITS_MAX 9
/* decimals of a second that are read */
#define DECIMALS 6

static gboolean
parse_utc (const gchar * text, gint64 * us)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (text, utc);

  if (date == NULL)
    return FALSE;
  *us = g_date_time_to_unix (date) * G_USEC_PER_SEC
      + g_date_time_get_microsecond (date);
  return *us >= 0;
}

static gboolean
parse_number (const gchar * text, gsize length, guint * number)
{
  *number = 0;
  if (length == 0 || length > DIGITS_MAX)
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
    *number = *number * 10 + g_ascii_digit_value (text[i]);
  }
  return TRUE;
}

/* What follows the point. */
static gboolean
parse_decimals (const gchar * text, gint64 * us)
{
  gsize length = strlen (text);
  guint number;

  if (!parse_number (text, length, &number))
    return FALSE;
  *us = number;
  for (; length < DECIMALS; length++)
    *us *= 10;
  for (; length > DECIMALS; length--)
    *us /= 10;
  return TRUE;
}

static gboolean
parse_offset (const gchar * text, gint64 * us)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", PARTS_MAX + 1);
  guint n = g_strv_length (parts);
  gint64 seconds = 0, decimals = 0;
  gchar *point;

  if (n == 0 || n > PARTS_MAX)
    return FALSE;
  point = strchr (parts[n - 1], '.');
  if (point) {
    *point = '\0';
    if (!parse_decimals (point + 1, &decimals))
      return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    gsize length = strlen (parts[i]);
    guint number;

    if (!parse_number (parts[i], length, &number)
        || (i > 0 && (length != 2 || number >= 60)))
      return FALSE;
    seconds = seconds * 60 + number;
  }
  *us = seconds * G_USEC_PER_SEC + decimals;
  return TRUE;
}

gboolean
vs_archive_time_parse (const gchar * text, VsArchiveTime * time,
    GError ** error)
{
  gboolean ok;

  *time = (VsArchiveTime) {
  VS_ARCHIVE_TIME_NONE, 0};
  if (text == NULL || *text == '\0')
    return TRUE;
  if (strchr (text, 'T')) {
    time->kind = VS_ARCHIVE_TIME_UTC;
    ok = parse_utc (text, &time->us);
  } else {
    time->kind = *text == '-' ? VS_ARCHIVE_TIME_END : VS_ARCHIVE_TIME_START;
    ok = parse_offset (text + (*text == '-'), &time->us);
  }
  if (!ok)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "\"%s\" is no time: write 2026-01-01T00:00:00Z, or an offset like 90, "
        "90.5, 1:30 or 00:01:30.500, with a - ahead of it from the end", text);
  return ok;
}
