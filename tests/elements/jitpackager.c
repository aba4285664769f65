/* VisionStream: tests of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Real pipelines, read over HTTP by clients of other makes: libsoup, ffprobe,
 * GStreamer's own adaptive demuxers, xmllint.
 */
#include "packager.h"

#include <glib/gstdio.h>
#include <string.h>

static const gchar *const mains[] = { "hls/index.m3u8", "cmaf/index.m3u8",
  "dash/index.mpd"
};

/* Walks all playlists from @path on; returns path -> SHA-256. */
static void
crawl (const gchar * path, GHashTable * found)
{
  g_auto (Reply) reply = { 0 };
  g_autofree gchar *parent = g_path_get_dirname (path);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (g_hash_table_contains (found, path))
    return;
  get (path, &reply);
  fail_unless_equals_int (reply.status, 200);
  g_hash_table_insert (found, g_strdup (path),
      g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, reply.body));
  if (!g_str_has_suffix (path, ".m3u8"))
    return;

  text = reply_text (&reply);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    gchar *uri = strstr (lines[i], "URI=\"");
    g_autofree gchar *child = NULL;

    if (uri)
      uri = g_strndup (uri + 5, strcspn (uri + 5, "\""));
    else if (lines[i][0] && lines[i][0] != '#')
      uri = g_strdup (lines[i]);
    else
      continue;
    child = g_strdup_printf ("%s/%s", parent, uri);
    g_free (uri);
    crawl (child, found);
  }
}

static GHashTable *
crawl_all (void)
{
  GHashTable *found =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < G_N_ELEMENTS (mains); i++)
    crawl (mains[i], found);
  return found;
}

static void
probe (const gchar * path, gdouble duration)
{
  g_autofree gchar *url = url_of (path);
  const gchar *argv[] = { "ffprobe", "-v", "error", "-show_entries",
    "format=duration:stream=codec_name", "-of", "csv=p=0", url, NULL
  };
  g_autofree gchar *out = run (argv);
  g_auto (GStrv) lines = NULL;
  guint n;

  if (out == NULL)
    return;
  fail_unless (strstr (out, "h264") && strstr (out, "aac"), "%s: %s", path,
      out);
  lines = g_strsplit (g_strstrip (out), "\n", -1);
  n = g_strv_length (lines);
  fail_unless (ABS (g_ascii_strtod (lines[n - 1], NULL) - duration) < 0.1,
      "%s: %s", path, out);
}

