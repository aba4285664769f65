/* VisionStream: a store that answers at once, for one that may not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of an object: its bytes go into a file of the local store, which
 * makes it durable; from then on it is in the queue, whence a thread sends it
 * (vsspoolsend.c), and the file goes. The newest version of a playlist stays
 * until the next one comes: that is how a writer that starts again finds its
 * playlists where the store can't be reached.
 *
 * One lock, over the queue; files and the store are used without it. Numbers
 * ascend over restarts, and a file that should have gone and did not is only
 * sent once more: of a playlist the newest version alone counts at the start.
 */
#include "store/vsspoolprivate.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define CONNECTIONS 4
#define PLAYLIST_SUFFIX ".m3u8"

/* In the folder: who writes from it */
#define OWNER "owner"
#define OWNER_MAX 64

/* Each takes some hundred bytes of memory and a file. */
#define OBJECTS_MAX 100000

typedef struct
{
  VsStoreUpload parent;
  VsStoreUpload *local;
  guint64 number;
  VsSpoolEntry entry;
  VsSha256 sha256;              /* where nobody told it */
} VsSpoolUpload;

gchar *
vs_spool_get_entry_key (VsSpool * self, guint64 number)
{
  g_autofree gchar *name = vs_spool_entry_name (number);

  return g_strconcat (self->folder, "/", name, NULL);
}

void
vs_spool_forget (VsSpool * self, GArray * numbers)
{
  for (guint i = 0; i < numbers->len; i++) {
    g_autofree gchar *key =
        vs_spool_get_entry_key (self, g_array_index (numbers, guint64, i));

    vs_store_delete (self->local, key, NULL, NULL);
  }
}

static gboolean
is_playlist (const gchar * key)
{
  return g_str_has_suffix (key, PLAYLIST_SUFFIX);
}

/* Puts what is durable into the queue. */
static void
enqueue (VsSpool * self, guint64 number, const VsSpoolEntry * entry)
{
  g_autoptr (GArray) superseded = g_array_new (FALSE, FALSE, sizeof (guint64));
  gboolean ordered = entry->removes || is_playlist (entry->key);

  g_mutex_lock (&self->lock);
  vs_spool_queue_add (self->queue, number, entry->key, entry->size, ordered,
      entry->removes, superseded);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  vs_spool_forget (self, superseded);
}

/* ---- writing ------------------------------------------------------------ */

/* Room for @size bytes more of the upload that is on its way. */
static gboolean
check_room (VsSpool * self, const gchar * key, guint64 size, GError ** error)
{
  guint64 waiting;
  gboolean full;

  g_mutex_lock (&self->lock);
  waiting = vs_spool_queue_get_bytes (self->queue);
  full = vs_spool_queue_get_length (self->queue) >= OBJECTS_MAX
      || (!is_playlist (key)
      && waiting + self->written + size > self->max_bytes);
  if (!full)
    self->written += size;
  g_mutex_unlock (&self->lock);
  if (full)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "%s/%s: the spool "
        "in %s is full: %" G_GUINT64_FORMAT " bytes wait for the store",
        self->parent.location, key, vs_store_get_location (self->local),
        waiting);
  return !full;
}

/* The number of a new upload; waits for the end of another one, which is as
 * long as the local disk takes. */
static guint64
begin_upload (VsSpool * self)
{
  guint64 number;

  g_mutex_lock (&self->lock);
  while (self->uploading)
    g_cond_wait (&self->uploaded, &self->lock);
  self->uploading = TRUE;
  self->written = 0;
  number = self->next_number++;
  g_mutex_unlock (&self->lock);
  return number;
}

static void
end_upload (VsSpool * self)
{
  g_mutex_lock (&self->lock);
  self->uploading = FALSE;
  g_cond_signal (&self->uploaded);
  g_mutex_unlock (&self->lock);
}

