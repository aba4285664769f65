/* VisionStream: tests of vssegmenter.c and vscutter.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "timeline/vssegmenter.h"
#include "teststream.h"

#define UTC G_GINT64_CONSTANT (1700000000000000)
#define HOUR_90K (G_GINT64_CONSTANT (3600) * 90000)
#define START 900000

/* What came out of one cutter. */
typedef struct
{
  VsCutter *cutter;
  GPtrArray *segments;          /* VsSegment, closed */
  GByteArray *bytes;            /* of all */
  guint64 offset;               /* where the open segment's bytes begin */
  gboolean open;
  guint units, configs, warnings, ends;
} Output;

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Output *output = user_data;

  fail_if (output->open);
  fail_if (output->ends > 0);
  output->open = TRUE;
  output->offset = output->bytes->len;
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  Output *output = user_data;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  fail_unless (output->open);
  fail_unless (size > 0 && size % VS_TS_PACKET_SIZE == 0);
  /* a segment begins with the PAT */
  if (output->offset == output->bytes->len)
    fail_unless ((GST_READ_UINT16_BE (data + 1) & 0x1fff) == 0);
  g_byte_array_append (output->bytes, data, size);
  output->units++;
  g_bytes_unref (bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Output *output = user_data;

  fail_unless (output->open);
  output->open = FALSE;
  if (segment->gap)
    g_byte_array_set_size (output->bytes, output->offset);
  segment->size = output->bytes->len - output->offset;
  g_ptr_array_add (output->segments, vs_segment_ref (segment));
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  ((Output *) user_data)->configs++;
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  GST_INFO ("%s: %s", vs_cutter_get_name (cutter), text);
  ((Output *) user_data)->warnings++;
}

static void
on_end (VsCutter * cutter, gpointer user_data)
{
  ((Output *) user_data)->ends++;
}

static const VsCutterCallbacks callbacks = {
  on_open, on_chunk, on_close, on_config, on_warning, on_end
};

static void
output_init (Output * output, VsSegmenter * segmenter, const gchar * name)
{
  memset (output, 0, sizeof *output);
  output->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  output->bytes = g_byte_array_new ();
  output->cutter = vs_segmenter_add (segmenter, name, 0, &callbacks, output);
}

static void
output_clear (Output * output)
{
  vs_cutter_free (output->cutter);
  g_ptr_array_unref (output->segments);
  g_byte_array_unref (output->bytes);
}

static VsSegmenter *
segmenter_new (GstClockTime target)
{
  VsSegmenterSettings settings = {
    .target_duration = target,
    .first_sequence = 1,
    .start_utc_us = UTC,
    .event_utc_us = -1
  };

  return vs_segmenter_new (&settings);
}

static void
push (Output * output, const GByteArray * bytes, gsize chunk)
{
  for (gsize i = 0; i < bytes->len; i += chunk)
    vs_cutter_push (output->cutter, bytes->data + i,
        MIN (chunk, bytes->len - i), GST_CLOCK_TIME_NONE, FALSE);
}

/* "start 180180, idr 180180 DNG": cause, ticks, then D for a discontinuity, N
 * for one that is not independent, G for a gap. */
static gchar *
summarize (const Output * output)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < output->segments->len; i++) {
    const VsSegment *s = g_ptr_array_index (output->segments, i);

    g_string_append_printf (text, "%s%s %" G_GUINT64_FORMAT "%s%s%s%s",
        i ? ", " : "", s->cause, gst_util_uint64_scale_round (s->duration,
            9, 100000), s->discontinuity || !s->independent || s->gap ?
        " " : "", s->discontinuity ? "D" : "", s->independent ? "" : "N",
        s->gap ? "G" : "");
  }
  return g_string_free (text, FALSE);
}