GST_START_TEST (test_live_to_vod)
{
  static const struct
  {
    const gchar *path, *type, *cache_control;
  } objects[] = {
    {"hls/index.m3u8", "application/vnd.apple.mpegurl",
        "max-age=60, stale-if-error=0"},
    {"cmaf/index_video_108p.m3u8", "application/vnd.apple.mpegurl",
        "max-age=60, stale-if-error=0"},
    {"dash/index.mpd", "application/dash+xml", "max-age=60, stale-if-error=0"},
    {"hls/108p_1.ts", "video/mp2t",
        "max-age=60, stale-if-error=0"},
    {"cmaf/video_108p_1.m4s", "video/mp4",
        "max-age=60, stale-if-error=0"},
    {"dash/audio_108p_1.m4s", "audio/mp4",
        "max-age=60, stale-if-error=0"},
  };

  start_pipeline (STREAM PACKAGER FOREVER);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  fail_unless_equals_uint64 (get_stat ("segments"), 6);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_auto (Reply) reply = { 0 };

    get (objects[i].path, &reply);
    fail_unless_equals_int (reply.status, 200);
    fail_unless_equals_string (header (&reply, "Content-Type"),
        objects[i].type);
    fail_unless_equals_string (header (&reply, "Cache-Control"),
        objects[i].cache_control);
    fail_unless (header (&reply, "ETag") != NULL);
  }
  for (guint i = 0; i < G_N_ELEMENTS (mains); i++)
    probe (mains[i], 6.0);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_growing)
{
  g_auto (Reply) early = { 0 };
  g_auto (Reply) grown = { 0 };

  start_pipeline (LIVE_STREAM);
  get ("hls/index.m3u8", &early);
  fail_unless_equals_int (early.status, 404);
  fail_unless_equals_string (header (&early, "Cache-Control"), "max-age=1");

  await_text ("hls/index_108p.m3u8", ".ts", 1);
  await_text ("hls/index_108p.m3u8", "#EXT-X-MEDIA-SEQUENCE:4\n", 1);
  get ("hls/index_108p.m3u8", &grown);
  fail_unless_equals_string (header (&grown, "Cache-Control"),
      "max-age=1, stale-if-error=0");
  await_text ("hls/index_108p.m3u8", ".ts", 4);
  /* out of the window, but not yet out of reach */
  {
    g_auto (Reply) old = { 0 };
    g_auto (Reply) future = { 0 };

    get ("hls/108p_1.ts", &old);
    fail_unless_equals_int (old.status, 200);
    get ("hls/108p_99999.ts", &future);
    fail_unless_equals_int (future.status, 404);
  }
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_conditional_and_gzip)
{
  g_auto (Reply) manifest = { 0 };
  g_auto (Reply) again = { 0 };
  g_auto (Reply) head = { 0 };
  g_auto (Reply) plain = { 0 };

  start_pipeline (STREAM PACKAGER FOREVER);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  request ("GET", "dash/index.mpd", "Accept-Encoding", "gzip", &manifest);
  fail_unless_equals_string (header (&manifest, "Vary"), "Accept-Encoding");
  request ("GET", "hls/108p_2.ts", NULL, NULL, &plain);
  request ("GET", "hls/108p_2.ts?evil=1", "X-Forwarded-Host", "evil", &again);
  fail_unless (g_bytes_equal (plain.body, again.body));
  fail_unless_equals_string (header (&plain, "ETag"), header (&again, "ETag"));
  reply_clear (&again);

  request ("GET", "hls/108p_2.ts", "If-None-Match", header (&plain, "ETag"),
      &again);
  fail_unless_equals_int (again.status, 304);
  request ("HEAD", "hls/108p_2.ts", NULL, NULL, &head);
  fail_unless_equals_string (header (&head, "ETag"), header (&plain, "ETag"));
  fail_unless_equals_string (header (&head, "Content-Length"),
      header (&plain, "Content-Length"));
  stop_pipeline ();
}

GST_END_TEST;

#define CROWD_THREADS 50
#define CROWD_EACH 20

static gpointer
crowd (gpointer user_data)
{
  for (guint i = 0; i < CROWD_EACH; i++) {
    g_auto (Reply) reply = { 0 };

    get ("cmaf/video_108p_3.m4s", &reply);
    fail_unless_equals_int (reply.status, 200);
  }
  return NULL;
}

GST_START_TEST (test_crowd_packages_once)
{
  GThread *threads[CROWD_THREADS];

  start_pipeline (STREAM PACKAGER FOREVER);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  for (guint i = 0; i < CROWD_THREADS; i++)
    threads[i] = g_thread_new ("crowd", crowd, NULL);
  for (guint i = 0; i < CROWD_THREADS; i++)
    g_thread_join (threads[i]);
  fail_unless_equals_uint64 (get_stat ("packaged"), 1);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_not_found)
{
  static const gchar *const paths[] = { "hls/index_none.m3u8",
    "hls/108p_7.ts", "hls/108p_0.ts", "none/index.m3u8", "hls/index.mpd",
    "cmaf/video_108p_7.m4s", "cmaf/audio_none_1.m4s",
    "cmaf/video_108p_init_00000000.mp4", "/out/v1/default/other/hls/index.m3u8",
    "/out/v1/other/live/hls/index.m3u8", "/out/v1/", "/nothing"
  };

  start_pipeline (STREAM PACKAGER FOREVER);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_auto (Reply) reply = { 0 };

    get (paths[i], &reply);
    fail_unless_equals_int (reply.status, 404);
    fail_unless_equals_string (header (&reply, "Cache-Control"), "max-age=1");
  }
  stop_pipeline ();
}

