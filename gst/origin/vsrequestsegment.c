/* VisionStream: requests for segments and their headers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsrequest.h"

#include <string.h>

#include "origin/vsjoin.h"

/* newest segments of a live event that count as its edge */
#define LIVE_EDGE_SEGMENTS 3

/* Init segments. */

static VsCodecConfig *
find_config (GPtrArray * timelines, const VsObjectName * name)
{
  VsTimeline *timeline = vs_request_find_timeline (timelines, name);
  g_autoptr (VsCodecConfig) config = NULL;

  if (timeline)
    config = vs_timeline_get_config (timeline, name->config_id);
  if (config && vs_codec_get_media_type (config->codec) == name->track)
    return g_steal_pointer (&config);
  return NULL;
}

static VsCodecConfig *
find_config_anywhere (const VsRequest * request)
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

void
vs_request_init (VsRequest * request)
{
  g_autoptr (VsCodecConfig) config = find_config_anywhere (request);
  g_autofree gchar *key = NULL;
  VsOriginJob *job;

  if (config == NULL || !vs_request_check_token (request, VS_FORMAT_CMAF, NULL)) {
    vs_request_answer_status (request, VS_STATUS_NOT_FOUND);
    return;
  }
  /* the configuration is all that it depends on */
  key = g_strdup_printf ("i:%s", config->id);
  if (vs_object_cache_lookup (request->origin->cache, key,
          vs_request_object_ready, request) != VS_OBJECT_CACHE_MAKE)
    return;
  job = vs_request_new_job (request, key);
  job->make = vs_origin_make_init;
  job->config = vs_codec_config_ref (config);
  vs_origin_job_start (job);
}

/* Segments. */

/* What a name means: stored segments in their order, and the one that they
 * make. */
typedef struct
{
  gchar *rendition;
  GPtrArray *parts;             /* VsSegment */
  GPtrArray *bytes;             /* GBytes of each, NULL: in the archive */
  VsSegment *whole;
} Found;

