/* VisionStream: what the origin's pool makes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginprivate.h"

#include "isobmff/vssamples.h"
#include "origin/vsjoin.h"

/* a stored segment that can't be read or does not parse is read once more */
#define LOAD_ATTEMPTS 2
/* how long what is broken is left alone */
#define BROKEN_US (5 * G_TIME_SPAN_SECOND)

VsOriginJob *
vs_origin_job_new (VsOrigin * origin, const gchar * key)
{
  VsOriginJob *job = g_new0 (VsOriginJob, 1);

  job->origin = origin;
  job->key = g_strdup (key);
  return job;
}

static void
part_clear (gpointer data)
{
  VsOriginPart *part = data;

  g_clear_pointer (&part->segment, vs_segment_unref);
  g_clear_pointer (&part->bytes, g_bytes_unref);
}

void
vs_origin_job_free (VsOriginJob * job)
{
  g_free (job->key);
  g_free (job->account);
  g_clear_pointer (&job->live, vs_live_event_unref);
  g_clear_pointer (&job->archive, vs_archive_event_unref);
  g_clear_pointer (&job->endpoint, vs_endpoint_unref);
  vs_selection_clear (&job->selection);
  g_clear_pointer (&job->segment, vs_segment_unref);
  g_clear_pointer (&job->config, vs_codec_config_unref);
  g_clear_pointer (&job->bytes, g_bytes_unref);
  g_clear_pointer (&job->parts, g_array_unref);
  g_clear_pointer (&job->ahead, g_ptr_array_unref);
  g_clear_error (&job->part_error);
  g_free (job);
}

void
vs_origin_job_set_parts (VsOriginJob * job, GPtrArray * segments,
    GPtrArray * bytes)
{
  job->parts = g_array_new (FALSE, TRUE, sizeof (VsOriginPart));
  g_array_set_clear_func (job->parts, part_clear);
  /* whoever sets them counts as one that is waited for */
  job->n_awaited = 1;
  for (guint i = 0; i < segments->len; i++) {
    VsOriginPart part = {
      vs_segment_ref (g_ptr_array_index (segments, i)), NULL
    };

    if (g_ptr_array_index (bytes, i))
      part.bytes = g_bytes_ref (g_ptr_array_index (bytes, i));
    else
      job->n_awaited++;
    g_array_append_val (job->parts, part);
  }
}

void
vs_origin_job_take_part (VsOriginJob * job, guint index, GBytes * bytes,
    const GError * error)
{
  if (bytes) {
    g_array_index (job->parts, VsOriginPart, index).bytes = g_bytes_ref (bytes);
  } else {
    GError *copy = g_error_copy (error);

    if (!g_atomic_pointer_compare_and_exchange (&job->part_error, NULL, copy))
      g_error_free (copy);
  }
  vs_origin_job_part_done (job);
}

void
vs_origin_job_part_done (VsOriginJob * job)
{
  if (!g_atomic_int_dec_and_test (&job->n_awaited))
    return;
  if (job->part_error)
    vs_origin_job_fail (job, job->part_error);
  else
    vs_origin_job_start (job);
}

/* Whether to try again at once would only find the same: what is stored is
 * gone or damaged. */
static gboolean
is_lasting (const GError * error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED)
      || g_error_matches (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED);
}

static void
run_job (gpointer data)
{
  VsOriginJob *job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VsObject) object = NULL;
  GBytes *bytes = NULL;

  if (job->make_object)
    object = job->make_object (job, &error);
  else
    bytes = job->make (job, &error);
  if (bytes && job->has_digest)
    object = vs_object_new_hashed (bytes, job->digest);
  else if (bytes)
    object = vs_object_new (bytes, job->compress);
  if (is_lasting (error))
    vs_object_cache_fail (job->origin->cache, job->key, error, BROKEN_US);
  else
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
  VsPool *pool = job->reads ? vs_origin_get_readers (job->origin) :
      job->origin->pool;

  if (!vs_pool_push (pool, job->klass, run_job, drop_job, job))
    drop_job (job);
}

