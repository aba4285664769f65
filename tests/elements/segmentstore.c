/* VisionStream: tests of vssegmentstore
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/video/video.h>
#include "storecheck.h"
#include "timeline/vssegment.h"
#include "../unit/timeline/teststream.h"

#define PINNED "start-time=2026-01-01T00:00:00Z"

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

static void
add_files (const gchar * root, const gchar * below, GChecksum * sum)
{
  g_autofree gchar *path = g_build_filename (root, below, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *text = NULL;
  const gchar *name;
  gsize size;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    g_autofree gchar *child = g_build_filename (below,
        g_ptr_array_index (names, i), NULL);

    add_files (root, child, sum);
  }
  if (dir == NULL && g_file_get_contents (path, &text, &size, NULL)) {
    g_checksum_update (sum, (const guint8 *) below, -1);
    g_checksum_update (sum, (const guint8 *) text, size);
  }
}

/* Of all files and their names. */
static gchar *
digest (const gchar * archive)
{
  g_autofree gchar *root = g_build_filename (folder, archive, NULL);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  add_files (root, "", sum);
  return g_strdup (g_checksum_get_string (sum));
}

static guint
get_attribute (const gchar * text, const gchar * name)
{
  const gchar *at = strstr (text, name);

  fail_unless (at != NULL, "%s: no %s", text, name);
  return g_ascii_strtoull (at + strlen (name), NULL, 10);
}

/* VIDEO (75) in the main playlist: what is told was measured. */
static void
check_main (const gchar * archive)
{
  g_autofree gchar *text = read_file (archive, "index.m3u8", NULL);
  g_autoptr (GByteArray) bytes = read_segments (archive, "48p");
  guint average = bytes->len * 8 / 2.5;
  guint told = get_attribute (text, ",AVERAGE-BANDWIDTH=");

  fail_unless (strstr (text, ",RESOLUTION=64x48,") != NULL, "%s", text);
  fail_unless (strstr (text, ",FRAME-RATE=30.000") != NULL, "%s", text);
  fail_unless (strstr (text, "CODECS=\"avc1.") != NULL, "%s", text);
  fail_unless (told >= average && told <= average + 1, "%u, not %u", told,
      average);
  fail_unless (get_attribute (text, ":BANDWIDTH=") >= told);
}

GST_START_TEST (test_vod)
{
  Run run;
  gint frames;

  run_line (&run, VIDEO (75) " ! " STORE " location=%s/a", folder);
  fail_unless_equals_int (run.stored, 3);
  fail_unless_equals_int (run.warnings, 0);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXTINF:"), 3);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXT-X-ENDLIST"), 1);
  fail_unless_equals_int (count ("a", "index_48p.m3u8",
          "#EXT-X-TARGETDURATION:1\n"), 1);
  fail_unless_equals_int (count ("a", "index_48p.m3u8",
          "#EXT-X-PROGRAM-DATE-TIME:"), 3);
  check_main ("a");
  frames = probe_frames ("a", "index.m3u8");
  fail_unless (frames == -1 || frames == 75);
}

GST_END_TEST;

/* Four pads are linked by ':' in one go, and cut alike. What the second store
 * gets is cut already: it stores the same bytes. */
GST_START_TEST (test_link_all)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree gchar *one = NULL;
  g_autofree gchar *two = NULL;
  Run run;

  g_string_append_printf (line, STORE PINNED " name=s location=%s/a : "
      "vssegmentstore location=%s/b ", folder, folder);
  for (guint i = 0; i < 4; i++)
    g_string_append_printf (line, "videotestsrc num-buffers=75 ! video/x-raw,"
        "width=64,height=%u,framerate=30/1 ! x264enc key-int-max=15 "
        "speed-preset=ultrafast ! h264parse ! mpegtsmux ! queue ! s.sink_%u ",
        48 + 16 * i, i);
  run_line (&run, "%s", line->str);
  fail_unless_equals_int (run.stored, 2 * 4 * 3);
  fail_unless_equals_int (run.warnings, 0);
  fail_unless_equals_int (count ("b", "index.m3u8", "#EXT-X-STREAM-INF"), 4);
  fail_unless_equals_int (count ("b", "index_96p.m3u8", "#EXT-X-ENDLIST"), 1);
  for (guint i = 0; i < 4; i++) {
    g_autofree gchar *name = g_strdup_printf ("%up", 48 + 16 * i);
    g_autoptr (GByteArray) a = read_segments ("a", name);
    g_autoptr (GByteArray) b = read_segments ("b", name);

    fail_unless (a->len > 0 && a->len == b->len);
    fail_unless (memcmp (a->data, b->data, a->len) == 0);
  }
}

