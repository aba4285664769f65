/* VisionStream: tests of the list of what an account has on demand
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/folder.h"
#include "origin/vsoriginresponse.h"

/* 2026-01-01T00:00:00Z */
#define NEW_YEAR 1767225600
#define MAX_LISTED 1000

static gchar *folder;
static GAsyncQueue *answers;

/* @age: seconds before 2026 */
static void
write_file (const gchar * key, gsize size, gint age)
{
  g_autofree gchar *path = g_build_filename (folder, key, NULL);
  g_autofree gchar *parent = g_path_get_dirname (path);
  g_autofree gchar *text = g_strnfill (size, 'x');
  const struct timespec times[] = { {NEW_YEAR - age, 0}, {NEW_YEAR - age, 0} };

  fail_unless (g_mkdir_with_parents (parent, 0755) == 0);
  fail_unless (g_file_set_contents (path, text, size, NULL));
  fail_unless (utimensat (AT_FDCWD, path, times, 0) == 0);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vs-origin-XXXXXX", NULL);
  answers = g_async_queue_new ();
}

static void
teardown (void)
{
  g_async_queue_unref (answers);
  test_folder_remove (folder);
  g_free (folder);
}

static VsOrigin *
new_origin (const gchar * location, const gchar * base_path)
{
  const VsOriginSettings settings = {.base_path = base_path };
  g_autoptr (VsStore) store = NULL;
  VsOrigin *origin = vs_origin_new (&settings);

  if (location) {
    store = vs_store_open (location, FALSE, NULL);
    fail_unless (store != NULL);
    vs_origin_set_store (origin, store);
  }
  return origin;
}

static void
take_response (VsOriginResponse * response, gpointer user_data)
{
  g_async_queue_push (answers, vs_origin_response_ref (response));
}

static VsOriginResponse *
ask (VsOrigin * origin, const gchar * account)
{
  VsOriginResponse *response;

  vs_origin_list_files (origin, account, take_response, NULL);
  response = g_async_queue_timeout_pop (answers, 30 * G_TIME_SPAN_SECOND);
  fail_unless (response != NULL);
  return response;
}

static gchar *
text_of (VsOrigin * origin, const gchar * account)
{
  g_autoptr (VsOriginResponse) response = ask (origin, account);

  fail_unless_equals_int (response->status, 200);
  fail_unless_equals_string (response->content_type, "application/json");
  return g_strndup (g_bytes_get_data (response->body, NULL),
      g_bytes_get_size (response->body));
}

static void
write_archive (void)
{
  write_file ("alpha/live/recordings/old.mp4", 10, 300);
  write_file ("alpha/live/recordings/new.mp4", 20, 100);
  write_file ("alpha/live/two/recordings/breakout.mp4", 30, 200);
  /* what the recorder keeps beside them, and what is on its way */
  write_file ("alpha/live/recordings/720p-1.recording", 5, 0);
  write_file ("alpha/live/recordings/.new.mp4.tmp", 5, 0);
  write_file ("alpha/live/recordings/no name.mp4", 5, 0);
  write_file ("alpha/live/index.m3u8", 5, 0);
  write_file ("alpha/live/secret.mp4", 5, 0);
  write_file ("alpha/live/two/three/recordings/deep.mp4", 5, 0);
  write_file ("alpha/media/film.mp4", 40, 400);
  write_file ("alpha/media/film.json", 5, 0);
  write_file ("alpha/media/recordings/odd.mp4", 5, 0);
  write_file ("beta/live/recordings/beta.mp4", 50, 0);
  write_file ("gamma/media/.hidden.mp4", 5, 0);
}

GST_START_TEST (test_files)
{
  static const gchar alpha[] = "{\"account\":\"alpha\",\"recordings\":["
      "{\"event\":\"live\",\"breakout\":null,\"name\":\"new.mp4\","
      "\"url\":\"/vod/out/v1/alpha/live/recordings/new.mp4\",\"size\":20,"
      "\"modified\":\"2025-12-31T23:58:20Z\"},"
      "{\"event\":\"live\",\"breakout\":\"two\",\"name\":\"breakout.mp4\","
      "\"url\":\"/vod/out/v1/alpha/live/two/recordings/breakout.mp4\","
      "\"size\":30,\"modified\":\"2025-12-31T23:56:40Z\"},"
      "{\"event\":\"live\",\"breakout\":null,\"name\":\"old.mp4\","
      "\"url\":\"/vod/out/v1/alpha/live/recordings/old.mp4\",\"size\":10,"
      "\"modified\":\"2025-12-31T23:55:00Z\"}],\"media\":["
      "{\"name\":\"film.mp4\",\"url\":\"/vod/out/v1/alpha/media/film.mp4\","
      "\"size\":40,\"modified\":\"2025-12-31T23:53:20Z\"}],"
      "\"truncated\":false}";
  static const gchar beta[] = "{\"account\":\"beta\",\"recordings\":["
      "{\"event\":\"live\",\"breakout\":null,\"name\":\"beta.mp4\","
      "\"url\":\"/vod/out/v1/beta/live/recordings/beta.mp4\",\"size\":50,"
      "\"modified\":\"2026-01-01T00:00:00Z\"}],\"media\":[],"
      "\"truncated\":false}";
  static const gchar gamma[] = "{\"account\":\"gamma\",\"recordings\":[],"
      "\"media\":[],\"truncated\":false}";
  static const struct
  {
    const gchar *account, *expected;
  } cases[] = { {"alpha", alpha}, {"beta", beta}, {"gamma", gamma} };
  g_autoptr (VsOrigin) origin = NULL;

  write_archive ();
  origin = new_origin (folder, "/vod");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = text_of (origin, cases[i].account);

    fail_unless_equals_string (text, cases[i].expected);
  }
}

