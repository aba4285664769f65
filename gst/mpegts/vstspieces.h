/* VisionStream: where the units are in a stored segment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/**
 * VsTsPiece:
 *
 * Neighbouring packets of a transport stream: up to where the next PES packet
 * begins, with the tables and PCRs ahead of this one. In what VsTsWriter has
 * written that is an access unit; where a multiplexer has mixed the packets of
 * several tracks it is what lies between two beginnings.
 */
typedef struct
{
  gsize offset, size;
  VsMediaType type;             /* of the track that begins here */
  gboolean random_access;       /* random_access_indicator */
  gint64 pts_90k;               /* of the PES; unwrapped, or VS_TS_NO_TIME */
  gint64 pcr_90k;               /* the first PCR in it, likewise */
} VsTsPiece;

/**
 * vs_ts_find_pieces:
 * @ts: whole packets; its tables within the first 256 of them
 * @near_90k: times are unwrapped to what is nearest to it
 *
 * A look at the packets' heads alone. All bytes are in a piece; there is at
 * least one.
 *
 * Returns: (element-type VsTsPiece) (transfer full): NULL with
 *   %G_IO_ERROR_INVALID_DATA when @ts is not made of packets or has no
 *   programme
 */
GArray *vs_ts_find_pieces (GBytes *ts, gint64 near_90k, GError **error);

/* The PTS at which the first video in @pieces begins, or the first of all;
 * VS_TS_NO_TIME when none has a time. */
gint64 vs_ts_pieces_get_start (const GArray *pieces);

G_END_DECLS
