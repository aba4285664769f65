/* VisionStream: tests of HLS playlists, written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "manifest/vsm3u8.h"

/* 2026-03-01T12:00:00Z */
#define UTC_US G_GINT64_CONSTANT (1772366400000000)

static void
view_clear (VsTimelineView * view)
{
  vs_rendition_unref (view->rendition);
  g_ptr_array_unref (view->segments);
  g_ptr_array_unref (view->configs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsTimelineView, view_clear);

static void
view_init (VsTimelineView * view, guint target_duration)
{
  memset (view, 0, sizeof *view);
  view->rendition = vs_rendition_new (NULL, NULL, NULL, "720p");
  view->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  view->configs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_codec_config_unref);
  view->target_duration = target_duration;
}

/* Adds a segment that follows the last one; video only. */
static VsSegment *
view_add (VsTimelineView * view, gint64 duration_90k, const gchar * config)
{
  VsSegment *segment = vs_segment_new ();
  VsSegment *last = view->segments->len == 0 ? NULL :
      g_ptr_array_index (view->segments, view->segments->len - 1);

  segment->sequence = last ? last->sequence + 1 : 7;
  segment->discontinuity_sequence = last ? last->discontinuity_sequence : 0;
  segment->start_pts_90k =
      last ? last->start_pts_90k + last->tracks[0].duration : 126000;
  segment->utc_us = last ? last->utc_us + last->duration / 1000 : UTC_US;
  segment->duration = gst_util_uint64_scale (duration_90k, GST_SECOND, 90000);
  segment->independent = TRUE;
  segment->n_tracks = 1;
  segment->tracks[0].type = VS_MEDIA_VIDEO;
  segment->tracks[0].timescale = 90000;
  segment->tracks[0].start = segment->start_pts_90k;
  segment->tracks[0].duration = duration_90k;
  g_strlcpy (segment->tracks[0].config_id, config, 9);
  segment->uri = g_strdup_printf ("index_720p_%05" G_GUINT64_FORMAT ".ts",
      segment->sequence);
  g_ptr_array_add (view->segments, segment);
  return segment;
}

static void
append_map (GString * out, const gchar * config_id, gpointer user_data)
{
  g_string_append_printf (out, "init_%s.mp4", config_id);
}

static void
append_uri (GString * out, const VsSegment * segment, gpointer user_data)
{
  g_string_append_printf (out, "v_%" G_GUINT64_FORMAT ".m4s",
      segment->sequence);
}

static const VsM3u8MediaSettings ts_settings = { 0 };

static const VsM3u8MediaSettings cmaf_settings = {
  .uri = append_uri,
  .map = append_map,
  .track = VS_MEDIA_VIDEO,
};

GST_START_TEST (test_live)
{
  g_auto (VsTimelineView) view;
  g_autofree gchar *text = NULL;

  view_init (&view, 2);
  view_add (&view, 180180, "00000001");
  view_add (&view, 180180, "00000001");
  text = vs_m3u8_write_media (&view, &ts_settings);
  fail_unless_equals_string (text, "#EXTM3U\n"
      "#EXT-X-VERSION:3\n"
      "#EXT-X-TARGETDURATION:2\n"
      "#EXT-X-MEDIA-SEQUENCE:7\n"
      "#EXT-X-INDEPENDENT-SEGMENTS\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
      "#EXTINF:2.002000,\n"
      "index_720p_00007.ts\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:02.002Z\n"
      "#EXTINF:2.002000,\n" "index_720p_00008.ts\n");
}

GST_END_TEST;

