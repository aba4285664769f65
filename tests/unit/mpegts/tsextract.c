/* VisionStream: tests of one track of a programme, as a TS of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tshelper.h"

#include "mpegts/vstsextract.h"

static gint
find_track (const TestReader * test, VsMediaType type)
{
  for (guint i = 0; i < test->program->n_tracks; i++)
    if (vs_codec_get_media_type (test->program->tracks[i].codec) == type)
      return i;
  return -1;
}

static guint
count_clocks (GBytes * ts)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);
  guint n = 0;

  for (gsize i = 0; i < size; i += VS_TS_PACKET_SIZE)
    n += (data[i + 3] & 0x20) && data[i + 4] > 0 && (data[i + 5] & 0x10);
  return n;
}

/* The units of one track, and nothing else, at the same times. */
static void
assert_track (TestReader * whole, GBytes * ts, VsMediaType type)
{
  g_autoptr (TestReader) alone = NULL;
  gint track = find_track (whole, type);
  VsTsStats stats;
  gsize size;
  gconstpointer data = g_bytes_get_data (ts, &size);
  guint n = 0;

  alone = test_read (data, size, 0);
  vs_ts_reader_get_stats (alone->reader, &stats);
  fail_unless_equals_uint64 (stats.continuity_errors, 0);
  fail_unless_equals_uint64 (stats.crc_errors, 0);
  fail_unless_equals_int (alone->program->n_tracks, 1);
  fail_unless_equals_int (alone->program->tracks[0].codec,
      whole->program->tracks[track].codec);
  for (guint i = 0; i < whole->units->len; i++) {
    const VsTsUnit *from = &test_reader_get (whole, i)->unit;
    const VsTsUnit *to;

    if (from->track != (guint) track)
      continue;
    to = &test_reader_get (alone, n++)->unit;
    fail_unless_equals_int64 (from->pts_90k, to->pts_90k);
    fail_unless_equals_int64 (from->dts_90k, to->dts_90k);
    fail_unless_equals_uint64 (from->size, to->size);
    fail_unless (memcmp (from->data, to->data, to->size) == 0);
  }
  fail_unless_equals_int (n, alone->units->len);
}

GST_START_TEST (test_tracks)
{
  static const gchar *const clips[] = {
    "-map 0 -map 1 -c:v libx264 -bf 3 -g 12 -c:a aac",
    "-map 1 -map 0 -c:v mpeg2video -g 12 -c:a mp2",
  };
  g_autofree gchar *folder = test_folder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (clips); i++) {
    g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[i], NULL);
    g_autoptr (GBytes) video = vs_ts_extract (ts, VS_MEDIA_VIDEO);
    g_autoptr (GBytes) audio = vs_ts_extract (ts, VS_MEDIA_AUDIO);
    g_autoptr (TestReader) whole = NULL;
    gsize size;
    gconstpointer data = g_bytes_get_data (ts, &size);

    whole = test_read (data, size, 0);
    fail_unless (video && audio);
    assert_track (whole, video, VS_MEDIA_VIDEO);
    assert_track (whole, audio, VS_MEDIA_AUDIO);
    fail_unless_equals_int (count_clocks (video), count_clocks (ts));
    fail_unless_equals_int (count_clocks (audio), count_clocks (ts));
  }
  test_folder_remove (folder);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  g_autofree gchar *folder = test_folder_new ();
  g_autoptr (GBytes) ts = test_ffmpeg (folder, "-map 1 -c:a aac", NULL);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) noise = g_bytes_new_static ("no TS at all", 12);
  g_autoptr (GBytes) torn = NULL, slipped = NULL;
  g_autofree guint8 *copy = NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (ts, &size);

  torn = g_bytes_new (data, size - 1);
  copy = g_memdup2 (data, size);
  copy[size - VS_TS_PACKET_SIZE] = 0;
  slipped = g_bytes_new (copy, size);
  fail_unless (vs_ts_extract (ts, VS_MEDIA_VIDEO) == NULL);
  fail_unless (vs_ts_extract (nothing, VS_MEDIA_AUDIO) == NULL);
  fail_unless (vs_ts_extract (noise, VS_MEDIA_AUDIO) == NULL);
  fail_unless (vs_ts_extract (torn, VS_MEDIA_AUDIO) == NULL);
  fail_unless (vs_ts_extract (slipped, VS_MEDIA_AUDIO) == NULL);
  test_folder_remove (folder);
}

GST_END_TEST;

static Suite *
tsextract_suite (void)
{
  Suite *s = suite_create ("tsextract");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_tracks);
  tcase_add_test (tc, test_refused);
  return s;
}

GST_CHECK_MAIN (tsextract);
