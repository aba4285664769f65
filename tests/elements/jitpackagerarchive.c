/* VisionStream: tests of what vsjitpackager serves from archives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Archives that are long, that still grow, and that others have written.
 */
#include "packager.h"

#include <glib/gstdio.h>
#include <string.h>

#include "archive/vsarchivereader.h"
#include "archive/vsarchivewriter.h"

#define LONG_SEGMENTS 330
#define LONG_DURATION (4 * GST_SECOND)

/* A long archive: one segment's bytes, again and again. */

static void
append_long (VsArchiveWriter * writer, const VsSegment * model,
    GBytes * bytes, guint64 sequence)
{
  g_autoptr (VsSegment) segment = vs_segment_copy (model);
  gint64 since = sequence - model->sequence;

  segment->sequence = sequence;
  segment->start_pts_90k += since * (gint64) (LONG_DURATION * 9 / 100000);
  segment->utc_us += since * (gint64) (LONG_DURATION / GST_USECOND);
  segment->duration = LONG_DURATION;
  for (guint i = 0; i < segment->n_tracks; i++) {
    VsSegmentTrack *track = &segment->tracks[i];

    track->duration = gst_util_uint64_scale (LONG_DURATION,
        track->timescale, GST_SECOND);
    track->start += since * track->duration;
  }
  vs_archive_writer_append (writer, "108p", segment, &bytes, 1);
}

/* Stores 6 s, and makes of their first segment an archive that grows. */
static void
make_long_archive (void)
{
  g_autofree gchar *line = g_strdup_printf (STREAM
      "vssegmentstore location=%s/short target-duration=1000000000 ! "
      "fakesink", folder);
  g_autofree gchar *source = g_build_filename (folder, "short", NULL);
  g_autoptr (VsStore) from = NULL;
  g_autoptr (VsStore) to = vs_store_open (folder, TRUE, NULL);
  g_autoptr (VsArchiveReader) reader = NULL;
  g_autoptr (GPtrArray) timelines = NULL;
  g_autoptr (VsTimelineView) view = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const VsArchiveWriterCallbacks callbacks = { 0 };
  VsArchiveWriterSettings settings = {.max_pending = G_MAXINT };
  VsArchiveWriter *writer;
  VsArchiveState state;

  start_pipeline (line);
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();
  from = vs_store_open (source, FALSE, NULL);
  reader =
      vs_archive_reader_open (from, NULL, "default", "live", NULL, NULL, NULL);
  timelines = vs_archive_reader_get_timelines (reader);
  view = vs_timeline_view (timelines->pdata[0], 0, G_MAXUINT64);
  bytes = vs_archive_reader_load (reader, view->segments->pdata[0], NULL, NULL);

  writer = vs_archive_writer_new (to, &settings, &callbacks, NULL, &state,
      NULL);
  vs_archive_writer_set_rendition (writer, view->rendition);
  for (guint i = 0; i < view->configs->len; i++)
    vs_archive_writer_add_config (writer, "108p", view->configs->pdata[i]);
  for (guint64 i = 1; i <= LONG_SEGMENTS; i++)
    append_long (writer, view->segments->pdata[0], bytes, i);
  vs_archive_writer_free (writer, 60 * GST_SECOND);
}

/* More than ten minutes of an archive that grows; a window within it, and
 * beyond all that is there. */
GST_START_TEST (test_long_window)
{
  static const struct
  {
    guint64 window_s;
    guint entries;
  } cases[] = { {60, 15}, {1200, 300}, {36000, LONG_SEGMENTS} };

  make_long_archive ();
  start_origin ("");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *hls = NULL, *cmaf = NULL, *first = NULL;

    gst_child_proxy_set (GST_CHILD_PROXY (packager), "hls::window",
        cases[i].window_s * GST_SECOND, "cmaf::window",
        cases[i].window_s * GST_SECOND, NULL);
    hls = get_text ("hls/index_108p.m3u8");
    cmaf = get_text ("cmaf/index_video_108p.m3u8");
    fail_unless_equals_int (count (hls, "#EXTINF"), cases[i].entries);
    fail_unless_equals_int (count (cmaf, "#EXTINF"), cases[i].entries);
    first = g_strdup_printf ("#EXT-X-MEDIA-SEQUENCE:%u\n",
        LONG_SEGMENTS + 1 - cases[i].entries);
    fail_unless (strstr (hls, first) != NULL, "no %s", first);
    fail_unless (strstr (hls, "#EXT-X-ENDLIST") == NULL);
  }
  {
    g_auto (Reply) oldest = { 0 };

    get ("hls/108p_1.ts", &oldest);
    fail_unless_equals_int (oldest.status, 200);
  }
  stop_pipeline ();
}

