/* VisionStream: tests of parts of events that become archives of their own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mpegts/tshelper.h"

#include "archive/ladderarchive.h"
#include "archive/vsharvest.h"
#include "store/faultystore.h"
#include "store/vsstoreclass.h"

#define START_90K G_GINT64_CONSTANT (900000)
#define GOPS 10
#define CLIP "default/clip"

/* What a harvest said, and what is to happen while it goes on */
typedef struct
{
  guint progress, problems;
  guint64 last;                 /* segments at the last progress */
  gchar *problem;               /* the last one */
  GCancellable *cancellable;
  guint cancel_at;              /* segments; 0 for never */
} Said;

static void
on_progress (const VsHarvestStatus * status, gpointer user_data)
{
  Said *said = user_data;

  said->progress++;
  fail_unless (status->segments >= said->last);
  said->last = status->segments;
  if (said->cancel_at && status->segments >= said->cancel_at)
    g_cancellable_cancel (said->cancellable);
}

static void
on_problem (const GError * error, gpointer user_data)
{
  Said *said = user_data;

  said->problems++;
  g_free (said->problem);
  said->problem = g_strdup (error->message);
}

static void
said_clear (Said * said)
{
  g_clear_pointer (&said->problem, g_free);
  g_clear_object (&said->cancellable);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Said, said_clear)
     static const VsHarvestCallbacks callbacks = { on_progress, on_problem };

#define CLIP_SETTINGS {.source = store,.account = "default", \
    .event = "live",.destination = store,.to_account = "default", \
    .to_event = "clip"}

static void
set_range (VsHarvestSettings * settings, const gchar * start,
    const gchar * stop)
{
  fail_unless (vs_archive_time_parse (start, &settings->start, NULL));
  fail_unless (vs_archive_time_parse (stop, &settings->stop, NULL));
}

static void
harvest (const gchar * start, const gchar * stop, Said * said,
    VsHarvestStatus * status)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_autoptr (GError) error = NULL;

  set_range (&settings, start, stop);
  fail_unless (vs_harvest_run (&settings, &callbacks, said, status, NULL,
          &error), "%s to %s: %s", start, stop, error ? error->message : "");
  fail_unless_equals_uint64 (said->last, status->segments);
}

static void
remove_clip (void)
{
  g_autofree gchar *path = g_build_filename (root, CLIP, NULL);

  test_folder_remove (path);
}

static void
assert_nothing_left (VsStore * where)
{
  g_autoptr (GPtrArray) left = vs_store_list (where, CLIP, NULL, NULL, NULL);

  fail_unless (left != NULL);
  fail_unless_equals_int (left->len, 0);
}

/* ---- comparing ---------------------------------------------------------- */

static GBytes *
read_segment (VsStore * where, const gchar * folder, const VsSegment * segment)
{
  g_autofree gchar *key = g_strconcat (folder, "/", segment->uri, NULL);
  GBytes *bytes = vs_store_get (where, key, 0, -1, 1 << 26, NULL, NULL);

  fail_unless (bytes != NULL, "%s", key);
  return bytes;
}

/* All units that a rendition of the clip has. */
static TestReader *
read_clip (GPtrArray * entries)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint i = 0; i < entries->len; i++) {
    const VsSegment *segment = g_ptr_array_index (entries, i);
    g_autoptr (GBytes) bytes = NULL;
    gsize size;
    gconstpointer data;

    if (segment->gap)
      continue;
    bytes = read_segment (store, CLIP, segment);
    data = g_bytes_get_data (bytes, &size);
    g_byte_array_append (all, data, size);
  }
  return test_read (all->data, all->len, 0);
}

static gboolean
is_in (const VsTsUnit * unit, gint64 from_90k, gint64 to_90k)
{
  /* B-frames of this stream are shown within their GOP */
  return unit->pts_90k + 2 >= from_90k && unit->pts_90k + 2 < to_90k;
}

