/* VisionStream: tests of parameter sets that come one by one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/base/gstbitwriter.h>
#include <gst/check/gstcheck.h>

#include "codec/vsparametersets.h"

/* ---- units made to order ------------------------------------------------ */

static void
put_ue (GstBitWriter * w, guint value)
{
  gst_bit_writer_put_bits_uint32 (w, value + 1,
      2 * g_bit_storage (value + 1) - 1);
}

/* Ends the NAL unit: emulation prevention, and a start code ahead of it. */
static void
put_nal (GByteArray * unit, GstBitWriter * w)
{
  static const guint8 start_code[] = { 0, 0, 0, 1 }, prevention = 3;
  const guint8 *data;
  guint zeros = 0;

  gst_bit_writer_put_bits_uint8 (w, 1, 1);
  gst_bit_writer_align_bytes (w, 0);
  data = gst_bit_writer_get_data (w);
  g_byte_array_append (unit, start_code, sizeof start_code);
  for (guint i = 0; i < gst_bit_writer_get_size (w) / 8; i++) {
    if (zeros >= 2 && data[i] <= 3) {
      g_byte_array_append (unit, &prevention, 1);
      zeros = 0;
    }
    zeros = data[i] == 0 ? zeros + 1 : 0;
    g_byte_array_append (unit, data + i, 1);
  }
  gst_bit_writer_reset (w);
}

static void
begin_h264 (GstBitWriter * w, guint8 nal)
{
  gst_bit_writer_init (w);
  gst_bit_writer_put_bits_uint8 (w, nal, 8);
}

/* @version: of what it says beside its id */
static void
put_sps (GByteArray * unit, guint id, guint macroblocks, guint version)
{
  GstBitWriter w;

  begin_h264 (&w, 0x67);
  gst_bit_writer_put_bits_uint32 (&w, 66 << 16 | 30, 24);
  put_ue (&w, id);
  put_ue (&w, 0);
  put_ue (&w, 2);
  put_ue (&w, 1 + version);     /* max_num_ref_frames */
  gst_bit_writer_put_bits_uint8 (&w, 0, 1);
  put_ue (&w, macroblocks - 1);
  put_ue (&w, macroblocks - 1);
  gst_bit_writer_put_bits_uint8 (&w, 0x0c, 4);  /* frames, 8x8, no crop, VUI */
  put_nal (unit, &w);
}

static void
put_pps (GByteArray * unit, guint id, guint sps, guint version)
{
  GstBitWriter w;

  begin_h264 (&w, 0x68);
  put_ue (&w, id);
  put_ue (&w, sps);
  gst_bit_writer_put_bits_uint8 (&w, 0, 2);
  put_ue (&w, version);
  put_nal (unit, &w);
}

static void
put_slice (GByteArray * unit, gboolean key, guint pps)
{
  GstBitWriter w;

  begin_h264 (&w, key ? 0x65 : 0x41);
  put_ue (&w, 0);
  put_ue (&w, 7);
  put_ue (&w, pps);
  gst_bit_writer_put_bits_uint32 (&w, 0x55555555, 32);
  put_nal (unit, &w);
}

/* Takes @unit into force. */
static void
follow (VsCodec codec, GByteArray * unit, VsCodecConfig ** config)
{
  VsCodecConfig *next =
      vs_codec_config_from_unit (codec, unit->data, unit->len, *config);

  g_byte_array_set_size (unit, 0);
  fail_unless (next != NULL);
  g_clear_pointer (config, vs_codec_config_unref);
  *config = next;
}

static void
assert_sets (const VsCodecConfig * config, guint sps, guint pps)
{
  VsNalSet sets[2];

  fail_unless (vs_nal_sets_read_record (sets, VS_CODEC_H264, config));
  fail_unless_equals_int (sets[0].n, sps);
  fail_unless_equals_int (sets[1].n, pps);
}

/* ---- tests -------------------------------------------------------------- */

/* A PPS that changes alone is another configuration; one that is repeated is
 * the same one; one that comes back is the one before. */
GST_START_TEST (test_pps_alone)
{
  g_autoptr (GByteArray) unit = g_byte_array_new ();
  g_autoptr (VsCodecConfig) config = NULL;
  gchar ids[2][9];

  put_sps (unit, 0, 4, 0);
  put_pps (unit, 1, 0, 0);
  put_pps (unit, 0, 0, 0);
  put_slice (unit, TRUE, 0);
  follow (VS_CODEC_H264, unit, &config);
  assert_sets (config, 1, 2);
  fail_unless_equals_int (config->width, 64);
  strcpy (ids[0], config->id);

  for (guint i = 0; i < 1000; i++) {
    const VsCodecConfig *before = config;

    put_pps (unit, 0, 0, (i + 1) % 2);
    put_slice (unit, i % 7 == 0, 0);
    follow (VS_CODEC_H264, unit, &config);
    if (i == 0)
      strcpy (ids[1], config->id);
    fail_unless (config != before);
    fail_unless_equals_string (config->id, ids[(i + 1) % 2]);
    assert_sets (config, 1, 2);

    before = config;
    put_pps (unit, 0, 0, (i + 1) % 2);
    put_pps (unit, 1, 0, 0);
    put_slice (unit, FALSE, 1);
    follow (VS_CODEC_H264, unit, &config);
    fail_unless (config == before);
  }
  fail_if (strcmp (ids[0], ids[1]) == 0);
}