/* A new configuration, a gap and a discontinuity in one VOD playlist. */
GST_START_TEST (test_maps_gaps_discontinuities)
{
  g_auto (VsTimelineView) view;
  g_autofree gchar *text = NULL;
  VsSegment *segment;

  view_init (&view, 6);
  view.ended = TRUE;
  segment = view_add (&view, 540000, "00000001");
  segment->discontinuity = TRUE;
  segment->discontinuity_sequence = 3;
  view_add (&view, 540000, "00000001");
  segment = view_add (&view, 540000, "00000002");
  segment->discontinuity = TRUE;
  segment->discontinuity_sequence = 4;
  segment = view_add (&view, 540000, "");
  segment->n_tracks = 0;
  segment->gap = TRUE;
  segment->independent = FALSE;
  segment->tracks[0].duration = 540000;
  segment = view_add (&view, 270000, "00000002");
  segment->independent = FALSE;
  text = vs_m3u8_write_media (&view, &cmaf_settings);
  fail_unless_equals_string (text, "#EXTM3U\n"
      "#EXT-X-VERSION:8\n"
      "#EXT-X-TARGETDURATION:6\n"
      "#EXT-X-MEDIA-SEQUENCE:7\n"
      "#EXT-X-DISCONTINUITY-SEQUENCE:3\n"
      "#EXT-X-PLAYLIST-TYPE:VOD\n"
      "#EXT-X-MAP:URI=\"init_00000001.mp4\"\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
      "#EXTINF:6.000000,\n"
      "v_7.m4s\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:06.000Z\n"
      "#EXTINF:6.000000,\n"
      "v_8.m4s\n"
      "#EXT-X-DISCONTINUITY\n"
      "#EXT-X-MAP:URI=\"init_00000002.mp4\"\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:12.000Z\n"
      "#EXTINF:6.000000,\n"
      "v_9.m4s\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:18.000Z\n"
      "#EXT-X-GAP\n"
      "#EXTINF:6.000000,\n"
      "v_10.m4s\n"
      "#EXT-X-MAP:URI=\"init_00000002.mp4\"\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:24.000Z\n"
      "#EXTINF:3.000000,\n" "v_11.m4s\n" "#EXT-X-ENDLIST\n");
}

GST_END_TEST;

/* A segment without the track is a gap of a CMAF playlist, as long as the
 * segment is, and none of a TS playlist. */
GST_START_TEST (test_track_is_missing)
{
  g_auto (VsTimelineView) view;
  g_autofree gchar *cmaf = NULL, *ts = NULL;
  VsSegment *segment;

  view_init (&view, 2);
  view_add (&view, 180000, "00000001");
  segment = view_add (&view, 180000, "");
  segment->tracks[0].duration = 0;
  cmaf = vs_m3u8_write_media (&view, &cmaf_settings);
  ts = vs_m3u8_write_media (&view, &ts_settings);
  fail_unless (g_str_has_suffix (cmaf, "#EXTINF:2.000000,\n"
          "v_7.m4s\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:02.000Z\n"
          "#EXT-X-GAP\n" "#EXTINF:2.000000,\n" "v_8.m4s\n"), "%s", cmaf);
  fail_unless (strstr (ts, "#EXT-X-GAP") == NULL);
}

GST_END_TEST;

/* Sound alone is independent, whatever the picture that it was cut by. */
GST_START_TEST (test_independent)
{
  VsM3u8MediaSettings settings = cmaf_settings;
  g_auto (VsTimelineView) view;
  g_autofree gchar *video = NULL, *audio = NULL;

  view_init (&view, 2);
  view_add (&view, 180000, "00000001")->independent = FALSE;
  video = vs_m3u8_write_media (&view, &settings);
  settings.track = VS_MEDIA_AUDIO;
  audio = vs_m3u8_write_media (&view, &settings);
  fail_unless (strstr (video, "#EXT-X-INDEPENDENT-SEGMENTS") == NULL);
  fail_unless (strstr (audio, "#EXT-X-INDEPENDENT-SEGMENTS") != NULL);
}

GST_END_TEST;

/* Audio of 44.1 kHz: whole AAC frames are no whole µs, yet 1000 durations add
 * up to the track's length. */
