/* VisionStream: tests of writing MP4 files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Movies of samples that are made up: their boxes, their size, what they take
 * of memory, and what is not taken.
 */
#include "isobmff/movie.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "boxes.h"
#include "isobmff/vsmp4reader.h"

#define CLOCK 90000
#define FRAME 3000
#define AAC_FRAME 1024
#define STBL "moov/trak/mdia/minf/stbl/"

static VsCodecConfig *
make_config (VsCodec codec)
{
  static const guint8 record[] = { 1, 100, 0, 31, 0xff, 0xe0, 0 };
  static const guint8 aac[] = { 0x11, 0x90 };
  VsCodecConfig *config = vs_codec_config_new (codec);

  if (vs_codec_get_media_type (codec) == VS_MEDIA_VIDEO) {
    config->record = g_bytes_new (record, sizeof record);
    config->width = 1280;
    config->height = 720;
  } else {
    config->record = g_bytes_new (aac, sizeof aac);
    config->sample_rate = 48000;
    config->channels = 2;
  }
  return config;
}

/* Closed groups of a key frame, and pictures that two others are shown ahead
 * of, as far as there are two. */
static gint64
get_offset (guint i, guint n)
{
  if (i == 0 || i > (n - 1) / 3 * 3)
    return FRAME;
  return i % 3 == 1 ? 3 * FRAME : 0;
}

static void
fill_video (VsSample * samples, guint n)
{
  for (guint i = 0; i < n; i++) {
    samples[i].dts = (gint64) i *FRAME;
    samples[i].pts = samples[i].dts + get_offset (i, n);
    samples[i].duration = FRAME;
    samples[i].size = 1000 + i;
    samples[i].sync = i == 0;
  }
}

static void
fill_audio (VsSample * samples, guint n)
{
  for (guint i = 0; i < n; i++) {
    samples[i].pts = samples[i].dts = (gint64) i *AAC_FRAME;
    samples[i].duration = AAC_FRAME;
    samples[i].size = 300;
    samples[i].sync = TRUE;
  }
}

/* Asserts what a box holds, in hex; NULL: there is none. */
static void
assert_box (GBytes * head, const gchar * path, const gchar * hex)
{
  g_autoptr (GString) found = g_string_new (NULL);
  Box box;

  if (hex == NULL) {
    fail_if (box_find (head, path, &box), "%s", path);
    return;
  }
  fail_unless (box_find (head, path, &box), "no %s", path);
  for (gsize i = 0; i < box.size && i < strlen (hex) / 2; i++)
    g_string_append_printf (found, "%02x", box.data[i]);
  fail_unless (strcmp (found->str, hex) == 0, "%s: %s", path, found->str);
}

GST_START_TEST (test_boxes)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_H264);
  g_autoptr (Movie) movie = movie_new ();
  MovieTrack *track;
  g_autoptr (GBytes) head = NULL;
  VsSample samples[4];

  config->par_n = 4;
  config->par_d = 3;
  fill_video (samples, 4);
  vs_mp4_writer_set_created (movie->writer, 1);
  track = movie_add_track (movie, config, CLOCK);
  movie_add_chunk (movie, track, 0, samples, 3, NULL);
  movie_add_chunk (movie, track, 0, samples + 3, 1, NULL);
  head = movie_get_head (movie->writer, 0, 5000);
  assert_box (head, "ftyp",
      "69736f6d00000200" "69736f6d69736f32617663316d703431");
  /* created, timescale, duration: from 3000 to 15000 */
  assert_box (head, "moov/mvhd", "00000000" "7c25b0817c25b081" "00015f90"
      "00002ee0" "00010000");
  assert_box (head, "moov/mvhd/96", "00000002");
  /* enabled, in movie */
  assert_box (head, "moov/trak/tkhd", "00000003" "7c25b0817c25b081" "00000001"
      "00000000" "00002ee0");
  assert_box (head, "moov/trak/tkhd/76", "06ab0000" "02d00000");
  assert_box (head, "moov/trak/edts/elst", "0000000000000001"
      "00002ee0" "00000bb8" "00010000");
  assert_box (head, "moov/trak/mdia/mdhd", "00000000" "7c25b0817c25b081"
      "00015f90" "00002ee0" "15c7");
  assert_box (head, STBL "stts", "00000000" "00000001" "0000000400000bb8");
  assert_box (head, STBL "stss", "00000000" "00000001" "00000001");
  assert_box (head, STBL "ctts", "00000000" "00000003" "0000000100000bb8"
      "0000000100002328" "0000000200000000");
  assert_box (head, STBL "stsc",
      "00000000" "00000002" "000000010000000300000001"
      "000000020000000100000001");
  assert_box (head, STBL "stsz", "00000000" "00000000" "00000004" "000003e8");
  assert_box (head, STBL "stco", "00000000" "00000002");
  assert_box (head, "free", NULL);
}

