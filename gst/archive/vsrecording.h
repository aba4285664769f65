/* VisionStream: an MP4 file that is made of segments as they come
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsRecording:
 *
 * One file. Segments are loaded and written one after the other; their media
 * goes to the store at once, and the index in front of it at the end. What is
 * held is one segment, and of the index less than a MiB a track.
 *
 * Where a run ends, or segments are missing, there is a gap: either times
 * behind it are moved, those of all tracks alike, so that the movie goes on;
 * or it stays as long as the clock on the wall says. Sound and picture are in
 * sync behind it as they were in the segments, and pictures go on a whole
 * number of frames later: a constant frame rate stays one.
 */
typedef struct _VsRecording VsRecording;

/**
 * VsRecordingSettings:
 * @key: of the file in @store
 * @keep_gaps: else they are closed
 * @max_duration: for which room is reserved where that has to be
 * @spill_directory: for the index while it grows
 * @language: (nullable): of the sound, BCP 47
 * @rewriting: (nullable): see VsStoreHead
 * @left_out: (nullable): a track can't be in an MP4 file
 */
typedef struct
{
  VsStore *store;
  const gchar *key;
  gboolean keep_gaps;
  GstClockTime max_duration;
  const gchar *spill_directory, *language;
  void (*rewriting) (guint64 size, gpointer user_data);
  void (*left_out) (VsMediaType type, const GError *error,
      gpointer user_data);
  gpointer user_data;
} VsRecordingSettings;

VsRecording *vs_recording_new (const VsRecordingSettings *settings,
    GCancellable *cancellable);
/* What was not finished is gone. */
void         vs_recording_free (VsRecording *recording);

typedef enum
{
  VS_RECORDING_LOADED,
  VS_RECORDING_DAMAGED,         /* nothing is of use: it is left out */
  VS_RECORDING_FULL             /* goes into another file: a codec changed, or
                                 * the index would get too long */
} VsRecordingLoad;

/**
 * vs_recording_load:
 * @segment: its tracks' times are looked for in the samples where a duration
 *   is 0
 * @ts: the segment's bytes
 *
 * Takes the next segment apart; the one before was written.
 */
VsRecordingLoad vs_recording_load (VsRecording *recording,
    const VsSegment *segment, GBytes *ts, GError **error);

/**
 * vs_recording_write:
 *
 * Writes what was loaded. After an error it may be called again, and goes on
 * where it was, unless vs_recording_is_lost (): then all has to begin anew.
 */
gboolean vs_recording_write (VsRecording *recording, GError **error);
gboolean vs_recording_is_lost (VsRecording *recording);

/* Whether there is a file to finish. */
gboolean vs_recording_has_media (VsRecording *recording);
/* Puts the index in front; the file is there when this returns TRUE. It may
 * be tried again, as vs_recording_write (). */
gboolean vs_recording_finish (VsRecording *recording, GError **error);

/* Of what was written. */
GstClockTime vs_recording_get_duration (VsRecording *recording);
guint        vs_recording_get_gaps (VsRecording *recording);
/* bytes of the file, once it is finished */
guint64      vs_recording_get_size (VsRecording *recording);

G_END_DECLS
