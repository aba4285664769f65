/* VisionStream: Smooth Streaming fragments ([MS-SSTR] 2.2.4)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vscmaf.h"

G_BEGIN_DECLS

/* Raised whenever the bytes that these functions write change: it stands in
 * the URLs of what they write. */
#define VS_SMOOTH_VERSION 1

/* units a second of all times of Smooth Streaming */
#define VS_SMOOTH_TIMESCALE 10000000

/* Times are multiples of this, 2 µs. Since 1970 more than 2^53 units have
 * passed, so that players which count in floating point know a time to the
 * nearest 4 (from 2084 on, 8) alone; multiples of 20 stay exact in them, in
 * sums too, and are written as they were read: the URL of a fragment comes
 * back as the manifest had it. */
#define VS_SMOOTH_TIME_STEP 20

/**
 * vs_smooth_get_extent:
 * @shift: what to count from, since 1970; 0 for that
 * @time: (out): where the track starts
 * @duration: (out): up to where its next segment starts
 *
 * Where a segment's track lies, in units of %VS_SMOOTH_TIMESCALE: the UTC of
 * the run's start and the media time since. The entry alone says it, so all
 * origins count alike. Times grow over discontinuities, as UTC does; within a
 * run fragments touch and audio and video are as aligned as in the TS: starts
 * are rounded, durations are their differences. What lies before @shift is
 * cut off.
 *
 * Returns: FALSE when the segment has nothing of @type: such a fragment does
 *   not exist
 */
gboolean vs_smooth_get_extent (const VsSegment *segment, VsMediaType type,
    guint64 shift, guint64 *time, guint64 *duration);

/* The same of the segment's own boundaries, which all renditions share. */
void vs_smooth_get_boundaries (const VsSegment *segment, guint64 *start,
    guint64 *end);

/**
 * vs_smooth_fragment:
 * @ts: the segment's bytes
 * @segment: its entry in the timeline
 * @type: which track
 * @shift: as in vs_smooth_get_extent ()
 * @ahead: (nullable): the segments that follow, oldest first: at most 255
 *
 * One fragment: moof (mfhd, traf: tfhd, trun, sdtp, uuid tfxd and, with
 * @ahead, uuid tfrf), mdat. tfxd says what vs_smooth_get_extent () says, tfrf
 * the same of those of @ahead that have the track. Samples are those of
 * vs_cmaf_fragment (), in %VS_SMOOTH_TIMESCALE; but the parameter sets stand
 * in the first one too, for the manifest holds those of one run only.
 * Composition offsets are signed (trun version 1) where pictures are
 * reordered.
 *
 * Returns: (transfer full): the bytes, or NULL with %VS_PACKAGE_ERROR
 */
GBytes *vs_smooth_fragment (GBytes *ts, const VsSegment *segment,
    VsMediaType type, guint64 shift, const VsSegment *const *ahead,
    guint n_ahead, GError **error);
/* The same of samples at hand, whose payload it takes. */
GBytes *vs_smooth_fragment_from_samples (VsSamples *samples,
    const VsSegment *segment, guint64 shift, const VsSegment *const *ahead,
    guint n_ahead, GError **error);

/* What `FragmentInfo()` asks for: the moof of such a fragment without its
 * media. (transfer full) */
GBytes *vs_smooth_fragment_get_info (GBytes *fragment);

G_END_DECLS
