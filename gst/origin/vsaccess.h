/* VisionStream: who may have what an endpoint serves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VsAddressList:
 *
 * Addresses and CIDR masks, IPv4 and IPv6. Immutable, reference counted.
 */
typedef struct _VsAddressList VsAddressList;

/**
 * vs_address_list_new:
 * @text: separated by commas or blanks; "192.0.2.0/24, 2001:db8::/32"
 *
 * Returns: (transfer full): or NULL with %G_IO_ERROR_INVALID_ARGUMENT, which
 *   names the part that is no address
 */
VsAddressList *vs_address_list_new (const gchar *text, GError **error);
VsAddressList *vs_address_list_ref (VsAddressList *list);
void           vs_address_list_unref (VsAddressList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAddressList, vs_address_list_unref)

/**
 * vs_address_list_contains:
 * @address: (nullable): of a client; "::ffff:192.0.2.1" counts as 192.0.2.1.
 *   One that is not known is in no list.
 */
gboolean vs_address_list_contains (const VsAddressList *list,
    GInetAddress *address);

/**
 * vs_secret_matches:
 * @given: (nullable): what somebody says
 * @secrets: (nullable) (array length=n): each may be NULL
 *
 * Whether @given is one of @secrets: in a time that tells nothing of them,
 * neither which it is nor how much of it was right.
 */
gboolean vs_secret_matches (const gchar *given, const gchar *const *secrets,
    guint n);

G_END_DECLS
