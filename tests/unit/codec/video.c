/* VisionStream: tests of video configurations against ffmpeg
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "helper.h"

static const struct
{
  VsCodec codec;
  const gchar *source, *options, *format;
  guint frame_rate_n, frame_rate_d;
  gboolean interlaced;
} clips[] = {
  {VS_CODEC_H264, "testsrc2=s=320x180:r=25:d=0.2", "-c:v libx264 -pix_fmt "
        "yuv420p", "h264", 25, 1, FALSE},
  {VS_CODEC_H264, "testsrc2=s=322x242:r=30000/1001:d=0.2", "-c:v libx264 "
        "-pix_fmt yuv422p10 -bf 3 -vf setsar=16/11", "h264", 30000, 1001,
      FALSE},
  {VS_CODEC_H264, "testsrc2=s=720x576:r=25:d=0.2", "-c:v libx264 -pix_fmt "
        "yuv420p -flags +ildct+ilme -x264opts tff=1 -vf setsar=64/45 "
        "-color_primaries bt470bg -color_trc gamma28 -colorspace bt470bg "
        "-color_range pc", "h264", 25, 1, TRUE},
  {VS_CODEC_H264, "testsrc2=s=320x180:r=50:d=0.2", "-c:v libx264 -pix_fmt "
        "yuv444p -x264opts cqm=jvt", "h264", 50, 1, FALSE},
  {VS_CODEC_H264, "testsrc2=s=176x144:r=25:d=0.2", "-c:v libx264 -pix_fmt "
        "yuv420p -profile:v baseline -level 1.1", "h264", 25, 1, FALSE},
  {VS_CODEC_H265, "testsrc2=s=320x180:r=25:d=0.2", "-c:v libx265 -pix_fmt "
        "yuv420p -x265-params log-level=none", "hevc", 25, 1, FALSE},
  {VS_CODEC_H265, "testsrc2=s=326x244:r=60000/1001:d=0.2", "-c:v libx265 "
        "-pix_fmt yuv420p10 -vf setsar=4/3 -color_primaries bt2020 -color_trc "
        "smpte2084 -colorspace bt2020nc "
        "-x265-params log-level=none:scaling-list=default:temporal-layers=1",
      "hevc", 60000, 1001, FALSE},
  {VS_CODEC_MPEG2_VIDEO, "testsrc2=s=720x576:r=25:d=0.2", "-c:v mpeg2video "
        "-pix_fmt yuv420p -vf setsar=64/45 -color_primaries bt470bg "
        "-color_trc gamma28 -colorspace bt470bg", "mpeg2video", 25, 1, FALSE},
  {VS_CODEC_MPEG2_VIDEO, "testsrc2=s=720x480:r=30000/1001:d=0.2",
        "-c:v mpeg2video -pix_fmt yuv422p -flags +ildct+ilme", "mpeg2video",
      30000, 1001, TRUE},
};

/* ISO/IEC 23091-2 by ffmpeg's names, as far as the clips use them */
static void
assert_colour (const gchar * probe, const gchar * key, guint value)
{
  static const struct
  {
    const gchar *name;
    guint value;
  } names[] = {
    {"unknown", 2}, {"bt709", 1}, {"bt470bg", 5}, {"bt2020", 9},
    {"bt2020nc", 9}, {"smpte2084", 16}
  };
  g_autofree gchar *text = test_probe_value (probe, key);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_strcmp0 (text, names[i].name) == 0)
      fail_unless_equals_int (value, names[i].value);
  }
}

