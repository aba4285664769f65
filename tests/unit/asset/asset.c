/* VisionStream: tests of media files as sources of segments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "asset/assetfixture.h"
#include "asset/vsassetlist.h"
#include "isobmff/vsmp4reader.h"

static void
put (const gchar * name, const gchar * text)
{
  g_autofree gchar *path = g_build_filename (asset_folder, name, NULL);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

/* Lists. */

static const struct
{
  const gchar *text;
  const gchar *expected;        /* "src name language, ..." or NULL */
} jsons[] = {
  {"{\"renditions\":[{\"src\":\"a.mp4\",\"name\":\"x\",\"language\":\"en\"},"
        "{\"src\":\"b.1.mp4\"},{\"src\":\"b.1.mp4\"}]}",
      "a.mp4 x en, b.1.mp4 b_1 -, b.1.mp4 b_1-2 -, "},
  {"{\"renditions\":[]}"},
  {"{}"},
  {""},
  {"[]"},
  {"nonsense"},
  {"{\"renditions\":[1]}"},
  {"{\"renditions\":[{\"name\":\"x\"}]}"},
  {"{\"renditions\":[{\"src\":7}]}"},
  {"{\"renditions\":[{\"src\":\"../a.mp4\"}]}"},
  {"{\"renditions\":[{\"src\":\"/etc/passwd\"}]}"},
  {"{\"renditions\":[{\"src\":\".hidden.mp4\"}]}"},
  {"{\"renditions\":[{\"src\":\"a.mp4\",\"name\":\"x y\"}]}"},
  {"{\"renditions\":[{\"src\":\"a.mp4\",\"language\":\"\\\"\"}]}"},
  {"{\"renditions\":[{\"src\":\"a.mp4\",\"name\":\"x\"},"
        "{\"src\":\"b.mp4\",\"name\":\"x\"}]}"},
  {"[[[[[[[[[[[[[[[[[[[["},
};

static const struct
{
  const gchar *text;
  const gchar *expected;
} smils[] = {
  {"<smil><body><switch><video src='a.mp4' systemLanguage='eng,fra'/>"
        "<video src='b.mp4' title='low'/></switch></body></smil>",
      "a.mp4 a eng, b.mp4 low -, "},
  {"<smil xmlns='http://www.w3.org/ns/SMIL'><head/><body><switch>"
        "<video name='a.mp4'/></switch></body></smil>", "a.mp4 a -, "},
  {"<smil><body><switch/></body></smil>"},
  {"<other/>"},
  {"<smil><body>"},
  {""},
  {"<smil><body><video src='http://host/a.mp4'/></body></smil>"},
  {"<!DOCTYPE smil [<!ENTITY e 'a.mp4'>]><smil><body><video src='&e;'/>"
        "</body></smil>"},
  {"<!DOCTYPE smil [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><smil><body>"
        "<video src='a.mp4'/></body></smil>"},
};

static void
check_list (GPtrArray * list, const GError * error, const gchar * expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (expected == NULL) {
    fail_unless (list == NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
    return;
  }
  fail_unless (list != NULL, "%s", error ? error->message : "");
  for (guint i = 0; i < list->len; i++) {
    const VsAssetEntry *entry = g_ptr_array_index (list, i);

    g_string_append_printf (text, "%s %s %s, ", entry->src, entry->name,
        entry->language ? entry->language : "-");
  }
  fail_unless_equals_string (text->str, expected);
}

GST_START_TEST (test_json)
{
  const gchar *text = jsons[__i__].text;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list =
      vs_asset_list_parse_json (text, strlen (text), &error);

  check_list (list, error, jsons[__i__].expected);
}

GST_END_TEST;

GST_START_TEST (test_smil)
{
  const gchar *text = smils[__i__].text;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list =
      vs_asset_list_parse_smil (text, strlen (text), &error);

  check_list (list, error, smils[__i__].expected);
}

GST_END_TEST;

GST_START_TEST (test_too_many)
{
  g_autoptr (GString) text = g_string_new ("{\"renditions\":[");
  g_autoptr (GPtrArray) list = NULL;

  for (guint i = 0; i <= VS_ASSET_RENDITIONS_MAX; i++)
    g_string_append_printf (text, "%s{\"src\":\"%u.mp4\"}", i ? "," : "", i);
  g_string_append (text, "]}");
  list = vs_asset_list_parse_json (text->str, text->len, NULL);
  fail_unless (list == NULL);
}

GST_END_TEST;

/* Assets. */

static void
fail_open (const gchar * file, GQuark domain, gint code, const gchar * what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VsSegmentSource) source =
      vs_asset_open (asset_store, "default", file, &error);

  fail_unless (source == NULL);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
  fail_unless (strstr (error->message, what) != NULL, "%s", error->message);
}

