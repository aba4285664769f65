/* VisionStream: an event's archive, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vslru.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsArchiveReader:
 *
 * The timelines of an event, read from its playlists; thread-safe, one call
 * at a time does the reading. An archive of another maker gives what plain
 * HLS tells: durations and URIs, what its main playlist says of a rendition
 * (where that names no codecs, they are looked up in the first segment), no
 * times of tracks, sizes or hashes.
 */
typedef struct _VsArchiveReader VsArchiveReader;

/**
 * vs_archive_reader_open:
 * @cache: (nullable): for parts that were read, common to all readers; NULL
 *   for a small one of its own
 * @cancellable: (nullable): also of all that is read when it is wanted
 *
 * Reads the main playlist and the newest segments of its children, however
 * long they are; what came before is read when it is wanted (see VsHistory).
 * %G_IO_ERROR_NOT_FOUND when there is no such event, %G_IO_ERROR_INVALID_DATA
 * with the object and line when it is damaged or names what lies outside of
 * its folder.
 */
VsArchiveReader *vs_archive_reader_open (VsStore *store, VsLru *cache,
    const gchar *account, const gchar *event, const gchar *breakout,
    GCancellable *cancellable, GError ** error);
/**
 * vs_archive_reader_open_playlist:
 * @playlist: key of a main playlist, or of a media playlist, which is an
 *   archive of one rendition
 * @account, @event, @breakout: (nullable): whose it is said to be
 *
 * The same, of what lies somewhere else: nothing outside of the playlist's
 * folder is read. A child playlist that can't be read is left out, if there is
 * another one: see vs_archive_reader_take_trouble ().
 */
VsArchiveReader *vs_archive_reader_open_playlist (VsStore *store,
    VsLru *cache, const gchar *playlist, const gchar *account,
    const gchar *event, const gchar *breakout, GCancellable *cancellable,
    GError **error);
/* (transfer full) (nullable): why a child playlist was left out, once */
GError *vs_archive_reader_take_trouble (VsArchiveReader *reader);
void vs_archive_reader_free (VsArchiveReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveReader, vs_archive_reader_free)

/**
 * vs_archive_reader_refresh:
 *
 * Looks for new segments; costs one stat a playlist when nothing is new.
 */
gboolean vs_archive_reader_refresh (VsArchiveReader *reader,
    GCancellable *cancellable, GError ** error);

/**
 * vs_archive_reader_get_timelines:
 *
 * The renditions in the main playlist's order: the newest segments of each in
 * memory, and a source for those before. Timelines grow, are pruned and end in
 * vs_archive_reader_refresh (); where the archive was made anew others are put
 * in their place: do not keep them over it.
 *
 * Returns: (element-type VsTimeline) (transfer full)
 */
GPtrArray *vs_archive_reader_get_timelines (VsArchiveReader *reader);

/* Whether a rendition is another maker's: its segments can be passed on, but
 * not packaged anew. */
gboolean vs_archive_reader_is_foreign (VsArchiveReader *reader);

/**
 * vs_archive_reader_load:
 *
 * A segment's bytes; size and SHA-256 are checked against the entry (read
 * once more on a mismatch), %G_IO_ERROR_INVALID_DATA when they do not agree.
 * Another maker's segment becomes a transport stream, with its sound.
 */
GBytes *vs_archive_reader_load (VsArchiveReader *reader,
    const VsSegment *segment, GCancellable *cancellable, GError ** error);
/* The same. @rewritten: (out): see vs_archive_loader_load () */
GBytes *vs_archive_reader_load_ts (VsArchiveReader *reader,
    const VsSegment *segment, gboolean *rewritten, GCancellable *cancellable,
    GError **error);

/**
 * vs_archive_list_events:
 *
 * The events (folders with a main playlist) below a store, at most
 * VS_ARCHIVE_EVENTS_MAX.
 *
 * Returns: (element-type utf8) (transfer full): "account/event[/breakout]"
 */
#define VS_ARCHIVE_EVENTS_MAX 10000
GPtrArray *vs_archive_list_events (VsStore *store,
    GCancellable *cancellable, GError ** error);

G_END_DECLS
