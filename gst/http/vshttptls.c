/* VisionStream: TLS handshakes, a bounded number at a time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttptls.h"

struct _VsHttpTls
{
  GTlsCertificate *certificate;
  guint max_running, n_running;
  GQueue waiting;               /* Handshake */
};

typedef struct
{
  VsHttpTls *tls;
  GIOStream *base;
  GCancellable *cancellable;
  VsHttpTlsDone done;
  gpointer user_data;
} Handshake;

static void start_next (VsHttpTls * tls);

VsHttpTls *
vs_http_tls_new (GTlsCertificate * certificate, guint max_running)
{
  VsHttpTls *tls = g_new0 (VsHttpTls, 1);

  tls->certificate = g_object_ref (certificate);
  tls->max_running = max_running;
  g_queue_init (&tls->waiting);
  return tls;
}

void
vs_http_tls_set_certificate (VsHttpTls * tls, GTlsCertificate * certificate)
{
  g_set_object (&tls->certificate, certificate);
}

void
vs_http_tls_free (VsHttpTls * tls)
{
  g_return_if_fail (tls->n_running == 0);

  g_object_unref (tls->certificate);
  g_free (tls);
}

static void
finish (Handshake * handshake, GIOStream * stream)
{
  handshake->done (stream, handshake->user_data);
  g_object_unref (handshake->base);
  g_object_unref (handshake->cancellable);
  g_free (handshake);
}

static void
on_handshake (GObject * object, GAsyncResult * result, gpointer user_data)
{
  Handshake *handshake = user_data;
  VsHttpTls *tls = handshake->tls;
  GTlsConnection *connection = G_TLS_CONNECTION (object);
  gboolean good;

  good = g_tls_connection_handshake_finish (connection, result, NULL) &&
      g_tls_connection_get_protocol_version (connection) >=
      G_TLS_PROTOCOL_VERSION_TLS_1_2;
  tls->n_running--;
  finish (handshake, good ? g_object_ref (G_IO_STREAM (connection)) : NULL);
  start_next (tls);
}

static void
start (Handshake * handshake)
{
  static const gchar *protocols[] = { "http/1.1", NULL };
  GIOStream *stream;

  /* No database: clients have no certificates, and GIO's default one would
   * read the system's authorities, in this thread. Every answer has its
   * length: a missing alert truncates nothing. */
  stream = g_initable_new (g_tls_backend_get_server_connection_type
      (g_tls_backend_get_default ()), NULL, NULL,
      "base-io-stream", handshake->base,
      "certificate", handshake->tls->certificate,
      "database", NULL,
      "advertised-protocols", protocols, "require-close-notify", FALSE, NULL);
  if (!stream) {
    finish (handshake, NULL);
    return;
  }
  handshake->tls->n_running++;
  g_tls_connection_handshake_async (G_TLS_CONNECTION (stream),
      G_PRIORITY_DEFAULT, handshake->cancellable, on_handshake, handshake);
  g_object_unref (stream);
}

static void
start_next (VsHttpTls * tls)
{
  while (tls->n_running < tls->max_running) {
    Handshake *handshake = g_queue_pop_head (&tls->waiting);

    if (!handshake)
      return;
    if (g_cancellable_is_cancelled (handshake->cancellable))
      finish (handshake, NULL);
    else
      start (handshake);
  }
}

void
vs_http_tls_handshake (VsHttpTls * tls, GIOStream * base,
    GCancellable * cancellable, VsHttpTlsDone done, gpointer user_data)
{
  Handshake *handshake = g_new0 (Handshake, 1);

  handshake->tls = tls;
  handshake->base = g_object_ref (base);
  handshake->cancellable = g_object_ref (cancellable);
  handshake->done = done;
  handshake->user_data = user_data;
  g_queue_push_tail (&tls->waiting, handshake);
  start_next (tls);
}
