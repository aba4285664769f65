/* VisionStream: a media file in a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassetfile.h"

#include <openssl/sha.h>
#include <string.h>

/* boxes of a file: each costs a read */
#define MAX_BOXES 64

void
vs_asset_file_free (VsAssetFile * file)
{
  g_clear_pointer (&file->object, vs_store_object_free);
  g_clear_pointer (&file->movie, vs_mp4_movie_free);
  g_free (file);
}

static gboolean
damaged (GError ** error, const gchar * why)
{
  g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED, why);
  return FALSE;
}

/* The box at @offset. */
static gboolean
read_header (VsStore * store, const VsStoreObject * object, guint64 offset,
    VsMp4Box * box, GError ** error)
{
  g_autoptr (GBytes) bytes = vs_store_get (store, object->key, offset,
      VS_MP4_BOX_HEADER_MAX, VS_MP4_BOX_HEADER_MAX, NULL, error);
  const guint8 *data;
  gsize size;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  return vs_mp4_box_parse (data, size, object->size - offset, box)
      || damaged (error, "The file is cut off, or not of MP4's boxes");
}

/* The movie box of a file. */
static gboolean
find_movie (VsStore * store, const VsStoreObject * object, guint64 * offset,
    VsMp4Box * box, GError ** error)
{
  *offset = 0;
  for (guint i = 0; i < MAX_BOXES && *offset < object->size; i++) {
    if (!read_header (store, object, *offset, box, error))
      return FALSE;
    if (box->type == VS_MP4_TYPE ('m', 'o', 'o', 'v'))
      return box->size <= VS_MP4_MOVIE_MAX
          || damaged (error, "The movie box is too large");
    *offset += box->size;
  }
  return damaged (error, "The file has no movie box");
}

static gboolean
read_movie (VsStore * store, VsAssetFile * file, GError ** error)
{
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *data;
  guint64 offset;
  VsMp4Box box;
  gsize size;

  if (!find_movie (store, file->object, &offset, &box, error))
    return FALSE;
  bytes = vs_store_get (store, file->object->key, offset, box.size,
      VS_MP4_MOVIE_MAX, NULL, error);
  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  if (size < box.size)
    return damaged (error, "The movie box is cut off");
  SHA256 (data, size, file->sha256);
  file->movie = vs_mp4_movie_parse (data + box.header, size - box.header,
      file->object->size, error);
  return file->movie != NULL;
}

VsAssetFile *
vs_asset_file_open (VsStore * store, const gchar * key, GError ** error)
{
  g_autoptr (VsAssetFile) file = g_new0 (VsAssetFile, 1);

  file->object = vs_store_stat (store, key, NULL, error);
  if (file->object == NULL || !read_movie (store, file, error))
    return NULL;
  return g_steal_pointer (&file);
}

gboolean
vs_asset_object_is_current (VsStore * store, const VsStoreObject * object,
    gboolean * current, GError ** error)
{
  g_autoptr (VsStoreObject) now =
      vs_store_stat (store, object->key, NULL, error);

  if (now == NULL)
    return FALSE;
  *current = strcmp (now->etag, object->etag) == 0;
  return TRUE;
}
