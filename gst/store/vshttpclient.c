/* VisionStream: HTTP as a client, for stores behind it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A call takes a slot, of which there are as many as connections, sends with
 * libsoup's blocking functions, reads the answer, and gives the slot back.
 * Each slot has a session of its own: the address of a host, which a session
 * keeps for all of its connections, ends the process by an assertion of GLib
 * 2.74 when two threads look it up at once. Its timers would run in the main context of whoever made
 * the call, while others use what they free: each call has a context of its
 * own, which nobody runs.
 *
 * Each call has a cancellable of its own as well. The caller's cancels it, and
 * one thread, the watch, cancels those whose deadline has come: libsoup's
 * timeout begins anew with each byte.
 *
 * No lock is held while a cancellable is cancelled or (dis)connected, for both
 * wait for handlers that take the client's lock.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store/vshttpclient.h"

#include <string.h>

#include "store/vshttpauth.h"
#include "store/vshttpbody.h"
#include "store/vshttpproxy.h"

#define CONNECTIONS_DEFAULT 8
#define CONNECTIONS_MAX 16
#define TIMEOUT_DEFAULT_S 10

struct _VsHttpClient
{
  gint ref_count;
  GTlsDatabase *anchors;        /* or NULL */
  gchar *user_agent;            /* or NULL */
  VsHttpAuth *auth;
  guint max_busy;
  guint timeout_s;
  GThread *watch;

  GMutex lock;
  /* a slot is free, or a call that waits for one is cancelled */
  GCond slot_cond;
  /* a deadline was added, or the client goes */
  GCond watch_cond;
  /* protected by lock */
  guint n_busy;
  GQueue idle;                  /* SoupSession: of slots that were in use; the
                                 * last one first, whose connection is new */
  GList *exchanges;             /* of those with a deadline */
  gboolean stopping;
};

/* One call; on its caller's stack. */
typedef struct
{
  VsHttpClient *client;
  const VsHttpCall *call;
  GUri *uri;
  GMainContext *context;
  GCancellable *cancellable, *outer;
  gulong outer_id, wake_id;
  gboolean has_slot;
  SoupSession *session;         /* the slot's */
} Exchange;

static Exchange *
find_next_unlocked (VsHttpClient * self)
{
  Exchange *next = NULL;

  for (GList * l = self->exchanges; l; l = l->next) {
    Exchange *exchange = l->data;

    if (next == NULL || exchange->call->deadline_us < next->call->deadline_us)
      next = exchange;
  }
  return next;
}

static void
expire_unlocked (VsHttpClient * self, Exchange * exchange)
{
  g_autoptr (GCancellable) cancellable = g_object_ref (exchange->cancellable);

  self->exchanges = g_list_remove (self->exchanges, exchange);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (cancellable);
  g_mutex_lock (&self->lock);
}

