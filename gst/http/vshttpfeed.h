/* VisionStream: a body on its way from its source to a client
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttpsource.h"
#include "http/vshttpworker.h"

G_BEGIN_DECLS

/* what is read at once, and how many of them a client costs: one that leaves
 * while the next one is read */
#define VS_HTTP_PIECE_BYTES (1024 * 1024)
#define VS_HTTP_PIECES_AHEAD 2
/* the same where memory is short: one, so that each client still gets on */
#define VS_HTTP_SMALL_PIECE_BYTES (64 * 1024)

/**
 * VsHttpFeed:
 *
 * Reads a part of a source in order, a piece ahead of what the client has
 * taken, so that a body of any length costs two pieces of memory, and all
 * bodies of a worker hardly more than it has for them. Belongs to the worker's
 * thread; the source may answer in any.
 */
typedef struct _VsHttpFeed VsHttpFeed;

/**
 * VsHttpFeedFuncs:
 * @piece: the body's next bytes
 * @failed: there are no more, though there should be; the last call
 */
typedef struct
{
  void (*piece) (GBytes *bytes, gpointer user_data);
  void (*failed) (const GError *error, gpointer user_data);
} VsHttpFeedFuncs;

VsHttpFeed *vs_http_feed_new (VsHttpWorker *worker, VsHttpSource *source,
    guint64 offset, guint64 length, const VsHttpFeedFuncs *funcs,
    gpointer user_data);
/* Cancels what is read; @funcs are not called any more. */
void        vs_http_feed_free (VsHttpFeed *feed);

/* Begins; @funcs may be called already from here. */
void        vs_http_feed_start (VsHttpFeed *feed);
/* The client has taken a piece. */
void        vs_http_feed_taken (VsHttpFeed *feed);
/* Whether all pieces were given. */
gboolean    vs_http_feed_is_over (VsHttpFeed *feed);

G_END_DECLS
