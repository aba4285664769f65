/* VisionStream: another maker's segment, taken apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "codec/vscodec.h"

G_BEGIN_DECLS

/* Times of fMP4 and packed audio begin at 0: this far up, what is decoded or
 * primed ahead of it has times above 0 too. */
#define VS_ARCHIVE_UNITS_ORIGIN_90K (10 * 90000)

typedef struct
{
  VsMediaType type;
  gint64 pts_90k, dts_90k;      /* VS_TS_NO_TIME where none was sent */
  gint64 order_90k;             /* a time of decoding, of each */
  gboolean key;
  gsize offset, size;           /* in the data */
} VsArchiveUnit;

/**
 * VsArchiveUnits:
 *
 * The access units of the first video and the first audio track, as they stand
 * in a transport stream; those of a track in decoding order. Times are ticks of
 * 90 kHz, not wrapped.
 */
typedef struct
{
  VsCodec video, audio;         /* VS_CODEC_UNKNOWN for none */
  GArray *units;                /* VsArchiveUnit */
  GByteArray *data;
  gint64 start_90k, end_90k;    /* of what is shown: the video, else the sound */
} VsArchiveUnits;

void vs_archive_units_free (VsArchiveUnits *units);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveUnits, vs_archive_units_free)

/* Whether bytes are a transport stream's, which need not be taken apart. */
gboolean vs_archive_units_is_ts (const guint8 *data, gsize size);

/**
 * vs_archive_units_parse:
 * @header: (nullable): what the EXT-X-MAP has
 * @bytes: a segment: transport stream, fragmented MP4 or packed audio (RFC
 *   8216bis 3.1), as it is found out from its first bytes
 * @offset: of @bytes in their file
 * @near_90k: what times of 33 bits are unwrapped to
 * @shift: times that need not be above 0 are put up by
 *   %VS_ARCHIVE_UNITS_ORIGIN_90K
 *
 * %G_IO_ERROR_INVALID_DATA when it is none of these, or damaged, or has no
 * units of H.264, H.265, AAC, AC-3 or E-AC-3 (in a transport stream also of
 * MPEG-2 and MPEG audio).
 */
VsArchiveUnits *vs_archive_units_parse (GBytes *header, GBytes *bytes,
    guint64 offset, gint64 near_90k, gboolean shift, GError **error);

/**
 * vs_archive_units_add_audio:
 * @from: what has sound
 * @start_90k, @end_90k: which of its frames, by their times
 *
 * Returns: FALSE with %G_IO_ERROR_INVALID_DATA where frames of another codec
 *   are there by now
 */
gboolean vs_archive_units_add_audio (VsArchiveUnits *units,
    const VsArchiveUnits *from, gint64 start_90k, gint64 end_90k,
    GError **error);
/* Removes the sound that there is, for other. */
void     vs_archive_units_drop_audio (VsArchiveUnits *units);

/**
 * vs_archive_units_write:
 *
 * As a transport stream, by decoding order: tables at the front and ahead of
 * each keyframe of video. Continuity counters begin at 0.
 *
 * Returns: NULL with %G_IO_ERROR_MESSAGE_TOO_LARGE
 */
GBytes *vs_archive_units_write (VsArchiveUnits *units, GError **error);

G_END_DECLS
