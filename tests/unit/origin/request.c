/* VisionStream: tests of vs_origin_request (), without HTTP
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <openssl/sha.h>

#include "origin/fixture.h"
#include "origin/vsorigin.h"
#include "store/vsstoreclass.h"

static VsOrigin *origin;
static VsOriginEvent *event;

static void
set_endpoint (const gchar * name, VsEndpointType type, GstClockTime window)
{
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new (name, type);

  endpoint->window = window;
  vs_origin_set_endpoint (origin, endpoint);
}

static void
start_origin (const VsOriginSettings * settings)
{
  origin = vs_origin_new (settings);
  set_endpoint ("hls", VS_ENDPOINT_HLS, 60 * GST_SECOND);
  set_endpoint ("cmaf", VS_ENDPOINT_CMAF, 60 * GST_SECOND);
  set_endpoint ("dash", VS_ENDPOINT_DASH, 60 * GST_SECOND);
}

static void
stop_origin (void)
{
  if (event)
    vs_origin_remove_event (origin, event);
  event = NULL;
  g_clear_pointer (&origin, vs_origin_unref);
}

/* What is stored: told apart by its number; nobody here packages it. */
static GBytes *
stored_bytes (guint64 sequence)
{
  return g_bytes_new_take (g_strdup_printf ("segment %" G_GUINT64_FORMAT,
          sequence), sizeof "segment 0" - 1);
}

static void
add_segment (const gchar * rendition, guint64 sequence)
{
  g_autoptr (VsSegment) segment = fixture_segment (sequence, TRUE, TRUE);
  g_autoptr (GBytes) bytes = stored_bytes (sequence);

  segment->size = g_bytes_get_size (bytes);
  SHA256 (g_bytes_get_data (bytes, NULL), segment->size, segment->sha256);
  vs_origin_event_add_segment (event, rendition, segment, bytes);
}

static void
add_rendition (const gchar * name, guint position)
{
  g_autoptr (VsTimeline) timeline =
      fixture_timeline (name, NULL, TRUE, TRUE, 1, 0);

  vs_origin_event_add_rendition (event, timeline, position);
}

static void
add_event (void)
{
  event = vs_origin_add_event (origin, "default", "live", NULL);
  add_rendition ("720p", 0);
  add_rendition ("240p", 1);
  for (guint64 i = 1; i <= 3; i++) {
    add_segment ("720p", i);
    add_segment ("240p", i);
  }
}

static void
take_response (VsOriginResponse * response, gpointer user_data)
{
  g_async_queue_push (user_data, vs_origin_response_ref (response));
}

/* (transfer full) */
static GAsyncQueue *
ask (const gchar * path, gboolean gzip)
{
  GAsyncQueue *answers = g_async_queue_new_full ((GDestroyNotify)
      vs_origin_response_unref);
  g_auto (GStrv) halves = g_strsplit (path, "?", 2);
  VsOriginRequest request = {
    .path = halves[0],.query = halves[0] ? halves[1] : NULL,.accept_gzip = gzip
  };

  vs_origin_request (origin, &request, take_response, answers);
  return answers;
}

static VsOriginResponse *
await_response (GAsyncQueue * answers)
{
  VsOriginResponse *response =
      g_async_queue_timeout_pop (answers, 30 * G_TIME_SPAN_SECOND);

  fail_unless (response != NULL);
  return response;
}

static VsOriginResponse *
get (const gchar * path, gboolean gzip)
{
  g_autoptr (GAsyncQueue) answers = ask (path, gzip);

  return await_response (answers);
}

static guint64
count_made (void)
{
  VsOriginStats stats;

  vs_origin_get_stats (origin, &stats);
  return stats.cache_misses;
}

#define LIVE "/out/v1/default/live/"

