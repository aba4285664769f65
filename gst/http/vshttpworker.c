/* VisionStream: a thread that serves connections
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpworker.h"

#include <libsoup/soup.h>
#include <string.h>
#include "http/vshttprequest.h"
#include "http/vshttpstream.h"

/* handshakes that may hold a thread of GIO's pool at a time */
#define MAX_HANDSHAKES 16
/* deadlines are kept to a quarter of the shortest, within these bounds */
#define MIN_TICK_MS 20
#define MAX_TICK_MS 250
/* of what was refused, in the access log */
#define MAX_REFUSED_TEXT 1024

/*
 * Lock: mutex guards stopped and the counters; all else belongs to the
 * thread. A connection of libsoup's is found by its remote address object,
 * which is the connection's own.
 */
struct _VsHttpWorker
{
  gint ref_count;
  const VsHttpWorkerConfig *config;
  GMainContext *context;
  GThread *thread;
  gint load;                    /* atomic */

  GMutex mutex;
  gboolean stopped;             /* nothing posted will run */
  guint64 n_requests, n_refused, bytes_out;

  /* the thread's own */
  SoupServer *soup;
  VsHttpTls *tls;
  GQueue clients;               /* Client */
  GSource *tick;
  gint n_pending;
  gsize held;                   /* bytes */
  gboolean draining;
  gint64 drain_deadline;
};

typedef struct
{
  VsHttpWorker *worker;
  VsHttpConnection *connection;
  GList link;
} Client;

/* A socket on its way to the thread, or one of its other errands. */
typedef struct
{
  VsHttpWorker *worker;
  GSocket *socket;
  GSocketAddress *remote;
  GTlsCertificate *certificate;
  guint drain_ms;
} Errand;

static GQuark
client_quark (void)
{
  return g_quark_from_static_string ("vs-http-client");
}

/* --- requests --- */

static void
log_record (VsHttpWorker * worker, VsAccessRecord * record)
{
  if (worker->config->log)
    vs_access_log_push (worker->config->log, record);
  else
    vs_access_record_free (record);
}

static gboolean
on_stream_begin (gpointer user_data)
{
  Client *client = user_data;

  return vs_http_request_begin (vs_http_connection_get_request
      (client->connection));
}

static void
on_stream_closed (guint64 sent, gpointer user_data)
{
  Client *client = user_data;
  VsHttpWorker *worker = client->worker;
  g_autoptr (VsHttpRequest) request =
      vs_http_connection_get_request (client->connection);
  gboolean whole, keep;

  log_record (worker, vs_http_request_detach (request, sent, &whole, &keep));
  g_mutex_lock (&worker->mutex);
  worker->n_requests++;
  worker->bytes_out += sent;
  g_mutex_unlock (&worker->mutex);
  vs_http_connection_end_request (client->connection, whole, keep);
}

static const VsHttpStreamFuncs stream_funcs = {
  on_stream_begin, on_stream_closed
};

static void
on_request (VsHttpConnection * connection, VsHttpHead * head,
    gpointer user_data)
{
  Client *client = user_data;
  VsHttpWorker *worker = client->worker;
  GSocketAddress *remote = vs_http_connection_get_remote (connection);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  vs_http_connection_set_request (connection,
      vs_http_request_new (worker, connection, head));
  stream = vs_http_stream_new (connection, head, &stream_funcs, client);
  /* libsoup wants a local address, and looks at it only for a request of
   * HTTP/1.0 without Host, which it never gets to see */
  if (!soup_server_accept_iostream (worker->soup, stream, remote, remote,
          &error)) {
    g_warning ("libsoup refused a stream: %s", error->message);
    g_io_stream_close (stream, NULL, NULL);
  }
}

/* "METHOD target": what can be said of a head that was refused. */
static void
describe_refused (VsAccessRecord * record, const gchar * bytes, gsize size)
{
  static const gchar *const methods[] = { "GET ", "HEAD ", "OPTIONS ",
    "POST "
  };
  gsize start = 0, end;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (methods); i++) {
    gsize length = strlen (methods[i]);

    if (size > length && memcmp (bytes, methods[i], length) == 0) {
      record->method = vs_http_method_to_string (VS_HTTP_GET + i);
      start = length;
    }
  }
  for (end = start; end < size && end - start < MAX_REFUSED_TEXT; end++) {
    if (bytes[end] == ' ' || bytes[end] == '\r' || bytes[end] == '\0')
      break;
  }
  record->request = g_strndup (bytes + start, end - start);
}

