/* VisionStream: the 33-bit clock of a programme, unwrapped
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/**
 * VsTsClock:
 *
 * One a programme: all its tracks are unwrapped against @now_90k, the newest
 * DTS of video and audio. Each jump begins an epoch; a track enters it, once,
 * with its first time near the new clock, for the tracks of a multiplex jump
 * one after another.
 */
typedef struct
{
  gint64 now_90k;               /* VS_TS_NO_TIME until the first */
  gint64 hint_90k;              /* where that is to be near */
  guint epoch;
  guint64 jumps;
} VsTsClock;

typedef struct
{
  gint64 last_90k;              /* VS_TS_NO_TIME until the first */
  guint epoch;
} VsTsTrackClock;

void vs_ts_clock_init (VsTsClock *clock);

/* The value equal to @time modulo 2^33 that is nearest to @reference. */
gint64 vs_ts_unwrap (gint64 time, gint64 reference);

/**
 * vs_ts_clock_next:
 * @time: 33 bits as sent
 * @leads: the track is video or audio: it moves the clock, and may jump
 * @discont: (out): the track enters a new epoch with this time
 *
 * Returns: the unwrapped time
 */
gint64 vs_ts_clock_next (VsTsClock *clock, VsTsTrackClock *track,
    gint64 time, gboolean leads, gboolean *discont);

G_END_DECLS