/* Units of the GOPs [from, to) of a stream, and nothing else. */
static void
assert_units (const GByteArray * bytes, TestReader * given, guint from,
    guint to)
{
  g_autoptr (TestReader) source = test_read (bytes->data, bytes->len, 0);
  gint64 start = START_90K + from * CUT_GOP_90K;
  gint64 end = START_90K + to * CUT_GOP_90K;
  guint n = 0;

  for (guint track = 0; track < source->program->n_tracks; track++) {
    guint k = 0;

    for (guint i = 0; i < source->units->len; i++) {
      const VsTsUnit *was = &test_reader_get (source, i)->unit;
      const VsTsUnit *is;

      if (was->track != track || !is_in (was, start, end))
        continue;
      while (k < given->units->len
          && test_reader_get (given, k)->unit.track != track)
        k++;
      is = &test_reader_get (given, k++)->unit;
      fail_unless_equals_int64 (is->pts_90k, was->pts_90k);
      fail_unless_equals_int64 (is->dts_90k, was->dts_90k);
      fail_unless_equals_uint64 (is->size, was->size);
      fail_unless (memcmp (is->data, was->data, is->size) == 0);
      n++;
    }
  }
  fail_unless_equals_int (n, given->units->len);
}

/* Boundaries are the same in all renditions, and touch each other. */
static void
assert_aligned (GPtrArray * entries, GPtrArray * others)
{
  fail_unless_equals_int (entries->len, others->len);
  for (guint i = 0; i < entries->len; i++) {
    const VsSegment *a = g_ptr_array_index (entries, i);
    const VsSegment *b = g_ptr_array_index (others, i);

    fail_unless_equals_uint64 (a->sequence, i + 1);
    fail_unless_equals_uint64 (b->sequence, i + 1);
    fail_unless_equals_int64 (a->start_pts_90k, b->start_pts_90k);
    fail_unless_equals_int64 (a->utc_us, b->utc_us);
    fail_unless_equals_uint64 (a->duration, b->duration);
    fail_unless_equals_uint64 (a->run, b->run);
  }
}

static void
assert_clip (const Ladder * ladder, guint from, guint to)
{
  g_autoptr (GPtrArray) reference =
      archive_check_ended (store, CLIP, ladder_names[0]);
  const VsSegment *head = g_ptr_array_index (reference, 0);
  GstClockTime duration = 0;

  for (guint i = 0; i < LADDER_N; i++) {
    g_autoptr (GPtrArray) entries =
        archive_check_ended (store, CLIP, ladder_names[i]);
    g_autoptr (TestReader) given = read_clip (entries);
    VsTsStats stats;

    assert_aligned (reference, entries);
    assert_units (ladder->bytes[i], given, from, to);
    vs_ts_reader_get_stats (given->reader, &stats);
    fail_unless_equals_uint64 (stats.continuity_errors, 0);
  }
  for (guint i = 0; i < reference->len; i++)
    duration +=
        ((const VsSegment *) g_ptr_array_index (reference, i))->duration;
  fail_unless_equals_int64 (head->start_pts_90k,
      START_90K + from * CUT_GOP_90K);
  fail_unless (ABS ((gint64) (duration - (to - from) * CUT_GOP_NS)) < 1000,
      "%" GST_TIME_FORMAT, GST_TIME_ARGS (duration));
}

/* ---- ranges ------------------------------------------------------------- */

/* GOPs begin each 1.001 s, and two of them make a segment. */
GST_START_TEST (test_ranges)
{
  static const struct
  {
    const gchar *start, *stop;
    guint from, to;
  } rows[] = {
    {NULL, NULL, 0, GOPS},
    {NULL, "1", 0, 1},
    {"0", "1.001", 0, 1},
    {"0.5", "0.7", 0, 1},
    {"1.001", "1.5", 1, 2},
    {"2.002", "4.004", 2, 4},
    {"3.5", NULL, 3, GOPS},
    {"3.5", "6.1", 3, 7},
    {"3.1", "7.9", 3, 8},
    {"3.5", "3600", 3, GOPS},
    {"-2", NULL, GOPS - 2, GOPS},
    {"-1:00", "-9", 0, 2},
    {"-2", "-1.5", GOPS - 2, GOPS - 1},
    {CUT_UTC_TEXT "03Z", CUT_UTC_TEXT "05.9Z", 2, 6},
    {"2025-12-31T23:00:00Z", "3", 0, 3},
  };
  g_auto (Ladder) ladder = { 0 };

  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    guint segments = (rows[i].to + 1) / 2 - rows[i].from / 2;
    g_auto (Said) said = { 0 };
    VsHarvestStatus status;

    GST_INFO ("%s to %s", rows[i].start, rows[i].stop);
    harvest (rows[i].start, rows[i].stop, &said, &status);
    assert_clip (&ladder, rows[i].from, rows[i].to);
    fail_unless_equals_int (said.problems, 0);
    fail_unless_equals_uint64 (status.segments, segments * LADDER_N);
    fail_unless_equals_uint64 (status.gaps, 0);
    fail_unless (ABS ((gint64) (status.duration
                - (rows[i].to - rows[i].from) * CUT_GOP_NS)) <= 2000);
    remove_clip ();
  }
}

