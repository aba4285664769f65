/* VisionStream: tests of other makers' playlists, read as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ffmpeg's HLS muxer makes them from one file, and its demuxer and decoders
 * read what comes out: the pictures and the frames of sound have to be those of
 * the file, and as far apart.
 */
#include "archive/foreigncheck.h"

#include <string.h>

#define HLS "-hls_playlist_type vod -hls_time 2 "
#define GROUPS "-map 0:v -map 0:a -var_stream_map " \
    "'v:0,agroup:s a:0,agroup:s,default:yes' -master_pl_name m.m3u8 "

/* ---- ffmpeg's playlists ------------------------------------------------- */

#define X265 "-c:v libx265 -preset ultrafast -tag:v hvc1 " \
    "-x265-params keyint=25:log-level=none -c:a "

static const struct
{
  const gchar *codecs, *options, *playlist;
} playlists[] = {
  {NULL, "any.m3u8", "any.m3u8"},
  {NULL, "-hls_flags single_file any.m3u8", "any.m3u8"},
  {NULL, FOREIGN_FMP4 "film.m3u8", "film.m3u8"},
  {NULL, FOREIGN_FMP4
        "-hls_fmp4_init_filename head.mp4 -hls_flags single_file f.m3u8",
      "f.m3u8"},
  {NULL, FOREIGN_FMP4 "-master_pl_name 'a main one.m3u8' f.m3u8",
      "a main one.m3u8"},
  {NULL, GROUPS "'%v.m3u8'", "m.m3u8"},
  {NULL, FOREIGN_FMP4 GROUPS "-hls_fmp4_init_filename 'i%v.mp4' "
        "-hls_segment_filename '%v/s_%d.m4s' '%v/out.m3u8'", "m.m3u8"},
  {X265 "ac3", FOREIGN_FMP4 "film.m3u8", "film.m3u8"},
  {X265 "eac3",
        FOREIGN_FMP4 GROUPS "-hls_fmp4_init_filename 'i%v.mp4' '%v.m3u8'",
      "m.m3u8"},
};

GST_START_TEST (test_playlists)
{
  g_auto (ForeignGiven) given = { 0 };

  if (!foreign_make_source (playlists[__i__].codecs))
    return;
  fail_unless (foreign_make_hls (playlists[__i__].options));
  foreign_read (&given, playlists[__i__].playlist, NULL);
  fail_unless_equals_int (given.problems, 0);
  fail_unless_equals_int (given.chunks, FOREIGN_SECONDS / 2);
  fail_unless_equals_int (given.disconts, 1);
  foreign_assert_whole (FOREIGN_TOLERANCE_MS);
}

GST_END_TEST;

/* Segments of sound that are shorter and longer than those of video */
static const struct
{
  const gchar *type, *seconds;
} boundaries[] = {
  {"", "0.7"}, {"", "3.1"}, {FOREIGN_FMP4, "0.7"}, {FOREIGN_FMP4, "3.1"},
  {FOREIGN_FMP4, "20"},
};

/* Both outputs keep what is between them; but those of TS lose what the first
 * DTS is ahead of 0. */
#define TS_SHIFT_MS 60
#define UNSHIFTED "-avoid_negative_ts disabled "

GST_START_TEST (test_boundaries)
{
  const gchar *type = boundaries[__i__].type;
  g_autofree gchar *main_text = g_strdup_printf (FOREIGN_MAIN, "a.m3u8");
  g_auto (ForeignGiven) given = { 0 };

  if (!foreign_make_source (NULL))
    return;
  fail_unless (foreign_run ("ffmpeg -v error -y -i source.mp4 -map 0:v -c copy "
          UNSHIFTED "-f hls " HLS
          "%s -hls_fmp4_init_filename vi.mp4 v.m3u8 -map 0:a -c copy " UNSHIFTED
          "-f hls -hls_playlist_type vod -hls_time %s %s "
          "-hls_fmp4_init_filename ai.mp4 a.m3u8", type,
          boundaries[__i__].seconds, type));
  foreign_put_text ("m.m3u8", main_text);
  foreign_read (&given, "m.m3u8", NULL);
  fail_unless_equals_int (given.problems, 0);
  foreign_assert_whole (*type ? FOREIGN_TOLERANCE_MS : TS_SHIFT_MS);
}

