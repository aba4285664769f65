/* VisionStream: what a changed PPS makes of segments and fragments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Streams of x264 whose PPS differ and whose SPS do not, put one behind the
 * other; only the first pictures say the SPS. What the CMAF header and the
 * fragment of each segment decode to is compared with the stream itself.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "codec/vsunitsplitter.h"
#include "isobmff/vscmaf.h"
#include "timeline/vssegmenter.h"
#include "../mpegts/tshelper.h"

#define GOP 10
#define FRAME_90K 3600
#define PIECE "-bf 0 -g 10 -t 0.8 -x264opts " \
    "scenecut=0:threads=1:chroma-qp-offset="

static gchar *folder;

static void
setup (void)
{
  folder = test_folder_new ();
}

static void
teardown (void)
{
  test_folder_remove (folder);
  g_clear_pointer (&folder, g_free);
}

/* What came out: the segments and their bytes */
typedef struct
{
  GPtrArray *segments, *bytes;
  GByteArray *open;
  guint warnings;
} Output;

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  ((Output *) user_data)->open = g_byte_array_new ();
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  g_byte_array_append (((Output *) user_data)->open, data, size);
  g_bytes_unref (bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Output *output = user_data;

  g_ptr_array_add (output->segments, vs_segment_ref (segment));
  g_ptr_array_add (output->bytes,
      g_byte_array_free_to_bytes (g_steal_pointer (&output->open)));
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  ((Output *) user_data)->warnings++;
}

static void
output_init (Output * output)
{
  memset (output, 0, sizeof *output);
  output->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  output->bytes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

static void
output_clear (Output * output)
{
  g_ptr_array_unref (output->segments);
  g_ptr_array_unref (output->bytes);
}

/* Segments of two GOPs, unless something else ends them. */
static void
cut (Output * output, const GByteArray * ts)
{
  static const VsCutterCallbacks callbacks = {
    on_open, on_chunk, on_close, on_config, on_warning, NULL
  };
  const VsSegmenterSettings settings = {.target_duration =
        2 * GOP * (GST_SECOND / 25),.first_sequence = 1,.start_utc_us =
        0,.event_utc_us = -1
  };
  g_autoptr (VsSegmenter) segmenter = vs_segmenter_new (&settings);
  VsCutter *cutter = vs_segmenter_add (segmenter, "video", 0, &callbacks,
      output);

  vs_cutter_push (cutter, ts->data, ts->len, GST_CLOCK_TIME_NONE, FALSE);
  vs_cutter_drain (cutter);
  vs_cutter_free (cutter);
}

/* @data without NAL units of a type */
static void
append_without (GByteArray * out, const guint8 * data, gsize size, guint type)
{
  static const guint8 start_code[] = { 0, 0, 0, 1 };
  gsize offset = 0;
  VsNal nal;

  while (vs_nal_next (data, size, &offset, &nal)) {
    if ((nal.data[0] & 0x1f) == type)
      continue;
    g_byte_array_append (out, start_code, sizeof start_code);
    g_byte_array_append (out, nal.data, nal.size);
  }
}

static const guint8 *
find_nal (const guint8 * data, gsize size, guint type, gsize * nal_size)
{
  gsize offset = 0;
  VsNal nal;

  while (vs_nal_next (data, size, &offset, &nal)) {
    if ((nal.data[0] & 0x1f) != type)
      continue;
    *nal_size = nal.size;
    return nal.data;
  }
  return NULL;
}

/* One piece behind the other, as an elementary stream and in TS; the SPS is
 * said once. */
static GByteArray *
chain (const gchar * pieces, GByteArray * es)
{
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_UNKNOWN, NULL);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  GByteArray *ts = g_byte_array_new ();
  guint n = 0;

  for (; *pieces; pieces++) {
    g_autofree gchar *options = g_strdup_printf ("-map 0 -c:v libx264 "
        PIECE "%u", (*pieces - 'a') * 6);
    g_autoptr (GBytes) clip = test_ffmpeg (folder, options, NULL);
    g_autoptr (TestReader) test = NULL;

    fail_unless (clip != NULL);
    test = test_read (g_bytes_get_data (clip, NULL), g_bytes_get_size (clip),
        0);
    fail_unless_equals_int (test->units->len, 2 * GOP);
    for (guint i = 0; i < test->units->len; i++, n++) {
      g_autoptr (GByteArray) data = g_byte_array_new ();
      VsTsUnit unit = test_reader_get (test, i)->unit;

      append_without (data, unit.data, unit.size, n == 0 ? 0 : 7);
      g_byte_array_append (es, data->data, data->len);
      unit.data = data->data;
      unit.size = data->len;
      unit.pts_90k = unit.dts_90k = 90000 + n * FRAME_90K;
      if (unit.flags & VS_TS_UNIT_KEYFRAME)
        vs_ts_writer_write_psi (writer, ts);
      vs_ts_writer_write_unit (writer, &unit, ts);
    }
  }
  return ts;
}

