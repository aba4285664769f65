/* VisionStream: tests of vssegmenter.c and vscutter.c, a rendition at a time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "timeline/cutoutput.h"

typedef struct
{
  const gchar *name;
  gboolean no_video, no_audio;
  TestPiece pieces[3];
  const gchar *expected;
  guint warnings;
  guint target_ms;              /* 0: 2 s */
} Case;

#define S START

static const Case cases[] = {
  {"plain", FALSE, FALSE, {PLAIN (200)},
      "start 180180, idr 180180, idr 180180, idr 60060"},
  {"video only", FALSE, TRUE, {PLAIN (200)},
      "start 180180, idr 180180, idr 180180, idr 60060"},
  /* the first frame at or after 2 s less half a frame is number 94 */
  {"audio only", TRUE, FALSE, {PLAIN (150)},
      "start 180480, audio 180480, audio 90240"},
  {"B-frames", FALSE, FALSE, {{S, 200, 60,.b_frames = 2}},
      "start 180180, idr 180180, idr 180180, idr 60060"},
  /* the sound ends between the last keyframe's DTS and its PTS */
  {"B-frames, and a keyframe at the end", FALSE, FALSE,
        {{S, 61, 60,.b_frames = 2,.delay = 2,.audio_to_90k = 180180}},
      "start 180180, idr 3003"},
  {"23.976", FALSE, FALSE, {{S, 120, 48,.picture = TEST_64_23976}},
      "start 180180, idr 180180, idr 90090"},
  {"noise of two ticks is taken off the times", FALSE, FALSE,
        {{S, 200, 60,.noise_90k = 2}},
      "start 180180, idr 180180, idr 180180, idr 60060"},
  {"half a frame short counts as reached", FALSE, FALSE, {PLAIN (200)},
      "start 180180, idr 180180, idr 180180, idr 60060", 0, 2018},
  {"more than half a frame does not", FALSE, FALSE, {PLAIN (200)},
      "start 360360, idr 240240", 0, 2020},
  /* row 22: the wrap is 3 s after the start */
  {"33-bit wrap", FALSE, FALSE,
        {{VS_TS_CLOCK_WRAP - 270000, 200, 60}},
      "start 180180, idr 180180, idr 180180, idr 60060"},
  /* row 23 */
  {"one hour ahead", FALSE, FALSE,
        {PLAIN (90), {S + HOUR_90K, 100, 60}},
      "start 180180, idr 90090, discont 180180 D, idr 120120"},
  {"one hour back", FALSE, FALSE,
        {{S + HOUR_90K, 90, 60}, {S, 100, 60}},
      "start 180180, idr 90090, discont 180180 D, idr 120120"},
  {"a jump without a keyframe after it: up to that is left out", FALSE, FALSE,
        {PLAIN (90), {S + HOUR_90K, 100, 60,.first_idr = 10}},
      "start 180180, idr 90090, discont 180180 D, idr 90090"},
  /* row 28: 179 frames are the most in 6 s, which fixes the target duration
   * at 6; 194 the most that still round to it */
  {"no IDR for 20 s", FALSE, FALSE, {{S, 600, 1000}},
      "start 537537, max 582582 N, max 582582 N, max 99099 N", 3},
  {"no IDR for 30 s", FALSE, FALSE, {{S, 1000, 930}},
      "start 537537, max 582582 N, max 582582 N, max 582582 N, "
      "max 507507 N, idr 210210", 4},
  /* only ahead of a P-frame: 178 and 192 */
  {"no IDR for 20 s, B-frames", FALSE, FALSE, {{S, 600, 1000,.b_frames = 2}},
      "start 534534, max 576576 N, max 576576 N, max 114114 N", 3},
  {"IDR after 45 frames: they are left out", FALSE, FALSE,
      {{S, 200, 60,.first_idr = 45}}, "start 180180, idr 180180, idr 105105"},
  /* 6 s are waited for it: 180 frames */
  {"no IDR at all", FALSE, FALSE, {{S, 300, 0}}, "start 360360 N", 1},
  {"GOPs of 0.5 s", FALSE, FALSE, {{S, 150, 15}},
      "start 180180, idr 180180, idr 90090"},
  {"GOPs of 3 s", FALSE, FALSE, {{S, 250, 90}},
      "start 270270, idr 270270, idr 210210"},
  /* row 25 */
  {"audio announced, but none", FALSE, FALSE,
        {{S, 200, 60,.audio_from_90k = 1,.audio_to_90k = 2}},
      "start 180180, idr 180180, idr 180180, idr 60060"},
  {"audio starts late", FALSE, FALSE,
        {{S, 300, 60,.audio_from_90k = 500000,.audio_to_90k = HOUR_90K}},
      "start 180180, idr 180180, idr 180180, idr 180180, idr 180180"},
  {"audio stops", FALSE, FALSE,
        {{S, 300, 60,.audio_to_90k = 300000}},
      "start 180180, idr 180180, idr 180180, idr 180180, idr 180180"},
  {"audio has a hole of 4 s", FALSE, FALSE,
        {{S, 100, 60,.audio_to_90k = 300300}, {S + 300300, 120, 20,
                .audio_from_90k = 360000,.audio_to_90k = HOUR_90K}},
      "start 180180, idr 180180, idr 180180, idr 120120"},
  /* row 26: cut at audio frames, on with the first IDR */
  {"video stops and comes back", FALSE, FALSE,
        {{S, 420, 60,.no_video_from_90k = 360360,
                .no_video_to_90k = 900900}},
      "start 180180, idr 180780, audio 180480, audio 180480, audio 178980, "
        "idr 180180, idr 180180"},
  /* row 27 */
  {"another picture size", FALSE, FALSE,
        {PLAIN (90), {S + 90 * 3003, 120, 60,.picture = TEST_128_2997}},
      "start 180180, idr 90090, config 180180 D, idr 180180"},
};

