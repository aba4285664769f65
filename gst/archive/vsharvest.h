/* VisionStream: a part of an event as an archive of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivetime.h"
#include "archive/vsrecordinginfo.h"
#include "store/vsstore.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsHarvestSettings:
 * @source: where the event is, with @account, @event, @breakout (nullable)
 * @start, @stop: the range. It begins with the keyframe at or before the start
 *   and ends ahead of the first one at or after the stop, keyframes being those
 *   that all renditions have. A stop that is still to come is waited for, as
 *   long as the event lasts; without one the clip ends where the event is now.
 * @destination: where the clip goes, with @to_account, @to_event
 * @spool: (nullable): a directory through which a clip goes that is sent over a
 *   network; NULL: it can't be
 * @recordings: (nullable): of which renditions there are to be MP4 files too,
 *   in the clip's folder `recordings`: "all", "best": the one with the largest
 *   picture, or names with commas between them; @destination is no WebDAV
 *   server then
 * @keep_gaps: in these; else they are closed
 * @spill_directory: (nullable): for their indexes; NULL: these are in memory
 * @patience: how long a store may fail, and how long nothing new may come once
 *   the stop has passed; 0 for a minute
 */
typedef struct
{
  VsStore *source;
  const gchar *account, *event, *breakout;
  VsArchiveTime start, stop;
  VsStore *destination;
  const gchar *to_account, *to_event;
  VsStore *spool;
  const gchar *recordings;
  gboolean keep_gaps;
  const gchar *spill_directory;
  GstClockTime patience;
} VsHarvestSettings;

/**
 * VsHarvestStatus:
 * @segments: that were copied, of all renditions
 * @total: that there will be, as far as can be told
 * @bytes: of those that were copied
 * @gaps: that the clip lacks: they are EXT-X-GAP
 * @start_us: UTC at which the clip begins
 * @duration: of the longest rendition so far
 */
typedef struct
{
  guint64 segments, total, bytes, gaps;
  gint64 start_us;
  GstClockTime duration;
} VsHarvestStatus;

/**
 * VsHarvestCallbacks:
 *
 * Called in the thread that harvests, no lock held.
 * @progress: (nullable): after each segment, and now and then while one is
 *   waited for
 * @problem: (nullable): what the clip lacks, or why something takes long
 * @recorded: (nullable): an MP4 file is finished, shortly before the clip is
 */
typedef struct
{
  void (*progress) (const VsHarvestStatus *status, gpointer user_data);
  void (*problem) (const GError *error, gpointer user_data);
  void (*recorded) (const VsRecordingInfo *info, gpointer user_data);
} VsHarvestCallbacks;

/**
 * vs_harvest_run:
 * @status: (out): what came of it
 *
 * Makes the clip: all renditions that the event has in the range, as an archive
 * that has ended. Segments are copied as they are stored; only the first and
 * the last ones are cut, at the same keyframe in all renditions. Numbers begin
 * at 1, runs at 0; times, hashes and configurations stay. A segment that is
 * missing or damaged is a gap in the clip too. A few segments are in memory at
 * a time.
 *
 * Recordings are made of the same bytes, by the same names as an event's. What
 * one file can't hold goes on in another one, and what MP4 has no place for is
 * only in the clip: both are told.
 *
 * Blocks until the clip is durable in @destination. Its main playlist is
 * written last: before that nobody sees it, and when it fails or is cancelled,
 * what was written is removed.
 *
 * Returns: FALSE with %G_IO_ERROR_EXISTS when there is such an event already,
 *   %G_IO_ERROR_BUSY when one is being written, %G_IO_ERROR_NOT_FOUND when
 *   there is no source, or nothing of it could be read, or a rendition is to
 *   be recorded that it has not,
 *   %G_IO_ERROR_INVALID_ARGUMENT when the range is none,
 *   %G_IO_ERROR_NOT_SUPPORTED for another maker's archive,
 *   %G_IO_ERROR_CANCELLED, or the stores' errors
 */
gboolean vs_harvest_run (const VsHarvestSettings *settings,
    const VsHarvestCallbacks *callbacks, gpointer user_data,
    VsHarvestStatus *status, GCancellable *cancellable, GError **error);

G_END_DECLS
