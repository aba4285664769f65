/* VisionStream: an answer turned into a response
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpresponse.h"

#include <string.h>
#include "http/vshttprange.h"

#define ALLOWED_METHODS "GET, HEAD, OPTIONS"
#define ALLOWED_METHODS_WITH_POST ALLOWED_METHODS ", POST"
/* the wildcard does not mean Authorization (Fetch, "CORS non-wildcard
 * request-header names") */
#define ALLOWED_HEADERS "*, Authorization"
/* what pages may read beside what Fetch lets everybody read; "*" does not mean
 * it where credentials are sent */
#define EXPOSED_HEADERS "ETag, Date, Age, Content-Length, Content-Range, " \
    "Accept-Ranges, Retry-After, CMSD-Static, X-Amzn-Mediapackage-Channel-Id, " \
    "X-Amzn-Mediapackage-Endpoint-Id, X-Amzn-Mediapackage-Active-Input, " \
    "X-MediaPackage-Manifest-Last-Sequence, " \
    "X-MediaPackage-Manifest-Last-Updated"
/* s; browsers keep a preflight for 2 h (Chromium) to 24 h (Firefox) */
#define PREFLIGHT_MAX_AGE "86400"
/* an error is cached for as long as a player waits before it asks again */
#define ERROR_CACHE_CONTROL "max-age=1"

/* of a body */
typedef struct
{
  guint64 offset, length;
} Part;

VsHttpAnswer *
vs_http_answer_copy (const VsHttpAnswer * answer)
{
  VsHttpAnswer *copy = g_memdup2 (answer, sizeof (*answer));

  if (copy->body)
    g_bytes_ref (copy->body);
  if (copy->source)
    vs_http_source_ref (copy->source);
  copy->content_type = g_strdup (answer->content_type);
  copy->content_encoding = g_strdup (answer->content_encoding);
  copy->etag = g_strdup (answer->etag);
  copy->cache_control = g_strdup (answer->cache_control);
  copy->headers = (const gchar * const *) g_strdupv ((gchar **)
      answer->headers);
  copy->account = g_strdup (answer->account);
  copy->event = g_strdup (answer->event);
  copy->breakout = g_strdup (answer->breakout);
  copy->endpoint = g_strdup (answer->endpoint);
  copy->reason = g_strdup (answer->reason);
  return copy;
}

void
vs_http_answer_free (VsHttpAnswer * answer)
{
  g_clear_pointer (&answer->body, g_bytes_unref);
  g_clear_pointer (&answer->source, vs_http_source_unref);
  g_free ((gchar *) answer->content_type);
  g_free ((gchar *) answer->content_encoding);
  g_free ((gchar *) answer->etag);
  g_free ((gchar *) answer->cache_control);
  g_strfreev ((gchar **) answer->headers);
  g_free ((gchar *) answer->account);
  g_free ((gchar *) answer->event);
  g_free ((gchar *) answer->breakout);
  g_free ((gchar *) answer->endpoint);
  g_free ((gchar *) answer->reason);
  g_free (answer);
}

/* A value that came from data must not begin a line of its own. */
static gboolean
text_is_safe (const gchar * text)
{
  for (; *text; text++) {
    if (g_ascii_iscntrl (*text) && *text != '\t')
      return FALSE;
  }
  return TRUE;
}

static void
append (SoupMessageHeaders * headers, const gchar * name, const gchar * value)
{
  if (value && text_is_safe (value))
    soup_message_headers_append (headers, name, value);
}

/* What a handler may choose to send as gzip, sent plain this time, too. */
static gboolean
encoding_may_vary (const VsHttpAnswer * answer)
{
  static const gchar *const types[] = { "text/", "application/json",
    "application/javascript", "application/dash+xml", "application/xml",
    "application/vnd.apple.mpegurl", "application/vnd.ms-sstr+xml",
    "image/svg+xml"
  };
  guint i;

  if (answer->content_encoding)
    return TRUE;
  for (i = 0; answer->content_type && i < G_N_ELEMENTS (types); i++) {
    if (g_str_has_prefix (answer->content_type, types[i]))
      return TRUE;
  }
  return FALSE;
}

