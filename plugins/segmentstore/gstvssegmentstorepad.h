/* VisionStream: a rendition of vssegmentstore: sink pad, source pad, cutter
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvssegmentstore.h"
#include "store/vssha256.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_SEGMENT_STORE_PAD (gst_vs_segment_store_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstVsSegmentStorePad, gst_vs_segment_store_pad, GST,
    VS_SEGMENT_STORE_PAD, GstPad)

struct _GstVsSegmentStorePad
{
  GstPad parent;

  /* properties, under the object lock */
  gchar *rendition_name;
  guint program_number;

  guint number;                 /* N of sink_N */
  GstPad *srcpad;               /* not owned: it goes when this one goes */
  VsCutter *cutter;             /* of a stream that is to be cut; changes
                                 * under the element's lock */
  VsTsReader *reader;           /* of one that came cut */

  /* under the element's lock */
  gboolean ended;
  gchar *wish, *name;           /* of the rendition: see the names' file */
  gboolean parked, serving;

  /* The rest belongs to the thread that streams: the cutter's callbacks
   * and what comes into the sink pad, which exclude each other. */
  GstSegment segment;
  gboolean has_preamble;        /* stream-start, caps, segment went out */
  guint32 seqnum;               /* of the EOS event */
  GstFlowReturn flow;
  VsRendition *upstream;        /* what the event said, or NULL */

  VsRendition *rendition;       /* what goes out, NULL until it is known */
  GPtrArray *configs;           /* VsCodecConfig, until the name is known, */
  GQueue waiting;               /* and VsOutput */
  gsize waiting_bytes;
  gint64 waiting_since_90k;
  guint track_count;
  gchar *language;              /* as the TS tells it, or NULL */
  VsSegment *opened, *closed;   /* for the next event */
  guint64 last_sequence;        /* handed to the archive, 0 for none */
  gboolean announced;           /* opened is */
  gboolean joined;              /* came cut: saw a segment open */
  GPtrArray *parts;             /* GBytes of the open segment */
  gsize size;
  gboolean overflow;            /* it has too many: it becomes a gap */
  VsSha256 sha256;              /* of parts */
  GstClockTime running_time;    /* of the buffer that is pushed */
};

GstPad *gst_vs_segment_store_pad_new (GstPadTemplate *sink_templ,
    GstPadTemplate *src_templ, guint number);

/* When streaming begins and has ended. */
void gst_vs_segment_store_pad_start (GstVsSegmentStorePad *pad,
    GstVsSegmentStore *self);
void gst_vs_segment_store_pad_stop (GstVsSegmentStorePad *pad,
    GstVsSegmentStore *self);

G_END_DECLS
