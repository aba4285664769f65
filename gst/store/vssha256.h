/* VisionStream: SHA-256 of bytes that come in pieces
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VS_SHA256_SIZE 32
/* as hexadecimal text, with its NUL */
#define VS_SHA256_HEX_SIZE (2 * VS_SHA256_SIZE + 1)

/**
 * VsSha256:
 *
 * One hash under way (FIPS 180-4), by OpenSSL, which uses what the processor
 * has for it. Not shared by threads. It is begun by vs_sha256_init () and
 * ended by one of vs_sha256_finish (), vs_sha256_finish_hex () and
 * vs_sha256_clear (); after that it may be begun anew.
 *
 * An OpenSSL that has no SHA-256 left (a broken openssl.cnf) ends the process,
 * as lack of memory does.
 */
typedef struct
{
  struct evp_md_ctx_st *context;
} VsSha256;

void vs_sha256_init (VsSha256 *self);
void vs_sha256_update (VsSha256 *self, gconstpointer data, gsize size);
void vs_sha256_finish (VsSha256 *self, guint8 digest[VS_SHA256_SIZE]);
/* in small letters */
void vs_sha256_finish_hex (VsSha256 *self, gchar hex[VS_SHA256_HEX_SIZE]);
/* Gives up; also for one that is all zeros or was ended before. */
void vs_sha256_clear (VsSha256 *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSha256, vs_sha256_clear)

/* all of it in one go */
void vs_sha256_hex (gconstpointer data, gsize size,
    gchar hex[VS_SHA256_HEX_SIZE]);

/* Bytes as hexadecimal text in small letters; @hex has 2 * @size + 1 bytes. */
void vs_sha256_to_hex (const guint8 *data, gsize size, gchar *hex);

G_END_DECLS