/* (nullable): of the page that asks, when it may send cookies */
static const gchar *
find_page (const VsHttpHead * head, const gchar * const *pages)
{
  const gchar *origin = pages ? vs_http_head_get (head, "Origin") : NULL;

  return origin && g_strv_contains (pages, origin) ? origin : NULL;
}

static void
append_common (SoupMessageHeaders * headers, const VsHttpHead * head,
    const gchar * const *pages, gboolean keep)
{
  const gchar *page = find_page (head, pages);

  append (headers, "Access-Control-Allow-Origin", page ? page : "*");
  if (page)
    append (headers, "Access-Control-Allow-Credentials", "true");
  if (pages)
    append (headers, "Vary", "Origin");
  append (headers, "X-Content-Type-Options", "nosniff");
  if (!keep)
    append (headers, "Connection", "close");
}

static void
append_metadata (SoupMessageHeaders * headers, const VsHttpAnswer * answer,
    gboolean to_page, guint status)
{
  const gchar *cache_control = answer->cache_control;
  const gchar *const *extra = answer->headers;

  append (headers, "Access-Control-Expose-Headers",
      to_page ? EXPOSED_HEADERS : "*");
  append (headers, "ETag", answer->etag);
  if (!cache_control && status >= 400)
    cache_control = ERROR_CACHE_CONTROL;
  append (headers, "Cache-Control", cache_control);
  if (encoding_may_vary (answer))
    append (headers, "Vary", "Accept-Encoding");
  if (answer->retry_after > 0) {
    g_autofree gchar *seconds = g_strdup_printf ("%u", answer->retry_after);

    append (headers, "Retry-After", seconds);
  }
  if (answer->ranges && (status == 200 || status == 206 || status == 416))
    append (headers, "Accept-Ranges", "bytes");
  for (; extra && extra[0] && extra[1]; extra += 2) {
    if (text_is_safe (extra[0]))
      append (headers, extra[0], extra[1]);
  }
}

/* RFC 9110 13.1.5: If-Range must match strongly, else the whole is sent. */
static gboolean
if_range_holds (const VsHttpHead * head, const VsHttpAnswer * answer)
{
  const gchar *condition = vs_http_head_get (head, "If-Range");

  if (!condition)
    return TRUE;
  return answer->etag && *answer->etag == '"' &&
      strcmp (condition, answer->etag) == 0;
}

static gboolean
has_body (const VsHttpAnswer * answer)
{
  return answer->body || answer->source;
}

static guint64
body_size (const VsHttpAnswer * answer)
{
  if (answer->source)
    return vs_http_source_get_size (answer->source);
  return answer->body ? g_bytes_get_size (answer->body) : 0;
}

static VsHttpRangeKind
find_range (const VsHttpHead * head, const VsHttpAnswer * answer, Part * part)
{
  const gchar *range = vs_http_head_get (head, "Range");

  *part = (Part) {
  0, body_size (answer)};
  if (head->method != VS_HTTP_GET || !answer->ranges || !has_body (answer) ||
      answer->status != 200 || !range || !if_range_holds (head, answer))
    return VS_HTTP_RANGE_NONE;
  return vs_http_range_parse (range, part->length, &part->offset,
      &part->length);
}

/* Returns whether a body is to be sent, after the range was applied: @part of
 * it. */
static gboolean
apply_range (const VsHttpHead * head, const VsHttpAnswer * answer,
    SoupMessageHeaders * headers, guint * status, Part * part)
{
  guint64 size = body_size (answer);
  g_autofree gchar *text = NULL;

  switch (find_range (head, answer, part)) {
    case VS_HTTP_RANGE_PART:
      *status = 206;
      text = g_strdup_printf ("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
          "/%" G_GUINT64_FORMAT, part->offset, part->offset + part->length - 1,
          size);
      append (headers, "Content-Range", text);
      return TRUE;
    case VS_HTTP_RANGE_UNSATISFIABLE:
      *status = 416;
      text = g_strdup_printf ("bytes */%" G_GUINT64_FORMAT, size);
      append (headers, "Content-Range", text);
      *part = (Part) {
      0};
      return FALSE;
    case VS_HTTP_RANGE_NONE:
    default:
      return has_body (answer);
  }
}

