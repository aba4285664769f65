/* VisionStream: tests of picture and sound over a day (faults.md row 29)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every frame of 24 h goes through writer, reader and segmenter; its times are
 * what its number says, off by the noise of a muxer. The 33-bit clock wraps on
 * the way. Two rungs run beside each other, one of them with B-frames, and with
 * audio.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "timeline/vssegmenter.h"
#include "teststream.h"

#define TICKS G_GINT64_CONSTANT (90000)
#define DAY_90K (24 * 3600 * TICKS)
#define AUDIO_RATE 48000
#define AUDIO_FRAME 1024
#define GOP 60
/* pushed at a time, by turns: ten seconds */
#define PIECE_FRAMES (5 * GOP)
/* half an hour before the wrap */
#define START (VS_TS_CLOCK_WRAP - 1800 * TICKS)

typedef struct
{
  VsCutter *cutter;
  TestStream stream;
  TestPicture picture;
  guint b_frames;
  GArray *starts;               /* gint64, of the segments */
  guint64 frames, samples;      /* as the segments' tracks tell them */
  gint64 origin, audio_origin;  /* where those begin */
  guint warnings;
} Rung;

/* 90 kHz of the @n-th frame, counted from the origin: no rounding adds up */
static gint64
frame_time (const Rung * rung, guint64 n)
{
  return test_frame_time (rung->picture, n);
}

/* of the next frame to be pushed */
static gint64
audio_time (const Rung * rung)
{
  return (gint64) rung->stream.audio_frame * TEST_AUDIO_STEP;
}

static void
check_video (Rung * rung, const VsSegment * segment,
    const VsSegmentTrack * track)
{
  if (rung->starts->len == 0)
    rung->origin = track->start;
  /* a frame's place is what its number says, to the tick */
  fail_unless_equals_int64 (track->start - rung->origin,
      frame_time (rung, rung->frames));
  fail_unless_equals_int64 (track->start, segment->start_pts_90k);
  while (frame_time (rung, rung->frames) + rung->origin
      < track->start + track->duration)
    rung->frames++;
}

static void
check_audio (Rung * rung, const VsSegment * segment,
    const VsSegmentTrack * track)
{
  gint64 apart;

  if (rung->starts->len == 0)
    rung->audio_origin = track->start;
  fail_unless_equals_int (track->timescale, AUDIO_RATE);
  fail_unless_equals_int64 (track->start - rung->audio_origin, rung->samples);
  fail_unless_equals_int64 (track->duration % AUDIO_FRAME, 0);
  rung->samples += track->duration;
  /* its first frame is the first one due in the segment */
  apart = track->start * (TICKS / 6000) / (AUDIO_RATE / 6000)
      - segment->start_pts_90k;
  fail_unless (apart >= -2 && apart < TEST_AUDIO_STEP + 2,
      "%" G_GINT64_FORMAT " ticks apart after %" G_GUINT64_FORMAT " samples",
      apart, rung->samples);
}

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  g_bytes_unref (bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Rung *rung = user_data;

  fail_if (segment->gap || (rung->starts->len > 0 && segment->discontinuity));
  for (guint i = 0; i < segment->n_tracks; i++) {
    const VsSegmentTrack *track = &segment->tracks[i];

    if (track->type == VS_MEDIA_VIDEO)
      check_video (rung, segment, track);
    else
      check_audio (rung, segment, track);
  }
  fail_unless_equals_int (segment->n_tracks, rung->stream.audio ? 2 : 1);
  g_array_append_val (rung->starts, segment->start_pts_90k);
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  ((Rung *) user_data)->warnings++;
}

static void
rung_init (Rung * rung, VsSegmenter * segmenter, TestPicture picture,
    gboolean audio, guint b_frames)
{
  static const VsCutterCallbacks callbacks = {
    on_open, on_chunk, on_close, on_config, on_warning, NULL, NULL
  };

  memset (rung, 0, sizeof *rung);
  rung->picture = picture;
  rung->b_frames = b_frames;
  rung->starts = g_array_new (FALSE, FALSE, sizeof (gint64));
  test_stream_init (&rung->stream, TRUE, audio);
  rung->cutter = vs_segmenter_add (segmenter, "rung", 0, &callbacks, rung);
}

