/* VisionStream: tests of finding access units
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Streams of headers made to order, each with where units begin according to
 * the specification; and ffmpeg's streams, whose pictures ffprobe counts.
 */
#include <gst/base/gstbitwriter.h>

#include "codec/vsunitsplitter.h"
#include "helper.h"

#define FILL 60                 /* bytes behind each header */

/* A NAL unit, or what follows an MPEG-2 start code */
typedef struct
{
  guint type;                   /* 0: none */
  gboolean begins;              /* a unit */
  guint first;                  /* macroblock; H.265: not the first segment */
  guint number;                 /* frame_num, temporal_reference */
  guint order;                  /* pic_order_cnt_lsb */
  gchar field;                  /* 't', 'b', or 0: a frame */
  gboolean reference;
  guint8 layer;
} Part;

typedef struct
{
  const gchar *name;
  VsCodec codec;
  Part parts[16];
} Case;

#define AUD 9
#define SPS 7
#define PPS 8
#define SEI 6
#define IDR 5
#define SLICE 1
#define FILLER 12
#define PREFIX 14
#define PICTURE 0x100           /* picture_start_code is 0 */
#define H264 VS_CODEC_H264
#define H265 VS_CODEC_H265
#define MPEG2 VS_CODEC_MPEG2_VIDEO

static const Case cases[] = {
  {"delimiters", H264, {{AUD, TRUE}, {SPS}, {PPS}, {IDR,.reference = TRUE},
          {AUD, TRUE}, {SEI}, {SLICE,.number = 1,.order = 2}, {FILLER},
          {AUD, TRUE}, {SLICE,.number = 1,.order = 4}}},
  {"slices, no delimiters", H264, {{SPS, TRUE}, {PPS}, {IDR,.reference = TRUE},
          {IDR, 0, 20,.reference = TRUE},
          {SLICE, TRUE,.number = 1,.order = 2,.reference = TRUE},
          {SLICE, 0, 20, 1, 2,.reference = TRUE},
          {SLICE, TRUE, 0, 2, 6,.reference = TRUE},
          {SLICE, TRUE, 0, 3, 4}, {SLICE, 0, 20, 3, 4}}},
  {"the first slice of a picture is lost", H264, {{SPS, TRUE}, {PPS},
          {IDR,.reference = TRUE}, {SLICE, TRUE, 20, 1, 2}}},
  {"two IDR pictures", H264, {{SPS, TRUE}, {PPS}, {IDR,.reference = TRUE},
          {SPS, TRUE}, {PPS}, {IDR,.reference = TRUE}}},
  {"fields", H264, {{AUD, TRUE}, {SPS}, {PPS},
          {IDR, 0, 0, 0, 0, 't', TRUE}, {AUD}, {SLICE, 0, 0, 0, 1, 'b', TRUE},
          {AUD, TRUE}, {SLICE, 0, 0, 1, 4, 't', TRUE}, {AUD}, {SEI},
          {SLICE, 0, 0, 1, 5, 'b', TRUE}, {SLICE, 0, 20, 1, 5, 'b', TRUE},
          {AUD, TRUE}, {SLICE, 0, 0, 2, 2, 'b'}, {AUD}, {SLICE, 0, 0, 2, 3,
              't'}}},
  {"fields that are alone", H264, {{SPS, TRUE}, {PPS},
          {IDR, 0, 0, 0, 0, 't', TRUE}, {SLICE, TRUE, 0, 1, 2, 'b', TRUE},
          {SLICE, TRUE, 0, 2, 4, 't', TRUE}, {SLICE, TRUE, 0, 2, 6, 't'},
          {SLICE, 0, 0, 2, 7, 'b'}, {SLICE, TRUE, 0, 3, 9, 0, TRUE}}},
  {"prefix NAL units", H264, {{SPS, TRUE}, {PPS}, {PREFIX},
          {IDR,.reference = TRUE}, {PREFIX}, {IDR, 0, 20,.reference = TRUE},
          {PREFIX, TRUE}, {SLICE,.number = 1,.order = 2}, {PREFIX},
          {SLICE, 0, 20, 1, 2}}},
  {"it begins in a picture", H264, {{SLICE, 0, 20, 1, 2}, {FILLER},
          {AUD, TRUE}, {SLICE,.number = 2}, {AUD, TRUE}, {SLICE}}},
  {"H.265", H265, {{35, TRUE}, {32}, {33}, {34}, {39}, {19}, {19, 0, 1}, {40},
          {1, TRUE}, {1, 0, 1}, {39, TRUE}, {9}, {38}, {36}, {21, TRUE}}},
  {"H.265 layers", H265, {{32, TRUE}, {33}, {34}, {19}, {33, 0,.layer = 1},
          {1, 0,.layer = 1}, {1, TRUE}, {1, 0,.layer = 1}, {41, TRUE}, {1}}},
  {"H.265 with a slice lost", H265, {{35, TRUE}, {19}, {35, TRUE}, {1, 0, 1},
          {35, TRUE}, {1}}},
  {"MPEG-2", MPEG2, {{0xb3, TRUE}, {0xb8}, {PICTURE}, {0xb5}, {1}, {2},
          {PICTURE, TRUE,
              .number =
                1}, {0xb5}, {0xb2}, {1}, {0xb7}, {0xb3, TRUE}, {PICTURE},
          {0xb5}, {1}}},
  {"MPEG-1", MPEG2, {{0xb3, TRUE}, {0xb8}, {PICTURE}, {1}, {PICTURE,
              TRUE,.number = 1},
          {1}, {0xb8, TRUE}, {PICTURE}, {1}}},
  {"MPEG-2 fields", MPEG2, {{0xb3, TRUE}, {PICTURE}, {0xb5, 0,.field =
                't'}, {1},
          {PICTURE}, {0xb5, 0,.field = 'b'}, {1}, {PICTURE, TRUE,.number = 1},
          {0xb5, 0,.field = 'b'}, {1}, {PICTURE, 0,.number = 1},
          {0xb5, 0,.field = 't'}, {1}, {PICTURE, TRUE,.number = 2}, {0xb5}}},
  {"MPEG-2 fields that are alone", MPEG2, {{PICTURE, TRUE}, {0xb5, 0,.field =
                't'},
          {1}, {PICTURE, TRUE,.number = 1}, {0xb5, 0,.field = 'b'}, {1},
          {PICTURE, TRUE,.number = 1}, {0xb5, 0,.field = 'b'}, {1},
          {0xb8, TRUE}, {PICTURE,.number = 1}, {0xb5}}},
};

