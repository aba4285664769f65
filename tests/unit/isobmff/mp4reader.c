/* VisionStream: tests of reading MP4 files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A movie made by hand, to be damaged in each of its tables; and files that
 * ffmpeg made, whose samples ffprobe tells.
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <string.h>

#include "isobmff/vsboxwriter.h"
#include "isobmff/vsmp4reader.h"

#define FILE_SIZE 100000
#define SAMPLES 4
#define FRAME 1536
#define MOVIE_MAX 1024

/* What a hand-made movie may have. */
typedef struct
{
  guint n_edits;
  struct
  {
    guint32 duration;
    gint32 time;
  } edits[3];
} Movie;

static void
put_edits (VsBoxWriter * w, const Movie * movie)
{
  gsize edts = vs_box_open (w, "edts");
  gsize elst = vs_box_open_full (w, "elst", 0, 0);

  vs_box_put_u32 (w, movie->n_edits);
  for (guint i = 0; i < movie->n_edits; i++) {
    vs_box_put_u32 (w, movie->edits[i].duration);
    vs_box_put_u32 (w, movie->edits[i].time);
    vs_box_put_u32 (w, 0x10000);
  }
  vs_box_close (w, elst);
  vs_box_close (w, edts);
}

static void
put_table (VsBoxWriter * w, const gchar * type, const guint32 * values, guint n)
{
  gsize box = vs_box_open_full (w, type, 0, 0);

  for (guint i = 0; i < n; i++)
    vs_box_put_u32 (w, values[i]);
  vs_box_close (w, box);
}

/* Four frames of AC-3 in two chunks of two. */
static void
put_samples (VsBoxWriter * w)
{
  static const guint32 stts[] = { 1, SAMPLES, FRAME };
  static const guint32 stsc[] = { 1, 1, 2, 1 };
  static const guint32 stsz[] = { 0, SAMPLES, 100, 200, 300, 400 };
  static const guint32 stco[] = { 2, 1000, 5000 };
  gsize stbl = vs_box_open (w, "stbl");
  gsize stsd = vs_box_open_full (w, "stsd", 0, 0);
  gsize entry;

  vs_box_put_u32 (w, 1);
  entry = vs_box_open (w, "ac-3");
  vs_box_put_zeros (w, 28);
  vs_box_close (w, entry);
  vs_box_close (w, stsd);
  put_table (w, "stts", stts, G_N_ELEMENTS (stts));
  put_table (w, "stsc", stsc, G_N_ELEMENTS (stsc));
  put_table (w, "stsz", stsz, G_N_ELEMENTS (stsz));
  put_table (w, "stco", stco, G_N_ELEMENTS (stco));
  vs_box_close (w, stbl);
}

static void
put_media (VsBoxWriter * w)
{
  static const guint32 mdhd[] = { 0, 0, 48000, SAMPLES * FRAME, 0x15c70000 };
  gsize mdia = vs_box_open (w, "mdia"), hdlr, minf;

  put_table (w, "mdhd", mdhd, G_N_ELEMENTS (mdhd));
  hdlr = vs_box_open_full (w, "hdlr", 0, 0);
  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, "soun", 4);
  vs_box_put_zeros (w, 13);
  vs_box_close (w, hdlr);
  minf = vs_box_open (w, "minf");
  put_samples (w);
  vs_box_close (w, minf);
  vs_box_close (w, mdia);
}

/* The payload of a movie box. */
static gsize
make_movie (const Movie * movie, guint8 data[MOVIE_MAX])
{
  static const guint32 mvhd[] = { 0, 0, 1000, 128 };
  static const guint32 tkhd[] = { 0, 0, 1, 0, 128, 0, 0, 0, 0, 0x10000, 0, 0,
    0, 0x10000, 0, 0, 0, 0x40000000, 0, 0
  };
  VsBoxWriter w = { data, 0 };
  gsize trak;

  put_table (&w, "mvhd", mvhd, G_N_ELEMENTS (mvhd));
  trak = vs_box_open (&w, "trak");
  put_table (&w, "tkhd", tkhd, G_N_ELEMENTS (tkhd));
  if (movie->n_edits > 0)
    put_edits (&w, movie);
  put_media (&w);
  vs_box_close (&w, trak);
  fail_unless (w.offset < MOVIE_MAX);
  return w.offset;
}

