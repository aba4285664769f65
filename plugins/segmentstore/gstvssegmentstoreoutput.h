/* VisionStream: what a rendition of vssegmentstore gives out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvssegmentstorepad.h"

G_BEGIN_DECLS

typedef enum
{
  VS_OUTPUT_OPEN,
  VS_OUTPUT_CHUNK,
  VS_OUTPUT_CLOSE,
  VS_OUTPUT_END
} VsOutputType;

/* What a cutter's callback gave. */
typedef struct
{
  VsOutputType type;
  VsSegment *segment;           /* that opened or closed */

  GBytes *bytes;                /* of a chunk */
  gint64 pts_90k, dts_90k;
  GstBufferFlags flags;
  GstClockTime arrival;         /* running time */
} VsOutput;

/* A pad's other half: from its source pad and into the archive. All is called
 * in the thread that streams, or serves the pad after that. */

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

/* The name is known: makes the rendition, and gives out what waited. */
void gst_vs_segment_store_pad_release (GstVsSegmentStorePad *pad);
/* There is a wish: takes the name, or it with a number, out of turn. */
void gst_vs_segment_store_pad_name_at_once (GstVsSegmentStorePad *pad);
void gst_vs_segment_store_pad_drop_waiting (GstVsSegmentStorePad *pad);
/* Tells the rendition, to the archive and downstream. */
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
