/* VisionStream: what an archive no longer names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivelist.h"

G_BEGIN_DECLS

/**
 * VsArchiveGarbage:
 *
 * The segments of a rendition that no playlist names any more, and the parts
 * that are empty by that. They stay for a while: players hold playlists that
 * name them (RFC 8216bis 6.2.2). They go in the order of their numbers, so
 * that what a dead writer left lies just below the oldest that is named.
 */
typedef struct _VsArchiveGarbage VsArchiveGarbage;

VsArchiveGarbage *vs_archive_garbage_new (const gchar *rendition);
void vs_archive_garbage_free (VsArchiveGarbage *garbage);

/**
 * vs_archive_garbage_find:
 *
 * Looks for what a dead writer left of segments below @first, and deletes
 * what it stored without listing it, from @next on.
 */
gboolean vs_archive_garbage_find (VsArchiveGarbage *garbage, guint64 first,
    guint64 next, const VsArchivePlace *place, GError ** error);

/* Segments below @sequence may go at @due (monotonic time). */
void vs_archive_garbage_mark (VsArchiveGarbage *garbage, guint64 sequence,
    gint64 due);

/**
 * vs_archive_garbage_sweep:
 *
 * Deletes some of what is due.
 *
 * Returns: when to come again, G_MAXINT64 for never
 */
gint64 vs_archive_garbage_sweep (VsArchiveGarbage *garbage,
    const VsArchivePlace *place, gint64 now);

G_END_DECLS
