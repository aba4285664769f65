/* VisionStream: tests of vssegmentstore's recordings
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <glib/gstdio.h>
#include <math.h>
#include "storecheck.h"

#define PINNED "start-time=2026-01-01T00:00:00Z "
#define NAME "recordings/live-20260101T000000Z_48p.mp4"
#define SOUND(n) "audiotestsrc num-buffers=" #n " samplesperbuffer=1024 ! " \
    "audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! m. "

/* What was posted of recordings, and when EOS went out of a pad. */
typedef struct
{
  GstStructure *message;        /* the last */
  guint finished;
  /* protected by the object lock of the pad's element */
  guint events;
  gint64 eos_in, eos_out, said; /* monotonic */
} Watch;

static GstPadProbeReturn
on_out (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Watch *watch = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

  if (gst_event_has_name (event, "visionstream-recording"))
    watch->events++;
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    watch->eos_out = g_get_monotonic_time ();
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_in (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    ((Watch *) user_data)->eos_in = g_get_monotonic_time ();
  return GST_PAD_PROBE_OK;
}

static void
add_probe (GstElement * store, const gchar * name, GstPadProbeCallback func,
    Watch * watch)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (store, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, func, watch,
      NULL);
}

static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  Watch *watch = user_data;

  if (gst_message_has_name (message, "vssegmentstore-recording-finished")) {
    watch->said = g_get_monotonic_time ();
    g_clear_pointer (&watch->message, gst_structure_free);
    watch->message = gst_structure_copy (gst_message_get_structure (message));
    watch->finished++;
  }
  return GST_BUS_PASS;
}

/* Runs @line, whose store is called s, to its end. */
static void
watch_line (Watch * watch, Run * run, const gchar * line)
{
  g_autoptr (GstElement) store = NULL;
  g_autoptr (GstBus) bus = NULL;

  memset (watch, 0, sizeof *watch);
  run_init (run, "%s", line);
  store = gst_bin_get_by_name (GST_BIN (run->pipeline), "s");
  bus = gst_element_get_bus (run->pipeline);
  gst_bus_set_sync_handler (bus, on_message, watch, NULL);
  add_probe (store, "sink_0", on_in, watch);
  add_probe (store, "src_0", on_out, watch);
  run_to_end (run);
  fail_unless_equals_uint64 (get_stat (store, "recordings-finished"),
      watch->finished);
  run_clear (run);
}

static void
watch_clear (Watch * watch)
{
  g_clear_pointer (&watch->message, gst_structure_free);
}

/* It begins as it is to, has its pictures, and is decoded without an error. */
static void
check_file (const gchar * archive, const gchar * name, guint frames)
{
  g_autofree gchar *path = g_build_filename (folder, archive, "default",
      "live", name, NULL);
  const gchar *argv[] = { "ffmpeg", "-v", "error", "-xerror", "-i", path,
    "-f", "null", "-", NULL
  };
  gint status, got = probe_frames (archive, name);
  g_autofree gchar *tool = g_find_program_in_path ("ffmpeg");
  g_autofree gchar *text = read_file (archive, name, NULL);

  fail_unless (text != NULL, "%s", name);
  fail_unless (memcmp (text + 4, "ftyp", 4) == 0);
  fail_unless (got == -1 || got == (gint) frames, "%d", got);
  if (tool == NULL)
    return;
  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
  fail_unless (g_spawn_check_wait_status (status, NULL));
}

/* From a pipeline with picture and sound to its end: posted, said downstream
 * ahead of EOS, and there at once. */