static void
on_refused (VsHttpConnection * connection, guint status, const gchar * reason,
    const gchar * bytes, gsize size, gpointer user_data)
{
  Client *client = user_data;
  VsHttpWorker *worker = client->worker;
  VsAccessRecord *record;

  g_mutex_lock (&worker->mutex);
  worker->n_refused++;
  g_mutex_unlock (&worker->mutex);
  if (!worker->config->log)
    return;
  record = g_new0 (VsAccessRecord, 1);
  record->time_us = g_get_real_time ();
  record->client_ip = g_strdup (vs_http_connection_get_ip (connection));
  record->status = status;
  record->received = size;
  record->reason = g_strdup (reason);
  record->id = vs_access_log_next_id ();
  if (bytes)
    describe_refused (record, bytes, size);
  log_record (worker, record);
}

static void
on_abandoned (VsHttpConnection * connection, gpointer user_data)
{
  vs_http_request_abandon (vs_http_connection_get_request (connection));
}

static void
on_message (SoupServer * soup, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data)
{
  VsHttpWorker *worker = user_data;
  const VsHttpWorkerConfig *config = worker->config;
  Client *client =
      g_object_get_qdata (G_OBJECT (soup_server_message_get_remote_address
          (message)), client_quark ());
  VsHttpRequest *request = vs_http_connection_get_request (client->connection);
  gboolean full = worker->n_pending >= (gint) config->max_pending;

  vs_http_request_attach (request, message, full ? NULL : config->handler,
      config->user_data, !worker->draining);
}

/* --- connections --- */

static guint
tick_ms (const VsHttpConnectionSettings * settings)
{
  guint shortest = MIN (settings->head_timeout_ms,
      MIN (settings->idle_timeout_ms, settings->stall_timeout_ms));

  return CLAMP (shortest / 4, MIN_TICK_MS, MAX_TICK_MS);
}

static gboolean
on_tick (gpointer user_data)
{
  VsHttpWorker *worker = user_data;
  gint64 now = g_get_monotonic_time ();
  gboolean cut = worker->draining && now >= worker->drain_deadline;
  GList *item, *next;

  for (item = worker->clients.head; item; item = next) {
    VsHttpConnection *connection = ((Client *) item->data)->connection;

    next = item->next;
    if (cut || (worker->draining && vs_http_connection_is_idle (connection)))
      vs_http_connection_close (connection);
    else
      vs_http_connection_check (connection, now);
  }
  return G_SOURCE_CONTINUE;
}

static void
start_tick (VsHttpWorker * worker)
{
  if (worker->tick)
    return;
  worker->tick = g_timeout_source_new (tick_ms (&worker->config->connection));
  g_source_set_callback (worker->tick, on_tick, worker, NULL);
  g_source_attach (worker->tick, worker->context);
}

static void
stop_tick (VsHttpWorker * worker)
{
  if (worker->tick)
    g_source_destroy (worker->tick);
  g_clear_pointer (&worker->tick, g_source_unref);
}

static void
on_closed (VsHttpConnection * connection, gpointer user_data)
{
  Client *client = user_data;
  VsHttpWorker *worker = client->worker;
  GSocketAddress *remote = vs_http_connection_get_remote (connection);

  g_queue_unlink (&worker->clients, &client->link);
  if (g_queue_is_empty (&worker->clients))
    stop_tick (worker);
  g_atomic_int_dec_and_test (&worker->load);
  worker->config->closed (remote, worker->config->closed_data);
  vs_http_connection_unref (client->connection);
  g_free (client);
}

static const VsHttpConnectionFuncs connection_funcs = {
  on_request, on_refused, on_abandoned, on_closed
};

static gboolean
take_connection (gpointer data)
{
  Errand *errand = data;
  VsHttpWorker *worker = errand->worker;
  Client *client = g_new0 (Client, 1);

  client->worker = worker;
  client->link.data = client;
  client->connection = vs_http_connection_new (errand->socket, errand->remote,
      worker->tls, &worker->config->connection, &connection_funcs, client);
  g_object_set_qdata (G_OBJECT (errand->remote), client_quark (), client);
  g_queue_push_tail_link (&worker->clients, &client->link);
  start_tick (worker);
  g_object_unref (errand->socket);
  g_object_unref (errand->remote);
  g_free (errand);
  return G_SOURCE_REMOVE;
}

/* --- the thread --- */

static void
set_up (VsHttpWorker * worker)
{
  worker->soup = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_handler (worker->soup, NULL, on_message, worker, NULL);
  if (worker->config->certificate)
    worker->tls = vs_http_tls_new (worker->config->certificate, MAX_HANDSHAKES);
}

static void
tear_down (VsHttpWorker * worker)
{
  g_mutex_lock (&worker->mutex);
  worker->stopped = TRUE;
  g_mutex_unlock (&worker->mutex);
  while (g_main_context_iteration (worker->context, FALSE));
  soup_server_disconnect (worker->soup);
  g_clear_object (&worker->soup);
  g_clear_pointer (&worker->tls, vs_http_tls_free);
}