GST_END_TEST;

/* Of a stream with several programmes a pad stores the one that it is told, or
 * the first; one that is not there is nothing, and no error. */
GST_START_TEST (test_program_number)
{
  static const struct
  {
    gint program_number;        /* -1: as it is by default */
    const gchar *rendition;
  } rows[] = {
    {-1, "48p"}, {1, "48p"}, {2, "96p"}, {0, "48p"}, {9, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *archive = g_strdup_printf ("a%u", i);
    g_autoptr (GstElement) store = NULL;
    Run run;

    run_init (&run, "mpegtsmux name=m prog-map=\"program_map,sink_64=1,"
        "sink_65=2\" ! " STORE " name=s location=%s/%s "
        PICTURE (75, 48) " ! m.sink_64 " PICTURE (75, 96) " ! m.sink_65",
        folder, archive);
    store = gst_bin_get_by_name (GST_BIN (run.pipeline), "s");
    if (rows[i].program_number >= 0)
      gst_child_proxy_set (GST_CHILD_PROXY (store), "sink_0::program-number",
          rows[i].program_number, NULL);
    run_to_end (&run);
    run_clear (&run);
    fail_unless_equals_int (run.stored, rows[i].rendition ? 3 : 0);
    if (rows[i].rendition) {
      g_autofree gchar *name =
          g_strdup_printf ("index_%s.m3u8", rows[i].rendition);

      fail_unless_equals_int (count (archive, name, "#EXTINF:"), 3);
      fail_unless_equals_int (count (archive, "index.m3u8", ".m3u8"), 1);
    } else {
      fail_if (exists (archive, "index.m3u8"));
    }
  }
}

GST_END_TEST;

/* What ffmpeg multiplexes: H.265, and two programmes with one picture each. */
GST_START_TEST (test_ffmpeg)
{
  static const gchar clip[] = "ffmpeg -v error -y -f lavfi -i testsrc2=s=64x48:"
      "r=25:d=3 -f lavfi -i testsrc2=s=64x96:r=25:d=3 -f lavfi -i sine=d=3 "
      "-map 0 -map 2 -map 1 -map 2 -program st=0:st=1 -program st=2:st=3 "
      "-pix_fmt yuv420p -c:v:0 libx265 -x265-params log-level=none:keyint=25:"
      "open-gop=0 -c:v:1 libx264 -g 25 -c:a aac";
  static const gchar *const playlists[] = { "index_48p.m3u8", "index_96p.m3u8"
  };
  g_autofree gchar *line = g_strdup_printf ("%s %s/clip.ts", clip, folder);
  gint status;

  if (!g_spawn_command_line_sync (line, NULL, NULL, &status, NULL)) {
    g_print ("skipped: no ffmpeg\n");
    return;
  }
  fail_unless (g_spawn_check_wait_status (status, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (playlists); i++) {
    g_autofree gchar *archive = g_strdup_printf ("a%u", i);
    g_autoptr (GstElement) store = NULL;
    Run run;

    run_init (&run, "filesrc location=%s/clip.ts ! " STORE " name=s "
        "location=%s/%s", folder, folder, archive);
    store = gst_bin_get_by_name (GST_BIN (run.pipeline), "s");
    gst_child_proxy_set (GST_CHILD_PROXY (store), "sink_0::program-number",
        i + 1, NULL);
    run_to_end (&run);
    run_clear (&run);
    fail_unless_equals_int (run.stored, 3);
    fail_unless_equals_int (run.warnings, 0);
    fail_unless_equals_int (count (archive, playlists[i], "#EXTINF:"), 3);
    fail_unless_equals_int (count (archive, "index.m3u8", i == 0 ? "hvc1."
            : "avc1."), 1);
    fail_unless_equals_int (count (archive, "index.m3u8", "mp4a.40.2"), 1);
    fail_unless (probe_frames (archive, playlists[i]) != 0);
    if (probe_frames (archive, playlists[i]) > 0)
      fail_unless_equals_int (probe_frames (archive, playlists[i]), 75);
  }
}

GST_END_TEST;

/* With the clock pinned two runs are the same, file by file. */
GST_START_TEST (test_repeat)
{
  g_autofree gchar *one = NULL;
  g_autofree gchar *two = NULL;
  Run run;

  for (guint i = 0; i < 2; i++)
    run_line (&run, STORE PINNED " name=s location=%s/%c "
        VIDEO (75) " ! queue ! s. " VIDEO (75) " ! queue ! s. "
        "audiotestsrc num-buffers=100 ! avenc_aac ! aacparse ! mpegtsmux ! "
        "queue ! s.", folder, 'a' + i);
  one = digest ("a");
  two = digest ("b");
  fail_unless_equals_string (one, two);
  fail_unless (exists ("a", "index_audio.m3u8"));
}

GST_END_TEST;

/* The second start goes on with the numbers, after one discontinuity. */
GST_START_TEST (test_restart)
{
  Run run;

  run_line (&run, VIDEO (75) " ! " STORE " location=%s/a", folder);
  run_line (&run, VIDEO (75) " ! " STORE " location=%s/a", folder);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXTINF:"), 6);
  fail_unless_equals_int (count ("a", "index_48p.m3u8",
          "#EXT-X-DISCONTINUITY\n"), 1);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXT-X-ENDLIST"), 1);
  fail_unless (exists ("a", "index_48p_00006.ts"));
}

GST_END_TEST;

/* What can't be opened is an error that says what to do. */
GST_START_TEST (test_refused)
{
  static const gchar *const lines[] = {
    "vssegmentstore location=/proc/nowhere/archive",
    "vssegmentstore start-time=yesterday",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GstBus) bus = NULL;
    g_autoptr (GstMessage) message = NULL;
    Run run;

    run_init (&run, "videotestsrc ! x264enc ! mpegtsmux ! %s", lines[i]);
    fail_unless_equals_int (gst_element_set_state (run.pipeline,
            GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    bus = gst_element_get_bus (run.pipeline);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    fail_unless (message != NULL);
    run_clear (&run);
  }
}

GST_END_TEST;

static guint
count_entries (const gchar * path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* No file descriptor and no thread is left over. */
GST_START_TEST (test_cycles)
{
  guint fds = 0, threads = 0;
  Run run;

  run_init (&run, VIDEO (100000) " ! " STORE " name=s location=%s/a", folder);
  for (guint i = 0; i < 100; i++) {
    gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
    if (i % 10 == 0)
      gst_message_unref (run_until (&run, GST_MESSAGE_ELEMENT,
              "vssegmentstore-segment-stored"));
    gst_element_set_state (run.pipeline, GST_STATE_NULL);
    if (i == 4) {
      fds = count_entries ("/proc/self/fd");
      threads = count_entries ("/proc/self/task");
    }
  }
  fail_unless (count_entries ("/proc/self/fd") <= fds);
  fail_unless (count_entries ("/proc/self/task") <= threads + 1);
  run_clear (&run);
}

GST_END_TEST;

/* ---- pad by pad --------------------------------------------------------- */

/* Takes what came out, in order; the events as text: r, o and c for opened
 * and closed segments, f for the final one, e for EOS. */
static void
pull_all (GstHarness * h, GByteArray * bytes, GString * events)
{
  GstBuffer *buffer;
  GstEvent *event;

  while ((buffer = gst_harness_try_pull (h)) != NULL) {
    GstMapInfo map;

    fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER));
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    g_byte_array_append (bytes, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  while ((event = gst_harness_try_pull_event (h)) != NULL) {
    g_autoptr (VsSegment) opened = NULL;
    g_autoptr (VsSegment) closed = NULL;
    g_autoptr (VsRendition) rendition = NULL;

    if (vs_event_is_rendition (event)) {
      rendition = vs_event_parse_rendition (event);
      fail_unless (rendition != NULL && rendition->segmented);
      g_string_append_printf (events, "r(%s) ", rendition->name);
    } else if (vs_event_parse_segment (event, &opened, &closed)) {
      if (closed != NULL)
        g_string_append_printf (events, "c%" G_GUINT64_FORMAT,
            closed->sequence);
      if (opened != NULL)
        g_string_append_printf (events, "o%" G_GUINT64_FORMAT " ",
            opened->sequence);
      else
        g_string_append (events, "f ");
    } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
      g_string_append (events, "e ");
    }
    gst_event_unref (event);
  }
}

/* What goes out is what is stored, with its events; EOS is posted when all of
 * it is. */
GST_START_TEST (test_passes_what_it_stores)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GByteArray) stored = NULL;
  g_autoptr (GString) events = g_string_new (NULL);
  g_autoptr (GstBus) bus = gst_bus_new ();
  GstElement *store = store_new ("a");
  TestPiece piece = { 900000, 200, 60,.b_frames = 2 };
  GstHarness *h;
  TestStream stream;

  test_stream_init (&stream, TRUE, TRUE);
  test_stream_add (&stream, &piece);
  gst_element_set_bus (store, bus);
  h = gst_harness_new_with_element (store, "sink_0", "src_0");
  gst_harness_set_src_caps_str (h, SRC_CAPS);
  push_stream (h, stream.bytes);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  gst_message_unref (await_eos (bus));

  pull_all (h, out, events);
  fail_unless_equals_string (events->str, "r(64p) o1 c1o2 c2o3 c3o4 c4f e ");
  stored = read_segments ("a", "64p");
  fail_unless (stored->len > 0);
  fail_unless_equals_int (stored->len, out->len);
  fail_unless (memcmp (stored->data, out->data, out->len) == 0);
  gst_element_set_bus (store, NULL);
  gst_harness_teardown (h);
  gst_object_unref (store);
  test_stream_clear (&stream);
}

GST_END_TEST;

/* A rung that is not made (EOS without data) is absent; one that joins while
 * another runs begins with a boundary; names are unique. */
GST_START_TEST (test_pads)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  GstElement *store = store_new ("a");
  TestPiece piece = { 900000, 300, 60 };
  GstHarness *h[4];
  TestStream streams[2];

  for (guint i = 0; i < 2; i++) {
    test_stream_init (&streams[i], i == 0, TRUE);
    test_stream_add (&streams[i], &piece);
  }
  gst_element_set_bus (store, bus);
  h[0] = gst_harness_new_with_element (store, "sink_0", "src_0");
  h[1] = gst_harness_new_with_element (store, "sink_7", "src_7");
  h[2] = gst_harness_new_with_element (store, "sink_8", "src_8");
  gst_child_proxy_set (GST_CHILD_PROXY (store), "sink_8::rendition", "sound",
      NULL);
  for (guint i = 0; i < 3; i++)
    gst_harness_set_src_caps_str (h[i], SRC_CAPS);
  gst_harness_push_event (h[1], gst_event_new_eos ());
  push_stream (h[2], streams[1].bytes);
  push_part (h[0], streams[0].bytes, 0, streams[0].bytes->len / 2);
  h[3] = gst_harness_new_with_element (store, "sink_9", "src_9");
  gst_harness_set_src_caps_str (h[3], SRC_CAPS);
  push_stream (h[3], streams[0].bytes);
  push_part (h[0], streams[0].bytes, streams[0].bytes->len / 2,
      streams[0].bytes->len);
  for (guint i = 0; i < 4; i++) {
    if (i != 1)
      gst_harness_push_event (h[i], gst_event_new_eos ());
  }
  gst_message_unref (await_eos (bus));
  fail_unless_equals_int (gst_child_proxy_get_children_count (GST_CHILD_PROXY
          (store)), 4);
  fail_unless_equals_int (count ("a", "index_64p.m3u8", "#EXTINF:"), 5);
  fail_unless_equals_int (count ("a", "index_sound.m3u8", "#EXTINF:"), 5);
  /* the same picture again, from the next boundary on */
  fail_unless_equals_int (count ("a", "index_64p-2.m3u8", "#EXTINF:"), 2);
  fail_unless (exists ("a", "index_64p-2_00004.ts"));
  fail_unless_equals_int (count ("a", "index.m3u8", ".m3u8"), 3);
  gst_element_set_bus (store, NULL);
  for (guint i = 0; i < 4; i++)
    gst_harness_teardown (h[i]);
  gst_object_unref (store);
  for (guint i = 0; i < 2; i++)
    test_stream_clear (&streams[i]);
}

