/* VisionStream: tests of vsjitpackager's Smooth Streaming
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Over HTTP, as players see it: what a manifest names is there, and starts
 * when its name says.
 */
#include "packager.h"

#include <string.h>

#define MANIFEST "mss/index.ism/Manifest"
/* [MS-SSTR] 1.2.3: units of its times a second */
#define TIMESCALE 10000000
/* of the streams in packager.h */
#define FRAMES 180
#define DURATION_S 6

/* [MS-SSTR] 2.2.4.4 and 2.2.4.5 */
static const guint8 tfxd_uuid[16] = {
  0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6,
  0x80, 0xe2, 0x14, 0x1d, 0xaf, 0xf7, 0x57, 0xb2
};

static const guint8 tfrf_uuid[16] = {
  0xd4, 0x80, 0x7e, 0xf2, 0xca, 0x39, 0x46, 0x95,
  0x8e, 0x54, 0x26, 0xcb, 0x9e, 0x46, 0xa7, 0x9f
};

/* What a manifest names. */

typedef struct
{
  gchar *path;
  guint64 time, duration;
} Fragment;

static void
fragment_clear (gpointer data)
{
  g_free (((Fragment *) data)->path);
}

/* (transfer full) */
static gchar *
attribute (const gchar * element, const gchar * name)
{
  g_autofree gchar *start = g_strdup_printf (" %s=\"", name);
  const gchar *end = strchr (element, '>');
  const gchar *at = strstr (element, start);

  fail_unless (end && at && at < end, "no %s", name);
  at += strlen (start);
  return g_strndup (at, strcspn (at, "\""));
}

static guint64
number (const gchar * element, const gchar * name)
{
  g_autofree gchar *text = attribute (element, name);

  return g_ascii_strtoull (text, NULL, 10);
}

static gchar *
replace (const gchar * text, const gchar * what, guint64 by)
{
  g_auto (GStrv) parts = g_strsplit (text, what, 2);

  fail_unless_equals_int (g_strv_length (parts), 2);
  return g_strdup_printf ("%s%" G_GUINT64_FORMAT "%s", parts[0], by, parts[1]);
}

static void
list_level (GArray * list, const gchar * folder_path, const gchar * stream,
    guint64 bitrate)
{
  g_autofree gchar *url = attribute (stream, "Url");
  g_autofree gchar *of_level = replace (url, "{bitrate}", bitrate);
  const gchar *end = strstr (stream, "</StreamIndex>");

  for (const gchar * c = strstr (stream, "<c "); c && c < end;
      c = strstr (c + 1, "<c ")) {
    Fragment fragment = { NULL, number (c, "t"), number (c, "d") };
    g_autofree gchar *path = replace (of_level, "{start time}", fragment.time);

    fragment.path = g_strconcat (folder_path, path, NULL);
    g_array_append_val (list, fragment);
  }
}

/* Of a manifest that is not compact: all of all levels. */
static GArray *
list_fragments (const gchar * manifest, const gchar * folder_path)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Fragment));

  g_array_set_clear_func (list, fragment_clear);
  for (const gchar * stream = strstr (manifest, "<StreamIndex"); stream;
      stream = strstr (stream + 1, "<StreamIndex")) {
    const gchar *end = strstr (stream, "</StreamIndex>");

    for (const gchar * level = strstr (stream, "<QualityLevel ");
        level && level < end; level = strstr (level + 1, "<QualityLevel "))
      list_level (list, folder_path, stream, number (level, "Bitrate"));
  }
  fail_unless (list->len > 0);
  return list;
}

static const Fragment *
nth (const GArray * fragments, guint i)
{
  return &g_array_index (fragments, Fragment, i);
}

static const guint8 *
find_box (const Reply * reply, const guint8 uuid[16])
{
  gsize size;
  gconstpointer data = g_bytes_get_data (reply->body, &size);
  const guint8 *box = memmem (data, size, uuid, 16);

  return box ? box + 16 : NULL;
}

/* The time that stands in a fragment is that of its name. */
static void
assert_fragment (const Fragment * fragment, const Reply * reply)
{
  const guint8 *tfxd;

  fail_unless (reply->status == 200, "%s: %u", fragment->path, reply->status);
  tfxd = find_box (reply, tfxd_uuid);
  fail_unless (tfxd != NULL);
  fail_unless_equals_int (tfxd[0], 1);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (tfxd + 4), fragment->time);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (tfxd + 12),
      fragment->duration);
}

