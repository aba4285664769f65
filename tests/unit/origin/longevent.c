/* VisionStream: tests of events that have been going on for long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "origin/longstore.h"
#include "origin/vsblock.h"
#include "origin/vsorigin.h"

#define DAYS 14
#define RUN_LENGTH 1500
#define MIB (1024 * 1024)
#define CACHE_BYTES (8 * MIB)

static VsOrigin *origin;
static VsOriginEvent *event;
static VsStore *store;

static void
set_endpoint (const gchar * name, VsEndpointType type, GstClockTime joined)
{
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new (name, type);

  endpoint->segment_duration = joined;
  vs_origin_set_endpoint (origin, endpoint);
}

static void
start_origin (gsize cache_bytes)
{
  VsOriginSettings settings = {.n_threads = 1,.cache_bytes = cache_bytes };

  origin = vs_origin_new (&settings);
  set_endpoint ("hls", VS_ENDPOINT_HLS, 0);
  set_endpoint ("cmaf", VS_ENDPOINT_CMAF, 0);
  set_endpoint ("dash", VS_ENDPOINT_DASH, 0);
  set_endpoint ("joined", VS_ENDPOINT_CMAF, 6 * GST_SECOND);
  vs_origin_set_store (origin, store);
}

static void
stop_origin (void)
{
  if (event)
    vs_origin_remove_event (origin, event);
  event = NULL;
  g_clear_pointer (&origin, vs_origin_unref);
}

static void
teardown (void)
{
  g_clear_pointer (&store, vs_store_unref);
}

static void
take_response (VsOriginResponse * response, gpointer user_data)
{
  g_async_queue_push (user_data, vs_origin_response_ref (response));
}

/* @first, @last: of the segments that are asked for, 0 for none */
static VsOriginResponse *
get (const gchar * object, guint64 first, guint64 last)
{
  g_autoptr (GAsyncQueue) answers = g_async_queue_new ();
  g_autofree gchar *path = g_strdup_printf ("/out/v1/" LONG_FOLDER "/%s",
      object);
  /* in the midst of a segment: dates are whole seconds */
  gint64 start_us = LONG_START_US + LONG_US (first) - G_USEC_PER_SEC;
  gint64 end_us = LONG_START_US + LONG_US (last) - G_USEC_PER_SEC / 2;
  g_autofree gchar *start = g_strdup_printf ("start=%" G_GINT64_FORMAT,
      start_us / G_USEC_PER_SEC);
  g_autofree gchar *both = g_strdup_printf ("%s&end=%" G_GINT64_FORMAT, start,
      end_us / G_USEC_PER_SEC);
  VsOriginRequest request = {.path = path };

  request.query = last ? both : first ? start : NULL;
  vs_origin_request (origin, &request, take_response, answers);
  return g_async_queue_pop (answers);
}

static gchar *
get_text (const gchar * object, guint64 first, guint64 last)
{
  g_autoptr (VsOriginResponse) response = get (object, first, last);

  fail_unless_equals_int (response->status, 200);
  return g_strndup (g_bytes_get_data (response->body, NULL),
      g_bytes_get_size (response->body));
}

/* What is read from a playlist of CMAF. */
typedef struct
{
  guint64 first, last;
  guint breaks;
} Listed;

/* Each entry has the number that its place gives it. */
static void
read_list (const gchar * text, Listed * listed)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  const gchar *media_sequence = strstr (text, "#EXT-X-MEDIA-SEQUENCE:");
  gboolean has_map = FALSE;
  guint64 next;

  fail_unless (media_sequence != NULL);
  next = g_ascii_strtoull (strchr (media_sequence, ':') + 1, NULL, 10);
  *listed = (Listed) {
  next};
  for (guint i = 0; lines[i]; i++) {
    guint64 n;

    has_map |= g_str_has_prefix (lines[i], "#EXT-X-MAP:");
    listed->breaks += g_str_equal (lines[i], "#EXT-X-DISCONTINUITY");
    if (sscanf (lines[i], "video_720p_%" G_GUINT64_FORMAT ".m4s", &n) != 1)
      continue;
    fail_unless (has_map);
    fail_unless_equals_uint64 (n, next++);
  }
  listed->last = next - 1;
}