GST_END_TEST;

/* Of pads with the same picture the one with the lower number gets the plain
 * name, whichever has data, or ends, first; one without data is not waited for
 * for ever. */
GST_START_TEST (test_names)
{
  static const struct
  {
    guint order[3];             /* in which whole streams come */
    gboolean silent;            /* the last of them does not */
  } rows[] = {
    {{0, 1, 2}}, {{2, 1, 0}}, {{1, 2, 0}}, {{2, 0, 1}}, {{1, 2, 0}, TRUE},
  };
  /* 8 s, and more than is held for a pad that has nothing */
  TestPiece pieces[2] = { {900000, 240, 60}, {900000, 450, 60}
  };
  TestStream streams[2];

  for (guint i = 0; i < 2; i++) {
    test_stream_init (&streams[i], TRUE, TRUE);
    test_stream_add (&streams[i], &pieces[i]);
  }
  for (guint r = 0; r < G_N_ELEMENTS (rows); r++) {
    g_autofree gchar *archive = g_strdup_printf ("a%u", r);
    g_autoptr (GstBus) bus = gst_bus_new ();
    GstElement *store = store_new (archive);
    GstHarness *h[3];

    gst_element_set_bus (store, bus);
    for (guint i = 0; i < 3; i++) {
      g_autofree gchar *sink = g_strdup_printf ("sink_%u", 2 - i);
      g_autofree gchar *src = g_strdup_printf ("src_%u", 2 - i);

      h[2 - i] = gst_harness_new_with_element (store, sink, src);
      gst_harness_set_src_caps_str (h[2 - i], SRC_CAPS);
    }
    for (guint i = 0; i < 3; i++) {
      if (i < 2 || !rows[r].silent)
        push_stream (h[rows[r].order[i]], streams[rows[r].silent].bytes);
      gst_harness_push_event (h[rows[r].order[i]], gst_event_new_eos ());
    }
    gst_message_unref (await_eos (bus));
    for (guint i = 0; i < 3; i++) {
      g_autoptr (GByteArray) out = g_byte_array_new ();
      g_autoptr (GString) events = g_string_new (NULL);
      g_autofree gchar *wanted = NULL;
      guint place = rows[r].silent ? i : i + 1;

      pull_all (h[i], out, events);
      if (place == 0) {
        fail_unless_equals_string (events->str, "e ");
        continue;
      }
      wanted = place == 1 ? g_strdup ("r(64p) o1 ") :
          g_strdup_printf ("r(64p-%u) o1 ", place);
      fail_unless (g_str_has_prefix (events->str, wanted), "%u: pad %u: %s",
          r, i, events->str);
      fail_unless (g_str_has_suffix (events->str, "f e "), "%s", events->str);
      fail_unless (out->len > 0);
    }
    gst_element_set_bus (store, NULL);
    for (guint i = 0; i < 3; i++)
      gst_harness_teardown (h[i]);
    gst_object_unref (store);
  }
  for (guint i = 0; i < 2; i++)
    test_stream_clear (&streams[i]);
}

