/* VisionStream: tests of the MPEG-TS reader against ffmpeg
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tshelper.h"

static gchar *folder;

static void
setup (void)
{
  folder = test_folder_new ();
}

static void
teardown (void)
{
  test_folder_remove (folder);
  g_clear_pointer (&folder, g_free);
}

/* Each unit of @track is one of ffprobe's packets: the same order, size and
 * keyframes; video times the same, audio times within what ffmpeg's rounding
 * from frame to frame adds up to in a PES packet. Of video it is asked twice:
 * its parsers tell keyframes (recovery points too), but put the borders between
 * pictures elsewhere than the PES packets do. */
static void
assert_track_as_probed (TestReader * test, GArray * packets, guint track)
{
  VsCodec codec = test->program->tracks[track].codec;
  gboolean video = vs_codec_get_media_type (codec) == VS_MEDIA_VIDEO;
  guint i = 0, n = 0;

  for (guint p = 0; p < packets->len; p++) {
    ProbePacket *packet = &g_array_index (packets, ProbePacket, p);
    TestUnit *unit;
    gint64 slack = video ? 0 : 8;

    if (packet->stream != track)
      continue;
    while (i < test->units->len
        && test_reader_get (test, i)->unit.track != track)
      i++;
    unit = test_reader_get (test, i++);
    n++;
    fail_unless_equals_uint64 (unit->unit.size, packet->size);
    fail_unless (ABS (unit->unit.pts_90k - packet->pts) <= slack,
        "track %u unit %u: %" G_GINT64_FORMAT " is not %" G_GINT64_FORMAT,
        track, n, unit->unit.pts_90k, packet->pts);
    if (packet->dts != G_MININT64)
      fail_unless (ABS (unit->unit.dts_90k - packet->dts) <= slack);
    fail_unless_equals_int (unit->unit.flags & ~VS_TS_UNIT_KEYFRAME, 0);
    fail_unless (unit->unit.config != NULL);
  }
  for (; i < test->units->len; i++)
    fail_unless (test_reader_get (test, i)->unit.track != track);
  fail_unless (n > 10);
}

static void
assert_keyframes_as_probed (TestReader * test, GArray * packets, guint track,
    gboolean open_gop)
{
  guint i = 0, keys = 0, probed = 0;

  for (guint p = 0; p < packets->len; p++) {
    ProbePacket *packet = &g_array_index (packets, ProbePacket, p);
    gboolean key;

    if (packet->stream != track)
      continue;
    while (test_reader_get (test, i)->unit.track != track)
      i++;
    key = (test_reader_get (test, i++)->unit.flags & VS_TS_UNIT_KEYFRAME) != 0;
    fail_if (key && !packet->key);
    keys += key;
    probed += packet->key;
  }
  fail_unless (keys > 0 && (open_gop ? keys < probed : keys == probed));
}

/* @aligned: each video PES packet is one access unit, so that ffprobe can tell
 * their borders without its parsers */
static void
assert_as_probed (const guint8 * data, gsize size, const gchar * path,
    gboolean open_gop, gboolean aligned)
{
  static const gsize steps[] = { 0, 1316, 1000, 7 };
  g_autoptr (GArray) parsed = test_probe (path, "");
  g_autoptr (GArray) whole = test_probe (path,
      aligned ? "-fflags +noparse+nofillin" : "");

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autoptr (TestReader) test = test_read (data, size, steps[i]);
    VsTsStats stats;

    fail_unless (test->program != NULL);
    fail_unless_equals_int (test->programs, 1);
    for (guint track = 0; track < test->program->n_tracks; track++) {
      gboolean video = vs_codec_get_media_type (test->program->tracks[track]
          .codec) == VS_MEDIA_VIDEO;

      assert_track_as_probed (test, video ? whole : parsed, track);
      assert_keyframes_as_probed (test, parsed, track, video && open_gop);
    }
    vs_ts_reader_get_stats (test->reader, &stats);
    fail_unless_equals_uint64 (stats.packets, size / 188);
    fail_unless_equals_uint64 (stats.skipped_bytes + stats.sync_losses
        + stats.continuity_errors + stats.transport_errors + stats.crc_errors
        + stats.pid_changes + stats.clock_jumps + stats.scrambled
        + stats.oversize, 0);
  }
}