GST_END_TEST;

/* What is stored is served alike by whoever serves it. */
GST_START_TEST (test_archive)
{
  g_autofree gchar *line = g_strdup_printf (STREAM
      "vssegmentstore location=%s target-duration=1000000000 ! " PACKAGER,
      folder);
  g_autoptr (GHashTable) ours = NULL;
  g_autoptr (GHashTable) theirs = NULL;
  GHashTableIter iter;
  gpointer path, sum;

  start_pipeline (line);
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();

  start_origin ("");
  ours = crawl_all ();
  fail_unless (g_hash_table_size (ours) >= 26, "%u objects",
      g_hash_table_size (ours));
  for (guint i = 0; i < G_N_ELEMENTS (mains); i++)
    probe (mains[i], 6.0);
  stop_pipeline ();

  start_origin ("");
  theirs = crawl_all ();
  fail_unless_equals_int (g_hash_table_size (theirs), g_hash_table_size (ours));
  g_hash_table_iter_init (&iter, ours);
  while (g_hash_table_iter_next (&iter, &path, &sum))
    fail_unless_equals_string (g_hash_table_lookup (theirs, path), sum);

  /* it ends when it is asked to */
  gst_element_send_event (pipeline, gst_event_new_eos ());
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();
}

GST_END_TEST;

/* Segments that have left the window come from the store upstream. */
GST_START_TEST (test_startover)
{
  g_autofree gchar *line = g_strdup_printf (STREAM
      "vssegmentstore location=%s target-duration=1000000000 ! "
      PACKAGER FOREVER "live-cache-size=1 hls::window=1000000000 "
      "cmaf::window=1000000000 dash::window=1000000000", folder);
  g_autofree gchar *text = NULL;

  start_pipeline (line);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  text = get_text ("cmaf/index_video_108p.m3u8");
  fail_unless (strstr (text, "video_108p_1.m4s") != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (mains); i++)
    probe (mains[i], 6.0);
  stop_pipeline ();
}

GST_END_TEST;

/* How many it takes to refuse @path so many times. */
static guint
count_warnings_of (guint times, const gchar * path)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  guint n = 0;

  for (guint i = 0; i < times; i++) {
    g_auto (Reply) reply = { 0 };

    get (path, &reply);
    fail_unless_equals_int (reply.status, 502);
  }
  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING))) {
    gst_message_unref (message);
    n++;
  }
  return n;
}

GST_START_TEST (test_corrupt_segment)
{
  g_autofree gchar *line = g_strdup_printf (STREAM
      "vssegmentstore location=%s target-duration=1000000000 ! " PACKAGER,
      folder);
  g_autofree gchar *segment = g_build_filename (folder, "default", "live",
      "index_108p_00002.ts", NULL);
  static const gchar *const paths[] = { "hls/108p_2.ts",
    "cmaf/video_108p_2.m4s", "dash/audio_108p_2.m4s"
  };

  start_pipeline (line);
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();
  fail_unless (g_file_set_contents (segment, "not what it was", -1, NULL));

  start_origin ("");
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_auto (Reply) reply = { 0 };

    get (paths[i], &reply);
    fail_unless_equals_int (reply.status, 502);
    fail_unless_equals_string (header (&reply, "Cache-Control"), "max-age=1");
  }
  await_message (GST_MESSAGE_WARNING);
  fail_unless (count_warnings_of (300, paths[1]) <= 10);
  {
    g_auto (Reply) reply = { 0 };

    get ("cmaf/video_108p_3.m4s", &reply);
    fail_unless_equals_int (reply.status, 200);
  }
  stop_pipeline ();
}

GST_END_TEST;

