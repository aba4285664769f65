/* VisionStream: the files that AWS's tools share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * After "Shared config and credentials files" (AWS SDKs and Tools Reference
 * Guide): AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials, with sections
 * "[name]"; AWS_CONFIG_FILE, else ~/.aws/config, with sections
 * "[profile name]" and "[default]".
 */
#pragma once

#include "store/vss3keys.h"

G_BEGIN_DECLS

/**
 * vs_s3_profile_keys:
 * @exists: (out): whether one of the files has the profile
 * @tried: what was looked at in vain is added, in words
 * @remark: (inout): is set, where it is NULL, when all users of the machine
 *   can read the file that the keys are in
 *
 * The keys of a profile: of the credentials file, else of the config file. A
 * file that is not this process's to read (a service often has another user's
 * HOME) is as one that is not there.
 *
 * Returns: (transfer full) (nullable): NULL without an error when there are
 *   none; with one when there are unusable ones (%G_IO_ERROR_INVALID_DATA), or
 *   when what is there is not a regular file, not text or above 1 MiB
 */
VsS3Keys *vs_s3_profile_keys (const gchar *profile, gboolean *exists,
    GString *tried, gchar **remark, GError **error);

/* (nullable): the region of a profile; what can't be read has none. */
gchar *vs_s3_profile_dup_region (const gchar *profile);

G_END_DECLS
