/* VisionStream: the proxy that the environment names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * vs_http_proxy_resolver_new:
 *
 * http_proxy, https_proxy, all_proxy and no_proxy, in small or, apart from the
 * first (RFC 3875 4.1.18 lets a request set it), capital letters. GIO's own
 * resolver asks the desktop for it, over D-Bus and in files. This machine
 * itself is never reached by a proxy.
 *
 * Returns: (transfer full)
 */
GProxyResolver *vs_http_proxy_resolver_new (void);

G_END_DECLS