static void
validate_mpd (const gchar * type)
{
  g_autofree gchar *schema = g_build_filename (g_getenv ("VS_MEDIA_DIR"), "..",
      "schema", "DASH-MPD.xsd", NULL);
  g_autofree gchar *text = get_text ("dash/index.mpd");
  g_autofree gchar *file = g_build_filename (folder, "index.mpd", NULL);
  const gchar *argv[] = { "xmllint", "--nonet", "--noout", "--schema", schema,
    file, NULL
  };

  fail_unless (strstr (text, type) != NULL, "%s", text);
  if (!g_file_test (schema, G_FILE_TEST_EXISTS)) {
    g_print ("skipped: no ../shared/schema\n");
    return;
  }
  fail_unless (g_file_set_contents (file, text, -1, NULL));
  g_free (run (argv));
}

GST_START_TEST (test_mpd_is_valid)
{
  start_pipeline (STREAM PACKAGER FOREVER);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  validate_mpd ("type=\"static\"");
  stop_pipeline ();

  start_pipeline (LIVE_STREAM);
  await_text ("hls/index_108p.m3u8", ".ts", 2);
  validate_mpd ("type=\"dynamic\"");
  stop_pipeline ();
}

GST_END_TEST;

/* GStreamer's own clients play to the end. */
GST_START_TEST (test_gstreamer_plays)
{
  start_pipeline (STREAM PACKAGER FOREVER);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  for (guint i = 0; i < G_N_ELEMENTS (mains); i++) {
    g_autofree gchar *url = url_of (mains[i]);
    g_autofree gchar *uri = g_strdup_printf ("uri=%s", url);
    const gchar *argv[] = { "gst-launch-1.0", "-q", "playbin3", uri,
      "video-sink=fakevideosink sync=false", "audio-sink=fakesink sync=false",
      NULL
    };

    g_free (run (argv));
  }
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_list)
{
  g_autofree gchar *text = NULL;

  start_pipeline (STREAM PACKAGER FOREVER);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  await_text ("/api/events", "\"live\":false", 1);
  text = get_text ("/api/events");
  fail_unless (strstr (text, "\"url\":\"/out/v1/default/live/dash/index.mpd\"")
      != NULL, "%s", text);
  fail_unless (strstr (text, "\"renditions\":[\"108p\"]") != NULL, "%s", text);
  stop_pipeline ();
}

GST_END_TEST;

#define VIDEO_LIVE "videotestsrc is-live=true num-buffers=60 ! " \
    "video/x-raw,width=192,height=108,framerate=30/1 ! " \
    "x264enc speed-preset=ultrafast key-int-max=30 tune=zerolatency ! " \
    "h264parse ! "
#define AUDIO_LIVE "audiotestsrc is-live=true samplesperbuffer=1600 " \
    "num-buffers=60 ! audio/x-raw,rate=48000,channels=2 ! " \
    "voaacenc bitrate=64000 ! aacparse ! "

/* A second language, as its own stream tells it; by way of the store, and
 * not. */
static void
check_languages (const gchar * store)
{
  const gchar *into = store ? "w" : "p";
  g_autofree gchar *line = g_strdup_printf (PACKAGER FOREVER "%s "
      VIDEO_LIVE "mpegtsmux name=m ! %s. " AUDIO_LIVE "m. "
      AUDIO_LIVE "taginject tags=\"language-code=(string)de\" ! "
      "mpegtsmux ! %s.", store ? store : "", into, into);
  g_autofree gchar *text = NULL;

  start_pipeline (line);
  await_text ("hls/index_audio.m3u8", "#EXT-X-ENDLIST", 1);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  text = get_text ("hls/index.m3u8");
  fail_unless (strstr (text, "NAME=\"Deutsch\",LANGUAGE=\"de\"") != NULL,
      "%s", text);
  fail_unless (strstr (text, "NAME=\"Stereo\"") != NULL, "%s", text);
  stop_pipeline ();
}

GST_START_TEST (test_languages)
{
  g_autofree gchar *store = g_strdup_printf ("vssegmentstore name=w "
      "location=%s target-duration=1000000000 w. ! p. w. ! p.", folder);

  check_languages (NULL);
  check_languages (store);
}