GST_END_TEST;

#define POOL_ROUNDS 10
#define POOL_CROWD 32

typedef struct
{
  gint n;                       /* atomic: fragments asked for so far */
  gint refused, served;         /* atomic */
} Crowd;

static gpointer
ask_for_fragment (gpointer user_data)
{
  Crowd *crowd = user_data;
  g_autofree gchar *path = g_strdup_printf ("cmaf/video_108p_%d.m4s",
      1 + g_atomic_int_add (&crowd->n, 1));
  g_auto (Reply) reply = { 0 };

  get (path, &reply);
  if (reply.status == 503) {
    g_atomic_int_inc (&crowd->refused);
    fail_unless_equals_string (header (&reply, "Retry-After"), "1");
    fail_unless_equals_string (header (&reply, "Cache-Control"), "max-age=1");
  } else {
    g_atomic_int_inc (&crowd->served);
    fail_unless_equals_int (reply.status, 200);
  }
  return NULL;
}

/* Many cold fragments at once for one thread and one place in the queue. */
GST_START_TEST (test_pool_is_full)
{
  Crowd crowd = { 0 };

  make_long_archive ();
  start_origin ("threads=1 max-queue=1");
  g_free (get_text ("hls/index_108p.m3u8"));
  for (guint i = 0; i < POOL_ROUNDS && crowd.refused == 0; i++) {
    GThread *threads[POOL_CROWD];

    for (guint j = 0; j < POOL_CROWD; j++)
      threads[j] = g_thread_new ("crowd", ask_for_fragment, &crowd);
    for (guint j = 0; j < POOL_CROWD; j++)
      g_thread_join (threads[j]);
  }
  fail_unless (crowd.refused > 0);
  fail_unless (crowd.served > 0);
  {
    g_auto (Reply) again = { 0 };

    get ("cmaf/video_108p_1.m4s", &again);
    fail_unless_equals_int (again.status, 200);
  }
  stop_pipeline ();
}

GST_END_TEST;

/* What an earlier run stored is ahead of what is live now. */
GST_START_TEST (test_startover_of_earlier_run)
{
  g_autofree gchar *first = g_strdup_printf (STREAM
      "vssegmentstore location=%s target-duration=1000000000 ! fakesink",
      folder);
  g_autofree gchar *second = g_strdup_printf (STREAM
      "vssegmentstore location=%s target-duration=1000000000 ! "
      PACKAGER FOREVER "hls::window=3600000000000", folder);
  g_autofree gchar *text = NULL;
  g_auto (Reply) old = { 0 };

  start_pipeline (first);
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();

  start_pipeline (second);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  text = get_text ("hls/index_108p.m3u8");
  fail_unless_equals_int (count (text, "#EXTINF"), 12);
  fail_unless_equals_int (count (text, "#EXT-X-DISCONTINUITY\n"), 1);
  fail_unless (strstr (text, "108p_1.ts") != NULL);
  get ("hls/108p_1.ts", &old);
  fail_unless_equals_int (old.status, 200);
  stop_pipeline ();
}

GST_END_TEST;

/* Archives of other makers: ffmpeg's, which looks as MediaLive's does. */