static guint
count (const gchar * text, const gchar * what)
{
  guint n = 0;

  for (; (text = strstr (text, what)); text += strlen (what))
    n++;
  return n;
}

/* ---- what there is ------------------------------------------------------ */

/* What the headers tell of a range is what its manifest shows, also where all
 * of it is in the archive. */
GST_START_TEST (test_freshness)
{
  static const struct
  {
    const gchar *object;
    guint64 first, last, shown;
  } cases[] = {
    {"cmaf/index_video_720p.m3u8", 100, 200, 200},
    {"cmaf/index_video_720p.m3u8", 100, 1900, 1900},
    {"hls/index_720p.m3u8", 100, 200, 200},
    {"hls/index.m3u8", 100, 200, 200},
    {"hls/index.m3u8", 100, 1900, 1900},
    {"dash/index.mpd", 100, 200, 200},
    {"dash/index.mpd", 100, 1900, 1900},
    {"joined/index_video_720p.m3u8", 100, 198, 66},
    {"cmaf/index_video_720p.m3u8", 100, 0, 2000},
    {"cmaf/index_video_720p.m3u8", 0, 0, 2000},
    {"dash/index.mpd", 0, 0, 2000},
  };

  store = long_store_new (1, 2001);
  start_origin (0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsOriginResponse) response = get (cases[i].object,
        cases[i].first, cases[i].last);
    g_autoptr (VsOriginResponse) again = get (cases[i].object,
        cases[i].first, cases[i].last);

    fail_unless_equals_int (response->status, 200);
    fail_unless_equals_uint64 (response->freshness.last_sequence,
        cases[i].shown);
    fail_unless_equals_uint64 (again->freshness.last_sequence, cases[i].shown);
  }
  stop_origin ();
}

GST_END_TEST;

/* Past what is retained there is nothing; what reaches into it begins with
 * what there is. */
GST_START_TEST (test_past_retention)
{
  static const gchar *const objects[] = {
    "cmaf/index_video_720p.m3u8", "dash/index.mpd", "hls/index.m3u8"
  };
  g_autofree gchar *list = NULL, *mpd = NULL;
  Listed listed;

  store = long_store_new (5000, 8001);
  start_origin (0);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_autoptr (VsOriginResponse) before = get (objects[i], 100, 200);
    g_autoptr (VsOriginResponse) long_before = get (objects[i], 100, 4900);

    fail_unless_equals_int (before->status, 404);
    fail_unless_equals_int (long_before->status, 404);
  }
  list = get_text ("cmaf/index_video_720p.m3u8", 4000, 7000);
  read_list (list, &listed);
  fail_unless_equals_uint64 (listed.first, 5000);
  fail_unless_equals_uint64 (listed.last, 7000);
  mpd = get_text ("dash/index.mpd", 4000, 7000);
  fail_unless_equals_int (count (mpd, "startNumber=\"5000\""), 6);
  stop_origin ();
}

GST_END_TEST;

/* ---- what goes meanwhile ------------------------------------------------ */

/* Retention comes by when the walk is in the third block. */
static void
prune_once (VsStore * pruned, guint64 part, gpointer user_data)
{
  guint64 *last = user_data;

  if (part > 2 * VS_BLOCK + VS_TIMELINE_PART && part < 2 * VS_BLOCK + 200
      && part == *last + VS_TIMELINE_PART)
    long_store_prune (pruned, 1250, 1250);
  *last = part;
}

