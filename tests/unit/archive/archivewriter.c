/* VisionStream: tests of an event's archive, written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/archivefixture.h"
#include "archive/vsarchivemain.h"
#include "archive/vsarchivereader.h"
#include "archive/vsarchivesummary.h"

static VsArchiveWriter *
open_writer (const VsArchiveWriterSettings * settings, VsArchiveState * state)
{
  g_autoptr (GError) error = NULL;
  VsArchiveWriter *writer =
      archive_open_writer (store, settings, state, &error);

  fail_unless (writer != NULL, "%s", error ? error->message : "");
  return writer;
}

static gchar *
read_text (const gchar * name)
{
  g_autofree gchar *path = g_build_filename (root, ARCHIVE_FOLDER, name, NULL);
  gchar *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

GST_START_TEST (test_names)
{
  static const struct
  {
    guint64 sequence;
    const gchar *want;
  } rows[] = {
    {1, "index_1080p_00001.ts"},
    {99999, "index_1080p_99999.ts"},
    {100000, "index_1080p_100000.ts"},
  };
  g_autofree gchar *list = vs_archive_playlist_name ("1080p");
  g_autofree gchar *plain = vs_archive_folder (NULL, NULL, NULL);
  g_autofree gchar *deep = vs_archive_folder ("a", "e", "b");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *name =
        vs_archive_segment_name ("1080p", rows[i].sequence);

    fail_unless_equals_string (name, rows[i].want);
  }
  fail_unless_equals_string (list, "index_1080p.m3u8");
  fail_unless_equals_string (plain, "default/live");
  fail_unless_equals_string (deep, "a/e/b");
}

GST_END_TEST;

/* Live while it grows, complete at the end, whatever the length is to parts. */
GST_START_TEST (test_write)
{
  static const guint lengths[] = { 1, 32, 33, 64, 65, 130 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autofree gchar *event = g_strdup_printf ("e%u", lengths[i]);
    g_autofree gchar *folder = vs_archive_folder (NULL, event, NULL);
    VsArchiveWriterSettings settings = {.event = event };
    VsArchiveState state;
    VsArchiveWriter *writer = open_writer (&settings, &state);
    g_autoptr (GPtrArray) entries = NULL;
    gboolean ended;

    fail_if (state.found);
    fail_unless_equals_uint64 (state.next_sequence, 1);
    archive_declare (writer, "720p");
    archive_declare (writer, "240p");
    archive_append (writer, "720p", 1, lengths[i], NULL);
    archive_append (writer, "240p", 1, lengths[i], NULL);
    archive_log_await (&archive_log.stored, 2 * lengths[i]);
    archive_check (store, folder);
    g_ptr_array_unref (archive_read_list (store, folder, "720p", &ended));
    fail_if (ended);

    archive_finish (writer);
    fail_unless (archive_log.complete);
    archive_log.stored = 0;
    entries = archive_check_ended (store, folder, "720p");
    fail_unless_equals_int (entries->len, lengths[i]);
    g_ptr_array_unref (entries);
    entries = archive_check_ended (store, folder, "240p");
    fail_unless_equals_int (entries->len, lengths[i]);
  }
  fail_unless_equals_int (archive_log.failed, 0);
  fail_unless_equals_uint64 (archive_log.lost, 0);
}

GST_END_TEST;

GST_START_TEST (test_main)
{
  VsArchiveWriter *writer = open_writer (NULL, NULL);
  g_autofree gchar *text = NULL;
  /* 1000 bytes in 40 ms are 200 kbit/s: of runs that last 0.5 to 1.5 s */
  static const gchar want[] = "#EXTM3U\n#EXT-X-VERSION:3\n"
      "#EXT-X-INDEPENDENT-SEGMENTS\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=200000,"
      "CODECS=\"avc1.64001f\",RESOLUTION=1280x720,FRAME-RATE=25.000\n"
      "index_b.m3u8\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=200000,"
      "CODECS=\"avc1.64001f\",RESOLUTION=1280x720,FRAME-RATE=25.000\n"
      "index_a.m3u8\n";

  /* the order is that of the declarations */
  archive_declare (writer, "b");
  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 40, NULL);
  archive_append (writer, "b", 1, 40, NULL);
  archive_finish (writer);
  text = read_text ("index.m3u8");
  fail_unless_equals_string (text, want);
}

GST_END_TEST;

/* ---- a second chain ----------------------------------------------------- */

