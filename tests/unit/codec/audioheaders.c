/* VisionStream: tests of audio frames and configurations against ffmpeg
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "helper.h"

static const struct
{
  VsCodec codec;
  const gchar *options, *format, *mime;
  guint samples;
  const gchar *box;             /* that has the record in MP4 */
} clips[] = {
  {VS_CODEC_AAC, "-c:a aac -ar 48000 -ac 2", "adts", "mp4a.40.2", 1024, "esds"},
  {VS_CODEC_AAC, "-c:a aac -ar 44100 -ac 1", "adts", "mp4a.40.2", 1024, "esds"},
  {VS_CODEC_AAC, "-c:a aac -ar 22050 -ac 6", "adts", "mp4a.40.2", 1024, "esds"},
  /* layouts that need a program_config_element */
  {VS_CODEC_AAC, "-c:a aac -ar 48000 -channel_layout hexagonal", "adts",
      "mp4a.40.2", 1024, "esds"},
  {VS_CODEC_AAC, "-c:a aac -ar 44100 -channel_layout 2.1", "adts",
      "mp4a.40.2", 1024, "esds"},
  {VS_CODEC_AC3, "-c:a ac3 -ar 48000 -ac 6", "ac3", "ac-3", 1536, "dac3"},
  {VS_CODEC_AC3, "-c:a ac3 -ar 44100 -ac 2", "ac3", "ac-3", 1536, "dac3"},
  {VS_CODEC_AC3, "-c:a ac3 -ar 32000 -ac 1", "ac3", "ac-3", 1536, "dac3"},
  {VS_CODEC_EAC3, "-c:a eac3 -ar 48000 -ac 6", "eac3", "ec-3", 1536, "dec3"},
  {VS_CODEC_EAC3, "-c:a eac3 -ar 48000 -ac 2", "eac3", "ec-3", 1536, "dec3"},
  {VS_CODEC_MPEG_AUDIO, "-c:a mp2 -ar 48000 -ac 2", "mp2", "mp4a.6b", 1152,
      NULL},
  {VS_CODEC_MPEG_AUDIO, "-c:a mp2 -ar 22050 -ac 1", "mp2", "mp4a.69", 1152,
      NULL},
  {VS_CODEC_MPEG_AUDIO, "-c:a libmp3lame -ar 44100 -write_xing 0 "
        "-id3v2_version 0", "mp3", "mp4a.6b", 1152, NULL},
  {VS_CODEC_MPEG_AUDIO, "-c:a libmp3lame -ar 24000 -write_xing 0 "
        "-id3v2_version 0", "mp3", "mp4a.69", 576, NULL},
};

/* ffmpeg's AudioSpecificConfig has a sync extension behind the first two
 * bytes, or a comment in its program_config_element. */
static void
assert_in_mp4 (const VsCodecConfig * config, GBytes * mp4, const gchar * box)
{
  gsize size = 0, own_size;
  const guint8 *own = g_bytes_get_data (config->record, &own_size);
  const guint8 *payload = test_find_box (mp4, box, &size);

  fail_unless (payload != NULL);
  if (strcmp (box, "esds") != 0) {
    assert_record (config, payload, size);
    return;
  }
  /* DecSpecificInfoTag with a length in four bytes: 14496-1 7.2.2.3 */
  for (gsize i = 0; i + 7 <= size; i++) {
    if (payload[i] == 0x05 && payload[i + 1] == 0x80) {
      if (own_size > 2)
        fail_unless_equals_int (own[--own_size], 0);
      fail_unless (size - i - 5 >= own_size);
      fail_unless (memcmp (payload + i + 5, own, own_size) == 0);
      return;
    }
  }
  fail ("no AudioSpecificConfig");
}

