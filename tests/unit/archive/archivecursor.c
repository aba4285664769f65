/* VisionStream: tests of an archive, read as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mpegts/tshelper.h"

#include "archive/cutarchive.h"
#include "store/faultystore.h"
#include "archive/vsarchivecursor.h"

#define START_90K G_GINT64_CONSTANT (900000)
#define GOPS 10

static VsArchiveCursor *
cursor_open (const gchar * start, const gchar * stop,
    const VsArchiveCursorSettings * more, GError ** error)
{
  VsArchiveCursorSettings settings = { 0 };

  if (more)
    settings = *more;
  fail_unless (vs_archive_time_parse (start, &settings.start, NULL));
  fail_unless (vs_archive_time_parse (stop, &settings.stop, NULL));
  return vs_archive_cursor_open (store, "default", "live", NULL, &settings,
      NULL, error);
}

/* What a cursor gave */
typedef struct
{
  GByteArray *bytes;
  guint chunks, whole, disconts, problems;
  GstClockTime first, last;     /* positions; where the last one begins */
} Given;

static void
given_clear (Given * given)
{
  g_byte_array_unref (given->bytes);
}

static void
take (Given * given, const VsArchiveChunk * chunk)
{
  gsize size;
  gconstpointer data;

  given->problems += chunk->problem != NULL;
  if (chunk->bytes == NULL)
    return;
  data = g_bytes_get_data (chunk->bytes, &size);
  g_byte_array_append (given->bytes, data, size);
  given->whole += chunk->whole;
  given->disconts += chunk->discont;
  if (given->chunks++ == 0)
    given->first = chunk->position;
  given->last = chunk->position;
}

static void
read_to_end (VsArchiveCursor * cursor, Given * given)
{
  g_autoptr (GError) error = NULL;
  VsArchiveChunk *chunk;

  memset (given, 0, sizeof *given);
  given->bytes = g_byte_array_new ();
  while ((chunk = vs_archive_cursor_next (cursor, NULL, &error))) {
    take (given, chunk);
    vs_archive_chunk_free (chunk);
  }
  fail_unless (error == NULL, "%s", error ? error->message : "");
}

/* ---- comparing ---------------------------------------------------------- */

static TestReader *
read_given (const GByteArray * bytes)
{
  TestReader *reader = test_read (bytes->data, bytes->len, 0);
  VsTsStats stats;

  vs_ts_reader_get_stats (reader->reader, &stats);
  fail_unless_equals_uint64 (stats.continuity_errors, 0);
  fail_unless_equals_uint64 (stats.crc_errors, 0);
  return reader;
}

static gboolean
is_in (const VsTsUnit * unit, gint64 from_90k, gint64 to_90k)
{
  /* B-frames of this stream are shown within their GOP */
  return unit->pts_90k + 2 >= from_90k && unit->pts_90k + 2 < to_90k;
}

/* Units of the GOPs [from, to) of @source, and nothing else. */
static void
assert_gops (TestReader * source, const GByteArray * bytes, guint from,
    guint to)
{
  g_autoptr (TestReader) given = read_given (bytes);
  gint64 start = test_reader_get (source, 0)->unit.pts_90k;
  guint n[2] = { 0, 0 };

  for (guint track = 0; track < 2; track++) {
    guint k = 0;

    for (guint i = 0; i < source->units->len; i++) {
      const VsTsUnit *was = &test_reader_get (source, i)->unit;
      const VsTsUnit *is;

      if (was->track != track || !is_in (was, start + from * CUT_GOP_90K,
              start + to * CUT_GOP_90K))
        continue;
      while (k < given->units->len
          && test_reader_get (given, k)->unit.track != track)
        k++;
      is = &test_reader_get (given, k++)->unit;
      fail_unless_equals_int64 ((is->pts_90k - was->pts_90k) %
          VS_TS_CLOCK_WRAP, 0);
      fail_unless_equals_int64 (is->pts_90k - is->dts_90k,
          was->pts_90k - was->dts_90k);
      fail_unless_equals_uint64 (is->size, was->size);
      fail_unless (memcmp (is->data, was->data, is->size) == 0);
      n[track]++;
    }
  }
  fail_unless_equals_int (n[0], (to - from) * CUT_GOP);
  fail_unless_equals_int (n[0] + n[1], given->units->len);
}