static gpointer
worker_thread (gpointer data)
{
  VsHttpWorker *worker = data;

  g_main_context_push_thread_default (worker->context);
  set_up (worker);
  while (!worker->draining || !g_queue_is_empty (&worker->clients))
    g_main_context_iteration (worker->context, TRUE);
  tear_down (worker);
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

VsHttpWorker *
vs_http_worker_new (const VsHttpWorkerConfig * config)
{
  VsHttpWorker *worker = g_new0 (VsHttpWorker, 1);

  worker->ref_count = 1;
  worker->config = config;
  worker->context = g_main_context_new ();
  g_mutex_init (&worker->mutex);
  g_queue_init (&worker->clients);
  worker->thread = g_thread_new ("vs-http", worker_thread, worker);
  return worker;
}

VsHttpWorker *
vs_http_worker_ref (VsHttpWorker * worker)
{
  g_atomic_int_inc (&worker->ref_count);
  return worker;
}

void
vs_http_worker_unref (VsHttpWorker * worker)
{
  if (!g_atomic_int_dec_and_test (&worker->ref_count))
    return;
  g_main_context_unref (worker->context);
  g_mutex_clear (&worker->mutex);
  g_free (worker);
}

gboolean
vs_http_worker_post (VsHttpWorker * worker, GSourceFunc func, gpointer data)
{
  g_autoptr (GSource) source = NULL;
  gboolean posted;

  g_mutex_lock (&worker->mutex);
  posted = !worker->stopped;
  if (posted) {
    source = g_idle_source_new ();
    g_source_set_priority (source, G_PRIORITY_DEFAULT);
    g_source_set_callback (source, func, data, NULL);
    g_source_attach (source, worker->context);
  }
  g_mutex_unlock (&worker->mutex);
  return posted;
}

gboolean
vs_http_worker_is_current (VsHttpWorker * worker)
{
  return g_thread_self () == worker->thread;
}

static gboolean
begin_stop (gpointer data)
{
  Errand *errand = data;
  VsHttpWorker *worker = errand->worker;

  worker->draining = TRUE;
  worker->drain_deadline = g_get_monotonic_time () +
      errand->drain_ms * G_GINT64_CONSTANT (1000);
  on_tick (worker);
  g_free (errand);
  return G_SOURCE_REMOVE;
}

void
vs_http_worker_stop (VsHttpWorker * worker, guint drain_ms)
{
  Errand *errand = g_new0 (Errand, 1);

  errand->worker = worker;
  errand->drain_ms = drain_ms;
  if (!vs_http_worker_post (worker, begin_stop, errand))
    g_free (errand);
}

void
vs_http_worker_join (VsHttpWorker * worker)
{
  g_thread_join (worker->thread);
}

void
vs_http_worker_add (VsHttpWorker * worker, GSocket * socket,
    GSocketAddress * remote)
{
  Errand *errand = g_new0 (Errand, 1);

  errand->worker = worker;
  errand->socket = g_object_ref (socket);
  errand->remote = g_object_ref (remote);
  g_atomic_int_inc (&worker->load);
  /* the listener stops before its workers do */
  if (!vs_http_worker_post (worker, take_connection, errand))
    g_assert_not_reached ();
}

static gboolean
take_certificate (gpointer data)
{
  Errand *errand = data;

  vs_http_tls_set_certificate (errand->worker->tls, errand->certificate);
  g_object_unref (errand->certificate);
  g_free (errand);
  return G_SOURCE_REMOVE;
}

void
vs_http_worker_set_certificate (VsHttpWorker * worker,
    GTlsCertificate * certificate)
{
  Errand *errand = g_new0 (Errand, 1);

  g_return_if_fail (worker->config->certificate != NULL);

  errand->worker = worker;
  errand->certificate = g_object_ref (certificate);
  if (!vs_http_worker_post (worker, take_certificate, errand)) {
    g_object_unref (errand->certificate);
    g_free (errand);
  }
}

guint
vs_http_worker_get_load (VsHttpWorker * worker)
{
  return g_atomic_int_get (&worker->load);
}

void
vs_http_worker_add_stats (VsHttpWorker * worker, VsHttpStats * stats)
{
  g_mutex_lock (&worker->mutex);
  stats->requests += worker->n_requests;
  stats->refused += worker->n_refused;
  stats->bytes_out += worker->bytes_out;
  g_mutex_unlock (&worker->mutex);
}

const VsHttpWorkerConfig *
vs_http_worker_get_config (VsHttpWorker * worker)
{
  return worker->config;
}

void
vs_http_worker_count_pending (VsHttpWorker * worker, gint change)
{
  worker->n_pending += change;
}

void
vs_http_worker_count_held (VsHttpWorker * worker, gssize change)
{
  worker->held += change;
}

gboolean
vs_http_worker_may_hold (VsHttpWorker * worker, gsize more)
{
  return worker->held + more <= worker->config->max_held;
}

void
vs_http_worker_see_viewer (VsHttpWorker * worker, const gchar * ip,
    const gchar * user_agent)
{
  vs_http_viewers_see (worker->config->viewers, ip, user_agent,
      g_get_monotonic_time ());
}
