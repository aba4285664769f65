/* VisionStream: DASH MPDs: segment templates and timelines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "manifest/vsmpdprivate.h"

#include "manifest/vsmediatime.h"

static const VsSpan *
get_spans (const VsMpdRepresentation * representation)
{
  return &g_array_index (representation->spans, VsSpan, representation->first);
}

/* 90 kHz ticks in another timescale, rounded */
static gint64
rescale_pts (gint64 pts_90k, guint32 timescale)
{
  guint64 magnitude = pts_90k < 0 ? -(guint64) pts_90k : (guint64) pts_90k;
  guint64 scaled =
      gst_util_uint64_scale_round (magnitude, timescale, VS_MPD_PTS_TIMESCALE);

  return pts_90k < 0 ? -(gint64) scaled : (gint64) scaled;
}

/* Where a segment lies on the representation's clock; one without the track
 * (a gap) lies where its boundaries are. */
static void
get_extent (const VsMpdRepresentation * representation,
    const VsSegment * segment, gint64 * start_time, gint64 * duration)
{
  const VsSegmentTrack *part =
      vs_media_time_get_track (segment, representation->track->type);
  gint64 ticks;

  if (part != NULL && part->timescale == representation->timescale) {
    *start_time = part->start;
    *duration = part->duration;
    return;
  }
  ticks = gst_util_uint64_scale_round (segment->duration, VS_MPD_PTS_TIMESCALE,
      GST_SECOND);
  *start_time = rescale_pts (segment->start_pts_90k, representation->timescale);
  *duration = rescale_pts (segment->start_pts_90k + ticks,
      representation->timescale) - *start_time;
}

/* An S element, and what comes after it. */
typedef struct
{
  VsXmlList list;
  gboolean started;
  guint64 sequence;
  gint64 time, duration;
  gint64 repeat;                /* S@r */
  gboolean jumps;               /* S@t is due */
  gint64 expected;              /* where the next segment would touch */
} Timeline;

static void
write_entry (Timeline * timeline)
{
  vs_xml_list_start (&timeline->list, "S", timeline->sequence);
  if (timeline->jumps)
    vs_xml_list_put (&timeline->list, "t", timeline->time);
  vs_xml_list_put (&timeline->list, "d", timeline->duration);
  if (timeline->repeat > 0)
    vs_xml_list_put (&timeline->list, "r", timeline->repeat);
  vs_xml_list_end (&timeline->list);
}

/* Neighbours that touch and last equally long share an S element. */
static void
add_segments (Timeline * timeline, guint64 sequence, gint64 time,
    gint64 duration, guint n)
{
  if (timeline->started && time == timeline->expected
      && duration == timeline->duration) {
    timeline->repeat += n;
  } else {
    if (timeline->started)
      write_entry (timeline);
    timeline->jumps = !timeline->started || time != timeline->expected;
    timeline->started = TRUE;
    timeline->sequence = sequence;
    timeline->time = time;
    timeline->duration = duration;
    timeline->repeat = n - 1;
  }
  timeline->expected = time + n * duration;
}

static void
add_span (Timeline * timeline, const VsMpdRepresentation * representation,
    const VsSpan * span)
{
  if (span->type != VS_MEDIA_OTHER && span->track_duration > 0
      && span->timescale == representation->timescale) {
    add_segments (timeline, span->sequence, span->start, span->track_duration,
        span->n);
    return;
  }
  /* boundaries are rounded one by one */
  for (guint i = 0; i < span->n; i++) {
    VsSegment segment;
    gint64 time, duration;

    vs_span_get (span, i, &segment);
    get_extent (representation, &segment, &time, &duration);
    add_segments (timeline, segment.sequence, time, duration, 1);
  }
}

static void
write_timeline (VsMpd * mpd, const VsMpdRepresentation * representation)
{
  Timeline timeline = { 0 };

  vs_mpd_start (mpd, "SegmentTimeline");
  vs_xml_list_begin (&timeline.list, mpd->xml, mpd->text, mpd->depth, FALSE,
      mpd->settings->cuts);
  for (guint i = 0; i < representation->n; i++)
    add_span (&timeline, representation, get_spans (representation) + i);
  write_entry (&timeline);
  vs_xml_list_finish (&timeline.list);
  vs_mpd_end (mpd);
}

static void
get_first (const VsMpdRepresentation * representation, VsSegment * segment)
{
  vs_span_get (get_spans (representation), 0, segment);
}

/* The last but one, or the only one. */
static void
get_last_but_one (const VsMpdRepresentation * representation,
    VsSegment * segment)
{
  const VsSpan *span = get_spans (representation) + representation->n - 1;

  if (span->n > 1)
    vs_span_get (span, span->n - 2, segment);
  else if (representation->n > 1)
    vs_span_get (span - 1, span[-1].n - 1, segment);
  else
    vs_span_get (span, 0, segment);
}

static gint64
period_offset (const VsMpdPeriod * period,
    const VsMpdRepresentation * representation)
{
  return rescale_pts (period->offset_pts_90k, representation->timescale);
}

