/* VisionStream: tests of recordings that are made while an event runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <stdio.h>

#include "archive/recordercheck.h"

#define UTC G_GINT64_CONSTANT (1767225600000000)

static Clip *clip;
static GArray *fed;

static void
setup (void)
{
  archive_setup ();
  recorder_log_clear ();
  clip = clip_make (root, "a.ts", "-b:a 64k");
  fed = g_array_new (FALSE, FALSE, sizeof (Fed));
}

static void
teardown (void)
{
  g_clear_pointer (&clip, clip_free);
  g_clear_pointer (&fed, g_array_unref);
  recorder_log_clear ();
  archive_teardown ();
}

static gint64
utc_of (guint segment)
{
  return UTC + segment * G_TIME_SPAN_SECOND;
}

/* Ends the event; there is one recording, with all that was fed. */
static void
finish_and_check (Chain * chain, gboolean keep_gaps, guint gaps)
{
  g_autofree gchar *path = NULL;

  fail_unless (chain_end (chain));
  chain_close (chain);
  path = recording_find ();
  fail_unless_equals_int (recording_count (".recording"), 0);
  fail_unless_equals_string (recorder_log.info->location, path);
  fail_unless_equals_int (recorder_log.info->gaps, gaps);
  recording_check (path, fed, keep_gaps);
}

GST_START_TEST (test_whole)
{
  const ChainSettings settings = { NULL };
  g_autofree gchar *path = NULL;
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, clip->segments->len, 1, 0, UTC, fed);
  finish_and_check (&chain, FALSE, 0);
  path = recording_find ();
  fail_unless (g_str_has_suffix (path,
          "/default/live/recordings/live-20260101T000000Z_a.mp4"), "%s", path);
  fail_unless_equals_int (recorder_log.finished, 1);
  fail_unless_equals_int (recorder_log.warnings + recorder_log.failed, 0);
  fail_unless_equals_string (recorder_log.info->rendition, "a");
  fail_unless (ABS (recorder_log.info->duration - 20. * GST_SECOND) <
      50 * GST_MSECOND);
  g_ptr_array_unref (archive_check_ended (store, ARCHIVE_FOLDER, "a"));
}

GST_END_TEST;

/* All segments as one TS: (transfer full) its path */
static gchar *
join_segments (void)
{
  gchar *path = g_build_filename (root, "all.ts", NULL);
  FILE *file = fopen (path, "w");

  for (guint i = 0; i < clip->bytes->len; i++) {
    gsize size;
    gconstpointer data =
        g_bytes_get_data (g_ptr_array_index (clip->bytes, i), &size);

    fail_unless (fwrite (data, size, 1, file) == 1);
  }
  fail_unless (fclose (file) == 0);
  return path;
}

/* Pictures and sound are those of the segments, none more and none less. */
GST_START_TEST (test_decoded)
{
  const ChainSettings settings = { NULL };
  g_autofree gchar *path = NULL, *joined = NULL;
  const gchar *paths[2];
  gchar *hashes[2];
  Chain chain;

  if (clip == NULL)
    return;
  paths[0] = joined = join_segments ();
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, clip->segments->len, 1, 0, UTC, NULL);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  paths[1] = path = recording_find ();
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -i %s -map "
        "0:v:0 -map 0:a:0 -fps_mode passthrough -f streamhash -hash md5 -",
        paths[i]);

    hashes[i] = run_tool (line);
  }
  fail_unless_equals_string (hashes[0], hashes[1]);
  g_free (hashes[0]);
  g_free (hashes[1]);
}

GST_END_TEST;

/* Segments that are missing, a run that begins with the same clock, and one
 * whose clock is elsewhere: closed up, or as long as on the wall. */
GST_START_TEST (test_gaps)
{
  const ChainSettings settings = {.keep_gaps = __i__ };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 4, 1, 0, UTC, fed);
  chain_feed_clip (&chain, clip, 6, 8, 7, 0, utc_of (6), fed);
  chain_feed_clip (&chain, clip, 2, 5, 9, 1, utc_of (20), fed);
  chain_feed_clip (&chain, clip, 15, 18, 12, 2, utc_of (24), fed);
  finish_and_check (&chain, __i__, 3);
}

GST_END_TEST;

/* Another picture and other sound in the middle, and back again. */
GST_START_TEST (test_configurations)
{
  const ChainSettings settings = { NULL };
  g_autoptr (Clip) other = clip_make (root, "b.ts", "-s 320x180");
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 3, 1, 0, UTC, fed);
  chain_feed_clip (&chain, other, 3, 5, 4, 1, utc_of (3), fed);
  chain_feed_clip (&chain, clip, 5, 8, 6, 2, utc_of (5), fed);
  finish_and_check (&chain, FALSE, 2);
}

