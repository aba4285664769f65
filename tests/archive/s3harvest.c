/* VisionStream: test of clips that vssegmentstore makes in a bucket of what it
 * stores in another
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See bucket.h for the service; tests/archive/run starts one.
 */
#include <gst/check/gstcheck.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "bucket.h"
#include "common/folder.h"

#define WAIT (40 * GST_SECOND)
#define FRAMES 90               /* of the clip: 6 GOPs */

static gchar *folder, *name, *clips;
static GstElement *pipeline, *element;
static GstBus *bus;

/* A GOP of half a second, two of them a segment */
static void
setup (void)
{
  g_autofree gchar *line = NULL;

  folder = g_dir_make_tmp ("vs-harvest-XXXXXX", NULL);
  name = bucket_new ();
  clips = bucket_new ();
  line = g_strdup_printf ("videotestsrc is-live=true ! "
      "video/x-raw,width=160,height=120,framerate=30/1 ! "
      "x264enc key-int-max=15 speed-preset=ultrafast tune=zerolatency ! "
      "h264parse ! mpegtsmux ! vssegmentstore name=store "
      "location=s3://%s/arc endpoint-uri=%s access-key=%s "
      "secret-access-key=%s force-path-style=true spool-directory=%s/spool "
      "target-duration=1000000000", name, g_getenv ("VS_S3_ENDPOINT"),
      g_getenv ("VS_S3_KEY"), g_getenv ("VS_S3_SECRET"), folder);
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
  g_free (name);
  g_free (clips);
}

/* The next element message of a name. */
static GstStructure *
await (const gchar * wanted)
{
  for (;;) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, WAIT,
        GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    const GstStructure *structure;

    fail_unless (message != NULL, "no %s", wanted);
    structure = gst_message_get_structure (message);
    if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT)
      fail ("%" GST_PTR_FORMAT, structure);
    if (gst_message_has_name (message, wanted))
      return gst_structure_copy (structure);
    fail_if (gst_message_has_name (message, "vssegmentstore-harvest-failed"),
        "%" GST_PTR_FORMAT, structure);
  }
}

static gchar *
ask (const gchar * location)
{
  g_autoptr (GstStructure) request = gst_structure_new ("request",
      "event", G_TYPE_STRING, "clip", "start", G_TYPE_STRING, "0.6",
      "stop", G_TYPE_STRING, "3.4", "location", G_TYPE_STRING, location, NULL);
  gchar *id = NULL;

  g_signal_emit_by_name (element, "harvest", request, &id);
  return id;
}

/* Fetches what the clip's folder has into ours. */
static void
fetch (VsStore * store)
{
  g_autoptr (GPtrArray) objects =
      vs_store_list (store, "default/clip", NULL, NULL, NULL);

  fail_unless (objects && objects->len > 0);
  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes =
        vs_store_get (store, object->key, 0, -1, 1 << 24, NULL, &error);
    g_autofree gchar *base = g_path_get_basename (object->key);
    g_autofree gchar *path = g_build_filename (folder, base, NULL);

    fail_unless (bytes != NULL, "%s", error ? error->message : "");
    fail_unless (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
            g_bytes_get_size (bytes), NULL));
  }
}

static void
assert_frames (void)
{
  g_autofree gchar *command = g_strdup_printf ("ffprobe -v error "
      "-select_streams v:0 -count_frames -show_entries stream=nb_read_frames "
      "-of csv=p=0 %s/index_120p.m3u8", folder);
  g_autofree gchar *out = NULL, *complaint = NULL;
  gint status;

  fail_unless (g_spawn_command_line_sync (command, &out, &complaint, &status,
          NULL));
  fail_unless (g_spawn_check_wait_status (status, NULL), "%s", complaint);
  fail_unless_equals_string (complaint, "");
  fail_unless_equals_int (atoi (out), FRAMES);
}

/* Of what is there and what is still to come, into a bucket that is not the
 * event's. */
GST_START_TEST (test_live)
{
  g_autofree gchar *location = g_strdup_printf ("s3://%s/a", clips);
  g_autofree gchar *wanted =
      g_strconcat (location, "/default/clip/index.m3u8", NULL);
  g_autoptr (VsStore) store = bucket_open (location, g_getenv ("VS_S3_KEY"),
      g_getenv ("VS_S3_SECRET"));
  g_autoptr (GstStructure) finished = NULL;
  g_autofree gchar *id = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_structure_free (await ("vssegmentstore-segment-stored"));
  id = ask (location);
  fail_unless (id != NULL);
  finished = await ("vssegmentstore-harvest-finished");
  fail_unless_equals_string (gst_structure_get_string (finished, "id"), id);
  fail_unless_equals_string (gst_structure_get_string (finished, "location"),
      wanted);
  fetch (store);
  assert_frames ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* What can't be: said with the bucket's name, and the event goes on. */
GST_START_TEST (test_no_bucket)
{
  g_autofree gchar *id = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_structure_free (await ("vssegmentstore-segment-stored"));
  id = ask ("s3://there-is-none-such/a");
  fail_unless (id != NULL);
  do {
    g_clear_pointer (&message, gst_message_unref);
    message = gst_bus_timed_pop_filtered (bus, WAIT, GST_MESSAGE_ELEMENT);
  } while (message
      && !gst_message_has_name (message, "vssegmentstore-harvest-failed"));
  fail_unless (message != NULL);
  gst_structure_get (gst_message_get_structure (message), "error",
      G_TYPE_ERROR, &error, NULL);
  fail_unless (strstr (error->message, "there-is-none-such") != NULL, "%s",
      error->message);
  fail_unless (strstr (error->message, "location") != NULL, "%s",
      error->message);
  gst_structure_free (await ("vssegmentstore-segment-stored"));
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
s3harvest_suite (void)
{
  Suite *s = suite_create ("s3harvest");
  TCase *tc = tcase_create ("s3harvest");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_live);
  tcase_add_test (tc, test_no_bucket);
  return s;
}

GST_CHECK_MAIN (s3harvest);
