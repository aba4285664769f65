/* VisionStream: judges request heads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttphead.h"

G_BEGIN_DECLS

/**
 * VsHttpGuard:
 *
 * Reads one HTTP/1 request head byte by byte and refuses whatever two
 * implementations could read differently. It is stricter than RFC 9112 where
 * that allows leniency: no bare LF, no obs-fold, no empty lines ahead of the
 * request, no body but that of a POST, with one Content-Length. The verdict does
 * not depend on how the bytes are split.
 */
typedef struct _VsHttpGuard VsHttpGuard;

/**
 * VsHttpRules:
 * @hosts: (nullable): NULL-terminated names that Host may have, with or
 *   without a port; NULL or empty for any
 * @posts: (nullable): NULL-terminated paths, decoded, that take POST
 *
 * What differs from server to server.
 */
typedef struct
{
  const gchar *const *hosts;
  const gchar *const *posts;
} VsHttpRules;

/* Whether @path takes POST. */
gboolean vs_http_rules_allow_post (const VsHttpRules *rules,
    const gchar *path);

typedef enum
{
  VS_HTTP_VERDICT_MORE,         /* so far nothing is wrong */
  VS_HTTP_VERDICT_PASS,
  VS_HTTP_VERDICT_REFUSE
} VsHttpVerdict;

VsHttpGuard  *vs_http_guard_new (void);
void          vs_http_guard_free (VsHttpGuard *guard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpGuard, vs_http_guard_free)

/**
 * vs_http_guard_push:
 * @used: (out): how many bytes belong to this head
 *
 * Must not be called again after PASS or REFUSE.
 */
VsHttpVerdict vs_http_guard_push (VsHttpGuard *guard, const guint8 *data,
    gsize size, const VsHttpRules *rules, gsize *used);

/* After PASS, once: the head. (transfer full) */
VsHttpHead   *vs_http_guard_steal_head (VsHttpGuard *guard);

/* After PASS, while it has the head: the head's body_size. */
gsize         vs_http_guard_get_body_size (VsHttpGuard *guard);
/* The same: whether its client waits to be told to send the body. */
gboolean      vs_http_guard_expects_continue (VsHttpGuard *guard);

/* After REFUSE: the status to answer (400, 405, 411, 413, 414, 417, 431, 505)
 * and why. */
guint         vs_http_guard_get_status (VsHttpGuard *guard);
const gchar  *vs_http_guard_get_reason (VsHttpGuard *guard);
/* The bytes so far, for the log; not terminated by a line's end. */
const gchar  *vs_http_guard_get_bytes (VsHttpGuard *guard, gsize *size);

/**
 * vs_http_path_decode:
 * @raw: the path of an origin-form target
 *
 * Decodes a path of which there is only one spelling: no empty or dot
 * segments, no encoded slash, backslash, dot, control or unreserved
 * character, valid UTF-8.
 *
 * Returns: (nullable): the decoded path
 */
gchar        *vs_http_path_decode (const gchar *raw, gsize length);

G_END_DECLS
