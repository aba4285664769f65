/* VisionStream: what a rendition of vssegmentstore gives out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvssegmentstorepad.h"

G_BEGIN_DECLS

/* A pad's other half: from its source pad and into the archive. All is called
 * in the thread that streams. */

/* What a cutter with the pad as its user data calls. */
extern const VsCutterCallbacks gst_vs_segment_store_pad_callbacks;

/* The element; a pad in use has one. */
GstVsSegmentStore *gst_vs_segment_store_pad_get_store
    (GstVsSegmentStorePad *pad);

/* Pushes the events that must be the first ones, in their order. */
void gst_vs_segment_store_pad_push_preamble (GstVsSegmentStorePad *pad);
/* Nobody below has to be there, or to want what comes. */
void gst_vs_segment_store_pad_push (GstVsSegmentStorePad *pad,
    GstBuffer *buffer);

/* Makes the rendition, from what upstream says or the stream itself. */
void gst_vs_segment_store_pad_make_rendition (GstVsSegmentStorePad *pad);
/* Tells it, to the archive and downstream. */
void gst_vs_segment_store_pad_declare (GstVsSegmentStorePad *pad);

/* The open segment's bytes: keeps them for the archive, or does not. */
void gst_vs_segment_store_pad_keep_part (GstVsSegmentStorePad *pad,
    GBytes *bytes);
void gst_vs_segment_store_pad_drop_parts (GstVsSegmentStorePad *pad);
/* Fills in what the bytes tell and hands the segment to the archive. */
void gst_vs_segment_store_pad_store (GstVsSegmentStorePad *pad,
    VsSegment *segment);

/* The stream has ended and all of it went out. */
void gst_vs_segment_store_pad_end (GstVsSegmentStorePad *pad);

G_END_DECLS