/* What is true of any timeline. */
static void
check_invariants (const Output * output)
{
  for (guint i = 1; i < output->segments->len; i++) {
    const VsSegment *a = g_ptr_array_index (output->segments, i - 1);
    const VsSegment *b = g_ptr_array_index (output->segments, i);
    gint64 a_end = a->start_pts_90k
        + gst_util_uint64_scale_round (a->duration, 9, 100000);

    fail_unless_equals_uint64 (b->sequence, a->sequence + 1);
    fail_unless_equals_uint64 (b->run, a->run + b->discontinuity);
    fail_unless_equals_uint64 (b->discontinuity_sequence,
        a->discontinuity_sequence + b->discontinuity);
    fail_unless (b->utc_us >= a->utc_us + (gint64) a->duration / 1000 - 1);
    if (b->discontinuity)
      continue;
    fail_unless_equals_int64 (a_end, b->start_pts_90k);
    fail_unless (ABS (b->utc_us - a->utc_us - (gint64) a->duration / 1000)
        <= 1);
    for (guint j = 0; j < MIN (a->n_tracks, b->n_tracks); j++) {
      if (a->tracks[j].type == b->tracks[j].type)
        fail_unless_equals_int64 (a->tracks[j].start + a->tracks[j].duration,
            b->tracks[j].start);
    }
  }
}

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
#define PLAIN(n) { .start_90k = S, .frames = n, .gop = 60 }

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
  push (&output, stream.bytes, chunk);
  vs_cutter_drain (output.cutter);
  fail_if (output.open);
  fail_unless_equals_int (output.ends, 1);
  check_invariants (&output);
  *summary = summarize (&output);
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
  push (&output, stream.bytes, 1316);
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
    push (&output, stream.bytes, 1316);
    vs_cutter_drain (output.cutter);
    check_invariants (&output);
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
  push (&output, stream.bytes, 1316);
  vs_cutter_drain (output.cutter);
  check_invariants (&output);
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
    check_invariants (&output);
    segment = g_ptr_array_index (output.segments, 2);
    fail_unless (segment->discontinuity);
    fail_unless_equals_int64 (segment->utc_us - UTC, table[i].expected_us);
    output_clear (&output);
    test_stream_clear (&stream);
  }
}

GST_END_TEST;

#define N_RENDITIONS 4

/* A ladder as it comes from one source: equal times; the third lacks audio,
 * the last is audio alone. With a jump in it. */
static void
make_ladder (TestStream * streams)
{
  for (guint i = 0; i < N_RENDITIONS; i++) {
    TestPiece first = { START, 200, 60 };
    TestPiece second = { START + HOUR_90K, 150, 60 };

    first.b_frames = second.b_frames = i == 1 ? 0 : 2;
    first.picture = second.picture = i == 1 ? TEST_128_2997 : TEST_64_2997;
    test_stream_init (&streams[i], i < 3, i != 2);
    test_stream_add (&streams[i], &first);
    test_stream_add (&streams[i], &second);
  }
}

#define PARTS 24
#define LEAD 6

/* Threads that are kept within LEAD parts (3 s) of each other, as the queues
 * of a ladder do. */
typedef struct
{
  Output *outputs;
  TestStream *streams;
  GMutex lock;
  GCond moved;
  guint done[N_RENDITIONS];     /* parts */
  guint next;                   /* rendition to be taken by a thread */
} Race;

static gboolean
is_too_far_unlocked (Race * race, guint n)
{
  for (guint i = 0; i < N_RENDITIONS; i++) {
    if (race->done[i] + LEAD < race->done[n])
      return TRUE;
  }
  return FALSE;
}

static gpointer
feed_in_thread (gpointer data)
{
  Race *race = data;
  guint n = g_atomic_int_add (&race->next, 1);
  const GByteArray *bytes = race->streams[n].bytes;

  for (guint part = 0; part < PARTS; part++) {
    gsize from = (gsize) bytes->len * part / PARTS;
    gsize to = (gsize) bytes->len * (part + 1) / PARTS;

    g_mutex_lock (&race->lock);
    while (is_too_far_unlocked (race, n))
      g_cond_wait (&race->moved, &race->lock);
    g_mutex_unlock (&race->lock);
    vs_cutter_push (race->outputs[n].cutter, bytes->data + from, to - from,
        GST_CLOCK_TIME_NONE, FALSE);
    if (part == PARTS - 1)
      vs_cutter_drain (race->outputs[n].cutter);
    g_mutex_lock (&race->lock);
    race->done[n]++;
    g_cond_broadcast (&race->moved);
    g_mutex_unlock (&race->lock);
  }
  return NULL;
}

