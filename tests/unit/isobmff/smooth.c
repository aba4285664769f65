/* VisionStream: tests of Smooth Streaming fragments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ffmpeg makes the TS; the boxes are read back, and the CMAF fragment of the
 * same segment, which ffprobe judges in a test of its own, is the oracle of
 * samples and payload.
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>

#include "isobmff/vssmooth.h"
#include "isobmff/vssmoothcodec.h"
#include "boxes.h"

/* 2026-03-01T12:00:00Z */
#define UTC_US G_GINT64_CONSTANT (1772366400000000)
#define START_90K 126000
#define SECONDS 1.5
#define SEQUENCE 42

static GBytes *
encode (const gchar * options)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *folder = g_dir_make_tmp ("smooth-XXXXXX", &error);
  g_autofree gchar *path = g_build_filename (folder, "a.ts", NULL);
  g_autofree gchar *command = g_strdup_printf ("ffmpeg -v error"
      " -f lavfi -i testsrc2=size=192x108:rate=60:duration=%g"
      " -f lavfi -i sine=frequency=440:sample_rate=48000:duration=%g"
      " -c:v libx264 -c:a aac -g 1000 -preset ultrafast -threads 1 %s"
      " -f mpegts %s", SECONDS, SECONDS, options, path);
  gint status = 1;
  gchar *data;
  gsize size;

  g_assert_no_error (error);
  fail_unless (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL)
      && g_spawn_check_wait_status (status, NULL), "%s", command);
  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  g_unlink (path);
  g_rmdir (folder);
  return g_bytes_new_take (data, size);
}

static VsSegment *
make_entry (VsMediaType type, guint32 timescale, gint64 duration)
{
  VsSegment *segment = vs_segment_new ();

  segment->sequence = SEQUENCE;
  segment->run_start_pts_90k = segment->start_pts_90k = START_90K;
  segment->utc_us = UTC_US;
  segment->duration = SECONDS * GST_SECOND;
  segment->n_tracks = 1;
  segment->tracks[0].type = type;
  segment->tracks[0].timescale = timescale;
  segment->tracks[0].start =
      START_90K * G_GINT64_CONSTANT (1) * timescale / 90000;
  segment->tracks[0].duration = duration;
  return segment;
}

typedef struct
{
  gint64 dts, pts;
  guint32 duration, size, flags;
} Sample;

/* What the one trun of a fragment says of its samples. */
static GArray *
read_samples (GBytes * fragment, guint8 * version)
{
  GArray *samples = g_array_new (FALSE, TRUE, sizeof (Sample));
  guint32 n, trun_flags, tfhd_flags, defaults[3] = { 0 };
  gsize at = 8;
  gint64 dts = 0;
  Box tfhd, trun;

  fail_unless (box_find (fragment, "moof/traf/tfhd", &tfhd));
  fail_unless (box_find (fragment, "moof/traf/trun", &trun));
  *version = trun.data[0];
  tfhd_flags = GST_READ_UINT24_BE (tfhd.data + 1);
  for (guint i = 0; i < 3; i++) {
    if (tfhd_flags & (8 << i)) {
      defaults[i] = GST_READ_UINT32_BE (tfhd.data + at);
      at += 4;
    }
  }
  fail_unless_equals_uint64 (at, tfhd.size);
  trun_flags = GST_READ_UINT24_BE (trun.data + 1);
  n = GST_READ_UINT32_BE (trun.data + 4);
  at = trun_flags & 4 ? 16 : 12;
  for (guint i = 0; i < n; i++) {
    Sample sample = { dts, dts, defaults[0], defaults[1], defaults[2] };

    if (i == 0 && trun_flags & 4)
      sample.flags = GST_READ_UINT32_BE (trun.data + 12);
    for (guint bit = 0; bit < 4; bit++) {
      guint32 value;

      if (!(trun_flags & (0x100 << bit)))
        continue;
      value = GST_READ_UINT32_BE (trun.data + at);
      at += 4;
      if (bit == 0)
        sample.duration = value;
      else if (bit == 1)
        sample.size = value;
      else if (bit == 2)
        sample.flags = value;
      else
        sample.pts += (gint32) value;
    }
    dts += sample.duration;
    g_array_append_val (samples, sample);
  }
  fail_unless_equals_uint64 (at, trun.size);
  return samples;
}

