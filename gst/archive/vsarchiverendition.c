/* VisionStream: one rendition of an archive, as it is when it is looked at
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsarchiverendition.h"

#include "archive/vsarchiveclip.h"
#include "archive/vsarchiveuri.h"
#include "archive/vsarchivewriter.h"

/* How often is looked for new segments: half a target duration within these */
#define POLL_MIN_MS 100
#define POLL_MAX_MS 5000
/* A store that does not answer, while new segments are waited for */
#define PATIENCE_US (60 * G_USEC_PER_SEC)
/* What dates that nobody wrote stay below: a year after 1970 */
#define FIRST_DATE_US (G_USEC_PER_SEC * G_GINT64_CONSTANT (31536000))

static void
raise_height (guint * height, const VsCodecConfig * config)
{
  if (config && vs_codec_get_media_type (config->codec) == VS_MEDIA_VIDEO)
    *height = MAX (*height, MAX (config->height, 1));
}

/* The size of the picture, then the bit rate: of what is in memory, and where
 * that has gaps alone, of how it began. */
static void
rate (VsTimeline * timeline, guint * height, guint * bandwidth)
{
  g_autoptr (VsTimelineView) view = vs_timeline_view (timeline, 0, G_MAXUINT64);
  g_autoptr (VsSegment) oldest = vs_timeline_get_oldest (timeline);

  *height = 0;
  *bandwidth = MAX (view->average_bandwidth, view->rendition->bitrate);
  for (guint i = 0; i < view->configs->len; i++)
    raise_height (height, g_ptr_array_index (view->configs, i));
  for (guint i = 0; oldest && i < oldest->n_tracks; i++) {
    g_autoptr (VsCodecConfig) config =
        vs_timeline_get_config (timeline, oldest->tracks[i].config_id);

    raise_height (height, config);
  }
}

static VsTimeline *
find_best (GPtrArray * timelines)
{
  VsTimeline *best = NULL;
  guint best_height = 0, best_bandwidth = 0;

  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    guint height, bandwidth;

    rate (timeline, &height, &bandwidth);
    if (best == NULL || height > best_height || (height > 0
            && height == best_height && bandwidth > best_bandwidth)) {
      best = timeline;
      best_height = height;
      best_bandwidth = bandwidth;
    }
  }
  return best;
}

static VsTimeline *
find_named (GPtrArray * timelines, const gchar * name)
{
  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    g_autoptr (VsRendition) rendition = vs_timeline_get_rendition (timeline);

    if (g_strcmp0 (rendition->name, name) == 0)
      return timeline;
  }
  return NULL;
}

static void
set_no_rendition (VsArchiveRendition * self, GPtrArray * timelines,
    const gchar * name, GError ** error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GError) left_out = vs_archive_reader_take_trouble (self->reader);

  for (guint i = 0; i < timelines->len; i++) {
    g_autoptr (VsRendition) rendition =
        vs_timeline_get_rendition (g_ptr_array_index (timelines, i));

    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", rendition->name);
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "%s has no rendition %s; it has %s%s%s", self->place, name,
      names->len > 0 ? names->str : "none",
      left_out ? "; one can't be read: " : "",
      left_out ? left_out->message : "");
}

static gboolean
take_timeline (VsArchiveRendition * self, const gchar * name, GError ** error)
{
  g_autoptr (GPtrArray) timelines =
      vs_archive_reader_get_timelines (self->reader);
  VsTimeline *timeline =
      name ? find_named (timelines, name) : find_best (timelines);

  if (timeline == NULL) {
    set_no_rendition (self, timelines, name ? name : "at all", error);
    return FALSE;
  }
  if (timeline != self->timeline) {
    g_clear_pointer (&self->timeline, vs_timeline_unref);
    self->timeline = vs_timeline_ref (timeline);
  }
  return TRUE;
}

/* What the entries tell after a refresh. */
static void
look_at_timeline (VsArchiveRendition * self)
{
  guint64 id = self->state.id;
  g_autoptr (VsSegment) oldest = vs_timeline_get_oldest (self->timeline);
  g_autoptr (VsSegment) newest = NULL;

  vs_history_init (&self->history, self->timeline, NULL);
  vs_timeline_get_state (self->timeline, &self->state);
  self->foreign = vs_archive_reader_is_foreign (self->reader);
  if (self->history.next > self->history.oldest)
    newest = vs_timeline_get (self->timeline, self->history.next - 1);
  self->oldest_us = oldest ? oldest->utc_us : 0;
  self->end_us = newest ? vs_archive_end_us (newest) : self->oldest_us;
  if (self->holes == NULL || id == 0 || id == self->state.id)
    return;
  /* the archive was made anew */
  vs_archive_holes_free (self->holes);
  self->holes = vs_archive_holes_new ();
}

gboolean
vs_archive_rendition_can_grow (VsArchiveRendition * self)
{
  return self->follow && !self->state.ended;
}

gboolean
vs_archive_rendition_is_empty (VsArchiveRendition * self)
{
  return self->history.oldest >= self->history.next;
}

