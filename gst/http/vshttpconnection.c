/* VisionStream: one accepted connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/*
 * One GSource watches the socket for as long as it is open; the state says
 * what it waits for:
 *
 *   HELLO      the first byte of a TLS handshake       IN
 *   HANDSHAKE  GIO's thread                            nothing
 *   READ       (more of) a head, or of its body        IN, RDHUP
 *   ANSWER     the owner's answer                      RDHUP until it begins
 *              room in the socket, when it is full     OUT
 *   LINGER     the client's close, after ours          IN
 *   CLOSED
 *
 * TLS can hold bytes that poll () does not see, so reading always goes on
 * until the stream would block, and is tried again after each answer.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpconnection.h"

#include <libsoup/soup.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define READ_SIZE 4096
/* how long and how much a closed connection is still read, so that unread
 * bytes do not turn our FIN into a reset that takes the answer with it */
#define LINGER_US G_USEC_PER_SEC
#define LINGER_BYTES (64 * 1024)
/* to be taken by a client within stall_timeout */
#define PROGRESS_BYTES (16 * 1024)

/* poll () has it, GIOCondition does not name it */
#define COND_RDHUP ((GIOCondition) POLLRDHUP)

typedef enum
{
  STATE_HELLO,
  STATE_HANDSHAKE,
  STATE_READ,
  STATE_ANSWER,
  STATE_LINGER,
  STATE_CLOSED
} State;

struct _VsHttpConnection
{
  gint ref_count;
  const VsHttpConnectionSettings *settings;
  const VsHttpConnectionFuncs *funcs;
  gpointer user_data;

  GSocket *socket;
  GIOStream *stream;            /* TLS; NULL for plain HTTP */
  GSocketAddress *remote;
  gchar *ip;
  VsHttpTls *tls;
  GCancellable *cancellable;    /* of the handshake */

  State state;
  gint64 deadline;              /* monotonic, µs; 0 for none */
  GSource *source;
  gpointer fd_tag;
  GSource *write_source;

  VsHttpGuard *guard;           /* while a request is half read */
  GByteArray *body;             /* while its body is, which has body_size */
  gsize body_size;
  GByteArray *ahead;            /* pipelined bytes, at most READ_SIZE */
  gpointer request;
  guint64 n_requests;           /* that passed */
  gboolean begun;               /* the answer's first byte is out */
  gsize lingered;
  gsize progress;               /* bytes since the deadline was set */
};

static gint64
after_ms (guint ms)
{
  return g_get_monotonic_time () + ms * G_GINT64_CONSTANT (1000);
}

/* --- the socket and its source --- */

static void
watch (VsHttpConnection * connection, GIOCondition condition)
{
  if (connection->fd_tag)
    g_source_modify_unix_fd (connection->source, connection->fd_tag, condition);
}

static void
set_state (VsHttpConnection * connection, State state, GIOCondition condition,
    gint64 deadline)
{
  connection->state = state;
  connection->deadline = deadline;
  watch (connection, condition);
}

static void
wake_writer (VsHttpConnection * connection)
{
  if (connection->write_source) {
    g_source_set_ready_time (connection->write_source, 0);
    g_clear_pointer (&connection->write_source, g_source_unref);
  }
}

/* The alert that ends TLS is a few bytes: sent when they surely fit. */
static void
say_goodbye (VsHttpConnection * connection)
{
  if (connection->stream &&
      g_socket_condition_check (connection->socket, G_IO_OUT) == G_IO_OUT)
    g_output_stream_close (g_io_stream_get_output_stream (connection->stream),
        NULL, NULL);
}

void
vs_http_connection_close (VsHttpConnection * connection)
{
  State before = connection->state;

  if (before == STATE_CLOSED)
    return;
  vs_http_connection_ref (connection);
  connection->state = STATE_CLOSED;
  connection->deadline = 0;
  g_source_destroy (connection->source);
  connection->fd_tag = NULL;
  g_cancellable_cancel (connection->cancellable);
  if (before != STATE_HANDSHAKE)
    g_socket_close (connection->socket, NULL);
  if (before == STATE_ANSWER) {
    connection->funcs->abandoned (connection, connection->user_data);
    wake_writer (connection);
  } else if (before != STATE_HANDSHAKE) {
    connection->funcs->closed (connection, connection->user_data);
  }
  vs_http_connection_unref (connection);
}

