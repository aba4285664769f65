/* VisionStream: what the origin has, as JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginprivate.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "archive/vsarchivesummary.h"

/* events of the archive that are listed */
#define MAX_LISTED 100
/* a list is made at most so often */
#define LIST_INTERVAL_US (2 * G_TIME_SPAN_SECOND)

typedef struct
{
  VsOrigin *origin;
  JsonBuilder *builder;
  GPtrArray *endpoints;         /* VsEndpoint */
  GHashTable *listed;           /* folders */
} List;

static void
add_member (List * list, const gchar * name, const gchar * value)
{
  json_builder_set_member_name (list->builder, name);
  json_builder_add_string_value (list->builder, value);
}

static gchar *
manifest_url (const List * list, const gchar * folder,
    const VsEndpoint * endpoint)
{
  VsObjectName name = { VS_OBJECT_MAIN };
  GString *url = g_string_new (list->origin->base_path);

  g_string_append_printf (url, VS_ROUTE_ROOT "%s/%s/", folder, endpoint->name);
  vs_object_name_append (url, endpoint, &name);
  return g_string_free (url, FALSE);
}

static void
add_endpoints (List * list, const gchar * folder)
{
  json_builder_set_member_name (list->builder, "endpoints");
  json_builder_begin_array (list->builder);
  for (guint i = 0; i < list->endpoints->len; i++) {
    const VsEndpoint *endpoint = g_ptr_array_index (list->endpoints, i);
    g_autofree gchar *url = manifest_url (list, folder, endpoint);

    json_builder_begin_object (list->builder);
    add_member (list, "name", endpoint->name);
    add_member (list, "type", vs_endpoint_type_to_string (endpoint->type));
    add_member (list, "url", url);
    json_builder_end_object (list->builder);
  }
  json_builder_end_array (list->builder);
}

/* @renditions: their names */
static void
add_event (List * list, const gchar * folder, GPtrArray * renditions,
    GstClockTime duration, gboolean live)
{
  g_auto (GStrv) parts = g_strsplit (folder, "/", 3);

  json_builder_begin_object (list->builder);
  add_member (list, "account", parts[0]);
  add_member (list, "event", parts[1]);
  json_builder_set_member_name (list->builder, "breakout");
  /* a NULL is written as null */
  json_builder_add_string_value (list->builder, parts[2]);
  json_builder_set_member_name (list->builder, "live");
  json_builder_add_boolean_value (list->builder, live);
  add_endpoints (list, folder);
  json_builder_set_member_name (list->builder, "renditions");
  json_builder_begin_array (list->builder);
  for (guint i = 0; i < renditions->len; i++)
    json_builder_add_string_value (list->builder,
        g_ptr_array_index (renditions, i));
  json_builder_end_array (list->builder);
  json_builder_set_member_name (list->builder, "duration");
  json_builder_add_double_value (list->builder,
      (gdouble) duration / GST_SECOND);
  json_builder_end_object (list->builder);
}

static void
add_live_event (List * list, VsOriginEvent * event)
{
  const gchar *folder = vs_live_event_get_folder (event);
  g_autoptr (GPtrArray) timelines = vs_live_event_get_timelines (event);
  g_autoptr (GPtrArray) renditions = g_ptr_array_new_with_free_func (g_free);
  GstClockTime longest = 0;

  for (guint i = 0; i < timelines->len; i++) {
    g_autoptr (VsTimelineView) view =
        vs_timeline_view (g_ptr_array_index (timelines, i), 0, G_MAXUINT64);

    g_ptr_array_add (renditions, g_strdup (view->rendition->name));
    longest = MAX (longest, vs_timeline_view_get_duration (view));
  }
  add_event (list, folder, renditions, longest,
      !vs_live_event_has_ended (event));
  g_hash_table_add (list->listed, g_strdup (folder));
}

static void
add_live_events (List * list)
{
  g_autoptr (GPtrArray) live = vs_origin_get_live (list->origin);

  for (guint i = 0; i < live->len; i++)
    add_live_event (list, g_ptr_array_index (live, i));
}

/* A summary, not the event itself: those that are open are kept for viewers,
 * and a list must not crowd them out. */
static void
add_archive_event (List * list, VsStore * store, const gchar * folder)
{
  g_autoptr (VsArchiveSummary) summary =
      vs_archive_summary_read (store, folder, NULL, NULL);

  if (summary)
    add_event (list, folder, summary->renditions, summary->duration,
        !summary->ended);
}

static void
add_archive_events (List * list, VsArchiveEvents * archives)
{
  VsStore *store = vs_archive_events_get_store (archives);
  g_autoptr (GPtrArray) folders = vs_archive_list_events (store, NULL, NULL);

  for (guint i = 0; folders && i < folders->len && i < MAX_LISTED; i++) {
    const gchar *folder = g_ptr_array_index (folders, i);

    if (!g_hash_table_contains (list->listed, folder))
      add_archive_event (list, store, folder);
  }
}

GBytes *
vs_origin_make_list (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  VsArchiveEvents *archives = vs_origin_get_archives (job->origin);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GPtrArray) endpoints = vs_origin_get_endpoints (job->origin);
  g_autoptr (GHashTable) listed =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (JsonNode) root = NULL;
  List list = { job->origin, builder, endpoints, listed };
  gchar *text;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "events");
  json_builder_begin_array (builder);
  add_live_events (&list);
  if (archives)
    add_archive_events (&list, archives);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  return g_bytes_new_take (text, strlen (text));
}

typedef struct
{
  void (*done) (VsOriginResponse * response, gpointer user_data);
  gpointer user_data;
} ListRequest;

static void
list_ready (VsObject * object, const GError * error, gpointer user_data)
{
  ListRequest *request = user_data;
  g_autoptr (VsOriginResponse) response = NULL;

  if (object)
    response = vs_origin_response_new (object, FALSE, "application/json",
        VS_CACHE_BRIEF, 0);
  else
    response = vs_origin_response_new_from_error (error);
  request->done (response, request->user_data);
  g_free (request);
}

void
vs_origin_answer_list (VsOriginJob * job,
    void (*done) (VsOriginResponse * response, gpointer user_data),
    gpointer user_data)
{
  ListRequest *request = g_new (ListRequest, 1);

  request->done = done;
  request->user_data = user_data;
  job->reads = TRUE;
  if (vs_object_cache_lookup (job->origin->cache, job->key, list_ready,
          request) == VS_OBJECT_CACHE_MAKE)
    vs_origin_job_start (job);
  else
    vs_origin_job_free (job);
}

void
vs_origin_list (VsOrigin * origin,
    void (*done) (VsOriginResponse * response, gpointer user_data),
    gpointer user_data)
{
  /* the interval is part of the key: an old list ages out of the cache */
  g_autofree gchar *key = g_strdup_printf ("l:%" G_GINT64_FORMAT,
      g_get_monotonic_time () / LIST_INTERVAL_US);
  VsOriginJob *job = vs_origin_job_new (origin, key);

  job->klass = VS_POOL_LIVE;
  job->make = vs_origin_make_list;
  vs_origin_answer_list (job, done, user_data);
}
