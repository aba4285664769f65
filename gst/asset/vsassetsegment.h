/* VisionStream: segments of media files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "asset/vsassetplan.h"
#include "isobmff/vssamples.h"

G_BEGIN_DECLS

/* Raised whenever other bytes are made of the same file: it goes into the
 * segments' hashes. */
#define VS_ASSET_VERSION 3

/**
 * vs_asset_segment_new:
 * @boundaries: what vs_asset_plan () gave
 * @index: from 0
 * @utc_us: of the first segment
 *
 * The entry of a segment. Its sequence is @index + 1; its size is about what
 * its transport stream has. Its hash is none of the bytes, but of all that
 * they are made from: size, time of modification and movie box of the file,
 * and which samples. So it is the same in each origin that has the same file.
 *
 * Returns: (transfer full): the entry, or NULL with
 *   %VS_MP4_ERROR_UNSUPPORTED when it would be too large
 */
VsSegment *vs_asset_segment_new (const VsAssetRendition *rendition,
    GArray *boundaries, guint index, gint64 utc_us, GError **error);

/**
 * vs_asset_segment_load:
 *
 * Reads a segment's samples and writes them as a transport stream: the times
 * are those of the entry. The counters of each segment begin anew, which
 * discontinuity indicators tell.
 */
GBytes *vs_asset_segment_load (VsStore *store,
    const VsAssetRendition *rendition, guint index,
    GCancellable *cancellable, GError **error);

/**
 * vs_asset_segment_collect:
 * @samples: (out): filled in
 *
 * Reads the samples of one track: those that vs_samples_collect () finds in
 * what vs_asset_segment_load () gives.
 *
 * Returns: FALSE with %G_IO_ERROR_NOT_SUPPORTED where that is the only way
 */
gboolean vs_asset_segment_collect (VsStore *store,
    const VsAssetRendition *rendition, guint index, VsMediaType type,
    VsSamples *samples, GCancellable *cancellable, GError **error);

G_END_DECLS
