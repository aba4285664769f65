/* VisionStream: neighbouring segments that are alike
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vsspan.h"

#include <string.h>

GArray *
vs_spans_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (VsSpan));
}

static void
init (VsSpan * span, const VsSegment * segment, VsMediaType type)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, type);

  memset (span, 0, sizeof *span);
  span->sequence = segment->sequence;
  span->n = 1;
  span->run = segment->run;
  span->run_start_pts_90k = segment->run_start_pts_90k;
  span->run_utc_us = vs_segment_get_run_utc (segment);
  span->event_utc_us = segment->event_utc_us;
  span->start_pts_90k = segment->start_pts_90k;
  span->duration = segment->duration;
  span->independent = segment->independent;
  span->gap = segment->gap;
  if (track == NULL)
    return;
  span->type = type;
  span->timescale = track->timescale;
  span->start = track->start;
  span->track_duration = track->duration;
  g_strlcpy (span->config_id, track->config_id, sizeof span->config_id);
  if (track->size > 0 && vs_segment_is_measurable (segment)) {
    span->bytes = track->size;
    span->measured = segment->duration;
  }
}

/* As far as the places of segments and track go. */
static gboolean
is_parallel (const VsSpan * a, const VsSpan * b)
{
  return a->run == b->run && a->run_start_pts_90k == b->run_start_pts_90k
      && a->run_utc_us == b->run_utc_us && a->event_utc_us == b->event_utc_us
      && a->duration == b->duration && a->gap == b->gap && a->type == b->type
      && a->timescale == b->timescale && a->track_duration == b->track_duration;
}

static gboolean
is_alike (const VsSpan * a, const VsSpan * b)
{
  return is_parallel (a, b) && a->independent == b->independent
      && strcmp (a->config_id, b->config_id) == 0;
}

/* Whether @b goes on as @a does; makes one of them. */
static gboolean
merge (VsSpan * a, const VsSpan * b)
{
  gint64 n = a->n;
  gint64 step = b->start_pts_90k - a->start_pts_90k - (n - 1) * a->step_90k;

  if (b->sequence != a->sequence + a->n || !is_alike (a, b)
      || b->start != a->start + n * a->track_duration
      || (a->n > 1 && step != a->step_90k) || (b->n > 1
          && step != b->step_90k) || b->n > G_MAXUINT - a->n)
    return FALSE;
  a->step_90k = step;
  a->n += b->n;
  a->bytes += b->bytes;
  a->measured += b->measured;
  return TRUE;
}

static void
append (GArray * spans, const VsSpan * span)
{
  if (spans->len == 0
      || !merge (&g_array_index (spans, VsSpan, spans->len - 1), span))
    g_array_append_val (spans, *span);
}

void
vs_spans_add (GArray * spans, const VsSegment * segment, VsMediaType type)
{
  VsSpan span;

  init (&span, segment, type);
  append (spans, &span);
}

void
vs_spans_append (GArray * spans, const GArray * more)
{
  if (more == NULL || more->len == 0)
    return;
  append (spans, &g_array_index (more, VsSpan, 0));
  g_array_append_vals (spans, &g_array_index (more, VsSpan, 1), more->len - 1);
}

/* Of what is measured no more is known than how much it was together. */
static void
share (VsSpan * span, guint n)
{
  span->bytes = gst_util_uint64_scale (span->bytes, n, span->n);
  span->measured = gst_util_uint64_scale (span->measured, n, span->n);
  span->n = n;
}

static void
cut_front (VsSpan * span, guint64 first)
{
  guint64 gone = first - span->sequence;

  span->sequence = first;
  span->start += gone * span->track_duration;
  span->start_pts_90k += gone * span->step_90k;
  share (span, span->n - gone);
}

void
vs_spans_cut (GArray * spans, guint64 first, guint64 last)
{
  guint head = 0, tail = spans->len;
  VsSpan *all = (VsSpan *) (gpointer) spans->data;

  while (head < tail && all[head].sequence + all[head].n <= first)
    head++;
  while (tail > head && all[tail - 1].sequence > last)
    tail--;
  if (head < tail && all[head].sequence < first)
    cut_front (&all[head], first);
  if (head < tail && all[tail - 1].sequence + all[tail - 1].n - 1 > last)
    share (&all[tail - 1], last + 1 - all[tail - 1].sequence);
  g_array_set_size (spans, tail);
  if (head > 0)
    g_array_remove_range (spans, 0, head);
}

