/* VisionStream: the origin: endpoints, events, settings
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a request: vs_origin_request () takes the path apart and finds
 * the endpoint. A live event answers from its own timelines; what those do
 * not have is looked for in the archive, which is opened in the pool. Then
 * the object's key is known: what it is made from, not who asked. The cache
 * has it, or has one of those who ask for it start a job in the pool; all of
 * them are answered when the job is done.
 */
#include "config.h"
#include "origin/vsoriginprivate.h"

#include <string.h>

#define DEFAULT_CACHE_BYTES (256 * 1024 * 1024)
#define DEFAULT_LIVE_BYTES (256 * 1024 * 1024)
#define DEFAULT_MAX_QUEUE 1024
/* a segment that has left the window can be had for this much longer: a
 * client may hold a playlist as old as the window is long */
#define KEEP_FACTOR 2
#define KEEP_EXTRA (30 * GST_SECOND)

/* warnings come at most so often */
#define WARNING_US G_TIME_SPAN_SECOND

/* of the cache, what is kept of events' past: 1 / HISTORY_SHARE */
#define HISTORY_SHARE 2

/* Requests to a store far away, at a time: they wait, and package nothing. */
#define READERS 16

/* settings with names of before that are still understood */
#define MAX_FORMER 16

VsOrigin *
vs_origin_new (const VsOriginSettings * settings)
{
  VsOrigin *origin = g_new0 (VsOrigin, 1);
  gsize cache_bytes = settings->cache_bytes ?
      settings->cache_bytes : DEFAULT_CACHE_BYTES;

  origin->ref_count = 1;
  origin->history = vs_lru_new (cache_bytes / HISTORY_SHARE);
  origin->cache = vs_object_cache_new (cache_bytes -
      vs_lru_get_max_size (origin->history));
  origin->pool = vs_pool_new (settings->n_threads, settings->max_queue ?
      settings->max_queue : DEFAULT_MAX_QUEUE);
  origin->live_bytes = settings->live_bytes ?
      settings->live_bytes : DEFAULT_LIVE_BYTES;
  origin->base_path = g_strdup (settings->base_path ? settings->base_path : "");
  origin->account = g_strdup (settings->account ? settings->account :
      VS_DEFAULT_ACCOUNT);
  origin->event = g_strdup (settings->event ? settings->event :
      VS_DEFAULT_EVENT);
  origin->breakout = g_strdup (settings->breakout);
  origin->utc_timing_uri =
      g_strconcat (origin->base_path, VS_ORIGIN_TIME_PATH, NULL);
  origin->warning = settings->warning;
  origin->warning_data = settings->warning_data;
  g_mutex_init (&origin->lock);
  origin->endpoints = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) vs_endpoint_unref);
  origin->configs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) vs_codec_config_unref);
  origin->live = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_live_event_unref);
  return origin;
}

VsOrigin *
vs_origin_ref (VsOrigin * origin)
{
  g_atomic_int_inc (&origin->ref_count);
  return origin;
}

void
vs_origin_unref (VsOrigin * origin)
{
  if (!g_atomic_int_dec_and_test (&origin->ref_count))
    return;
  /* first of all: jobs use everything else, and what was read is packaged */
  g_clear_pointer (&origin->readers, vs_pool_free);
  vs_pool_free (origin->pool);
  g_clear_pointer (&origin->archives, vs_archive_events_free);
  vs_object_cache_free (origin->cache);
  vs_lru_unref (origin->history);
  g_hash_table_unref (origin->endpoints);
  g_hash_table_unref (origin->configs);
  g_ptr_array_unref (origin->live);
  g_mutex_clear (&origin->lock);
  g_queue_clear_full (&origin->former, (GDestroyNotify) vs_endpoint_unref);
  g_free (origin->base_path);
  g_free (origin->account);
  g_free (origin->event);
  g_free (origin->breakout);
  g_free (origin->utc_timing_uri);
  g_free (origin);
}

/* How long live segments are of use: as the longest window has it. */
static GstClockTime
keep_unlocked (VsOrigin * origin)
{
  GstClockTime longest = 0;
  GHashTableIter iter;
  VsEndpoint *endpoint;

  g_hash_table_iter_init (&iter, origin->endpoints);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) & endpoint))
    longest = MAX (longest, endpoint->window);
  return MIN (longest, VS_MANIFEST_MAX) * KEEP_FACTOR + KEEP_EXTRA;
}

