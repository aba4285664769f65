/* VisionStream: segments as MP4 files, as many as it takes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsmovie.h"

#include "archive/vsrecording.h"
#include "isobmff/vscmaf.h"

#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 2000

struct _VsMovie
{
  VsMovieSettings settings;
  gchar *spill_directory, *language;
  GCancellable *cancellable;

  VsRecording *recording;
  gchar *key;                   /* its own */
  GPtrArray *written;           /* keys of finished files */
  gboolean kept;
  GError *unsupported;          /* why something was left out, or NULL */

  /* of the finished ones */
  GstClockTime duration;
  guint files, gaps;
  guint64 size;
};

VsMovie *
vs_movie_new (const VsMovieSettings * settings, GCancellable * cancellable)
{
  VsMovie *self = g_new0 (VsMovie, 1);

  self->settings = *settings;
  self->settings.store = vs_store_ref (settings->store);
  self->spill_directory = g_strdup (settings->spill_directory);
  self->language = g_strdup (settings->language);
  g_set_object (&self->cancellable, cancellable);
  self->written = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static void
close_file (VsMovie * self)
{
  g_clear_pointer (&self->recording, vs_recording_free);
  g_clear_pointer (&self->key, g_free);
}

void
vs_movie_free (VsMovie * self)
{
  close_file (self);
  for (guint i = 0; !self->kept && i < self->written->len; i++)
    vs_store_delete (self->settings.store,
        g_ptr_array_index (self->written, i), NULL, NULL);
  g_ptr_array_unref (self->written);
  vs_store_unref (self->settings.store);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->unsupported);
  g_free (self->spill_directory);
  g_free (self->language);
  g_free (self);
}

/* ---- saying ------------------------------------------------------------- */

static void
tell_problem (VsMovie * self, const GError * error)
{
  if (self->settings.problem)
    self->settings.problem (error, self->settings.user_data);
}

static void
on_rewriting (guint64 size, gpointer user_data)
{
  VsMovie *self = user_data;
  g_autoptr (GError) problem = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY,
      "%s: there is no room for the index ahead of the media: all of its %"
      G_GUINT64_FORMAT " bytes are copied, which takes a while", self->key,
      size);

  tell_problem (self, problem);
}

static void
on_left_out (VsMediaType type, const GError * error, gpointer user_data)
{
  VsMovie *self = user_data;
  g_autoptr (GError) problem = g_error_new (G_IO_ERROR,
      G_IO_ERROR_NOT_SUPPORTED, "%s is without %s: %s", self->key,
      type == VS_MEDIA_VIDEO ? "picture" : "sound", error->message);

  tell_problem (self, problem);
  if (self->unsupported == NULL)
    self->unsupported = g_steal_pointer (&problem);
}

/* ---- trying until it works ---------------------------------------------- */

/* FALSE: was cancelled. */
static gboolean
pause_before_retry (VsMovie * self, guint ms)
{
  GPollFD fd;

  if (g_cancellable_make_pollfd (self->cancellable, &fd)) {
    g_poll (&fd, 1, ms);
    g_cancellable_release_fd (self->cancellable);
  } else {
    g_usleep (ms * 1000);
  }
  return !g_cancellable_is_cancelled (self->cancellable);
}