GST_END_TEST;

/* Two chunks of AAC; the list that is to come of it, as media@duration, in 48
 * kHz and 90 kHz. */
static const struct
{
  const gchar *name;
  gint64 starts[2];
  guint n[2];
  gint64 movie_start;           /* -1: that of the track */
  const gchar *edits;           /* NULL: no list */
} edits[] = {
  {"plain", {5, 2053}, {2, 2}, -1, NULL},
  {"plain, with a hole", {5, 48000}, {2, 2}, -1, NULL},
  {"later than the movie", {48000, 50048}, {2, 2}, 0, "-1@90000 0@7680"},
  {"earlier than the movie", {0, 4096}, {4, 1}, 1920, "1024@7680"},
  {"all of it", {0, 4096}, {4, 1}, 90000, NULL},
  {"hours late", {48000 * G_GINT64_CONSTANT (50000), 48000
              * G_GINT64_CONSTANT (50001)}, {2, 2}, 0,
      "-1@4500000000 0@93840"},
};

static gchar *
read_edits (GBytes * head)
{
  g_autoptr (GString) list = g_string_new (NULL);
  gboolean wide;
  Box box;

  if (!box_find (head, "moov/trak/edts/elst", &box))
    return NULL;
  wide = box.data[0] == 1;
  for (gsize at = 8; at < box.size; at += wide ? 20 : 12)
    g_string_append_printf (list, "%s%" G_GINT64_FORMAT "@%" G_GINT64_FORMAT,
        at == 8 ? "" : " ", wide ? (gint64) GST_READ_UINT64_BE (box.data + at
            + 8) : (gint32) GST_READ_UINT32_BE (box.data + at + 4),
        wide ? (gint64) GST_READ_UINT64_BE (box.data + at) :
        (gint64) GST_READ_UINT32_BE (box.data + at));
  return g_string_free (g_steal_pointer (&list), FALSE);
}

GST_START_TEST (test_edits)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_AAC);
  g_autoptr (Movie) movie = movie_new ();
  MovieTrack *track = movie_add_track (movie, config, 48000);
  g_autoptr (GBytes) head = NULL;
  g_autofree gchar *found = NULL;
  VsSample samples[4];

  fill_audio (samples, 4);
  for (guint i = 0; i < 2; i++)
    movie_add_chunk (movie, track, edits[__i__].starts[i], samples,
        edits[__i__].n[i], NULL);
  if (edits[__i__].movie_start >= 0)
    vs_mp4_writer_set_start (movie->writer, edits[__i__].movie_start);
  head = movie_get_head (movie->writer, 0, 0);
  found = read_edits (head);
  fail_unless (g_strcmp0 (found, edits[__i__].edits) == 0, "%s: %s",
      edits[__i__].name, found);
}

GST_END_TEST;

/* Samples that are shown ahead of their decoding, as those of a segment count:
 * times are as given, the table has no negative ones. */
