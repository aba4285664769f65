/* VisionStream: a track of a media file, as it is played
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "asset/vsassetfile.h"

G_BEGIN_DECLS

/* s at which the start of a movie is on the asset's timeline: what comes ahead
 * of it (audio priming, times of decoding) has times above 0, too */
#define VS_ASSET_ORIGIN 10

/**
 * VsAssetTrack:
 * @file: (unowned)
 * @first: the first sample that is played
 * @last: behind the last one
 * @cuts: (element-type guint): the first sample of each segment, and @last
 *
 * What the edit list shows of a track. Video begins with the keyframe from
 * which the first picture shown can be decoded. Audio begins with the frame in
 * which the edit begins, and AAC with the one ahead of it, which decoders need
 * (priming); so that the times of what is heard are true.
 */
typedef struct
{
  const VsAssetFile *file;
  const VsMp4Track *mp4;
  VsCodecConfig *config;
  guint first, last;
  gint64 decoding_shift;        /* makes no DTS later than its PTS */
  GArray *cuts;
} VsAssetTrack;

/**
 * vs_asset_track_new:
 *
 * Errors of %VS_MP4_ERROR, and of the store: the first sample is read for the
 * decoder's configuration.
 */
VsAssetTrack *vs_asset_track_new (VsStore *store, const VsAssetFile *file,
    const VsMp4Track *mp4, GError **error);
void          vs_asset_track_free (VsAssetTrack *track);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAssetTrack, vs_asset_track_free)

/* Media time on the asset's timeline, rounded down. */
gint64 vs_asset_track_scale (const VsAssetTrack *track, gint64 media_time,
    guint32 timescale);
gint64 vs_asset_track_get_pts (const VsAssetTrack *track, guint sample,
    guint32 timescale);
gint64 vs_asset_track_get_dts_90k (const VsAssetTrack *track, guint sample);
/* Where the last sample that is played is over. */
gint64 vs_asset_track_get_end (const VsAssetTrack *track, guint32 timescale);
/* VsSegmentTrack.timescale */
guint32 vs_asset_track_get_timescale (const VsAssetTrack *track);

/**
 * vs_asset_track_get_entries:
 *
 * The samples that a segment can begin with: from there on everything can be
 * decoded, and nothing is shown ahead of it.
 *
 * Returns: (element-type guint) (transfer full): their indices, ascending
 */
GArray *vs_asset_track_get_entries (const VsAssetTrack *track);

static inline const VsMp4Sample *
vs_asset_track_sample (const VsAssetTrack *track, guint sample)
{
  return &g_array_index (track->mp4->samples, VsMp4Sample, sample);
}

static inline const VsMp4Description *
vs_asset_track_description (const VsAssetTrack *track, guint sample)
{
  return &g_array_index (track->mp4->descriptions, VsMp4Description,
      vs_asset_track_sample (track, sample)->description);
}

G_END_DECLS
