/* VisionStream: where an archive's objects lie
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kinds of stores differ in VsStoreClass; here is what they share: keys
 * are checked, a put is an upload of one go, references are counted.
 */
#include "store/vsstoreclass.h"

#include <string.h>

/* NAME_MAX of every file system in use; S3 allows more */
#define PART_MAX 255
/* parts so near to each other come with one request, if it is not longer */
#define NEAR (64 * 1024)
#define NEAR_MAX (4 * 1024 * 1024)

static gboolean
part_is_valid (const gchar * part, gsize length)
{
  if (length == 0 || length > PART_MAX || part[0] == '.')
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (g_ascii_iscntrl (part[i]) || part[i] == '\\')
      return FALSE;
  }
  return TRUE;
}

gboolean
vs_store_key_is_valid (const gchar * key)
{
  if (!g_utf8_validate (key, -1, NULL))
    return FALSE;

  for (;;) {
    gsize length = strcspn (key, "/");

    if (!part_is_valid (key, length))
      return FALSE;
    if (key[length] == '\0')
      return TRUE;
    key += length + 1;
  }
}

gchar *
vs_store_get_name (VsStore * store, const gchar * key)
{
  return g_strndup (key, store->has_queries ? strcspn (key, "?") :
      strlen (key));
}

static gboolean
check_key (VsStore * store, const gchar * key, GError ** error)
{
  g_autofree gchar *name = vs_store_get_name (store, key);
  g_autofree gchar *shown = NULL;

  if (vs_store_key_is_valid (name))
    return TRUE;

  shown = g_strescape (name, NULL);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
      "%s: not an object's name: \"%s\"", store->location, shown);
  return FALSE;
}

static gboolean
check_prefix (VsStore * store, const gchar * prefix, GError ** error)
{
  return prefix[0] == '\0' || check_key (store, prefix, error);
}

void
vs_store_init (VsStore * store, const VsStoreClass * klass,
    const gchar * location)
{
  store->klass = klass;
  store->location = g_strdup (location);
  store->ref_count = 1;
}

static VsStore *
open_file_uri (const VsStoreSettings * settings, GError ** error)
{
  g_autofree gchar *path =
      g_filename_from_uri (settings->location, NULL, error);

  return path ? vs_file_store_open (path, settings->create, error) : NULL;
}

VsStore *
vs_store_open_with (const VsStoreSettings * settings, GError ** error)
{
  g_autofree gchar *scheme = NULL;

  if (settings->accounts_file || strchr (settings->location, '{'))
    return vs_route_store_open (settings, error);
  scheme = g_uri_parse_scheme (settings->location);
  if (scheme == NULL)
    return vs_file_store_open (settings->location, settings->create, error);
  if (g_ascii_strcasecmp (scheme, "file") == 0)
    return open_file_uri (settings, error);
  if (g_ascii_strcasecmp (scheme, "s3") == 0)
    return vs_s3_store_open (settings, error);
  if (g_ascii_strcasecmp (scheme, "http") == 0
      || g_ascii_strcasecmp (scheme, "https") == 0)
    return vs_http_store_open (settings, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "no store for %s://, only directories, s3://bucket/prefix, "
      "http://host/folder and https://", scheme);
  return NULL;
}

VsStore *
vs_store_open (const gchar * location, gboolean create, GError ** error)
{
  VsStoreSettings settings = {.location = location,.create = create };

  return vs_store_open_with (&settings, error);
}

gboolean
vs_store_has_queries (VsStore * store)
{
  return store->has_queries;
}

gboolean
vs_store_is_remote (VsStore * store)
{
  return store->klass->is_remote;
}

VsStore *
vs_store_ref (VsStore * store)
{
  g_atomic_int_inc (&store->ref_count);
  return store;
}

/* Stores by location, not owned: one that goes is taken out under the lock, so
 * that what is found here is alive. */
static GMutex published_lock;
static GHashTable *published;   /* protected by published_lock */

void
vs_store_publish (VsStore * store)
{
  g_mutex_lock (&published_lock);
  if (published == NULL)
    published = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_insert (published, g_strdup (store->location), store);
  g_mutex_unlock (&published_lock);
}

VsStore *
vs_store_find_published (const gchar * location)
{
  VsStore *store;

  g_mutex_lock (&published_lock);
  store = published ? g_hash_table_lookup (published, location) : NULL;
  if (store)
    vs_store_ref (store);
  g_mutex_unlock (&published_lock);
  return store;
}

/* The last reference goes under the lock: nobody finds it meanwhile. */
static gboolean
drop_reference (VsStore * store)
{
  gboolean last;

  g_mutex_lock (&published_lock);
  last = g_atomic_int_dec_and_test (&store->ref_count);
  if (last && published
      && g_hash_table_lookup (published, store->location) == store)
    g_hash_table_remove (published, store->location);
  if (published && g_hash_table_size (published) == 0)
    g_clear_pointer (&published, g_hash_table_unref);
  g_mutex_unlock (&published_lock);
  return last;
}

