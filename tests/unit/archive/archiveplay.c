/* VisionStream: an archive in the eyes of a player that nobody here wrote
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <openssl/sha.h>
#include <string.h>

#include "archive/archivefixture.h"

#define SEGMENTS 70
#define FRAMES 10               /* a segment, at 25 fps */
#define SEGMENT (FRAMES * GST_SECOND / 25)

static gboolean
run (const gchar * line, gchar ** output)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  gint status;

  return g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH
      | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, output, NULL, &status, NULL)
      && g_spawn_check_wait_status (status, NULL);
}

/* Test pictures and a tone, cut by ffmpeg at each IDR. */
static gboolean
make_segments (void)
{
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -f lavfi -i "
      "testsrc=s=160x90:r=25 -f lavfi -i sine=r=48000 -t %d.0 -c:v libx264 "
      "-preset ultrafast -bf 0 -g %d -keyint_min %d -sc_threshold 0 -c:a aac "
      "-f segment -segment_time 0.4 -segment_start_number 1 "
      "-segment_format mpegts %s/made%%d.ts", SEGMENTS * FRAMES / 25, FRAMES,
      FRAMES, root);

  return run (line, NULL);
}

static void
append_made (VsArchiveWriter * writer, guint64 sequence)
{
  g_autofree gchar *path =
      g_strdup_printf ("%s/made%" G_GUINT64_FORMAT ".ts", root, sequence);
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) made = NULL, bytes = NULL;
  gchar *data;
  gsize size;

  fail_unless (g_file_get_contents (path, &data, &size, NULL), "%s", path);
  bytes = g_bytes_new_take (data, size);
  segment = archive_make_segment ("a", sequence, 1, &made);
  segment->duration = SEGMENT;
  segment->size = size;
  segment->start_pts_90k = sequence * FRAMES * 3600;
  segment->tracks[0].start = segment->start_pts_90k;
  segment->tracks[0].duration = FRAMES * 3600;
  SHA256 ((const guint8 *) data, size, segment->sha256);
  vs_archive_writer_append (writer, "a", segment, &bytes, 1);
}

/* Frames that ffmpeg decodes of the first video stream. */
static guint
count_frames (const gchar * name)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error "
      "-select_streams v:0 -count_frames -show_entries stream=nb_read_frames "
      "-of csv=p=0 %s/" ARCHIVE_FOLDER "/%s", root, name);
  g_autofree gchar *output = NULL;

  fail_unless (run (line, &output), "%s", line);
  return g_ascii_strtoull (output, NULL, 10);
}

GST_START_TEST (test_ffprobe)
{
  static const gchar *const names[] = { "index.m3u8", "index_a.m3u8" };
  VsArchiveWriter *writer;

  if (!make_segments ()) {
    g_print ("skipped: no ffmpeg with libx264\n");
    return;
  }
  writer = archive_open_writer (store, NULL, NULL, NULL);
  archive_declare (writer, "a");
  for (guint64 s = 1; s <= SEGMENTS; s++)
    append_made (writer, s);
  archive_finish (writer);
  fail_unless (archive_log.complete);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    fail_unless_equals_int (count_frames (names[i]), SEGMENTS * FRAMES);
  /* a sealed part is a playlist of its own */
  fail_unless_equals_int (count_frames ("index_a.00033.m3u8"), 32 * FRAMES);
}

GST_END_TEST;

static Suite *
archiveplay_suite (void)
{
  Suite *suite = suite_create ("archiveplay");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_test (tcase, test_ffprobe);
  return suite;
}

GST_CHECK_MAIN (archiveplay);