GST_START_TEST (test_negative_offsets)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_H264);
  g_autoptr (Movie) movie = movie_new ();
  MovieTrack *track = movie_add_track (movie, config, CLOCK);
  g_autoptr (GBytes) head = NULL;
  VsSample samples[6];

  fill_video (samples, 6);
  for (guint i = 0; i < 6; i++)
    samples[i].pts -= FRAME;
  movie_add_chunk (movie, track, CLOCK, samples, 6, NULL);
  head = movie_write (movie, 0);
  assert_box (head, STBL "ctts", "00000000" "00000004" "0000000100000bb8"
      "0000000100002328" "0000000200000000" "0000000200000bb8");
  movie_check_reader (movie, CLOCK);
}

GST_END_TEST;

/* Sizes in common, of none, of one and of a few samples. */
GST_START_TEST (test_common_sizes)
{
  static const struct
  {
    guint32 sizes[4];
    guint n;
    const gchar *stsz;
  } cases[] = {
    {{7}, 1, "00000000" "00000007" "00000001"},
    {{7, 7, 7}, 3, "00000000" "00000007" "00000003"},
    {{7, 7, 8}, 3, "00000000" "00000000" "00000003" "00000007" "00000007"
        "00000008"},
    {{7, 8, 7, 7}, 4, "00000000" "00000000" "00000004" "00000007" "00000008"
        "00000007" "00000007"},
    {{0, 0}, 2, "00000000" "00000000" "00000002" "00000000" "00000000"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_AAC);
    g_autoptr (Movie) movie = movie_new ();
    MovieTrack *track = movie_add_track (movie, config, 48000);
    g_autoptr (GBytes) head = NULL;
    VsSample samples[4];
    Box box;

    fill_audio (samples, 4);
    for (guint j = 0; j < cases[i].n; j++)
      samples[j].size = cases[i].sizes[j];
    movie_add_chunk (movie, track, 0, samples, cases[i].n, NULL);
    head = movie_get_head (movie->writer, 0, 0);
    assert_box (head, STBL "stsz", cases[i].stsz);
    fail_unless (box_find (head, STBL "stsz", &box));
    fail_unless_equals_int (box.size, strlen (cases[i].stsz) / 2);
    assert_box (head, STBL "stss", NULL);
    assert_box (head, STBL "ctts", NULL);
    assert_box (head, "moov/trak/edts", NULL);
  }
}

GST_END_TEST;

/* Video is first, whatever came first; the second audio track waits to be
 * chosen; one without samples is not there. */
GST_START_TEST (test_tracks)
{
  g_autoptr (VsCodecConfig) aac = make_config (VS_CODEC_AAC);
  g_autoptr (VsCodecConfig) h264 = make_config (VS_CODEC_H264);
  g_autoptr (Movie) movie = movie_new ();
  MovieTrack *audio = movie_add_track (movie, aac, 48000);
  MovieTrack *silent = movie_add_track (movie, aac, 44100);
  MovieTrack *video = movie_add_track (movie, h264, CLOCK);
  MovieTrack *other = movie_add_track (movie, aac, 48000);
  g_autoptr (GBytes) head = NULL;
  VsSample samples[2];
  Box box;

  fill_audio (samples, 1);
  movie_add_chunk (movie, audio, 0, samples, 1, NULL);
  movie_add_chunk (movie, other, 0, samples, 1, NULL);
  movie_add_chunk (movie, silent, 0, samples, 0, NULL);
  fill_video (samples, 1);
  movie_add_chunk (movie, video, 0, samples, 1, NULL);
  head = movie_write (movie, 0);
  assert_box (head, "moov/mvhd/96", "00000004");
  assert_box (head, "moov/trak/tkhd", "00000003");
  assert_box (head, "moov/trak/mdia/hdlr/8", "76696465");
  fail_unless (box_find (head, "moov/108", &box));
  for (guint i = 0; i < 3; i++) {
    static const guint flags[] = { 3, 3, 2 }, groups[] = { 0, 1, 1 };
    Box tkhd;

    fail_unless (memcmp (box.data + 4, "trak", 4) == 0);
    tkhd = (Box) {
    box.data + 16, box.size - 16};
    fail_unless_equals_int (tkhd.data[3], flags[i]);
    fail_unless_equals_int (GST_READ_UINT32_BE (tkhd.data + 12), i + 1);
    fail_unless_equals_int (GST_READ_UINT16_BE (tkhd.data + 34), groups[i]);
    box.size -= GST_READ_UINT32_BE (box.data);
    box.data += GST_READ_UINT32_BE (box.data);
  }
  fail_unless_equals_int (box.size, 0);
}