static guint8 *
find (guint8 * data, gsize size, const gchar * type)
{
  guint8 *found = memmem (data, size, type, 4);

  fail_unless (found != NULL, "%s", type);
  return found;
}

GST_START_TEST (test_tables)
{
  static const guint64 offsets[] = { 1000, 1100, 5000, 5300 };
  const Movie plain = { 0 };
  guint8 data[MOVIE_MAX];
  gsize size = make_movie (&plain, data);
  g_autoptr (VsMp4Movie) movie =
      vs_mp4_movie_parse (data, size, FILE_SIZE, NULL);
  const VsMp4Track *track;

  fail_unless (movie != NULL);
  fail_unless_equals_int (movie->tracks->len, 1);
  track = g_ptr_array_index (movie->tracks, 0);
  fail_unless_equals_int (track->type, VS_MEDIA_AUDIO);
  fail_unless_equals_int (track->timescale, 48000);
  fail_unless_equals_string (track->language, "en");
  fail_unless_equals_int (track->end, SAMPLES * FRAME);
  fail_unless_equals_int (track->samples->len, SAMPLES);
  for (guint i = 0; i < SAMPLES; i++) {
    const VsMp4Sample *sample = &g_array_index (track->samples, VsMp4Sample, i);

    fail_unless_equals_uint64 (sample->offset, offsets[i]);
    fail_unless_equals_int (sample->size, (i + 1) * 100);
    fail_unless_equals_int64 (sample->dts, i * FRAME);
    fail_unless (sample->sync);
  }
}

GST_END_TEST;

/* A word of a box, by its place behind the box's type. */
static const struct
{
  const gchar *type;
  gint offset;
  guint32 value;
} damages[] = {
  {"mvhd", 16, 0},              /* timescale */
  {"mdhd", 16, 0},
  {"minf", -4, 0x10000},        /* sizes past what the box lies in */
  {"stbl", -4, 0x7fffffff},
  {"stbl", -4, 4},
  {"stsd", 8, 0},               /* entries */
  {"stsd", 8, 0xffffffff},
  {"stts", 8, 0xffffffff},
  {"stts", 8, 0x20000000},      /* times eight overflows */
  {"stts", 12, SAMPLES - 1},
  {"stsc", 8, 0x15555556},      /* times twelve overflows */
  {"stsc", 12, 2},              /* does not begin at 1 */
  {"stsc", 16, 0},              /* chunks without samples */
  {"stsc", 20, 0},              /* no such description */
  {"stsc", 20, 2},
  {"stsz", 8, VS_MP4_SAMPLE_SIZE_MAX + 1},
  {"stsz", 12, 0xffffffff},
  {"stsz", 12, SAMPLES + 1},
  {"stsz", 16, FILE_SIZE},
  {"stco", 8, 1},
  {"stco", 12, 0xffffffff},     /* past the end of the file */
  {"stco", 16, FILE_SIZE - 699},
};

GST_START_TEST (test_damage)
{
  const Movie plain = { 0 };
  guint8 data[MOVIE_MAX];
  gsize size = make_movie (&plain, data);
  guint8 *place = find (data, size, damages[__i__].type)
      + damages[__i__].offset;
  g_autoptr (VsMp4Movie) movie = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (GST_READ_UINT32_BE (place) != damages[__i__].value);
  GST_WRITE_UINT32_BE (place, damages[__i__].value);
  movie = vs_mp4_movie_parse (data, size, FILE_SIZE, &error);
  fail_unless (movie == NULL);
  fail_unless (g_error_matches (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED),
      "%s", error->message);
}

GST_END_TEST;

/* A common size takes no room in the file: only the limit bounds the count. */
GST_START_TEST (test_many_samples)
{
  const Movie plain = { 0 };
  guint8 data[MOVIE_MAX];
  gsize size = make_movie (&plain, data);
  guint8 *stsz = find (data, size, "stsz");
  g_autoptr (GError) error = NULL;

  GST_WRITE_UINT32_BE (stsz + 8, 1);
  GST_WRITE_UINT32_BE (stsz + 12, VS_MP4_SAMPLES_MAX + 1);
  fail_unless (vs_mp4_movie_parse (data, size, G_MAXUINT64, &error) == NULL);
  fail_unless (g_error_matches (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED));
}

GST_END_TEST;

