/* VisionStream: tests of archives that become MP4 files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "archive/recordercheck.h"
#include "archive/vsarchivecopy.h"
#include "common/folder.h"
#include "store/faultystore.h"

#define UTC G_GINT64_CONSTANT (1767225600000000)
#define OUT "out/clip.mp4"
#define OUT_2 "out/clip-2.mp4"

static GArray *fed;

static void
setup (void)
{
  archive_setup ();
  recorder_log_clear ();
  fed = g_array_new (FALSE, FALSE, sizeof (Fed));
}

static void
teardown (void)
{
  g_clear_pointer (&fed, g_array_unref);
  recorder_log_clear ();
  archive_teardown ();
}

/* ---- archives ----------------------------------------------------------- */

static void
open_archive (Chain * chain)
{
  const ChainSettings settings = {.renditions = "none" };

  chain_open (chain, &settings);
}

static void
end_archive (Chain * chain)
{
  fail_unless (chain_end (chain));
  chain_close (chain);
}

/* An event with the first segments of a clip */
static void
store_clip (const Clip * clip, guint n)
{
  Chain chain;

  open_archive (&chain);
  chain_feed_clip (&chain, clip, 0, n, 1, 0, UTC, fed);
  end_archive (&chain);
}

static gchar *
segment_path (guint64 sequence)
{
  g_autofree gchar *name =
      g_strdup_printf ("index_a_%05" G_GUINT64_FORMAT ".ts", sequence);

  return g_build_filename (root, ARCHIVE_FOLDER, name, NULL);
}

/* ---- copying ------------------------------------------------------------ */

/* What a copy said, and what is to happen while it goes on */
typedef struct
{
  guint progress, problems, finished;
  GString *problem;             /* all of them */
  gchar *keys[4];               /* of what was finished */
  GCancellable *cancellable;
  guint cancel_at;              /* segments; 0 for never */
  guint64 last;
} Said;

static void
on_progress (const VsArchiveCopyStatus * status, gpointer user_data)
{
  Said *said = user_data;

  said->progress++;
  fail_unless (status->segments + status->lost == said->last + 1);
  said->last = status->segments + status->lost;
  if (said->cancel_at && status->segments >= said->cancel_at)
    g_cancellable_cancel (said->cancellable);
}

static void
on_problem (const GError * error, gpointer user_data)
{
  Said *said = user_data;

  said->problems++;
  g_string_append_printf (said->problem, "%s\n", error->message);
}

static void
on_finished (const VsMovieFile * file, gpointer user_data)
{
  Said *said = user_data;
  g_autoptr (VsStoreObject) object =
      vs_store_stat (store, file->key, NULL, NULL);

  fail_unless (object != NULL);
  fail_unless_equals_uint64 (object->size, file->size);
  said->keys[said->finished++] = g_strdup (file->key);
}

static void
said_init (Said * said)
{
  memset (said, 0, sizeof *said);
  said->problem = g_string_new (NULL);
  said->cancellable = g_cancellable_new ();
}

static void
said_clear (Said * said)
{
  g_string_free (said->problem, TRUE);
  g_object_unref (said->cancellable);
  for (guint i = 0; i < G_N_ELEMENTS (said->keys); i++)
    g_free (said->keys[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Said, said_clear)
     static const VsArchiveCopyCallbacks callbacks = {
       on_progress, on_problem, on_finished
     };

#define COPY_SETTINGS {.source = store,.account = "default", \
    .event = "live",.destination = store,.key = OUT, \
    .range = {.close_gaps = TRUE},.spill_directory = root}

static gboolean
copy (const VsArchiveCopySettings * settings, Said * said,
    VsArchiveCopyStatus * status, GError ** error)
{
  return vs_archive_copy_mp4 (settings, &callbacks, said, status,
      said->cancellable, error);
}

static void
copy_well (const VsArchiveCopySettings * settings, Said * said,
    VsArchiveCopyStatus * status)
{
  g_autoptr (GError) error = NULL;

  fail_unless (copy (settings, said, status, &error), "%s",
      error ? error->message : "");
  fail_unless_equals_int (status->files, said->finished);
}

static void
copy_badly (const VsArchiveCopySettings * settings, Said * said, gint code)
{
  VsArchiveCopyStatus status;
  GError *error = NULL;

  fail_if (copy (settings, said, &status, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, code), "%s", error->message);
  g_clear_error (&error);
}

static gchar *
path_of (const gchar * key)
{
  return g_build_filename (root, key, NULL);
}

/* also no temporary files */
static void
assert_nothing_left (void)
{
  g_autofree gchar *path = path_of ("out");
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name = dir ? g_dir_read_name (dir) : NULL;

  fail_unless (name == NULL, "%s", name);
}

/* ---- judging ------------------------------------------------------------ */

/* ffprobe's @entry of a stream */
static gdouble
probe (const gchar * path, const gchar * stream, const gchar * entry)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error -select_streams "
      "%s -count_packets -show_entries stream=%s -of csv=p=0 %s", stream,
      entry, path);
  g_autofree gchar *output = run_tool (line);

  return g_ascii_strtod (output, NULL);
}

