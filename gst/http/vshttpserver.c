/* VisionStream: SoupServer made safe
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/*
 * Bytes in: the listener's thread accepts and hands the socket to the worker
 * with the fewest. There a VsHttpConnection reads a head, VsHttpGuard judges
 * it, and a VsHttpRequest is made of it. libsoup is shown a stream with this
 * one head (VsHttpStream) and asks for an answer; the handler is called.
 *
 * Bytes out: the answer comes back to the worker's thread, becomes a response
 * (VsHttpResponse), and libsoup writes the body's own bytes to the socket.
 *
 * Threads: accept, one a worker, the access log's. No two share a lock over a
 * callback; a lock is held only to count or to queue.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpserver.h"

#include <sys/resource.h>
#include "http/vsaccesslog.h"
#include "http/vshttplistener.h"
#include "http/vshttpviewers.h"
#include "http/vshttpworker.h"

/* Who is slow on purpose is gone after 10 s: with the tick that deadlines are
 * kept to, and the time that a client has to read why it was refused */
#define DEFAULT_HEAD_TIMEOUT_MS 8000
#define DEFAULT_STALL_TIMEOUT_MS 9000
#define DEFAULT_IDLE_TIMEOUT_MS 15000
#define DEFAULT_MAX_CONNECTIONS 16384
/* descriptors that are left to the rest of the process */
#define RESERVED_FDS 256
/* requests that may wait for their answers, over all workers */
#define MAX_PENDING 16384
/* bytes of bodies with a source in memory, over all workers: beyond, each
 * client has a small piece at a time */
#define MAX_HELD (256 * 1024 * 1024)

struct _VsHttpServer
{
  VsHttpListener *listener;
  VsHttpWorkerConfig config;
  GPtrArray *workers;           /* VsHttpWorker */
  gchar **hosts, **posts, **pages;
};

static guint
or_default (guint value, guint fallback)
{
  return value ? value : fallback;
}

/* Half of the descriptors by default; never so many that none is left. */
static guint
limit_connections (guint wanted)
{
  struct rlimit limit;
  guint64 most;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
    return or_default (wanted, DEFAULT_MAX_CONNECTIONS);
  most = limit.rlim_cur - MIN (RESERVED_FDS, limit.rlim_cur / 2);
  if (wanted == 0)
    return MIN (limit.rlim_cur / 2, DEFAULT_MAX_CONNECTIONS);
  return MIN (wanted, most);
}

static void
on_accepted (GSocket * socket, GSocketAddress * remote, gpointer user_data)
{
  VsHttpServer *server = user_data;
  VsHttpWorker *best = g_ptr_array_index (server->workers, 0);
  guint i;

  for (i = 1; i < server->workers->len; i++) {
    VsHttpWorker *worker = g_ptr_array_index (server->workers, i);

    if (vs_http_worker_get_load (worker) < vs_http_worker_get_load (best))
      best = worker;
  }
  vs_http_worker_add (best, socket, remote);
}

static void
on_closed (GSocketAddress * remote, gpointer user_data)
{
  VsHttpServer *server = user_data;

  vs_http_listener_release (server->listener, remote);
}

static void
set_config (VsHttpServer * server, const VsHttpSettings * settings,
    guint n_workers)
{
  VsHttpWorkerConfig *config = &server->config;

  server->hosts = g_strdupv ((gchar **) settings->hosts);
  server->posts = g_strdupv ((gchar **) settings->posts);
  server->pages = g_strdupv ((gchar **) settings->pages);
  config->pages = (const gchar * const *) server->pages;
  config->connection.rules.hosts = (const gchar * const *) server->hosts;
  config->connection.rules.posts = (const gchar * const *) server->posts;
  config->connection.head_timeout_ms = or_default (settings->head_timeout_ms,
      DEFAULT_HEAD_TIMEOUT_MS);
  config->connection.idle_timeout_ms = or_default (settings->idle_timeout_ms,
      DEFAULT_IDLE_TIMEOUT_MS);
  config->connection.stall_timeout_ms = or_default (settings->stall_timeout_ms,
      DEFAULT_STALL_TIMEOUT_MS);
  if (settings->certificate)
    config->certificate = g_object_ref (settings->certificate);
  if (settings->trusted_proxies)
    config->trusted_proxies = vs_address_list_ref (settings->trusted_proxies);
  config->max_pending = MAX_PENDING / n_workers;
  config->max_held = MAX_HELD / n_workers;
  config->viewers = vs_http_viewers_new ();
  config->closed = on_closed;
  config->closed_data = server;
}