GST_START_TEST (test_answers)
{
  static const struct
  {
    const gchar *path;
    guint status;
    const gchar *type, *cache_control;
  } cases[] = {
    {LIVE "hls/index.m3u8", 200, "application/vnd.apple.mpegurl",
        "max-age=1, stale-if-error=0"},
    {LIVE "cmaf/index_audio_720p.m3u8", 200, "application/vnd.apple.mpegurl",
        "max-age=1, stale-if-error=0"},
    {LIVE "dash/index.mpd", 200, "application/dash+xml",
        "max-age=1, stale-if-error=0"},
    {LIVE "hls/240p_2.ts", 200, "video/mp2t", "max-age=60, stale-if-error=0"},
    {LIVE "hls/240p_2.ts?m=00000000", 404, "text/plain; charset=utf-8",
        "max-age=1"},
    {LIVE "hls/index.m3u8?start=x", 400, "text/plain; charset=utf-8",
        "max-age=1"},
    {LIVE "hls/index.m3u8?aws.manifestfilter=video_height:1-2", 400,
        "text/plain; charset=utf-8", "max-age=1"},
    {LIVE "hls/index_240p.m3u8?aws.manifestfilter=video_height:1-2", 400,
        "text/plain; charset=utf-8", "max-age=1"},
    {LIVE "hls/index.m3u8?aws.manifestfilter=video_height:720", 200,
        "application/vnd.apple.mpegurl", "max-age=1, stale-if-error=0"},
    {LIVE "hls/start/1767225602/index.m3u8", 200,
        "application/vnd.apple.mpegurl", "max-age=1, stale-if-error=0"},
    {LIVE "hls/index.m3u8?start=1767225600&end=1767225604", 200,
        "application/vnd.apple.mpegurl", "max-age=60, stale-if-error=0"},
    {LIVE "hls/index.m3u8?start=1767225606", 404, "text/plain; charset=utf-8",
        "max-age=1"},
    {LIVE "hls/start/1767225604/end/1767225606/240p_3.ts", 200, "video/mp2t",
        "max-age=60, stale-if-error=0"},
    {LIVE "hls/start/1767225604/end/1767225606/240p_1.ts", 404,
        "text/plain; charset=utf-8", "max-age=1"},
    {LIVE "hls/start/1767225600/end/1767225601/240p_1.ts", 200, "video/mp2t",
        "max-age=60, stale-if-error=0"},
    {LIVE "hls/start/1767225600/end/1767225601/240p_3.ts", 404,
        "text/plain; charset=utf-8", "max-age=1"},
    {LIVE "hls/240p_4.ts", 404, "text/plain; charset=utf-8", "max-age=1"},
    {LIVE "hls/index_480p.m3u8", 404, "text/plain; charset=utf-8",
        "max-age=1"},
    {LIVE "mss/index.m3u8", 404, "text/plain; charset=utf-8", "max-age=1"},
    {"/out/v1/default/other/hls/index.m3u8", 404,
        "text/plain; charset=utf-8", "max-age=1"},
    {"/out/v1/", 404, "text/plain; charset=utf-8", "max-age=1"},
    {"/", 404, "text/plain; charset=utf-8", "max-age=1"},
  };
  VsOriginSettings settings = { 0 };

  start_origin (&settings);
  add_event ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsOriginResponse) response = get (cases[i].path, FALSE);

    fail_unless_equals_int (response->status, cases[i].status);
    fail_unless_equals_string (response->content_type, cases[i].type);
    fail_unless_equals_string (response->cache_control, cases[i].cache_control);
    fail_unless ((response->etag != NULL) == (cases[i].status == 200));
    fail_unless_equals_int (response->retry_after, 0);
  }
  {
    g_autoptr (GBytes) bytes = stored_bytes (2);
    g_autoptr (VsOriginResponse) response = get (LIVE "hls/720p_2.ts", TRUE);

    fail_unless (g_bytes_equal (response->body, bytes));
    fail_unless (response->content_encoding == NULL);
    fail_unless_equals_string (response->event, "live");
    fail_unless_equals_string (response->endpoint, "hls");
    fail_unless (response->breakout == NULL);
  }
  stop_origin ();
}

GST_END_TEST;

/* A playlist is rendered (and compressed) once for each of its own segments,
 * however many ask, and not when another rendition grows. */
