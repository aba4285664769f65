/* VisionStream: the 33-bit clock of a programme, unwrapped
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "mpegts/vstsclock.h"

#define JUMP_FORWARD_90K (10 * 90000)
#define JUMP_BACK_90K 90000

void
vs_ts_clock_init (VsTsClock * clock)
{
  clock->now_90k = VS_TS_NO_TIME;
  /* the first time is taken as it was sent */
  clock->hint_90k = VS_TS_CLOCK_WRAP / 2;
  clock->epoch = 0;
  clock->jumps = 0;
}

gint64
vs_ts_unwrap (gint64 time, gint64 reference)
{
  gint64 ahead = (time - reference) & (VS_TS_CLOCK_WRAP - 1);

  if (ahead >= VS_TS_CLOCK_WRAP / 2)
    ahead -= VS_TS_CLOCK_WRAP;
  return reference + ahead;
}

static gboolean
is_near (gint64 time, gint64 reference, gint64 back)
{
  return time - reference <= JUMP_FORWARD_90K && reference - time <= back;
}

static gint64
enter_epoch (VsTsClock * clock, VsTsTrackClock * track, gint64 time,
    gboolean * discont)
{
  *discont = track->epoch != clock->epoch;
  track->epoch = clock->epoch;
  track->last_90k = time;
  return time;
}

gint64
vs_ts_clock_next (VsTsClock * clock, VsTsTrackClock * track, gint64 time,
    gboolean leads, gboolean * discont)
{
  gboolean fresh = track->last_90k == VS_TS_NO_TIME;

  *discont = FALSE;
  if (clock->now_90k == VS_TS_NO_TIME) {
    clock->now_90k = vs_ts_unwrap (time, clock->hint_90k);
  } else if (!fresh) {
    gint64 next = vs_ts_unwrap (time, track->last_90k);

    /* goes on as it did, maybe in the epoch that other tracks have left */
    if (is_near (next, track->last_90k, JUMP_BACK_90K)) {
      track->last_90k = next;
      if (leads && track->epoch == clock->epoch)
        clock->now_90k = next;
      return next;
    }
  }
  time = vs_ts_unwrap (time, clock->now_90k);
  if (fresh)
    track->epoch = clock->epoch;
  /* A track that begins, or that follows a jump, may be behind the others by
   * as much as a multiplex may delay it. */
  if (leads && !is_near (time, clock->now_90k,
          fresh || track->epoch != clock->epoch
          ? JUMP_FORWARD_90K : JUMP_BACK_90K)) {
    clock->epoch++;
    clock->jumps++;
  }
  if (leads)
    clock->now_90k = time;
  return enter_epoch (clock, track, time, discont);
}