GST_START_TEST (test_whole)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-b:a 64k");
  const VsArchiveCopySettings settings = COPY_SETTINGS;
  VsArchiveCopyStatus status;
  g_auto (Said) said;
  g_autofree gchar *path = path_of (OUT);

  said_init (&said);
  if (clip == NULL)
    return;
  store_clip (clip, clip->segments->len);
  copy_well (&settings, &said, &status);
  fail_unless_equals_int (said.progress, clip->segments->len);
  fail_unless_equals_int (said.problems, 0);
  fail_unless_equals_string (said.keys[0], OUT);
  fail_unless_equals_uint64 (status.segments, clip->segments->len);
  fail_unless_equals_int (status.gaps + status.lost, 0);
  fail_unless (ABS (GST_CLOCK_DIFF (status.total, status.duration)) <
      50 * GST_MSECOND);
  recording_check (path, fed, FALSE);
  /* what is there stays */
  copy_badly (&settings, &said, G_IO_ERROR_EXISTS);
  recording_check (path, fed, FALSE);
}

GST_END_TEST;

/* Begins with the keyframe at or before the start, ends ahead of the one at or
 * after the stop; both are in the middle of segments. */
GST_START_TEST (test_range)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-b:a 64k -g 15");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  VsArchiveCopyStatus status;
  g_auto (Said) said;
  g_autofree gchar *path = path_of (OUT);

  said_init (&said);
  if (clip == NULL)
    return;
  store_clip (clip, clip->segments->len);
  fail_unless (vs_archive_time_parse ("2.6", &settings.range.start, NULL));
  fail_unless (vs_archive_time_parse ("5.3", &settings.range.stop, NULL));
  copy_well (&settings, &said, &status);
  recording_check_pictures (path, clip, 75, 165);
  fail_unless_equals_uint64 (status.total, 3 * GST_SECOND);
  fail_unless (ABS (probe (path, "a", "start_time")) < 0.022);
  fail_unless (ABS (probe (path, "a", "duration") - 3) < 0.044);
  fail_unless_equals_int (said.problems, 0);
}

GST_END_TEST;

/* A range of which nothing is stored, and an event that is not there */
GST_START_TEST (test_nothing)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-t 2");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  g_auto (Said) said;

  said_init (&said);
  if (clip == NULL)
    return;
  store_clip (clip, 2);
  fail_unless (vs_archive_time_parse ("30", &settings.range.start, NULL));
  copy_badly (&settings, &said, G_IO_ERROR_INVALID_ARGUMENT);
  settings.event = "nothing";
  copy_badly (&settings, &said, G_IO_ERROR_NOT_FOUND);
  assert_nothing_left ();
}

GST_END_TEST;

/* Holes are closed, or as long as they were. */
GST_START_TEST (test_gaps)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-b:a 64k");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  VsArchiveCopyStatus status;
  gboolean keep = __i__;
  g_auto (Said) said;
  g_autofree gchar *path = path_of (OUT);
  Chain chain;

  said_init (&said);
  if (clip == NULL)
    return;
  settings.range.close_gaps = !keep;
  open_archive (&chain);
  chain_feed_clip (&chain, clip, 0, 4, 1, 0, UTC, fed);
  end_archive (&chain);
  open_archive (&chain);
  chain_feed_clip (&chain, clip, 9, 14, chain.state.next_sequence, 1,
      UTC + 20 * G_TIME_SPAN_SECOND, fed);
  end_archive (&chain);
  copy_well (&settings, &said, &status);
  fail_unless_equals_int (status.gaps, 1);
  fail_unless (ABS (status.duration / (gdouble) GST_SECOND - (keep ? 25 : 9)) <
      0.1);
  recording_check (path, fed, keep);
}

