/* VisionStream: long ranges, block by block
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vshistory.h"
#include "timeline/vslru.h"

G_BEGIN_DECLS

/**
 * VS_BLOCK:
 *
 * Whole runs of segments are summed up and rendered once: blocks of so many
 * sequence numbers, from 1 on. Some parts of an archive; a quarter of an hour
 * of 2 s segments. What is sent depends on it (see vschunk.h).
 */
#define VS_BLOCK (16 * VS_TIMELINE_PART)

guint64 vs_block_start (guint64 sequence);

/* Sequence numbers of stored segments; none when first > last. */
typedef struct
{
  guint64 first, last;
} VsBounds;

/**
 * VsBlocks:
 * @bounds: of what is read, see vs_range_find ()
 * @join: stored segments that make one (vsjoin.h)
 * @grows: the last joined segment may not be whole
 * @first: of the block at hand, a stored segment
 *
 * A walk over a range, from its first block to its last. Joined segments
 * belong to the block that their first part lies in.
 */
typedef struct
{
  const VsHistory *history;
  VsBounds bounds;
  guint join;
  gboolean grows;
  guint64 first;
} VsBlocks;

/* The last stored segment of the block at hand. */
guint64  vs_blocks_get_last (const VsBlocks *blocks);
/* Whether the block at hand is the same in all ranges that have all of it:
 * the first segment of a range is another than within. */
gboolean vs_blocks_is_fixed (const VsBlocks *blocks);

/**
 * VsBlockView:
 * @view: the block's joined segments, and some that they follow and join
 * @first, @end: of those in the view that are the block's
 * @whole: nothing was pruned meanwhile
 */
typedef struct
{
  VsTimelineView *view;
  guint first, end;
  gboolean whole;
} VsBlockView;

/**
 * vs_blocks_read:
 *
 * Reads the block at hand. Where that finds something pruned, with all before
 * it, the range begins behind that: @blocks' bounds, and the block, say so.
 */
gboolean vs_blocks_read (VsBlocks *blocks, VsBlockView *block,
    GError **error);
void     vs_block_view_clear (VsBlockView *block);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsBlockView, vs_block_view_clear)

G_END_DECLS