static gboolean
same_as_stored (const GByteArray * bytes, guint64 first, guint64 last)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint64 s = first; s <= last; s++) {
    g_autofree gchar *path = cut_archive_path (s);
    g_autofree gchar *data = NULL;
    gsize size;

    fail_unless (g_file_get_contents (path, &data, &size, NULL), "%s", path);
    g_byte_array_append (all, (const guint8 *) data, size);
  }
  return all->len == bytes->len
      && memcmp (all->data, bytes->data, all->len) == 0;
}

/* ---- reading ------------------------------------------------------------ */

/* Whatever the clock is, also where its 33 bits run over. */
GST_START_TEST (test_whole)
{
  static const gint64 starts[] = { START_90K,
    VS_TS_CLOCK_WRAP - 3 * CUT_GOP_90K - 1000
  };
  g_autoptr (GByteArray) bytes = cut_stream (starts[__i__], GOPS);
  g_autoptr (TestReader) source = test_read (bytes->data, bytes->len, 0);
  g_autoptr (VsArchiveCursor) cursor = NULL;
  Given given;

  cut_archive_make (CUT_UTC, bytes, TRUE);
  cursor = cursor_open (NULL, NULL, NULL, NULL);
  read_to_end (cursor, &given);
  fail_unless_equals_int (given.chunks, GOPS / 2);
  fail_unless_equals_int (given.whole, GOPS / 2);
  fail_unless_equals_int (given.disconts, 1);
  fail_unless_equals_int (given.problems, 0);
  fail_unless_equals_uint64 (given.first, 0);
  fail_unless_equals_uint64 (given.last, (GOPS - 2) * CUT_GOP_NS);
  fail_unless (same_as_stored (given.bytes, 1, GOPS / 2));
  assert_gops (source, given.bytes, 0, GOPS);
  fail_unless_equals_uint64 (vs_archive_cursor_get_duration (cursor) /
      GST_USECOND, GOPS * CUT_GOP_NS / GST_USECOND);
  given_clear (&given);
}

GST_END_TEST;

/* ---- which rendition ---------------------------------------------------- */

static void
declare (VsArchiveWriter * writer, const gchar * rendition, guint height)
{
  g_autoptr (VsRendition) info = vs_rendition_new (NULL, NULL, NULL, rendition);
  g_autoptr (VsCodecConfig) config = archive_make_config ();

  info->target_duration = GST_SECOND;
  config->height = height;
  config->width = height * 16 / 9;
  vs_archive_writer_set_rendition (writer, info);
  vs_archive_writer_add_config (writer, rendition, config);
}

/* The one with the largest picture, also when a later run did without it. */
GST_START_TEST (test_largest)
{
  g_autoptr (VsArchiveCursor) cursor = NULL;
  g_autoptr (VsRendition) rendition = NULL;
  VsArchiveWriter *writer = archive_open_writer (store, NULL, NULL, NULL);
  VsArchiveState state;

  declare (writer, "small", 360);
  declare (writer, "large", 1080);
  archive_append (writer, "small", 1, 3, NULL);
  archive_append (writer, "large", 1, 3, NULL);
  archive_log_await (&archive_log.stored, 6);
  vs_archive_writer_free (writer, ARCHIVE_PATIENCE);

  writer = archive_open_writer (store, NULL, &state, NULL);
  declare (writer, "small", 360);
  archive_append (writer, "small", 4, 90, &state);
  archive_finish (writer);
  cursor = cursor_open (NULL, NULL, NULL, NULL);
  rendition = vs_archive_cursor_get_rendition (cursor);
  fail_unless_equals_string (rendition->name, "large");
}

GST_END_TEST;

