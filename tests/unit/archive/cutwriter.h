/* VisionStream: from a cutter into an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/archivelog.h"
#include "timeline/vssegmenter.h"

/* A rendition that is cut, and what its open segment has so far. */
typedef struct
{
  VsArchiveWriter *writer;
  const gchar *rendition;
  VsCutter *cutter;
  GPtrArray *parts;             /* GBytes */
  GChecksum *sum;
  gsize size;
} CutWriter;

/* Declares the rendition. */
void cut_writer_init (CutWriter *self, VsArchiveWriter *writer,
    VsSegmenter *segmenter, const gchar *rendition);
/* The cutter was drained. */
void cut_writer_clear (CutWriter *self);

/* A segmenter that goes on with what the archive has. */
VsSegmenter *cut_segmenter_new (gint64 utc_us, const VsArchiveState *state);
