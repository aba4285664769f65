/* VisionStream: the recordings of a clip
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsharvestmovies.h"

#include <string.h>

#include "archive/vsarchivewriter.h"
#include "archive/vsmovie.h"
#include "archive/vsrecordingmarker.h"
#include "archive/vsrecordingname.h"

#define ALL "all"
#define BEST "best"
#define SUFFIX ".mp4"
#define DEFAULT_PATIENCE (60 * GST_SECOND)

typedef struct
{
  VsHarvestMovies *set;
  gchar *rendition;
  VsMovie *movie;
} Movie;

struct _VsHarvestMovies
{
  const VsHarvestSettings *settings;
  const VsHarvestCallbacks *callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  gchar *folder;
  gchar **names;                /* that are wanted; NULL for all */
  GstClockTime max_duration;
  GPtrArray *movies;            /* Movie */
};

static void
movie_free (Movie * movie)
{
  g_clear_pointer (&movie->movie, vs_movie_free);
  g_free (movie->rendition);
  g_free (movie);
}

static Movie *
nth (VsHarvestMovies * self, guint i)
{
  return g_ptr_array_index (self->movies, i);
}

/* ---- saying ------------------------------------------------------------- */

static void
on_problem (const GError * error, gpointer user_data)
{
  VsHarvestMovies *self = ((Movie *) user_data)->set;

  if (self->callbacks->problem)
    self->callbacks->problem (error, self->user_data);
}

static void
on_finished (const VsMovieFile * file, gpointer user_data)
{
  Movie *movie = user_data;
  VsHarvestMovies *self = movie->set;
  VsRecordingInfo info = {
    .location = g_build_filename (vs_store_get_location
        (self->settings->destination), file->key, NULL),
    .rendition = movie->rendition,
    .duration = file->duration,
    .size = file->size,
    .gaps = file->gaps,
  };

  if (self->callbacks->recorded)
    self->callbacks->recorded (&info, self->user_data);
  g_free (info.location);
}

/* ---- which -------------------------------------------------------------- */

static gchar **
choose (const gchar * recordings, const gchar * best)
{
  const gchar *const one[] = { best, NULL };

  if (strcmp (recordings, ALL) == 0)
    return NULL;
  if (strcmp (recordings, BEST) == 0)
    return g_strdupv ((gchar **) one);
  return g_strsplit_set (recordings, ", ", -1);
}

static gboolean
is_wanted (VsHarvestMovies * self, const gchar * rendition)
{
  return self->settings->recordings && (self->names == NULL
      || g_strv_contains ((const gchar * const *) self->names, rendition));
}

static gboolean
is_there (const GPtrArray * renditions, const gchar * name)
{
  for (guint i = 0; i < renditions->len; i++) {
    const VsHarvestRendition *rendition = g_ptr_array_index (renditions, i);

    if (strcmp (rendition->name, name) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
vs_harvest_movies_check (VsHarvestMovies * self, const GPtrArray * renditions,
    GError ** error)
{
  for (guint i = 0; self->names && self->names[i]; i++) {
    const gchar *name = self->names[i];

    if (name[0] == '\0' || is_there (renditions, name))
      continue;
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "%s/%s/%s has no rendition \"%s\" to be recorded",
        vs_store_get_location (self->settings->source),
        self->settings->account, self->settings->event, name);
    return FALSE;
  }
  return TRUE;
}

/* ---- their life --------------------------------------------------------- */

static gboolean
remove_leftovers (VsHarvestMovies * self, GError ** error)
{
  VsStore *store = self->settings->destination;
  g_autofree gchar *folder = vs_recordings_folder (self->folder);
  g_autoptr (GPtrArray) objects =
      vs_store_list (store, folder, SUFFIX, self->cancellable, error);

  if (objects == NULL)
    return FALSE;
  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);

    if (!vs_store_delete (store, object->key, self->cancellable, error))
      return FALSE;
  }
  return self->settings->recordings == NULL
      || vs_store_clean (store, folder, self->cancellable, error);
}

