/* VisionStream: neighbouring segments that are alike
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsSpan:
 *
 * @n segments of a rendition that follow each other and differ in nothing but
 * where they are, as far as one of its tracks goes: a day of video is a few
 * spans, where the segments would be tens of thousands. What is sent may
 * depend on the segments alone, not on how they are put into spans.
 */
typedef struct
{
  guint64 sequence;             /* of the first */
  guint n;
  /* of the track */
  guint32 timescale;
  gint64 start, track_duration; /* start: of the first */
  /* of the segments */
  guint64 run;
  gint64 run_start_pts_90k, run_utc_us, event_utc_us;
  gint64 start_pts_90k, step_90k;       /* of the first; up to the next */
  GstClockTime duration;
  /* of those that were measured: VsSegmentTrack.size of all together */
  guint64 bytes;
  GstClockTime measured;
  VsMediaType type;             /* VS_MEDIA_OTHER: without the track */
  gchar config_id[9];
  gboolean independent, gap;
} VsSpan;

/* (element-type VsSpan) */
GArray *vs_spans_new (void);
/* Adds what @segment has of @type to @spans. */
void    vs_spans_add (GArray *spans, const VsSegment *segment,
    VsMediaType type);
/* Adds @more (nullable). */
void    vs_spans_append (GArray *spans, const GArray *more);
/* Leaves the segments [@first, @last]; what was measured of a span that is cut
 * is shared out evenly. */
void    vs_spans_cut (GArray *spans, guint64 first, guint64 last);

/**
 * vs_span_get:
 * @segment: (out caller-allocates): holds no references. Has what stands in a
 *   span: of the tracks, the one of its type; no size, hash or URI
 *
 * The segment @index of it.
 */
void vs_span_get (const VsSpan *span, guint index, VsSegment *segment);

/* Whether both have the same segments, with the same track in the same places:
 * FALSE also where they are put into other spans. */
gboolean vs_spans_are_equal (const VsSpan *a, const VsSpan *b, guint n);

/**
 * VsSpanIter:
 * @segment: see vs_span_get ()
 *
 * Goes from segment to segment, however many spans they are.
 */
typedef struct
{
  VsSegment segment;

  /*< private >*/
  const VsSpan *span, *end;
  guint index;
} VsSpanIter;

/* @n spans, from the one of index @first on */
void     vs_span_iter_init (VsSpanIter *iter, const GArray *spans,
    guint first, guint n);
gboolean vs_span_iter_next (VsSpanIter *iter);

/**
 * vs_timeline_view_get_spans:
 * @type: VS_MEDIA_VIDEO or VS_MEDIA_AUDIO
 *
 * Returns: (transfer full): of all that the view is of
 */
GArray *vs_timeline_view_get_spans (const VsTimelineView *view,
    VsMediaType type);
/* The first and the last segment that the view is of, as from vs_span_get ();
 * FALSE when there is none. */
gboolean vs_timeline_view_get_first (const VsTimelineView *view,
    VsSegment *segment);
gboolean vs_timeline_view_get_last (const VsTimelineView *view,
    VsSegment *segment);

G_END_DECLS
