/* VisionStream: tests of the MP4 files of clips
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>

#include "archive/recordercheck.h"
#include "archive/vsharvest.h"
#include "common/folder.h"

#define UTC G_GINT64_CONSTANT (1767225600000000)
#define RECORDINGS "default/goal/recordings"
#define SEGMENTS 8

static Clip *clip, *small;

static void
setup (void)
{
  archive_setup ();
  recorder_log_clear ();
  clip = clip_make (root, "a.ts", "-b:a 64k -g 15");
  small = clip_make (root, "b.ts", "-b:a 64k -g 15 -s 96x54");
}

static void
teardown (void)
{
  g_clear_pointer (&clip, clip_free);
  g_clear_pointer (&small, clip_free);
  recorder_log_clear ();
  archive_teardown ();
}

static void
feed (Chain * chain, const gchar * rendition, const Clip * from, guint i)
{
  Fed fed = { from, i, i + 1, 0, UTC + i * G_TIME_SPAN_SECOND };

  chain_feed (chain, rendition, &fed);
}

/* Two renditions, of segments with two GOPs */
static void
store_event (void)
{
  const ChainSettings settings = {.renditions = "none" };
  Chain chain;

  chain_open (&chain, &settings);
  for (guint i = 0; i < SEGMENTS; i++) {
    feed (&chain, "a", clip, i);
    feed (&chain, "b", small, i);
  }
  fail_unless (chain_end (&chain));
  chain_close (&chain);
}

/* ---- harvests ----------------------------------------------------------- */

typedef struct
{
  GPtrArray *recorded;          /* VsRecordingInfo */
  guint problems;
  GCancellable *cancellable;
  guint cancel_at;              /* segments; 0 for never */
} Said;

static void
on_progress (const VsHarvestStatus * status, gpointer user_data)
{
  Said *said = user_data;

  if (said->cancel_at && status->segments >= said->cancel_at)
    g_cancellable_cancel (said->cancellable);
}

static void
on_problem (const GError * error, gpointer user_data)
{
  ((Said *) user_data)->problems++;
}

static void
on_recorded (const VsRecordingInfo * info, gpointer user_data)
{
  g_ptr_array_add (((Said *) user_data)->recorded,
      vs_recording_info_copy (info));
}

static void
said_init (Said * said)
{
  memset (said, 0, sizeof *said);
  said->recorded = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_recording_info_free);
  said->cancellable = g_cancellable_new ();
}

static void
said_clear (Said * said)
{
  g_ptr_array_unref (said->recorded);
  g_object_unref (said->cancellable);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Said, said_clear);

static gboolean
harvest (const gchar * recordings, Said * said, GError ** error)
{
  static const VsHarvestCallbacks callbacks = {
    on_progress, on_problem, on_recorded
  };
  VsHarvestSettings settings = {.source = store,.account = "default",
    .event = "live",.destination = store,.to_account = "default",
    .to_event = "goal",.recordings = recordings,.spill_directory = root
  };
  VsHarvestStatus status;

  fail_unless (vs_archive_time_parse ("1.6", &settings.start, NULL));
  fail_unless (vs_archive_time_parse ("5.3", &settings.stop, NULL));
  return vs_harvest_run (&settings, &callbacks, said, &status,
      said->cancellable, error);
}

static guint
count_files (const gchar * folder)
{
  g_autoptr (GPtrArray) objects = vs_store_list (store, folder, NULL, NULL,
      NULL);
  guint n = 0;

  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);

    n += !g_str_has_suffix (object->key, "/");
  }
  return n;
}

static void
assert_nothing_left (void)
{
  fail_unless_equals_int (count_files ("default/goal"), 0);
  fail_unless_equals_int (count_files (RECORDINGS), 0);
}

/* What was asked for is there, from keyframe to keyframe, under the name that a
 * recording of the clip has. */
