/* VisionStream: where the units are in a stored segment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "mpegts/vstspieces.h"

#include "mpegts/vstsclock.h"
#include "mpegts/vstspacket.h"

/* a PES packet's head up to its PTS, 2.4.3.6 */
#define PES_HEAD 14
#define PES_HAS_PTS 0x80

static const VsTsTrack *
find_track (const VsTsProgram * program, guint16 pid)
{
  for (guint i = 0; i < program->n_tracks; i++)
    if (program->tracks[i].pid == pid)
      return &program->tracks[i];
  return NULL;
}

/* The 33 bits of the PTS of a PES packet that begins in @packet. */
static gint64
read_pts (const guint8 * packet)
{
  guint skip = VS_TS_HEADER_SIZE
      + (packet[3] & VS_TS_ADAPTATION ? 1 + packet[4] : 0);
  const guint8 *pes = packet + skip;

  if (!vs_ts_packet_has_payload (packet)
      || skip + PES_HEAD > VS_TS_PACKET_SIZE
      || pes[0] != 0 || pes[1] != 0 || pes[2] != 1
      || (pes[6] & 0xc0) != 0x80 || !(pes[7] & PES_HAS_PTS))
    return VS_TS_NO_TIME;
  return (gint64) (pes[9] >> 1 & 0x07) << 30 | (gint64) pes[10] << 22
      | (gint64) (pes[11] >> 1) << 15 | (gint64) pes[12] << 7 | pes[13] >> 1;
}

/* What goes on where another packet of its unit ended: a unit too long for one
 * PES packet has no time in the others. */
static gboolean
begins_piece (const VsTsTrack * track, const guint8 * packet)
{
  return track && vs_ts_packet_starts_unit (packet)
      && (vs_codec_get_media_type (track->codec) == VS_MEDIA_VIDEO
      || track->codec == VS_CODEC_SCTE35 || read_pts (packet) != VS_TS_NO_TIME);
}

static gint64
unwrap (gint64 time, gint64 near_90k)
{
  return time == VS_TS_NO_TIME ? time : vs_ts_unwrap (time, near_90k);
}

#define NOT_PENDING G_MAXSIZE

typedef struct
{
  GArray *pieces;
  VsTsPiece piece;              /* that is open */
  gboolean begun;               /* a unit has begun in it */
  gsize pending;                /* where tables and PCRs at its end begin, or
                                 * NOT_PENDING */
  gint64 pending_pcr_90k;
} Splitting;

static void
close_piece (Splitting * splitting, gsize end)
{
  splitting->piece.size = end - splitting->piece.offset;
  g_array_append_val (splitting->pieces, splitting->piece);
  splitting->piece = (VsTsPiece) {
  .offset = end,.pts_90k = VS_TS_NO_TIME,.pcr_90k = VS_TS_NO_TIME};
}

static void
begin_unit (Splitting * splitting, const VsTsTrack * track,
    const guint8 * packet, gsize offset, gint64 near_90k)
{
  VsTsPiece *piece = &splitting->piece;

  if (splitting->begun)
    close_piece (splitting, splitting->pending != NOT_PENDING ?
        splitting->pending : offset);
  splitting->begun = TRUE;
  if (piece->pcr_90k == VS_TS_NO_TIME)
    piece->pcr_90k = splitting->pending_pcr_90k;
  piece->type = vs_codec_get_media_type (track->codec);
  piece->random_access =
      (vs_ts_packet_flags (packet) & VS_TS_RANDOM_ACCESS) != 0;
  if (track->codec != VS_CODEC_SCTE35)
    piece->pts_90k = unwrap (read_pts (packet), near_90k);
}

static void
add_packet (Splitting * splitting, const VsTsProgram * program,
    const guint8 * packet, gsize offset, gint64 near_90k)
{
  const VsTsTrack *track = find_track (program, vs_ts_packet_pid (packet));
  gint64 pcr = vs_ts_packet_has_pcr (packet) ?
      vs_ts_unwrap (vs_ts_packet_pcr_90k (packet), near_90k) : VS_TS_NO_TIME;

  /* tables, and clocks by themselves, belong to what comes */
  if (track == NULL || !vs_ts_packet_has_payload (packet)) {
    if (splitting->pending == NOT_PENDING)
      splitting->pending = offset;
    if (splitting->pending_pcr_90k == VS_TS_NO_TIME)
      splitting->pending_pcr_90k = pcr;
    return;
  }
  if (begins_piece (track, packet))
    begin_unit (splitting, track, packet, offset, near_90k);
  else if (splitting->piece.pcr_90k == VS_TS_NO_TIME)
    splitting->piece.pcr_90k = splitting->pending_pcr_90k;
  splitting->pending = NOT_PENDING;
  splitting->pending_pcr_90k = VS_TS_NO_TIME;
  if (splitting->piece.pcr_90k == VS_TS_NO_TIME)
    splitting->piece.pcr_90k = pcr;
}

GArray *
vs_ts_find_pieces (GBytes * ts, gint64 near_90k, GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);
  g_autoptr (VsTsProgram) program = NULL;
  Splitting splitting = {
    .piece = {.pts_90k = VS_TS_NO_TIME,.pcr_90k = VS_TS_NO_TIME},
    .pending = NOT_PENDING,
    .pending_pcr_90k = VS_TS_NO_TIME
  };

  if (vs_ts_is_packets (data, size))
    program = vs_ts_program_find (data, size);
  if (program == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "it is no transport stream with a programme");
    return NULL;
  }
  splitting.pieces = g_array_new (FALSE, FALSE, sizeof (VsTsPiece));
  for (gsize i = 0; i < size; i += VS_TS_PACKET_SIZE)
    add_packet (&splitting, program, data + i, i, near_90k);
  close_piece (&splitting, size);
  return splitting.pieces;
}

gint64
vs_ts_pieces_get_start (const GArray * pieces)
{
  gint64 start = VS_TS_NO_TIME;

  for (guint i = 0; i < pieces->len; i++) {
    const VsTsPiece *piece = &g_array_index (pieces, VsTsPiece, i);

    if (piece->pts_90k == VS_TS_NO_TIME)
      continue;
    if (piece->type == VS_MEDIA_VIDEO)
      return piece->pts_90k;
    if (start == VS_TS_NO_TIME)
      start = piece->pts_90k;
  }
  return start;
}
