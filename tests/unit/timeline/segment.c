/* VisionStream: tests of renditions, segments and their events
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "timeline/segmentcheck.h"

static VsSegment *
make_segment (guint64 sequence)
{
  VsSegment *segment = vs_segment_new ();

  segment->sequence = sequence;
  segment->discontinuity_sequence = 3;
  segment->discontinuity = TRUE;
  segment->run = 4;
  segment->run_start_pts_90k = -540005;
  segment->start_pts_90k = -5;
  segment->utc_us = G_GINT64_CONSTANT (1700000000000000);
  segment->event_utc_us = G_GINT64_CONSTANT (1690000000000001);
  segment->duration = 6 * GST_SECOND;
  g_strlcpy (segment->cause, "idr", sizeof segment->cause);
  segment->independent = TRUE;
  segment->n_tracks = 2;
  segment->tracks[0].type = VS_MEDIA_VIDEO;
  segment->tracks[0].timescale = 90000;
  segment->tracks[0].start = 126000;
  segment->tracks[0].duration = 540000;
  g_strlcpy (segment->tracks[0].config_id, "0123abcd", 9);
  segment->tracks[0].size = 170000;
  segment->tracks[1].type = VS_MEDIA_AUDIO;
  segment->tracks[1].timescale = 48000;
  segment->tracks[1].start = -1024;
  segment->size = 188000;
  for (guint i = 0; i < 32; i++)
    segment->sha256[i] = i * 7;
  segment->uri = g_strdup ("index_1080p_00001.ts");
  return segment;
}

GST_START_TEST (test_names)
{
  static const struct
  {
    const gchar *name;
    gboolean name_ok, event_ok;
  } cases[] = {
    {"live", TRUE, TRUE},
    {"A-z_09", TRUE, TRUE},
    {"media", TRUE, FALSE},
    {"recordings", TRUE, FALSE},
    {"", FALSE, FALSE},
    {NULL, FALSE, FALSE},
    {"..", FALSE, FALSE},
    {"a/b", FALSE, FALSE},
    {"a b", FALSE, FALSE},
    {"\xc3\xa4", FALSE, FALSE},
    {"0123456789012345678901234567890123456789012345678901234567890123",
        TRUE, TRUE},
    {"01234567890123456789012345678901234567890123456789012345678901234",
        FALSE, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    fail_unless_equals_int (vs_name_is_valid (cases[i].name), cases[i].name_ok);
    fail_unless_equals_int (vs_event_name_is_valid (cases[i].name),
        cases[i].event_ok);
  }
}

GST_END_TEST;

GST_START_TEST (test_rendition_event)
{
  g_autoptr (VsRendition) in = vs_rendition_new ("acme", NULL, "day1", "1080p");
  g_autoptr (VsRendition) out = NULL;
  g_autoptr (GstEvent) event = NULL;

  in->ingest_index = 1;
  in->track_count = 2;
  in->audio_id = g_strdup ("main");
  in->language = g_strdup ("de-AT");
  in->role = g_strdup ("main");
  in->archive = g_strdup ("/srv/archive");
  in->target_duration = 6 * GST_SECOND;
  in->segmented = TRUE;
  in->bitrate = 5000000;
  in->fps_n = 30000;
  in->fps_d = 1001;
  event = vs_event_new_rendition (in);
  fail_unless (GST_EVENT_IS_STICKY (event) && GST_EVENT_IS_SERIALIZED (event));
  fail_unless (vs_event_is_rendition (event));
  fail_if (vs_event_is_segment (event));
  out = vs_event_parse_rendition (event);
  fail_unless (out != NULL);
  fail_unless_equals_string (out->account, "acme");
  fail_unless_equals_string (out->event, "live");
  fail_unless_equals_string (out->breakout, "day1");
  fail_unless_equals_string (out->name, "1080p");
  fail_unless_equals_string (out->audio_id, "main");
  fail_unless_equals_string (out->language, "de-AT");
  fail_unless_equals_string (out->role, "main");
  fail_unless_equals_string (out->archive, "/srv/archive");
  fail_unless_equals_int (out->ingest_index, 1);
  fail_unless_equals_int (out->track_count, 2);
  fail_unless_equals_uint64 (out->target_duration, 6 * GST_SECOND);
  fail_unless (out->segmented);
  fail_unless_equals_int (out->bitrate, 5000000);
  fail_unless_equals_int (out->fps_n, 30000);
  fail_unless_equals_int (out->fps_d, 1001);
}

GST_END_TEST;

/* Each field in turn is missing, of another type, or holds what must not
 * come through. */