/* GOPs begin each 1.001 s. */
GST_START_TEST (test_ranges)
{
  static const struct
  {
    const gchar *start, *stop;
    guint from, to;
  } rows[] = {
    {NULL, "1", 0, 1},
    {"0", "1.001", 0, 1},
    {"0.5", "0.7", 0, 1},
    {"1", "1.5", 0, 2},
    {"1.001", "1.5", 1, 2},
    {"00:00:01.001", "0:02.002", 1, 2},
    {"2.002", "4.004", 2, 4},
    {"3.5", NULL, 3, GOPS},
    {"3.5", "6.1", 3, 7},
    {"3.5", "3600", 3, GOPS},
    {"-2", NULL, GOPS - 2, GOPS},
    {"-1:00", "-9", 0, 2},
    {"-2", "-1.5", GOPS - 2, GOPS - 1},
    {CUT_UTC_TEXT "03Z", CUT_UTC_TEXT "05.9Z", 2, 6},
    {CUT_UTC_TEXT "03.003", NULL, 3, GOPS},
    {"2026-01-01T01:00:04.004+01:00", CUT_UTC_TEXT "05.005Z", 4, 5},
    {"2025-12-31T23:00:00Z", "3", 0, 3},
  };
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, GOPS);
  g_autoptr (TestReader) source = test_read (bytes->data, bytes->len, 0);

  cut_archive_make (CUT_UTC, bytes, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (VsArchiveCursor) cursor =
        cursor_open (rows[i].start, rows[i].stop, NULL, NULL);
    g_autoptr (VsArchiveChunk) chunk =
        vs_archive_cursor_next (cursor, NULL, NULL);
    GstClockTime duration = vs_archive_cursor_get_duration (cursor);
    Given given;

    GST_INFO ("%s to %s", rows[i].start, rows[i].stop);
    fail_unless (chunk != NULL);
    fail_unless_equals_uint64 (chunk->position, 0);
    /* known with the first of it */
    fail_unless (ABS ((gint64) (duration - (rows[i].to - rows[i].from)
                * CUT_GOP_NS)) <= 2000, "%u: %" GST_TIME_FORMAT, i,
        GST_TIME_ARGS (duration));
    vs_archive_cursor_seek (cursor, 0, VS_ARCHIVE_SNAP_BEFORE,
        GST_CLOCK_TIME_NONE);
    read_to_end (cursor, &given);
    fail_unless_equals_int (given.disconts, 1);
    assert_gops (source, given.bytes, rows[i].from, rows[i].to);
    given_clear (&given);
  }
}

GST_END_TEST;

/* What is told of a segment that was cut is true of what is left. */
GST_START_TEST (test_cut_segment)
{
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, GOPS);
  g_autoptr (VsArchiveCursor) cursor = NULL;
  g_autoptr (VsArchiveChunk) chunk = NULL;
  g_autoptr (TestReader) units = NULL;
  gsize size;
  gconstpointer data;
  guint audio = 0;

  cut_archive_make (CUT_UTC, bytes, TRUE);
  cursor = cursor_open ("3.5", NULL, NULL, NULL);
  chunk = vs_archive_cursor_next (cursor, NULL, NULL);
  fail_unless (chunk && !chunk->whole && chunk->bytes);
  fail_unless (chunk->segment->uri == NULL);
  fail_unless_equals_uint64 (chunk->segment->sequence, 2);
  fail_unless_equals_uint64 (chunk->segment->size, 0);
  fail_unless_equals_int64 (chunk->segment->start_pts_90k,
      START_90K + 3 * CUT_GOP_90K);
  fail_unless_equals_int64 (chunk->segment->utc_us, CUT_UTC + 3003000);
  fail_unless_equals_uint64 (chunk->segment->duration, CUT_GOP_NS);
  fail_unless_equals_int (chunk->segment->n_tracks, 2);
  fail_unless_equals_int64 (chunk->segment->tracks[0].start,
      START_90K + 3 * CUT_GOP_90K);
  fail_unless_equals_int64 (chunk->segment->tracks[0].duration, CUT_GOP_90K);
  data = g_bytes_get_data (chunk->bytes, &size);
  units = test_read (data, size, 0);
  for (guint i = 0; i < units->units->len; i++) {
    const VsTsUnit *unit = &test_reader_get (units, i)->unit;

    if (unit->track == 1 && audio++ == 0)
      fail_unless_equals_int64 (chunk->segment->tracks[1].start,
          unit->pts_90k * 48000 / 90000);
  }
  fail_unless_equals_int64 (chunk->segment->tracks[1].duration, audio * 1024);
}

