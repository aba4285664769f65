/* VisionStream: where an event's segments begin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vsinterleaver.h"
#include "timeline/vssegmenter.h"

G_BEGIN_DECLS

/**
 * VsBoundary:
 *
 * A decision: here a segment begins, in all renditions.
 */
typedef struct
{
  guint64 sequence, discontinuity_sequence, run;
  gboolean discontinuity;
  guint stretch;                /* see VsMediaUnit */
  gint64 pts_90k, run_start_90k;
  gint64 previous_end_90k;      /* of the segment before, in its stretch */
  gint64 utc_us, event_utc_us;
  gboolean forced;              /* not at a keyframe */
  const gchar *cause;
} VsBoundary;

/**
 * VsBoundaries:
 *
 * The rules, and the decisions so far. It sees the units of the reference
 * rendition in order and knows of no thread: the segmenter's lock is around.
 */
typedef struct
{
  VsSegmenterSettings settings;
  GArray *list;                 /* VsBoundary, the newest last */
  guint fixed_target;           /* s, 0 until the first segment closed */

  /* What is decided: no boundary will come before this place. */
  gboolean started;
  guint stretch;
  gint64 horizon_90k;

  gint64 end_90k;               /* of what was seen in this stretch */
  gint64 overhang_90k;          /* where audio does not count up to */
  guint waiting_stretch;        /* for a keyframe, from waiting_90k on */
  gboolean waiting;
  gint64 waiting_90k;

  /* the run's anchor */
  gint64 anchor_pts_90k, anchor_utc_us;
  GstClockTime anchor_running_time;
} VsBoundaries;

void vs_boundaries_init (VsBoundaries *boundaries,
    const VsSegmenterSettings *settings);
void vs_boundaries_clear (VsBoundaries *boundaries);

/**
 * vs_boundaries_examine:
 * @unit: the reference's next unit
 *
 * Decides whether a segment begins at @unit.
 *
 * Returns: (nullable): what to warn of
 */
const gchar *vs_boundaries_examine (VsBoundaries *boundaries,
    const VsMediaUnit *unit);

/* The first boundary numbered @sequence or more; FALSE when there is none. */
gboolean vs_boundaries_find (const VsBoundaries *boundaries,
    guint64 sequence, VsBoundary *boundary);
/* The number that the next boundary gets. */
guint64  vs_boundaries_get_next_sequence (const VsBoundaries *boundaries);
/* Forgets those below @sequence. */
void     vs_boundaries_prune (VsBoundaries *boundaries, guint64 sequence);

/**
 * vs_boundaries_is_decided:
 *
 * Whether all boundaries at or before the time of @unit are known.
 */
gboolean vs_boundaries_is_decided (const VsBoundaries *boundaries,
    const VsMediaUnit *unit);
/* Whether @unit belongs to the segment of @boundary, or a later one. */
gboolean vs_boundary_is_reached (const VsBoundary *boundary,
    const VsMediaUnit *unit);

/* Another rendition, one without video, takes the ended reference's place:
 * what little it is longer makes no segment of its own. */
void vs_boundaries_go_on_with_audio (VsBoundaries *boundaries);
/* The last segment ends where the reference did. */
void vs_boundaries_finish (VsBoundaries *boundaries);

G_END_DECLS
