/* VisionStream: the client behind proxies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttphead.h"
#include "origin/vsaccess.h"

G_BEGIN_DECLS

/**
 * VsHttpForwarded:
 * @client: (nullable): address as text, IPv4-mapped as IPv4; NULL when it can't
 *   be known
 * @by_proxy: the peer is a trusted proxy
 * @by_tls: and says that the client came to the proxies by TLS
 */
typedef struct
{
  gchar *client;
  gboolean by_proxy, by_tls;
} VsHttpForwarded;

/**
 * vs_http_forwarded_read:
 * @peer: of the connection
 * @trusted: (nullable): proxies that say truly whom they speak for
 * @forwarded: (out): cleared by the caller
 *
 * Who asks: the right-most address that is not a trusted proxy's in
 * X-Forwarded-For or Forwarded (RFC 7239), which ends with what the nearest
 * proxy has put there; the left-most if all are. @peer itself when it is no
 * trusted proxy, whatever it says, or says nothing. By what scheme he came is
 * said beside his address in Forwarded, or by X-Forwarded-Proto.
 *
 * Proxies write one of the two forms and may pass the other on as their client
 * had it. So where both stand they have to agree; a scheme that they do not
 * agree on is "http".
 */
void vs_http_forwarded_read (const VsHttpHead *head, const gchar *peer,
    const VsAddressList *trusted, VsHttpForwarded *forwarded);
/* Whether somebody says that he speaks for somebody else, trusted or not. */
gboolean vs_http_forwarded_is_there (const VsHttpHead *head);

void vs_http_forwarded_clear (VsHttpForwarded *forwarded);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsHttpForwarded, vs_http_forwarded_clear)

G_END_DECLS
