/* VisionStream: segments as MP4 files, as many as it takes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsMovie:
 *
 * A VsRecording by somebody who waits for it, and another one where that is
 * full: all files, or none. For one thread.
 */
typedef struct _VsMovie VsMovie;

/**
 * VsMovieFile:
 *
 * A file that is finished.
 */
typedef struct
{
  const gchar *key;
  GstClockTime duration;
  guint64 size;                 /* bytes */
  guint gaps;                   /* that are in it, or were closed */
} VsMovieFile;

/**
 * VsMovieSettings:
 * @keep_gaps, @max_duration, @spill_directory, @language: see
 *   VsRecordingSettings
 * @patience: how long the store may fail
 * @fail: on a segment of which nothing is of use
 * @make_key: (transfer full): of the @n-th file, from 1, that begins with
 *   @first; NULL with an error
 * @problem: (nullable): what is missing, or takes long
 * @finished: (nullable): a file is there
 */
typedef struct
{
  VsStore *store;
  gboolean keep_gaps;
  GstClockTime max_duration;
  const gchar *spill_directory, *language;
  GstClockTime patience;
  gboolean fail;
  gchar *(*make_key) (guint n, const VsSegment *first, gpointer user_data,
      GError **error);
  void (*problem) (const GError *error, gpointer user_data);
  void (*finished) (const VsMovieFile *file, gpointer user_data);
  gpointer user_data;
} VsMovieSettings;

VsMovie *vs_movie_new (const VsMovieSettings *settings,
    GCancellable *cancellable);
/* Removes what was written unless it was kept. */
void     vs_movie_free (VsMovie *movie);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsMovie, vs_movie_free)

typedef enum
{
  VS_MOVIE_FAILED,
  VS_MOVIE_ADDED,
  VS_MOVIE_LEFT_OUT             /* said to @problem: nothing is of use */
} VsMovieAdd;

/* The next segment; numbers that are left out are gaps. */
VsMovieAdd vs_movie_add (VsMovie *movie, const VsSegment *segment,
    GBytes *ts, GError **error);

/* Finishes the last file. FALSE: with %G_IO_ERROR_NOT_SUPPORTED when there is
 * none, because MP4 has no place for what was added. */
gboolean vs_movie_finish (VsMovie *movie, GError **error);
/* What was finished stays. */
void     vs_movie_keep (VsMovie *movie);

/* Of what was written, all files. */
GstClockTime vs_movie_get_duration (VsMovie *movie);
/* Of the files that are finished. */
guint        vs_movie_get_files (VsMovie *movie);
guint        vs_movie_get_gaps (VsMovie *movie);
guint64      vs_movie_get_size (VsMovie *movie);

G_END_DECLS
