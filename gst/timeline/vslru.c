/* VisionStream: a bounded cache of what can be read or made again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vslru.h"

#include <string.h>

typedef struct
{
  gchar *key;
  gpointer value;
  gsize size;
  GDestroyNotify clear;
  GList link;                   /* data is the entry */
} Entry;

struct _VsLru
{
  gatomicrefcount ref_count;
  gsize max_bytes;

  GMutex lock;
  /* protected by lock */
  GHashTable *entries;          /* key -> Entry */
  GQueue order;                 /* head: most recently used */
  gsize size;
};

static void
entry_free (Entry * entry)
{
  g_atomic_rc_box_release_full (entry->value, entry->clear);
  g_free (entry->key);
  g_free (entry);
}

VsLru *
vs_lru_new (gsize max_bytes)
{
  VsLru *lru = g_new0 (VsLru, 1);

  g_atomic_ref_count_init (&lru->ref_count);
  lru->max_bytes = max_bytes;
  g_mutex_init (&lru->lock);
  g_queue_init (&lru->order);
  lru->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) entry_free);
  return lru;
}

VsLru *
vs_lru_ref (VsLru * lru)
{
  g_atomic_ref_count_inc (&lru->ref_count);
  return lru;
}

void
vs_lru_unref (VsLru * lru)
{
  if (!g_atomic_ref_count_dec (&lru->ref_count))
    return;
  g_hash_table_unref (lru->entries);
  g_mutex_clear (&lru->lock);
  g_free (lru);
}

gpointer
vs_lru_get (VsLru * lru, const gchar * key)
{
  gpointer value = NULL;
  Entry *entry;

  g_mutex_lock (&lru->lock);
  entry = g_hash_table_lookup (lru->entries, key);
  if (entry) {
    g_queue_unlink (&lru->order, &entry->link);
    g_queue_push_head_link (&lru->order, &entry->link);
    value = g_atomic_rc_box_acquire (entry->value);
  }
  g_mutex_unlock (&lru->lock);
  return value;
}

/* Values may take long to free: they leave the table under the lock, and are
 * freed without it. */
static void
take_out_unlocked (VsLru * lru, Entry * entry, GSList ** out)
{
  g_queue_unlink (&lru->order, &entry->link);
  g_hash_table_steal (lru->entries, entry->key);
  lru->size -= entry->size;
  *out = g_slist_prepend (*out, entry);
}

void
vs_lru_put (VsLru * lru, const gchar * key, gpointer value, gsize size,
    GDestroyNotify clear)
{
  Entry *entry = g_new0 (Entry, 1), *before;
  GSList *out = NULL;

  entry->key = g_strdup (key);
  entry->value = g_atomic_rc_box_acquire (value);
  entry->size = size + sizeof *entry + strlen (key) + 1;
  entry->clear = clear;
  entry->link.data = entry;

  g_mutex_lock (&lru->lock);
  before = g_hash_table_lookup (lru->entries, key);
  if (before)
    take_out_unlocked (lru, before, &out);
  g_hash_table_insert (lru->entries, entry->key, entry);
  g_queue_push_head_link (&lru->order, &entry->link);
  lru->size += entry->size;
  while (lru->size > lru->max_bytes)
    take_out_unlocked (lru, g_queue_peek_tail (&lru->order), &out);
  g_mutex_unlock (&lru->lock);

  g_slist_free_full (out, (GDestroyNotify) entry_free);
}

gsize
vs_lru_get_size (VsLru * lru)
{
  gsize size;

  g_mutex_lock (&lru->lock);
  size = lru->size;
  g_mutex_unlock (&lru->lock);
  return size;
}

gsize
vs_lru_get_max_size (VsLru * lru)
{
  return lru->max_bytes;
}
