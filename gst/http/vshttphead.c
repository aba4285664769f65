/* VisionStream: a request head that was judged
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttphead.h"

#include <string.h>

void
vs_http_head_free (VsHttpHead * head)
{
  g_free (head->path);
  g_free (head->buffer);
  g_clear_pointer (&head->body, g_bytes_unref);
  g_free (head);
}

const gchar *
vs_http_method_to_string (VsHttpMethod method)
{
  switch (method) {
    case VS_HTTP_HEAD:
      return "HEAD";
    case VS_HTTP_OPTIONS:
      return "OPTIONS";
    case VS_HTTP_POST:
      return "POST";
    case VS_HTTP_GET:
    default:
      return "GET";
  }
}

const gchar *
vs_http_head_get (const VsHttpHead * head, const gchar * name)
{
  guint i;

  for (i = 0; i < head->n_fields; i++) {
    if (g_ascii_strcasecmp (head->fields[i].name, name) == 0)
      return head->fields[i].value;
  }
  return NULL;
}

gchar *
vs_http_head_get_list (const VsHttpHead * head, const gchar * name)
{
  GString *list = NULL;
  guint i;

  for (i = 0; i < head->n_fields; i++) {
    if (g_ascii_strcasecmp (head->fields[i].name, name) != 0)
      continue;
    if (!list)
      list = g_string_new (NULL);
    else
      g_string_append (list, ", ");
    g_string_append (list, head->fields[i].value);
  }
  return list ? g_string_free (list, FALSE) : NULL;
}

gchar *
vs_http_head_get_origin (const VsHttpHead * head, gboolean tls)
{
  const gchar *port = tls ? ":443" : ":80";
  g_autofree gchar *host = NULL;

  if (!head->host)
    return NULL;
  host = g_ascii_strdown (head->host, -1);
  if (g_str_has_suffix (host, port))
    host[strlen (host) - strlen (port)] = '\0';
  else if (g_str_has_suffix (host, ":"))
    host[strlen (host) - 1] = '\0';
  return g_strconcat (tls ? "https://" : "http://", host, NULL);
}

const gchar *
vs_http_list_next (const gchar ** list, gsize * length)
{
  const gchar *p = *list, *start, *end;
  gboolean quoted = FALSE;

  while (*p == ',' || *p == ' ' || *p == '\t')
    p++;
  start = p;
  for (; *p && (quoted || *p != ','); p++) {
    if (*p == '"')
      quoted = !quoted;
  }
  *list = p;
  for (end = p; end > start && (end[-1] == ' ' || end[-1] == '\t'); end--);
  *length = end - start;
  return end > start ? start : NULL;
}

/* qvalue (RFC 9110 12.4.2): the weight is 0 when all its digits are. */
static gboolean
weight_is_zero (const gchar * parameters, gsize length)
{
  g_autofree gchar *text = g_strndup (parameters, length);
  const gchar *q;

  for (q = strchr (text, ';'); q; q = strchr (q, ';')) {
    for (q++; *q == ' ' || *q == '\t'; q++);
    if ((*q == 'q' || *q == 'Q') && q[1] == '=')
      return g_ascii_strtod (q + 2, NULL) <= 0;
  }
  return FALSE;
}

gboolean
vs_http_head_accepts_gzip (const VsHttpHead * head)
{
  g_autofree gchar *field = vs_http_head_get_list (head, "Accept-Encoding");
  const gchar *list = field, *member;
  gboolean any = FALSE;
  gsize length;

  while (list && (member = vs_http_list_next (&list, &length))) {
    gsize n = strcspn (member, "; \t,");

    n = MIN (n, length);
    if ((n == 4 && g_ascii_strncasecmp (member, "gzip", n) == 0) ||
        (n == 6 && g_ascii_strncasecmp (member, "x-gzip", n) == 0))
      return !weight_is_zero (member, length);
    if (n == 1 && *member == '*')
      any = !weight_is_zero (member, length);
  }
  return any;
}

static const gchar *
opaque_tag (const gchar * etag)
{
  return g_str_has_prefix (etag, "W/") ? etag + 2 : etag;
}

gboolean
vs_http_head_matches_etag (const VsHttpHead * head, const gchar * etag)
{
  g_autofree gchar *field = vs_http_head_get_list (head, "If-None-Match");
  const gchar *list = field, *member;
  const gchar *tag = opaque_tag (etag);
  gsize tag_length = strlen (tag), length;

  while (list && (member = vs_http_list_next (&list, &length))) {
    if (length == 1 && *member == '*')
      return TRUE;
    if (length > 2 && g_str_has_prefix (member, "W/")) {
      member += 2;
      length -= 2;
    }
    if (length == tag_length && memcmp (member, tag, length) == 0)
      return TRUE;
  }
  return FALSE;
}