/* Our side is closed; the client's bytes are read and dropped until it
 * closes too. */
static void
linger (VsHttpConnection * connection)
{
  say_goodbye (connection);
  g_socket_shutdown (connection->socket, FALSE, TRUE, NULL);
  set_state (connection, STATE_LINGER, G_IO_IN,
      g_get_monotonic_time () + LINGER_US);
}

static void
drop_input (VsHttpConnection * connection)
{
  gchar buffer[READ_SIZE];
  g_autoptr (GError) error = NULL;
  gssize n;

  do {
    n = g_socket_receive_with_blocking (connection->socket, buffer,
        sizeof (buffer), FALSE, NULL, &error);
    connection->lingered += MAX (n, 0);
  } while (n > 0 && connection->lingered < LINGER_BYTES);
  if (n >= 0 || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    vs_http_connection_close (connection);
}

static gssize
receive (VsHttpConnection * connection, void *buffer, gsize size,
    GError ** error)
{
  GPollableInputStream *in;

  if (!connection->stream)
    return g_socket_receive_with_blocking (connection->socket, buffer, size,
        FALSE, NULL, error);
  in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream
      (connection->stream));
  return g_pollable_input_stream_read_nonblocking (in, buffer, size, NULL,
      error);
}

static gssize
send_plain (VsHttpConnection * connection, const void *data, gsize size,
    gboolean more, GError ** error)
{
  GOutputVector vector = { data, size };

  return g_socket_send_message (connection->socket, NULL, &vector, 1, NULL, 0,
      more ? MSG_MORE : 0, NULL, error);
}

static gssize
transmit (VsHttpConnection * connection, const void *data, gsize size,
    gboolean more, GError ** error)
{
  GPollableOutputStream *out;

  if (!connection->stream)
    return send_plain (connection, data, size, more, error);
  out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream
      (connection->stream));
  return g_pollable_output_stream_write_nonblocking (out, data, size, NULL,
      error);
}

/* --- heads --- */

/* What the guard or a deadline refuses is answered here, in one write that
 * fits any socket buffer; when it does not, the client is not reading. */
static void
refuse (VsHttpConnection * connection, guint status, const gchar * reason)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *date = soup_date_time_to_string (now, SOUP_DATE_HTTP);
  g_autofree gchar *text = NULL;
  const gchar *bytes = NULL;
  gsize size = 0;

  if (connection->guard)
    bytes = vs_http_guard_get_bytes (connection->guard, &size);
  connection->funcs->refused (connection, status, reason, bytes, size,
      connection->user_data);
  g_clear_pointer (&connection->guard, vs_http_guard_free);
  g_clear_pointer (&connection->body, g_byte_array_unref);

  text = g_strdup_printf ("HTTP/1.1 %u %s\r\n"
      "Date: %s\r\n"
      "Connection: close\r\n"
      "%s"
      "Cache-Control: no-store\r\n"
      "Access-Control-Allow-Origin: *\r\n"
      "X-Content-Type-Options: nosniff\r\n"
      "Content-Type: text/plain\r\n"
      "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s\n",
      status, soup_status_get_phrase (status), date,
      status == 405 ? "Allow: GET, HEAD, OPTIONS\r\n" : "",
      strlen (reason) + 1, reason);
  transmit (connection, text, strlen (text), FALSE, NULL);
  linger (connection);
}