GST_END_TEST;

/* There are files of so many segments each, all that was fed and no more. */
static void
check_files (const gchar * const *names, const guint * sizes, guint n)
{
  guint done = 0;

  fail_unless_equals_int (recording_count (".mp4"), n);
  fail_unless_equals_int (recording_count (".recording"), 0);
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *path = g_build_filename (root, ARCHIVE_FOLDER,
        "recordings", names[i], NULL);
    g_autoptr (GArray) part = g_array_new (FALSE, FALSE, sizeof (Fed));

    g_array_append_vals (part, &g_array_index (fed, Fed, done), sizes[i]);
    recording_check (path, part, FALSE);
    done += sizes[i];
  }
  fail_unless_equals_int (done, fed->len);
}

/* What a track can't go on with goes into another file. */
GST_START_TEST (test_other_codec)
{
  static const gchar *const names[] = {
    "live-20260101T000000Z_a.mp4", "live-20260101T000003Z_a.mp4"
  };
  static const guint sizes[] = { 3, 2 };
  const ChainSettings settings = { NULL };
  g_autoptr (Clip) other = clip_make (root, "b.ts", "-ar 44100");
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 3, 1, 0, UTC, fed);
  chain_feed_clip (&chain, other, 3, 5, 4, 1, utc_of (3), fed);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  fail_unless_equals_int (recorder_log.finished, 2);
  check_files (names, sizes, 2);
}

GST_END_TEST;

/* A file as long as it is to be is finished while the event goes on. */
GST_START_TEST (test_rollover)
{
  static const gchar *const names[] = {
    "a.000000.mp4", "a.000004.mp4", "a.000008.mp4"
  };
  static const guint sizes[] = { 4, 4, 2 };
  const ChainSettings settings = {.rollover = 4 * GST_SECOND,
    .name = "{rendition}.$t$"
  };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 5, 1, 0, UTC, fed);
  recorder_log_await (&recorder_log.finished, 1);
  chain_feed_clip (&chain, clip, 5, 10, 6, 0, utc_of (5), fed);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  fail_unless_equals_int (recorder_log.finished, 3);
  check_files (names, sizes, 3);
}

GST_END_TEST;

/* Stopped in the second file, which goes on; the first one may be made, and
 * told, once more, where it was not seen yet that it is finished. */
GST_START_TEST (test_rollover_restart)
{
  static const gchar *const names[] = { "a.mp4", "a-2.mp4", "a-3.mp4" };
  static const guint sizes[] = { 4, 4, 2 };
  const ChainSettings settings = {.rollover = 4 * GST_SECOND,
    .name = "{rendition}"
  };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 6, 1, 0, UTC, fed);
  recorder_log_await (&recorder_log.finished, 1);
  chain_close (&chain);
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 6, 10, 7, 1, utc_of (6), fed);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  check_files (names, sizes, 3);
}

GST_END_TEST;

/* Stopped, and started again: one recording. After an end: another one. */
GST_START_TEST (test_restart)
{
  const ChainSettings settings = { NULL };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 4, 1, 0, UTC, fed);
  chain_close (&chain);
  fail_unless_equals_int (recording_count (".mp4"), 0);
  fail_unless_equals_int (recording_count (".recording"), 1);
  chain_open (&chain, &settings);
  fail_unless_equals_uint64 (chain.state.next_sequence, 5);
  chain_feed_clip (&chain, clip, 10, 14, 5, 1, utc_of (30), fed);
  finish_and_check (&chain, FALSE, 1);

  chain_open (&chain, &settings);
  fail_unless (chain.state.ended);
  chain_feed_clip (&chain, clip, 0, 3, 9, 2, utc_of (60), NULL);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  fail_unless_equals_int (recording_count (".mp4"), 2);
  fail_unless (strstr (recorder_log.info->location, "T000100Z_a.mp4"));
  fail_unless (ABS (recorder_log.info->duration - 3. * GST_SECOND) <
      50 * GST_MSECOND);
}

GST_END_TEST;

/* Retention takes what is too old, and never what is still to be recorded. */
GST_START_TEST (test_retention)
{
  ChainSettings settings = {.max_segments = 3 };
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, clip->segments->len, 1, 0, UTC, fed);
  finish_and_check (&chain, FALSE, 0);
}

GST_END_TEST;

/* Sound as broadcasters have it: layers 2 and 3, and of lower sampling rates
 * (ISO/IEC 13818-3), which are another object type. ffprobe has one name for
 * all layers in a movie; that they are decoded is checked. */
