/* VisionStream: configurations whose records stand in an archive's segments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A playlist tells what HLS and DASH need of a configuration; init segments
 * and Smooth Streaming need the record too. It is read once for each, from the
 * first segment that names it.
 */
#include "config.h"
#include "origin/vsoriginprivate.h"
#include "origin/vssummary.h"

#include <string.h>

/* configurations that are remembered: all are forgotten when there are more */
#define MAX_CONFIGS 1024

static VsCodecConfig *
recall (VsOrigin * origin, const gchar * id)
{
  VsCodecConfig *config;

  g_mutex_lock (&origin->lock);
  config = g_hash_table_lookup (origin->configs, id);
  if (config)
    vs_codec_config_ref (config);
  g_mutex_unlock (&origin->lock);
  return config;
}

static void
remember (VsOrigin * origin, VsCodecConfig * config)
{
  g_mutex_lock (&origin->lock);
  if (g_hash_table_size (origin->configs) >= MAX_CONFIGS)
    g_hash_table_remove_all (origin->configs);
  g_hash_table_replace (origin->configs, config->id,
      vs_codec_config_ref (config));
  g_mutex_unlock (&origin->lock);
}

/* A segment of the archive that names a configuration. */
static VsSegment *
find_segment (const VsOriginJob * job, VsMediaType track,
    const gchar * config_id, GError ** error)
{
  GPtrArray *timelines = job->archive->timelines;

  for (guint i = 0; i < timelines->len; i++) {
    VsHistory history;
    guint64 sequence;

    vs_history_init (&history, g_ptr_array_index (timelines, i), NULL);
    if (!vs_summary_find_config (&history, job->origin->history, track,
            config_id, &sequence, error))
      return NULL;
    if (sequence > 0)
      return vs_history_get (&history, sequence, error);
  }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "No segment has this configuration");
  return NULL;
}

static VsCodecConfig *
read_config (VsOriginJob * job, VsMediaType track, const gchar * id,
    GError ** error)
{
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (VsCodecConfig) config = NULL;

  if (job->archive)
    segment = find_segment (job, track, id, error);
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "There is nothing to show yet");
  if (segment == NULL)
    return NULL;
  bytes = vs_origin_job_load (job, segment, error);
  if (bytes)
    config = vs_cmaf_find_config (bytes, track, error);
  if (config && !g_str_equal (config->id, id)) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED,
        "The segment does not have the configuration that its entry names");
    return NULL;
  }
  return g_steal_pointer (&config);
}

/* (transfer full): @config, or the same with its record */
static VsCodecConfig *
complete (VsOriginJob * job, VsCodecConfig * config, GError ** error)
{
  VsCodecConfig *whole;

  if (config->record)
    return vs_codec_config_ref (config);
  whole = recall (job->origin, config->id);
  if (whole == NULL) {
    whole = read_config (job, vs_codec_get_media_type (config->codec),
        config->id, error);
    if (whole)
      remember (job->origin, whole);
  }
  return whole;
}

static gboolean
complete_in_view (VsOriginJob * job, VsTimelineView * view,
    VsMediaType track, GError ** error)
{
  VsCodecConfig *config = vs_timeline_view_find_config (view, track);
  VsCodecConfig *whole;
  guint index;

  if (config == NULL || config->record
      || !g_ptr_array_find (view->configs, config, &index))
    return TRUE;
  whole = complete (job, config, error);
  if (whole == NULL)
    return FALSE;
  view->configs->pdata[index] = whole;
  vs_codec_config_unref (config);
  return TRUE;
}

gboolean
vs_origin_job_complete_configs (VsOriginJob * job, VsEventView * view,
    GError ** error)
{
  for (guint i = 0; i < view->views->len; i++) {
    VsTimelineView *one = g_ptr_array_index (view->views, i);

    if (!complete_in_view (job, one, VS_MEDIA_VIDEO, error)
        || !complete_in_view (job, one, VS_MEDIA_AUDIO, error))
      return FALSE;
  }
  return TRUE;
}

GBytes *
vs_origin_make_init (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  g_autoptr (VsCodecConfig) config = complete (job, job->config, error);

  return config ? vs_cmaf_header (config, NULL, error) : NULL;
}
