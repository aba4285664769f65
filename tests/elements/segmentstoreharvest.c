/* VisionStream: tests of clips that vssegmentstore makes while it stores
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gio/gio.h>
#include <math.h>

#include "common/folder.h"

#define WAIT (40 * GST_SECOND)
#define FRAME (1.0 / 30)

static gchar *folder;
static GstElement *pipeline, *element;
static GstBus *bus;

/* A GOP of half a second, two of them a segment, two renditions */
static void
setup (void)
{
  g_autofree gchar *line = NULL;

  folder = g_dir_make_tmp ("vs-harvest-XXXXXX", NULL);
  line = g_strdup_printf ("vssegmentstore name=store location=%s "
      "target-duration=1000000000 videotestsrc is-live=true ! "
      "video/x-raw,width=160,height=120,framerate=30/1 ! tee name=t "
      "t. ! queue ! x264enc key-int-max=15 speed-preset=ultrafast "
      "tune=zerolatency ! h264parse ! mpegtsmux ! store.sink_0 "
      "t. ! queue ! videoscale ! video/x-raw,width=80,height=60 ! "
      "x264enc key-int-max=15 speed-preset=ultrafast tune=zerolatency ! "
      "h264parse ! mpegtsmux ! store.sink_1", folder);
  pipeline = gst_parse_launch (line, NULL);
  fail_unless (pipeline != NULL);
  element = gst_bin_get_by_name (GST_BIN (pipeline), "store");
  bus = gst_element_get_bus (pipeline);
}

static void
teardown (void)
{
  gst_object_unref (bus);
  gst_object_unref (element);
  gst_object_unref (pipeline);
  test_folder_remove (folder);
  g_free (folder);
}

/* @renditions: of which there are to be MP4 files, or NULL */
static gchar *
ask (const gchar * event, const gchar * start, const gchar * stop,
    const gchar * renditions)
{
  g_autoptr (GstStructure) request = gst_structure_new ("request",
      "event", G_TYPE_STRING, event, "start", G_TYPE_STRING, start,
      "stop", G_TYPE_STRING, stop, NULL);
  gchar *id = NULL;

  if (renditions)
    gst_structure_set (request, "recording", G_TYPE_STRING, "mp4",
        "recording-renditions", G_TYPE_STRING, renditions, NULL);
  g_signal_emit_by_name (element, "harvest", request, &id);
  return id;
}

/* The next element message of a name. */
static GstStructure *
await (const gchar * name)
{
  for (;;) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, WAIT,
        GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);

    fail_unless (message != NULL, "no %s", name);
    fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
    if (gst_message_has_name (message, name))
      return gst_structure_copy (gst_message_get_structure (message));
    fail_if (gst_message_has_name (message, "vssegmentstore-harvest-failed"),
        "%" GST_PTR_FORMAT, gst_message_get_structure (message));
  }
}

static void
await_stored (guint n)
{
  for (guint i = 0; i < n; i++)
    gst_structure_free (await ("vssegmentstore-segment-stored"));
}

static gdouble
probe_duration (const gchar * path)
{
  g_autofree gchar *command = g_strdup_printf ("ffprobe -v error "
      "-select_streams v:0 -count_packets -show_entries "
      "stream=nb_read_packets -of csv=p=0 %s", path);
  g_autofree gchar *out = NULL;
  gint status;

  fail_unless (g_spawn_command_line_sync (command, &out, NULL, &status, NULL));
  fail_unless (g_spawn_check_wait_status (status, NULL));
  return g_ascii_strtod (out, NULL) * FRAME;
}

