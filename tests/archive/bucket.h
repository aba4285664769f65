/* VisionStream: a bucket of a test's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VS_S3_ENDPOINT names the service, VS_S3_KEY and VS_S3_SECRET who may use it.
 */
#pragma once

#include "store/vsstore.h"

/* Makes one: (transfer full) its name. Stores do not make theirs. */
gchar   *bucket_new (void);
VsStore *bucket_open (const gchar *location, const gchar *key,
    const gchar *secret);