GST_END_TEST;

/* The order in which sets were sent is no difference. */
GST_START_TEST (test_order)
{
  g_autoptr (GByteArray) unit = g_byte_array_new ();
  g_autoptr (VsCodecConfig) one = NULL;
  g_autoptr (VsCodecConfig) other = NULL;

  put_sps (unit, 0, 4, 0);
  for (guint i = 0; i < 5; i++)
    put_pps (unit, i, 0, 0);
  put_slice (unit, TRUE, 0);
  follow (VS_CODEC_H264, unit, &one);

  put_pps (unit, 3, 0, 0);
  put_sps (unit, 0, 4, 0);
  put_slice (unit, TRUE, 3);
  follow (VS_CODEC_H264, unit, &other);
  for (guint i = 5; i-- > 0;) {
    put_pps (unit, i, 0, 0);
    put_slice (unit, FALSE, i);
    follow (VS_CODEC_H264, unit, &other);
  }
  assert_sets (other, 1, 5);
  fail_unless_equals_string (one->id, other->id);
}

GST_END_TEST;

/* What a picture refers to is what counts; what it can't refer to is left out;
 * an SPS that changes takes its PPS along. */
GST_START_TEST (test_active)
{
  g_autoptr (GByteArray) unit = g_byte_array_new ();
  g_autoptr (VsCodecConfig) config = NULL;

  put_sps (unit, 0, 4, 0);
  put_sps (unit, 1, 8, 0);
  put_pps (unit, 0, 0, 0);
  put_pps (unit, 1, 1, 0);
  put_pps (unit, 2, 1, 0);
  put_slice (unit, TRUE, 2);
  follow (VS_CODEC_H264, unit, &config);
  fail_unless_equals_int (config->width, 128);
  assert_sets (config, 1, 2);

  put_sps (unit, 1, 8, 1);
  put_pps (unit, 2, 1, 0);
  put_slice (unit, TRUE, 2);
  follow (VS_CODEC_H264, unit, &config);
  assert_sets (config, 1, 1);

  put_sps (unit, 0, 4, 0);
  put_pps (unit, 0, 0, 0);
  put_slice (unit, TRUE, 0);
  follow (VS_CODEC_H264, unit, &config);
  fail_unless_equals_int (config->width, 64);
  assert_sets (config, 1, 1);
}

GST_END_TEST;

/* However many come, what is kept is bounded, and the newest is in it. */
GST_START_TEST (test_many)
{
  g_autoptr (GByteArray) unit = g_byte_array_new ();
  g_autoptr (VsCodecConfig) config = NULL;

  put_sps (unit, 0, 4, 0);
  put_pps (unit, 0, 0, 0);
  put_slice (unit, TRUE, 0);
  follow (VS_CODEC_H264, unit, &config);
  for (guint i = 0; i < 2000; i++) {
    g_autofree gchar *before = g_strdup (config->id);
    VsNalSet sets[2];

    put_pps (unit, i % VS_H264_PPS_MAX, 0, i);
    put_slice (unit, FALSE, i % VS_H264_PPS_MAX);
    follow (VS_CODEC_H264, unit, &config);
    fail_if (i > 0 && strcmp (before, config->id) == 0);
    fail_unless (vs_nal_sets_read_record (sets, VS_CODEC_H264, config));
    fail_unless (sets[1].n >= 1 && sets[1].n <= VS_NAL_SET_MAX);
  }
}

GST_END_TEST;

/* A unit without its sets gets them, behind its delimiter; who reads it first
 * finds the configuration in force. */
GST_START_TEST (test_complete)
{
  static const guint8 delimiter[] = { 0, 0, 0, 1, 9, 0xf0 };

  for (guint with = 0; with < 2; with++) {
    g_autoptr (GByteArray) unit = g_byte_array_new ();
    g_autoptr (GByteArray) whole = g_byte_array_new ();
    g_autoptr (VsCodecConfig) config = NULL;
    g_autoptr (VsCodecConfig) found = NULL;

    put_sps (unit, 0, 4, 0);
    put_pps (unit, 0, 0, 0);
    put_pps (unit, 7, 0, 0);
    put_slice (unit, TRUE, 0);
    follow (VS_CODEC_H264, unit, &config);
    if (with)
      g_byte_array_append (unit, delimiter, sizeof delimiter);
    put_pps (unit, 7, 0, 0);
    put_slice (unit, TRUE, 7);
    fail_unless (vs_codec_complete_unit (config, unit->data, unit->len, whole));
    found = vs_codec_config_from_unit (VS_CODEC_H264, whole->data, whole->len,
        NULL);
    fail_unless (found != NULL);
    fail_unless_equals_string (found->id, config->id);
    fail_unless (whole->len > unit->len);
    if (with)
      fail_unless (memcmp (whole->data, delimiter, sizeof delimiter) == 0);
    fail_unless_equals_int (whole->data[(with ? sizeof delimiter : 0) + 4],
        0x67);
    /* the unit's own bytes are its end */
    fail_unless (memcmp (whole->data + whole->len - unit->len + 6,
            unit->data + 6, unit->len - 6) == 0);
    fail_if (vs_codec_complete_unit (config, whole->data, whole->len, unit));
  }
}

