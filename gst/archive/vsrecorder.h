/* VisionStream: a rendition of an event, recorded while it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivelist.h"
#include "archive/vsrecordinginfo.h"

G_BEGIN_DECLS

/**
 * VsRecorder:
 *
 * Makes an MP4 file of the segments of one rendition, in a thread of its own,
 * from what is in the archive: a segment is told when it is there. The bytes
 * of a few are kept; what comes while the recorder is behind is read back, so
 * that a store that is slow or gone delays the recording, and nothing else.
 *
 * An earlier recording that was not finished goes on, from its first segment;
 * where the event had ended it is finished, and a new one begins.
 */
typedef struct _VsRecorder VsRecorder;

/* What all recorders of an event have in common. */
typedef struct
{
  GMutex lock;
  gboolean is_clean;            /* nothing of dead writers is left */
} VsRecorderCommon;

/**
 * VsRecorderSettings:
 * @store: where recordings go: no spool
 * @archive: where segments are read from: the store, or its spool
 * @folder: of the event
 * @event: for names of files
 * @language: (nullable): of the sound
 * @name: (nullable): what files are called: see vs_recording_name_check ();
 *   NULL for VS_RECORDING_NAME_DEFAULT
 * @rollover: a file that is as long as this is finished, and the next one
 *   begins with the next segment; 0 for never
 * @spill_directory: for indexes while they grow
 * @first_sequence: of the segments that will be told
 * @has_ended: what was there before them is an event that has ended
 * @resumes: there is a recording that was not finished: it is gone on with at
 *   once, and finished at the end, whether anything is told or not
 * @is_marked: the first segment that is told has a marker already
 */
typedef struct
{
  VsStore *store, *archive;
  const gchar *folder, *event, *rendition, *language, *name;
  gboolean keep_gaps;
  GstClockTime max_duration, rollover;
  const gchar *spill_directory;
  guint64 first_sequence;
  gboolean has_ended, resumes, is_marked;
  VsRecorderCommon *common;
} VsRecorderSettings;

/**
 * VsRecorderCallbacks:
 *
 * Called in the recorder's thread, no lock held.
 * @finished: a file is there
 * @failed: a store refuses (once, until it works again); retried
 * @recovered: it works again
 * @warning: what a recording lacks, or takes time
 */
typedef struct
{
  void (*finished) (const VsRecordingInfo *info, gpointer user_data);
  void (*failed) (const gchar *rendition, const GError *error,
      gpointer user_data);
  void (*recovered) (const gchar *rendition, gpointer user_data);
  void (*warning) (const gchar *rendition, const gchar *text,
      gpointer user_data);
} VsRecorderCallbacks;

VsRecorder *vs_recorder_new (const VsRecorderSettings *settings,
    const VsRecorderCallbacks *callbacks, gpointer user_data);
/* Stops at once. What is not finished goes on with the next recorder. */
void        vs_recorder_free (VsRecorder *recorder);

const gchar *vs_recorder_get_rendition (VsRecorder *recorder);

/**
 * vs_recorder_tell:
 * @parts: (array length=n_parts): the bytes, in pieces
 *
 * A segment is in the archive, and listed. Numbers only grow; those that are
 * left out are gaps. Never blocks.
 */
void vs_recorder_tell (VsRecorder *recorder, VsSegment *segment,
    GBytes **parts, guint n_parts);
/* Nothing comes after @last; G_MAXUINT64: nothing more is told. */
void vs_recorder_end (VsRecorder *recorder, guint64 last);

/* What was marked of other renditions as a choice goes when this one, which was
 * chosen, is finished. */
void vs_recorder_set_chosen (VsRecorder *recorder);

/**
 * vs_recorder_get_needed:
 *
 * Segments from this number on are still to be read; G_MAXUINT64 for none.
 * Nobody waits longer than an hour for a store that does not come back.
 */
guint64 vs_recorder_get_needed (VsRecorder *recorder);

typedef enum
{
  VS_RECORDER_RUNS,
  VS_RECORDER_FAILS,            /* a store does not take it */
  VS_RECORDER_FINISHED
} VsRecorderState;

/**
 * vs_recorder_wait:
 * @patience_us: while it fails
 * @deadline: monotonic time
 *
 * Waits until it has finished, after vs_recorder_end (), has failed for too
 * long, or was interrupted.
 */
VsRecorderState vs_recorder_wait (VsRecorder *recorder, gint64 patience_us,
    gint64 deadline);
/* Nobody waits in vs_recorder_wait () from here on. */
void            vs_recorder_interrupt (VsRecorder *recorder);

/* (transfer full) (nullable): the file that was finished last */
VsRecordingInfo *vs_recorder_get_last (VsRecorder *recorder);

G_END_DECLS