GST_END_TEST;

/* Another chain's renditions are none of the event's, and none of a clip's. */
GST_START_TEST (test_redundant)
{
  static const gchar other[] = "#VISIONSTREAM-REDUNDANT\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=1\n../live-1/index_a.m3u8\n";
  g_autofree gchar *from =
      g_build_filename (root, ARCHIVE_FOLDER, "index.m3u8", NULL);
  g_autofree gchar *to = g_build_filename (root, CLIP "/index.m3u8", NULL);
  g_autofree gchar *text = NULL, *all = NULL, *clip = NULL;
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  VsHarvestStatus status;

  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  fail_unless (g_file_get_contents (from, &text, NULL, NULL));
  all = g_strconcat (text, other, NULL);
  fail_unless (g_file_set_contents (from, all, -1, NULL));
  harvest ("3.1", "7.9", &said, &status);
  assert_clip (&ladder, 3, 8);
  fail_unless_equals_int (said.problems, 0);
  fail_unless (g_file_get_contents (to, &clip, NULL, NULL));
  fail_unless (strstr (clip, "..") == NULL, "%s", clip);
}

GST_END_TEST;

/* What is not cut is the same, byte for byte, and so is what is told of it. */
GST_START_TEST (test_whole_segments)
{
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  VsHarvestStatus status;

  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  harvest ("3.1", "9", &said, &status);
  for (guint i = 0; i < LADDER_N; i++) {
    g_autoptr (GPtrArray) was =
        archive_check_ended (store, ARCHIVE_FOLDER, ladder_names[i]);
    g_autoptr (GPtrArray) is =
        archive_check_ended (store, CLIP, ladder_names[i]);

    fail_unless_equals_int (is->len, 4);
    /* segments 2 (cut), 3, 4, 5 (cut) */
    for (guint k = 1; k < 3; k++) {
      const VsSegment *a = g_ptr_array_index (was, k + 1);
      const VsSegment *b = g_ptr_array_index (is, k);
      g_autoptr (GBytes) x = read_segment (store, ARCHIVE_FOLDER, a);
      g_autoptr (GBytes) y = read_segment (store, CLIP, b);

      fail_unless (g_bytes_equal (x, y));
      fail_unless (memcmp (a->sha256, b->sha256, sizeof a->sha256) == 0);
      fail_unless_equals_int64 (a->start_pts_90k, b->start_pts_90k);
      fail_unless_equals_int64 (a->run_start_pts_90k, b->run_start_pts_90k);
      fail_unless_equals_int64 (a->utc_us, b->utc_us);
      fail_unless_equals_int64 (a->event_utc_us, b->event_utc_us);
      fail_unless_equals_uint64 (a->duration, b->duration);
      fail_unless_equals_int (a->n_tracks, b->n_tracks);
      fail_unless (memcmp (a->tracks, b->tracks,
              a->n_tracks * sizeof a->tracks[0]) == 0);
    }
    fail_unless_equals_int64 (status.start_us, CUT_UTC + 3003000);
  }
}

GST_END_TEST;

/* From the sealed parts of one into the parts of the other */
GST_START_TEST (test_parts)
{
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  g_autofree gchar *part = g_strconcat (CLIP "/index_b.00097.m3u8", NULL);
  g_autoptr (VsStoreObject) object = NULL;
  VsHarvestStatus status;

  ladder_init (&ladder, START_90K, 400);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  harvest ("0:21.5", "4:55", &said, &status);
  assert_clip (&ladder, 21, 295);
  object = vs_store_stat (store, part, NULL, NULL);
  fail_unless (object != NULL);
  fail_unless_equals_uint64 (status.total, status.segments);
}

