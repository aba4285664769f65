/* VisionStream: a bounded cache of what can be read or made again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * VsLru:
 *
 * Immutable values by key; past a number of bytes those that were used least
 * recently are forgotten. A value is a g_atomic_rc_box: who has got one keeps
 * it also when the cache does not. Thread-safe.
 */
typedef struct _VsLru VsLru;

/* @max_bytes: of all that it holds, as told by vs_lru_put (), with keys */
VsLru  *vs_lru_new (gsize max_bytes);
VsLru  *vs_lru_ref (VsLru *lru);
void    vs_lru_unref (VsLru *lru);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsLru, vs_lru_unref)

/* (transfer full) (nullable) */
gpointer vs_lru_get (VsLru *lru, const gchar *key);

/**
 * vs_lru_put:
 * @value: (transfer none): a reference of its own is taken; takes the place
 *   of what had @key before
 * @size: bytes that it takes in memory
 * @clear: frees what @value holds, as for g_atomic_rc_box_release_full ()
 */
void    vs_lru_put (VsLru *lru, const gchar *key, gpointer value,
    gsize size, GDestroyNotify clear);

/* Bytes held now, and at most. */
gsize   vs_lru_get_size (VsLru *lru);
gsize   vs_lru_get_max_size (VsLru *lru);

G_END_DECLS
