/* VisionStream: PES packets to access units (ISO/IEC 13818-1 2.4.3.6)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mpegts/vstsclock.h"

G_BEGIN_DECLS

/* What the tracks of a reader have in common */
typedef struct
{
  VsTsClock clock;
  VsTsStats stats;
  VsTsReaderCallbacks callbacks;
  gpointer user_data;
} VsTsContext;

/**
 * VsTsPes:
 *
 * Assembles one track's PES packets in a buffer that is kept. Audio is split
 * into frames, video into access units (see VsTsVideo); the bytes of one that
 * may go on in the next PES packet stay at the buffer's start.
 */
typedef struct _VsTsPes VsTsPes;

VsTsPes *vs_ts_pes_new (VsTsContext *context, VsCodec codec);
void     vs_ts_pes_free (VsTsPes *pes);

/* The track's index in the programme in force */
void     vs_ts_pes_set_track (VsTsPes *pes, guint track);
/* The payload of one TS packet; @start: payload_unit_start_indicator */
void     vs_ts_pes_push (VsTsPes *pes, const guint8 *data, gsize size,
    gboolean start);
/* Packets were lost ahead of what is pushed next. */
void     vs_ts_pes_lose (VsTsPes *pes);
/* A PES packet that does not tell its length ends here. */
void     vs_ts_pes_end (VsTsPes *pes);
/* Passes on the video unit that nothing was added to for so long, by the
 * programme's clock, that nothing will be. */
void     vs_ts_pes_expire (VsTsPes *pes);
/* Nothing follows: what is whole is passed on. */
void     vs_ts_pes_drain (VsTsPes *pes);
/* Forgets what is half. */
void     vs_ts_pes_reset (VsTsPes *pes);

G_END_DECLS
