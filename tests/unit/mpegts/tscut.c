/* VisionStream: tests of a part of a stored segment, cut at keyframes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tshelper.h"

#include "mpegts/vstscut.h"

/* Several frames of sound a PES packet, packets of the tracks mixed; MPEG-2
 * with open GOPs; sound alone. Two seconds, a keyframe each 12 pictures. */
static const gchar *const clips[] = {
  "-map 0 -map 1 -c:v libx264 -bf 3 -g 12 -c:a aac",
  "-map 1 -map 0 -c:v mpeg2video -bf 2 -g 12 -c:a mp2 "
      "-mpegts_start_pid 0x300 -mpegts_pmt_start_pid 0x200",
  "-map 1 -c:a aac",
};

static VsTsKey
nth_key (const GArray * keys, guint i)
{
  fail_unless (i < keys->len);
  return g_array_index (keys, VsTsKey, i);
}

static gboolean
is_leader (const TestReader * whole, const VsTsUnit * unit)
{
  VsMediaType type =
      vs_codec_get_media_type (whole->program->tracks[unit->track].codec);

  return type == VS_MEDIA_VIDEO || whole->program->n_tracks == 1;
}

/* The units that @whole has between two keyframes; NULL for its ends. */
static guint
count_between (TestReader * whole, TestReader * part, const VsTsKey * from,
    const VsTsKey * to)
{
  guint index = 0, n = 0;
  guint next[VS_TS_MAX_TRACKS] = { 0, };

  for (guint i = 0; i < whole->units->len; i++) {
    const VsTsUnit *was = &test_reader_get (whole, i)->unit, *is;
    gboolean leads = is_leader (whole, was);
    gboolean in = leads ? (from == NULL || index >= from->index)
        && (to == NULL || index < to->index) :
        (from == NULL || was->pts_90k + 2 >= from->pts_90k)
        && (to == NULL || was->pts_90k + 2 < to->pts_90k);
    guint *k = &next[was->track];

    index += leads;
    if (!in)
      continue;
    while (*k < part->units->len
        && test_reader_get (part, *k)->unit.track != was->track)
      ++ * k;
    is = &test_reader_get (part, (*k)++)->unit;
    fail_unless_equals_int64 (is->pts_90k, was->pts_90k);
    fail_unless_equals_int64 (is->dts_90k, was->dts_90k);
    fail_unless (is->size >= was->size);
    /* a delimiter may have been put ahead of it */
    fail_unless (memcmp (is->data + is->size - was->size, was->data,
            was->size) == 0);
    n++;
  }
  return n;
}

static void
assert_cut (TestReader * whole, GBytes * ts, const VsTsKey * from,
    const VsTsKey * to)
{
  VsTsCut told;
  g_autoptr (GBytes) cut = vs_ts_cut (ts, 0, from, to, &told);
  g_autoptr (TestReader) part = NULL;
  VsTsStats stats;
  gsize size;
  gconstpointer data;

  fail_unless (cut != NULL);
  data = g_bytes_get_data (cut, &size);
  part = test_read (data, size, 0);
  vs_ts_reader_get_stats (part->reader, &stats);
  fail_unless_equals_uint64 (stats.continuity_errors, 0);
  fail_unless_equals_uint64 (stats.crc_errors, 0);
  fail_unless_equals_int (part->program->n_tracks, whole->program->n_tracks);
  fail_unless_equals_int (part->program->pmt_pid, whole->program->pmt_pid);
  for (guint i = 0; i < part->program->n_tracks; i++)
    fail_unless_equals_int (part->program->tracks[i].pid,
        whole->program->tracks[i].pid);
  fail_unless_equals_int (count_between (whole, part, from, to),
      part->units->len);
  fail_unless_equals_int (told.kept[VS_MEDIA_VIDEO]
      + told.kept[VS_MEDIA_AUDIO], part->units->len);
  fail_unless_equals_int (told.before[VS_MEDIA_VIDEO] > 0,
      from && from->index > 0 && whole->program->n_tracks > 1);
  fail_unless_equals_int (told.after[VS_MEDIA_VIDEO] > 0,
      to && whole->program->n_tracks > 1);
}