void
vs_store_unref (VsStore * store)
{
  if (!drop_reference (store))
    return;

  store->klass->finalize (store);
  g_free (store->location);
  g_free (store);
}

const gchar *
vs_store_get_location (VsStore * store)
{
  return store->location;
}

void
vs_store_object_free (VsStoreObject * object)
{
  g_free (object->key);
  g_free (object->etag);
  g_free (object);
}

VsStoreObject *
vs_store_object_new (const gchar * key, guint64 size, gint64 mtime_us,
    gchar * etag)
{
  VsStoreObject *object = g_new (VsStoreObject, 1);

  object->key = g_strdup (key);
  object->size = size;
  object->mtime_us = mtime_us;
  object->etag = etag;
  return object;
}

gboolean
vs_store_is_listed (const gchar * key, const gchar * suffix)
{
  g_autofree gchar *name = g_str_has_suffix (key, "/") ?
      g_strndup (key, strlen (key) - 1) : g_strdup (key);

  if (!vs_store_key_is_valid (name))
    return FALSE;
  return suffix == NULL || g_str_has_suffix (key, suffix);
}

static gint
compare_objects (gconstpointer a, gconstpointer b)
{
  const VsStoreObject *const *x = a, *const *y = b;

  return strcmp ((*x)->key, (*y)->key);
}

void
vs_store_sort_objects (GPtrArray * objects)
{
  g_ptr_array_sort (objects, compare_objects);
}

void
vs_store_upload_init (VsStoreUpload * upload, VsStore * store,
    GCancellable * cancellable)
{
  upload->store = vs_store_ref (store);
  upload->cancellable = cancellable ? g_object_ref (cancellable) : NULL;
}