static VsStoreUpload *
spool_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  VsSpool *self = (VsSpool *) store;
  guint64 number = begin_upload (self);
  g_autofree gchar *entry_key = vs_spool_get_entry_key (self, number);
  VsStoreUpload *local = NULL;
  VsSpoolUpload *upload;

  if (check_room (self, key, 0, error))
    local = vs_store_upload_new (self->local, entry_key, cancellable, error);
  if (local == NULL) {
    end_upload (self);
    return NULL;
  }
  upload = g_new0 (VsSpoolUpload, 1);
  vs_store_upload_init (&upload->parent, store, cancellable);
  upload->local = local;
  upload->number = number;
  upload->entry.key = g_strdup (key);
  return &upload->parent;
}

static void
hash (VsSpoolUpload * self, GBytes * bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (self->parent.has_sha256)
    return;
  if (self->sha256.context == NULL)
    vs_sha256_init (&self->sha256);
  vs_sha256_update (&self->sha256, data, size);
}

static gboolean
spool_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  VsSpoolUpload *self = (VsSpoolUpload *) upload;
  guint64 size = 0;

  for (guint i = 0; i < n_parts; i++) {
    size += g_bytes_get_size (parts[i]);
    hash (self, parts[i]);
  }
  self->entry.size += size;
  return check_room ((VsSpool *) upload->store, self->entry.key, size, error)
      && vs_store_upload_write (self->local, parts, n_parts, error);
}

static void
finish_hash (VsSpoolUpload * self)
{
  if (self->parent.has_sha256) {
    memcpy (self->entry.sha256, self->parent.sha256, VS_SHA256_SIZE);
    return;
  }
  if (self->sha256.context == NULL)
    vs_sha256_init (&self->sha256);
  vs_sha256_finish (&self->sha256, self->entry.sha256);
}

static gboolean
spool_upload_commit (VsStoreUpload * upload, GError ** error)
{
  VsSpoolUpload *self = (VsSpoolUpload *) upload;
  g_autoptr (GBytes) trailer = NULL;

  finish_hash (self);
  trailer = vs_spool_entry_make_trailer (&self->entry);
  if (!vs_store_upload_write (self->local, &trailer, 1, error)
      || !vs_store_upload_commit (self->local, error))
    return FALSE;
  enqueue ((VsSpool *) upload->store, self->number, &self->entry);
  return TRUE;
}

static void
spool_upload_free (VsStoreUpload * upload)
{
  VsSpoolUpload *self = (VsSpoolUpload *) upload;

  vs_store_upload_free (self->local);
  end_upload ((VsSpool *) upload->store);
  vs_spool_entry_clear (&self->entry);
  vs_sha256_clear (&self->sha256);
}

static gboolean
spool_remove (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  VsSpool *self = (VsSpool *) store;
  guint64 number = begin_upload (self);
  g_autofree gchar *entry_key = vs_spool_get_entry_key (self, number);
  VsSpoolEntry entry = {.key = (gchar *) key,.removes = TRUE };
  g_autoptr (GBytes) trailer = vs_spool_entry_make_trailer (&entry);
  gboolean ok;

  ok = vs_store_put (self->local, entry_key, &trailer, 1, cancellable, error);
  if (ok)
    enqueue (self, number, &entry);
  end_upload (self);
  return ok;
}

/* ---- what the store does ------------------------------------------------ */

/* What is left undone while the store can't be reached is done the next
 * time. */
static gboolean
spool_clean (VsStore * store, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;

  if (!vs_store_clean (((VsSpool *) store)->remote, prefix, cancellable,
          &cause))
    g_info ("%s", cause->message);
  return TRUE;
}

/* It was taken when the spool was opened. */
static gpointer
spool_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  return store;
}

static void
spool_unlock (VsStore * store, gpointer lock)
{
}