static gboolean
make_foreign (void)
{
  g_autofree gchar *event = g_build_filename (folder, "default", "live", NULL);
  g_autofree gchar *segments =
      g_build_filename (event, "index%v_%05d.ts", NULL);
  g_autofree gchar *children = g_build_filename (event, "index%v.m3u8", NULL);
  const gchar *argv[] = { "ffmpeg", "-v", "error", "-nostdin",
    "-f", "lavfi", "-i", "testsrc=size=192x108:rate=25:duration=6",
    "-f", "lavfi", "-i", "sine=frequency=440:duration=6",
    "-f", "lavfi", "-i", "sine=frequency=880:duration=6",
    "-map", "0:v", "-map", "1:a", "-map", "2:a",
    "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-b:v", "200k",
    "-c:a", "aac", "-b:a", "64k", "-metadata:s:a:1", "language=deu",
    "-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod",
    "-hls_segment_filename", segments, "-master_pl_name", "index.m3u8",
    "-var_stream_map", "v:0,a:0,agroup:sound a:1,agroup:sound,language:de",
    children, NULL
  };
  gchar *out;

  g_mkdir_with_parents (event, 0755);
  out = run (argv);
  g_free (out);
  return out != NULL;
}

static void
strip_codecs (void)
{
  g_autofree gchar *path = g_build_filename (folder, "default", "live",
      "index.m3u8", NULL);
  g_autoptr (GRegex) regex = g_regex_new (",CODECS=\"[^\"]*\"", 0, 0, NULL);
  g_autofree gchar *text = NULL, *without = NULL;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  without = g_regex_replace_literal (regex, text, -1, 0, "", 0, NULL);
  fail_unless (strcmp (text, without) != 0, "%s", text);
  fail_unless (g_file_set_contents (path, without, -1, NULL));
}

/* What a player of another make finds behind a main playlist. */
static gchar *
probe (const gchar * path)
{
  g_autofree gchar *url = url_of (path);
  const gchar *argv[] = { "ffprobe", "-v", "error", "-show_entries",
    "format=duration:stream=codec_name,width", "-of", "csv=p=0", url, NULL
  };

  return run (argv);
}

static void
check_foreign (const gchar * codecs)
{
  g_autofree gchar *main = NULL, *found = NULL;

  start_origin ("");
  main = get_text ("hls/index.m3u8");
  fail_unless_equals_int (count (main, "#EXT-X-STREAM-INF"), 1);
  fail_unless (strstr (main, codecs) != NULL, "%s", main);
  fail_unless (strstr (main, "RESOLUTION=192x108") != NULL, "%s", main);
  fail_unless (strstr (main, "BANDWIDTH=0,") == NULL, "%s", main);
  fail_unless (strstr (main, "TYPE=AUDIO") != NULL, "%s", main);
  fail_unless (strstr (main, "LANGUAGE=\"de\"") != NULL, "%s", main);
  found = probe ("hls/index.m3u8");
  if (found) {
    fail_unless (strstr (found, "h264,192") != NULL, "%s", found);
    /* two, each told alone and in its programme */
    fail_unless_equals_int (count (found, "aac"), 4);
  }
  /* without the times of tracks there is nothing to package by */
  {
    g_auto (Reply) cmaf = { 0 };
    g_auto (Reply) dash = { 0 };

    get ("cmaf/index.m3u8", &cmaf);
    get ("dash/index.mpd", &dash);
    fail_unless_equals_int (cmaf.status, 404);
    fail_unless_equals_int (dash.status, 404);
  }
  stop_pipeline ();
}

GST_START_TEST (test_foreign)
{
  if (!make_foreign ())
    return;
  check_foreign ("CODECS=\"avc1.");
}

GST_END_TEST;

GST_START_TEST (test_foreign_without_codecs)
{
  if (!make_foreign ())
    return;
  strip_codecs ();
  check_foreign ("CODECS=\"avc1.");
}

GST_END_TEST;

static Suite *
jitpackagerarchive_suite (void)
{
  Suite *s = suite_create ("vsjitpackager-archive");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_long_window);
  tcase_add_test (tc, test_pool_is_full);
  tcase_add_test (tc, test_startover_of_earlier_run);
  tcase_add_test (tc, test_foreign);
  tcase_add_test (tc, test_foreign_without_codecs);
  return s;
}

GST_CHECK_MAIN (jitpackagerarchive);
