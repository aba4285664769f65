/* VisionStream: tests of vssegmenter.c with several renditions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "timeline/cutoutput.h"

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
      output_push (&outputs[i], streams[i].bytes, 4096);
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
    g_autofree gchar *summary = output_summarize (&outputs[i]);
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
      output_check (&outputs[i]);
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
  output_push (&outputs[1], streams[1].bytes, 1316);
  fail_unless_equals_int (outputs[1].warnings, 1);
  fail_unless (outputs[1].segments->len >= 12);
  vs_cutter_push (outputs[0].cutter, streams[0].bytes->data + half,
      streams[0].bytes->len - half, GST_CLOCK_TIME_NONE, FALSE);
  vs_cutter_drain (outputs[0].cutter);
  vs_cutter_drain (outputs[1].cutter);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *summary = output_summarize (&outputs[i]);

    output_check (&outputs[i]);
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
  output_push (&outputs[2], stream.bytes, 1316);
  output_push (&outputs[3], stream.bytes, 1316);
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
  output_push (&outputs[1], stream.bytes, 1316);
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

/* A follower whose clock jumps alone, or not with the others, costs warnings
 * and its own segments, never memory without end or a stall. */
GST_START_TEST (test_lonely_jump)
{
  for (guint who = 0; who < 2; who++) {
    g_autoptr (VsSegmenter) segmenter = segmenter_new (2 * GST_SECOND);
    TestPiece pieces[2] = { PLAIN (300), {START + HOUR_90K, 900, 60}
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
      output_check (&outputs[i]);
      output_clear (&outputs[i]);
      test_stream_clear (&streams[i]);
    }
  }
}

GST_END_TEST;

static Suite *
segmenterladder_suite (void)
{
  Suite *s = suite_create ("vssegmenterladder");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_ladder);
  tcase_add_test (tc, test_take_over);
  tcase_add_test (tc, test_absent);
  tcase_add_test (tc, test_late_rendition);
  tcase_add_test (tc, test_lonely_jump);
  return s;
}

GST_CHECK_MAIN (segmenterladder);