#define MARK "#VISIONSTREAM-REDUNDANT\n"
/* a tenth above what was measured while it is live */
#define LIVE "220000"
#define ENDED "200000"
#define VARIANT(peak, uri) \
    "#EXT-X-STREAM-INF:BANDWIDTH=" peak ",AVERAGE-BANDWIDTH=200000," \
    "CODECS=\"avc1.64001f\",RESOLUTION=1280x720,FRAME-RATE=25.000\n" uri "\n"
#define HEAD "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n"

/* A start on a bucket goes on with @names, and no other. */
static void
check_names (const gchar * const *names)
{
  const VsArchivePlace place = { store, ARCHIVE_FOLDER, NULL };
  g_autoptr (GPtrArray) read = vs_archive_main_read_renditions (&place, NULL);

  fail_unless (read != NULL);
  fail_unless_equals_int (read->len, g_strv_length ((gchar **) names));
  for (guint i = 0; i < read->len; i++)
    fail_unless_equals_string (g_ptr_array_index (read, i), names[i]);
}

/* And so does whoever reads the event. */
static void
check_renditions (const gchar * const *names)
{
  g_autoptr (VsArchiveReader) reader =
      vs_archive_reader_open (store, NULL, NULL, NULL, NULL, NULL, NULL);
  g_autoptr (VsArchiveReader) located =
      vs_archive_reader_open_playlist (store, NULL,
      ARCHIVE_FOLDER "/index.m3u8", NULL, NULL, NULL, NULL, NULL);
  g_autoptr (VsArchiveSummary) summary =
      vs_archive_summary_read (store, ARCHIVE_FOLDER, NULL, NULL);
  guint n = g_strv_length ((gchar **) names);

  check_names (names);
  fail_unless (reader && located && summary);
  fail_unless_equals_int (summary->renditions->len, n);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GPtrArray) timelines =
        vs_archive_reader_get_timelines (i ? located : reader);

    fail_unless_equals_int (timelines->len, n);
  }
  for (guint i = 0; i < n; i++)
    fail_unless_equals_string (g_ptr_array_index (summary->renditions, i),
        names[i]);
}

static void
check_text (const gchar * want)
{
  g_autofree gchar *text = read_text ("index.m3u8");

  fail_unless_equals_string (text, want);
}

#define TWO_CHAINS(peak) HEAD VARIANT (peak, "index_b.m3u8") \
    VARIANT (peak, "index_a.m3u8") \
    MARK VARIANT (peak, "../live-1/index_b.m3u8") \
    MARK VARIANT (peak, "../live-1/index_a.m3u8")

/* The other's children stand behind the own ones, live and after the end. A
 * start with other renditions names those of this run, of both; all that read
 * the event find its own. */
GST_START_TEST (test_redundant)
{
  static const gchar *const both[] = { "b", "a", NULL };
  static const gchar *const later[] = { "c", "a", "b", NULL };
  const VsArchiveWriterSettings settings = {.redundant = "live-1" };
  VsArchiveWriter *writer = open_writer (&settings, NULL);
  VsArchiveState state;

  archive_declare (writer, "b");
  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 40, NULL);
  archive_append (writer, "b", 1, 40, NULL);
  archive_log_await (&archive_log.stored, 80);
  vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
  check_text (TWO_CHAINS (LIVE));
  check_renditions (both);

  writer = open_writer (&settings, &state);
  fail_unless_equals_uint64 (state.next_sequence, 41);
  archive_declare (writer, "b");
  archive_declare (writer, "a");
  archive_append (writer, "a", 41, 80, &state);
  archive_append (writer, "b", 41, 80, &state);
  archive_finish (writer);
  check_text (TWO_CHAINS (ENDED));
  check_renditions (both);
  archive_check (store, ARCHIVE_FOLDER);

  writer = open_writer (&settings, &state);
  fail_unless (state.ended);
  archive_declare (writer, "c");
  archive_append (writer, "c", 81, 120, &state);
  archive_log_await (&archive_log.stored, 200);
  vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
  check_text (HEAD VARIANT (LIVE, "index_c.m3u8")
      MARK VARIANT (LIVE, "../live-1/index_c.m3u8")
      "#VISIONSTREAM-EARLIER:a\n#VISIONSTREAM-EARLIER:b\n");
  check_names (later);
}

GST_END_TEST;

