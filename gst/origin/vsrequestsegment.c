/* VisionStream: requests for segments and their headers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsrequest.h"

#include <string.h>

#include "origin/vsjoin.h"
#include "origin/vsmsslevels.h"
#include "origin/vssummary.h"

/* newest segments of a live event that count as its edge */
#define LIVE_EDGE_SEGMENTS 3
/* bytes of the SHA-256 that stand in a cache key */
#define KEY_HASH_BYTES 8

/* Init segments. */

static VsCodecConfig *
check_track (VsCodecConfig * config, VsMediaType track)
{
  if (config == NULL || vs_codec_get_media_type (config->codec) == track)
    return config;
  vs_codec_config_unref (config);
  return NULL;
}

static VsCodecConfig *
find_config (GPtrArray * timelines, const VsObjectName * name)
{
  VsTimeline *timeline = vs_request_find_timeline (timelines, name);

  if (timeline == NULL)
    return NULL;
  return check_track (vs_timeline_get_config (timeline, name->config_id),
      name->track);
}

static VsCodecConfig *
find_config_in_memory (const VsRequest * request)
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

static VsCodecConfig *
config_of_view (const VsTimelineView * view, const gchar * id)
{
  for (guint i = 0; i < view->configs->len; i++) {
    VsCodecConfig *config = g_ptr_array_index (view->configs, i);

    if (strcmp (config->id, id) == 0)
      return vs_codec_config_ref (config);
  }
  return NULL;
}

/* One that only segments of long ago name. */
static VsCodecConfig *
find_config_in_archive (const VsRequest * request, GError ** error)
{
  const VsObjectName *name = &request->name;
  VsTimeline *timeline = vs_request_find_timeline (request->archive->timelines,
      name);
  g_autoptr (VsTimelineView) view = NULL;
  VsHistory history;
  guint64 sequence;

  if (timeline == NULL)
    return NULL;
  vs_history_init (&history, timeline, NULL);
  if (!vs_summary_find_config (&history, request->origin->history,
          name->track, name->config_id, &sequence, error) || sequence == 0)
    return NULL;
  view = vs_history_read (&history, sequence, sequence, error);
  return view ? check_track (config_of_view (view, name->config_id),
      name->track) : NULL;
}

void
vs_request_init (VsRequest * request)
{
  g_autoptr (VsCodecConfig) config = find_config_in_memory (request);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *key = NULL;
  VsOriginJob *job;

  if (config == NULL && request->archive)
    config = find_config_in_archive (request, &error);
  if (error) {
    vs_request_answer_error (request, error);
    return;
  }
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
  /* Smooth Streaming */
  guint64 shift;
  GPtrArray *ahead;             /* VsSegment: those that follow, or NULL */
  gboolean early;               /* and there will be more of them */
} Found;

static void
found_clear (Found * found)
{
  g_free (found->rendition);
  g_clear_pointer (&found->parts, g_ptr_array_unref);
  g_clear_pointer (&found->bytes, g_ptr_array_unref);
  g_clear_pointer (&found->whole, vs_segment_unref);
  g_clear_pointer (&found->ahead, g_ptr_array_unref);
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

static void
set_not_there (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "There is no such segment");
}

/* The number that a name means; by its exact time: there is no nearest one. */
static gboolean
find_sequence (const VsHistory * history, const VsObjectName * name,
    guint64 * sequence, GError ** error)
{
  g_autoptr (VsSegment) segment = NULL;
  const VsSegmentTrack *track;

  if (!vs_history_search (history, has_come, (gpointer) name, sequence, error))
    return FALSE;
  segment = vs_history_get (history, *sequence, error);
  if (segment == NULL)
    return FALSE;
  track = vs_segment_get_track (segment, name->track);
  if (track == NULL || segment->run != name->run || track->start != name->time) {
    set_not_there (error);
    return FALSE;
  }
  if (name->join > 1)
    *sequence = vs_join_number (segment, name->join);
  return TRUE;
}

static GPtrArray *
find_parts (const VsHistory * history, guint64 sequence, guint join,
    GError ** error)
{
  GPtrArray *parts;
  VsSegment *segment;

  if (join > 1)
    return vs_join_find (history, sequence, join, error);
  segment = vs_history_get (history, sequence, error);
  if (segment == NULL)
    return NULL;
  parts = g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  g_ptr_array_add (parts, segment);
  return parts;
}

