/* VisionStream: segments of media files: their entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassetsegment.h"

#include "mpegts/vstswriter.h"

#define TICKS 90000
/* of a transport stream: payload of a packet, and a PES header */
#define PACKET_PAYLOAD 184
#define PES_HEADER 19

static guint
get_cut (const VsAssetTrack * track, guint index)
{
  return g_array_index (track->cuts, guint, index);
}

static guint64
packed_size (guint size)
{
  return (size + PES_HEADER + PACKET_PAYLOAD - 1) / PACKET_PAYLOAD
      * (guint64) VS_TS_PACKET_SIZE;
}

/* Where a track's segment starts: no picture of it is shown earlier. The one
 * behind the last ends the track. */
static gint64
get_start (const VsAssetTrack * track, guint index, guint32 timescale)
{
  guint first = get_cut (track, index);

  return first < track->last ? vs_asset_track_get_pts (track, first,
      timescale) : vs_asset_track_get_end (track, timescale);
}

static void
add_track (VsSegment * segment, const VsAssetTrack * track, guint index)
{
  VsSegmentTrack *entry = &segment->tracks[segment->n_tracks];

  if (track == NULL || get_cut (track, index) == get_cut (track, index + 1))
    return;
  segment->n_tracks++;
  entry->type = track->mp4->type;
  entry->timescale = vs_asset_track_get_timescale (track);
  entry->start = get_start (track, index, entry->timescale);
  entry->duration = MAX (get_start (track, index + 1, entry->timescale)
      - entry->start, 1);
  g_strlcpy (entry->config_id, track->config->id, sizeof entry->config_id);
  for (guint i = get_cut (track, index); i < get_cut (track, index + 1); i++) {
    const VsMp4Sample *sample = vs_asset_track_sample (track, i);

    entry->size += sample->size;
    segment->size += packed_size (sample->size);
  }
}

static void
hash_number (GChecksum * checksum, guint64 number)
{
  number = GUINT64_TO_BE (number);
  g_checksum_update (checksum, (const guchar *) &number, sizeof number);
}

static void
hash_track (GChecksum * checksum, const VsAssetTrack * track, guint index)
{
  if (track) {
    const VsStoreObject *object = track->file->object;

    hash_number (checksum, object->size);
    hash_number (checksum, object->mtime_us);
    g_checksum_update (checksum, track->file->sha256,
        sizeof track->file->sha256);
    hash_number (checksum, get_cut (track, index));
    hash_number (checksum, get_cut (track, index + 1));
  }
  hash_number (checksum, track != NULL);
}

static void
hash_segment (VsSegment * segment, const VsAssetRendition * rendition,
    guint index)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = sizeof segment->sha256;

  hash_number (checksum, VS_ASSET_VERSION);
  hash_number (checksum, segment->run_start_pts_90k);
  hash_number (checksum, segment->start_pts_90k);
  hash_number (checksum, segment->duration);
  hash_track (checksum, rendition->video, index);
  hash_track (checksum, rendition->audio, index);
  g_checksum_get_digest (checksum, segment->sha256, &size);
}

VsSegment *
vs_asset_segment_new (const VsAssetRendition * rendition, GArray * boundaries,
    guint index, gint64 utc_us, GError ** error)
{
  const gint64 *pts = (const gint64 *) boundaries->data;
  gboolean is_last = index + 2 == boundaries->len;
  g_autoptr (VsSegment) segment = vs_segment_new ();

  segment->sequence = index + 1;
  segment->run_start_pts_90k = pts[0];
  segment->start_pts_90k = pts[index];
  segment->utc_us = utc_us + (gint64)
      gst_util_uint64_scale (pts[index] - pts[0], G_USEC_PER_SEC, TICKS);
  segment->event_utc_us = utc_us;
  segment->duration = gst_util_uint64_scale_round (MAX (pts[index + 1]
          - pts[index], 1), GST_SECOND, TICKS);
  g_strlcpy (segment->cause, is_last ? "eos" : "idr", sizeof segment->cause);
  segment->independent = TRUE;
  segment->uri = g_strdup_printf ("%s_%u.ts", rendition->name, index + 1);
  add_track (segment, rendition->video, index);
  add_track (segment, rendition->audio, index);
  if (segment->size > VS_SEGMENT_MAX_BYTES / 2) {
    g_set_error (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED,
        "Keyframes are too far apart: a segment at %.3f s would have %"
        G_GUINT64_FORMAT " bytes", pts[index] / (gdouble) TICKS
        - VS_ASSET_ORIGIN, segment->size);
    return NULL;
  }
  hash_segment (segment, rendition, index);
  return g_steal_pointer (&segment);
}