static void
assert_clip (const GstStructure * finished, const gchar * event)
{
  static const gchar *const lists[] = { "120p", "60p" };
  const gchar *location = gst_structure_get_string (finished, "location");
  g_autofree gchar *wanted = g_strdup_printf ("%s/default/%s/index.m3u8",
      folder, event);
  guint64 duration, segments, gaps, size;

  fail_unless (gst_structure_get (finished, "duration", G_TYPE_UINT64,
          &duration, "segments", G_TYPE_UINT64, &segments, "gaps",
          G_TYPE_UINT64, &gaps, "size", G_TYPE_UINT64, &size, NULL));
  fail_unless_equals_string (location, wanted);
  fail_unless (segments >= 4 && size > 0);
  fail_unless_equals_uint64 (gaps, 0);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    g_autofree gchar *path = g_strdup_printf ("%s/default/%s/index_%s.m3u8",
        folder, event, lists[i]);

    fail_unless (fabs (probe_duration (path) - duration / (gdouble) GST_SECOND)
        < FRAME, "%s: %f, not %" GST_TIME_FORMAT, path, probe_duration (path),
        GST_TIME_ARGS (duration));
  }
}

/* An MP4 file of each rendition, as long as the clip is */
static void
assert_recordings (const GstStructure * finished)
{
  const GValue *list = gst_structure_get_value (finished, "recordings");
  guint64 whole;

  gst_structure_get_uint64 (finished, "duration", &whole);
  fail_unless (list != NULL);
  fail_unless_equals_int (gst_value_list_get_size (list), 2);
  for (guint i = 0; i < 2; i++) {
    const GstStructure *s =
        gst_value_get_structure (gst_value_list_get_value (list, i));
    const gchar *location = gst_structure_get_string (s, "location");
    guint64 duration, size;

    fail_unless (gst_structure_get (s, "duration", G_TYPE_UINT64, &duration,
            "size", G_TYPE_UINT64, &size, NULL));
    fail_unless (g_str_has_prefix (location, folder));
    fail_unless (g_str_has_suffix (location,
            i == 0 ? "_120p.mp4" : "_60p.mp4"), "%s", location);
    fail_unless (ABS (GST_CLOCK_DIFF (whole, duration)) < 40 * GST_MSECOND);
    fail_unless (size > 0);
    fail_unless (fabs (probe_duration (location)
            - whole / (gdouble) GST_SECOND) < FRAME);
  }
}

