/* VisionStream: exact times of segments and tracks, for manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vssegment.h"

G_BEGIN_DECLS

/* A time in @timescale units as µs, rounded: differences of two such times
 * add up without drift. */
gint64 vs_media_time_to_us (gint64 time, guint32 timescale);

/* 90 kHz ticks as µs, rounded down: how the UTC of segments is counted. */
gint64 vs_media_ticks_to_us (gint64 ticks_90k);

/* A segment's track of @type, or NULL where it has nothing of it: a track that
 * was late, or ended early, is there with a duration of 0. */
const VsSegmentTrack *vs_media_time_get_track (const VsSegment *segment,
    VsMediaType type);

/* Start and end on the media clock, in µs: of a track, or of the whole
 * segment when it has nothing of @type. */
void vs_media_time_of_segment (const VsSegment *segment, VsMediaType type,
    gint64 *start_us, gint64 *end_us);

/* UTC of the same start: the segment's, plus how much later the track is. */
gint64 vs_media_time_get_utc (const VsSegment *segment, VsMediaType type);

/* "2026-01-31T23:59:59.123Z", in whole milliseconds, rounded down */
gchar *vs_media_time_format_utc (gint64 utc_us);

G_END_DECLS