static void
feed (TestStream * stream, const Case * c)
{
  test_stream_init (stream, !c->no_video, !c->no_audio);
  for (guint i = 0; i < G_N_ELEMENTS (c->pieces); i++) {
    if (c->pieces[i].frames > 0)
      test_stream_add (stream, &c->pieces[i]);
  }
}

static void
run_case (const Case * c, gsize chunk, gchar ** summary, gchar ** digest)
{
  g_autoptr (VsSegmenter) segmenter =
      segmenter_new ((c->target_ms ? c->target_ms : 2000) * GST_MSECOND);
  TestStream stream;
  Output output;

  feed (&stream, c);
  output_init (&output, segmenter, "a");
  output_push (&output, stream.bytes, chunk);
  vs_cutter_drain (output.cutter);
  fail_if (output.open);
  fail_unless_equals_int (output.ends, 1);
  output_check (&output);
  *summary = output_summarize (&output);
  *digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256,
      output.bytes->data, output.bytes->len);
  fail_unless (output.warnings == c->warnings, "%s: %u warnings", c->name,
      output.warnings);
  output_clear (&output);
  test_stream_clear (&stream);
}

GST_START_TEST (test_cut)
{
  const Case *c = &cases[__i__];
  static const gsize chunks[] = { 188 * 7, 1, 1000003 };
  g_autofree gchar *earlier = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    g_autofree gchar *summary = NULL;
    g_autofree gchar *digest = NULL;

    run_case (c, chunks[i], &summary, &digest);
    fail_unless (strcmp (summary, c->expected) == 0, "%s: %s instead of %s",
        c->name, summary, c->expected);
    /* the same bytes, however they came */
    if (earlier == NULL)
      earlier = g_steal_pointer (&digest);
    else
      fail_unless_equals_string (earlier, digest);
  }
}

GST_END_TEST;

/* The tracks of the first segments of a rendition with video and audio. */
GST_START_TEST (test_tracks)
{
  static const Case c = { "tracks", FALSE, FALSE, {PLAIN (200)} };
  g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
  /* frames 0-93, 94-187 and so on hold the boundaries: each frame belongs to
   * the segment that holds its PTS */
  static const gint64 audio_frames[] = { 94, 94, 94, 31 };
  gint64 audio = 10 * 48000, video = START;
  TestStream stream;
  Output output;

  feed (&stream, &c);
  output_init (&output, segmenter, "a");
  output_push (&output, stream.bytes, 1316);
  vs_cutter_drain (output.cutter);
  fail_unless_equals_int (output.segments->len, 4);
  fail_unless_equals_int (output.configs, 2);
  fail_unless_equals_int (output.units, stream.frame + stream.audio_frame);
  for (guint i = 0; i < 4; i++) {
    const VsSegment *s = g_ptr_array_index (output.segments, i);
    const VsSegmentTrack *v = vs_segment_get_track (s, VS_MEDIA_VIDEO);
    const VsSegmentTrack *a = vs_segment_get_track (s, VS_MEDIA_AUDIO);

    fail_unless_equals_int (s->n_tracks, 2);
    fail_unless_equals_int (v->timescale, 90000);
    fail_unless_equals_int64 (v->start, video);
    fail_unless_equals_int (strlen (v->config_id), 8);
    fail_unless_equals_int (a->timescale, 48000);
    fail_unless_equals_int64 (a->start, audio);
    fail_unless_equals_int64 (a->duration, audio_frames[i] * 1024);
    fail_unless_equals_int (strlen (a->config_id), 8);
    fail_unless_equals_int64 (s->event_utc_us, UTC);
    /* what is left is PSI and the headers of packets and PES */
    fail_unless (v->size > 0 && a->size > 0);
    fail_unless (v->size + a->size < s->size);
    video += v->duration;
    audio += a->duration;
  }
  fail_unless_equals_int64 (video, START + 200 * 3003);
  output_clear (&output);
  test_stream_clear (&stream);
}