GST_END_TEST;

/* From a keyframe to another */
GST_START_TEST (test_range)
{
  g_auto (ForeignDecoded) was = { 0 }, is = { 0 };
  VsArchiveCursorSettings settings = { 0 };
  g_auto (ForeignGiven) given = { 0 };

  if (!foreign_make_source (NULL))
    return;
  fail_unless (foreign_make_hls (FOREIGN_FMP4 GROUPS
          "-hls_fmp4_init_filename 'i%v.mp4' " "'%v.m3u8'"));
  fail_unless (vs_archive_time_parse ("2.2", &settings.start, NULL));
  fail_unless (vs_archive_time_parse ("4.9", &settings.stop, NULL));
  foreign_read (&given, "m.m3u8", &settings);
  fail_unless_equals_int (given.problems, 0);
  fail_unless (foreign_run
      ("ffmpeg -v error -y -i source.mp4 -c copy source.ts"));
  foreign_decode (&was, "source.ts");
  foreign_decode (&is, "out.ts");
  foreign_assert_hashes (is.hashes[0], was.hashes[0], 2 * 25, 3 * 25);
  /* frames of 1024 samples, of which none begins ahead of the keyframe */
  fail_unless (ABS ((gint) is.hashes[1]->len - 3 * 48000 / 1024) <= 1);
  fail_unless (is.first_ms[1] >= is.first_ms[0]
      && is.first_ms[1] - is.first_ms[0] < 22);
}

GST_END_TEST;

/* ---- encryption --------------------------------------------------------- */

GST_START_TEST (test_encrypted)
{
  g_auto (ForeignGiven) given = { 0 };

  if (!foreign_make_source (NULL))
    return;
  foreign_make_encrypted (NULL);
  foreign_read (&given, "a.m3u8", NULL);
  fail_unless_equals_int (given.problems, 0);
  foreign_assert_whole (FOREIGN_TOLERANCE_MS);
}

GST_END_TEST;

/* ---- by hand ------------------------------------------------------------ */

/* Twice the same, with a map of its own each */
GST_START_TEST (test_discontinuity)
{
  g_autofree gchar *text = NULL, *twice = NULL;
  g_auto (ForeignGiven) given = { 0 };
  g_auto (GStrv) parts = NULL;

  if (!foreign_make_source (NULL))
    return;
  fail_unless (foreign_make_hls (FOREIGN_FMP4 "f.m3u8"));
  text = foreign_get_text ("f.m3u8", NULL);
  parts = g_strsplit (text, "#EXT-X-MAP", 2);
  *strstr (parts[1], "#EXT-X-ENDLIST") = '\0';
  twice = g_strconcat (parts[0], "#EXT-X-MAP", parts[1],
      "#EXT-X-DISCONTINUITY\n#EXT-X-MAP", parts[1], "#EXT-X-ENDLIST\n", NULL);
  foreign_put_text ("twice.m3u8", twice);
  foreign_read (&given, "twice.m3u8", NULL);
  fail_unless_equals_int (given.problems, 0);
  fail_unless_equals_int (given.disconts, 2);
  fail_unless (foreign_run
      ("test $(ffmpeg -v error -xerror -i out.ts -map 0:v -f "
          "framemd5 - | grep -vc '^#') = %u", 2 * FOREIGN_FRAMES));
}

GST_END_TEST;

