/* VisionStream: tests of vssegmentstore: what goes wrong
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <glib/gstdio.h>
#include <sys/wait.h>
#include "storecheck.h"
#include "timeline/vssegment.h"
#include "../unit/timeline/teststream.h"

/* Stopped without EOS: what is whole stays, nothing says that it ended. */
GST_START_TEST (test_interrupted)
{
  Run run;

  run_init (&run, VIDEO (1000) " ! identity sync=true ! " STORE
      " location=%s/a", folder);
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  gst_message_unref (run_until (&run, GST_MESSAGE_ELEMENT,
          "vssegmentstore-segment-stored"));
  run_clear (&run);
  fail_unless (count ("a", "index_48p.m3u8", "#EXTINF:") >= 1);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXT-X-ENDLIST"), 0);
  run_line (&run, VIDEO (45) " ! " STORE " location=%s/a", folder);
  fail_unless_equals_int (count ("a", "index_48p.m3u8",
          "#EXT-X-DISCONTINUITY\n"), 1);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXT-X-ENDLIST"), 1);
}

GST_END_TEST;

/* faults.md 36: kill -9 in mid segment, then a start. */
GST_START_TEST (test_kill)
{
  g_autofree gchar *tool = g_find_program_in_path ("gst-launch-1.0");
  g_autofree gchar *line = NULL;
  g_auto (GStrv) argv = NULL;
  gint64 deadline = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;
  guint n;
  GPid pid;
  Run run;

#ifdef __SANITIZE_ADDRESS__
  /* it can't load a sanitized plugin */
  g_clear_pointer (&tool, g_free);
#endif
  if (tool == NULL) {
    g_print ("skipped: no gst-launch-1.0 that could run the plugin\n");
    return;
  }
  line = g_strdup_printf ("gst-launch-1.0 -q " VIDEO (10000)
      " ! identity sync=true ! " STORE " location=%s/a", folder);
  fail_unless (g_shell_parse_argv (line, NULL, &argv, NULL));
  fail_unless (g_spawn_async (NULL, argv, NULL, G_SPAWN_SEARCH_PATH
          | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
  while (count ("a", "index_48p.m3u8", "#EXTINF:") < 2) {
    fail_unless (g_get_monotonic_time () < deadline);
    g_usleep (20000);
  }
  kill (pid, SIGKILL);
  fail_unless (waitpid (pid, NULL, 0) == pid);
  run_init (&run, VIDEO (45) " ! " STORE " location=%s/a", folder);
  deadline = g_get_monotonic_time () + 2 * G_TIME_SPAN_SECOND;
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  fail_unless (g_get_monotonic_time () < deadline || g_getenv ("VS_VALGRIND"));
  gst_message_unref (run_until (&run, GST_MESSAGE_EOS, NULL));
  run_clear (&run);
  n = count ("a", "index_48p.m3u8", "#EXTINF:");
  for (guint i = 1; i <= n; i++) {
    g_autofree gchar *name = g_strdup_printf ("\nindex_48p_%05u.ts\n", i);

    fail_unless_equals_int (count ("a", "index_48p.m3u8", name), 1);
  }
  fail_unless_equals_int (count ("a", "index_48p.m3u8",
          "#EXT-X-DISCONTINUITY\n"), 1);
  fail_unless (probe_frames ("a", "index_48p.m3u8") != 0);
}

GST_END_TEST;

/* A folder that goes away is a warning; back again, all is stored. */
GST_START_TEST (test_store_fails)
{
  g_autofree gchar *live = NULL;
  g_autofree gchar *away = NULL;
  Run run;

  live = g_build_filename (folder, "a", "default", "live", NULL);
  away = g_build_filename (folder, "a", "default", "away", NULL);
  run_init (&run, "videotestsrc is-live=true ! video/x-raw,width=64,"
      "height=48,framerate=30/1 ! x264enc key-int-max=6 tune=zerolatency "
      "speed-preset=ultrafast ! h264parse ! mpegtsmux ! vssegmentstore "
      "target-duration=200000000 location=%s/a", folder);
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  gst_message_unref (run_until (&run, GST_MESSAGE_ELEMENT,
          "vssegmentstore-segment-stored"));
  fail_unless_equals_int (g_rename (live, away), 0);
  fail_unless (g_file_set_contents (live, "in the way", -1, NULL));
  {
    g_autoptr (GstMessage) message =
        run_until (&run, GST_MESSAGE_WARNING, NULL);
    g_autoptr (GError) error = NULL;

    gst_message_parse_warning (message, &error, NULL);
    /* it says where */
    fail_unless (strstr (error->message, live) != NULL);
  }
  g_remove (live);
  fail_unless_equals_int (g_rename (away, live), 0);
  gst_message_unref (run_until (&run, GST_MESSAGE_ELEMENT,
          "vssegmentstore-recovered"));
  gst_element_send_event (run.pipeline, gst_event_new_eos ());
  gst_message_unref (run_until (&run, GST_MESSAGE_EOS, NULL));
  run_clear (&run);
  fail_unless_equals_int (run.warnings, 1);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXT-X-GAP"), 0);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXT-X-ENDLIST"), 1);
}