static void
spool_finalize (VsStore * store)
{
  VsSpool *self = (VsSpool *) store;

  vs_spool_close (store);
  if (self->lock_file)
    vs_store_unlock (self->local, self->lock_file);
  g_clear_pointer (&self->lease, vs_lease_free);
  g_ptr_array_unref (self->threads);
  vs_spool_queue_free (self->queue);
  g_object_unref (self->cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_cond_clear (&self->uploaded);
  g_free (self->folder);
  vs_store_unref (self->local);
  vs_store_unref (self->remote);
}

static const VsStoreClass spool_class = {
  .is_remote = TRUE,
  .upload_new = spool_upload_new,
  .upload_write = spool_upload_write,
  .upload_commit = spool_upload_commit,
  .upload_free = spool_upload_free,
  .get = vs_spool_get,
  .stat = vs_spool_stat,
  .list = vs_spool_list,
  .find = vs_spool_find,
  .clean = spool_clean,
  .remove = spool_remove,
  .lock = spool_lock,
  .unlock = spool_unlock,
  .finalize = spool_finalize,
};

/* ---- opening ------------------------------------------------------------ */

/* The folder of a spool: readable, and one for each folder of each store. */
static gchar *
entries_folder (VsStore * remote, const gchar * folder)
{
  g_autofree gchar *where =
      g_strconcat (vs_store_get_location (remote), "/", folder, NULL);
  g_autofree gchar *digest =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, where, -1);
  g_autofree gchar *name = g_strdup (where);

  g_strcanon (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-", '_');
  return g_strdup_printf ("%.*s-%.16s", 200, name, digest);
}

typedef struct
{
  guint64 number;
  VsSpoolEntry entry;
} Loaded;

static void
loaded_clear (gpointer data)
{
  vs_spool_entry_clear (&((Loaded *) data)->entry);
}

/* A file that is no entry is left where it is, and said. */
static void
load_entry (VsSpool * self, const VsStoreObject * file, GArray * entries)
{
  g_autoptr (GError) error = NULL;
  Loaded loaded = { 0, };

  if (!vs_spool_entry_parse_name (file->key + strlen (self->folder) + 1,
          &loaded.number))
    return;
  if (vs_spool_entry_read (self->local, file->key, file->size, &loaded.entry,
          &error)) {
    g_array_append_val (entries, loaded);
    return;
  }
  vs_spool_entry_clear (&loaded.entry);
  g_warning ("%s", error->message);
}

/* What lies in the folder; names are listed in their order, and so numbers. */
static GArray *
load_entries (VsSpool * self, GError ** error)
{
  g_autoptr (GPtrArray) files =
      vs_store_list (self->local, self->folder, "", NULL, error);
  GArray *entries;

  if (files == NULL)
    return NULL;
  entries = g_array_new (FALSE, FALSE, sizeof (Loaded));
  g_array_set_clear_func (entries, loaded_clear);
  for (guint i = 0; i < files->len; i++)
    load_entry (self, g_ptr_array_index (files, i), entries);
  return entries;
}

/* Of a playlist only the newest version: one of the older may have been sent
 * already. */
static void
enqueue_entries (VsSpool * self, GArray * entries)
{
  g_autoptr (GHashTable) newest = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GArray) older = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < entries->len; i++) {
    Loaded *loaded = &g_array_index (entries, Loaded, i);

    g_hash_table_insert (newest, loaded->entry.key, loaded);
  }
  for (guint i = 0; i < entries->len; i++) {
    Loaded *loaded = &g_array_index (entries, Loaded, i);

    if (is_playlist (loaded->entry.key)
        && g_hash_table_lookup (newest, loaded->entry.key) != loaded)
      g_array_append_val (older, loaded->number);
    else
      enqueue (self, loaded->number, &loaded->entry);
    self->next_number = loaded->number + 1;
  }
  vs_spool_forget (self, older);
}

static gboolean
lock_folder (VsSpool * self, GError ** error)
{
  self->lock_file = vs_store_lock (self->local, self->folder, error);
  return self->lock_file && vs_store_clean (self->local, self->folder, NULL,
      error);
}