/* A joined segment that can still grow is not there yet. */
static gboolean
is_whole (VsTimeline * timeline, GPtrArray * parts, guint join)
{
  const VsSegment *last = g_ptr_array_index (parts, parts->len - 1);
  VsTimelineState state;

  vs_timeline_get_state (timeline, &state);
  return join == 1 || state.ended || last->sequence + 1 < state.next
      || vs_join_is_last_part (last, join);
}

/* (transfer full) (nullable): the segment that parts make */
static VsSegment *
join_whole (VsTimeline * timeline, GPtrArray * parts, guint join)
{
  if (parts == NULL || !is_whole (timeline, parts, join))
    return NULL;
  return join > 1 ? vs_join_segments (parts, join) :
      vs_segment_ref (g_ptr_array_index (parts, 0));
}

static VsTimeline *
find_rendition (GPtrArray * timelines, const gchar * name)
{
  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    g_autoptr (VsRendition) info = vs_timeline_get_rendition (timeline);

    if (strcmp (info->name, name) == 0)
      return timeline;
  }
  return NULL;
}

/* What a live fragment tells of. @live: (nullable): where @timeline, an
 * archive's, goes on: the archive may not have been read since its event did */
static void
find_ahead (VsTimeline * timeline, GPtrArray * live, guint64 sequence,
    const VsObjectName * name, Found * found)
{
  VsTimeline *newest = live ? find_rendition (live, found->rendition) : NULL;
  VsTimelineState state;
  VsHistory history;

  if (newest == NULL)
    newest = timeline;
  /* ahead of looking: what has ended meanwhile has all that it will have */
  vs_timeline_get_state (newest, &state);
  vs_history_init (&history, newest, newest == timeline ? NULL : timeline);
  found->ahead = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_segment_unref);
  for (guint i = 1; i <= name->ahead; i++) {
    g_autoptr (GPtrArray) parts = find_parts (&history, sequence + i,
        name->join, NULL);
    VsSegment *segment = join_whole (newest, parts, name->join);

    if (segment == NULL)
      break;
    g_ptr_array_add (found->ahead, segment);
  }
  found->early = !state.ended && found->ahead->len < name->ahead;
}

/* (nullable): whose segment is meant, and which */
static VsTimeline *
find_place (const VsRequest * request, GPtrArray * timelines,
    guint64 * sequence, guint64 * shift, GError ** error)
{
  const VsObjectName *name = &request->name;
  VsTimeline *timeline;
  VsMssPlace place;
  VsHistory history;

  if (request->endpoint->type == VS_ENDPOINT_MSS) {
    if (!vs_mss_find_fragment (timelines, name, &place, error))
      return NULL;
    *sequence = place.sequence;
    *shift = place.shift;
    return place.timeline;
  }
  timeline = vs_request_find_timeline (timelines, name);
  *sequence = name->sequence;
  if (timeline == NULL) {
    set_not_there (error);
    return NULL;
  }
  vs_history_init (&history, timeline, NULL);
  if (*sequence == 0 && !find_sequence (&history, name, sequence, error))
    return NULL;
  return timeline;
}

