/* VisionStream: CMAF headers and fragments (ISO/IEC 23000-19)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vssegment.h"

G_BEGIN_DECLS

/* Raised whenever the bytes that these functions write change: it stands in
 * the URLs of what they write. */
#define VS_CMAF_VERSION 1

#define VS_PACKAGE_ERROR (vs_package_error_quark ())
GQuark vs_package_error_quark (void);

typedef enum
{
  VS_PACKAGE_ERROR_DAMAGED,     /* the segment's bytes do not parse */
  VS_PACKAGE_ERROR_NO_TRACK,    /* it has no such track */
  VS_PACKAGE_ERROR_UNSUPPORTED  /* the codec has no CMAF mapping */
} VsPackageError;

/* A track's part of a segment: isobmff/vssamples.h */
typedef struct _VsSamples VsSamples;

/* Whether CMAF has a place for @codec: H.264, H.265, AAC, AC-3, E-AC-3. */
gboolean vs_cmaf_supports (VsCodec codec);

/**
 * vs_cmaf_header:
 * @config: of the track; with its record (%VS_PACKAGE_ERROR_UNSUPPORTED else)
 * @language: (nullable): BCP 47
 *
 * The CMAF header (init segment): ftyp `cmf2` for video, `cmfc` for audio,
 * moov with one track, its timescale that of VsSegmentTrack, no edit list.
 * Pure: the same configuration gives the same bytes.
 *
 * Returns: (transfer full): the bytes, or NULL with %VS_PACKAGE_ERROR
 */
GBytes *vs_cmaf_header (const VsCodecConfig *config, const gchar *language,
    GError ** error);

/**
 * vs_cmaf_fragment:
 * @ts: the segment's bytes
 * @segment: its entry in the timeline
 * @type: which track
 *
 * One CMAF fragment: styp, moof (mfhd, traf: tfhd, tfdt, trun version 1),
 * mdat. tfdt is the track's start in the entry, where its earliest sample is
 * shown: composition offsets are signed, and 0 for a SAP of type 1; durations
 * add up to the entry's duration, so that fragments touch. mfhd's number is
 * the segment's sequence. Parameter sets are left out (they are in the
 * header), access unit delimiters and filler too; where a parameter set
 * changes at a picture that is no keyframe, they stay from there on. Of several tracks of @type
 * the first in the PMT is taken.
 *
 * Returns: (transfer full): the bytes, or NULL with %VS_PACKAGE_ERROR
 */
GBytes *vs_cmaf_fragment (GBytes *ts, const VsSegment *segment,
    VsMediaType type, GError ** error);
/* The same of samples at hand, whose payload it takes. */
GBytes *vs_cmaf_fragment_from_samples (VsSamples *samples,
    const VsSegment *segment, GError **error);

/**
 * vs_cmaf_find_config:
 *
 * The configuration of a segment's track of @type (the first in the PMT).
 *
 * Returns: (transfer full): it, or NULL with %VS_PACKAGE_ERROR
 */
VsCodecConfig *vs_cmaf_find_config (GBytes *ts, VsMediaType type,
    GError ** error);

G_END_DECLS