GST_START_TEST (test_durations_do_not_drift)
{
  static const VsM3u8MediaSettings settings = {.track = VS_MEDIA_AUDIO };
  const gint64 frames = 87 * 1024;
  g_auto (VsTimelineView) view;
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  gint64 sum_us = 0;

  view_init (&view, 2);
  for (guint i = 0; i < 1000; i++) {
    VsSegment *segment = view_add (&view, 180000, "00000003");

    segment->tracks[0].type = VS_MEDIA_AUDIO;
    segment->tracks[0].timescale = 44100;
    segment->tracks[0].start = i * frames;
    segment->tracks[0].duration = frames;
  }
  text = vs_m3u8_write_media (&view, &settings);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (g_str_has_prefix (lines[i], "#EXTINF:"))
      sum_us += (gint64) (g_ascii_strtod (lines[i] + 8, NULL) * 1e6 + 0.5);
  }
  fail_unless_equals_int64 (sum_us,
      gst_util_uint64_scale_round (1000 * frames, 1000000, 44100));
}

GST_END_TEST;

/* An entry in the middle is the same bytes whoever renders it. */
GST_START_TEST (test_entries_are_independent_of_the_window)
{
  g_auto (VsTimelineView) view;
  g_autoptr (GString) entry = g_string_new (NULL);
  g_autofree gchar *text = NULL;

  view_init (&view, 2);
  for (guint i = 0; i < 4; i++)
    view_add (&view, 180000, i < 2 ? "00000001" : "00000002");
  text = vs_m3u8_write_media (&view, &cmaf_settings);
  vs_m3u8_append_entry (entry, view.segments->pdata[2],
      view.segments->pdata[1], &cmaf_settings);
  vs_m3u8_append_entry (entry, view.segments->pdata[3],
      view.segments->pdata[2], &cmaf_settings);
  fail_unless (g_str_has_suffix (text, entry->str));
}

GST_END_TEST;