gboolean
vs_archive_rendition_look_for_holes (VsArchiveRendition * self, gint64 utc_us,
    gint64 closed_us, GError ** error)
{
  while (self->holes) {
    guint64 next = MAX (vs_archive_holes_get_next (self->holes),
        self->history.oldest);
    gint64 end_us = vs_archive_holes_get_end (self->holes);
    g_autoptr (VsTimelineView) view = NULL;

    if (next >= self->history.next || (end_us > closed_us
            && vs_archive_holes_open (self->holes, end_us) > utc_us))
      break;
    view = vs_history_read (&self->history, next,
        vs_timeline_part_start (next) + VS_TIMELINE_PART - 1, error);
    if (view == NULL)
      return FALSE;
    if (view->segments->len == 0)
      break;
    for (guint i = 0; i < view->segments->len; i++)
      vs_archive_holes_add (self->holes, g_ptr_array_index (view->segments, i));
  }
  return TRUE;
}

gint64
vs_archive_rendition_close_up (VsArchiveRendition * self, gint64 utc_us)
{
  return self->holes ? vs_archive_holes_close (self->holes, utc_us) : utc_us;
}

gint64
vs_archive_rendition_open_up (VsArchiveRendition * self, gint64 closed_us)
{
  return self->holes ? vs_archive_holes_open (self->holes, closed_us) :
      closed_us;
}

gboolean
vs_archive_rendition_has_dates (VsArchiveRendition * self)
{
  return !self->foreign || vs_archive_rendition_is_empty (self)
      || self->oldest_us > FIRST_DATE_US;
}

static gboolean
is_after (const VsSegment * segment, gpointer user_data)
{
  return segment->utc_us > *(const gint64 *) user_data;
}

gboolean
vs_archive_rendition_find (VsArchiveRendition * self, gint64 utc_us,
    guint64 * sequence, GError ** error)
{
  gint64 last_us = utc_us + VS_ARCHIVE_SLACK_US;

  if (!vs_history_search (&self->history, is_after, &last_us, sequence, error))
    return FALSE;
  *sequence = *sequence == G_MAXUINT64 ? self->history.next - 1 :
      MAX (*sequence, self->history.oldest + 1) - 1;
  return TRUE;
}

gboolean
vs_archive_rendition_refresh (VsArchiveRendition * self,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) problem = NULL;
  gint64 now = g_get_monotonic_time ();

  self->refreshed_us = now;
  if (vs_archive_reader_refresh (self->reader, cancellable, &problem)
      && take_timeline (self, self->name, &problem)) {
    self->failing_since_us = 0;
    look_at_timeline (self);
    if (self->trouble == NULL)
      self->trouble = vs_archive_reader_take_trouble (self->reader);
    return TRUE;
  }
  if (!g_cancellable_is_cancelled (cancellable)
      && !g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_INVALID_DATA)
      && (self->failing_since_us == 0
          || now - self->failing_since_us < PATIENCE_US)) {
    if (self->failing_since_us == 0) {
      self->failing_since_us = now;
      self->trouble = g_steal_pointer (&problem);
    }
    return TRUE;
  }
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

gboolean
vs_archive_rendition_pause (VsArchiveRendition * self,
    GCancellable * cancellable, GError ** error)
{
  gint64 since_ms = (g_get_monotonic_time () - self->refreshed_us) / 1000;
  gint interval_ms =
      CLAMP (self->state.target_duration * 500, POLL_MIN_MS, POLL_MAX_MS);
  gint ms = interval_ms - MIN (since_ms, interval_ms);
  GPollFD fd;

  if (g_cancellable_make_pollfd (cancellable, &fd)) {
    g_poll (&fd, 1, ms);
    g_cancellable_release_fd (cancellable);
  } else {
    g_usleep (ms * 1000);
  }
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* ---- opening ------------------------------------------------------------ */

VsArchiveRendition *
vs_archive_rendition_open (VsStore * store, const gchar * account,
    const gchar * event, const gchar * breakout, const gchar * playlist,
    const gchar * name, GCancellable * cancellable, GError ** error)
{
  g_autoptr (VsArchiveRendition) self = g_new0 (VsArchiveRendition, 1);
  g_autofree gchar *folder = vs_archive_folder (account, event, breakout);
  g_autoptr (VsRendition) rendition = NULL;

  self->place = vs_archive_show (store, "", playlist ? playlist : folder);
  self->reader = playlist ?
      vs_archive_reader_open_playlist (store, NULL, playlist, account, event,
      breakout, cancellable, error) :
      vs_archive_reader_open (store, NULL, account, event, breakout,
      cancellable, error);
  self->refreshed_us = g_get_monotonic_time ();
  if (self->reader == NULL || !take_timeline (self, name, error))
    return NULL;
  rendition = vs_timeline_get_rendition (self->timeline);
  self->name = g_strdup (rendition->name);
  look_at_timeline (self);
  self->trouble = vs_archive_reader_take_trouble (self->reader);
  return g_steal_pointer (&self);
}

void
vs_archive_rendition_free (VsArchiveRendition * self)
{
  g_clear_pointer (&self->timeline, vs_timeline_unref);
  g_clear_pointer (&self->reader, vs_archive_reader_free);
  g_clear_pointer (&self->holes, vs_archive_holes_free);
  g_clear_error (&self->trouble);
  g_free (self->name);
  g_free (self->place);
  g_free (self);
}
