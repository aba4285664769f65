/* VisionStream: a server with test bodies, and a client that obeys no rules
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "common/await.h"
#include "http/vshttpserver.h"

#define SMALL_SIZE 1000
#define LARGE_SIZE (4 * 1024 * 1024)
#define SMALL_ETAG "\"small-1\""

/* an await that takes longer than this fails, µs */
#define PATIENCE (40 * G_USEC_PER_SEC)

#define AWAIT_DEADLINE (g_get_monotonic_time () + PATIENCE)

/**
 * TestServer:
 *
 * Paths: /small (with ranges and an entity tag), /large, /text (a manifest,
 * gzipped for whom accepts it), /late (kept in @late until the test answers),
 * /event (of an event), /rude (unsafe headers), /secrets (sets two cookies and
 * tells the lines of Cookie and Authorization), /closed (403 with a reason), /post
 * (method and body, where @settings say that it takes POST), /client (whose
 * request it is); all else is 404.
 */
typedef struct
{
  VsHttpServer *server;
  guint16 port;
  gint hits;                    /* atomic: requests that reached the handler */
  GAsyncQueue *late;            /* VsHttpRequest */
  GBytes *small, *large, *text;
} TestServer;

/* Fields of @settings that are not set are filled with short deadlines. */
TestServer *test_server_new (const VsHttpSettings *settings);
/* With the deadlines that are in force when none is set. */
TestServer *test_server_new_default (void);
void        test_server_free (TestServer *self, guint drain_ms);
void        test_server_stats (TestServer *self, VsHttpStats *stats);

gint     client_connect (guint16 port);
void     client_send (gint fd, const gchar *text);
/* Reads until the server closes; fails when it does not. */
GString *client_read_all (gint fd);
/* Reads one response by its Content-Length. */
GString *client_read_response (gint fd, gboolean head_only);
/* Whether the server closes the connection within @ms, saying nothing. */
gboolean client_is_closed (gint fd, guint ms);
/* Sends @text and reads until the server closes. */
gchar   *client_talk (guint16 port, const gchar *text);

guint    count_fds (void);
guint    count_threads (void);
gsize    read_rss (void);
