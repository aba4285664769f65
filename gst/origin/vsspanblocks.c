/* VisionStream: the spans of long ranges
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsspanblocks.h"

#include <string.h>

/* what an allocation takes beside its bytes */
#define ALLOCATION 16

/* What a block has of its rendition's tracks. */
typedef struct
{
  GArray *video, *audio;        /* VsSpan */
  GPtrArray *configs;           /* VsCodecConfig */
} SpanBlock;

static void
span_block_clear (gpointer data)
{
  SpanBlock *block = data;

  g_array_unref (block->video);
  g_array_unref (block->audio);
  g_ptr_array_unref (block->configs);
}

static void
span_block_unref (SpanBlock * block)
{
  g_atomic_rc_box_release_full (block, span_block_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpanBlock, span_block_unref);

static gsize
get_size (const SpanBlock * block)
{
  return sizeof *block + 2 * sizeof (GArray) + sizeof (GPtrArray)
      + 7 * ALLOCATION + (block->video->len + block->audio->len)
      * sizeof (VsSpan) + block->configs->len * sizeof (VsCodecConfig);
}

/* (transfer full): no larger than it has to be */
static GArray *
fit (GArray * spans)
{
  GArray *fitting = g_array_sized_new (FALSE, FALSE, sizeof (VsSpan),
      spans->len);

  vs_spans_append (fitting, spans);
  g_array_unref (spans);
  return fitting;
}

static SpanBlock *
sum_up (const VsBlockView * view)
{
  SpanBlock *block = g_atomic_rc_box_new0 (SpanBlock);
  GArray *video = vs_spans_new (), *audio = vs_spans_new ();

  for (guint i = view->first; i < view->end; i++) {
    const VsSegment *segment = g_ptr_array_index (view->view->segments, i);

    vs_spans_add (video, segment, VS_MEDIA_VIDEO);
    vs_spans_add (audio, segment, VS_MEDIA_AUDIO);
  }
  block->video = fit (video);
  block->audio = fit (audio);
  block->configs = g_ptr_array_ref (view->view->configs);
  return block;
}

static gchar *
cache_key (const VsBlocks * blocks)
{
  return g_strdup_printf ("t%s.%" G_GINT64_MODIFIER "x.%u",
      blocks->history->id, blocks->first, blocks->join);
}

static SpanBlock *
get_block (VsBlocks * blocks, VsLru * cache, GError ** error)
{
  g_autofree gchar *key = cache_key (blocks);
  gboolean fixed = cache && vs_blocks_is_fixed (blocks);
  SpanBlock *block = fixed ? vs_lru_get (cache, key) : NULL;
  g_auto (VsBlockView) view = { 0 };

  if (block)
    return block;
  if (!vs_blocks_read (blocks, &view, error))
    return NULL;
  block = sum_up (&view);
  if (fixed && view.whole)
    vs_lru_put (cache, key, block, get_size (block), span_block_clear);
  return block;
}

static void
add_configs (VsTimelineView * view, const GPtrArray * configs)
{
  for (guint i = 0; i < configs->len; i++) {
    VsCodecConfig *config = g_ptr_array_index (configs, i);
    gboolean known = FALSE;

    for (guint k = 0; k < view->configs->len && !known; k++)
      known = strcmp (((VsCodecConfig *) g_ptr_array_index (view->configs,
                  k))->id, config->id) == 0;
    if (!known)
      g_ptr_array_add (view->configs, vs_codec_config_ref (config));
  }
}

gboolean
vs_span_blocks_read (VsBlocks * blocks, VsLru * cache, VsTimelineView * view,
    GError ** error)
{
  view->video = vs_spans_new ();
  view->audio = vs_spans_new ();
  while (blocks->first <= blocks->bounds.last) {
    guint64 first = blocks->bounds.first, last = vs_blocks_get_last (blocks);
    g_autoptr (SpanBlock) block = get_block (blocks, cache, error);

    if (block == NULL)
      return FALSE;
    if (blocks->bounds.first != first) {
      g_array_set_size (view->video, 0);
      g_array_set_size (view->audio, 0);
    }
    vs_spans_append (view->video, block->video);
    vs_spans_append (view->audio, block->audio);
    add_configs (view, block->configs);
    blocks->first = last + 1;
  }
  return TRUE;
}
