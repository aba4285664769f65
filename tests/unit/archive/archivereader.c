/* VisionStream: tests of an event's archive, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/archivefixture.h"
#include "common/folder.h"
#include "archive/vsarchivereader.h"
#include "archive/vsarchivesummary.h"
#include "archive/vsarchivewriter.h"
#include "timeline/vshistory.h"

static void
write_text (const gchar * name, const gchar * text)
{
  g_autofree gchar *path = g_build_filename (root, ARCHIVE_FOLDER, name, NULL);
  g_autofree gchar *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

static VsArchiveWriter *
start_writer (VsArchiveWriterSettings * settings)
{
  static const VsArchiveWriterCallbacks callbacks = { NULL };
  VsArchiveState state;
  VsArchiveWriter *writer = vs_archive_writer_new (store, settings, &callbacks,
      NULL, &state, NULL);
  g_autoptr (VsCodecConfig) config = archive_make_config ();

  vs_archive_writer_add_config (writer, "a", config);
  vs_archive_writer_add_config (writer, "b", config);
  return writer;
}

/* Segments of 40 ms, all stored when this returns. */
static void
write_segments (guint64 first, guint64 last, gboolean end, guint64 keep)
{
  VsArchiveWriterSettings settings = {.max_segments = keep };
  VsArchiveWriter *writer = start_writer (&settings);

  for (guint64 s = first; s <= last; s++) {
    for (guint r = 0; r < 2; r++) {
      const gchar *name = r ? "b" : "a";
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (VsSegment) segment =
          archive_make_segment (name, s, 300, &bytes);

      vs_archive_writer_append (writer, name, segment, &bytes, 1);
    }
  }
  if (end)
    vs_archive_writer_end (writer, NULL, NULL);
  vs_archive_writer_free (writer, 50 * GST_SECOND);
}

static VsArchiveReader *
open_reader (void)
{
  g_autoptr (GError) error = NULL;
  VsArchiveReader *reader =
      vs_archive_reader_open (store, NULL, NULL, NULL, NULL, NULL, &error);

  fail_unless (reader != NULL, "%s", error ? error->message : "");
  return reader;
}

static VsTimelineView *
read_all (VsTimeline * timeline)
{
  g_autoptr (GError) error = NULL;
  VsTimelineView *view;
  VsHistory history;

  vs_history_init (&history, timeline, NULL);
  view = vs_history_read (&history, 0, G_MAXUINT64, &error);
  fail_unless (view != NULL, "%s", error ? error->message : "");
  return view;
}

/* Both renditions hold [from, to], all of it loads. */
static void
check_reader (VsArchiveReader * reader, guint64 from, guint64 to,
    gboolean ended)
{
  g_autoptr (GPtrArray) timelines = vs_archive_reader_get_timelines (reader);

  fail_unless_equals_int (timelines->len, 2);
  for (guint i = 0; i < timelines->len; i++) {
    g_autoptr (VsTimelineView) view =
        read_all (g_ptr_array_index (timelines, i));

    fail_unless_equals_string (view->rendition->name, i ? "b" : "a");
    fail_unless_equals_int (view->ended, ended);
    fail_unless_equals_int (view->segments->len, to - from + 1);
    fail_unless_equals_int (view->configs->len, 1);
    fail_unless_equals_int (view->target_duration, 1);
    /* 270 bytes of 300 in 40 ms */
    fail_unless_equals_int (view->peaks.video, 54000);
    fail_unless_equals_int (view->peaks.audio, 0);
    for (guint s = 0; s < view->segments->len; s++) {
      VsSegment *segment = g_ptr_array_index (view->segments, s);
      g_autoptr (GBytes) bytes =
          vs_archive_reader_load (reader, segment, NULL, NULL);

      fail_unless_equals_uint64 (segment->sequence, from + s);
      fail_unless (bytes != NULL);
    }
  }
}

static void
refresh (VsArchiveReader * reader)
{
  fail_unless (vs_archive_reader_refresh (reader, NULL, NULL));
}