GST_END_TEST;

/* ---- what is missing ---------------------------------------------------- */

/* Two runs, 100 s between them: the clip's own runs begin at 0. */
GST_START_TEST (test_runs)
{
  g_auto (Ladder) first = { 0 };
  g_auto (Ladder) second = { 0 };
  g_auto (Ladder) third = { 0 };
  g_auto (Said) said = { 0 };
  g_autoptr (GPtrArray) entries = NULL;
  const VsSegment *segment;
  VsHarvestStatus status;

  ladder_init (&first, START_90K, 4);
  ladder_init (&second, START_90K + 500, 4);
  ladder_init (&third, START_90K + 900, 4);
  ladder_archive_make (CUT_UTC, &first, FALSE);
  ladder_archive_make (CUT_UTC + 100 * G_USEC_PER_SEC, &second, FALSE);
  ladder_archive_make (CUT_UTC + 200 * G_USEC_PER_SEC, &third, TRUE);
  harvest ("1:41.5", "3:21", &said, &status);
  for (guint i = 0; i < LADDER_N; i++) {
    g_clear_pointer (&entries, g_ptr_array_unref);
    entries = archive_check_ended (store, CLIP, ladder_names[i]);
    fail_unless_equals_int (entries->len, 3);
    segment = g_ptr_array_index (entries, 0);
    fail_unless_equals_uint64 (segment->run, 0);
    fail_unless_equals_uint64 (segment->discontinuity_sequence, 0);
    fail_if (segment->discontinuity);
    fail_unless_equals_int64 (segment->start_pts_90k,
        START_90K + 500 + CUT_GOP_90K);
    segment = g_ptr_array_index (entries, 2);
    fail_unless_equals_uint64 (segment->run, 1);
    fail_unless (segment->discontinuity);
    fail_unless_equals_int64 (segment->utc_us, CUT_UTC + 200 * G_USEC_PER_SEC);
    fail_unless_equals_uint64 (segment->duration, CUT_GOP_NS);
  }
  fail_unless_equals_int (said.problems, 0);
  remove_clip ();
  said.last = 0;

  /* from a time of which nothing is stored */
  harvest ("50", "1:41", &said, &status);
  g_clear_pointer (&entries, g_ptr_array_unref);
  entries = archive_check_ended (store, CLIP, "a");
  fail_unless_equals_int (entries->len, 1);
  segment = g_ptr_array_index (entries, 0);
  fail_unless_equals_int64 (segment->utc_us, CUT_UTC + 100 * G_USEC_PER_SEC);
}

GST_END_TEST;

