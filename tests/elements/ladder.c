/* VisionStream: vsladder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Inputs are made by ffmpeg or by GStreamer's test sources, outputs are read
 * by ffprobe and ffmpeg: neither side knows the other. Pictures are small and
 * the preset is ultrafast: what is tested is not x264. */

#include "laddercheck.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/folder.h"

/* IDRs fall on the same times on all rungs, also at half the frame rate. */
GST_START_TEST (test_aligned_idrs)
{
  static const gchar *const files[] = { "a.ts", "b.ts", "c.ts" };

  ladder_run ("videotestsrc num-buffers=100 pattern=snow ! "
      "video/x-raw, width=160, height=120, framerate=30/1 ! l.video "
      "audiotestsrc num-buffers=156 ! audio/x-raw, rate=48000 ! l.audio "
      "vsladder name=l speed-preset=superfast gop-duration=1000000000 "
      "ladder=\"a:160x120@30,400k,64k;b:80x60@15,100k,64k;c:80x60,90k\" "
      "l.src_0 ! filesink location=@/a.ts l.src_1 ! filesink "
      "location=@/b.ts l.src_2 ! filesink location=@/c.ts");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    assert_equals_int (ladder_assert_idrs (files[i], 1, 1, 1), 4);
  assert_equals_int (ladder_assert_video ("a.ts", 30, 1), 100);
  assert_equals_int (ladder_assert_video ("b.ts", 15, 1), 50);
  assert_equals_int (ladder_assert_audio ("a.ts"),
      ladder_assert_audio ("b.ts"));
}

GST_END_TEST;

static GstPadProbeReturn
note_eos (GstPad * pad, GstPadProbeInfo * info, gpointer queue)
{
  fail_unless (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, "has data");
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    g_async_queue_push (queue, pad);
  return GST_PAD_PROBE_OK;
}

/* A rung that is larger than the source ends at once and empty, while the
 * others run on. */
GST_START_TEST (test_upscale)
{
  GstElement *pipeline = ladder_parse ("videotestsrc name=s ! video/x-raw, "
      "width=80, height=60, framerate=30/1 ! l.video "
      "audiotestsrc ! audio/x-raw, rate=48000 ! l.audio "
      "vsladder name=l upscale=false " SMALL "l.src_0 ! fakesink l.src_1 ! "
      "filesink location=@/b.ts");
  g_autoptr (GstElement) ladder = gst_bin_get_by_name (GST_BIN (pipeline), "l");
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (GstPad) pad = NULL;

  gst_element_set_state (pipeline, GST_STATE_READY);
  pad = gst_element_get_static_pad (ladder, "src_0");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note_eos, queue, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless (g_async_queue_timeout_pop (queue, LADDER_TIMEOUT / 1000) == pad);
  gst_element_send_event (pipeline, gst_event_new_eos ());
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);
  fail_unless (ladder_assert_video ("b.ts", 30, 1) > 0);
  fail_unless (ladder_assert_audio ("b.ts") > 0);
}

GST_END_TEST;

/* IDRs at multiples of a second on both rungs */
static void
assert_second_idrs (const gchar * what, guint seconds)
{
  static const gchar *const files[] = { "a.ts", "b.ts" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    guint idrs = ladder_assert_idrs (files[i], 1, 1, 1);

    fail_unless (idrs == seconds, "%s: %u IDRs", what, idrs);
  }
}

/* Other encoders, and more threads: the same frames and IDRs, about the bit
 * rate that was asked for. */
GST_START_TEST (test_encoders)
{
  static const gchar *const encoders[] = { "x264enc threads=3",
    "openh264enc", "openh264enc threads=2"
  };

  for (guint i = 0; i < G_N_ELEMENTS (encoders); i++) {
    g_auto (GStrv) words = g_strsplit (encoders[i], " ", 2);
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (words[0]);
    g_autofree gchar *path = ladder_path ("a.ts");
    g_autofree gchar *launch = g_strdup_printf ("videotestsrc "
        "num-buffers=120 pattern=zone-plate kx2=10 ky2=10 kt=10 ! "
        "video/x-raw, width=160, height=120, "
        "framerate=30/1 ! vsladder name=l ladder=\"a:160x120,300k;"
        "b:80x60@15,100k\" gop-duration=1000000000 speed-preset=ultrafast "
        "encoder=%s l.src_0 ! filesink location=@/a.ts l.src_1 ! filesink "
        "location=@/b.ts", encoders[i]);
    GStatBuf status;

    if (factory == NULL) {
      g_print ("skipped: no %s\n", words[0]);
      continue;
    }
    ladder_run (launch);
    assert_second_idrs (encoders[i], 4);
    assert_equals_int (ladder_assert_video ("a.ts", 30, 1), 120);
    assert_equals_int (ladder_assert_video ("b.ts", 15, 1), 60);
    fail_unless (g_stat (path, &status) == 0);
    /* 4 s of 300 kb/s */
    fail_unless (ladder_is_near (status.st_size, 150000, 60000),
        "%s: %" G_GINT64_FORMAT " bytes", encoders[i], (gint64) status.st_size);
  }
}

