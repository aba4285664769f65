/* VisionStream: the recordings that vssegmentstore makes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvssegmentstorepad.h"

G_BEGIN_DECLS

/* Begins to record, where the settings want it: after the archive was opened,
 * ahead of the first segment. @remote: (nullable): what the spool is in front
 * of. FALSE after an error was posted. */
gboolean gst_vs_segment_store_open_recordings (GstVsSegmentStore *self,
    VsStore *remote, const VsArchiveWriterSettings *archive,
    const VsArchiveState *state);
/* Stops at once; after the archive's writer. */
void gst_vs_segment_store_close_recordings (GstVsSegmentStore *self);

/* Waits until recordings are finished, or their store can't be reached. */
void gst_vs_segment_store_wait_for_recordings (GstVsSegmentStore *self);
/* Nobody waits from here on. */
void gst_vs_segment_store_interrupt_recordings (GstVsSegmentStore *self);

/* There is one more rendition, or one less. */
void gst_vs_segment_store_expect_recordings (GstVsSegmentStore *self);
/* The pad's rendition has ended: waits a few seconds for its recording, and
 * says downstream that it is finished. */
void gst_vs_segment_store_finish_recording (GstVsSegmentStore *self,
    GstVsSegmentStorePad *pad);

/* Adds what the statistics tell; takes the element's lock. */
void gst_vs_segment_store_add_recording_stats (GstVsSegmentStore *self,
    GstStructure *stats);

G_END_DECLS
