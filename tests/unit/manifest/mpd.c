/* VisionStream: tests of DASH media presentation descriptions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>

#include "manifest/views.h"
#include "manifest/vsmpd.h"

/* a run begins a minute after the one before */
#define RUN_US 60000000

typedef struct
{
  VsTimelineView views[N_VIEWS];
  VsMpdTrack tracks[3];
  VsMpdSettings settings;
} Fixture;

static void
fixture_clear (Fixture * f)
{
  views_clear (f->views);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear);

static VsCodecConfig *
make_config (VsCodec codec, const gchar * id, const gchar * mime)
{
  VsCodecConfig *config = vs_codec_config_new (codec);

  g_strlcpy (config->id, id, sizeof config->id);
  g_strlcpy (config->mime, mime, sizeof config->mime);
  return config;
}

/* Two video rungs, the first with the audio. */
static void
fixture_init (Fixture * f)
{
  static const struct
  {
    const gchar *name, *mime, *id;
    guint width, height, fps_n, fps_d, bandwidth;
  } rungs[] = {
    {"1080p", "avc1.640028", "00000001", 1920, 1080, 30000, 1001, 5000000},
    {"240p", "avc1.64000c", "00000002", 320, 240, 15000, 1001, 400000},
  };
  VsCodecConfig *config;

  memset (f, 0, sizeof *f);
  for (guint i = 0; i < 2; i++) {
    VsTimelineView *view = &f->views[i];

    view_init (view, rungs[i].name);
    view->target_duration = 2;
    config = make_config (VS_CODEC_H264, rungs[i].id, rungs[i].mime);
    config->width = rungs[i].width;
    config->height = rungs[i].height;
    config->fps_n = rungs[i].fps_n;
    config->fps_d = rungs[i].fps_d;
    g_ptr_array_add (view->configs, config);
    config = make_config (VS_CODEC_AAC, "00000003", "mp4a.40.2");
    config->sample_rate = 48000;
    config->channels = 2;
    g_ptr_array_add (view->configs, config);
    f->tracks[i] = (VsMpdTrack) {
    view, VS_MEDIA_VIDEO, rungs[i].name, rungs[i].bandwidth};
  }
  f->tracks[2] = (VsMpdTrack) {
  &f->views[0], VS_MEDIA_AUDIO, "audio", 128000};
  f->settings.media = "$RepresentationID$_$Number$.m4s?a&b";
  f->settings.initialization = "$RepresentationID$_%s.mp4";
  f->settings.availability_start_us = UTC_US;
  f->settings.window = 300 * GST_SECOND;
}

/* Segment @number of @run, from 0 in each. */
static void
add_segment (Fixture * f, guint64 sequence, guint run, guint number)
{
  static const gchar *const configs[] = { "00000001", "00000002" };

  for (guint i = 0; i < N_VIEWS; i++) {
    VsSegment *s = segment_new (sequence, run, RUN_US, number, configs[i]);

    segment_add_audio (s, "00000003");
    g_ptr_array_add (f->views[i].segments, s);
  }
}

static void
end_views (Fixture * f)
{
  f->views[0].ended = f->views[1].ended = TRUE;
}

static gchar *
write_mpd (Fixture * f)
{
  return vs_mpd_write (f->tracks, G_N_ELEMENTS (f->tracks), &f->settings);
}

/* Runs xmllint over @text with the schema, if that is here. */
static void
assert_valid (const gchar * text)
{
  const gchar *media = g_getenv ("VS_MEDIA_DIR");
  g_autofree gchar *schema = g_build_filename (media ? media : ".", "..",
      "schema", "DASH-MPD.xsd", NULL);
  g_autofree gchar *path = NULL, *errors = NULL;
  const gchar *argv[] = { "xmllint", "--nonet", "--noout", "--schema", schema,
    NULL, NULL
  };
  g_autoptr (GError) error = NULL;
  gint status, fd;

  if (!g_file_test (schema, G_FILE_TEST_EXISTS)) {
    g_print ("skipped: no ../shared/schema\n");
    return;
  }
  fd = g_file_open_tmp ("XXXXXX.mpd", &path, &error);
  g_assert_no_error (error);
  close (fd);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  argv[5] = path;
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH
      | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &errors, &status, &error);
  g_assert_no_error (error);
  g_unlink (path);
  fail_unless (g_spawn_check_wait_status (status, NULL), "%s\n%s", errors,
      text);
}

