/* VisionStream: tests of CMAF headers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "isobmff/vscmaf.h"
#include "boxes.h"

static VsCodecConfig *
make_config (VsCodec codec)
{
  static const guint8 record[] = { 1, 2, 3, 4, 5 };
  VsCodecConfig *config = vs_codec_config_new (codec);

  config->record = g_bytes_new (record, sizeof record);
  if (vs_codec_get_media_type (codec) == VS_MEDIA_VIDEO) {
    config->width = 1280;
    config->height = 720;
    config->profile = 100;
    config->level = 31;
    config->bit_depth = 8;
  } else {
    config->sample_rate = 48000;
    config->channels = 2;
    config->frame_samples = 1024;
  }
  return config;
}

/* Asserts that the bytes at a path begin with what is given in hex. */
static void
assert_box (GBytes * bytes, const gchar * path, const gchar * hex)
{
  g_autoptr (GString) found = g_string_new (NULL);
  Box box;

  fail_unless (box_find (bytes, path, &box), "no %s", path);
  for (gsize i = 0; i < box.size && i < strlen (hex) / 2; i++)
    g_string_append_printf (found, "%02x", box.data[i]);
  fail_unless (strcmp (found->str, hex) == 0, "%s: %s", path, found->str);
}

#define STBL "moov/trak/mdia/minf/stbl/"

GST_START_TEST (test_video)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_H264);
  g_autoptr (GBytes) header = vs_cmaf_header (config, NULL, NULL);
  g_autoptr (GBytes) again = vs_cmaf_header (config, NULL, NULL);
  Box box;

  fail_unless (header != NULL && g_bytes_equal (header, again));
  /* cmf2, 0, iso6 cmfc cmf2 cfhd */
  assert_box (header, "ftyp",
      "636d663200000000" "69736f36636d6663636d663263666864");
  /* timescale 90000, no duration, rate 1, volume 1 */
  assert_box (header, "moov/mvhd",
      "000000000000000000000000" "00015f9000000000" "000100000100");
  /* enabled, in movie, in preview; track 1; no duration */
  assert_box (header, "moov/trak/tkhd",
      "000000070000000000000000" "000000010000000000000000");
  assert_box (header, "moov/trak/tkhd/76", "0500000002d00000");
  assert_box (header, "moov/trak/mdia/mdhd/12", "00015f900000000055c40000");
  assert_box (header, "moov/trak/mdia/hdlr/8", "76696465");
  assert_box (header, STBL "stsd/8/avc1/24", "050002d0" "0048000000480000");
  assert_box (header, STBL "stsd/8/avc1/78/avcC", "0102030405");
  assert_box (header, STBL "stsd/8/avc1/78/pasp", "0000000100000001");
  assert_box (header, STBL "stts", "0000000000000000");
  assert_box (header, STBL "stsz", "000000000000000000000000");
  assert_box (header, "moov/mvex/trex", "000000000000000100000001");
  /* nothing known: nothing said; and no edit list */
  fail_if (box_find (header, STBL "stsd/8/avc1/78/colr", &box));
  fail_if (box_find (header, "moov/trak/edts", &box));
  fail_if (box_find (header, "moov/trak/mdia/elng", &box));
}

GST_END_TEST;

GST_START_TEST (test_colour_and_aspect)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_H265);
  g_autoptr (GBytes) header = NULL;

  config->width = 1440;
  config->height = 1080;
  config->par_n = 4;
  config->par_d = 3;
  config->colour_primaries = 9;
  config->transfer = 16;
  config->matrix = 9;
  config->full_range = TRUE;
  config->profile = 2;
  config->level = 123;
  config->bit_depth = 10;
  header = vs_cmaf_header (config, NULL, NULL);
  assert_box (header, "ftyp/20", "63686831");
  /* shown 1920 wide */
  assert_box (header, "moov/trak/tkhd/76", "0780000004380000");
  assert_box (header, STBL "stsd/8/hvc1/24", "05a00438");
  assert_box (header, STBL "stsd/8/hvc1/78/colr", "6e636c78" "00090010000980");
  assert_box (header, STBL "stsd/8/hvc1/78/pasp", "0000000400000003");
}

