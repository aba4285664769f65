/* VisionStream: vsladder's input: codecs, what is late, missing or jumps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "laddercheck.h"

#include <math.h>
#include <string.h>

typedef struct
{
  const gchar *output;          /* ffmpeg's options and the file */
  const gchar *demuxer;
  gboolean video, audio;
} DecodeCase;

/* Each kind of input is decoded by a named element. */
GST_START_TEST (test_decoders)
{
  static const DecodeCase cases[] = {
    {"-c:v libx264 -preset ultrafast -bf 2 -c:a aac @/in.mp4",
        "qtdemux", TRUE, TRUE},
    {"-c:v libx264 -preset ultrafast -c:a aac @/in.flv",
        "flvdemux", TRUE, TRUE},
    {"-c:v libx265 -preset ultrafast -x265-params log-level=none -c:a ac3 "
          "@/in.ts", "tsdemux", TRUE, TRUE},
    {"-c:v mpeg2video -flags +ildct+ilme -b:v 1M -c:a mp2 @/in.ts",
        "tsdemux", TRUE, TRUE},
    {"-c:v libx264 -preset ultrafast -c:a libopus @/in.ts",
        "tsdemux", TRUE, TRUE},
    {"-c:v libvpx -deadline realtime -c:a libvorbis @/in.webm",
        "matroskademux", TRUE, TRUE},
    {"-vn -c:a aac @/in.m4a", "qtdemux", FALSE, TRUE},
    {"-an -c:v libx264 -preset ultrafast -pix_fmt yuv422p10le @/in.mp4",
        "qtdemux", TRUE, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const DecodeCase *c = &cases[i];
    g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error "
        "-y -f lavfi -i testsrc=s=160x120:r=25:d=2 -f lavfi -i "
        "sine=f=440:r=48000:d=2 %s", c->output);
    g_autofree gchar *output = ladder_command (command);
    g_autofree gchar *launch = g_strdup_printf ("filesrc location=%s ! %s : "
        "vsladder name=l " SMALL "frame-rate=family l.src_0 ! filesink "
        "location=@/a.ts l.src_1 ! filesink location=@/b.ts",
        strchr (c->output, '@'), c->demuxer);
    g_autofree gint16 *samples = NULL;
    guint frames;
    gsize n;

    ladder_run (launch);
    frames = ladder_assert_video ("a.ts", 25, 1);
    fail_unless (ladder_is_near (frames, c->video ? 50 : 0, c->video ? 2 : 0),
        "%s: %u frames", c->output, frames);
    frames = ladder_assert_audio ("a.ts");
    fail_unless (ladder_is_near (frames, c->audio ? 94 : 0, c->audio ? 4 : 0),
        "%s: %u audio frames", c->output, frames);
    if (c->audio) {
      samples = ladder_decode_audio ("a.ts", &n);
      fail_unless (ladder_find_sound (samples, n, n / 2) < n / 2 + 480,
          "%s: silent", c->output);
    }
  }
}

GST_END_TEST;

/* An audio pad that nothing comes on, or that ends at once, is silent. */
GST_START_TEST (test_audio_missing)
{
  static const gchar *const sources[] = {
    "appsrc format=time caps=audio/x-raw,format=S16LE,rate=48000,channels=2,"
        "layout=interleaved",
    "audiotestsrc num-buffers=0",
    "audiotestsrc num-buffers=1 volume=0"
  };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++) {
    g_autofree gchar *launch = g_strdup_printf ("%s ! l.audio videotestsrc "
        "num-buffers=240 ! video/x-raw, width=160, height=120, framerate=30/1 "
        "! l.video vsladder name=l " SMALL "l.src_0 ! filesink "
        "location=@/a.ts l.src_1 ! filesink location=@/b.ts", sources[i]);

    ladder_run (launch);
    assert_equals_int (ladder_assert_video ("a.ts", 30, 1), 240);
    /* 8 s are 375 AAC frames */
    fail_unless (ladder_is_near (ladder_assert_silent ("a.ts"), 375, 1));
  }
}

GST_END_TEST;

/* Audio that begins late is silent until then, and in its place; also where it
 * comes later than one stream waits for the other. */