GST_END_TEST;

/* What is missing or damaged is told, and a gap; or ends it. */
GST_START_TEST (test_lost)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-b:a 64k");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  VsArchiveCopyStatus status;
  g_auto (Said) said;
  g_autofree gchar *path = path_of (OUT);
  g_autofree gchar *third = segment_path (3), *sixth = segment_path (6);

  said_init (&said);
  if (clip == NULL)
    return;
  store_clip (clip, 8);
  fail_unless (g_unlink (third) == 0);
  fail_unless (g_file_set_contents (sixth, "no TS", 5, NULL));
  settings.range.fail = TRUE;
  copy_badly (&settings, &said, G_IO_ERROR_NOT_FOUND);
  assert_nothing_left ();
  settings.range.fail = FALSE;
  said.last = 0;
  copy_well (&settings, &said, &status);
  fail_unless_equals_uint64 (status.lost, 2);
  fail_unless_equals_uint64 (status.segments, 6);
  fail_unless_equals_int (status.gaps, 2);
  fail_unless_equals_int (said.problems, 2);
  fail_unless (strstr (said.problem->str, "index_a_00003.ts") != NULL);
  fail_unless (strstr (said.problem->str, "index_a_00006.ts") != NULL);
  g_array_remove_index (fed, 5);
  g_array_remove_index (fed, 2);
  recording_check (path, fed, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_cancelled)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-b:a 64k");
  const VsArchiveCopySettings settings = COPY_SETTINGS;
  g_auto (Said) said;

  said_init (&said);
  if (clip == NULL)
    return;
  store_clip (clip, clip->segments->len);
  said.cancel_at = 5;
  copy_badly (&settings, &said, G_IO_ERROR_CANCELLED);
  fail_unless (said.progress < clip->segments->len);
  fail_unless_equals_int (said.finished, 0);
  assert_nothing_left ();
}

GST_END_TEST;

/* The N-th operation on the destination fails: all is there, or nothing. */
GST_START_TEST (test_destination_fails)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-b:a 64k");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  g_autoptr (VsStore) faulty = faulty_store_new (store);
  g_autofree gchar *path = path_of (OUT);
  gboolean done = FALSE;

  if (clip == NULL)
    return;
  store_clip (clip, 4);
  settings.destination = faulty;
  for (guint at = 1; !done; at++) {
    g_autoptr (GError) error = NULL;
    VsArchiveCopyStatus status;
    g_auto (Said) said;

    said_init (&said);
    faulty_store_set (faulty, FAULT_DEAD, at);
    done = copy (&settings, &said, &status, &error);
    fail_unless (done != faulty_store_has_failed (faulty));
    fail_unless (done == (error == NULL));
    if (!done)
      assert_nothing_left ();
  }
  recording_check (path, fed, FALSE);
}

GST_END_TEST;

/* What one file can't hold goes on in another one; when that can't be written,
 * the first one goes too. */
GST_START_TEST (test_several)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-b:a 64k -t 4");
  g_autoptr (Clip) other = clip_make (root, "b.ts", "-b:a 64k -ar 32000 -t 4");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  g_autoptr (GArray) more = g_array_new (FALSE, FALSE, sizeof (Fed));
  VsArchiveCopyStatus status;
  g_auto (Said) said;
  g_autofree gchar *path = path_of (OUT), *second = path_of (OUT_2);
  g_autofree gchar *folder = path_of ("out");
  Chain chain;

  said_init (&said);
  if (clip == NULL)
    return;
  open_archive (&chain);
  chain_feed_clip (&chain, clip, 0, 4, 1, 0, UTC, fed);
  chain_feed_clip (&chain, other, 0, 4, 5, 1, UTC + 4 * G_TIME_SPAN_SECOND,
      more);
  end_archive (&chain);
  fail_unless (g_mkdir_with_parents (folder, 0777) == 0);
  fail_unless (g_file_set_contents (second, "another", -1, NULL));
  copy_badly (&settings, &said, G_IO_ERROR_EXISTS);
  fail_unless_equals_int (said.finished, 1);
  g_clear_pointer (&said.keys[0], g_free);
  said.finished = said.last = 0;
  fail_unless (g_unlink (second) == 0);
  assert_nothing_left ();
  copy_well (&settings, &said, &status);
  fail_unless_equals_int (status.files, 2);
  fail_unless_equals_string (said.keys[0], OUT);
  fail_unless_equals_string (said.keys[1], OUT_2);
  recording_check (path, fed, FALSE);
  recording_check (second, more, FALSE);
}

