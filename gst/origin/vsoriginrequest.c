/* VisionStream: requests to the origin, from path to answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginprivate.h"

#include "archive/vsarchivewriter.h"

/* where an audio track's name is looked up: in the newest segments */
#define RESOLVE_WINDOW (60 * GST_SECOND)
/* newest segments of a live event that count as its edge */
#define LIVE_EDGE_SEGMENTS 3

/* A request under way: from vs_origin_request () to answer (), which frees
 * it. Only one thread at a time has it. */
typedef struct
{
  VsOrigin *origin;
  VsRoute route;
  VsObjectName name;
  VsEndpoint *endpoint;
  guint64 endpoints_revision;
  gchar *object;                /* as it stands in the path */
  gboolean accept_gzip;
  void (*done) (VsOriginResponse * response, gpointer user_data);
  gpointer user_data;

  VsOriginEvent *live;
  VsArchiveEvent *archive;
  VsCacheClass klass;
  guint target_duration;        /* s */
} Request;

static void
request_free (Request * request)
{
  g_clear_pointer (&request->endpoint, vs_endpoint_unref);
  g_clear_pointer (&request->live, vs_live_event_unref);
  g_clear_pointer (&request->archive, vs_archive_event_unref);
  g_free (request->object);
  g_free (request);
}

/* (transfer full) @response */
static void
answer (Request * request, VsOriginResponse * response)
{
  const VsRoute *route = &request->route;

  if (route->account[0]) {
    response->account = g_strdup (route->account);
    response->event = g_strdup (route->event);
    response->breakout = route->breakout[0] ? g_strdup (route->breakout) : NULL;
    response->endpoint = g_strdup (route->endpoint);
  }
  request->done (response, request->user_data);
  vs_origin_response_unref (response);
  request_free (request);
}

static void
answer_not_found (Request * request)
{
  answer (request, vs_origin_response_new_error (VS_STATUS_NOT_FOUND));
}

static void
answer_object (Request * request, VsObject * object)
{
  answer (request, vs_origin_response_new (object, request->accept_gzip,
          vs_origin_content_type (request->endpoint->type, &request->name),
          request->klass, request->target_duration));
}

static void
object_ready (VsObject * object, const GError * error, gpointer user_data)
{
  Request *request = user_data;

  if (object)
    answer_object (request, object);
  else
    answer (request, vs_origin_response_new_from_error (error));
}

static const gchar *
get_folder (const Request * request)
{
  if (request->live)
    return vs_live_event_get_folder (request->live);
  return request->archive->folder;
}

static GPtrArray *
get_timelines (const Request * request)
{
  if (request->live)
    return vs_live_event_get_timelines (request->live);
  return g_ptr_array_ref (request->archive->timelines);
}

/* A job that has what all kinds need. */
static VsOriginJob *
job_new (const Request * request, const gchar * key)
{
  VsOriginJob *job = vs_origin_job_new (request->origin, key);

  job->name = request->name;
  job->klass = request->live ? VS_POOL_LIVE : VS_POOL_VOD;
  if (request->live)
    job->live = vs_live_event_ref (request->live);
  if (request->archive)
    job->archive = vs_archive_event_ref (request->archive);
  return job;
}

/* The rendition that a name means: for audio, the first that carries it. */
static VsTimeline *
find_timeline (GPtrArray * timelines, const VsObjectName * name)
{
  g_autoptr (VsEventView) view = NULL;
  const gchar *rendition = name->name;

  if (name->track == VS_MEDIA_AUDIO) {
    const VsTimelineView *carrier;

    view = vs_event_view_new (timelines, NULL, RESOLVE_WINDOW);
    carrier = vs_event_view_find (view, VS_MEDIA_AUDIO, name->name);
    if (carrier == NULL)
      return NULL;
    rendition = carrier->rendition->name;
  }
  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    g_autoptr (VsRendition) info = vs_timeline_get_rendition (timeline);

    if (g_str_equal (info->name, rendition))
      return timeline;
  }
  return NULL;
}

/* Manifests. */

