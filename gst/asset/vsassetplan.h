/* VisionStream: where the segments of media files begin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "asset/vsassettrack.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/* A segment ends at the first keyframe that all renditions have at or after
 * this. */
#define VS_ASSET_TARGET (6 * GST_SECOND)

/**
 * VsAssetRendition:
 *
 * One track of video, one of audio, or both, of one file.
 */
typedef struct
{
  gchar *name;
  gchar *language;              /* of the audio, BCP 47, or NULL */
  VsAssetTrack *video, *audio;  /* or NULL */
} VsAssetRendition;

void vs_asset_rendition_free (VsAssetRendition *rendition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAssetRendition, vs_asset_rendition_free)

/**
 * vs_asset_plan:
 * @renditions: (element-type VsAssetRendition): the cuts of their tracks are
 *   filled in
 *
 * The first rendition with video decides; a keyframe that another one does not
 * have (to 10 ms) is passed over. Where that leaves no place to cut for half a
 * minute the files are no ladder: %VS_MP4_ERROR_UNSUPPORTED names the file and
 * the time. Without any video, audio is cut after each %VS_ASSET_TARGET.
 *
 * Returns: (element-type gint64) (transfer full): where the segments start on
 *   the asset's timeline, in 90 kHz ticks, and where the last one ends; or NULL
 */
GArray *vs_asset_plan (GPtrArray *renditions, GError **error);

G_END_DECLS
