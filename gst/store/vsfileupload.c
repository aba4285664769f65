/* VisionStream: files written whole, or from behind their beginning
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A headed file begins with a hole as long as the reserve, and its payload
 * follows. At the end the hole is made as long as the head is: by taking
 * blocks out of it, or putting some in, where the file system can, which moves
 * nothing but the map of the file. Where it can't, a hole that is too long
 * stays and takes no room on the disk, and one that is too short costs a copy.
 *
 * Payload goes past the page cache, in blocks, where the file system can: to
 * copy it there costs more than all that is done with it before, and of a file
 * that is read hours later, if at all, little would still be there. The rest
 * that is no block is written at the end.
 */
#include "store/vsfilestore.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* pieces handed to the kernel in one writev */
#define IOV_PIECES 64
/* A headed file is made durable every so many bytes: the commit is to be
 * short, however long the file is. */
#define SYNC_BYTES (16 * 1024 * 1024)
#define BLOCK_BYTES (2 * 1024 * 1024)
/* where direct I/O begins and ends, at most: of a page */
#define ALIGNMENT 4096
/* of a copy, between looks at the cancellable */
#define COPY_BYTES (32 * 1024 * 1024)
#define COPY_BLOCK (256 * 1024)

typedef struct
{
  VsStoreUpload parent;
  gchar *key;
  gint folder;                  /* where the object comes to lie */
  gint file;
  gchar tmp[sizeof VS_FILE_TMP_PREFIX + 16];
  gboolean renamed;

  gboolean is_headed;
  VsStoreHead callbacks;
  guint64 head;                 /* bytes ahead of the payload */
  guint64 head_written;
  gboolean head_is_hole;        /* nothing was ever written to it */
  guint64 size, unsynced;       /* of the payload */
  guint8 *block;                /* its end, that is not written yet */
  gsize fill;                   /* bytes there */
  gsize taken;                  /* of a call that failed, so far */
  gboolean is_direct;
}
VsFileUpload;

static gboolean
fail (VsFileUpload * self, GError ** error)
{
  vs_file_set_error (error, self->parent.store, self->key);
  return FALSE;
}

/* What the kernel lost can't be known. */
static gboolean
lose (VsFileUpload * self, GError ** error)
{
  self->parent.lost = TRUE;
  return fail (self, error);
}

static gint
create_tmp (VsFileUpload * self, gchar * name)
{
  gint fd;

  do {
    g_snprintf (name, sizeof self->tmp, VS_FILE_TMP_PREFIX "%08x%08x",
        g_random_int (), g_random_int ());
    fd = vs_file_open (self->folder, name, O_RDWR | O_CREAT | O_EXCL);
  } while (fd < 0 && errno == EEXIST);
  return fd;
}

VsStoreUpload *
vs_file_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *folder = vs_file_dup_folder (key);
  gint fd = vs_file_open_or_make_folder (store, folder);
  VsFileUpload *self;

  if (fd < 0) {
    vs_file_set_error (error, store, folder);
    return NULL;
  }

  self = g_new0 (VsFileUpload, 1);
  vs_store_upload_init (&self->parent, store, cancellable);
  self->key = g_strdup (key);
  self->folder = fd;
  self->file = create_tmp (self, self->tmp);
  if (self->file < 0) {
    fail (self, error);
    vs_store_upload_free (&self->parent);
    return NULL;
  }
  return &self->parent;
}

/* Writes all of @iov, however little the kernel takes at a time. */
static gboolean
write_all (gint fd, struct iovec *iov, guint n)
{
  while (n > 0) {
    gssize done = writev (fd, iov, n);

    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return FALSE;
    while (n > 0 && (gsize) done >= iov->iov_len) {
      done -= iov->iov_len;
      iov++;
      n--;
    }
    if (n > 0) {
      iov->iov_base = (guint8 *) iov->iov_base + done;
      iov->iov_len -= done;
    }
  }
  return TRUE;
}

static gboolean
write_parts (gint fd, GBytes ** parts, guint n_parts)
{
  struct iovec iov[IOV_PIECES];

  for (guint i = 0; i < n_parts;) {
    guint n;

    for (n = 0; n < IOV_PIECES && i < n_parts; n++, i++) {
      gsize size;

      iov[n].iov_base = (gpointer) g_bytes_get_data (parts[i], &size);
      iov[n].iov_len = size;
    }
    if (!write_all (fd, iov, n))
      return FALSE;
  }
  return TRUE;
}

static guint64
size_of (GBytes ** parts, guint n_parts)
{
  guint64 size = 0;

  for (guint i = 0; i < n_parts; i++)
    size += g_bytes_get_size (parts[i]);
  return size;
}

/* ---- payload of a headed file ------------------------------------------- */

