/* VisionStream: tests of CMAF fragments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ffmpeg makes the TS, ffprobe says what is in it and what is in the header
 * and fragment made of it: times, durations, keyframes and decoded pictures
 * have to agree.
 */
#include <gst/check/gstcheck.h>

#include "common/folder.h"
#include "isobmff/vscmaf.h"
#include "boxes.h"

static gchar *folder;

static void
setup (void)
{
  g_autoptr (GError) error = NULL;

  folder = g_dir_make_tmp ("cmaf-XXXXXX", &error);
  g_assert_no_error (error);
}

static void
teardown (void)
{
  test_folder_remove (folder);
  g_clear_pointer (&folder, g_free);
}

static gchar *
run (const gchar * format, ...)
G_GNUC_PRINTF (1, 2);

/* What a command prints; it runs in the test's folder and has to succeed. */
     static gchar *run (const gchar * format, ...)
{
  g_autofree gchar *command = NULL, *errors = NULL;
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  gchar *output = NULL;
  gint status;
  va_list args;

  va_start (args, format);
  command = g_strdup_vprintf (format, args);
  va_end (args);
  fail_unless (g_shell_parse_argv (command, NULL, &argv, &error));
  g_spawn_sync (folder, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
      &errors, &status, &error);
  g_assert_no_error (error);
  fail_unless (g_spawn_check_wait_status (status, NULL), "%s\n%s", command,
      errors);
  return output;
}

static GBytes *
load (const gchar * name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  gchar *data;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, size);
}

static void
save (const gchar * name, GBytes * first, GBytes * second)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_byte_array_append (all, g_bytes_get_data (first, NULL),
      g_bytes_get_size (first));
  g_byte_array_append (all, g_bytes_get_data (second, NULL),
      g_bytes_get_size (second));
  g_file_set_contents (path, (const gchar *) all->data, all->len, &error);
  g_assert_no_error (error);
}

typedef struct
{
  gint64 pts, dts, duration, size;
  gboolean key;
} Packet;

/* What ffprobe finds in a file's first track of that kind. */
static GArray *
probe (const gchar * name, VsMediaType type)
{
  GArray *packets = g_array_new (FALSE, FALSE, sizeof (Packet));
  g_autofree gchar *text = run ("ffprobe -v error -select_streams %s:0"
      " -show_entries packet=pts,dts,duration,size,flags -of csv=p=0 %s",
      type == VS_MEDIA_VIDEO ? "v" : "a", name);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    g_auto (GStrv) fields = g_strsplit (lines[i], ",", -1);
    Packet packet;

    if (g_strv_length (fields) < 5)
      continue;
    packet.pts = g_ascii_strtoll (fields[0], NULL, 10);
    packet.dts = g_ascii_strtoll (fields[1], NULL, 10);
    packet.duration = g_ascii_strtoll (fields[2], NULL, 10);
    packet.size = g_ascii_strtoll (fields[3], NULL, 10);
    packet.key = fields[4][0] == 'K';
    g_array_append_val (packets, packet);
  }
  fail_unless (packets->len > 0, "%s has no packets", name);
  return packets;
}

/* The MD5 of each decoded picture, or second of sound. */
static gchar *
decode (const gchar * name, VsMediaType type)
{
  g_autofree gchar *text = run ("ffmpeg -v error -i %s -map 0:%s:0"
      " -fps_mode passthrough -f framemd5 -", name,
      type == VS_MEDIA_VIDEO ? "v" : "a");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *hashes = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++) {
    const gchar *comma = strrchr (lines[i], ',');

    if (lines[i][0] != '#' && comma != NULL)
      g_string_append (hashes, comma + 1);
  }
  fail_unless (hashes->len > 0, "%s does not decode", name);
  return g_string_free (hashes, FALSE);
}

static gint64
round_scale (gint64 value, gint64 to, gint64 from)
{
  return (value * to + from / 2) / from;
}

