/* VisionStream: one accepted connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttpguard.h"
#include "http/vshttptls.h"

G_BEGIN_DECLS

/**
 * VsHttpConnection:
 *
 * A client's connection from accept to close: the TLS handshake, then request
 * after request. A head that the guard passed is handed to the owner, with the
 * body that it announced, and nothing more is read until its answer is out; pipelined requests wait in the
 * connection. A head that was refused gets a short answer from here and the
 * connection ends. Belongs to one thread and its default main context.
 *
 * Deadlines: a head (with the handshake, for the first one) has @head_timeout
 * from its first byte (the first one: from accept), a body as long again, an idle connection
 * @idle_timeout, a client that does not read @stall_timeout for 16 KiB: one that
 * takes a few bytes at a time is no better than one that takes none. A client
 * that closes its side before it was answered is gone.
 */
typedef struct _VsHttpConnection VsHttpConnection;

typedef struct
{
  guint head_timeout_ms;
  guint idle_timeout_ms;
  guint stall_timeout_ms;
  VsHttpRules rules;
} VsHttpConnectionSettings;

/**
 * VsHttpConnectionFuncs:
 * @request: (transfer full) @head: a request passed. The owner answers by
 *   vs_http_connection_send () and ends it by
 *   vs_http_connection_end_request (), always, also after @abandoned
 * @refused: a request was refused with @status, for @reason
 * @abandoned: the client of the request under way is gone; sending fails
 * @closed: the last call
 */
typedef struct
{
  void (*request) (VsHttpConnection *connection, VsHttpHead *head,
      gpointer user_data);
  void (*refused) (VsHttpConnection *connection, guint status,
      const gchar *reason, const gchar *bytes, gsize size,
      gpointer user_data);
  void (*abandoned) (VsHttpConnection *connection, gpointer user_data);
  void (*closed) (VsHttpConnection *connection, gpointer user_data);
} VsHttpConnectionFuncs;

/**
 * vs_http_connection_new:
 * @socket: (transfer none): connected, not blocking
 * @tls: (nullable): NULL for plain HTTP
 * @settings, @funcs: outlive the connection
 */
VsHttpConnection *vs_http_connection_new (GSocket *socket,
    GSocketAddress *remote, VsHttpTls *tls,
    const VsHttpConnectionSettings *settings,
    const VsHttpConnectionFuncs *funcs, gpointer user_data);
VsHttpConnection *vs_http_connection_ref (VsHttpConnection *connection);
void              vs_http_connection_unref (VsHttpConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpConnection, vs_http_connection_unref)

GSocketAddress *vs_http_connection_get_remote (VsHttpConnection *connection);
/* of the client; an IPv4-mapped IPv6 address is given as IPv4 */
const gchar    *vs_http_connection_get_ip (VsHttpConnection *connection);

/* The owner's request under way, for its own use. */
void            vs_http_connection_set_request (VsHttpConnection *connection,
    gpointer request);
gpointer        vs_http_connection_get_request (VsHttpConnection *connection);

/**
 * vs_http_connection_send:
 * @more: more follows at once: nothing small need leave on its own
 *
 * Never blocks: %G_IO_ERROR_WOULD_BLOCK, then
 * vs_http_connection_create_write_source () tells when to go on.
 */
gssize          vs_http_connection_send (VsHttpConnection *connection,
    const void *data, gsize size, gboolean more, GError ** error);
gboolean        vs_http_connection_is_writable (VsHttpConnection *connection);
/* A child source for @stream's GPollableOutputStream sources; one at a time. */
GSource        *vs_http_connection_create_write_source (
    VsHttpConnection *connection, GObject *stream);

/* Nothing is there to be sent: until the next vs_http_connection_send () the
 * client can't be late. */
void            vs_http_connection_hold (VsHttpConnection *connection);

/**
 * vs_http_connection_end_request:
 * @keep: the answer is whole and did not announce the end of the connection
 */
void            vs_http_connection_end_request (VsHttpConnection *connection,
    gboolean whole, gboolean keep);

/* Closes what is past its deadline at @now (monotonic, µs). */
void            vs_http_connection_check (VsHttpConnection *connection,
    gint64 now);
gboolean        vs_http_connection_is_idle (VsHttpConnection *connection);
/* At once; a request under way is abandoned. */
void            vs_http_connection_close (VsHttpConnection *connection);

G_END_DECLS
