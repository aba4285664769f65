/* VisionStream: a stored file that is served as it is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsorigin.h"

G_BEGIN_DECLS

/* what such files are */
#define VS_ORIGIN_FILE_TYPE "video/mp4"
#define VS_ORIGIN_FILE_SUFFIX ".mp4"

/**
 * vs_origin_file_open:
 *
 * Finds out what lies under @key: blocks.
 *
 * Returns: (transfer full): or NULL with the store's error
 */
VsOriginFile *vs_origin_file_open (VsOrigin *origin, VsStore *store,
    const gchar *key, GError **error);

/* (transfer full): an entity tag: a strong one, where the store's is */
gchar        *vs_origin_file_make_etag (const VsOriginFile *file);

G_END_DECLS