static guint64
get_block_offset (const VsFileUpload * self)
{
  return self->head + self->size + self->taken - self->fill;
}

static void
set_direct (VsFileUpload * self, gboolean direct)
{
  gint flags = fcntl (self->file, F_GETFL);

  self->is_direct = fcntl (self->file, F_SETFL,
      direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0 && direct;
}

/* Writes at its offset, so that what failed before is written over. */
static gboolean
write_block_once (VsFileUpload * self)
{
  struct iovec iov = { self->block, self->fill };

  return lseek (self->file, get_block_offset (self), SEEK_SET) >= 0
      && write_all (self->file, &iov, 1);
}

static gboolean
write_block (VsFileUpload * self, GError ** error)
{
  gboolean ok = write_block_once (self);

  if (!ok && errno == EINVAL && self->is_direct) {
    set_direct (self, FALSE);
    ok = write_block_once (self);
  }
  if (!ok)
    return fail (self, error);
  self->unsynced += self->fill;
  self->fill = 0;
  if (self->unsynced < SYNC_BYTES)
    return TRUE;
  self->unsynced = 0;
  return fdatasync (self->file) == 0 || lose (self, error);
}

static gboolean
append (VsFileUpload * self, const guint8 * data, gsize size, GError ** error)
{
  while (size > 0) {
    gsize n = MIN (size, BLOCK_BYTES - self->fill);

    memcpy (self->block + self->fill, data, n);
    self->fill += n;
    self->taken += n;
    data += n;
    size -= n;
    if (self->fill == BLOCK_BYTES && !write_block (self, error))
      return FALSE;
  }
  return TRUE;
}

/* What was taken of a call that failed is not taken again. */
static gboolean
write_behind_head (VsFileUpload * self, GBytes ** parts, guint n_parts,
    GError ** error)
{
  gsize skip = self->taken;

  if (self->fill == BLOCK_BYTES && !write_block (self, error))
    return FALSE;
  for (guint i = 0; i < n_parts; i++) {
    gsize size, skipped;
    const guint8 *data = g_bytes_get_data (parts[i], &size);

    skipped = MIN (skip, size);
    skip -= skipped;
    if (!append (self, data + skipped, size - skipped, error))
      return FALSE;
  }
  self->size += self->taken;
  self->taken = 0;
  return TRUE;
}

/* Nothing comes after it. */
static gboolean
write_rest (VsFileUpload * self, GError ** error)
{
  if (self->is_direct)
    set_direct (self, FALSE);
  return self->fill == 0 || write_block (self, error);
}

gboolean
vs_file_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  VsFileUpload *self = (VsFileUpload *) upload;

  if (self->is_headed)
    return write_behind_head (self, parts, n_parts, error);
  return write_parts (self->file, parts, n_parts) || fail (self, error);
}

gboolean
vs_file_upload_commit (VsStoreUpload * upload, GError ** error)
{
  VsFileUpload *self = (VsFileUpload *) upload;
  const gchar *name = vs_file_get_name (self->key);

  g_return_val_if_fail (self->head_written == self->head, FALSE);
  if (fdatasync (self->file) != 0
      || renameat (self->folder, self->tmp, self->folder, name) != 0)
    return lose (self, error);
  self->renamed = TRUE;
  return fsync (self->folder) == 0 || lose (self, error);
}

void
vs_file_upload_free (VsStoreUpload * upload)
{
  VsFileUpload *self = (VsFileUpload *) upload;

  if (self->file >= 0) {
    close (self->file);
    if (!self->renamed)
      unlinkat (self->folder, self->tmp, 0);
  }
  vs_file_close (&self->folder);
  g_aligned_free (self->block);
  g_free (self->key);
}

/* ---- the head ----------------------------------------------------------- */

static guint64
round_up (guint64 value, guint64 unit)
{
  return (value + unit - 1) / unit * unit;
}

/* What the file system gives and takes in the middle of a file. */
static guint64
get_block (VsFileUpload * self)
{
  struct stat st;

  return fstat (self->file, &st) == 0 && st.st_blksize > 0 ? st.st_blksize : 1;
}

VsStoreUpload *
vs_file_upload_new_headed (VsStore * store, const gchar * key,
    const VsStoreHead * head, GCancellable * cancellable, GError ** error)
{
  VsStoreUpload *upload = vs_file_upload_new (store, key, cancellable, error);
  VsFileUpload *self = (VsFileUpload *) upload;

  if (upload == NULL)
    return NULL;
  self->is_headed = TRUE;
  self->callbacks = *head;
  self->head = round_up (head->reserve, get_block (self));
  self->head_is_hole = TRUE;
  self->block = g_aligned_alloc (1, BLOCK_BYTES, ALIGNMENT);
  set_direct (self, self->head % ALIGNMENT == 0);
  return upload;
}

