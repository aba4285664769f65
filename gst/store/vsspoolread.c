/* VisionStream: what a spool gives to read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was put last: from the local file while it is there, else from the
 * store.
 */
#include "store/vsspoolprivate.h"

#include <string.h>

typedef struct
{
  gboolean found, removed;
  guint64 number, size;
} Version;

static Version
version_of (const VsSpoolOp * op)
{
  Version version = { TRUE, op->removes, op->number, op->size };

  return version;
}

static Version
find_version (VsSpool * self, const gchar * key)
{
  Version version = { FALSE, };
  const VsSpoolOp *op;

  g_mutex_lock (&self->lock);
  op = vs_spool_queue_find (self->queue, key);
  if (op)
    version = version_of (op);
  g_mutex_unlock (&self->lock);
  return version;
}

static void
set_removed_error (VsSpool * self, const gchar * key, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s/%s: deleted",
      self->parent.location, key);
}

static GBytes *
get_version (VsSpool * self, const Version * version, guint64 offset,
    gssize length, gsize max, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *entry_key = vs_spool_get_entry_key (self, version->number);
  guint64 size = version->size - MIN (offset, version->size);

  if (length >= 0)
    size = MIN (size, (guint64) length);
  return vs_store_get (self->local, entry_key, offset, size, max, cancellable,
      error);
}

/* A file that went meanwhile was sent, or gave way to a newer version. */
GBytes *
vs_spool_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  VsSpool *self = (VsSpool *) store;
  Version version = find_version (self, key);
  guint64 number = 0;

  while (version.found && version.number != number) {
    g_autoptr (GError) cause = NULL;
    GBytes *bytes;

    if (version.removed) {
      set_removed_error (self, key, error);
      return NULL;
    }
    bytes = get_version (self, &version, offset, length, max, cancellable,
        &cause);
    if (bytes || !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
      if (cause)
        g_propagate_error (error, g_steal_pointer (&cause));
      return bytes;
    }
    number = version.number;
    version = find_version (self, key);
  }
  return vs_store_get (self->remote, key, offset, length, max, cancellable,
      error);
}

static VsStoreObject *
new_object (const Version * version, const gchar * key)
{
  return vs_store_object_new (key, version->size, 0,
      g_strdup_printf ("spool-%" G_GUINT64_FORMAT, version->number));
}

VsStoreObject *
vs_spool_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  VsSpool *self = (VsSpool *) store;
  Version version = find_version (self, key);

  if (!version.found)
    return vs_store_stat (self->remote, key, cancellable, error);
  if (version.removed) {
    set_removed_error (self, key, error);
    return NULL;
  }
  return new_object (&version, key);
}

/* ---- listing ------------------------------------------------------------ */

typedef struct
{
  const gchar *prefix, *suffix;
  GHashTable *objects;          /* key -> VsStoreObject, which has it */
} Listing;

static void
insert (GHashTable * objects, VsStoreObject * object)
{
  g_hash_table_replace (objects, object->key, object);
}

/* The entry of the listed folder that stands for @op, or NULL. */
static gchar *
listed_name (const Listing * listing, const gchar * key)
{
  gsize length = strlen (listing->prefix);
  const gchar *name = key, *slash;

  if (length > 0) {
    if (!g_str_has_prefix (key, listing->prefix) || key[length] != '/')
      return NULL;
    name = key + length + 1;
  }
  slash = strchr (name, '/');
  return slash ? g_strndup (key, slash + 1 - key) : g_strdup (key);
}

static gboolean
is_wanted (const Listing * listing, const gchar * key)
{
  if (listing->suffix == NULL)
    return TRUE;
  if (strcmp (listing->suffix, "/") != 0 && g_str_has_suffix (key, "/"))
    return FALSE;
  return g_str_has_suffix (key, listing->suffix);
}

static void
lay_over (const VsSpoolOp * op, gpointer user_data)
{
  Listing *listing = user_data;
  g_autofree gchar *key = listed_name (listing, op->key);
  Version version = version_of (op);

  if (key == NULL || !is_wanted (listing, key))
    return;
  if (!op->removes)
    insert (listing->objects, new_object (&version, key));
  else if (!g_str_has_suffix (key, "/"))
    g_hash_table_remove (listing->objects, key);
}

GPtrArray *
vs_spool_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  VsSpool *self = (VsSpool *) store;
  GPtrArray *objects =
      vs_store_list (self->remote, prefix, suffix, cancellable, error);
  g_autoptr (GHashTable) by_key = NULL;
  Listing listing = { prefix, suffix, };
  GHashTableIter iter;
  gpointer object;

  if (objects == NULL)
    return NULL;
  by_key = listing.objects = g_hash_table_new_full (g_str_hash, g_str_equal,
      NULL, (GDestroyNotify) vs_store_object_free);
  while (objects->len > 0)
    insert (by_key, g_ptr_array_steal_index_fast (objects, 0));
  g_mutex_lock (&self->lock);
  vs_spool_queue_foreach (self->queue, lay_over, &listing);
  g_mutex_unlock (&self->lock);

  g_hash_table_iter_init (&iter, by_key);
  while (g_hash_table_iter_next (&iter, NULL, &object)) {
    g_ptr_array_add (objects, object);
    g_hash_table_iter_steal (&iter);
  }
  vs_store_sort_objects (objects);
  return objects;
}

/* While the store can't be reached only what is here is found. */
gboolean
vs_spool_find (VsStore * store, const gchar * const *keys, guint n_keys,
    gboolean * found, GCancellable * cancellable, GError ** error)
{
  VsSpool *self = (VsSpool *) store;
  g_autoptr (GError) cause = NULL;

  if (!vs_store_find (self->remote, keys, n_keys, found, cancellable, &cause)) {
    g_info ("%s", cause->message);
    memset (found, 0, n_keys * sizeof *found);
  }
  for (guint i = 0; i < n_keys; i++) {
    Version version = find_version (self, keys[i]);

    if (version.found)
      found[i] = !version.removed;
  }
  return TRUE;
}
