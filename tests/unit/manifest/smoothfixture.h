/* VisionStream: an event to write Smooth Streaming manifests from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vssmooth.h"
#include "manifest/views.h"
#include "manifest/vssmoothmanifest.h"

/* a run begins ten minutes after the one before */
#define RUN_US G_GINT64_CONSTANT (600000000)

enum
{ LEVEL_HIGH, LEVEL_LOW, LEVEL_AUDIO, N_LEVELS };

typedef struct
{
  VsTimelineView views[N_VIEWS];
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

    view_init (view, rungs[i].name);
    view->rendition->bitrate = rungs[i].bitrate;
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
  views_clear (f->views);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear);

/* Segment @number of @run, from 0 in each. */
static inline void
fixture_add_segment (Fixture * f, guint view, guint64 sequence, guint run,
    guint number)
{
  VsSegment *s = segment_new (sequence, run, RUN_US, number, "");

  if (view == 0)
    segment_add_audio (s, "");
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