/* Where the trun says that the payload is, the mdat is, and holds just it. */
static void
read_payload (GBytes * fragment, const GArray * samples, Box * box)
{
  const guint8 *data = g_bytes_get_data (fragment, NULL);
  const guint8 *moof = data;
  Box trun;
  gsize size = 0;

  if (memcmp (data + 4, "styp", 4) == 0)
    moof += GST_READ_UINT32_BE (data);
  fail_unless (box_find (fragment, "moof/traf/trun", &trun));
  fail_unless (box_find (fragment, "mdat", box));
  fail_unless (box->data == moof + GST_READ_UINT32_BE (trun.data + 8));
  for (guint i = 0; i < samples->len; i++)
    size += g_array_index (samples, Sample, i).size;
  fail_unless_equals_uint64 (box->size, size);
}

static const guint8 tfxd_uuid[] = {
  0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6,
  0x80, 0xe2, 0x14, 0x1d, 0xaf, 0xf7, 0x57, 0xb2
};

static const guint8 tfrf_uuid[] = {
  0xd4, 0x80, 0x7e, 0xf2, 0xca, 0x39, 0x46, 0x95,
  0x8e, 0x54, 0x26, 0xcb, 0x9e, 0x46, 0xa7, 0x9f
};

static gboolean
find_uuid (GBytes * fragment, const guint8 uuid[16], Box * box)
{
  Box in;

  fail_unless (box_find (fragment, "moof/traf", &in));
  while (box_find_child (&in, "uuid", box)) {
    fail_unless (box->size >= 20);
    if (memcmp (box->data, uuid, 16) == 0) {
      /* version 1: 64-bit times */
      fail_unless_equals_int (GST_READ_UINT32_BE (box->data + 16), 1 << 24);
      box->data += 20;
      box->size -= 20;
      return TRUE;
    }
    in.size -= box->data + box->size - in.data;
    in.data = box->data + box->size;
  }
  return FALSE;
}

static void
assert_tfxd (GBytes * fragment, guint64 time, guint64 duration)
{
  Box box;

  fail_unless (find_uuid (fragment, tfxd_uuid, &box));
  fail_unless_equals_uint64 (box.size, 16);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (box.data), time);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (box.data + 8), duration);
}

/* The names of a box's children, in order. */
static gchar *
list_children (GBytes * fragment, const gchar * path)
{
  GString *names = g_string_new (NULL);
  gsize at = 0;
  Box box;

  if (path[0])
    fail_unless (box_find (fragment, path, &box));
  else
    box.data = g_bytes_get_data (fragment, &box.size);
  while (at < box.size) {
    guint32 size = GST_READ_UINT32_BE (box.data + at);

    fail_unless (size >= 8 && size <= box.size - at);
    g_string_append_printf (names, "%.4s ", box.data + at + 4);
    at += size;
  }
  return g_string_free (names, FALSE);
}

static void
assert_children (GBytes * fragment, const gchar * path, const gchar * expected)
{
  g_autofree gchar *names = list_children (fragment, path);

  fail_unless_equals_string (names, expected);
}

/* Independent of others, or not: as the sample's flags have it. */
static void
assert_sdtp (GBytes * fragment, const GArray * samples)
{
  Box box;

  fail_unless (box_find (fragment, "moof/traf/sdtp", &box));
  fail_unless_equals_uint64 (box.size, 4 + samples->len);
  for (guint i = 0; i < samples->len; i++) {
    guint32 flags = g_array_index (samples, Sample, i).flags;

    fail_unless_equals_int (box.data[4 + i], flags == 0x02000000 ? 0x20 : 0x10);
  }
}

typedef struct
{
  const gchar *options;
  VsMediaType type;
  guint32 timescale;
  gint64 duration;
  guint8 version;               /* of the trun */
} Case;

