/* VisionStream: tests of aws.manifestfilter
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "origin/vsmanifestfilter.h"

static const VsFilterTrack hd = {
  .type = VS_MEDIA_VIDEO,.codec = VS_CODEC_H264,.bitrate = 3000000,
  .height = 720,.fps_n = 30000,.fps_d = 1001,.dynamic_range = "SDR"
};

static const VsFilterTrack stereo = {
  .type = VS_MEDIA_AUDIO,.codec = VS_CODEC_AAC,.bitrate = 128000,
  .channels = 2,.sample_rate = 48000,.language = "en"
};

GST_START_TEST (test_matches)
{
  static const struct
  {
    const gchar *text;
    gboolean video, audio;
  } table[] = {
    {"video_height:720", TRUE, TRUE},
    {"video_height:720-720", TRUE, TRUE},
    {"video_height:721-2147483647", FALSE, TRUE},
    {"video_height:0-719", FALSE, TRUE},
    {"video_height:240,480-720", TRUE, TRUE},
    {"VIDEO_Height:720", TRUE, TRUE},
    {"video_bitrate:0-3000000", TRUE, TRUE},
    {"video_bitrate:0-2999999", FALSE, TRUE},
    {"video_framerate:29.97", TRUE, TRUE},
    {"video_framerate:29.970", TRUE, TRUE},
    {"video_framerate:29.971-60", FALSE, TRUE},
    {"video_framerate:23.976-30", TRUE, TRUE},
    {"video_codec:H264", TRUE, TRUE},
    {"video_codec:h265", FALSE, TRUE},
    {"video_codec:h265,h264", TRUE, TRUE},
    {"video_dynamic_range:sdr", TRUE, TRUE},
    {"video_dynamic_range:hdr10,hlg", FALSE, TRUE},
    {"audio_language:en", TRUE, TRUE},
    {"audio_language:EN,de", TRUE, TRUE},
    {"audio_language:dahlia", TRUE, FALSE},
    {"audio_codec:aacl", TRUE, TRUE},
    {"audio_codec:aach,ec-3", TRUE, FALSE},
    {"audio_channels:1-2", TRUE, TRUE},
    {"audio_channels:6", TRUE, FALSE},
    {"audio_sample_rate:44100-48000", TRUE, TRUE},
    {"audio_bitrate:0-64000", TRUE, FALSE},
    {"subtitle_language:fr", TRUE, TRUE},
    {"trickplay_height:1-100;trickplay_type:iframe", TRUE, TRUE},
    {"video_height:1080;audio_channels:6", FALSE, FALSE},
    {"audio_channels:2;video_height:720", TRUE, TRUE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VsManifestFilter) filter =
        vs_manifest_filter_new (table[i].text, strlen (table[i].text), &error);

    fail_unless (filter != NULL, "%s: %s", table[i].text,
        error ? error->message : "");
    fail_unless (vs_manifest_filter_matches (filter, &hd) == table[i].video,
        "%s", table[i].text);
    fail_unless (vs_manifest_filter_matches (filter, &stereo)
        == table[i].audio, "%s", table[i].text);
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const gchar *const table[] = {
    "", ";", "video_height", "video_height:", ":720", "video_height:720;",
    "video_heights:720", "video_height:720;video_height:480",
    "video_height:720-480", "video_height:-720", "video_height:720-",
    "video_height:2147483648", "video_height:0-2147483648",
    "video_height:7e2", "video_height:+720", "video_height: 720",
    "video_height:1,", "video_height:29.97", "video_framerate:29.9700",
    "video_framerate:29.", "video_framerate:.5", "video_codec:vp9",
    "video_dynamic_range:loud", "audio_codec:mp3", "audio_language:",
    "audio_language:e n", "trickplay_type:x", "video_height:720:480",
    "video_height:720&x",
  };
  g_autofree gchar *longest = g_strnfill (VS_MANIFEST_FILTER_MAX + 1, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (vs_manifest_filter_new (table[i], strlen (table[i]), &error)
        == NULL, "%s", table[i]);
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT));
  }
  memcpy (longest, "audio_language:", 15);
  fail_unless (vs_manifest_filter_new (longest, VS_MANIFEST_FILTER_MAX + 1,
          NULL) == NULL);
  vs_manifest_filter_unref (vs_manifest_filter_new (longest,
          VS_MANIFEST_FILTER_MAX, NULL));
}

GST_END_TEST;

GST_START_TEST (test_one_spelling)
{
  const gchar *a = "video_height:720;audio_language:EN";
  const gchar *b = "AUDIO_LANGUAGE:en;video_height:720-720";
  g_autoptr (VsManifestFilter) left =
      vs_manifest_filter_new (a, strlen (a), NULL);
  g_autoptr (VsManifestFilter) right =
      vs_manifest_filter_new (b, strlen (b), NULL);
  g_autoptr (GString) one = g_string_new (NULL);
  g_autoptr (GString) other = g_string_new (NULL);

  vs_manifest_filter_append (one, left);
  vs_manifest_filter_append (other, right);
  fail_unless_equals_string (one->str,
      "audio_language:en;video_height:720-720");
  fail_unless_equals_string (other->str, one->str);
}

GST_END_TEST;

static Suite *
manifestfilter_suite (void)
{
  Suite *s = suite_create ("manifestfilter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_matches);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_one_spelling);
  return s;
}

GST_CHECK_MAIN (manifestfilter);
