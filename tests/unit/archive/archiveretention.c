/* VisionStream: tests of what an archive keeps, and of what it costs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "archive/archivelog.h"
#include "archive/faultystore.h"
#include "manifest/vsm3u8.h"

/* segments of archive_make_segment () */
#define SEGMENT (40 * GST_MSECOND)

/* a multiple of a part */
#define COUNT 192

static gchar *root;
static VsStore *store;

static void
setup (void)
{
  root = archive_make_root ();
  store = vs_store_open (root, TRUE, NULL);
  archive_log_clear ();
}

static void
teardown (void)
{
  vs_store_unref (store);
  archive_remove_tree (root);
  g_free (root);
  archive_log_clear ();
}

static guint
count_files (const gchar * folder, const gchar * prefix, const gchar * suffix)
{
  g_autoptr (GPtrArray) objects =
      vs_store_list (store, folder, suffix, NULL, NULL);
  guint n = 0;

  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);

    n += g_str_has_prefix (object->key + strlen (folder) + 1, prefix);
  }
  return n;
}

/* Two renditions of @n segments with the limits; what is retained then. */
static void
check_limits (const VsArchiveWriterSettings * settings, guint n, guint keep)
{
  g_autofree gchar *folder = vs_archive_folder (NULL, settings->event, NULL);
  VsArchiveWriter *writer = archive_open_writer (store, settings, NULL, NULL);
  static const gchar *const names[] = { "a", "b" };

  archive_declare (writer, "a");
  archive_declare (writer, "b");
  for (guint s = 1; s <= n; s++) {
    archive_append (writer, "a", s, s, NULL);
    archive_append (writer, "b", s, s, NULL);
  }
  archive_log_clear ();
  archive_finish (writer);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GPtrArray) entries =
        archive_check_ended (store, folder, names[i]);
    const VsSegment *oldest = g_ptr_array_index (entries, 0);

    fail_unless_equals_int (entries->len, keep);
    fail_unless_equals_uint64 (oldest->sequence, n - keep + 1);
  }
}