GST_END_TEST;

/* Goes to READY; returns: (transfer full) (nullable): the text of the ERROR */
static gchar *
get_settings_error (GstElement * ladder)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  GstStateChangeReturn ret;

  gst_element_set_bus (ladder, bus);
  ret = gst_element_set_state (ladder, GST_STATE_READY);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless ((ret == GST_STATE_CHANGE_FAILURE) == (message != NULL));
  if (message)
    gst_message_parse_error (message, &error, NULL);
  gst_element_set_state (ladder, GST_STATE_NULL);
  gst_bus_set_flushing (bus, TRUE);
  gst_element_set_bus (ladder, NULL);
  gst_object_unref (ladder);
  return error ? g_strdup (error->message) : NULL;
}

/* What is no H.264 encoder, or cannot be set up as one, is said. */
GST_START_TEST (test_encoder_errors)
{
  static const gchar *const cases[][2] = {
    {"noencoder", "\"noencoder\" is not installed"},
    {"vp8enc", "\"vp8enc\" gives no H.264"},
    {"h264parse", "no property \"bitrate\""},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstElement *ladder = gst_element_factory_make ("vsladder", NULL);
    g_autofree gchar *text = NULL;

    g_object_set (ladder, "encoder", cases[i][0], NULL);
    text = get_settings_error (ladder);
    fail_unless (text && strstr (text, cases[i][1]), "\"%s\"", text);
  }
}

GST_END_TEST;

typedef struct
{
  const gchar *ladder;
  const gchar *frame_rate;
  const gchar *error;           /* NULL: none */
} SpecCase;

/* What cannot be read is said, with rung and position. */
GST_START_TEST (test_spec)
{
  static const SpecCase cases[] = {
    {"a:160x120,200k", "30", NULL},
    {" a:160x120@30,2.5M,128k,profile=main;b:80x60@15,200000;", "30", NULL},
    {"a:160x120,200k,max-bitrate=300k,vbv=1000,level=3.0,crf=20,"
          "rate-control=crf,speed-preset=fast,audio=64k", "family", NULL},
    {"", "30", "rung 1, character 1"},
    {"160x120,200k", "30", "rung 1, character 1"},
    {"a:160x120,200k;a:80x60,100k", "30", "rung 2, character 16"},
    {"a:160x121,200k", "30", "rung 1 (\"a\"), character 3"},
    {"a:160x120", "30", "rung 1 (\"a\"), character 11"},
    {"a:160x120,200k;b:80x60,many", "30", "rung 2 (\"b\"), character 24"},
    {"a:160x120,200k,64k,128k", "30", "rung 1 (\"a\"), character 20"},
    {"a:160x120,200k,tune=film", "30", "max-bitrate"},
    {"a:160x120,200k,max-bitrate=100k", "30", "below the bit rate"},
    {"a:160x120@30,200k;b:80x60@20,100k", "30", "rung 2 (\"b\")"},
    {"a:160x120,200k", "fast", "frame-rate: expected a number, a fraction or "
          "\"family\", found \"fast\""},
    {"a:160x120,200k", "0", "frame-rate"},
    {"a:160x120,200k", "30/0", "frame-rate"},
    {"a:160x120,7k", "30", "expected a video bit rate such as 3000k, found "
          "\"7k\""},
    {"a:160x120,200k,", "30", "character 16: expected"},
    {"a:160x120,200k,64k,vbv=1", "30", "character 20: expected 50 to 60000"},
    {"a:160x120,200k,crf=99", "30", "expected 1 to 50"},
    {"a:160x120,200k,rate-control=abr", "30", "expected cbr, vbr or crf"},
    {"a:160x120,200k,profile=", "30", "expected a profile"},
    {"a:160x120,200k,level=9", "30", "expected an H.264 level"},
    {"a:160x120@0,200k", "30", "WIDTHxHEIGHT@FPS"},
    {"a:160x120,200k;b:80x60,90k,speed-preset=hasty", "30",
        "rung \"b\": x264enc has no speed-preset \"hasty\""},
    {"a:160x120,200k,profile=higher", "30",
        "rung \"a\": x264enc has no profile \"higher\""},
    {"a:160x120,200k;;b:80x60,100k", "30", "rung 2, character 16"},
    {"a:160x120,200k:b:80x60,100k", "30", "expected a video bit rate"},
    {"a/b:160x120,200k", "30", "rung 1, character 1"},
    {"a:99999999999x120,200k", "30", "rung 1 (\"a\"), character 3"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstElement *ladder = gst_element_factory_make ("vsladder", NULL);
    g_autofree gchar *text = NULL;

    g_object_set (ladder, "ladder", cases[i].ladder, "frame-rate",
        cases[i].frame_rate, NULL);
    text = get_settings_error (ladder);
    if (cases[i].error)
      fail_unless (text && strstr (text, cases[i].error), "%s: \"%s\"",
          cases[i].ladder, text);
    else
      fail_unless (text == NULL, "%s: \"%s\"", cases[i].ladder, text);
  }
}

GST_END_TEST;

/* The same input gives the same bytes. */
GST_START_TEST (test_deterministic)
{
  static const gchar *const names[] = { "a.ts", "b.ts" };
  g_autofree gchar *output = ladder_command ("ffmpeg -nostdin -v error -y -f "
      "lavfi -i testsrc=s=160x120:r=25:d=3 -f lavfi -i sine=r=44100:d=3 "
      "-c:v libx264 -preset ultrafast -c:a aac @/in.mp4");
  gchar *sums[2] = { NULL, NULL };

  for (guint i = 0; i < 2; i++) {
    ladder_run ("filesrc location=@/in.mp4 ! qtdemux : vsladder name=l "
        "ladder=\"a:160x120,300k,64k;b:80x60,100k,48k\" "
        "l.src_0 ! filesink location=@/a.ts l.src_1 ! filesink "
        "location=@/b.ts");
    for (guint j = 0; j < G_N_ELEMENTS (names); j++) {
      g_autofree gchar *path = ladder_path (names[j]);
      g_autofree gchar *data = NULL;
      gchar *sum;
      gsize size;

      fail_unless (g_file_get_contents (path, &data, &size, NULL));
      fail_unless (size > 10000);
      sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) data,
          size);
      if (i > 0)
        assert_equals_string (sum, sums[j]);
      g_free (sums[j]);
      sums[j] = sum;
    }
  }
  g_free (sums[0]);
  g_free (sums[1]);
}

