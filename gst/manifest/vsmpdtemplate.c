/* VisionStream: DASH MPDs: segment templates and timelines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "manifest/vsmpdprivate.h"

#include "manifest/vsmediatime.h"

static const VsSegment *
nth_segment (const VsTimelineView * view, guint i)
{
  return g_ptr_array_index (view->segments, i);
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

typedef struct
{
  gint64 time, duration;
  gint64 repeat;                /* S@r */
  gboolean jumps;               /* S@t is due */
} TimelineEntry;

static void
write_timeline_entry (VsMpd * mpd, const TimelineEntry * entry)
{
  vs_mpd_start (mpd, "S");
  if (entry->jumps)
    vs_mpd_put_int (mpd, "t", entry->time);
  vs_mpd_put_int (mpd, "d", entry->duration);
  if (entry->repeat > 0)
    vs_mpd_put_int (mpd, "r", entry->repeat);
  vs_mpd_end (mpd);
}

/* Neighbours that touch and last equally long share an S element. */
static void
write_timeline (VsMpd * mpd, const VsMpdRepresentation * representation)
{
  const VsTimelineView *view = representation->track->view;
  TimelineEntry entry = { 0 };
  gint64 expected = 0;

  vs_mpd_start (mpd, "SegmentTimeline");
  for (guint i = 0; i < representation->n; i++) {
    gint64 time, duration;

    get_extent (representation, nth_segment (view, representation->first + i),
        &time, &duration);
    if (i > 0 && time == expected && duration == entry.duration) {
      entry.repeat++;
    } else {
      if (i > 0)
        write_timeline_entry (mpd, &entry);
      entry.jumps = i == 0 || time != expected;
      entry.time = time;
      entry.duration = duration;
      entry.repeat = 0;
    }
    expected = time + duration;
  }
  write_timeline_entry (mpd, &entry);
  vs_mpd_end (mpd);
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
  const VsSegment *segment =
      nth_segment (representation->track->view, representation->first);
  gint64 time, length;

  get_extent (representation, segment, &time, &length);
  time -= period_offset (period, representation);
  return (gint64) segment->sequence - (time + duration / 2) / duration;
}

/* @duration: what all segments but the last are meant to last, by their
 * boundaries: sound is cut in whole frames, and is that long on average. */
static void
put_nominal_duration (VsMpd * mpd, const VsMpdPeriod * period,
    const VsMpdRepresentation * representation)
{
  guint index = representation->first + MAX (representation->n, 2) - 2;
  const VsSegment *segment = nth_segment (representation->track->view, index);
  gint64 duration = MAX (gst_util_uint64_scale_round (segment->duration,
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
  const VsSegment *first =
      nth_segment (representation->track->view, representation->first);
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
  if (a->n != b->n || a->timescale != b->timescale)
    return FALSE;
  for (guint i = 0; i < a->n; i++) {
    const VsSegment *left = nth_segment (a->track->view, a->first + i);
    const VsSegment *right = nth_segment (b->track->view, b->first + i);
    gint64 a_time, a_duration, b_time, b_duration;

    get_extent (a, left, &a_time, &a_duration);
    get_extent (b, right, &b_time, &b_duration);
    if (left->sequence != right->sequence || a_time != b_time
        || a_duration != b_duration)
      return FALSE;
  }
  return TRUE;
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
