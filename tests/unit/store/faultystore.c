/* VisionStream: a store that fails on demand
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/faultystore.h"
#include "store/vsstoreclass.h"

typedef struct
{
  VsStore parent;
  VsStore *inner;

  GMutex lock;
  GCond changed;
  /* protected by lock */
  Fault fault;
  guint at, count, uploads;
  gboolean failed;
  guint64 bytes;
  FaultyLog log;
  gpointer log_data;
} FaultyStore;

typedef struct
{
  VsStoreUpload parent;
  VsStoreUpload *inner;
  gchar *key;
  guint64 bytes;
} FaultyUpload;

typedef enum
{
  GO_ON,
  FAIL,
  DO_AND_FAIL
} Verdict;

static Verdict
judge (VsStore * store, gboolean is_write)
{
  FaultyStore *self = (FaultyStore *) store;
  Verdict verdict = GO_ON;

  g_mutex_lock (&self->lock);
  self->count++;
  while (self->fault == FAULT_STUCK && is_write)
    g_cond_wait (&self->changed, &self->lock);
  if (self->fault == FAULT_FULL)
    verdict = is_write ? FAIL : GO_ON;
  else if (self->fault == FAULT_DEAD)
    verdict = self->count >= self->at ? FAIL : GO_ON;
  else if (self->fault != FAULT_NONE && self->count == self->at)
    verdict = self->fault == FAULT_LIE ? DO_AND_FAIL : FAIL;
  self->failed |= verdict != GO_ON;
  g_mutex_unlock (&self->lock);
  return verdict;
}

static gboolean
fail (VsStore * store, const gchar * name, GError ** error)
{
  g_clear_error (error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
      "%s/%s: No space left on device", store->location, name);
  return FALSE;
}

static VsStoreUpload *
upload_new (VsStore * store, const gchar * key, const VsStoreHead * head,
    GCancellable * cancellable, GError ** error)
{
  FaultyStore *self = (FaultyStore *) store;
  VsStoreUpload *inner;
  FaultyUpload *upload;

  g_mutex_lock (&self->lock);
  self->uploads++;
  g_mutex_unlock (&self->lock);
  if (judge (store, TRUE) != GO_ON) {
    fail (store, key, error);
    return NULL;
  }
  inner = head ? vs_store_upload_new_headed (self->inner, key, head,
      cancellable, error) : vs_store_upload_new (self->inner, key,
      cancellable, error);
  if (inner == NULL)
    return NULL;
  upload = g_new0 (FaultyUpload, 1);
  vs_store_upload_init (&upload->parent, store, cancellable);
  upload->inner = inner;
  upload->key = g_strdup (key);
  return &upload->parent;
}

static VsStoreUpload *
faulty_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  return upload_new (store, key, NULL, cancellable, error);
}

static VsStoreUpload *
faulty_upload_new_headed (VsStore * store, const gchar * key,
    const VsStoreHead * head, GCancellable * cancellable, GError ** error)
{
  return upload_new (store, key, head, cancellable, error);
}

static gboolean
faulty_upload_make_head (VsStoreUpload * upload, guint64 needed,
    guint64 * size, GError ** error)
{
  if (judge (upload->store, TRUE) != GO_ON)
    return fail (upload->store, "upload", error);
  return vs_store_upload_make_head (((FaultyUpload *) upload)->inner, needed,
      size, error);
}

static gboolean
faulty_upload_write_head (VsStoreUpload * upload, GBytes ** parts,
    guint n_parts, GError ** error)
{
  if (judge (upload->store, TRUE) != GO_ON)
    return fail (upload->store, "upload", error);
  return vs_store_upload_write_head (((FaultyUpload *) upload)->inner, parts,
      n_parts, error);
}

static gboolean
faulty_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  FaultyUpload *self = (FaultyUpload *) upload;
  Verdict verdict = judge (upload->store, TRUE);

  if (verdict == FAIL
      || !vs_store_upload_write (self->inner, parts, n_parts, error))
    return fail (upload->store, "upload", error);
  /* what is done and denied would be done twice */
  upload->lost |= verdict == DO_AND_FAIL;
  for (guint i = 0; i < n_parts; i++)
    self->bytes += g_bytes_get_size (parts[i]);
  return verdict == GO_ON || fail (upload->store, "upload", error);
}

static gboolean
faulty_upload_commit (VsStoreUpload * upload, GError ** error)
{
  FaultyUpload *self = (FaultyUpload *) upload;
  FaultyStore *store = (FaultyStore *) upload->store;
  Verdict verdict = judge (upload->store, TRUE);

  upload->lost |= verdict == DO_AND_FAIL;
  if (verdict == FAIL || !vs_store_upload_commit (self->inner, error)) {
    upload->lost |= vs_store_upload_is_lost (self->inner);
    return fail (upload->store, "upload", error);
  }
  g_mutex_lock (&store->lock);
  store->bytes += self->bytes;
  if (store->log)
    store->log (self->key, FALSE, store->log_data);
  g_mutex_unlock (&store->lock);
  return verdict == GO_ON || fail (upload->store, "upload", error);
}

static void
faulty_upload_free (VsStoreUpload * upload)
{
  FaultyUpload *self = (FaultyUpload *) upload;

  vs_store_upload_free (self->inner);
  g_free (self->key);
}

static GBytes *
faulty_get (VsStore * store, const gchar * key, guint64 offset,
    gssize length, gsize max, GCancellable * cancellable, GError ** error)
{
  if (judge (store, FALSE) != GO_ON) {
    fail (store, key, error);
    return NULL;
  }
  return vs_store_get (((FaultyStore *) store)->inner, key, offset, length,
      max, cancellable, error);
}

