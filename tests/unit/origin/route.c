/* VisionStream: tests of the origin's paths
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "origin/vsroute.h"

static const struct
{
  const gchar *path;
  VsRouteKind kind;
  /* NULL where the path is refused */
  const gchar *place, *endpoint, *object;
  const gchar *start, *end;
} paths[] = {
  {"/out/v1/default/live/hls/index.m3u8", VS_ROUTE_EVENT, "default/live",
      "hls", "index.m3u8"},
  {"/out/v1/a/b/c/d/e", VS_ROUTE_EVENT, "a/b/c", "d", "e"},
  {"/out/v1/a/b/mss/index.ism/Manifest", VS_ROUTE_EVENT, "a/b", "mss",
      "index.ism/Manifest"},
  {"/out/v1/a/b/mss/i.ism/a2/x3/QualityLevels(1)/Fragments(video=0)",
        VS_ROUTE_EVENT, "a/b", "mss",
      "i.ism/a2/x3/QualityLevels(1)/Fragments(video=0)"},
  {"/out/v1/a/b/hls/start/5/index.m3u8", VS_ROUTE_EVENT, "a/b", "hls",
      "index.m3u8", "5"},
  {"/out/v1/a/b/c/hls/start/5/end/6/index.m3u8", VS_ROUTE_EVENT, "a/b/c",
      "hls", "index.m3u8", "5", "6"},
  {"/out/v1/a/b/hls/end/x/index.m3u8", VS_ROUTE_EVENT, "a/b", "hls",
      "index.m3u8", NULL, "x"},
  {"/out/v1/a/b/mss/start/5/i.ism/Manifest", VS_ROUTE_EVENT, "a/b", "mss",
      "i.ism/Manifest", "5"},
  {"/out/v1/a/start/hls/index.m3u8", VS_ROUTE_EVENT, "a/start", "hls",
      "index.m3u8"},
  {"/out/v1/id/index.m3u8", VS_ROUTE_ID, "id", "", "index.m3u8"},
  {"/out/v1/id/cmaf/index.m3u8", VS_ROUTE_ID, "id", "cmaf", "index.m3u8"},
  {"/out/v1/id/start/2026-01-31T12:00:00Z/end/1769860860/index.mpd",
      VS_ROUTE_ID, "id", "", "index.mpd", "2026-01-31T12:00:00Z", "1769860860"},
  {"/out/v1/a/media/film.mp4/dash/index.mpd", VS_ROUTE_ASSET, "a/film.mp4",
      "dash", "index.mpd"},
  {"/out/v1/a/b/recordings/b-20260101T000000Z_720p.mp4", VS_ROUTE_FILE, "a/b",
      "recordings", "b-20260101T000000Z_720p.mp4"},
  {"/out/v1/a/b/c/recordings/d.mp4", VS_ROUTE_FILE, "a/b/c", "recordings",
      "d.mp4"},
  {"/out/v1/a/start/recordings/d.mp4", VS_ROUTE_FILE, "a/start", "recordings",
      "d.mp4"},
  {"/out/v1/a/media/film.mp4", VS_ROUTE_FILE, "a/media", "media",
      "film.mp4"},
  {"/out/v1/a/b/recordings/.d.mp4"},
  {"/out/v1/a/b/recordings/d.marker"},
  {"/out/v1/a/b/recordings/d mp4"},
  {"/out/v1/a/b/recordings/"},
  {"/out/v1/a/b/recordings/.."},
  {"/out/v1/a/b/recordings/../index.mp4"},
  {"/out/v1/a/b/recordings/..%2f.mp4"},
  {"/out/v1/a/b/recordings/c/d.mp4"},
  {"/out/v1/a/b/recordings/start/5/d.mp4"},
  {"/out/v1/a/media/recordings/d.mp4"},
  {"/out/v1/a/../recordings/d.mp4"},
  {"/out/v1/a/recordings/recordings/d.mp4"},
  {"/out/v1/a/b/media/recordings/d.mp4"},
  {"/out/v1/a/media/.mp4"},
  {"/out/v1/a/media/list.json"},
  {"/out/v1/../media/film.mp4"},
  {"/out/v1/a/media/.film/dash/index.mpd"},
  {"/out/v1/a/media/../dash/index.mpd"},
  {"/out/v1/a/b/hls/"},
  {"/out/v1/a/b/c/d/e/f"},
  {"/out/v1//b/hls/index.m3u8"},
  {"/out/v1/a//hls/index.m3u8"},
  {"/out/v1/a/b//hls/index.m3u8"},
  {"/out/v1/a/../hls/index.m3u8"},
  {"/out/v1/a/recordings/hls/index.m3u8"},
  {"/out/v1/a/b/media/hls/index.m3u8"},
  {"/out/v1/a/b%2f/hls/index.m3u8"},
  {"/out/v2/a/b/hls/index.m3u8"},
  {"/out/v1/index.m3u8"},
  {"out/v1/a/b/hls/index.m3u8"},
  {"/"},
  {""},
  {"/out/v1/a/b/c/d/start/5/end/6/i.ism/a/b/c/d"},
  /* 65 letters */
  {"/out/v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "/b/hls/index.m3u8"},
};

/* The names ahead of the endpoint, as the path has them. */
static gchar *
place_of (const VsRoute * route)
{
  switch (route->kind) {
    case VS_ROUTE_ID:
      return g_strdup (route->id);
    case VS_ROUTE_ASSET:
      return g_strconcat (route->account, "/", route->asset, NULL);
    default:
      return g_strconcat (route->account, "/", route->event,
          route->breakout[0] ? "/" : NULL, route->breakout, NULL);
  }
}

static void
assert_element (const gchar * text, gsize length, const gchar * expected)
{
  g_autofree gchar *copy = g_strndup (text ? text : "", length);

  fail_unless_equals_string (copy, expected ? expected : "");
}

GST_START_TEST (test_paths)
{
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    VsRoute route;
    gboolean ok = vs_route_parse (paths[i].path, &route);
    g_autofree gchar *place = NULL;

    fail_unless (ok == (paths[i].place != NULL), "%s", paths[i].path);
    if (!ok)
      continue;
    place = place_of (&route);
    fail_unless_equals_int (route.kind, paths[i].kind);
    fail_unless_equals_string (place, paths[i].place);
    fail_unless_equals_string (route.endpoint, paths[i].endpoint);
    fail_unless_equals_string (route.object, paths[i].object);
    fail_unless (g_str_has_suffix (paths[i].path, route.rest));
    fail_unless (paths[i].start ? g_str_has_prefix (route.rest, "start/") :
        paths[i].end ? g_str_has_prefix (route.rest, "end/") :
        route.rest == route.object, "%s", route.rest);
    assert_element (route.time.start, route.time.start_length, paths[i].start);
    assert_element (route.time.end, route.time.end_length, paths[i].end);
  }
}