GST_END_TEST;

/* The keyframe at or before each of 200 places, or another one if wanted. */
GST_START_TEST (test_seek)
{
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, GOPS);
  g_autoptr (TestReader) source = test_read (bytes->data, bytes->len, 0);
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  g_autoptr (VsArchiveCursor) cursor = NULL;

  cut_archive_make (CUT_UTC, bytes, TRUE);
  cursor = cursor_open ("1.5", NULL, NULL, NULL);
  for (guint i = 0; i < 200; i++) {
    VsArchiveSnap snap = i % 3;
    GstClockTime to = g_rand_double_range (rand, 0, (GOPS - 2) * CUT_GOP_NS);
    guint before = (to + GST_MSECOND) / CUT_GOP_NS, gop = before;
    guint until = g_rand_int_range (rand, 1, 4);
    Given given;

    if (snap == VS_ARCHIVE_SNAP_AFTER)
      gop = (to + CUT_GOP_NS - GST_MSECOND - 1) / CUT_GOP_NS;
    else if (snap == VS_ARCHIVE_SNAP_NEAREST)
      gop = (to + CUT_GOP_NS / 2) / CUT_GOP_NS;
    until = MIN (gop + until, GOPS - 1);
    vs_archive_cursor_seek (cursor, to, snap, until * CUT_GOP_NS);
    read_to_end (cursor, &given);
    fail_unless (ABS ((gint64) (given.first - gop * CUT_GOP_NS)) <= 2000,
        "%" GST_TIME_FORMAT " for %" GST_TIME_FORMAT " by %d",
        GST_TIME_ARGS (given.first), GST_TIME_ARGS (to), snap);
    assert_gops (source, given.bytes, 1 + gop, 1 + until);
    given_clear (&given);
  }
  vs_archive_cursor_seek (cursor, GST_SECOND * 3600, VS_ARCHIVE_SNAP_BEFORE,
      GST_CLOCK_TIME_NONE);
  fail_unless (vs_archive_cursor_next (cursor, NULL, NULL) == NULL);
}

GST_END_TEST;

/* ---- gaps --------------------------------------------------------------- */

/* Two runs, 100 s between them: the clock begins anew. */
GST_START_TEST (test_runs)
{
  VsArchiveCursorSettings settings = {.close_gaps = __i__ };
  g_autoptr (GByteArray) first = cut_stream (START_90K, 4);
  g_autoptr (GByteArray) second = cut_stream (START_90K + 500, 4);
  g_autoptr (VsArchiveCursor) cursor = NULL;
  g_autoptr (TestReader) units = NULL;
  const gint64 between = __i__ ? 0 : 100 * GST_SECOND - 4 * CUT_GOP_NS;
  guint jumps = 0;
  Given given;

  cut_archive_make (CUT_UTC, first, FALSE);
  cut_archive_make (CUT_UTC + 100 * G_USEC_PER_SEC, second, TRUE);
  cursor = cursor_open (NULL, NULL, &settings, NULL);
  read_to_end (cursor, &given);
  fail_unless_equals_int (given.chunks, 4);
  fail_unless_equals_int (given.whole, 3);
  fail_unless_equals_int (given.disconts, 2);
  fail_unless_equals_int (given.problems, 0);
  fail_unless_equals_uint64 (given.last, 6 * CUT_GOP_NS + between);
  fail_unless_equals_uint64 (vs_archive_cursor_get_duration (cursor),
      8 * CUT_GOP_NS + between);
  units = read_given (given.bytes);
  for (gsize i = 0; i < given.bytes->len; i += VS_TS_PACKET_SIZE)
    jumps += (given.bytes->data[i + 3] & 0x20) && given.bytes->data[i + 4] > 0
        && (given.bytes->data[i + 5] & 0x80);
  fail_unless (jumps >= 1);
  given_clear (&given);

  /* into the hole: what comes after it */
  vs_archive_cursor_seek (cursor, 4 * CUT_GOP_NS + between / 2 + GST_SECOND / 2,
      VS_ARCHIVE_SNAP_BEFORE, GST_CLOCK_TIME_NONE);
  read_to_end (cursor, &given);
  fail_unless_equals_uint64 (given.first, 4 * CUT_GOP_NS + between);
  fail_unless_equals_int (given.chunks, 2);
  given_clear (&given);
}