static VsStoreObject *
faulty_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  if (judge (store, FALSE) != GO_ON) {
    fail (store, key, error);
    return NULL;
  }
  return vs_store_stat (((FaultyStore *) store)->inner, key, cancellable,
      error);
}

static GPtrArray *
faulty_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  if (judge (store, FALSE) != GO_ON) {
    fail (store, prefix, error);
    return NULL;
  }
  return vs_store_list (((FaultyStore *) store)->inner, prefix, suffix,
      cancellable, error);
}

static gboolean
faulty_clean (VsStore * store, const gchar * prefix,
    GCancellable * cancellable, GError ** error)
{
  if (judge (store, FALSE) != GO_ON)
    return fail (store, prefix, error);
  return vs_store_clean (((FaultyStore *) store)->inner, prefix, cancellable,
      error);
}

static gboolean
faulty_remove (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  FaultyStore *self = (FaultyStore *) store;

  if (judge (store, FALSE) != GO_ON)
    return fail (store, key, error);
  if (!vs_store_delete (self->inner, key, cancellable, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  if (self->log)
    self->log (key, TRUE, self->log_data);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gpointer
faulty_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  return vs_store_lock (((FaultyStore *) store)->inner, prefix, error);
}

static void
faulty_unlock (VsStore * store, gpointer lock)
{
  vs_store_unlock (((FaultyStore *) store)->inner, lock);
}

static void
faulty_finalize (VsStore * store)
{
  FaultyStore *self = (FaultyStore *) store;

  vs_store_unref (self->inner);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

static gchar *
etag_of (VsStore * inner, const gchar * key)
{
  g_autoptr (VsStoreObject) object = vs_store_stat (inner, key, NULL, NULL);

  return object ? g_strdup (object->etag) : NULL;
}

static gboolean
faulty_put_if (VsStore * store, const gchar * key, GBytes * bytes,
    const gchar * etag, gchar ** new_etag, GCancellable * cancellable,
    GError ** error)
{
  static GMutex conditions;
  FaultyStore *self = (FaultyStore *) store;
  g_autofree gchar *found = NULL;
  gboolean ok;

  if (judge (store, TRUE) != GO_ON)
    return fail (store, key, error);
  g_mutex_lock (&conditions);
  found = etag_of (self->inner, key);
  ok = g_strcmp0 (found, etag) == 0
      && vs_store_put (self->inner, key, &bytes, 1, cancellable, error);
  if (ok && new_etag)
    *new_etag = etag_of (self->inner, key);
  g_mutex_unlock (&conditions);
  if (!ok)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s: changed", key);
  return ok;
}

static gint64
faulty_get_time (VsStore * store, const gchar * key)
{
  return g_get_real_time ();
}

#define OPERATIONS                                                       \
  .upload_new = faulty_upload_new, .upload_write = faulty_upload_write,  \
  .upload_commit = faulty_upload_commit,                                 \
  .upload_free = faulty_upload_free, .get = faulty_get,                  \
  .upload_new_headed = faulty_upload_new_headed,                         \
  .upload_make_head = faulty_upload_make_head,                           \
  .upload_write_head = faulty_upload_write_head,                         \
  .stat = faulty_stat, .list = faulty_list, .clean = faulty_clean,       \
  .remove = faulty_remove, .lock = faulty_lock, .unlock = faulty_unlock, \
  .finalize = faulty_finalize

static const VsStoreClass conditional_class = {
  .put_if = faulty_put_if,.get_time = faulty_get_time, OPERATIONS
};

static const VsStoreClass faulty_store_class = { OPERATIONS };

static VsStore *
new_store (VsStore * inner, const VsStoreClass * klass)
{
  FaultyStore *self = g_new0 (FaultyStore, 1);

  vs_store_init (&self->parent, klass, vs_store_get_location (inner));
  self->inner = vs_store_ref (inner);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  return &self->parent;
}

VsStore *
faulty_store_new (VsStore * inner)
{
  return new_store (inner, &faulty_store_class);
}

VsStore *
faulty_store_new_conditional (VsStore * inner)
{
  return new_store (inner, &conditional_class);
}

void
faulty_store_set (VsStore * store, Fault fault, guint at)
{
  FaultyStore *self = (FaultyStore *) store;

  g_mutex_lock (&self->lock);
  self->fault = fault;
  self->at = at;
  self->count = 0;
  self->failed = FALSE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
faulty_store_set_log (VsStore * store, FaultyLog log, gpointer user_data)
{
  FaultyStore *self = (FaultyStore *) store;

  g_mutex_lock (&self->lock);
  self->log = log;
  self->log_data = user_data;
  g_mutex_unlock (&self->lock);
}

gboolean
faulty_store_has_failed (VsStore * store)
{
  FaultyStore *self = (FaultyStore *) store;
  gboolean failed;

  g_mutex_lock (&self->lock);
  failed = self->failed;
  g_mutex_unlock (&self->lock);
  return failed;
}

guint
faulty_store_get_count (VsStore * store)
{
  FaultyStore *self = (FaultyStore *) store;
  guint count;

  g_mutex_lock (&self->lock);
  count = self->count;
  g_mutex_unlock (&self->lock);
  return count;
}

guint
faulty_store_get_uploads (VsStore * store)
{
  FaultyStore *self = (FaultyStore *) store;
  guint uploads;

  g_mutex_lock (&self->lock);
  uploads = self->uploads;
  g_mutex_unlock (&self->lock);
  return uploads;
}

guint64
faulty_store_get_bytes (VsStore * store)
{
  FaultyStore *self = (FaultyStore *) store;
  guint64 bytes;

  g_mutex_lock (&self->lock);
  bytes = self->bytes;
  g_mutex_unlock (&self->lock);
  return bytes;
}