GST_END_TEST;

#define NONE VS_MEDIA_OTHER
#define VIDEO VS_MEDIA_VIDEO
#define AUDIO VS_MEDIA_AUDIO

static const struct
{
  const gchar *object;
  VsEndpointType type;
  VsObjectKind kind;
  VsMediaType track;
  const gchar *name;
  guint64 sequence;
  const gchar *config_id;
  gint64 time;
  guint join;                   /* 0 for 1 */
  guint bitrate, ahead;
  guint64 base;
} objects[] = {
  {"1080p_17x3.ts", VS_ENDPOINT_HLS, VS_OBJECT_SEGMENT, NONE, "1080p", 17, "",
      0, 3},
  {"1080p.video_17.ts", VS_ENDPOINT_HLS, VS_OBJECT_SEGMENT, VIDEO, "1080p", 17,
      ""},
  {"a192.audio_17x2.ts", VS_ENDPOINT_HLS, VS_OBJECT_SEGMENT, AUDIO, "a192", 17,
      "", 0, 2},
  {"index_a192.audio.m3u8", VS_ENDPOINT_HLS, VS_OBJECT_MEDIA, AUDIO, "a192", 0,
      ""},
  {"video_x_0t900.m4s", VS_ENDPOINT_DASH, VS_OBJECT_SEGMENT, VIDEO, "x", 0, "",
      900},
  {"audio_x_0t0x2.m4s", VS_ENDPOINT_DASH, VS_OBJECT_SEGMENT, AUDIO, "x", 0, "",
      0, 2},
  {"index.ism/Manifest", VS_ENDPOINT_MSS, VS_OBJECT_MAIN, NONE, "", 0, ""},
  {"index.ism/QualityLevels(3000000)/Fragments(video=0)", VS_ENDPOINT_MSS,
      VS_OBJECT_SEGMENT, VIDEO, "video", 0, "", 0, 0, 3000000},
  {"index.ism/QualityLevels(7)/Fragments(video_hevc.160=20)", VS_ENDPOINT_MSS,
      VS_OBJECT_SEGMENT, VIDEO, "video_hevc", 0, "", 20, 0, 7, 0, 160},
  {"index.ism/a2/x3/QualityLevels(1)/Fragments(audio_a=17000000000)",
        VS_ENDPOINT_MSS, VS_OBJECT_SEGMENT, AUDIO, "audio_a", 0, "",
      17000000000, 3, 1, 2},
  {"index.m3u8", VS_ENDPOINT_HLS, VS_OBJECT_MAIN, NONE, "", 0, ""},
  {"index.m3u8", VS_ENDPOINT_CMAF, VS_OBJECT_MAIN, NONE, "", 0, ""},
  {"index.mpd", VS_ENDPOINT_DASH, VS_OBJECT_MAIN, NONE, "", 0, ""},
  {"index_1080p.m3u8", VS_ENDPOINT_HLS, VS_OBJECT_MEDIA, NONE, "1080p", 0, ""},
  {"index_video_x.m3u8", VS_ENDPOINT_HLS, VS_OBJECT_MEDIA, NONE, "video_x", 0,
      ""},
  {"index_video_x.m3u8", VS_ENDPOINT_CMAF, VS_OBJECT_MEDIA, VIDEO, "x", 0, ""},
  {"index_audio_a_b.m3u8", VS_ENDPOINT_CMAF, VS_OBJECT_MEDIA, AUDIO, "a_b", 0,
      ""},
  {"1080p_17.ts", VS_ENDPOINT_HLS, VS_OBJECT_SEGMENT, NONE, "1080p", 17, ""},
  {"a_1_2.ts", VS_ENDPOINT_HLS, VS_OBJECT_SEGMENT, NONE, "a_1", 2, ""},
  {"video_1080p_100000.m4s", VS_ENDPOINT_CMAF, VS_OBJECT_SEGMENT, VIDEO,
      "1080p", 100000, ""},
  {"audio_a_3.m4s", VS_ENDPOINT_DASH, VS_OBJECT_SEGMENT, AUDIO, "a", 3, ""},
  {"video_init_1.m4s", VS_ENDPOINT_DASH, VS_OBJECT_SEGMENT, VIDEO, "init", 1,
      ""},
  {"video_1080p_init_1a2b3c4d.mp4", VS_ENDPOINT_DASH, VS_OBJECT_INIT, VIDEO,
      "1080p", 0, "1a2b3c4d"},
  {"audio_x_init_init_00000000.mp4", VS_ENDPOINT_CMAF, VS_OBJECT_INIT, AUDIO,
      "x_init", 0, "00000000"},
  {"x_18446744073709551615.ts", VS_ENDPOINT_HLS, VS_OBJECT_SEGMENT, NONE, "x",
      G_MAXUINT64, ""},
};