GST_START_TEST (test_renders_once)
{
  static const gchar *const paths[] = { LIVE "hls/index_720p.m3u8",
    LIVE "cmaf/index_video_720p.m3u8", LIVE "cmaf/index_audio_720p.m3u8"
  };
  VsOriginSettings settings = { 0 };

  start_origin (&settings);
  add_event ();
  for (guint64 sequence = 4; sequence < 8; sequence++) {
    guint64 made = count_made ();

    add_segment ("720p", sequence);
    for (guint i = 0; i < 1000; i++) {
      g_autoptr (VsOriginResponse) response =
          get (paths[i % G_N_ELEMENTS (paths)], i % 2);
      g_autofree gchar *newest =
          g_strdup_printf ("720p_%" G_GUINT64_FORMAT ".", sequence);

      fail_unless_equals_int (response->status, 200);
      if (i == 500)
        add_segment ("240p", sequence);
      if (i % 2) {
        fail_unless_equals_string (response->content_encoding, "gzip");
        continue;
      }
      fail_unless (g_strstr_len (g_bytes_get_data (response->body, NULL),
              g_bytes_get_size (response->body), newest) != NULL);
    }
    fail_unless_equals_uint64 (count_made () - made, G_N_ELEMENTS (paths));
  }

  /* the end is a new version too */
  vs_origin_event_end (event);
  {
    g_autoptr (VsOriginResponse) response = get (paths[0], FALSE);

    fail_unless (g_str_has_suffix (g_bytes_get_data (response->body, NULL),
            "#EXT-X-ENDLIST\n"));
    fail_unless_equals_string (response->cache_control,
        "max-age=60, stale-if-error=0");
  }
  stop_origin ();
}

GST_END_TEST;

GST_START_TEST (test_endpoint_changes)
{
  VsOriginSettings settings = { 0 };
  g_autoptr (VsOriginResponse) before = NULL;
  g_autoptr (VsOriginResponse) after = NULL;

  start_origin (&settings);
  add_event ();
  before = get (LIVE "hls/index_720p.m3u8", FALSE);
  set_endpoint ("hls", VS_ENDPOINT_HLS, 2 * GST_SECOND);
  after = get (LIVE "hls/index_720p.m3u8", FALSE);
  fail_unless (g_strstr_len (g_bytes_get_data (before->body, NULL), -1,
          "720p_1.ts") != NULL);
  fail_unless (g_strstr_len (g_bytes_get_data (after->body, NULL), -1,
          "720p_2.ts") == NULL);
  stop_origin ();
}

GST_END_TEST;

/* A store in which reading takes as long as the test wants. */

typedef struct
{
  VsStore parent;
  GMutex lock;
  GCond changed;
  guint n_reading;              /* protected by lock */
  gboolean open;
} StuckStore;

static VsStoreObject *
stuck_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  StuckStore *self = (StuckStore *) store;

  g_mutex_lock (&self->lock);
  self->n_reading++;
  g_cond_broadcast (&self->changed);
  while (!self->open)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "nothing");
  return NULL;
}

