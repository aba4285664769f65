/* VisionStream: keys that sign, and keys that verify
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RSA PKCS#1 v1.5 (RFC 8017, 8.2) with 2048 bits or more, and ECDSA on P-256
 * with the signature in DER (RFC 3279, 2.2.3), by OpenSSL.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  VS_SIGN_SHA1,                 /* CloudFront's own choice */
  VS_SIGN_SHA256,
  VS_SIGN_N_HASHES
} VsSignHash;

/* bytes of the longest signature that is taken: RSA with 4096 bits */
#define VS_SIGNATURE_MAX 512

/**
 * VsSignKey:
 *
 * A private key, or a public one. Immutable, reference counted; signing and
 * verifying may go on in many threads. OpenSSL's contexts are kept by the key,
 * as many as were in use at a time, and go with it.
 */
typedef struct _VsSignKey VsSignKey;

/**
 * vs_sign_key_new_private:
 * @path: PEM (PKCS#1, PKCS#8 or SEC1), not encrypted
 *
 * %G_IO_ERROR_PERMISSION_DENIED when others than its owner and group can read
 * or write the file, or it can't be read, %G_IO_ERROR_NOT_FOUND,
 * %G_IO_ERROR_INVALID_DATA for what is no such key. No message has a part of
 * the file in it.
 */
VsSignKey *vs_sign_key_new_private (const gchar *path, GError **error);
/**
 * vs_sign_key_new_public:
 * @pem: SubjectPublicKeyInfo, or an RSA PUBLIC KEY; nothing else
 *
 * %G_IO_ERROR_INVALID_DATA
 */
VsSignKey *vs_sign_key_new_public (gconstpointer pem, gsize size,
    GError **error);
VsSignKey *vs_sign_key_ref (VsSignKey *key);
void       vs_sign_key_unref (VsSignKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSignKey, vs_sign_key_unref)

/* (transfer full): of a private key; PEM of what others verify with */
gchar *vs_sign_key_dup_public_pem (VsSignKey *key);

gboolean vs_sign_key_is_private (VsSignKey *key);

/**
 * vs_sign_key_get_cost:
 *
 * Keys with the same number (of one algorithm and size) take the same time to
 * verify.
 */
guint    vs_sign_key_get_cost (VsSignKey *key);

/* Returns: bytes in @signature; 0 when OpenSSL fails */
gsize    vs_sign_key_sign (VsSignKey *key, VsSignHash hash,
    gconstpointer text, gsize size, guint8 signature[VS_SIGNATURE_MAX]);

/**
 * vs_sign_key_verify:
 *
 * Takes the time of the key's arithmetic also for what is no signature at all,
 * such as one of another size: how long it took says nothing of why it failed.
 */
gboolean vs_sign_key_verify (VsSignKey *key, VsSignHash hash,
    gconstpointer text, gsize size, const guint8 *signature,
    gsize signature_size);

G_END_DECLS
