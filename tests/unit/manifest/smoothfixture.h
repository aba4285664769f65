/* VisionStream: an event to write Smooth Streaming manifests from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vssmooth.h"
#include "manifest/vssmoothmanifest.h"

/* 2026-03-01T12:00:00Z */
#define UTC_US G_GINT64_CONSTANT (1772366400000000)
#define RUN_START 126000
#define SEGMENT 180180          /* 2.002 s */

enum
{ LEVEL_HIGH, LEVEL_LOW, LEVEL_AUDIO, N_LEVELS };

typedef struct
{
  VsTimelineView views[2];
  VsSmoothLevel levels[N_LEVELS];
} Fixture;

static const guint8 fixture_avcc[] = {
  1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f,
  1, 0, 4, 0x68, 0xef, 0xbc, 0xb0
};

static const guint8 fixture_asc[] = { 0x11, 0x90 };

static inline VsCodecConfig *
fixture_add_config (VsTimelineView * view, VsCodec codec, gconstpointer record,
    gsize size)
{
  VsCodecConfig *config = vs_codec_config_new (codec);

  config->record = g_bytes_new (record, size);
  g_ptr_array_add (view->configs, config);
  return config;
}

/* Two video rungs, the first with the audio. */
static inline void
fixture_init (Fixture * f)
{
  static const struct
  {
    const gchar *name;
    guint width, height, bitrate;
  } rungs[] = { {"720p", 1280, 720, 3000000}, {"360p", 640, 360, 800000} };

  memset (f, 0, sizeof *f);
  for (guint i = 0; i < 2; i++) {
    VsTimelineView *view = &f->views[i];
    VsCodecConfig *config;

    view->rendition = vs_rendition_new (NULL, NULL, NULL, rungs[i].name);
    view->rendition->language = g_strdup ("en-GB");
    view->rendition->bitrate = rungs[i].bitrate;
    view->segments =
        g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
    view->configs = g_ptr_array_new_with_free_func
        ((GDestroyNotify) vs_codec_config_unref);
    config = fixture_add_config (view, VS_CODEC_H264, fixture_avcc,
        sizeof fixture_avcc);
    config->width = rungs[i].width;
    config->height = rungs[i].height;
    f->levels[i] = (VsSmoothLevel) {
    view, VS_MEDIA_VIDEO, config, "video"};
  }
  f->levels[LEVEL_AUDIO] = (VsSmoothLevel) {
    &f->views[0], VS_MEDIA_AUDIO, fixture_add_config (&f->views[0],
        VS_CODEC_AAC, fixture_asc, sizeof fixture_asc), "audio_en"
  };
  ((VsCodecConfig *) f->levels[LEVEL_AUDIO].config)->sample_rate = 48000;
  ((VsCodecConfig *) f->levels[LEVEL_AUDIO].config)->channels = 2;
}

static inline void
fixture_clear (Fixture * f)
{
  for (guint i = 0; i < G_N_ELEMENTS (f->views); i++) {
    vs_rendition_unref (f->views[i].rendition);
    g_ptr_array_unref (f->views[i].segments);
    g_ptr_array_unref (f->views[i].configs);
  }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear);

static inline void
fixture_add_track (VsSegment * segment, VsMediaType type, guint32 timescale,
    gint64 start, gint64 end)
{
  VsSegmentTrack *track = &segment->tracks[segment->n_tracks++];

  track->type = type;
  track->timescale = timescale;
  track->start = start;
  track->duration = end - start;
}

/* AAC frames: in whole ones from the run's start, before the boundary */
static inline gint64
fixture_audio_time (gint64 ticks)
{
  return RUN_START * G_GINT64_CONSTANT (48000) / 90000
      + ticks * 48000 / 90000 / 1024 * 1024;
}

/* Segment @number of @run, from 0 in each. */
static inline void
fixture_add_segment (Fixture * f, guint view, guint64 sequence, guint run,
    guint number)
{
  VsSegment *s = vs_segment_new ();
  gint64 ticks = (gint64) number * SEGMENT;

  s->sequence = sequence;
  s->run = s->discontinuity_sequence = run;
  s->discontinuity = run > 0 && number == 0;
  s->run_start_pts_90k = RUN_START;
  s->start_pts_90k = RUN_START + ticks;
  /* a run begins ten minutes after the one before */
  s->utc_us = UTC_US + run * G_GINT64_CONSTANT (600000000) + ticks * 100 / 9;
  s->duration = 2002 * GST_MSECOND;
  s->independent = TRUE;
  fixture_add_track (s, VS_MEDIA_VIDEO, 90000, s->start_pts_90k,
      s->start_pts_90k + SEGMENT);
  if (view == 0)
    fixture_add_track (s, VS_MEDIA_AUDIO, 48000, fixture_audio_time (ticks),
        fixture_audio_time (ticks + SEGMENT));
  g_ptr_array_add (f->views[view].segments, s);
}

/* @n segments of run 0, then @more of run 1 */
static inline void
fixture_fill (Fixture * f, guint n, guint more)
{
  for (guint view = 0; view < 2; view++) {
    for (guint i = 0; i < n; i++)
      fixture_add_segment (f, view, 1 + i, 0, i);
    for (guint i = 0; i < more; i++)
      fixture_add_segment (f, view, 1 + n + i, 1, i);
  }
  vs_smooth_levels_choose_bitrates (f->levels, N_LEVELS);
}
