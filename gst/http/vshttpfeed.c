/* VisionStream: a body on its way from its source to a client
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpfeed.h"

#include <string.h>

/* A source that is busy is asked again so often, after so many ms: about as
 * long as a client would be waited for that does not read. */
#define RETRY_MS 250
#define MAX_RETRIES 36

/* Two references: the owner's, and that of the read under way, which may
 * outlast it. */
struct _VsHttpFeed
{
  gint ref_count;               /* atomic */
  VsHttpWorker *worker;
  VsHttpSource *source;
  GCancellable *cancellable;

  /* the worker's thread's own */
  guint64 offset, end;          /* what is still to be given */
  /* pieces that are read, or were and are not taken; oldest first */
  gsize held[VS_HTTP_PIECES_AHEAD];
  guint n_held;
  gboolean reading;
  guint n_retries;
  GSource *retry;
  gboolean stopped;
  const VsHttpFeedFuncs *funcs;
  gpointer user_data;
};

/* What a read gave, on its way to the worker's thread. */
typedef struct
{
  VsHttpFeed *feed;
  GBytes *bytes;
  GError *error;
} Delivery;

static void read_on (VsHttpFeed * feed);

VsHttpFeed *
vs_http_feed_new (VsHttpWorker * worker, VsHttpSource * source,
    guint64 offset, guint64 length, const VsHttpFeedFuncs * funcs,
    gpointer user_data)
{
  VsHttpFeed *feed = g_new0 (VsHttpFeed, 1);

  feed->ref_count = 1;
  feed->worker = vs_http_worker_ref (worker);
  feed->source = vs_http_source_ref (source);
  feed->cancellable = g_cancellable_new ();
  feed->offset = offset;
  feed->end = offset + length;
  feed->funcs = funcs;
  feed->user_data = user_data;
  return feed;
}

static VsHttpFeed *
feed_ref (VsHttpFeed * feed)
{
  g_atomic_int_inc (&feed->ref_count);
  return feed;
}

static void
feed_unref (VsHttpFeed * feed)
{
  if (!g_atomic_int_dec_and_test (&feed->ref_count))
    return;
  vs_http_source_unref (feed->source);
  vs_http_worker_unref (feed->worker);
  g_object_unref (feed->cancellable);
  g_free (feed);
}

static void
hold (VsHttpFeed * feed, gsize size)
{
  feed->held[feed->n_held++] = size;
  vs_http_worker_count_held (feed->worker, size);
}

static void
release_newest (VsHttpFeed * feed)
{
  vs_http_worker_count_held (feed->worker, -(gssize)
      feed->held[--feed->n_held]);
}

static void
release_oldest (VsHttpFeed * feed)
{
  gsize size = feed->held[0];

  memmove (feed->held, feed->held + 1, sizeof feed->held -
      sizeof feed->held[0]);
  feed->n_held--;
  vs_http_worker_count_held (feed->worker, -(gssize) size);
}

static void
stop_retry (VsHttpFeed * feed)
{
  if (feed->retry)
    g_source_destroy (feed->retry);
  g_clear_pointer (&feed->retry, g_source_unref);
}

void
vs_http_feed_free (VsHttpFeed * feed)
{
  feed->stopped = TRUE;
  stop_retry (feed);
  while (feed->n_held > 0)
    release_newest (feed);
  g_cancellable_cancel (feed->cancellable);
  feed_unref (feed);
}

/* 0: none now */
static gsize
next_size (const VsHttpFeed * feed)
{
  guint64 left = feed->end - feed->offset;

  if (feed->n_held == VS_HTTP_PIECES_AHEAD)
    return 0;
  if (vs_http_worker_may_hold (feed->worker, VS_HTTP_PIECE_BYTES))
    return MIN (VS_HTTP_PIECE_BYTES, left);
  return feed->n_held == 0 ? MIN (VS_HTTP_SMALL_PIECE_BYTES, left) : 0;
}

static gboolean
on_retry (gpointer user_data)
{
  VsHttpFeed *feed = user_data;

  stop_retry (feed);
  read_on (feed);
  return G_SOURCE_REMOVE;
}

static void
retry_later (VsHttpFeed * feed)
{
  feed->n_retries++;
  release_newest (feed);
  feed->retry = g_timeout_source_new (RETRY_MS);
  g_source_set_callback (feed->retry, on_retry, feed, NULL);
  g_source_attach (feed->retry, g_main_context_get_thread_default ());
}

static void
take (VsHttpFeed * feed, GBytes * bytes, const GError * error)
{
  feed->reading = FALSE;
  if (feed->stopped)
    return;
  if (bytes && g_bytes_get_size (bytes) == feed->held[feed->n_held - 1]) {
    feed->offset += g_bytes_get_size (bytes);
    feed->n_retries = 0;
    feed->funcs->piece (bytes, feed->user_data);
    read_on (feed);
  } else if (!bytes && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY)
      && feed->n_retries < MAX_RETRIES) {
    retry_later (feed);
  } else {
    feed->funcs->failed (error, feed->user_data);
  }
}

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;

  take (delivery->feed, delivery->bytes, delivery->error);
  g_clear_pointer (&delivery->bytes, g_bytes_unref);
  g_clear_error (&delivery->error);
  feed_unref (delivery->feed);
  g_free (delivery);
  return G_SOURCE_REMOVE;
}

/* In any thread. */
static void
on_read (GBytes * bytes, const GError * error, gpointer user_data)
{
  VsHttpFeed *feed = user_data;
  Delivery *delivery = g_new (Delivery, 1);

  delivery->feed = feed;
  delivery->bytes = bytes ? g_bytes_ref (bytes) : NULL;
  delivery->error = error ? g_error_copy (error) : NULL;
  if (vs_http_worker_is_current (feed->worker)) {
    deliver (delivery);
  } else if (!vs_http_worker_post (feed->worker, deliver, delivery)) {
    /* the thread has ended, and whoever wanted it */
    g_clear_pointer (&delivery->bytes, g_bytes_unref);
    g_clear_error (&delivery->error);
    g_free (delivery);
    feed_unref (feed);
  }
}

static void
read_on (VsHttpFeed * feed)
{
  gsize size = next_size (feed);

  if (feed->stopped || feed->reading || feed->retry || size == 0)
    return;
  feed->reading = TRUE;
  hold (feed, size);
  vs_http_source_read (feed->source, feed->offset, size, feed->cancellable,
      on_read, feed_ref (feed));
}

void
vs_http_feed_start (VsHttpFeed * feed)
{
  /* what @funcs do may end it */
  feed_ref (feed);
  read_on (feed);
  feed_unref (feed);
}

void
vs_http_feed_taken (VsHttpFeed * feed)
{
  release_oldest (feed);
  feed_ref (feed);
  read_on (feed);
  feed_unref (feed);
}

gboolean
vs_http_feed_is_over (VsHttpFeed * feed)
{
  return feed->offset == feed->end;
}