GST_START_TEST (test_audio_late)
{
  static const guint late_ms[] = { 1500, 7000 };

  for (guint i = 0; i < G_N_ELEMENTS (late_ms); i++) {
    const guint length_ms = late_ms[i] + 1500;
    g_autofree gchar *launch = g_strdup_printf ("audiotestsrc wave=square "
        "num-buffers=70 timestamp-offset=%u000000 ! audio/x-raw, rate=48000 ! "
        "l.audio videotestsrc num-buffers=%u ! video/x-raw, width=160, "
        "height=120, framerate=30/1 ! l.video vsladder name=l " SMALL
        "l.src_0 ! filesink location=@/a.ts", late_ms[i], length_ms * 3 / 100);
    g_autofree gint16 *samples = NULL;
    gsize n, sound;

    ladder_run (launch);
    assert_equals_int (ladder_assert_video ("a.ts", 30, 1),
        length_ms * 3 / 100);
    fail_unless (ladder_is_near (ladder_assert_audio ("a.ts"),
            length_ms * 48 / 1024, 1));
    samples = ladder_decode_audio ("a.ts", &n);
    sound = ladder_find_sound (samples, n, 0);
    fail_unless (ladder_is_near (sound, late_ms[i] * 48, 480),
        "sound at sample %" G_GSIZE_FORMAT, sound);
  }
}

GST_END_TEST;

/* ffprobe and ffmpeg look far for streams that begin late. */
#define FAR "-analyzeduration 30M -probesize 50M "

/* Audio that a demuxer finds only after 6 s of video joins at the next IDR, in
 * its place: FLV has no MP3 pad before the first frame. */
GST_START_TEST (test_audio_joins)
{
  g_autofree gchar *output = ladder_command ("ffmpeg -nostdin -v error -y -f "
      "lavfi -i color=gray:s=160x120:r=30:d=10 -itsoffset 6 -f lavfi -i "
      "\"aevalsrc='if(gte(mod(t,1),0.5),0.5*sin(2*PI*997*t),0)':s=44100:d=4\" "
      "-c:v libx264 -preset ultrafast -c:a libmp3lame @/in.flv");
  g_auto (GStrv) sums = g_new0 (gchar *, 3);

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *times = NULL, *far = NULL;
    g_autofree gint16 *samples = NULL;
    gsize n, sound;

    ladder_run ("filesrc location=@/in.flv ! flvdemux : vsladder name=l " SMALL
        "l.src_0 ! filesink location=@/a.ts "
        "l.src_1 ! filesink location=@/b.ts");
    /* FLV's times are whole milliseconds */
    fail_unless (ladder_is_near (ladder_assert_video ("a.ts", 30, 1), 300, 1));
    times = ladder_command ("ffprobe -v error " FAR "-select_streams a "
        "-show_entries packet=pts -of csv=p=0 @/a.ts");
    /* 6 s is an IDR itself: that one may have been written */
    assert_equals_int64 (g_ascii_strtoll (times, NULL, 10),
        PES_ORIGIN + 8 * 90000);
    far =
        ladder_command ("ffmpeg -nostdin -v error -y " FAR "-i @/a.ts -map 0:a "
        "-c copy @/audio.ts");
    samples = ladder_decode_audio ("audio.ts", &n);
    sound = ladder_find_sound (samples, n, 0);
    fail_unless (ladder_is_near (sound, 24000, 2400),
        "sound at %" G_GSIZE_FORMAT, sound);
    sums[i] = ladder_command ("sha256sum @/a.ts @/b.ts");
  }
  assert_equals_string (sums[0], sums[1]);
}

GST_END_TEST;

static GstPadProbeReturn
signal_async_queue (GstPad * pad, GstPadProbeInfo * info, gpointer queue)
{
  g_async_queue_push (queue, GINT_TO_POINTER (1));
  return GST_PAD_PROBE_REMOVE;
}

/* Video that is linked after 6 s of audio went out is left out, and said to
 * be; the audio goes on. */
