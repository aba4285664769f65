/* VisionStream: an endpoint's settings, a timeline, and the exact text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * golden/<name> is what the case of that name writes. A change that is meant
 * is taken over by running this with VS_UPDATE_GOLDEN=1, and read in the diff.
 */
#include <gst/check/gstcheck.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "origin/vsmanifests.h"

typedef enum
{
  LIVE,                         /* 8 segments of 2 s */
  ENDED,
  BROKEN                        /* live: a run of 3, a pause, one of 5 */
} Shape;

static const struct
{
  const gchar *name;            /* of the file */
  VsEndpointType type;
  Shape shape;
  const gchar *settings;        /* "name=value;..." */
  const gchar *query;
  const gchar *object;
} cases[] = {
  {"hls-main", VS_ENDPOINT_HLS, LIVE, "", NULL, "index.m3u8"},
  {"hls-media", VS_ENDPOINT_HLS, LIVE, "", NULL, "index_720p.m3u8"},
  {"hls-window", VS_ENDPOINT_HLS, LIVE, "window=6000000000", NULL,
      "index_720p.m3u8"},
  {"hls-vod", VS_ENDPOINT_HLS, ENDED, "", NULL, "index_720p.m3u8"},
  {"hls-runs", VS_ENDPOINT_HLS, BROKEN, "", NULL, "index_720p.m3u8"},
  {"hls-event", VS_ENDPOINT_HLS, LIVE,
      "playlist-type=event;window=2000000000", NULL, "index_720p.m3u8"},
  {"hls-joined", VS_ENDPOINT_HLS, LIVE, "segment-duration=6000000000", NULL,
      "index_720p.m3u8"},
  {"hls-joined-runs", VS_ENDPOINT_HLS, BROKEN, "segment-duration=4000000000",
      NULL, "index_720p.m3u8"},
  {"hls-dates", VS_ENDPOINT_HLS, LIVE,
      "program-date-time-interval=6000000000", NULL, "index_720p.m3u8"},
  {"hls-no-dates", VS_ENDPOINT_HLS, LIVE, "program-date-time-interval=-1",
      NULL, "index_720p.m3u8"},
  {"hls-start", VS_ENDPOINT_HLS, LIVE,
      "start-offset=-4500000000;start-precise=1", NULL, "index_720p.m3u8"},
  {"hls-delay", VS_ENDPOINT_HLS, LIVE, "time-delay=5000000000", NULL,
      "index_720p.m3u8"},
  {"hls-clip-start", VS_ENDPOINT_HLS, LIVE, "clip-start=1767225605", NULL,
      "index_720p.m3u8"},
  {"hls-names", VS_ENDPOINT_HLS, LIVE,
        "manifest-name=main;segment-prefix=cam;separator=-", NULL,
      "main-720p.m3u8"},
  {"hls-names-main", VS_ENDPOINT_HLS, LIVE,
      "manifest-name=main;separator=-;uri-type=root", NULL, "main.m3u8"},
  {"hls-root", VS_ENDPOINT_HLS, LIVE, "uri-type=root", NULL,
      "index_720p.m3u8"},
  {"hls-groups-main", VS_ENDPOINT_HLS, LIVE, "audio-groups=1", NULL,
      "index.m3u8"},
  {"hls-groups-audio", VS_ENDPOINT_HLS, LIVE, "audio-groups=1", NULL,
      "index_a192.audio.m3u8"},
  {"hls-ascending", VS_ENDPOINT_HLS, LIVE,
      "stream-order=video-bitrate-ascending", NULL, "index.m3u8"},
  {"hls-descending", VS_ENDPOINT_HLS, LIVE,
      "stream-order=video-bitrate-descending", NULL, "index.m3u8"},
  {"hls-bitrates", VS_ENDPOINT_HLS, LIVE,
        "min-video-bitrate=1000000;max-video-bitrate=3500000", NULL,
      "index.m3u8"},
  {"hls-filter", VS_ENDPOINT_HLS, LIVE, "manifest-filter=video_height:0-720",
      NULL, "index.m3u8"},
  {"hls-shift-main", VS_ENDPOINT_HLS, LIVE, "",
      "start=1767225604&end=2026-01-01T00:00:10Z", "index.m3u8"},
  {"hls-shift", VS_ENDPOINT_HLS, LIVE, "", "start=1767225604&end=1767225610",
      "index_720p.m3u8"},
  {"hls-startover", VS_ENDPOINT_HLS, LIVE, "", "start=1767225604",
      "index_720p.m3u8"},
  {"cmaf-main", VS_ENDPOINT_CMAF, LIVE, "", NULL, "index.m3u8"},
  {"cmaf-video", VS_ENDPOINT_CMAF, LIVE, "", NULL, "index_video_720p.m3u8"},
  {"cmaf-audio", VS_ENDPOINT_CMAF, LIVE, "", NULL, "index_audio_a192.m3u8"},
  {"cmaf-sound-only", VS_ENDPOINT_CMAF, LIVE, "",
      "aws.manifestfilter=video_height:1;audio_channels:2", "index.m3u8"},
  {"cmaf-names", VS_ENDPOINT_CMAF, BROKEN,
        "segment-prefix=cam;separator=-;segment-duration=4000000000", NULL,
      "index-video-720p.m3u8"},
  {"dash", VS_ENDPOINT_DASH, LIVE, "", NULL, "index.mpd"},
  {"dash-vod", VS_ENDPOINT_DASH, ENDED, "", NULL, "index.mpd"},
  {"dash-runs", VS_ENDPOINT_DASH, BROKEN, "", NULL, "index.mpd"},
  {"dash-joined", VS_ENDPOINT_DASH, LIVE, "segment-duration=4000000000",
      NULL, "index.mpd"},
  {"dash-names", VS_ENDPOINT_DASH, LIVE,
        "manifest-name=main;segment-prefix=cam;separator=-;uri-type=root",
      NULL, "main.mpd"},
  {"dash-filter", VS_ENDPOINT_DASH, LIVE, "",
        "aws.manifestfilter=video_height:480;audio_bitrate:0-100000",
      "index.mpd"},
  {"dash-time", VS_ENDPOINT_DASH, BROKEN, "template=time-with-timeline",
      NULL, "index.mpd"},
  {"dash-duration", VS_ENDPOINT_DASH, BROKEN, "template=number-with-duration",
      NULL, "index.mpd"},
  {"dash-duration-vod", VS_ENDPOINT_DASH, ENDED,
      "template=number-with-duration;window=6000000000", NULL, "index.mpd"},
  {"dash-compact", VS_ENDPOINT_DASH, LIVE, "layout=compact", NULL,
      "index.mpd"},
  {"dash-newest-run", VS_ENDPOINT_DASH, BROKEN, "multi-period=0", NULL,
      "index.mpd"},
  {"dash-hbbtv", VS_ENDPOINT_DASH, LIVE, "profile=hbbtv-1.5", NULL,
      "index.mpd"},
  {"dash-dvb", VS_ENDPOINT_DASH, LIVE, "profile=dvb-dash-2014", NULL,
      "index.mpd"},
  {"dash-hybridcast", VS_ENDPOINT_DASH, BROKEN, "profile=hybridcast", NULL,
      "index.mpd"},
  {"dash-times", VS_ENDPOINT_DASH, LIVE,
        "min-buffer-time=1500000000;minimum-update-period=5000000000;"
        "suggested-presentation-delay=10000000000;utc-timing=direct", NULL,
      "index.mpd"},
  {"dash-clock", VS_ENDPOINT_DASH, LIVE,
        "utc-timing=http-head;utc-timing-source=https://time.example/now",
      NULL, "index.mpd"},
  {"dash-no-clock", VS_ENDPOINT_DASH, LIVE, "utc-timing=none", NULL,
      "index.mpd"},
  {"dash-information", VS_ENDPOINT_DASH, LIVE,
        "program-title=News & more;program-source=VS;program-copyright=(c);"
        "program-information-url=https://example.com/;program-language=en;"
        "base-urls=https://a.example/x/ https://b.example/x/", NULL,
      "index.mpd"},
  {"dash-shift", VS_ENDPOINT_DASH, LIVE, "",
      "start=1767225604&end=1767225610", "index.mpd"},
};