static void
put_ue (GstBitWriter * writer, guint32 value)
{
  guint bits = g_bit_storage (value + 1);

  if (bits > 1)
    gst_bit_writer_put_bits_uint32 (writer, 0, bits - 1);
  gst_bit_writer_put_bits_uint32 (writer, value + 1, bits);
}

static void
put_h264 (GstBitWriter * w, const Part * part)
{
  gst_bit_writer_put_bits_uint8 (w, (part->reference ? 0x60 : 0) | part->type,
      8);
  if (part->type == SPS) {
    gst_bit_writer_put_bits_uint32 (w, 77 << 16 | 30, 24);
    put_ue (w, 0);              /* seq_parameter_set_id */
    put_ue (w, 0);              /* log2_max_frame_num_minus4 */
    put_ue (w, 0);              /* pic_order_cnt_type */
    put_ue (w, 0);              /* log2_max_pic_order_cnt_lsb_minus4 */
    put_ue (w, 2);              /* max_num_ref_frames */
    gst_bit_writer_put_bits_uint8 (w, 0, 1);
    put_ue (w, 19);             /* width and height */
    put_ue (w, 11);
    gst_bit_writer_put_bits_uint8 (w, 0, 1);    /* frame_mbs_only_flag */
  } else if (part->type == PPS) {
    put_ue (w, 0);
    put_ue (w, 0);
    gst_bit_writer_put_bits_uint8 (w, 0, 2);
  } else if (part->type == SLICE || part->type == IDR) {
    put_ue (w, part->first);
    put_ue (w, 7);              /* slice_type */
    put_ue (w, 0);              /* pic_parameter_set_id */
    gst_bit_writer_put_bits_uint8 (w, part->number, 4);
    gst_bit_writer_put_bits_uint8 (w, part->field != 0, 1);
    if (part->field)
      gst_bit_writer_put_bits_uint8 (w, part->field == 'b', 1);
    if (part->type == IDR)
      put_ue (w, 0);            /* idr_pic_id */
    gst_bit_writer_put_bits_uint8 (w, part->order, 4);
  }
}

