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

static gboolean
is_of_name (gchar c)
{
  return g_ascii_isupper (c) || g_ascii_isdigit (c) || c == '-';
}

gboolean
vs_sign_line_find_url (const gchar ** at, const gchar * end, VsUrlPart * url)
{
  while (TRUE) {
    const gchar *name = *at, *value;
    gsize size = 0;

    while (name < end && (*name == ' ' || *name == ','))
      name++;
    while (name + size < end && is_of_name (name[size]))
      size++;
    if (size == 0 || name + size == end || name[size] != '=')
      return FALSE;
    value = name + size + 1;
    if (value == end || *value != '"') {
      *at = memchr (value, ',', (gsize) (end - value));
      if (*at == NULL)
        return FALSE;
      continue;
    }
    url->text = value + 1;
    value = memchr (url->text, '"', (gsize) (end - url->text));
    if (value == NULL)
      return FALSE;
    url->size = (gsize) (value - url->text);
    *at = value + 1;
    if (is_url_name (name, size))
      return TRUE;
  }
}

static gboolean
append_tag (const VsSignPlace * place, const gchar * line, GString * out,
    GError ** error)
{
  const gchar *end = line + strlen (line), *colon = strchr (line, ':');
  const gchar *at = colon ? colon + 1 : end, *left = line;
  VsUrlPart url;

  while (vs_sign_line_find_url (&at, end, &url)) {
    g_string_append_len (out, left, url.text - left);
    if (!append_hls_url (place, url.text, url.size, out, error))
      return FALSE;
    left = url.text + url.size;
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
  if (kind == VS_SIGN_TEXT_HLS && g_str_has_prefix (text, VS_SIGN_HLS_TAG))
    return append_tag (place, text, out, error);
  g_string_append_len (out, line, (gssize) size);
  return TRUE;
}