GST_END_TEST;

static void
find_marks (const Output * output, GString * marks)
{
  for (guint i = 0; i < output->segments->len; i++) {
    const VsSegment *s = g_ptr_array_index (output->segments, i);
    const VsSegmentTrack *a = vs_segment_get_track (s, VS_MEDIA_AUDIO);

    g_string_append (marks, a == NULL ? "-" : a->config_id[0] ? "a" : "_");
  }
}

/* Segments without audio say so, and times still touch. */
GST_START_TEST (test_missing_audio)
{
  static const struct
  {
    TestPiece piece;
    const gchar *marks;
  } table[] = {
    {{S, 300, 60,.audio_from_90k = 500000,.audio_to_90k = HOUR_90K}, "--aaa"},
    {{S, 300, 60,.audio_to_90k = 300000}, "aa___"},
    {{S, 300, 60,.audio_from_90k = 1,.audio_to_90k = 2}, "-----"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
    g_autoptr (GString) marks = g_string_new (NULL);
    TestStream stream;
    Output output;

    test_stream_init (&stream, TRUE, TRUE);
    test_stream_add (&stream, &table[i].piece);
    output_init (&output, segmenter, "a");
    output_push (&output, stream.bytes, 1316);
    vs_cutter_drain (output.cutter);
    output_check (&output);
    find_marks (&output, marks);
    fail_unless_equals_string (marks->str, table[i].marks);
    fail_unless_equals_int (output.units, stream.frame + stream.audio_frame);
    output_clear (&output);
    test_stream_clear (&stream);
  }
}

GST_END_TEST;

/* Continuing an archive: numbers, one discontinuity, the fixed target, UTC. */
GST_START_TEST (test_continue)
{
  VsSegmenterSettings settings = {
    .target_duration = 2 * GST_SECOND,
    .first_sequence = 100001,
    .first_discontinuity_sequence = 7,
    .first_run = 9,
    .continues = TRUE,
    .fixed_target = 3,
    .min_utc_us = UTC + 5,
    .start_utc_us = UTC,
    .event_utc_us = UTC - 77
  };
  static const Case c = { "continue", FALSE, FALSE, {PLAIN (130)} };
  g_autoptr (VsSegmenter) segmenter = vs_segmenter_new (&settings);
  const VsSegment *one, *two;
  TestStream stream;
  Output output;

  feed (&stream, &c);
  output_init (&output, segmenter, "a");
  output_push (&output, stream.bytes, 1316);
  vs_cutter_drain (output.cutter);
  output_check (&output);
  one = g_ptr_array_index (output.segments, 0);
  two = g_ptr_array_index (output.segments, 1);
  fail_unless_equals_uint64 (one->sequence, 100001);
  fail_unless_equals_uint64 (one->discontinuity_sequence, 7);
  fail_unless_equals_uint64 (one->run, 9);
  fail_unless_equals_int64 (one->utc_us, UTC + 5);
  fail_unless_equals_int64 (one->event_utc_us, UTC - 77);
  fail_unless_equals_int64 (two->event_utc_us, UTC - 77);
  fail_unless (one->discontinuity);
  fail_if (two->discontinuity);
  fail_unless_equals_int (vs_segmenter_get_fixed_target (segmenter), 3);
  output_clear (&output);
  test_stream_clear (&stream);
}

GST_END_TEST;

/* The wall clock at the door tells how long a jump took; without it UTC runs
 * with the media. */
GST_START_TEST (test_utc_over_a_jump)
{
  static const struct
  {
    GstClockTime before, after;
    gint64 expected_us;
  } table[] = {
    {GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 3003000},
    {0, 10 * GST_SECOND, 10000000},
    /* never back */
    {0, GST_SECOND, 3003000},
    {20 * GST_SECOND, GST_SECOND, 3003000},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
    static const TestPiece before = PLAIN (90);
    static const TestPiece after = { S + HOUR_90K, 90, 60 };
    const VsSegment *segment;
    TestStream stream;
    Output output;
    gsize cut;

    test_stream_init (&stream, TRUE, TRUE);
    test_stream_add (&stream, &before);
    cut = stream.bytes->len;
    test_stream_add (&stream, &after);
    output_init (&output, segmenter, "a");
    vs_cutter_push (output.cutter, stream.bytes->data, cut, table[i].before,
        TRUE);
    vs_cutter_push (output.cutter, stream.bytes->data + cut,
        stream.bytes->len - cut, table[i].after, TRUE);
    vs_cutter_drain (output.cutter);
    output_check (&output);
    segment = g_ptr_array_index (output.segments, 2);
    fail_unless (segment->discontinuity);
    fail_unless_equals_int64 (segment->utc_us - UTC, table[i].expected_us);
    output_clear (&output);
    test_stream_clear (&stream);
  }
}

GST_END_TEST;

/* A flush drops the open segment; what follows is a discontinuity. */
GST_START_TEST (test_flush)
{
  g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
  static const TestPiece before = PLAIN (90);
  static const TestPiece after = { S + HOUR_90K, 90, 60 };
  g_autofree gchar *summary = NULL;
  TestStream streams[2];
  Output output;

  test_stream_init (&streams[0], TRUE, TRUE);
  test_stream_add (&streams[0], &before);
  test_stream_init (&streams[1], TRUE, TRUE);
  test_stream_add (&streams[1], &after);
  output_init (&output, segmenter, "a");
  output_push (&output, streams[0].bytes, 1316);
  vs_cutter_flush (output.cutter);
  output_push (&output, streams[1].bytes, 1316);
  vs_cutter_drain (output.cutter);
  output_check (&output);
  summary = output_summarize (&output);
  fail_unless (g_str_has_prefix (summary, "start 180180, idr "));
  fail_unless (g_str_has_suffix (summary, " G, discont 180180 D, idr 90090"));
  /* after the end, too */
  vs_cutter_flush (output.cutter);
  output.ends = 0;
  output_push (&output, streams[0].bytes, 1316);
  vs_cutter_drain (output.cutter);
  fail_unless_equals_int (output.ends, 1);
  fail_unless_equals_int (output.segments->len, 6);
  output_check (&output);
  output_clear (&output);
  test_stream_clear (&streams[0]);
  test_stream_clear (&streams[1]);
}

GST_END_TEST;

/* Decoding times that stand still short of the first boundary: units wait for
 * the order to come there, but not without end. */
GST_START_TEST (test_frozen_clock)
{
  const gsize unit_size = 1024 * 1024;
  g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
  g_autofree guint8 *payload = g_malloc (unit_size);
  VsTsUnit unit = {.pts_90k = START,.dts_90k = START - 3003,.data = payload,
    .size = unit_size
  };
  TestStream stream;
  Output output;
  guint n;

  memset (payload, 0x55, unit_size);
  memcpy (payload, "\0\0\1\101\232\40", 6);
  test_stream_init (&stream, TRUE, FALSE);
  test_stream_add_video (&stream, TEST_64_2997, TRUE, TRUE, START,
      START - 3003);
  output_init (&output, segmenter, "a");
  for (n = 0; n < 64 && output.units == 0; n++) {
    vs_cutter_push (output.cutter, stream.bytes->data, stream.bytes->len,
        GST_CLOCK_TIME_NONE, TRUE);
    g_byte_array_set_size (stream.bytes, 0);
    vs_ts_writer_write_unit (stream.writer, &unit, stream.bytes);
  }
  fail_unless (n > 30 && n < 36, "%u MiB waited", n);
  output_clear (&output);
  test_stream_clear (&stream);
}

GST_END_TEST;

static Suite *
segmenter_suite (void)
{
  Suite *s = suite_create ("vssegmenter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_cut, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tc, test_tracks);
  tcase_add_test (tc, test_missing_audio);
  tcase_add_test (tc, test_continue);
  tcase_add_test (tc, test_utc_over_a_jump);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_frozen_clock);
  return s;
}

GST_CHECK_MAIN (segmenter);