static void
stuck_finalize (VsStore * store)
{
  StuckStore *self = (StuckStore *) store;

  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

static const VsStoreClass stuck_class = {
  .stat = stuck_stat,
  .finalize = stuck_finalize,
};

static const VsStoreClass stuck_remote_class = {
  .is_remote = TRUE,
  .stat = stuck_stat,
  .finalize = stuck_finalize,
};

static StuckStore *
stuck_store_new (const VsStoreClass * klass)
{
  StuckStore *store = g_new0 (StuckStore, 1);

  vs_store_init (&store->parent, klass, "stuck");
  g_mutex_init (&store->lock);
  g_cond_init (&store->changed);
  return store;
}

static void
release_store (StuckStore * store)
{
  g_mutex_lock (&store->lock);
  store->open = TRUE;
  g_cond_broadcast (&store->changed);
  g_mutex_unlock (&store->lock);
}

/* The pool is full: 503 at once, to be tried again; what had a place gets
 * its answer. */
GST_START_TEST (test_pool_is_full)
{
  VsOriginSettings settings = {.n_threads = 1,.max_queue = 1 };
  StuckStore *store = stuck_store_new (&stuck_class);
  g_autoptr (GAsyncQueue) running = NULL;
  g_autoptr (GAsyncQueue) waiting = NULL;
  g_autoptr (VsOriginResponse) refused = NULL;
  g_autoptr (VsOriginResponse) answered = NULL;
  g_autoptr (VsOriginResponse) delayed = NULL;

  start_origin (&settings);
  vs_origin_set_store (origin, &store->parent);

  running = ask ("/out/v1/default/one/hls/index.m3u8", FALSE);
  g_mutex_lock (&store->lock);
  while (store->n_reading == 0)
    g_cond_wait (&store->changed, &store->lock);
  g_mutex_unlock (&store->lock);
  waiting = ask ("/out/v1/default/two/hls/index.m3u8", FALSE);
  refused = get ("/out/v1/default/three/hls/index.m3u8", FALSE);
  fail_unless_equals_int (refused->status, 503);
  fail_unless_equals_int (refused->retry_after, 1);
  fail_unless_equals_string (refused->cache_control, "max-age=1");
  fail_unless_equals_int (g_async_queue_length (waiting), 0);

  release_store (store);
  answered = await_response (running);
  delayed = await_response (waiting);
  fail_unless_equals_int (answered->status, 404);
  fail_unless_equals_int (delayed->status, 404);
  stop_origin ();
  vs_store_unref (&store->parent);
}

GST_END_TEST;

static guint
status_of (const gchar * path, const gchar * client, const gchar * identifier)
{
  g_autoptr (GAsyncQueue) answers =
      g_async_queue_new_full ((GDestroyNotify) vs_origin_response_unref);
  VsOriginRequest request = {
    .path = path,.client = client,.cdn_identifier = identifier
  };
  g_autoptr (VsOriginResponse) response = NULL;

  vs_origin_request (origin, &request, take_response, answers);
  response = await_response (answers);
  return response->status;
}

/* What waits for a bucket takes no thread from what is live. */
GST_START_TEST (test_bucket_is_stuck)
{
  VsOriginSettings settings = {.n_threads = 1 };
  StuckStore *store = stuck_store_new (&stuck_remote_class);
  GAsyncQueue *waiting[8];

  start_origin (&settings);
  vs_origin_set_store (origin, &store->parent);
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++) {
    g_autofree gchar *path =
        g_strdup_printf ("/out/v1/default/e%u/hls/index.m3u8", i);

    waiting[i] = ask (path, FALSE);
  }
  g_mutex_lock (&store->lock);
  while (store->n_reading < G_N_ELEMENTS (waiting))
    g_cond_wait (&store->changed, &store->lock);
  g_mutex_unlock (&store->lock);
  add_event ();
  fail_unless_equals_int (status_of (LIVE "hls/720p_2.ts", NULL, NULL), 200);
  release_store (store);
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++) {
    g_autoptr (VsOriginResponse) answer = await_response (waiting[i]);

    fail_unless_equals_int (answer->status, 404);
    g_async_queue_unref (waiting[i]);
  }
  stop_origin ();
  vs_store_unref (&store->parent);
}

GST_END_TEST;

static void
set_text (VsEndpoint * endpoint, const gchar * name, const gchar * text)
{
  fail_unless (vs_endpoint_set_text (endpoint,
          vs_endpoint_find_setting (name), text, NULL));
}

/* Who is refused is refused everything: manifests, segments, what there is
 * not. */
GST_START_TEST (test_access)
{
  static const gchar *const paths[] = { LIVE "hls/index.m3u8",
    LIVE "hls/720p_2.ts", LIVE "hls/nothing"
  };
  g_autoptr (VsEndpoint) listed = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
  g_autoptr (VsEndpoint) secret = vs_endpoint_new ("cmaf", VS_ENDPOINT_CMAF);
  g_autoptr (VsEndpoint) closed = vs_endpoint_new ("dash", VS_ENDPOINT_DASH);
  VsOriginSettings settings = { 0 };

  start_origin (&settings);
  add_event ();
  set_text (listed, "allow-list", "192.0.2.0/24, 2001:db8::/32");
  vs_origin_set_endpoint (origin, listed);
  set_text (secret, "cdn-identifier", "current-value");
  set_text (secret, "cdn-identifier-previous", "previous-value");
  vs_origin_set_endpoint (origin, secret);
  closed->origination = FALSE;
  vs_origin_set_endpoint (origin, closed);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    guint status = i < 2 ? 200 : 404;

    fail_unless_equals_int (status_of (paths[i], "192.0.2.9", NULL), status);
    fail_unless_equals_int (status_of (paths[i], "::ffff:192.0.2.9", NULL),
        status);
    fail_unless_equals_int (status_of (paths[i], "2001:db8::1", NULL), status);
    fail_unless_equals_int (status_of (paths[i], "192.0.3.9", NULL), 403);
    fail_unless_equals_int (status_of (paths[i], "no address", NULL), 403);
    fail_unless_equals_int (status_of (paths[i], NULL, NULL), 403);
  }
  fail_unless_equals_int (status_of (LIVE "cmaf/index.m3u8", NULL,
          "current-value"), 200);
  fail_unless_equals_int (status_of (LIVE "cmaf/index.m3u8", NULL,
          "previous-value"), 200);
  fail_unless_equals_int (status_of (LIVE "cmaf/index.m3u8", NULL, "other"),
      403);
  fail_unless_equals_int (status_of (LIVE "cmaf/index.m3u8", NULL, NULL), 403);
  fail_unless_equals_int (status_of (LIVE "dash/index.mpd", NULL, NULL), 403);
  stop_origin ();
}