/* What is left is listed whole, once and when it is asked for again. */
GST_START_TEST (test_pruned_meanwhile)
{
  static const gchar *const object = "cmaf/index_video_720p.m3u8";
  guint64 last = 0;

  for (guint i = 0; i < 2; i++) {
    store = long_store_new (1, 3001);
    long_store_watch (store, prune_once, &last);
    start_origin (0);
    for (guint k = 0; k < 2; k++) {
      g_autofree gchar *text = NULL;
      Listed listed;

      if (i == 0) {
        text = get_text (object, 1, k ? 2999 : 3000);
        read_list (text, &listed);
        fail_unless_equals_uint64 (listed.first, 1250);
        fail_unless_equals_uint64 (listed.last, k ? 2999 : 3000);
      } else {
        text = get_text ("dash/index.mpd", 1, k ? 2999 : 3000);
        fail_unless_equals_int (count (text, "startNumber=\"1250\""), 6);
        fail_unless_equals_int (count (text, "startNumber"), 6);
      }
    }
    stop_origin ();
    g_clear_pointer (&store, vs_store_unref);
  }
}

GST_END_TEST;

/* ---- restarts ----------------------------------------------------------- */

/* The newest run, as the chain that was started anew feeds it. */
static void
add_event (guint64 first, guint64 last)
{
  event = vs_origin_add_event (origin, VS_DEFAULT_ACCOUNT, VS_DEFAULT_EVENT,
      NULL);
  for (guint i = 0; i < LONG_RENDITIONS; i++) {
    g_autoptr (VsRendition) rendition = long_rendition (i);
    g_autoptr (VsTimeline) timeline = vs_timeline_new (rendition);
    g_autoptr (VsCodecConfig) video = long_config (VS_MEDIA_VIDEO, i);
    g_autoptr (VsCodecConfig) audio = long_config (VS_MEDIA_AUDIO, i);
    const VsPeaks peaks = { rendition->bitrate * 2, rendition->bitrate * 2,
      i < 2 ? 192000 : 128000
    };

    vs_timeline_set_target_duration (timeline, 2);
    vs_timeline_set_average_bandwidth (timeline, rendition->bitrate);
    vs_timeline_raise_peaks (timeline, &peaks);
    vs_timeline_add_config (timeline, video);
    vs_timeline_add_config (timeline, audio);
    vs_origin_event_add_rendition (event, timeline, i);
    for (guint64 n = first; n <= last; n++) {
      g_autoptr (VsSegment) segment = long_segment (i, n, RUN_LENGTH);

      vs_origin_event_add_segment (event, rendition->name, segment, NULL);
    }
  }
}

/* Startover leads over the restart: what the chain has in memory and what the
 * archive has make one manifest, the same as that of an origin which has the
 * archive alone. */
GST_START_TEST (test_restart)
{
  static const gchar *const objects[] = {
    "cmaf/index_video_720p.m3u8", "dash/index.mpd", "hls/index_720p.m3u8"
  };
  gchar *texts[G_N_ELEMENTS (objects)];
  Listed listed;

  store = long_store_new (1, 3001);
  long_store_set_runs (store, RUN_LENGTH);
  start_origin (0);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    texts[i] = get_text (objects[i], 1000, 0);
  stop_origin ();
  read_list (texts[0], &listed);
  fail_unless_equals_uint64 (listed.first, 1000);
  fail_unless_equals_uint64 (listed.last, 3000);
  fail_unless_equals_int (listed.breaks, 1);
  fail_unless_equals_int (count (texts[1], "<Period "), 2);

  start_origin (0);
  add_event (2900, 3000);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_autofree gchar *text = get_text (objects[i], 1000, 0);

    fail_unless_equals_string (text, texts[i]);
    g_free (texts[i]);
  }
  stop_origin ();
}

GST_END_TEST;

/* ---- what it costs ------------------------------------------------------ */

