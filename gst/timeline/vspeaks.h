/* VisionStream: the bit rates of a rendition, measured
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsPeaks:
 *
 * The highest bit rates so far, in bit/s: of whole segments as they are
 * stored, and of the payload of a track; 0 where nothing was measured.
 */
typedef struct
{
  guint whole, video, audio;
} VsPeaks;

/* Makes each of @peaks at least as high as that of @others. */
void vs_peaks_raise (VsPeaks *peaks, const VsPeaks *others);

/**
 * VsPeakRun:
 *
 * A run of neighbouring segments, walked from the newest back: a peak is taken
 * over any that lasts 0.5 to 1.5 target durations (RFC 8216bis 4.4.6.2,
 * BANDWIDTH).
 */
typedef struct
{
  GstClockTime target, duration;
  guint n;
  guint64 whole, video, audio;  /* bytes */
} VsPeakRun;

void     vs_peak_run_begin (VsPeakRun *run, guint target_duration_s);
/* FALSE: the run ends ahead of @segment, the next older one. */
gboolean vs_peak_run_add (VsPeakRun *run, const VsSegment *segment,
    VsPeaks *peaks);

/* Whether a segment has bytes and a time over which to count them. */
gboolean vs_segment_is_measurable (const VsSegment *segment);
guint    vs_bits_per_second (guint64 bytes, GstClockTime duration);

G_END_DECLS