/* FALSE where the file system can't, whatever it says why. */
static gboolean
move_payload (VsFileUpload * self, guint64 head)
{
  gboolean shorter = head < self->head;
  guint64 length = shorter ? self->head - head : head - self->head;

  if (head == self->head)
    return TRUE;
  if (fallocate (self->file, shorter ? FALLOC_FL_COLLAPSE_RANGE :
          FALLOC_FL_INSERT_RANGE, 0, length) != 0)
    return FALSE;
  self->head = head;
  return TRUE;
}

static gboolean
copy_by_hand (gint from, goffset offset, gint to, gsize size)
{
  g_autofree guint8 *block = g_malloc (COPY_BLOCK);

  while (size > 0) {
    gssize n = pread (from, block, MIN (size, COPY_BLOCK), offset);
    struct iovec iov = { block, MAX (n, 0) };

    if (n < 0 && errno == EINTR)
      continue;
    if (n == 0)
      errno = EIO;
    if (n <= 0 || !write_all (to, &iov, 1))
      return FALSE;
    offset += n;
    size -= n;
  }
  return TRUE;
}

/* @size bytes to the position of @to, within the kernel where it can. */
static gboolean
copy_piece (gint from, goffset offset, gint to, gsize size)
{
  while (size > 0) {
    off64_t at = offset;
    gssize n = copy_file_range (from, &at, to, NULL, size, 0);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return copy_by_hand (from, offset, to, size);
    offset += n;
    size -= n;
  }
  return TRUE;
}

static gboolean
copy_payload (VsFileUpload * self, gint to, guint64 head, GError ** error)
{
  if (lseek (to, head, SEEK_SET) < 0)
    return fail (self, error);
  for (guint64 done = 0; done < self->size;) {
    gsize size = MIN (self->size - done, COPY_BYTES);

    if (g_cancellable_set_error_if_cancelled (self->parent.cancellable, error))
      return FALSE;
    if (!copy_piece (self->file, self->head + done, to, size)
        || fdatasync (to) != 0)
      return fail (self, error);
    done += size;
  }
  return TRUE;
}

static gboolean
rewrite (VsFileUpload * self, guint64 head, GError ** error)
{
  gchar tmp[sizeof self->tmp];
  VS_AUTO_FD file = -1;

  if (self->callbacks.rewriting && self->head < head)
    self->callbacks.rewriting (self->size, self->callbacks.user_data);
  file = create_tmp (self, tmp);
  if (file < 0)
    return fail (self, error);
  if (!copy_payload (self, file, head, error)) {
    unlinkat (self->folder, tmp, 0);
    return FALSE;
  }
  unlinkat (self->folder, self->tmp, 0);
  memcpy (self->tmp, tmp, sizeof tmp);
  close (self->file);
  self->file = g_steal_fd (&file);
  self->head = head;
  self->head_is_hole = TRUE;
  return TRUE;
}

/* Without room, or where there is more of it than there is to copy: a hole
 * takes no room on this disk, but on the way to wherever the file is sent. */
static gboolean
is_to_be_rewritten (VsFileUpload * self, guint64 needed)
{
  return self->head < needed || self->size < self->head - needed;
}

gboolean
vs_file_upload_make_head (VsStoreUpload * upload, guint64 needed,
    guint64 * size, GError ** error)
{
  VsFileUpload *self = (VsFileUpload *) upload;

  if (!write_rest (self, error))
    return FALSE;
  if (!move_payload (self, round_up (needed, get_block (self)))
      && is_to_be_rewritten (self, needed) && !rewrite (self, needed, error))
    return FALSE;
  *size = self->head;
  self->head_is_hole &= self->head_written == 0;
  self->head_written = 0;
  return TRUE;
}

static gboolean
is_zero (GBytes * bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return size == 0 || (data[0] == 0 && memcmp (data, data + 1, size - 1) == 0);
}

static gboolean
write_head_part (VsFileUpload * self, GBytes * part)
{
  /* what fills a hole up is there already */
  if (self->head_is_hole && is_zero (part))
    return TRUE;
  return lseek (self->file, self->head_written, SEEK_SET) >= 0
      && write_parts (self->file, &part, 1);
}

gboolean
vs_file_upload_write_head (VsStoreUpload * upload, GBytes ** parts,
    guint n_parts, GError ** error)
{
  VsFileUpload *self = (VsFileUpload *) upload;

  g_return_val_if_fail (self->head_written + size_of (parts, n_parts) <=
      self->head, FALSE);
  for (guint i = 0; i < n_parts; i++) {
    if (!write_head_part (self, parts[i])) {
      self->head_is_hole = FALSE;
      return fail (self, error);
    }
    self->head_written += g_bytes_get_size (parts[i]);
  }
  return TRUE;
}