GST_START_TEST (test_rendition_hostile)
{
  static const gchar *const required[] = { "account", "event", "name",
    "ingest-index", "track-count", "target-duration", "segmented", "bitrate",
    "fps-n", "fps-d"
  };
  static const gchar *const names[] = { "account", "event", "name", "breakout",
    "audio-id", "language", "role"
  };
  static const gchar *const values[] = { "", "../x", "a\nb", "\xff\xfe" };
  g_autoptr (VsRendition) in = vs_rendition_new (NULL, NULL, "b", "n");
  g_autoptr (GstEvent) good = vs_event_new_rendition (in);

  for (guint i = 0; i < G_N_ELEMENTS (required); i++) {
    g_autoptr (GstEvent) event = gst_event_copy (good);

    gst_structure_remove_field (gst_event_writable_structure (event),
        required[i]);
    fail_unless (vs_event_parse_rendition (event) == NULL);
    gst_structure_set (gst_event_writable_structure (event),
        required[i], G_TYPE_DOUBLE, 1.0, NULL);
    fail_unless (vs_event_parse_rendition (event) == NULL);
  }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (values); j++) {
      g_autoptr (GstEvent) event = gst_event_copy (good);
      GValue value = G_VALUE_INIT;

      /* past the UTF-8 check of gst_structure_set () */
      g_value_init (&value, G_TYPE_STRING);
      g_value_set_string (&value, "x");
      gst_structure_set_value (gst_event_writable_structure (event), names[i],
          &value);
      g_value_set_string ((GValue *)
          gst_structure_get_value (gst_event_get_structure (event),
              names[i]), values[j]);
      g_value_unset (&value);
      fail_unless (vs_event_parse_rendition (event) == NULL,
          "%s %u", names[i], j);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_segment_event)
{
  g_autoptr (VsSegment) a = make_segment (41);
  g_autoptr (VsSegment) b = make_segment (42);
  g_autoptr (VsSegment) opened = NULL;
  g_autoptr (VsSegment) closed = NULL;
  g_autoptr (GstEvent) event = NULL;
  g_autoptr (GstEvent) last = NULL;

  b->duration = GST_CLOCK_TIME_NONE;
  g_clear_pointer (&b->uri, g_free);
  b->n_tracks = 0;
  memset (b->tracks, 0, sizeof b->tracks);
  event = vs_event_new_segment (b, a);
  fail_unless (GST_EVENT_IS_SERIALIZED (event));
  fail_if (GST_EVENT_IS_STICKY (event));
  fail_unless (vs_event_is_segment (event));
  fail_unless (vs_event_parse_segment (event, &opened, &closed));
  assert_segments_equal (opened, b);
  assert_segments_equal (closed, a);
  fail_unless (vs_segment_get_track (closed, VS_MEDIA_AUDIO)
      == &closed->tracks[1]);
  fail_unless (vs_segment_get_track (opened, VS_MEDIA_AUDIO) == NULL);

  g_clear_pointer (&opened, vs_segment_unref);
  g_clear_pointer (&closed, vs_segment_unref);
  last = vs_event_new_segment (NULL, b);
  fail_unless (vs_event_parse_segment (last, &opened, &closed));
  fail_unless (opened == NULL);
  assert_segments_equal (closed, b);
}

GST_END_TEST;

