/* VisionStream: the spans of long ranges
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsblock.h"
#include "timeline/vsspan.h"

G_BEGIN_DECLS

/**
 * vs_span_blocks_read:
 * @blocks: the first block is at hand
 * @cache: (nullable): where the spans of whole blocks are kept
 * @view: gets the spans, and the configurations that they name
 *
 * One block at a time is read, however long the range is, and none that is in
 * the cache.
 */
gboolean vs_span_blocks_read (VsBlocks *blocks, VsLru *cache,
    VsTimelineView *view, GError **error);

G_END_DECLS