GST_END_TEST;

/* Why the server can't start, and what to do. */
static void
check_refusal (const gchar * address, guint port, const gchar * advice)
{
  g_autoptr (GstElement) pipe = gst_pipeline_new (NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipe);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_bin_add (GST_BIN (pipe), gst_element_factory_make_full
      ("vsjitpackager", "address", address, "port", port, NULL));
  fail_unless_equals_int (gst_element_set_state (pipe, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, advice) != NULL, "%s", error->message);
  fail_unless (strstr (error->message, address) != NULL, "%s", error->message);
  gst_element_set_state (pipe, GST_STATE_NULL);
}

GST_START_TEST (test_cannot_listen)
{
  start_pipeline (PACKAGER);
  check_refusal ("127.0.0.1", get_port (), "Set port to another one");
  /* RFC 5737: nobody's address */
  check_refusal ("203.0.113.7", 0, "Set address to one that");
  check_refusal ("no.address", 0, "Set address to one that");
  stop_pipeline ();
}

GST_END_TEST;

static void
count_warning (const gchar * domain, GLogLevelFlags level, const gchar * text,
    gpointer user_data)
{
  guint *warnings = user_data;

  fail_unless (strstr (text, "hlss") != NULL, "%s", text);
  ++*warnings;
}

GST_START_TEST (test_endpoints)
{
  guint warnings = 0, handler;
  g_autoptr (GstElement) element =
      gst_element_factory_make ("vsjitpackager", NULL);
  g_autoptr (GObject) child = NULL;
  gboolean added;
  guint64 window;
  gchar *type;

  gst_object_ref_sink (element);
  gst_child_proxy_get (GST_CHILD_PROXY (element), "hls::window", &window, NULL);
  fail_unless_equals_uint64 (window, 300 * GST_SECOND);
  gst_child_proxy_set (GST_CHILD_PROXY (element), "dash::window",
      60 * GST_SECOND, NULL);
  gst_child_proxy_get (GST_CHILD_PROXY (element), "dash::window", &window,
      NULL);
  fail_unless_equals_uint64 (window, 60 * GST_SECOND);

  handler = g_log_set_handler ("VisionStream", G_LOG_LEVEL_WARNING,
      count_warning, &warnings);
  child = gst_child_proxy_get_child_by_name (GST_CHILD_PROXY (element), "hlss");
  g_log_remove_handler ("VisionStream", handler);
  fail_unless (child == NULL);
  fail_unless_equals_int (warnings, 1);

  g_signal_emit_by_name (element, "add-endpoint", "short", "cmaf", &added);
  fail_unless (added);
  gst_child_proxy_get (GST_CHILD_PROXY (element), "short::type", &type, NULL);
  fail_unless_equals_string (type, "cmaf");
  g_free (type);
  g_signal_emit_by_name (element, "add-endpoint", "short", "hls", &added);
  fail_if (added);
  g_signal_emit_by_name (element, "add-endpoint", "a/b", "hls", &added);
  fail_if (added);
  g_signal_emit_by_name (element, "add-endpoint", "odd", "none", &added);
  fail_if (added);
}

GST_END_TEST;

static Suite *
jitpackager_suite (void)
{
  Suite *s = suite_create ("vsjitpackager");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_live_to_vod);
  tcase_add_test (tc, test_growing);
  tcase_add_test (tc, test_conditional_and_gzip);
  tcase_add_test (tc, test_crowd_packages_once);
  tcase_add_test (tc, test_not_found);
  tcase_add_test (tc, test_archive);
  tcase_add_test (tc, test_startover);
  tcase_add_test (tc, test_corrupt_segment);
  tcase_add_test (tc, test_mpd_is_valid);
  tcase_add_test (tc, test_gstreamer_plays);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_languages);
  tcase_add_test (tc, test_cannot_listen);
  tcase_add_test (tc, test_endpoints);
  return s;
}

GST_CHECK_MAIN (jitpackager);