/* An ID3 tag with the time of the first frame (RFC 8216 3.4) */
static GByteArray *
make_tag (guint64 time_90k)
{
  static const gchar owner[] = "com.apple.streaming.transportStreamTimestamp";
  guint8 head[20] = "ID3\4\0\0\0\0\0\0PRIV";
  GByteArray *tag = g_byte_array_new ();

  head[9] = 10 + sizeof owner + 8;
  head[17] = sizeof owner + 8;
  time_90k = GUINT64_TO_BE (time_90k);
  g_byte_array_append (tag, head, sizeof head);
  g_byte_array_append (tag, (const guint8 *) owner, sizeof owner);
  g_byte_array_append (tag, (const guint8 *) &time_90k, sizeof time_90k);
  return tag;
}

/* The source's sound as ADTS frames, in files of @frames each; a playlist */
static void
make_packed (guint frames, guint64 time_90k)
{
  g_autoptr (GString) list = g_string_new ("#EXTM3U\n"
      "#EXT-X-TARGETDURATION:9\n");
  g_autofree gchar *adts = NULL;
  gsize size, done = 0;

  fail_unless (foreign_run
      ("ffmpeg -v error -y -i source.mp4 -map 0:a -c copy a.aac"));
  adts = foreign_get_text ("a.aac", &size);
  for (guint i = 0; done < size; i++) {
    g_autoptr (GByteArray) file =
        make_tag (time_90k + i * frames * G_GUINT64_CONSTANT (1920));
    g_autofree gchar *name = g_strdup_printf ("p%u.aac", i);
    g_autofree gchar *path = g_build_filename (root, name, NULL);

    for (guint k = 0; k < frames && done < size; k++) {
      const guint8 *at = (guint8 *) adts + done;
      gsize length = (at[3] & 3) << 11 | at[4] << 3 | at[5] >> 5;

      g_byte_array_append (file, at, length);
      done += length;
    }
    fail_unless (g_file_set_contents (path, (gchar *) file->data, file->len,
            NULL));
    g_string_append_printf (list, "#EXTINF:%f,\n%s\n", frames * 1024 / 48000.0,
        name);
  }
  g_string_append (list, "#EXT-X-ENDLIST\n");
  foreign_put_text ("a.m3u8", list->str);
}

GST_START_TEST (test_packed)
{
  g_autofree gchar *main_text = g_strdup_printf (FOREIGN_MAIN, "a.m3u8");
  g_auto (ForeignDecoded) was = { 0 };
  g_auto (ForeignGiven) given = { 0 };

  if (!foreign_make_source (NULL))
    return;
  fail_unless (foreign_make_hls ("-map 0:v v.m3u8"));
  fail_unless (foreign_run
      ("ffmpeg -v error -y -i source.mp4 -c copy source.ts"));
  fail_unless (foreign_run ("cat v?.ts > v.ts"));
  foreign_decode (&was, "source.ts");
  /* as far from the pictures as it was, which begin elsewhere here */
  {
    g_auto (ForeignDecoded) video = { 0 };

    foreign_decode_stream (&video, 0, "v.ts");
    make_packed (70, (video.first_ms[0] + was.first_ms[1]
            - was.first_ms[0]) * 90);
  }
  foreign_put_text ("m.m3u8", main_text);
  foreign_read (&given, "m.m3u8", NULL);
  fail_unless_equals_int (given.problems, 0);
  foreign_assert_whole (FOREIGN_TOLERANCE_MS);
}

GST_END_TEST;

static Suite *
archiveforeign_suite (void)
{
  Suite *suite = suite_create ("archiveforeign");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_loop_test (tcase, test_playlists, 0, G_N_ELEMENTS (playlists));
  tcase_add_loop_test (tcase, test_boundaries, 0, G_N_ELEMENTS (boundaries));
  tcase_add_test (tcase, test_range);
  tcase_add_test (tcase, test_encrypted);
  tcase_add_test (tcase, test_discontinuity);
  tcase_add_test (tcase, test_packed);
  return suite;
}

GST_CHECK_MAIN (archiveforeign);