GST_START_TEST (test_video_too_late)
{
  GstElement *pipeline =
      ladder_parse ("appsrc name=v format=time max-bytes=0 caps="
      "video/x-raw,format=I420,width=160,height=120,framerate=30/1 "
      "appsrc name=a format=time max-bytes=0 caps="
      "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved ! "
      "l.audio vsladder name=l " SMALL "l.src_0 ! filesink location=@/a.ts "
      "l.src_1 ! fakesink");
  GstBin *bin = GST_BIN (pipeline);
  g_autoptr (GstElement) video = gst_bin_get_by_name (bin, "v");
  g_autoptr (GstElement) audio = gst_bin_get_by_name (bin, "a");
  g_autoptr (GstElement) ladder = gst_bin_get_by_name (bin, "l");
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (GstPad) pad = NULL;
  g_autofree gchar *text = NULL;

  for (guint i = 0; i < 20; i++)
    ladder_push_audio (audio, i * 300 * GST_MSECOND, 300 * GST_MSECOND);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  pad = gst_element_get_static_pad (ladder, "src_0");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, signal_async_queue,
      queue, NULL);
  g_async_queue_pop (queue);

  fail_unless (gst_element_link_pads (video, "src", ladder, "video"));
  text = ladder_await_warning (pipeline);
  fail_unless (strstr (text, "Video came after"), "\"%s\"", text);
  ladder_push_picture (video, 6 * GST_SECOND);
  for (guint i = 20; i < 30; i++)
    ladder_push_audio (audio, i * 300 * GST_MSECOND, 300 * GST_MSECOND);
  ladder_end (audio);
  ladder_end (video);
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);
  fail_unless (ladder_is_near (ladder_assert_audio ("a.ts"), 422, 2));
}

GST_END_TEST;

/* A second audio track is refused with a warning, the first is encoded. */
GST_START_TEST (test_second_audio)
{
  g_autofree gchar *output = ladder_command ("ffmpeg -nostdin -v error -y -f "
      "lavfi -i testsrc=s=160x120:r=30:d=2 -f lavfi -i sine=d=2 -f lavfi -i "
      "sine=f=880:d=2 -map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast "
      "-c:a aac @/in.ts");
  GstElement *pipeline = ladder_parse ("filesrc location=@/in.ts ! tsdemux : "
      "vsladder name=l " SMALL "l.src_0 ! filesink location=@/a.ts");
  g_autofree gchar *text = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  text = ladder_await_warning (pipeline);
  fail_unless (strstr (text, "Only one audio track"), "\"%s\"", text);
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);
  fail_unless (ladder_is_near (ladder_assert_video ("a.ts", 30, 1), 60, 1));
  fail_unless (ladder_is_near (ladder_assert_audio ("a.ts"), 94, 3));
}

GST_END_TEST;

/* A hole in the audio is silence of the same length. */
GST_START_TEST (test_audio_gap)
{
  GstElement *pipeline =
      ladder_parse ("appsrc name=s format=time max-bytes=0 caps="
      "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved ! "
      "l.audio videotestsrc num-buffers=90 ! video/x-raw, width=160, "
      "height=120, framerate=30/1 ! l.video vsladder name=l " SMALL
      "l.src_0 ! filesink location=@/a.ts");
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  g_autofree gint16 *samples = NULL;
  gsize n, quiet = 0;

  for (guint i = 0; i < 100; i++) {
    if (i < 40 || i >= 70)
      ladder_push_audio (source, i * 30 * GST_MSECOND, 30 * GST_MSECOND);
  }
  ladder_end (source);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);

  fail_unless (ladder_is_near (ladder_assert_audio ("a.ts"), 141, 1));
  samples = ladder_decode_audio ("a.ts", &n);
  for (gsize i = 0; i < n; i++)
    quiet += ABS (samples[i]) < 300;
  fail_unless (ladder_is_near (quiet, 900 * 48, 4096),
      "%" G_GSIZE_FORMAT " quiet", quiet);
  fail_unless (ladder_is_near (ladder_find_sound (samples, n, 1400 * 48),
          2100 * 48, 1024));
}

GST_END_TEST;

/* Size, rate, format and codec change mid-stream; the output does not. */
GST_START_TEST (test_caps_change)
{
  ladder_run ("concat name=c ! l.video "
      "videotestsrc num-buffers=25 ! video/x-raw, width=160, height=120, "
      "framerate=25/1, format=I420 ! c. "
      "videotestsrc num-buffers=30 ! video/x-raw, width=320, height=240, "
      "framerate=30/1, format=YUY2 ! c. "
      "videotestsrc num-buffers=60 ! video/x-raw, width=176, height=144, "
      "framerate=60/1, format=I420 ! x264enc speed-preset=ultrafast ! c. "
      "videotestsrc num-buffers=25 ! video/x-raw, width=320, height=240, "
      "framerate=25/1, format=I420 ! vp8enc deadline=1 ! c. "
      "vsladder name=l " SMALL "l.src_0 ! filesink location=@/a.ts "
      "l.src_1 ! filesink location=@/b.ts");
  fail_unless (ladder_is_near (ladder_assert_video ("a.ts", 30, 1), 120, 1));
  fail_unless (ladder_is_near (ladder_assert_video ("b.ts", 30, 1), 120, 1));
}

