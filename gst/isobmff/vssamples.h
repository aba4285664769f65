/* VisionStream: a segment's access units as samples of a track
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vscmaf.h"
#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/**
 * VsSample:
 *
 * First as the TS tells it, in 90 kHz ticks; vs_samples_place () makes that
 * units of the track's timescale, counted from the segment's start there.
 */
typedef struct
{
  gint64 pts, dts;
  guint32 duration;             /* once placed */
  guint32 size;
  gboolean sync;
} VsSample;

/**
 * VsSamples:
 *
 * All samples of one track of a segment. The payload is written once, where
 * it stays: @headroom bytes are kept free ahead of it for the boxes, so that
 * it never moves.
 */
struct _VsSamples
{
  VsMediaType type;
  VsCodec codec;
  VsCodecConfig *config;        /* the first unit's, or NULL */
  GArray *samples;              /* VsSample */
  guint8 *data;                 /* a block */
  gsize headroom, offset, capacity;     /* payload: [headroom, offset) */
};

/* @size: of the payload, as far as it is known */
void vs_samples_init (VsSamples *samples, VsMediaType type, gsize size);

/* Room for @size bytes behind the payload so far. */
guint8 *vs_samples_reserve (VsSamples *samples, gsize size);
/* The next @size bytes there are a sample, with times in 90 kHz ticks. */
void vs_samples_add (VsSamples *samples, gsize size, gint64 pts, gint64 dts,
    gboolean sync);

/* The first track of @type in a programme, or -1. */
gint vs_samples_find_track (const VsTsProgram *program, VsMediaType type);

/**
 * VsNalUse:
 *
 * What becomes of a NAL unit in a sample: parameter sets stand in the header,
 * access unit delimiters and filler nowhere.
 */
typedef enum
{
  VS_NAL_USE_KEPT,
  VS_NAL_USE_LEFT_OUT,
  VS_NAL_USE_PARAMETER_SET
} VsNalUse;

/* @first: the unit's first byte */
VsNalUse vs_samples_get_nal_use (VsCodec codec, guint8 first);

/**
 * vs_samples_collect:
 * @time_hint_90k: near the first time stamp, for unwrapping
 *
 * Reads the first track of @type: NAL units get lengths for start codes,
 * parameter sets (up to where they change within the segment), access unit
 * delimiters and filler are left out, ADTS headers too. Damaged units are
 * kept: a decoder conceals better than a hole.
 */
gboolean vs_samples_collect (VsSamples *samples, GBytes *ts, VsMediaType type,
    gint64 time_hint_90k, GError ** error);

/**
 * vs_samples_place:
 * @timescale: of the track
 * @duration: of all samples together, in @timescale units
 *
 * Times of presentation count from the earliest sample, times of decoding
 * from the first; durations add up to @duration.
 */
void vs_samples_place (VsSamples *samples, guint32 timescale,
    gint64 duration);

/* Puts @size bytes ahead of the first sample's own. */
void vs_samples_prepend (VsSamples *samples, gconstpointer bytes, gsize size);

/* Makes room for @size bytes ahead of the payload. */
void vs_samples_set_headroom (VsSamples *samples, gsize size);
void vs_samples_clear (VsSamples *samples);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSamples, vs_samples_clear)

G_END_DECLS
