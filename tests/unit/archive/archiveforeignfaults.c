/* VisionStream: tests of other makers' playlists that can't be read as a whole
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/foreigncheck.h"

#include <string.h>

#include "archive/vsarchivelocation.h"

GST_START_TEST (test_wrong_keys)
{
  static const gchar *const keys[] = { "0123456789abcdeX", "short", "" };

  if (!foreign_make_source (NULL))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_auto (ForeignGiven) given = { 0 };

    foreign_make_encrypted (keys[i]);
    foreign_read (&given, "a.m3u8", NULL);
    fail_unless_equals_int (given.chunks, 0);
    fail_unless_equals_int (given.problems, FOREIGN_SECONDS / 2);
    fail_unless (strstr (given.said->str, "a0.ts") || strstr (given.said->str,
            "my.key"), "%s", given.said->str);
  }
  fail_unless (foreign_run ("rm my.key"));
  {
    g_auto (ForeignGiven) given = { 0 };

    foreign_read (&given, "a.m3u8", NULL);
    fail_unless_equals_int (given.chunks, 0);
    fail_unless (strstr (given.said->str, "my.key") != NULL
        && strstr (given.said->str, "line 6") != NULL, "%s", given.said->str);
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
#define MEDIA "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
#define ENTRY "#EXTINF:6,\na.ts\n"
  static const struct
  {
    const gchar *text, *said;
  } cases[] = {
    {MEDIA "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n" ENTRY, "line 3"},
    {MEDIA "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"k\"\n" ENTRY, "line 3"},
    {MEDIA "#EXT-X-KEY:METHOD=AES-128,URI=\"https://example.com/k\"\n" ENTRY,
        "EXT-X-KEY in line 3"},
    {MEDIA "#EXT-X-MAP:URI=\"../i.mp4\"\n" ENTRY, "../i.mp4"},
    {MEDIA "#EXTINF:6,\n../a.ts\n", "../a.ts"},
    {MEDIA "#EXTINF:6,\nhttp://example.com/a.ts\n", "leads out of the folder"},
    {MEDIA "#EXTINF:6,\n/etc/passwd\n", "leads out of the folder"},
    {MEDIA "#EXTINF:6,\nb/../../a.ts\n", "leads out of the folder"},
    {"#EXTM3U\n", "names no rendition"},
    {"text\n", "line 1"},
    {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nnone.m3u8\n", "none.m3u8"},
    {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\np.m3u8\n", "p.m3u8"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    foreign_put_text ("p.m3u8", cases[i].text);
    fail_unless (foreign_open ("p.m3u8", NULL, &error) == NULL, "case %u", i);
    fail_unless (strstr (error->message, cases[i].said) != NULL, "case %u: %s",
        i, error->message);
  }
}

GST_END_TEST;

/* Each leaves out what it concerns and no more. */
GST_START_TEST (test_damaged)
{
  static const struct
  {
    const gchar *damage, *said;
    guint frames;
  } cases[] = {
    {"rm f1.m4s", "f1.m4s", FOREIGN_FRAMES - 50},
    {"head -c 900 f1.m4s > x && mv x f1.m4s", "f1.m4s", FOREIGN_FRAMES - 50},
    {"head -c 9000 /dev/zero > f2.m4s", "f2.m4s", FOREIGN_FRAMES - 50},
    {": > f2.m4s", "f2.m4s", FOREIGN_FRAMES - 50},
    /* the size of a box */
    {"printf '\\377' | dd of=f2.m4s bs=1 seek=24 conv=notrunc", "f2.m4s",
        FOREIGN_FRAMES - 50},
  };

  if (!foreign_make_source (NULL))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (ForeignGiven) given = { 0 };
    g_auto (ForeignDecoded) is = { 0 };

    fail_unless (foreign_make_hls (FOREIGN_FMP4 "f.m3u8"));
    fail_unless (foreign_run ("(%s) 2>/dev/null", cases[i].damage));
    foreign_read (&given, "f.m3u8", NULL);
    fail_unless_equals_int (given.problems, 1);
    fail_unless (strstr (given.said->str, cases[i].said) != NULL, "%s",
        given.said->str);
    foreign_decode (&is, "out.ts");
    fail_unless_equals_int (is.hashes[0]->len, cases[i].frames);
  }
}

