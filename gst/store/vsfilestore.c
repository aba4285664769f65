/* VisionStream: a directory as a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of an object: its bytes go into `.tmp-<random>` in its own folder,
 * fdatasync, rename over its name, fsync of the folder. So a name stands for
 * nothing or for the whole object, also after a power cut. A folder that is
 * made is made durable in its parent first.
 *
 * Every path is resolved below the root's descriptor and without symbolic
 * links, so that nothing that is planted in the archive leads out of it. The
 * root itself may be reached through links: it is the operator's.
 *
 * Objects are read, never mapped: a file that is cut short while it is mapped
 * raises SIGBUS.
 */
#include "store/vsfilestore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "memory/vsmemory.h"

#define LOCK_NAME ".lock"

/* pieces handed to the kernel in one preadv, and bytes that are rather read
 * than passed over by another call */
#define MAX_PIECES 64
#define MAX_GAP 4096

typedef struct
{
  gint file;
} VsFileLock;

void
vs_file_set_error (GError ** error, VsStore * store, const gchar * key)
{
  gint code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s%s%s: %s",
      store->location, key[0] ? "/" : "", key, g_strerror (code));
}

/* ---- resolving names ---------------------------------------------------- */

gint
vs_file_open (gint folder, const gchar * name, gint flags)
{
  gint fd;

  do {
    fd = openat (folder, name, flags | O_CLOEXEC | O_NOFOLLOW, 0666);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/* What openat2 does, for kernels and sandboxes that lack it: one component
 * after the other, following no link. @path holds no `..`. */
static gint
open_by_components (gint root, const gchar * path, gint flags)
{
  VS_AUTO_FD folder = fcntl (root, F_DUPFD_CLOEXEC, 0);
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  for (guint i = 0; folder >= 0 && parts[i]; i++) {
    gboolean last = parts[i + 1] == NULL;
    gint next = vs_file_open (folder, parts[i],
        last ? flags : O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

    close (folder);
    folder = next;
  }
  return g_steal_fd (&folder);
}

static gint
open_beneath (VsStore * store, const gchar * path, gint flags)
{
  static gint missing;          /* atomic: openat2 is refused here */
  gint root = ((VsFileStore *) store)->root;
  struct open_how how = {
    .flags = flags | O_CLOEXEC,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  };
  gint fd;

  if (g_atomic_int_get (&missing))
    return open_by_components (root, path, flags);

  do {
    fd = syscall (SYS_openat2, root, path, &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));

  /* seccomp filters that do not know the call answer EPERM */
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
    fd = open_by_components (root, path, flags);
    if (fd >= 0)
      g_atomic_int_set (&missing, 1);
  }
  return fd;
}

static gint
open_folder (VsStore * store, const gchar * path)
{
  return open_beneath (store, path[0] ? path : ".", O_RDONLY | O_DIRECTORY);
}

/* Makes the folder at @path with all above it. Parents are synced also where
 * the folder exists: its maker may have died before that. */
static gint
make_folder (VsStore * store, const gchar * path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  gint fd = open_folder (store, "");

  for (guint i = 0; fd >= 0 && parts[i]; i++) {
    VS_AUTO_FD parent = fd;

    fd = -1;
    if ((mkdirat (parent, parts[i], 0777) == 0 || errno == EEXIST)
        && fsync (parent) == 0)
      fd = vs_file_open (parent, parts[i], O_RDONLY | O_DIRECTORY);
  }
  return fd;
}

gint
vs_file_open_or_make_folder (VsStore * store, const gchar * path)
{
  gint fd = open_folder (store, path);

  return fd < 0 && errno == ENOENT ? make_folder (store, path) : fd;
}

const gchar *
vs_file_get_name (const gchar * key)
{
  const gchar *slash = strrchr (key, '/');

  return slash ? slash + 1 : key;
}

gchar *
vs_file_dup_folder (const gchar * key)
{
  const gchar *slash = strrchr (key, '/');

  return slash ? g_strndup (key, slash - key) : g_strdup ("");
}

/* ---- reading ------------------------------------------------------------ */

static VsStoreObject *
object_from_stat (const gchar * key, const struct stat *st)
{
  gchar *etag = g_strdup_printf ("%" G_GINT64_MODIFIER "x-%lx-%lx-%"
      G_GINT64_MODIFIER "x", (gint64) st->st_mtim.tv_sec,
      (gulong) st->st_mtim.tv_nsec, (gulong) st->st_ino,
      (gint64) st->st_size);
  gint64 mtime_us = (gint64) st->st_mtim.tv_sec * G_USEC_PER_SEC
      + st->st_mtim.tv_nsec / 1000;

  return vs_store_object_new (key, st->st_size, mtime_us, etag);
}

static gint
open_file (VsStore * store, const gchar * key, gint flags, struct stat *st,
    GError ** error)
{
  VS_AUTO_FD fd = open_beneath (store, key, flags);

  if (fd < 0 || fstat (fd, st) != 0) {
    vs_file_set_error (error, store, key);
    return -1;
  }
  if (!S_ISREG (st->st_mode)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
        "%s/%s: not a regular file", store->location, key);
    return -1;
  }
  return g_steal_fd (&fd);
}

static gssize
read_all (gint fd, guint8 * data, gsize size, guint64 offset)
{
  gsize have = 0;

  while (have < size) {
    gssize n = pread (fd, data + have, size - have, offset + have);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    if (n == 0)
      break;
    have += n;
  }
  return have;
}

static GBytes *
file_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  struct stat st;
  /* O_NONBLOCK: a planted FIFO must not hang us */
  VS_AUTO_FD fd = open_file (store, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, &st,
      error);
  guint8 *data;
  guint64 size;
  gssize have;

  if (fd < 0)
    return NULL;

  size = (guint64) st.st_size > offset ? st.st_size - offset : 0;
  if (length >= 0)
    size = MIN (size, (guint64) length);
  if (size > max) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
        "%s/%s: %" G_GUINT64_FORMAT " bytes are more than the %"
        G_GSIZE_FORMAT " expected here", store->location, key, size, max);
    return NULL;
  }

  data = vs_memory_try_alloc (size);
  if (data == NULL)
    errno = ENOMEM;
  have = data ? read_all (fd, data, size, offset) : -1;
  if (have < 0) {
    vs_file_set_error (error, store, key);
    vs_memory_free (data);
    return NULL;
  }
  return vs_memory_to_bytes (data, have);
}

