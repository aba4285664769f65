/* VisionStream: what others read from our TS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ffmpeg's streams are read and written again: ffprobe must see the same
 * packets as before, GStreamer's demuxer the same frames.
 */
#include "tshelper.h"

static const gchar *const clips[] = {
  "-map 0 -map 1 -c:v libx264 -bf 3 -g 12 -c:a aac",
  "-map 0 -map 1 -c:v libx265 -x265-params log-level=none -c:a ac3",
  "-map 0 -map 1 -c:v mpeg2video -bf 2 -g 12 -c:a mp2",
  "-map 0 -map 1 -c:v libx264 -b:v 20M -g 12 -c:a eac3",
  "-map 1 -c:a aac",
};

static GByteArray *
write_again (TestReader * test)
{
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (test->program);
  GByteArray *out = g_byte_array_new ();

  vs_ts_writer_write_psi (writer, out);
  for (guint i = 0; i < test->units->len; i++)
    vs_ts_writer_write_unit (writer, &test_reader_get (test, i)->unit, out);
  return out;
}

static void
assert_same_packets (const gchar * a_path, const gchar * b_path,
    const gchar * options, gint64 slack)
{
  g_autoptr (GArray) a = test_probe (a_path, options);
  g_autoptr (GArray) b = test_probe (b_path, options);

  fail_unless (a->len > 0);
  for (guint stream = 0; stream < 2; stream++) {
    guint j = 0;

    for (guint i = 0; i < a->len; i++) {
      ProbePacket *x = &g_array_index (a, ProbePacket, i), *y;

      if (x->stream != stream)
        continue;
      while (j < b->len && g_array_index (b, ProbePacket, j).stream != stream)
        j++;
      fail_unless (j < b->len);
      y = &g_array_index (b, ProbePacket, j++);
      fail_unless_equals_uint64 (x->size, y->size);
      fail_unless (ABS (x->pts - y->pts) <= slack);
      fail_unless (ABS (x->dts - y->dts) <= slack);
      fail_unless_equals_int (x->key, y->key);
    }
    while (j < b->len && g_array_index (b, ProbePacket, j).stream != stream)
      j++;
    fail_unless_equals_int (j, b->len);
  }
}

GST_START_TEST (test_ffprobe)
{
  gchar *folder = test_folder_new ();
  g_autofree gchar *path = NULL;
  g_autofree gchar *again = g_build_filename (folder, "again.ts", NULL);
  g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[__i__], &path);
  g_autoptr (TestReader) test = NULL;
  g_autoptr (TestReader) back = NULL;
  g_autoptr (GByteArray) out = NULL;

  fail_unless (ts != NULL);
  test = test_read (g_bytes_get_data (ts, NULL), g_bytes_get_size (ts), 0);
  out = write_again (test);
  fail_unless (g_file_set_contents (again, (gchar *) out->data, out->len,
          NULL));
  assert_same_packets (path, again, "", 8);

  /* and our reader */
  back = test_read (out->data, out->len, 1316);
  fail_unless_equals_int (back->units->len, test->units->len);
  fail_unless_equals_int (back->program->n_tracks, test->program->n_tracks);
  for (guint track = 0; track < test->program->n_tracks; track++) {
    guint j = 0;

    for (guint i = 0; i < test->units->len; i++) {
      VsTsUnit *x = &test_reader_get (test, i)->unit, *y;

      if (x->track != track)
        continue;
      while (test_reader_get (back, j)->unit.track != track)
        j++;
      y = &test_reader_get (back, j++)->unit;
      fail_unless_equals_uint64 (x->size, y->size);
      fail_unless (memcmp (x->data, y->data, x->size) == 0);
      fail_unless_equals_int64 (x->pts_90k, y->pts_90k);
      fail_unless_equals_int64 (x->dts_90k, y->dts_90k);
      fail_unless_equals_int (x->flags, y->flags);
      fail_unless_equals_string (x->config->id, y->config->id);
    }
  }
  test_folder_remove (folder);
  g_free (folder);
}

GST_END_TEST;

static void
count_buffer (GstElement * sink, GstBuffer * buffer, GstPad * pad, guint * n)
{
  (*n)++;
}

GST_START_TEST (test_tsdemux)
{
  gchar *folder = test_folder_new ();
  g_autofree gchar *path = NULL;
  g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[0], &path);
  g_autofree gchar *line = g_strdup_printf ("filesrc location=%s ! tsdemux ! "
      "h264parse ! video/x-h264,alignment=au ! fakesink name=sink "
      "signal-handoffs=true", path);
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (TestReader) test = NULL;
  g_autoptr (GByteArray) out = NULL;
  guint n = 0;

  fail_unless (ts != NULL);
  test = test_read (g_bytes_get_data (ts, NULL), g_bytes_get_size (ts), 0);
  out = write_again (test);
  fail_unless (g_file_set_contents (path, (gchar *) out->data, out->len, NULL));
  pipeline = gst_parse_launch (line, NULL);
  fail_unless (pipeline != NULL);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (count_buffer), &n);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  fail_unless_equals_int (n, 50);
  test_folder_remove (folder);
  g_free (folder);
}

GST_END_TEST;

static Suite *
tsroundtrip_suite (void)
{
  Suite *s = suite_create ("tsroundtrip");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_ffprobe, 0, G_N_ELEMENTS (clips));
  tcase_add_test (tc, test_tsdemux);
  return s;
}

GST_CHECK_MAIN (tsroundtrip);
