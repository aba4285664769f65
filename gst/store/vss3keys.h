/* VisionStream: one set of keys to S3
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VsS3Keys:
 * @session_token: (nullable): of temporary keys
 * @expires_us: microseconds since 1970, UTC; 0: never, as far as is known
 * @source: where they come from, in words for people
 *
 * Immutable and counted; may be used by any thread. Key, secret and token are
 * visible ASCII, so that they can be header values. They are wiped when the
 * last reference goes; @source is the only member that may be shown.
 */
typedef struct
{
  const gchar *access_key_id;
  const gchar *secret_access_key;
  const gchar *session_token;
  gint64 expires_us;
  const gchar *source;
} VsS3Keys;

/**
 * vs_s3_keys_new:
 * @access_key_id: (nullable)
 * @secret_access_key: (nullable)
 * @session_token: (nullable)
 *
 * Texts are copied; an empty one is as none.
 *
 * Returns: (transfer full): NULL with %G_IO_ERROR_INVALID_DATA, which names
 *   @source and what is wrong, but no value: one of the two is missing, or
 *   holds what can't be in a key
 */
VsS3Keys *vs_s3_keys_new (const gchar *access_key_id,
    const gchar *secret_access_key, const gchar *session_token,
    gint64 expires_us, const gchar *source, GError **error);
VsS3Keys *vs_s3_keys_ref (VsS3Keys *keys);
void      vs_s3_keys_unref (VsS3Keys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsS3Keys, vs_s3_keys_unref)

/* Wipes and frees a text that holds a secret; NULL is fine. */
void vs_s3_secret_free (gchar *text);

G_END_DECLS
