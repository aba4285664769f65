/* VisionStream: clips that vssegmentstore makes of what it stores
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvssegmentstore.h"

G_BEGIN_DECLS

/* Adds the action signal. */
void gst_vs_segment_store_install_harvest (GObjectClass *klass);

/* From when the archive is open until before it is closed: the second cancels
 * what goes on, and waits for that. */
void gst_vs_segment_store_start_harvests (GstVsSegmentStore *self);
void gst_vs_segment_store_stop_harvests (GstVsSegmentStore *self);

G_END_DECLS
