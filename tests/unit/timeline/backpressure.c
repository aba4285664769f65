/* VisionStream: tests of renditions that run ahead of the reference
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each rendition is pushed by a thread of its own, as by the sources of a
 * pipeline that nothing synchronises.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "timeline/vssegmenter.h"
#include "teststream.h"

#define START 900000
/* more than is held: 1000 frames of 29.97 Hz are 33 s */
#define FRAMES 1000
#define AUDIO_FRAMES ((FRAMES * 3003 + TEST_AUDIO_STEP - 1) / TEST_AUDIO_STEP)
#define CHUNK 1880
#define LONG (60 * GST_SECOND)
#define SHORT (300 * GST_MSECOND)

typedef struct
{
  VsCutter *cutter;
  GByteArray *bytes;
  GString *segments;            /* ms and frames of each */
  guint units, warnings;
  gboolean live;                /* it may not wait */

  GMutex lock;
  GCond cond;
  gsize pushed;                 /* bytes; G_MAXSIZE at the end */
  guint asked;                  /* whether it may wait */
} Rendition;

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  ((Rendition *) user_data)->units = 0;
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  ((Rendition *) user_data)->units++;
  g_bytes_unref (bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Rendition *r = user_data;

  g_string_append_printf (r->segments, "%u:%u%s ",
      (guint) (segment->duration / GST_MSECOND), r->units,
      segment->independent ? "" : "N");
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  ((Rendition *) user_data)->warnings++;
}

static gboolean
may_wait (VsCutter * cutter, gpointer user_data)
{
  Rendition *r = user_data;

  g_mutex_lock (&r->lock);
  r->asked++;
  g_cond_broadcast (&r->cond);
  g_mutex_unlock (&r->lock);
  return !r->live;
}

static void
rendition_init (Rendition * r, VsSegmenter * segmenter, gboolean video)
{
  static const VsCutterCallbacks callbacks = {
    on_open, on_chunk, on_close, on_config, on_warning, NULL, may_wait
  };
  TestPiece piece = { START, FRAMES, 60 };
  TestStream stream;

  memset (r, 0, sizeof *r);
  g_mutex_init (&r->lock);
  g_cond_init (&r->cond);
  test_stream_init (&stream, video, !video);
  test_stream_add (&stream, &piece);
  r->bytes = g_byte_array_ref (stream.bytes);
  test_stream_clear (&stream);
  r->segments = g_string_new (NULL);
  r->cutter = vs_segmenter_add (segmenter, video ? "video" : "audio", 0,
      &callbacks, r);
}

static void
rendition_clear (Rendition * r)
{
  vs_cutter_free (r->cutter);
  g_byte_array_unref (r->bytes);
  g_string_free (r->segments, TRUE);
  g_mutex_clear (&r->lock);
  g_cond_clear (&r->cond);
}

static void
note_pushed (Rendition * r, gsize pushed)
{
  g_mutex_lock (&r->lock);
  r->pushed = pushed;
  g_cond_broadcast (&r->cond);
  g_mutex_unlock (&r->lock);
}

static void
push_up_to (Rendition * r, gsize end)
{
  for (gsize i = r->pushed; i < end; i = r->pushed) {
    vs_cutter_push (r->cutter, r->bytes->data + i, MIN (CHUNK, end - i),
        GST_CLOCK_TIME_NONE, FALSE);
    note_pushed (r, i + MIN (CHUNK, end - i));
  }
}

static gpointer
push_all (gpointer user_data)
{
  Rendition *r = user_data;

  push_up_to (r, r->bytes->len);
  vs_cutter_drain (r->cutter);
  note_pushed (r, G_MAXSIZE);
  return NULL;
}

/* Until its thread holds all that it may */
static void
await_full (Rendition * r)
{
  g_mutex_lock (&r->lock);
  while (r->asked == 0)
    g_cond_wait (&r->cond, &r->lock);
  g_mutex_unlock (&r->lock);
}

static VsSegmenter *
segmenter_new (GstClockTime patience)
{
  VsSegmenterSettings settings = {
    .target_duration = 2 * GST_SECOND,
    .first_sequence = 1,
    .start_utc_us = 0,
    .event_utc_us = -1,
    .patience = patience
  };

  return vs_segmenter_new (&settings);
}

/* 16 segments of 60 frames, the last of 40: at the IDRs, nothing lost */
static void
assert_whole (Rendition * video, Rendition * audio)
{
  g_autoptr (GString) expected = g_string_new (NULL);
  g_auto (GStrv) parts = g_strsplit (audio->segments->str, " ", -1);
  guint frames = 0;

  for (guint i = 0; i < 16; i++)
    g_string_append (expected, "2002:60 ");
  g_string_append (expected, "1334:40 ");
  fail_unless_equals_string (video->segments->str, expected->str);
  fail_unless_equals_int (g_strv_length (parts), 17 + 1);
  for (guint i = 0; i < 17; i++) {
    fail_unless (g_str_has_prefix (parts[i], i < 16 ? "2002:" : "1334:"), "%s",
        parts[i]);
    frames += atoi (strchr (parts[i], ':') + 1);
  }
  fail_unless_equals_int (frames, AUDIO_FRAMES);
  fail_unless_equals_int (video->warnings + audio->warnings, 0);
}