GST_START_TEST (test_static)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;

  fixture_init (&f);
  for (guint i = 0; i < 4; i++)
    add_segment (&f, 1 + i, 0, i);
  end_views (&f);
  text = write_mpd (&f);
  assert_valid (text);
  fail_unless_equals_string (text,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\""
      " profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"static\""
      " mediaPresentationDuration=\"PT8.008S\" minBufferTime=\"PT2S\""
      " maxSegmentDuration=\"PT2.5S\">\n"
      " <Period id=\"p0\" start=\"PT0S\" duration=\"PT8.008S\">\n"
      "  <AdaptationSet id=\"0\" contentType=\"video\" mimeType=\"video/mp4\""
      " segmentAlignment=\"true\" startWithSAP=\"1\" maxWidth=\"1920\""
      " maxHeight=\"1080\" maxFrameRate=\"30000/1001\">\n"
      "   <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>\n"
      "   <Representation id=\"1080p\" bandwidth=\"5000000\""
      " codecs=\"avc1.640028\" width=\"1920\" height=\"1080\" sar=\"1:1\""
      " frameRate=\"30000/1001\" scanType=\"progressive\">\n"
      "    <SegmentTemplate"
      " media=\"$RepresentationID$_$Number$.m4s?a&amp;b\""
      " initialization=\"$RepresentationID$_00000001.mp4\""
      " timescale=\"90000\" presentationTimeOffset=\"126000\""
      " startNumber=\"1\">\n"
      "     <SegmentTimeline>\n"
      "      <S t=\"126000\" d=\"180180\" r=\"3\"/>\n"
      "     </SegmentTimeline>\n"
      "    </SegmentTemplate>\n"
      "   </Representation>\n"
      "   <Representation id=\"240p\" bandwidth=\"400000\""
      " codecs=\"avc1.64000c\" width=\"320\" height=\"240\" sar=\"1:1\""
      " frameRate=\"15000/1001\" scanType=\"progressive\">\n"
      "    <SegmentTemplate"
      " media=\"$RepresentationID$_$Number$.m4s?a&amp;b\""
      " initialization=\"$RepresentationID$_00000002.mp4\""
      " timescale=\"90000\" presentationTimeOffset=\"126000\""
      " startNumber=\"1\">\n"
      "     <SegmentTimeline>\n"
      "      <S t=\"126000\" d=\"180180\" r=\"3\"/>\n"
      "     </SegmentTimeline>\n"
      "    </SegmentTemplate>\n"
      "   </Representation>\n"
      "  </AdaptationSet>\n"
      "  <AdaptationSet id=\"1\" contentType=\"audio\" mimeType=\"audio/mp4\""
      " lang=\"en-GB\" segmentAlignment=\"true\" startWithSAP=\"1\">\n"
      "   <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>\n"
      "   <Representation id=\"audio\" bandwidth=\"128000\""
      " codecs=\"mp4a.40.2\" audioSamplingRate=\"48000\">\n"
      "    <AudioChannelConfiguration"
      " schemeIdUri=\"urn:mpeg:mpegB:cicp:ChannelConfiguration\""
      " value=\"2\"/>\n"
      "    <SegmentTemplate"
      " media=\"$RepresentationID$_$Number$.m4s?a&amp;b\""
      " initialization=\"$RepresentationID$_00000003.mp4\""
      " timescale=\"48000\" presentationTimeOffset=\"67200\""
      " startNumber=\"1\">\n"
      "     <SegmentTimeline>\n"
      "      <S t=\"67200\" d=\"95232\"/>\n"
      "      <S d=\"96256\" r=\"2\"/>\n"
      "     </SegmentTimeline>\n"
      "    </SegmentTemplate>\n"
      "   </Representation>\n"
      "  </AdaptationSet>\n" " </Period>\n" "</MPD>\n");
}

GST_END_TEST;

GST_START_TEST (test_dynamic)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;

  fixture_init (&f);
  f.settings.publish_us = UTC_US + 2002000;
  f.settings.utc_timing = VS_UTC_TIMING_HTTP_ISO;
  f.settings.utc_timing_uri = "/time?a&b";
  add_segment (&f, 1, 0, 0);
  text = write_mpd (&f);
  assert_valid (text);
  fail_unless (strstr (text,
          " type=\"dynamic\" availabilityStartTime=\"2026-03-01T12:00:00.000Z\""
          " publishTime=\"2026-03-01T12:00:02.002Z\""
          " minimumUpdatePeriod=\"PT2S\" timeShiftBufferDepth=\"PT300S\""
          " suggestedPresentationDelay=\"PT8S\"") != NULL, "%s", text);
  fail_unless (strstr (text, "<Period id=\"p0\" start=\"PT0S\">") != NULL);
  fail_unless (strstr (text,
          " </Period>\n <UTCTiming"
          " schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\""
          " value=\"/time?a&amp;b\"/>\n</MPD>") != NULL, "%s", text);
}

