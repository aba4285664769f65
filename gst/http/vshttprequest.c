/* VisionStream: a request and its way to an answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttprequest.h"

#include "http/vshttpfeed.h"
#include "http/vshttpforwarded.h"

struct _VsHttpRequest
{
  gint ref_count;
  VsHttpWorker *worker;
  VsHttpHead *head;
  gchar *peer;                  /* its address */
  VsHttpForwarded forwarded;
  gchar *origin;
  gint answered;                /* atomic: the handler has answered */

  /* the worker's thread's own */
  VsHttpConnection *connection; /* until detach */
  SoupServerMessage *message;   /* from attach to detach */
  VsHttpFeed *feed;             /* of a body with a source, until detach */
  VsHttpAnswer *answer;         /* its answer, until it has begun */
  guint n_unsent;               /* its pieces that libsoup has to write */
  gboolean cut;                 /* there are no more, too early */
  gboolean keep;
  gboolean pending;             /* the handler was asked, nothing applied */
  gboolean counted;             /* as such, by the worker */
  gboolean paused;              /* the message is, or is about to be */
  gboolean gone;                /* the client is */
  gboolean whole;               /* libsoup wrote all of it */
  VsHttpResponse response;
  gint64 real_time, start_time, begin_time;     /* µs */
  gchar *account, *event, *breakout, *endpoint, *reason;
};

/* An answer on its way to the worker's thread. */
typedef struct
{
  VsHttpRequest *request;
  VsHttpAnswer *answer;
} Delivery;

VsHttpRequest *
vs_http_request_new (VsHttpWorker * worker, VsHttpConnection * connection,
    VsHttpHead * head)
{
  VsHttpRequest *request = g_new0 (VsHttpRequest, 1);

  request->ref_count = 1;
  request->worker = vs_http_worker_ref (worker);
  request->head = head;
  request->connection = connection;
  request->peer = g_strdup (vs_http_connection_get_ip (connection));
  vs_http_forwarded_read (head, request->peer,
      vs_http_worker_get_config (worker)->trusted_proxies, &request->forwarded);
  request->origin = vs_http_head_get_origin (head,
      vs_http_request_is_by_tls (request));
  request->real_time = g_get_real_time ();
  request->start_time = g_get_monotonic_time ();
  return request;
}

VsHttpRequest *
vs_http_request_ref (VsHttpRequest * request)
{
  g_atomic_int_inc (&request->ref_count);
  return request;
}

void
vs_http_request_unref (VsHttpRequest * request)
{
  if (!g_atomic_int_dec_and_test (&request->ref_count))
    return;
  vs_http_head_free (request->head);
  g_clear_pointer (&request->answer, vs_http_answer_free);
  g_free (request->peer);
  g_free (request->origin);
  vs_http_forwarded_clear (&request->forwarded);
  g_free (request->account);
  g_free (request->event);
  g_free (request->breakout);
  g_free (request->endpoint);
  g_free (request->reason);
  vs_http_worker_unref (request->worker);
  g_free (request);
}

/* --- in the worker's thread --- */

static void
on_wrote_body (SoupServerMessage * message, gpointer user_data)
{
  VsHttpRequest *request = user_data;

  request->whole = TRUE;
}

static const gchar *const *
get_pages (VsHttpRequest * request)
{
  return vs_http_worker_get_config (request->worker)->pages;
}

static void
fill (VsHttpRequest * request, const VsHttpAnswer * answer)
{
  vs_http_response_fill (request->head, answer, get_pages (request),
      request->keep, request->message, &request->response);
}

static void
answer_busy (VsHttpRequest * request)
{
  VsHttpAnswer answer = {.status = 503,.retry_after = 1 };

  fill (request, &answer);
}

static void
ask (VsHttpRequest * request, VsHttpHandler handler, gpointer user_data)
{
  request->pending = TRUE;
  handler (vs_http_request_ref (request), user_data);
  if (request->pending) {
    request->counted = TRUE;
    vs_http_worker_count_pending (request->worker, 1);
  }
  /* an answer that waits for its first piece waits as well */
  if (request->pending || request->answer) {
    request->paused = TRUE;
    soup_server_message_pause (request->message);
  }
}

static gboolean
may_post (VsHttpRequest * request)
{
  const VsHttpWorkerConfig *config =
      vs_http_worker_get_config (request->worker);

  return vs_http_rules_allow_post (&config->connection.rules,
      request->head->path);
}

void
vs_http_request_attach (VsHttpRequest * request, SoupServerMessage * message,
    VsHttpHandler handler, gpointer user_data, gboolean keep)
{
  request->message = g_object_ref (message);
  request->keep = keep && request->head->keep_alive;
  g_signal_connect (message, "wrote-body", G_CALLBACK (on_wrote_body), request);
  /* without an answer libsoup makes one, which cannot be sent */
  if (request->gone)
    return;
  if (request->head->method == VS_HTTP_OPTIONS)
    vs_http_response_fill_options (request->head, get_pages (request),
        may_post (request), request->keep, message, &request->response);
  else if (!handler)
    answer_busy (request);
  else
    ask (request, handler, user_data);
}