static gboolean
put_owner (VsSpool * self, const gchar * owner, GError ** error)
{
  g_autofree gchar *key = g_strconcat (self->folder, "/" OWNER, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (owner, strlen (owner));

  return vs_store_put (self->local, key, &bytes, 1, NULL, error);
}

/* Who writes from this spool, whenever it does. */
static gchar *
get_owner (VsSpool * self, GError ** error)
{
  g_autofree gchar *key = g_strconcat (self->folder, "/" OWNER, NULL);
  g_autoptr (GBytes) bytes =
      vs_store_get (self->local, key, 0, -1, OWNER_MAX, NULL, NULL);
  gsize size = 0;
  const gchar *text = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  gchar *owner;

  if (size > 0)
    return g_strndup (text, size);
  owner = g_strdup_printf ("%08x%08x%08x%08x", g_random_int (),
      g_random_int (), g_random_int (), g_random_int ());
  if (!put_owner (self, owner, error))
    g_clear_pointer (&owner, g_free);
  return owner;
}

static void
say_set_aside (VsSpool * self, const gchar * to)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY,
      "%s: another writer went on with it: what was not sent by this one lies "
      "in %s", self->parent.location, to);

  if (self->callbacks.lost)
    self->callbacks.lost (self->folder, error, self->user_data);
}

/* Another writer went on where this spool stopped: what is in it would go over
 * what that one wrote. It stays on the disk, under another name. */
static gboolean
set_aside (VsSpool * self, const gchar * owner, GError ** error)
{
  const gchar *root = vs_store_get_location (self->local);
  g_autofree gchar *from = g_build_filename (root, self->folder, NULL);
  g_autofree gchar *to = g_strdup_printf ("%s-aside-%" G_GINT64_FORMAT, from,
      g_get_real_time ());

  if (g_rename (from, to) != 0) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
        "%s: can't be moved away: %s", from, g_strerror (errno));
    return FALSE;
  }
  say_set_aside (self, to);
  vs_store_unlock (self->local, g_steal_pointer (&self->lock_file));
  return lock_folder (self, error) && put_owner (self, owner, error);
}

static gboolean
is_empty (VsSpool * self)
{
  g_autoptr (GPtrArray) files =
      vs_store_list (self->local, self->folder, "", NULL, NULL);

  return files == NULL || files->len <= 1;
}

/* A store that can't be reached is no reason not to go on with what is here;
 * whose the folder is, is asked before anything is sent. */
static gboolean
take_lease (VsSpool * self, const gchar * folder, GError ** error)
{
  g_autofree gchar *owner = NULL;
  g_autoptr (GError) cause = NULL;
  VsLeaseState state;
  gint64 start;

  if (!vs_store_can_put_if (self->remote, folder))
    return TRUE;
  owner = get_owner (self, error);
  if (owner == NULL)
    return FALSE;
  self->lease = vs_lease_new (self->remote, folder, owner);
  start = g_get_monotonic_time ();
  if (vs_lease_take (self->lease, &state, self->cancellable, &cause)) {
    vs_spool_hold_lease_unlocked (self, start);
    vs_spool_say_remark (self);
    return state != VS_LEASE_TAKEN_OVER || is_empty (self)
        || set_aside (self, owner, error);
  }
  if (!is_empty (self) && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_BUSY))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Takes the folder, and what an earlier process left in it. */
static gboolean
recover (VsSpool * self, const gchar * folder, GError ** error)
{
  g_autoptr (GArray) entries = NULL;

  if (!lock_folder (self, error) || !take_lease (self, folder, error))
    return FALSE;
  entries = load_entries (self, error);
  if (entries == NULL)
    return FALSE;
  enqueue_entries (self, entries);
  return TRUE;
}

static void
start_threads (VsSpool * self, guint n)
{
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (self->threads, g_thread_new ("vsspool",
            vs_spool_send_loop, self));
  if (self->lease)
    g_ptr_array_add (self->threads, g_thread_new ("vslease",
            vs_spool_lease_loop, self));
}