static void
take_request (VsHttpConnection * connection)
{
  VsHttpHead *head = vs_http_guard_steal_head (connection->guard);

  g_clear_pointer (&connection->guard, vs_http_guard_free);
  if (connection->body)
    head->body = g_byte_array_free_to_bytes (g_steal_pointer
        (&connection->body));
  connection->begun = FALSE;
  connection->n_requests++;
  set_state (connection, STATE_ANSWER, COND_RDHUP, 0);
  connection->funcs->request (connection, head, connection->user_data);
}

/* RFC 9110 10.1.1: who waits for leave to send the body gets it. */
static void
start_body (VsHttpConnection * connection, gsize size, gboolean has_bytes)
{
  static const gchar go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

  connection->body = g_byte_array_sized_new (size);
  connection->body_size = size;
  connection->deadline = after_ms (connection->settings->head_timeout_ms);
  if (!has_bytes && vs_http_guard_expects_continue (connection->guard))
    transmit (connection, go_on, strlen (go_on), FALSE, NULL);
}

/* How many of the bytes are the body's. */
static gsize
feed_body (VsHttpConnection * connection, const guint8 * data, gsize size)
{
  gsize used = MIN (size, connection->body_size - connection->body->len);

  g_byte_array_append (connection->body, data, used);
  return used;
}

/* Returns whether the head passed, and how many bytes were its own. */
static gboolean
feed_head (VsHttpConnection * connection, const guint8 * data, gsize size,
    gsize * used)
{
  VsHttpVerdict verdict;

  if (!connection->guard) {
    connection->guard = vs_http_guard_new ();
    if (connection->n_requests > 0)
      connection->deadline = after_ms (connection->settings->head_timeout_ms);
  }
  verdict = vs_http_guard_push (connection->guard, data, size,
      &connection->settings->rules, used);
  if (verdict == VS_HTTP_VERDICT_REFUSE)
    refuse (connection, vs_http_guard_get_status (connection->guard),
        vs_http_guard_get_reason (connection->guard));
  return verdict == VS_HTTP_VERDICT_PASS;
}

/* Returns whether the request needs more bytes. */
static gboolean
feed (VsHttpConnection * connection, const guint8 * data, gsize size)
{
  gsize used = 0, body_size;

  if (!connection->body) {
    if (!feed_head (connection, data, size, &used))
      return connection->state == STATE_READ;
    body_size = vs_http_guard_get_body_size (connection->guard);
    if (body_size > 0)
      start_body (connection, body_size, used < size);
  }
  if (connection->body) {
    used += feed_body (connection, data + used, size - used);
    if (connection->body->len < connection->body_size)
      return TRUE;
  }
  if (used < size) {
    if (!connection->ahead)
      connection->ahead = g_byte_array_new ();
    g_byte_array_append (connection->ahead, data + used, size - used);
  }
  take_request (connection);
  return FALSE;
}

static void
read_heads (VsHttpConnection * connection)
{
  guint8 buffer[READ_SIZE];
  g_autoptr (GByteArray) ahead = g_steal_pointer (&connection->ahead);
  g_autoptr (GError) error = NULL;
  gssize n;

  if (ahead && !feed (connection, ahead->data, ahead->len))
    return;
  do {
    n = receive (connection, buffer, sizeof (buffer), &error);
  } while (n > 0 && feed (connection, buffer, n));
  if (n == 0 || (n < 0 &&
          !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)))
    vs_http_connection_close (connection);
}

/* --- TLS --- */

static void
on_tls (GIOStream * stream, gpointer user_data)
{
  g_autoptr (VsHttpConnection) connection = user_data;

  connection->stream = stream;
  if (!stream || connection->state == STATE_CLOSED) {
    /* the socket was GIO's until now */
    connection->state = STATE_CLOSED;
    g_source_destroy (connection->source);
    g_socket_close (connection->socket, NULL);
    connection->funcs->closed (connection, connection->user_data);
    return;
  }
  connection->fd_tag = g_source_add_unix_fd (connection->source,
      g_socket_get_fd (connection->socket), G_IO_IN);
  set_state (connection, STATE_READ, G_IO_IN, connection->deadline);
  read_heads (connection);
}

/* The socket is GIO's for that long: poll () would report its hang-up again
 * and again. */
