/* VisionStream: exact times of segments and tracks, for manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "manifest/vsmediatime.h"

#define PTS_TIMESCALE 90000

gint64
vs_media_time_to_us (gint64 time, guint32 timescale)
{
  guint64 magnitude = time < 0 ? -(guint64) time : (guint64) time;
  guint64 us = gst_util_uint64_scale_round (magnitude, G_USEC_PER_SEC,
      MAX (timescale, 1));

  /* no such time is real; halves keep sums and differences in range */
  us = MIN (us, G_MAXINT64 / 2);
  return time < 0 ? -(gint64) us : (gint64) us;
}

gint64
vs_media_ticks_to_us (gint64 ticks_90k)
{
  gint64 quotient = ticks_90k / 9, rest = ticks_90k % 9;

  /* division rounds towards 0; quotient first, that nothing overflows */
  return quotient * 100 + rest * 100 / 9 - (rest < 0);
}

const VsSegmentTrack *
vs_media_time_get_track (const VsSegment * segment, VsMediaType type)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, type);

  if (track == NULL || type == VS_MEDIA_OTHER || track->duration <= 0)
    return NULL;
  return track;
}

void
vs_media_time_of_segment (const VsSegment * segment, VsMediaType type,
    gint64 * start_us, gint64 * end_us)
{
  const VsSegmentTrack *track = vs_media_time_get_track (segment, type);
  gint64 start = segment->start_pts_90k, duration;
  guint32 timescale = PTS_TIMESCALE;

  if (track != NULL) {
    start = track->start;
    duration = track->duration;
    timescale = track->timescale;
  } else {
    duration = gst_util_uint64_scale_round (segment->duration, PTS_TIMESCALE,
        GST_SECOND);
  }
  *start_us = vs_media_time_to_us (start, timescale);
  *end_us = vs_media_time_to_us (start + duration, timescale);
}

gint64
vs_media_time_get_utc (const VsSegment * segment, VsMediaType type)
{
  gint64 start_us, end_us;

  vs_media_time_of_segment (segment, type, &start_us, &end_us);
  return segment->utc_us + start_us
      - vs_media_time_to_us (segment->start_pts_90k, PTS_TIMESCALE);
}

gchar *
vs_media_time_format_utc (gint64 utc_us)
{
  gint64 ms = utc_us / 1000 - (utc_us % 1000 < 0);
  gint64 s = ms / 1000 - (ms % 1000 < 0);
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (s);
  g_autofree gchar *text = NULL;

  if (date == NULL)
    return g_strdup ("1970-01-01T00:00:00.000Z");
  text = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%03dZ", text, (gint) (ms - s * 1000));
}