static gint
find_choice (const VsEndpointSetting * setting, const gchar * nick)
{
  for (const GEnumValue * value = setting->choices; value->value_name; value++)
    if (strcmp (value->value_nick, nick) == 0)
      return value->value;
  ck_abort_msg ("no choice %s", nick);
  return 0;
}

static void
set (VsEndpoint * endpoint, const gchar * text)
{
  g_auto (GStrv) halves = g_strsplit (text, "=", 2);
  const VsEndpointSetting *setting = vs_endpoint_find_setting (halves[0]);
  gpointer member = G_STRUCT_MEMBER_P (endpoint, setting->offset);

  switch (setting->kind) {
    case VS_SETTING_TIME:
    case VS_SETTING_OFFSET:
      *(gint64 *) member = g_ascii_strtoll (halves[1], NULL, 10);
      break;
    case VS_SETTING_UINT:
    case VS_SETTING_FLAG:
      *(guint *) member = (guint) g_ascii_strtoull (halves[1], NULL, 10);
      break;
    case VS_SETTING_CHOICE:
      *(gint *) member = find_choice (setting, halves[1]);
      break;
    case VS_SETTING_TEXT:
    case VS_SETTING_SECRET:
      fail_unless (vs_endpoint_set_text (endpoint, setting, halves[1], NULL));
      break;
  }
}

