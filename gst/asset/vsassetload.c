/* VisionStream: segments of media files: their bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The samples of a segment lie in a few stretches of the file: in one where
 * tracks are interleaved. Each is read once, then the samples are written in
 * their decoding order.
 */
#include "config.h"
#include "asset/vsassetsegment.h"

#include "mpegts/vstswriter.h"

/* Samples so near to each other are read together. */
#define STRETCH_GAP (64 * 1024)

typedef struct
{
  guint64 from, to;
  GBytes *bytes;
} Stretch;

/* A track of the segment, and how far it is written. */
typedef struct
{
  const VsAssetTrack *track;
  guint first, next, last;
} Cursor;

static void
stretch_clear (gpointer data)
{
  g_clear_pointer (&((Stretch *) data)->bytes, g_bytes_unref);
}

static gint
compare_stretches (gconstpointer a, gconstpointer b)
{
  const Stretch *left = a, *right = b;

  return left->from < right->from ? -1 : left->from > right->from;
}

static void
join_stretches (GArray * all)
{
  guint n = 0;

  g_array_sort (all, compare_stretches);
  for (guint i = 1; i < all->len; i++) {
    Stretch *open = &g_array_index (all, Stretch, n);
    const Stretch *next = &g_array_index (all, Stretch, i);

    if (next->from <= open->to + STRETCH_GAP)
      open->to = MAX (open->to, next->to);
    else
      g_array_index (all, Stretch, ++n) = *next;
  }
  g_array_set_size (all, MIN (all->len, n + 1));
}

/* (element-type Stretch): where the samples lie, not yet read */
static GArray *
find_stretches (const Cursor * cursors, guint n_cursors)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Stretch));

  for (guint i = 0; i < n_cursors; i++) {
    for (guint j = cursors[i].first; j < cursors[i].last; j++) {
      const VsMp4Sample *sample = vs_asset_track_sample (cursors[i].track, j);
      Stretch one = { sample->offset, sample->offset + sample->size, NULL };

      g_array_append_val (all, one);
    }
  }
  join_stretches (all);
  g_array_set_clear_func (all, stretch_clear);
  return all;
}

static gboolean
changed (GError ** error, const VsStoreObject * object)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "%s has changed while it was read", object->key);
  return FALSE;
}

static gboolean
read_stretches (VsStore * store, const VsStoreObject * object,
    GArray * stretches, GCancellable * cancellable, GError ** error)
{
  guint64 left = VS_SEGMENT_MAX_BYTES;
  gboolean current;

  for (guint i = 0; i < stretches->len; i++) {
    Stretch *stretch = &g_array_index (stretches, Stretch, i);
    guint64 size = stretch->to - stretch->from;

    if (size > left) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
          "%s: the samples of a segment are too far apart", object->key);
      return FALSE;
    }
    left -= size;
    stretch->bytes = vs_store_get (store, object->key, stretch->from, size,
        size, cancellable, error);
    if (stretch->bytes == NULL)
      return FALSE;
    if (g_bytes_get_size (stretch->bytes) < size)
      return changed (error, object);
  }
  return vs_asset_object_is_current (store, object, &current, error)
      && (current || changed (error, object));
}

/* The stretch around @offset: there is one. */
static const guint8 *
get_bytes (GArray * stretches, guint64 offset)
{
  guint low = 0, high = stretches->len - 1;
  const Stretch *stretch;

  while (low < high) {
    guint middle = low + (high - low + 1) / 2;

    if (g_array_index (stretches, Stretch, middle).from <= offset)
      low = middle;
    else
      high = middle - 1;
  }
  stretch = &g_array_index (stretches, Stretch, low);
  return (const guint8 *) g_bytes_get_data (stretch->bytes, NULL)
      + (offset - stretch->from);
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
    GArray * stretches, GByteArray * scratch, GByteArray * out, GError ** error)
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
          get_bytes (stretches, sample->offset), sample->size, sample->sync,
          scratch, error))
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
    GArray * stretches, GError ** error)
{
  g_autoptr (VsTsProgram) program = make_program (rendition);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  g_autoptr (GByteArray) scratch = g_byte_array_new ();
  g_autoptr (GByteArray) out = g_byte_array_new ();
  Cursor *cursor;

  vs_ts_writer_write_psi (writer, out);
  while ((cursor = find_next (cursors, n))) {
    if (!write_sample (writer, cursor, cursor - cursors, stretches, scratch,
            out, error))
      return NULL;
    if (out->len > VS_SEGMENT_MAX_BYTES) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
          "The segment is too large");
      return NULL;
    }
    cursor->next++;
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
vs_asset_segment_load (VsStore * store, const VsAssetRendition * rendition,
    guint index, GCancellable * cancellable, GError ** error)
{
  const VsAssetTrack *tracks[] = { rendition->video, rendition->audio };
  g_autoptr (GArray) stretches = NULL;
  Cursor cursors[G_N_ELEMENTS (tracks)];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (tracks); i++) {
    if (tracks[i] == NULL)
      continue;
    cursors[n].track = tracks[i];
    cursors[n].first = g_array_index (tracks[i]->cuts, guint, index);
    cursors[n].last = g_array_index (tracks[i]->cuts, guint, index + 1);
    cursors[n].next = cursors[n].first;
    n++;
  }
  stretches = find_stretches (cursors, n);
  if (!read_stretches (store, cursors[0].track->file->object, stretches,
          cancellable, error))
    return NULL;
  return write_segment (rendition, cursors, n, stretches, error);
}