static void
check_movie (const guint8 * data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsMp4Movie) movie =
      vs_mp4_movie_parse (copy, size, FILE_SIZE, &error);

  fail_unless ((movie == NULL) == (error != NULL));
  for (guint i = 0; movie && i < movie->tracks->len; i++) {
    const VsMp4Track *track = g_ptr_array_index (movie->tracks, i);

    for (guint j = 0; j < track->samples->len; j++) {
      const VsMp4Sample *sample =
          &g_array_index (track->samples, VsMp4Sample, j);

      fail_unless (sample->size > 0
          && sample->offset + sample->size <= FILE_SIZE
          && sample->description < track->descriptions->len);
    }
  }
}

/* Cut off anywhere, and each byte wrong. */
GST_START_TEST (test_any_bytes)
{
  const Movie edited = { 1, {{128, 256}} };
  guint8 data[MOVIE_MAX];
  gsize size = make_movie (&edited, data);

  for (gsize i = 0; i < size; i++) {
    guint8 byte = data[i];

    check_movie (data, i);
    data[i] = 0xff;
    check_movie (data, size);
    data[i] = byte ^ 1;
    check_movie (data, size);
    data[i] = byte;
  }
}

GST_END_TEST;

static const struct
{
  Movie movie;
  gint code;                    /* -1: none */
  gint64 from, to, origin;
} edits[] = {
  {{0}, -1, 0, G_MAXINT64, 0},
  {{1, {{128, 256}}}, -1, 256, 256 + 6144, 256},
  {{1, {{0, 1024}}}, -1, 1024, G_MAXINT64, 1024},
  {{2, {{500, -1}, {100, 0}}}, -1, 0, 4800, -24000},
  {{2, {{100, 0}, {100, 4800}}}, VS_MP4_ERROR_UNSUPPORTED},
  {{3, {{0xffffffff, -1}, {0xffffffff, -1}, {100, 0}}}, -1, 0, 4800,
      -(gint64) VS_MP4_SECONDS_MAX * 48000},
};

GST_START_TEST (test_edits)
{
  guint8 data[MOVIE_MAX];
  gsize size = make_movie (&edits[__i__].movie, data);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsMp4Movie) movie =
      vs_mp4_movie_parse (data, size, FILE_SIZE, &error);
  const VsMp4Track *track;

  if (edits[__i__].code >= 0) {
    fail_unless (g_error_matches (error, VS_MP4_ERROR, edits[__i__].code));
    return;
  }
  fail_unless (movie != NULL);
  track = g_ptr_array_index (movie->tracks, 0);
  fail_unless_equals_int64 (track->shown_from, edits[__i__].from);
  fail_unless_equals_int64 (track->shown_to, edits[__i__].to);
  fail_unless_equals_int64 (track->origin, edits[__i__].origin);
}

GST_END_TEST;

static const struct
{
  guint8 data[20];
  gsize size;
  guint64 available;
  gboolean valid;
  guint64 box_size;
} boxes[] = {
  {{0, 0, 0, 8, 'f', 'r', 'e', 'e'}, 8, 8, TRUE, 8},
  {{0, 0, 0, 9, 'f', 'r', 'e', 'e'}, 8, 8, FALSE},
  {{0, 0, 0, 7, 'f', 'r', 'e', 'e'}, 8, 8, FALSE},
  {{0, 0, 0, 8, 'f', 'r', 'e', 'e'}, 7, 8, FALSE},
  {{0, 0, 0, 0, 'm', 'd', 'a', 't'}, 8, 999, TRUE, 999},
  {{0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0, 0, 16}, 16, 16, TRUE,
      16},
  {{0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0, 0, 15}, 16, 16, FALSE},
  {{0, 0, 0, 1, 'm', 'd', 'a', 't', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff}, 16, 16, FALSE},
};

GST_START_TEST (test_boxes)
{
  VsMp4Box box;

  fail_unless_equals_int (vs_mp4_box_parse (boxes[__i__].data,
          boxes[__i__].size, boxes[__i__].available, &box), boxes[__i__].valid);
  if (boxes[__i__].valid)
    fail_unless_equals_uint64 (box.size, boxes[__i__].box_size);
}

GST_END_TEST;

/* Units. */

