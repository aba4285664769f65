/* VisionStream: where the keys to S3 come from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vss3keys.h"

G_BEGIN_DECLS

/**
 * VsS3CredentialsSettings:
 * @access_key_id: (nullable): with @secret_access_key: no other place is asked
 * @session_token: (nullable): of temporary keys
 * @profile: (nullable): a profile of the shared files, ahead of the
 *   environment's keys
 * @clock: (nullable): microseconds since 1970; g_get_real_time () without
 */
typedef struct
{
  const gchar *access_key_id;
  const gchar *secret_access_key;
  const gchar *session_token;
  const gchar *profile;
  gint64 (*clock) (void);
} VsS3CredentialsSettings;

/**
 * VsS3Credentials:
 *
 * The keys of one store, from the first of these that has some:
 *
 * 1. the settings' own, or their profile's
 * 2. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 * 3. profile AWS_PROFILE, else "default", of the shared files (vss3profile.h)
 * 4. the container's role, then the instance's (vss3role.h)
 *
 * A place that has half of what is needed, or is configured and fails, is an
 * error and not passed over; but an instance's role that never gave any keys
 * is only one more place without: most machines are none of EC2's.
 *
 * May be used by any thread. Nothing that it says holds a secret.
 */
typedef struct _VsS3Credentials VsS3Credentials;

/**
 * vs_s3_credentials_new:
 *
 * Returns: (transfer full): NULL with %G_IO_ERROR_INVALID_ARGUMENT for keys
 *   that are half given or can't be ones
 */
VsS3Credentials *vs_s3_credentials_new (
    const VsS3CredentialsSettings *settings, GError **error);
VsS3Credentials *vs_s3_credentials_ref (VsS3Credentials *self);
void             vs_s3_credentials_unref (VsS3Credentials *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsS3Credentials, vs_s3_credentials_unref)

/**
 * vs_s3_credentials_get:
 * @remark: (out) (optional) (nullable): something that the operator should
 *   know though there are keys, to be freed by g_free ()
 *
 * The keys for a request that is about to be made; not to be kept beyond it.
 * Blocks, at most for a few requests of two seconds each, where keys have to
 * be fetched: by the first thread that asks within five minutes of their
 * end, while others go on with what is still valid. When that fails, the old
 * ones serve as long as they last.
 *
 * Returns: (transfer full): NULL with an error: %G_IO_ERROR_NOT_FOUND when no
 *   place has keys: the text says which were asked, and what to do
 */
VsS3Keys *vs_s3_credentials_get (VsS3Credentials *self, gchar **remark,
    GCancellable *cancellable, GError **error);

/**
 * vs_s3_credentials_invalidate:
 * @refused: what a server refused (ExpiredToken, InvalidAccessKeyId ...)
 *
 * All places are asked anew by the next vs_s3_credentials_get (), unless they
 * were already since @refused came from it.
 */
void vs_s3_credentials_invalidate (VsS3Credentials *self,
    const VsS3Keys *refused);

/**
 * vs_s3_credentials_dup_region:
 *
 * Returns: (nullable): AWS_REGION, AWS_DEFAULT_REGION or the profile's region,
 *   in this order; with a profile in the settings its region is the first
 */
gchar *vs_s3_credentials_dup_region (VsS3Credentials *self);

G_END_DECLS