/* The number of the run's first segment, were all as long as @duration: it
 * may have left the window long ago. */
static gint64
first_number (const VsMpdPeriod * period,
    const VsMpdRepresentation * representation, gint64 duration)
{
  VsSegment segment;
  gint64 time, length;

  get_first (representation, &segment);
  get_extent (representation, &segment, &time, &length);
  time -= period_offset (period, representation);
  return (gint64) segment.sequence - (time + duration / 2) / duration;
}

/* @duration: what all segments but the last are meant to last, by their
 * boundaries: sound is cut in whole frames, and is that long on average. */
static void
put_nominal_duration (VsMpd * mpd, const VsMpdPeriod * period,
    const VsMpdRepresentation * representation)
{
  VsSegment segment;
  gint64 duration;

  get_last_but_one (representation, &segment);
  duration = MAX (gst_util_uint64_scale_round (segment.duration,
          representation->timescale, GST_SECOND), 1);
  vs_mpd_put_int (mpd, "duration", duration);
  vs_mpd_put_int (mpd, "startNumber", first_number (period, representation,
          duration));
}

static void
put_initialization (VsMpd * mpd, const VsMpdRepresentation * representation)
{
  g_auto (GStrv) parts = g_strsplit (mpd->settings->initialization, "%s", 2);
  g_autofree gchar *initialization = g_strjoinv (representation->config->id,
      parts);

  vs_mpd_put (mpd, "initialization", initialization);
}

static void
put_media (VsMpd * mpd, const VsMpdPeriod * period)
{
  g_auto (GStrv) parts = g_strsplit (mpd->settings->media, "%s", 2);
  g_autofree gchar *run = g_strdup_printf ("%" G_GINT64_FORMAT, period->run);
  g_autofree gchar *media = g_strjoinv (run, parts);

  vs_mpd_put (mpd, "media", media);
}

/* Everything but the initialization; the element is begun already. */
static void
fill_template (VsMpd * mpd, const VsMpdPeriod * period,
    const VsMpdRepresentation * representation)
{
  const VsSpan *first = get_spans (representation);
  gint64 offset = period_offset (period, representation);

  vs_mpd_put_int (mpd, "timescale", representation->timescale);
  if (offset != 0)
    vs_mpd_put_int (mpd, "presentationTimeOffset", offset);
  switch (mpd->settings->addressing) {
    case VS_DASH_NUMBER_TIMELINE:
      vs_mpd_put_int (mpd, "startNumber", first->sequence);
      write_timeline (mpd, representation);
      break;
    case VS_DASH_TIME_TIMELINE:
      write_timeline (mpd, representation);
      break;
    case VS_DASH_NUMBER_DURATION:
      put_nominal_duration (mpd, period, representation);
      break;
  }
}

void
vs_mpd_write_template (VsMpd * mpd, const VsMpdPeriod * period,
    const VsMpdRepresentation * representation)
{
  vs_mpd_start (mpd, "SegmentTemplate");
  put_media (mpd, period);
  put_initialization (mpd, representation);
  fill_template (mpd, period, representation);
  vs_mpd_end (mpd);
}

void
vs_mpd_write_common_template (VsMpd * mpd, const VsMpdPeriod * period,
    const VsMpdRepresentation * representation)
{
  vs_mpd_start (mpd, "SegmentTemplate");
  put_media (mpd, period);
  fill_template (mpd, period, representation);
  vs_mpd_end (mpd);
}

/* 5.3.9.1: what is not told here is inherited. */
void
vs_mpd_write_own_template (VsMpd * mpd,
    const VsMpdRepresentation * representation)
{
  vs_mpd_start (mpd, "SegmentTemplate");
  put_initialization (mpd, representation);
  vs_mpd_end (mpd);
}

static gboolean
have_same_extents (const VsMpdRepresentation * a, const VsMpdRepresentation * b)
{
  VsSpanIter left, right;
  gboolean more;

  if (a->timescale != b->timescale)
    return FALSE;
  if (a->n == b->n && vs_spans_are_equal (get_spans (a), get_spans (b), a->n))
    return TRUE;
  vs_span_iter_init (&left, a->spans, a->first, a->n);
  vs_span_iter_init (&right, b->spans, b->first, b->n);
  while ((more = vs_span_iter_next (&left)) == vs_span_iter_next (&right)) {
    gint64 a_time, a_duration, b_time, b_duration;

    if (!more)
      return TRUE;
    get_extent (a, &left.segment, &a_time, &a_duration);
    get_extent (b, &right.segment, &b_time, &b_duration);
    if (left.segment.sequence != right.segment.sequence || a_time != b_time
        || a_duration != b_duration)
      return FALSE;
  }
  return FALSE;
}

gboolean
vs_mpd_has_common_template (VsMpd * mpd, const VsMpdRepresentation * set,
    guint n)
{
  if (mpd->settings->layout != VS_LAYOUT_COMPACT)
    return FALSE;
  for (guint i = 1; i < n; i++)
    if (!have_same_extents (&set[0], &set[i]))
      return FALSE;
  return TRUE;
}
