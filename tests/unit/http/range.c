/* VisionStream: tests of byte ranges
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include "http/vshttprange.h"

#define NONE VS_HTTP_RANGE_NONE
#define PART VS_HTTP_RANGE_PART
#define BEYOND VS_HTTP_RANGE_UNSATISFIABLE

GST_START_TEST (test_ranges)
{
  const struct
  {
    const gchar *value;
    guint64 size;
    VsHttpRangeKind kind;
    guint64 offset, length;
  } cases[] = {
    {"bytes=0-0", 10, PART, 0, 1},
    {"bytes=0-", 10, PART, 0, 10},
    {"bytes=0-9", 10, PART, 0, 10},
    {"bytes=0-10", 10, PART, 0, 10},
    {"bytes=9-9", 10, PART, 9, 1},
    {"bytes=3-5", 10, PART, 3, 3},
    {"BYTES=3-5", 10, PART, 3, 3},
    {"bytes= 3-5 ", 10, PART, 3, 3},
    {"bytes=-1", 10, PART, 9, 1},
    {"bytes=-10", 10, PART, 0, 10},
    {"bytes=-11", 10, PART, 0, 10},
    {"bytes=000000000000000000000000000003-5", 10, PART, 3, 3},
    {"bytes=3-99999999999999999999999", 10, PART, 3, 7},
    {"bytes=3-18446744073709551615", 10, PART, 3, 7},
    {"bytes=-99999999999999999999", 10, PART, 0, 10},

    {"bytes=10-", 10, BEYOND, 0, 0},
    {"bytes=10-20", 10, BEYOND, 0, 0},
    {"bytes=-0", 10, BEYOND, 0, 0},
    {"bytes=0-", 0, BEYOND, 0, 0},
    {"bytes=-5", 0, BEYOND, 0, 0},
    {"bytes=18446744073709551615-", 10, BEYOND, 0, 0},
    {"bytes=99999999999999999999999-99999999999999999999999", 10, BEYOND},

    {"", 10, NONE, 0, 0},
    {"bytes", 10, NONE, 0, 0},
    {"bytes=", 10, NONE, 0, 0},
    {"bytes=-", 10, NONE, 0, 0},
    {"bytes=--1", 10, NONE, 0, 0},
    {"bytes=a-b", 10, NONE, 0, 0},
    {"bytes=1", 10, NONE, 0, 0},
    {"bytes=1-a", 10, NONE, 0, 0},
    {"bytes=1- 2", 10, NONE, 0, 0},
    {"bytes=+1-2", 10, NONE, 0, 0},
    {"bytes=0x1-2", 10, NONE, 0, 0},
    {"bytes=5-3", 10, NONE, 0, 0},
    {"bytes=0-0,2-2", 10, NONE, 0, 0},
    {"bytes=0-,0-,0-", 10, NONE, 0, 0},
    {"bytes=0-0,", 10, NONE, 0, 0},
    {"items=0-0", 10, NONE, 0, 0},
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint64 offset = 0, length = 0;
    VsHttpRangeKind kind = vs_http_range_parse (cases[i].value, cases[i].size,
        &offset, &length);

    fail_unless (kind == cases[i].kind, "%s: %d", cases[i].value, kind);
    if (kind != PART)
      continue;
    fail_unless_equals_uint64 (offset, cases[i].offset);
    fail_unless_equals_uint64 (length, cases[i].length);
  }
}

GST_END_TEST;

static Suite *
http_range_suite (void)
{
  Suite *s = suite_create ("http_range");
  TCase *tc = tcase_create ("range");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_ranges);
  return s;
}

GST_CHECK_MAIN (http_range);
