/* VisionStream: what an archive lacks, left out of its time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vshistory.h"

G_BEGIN_DECLS

/**
 * VsArchiveHoles:
 *
 * Times of an archive are UTC. Where its holes are to be closed up (the store
 * was stopped, a segment is a gap) they are counted by what is there. That is
 * known as far as the entries have been looked at: from the oldest on, in
 * order, once. Memory grows with the holes, not with the segments.
 */
typedef struct _VsArchiveHoles VsArchiveHoles;

VsArchiveHoles *vs_archive_holes_new (void);
void            vs_archive_holes_free (VsArchiveHoles *holes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveHoles, vs_archive_holes_free)

/* The next entry. */
void     vs_archive_holes_add (VsArchiveHoles *holes,
    const VsSegment *segment);
/* One that was added has turned out not to be there. */
void     vs_archive_holes_lose (VsArchiveHoles *holes,
    const VsSegment *segment);
/* The sequence number that is looked at next, 0 for the oldest. */
guint64  vs_archive_holes_get_next (VsArchiveHoles *holes);
/* Up to where it is known, closed up; µs. */
gint64   vs_archive_holes_get_end (VsArchiveHoles *holes);

/* UTC with the holes ahead of it closed up, and back; µs. What is closed up
 * comes back as the end of the hole. */
gint64   vs_archive_holes_close (VsArchiveHoles *holes, gint64 utc_us);
gint64   vs_archive_holes_open (VsArchiveHoles *holes, gint64 closed_us);

G_END_DECLS
