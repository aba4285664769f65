/* VisionStream: long HLS media playlists, made of blocks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsmanifests.h"
#include "origin/vsobject.h"
#include "origin/vsrange.h"

G_BEGIN_DECLS

/**
 * VsHlsBlocks:
 * @context: its view needs no more than the newest segments of the range
 * @history, @bounds: of the rendition that @name means: see vs_range_find ()
 * @cache: where blocks are kept
 * @settings_id: changes with the settings of the endpoint
 */
typedef struct
{
  const VsManifestContext *context;
  const VsObjectName *name;
  const VsHistory *history;
  VsBounds bounds;
  gboolean grows;
  VsLru *cache;
  guint64 settings_id;
} VsHlsBlocks;

/**
 * vs_hls_blocks_make:
 *
 * The same text as vs_manifest_write_hls_media () of all of the range, in
 * pieces: one for the head, one for the entries of each block (VS_BLOCK),
 * where a joined segment belongs to the block that its first part lies in.
 * Entries of whole blocks are rendered, compressed and hashed once.
 *
 * Returns: (transfer full): one of the two forms alone, or NULL
 */
VsObject *vs_hls_blocks_make (const VsHlsBlocks *blocks, gboolean gzip,
    GError **error);

G_END_DECLS