static void
assert_status (const gchar * path, guint status)
{
  g_auto (Reply) reply = { 0 };

  get (path, &reply);
  fail_unless (reply.status == status, "%s: %u", path, reply.status);
}

/* Each of a manifest's fragments; how many there are. */
static guint
check_all (const gchar * folder_path)
{
  g_autofree gchar *path = g_strconcat (folder_path, "Manifest", NULL);
  g_autofree gchar *manifest = get_text (path);
  g_autoptr (GArray) fragments = list_fragments (manifest, folder_path);

  for (guint i = 0; i < fragments->len; i++) {
    g_auto (Reply) reply = { 0 };

    get (nth (fragments, i)->path, &reply);
    assert_fragment (nth (fragments, i), &reply);
  }
  return fragments->len;
}

static void
await_end (void)
{
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
}

/* On demand. */

/* What is called almost like the first one. */
static void
check_neighbours (const gchar * path)
{
  g_auto (GStrv) query = g_strsplit (path, "?", 2);
  g_auto (GStrv) time = g_strsplit (path, "=0)", 2);
  g_auto (GStrv) kind = g_strsplit (path, "/Fragments(", 2);
  g_autofree gchar *wrong = g_strconcat (query[0], "?m=1-0", NULL);
  g_autofree gchar *late = g_strconcat (time[0], "=20)", time[1], NULL);
  g_autofree gchar *info = g_strconcat (kind[0], "/FragmentInfo(", kind[1],
      NULL);
  g_auto (Reply) reply = { 0 };

  assert_status (query[0], 200);
  assert_status (wrong, 404);
  assert_status (late, 404);
  get (info, &reply);
  fail_unless_equals_int (reply.status, 200);
  fail_unless (find_box (&reply, tfxd_uuid) != NULL);
  fail_unless (g_bytes_get_size (reply.body) < 4096);
}

GST_START_TEST (test_vod)
{
  g_autofree gchar *manifest = NULL;
  g_autoptr (GArray) fragments = NULL;
  g_auto (Reply) reply = { 0 };
  g_auto (Reply) opening = { 0 };

  start_pipeline (STREAM PACKAGER FOREVER);
  await_end ();
  get (MANIFEST, &reply);
  fail_unless_equals_int (reply.status, 200);
  fail_unless_equals_string (header (&reply, "Content-Type"),
      "application/vnd.ms-sstr+xml");
  manifest = reply_text (&reply);
  fail_unless (strstr (manifest, "IsLive") == NULL);
  /* AAC ends with a whole frame */
  fail_unless (ABS ((gint64) number (strstr (manifest, "<Smooth"), "Duration")
          - DURATION_S * TIMESCALE) < TIMESCALE / 20);
  fragments = list_fragments (manifest, "mss/index.ism/");
  fail_unless_equals_int (fragments->len, 2 * DURATION_S);
  fail_unless_equals_uint64 (nth (fragments, 0)->time, 0);
  fail_unless_equals_int (check_all ("mss/index.ism/"), 2 * DURATION_S);
  get (nth (fragments, 0)->path, &opening);
  fail_unless_equals_string (header (&opening, "Content-Type"), "video/mp4");
  fail_unless_equals_string (header (&opening, "Cache-Control"),
      "max-age=31536000, immutable");
  fail_unless (find_box (&opening, tfrf_uuid) == NULL);
  check_neighbours (nth (fragments, 0)->path);
  stop_pipeline ();
}

GST_END_TEST;

/* What was live here, and what is read from the archive there. */
GST_START_TEST (test_two_origins)
{
  g_autofree gchar *line = g_strdup_printf (STREAM
      "vssegmentstore location=%s target-duration=1000000000 ! " PACKAGER
      FOREVER, folder);
  g_autofree gchar *manifest = NULL, *again = NULL;
  g_autoptr (GArray) fragments = NULL;
  g_autoptr (GPtrArray) bodies =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  start_pipeline (line);
  await_end ();
  manifest = get_text (MANIFEST);
  fragments = list_fragments (manifest, "mss/index.ism/");
  for (guint i = 0; i < fragments->len; i++) {
    g_auto (Reply) reply = { 0 };

    get (nth (fragments, i)->path, &reply);
    assert_fragment (nth (fragments, i), &reply);
    g_ptr_array_add (bodies, g_bytes_ref (reply.body));
  }
  stop_pipeline ();
  start_origin ("");
  again = get_text (MANIFEST);
  fail_unless_equals_string (manifest, again);
  for (guint i = 0; i < fragments->len; i++) {
    g_auto (Reply) reply = { 0 };

    get (nth (fragments, i)->path, &reply);
    fail_unless (g_bytes_equal (reply.body, g_ptr_array_index (bodies, i)));
  }
  stop_pipeline ();
}

