/* VisionStream: a ladder's rungs and their text form
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define VS_LADDER_MAX_RUNGS 16

/**
 * VsLadderRateControl:
 * @VS_LADDER_CBR: constant bit rate, filled up to it (HRD type CBR)
 * @VS_LADDER_VBR: the bit rate on average, no GOP above the maximum
 * @VS_LADDER_CRF: constant quality, never above the maximum bit rate
 */
typedef enum
{
  VS_LADDER_CBR,
  VS_LADDER_VBR,
  VS_LADDER_CRF
} VsLadderRateControl;

#define VS_TYPE_LADDER_RATE_CONTROL (vs_ladder_rate_control_get_type ())
GType vs_ladder_rate_control_get_type (void);

/**
 * VsLadderRung:
 *
 * One rung. What is 0, NULL or -1 is not told by the text: the ladder's
 * setting holds.
 */
typedef struct
{
  gchar *name;
  guint width, height;
  guint fps_n, fps_d;           /* 0/1: the ladder's */
  guint bitrate;                /* bit/s */
  guint max_bitrate;            /* bit/s, 0: see VsLadderRateControl */
  guint audio_bitrate;          /* bit/s, 0: no audio */
  guint vbv_ms;                 /* 0: VS_LADDER_VBV_MS */
  gint rate_control;            /* VsLadderRateControl or -1 */
  gdouble crf;                  /* 0: VS_LADDER_CRF_DEFAULT */
  gchar *profile, *level, *speed_preset;
} VsLadderRung;

/* Decoders start after at most this much of the buffer is full, and the PCR
 * runs 0.7 s ahead (VS_TS_PCR_DELAY_90K). */
#define VS_LADDER_VBV_MS 700
#define VS_LADDER_CRF_DEFAULT 23.0
#define VS_LADDER_DEFAULT_FPS 30

#define VS_LADDER_DEFAULT \
  "1080p:1920x1080,5000k,192k;720p:1280x720,3000k,192k;" \
  "480p:640x480,1400k,128k;240p:320x240,400k,128k"

typedef enum
{
  VS_LADDER_SPEC_ERROR_SYNTAX,
  VS_LADDER_SPEC_ERROR_VALUE
} VsLadderSpecError;

#define VS_LADDER_SPEC_ERROR (vs_ladder_spec_error_quark ())
GQuark vs_ladder_spec_error_quark (void);

/**
 * vs_ladder_spec_parse:
 * @text: rungs apart by `;`, each
 *   `name:WIDTHxHEIGHT[@FPS],BITRATE[,AUDIO][,key=value...]`. Bit rates are
 *   bit/s, or with `k` or `M`. Keys: audio, max-bitrate, vbv (ms), profile,
 *   level, speed-preset, rate-control (cbr, vbr, crf), crf.
 *
 * Returns: (element-type VsLadderRung) (transfer full): the rungs, or NULL
 *   with a VS_LADDER_SPEC_ERROR that names the rung and the position
 */
GPtrArray *vs_ladder_spec_parse (const gchar *text, GError **error);

/**
 * vs_ladder_parse_frame_rate:
 * @text: "30", "29.97", "30000/1001"
 *
 * A decimal within 0.1 % of an NTSC rate is that rate.
 */
gboolean vs_ladder_parse_frame_rate (const gchar *text, guint *fps_n,
    guint *fps_d);

/**
 * vs_ladder_frame_rate_family:
 *
 * The rate of a ladder that stays in the family of its source: 25, 29.97, 24
 * and their like are kept, doubles are halved above 30, halves are doubled;
 * any other rate gives 30.
 */
void vs_ladder_frame_rate_family (guint source_n, guint source_d,
    guint *fps_n, guint *fps_d);

/**
 * vs_ladder_spec_strides:
 * @fps_n: (inout): the ladder's frame rate; 0: the fastest rung's,
 *   where one that does not say has VS_LADDER_DEFAULT_FPS
 * @strides: (out): for each rung, every how manieth frame it takes
 *
 * Returns: FALSE with VS_LADDER_SPEC_ERROR_VALUE when a rung's rate is no
 *   whole fraction of the ladder's
 */
gboolean vs_ladder_spec_strides (GPtrArray *rungs, guint *fps_n,
    guint *fps_d, guint *strides, GError **error);

/**
 * vs_ladder_gop_frames:
 *
 * Frames between IDRs: the whole number nearest to @gop_duration (ns) that
 * every stride divides, so that the IDRs of all rungs fall together.
 */
guint vs_ladder_gop_frames (guint64 gop_duration, guint fps_n, guint fps_d,
    const guint *strides, guint n_strides);

G_END_DECLS