static gboolean
try_for_a_while (VsMovie * self, gboolean (*func) (VsRecording *, GError **),
    GError ** error)
{
  gint64 end = g_get_monotonic_time ()
      + GST_TIME_AS_USECONDS (self->settings.patience);
  guint ms = RETRY_MIN_MS;

  for (;;) {
    g_autoptr (GError) cause = NULL;

    if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
      return FALSE;
    if (func (self->recording, &cause))
      return TRUE;
    if (vs_recording_is_lost (self->recording)
        || g_get_monotonic_time () >= end || !pause_before_retry (self, ms)) {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
    ms = MIN (ms * 2, RETRY_MAX_MS);
  }
}

/* ---- files -------------------------------------------------------------- */

static gboolean
open_file (VsMovie * self, const VsSegment * first, GError ** error)
{
  const VsMovieSettings *settings = &self->settings;
  VsRecordingSettings recording = {
    .store = settings->store,
    .keep_gaps = settings->keep_gaps,
    .max_duration = settings->max_duration,
    .spill_directory = self->spill_directory,
    .language = self->language,
    .rewriting = on_rewriting,
    .left_out = on_left_out,
    .user_data = self,
  };

  if (self->recording)
    return TRUE;
  self->key = settings->make_key (self->files + 1, first, settings->user_data,
      error);
  if (self->key == NULL)
    return FALSE;
  recording.key = self->key;
  self->recording = vs_recording_new (&recording, self->cancellable);
  return TRUE;
}

static void
count_file (VsMovie * self)
{
  const VsMovieFile file = {
    .key = self->key,
    .duration = vs_recording_get_duration (self->recording),
    .size = vs_recording_get_size (self->recording),
    .gaps = vs_recording_get_gaps (self->recording),
  };

  self->files++;
  self->duration += file.duration;
  self->size += file.size;
  self->gaps += file.gaps;
  g_ptr_array_add (self->written, g_strdup (self->key));
  if (self->settings.finished)
    self->settings.finished (&file, self->settings.user_data);
}

static gboolean
finish_file (VsMovie * self, GError ** error)
{
  if (self->recording == NULL || !vs_recording_has_media (self->recording))
    return TRUE;
  if (!try_for_a_while (self, vs_recording_finish, error))
    return FALSE;
  count_file (self);
  close_file (self);
  return TRUE;
}

/* ---- segments ----------------------------------------------------------- */

static VsMovieAdd
leave_out (VsMovie * self, const VsSegment * segment, const GError * cause,
    GError ** error)
{
  g_autoptr (GError) problem = NULL;

  /* that was told, once */
  if (g_error_matches (cause, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_UNSUPPORTED))
    return VS_MOVIE_LEFT_OUT;
  problem = g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "segment %" G_GUINT64_FORMAT " can't be used: %s", segment->sequence,
      cause->message);
  if (self->settings.fail) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return VS_MOVIE_FAILED;
  }
  tell_problem (self, problem);
  return VS_MOVIE_LEFT_OUT;
}

VsMovieAdd
vs_movie_add (VsMovie * self, const VsSegment * segment, GBytes * ts,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  VsRecordingLoad load;

  if (!open_file (self, segment, error))
    return VS_MOVIE_FAILED;
  load = vs_recording_load (self->recording, segment, ts, &cause);
  if (load == VS_RECORDING_FULL) {
    if (!finish_file (self, error) || !open_file (self, segment, error))
      return VS_MOVIE_FAILED;
    load = vs_recording_load (self->recording, segment, ts, &cause);
  }
  if (load == VS_RECORDING_DAMAGED)
    return leave_out (self, segment, cause, error);
  return try_for_a_while (self, vs_recording_write, error) ?
      VS_MOVIE_ADDED : VS_MOVIE_FAILED;
}

gboolean
vs_movie_finish (VsMovie * self, GError ** error)
{
  if (!finish_file (self, error))
    return FALSE;
  if (self->files > 0 || self->unsupported == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (self->unsupported));
  return FALSE;
}

void
vs_movie_keep (VsMovie * self)
{
  self->kept = TRUE;
}

GstClockTime
vs_movie_get_duration (VsMovie * self)
{
  return self->duration
      + (self->recording ? vs_recording_get_duration (self->recording) : 0);
}

guint
vs_movie_get_files (VsMovie * self)
{
  return self->files;
}

guint
vs_movie_get_gaps (VsMovie * self)
{
  return self->gaps;
}

guint64
vs_movie_get_size (VsMovie * self)
{
  return self->size;
}
