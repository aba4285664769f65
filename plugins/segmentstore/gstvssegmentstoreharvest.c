/* VisionStream: clips that vssegmentstore makes of what it stores
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A harvest is a job of a pool that is there as long as the archive is open.
 * It reads through the element's own store, so that it finds what is still in
 * the spool, and writes through a store of its own.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstoreharvest.h"

#include "archive/vsharvest.h"
#include "gstvssegmentstorearchive.h"

GST_DEBUG_CATEGORY_EXTERN (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

#define RUNNING_MAX 2
#define WAITING_MAX 16
#define PROGRESS_US G_USEC_PER_SEC

typedef struct
{
  GstVsSegmentStore *self;
  GCancellable *cancellable;
  gchar *id;
  gchar *location;              /* NULL for the element's own */
  gchar *account, *event, *breakout;    /* of the source */
  gchar *to_account, *to_event;
  gchar *start_text, *stop_text;
  VsArchiveTime start, stop;
  VsStore *source;
  gchar *recording;             /* "mp4", or NULL */
  gchar *renditions;            /* that are recorded, or NULL */
  gboolean keep_gaps;
  GPtrArray *recorded;          /* VsRecordingInfo */

  gint64 told_us;               /* monotonic, when progress was posted */
  gboolean warned;
} Job;

static void
job_free (Job * job)
{
  g_clear_object (&job->cancellable);
  g_clear_pointer (&job->source, vs_store_unref);
  g_free (job->id);
  g_free (job->location);
  g_free (job->account);
  g_free (job->event);
  g_free (job->breakout);
  g_free (job->to_account);
  g_free (job->to_event);
  g_free (job->recording);
  g_free (job->renditions);
  g_clear_pointer (&job->recorded, g_ptr_array_unref);
  g_free (job->start_text);
  g_free (job->stop_text);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free);

/* ---- what is asked for -------------------------------------------------- */

static gboolean
set_invalid (GError ** error, const gchar * text, const gchar * what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s%s", text,
      what);
  return FALSE;
}

static gboolean
take_field (Job * job, const gchar * name, const GValue * value,
    GError ** error)
{
  const struct
  {
    const gchar *name;
    gchar **field;
  } fields[] = {
    {"start", &job->start_text}, {"stop", &job->stop_text},
    {"event", &job->to_event}, {"account", &job->to_account},
    {"location", &job->location}, {"recording", &job->recording},
    {"recording-renditions", &job->renditions},
  };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (!g_str_equal (name, fields[i].name))
      continue;
    if (!G_VALUE_HOLDS_STRING (value))
      return set_invalid (error, name, " has to be a string");
    g_free (*fields[i].field);
    *fields[i].field = g_value_dup_string (value);
    return TRUE;
  }
  return set_invalid (error, "there is no field ", name);
}

static gboolean
take_request (Job * job, const GstStructure * request, GError ** error)
{
  if (request == NULL)
    return set_invalid (error, "there is no request", "");
  for (gint i = 0; i < gst_structure_n_fields (request); i++) {
    const gchar *name = gst_structure_nth_field_name (request, i);

    if (!take_field (job, name, gst_structure_get_value (request, name), error))
      return FALSE;
  }
  if (job->to_event == NULL || !vs_event_name_is_valid (job->to_event))
    return set_invalid (error, "event has to be the clip's name: letters, "
        "digits, - and _", "");
  if (job->to_account && !vs_name_is_valid (job->to_account))
    return set_invalid (error, "account is no name: ", job->to_account);
  if (g_strcmp0 (job->recording, "none") == 0)
    g_clear_pointer (&job->recording, g_free);
  if (job->recording && !g_str_equal (job->recording, "mp4"))
    return set_invalid (error, "recording is mp4 or none, not ",
        job->recording);
  return vs_archive_time_parse (job->start_text, &job->start, error)
      && vs_archive_time_parse (job->stop_text, &job->stop, error);
}

/* ---- what is said ------------------------------------------------------- */

/* (transfer full) @s */
static void
post (Job * job, GstStructure * s)
{
  gst_structure_set (s, "id", G_TYPE_STRING, job->id,
      "account", G_TYPE_STRING, job->to_account,
      "event", G_TYPE_STRING, job->to_event,
      "sink", GST_TYPE_ELEMENT, job->self, NULL);
  gst_element_post_message (GST_ELEMENT (job->self),
      gst_message_new_element (GST_OBJECT (job->self), s));
}