static void
resume (VsHttpRequest * request)
{
  if (request->paused && request->message)
    soup_server_message_unpause (request->message);
  request->paused = FALSE;
}

/* libsoup finds out by writing: something, if there is nothing. */
void
vs_http_request_abandon (VsHttpRequest * request)
{
  gboolean starved = request->feed && !request->answer &&
      request->n_unsent == 0;

  request->gone = TRUE;
  g_clear_pointer (&request->feed, vs_http_feed_free);
  if (starved && request->message)
    soup_message_body_append (soup_server_message_get_response_body
        (request->message), SOUP_MEMORY_STATIC, "", 1);
  resume (request);
}

gboolean
vs_http_request_begin (VsHttpRequest * request)
{
  request->begin_time = g_get_monotonic_time ();
  return request->response.has_body;
}

/* For what is only counted and told. */
static const gchar *
client_or_peer (const VsHttpRequest * request)
{
  return request->forwarded.client ? request->forwarded.client : request->peer;
}

static VsAccessRecord *
make_record (VsHttpRequest * request, guint64 sent)
{
  VsAccessRecord *record = g_new0 (VsAccessRecord, 1);
  const VsHttpHead *head = request->head;
  gint64 begin = request->begin_time ? request->begin_time :
      g_get_monotonic_time ();

  record->time_us = request->real_time;
  record->client_ip = g_strdup (client_or_peer (request));
  record->processing_time =
      (gdouble) (begin - request->start_time) / G_USEC_PER_SEC;
  record->status = sent > 0 ? request->response.status : 499;
  record->received = head->size + head->body_size;
  record->sent = sent;
  record->method = vs_http_method_to_string (head->method);
  record->request = g_strdup (head->target);
  record->protocol = head->minor_version ? "HTTP/1.1" : "HTTP/1.0";
  record->user_agent = g_strdup (vs_http_head_get (head, "User-Agent"));
  record->host = g_strdup (head->host);
  record->id = vs_access_log_next_id ();
  record->account = g_steal_pointer (&request->account);
  record->event = g_steal_pointer (&request->event);
  record->breakout = g_steal_pointer (&request->breakout);
  record->endpoint = g_steal_pointer (&request->endpoint);
  record->reason = g_steal_pointer (&request->reason);
  return record;
}

VsAccessRecord *
vs_http_request_detach (VsHttpRequest * request, guint64 sent,
    gboolean * whole, gboolean * keep)
{
  if (request->message)
    g_signal_handlers_disconnect_by_data (request->message, request);
  g_clear_object (&request->message);
  g_clear_pointer (&request->feed, vs_http_feed_free);
  request->connection = NULL;
  request->gone = TRUE;
  *whole = request->whole;
  *keep = request->response.keep;
  return make_record (request, sent);
}

static void
keep_labels (VsHttpRequest * request, const VsHttpAnswer * answer)
{
  request->account = g_strdup (answer->account);
  request->event = g_strdup (answer->event);
  request->breakout = g_strdup (answer->breakout);
  request->endpoint = g_strdup (answer->endpoint);
  request->reason = g_strdup (answer->reason);
  if (answer->event && answer->status < 400)
    vs_http_worker_see_viewer (request->worker, client_or_peer (request),
        vs_http_head_get (request->head, "User-Agent"));
}

/* --- an answer with a source --- */

static void
on_wrote_chunk (SoupServerMessage * message, gpointer user_data)
{
  VsHttpRequest *request = user_data;

  request->n_unsent--;
  if (request->feed && !request->cut)
    vs_http_feed_taken (request->feed);
  if (request->n_unsent > 0 || !request->feed
      || vs_http_feed_is_over (request->feed))
    return;
  if (request->cut) {
    vs_http_connection_close (request->connection);
  } else {
    request->paused = TRUE;
    vs_http_connection_hold (request->connection);
  }
}

static void
begin_answer (VsHttpRequest * request)
{
  g_autoptr (VsHttpAnswer) answer = g_steal_pointer (&request->answer);

  fill (request, answer);
  g_signal_connect (request->message, "wrote-chunk",
      G_CALLBACK (on_wrote_chunk), request);
}

static void
on_piece (GBytes * bytes, gpointer user_data)
{
  VsHttpRequest *request = user_data;

  if (request->answer)
    begin_answer (request);
  request->n_unsent++;
  soup_message_body_append_bytes (soup_server_message_get_response_body
      (request->message), bytes);
  resume (request);
}

/* What has begun can only be cut off, after what there is: its length is
 * told. */