static const struct
{
  const gchar *object;
  VsEndpointType type;
} strangers[] = {
  {"1080p_17x1.ts", VS_ENDPOINT_HLS}, {"1080p_17x61.ts", VS_ENDPOINT_HLS},
  {"1080p_t17.ts", VS_ENDPOINT_HLS}, {"video_x_0t01.m4s", VS_ENDPOINT_DASH},
  {"video_x_t1.m4s", VS_ENDPOINT_DASH},
  {"1080p.text_17.ts", VS_ENDPOINT_HLS}, {"index.m3u8", VS_ENDPOINT_MSS},
  {"index.ism/manifest", VS_ENDPOINT_MSS}, {"index.ism/", VS_ENDPOINT_MSS},
  {"index.ism/x1/QualityLevels(1)/Fragments(video=0)", VS_ENDPOINT_MSS},
  {"index.ism/a0/QualityLevels(1)/Fragments(video=0)", VS_ENDPOINT_MSS},
  {"index.ism/QualityLevels(1)/Fragments(video=0)x", VS_ENDPOINT_MSS},
  {"index.ism/QualityLevels(1)/Fragments(video=)", VS_ENDPOINT_MSS},
  {"index.ism/QualityLevels(1)/Fragments(video", VS_ENDPOINT_MSS},
  {"index.ism/QualityLevels(-1)/Fragments(video=0)", VS_ENDPOINT_MSS},
  {"index.ism/QualityLevels(1)/Fragments(video.0=0)", VS_ENDPOINT_MSS},
  {"index.ism/QualityLevels(1)/Fragments(video=18446744073709551615)",
      VS_ENDPOINT_MSS},
  {"index.mpd", VS_ENDPOINT_HLS}, {"index.m3u8", VS_ENDPOINT_DASH},
  {"index_.m3u8", VS_ENDPOINT_HLS}, {"index_1080p.m3u8", VS_ENDPOINT_CMAF},
  {"index_video_.m3u8", VS_ENDPOINT_CMAF}, {"indexx.m3u8", VS_ENDPOINT_HLS},
  {"1080p_0.ts", VS_ENDPOINT_HLS}, {"1080p_017.ts", VS_ENDPOINT_HLS},
  {"1080p_.ts", VS_ENDPOINT_HLS}, {"_1.ts", VS_ENDPOINT_HLS},
  {"1080p_-1.ts", VS_ENDPOINT_HLS}, {"1080p_1x.ts", VS_ENDPOINT_HLS},
  {"x_18446744073709551616.ts", VS_ENDPOINT_HLS},
  {"x_99999999999999999999999.ts", VS_ENDPOINT_HLS},
  {"1080p_1.ts", VS_ENDPOINT_CMAF}, {"video_x_1.m4s", VS_ENDPOINT_HLS},
  {"text_x_1.m4s", VS_ENDPOINT_CMAF}, {"video_x.m4s", VS_ENDPOINT_CMAF},
  {"video_x_init_1A2B3C4D.mp4", VS_ENDPOINT_CMAF},
  {"video_x_init_1a2b3c4.mp4", VS_ENDPOINT_CMAF},
  {"video_x_1a2b3c4d.mp4", VS_ENDPOINT_CMAF},
  {"video_x_init_1a2b3c4d.mp4", VS_ENDPOINT_HLS},
  {"", VS_ENDPOINT_HLS}, {".ts", VS_ENDPOINT_HLS}, {".", VS_ENDPOINT_HLS},
};