/* The entry that a segmenter would make of a whole TS. */
static VsSegment *
make_entry (const GArray * packets, VsMediaType type, guint rate,
    guint frame_samples)
{
  VsSegment *segment = vs_segment_new ();
  gint64 first = G_MAXINT64, last = 0;

  for (guint i = 0; i < packets->len; i++) {
    const Packet *packet = &g_array_index (packets, Packet, i);

    first = MIN (first, packet->pts);
    last = MAX (last, packet->pts + packet->duration);
  }
  segment->sequence = 42;
  segment->start_pts_90k = first;
  segment->n_tracks = 1;
  segment->tracks[0].type = type;
  segment->tracks[0].timescale = rate;
  segment->tracks[0].start = round_scale (first, rate, 90000);
  segment->tracks[0].duration = type == VS_MEDIA_VIDEO ? last - first
      : (gint64) packets->len * frame_samples;
  return segment;
}

typedef struct
{
  const gchar *options;         /* of ffmpeg, for the encoder */
  VsMediaType type;
  guint timescale, frame_samples;
} Case;

static const Case cases[] = {
  {"-r 25 -c:v libx264 -bf 0", VS_MEDIA_VIDEO, 90000},
  {"-r 30 -c:v libx264 -bf 3 -b_strategy 0", VS_MEDIA_VIDEO, 90000},
  {"-r 30000/1001 -c:v libx264 -bf 2", VS_MEDIA_VIDEO, 90000},
  {"-r 24000/1001 -c:v libx264 -bf 2", VS_MEDIA_VIDEO, 90000},
  {"-r 60000/1001 -c:v libx264 -bf 2 -g 20", VS_MEDIA_VIDEO, 90000},
  {"-r 25 -c:v libx264 -bf 2 -flags +ildct+ilme -x264-params tff=1"
        " -vf scale=192:128", VS_MEDIA_VIDEO, 90000},
  {"-r 25 -c:v libx265 -bf 2 -x265-params log-level=error:open-gop=0",
      VS_MEDIA_VIDEO, 90000},
  {"-c:a aac -ar 48000", VS_MEDIA_AUDIO, 48000, 1024},
  {"-c:a aac -ar 44100", VS_MEDIA_AUDIO, 44100, 1024},
  {"-c:a ac3 -ar 48000", VS_MEDIA_AUDIO, 48000, 1536},
  {"-c:a eac3 -ar 48000", VS_MEDIA_AUDIO, 48000, 1536},
};

/* One GOP of a moving picture, and a tone, in one TS. */
static void
encode (const gchar * options, const gchar * name)
{
  g_autofree gchar *text = run ("ffmpeg -v error"
      " -f lavfi -i testsrc2=size=192x108:rate=60:duration=1.5"
      " -f lavfi -i sine=frequency=440:sample_rate=48000:duration=1.5"
      " -c:v libx264 -c:a aac -g 1000 -preset ultrafast -threads 1 %s"
      " -f mpegts %s", options, name);
}

static GBytes *
package (const gchar * ts_name, const VsSegment * segment, VsMediaType type,
    const gchar * mp4_name)
{
  g_autoptr (GBytes) ts = load (ts_name);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsCodecConfig) config = vs_cmaf_find_config (ts, type, &error);
  g_autoptr (GBytes) header = NULL, again = NULL;
  GBytes *fragment;

  g_assert_no_error (error);
  header = vs_cmaf_header (config, NULL, &error);
  g_assert_no_error (error);
  fragment = vs_cmaf_fragment (ts, segment, type, &error);
  g_assert_no_error (error);
  again = vs_cmaf_fragment (ts, segment, type, &error);
  fail_unless (g_bytes_equal (fragment, again));
  save (mp4_name, header, fragment);
  return fragment;
}

/* What a fragment's one trun says. */
typedef struct
{
  guint32 flags;
  guint64 duration;
  gint32 first_offset, least_offset;    /* of composition */
} Run;