GST_START_TEST (test_config)
{
  g_autofree gchar *probe = NULL;
  g_autofree gchar *sar = NULL;
  g_autofree gchar *range = NULL;
  g_autoptr (GBytes) bytes = test_encode (clips[__i__].source,
      clips[__i__].options, clips[__i__].format, &probe, NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (VsCodecConfig) config =
      vs_codec_config_from_unit (clips[__i__].codec, data, size, NULL);
  g_autoptr (VsCodecConfig) again =
      vs_codec_config_from_unit (clips[__i__].codec, data, size, config);
  g_autofree gchar *par = NULL;

  fail_unless (config != NULL && again == config);
  fail_unless (vs_codec_is_keyframe (clips[__i__].codec, data, size));
  assert_probed (probe, "width", config->width);
  assert_probed (probe, "height", config->height);
  fail_unless_equals_int (config->fps_n, clips[__i__].frame_rate_n);
  fail_unless_equals_int (config->fps_d, clips[__i__].frame_rate_d);
  fail_unless_equals_int (config->interlaced, clips[__i__].interlaced);
  if (clips[__i__].codec != VS_CODEC_MPEG2_VIDEO)
    assert_probed (probe, "level", config->level);
  par = g_strdup_printf ("%u:%u", config->par_n, config->par_d);
  sar = test_probe_value (probe, "sample_aspect_ratio");
  if (sar && strcmp (sar, "N/A") != 0)
    fail_unless_equals_string (par, sar);
  assert_colour (probe, "color_primaries", config->colour_primaries);
  assert_colour (probe, "color_transfer", config->transfer);
  assert_colour (probe, "color_space", config->matrix);
  range = test_probe_value (probe, "color_range");
  fail_unless_equals_int (config->full_range, g_strcmp0 (range, "pc") == 0);
  fail_unless_equals_int (config->bit_depth,
      strstr (clips[__i__].options, "p10") ? 10 : 8);
  test_damage (clips[__i__].codec, bytes, 900);
}

GST_END_TEST;

/* avcC as ffmpeg writes it, and the RFC 6381 string that says the same */
GST_START_TEST (test_avcc)
{
  for (guint i = 0; clips[i].codec == VS_CODEC_H264; i++) {
    g_autofree gchar *probe = NULL;
    g_autofree gchar *mime = NULL;
    g_autoptr (GBytes) mp4 = NULL;
    g_autoptr (GBytes) bytes = test_encode (clips[i].source, clips[i].options,
        clips[i].format, &probe, &mp4);
    g_autoptr (VsCodecConfig) config =
        vs_codec_config_from_unit (clips[i].codec, g_bytes_get_data (bytes,
            NULL), g_bytes_get_size (bytes), NULL);
    gsize size = 0;
    const guint8 *avcc = test_find_box (mp4, "avcC", &size);

    fail_unless (avcc != NULL && config != NULL);
    assert_record (config, avcc, size);
    mime = g_strdup_printf ("avc1.%02x%02x%02x", avcc[1], avcc[2], avcc[3]);
    fail_unless_equals_string (config->mime, mime);
  }
}

GST_END_TEST;

static const guint8 *
find_sps (const guint8 * data, gsize size, gsize * sps_size)
{
  gsize offset = 0;
  VsNal nal;

  while (vs_nal_next (data, size, &offset, &nal)) {
    if ((nal.data[0] >> 1 & 0x3f) == 33) {
      *sps_size = nal.size;
      return nal.data;
    }
  }
  return NULL;
}

static void
escape (GByteArray * out, const guint8 * data, gsize size)
{
  static const guint8 prevention = 3;
  guint zeros = 0;

  for (gsize i = 0; i < size; i++) {
    if (zeros >= 2 && data[i] <= 3) {
      g_byte_array_append (out, &prevention, 1);
      zeros = 0;
    }
    zeros = data[i] == 0 ? zeros + 1 : 0;
    g_byte_array_append (out, data + i, 1);
  }
}

static gsize
unescape (const guint8 * data, gsize size, guint8 * out)
{
  gsize n = 0;

  for (gsize i = 0; i < size; i++) {
    if (i >= 2 && data[i] == 3 && data[i - 1] == 0 && data[i - 2] == 0)
      continue;
    out[n++] = data[i];
  }
  return n;
}

/* The examples of ISO/IEC 14496-15 E.3, and the longest there can be */
GST_START_TEST (test_h265_mime)
{
  static const struct
  {
    guint8 profile;             /* space, tier and idc */
    guint32 compatibility;
    guint8 constraints[6];
    guint8 level;
    const gchar *mime;
  } cases[] = {
    {0x01, 0x40000000, {0xb0}, 93, "hvc1.1.2.L93.B0"},
    {0x01, 0x60000000, {0xb0}, 93, "hvc1.1.6.L93.B0"},
    {0x64, 0x82000000, {0xb0, 0x23}, 120, "hvc1.A4.41.H120.B0.23"},
    {0x02, 0x20000000, {0x90, 0, 0, 0, 0, 1}, 150,
        "hvc1.2.4.L150.90.0.0.0.0.1"},
    {0x21, 0x60000000, {0}, 153, "hvc1.1.6.H153"},
    {0xff, 0xffffffff, {255, 255, 255, 255, 255, 255}, 255,
        "hvc1.C31.FFFFFFFF.H255.FF.FF.FF.FF.FF.FF"},
  };
  g_autofree gchar *probe = NULL;
  g_autoptr (GBytes) bytes = test_encode ("testsrc2=s=320x180:d=0.1",
      "-c:v libx265 -x265-params log-level=none", "hevc", &probe, NULL);
  gsize size, sps_size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  const guint8 *sps = find_sps (data, size, &sps_size);
  guint8 rbsp[1000];
  gsize rbsp_size;

  fail_unless (sps != NULL && sps_size < sizeof rbsp);
  rbsp_size = unescape (sps, sps_size, rbsp);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) unit = g_byte_array_new ();
    g_autoptr (VsCodecConfig) config = NULL;
    const guint8 *record;

    rbsp[3] = cases[i].profile;
    GST_WRITE_UINT32_BE (rbsp + 4, cases[i].compatibility);
    memcpy (rbsp + 8, cases[i].constraints, 6);
    rbsp[14] = cases[i].level;
    g_byte_array_append (unit, data, sps - data);
    escape (unit, rbsp, rbsp_size);
    g_byte_array_append (unit, sps + sps_size, data + size - sps - sps_size);
    config = vs_codec_config_from_unit (VS_CODEC_H265, unit->data, unit->len,
        NULL);
    fail_unless (config != NULL);
    fail_unless_equals_string (config->mime, cases[i].mime);
    /* hvcC repeats these 12 bytes */
    record = g_bytes_get_data (config->record, NULL);
    fail_unless (memcmp (record + 1, rbsp + 3, 12) == 0);
  }
}

