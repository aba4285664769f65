/* VisionStream: segments compared
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string.h>
#include <gst/check/gstcheck.h>

#include "timeline/vssegment.h"

/* Of all that a segment says */
static inline void
assert_segments_equal (const VsSegment *a, const VsSegment *b)
{
  fail_unless_equals_uint64 (a->sequence, b->sequence);
  fail_unless_equals_uint64 (a->discontinuity_sequence,
      b->discontinuity_sequence);
  fail_unless_equals_int (a->discontinuity, b->discontinuity);
  fail_unless_equals_uint64 (a->run, b->run);
  fail_unless_equals_int64 (a->run_start_pts_90k, b->run_start_pts_90k);
  fail_unless_equals_int64 (a->start_pts_90k, b->start_pts_90k);
  fail_unless_equals_int64 (a->utc_us, b->utc_us);
  fail_unless_equals_int64 (a->event_utc_us, b->event_utc_us);
  fail_unless_equals_uint64 (a->duration, b->duration);
  fail_unless_equals_string (a->cause, b->cause);
  fail_unless_equals_int (a->independent, b->independent);
  fail_unless_equals_int (a->gap, b->gap);
  fail_unless_equals_uint64 (a->size, b->size);
  fail_unless (memcmp (a->sha256, b->sha256, sizeof a->sha256) == 0);
  fail_unless_equals_string (a->uri, b->uri);
  fail_unless_equals_int (a->n_tracks, b->n_tracks);
  for (guint i = 0; i < a->n_tracks; i++) {
    fail_unless_equals_int (a->tracks[i].type, b->tracks[i].type);
    fail_unless_equals_int (a->tracks[i].timescale, b->tracks[i].timescale);
    fail_unless_equals_int64 (a->tracks[i].start, b->tracks[i].start);
    fail_unless_equals_int64 (a->tracks[i].duration, b->tracks[i].duration);
    fail_unless_equals_string (a->tracks[i].config_id, b->tracks[i].config_id);
    fail_unless_equals_uint64 (a->tracks[i].size, b->tracks[i].size);
  }
}