GST_END_TEST;

/* Another variant, sound that is not there */
GST_START_TEST (test_beside)
{
  g_auto (ForeignGiven) given = { 0 };
  g_autofree gchar *main_text = g_strdup_printf (FOREIGN_MAIN, "none.m3u8");

  if (!foreign_make_source (NULL))
    return;
  fail_unless (foreign_make_hls (FOREIGN_FMP4 "v.m3u8"));
  foreign_put_text ("m.m3u8", "#EXTM3U\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=960x640\ngone.m3u8\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=96x64\nv.m3u8\n");
  foreign_read (&given, "m.m3u8", NULL);
  fail_unless_equals_int (given.problems, 1);
  fail_unless (strstr (given.said->str, "gone.m3u8") != NULL);
  foreign_assert_whole (FOREIGN_TOLERANCE_MS);
  foreign_given_clear (&given);
  {
    const VsArchiveCursorSettings settings = {.rendition = "gone" };
    g_autoptr (GError) error = NULL;

    fail_unless (foreign_open ("m.m3u8", &settings, &error) == NULL);
    fail_unless (strstr (error->message, "gone.m3u8") != NULL, "%s",
        error->message);
  }
  foreign_put_text ("m.m3u8", main_text);
  foreign_read (&given, "m.m3u8", NULL);
  fail_unless_equals_int (given.chunks, 0);
  fail_unless (strstr (given.said->str, "none.m3u8") != NULL);
}

GST_END_TEST;

/* Without a tag nobody knows when it is. */
GST_START_TEST (test_packed_without_time)
{
  g_auto (ForeignGiven) given = { 0 };

  if (!foreign_make_source (NULL))
    return;
  fail_unless (foreign_run
      ("ffmpeg -v error -y -i source.mp4 -map 0:a -c copy a.aac"));
  foreign_put_text ("a.m3u8",
      "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:8,\na.aac\n"
      "#EXT-X-ENDLIST\n");
  foreign_read (&given, "a.m3u8", NULL);
  fail_unless_equals_int (given.problems, 1);
  fail_unless (strstr (given.said->str, "a.aac: packed audio without") != NULL,
      "%s", given.said->str);
}

GST_END_TEST;

/* ---- locations ---------------------------------------------------------- */

GST_START_TEST (test_locations)
{
  static const struct
  {
    const gchar *location, *store, *playlist;
  } cases[] = {
    {"https://host/a/b/m.m3u8?token=x/y#z", "https://host/a/b",
        "m.m3u8?token=x/y"},
    {"https://host/m%20n.M3U8", "https://host", "m n.M3U8"},
    {"s3://bucket/m.m3u8", "s3://bucket", "m.m3u8"},
    {"s3://bucket/a/100%25.m3u8", "s3://bucket/a", "100%25.m3u8"},
    {"https://host/a/b", "https://host/a/b", NULL},
    {"https://host/a?x=.m3u8", NULL, NULL},
    {"https://host/.m3u8", NULL, NULL},
    {"https://host/a%2fb.m3u8", NULL, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VsStoreSettings place = {.location = cases[i].location };
    g_autofree gchar *playlist = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (VsStore) opened =
        vs_archive_location_open (&place, &playlist, &error);

    fail_unless_equals_string (playlist, cases[i].playlist);
    fail_unless ((opened != NULL) == (cases[i].store != NULL), "case %u: %s",
        i, error ? error->message : "");
    if (opened)
      fail_unless_equals_string (vs_store_get_location (opened),
          cases[i].store);
  }
}

GST_END_TEST;

static Suite *
archiveforeignfaults_suite (void)
{
  Suite *suite = suite_create ("archiveforeignfaults");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_test (tcase, test_wrong_keys);
  tcase_add_test (tcase, test_refused);
  tcase_add_test (tcase, test_damaged);
  tcase_add_test (tcase, test_beside);
  tcase_add_test (tcase, test_packed_without_time);
  tcase_add_test (tcase, test_locations);
  return suite;
}

GST_CHECK_MAIN (archiveforeignfaults);