GST_START_TEST (test_recording)
{
  g_autofree gchar *line = g_strdup_printf (PICTURE (150, 48) " ! mpegtsmux "
      "name=m ! " STORE PINNED "name=s recording=mp4 location=%s/a "
      "s.src_0 ! fakesink async=false sync=false " SOUND (235), folder);
  guint64 duration, size;
  gsize stored;
  guint gaps;
  Watch watch;
  Run run;

  watch_line (&watch, &run, line);
  fail_unless_equals_int (run.warnings, 0);
  fail_unless_equals_int (watch.finished, 1);
  fail_unless_equals_int (watch.events, 1);
  fail_unless (watch.said <= watch.eos_out);
  fail_unless (watch.eos_out - watch.eos_in < 3 * G_TIME_SPAN_SECOND);
  g_print ("finished %.3f s after EOS\n",
      (watch.said - watch.eos_in) / (gdouble) G_TIME_SPAN_SECOND);
  fail_unless (gst_structure_get (watch.message, "duration", G_TYPE_UINT64,
          &duration, "size", G_TYPE_UINT64, &size, "gaps", G_TYPE_UINT,
          &gaps, NULL));
  fail_unless (g_str_has_suffix (gst_structure_get_string (watch.message,
              "location"), "/a/default/live/" NAME));
  fail_unless_equals_string (gst_structure_get_string (watch.message,
          "rendition"), "48p");
  fail_unless (fabs (duration / 1e9 - 5) < 0.1);
  fail_unless_equals_int (gaps, 0);
  g_free (read_file ("a", NAME, &stored));
  fail_unless_equals_uint64 (size, stored);
  check_file ("a", NAME, 150);
  watch_clear (&watch);
}

GST_END_TEST;

/* None without being asked. */
GST_START_TEST (test_none)
{
  Watch watch;
  Run run;
  g_autofree gchar *line = g_strdup_printf (VIDEO (75) " ! " STORE
      "name=s location=%s/a", folder);

  watch_line (&watch, &run, line);
  fail_unless_equals_int (watch.finished, 0);
  fail_if (exists ("a", "recordings"));
  watch_clear (&watch);
}

GST_END_TEST;

/* Of a ladder the best rung, all, or some. */
GST_START_TEST (test_renditions)
{
  static const struct
  {
    const gchar *setting;
    gboolean rungs[3];          /* 48p, 96p, 64p */
  } rows[] = {
    {"", {FALSE, TRUE, FALSE}},
    {"recording-renditions=all", {TRUE, TRUE, TRUE}},
    {"recording-renditions=48p,64p", {TRUE, FALSE, TRUE}},
  };
  static const gchar *const names[] = { "48p", "96p", "64p" };
  g_autofree gchar *line = g_strdup_printf (STORE PINNED
      "name=s recording=mp4 %s location=%s/a " PICTURE (75, 48)
      " ! mpegtsmux ! s.sink_0 " PICTURE (75, 96) " ! mpegtsmux ! s.sink_1 "
      PICTURE (75, 64) " ! mpegtsmux ! s.sink_2", rows[__i__].setting, folder);
  Watch watch;
  Run run;

  watch_line (&watch, &run, line);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *name = g_strdup_printf
        ("recordings/live-20260101T000000Z_%s.mp4", names[i]);

    fail_unless_equals_int (exists ("a", name), rows[__i__].rungs[i]);
    if (rows[__i__].rungs[i])
      check_file ("a", name, 75);
  }
  watch_clear (&watch);
}

GST_END_TEST;

/* Stopped without EOS, the next start goes on with the recording; after EOS
 * it begins another one. */
GST_START_TEST (test_restart)
{
  g_autofree gchar *line = g_strdup_printf (VIDEO (75) " ! " STORE PINNED
      "name=s recording=mp4 location=%s/a", folder);
  g_autofree gchar *endless = g_strdup_printf (VIDEO (1000000) " ! " STORE
      PINNED "name=s recording=mp4 location=%s/a", folder);
  GstMessage *message;
  guint gaps;
  Watch watch;
  Run run;

  run_init (&run, "%s", endless);
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  message = run_until (&run, GST_MESSAGE_ELEMENT,
      "vssegmentstore-segment-stored");
  gst_message_unref (message);
  run_clear (&run);
  fail_if (exists ("a", NAME));
  watch_line (&watch, &run, line);
  fail_unless_equals_int (watch.finished, 1);
  fail_unless (g_str_has_suffix (gst_structure_get_string (watch.message,
              "location"), NAME));
  fail_unless (gst_structure_get_uint (watch.message, "gaps", &gaps));
  fail_unless_equals_int (gaps, 1);
  watch_clear (&watch);

  watch_line (&watch, &run, line);
  fail_unless_equals_int (watch.finished, 1);
  fail_if (g_str_has_suffix (gst_structure_get_string (watch.message,
              "location"), NAME));
  watch_clear (&watch);
}