static void
start_handshake (VsHttpConnection * connection)
{
  g_autoptr (GSocketConnection) base = NULL;

  g_source_remove_unix_fd (connection->source, connection->fd_tag);
  connection->fd_tag = NULL;
  connection->state = STATE_HANDSHAKE;
  base = g_socket_connection_factory_create_connection (connection->socket);
  vs_http_tls_handshake (connection->tls, G_IO_STREAM (base),
      connection->cancellable, on_tls, vs_http_connection_ref (connection));
}

/* --- the source --- */

static void
on_answer_event (VsHttpConnection * connection, GIOCondition condition)
{
  if (condition & (G_IO_HUP | G_IO_ERR | COND_RDHUP)) {
    vs_http_connection_close (connection);
  } else if (condition & G_IO_OUT) {
    watch (connection, 0);
    wake_writer (connection);
  }
}

static gboolean
dispatch_source (GSource * source, GSourceFunc callback, gpointer user_data)
{
  g_autoptr (VsHttpConnection) connection = vs_http_connection_ref (user_data);
  GIOCondition condition = 0;

  g_source_set_ready_time (source, -1);
  if (connection->fd_tag)
    condition = g_source_query_unix_fd (source, connection->fd_tag);
  switch (connection->state) {
    case STATE_HELLO:
      start_handshake (connection);
      break;
    case STATE_READ:
      read_heads (connection);
      break;
    case STATE_ANSWER:
      on_answer_event (connection, condition);
      break;
    case STATE_LINGER:
      drop_input (connection);
      break;
    case STATE_HANDSHAKE:
    case STATE_CLOSED:
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
unused_callback (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
  .dispatch = dispatch_source,
};

/* --- life --- */

/* An IPv4-mapped address (RFC 4291 2.5.5.2) is an IPv4 client. */
static gchar *
ip_to_string (GSocketAddress * address)
{
  g_autofree gchar *text = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("");
  text = g_inet_address_to_string (g_inet_socket_address_get_address
      (G_INET_SOCKET_ADDRESS (address)));
  if (g_str_has_prefix (text, "::ffff:") && strchr (text, '.'))
    return g_strdup (text + strlen ("::ffff:"));
  return g_steal_pointer (&text);
}

VsHttpConnection *
vs_http_connection_new (GSocket * socket, GSocketAddress * remote,
    VsHttpTls * tls, const VsHttpConnectionSettings * settings,
    const VsHttpConnectionFuncs * funcs, gpointer user_data)
{
  VsHttpConnection *connection = g_new0 (VsHttpConnection, 1);

  connection->ref_count = 1;
  connection->settings = settings;
  connection->funcs = funcs;
  connection->user_data = user_data;
  connection->socket = g_object_ref (socket);
  connection->remote = g_object_ref (remote);
  connection->ip = ip_to_string (remote);
  connection->tls = tls;
  connection->cancellable = g_cancellable_new ();
  connection->state = tls ? STATE_HELLO : STATE_READ;
  connection->deadline = after_ms (settings->head_timeout_ms);
  connection->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (connection->source, "VsHttpConnection");
  g_source_set_callback (connection->source, unused_callback, connection, NULL);
  connection->fd_tag = g_source_add_unix_fd (connection->source,
      g_socket_get_fd (socket), G_IO_IN);
  g_source_attach (connection->source, g_main_context_get_thread_default ());
  return connection;
}

VsHttpConnection *
vs_http_connection_ref (VsHttpConnection * connection)
{
  connection->ref_count++;
  return connection;
}

void
vs_http_connection_unref (VsHttpConnection * connection)
{
  if (--connection->ref_count > 0)
    return;
  g_source_destroy (connection->source);
  g_source_unref (connection->source);
  g_clear_pointer (&connection->write_source, g_source_unref);
  g_clear_pointer (&connection->guard, vs_http_guard_free);
  g_clear_pointer (&connection->ahead, g_byte_array_unref);
  g_clear_pointer (&connection->body, g_byte_array_unref);
  g_clear_object (&connection->stream);
  g_object_unref (connection->socket);
  g_object_unref (connection->remote);
  g_object_unref (connection->cancellable);
  g_free (connection->ip);
  g_free (connection);
}

GSocketAddress *
vs_http_connection_get_remote (VsHttpConnection * connection)
{
  return connection->remote;
}

const gchar *
vs_http_connection_get_ip (VsHttpConnection * connection)
{
  return connection->ip;
}

void
vs_http_connection_set_request (VsHttpConnection * connection, gpointer request)
{
  connection->request = request;
}

gpointer
vs_http_connection_get_request (VsHttpConnection * connection)
{
  return connection->request;
}

/* --- answers --- */

static void
note_progress (VsHttpConnection * connection, gsize n)
{
  connection->progress += n;
  if (connection->progress >= PROGRESS_BYTES)
    connection->deadline = 0;
}

static void
note_stall (VsHttpConnection * connection)
{
  if (connection->deadline != 0)
    return;
  connection->progress = 0;
  connection->deadline = after_ms (connection->settings->stall_timeout_ms);
}

gssize
vs_http_connection_send (VsHttpConnection * connection, const void *data,
    gsize size, gboolean more, GError ** error)
{
  g_autoptr (GError) failure = NULL;
  gssize n;

  if (connection->state != STATE_ANSWER) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE,
        "The client is gone");
    return -1;
  }
  n = transmit (connection, data, size, more, &failure);
  if (n >= 0) {
    note_progress (connection, n);
    /* whoever closed only its own side may still read what has begun */
    if (!connection->begun)
      watch (connection, 0);
    connection->begun = TRUE;
    return n;
  }
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    note_stall (connection);
    watch (connection, G_IO_OUT);
  }
  g_propagate_error (error, g_steal_pointer (&failure));
  return -1;
}