GST_START_TEST (test_clips)
{
  g_autofree gchar *folder = test_folder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (clips); i++) {
    g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[i], NULL);
    g_autoptr (TestReader) whole = NULL;
    g_autoptr (GArray) keys = NULL;
    gsize size;
    gconstpointer data;

    if (ts == NULL)
      continue;
    data = g_bytes_get_data (ts, &size);
    whole = test_read (data, size, 0);
    keys = vs_ts_find_keys (ts, 0);
    fail_unless (keys->len >= 4, "%u", keys->len);
    for (guint k = 0; k < 3; k++) {
      VsTsKey from = nth_key (keys, k), to = nth_key (keys, k + 1);

      assert_cut (whole, ts, &from, NULL);
      assert_cut (whole, ts, NULL, &to);
      assert_cut (whole, ts, &from, &to);
    }
  }
  test_folder_remove (folder);
}

GST_END_TEST;

static void
get_counters (GBytes * ts, gint * first, gint * last)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);

  for (guint pid = 0; pid < 8192; pid++)
    first[pid] = last[pid] = -1;
  for (gsize i = 0; i < size; i += VS_TS_PACKET_SIZE) {
    guint pid = (data[i + 1] & 0x1f) << 8 | data[i + 2];

    if (!(data[i + 3] & 0x10))
      continue;
    last[pid] = data[i + 3] & 15;
    if (first[pid] < 0)
      first[pid] = last[pid];
  }
}

/* A cut begins or ends with the counters of what it was cut from. */
GST_START_TEST (test_counters)
{
  g_autofree gchar *folder = test_folder_new ();
  g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[0], NULL);
  g_autofree gint *was = g_new (gint, 2 * 8192);
  g_autofree gint *is = g_new (gint, 2 * 8192);
  g_autoptr (GArray) keys = NULL;
  VsTsKey key;
  VsTsCut told;

  test_folder_remove (folder);
  if (ts == NULL) {
    g_print ("skipped: no ffmpeg with libx264\n");
    return;
  }
  keys = vs_ts_find_keys (ts, 0);
  key = nth_key (keys, 2);
  get_counters (ts, was, was + 8192);
  for (guint end = 0; end < 2; end++) {
    g_autoptr (GBytes) cut = vs_ts_cut (ts, 0, end ? &key : NULL,
        end ? NULL : &key, &told);
    guint n = 0;

    get_counters (cut, is, is + 8192);
    for (guint pid = 0; pid < 8192; pid++) {
      if (is[pid] < 0)
        continue;
      fail_unless_equals_int (is[end * 8192 + pid], was[end * 8192 + pid]);
      n++;
    }
    fail_unless_equals_int (n, 4);
  }
}

GST_END_TEST;

/* Nothing between a keyframe and itself, or in what is no stream. */
GST_START_TEST (test_nothing)
{
  g_autofree gchar *folder = test_folder_new ();
  g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[2], NULL);
  g_autoptr (GBytes) noise = g_bytes_new_take (g_malloc0 (1880), 1880);
  g_autoptr (GArray) none = vs_ts_find_keys (noise, 0);
  VsTsCut told;

  test_folder_remove (folder);
  fail_unless_equals_int (none->len, 0);
  fail_unless (vs_ts_cut (noise, 0, NULL, NULL, &told) == NULL);
  if (ts) {
    g_autoptr (GArray) keys = vs_ts_find_keys (ts, 0);
    VsTsKey key = nth_key (keys, 1);

    fail_unless (vs_ts_cut (ts, 0, &key, &key, &told) == NULL);
  }
}

GST_END_TEST;

static Suite *
tscut_suite (void)
{
  Suite *suite = suite_create ("tscut");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_clips);
  tcase_add_test (tcase, test_counters);
  tcase_add_test (tcase, test_nothing);
  return suite;
}

GST_CHECK_MAIN (tscut);