GST_START_TEST (test_mpeg_audio)
{
  static const struct
  {
    const gchar *options, *expected;
  } rows[] = {
    {"-b:a 64k -c:a mp2", "mp3,48000"},
    {"-b:a 64k -c:a mp2 -ar 24000", "mp3,24000"},
    {"-b:a 64k -c:a libmp3lame -ar 44100", "mp3,44100"},
    {"-b:a 64k -c:a libmp3lame -ar 22050", "mp3,22050"},
  };
  g_autoptr (Clip) other = clip_make (root, "b.ts", rows[__i__].options);
  const ChainSettings settings = { NULL };
  g_autofree gchar *line = NULL;
  g_autofree gchar *found = NULL;
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, other, 0, other->segments->len, 1, 0, UTC, fed);
  finish_and_check (&chain, FALSE, 0);
  fail_unless_equals_int (recorder_log.warnings, 0);
  line = g_strdup_printf ("ffprobe -v error -select_streams a -of csv=p=0 "
      "-show_entries stream=codec_name,sample_rate %s",
      recorder_log.info->location);
  found = run_tool (line);
  fail_unless (g_str_has_prefix (found, rows[__i__].expected), "%s", found);
}

GST_END_TEST;

/* Which are recorded. */
GST_START_TEST (test_renditions)
{
  static const struct
  {
    const gchar *renditions;
    const gchar *recorded[3];
  } rows[] = {
    {"all", {"a", "b", "c"}},
    {"best", {"b"}},
    {"a,c", {"a", "c"}},
    {"c, none", {"c"}},
  };
  g_autoptr (Clip) other = clip_make (root, "b.ts", "-s 320x180");
  const ChainSettings settings = {.renditions = rows[__i__].renditions };
  Chain chain;
  guint n = 0;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  for (guint i = 0; i < 3; i++) {
    const Fed parts[] = {
      {clip, i, i + 1, 0, utc_of (i)}, {other, i, i + 1, 0, utc_of (i)}
    };
    static const gchar *const names[] = { "a", "b", "c" };

    for (guint r = 0; r < 3; r++) {
      const VsSegment *segment =
          g_ptr_array_index (parts[r == 1].clip->segments, 0);
      g_autoptr (VsCodecConfig) config = archive_make_config ();

      g_strlcpy (config->id, segment->tracks[0].config_id, sizeof config->id);
      config->width = r == 1 ? 320 : 192;
      config->height = r == 1 ? 180 : 108;
      vs_archive_writer_add_config (chain.writer, names[r], config);
      chain_feed (&chain, names[r], &parts[r == 1]);
    }
    g_array_append_val (fed, parts[1]);
  }
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  for (; n < 3 && rows[__i__].recorded[n]; n++) {
    g_autofree gchar *suffix =
        g_strdup_printf ("_%s.mp4", rows[__i__].recorded[n]);

    fail_unless_equals_int (recording_count (suffix), 1);
  }
  fail_unless_equals_int (recording_count (".mp4"), n);
  if (strcmp (rows[__i__].renditions, "best") == 0)
    recording_check (recorder_log.info->location, fed, FALSE);
}

GST_END_TEST;

/* A rendition that ends ahead of the event has its recording. */
GST_START_TEST (test_rendition_ends)
{
  const ChainSettings settings = { NULL };
  g_autoptr (VsRecordingInfo) info = NULL;
  Chain chain;

  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 3, 1, 0, UTC, fed);
  archive_log_await (&archive_log.stored, 3);
  info = vs_recorder_set_end_rendition (chain.set, "a", 3, G_USEC_PER_SEC * 30);
  fail_unless (info != NULL);
  fail_unless (vs_recorder_set_end_rendition (chain.set, "b", 3, 0) == NULL);
  fail_unless_equals_int (vs_recorder_set_count_open (chain.set), 0);
  finish_and_check (&chain, FALSE, 0);
}

GST_END_TEST;

static Suite *
recorder_suite (void)
{
  Suite *suite = suite_create ("recorder");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_whole);
  tcase_add_test (tcase, test_decoded);
  tcase_add_loop_test (tcase, test_gaps, 0, 2);
  tcase_add_test (tcase, test_configurations);
  tcase_add_test (tcase, test_other_codec);
  tcase_add_test (tcase, test_rollover);
  tcase_add_test (tcase, test_rollover_restart);
  tcase_add_loop_test (tcase, test_mpeg_audio, 0, 4);
  tcase_add_test (tcase, test_restart);
  tcase_add_test (tcase, test_retention);
  tcase_add_loop_test (tcase, test_renditions, 0, 4);
  tcase_add_test (tcase, test_rendition_ends);
  return suite;
}

GST_CHECK_MAIN (recorder);
