/* VisionStream: tests of vssegmentstore: what goes wrong
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <glib/gstdio.h>
#include <sys/wait.h>
#include "common/deadline.h"
#include "mpegts/vstssection.h"
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
  gint64 deadline = test_deadline (30);
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

/* ---- streams that nothing synchronises ---------------------------------- */

/* more than half of what is held of audio, in frames of 1024 samples */
#define AHEAD 400

typedef struct
{
  GMutex lock;
  GCond cond;
  guint audio;                  /* buffers that came into the store */
} Race;

static GstPadProbeReturn
count_audio (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Race *race = user_data;

  g_mutex_lock (&race->lock);
  race->audio++;
  g_cond_broadcast (&race->cond);
  g_mutex_unlock (&race->lock);
  return GST_PAD_PROBE_OK;
}

/* Video gets as far as the audio's place at the most. */
static GstPadProbeReturn
hold_video (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Race *race = user_data;

  g_mutex_lock (&race->lock);
  while (race->audio < AHEAD)
    g_cond_wait (&race->cond, &race->lock);
  g_mutex_unlock (&race->lock);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (GstElement * pipeline, const gchar * name, const gchar * pad,
    GstPadProbeCallback callback, Race * race)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstPad) one = gst_element_get_static_pad (element, pad);

  gst_pad_add_probe (one, GST_PAD_PROBE_TYPE_BUFFER
      | GST_PAD_PROBE_TYPE_BUFFER_LIST, callback, race, NULL);
}

/* Audio is there at once, video comes slowly and late: it is cut at its IDRs
 * from the first one on, and nothing of either is missing. */
GST_START_TEST (test_audio_ahead)
{
  Race race = { 0, };
  gint frames;
  Run run;

  run_init (&run, STORE " name=s location=%s/a " PICTURE (600, 48)
      " name=v ! mpegtsmux ! s.sink_0 audiotestsrc num-buffers=940 "
      "samplesperbuffer=1024 ! audio/x-raw,rate=48000 ! avenc_aac ! aacparse "
      "! identity name=a ! mpegtsmux ! s.sink_1", folder);
  add_probe (run.pipeline, "v", "src", hold_video, &race);
  add_probe (run.pipeline, "a", "src", count_audio, &race);
  run_to_end (&run);
  run_clear (&run);
  fail_unless_equals_int (run.warnings, 0);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXTINF:1.000000"),
      20);
  fail_unless_equals_int (count ("a", "index_audio.m3u8", "#EXTINF:1.000000"),
      20);
  fail_unless_equals_int (count ("a", "index_48p.m3u8",
          "#EXT-X-INDEPENDENT-SEGMENTS"), 1);
  frames = probe_frames ("a", "index_48p.m3u8");
  fail_unless (frames == -1 || frames == 600);
}

GST_END_TEST;

/* ---- damaged streams, into a pad and out of it --------------------------- */

#define VIDEO_PID 0x100
#define AUDIO_PID 0x101
#define FRAME_90K 3003
#define PACKET VS_TS_PACKET_SIZE

/* What goes through the element, and when its units are */
typedef struct
{
  GstElement *store;
  GstBus *bus;
  GstHarness *harness;
  TestStream stream;
  VsTsReader *reader;
  GArray *dts[2];               /* gint64, of video and audio */
} Passage;

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Passage *passage = user_data;

  fail_unless (unit->track < 2);
  g_array_append_val (passage->dts[unit->track], unit->dts_90k);
}

static void
passage_init (Passage * passage)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };

  passage->store = store_new ("a");
  passage->bus = gst_bus_new ();
  gst_element_set_bus (passage->store, passage->bus);
  passage->harness =
      gst_harness_new_with_element (passage->store, "sink_0", "src_0");
  gst_harness_set_src_caps_str (passage->harness, SRC_CAPS);
  test_stream_init (&passage->stream, TRUE, TRUE);
  passage->reader = vs_ts_reader_new (0, &callbacks, passage);
  for (guint i = 0; i < 2; i++)
    passage->dts[i] = g_array_new (FALSE, FALSE, sizeof (gint64));
}

/* Pushes what the stream has, and begins another one. */
static void
passage_push (Passage * passage)
{
  push_stream (passage->harness, passage->stream.bytes);
  g_byte_array_set_size (passage->stream.bytes, 0);
}

