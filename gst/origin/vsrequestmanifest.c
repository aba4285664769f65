/* VisionStream: requests for manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsrequest.h"

#include "origin/vsrange.h"

/* gaps among so many of the newest segments make a manifest incomplete; one
 * that has not grown for so many target durations is stale */
#define COMPLETE_SEGMENTS 3
#define STALE_TARGETS 3

static gboolean
has_ended (const VsRequest * request)
{
  return request->live ?
      vs_live_event_has_ended (request->live) : request->archive->ended;
}

static void
note_target_duration (VsRequest * request, GPtrArray * timelines)
{
  for (guint i = 0; i < timelines->len; i++) {
    VsTimelineState state;

    vs_timeline_get_state (g_ptr_array_index (timelines, i), &state);
    request->target_duration =
        MAX (request->target_duration, state.target_duration);
  }
}

/* What tells one version of a manifest from the next: a media playlist
 * changes with its own rendition, not with each that the event has. What an
 * archive adds to a live event is behind the window's end, and changes it
 * only once that grows no more. */
static gchar *
manifest_version (const VsRequest * request, GPtrArray * timelines,
    const VsRange * range)
{
  VsTimelineState state = { 0 };
  VsTimeline *timeline = request->name.kind == VS_OBJECT_MEDIA ?
      vs_request_find_timeline (timelines, &request->name) : NULL;
  guint64 archive = 0;

  /* what is over stays as it is */
  if (!range->grows && !has_ended (request))
    return g_strdup_printf ("p%" G_GINT64_MODIFIER "x.%" G_GINT64_MODIFIER "x",
        request->endpoints_revision, range->end_us);
  if (timeline)
    vs_timeline_get_state (timeline, &state);
  else if (request->live)
    state.revision = vs_live_event_get_revision (request->live);
  if (request->archive)
    archive = request->live && request->klass == VS_CACHE_GROWING ? 1 :
        request->archive->revision;
  return g_strdup_printf ("%c%" G_GINT64_MODIFIER "x.%" G_GINT64_MODIFIER
      "x.%" G_GINT64_MODIFIER "x", timeline ? 'r' : 'e',
      request->endpoints_revision, state.revision, archive);
}

/* What is made of blocks, and, not to take twice the room, in one form: more
 * than a block of segments that last as long as they may. */
static gboolean
is_long (const VsRequest * request, const VsRange * range)
{
  gint64 span_us = range->end_us - range->start_us;

  if (range->slides && range->window > 0)
    span_us = MIN (span_us, (gint64) (range->window / GST_USECOND));
  return span_us > (gint64) VS_BLOCK *request->target_duration *
      G_TIME_SPAN_SECOND;
}

static gchar *
manifest_key (const VsRequest * request, GPtrArray * timelines,
    const VsRange * range, gboolean long_one)
{
  const gchar *form = !long_one ? "" : request->accept_gzip ? "z" : "p";
  g_autofree gchar *version = manifest_version (request, timelines, range);
  GString *key = g_string_new (NULL);

  g_string_printf (key, "m%s:%s/%s/%s#%s?", form, request->folder,
      request->endpoint->name, request->object, version);
  vs_selection_append_key (key, &request->selection);
  return g_string_free (key, FALSE);
}

/* Whether some rendition has a gap where players are. */
static gboolean
is_incomplete (GPtrArray * timelines)
{
  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    VsTimelineState state;

    vs_timeline_get_state (timeline, &state);
    for (guint64 n = 1; n <= COMPLETE_SEGMENTS && state.next > n; n++) {
      g_autoptr (VsSegment) segment = vs_timeline_get (timeline,
          state.next - n);

      if (segment && segment->gap)
        return TRUE;
    }
  }
  return FALSE;
}

static gboolean
is_stale (const VsRequest * request)
{
  gint64 age_us = request->live ? vs_live_event_get_age (request->live) :
      vs_archive_event_get_age (request->archive);

  return age_us > (gint64) MAX (request->target_duration, 1)
      * STALE_TARGETS * G_TIME_SPAN_SECOND;
}

/* Whether the endpoint would rather have its viewers go elsewhere. */
static gboolean
is_unfit (const VsRequest * request, GPtrArray * timelines)
{
  const VsEndpoint *endpoint = request->endpoint;

  if (has_ended (request))
    return FALSE;
  return (endpoint->error_on_stale && is_stale (request))
      || (endpoint->error_on_incomplete && is_incomplete (timelines));
}

static gboolean
resolve (const VsRequest * request, GPtrArray * timelines, VsRange * range,
    GError ** error)
{
  VsExtent extent;

  vs_event_get_extent (timelines, request->live && request->archive ?
      request->archive->timelines : NULL, &extent);
  extent.ended = has_ended (request);
  return vs_selection_resolve (&request->selection, request->endpoint,
      &extent, range, error);
}

/* All but what the manifest itself tells. Renditions grow together: the first
 * one stands for all. */
static void
note_freshness (VsRequest * request, GPtrArray * timelines,
    const VsRange * range)
{
  g_autoptr (VsRendition) info =
      vs_timeline_get_rendition (g_ptr_array_index (timelines, 0));

  request->freshness.last_updated_us = range->end_us;
  request->freshness.active_input = info->ingest_index + 1;
}

void
vs_request_manifest (VsRequest * request)
{
  g_autoptr (GPtrArray) timelines = vs_request_get_timelines (request);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *key = NULL;
  VsOriginJob *job;
  gboolean long_one;
  VsRange range;

  note_target_duration (request, timelines);
  if (is_unfit (request, timelines)) {
    vs_request_answer_status (request, VS_STATUS_NOT_FOUND);
    return;
  }
  if (!resolve (request, timelines, &range, &error)) {
    vs_request_answer_error (request, error);
    return;
  }
  note_freshness (request, timelines, &range);
  request->klass = range.grows ? VS_CACHE_GROWING : VS_CACHE_FINISHED;
  long_one = is_long (request, &range);
  key = manifest_key (request, timelines, &range, long_one);
  if (vs_object_cache_lookup (request->origin->cache, key,
          vs_request_object_ready, request) != VS_OBJECT_CACHE_MAKE)
    return;
  job = vs_request_new_job (request, key);
  job->make_object = vs_origin_make_manifest;
  job->reads = job->archive != NULL;
  job->is_long = long_one;
  job->compress = request->accept_gzip || !job->is_long;
  job->settings_id = request->endpoints_revision;
  job->endpoint = vs_endpoint_ref (request->endpoint);
  job->range = range;
  vs_selection_copy (&request->selection, &job->selection);
  vs_origin_job_start (job);
}

/* Whether the timelines of a live event reach as far back as is asked. */
gboolean
vs_request_is_live_enough (const VsRequest * request)
{
  VsOriginEvent *live = request->live;
  const VsSelection *selection = &request->selection;
  gboolean windowed = !vs_live_event_has_ended (live) && !selection->start_us
      && request->endpoint->playlist_type == VS_PLAYLIST_SLIDING;

  switch (request->name.kind) {
    case VS_OBJECT_MAIN:
    case VS_OBJECT_MEDIA:
      return vs_live_event_covers (live, windowed ?
          selection->window + selection->delay : 0);
    default:
      return vs_request_segment_is_live_enough (request);
  }
}
