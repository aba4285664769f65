/* VisionStream: keys, to what reads and writes them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <openssl/evp.h>

#include "sign/vssignkey.h"

G_BEGIN_DECLS

/* (transfer full) (nullable): takes a reference to @pkey, which is one that may
 * be used */
VsSignKey *vs_sign_key_new_for (EVP_PKEY *pkey, gboolean is_private);
EVP_PKEY  *vs_sign_key_get_pkey (VsSignKey *key);

/* (transfer full) (nullable): what vs_sign_key_new_private () reads of a file */
VsSignKey *vs_sign_key_parse_private (const gchar *pem, gsize size,
    GError **error);

G_END_DECLS