static void
on_failed (const GError * error, gpointer user_data)
{
  VsHttpRequest *request = user_data;
  g_autoptr (VsHttpAnswer) answer = g_steal_pointer (&request->answer);
  VsHttpAnswer refusal = {.status = 502 };

  if (!answer) {
    request->cut = TRUE;
    if (request->n_unsent == 0)
      vs_http_connection_close (request->connection);
    return;
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY)) {
    refusal.status = 503;
    refusal.retry_after = 1;
  }
  g_clear_pointer (&request->feed, vs_http_feed_free);
  g_free (request->reason);
  request->reason = g_strdup (error ? error->message : NULL);
  fill (request, &refusal);
  resume (request);
}

static const VsHttpFeedFuncs feed_funcs = { on_piece, on_failed };

static void
feed_from_source (VsHttpRequest * request, const VsHttpAnswer * answer,
    guint64 offset, guint64 length)
{
  request->answer = vs_http_answer_copy (answer);
  request->feed = vs_http_feed_new (request->worker, answer->source, offset,
      length, &feed_funcs, request);
  vs_http_feed_start (request->feed);
}

static void
apply (VsHttpRequest * request, const VsHttpAnswer * answer)
{
  guint64 offset, length;

  request->pending = FALSE;
  if (request->counted)
    vs_http_worker_count_pending (request->worker, -1);
  if (request->gone || !request->message)
    return;
  keep_labels (request, answer);
  if (vs_http_response_find_part (request->head, answer, &offset, &length)) {
    feed_from_source (request, answer, offset, length);
    return;
  }
  fill (request, answer);
  resume (request);
}

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;

  apply (delivery->request, delivery->answer);
  vs_http_request_unref (delivery->request);
  vs_http_answer_free (delivery->answer);
  g_free (delivery);
  return G_SOURCE_REMOVE;
}

/* --- from any thread --- */

void
vs_http_request_respond (VsHttpRequest * request, const VsHttpAnswer * answer)
{
  Delivery *delivery;

  g_return_if_fail (g_atomic_int_compare_and_exchange (&request->answered,
          FALSE, TRUE));

  if (vs_http_worker_is_current (request->worker)) {
    apply (request, answer);
    vs_http_request_unref (request);
    return;
  }
  delivery = g_new (Delivery, 1);
  delivery->request = request;
  delivery->answer = vs_http_answer_copy (answer);
  if (!vs_http_worker_post (request->worker, deliver, delivery)) {
    vs_http_answer_free (delivery->answer);
    vs_http_request_unref (request);
    g_free (delivery);
  }
}

const gchar *
vs_http_request_get_method (VsHttpRequest * request)
{
  return vs_http_method_to_string (request->head->method);
}

GBytes *
vs_http_request_get_body (VsHttpRequest * request)
{
  return request->head->body;
}

const gchar *
vs_http_request_get_target (VsHttpRequest * request)
{
  return request->head->target;
}

const gchar *
vs_http_request_get_origin (VsHttpRequest * request)
{
  return request->origin;
}

const gchar *
vs_http_request_get_path (VsHttpRequest * request)
{
  return request->head->path;
}

const gchar *
vs_http_request_get_query (VsHttpRequest * request)
{
  return request->head->query;
}

const gchar *
vs_http_request_get_header (VsHttpRequest * request, const gchar * name)
{
  return vs_http_head_get (request->head, name);
}

const gchar **
vs_http_request_get_header_lines (VsHttpRequest * request, const gchar * name)
{
  const VsHttpHead *head = request->head;
  GPtrArray *lines = g_ptr_array_new ();

  for (guint i = 0; i < head->n_fields; i++) {
    if (g_ascii_strcasecmp (head->fields[i].name, name) == 0)
      g_ptr_array_add (lines, (gpointer) head->fields[i].value);
  }
  g_ptr_array_add (lines, NULL);
  return (const gchar **) g_ptr_array_free (lines, FALSE);
}

const gchar *
vs_http_request_get_client_ip (VsHttpRequest * request)
{
  return request->forwarded.client;
}

gboolean
vs_http_request_is_by_proxy (VsHttpRequest * request)
{
  return request->forwarded.by_proxy;
}

gboolean
vs_http_request_is_by_tls (VsHttpRequest * request)
{
  const VsHttpWorkerConfig *config =
      vs_http_worker_get_config (request->worker);

  return request->forwarded.by_proxy ? request->forwarded.by_tls :
      config->certificate != NULL;
}

gboolean
vs_http_request_is_local (VsHttpRequest * request)
{
  g_autoptr (GInetAddress) peer = NULL;

  if (request->forwarded.by_proxy || vs_http_forwarded_is_there (request->head))
    return FALSE;
  peer = g_inet_address_new_from_string (request->peer);
  return peer && g_inet_address_get_is_loopback (peer);
}

gboolean
vs_http_request_accepts_gzip (VsHttpRequest * request)
{
  return vs_http_head_accepts_gzip (request->head);
}
