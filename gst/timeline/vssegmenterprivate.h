/* VisionStream: what segmenter and cutters share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vsboundaries.h"
#include "timeline/vssegmenter.h"
#include "mpegts/vstswriter.h"

G_BEGIN_DECLS

/* first video and first audio: what VsSegment tells of */
#define VS_CUTTER_TRACKS VS_SEGMENT_MAX_TRACKS

G_STATIC_ASSERT (VS_TS_MAX_TRACKS <= 32);        /* bits of VsCutter.ahead */

struct _VsSegmenter
{
  gatomicrefcount ref_count;
  GMutex lock;
  GCond idle;                   /* a cutter is not busy any more */
  GCond changed;                /* version grew, or a cutter is flushing */

  /* protected by lock */
  VsBoundaries boundaries;
  GPtrArray *cutters;           /* in the order they joined; not owned */
  VsCutter *reference;          /* or NULL */
  gboolean led_by_video;        /* the reference had video, or the last one */
  gboolean finished;            /* all cutters have ended */
  guint64 version;              /* counts changes that others may wait for */
};

/* Where a track stands; in its own timescale. */
typedef struct
{
  VsMediaType type;
  guint index;                  /* in the written programme */
  guint timescale;              /* 0 until it had a unit */
  gboolean placed;              /* start is valid for the open segment */
  gint64 start, end;
  gint64 length;                /* of a frame */
  guint64 size;                 /* bytes in the open segment */
  gchar config_id[9];           /* of the segment's first unit, or empty */
} VsCutterTrack;

struct _VsCutter
{
  VsSegmenter *segmenter;
  gchar *name;
  VsCutterCallbacks callbacks;
  gpointer user_data;

  /* protected by the segmenter's lock */
  gboolean known;               /* its programme is */
  gboolean has_video;
  gboolean drained;
  gboolean exhausted;           /* drained, and all of it was cut */
  gboolean ended;               /* the end callback was called */
  gboolean busy;                /* a thread works on what follows */
  gboolean flushing;
  GThread *thread;              /* that pushed last; not owned */
  guint64 seen;                 /* version when it last looked */
  guint64 next_sequence;        /* of the boundary it comes to next */
  VsTsStats stats;              /* of the reader, as of the last push */

  /* used by the thread that made it busy */
  VsTsReader *reader;
  VsInterleaver *interleaver;
  GstClockTime running_time;
  guint stretch_shift;          /* its stretches to the segmenter's */
  GQueue held;                  /* VsMediaUnit, not cut yet */
  GList *unexamined;            /* first of them that the rules have not seen */
  gint64 held_90k;
  gsize held_bytes;
  GQueue after;                 /* VsMediaUnit of the segment that is next */
  gsize after_bytes;
  guint32 ahead;                /* tracks (as they came) among them, by bit */
  gint64 video_ahead;           /* start of the video among them, or none */

  VsTsProgram *program;         /* as it is written */
  VsTsProgram *next_program;    /* from the next boundary on, or NULL */
  gint map[VS_TS_MAX_TRACKS];   /* track that came to track written, or -1 */
  VsTsWriter *writer;
  guint written[VS_TS_MAX_TRACKS];      /* 1 + last stretch written, or 0 */
  VsCodecConfig *configs[VS_TS_MAX_TRACKS];

  VsSegment *segment;           /* that is open, or NULL */
  guint stretch;                /* of it */
  gboolean needs_key;           /* video is left out up to a keyframe */
  gboolean psi_due;
  gboolean has_video_unit;      /* the segment has */
  gboolean dropped;             /* by a flush */
  gboolean empty;
  VsCutterTrack tracks[VS_CUTTER_TRACKS];
};

/* Something came about that others may wait for. */
void vs_segmenter_note_change_unlocked (VsSegmenter *segmenter);

/* vscutter.c; the caller has made @cutter busy */
void vs_cutter_take (VsMediaUnit *unit, gpointer user_data);
void vs_cutter_examine (VsCutter *cutter);
void vs_cutter_cut (VsCutter *cutter);
void vs_cutter_finish (VsCutter *cutter);
void vs_cutter_forget (VsCutter *cutter);

G_END_DECLS
