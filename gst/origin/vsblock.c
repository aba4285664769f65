/* VisionStream: long ranges, block by block
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsblock.h"

#include "origin/vsjoin.h"

guint64
vs_block_start (guint64 sequence)
{
  return sequence == 0 ? 0 : (sequence - 1) / VS_BLOCK * VS_BLOCK + 1;
}

guint64
vs_blocks_get_last (const VsBlocks * blocks)
{
  return MIN (vs_block_start (blocks->first) + VS_BLOCK - 1,
      blocks->bounds.last);
}

gboolean
vs_blocks_is_fixed (const VsBlocks * blocks)
{
  guint64 first = blocks->first, last = first + VS_BLOCK - 1;

  return first == vs_block_start (first) && first > blocks->bounds.first
      && last + blocks->join - 1 <= blocks->bounds.last;
}

static VsSegment *
nth (const VsTimelineView * view, guint i)
{
  return g_ptr_array_index (view->segments, i);
}

/* The number that the joined segment of a stored one has, 0 for none. */
static guint64
number_at (const VsTimelineView * view, guint64 sequence, guint join)
{
  guint64 first = view->segments->len ? nth (view, 0)->sequence : G_MAXUINT64;

  if (sequence < first || sequence - first >= view->segments->len)
    return 0;
  return vs_join_number (nth (view, sequence - first), join);
}

/* What was pruned while the range was walked is no part of it any more. */
static void
note_pruned (VsBlocks * blocks, const VsTimelineView * view)
{
  guint64 last = vs_blocks_get_last (blocks);
  guint64 first = view->segments->len ? nth (view, 0)->sequence : last + 1;

  blocks->bounds.first = MIN (first, last + 1);
  blocks->first = MAX (blocks->first, blocks->bounds.first);
}

/* Where in the joined view the numbers (@before, @last] are. */
static void
find_own (VsBlockView * block, guint64 before, guint64 last)
{
  const VsTimelineView *view = block->view;

  while (block->first < view->segments->len
      && nth (view, block->first)->sequence <= before)
    block->first++;
  block->end = block->first;
  while (block->end < view->segments->len
      && nth (view, block->end)->sequence <= last)
    block->end++;
}

gboolean
vs_blocks_read (VsBlocks * blocks, VsBlockView * block, GError ** error)
{
  const VsBounds *bounds = &blocks->bounds;
  guint join = blocks->join;
  guint64 last = vs_blocks_get_last (blocks);
  guint64 from = blocks->first > join ? MAX (blocks->first - join,
      bounds->first) : bounds->first;
  guint64 to = MIN (last + join - 1, bounds->last);
  guint64 before;

  *block = (VsBlockView) {
  vs_history_read (blocks->history, from, to, error)};
  if (block->view == NULL)
    return FALSE;
  block->whole = block->view->segments->len == to - from + 1;
  if (!block->whole)
    note_pruned (blocks, block->view);
  before = blocks->first > bounds->first ?
      number_at (block->view, blocks->first - 1, join) : 0;
  last = number_at (block->view, last, join);
  vs_join_view (block->view, join, blocks->grows);
  find_own (block, before, last);
  return TRUE;
}

void
vs_block_view_clear (VsBlockView * block)
{
  g_clear_pointer (&block->view, vs_timeline_view_free);
}