/* A reader that follows sees what one that opens anew sees. */
GST_START_TEST (test_follow)
{
  static const struct
  {
    guint64 last;
    gboolean end;
  } rows[] = {
    {3, FALSE}, {3, FALSE}, {40, FALSE}, {41, FALSE}, {170, FALSE},
    {171, TRUE}, {172, FALSE}, {240, TRUE},
  };
  g_autoptr (VsArchiveReader) following = NULL;
  guint64 next = 1;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (VsArchiveReader) fresh = NULL;

    write_segments (next, rows[i].last, rows[i].end, 0);
    next = rows[i].last + 1;
    if (following == NULL)
      following = open_reader ();
    refresh (following);
    check_reader (following, 1, rows[i].last, rows[i].end);
    fresh = open_reader ();
    check_reader (fresh, 1, rows[i].last, rows[i].end);
  }
}

GST_END_TEST;

GST_START_TEST (test_pruned)
{
  g_autoptr (VsArchiveReader) following = NULL, fresh = NULL;

  write_segments (1, 100, FALSE, 50);
  following = open_reader ();
  check_reader (following, 51, 100, FALSE);
  write_segments (101, 200, FALSE, 50);
  refresh (following);
  check_reader (following, 151, 200, FALSE);
  fresh = open_reader ();
  check_reader (fresh, 151, 200, FALSE);
}

GST_END_TEST;