VsStore *
vs_spool_open (VsStore * store, const VsSpoolSettings * settings,
    const VsSpoolCallbacks * callbacks, gpointer user_data, GError ** error)
{
  VsSpool *self = g_new0 (VsSpool, 1);

  vs_store_init (&self->parent, &spool_class, vs_store_get_location (store));
  self->remote = vs_store_ref (store);
  self->local = vs_store_ref (settings->local);
  self->folder = entries_folder (store, settings->folder);
  self->max_bytes = settings->max_bytes;
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->threads = g_ptr_array_new ();
  self->queue = vs_spool_queue_new ();
  self->next_number = 1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_cond_init (&self->uploaded);
  if (!recover (self, settings->folder, error)) {
    vs_store_unref (&self->parent);
    return NULL;
  }
  start_threads (self, settings->connections ? settings->connections :
      CONNECTIONS);
  return &self->parent;
}

/* ---- what is left ------------------------------------------------------- */

void
vs_spool_when_sent (VsStore * spool, void (*func) (gpointer data),
    gpointer data, GDestroyNotify free_data)
{
  VsSpool *self = (VsSpool *) spool;
  VsSpoolMark *mark = g_new (VsSpoolMark, 1);

  mark->func = func;
  mark->data = data;
  mark->free_data = free_data;
  g_mutex_lock (&self->lock);
  mark->number = vs_spool_queue_get_end (self->queue);
  g_queue_push_tail (&self->marks, mark);
  g_mutex_unlock (&self->lock);
  vs_spool_run_marks (self);
}

/* Until when it is worth waiting, at the latest. */
static gint64
drain_until_unlocked (VsSpool * self, gint64 patience_us, gint64 deadline)
{
  if (self->fenced)
    return 0;
  return vs_spool_is_failing_unlocked (self) ?
      MIN (deadline, self->failing_since + patience_us) : deadline;
}

gboolean
vs_spool_drain (VsStore * spool, gint64 patience_us, gint64 deadline)
{
  VsSpool *self = (VsSpool *) spool;
  gboolean empty;

  g_mutex_lock (&self->lock);
  while (vs_spool_queue_get_length (self->queue) > 0 && !self->interrupted) {
    gint64 until = drain_until_unlocked (self, patience_us, deadline);

    if (g_get_monotonic_time () >= until)
      break;
    g_cond_wait_until (&self->changed, &self->lock, until);
  }
  empty = vs_spool_queue_get_length (self->queue) == 0;
  g_mutex_unlock (&self->lock);
  return empty;
}

void
vs_spool_interrupt (VsStore * spool)
{
  VsSpool *self = (VsSpool *) spool;

  g_mutex_lock (&self->lock);
  self->interrupted = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

VsStore *
vs_spool_get_store (VsStore * spool)
{
  return ((VsSpool *) spool)->remote;
}

void
vs_spool_get_stats (VsStore * spool, VsSpoolStats * stats)
{
  VsSpool *self = (VsSpool *) spool;

  g_mutex_lock (&self->lock);
  stats->objects = vs_spool_queue_get_length (self->queue);
  stats->bytes = vs_spool_queue_get_bytes (self->queue);
  stats->sent_objects = self->sent_objects;
  stats->sent_bytes = self->sent_bytes;
  stats->failing = vs_spool_is_failing_unlocked (self);
  g_mutex_unlock (&self->lock);
}

void
vs_spool_forget_sent (VsStore * spool)
{
  VsSpool *self = (VsSpool *) spool;
  g_autoptr (GArray) evicted = g_array_new (FALSE, FALSE, sizeof (guint64));

  g_mutex_lock (&self->lock);
  vs_spool_queue_evict (self->queue, 0, evicted);
  g_mutex_unlock (&self->lock);
  vs_spool_forget (self, evicted);
}

void
vs_spool_close (VsStore * spool)
{
  VsSpool *self = (VsSpool *) spool;

  vs_spool_interrupt (spool);
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->cancellable);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  if (self->threads->len > 0 && self->lease
      && !vs_spool_is_failing_unlocked (self))
    vs_lease_release (self->lease, NULL);
  g_ptr_array_set_size (self->threads, 0);
  g_queue_clear_full (&self->marks, (GDestroyNotify) vs_spool_mark_free);
}
