/* VisionStream: the archive that vssegmentstore writes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorearchive.h"
#include "gstvssegmentstorerecordings.h"

GST_DEBUG_CATEGORY_EXTERN (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

/* how long going to READY waits for what is not stored yet */
#define STOP_TIMEOUT (10 * GST_SECOND)

/* how long EOS waits for a spool of which nothing can be sent */
#define DRAIN_PATIENCE (10 * G_TIME_SPAN_SECOND)

/* What the archive says, from a thread of its own. */

/* A message that waits until what it tells of is in the store itself. */
typedef struct
{
  GstVsSegmentStore *self;
  GstMessage *message;
  guint64 size;
  gint64 end_utc_us;
} Stored;

static void
stored_free (gpointer data)
{
  Stored *stored = data;

  g_clear_pointer (&stored->message, gst_message_unref);
  g_free (stored);
}

static void
post_stored (gpointer data)
{
  Stored *stored = data;
  GstVsSegmentStore *self = stored->self;

  g_mutex_lock (&self->lock);
  self->stored++;
  self->stored_bytes += stored->size;
  self->last_utc_us = MAX (self->last_utc_us, stored->end_utc_us);
  g_mutex_unlock (&self->lock);
  gst_element_post_message (GST_ELEMENT (self),
      g_steal_pointer (&stored->message));
}

static GstMessage *
new_stored_message (GstVsSegmentStore * self, const VsRendition * rendition,
    const VsSegment * segment, const gchar * path)
{
  gint64 anchor_utc_us;
  GstClockTime anchor = gst_vs_segment_store_anchor (self, segment->utc_us,
      GST_CLOCK_TIME_NONE, &anchor_utc_us);
  gint64 running_time = anchor
      + (segment->utc_us - anchor_utc_us) * (gint64) GST_USECOND;

  return gst_message_new_element (GST_OBJECT (self),
      gst_structure_new ("vssegmentstore-segment-stored",
          "location", G_TYPE_STRING, path,
          "rendition", G_TYPE_STRING, rendition->name,
          "fragment-id", G_TYPE_UINT64, segment->sequence,
          "running-time", G_TYPE_UINT64, (guint64) MAX (running_time, 0),
          "duration", G_TYPE_UINT64, segment->duration,
          "timestamp", G_TYPE_UINT64,
          (guint64) segment->utc_us * GST_USECOND,
          "size", G_TYPE_UINT64, segment->size,
          "sink", GST_TYPE_ELEMENT, self, NULL));
}

static void
on_stored (const VsRendition * rendition, const VsSegment * segment,
    const gchar * path, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;
  Stored *stored = g_new (Stored, 1);

  stored->self = self;
  stored->message = new_stored_message (self, rendition, segment, path);
  stored->size = segment->size;
  stored->end_utc_us =
      segment->utc_us + (gint64) (segment->duration / GST_USECOND);
  if (self->has_spool) {
    vs_spool_when_sent (self->store, post_stored, stored, stored_free);
  } else {
    post_stored (stored);
    stored_free (stored);
  }
}

static void
set_failing (GstVsSegmentStore * self, gboolean failing)
{
  g_mutex_lock (&self->lock);
  self->failing = failing;
  g_mutex_unlock (&self->lock);
}

static void
on_failed (const gchar * path, const GError * error, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  set_failing (self, TRUE);
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("Can't store %s: %s. The stream goes on, segments wait in memory.",
          path, error->message), (NULL));
}

static void
on_recovered (gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  set_failing (self, FALSE);
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

/* What the spool says, from threads of its own. */

static void
on_send_failed (const gchar * key, const GError * error, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  set_failing (self, TRUE);
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("The store refuses what is sent, or can't be reached: %s. The stream "
          "goes on, segments wait in the spool.", error->message), (NULL));
}

static void
on_send_lost (const gchar * key, const GError * error, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  GST_ELEMENT_WARNING (self, RESOURCE, READ,
      ("What was in the spool will not be sent: %s.", error->message), (NULL));
}

static void
on_send_warning (const gchar * text, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  GST_ELEMENT_WARNING (self, RESOURCE, OPEN_WRITE, ("%s.", text), (NULL));
}

/* Its life. */

gchar *
gst_vs_segment_store_dup_spool_directory (GstVsSegmentStore * self)
{
  gchar *directory;

  GST_OBJECT_LOCK (self);
  directory = g_strdup (self->settings.spool_directory);
  GST_OBJECT_UNLOCK (self);
  return directory ? directory : g_build_filename (g_get_user_state_dir (),
      "visionstream", "spool", NULL);
}

VsStore *
gst_vs_segment_store_open_spool_directory (GstVsSegmentStore * self,
    GError ** error)
{
  g_autofree gchar *directory = gst_vs_segment_store_dup_spool_directory (self);

  return vs_store_open (directory, TRUE, error);
}

/* In front of a store that is far away. */
static VsStore *
open_spool (GstVsSegmentStore * self, VsStore * remote, const gchar * folder,
    GError ** error)
{
  static const VsSpoolCallbacks callbacks = {
    on_send_failed, on_recovered, on_send_lost, on_send_warning
  };
  g_autoptr (VsStore) local =
      gst_vs_segment_store_open_spool_directory (self, error);
  VsSpoolSettings settings = {.local = local,.folder = folder };

  GST_OBJECT_LOCK (self);
  settings.max_bytes = self->settings.spool_max_bytes;
  GST_OBJECT_UNLOCK (self);
  return local ? vs_spool_open (remote, &settings, &callbacks, self,
      error) : NULL;
}