static void
rung_clear (Rung * rung)
{
  vs_cutter_free (rung->cutter);
  test_stream_clear (&rung->stream);
  g_array_unref (rung->starts);
}

/* Frames [from, from + PIECE_FRAMES), and the audio that is due with them:
 * both counted from the beginning of all. */
static void
push_piece (Rung * rung, guint64 from)
{
  const TestPiece piece = {.frames = PIECE_FRAMES,.gop = GOP,.b_frames =
        rung->b_frames
  };
  gint64 delay = frame_time (rung, rung->b_frames ? 1 : 0);

  for (guint n = 0; n < PIECE_FRAMES; n++) {
    gint64 dts = frame_time (rung, from + n) - delay;
    gboolean reference;
    guint shown = test_display_order (&piece, n, &reference);

    test_stream_add_video (&rung->stream, rung->picture, n % GOP == 0,
        reference, START + frame_time (rung, from + shown)
        + (gint64) (n % 2), START + dts + (gint64) (n % 3 == 0));
    while (rung->stream.audio
        && audio_time (rung) < frame_time (rung, from + n + 1))
      test_stream_add_audio (&rung->stream, START + audio_time (rung));
  }
  vs_cutter_push (rung->cutter, rung->stream.bytes->data,
      rung->stream.bytes->len, GST_CLOCK_TIME_NONE, FALSE);
  g_byte_array_set_size (rung->stream.bytes, 0);
}

GST_START_TEST (test_day)
{
  /* a day of the rate whose frames are no whole ticks; an hour is enough where
   * they are, or each instruction is many */
  static const TestPicture pictures[] = { TEST_64_23976, TEST_64_2997 };
  gint64 length = __i__ > 0 || g_getenv ("VS_VALGRIND") ? DAY_90K / 24 :
      DAY_90K;
  TestPicture picture = pictures[__i__];
  const VsSegmenterSettings settings = {.target_duration =
        6 * GST_SECOND,.first_sequence = 1,.start_utc_us = 0,.event_utc_us = -1
  };
  g_autoptr (VsSegmenter) segmenter = vs_segmenter_new (&settings);
  Rung rungs[2];
  guint64 frames = 0;
  gint64 drift;

  rung_init (&rungs[0], segmenter, picture, FALSE, 0);
  rung_init (&rungs[1], segmenter, picture, TRUE, 2);
  for (; test_frame_time (picture, frames) < length; frames += PIECE_FRAMES) {
    for (guint i = 0; i < G_N_ELEMENTS (rungs); i++)
      push_piece (&rungs[i], frames);
  }
  for (guint i = 0; i < G_N_ELEMENTS (rungs); i++)
    vs_cutter_drain (rungs[i].cutter);
  for (guint i = 0; i < G_N_ELEMENTS (rungs); i++) {
    const Rung *rung = &rungs[i];
    fail_unless_equals_int (rung->warnings, 0);
    /* the same boundaries, from the first on */
    fail_unless_equals_int (rung->starts->len, rungs[0].starts->len);
    fail_unless (memcmp (rung->starts->data, rungs[0].starts->data,
            rung->starts->len * sizeof (gint64)) == 0);
    fail_unless_equals_int64 (g_array_index (rung->starts, gint64, 0), START);
    fail_unless_equals_uint64 (rung->frames, frames);
  }
  /* what is between the two when all is counted */
  drift = test_frame_time (picture, rungs[1].frames)
      - (gint64) (rungs[1].samples * (TICKS / 6000) / (AUDIO_RATE / 6000));
  fail_unless (ABS (drift) < TEST_AUDIO_STEP, "%" G_GINT64_FORMAT, drift);
  for (guint i = 0; i < G_N_ELEMENTS (rungs); i++)
    rung_clear (&rungs[i]);
}

GST_END_TEST;

static Suite *
drift_suite (void)
{
  Suite *s = suite_create ("drift");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 110);
  tcase_add_loop_test (tc, test_day, 0, 2);
  return s;
}

GST_CHECK_MAIN (drift);
