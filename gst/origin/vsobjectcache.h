/* VisionStream: the bounded cache of finished objects, with single flight
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsobject.h"

G_BEGIN_DECLS

/**
 * VsObjectCache:
 *
 * Objects by key, least recently used ones dropped past a number of bytes.
 * Of many who ask for the same missing object one is told to make it; the
 * others are called when it is there. A failure reaches all who waited; the
 * next request tries anew, at once or after a while, as its maker says.
 *
 * Thread-safe; one lock, never held over a callback.
 */
typedef struct _VsObjectCache VsObjectCache;

/**
 * VsObjectReady:
 * @object: (nullable) (transfer none): NULL on failure
 * @error: (nullable): why there is none
 */
typedef void (*VsObjectReady) (VsObject *object, const GError *error,
    gpointer user_data);

typedef enum
{
  VS_OBJECT_CACHE_HIT,          /* @ready was called already */
  VS_OBJECT_CACHE_WAIT,         /* somebody makes it; @ready will be called */
  VS_OBJECT_CACHE_MAKE          /* as WAIT, and the caller must make it */
} VsObjectCacheResult;

/* @max_bytes: of all objects kept */
VsObjectCache *vs_object_cache_new (gsize max_bytes);
/* Nobody may wait any more. */
void           vs_object_cache_free (VsObjectCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsObjectCache, vs_object_cache_free)

/**
 * vs_object_cache_lookup:
 * @ready: (scope async): called exactly once
 *
 * After %VS_OBJECT_CACHE_MAKE the caller owes one
 * vs_object_cache_complete () for @key, from any thread.
 */
VsObjectCacheResult vs_object_cache_lookup (VsObjectCache *cache,
    const gchar *key, VsObjectReady ready, gpointer user_data);
/* Ends what %VS_OBJECT_CACHE_MAKE began: with an object, or with an error. */
void vs_object_cache_complete (VsObjectCache *cache, const gchar *key,
    VsObject *object, const GError *error);

/* Likewise with an error that all who ask within @keep_us are told: what is
 * broken is not tried once a request. */
void vs_object_cache_fail (VsObjectCache *cache, const gchar *key,
    const GError *error, gint64 keep_us);

typedef struct
{
  guint64 hits, misses;
  guint64 collapsed;            /* lookups that joined another's flight */
  gsize size;                   /* bytes kept */
} VsObjectCacheStats;
void vs_object_cache_get_stats (VsObjectCache *cache,
    VsObjectCacheStats *stats);

G_END_DECLS
