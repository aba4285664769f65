/* VisionStream: keys that the machine is lent
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Over HTTP from an address on the machine's own link, without a proxy and
 * without following redirects. An answer that is not whole after two seconds,
 * or above 64 KiB, is none.
 */
#pragma once

#include "store/vss3keys.h"

G_BEGIN_DECLS

/**
 * vs_s3_role_container_keys:
 * @tried: what was looked at in vain is added, in words
 *
 * The keys of a container's or pod's role ("Container credential provider",
 * AWS SDKs and Tools Reference Guide):
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI below http://169.254.170.2, else
 * AWS_CONTAINER_CREDENTIALS_FULL_URI, with the token in the file
 * AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, else in
 * AWS_CONTAINER_AUTHORIZATION_TOKEN. A full URI is https, or leads to this
 * host or one of the addresses that containers are given: any other
 * (%G_IO_ERROR_INVALID_ARGUMENT) would have the token sent around in the
 * clear.
 *
 * Returns: (transfer full) (nullable): NULL without an error where neither
 *   variable is set
 */
VsS3Keys *vs_s3_role_container_keys (GString *tried,
    GCancellable *cancellable, GError **error);

/**
 * vs_s3_role_instance_keys:
 *
 * The keys of an EC2 instance's role, by IMDSv2 ("Use the Instance Metadata
 * Service", EC2 User Guide): a token, the role's name, its keys. Version 1,
 * which has no token, is never asked. AWS_EC2_METADATA_DISABLED=true turns it
 * off, AWS_EC2_METADATA_SERVICE_ENDPOINT replaces http://169.254.169.254.
 *
 * Returns: (transfer full) (nullable): NULL without an error where it is
 *   turned off
 */
VsS3Keys *vs_s3_role_instance_keys (GString *tried,
    GCancellable *cancellable, GError **error);

G_END_DECLS