static gboolean
find_in (const VsRequest * request, GPtrArray * timelines, GPtrArray * live,
    Found * found, GError ** error)
{
  const VsObjectName *name = &request->name;
  guint64 sequence;
  VsTimeline *timeline = find_place (request, timelines, &sequence,
      &found->shift, error);
  g_autoptr (VsRendition) info = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  VsHistory history;

  if (timeline == NULL)
    return FALSE;
  vs_history_init (&history, timeline, NULL);
  parts = find_parts (&history, sequence, name->join, error);
  if (parts == NULL)
    return FALSE;
  found->whole = join_whole (timeline, parts, name->join);
  if (found->whole == NULL) {
    set_not_there (error);
    return FALSE;
  }
  info = vs_timeline_get_rendition (timeline);
  found->rendition = g_strdup (info->name);
  if (name->ahead > 0)
    find_ahead (timeline, live, sequence, name, found);
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
find_live (const VsRequest * request, Found * found)
{
  g_autoptr (GPtrArray) timelines = NULL;

  if (request->live == NULL)
    return FALSE;
  timelines = vs_live_event_get_timelines (request->live);
  if (!find_in (request, timelines, NULL, found, NULL))
    return FALSE;
  take_live_bytes (request, found);
  return TRUE;
}

static gboolean
find_anywhere (const VsRequest * request, Found * found, GError ** error)
{
  g_autoptr (GPtrArray) live = NULL;

  if (find_live (request, found))
    return TRUE;
  if (request->live)
    live = vs_live_event_get_timelines (request->live);
  if (request->archive)
    return find_in (request, request->archive->timelines, live, found, error);
  set_not_there (error);
  return FALSE;
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
    config = find_config_in_memory (request);
    return config != NULL;
  }
  if (request->name.join == 1 && request->name.sequence
      > vs_live_event_get_newest (request->live))
    return TRUE;
  return find_live (request, &found)
      && (found.whole->gap || found.early || has_all_bytes (&found));
}

gboolean
vs_request_must_read (const VsRequest * request)
{
  g_autoptr (VsCodecConfig) config = NULL;
  g_auto (Found) found = { 0 };
  VsTimeline *timeline;
  VsHistory history;

  if (request->archive == NULL)
    return FALSE;
  if (request->name.kind == VS_OBJECT_INIT) {
    config = find_config_in_memory (request);
    return config == NULL;
  }
  if (find_live (request, &found))
    return FALSE;
  if (request->name.join > 1 || request->name.sequence == 0)
    return TRUE;
  timeline = vs_request_find_timeline (request->archive->timelines,
      &request->name);
  if (timeline == NULL)
    return FALSE;
  vs_history_init (&history, timeline, NULL);
  return !vs_history_is_at_hand (&history, request->name.sequence);
}

static const VsPackaging as_stored = {.format = VS_FORMAT_TS };

static gchar *
segment_key (const VsRequest * request, const gchar * rendition,
    const VsSegment * segment, const VsPackaging * packaging, guint join)
{
  static const gchar letters[] = {
    [VS_FORMAT_TS] = 't',[VS_FORMAT_CMAF] = 'c',[VS_FORMAT_SMOOTH] = 's'
  };
  GString *key = g_string_new (NULL);

  g_string_printf (key, "%c%u%u:%s/%s/%" G_GUINT64_FORMAT "#",
      letters[packaging->format], packaging->track, join, request->folder,
      rendition, segment->sequence);
  for (guint i = 0; i < KEY_HASH_BYTES; i++)
    g_string_append_printf (key, "%02x", segment->sha256[i]);
  if (packaging->format == VS_FORMAT_SMOOTH)
    g_string_append_printf (key, "-%" G_GUINT64_FORMAT "a%u%s",
        packaging->shift, packaging->n_ahead, packaging->info ? "i" : "");
  return g_string_free (key, FALSE);
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
  switch (request->endpoint->type) {
    case VS_ENDPOINT_HLS:
      return VS_FORMAT_TS;
    case VS_ENDPOINT_MSS:
      return VS_FORMAT_SMOOTH;
    default:
      return VS_FORMAT_CMAF;
  }
}

/* @found: owns what the result points to */
static VsPackaging
get_packaging (const VsRequest * request, const Found * found)
{
  VsPackaging packaging = {
    .format = get_format (request),
    .track = request->name.track,
    .shift = found->shift,
    .info = request->name.info
  };

  if (found->ahead) {
    packaging.ahead = (const VsSegment * const *) found->ahead->pdata;
    packaging.n_ahead = found->ahead->len;
  }
  return packaging;
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
  job->reads = bytes == NULL;
  job->make = vs_origin_make_stored;
  job->has_digest = vs_package_digest (part, &as_stored, job->digest);
  return job;
}

