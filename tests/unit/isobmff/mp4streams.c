/* VisionStream: tests of writing MP4 files from real streams
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Streams go through the TS reader into a movie; ffprobe, qtdemux and the
 * project's own reader then tell what is in it, and that has to be what was
 * written.
 */
#include "isobmff/movie.h"

#include <glib/gstdio.h>
#include <string.h>

#include "boxes.h"

#define CLOCK 90000
#define STBL "moov/trak/mdia/minf/stbl/"

static gboolean
make_ts (const gchar * folder, const gchar * recipe, Source * source)
{
  g_autofree gchar *path = g_build_filename (folder, "a.ts", NULL);
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -y -f lavfi -i "
      "testsrc=s=192x108:r=30 -f lavfi -i sine=r=48000 -t 2 -g 30 "
      "-pix_fmt yuv420p -preset ultrafast %s %s", recipe, path);
  gboolean made = run (line, NULL) && source_load (source, path);

  g_remove (path);
  if (!made)
    g_print ("skipped: no ffmpeg with this encoder\n");
  return made;
}

static gint64
get_first_pts_90k (const Source * source, guint i)
{
  gint64 first = G_MAXINT64;

  for (guint j = 0; j < source->tracks[i].samples->len; j++)
    first = MIN (first, source->start[i]
        + g_array_index (source->tracks[i].samples, VsSample, j).pts);
  return gst_util_uint64_scale_round (first, CLOCK, source->timescale[i]);
}

static gint64
get_start_90k (const Source * source)
{
  return MIN (get_first_pts_90k (source, 0), get_first_pts_90k (source, 1));
}

static void
check_movie (const Movie * movie, gint64 start_90k)
{
  movie_check_reader (movie, start_90k);
  movie_check_ffprobe (movie, start_90k);
  movie_check_gstreamer (movie, start_90k);
  movie_check_decodes (movie);
}

static const struct
{
  const gchar *recipe;
  gint64 audio_delay_90k;
} recipes[] = {
  {"-c:v libx264 -bf 2 -c:a aac", 0},
  {"-c:v libx264 -bf 2 -c:a aac", 45000},
  {"-c:v libx264 -bf 2 -c:a aac", -45000},
  {"-c:v libx264 -bf 0 -c:a ac3", 0},
  {"-c:v libx265 -x265-params log-level=0 -c:a eac3", 15},
};

GST_START_TEST (test_streams)
{
  g_autoptr (Movie) movie = movie_new ();
  g_auto (Source) source = { 0 };
  g_autoptr (GBytes) head = NULL;

  if (!make_ts (movie->folder, recipes[__i__].recipe, &source))
    return;
  source.start[1] += recipes[__i__].audio_delay_90k * 48000 / CLOCK;
  movie_add_source (movie, &source, 0);
  head = movie_write (movie, 0);
  check_movie (movie, get_start_90k (&source));
}

GST_END_TEST;

/* Pictures are those of the stream, none more and none less. */
static void
compare_pictures (const gchar * path, const gchar * original)
{
  const gchar *paths[] = { path, original };
  g_autofree gchar *hashes[2] = { NULL };

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -i %s -map "
        "0:v:0 -map 0:a:0 -fps_mode passthrough -f streamhash -hash md5 -",
        paths[i]);

    fail_unless (run (line, &hashes[i]), "%s", line);
  }
  fail_unless_equals_string (hashes[0], hashes[1]);
  g_free (hashes[1]);
}

/* Real streams: ones of film, with captions, and with 5.1 sound. */
static const gchar *const clips[] = {
  "sintel-608.ts", "big-buck-bunny-5s-720p-aac51.mp4"
};

GST_START_TEST (test_clips)
{
  g_autofree gchar *clip = g_build_filename (g_getenv ("VS_MEDIA_DIR"),
      clips[__i__], NULL);
  g_autoptr (Movie) movie = movie_new ();
  g_autofree gchar *ts = g_build_filename (movie->folder, "a.ts", NULL);
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -i %s -c copy "
      "-copyts -muxdelay 0 %s", clip, ts);
  g_auto (Source) source = { 0 };
  g_autoptr (GBytes) head = NULL;

  if (!g_file_test (clip, G_FILE_TEST_EXISTS)) {
    g_print ("skipped: no ../shared/media\n");
    return;
  }
  fail_unless (g_str_has_suffix (clip, ".ts") || run (line, NULL), "%s", line);
  fail_unless (source_load (&source, g_str_has_suffix (clip, ".ts") ?
          clip : ts));
  movie_add_source (movie, &source, 0);
  head = movie_write (movie, 0);
  check_movie (movie, get_start_90k (&source));
  compare_pictures (movie->path, g_str_has_suffix (clip, ".ts") ? clip : ts);
  g_remove (ts);
}

GST_END_TEST;