static void
update_keep_unlocked (VsOrigin * origin)
{
  GstClockTime keep = keep_unlocked (origin);

  for (guint i = 0; i < origin->live->len; i++)
    vs_live_event_set_keep (g_ptr_array_index (origin->live, i), keep,
        vs_origin_get_archives (origin) != NULL);
}

static gboolean
has_same_names (const VsEndpoint * a, const VsEndpoint * b)
{
  return strcmp (a->manifest_name, b->manifest_name) == 0
      && g_strcmp0 (a->segment_prefix, b->segment_prefix) == 0
      && strcmp (a->separator, b->separator) == 0;
}

/* (transfer full) (nullable): what is forgotten for it */
static VsEndpoint *
remember_unlocked (VsOrigin * origin, VsEndpoint * endpoint)
{
  g_queue_push_head (&origin->former, vs_endpoint_ref (endpoint));
  return origin->former.length > MAX_FORMER ?
      g_queue_pop_tail (&origin->former) : NULL;
}

void
vs_origin_set_endpoint (VsOrigin * origin, VsEndpoint * endpoint)
{
  g_autoptr (VsEndpoint) forgotten = NULL;
  VsEndpoint *known;

  g_mutex_lock (&origin->lock);
  known = g_hash_table_lookup (origin->endpoints, endpoint->name);
  if (known && !has_same_names (known, endpoint))
    forgotten = remember_unlocked (origin, known);
  g_hash_table_replace (origin->endpoints, endpoint->name,
      vs_endpoint_ref (endpoint));
  origin->endpoints_revision++;
  update_keep_unlocked (origin);
  g_mutex_unlock (&origin->lock);
}

gboolean
vs_origin_parse_object_name (VsOrigin * origin, const gchar * object,
    const VsEndpoint * endpoint, VsObjectName * name)
{
  gboolean known = vs_object_name_parse (object, endpoint, name);

  if (known)
    return TRUE;
  g_mutex_lock (&origin->lock);
  for (GList * l = origin->former.head; l && !known; l = l->next) {
    const VsEndpoint *former = l->data;

    if (strcmp (former->name, endpoint->name) == 0)
      known = vs_object_name_parse (object, former, name);
  }
  g_mutex_unlock (&origin->lock);
  return known;
}

VsEndpoint *
vs_origin_get_endpoint (VsOrigin * origin, const gchar * name,
    guint64 * revision)
{
  VsEndpoint *endpoint;

  g_mutex_lock (&origin->lock);
  endpoint = g_hash_table_lookup (origin->endpoints, name);
  if (endpoint)
    vs_endpoint_ref (endpoint);
  *revision = origin->endpoints_revision;
  g_mutex_unlock (&origin->lock);
  return endpoint;
}

VsEndpoint *
vs_origin_get_endpoint_by_id (VsOrigin * origin, const gchar * id,
    guint64 * revision)
{
  VsEndpoint *found = NULL, *endpoint;
  GHashTableIter iter;

  g_mutex_lock (&origin->lock);
  g_hash_table_iter_init (&iter, origin->endpoints);
  while (!found && g_hash_table_iter_next (&iter, NULL,
          (gpointer *) & endpoint))
    if (g_strcmp0 (endpoint->id, id) == 0)
      found = vs_endpoint_ref (endpoint);
  *revision = origin->endpoints_revision;
  g_mutex_unlock (&origin->lock);
  return found;
}

static gint
compare_endpoints (gconstpointer a, gconstpointer b)
{
  const VsEndpoint *left = *(const VsEndpoint **) a;
  const VsEndpoint *right = *(const VsEndpoint **) b;

  return strcmp (left->name, right->name);
}

/* (element-type VsEndpoint) (transfer full): by name */
GPtrArray *
vs_origin_get_endpoints (VsOrigin * origin)
{
  GPtrArray *endpoints =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_endpoint_unref);
  GHashTableIter iter;
  VsEndpoint *endpoint;

  g_mutex_lock (&origin->lock);
  g_hash_table_iter_init (&iter, origin->endpoints);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) & endpoint))
    g_ptr_array_add (endpoints, vs_endpoint_ref (endpoint));
  g_mutex_unlock (&origin->lock);
  g_ptr_array_sort (endpoints, compare_endpoints);
  return endpoints;
}

