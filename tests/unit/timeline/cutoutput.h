/* VisionStream: what comes out of a cutter under test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vssegmenter.h"
#include "timeline/teststream.h"

#define UTC G_GINT64_CONSTANT (1700000000000000)
#define HOUR_90K (G_GINT64_CONSTANT (3600) * 90000)
#define START 900000

/* a piece of @n frames, an IDR each two seconds */
#define PLAIN(n) { .start_90k = START, .frames = n, .gop = 60 }

/* What came out of one cutter. */
typedef struct
{
  VsCutter *cutter;
  GPtrArray *segments;          /* VsSegment, closed */
  GByteArray *bytes;            /* of all */
  guint64 offset;               /* where the open segment's bytes begin */
  gboolean open;
  guint units, configs, warnings, ends;
} Output;

/* Numbers from 1 on, and the time UTC. */
VsSegmenter *segmenter_new (GstClockTime target);

/* Of a rendition that is added to @segmenter */
void output_init (Output *output, VsSegmenter *segmenter, const gchar *name);
void output_clear (Output *output);
/* Pushes @bytes, @chunk at a time. */
void output_push (Output *output, const GByteArray *bytes, gsize chunk);
/* "start 180180, idr 180180 DNG": cause, ticks, then D for a discontinuity, N
 * for one that is not independent, G for a gap. */
gchar *output_summarize (const Output *output);
/* What is true of any timeline. */
void output_check (const Output *output);
