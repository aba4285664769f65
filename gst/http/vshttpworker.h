/* VisionStream: a thread that serves connections
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vsaccesslog.h"
#include "http/vshttpconnection.h"
#include "http/vshttpserver.h"
#include "http/vshttpviewers.h"

G_BEGIN_DECLS

/**
 * VsHttpWorker:
 *
 * A thread with its own main context and SoupServer. Connections are given to
 * it and stay.
 */
typedef struct _VsHttpWorker VsHttpWorker;

/**
 * VsHttpWorkerConfig:
 * @max_pending: requests that may wait for the handler's answer; one more
 *   gets 503
 * @max_held: bytes of bodies with a source that may be in memory
 * @closed: a connection is closed, in the worker's thread
 *
 * Outlives the worker's thread.
 */
typedef struct
{
  VsHttpConnectionSettings connection;
  GTlsCertificate *certificate;
  VsAddressList *trusted_proxies;       /* or NULL */
  const gchar *const *pages;    /* of VsHttpSettings */
  guint max_pending;
  gsize max_held;
  VsHttpHandler handler;
  gpointer user_data;
  VsAccessLog *log;
  VsHttpViewers *viewers;
  void (*closed) (GSocketAddress *remote, gpointer user_data);
  gpointer closed_data;
} VsHttpWorkerConfig;

VsHttpWorker *vs_http_worker_new (const VsHttpWorkerConfig *config);
VsHttpWorker *vs_http_worker_ref (VsHttpWorker *worker);
void          vs_http_worker_unref (VsHttpWorker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpWorker, vs_http_worker_unref)

/* Begins to stop: idle connections are closed, answers under way have
 * @drain_ms. vs_http_worker_join () waits for the thread's end. */
void          vs_http_worker_stop (VsHttpWorker *worker, guint drain_ms);
void          vs_http_worker_join (VsHttpWorker *worker);

/* From any thread. */
void          vs_http_worker_add (VsHttpWorker *worker, GSocket *socket,
    GSocketAddress *remote);
/* From any thread; for TLS only: new connections get this one. */
void          vs_http_worker_set_certificate (VsHttpWorker *worker,
    GTlsCertificate *certificate);
guint         vs_http_worker_get_load (VsHttpWorker *worker);
void          vs_http_worker_add_stats (VsHttpWorker *worker,
    VsHttpStats *stats);

/**
 * vs_http_worker_post:
 *
 * Has @func called in the worker's thread. Everything that was posted runs
 * before the thread ends.
 *
 * Returns: FALSE when the thread has ended; then @func will not run
 */
gboolean      vs_http_worker_post (VsHttpWorker *worker, GSourceFunc func,
    gpointer data);
gboolean      vs_http_worker_is_current (VsHttpWorker *worker);

/* Of requests, in the worker's thread. */
const VsHttpWorkerConfig *vs_http_worker_get_config (VsHttpWorker *worker);
void          vs_http_worker_count_pending (VsHttpWorker *worker, gint change);
void          vs_http_worker_count_held (VsHttpWorker *worker,
    gssize change);
gboolean      vs_http_worker_may_hold (VsHttpWorker *worker, gsize more);
void          vs_http_worker_see_viewer (VsHttpWorker *worker,
    const gchar *ip, const gchar *user_agent);

G_END_DECLS