static void
check_unit (const guint8 * sample, gsize size, gboolean sync,
    const gchar * expected)
{
  static const guint8 sets[] = { 0, 0, 0, 1, 0x67, 0x64 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (sets, sizeof sets);
  const VsMp4Description description = {.codec = VS_CODEC_H264,
    .nal_length_size = 2,.parameter_sets = bytes
  };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GString) hex = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean done = vs_mp4_append_unit (&description, sample, size, sync, out,
      &error);

  if (expected == NULL) {
    fail_unless (g_error_matches (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED));
    return;
  }
  fail_unless (done);
  for (guint i = 0; i < out->len; i++)
    g_string_append_printf (hex, "%02x", out->data[i]);
  fail_unless_equals_string (hex->str, expected);
}

GST_START_TEST (test_units)
{
  static const guint8 idr[] = { 0, 2, 0x65, 1 };
  static const guint8 delimited[] = { 0, 1, 0x09, 0, 1, 0x65 };
  static const guint8 own[] = { 0, 1, 0x67, 0, 1, 0x65 };
  static const guint8 hollow[] = { 0, 0, 0, 1, 0x41 };
  static const guint8 cut[] = { 0, 3, 0x65, 1 };

  check_unit (idr, sizeof idr, FALSE, "000000016501");
  check_unit (idr, sizeof idr, TRUE, "000000016764" "000000016501");
  check_unit (delimited, sizeof delimited, TRUE,
      "0000000109" "000000016764" "0000000165");
  check_unit (own, sizeof own, TRUE, "0000000167" "0000000165");
  check_unit (hollow, sizeof hollow, FALSE, "0000000141");
  check_unit (cut, sizeof cut, FALSE, NULL);
  check_unit (cut, 1, FALSE, NULL);
  check_unit (hollow, 2, FALSE, NULL);
}

GST_END_TEST;

/* Each quarter of a turn, clockwise: as many anticlockwise ones, ahead of the
 * slice and behind other messages. */
static const struct
{
  VsCodec codec;
  guint rotation;
  const gchar *expected;
} turns[] = {
  {VS_CODEC_H264, 90, "062f0318000980"},
  {VS_CODEC_H264, 180, "062f0310000980"},
  {VS_CODEC_H264, 270, "062f0308000980"},
  {VS_CODEC_H265, 90, "4e012f0318001880"},
};

GST_START_TEST (test_turned_units)
{
  static const guint8 h264[] = { 0, 2, 6, 5, 0, 2, 0x65, 1, 0, 2, 0x65, 2 };
  static const guint8 h265[] = { 0, 2, 78, 5, 0, 2, 0x26, 1, 0, 2, 0x26, 2 };
  gboolean is_h264 = turns[__i__].codec == VS_CODEC_H264;
  g_autoptr (GBytes) sets = g_bytes_new_static ("", 0);
  const VsMp4Description description = {.codec = turns[__i__].codec,
    .nal_length_size = 2,.parameter_sets = sets,
    .rotation = turns[__i__].rotation
  };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GString) hex = g_string_new (NULL);
  g_autofree gchar *expected = g_strdup_printf ("00000001%s" "00000001%s"
      "00000001%s" "00000001%s", is_h264 ? "0605" : "4e05",
      turns[__i__].expected, is_h264 ? "6501" : "2601",
      is_h264 ? "6502" : "2602");

  fail_unless (vs_mp4_append_unit (&description, is_h264 ? h264 : h265,
          sizeof h264, TRUE, out, NULL));
  for (guint i = 0; i < out->len; i++)
    g_string_append_printf (hex, "%02x", out->data[i]);
  fail_unless_equals_string (hex->str, expected);
  /* it holds until the next sequence begins */
  g_byte_array_set_size (out, 0);
  fail_unless (vs_mp4_append_unit (&description, is_h264 ? h264 : h265,
          sizeof h264, FALSE, out, NULL));
  fail_unless_equals_int (out->len, 18);
}

GST_END_TEST;

/* Files that ffmpeg made. */

static gboolean
run (const gchar * line, gchar ** output)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  gint status;

  return g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH
      | G_SPAWN_STDERR_TO_DEV_NULL | (output ? 0 : G_SPAWN_STDOUT_TO_DEV_NULL),
      NULL, NULL, output, NULL, &status, NULL)
      && g_spawn_check_wait_status (status, NULL);
}

