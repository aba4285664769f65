/* VisionStream: the names of vssegmentstore's renditions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvssegmentstorepad.h"

G_BEGIN_DECLS

/* What the pad's rendition is to be called; only the first wish counts. */
void gst_vs_segment_store_wish_name (GstVsSegmentStore *self,
    GstVsSegmentStorePad *pad, const gchar *wish);

/**
 * gst_vs_segment_store_get_name:
 * @at_once: do not wait for the pads before it; there must be a wish
 *
 * Returns: (transfer full) (nullable): what it wished for, with a number when
 *   another pad has that; NULL while one before it may want it
 */
gchar *gst_vs_segment_store_get_name (GstVsSegmentStore *self,
    GstVsSegmentStorePad *pad, gboolean at_once);

/* The pad's stream ended before it got its name: whoever brings that about
 * calls gst_vs_segment_store_pad_release (). FALSE: it has one now. */
gboolean gst_vs_segment_store_park (GstVsSegmentStore *self,
    GstVsSegmentStorePad *pad);
/* Takes it back. */
void gst_vs_segment_store_unpark (GstVsSegmentStore *self,
    GstVsSegmentStorePad *pad);
/* To be called, without locks, after anything by which a pad got its name. */
void gst_vs_segment_store_serve_parked (GstVsSegmentStore *self);

G_END_DECLS
