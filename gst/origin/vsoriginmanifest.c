/* VisionStream: manifests, as the origin's pool makes them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginprivate.h"

#include <string.h>

#include "origin/vschunk.h"
#include "origin/vshlsblocks.h"
#include "origin/vsmanifests.h"
#include "origin/vsmsslevels.h"
#include "timeline/vsspan.h"

/* What a manifest is made from. */
typedef struct
{
  VsOriginJob *job;
  GPtrArray *timelines;         /* owned */
  GPtrArray *older;             /* or NULL */
} Sources;

/* (nullable): without an error when there is no such rendition */
static VsObject *
make_blocks (const Sources * sources, const VsManifestContext * context,
    GError ** error)
{
  const VsOriginJob *job = sources->job;
  const VsTimelineView *one =
      vs_event_view_find (context->view, job->name.track, job->name.name);
  VsHistory history;
  VsHlsBlocks blocks = {
    .context = context,
    .name = &job->name,
    .history = &history,
    .grows = job->range.grows,
    .cache = job->origin->history,
    .settings_id = job->settings_id,
  };

  if (one == NULL || !vs_event_find_history (sources->timelines,
          sources->older, one->rendition->name, &history))
    return NULL;
  if (!vs_range_find (&history, &job->range, context->view->join,
          job->origin->history, &blocks.bounds, error))
    return NULL;
  return vs_hls_blocks_make (&blocks, job->compress, error);
}

static VsObject *
make_long_media (const Sources * sources, const VsManifestContext * context,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  VsObject *object = make_blocks (sources, context, &cause);

  if (cause)
    g_propagate_error (error, g_steal_pointer (&cause));
  else if (object == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "There is no such rendition");
  return object;
}

static gboolean
is_long_media (const VsOriginJob * job)
{
  return job->is_long && job->name.kind == VS_OBJECT_MEDIA;
}

/* (transfer full) @text */
static VsObject *
to_object (const VsOriginJob * job, gchar * text, const VsXmlCuts * cuts)
{
  if (job->is_long)
    return vs_text_to_object (text, cuts->offsets, job->compress,
        job->origin->history);
  return vs_object_new (g_bytes_new_take (text, strlen (text)), job->compress);
}

static VsObject *
make (const Sources * sources, VsManifestContext * context, GError ** error)
{
  VsOriginJob *job = sources->job;
  g_autoptr (VsMssLevels) mss_levels = NULL;
  g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gsize));
  VsXmlCuts cuts = { offsets, VS_BLOCK };
  gchar *text;

  if (is_long_media (job))
    return make_long_media (sources, context, error);
  if (job->endpoint->type == VS_ENDPOINT_MSS) {
    if (!vs_origin_job_complete_configs (job, context->view, error))
      return NULL;
    context->mss_levels = mss_levels = vs_mss_levels_new (sources->timelines);
  }
  context->cuts = job->is_long ? &cuts : NULL;
  text = vs_manifest_write (context, &job->name, error);
  return text ? to_object (job, text, &cuts) : NULL;
}

/* 0 when it shows none */
static guint64
find_last (const VsOriginJob * job, const VsEventView * view)
{
  const VsTimelineView *own = job->name.kind == VS_OBJECT_MEDIA ?
      vs_event_view_find (view, job->name.track, job->name.name) : NULL;
  VsSegment last = { 0 };

  if (own)
    vs_timeline_view_get_last (own, &last);
  for (guint i = 0; i < view->views->len && last.sequence == 0; i++)
    vs_timeline_view_get_last (g_ptr_array_index (view->views, i), &last);
  return last.sequence;
}

VsObject *
vs_origin_make_manifest (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  g_autoptr (GPtrArray) timelines = NULL;
  g_autoptr (VsEventView) view = NULL;
  g_autofree gchar *root = NULL;
  const gchar *folder = job->live ? vs_live_event_get_folder (job->live) :
      job->archive->folder;
  VsManifestContext context = {
    .endpoint = job->endpoint,
    .selection = &job->selection,
    .utc_timing_uri = job->origin->utc_timing_uri,
  };
  Sources sources = { job };
  VsRange range = job->range;
  VsObject *object;

  timelines = job->live ? vs_live_event_get_timelines (job->live) :
      g_ptr_array_ref (job->archive->timelines);
  sources.timelines = timelines;
  if (job->live && job->archive)
    sources.older = job->archive->timelines;
  if (job->is_long) {
    range.newest = VS_BLOCK;
    range.summed = !is_long_media (job);
  }
  view = vs_event_view_new_range (timelines, sources.older, &range,
      job->endpoint->segment_duration, job->origin->history, error);
  if (view == NULL)
    return NULL;
  root = g_strdup_printf ("%s" VS_ROUTE_ROOT "%s/%s/",
      job->origin->base_path, folder, job->endpoint->name);
  context.view = view;
  context.root = root;
  object = make (&sources, &context, error);
  if (object)
    object->last_sequence = find_last (job, view);
  return object;
}
