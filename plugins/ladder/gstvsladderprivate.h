/* VisionStream: vsladder and what is inside it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ladder/gstvsladder.h"

#include "common/vselement.h"
#include "ladder/gstvsladderinput.h"
#include "ladder/gstvsladdervideo.h"
#include "ladder/vsladderspec.h"

G_BEGIN_DECLS

typedef enum
{
  GST_VS_LADDER_LETTERBOX,
  GST_VS_LADDER_STRETCH
} GstVsLadderAspect;

/* One audio setting, encoded once */
typedef struct
{
  guint bitrate;
  guint delay;
  GstElement *tee;              /* of encoded audio */
} AudioSetting;

struct _GstVsLadder
{
  GstBin parent;

  GstPad *video_sink, *audio_sink;

  /* protected by the object lock */
  gchar *ladder;
  gchar *frame_rate;
  GstClockTime gop_duration;
  VsLadderRateControl rate_control;
  gchar *speed_preset;
  gchar *encoder;
  guint threads;
  gboolean upscale;
  GstVsLadderAspect aspect;
  guint audio_channels;
  VsIdentity identity;

  /* state changes only */
  GPtrArray *rungs;             /* of VsLadderRung, from READY on */
  guint fps_n, fps_d;           /* 0: the family's */
  guint strides[VS_LADDER_MAX_RUNGS];
  AudioSetting audio[VS_LADDER_MAX_RUNGS];
  guint n_audio;
  GstVsLadderInput *input;      /* not owned: in the bin, as all below */
  GstVsLadderVideo *video;
  GstElement *audio_tee;        /* of raw audio */
  guint n_pads;
};

/**
 * gst_vs_ladder_build:
 *
 * Reads the settings, makes all elements, and the source pads. Whatever it has
 * made when it fails is for gst_vs_ladder_take_down ().
 */
gboolean gst_vs_ladder_build (GstVsLadder *self, GError **error);

/**
 * gst_vs_ladder_take_down:
 *
 * Takes all out again; the sink pads stay.
 */
void gst_vs_ladder_take_down (GstVsLadder *self);

G_END_DECLS