GST_START_TEST (test_objects)
{
  VsObjectName name;

  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("e", objects[i].type);
    g_autoptr (GString) out = g_string_new (NULL);

    fail_unless (vs_object_name_parse (objects[i].object, endpoint, &name),
        "%s", objects[i].object);
    fail_unless_equals_int (name.kind, objects[i].kind);
    fail_unless_equals_int (name.track, objects[i].track);
    fail_unless_equals_string (name.name, objects[i].name);
    fail_unless_equals_uint64 (name.sequence, objects[i].sequence);
    fail_unless_equals_string (name.config_id, objects[i].config_id);
    fail_unless_equals_int64 (name.time, objects[i].time);
    fail_unless_equals_int (name.join, MAX (objects[i].join, 1));
    fail_unless_equals_int (name.bitrate, objects[i].bitrate);
    fail_unless_equals_int (name.ahead, objects[i].ahead);
    fail_unless_equals_uint64 (name.base, objects[i].base);
    if (objects[i].type == VS_ENDPOINT_MSS
        && objects[i].kind == VS_OBJECT_SEGMENT)
      continue;
    vs_object_name_append (out, endpoint, &name);
    fail_unless_equals_string (out->str, objects[i].object);
  }
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++) {
    g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("e", strangers[i].type);

    fail_if (vs_object_name_parse (strangers[i].object, endpoint, &name),
        "%s", strangers[i].object);
  }
}

