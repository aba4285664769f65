/* VisionStream: a segment of an archive, and what of it is wanted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivereader.h"
#include "mpegts/vstscut.h"

G_BEGIN_DECLS

/* What a moment may be off and still be a keyframe's: dates are cut off to
 * milliseconds, and no two pictures are that near to each other. */
#define VS_ARCHIVE_SLACK_US 999

/**
 * VsArchiveClip:
 *
 * A segment that was loaded. In another maker's archive the playlist does not
 * tell its times: they are found in it.
 */
typedef struct
{
  VsSegment *entry;             /* with start_pts_90k as it was found */
  gboolean foreign;
  GBytes *bytes;
  gboolean rewritten;           /* see vs_archive_loader_load () */

  /*< private >*/
  GArray *keys;                 /* VsTsKey, or NULL until they are wanted */
} VsArchiveClip;

/**
 * vs_archive_clip_load:
 * @entry: as the archive has it
 * @near_90k: (nullable): where another maker's times are to be unwrapped to
 *
 * Errors are those of vs_archive_reader_load (), and %G_IO_ERROR_INVALID_DATA
 * when it is no transport stream.
 */
VsArchiveClip *vs_archive_clip_load (VsArchiveReader *reader,
    const VsSegment *entry, gboolean foreign, gint64 near_90k,
    GCancellable *cancellable, GError **error);
void           vs_archive_clip_free (VsArchiveClip *clip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveClip, vs_archive_clip_free)

/* The last keyframe at or before @utc_us, the first at or after it, the first
 * of all; NULL for none. (transfer none) */
const VsTsKey *vs_archive_clip_key_before (VsArchiveClip *clip,
    gint64 utc_us);
const VsTsKey *vs_archive_clip_key_after (VsArchiveClip *clip, gint64 utc_us);
const VsTsKey *vs_archive_clip_first_key (VsArchiveClip *clip);
/* UTC of media time @pts_90k, µs */
gint64         vs_archive_clip_to_utc (const VsArchiveClip *clip,
    gint64 pts_90k);

/**
 * vs_archive_clip_cut:
 * @from: (nullable): keyframe of it at which it is to begin
 * @to: (nullable): keyframe ahead of which it is to end
 * @segment: (out): what is left of it; without URI, size and hash where that
 *   is not all
 *
 * Returns: (transfer full) (nullable): NULL, and no @segment, when nothing is
 *   left
 */
GBytes        *vs_archive_clip_cut (VsArchiveClip *clip, const VsTsKey *from,
    const VsTsKey *to, VsSegment **segment);

G_END_DECLS
