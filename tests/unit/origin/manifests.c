/* VisionStream: tests of an endpoint's manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "fixture.h"
#include "origin/vsmanifests.h"

static VsEndpoint *hls, *cmaf, *dash;

static void
setup (void)
{
  hls = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
  cmaf = vs_endpoint_new ("cmaf", VS_ENDPOINT_CMAF);
  dash = vs_endpoint_new ("dash", VS_ENDPOINT_DASH);
}

static void
teardown (void)
{
  vs_endpoint_unref (hls);
  vs_endpoint_unref (cmaf);
  vs_endpoint_unref (dash);
}

static VsEventView *
ladder_view (gboolean ended)
{
  g_autoptr (GPtrArray) timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);

  g_ptr_array_add (timelines, fixture_timeline ("1080p", "a192", TRUE, TRUE, 1,
          5));
  g_ptr_array_add (timelines, fixture_timeline ("720p", "a192", TRUE, TRUE, 1,
          5));
  g_ptr_array_add (timelines, fixture_timeline ("480p", "a128", TRUE, TRUE, 1,
          4));
  for (guint i = 0; i < timelines->len; i++)
    vs_timeline_set_ended (g_ptr_array_index (timelines, i), ended);
  return vs_event_view_new (timelines, NULL, 0);
}

static gchar *
write_object (VsEventView * view, const VsEndpoint * endpoint,
    const gchar * object)
{
  VsManifestContext context = { view, endpoint, NULL, "/out/", "/api/time" };
  VsObjectName name;

  fail_unless (vs_object_name_parse (object, endpoint, &name));
  return vs_manifest_write (&context, &name, NULL);
}

static guint
count (const gchar * text, const gchar * what)
{
  guint n = 0;

  for (text = strstr (text, what); text; text = strstr (text + 1, what))
    n++;
  return n;
}

static void
assert_has (const gchar * text, const gchar * what)
{
  fail_unless (strstr (text, what) != NULL, "no \"%s\" in:\n%s", what, text);
}

GST_START_TEST (test_hls_main)
{
  g_autoptr (VsEventView) view = ladder_view (FALSE);
  g_autofree gchar *text = write_object (view, hls, "index.m3u8");

  fail_unless_equals_int (count (text, "#EXT-X-STREAM-INF:"), 3);
  fail_unless_equals_int (count (text, "#EXT-X-MEDIA:"), 0);
  assert_has (text, "CODECS=\"avc1.64001f,mp4a.40.2\"");
  assert_has (text, "RESOLUTION=1280x720");
  assert_has (text, "\nindex_1080p.m3u8\n");
  assert_has (text, "#EXT-X-INDEPENDENT-SEGMENTS");
}

GST_END_TEST;

typedef struct
{
  const gchar *name, *audio_id, *language;
  gboolean video;
  guint channels;
} Rung;

static VsEventView *
view_rungs (const Rung * rungs, guint n)
{
  g_autoptr (GPtrArray) timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);

  for (guint i = 0; i < n && rungs[i].name; i++) {
    VsTimeline *timeline = fixture_timeline (rungs[i].name, rungs[i].audio_id,
        rungs[i].video, TRUE, 1, 5);
    g_autoptr (VsRendition) old = vs_timeline_get_rendition (timeline);
    g_autoptr (VsRendition) told = vs_rendition_copy (old);
    g_autoptr (VsCodecConfig) config =
        vs_timeline_get_config (timeline, "0000000b");

    config->channels = rungs[i].channels;
    told->language = g_strdup (rungs[i].language);
    vs_timeline_set_rendition (timeline, told);
    g_ptr_array_add (timelines, timeline);
  }
  return vs_event_view_new (timelines, NULL, 0);
}

/* What tells a member of a group from others, without what may differ. */
static gchar *
list_members (const gchar * text, const gchar * group)
{
  g_autofree gchar *start =
      g_strdup_printf ("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%s\",", group);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++) {
    const gchar *attributes = lines[i] + strlen (start);

    if (g_str_has_prefix (lines[i], start))
      g_string_append_printf (out, "%.*s\n",
          (gint) (strstr (attributes, ",CHANNELS") - attributes), attributes);
  }
  return g_string_free (out, FALSE);
}

#define MEMBER(name, language, flag) "NAME=\"" name "\",LANGUAGE=\"" language \
    "\",DEFAULT=" flag ",AUTOSELECT=YES\n"