static void
feed_threads (Output * outputs, TestStream * streams)
{
  Race race = { outputs, streams };
  GThread *threads[N_RENDITIONS];

  g_mutex_init (&race.lock);
  g_cond_init (&race.moved);
  for (guint i = 0; i < N_RENDITIONS; i++)
    threads[i] = g_thread_new ("feeder", feed_in_thread, &race);
  for (guint i = 0; i < N_RENDITIONS; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&race.lock);
  g_cond_clear (&race.moved);
}

static void
feed_backwards (Output * outputs, TestStream * streams)
{
  for (guint part = 0; part < 6; part++) {
    for (gint i = N_RENDITIONS - 1; i >= 0; i--) {
      gsize length = streams[i].bytes->len;
      gsize from = length * part / 6, to = length * (part + 1) / 6;

      vs_cutter_push (outputs[i].cutter, streams[i].bytes->data + from,
          to - from, GST_CLOCK_TIME_NONE, FALSE);
      if (part == 5)
        vs_cutter_drain (outputs[i].cutter);
    }
  }
}

/* @way: 0 one after the other, 1 the last ones first, 2 s at a time, 2 in turn,
 * 3 in turn with pieces of other sizes, else in threads */
static void
feed_ladder (Output * outputs, TestStream * streams, guint way)
{
  gboolean more = TRUE;
  gsize offset = 0, piece = way == 2 ? 5000 : 977;

  if (way == 0) {
    for (guint i = 0; i < N_RENDITIONS; i++) {
      push (&outputs[i], streams[i].bytes, 4096);
      vs_cutter_drain (outputs[i].cutter);
    }
    return;
  }
  if (way == 1) {
    feed_backwards (outputs, streams);
    return;
  }
  if (way > 3) {
    feed_threads (outputs, streams);
    return;
  }
  for (; more; offset += piece) {
    more = FALSE;
    for (guint i = 0; i < N_RENDITIONS; i++) {
      const GByteArray *bytes = streams[i].bytes;

      if (offset >= bytes->len)
        continue;
      more = TRUE;
      vs_cutter_push (outputs[i].cutter, bytes->data + offset,
          MIN (piece, bytes->len - offset), GST_CLOCK_TIME_NONE, FALSE);
      if (offset + piece >= bytes->len)
        vs_cutter_drain (outputs[i].cutter);
    }
  }
}

static gchar *
describe_ladder (Output * outputs)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < N_RENDITIONS; i++) {
    g_autofree gchar *summary = summarize (&outputs[i]);
    g_autofree gchar *digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256,
        outputs[i].bytes->data, outputs[i].bytes->len);

    g_string_append_printf (text, "%s %s\n", summary, digest);
  }
  return g_string_free (text, FALSE);
}

static void
check_same_boundaries (Output * outputs)
{
  for (guint i = 1; i < N_RENDITIONS; i++) {
    fail_unless_equals_int (outputs[i].segments->len, outputs[0].segments->len);
    for (guint j = 0; j < outputs[0].segments->len; j++) {
      const VsSegment *a = g_ptr_array_index (outputs[0].segments, j);
      const VsSegment *b = g_ptr_array_index (outputs[i].segments, j);

      fail_unless_equals_uint64 (a->sequence, b->sequence);
      fail_unless_equals_int64 (a->start_pts_90k, b->start_pts_90k);
      fail_unless_equals_int64 (a->utc_us, b->utc_us);
      fail_unless_equals_uint64 (a->duration, b->duration);
      fail_unless_equals_int (a->discontinuity, b->discontinuity);
      fail_unless (b->independent);
    }
  }
}

/* Aligned renditions are cut alike, whichever thread is ahead. The order of
 * pads is that of joining, so an audio-only one that comes first decides
 * nothing. */
