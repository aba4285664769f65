/* VisionStream: places for a viewer's query in texts of any bytes, for
 * libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says which kind it is, the second how long the pieces are.
 * Pieces give what the whole is; without queries that is the text; where there
 * are queries, there are places for more.
 */
#include <string.h>

#include "sign/vssignchildren.h"

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

/* no text of a query, and none that libFuzzer hits by chance */
static const gchar query[] = "\xc3\xbe=QUERY";
#define QUERY_SIZE (sizeof query - 1)

static gchar *
fill (const VsSignChildren * children, const gchar * text, gsize size,
    gsize piece, gsize * total)
{
  gchar *out;

  if (!vs_sign_children_get_size (children, QUERY_SIZE, total))
    g_error ("no size");
  out = g_malloc (*total + 1);
  for (gsize at = 0; at < *total; at += piece) {
    gsize n = MIN (piece, *total - at);

    if (vs_sign_children_read (children, text, size, query, QUERY_SIZE, at,
            piece, out + at) != n)
      g_error ("not %zu at %zu", n, at);
  }
  return out;
}

/* How many queries there are. What is ahead of one differs from what goes on in
 * the text. */
static gsize
check_text (const gchar * out, gsize total, const gchar * text, gsize size)
{
  const gchar *end = out + total;
  gsize n = 0;

  while (out < end) {
    const gchar *mark = memmem (out, end - out, query, QUERY_SIZE);
    gsize left = (mark ? mark : end) - out, same = 0;

    while (same < MIN (left, size) && out[same] == text[same])
      same++;
    if (!(left == same || (mark && left == same + 1 && (out[same] == '?'
                    || out[same] == '&')) || (mark && left == same + 5
                && memcmp (out + same, "&amp;", 5) == 0)))
      g_error ("%zu bytes, of which %zu are the text's", left, same);
    text += same;
    size -= same;
    out = mark ? mark + QUERY_SIZE : end;
    n += mark != NULL;
  }
  if (size > 0)
    g_error ("%zu bytes are lost", size);
  return n;
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_autoptr (VsSignChildren) children = NULL;
  g_autoptr (VsSignChildren) again = NULL;
  g_autofree gchar *whole = NULL;
  g_autofree gchar *pieces = NULL;
  gsize total, other, n;
  VsSignTextKind kind;
  const gchar *text;

  if (size < 2)
    return 0;
  text = (const gchar *) data + 2;
  size -= 2;
  if (memmem (text, size, query, QUERY_SIZE))
    return 0;
  kind = VS_SIGN_TEXT_HLS + data[0] % 3;
  children = vs_sign_children_find (kind, "/a/", text, size);
  whole = fill (children, text, size, G_MAXUINT32, &total);
  pieces = fill (children, text, size, 1 + data[1] % 16, &other);
  if (total != other || memcmp (whole, pieces, total) != 0)
    g_error ("pieces differ");
  n = check_text (whole, total, text, size);
  again = vs_sign_children_find (kind, "/a/", whole, total);
  if (!vs_sign_children_get_size (again, 0, &size)
      || size != total + n * (kind == VS_SIGN_TEXT_HLS ? 1 : 5))
    g_error ("%zu queries, and %zu bytes for more", n, size - total);
  return 0;
}