/* RFC 8216bis 4.4.6.1.1: all groups have the same members. */
GST_START_TEST (test_groups_alike)
{
  static const struct
  {
    Rung rungs[5];
    const gchar *members;
  } cases[] = {
    {{{"1080p", "a", NULL, TRUE, 2}, {"480p", "b", NULL, TRUE, 2}},
        MEMBER ("Stereo", "und", "YES")},
    {{{"1080p", "a", NULL, TRUE, 6}, {"480p", "b", NULL, TRUE, 2}},
        MEMBER ("Audio", "und", "YES")},
    {{{"1080p", "a", NULL, TRUE, 2}, {"480p", "b", "en", TRUE, 1}},
        MEMBER ("English", "en", "YES")},
    {{{"1080p", "a", "en", TRUE, 6}, {"480p", "b", "en", TRUE, 2},
            {"german", "c", "de", FALSE, 2}},
        MEMBER ("English", "en", "YES") MEMBER ("Deutsch", "de", "NO")},
    /* the audio of a video is published by itself too */
    {{{"english", "a", "en", FALSE, 2}, {"1080p", "a", NULL, TRUE, 2},
            {"480p", "b", NULL, TRUE, 2}},
        MEMBER ("English", "en", "YES")},
    {{{"1080p", "a", "en", TRUE, 2}, {"480p", "b", "en", TRUE, 2},
            {"brazil", "c", "pt-BR", FALSE, 2}, {"porto", "d", "pt", FALSE, 2},
            {"again", "e", "pt", FALSE, 2}},
        MEMBER ("English", "en", "YES") MEMBER ("Português (BR)", "pt-BR",
            "NO")
        MEMBER ("Português", "pt", "NO") MEMBER ("Português 2", "pt", "NO")},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsEventView) view = view_rungs (cases[i].rungs,
        G_N_ELEMENTS (cases[i].rungs));
    g_autofree gchar *text = write_object (view, cmaf, "index.m3u8");

    for (const gchar * const *group = (const gchar *[]) { "a", "b", NULL };
        *group; group++) {
      g_autofree gchar *members = list_members (text, *group);

      fail_unless (strcmp (members, cases[i].members) == 0, "%u, %s:\n%s",
          i, *group, text);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_cmaf_main)
{
  g_autoptr (VsEventView) view = ladder_view (FALSE);
  g_autofree gchar *text = write_object (view, cmaf, "index.m3u8");

  fail_unless_equals_int (count (text, "#EXT-X-STREAM-INF:"), 3);
  fail_unless_equals_int (count (text, "#EXT-X-MEDIA:TYPE=AUDIO"), 2);
  fail_unless_equals_int (count (text, "AUDIO=\"a192\""), 2);
  fail_unless_equals_int (count (text, "AUDIO=\"a128\""), 1);
  assert_has (text, "URI=\"index_audio_a192.m3u8\"");
  assert_has (text, "\nindex_video_480p.m3u8\n");
}

GST_END_TEST;

GST_START_TEST (test_media)
{
  const struct
  {
    const VsEndpoint *endpoint;
    const gchar *object, *segment, *map;
  } table[] = {
    {hls, "index_1080p.m3u8", "\n1080p_5.ts?m=05050505\n", NULL},
    {cmaf, "index_video_720p.m3u8", "\nvideo_720p_5.m4s?m=1-05050505\n",
        "#EXT-X-MAP:URI=\"video_720p_init_0000000a.mp4?m=1\""},
    {cmaf, "index_audio_a128.m3u8", "\naudio_a128_4.m4s?m=1-04040404\n",
        "#EXT-X-MAP:URI=\"audio_a128_init_0000000b.mp4?m=1\""},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (VsEventView) view = ladder_view (FALSE);
    g_autofree gchar *text =
        write_object (view, table[i].endpoint, table[i].object);

    assert_has (text, table[i].segment);
    if (table[i].map)
      assert_has (text, table[i].map);
    fail_unless_equals_int (count (text, "#EXT-X-MAP"), table[i].map != NULL);
    fail_if (strstr (text, "#EXT-X-ENDLIST"));
    fail_if (strstr (text, "#VISIONSTREAM"));
  }
}

GST_END_TEST;

GST_START_TEST (test_vod)
{
  g_autoptr (VsEventView) view = ladder_view (TRUE);
  g_autofree gchar *text = write_object (view, hls, "index_1080p.m3u8");
  g_autofree gchar *mpd = write_object (view, dash, "index.mpd");

  assert_has (text, "#EXT-X-ENDLIST");
  assert_has (text, "#EXT-X-PLAYLIST-TYPE:VOD");
  assert_has (mpd, "type=\"static\"");
}

GST_END_TEST;

GST_START_TEST (test_mpd)
{
  g_autoptr (VsEventView) view = ladder_view (FALSE);
  g_autofree gchar *text = write_object (view, dash, "index.mpd");

  fail_unless_equals_int (count (text, "<Representation "), 5);
  fail_unless_equals_int (count (text, "mimeType=\"audio/mp4\""), 1);
  assert_has (text, "type=\"dynamic\"");
  assert_has (text, "availabilityStartTime=\"2026-01-01T00:00:00.000Z\"");
  assert_has (text, "<Period id=\"p0\" start=\"PT0S\">");
  /* 810000 and 125000 bit/s, to two digits */
  fail_unless_equals_int (count (text, "bandwidth=\"820000\""), 3);
  fail_unless_equals_int (count (text, "bandwidth=\"140000\""), 2);
  /* as far as all renditions have come: 4 segments of 2 s */
  assert_has (text, "publishTime=\"2026-01-01T00:00:08");
  fail_unless_equals_int (count (text, "d=\"180000\" r=\"3\""), 3);
  assert_has (text, "id=\"video_1080p\"");
  assert_has (text, "_init_0000000b.mp4?m=1");
  assert_has (text, "/api/time");
}

GST_END_TEST;

GST_START_TEST (test_nothing_there)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (VsEventView) empty = vs_event_view_new (none, NULL, 0);
  g_autoptr (VsEventView) view = ladder_view (FALSE);
  const struct
  {
    const VsEndpoint *endpoint;
    const gchar *object;
  } table[] = {
    {hls, "index_none.m3u8"}, {cmaf, "index_video_none.m3u8"},
    {cmaf, "index_audio_1080p.m3u8"},
  };

  fail_unless (write_object (empty, hls, "index.m3u8") == NULL);
  fail_unless (write_object (empty, dash, "index.mpd") == NULL);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    fail_unless (write_object (view, table[i].endpoint, table[i].object)
        == NULL);
}

GST_END_TEST;

static Suite *
manifests_suite (void)
{
  Suite *s = suite_create ("manifests");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_hls_main);
  tcase_add_test (tc, test_groups_alike);
  tcase_add_test (tc, test_cmaf_main);
  tcase_add_test (tc, test_media);
  tcase_add_test (tc, test_vod);
  tcase_add_test (tc, test_mpd);
  tcase_add_test (tc, test_nothing_there);
  return s;
}

GST_CHECK_MAIN (manifests);