static const Case cases[] = {
  {"-r 25 -c:v libx264 -bf 0", VS_MEDIA_VIDEO, 90000, 135000, 0},
  {"-r 30000/1001 -c:v libx264 -bf 3 -b_strategy 0", VS_MEDIA_VIDEO, 90000,
      135135, 1},
  {"-r 25 -c:v libx265 -bf 2 -x265-params log-level=error:open-gop=0",
      VS_MEDIA_VIDEO, 90000, 135000, 1},
  {"-c:a aac -ar 48000", VS_MEDIA_AUDIO, 48000, 72 * 1024, 0},
  {"-c:a aac -ar 44100", VS_MEDIA_AUDIO, 44100, 66 * 1024, 0},
  {"-c:a eac3 -ar 48000", VS_MEDIA_AUDIO, 48000, 47 * 1536, 0},
};

/* 14496-12 8.8.8: of the same samples as the CMAF fragment, but in 10 MHz */
static void
assert_same_samples (const GArray * smooth, const GArray * cmaf,
    guint32 timescale, gsize prefix)
{
  fail_unless_equals_int (smooth->len, cmaf->len);
  for (guint i = 0; i < smooth->len; i++) {
    const Sample *a = &g_array_index (smooth, Sample, i);
    const Sample *b = &g_array_index (cmaf, Sample, i);
    gdouble scale = 1e7 / timescale;

    fail_unless (ABS (a->dts - b->dts * scale) <= VS_SMOOTH_TIME_STEP);
    fail_unless (ABS (a->pts - b->pts * scale) <= VS_SMOOTH_TIME_STEP);
    fail_unless_equals_int (a->flags, b->flags);
    fail_unless_equals_int (a->size, b->size + (i == 0 ? prefix : 0));
  }
}

GST_START_TEST (test_fragment)
{
  const Case *test = &cases[__i__];
  g_autoptr (GBytes) ts = encode (test->options);
  g_autoptr (VsSegment) segment = make_entry (test->type, test->timescale,
      test->duration);
  g_autoptr (GBytes) fragment = vs_smooth_fragment (ts, segment, test->type,
      0, NULL, 0, NULL);
  g_autoptr (GBytes) cmaf = vs_cmaf_fragment (ts, segment, test->type, NULL);
  g_autoptr (VsCodecConfig) config = vs_cmaf_find_config (ts, test->type, NULL);
  g_autoptr (GByteArray) sets = vs_smooth_get_parameter_sets (config);
  g_autoptr (GArray) samples = NULL, expected = NULL;
  gsize prefix = sets ? sets->len : 0;
  guint64 time, duration;
  Box payload, oracle;
  const Sample *last;
  guint8 version, other;

  fail_unless (fragment != NULL && cmaf != NULL);
  assert_children (fragment, "", "moof mdat ");
  assert_children (fragment, "moof", "mfhd traf ");
  assert_children (fragment, "moof/traf", "tfhd trun sdtp uuid ");

  samples = read_samples (fragment, &version);
  fail_unless_equals_int (version, test->version);
  expected = read_samples (cmaf, &other);
  assert_same_samples (samples, expected, test->timescale, prefix);
  assert_sdtp (fragment, samples);

  fail_unless (vs_smooth_get_extent (segment, test->type, 0, &time, &duration));
  fail_unless_equals_uint64 (time, UTC_US * G_GUINT64_CONSTANT (10));
  assert_tfxd (fragment, time, duration);
  last = &g_array_index (samples, Sample, samples->len - 1);
  fail_unless_equals_uint64 (last->dts + last->duration, duration);

  read_payload (fragment, samples, &payload);
  read_payload (cmaf, expected, &oracle);
  fail_unless_equals_int (test->type == VS_MEDIA_VIDEO, prefix > 0);
  if (sets)
    fail_unless (memcmp (payload.data, sets->data, prefix) == 0);
  fail_unless_equals_uint64 (payload.size, oracle.size + prefix);
  fail_unless (memcmp (payload.data + prefix, oracle.data, oracle.size) == 0);
}

GST_END_TEST;

