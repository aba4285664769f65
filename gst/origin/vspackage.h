/* VisionStream: packaging, a pure function
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vssmooth.h"

G_BEGIN_DECLS

typedef enum
{
  VS_FORMAT_TS,                 /* as it is stored */
  VS_FORMAT_CMAF,               /* one track a fragment */
  VS_FORMAT_SMOOTH              /* the same, of Smooth Streaming */
} VsFormat;

/**
 * VsPackaging:
 * @track: which track; VS_MEDIA_OTHER for all, where the format allows
 * @shift, @ahead: see vs_smooth_fragment ()
 * @info: only what tells of the fragment: vs_smooth_fragment_get_info ()
 *
 * What is to be made of a segment.
 */
typedef struct
{
  VsFormat format;
  VsMediaType track;
  /* Smooth Streaming */
  guint64 shift;
  const VsSegment *const *ahead;
  guint n_ahead;
  gboolean info;
} VsPackaging;

/**
 * vs_package:
 * @ts: a segment's bytes
 * @segment: its entry in the timeline
 *
 * No threads, no clock, no state: the same input gives the same bytes in
 * every process.
 *
 * Returns: (transfer full): the object's bytes, or NULL with
 *   %VS_PACKAGE_ERROR
 */
GBytes *vs_package (GBytes *ts, const VsSegment *segment,
    const VsPackaging *packaging, GError ** error);
/* The same of the track's samples, whose payload it takes; not for TS. */
GBytes *vs_package_samples (VsSamples *samples, const VsSegment *segment,
    const VsPackaging *packaging, GError **error);

/**
 * vs_package_digest:
 *
 * What identifies the bytes that vs_package () makes, without making them: the
 * stored segment's own SHA-256 for TS, else a SHA-256 of that, the format, its
 * version and all that @packaging says. FALSE when the segment's hash is not
 * known.
 */
gboolean vs_package_digest (const VsSegment *segment,
    const VsPackaging *packaging, guint8 sha256[32]);

/**
 * vs_package_append_token:
 *
 * Appends the query that tells apart what the path does not: "?m=1-5f0c9a1e"
 * is the version of the format and the start of the stored segment's SHA-256.
 * Players and edges never mix up the segments of two runs that bear the same
 * number, nor the bytes of two versions.
 */
void vs_package_append_token (GString *out, VsFormat format,
    const VsSegment *segment);
/* For a template, which can't hold a hash a segment: when the event began, in
 * which no number comes twice, or the run that @segment is in where that is
 * not known. */
void vs_package_append_event_token (GString *out, VsFormat format,
    const VsSegment *segment);
/* For init segments, which depend on the configuration in their name alone. */
void vs_package_append_init_token (GString *out);

typedef enum
{
  VS_TOKEN_NONE,                /* the URL has none */
  VS_TOKEN_RIGHT,
  VS_TOKEN_WRONG                /* it means other bytes than there are */
} VsToken;

/**
 * vs_package_check_token:
 * @query: (nullable): of a request
 * @segment: (nullable): NULL for an init segment
 *
 * Whether a URL means the bytes that are there now: only then may they be
 * kept for good under it.
 */
VsToken vs_package_check_token (const gchar *query, VsFormat format,
    const VsSegment *segment);

G_END_DECLS