/* No fault is an error. */
static void
passage_end (Passage * passage)
{
  GstBuffer *buffer;

  gst_harness_push_event (passage->harness, gst_event_new_eos ());
  while ((buffer = gst_harness_try_pull (passage->harness)) != NULL) {
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_READ);
    vs_ts_reader_push (passage->reader, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  vs_ts_reader_drain (passage->reader);
  gst_message_unref (await_eos (passage->bus));
  fail_unless (gst_bus_pop_filtered (passage->bus, GST_MESSAGE_ERROR) == NULL);
  fail_unless_equals_uint64 (get_stat (passage->store, "segments-lost"), 0);
}

static void
passage_clear (Passage * passage)
{
  gst_element_set_bus (passage->store, NULL);
  gst_harness_teardown (passage->harness);
  gst_object_unref (passage->store);
  gst_object_unref (passage->bus);
  test_stream_clear (&passage->stream);
  vs_ts_reader_free (passage->reader);
  for (guint i = 0; i < 2; i++)
    g_array_unref (passage->dts[i]);
}

/* The longest step from one unit of a track to the next */
static gint64
get_longest_step (const Passage * passage, guint track)
{
  const GArray *dts = passage->dts[track];
  gint64 longest = 0;

  for (guint i = 1; i < dts->len; i++)
    longest = MAX (longest, g_array_index (dts, gint64, i)
        - g_array_index (dts, gint64, i - 1));
  return longest;
}

static guint16
get_pid (const guint8 * packet)
{
  return GST_READ_UINT16_BE (packet + 1) & 0x1fff;
}

/* The offset of the @index-th packet of a PID */
static guint
find_packet (const GByteArray * ts, guint16 pid, guint index)
{
  for (guint i = 0; i < ts->len; i += PACKET) {
    if (get_pid (ts->data + i) == pid && index-- == 0)
      return i;
  }
  fail ("no such packet");
  return 0;
}

/* faults.md 20: each fault is counted once, and nothing else is. Table
 * versions with a wrong CRC leave those before in force. */
GST_START_TEST (test_counters)
{
  static const struct
  {
    guint16 pid;
    guint index;                /* units are a packet each */
  } lost[] = {
    {VIDEO_PID, 10}, {VIDEO_PID, 50}, {VIDEO_PID, 90}, {AUDIO_PID, 30},
    {AUDIO_PID, 33}
  };
  static const guint8 noise[77] = { 0 };
  TestPiece piece = { 900000, 200, 20 };
  Passage passage;
  GByteArray *ts;
  guint packets, at;

  passage_init (&passage);
  ts = passage.stream.bytes;
  test_stream_add (&passage.stream, &piece);
  packets = ts->len / PACKET;
  ts->data[find_packet (ts, 0, 1) + 10] ^= 1;
  ts->data[find_packet (ts, VS_TS_PID_PMT, 2) + 20] ^= 4;
  ts->data[find_packet (ts, VS_TS_PID_PMT, 3) + 9] ^= 8;
  ts->data[find_packet (ts, VIDEO_PID, 130) + 1] |= 0x80;
  for (guint i = G_N_ELEMENTS (lost); i-- > 0;) {
    at = find_packet (ts, lost[i].pid, lost[i].index);
    g_byte_array_remove_range (ts, at, PACKET);
  }
  /* behind all that was looked for by its place */
  at = find_packet (ts, VIDEO_PID, 150);
  g_byte_array_set_size (ts, ts->len + sizeof noise);
  memmove (ts->data + at + sizeof noise, ts->data + at,
      ts->len - at - sizeof noise);
  memcpy (ts->data + at, noise, sizeof noise);
  passage_push (&passage);
  passage_end (&passage);
  fail_unless_equals_uint64 (get_stat (passage.store, "packets"),
      packets - G_N_ELEMENTS (lost));
  fail_unless_equals_uint64 (get_stat (passage.store, "continuity-errors"),
      G_N_ELEMENTS (lost));
  fail_unless_equals_uint64 (get_stat (passage.store, "crc-errors"), 3);
  fail_unless_equals_uint64 (get_stat (passage.store, "transport-errors"), 1);
  fail_unless_equals_uint64 (get_stat (passage.store, "sync-losses"), 1);
  fail_unless_equals_uint64 (get_stat (passage.store, "pid-changes"), 0);
  fail_unless_equals_uint64 (get_stat (passage.store, "clock-jumps"), 0);
  /* all but what was lost came through */
  fail_unless_equals_int (passage.dts[0]->len, 200 - 3 - 1);
  fail_unless_equals_int (passage.dts[1]->len, 313 - 2);
  passage_clear (&passage);
}

GST_END_TEST;

/* A PMT's packet with its tracks 16 PIDs on */
static void
move_pids (guint8 * packet)
{
  guint8 *section = packet + 5;
  gsize size = 3 + (GST_READ_UINT16_BE (section + 1) & 0x0fff);

  /* without descriptors: PCR_PID, then stream type, PID and a length each */
  section[9] += 16;
  for (gsize i = 12; i + 4 < size; i += 5)
    section[i + 2] += 16;
  GST_WRITE_UINT32_BE (section + size - 4, vs_ts_crc32 (section, size - 4));
}

/* faults.md 20: the tracks move to other PIDs in the middle of a GOP, and the
 * PMT says so 400 ms later (it comes each 500 ms at least, TR 101 290 1.5):
 * media go on within 500 ms. */
GST_START_TEST (test_pid_change)
{
  TestPiece piece = { 900000, 200, 60 };
  g_autoptr (GByteArray) psi = g_byte_array_new ();
  Passage passage;
  GByteArray *ts;
  guint moved, told;

  passage_init (&passage);
  ts = passage.stream.bytes;
  test_stream_add (&passage.stream, &piece);
  for (guint i = 2; i < 4; i++)
    move_pids (ts->data + find_packet (ts, VS_TS_PID_PMT, i));
  moved = find_packet (ts, VIDEO_PID, 100);
  told = find_packet (ts, VIDEO_PID, 112);
  g_byte_array_append (psi, ts->data + find_packet (ts, VS_TS_PID_PMT, 2),
      PACKET);
  /* not the counter's next, for the table is sent between two */
  psi->data[3] = (ts->data[find_packet (ts, VS_TS_PID_PMT, 1) + 3] & 0xf0)
      | ((ts->data[find_packet (ts, VS_TS_PID_PMT, 1) + 3] + 1) & 0x0f);
  for (guint i = moved; i < ts->len; i += PACKET) {
    guint16 pid = get_pid (ts->data + i);

    if (pid == VIDEO_PID || pid == AUDIO_PID)
      ts->data[i + 2] += 16;
    else if (pid == VS_TS_PID_PMT)
      ts->data[i + 3] = (ts->data[i + 3] & 0xf0) | ((ts->data[i + 3] + 1)
          & 0x0f);
  }
  push_part (passage.harness, ts, 0, told);
  push_stream (passage.harness, psi);
  push_part (passage.harness, ts, told, ts->len);
  passage_end (&passage);
  fail_unless_equals_uint64 (get_stat (passage.store, "pid-changes"), 1);
  fail_unless_equals_uint64 (get_stat (passage.store, "continuity-errors"), 0);
  fail_unless_equals_uint64 (get_stat (passage.store, "crc-errors"), 0);
  fail_unless_equals_int (passage.dts[0]->len, 200 - 12);
  fail_unless_equals_int64 (get_longest_step (&passage, 0), 13 * FRAME_90K);
  for (guint i = 0; i < 2; i++)
    fail_unless (get_longest_step (&passage, i) <= 45000);
  passage_clear (&passage);
}

GST_END_TEST;

/* faults.md 21: 10 MB of garbage between two pieces. The second one, in which
 * a first IDR comes after 0.77 s, is there at once where its clock goes on as
 * if nothing had been, and with that IDR where the time of the garbage passed:
 * within 1 s of clean data. */
GST_START_TEST (test_garbage)
{
  static const gint64 pauses[] = { 0, 16 * 90000 };
  gint64 pause = pauses[__i__];
  TestPiece pieces[2] = {
    {900000, 90, 24},
    {900000 + 90 * FRAME_90K + pause, 200, 24,.first_idr = 23}
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autoptr (GByteArray) garbage = g_byte_array_new ();
  gint64 recovered = G_MAXINT64;
  Passage passage;

  while (garbage->len < 10 * 1000 * 1000) {
    guint32 word = g_rand_int (rand);

    g_byte_array_append (garbage, (guint8 *) & word, sizeof word);
  }
  garbage->data[0] = 0;
  passage_init (&passage);
  test_stream_add (&passage.stream, &pieces[0]);
  passage_push (&passage);
  push_stream (passage.harness, garbage);
  test_stream_add (&passage.stream, &pieces[1]);
  passage_push (&passage);
  passage_end (&passage);
  for (guint i = 0; i < passage.dts[0]->len; i++) {
    gint64 dts = g_array_index (passage.dts[0], gint64, i);

    if (dts >= pieces[1].start_90k)
      recovered = MIN (recovered, dts - pieces[1].start_90k);
  }
  fail_unless (recovered <= 90000, "%" G_GINT64_FORMAT, recovered);
  fail_unless_equals_int64 (recovered, pause == 0 ? 0 : 23 * FRAME_90K);
  fail_unless_equals_uint64 (get_stat (passage.store, "sync-losses"), 1);
  fail_unless_equals_uint64 (get_stat (passage.store, "clock-jumps"),
      pause > 0);
  fail_unless_equals_int (count ("a", "index_64p.m3u8",
          "#EXT-X-DISCONTINUITY\n"), pause > 0);
  fail_unless_equals_int (count ("a", "index_64p.m3u8", "#EXT-X-GAP"), 0);
  passage_clear (&passage);
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
  tcase_add_test (tc, test_audio_ahead);
  tcase_add_test (tc, test_counters);
  tcase_add_test (tc, test_pid_change);
  tcase_add_loop_test (tc, test_garbage, 0, 2);
  tcase_add_test (tc, test_frozen_clock);
  return s;
}

GST_CHECK_MAIN (segmentstorefaults);
