/* VisionStream: tests of what part of an event a request asks for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "origin/vsselection.h"

#define S G_USEC_PER_SEC
/* 2026-01-31T12:00:00Z */
#define NOON G_GINT64_CONSTANT (1769860800)

static VsEndpoint *endpoint;

static void
setup (void)
{
  endpoint = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
}

static void
teardown (void)
{
  vs_endpoint_unref (endpoint);
}

static gboolean
parse (const gchar * start, const gchar * end, const gchar * query,
    gboolean main, VsSelection * selection)
{
  VsTimeElements elements = { start, end, start ? strlen (start) : 0,
    end ? strlen (end) : 0
  };

  return vs_selection_parse (endpoint, &elements, query, main, selection, NULL);
}

GST_START_TEST (test_dates)
{
  static const struct
  {
    const gchar *start, *end, *query;
    gint64 start_us, end_us;
  } table[] = {
    {NULL, NULL, NULL, 0, 0},
    {NULL, NULL, "", 0, 0},
    {NULL, NULL, "start=1769860800", NOON * S, 0},
    {NULL, NULL, "start=2026-01-31T12:00:00Z", NOON * S, 0},
    {NULL, NULL, "start=2026-01-31T12%3A00%3A00.250Z", NOON * S + S / 4, 0},
    {NULL, NULL, "start=2026-01-31T13:00:00%2B01:00", NOON * S, 0},
    {NULL, NULL, "_=1&start=1769860800&end=1769860860", NOON * S,
        (NOON + 60) * S},
    {"1769860800", NULL, NULL, NOON * S, 0},
    {"2026-01-31T12:00:00Z", "1769860801", NULL, NOON * S, (NOON + 1) * S},
    {"1769860800", NULL, "end=1769860801", NOON * S, (NOON + 1) * S},
    {NULL, NULL, "end=1769860801", 0, (NOON + 1) * S},
    {NULL, NULL, "Start=1769860800", 0, 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_auto (VsSelection) selection = { 0 };

    fail_unless (parse (table[i].start, table[i].end, table[i].query, TRUE,
            &selection), "case %u", i);
    fail_unless_equals_int64 (selection.start_us, table[i].start_us);
    fail_unless_equals_int64 (selection.end_us, table[i].end_us);
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const struct
  {
    const gchar *start, *query;
  } table[] = {
    {NULL, "start="}, {NULL, "start"}, {NULL, "start=noon"},
    {NULL, "start=-5"}, {NULL, "start=0"}, {NULL, "start=99999999999999"},
    {NULL, "start=2026-01-31"}, {NULL, "start=2026-01-31T12:00:00"},
    {NULL, "start=1769860800&start=1769860800"},
    {"1769860800", "start=1769860800"}, {"x", NULL},
    {NULL, "start=%zz"},
    {NULL, "start=1769860800&end=1769860800"},
    {NULL, "start=1769860800&end=1769860799"},
    {NULL, "time_delay=-1"}, {NULL, "time_delay=1209601"},
    {NULL, "time_delay=5s"},
    {NULL, "manifest_window_seconds=29"},
    {NULL, "manifest_window_seconds=86401"},
    {NULL, "clip_start=x"},
    {NULL, "aws.manifestfilter="}, {NULL, "aws.manifestfilter=x:1"},
    {NULL, "aws.manifestfilter=video_height:1&aws.manifestfilter=video_height:1"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    VsSelection selection;

    fail_if (parse (table[i].start, NULL, table[i].query, TRUE, &selection),
        "case %u", i);
  }
}

GST_END_TEST;

GST_START_TEST (test_filter_belongs_to_main)
{
  g_auto (VsSelection) selection = { 0 };

  fail_if (parse (NULL, NULL, "aws.manifestfilter=video_height:240", FALSE,
          &selection));
  fail_unless (parse (NULL, NULL, "aws.manifestfilter=video_height%3A240", TRUE,
          &selection));
  fail_unless (selection.filter != NULL);
}

GST_END_TEST;

/* what an endpoint sets a request may not set again */
GST_START_TEST (test_endpoint_comes_first)
{
  guint n;
  const VsEndpointSetting *settings = vs_endpoint_get_settings (&n);
  g_auto (VsSelection) selection = { 0 };

  endpoint->time_delay = 30 * GST_SECOND;
  for (guint i = 0; i < n; i++) {
    if (strcmp (settings[i].name, "clip-start") == 0)
      fail_unless (vs_endpoint_set_text (endpoint, &settings[i],
              "2026-01-31T12:00:00Z", NULL));
    if (strcmp (settings[i].name, "manifest-filter") == 0)
      fail_unless (vs_endpoint_set_text (endpoint, &settings[i],
              "video_height:1-480", NULL));
  }
  fail_if (parse (NULL, NULL, "time_delay=5", TRUE, &selection));
  fail_if (parse (NULL, NULL, "clip_start=1769860800", TRUE, &selection));
  fail_if (parse (NULL, NULL, "aws.manifestfilter=video_height:1", TRUE,
          &selection));
  fail_unless (parse (NULL, NULL, "start=1769860800", TRUE, &selection));
  fail_unless (selection.filter != NULL);
  fail_unless_equals_int64 (selection.clip_start_us, NOON * S);
  fail_unless_equals_uint64 (selection.delay, 30 * GST_SECOND);
}

GST_END_TEST;

GST_START_TEST (test_query_of_children)
{
  static const struct
  {
    const gchar *start, *query, *expected;
  } table[] = {
    {NULL, NULL, ""},
    {NULL, "a=b&c", ""},
    {NULL, "x=1&start=2026-01-31T12:00:00Z", "?start=1769860800"},
    {NULL, "end=1769860801&start=1769860800",
        "?start=1769860800&end=1769860801"},
    {NULL, "start=2026-01-31T12:00:00.25Z",
        "?start=2026-01-31T12:00:00.250000Z"},
    {"1769860800", "time_delay=5", "?time_delay=5"},
    {NULL, "aws.manifestfilter=video_height:240&manifest_window_seconds=60",
        "?manifest_window_seconds=60"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_auto (VsSelection) selection = { 0 };
    g_autoptr (GString) out = g_string_new ("");

    fail_unless (parse (table[i].start, NULL, table[i].query, TRUE,
            &selection));
    vs_selection_append_query (out, &selection);
    fail_unless_equals_string (out->str, table[i].expected);
  }
}

GST_END_TEST;

/* An event from NOON to NOON + 1000, startover 600 s, window 100 s. */
GST_START_TEST (test_resolve)
{
  enum
  { LIVE, VOD, GROWING, OUTSIDE };
  static const struct
  {
    gint64 start, end, clip, delay;     /* s after NOON; 0 for none */
    gboolean ended;
    int what;
    gint64 from, to;            /* s after NOON */
  } table[] = {
    {0, 0, 0, 0, FALSE, LIVE, 0, 1000},
    {0, 0, 0, 0, TRUE, VOD, 0, 1000},
    {0, 800, 0, 0, FALSE, LIVE, 0, 1000},       /* an end alone */
    {500, 0, 0, 0, FALSE, GROWING, 500, 1000},
    {500, 0, 0, 0, TRUE, VOD, 500, 1000},
    {500, 800, 0, 0, FALSE, VOD, 500, 800},
    {500, 1000, 0, 0, FALSE, VOD, 500, 1000},
    {500, 1001, 0, 0, FALSE, GROWING, 500, 1000},
    {500, 2000, 0, 0, TRUE, VOD, 500, 1000},
    {399, 0, 0, 0, FALSE, OUTSIDE},
    {400, 0, 0, 0, FALSE, GROWING, 400, 1000},
    {-500, 100, 0, 0, TRUE, VOD, 0, 100},
    {-500, -100, 0, 0, TRUE, OUTSIDE},
    {1000, 0, 0, 0, FALSE, OUTSIDE},
    {2000, 3000, 0, 0, FALSE, OUTSIDE},
    {0, 0, 0, 300, FALSE, LIVE, 0, 700},
    {0, 0, 0, 300, TRUE, VOD, 0, 1000},
    {500, 800, 0, 300, FALSE, GROWING, 500, 700},
    {800, 0, 0, 300, FALSE, OUTSIDE},
    {0, 0, 0, 1000, FALSE, OUTSIDE},
    {0, 0, 600, 0, FALSE, LIVE, 600, 1000},
    {500, 800, 600, 0, FALSE, VOD, 600, 800},
    {500, 550, 600, 0, FALSE, OUTSIDE},
  };

  endpoint->startover_window = 600 * GST_SECOND;
  endpoint->window = 100 * GST_SECOND;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    VsSelection selection = {
      .start_us = table[i].start ? (NOON + table[i].start) * S : 0,
      .end_us = table[i].end ? (NOON + table[i].end) * S : 0,
      .clip_start_us = table[i].clip ? (NOON + table[i].clip) * S : 0,
      .delay = table[i].delay * GST_SECOND,
      .window = endpoint->window,
    };
    VsExtent extent = { NOON * S, (NOON + 1000) * S, table[i].ended };
    VsRange range;
    gboolean found = vs_selection_resolve (&selection, endpoint, &extent,
        &range, NULL);

    fail_unless (found == (table[i].what != OUTSIDE), "case %u", i);
    if (!found)
      continue;
    fail_unless (range.grows == (table[i].what != VOD), "case %u", i);
    fail_unless (range.slides == (table[i].what == LIVE), "case %u", i);
    fail_unless_equals_int64 (range.start_us, (NOON + table[i].from) * S);
    fail_unless_equals_int64 (range.end_us, (NOON + table[i].to) * S);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_day_at_most)
{
  VsExtent extent = { NOON * S, (NOON + 100000) * S, TRUE };
  VsSelection selection = { 0 };
  VsRange range;
  g_autoptr (GError) error = NULL;

  fail_unless (vs_selection_resolve (&selection, endpoint, &extent, &range,
          NULL));
  fail_unless_equals_int64 (range.start_us, (NOON + 100000 - 86400) * S);
  selection.start_us = (NOON + 1) * S;
  fail_if (vs_selection_resolve (&selection, endpoint, &extent, &range,
          &error));
  fail_unless (g_error_matches (error, VS_SELECTION_ERROR,
          VS_SELECTION_ERROR_OUTSIDE));
  selection.end_us = (NOON + 86401) * S;
  fail_unless (vs_selection_resolve (&selection, endpoint, &extent, &range,
          NULL));
}

GST_END_TEST;

static Suite *
selection_suite (void)
{
  Suite *s = suite_create ("selection");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_dates);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_filter_belongs_to_main);
  tcase_add_test (tc, test_endpoint_comes_first);
  tcase_add_test (tc, test_query_of_children);
  tcase_add_test (tc, test_resolve);
  tcase_add_test (tc, test_a_day_at_most);
  return s;
}

GST_CHECK_MAIN (selection);