GST_END_TEST;

/* A movie of nothing is a file all the same. */
GST_START_TEST (test_nothing)
{
  g_autoptr (Movie) movie = movie_new ();
  g_autoptr (GBytes) head = movie_write (movie, 0);

  assert_box (head, "moov/mvhd/12", "00015f90" "00000000");
  assert_box (head, "moov/trak", NULL);
}

GST_END_TEST;

/* Whatever is reserved is filled exactly; what is too small is passed. */
GST_START_TEST (test_reserve)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_H264);
  g_autoptr (Movie) movie = movie_new ();
  MovieTrack *track = movie_add_track (movie, config, CLOCK);
  g_autoptr (GBytes) least = NULL;
  VsSample samples[100];

  fill_video (samples, 100);
  movie_add_chunk (movie, track, 0, samples, 100, NULL);
  least = movie_write (movie, 0);
  for (gint more = -1; more < 20; more++) {
    gsize size = g_bytes_get_size (least) + more;
    g_autoptr (GBytes) head = movie_write (movie, size);
    Box box, mdat;

    fail_unless_equals_int (g_bytes_get_size (head), MAX (size,
            g_bytes_get_size (least)));
    fail_unless_equals_int (box_find (head, "free", &box), more >= 8);
    if (more >= 8)
      fail_unless_equals_int (box.size, more - 8);
    /* the first chunk is where the payload begins */
    fail_unless (box_find (head, STBL "stco/8", &box));
    fail_unless_equals_int (GST_READ_UINT32_BE (box.data),
        g_bytes_get_size (head));
    movie_check_reader (movie, FRAME);
    mdat.data = g_bytes_get_data (head, NULL);
    mdat.data += g_bytes_get_size (head) - 16 - (more > 0 && more < 8 ? more :
        0);
    fail_unless (memcmp (mdat.data, "\0\0\0\1mdat", 8) == 0);
    fail_unless_equals_uint64 (GST_READ_UINT64_BE (mdat.data + 8), 16
        + (more > 0 && more < 8 ? more : 0) + movie->payload->len);
  }
  g_bytes_unref (least);
  least = movie_write (movie, 6 * 1024 * 1024);
  fail_unless_equals_int (g_bytes_get_size (least), 6 * 1024 * 1024);
  movie_check_reader (movie, FRAME);
}

GST_END_TEST;

static VsMp4Writer *
make_far_movie (guint64 position)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_AAC);
  VsMp4Writer *writer = vs_mp4_writer_new (NULL);
  VsSample samples[2];
  VsMp4Chunk chunk = {.samples = samples,.n_samples = 1 };

  fill_audio (samples, 2);
  fail_unless (vs_mp4_writer_add_track (writer, config, 48000, NULL, NULL)
      == 0);
  fail_unless (vs_mp4_writer_add_chunk (writer, 0, &chunk, NULL));
  chunk.position = position;
  chunk.start = AAC_FRAME;
  fail_unless (vs_mp4_writer_add_chunk (writer, 0, &chunk, NULL));
  return writer;
}

/* The head's own size decides, too, and what is reserved for it. */
GST_START_TEST (test_wide_offsets)
{
  g_autoptr (VsMp4Writer) near = make_far_movie (1000);
  guint64 least = vs_mp4_writer_get_head_size (near, 0), size;
  guint64 last = G_MAXUINT32;

  for (guint i = 0; i < 3; i++) {
    const guint64 reserved[] = { 0, 0, 100000 };
    guint64 position = last - least + (i == 1) - (i == 2 ? 1000 : 0);
    g_autoptr (VsMp4Writer) writer = make_far_movie (position);
    g_autoptr (GBytes) head = movie_get_head (writer, reserved[i], position
        + 300);
    Box box;

    size = g_bytes_get_size (head);
    fail_unless_equals_uint64 (size, i == 0 ? least : i == 1 ? least + 8 :
        reserved[i]);
    assert_box (head, i == 0 ? STBL "co64" : STBL "stco", NULL);
    fail_unless (box_find (head, i == 0 ? STBL "stco/8" : STBL "co64/8", &box));
    fail_unless_equals_uint64 (i == 0 ? GST_READ_UINT32_BE (box.data + 4)
        : GST_READ_UINT64_BE (box.data + 8), size + position);
  }
}