GST_END_TEST;

GST_START_TEST (test_names_of_ones_own)
{
  static const struct
  {
    VsEndpointType type;
    const gchar *object;
    VsObjectKind kind;
    const gchar *name;
  } table[] = {
    {VS_ENDPOINT_HLS, "main.m3u8", VS_OBJECT_MAIN, ""},
    {VS_ENDPOINT_HLS, "main-1080p.m3u8", VS_OBJECT_MEDIA, "1080p"},
    {VS_ENDPOINT_HLS, "cam-1080p-7.ts", VS_OBJECT_SEGMENT, "1080p"},
    {VS_ENDPOINT_HLS, "cam-a-b_c-7.ts", VS_OBJECT_SEGMENT, "a-b_c"},
    {VS_ENDPOINT_CMAF, "main-video-x.m3u8", VS_OBJECT_MEDIA, "x"},
    {VS_ENDPOINT_DASH, "main.mpd", VS_OBJECT_MAIN, ""},
    {VS_ENDPOINT_DASH, "cam-video-x-init-1a2b3c4d.mp4", VS_OBJECT_INIT, "x"},
    {VS_ENDPOINT_MSS, "main.ism/Manifest", VS_OBJECT_MAIN, ""},
  };
  static const gchar *const refused[] = {
    "index.m3u8", "1080p-7.ts", "cam_1080p_7.ts", "camera-1080p-7.ts",
    "main_1080p.m3u8", "cam-7.ts",
  };

  for (guint i = 0; i <= G_N_ELEMENTS (table); i++) {
    g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("e",
        i < G_N_ELEMENTS (table) ? table[i].type : VS_ENDPOINT_HLS);
    g_autoptr (GString) out = g_string_new (NULL);
    VsObjectName name;

    g_free (endpoint->manifest_name);
    endpoint->manifest_name = g_strdup ("main");
    endpoint->segment_prefix = g_strdup ("cam");
    g_free (endpoint->separator);
    endpoint->separator = g_strdup ("-");
    if (i == G_N_ELEMENTS (table)) {
      for (guint j = 0; j < G_N_ELEMENTS (refused); j++)
        fail_if (vs_object_name_parse (refused[j], endpoint, &name), "%s",
            refused[j]);
      break;
    }
    fail_unless (vs_object_name_parse (table[i].object, endpoint, &name),
        "%s", table[i].object);
    fail_unless_equals_int (name.kind, table[i].kind);
    fail_unless_equals_string (name.name, table[i].name);
    vs_object_name_append (out, endpoint, &name);
    fail_unless_equals_string (out->str, table[i].object);
  }
}

GST_END_TEST;

static Suite *
route_suite (void)
{
  Suite *s = suite_create ("route");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_paths);
  tcase_add_test (tc, test_objects);
  tcase_add_test (tc, test_names_of_ones_own);
  return s;
}

GST_CHECK_MAIN (route);
