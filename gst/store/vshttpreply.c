/* VisionStream: what an answer says about when to come again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store/vshttpclient.h"

#include <math.h>

/* s: a longer Retry-After is a mistake */
#define RETRY_AFTER_MAX (24 * 60 * 60)
#define STATUS_TOO_EARLY 425
#define STATUS_TOO_MANY_REQUESTS 429
#define MAX_DOUBLINGS 40

void
vs_http_reply_clear (VsHttpReply * reply)
{
  reply->status = 0;
  g_clear_pointer (&reply->headers, soup_message_headers_unref);
  g_clear_pointer (&reply->body, g_bytes_unref);
}

static gint64
parse_date (const gchar * text)
{
  g_autoptr (GDateTime) date = NULL;

  date = text ? soup_date_time_new_from_http_string (text) : NULL;
  return date ? g_date_time_to_unix (date) : -1;
}

gint64
vs_http_reply_get_date (const VsHttpReply * reply)
{
  return parse_date (soup_message_headers_get_one (reply->headers, "Date"));
}

/* A time is one of the server's clock, so it is held against its own Date. */
static gint64
get_span_s (const VsHttpReply * reply, const gchar * text)
{
  guint64 seconds;
  gint64 until, now;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &seconds, NULL))
    return seconds;
  until = parse_date (text);
  if (until < 0)
    return 0;
  now = vs_http_reply_get_date (reply);
  return until - (now >= 0 ? now : g_get_real_time () / G_USEC_PER_SEC);
}

gint64
vs_http_reply_get_retry_after (const VsHttpReply * reply)
{
  const gchar *text = soup_message_headers_get_one (reply->headers,
      "Retry-After");

  if (text == NULL)
    return 0;
  return CLAMP (get_span_s (reply, text), 0, RETRY_AFTER_MAX) * G_USEC_PER_SEC;
}

gboolean
vs_http_status_is_retryable (guint status)
{
  switch (status) {
    case SOUP_STATUS_REQUEST_TIMEOUT:
    case STATUS_TOO_EARLY:
    case STATUS_TOO_MANY_REQUESTS:
    case SOUP_STATUS_INTERNAL_SERVER_ERROR:
    case SOUP_STATUS_BAD_GATEWAY:
    case SOUP_STATUS_SERVICE_UNAVAILABLE:
    case SOUP_STATUS_GATEWAY_TIMEOUT:
      return TRUE;
    default:
      return FALSE;
  }
}

gint64
vs_http_backoff_us (guint attempt, gint64 min, gint64 max)
{
  gdouble span = ldexp (min, MIN (attempt, MAX_DOUBLINGS));

  return g_random_double () * MIN (span, max);
}
