/* VisionStream: bytes that are collected for one request
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vss3part.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "memory/vsmemory.h"

/* read at a time to be hashed */
#define BLOCK (256 * 1024)

static gboolean
fail (gint code, GError ** error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
      "%s: a part of what is to be sent can't be kept: %s", g_get_tmp_dir (),
      g_strerror (code));
  return FALSE;
}

void
vs_s3_part_init (VsS3Part * self)
{
  memset (self, 0, sizeof *self);
  self->fd = -1;
}

void
vs_s3_part_clear (VsS3Part * self)
{
  vs_memory_free (self->data);
  if (self->fd >= 0)
    close (self->fd);
  vs_s3_part_init (self);
}

static gint
open_unlinked (void)
{
  g_autofree gchar *path = NULL;
  gint fd = open (g_get_tmp_dir (), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  /* some file systems can't make a file without a name */
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
    return fd;
  path = g_build_filename (g_get_tmp_dir (), ".vs-part-XXXXXX", NULL);
  fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    g_unlink (path);
  return fd;
}

static gboolean
write_file (VsS3Part * self, const guint8 * data, gsize size, guint64 offset,
    GError ** error)
{
  while (size > 0) {
    gssize n = pwrite (self->fd, data, size, offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail (n < 0 ? errno : ENOSPC, error);
    data += n;
    offset += n;
    size -= n;
  }
  return TRUE;
}

static gboolean
move_to_file (VsS3Part * self, GError ** error)
{
  self->fd = open_unlinked ();
  if (self->fd < 0)
    return fail (errno, error);
  if (!write_file (self, self->data, self->size, 0, error)) {
    close (self->fd);
    self->fd = -1;
    return FALSE;
  }
  g_clear_pointer (&self->data, vs_memory_free);
  self->capacity = 0;
  return TRUE;
}

static gboolean
make_room (VsS3Part * self, gsize size, gsize expected, GError ** error)
{
  gsize capacity = MAX (self->size + size, MIN (expected, VS_S3_PART_MEMORY));
  guint8 *data;

  if (self->size + size <= self->capacity)
    return TRUE;
  /* what grows is likely to grow on */
  if (self->data)
    capacity = MAX (capacity, MIN (2 * self->capacity, VS_S3_PART_MEMORY));
  data = vs_memory_try_alloc (capacity);
  if (data == NULL)
    return fail (ENOMEM, error);
  if (self->size > 0)
    memcpy (data, self->data, self->size);
  vs_memory_free (self->data);
  self->data = data;
  self->capacity = capacity;
  return TRUE;
}

gboolean
vs_s3_part_add (VsS3Part * self, gconstpointer data, gsize size,
    gsize expected, GError ** error)
{
  if (size == 0)
    return TRUE;
  if (self->fd < 0 && self->size + size > VS_S3_PART_MEMORY
      && !move_to_file (self, error))
    return FALSE;
  if (self->fd >= 0) {
    if (!write_file (self, data, size, self->size, error))
      return FALSE;
  } else {
    if (!make_room (self, size, expected, error))
      return FALSE;
    memcpy (self->data + self->size, data, size);
  }
  self->size += size;
  return TRUE;
}

void
vs_s3_part_truncate (VsS3Part * self, guint64 size)
{
  self->size = MIN (self->size, size);
}

static gboolean
hash_file (VsS3Part * self, VsSha256 * sha256, GError ** error)
{
  g_autofree guint8 *block = g_malloc (BLOCK);

  for (guint64 offset = 0; offset < self->size;) {
    gssize n = pread (self->fd, block, MIN (BLOCK, self->size - offset),
        offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail (n < 0 ? errno : EIO, error);
    vs_sha256_update (sha256, block, n);
    offset += n;
  }
  return TRUE;
}

gboolean
vs_s3_part_get_body (VsS3Part * self, VsHttpBody * body, GBytes ** bytes,
    guint8 digest[VS_SHA256_SIZE], GError ** error)
{
  g_auto (VsSha256) sha256 = { NULL };

  memset (body, 0, sizeof *body);
  vs_sha256_init (&sha256);
  if (self->fd >= 0) {
    *bytes = NULL;
    body->fd = self->fd;
    body->size = self->size;
    if (!hash_file (self, &sha256, error))
      return FALSE;
  } else {
    *bytes = g_bytes_new_static (self->data, self->size);
    body->parts = bytes;
    body->n_parts = 1;
    vs_sha256_update (&sha256, self->data, self->size);
  }
  vs_sha256_finish (&sha256, digest);
  return TRUE;
}
