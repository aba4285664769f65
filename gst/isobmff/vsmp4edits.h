/* VisionStream: what of a track is shown when: its edit list
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vsboxwriter.h"
#include "isobmff/vsmp4writer.h"

G_BEGIN_DECLS

/* Where a track's media lies on the common timeline, in its timescale. */
typedef struct
{
  guint32 timescale;
  gint64 first_dts;             /* where media time is 0 */
  gint64 start, end;            /* of presentation */
} VsMp4Extent;

/* A time of the track in %VS_MP4_WRITER_TIMESCALE. */
gint64 vs_mp4_extent_to_movie (const VsMp4Extent *extent, gint64 time);

/**
 * VsMp4Edits:
 *
 * An edit list (ISO/IEC 14496-12 8.6.6) of one edit, and an empty one where
 * the track begins later than the movie. Durations are in
 * %VS_MP4_WRITER_TIMESCALE.
 */
typedef struct
{
  gint64 empty;                 /* 0: there is none */
  gint64 duration;              /* 0: nothing of the track is shown */
  gint64 media;                 /* media time from which on it is shown */
} VsMp4Edits;

/* @movie_start: in %VS_MP4_WRITER_TIMESCALE; @shift: how much later the media
 * is presented than its extent says */
void vs_mp4_edits_init (VsMp4Edits *edits, const VsMp4Extent *extent,
    gint64 shift, gint64 movie_start);

/* edts, where there is need of it */
void vs_mp4_edits_put (VsBoxWriter *w, const VsMp4Edits *edits);

G_END_DECLS
