/* VisionStream: the access units of a programme in one order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/**
 * VsMediaUnit:
 *
 * An access unit that was put in order, with what cutting needs to know about
 * it. When @program is set it is none, but says that the units after it belong
 * to that programme.
 *
 * A stretch is what lies between two jumps of the programme's clock; times
 * compare within one only.
 */
typedef struct
{
  VsTsProgram *program;         /* owned */

  guint track;
  VsMediaType type;
  VsTsUnitFlags flags;
  guint stretch;                /* from 0 */
  gint64 pts_90k, dts_90k;      /* repaired and on the grid */
  gboolean timed;               /* FALSE: a section, placed by arrival */
  gint64 duration_90k;          /* of the frame */
  VsCodecConfig *config;        /* owned, or NULL */

  /* The stream's clockwork is this track: its first video, or its first audio
   * while there is no video. */
  gboolean leads;
  /* A stream can be cut ahead of it: nothing after it in decoding order is
   * shown before @floor_90k, all before it is. TRUE for all audio; not for
   * B-frames. */
  gboolean anchor;
  gint64 floor_90k;
  /* a keyframe with which the configuration or the tracks changed */
  gboolean reconfigured;

  /* the track's own time, see VsSegmentTrack: whole frames for audio */
  guint timescale;
  gint64 start, length;

  GstClockTime running_time;    /* of arrival, or none */
  gsize size;
  guint8 data[];
} VsMediaUnit;

void  vs_media_unit_free (VsMediaUnit *unit);
/* Bytes of memory that a queued unit takes: what queues are bounded by. */
gsize vs_media_unit_get_footprint (const VsMediaUnit *unit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsMediaUnit, vs_media_unit_free)

/**
 * VsInterleaver:
 *
 * Queues units a track and gives them out by decoding time. It waits for a
 * video or audio track that has nothing until the others are 2 s ahead (5 s
 * when it never had anything): from then on it is not waited for. What comes
 * out depends on the order of the units alone, never on when they come.
 */
typedef struct _VsInterleaver VsInterleaver;
/* (transfer full) @unit */
typedef void (*VsInterleaverFunc) (VsMediaUnit *unit, gpointer user_data);

VsInterleaver *vs_interleaver_new (VsInterleaverFunc output,
    gpointer user_data);
void           vs_interleaver_free (VsInterleaver *interleaver);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsInterleaver, vs_interleaver_free)

/* What is queued goes out first. Nothing happens when the tracks are the
 * same. */
void vs_interleaver_set_program (VsInterleaver *interleaver,
    const VsTsProgram *program);
void vs_interleaver_push (VsInterleaver *interleaver, const VsTsUnit *unit,
    GstClockTime running_time);
void vs_interleaver_drain (VsInterleaver *interleaver);
/* Forgets what is queued; a new stretch begins. */
void vs_interleaver_flush (VsInterleaver *interleaver);

G_END_DECLS