GST_END_TEST;

/* A sparse file of 5 GiB: players find its last sample. */
GST_START_TEST (test_large_file)
{
  const guint64 position = 5 * G_GUINT64_CONSTANT (1024) * 1024 * 1024;
  g_autoptr (VsMp4Writer) writer = make_far_movie (position);
  g_autoptr (GBytes) head = movie_get_head (writer, 0, position + 300);
  g_autofree gchar *folder = g_dir_make_tmp ("vs-mp4writer-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "a.mp4", NULL);
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v quiet -show_entries "
      "packet=pos,size -of csv=p=0 %s", path);
  g_autofree gchar *output = NULL, *expected = NULL;
  gsize size = g_bytes_get_size (head);

  fail_unless (g_file_set_contents (path, g_bytes_get_data (head, NULL), size,
          NULL));
  fail_unless (truncate (path, size + position + 300) == 0);
  fail_unless (run (line, &output), "%s", line);
  expected = g_strdup_printf ("300,%" G_GSIZE_FORMAT "\n300,%"
      G_GUINT64_FORMAT "\n", size, size + position);
  fail_unless_equals_string (output, expected);
  g_remove (path);
  g_rmdir (folder);
}

GST_END_TEST;

/* Long movies. */

typedef struct
{
  VsMp4Writer *writer;
  guint64 position;
  gint64 times[2];              /* of the next chunk */
  guint n_samples[2];
  guint n;                      /* seconds so far */
} Long;

static void
long_init (Long * movie, const gchar * spill_directory)
{
  g_autoptr (VsCodecConfig) h264 = make_config (VS_CODEC_H264);
  g_autoptr (VsCodecConfig) aac = make_config (VS_CODEC_AAC);

  memset (movie, 0, sizeof *movie);
  movie->writer = vs_mp4_writer_new (spill_directory);
  vs_mp4_writer_add_track (movie->writer, h264, CLOCK, NULL, NULL);
  vs_mp4_writer_add_track (movie->writer, aac, 48000, NULL, NULL);
}

/* A second of 30 frames and 46 or 47 of sound; every thousandth is missing. */
static gboolean
long_add_track (Long * movie, guint track, GError ** error)
{
  VsSample samples[47];
  VsMp4Chunk chunk = {.position = movie->position,.samples = samples,
    .start = movie->times[track]
  };
  guint n = track == 0 ? 30 : 46 + (movie->n % 8 != 0);

  if (track == 0)
    fill_video (samples, n);
  else
    fill_audio (samples, n);
  for (guint i = 0; i < n; i++)
    samples[i].size += (movie->n * 7919 + i * 104729) % 4096;
  chunk.n_samples = n;
  if (!vs_mp4_writer_add_chunk (movie->writer, track, &chunk, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    movie->position += samples[i].size;
  movie->times[track] += n * samples[0].duration;
  movie->n_samples[track] += n;
  return TRUE;
}

static void
long_next_second (Long * movie)
{
  if (++movie->n % 1000 == 999) {
    movie->times[0] += CLOCK;
    movie->times[1] += 48000;
  }
}

static void
long_add (Long * movie, guint seconds)
{
  for (guint end = movie->n + seconds; movie->n < end; long_next_second (movie))
    for (guint i = 0; i < 2; i++)
      fail_unless (long_add_track (movie, i, NULL));
}

GST_START_TEST (test_spill)
{
  Long in_memory, on_disk;
  g_autoptr (GBytes) expected = NULL;

  long_init (&in_memory, NULL);
  long_init (&on_disk, g_get_tmp_dir ());
  long_add (&in_memory, 4000);
  expected = movie_get_head (in_memory.writer, 0, in_memory.position);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GBytes) head = NULL;

    long_add (&on_disk, 2000);
    head = movie_get_head (on_disk.writer, 0, on_disk.position);
    fail_unless_equals_int (g_bytes_equal (head, expected), i == 1);
  }
  vs_mp4_writer_free (in_memory.writer);
  vs_mp4_writer_free (on_disk.writer);
}

