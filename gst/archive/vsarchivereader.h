/* VisionStream: an event's archive, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsArchiveReader:
 *
 * The timelines of an event, read from its playlists; thread-safe, one call
 * at a time does the reading.
 */
typedef struct _VsArchiveReader VsArchiveReader;

/**
 * vs_archive_reader_open:
 *
 * Reads the main playlist and its children's newest part; sealed parts are
 * read when a view needs them. %G_IO_ERROR_NOT_FOUND when there is no such
 * event, %G_IO_ERROR_INVALID_DATA with the object and line when it is damaged.
 */
VsArchiveReader *vs_archive_reader_open (VsStore *store,
    const gchar *account, const gchar *event, const gchar *breakout,
    GCancellable *cancellable, GError ** error);
VsArchiveReader *vs_archive_reader_ref (VsArchiveReader *reader);
void             vs_archive_reader_unref (VsArchiveReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveReader, vs_archive_reader_unref)

/**
 * vs_archive_reader_refresh:
 *
 * Looks for new segments; costs one stat a playlist when nothing is new.
 */
gboolean vs_archive_reader_refresh (VsArchiveReader *reader,
    GCancellable *cancellable, GError ** error);

/* (element-type VsTimeline) (transfer container): main playlist's order */
GPtrArray *vs_archive_reader_get_timelines (VsArchiveReader *reader);

/**
 * vs_archive_reader_load:
 *
 * A segment's bytes; size and SHA-256 are checked against the entry (read
 * once more on a mismatch), %G_IO_ERROR_INVALID_DATA when they do not agree.
 */
GBytes *vs_archive_reader_load (VsArchiveReader *reader,
    const VsSegment *segment, GCancellable *cancellable, GError ** error);

/* Events below a store: GPtrArray of "account/event[/breakout]". */
GPtrArray *vs_archive_list_events (VsStore *store,
    GCancellable *cancellable, GError ** error);

G_END_DECLS