GST_END_TEST;

GST_START_TEST (test_aac)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_AAC);
  g_autoptr (GBytes) header = vs_cmaf_header (config, "en-GB", NULL);

  /* cmfc, 0, iso6 cmfc caac */
  assert_box (header, "ftyp", "636d666300000000" "69736f36636d666363616163");
  assert_box (header, "moov/mvhd/12", "0000bb80");
  assert_box (header, "moov/trak/tkhd/36", "0100");
  /* "eng", and the whole tag */
  assert_box (header, "moov/trak/mdia/mdhd/12", "0000bb800000000015c7");
  assert_box (header, "moov/trak/mdia/elng", "00000000" "656e2d474200");
  assert_box (header, "moov/trak/mdia/hdlr/8", "736f756e");
  assert_box (header, STBL "stsd/8/mp4a/16", "0002001000000000bb800000");
  /* ES_ID 0; AAC, audio stream; the record; predefined 2 */
  assert_box (header, STBL "stsd/8/mp4a/28/esds", "00000000"
      "0380808025000000" "0480808017" "40150000000000000000000000"
      "0580808005" "0102030405" "0680808001" "02");
}

GST_END_TEST;

GST_START_TEST (test_dolby)
{
  static const struct
  {
    VsCodec codec;
    const gchar *path;
  } cases[] = {
    {VS_CODEC_AC3, STBL "stsd/8/ac-3/28/dac3"},
    {VS_CODEC_EAC3, STBL "stsd/8/ec-3/28/dec3"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsCodecConfig) config = make_config (cases[i].codec);
    g_autoptr (GBytes) header = vs_cmaf_header (config, "und", NULL);

    assert_box (header, cases[i].path, "0102030405");
    assert_box (header, "moov/trak/mdia/mdhd/20", "55c4");
  }
}

GST_END_TEST;

/* No rate is too high for 16.16: then the field is 0 (14496-12 12.2.3). */
GST_START_TEST (test_high_rate)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_AAC);
  g_autoptr (GBytes) header = NULL;

  config->sample_rate = 96000;
  header = vs_cmaf_header (config, "not a language", NULL);
  assert_box (header, "moov/mvhd/12", "00017700");
  assert_box (header, "moov/trak/mdia/mdhd/20", "55c4");
  assert_box (header, STBL "stsd/8/mp4a/24", "00000000");
}

GST_END_TEST;

GST_START_TEST (test_unsupported)
{
  g_autoptr (VsCodecConfig) mpeg2 = make_config (VS_CODEC_MPEG2_VIDEO);
  g_autoptr (VsCodecConfig) bare = make_config (VS_CODEC_H264);
  g_autoptr (GError) error = NULL;

  fail_unless (vs_cmaf_header (mpeg2, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
          VS_PACKAGE_ERROR_UNSUPPORTED));
  g_clear_error (&error);
  g_clear_pointer (&bare->record, g_bytes_unref);
  fail_unless (vs_cmaf_header (bare, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
          VS_PACKAGE_ERROR_UNSUPPORTED));
  fail_if (vs_cmaf_supports (VS_CODEC_MPEG2_VIDEO));
  fail_unless (vs_cmaf_supports (VS_CODEC_EAC3));
}

GST_END_TEST;

static Suite *
cmafheader_suite (void)
{
  Suite *suite = suite_create ("cmafheader");
  TCase *tcase = tcase_create ("header");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_video);
  tcase_add_test (tcase, test_colour_and_aspect);
  tcase_add_test (tcase, test_aac);
  tcase_add_test (tcase, test_dolby);
  tcase_add_test (tcase, test_high_rate);
  tcase_add_test (tcase, test_unsupported);
  return suite;
}

GST_CHECK_MAIN (cmafheader);
