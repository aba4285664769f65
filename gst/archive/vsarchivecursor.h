/* VisionStream: an archive, read as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivereader.h"
#include "archive/vsarchivetime.h"

G_BEGIN_DECLS

/**
 * VsArchiveCursor:
 *
 * Reads a rendition of an archive, or a range of it, segment by segment. Ranges
 * and seeks are GOP-exact: what is read begins with the keyframe at or before
 * the start, and ends ahead of the first keyframe at or after the stop; sound
 * from the first keyframe's time on up to the last one's. In between segments
 * are as they are stored, and they are held in memory one at a time.
 *
 * What is not stored as a transport stream (fMP4, packed audio), is encrypted
 * (AES-128), or has its sound in a playlist of its own is given as a transport
 * stream of all that belongs together.
 *
 * Times are UTC in the archive (a wall clock that goes on where nothing was
 * stored), and positions are counted from the range's first keyframe.
 *
 * For one thread. All functions but those said not to may block.
 */
typedef struct _VsArchiveCursor VsArchiveCursor;

/**
 * VsArchiveCursorSettings:
 * @rendition: (nullable): NULL for the largest picture, of these the highest
 *   bit rate; without pictures the first sound
 * @start, @stop: the range
 * @follow: an archive that has not ended is waited for; else it ends where it
 *   is
 * @close_gaps: what is missing takes no time
 * @fail: on a segment that is missing or damaged, instead of leaving it out
 * @playlist: (nullable): key of a multivariant or media playlist, ours or
 *   another maker's, as vs_archive_location_open () gives it: that is read, and
 *   account, event and breakout only say whose it is. A media playlist is an
 *   archive of one rendition.
 */
typedef struct
{
  const gchar *rendition;
  VsArchiveTime start, stop;
  gboolean follow, close_gaps, fail;
  const gchar *playlist;
} VsArchiveCursorSettings;

/**
 * VsArchiveChunk:
 * @segment: (nullable): as it is given: what is left of it where it was cut
 * @bytes: (nullable): whole packets; NULL where there is nothing to be given
 * @pieces: (nullable): where the units in @bytes are: see VsTsPiece
 * @whole: @bytes are as they are stored
 * @discont: they do not go on from those before
 * @position: of segment->start_pts_90k, ns since the range's start; a seek
 *   may lead ahead of what was asked for, and a hole after it
 * @problem: (nullable): why something is left out here; without a @segment:
 *   why new ones can't be looked for now
 */
typedef struct
{
  VsSegment *segment;
  GBytes *bytes;
  GArray *pieces;
  gboolean whole, discont;
  GstClockTime position;
  GError *problem;
} VsArchiveChunk;

void vs_archive_chunk_free (VsArchiveChunk *chunk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveChunk, vs_archive_chunk_free)

/**
 * vs_archive_cursor_open:
 *
 * %G_IO_ERROR_NOT_FOUND when there is no such event or rendition,
 * %G_IO_ERROR_INVALID_DATA when it is damaged, %G_IO_ERROR_INVALID_ARGUMENT
 * when the range is none.
 */
VsArchiveCursor *vs_archive_cursor_open (VsStore *store,
    const gchar *account, const gchar *event, const gchar *breakout,
    const VsArchiveCursorSettings *settings, GCancellable *cancellable,
    GError **error);
void             vs_archive_cursor_free (VsArchiveCursor *cursor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveCursor, vs_archive_cursor_free)

typedef enum
{
  VS_ARCHIVE_SNAP_BEFORE,
  VS_ARCHIVE_SNAP_AFTER,
  VS_ARCHIVE_SNAP_NEAREST
} VsArchiveSnap;

/**
 * vs_archive_cursor_seek:
 * @snap: which keyframe
 * @stop: position ahead of which it ends, as @stop of the settings;
 *   GST_CLOCK_TIME_NONE for that
 *
 * Does not block: vs_archive_cursor_next () goes there.
 */
void vs_archive_cursor_seek (VsArchiveCursor *cursor, GstClockTime position,
    VsArchiveSnap snap, GstClockTime stop);

/**
 * vs_archive_cursor_next:
 *
 * Waits for what is not stored yet where it is to follow. After an error it may
 * be called again: it tries the same once more.
 *
 * Returns: (transfer full) (nullable): NULL without an error at the end.
 *   %G_IO_ERROR_INVALID_ARGUMENT when the range has nothing in it
 */
VsArchiveChunk *vs_archive_cursor_next (VsArchiveCursor *cursor,
    GCancellable *cancellable, GError **error);

/* These do not block, and tell what is known from the first chunk on. */

/* How long the range is; of an archive that grows, up to now. */
GstClockTime vs_archive_cursor_get_duration (VsArchiveCursor *cursor);
/* Position of the oldest that is retained and in the range. */
GstClockTime vs_archive_cursor_get_oldest (VsArchiveCursor *cursor);
/* Whether more may come. */
gboolean     vs_archive_cursor_is_growing (VsArchiveCursor *cursor);
/* Whether it is another maker's archive: its segments tell little. */
gboolean     vs_archive_cursor_is_foreign (VsArchiveCursor *cursor);
/* (transfer full) */
VsRendition *vs_archive_cursor_get_rendition (VsArchiveCursor *cursor);

G_END_DECLS