static void
damage (const gchar * rendition, guint64 sequence, guint how)
{
  g_autofree gchar *name = vs_archive_segment_name (rendition, sequence);
  g_autofree gchar *path = g_build_filename (root, ARCHIVE_FOLDER, name, NULL);
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

static void
assert_gap (const gchar * rendition, guint sequence)
{
  g_autoptr (GPtrArray) entries = archive_check_ended (store, CLIP, rendition);
  g_autofree gchar *list = g_strdup_printf ("%s/" CLIP "/index_%s.m3u8", root,
      rendition);
  g_autofree gchar *text = NULL;

  for (guint i = 0; i < entries->len; i++)
    fail_unless_equals_int (((VsSegment *) g_ptr_array_index (entries,
                i))->gap, i + 1 == sequence);
  fail_unless (g_file_get_contents (list, &text, NULL, NULL));
  fail_unless (!!strstr (text, "#EXT-X-GAP") == !!sequence);
}

/* Missing, truncated, another one, at each end and in between: a gap in its
 * rendition, and said; all others have it. */
GST_START_TEST (test_lost)
{
  g_auto (Ladder) ladder = { 0 };

  ladder_init (&ladder, START_90K, GOPS);
  for (guint rung = 0; rung < LADDER_N; rung++) {
    for (guint64 sequence = 2; sequence <= 4; sequence++) {
      g_autofree gchar *live = g_build_filename (root, ARCHIVE_FOLDER, NULL);
      g_auto (Said) said = { 0 };
      VsHarvestStatus status;

      ladder_archive_make (CUT_UTC, &ladder, TRUE);
      damage (ladder_names[rung], sequence, __i__);
      harvest ("3.1", "7", &said, &status);
      fail_unless_equals_int (said.problems, 1);
      fail_unless (strstr (said.problem, "index_") != NULL, "%s", said.problem);
      fail_unless_equals_uint64 (status.gaps, 1);
      for (guint i = 0; i < LADDER_N; i++) {
        g_autoptr (GPtrArray) a =
            archive_check_ended (store, CLIP, ladder_names[0]);
        g_autoptr (GPtrArray) b =
            archive_check_ended (store, CLIP, ladder_names[i]);

        assert_gap (ladder_names[i], i == rung ? sequence - 1 : 0);
        assert_aligned (a, b);
        fail_unless_equals_int64 (((VsSegment *) g_ptr_array_index (b,
                    0))->utc_us, CUT_UTC + 3003000);
      }
      remove_clip ();
      test_folder_remove (live);
    }
  }
}

GST_END_TEST;

/* A clip of which nothing can be read is none. */
GST_START_TEST (test_all_lost)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  g_autoptr (GError) error = NULL;
  VsHarvestStatus status;

  set_range (&settings, "2.1", "4");
  ladder_init (&ladder, START_90K, 6);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  for (guint i = 0; i < LADDER_N; i++)
    damage (ladder_names[i], 2, 0);
  fail_if (vs_harvest_run (&settings, &callbacks, &said, &status, NULL,
          &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  assert_nothing_left (store);
}

GST_END_TEST;

/* ---- a live source ------------------------------------------------------ */

typedef struct
{
  LadderArchive *archive;
  const Ladder *ladder;
} Writing;

static gpointer
write_rest (gpointer user_data)
{
  Writing *writing = user_data;

  ladder_archive_push (writing->archive, writing->ladder, 1, 2);
  ladder_archive_close (writing->archive, TRUE);
  return NULL;
}

/* Up to a stop that is still to come, or up to the end ahead of it; without
 * one up to what there is. */
GST_START_TEST (test_live)
{
  static const struct
  {
    const gchar *start, *stop;
    guint from, to;
  } rows[] = {
    {"1.5", "7.5", 1, 8},
    {"1.5", "8.008", 1, 8},
    {"7.1", "3600", 7, GOPS},
  };
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  g_autoptr (GPtrArray) now = NULL;
  Writing writing = { ladder_archive_open (CUT_UTC), &ladder };
  VsHarvestStatus status;
  GThread *thread;

  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_push (writing.archive, &ladder, 0, 2);
  archive_log_await (&archive_log.stored, 2 * LADDER_N);
  harvest ("1.5", NULL, &said, &status);
  now = archive_check_ended (store, CLIP, "a");
  fail_unless (now->len >= 1 && now->len < GOPS / 2);
  remove_clip ();

  thread = g_thread_new ("writer", write_rest, &writing);
  said.last = 0;
  harvest (rows[__i__].start, rows[__i__].stop, &said, &status);
  assert_clip (&ladder, rows[__i__].from, rows[__i__].to);
  g_thread_join (thread);
}

GST_END_TEST;

/* Whoever wrote it is gone: the clip ends where that stopped. */
GST_START_TEST (test_stalled)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  VsHarvestStatus status;

  set_range (&settings, "1.5", "3600");
  settings.patience = GST_SECOND;
  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, FALSE);
  fail_unless (vs_harvest_run (&settings, &callbacks, &said, &status, NULL,
          NULL));
  assert_clip (&ladder, 1, GOPS);
}

GST_END_TEST;

/* ---- what goes wrong ---------------------------------------------------- */

static void
assert_refused (const VsHarvestSettings * settings, GIOErrorEnum code,
    const gchar * named)
{
  g_auto (Said) said = { 0 };
  g_autoptr (GError) error = NULL;
  VsHarvestStatus status;

  fail_if (vs_harvest_run (settings, &callbacks, &said, &status, NULL, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, code), "%s",
      error ? error->message : "no error");
  fail_unless (strstr (error->message, named) != NULL, "%s", error->message);
}

