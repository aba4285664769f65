/* VisionStream: objects put by HTTP
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A body is sent with one PUT when it is whole, as its length goes ahead of it.
 * Until then what is small is in memory, and what is not in a file without a
 * name.
 */
#include "store/vshttpstore.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MAX (8 * 1024 * 1024)
#define ANSWER_MAX (64 * 1024)

typedef struct
{
  VsStoreUpload parent;
  gchar *key;
  GPtrArray *parts;             /* GBytes; none once there is a file */
  gint fd;                      /* -1 without */
  guint64 size;
  VsSha256 sha256;              /* where it was told what it is to be */
} VsHttpUpload;

VsStoreUpload *
vs_http_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  VsHttpUpload *self = g_new0 (VsHttpUpload, 1);

  vs_store_upload_init (&self->parent, store, cancellable);
  self->key = g_strdup (key);
  self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->fd = -1;
  return &self->parent;
}

/* ---- what was written --------------------------------------------------- */

static gboolean
set_file_error (VsHttpUpload * self, GError ** error)
{
  gint code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
      "%s/%s: no room for it in %s on its way: %s",
      self->parent.store->location, self->key, g_get_tmp_dir (),
      g_strerror (code));
  return FALSE;
}

/* Not each file system has O_TMPFILE. */
static gint
open_unnamed (void)
{
  gint fd = open (g_get_tmp_dir (), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  g_autofree gchar *path = NULL;

  if (fd >= 0)
    return fd;
  path = g_build_filename (g_get_tmp_dir (), "visionstream-XXXXXX", NULL);
  fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    g_unlink (path);
  return fd;
}

static gboolean
write_file (VsHttpUpload * self, GBytes * bytes, GError ** error)
{
  gsize size, done = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  while (done < size) {
    gssize n = write (self->fd, data + done, size - done);

    if (n < 0 && errno != EINTR)
      return set_file_error (self, error);
    done += MAX (n, 0);
  }
  return TRUE;
}

/* Moves what there is into a file. */
static gboolean
spill (VsHttpUpload * self, GError ** error)
{
  self->fd = open_unnamed ();
  if (self->fd < 0)
    return set_file_error (self, error);
  for (guint i = 0; i < self->parts->len; i++) {
    if (!write_file (self, g_ptr_array_index (self->parts, i), error))
      return FALSE;
  }
  g_ptr_array_set_size (self->parts, 0);
  return TRUE;
}

static gboolean
add (VsHttpUpload * self, GBytes * bytes, GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (self->parent.has_sha256) {
    if (self->sha256.context == NULL)
      vs_sha256_init (&self->sha256);
    vs_sha256_update (&self->sha256, data, size);
  }
  self->size += size;
  if (self->fd < 0 && self->size > MEMORY_MAX && !spill (self, error))
    return FALSE;
  if (self->fd >= 0)
    return write_file (self, bytes, error);
  g_ptr_array_add (self->parts, g_bytes_ref (bytes));
  return TRUE;
}

gboolean
vs_http_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  for (guint i = 0; i < n_parts; i++) {
    if (!add ((VsHttpUpload *) upload, parts[i], error))
      return FALSE;
  }
  return TRUE;
}

/* ---- what is sent ------------------------------------------------------- */

/* RFC 8216 4 for playlists; what the archive has beside them */
static const gchar *
content_type (const gchar * key)
{
  static const struct
  {
    const gchar *suffix, *type;
  } types[] = {
    {".m3u8", "application/vnd.apple.mpegurl"}, {".ts", "video/mp2t"},
    {".mp4", "video/mp4"}
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_str_has_suffix (key, types[i].suffix))
      return types[i].type;
  }
  return "application/octet-stream";
}

/* Nobody but us looks whether it is what it was said to be. */
static gboolean
check (VsHttpUpload * self, GError ** error)
{
  guint8 digest[VS_SHA256_SIZE];
  gboolean ok = !self->parent.has_size || self->size == self->parent.size;

  if (ok && self->parent.has_sha256) {
    if (self->sha256.context == NULL)
      vs_sha256_init (&self->sha256);
    vs_sha256_finish (&self->sha256, digest);
    ok = memcmp (digest, self->parent.sha256, sizeof digest) == 0;
  }
  if (!ok)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s: what is to be put is not what was announced",
        self->parent.store->location, self->key);
  return ok;
}

gboolean
vs_http_upload_commit (VsStoreUpload * upload, GError ** error)
{
  VsHttpUpload *self = (VsHttpUpload *) upload;
  const gchar *headers[] = { "Content-Type", content_type (self->key), NULL };
  VsHttpBody body = {.fd = self->fd,.size = self->size };
  VsDavCall call = {
    .method = "PUT",.key = self->key,.headers = headers,.body = &body,
    .max_answer = ANSWER_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  if (!check (self, error))
    return FALSE;
  if (self->fd < 0) {
    /* a body of no parts would be a file's */
    if (self->parts->len == 0)
      g_ptr_array_add (self->parts, g_bytes_new (NULL, 0));
    body.parts = (GBytes * const *) self->parts->pdata;
    body.n_parts = self->parts->len;
  }
  return vs_dav_client_send (((VsHttpStore *) upload->store)->client, &call,
      upload->cancellable, &reply, error);
}

void
vs_http_upload_free (VsStoreUpload * upload)
{
  VsHttpUpload *self = (VsHttpUpload *) upload;

  if (self->fd >= 0)
    close (self->fd);
  vs_sha256_clear (&self->sha256);
  g_ptr_array_unref (self->parts);
  g_free (self->key);
}