GST_START_TEST (test_hostile)
{
  put ("garbage.mp4", "This is no movie, and never was one.");
  put ("empty.mp4", "");
  put ("garbage.json", "{");
  put ("lost.json", "{\"renditions\":[{\"src\":\"lost.mp4\"}]}");
  put ("a.txt", "text");
  fail_open ("garbage.mp4", VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED, "MP4");
  fail_open ("empty.mp4", VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED, "movie box");
  fail_open ("garbage.json", G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "");
  /* the list is there: what it names is not */
  fail_open ("lost.json", G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "lost.mp4");
  fail_open ("lost.mp4", G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "");
  fail_open ("a.txt", G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "a.txt");
}

GST_END_TEST;

/* Segments touch, in each track, and their bytes are the same each time. */
static void
check_segments (VsSegmentSource * source, const VsTimelineView * view)
{
  const VsSegment *last = NULL;

  for (guint i = 0; i < view->segments->len; i++) {
    VsSegment *segment = g_ptr_array_index (view->segments, i);
    g_autoptr (GBytes) one = source->klass->load (source, segment, NULL, NULL);
    g_autoptr (GBytes) two = source->klass->load (source, segment, NULL, NULL);

    fail_unless (one != NULL && g_bytes_equal (one, two));
    fail_unless_equals_int (segment->n_tracks, 2);
    fail_unless (segment->independent);
    for (guint t = 0; last && t < segment->n_tracks; t++)
      fail_unless_equals_int64 (segment->tracks[t].start,
          last->tracks[t].start + last->tracks[t].duration);
    last = segment;
  }
}

GST_START_TEST (test_segments)
{
  g_autoptr (VsSegmentSource) source = NULL, again = NULL;
  g_autoptr (VsTimelineView) view = NULL, same = NULL;
  const VsSegment *head;

  if (!asset_make ("a.mp4", 14, 50))
    return;
  source = asset_open ("a.mp4");
  again = asset_open ("a.mp4");
  view = asset_view (source, 0);
  same = asset_view (again, 0);
  fail_unless (view->ended);
  fail_unless_equals_string (view->rendition->name, "a");
  fail_unless_equals_int (view->target_duration, 6);
  fail_unless_equals_int (view->segments->len, 3);
  check_segments (source, view);

  /* priming: one frame of AAC is ahead of the first picture */
  head = g_ptr_array_index (view->segments, 0);
  fail_unless_equals_int64 (head->tracks[0].start, 10 * 90000);
  fail_unless_equals_int64 (head->tracks[1].start, 10 * 48000 - 1024);
  for (guint i = 0; i < view->segments->len; i++) {
    const VsSegment *one = g_ptr_array_index (view->segments, i);
    const VsSegment *two = g_ptr_array_index (same->segments, i);

    fail_unless (memcmp (one->sha256, two->sha256, sizeof one->sha256) == 0);
    fail_unless (i == 0 || memcmp (one->sha256, head->sha256,
            sizeof one->sha256) != 0);
  }
}

GST_END_TEST;