GST_START_TEST (test_refused)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_auto (Ladder) ladder = { 0 };
  VsHarvestSettings to_itself = CLIP_SETTINGS;

  set_range (&settings, "2", "3");
  assert_refused (&settings, G_IO_ERROR_NOT_FOUND, ARCHIVE_FOLDER);
  ladder_init (&ladder, START_90K, 4);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  set_range (&settings, "3", "2");
  assert_refused (&settings, G_IO_ERROR_INVALID_ARGUMENT, "stop");
  set_range (&settings, "60", NULL);
  assert_refused (&settings, G_IO_ERROR_INVALID_ARGUMENT, CUT_UTC_TEXT "00Z");
  set_range (&settings, NULL, "2025-01-01T00:00:00Z");
  assert_refused (&settings, G_IO_ERROR_INVALID_ARGUMENT, CUT_UTC_TEXT "00Z");
  to_itself.to_event = "live";
  assert_refused (&to_itself, G_IO_ERROR_EXISTS, ARCHIVE_FOLDER);
  assert_nothing_left (store);
  archive_check (store, ARCHIVE_FOLDER);
}

GST_END_TEST;

/* What is there stays as it is; what a dead harvest left does not count. */
GST_START_TEST (test_exists)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  g_autofree gchar *main = g_build_filename (root, CLIP "/index.m3u8", NULL);
  VsHarvestStatus status;

  set_range (&settings, "2", "3");
  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  harvest ("0", "8", &said, &status);
  assert_refused (&settings, G_IO_ERROR_EXISTS, CLIP);
  assert_clip (&ladder, 0, 8);

  fail_unless_equals_int (g_unlink (main), 0);
  said.last = 0;
  harvest ("1.1", "2.1", &said, &status);
  assert_clip (&ladder, 1, 3);
  {
    g_autoptr (GPtrArray) left = vs_store_list (store, CLIP, ".ts", NULL, NULL);

    fail_unless_equals_int (left->len, status.segments);
  }
}

GST_END_TEST;

GST_START_TEST (test_cancel)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_auto (Ladder) ladder = { 0 };

  set_range (&settings, NULL, NULL);
  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  for (guint at = 1; at <= GOPS / 2 * LADDER_N; at++) {
    g_auto (Said) said = {.cancel_at = at };
    g_autoptr (GError) error = NULL;
    VsHarvestStatus status;

    said.cancellable = g_cancellable_new ();
    fail_if (vs_harvest_run (&settings, &callbacks, &said, &status,
            said.cancellable, &error));
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_nothing_left (store);
  }
}

GST_END_TEST;

/* The clip is there as a whole, or nothing of it is and it is said why. */
static gboolean
run_on_faulty (VsHarvestSettings * settings, const Ladder * ladder,
    gboolean * came)
{
  g_auto (Said) said = { 0 };
  g_autoptr (GError) error = NULL;
  VsHarvestStatus status;
  gboolean ok = vs_harvest_run (settings, &callbacks, &said, &status, NULL,
      &error);

  *came = faulty_store_has_failed (settings->destination);
  faulty_store_set (settings->destination, FAULT_NONE, 0);
  fail_unless (ok == (error == NULL));
  if (ok)
    assert_clip (ladder, 1, 8);
  else
    fail_unless (vs_store_stat (store, CLIP "/index.m3u8", NULL, NULL) == NULL);
  remove_clip ();
  return ok;
}

/* The destination fails once, at each of its operations. */
GST_START_TEST (test_destination_fails_once)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_autoptr (VsStore) faulty = faulty_store_new (store);
  g_auto (Ladder) ladder = { 0 };
  gboolean failed = TRUE;
  guint succeeded = 0;

  set_range (&settings, "1.5", "7.5");
  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  settings.destination = faulty;
  for (guint at = 1; failed; at++) {
    faulty_store_set (faulty, __i__ ? FAULT_LIE : FAULT_ONCE, at);
    succeeded += run_on_faulty (&settings, &ladder, &failed);
    if (at > 1000)
      fail ("the fault never came");
  }
  fail_unless (succeeded > 10);
}

GST_END_TEST;