/* The second run begins 10 s after the first one ended, on a clock of its
 * own. */
static void
put_into_second_run (VsSegment * segment)
{
  segment->discontinuity_sequence = segment->run = 1;
  segment->discontinuity = segment->sequence == 4;
  segment->utc_us += 10 * G_USEC_PER_SEC;
  segment->run_start_pts_90k = 540000 + 90000000;
  segment->start_pts_90k += 90000000;
  for (guint i = 0; i < segment->n_tracks; i++)
    segment->tracks[i].start += 1000 * segment->tracks[i].timescale;
}

static VsTimeline *
make_timeline (const gchar * name, const gchar * audio_id, guint bitrate,
    guint height, Shape shape)
{
  g_autoptr (VsTimeline) empty = fixture_timeline (name, audio_id, TRUE, TRUE,
      1, 0);
  g_autoptr (VsRendition) info = vs_timeline_get_rendition (empty);
  g_autoptr (VsRendition) told = vs_rendition_copy (info);
  VsTimeline *timeline;
  VsCodecConfig *video = fixture_config (VS_CODEC_H264);
  VsCodecConfig *audio = fixture_config (VS_CODEC_AAC);

  told->bitrate = bitrate;
  timeline = vs_timeline_new (told);
  vs_timeline_set_target_duration (timeline, 2);
  g_snprintf (video->id, sizeof video->id, "0000%04u", height);
  video->height = height;
  video->width = height * 16 / 9;
  vs_timeline_add_config (timeline, video);
  vs_timeline_add_config (timeline, audio);
  for (guint64 i = 1; i <= 8; i++) {
    g_autoptr (VsSegment) segment = fixture_segment (i, TRUE, TRUE);

    g_strlcpy (segment->tracks[0].config_id, video->id,
        sizeof segment->tracks[0].config_id);
    if (shape == BROKEN && i > 3)
      put_into_second_run (segment);
    fail_unless (vs_timeline_append (timeline, segment));
  }
  vs_timeline_set_ended (timeline, shape == ENDED);
  vs_codec_config_unref (video);
  vs_codec_config_unref (audio);
  return timeline;
}

static GPtrArray *
make_event (Shape shape)
{
  GPtrArray *timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);

  g_ptr_array_add (timelines, make_timeline ("1080p", "a192", 5192000, 1080,
          shape));
  g_ptr_array_add (timelines, make_timeline ("720p", "a192", 3192000, 720,
          shape));
  g_ptr_array_add (timelines, make_timeline ("480p", "a128", 1128000, 480,
          shape));
  return timelines;
}

static gchar *
write_case (guint i)
{
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("out", cases[i].type);
  g_auto (GStrv) parts = g_strsplit (cases[i].settings, ";", -1);
  g_autoptr (GPtrArray) timelines = make_event (cases[i].shape);
  g_autoptr (VsEventView) view = NULL;
  g_auto (VsSelection) selection = { 0 };
  VsExtent extent;
  VsRange range;
  VsObjectName name;
  VsManifestContext context = {.endpoint = endpoint,.selection = &selection,
    .root = "/out/v1/default/live/out/",.utc_timing_uri = "/api/time"
  };

  for (guint j = 0; parts[j]; j++)
    set (endpoint, parts[j]);
  fail_unless (vs_object_name_parse (cases[i].object, endpoint, &name), "%s",
      cases[i].name);
  fail_unless (vs_selection_parse (endpoint, NULL, cases[i].query,
          name.kind == VS_OBJECT_MAIN, &selection, NULL));
  vs_event_get_extent (timelines, NULL, &extent);
  extent.ended = cases[i].shape == ENDED;
  fail_unless (vs_selection_resolve (&selection, endpoint, &extent, &range,
          NULL));
  context.view = view = vs_event_view_new_range (timelines, NULL, &range,
      endpoint->segment_duration, NULL, NULL);
  return vs_manifest_write (&context, &name, NULL);
}

static void
check_case (guint i)
{
  g_autofree gchar *path = g_build_filename (g_getenv ("VS_GOLDEN_DIR"),
      cases[i].name, NULL);
  g_autofree gchar *text = write_case (i), *golden = NULL;

  fail_unless (text != NULL, "%s", cases[i].name);
  if (g_getenv ("VS_UPDATE_GOLDEN"))
    fail_unless (g_file_set_contents (path, text, -1, NULL));
  fail_unless (g_file_get_contents (path, &golden, NULL, NULL), "%s", path);
  fail_unless (strcmp (text, golden) == 0, "%s is not as %s has it:\n%s",
      cases[i].name, path, text);
}

GST_START_TEST (test_golden)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_case (i);
}

GST_END_TEST;

static Suite *
golden_suite (void)
{
  Suite *s = suite_create ("golden");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_golden);
  return s;
}

GST_CHECK_MAIN (golden);
