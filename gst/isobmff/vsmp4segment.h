/* VisionStream: segments of fragmented MP4
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vsmp4reader.h"

G_BEGIN_DECLS

/**
 * VsMp4Segment:
 *
 * The samples of one segment (ISO/IEC 14496-12 8.16; HLS: RFC 8216bis 3.1.2),
 * in the segment's bytes. Tracks without samples in it are not there.
 */
typedef struct
{
  GBytes *bytes;
  guint64 offset;               /* of the bytes, in what samples count in */
  VsMp4Movie *movie;
} VsMp4Segment;

/* Whether bytes begin with a box that segments or their headers begin with. */
gboolean vs_mp4_segment_is_one (const guint8 *data, gsize size);

/**
 * vs_mp4_segment_parse:
 * @header: (nullable): the media initialization section: a movie box among
 *   others; NULL where that is in @bytes
 * @bytes: (transfer none): movie fragments and their data
 * @offset: of @bytes in the file that they are cut from, for those fragments
 *   that address their data from its beginning
 *
 * Samples whose data is not within @bytes are %VS_MP4_ERROR_DAMAGED, as are
 * boxes that do not hold.
 */
VsMp4Segment *vs_mp4_segment_parse (GBytes *header, GBytes *bytes,
    guint64 offset, GError **error);
void          vs_mp4_segment_free (VsMp4Segment *segment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsMp4Segment, vs_mp4_segment_free)

/* The first track of @type, or NULL. */
const VsMp4Track *vs_mp4_segment_get_track (const VsMp4Segment *segment,
    VsMediaType type);
/* A sample's bytes. */
const guint8     *vs_mp4_segment_get_data (const VsMp4Segment *segment,
    const VsMp4Sample *sample);

G_END_DECLS
