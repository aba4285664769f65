/* VisionStream: texts that are sent in pieces made at different times
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsobject.h"
#include "timeline/vslru.h"

G_BEGIN_DECLS

/**
 * VsChunk:
 *
 * A piece of a text, with all that a text that is made of such pieces needs
 * of it, so that no byte is compressed or hashed again: @deflated ends with a
 * full flush (RFC 1951 3.2.4: an empty stored block, at a whole byte, with
 * nothing that refers to what came before), so pieces that follow each other
 * are one stream.
 */
typedef struct
{
  GBytes *text, *deflated;
  guint32 crc;                  /* of text: RFC 1952 8 */
  guint8 sha256[32];            /* of text */
} VsChunk;

/* @text: (transfer full) */
void  vs_chunk_init (VsChunk *chunk, GString *text);
void  vs_chunk_clear (VsChunk *chunk);
gsize vs_chunk_get_size (const VsChunk *chunk);

/**
 * vs_chunks_to_object:
 * @chunks: (element-type VsChunk)
 * @gzip: as one gzip member (RFC 1952), else plain
 *
 * The text that @chunks make in their order, in one of its two forms alone.
 * Its entity tag is a hash over those of the pieces: who cuts the same text
 * in the same places gets the same, whatever was at hand.
 */
VsObject *vs_chunks_to_object (const GPtrArray *chunks, gboolean gzip);

/**
 * vs_text_to_object:
 * @text: (transfer full)
 * @cuts: (element-type gsize): where it is cut into pieces, growing
 * @cache: where compressed pieces are kept
 *
 * The same of a text that is at hand: pieces that are as they were in the
 * version before are not compressed again.
 */
VsObject *vs_text_to_object (gchar *text, const GArray *cuts,
    gboolean gzip, VsLru *cache);

G_END_DECLS