/* One of what is there, and one that is still to come, while it goes on. */
GST_START_TEST (test_live)
{
  g_autofree gchar *past = NULL, *future = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  await_stored (6);
  past = ask ("past", "0.6", "1.9", NULL);
  fail_unless (past != NULL);
  {
    g_autoptr (GstStructure) s = await ("vssegmentstore-harvest-started");

    fail_unless_equals_string (gst_structure_get_string (s, "id"), past);
  }
  {
    g_autoptr (GstStructure) s = await ("vssegmentstore-harvest-finished");
    guint64 duration;

    fail_unless_equals_string (gst_structure_get_string (s, "id"), past);
    gst_structure_get_uint64 (s, "duration", &duration);
    fail_unless (ABS ((gint64) duration - (gint64) (1500 * GST_MSECOND))
        <= 40 * (gint64) GST_MSECOND);
    assert_clip (s, "past");
    fail_if (gst_structure_has_field (s, "recordings"));
  }
  future = ask ("future", "1.1", "6.1", "all");
  fail_unless (future != NULL);
  {
    g_autoptr (GstStructure) s = await ("vssegmentstore-harvest-progress");

    fail_unless_equals_string (gst_structure_get_string (s, "id"), future);
  }
  {
    g_autoptr (GstStructure) s = await ("vssegmentstore-harvest-finished");

    fail_unless_equals_string (gst_structure_get_string (s, "id"), future);
    assert_clip (s, "future");
    assert_recordings (s);
  }
  /* what runs is waited for ahead of the teardown */
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* Where it is asked for, also where each account has a store of its own. */
GST_START_TEST (test_elsewhere)
{
  g_autofree gchar *accounts = g_build_filename (folder, "accounts.json", NULL);
  g_autofree gchar *other = g_build_filename (folder, "other", NULL);
  g_autofree gchar *wanted = g_build_filename (other, "default", "past",
      "index.m3u8", NULL);
  g_autofree gchar *text =
      g_strdup_printf ("{\"default\": {\"location\": \"%s\"}}", folder);
  g_autoptr (GstStructure) request = gst_structure_new ("request",
      "event", G_TYPE_STRING, "past", "start", G_TYPE_STRING, "0.6",
      "stop", G_TYPE_STRING, "1.9", "location", G_TYPE_STRING, other, NULL);
  g_autoptr (GstStructure) finished = NULL;
  g_autofree gchar *id = NULL;

  fail_unless (g_file_set_contents (accounts, text, -1, NULL));
  g_object_set (element, "accounts", accounts, "spool-directory", folder, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  await_stored (6);
  g_signal_emit_by_name (element, "harvest", request, &id);
  fail_unless (id != NULL);
  finished = await ("vssegmentstore-harvest-finished");
  fail_unless_equals_string (gst_structure_get_string (finished, "location"),
      wanted);
  fail_unless (g_file_test (wanted, G_FILE_TEST_EXISTS));
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* Going to READY ends it, and nothing of it stays. */
GST_START_TEST (test_cancelled)
{
  g_autofree gchar *id = NULL;
  g_autofree gchar *path =
      g_build_filename (folder, "default", "clip", "index.m3u8", NULL);
  g_autofree gchar *segment =
      g_build_filename (folder, "default", "clip", "index_120p_00001.ts", NULL);
  g_autoptr (GError) error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  await_stored (4);
  id = ask ("clip", "0", "3600", "best");
  fail_unless (id != NULL);
  gst_structure_free (await ("vssegmentstore-harvest-progress"));
  fail_unless (g_file_test (segment, G_FILE_TEST_EXISTS));
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  gst_element_set_state (pipeline, GST_STATE_READY);
  {
    g_autoptr (GstMessage) message = NULL;

    do {
      g_clear_pointer (&message, gst_message_unref);
      message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
    } while (message
        && !gst_message_has_name (message, "vssegmentstore-harvest-failed"));
    fail_unless (message != NULL);
    gst_structure_get (gst_message_get_structure (message), "error",
        G_TYPE_ERROR, &error, NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  }
  fail_if (g_file_test (segment, G_FILE_TEST_EXISTS));
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static void
assert_refused (GstStructure * request, const gchar * named)
{
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) warning = NULL;
  gchar *id = NULL;

  g_signal_emit_by_name (element, "harvest", request, &id);
  gst_clear_structure (&request);
  fail_unless (id == NULL);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_parse_warning (message, &warning, NULL);
  fail_unless (strstr (warning->message, named) != NULL, "%s",
      warning->message);
}

GST_START_TEST (test_refused)
{
  assert_refused (gst_structure_new ("r", "event", G_TYPE_STRING, "clip",
          NULL), "PAUSED");
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  assert_refused (NULL, "no request");
  assert_refused (gst_structure_new_empty ("r"), "event");
  assert_refused (gst_structure_new ("r", "event", G_TYPE_STRING, "../clip",
          NULL), "event");
  assert_refused (gst_structure_new ("r", "event", G_TYPE_STRING, "clip",
          "start", G_TYPE_STRING, "soon", NULL), "soon");
  assert_refused (gst_structure_new ("r", "event", G_TYPE_STRING, "clip",
          "start", G_TYPE_INT, 5, NULL), "start");
  assert_refused (gst_structure_new ("r", "event", G_TYPE_STRING, "clip",
          "recording", G_TYPE_STRING, "webm", NULL), "webm");
  assert_refused (gst_structure_new ("r", "event", G_TYPE_STRING, "clip",
          "colour", G_TYPE_STRING, "red", NULL), "colour");
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
segmentstoreharvest_suite (void)
{
  Suite *suite = suite_create ("segmentstoreharvest");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_live);
  tcase_add_test (tcase, test_elsewhere);
  tcase_add_test (tcase, test_cancelled);
  tcase_add_test (tcase, test_refused);
  return suite;
}

GST_CHECK_MAIN (segmentstoreharvest);