GST_END_TEST;

/* State cycles, also in mid-stream, leave no thread behind. */
GST_START_TEST (test_state_cycles)
{
  GstElement *pipeline = ladder_parse ("videotestsrc ! video/x-raw, width=160, "
      "height=120, framerate=30/1 ! l.video audiotestsrc ! l.audio "
      "vsladder name=l " SMALL "l.src_0 ! fakesink name=s l.src_1 ! fakesink");
  guint base = 0, now = 0;

  for (guint i = 0; i < 21; i++) {
    gst_element_set_state (pipeline, i % 3 ? GST_STATE_PLAYING :
        GST_STATE_PAUSED);
    if (i % 2)
      gst_element_get_state (pipeline, NULL, NULL, LADDER_TIMEOUT);
    fail_unless (gst_element_set_state (pipeline, i % 4 ? GST_STATE_NULL :
            GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS);
    if (i == 3)
      base = test_folder_count ("/proc/self/task");
  }
  ladder_stop (pipeline);
  /* GStreamer's own pool lets idle threads go after a while */
  for (guint i = 0; i < 100; i++) {
    now = test_folder_count ("/proc/self/task");
    if (now <= base)
      break;
    g_usleep (50000);
  }
  fail_unless (now <= base, "%u threads, %u before", now, base);
}

GST_END_TEST;

/* A flash and a beep each second come out together: the beep within 1 ms,
 * the flash on its frame. */
GST_START_TEST (test_sync)
{
  g_autofree gchar *output = ladder_command ("ffmpeg -nostdin -v error -y -f "
      "lavfi -i \"color=black:s=160x120:r=30:d=4,geq=lum='if(eq(mod(N,30),"
      "15),235,16)':cb=128:cr=128\" -f lavfi -i \"aevalsrc='if(between("
      "mod(t,1),0.5,0.53),0.8*sin(2*PI*1000*(mod(t,1)-0.5)),0)':s=44100:d=4\" "
      "-c:v libx264 -qp 10 -preset ultrafast -c:a pcm_s16le @/in.mov");
  g_autofree gint16 *samples = NULL;
  g_autofree guint8 *luma = NULL;
  gsize n, frames;

  ladder_run ("filesrc location=@/in.mov ! qtdemux : vsladder name=l "
      "ladder=\"a:160x120,1M,192k\" l.src_0 ! filesink location=@/a.ts");
  ladder_assert_audio ("a.ts");
  ladder_assert_video ("a.ts", 30, 1);
  samples = ladder_decode_audio ("a.ts", &n);
  luma = ladder_decode_video ("a.ts", &frames);
  fail_unless (n > 3 * 48000 && frames >= 119);
  for (guint second = 0; second < 4; second++) {
    const gsize from = second * 48000 + 12000;
    const gsize beep = ladder_find_sound (samples, n, from);

    fail_unless (ladder_is_near (beep, second * 48000 + 24000, 48),
        "beep %u at sample %" G_GSIZE_FORMAT, second, beep);
    for (guint i = second * 30 + 1; i < second * 30 + 29; i++)
      fail_unless ((luma[i * 192 + 100] > 128) == (i % 30 == 15));
  }
}

GST_END_TEST;

/* A ladder that nothing is linked to says so, and ends as it is told. */
GST_START_TEST (test_nothing_linked)
{
  GstElement *pipeline = ladder_parse ("vsladder name=l " SMALL
      "l.src_0 ! filesink location=@/a.ts async=false "
      "l.src_1 ! fakesink async=false");
  g_autofree gchar *text = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  text = ladder_await_warning (pipeline);
  fail_unless (strstr (text, "Nothing is linked to the ladder"), "\"%s\"",
      text);
  fail_unless (gst_element_send_event (pipeline, gst_event_new_eos ()));
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);
}