GST_END_TEST;

/* A hole is filled; a jump of the clock by hours, or back, is none. */
GST_START_TEST (test_video_gap_and_jumps)
{
  static const GstClockTime starts[] = { 5000 * GST_SECOND,
    /* a hole of 2 s */
    5003 * GST_SECOND, 20000 * GST_SECOND, 7 * GST_SECOND
  };
  GstElement *pipeline =
      ladder_parse ("appsrc name=s format=time max-bytes=0 caps="
      "video/x-raw,format=I420,width=160,height=120,framerate=30/1 ! "
      "vsladder name=l " SMALL "l.src_0 ! filesink location=@/a.ts");
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "s");

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++) {
    for (guint j = 0; j < 30; j++)
      ladder_push_picture (source, starts[i] + j * GST_SECOND / 30);
  }
  ladder_end (source);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);
  fail_unless (ladder_is_near (ladder_assert_video ("a.ts", 30, 1), 180, 2));
}

GST_END_TEST;

/* Rate, channels, format and codec of the audio change; the output does not. */
GST_START_TEST (test_audio_caps_change)
{
  g_autofree gint16 *samples = NULL;
  gsize n;

  ladder_run ("concat name=c ! l.audio "
      "audiotestsrc samplesperbuffer=441 num-buffers=100 ! audio/x-raw, "
      "rate=44100, channels=1, format=S16LE ! c. "
      "audiotestsrc samplesperbuffer=480 num-buffers=100 ! audio/x-raw, "
      "rate=48000, channels=6, channel-mask=(bitmask)0x3f, format=F32LE ! c. "
      "audiotestsrc samplesperbuffer=1024 num-buffers=32 ! audio/x-raw, "
      "rate=32000, channels=2, format=S16LE ! avenc_mp2 ! c. "
      "videotestsrc num-buffers=90 ! video/x-raw, width=160, height=120, "
      "framerate=30/1 ! l.video vsladder name=l " SMALL
      "l.src_0 ! filesink location=@/a.ts");
  ladder_assert_video ("a.ts", 30, 1);
  fail_unless (ladder_is_near (ladder_assert_audio ("a.ts"), 141, 3));
  samples = ladder_decode_audio ("a.ts", &n);
  for (gsize i = 0; i + 4800 < 142 * 1024; i += 4800)
    fail_unless (ladder_find_sound (samples, n, i) < i + 2400,
        "silent at %" G_GSIZE_FORMAT, i);
}

GST_END_TEST;

typedef struct
{
  guint video_seconds, audio_seconds;
} EndCase;

/* Where one track ends before the other, both outputs run to the later end:
 * silence, or the last picture. */
GST_START_TEST (test_track_ends)
{
  static const EndCase cases[] = { {9, 2}, {2, 9} };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const EndCase *c = &cases[i];
    g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error "
        "-y -f lavfi -i color=white:s=160x120:r=30:d=%u -f lavfi -i "
        "sine=r=48000:d=%u -c:v libx264 -preset ultrafast -c:a aac @/in.mp4",
        c->video_seconds, c->audio_seconds);
    g_autofree gchar *output = ladder_command (command);
    g_autofree gint16 *samples = NULL;
    g_autofree guint8 *luma = NULL;
    gsize n, frames;

    ladder_run ("filesrc location=@/in.mp4 ! qtdemux : vsladder name=l " SMALL
        "l.src_0 ! filesink location=@/a.ts");
    fail_unless (ladder_is_near (ladder_assert_video ("a.ts", 30, 1), 270, 3));
    fail_unless (ladder_is_near (ladder_assert_audio ("a.ts"), 422, 4));
    samples = ladder_decode_audio ("a.ts", &n);
    luma = ladder_decode_video ("a.ts", &frames);
    fail_unless (ladder_find_sound (samples, n, 0) < 480);
    fail_unless ((ladder_find_sound (samples, n, 5 * 48000) < n) ==
        (c->audio_seconds > 2));
    fail_unless (frames > 260 && luma[260 * 192 + 100] > 225);
  }
}