GST_END_TEST;

static void
damage (guint64 sequence, guint how)
{
  g_autofree gchar *path = cut_archive_path (sequence);
  g_autofree gchar *data = NULL;
  gsize size;

  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  if (how == 0) {
    g_unlink (path);
    return;
  }
  data[size / 2] ^= 1;
  fail_unless (g_file_set_contents (path, data, how == 1 ? size - 188 : size,
          NULL));
}

/* Missing, truncated, another one: left out and named, or an error. */
GST_START_TEST (test_lost)
{
  VsArchiveCursorSettings settings = { 0 };
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, GOPS);
  g_autoptr (GError) error = NULL;
  g_autoptr (TestReader) units = NULL;
  VsArchiveChunk *chunk;
  Given given;

  cut_archive_make (CUT_UTC, bytes, TRUE);
  damage (2, __i__);
  for (guint close_gaps = 0; close_gaps < 2; close_gaps++) {
    g_autoptr (VsArchiveCursor) cursor = NULL;

    settings.close_gaps = close_gaps;
    cursor = cursor_open (NULL, NULL, &settings, NULL);
    read_to_end (cursor, &given);
    fail_unless_equals_int (given.problems, 1);
    fail_unless_equals_int (given.chunks, GOPS / 2 - 1);
    fail_unless_equals_int (given.disconts, 2);
    fail_unless_equals_uint64 (given.last,
        (GOPS - 2 - 2 * close_gaps) * CUT_GOP_NS);
    fail_unless_equals_uint64 (vs_archive_cursor_get_duration (cursor),
        (GOPS - 2 * close_gaps) * CUT_GOP_NS);
    units = read_given (given.bytes);
    fail_unless_equals_int (test_reader_get (units, 0)->unit.flags &
        VS_TS_UNIT_DAMAGED, 0);
    g_clear_pointer (&units, test_reader_free);
    given_clear (&given);
  }

  settings.fail = TRUE;
  {
    g_autoptr (VsArchiveCursor) cursor =
        cursor_open (NULL, NULL, &settings, NULL);

    chunk = vs_archive_cursor_next (cursor, NULL, NULL);
    fail_unless (chunk != NULL);
    vs_archive_chunk_free (chunk);
    fail_unless (vs_archive_cursor_next (cursor, NULL, &error) == NULL);
    fail_unless (error && strstr (error->message, "index_a_00002.ts"), "%s",
        error ? error->message : "no error");
  }
}

GST_END_TEST;

/* The range's first segment, and one that is sought, are lost. */
GST_START_TEST (test_lost_start)
{
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, GOPS);
  g_autoptr (TestReader) source = test_read (bytes->data, bytes->len, 0);
  g_autoptr (VsArchiveCursor) cursor = NULL;
  Given given;

  cut_archive_make (CUT_UTC, bytes, TRUE);
  damage (1, 0);
  damage (4, 1);
  cursor = cursor_open ("0.5", "5", NULL, NULL);
  read_to_end (cursor, &given);
  fail_unless_equals_int (given.problems, 1);
  fail_unless_equals_uint64 (given.first, 2 * CUT_GOP_NS);
  assert_gops (source, given.bytes, 2, 5);
  given_clear (&given);
  vs_archive_cursor_free (g_steal_pointer (&cursor));

  cursor = cursor_open (NULL, NULL, NULL, NULL);
  vs_archive_cursor_seek (cursor, 6 * CUT_GOP_NS + GST_SECOND / 2,
      VS_ARCHIVE_SNAP_BEFORE, GST_CLOCK_TIME_NONE);
  read_to_end (cursor, &given);
  fail_unless_equals_int (given.problems, 1);
  assert_gops (source, given.bytes, 8, GOPS);
  given_clear (&given);
}