static GstStructure *
new_status (const gchar * name, const VsHarvestStatus * status)
{
  return gst_structure_new (name,
      "segments", G_TYPE_UINT64, status->segments,
      "total", G_TYPE_UINT64, status->total,
      "gaps", G_TYPE_UINT64, status->gaps,
      "size", G_TYPE_UINT64, status->bytes,
      "duration", G_TYPE_UINT64, status->duration, NULL);
}

static void
on_progress (const VsHarvestStatus * status, gpointer user_data)
{
  Job *job = user_data;
  gint64 now = g_get_monotonic_time ();

  if (now < job->told_us + PROGRESS_US)
    return;
  job->told_us = now;
  post (job, new_status ("vssegmentstore-harvest-progress", status));
}

static void
on_recorded (const VsRecordingInfo * info, gpointer user_data)
{
  g_ptr_array_add (((Job *) user_data)->recorded,
      vs_recording_info_copy (info));
}

/* They are there when the clip is. */
static void
add_recordings (Job * job, GstStructure * s)
{
  g_auto (GValue) list = G_VALUE_INIT;

  gst_value_list_init (&list, job->recorded->len);
  for (guint i = 0; i < job->recorded->len; i++) {
    const VsRecordingInfo *info = g_ptr_array_index (job->recorded, i);
    GstStructure *recording = gst_structure_new ("recording",
        "location", G_TYPE_STRING, info->location,
        "rendition", G_TYPE_STRING, info->rendition,
        "duration", G_TYPE_UINT64, info->duration,
        "size", G_TYPE_UINT64, info->size,
        "gaps", G_TYPE_UINT, info->gaps, NULL);
    GValue value = G_VALUE_INIT;

    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value, recording);
    gst_value_list_append_and_take_value (&list, &value);
  }
  gst_structure_set_value (s, "recordings", &list);
}

static void
on_problem (const GError * error, gpointer user_data)
{
  Job *job = user_data;

  GST_WARNING_OBJECT (job->self, "%s: %s", job->to_event, error->message);
  if (job->warned)
    return;
  job->warned = TRUE;
  GST_ELEMENT_WARNING (job->self, RESOURCE, READ,
      ("Something can't be read for the clip %s: %s. What is missing in the "
          "end is a gap in it; vssegmentstore-harvest-finished says how much "
          "that is.", job->to_event, error->message), (NULL));
}

/* ---- the work ----------------------------------------------------------- */

static VsStore *
open_destination (Job * job, GError ** error)
{
  g_auto (VsStoreProperties) properties = { NULL, };

  GST_OBJECT_LOCK (job->self);
  vs_store_properties_copy (&properties, &job->self->settings.store);
  GST_OBJECT_UNLOCK (job->self);
  if (job->location)
    vs_store_properties_move (&properties, job->location);
  return vs_store_properties_open (&properties, TRUE, error);
}

static gboolean
harvest (Job * job, gchar ** location, VsHarvestStatus * status,
    GError ** error)
{
  static const VsHarvestCallbacks callbacks = {
    on_progress, on_problem, on_recorded
  };
  g_autoptr (VsStore) destination = open_destination (job, error);
  g_autoptr (VsStore) spool = NULL;
  g_autofree gchar *spill = NULL;
  VsHarvestSettings settings = {.source = job->source,
    .account = job->account,.event = job->event,.breakout = job->breakout,
    .start = job->start,.stop = job->stop,.destination = destination,
    .to_account = job->to_account,.to_event = job->to_event,
    .recordings = job->recording ? job->renditions : NULL,
    .keep_gaps = job->keep_gaps
  };

  if (destination == NULL)
    return FALSE;
  if (vs_store_is_remote (destination)) {
    settings.spool = spool =
        gst_vs_segment_store_open_spool_directory (job->self, error);
    if (spool == NULL)
      return FALSE;
  }
  settings.spill_directory = spill =
      g_strdup (vs_store_get_location (spool ? spool : destination));
  *location = g_strdup_printf ("%s/%s/%s/index.m3u8",
      vs_store_get_location (destination), job->to_account, job->to_event);
  return vs_harvest_run (&settings, &callbacks, job, status, job->cancellable,
      error);
}

