/* VisionStream: segments of media files: their transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The samples of a track come to lie one behind the other, however the file
 * has them; then those of all tracks are written in their decoding order.
 */
#include "config.h"
#include "asset/vsassetsegment.h"
#include "memory/vsmemory.h"
#include "mpegts/vstswriter.h"

/* A track of the segment, and how far it is written. */
typedef struct
{
  const VsAssetTrack *track;
  guint first, next, last;
  const guint8 *data;           /* of the next sample */
} Cursor;

static void
cursor_init (Cursor * cursor, const VsAssetTrack * track, guint index)
{
  cursor->track = track;
  cursor->first = cursor->next = g_array_index (track->cuts, guint, index);
  cursor->last = g_array_index (track->cuts, guint, index + 1);
  cursor->data = NULL;
}

static gsize
get_size (const Cursor * cursors, guint n)
{
  gsize size = 0;

  for (guint i = 0; i < n; i++)
    for (guint j = cursors[i].first; j < cursors[i].last; j++)
      size += vs_asset_track_sample (cursors[i].track, j)->size;
  return size;
}

static gint
compare_parts (gconstpointer a, gconstpointer b)
{
  const VsStorePart *left = a, *right = b;

  return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* (element-type VsStorePart): all samples, as the file has them; from @to on
 * they go, as they are written */
static GArray *
find_parts (Cursor * cursors, guint n, guint8 * to)
{
  GArray *parts = g_array_new (FALSE, FALSE, sizeof (VsStorePart));

  for (guint i = 0; i < n; i++) {
    cursors[i].data = to;
    for (guint j = cursors[i].first; j < cursors[i].last; j++) {
      const VsMp4Sample *sample = vs_asset_track_sample (cursors[i].track, j);
      VsStorePart part = { sample->offset, sample->size, to };

      g_array_append_val (parts, part);
      to += sample->size;
    }
  }
  g_array_sort (parts, compare_parts);
  return parts;
}

/* (transfer full): what the samples lie in, or NULL */
static guint8 *
read_samples (VsStore * store, Cursor * cursors, guint n,
    GCancellable * cancellable, GError ** error)
{
  const VsStoreObject *object = cursors[0].track->file->object;
  gsize size = get_size (cursors, n);
  g_autoptr (GArray) parts = NULL;
  guint8 *block;

  if (size > VS_SEGMENT_MAX_BYTES) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
        "%s: the segment is too large", object->key);
    return NULL;
  }
  block = vs_memory_alloc (size);
  parts = find_parts (cursors, n, block);
  if (vs_store_read (store, object->key, (const VsStorePart *) parts->data,
          parts->len, cancellable, error)
      && vs_asset_object_check (store, object, error))
    return block;
  vs_memory_free (block);
  return NULL;
}

static VsTsProgram *
make_program (const VsAssetRendition * rendition)
{
  VsCodec video = VS_CODEC_UNKNOWN, audio = VS_CODEC_UNKNOWN;

  if (rendition->video)
    video = vs_asset_track_description (rendition->video,
        rendition->video->first)->codec;
  if (rendition->audio)
    audio = vs_asset_track_description (rendition->audio,
        rendition->audio->first)->codec;
  return vs_ts_program_new_simple (video, audio, NULL);
}

/* The track whose sample is decoded first. */
static Cursor *
find_next (Cursor * cursors, guint n)
{
  Cursor *found = NULL;
  gint64 earliest = G_MAXINT64;

  for (guint i = 0; i < n; i++) {
    gint64 dts;

    if (cursors[i].next == cursors[i].last)
      continue;
    dts = vs_asset_track_get_dts_90k (cursors[i].track, cursors[i].next);
    if (dts < earliest) {
      earliest = dts;
      found = &cursors[i];
    }
  }
  return found;
}

static gboolean
write_sample (VsTsWriter * writer, const Cursor * cursor, guint index,
    GByteArray * scratch, GByteArray * out, GError ** error)
{
  const VsAssetTrack *track = cursor->track;
  const VsMp4Sample *sample = vs_asset_track_sample (track, cursor->next);
  gboolean is_video = track->mp4->type == VS_MEDIA_VIDEO;
  VsTsUnit unit = {.track = index,
    .pts_90k = vs_asset_track_get_pts (track, cursor->next, 90000),
    .dts_90k = vs_asset_track_get_dts_90k (track, cursor->next)
  };

  g_byte_array_set_size (scratch, 0);
  if (!vs_mp4_append_unit (vs_asset_track_description (track, cursor->next),
          cursor->data, sample->size, sample->sync, scratch, error))
    return FALSE;
  if (sample->sync)
    unit.flags |= VS_TS_UNIT_KEYFRAME;
  if (cursor->next == cursor->first)
    unit.flags |= VS_TS_UNIT_DISCONT;
  else if (is_video && sample->sync)
    vs_ts_writer_write_psi (writer, out);
  if (!is_video)
    unit.dts_90k = unit.pts_90k;
  unit.data = scratch->data;
  unit.size = scratch->len;
  vs_ts_writer_write_unit (writer, &unit, out);
  return TRUE;
}

static GBytes *
write_segment (const VsAssetRendition * rendition, Cursor * cursors, guint n,
    GError ** error)
{
  g_autoptr (VsTsProgram) program = make_program (rendition);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  g_autoptr (GByteArray) scratch = g_byte_array_new ();
  g_autoptr (GByteArray) out = g_byte_array_new ();
  Cursor *cursor;

  vs_ts_writer_write_psi (writer, out);
  while ((cursor = find_next (cursors, n))) {
    if (!write_sample (writer, cursor, cursor - cursors, scratch, out, error))
      return NULL;
    if (out->len > VS_SEGMENT_MAX_BYTES) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
          "The segment is too large");
      return NULL;
    }
    cursor->data += vs_asset_track_sample (cursor->track, cursor->next)->size;
    cursor->next++;
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
vs_asset_segment_load (VsStore * store, const VsAssetRendition * rendition,
    guint index, GCancellable * cancellable, GError ** error)
{
  Cursor cursors[2] = { {NULL} };
  guint8 *block;
  GBytes *out;
  guint n = 0;

  if (rendition->video)
    cursor_init (&cursors[n++], rendition->video, index);
  if (rendition->audio)
    cursor_init (&cursors[n++], rendition->audio, index);
  block = read_samples (store, cursors, n, cancellable, error);
  if (block == NULL)
    return NULL;
  out = write_segment (rendition, cursors, n, error);
  vs_memory_free (block);
  return out;
}