GST_START_TEST (test_ladder)
{
  g_autofree gchar *first = NULL;
  TestStream streams[N_RENDITIONS];

  make_ladder (streams);
  for (guint way = 0; way < 14; way++) {
    g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
    g_autofree gchar *text = NULL;
    Output outputs[N_RENDITIONS];

    for (guint i = 0; i < N_RENDITIONS; i++)
      output_init (&outputs[i], segmenter, "r");
    feed_ladder (outputs, streams, way);
    for (guint i = 0; i < N_RENDITIONS; i++) {
      check_invariants (&outputs[i]);
      fail_unless_equals_int (outputs[i].ends, 1);
      fail_unless_equals_int (outputs[i].warnings, 0);
    }
    check_same_boundaries (outputs);
    text = describe_ladder (outputs);
    if (first == NULL)
      first = g_steal_pointer (&text);
    else
      fail_unless (strcmp (first, text) == 0, "way %u:\n%s\n%s", way, first,
          text);
    for (guint i = 0; i < N_RENDITIONS; i++)
      output_clear (&outputs[i]);
  }
  fail_unless (g_str_has_prefix (first, "start 180180, idr 180180, "
          "idr 180180, idr 60060, discont 180180 D, idr 180180, idr 90090 "));
  for (guint i = 0; i < N_RENDITIONS; i++)
    test_stream_clear (&streams[i]);
}

GST_END_TEST;

/* The reference stands still: after 10 s the next one decides, with one
 * warning, and the one that comes back loses nothing. */
GST_START_TEST (test_take_over)
{
  g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
  static const TestPiece piece = { START, 900, 60 };
  TestStream streams[2];
  Output outputs[2];
  gsize half;

  for (guint i = 0; i < 2; i++) {
    test_stream_init (&streams[i], TRUE, TRUE);
    test_stream_add (&streams[i], &piece);
    output_init (&outputs[i], segmenter, i ? "b" : "a");
  }
  half = streams[0].bytes->len / 10;
  vs_cutter_push (outputs[0].cutter, streams[0].bytes->data, half,
      GST_CLOCK_TIME_NONE, FALSE);
  push (&outputs[1], streams[1].bytes, 1316);
  fail_unless_equals_int (outputs[1].warnings, 1);
  fail_unless (outputs[1].segments->len >= 12);
  vs_cutter_push (outputs[0].cutter, streams[0].bytes->data + half,
      streams[0].bytes->len - half, GST_CLOCK_TIME_NONE, FALSE);
  vs_cutter_drain (outputs[0].cutter);
  vs_cutter_drain (outputs[1].cutter);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *summary = summarize (&outputs[i]);

    check_invariants (&outputs[i]);
    fail_unless_equals_int (outputs[i].segments->len, 15);
    fail_unless (strstr (summary, "G") == NULL);
    fail_unless_equals_int (outputs[i].units,
        streams[i].frame + streams[i].audio_frame);
  }
  fail_unless_equals_int (outputs[0].warnings + outputs[1].warnings, 1);
  for (guint i = 0; i < 2; i++) {
    output_clear (&outputs[i]);
    test_stream_clear (&streams[i]);
  }
}

GST_END_TEST;

/* One that never has a byte delays the start by 10 s; one that ends without a
 * byte (a rung that is not made) does not count; the reference may leave. */
GST_START_TEST (test_absent)
{
  g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
  static const TestPiece piece = PLAIN (450);
  TestStream stream;
  Output outputs[4];

  test_stream_init (&stream, TRUE, TRUE);
  test_stream_add (&stream, &piece);
  for (guint i = 0; i < 4; i++)
    output_init (&outputs[i], segmenter, "r");
  vs_cutter_drain (outputs[0].cutter);
  fail_unless_equals_int (outputs[0].ends, 1);
  push (&outputs[2], stream.bytes, 1316);
  push (&outputs[3], stream.bytes, 1316);
  fail_unless (outputs[2].segments->len >= 5);
  /* the reference leaves */
  output_clear (&outputs[2]);
  vs_cutter_drain (outputs[3].cutter);
  fail_unless_equals_int (outputs[3].ends, 0);
  vs_cutter_drain (outputs[1].cutter);
  fail_unless_equals_int (outputs[3].ends, 1);
  fail_unless_equals_int (outputs[3].segments->len, 8);
  fail_unless_equals_int (outputs[0].segments->len, 0);
  output_clear (&outputs[0]);
  output_clear (&outputs[1]);
  output_clear (&outputs[3]);
  test_stream_clear (&stream);
}

GST_END_TEST;