GST_END_TEST;

/* Level of a tone of @frequency in a channel of interleaved floats, from the
 * second half second on, over a second */
static gdouble
get_level (const gfloat * samples, guint channels, guint channel,
    guint frequency)
{
  gdouble re = 0, im = 0;

  for (guint i = 0; i < 48000; i++) {
    const gdouble phase = 2 * G_PI * frequency * i / 48000;
    const gfloat sample = samples[(24000 + i) * channels + channel];

    re += sample * cos (phase);
    im += sample * sin (phase);
  }
  return hypot (re, im) / 24000;
}

typedef struct
{
  guint channels;
  gdouble levels[6][6];         /* of each input channel in each output's */
} MixCase;

/* 5.1, a tone a channel (the LFE's within its band): mixed down to stereo by
 * ITU-R BS.775, 1 : 0.7071 : 0.7071 over their sum; or all six in order. */
GST_START_TEST (test_surround)
{
  static const guint tones[] = { 300, 500, 700, 60, 1100, 1300 };
  static const MixCase cases[] = {
    {2, {{.414, 0, .293, 0, .293, 0}, {0, .414, .293, 0, 0, .293}}},
    {6, {{1, 0, 0, 0, 0, 0}, {0, 1, 0, 0, 0, 0}, {0, 0, 1, 0, 0, 0},
            {0, 0, 0, 1, 0, 0}, {0, 0, 0, 0, 1, 0}, {0, 0, 0, 0, 0, 1}}},
  };
  g_autofree gchar *output = ladder_command ("ffmpeg -nostdin -v error -y -f "
      "lavfi -i \"aevalsrc=0.5*sin(2*PI*300*t)|0.5*sin(2*PI*500*t)|"
      "0.5*sin(2*PI*700*t)|0.5*sin(2*PI*60*t)|0.5*sin(2*PI*1100*t)|"
      "0.5*sin(2*PI*1300*t):s=48000:d=2:c=5.1\" -c:a aac -b:a 500k @/in.m4a");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const MixCase *c = &cases[i];
    g_autofree gchar *launch = g_strdup_printf ("filesrc location=@/in.m4a ! "
        "qtdemux : vsladder name=l audio-channels=%u "
        "ladder=\"a:160x120,200k,%uk\" l.src_0 ! filesink location=@/a.ts",
        c->channels, c->channels * 80);
    g_autofree gchar *path = ladder_path ("a.raw");
    g_autofree gchar *decoded = NULL, *data = NULL;
    gsize size;

    ladder_run (launch);
    decoded = ladder_command ("ffmpeg -nostdin -v error -y -i @/a.ts -f f32le "
        "@/a.raw");
    fail_unless (g_file_get_contents (path, &data, &size, NULL));
    fail_unless (size > 72000 * 4 * c->channels);
    for (guint out = 0; out < c->channels; out++) {
      for (guint in = 0; in < G_N_ELEMENTS (tones); in++) {
        const gdouble level = get_level ((gfloat *) data, c->channels, out,
            tones[in]) / 0.5;

        fail_unless (ABS (level - c->levels[out][in]) < 0.08,
            "%u Hz in channel %u of %u: %.3f", tones[in], out, c->channels,
            level);
      }
    }
  }
}

GST_END_TEST;

static Suite *
ladderinput_suite (void)
{
  Suite *suite = suite_create ("vsladderinput");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, ladder_setup, ladder_teardown);
  tcase_add_test (tcase, test_decoders);
  tcase_add_test (tcase, test_audio_missing);
  tcase_add_test (tcase, test_audio_late);
  tcase_add_test (tcase, test_audio_joins);
  tcase_add_test (tcase, test_video_too_late);
  tcase_add_test (tcase, test_second_audio);
  tcase_add_test (tcase, test_audio_gap);
  tcase_add_test (tcase, test_caps_change);
  tcase_add_test (tcase, test_audio_caps_change);
  tcase_add_test (tcase, test_track_ends);
  tcase_add_test (tcase, test_surround);
  tcase_add_test (tcase, test_video_gap_and_jumps);
  return suite;
}

GST_CHECK_MAIN (ladderinput);
