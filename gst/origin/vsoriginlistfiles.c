/* VisionStream: what an account has on demand, as JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginprivate.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "archive/vsarchivename.h"
#include "archive/vsrecordingmarker.h"
#include "asset/vsasset.h"

/* files of each kind that are listed */
#define MAX_LISTED 1000
/* folders of events and breakouts that are looked through */
#define MAX_FOLDERS 1000
#define MOVIE_SUFFIX ".mp4"
/* a list is made at most so often: looking through a bucket costs requests */
#define LIST_INTERVAL_US (2 * G_TIME_SPAN_SECOND)
#define REMOTE_LIST_INTERVAL_US (10 * G_TIME_SPAN_SECOND)

typedef struct
{
  VsStore *store;
  GPtrArray *recordings, *media;        /* VsStoreObject, newest first */
  GHashTable *seen;             /* folders of events that were looked through */
  gboolean truncated;
} Files;

/* ---- what is there ------------------------------------------------------ */

/* An account that has stored nothing yet has no folder, or no bucket. */
static GPtrArray *
list_folder (VsStore * store, const gchar * folder, const gchar * suffix,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  GPtrArray *objects = vs_store_list (store, folder, suffix, NULL, &cause);

  if (objects)
    return objects;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return g_ptr_array_new ();
  g_propagate_error (error, g_steal_pointer (&cause));
  return NULL;
}

static gint
compare_newest_first (gconstpointer a, gconstpointer b)
{
  const VsStoreObject *const *x = a, *const *y = b;

  if ((*x)->mtime_us != (*y)->mtime_us)
    return (*x)->mtime_us < (*y)->mtime_us ? 1 : -1;
  return strcmp ((*x)->key, (*y)->key);
}

/* What has another name than a file of ours can have is not served either. */
static gboolean
is_served (const VsStoreObject * object)
{
  g_autofree gchar *path = g_strconcat (VS_ROUTE_ROOT, object->key, NULL);
  VsRoute route;

  return vs_route_parse (path, &route) && route.kind == VS_ROUTE_FILE;
}

/* A recording is there under its name when it is finished, and no sooner. */
static gboolean
add_files (Files * self, GPtrArray * files, const gchar * folder,
    GError ** error)
{
  g_autoptr (GPtrArray) objects =
      list_folder (self->store, folder, MOVIE_SUFFIX, error);

  if (objects == NULL)
    return FALSE;
  while (objects->len > 0) {
    VsStoreObject *object =
        g_ptr_array_steal_index_fast (objects, objects->len - 1);

    if (is_served (object))
      g_ptr_array_add (files, object);
    else
      vs_store_object_free (object);
  }
  g_ptr_array_sort (files, compare_newest_first);
  if (files->len > MAX_LISTED) {
    g_ptr_array_set_size (files, MAX_LISTED);
    self->truncated = TRUE;
  }
  return TRUE;
}

/* @folder: of an event or a breakout */
static gboolean
add_recordings (Files * self, const gchar * folder, GError ** error)
{
  g_autofree gchar *recordings = vs_recordings_folder (folder);

  return !g_hash_table_add (self->seen, g_strdup (folder))
      || add_files (self, self->recordings, recordings, error);
}

/* Of the events or breakouts below @folder, @depth levels of them. */
static gboolean
add_events (Files * self, const gchar * folder, guint depth, GError ** error)
{
  g_autoptr (GPtrArray) folders = list_folder (self->store, folder, "/", error);

  for (guint i = 0; folders && i < folders->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (folders, i);
    g_autofree gchar *key = g_strndup (object->key, strlen (object->key) - 1);
    g_autofree gchar *name = g_path_get_basename (key);

    if (!vs_event_name_is_valid (name))
      continue;
    if (g_hash_table_size (self->seen) >= MAX_FOLDERS) {
      self->truncated = TRUE;
      break;
    }
    if (!add_recordings (self, key, error)
        || (depth > 1 && !add_events (self, key, depth - 1, error)))
      return FALSE;
  }
  return folders != NULL;
}

/* Where each event has a bucket of its own nobody knows which there are; those
 * that go on here are known all the same. */
