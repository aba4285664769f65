/* VisionStream: a stored file that is served as it is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginfile.h"

#include "asset/vsassetfile.h"
#include "origin/vsoriginprivate.h"

/* hex digits of the SHA-256 that an entity tag has: 128 bits */
#define ETAG_DIGITS 32

struct _VsOriginFile
{
  gint ref_count;
  VsOrigin *origin;             /* not ours: it outlives who reads */
  VsStore *store;
  VsStoreObject *object;
};

/* A part that is wanted, on its way through the pool. */
typedef struct
{
  VsOriginFile *file;
  guint64 offset;
  gsize size;
  GCancellable *cancellable;
  VsOriginFileRead done;
  gpointer user_data;
} Part;

VsOriginFile *
vs_origin_file_open (VsOrigin * origin, VsStore * store, const gchar * key,
    GError ** error)
{
  VsStoreObject *object = vs_store_stat (store, key, NULL, error);
  VsOriginFile *file;

  if (object == NULL)
    return NULL;
  file = g_new0 (VsOriginFile, 1);
  file->ref_count = 1;
  file->origin = origin;
  file->store = vs_store_ref (store);
  file->object = object;
  return file;
}

VsOriginFile *
vs_origin_file_ref (VsOriginFile * file)
{
  g_atomic_int_inc (&file->ref_count);
  return file;
}

void
vs_origin_file_unref (VsOriginFile * file)
{
  if (!g_atomic_int_dec_and_test (&file->ref_count))
    return;
  vs_store_object_free (file->object);
  vs_store_unref (file->store);
  g_free (file);
}

guint64
vs_origin_file_get_size (const VsOriginFile * file)
{
  return file->object->size;
}

/* The store's own may have any characters. */
gchar *
vs_origin_file_make_etag (const VsOriginFile * file)
{
  const gchar *etag = file->object->etag;
  g_autofree gchar *digest =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, etag, -1);

  return g_strdup_printf ("%s\"%.*s\"", g_str_has_prefix (etag, "W/") ?
      "W/" : "", ETAG_DIGITS, digest);
}

static void
end_part (Part * part, GBytes * bytes, const GError * error)
{
  part->done (bytes, error, part->user_data);
  vs_origin_file_unref (part->file);
  g_clear_object (&part->cancellable);
  g_free (part);
}

static void
drop_part (gpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR,
      G_IO_ERROR_BUSY, "The packaging queue is full");

  end_part (data, NULL, error);
}

/* Half of one file and half of another make none. */
static void
read_part (gpointer data)
{
  Part *part = data;
  VsOriginFile *file = part->file;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = vs_store_get (file->store, file->object->key,
      part->offset, part->size, part->size, part->cancellable, &error);

  if (bytes && !vs_asset_object_check (file->store, file->object, &error))
    g_clear_pointer (&bytes, g_bytes_unref);
  if (error && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    vs_origin_warn (file->origin, error->message);
  end_part (part, bytes, error);
}

void
vs_origin_file_read (VsOriginFile * file, guint64 offset, gsize size,
    GCancellable * cancellable, VsOriginFileRead done, gpointer user_data)
{
  Part *part = g_new (Part, 1);

  *part = (Part) {
  vs_origin_file_ref (file), offset, size, cancellable ?
        g_object_ref (cancellable) : NULL, done, user_data};
  if (!vs_pool_push (vs_origin_get_readers (file->origin), VS_POOL_VOD,
          read_part, drop_part, part))
    drop_part (part);
}
