/* VisionStream: tests of an archive behind WebDAV: written, gone, played
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "packager.h"

#include <string.h>

#include "store/nginx.h"

#define EVENT "/default/live/"
#define STORE "vssegmentstore name=s spool-directory=%s/spool " \
    "target-duration=1000000000 location=%s%s "
/* in real time, until it is told to end */
#define ENDLESS "videotestsrc is-live=true ! " \
    "video/x-raw,width=64,height=48,framerate=30/1 ! x264enc key-int-max=6 " \
    "tune=zerolatency speed-preset=ultrafast ! h264parse ! mpegtsmux ! "

static Nginx *nginx;

static void
setup_server (void)
{
  setup ();
  nginx = nginx_new ();
}

static void
teardown_server (void)
{
  teardown ();
  g_clear_pointer (&nginx, nginx_free);
}

/* Stores 6 s. */
static void
store_stream (const gchar * path, const gchar * properties)
{
  g_autofree gchar *line = g_strdup_printf (STREAM STORE "%s ! fakesink",
      folder, nginx->plain, path, properties);

  start_pipeline (line);
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();
}

/* What the server has of the event. */
static gchar *
read_stored (const gchar * path, const gchar * name)
{
  g_autofree gchar *file = g_strconcat (nginx->folder, "/root", path, EVENT,
      name, NULL);
  gchar *text = NULL;

  g_file_get_contents (file, &text, NULL, NULL);
  return text;
}

static void
assert_stored (const gchar * path, const gchar * playlist, guint runs)
{
  g_autofree gchar *text = read_stored (path, playlist);
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  fail_unless (text != NULL);
  fail_unless_equals_int (count (text, "#EXT-X-ENDLIST"), 1);
  fail_unless_equals_int (count (text, "#EXT-X-DISCONTINUITY\n"), runs - 1);
  fail_unless_equals_int (count (text, "#EXT-X-GAP"), 0);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (g_str_has_suffix (lines[i], ".ts")) {
      g_autofree gchar *segment = read_stored (path, lines[i]);

      fail_unless (segment != NULL, "%s", lines[i]);
      n++;
    }
  }
  fail_unless_equals_int (n, count (text, "#EXTINF"));
  fail_unless (n >= runs);
}

/* A player of another make, from the server that keeps it. */
static void
assert_plays (const gchar * path)
{
  g_autofree gchar *url = g_strconcat (nginx->plain, path, EVENT "index.m3u8",
      NULL);
  const gchar *argv[] = { "ffprobe", "-v", "error", "-count_frames",
    "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
    "-of", "default=nw=1:nk=1", url, NULL
  };
  g_autofree gchar *frames = run (argv);

  fail_unless (frames != NULL);
  fail_unless_equals_int (atoi (frames), 180);
}

static void
serve (const gchar * path, const gchar * properties)
{
  g_autofree gchar *line = g_strdup_printf ("vsjitpackager name=p port=0 "
      "location=%s%s %s", nginx->plain, path, properties);

  start_pipeline (line);
}

static void
assert_served (void)
{
  static const gchar *const paths[] = {
    "hls/108p_1.ts", "cmaf/video_108p_3.m4s", "dash/index.mpd"
  };
  g_autofree gchar *list = get_text ("hls/index_108p.m3u8");

  fail_unless_equals_int (count (list, "#EXTINF"), 6);
  fail_unless_equals_int (count (list, "#EXT-X-ENDLIST"), 1);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_auto (Reply) reply = { 0 };

    get (paths[i], &reply);
    fail_unless (reply.status == 200, "%s: %u", paths[i], reply.status);
    fail_unless (g_bytes_get_size (reply.body) > 0);
  }
}

GST_START_TEST (test_store_and_serve)
{
  store_stream ("/dav/an%20archive", "");
  assert_stored ("/dav/an archive", "index_108p.m3u8", 1);
  assert_plays ("/dav/an%20archive");
  serve ("/dav/an%20archive", "");
  assert_served ();
  stop_pipeline ();
}

GST_END_TEST;

static void
assert_file (const gchar * path, const gchar * range, const guint8 * bytes,
    gsize size)
{
  g_auto (Reply) reply = { 0 };

  request ("GET", path, range ? "Range" : NULL, range, &reply);
  fail_unless_equals_int (reply.status, range ? 206 : 200);
  fail_unless_equals_int (g_bytes_get_size (reply.body), size);
  fail_unless (memcmp (g_bytes_get_data (reply.body, NULL), bytes, size) == 0);
}

