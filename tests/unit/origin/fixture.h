/* VisionStream: events made up for the origin's tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string.h>
#include "timeline/vstimeline.h"

#define FIXTURE_DURATION (2 * GST_SECOND)
#define FIXTURE_START_US G_GINT64_CONSTANT (1767225600000000)

/* A segment of 2 s; the first has number 1 and starts in 2026. */
static inline VsSegment *
fixture_segment (guint64 sequence, gboolean video, gboolean audio)
{
  VsSegment *segment = vs_segment_new ();
  gint64 nth = sequence - 1;

  segment->sequence = sequence;
  segment->start_pts_90k = nth * 180000;
  segment->utc_us = FIXTURE_START_US + nth * 2000000;
  segment->event_utc_us = FIXTURE_START_US;
  segment->duration = FIXTURE_DURATION;
  segment->independent = TRUE;
  if (video) {
    VsSegmentTrack *track = &segment->tracks[segment->n_tracks++];

    track->type = VS_MEDIA_VIDEO;
    track->timescale = 90000;
    track->start = nth * 180000;
    track->duration = 180000;
    strcpy (track->config_id, "0000000a");
    track->size = 202500;
  }
  if (audio) {
    VsSegmentTrack *track = &segment->tracks[segment->n_tracks++];

    track->type = VS_MEDIA_AUDIO;
    track->timescale = 48000;
    track->start = nth * 96000;
    track->duration = 96000;
    strcpy (track->config_id, "0000000b");
    track->size = 31250;
  }
  segment->size = 250000;
  memset (segment->sha256, (gint) sequence, sizeof segment->sha256);
  return segment;
}

/* Configurations come from elementary streams only; these are filled in. */
static inline VsCodecConfig *
fixture_config (VsCodec codec)
{
  VsCodecConfig *config = g_new0 (VsCodecConfig, 1);

  config->ref_count = 1;
  config->codec = codec;
  if (codec == VS_CODEC_H264) {
    strcpy (config->id, "0000000a");
    strcpy (config->mime, "avc1.64001f");
    config->width = 1280;
    config->height = 720;
    config->fps_n = 30;
    config->fps_d = 1;
  } else {
    strcpy (config->id, "0000000b");
    strcpy (config->mime, "mp4a.40.2");
    config->sample_rate = 48000;
    config->channels = 2;
    config->frame_samples = 1024;
  }
  return config;
}

static inline void
fixture_add_configs (VsTimeline * timeline)
{
  VsCodecConfig *video = fixture_config (VS_CODEC_H264);
  VsCodecConfig *audio = fixture_config (VS_CODEC_AAC);

  vs_timeline_add_config (timeline, video);
  vs_timeline_add_config (timeline, audio);
  vs_codec_config_unref (video);
  vs_codec_config_unref (audio);
}

/* Segments @first to @last of a rendition. */
static inline VsTimeline *
fixture_timeline (const gchar * name, const gchar * audio_id, gboolean video,
    gboolean audio, guint64 first, guint64 last)
{
  g_autoptr (VsRendition) rendition = vs_rendition_new (NULL, NULL, NULL, name);
  VsTimeline *timeline;

  rendition->audio_id = g_strdup (audio_id);
  timeline = vs_timeline_new (rendition);
  vs_timeline_set_target_duration (timeline, 2);
  fixture_add_configs (timeline);
  for (guint64 i = first; i <= last; i++) {
    g_autoptr (VsSegment) segment = fixture_segment (i, video, audio);

    vs_timeline_append (timeline, segment);
  }
  return timeline;
}