GST_END_TEST;

/* ---- growing ------------------------------------------------------------ */

typedef struct
{
  CutArchive *archive;
  GByteArray *bytes;
} Writing;

static gpointer
write_rest (gpointer user_data)
{
  Writing *writing = user_data;

  cut_archive_push (writing->archive, writing->bytes);
  cut_archive_close (writing->archive, TRUE);
  return NULL;
}

/* All of an archive that is written while it is read; without following, what
 * there was. */
GST_START_TEST (test_follow)
{
  VsArchiveCursorSettings settings = {.follow = TRUE };
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, GOPS);
  g_autoptr (TestReader) source = test_read (bytes->data, bytes->len, 0);
  g_autoptr (GByteArray) begin = g_byte_array_new ();
  g_autoptr (GByteArray) rest = g_byte_array_new ();
  g_autoptr (VsArchiveCursor) cursor = NULL, snapshot = NULL, future = NULL;
  gsize half = bytes->len / 188 / 2 * 188;
  Writing writing = { cut_archive_open (CUT_UTC, 0), rest };
  GThread *thread;
  Given given;

  g_byte_array_append (begin, bytes->data, half);
  g_byte_array_append (rest, bytes->data + half, bytes->len - half);
  cut_archive_push (writing.archive, begin);
  cut_archive_await (writing.archive, 2);
  cursor = cursor_open (NULL, NULL, &settings, NULL);
  future = cursor_open ("8.1", "9", &settings, NULL);
  snapshot = cursor_open (NULL, NULL, NULL, NULL);
  fail_unless (vs_archive_cursor_is_growing (cursor));
  read_to_end (snapshot, &given);
  fail_unless_equals_int (given.chunks, 2);
  given_clear (&given);

  thread = g_thread_new ("writer", write_rest, &writing);
  read_to_end (cursor, &given);
  fail_unless_equals_int (given.whole, GOPS / 2);
  assert_gops (source, given.bytes, 0, GOPS);
  fail_if (vs_archive_cursor_is_growing (cursor));
  given_clear (&given);
  read_to_end (future, &given);
  assert_gops (source, given.bytes, 8, 9);
  given_clear (&given);
  g_thread_join (thread);
}

GST_END_TEST;

/* Retention is faster than whoever reads: what is gone is told once. */
GST_START_TEST (test_pruned)
{
  VsArchiveCursorSettings settings = {.follow = TRUE };
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, 4);
  g_autoptr (GByteArray) more = cut_stream (START_90K + 4 * CUT_GOP_90K, 16);
  g_autoptr (VsArchiveCursor) cursor = NULL;
  Given given;

  cut_archive_make (CUT_UTC, bytes, FALSE);
  cursor = cursor_open (NULL, NULL, &settings, NULL);
  vs_archive_chunk_free (vs_archive_cursor_next (cursor, NULL, NULL));
  {
    CutArchive *archive = cut_archive_open (CUT_UTC + 60 * G_USEC_PER_SEC, 3);

    cut_archive_push (archive, more);
    cut_archive_close (archive, TRUE);
  }
  read_to_end (cursor, &given);
  fail_unless_equals_int (given.problems, 1);
  /* the second, and the three that are left */
  fail_unless_equals_int (given.chunks, 4);
  fail_unless_equals_int (given.disconts, 1);
  fail_unless_equals_uint64 (given.last, 60 * GST_SECOND + 14 * CUT_GOP_NS);
  given_clear (&given);
}

GST_END_TEST;

/* A store that does not answer while new segments are waited for is told of,
 * and borne with. */
