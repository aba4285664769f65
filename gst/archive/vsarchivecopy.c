/* VisionStream: an archive, or a range of it, as one MP4 file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One thread reads and checks segments, the caller's takes them apart and
 * writes them: all bytes are read once and written once.
 */
#include "config.h"
#include "archive/vsarchivecopy.h"

#include <string.h>

#include "archive/vsarchiveahead.h"
#include "archive/vsarchiveuri.h"
#include "archive/vsarchivewriter.h"

/* How long a store behind a network may fail */
#define PATIENCE (60 * GST_SECOND)
/* For how much room is reserved where the end is still to come */
#define GROWING_MAX (24 * 3600 * GST_SECOND)

typedef struct
{
  const VsArchiveCopySettings *settings;
  const VsArchiveCopyCallbacks *callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  VsArchiveCopyStatus *status;

  VsArchiveAhead *ahead;
  gchar *language;
  VsMovie *movie;               /* from the first segment on */
  guint64 run;                  /* of another maker's archive, counted here */
} Copy;

/* ---- saying ------------------------------------------------------------- */

static void
on_problem (const GError * error, gpointer user_data)
{
  Copy *self = user_data;

  if (self->callbacks->problem)
    self->callbacks->problem (error, self->user_data);
}

static void
on_finished (const VsMovieFile * file, gpointer user_data)
{
  Copy *self = user_data;

  self->status->files++;
  self->status->size += file->size;
  self->status->gaps += file->gaps;
  if (self->callbacks->finished)
    self->callbacks->finished (file, self->user_data);
}

static void
tell_progress (Copy * self)
{
  if (self->callbacks->progress)
    self->callbacks->progress (self->status, self->user_data);
}

/* ---- names -------------------------------------------------------------- */

/* "clip.mp4", "clip-2.mp4" */
static gchar *
number_key (const gchar * key, guint n)
{
  const gchar *slash = strrchr (key, '/');
  const gchar *name = slash ? slash + 1 : key;
  const gchar *dot = strrchr (name, '.');
  gsize stem = dot ? dot - key : strlen (key);

  if (n == 1)
    return g_strdup (key);
  return g_strdup_printf ("%.*s-%u%s", (gint) stem, key, n, key + stem);
}

static gboolean
check_free (Copy * self, const gchar * key, GError ** error)
{
  VsStore *store = self->settings->destination;
  g_autoptr (GError) cause = NULL;
  g_autoptr (VsStoreObject) object = NULL;

  if (self->settings->replace)
    return TRUE;
  object = vs_store_stat (store, key, self->cancellable, &cause);
  if (object) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "%s/%s is there already", vs_store_get_location (store), key);
    return FALSE;
  }
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static gchar *
make_key (guint n, const VsSegment * first, gpointer user_data, GError ** error)
{
  Copy *self = user_data;
  g_autofree gchar *key = number_key (self->settings->key, n);

  return check_free (self, key, error) ? g_steal_pointer (&key) : NULL;
}

/* ---- segments ----------------------------------------------------------- */

/* What is to be written first of all tells how long it will be. */
static void
open_movie (Copy * self)
{
  const VsArchiveCopySettings *settings = self->settings;
  GstClockTime total = self->status->total;
  const VsMovieSettings movie = {
    .store = settings->destination,
    .keep_gaps = !settings->range.close_gaps,
    .max_duration = GST_CLOCK_TIME_IS_VALID (total) ?
        total + total / 8 : GROWING_MAX,
    .spill_directory = settings->spill_directory,
    .language = self->language,
    .patience = vs_store_is_remote (settings->destination) ? PATIENCE : 0,
    .fail = settings->range.fail,
    .make_key = make_key,
    .problem = on_problem,
    .finished = on_finished,
    .user_data = self,
  };

  if (self->movie == NULL)
    self->movie = vs_movie_new (&movie, self->cancellable);
}

/* Another maker's playlist counts runs from where it begins now, and does not
 * tell the times of tracks. */