GST_END_TEST;

/* One event, interrupted: on demand its runs touch. */
GST_START_TEST (test_discontinuity)
{
  g_autofree gchar *line = g_strdup_printf (STREAM
      "vssegmentstore location=%s target-duration=1000000000 ! fakesink",
      folder);
  g_autofree gchar *manifest = NULL;

  for (guint i = 0; i < 2; i++) {
    start_pipeline (line);
    await_message (GST_MESSAGE_EOS);
    stop_pipeline ();
  }
  start_origin ("");
  manifest = get_text (MANIFEST);
  fail_unless (ABS ((gint64) number (strstr (manifest, "<Smooth"), "Duration")
          - 2 * DURATION_S * TIMESCALE) < TIMESCALE / 10);
  fail_unless_equals_int (check_all ("mss/index.ism/"), 4 * DURATION_S);
  stop_pipeline ();
}

GST_END_TEST;

/* Settings of the endpoint, and of the request. */

GST_START_TEST (test_joined)
{
  g_autofree gchar *manifest = NULL;

  start_pipeline (STREAM PACKAGER "mss::segment-duration=2000000000 "
      "mss::uri-type=root mss::manifest-name=tv " FOREVER);
  await_end ();
  manifest = get_text ("mss/tv.ism/Manifest");
  fail_unless (strstr (manifest, "Url=\"/out/v1/default/live/mss/tv.ism/x2/"
          "QualityLevels({bitrate})/Fragments(video.") != NULL, "%s", manifest);
  {
    g_autoptr (GArray) fragments = list_fragments (manifest, "");

    fail_unless_equals_int (fragments->len, DURATION_S);
    for (guint i = 0; i < fragments->len; i++) {
      g_auto (Reply) reply = { 0 };

      get (nth (fragments, i)->path, &reply);
      assert_fragment (nth (fragments, i), &reply);
    }
  }
  stop_pipeline ();
}

GST_END_TEST;

/* Runs of equal fragments share an element. */
GST_START_TEST (test_compact)
{
  g_autofree gchar *manifest = NULL;

  start_pipeline (STREAM PACKAGER "mss::layout=compact " FOREVER);
  await_end ();
  manifest = get_text (MANIFEST);
  fail_unless (strstr (manifest, "MinorVersion=\"2\"") != NULL);
  fail_unless (strstr (manifest, "<c t=\"0\" d=\"10000000\" r=\"6\"/>") != NULL,
      "%s", manifest);
  stop_pipeline ();
}

GST_END_TEST;

static gint64
get_start_s (void)
{
  g_autofree gchar *playlist = get_text ("hls/index_108p.m3u8");
  const gchar *date = strstr (playlist, "#EXT-X-PROGRAM-DATE-TIME:");
  g_autoptr (GDateTime) time = NULL;
  g_autofree gchar *text = NULL;

  fail_unless (date != NULL);
  date += strlen ("#EXT-X-PROGRAM-DATE-TIME:");
  text = g_strndup (date, strcspn (date, "\n"));
  time = g_date_time_new_from_iso8601 (text, NULL);
  return g_date_time_to_unix (time);
}

GST_START_TEST (test_selection)
{
  g_autofree gchar *part = NULL, *filtered = NULL, *late = NULL;
  gint64 start;

  start_pipeline (STREAM PACKAGER FOREVER);
  await_end ();
  start = get_start_s ();
  /* from within the third segment to within the fourth or fifth */
  part = g_strdup_printf ("mss/start/%" G_GINT64_FORMAT "/end/%"
      G_GINT64_FORMAT "/index.ism/", start + 3, start + 4);
  fail_unless_equals_int (check_all (part), 2 * 2);
  late = g_strdup_printf ("mss/start/%" G_GINT64_FORMAT "/index.ism/Manifest",
      start + 3600);
  assert_status (late, 404);

  filtered = get_text (MANIFEST "?aws.manifestfilter=audio_channels:6-8");
  fail_unless (strstr (filtered, "Type=\"video\"") != NULL);
  fail_unless (strstr (filtered, "Type=\"audio\"") == NULL);
  assert_status (MANIFEST "?aws.manifestfilter="
      "audio_channels:6-8;video_height:2000-3000", 400);
  stop_pipeline ();
}

