/* VisionStream: raw media onto an unbroken grid of times
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* how long a live grid waits for what is late, beyond upstream's latency */
#define VS_LADDER_LIVE_HOLD (200 * GST_MSECOND)

#define GST_TYPE_VS_LADDER_GRID (gst_vs_ladder_grid_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstVsLadderGrid, gst_vs_ladder_grid, GST,
    VS_LADDER_GRID, GstElement)

/**
 * GstVsLadderGridClass:
 * @sink_caps: what is taken
 * @max_buffers: kept before chain waits
 * @start: once, before anything else is pushed
 * @caps: of the buffers that follow; FALSE when they are not understood
 * @buffer: (transfer full): with a PTS in ladder time
 * @fill: puts out all that lies before @until, from what there is. With
 *   @final, also what is kept back; @until is the end then, 0 if not known.
 * @due: ladder time at which what comes next must have come
 * @push_event: (transfer full): on all source pads
 * @reset: the stream ended or is flushed
 *
 * All called from the one thread that pushes, without locks.
 */
struct _GstVsLadderGridClass
{
  GstElementClass parent_class;

  guint max_buffers;
  gboolean (*start) (GstVsLadderGrid *self, const GstSegment *segment);
  gboolean (*caps) (GstVsLadderGrid *self, const GstCaps *caps);
  GstFlowReturn (*buffer) (GstVsLadderGrid *self, GstBuffer *buffer);
  GstFlowReturn (*fill) (GstVsLadderGrid *self, GstClockTime until,
      gboolean final);
  GstClockTime (*due) (GstVsLadderGrid *self);
  void (*push_event) (GstVsLadderGrid *self, GstEvent *event);
  void (*reset) (GstVsLadderGrid *self);
};

/**
 * gst_vs_ladder_grid_add_sink_pad:
 *
 * Adds the pad `sink`; called by instances' init.
 */
void gst_vs_ladder_grid_add_sink_pad (GstVsLadderGrid *self);

/**
 * gst_vs_ladder_grid_query_latency:
 * @hold: what the subclass keeps back itself
 *
 * Answers a LATENCY query on a source pad.
 */
gboolean gst_vs_ladder_grid_query_latency (GstVsLadderGrid *self,
    GstQuery *query, GstClockTime hold);

G_END_DECLS