static void
check_recording (const Said * said, guint i, const gchar * rendition,
    const Clip * from)
{
  const VsRecordingInfo *info = g_ptr_array_index (said->recorded, i);
  g_autofree gchar *path = g_strdup_printf ("%s/" RECORDINGS
      "/goal-20260101T000001Z_%s.mp4", root, rendition);
  GStatBuf st;

  fail_unless_equals_string (info->location, path);
  fail_unless_equals_string (info->rendition, rendition);
  fail_unless (g_stat (path, &st) == 0);
  fail_unless_equals_uint64 (info->size, st.st_size);
  fail_unless (ABS (info->duration / (gdouble) GST_SECOND - 4) < 0.05);
  recording_check_pictures (path, from, 45, 165);
}

static const struct
{
  const gchar *recordings;
  gboolean a, b;
} rows[] = {
  {NULL, FALSE, FALSE}, {"best", TRUE, FALSE}, {"all", TRUE, TRUE},
  {"b", FALSE, TRUE}, {"b, a", TRUE, TRUE},
};

GST_START_TEST (test_renditions)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;
  g_auto (Said) said;

  said_init (&said);
  if (clip == NULL)
    return;
  store_event ();
  fail_unless (harvest (rows[__i__].recordings, &said, &error), "%s",
      error ? error->message : "");
  fail_unless_equals_int (said.problems, 0);
  fail_unless_equals_int (said.recorded->len, rows[__i__].a + rows[__i__].b);
  if (rows[__i__].a)
    check_recording (&said, n++, "a", clip);
  if (rows[__i__].b)
    check_recording (&said, n++, "b", small);
  fail_unless_equals_int (count_files (RECORDINGS), n);
}

GST_END_TEST;

GST_START_TEST (test_no_such_rendition)
{
  g_autoptr (GError) error = NULL;
  g_auto (Said) said;

  said_init (&said);
  if (clip == NULL)
    return;
  store_event ();
  fail_if (harvest ("a,1080p", &said, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "1080p") != NULL);
  assert_nothing_left ();
}

GST_END_TEST;

/* Wherever it is cancelled nothing stays, and then it can be made. */
GST_START_TEST (test_cancelled)
{
  static const guint at[] = { 1, 5, 9 };

  if (clip == NULL)
    return;
  store_event ();
  for (guint i = 0; i < G_N_ELEMENTS (at); i++) {
    g_autoptr (GError) error = NULL;
    g_auto (Said) said;

    said_init (&said);
    said.cancel_at = at[i];
    fail_if (harvest ("all", &said, &error));
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_nothing_left ();
  }
}

GST_END_TEST;

/* What a clip whose process died has left goes; a segment that can't be read is
 * a gap in the file too. */
GST_START_TEST (test_leftovers_and_gaps)
{
  g_autofree gchar *folder = g_build_filename (root, RECORDINGS, NULL);
  g_autofree gchar *dead = g_build_filename (folder, "dead.mp4", NULL);
  g_autofree gchar *lost = g_build_filename (root, ARCHIVE_FOLDER,
      "index_a_00004.ts", NULL);
  const VsRecordingInfo *info;
  g_auto (Said) said;

  said_init (&said);
  if (clip == NULL)
    return;
  store_event ();
  fail_unless (g_mkdir_with_parents (folder, 0777) == 0);
  fail_unless (g_file_set_contents (dead, "half of it", -1, NULL));
  fail_unless (g_unlink (lost) == 0);
  fail_unless (harvest ("a", &said, NULL));
  fail_unless_equals_int (said.problems, 1);
  fail_unless_equals_int (count_files (RECORDINGS), 1);
  info = g_ptr_array_index (said.recorded, 0);
  fail_unless_equals_int (info->gaps, 1);
  fail_unless (ABS (info->duration / (gdouble) GST_SECOND - 3) < 0.1);
}

GST_END_TEST;

static Suite *
harvestmovies_suite (void)
{
  Suite *suite = suite_create ("harvestmovies");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_loop_test (tcase, test_renditions, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tcase, test_no_such_rendition);
  tcase_add_test (tcase, test_cancelled);
  tcase_add_test (tcase, test_leftovers_and_gaps);
  return suite;
}

GST_CHECK_MAIN (harvestmovies);