/* It is full: borne with for a while. */
GST_START_TEST (test_destination_full)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_autoptr (VsStore) faulty = faulty_store_new (store);
  g_auto (Ladder) ladder = { 0 };

  set_range (&settings, "1.5", "7.5");
  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  settings.destination = faulty;
  settings.patience = GST_SECOND / 2;
  faulty_store_set (faulty, FAULT_FULL, 0);
  assert_refused (&settings, G_IO_ERROR_NO_SPACE, "index_");
  faulty_store_set (faulty, FAULT_NONE, 0);
  assert_nothing_left (store);
}

GST_END_TEST;

/* ---- through a spool ---------------------------------------------------- */

typedef struct
{
  VsStore *faulty;
  VsStoreClass class;
  gchar *spool_root;
  VsStore *local;
} Remote;

static void
remote_init (Remote * remote)
{
  remote->faulty = faulty_store_new (store);
  remote->class = *remote->faulty->klass;
  remote->class.is_remote = TRUE;
  remote->faulty->klass = &remote->class;
  remote->spool_root = g_strconcat (root, "-spool", NULL);
  remote->local = vs_store_open (remote->spool_root, TRUE, NULL);
}

static void
remote_clear (Remote * remote)
{
  vs_store_unref (remote->faulty);
  vs_store_unref (remote->local);
  test_folder_remove (remote->spool_root);
  g_free (remote->spool_root);
}

/* All of it is sent when it is done; cancelled, or failing, nothing stays. */
GST_START_TEST (test_spool)
{
  VsHarvestSettings settings = CLIP_SETTINGS;
  g_auto (Ladder) ladder = { 0 };
  g_auto (Said) said = { 0 };
  g_auto (Said) cancelled = {.cancel_at = 5 };
  VsHarvestStatus status;
  Remote remote;

  set_range (&settings, "1.5", "7.5");
  remote_init (&remote);
  ladder_init (&ladder, START_90K, GOPS);
  ladder_archive_make (CUT_UTC, &ladder, TRUE);
  settings.destination = remote.faulty;
  assert_refused (&settings, G_IO_ERROR_INVALID_ARGUMENT, "spool");
  settings.spool = remote.local;
  fail_unless (vs_harvest_run (&settings, &callbacks, &said, &status, NULL,
          NULL));
  assert_clip (&ladder, 1, 8);
  assert_refused (&settings, G_IO_ERROR_EXISTS, CLIP);
  remove_clip ();

  cancelled.cancellable = g_cancellable_new ();
  fail_if (vs_harvest_run (&settings, &callbacks, &cancelled, &status,
          cancelled.cancellable, NULL));
  assert_nothing_left (store);

  settings.patience = GST_SECOND / 2;
  faulty_store_set (remote.faulty, FAULT_FULL, 0);
  assert_refused (&settings, G_IO_ERROR_NO_SPACE, "");
  faulty_store_set (remote.faulty, FAULT_NONE, 0);
  assert_nothing_left (store);
  {
    g_autoptr (GPtrArray) folders =
        vs_store_list (remote.local, "", "/", NULL, NULL);

    fail_unless_equals_int (folders->len, 1);
    {
      const VsStoreObject *folder = g_ptr_array_index (folders, 0);
      g_autofree gchar *key = g_strndup (folder->key, strlen (folder->key) - 1);
      g_autoptr (GPtrArray) left =
          vs_store_list (remote.local, key, NULL, NULL, NULL);

      fail_unless_equals_int (left->len, 0);
    }
  }
  remote_clear (&remote);
}

GST_END_TEST;

static Suite *
harvest_suite (void)
{
  Suite *suite = suite_create ("harvest");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_test (tcase, test_ranges);
  tcase_add_test (tcase, test_redundant);
  tcase_add_test (tcase, test_whole_segments);
  tcase_add_test (tcase, test_parts);
  tcase_add_test (tcase, test_runs);
  tcase_add_loop_test (tcase, test_lost, 0, 3);
  tcase_add_test (tcase, test_all_lost);
  tcase_add_loop_test (tcase, test_live, 0, 3);
  tcase_add_test (tcase, test_stalled);
  tcase_add_test (tcase, test_refused);
  tcase_add_test (tcase, test_exists);
  tcase_add_test (tcase, test_cancel);
  tcase_add_loop_test (tcase, test_destination_fails_once, 0, 2);
  tcase_add_test (tcase, test_destination_full);
  tcase_add_test (tcase, test_spool);
  return suite;
}

GST_CHECK_MAIN (harvest);
