/* VisionStream: requests to the origin, from path to answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsrequest.h"

#include <string.h>

#include "archive/vsarchivewriter.h"
#include "asset/vsasset.h"

/* where an audio track's name is looked up: in the newest segments */
#define RESOLVE_WINDOW (60 * GST_SECOND)

static void
request_free (VsRequest * request)
{
  g_clear_pointer (&request->endpoint, vs_endpoint_unref);
  g_clear_pointer (&request->live, vs_live_event_unref);
  g_clear_pointer (&request->archive, vs_archive_event_unref);
  vs_selection_clear (&request->selection);
  g_free (request->object);
  g_free (request->folder);
  g_free (request->query);
  g_free (request);
}

/* (nullable): what comes behind the event: a media file's name, too */
static const gchar *
get_breakout (const VsRequest * request)
{
  const VsRoute *route = &request->route;

  if (route->asset[0])
    return route->asset;
  return route->breakout[0] ? route->breakout : NULL;
}

void
vs_request_answer (VsRequest * request, VsOriginResponse * response)
{
  const VsRoute *route = &request->route;

  if (route->account[0]) {
    response->account = g_strdup (route->account);
    response->event = g_strdup (route->event);
    response->breakout = g_strdup (get_breakout (request));
    response->endpoint = g_strdup (route->endpoint);
  }
  response->is_live = request->live ?
      !vs_live_event_has_ended (request->live) :
      request->archive && !request->archive->ended;
  response->format = request->endpoint ?
      vs_origin_format_letter (request->endpoint->type) : "o";
  response->freshness = request->freshness;
  response->reason = request->reason;
  request->done (response, request->user_data);
  vs_origin_response_unref (response);
  request_free (request);
}

void
vs_request_answer_status (VsRequest * request, guint status)
{
  vs_request_answer (request, vs_origin_response_new_error (status));
}

void
vs_request_answer_error (VsRequest * request, const GError * error)
{
  vs_request_answer (request, vs_origin_response_new_from_error (error));
}

void
vs_request_answer_object (VsRequest * request, VsObject * object)
{
  VsOriginResponse *response = vs_origin_response_new (object,
      request->accept_gzip,
      vs_origin_content_type (request->endpoint->type, &request->name),
      request->klass, request->target_duration);

  response->is_manifest = request->name.kind == VS_OBJECT_MAIN
      || request->name.kind == VS_OBJECT_MEDIA;
  request->freshness.last_sequence = object->last_sequence;
  vs_request_answer (request, response);
}

void
vs_request_object_ready (VsObject * object, const GError * error,
    gpointer user_data)
{
  VsRequest *request = user_data;

  if (object)
    vs_request_answer_object (request, object);
  else
    vs_request_answer_error (request, error);
}

gboolean
vs_request_check_token (VsRequest * request, VsFormat format,
    const VsSegment * segment)
{
  VsToken token = vs_package_check_token (request->query, format, segment);

  request->klass = token == VS_TOKEN_RIGHT ? VS_CACHE_IMMUTABLE :
      VS_CACHE_FINISHED;
  return token != VS_TOKEN_WRONG;
}

GPtrArray *
vs_request_get_timelines (const VsRequest * request)
{
  if (request->live)
    return vs_live_event_get_timelines (request->live);
  return g_ptr_array_ref (request->archive->timelines);
}

VsOriginJob *
vs_request_new_job (const VsRequest * request, const gchar * key)
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

VsTimeline *
vs_request_find_timeline (GPtrArray * timelines, const VsObjectName * name)
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

static void
find_segment (gpointer data)
{
  VsRequest *request = data;

  if (request->name.kind == VS_OBJECT_INIT)
    vs_request_init (request);
  else
    vs_request_segment (request);
}

static void
drop_segment (gpointer data)
{
  vs_request_answer_status (data, VS_STATUS_SERVICE_UNAVAILABLE);
}

/* All that the answer is made from has been found. */
static void
proceed (VsRequest * request)
{
  gboolean manifest = request->name.kind == VS_OBJECT_MAIN
      || request->name.kind == VS_OBJECT_MEDIA;

  if (manifest)
    vs_request_manifest (request);
  else if (!vs_request_must_read (request))
    find_segment (request);
  else if (!vs_pool_push (vs_origin_get_readers (request->origin),
          request->archive->ended ? VS_POOL_VOD : VS_POOL_STARTOVER,
          find_segment, drop_segment, request))
    drop_segment (request);
}

static void
archive_ready (VsArchiveEvent * event, const GError * error, gpointer user_data)
{
  VsRequest *request = user_data;

  if (event)
    request->archive = vs_archive_event_ref (event);
  if (!request->live && event && event->is_foreign
      && request->endpoint->type != VS_ENDPOINT_HLS)
    vs_request_answer_status (request, VS_STATUS_NOT_FOUND);
  else if (request->live || request->archive)
    proceed (request);
  else
    vs_request_answer_error (request, error);
}

