/* VisionStream: one track of a programme, as a TS of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/**
 * vs_ts_extract:
 * @ts: whole packets that begin with PAT and PMT: a stored segment
 * @type: the first track of that type in the PMT is taken
 *
 * Packets are passed or left out, never made anew, so that continuity
 * counters run on from segment to segment as they did. The PMT names the one
 * track; where the clock is another's, packets with nothing but its PCR stay.
 *
 * Returns: (transfer full): the TS, or NULL when @ts has no such track or is
 *   not made of packets
 */
GBytes *vs_ts_extract (GBytes *ts, VsMediaType type);

G_END_DECLS
