/* VisionStream: stored segments as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * VsTsJoiner:
 *
 * Segments that one writer has written go on from each other, and pass as they
 * are. Where they do not (a segment is missing, another writer began, the time
 * base jumps) the stream has to say so: in the first packet of each PID whose
 * continuity_counter does not follow, and where the time base jumps in that
 * of the first PCR, the discontinuity_indicator is set (ISO/IEC 13818-1
 * 2.4.3.5). A PID whose first packet has no adaptation field gets a packet
 * with nothing else ahead of it.
 */
typedef struct _VsTsJoiner VsTsJoiner;

VsTsJoiner *vs_ts_joiner_new (void);
void        vs_ts_joiner_free (VsTsJoiner *joiner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsTsJoiner, vs_ts_joiner_free)

/* Nothing went before: after a flush. */
void        vs_ts_joiner_reset (VsTsJoiner *joiner);

/**
 * vs_ts_joiner_add:
 * @ts: (transfer full): whole packets
 * @jump: the time base is another one than before
 *
 * Returns: (transfer full): @ts itself where it goes on from what was added
 *   before
 */
GBytes     *vs_ts_joiner_add (VsTsJoiner *joiner, GBytes *ts, gboolean jump);

/**
 * vs_ts_joiner_add_counted:
 *
 * The same of packets whose counters count for themselves: they are set to go
 * on from what was added before, unless @jump.
 */
GBytes     *vs_ts_joiner_add_counted (VsTsJoiner *joiner, GBytes *ts,
    gboolean jump);

G_END_DECLS
