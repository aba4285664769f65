/* VisionStream: the bit rates of a rendition, measured
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vspeaks.h"

/* runs of very short segments are followed back no further than this */
#define RUN_MAX 64

gboolean
vs_segment_is_measurable (const VsSegment * segment)
{
  return !segment->gap && segment->size > 0
      && GST_CLOCK_TIME_IS_VALID (segment->duration) && segment->duration > 0;
}

guint
vs_bits_per_second (guint64 bytes, GstClockTime duration)
{
  guint64 rate;

  if (duration == 0)
    return 0;
  rate = gst_util_uint64_scale_ceil (bytes, 8 * GST_SECOND, duration);
  return (guint) MIN (rate, G_MAXUINT);
}

void
vs_peaks_raise (VsPeaks * peaks, const VsPeaks * others)
{
  peaks->whole = MAX (peaks->whole, others->whole);
  peaks->video = MAX (peaks->video, others->video);
  peaks->audio = MAX (peaks->audio, others->audio);
}

void
vs_peak_run_begin (VsPeakRun * run, guint target_duration_s)
{
  *run = (VsPeakRun) {
  .target = target_duration_s * GST_SECOND};
}

static guint64
get_track_size (const VsSegment * segment, VsMediaType type)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, type);

  return track ? track->size : 0;
}

gboolean
vs_peak_run_add (VsPeakRun * run, const VsSegment * segment, VsPeaks * peaks)
{
  VsPeaks now;

  if (run->n == RUN_MAX || !vs_segment_is_measurable (segment))
    return FALSE;
  run->duration += segment->duration;
  run->whole += segment->size;
  run->video += get_track_size (segment, VS_MEDIA_VIDEO);
  run->audio += get_track_size (segment, VS_MEDIA_AUDIO);
  /* a lone segment counts however long it is: one that overruns is still
   * what a player has to fetch */
  if (run->n++ > 0 && run->duration > run->target + run->target / 2)
    return FALSE;
  if (run->duration >= run->target / 2) {
    now.whole = vs_bits_per_second (run->whole, run->duration);
    now.video = vs_bits_per_second (run->video, run->duration);
    now.audio = vs_bits_per_second (run->audio, run->duration);
    vs_peaks_raise (peaks, &now);
  }
  return TRUE;
}
