/* VisionStream: the bytes of another maker's segment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsArchiveFetch:
 *
 * Reads byte ranges, what EXT-X-MAP puts ahead of them, and what is encrypted
 * with AES-128 (RFC 8216bis 4.4.4, 5.2). The maps and keys that came last are
 * kept. For one thread at a time.
 */
typedef struct _VsArchiveFetch VsArchiveFetch;

VsArchiveFetch *vs_archive_fetch_new (VsStore *store, const gchar *folder);
void            vs_archive_fetch_free (VsArchiveFetch *fetch);

/**
 * vs_archive_fetch_get:
 * @header: (out) (transfer full) (nullable): of the map
 *
 * Errors name the object: those of vs_store_get (), %G_IO_ERROR_PARTIAL_INPUT
 * when it ends ahead of the range's end, and %G_IO_ERROR_INVALID_DATA with the
 * playlist's line when a key is none, or another one.
 */
GBytes *vs_archive_fetch_get (VsArchiveFetch *fetch,
    const VsSegment *segment, GBytes **header, GCancellable *cancellable,
    GError **error);

G_END_DECLS