/* Of a long archive only the newest is in memory. */
GST_START_TEST (test_tail)
{
  for (guint ended = 0; ended < 2; ended++) {
    g_autoptr (VsArchiveReader) reader = NULL;
    g_autoptr (GPtrArray) timelines = NULL;
    guint64 last = ended ? 2000 : 1000;

    write_segments (ended ? 1001 : 1, last, ended, 0);
    reader = open_reader ();
    timelines = vs_archive_reader_get_timelines (reader);
    for (guint i = 0; i < timelines->len; i++) {
      VsTimeline *timeline = g_ptr_array_index (timelines, i);
      g_autoptr (VsSegment) oldest = vs_timeline_get_oldest (timeline);
      VsTimelineState state;

      vs_timeline_get_state (timeline, &state);
      fail_unless_equals_uint64 (state.next, last + 1);
      fail_unless_equals_uint64 (state.oldest, 1);
      fail_unless_equals_uint64 (oldest->sequence, 1);
      fail_unless (state.next - state.first <= 64);
      fail_unless (state.next - state.first >= 32);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_damage)
{
  g_autoptr (VsArchiveReader) reader = NULL;
  g_autoptr (GPtrArray) timelines = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GError) error = NULL;

  write_segments (1, 3, TRUE, 0);
  reader = open_reader ();
  timelines = vs_archive_reader_get_timelines (reader);
  segment = vs_timeline_get (g_ptr_array_index (timelines, 0), 2);

  write_text (segment->uri, "short");
  fail_unless (vs_archive_reader_load (reader, segment, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  fail_unless (strstr (error->message, segment->uri) != NULL);
  g_clear_error (&error);

  write_text ("index_a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:x,\n"
      "x.ts\n");
  fail_if (vs_archive_reader_refresh (reader, NULL, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  fail_unless (strstr (error->message, "index_a.m3u8: line 3") != NULL,
      "%s", error->message);
}

GST_END_TEST;

/* An archive that was removed and made anew is read anew. */
GST_START_TEST (test_made_anew)
{
  g_autoptr (VsArchiveReader) reader = NULL;
  g_autofree gchar *folder = g_build_filename (root, ARCHIVE_FOLDER, NULL);

  write_segments (1, 80, FALSE, 0);
  reader = open_reader ();
  test_folder_remove (folder);
  write_segments (1, 5, FALSE, 0);
  refresh (reader);
  check_reader (reader, 1, 5, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_foreign)
{
  g_autoptr (VsArchiveReader) reader = NULL;
  g_autoptr (GPtrArray) timelines = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (VsRendition) rendition = NULL;
  g_autoptr (GBytes) bytes = NULL;

  write_text ("index.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n"
      "low%20res/list.m3u8\n");
  write_text ("low res/list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
      "#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:5.5,\nx%20y.ts?m=1\n#EXTINF:6,\nz.ts\n"
      "#EXT-X-ENDLIST\n");
  write_text ("low res/x y.ts", "Gytes");

  reader = open_reader ();
  timelines = vs_archive_reader_get_timelines (reader);
  fail_unless_equals_int (timelines->len, 1);
  rendition = vs_timeline_get_rendition (g_ptr_array_index (timelines, 0));
  fail_unless_equals_string (rendition->name, "list");
  segment = vs_timeline_get (g_ptr_array_index (timelines, 0), 7);
  fail_unless_equals_uint64 (segment->duration, 5500 * GST_MSECOND);
  fail_unless_equals_int (segment->n_tracks, 0);
  bytes = vs_archive_reader_load (reader, segment, NULL, NULL);
  fail_unless_equals_int (g_bytes_get_size (bytes), 5);
}

GST_END_TEST;

GST_START_TEST (test_leaving)
{
  static const gchar *const uris[] = {
    "../../secret.ts", "/etc/passwd", "http://example.com/x.ts", "a//b.ts",
    "%2e%2e/secret.ts", ".hidden", "a%2f..%2fb.ts", "a\\b.ts",
  };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++) {
    for (guint main = 0; main < 2; main++) {
      g_autofree gchar *child = g_strdup_printf ("#EXTM3U\n"
          "#EXT-X-TARGETDURATION:6\n#EXTINF:5,\n%s\n",
          main ? "x.ts" : uris[i]);
      g_autofree gchar *text = g_strdup_printf ("#EXTM3U\n"
          "#EXT-X-STREAM-INF:BANDWIDTH=1\n%s\n", main ? uris[i] : "list.m3u8");
      g_autoptr (GError) error = NULL;

      write_text ("index.m3u8", text);
      write_text ("list.m3u8", child);
      fail_unless (vs_archive_reader_open (store, NULL, NULL, NULL, NULL, NULL,
              &error) == NULL, "%s", uris[i]);
      fail_unless (g_error_matches (error, G_IO_ERROR,
              G_IO_ERROR_INVALID_DATA), "%s", error->message);
      fail_unless (strstr (error->message, "leads out of the folder") != NULL,
          "%s: %s", uris[i], error->message);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_events)
{
  static const gchar *const folders[] = {
    "default/live", "a/one", "a/one/left", "a/one/recordings", "a/media",
    "a/.hidden", "a/one/left/deeper",
  };
  static const gchar *const want[] = {
    "a/one", "a/one/left", "default/live"
  };
  g_autoptr (GPtrArray) events = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (vs_archive_reader_open (store, NULL, NULL, NULL, NULL, NULL,
          &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree gchar *name =
        g_strconcat ("../../", folders[i], "/index.m3u8", NULL);

    write_text (name, "#EXTM3U\n");
  }
  events = vs_archive_list_events (store, NULL, NULL);
  fail_unless_equals_int (events->len, G_N_ELEMENTS (want));
  for (guint i = 0; i < events->len; i++)
    fail_unless_equals_string (g_ptr_array_index (events, i), want[i]);
}

GST_END_TEST;

static void
check_summary (GstClockTime duration, gboolean ended)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VsArchiveSummary) summary =
      vs_archive_summary_read (store, ARCHIVE_FOLDER, NULL, &error);

  fail_unless (summary != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (summary->renditions->len, 2);
  fail_unless_equals_string (g_ptr_array_index (summary->renditions, 1), "b");
  fail_unless_equals_uint64 (summary->duration, duration);
  fail_unless_equals_int (summary->ended, ended);
}

/* A complete playlist too long to be read as a whole (256 KiB): by its head and
 * parts. */
#define LONG 800

GST_START_TEST (test_long)
{
  g_autoptr (VsArchiveReader) reader = NULL;

  write_segments (1, LONG, TRUE, 0);
  reader = open_reader ();
  check_reader (reader, 1, LONG, TRUE);
}

GST_END_TEST;

/* Also of what is read by its head alone. */
GST_START_TEST (test_summary)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vs_archive_summary_read (store, ARCHIVE_FOLDER, NULL,
          &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  write_segments (1, 20, FALSE, 0);
  check_summary (20 * 40 * GST_MSECOND, FALSE);
  write_segments (21, LONG, TRUE, 0);
  check_summary (LONG * 40 * GST_MSECOND, TRUE);
}

GST_END_TEST;

static Suite *
archivereader_suite (void)
{
  Suite *suite = suite_create ("archivereader");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_test (tcase, test_follow);
  tcase_add_test (tcase, test_pruned);
  tcase_add_test (tcase, test_tail);
  tcase_add_test (tcase, test_damage);
  tcase_add_test (tcase, test_made_anew);
  tcase_add_test (tcase, test_foreign);
  tcase_add_test (tcase, test_leaving);
  tcase_add_test (tcase, test_events);
  tcase_add_test (tcase, test_long);
  tcase_add_test (tcase, test_summary);
  return suite;
}

GST_CHECK_MAIN (archivereader);