/* A breakout lies a folder deeper, at the other chain as well. */
GST_START_TEST (test_redundant_breakout)
{
  const VsArchiveWriterSettings settings = {.breakout = "room",
    .redundant = "live-1"
  };
  VsArchiveWriter *writer = open_writer (&settings, NULL);
  g_autofree gchar *text = NULL;

  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 40, NULL);
  archive_finish (writer);
  text = read_text ("room/index.m3u8");
  fail_unless_equals_string (text, HEAD VARIANT (ENDED, "index_a.m3u8")
      MARK VARIANT (ENDED, "../../live-1/room/index_a.m3u8"));
}

GST_END_TEST;

/* After an end and without one the numbers go on, with one discontinuity. */
GST_START_TEST (test_restart)
{
  static const struct
  {
    guint length;
    gboolean end;
  } rows[] = {
    {5, FALSE}, {40, TRUE}, {70, FALSE}, {1, TRUE}, {100, TRUE}, {3, FALSE},
  };
  VsArchiveState state;
  VsArchiveWriter *writer;
  guint64 next = 1;
  g_autoptr (GPtrArray) entries = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    writer = open_writer (NULL, &state);
    fail_unless_equals_uint64 (state.next_sequence, next);
    fail_unless_equals_uint64 (state.next_run, i);
    fail_unless_equals_int64 (state.event_utc_us,
        i > 0 ? ARCHIVE_EVENT_UTC_US : 0);
    fail_unless_equals_uint64 (state.next_discontinuity_sequence, i);
    fail_unless_equals_int (state.found, i > 0);
    fail_unless_equals_int (state.target_duration, i > 0);
    archive_declare (writer, "720p");
    archive_append (writer, "720p", next, next + rows[i].length - 1, &state);
    next += rows[i].length;
    if (rows[i].end)
      archive_finish (writer);
    else
      vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
    archive_check (store, ARCHIVE_FOLDER);
  }

  writer = open_writer (NULL, &state);
  archive_finish (writer);
  entries = archive_check_ended (store, ARCHIVE_FOLDER, "720p");
  fail_unless_equals_int (entries->len, next - 1);
  for (guint i = 0, count = 0; i < entries->len; i++) {
    VsSegment *segment = g_ptr_array_index (entries, i);

    count += segment->discontinuity;
    fail_unless_equals_uint64 (segment->discontinuity_sequence, count);
  }
}

GST_END_TEST;

/* Renditions go on with one number: what one lacks is a gap with the
 * boundary of the others. */
GST_START_TEST (test_lagging_rendition)
{
  VsArchiveState state;
  VsArchiveWriter *writer = open_writer (NULL, NULL);
  g_autoptr (GPtrArray) entries = NULL;

  archive_declare (writer, "a");
  archive_declare (writer, "b");
  archive_append (writer, "a", 1, 150, NULL);
  archive_append (writer, "b", 1, 3, NULL);
  vs_archive_writer_free (writer, ARCHIVE_PATIENCE);

  writer = open_writer (NULL, &state);
  fail_unless_equals_uint64 (state.next_sequence, 151);
  archive_declare (writer, "b");
  archive_append (writer, "b", 151, 152, &state);
  archive_declare (writer, "c");
  archive_append (writer, "c", 151, 151, &state);
  archive_append (writer, "c", 153, 153, &state);
  archive_finish (writer);
  archive_check (store, ARCHIVE_FOLDER);

  entries = archive_check_ended (store, ARCHIVE_FOLDER, "b");
  fail_unless_equals_int (entries->len, 153);
  for (guint i = 0; i < entries->len; i++) {
    VsSegment *segment = g_ptr_array_index (entries, i);

    fail_unless_equals_int (segment->gap, (i >= 3 && i < 150) || i == 152);
    fail_unless_equals_uint64 (segment->duration, 40 * GST_MSECOND);
    fail_unless_equals_int64 (segment->start_pts_90k, 3600 * (i + 1));
  }
  g_ptr_array_unref (entries);
  entries = archive_check_ended (store, ARCHIVE_FOLDER, "c");
  fail_unless_equals_int (entries->len, 3);
}

GST_END_TEST;

static Suite *
archivewriter_suite (void)
{
  Suite *suite = suite_create ("archivewriter");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_test (tcase, test_names);
  tcase_add_test (tcase, test_write);
  tcase_add_test (tcase, test_main);
  tcase_add_test (tcase, test_redundant);
  tcase_add_test (tcase, test_redundant_breakout);
  tcase_add_test (tcase, test_restart);
  tcase_add_test (tcase, test_lagging_rendition);
  return suite;
}

GST_CHECK_MAIN (archivewriter);
