/* VisionStream: an archive, read ahead of who uses it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivecursor.h"

G_BEGIN_DECLS

/**
 * VsArchiveAhead:
 *
 * A cursor in a thread of its own, so that a segment is read and checked while
 * the one before is being worked on. A few MiB wait at most, and one segment
 * where these are larger.
 */
typedef struct _VsArchiveAhead VsArchiveAhead;

/* (transfer full) @cursor */
VsArchiveAhead *vs_archive_ahead_new (VsArchiveCursor *cursor,
    GCancellable *cancellable);
/* Stops at once. */
void            vs_archive_ahead_free (VsArchiveAhead *ahead);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveAhead, vs_archive_ahead_free)

/**
 * VsArchiveAheadState:
 * @total: what the range lasts; GST_CLOCK_TIME_NONE while it can't be told
 * @is_foreign: see vs_archive_cursor_is_foreign ()
 *
 * What was known when a chunk was read.
 */
typedef struct
{
  GstClockTime total;
  gboolean is_foreign;
} VsArchiveAheadState;

/* As vs_archive_cursor_next (), but for that nothing can be tried again. */
VsArchiveChunk *vs_archive_ahead_next (VsArchiveAhead *ahead,
    VsArchiveAheadState *state, GError **error);

G_END_DECLS