/* What is missing between two runs is missing in the movie, of all tracks. */
GST_START_TEST (test_hole)
{
  g_autoptr (Movie) movie = movie_new ();
  g_auto (Source) source = { 0 };
  g_autoptr (GBytes) head = NULL;

  if (!make_ts (movie->folder, "-c:v libx264 -bf 2 -c:a aac", &source))
    return;
  movie_add_source (movie, &source, 0);
  movie_add_source (movie, &source, 10 * CLOCK);
  head = movie_write (movie, 0);
  check_movie (movie, get_start_90k (&source));
}

GST_END_TEST;

GST_START_TEST (test_config_change)
{
  g_autoptr (Movie) movie = movie_new ();
  g_auto (Source) source = { 0 };
  g_auto (Source) other = { 0 };
  g_autoptr (GBytes) head = NULL;
  g_autofree gchar *line = NULL;
  g_autofree gchar *output = NULL;
  g_auto (GStrv) lines = NULL;
  guint n[2] = { 0 };
  Box box;

  if (!make_ts (movie->folder, "-c:v libx264 -bf 2 -c:a aac", &source)
      || !make_ts (movie->folder, "-c:v libx264 -bf 2 -s 320x180 -c:a aac",
          &other))
    return;
  movie_add_source (movie, &source, 0);
  fail_unless (vs_mp4_writer_set_config (movie->writer, 0,
          other.tracks[0].config, NULL));
  movie_add_source (movie, &other, 3 * CLOCK);
  head = movie_write (movie, 0);
  fail_unless (box_find (head, STBL "stsd/4", &box));
  fail_unless_equals_int (GST_READ_UINT32_BE (box.data), 2);
  check_movie (movie, get_start_90k (&source));
  line = g_strdup_printf ("ffprobe -v error -select_streams v -show_entries "
      "frame=width,height -of compact=p=0:nk=1 %s", movie->path);
  fail_unless (run (line, &output));
  lines = g_strsplit (output, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    n[g_str_has_prefix (lines[i], "320|180")] +=
        g_ascii_isdigit (lines[i][0]) != 0;
  for (guint i = 0; i < 2; i++)
    fail_unless_equals_int (n[i], (i == 0 ? &source : &other)
        ->tracks[0].samples->len);
}

GST_END_TEST;

/* MPEG audio, whose frames are in files of their own. */
static const struct
{
  const gchar *recipe, *name;
  guint8 object_type;
} mpeg_audio[] = {
  {"-c:a libmp3lame -ar 44100", "mp3", 0x6b},
  {"-c:a libmp3lame -ar 22050", "mp3", 0x69},
  {"-c:a mp2 -ar 48000", "mp2", 0x6b},
};

static void
add_frames (Movie * movie, const guint8 * data, gsize size)
{
  g_autoptr (VsCodecConfig) config = NULL;
  MovieTrack *track = NULL;
  VsSample sample = {.sync = TRUE };
  gsize frame;
  guint rate;

  for (; size > 0; data += frame, size -= frame) {
    frame = size;
    sample.duration =
        vs_codec_audio_frame (VS_CODEC_MPEG_AUDIO, data, &frame, &rate);
    fail_unless (sample.duration > 0);
    if (track == NULL) {
      config = vs_codec_config_from_unit (VS_CODEC_MPEG_AUDIO, data, frame,
          NULL);
      track = movie_add_track (movie, config, rate);
    }
    sample.size = frame;
    movie_add_chunk (movie, track, 0, &sample, 1, data);
    sample.pts = sample.dts += sample.duration;
  }
}

GST_START_TEST (test_mpeg_audio)
{
  g_autoptr (Movie) movie = movie_new ();
  g_autofree gchar *path = g_build_filename (movie->folder, "a", NULL);
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -y -f lavfi -i sine -t 2 "
      "-write_xing 0 -id3v2_version 0 %s -f %s %s", mpeg_audio[__i__].recipe,
      mpeg_audio[__i__].name, path);
  g_autofree gchar *data = NULL, *output = NULL;
  g_autoptr (GBytes) head = NULL;
  gsize size;
  Box box;

  fail_unless (run (line, NULL), "%s", line);
  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  g_remove (path);
  add_frames (movie, (const guint8 *) data, size);
  head = movie_write (movie, 0);
  fail_unless (box_find (head, STBL "stsd/8/mp4a/28/esds/17", &box));
  fail_unless_equals_int (box.data[0], mpeg_audio[__i__].object_type);
  movie_check_ffprobe (movie, 0);
  movie_check_decodes (movie);
}

GST_END_TEST;

static Suite *
mp4streams_suite (void)
{
  Suite *s = suite_create ("mp4streams");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_streams, 0, G_N_ELEMENTS (recipes));
  tcase_add_loop_test (tc, test_clips, 0, G_N_ELEMENTS (clips));
  tcase_add_test (tc, test_hole);
  tcase_add_test (tc, test_config_change);
  tcase_add_loop_test (tc, test_mpeg_audio, 0, G_N_ELEMENTS (mpeg_audio));
  return s;
}

GST_CHECK_MAIN (mp4streams);