static void
warn (VsOriginJob * job, const VsSegment * segment, const gchar * trouble)
{
  g_autofree gchar *text = g_strdup_printf ("%s: segment %" G_GUINT64_FORMAT
      " (%s): %s", job->archive->folder, segment->sequence,
      segment->uri ? segment->uri : "no URI", trouble);

  vs_origin_warn (job->origin, text);
}

/* What is listed but can't be had is the store's fault, and no 404: its error
 * is not passed on as such. */
static void
fail_to_load (VsOriginJob * job, const VsSegment * segment,
    const GError * cause, GError ** error)
{
  warn (job, segment, cause->message);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, cause->message);
}

/* One reading */
static GBytes *
load (VsOriginJob * job, const VsSegment * segment, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  VsSegmentSource *source = job->archive->source;
  GBytes *bytes = source->klass->load (source, segment, NULL, &cause);

  if (bytes == NULL)
    fail_to_load (job, segment, cause, error);
  return bytes;
}

GBytes *
vs_origin_job_load (VsOriginJob * job, const VsSegment * segment,
    GError ** error)
{
  GBytes *bytes = NULL;

  for (guint i = 0; i < LOAD_ATTEMPTS && !bytes; i++) {
    g_clear_error (error);
    bytes = load (job, segment, error);
  }
  return bytes;
}

GBytes *
vs_origin_make_stored (gpointer data, GError ** error)
{
  VsOriginJob *job = data;

  if (job->bytes)
    return g_steal_pointer (&job->bytes);
  return vs_origin_job_load (job, job->segment, error);
}

static GBytes *
join_parts (const VsOriginJob * job)
{
  GBytes *bytes[VS_JOIN_MAX];

  for (guint i = 0; i < job->parts->len; i++)
    bytes[i] = g_array_index (job->parts, VsOriginPart, i).bytes;
  return vs_join_bytes (bytes, job->parts->len);
}

static GBytes *
package_parts (VsOriginJob * job, GError ** error)
{
  g_autoptr (GBytes) ts = join_parts (job);

  return vs_package (ts, job->segment, &job->packaging, error);
}

/* Reads all parts anew from the archive. */
static gboolean
reload_parts (VsOriginJob * job, GError ** error)
{
  for (guint i = 0; i < job->parts->len; i++) {
    VsOriginPart *part = &g_array_index (job->parts, VsOriginPart, i);
    GBytes *bytes = load (job, part->segment, error);

    if (bytes == NULL)
      return FALSE;
    g_bytes_unref (part->bytes);
    part->bytes = bytes;
  }
  return TRUE;
}

/* The parts are at hand: of the live window, or loaded by jobs before. */
GBytes *
vs_origin_make_packaged (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  g_autoptr (GError) cause = NULL;
  GBytes *out;

  __atomic_add_fetch (&job->origin->packaged, 1, __ATOMIC_RELAXED);
  out = package_parts (job, &cause);
  if (out)
    return out;
  if (!job->archive
      || !g_error_matches (cause, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  warn (job, job->segment, cause->message);
  return reload_parts (job, error) ? package_parts (job, error) : NULL;
}

/* FALSE also where the source has no samples to give: then without an error */
static gboolean
collect (VsOriginJob * job, VsSamples * samples, GError ** error)
{
  VsSegmentSource *source = job->archive->source;

  for (guint i = 0; i < LOAD_ATTEMPTS; i++) {
    g_autoptr (GError) cause = NULL;

    g_clear_error (error);
    vs_samples_clear (samples);
    if (source->klass->collect (source, job->segment, job->packaging.track,
            samples, NULL, &cause))
      return TRUE;
    if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
      break;
    fail_to_load (job, job->segment, cause, error);
  }
  return FALSE;
}

/* Of the source's own samples, where they are as they should be */
GBytes *
vs_origin_make_collected (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  g_auto (VsSamples) samples = { 0 };
  g_autoptr (GError) cause = NULL;
  g_autoptr (GBytes) ts = NULL;

  __atomic_add_fetch (&job->origin->packaged, 1, __ATOMIC_RELAXED);
  if (collect (job, &samples, &cause))
    return vs_package_samples (&samples, job->segment, &job->packaging, error);
  if (cause) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  ts = vs_origin_job_load (job, job->segment, error);
  return ts ? vs_package (ts, job->segment, &job->packaging, error) : NULL;
}
