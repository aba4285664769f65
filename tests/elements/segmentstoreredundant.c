/* VisionStream: tests of two vssegmentstores that store the same programme
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <glib/gstdio.h>

#include "storecheck.h"

#define FRAMES 75
#define PINNED "start-time=2026-01-01T00:00:00Z "
/* to both stores */
#define RENDITION(height) PICTURE (75, height) " ! mpegtsmux ! tee name=t" \
    #height " t" #height ". ! queue ! a. t" #height ". ! queue ! b. "
#define MARK "#VISIONSTREAM-REDUNDANT"

static gchar *
path_of (const gchar * event, const gchar * name)
{
  return g_build_filename (folder, "a", "default", event, name, NULL);
}

static void
run_both (void)
{
  Run run;

  run_line (&run, STORE PINNED "name=a location=%s/a event=live-0 "
      "redundant-event=live-1 " STORE PINNED "name=b location=%s/a "
      "event=live-1 redundant-event=live-0 " RENDITION (48) RENDITION (64),
      folder, folder);
  fail_unless_equals_int (run.stored, 2 * 2 * 3);
  fail_unless_equals_int (run.warnings, 0);
}

/* Line by line: own children, then the other's, with the same attributes. */
static void
check_main (const gchar * event, const gchar * other)
{
  g_autofree gchar *path = path_of (event, "index.m3u8");
  g_autofree gchar *small = g_strdup_printf ("../%s/index_48p.m3u8", other);
  g_autofree gchar *large = g_strdup_printf ("../%s/index_64p.m3u8", other);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), 14);
  fail_unless_equals_string (lines[0], "#EXTM3U");
  fail_unless_equals_string (lines[1], "#EXT-X-VERSION:3");
  fail_unless_equals_string (lines[2], "#EXT-X-INDEPENDENT-SEGMENTS");
  fail_unless (g_str_has_prefix (lines[3], "#EXT-X-STREAM-INF:BANDWIDTH="));
  fail_unless (strstr (lines[3], ",RESOLUTION=64x48,") != NULL);
  fail_unless_equals_string (lines[4], "index_48p.m3u8");
  fail_unless (g_str_has_prefix (lines[5], "#EXT-X-STREAM-INF:BANDWIDTH="));
  fail_unless (strstr (lines[5], ",RESOLUTION=64x64,") != NULL);
  fail_unless_equals_string (lines[6], "index_64p.m3u8");
  fail_unless_equals_string (lines[7], MARK);
  fail_unless_equals_string (lines[8], lines[3]);
  fail_unless_equals_string (lines[9], small);
  fail_unless_equals_string (lines[10], MARK);
  fail_unless_equals_string (lines[11], lines[5]);
  fail_unless_equals_string (lines[12], large);
  fail_unless_equals_string (lines[13], "");
}

/* The pictures that ffmpeg finds in the first stream of what is at @path, and
 * what it complains of; nothing is checked where there is no ffprobe. */
static void
check_plays (const gchar * event, guint frames, gboolean whole)
{
  g_autofree gchar *path = path_of (event, "index.m3u8");
  const gchar *argv[] = { "ffprobe", "-v", "error", "-count_frames",
    "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
    "-of", "default=nw=1:nk=1", path, NULL
  };
  g_autofree gchar *out = NULL;
  g_autofree gchar *err = NULL;
  g_autofree gchar *tool = g_find_program_in_path ("ffprobe");
  gint status;

  if (tool == NULL)
    return;
  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, NULL));
  fail_unless (g_spawn_check_wait_status (status, NULL), "%s", err);
  fail_unless_equals_int (atoi (out), frames);
  if (whole)
    fail_unless_equals_string (err, "");
}

static void
remove_children (const gchar * event)
{
  static const gchar *const names[] = { "index_48p.m3u8", "index_64p.m3u8" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = path_of (event, names[i]);

    fail_unless_equals_int (g_unlink (path), 0);
  }
}

/* Ended, and ended again: both main playlists name both. Either is played,
 * also where one of the folders has lost its playlists, be it the other one's
 * or its own. */
GST_START_TEST (test_two_chains)
{
  for (guint runs = 1; runs <= 2; runs++) {
    run_both ();
    check_main ("live-0", "live-1");
    check_main ("live-1", "live-0");
    check_plays ("live-0", runs * FRAMES, TRUE);
    check_plays ("live-1", runs * FRAMES, TRUE);
  }
  remove_children ("live-1");
  check_plays ("live-0", 2 * FRAMES, FALSE);
  check_plays ("live-1", 2 * FRAMES, FALSE);
}

GST_END_TEST;

/* What is stored is read without a look at the other's, which would be an
 * error, or in a playlist of any maker a warning. */
GST_START_TEST (test_read_back)
{
  static const gchar *const lines[] = {
    "location=%s/a event=live-0", "location=%s/a/default/live-0/index.m3u8"
  };

  run_both ();
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GString) line = g_string_new (lines[i]);
    Run run;

    g_string_replace (line, "%s", folder, 0);
    run_line (&run, "vsarchivesrc %s ! fakesink", line->str);
    fail_unless_equals_int (run.warnings, 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const struct
  {
    const gchar *event, *other, *says;
  } rows[] = {
    {"live-0", "../secret", "no valid name"},
    {"live-0", "recordings", "no valid name"},
    {"live-0", "", "no valid name"},
    {"live-0", "live-0", "is the event itself"},
    {"live", "live", "is the event itself"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstElement) store = store_new ("a");
    g_autoptr (GstBus) bus = gst_bus_new ();
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree gchar *path = g_build_filename (folder, "a", NULL);

    gst_element_set_bus (store, bus);
    g_object_set (store, "event", rows[i].event, "redundant-event",
        rows[i].other, NULL);
    fail_unless_equals_int (gst_element_set_state (store, GST_STATE_PAUSED),
        GST_STATE_CHANGE_FAILURE);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    fail_unless (message != NULL);
    gst_message_parse_error (message, &error, NULL);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS), "%s", error->message);
    fail_unless (strstr (error->message, rows[i].says) != NULL, "%s",
        error->message);
    /* nothing was made for it */
    fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
    gst_element_set_state (store, GST_STATE_NULL);
    gst_element_set_bus (store, NULL);
  }
}

GST_END_TEST;

static Suite *
segmentstoreredundant_suite (void)
{
  Suite *s = suite_create ("vssegmentstore: two chains");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, make_folder, drop_folder);
  tcase_add_test (tc, test_two_chains);
  tcase_add_test (tc, test_read_back);
  tcase_add_test (tc, test_refused);
  return s;
}

GST_CHECK_MAIN (segmentstoreredundant);