/* A file that is another one now gives another source. */
GST_START_TEST (test_refresh)
{
  g_autoptr (VsSegmentSource) source = NULL, same = NULL, other = NULL;
  g_autoptr (VsTimelineView) before = NULL, after = NULL;
  const VsSegment *old, *young;
  g_autoptr (GError) error = NULL;

  if (!asset_make ("a.mp4", 2, 25))
    return;
  source = asset_open ("a.mp4");
  same = source->klass->refresh (source, NULL, NULL);
  fail_unless (same == source);
  fail_unless (asset_make ("a.mp4", 3, 25));
  before = asset_view (source, 0);
  old = g_ptr_array_index (before->segments, 0);
  fail_unless (source->klass->load (source, old, NULL, &error) == NULL);

  other = source->klass->refresh (source, NULL, NULL);
  fail_unless (other != NULL && other != source);
  after = asset_view (other, 0);
  young = g_ptr_array_index (after->segments, 0);
  fail_unless (memcmp (old->sha256, young->sha256, sizeof old->sha256) != 0);
  fail_unless (young->event_utc_us > old->event_utc_us);
}

GST_END_TEST;

/* Keyframes each 2 s and each 3 s: all 6 s both have one. */
GST_START_TEST (test_ladder)
{
  g_autoptr (VsSegmentSource) source = NULL;
  g_autoptr (VsTimelineView) high = NULL, low = NULL;

  if (!asset_make ("high.mp4", 14, 50) || !asset_make ("low.mp4", 14, 75))
    return;
  put ("ladder.json", "{\"renditions\":[{\"src\":\"high.mp4\"},"
      "{\"src\":\"low.mp4\"}]}");
  source = asset_open ("ladder.json");
  high = asset_view (source, 0);
  low = asset_view (source, 1);
  fail_unless_equals_int (high->segments->len, 3);
  fail_unless_equals_int (low->segments->len, 3);
  check_segments (source, low);
  for (guint i = 0; i < 3; i++) {
    const VsSegment *one = g_ptr_array_index (high->segments, i);
    const VsSegment *two = g_ptr_array_index (low->segments, i);

    fail_unless_equals_int64 (one->start_pts_90k, two->start_pts_90k);
    fail_unless_equals_int64 (one->tracks[0].start, two->tracks[0].start);
    fail_unless_equals_uint64 (one->duration, two->duration);
  }
  /* the same sound, encoded the same: one track for both */
  fail_unless_equals_string (high->rendition->audio_id,
      low->rendition->audio_id);
}

GST_END_TEST;

/* Keyframes each 2 s against one at the start alone. */
GST_START_TEST (test_no_ladder)
{
  if (!asset_make ("high.mp4", 40, 50) || !asset_make ("low.mp4", 40, 5000))
    return;
  put ("ladder.smil", "<smil><body><switch><video src='high.mp4'/>"
      "<video src='low.mp4'/></switch></body></smil>");
  fail_open ("ladder.smil", VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED,
      "low.mp4 has no keyframe at 32.000 s");
}

GST_END_TEST;

/* Movie fragments. */

#define FRAGMENTS " -movflags frag_keyframe+empty_moov+default_base_moof" \
    "+delay_moov"

static gchar *
read_file (const gchar * name, gsize * size)
{
  g_autofree gchar *path = g_build_filename (asset_folder, name, NULL);
  gchar *data = NULL;

  fail_unless (g_file_get_contents (path, &data, size, NULL));
  return data;
}

static void
write_file (const gchar * name, const gchar * data, gsize size)
{
  g_autofree gchar *path = g_build_filename (asset_folder, name, NULL);

  fail_unless (g_file_set_contents (path, data, size, NULL));
}

/* The same timeline as of the file without fragments. */
GST_START_TEST (test_fragments)
{
  g_autoptr (VsSegmentSource) plain = NULL, fragmented = NULL;
  g_autoptr (VsTimelineView) expected = NULL, view = NULL;

  if (!asset_make ("a.mp4", 14, 50)
      || !asset_make_with ("b.mp4", 14, 50, FRAGMENTS))
    return;
  plain = asset_open ("a.mp4");
  fragmented = asset_open ("b.mp4");
  fail_unless (fragmented->remark == NULL);
  expected = asset_view (plain, 0);
  view = asset_view (fragmented, 0);
  check_segments (fragmented, view);
  fail_unless_equals_int (view->segments->len, expected->segments->len);
  for (guint i = 0; i < view->segments->len; i++) {
    const VsSegment *one = g_ptr_array_index (expected->segments, i);
    const VsSegment *two = g_ptr_array_index (view->segments, i);

    fail_unless_equals_int64 (one->start_pts_90k, two->start_pts_90k);
    fail_unless_equals_uint64 (one->duration, two->duration);
    fail_unless_equals_uint64 (one->size, two->size);
  }
}