static void
on_archives_warning (const gchar * text, gpointer user_data)
{
  vs_origin_warn (user_data, text);
}

VsPool *
vs_origin_get_readers (VsOrigin * origin)
{
  VsPool *readers = g_atomic_pointer_get (&origin->readers);

  return readers ? readers : origin->pool;
}

void
vs_origin_set_store (VsOrigin * origin, VsStore * store)
{
  VsPool *readers = vs_store_is_remote (store) ?
      vs_pool_new (READERS, DEFAULT_MAX_QUEUE) : NULL;
  VsArchiveEvents *archives = vs_archive_events_new (store,
      readers ? readers : origin->pool, origin->history, on_archives_warning,
      origin);

  g_atomic_pointer_set (&origin->readers, readers);
  if (!g_atomic_pointer_compare_and_exchange (&origin->archives, NULL,
          archives)) {
    vs_archive_events_free (archives);
    g_return_if_reached ();
  }
  g_mutex_lock (&origin->lock);
  update_keep_unlocked (origin);
  g_mutex_unlock (&origin->lock);
}

void
vs_origin_warn (VsOrigin * origin, const gchar * text)
{
  gint64 now = g_get_monotonic_time ();
  g_autofree gchar *more = NULL;
  gboolean say;

  g_mutex_lock (&origin->lock);
  say = origin->warned_us == 0 || now - origin->warned_us >= WARNING_US;
  if (say && origin->n_unsaid > 0)
    more = g_strdup_printf ("%s (and %u more before)", text, origin->n_unsaid);
  origin->n_unsaid = say ? 0 : origin->n_unsaid + 1;
  if (say)
    origin->warned_us = now;
  g_mutex_unlock (&origin->lock);
  if (say && origin->warning)
    origin->warning (more ? more : text, origin->warning_data);
}

VsArchiveEvents *
vs_origin_get_archives (VsOrigin * origin)
{
  return g_atomic_pointer_get (&origin->archives);
}

VsOriginEvent *
vs_origin_add_event (VsOrigin * origin, const gchar * account,
    const gchar * event, const gchar * breakout)
{
  VsOriginEvent *live = vs_live_event_new (account, event, breakout,
      origin->live_bytes);

  g_mutex_lock (&origin->lock);
  g_ptr_array_add (origin->live, live);
  update_keep_unlocked (origin);
  g_mutex_unlock (&origin->lock);
  return live;
}

void
vs_origin_remove_event (VsOrigin * origin, VsOriginEvent * event)
{
  g_mutex_lock (&origin->lock);
  g_ptr_array_remove (origin->live, event);
  g_mutex_unlock (&origin->lock);
}

/* (transfer full) (nullable) */
VsOriginEvent *
vs_origin_find_live (VsOrigin * origin, const gchar * folder)
{
  VsOriginEvent *found = NULL;

  g_mutex_lock (&origin->lock);
  for (guint i = 0; i < origin->live->len && !found; i++) {
    VsOriginEvent *live = g_ptr_array_index (origin->live, i);

    if (strcmp (vs_live_event_get_folder (live), folder) == 0)
      found = vs_live_event_ref (live);
  }
  g_mutex_unlock (&origin->lock);
  return found;
}

/* (element-type VsOriginEvent) (transfer full) */
GPtrArray *
vs_origin_get_live (VsOrigin * origin)
{
  GPtrArray *live =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_live_event_unref);

  g_mutex_lock (&origin->lock);
  for (guint i = 0; i < origin->live->len; i++)
    g_ptr_array_add (live,
        vs_live_event_ref (g_ptr_array_index (origin->live, i)));
  g_mutex_unlock (&origin->lock);
  return live;
}

void
vs_origin_get_stats (VsOrigin * origin, VsOriginStats * stats)
{
  g_autoptr (GPtrArray) live = vs_origin_get_live (origin);
  VsObjectCacheStats cache;

  vs_object_cache_get_stats (origin->cache, &cache);
  *stats = (VsOriginStats) {
  .packaged =
        __atomic_load_n (&origin->packaged, __ATOMIC_RELAXED),.cache_hits =
        cache.hits,.cache_misses = cache.misses,.collapsed =
        cache.collapsed,.cache_size = cache.size,};
  for (guint i = 0; i < live->len; i++)
    stats->live_size += vs_live_event_get_size (g_ptr_array_index (live, i));
}