GST_END_TEST;

/* Live: the newest are told of by those before them. */
GST_START_TEST (test_live)
{
  g_autofree gchar *manifest = NULL, *next = NULL, *of_last = NULL;
  g_autoptr (GArray) fragments = NULL;
  const Fragment *last;
  const guint8 *tfrf;
  g_auto (Reply) reply = { 0 };

  start_pipeline (LIVE_STREAM);
  await_text (MANIFEST, "<c ", 3);
  manifest = get_text (MANIFEST);
  fail_unless (strstr (manifest, "LookAheadFragmentCount=\"2\"") != NULL);
  fragments = list_fragments (manifest, "mss/index.ism/");
  last = nth (fragments, fragments->len - 1);
  fail_unless (strstr (last->path, "/a2/QualityLevels(") != NULL);
  get (last->path, &reply);
  assert_fragment (last, &reply);
  tfrf = find_box (&reply, tfrf_uuid);
  fail_unless (tfrf != NULL);
  fail_unless_equals_int (tfrf[4], 2);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (tfrf + 5),
      last->time + last->duration);

  /* the newest but one is there, but not yet what follows it */
  of_last = g_strdup_printf ("=%" G_GUINT64_FORMAT ")", last->time);
  {
    g_auto (GStrv) parts = g_strsplit (last->path, of_last, 2);

    next = g_strdup_printf ("%s=%" G_GUINT64_FORMAT ")%s", parts[0],
        GST_READ_UINT64_BE (tfrf + 5 + 16), parts[1]);
  }
  assert_status (next, 412);
  stop_pipeline ();
}

GST_END_TEST;

/* A player that nobody here wrote. */

static void
count_frame (GstElement * sink, GstBuffer * buffer, GstPad * pad,
    gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
}

static gboolean
play (const gchar * url, gint * frames, gint64 * duration)
{
  g_autoptr (GstElement) player = gst_element_factory_make ("playbin3", NULL);
  GstElement *video = gst_element_factory_make ("fakesink", NULL);
  GstElement *audio = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_object_set (video, "signal-handoffs", TRUE, NULL);
  g_signal_connect (video, "handoff", G_CALLBACK (count_frame), frames);
  g_object_set (player, "uri", url, "video-sink", video, "audio-sink", audio,
      NULL);
  gst_object_ref_sink (player);
  bus = gst_element_get_bus (player);
  gst_element_set_state (player, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_query_duration (player, GST_FORMAT_TIME, duration);
  gst_element_set_state (player, GST_STATE_NULL);
  return message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
}

GST_START_TEST (test_mssdemux)
{
  g_autoptr (GstElementFactory) demuxer =
      gst_element_factory_find ("mssdemux2");
  g_autofree gchar *url = NULL;
  gint64 duration = 0;
  gint frames = 0;

  if (demuxer == NULL) {
    g_print ("skipped: no mssdemux2\n");
    return;
  }
  start_pipeline (STREAM PACKAGER FOREVER);
  await_end ();
  url = url_of (MANIFEST);
  fail_unless (play (url, &frames, &duration));
  fail_unless_equals_int (frames, FRAMES);
  fail_unless (ABS (duration - DURATION_S * (gint64) GST_SECOND)
      < GST_SECOND / 20);
  stop_pipeline ();
}

GST_END_TEST;

static Suite *
jitpackagermss_suite (void)
{
  Suite *s = suite_create ("jitpackagermss");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_set_timeout (tc, 120);
  tcase_add_test (tc, test_vod);
  tcase_add_test (tc, test_two_origins);
  tcase_add_test (tc, test_discontinuity);
  tcase_add_test (tc, test_joined);
  tcase_add_test (tc, test_compact);
  tcase_add_test (tc, test_selection);
  tcase_add_test (tc, test_live);
  tcase_add_test (tc, test_mssdemux);
  return s;
}

GST_CHECK_MAIN (jitpackagermss);