/* MediaPackage v1's URLs name an endpoint alone: it is of our own event. */
static gboolean
resolve_id (VsRequest * request)
{
  VsRoute *route = &request->route;
  const VsOrigin *origin = request->origin;

  request->endpoint = vs_origin_get_endpoint_by_id (request->origin,
      route->id, &request->endpoints_revision);
  if (request->endpoint == NULL || (route->endpoint[0]
          && strcmp (route->endpoint, request->endpoint->name) != 0))
    return FALSE;
  g_strlcpy (route->endpoint, request->endpoint->name, sizeof route->endpoint);
  g_strlcpy (route->account, origin->account, sizeof route->account);
  g_strlcpy (route->event, origin->event, sizeof route->event);
  g_strlcpy (route->breakout, origin->breakout ? origin->breakout : "",
      sizeof route->breakout);
  return TRUE;
}

/* A media file is in an event's place. */
static void
resolve_asset (VsRoute * route)
{
  g_strlcpy (route->event, VS_ASSET_FOLDER, sizeof route->event);
}

static gboolean
find_endpoint (VsRequest * request)
{
  VsRoute *route = &request->route;

  if (route->kind == VS_ROUTE_ID)
    return resolve_id (request);
  if (route->kind == VS_ROUTE_ASSET)
    resolve_asset (route);
  request->endpoint = vs_origin_get_endpoint (request->origin,
      route->endpoint, &request->endpoints_revision);
  return request->endpoint != NULL;
}

/* NULL, or why not; static */
static const gchar *
find_refusal (const VsEndpoint * endpoint, const VsOriginRequest * what)
{
  const gchar *const identifiers[] = {
    endpoint->cdn_identifier, endpoint->cdn_identifier_previous
  };

  if (!endpoint->origination)
    return "origination";
  if (endpoint->allowed) {
    g_autoptr (GInetAddress) client = what->client ?
        g_inet_address_new_from_string (what->client) : NULL;

    if (!vs_address_list_contains (endpoint->allowed, client))
      return "allow-list";
  }
  if (endpoint->cdn_identifier == NULL
      && endpoint->cdn_identifier_previous == NULL)
    return NULL;
  return vs_secret_matches (what->cdn_identifier, identifiers,
      G_N_ELEMENTS (identifiers)) ? NULL : "cdn-identifier";
}

/* Of a file: it has no endpoint, so it is for whoever may have the event by
 * any. */
static const gchar *
find_file_refusal (VsOrigin * origin, const VsOriginRequest * what)
{
  g_autoptr (GPtrArray) endpoints = vs_origin_get_endpoints (origin);
  const gchar *reason = "no endpoint";

  for (guint i = 0; i < endpoints->len && reason; i++)
    reason = find_refusal (g_ptr_array_index (endpoints, i), what);
  return reason;
}

/* The status that refuses it, or 0. */
static guint
examine (VsRequest * request, const VsOriginRequest * what)
{
  gboolean is_file;

  if (!vs_route_parse (what->path, &request->route)) {
    request->route.account[0] = '\0';
    return VS_STATUS_NOT_FOUND;
  }
  request->object = g_strdup (request->route.object);
  is_file = request->route.kind == VS_ROUTE_FILE;
  if (!is_file && !find_endpoint (request))
    return VS_STATUS_NOT_FOUND;
  request->reason = is_file ? find_file_refusal (request->origin, what) :
      find_refusal (request->endpoint, what);
  if (request->reason)
    return VS_STATUS_FORBIDDEN;
  if (is_file)
    return 0;
  if (!vs_origin_parse_object_name (request->origin, request->object,
          request->endpoint, &request->name))
    return VS_STATUS_NOT_FOUND;
  if (!vs_selection_parse (request->endpoint, &request->route.time,
          what->query, request->name.kind == VS_OBJECT_MAIN,
          &request->selection, NULL))
    return VS_STATUS_BAD_REQUEST;
  return 0;
}

void
vs_origin_request (VsOrigin * origin, const VsOriginRequest * what,
    void (*done) (VsOriginResponse * response, gpointer user_data),
    gpointer user_data)
{
  VsArchiveEvents *archives = vs_origin_get_archives (origin);
  VsRequest *request = g_new0 (VsRequest, 1);
  guint refused;

  request->origin = origin;
  request->accept_gzip = what->accept_gzip;
  request->query = g_strdup (what->query);
  request->done = done;
  request->user_data = user_data;
  refused = examine (request, what);
  if (refused) {
    vs_request_answer_status (request, refused);
    return;
  }

  request->folder = vs_archive_folder (request->route.account,
      request->route.event, get_breakout (request));
  if (request->route.kind == VS_ROUTE_FILE) {
    vs_request_file (request);
    return;
  }
  request->live = vs_origin_find_live (origin, request->folder);
  if (archives && request->route.kind == VS_ROUTE_ASSET)
    vs_archive_events_get_asset (archives, request->route.account,
        request->route.asset, archive_ready, request);
  else if (request->live && (!archives || vs_request_is_live_enough (request)))
    proceed (request);
  else if (archives)
    vs_archive_events_get (archives, request->route.account,
        request->route.event, get_breakout (request), archive_ready, request);
  else
    vs_request_answer_status (request, VS_STATUS_NOT_FOUND);
}
