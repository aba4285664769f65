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

static gboolean
check_key (VsStore * store, const gchar * key, GError ** error)
{
  g_autofree gchar *shown = NULL;

  if (vs_store_key_is_valid (key))
    return TRUE;

  shown = g_strescape (key, NULL);
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

VsStore *
vs_store_open (const gchar * location, gboolean create, GError ** error)
{
  g_autofree gchar *scheme = g_uri_parse_scheme (location);
  g_autofree gchar *path = NULL;

  if (scheme == NULL)
    return vs_file_store_open (location, create, error);

  if (g_ascii_strcasecmp (scheme, "file") != 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
        "%s: no store for %s://, only directories", location, scheme);
    return NULL;
  }

  path = g_filename_from_uri (location, NULL, error);
  return path ? vs_file_store_open (path, create, error) : NULL;
}

VsStore *
vs_store_ref (VsStore * store)
{
  g_atomic_int_inc (&store->ref_count);
  return store;
}

void
vs_store_unref (VsStore * store)
{
  if (!g_atomic_int_dec_and_test (&store->ref_count))
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