GST_END_TEST;

/* Upstream events and queries find the pad's own other side. */
GST_START_TEST (test_events_and_queries)
{
  GstElement *store = store_new ("a");
  GstHarness *h[2];
  GstQuery *query;
  GstEvent *event;
  guint i, found = 0;

  for (i = 0; i < 2; i++) {
    h[i] = gst_harness_new_with_element (store, i ? "sink_1" : "sink_0",
        i ? "src_1" : "src_0");
    gst_harness_set_src_caps_str (h[i], SRC_CAPS);
  }
  fail_unless (gst_harness_push_upstream_event (h[1],
          gst_video_event_new_upstream_force_key_unit (GST_SECOND, TRUE, 3)));
  while ((event = gst_harness_try_pull_upstream_event (h[1])) != NULL) {
    found += gst_video_event_is_force_key_unit (event);
    gst_event_unref (event);
  }
  fail_unless_equals_int (found, 1);
  while ((event = gst_harness_try_pull_upstream_event (h[0])) != NULL) {
    fail_if (gst_video_event_is_force_key_unit (event));
    gst_event_unref (event);
  }
  gst_harness_set_upstream_latency (h[0], 123 * GST_MSECOND);
  fail_unless_equals_uint64 (gst_harness_query_latency (h[0]),
      123 * GST_MSECOND);
  query = gst_query_new_allocation (NULL, FALSE);
  fail_if (gst_pad_peer_query (h[0]->srcpad, query));
  gst_query_unref (query);
  for (i = 0; i < 2; i++)
    gst_harness_teardown (h[i]);
  gst_object_unref (store);
}

