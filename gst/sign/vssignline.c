/* VisionStream: lines of lists and playlists whose URLs get signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssigntextprivate.h"

#include <string.h>

static gboolean
append_url (const VsSignPlace * place, const gchar * reference, GString * out,
    GError ** error)
{
  g_autofree gchar *url = vs_url_resolve (place->base, reference, error);
  g_autofree gchar *pattern = NULL;

  if (url == NULL)
    return FALSE;
  if (vs_url_signer_get_kind (place->signer) != VS_SIGN_WILDCARD)
    return vs_url_signer_append (place->signer, out, url, error);
  pattern = vs_sign_place_find_pattern (place, url, error);
  return pattern
      && vs_url_signer_append_under (place->signer, out, url, pattern, error);
}

static gboolean
append_hls_url (const VsSignPlace * place, const gchar * reference, gsize size,
    GString * out, GError ** error)
{
  g_autofree gchar *text = g_strndup (reference, size);

  if (size > 0 && !vs_sign_is_foreign (text))
    return append_url (place, text, out, error);
  g_string_append (out, text);
  return TRUE;
}

static gboolean
is_url_name (const gchar * name, gsize size)
{
  static const gchar uri[] = "URI", list[] = "X-ASSET-LIST";
  const gsize n = sizeof uri - 1;

  if (size == sizeof list - 1 && memcmp (name, list, size) == 0)
    return TRUE;
  return size >= n && memcmp (name + size - n, uri, n) == 0
      && (size == n || name[size - n - 1] == '-');
}

/* One attribute and the comma behind it (RFC 8216, 4.2). Returns: what is left;
 * @text itself where there is none. */
static const gchar *
append_attribute (const VsSignPlace * place, const gchar * text, GString * out,
    GError ** error)
{
  const gchar *name = text + strspn (text, " ,"), *value, *end;
  gsize size = strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

  if (size == 0 || name[size] != '=')
    return text;
  value = name + size + 1;
  if (*value != '"') {
    end = value + strcspn (value, ",");
    g_string_append_len (out, text, end - text);
    return end;
  }
  end = strchr (++value, '"');
  if (end == NULL)
    return text;
  g_string_append_len (out, text, value - text);
  if (!is_url_name (name, size))
    g_string_append_len (out, value, end - value);
  else if (!append_hls_url (place, value, (gsize) (end - value), out, error))
    return NULL;
  g_string_append_c (out, '"');
  return end + 1;
}

/* What is no list of attributes stays. */
static gboolean
append_tag (const VsSignPlace * place, const gchar * line, GString * out,
    GError ** error)
{
  const gchar *colon = strchr (line, ':'), *left, *next;

  left = colon ? colon + 1 : line;
  g_string_append_len (out, line, left - line);
  while (colon && *left) {
    next = append_attribute (place, left, out, error);
    if (next == NULL)
      return FALSE;
    if (next == left)
      break;
    left = next;
  }
  g_string_append (out, left);
  return TRUE;
}

gboolean
vs_sign_line (const VsSignPlace * place, VsSignTextKind kind,
    const gchar * line, gsize size, GString * out, GError ** error)
{
  g_autofree gchar *text = g_strndup (line, size);

  if (size > 0 && line[0] != '#')
    return kind == VS_SIGN_TEXT_HLS
        ? append_hls_url (place, text, size, out, error)
        : append_url (place, text, out, error);
  if (kind == VS_SIGN_TEXT_HLS && g_str_has_prefix (text, "#EXT-X-"))
    return append_tag (place, text, out, error);
  g_string_append_len (out, line, (gssize) size);
  return TRUE;
}
