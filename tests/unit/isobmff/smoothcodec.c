/* VisionStream: tests of codecs in Smooth Streaming manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "isobmff/vssmoothcodec.h"

#define SPS 0x67, 0x64, 0x00, 0x1f
#define PPS 0x68, 0xef, 0xbc, 0xb0
#define HVCC_HEAD 1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0x5d, 0xf0, 0, \
    0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f

static const guint8 avcc[] = {
  1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, SPS, 1, 0, 4, PPS, 0xfd, 0xf8, 0xf8, 0
};

static const guint8 hvcc[] = {
  HVCC_HEAD, 3, 0xa0, 0, 1, 0, 2, 0x40, 1, 0xa1, 0, 1, 0, 2, 0x42, 1,
  0xa2, 0, 2, 0, 2, 0x44, 1, 0, 2, 0x44, 2
};

static const guint8 asc_lc[] = { 0x11, 0x90 };
static const guint8 asc_sbr[] = { 0x2b, 0x11, 0x88, 0x00 };

/* 256 kbit/s, 3/2 and LFE */
static const guint8 dec3[] = { 0x08, 0x00, 0x20, 0x0f, 0x00 };

typedef struct
{
  VsCodec codec;
  const guint8 *record;
  gsize size;
  guint channels;
  const gchar *four_cc;
  guint audio_tag, packet_size;
  const gchar *private_data;
} Case;

static const Case cases[] = {
  {VS_CODEC_H264, avcc, sizeof avcc, 0, "H264", 0, 0,
      "000000016764001f0000000168efbcb0"},
  {VS_CODEC_H265, hvcc, sizeof hvcc, 0, "HVC1", 0, 0,
      "000000014001000000014201000000014401000000014402"},
  {VS_CODEC_AAC, asc_lc, sizeof asc_lc, 2, "AACL", 255, 4, "1190"},
  {VS_CODEC_AAC, asc_sbr, sizeof asc_sbr, 2, "AACH", 255, 4, "2b118800"},
  {VS_CODEC_EAC3, dec3, sizeof dec3, 6, "EC-3", 65534, 1024,
      "00063f000000af87fba7022dfb42a4d405cd93843bdd0800200f00"},
  {VS_CODEC_EAC3, dec3, sizeof dec3, 2, "EC-3", 65534, 1024,
      "000603000000af87fba7022dfb42a4d405cd93843bdd0800200f00"},
};

static VsCodecConfig *
make_config (const Case * test, gsize size)
{
  VsCodecConfig *config = vs_codec_config_new (test->codec);

  /* a block of its own: readers beyond its end are found out */
  config->record = g_bytes_new (test->record, size);
  config->channels = test->channels;
  config->sample_rate = 48000;
  config->frame_samples = test->codec == VS_CODEC_EAC3 ? 1536 : 1024;
  return config;
}

static gchar *
to_hex (const GByteArray * bytes)
{
  GString *hex = g_string_new (NULL);

  for (guint i = 0; bytes && i < bytes->len; i++)
    g_string_append_printf (hex, "%02x", bytes->data[i]);
  return g_string_free (hex, FALSE);
}

GST_START_TEST (test_descriptions)
{
  const Case *test = &cases[__i__];
  g_autoptr (VsCodecConfig) config = make_config (test, test->size);
  g_autoptr (GByteArray) data = vs_smooth_get_private_data (config);
  g_autofree gchar *hex = to_hex (data);

  fail_unless (vs_smooth_supports (test->codec));
  fail_unless_equals_string (vs_smooth_get_four_cc (config), test->four_cc);
  fail_unless_equals_int (vs_smooth_get_audio_tag (config), test->audio_tag);
  fail_unless_equals_int (vs_smooth_get_packet_size (config),
      test->packet_size);
  fail_unless_equals_string (hex, test->private_data);
}

GST_END_TEST;

GST_START_TEST (test_parameter_sets)
{
  g_autoptr (VsCodecConfig) video = make_config (&cases[0], cases[0].size);
  g_autoptr (VsCodecConfig) audio = make_config (&cases[2], cases[2].size);
  g_autoptr (GByteArray) sets = vs_smooth_get_parameter_sets (video);
  g_autofree gchar *hex = to_hex (sets);

  fail_unless_equals_string (hex, "000000046764001f0000000468efbcb0");
  fail_unless (vs_smooth_get_parameter_sets (audio) == NULL);
}

GST_END_TEST;

/* Parameter sets that end with the record, whereever that is. */
GST_START_TEST (test_cut_records)
{
  for (guint i = 0; i < 2; i++) {
    gsize whole = i == 0 ? sizeof avcc - 4 : sizeof hvcc;

    for (gsize size = 0; size < whole; size++) {
      g_autoptr (VsCodecConfig) config = make_config (&cases[i], size);

      fail_unless (vs_smooth_get_private_data (config) == NULL, "%u: %u", i,
          (guint) size);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_not_described)
{
  g_autoptr (VsCodecConfig) ac3 = vs_codec_config_new (VS_CODEC_AC3);
  g_autoptr (VsCodecConfig) listed = vs_codec_config_new (VS_CODEC_H264);

  fail_if (vs_smooth_supports (VS_CODEC_AC3));
  fail_unless (vs_smooth_get_four_cc (ac3) == NULL);
  fail_unless (vs_smooth_get_private_data (ac3) == NULL);
  /* its record is not known */
  fail_unless (vs_smooth_get_private_data (listed) == NULL);
}

GST_END_TEST;

static Suite *
smoothcodec_suite (void)
{
  Suite *suite = suite_create ("smoothcodec");
  TCase *tcase = tcase_create ("codec");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_descriptions, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tcase, test_parameter_sets);
  tcase_add_test (tcase, test_cut_records);
  tcase_add_test (tcase, test_not_described);
  return suite;
}

GST_CHECK_MAIN (smoothcodec);
