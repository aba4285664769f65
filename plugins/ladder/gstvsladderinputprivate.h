/* VisionStream: the ladder's entrance and its parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ladder/gstvsladderinput.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (vsladderinput_debug);

/* how far one stream may be ahead of the other in the source's own order */
#define VS_LADDER_INPUT_MAX_LEAD (5 * GST_SECOND)

/* One of the two */
typedef struct
{
  GstPad *sinkpad, *srcpad;
  VsMediaType type;

  /* streaming thread only */
  GstSegment segment;           /* of what goes on next */
  GstSegment arrival;           /* of what comes next */

  /* protected by lock */
  gboolean linked;
  gboolean expected;            /* the output has this stream */
  GstClockTime link_time;       /* of the other stream, when linked */
  gboolean refused;             /* came too late to be part of the output */
  GThread *thread;              /* that last brought something; not owned */
  gint64 last_arrival;          /* monotonic µs */
  gboolean seen;                /* had a buffer */
  gboolean started;             /* our segment was pushed */
  gboolean stream_started;      /* a stream-start was pushed */
  gboolean eos, eos_sent;
  gboolean flushing;
  gint64 offset;                /* ladder time - (running time - origin) */
  GstClockTime last;            /* ladder time of the last DTS or PTS */
  GstClockTime position;        /* ladder time up to which it has come */
  GQueue held;                  /* of GstMiniObject, before the origin: buffers,
                                 * and the events between them */
  GstClockTime held_first;      /* running time of the first held buffer */
} InputStream;

/* Lock order: the stream lock of a sink pad, then self->lock. The lock is not
 * held over a push. A stream's events are pushed from the other's thread only
 * when the stream lock could be taken at once, that is, when it is idle. */
struct _GstVsLadderInput
{
  GstElement parent;

  InputStream video, audio;

  GMutex lock;
  GCond cond;

  /* protected by lock */
  gboolean has_origin;
  GstClockTime origin;          /* running time */
  gint64 offset;                /* that the last jump set */
  gboolean live_known, live;
};

InputStream *vs_ladder_input_get_other (GstVsLadderInput *self,
    InputStream *stream);

/* Times. Those that end in _unlocked are called with the lock. */

void vs_ladder_input_set_origin_unlocked (GstVsLadderInput *self,
    GstClockTime origin);
/* Video says where the output begins; audio does when it is alone or clearly
 * earlier. @time: of a buffer that may begin it */
void vs_ladder_input_decide_origin_unlocked (GstVsLadderInput *self,
    InputStream *stream, GstClockTime time);
/* Turns a running time into ladder time; a jump of the clock is taken out.
 * May be negative. */
gint64 vs_ladder_stream_map_time_unlocked (GstVsLadderInput *self,
    InputStream *stream, gint64 running_time);
/* With the stream lock. (transfer full) (nullable): @buffer with its times in
 * ladder time; NULL when it lies before all time */
GstBuffer *vs_ladder_stream_stamp (GstVsLadderInput *self, InputStream *stream,
    GstBuffer *buffer);

/* What goes out, and the end. All but the first are called with the stream
 * lock of @stream's sink pad, and without the lock. */

void vs_ladder_stream_reset (InputStream *stream);
/* Tells that nothing comes before @until. */
void vs_ladder_stream_push_gap (GstVsLadderInput *self, InputStream *stream,
    GstClockTime until);
/* What was kept back until the origin was known */
GstFlowReturn vs_ladder_stream_push_held (GstVsLadderInput *self,
    InputStream *stream);
/* A pad that nothing comes on still takes part in a live timeline. */
void vs_ladder_stream_start_other_live (GstVsLadderInput *self,
    InputStream *stream);
/* Before a buffer goes on: sees to it that the other stream follows. */
void vs_ladder_stream_balance (GstVsLadderInput *self, InputStream *stream);
/* Both streams end together, where the longer one does. */
void vs_ladder_stream_end (GstVsLadderInput *self, InputStream *stream);

G_END_DECLS
