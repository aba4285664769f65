/* VisionStream: a request and its way to an answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>
#include "http/vsaccesslog.h"
#include "http/vshttpconnection.h"
#include "http/vshttpresponse.h"
#include "http/vshttpworker.h"

G_BEGIN_DECLS

/*
 * The life of a VsHttpRequest. The worker makes it when a head passed, and
 * shows libsoup a stream with that head alone. libsoup comes back with a
 * message (attach); the handler is called and answers, in that call or later
 * from any thread. The answer is carried into the worker's thread, becomes
 * the message's response, and libsoup writes it. Of a body with a source the
 * pieces are appended as they come: the message waits for the first one, and
 * libsoup pauses it itself when it has written all that there are. When libsoup
 * closes the stream the request is over (detach).
 *
 * Two references: the worker's until detach, the handler's until it answers.
 * All but vs_http_request_respond () happens in the worker's thread.
 */

/* (transfer full) @head */
VsHttpRequest *vs_http_request_new (VsHttpWorker *worker,
    VsHttpConnection *connection, VsHttpHead *head);
VsHttpRequest *vs_http_request_ref (VsHttpRequest *request);
void           vs_http_request_unref (VsHttpRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpRequest, vs_http_request_unref)

/**
 * vs_http_request_attach:
 * @handler: (nullable): NULL to answer 503: too many are waiting
 * @keep: the connection may serve another request
 *
 * libsoup's @message for this request has come.
 */
void vs_http_request_attach (VsHttpRequest *request,
    SoupServerMessage *message, VsHttpHandler handler, gpointer user_data,
    gboolean keep);

/* The client is gone: libsoup is made to find out. */
void vs_http_request_abandon (VsHttpRequest *request);

/* The answer's first byte is about to leave; whether a body follows. */
gboolean vs_http_request_begin (VsHttpRequest *request);

/**
 * vs_http_request_detach:
 * @sent: bytes that left
 * @whole: (out): the answer was sent completely
 * @keep: (out): and did not announce the connection's end
 *
 * Returns: (transfer full): what the access log says
 */
VsAccessRecord *vs_http_request_detach (VsHttpRequest *request, guint64 sent,
    gboolean *whole, gboolean *keep);

G_END_DECLS