GST_END_TEST;

/* Whoever has nothing has an empty list; a name that is none leads nowhere. */
GST_START_TEST (test_nothing)
{
  static const gchar *const wrong[] = { "", "..", "a/b", ".", "alpha/live" };
  static const gchar empty[] = "{\"account\":\"delta\",\"recordings\":[],"
      "\"media\":[],\"truncated\":false}";
  g_autoptr (VsOrigin) origin = NULL;
  g_autoptr (VsOrigin) bare = new_origin (NULL, NULL);
  g_autofree gchar *unstored = text_of (bare, "delta");
  g_autofree gchar *unknown = NULL;

  write_archive ();
  origin = new_origin (folder, NULL);
  unknown = text_of (origin, "delta");
  fail_unless_equals_string (unstored, empty);
  fail_unless_equals_string (unknown, empty);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (VsOriginResponse) response = ask (origin, wrong[i]);

    fail_unless (response->status == 404, "%s", wrong[i]);
  }
}

GST_END_TEST;

/* Each account has a place of its own, and nobody can list the events of an
 * account but those that go on. */
GST_START_TEST (test_placeholders)
{
  g_autofree gchar *location = g_strconcat (folder, "/{account}-{event}", NULL);
  g_autoptr (VsOrigin) origin = NULL;
  g_autofree gchar *before = NULL, *after = NULL, *other = NULL;

  write_file ("alpha-live/recordings/a.mp4", 1, 0);
  write_file ("alpha-media/film.mp4", 1, 0);
  write_file ("beta-live/recordings/b.mp4", 1, 0);
  origin = new_origin (location, NULL);
  before = text_of (origin, "beta");
  fail_if (strstr (before, "b.mp4"));
  vs_origin_add_event (origin, "alpha", "live", NULL);
  after = text_of (origin, "alpha");
  fail_unless (strstr (after, "\"/out/v1/alpha/live/recordings/a.mp4\""));
  fail_unless (strstr (after, "\"/out/v1/alpha/media/film.mp4\""));
  other = text_of (origin, "alph");
  fail_if (strstr (other, "a.mp4"));
}

GST_END_TEST;

GST_START_TEST (test_bound)
{
  g_autoptr (VsOrigin) origin = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autofree gchar *text = NULL;
  JsonArray *recordings;
  JsonObject *newest, *oldest;

  for (gint i = 0; i < MAX_LISTED + 5; i++) {
    g_autofree gchar *key =
        g_strdup_printf ("alpha/event-%d/recordings/%d.mp4", i % 3, i);

    write_file (key, 1, i);
  }
  origin = new_origin (folder, NULL);
  text = text_of (origin, "alpha");
  root = json_from_string (text, NULL);
  fail_unless (json_object_get_boolean_member (json_node_get_object (root),
          "truncated"));
  recordings = json_object_get_array_member (json_node_get_object (root),
      "recordings");
  fail_unless_equals_int (json_array_get_length (recordings), MAX_LISTED);
  newest = json_array_get_object_element (recordings, 0);
  oldest = json_array_get_object_element (recordings, MAX_LISTED - 1);
  fail_unless_equals_string (json_object_get_string_member (newest, "name"),
      "0.mp4");
  fail_unless_equals_string (json_object_get_string_member (oldest, "name"),
      "999.mp4");
}

GST_END_TEST;

/* A store that can't be read is no store without files. */
GST_START_TEST (test_unreadable)
{
  g_autoptr (VsOrigin) origin = NULL;
  g_autoptr (VsOriginResponse) response = NULL;

  write_file ("alpha", 1, 0);
  origin = new_origin (folder, NULL);
  response = ask (origin, "alpha");
  fail_unless_equals_int (response->status, 502);
}

GST_END_TEST;

static Suite *
origin_listfiles_suite (void)
{
  Suite *s = suite_create ("listfiles");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_files);
  tcase_add_test (tc, test_nothing);
  tcase_add_test (tc, test_placeholders);
  tcase_add_test (tc, test_bound);
  tcase_add_test (tc, test_unreadable);
  return s;
}

GST_CHECK_MAIN (origin_listfiles);