static void
put_mpeg2 (GstBitWriter * w, const Part * part)
{
  gst_bit_writer_put_bits_uint8 (w, part->type & 0xff, 8);
  if (part->type == PICTURE) {
    gst_bit_writer_put_bits_uint16 (w, part->number, 10);
    gst_bit_writer_put_bits_uint8 (w, 1, 3);    /* picture_coding_type */
  } else if (part->type == 0xb5) {
    /* picture_coding_extension: f_codes, precision, structure */
    gst_bit_writer_put_bits_uint8 (w, 8, 4);
    gst_bit_writer_put_bits_uint32 (w, 0xffff << 2, 18);
    gst_bit_writer_put_bits_uint8 (w, part->field == 't' ? 1
        : part->field == 'b' ? 2 : 3, 2);
  }
}

static void
put_part (GByteArray * out, VsCodec codec, const Part * part)
{
  static const guint8 start_code[] = { 0, 0, 0, 1 };
  guint8 fill[FILL];
  GstBitWriter w;

  gst_bit_writer_init_with_size (&w, 64, FALSE);
  if (codec == H264) {
    put_h264 (&w, part);
  } else if (codec == H265) {
    gst_bit_writer_put_bits_uint8 (&w, part->type << 1, 8);
    gst_bit_writer_put_bits_uint8 (&w, part->layer << 3 | 1, 8);
    gst_bit_writer_put_bits_uint8 (&w, part->first == 0, 1);
  } else {
    put_mpeg2 (&w, part);
  }
  gst_bit_writer_put_bits_uint8 (&w, 1, 1);
  gst_bit_writer_align_bytes (&w, 0);
  /* MPEG-2 has no zero_byte */
  g_byte_array_append (out, start_code + (codec == MPEG2),
      sizeof start_code - (codec == MPEG2));
  g_byte_array_append (out, gst_bit_writer_get_data (&w),
      gst_bit_writer_get_size (&w) / 8);
  memset (fill, 0x55, sizeof fill);
  g_byte_array_append (out, fill, sizeof fill);
  gst_bit_writer_reset (&w);
}

/* Splits what comes in pieces of @step bytes; returns where units lie. */
static GArray *
split (VsCodec codec, const guint8 * data, gsize size, gsize step)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (VsUnitBounds));
  gsize done = 0, available = 0;
  VsUnitSplitter splitter;
  VsUnitBounds bounds;

  vs_unit_splitter_init (&splitter, codec);
  while (available < size) {
    available = MIN (size, available + step);
    while (vs_unit_splitter_next (&splitter, data + done, available - done,
            available == size ? VS_UNIT_END_WHOLE : VS_UNIT_END_OPEN,
            &bounds)) {
      gsize base = done;

      done += bounds.end;
      bounds.start += base;
      bounds.end += base;
      bounds.mark += base;
      g_array_append_val (found, bounds);
    }
    if (available < size)
      done += vs_unit_splitter_skip (&splitter);
  }
  vs_unit_splitter_clear (&splitter);
  return found;
}