/* The rounded duration of no entry may be above the target duration. */
GST_START_TEST (test_target_duration)
{
  static const struct
  {
    guint fixed;
    gint64 duration_90k;
    const gchar *line;
  } cases[] = {
    {6, 540000, "#EXT-X-TARGETDURATION:6\n"},
    {6, 584999, "#EXT-X-TARGETDURATION:6\n"},
    {6, 585000, "#EXT-X-TARGETDURATION:7\n"},
    {0, 9000, "#EXT-X-TARGETDURATION:1\n"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (VsTimelineView) view;
    g_autofree gchar *text = NULL;

    view_init (&view, cases[i].fixed);
    view_add (&view, cases[i].duration_90k, "00000001");
    text = vs_m3u8_write_media (&view, &ts_settings);
    fail_unless (strstr (text, cases[i].line) != NULL, "case %u: %s", i, text);
  }
}

GST_END_TEST;

GST_START_TEST (test_event_type)
{
  static const VsM3u8MediaSettings settings = {.event_type = TRUE };
  g_auto (VsTimelineView) view;
  g_autofree gchar *text = NULL;

  view_init (&view, 2);
  view_add (&view, 180000, "00000001")->independent = FALSE;
  text = vs_m3u8_write_media (&view, &settings);
  fail_unless (strstr (text, "#EXT-X-PLAYLIST-TYPE:EVENT\n") != NULL);
  fail_unless (strstr (text, "INDEPENDENT") == NULL);
  fail_unless (strstr (text, "ENDLIST") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_main)
{
  static const VsM3u8Audio audio = {
    .group = "audio",.name = "English \"main\"",.language = "en",
    .uri = "index_audio.m3u8",.is_default = TRUE,.channels = 2,
  };
  static const VsM3u8Variant variants[] = {
    {.uri = "index_1080p.m3u8",.bandwidth = 5600000,
          .average_bandwidth = 5200000,.codecs = "avc1.640028,mp4a.40.2",
          .width = 1920,.height = 1080,.fps_n = 30000,.fps_d = 1001,
        .audio_group = "audio",.video_range = "SDR"},
    {.uri = "index_audio.m3u8",.bandwidth = 200000,.codecs = "mp4a.40.2"},
  };
  static const VsM3u8MainSettings settings = {
    variants, G_N_ELEMENTS (variants), &audio, 1, TRUE
  };
  g_autofree gchar *text = vs_m3u8_write_main (&settings);

  fail_unless_equals_string (text, "#EXTM3U\n"
      "#EXT-X-VERSION:4\n"
      "#EXT-X-INDEPENDENT-SEGMENTS\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"English  main \","
      "LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\","
      "URI=\"index_audio.m3u8\"\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=5600000,AVERAGE-BANDWIDTH=5200000,"
      "CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1920x1080,"
      "FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO=\"audio\"\n"
      "index_1080p.m3u8\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=200000,CODECS=\"mp4a.40.2\"\n"
      "index_audio.m3u8\n");
}

GST_END_TEST;

/* Own entries first, then the other chain's; each has groups of its own, and
 * what is read back is what was there without the other. */
GST_START_TEST (test_redundant_main)
{
#define MARK "#VISIONSTREAM-REDUNDANT\n"
  static const VsM3u8Audio audios[] = {
    {.group = "a",.name = "in it",.is_default = TRUE},
    {.group = "a",.name = "de",.language = "de",.uri = "index_de.m3u8"},
  };
  static const VsM3u8Variant variants[] = {
    {.uri = "index_v.m3u8",.bandwidth = 100,.audio_group = "a"},
    {.uri = "index_w.m3u8",.bandwidth = 50},
  };
  static const VsM3u8MainSettings settings = {
    variants, 2, audios, 2, FALSE, "../live-1/"
  };
  static const gchar *const uris[] = {
    "index_v.m3u8", "index_w.m3u8", "index_de.m3u8"
  };
  g_autofree gchar *text = vs_m3u8_write_main (&settings);
  g_autoptr (GPtrArray) entries = vs_m3u8_read_main (text, strlen (text), NULL);

  fail_unless_equals_string (text, "#EXTM3U\n#EXT-X-VERSION:4\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a-0\",NAME=\"in it\","
      "LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a-0\",NAME=\"de\",LANGUAGE=\"de\","
      "DEFAULT=NO,AUTOSELECT=YES,URI=\"index_de.m3u8\"\n"
      MARK "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a-1\",NAME=\"in it\","
      "LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES\n"
      MARK "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a-1\",NAME=\"de\","
      "LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=YES,"
      "URI=\"../live-1/index_de.m3u8\"\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=100,AUDIO=\"a-0\"\nindex_v.m3u8\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=50\nindex_w.m3u8\n"
      MARK "#EXT-X-STREAM-INF:BANDWIDTH=100,AUDIO=\"a-1\"\n"
      "../live-1/index_v.m3u8\n"
      MARK "#EXT-X-STREAM-INF:BANDWIDTH=50\n../live-1/index_w.m3u8\n");
  fail_unless (entries != NULL);
  fail_unless_equals_int (entries->len, G_N_ELEMENTS (uris));
  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    fail_unless_equals_string (((VsM3u8MainEntry *) entries->pdata[i])->uri,
        uris[i]);
}

GST_END_TEST;

static Suite *
m3u8_suite (void)
{
  Suite *suite = suite_create ("m3u8");
  TCase *tcase = tcase_create ("write");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_live);
  tcase_add_test (tcase, test_maps_gaps_discontinuities);
  tcase_add_test (tcase, test_track_is_missing);
  tcase_add_test (tcase, test_independent);
  tcase_add_test (tcase, test_durations_do_not_drift);
  tcase_add_test (tcase, test_entries_are_independent_of_the_window);
  tcase_add_test (tcase, test_target_duration);
  tcase_add_test (tcase, test_event_type);
  tcase_add_test (tcase, test_main);
  tcase_add_test (tcase, test_redundant_main);
  return suite;
}

GST_CHECK_MAIN (m3u8);
