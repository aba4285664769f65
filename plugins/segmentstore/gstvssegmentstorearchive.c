/* VisionStream: the archive that vssegmentstore writes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorearchive.h"

GST_DEBUG_CATEGORY_EXTERN (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

/* how long going to READY waits for what is not stored yet */
#define STOP_TIMEOUT (10 * GST_SECOND)

/* What the archive says, from a thread of its own. */

static void
on_stored (const VsRendition * rendition, const VsSegment * segment,
    const gchar * path, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;
  gint64 anchor_utc_us;
  GstClockTime anchor = gst_vs_segment_store_anchor (self, segment->utc_us,
      GST_CLOCK_TIME_NONE, &anchor_utc_us);
  gint64 running_time = anchor
      + (segment->utc_us - anchor_utc_us) * (gint64) GST_USECOND;

  g_mutex_lock (&self->lock);
  self->stored++;
  self->stored_bytes += segment->size;
  self->last_utc_us = MAX (self->last_utc_us,
      segment->utc_us + (gint64) (segment->duration / GST_USECOND));
  g_mutex_unlock (&self->lock);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vssegmentstore-segment-stored",
              "location", G_TYPE_STRING, path,
              "rendition", G_TYPE_STRING, rendition->name,
              "fragment-id", G_TYPE_UINT64, segment->sequence,
              "running-time", G_TYPE_UINT64, (guint64) MAX (running_time, 0),
              "duration", G_TYPE_UINT64, segment->duration,
              "timestamp", G_TYPE_UINT64,
              (guint64) segment->utc_us * GST_USECOND,
              "size", G_TYPE_UINT64, segment->size,
              "sink", GST_TYPE_ELEMENT, self, NULL)));
}

static void
on_failed (const gchar * path, const GError * error, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  g_mutex_lock (&self->lock);
  self->failing = TRUE;
  g_mutex_unlock (&self->lock);
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("Can't store %s: %s. The stream goes on, segments wait in memory.",
          path, error->message), (NULL));
}

static void
on_recovered (gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  g_mutex_lock (&self->lock);
  self->failing = FALSE;
  g_mutex_unlock (&self->lock);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vssegmentstore-recovered",
              "sink", GST_TYPE_ELEMENT, self, NULL)));
}

static void
on_lost (const VsRendition * rendition, guint64 first_sequence,
    guint64 last_sequence, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  g_mutex_lock (&self->lock);
  self->lost += last_sequence - first_sequence + 1;
  g_mutex_unlock (&self->lock);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vssegmentstore-segment-lost",
              "rendition", G_TYPE_STRING, rendition->name,
              "first-fragment-id", G_TYPE_UINT64, first_sequence,
              "last-fragment-id", G_TYPE_UINT64, last_sequence,
              "sink", GST_TYPE_ELEMENT, self, NULL)));
  GST_ELEMENT_WARNING (self, RESOURCE, NO_SPACE_LEFT,
      ("Segments %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " of %s are "
          "lost: the store has failed for too long. They stay in the "
          "playlist as gaps.", first_sequence, last_sequence,
          rendition->name), (NULL));
}

/* Its life. */

/* Fills in what the properties set. */
static void
copy_settings (GstVsSegmentStore * self, gchar ** location,
    VsArchiveWriterSettings * archive, VsSegmenterSettings * segmenter,
    gchar ** start_time)
{
  const VsSegmentStoreSettings *settings = &self->settings;

  GST_OBJECT_LOCK (self);
  *location = g_strdup (settings->location);
  *start_time = g_strdup (settings->start_time);
  archive->account = self->account = g_strdup (settings->identity.account);
  archive->event = self->event = g_strdup (settings->identity.event);
  archive->breakout = self->breakout = g_strdup (settings->identity.breakout);
  archive->max_age = settings->max_age * GST_SECOND;
  archive->max_segments = settings->max_segments;
  archive->max_bytes = settings->max_bytes;
  segmenter->target_duration = settings->target_duration;
  GST_OBJECT_UNLOCK (self);
}

static gboolean
parse_start_time (GstVsSegmentStore * self, const gchar * text, gint64 * utc_us)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = NULL;

  if (text == NULL)
    return TRUE;
  time = g_date_time_new_from_iso8601 (text, utc);
  if (time == NULL || g_date_time_to_unix (time) < 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("start-time \"%s\" is no date and time. Write it as "
            "2026-01-01T00:00:00Z.", text), (NULL));
    return FALSE;
  }
  *utc_us = g_date_time_to_unix (time) * G_USEC_PER_SEC
      + g_date_time_get_microsecond (time);
  return TRUE;
}

gboolean
gst_vs_segment_store_open_archive (GstVsSegmentStore * self)
{
  static const VsArchiveWriterCallbacks callbacks = {
    on_stored, on_failed, on_recovered, on_lost
  };
  g_autofree gchar *location = NULL;
  g_autofree gchar *start_time = NULL;
  g_autoptr (GError) error = NULL;
  VsArchiveWriterSettings archive = { NULL, };
  VsSegmenterSettings segmenter = {
    .first_sequence = 1,
    .start_utc_us = -1,
    .event_utc_us = -1,
    .patience = VS_SEGMENTER_PATIENCE,
  };
  VsArchiveState state = { FALSE, };

  copy_settings (self, &location, &archive, &segmenter, &start_time);
  if (!parse_start_time (self, start_time, &segmenter.start_utc_us))
    return FALSE;
  self->store = vs_store_open (location, TRUE, &error);
  if (self->store != NULL)
    self->writer = vs_archive_writer_new (self->store, &archive, &callbacks,
        self, &state, &error);
  if (self->writer == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("Can't store below %s: %s. Choose another location, or make this "
            "one writable.", location, error->message), (NULL));
    return FALSE;
  }
  if (state.found) {
    segmenter.first_sequence = state.next_sequence;
    segmenter.first_discontinuity_sequence = state.next_discontinuity_sequence;
    segmenter.first_run = state.next_run;
    segmenter.continues = TRUE;
    segmenter.fixed_target = state.target_duration;
    segmenter.min_utc_us = state.end_utc_us;
    segmenter.event_utc_us = state.event_utc_us;
  }
  self->earlier_target = segmenter.fixed_target;
  self->segmenter = vs_segmenter_new (&segmenter);
  return TRUE;
}

void
gst_vs_segment_store_close_archive (GstVsSegmentStore * self)
{
  g_clear_pointer (&self->segmenter, vs_segmenter_unref);
  if (self->writer != NULL)
    vs_archive_writer_free (self->writer, STOP_TIMEOUT);
  self->writer = NULL;
  g_clear_pointer (&self->store, vs_store_unref);
  g_clear_pointer (&self->account, g_free);
  g_clear_pointer (&self->event, g_free);
  g_clear_pointer (&self->breakout, g_free);
}
