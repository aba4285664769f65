/* VisionStream: the bodies of requests and of answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vshttpclient.h"

G_BEGIN_DECLS

/* A stream of the body from its start. (transfer full) */
GInputStream *vs_http_body_open (const VsHttpBody *body);
guint64       vs_http_body_get_size (const VsHttpBody *body);

/**
 * vs_http_answer_read:
 * @stream: the content of @message's answer
 * @max: more is %G_IO_ERROR_MESSAGE_TOO_LARGE
 *
 * Reads it whole. libsoup 3.2 takes a short answer for a whole one when the
 * server said that it would close the connection, so it is counted here.
 *
 * Returns: NULL: less than Content-Length is %G_IO_ERROR_PARTIAL_INPUT
 */
GBytes *vs_http_answer_read (SoupMessage *message, GInputStream *stream,
    gsize max, GCancellable *cancellable, GError **error);

G_END_DECLS