gboolean
vs_http_connection_is_writable (VsHttpConnection * connection)
{
  return connection->state != STATE_ANSWER ||
      (g_socket_condition_check (connection->socket, G_IO_OUT) & G_IO_OUT);
}

GSource *
vs_http_connection_create_write_source (VsHttpConnection * connection,
    GObject * stream)
{
  GSource *source = g_pollable_source_new (stream);

  g_clear_pointer (&connection->write_source, g_source_unref);
  connection->write_source = g_source_ref (source);
  if (connection->state == STATE_ANSWER)
    watch (connection, G_IO_OUT);
  else
    wake_writer (connection);
  return source;
}

void
vs_http_connection_hold (VsHttpConnection * connection)
{
  if (connection->state == STATE_ANSWER)
    connection->deadline = 0;
}

void
vs_http_connection_end_request (VsHttpConnection * connection, gboolean whole,
    gboolean keep)
{
  connection->request = NULL;
  g_clear_pointer (&connection->write_source, g_source_unref);
  if (connection->state == STATE_CLOSED) {
    connection->funcs->closed (connection, connection->user_data);
    return;
  }
  if (!whole) {
    connection->state = STATE_READ;     /* nothing is left to abandon */
    vs_http_connection_close (connection);
  } else if (!keep) {
    linger (connection);
  } else {
    set_state (connection, STATE_READ, G_IO_IN,
        after_ms (connection->settings->idle_timeout_ms));
    if (connection->ahead || connection->stream)
      g_source_set_ready_time (connection->source, 0);
  }
}

/* --- deadlines --- */

void
vs_http_connection_check (VsHttpConnection * connection, gint64 now)
{
  if (connection->deadline == 0 || now < connection->deadline)
    return;
  if (connection->state == STATE_READ && connection->guard)
    refuse (connection, 408, connection->body ? "request body took too long" :
        "request head took too long");
  else
    vs_http_connection_close (connection);
}

gboolean
vs_http_connection_is_idle (VsHttpConnection * connection)
{
  return connection->state == STATE_READ && !connection->guard &&
      !connection->ahead;
}