GST_END_TEST;

static void
set_file_size_limit (guint64 limit)
{
  const struct rlimit limits = { limit, RLIM_INFINITY };

  fail_unless (setrlimit (RLIMIT_FSIZE, &limits) == 0);
}

/* A disk that takes no more costs the chunk at hand, again and again, and
 * nothing else: it is the same movie once there is room again. */
GST_START_TEST (test_spill_fails)
{
  Long in_memory, on_disk;
  g_autoptr (GBytes) expected = NULL;
  g_autoptr (GBytes) head = NULL;
  guint failed = 0;

  signal (SIGXFSZ, SIG_IGN);
  long_init (&in_memory, NULL);
  long_init (&on_disk, g_get_tmp_dir ());
  long_add (&in_memory, 4000);
  set_file_size_limit (100 * 1024 + 1);
  for (guint i = 0; failed < 3; i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (i < 4000);
    for (guint track = 0; track < 2; track++) {
      while (!long_add_track (&on_disk, track, &error)) {
        fail_unless (error->domain == G_IO_ERROR, "%s", error->message);
        g_clear_error (&error);
        if (++failed == 3)
          set_file_size_limit (RLIM_INFINITY);
      }
    }
    long_next_second (&on_disk);
  }
  long_add (&on_disk, 4000 - on_disk.n);
  expected = movie_get_head (in_memory.writer, 0, in_memory.position);
  head = movie_get_head (on_disk.writer, 0, on_disk.position);
  fail_unless (g_bytes_equal (head, expected));
  vs_mp4_writer_free (in_memory.writer);
  vs_mp4_writer_free (on_disk.writer);
}

GST_END_TEST;

GST_START_TEST (test_no_spill_directory)
{
  g_autoptr (GError) error = NULL;
  Long movie;
  guint i = 0;

  long_init (&movie, "/nonexistent/folder");
  while (i < 4000 && long_add_track (&movie, 0, &error))
    i++;
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  vs_mp4_writer_free (movie.writer);
}

GST_END_TEST;

/* KiB that the process had in memory at most */
static guint64
get_peak (void)
{
  g_autofree gchar *status = NULL;
  const gchar *line;

  fail_unless (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, "VmHWM:");
  fail_unless (line != NULL);
  return g_ascii_strtoull (line + strlen ("VmHWM:"), NULL, 10);
}

static gboolean
write_piece (gconstpointer bytes, gsize size, gpointer user_data,
    GError ** error)
{
  return fwrite (bytes, size, 1, user_data) == 1;
}

#define TWELVE_HOURS (12 * 3600)
#define MEMORY_MAX_KIB (24 * 1024)

/* Each sample has its place behind the one before, and the tracks end where
 * what was written does. */
static void
check_long (const Long * movie, const gchar * path)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  g_autoptr (GBytes) head = g_mapped_file_get_bytes (file);
  gsize size = g_bytes_get_size (head);
  g_autoptr (VsMp4Movie) read = NULL;
  Box moov;

  fail_unless (box_find (head, "moov", &moov));
  read = vs_mp4_movie_parse (moov.data, moov.size, size + movie->position,
      NULL);
  fail_unless (read != NULL && read->tracks->len == 2);
  for (guint i = 0; i < 2; i++) {
    const VsMp4Track *track = g_ptr_array_index (read->tracks, i);
    guint64 end = size;

    fail_unless_equals_int (track->samples->len, movie->n_samples[i]);
    fail_unless_equals_int64 (track->end, movie->times[i]);
    for (guint j = 0; j < track->samples->len; j++) {
      const VsMp4Sample *sample =
          &g_array_index (track->samples, VsMp4Sample, j);

      fail_unless (sample->offset >= end);
      end = sample->offset + sample->size;
    }
    fail_unless (i == 0 || end == size + movie->position);
  }
}