/* What is stored is served as it is. */
static void
request_stored (VsRequest * request, const Found * found)
{
  g_autofree gchar *key = NULL;
  guint8 digest[32];

  if (has_all_bytes (found)
      && vs_package_digest (found->whole, &as_stored, digest)) {
    g_autoptr (VsObject) object =
        vs_object_new_hashed (g_bytes_ref (g_ptr_array_index (found->bytes,
                0)), digest);

    vs_request_answer_object (request, object);
    return;
  }
  key = segment_key (request, found->rendition, found->whole, &as_stored, 1);
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
      g_ptr_array_index (found->parts, index), &as_stored, 1);
  Waiter *waiter = g_new (Waiter, 1);

  waiter->job = job;
  waiter->index = index;
  if (vs_object_cache_lookup (request->origin->cache, key, part_ready, waiter)
      == VS_OBJECT_CACHE_MAKE)
    vs_origin_job_start (new_stored_job (request, found, index, key));
}

/* Whether the source may have the track's samples as such: nothing else is to
 * be read then. */
static gboolean
can_collect (const VsRequest * request, const Found * found)
{
  return request->archive && request->archive->source->klass->collect
      && get_format (request) != VS_FORMAT_TS && request->name.join == 1
      && !has_all_bytes (found);
}

static void
request_packaged (VsRequest * request, const Found * found)
{
  VsPackaging packaging = get_packaging (request, found);
  g_autofree gchar *key = segment_key (request, found->rendition,
      found->whole, &packaging, request->name.join);
  VsOriginJob *job;

  if (vs_object_cache_lookup (request->origin->cache, key,
          vs_request_object_ready, request) != VS_OBJECT_CACHE_MAKE)
    return;
  job = vs_request_new_job (request, key);
  job->klass = segment_class (request, found);
  job->segment = vs_segment_ref (found->whole);
  job->packaging = packaging;
  job->ahead = found->ahead ? g_ptr_array_ref (found->ahead) : NULL;
  job->has_digest = vs_package_digest (found->whole, &packaging, job->digest);
  if (can_collect (request, found)) {
    job->make = vs_origin_make_collected;
    job->reads = TRUE;
    vs_origin_job_start (job);
    return;
  }
  job->make = vs_origin_make_packaged;
  /* the request lives until the job is done, and that starts with the last
   * part: after this function's own vs_origin_job_part_done () */
  vs_origin_job_set_parts (job, found->parts, found->bytes);
  for (guint i = 0; i < found->parts->len; i++)
    if (g_ptr_array_index (found->bytes, i) == NULL)
      load_part (request, found, i, job);
  vs_origin_job_part_done (job);
}

/* The folder of a range has what manifests of it name, and one more at either
 * end, where renditions are cut at other times: whoever may have the folder
 * may not have the rest by that. */
static gboolean
is_in_folder (const VsRequest * request, const VsSegment * segment)
{
  const VsSelection *selection = &request->selection;
  gint64 length = GST_CLOCK_TIME_IS_VALID (segment->duration) ?
      (gint64) (segment->duration / GST_USECOND) : 0;

  if (request->route.time.start == NULL)
    return TRUE;
  return segment->utc_us + 2 * length > selection->start_us
      && (selection->end_us == 0
      || segment->utc_us - length < selection->end_us);
}

static gboolean
is_there (VsRequest * request, const Found * found)
{
  return !found->whole->gap && is_in_folder (request, found->whole)
      && vs_request_check_token (request, get_format (request), found->whole)
      && (has_all_bytes (found) || request->archive);
}

void
vs_request_segment (VsRequest * request)
{
  g_auto (Found) found = { 0 };
  g_autoptr (GError) error = NULL;

  if (!find_anywhere (request, &found, &error)) {
    vs_request_answer_error (request, error);
    return;
  }
  if (!is_there (request, &found)) {
    vs_request_answer_status (request, VS_STATUS_NOT_FOUND);
    return;
  }
  if (found.early) {
    vs_request_answer_status (request, VS_STATUS_PRECONDITION_FAILED);
    return;
  }
  /* one of the last tells of fewer: of more, should the event go on */
  if (found.ahead && found.ahead->len < request->name.ahead)
    request->klass = VS_CACHE_FINISHED;
  if (get_format (request) == VS_FORMAT_TS
      && request->name.track == VS_MEDIA_OTHER && request->name.join == 1)
    request_stored (request, &found);
  else
    request_packaged (request, &found);
}
