/* VisionStream: segments of media files: their transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The samples of a track come to lie one behind the other, however the file
 * has them; then those of all tracks are written in their decoding order.
 */
#include "config.h"
#include "asset/vsassetsegment.h"

#include <string.h>

#include "memory/vsmemory.h"
#include "mpegts/vstswriter.h"

/* of a packet that has no more than a header, ISO/IEC 13818-1 2.4.3.2 */
#define PACKET_PAYLOAD 184
/* of a unit: its PES header with both times, and what a file's sample does not
 * have: a delimiter or an ADTS header, the length of a field */
#define UNIT_HEAD 40

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

/* @ts_size: (out): about what their transport stream will have */
static gsize
get_size (const Cursor * cursors, guint n, gsize * ts_size)
{
  gsize size = 0;

  *ts_size = 0;
  for (guint i = 0; i < n; i++) {
    for (guint j = cursors[i].first; j < cursors[i].last; j++) {
      guint one = vs_asset_track_sample (cursors[i].track, j)->size;

      size += one;
      *ts_size += ((one + UNIT_HEAD) / PACKET_PAYLOAD + 1) * VS_TS_PACKET_SIZE;
    }
  }
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
read_samples (VsStore * store, Cursor * cursors, guint n, gsize size,
    GCancellable * cancellable, GError ** error)
{
  const VsStoreObject *object = cursors[0].track->file->object;
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

/* A transport stream that is being written. What the writer appends to stays
 * small, and in the processor's cache. */
typedef struct
{
  VsTsWriter *writer;
  GByteArray *unit, *packets;
  guint8 *block;
  gsize size;
} Output;

static void
output_init (Output * output, const VsAssetRendition * rendition, gsize size)
{
  g_autoptr (VsTsProgram) program = make_program (rendition);

  output->writer = vs_ts_writer_new (program);
  output->unit = g_byte_array_new ();
  output->packets = g_byte_array_new ();
  output->block = vs_memory_alloc (size);
  output->size = 0;
}

static void
output_clear (Output * output)
{
  vs_ts_writer_free (output->writer);
  g_byte_array_unref (output->unit);
  g_byte_array_unref (output->packets);
  vs_memory_free (output->block);
}

static void
output_flush (Output * output)
{
  gsize size = output->size + output->packets->len;

  if (size > vs_memory_get_capacity (output->block))
    output->block = vs_memory_realloc (output->block, size + size / 4);
  memcpy (output->block + output->size, output->packets->data,
      output->packets->len);
  output->size = size;
  g_byte_array_set_size (output->packets, 0);
}

static gboolean
write_sample (Output * output, const Cursor * cursor, guint index,
    GError ** error)
{
  const VsAssetTrack *track = cursor->track;
  const VsMp4Sample *sample = vs_asset_track_sample (track, cursor->next);
  gboolean is_video = track->mp4->type == VS_MEDIA_VIDEO;
  VsTsUnit unit = {.track = index,
    .pts_90k = vs_asset_track_get_pts (track, cursor->next, 90000),
    .dts_90k = vs_asset_track_get_dts_90k (track, cursor->next)
  };

  g_byte_array_set_size (output->unit, 0);
  if (!vs_mp4_append_unit (vs_asset_track_description (track, cursor->next),
          cursor->data, sample->size, sample->sync, output->unit, error))
    return FALSE;
  if (sample->sync)
    unit.flags |= VS_TS_UNIT_KEYFRAME;
  if (cursor->next == cursor->first)
    unit.flags |= VS_TS_UNIT_DISCONT;
  else if (is_video && sample->sync)
    vs_ts_writer_write_psi (output->writer, output->packets);
  if (!is_video)
    unit.dts_90k = unit.pts_90k;
  unit.data = output->unit->data;
  unit.size = output->unit->len;
  vs_ts_writer_write_unit (output->writer, &unit, output->packets);
  output_flush (output);
  return TRUE;
}

static gboolean
write_segment (Output * output, Cursor * cursors, guint n, GError ** error)
{
  Cursor *cursor;

  vs_ts_writer_write_psi (output->writer, output->packets);
  while ((cursor = find_next (cursors, n))) {
    if (!write_sample (output, cursor, cursor - cursors, error))
      return FALSE;
    if (output->size > VS_SEGMENT_MAX_BYTES) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
          "The segment is too large");
      return FALSE;
    }
    cursor->data += vs_asset_track_sample (cursor->track, cursor->next)->size;
    cursor->next++;
  }
  return TRUE;
}

GBytes *
vs_asset_segment_load (VsStore * store, const VsAssetRendition * rendition,
    guint index, GCancellable * cancellable, GError ** error)
{
  Cursor cursors[2] = { {NULL} };
  GBytes *out = NULL;
  guint8 *block;
  Output output;
  gsize size, ts_size;
  guint n = 0;

  if (rendition->video)
    cursor_init (&cursors[n++], rendition->video, index);
  if (rendition->audio)
    cursor_init (&cursors[n++], rendition->audio, index);
  size = get_size (cursors, n, &ts_size);
  block = read_samples (store, cursors, n, size, cancellable, error);
  if (block == NULL)
    return NULL;
  output_init (&output, rendition, ts_size);
  if (write_segment (&output, cursors, n, error))
    out = vs_memory_to_bytes (g_steal_pointer (&output.block), output.size);
  output_clear (&output);
  vs_memory_free (block);
  return out;
}