/* A VOD presentation counts from its own start; nothing else changes. */
GST_START_TEST (test_shift)
{
  g_autoptr (GBytes) ts = encode ("-r 25 -bf 2");
  g_autoptr (VsSegment) segment = make_entry (VS_MEDIA_VIDEO, 90000, 135000);
  const guint64 shift = (UTC_US - 4000000) * G_GUINT64_CONSTANT (10);
  g_autoptr (GBytes) live = vs_smooth_fragment (ts, segment, VS_MEDIA_VIDEO,
      0, NULL, 0, NULL);
  g_autoptr (GBytes) vod = vs_smooth_fragment (ts, segment, VS_MEDIA_VIDEO,
      shift, NULL, 0, NULL);
  Box a, b;

  assert_tfxd (live, UTC_US * G_GUINT64_CONSTANT (10), 15000000);
  assert_tfxd (vod, 40000000, 15000000);
  fail_unless_equals_uint64 (g_bytes_get_size (live), g_bytes_get_size (vod));
  fail_unless (box_find (live, "moof/traf/trun", &a));
  fail_unless (box_find (vod, "moof/traf/trun", &b));
  fail_unless (memcmp (a.data, b.data, a.size) == 0);
}

GST_END_TEST;

/* What follows is told of, but for what has nothing of the track. */
GST_START_TEST (test_ahead)
{
  g_autoptr (GBytes) ts = encode ("-r 25 -bf 0");
  g_autoptr (VsSegment) segment = make_entry (VS_MEDIA_VIDEO, 90000, 135000);
  g_autoptr (VsSegment) next = make_entry (VS_MEDIA_VIDEO, 90000, 90000);
  g_autoptr (VsSegment) gap = make_entry (VS_MEDIA_VIDEO, 90000, 90000);
  g_autoptr (VsSegment) run = make_entry (VS_MEDIA_VIDEO, 90000, 45000);
  const VsSegment *const ahead[] = { next, gap, run };
  g_autoptr (GBytes) fragment = NULL, alone = NULL, info = NULL;
  Box box;

  next->tracks[0].start += 135000;
  gap->gap = TRUE;
  run->run = 1;
  run->utc_us += 60000000;
  fragment = vs_smooth_fragment (ts, segment, VS_MEDIA_VIDEO, 0, ahead, 3,
      NULL);
  assert_children (fragment, "moof/traf", "tfhd trun sdtp uuid uuid ");
  fail_unless (find_uuid (fragment, tfrf_uuid, &box));
  fail_unless_equals_uint64 (box.size, 1 + 2 * 16);
  fail_unless_equals_int (box.data[0], 2);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (box.data + 1),
      UTC_US * G_GUINT64_CONSTANT (10) + 15000000);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (box.data + 9), 10000000);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (box.data + 17),
      UTC_US * G_GUINT64_CONSTANT (10) + 600000000);
  fail_unless_equals_uint64 (GST_READ_UINT64_BE (box.data + 25), 5000000);

  alone = vs_smooth_fragment (ts, segment, VS_MEDIA_VIDEO, 0, ahead + 1, 1,
      NULL);
  fail_if (find_uuid (alone, tfrf_uuid, &box));
  info = vs_smooth_fragment_get_info (fragment);
  assert_children (info, "", "moof ");
}

GST_END_TEST;

/* Fragments touch over hours, and none drifts from the TS, for frame and
 * sample rates that 10 MHz is no multiple of. */
