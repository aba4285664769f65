/* VisionStream: a listening socket with limits
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsaccess.h"

G_BEGIN_DECLS

/**
 * VsHttpListener:
 *
 * Accepts in a thread of its own. At its limit, and when the process is out
 * of descriptors, it stops accepting (clients wait in the backlog) instead of
 * trying again at once. A client past its share is closed at once; an IPv6
 * client is its /64.
 */
typedef struct _VsHttpListener VsHttpListener;

/* In the listener's thread. (transfer none) */
typedef void (*VsHttpListenerFunc) (GSocket *socket, GSocketAddress *remote,
    gpointer user_data);

VsHttpListener *vs_http_listener_new (const gchar *address, guint16 port,
    guint max_connections, guint max_per_ip, GError ** error);
/* Ahead of the start: who may have more connections than its share. */
void            vs_http_listener_exempt (VsHttpListener *listener,
    VsAddressList *addresses);
void            vs_http_listener_start (VsHttpListener *listener,
    VsHttpListenerFunc func, gpointer user_data);
/* Joins the thread and closes the socket. */
void            vs_http_listener_stop (VsHttpListener *listener);
void            vs_http_listener_free (VsHttpListener *listener);

/* A connection from @remote was closed. Thread-safe. */
void            vs_http_listener_release (VsHttpListener *listener,
    GSocketAddress *remote);

guint16         vs_http_listener_get_port (VsHttpListener *listener);
/* @refused: connections closed because of max_per_ip */
void            vs_http_listener_get_stats (VsHttpListener *listener,
    guint *open, guint64 *refused);

G_END_DECLS
