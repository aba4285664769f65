/* VisionStream: what the origin's pool makes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginprivate.h"

#include <string.h>

#include "origin/vsmanifests.h"

/* a stored segment that can't be read or does not parse is read once more */
#define LOAD_ATTEMPTS 2

VsOriginJob *
vs_origin_job_new (VsOrigin * origin, const gchar * key)
{
  VsOriginJob *job = g_new0 (VsOriginJob, 1);

  job->origin = origin;
  job->key = g_strdup (key);
  return job;
}

void
vs_origin_job_free (VsOriginJob * job)
{
  g_free (job->key);
  g_clear_pointer (&job->live, vs_live_event_unref);
  g_clear_pointer (&job->archive, vs_archive_event_unref);
  g_clear_pointer (&job->endpoint, vs_endpoint_unref);
  g_clear_pointer (&job->segment, vs_segment_unref);
  g_clear_pointer (&job->config, vs_codec_config_unref);
  g_clear_pointer (&job->bytes, g_bytes_unref);
  g_free (job);
}

static void
run_job (gpointer data)
{
  VsOriginJob *job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VsObject) object = NULL;
  GBytes *bytes = job->make (job, &error);

  if (bytes && job->has_digest)
    object = vs_object_new_hashed (bytes, job->digest);
  else if (bytes)
    object = vs_object_new (bytes, job->compress);
  vs_object_cache_complete (job->origin->cache, job->key, object, error);
  vs_origin_job_free (job);
}

void
vs_origin_job_fail (VsOriginJob * job, const GError * error)
{
  vs_object_cache_complete (job->origin->cache, job->key, NULL, error);
  vs_origin_job_free (job);
}

static void
drop_job (gpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR,
      G_IO_ERROR_BUSY, "The packaging queue is full");

  vs_origin_job_fail (data, error);
}

void
vs_origin_job_start (VsOriginJob * job)
{
  if (!vs_pool_push (job->origin->pool, job->klass, run_job, drop_job, job))
    drop_job (job);
}

static void
set_nothing_there (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "There is nothing to show yet");
}

GBytes *
vs_origin_make_manifest (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  g_autoptr (GPtrArray) timelines = NULL;
  g_autoptr (VsEventView) view = NULL;
  GPtrArray *older = NULL;
  gboolean ended;
  gchar *text;

  if (job->live) {
    timelines = vs_live_event_get_timelines (job->live);
    ended = vs_live_event_has_ended (job->live);
    older = job->archive ? job->archive->timelines : NULL;
  } else {
    timelines = g_ptr_array_ref (job->archive->timelines);
    ended = job->archive->ended;
  }
  view = vs_event_view_new (timelines, older,
      ended ? 0 : job->endpoint->window);
  text = vs_manifest_write (view, job->endpoint, &job->name,
      job->origin->utc_timing_uri);
  if (text == NULL) {
    set_nothing_there (error);
    return NULL;
  }
  return g_bytes_new_take (text, strlen (text));
}

static void
warn (VsOriginJob * job, const gchar * trouble)
{
  g_autofree gchar *text = g_strdup_printf ("%s: segment %" G_GUINT64_FORMAT
      " (%s): %s", job->archive->folder, job->segment->sequence,
      job->segment->uri ? job->segment->uri : "no URI", trouble);

  if (job->origin->warning)
    job->origin->warning (text, job->origin->warning_data);
}

/* One reading; what is listed but can't be had is the store's fault, and no
 * 404: its error is not passed on as such. */
static GBytes *
load (VsOriginJob * job, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  GBytes *bytes = vs_archive_reader_load (job->archive->reader, job->segment,
      NULL, &cause);

  if (bytes == NULL) {
    warn (job, cause->message);
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, cause->message);
  }
  return bytes;
}

/* The first segment of the archive that names a configuration. */
static VsSegment *
find_segment_of_config (const VsArchiveEvent * archive, VsMediaType track,
    const gchar * config_id)
{
  for (guint i = 0; i < archive->timelines->len; i++) {
    g_autoptr (VsTimelineView) view =
        vs_timeline_view (g_ptr_array_index (archive->timelines, i), 0,
        G_MAXUINT64);

    for (guint j = 0; j < view->segments->len; j++) {
      VsSegment *segment = g_ptr_array_index (view->segments, j);
      const VsSegmentTrack *t = vs_segment_get_track (segment, track);

      if (t && !segment->gap && g_str_equal (t->config_id, config_id))
        return vs_segment_ref (segment);
    }
  }
  return NULL;
}

/* A playlist tells what manifests need of a configuration; the record itself
 * stands in the segments. */
static VsCodecConfig *
read_config (VsOriginJob * job, GError ** error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (VsCodecConfig) config = NULL;

  if (job->archive)
    job->segment = find_segment_of_config (job->archive, job->name.track,
        job->config->id);
  if (job->segment == NULL) {
    set_nothing_there (error);
    return NULL;
  }
  bytes = vs_origin_make_stored (job, error);
  if (bytes)
    config = vs_cmaf_find_config (bytes, job->name.track, error);
  if (config && !g_str_equal (config->id, job->config->id)) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED,
        "The segment does not have the configuration that its entry names");
    return NULL;
  }
  return g_steal_pointer (&config);
}

GBytes *
vs_origin_make_init (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  g_autoptr (VsCodecConfig) config = NULL;

  if (job->config->record)
    config = vs_codec_config_ref (job->config);
  else
    config = read_config (job, error);
  return config ? vs_cmaf_header (config, NULL, error) : NULL;
}

GBytes *
vs_origin_make_stored (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  GBytes *bytes = g_steal_pointer (&job->bytes);

  for (guint i = 0; i < LOAD_ATTEMPTS && !bytes; i++) {
    g_clear_error (error);
    bytes = load (job, error);
  }
  return bytes;
}

/* The bytes are at hand: of the live window, or loaded by a job before. */
GBytes *
vs_origin_make_fragment (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  g_autoptr (GError) cause = NULL;
  g_autoptr (GBytes) again = NULL;
  GBytes *out;

  __atomic_add_fetch (&job->origin->packaged, 1, __ATOMIC_RELAXED);
  out = vs_package (job->bytes, job->segment, VS_FORMAT_CMAF, job->name.track,
      &cause);
  if (out)
    return out;
  if (!job->archive
      || !g_error_matches (cause, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  warn (job, cause->message);
  again = load (job, error);
  if (again == NULL)
    return NULL;
  return vs_package (again, job->segment, VS_FORMAT_CMAF, job->name.track,
      error);
}