static gpointer
watch (gpointer data)
{
  VsHttpClient *self = data;

  g_mutex_lock (&self->lock);
  while (!self->stopping) {
    Exchange *next = find_next_unlocked (self);

    if (next == NULL)
      g_cond_wait (&self->watch_cond, &self->lock);
    else if (g_get_monotonic_time () < next->call->deadline_us)
      g_cond_wait_until (&self->watch_cond, &self->lock,
          next->call->deadline_us);
    else
      expire_unlocked (self, next);
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

static SoupSession *
make_session (const VsHttpClient * self)
{
  g_autoptr (GProxyResolver) proxies = vs_http_proxy_resolver_new ();
  /* connections: more than one, so that libsoup never waits for one, deaf to
   * cancellation. idle-timeout: a server closes what it does not want any
   * more. */
  SoupSession *session = soup_session_new_with_options ("max-conns", 2,
      "max-conns-per-host", 2, "timeout", self->timeout_s, "idle-timeout", 0,
      "proxy-resolver", proxies, NULL);

  if (self->anchors)
    soup_session_set_tls_database (session, self->anchors);
  if (self->user_agent)
    soup_session_set_user_agent (session, self->user_agent);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

VsHttpClient *
vs_http_client_new (const VsHttpClientSettings * settings, GError ** error)
{
  g_autoptr (GTlsDatabase) anchors = NULL;
  g_autoptr (VsHttpAuth) auth = NULL;
  VsHttpClient *self;

  if (settings->ca_file) {
    anchors = g_tls_file_database_new (settings->ca_file, error);
    if (anchors == NULL) {
      g_prefix_error (error, "%s: ", settings->ca_file);
      return NULL;
    }
  }
  if (settings->user) {
    auth = vs_http_auth_new (settings->origin, settings->user,
        settings->password, error);
    if (auth == NULL)
      return NULL;
  }
  self = g_new0 (VsHttpClient, 1);
  self->ref_count = 1;
  self->auth = g_steal_pointer (&auth);
  self->max_busy = settings->max_connections ?
      MIN (settings->max_connections, CONNECTIONS_MAX) : CONNECTIONS_DEFAULT;
  self->timeout_s = settings->timeout_s ? settings->timeout_s :
      TIMEOUT_DEFAULT_S;
  self->anchors = g_steal_pointer (&anchors);
  self->user_agent = g_strdup (settings->user_agent);
  g_queue_init (&self->idle);
  g_mutex_init (&self->lock);
  g_cond_init (&self->slot_cond);
  g_cond_init (&self->watch_cond);
  self->watch = g_thread_new ("vs-http-watch", watch, self);
  return self;
}

VsHttpClient *
vs_http_client_ref (VsHttpClient * self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vs_http_client_unref (VsHttpClient * self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_signal (&self->watch_cond);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->watch);
  g_queue_clear_full (&self->idle, g_object_unref);
  g_clear_object (&self->anchors);
  g_free (self->user_agent);
  g_clear_pointer (&self->auth, vs_http_auth_free);
  g_cond_clear (&self->slot_cond);
  g_cond_clear (&self->watch_cond);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* tchar of RFC 9110 5.6.2 */
static gboolean
is_token (const gchar * text)
{
  if (*text == '\0')
    return FALSE;
  for (; *text; text++) {
    if (!g_ascii_isalnum (*text) && !strchr ("!#$%&'*+-.^_`|~", *text))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_value (const gchar * text)
{
  for (; *text; text++) {
    if (g_ascii_iscntrl (*text) && *text != '\t')
      return FALSE;
  }
  return TRUE;
}

static gboolean
headers_are_valid (const gchar * const *headers)
{
  static const gchar *const own[] = { "Host", "Content-Length",
    "Transfer-Encoding", "Connection", "Expect"
  };

  for (; headers && headers[0]; headers += 2) {
    if (headers[1] == NULL || !is_token (headers[0]) || !is_value (headers[1]))
      return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (own); i++) {
      if (g_ascii_strcasecmp (headers[0], own[i]) == 0)
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
is_server (GUri * uri)
{
  const gchar *scheme = g_uri_get_scheme (uri);
  const gchar *host = g_uri_get_host (uri);

  return (g_str_equal (scheme, "http") || g_str_equal (scheme, "https"))
      && host && *host && g_uri_get_userinfo (uri) == NULL;
}

/* GUri normalizes what it parses ("%7E" becomes "~", "/./" goes), and then no
 * signature fits: so it is given path and query once more, as they are. */
static GUri *
parse_uri (const gchar * text)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree gchar *path = NULL;
  const gchar *target;
  gsize size;

  for (target = text; *target; target++) {
    if (!g_ascii_isgraph (*target) || *target == '#')
      return NULL;
  }
  uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri == NULL || !is_server (uri))
    return NULL;

  target = strstr (text, "://") + strlen ("://");
  target += strcspn (target, "/?");
  size = strcspn (target, "?");
  path = size > 0 ? g_strndup (target, size) : g_strdup ("/");
  return g_uri_build (SOUP_HTTP_URI_FLAGS, g_uri_get_scheme (uri), NULL,
      g_uri_get_host (uri), g_uri_get_port (uri), path,
      target[size] ? target + size + 1 : NULL, NULL);
}

static gboolean
check_call (Exchange * self, GError ** error)
{
  self->uri = parse_uri (self->call->uri);
  if (self->uri && is_token (self->call->method)
      && headers_are_valid (self->call->headers))
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "no HTTP request can be made of this method, address or these headers");
  return FALSE;
}

static void
forward_cancel (GCancellable * outer, GCancellable * inner)
{
  g_cancellable_cancel (inner);
}

static void
wake_waiting (GCancellable * cancellable, VsHttpClient * client)
{
  g_mutex_lock (&client->lock);
  g_cond_broadcast (&client->slot_cond);
  g_mutex_unlock (&client->lock);
}

static void
begin (Exchange * self)
{
  VsHttpClient *client = self->client;

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->wake_id = g_cancellable_connect (self->cancellable,
      G_CALLBACK (wake_waiting), client, NULL);
  if (self->outer)
    self->outer_id = g_cancellable_connect (self->outer,
        G_CALLBACK (forward_cancel), g_object_ref (self->cancellable),
        g_object_unref);

  g_mutex_lock (&client->lock);
  if (self->call->deadline_us > 0) {
    client->exchanges = g_list_prepend (client->exchanges, self);
    g_cond_signal (&client->watch_cond);
  }
  while (client->n_busy >= client->max_busy
      && !g_cancellable_is_cancelled (self->cancellable))
    g_cond_wait (&client->slot_cond, &client->lock);
  self->has_slot = !g_cancellable_is_cancelled (self->cancellable);
  client->n_busy += self->has_slot;
  if (self->has_slot)
    self->session = g_queue_pop_head (&client->idle);
  g_mutex_unlock (&client->lock);
  if (self->has_slot && self->session == NULL)
    self->session = make_session (client);
}

static void
end (Exchange * self)
{
  VsHttpClient *client = self->client;

  g_mutex_lock (&client->lock);
  client->exchanges = g_list_remove (client->exchanges, self);
  client->n_busy -= self->has_slot;
  if (self->session)
    g_queue_push_head (&client->idle, self->session);
  g_cond_signal (&client->slot_cond);
  g_mutex_unlock (&client->lock);

  g_cancellable_disconnect (self->outer, self->outer_id);
  g_cancellable_disconnect (self->cancellable, self->wake_id);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_object_unref (self->cancellable);
  g_clear_pointer (&self->uri, g_uri_unref);
  vs_http_client_unref (client);
}

static void
set_body (SoupMessage * message, const VsHttpBody * body)
{
  g_autoptr (GInputStream) stream = vs_http_body_open (body);

  soup_message_set_request_body (message, NULL, stream,
      vs_http_body_get_size (body));
}

/* libsoup is about to send again what failed on a connection that was kept.
 * The next one may be as dead, and a new one is not tried again. */
static void
on_restarted (SoupMessage * message, const VsHttpCall * call)
{
  soup_message_add_flags (message, SOUP_MESSAGE_NEW_CONNECTION);
  if (call->body)
    set_body (message, call->body);
}

/* HTTP/2 is not offered: libsoup 3.2 has faults in it that are known, and a
 * connection of it belongs to the thread that opened it. */
static void
on_network_event (SoupMessage * message, GSocketClientEvent event,
    GIOStream * connection)
{
  static const gchar *const protocols[] = { "http/1.1", NULL };

  if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING
      && G_IS_TLS_CONNECTION (connection))
    g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (connection),
        protocols);
}

static void
set_headers (SoupMessage * message, const VsHttpCall * call)
{
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_headers_append (headers, "Accept-Encoding", "identity");
  for (const gchar * const *h = call->headers; h && h[0]; h += 2)
    soup_message_headers_replace (headers, h[0], h[1]);
  if (call->body)
    set_body (message, call->body);
  else if (g_str_equal (call->method, "PUT")
      || g_str_equal (call->method, "POST"))
    soup_message_headers_set_content_length (headers, 0);
}

static SoupMessage *
make_message (Exchange * self)
{
  const VsHttpCall *call = self->call;
  SoupMessage *message = soup_message_new_from_uri (call->method, self->uri);

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  /* a session that has none reads each 401 into memory, to its end */
  soup_message_disable_feature (message, SOUP_TYPE_AUTH_MANAGER);
  set_headers (message, call);
  g_signal_connect (message, "restarted", G_CALLBACK (on_restarted),
      (gpointer) call);
  g_signal_connect (message, "network-event", G_CALLBACK (on_network_event),
      NULL);
  if (self->client->auth
      && !soup_message_headers_get_one (soup_message_get_request_headers
          (message), "Authorization"))
    vs_http_auth_sign (self->client->auth, message);
  return message;
}

static gboolean
exchange (Exchange * self, SoupMessage * message, VsHttpReply * reply,
    GError ** error)
{
  g_autoptr (GInputStream) stream = soup_session_send (self->session, message,
      self->cancellable, error);

  if (stream == NULL)
    return FALSE;

  reply->body = vs_http_answer_read (message, stream, self->call->max_answer,
      self->cancellable, error);
  /* what was not read to its end is closed, and reads no more here */
  g_input_stream_close (stream, NULL, NULL);
  if (reply->body == NULL)
    return FALSE;

  reply->status = soup_message_get_status (message);
  reply->headers =
      soup_message_headers_ref (soup_message_get_response_headers (message));
  return TRUE;
}

static const gchar *
describe_tls (GTlsCertificateFlags flags)
{
  if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
    return "its certificate was signed by nobody who is trusted here";
  if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
    return "its certificate is another host's";
  if (flags & G_TLS_CERTIFICATE_EXPIRED)
    return "its certificate has expired";
  if (flags & G_TLS_CERTIFICATE_NOT_ACTIVATED)
    return "its certificate is not valid yet; is the clock right?";
  if (flags & G_TLS_CERTIFICATE_REVOKED)
    return "its certificate was revoked";
  return flags ? "its certificate is not acceptable" : NULL;
}

static gint
get_code (const GError * cause)
{
  if (cause->domain == G_IO_ERROR)
    return cause->code;
  if (cause->domain == G_RESOLVER_ERROR)
    return G_IO_ERROR_HOST_NOT_FOUND;
  if (g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_EOF))
    return G_IO_ERROR_PARTIAL_INPUT;
  if (cause->domain == SOUP_SESSION_ERROR)
    return G_IO_ERROR_INVALID_DATA;
  return G_IO_ERROR_FAILED;
}

/* @cause: (transfer full): becomes what vs_http_client_send () promises */
static void
set_error (Exchange * self, SoupMessage * message, GError * cause,
    GError ** error)
{
  const gchar *text = describe_tls (message ?
      soup_message_get_tls_peer_certificate_errors (message) : 0);
  gint code = get_code (cause);

  if (g_cancellable_is_cancelled (self->cancellable)) {
    gboolean wanted = g_cancellable_is_cancelled (self->outer);

    code = wanted ? G_IO_ERROR_CANCELLED : G_IO_ERROR_TIMED_OUT;
    text = wanted ? "cancelled" : "there was no whole answer in time";
  }
  g_set_error (error, G_IO_ERROR, code, "%s:%d: %s",
      g_uri_get_host (self->uri), g_uri_get_port (self->uri),
      text ? text : cause->message);
  g_error_free (cause);
}

/* One request and its answer. @again: (out): the answer was 401, and now it is
 * known what is to be sent */
static gboolean
send_once (Exchange * self, VsHttpReply * reply, gboolean * again,
    GError ** error)
{
  g_autoptr (SoupMessage) message = make_message (self);
  GError *cause = NULL;

  *again = FALSE;
  if (exchange (self, message, reply, &cause)
      && reply->status == SOUP_STATUS_UNAUTHORIZED && self->client->auth)
    *again = vs_http_auth_learn (self->client->auth, message, &cause);
  if (cause == NULL)
    return TRUE;

  vs_http_reply_clear (reply);
  set_error (self, message, cause, error);
  return FALSE;
}

static gboolean
send_slot (Exchange * self, VsHttpReply * reply, GError ** error)
{
  gboolean again;

  if (!self->has_slot) {
    set_error (self, NULL, g_error_new_literal (G_IO_ERROR,
            G_IO_ERROR_CANCELLED, ""), error);
    return FALSE;
  }
  if (!send_once (self, reply, &again, error))
    return FALSE;
  if (!again)
    return TRUE;
  vs_http_reply_clear (reply);
  return send_once (self, reply, &again, error);
}

gboolean
vs_http_client_send (VsHttpClient * client, const VsHttpCall * call,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  Exchange self = {.client = client,.call = call,.outer = cancellable };
  gboolean done;

  memset (reply, 0, sizeof *reply);
  if (!check_call (&self, error)) {
    g_clear_pointer (&self.uri, g_uri_unref);
    return FALSE;
  }
  self.client = vs_http_client_ref (client);
  self.cancellable = g_cancellable_new ();
  begin (&self);
  done = send_slot (&self, reply, error);
  end (&self);
  return done;
}
