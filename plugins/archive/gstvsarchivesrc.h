/* VisionStream: vsarchivesrc, an archive as a stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/gstbasesrc.h>

#include "archive/vsarchivecursor.h"
#include "archive/vsarchivelocation.h"
#include "vsarchivesrcsettings.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_ARCHIVE_SRC (gst_vs_archive_src_get_type ())
G_DECLARE_FINAL_TYPE (GstVsArchiveSrc, gst_vs_archive_src, GST,
    VS_ARCHIVE_SRC, GstBaseSrc)

/**
 * GST_VS_ARCHIVE_SRC_LEAD:
 *
 * What comes first in a stream is due ahead of its first picture's time, by the
 * delay of its decoder: up to a second, or a minute for still pictures (ISO/IEC
 * 13818-1 2.4.2.7). The stream's segment begins this far up, so that no
 * buffer's time is below 0.
 */
#define GST_VS_ARCHIVE_SRC_LEAD (60 * GST_SECOND)

struct _GstVsArchiveSrc
{
  GstBaseSrc parent;

  /* protected by the object lock */
  VsArchiveSrcSettings settings;
  guint64 read, skipped, bytes;
  GstClockTime position, duration, oldest;
  gboolean growing;
  GstSeekFlags seek_flags;      /* of the seek that is being made */

  GCancellable *cancellable;

  /* protected by the stream lock */
  VsArchiveSrcSettings in_use;  /* as they were when it started */
  VsArchiveCursor *cursor;      /* NULL until the first buffer is wanted */
  gboolean seek_pending;        /* where the cursor is to go */
  GstClockTime seek_to, seek_stop;
  VsArchiveSnap snap;
  gboolean move_start;          /* to the keyframe that is found */
  VsArchiveChunk *chunk;        /* that is given out, or NULL */
  GstBuffer *whole;             /* its bytes */
  guint next_piece;
  GstClockTime last;            /* time of the last buffer */
  gboolean has_rendition;       /* the event was sent */
  VsSegment *announced;         /* that was opened by an event, or NULL */
  gboolean skipping;            /* a segment was left out just before */
  gboolean is_playlist;         /* that location names */
};

GST_ELEMENT_REGISTER_DECLARE (vsarchivesrc)

/* gstvsarchivesrcoutput.c: what a chunk becomes */

/* (transfer full): takes a chunk and tells what it is. */
void           gst_vs_archive_src_take_chunk (GstVsArchiveSrc *self,
    VsArchiveChunk *chunk);
/* The next buffers of it; NULL when there are no more. */
GstBufferList *gst_vs_archive_src_next_list (GstVsArchiveSrc *self);
void           gst_vs_archive_src_drop_chunk (GstVsArchiveSrc *self);
/* The last segment is closed, ahead of EOS. */
void           gst_vs_archive_src_close_segment (GstVsArchiveSrc *self);

G_END_DECLS
