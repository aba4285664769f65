/* VisionStream: segments of media files: their transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassetread.h"
#include "asset/vsassetsegment.h"
#include "mpegts/vstswriter.h"

/* A track of the segment, and how far it is written. */
typedef struct
{
  VsAssetSamples samples;
  guint next;
} Cursor;

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

    if (cursors[i].next == cursors[i].samples.last)
      continue;
    dts = vs_asset_track_get_dts_90k (cursors[i].samples.track,
        cursors[i].next);
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
  const VsAssetTrack *track = cursor->samples.track;
  const VsMp4Sample *sample = vs_asset_track_sample (track, cursor->next);
  gboolean is_video = track->mp4->type == VS_MEDIA_VIDEO;
  VsTsUnit unit = {.track = index,
    .pts_90k = vs_asset_track_get_pts (track, cursor->next, 90000),
    .dts_90k = vs_asset_track_get_dts_90k (track, cursor->next)
  };

  g_byte_array_set_size (scratch, 0);
  if (!vs_mp4_append_unit (vs_asset_track_description (track, cursor->next),
          vs_asset_read_get (stretches, sample), sample->size, sample->sync,
          scratch, error))
    return FALSE;
  if (sample->sync)
    unit.flags |= VS_TS_UNIT_KEYFRAME;
  if (cursor->next == cursor->samples.first)
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
  VsAssetSamples samples[G_N_ELEMENTS (tracks)];
  Cursor cursors[G_N_ELEMENTS (tracks)];
  g_autoptr (GArray) stretches = NULL;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (tracks); i++) {
    if (tracks[i] == NULL)
      continue;
    vs_asset_samples_init (&samples[n], tracks[i], index);
    cursors[n].samples = samples[n];
    cursors[n].next = samples[n].first;
    n++;
  }
  stretches = vs_asset_read (store, samples, n, cancellable, error);
  return stretches ? write_segment (rendition, cursors, n, stretches, error) :
      NULL;
}