VsStoreUpload *
vs_store_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  if (!check_key (store, key, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  return store->klass->upload_new (store, key, cancellable, error);
}

VsStoreUpload *
vs_store_upload_new_headed (VsStore * store, const gchar * key,
    const VsStoreHead * head, GCancellable * cancellable, GError ** error)
{
  if (!check_key (store, key, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (!vs_store_check_headed (store, key, error))
    return NULL;
  return store->klass->upload_new_headed (store, key, head, cancellable, error);
}

gboolean
vs_store_check_headed (VsStore * store, const gchar * folder, GError ** error)
{
  if (store->klass->check_headed)
    return store->klass->check_headed (store, folder, error);
  if (store->klass->upload_new_headed)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "%s/%s: objects are written from their beginning here", store->location,
      folder);
  return FALSE;
}

gboolean
vs_store_upload_is_lost (VsStoreUpload * upload)
{
  return upload->lost;
}

gboolean
vs_store_upload_make_head (VsStoreUpload * upload, guint64 needed,
    guint64 * size, GError ** error)
{
  if (g_cancellable_set_error_if_cancelled (upload->cancellable, error))
    return FALSE;
  return upload->store->klass->upload_make_head (upload, needed, size, error);
}

gboolean
vs_store_upload_write_head (VsStoreUpload * upload, GBytes ** parts,
    guint n_parts, GError ** error)
{
  if (g_cancellable_set_error_if_cancelled (upload->cancellable, error))
    return FALSE;
  return upload->store->klass->upload_write_head (upload, parts, n_parts,
      error);
}

void
vs_store_upload_set_size (VsStoreUpload * upload, guint64 size)
{
  upload->size = size;
  upload->has_size = TRUE;
}

void
vs_store_upload_set_sha256 (VsStoreUpload * upload, const guint8 * sha256)
{
  memcpy (upload->sha256, sha256, VS_SHA256_SIZE);
  upload->has_sha256 = TRUE;
}

gboolean
vs_store_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  if (g_cancellable_set_error_if_cancelled (upload->cancellable, error))
    return FALSE;
  return upload->store->klass->upload_write (upload, parts, n_parts, error);
}

gboolean
vs_store_upload_commit (VsStoreUpload * upload, GError ** error)
{
  if (g_cancellable_set_error_if_cancelled (upload->cancellable, error))
    return FALSE;
  return upload->store->klass->upload_commit (upload, error);
}

void
vs_store_upload_free (VsStoreUpload * upload)
{
  g_autoptr (VsStore) store = upload->store;

  store->klass->upload_free (upload);
  g_clear_object (&upload->cancellable);
  g_free (upload);
}

gboolean
vs_store_put (VsStore * store, const gchar * key, GBytes ** parts,
    guint n_parts, GCancellable * cancellable, GError ** error)
{
  g_autoptr (VsStoreUpload) upload =
      vs_store_upload_new (store, key, cancellable, error);

  return upload != NULL && vs_store_upload_write (upload, parts, n_parts, error)
      && vs_store_upload_commit (upload, error);
}

GBytes *
vs_store_get (VsStore * store, const gchar * key, guint64 offset,
    gssize length, gsize max, GCancellable * cancellable, GError ** error)
{
  if (!check_key (store, key, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  return store->klass->get (store, key, offset, length, max, cancellable,
      error);
}

void
vs_store_set_short_error (VsStore * store, const gchar * key, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
      "%s/%s ends too early", store->location, key);
}

/* How many of @parts, from the first on, one @get is for. */
static guint
count_near (const VsStorePart * parts, guint n_parts, guint64 * end)
{
  guint n = 1;

  *end = parts->offset + parts->size;
  while (n < n_parts && parts[n].offset >= *end
      && parts[n].offset - *end <= NEAR
      && parts[n].offset + parts[n].size - parts->offset <= NEAR_MAX) {
    *end = parts[n].offset + parts[n].size;
    n++;
  }
  return n;
}

static gboolean
read_by_get (VsStore * store, const gchar * key, const VsStorePart * parts,
    guint n_parts, GCancellable * cancellable, GError ** error)
{
  while (n_parts > 0) {
    guint64 start = parts->offset, end;
    guint n = count_near (parts, n_parts, &end);
    g_autoptr (GBytes) bytes = store->klass->get (store, key, start,
        end - start, end - start, cancellable, error);
    const guint8 *data;
    gsize size;

    if (bytes == NULL)
      return FALSE;
    data = g_bytes_get_data (bytes, &size);
    if (size < end - start) {
      vs_store_set_short_error (store, key, error);
      return FALSE;
    }
    for (; n > 0; n--, n_parts--, parts++)
      memcpy (parts->to, data + (parts->offset - start), parts->size);
  }
  return TRUE;
}

gboolean
vs_store_read (VsStore * store, const gchar * key, const VsStorePart * parts,
    guint n_parts, GCancellable * cancellable, GError ** error)
{
  if (!check_key (store, key, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  return (store->klass->read ? store->klass->read : read_by_get) (store, key,
      parts, n_parts, cancellable, error);
}

VsStoreObject *
vs_store_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  if (!check_key (store, key, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  return store->klass->stat (store, key, cancellable, error);
}

GPtrArray *
vs_store_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  if (!check_prefix (store, prefix, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  return store->klass->list (store, prefix, suffix, cancellable, error);
}

static gboolean
find_by_stat (VsStore * store, const gchar * const *keys, guint n_keys,
    gboolean * found, GCancellable * cancellable, GError ** error)
{
  for (guint i = 0; i < n_keys; i++) {
    g_autoptr (GError) cause = NULL;
    g_autoptr (VsStoreObject) object =
        store->klass->stat (store, keys[i], cancellable, &cause);

    found[i] = object != NULL;
    if (cause && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
vs_store_find (VsStore * store, const gchar * const *keys, guint n_keys,
    gboolean * found, GCancellable * cancellable, GError ** error)
{
  for (guint i = 0; i < n_keys; i++) {
    if (!check_key (store, keys[i], error))
      return FALSE;
  }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  return (store->klass->find ? store->klass->find : find_by_stat) (store, keys,
      n_keys, found, cancellable, error);
}

gboolean
vs_store_can_put_if (VsStore * store, const gchar * folder)
{
  return store->klass->can_put_if ? store->klass->can_put_if (store, folder) :
      store->klass->put_if != NULL;
}

gboolean
vs_store_put_if (VsStore * store, const gchar * key, GBytes * bytes,
    const gchar * etag, gchar ** new_etag, GCancellable * cancellable,
    GError ** error)
{
  if (!check_key (store, key, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  return store->klass->put_if (store, key, bytes, etag, new_etag, cancellable,
      error);
}

gint64
vs_store_get_time (VsStore * store, const gchar * key)
{
  return store->klass->get_time (store, key);
}

gboolean
vs_store_wait (gint64 us, GCancellable * cancellable, GError ** error)
{
  GPollFD poll;

  if (cancellable == NULL || !g_cancellable_make_pollfd (cancellable, &poll)) {
    g_usleep (us);
    return !g_cancellable_set_error_if_cancelled (cancellable, error);
  }
  g_poll (&poll, 1, us / 1000 + 1);
  g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
vs_store_clean (VsStore * store, const gchar * prefix,
    GCancellable * cancellable, GError ** error)
{
  if (!check_prefix (store, prefix, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  return store->klass->clean (store, prefix, cancellable, error);
}

gboolean
vs_store_delete (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  if (!check_key (store, key, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  return store->klass->remove (store, key, cancellable, error);
}

gpointer
vs_store_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  if (!check_prefix (store, prefix, error))
    return NULL;
  return store->klass->lock (store, prefix, error);
}

void
vs_store_unlock (VsStore * store, gpointer lock)
{
  store->klass->unlock (store, lock);
}