GST_END_TEST;

typedef struct
{
  GstElement *pipeline;
  GstClockTime worst;           /* after its running time, a buffer came */
} Lateness;

static GstPadProbeReturn
measure_lateness (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Lateness *lateness = data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  g_autoptr (GstClock) clock = gst_element_get_clock (lateness->pipeline);
  g_autoptr (GstEvent) event = gst_pad_get_sticky_event (pad,
      GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;
  GstClockTime now, due;

  gst_event_parse_segment (event, &segment);
  due = gst_segment_to_running_time (segment, GST_FORMAT_TIME,
      GST_BUFFER_PTS (buffer));
  now =
      gst_clock_get_time (clock) -
      gst_element_get_base_time (lateness->pipeline);
  if (now > due)
    lateness->worst = MAX (lateness->worst, now - due);
  return GST_PAD_PROBE_OK;
}

/* Live: the clock decides that audio is missing, and the latency that is told
 * is the one that is there. */
GST_START_TEST (test_live)
{
  GstElement *pipeline = ladder_parse ("videotestsrc is-live=true "
      "num-buffers=90 ! video/x-raw, width=160, height=120, framerate=30/1 ! "
      "l.video appsrc is-live=true format=time caps=audio/x-raw,format=S16LE,"
      "rate=48000,channels=2,layout=interleaved ! l.audio vsladder name=l "
      "ladder=\"a:160x120,200k,64k;b:80x60,100k,64k\" l.src_0 ! filesink "
      "location=@/a.ts l.src_1 ! fakesink sync=false");
  g_autoptr (GstElement) ladder = gst_bin_get_by_name (GST_BIN (pipeline), "l");
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  Lateness lateness = { pipeline, 0 };
  GstClockTime min, max;
  gboolean live;

  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) !=
      GST_STATE_CHANGE_FAILURE);
  fail_unless (gst_element_get_state (pipeline, NULL, NULL, LADDER_TIMEOUT) !=
      GST_STATE_CHANGE_FAILURE);
  pad = gst_element_get_static_pad (ladder, "src_0");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, measure_lateness,
      &lateness, NULL);
  fail_unless (gst_pad_query (pad, query));
  gst_query_parse_latency (query, &live, &min, &max);
  fail_unless (live);
  fail_unless (max >= min);
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);
  fail_unless (ladder_is_near (ladder_assert_video ("a.ts", 30, 1), 90, 2));
  fail_unless (ladder_is_near (ladder_assert_silent ("a.ts"), 141, 4));
  GST_INFO ("told %" GST_TIME_FORMAT ", worst %" GST_TIME_FORMAT,
      GST_TIME_ARGS (min), GST_TIME_ARGS (lateness.worst));
  if (g_getenv ("VS_VALGRIND"))
    return;
  fail_unless (lateness.worst <= min + GST_SECOND / 2 &&
      lateness.worst + GST_SECOND / 2 >= min,
      "told %" GST_TIME_FORMAT ", worst %" GST_TIME_FORMAT,
      GST_TIME_ARGS (min), GST_TIME_ARGS (lateness.worst));
}

GST_END_TEST;

static Suite *
ladder_suite (void)
{
  Suite *suite = suite_create ("vsladder");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, ladder_setup, ladder_teardown);
  tcase_add_test (tcase, test_aligned_idrs);
  tcase_add_test (tcase, test_upscale);
  tcase_add_test (tcase, test_encoders);
  tcase_add_test (tcase, test_encoder_errors);
  tcase_add_test (tcase, test_spec);
  tcase_add_test (tcase, test_deterministic);
  tcase_add_test (tcase, test_state_cycles);
  tcase_add_test (tcase, test_sync);
  tcase_add_test (tcase, test_nothing_linked);
  tcase_add_test (tcase, test_live);
  return suite;
}

GST_CHECK_MAIN (ladder);
