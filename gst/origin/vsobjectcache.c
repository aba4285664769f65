/* VisionStream: the bounded cache of finished objects, with single flight
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsobjectcache.h"

/* An entry is either in flight (waiters) or finished (an object, or an error
 * for a while, and a place in the LRU list). A flight's waiters are taken out
 * of the entry under the lock and called without it. Their number is bounded
 * by that of the connections: a client waits for one answer at a time. */

typedef struct
{
  VsObjectReady ready;
  gpointer user_data;
} Waiter;

typedef struct
{
  gchar *key;
  VsObject *object;
  GError *error;
  gint64 expires_us;            /* of the error, monotonic */
  GArray *waiters;              /* Waiter; NULL once finished */
  GList lru;                    /* data is the entry */
} Entry;

struct _VsObjectCache
{
  gsize max_bytes;

  GMutex lock;
  /* protected by lock */
  GHashTable *entries;          /* key -> Entry */
  GQueue lru;                   /* head: most recently used */
  VsObjectCacheStats stats;
};

static void
entry_free (Entry * entry)
{
  g_free (entry->key);
  g_clear_pointer (&entry->object, vs_object_unref);
  g_clear_error (&entry->error);
  g_clear_pointer (&entry->waiters, g_array_unref);
  g_free (entry);
}

static Entry *
entry_new (const gchar * key)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->key = g_strdup (key);
  entry->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  entry->lru.data = entry;
  return entry;
}

static gsize
entry_get_size (const Entry * entry)
{
  return (entry->object ? vs_object_get_size (entry->object) : 0) +
      sizeof *entry;
}

VsObjectCache *
vs_object_cache_new (gsize max_bytes)
{
  VsObjectCache *cache = g_new0 (VsObjectCache, 1);

  cache->max_bytes = max_bytes;
  g_mutex_init (&cache->lock);
  g_queue_init (&cache->lru);
  cache->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) entry_free);
  return cache;
}

void
vs_object_cache_free (VsObjectCache * cache)
{
  g_hash_table_unref (cache->entries);
  g_mutex_clear (&cache->lock);
  g_free (cache);
}

static void
drop_entry_unlocked (VsObjectCache * cache, Entry * entry)
{
  g_queue_unlink (&cache->lru, &entry->lru);
  cache->stats.size -= entry_get_size (entry);
  g_hash_table_remove (cache->entries, entry->key);
}

/* What is kept for @key; a failure whose time is over is not any more. */
static Entry *
find_entry_unlocked (VsObjectCache * cache, const gchar * key)
{
  Entry *entry = g_hash_table_lookup (cache->entries, key);

  if (entry && entry->error && g_get_monotonic_time () >= entry->expires_us) {
    drop_entry_unlocked (cache, entry);
    return NULL;
  }
  return entry;
}

VsObjectCacheResult
vs_object_cache_lookup (VsObjectCache * cache, const gchar * key,
    VsObjectReady ready, gpointer user_data)
{
  VsObjectCacheResult result = VS_OBJECT_CACHE_HIT;
  Waiter waiter = { ready, user_data };
  g_autoptr (VsObject) object = NULL;
  g_autoptr (GError) error = NULL;
  Entry *entry;

  g_mutex_lock (&cache->lock);
  entry = find_entry_unlocked (cache, key);
  if (entry == NULL) {
    entry = entry_new (key);
    g_hash_table_insert (cache->entries, entry->key, entry);
    cache->stats.misses++;
    result = VS_OBJECT_CACHE_MAKE;
  } else if (entry->waiters) {
    cache->stats.collapsed++;
    result = VS_OBJECT_CACHE_WAIT;
  } else {
    g_queue_unlink (&cache->lru, &entry->lru);
    g_queue_push_head_link (&cache->lru, &entry->lru);
    cache->stats.hits++;
    object = entry->object ? vs_object_ref (entry->object) : NULL;
    error = entry->error ? g_error_copy (entry->error) : NULL;
  }
  if (result != VS_OBJECT_CACHE_HIT)
    g_array_append_val (entry->waiters, waiter);
  g_mutex_unlock (&cache->lock);

  if (result == VS_OBJECT_CACHE_HIT)
    ready (object, error, user_data);
  return result;
}

static void
keep_entry_unlocked (VsObjectCache * cache, Entry * entry)
{
  g_queue_push_head_link (&cache->lru, &entry->lru);
  cache->stats.size += entry_get_size (entry);
  /* one that is larger than the whole cache goes last, and at once */
  while (cache->stats.size > cache->max_bytes)
    drop_entry_unlocked (cache, g_queue_peek_tail (&cache->lru));
}

static void
finish (VsObjectCache * cache, const gchar * key, VsObject * object,
    const GError * error, gint64 keep_us)
{
  g_autoptr (GArray) waiters = NULL;
  Entry *entry;

  g_mutex_lock (&cache->lock);
  entry = g_hash_table_lookup (cache->entries, key);
  if (entry == NULL || entry->waiters == NULL) {
    g_mutex_unlock (&cache->lock);
    g_return_if_reached ();
  }
  waiters = g_steal_pointer (&entry->waiters);
  if (object) {
    entry->object = vs_object_ref (object);
    keep_entry_unlocked (cache, entry);
  } else if (keep_us > 0) {
    entry->error = g_error_copy (error);
    entry->expires_us = g_get_monotonic_time () + keep_us;
    keep_entry_unlocked (cache, entry);
  } else {
    g_hash_table_remove (cache->entries, key);
  }
  g_mutex_unlock (&cache->lock);

  for (guint i = 0; i < waiters->len; i++) {
    Waiter *waiter = &g_array_index (waiters, Waiter, i);

    waiter->ready (object, error, waiter->user_data);
  }
}

void
vs_object_cache_complete (VsObjectCache * cache, const gchar * key,
    VsObject * object, const GError * error)
{
  finish (cache, key, object, error, 0);
}

void
vs_object_cache_fail (VsObjectCache * cache, const gchar * key,
    const GError * error, gint64 keep_us)
{
  finish (cache, key, NULL, error, keep_us);
}

void
vs_object_cache_get_stats (VsObjectCache * cache, VsObjectCacheStats * stats)
{
  g_mutex_lock (&cache->lock);
  *stats = cache->stats;
  g_mutex_unlock (&cache->lock);
}
