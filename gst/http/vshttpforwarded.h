/* VisionStream: the client behind proxies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttphead.h"
#include "origin/vsaccess.h"

G_BEGIN_DECLS

/**
 * vs_http_forwarded_client:
 * @peer: of the connection
 * @trusted: (nullable): proxies that say truly whom they speak for
 *
 * Who asks: the right-most address that is not a trusted proxy's in
 * X-Forwarded-For or Forwarded (RFC 7239), which ends with what the nearest
 * proxy has put there; the left-most if all are. @peer itself when it is no
 * trusted proxy, whatever it says, or says nothing.
 *
 * Proxies write one of the two fields and may pass the other on as their client
 * had it. So where both stand they have to agree.
 *
 * Returns: (transfer full) (nullable): the address as text, IPv4-mapped as
 *   IPv4; NULL when it can't be known
 */
gchar *vs_http_forwarded_client (const VsHttpHead *head, const gchar *peer,
    const VsAddressList *trusted);

G_END_DECLS