/* The pictures' hashes, a line each, by ffmpeg */
static void
append_pictures (GString * out, const void *data, gsize size)
{
  g_autofree gchar *path = g_build_filename (folder, "decode", NULL);
  g_autofree gchar *command = g_strdup_printf ("ffmpeg -v error -xerror -i %s "
      "-f framehash -hash md5 -", path);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;

  fail_unless (g_file_set_contents (path, data, size, NULL));
  text = test_run (command);
  fail_unless (text != NULL);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (lines[i][0] != '#' && strrchr (lines[i], ' '))
      g_string_append_printf (out, "%s\n", strrchr (lines[i], ' ') + 1);
  }
}

/* One segment's header and fragment, as a player puts them together */
static void
append_fragment (GString * out, const Output * output, guint i)
{
  const VsSegment *segment = g_ptr_array_index (output->segments, i);
  GBytes *ts = g_ptr_array_index (output->bytes, i);
  g_autoptr (VsCodecConfig) config = vs_cmaf_find_config (ts, VS_MEDIA_VIDEO,
      NULL);
  g_autoptr (GBytes) header = NULL;
  g_autoptr (GBytes) fragment = vs_cmaf_fragment (ts, segment, VS_MEDIA_VIDEO,
      NULL);
  g_autoptr (GByteArray) file = g_byte_array_new ();

  /* by the segment alone */
  fail_unless (config != NULL && fragment != NULL);
  fail_unless_equals_string (config->id, segment->tracks[0].config_id);
  header = vs_cmaf_header (config, NULL, NULL);
  g_byte_array_append (file, g_bytes_get_data (header, NULL),
      g_bytes_get_size (header));
  g_byte_array_append (file, g_bytes_get_data (fragment, NULL),
      g_bytes_get_size (fragment));
  append_pictures (out, file->data, file->len);
}

/* Each letter of @pieces is two GOPs with a PPS of its own. A PPS that is
 * another than before begins a segment, with a discontinuity and another
 * configuration; the same letter is the same configuration. */
static void
check_pieces (const gchar * pieces)
{
  g_autoptr (GByteArray) es = g_byte_array_new ();
  g_autoptr (GByteArray) ts = chain (pieces, es);
  g_autoptr (GString) expected = g_string_new (NULL);
  g_autoptr (GString) decoded = g_string_new (NULL);
  gchar ids[26][9] = { "", };
  Output output;

  output_init (&output);
  cut (&output, ts);
  fail_unless_equals_int (output.segments->len, strlen (pieces));
  fail_unless_equals_int (output.warnings, 0);
  for (guint i = 0; i < output.segments->len; i++) {
    const VsSegment *segment = g_ptr_array_index (output.segments, i);
    gchar *id = ids[pieces[i] - 'a'];
    gboolean changed = i > 0 && pieces[i] != pieces[i - 1];

    if (*id == '\0')
      strcpy (id, segment->tracks[0].config_id);
    fail_unless_equals_string (segment->tracks[0].config_id, id);
    fail_unless_equals_int (segment->discontinuity, changed);
    fail_unless (segment->independent);
    if (i > 0)
      fail_unless_equals_string (segment->cause, changed ? "config" : "idr");
    append_fragment (decoded, &output, i);
  }
  fail_if (strcmp (ids[0], ids[1]) == 0);
  append_pictures (expected, es->data, es->len);
  fail_unless_equals_string (decoded->str, expected->str);
  output_clear (&output);
}