static gboolean
add_live_events (Files * self, VsOrigin * origin, const gchar * account,
    GError ** error)
{
  g_autoptr (GPtrArray) live = vs_origin_get_live (origin);
  g_autofree gchar *prefix = g_strconcat (account, "/", NULL);

  for (guint i = 0; i < live->len; i++) {
    const gchar *folder =
        vs_live_event_get_folder (g_ptr_array_index (live, i));

    if (g_str_has_prefix (folder, prefix)
        && !add_recordings (self, folder, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
find_files (Files * self, VsOrigin * origin, const gchar * account,
    GError ** error)
{
  g_autofree gchar *media = vs_archive_key (account, VS_ASSET_FOLDER);

  return add_live_events (self, origin, account, error)
      && add_events (self, account, 2, error)
      && add_files (self, self->media, media, error);
}

/* ---- as JSON ------------------------------------------------------------ */

static void
add_member (JsonBuilder * builder, const gchar * name, const gchar * value)
{
  json_builder_set_member_name (builder, name);
  /* a NULL is written as null */
  json_builder_add_string_value (builder, value);
}

static void
add_modified (JsonBuilder * builder, gint64 mtime_us)
{
  g_autoptr (GDateTime) time =
      g_date_time_new_from_unix_utc (mtime_us / G_USEC_PER_SEC);
  g_autofree gchar *text =
      time ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  add_member (builder, "modified", text);
}

static void
append_files (JsonBuilder * builder, const gchar * name, GPtrArray * files,
    const gchar * base_path)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < files->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (files, i);
    g_autofree gchar *url =
        g_strconcat (base_path, VS_ROUTE_ROOT, object->key, NULL);
    VsRoute route;

    vs_route_parse (url + strlen (base_path), &route);
    json_builder_begin_object (builder);
    if (route.asset[0] == '\0') {
      add_member (builder, "event", route.event);
      add_member (builder, "breakout",
          route.breakout[0] ? route.breakout : NULL);
    }
    add_member (builder, "name", route.object);
    add_member (builder, "url", url);
    json_builder_set_member_name (builder, "size");
    json_builder_add_int_value (builder, object->size);
    add_modified (builder, object->mtime_us);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static GBytes *
write_files (const Files * self, const gchar * account, const gchar * base_path)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  gchar *text;

  json_builder_begin_object (builder);
  add_member (builder, "account", account);
  append_files (builder, "recordings", self->recordings, base_path);
  append_files (builder, "media", self->media, base_path);
  json_builder_set_member_name (builder, "truncated");
  json_builder_add_boolean_value (builder, self->truncated);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  return g_bytes_new_take (text, strlen (text));
}

static GPtrArray *
new_objects (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_store_object_free);
}

GBytes *
vs_origin_make_file_list (gpointer data, GError ** error)
{
  VsOriginJob *job = data;
  VsArchiveEvents *archives = vs_origin_get_archives (job->origin);
  g_autoptr (GPtrArray) recordings = new_objects ();
  g_autoptr (GPtrArray) media = new_objects ();
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Files files = { NULL, recordings, media, seen, FALSE };

  if (archives) {
    files.store = vs_archive_events_get_store (archives);
    if (!find_files (&files, job->origin, job->account, error))
      return NULL;
  }
  return write_files (&files, job->account, job->origin->base_path);
}

/* ---- asked for ---------------------------------------------------------- */

static gint64
list_interval (VsOrigin * origin)
{
  VsArchiveEvents *archives = vs_origin_get_archives (origin);

  return archives && vs_store_is_remote (vs_archive_events_get_store (archives))
      ? REMOTE_LIST_INTERVAL_US : LIST_INTERVAL_US;
}

void
vs_origin_list_files (VsOrigin * origin, const gchar * account,
    void (*done) (VsOriginResponse * response, gpointer user_data),
    gpointer user_data)
{
  g_autofree gchar *key = NULL;
  VsOriginJob *job;

  if (!vs_name_is_valid (account)) {
    g_autoptr (VsOriginResponse) response =
        vs_origin_response_new_error (VS_STATUS_NOT_FOUND);

    done (response, user_data);
    return;
  }
  key = g_strdup_printf ("f:%s:%" G_GINT64_FORMAT, account,
      g_get_monotonic_time () / list_interval (origin));
  job = vs_origin_job_new (origin, key);
  job->klass = VS_POOL_VOD;
  job->make = vs_origin_make_file_list;
  job->account = g_strdup (account);
  vs_origin_answer_list (job, done, user_data);
}