static void
run (gpointer data, gpointer user_data)
{
  Job *job = data;
  GstVsSegmentStore *self = job->self;
  g_autofree gchar *location = NULL;
  g_autoptr (GError) error = NULL;
  VsHarvestStatus status;
  GstStructure *s;

  post (job, gst_structure_new ("vssegmentstore-harvest-started",
          "start", G_TYPE_STRING, job->start_text,
          "stop", G_TYPE_STRING, job->stop_text, NULL));
  job->told_us = g_get_monotonic_time ();
  if (harvest (job, &location, &status, &error)) {
    s = new_status ("vssegmentstore-harvest-finished", &status);
    gst_structure_set (s, "location", G_TYPE_STRING, location,
        "timestamp", G_TYPE_UINT64, (guint64) status.start_us * GST_USECOND,
        NULL);
    if (job->recording)
      add_recordings (job, s);
  } else {
    GST_WARNING_OBJECT (self, "%s: %s", job->to_event, error->message);
    s = gst_structure_new ("vssegmentstore-harvest-failed",
        "error", G_TYPE_ERROR, error, NULL);
  }
  post (job, s);
  job_free (job);
  g_mutex_lock (&self->lock);
  self->harvests--;
  g_mutex_unlock (&self->lock);
}

/* What was not asked for in another way is as the element has it. */
static void
take_settings (GstVsSegmentStore * self, Job * job)
{
  GST_OBJECT_LOCK (self);
  if (job->renditions == NULL)
    job->renditions = g_strdup (self->settings.recording_renditions);
  job->keep_gaps = self->settings.recording_gaps == VS_RECORDING_GAPS_KEEP;
  GST_OBJECT_UNLOCK (self);
}

/* Hands @job over, with what it is to read. */
static gboolean
push (GstVsSegmentStore * self, Job * job, GError ** error)
{
  gboolean open, full;

  take_settings (self, job);
  g_mutex_lock (&self->lock);
  open = self->harvest_pool != NULL;
  full = self->harvests >= RUNNING_MAX + WAITING_MAX;
  if (open && !full) {
    self->harvests++;
    job->self = self;
    job->cancellable = g_object_ref (self->harvest_cancel);
    job->source = vs_store_ref (self->store);
    job->account = g_strdup (self->account);
    job->event = g_strdup (self->event);
    job->breakout = g_strdup (self->breakout);
    if (job->to_account == NULL)
      job->to_account = g_strdup (self->account);
    g_thread_pool_push (self->harvest_pool, job, NULL);
  }
  g_mutex_unlock (&self->lock);
  if (!open)
    return set_invalid (error, "the element has to be PAUSED or PLAYING", "");
  if (full)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
        "%u harvests wait already", WAITING_MAX);
  return !full;
}

/* ---- the signal --------------------------------------------------------- */

static gchar *
on_harvest (GstVsSegmentStore * self, const GstStructure * request)
{
  g_autoptr (Job) job = g_new0 (Job, 1);
  g_autoptr (GError) error = NULL;
  gchar *id = g_uuid_string_random ();

  job->id = g_strdup (id);
  job->recorded = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_recording_info_free);
  if (take_request (job, request, &error) && push (self, job, &error)) {
    g_steal_pointer (&job);
    return id;
  }
  GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
      ("No clip can be made: %s.", error->message), (NULL));
  g_free (id);
  return NULL;
}

void
gst_vs_segment_store_install_harvest (GObjectClass * klass)
{
  /**
   * GstVsSegmentStore::harvest:
   * @request: strings: `event`, the clip's name; `start` and `stop`, as
   *   vsarchivesrc takes them (without: from the oldest, up to now); `account`
   *   and `location`, when they are others than the element's; `recording`:
   *   "mp4" for MP4 files too, of the renditions that
   *   #GstVsSegmentStore:recording-renditions says, or of
   *   `recording-renditions`
   *
   * Makes a clip of the event that is being stored: an archive of its own
   * with all renditions. Its MP4 files are in its folder `recordings`. Returns
   * at once; messages say what comes of it.
   *
   * Returns: (nullable): an id that these messages have; NULL, and a WARNING,
   *   when it can't be begun
   */
  g_signal_new_class_handler ("harvest", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (on_harvest), NULL, NULL,
      NULL, G_TYPE_STRING, 1, GST_TYPE_STRUCTURE);
}

void
gst_vs_segment_store_start_harvests (GstVsSegmentStore * self)
{
  g_mutex_lock (&self->lock);
  self->harvest_cancel = g_cancellable_new ();
  self->harvest_pool = g_thread_pool_new (run, NULL, RUNNING_MAX, FALSE, NULL);
  g_mutex_unlock (&self->lock);
}

void
gst_vs_segment_store_stop_harvests (GstVsSegmentStore * self)
{
  GThreadPool *pool;

  g_mutex_lock (&self->lock);
  pool = g_steal_pointer (&self->harvest_pool);
  g_mutex_unlock (&self->lock);
  if (pool == NULL)
    return;
  g_cancellable_cancel (self->harvest_cancel);
  g_thread_pool_free (pool, FALSE, TRUE);
  g_clear_object (&self->harvest_cancel);
}