GST_END_TEST;

/* faults.md 20 and 21: damage is counted and never an error; after garbage
 * the stream is found again. */
GST_START_TEST (test_damage)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GByteArray) garbage = g_byte_array_new ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  GstElement *store = store_new ("a");
  TestPiece pieces[2] = { {900000, 90, 60}, {1170270, 200, 60}
  };
  GstHarness *h;
  TestStream stream;

  test_stream_init (&stream, TRUE, TRUE);
  test_stream_add (&stream, &pieces[0]);
  /* a packet goes missing, one is torn */
  g_byte_array_remove_range (stream.bytes, 188 * 100, 188);
  g_byte_array_remove_range (stream.bytes, 188 * 200 + 50, 20);
  for (guint i = 0; i < 1000000; i++) {
    guint8 byte = g_rand_int (rand);

    g_byte_array_append (garbage, &byte, 1);
  }
  gst_element_set_bus (store, bus);
  h = gst_harness_new_with_element (store, "sink_0", "src_0");
  gst_harness_set_src_caps_str (h, SRC_CAPS);
  push_stream (h, stream.bytes);
  push_stream (h, garbage);
  g_byte_array_set_size (stream.bytes, 0);
  test_stream_add (&stream, &pieces[1]);
  push_stream (h, stream.bytes);
  fail_unless (get_stat (store, "continuity-errors") > 0);
  fail_unless (get_stat (store, "sync-losses") > 0);
  fail_unless (get_stat (store, "packets") > 500);
  gst_harness_push_event (h, gst_event_new_eos ());
  gst_message_unref (await_eos (bus));
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR) == NULL);
  fail_unless (count ("a", "index_64p.m3u8", "#EXTINF:") >= 4);
  fail_unless_equals_uint64 (get_stat (store, "segments-lost"), 0);
  gst_element_set_bus (store, NULL);
  gst_harness_teardown (h);
  gst_object_unref (store);
  test_stream_clear (&stream);
}

GST_END_TEST;

/* A clock that stands still never ends a segment: what is held of it is
 * bounded, and what is given up is listed as a gap. */
GST_START_TEST (test_frozen_clock)
{
  const gsize unit_size = 4 * 1024 * 1024;
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autofree guint8 *payload = g_malloc (unit_size);
  GstElement *store = store_new ("a");
  TestPiece piece = { 900000, 1, 1 };
  VsTsUnit unit = {.pts_90k = 900000,.dts_90k = 900000,.data = payload,
    .size = unit_size
  };
  TestStream stream;
  GstHarness *h;

  memset (payload, 0x55, unit_size);
  memcpy (payload, "\0\0\1\101\232\40", 6);
  test_stream_init (&stream, TRUE, FALSE);
  test_stream_add (&stream, &piece);
  gst_element_set_bus (store, bus);
  h = gst_harness_new_with_element (store, "sink_0", NULL);
  gst_harness_set_src_caps_str (h, SRC_CAPS);
  for (gsize sent = 0; sent <= VS_SEGMENT_MAX_BYTES; sent += unit_size) {
    push_stream (h, stream.bytes);
    g_byte_array_set_size (stream.bytes, 0);
    vs_ts_writer_write_unit (stream.writer, &unit, stream.bytes);
  }
  gst_harness_push_event (h, gst_event_new_eos ());
  gst_message_unref (gst_bus_timed_pop_filtered (bus, WAIT,
          GST_MESSAGE_WARNING));
  gst_message_unref (await_eos (bus));
  fail_unless_equals_int (count ("a", "index_64p.m3u8", "#EXT-X-GAP"), 1);
  fail_unless (!exists ("a", "index_64p_00001.ts"));
  gst_element_set_bus (store, NULL);
  gst_harness_teardown (h);
  gst_object_unref (store);
  test_stream_clear (&stream);
}

GST_END_TEST;

static Suite *
segmentstorefaults_suite (void)
{
  Suite *s = suite_create ("vssegmentstore, faults");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, make_folder, drop_folder);
  tcase_add_test (tc, test_interrupted);
  tcase_add_test (tc, test_kill);
  tcase_add_test (tc, test_store_fails);
  tcase_add_test (tc, test_damage);
  tcase_add_test (tc, test_frozen_clock);
  return s;
}

GST_CHECK_MAIN (segmentstorefaults);
