/* VisionStream: what libsoup sees of a connection: one request
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttpconnection.h"

G_BEGIN_DECLS

/**
 * VsHttpStreamFuncs:
 * @begin: the answer begins; returns whether a body follows its head (called
 *   again when the socket had no room)
 * @closed: libsoup is through with the request; @sent bytes are out
 */
typedef struct
{
  gboolean (*begin) (gpointer user_data);
  void (*closed) (guint64 sent, gpointer user_data);
} VsHttpStreamFuncs;

/**
 * vs_http_stream_new:
 *
 * A stream that reads as one request without a body and then ends;
 * what is written goes to @connection. libsoup is shown the request line, Host
 * and `Connection: close`: the fields that it would act upon (Range, Expect,
 * Content-Length, ...) were judged or are honoured elsewhere. It therefore
 * never holds an idle connection, which it would leak when the peer goes
 * (libsoup < 3.3), and sees the peer's leaving only as a failed write.
 *
 * Returns: (transfer full)
 */
GIOStream *vs_http_stream_new (VsHttpConnection *connection,
    const VsHttpHead *head, const VsHttpStreamFuncs *funcs,
    gpointer user_data);

G_END_DECLS
