/* VisionStream: what is to be signed for whoever asks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssignaccounts.h"

G_BEGIN_DECLS

/**
 * VsSignOrder:
 * @path: as it will be requested, without a query
 * @account: (nullable): whose the user is, and the path
 * @source: (nullable): "192.0.2.0/24"
 * @expires_in: seconds; 0 for the account's own
 *
 * The body of POST /v1/sign:
 *
 *     {"path": "/out/v1/acme/media/film.mp4", "account": "acme",
 *      "expires-in": 600, "allowed-source": "192.0.2.0/24"}
 */
typedef struct
{
  gchar *path, *account, *source;
  guint expires_in;
} VsSignOrder;

/**
 * vs_sign_order_parse:
 * @body: (nullable)
 *
 * NULL with %G_IO_ERROR_INVALID_DATA, whose message tells whoever asked what is
 * wrong, and has nothing of @body in it.
 */
VsSignOrder *vs_sign_order_parse (GBytes *body, GError **error);
void         vs_sign_order_free (VsSignOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSignOrder, vs_sign_order_free)

/**
 * vs_sign_order_is_of:
 * @id_account: whose URLs are that name an endpoint's id alone
 *
 * Whether the path is one of @account's below @base_path, and the same however
 * it is read.
 */
gboolean     vs_sign_order_is_of (const VsSignOrder *order,
    const gchar *base_path, const gchar *id_account, const gchar *account);

/**
 * vs_sign_order_sign:
 * @origin: "https://host[:port]"
 * @expires: seconds since 1970
 *
 * The signed URL: of a manifest with a policy for all in its folder, so that
 * what it names may be asked for; of anything else for itself.
 *
 * Takes the time of an RSA signature. NULL with %G_IO_ERROR_INVALID_ARGUMENT:
 * see vs_url_signer_append ().
 */
gchar       *vs_sign_order_sign (const VsSignOrder *order,
    const VsAccountSigner *signer, const gchar *origin, gint64 expires,
    GError **error);

G_END_DECLS