GST_END_TEST;

/* Dates are in milliseconds, the event's start seldom is: still the first run
 * starts at 0. */
GST_START_TEST (test_starts_at_zero)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;

  fixture_init (&f);
  add_segment (&f, 1, 0, 0);
  add_segment (&f, 2, 1, 0);
  for (guint i = 0; i < 4; i++) {
    GPtrArray *segments = f.views[i / 2].segments;

    ((VsSegment *) segments->pdata[i % 2])->utc_us += 123456;
  }
  f.settings.availability_start_us = UTC_US + 123456;
  text = write_mpd (&f);
  assert_valid (text);
  fail_unless (strstr (text,
          " availabilityStartTime=\"2026-03-01T12:00:00.123Z\""), "%s", text);
  fail_unless (strstr (text, "<Period id=\"p0\" start=\"PT0S\" duration="),
      "%s", text);
  fail_unless (strstr (text, "<Period id=\"p1\" start=\"PT60S\">"), "%s", text);
}

GST_END_TEST;

static gchar *
find_line (const gchar * text, const gchar * prefix)
{
  const gchar *line = strstr (text, prefix);

  fail_unless (line != NULL, "no %s in %s", prefix, text);
  return g_strndup (line, strcspn (line, "\n"));
}

/* While the window slides, a Period neither moves nor changes its name. */
GST_START_TEST (test_periods_are_stable)
{
  g_auto (Fixture) f;
  g_autofree gchar *known = NULL;

  fixture_init (&f);
  for (guint i = 0; i < 5; i++)
    add_segment (&f, 10 + i, 0, i);
  for (guint i = 0; i < 500; i++)
    add_segment (&f, 15 + i, 1, i);
  while (f.views[0].segments->len > 1) {
    g_autofree gchar *text = write_mpd (&f);
    g_autofree gchar *line = find_line (text, "<Period id=\"p1\"");
    g_autofree gchar *number = NULL;

    if (known == NULL) {
      known = g_steal_pointer (&line);
      assert_valid (text);
      fail_unless_equals_string (known, "<Period id=\"p1\" start=\"PT60S\">");
      fail_unless (strstr (text, "<Period id=\"p0\" start=\"PT0S\" duration="));
    } else {
      fail_unless_equals_string (line, known);
    }
    number = g_strdup_printf ("startNumber=\"%" G_GUINT64_FORMAT "\"",
        ((VsSegment *) f.views[0].segments->pdata[0])->sequence);
    fail_unless (strstr (text, number) != NULL);
    fail_unless (strstr (text, "presentationTimeOffset=\"126000\""));
    for (guint i = 0; i < 2; i++)
      g_ptr_array_remove_index (f.views[i].segments, 0);
  }
}

GST_END_TEST;

/* A static MPD of several runs has no holes between its Periods, and begins
 * at the first segment that is there. */
GST_START_TEST (test_static_periods)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;

  fixture_init (&f);
  add_segment (&f, 2, 0, 1);
  add_segment (&f, 3, 0, 2);
  add_segment (&f, 4, 1, 0);
  end_views (&f);
  text = write_mpd (&f);
  assert_valid (text);
  fail_unless (strstr (text, "mediaPresentationDuration=\"PT6.006S\""));
  fail_unless (strstr (text,
          "<Period id=\"p0\" start=\"PT0S\" duration=\"PT4.004S\">"));
  fail_unless (strstr (text,
          "<Period id=\"p1\" start=\"PT4.004S\" duration=\"PT2.002S\">"));
  fail_unless (strstr (text, "presentationTimeOffset=\"306180\""));
  fail_unless (strstr (text, "presentationTimeOffset=\"163296\""));
}

GST_END_TEST;

/* The end that is declared is not ahead of any track's: dash.js would stop
 * there. */
GST_START_TEST (test_static_end)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;
  VsSegment *last;

  fixture_init (&f);
  add_segment (&f, 1, 0, 0);
  add_segment (&f, 2, 1, 0);
  end_views (&f);
  for (guint i = 0; i < 2; i++) {
    last = f.views[0].segments->pdata[i];
    last->tracks[1].duration += 1024;
  }
  text = write_mpd (&f);
  assert_valid (text);
  /* 96256 samples are 2.005333 s; where runs meet is not the end */
  fail_unless (strstr (text, "mediaPresentationDuration=\"PT4.008S\""), "%s",
      text);
  fail_unless (strstr (text,
          "<Period id=\"p0\" start=\"PT0S\" duration=\"PT2.002S\">"));
  fail_unless (strstr (text,
          "<Period id=\"p1\" start=\"PT2.002S\" duration=\"PT2.006S\">"));
}

