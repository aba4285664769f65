/* VisionStream: requests that are tried more than once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vshttpclient.h"

G_BEGIN_DECLS

/* What is to be done after one try of a call. */
typedef enum
{
  VS_HTTP_DONE,
  VS_HTTP_AT_ONCE,              /* again, with what was learned */
  VS_HTTP_LATER,                /* again after a pause */
  VS_HTTP_REFUSED
} VsHttpVerdict;

/**
 * VsHttpTryFunc:
 * @reply: (out): what came, if anything; cleared unless it is the last one
 *
 * Sends a call once. All verdicts but %VS_HTTP_DONE come with an error.
 */
typedef VsHttpVerdict (*VsHttpTryFunc) (gpointer call, VsHttpReply *reply,
    GCancellable *cancellable, GError **error);

/**
 * vs_http_retry:
 * @call: for @func
 * @reply: (out caller-allocates): to be cleared; only after TRUE
 *
 * Tries a call a few times, with growing pauses of uneven length, at least as
 * long as the server asks for; one that asks for more than is waited here is
 * given up. The error is the last try's.
 */
gboolean vs_http_retry (VsHttpTryFunc func, gpointer call, VsHttpReply *reply,
    GCancellable *cancellable, GError **error);

/* Of a vs_http_client_send () that failed: %VS_HTTP_LATER where the next one
 * may not. */
VsHttpVerdict vs_http_judge_error (const GError *error);

/* When a call with these bytes at most should be over: monotonic time. */
gint64 vs_http_get_deadline (const VsHttpBody *body, gsize max_answer);

G_END_DECLS
