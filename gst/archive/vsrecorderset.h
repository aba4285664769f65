/* VisionStream: which renditions of an event are recorded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivewriter.h"
#include "archive/vsrecorder.h"

G_BEGIN_DECLS

/**
 * VsRecorderSet:
 *
 * The recorders of an event. It follows the archive's writer, and makes a
 * recorder for each rendition that is wanted when that has its first segment;
 * the largest picture is known when all that are there have one. What earlier
 * ones left unfinished is finished too, at the end at the latest.
 */
typedef struct _VsRecorderSet VsRecorderSet;

/**
 * VsRecorderSetSettings:
 * @renditions: "all", "best": the one with the largest picture, else a list of
 *   names with commas between them
 *
 * All else as in VsRecorderSettings, and VsArchiveState.
 */
typedef struct
{
  VsStore *store, *archive;
  const gchar *account, *event, *breakout;
  const gchar *renditions, *name;
  gboolean keep_gaps;
  GstClockTime max_duration, rollover;
  const gchar *spill_directory;
  const VsArchiveState *state;
} VsRecorderSetSettings;

VsRecorderSet *vs_recorder_set_new (const VsRecorderSetSettings *settings,
    const VsRecorderCallbacks *callbacks, gpointer user_data);
/* After the writer that it follows is freed. */
void           vs_recorder_set_free (VsRecorderSet *set);

/* To be given to vs_archive_writer_set_follower (). */
void vs_recorder_set_get_follower (VsRecorderSet *set,
    VsArchiveFollower *follower);

/* How many renditions there are: the best one is chosen when all of them have
 * a segment, when one has some that others lack, or at the end. */
void vs_recorder_set_expect (VsRecorderSet *set, guint n_renditions);

/**
 * vs_recorder_set_end_rendition:
 * @last: its last sequence number
 *
 * A rendition ends, maybe ahead of the event. Waits until its recording is
 * finished or fails, @patience_us at most.
 *
 * Returns: (transfer full) (nullable): the recording
 */
VsRecordingInfo *vs_recorder_set_end_rendition (VsRecorderSet *set,
    const gchar *rendition, guint64 last, gint64 patience_us);

/**
 * vs_recorder_set_wait:
 * @patience_us: while a store does not take anything
 *
 * Waits until all that was told is recorded, after the event's end.
 *
 * Returns: whether all recordings are finished
 */
gboolean vs_recorder_set_wait (VsRecorderSet *set, gint64 patience_us);
/* Nobody waits from here on. */
void     vs_recorder_set_interrupt (VsRecorderSet *set);

/* Recordings that are under way. */
guint vs_recorder_set_count_open (VsRecorderSet *set);

G_END_DECLS