static VsMp4Movie *
parse_data (const gchar * data, gsize size, const gchar * path)
{
  g_autoptr (GError) error = NULL;
  VsMp4Movie *movie = NULL;
  gboolean whole = TRUE;
  VsMp4Box box;

  for (gsize offset = 0; offset < size && whole; offset += box.size) {
    const guint8 *start = (const guint8 *) data + offset;

    whole = vs_mp4_box_parse (start, size - offset, size - offset, &box);
    if (whole && box.type == VS_MP4_TYPE ('m', 'o', 'o', 'v'))
      whole = (movie = vs_mp4_movie_parse (start + box.header,
              box.size - box.header, size, &error)) != NULL;
    else if (whole && box.type == VS_MP4_TYPE ('m', 'o', 'o', 'f'))
      whole = vs_mp4_movie_add_fragment (movie, start + box.header,
          box.size - box.header, offset, size, &error);
  }
  fail_unless (whole && vs_mp4_movie_finish (movie, &error), "%s: %s", path,
      error ? error->message : "");
  return movie;
}

static VsMp4Movie *
parse_file (const gchar * path)
{
  g_autofree gchar *data = NULL;
  gsize size;

  fail_unless (g_file_get_contents (path, &data, &size, NULL), "%s", path);
  return parse_data (data, size, path);
}

/* ffprobe moves times of decoding so that none is behind its picture's; of
 * movie fragments it moves those of pictures instead. */
static gint64
get_shift (const VsMp4Track * track)
{
  gint64 shift = 0;

  for (guint i = 0; i < track->samples->len; i++)
    shift = MAX (shift, -(gint64) g_array_index (track->samples, VsMp4Sample,
            i).composition);
  return shift;
}

/* All packets of a track, as ffprobe has them. */
static void
compare_track (const gchar * path, const VsMp4Track * track)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error "
      "-ignore_editlist 1 -select_streams %c:0 -show_entries "
      "packet=pts,dts,size,pos,flags -of csv=p=0 %s",
      track->type == VS_MEDIA_VIDEO ? 'v' : 'a', path);
  g_autofree gchar *output = NULL;
  g_auto (GStrv) lines = NULL;
  gint64 shift = get_shift (track), moved;

  fail_unless (run (line, &output), "%s", line);
  lines = g_strsplit (g_strchomp (output), "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), track->samples->len);
  moved = g_ascii_strtoll (lines[0], NULL, 10)
      - g_array_index (track->samples, VsMp4Sample, 0).dts
      - g_array_index (track->samples, VsMp4Sample, 0).composition;
  fail_unless (moved == 0 || moved == shift);
  for (guint i = 0; lines[i]; i++) {
    const VsMp4Sample *sample = &g_array_index (track->samples, VsMp4Sample, i);
    g_autofree gchar *ours = g_strdup_printf ("%" G_GINT64_FORMAT ",%"
        G_GINT64_FORMAT ",%u,%" G_GUINT64_FORMAT ",%c",
        sample->dts + sample->composition + moved,
        sample->dts - shift + moved, sample->size,
        sample->offset, sample->sync ? 'K' : '_');

    fail_unless (g_str_has_prefix (lines[i], ours), "%s: %s is not %s", path,
        ours, lines[i]);
  }
}

static void
compare_file (const gchar * path)
{
  g_autoptr (VsMp4Movie) movie = parse_file (path);

  fail_unless_equals_int (movie->tracks->len, 2);
  for (guint i = 0; i < movie->tracks->len; i++)
    compare_track (path, g_ptr_array_index (movie->tracks, i));
}

static const gchar *const recipes[] = {
  "-c:v libx264 -bf 2 -c:a aac",
  "-c:v libx264 -bf 2 -c:a ac3 -movflags +faststart",
  "-c:v libx264 -bf 2 -c:a aac -movflags +negative_cts_offsets",
  "-c:v libx264 -bf 0 -c:a eac3 -video_track_timescale 1000",
  "-c:v libx265 -x265-params log-level=0 -tag:v hvc1 -c:a aac",
  "-c:v libx264 -bf 2 -c:a aac -movflags frag_keyframe",
  "-c:v libx264 -bf 2 -c:a aac "
      "-movflags frag_keyframe+empty_moov+default_base_moof",
  "-c:v libx264 -bf 2 -c:a aac "
      "-movflags frag_keyframe+separate_moof+omit_tfhd_offset",
  "-c:v libx264 -bf 2 -c:a aac -movflags frag_every_frame+negative_cts_offsets",
  "-c:v libx264 -bf 0 -c:a ac3 -movflags dash+global_sidx+delay_moov",
  "-c:v libx265 -x265-params log-level=0 -tag:v hvc1 -c:a aac "
      "-movflags cmaf+frag_keyframe -f mp4",
};