static void
note_growth (Request * request, GPtrArray * timelines)
{
  gboolean ended = request->live ?
      vs_live_event_has_ended (request->live) : request->archive->ended;

  request->klass = ended ? VS_CACHE_FINISHED : VS_CACHE_GROWING;
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
manifest_version (const Request * request, GPtrArray * timelines)
{
  VsTimelineState state = { 0 };
  VsTimeline *timeline = request->name.kind == VS_OBJECT_MEDIA ?
      find_timeline (timelines, &request->name) : NULL;
  guint64 archive = 0;

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

static void
answer_manifest (Request * request)
{
  VsOrigin *origin = request->origin;
  g_autoptr (GPtrArray) timelines = get_timelines (request);
  g_autofree gchar *version = NULL, *key = NULL;
  VsOriginJob *job;

  note_growth (request, timelines);
  version = manifest_version (request, timelines);
  key = g_strdup_printf ("m:%s/%s/%s#%s", get_folder (request),
      request->endpoint->name, request->object, version);
  if (vs_object_cache_lookup (origin->cache, key, object_ready, request)
      != VS_OBJECT_CACHE_MAKE)
    return;
  job = job_new (request, key);
  job->make = vs_origin_make_manifest;
  job->compress = TRUE;
  job->endpoint = vs_endpoint_ref (request->endpoint);
  vs_origin_job_start (job);
}

/* Init segments. */

static VsCodecConfig *
find_config (GPtrArray * timelines, const VsObjectName * name)
{
  VsTimeline *timeline = find_timeline (timelines, name);
  g_autoptr (VsCodecConfig) config = NULL;

  if (timeline)
    config = vs_timeline_get_config (timeline, name->config_id);
  if (config && vs_codec_get_media_type (config->codec) == name->track)
    return g_steal_pointer (&config);
  return NULL;
}

static VsCodecConfig *
find_config_anywhere (const Request * request)
{
  VsCodecConfig *config = NULL;

  if (request->live) {
    g_autoptr (GPtrArray) timelines =
        vs_live_event_get_timelines (request->live);

    config = find_config (timelines, &request->name);
  }
  if (config == NULL && request->archive)
    config = find_config (request->archive->timelines, &request->name);
  return config;
}

static void
answer_init (Request * request)
{
  VsOrigin *origin = request->origin;
  g_autoptr (VsCodecConfig) config = find_config_anywhere (request);
  g_autofree gchar *key = NULL;
  VsOriginJob *job;

  if (config == NULL) {
    answer_not_found (request);
    return;
  }
  /* the configuration is all that it depends on */
  key = g_strdup_printf ("i:%s", config->id);
  if (vs_object_cache_lookup (origin->cache, key, object_ready, request)
      != VS_OBJECT_CACHE_MAKE)
    return;
  job = job_new (request, key);
  job->make = vs_origin_make_init;
  job->config = vs_codec_config_ref (config);
  vs_origin_job_start (job);
}

/* Segments. */

static VsSegment *
find_segment (GPtrArray * timelines, const VsObjectName * name,
    gchar ** rendition)
{
  VsTimeline *timeline = find_timeline (timelines, name);
  g_autoptr (VsRendition) info = NULL;
  VsSegment *segment;

  if (timeline == NULL)
    return NULL;
  segment = vs_timeline_get (timeline, name->sequence);
  if (segment) {
    info = vs_timeline_get_rendition (timeline);
    *rendition = g_strdup (info->name);
  }
  return segment;
}

/* @bytes: (out) (nullable): of the live window */
static VsSegment *
find_segment_anywhere (const Request * request, gchar ** rendition,
    GBytes ** bytes)
{
  VsSegment *segment = NULL;

  if (request->live) {
    g_autoptr (GPtrArray) timelines =
        vs_live_event_get_timelines (request->live);

    segment = find_segment (timelines, &request->name, rendition);
    if (segment)
      *bytes = vs_live_event_get_bytes (request->live, *rendition,
          segment->sequence);
  }
  if (segment == NULL && request->archive)
    segment = find_segment (request->archive->timelines, &request->name,
        rendition);
  return segment;
}

static gchar *
segment_key (const Request * request, const VsSegment * segment,
    const gchar * rendition, VsFormat format)
{
  return g_strdup_printf ("%s:%s/%s/%" G_GUINT64_FORMAT "#%02x%02x%02x%02x",
      format == VS_FORMAT_TS ? "t" :
      vs_object_name_track (request->name.track), get_folder (request),
      rendition, segment->sequence, segment->sha256[0], segment->sha256[1],
      segment->sha256[2], segment->sha256[3]);
}

static VsPoolClass
segment_class (const Request * request, const VsSegment * segment)
{
  if (request->live == NULL)
    return request->archive->ended ? VS_POOL_VOD : VS_POOL_STARTOVER;
  return segment->sequence + LIVE_EDGE_SEGMENTS
      > vs_live_event_get_newest (request->live) ? VS_POOL_LIVE :
      VS_POOL_STARTOVER;
}

static VsOriginJob *
segment_job_new (const Request * request, const gchar * key,
    VsSegment * segment, VsFormat format)
{
  VsOriginJob *job = job_new (request, key);

  job->klass = segment_class (request, segment);
  job->segment = vs_segment_ref (segment);
  job->make = format == VS_FORMAT_TS ? vs_origin_make_stored :
      vs_origin_make_fragment;
  job->has_digest = vs_package_digest (segment, format, request->name.track,
      job->digest);
  return job;
}

/* A fragment's stored segment is there (or not): the second half. */
static void
stored_ready (VsObject * object, const GError * error, gpointer user_data)
{
  VsOriginJob *job = user_data;

  if (object == NULL) {
    vs_origin_job_fail (job, error);
    return;
  }
  job->bytes = g_bytes_ref (object->body);
  vs_origin_job_start (job);
}

/* Has the stored segment read, once for all formats and tracks; then starts
 * (transfer full) @fragment. */
static void
load_for_fragment (const Request * request, VsOriginJob * fragment,
    const gchar * rendition)
{
  VsOrigin *origin = request->origin;
  VsSegment *segment = fragment->segment;
  g_autofree gchar *key =
      segment_key (request, segment, rendition, VS_FORMAT_TS);
  /* made ahead: once it waits, the fragment's job may be gone any moment */
  VsOriginJob *stored = segment_job_new (request, key, segment, VS_FORMAT_TS);

  if (vs_object_cache_lookup (origin->cache, key, stored_ready, fragment)
      == VS_OBJECT_CACHE_MAKE)
    vs_origin_job_start (stored);
  else
    vs_origin_job_free (stored);
}

static void
answer_stored (Request * request, VsSegment * segment,
    const gchar * rendition, GBytes * bytes)
{
  VsOrigin *origin = request->origin;
  g_autofree gchar *key = NULL;
  guint8 digest[32];

  if (bytes && vs_package_digest (segment, VS_FORMAT_TS, VS_MEDIA_OTHER,
          digest)) {
    g_autoptr (VsObject) object =
        vs_object_new_hashed (g_bytes_ref (bytes), digest);

    answer_object (request, object);
    return;
  }
  if (bytes == NULL && request->archive == NULL) {
    answer_not_found (request);
    return;
  }
  key = segment_key (request, segment, rendition, VS_FORMAT_TS);
  if (vs_object_cache_lookup (origin->cache, key, object_ready, request)
      == VS_OBJECT_CACHE_MAKE) {
    VsOriginJob *job = segment_job_new (request, key, segment, VS_FORMAT_TS);

    job->bytes = bytes ? g_bytes_ref (bytes) : NULL;
    vs_origin_job_start (job);
  }
}

static void
answer_fragment (Request * request, VsSegment * segment,
    const gchar * rendition, GBytes * bytes)
{
  VsOrigin *origin = request->origin;
  g_autofree gchar *key = NULL;
  VsOriginJob *job;

  if (bytes == NULL && request->archive == NULL) {
    answer_not_found (request);
    return;
  }
  key = segment_key (request, segment, rendition, VS_FORMAT_CMAF);
  if (vs_object_cache_lookup (origin->cache, key, object_ready, request)
      != VS_OBJECT_CACHE_MAKE)
    return;
  job = segment_job_new (request, key, segment, VS_FORMAT_CMAF);
  if (bytes) {
    job->bytes = g_bytes_ref (bytes);
    vs_origin_job_start (job);
  } else {
    load_for_fragment (request, job, rendition);
  }
}

static void
answer_segment (Request * request)
{
  g_autofree gchar *rendition = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (VsSegment) segment =
      find_segment_anywhere (request, &rendition, &bytes);

  if (segment == NULL || segment->gap)
    answer_not_found (request);
  else if (request->name.track == VS_MEDIA_OTHER)
    answer_stored (request, segment, rendition, bytes);
  else
    answer_fragment (request, segment, rendition, bytes);
}

/* All that the answer is made from has been found. */
static void
proceed (Request * request)
{
  request->klass = VS_CACHE_IMMUTABLE;
  switch (request->name.kind) {
    case VS_OBJECT_MAIN:
    case VS_OBJECT_MEDIA:
      answer_manifest (request);
      break;
    case VS_OBJECT_INIT:
      answer_init (request);
      break;
    case VS_OBJECT_SEGMENT:
      answer_segment (request);
      break;
  }
}

/* Whether the live event alone has what is asked for, or nobody has it. */
static gboolean
is_live_enough (const Request * request)
{
  VsOriginEvent *live = request->live;
  g_autoptr (VsCodecConfig) config = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree gchar *rendition = NULL;

  switch (request->name.kind) {
    case VS_OBJECT_MAIN:
    case VS_OBJECT_MEDIA:
      return vs_live_event_covers (live, vs_live_event_has_ended (live) ?
          0 : request->endpoint->window);
    case VS_OBJECT_INIT:
      config = find_config_anywhere (request);
      return config != NULL;
    case VS_OBJECT_SEGMENT:
      if (request->name.sequence > vs_live_event_get_newest (live))
        return TRUE;
      segment = find_segment_anywhere (request, &rendition, &bytes);
      return bytes != NULL || (segment && segment->gap);
  }
  g_return_val_if_reached (TRUE);
}

static void
archive_ready (VsArchiveEvent * event, const GError * error, gpointer user_data)
{
  Request *request = user_data;

  if (event)
    request->archive = vs_archive_event_ref (event);
  if (!request->live && event && event->is_foreign
      && request->endpoint->type != VS_ENDPOINT_HLS)
    answer_not_found (request);
  else if (request->live || request->archive)
    proceed (request);
  else
    answer (request, vs_origin_response_new_from_error (error));
}

static gboolean
parse (Request * request, const gchar * path)
{
  if (!vs_route_parse (path, &request->route)) {
    request->route.account[0] = '\0';
    return FALSE;
  }
  request->object = g_strdup (request->route.object);
  request->endpoint = vs_origin_get_endpoint (request->origin,
      request->route.endpoint, &request->endpoints_revision);
  return request->endpoint && vs_object_name_parse (request->object,
      request->endpoint->type, &request->name);
}

static const gchar *
get_breakout (const Request * request)
{
  return request->route.breakout[0] ? request->route.breakout : NULL;
}

void
vs_origin_request (VsOrigin * origin, const VsOriginRequest * what,
    void (*done) (VsOriginResponse * response, gpointer user_data),
    gpointer user_data)
{
  VsArchiveEvents *archives = vs_origin_get_archives (origin);
  Request *request = g_new0 (Request, 1);
  g_autofree gchar *folder = NULL;

  request->origin = origin;
  request->accept_gzip = what->accept_gzip;
  request->done = done;
  request->user_data = user_data;
  if (!parse (request, what->path)) {
    answer_not_found (request);
    return;
  }

  folder = vs_archive_folder (request->route.account, request->route.event,
      get_breakout (request));
  request->live = vs_origin_find_live (origin, folder);
  if (request->live && (!archives || is_live_enough (request)))
    proceed (request);
  else if (archives)
    vs_archive_events_get (archives, request->route.account,
        request->route.event, get_breakout (request), archive_ready, request);
  else
    answer_not_found (request);
}