static void
read_run (GBytes * fragment, Run * run)
{
  guint32 n, default_duration = 0;
  Box tfhd, trun;
  gsize at = 12;

  memset (run, 0, sizeof *run);
  fail_unless (box_find (fragment, "moof/traf/tfhd", &tfhd));
  fail_unless (box_find (fragment, "moof/traf/trun", &trun));
  if (GST_READ_UINT24_BE (tfhd.data + 1) & 8)
    default_duration = GST_READ_UINT32_BE (tfhd.data + 8);
  fail_unless_equals_int (trun.data[0], 1);
  run->flags = GST_READ_UINT24_BE (trun.data + 1);
  n = GST_READ_UINT32_BE (trun.data + 4);
  if (run->flags & 4)
    at += 4;
  for (guint i = 0; i < n; i++) {
    run->duration += run->flags & 0x100 ? GST_READ_UINT32_BE (trun.data + at)
        : default_duration;
    at += (run->flags & 0x100 ? 4 : 0) + (run->flags & 0x200 ? 4 : 0)
        + (run->flags & 0x400 ? 4 : 0);
    if (run->flags & 0x800) {
      gint32 offset = (gint32) GST_READ_UINT32_BE (trun.data + at);

      if (i == 0)
        run->first_offset = offset;
      run->least_offset = MIN (run->least_offset, offset);
      at += 4;
    }
  }
  fail_unless_equals_uint64 (at, trun.size);
}

/* ffmpeg 5.1 shows a track with negative composition offsets later, by the
 * largest of them; players that know cmf2 don't. */
static void
assert_same_packets (const GArray * source, const GArray * result,
    GBytes * fragment, const Case * test)
{
  const Packet *first = &g_array_index (source, Packet, 0);
  gint64 dts_shift = g_array_index (result, Packet, 0).dts - first->dts;
  gint64 tolerance = test->type == VS_MEDIA_AUDIO;
  Run run;

  read_run (fragment, &run);
  fail_unless_equals_int (run.first_offset, 0);
  fail_unless_equals_int (source->len, result->len);
  for (guint i = 0; i < source->len; i++) {
    const Packet *a = &g_array_index (source, Packet, i);
    const Packet *b = &g_array_index (result, Packet, i);
    gint64 pts = round_scale (a->pts, test->timescale, 90000)
        - run.least_offset;

    fail_unless (ABS (b->pts - pts) <= tolerance, "%u: pts %ld for %ld", i,
        (glong) b->pts, (glong) pts);
    fail_unless_equals_int (a->key, b->key);
    /* the first packet of sound has none in ffprobe 5.1 */
    if (test->type == VS_MEDIA_AUDIO && i > 0)
      fail_unless_equals_int64 (b->duration, test->frame_samples);
    /* its video durations are the frame rate's, not the file's */
    if (test->type == VS_MEDIA_VIDEO)
      fail_unless_equals_int64 (b->dts, a->dts + dts_shift);
  }
}

GST_START_TEST (test_as_ffprobe_sees_it)
{
  const Case *test = &cases[__i__];
  g_autoptr (GArray) source = NULL, result = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) fragment = NULL;
  g_autofree gchar *before = NULL, *after = NULL;

  encode (test->options, "a.ts");
  source = probe ("a.ts", test->type);
  segment = make_entry (source, test->type, test->timescale,
      test->frame_samples);
  fragment = package ("a.ts", segment, test->type, "a.mp4");
  result = probe ("a.mp4", test->type);
  assert_same_packets (source, result, fragment, test);
  before = decode ("a.ts", test->type);
  after = decode ("a.mp4", test->type);
  fail_unless_equals_string (before, after);
}

GST_END_TEST;

/* Whatever the entry says is what the fragment lasts, so that it touches the
 * next one. */
