/* VisionStream: memory of segments and what is made of them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each new page of memory costs a fault, and the kernel clears it: for some
 * MB, more than to read or to package a segment. malloc () gives large pieces
 * back to the kernel as soon as they are freed. So blocks that are freed are
 * kept, few and for a while, and given to whoever asks for as much next.
 *
 * Thread-safe. What is in a block that was given is not defined.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* bytes that all blocks which are kept take at most */
#define VS_MEMORY_KEPT_MAX (32 * 1024 * 1024)

/* At least @size bytes; (transfer full), to be freed by vs_memory_free (). The
 * second returns NULL where there is no memory, the first aborts. */
guint8 *vs_memory_alloc (gsize size);
guint8 *vs_memory_try_alloc (gsize size);
/* @block: (nullable) (transfer full): its first bytes, as many as fit */
guint8 *vs_memory_realloc (guint8 *block, gsize size);
void    vs_memory_free (gpointer block);

/* How many bytes it has. */
gsize vs_memory_get_capacity (const guint8 *block);
/* Bytes of all blocks that are kept. */
gsize vs_memory_get_kept (void);

/* @block: (transfer full): its first @size bytes; where they leave much of it,
 * that is given back to the kernel. (transfer full) */
GBytes *vs_memory_to_bytes (guint8 *block, gsize size);

G_END_DECLS