GST_END_TEST;

/* A recording that broke off: what is whole is there, and it is told. */
GST_START_TEST (test_cut_tail)
{
  g_autoptr (VsSegmentSource) source = NULL;
  g_autoptr (VsTimelineView) view = NULL;
  g_autofree gchar *data = NULL;
  const gchar *last;
  gsize size;

  if (!asset_make_with ("a.mp4", 14, 50, FRAGMENTS))
    return;
  data = read_file ("a.mp4", &size);
  last = memmem (data + size - 40000, 40000, "mdat", 4);
  fail_unless (last != NULL);
  write_file ("cut.mp4", data, last + 1000 - data);
  source = asset_open ("cut.mp4");
  fail_unless (strstr (source->remark, "cut off") != NULL, "%s",
      source->remark);
  view = asset_view (source, 0);
  check_segments (source, view);
  fail_unless (view->segments->len > 0);

  /* garbage is no recording that broke off */
  memset (data + (last - data) - 2000, 0x55, 2000);
  write_file ("bad.mp4", data, size);
  fail_open ("bad.mp4", VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED, "");
}

GST_END_TEST;

/* Moves what is in the movie fragments of a file whose video has 90000 ticks a
 * second. */
static void
delay_fragments (gchar * data, gsize size, guint64 seconds)
{
  gchar *end = data + size, *at = data, *tfhd;

  while ((tfhd = memmem (at, end - at, "tfhd", 4))) {
    guint64 timescale = GST_READ_UINT32_BE (tfhd + 8) == 1 ? 90000 : 48000;

    at = memmem (tfhd, end - tfhd, "tfdt", 4);
    fail_unless (at && at[4] == 1);
    GST_WRITE_UINT64_BE (at + 8, GST_READ_UINT64_BE (at + 8)
        + seconds * timescale);
  }
  fail_unless (at > data);
}

/* What a recorder of a live stream writes: its times are of the day. */
GST_START_TEST (test_utc_times)
{
  g_autoptr (VsSegmentSource) source = NULL;
  g_autoptr (VsTimelineView) view = NULL;
  g_autofree gchar *data = NULL;
  const VsSegment *head;
  gsize size;

  if (!asset_make_with ("a.mp4", 4, 50,
          FRAGMENTS " -video_track_timescale 90000"))
    return;
  data = read_file ("a.mp4", &size);
  delay_fragments (data, size, 1700000000);
  write_file ("a.mp4", data, size);
  source = asset_open ("a.mp4");
  view = asset_view (source, 0);
  check_segments (source, view);
  head = g_ptr_array_index (view->segments, 0);
  /* the sound's priming is in the last second ahead */
  fail_unless_equals_int64 (head->tracks[0].start, 11 * 90000);
}

GST_END_TEST;

static Suite *
asset_suite (void)
{
  Suite *suite = suite_create ("asset");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, asset_setup, asset_teardown);
  tcase_add_loop_test (tcase, test_json, 0, G_N_ELEMENTS (jsons));
  tcase_add_loop_test (tcase, test_smil, 0, G_N_ELEMENTS (smils));
  tcase_add_test (tcase, test_too_many);
  tcase_add_test (tcase, test_hostile);
  tcase_add_test (tcase, test_segments);
  tcase_add_test (tcase, test_refresh);
  tcase_add_test (tcase, test_ladder);
  tcase_add_test (tcase, test_no_ladder);
  tcase_add_test (tcase, test_fragments);
  tcase_add_test (tcase, test_cut_tail);
  tcase_add_test (tcase, test_utc_times);
  return suite;
}

GST_CHECK_MAIN (asset);