GST_START_TEST (test_durations_add_up)
{
  static const gint64 changes[] = { 0, 1, -1, 90000, -3000, -1000000000 };
  g_autoptr (GArray) source = NULL;
  g_autoptr (GBytes) ts = NULL;

  encode ("-r 30000/1001 -c:v libx264 -bf 2", "a.ts");
  source = probe ("a.ts", VS_MEDIA_VIDEO);
  ts = load ("a.ts");
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autoptr (VsSegment) segment =
        make_entry (source, VS_MEDIA_VIDEO, 90000, 0);
    g_autoptr (GBytes) fragment = NULL;
    VsSegmentTrack *track = &segment->tracks[0];
    Run run;
    Box box;

    track->duration = MAX (track->duration + changes[i], 0);
    fragment = vs_cmaf_fragment (ts, segment, VS_MEDIA_VIDEO, NULL);
    fail_unless (fragment != NULL);
    read_run (fragment, &run);
    fail_unless_equals_uint64 (run.duration, track->duration);
    fail_unless_equals_int (run.first_offset, 0);
    fail_unless (box_find (fragment, "moof/traf/tfdt", &box));
    fail_unless_equals_uint64 (GST_READ_UINT64_BE (box.data + 4), track->start);
    fail_unless (box_find (fragment, "moof/mfhd", &box));
    fail_unless_equals_int (GST_READ_UINT32_BE (box.data + 4), 42);
  }
}

GST_END_TEST;

/* What is equal in all samples is said once. */
GST_START_TEST (test_short_boxes)
{
  g_autoptr (GArray) source = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) fragment = NULL;
  Run run;

  encode ("-r 25 -c:v libx264 -bf 0 -c:a ac3", "a.ts");
  source = probe ("a.ts", VS_MEDIA_VIDEO);
  segment = make_entry (source, VS_MEDIA_VIDEO, 90000, 0);
  fragment = package ("a.ts", segment, VS_MEDIA_VIDEO, "a.mp4");
  read_run (fragment, &run);
  /* data offset, first sample's flags, sizes */
  fail_unless_equals_int (run.flags, 0x1 | 0x4 | 0x200);

  g_clear_pointer (&source, g_array_unref);
  g_clear_pointer (&segment, vs_segment_unref);
  g_clear_pointer (&fragment, g_bytes_unref);
  source = probe ("a.ts", VS_MEDIA_AUDIO);
  segment = make_entry (source, VS_MEDIA_AUDIO, 48000, 1536);
  fragment = package ("a.ts", segment, VS_MEDIA_AUDIO, "a.mp4");
  read_run (fragment, &run);
  fail_unless_equals_int (run.flags, 0x1);
}

GST_END_TEST;

/* Drops TS packets [first, first + n). */
static GBytes *
without_packets (GBytes * ts, guint first, guint n)
{
  const guint8 *data = g_bytes_get_data (ts, NULL);
  gsize size = g_bytes_get_size (ts), at = first * 188, to = at + n * 188;
  guint8 *copy = g_malloc (size);

  fail_unless (to < size);
  memcpy (copy, data, at);
  memcpy (copy + at, data + to, size - to);
  return g_bytes_new_take (copy, size - n * 188);
}

/* A loss shortens neither the fragment nor its sound. */
GST_START_TEST (test_damaged)
{
  static const VsMediaType types[] = { VS_MEDIA_VIDEO, VS_MEDIA_AUDIO };
  g_autoptr (GBytes) whole = NULL, ts = NULL;

  encode ("-r 25 -c:v libx264 -b:v 4M -minrate 4M", "a.ts");
  whole = load ("a.ts");
  ts = without_packets (whole, g_bytes_get_size (whole) / 188 / 2, 20);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    guint rate = types[i] == VS_MEDIA_VIDEO ? 90000 : 48000;
    g_autoptr (GArray) source = probe ("a.ts", types[i]);
    g_autoptr (VsSegment) segment = make_entry (source, types[i], rate, 1024);
    g_autoptr (GBytes) fragment =
        vs_cmaf_fragment (ts, segment, types[i], NULL);
    Run run;

    fail_unless (fragment != NULL);
    read_run (fragment, &run);
    fail_unless_equals_uint64 (run.duration, segment->tracks[0].duration);
  }
}