static const struct
{
  const gchar *options;
  VsCodec video, audio;
  const gchar *mime;
} clips[] = {
  {"-map 0 -map 1 -c:v libx264 -bf 3 -g 12 -c:a aac", VS_CODEC_H264,
      VS_CODEC_AAC, "mp4a.40.2"},
  {"-map 0 -map 1 -c:v libx264 -x264opts open-gop=1:keyint=10 -c:a aac "
        "-ar 44100 -pes_payload_size 2930", VS_CODEC_H264, VS_CODEC_AAC,
      "mp4a.40.2"},
  {"-map 0 -map 1 -c:v libx265 -x265-params log-level=none:keyint=12:open-gop=0 " "-c:a ac3", VS_CODEC_H265, VS_CODEC_AC3, "ac-3"},
  {"-map 0 -map 1 -c:v mpeg2video -bf 2 -g 12 -c:a mp2", VS_CODEC_MPEG2_VIDEO,
      VS_CODEC_MPEG_AUDIO, "mp4a.6b"},
  {"-map 1 -c:a eac3", VS_CODEC_UNKNOWN, VS_CODEC_EAC3, "ec-3"},
  {"-map 1 -c:a libmp3lame -ar 22050", VS_CODEC_UNKNOWN, VS_CODEC_MPEG_AUDIO,
      "mp4a.69"},
  {"-map 0 -c:v libx264 -g 12 -tune zerolatency", VS_CODEC_H264,
      VS_CODEC_UNKNOWN, NULL},
};

GST_START_TEST (test_ffmpeg_clip)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[__i__].options, &path);
  g_autoptr (TestReader) test = NULL;
  gsize size;
  const guint8 *data;

  fail_unless (ts != NULL);
  data = g_bytes_get_data (ts, &size);
  assert_as_probed (data, size, path, strstr (clips[__i__].options,
          "open-gop=1")
      != NULL, TRUE);
  test = test_read (data, size, 0);
  for (guint i = 0; i < test->units->len; i++) {
    VsTsUnit *unit = &test_reader_get (test, i)->unit;

    if (vs_codec_get_media_type (unit->config->codec) == VS_MEDIA_VIDEO) {
      fail_unless_equals_int (unit->config->codec, clips[__i__].video);
      fail_unless_equals_int (unit->config->width, 320);
      fail_unless_equals_int (unit->config->height, 180);
      fail_unless_equals_int (unit->config->fps_n, 25);
      fail_unless_equals_int (unit->config->fps_d, 1);
    } else {
      fail_unless_equals_int (unit->config->codec, clips[__i__].audio);
      fail_unless_equals_string (unit->config->mime, clips[__i__].mime);
    }
  }
}

GST_END_TEST;

/* Of one type: the same units, and none of the others. */
GST_START_TEST (test_select)
{
  static const VsMediaType types[] = { VS_MEDIA_VIDEO, VS_MEDIA_AUDIO };
  g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[0].options, NULL);
  g_autoptr (TestReader) all = NULL;
  guint n_units = 0;
  gsize size;
  const guint8 *data;

  fail_unless (ts != NULL);
  data = g_bytes_get_data (ts, &size);
  all = test_read (data, size, 0);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autoptr (TestReader) test = test_reader_new (0);
    guint at = 0;

    vs_ts_reader_select (test->reader, types[i]);
    vs_ts_reader_push (test->reader, data, size);
    vs_ts_reader_drain (test->reader);
    fail_unless_equals_int (test->program->n_tracks, 2);
    for (guint k = 0; k < all->units->len; k++) {
      const VsTsUnit *unit = &test_reader_get (all, k)->unit, *same;

      if (vs_codec_get_media_type (unit->config->codec) != types[i])
        continue;
      same = &test_reader_get (test, at++)->unit;
      fail_unless_equals_int (same->track, unit->track);
      fail_unless_equals_int64 (same->pts_90k, unit->pts_90k);
      fail_unless_equals_int64 (same->dts_90k, unit->dts_90k);
      fail_unless_equals_int64 (same->size, unit->size);
    }
    fail_unless_equals_int (test->units->len, at);
    n_units += at;
  }
  fail_unless_equals_int (all->units->len, n_units);
}

GST_END_TEST;

GST_START_TEST (test_real_clip)
{
  const gchar *media = g_getenv ("VS_MEDIA_DIR");
  g_autofree gchar *path =
      g_build_filename (media ? media : ".", "sintel-608.ts", NULL);
  g_autofree gchar *data = NULL;
  gsize size;

  if (!g_file_get_contents (path, &data, &size, NULL)) {
    g_print ("skipped: no ../shared/media\n");
    return;
  }
  assert_as_probed ((guint8 *) data, size, path, FALSE, FALSE);
}

GST_END_TEST;

static Suite *
tsreader_suite (void)
{
  Suite *s = suite_create ("tsreader");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_ffmpeg_clip, 0, G_N_ELEMENTS (clips));
  tcase_add_test (tc, test_select);
  tcase_add_test (tc, test_real_clip);
  return s;
}

GST_CHECK_MAIN (tsreader);