/* Files of several pieces, read over the network as they are sent. */
GST_START_TEST (test_files)
{
  const gsize size = 5 * 1024 * 1024 + 1;
  g_autofree guint8 *bytes = g_malloc (size);
  g_autofree gchar *media = g_build_filename (nginx->folder,
      "root/dav/files/default/media", NULL);
  g_autofree gchar *film = g_build_filename (media, "film.mp4", NULL);
  g_auto (Reply) none = { 0 };

  for (gsize i = 0; i < size; i++)
    bytes[i] = i % 251;
  fail_unless (g_mkdir_with_parents (media, 0755) == 0);
  fail_unless (g_file_set_contents (film, (const gchar *) bytes, size, NULL));
  serve ("/dav/files", "");
  assert_file ("/out/v1/default/media/film.mp4", NULL, bytes, size);
  assert_file ("/out/v1/default/media/film.mp4", "bytes=1048000-3145999",
      bytes + 1048000, 2098000);
  assert_file ("/out/v1/default/media/film.mp4", "bytes=-9", bytes + size - 9,
      9);
  get ("/out/v1/default/media/none.mp4", &none);
  fail_unless_equals_int (none.status, 404);
  stop_pipeline ();
}

GST_END_TEST;

#define PASSWORD "user=u password=\"p\\ w+\" "

GST_START_TEST (test_password)
{
  store_stream ("/shut", PASSWORD);
  assert_stored ("/shut", "index_108p.m3u8", 1);
  serve ("/shut", PASSWORD);
  assert_served ();
  stop_pipeline ();
}

GST_END_TEST;

static void
assert_start_fails (const gchar * line, const gchar * text)
{
  g_autoptr (GstElement) element = gst_parse_launch (line, NULL);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  fail_unless (element != NULL);
  bus = gst_bus_new ();
  gst_element_set_bus (element, bus);
  fail_unless (gst_element_set_state (element, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, &debug);
  fail_unless (strstr (error->message, text) != NULL, "%s", error->message);
  fail_if (strstr (error->message, "secret") || (debug
          && strstr (debug, "secret")), "%s %s", error->message, debug);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
}

/* What is secret is not told to anybody. */
GST_START_TEST (test_secrets)
{
  static const gchar *const elements[] = { "vssegmentstore", "vsjitpackager" };
  static const gchar *const secrets[] = { "user", "password" };
  g_autofree gchar *wrong = g_strdup_printf (STORE "user=u password=secret",
      folder, nginx->plain, "/shut");

  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autofree gchar *line = g_strdup_printf ("%s "
        "location=http://secret-u:secret-p@127.0.0.1:1/a", elements[i]);
    g_autoptr (GstElement) element =
        gst_element_factory_make (elements[i], NULL);

    gst_object_ref_sink (element);
    for (guint k = 0; k < G_N_ELEMENTS (secrets); k++) {
      GParamSpec *spec = g_object_class_find_property
          (G_OBJECT_GET_CLASS (element), secrets[k]);

      fail_unless (spec != NULL && (spec->flags & G_PARAM_WRITABLE));
      fail_if (spec->flags & G_PARAM_READABLE);
    }
    assert_start_fails (line, "properties user and password");
  }
  assert_start_fails (wrong, "user and password are not accepted");
}

GST_END_TEST;

/* An ingest that can only be pushed to: what there is of an event is known
 * from the spool. */
GST_START_TEST (test_push_only)
{
  store_stream ("/push", "");
  assert_stored ("/push", "index_108p.m3u8", 1);
  store_stream ("/push", "");
  assert_stored ("/push", "index_108p.m3u8", 2);
}

GST_END_TEST;

/* The index of a recording comes last, and goes ahead of all else. */
GST_START_TEST (test_recording)
{
  g_autofree gchar *line = g_strdup_printf (STORE "recording=mp4", folder,
      nginx->plain, "/dav/a");

  assert_start_fails (line, "Can't record: http://127.0.0.1:");
}

GST_END_TEST;

static void
await_said (const gchar * name)
{
  for (;;) {
    g_autoptr (GstMessage) message = take_message (GST_MESSAGE_ELEMENT);

    if (gst_message_has_name (message, name))
      return;
  }
}

static gboolean
has_failed (void)
{
  g_autoptr (GstMessage) message = take_message (GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;

  gst_message_parse_warning (message, &error, NULL);
  return strstr (error->message, nginx->plain) != NULL;
}

/* The server goes in the middle and comes back. */
GST_START_TEST (test_server_goes)
{
  g_autofree gchar *line = g_strdup_printf (ENDLESS STORE "! fakesink", folder,
      nginx->plain, "/dav/a");

  start_pipeline (line);
  await_said ("vssegmentstore-segment-stored");
  nginx_stop (nginx);
  fail_unless (has_failed ());
  nginx_restart (nginx);
  await_said ("vssegmentstore-recovered");
  await_said ("vssegmentstore-segment-stored");
  gst_element_send_event (pipeline, gst_event_new_eos ());
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();
  assert_stored ("/dav/a", "index_48p.m3u8", 1);
}

GST_END_TEST;

static Suite *
httpstore_suite (void)
{
  Suite *s = suite_create ("httpstore");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_server, teardown_server);
  tcase_add_test (tc, test_store_and_serve);
  tcase_add_test (tc, test_files);
  tcase_add_test (tc, test_password);
  tcase_add_test (tc, test_secrets);
  tcase_add_test (tc, test_push_only);
  tcase_add_test (tc, test_recording);
  tcase_add_test (tc, test_server_goes);
  return s;
}

GST_CHECK_MAIN (httpstore);