static gboolean
is_not_modified (const VsHttpHead * head, const VsHttpAnswer * answer)
{
  return answer->status == 200 && answer->etag &&
      vs_http_head_matches_etag (head, answer->etag);
}

gboolean
vs_http_response_find_part (const VsHttpHead * head,
    const VsHttpAnswer * answer, guint64 * offset, guint64 * length)
{
  Part part;

  if (!answer->source || head->method == VS_HTTP_HEAD
      || is_not_modified (head, answer)
      || find_range (head, answer, &part) == VS_HTTP_RANGE_UNSATISFIABLE)
    return FALSE;
  *offset = part.offset;
  *length = part.length;
  return part.length > 0;
}

static void
set_body_headers (SoupMessageHeaders * headers, const VsHttpAnswer * answer,
    gboolean has_body, guint64 length)
{
  if (has_body) {
    append (headers, "Content-Type", answer->content_type);
    append (headers, "Content-Encoding", answer->content_encoding);
  }
  soup_message_headers_set_content_length (headers, length);
}

/* libsoup takes a reference to the body and writes from its bytes. */
static void
set_body (SoupServerMessage * message, const VsHttpAnswer * answer,
    const Part * part)
{
  SoupMessageBody *out = soup_server_message_get_response_body (message);

  soup_message_body_set_accumulate (out, FALSE);
  if (answer->source && part->length > 0)
    return;
  if (part->length > 0) {
    g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (answer->body,
        part->offset, part->length);

    soup_message_body_append_bytes (out, bytes);
  }
  soup_message_body_complete (out);
}

void
vs_http_response_fill (const VsHttpHead * head, const VsHttpAnswer * answer,
    const gchar * const *pages, gboolean keep, SoupServerMessage * message,
    VsHttpResponse * response)
{
  SoupMessageHeaders *headers;
  Part part = { 0 };
  guint status = answer->status;
  gboolean has_body;

  headers = soup_server_message_get_response_headers (message);
  if (is_not_modified (head, answer)) {
    status = 304;
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_NONE);
  } else {
    has_body = apply_range (head, answer, headers, &status, &part);
    set_body_headers (headers, answer, has_body, part.length);
    if (head->method == VS_HTTP_HEAD)
      part.length = 0;
    set_body (message, answer, &part);
  }
  response->status = status;
  response->has_body = part.length > 0;
  response->keep = keep && (status < 400 || status >= 500);
  append_common (headers, head, pages, response->keep);
  append_metadata (headers, answer, find_page (head, pages) != NULL, status);
  soup_server_message_set_status (message, status, NULL);
}

void
vs_http_response_fill_options (const VsHttpHead * head,
    const gchar * const *pages, gboolean may_post, gboolean keep,
    SoupServerMessage * message, VsHttpResponse * response)
{
  const gchar *methods = may_post ? ALLOWED_METHODS_WITH_POST : ALLOWED_METHODS;
  SoupMessageHeaders *headers;

  headers = soup_server_message_get_response_headers (message);
  response->status = 204;
  response->has_body = FALSE;
  response->keep = keep;
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_NONE);
  append_common (headers, head, pages, keep);
  append (headers, "Allow", methods);
  append (headers, "Access-Control-Allow-Methods", methods);
  append (headers, "Access-Control-Allow-Headers", find_page (head, pages) ?
      vs_http_head_get (head, "Access-Control-Request-Headers") :
      ALLOWED_HEADERS);
  append (headers, "Access-Control-Max-Age", PREFLIGHT_MAX_AGE);
  soup_server_message_set_status (message, 204, NULL);
}