GST_END_TEST;

/* Opus is left out, and told once; alone it is an error. */
GST_START_TEST (test_left_out)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-c:a libopus -t 4");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  VsArchiveCopyStatus status;
  g_auto (Said) said;
  g_autofree gchar *path = path_of (OUT);

  said_init (&said);
  if (clip == NULL)
    return;
  store_clip (clip, 4);
  copy_well (&settings, &said, &status);
  fail_unless_equals_int (said.problems, 1);
  fail_unless (strstr (said.problem->str, "without sound") != NULL, "%s",
      said.problem->str);
  recording_check_pictures (path, clip, 0, 120);
  fail_unless_equals_float (probe (path, "a", "nb_read_packets"), 0);
}

GST_END_TEST;

GST_START_TEST (test_only_left_out)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts", "-vn -c:a libopus -t 4");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  g_auto (Said) said;

  said_init (&said);
  if (clip == NULL)
    return;
  store_clip (clip, clip->segments->len);
  copy_badly (&settings, &said, G_IO_ERROR_NOT_SUPPORTED);
  assert_nothing_left ();
}

GST_END_TEST;

/* How much later sound begins than picture, s */
static gdouble
get_sound_start (const gchar * path)
{
  return probe (path, "a", "start_time") - probe (path, "v", "start_time");
}

/* All frames of sound but the one ahead of the first picture, in sync. */
static void
check_sound (const gchar * path, const Clip * clip, gdouble rate)
{
  gdouble lost = probe (clip->path, "a", "nb_read_packets")
      - probe (path, "a", "nb_read_packets");

  fail_unless (lost == 0 || lost == 1, "%f", lost);
  fail_unless (ABS (get_sound_start (path) - get_sound_start (clip->path)
          - lost * 1024 / rate) < 1e-3);
  fail_unless (ABS (probe (path, "v", "duration") - 20) < 1e-3);
}

/* Another maker's playlist tells no times of tracks: they are found. */
GST_START_TEST (test_foreign)
{
  g_autoptr (Clip) clip = clip_make (root, "a.ts",
      __i__ ? "-b:a 64k -ar 44100" : "-b:a 64k -flags -cgop -g 25");
  VsArchiveCopySettings settings = COPY_SETTINGS;
  VsArchiveCopyStatus status;
  g_auto (Said) said;
  g_autofree gchar *folder = path_of ("default/foreign");
  g_autofree gchar *path = path_of (OUT), *line = NULL;

  said_init (&said);
  if (clip == NULL)
    return;
  fail_unless (g_mkdir_with_parents (folder, 0777) == 0);
  line = g_strdup_printf ("ffmpeg -v error -i %s -c copy -f hls -hls_time 2 "
      "-hls_list_size 0 -master_pl_name index.m3u8 %s/media.m3u8", clip->path,
      folder);
  g_free (run_tool (line));
  settings.event = "foreign";
  copy_well (&settings, &said, &status);
  fail_unless_equals_int (said.problems, 0);
  fail_unless_equals_int (status.gaps, 0);
  recording_check_pictures (path, clip, 0, 600);
  check_sound (path, clip, __i__ ? 44100 : 48000);
}

GST_END_TEST;

static Suite *
archivecopy_suite (void)
{
  Suite *suite = suite_create ("archivecopy");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_whole);
  tcase_add_test (tcase, test_range);
  tcase_add_test (tcase, test_nothing);
  tcase_add_loop_test (tcase, test_gaps, 0, 2);
  tcase_add_test (tcase, test_lost);
  tcase_add_test (tcase, test_cancelled);
  tcase_add_test (tcase, test_destination_fails);
  tcase_add_test (tcase, test_several);
  tcase_add_test (tcase, test_left_out);
  tcase_add_test (tcase, test_only_left_out);
  tcase_add_loop_test (tcase, test_foreign, 0, 2);
  return suite;
}

GST_CHECK_MAIN (archivecopy);