GST_END_TEST;

/* Players go on with the names that they have, and MediaPackage v1's paths
 * lead to the same. */
GST_START_TEST (test_names_change)
{
  g_autoptr (VsEndpoint) renamed = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
  VsOriginSettings settings = { 0 };

  start_origin (&settings);
  add_event ();
  set_text (renamed, "manifest-name", "main");
  set_text (renamed, "segment-prefix", "cam");
  set_text (renamed, "separator", "-");
  set_text (renamed, "id", "0a1b2c");
  vs_origin_set_endpoint (origin, renamed);
  fail_unless_equals_int (status_of (LIVE "hls/main.m3u8", NULL, NULL), 200);
  fail_unless_equals_int (status_of (LIVE "hls/main-720p.m3u8", NULL, NULL),
      200);
  fail_unless_equals_int (status_of (LIVE "hls/cam-720p-2.ts", NULL, NULL),
      200);
  fail_unless_equals_int (status_of (LIVE "hls/index_720p.m3u8", NULL, NULL),
      200);
  fail_unless_equals_int (status_of (LIVE "hls/720p_2.ts", NULL, NULL), 200);
  fail_unless_equals_int (status_of (LIVE "hls/cam_720p_2.ts", NULL, NULL),
      404);
  fail_unless_equals_int (status_of ("/out/v1/0a1b2c/main.m3u8", NULL, NULL),
      200);
  fail_unless_equals_int (status_of ("/out/v1/0a1b2c/hls/main.m3u8", NULL,
          NULL), 200);
  fail_unless_equals_int (status_of ("/out/v1/0a1b2c/start/1767225602/"
          "end/1767225604/main.m3u8", NULL, NULL), 200);
  fail_unless_equals_int (status_of ("/out/v1/0a1b2c/cmaf/main.m3u8", NULL,
          NULL), 404);
  fail_unless_equals_int (status_of ("/out/v1/ffffff/main.m3u8", NULL, NULL),
      404);
  stop_origin ();
}

GST_END_TEST;

/* A gap among the newest segments: an edge is told to go elsewhere. */
GST_START_TEST (test_incomplete)
{
  g_autoptr (VsEndpoint) strict = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
  VsOriginSettings settings = { 0 };

  start_origin (&settings);
  add_event ();
  strict->error_on_incomplete = TRUE;
  vs_origin_set_endpoint (origin, strict);
  fail_unless_equals_int (status_of (LIVE "hls/index.m3u8", NULL, NULL), 200);
  for (guint64 i = 4; i < 9; i++)
    add_segment ("240p", i);
  add_segment ("720p", 5);
  fail_unless_equals_int (status_of (LIVE "hls/index.m3u8", NULL, NULL), 404);
  fail_unless_equals_int (status_of (LIVE "hls/720p_5.ts", NULL, NULL), 200);
  fail_unless_equals_int (status_of (LIVE "cmaf/index.m3u8", NULL, NULL), 200);
  for (guint64 i = 6; i < 9; i++)
    add_segment ("720p", i);
  fail_unless_equals_int (status_of (LIVE "hls/index.m3u8", NULL, NULL), 200);
  stop_origin ();
}

GST_END_TEST;

static Suite *
request_suite (void)
{
  Suite *s = suite_create ("origin_request");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_answers);
  tcase_add_test (tc, test_renders_once);
  tcase_add_test (tc, test_access);
  tcase_add_test (tc, test_names_change);
  tcase_add_test (tc, test_incomplete);
  tcase_add_test (tc, test_endpoint_changes);
  tcase_add_test (tc, test_pool_is_full);
  tcase_add_test (tc, test_bucket_is_stuck);
  return s;
}

GST_CHECK_MAIN (request);
