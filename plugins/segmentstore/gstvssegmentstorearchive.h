/* VisionStream: the archive that vssegmentstore writes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvssegmentstore.h"
#include "store/vsspool.h"

G_BEGIN_DECLS

/* Opens what the settings name: store, writer, and the segmenter that goes on
 * where the archive ends. What the archive says becomes messages. FALSE: the
 * ERROR is posted, and what was opened is to be closed. */
gboolean gst_vs_segment_store_open_archive (GstVsSegmentStore *self);
/* Where what is on its way to a store waits. */
VsStore *gst_vs_segment_store_open_spool_directory (GstVsSegmentStore *self,
    GError **error);
/* All 0 without a spool */
void     gst_vs_segment_store_get_spool_stats (GstVsSegmentStore *self,
    VsSpoolStats *stats);
/* (transfer full): where the spool is, or would be */
gchar   *gst_vs_segment_store_dup_spool_directory (GstVsSegmentStore *self);
/* Waits until all is in the store itself, or it can't be for now. */
void     gst_vs_segment_store_drain (GstVsSegmentStore *self);
/* Waits a while for what is not stored yet. */
void     gst_vs_segment_store_close_archive (GstVsSegmentStore *self);

G_END_DECLS