GST_START_TEST (test_ffprobe)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-mp4reader-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "a.mp4", NULL);
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -y -f lavfi -i "
      "testsrc=s=192x108:r=25 -f lavfi -i sine=r=48000 -t 3 -g 25 "
      "-pix_fmt yuv420p -preset ultrafast %s %s", recipes[__i__], path);

  if (run (line, NULL))
    compare_file (path);
  else
    g_print ("skipped: no ffmpeg with this encoder\n");
  g_remove (path);
  g_rmdir (folder);
}

GST_END_TEST;

#define ONE 0x10000

static const struct
{
  gint32 a, b, c, d;
  guint rotation;
} matrices[] = {
  {ONE, 0, 0, ONE, 0},
  {0, ONE, -ONE, 0, 90},
  {-ONE, 0, 0, -ONE, 180},
  {0, -ONE, ONE, 0, 270},
  {0, 2 * ONE, -2 * ONE, 0, 90},
  {-ONE, 0, 0, ONE, 0},         /* a mirror */
  {0, ONE, ONE, 0, 0},
  {0, 0, 0, 0, 0},
};

static void
check_matrices (gchar * data, gsize size, const gchar * path)
{
  /* version, times, id, duration, layer, group, volume, what is reserved */
  gchar *matrix = (gchar *) find ((guint8 *) data, size, "tkhd") + 44;

  for (guint i = 0; i < G_N_ELEMENTS (matrices); i++) {
    g_autoptr (VsMp4Movie) movie = NULL;
    const VsMp4Track *track;

    GST_WRITE_UINT32_BE (matrix, matrices[i].a);
    GST_WRITE_UINT32_BE (matrix + 4, matrices[i].b);
    GST_WRITE_UINT32_BE (matrix + 12, matrices[i].c);
    GST_WRITE_UINT32_BE (matrix + 16, matrices[i].d);
    movie = parse_data (data, size, path);
    track = g_ptr_array_index (movie->tracks, 0);
    fail_unless_equals_int (track->type, VS_MEDIA_VIDEO);
    fail_unless_equals_int (track->rotation, matrices[i].rotation);
    fail_unless_equals_int (g_array_index (track->descriptions,
            VsMp4Description, 0).rotation, matrices[i].rotation);
  }
}

GST_START_TEST (test_rotation)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-mp4reader-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "a.mp4", NULL);
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -y -f lavfi -i "
      "testsrc=s=64x36:r=25 -t 1 -c:v libx264 -pix_fmt yuv420p %s", path);
  g_autofree gchar *data = NULL;
  gsize size;

  if (run (line, NULL) && g_file_get_contents (path, &data, &size, NULL))
    check_matrices (data, size, path);
  else
    g_print ("skipped: no ffmpeg with libx264\n");
  g_remove (path);
  g_rmdir (folder);
}

GST_END_TEST;

GST_START_TEST (test_clip)
{
  const gchar *folder = g_getenv ("VS_MEDIA_DIR");
  g_autofree gchar *path = g_build_filename (folder ? folder : "",
      "big-buck-bunny-5s-720p-aac51.mp4", NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS) && run ("ffprobe -version", NULL))
    compare_file (path);
  else
    g_print ("skipped: no ../shared/media\n");
}

GST_END_TEST;

static Suite *
mp4reader_suite (void)
{
  Suite *suite = suite_create ("mp4reader");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_tables);
  tcase_add_loop_test (tcase, test_damage, 0, G_N_ELEMENTS (damages));
  tcase_add_test (tcase, test_many_samples);
  tcase_add_test (tcase, test_any_bytes);
  tcase_add_loop_test (tcase, test_edits, 0, G_N_ELEMENTS (edits));
  tcase_add_loop_test (tcase, test_boxes, 0, G_N_ELEMENTS (boxes));
  tcase_add_test (tcase, test_units);
  tcase_add_loop_test (tcase, test_turned_units, 0, G_N_ELEMENTS (turns));
  tcase_add_loop_test (tcase, test_ffprobe, 0, G_N_ELEMENTS (recipes));
  tcase_add_test (tcase, test_rotation);
  tcase_add_test (tcase, test_clip);
  return suite;
}

GST_CHECK_MAIN (mp4reader);