GST_START_TEST (test_headers)
{
  static const gsize steps[] = { 100000, 1, 7, 64, 188 };
  const Case *c = &cases[__i__];
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GArray) starts = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < G_N_ELEMENTS (c->parts) && c->parts[i].type; i++) {
    const Part *part = &c->parts[i];

    if (part->begins)
      g_array_append_val (starts, stream->len);
    put_part (stream, c->codec, part);
  }
  for (guint s = 0; s < G_N_ELEMENTS (steps); s++) {
    g_autoptr (GArray) found = split (c->codec, stream->data, stream->len,
        steps[s]);

    fail_unless (found->len == starts->len, "%s: %u units, not %u", c->name,
        found->len, starts->len);
    for (guint i = 0; i < found->len; i++) {
      VsUnitBounds *unit = &g_array_index (found, VsUnitBounds, i);

      fail_unless (unit->start == g_array_index (starts, guint, i),
          "%s: unit %u begins at %zu, not %u", c->name, i, unit->start,
          g_array_index (starts, guint, i));
      fail_unless_equals_uint64 (unit->end, i + 1 < starts->len
          ? g_array_index (starts, guint, i + 1) : stream->len);
      fail_unless_equals_int (unit->keyframe, vs_codec_is_keyframe (c->codec,
              stream->data + unit->start, unit->end - unit->start));
    }
  }
}

GST_END_TEST;

static const struct
{
  VsCodec codec;
  const gchar *options, *format;
} clips[] = {
  {H264, "-c:v libx264 -bf 3 -x264opts slices=4", "h264"},
  {H264, "-c:v libx264 -x264opts slices=4:aud=1:keyint=10", "h264"},
  {H264, "-c:v libx264 -x264opts tff=1:slices=2:keyint=10", "h264"},
  {H264, "-c:v libx264 -tune zerolatency -x264opts intra-refresh=1:keyint=10",
      "h264"},
  {H265, "-c:v libx265 -x265-params log-level=none:slices=3:keyint=12", "hevc"},
  {H265, "-c:v libx265 -x265-params log-level=none:aud=1:keyint=10", "hevc"},
  {MPEG2, "-c:v mpeg2video -bf 2 -g 12", "mpeg2video"},
  {MPEG2, "-c:v mpeg2video -flags +ildct+ilme -g 5", "mpeg2video"},
  {MPEG2, "-c:v mpeg1video -bf 2", "mpeg1video"},
};

GST_START_TEST (test_ffmpeg)
{
  g_autofree gchar *probe = NULL;
  g_autofree gchar *options = g_strdup_printf ("-pix_fmt yuv420p %s",
      clips[__i__].options);
  g_autoptr (GBytes) bytes = test_encode ("testsrc2=s=320x240:r=25:d=2",
      options, clips[__i__].format, &probe, NULL);
  gsize size, steps[] = { 1000000, 184, 5000 };
  const guint8 *data = g_bytes_get_data (bytes, &size);

  for (guint s = 0; s < G_N_ELEMENTS (steps); s++) {
    g_autoptr (GArray) found = split (clips[__i__].codec, data, size, steps[s]);
    gsize end = 0;

    fail_unless_equals_int (found->len, 50);
    for (guint i = 0; i < found->len; i++) {
      VsUnitBounds *unit = &g_array_index (found, VsUnitBounds, i);

      fail_unless_equals_uint64 (unit->start, end);
      fail_unless_equals_int (unit->keyframe,
          vs_codec_is_keyframe (clips[__i__].codec, data + unit->start,
              unit->end - unit->start));
      fail_unless (i > 0 || (unit->keyframe && unit->configured));
      end = unit->end;
    }
    fail_unless_equals_uint64 (end, size);
  }
}

GST_END_TEST;

static Suite *
unitsplitter_suite (void)
{
  Suite *s = suite_create ("unitsplitter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_headers, 0, G_N_ELEMENTS (cases));
  tcase_add_loop_test (tc, test_ffmpeg, 0, G_N_ELEMENTS (clips));
  return s;
}

GST_CHECK_MAIN (unitsplitter);