static void
make_own (Copy * self, const VsArchiveChunk * chunk)
{
  VsSegment *segment = chunk->segment;

  self->run += chunk->discont;
  segment->run = self->run;
  for (guint i = 0; i < segment->n_tracks; i++)
    segment->tracks[i].start = segment->tracks[i].duration = 0;
}

static gboolean
copy_segment (Copy * self, const VsArchiveChunk * chunk, gboolean is_foreign,
    GError ** error)
{
  VsMovieAdd added;

  open_movie (self);
  if (is_foreign)
    make_own (self, chunk);
  added = vs_movie_add (self->movie, chunk->segment, chunk->bytes, error);
  if (added == VS_MOVIE_ADDED) {
    self->status->segments++;
    self->status->bytes += g_bytes_get_size (chunk->bytes);
  } else {
    self->status->lost++;
  }
  self->status->duration = vs_movie_get_duration (self->movie);
  return added != VS_MOVIE_FAILED;
}

static gboolean
copy_chunk (Copy * self, const VsArchiveChunk * chunk,
    const VsArchiveAheadState * state, GError ** error)
{
  self->status->total = state->total;
  if (chunk->problem)
    on_problem (chunk->problem, self);
  if (chunk->segment && chunk->bytes == NULL)
    self->status->lost++;
  if (chunk->bytes && !copy_segment (self, chunk, state->is_foreign, error))
    return FALSE;
  tell_progress (self);
  return TRUE;
}

static gboolean
copy_all (Copy * self, GError ** error)
{
  for (;;) {
    VsArchiveAheadState state;
    g_autoptr (GError) cause = NULL;
    g_autoptr (VsArchiveChunk) chunk =
        vs_archive_ahead_next (self->ahead, &state, &cause);

    if (chunk == NULL && cause == NULL)
      return TRUE;
    if (cause)
      g_propagate_error (error, g_steal_pointer (&cause));
    if (chunk == NULL || !copy_chunk (self, chunk, &state, error))
      return FALSE;
  }
}

/* ---- all of it ---------------------------------------------------------- */

static gboolean
open_source (Copy * self, GError ** error)
{
  const VsArchiveCopySettings *settings = self->settings;
  VsArchiveCursor *cursor = vs_archive_cursor_open (settings->source,
      settings->account, settings->event, settings->breakout, &settings->range,
      self->cancellable, error);
  g_autoptr (VsRendition) rendition = NULL;

  if (cursor == NULL)
    return FALSE;
  rendition = vs_archive_cursor_get_rendition (cursor);
  self->language = g_strdup (rendition->language);
  self->ahead = vs_archive_ahead_new (cursor, self->cancellable);
  return TRUE;
}

static gboolean
finish (Copy * self, GError ** error)
{
  const VsArchiveCopySettings *settings = self->settings;
  g_autofree gchar *folder = NULL, *place = NULL;

  if (self->movie && !vs_movie_finish (self->movie, error))
    return FALSE;
  if (self->status->files > 0) {
    vs_movie_keep (self->movie);
    return TRUE;
  }
  folder = vs_archive_folder (settings->account, settings->event,
      settings->breakout);
  place = vs_archive_show (settings->source, "",
      settings->range.playlist ? settings->range.playlist : folder);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "%s: nothing of the range can be read", place);
  return FALSE;
}

gboolean
vs_archive_copy_mp4 (const VsArchiveCopySettings * settings,
    const VsArchiveCopyCallbacks * callbacks, gpointer user_data,
    VsArchiveCopyStatus * status, GCancellable * cancellable, GError ** error)
{
  Copy self = {.settings = settings,.callbacks = callbacks,
    .user_data = user_data,.cancellable = cancellable,.status = status
  };
  gboolean ok;

  memset (status, 0, sizeof *status);
  status->total = GST_CLOCK_TIME_NONE;
  ok = check_free (&self, settings->key, error)
      && open_source (&self, error) && copy_all (&self, error)
      && finish (&self, error);
  g_clear_pointer (&self.ahead, vs_archive_ahead_free);
  g_clear_pointer (&self.movie, vs_movie_free);
  g_free (self.language);
  return ok;
}