GST_END_TEST;

/* Beside what ffmpeg leaves open or counts, hvcC is the same as its own. */
GST_START_TEST (test_hvcc)
{
  g_autofree gchar *probe = NULL;
  g_autoptr (GBytes) mp4 = NULL;
  g_autoptr (GBytes) bytes = test_encode ("testsrc2=s=320x180:d=0.1",
      "-c:v libx265 -x265-params log-level=none:info=0", "hevc", &probe, &mp4);
  g_autoptr (VsCodecConfig) config = vs_codec_config_from_unit (VS_CODEC_H265,
      g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  gsize size = 0, own_size;
  const guint8 *hvcc = test_find_box (mp4, "hvcC", &size);
  const guint8 *own = g_bytes_get_data (config->record, &own_size);

  fail_unless (hvcc != NULL);
  fail_unless_equals_uint64 (own_size, size);
  fail_unless (memcmp (own, hvcc, 13) == 0);
  /* chroma format and bit depths */
  fail_unless (memcmp (own + 16, hvcc + 16, 3) == 0);
  fail_unless_equals_int (own[21], hvcc[21]);
  fail_unless_equals_int (own[22], hvcc[22]);
  for (gsize i = 23; i < size; i++)
    fail_unless ((own[i] | 0x80) == (hvcc[i] | 0x80));
}

GST_END_TEST;

GST_START_TEST (test_keyframe)
{
  static const struct
  {
    VsCodec codec;
    guint8 data[16];
    gboolean key;
  } cases[] = {
    {VS_CODEC_H264, {0, 0, 1, 9, 0xf0, 0, 0, 1, 6, 5, 0, 0, 1, 0x65}, TRUE},
    {VS_CODEC_H264, {0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0, 0, 1, 0x65}, FALSE},
    {VS_CODEC_H264, {0, 0, 1, 6, 0, 0, 1, 7}, FALSE},
    {VS_CODEC_H265, {0, 0, 1, 0x46, 1, 0, 0, 1, 0x26, 1}, TRUE},
    {VS_CODEC_H265, {0, 0, 1, 0x46, 1, 0, 0, 1, 0x28, 1}, TRUE},
    /* CRA */
    {VS_CODEC_H265, {0, 0, 1, 0x46, 1, 0, 0, 1, 0x2a, 1}, FALSE},
    {VS_CODEC_MPEG2_VIDEO, {0, 0, 1, 0xb3, 1, 0, 0, 1, 0, 0, 8}, TRUE},
    {VS_CODEC_MPEG2_VIDEO, {0, 0, 1, 0xb3, 1, 0, 0, 1, 0, 0, 16}, FALSE},
    {VS_CODEC_MPEG2_VIDEO, {0, 0, 1, 0, 0, 8, 0, 0, 1, 1}, FALSE},
    {VS_CODEC_AAC, {0xff, 0xf1}, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless_equals_int (vs_codec_is_keyframe (cases[i].codec,
            cases[i].data, sizeof cases[i].data), cases[i].key);
}

GST_END_TEST;

static Suite *
video_suite (void)
{
  Suite *s = suite_create ("video");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_config, 0, G_N_ELEMENTS (clips));
  tcase_add_test (tc, test_avcc);
  tcase_add_test (tc, test_h265_mime);
  tcase_add_test (tc, test_hvcc);
  tcase_add_test (tc, test_keyframe);
  return s;
}

GST_CHECK_MAIN (video);