GST_END_TEST;

/* A gap has no tracks; those after it keep their numbers and times. */
GST_START_TEST (test_gap)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;
  VsSegment *gap;

  fixture_init (&f);
  for (guint i = 0; i < 4; i++)
    add_segment (&f, 1 + i, 0, i);
  end_views (&f);
  gap = f.views[0].segments->pdata[1];
  gap->gap = TRUE;
  gap->independent = FALSE;
  gap->n_tracks = 0;
  text = write_mpd (&f);
  assert_valid (text);
  /* video: the boundaries are the times */
  fail_unless (strstr (text, "<S t=\"126000\" d=\"180180\" r=\"3\"/>"));
  /* audio: the gap's boundaries are no frames' */
  fail_unless (strstr (text, "<S t=\"67200\" d=\"95232\"/>\n"
          "      <S t=\"163296\" d=\"96096\"/>\n"
          "      <S t=\"258688\" d=\"96256\" r=\"1\"/>\n"), "%s", text);
}

GST_END_TEST;

/* Sound that comes late and ends early: no segments without it at the ends. */
GST_START_TEST (test_late_and_early)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;

  fixture_init (&f);
  for (guint i = 0; i < 6; i++)
    add_segment (&f, 1 + i, 0, i);
  end_views (&f);
  for (guint i = 0; i < 6; i += 5) {
    VsSegment *segment = f.views[0].segments->pdata[i];

    segment->tracks[1].duration = 0;
    segment->tracks[1].config_id[0] = '\0';
  }
  text = write_mpd (&f);
  assert_valid (text);
  fail_unless (strstr (text, "presentationTimeOffset=\"67200\""
          " startNumber=\"2\">\n"
          "     <SegmentTimeline>\n"
          "      <S t=\"162432\" d=\"96256\" r=\"3\"/>\n"
          "     </SegmentTimeline>\n"), "%s", text);
}

GST_END_TEST;

/* One set a video codec and an audio language; no startWithSAP when one
 * segment has no IDR. */
GST_START_TEST (test_adaptation_sets)
{
  g_auto (Fixture) f;
  g_autofree gchar *text = NULL;
  VsCodecConfig *config;

  fixture_init (&f);
  add_segment (&f, 1, 0, 0);
  config = f.views[1].configs->pdata[0];
  config->codec = VS_CODEC_H265;
  g_strlcpy (config->mime, "hvc1.1.6.L60.B0", sizeof config->mime);
  ((VsSegment *) f.views[0].segments->pdata[0])->independent = FALSE;
  f.tracks[2].view = &f.views[1];
  g_free (f.views[1].rendition->language);
  f.views[1].rendition->language = g_strdup ("\" no & language");
  f.views[1].rendition->role = g_strdup ("dub");
  text = write_mpd (&f);
  assert_valid (text);
  fail_unless (strstr (text, "<AdaptationSet id=\"0\" contentType=\"video\""
          " mimeType=\"video/mp4\" segmentAlignment=\"true\" maxWidth"));
  fail_unless (strstr (text, "<AdaptationSet id=\"1\" contentType=\"video\""
          " mimeType=\"video/mp4\" segmentAlignment=\"true\""
          " startWithSAP=\"2\""));
  fail_unless (strstr (text, "<AdaptationSet id=\"2\" contentType=\"audio\""
          " mimeType=\"audio/mp4\" segmentAlignment=\"true\""
          " startWithSAP=\"1\""));
  fail_unless (strstr (text, "value=\"dub\""));
  fail_unless (strstr (text, "lang=") == NULL);
}

GST_END_TEST;

static Suite *
mpd_suite (void)
{
  Suite *suite = suite_create ("mpd");
  TCase *tcase = tcase_create ("write");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_static);
  tcase_add_test (tcase, test_dynamic);
  tcase_add_test (tcase, test_starts_at_zero);
  tcase_add_test (tcase, test_periods_are_stable);
  tcase_add_test (tcase, test_static_periods);
  tcase_add_test (tcase, test_static_end);
  tcase_add_test (tcase, test_gap);
  tcase_add_test (tcase, test_late_and_early);
  tcase_add_test (tcase, test_adaptation_sets);
  return suite;
}

GST_CHECK_MAIN (mpd);
