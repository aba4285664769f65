/* VisionStream: an answer turned into a response
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>
#include "http/vshttphead.h"
#include "http/vshttpserver.h"

G_BEGIN_DECLS

VsHttpAnswer *vs_http_answer_copy (const VsHttpAnswer *answer);
void          vs_http_answer_free (VsHttpAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpAnswer, vs_http_answer_free)

/**
 * VsHttpResponse:
 * @has_body: bytes follow the response's head
 * @keep: the connection may serve another request
 */
typedef struct
{
  guint status;
  gboolean has_body;
  gboolean keep;
} VsHttpResponse;

/**
 * vs_http_response_fill:
 * @pages: (nullable): NULL-terminated origins of pages that may send cookies
 * @keep: whether the connection may be kept, as far as others are concerned
 *
 * Fills @message with what RFC 9110 makes of @answer to @head: conditions
 * (13), ranges (14), HEAD (9.3.2), Vary, and CORS for everyone, with
 * credentials for @pages. A 4xx ends the connection. The bytes of a source are appended by the caller, when
 * vs_http_response_find_part () says which.
 */
void vs_http_response_fill (const VsHttpHead *head,
    const VsHttpAnswer *answer, const gchar *const *pages, gboolean keep,
    SoupServerMessage *message, VsHttpResponse *response);

/**
 * vs_http_response_find_part:
 *
 * Returns: whether the response to @head has bytes of @answer's source in it:
 *   @length from @offset on
 */
gboolean vs_http_response_find_part (const VsHttpHead *head,
    const VsHttpAnswer *answer, guint64 *offset, guint64 *length);

/* The answer to OPTIONS (a CORS preflight or not); @may_post: the path takes
 * POST. */
void vs_http_response_fill_options (const VsHttpHead *head,
    const gchar *const *pages, gboolean may_post, gboolean keep,
    SoupServerMessage *message, VsHttpResponse *response);

G_END_DECLS
