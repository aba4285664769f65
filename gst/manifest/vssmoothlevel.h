/* VisionStream: the quality levels of a Smooth Streaming presentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsSmoothLevel:
 *
 * One QualityLevel: one track of one rendition's view. Those of equal @stream
 * are alternatives: they have one type and codec, and share a list of
 * fragments.
 */
typedef struct
{
  const VsTimelineView *view;
  VsMediaType type;
  const VsCodecConfig *config;  /* with its record: of the newest segment */
  const gchar *stream;          /* vs_smooth_stream_name () */
  guint bitrate;                /* bit/s: the key in URLs */
} VsSmoothLevel;

/**
 * vs_smooth_levels_choose_bitrates:
 * @levels: all that the event has, whatever of them is shown then
 *
 * Sets @bitrate of all. It tells levels apart in URLs, so it may not change
 * while the event lives, nor from one origin to another, nor with what else is
 * shown. It is therefore never measured: it is the rendition's nominal bit
 * rate, else what is usual for its pictures or channels, in whole kbit/s; the
 * last three digits are a hash of the rendition's name, so that two renditions
 * of the same rate differ.
 */
void vs_smooth_levels_choose_bitrates (VsSmoothLevel *levels, guint n);

/* NULL when there is no such level. */
const VsSmoothLevel *vs_smooth_levels_find (const VsSmoothLevel *levels,
    guint n, const gchar *stream, guint bitrate);

/**
 * vs_smooth_levels_find_sequence:
 * @level: one of @levels
 * @time: as a manifest lists it
 *
 * The sequence number of the segment whose fragment starts at @time, exactly:
 * in @level, or else in another of its stream, for a list that was written
 * from that one.
 *
 * Returns: 0 when there is none
 */
guint64 vs_smooth_levels_find_sequence (const VsSmoothLevel *levels, guint n,
    const VsSmoothLevel *level, guint64 time);

typedef struct
{
  guint64 sequence;
  guint64 time, duration;       /* VS_SMOOTH_TIMESCALE */
} VsSmoothFragmentEntry;

/**
 * vs_smooth_level_list:
 * @look_ahead: while the view grows, the newest of these are not listed
 *
 * The fragments of a level, times growing: gaps have none.
 *
 * Returns: (transfer full) (element-type VsSmoothFragmentEntry)
 */
GArray *vs_smooth_level_list (const VsSmoothLevel *level, guint look_ahead);

/* Whether two levels stand in one StreamIndex. */
gboolean vs_smooth_level_is_alternative (const VsSmoothLevel *a,
    const VsSmoothLevel *b);

G_END_DECLS
