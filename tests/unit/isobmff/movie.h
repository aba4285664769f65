/* VisionStream: MP4 files that the writer makes, and their judges, for tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>

#include "isobmff/vsmp4writer.h"

/* A sample as it was given to the writer: times on the common timeline. */
typedef struct
{
  VsSample sample;
  guint64 position;             /* in the payload */
} Written;

typedef struct
{
  guint number;                 /* the writer's */
  VsMediaType type;
  guint32 timescale;
  GArray *written;              /* Written */
} MovieTrack;

typedef struct
{
  VsMp4Writer *writer;
  gchar *folder, *path;
  GByteArray *payload;
  GPtrArray *tracks;            /* MovieTrack */
} Movie;

/* With a folder of its own, where it also spills. */
Movie *movie_new (void);
void movie_free (Movie *movie);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Movie, movie_free)

MovieTrack *movie_add_track (Movie *movie, const VsCodecConfig *config,
    guint32 timescale);
/* @data: (nullable): of the samples; zeros else */
void movie_add_chunk (Movie *movie, MovieTrack *track, gint64 start,
    const VsSample *samples, guint n, const guint8 *data);
/* Writes the file; returns the head, which has the size that was told. */
GBytes *movie_write (Movie *movie, guint64 reserved);
/* The head alone, into memory */
GBytes *movie_get_head (VsMp4Writer *writer, guint64 reserved,
    guint64 payload_size);

/* A stream's two tracks, in memory; times of video are those of the TS, those
 * of audio count from its start. */
typedef struct
{
  VsSamples tracks[2];          /* video, audio */
  guint32 timescale[2];
  gint64 start[2];              /* where times count from */
} Source;

gboolean source_load (Source *source, const gchar *ts_path);
void source_clear (Source *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)
/* Adds its samples, in chunks of the two tracks by turns; the first ones of a
 * movie make its tracks. @delay_90k: is added to their times */
void movie_add_source (Movie *movie, const Source *source, gint64 delay_90k);

/* A command's output; FALSE when it failed */
gboolean run (const gchar *line, gchar **output);

/* Each fails where times, sizes, places or flags are not those written; the
 * movie is to start at @start_90k. */
void movie_check_ffprobe (const Movie *movie, gint64 start_90k);
void movie_check_reader (const Movie *movie, gint64 start_90k);
void movie_check_gstreamer (const Movie *movie, gint64 start_90k);
/* ffmpeg decodes all of it */
void movie_check_decodes (const Movie *movie);
