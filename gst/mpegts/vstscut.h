/* VisionStream: a part of a stored segment, cut at keyframes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/**
 * VsTsKey:
 *
 * A keyframe of the first video track of a transport stream; where it has
 * none, an audio frame of the first audio track.
 */
typedef struct
{
  gint64 pts_90k;
  guint index;                  /* units of that track ahead of it */
} VsTsKey;

/**
 * vs_ts_find_keys:
 * @near_90k: times are unwrapped to what is nearest to it
 *
 * Returns: (element-type VsTsKey) (transfer full): in the order in which they
 *   stand; empty when there is none
 */
GArray *vs_ts_find_keys (GBytes *ts, gint64 near_90k);

/**
 * VsTsCut:
 *
 * What a cut has left out and left, in units of the first video and the first
 * audio track, by VsMediaType.
 */
typedef struct
{
  guint before[3], kept[3], after[3];
} VsTsCut;

/**
 * vs_ts_cut:
 * @ts: whole packets, with tables
 * @from: (nullable): keyframe at which it is to begin; NULL: as it does
 * @to: (nullable): keyframe ahead of which it is to end
 * @told: (out)
 *
 * Writes anew what lies between two keyframes: of the track that has them by
 * decoding order, of others by time: what begins with @from or later and ahead
 * of @to. Access units stay as they are, and with them PIDs, programme and
 * tables; tables stand at the front and ahead of each keyframe of video, a PCR
 * with each keyframe. Continuity counters are such that what is left goes on
 * from where @ts went on from when the end is cut only, and otherwise leads to
 * where @ts led to.
 *
 * Returns: (transfer full) (nullable): NULL when nothing is left
 */
GBytes *vs_ts_cut (GBytes *ts, gint64 near_90k, const VsTsKey *from,
    const VsTsKey *to, VsTsCut *told);

G_END_DECLS
