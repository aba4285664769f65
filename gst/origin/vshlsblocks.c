/* VisionStream: long HLS media playlists, made of blocks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vshlsblocks.h"

#include <gio/gio.h>

#include "manifest/vsm3u8.h"
#include "origin/vsblock.h"
#include "origin/vschunk.h"
#include "origin/vshlsmedia.h"
#include "origin/vsjoin.h"

/* The entries of a block, and what the head has to say of them. */
typedef struct
{
  VsChunk chunk;
  VsSegment *first;             /* NULL without entries */
  VsM3u8Sum sum;
} Block;

typedef struct
{
  const VsHlsBlocks *blocks;
  VsHlsMedia media;
  VsBlocks walk;
  GPtrArray *made;              /* Block */
} Playlist;

static void
block_clear (gpointer data)
{
  Block *block = data;

  vs_chunk_clear (&block->chunk);
  g_clear_pointer (&block->first, vs_segment_unref);
}

static void
block_unref (gpointer block)
{
  g_atomic_rc_box_release_full (block, block_clear);
}

static void
append_entries (Block * block, GString * text, const VsBlockView * view,
    const VsM3u8MediaSettings * settings)
{
  for (guint i = view->first; i < view->end; i++) {
    VsSegment *segment = g_ptr_array_index (view->view->segments, i);
    const VsSegment *previous = i == 0 ? NULL :
        g_ptr_array_index (view->view->segments, i - 1);

    vs_m3u8_append_entry (text, segment, previous, settings);
    vs_m3u8_sum_up (&block->sum, segment, settings);
    if (block->first == NULL)
      block->first = vs_segment_ref (segment);
  }
}

/* @whole: (out): nothing is missing of it */
static Block *
render (Playlist * playlist, gboolean * whole, GError ** error)
{
  g_auto (VsBlockView) view = { 0 };
  GString *text;
  Block *block;

  if (!vs_blocks_read (&playlist->walk, &view, error))
    return NULL;
  *whole = view.whole;
  block = g_atomic_rc_box_new0 (Block);
  text = g_string_sized_new ((view.end - view.first) * 128);
  append_entries (block, text, &view, &playlist->media.settings);
  vs_chunk_init (&block->chunk, text);
  return block;
}

static gchar *
cache_key (const Playlist * playlist)
{
  const VsHlsBlocks *blocks = playlist->blocks;

  return g_strdup_printf ("h%s.%" G_GINT64_MODIFIER "x.%" G_GINT64_MODIFIER
      "x.%u.%u.%u.%s.%s", blocks->history->id, playlist->walk.first,
      blocks->settings_id, blocks->name->track, playlist->media.settings.track,
      playlist->walk.join, blocks->name->name, blocks->context->endpoint->name);
}

static Block *
get_block (Playlist * playlist, GError ** error)
{
  g_autofree gchar *key = cache_key (playlist);
  gboolean fixed = vs_blocks_is_fixed (&playlist->walk), whole;
  VsLru *cache = playlist->blocks->cache;
  Block *block = fixed ? vs_lru_get (cache, key) : NULL;

  if (block)
    return block;
  block = render (playlist, &whole, error);
  if (block && fixed && whole)
    vs_lru_put (cache, key, block,
        sizeof *block + vs_chunk_get_size (&block->chunk), block_clear);
  return block;
}

static gboolean
make_blocks (Playlist * playlist, GError ** error)
{
  VsBlocks *walk = &playlist->walk;

  while (walk->first <= walk->bounds.last) {
    guint64 first = walk->bounds.first, last = vs_blocks_get_last (walk);
    Block *block = get_block (playlist, error);

    if (block == NULL)
      return FALSE;
    if (walk->bounds.first != first)
      g_ptr_array_set_size (playlist->made, 0);
    g_ptr_array_add (playlist->made, block);
    walk->first = last + 1;
  }
  return TRUE;
}

/* NULL without entries */
static GString *
write_head (const Playlist * playlist)
{
  const VsHlsBlocks *blocks = playlist->blocks;
  g_autoptr (VsTimelineView) view = vs_history_read (blocks->history,
      G_MAXUINT64, G_MAXUINT64, NULL);
  VsM3u8Sum sum = { 0 };
  GString *text;

  for (guint i = 0; i < playlist->made->len; i++) {
    const Block *block = g_ptr_array_index (playlist->made, i);

    if (block->first && view->segments->len == 0)
      g_ptr_array_add (view->segments, vs_segment_ref (block->first));
    vs_m3u8_sum_add (&sum, &block->sum);
  }
  if (view->segments->len == 0)
    return NULL;
  view->ended = blocks->context->view->ended;
  if (playlist->walk.join > 1)
    view->target_duration = vs_join_target_duration (view->target_duration,
        playlist->walk.join);
  view->target_duration = MAX (view->target_duration, sum.target_duration);
  text = g_string_new (NULL);
  vs_m3u8_append_head (text, view, !sum.dependent, &playlist->media.settings);
  return text;
}

static VsObject *
put_together (const Playlist * playlist, gboolean gzip)
{
  g_autoptr (GPtrArray) chunks = g_ptr_array_new ();
  GString *text = write_head (playlist);
  VsChunk head, end = { 0 };
  VsObject *object;

  if (text == NULL)
    return NULL;
  vs_chunk_init (&head, text);
  g_ptr_array_add (chunks, &head);
  for (guint i = 0; i < playlist->made->len; i++)
    g_ptr_array_add (chunks,
        &((Block *) g_ptr_array_index (playlist->made, i))->chunk);
  if (playlist->blocks->context->view->ended) {
    vs_chunk_init (&end, g_string_new (VS_M3U8_END));
    g_ptr_array_add (chunks, &end);
  }
  object = vs_chunks_to_object (chunks, gzip);
  vs_chunk_clear (&head);
  vs_chunk_clear (&end);
  return object;
}

VsObject *
vs_hls_blocks_make (const VsHlsBlocks * blocks, gboolean gzip, GError ** error)
{
  const VsEventView *view = blocks->context->view;
  const VsTimelineView *newest =
      vs_event_view_find (view, blocks->name->track, blocks->name->name);
  Playlist playlist = { blocks,.walk = {blocks->history, blocks->bounds,
      view->join, blocks->grows, blocks->bounds.first}
  };
  VsObject *object = NULL;
  gboolean made;

  g_return_val_if_fail (newest, NULL);
  vs_hls_media_init (&playlist.media, blocks->context, blocks->name, newest);
  playlist.made = g_ptr_array_new_with_free_func (block_unref);
  made = make_blocks (&playlist, error);
  if (made)
    object = put_together (&playlist, gzip);
  g_ptr_array_unref (playlist.made);
  if (made && object == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "There is nothing to show yet");
  return object;
}
