/* VisionStream: headers of movies and tracks (ISO/IEC 14496-12 8.2 to 8.7)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Of CMAF headers and of whole movies. Boxes are of version 1 where a time or
 * a duration does not fit into 32 bits.
 */
#pragma once

#include "codec/vscodec.h"
#include "isobmff/vsboxwriter.h"

G_BEGIN_DECLS

/* 14496-12 8.3.3 */
#define VS_TKHD_ENABLED 1
#define VS_TKHD_IN_MOVIE 2
#define VS_TKHD_IN_PREVIEW 4

typedef struct
{
  guint32 timescale;
  guint64 duration;             /* 0: in fragments */
  guint64 created;              /* s since 1904, 0: not known */
  guint32 next_track_id;
} VsMovieHeader;

typedef struct
{
  const VsCodecConfig *config;
  const gchar *language;        /* BCP 47, or NULL */
  guint32 id, timescale;
  guint32 flags;                /* of tkhd */
  guint16 alternate_group;
  guint64 created;              /* s since 1904, 0: not known */
  /* in @timescale, and in the movie's with what its edits add and leave out;
   * 0: in fragments */
  guint64 duration, movie_duration;
} VsTrackHeader;

void vs_movie_put_mvhd (VsBoxWriter *w, const VsMovieHeader *movie);
void vs_track_put_tkhd (VsBoxWriter *w, const VsTrackHeader *track);
/* mdhd, hdlr, and elng where the language is known: what mdia begins with */
void vs_track_put_media (VsBoxWriter *w, const VsTrackHeader *track);
/* vmhd or smhd, and dinf: what minf begins with */
void vs_track_put_information (VsBoxWriter *w, const VsTrackHeader *track);

G_END_DECLS
