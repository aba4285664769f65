/* VisionStream: a server that obeys no rules
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

/* One request as it came in. */
typedef struct
{
  gint fd;
  /* which one of its connection, and of the server; from 0 */
  guint n, total;
  gchar *head;
  GBytes *body;
} RawRequest;

/* Called in a thread for each connection. Returns: whether to read on */
typedef gboolean (*RawHandler) (RawRequest *request, gpointer user_data);

typedef struct
{
  guint16 port;
  /* atomic */
  gint n_connections, n_requests, n_open;
  /* the most that were open at a time */
  gint n_open_max;

  RawHandler handler;
  gpointer user_data;
  gint fd;
  GThread *thread;
  GMutex lock;
  /* protected by lock */
  GPtrArray *connections;
  gboolean stopping;
  /* of the last request */
  gchar *head;
  GBytes *body;
} RawServer;

RawServer *raw_server_new (RawHandler handler, gpointer user_data);
/* Cuts what is open, and waits for all threads. */
void       raw_server_free (RawServer *self);
/* Of the last request. (transfer full) */
gchar     *raw_server_get_head (RawServer *self);

/* Whether all of it could be sent. */
gboolean   raw_send (gint fd, const gchar *text);