/* Memory is bounded, and the movie is what it should be. */
GST_START_TEST (test_twelve_hours)
{
  guint64 before = get_peak ();
  gint64 start = g_get_monotonic_time (), added;
  g_autofree gchar *folder = g_dir_make_tmp ("vs-mp4writer-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "a.mp4", NULL);
  FILE *file = fopen (path, "w");
  Long movie;

  long_init (&movie, folder);
  long_add (&movie, TWELVE_HOURS);
  added = g_get_monotonic_time ();
  fail_unless (vs_mp4_writer_write_head (movie.writer, 0, movie.position,
          write_piece, file, NULL));
  fail_unless (fclose (file) == 0);
  g_print ("12 hours: %" G_GUINT64_FORMAT " bytes of head; %.3f s to add, "
      "%.3f s to write; %" G_GUINT64_FORMAT " KiB more\n",
      vs_mp4_writer_get_head_size (movie.writer, 0),
      (added - start) / 1e6, (g_get_monotonic_time () - added) / 1e6,
      get_peak () - before);
  fail_unless (get_peak () - before < MEMORY_MAX_KIB, "%" G_GUINT64_FORMAT,
      get_peak () - before);
  check_long (&movie, path);
  vs_mp4_writer_free (movie.writer);
  g_remove (path);
  g_rmdir (folder);
}

GST_END_TEST;

/* What is not taken. */

GST_START_TEST (test_unsupported)
{
  static const VsCodec codecs[] = { VS_CODEC_MPEG2_VIDEO, VS_CODEC_OPUS,
    VS_CODEC_PRIVATE, VS_CODEC_H264
  };
  g_autoptr (VsMp4Writer) writer = vs_mp4_writer_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    /* none has its record */
    g_autoptr (VsCodecConfig) config = vs_codec_config_new (codecs[i]);
    g_autoptr (GError) error = NULL;

    fail_unless (vs_mp4_writer_add_track (writer, config, CLOCK, NULL, &error)
        == -1);
    fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
            VS_PACKAGE_ERROR_UNSUPPORTED));
  }
}

GST_END_TEST;

/* As many configurations as a track may have, each of them twice. */
GST_START_TEST (test_many_configs)
{
  g_autoptr (VsCodecConfig) aac = make_config (VS_CODEC_AAC);
  g_autoptr (VsCodecConfig) other = make_config (VS_CODEC_AAC);
  g_autoptr (VsCodecConfig) ac3 = make_config (VS_CODEC_AC3);
  g_autoptr (Movie) movie = movie_new ();
  MovieTrack *track = movie_add_track (movie, aac, 48000);
  g_autoptr (GBytes) head = NULL;
  g_autoptr (GError) error = NULL;
  VsSample samples[1];
  Box box;

  fill_audio (samples, 1);
  for (guint i = 0; i < 2 * VS_MP4_WRITER_CONFIGS_MAX; i++) {
    g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_AAC);

    config->channels = 2 + i % VS_MP4_WRITER_CONFIGS_MAX;
    fail_unless (vs_mp4_writer_set_config (movie->writer, 0, config, NULL));
    movie_add_chunk (movie, track, i * AAC_FRAME, samples, 1, NULL);
  }
  other->channels = 1;
  fail_if (vs_mp4_writer_set_config (movie->writer, 0, other, &error));
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
          VS_PACKAGE_ERROR_UNSUPPORTED));
  g_clear_error (&error);
  fail_if (vs_mp4_writer_set_config (movie->writer, 0, ac3, &error));
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
          VS_PACKAGE_ERROR_UNSUPPORTED));
  head = movie_write (movie, 0);
  fail_unless (box_find (head, STBL "stsd/4", &box));
  fail_unless_equals_int (GST_READ_UINT32_BE (box.data),
      VS_MP4_WRITER_CONFIGS_MAX);
  movie_check_reader (movie, 0);
}

GST_END_TEST;

