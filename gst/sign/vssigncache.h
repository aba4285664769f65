/* VisionStream: signatures that have been verified
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VS_SIGN_DIGEST_SIZE 32

/**
 * VsSignCache:
 *
 * SHA-256 digests of what was verified, until it is over; of a fixed size.
 * Where there is no place left, what was used least recently goes. Thread-safe.
 */
typedef struct _VsSignCache VsSignCache;

VsSignCache *vs_sign_cache_new (guint n);
void         vs_sign_cache_free (VsSignCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSignCache, vs_sign_cache_free)

gboolean vs_sign_cache_has (VsSignCache *cache,
    const guint8 digest[VS_SIGN_DIGEST_SIZE]);
/* As above; what is over at @now is not there. */
gboolean vs_sign_cache_has_at (VsSignCache *cache,
    const guint8 digest[VS_SIGN_DIGEST_SIZE], gint64 now);
/* @now, @expires: seconds, of any one clock; what is over at @now gives way */
void     vs_sign_cache_add (VsSignCache *cache,
    const guint8 digest[VS_SIGN_DIGEST_SIZE], gint64 now, gint64 expires);

G_END_DECLS
