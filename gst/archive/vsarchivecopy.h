/* VisionStream: an archive, or a range of it, as one MP4 file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivecursor.h"
#include "archive/vsmovie.h"

G_BEGIN_DECLS

/**
 * VsArchiveCopySettings:
 * @source: where the event is, with @account, @event, @breakout (nullable);
 *   another maker's HLS too
 * @range: what of it: see VsArchiveCursor. Where holes are not closed
 *   (@close_gaps), they are in the file as long as they were.
 * @destination: where the file goes: no spool
 * @key: its name: "clip.mp4"
 * @replace: what has the name already; else %G_IO_ERROR_EXISTS
 * @spill_directory: for the index while it grows: some MB an hour
 */
typedef struct
{
  VsStore *source;
  const gchar *account, *event, *breakout;
  VsArchiveCursorSettings range;
  VsStore *destination;
  const gchar *key;
  gboolean replace;
  const gchar *spill_directory;
} VsArchiveCopySettings;

/**
 * VsArchiveCopyStatus:
 * @segments: that were copied
 * @bytes: of them, as they are stored
 * @lost: segments that are missing or damaged
 * @duration: of what was copied, all files
 * @total: that it will be; GST_CLOCK_TIME_NONE while it can't be told
 * @files: that are finished
 * @gaps: that are in them, or were closed
 * @size: of them, bytes
 */
typedef struct
{
  guint64 segments, bytes, lost;
  GstClockTime duration, total;
  guint files, gaps;
  guint64 size;
} VsArchiveCopyStatus;

/**
 * VsArchiveCopyCallbacks:
 *
 * Called in the thread that copies, no lock held.
 * @progress: (nullable): after each segment
 * @problem: (nullable): what the file lacks (a segment, or a track that can't
 *   be in an MP4 file), or why something takes long
 * @finished: (nullable): a file is there
 */
typedef struct
{
  void (*progress) (const VsArchiveCopyStatus *status, gpointer user_data);
  void (*problem) (const GError *error, gpointer user_data);
  void (*finished) (const VsMovieFile *file, gpointer user_data);
} VsArchiveCopyCallbacks;

/**
 * vs_archive_copy_mp4:
 * @status: (out): what came of it
 *
 * Makes an MP4 file with its index in front of it (ISO/IEC 14496-12), without
 * coding anything anew. It begins with a keyframe and ends ahead of one.
 * Segments are read once, ahead of what is being written; a few are in memory,
 * and of the index less than a MiB a track, however long the range is.
 *
 * What one file can't hold, because a codec, sample rate or the number of
 * configurations changes, goes on in others: "clip-2.mp4", "clip-3.mp4". A
 * segment that is missing or damaged is a gap, and told (see @fail of the
 * range); sound or picture that MP4 has no place for is left out, and told.
 *
 * Blocks until all is durable in @destination. When it fails or is cancelled
 * none of its files stays.
 *
 * Returns: FALSE with the errors of vs_archive_cursor_open () and
 *   vs_archive_cursor_next (), %G_IO_ERROR_EXISTS, %G_IO_ERROR_NOT_FOUND also
 *   when nothing of the range can be read, %G_IO_ERROR_NOT_SUPPORTED when there
 *   is no track that an MP4 file has a place for, %G_IO_ERROR_CANCELLED, or the
 *   destination's errors
 */
gboolean vs_archive_copy_mp4 (const VsArchiveCopySettings *settings,
    const VsArchiveCopyCallbacks *callbacks, gpointer user_data,
    VsArchiveCopyStatus *status, GCancellable *cancellable, GError **error);

G_END_DECLS
