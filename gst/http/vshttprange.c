/* VisionStream: one byte range of a body
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttprange.h"

static const gchar *
skip_space (const gchar * p)
{
  while (*p == ' ' || *p == '\t')
    p++;
  return p;
}

/* 1*DIGIT; a number past 64 bits saturates, for it is past any body's end. */
static const gchar *
parse_number (const gchar * p, guint64 * number)
{
  guint64 value = 0;

  for (; g_ascii_isdigit (*p); p++) {
    guint digit = g_ascii_digit_value (*p);

    if (value > (G_MAXUINT64 - digit) / 10)
      value = G_MAXUINT64;
    else
      value = value * 10 + digit;
  }
  *number = value;
  return p;
}

/* suffix-range: the last @count bytes */
static VsHttpRangeKind
take_suffix (guint64 count, guint64 size, guint64 * offset, guint64 * length)
{
  if (count == 0 || size == 0)
    return VS_HTTP_RANGE_UNSATISFIABLE;
  *length = MIN (count, size);
  *offset = size - *length;
  return VS_HTTP_RANGE_PART;
}

VsHttpRangeKind
vs_http_range_parse (const gchar * value, guint64 size, guint64 * offset,
    guint64 * length)
{
  const gchar *p = skip_space (value), *digits;
  guint64 first, last = G_MAXUINT64;
  gboolean suffix;

  if (g_ascii_strncasecmp (p, "bytes=", 6) != 0)
    return VS_HTTP_RANGE_NONE;
  digits = p = skip_space (p + 6);
  p = parse_number (p, &first);
  suffix = p == digits;
  if (*p++ != '-')
    return VS_HTTP_RANGE_NONE;
  if (suffix || g_ascii_isdigit (*p)) {
    digits = p;
    p = parse_number (p, &last);
    if (p == digits)
      return VS_HTTP_RANGE_NONE;
  }
  if (*skip_space (p) != '\0')
    return VS_HTTP_RANGE_NONE;

  if (suffix)
    return take_suffix (last, size, offset, length);
  if (last < first)
    return VS_HTTP_RANGE_NONE;
  if (first >= size)
    return VS_HTTP_RANGE_UNSATISFIABLE;
  *offset = first;
  *length = MIN (last, size - 1) - first + 1;
  return VS_HTTP_RANGE_PART;
}