/* A rendition that joins later begins with the next boundary. */
GST_START_TEST (test_late_rendition)
{
  g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
  static const TestPiece piece = PLAIN (300);
  const VsSegment *joined;
  TestStream stream;
  Output outputs[2];

  test_stream_init (&stream, TRUE, TRUE);
  test_stream_add (&stream, &piece);
  output_init (&outputs[0], segmenter, "a");
  vs_cutter_push (outputs[0].cutter, stream.bytes->data,
      stream.bytes->len / 2, GST_CLOCK_TIME_NONE, FALSE);
  output_init (&outputs[1], segmenter, "b");
  push (&outputs[1], stream.bytes, 1316);
  vs_cutter_push (outputs[0].cutter, stream.bytes->data
      + stream.bytes->len / 2, stream.bytes->len - stream.bytes->len / 2,
      GST_CLOCK_TIME_NONE, FALSE);
  vs_cutter_drain (outputs[0].cutter);
  vs_cutter_drain (outputs[1].cutter);
  fail_unless_equals_int (outputs[0].segments->len, 5);
  fail_unless_equals_int (outputs[1].segments->len, 2);
  joined = g_ptr_array_index (outputs[1].segments, 0);
  fail_unless_equals_uint64 (joined->sequence, 4);
  fail_unless (joined->independent);
  for (guint i = 0; i < 2; i++)
    output_clear (&outputs[i]);
  test_stream_clear (&stream);
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
  push (&output, streams[0].bytes, 1316);
  vs_cutter_flush (output.cutter);
  push (&output, streams[1].bytes, 1316);
  vs_cutter_drain (output.cutter);
  check_invariants (&output);
  summary = summarize (&output);
  fail_unless (g_str_has_prefix (summary, "start 180180, idr "));
  fail_unless (g_str_has_suffix (summary, " G, discont 180180 D, idr 90090"));
  /* after the end, too */
  vs_cutter_flush (output.cutter);
  output.ends = 0;
  push (&output, streams[0].bytes, 1316);
  vs_cutter_drain (output.cutter);
  fail_unless_equals_int (output.ends, 1);
  fail_unless_equals_int (output.segments->len, 6);
  check_invariants (&output);
  output_clear (&output);
  test_stream_clear (&streams[0]);
  test_stream_clear (&streams[1]);
}

GST_END_TEST;

/* A follower whose clock jumps alone, or not with the others, costs warnings
 * and its own segments, never memory without end or a stall. */
GST_START_TEST (test_lonely_jump)
{
  for (guint who = 0; who < 2; who++) {
    g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
    TestPiece pieces[2] = { PLAIN (300), {S + HOUR_90K, 900, 60}
    };
    TestPiece steady = PLAIN (1200);
    TestStream streams[2];
    Output outputs[2];

    for (guint i = 0; i < 2; i++) {
      test_stream_init (&streams[i], TRUE, TRUE);
      output_init (&outputs[i], segmenter, i ? "b" : "a");
    }
    test_stream_add (&streams[who], &pieces[0]);
    test_stream_add (&streams[who], &pieces[1]);
    test_stream_add (&streams[1 - who], &steady);
    for (gsize offset = 0; offset < streams[0].bytes->len
        || offset < streams[1].bytes->len; offset += 5000) {
      for (guint i = 0; i < 2; i++) {
        if (offset < streams[i].bytes->len)
          vs_cutter_push (outputs[i].cutter, streams[i].bytes->data + offset,
              MIN (5000, streams[i].bytes->len - offset), GST_CLOCK_TIME_NONE,
              FALSE);
      }
    }
    for (guint i = 0; i < 2; i++)
      vs_cutter_drain (outputs[i].cutter);
    fail_unless (outputs[0].warnings + outputs[1].warnings > 0);
    for (guint i = 0; i < 2; i++) {
      fail_unless_equals_int (outputs[i].ends, 1);
      check_invariants (&outputs[i]);
      output_clear (&outputs[i]);
      test_stream_clear (&streams[i]);
    }
  }
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
  tcase_add_test (tc, test_ladder);
  tcase_add_test (tc, test_take_over);
  tcase_add_test (tc, test_absent);
  tcase_add_test (tc, test_late_rendition);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_lonely_jump);
  tcase_add_test (tc, test_frozen_clock);
  return s;
}

GST_CHECK_MAIN (segmenter);
