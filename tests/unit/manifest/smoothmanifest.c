/* VisionStream: tests of Smooth Streaming manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "smoothfixture.h"

static void
assert_manifest (const Fixture * f, const VsSmoothSettings * settings,
    const gchar * expected)
{
  g_autofree gchar *text =
      vs_smooth_manifest_write (f->levels, N_LEVELS, settings);

  fail_unless_equals_string (text, expected);
}

/* Two runs of four segments, of which the newest two are not listed; audio
 * begins each fragment at a frame, and jumps with the run. */
static const gchar live_full[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"0\""
    " TimeScale=\"10000000\" Duration=\"0\" IsLive=\"TRUE\""
    " LookAheadFragmentCount=\"2\" DVRWindowLength=\"3000000000\""
    " CanSeek=\"TRUE\" CanPause=\"TRUE\">\n"
    " <StreamIndex Type=\"video\" Name=\"video\" Chunks=\"6\""
    " QualityLevels=\"2\" MaxWidth=\"1280\" MaxHeight=\"720\""
    " Url=\"a2/QualityLevels({bitrate})/Fragments(video={start"
    " time})?m=1-2\">\n"
    "  <QualityLevel Index=\"0\" Bitrate=\"3000580\" FourCC=\"H264\""
    " MaxWidth=\"1280\" MaxHeight=\"720\""
    " CodecPrivateData=\"000000016764001F0000000168EFBCB0\"/>\n"
    "  <QualityLevel Index=\"1\" Bitrate=\"800884\" FourCC=\"H264\""
    " MaxWidth=\"640\" MaxHeight=\"360\""
    " CodecPrivateData=\"000000016764001F0000000168EFBCB0\"/>\n"
    "  <c t=\"17723664000000000\" d=\"20020000\"/>\n"
    "  <c t=\"17723664020020000\" d=\"20020000\"/>\n"
    "  <c t=\"17723664040040000\" d=\"20020000\"/>\n"
    "  <c t=\"17723664060060000\" d=\"20020000\"/>\n"
    "  <c t=\"17723670000000000\" d=\"20020000\"/>\n"
    "  <c t=\"17723670020020000\" d=\"20020000\"/>\n"
    " </StreamIndex>\n"
    " <StreamIndex Type=\"audio\" Name=\"audio_en\""
    " Language=\"en-GB\" Chunks=\"6\" QualityLevels=\"1\""
    " Url=\"a2/QualityLevels({bitrate})/Fragments(audio_en={start"
    " time})?m=1-2\">\n"
    "  <QualityLevel Index=\"0\" Bitrate=\"192580\" FourCC=\"AACL\""
    " SamplingRate=\"48000\" Channels=\"2\" BitsPerSample=\"16\""
    " PacketSize=\"4\" AudioTag=\"255\" CodecPrivateData=\"1190\"/>\n"
    "  <c t=\"17723664000000000\" d=\"19840000\"/>\n"
    "  <c t=\"17723664019840000\" d=\"20053340\"/>\n"
    "  <c t=\"17723664039893340\" d=\"20053320\"/>\n"
    "  <c t=\"17723664059946660\" d=\"20053340\"/>\n"
    "  <c t=\"17723670000000000\" d=\"19840000\"/>\n"
    "  <c t=\"17723670019840000\" d=\"20053340\"/>\n"
    " </StreamIndex>\n" "</SmoothStreamingMedia>\n";

/* Two runs that follow each other. */
static const gchar vod_compact[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"2\""
    " TimeScale=\"10000000\" Duration=\"120120000\">\n"
    " <StreamIndex Type=\"video\" Name=\"video\" Chunks=\"6\""
    " QualityLevels=\"2\" MaxWidth=\"1280\" MaxHeight=\"720\""
    " Url=\"QualityLevels({bitrate})/Fragments(video.1772366400000000"
    "0={start time})\">\n"
    "  <QualityLevel Index=\"0\" Bitrate=\"3000580\" FourCC=\"H264\""
    " MaxWidth=\"1280\" MaxHeight=\"720\""
    " CodecPrivateData=\"000000016764001F0000000168EFBCB0\"/>\n"
    "  <QualityLevel Index=\"1\" Bitrate=\"800884\" FourCC=\"H264\""
    " MaxWidth=\"640\" MaxHeight=\"360\""
    " CodecPrivateData=\"000000016764001F0000000168EFBCB0\"/>\n"
    "  <c t=\"0\" d=\"20020000\" r=\"6\"/>\n"
    " </StreamIndex>\n"
    " <StreamIndex Type=\"audio\" Name=\"audio_en\""
    " Language=\"en-GB\" Chunks=\"6\" QualityLevels=\"1\""
    " Url=\"QualityLevels({bitrate})/Fragments(audio_en.1772366400000"
    "0000={start time})\">\n"
    "  <QualityLevel Index=\"0\" Bitrate=\"192580\" FourCC=\"AACL\""
    " SamplingRate=\"48000\" Channels=\"2\" BitsPerSample=\"16\""
    " PacketSize=\"4\" AudioTag=\"255\" CodecPrivateData=\"1190\"/>\n"
    "  <c t=\"0\" d=\"19840000\"/>\n"
    "  <c d=\"20053340\"/>\n"
    "  <c d=\"20053320\"/>\n"
    "  <c d=\"20053340\"/>\n"
    "  <c t=\"80080000\" d=\"19840000\"/>\n"
    "  <c d=\"20053340\"/>\n" " </StreamIndex>\n" "</SmoothStreamingMedia>\n";

GST_START_TEST (test_live_full)
{
  static const VsSmoothSettings settings = { 2, 300 * GST_SECOND, FALSE,
    "a2/", "?m=1-2"
  };
  g_auto (Fixture) f;

  fixture_init (&f);
  fixture_fill (&f, 4, 4);
  assert_manifest (&f, &settings, live_full);
}

GST_END_TEST;

GST_START_TEST (test_vod_compact)
{
  static const VsSmoothSettings settings = { 2, 300 * GST_SECOND, TRUE };
  g_auto (Fixture) f;

  fixture_init (&f);
  fixture_fill (&f, 4, 2);
  f.views[0].ended = f.views[1].ended = TRUE;
  assert_manifest (&f, &settings, vod_compact);
}

GST_END_TEST;

/* Reads what a `c` list says, the way players do. */
static GArray *
read_times (const gchar * text, const gchar * stream)
{
  g_autofree gchar *name = g_strdup_printf ("Name=\"%s\"", stream);
  const gchar *at = strstr (text, name);
  const gchar *end = at ? strstr (at, "</StreamIndex>") : NULL;
  GArray *times = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint64 time = 0;

  fail_unless (end != NULL);
  while ((at = strstr (at, "<c ")) != NULL && at < end) {
    g_autofree gchar *element = g_strndup (at, strcspn (at, ">"));
    const gchar *t = strstr (element, " t="), *d = strstr (element, " d=");
    const gchar *r = strstr (element, " r=");
    guint64 duration = g_ascii_strtoull (d + 4, NULL, 10);
    guint n = r ? g_ascii_strtoull (r + 4, NULL, 10) : 1;

    if (t)
      time = g_ascii_strtoull (t + 4, NULL, 10);
    for (; n > 0; n--, time += duration)
      g_array_append_val (times, time);
    at += 3;
  }
  return times;
}

static GArray *
write_and_read (const Fixture * f, guint level, gboolean compact)
{
  const VsSmoothSettings settings = { 2, 0, compact };
  g_autofree gchar *text =
      vs_smooth_manifest_write (f->levels, N_LEVELS, &settings);

  return read_times (text, f->levels[level].stream);
}

/* Both layouts say the same. */
GST_START_TEST (test_layouts_agree)
{
  for (guint ended = 0; ended < 2; ended++) {
    g_auto (Fixture) f;

    fixture_init (&f);
    fixture_fill (&f, 100, 50);
    f.views[0].ended = f.views[1].ended = ended;
    for (guint i = 0; i < N_LEVELS; i++) {
      g_autoptr (GArray) full = write_and_read (&f, i, FALSE);
      g_autoptr (GArray) compact = write_and_read (&f, i, TRUE);

      fail_unless_equals_int (full->len, ended ? 150 : 148);
      fail_unless_equals_int (compact->len, full->len);
      fail_unless (memcmp (full->data, compact->data,
              full->len * sizeof (guint64)) == 0);
    }
  }
}

GST_END_TEST;

/* Times beyond 2^53 come out of floating point as they were. */
GST_START_TEST (test_times_in_floating_point)
{
  static const VsSmoothSettings settings = { 0, 0, FALSE };
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;

  fixture_init (&f);
  fixture_fill (&f, 300, 0);
  text = vs_smooth_manifest_write (f.levels, N_LEVELS, &settings);
  for (guint i = 0; i < N_LEVELS; i++) {
    g_autoptr (GArray) times = read_times (text, f.levels[i].stream);

    fail_unless_equals_int (times->len, 300);
    for (guint k = 0; k < times->len; k++) {
      guint64 time = g_array_index (times, guint64, k);
      gdouble number = g_array_index (times, guint64, 0);

      number += (gdouble) (time - g_array_index (times, guint64, 0));
      fail_unless (time > G_GUINT64_CONSTANT (1) << 53);
      fail_unless_equals_uint64 ((guint64) number, time);
    }
  }
}

GST_END_TEST;

static void
assert_contains (const Fixture * f, const VsSmoothSettings * settings,
    const gchar * part, gboolean expected)
{
  g_autofree gchar *text =
      vs_smooth_manifest_write (f->levels, N_LEVELS, settings);

  fail_unless (text != NULL);
  fail_unless_equals_int (strstr (text, part) != NULL, expected);
}

/* What is not to be shown, or can't be. */
GST_START_TEST (test_left_out)
{
  static const VsSmoothSettings settings = { 2, 0, FALSE };
  static const VsSmoothSettings far = { 6, 0, FALSE };
  g_auto (Fixture) f;
  VsSegment *gap;

  fixture_init (&f);
  fixture_fill (&f, 6, 0);
  assert_contains (&f, &settings, "QualityLevels=\"2\"", TRUE);
  /* nothing has enough successors */
  fail_unless (vs_smooth_manifest_write (f.levels, N_LEVELS, &far) == NULL);

  f.levels[LEVEL_HIGH].hidden = TRUE;
  assert_contains (&f, &settings, "Height=\"720\"", FALSE);
  assert_contains (&f, &settings, "Height=\"360\"", TRUE);
  f.levels[LEVEL_HIGH].hidden = FALSE;

  /* a rung that lacks a fragment of the list */
  gap = g_ptr_array_index (f.views[1].segments, 2);
  gap->gap = TRUE;
  assert_contains (&f, &settings, "Height=\"720\"", TRUE);
  assert_contains (&f, &settings, "Height=\"360\"", FALSE);
  /* one that nobody has is in no list */
  gap = g_ptr_array_index (f.views[0].segments, 2);
  gap->gap = TRUE;
  assert_contains (&f, &settings, "Height=\"360\"", TRUE);
  assert_contains (&f, &settings, "Chunks=\"3\"", TRUE);
  assert_contains (&f, &settings, "t=\"17723664040040000\"", FALSE);

  /* a configuration that was read from a playlist */
  g_clear_pointer (&((VsCodecConfig *) f.levels[LEVEL_AUDIO].config)->record,
      g_bytes_unref);
  assert_contains (&f, &settings, "audio", FALSE);
}

GST_END_TEST;

static Suite *
smoothmanifest_suite (void)
{
  Suite *suite = suite_create ("smoothmanifest");
  TCase *tcase = tcase_create ("manifest");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_live_full);
  tcase_add_test (tcase, test_vod_compact);
  tcase_add_test (tcase, test_layouts_agree);
  tcase_add_test (tcase, test_times_in_floating_point);
  tcase_add_test (tcase, test_left_out);
  return suite;
}

GST_CHECK_MAIN (smoothmanifest);
