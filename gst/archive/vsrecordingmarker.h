/* VisionStream: recordings that are not finished
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

G_BEGIN_DECLS

/* below an event's folder */
#define VS_RECORDINGS_FOLDER "recordings"

/**
 * VsRecordingMarker:
 * @name: (nullable): of the file, without ".mp4"; NULL: not chosen yet
 * @first_sequence: from where on it is
 * @is_separate: nothing of what was recorded before is in it: the event had
 *   ended there, or the file before was full. Else it goes on with an older
 *   recording that was not finished, where there is one.
 * @is_choice: it is one of those of which the best will be recorded, and that
 *   is not chosen yet; @pixels: of its picture
 *
 * An object in the recordings' folder that is there as long as a recording is
 * not finished: whoever finds it makes the recording from the archive.
 */
typedef struct
{
  gchar *name;
  gchar *rendition;
  guint64 first_sequence;
  gboolean is_separate, is_choice;
  guint64 pixels;
} VsRecordingMarker;

VsRecordingMarker *vs_recording_marker_new (const gchar *rendition,
    guint64 first_sequence, gboolean is_separate);
VsRecordingMarker *vs_recording_marker_copy (const VsRecordingMarker *marker);
void vs_recording_marker_free (VsRecordingMarker *marker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsRecordingMarker, vs_recording_marker_free)

/* "default/live/recordings" */
gchar *vs_recordings_folder (const gchar *folder);
/* "default/live/recordings/live-20260101T000000Z_720p.mp4" */
gchar *vs_recording_key (const gchar *folder, const gchar *name);

/**
 * vs_recording_name:
 * @wanted: "live-20260101T000000Z_720p"
 *
 * A name that no recording has yet: @wanted, or that with a number.
 *
 * Returns: NULL with %G_IO_ERROR
 */
gchar *vs_recording_name (VsStore *store, const gchar *folder,
    const gchar *wanted, GCancellable *cancellable, GError **error);

gboolean vs_recording_marker_put (const VsRecordingMarker *marker,
    VsStore *store, const gchar *folder, GCancellable *cancellable,
    GError **error);
gboolean vs_recording_marker_delete (const VsRecordingMarker *marker,
    VsStore *store, const gchar *folder, GCancellable *cancellable,
    GError **error);

/**
 * vs_recording_markers_find:
 * @rendition: (nullable): NULL for all
 *
 * Those of a rendition. What is no marker of ours is left where it is.
 *
 * Returns: (element-type VsRecordingMarker) (transfer full): by their first
 *   sequence number
 */
GPtrArray *vs_recording_markers_find (VsStore *store, const gchar *folder,
    const gchar *rendition, GCancellable *cancellable, GError **error);

G_END_DECLS