GST_START_TEST (test_trouble)
{
  VsArchiveCursorSettings settings = {.follow = TRUE };
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, 4);
  g_autoptr (VsStore) faulty = faulty_store_new (store);
  g_autoptr (VsArchiveCursor) cursor = NULL;
  g_autoptr (VsArchiveChunk) chunk = NULL;
  Given given;

  cut_archive_make (CUT_UTC, bytes, FALSE);
  cursor = vs_archive_cursor_open (faulty, "default", "live", NULL, &settings,
      NULL, NULL);
  for (guint i = 0; i < 2; i++)
    vs_archive_chunk_free (vs_archive_cursor_next (cursor, NULL, NULL));
  faulty_store_set (faulty, FAULT_DEAD, 1);
  chunk = vs_archive_cursor_next (cursor, NULL, NULL);
  fail_unless (chunk && chunk->problem && chunk->segment == NULL);
  faulty_store_set (faulty, FAULT_NONE, 0);
  cut_archive_make (CUT_UTC + 60 * G_USEC_PER_SEC, bytes, TRUE);
  read_to_end (cursor, &given);
  fail_unless_equals_int (given.problems, 0);
  fail_unless_equals_int (given.chunks, 2);
  given_clear (&given);
}

GST_END_TEST;

static gpointer
cancel (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return NULL;
}

/* Who waits for more is woken up, and may go on. */
GST_START_TEST (test_cancel)
{
  VsArchiveCursorSettings settings = {.follow = TRUE };
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, 4);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (VsArchiveCursor) cursor = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;

  cut_archive_make (CUT_UTC, bytes, FALSE);
  cursor = cursor_open ("-1", NULL, &settings, NULL);
  vs_archive_chunk_free (vs_archive_cursor_next (cursor, cancellable, NULL));
  thread = g_thread_new ("cancel", cancel, cancellable);
  fail_unless (vs_archive_cursor_next (cursor, cancellable, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_thread_join (thread);
  g_cancellable_reset (cancellable);
  vs_archive_cursor_seek (cursor, 0, VS_ARCHIVE_SNAP_BEFORE,
      GST_CLOCK_TIME_NONE);
  vs_archive_chunk_free (vs_archive_cursor_next (cursor, cancellable, NULL));
}

GST_END_TEST;

/* ---- errors ------------------------------------------------------------- */

static void
assert_refused (const gchar * start, const gchar * stop,
    const gchar * rendition, GIOErrorEnum code, const gchar * named)
{
  VsArchiveCursorSettings settings = {.rendition = rendition };
  g_autoptr (GError) error = NULL;
  g_autoptr (VsArchiveCursor) cursor =
      cursor_open (start, stop, &settings, &error);

  if (cursor)
    fail_unless (vs_archive_cursor_next (cursor, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, code), "%s",
      error ? error->message : "no error");
  fail_unless (strstr (error->message, named) != NULL, "%s", error->message);
}

GST_START_TEST (test_refused)
{
  g_autoptr (GByteArray) bytes = cut_stream (START_90K, 4);

  assert_refused (NULL, NULL, NULL, G_IO_ERROR_NOT_FOUND, "default/live");
  cut_archive_make (CUT_UTC, bytes, TRUE);
  assert_refused (NULL, NULL, "b", G_IO_ERROR_NOT_FOUND, "it has a");
  assert_refused ("3", "2", NULL, G_IO_ERROR_INVALID_ARGUMENT, "stop");
  assert_refused ("60", NULL, NULL, G_IO_ERROR_INVALID_ARGUMENT,
      CUT_UTC_TEXT "00Z");
  assert_refused (NULL, "2025-01-01T00:00:00Z", NULL,
      G_IO_ERROR_INVALID_ARGUMENT, "stop");
}

GST_END_TEST;

static Suite *
archivecursor_suite (void)
{
  Suite *suite = suite_create ("archivecursor");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_loop_test (tcase, test_whole, 0, 2);
  tcase_add_test (tcase, test_largest);
  tcase_add_test (tcase, test_ranges);
  tcase_add_test (tcase, test_cut_segment);
  tcase_add_test (tcase, test_seek);
  tcase_add_loop_test (tcase, test_runs, 0, 2);
  tcase_add_loop_test (tcase, test_lost, 0, 3);
  tcase_add_test (tcase, test_lost_start);
  tcase_add_test (tcase, test_follow);
  tcase_add_test (tcase, test_pruned);
  tcase_add_test (tcase, test_trouble);
  tcase_add_test (tcase, test_cancel);
  tcase_add_test (tcase, test_refused);
  return suite;
}

GST_CHECK_MAIN (archivecursor);