/* How many of @parts, from the first on, one operation reads: into @pieces,
 * the bytes between them into @skipped. */
static guint
collect_pieces (const VsStorePart * parts, guint n_parts, guint8 * skipped,
    struct iovec *pieces, guint * n_pieces)
{
  guint64 end = parts->offset;
  guint n;

  *n_pieces = 0;
  for (n = 0; n < n_parts && *n_pieces + 2 <= MAX_PIECES; n++) {
    guint64 gap = parts[n].offset - end;
    struct iovec *last = *n_pieces ? &pieces[*n_pieces - 1] : NULL;

    if (parts[n].offset < end || gap > MAX_GAP)
      break;
    if (gap > 0)
      pieces[(*n_pieces)++] = (struct iovec) { skipped, gap };
    if (gap == 0 && last
        && (guint8 *) last->iov_base + last->iov_len == parts[n].to)
      last->iov_len += parts[n].size;
    else
      pieces[(*n_pieces)++] = (struct iovec) { parts[n].to, parts[n].size };
    end = parts[n].offset + parts[n].size;
  }
  return n;
}

/* FALSE with errno, which is 0 where the file ends too early. */
static gboolean
read_parts (gint fd, const VsStorePart * parts, guint n_parts)
{
  for (; n_parts > 0; n_parts--, parts++) {
    gssize have = read_all (fd, parts->to, parts->size, parts->offset);

    if (have < 0)
      return FALSE;
    errno = 0;
    if ((gsize) have < parts->size)
      return FALSE;
  }
  return TRUE;
}

static gboolean
file_read (VsStore * store, const gchar * key, const VsStorePart * parts,
    guint n_parts, GCancellable * cancellable, GError ** error)
{
  struct stat st;
  VS_AUTO_FD fd = open_file (store, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, &st,
      error);
  guint8 skipped[MAX_GAP];

  if (fd < 0)
    return FALSE;
  while (n_parts > 0) {
    struct iovec pieces[MAX_PIECES];
    guint n_pieces, n = collect_pieces (parts, n_parts, skipped, pieces,
        &n_pieces);
    guint64 size = parts[n - 1].offset + parts[n - 1].size - parts->offset;

    /* what was interrupted, or cut short, is read part by part */
    if (preadv (fd, pieces, n_pieces, parts->offset) != (gssize) size
        && !read_parts (fd, parts, n)) {
      if (errno)
        vs_file_set_error (error, store, key);
      else
        vs_store_set_short_error (store, key, error);
      return FALSE;
    }
    parts += n;
    n_parts -= n;
  }
  return TRUE;
}

static VsStoreObject *
file_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  struct stat st;
  VS_AUTO_FD fd = open_file (store, key, O_PATH, &st, error);

  return fd >= 0 ? object_from_stat (key, &st) : NULL;
}

/* The type is asked before the name is looked up: a folder of a million
 * segments is listed for a few playlists. */
static gboolean
is_wanted (const struct dirent *entry, const gchar * suffix)
{
  if (entry->d_name[0] == '.')
    return FALSE;
  if (suffix == NULL)
    return TRUE;
  if (strcmp (suffix, "/") == 0)
    return entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
  return g_str_has_suffix (entry->d_name, suffix);
}

