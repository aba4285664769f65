/* VisionStream: segments that are several stored ones
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsendpoint.h"
#include "timeline/vshistory.h"

G_BEGIN_DECLS

/* most stored segments that are joined into one */
#define VS_JOIN_MAX 60

/*
 * An endpoint with a `segment-duration` joins runs of stored segments, `count`
 * of them each. A joined segment is an ordinary VsSegment, whose bytes are
 * those of its parts one after the other.
 *
 * Its number is floor ((sequence - 1 + discontinuity_sequence * (count - 1)) /
 * count) + 1 of any of its parts: that needs no history, so that each origin
 * finds the same; a discontinuity always begins a new one; and numbers follow
 * each other without a gap. The first of a run may have fewer parts.
 */

/* How many stored segments, of @target_duration (ns), make one of
 * @segment_duration; 1 to serve them as they are. */
guint vs_join_count (GstClockTime segment_duration,
    GstClockTime target_duration);

guint64 vs_join_number (const VsSegment *segment, guint count);

/* Whether nothing can follow @segment in its joined one. */
gboolean vs_join_is_last_part (const VsSegment *segment, guint count);

/* EXT-X-TARGETDURATION of joined segments: fixed, as the stored ones' is. */
guint vs_join_target_duration (guint target_duration, guint count);

/**
 * vs_join_view:
 *
 * Puts joined segments in the place of stored ones. One that the view has not
 * whole is left out: at the front where the view begins within it, at the end
 * while @grows.
 */
void vs_join_view (VsTimelineView *view, guint count, gboolean grows);

/**
 * vs_join_measure_peaks:
 *
 * The peaks of a view that has all that there will be: joined segments even
 * out what stored ones have, and RFC 8216bis 4.4.6.2 defines BANDWIDTH over
 * the segments that are listed. Where nothing can be measured they stay.
 */
void vs_join_measure_peaks (VsTimelineView *view);

/**
 * vs_join_find:
 *
 * The caller answers for not asking for one that still grows.
 *
 * Returns: (element-type VsSegment) (transfer full): the parts of the joined
 *   segment @number; NULL with %G_IO_ERROR_NOT_FOUND where @history has not
 *   all of them, or with what reading the archive failed with.
 */
GPtrArray *vs_join_find (const VsHistory *history, guint64 number,
    guint count, GError **error);

/* (transfer full): one segment of @parts, which follow each other */
VsSegment *vs_join_segments (const GPtrArray *parts, guint count);

/* (transfer full): what is stored of them, one after the other: of one part
 * itself */
GBytes *vs_join_bytes (GBytes *const *parts, guint n);

G_END_DECLS
