/* VisionStream: TLS handshakes, a bounded number at a time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VsHttpTls:
 *
 * GIO hands each handshake to a thread of its pool, where a peer that says
 * nothing would keep it. So only a few run at a time, the others wait their
 * turn, and the caller's deadline (its cancellable) covers both. libsoup never
 * sees a stream whose handshake is not over. Belongs to one thread.
 */
typedef struct _VsHttpTls VsHttpTls;

/**
 * VsHttpTlsDone:
 * @stream: (nullable) (transfer full): NULL when the handshake failed, was
 *   cancelled or settled on less than TLS 1.2
 */
typedef void (*VsHttpTlsDone) (GIOStream *stream, gpointer user_data);

VsHttpTls *vs_http_tls_new (GTlsCertificate *certificate, guint max_running);
/* For the handshakes that are still to begin. */
void       vs_http_tls_set_certificate (VsHttpTls *tls,
    GTlsCertificate *certificate);
/* None may be running or waiting. */
void       vs_http_tls_free (VsHttpTls *tls);

/* @done is called once, in the thread's default main context. */
void       vs_http_tls_handshake (VsHttpTls *tls, GIOStream *base,
    GCancellable *cancellable, VsHttpTlsDone done, gpointer user_data);

G_END_DECLS
