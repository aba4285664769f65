/* VisionStream: the recordings that vssegmentstore makes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorearchive.h"
#include "gstvssegmentstorerecordings.h"

#include "archive/vsrecordingname.h"

GST_DEBUG_CATEGORY_EXTERN (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

/* how long the end of the event waits for a store that does not take any */
#define PATIENCE (10 * G_TIME_SPAN_SECOND)
/* how long the end of a stream waits for its recording */
#define END_PATIENCE (5 * G_TIME_SPAN_SECOND)

/* ---- what recorders say, from threads of their own ----------------------- */

static void
on_finished (const VsRecordingInfo * info, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  g_mutex_lock (&self->lock);
  self->recorded++;
  self->recorded_bytes += info->size;
  g_mutex_unlock (&self->lock);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vssegmentstore-recording-finished",
              "location", G_TYPE_STRING, info->location,
              "rendition", G_TYPE_STRING, info->rendition,
              "duration", G_TYPE_UINT64, info->duration,
              "size", G_TYPE_UINT64, info->size,
              "gaps", G_TYPE_UINT, info->gaps,
              "sink", GST_TYPE_ELEMENT, self, NULL)));
}

static void
on_failed (const gchar * rendition, const GError * error, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("The recording of %s waits: %s. The stream goes on, and what is "
          "missing is recorded from the archive.", rendition, error->message),
      (NULL));
}

static void
on_recovered (const gchar * rendition, gpointer user_data)
{
  GST_INFO_OBJECT (user_data, "the recording of %s goes on", rendition);
}

static void
on_warning (const gchar * rendition, const gchar * text, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  GST_ELEMENT_WARNING (self, RESOURCE, WRITE, ("%s: %s.", rendition, text),
      (NULL));
}

/* ---- their life --------------------------------------------------------- */

/* On a disk that has room: tables of hours do not belong into memory. */
static gchar *
get_spill_directory (GstVsSegmentStore * self, VsStore * remote)
{
  return remote ? gst_vs_segment_store_dup_spool_directory (self) :
      g_strdup (vs_store_get_location (self->store));
}

static void
follow_archive (GstVsSegmentStore * self)
{
  VsArchiveFollower follower;

  vs_recorder_set_get_follower (self->recorders, &follower);
  vs_archive_writer_set_follower (self->writer, &follower);
}

static gboolean
check_name (GstVsSegmentStore * self, const gchar * name)
{
  g_autoptr (GError) error = NULL;

  if (vs_recording_name_check (name, &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
      ("recording-name \"%s\" names no file: %s.", name, error->message),
      (NULL));
  return FALSE;
}

static gboolean
check_store (GstVsSegmentStore * self, const VsRecorderSetSettings * settings)
{
  g_autofree gchar *folder = vs_archive_folder (settings->account,
      settings->event, settings->breakout);
  g_autoptr (GError) error = NULL;

  if (vs_store_check_headed (settings->store, folder, &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
      ("Can't record: %s, and the index of an MP4 file is known last. Store "
          "in a directory or a bucket, or leave recording at none and make the "
          "file of the archive with pipelines/convert.", error->message),
      (NULL));
  return FALSE;
}

gboolean
gst_vs_segment_store_open_recordings (GstVsSegmentStore * self,
    VsStore * remote, const VsArchiveWriterSettings * archive,
    const VsArchiveState * state)
{
  static const VsRecorderCallbacks callbacks = {
    on_finished, on_failed, on_recovered, on_warning
  };
  g_autofree gchar *spill = get_spill_directory (self, remote);
  g_autofree gchar *renditions = NULL, *name = NULL;
  VsRecorderSetSettings settings = {
    .store = remote ? remote : self->store,
    .archive = self->store,
    .account = archive->account,
    .event = archive->event,
    .breakout = archive->breakout,
    .spill_directory = spill,
    .state = state,
  };
  gboolean wanted;

  GST_OBJECT_LOCK (self);
  wanted = self->settings.recording != VS_RECORDING_FORMAT_NONE;
  settings.renditions = renditions =
      g_strdup (self->settings.recording_renditions);
  settings.keep_gaps = self->settings.recording_gaps == VS_RECORDING_GAPS_KEEP;
  settings.max_duration = self->settings.recording_max_duration;
  settings.rollover = self->settings.recording_rollover;
  settings.name = name = g_strdup (self->settings.recording_name);
  GST_OBJECT_UNLOCK (self);
  if (!wanted)
    return TRUE;
  if (!check_name (self, name) || !check_store (self, &settings))
    return FALSE;
  self->recorders = vs_recorder_set_new (&settings, &callbacks, self);
  follow_archive (self);
  return TRUE;
}

void
gst_vs_segment_store_close_recordings (GstVsSegmentStore * self)
{
  VsRecorderSet *recorders;

  g_mutex_lock (&self->lock);
  recorders = g_steal_pointer (&self->recorders);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&recorders, vs_recorder_set_free);
}

void
gst_vs_segment_store_wait_for_recordings (GstVsSegmentStore * self)
{
  if (self->recorders == NULL
      || vs_recorder_set_wait (self->recorders, PATIENCE))
    return;
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("%u recordings are not finished: the store does not take them. Start "
          "again with the same settings, and they are made from the archive.",
          vs_recorder_set_count_open (self->recorders)), (NULL));
}

void
gst_vs_segment_store_interrupt_recordings (GstVsSegmentStore * self)
{
  if (self->recorders != NULL)
    vs_recorder_set_interrupt (self->recorders);
}

void
gst_vs_segment_store_expect_recordings (GstVsSegmentStore * self)
{
  guint n;

  if (self->recorders == NULL)
    return;
  g_mutex_lock (&self->lock);
  n = g_list_length (self->pads);
  g_mutex_unlock (&self->lock);
  vs_recorder_set_expect (self->recorders, n);
}

void
gst_vs_segment_store_finish_recording (GstVsSegmentStore * self,
    GstVsSegmentStorePad * pad)
{
  g_autoptr (VsRecordingInfo) info = NULL;

  if (self->recorders == NULL || pad->last_sequence == 0)
    return;
  info = vs_recorder_set_end_rendition (self->recorders,
      pad->rendition->name, pad->last_sequence, END_PATIENCE);
  if (info == NULL)
    return;
  gst_pad_push_event (pad->srcpad,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new ("visionstream-recording",
              "location", G_TYPE_STRING, info->location,
              "rendition", G_TYPE_STRING, info->rendition,
              "duration", G_TYPE_UINT64, info->duration,
              "size", G_TYPE_UINT64, info->size,
              "gaps", G_TYPE_UINT, info->gaps, NULL)));
}

void
gst_vs_segment_store_add_recording_stats (GstVsSegmentStore * self,
    GstStructure * stats)
{
  g_mutex_lock (&self->lock);
  gst_structure_set (stats,
      "recordings-open", G_TYPE_UINT, self->recorders ?
      vs_recorder_set_count_open (self->recorders) : 0,
      "recordings-finished", G_TYPE_UINT64, self->recorded,
      "recordings-bytes", G_TYPE_UINT64, self->recorded_bytes, NULL);
  g_mutex_unlock (&self->lock);
}