static gboolean
parses_with (GstEvent * good, const gchar * field, const GValue * value)
{
  g_autoptr (GstEvent) event = gst_event_copy (good);
  const GstStructure *s = gst_event_get_structure (event);
  g_autoptr (GstStructure) inner = gst_structure_copy (gst_value_get_structure
      (gst_structure_get_value (s, "opened")));
  g_autoptr (VsSegment) opened = NULL;
  g_autoptr (VsSegment) closed = NULL;

  if (value)
    gst_structure_set_value (inner, field, value);
  else
    gst_structure_remove_field (inner, field);
  gst_structure_set (gst_event_writable_structure (event), "opened",
      GST_TYPE_STRUCTURE, inner, NULL);
  return vs_event_parse_segment (event, &opened, &closed);
}

GST_START_TEST (test_segment_hostile)
{
  static const struct
  {
    const gchar *field, *value;
    gboolean ok;
  } cases[] = {
    /* *INDENT-OFF* */
    {"sequence", "(guint64) 0"},
    {"sequence", "(guint64) 18446744073709551615"},
    {"sequence", "(guint64) 7", TRUE},
    {"sequence", "(int) 7"},
    {"start-pts-90k", "(gint64) 9223372036854775807"},
    {"start-pts-90k", "(gint64) -9223372036854775808"},
    {"utc-us", "(gint64) -1"},
    {"utc-us", "(gint64) 9223372036854775807"},
    {"duration", "(guint64) 18446744073709551614"},
    {"duration", "(guint64) 18446744073709551615", TRUE},
    {"cause", "(string) sixteen-letters-"},
    {"cause", "(string) \"a b\""},
    {"uri", "(string) ../secret"},
    {"uri", "(string) /etc/passwd"},
    {"uri", "(string) http://a/b"},
    {"uri", "(string) \"a\\\\b\""},
    {"uri", "(string) sub/ok.ts", TRUE},
    {"uri", "(int) 1"},
    {"sha256", "(string) 00"},
    {"sha256", "(string) zz"},
    {"size", "(guint64) 18446744073709551615"},
    {"track-0", "(int) 1"},
    {"track-0", "(GstStructure) \"track;\""},
    {"track-0", "(GstStructure) \"track, type=(string)x;\""},
    /* *INDENT-ON* */
  };
  g_autoptr (VsSegment) segment = make_segment (1);
  g_autoptr (GstEvent) event = vs_event_new_segment (segment, NULL);
  const GstStructure *inner =
      gst_value_get_structure (gst_structure_get_value (gst_event_get_structure
          (event), "opened"));
  g_autoptr (VsSegment) opened = NULL;
  g_autoptr (VsSegment) closed = NULL;
  g_autoptr (GstEvent) other = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strdup_printf ("s, f=%s;", cases[i].value);
    g_autoptr (GstStructure) s = gst_structure_from_string (text, NULL);

    fail_unless (s != NULL, "%s", text);
    fail_unless_equals_int (parses_with (event, cases[i].field,
            gst_structure_get_value (s, "f")), cases[i].ok);
  }
  for (gint i = 0; i < gst_structure_n_fields (inner); i++) {
    const gchar *field = gst_structure_nth_field_name (inner, i);
    gboolean optional = g_str_equal (field, "uri")
        || g_str_has_prefix (field, "track-");

    fail_unless_equals_int (parses_with (event, field, NULL), optional);
  }

  other = gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new ("visionstream-segment", "final", G_TYPE_BOOLEAN,
          FALSE, NULL));
  fail_if (vs_event_parse_segment (other, &opened, &closed));
}

GST_END_TEST;

static Suite *
segment_suite (void)
{
  Suite *s = suite_create ("segment");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_rendition_event);
  tcase_add_test (tc, test_rendition_hostile);
  tcase_add_test (tc, test_segment_event);
  tcase_add_test (tc, test_segment_hostile);
  return s;
}

GST_CHECK_MAIN (segment);
