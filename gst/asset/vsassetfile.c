/* VisionStream: a media file in a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassetfile.h"

#include <string.h>

/* boxes of a file up to its movie box: each costs a read */
#define MAX_BOXES 64
/* and behind it: of a fragment, its samples and what may stand with them */
#define MAX_FRAGMENT_BOXES (8 * VS_MP4_FRAGMENTS_MAX)
/* of all movie fragment boxes: %VS_MP4_SAMPLES_MAX samples need less */
#define FRAGMENT_BYTES_MAX (128 * 1024 * 1024)
/* read at once: most movie fragment boxes, and the box behind */
#define WINDOW (16 * 1024)

static const gchar no_boxes[] = "The file is cut off, or not of MP4's boxes";

/* A file, walked box by box. */
typedef struct
{
  VsStore *store;
  const VsStoreObject *object;
  guint64 offset;
  GBytes *window;               /* what was read last, and from where */
  guint64 from;
  GBytes *pending;              /* the last movie fragment, not added yet */
  guint64 pending_offset;
  guint64 budget;               /* for what is left to read */
  GChecksum *checksum;
} Walk;

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

static void
walk_clear (Walk * walk)
{
  g_clear_pointer (&walk->window, g_bytes_unref);
  g_clear_pointer (&walk->pending, g_bytes_unref);
  g_clear_pointer (&walk->checksum, g_checksum_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear);

/* @size bytes at @offset, until the next ones are read. */
static const guint8 *
peek (Walk * walk, guint64 offset, gsize size, GError ** error)
{
  gsize wanted = MAX (size, WINDOW), there = 0;
  const guint8 *data = NULL;

  if (walk->window)
    data = g_bytes_get_data (walk->window, &there);
  if (data && offset >= walk->from && offset - walk->from <= there
      && size <= there - (offset - walk->from))
    return data + (offset - walk->from);
  g_clear_pointer (&walk->window, g_bytes_unref);
  walk->window = vs_store_get (walk->store, walk->object->key, offset, wanted,
      wanted, NULL, error);
  if (walk->window == NULL)
    return NULL;
  walk->from = offset;
  data = g_bytes_get_data (walk->window, &there);
  if (there < size) {
    damaged (error, no_boxes);
    return NULL;
  }
  return data;
}

/* The box at the walk's place. What is not a box is damage; what begins as
 * one, but ends past the file, has a size of 0. */
static gboolean
read_header (Walk * walk, VsMp4Box * box, GError ** error)
{
  guint64 available = walk->object->size - walk->offset;
  gsize size = MIN (available, VS_MP4_BOX_HEADER_MAX);
  const guint8 *data = peek (walk, walk->offset, size, error);

  if (data == NULL)
    return FALSE;
  memset (box, 0, sizeof *box);
  if (vs_mp4_box_parse (data, size, available, box))
    return TRUE;
  if (box->header > 0 && box->size > available) {
    box->size = 0;
    return TRUE;
  }
  return damaged (error, no_boxes);
}

/* The movie box of a file. */
static gboolean
find_movie (Walk * walk, VsMp4Box * box, GError ** error)
{
  for (guint i = 0; i < MAX_BOXES && walk->offset < walk->object->size; i++) {
    if (!read_header (walk, box, error))
      return FALSE;
    if (box->size == 0)
      return damaged (error, no_boxes);
    if (box->type == VS_MP4_TYPE ('m', 'o', 'o', 'v'))
      return box->size <= VS_MP4_MOVIE_MAX
          || damaged (error, "The movie box is too large");
    walk->offset += box->size;
  }
  return damaged (error, "The file has no movie box");
}

static gboolean
read_movie (Walk * walk, VsAssetFile * file, GError ** error)
{
  const guint8 *data;
  VsMp4Box box;

  if (!find_movie (walk, &box, error))
    return FALSE;
  data = peek (walk, walk->offset, box.size, error);
  if (data == NULL)
    return FALSE;
  g_checksum_update (walk->checksum, data, box.size);
  file->movie = vs_mp4_movie_parse (data + box.header, box.size - box.header,
      file->object->size, error);
  walk->offset += box.size;
  return file->movie != NULL;
}

/* Reads the movie fragment at the walk's place: it is known to be whole only
 * when the box behind it is. */
static gboolean
read_fragment (Walk * walk, const VsMp4Box * box, GError ** error)
{
  const guint8 *data;

  if (box->size > VS_MP4_FRAGMENT_MAX)
    return damaged (error, "A movie fragment box is too large");
  if (box->size > walk->budget)
    return damaged (error, "The movie fragment boxes are too large");
  walk->budget -= box->size;
  data = peek (walk, walk->offset, box->size, error);
  if (data == NULL)
    return FALSE;
  g_checksum_update (walk->checksum, data, box->size);
  walk->pending = g_bytes_new (data + box->header, box->size - box->header);
  walk->pending_offset = walk->offset;
  return TRUE;
}

static gboolean
add_pending (Walk * walk, VsMp4Movie * movie, GError ** error)
{
  g_autoptr (GBytes) pending = g_steal_pointer (&walk->pending);
  const guint8 *data;
  gsize size;

  if (pending == NULL)
    return TRUE;
  data = g_bytes_get_data (pending, &size);
  return vs_mp4_movie_add_fragment (movie, data, size, walk->pending_offset,
      walk->object->size, error);
}

/* A fragment or its samples that are cut off; anything else is damage. */
static gboolean
is_tail (const VsMp4Box * box)
{
  return box->type == VS_MP4_TYPE ('m', 'o', 'o', 'f')
      || box->type == VS_MP4_TYPE ('m', 'd', 'a', 't');
}

static gboolean
read_fragments (Walk * walk, VsAssetFile * file, GError ** error)
{
  guint n = 0;
  VsMp4Box box;

  while (walk->offset < walk->object->size && !file->is_cut) {
    if (n++ == MAX_FRAGMENT_BOXES)
      return damaged (error, "The file has too many boxes");
    if (!read_header (walk, &box, error))
      return FALSE;
    file->is_cut = box.size == 0;
    if (file->is_cut && !is_tail (&box))
      return damaged (error, no_boxes);
    if (!file->is_cut && !add_pending (walk, file->movie, error))
      return FALSE;
    if (!file->is_cut && box.type == VS_MP4_TYPE ('m', 'o', 'o', 'f')
        && !read_fragment (walk, &box, error))
      return FALSE;
    walk->offset += box.size;
  }
  return (file->is_cut || add_pending (walk, file->movie, error))
      && vs_mp4_movie_finish (file->movie, error);
}

static gboolean
read_file (VsStore * store, VsAssetFile * file, GError ** error)
{
  g_auto (Walk) walk = {.store = store,.object = file->object,
    .budget = FRAGMENT_BYTES_MAX,
    .checksum = g_checksum_new (G_CHECKSUM_SHA256)
  };
  gsize size = sizeof file->sha256;

  if (!read_movie (&walk, file, error)
      || (file->movie->fragmented && !read_fragments (&walk, file, error)))
    return FALSE;
  g_checksum_get_digest (walk.checksum, file->sha256, &size);
  return TRUE;
}

VsAssetFile *
vs_asset_file_open (VsStore * store, const gchar * key, GError ** error)
{
  g_autoptr (VsAssetFile) file = g_new0 (VsAssetFile, 1);

  file->object = vs_store_stat (store, key, NULL, error);
  if (file->object == NULL || !read_file (store, file, error))
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

gboolean
vs_asset_object_check (VsStore * store, const VsStoreObject * object,
    GError ** error)
{
  gboolean current;

  if (!vs_asset_object_is_current (store, object, &current, error))
    return FALSE;
  if (!current)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "%s has changed while it was read", object->key);
  return current;
}