/* The object or folder that @name is; NULL when it is neither. */
static VsStoreObject *
list_entry (DIR * dir, const gchar * prefix, const gchar * name,
    const gchar * suffix)
{
  gboolean folders = suffix == NULL || strcmp (suffix, "/") == 0;
  gboolean files = suffix == NULL || !folders;
  struct stat st;
  g_autofree gchar *key = NULL;

  if (fstatat (dirfd (dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0
      || !((files && S_ISREG (st.st_mode))
          || (folders && S_ISDIR (st.st_mode))))
    return NULL;

  key = g_strconcat (prefix, prefix[0] ? "/" : "", name,
      S_ISDIR (st.st_mode) ? "/" : NULL, NULL);
  return object_from_stat (key, &st);
}

static DIR *
open_listing (VsStore * store, const gchar * prefix)
{
  gint fd = open_folder (store, prefix);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;

  if (fd >= 0 && dir == NULL)
    close (fd);
  return dir;
}

static GPtrArray *
file_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GPtrArray) objects =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_store_object_free);
  DIR *dir = open_listing (store, prefix);
  struct dirent *entry;

  if (dir == NULL && errno != ENOENT) {
    vs_file_set_error (error, store, prefix);
    return NULL;
  }

  while (dir && (entry = readdir (dir))) {
    VsStoreObject *object;

    if (!is_wanted (entry, suffix))
      continue;
    object = list_entry (dir, prefix, entry->d_name, suffix);
    if (object)
      g_ptr_array_add (objects, object);
  }
  if (dir)
    closedir (dir);

  vs_store_sort_objects (objects);
  return g_steal_pointer (&objects);
}

/* ---- upkeep ------------------------------------------------------------- */

static gboolean
file_clean (VsStore * store, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  DIR *dir = open_listing (store, prefix);
  struct dirent *entry;
  gboolean ok = TRUE;

  if (dir == NULL && errno == ENOENT)
    return TRUE;
  if (dir == NULL) {
    vs_file_set_error (error, store, prefix);
    return FALSE;
  }

  while (ok && (entry = readdir (dir))) {
    if (g_str_has_prefix (entry->d_name, VS_FILE_TMP_PREFIX)
        && unlinkat (dirfd (dir), entry->d_name, 0) != 0 && errno != ENOENT) {
      vs_file_set_error (error, store, prefix);
      ok = FALSE;
    }
  }
  closedir (dir);
  return ok;
}

static gboolean
file_remove (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *path = vs_file_dup_folder (key);
  VS_AUTO_FD folder = open_folder (store, path);

  if ((folder < 0 || unlinkat (folder, vs_file_get_name (key), 0) != 0)
      && errno != ENOENT) {
    vs_file_set_error (error, store, key);
    return FALSE;
  }
  return TRUE;
}

static gpointer
file_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  VS_AUTO_FD folder = make_folder (store, prefix);
  VS_AUTO_FD file = -1;
  VsFileLock *lock;

  if (folder >= 0)
    file = vs_file_open (folder, LOCK_NAME, O_RDWR | O_CREAT);
  if (file < 0) {
    vs_file_set_error (error, store, prefix);
    return NULL;
  }
  if (flock (file, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
          "%s/%s: another writer has this folder", store->location, prefix);
    else
      vs_file_set_error (error, store, prefix);
    return NULL;
  }

  lock = g_new (VsFileLock, 1);
  lock->file = g_steal_fd (&file);
  return lock;
}

static void
file_unlock (VsStore * store, gpointer data)
{
  VsFileLock *lock = data;

  close (lock->file);
  g_free (lock);
}

static void
file_finalize (VsStore * store)
{
  close (((VsFileStore *) store)->root);
}

static const VsStoreClass file_store_class = {
  .upload_new = vs_file_upload_new,
  .upload_write = vs_file_upload_write,
  .upload_commit = vs_file_upload_commit,
  .upload_free = vs_file_upload_free,
  .upload_new_headed = vs_file_upload_new_headed,
  .upload_make_head = vs_file_upload_make_head,
  .upload_write_head = vs_file_upload_write_head,
  .get = file_get,
  .read = file_read,
  .stat = file_stat,
  .list = file_list,
  .clean = file_clean,
  .remove = file_remove,
  .lock = file_lock,
  .unlock = file_unlock,
  .finalize = file_finalize,
};

/* Makes @path and what is missing above it, each durable in its parent. */
static gboolean
make_root (const gchar * path)
{
  g_autofree gchar *parent = g_path_get_dirname (path);
  gboolean made = mkdir (path, 0777) == 0;
  VS_AUTO_FD fd = -1;

  if (!made && errno == ENOENT && strcmp (parent, path) != 0
      && make_root (parent))
    made = mkdir (path, 0777) == 0;
  if (!made)
    return errno == EEXIST;
  fd = open (parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 && fsync (fd) == 0;
}

VsStore *
vs_file_store_open (const gchar * path, gboolean create, GError ** error)
{
  g_autofree gchar *full = g_canonicalize_filename (path, NULL);
  VsFileStore *self;
  gint root = -1;

  if (!create || make_root (full))
    root = open (full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    gint code = errno;

    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s",
        full, g_strerror (code));
    return NULL;
  }

  self = g_new0 (VsFileStore, 1);
  vs_store_init (&self->parent, &file_store_class, full);
  self->root = root;
  return &self->parent;
}
