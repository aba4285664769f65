/* VisionStream: who watches: distinct clients in the last seconds
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* how long a client counts after its last request, s */
#define VS_HTTP_VIEWER_SECONDS 30
/* clients that are told apart; what comes beyond is not counted */
#define VS_HTTP_MAX_VIEWERS 65536

/* A client is an address and a User-Agent. Thread-safe. */
typedef struct _VsHttpViewers VsHttpViewers;

VsHttpViewers *vs_http_viewers_new (void);
void           vs_http_viewers_free (VsHttpViewers *viewers);
/* @now: monotonic, µs */
void           vs_http_viewers_see (VsHttpViewers *viewers, const gchar *ip,
    const gchar *user_agent, gint64 now);
guint          vs_http_viewers_count (VsHttpViewers *viewers, gint64 now);

G_END_DECLS