GST_END_TEST;

/* Files of two segments each, called after what is in them, each posted when it
 * is finished. */
GST_START_TEST (test_rollover)
{
  g_autofree gchar *line = g_strdup_printf (VIDEO (180) " ! " STORE PINNED
      "name=s recording=mp4 recording-rollover=2000000000 "
      "recording-name={event}-$t$-$h%%04$p$f$ location=%s/a", folder);
  static const gchar *const names[] = {
    "recordings/live-000000-0048p30.mp4", "recordings/live-000002-0048p30.mp4",
    "recordings/live-000004-0048p30.mp4"
  };
  Watch watch;
  Run run;

  watch_line (&watch, &run, line);
  fail_unless_equals_int (run.warnings, 0);
  fail_unless_equals_int (watch.finished, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    check_file ("a", names[i], 60);
  watch_clear (&watch);
}

GST_END_TEST;

GST_START_TEST (test_bad_name)
{
  g_autoptr (GstElement) store =
      gst_object_ref_sink (gst_element_factory_make ("vssegmentstore", NULL));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (store, bus);
  g_object_set (store, "location", folder, "recording-name", "$x$", NULL);
  gst_util_set_object_arg (G_OBJECT (store), "recording", "mp4");
  fail_unless (gst_element_set_state (store, GST_STATE_PAUSED) ==
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_str_has_prefix (error->message,
          "recording-name \"$x$\" names no file: "), "%s", error->message);
  gst_element_set_state (store, GST_STATE_NULL);
  gst_element_set_bus (store, NULL);
}

GST_END_TEST;

/* In a place of the account's own */
GST_START_TEST (test_template)
{
  g_autofree gchar *line = g_strdup_printf (VIDEO (75) " ! " STORE PINNED
      "name=s recording=mp4 location=%s/{account}-{event}", folder);
  g_autofree gchar *path = g_build_filename (folder, "default-live", NAME,
      NULL);
  Watch watch;
  Run run;

  watch_line (&watch, &run, line);
  fail_unless_equals_int (run.warnings, 0);
  fail_unless_equals_int (watch.finished, 1);
  fail_unless (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  watch_clear (&watch);
}

GST_END_TEST;

/* Recordings that have nowhere to go hold nothing up and are warned of; the
 * next start has its own. */
GST_START_TEST (test_nowhere_to_go)
{
  g_autofree gchar *line = g_strdup_printf (VIDEO (75) " ! " STORE PINNED
      "name=s recording=mp4 location=%s/a", folder);
  g_autofree gchar *event = g_build_filename (folder, "a", "default", "live",
      NULL);
  g_autofree gchar *path = g_build_filename (event, "recordings", NULL);
  Watch watch;
  Run run;

  fail_unless (g_mkdir_with_parents (event, 0755) == 0);
  fail_unless (g_file_set_contents (path, "in the way", -1, NULL));
  watch_line (&watch, &run, line);
  fail_unless_equals_int (watch.finished, 0);
  fail_unless_equals_int (run.stored, 3);
  fail_unless (run.warnings >= 2);
  fail_unless_equals_int (count ("a", "index_48p.m3u8", "#EXT-X-ENDLIST"), 1);
  fail_unless (g_remove (path) == 0);
  watch_line (&watch, &run, line);
  fail_unless_equals_int (watch.finished, 1);
  watch_clear (&watch);
}

GST_END_TEST;

static Suite *
segmentstorerecording_suite (void)
{
  Suite *s = suite_create ("vssegmentstorerecording");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, make_folder, drop_folder);
  tcase_add_test (tc, test_recording);
  tcase_add_test (tc, test_none);
  tcase_add_loop_test (tc, test_renditions, 0, 3);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_rollover);
  tcase_add_test (tc, test_bad_name);
  tcase_add_test (tc, test_template);
  tcase_add_test (tc, test_nowhere_to_go);
  return s;
}

GST_CHECK_MAIN (segmentstorerecording);