/* Where the segment is, as its run begins where @span says. */
static void
place (const VsSpan * span, guint index, VsSegment * segment)
{
  segment->sequence = span->sequence + index;
  segment->start_pts_90k = span->start_pts_90k + index * span->step_90k;
  segment->tracks[0].start = span->start + index * span->track_duration;
  segment->utc_us = 0;
  segment->utc_us = span->run_utc_us - vs_segment_get_run_utc (segment);
}

void
vs_span_get (const VsSpan * span, guint index, VsSegment * segment)
{
  VsSegmentTrack *track = &segment->tracks[0];

  memset (segment, 0, sizeof *segment);
  segment->run = span->run;
  segment->run_start_pts_90k = span->run_start_pts_90k;
  segment->event_utc_us = span->event_utc_us;
  segment->duration = span->duration;
  segment->independent = span->independent;
  segment->gap = span->gap;
  if (span->type != VS_MEDIA_OTHER) {
    segment->n_tracks = 1;
    track->type = span->type;
    track->timescale = span->timescale;
    track->duration = span->track_duration;
    g_strlcpy (track->config_id, span->config_id, sizeof track->config_id);
  }
  place (span, index, segment);
}

gboolean
vs_spans_are_equal (const VsSpan * a, const VsSpan * b, guint n)
{
  for (guint i = 0; i < n; i++)
    if (!is_parallel (&a[i], &b[i]) || a[i].sequence != b[i].sequence
        || a[i].n != b[i].n || a[i].start != b[i].start
        || a[i].start_pts_90k != b[i].start_pts_90k
        || (a[i].n > 1 && a[i].step_90k != b[i].step_90k))
      return FALSE;
  return TRUE;
}

void
vs_span_iter_init (VsSpanIter * iter, const GArray * spans, guint first,
    guint n)
{
  iter->span = &g_array_index (spans, VsSpan, first);
  iter->end = iter->span + n;
  iter->index = 0;
}

gboolean
vs_span_iter_next (VsSpanIter * iter)
{
  if (iter->span == iter->end)
    return FALSE;
  if (iter->index == 0)
    vs_span_get (iter->span, 0, &iter->segment);
  else
    place (iter->span, iter->index, &iter->segment);
  if (++iter->index == iter->span->n) {
    iter->span++;
    iter->index = 0;
  }
  return TRUE;
}

/* ---- of views ----------------------------------------------------------- */

GArray *
vs_timeline_view_get_spans (const VsTimelineView * view, VsMediaType type)
{
  GArray *known = type == VS_MEDIA_VIDEO ? view->video : view->audio;
  GArray *spans;

  if (known)
    return g_array_ref (known);
  spans = vs_spans_new ();
  for (guint i = 0; i < view->segments->len; i++)
    vs_spans_add (spans, g_ptr_array_index (view->segments, i), type);
  return spans;
}

static void
get_segment (const VsTimelineView * view, guint index, VsSegment * segment)
{
  VsSpan span;

  init (&span, g_ptr_array_index (view->segments, index), VS_MEDIA_VIDEO);
  vs_span_get (&span, 0, segment);
}

gboolean
vs_timeline_view_get_first (const VsTimelineView * view, VsSegment * segment)
{
  if (view->video == NULL && view->segments->len > 0)
    get_segment (view, 0, segment);
  else if (view->video && view->video->len > 0)
    vs_span_get (&g_array_index (view->video, VsSpan, 0), 0, segment);
  else
    return FALSE;
  return TRUE;
}

gboolean
vs_timeline_view_get_last (const VsTimelineView * view, VsSegment * segment)
{
  if (view->video == NULL && view->segments->len > 0) {
    get_segment (view, view->segments->len - 1, segment);
  } else if (view->video && view->video->len > 0) {
    const VsSpan *span =
        &g_array_index (view->video, VsSpan, view->video->len - 1);

    vs_span_get (span, span->n - 1, segment);
  } else {
    return FALSE;
  }
  return TRUE;
}
