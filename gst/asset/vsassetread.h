/* VisionStream: segments of media files: their bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "asset/vsassetplan.h"

G_BEGIN_DECLS

/* Samples of a track, without @last */
typedef struct
{
  const VsAssetTrack *track;
  guint first, last;
} VsAssetSamples;

/* Those of a segment */
void vs_asset_samples_init (VsAssetSamples *samples, const VsAssetTrack *track,
    guint segment);

/**
 * vs_asset_read:
 * @samples: of tracks of one file
 *
 * The samples of a segment lie in a few stretches of the file: in one where
 * tracks are interleaved and all are wanted. Each is read once.
 *
 * Returns: (transfer full): the stretches, or NULL: also when the file has
 *   changed since it was opened
 */
GArray *vs_asset_read (VsStore *store, const VsAssetSamples *samples, guint n,
    GCancellable *cancellable, GError **error);

/* The bytes of one of these samples */
const guint8 *vs_asset_read_get (GArray *stretches, const VsMp4Sample *sample);

G_END_DECLS