VsHarvestMovies *
vs_harvest_movies_open (const VsHarvestSettings * settings,
    const VsHarvestCallbacks * callbacks, gpointer user_data,
    const gchar * best, GstClockTime expected, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (VsHarvestMovies) self = g_new0 (VsHarvestMovies, 1);

  self->settings = settings;
  self->callbacks = callbacks;
  self->user_data = user_data;
  g_set_object (&self->cancellable, cancellable);
  self->folder =
      vs_archive_folder (settings->to_account, settings->to_event, NULL);
  self->movies = g_ptr_array_new_with_free_func ((GDestroyNotify) movie_free);
  if (settings->recordings)
    self->names = choose (settings->recordings, best);
  self->max_duration = expected + expected / 8;
  if (settings->recordings
      && !vs_store_check_headed (settings->destination, self->folder, error))
    return NULL;
  return remove_leftovers (self, error) ? g_steal_pointer (&self) : NULL;
}

void
vs_harvest_movies_free (VsHarvestMovies * self)
{
  g_ptr_array_unref (self->movies);
  g_clear_object (&self->cancellable);
  g_strfreev (self->names);
  g_free (self->folder);
  g_free (self);
}

/* ---- writing ------------------------------------------------------------ */

static gchar *
make_key (guint n, const VsSegment * first, gpointer user_data, GError ** error)
{
  Movie *movie = user_data;
  VsHarvestMovies *self = movie->set;
  const VsRecordingNaming naming = {.event = self->settings->to_event,
    .rendition = movie->rendition,.utc_us = first->utc_us
  };
  g_autofree gchar *wanted =
      vs_recording_name_expand (VS_RECORDING_NAME_DEFAULT, &naming);
  g_autofree gchar *name = vs_recording_name (self->settings->destination,
      self->folder, wanted, self->cancellable, error);

  return name ? vs_recording_key (self->folder, name) : NULL;
}

static Movie *
add_movie (VsHarvestMovies * self, const VsHarvestRendition * rendition)
{
  Movie *movie = g_new0 (Movie, 1);
  g_autoptr (VsRendition) told = vs_timeline_get_rendition
      (rendition->timeline);
  const VsMovieSettings settings = {
    .store = self->settings->destination,
    .keep_gaps = self->settings->keep_gaps,
    .max_duration = self->max_duration,
    .spill_directory = self->settings->spill_directory,
    .language = told->language,
    .patience = self->settings->patience ? self->settings->patience :
        DEFAULT_PATIENCE,
    .make_key = make_key,
    .problem = on_problem,
    .finished = on_finished,
    .user_data = movie,
  };

  movie->set = self;
  movie->rendition = g_strdup (rendition->name);
  movie->movie = vs_movie_new (&settings, self->cancellable);
  g_ptr_array_add (self->movies, movie);
  return movie;
}

static Movie *
find_movie (VsHarvestMovies * self, const gchar * rendition)
{
  for (guint i = 0; i < self->movies->len; i++)
    if (strcmp (nth (self, i)->rendition, rendition) == 0)
      return nth (self, i);
  return NULL;
}

gboolean
vs_harvest_movies_add (VsHarvestMovies * self,
    const VsHarvestRendition * rendition, const VsSegment * segment,
    GBytes * bytes, GError ** error)
{
  Movie *movie = find_movie (self, rendition->name);

  if (segment->gap || !is_wanted (self, rendition->name))
    return TRUE;
  if (movie == NULL)
    movie = add_movie (self, rendition);
  return vs_movie_add (movie->movie, segment, bytes, error) != VS_MOVIE_FAILED;
}

/* What MP4 has no place for was told, and is in the clip. */
gboolean
vs_harvest_movies_finish (VsHarvestMovies * self, GError ** error)
{
  for (guint i = 0; i < self->movies->len; i++) {
    g_autoptr (GError) cause = NULL;

    if (vs_movie_finish (nth (self, i)->movie, &cause)
        || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
      continue;
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  return TRUE;
}

void
vs_harvest_movies_keep (VsHarvestMovies * self)
{
  for (guint i = 0; i < self->movies->len; i++)
    vs_movie_keep (nth (self, i)->movie);
}
