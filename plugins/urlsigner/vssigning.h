/* VisionStream: what vsurlsigner signs and verifies with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vsurlverify.h"
#include "vssigningsettings.h"

G_BEGIN_DECLS

/**
 * VsSigning:
 *
 * Settings that were checked, with their key. Immutable, reference counted; any
 * number of threads may use it.
 */
typedef struct _VsSigning VsSigning;

/**
 * vs_signing_new:
 *
 * %G_IO_ERROR_INVALID_ARGUMENT: a setting, said so that a user can put it right;
 * else what vs_sign_key_new_private () says. No message has anything of a key.
 */
VsSigning *vs_signing_new (const VsSigningSettings *settings, GError **error);
VsSigning *vs_signing_ref (VsSigning *signing);
void       vs_signing_unref (VsSigning *signing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSigning, vs_signing_unref)

/**
 * vs_signing_begin:
 * @expires: (out) (optional): s since 1970, until when
 *
 * (transfer full): what signs from now on for as long as was set.
 */
VsUrlSigner *vs_signing_begin (VsSigning *signing, gint64 *expires);

/* (nullable): #GstVsUrlSigner:base-url */
const gchar *vs_signing_get_base (VsSigning *signing);

/**
 * vs_signing_find_folder:
 * @location: (nullable): of the store
 * @breakout: (nullable)
 *
 * (transfer full) (nullable): the event's folder as a URL with a slash at its
 * end: below the base URL, else below @location when that is HTTP's; `{account}`
 * and `{event}` are put in where they stand.
 */
gchar *vs_signing_find_folder (VsSigning *signing, const gchar *location,
    const gchar *account, const gchar *event, const gchar *breakout);

/**
 * vs_signing_verify:
 * @client: (nullable): an IP address
 * @cookie: (nullable): a Cookie header
 *
 * Whether @url may be had now, by a signature of this key's.
 */
VsSignVerdict vs_signing_verify (VsSigning *signing, const gchar *url,
    const gchar *client, const gchar *cookie);

G_END_DECLS