static const struct
{
  const gchar *name;
  guint64 position;
  gint64 start, dts[2], pts[2];
  gboolean unsupported;
} damages[] = {
  {"decoded at once", 0, 0, {0, 0}, {0, 0}},
  {"decoded backwards", 0, 0, {9, 5}, {9, 5}},
  {"decoded with what came before", 0, -AAC_FRAME, {0, 1}, {0, 1}},
  {"the sum of times overflows", 0, G_MAXINT64, {5, 6}, {5, 6}},
  {"no such time", 0, G_MININT64, {0, 1}, {0, 1}},
  {"shown hours later", 0, 0, {0, 1}, {0, G_MAXINT32}},
  {"no such place", G_MAXUINT64, 0, {0, 1}, {0, 1}},
  {"a hole of days", 0, (gint64) 1 << 32, {0, 1}, {0, 1}, TRUE},
};

/* Nothing of such a chunk is taken. */
GST_START_TEST (test_damage)
{
  g_autoptr (VsCodecConfig) config = make_config (VS_CODEC_AAC);
  g_autoptr (Movie) movie = movie_new ();
  MovieTrack *track = movie_add_track (movie, config, 48000);
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;
  g_autoptr (GError) error = NULL;
  VsSample samples[2];
  VsMp4Chunk chunk = {.position = damages[__i__].position,
    .start = damages[__i__].start,.samples = samples,.n_samples = 2
  };

  fill_audio (samples, 2);
  movie_add_chunk (movie, track, -AAC_FRAME, samples, 1, NULL);
  before = movie_get_head (movie->writer, 0, 0);
  for (guint i = 0; i < 2; i++) {
    samples[i].dts = damages[__i__].dts[i];
    samples[i].pts = damages[__i__].pts[i];
  }
  fail_if (vs_mp4_writer_add_chunk (movie->writer, 0, &chunk, &error));
  fail_unless (g_error_matches (error, VS_PACKAGE_ERROR,
          damages[__i__].unsupported ? VS_PACKAGE_ERROR_UNSUPPORTED
          : VS_PACKAGE_ERROR_DAMAGED), "%s", damages[__i__].name);
  after = movie_get_head (movie->writer, 0, 0);
  fail_unless (g_bytes_equal (before, after));
}

GST_END_TEST;

static gboolean
refuse_piece (gconstpointer bytes, gsize size, gpointer user_data,
    GError ** error)
{
  guint *left = user_data;

  fail_unless (*left > 0);
  if (--*left > 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no");
  return FALSE;
}

/* A sink that fails is not asked again. */
GST_START_TEST (test_sink_fails)
{
  g_autoptr (GError) error = NULL;
  guint left = 3;
  Long movie;

  long_init (&movie, NULL);
  long_add (&movie, 1000);
  fail_if (vs_mp4_writer_write_head (movie.writer, 0, 0, refuse_piece, &left,
          &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
  vs_mp4_writer_free (movie.writer);
}

GST_END_TEST;

static Suite *
mp4writer_suite (void)
{
  Suite *s = suite_create ("mp4writer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_boxes);
  tcase_add_loop_test (tc, test_edits, 0, G_N_ELEMENTS (edits));
  tcase_add_test (tc, test_negative_offsets);
  tcase_add_test (tc, test_common_sizes);
  tcase_add_test (tc, test_tracks);
  tcase_add_test (tc, test_nothing);
  tcase_add_test (tc, test_reserve);
  tcase_add_test (tc, test_wide_offsets);
  tcase_add_test (tc, test_large_file);
  tcase_add_test (tc, test_spill);
  tcase_add_test (tc, test_spill_fails);
  tcase_add_test (tc, test_no_spill_directory);
  tcase_add_test (tc, test_twelve_hours);
  tcase_add_test (tc, test_unsupported);
  tcase_add_test (tc, test_many_configs);
  tcase_add_loop_test (tc, test_damage, 0, G_N_ELEMENTS (damages));
  tcase_add_test (tc, test_sink_fails);
  return s;
}

GST_CHECK_MAIN (mp4writer);