GST_START_TEST (test_change)
{
  check_pieces ("aab");
}

GST_END_TEST;

GST_START_TEST (test_alternation)
{
  check_pieces ("abab");
}

GST_END_TEST;

/* A PPS that is sent again and again between keyframes, with this content and
 * that, and at the keyframes with one: neither a segment more nor a
 * discontinuity. Where the fragment's header does not say it any more, the
 * samples do. */
GST_START_TEST (test_between_keyframes)
{
  static const guint8 start_code[] = { 0, 0, 0, 1 };
  g_autoptr (GByteArray) es = g_byte_array_new ();
  g_autoptr (GByteArray) ts = chain ("aa", es);
  g_autoptr (TestReader) test = test_read (ts->data, ts->len, 0);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (test->program);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const guint8 *pps;
  guint8 other[64];
  gsize size;
  Output output;

  pps = find_nal (es->data, es->len, 8, &size);
  fail_unless (pps != NULL && size < sizeof other);
  memcpy (other, pps, size);
  other[size - 1] ^= 0x40;
  for (guint i = 0; i < test->units->len; i++) {
    g_autoptr (GByteArray) data = g_byte_array_new ();
    VsTsUnit unit = test_reader_get (test, i)->unit;

    if (i % GOP == 0)
      vs_ts_writer_write_psi (writer, out);
    if (i % GOP > 4) {
      g_byte_array_append (data, start_code, sizeof start_code);
      g_byte_array_append (data, i % 2 ? other : pps, size);
    }
    g_byte_array_append (data, unit.data, unit.size);
    unit.data = data->data;
    unit.size = data->len;
    vs_ts_writer_write_unit (writer, &unit, out);
  }
  output_init (&output);
  cut (&output, out);
  fail_unless_equals_int (output.segments->len, 2);
  for (guint i = 0; i < 2; i++) {
    const VsSegment *segment = g_ptr_array_index (output.segments, i);
    const VsSegment *before = g_ptr_array_index (output.segments, 0);
    g_autoptr (GBytes) fragment = vs_cmaf_fragment (g_ptr_array_index
        (output.bytes, i), segment, VS_MEDIA_VIDEO, NULL);
    const guint8 *data = g_bytes_get_data (fragment, NULL);
    const guint8 *end = data + g_bytes_get_size (fragment);
    guint found[2] = { 0, };

    fail_unless_equals_int (segment->discontinuity, FALSE);
    fail_unless_equals_string (segment->tracks[0].config_id,
        before->tracks[0].config_id);
    while ((data = memmem (data, end - data, other, size - 1)) != NULL) {
      found[memcmp (data, other, size) == 0]++;
      data += size;
    }
    /* from the first other one on, at 5: all; the keyframe at 10 has its own
     * and the one that is said with the SPS */
    fail_unless_equals_int (found[1], 2 * 3);
    fail_unless_equals_int (found[0], 2 * 2 + 2);
  }
  output_clear (&output);
}

GST_END_TEST;

static Suite *
reconfigure_suite (void)
{
  Suite *s = suite_create ("reconfigure");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_change);
  tcase_add_test (tc, test_alternation);
  tcase_add_test (tc, test_between_keyframes);
  return s;
}

GST_CHECK_MAIN (reconfigure);