GST_START_TEST (test_extents)
{
  static const struct
  {
    guint32 timescale;
    gint64 duration;            /* of a segment */
  } tracks[] = { {90000, 180180}, {90000, 3754}, {44100, 87 * 1024},
  {48000, 94 * 1024}, {22050, 43 * 1024}
  };

  for (guint i = 0; i < G_N_ELEMENTS (tracks); i++) {
    const gdouble scale = 1e7 / tracks[i].timescale;
    g_autoptr (VsSegment) segment = make_entry (VS_MEDIA_AUDIO,
        tracks[i].timescale, tracks[i].duration);
    const gint64 first = segment->tracks[0].start;
    guint64 expected = UTC_US * G_GUINT64_CONSTANT (10);

    for (guint k = 0; k < 20000; k++) {
      gint64 media = k * tracks[i].duration;
      gint64 ticks = media * 90000 / tracks[i].timescale;
      guint64 time, duration;

      segment->tracks[0].start = first + media;
      segment->start_pts_90k = START_90K + ticks;
      segment->utc_us = UTC_US + ticks * 100 / 9;
      fail_unless (vs_smooth_get_extent (segment, VS_MEDIA_AUDIO, 0, &time,
              &duration));
      fail_unless_equals_uint64 (time, expected);
      fail_unless_equals_uint64 (time % VS_SMOOTH_TIME_STEP, 0);
      fail_unless (ABS ((gdouble) (time - UTC_US * G_GUINT64_CONSTANT (10))
              - media * scale) <= VS_SMOOTH_TIME_STEP / 2 + 2);
      expected = time + duration;
    }
  }
}

GST_END_TEST;

/* What no real timeline says breaks nothing. */
GST_START_TEST (test_extreme_extents)
{
  g_autoptr (VsSegment) segment = make_entry (VS_MEDIA_VIDEO, 90000, 90000);
  guint64 time, duration;

  fail_if (vs_smooth_get_extent (segment, VS_MEDIA_AUDIO, 0, &time, &duration));
  fail_if (vs_smooth_get_extent (segment, VS_MEDIA_VIDEO, G_MAXUINT64, &time,
          &duration));
  /* before 1970 */
  segment->utc_us = 0;
  segment->tracks[0].start = START_90K - 45000;
  fail_unless (vs_smooth_get_extent (segment, VS_MEDIA_VIDEO, 0, &time,
          &duration));
  fail_unless_equals_uint64 (time, 0);
  fail_unless_equals_uint64 (duration, 5000000);
  segment->tracks[0].start = -(G_GINT64_CONSTANT (1) << 56);
  fail_if (vs_smooth_get_extent (segment, VS_MEDIA_VIDEO, 0, &time, &duration));
  segment->utc_us = G_GINT64_CONSTANT (253402300799999999);
  segment->tracks[0].start = G_GINT64_CONSTANT (1) << 56;
  segment->tracks[0].timescale = 8000;
  segment->run_start_pts_90k = -(G_GINT64_CONSTANT (1) << 56);
  segment->start_pts_90k = segment->run_start_pts_90k;
  vs_smooth_get_extent (segment, VS_MEDIA_VIDEO, 0, &time, &duration);
  segment->tracks[0].duration = 0;
  fail_if (vs_smooth_get_extent (segment, VS_MEDIA_VIDEO, 0, &time, &duration));
}

GST_END_TEST;

static void
assert_error (GBytes * ts, const VsSegment * segment, VsPackageError code)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vs_smooth_fragment (ts, segment, segment->tracks[0].type, 0,
          NULL, 0, &error) == NULL);
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR, code), "%s",
      error->message);
}

GST_START_TEST (test_errors)
{
  g_autoptr (VsSegment) audio = make_entry (VS_MEDIA_AUDIO, 48000, 72000);
  g_autoptr (VsSegment) video = make_entry (VS_MEDIA_VIDEO, 90000, 0);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) ts = encode ("-r 25 -c:a ac3");

  assert_error (empty, audio, VS_PACKAGE_ERROR_DAMAGED);
  assert_error (ts, audio, VS_PACKAGE_ERROR_UNSUPPORTED);
  assert_error (ts, video, VS_PACKAGE_ERROR_NO_TRACK);
}

GST_END_TEST;

static Suite *
smooth_suite (void)
{
  Suite *suite = suite_create ("smooth");
  TCase *tcase = tcase_create ("fragment");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_fragment, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tcase, test_shift);
  tcase_add_test (tcase, test_ahead);
  tcase_add_test (tcase, test_extents);
  tcase_add_test (tcase, test_extreme_extents);
  tcase_add_test (tcase, test_errors);
  return suite;
}

GST_CHECK_MAIN (smooth);
