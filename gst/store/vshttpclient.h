/* VisionStream: HTTP as a client, for stores behind it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * VsHttpClient:
 *
 * Speaks HTTP/1.1 (RFC 9112) with a store's server, from any thread, each call
 * blocking its own. A few connections are kept and used again. No redirect is
 * followed, no cookie kept, no content encoding asked for or decoded, and what
 * of a body comes in short is never passed off as whole.
 *
 * A proxy is used when the environment names one (http_proxy, https_proxy,
 * all_proxy; no_proxy), never for this machine itself.
 */
typedef struct _VsHttpClient VsHttpClient;

typedef struct
{
  /* connections, and so calls at a time; the next ones wait. 0: 8, at most 16 */
  guint max_connections;
  /* so many seconds in which no byte moves end a call; 0: 10 */
  guint timeout_s;
  /* (nullable) */
  const gchar *user_agent;
  /* (nullable): PEM, the anchors of trust instead of the system's */
  const gchar *ca_file;
  /* (nullable): for when the server asks, as Digest (MD5) or Basic
   * (RFC 7616, RFC 7617); Basic only over TLS or to this machine itself. They
   * go to @origin ("https://host:port") and nowhere else. */
  const gchar *origin, *user, *password;
} VsHttpClientSettings;

/**
 * vs_http_client_new:
 *
 * Returns: NULL when @ca_file can't be read or @origin is none
 */
VsHttpClient *vs_http_client_new (const VsHttpClientSettings *settings,
    GError **error);
VsHttpClient *vs_http_client_ref (VsHttpClient *client);
/* Not under a call: each holds a reference of its own. */
void          vs_http_client_unref (VsHttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpClient, vs_http_client_unref)

/**
 * VsHttpBody:
 *
 * What a request carries: pieces of memory, or @size bytes of a file from
 * @offset on where @n_parts is 0, read as they are sent (pread: several calls
 * may read from one file). It may be sent twice, so it has to last, unchanged,
 * until the call returns.
 */
typedef struct
{
  GBytes *const *parts;
  guint n_parts;
  gint fd;
  guint64 offset, size;
} VsHttpBody;

typedef struct
{
  const gchar *method;
  /* http or https, printable ASCII, already encoded: path and query go out as
   * they are here, byte for byte */
  const gchar *uri;
  /* (nullable): name, value, ..., NULL. Host, Content-Length,
   * Transfer-Encoding, Connection and Expect are the client's to write. */
  const gchar *const *headers;
  /* (nullable) */
  const VsHttpBody *body;
  /* a larger answer is %G_IO_ERROR_MESSAGE_TOO_LARGE */
  gsize max_answer;
  /* monotonic time by which all is over, waiting for a connection included;
   * 0: only the client's timeout holds */
  gint64 deadline_us;
} VsHttpCall;

typedef struct
{
  guint status;
  SoupMessageHeaders *headers;
  /* the content, of error answers too; empty when there is none */
  GBytes *body;
} VsHttpReply;

void vs_http_reply_clear (VsHttpReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsHttpReply, vs_http_reply_clear)

/**
 * vs_http_client_send:
 * @reply: (out caller-allocates): to be cleared; only after TRUE
 *
 * Any answer, whatever its status, is TRUE. What failed on a connection that
 * was kept, before anything came back, is sent once more on a new one, if the
 * method is idempotent (RFC 9110 9.2.2). Nothing else is tried again.
 *
 * Returns: FALSE: of %G_IO_ERROR, with host and port: %G_IO_ERROR_TIMED_OUT,
 *   %G_IO_ERROR_CANCELLED, %G_IO_ERROR_CONNECTION_REFUSED,
 *   %G_IO_ERROR_HOST_NOT_FOUND, %G_IO_ERROR_PARTIAL_INPUT (closed ahead of the
 *   end of the answer), %G_IO_ERROR_CONNECTION_CLOSED,
 *   %G_IO_ERROR_INVALID_DATA (no HTTP), %G_IO_ERROR_MESSAGE_TOO_LARGE,
 *   %G_IO_ERROR_PERMISSION_DENIED (a password over plain HTTP),
 *   %G_IO_ERROR_INVALID_ARGUMENT (@call), %G_IO_ERROR_FAILED (TLS), and what
 *   else GIO has for sockets and files
 */
gboolean vs_http_client_send (VsHttpClient *client, const VsHttpCall *call,
    GCancellable *cancellable, VsHttpReply *reply, GError **error);

/* The server's time (RFC 9110 6.6.1), Unix seconds; -1 when it told none. */
gint64 vs_http_reply_get_date (const VsHttpReply *reply);
/* How long it wants to be left alone (RFC 9110 10.2.3), µs; 0 when it did not
 * say, a day at most. */
gint64 vs_http_reply_get_retry_after (const VsHttpReply *reply);

/* Whether the same request may succeed later: 408, 425, 429, 500, 502-504. */
gboolean vs_http_status_is_retryable (guint status);
/**
 * vs_http_backoff_us:
 * @attempt: how many have failed
 * @min: the first wait at most, µs
 * @max: each wait at most, µs
 *
 * A random part of a span that doubles: those who failed together do not come
 * back together.
 */
gint64 vs_http_backoff_us (guint attempt, gint64 min, gint64 max);

G_END_DECLS