GST_END_TEST;

/* ---- H.265 -------------------------------------------------------------- */

static void
begin_h265 (GstBitWriter * w, guint type)
{
  gst_bit_writer_init (w);
  gst_bit_writer_put_bits_uint16 (w, type << 9 | 1, 16);
}

static void
put_h265_vps (GByteArray * unit, guint version)
{
  GstBitWriter w;

  begin_h265 (&w, 32);
  gst_bit_writer_put_bits_uint8 (&w, 0, 4);
  gst_bit_writer_put_bits_uint8 (&w, version, 8);
  put_nal (unit, &w);
}

static void
put_h265_sps (GByteArray * unit)
{
  GstBitWriter w;

  begin_h265 (&w, 33);
  gst_bit_writer_put_bits_uint8 (&w, 1, 8);     /* VPS 0, one sub-layer */
  gst_bit_writer_put_bits_uint8 (&w, 1, 8);     /* Main */
  gst_bit_writer_put_bits_uint32 (&w, 0x60000000, 32);
  gst_bit_writer_put_bits_uint64 (&w, 0, 48);
  gst_bit_writer_put_bits_uint8 (&w, 93, 8);
  put_ue (&w, 0);
  put_ue (&w, 1);
  put_ue (&w, 320);
  put_ue (&w, 180);
  gst_bit_writer_put_bits_uint8 (&w, 0, 1);
  put_ue (&w, 0);
  put_ue (&w, 0);
  put_ue (&w, 4);
  gst_bit_writer_put_bits_uint64 (&w, G_MAXUINT64, 64);
  put_nal (unit, &w);
}

static void
put_h265_pps (GByteArray * unit, guint id, guint version)
{
  GstBitWriter w;

  begin_h265 (&w, 34);
  put_ue (&w, id);
  put_ue (&w, 0);
  gst_bit_writer_put_bits_uint8 (&w, 0, 5);
  put_ue (&w, version);
  put_nal (unit, &w);
}

static void
put_h265_slice (GByteArray * unit, guint pps)
{
  GstBitWriter w;

  begin_h265 (&w, 19);
  gst_bit_writer_put_bits_uint8 (&w, 2, 2);
  put_ue (&w, pps);
  gst_bit_writer_put_bits_uint32 (&w, 0x55555555, 32);
  put_nal (unit, &w);
}

/* VPS and PPS that come alone */
GST_START_TEST (test_h265)
{
  g_autoptr (GByteArray) unit = g_byte_array_new ();
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  g_autoptr (VsCodecConfig) config = NULL;
  g_autoptr (VsCodecConfig) found = NULL;
  gchar ids[4][9];

  put_h265_vps (unit, 1);
  put_h265_sps (unit);
  put_h265_pps (unit, 0, 0);
  put_h265_slice (unit, 0);
  follow (VS_CODEC_H265, unit, &config);
  fail_unless_equals_int (config->width, 320);
  strcpy (ids[0], config->id);
  put_h265_pps (unit, 1, 0);
  put_h265_slice (unit, 1);
  follow (VS_CODEC_H265, unit, &config);
  strcpy (ids[1], config->id);
  put_h265_pps (unit, 0, 1);
  put_h265_slice (unit, 0);
  follow (VS_CODEC_H265, unit, &config);
  strcpy (ids[2], config->id);
  put_h265_vps (unit, 2);
  put_h265_slice (unit, 0);
  follow (VS_CODEC_H265, unit, &config);
  strcpy (ids[3], config->id);
  for (guint i = 1; i < 4; i++) {
    for (guint j = 0; j < i; j++)
      fail_if (strcmp (ids[i], ids[j]) == 0, "%u and %u", j, i);
  }
  put_h265_slice (unit, 1);
  fail_unless (vs_codec_complete_unit (config, unit->data, unit->len, whole));
  found = vs_codec_config_from_unit (VS_CODEC_H265, whole->data, whole->len,
      NULL);
  fail_unless_equals_string (found->id, config->id);
}

GST_END_TEST;

static Suite *
parametersets_suite (void)
{
  Suite *s = suite_create ("parametersets");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_pps_alone);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_active);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_complete);
  tcase_add_test (tc, test_h265);
  return s;
}

GST_CHECK_MAIN (parametersets);
