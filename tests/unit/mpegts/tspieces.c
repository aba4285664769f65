/* VisionStream: tests of where the units are in a stored segment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tshelper.h"

#include "mpegts/vstspieces.h"
#include "timeline/teststream.h"

/* What VsTsWriter has written: a unit a piece, one after the other. */
GST_START_TEST (test_units)
{
  TestPiece piece = {.start_90k = VS_TS_CLOCK_WRAP - 45000,.frames = 60,
    .gop = 15,.b_frames = 2
  };
  g_autoptr (GArray) pieces = NULL;
  g_autoptr (GBytes) ts = NULL;
  g_autoptr (TestReader) reader = NULL;
  gsize end = 0;
  TestStream stream;

  test_stream_init (&stream, TRUE, TRUE);
  test_stream_add (&stream, &piece);
  ts = g_bytes_new (stream.bytes->data, stream.bytes->len);
  reader = test_read (stream.bytes->data, stream.bytes->len, 0);
  pieces = vs_ts_find_pieces (ts, piece.start_90k, NULL);
  fail_unless_equals_int (pieces->len, reader->units->len);
  for (guint i = 0; i < pieces->len; i++) {
    const VsTsPiece *part = &g_array_index (pieces, VsTsPiece, i);
    g_autoptr (TestReader) alone = test_reader_new (0);

    fail_unless_equals_uint64 (part->offset, end);
    end = part->offset + part->size;
    fail_unless (part->pts_90k != VS_TS_NO_TIME);
    fail_unless (part->type == VS_MEDIA_AUDIO || part->pcr_90k < part->pts_90k);
    fail_unless (part->type == VS_MEDIA_VIDEO
        || part->pcr_90k == VS_TS_NO_TIME);
    /* tables are ahead of what they are for */
    vs_ts_reader_push (alone->reader, stream.bytes->data, 2 * 188);
    vs_ts_reader_push (alone->reader, stream.bytes->data + part->offset,
        part->size);
    vs_ts_reader_end_unit (alone->reader);
    fail_unless_equals_int (alone->units->len, 1);
    fail_unless_equals_int64 ((test_reader_get (alone, 0)->unit.pts_90k
            - part->pts_90k) % VS_TS_CLOCK_WRAP, 0);
    fail_unless_equals_int (part->random_access,
        (test_reader_get (alone, 0)->unit.flags & VS_TS_UNIT_KEYFRAME) != 0);
    if (part->type == VS_MEDIA_VIDEO && part->random_access)
      fail_unless_equals_int (stream.bytes->data[part->offset + 2], 0);
  }
  fail_unless_equals_uint64 (end, stream.bytes->len);
  fail_unless_equals_int64 (vs_ts_pieces_get_start (pieces), piece.start_90k);
  test_stream_clear (&stream);
}

GST_END_TEST;

/* Another maker's: all of it, in order. */
GST_START_TEST (test_mixed)
{
  g_autofree gchar *folder = test_folder_new ();
  g_autoptr (GBytes) ts = test_ffmpeg (folder,
      "-map 0 -map 1 -c:v libx264 -b:v 3M -c:a aac", NULL);
  g_autoptr (GArray) pieces = NULL;
  gsize end = 0;

  test_folder_remove (folder);
  if (ts == NULL) {
    g_print ("skipped: no ffmpeg with libx264\n");
    return;
  }
  pieces = vs_ts_find_pieces (ts, 0, NULL);
  fail_unless (pieces->len >= 50);
  for (guint i = 0; i < pieces->len; i++) {
    const VsTsPiece *part = &g_array_index (pieces, VsTsPiece, i);

    fail_unless_equals_uint64 (part->offset, end);
    fail_unless (part->size > 0);
    end += part->size;
  }
  fail_unless_equals_uint64 (end, g_bytes_get_size (ts));
}

GST_END_TEST;

GST_START_TEST (test_not_packets)
{
  static const gsize sizes[] = { 0, 1, 187, 188, 189, 1880 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree guint8 *data = g_malloc0 (sizes[i] + 1);
    g_autoptr (GBytes) ts = NULL;

    for (guint sync = 0; sync < 2; sync++) {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;

      for (gsize k = 0; k < sizes[i] && sync; k += 188)
        data[k] = 0x47;
      bytes = g_bytes_new (data, sizes[i]);
      fail_unless (vs_ts_find_pieces (bytes, 0, &error) == NULL);
      fail_unless (g_error_matches (error, G_IO_ERROR,
              G_IO_ERROR_INVALID_DATA));
    }
  }
}

GST_END_TEST;

static Suite *
tspieces_suite (void)
{
  Suite *suite = suite_create ("tspieces");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_units);
  tcase_add_test (tcase, test_mixed);
  tcase_add_test (tcase, test_not_packets);
  return suite;
}

GST_CHECK_MAIN (tspieces);