GST_END_TEST;

/* A flush drops what is open: the archive has a gap and a discontinuity. */
GST_START_TEST (test_flush)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GString) events = g_string_new (NULL);
  GstElement *store = store_new ("a");
  TestPiece piece = { 900000, 90, 60 };
  GstHarness *h;
  TestStream stream;
  GstSegment segment;

  test_stream_init (&stream, TRUE, TRUE);
  test_stream_add (&stream, &piece);
  gst_element_set_bus (store, bus);
  h = gst_harness_new_with_element (store, "sink_0", "src_0");
  gst_harness_set_src_caps_str (h, SRC_CAPS);
  push_stream (h, stream.bytes);
  pull_all (h, out, events);
  g_string_truncate (events, 0);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  push_stream (h, stream.bytes);
  gst_harness_push_event (h, gst_event_new_eos ());
  gst_message_unref (await_eos (bus));
  pull_all (h, out, events);
  /* the rendition again, for whoever lost it */
  fail_unless_equals_string (events->str, "r(64p) c2o3 c3o4 c4f e ");
  fail_unless_equals_int (count ("a", "index_64p.m3u8", "#EXT-X-GAP"), 1);
  fail_unless_equals_int (count ("a", "index_64p.m3u8",
          "#EXT-X-DISCONTINUITY\n"), 1);
  gst_element_set_bus (store, NULL);
  gst_harness_teardown (h);
  gst_object_unref (store);
  test_stream_clear (&stream);
}

GST_END_TEST;

static Suite *
segmentstore_suite (void)
{
  Suite *s = suite_create ("vssegmentstore");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, make_folder, drop_folder);
  tcase_add_test (tc, test_vod);
  tcase_add_test (tc, test_link_all);
  tcase_add_test (tc, test_program_number);
  tcase_add_test (tc, test_ffmpeg);
  tcase_add_test (tc, test_repeat);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_cycles);
  tcase_add_test (tc, test_passes_what_it_stores);
  tcase_add_test (tc, test_pads);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_events_and_queries);
  tcase_add_test (tc, test_flush);
  return s;
}

GST_CHECK_MAIN (segmentstore);