static VsStore *
open_store (GstVsSegmentStore * self, const VsStoreProperties * properties,
    const VsArchiveWriterSettings * settings, gboolean * has_spool,
    GError ** error)
{
  g_autoptr (VsStore) store = vs_store_properties_open (properties, TRUE,
      error);
  g_autofree gchar *folder = vs_archive_folder (settings->account,
      settings->event, settings->breakout);

  VsStore *spool;

  if (store == NULL || !vs_store_is_remote (store))
    return g_steal_pointer (&store);
  spool = open_spool (self, store, folder, error);
  *has_spool = spool != NULL;
  return spool;
}

/* Fills in what the properties set. */
static void
copy_settings (GstVsSegmentStore * self, VsStoreProperties * store,
    VsArchiveWriterSettings * archive, VsSegmenterSettings * segmenter,
    gchar ** start_time)
{
  const VsSegmentStoreSettings *settings = &self->settings;

  GST_OBJECT_LOCK (self);
  vs_store_properties_copy (store, &settings->store);
  *start_time = g_strdup (settings->start_time);
  archive->account = self->account = g_strdup (settings->identity.account);
  archive->event = self->event = g_strdup (settings->identity.event);
  archive->breakout = self->breakout = g_strdup (settings->identity.breakout);
  archive->redundant = self->redundant = g_strdup (settings->redundant_event);
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

static gboolean
check_redundant (GstVsSegmentStore * self,
    const VsArchiveWriterSettings * settings)
{
  const gchar *event = settings->event ? settings->event : VS_DEFAULT_EVENT;
  const gchar *other = settings->redundant;

  if (other == NULL)
    return TRUE;
  if (!vs_event_name_is_valid (other)) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("redundant-event \"%s\" is no valid name of an event: use letters, "
            "digits, _ and -, at most %d.", other, VS_NAME_MAX), (NULL));
    return FALSE;
  }
  if (strcmp (other, event) == 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("redundant-event \"%s\" is the event itself. Name the one that the "
            "other chain stores.", other), (NULL));
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_vs_segment_store_open_archive (GstVsSegmentStore * self)
{
  static const VsArchiveWriterCallbacks callbacks = {
    on_stored, on_failed, on_recovered, on_lost
  };
  g_auto (VsStoreProperties) properties = { NULL, };
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
  gboolean has_spool = FALSE;
  VsStore *store;

  copy_settings (self, &properties, &archive, &segmenter, &start_time);
  if (!parse_start_time (self, start_time, &segmenter.start_utc_us)
      || !check_redundant (self, &archive))
    return FALSE;
  store = open_store (self, &properties, &archive, &has_spool, &error);
  g_mutex_lock (&self->lock);
  self->store = store;
  self->has_spool = has_spool;
  g_mutex_unlock (&self->lock);
  if (self->store != NULL)
    self->writer = vs_archive_writer_new (self->store, &archive, &callbacks,
        self, &state, &error);
  if (self->writer == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("Can't store the archive: %s. Choose another location, or make this "
            "one writable.", error->message), (NULL));
    return FALSE;
  }
  vs_store_publish (self->store);
  if (!gst_vs_segment_store_open_recordings (self, self->has_spool ?
          vs_spool_get_store (self->store) : NULL, &archive, &state))
    return FALSE;
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
gst_vs_segment_store_get_spool_stats (GstVsSegmentStore * self,
    VsSpoolStats * stats)
{
  g_autoptr (VsStore) store = NULL;

  memset (stats, 0, sizeof *stats);
  g_mutex_lock (&self->lock);
  if (self->has_spool)
    store = vs_store_ref (self->store);
  g_mutex_unlock (&self->lock);
  if (store)
    vs_spool_get_stats (store, stats);
}

void
gst_vs_segment_store_drain (GstVsSegmentStore * self)
{
  VsSpoolStats stats;

  if (!self->has_spool
      || vs_spool_drain (self->store, DRAIN_PATIENCE, G_MAXINT64))
    return;
  vs_spool_get_stats (self->store, &stats);
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("%u objects (%" G_GUINT64_FORMAT " bytes) are still in the spool: the "
          "store can't be reached. Start again with the same spool-directory "
          "and location, and they are sent.", stats.objects, stats.bytes),
      (NULL));
}

void
gst_vs_segment_store_close_archive (GstVsSegmentStore * self)
{
  VsStore *store;

  g_clear_pointer (&self->segmenter, vs_segmenter_unref);
  if (self->has_spool)
    vs_spool_interrupt (self->store);
  if (self->writer != NULL)
    vs_archive_writer_free (self->writer, STOP_TIMEOUT);
  self->writer = NULL;
  gst_vs_segment_store_close_recordings (self);
  if (self->has_spool)
    vs_spool_close (self->store);
  g_mutex_lock (&self->lock);
  store = g_steal_pointer (&self->store);
  self->has_spool = FALSE;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&store, vs_store_unref);
  g_clear_pointer (&self->account, g_free);
  g_clear_pointer (&self->event, g_free);
  g_clear_pointer (&self->breakout, g_free);
  g_clear_pointer (&self->redundant, g_free);
}