GST_START_TEST (test_config)
{
  g_autofree gchar *probe = NULL;
  g_autoptr (GBytes) mp4 = NULL;
  g_autoptr (GBytes) bytes = test_encode ("sine=d=1", clips[__i__].options,
      clips[__i__].format, &probe, clips[__i__].box ? &mp4 : NULL);
  gsize size, done = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (VsCodecConfig) config =
      vs_codec_config_from_unit (clips[__i__].codec, data, size, NULL);
  guint rate;

  fail_unless (config != NULL);
  assert_probed (probe, "sample_rate", config->sample_rate);
  assert_probed (probe, "channels", config->channels);
  fail_unless_equals_int (config->frame_samples, clips[__i__].samples);
  fail_unless_equals_string (config->mime, clips[__i__].mime);
  if (clips[__i__].box)
    assert_in_mp4 (config, mp4, clips[__i__].box);
  else
    fail_unless (config->record == NULL);
  while (done < size) {
    gsize frame = size - done;
    g_autoptr (VsCodecConfig) same = NULL;

    fail_unless_equals_int (vs_codec_audio_frame (clips[__i__].codec,
            data + done, &frame, &rate), clips[__i__].samples);
    fail_unless_equals_int (rate, config->sample_rate);
    same = vs_codec_config_from_unit (clips[__i__].codec, data + done, frame,
        config);
    fail_unless (same == config);
    done += frame;
  }
  fail_unless_equals_uint64 (done, size);
  test_damage (clips[__i__].codec, bytes, 1200);
}

GST_END_TEST;

/* Each part of a frame asks for more; garbage is skipped to the next sync. */
GST_START_TEST (test_parts)
{
  for (guint i = 0; i < G_N_ELEMENTS (clips); i += 3) {
    g_autofree gchar *probe = NULL;
    g_autoptr (GBytes) bytes = test_encode ("sine=d=0.2", clips[i].options,
        clips[i].format, &probe, NULL);
    const guint8 *data = g_bytes_get_data (bytes, NULL);
    gsize frame = g_bytes_get_size (bytes);
    guint8 garbage[40];
    guint rate;

    vs_codec_audio_frame (clips[i].codec, data, &frame, &rate);
    for (gsize n = 0; n < frame; n++) {
      gsize size = n;
      g_autofree guint8 *copy = g_memdup2 (data, n);

      fail_unless_equals_int (vs_codec_audio_frame (clips[i].codec, copy,
              &size, &rate), 0);
      fail_unless_equals_uint64 (size, 0);
    }
    memset (garbage, 0x33, sizeof garbage);
    garbage[25] = data[0];
    frame = sizeof garbage;
    fail_unless_equals_int (vs_codec_audio_frame (clips[i].codec, garbage,
            &frame, &rate), 0);
    fail_unless_equals_uint64 (frame, 25);
  }
}

GST_END_TEST;

GST_START_TEST (test_opus)
{
  static const struct
  {
    guint8 data[12];
    gsize size;
    guint samples;
    gsize used;
  } cases[] = {
    /* CELT, 20 ms, stereo; with start trim; two SILK frames of 60 ms */
    {{0x7f, 0xe0, 3, 0xfc, 1, 2}, 6, 960, 6},
    {{0x7f, 0xf0, 2, 0, 0x30, 0xfc, 1}, 8, 960, 7},
    {{0x7f, 0xe0, 2, 0x19, 1}, 5, 5760, 5},
    {{0x7f, 0xe0, 3, 0xfc, 1}, 5, 0, 0},
    {{0x7f, 0xe0, 0xff}, 3, 0, 0},
    {{0x7f, 0xc0, 3, 0xfc, 1, 2}, 6, 0, 6},
    {{0x7f, 0xe0, 0, 0xfc}, 4, 0, 4},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gsize size = cases[i].size;
    guint rate;

    fail_unless_equals_int (vs_codec_audio_frame (VS_CODEC_OPUS,
            cases[i].data, &size, &rate), cases[i].samples);
    fail_unless_equals_uint64 (size, cases[i].used);
  }
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  for (VsCodec codec = VS_CODEC_UNKNOWN; codec <= VS_CODEC_PRIVATE; codec++)
    fail_unless_equals_int (vs_codec_from_string (vs_codec_to_string (codec)),
        codec);
  fail_unless_equals_int (vs_codec_from_string ("x"), VS_CODEC_UNKNOWN);
  fail_unless_equals_int (vs_codec_from_string (NULL), VS_CODEC_UNKNOWN);
}

GST_END_TEST;

static Suite *
audioheaders_suite (void)
{
  Suite *s = suite_create ("audioheaders");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_config, 0, G_N_ELEMENTS (clips));
  tcase_add_test (tc, test_parts);
  tcase_add_test (tc, test_opus);
  tcase_add_test (tc, test_names);
  return s;
}

GST_CHECK_MAIN (audioheaders);