static void
found_clear (Found * found)
{
  g_free (found->rendition);
  g_clear_pointer (&found->parts, g_ptr_array_unref);
  g_clear_pointer (&found->bytes, g_ptr_array_unref);
  g_clear_pointer (&found->whole, vs_segment_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, found_clear);

/* Runs come one after the other; within one, times grow. */
static gboolean
has_come (const VsSegment * segment, gpointer user_data)
{
  const VsObjectName *name = user_data;
  const VsSegmentTrack *track = vs_segment_get_track (segment, name->track);

  if (segment->run != name->run)
    return segment->run > name->run;
  return track && track->start >= name->time;
}

/* By its exact time: there is no nearest one. */
static VsSegment *
find_by_time (VsTimeline * timeline, const VsObjectName * name)
{
  guint64 sequence = vs_timeline_search (timeline, has_come, (gpointer) name);
  g_autoptr (VsSegment) segment = sequence == G_MAXUINT64 ? NULL :
      vs_timeline_get (timeline, sequence);
  const VsSegmentTrack *track =
      segment ? vs_segment_get_track (segment, name->track) : NULL;

  if (track && segment->run == name->run && track->start == name->time)
    return g_steal_pointer (&segment);
  return NULL;
}

static GPtrArray *
find_parts (VsTimeline * timeline, const VsObjectName * name)
{
  GPtrArray *parts;
  VsSegment *segment = name->sequence ?
      vs_timeline_get (timeline, name->sequence) :
      find_by_time (timeline, name);

  if (name->join > 1) {
    guint64 number = name->sequence ? name->sequence :
        segment ? vs_join_number (segment, name->join) : 0;

    g_clear_pointer (&segment, vs_segment_unref);
    return number ? vs_join_find (timeline, number, name->join) : NULL;
  }
  if (segment == NULL)
    return NULL;
  parts = g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  g_ptr_array_add (parts, segment);
  return parts;
}

/* A joined segment that can still grow is not there yet. */
static gboolean
is_whole (const VsRequest * request, VsTimeline * timeline, GPtrArray * parts)
{
  const VsSegment *last = g_ptr_array_index (parts, parts->len - 1);
  VsTimelineState state;

  vs_timeline_get_state (timeline, &state);
  return request->name.join == 1 || state.ended
      || last->sequence + 1 < state.next
      || vs_join_is_last_part (last, request->name.join);
}

static gboolean
find_in (const VsRequest * request, GPtrArray * timelines, Found * found)
{
  VsTimeline *timeline = vs_request_find_timeline (timelines, &request->name);
  g_autoptr (VsRendition) info = NULL;
  g_autoptr (GPtrArray) parts = NULL;

  if (timeline)
    parts = find_parts (timeline, &request->name);
  if (parts == NULL || !is_whole (request, timeline, parts))
    return FALSE;
  info = vs_timeline_get_rendition (timeline);
  found->rendition = g_strdup (info->name);
  found->whole = request->name.join > 1 ?
      vs_join_segments (parts, request->name.join) :
      vs_segment_ref (g_ptr_array_index (parts, 0));
  found->bytes = g_ptr_array_new_with_free_func ((GDestroyNotify)
      g_bytes_unref);
  g_ptr_array_set_size (found->bytes, parts->len);
  found->parts = g_steal_pointer (&parts);
  return TRUE;
}

static void
take_live_bytes (const VsRequest * request, Found * found)
{
  for (guint i = 0; i < found->parts->len; i++) {
    const VsSegment *part = g_ptr_array_index (found->parts, i);

    found->bytes->pdata[i] = vs_live_event_get_bytes (request->live,
        found->rendition, part->sequence);
  }
}

static gboolean
find_anywhere (const VsRequest * request, Found * found)
{
  if (request->live) {
    g_autoptr (GPtrArray) timelines =
        vs_live_event_get_timelines (request->live);

    if (find_in (request, timelines, found)) {
      take_live_bytes (request, found);
      return TRUE;
    }
  }
  return request->archive
      && find_in (request, request->archive->timelines, found);
}

static gboolean
has_all_bytes (const Found * found)
{
  for (guint i = 0; i < found->bytes->len; i++)
    if (g_ptr_array_index (found->bytes, i) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
vs_request_segment_is_live_enough (const VsRequest * request)
{
  g_autoptr (VsCodecConfig) config = NULL;
  g_auto (Found) found = { 0 };

  if (request->name.kind == VS_OBJECT_INIT) {
    config = find_config_anywhere (request);
    return config != NULL;
  }
  if (request->name.join == 1 && request->name.sequence
      > vs_live_event_get_newest (request->live))
    return TRUE;
  return find_anywhere (request, &found)
      && (found.whole->gap || has_all_bytes (&found));
}

static gchar *
segment_key (const VsRequest * request, const gchar * rendition,
    const VsSegment * segment, VsFormat format, VsMediaType track, guint join)
{
  return g_strdup_printf ("%c%u%u:%s/%s/%" G_GUINT64_FORMAT
      "#%02x%02x%02x%02x%02x%02x%02x%02x", format == VS_FORMAT_TS ? 't' : 'c',
      track, join, request->folder, rendition, segment->sequence,
      segment->sha256[0], segment->sha256[1], segment->sha256[2],
      segment->sha256[3], segment->sha256[4], segment->sha256[5],
      segment->sha256[6], segment->sha256[7]);
}

static VsPoolClass
segment_class (const VsRequest * request, const Found * found)
{
  const VsSegment *last =
      g_ptr_array_index (found->parts, found->parts->len - 1);

  if (request->live == NULL)
    return request->archive->ended ? VS_POOL_VOD : VS_POOL_STARTOVER;
  return last->sequence + LIVE_EDGE_SEGMENTS
      > vs_live_event_get_newest (request->live) ? VS_POOL_LIVE :
      VS_POOL_STARTOVER;
}

static VsFormat
get_format (const VsRequest * request)
{
  return request->endpoint->type == VS_ENDPOINT_HLS ? VS_FORMAT_TS :
      VS_FORMAT_CMAF;
}

static VsOriginJob *
new_stored_job (const VsRequest * request, const Found * found, guint index,
    const gchar * key)
{
  VsSegment *part = g_ptr_array_index (found->parts, index);
  GBytes *bytes = g_ptr_array_index (found->bytes, index);
  VsOriginJob *job = vs_request_new_job (request, key);

  job->klass = segment_class (request, found);
  job->segment = vs_segment_ref (part);
  job->bytes = bytes ? g_bytes_ref (bytes) : NULL;
  job->make = vs_origin_make_stored;
  job->has_digest = vs_package_digest (part, VS_FORMAT_TS, VS_MEDIA_OTHER,
      job->digest);
  return job;
}

/* What is stored is served as it is. */
static void
request_stored (VsRequest * request, const Found * found)
{
  g_autofree gchar *key = NULL;
  guint8 digest[32];

  if (has_all_bytes (found) && vs_package_digest (found->whole, VS_FORMAT_TS,
          VS_MEDIA_OTHER, digest)) {
    g_autoptr (VsObject) object =
        vs_object_new_hashed (g_bytes_ref (g_ptr_array_index (found->bytes,
                0)), digest);

    vs_request_answer_object (request, object);
    return;
  }
  key = segment_key (request, found->rendition, found->whole, VS_FORMAT_TS,
      VS_MEDIA_OTHER, 1);
  if (vs_object_cache_lookup (request->origin->cache, key,
          vs_request_object_ready, request) == VS_OBJECT_CACHE_MAKE)
    vs_origin_job_start (new_stored_job (request, found, 0, key));
}

typedef struct
{
  VsOriginJob *job;
  guint index;                  /* of the part that is waited for */
} Waiter;

static void
part_ready (VsObject * object, const GError * error, gpointer user_data)
{
  g_autofree Waiter *waiter = user_data;

  vs_origin_job_take_part (waiter->job, waiter->index,
      object ? object->body : NULL, error);
}

/* Has a stored segment read, once for all formats and tracks that want it. */
static void
load_part (const VsRequest * request, const Found * found, guint index,
    VsOriginJob * job)
{
  g_autofree gchar *key = segment_key (request, found->rendition,
      g_ptr_array_index (found->parts, index), VS_FORMAT_TS, VS_MEDIA_OTHER,
      1);
  Waiter *waiter = g_new (Waiter, 1);

  waiter->job = job;
  waiter->index = index;
  if (vs_object_cache_lookup (request->origin->cache, key, part_ready, waiter)
      == VS_OBJECT_CACHE_MAKE)
    vs_origin_job_start (new_stored_job (request, found, index, key));
}

static void
request_packaged (VsRequest * request, const Found * found, VsFormat format)
{
  VsMediaType track = request->name.track;
  g_autofree gchar *key = segment_key (request, found->rendition,
      found->whole, format, track, request->name.join);
  VsOriginJob *job;

  if (vs_object_cache_lookup (request->origin->cache, key,
          vs_request_object_ready, request) != VS_OBJECT_CACHE_MAKE)
    return;
  job = vs_request_new_job (request, key);
  job->klass = segment_class (request, found);
  job->segment = vs_segment_ref (found->whole);
  job->format = format;
  job->make = vs_origin_make_packaged;
  job->has_digest = vs_package_digest (found->whole, format, track,
      job->digest);
  /* the request lives until the job is done, and that starts with the last
   * part: after this function's own vs_origin_job_part_done () */
  vs_origin_job_set_parts (job, found->parts, found->bytes);
  for (guint i = 0; i < found->parts->len; i++)
    if (g_ptr_array_index (found->bytes, i) == NULL)
      load_part (request, found, i, job);
  vs_origin_job_part_done (job);
}

void
vs_request_segment (VsRequest * request)
{
  g_auto (Found) found = { 0 };
  VsFormat format = get_format (request);

  if (!find_anywhere (request, &found) || found.whole->gap
      || !vs_request_check_token (request, format, found.whole)
      || (!has_all_bytes (&found) && request->archive == NULL))
    vs_request_answer_status (request, VS_STATUS_NOT_FOUND);
  else if (format == VS_FORMAT_TS && request->name.track == VS_MEDIA_OTHER
      && request->name.join == 1)
    request_stored (request, &found);
  else
    request_packaged (request, &found, format);
}
