/* VisionStream: which tracks a request wants (aws.manifestfilter)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "codec/vscodec.h"

G_BEGIN_DECLS

/* longest text that is taken */
#define VS_MANIFEST_FILTER_MAX 1024

/**
 * VsManifestFilter:
 *
 * `name:value;name:min-max;name:a,b`: conditions on tracks, all of which have
 * to hold. Immutable.
 */
typedef struct _VsManifestFilter VsManifestFilter;

/* What a filter looks at: 0 and NULL where a track has no such thing. */
typedef struct
{
  VsMediaType type;
  VsCodec codec;
  guint bitrate;                /* bit/s */
  guint height;
  guint fps_n, fps_d;
  const gchar *dynamic_range;   /* "SDR", "HDR10", "HLG" */
  guint channels, sample_rate;
  gboolean high_efficiency;     /* AAC with SBR */
  const gchar *language;        /* BCP 47 */
} VsFilterTrack;

/**
 * vs_manifest_filter_new:
 * @text: decoded, case-insensitive
 *
 * Returns: (transfer full): or NULL with %G_IO_ERROR_INVALID_ARGUMENT, which
 *   says what is wrong: a name that is not known or comes twice, a reversed
 *   or too large range, a malformed value, a text that is too long
 */
VsManifestFilter *vs_manifest_filter_new (const gchar *text, gsize length,
    GError **error);
VsManifestFilter *vs_manifest_filter_ref (VsManifestFilter *filter);
void vs_manifest_filter_unref (VsManifestFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsManifestFilter, vs_manifest_filter_unref)

/* Whether @track is wanted. A condition on video says nothing of audio, and
 * the other way round. */
gboolean vs_manifest_filter_matches (const VsManifestFilter *filter,
    const VsFilterTrack *track);

/* Appends one spelling of what it means: for cache keys. */
void vs_manifest_filter_append (GString *out,
    const VsManifestFilter *filter);

G_END_DECLS