/* Audio that is faster than its video waits for it: whether the video has
 * begun or not, whichever pad is the first. */
GST_START_TEST (test_ahead)
{
  g_autoptr (VsSegmenter) segmenter = segmenter_new (LONG);
  gboolean video_first = __i__ % 2, begun = __i__ / 2;
  Rendition video, audio;
  GThread *thread;

  if (video_first)
    rendition_init (&video, segmenter, TRUE);
  rendition_init (&audio, segmenter, FALSE);
  if (!video_first)
    rendition_init (&video, segmenter, TRUE);
  if (begun)
    push_up_to (&video, video.bytes->len / 10);
  thread = g_thread_new ("audio", push_all, &audio);
  await_full (&audio);
  /* 12 s of 33, and what the video is ahead by */
  fail_unless (audio.pushed < audio.bytes->len / 2);
  push_all (&video);
  g_thread_join (thread);
  assert_whole (&video, &audio);
  rendition_clear (&video);
  rendition_clear (&audio);
}

GST_END_TEST;

typedef enum
{
  ABSENT,
  ENDS,
  LEAVES,
  STANDS_STILL,
  SAME_THREAD,
  LIVE
} Trouble;

static const struct
{
  Trouble trouble;
  GstClockTime patience;
  guint warnings;
} troubles[] = {
  {ABSENT, SHORT, 0}, {ENDS, LONG, 0}, {LEAVES, LONG, 0},
  {STANDS_STILL, SHORT, 1}, {SAME_THREAD, LONG, 1}, {LIVE, LONG, 1},
};

static guint
count_frames (const Rendition * r)
{
  g_auto (GStrv) parts = g_strsplit (r->segments->str, " ", -1);
  guint frames = 0;

  for (guint i = 0; strchr (parts[i], ':'); i++)
    frames += atoi (strchr (parts[i], ':') + 1);
  return frames;
}

/* A video that never comes, comes to an end, leaves or stands still holds the
 * audio up for no longer than was said; nor does one that the same thread
 * brings. A live input is not held up at all. The audio is whole each time. */
GST_START_TEST (test_trouble)
{
  Trouble trouble = troubles[__i__].trouble;
  GstClockTime patience = troubles[__i__].patience;
  g_autoptr (VsSegmenter) segmenter = segmenter_new (patience);
  gint64 start = g_get_monotonic_time (), taken;
  Rendition video, audio;
  GThread *thread = NULL;

  rendition_init (&video, segmenter, TRUE);
  rendition_init (&audio, segmenter, FALSE);
  audio.live = trouble == LIVE;
  if (trouble != ABSENT)
    push_up_to (&video, video.bytes->len / 10);
  if (trouble == SAME_THREAD)
    push_all (&audio);
  else
    thread = g_thread_new ("audio", push_all, &audio);
  if (trouble == ENDS || trouble == LEAVES)
    await_full (&audio);
  if (trouble == ENDS)
    vs_cutter_drain (video.cutter);
  else if (trouble == LEAVES)
    rendition_clear (&video);
  if (thread)
    g_thread_join (thread);
  taken = g_get_monotonic_time () - start;
  fail_unless (taken < GST_TIME_AS_USECONDS (LONG) / 2);
  if (patience == SHORT)
    fail_unless (taken >= GST_TIME_AS_USECONDS (SHORT));
  if (trouble != ENDS && trouble != LEAVES)
    vs_cutter_drain (video.cutter);
  fail_unless_equals_int (audio.warnings, troubles[__i__].warnings);
  fail_unless_equals_int (count_frames (&audio), AUDIO_FRAMES);
  if (trouble != LEAVES)
    rendition_clear (&video);
  rendition_clear (&audio);
}

GST_END_TEST;

/* A pad that is flushed or closed while its thread waits */
GST_START_TEST (test_flushing)
{
  g_autoptr (VsSegmenter) segmenter = segmenter_new (LONG);
  Rendition video, audio;
  GThread *thread;

  rendition_init (&video, segmenter, TRUE);
  rendition_init (&audio, segmenter, FALSE);
  push_up_to (&video, video.bytes->len / 10);
  thread = g_thread_new ("audio", push_all, &audio);
  await_full (&audio);
  vs_cutter_set_flushing (audio.cutter, TRUE);
  g_thread_join (thread);
  fail_unless (audio.pushed == G_MAXSIZE);
  vs_cutter_flush (audio.cutter);
  rendition_clear (&video);
  rendition_clear (&audio);
}

GST_END_TEST;

static Suite *
backpressure_suite (void)
{
  Suite *s = suite_create ("backpressure");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_ahead, 0, 4);
  tcase_add_loop_test (tc, test_trouble, 0, G_N_ELEMENTS (troubles));
  tcase_add_test (tc, test_flushing);
  return s;
}

GST_CHECK_MAIN (backpressure);
