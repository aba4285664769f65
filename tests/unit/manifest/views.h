/* VisionStream: what an event's two renditions hold, to write manifests from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vstimeline.h"

/* 2026-03-01T12:00:00Z */
#define UTC_US G_GINT64_CONSTANT (1772366400000000)
#define RUN_START 126000
#define SEGMENT 180180          /* 2.002 s */

#define N_VIEWS 2

static inline void
view_init (VsTimelineView *view, const gchar *name)
{
  view->rendition = vs_rendition_new (NULL, NULL, NULL, name);
  view->rendition->language = g_strdup ("en-GB");
  view->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  view->configs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_codec_config_unref);
}

static inline void
views_clear (VsTimelineView views[N_VIEWS])
{
  for (guint i = 0; i < N_VIEWS; i++) {
    vs_rendition_unref (views[i].rendition);
    g_ptr_array_unref (views[i].segments);
    g_ptr_array_unref (views[i].configs);
  }
}

static inline void
segment_add_track (VsSegment *segment, VsMediaType type, guint32 timescale,
    gint64 start, gint64 end, const gchar *config)
{
  VsSegmentTrack *track = &segment->tracks[segment->n_tracks++];

  track->type = type;
  track->timescale = timescale;
  track->start = start;
  track->duration = end - start;
  g_strlcpy (track->config_id, config, sizeof track->config_id);
}

/* AAC frames begin before or at the boundary: in whole frames of the run */
static inline gint64
segment_audio_time (gint64 ticks)
{
  return RUN_START * G_GINT64_CONSTANT (48000) / 90000
      + ticks * 48000 / 90000 / 1024 * 1024;
}

static inline void
segment_add_audio (VsSegment *segment, const gchar *config)
{
  gint64 ticks = segment->start_pts_90k - RUN_START;

  segment_add_track (segment, VS_MEDIA_AUDIO, 48000,
      segment_audio_time (ticks), segment_audio_time (ticks + SEGMENT),
      config);
}

/* Segment @number of @run, from 0 in each, with video; a run begins
 * @run_us after the one before. */
static inline VsSegment *
segment_new (guint64 sequence, guint run, gint64 run_us, guint number,
    const gchar *config)
{
  VsSegment *s = vs_segment_new ();
  gint64 ticks = (gint64) number * SEGMENT;

  s->sequence = sequence;
  s->run = s->discontinuity_sequence = run;
  s->discontinuity = run > 0 && number == 0;
  s->run_start_pts_90k = RUN_START;
  s->start_pts_90k = RUN_START + ticks;
  s->utc_us = UTC_US + run * run_us + ticks * 100 / 9;
  s->duration = 2002 * GST_MSECOND;
  s->independent = TRUE;
  segment_add_track (s, VS_MEDIA_VIDEO, 90000, s->start_pts_90k,
      s->start_pts_90k + SEGMENT, config);
  return s;
}