static void
count_live (guint64 length, LongStoreCounts * cold, LongStoreCounts * warm)
{
  static const gchar *const objects[] = {
    "cmaf/index_video_720p.m3u8", "hls/index_720p.m3u8", "hls/index.m3u8",
    "dash/index.mpd"
  };

  store = long_store_new (1, length + 1);
  start_origin (0);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    g_free (get_text (objects[i], 0, 0));
  long_store_get_counts (store, cold);
  long_store_grow (store, 1);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    guint64 last = 0;

    /* the archive is looked at again after a while */
    while (last != length + 1) {
      g_autoptr (VsOriginResponse) response = get (objects[i], 0, 0);

      last = response->freshness.last_sequence;
      g_usleep (10000);
    }
  }
  long_store_get_counts (store, warm);
  warm->parts -= cold->parts;
  warm->reads -= cold->reads;
  warm->bytes -= cold->bytes;
  stop_origin ();
  g_clear_pointer (&store, vs_store_unref);
}

/* A live request reads as much of two weeks as of an hour. */
GST_START_TEST (test_live_cost)
{
  const guint64 hour = 1728, weeks = DAYS * 43168;
  LongStoreCounts cold[2], warm[2];

  /* as far into a block */
  fail_unless (weeks % VS_BLOCK == hour % VS_BLOCK);
  count_live (hour, &cold[0], &warm[0]);
  count_live (weeks, &cold[1], &warm[1]);
  fail_unless_equals_uint64 (cold[1].parts, cold[0].parts);
  fail_unless_equals_uint64 (cold[1].reads, cold[0].reads);
  /* numbers have more digits */
  fail_unless (cold[1].bytes < cold[0].bytes * 11 / 10);
  fail_unless_equals_uint64 (warm[1].parts, warm[0].parts);
  fail_unless_equals_uint64 (warm[1].reads, warm[0].reads);
  /* a part is read once, when the playlist no longer has it */
  fail_unless (warm[0].parts <= LONG_RENDITIONS);
}

GST_END_TEST;

/* Sanitizers and valgrind hold on to what is freed. */
static gboolean
can_measure_memory (void)
{
#ifdef __SANITIZE_ADDRESS__
  return FALSE;
#else
  return g_getenv ("VS_VALGRIND") == NULL;
#endif
}

/* of the process */
static gsize
get_resident (void)
{
  g_autofree gchar *text = NULL;
  gulong size, resident;

  fail_unless (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  fail_unless (sscanf (text, "%lu %lu", &size, &resident) == 2);
  return resident * sysconf (_SC_PAGESIZE);
}

/* Manifests all over two weeks take no more memory than one of them and the
 * cache: unbounded, they would take 60 MiB. */
GST_START_TEST (test_memory)
{
  static const gchar *const objects[] = {
    "cmaf/index_video_720p.m3u8", "dash/index.mpd"
  };
  const guint64 step = LONG_DAY / 2, length = 1800;
  gsize before = 0;

  store = long_store_new (1, DAYS * LONG_DAY + 1);
  start_origin (CACHE_BYTES);
  for (guint i = 0; i < 2 * DAYS - 1; i++) {
    for (guint k = 0; k < G_N_ELEMENTS (objects); k++)
      g_free (get_text (objects[k], 100 + i * step, i * step + length));
    if (i == 0)
      before = get_resident ();
  }
  fail_unless (get_resident () < before + CACHE_BYTES + 4 * MIB,
      "%" G_GSIZE_FORMAT " bytes, then %" G_GSIZE_FORMAT, before,
      get_resident ());
  stop_origin ();
}

GST_END_TEST;

static Suite *
longevent_suite (void)
{
  Suite *suite = suite_create ("longevent");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, NULL, teardown);
  tcase_add_test (tcase, test_freshness);
  tcase_add_test (tcase, test_past_retention);
  tcase_add_test (tcase, test_pruned_meanwhile);
  tcase_add_test (tcase, test_restart);
  tcase_add_test (tcase, test_live_cost);
  if (can_measure_memory ())
    tcase_add_test (tcase, test_memory);
  return suite;
}

GST_CHECK_MAIN (longevent);
