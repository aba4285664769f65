/* VisionStream: tests of what an archive keeps, and of what it costs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>
#include <time.h>

#include "archive/archivefixture.h"
#include "store/faultystore.h"
#include "manifest/vsm3u8.h"

/* segments of archive_make_segment () */
#define SEGMENT (40 * GST_MSECOND)

/* two parts */
#define BATCH 64

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
  gint64 end =
      g_get_monotonic_time () + GST_TIME_AS_USECONDS (ARCHIVE_PATIENCE);

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

/* Runs of three segments each, of which seven are kept. */
static void
check_discontinuities (const VsArchiveWriterSettings * settings)
{
  g_autofree gchar *folder = vs_archive_folder (NULL, settings->event, NULL);
  g_autofree gchar *key = g_strconcat (folder, "/index_a.m3u8", NULL);
  guint64 next = 1;

  for (guint run = 0; run < 12; run++) {
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (VsM3u8Media) media = NULL;
    VsArchiveState state;
    VsArchiveWriter *writer =
        archive_open_writer (store, settings, &state, NULL);

    fail_unless_equals_uint64 (state.next_sequence, next);
    archive_declare (writer, "a");
    archive_append (writer, "a", next, next + 2, &state);
    vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
    next += 3;

    archive_check (store, folder);
    bytes = vs_store_get (store, key, 0, -1, 1 << 20, NULL, NULL);
    media = vs_m3u8_read_media (g_bytes_get_data (bytes, NULL),
        g_bytes_get_size (bytes), NULL);
    fail_unless_equals_int (media->segments->len, MIN (next - 1, 7));
    fail_unless_equals_uint64 (media->discontinuity_sequence,
        (media->media_sequence - 1) / 3);
    for (guint i = 0; i < media->segments->len; i++) {
      const VsSegment *segment = g_ptr_array_index (media->segments, i);

      fail_unless_equals_uint64 (segment->discontinuity_sequence,
          (media->media_sequence + i - 1) / 3);
    }
  }
}

/* EXT-X-DISCONTINUITY-SEQUENCE stays right when discontinuities go, whatever
 * limit made them go. */
GST_START_TEST (test_discontinuities)
{
  static const VsArchiveWriterSettings rows[] = {
    {.event = "e0",.max_segments = 7},
    {.event = "e1",.max_age = 6 * SEGMENT},
    {.event = "e2",.max_bytes = 7 * ARCHIVE_SIZE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_discontinuities (&rows[i]);
}

GST_END_TEST;

/* A rendition that stands still while others go on: all that it had is pruned,
 * no player is led to it, and it begins again with the others' number. */
GST_START_TEST (test_stalled)
{
  VsArchiveWriterSettings settings = {.max_segments = 5 };
  gint64 end =
      g_get_monotonic_time () + GST_TIME_AS_USECONDS (ARCHIVE_PATIENCE);

  for (guint again = 0; again < 2; again++) {
    VsArchiveState state;
    VsArchiveWriter *writer =
        archive_open_writer (store, &settings, &state, NULL);
    guint64 next = state.next_sequence;
    g_autoptr (GBytes) main = NULL;
    g_autoptr (GPtrArray) entries = NULL;

    archive_log_clear ();
    archive_declare (writer, "a");
    archive_declare (writer, "b");
    for (guint64 s = next; s < next + 10; s++) {
      archive_append (writer, "a", s, s, &state);
      archive_append (writer, "b", s, s, &state);
    }
    archive_append (writer, "a", next + 10, next + 29, &state);
    archive_log_await (&archive_log.stored, 40);
    archive_check (store, ARCHIVE_FOLDER);
    main = vs_store_get (store, ARCHIVE_FOLDER "/index.m3u8", 0, -1, 1 << 16,
        NULL, NULL);
    fail_if (g_strstr_len (g_bytes_get_data (main, NULL),
            g_bytes_get_size (main), "index_b.m3u8"));
    entries = archive_read_list (store, ARCHIVE_FOLDER, "b", NULL);
    fail_unless_equals_int (entries->len, 0);
    while (again && count_files (ARCHIVE_FOLDER, "index_b_", ".ts") > 0) {
      fail_unless (g_get_monotonic_time () < end);
      g_usleep (20000);
    }

    archive_append (writer, "b", next + 31, next + 31, &state);
    if (again)
      archive_finish (writer);
    else
      vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
    archive_check (store, ARCHIVE_FOLDER);
    g_clear_pointer (&entries, g_ptr_array_unref);
    entries = archive_read_list (store, ARCHIVE_FOLDER, "b", NULL);
    fail_unless_equals_int (entries->len, 1);
    fail_unless_equals_uint64 (((VsSegment *)
            g_ptr_array_index (entries, 0))->sequence, next + 31);
  }
}

GST_END_TEST;

typedef struct
{
  guint64 bytes;
  gint64 cpu_us;
} Cost;

static gint64
get_cpu_us (void)
{
  struct timespec time;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* Stores @n times two parts, which a queue takes. @cost is what a segment of
 * the last two cost, in time the least there was: others use the machine too. */
static void
store_parts (VsArchiveWriter * writer, VsStore * counting, guint n, Cost * cost)
{
  *cost = (Cost) {
  0, G_MAXINT64};
  for (guint i = 0; i < n; i++) {
    guint64 s = archive_log.stored;
    guint64 bytes = faulty_store_get_bytes (counting);
    gint64 cpu_us = get_cpu_us ();

    archive_append (writer, "a", s + 1, s + BATCH, NULL);
    archive_log_await (&archive_log.stored, s + BATCH);
    cost->bytes = (faulty_store_get_bytes (counting) - bytes) / BATCH;
    cost->cpu_us = MIN (cost->cpu_us, (get_cpu_us () - cpu_us) / BATCH);
  }
}

/* What a segment costs does not depend on how many there were. */
GST_START_TEST (test_cost_of_a_segment)
{
  gboolean slow = g_getenv ("VS_VALGRIND") != NULL;
  g_autoptr (VsStore) counting = faulty_store_new (store);
  VsArchiveWriter *writer = archive_open_writer (counting, NULL, NULL, NULL);
  Cost early, late;

  archive_declare (writer, "a");
  store_parts (writer, counting, 2, &early);
  store_parts (writer, counting, 4, &early);
  store_parts (writer, counting, slow ? 4 : 150, &late);
  store_parts (writer, counting, 4, &late);
  g_print ("a segment of %d bytes: %u bytes, %u us at 100; %u bytes, %u us "
      "at %u\n", ARCHIVE_SIZE, (guint) early.bytes, (guint) early.cpu_us,
      (guint) late.bytes, (guint) late.cpu_us, archive_log.stored);
  fail_unless (late.bytes < early.bytes + early.bytes / 50);
  fail_unless (late.bytes - ARCHIVE_SIZE < 32 * 1024);
  fail_unless (late.cpu_us < 2 * early.cpu_us + 100);
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
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_test (tcase, test_limits);
  tcase_add_test (tcase, test_deletion);
  tcase_add_test (tcase, test_discontinuities);
  tcase_add_test (tcase, test_stalled);
  tcase_add_test (tcase, test_cost_of_a_segment);
  tcase_add_test (tcase, test_threads);
  tcase_add_test (tcase, test_refused);
  return suite;
}

GST_CHECK_MAIN (archiveretention);