static void
free_config (VsHttpServer * server)
{
  g_clear_pointer (&server->config.log, vs_access_log_free);
  g_clear_pointer (&server->config.viewers, vs_http_viewers_free);
  g_clear_object (&server->config.certificate);
  g_clear_pointer (&server->config.trusted_proxies, vs_address_list_unref);
  g_strfreev (server->hosts);
  g_strfreev (server->posts);
  g_strfreev (server->pages);
}

VsHttpServer *
vs_http_server_new (const VsHttpSettings * settings, VsHttpHandler handler,
    gpointer user_data, GError ** error)
{
  VsHttpListener *listener;
  VsAccessLog *log = NULL;
  VsHttpServer *server;
  guint i, n_workers;

  listener = vs_http_listener_new (settings->address, settings->port,
      limit_connections (settings->max_connections),
      settings->max_connections_per_ip, error);
  if (!listener)
    return NULL;
  if (settings->access_log &&
      !(log = vs_access_log_new (settings->access_log, error))) {
    vs_http_listener_free (listener);
    return NULL;
  }
  n_workers = or_default (settings->n_workers, g_get_num_processors ());
  server = g_new0 (VsHttpServer, 1);
  server->listener = listener;
  set_config (server, settings, n_workers);
  server->config.log = log;
  server->config.handler = handler;
  server->config.user_data = user_data;
  server->workers = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_http_worker_unref);
  for (i = 0; i < n_workers; i++)
    g_ptr_array_add (server->workers, vs_http_worker_new (&server->config));
  if (settings->trusted_proxies)
    vs_http_listener_exempt (listener, settings->trusted_proxies);
  vs_http_listener_start (listener, on_accepted, server);
  return server;
}

void
vs_http_server_free (VsHttpServer * server, guint drain_ms)
{
  guint i;

  vs_http_listener_stop (server->listener);
  for (i = 0; i < server->workers->len; i++)
    vs_http_worker_stop (g_ptr_array_index (server->workers, i), drain_ms);
  for (i = 0; i < server->workers->len; i++)
    vs_http_worker_join (g_ptr_array_index (server->workers, i));
  g_ptr_array_unref (server->workers);
  vs_http_listener_free (server->listener);
  free_config (server);
  g_free (server);
}

void
vs_http_server_set_certificate (VsHttpServer * server,
    GTlsCertificate * certificate)
{
  for (guint i = 0; i < server->workers->len; i++)
    vs_http_worker_set_certificate (g_ptr_array_index (server->workers, i),
        certificate);
}

guint16
vs_http_server_get_port (VsHttpServer * server)
{
  return vs_http_listener_get_port (server->listener);
}

void
vs_http_server_get_stats (VsHttpServer * server, VsHttpStats * stats)
{
  guint i;

  *stats = (VsHttpStats) {
  0};
  vs_http_listener_get_stats (server->listener, &stats->connections,
      &stats->refused);
  for (i = 0; i < server->workers->len; i++)
    vs_http_worker_add_stats (g_ptr_array_index (server->workers, i), stats);
  stats->viewers = vs_http_viewers_count (server->config.viewers,
      g_get_monotonic_time ());
  if (server->config.log)
    stats->log_lines_lost = vs_access_log_get_dropped (server->config.log);
}
