/* VisionStream: tests of the origin's paths
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "origin/vsroute.h"

static const struct
{
  const gchar *path;
  /* NULL where the path is refused */
  const gchar *account, *event, *breakout, *endpoint, *object;
} paths[] = {
  {"/out/v1/default/live/hls/index.m3u8",
      "default", "live", "", "hls", "index.m3u8"},
  {"/out/v1/a/b/c/d/e", "a", "b", "c", "d", "e"},
  {"/out/v1/a/b/hls/", NULL},
  {"/out/v1/a/b/hls", NULL},
  {"/out/v1/a/b/c/d/e/f", NULL},
  {"/out/v1//b/hls/index.m3u8", NULL},
  {"/out/v1/a//hls/index.m3u8", NULL},
  {"/out/v1/a/b//hls/index.m3u8", NULL},
  {"/out/v1/a/../hls/index.m3u8", NULL},
  {"/out/v1/a/recordings/hls/index.m3u8", NULL},
  {"/out/v1/a/b/media/hls/index.m3u8", NULL},
  {"/out/v1/a/b%2f/hls/index.m3u8", NULL},
  {"/out/v2/a/b/hls/index.m3u8", NULL},
  {"out/v1/a/b/hls/index.m3u8", NULL},
  {"/", NULL},
  {"", NULL},
  /* 65 letters */
  {"/out/v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "/b/hls/index.m3u8", NULL},
};

GST_START_TEST (test_paths)
{
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    VsRoute route;
    gboolean ok = vs_route_parse (paths[i].path, &route);

    fail_unless (ok == (paths[i].account != NULL), "%s", paths[i].path);
    if (!ok)
      continue;
    fail_unless_equals_string (route.account, paths[i].account);
    fail_unless_equals_string (route.event, paths[i].event);
    fail_unless_equals_string (route.breakout, paths[i].breakout);
    fail_unless_equals_string (route.endpoint, paths[i].endpoint);
    fail_unless_equals_string (route.object, paths[i].object);
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
} objects[] = {
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
    fail_unless (vs_object_name_parse (objects[i].object, objects[i].type,
            &name), "%s", objects[i].object);
    fail_unless_equals_int (name.kind, objects[i].kind);
    fail_unless_equals_int (name.track, objects[i].track);
    fail_unless_equals_string (name.name, objects[i].name);
    fail_unless_equals_uint64 (name.sequence, objects[i].sequence);
    fail_unless_equals_string (name.config_id, objects[i].config_id);
  }
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
    fail_if (vs_object_name_parse (strangers[i].object, strangers[i].type,
            &name), "%s", strangers[i].object);
}

GST_END_TEST;

GST_START_TEST (test_written_names_are_read)
{
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_autoptr (GString) out = g_string_new (NULL);

    if (objects[i].kind == VS_OBJECT_SEGMENT)
      vs_object_name_append_segment (out, objects[i].track, objects[i].name,
          objects[i].sequence);
    else if (objects[i].kind == VS_OBJECT_INIT)
      vs_object_name_append_init (out, objects[i].track, objects[i].name,
          objects[i].config_id);
    else
      continue;
    fail_unless_equals_string (out->str, objects[i].object);
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
  tcase_add_test (tc, test_written_names_are_read);
  return s;
}

GST_CHECK_MAIN (route);
