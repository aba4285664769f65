/* VisionStream: archives with streams in them that a reader can take apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/archivefixture.h"
#include "timeline/teststream.h"

/* UTC of the first run */
#define CUT_UTC G_GINT64_CONSTANT (1767225600000000)
#define CUT_UTC_TEXT "2026-01-01T00:00:"
/* Frames of a GOP, two of which make a segment; ticks of these */
#define CUT_GOP 30
#define CUT_GOP_90K (CUT_GOP * 3003)
#define CUT_GOP_NS (CUT_GOP_90K * GST_SECOND / 90000)
#define CUT_TARGET (2 * GST_SECOND)

/* @gops of video with B-frames and sound */
GByteArray *cut_stream (gint64 start_90k, guint gops);

/* What writes the rendition "a" of default/live in the fixture's store. */
typedef struct _CutArchive CutArchive;

/* @utc_us: of the first segment, which goes on from what there is;
 * @max_segments: that are retained, 0 for all */
CutArchive *cut_archive_open (gint64 utc_us, guint64 max_segments);
void        cut_archive_push (CutArchive *archive, const GByteArray *bytes);
/* What was pushed is stored; the event ends, or stays as it is. */
void        cut_archive_close (CutArchive *archive, gboolean end);
/* Waits until @n segments are stored. */
void        cut_archive_await (CutArchive *archive, guint n);

/* All of it: opened, pushed and closed */
void        cut_archive_make (gint64 utc_us, const GByteArray *bytes,
    gboolean end);
/* A segment's file: (transfer full) */
gchar      *cut_archive_path (guint64 sequence);