GST_END_TEST;

static void
assert_error (GBytes * ts, const VsSegment * segment, VsMediaType type,
    VsPackageError code)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vs_cmaf_fragment (ts, segment, type, &error) == NULL);
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR, code), "%s",
      error->message);
}

GST_START_TEST (test_errors)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();
  g_autoptr (GBytes) ts = NULL, junk = NULL, empty = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bytes[2000];

  segment->n_tracks = 2;
  segment->tracks[0].type = VS_MEDIA_VIDEO;
  segment->tracks[0].timescale = 90000;
  segment->tracks[0].duration = 135000;
  segment->tracks[1].type = VS_MEDIA_AUDIO;
  segment->tracks[1].timescale = 48000;
  segment->tracks[1].duration = 72000;

  memset (bytes, 0x47, sizeof bytes);
  junk = g_bytes_new (bytes, sizeof bytes);
  empty = g_bytes_new (NULL, 0);
  assert_error (junk, segment, VS_MEDIA_VIDEO, VS_PACKAGE_ERROR_DAMAGED);
  assert_error (empty, segment, VS_MEDIA_AUDIO, VS_PACKAGE_ERROR_DAMAGED);
  fail_unless (vs_cmaf_find_config (empty, VS_MEDIA_VIDEO, &error) == NULL);
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
          VS_PACKAGE_ERROR_DAMAGED));

  encode ("-an -r 25 -c:v mpeg2video", "a.ts");
  ts = load ("a.ts");
  assert_error (ts, segment, VS_MEDIA_VIDEO, VS_PACKAGE_ERROR_UNSUPPORTED);
  assert_error (ts, segment, VS_MEDIA_AUDIO, VS_PACKAGE_ERROR_NO_TRACK);
  assert_error (ts, segment, VS_MEDIA_OTHER, VS_PACKAGE_ERROR_NO_TRACK);
  segment->n_tracks = 0;
  assert_error (ts, segment, VS_MEDIA_VIDEO, VS_PACKAGE_ERROR_NO_TRACK);
  g_clear_error (&error);
  fail_unless (vs_cmaf_find_config (ts, VS_MEDIA_AUDIO, &error) == NULL);
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
          VS_PACKAGE_ERROR_NO_TRACK));
}

GST_END_TEST;

/* More samples than room was kept for ahead of the payload. */
GST_START_TEST (test_many_samples)
{
  g_autoptr (GArray) source = NULL, result = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) fragment = NULL;
  static const Case test = { "-c:a aac -ar 48000 -t 20", VS_MEDIA_AUDIO, 48000,
    1024
  };
  g_autofree gchar *text = run ("ffmpeg -v error -f lavfi"
      " -i sine=sample_rate=48000:duration=20 -c:a aac -f mpegts a.ts");

  source = probe ("a.ts", VS_MEDIA_AUDIO);
  fail_unless (source->len > 900);
  segment = make_entry (source, VS_MEDIA_AUDIO, 48000, 1024);
  fragment = package ("a.ts", segment, VS_MEDIA_AUDIO, "a.mp4");
  result = probe ("a.mp4", VS_MEDIA_AUDIO);
  assert_same_packets (source, result, fragment, &test);
}

GST_END_TEST;

static Suite *
cmaffragment_suite (void)
{
  Suite *suite = suite_create ("cmaffragment");
  TCase *tcase = tcase_create ("fragment");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_loop_test (tcase, test_as_ffprobe_sees_it, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tcase, test_durations_add_up);
  tcase_add_test (tcase, test_short_boxes);
  tcase_add_test (tcase, test_damaged);
  tcase_add_test (tcase, test_errors);
  tcase_add_test (tcase, test_many_samples);
  return suite;
}

GST_CHECK_MAIN (cmaffragment);