GST_START_TEST (test_limits)
{
  static const struct
  {
    VsArchiveWriterSettings settings;
    guint n, keep;
  } rows[] = {
    {{.event = "e0"}, 100, 100},
    {{.event = "e1",.max_segments = 40}, 100, 40},
    {{.event = "e2",.max_segments = 5}, 100, 5},
    {{.event = "e3",.max_segments = 150}, 200, 150},
    /* those that end less than this before the end */
    {{.event = "e4",.max_age = 20 * SEGMENT}, 100, 21},
    {{.event = "e5",.max_age = 90 * SEGMENT}, 100, 91},
    {{.event = "e6",.max_bytes = 60 * ARCHIVE_SIZE}, 100, 30},
    /* never less than a live playlist needs */
    {{.event = "e7",.max_segments = 1}, 10, 3},
    {{.event = "e8",.max_bytes = 1}, 10, 3},
    {{.event = "e9",.max_age = 1}, 10, 3},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_limits (&rows[i].settings, rows[i].n, rows[i].keep);
}

GST_END_TEST;

/* Segments go after their grace, and parts with them; not before. */
GST_START_TEST (test_deletion)
{
  VsArchiveWriterSettings settings = {.max_segments = 10 };
  VsArchiveState state;
  VsArchiveWriter *writer =
      archive_open_writer (store, &settings, &state, NULL);
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  archive_declare (writer, "a");
  archive_append (writer, "a", 1, 100, NULL);
  archive_log_await (&archive_log.stored, 100);
  fail_unless_equals_int (count_files (ARCHIVE_FOLDER, "index_a_", ".ts"), 100);
  /* a writer that died in the grace leaves it to the next one */
  vs_archive_writer_free (writer, 0);

  writer = archive_open_writer (store, &settings, &state, NULL);
  archive_declare (writer, "a");
  archive_append (writer, "a", 101, 101, &state);
  while (count_files (ARCHIVE_FOLDER, "index_a_", ".ts") > 10) {
    fail_unless (g_get_monotonic_time () < end);
    archive_check (store, ARCHIVE_FOLDER);
    g_usleep (20000);
  }
  archive_check (store, ARCHIVE_FOLDER);
  archive_finish (writer);
  fail_unless_equals_int (count_files (ARCHIVE_FOLDER, "index_a.", ".m3u8"),
      /* the child playlist, and the parts of 92 to 101 */
      1 + 2);
}

GST_END_TEST;

/* EXT-X-DISCONTINUITY-SEQUENCE stays right when discontinuities go. */
GST_START_TEST (test_discontinuities)
{
  VsArchiveWriterSettings settings = {.max_segments = 7 };
  guint64 next = 1;

  for (guint run = 0; run < 12; run++) {
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (VsM3u8Media) media = NULL;
    VsArchiveState state;
    VsArchiveWriter *writer =
        archive_open_writer (store, &settings, &state, NULL);
    guint64 sequence;

    archive_declare (writer, "a");
    archive_append (writer, "a", next, next + 2, &state);
    vs_archive_writer_free (writer, 10 * GST_SECOND);
    next += 3;

    bytes = vs_store_get (store, ARCHIVE_FOLDER "/index_a.m3u8", 0, -1, 1 << 20,
        NULL, NULL);
    media = vs_m3u8_read_media (g_bytes_get_data (bytes, NULL),
        g_bytes_get_size (bytes), NULL);
    fail_unless_equals_int (media->segments->len, MIN (next - 1, 7));
    fail_unless_equals_uint64 (media->discontinuity_sequence,
        (media->media_sequence - 1) / 3);
    sequence = media->media_sequence;
    for (guint i = 0; i < media->segments->len; i++) {
      const VsSegment *segment = g_ptr_array_index (media->segments, i);

      fail_unless_equals_uint64 (segment->discontinuity_sequence,
          (sequence + i - 1) / 3);
    }
  }
}

GST_END_TEST;

/* What is written for a segment does not depend on how many there were. */
GST_START_TEST (test_bytes_a_segment)
{
  g_autoptr (VsStore) counting = faulty_store_new (store);
  VsArchiveWriter *writer = archive_open_writer (counting, NULL, NULL, NULL);
  guint64 bytes[3], before = 0;

  archive_declare (writer, "a");
  for (guint i = 0; i < G_N_ELEMENTS (bytes); i++) {
    archive_append (writer, "a", i * COUNT + 1, (i + 1) * COUNT, NULL);
    archive_log_await (&archive_log.stored, (i + 1) * COUNT);
    bytes[i] = faulty_store_get_bytes (counting) - before;
    before += bytes[i];
  }
  g_print ("playlists: %u bytes a segment\n",
      (guint) (bytes[2] / COUNT - ARCHIVE_SIZE));
  fail_unless (bytes[2] < bytes[1] + bytes[1] / 50);
  fail_unless (bytes[2] / COUNT - ARCHIVE_SIZE < 32 * 1024);
  archive_finish (writer);
  fail_unless (archive_log.complete);
}

GST_END_TEST;

typedef struct
{
  VsArchiveWriter *writer;
  const gchar *name;
} Appender;

static gpointer
append_all (gpointer data)
{
  Appender *appender = data;

  archive_declare (appender->writer, appender->name);
  archive_append (appender->writer, appender->name, 1, 120, NULL);
  return NULL;
}

GST_START_TEST (test_threads)
{
  VsArchiveWriter *writer = archive_open_writer (store, NULL, NULL, NULL);
  Appender appenders[] = {
    {writer, "1080p"}, {writer, "720p"}, {writer, "480p"}, {writer, "240p"},
  };
  GThread *threads[G_N_ELEMENTS (appenders)];

  for (guint i = 0; i < G_N_ELEMENTS (appenders); i++)
    threads[i] = g_thread_new (NULL, append_all, &appenders[i]);
  for (guint i = 0; i < G_N_ELEMENTS (appenders); i++)
    g_thread_join (threads[i]);
  archive_finish (writer);
  fail_unless (archive_log.complete);
  fail_unless_equals_int (archive_log.stored, 480);
  for (guint i = 0; i < G_N_ELEMENTS (appenders); i++) {
    g_autoptr (GPtrArray) entries =
        archive_check_ended (store, ARCHIVE_FOLDER, appenders[i].name);

    fail_unless_equals_int (entries->len, 120);
  }
}

GST_END_TEST;

/* A second writer of the same folder is refused; what another maker left is
 * not written over. */
GST_START_TEST (test_refused)
{
  VsArchiveWriter *writer = archive_open_writer (store, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path =
      g_build_filename (root, ARCHIVE_FOLDER, "index_a.m3u8", NULL);

  fail_unless (archive_open_writer (store, NULL, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY));
  g_clear_error (&error);
  vs_archive_writer_free (writer, 0);

  fail_unless (g_file_set_contents (path, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
          "#EXTINF:2,\nx.ts\n", -1, NULL));
  fail_unless (archive_open_writer (store, NULL, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  fail_unless (strstr (error->message, path) != NULL, "%s", error->message);
}

GST_END_TEST;

static Suite *
archiveretention_suite (void)
{
  Suite *suite = suite_create ("archiveretention");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_limits);
  tcase_add_test (tcase, test_deletion);
  tcase_add_test (tcase, test_discontinuities);
  tcase_add_test (tcase, test_bytes_a_segment);
  tcase_add_test (tcase, test_threads);
  tcase_add_test (tcase, test_refused);
  return suite;
}

GST_CHECK_MAIN (archiveretention);
