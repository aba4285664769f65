/* VisionStream: tests of the object cache and of objects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <gst/check/gstcheck.h>
#include <zlib.h>

#include "origin/vsobjectcache.h"

static VsObject *
object_of_size (gsize size)
{
  return vs_object_new (g_bytes_new_take (g_malloc0 (size), size), FALSE);
}

typedef struct
{
  VsObject *object;
  gboolean failed;
  guint calls;
} Answer;

static void
take_answer (VsObject * object, const GError * error, gpointer user_data)
{
  Answer *answer = user_data;

  answer->calls++;
  answer->failed = error != NULL;
  if (object)
    answer->object = vs_object_ref (object);
}

static VsObjectCacheResult
look (VsObjectCache * cache, const gchar * key, Answer * answer)
{
  memset (answer, 0, sizeof *answer);
  return vs_object_cache_lookup (cache, key, take_answer, answer);
}

static void
put (VsObjectCache * cache, const gchar * key, gsize size)
{
  g_autoptr (VsObject) object = object_of_size (size);
  Answer answer;

  fail_unless_equals_int (look (cache, key, &answer), VS_OBJECT_CACHE_MAKE);
  vs_object_cache_complete (cache, key, object, NULL);
  fail_unless (answer.object == object);
  vs_object_unref (answer.object);
}

GST_START_TEST (test_evicts_least_recently_used)
{
  g_autoptr (VsObjectCache) cache = vs_object_cache_new (35000);
  g_autoptr (VsObject) object = object_of_size (10000);
  VsObjectCacheStats stats;
  Answer answer;

  put (cache, "a", 10000);
  put (cache, "b", 10000);
  put (cache, "c", 10000);
  fail_unless_equals_int (look (cache, "a", &answer), VS_OBJECT_CACHE_HIT);
  vs_object_unref (answer.object);
  put (cache, "d", 10000);

  vs_object_cache_get_stats (cache, &stats);
  fail_unless (stats.size <= 35000 && stats.size >= 30000);
  fail_unless_equals_int (look (cache, "a", &answer), VS_OBJECT_CACHE_HIT);
  vs_object_unref (answer.object);
  fail_unless_equals_int (look (cache, "b", &answer), VS_OBJECT_CACHE_MAKE);
  vs_object_cache_complete (cache, "b", object, NULL);
  vs_object_unref (answer.object);
}

GST_END_TEST;

GST_START_TEST (test_larger_than_cache)
{
  g_autoptr (VsObjectCache) cache = vs_object_cache_new (1000);
  VsObjectCacheStats stats;

  put (cache, "large", 5000);
  vs_object_cache_get_stats (cache, &stats);
  fail_unless_equals_uint64 (stats.size, 0);
}

GST_END_TEST;

GST_START_TEST (test_failure_is_not_kept)
{
  g_autoptr (VsObjectCache) cache = vs_object_cache_new (1000);
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
  Answer maker, joiner, later;

  fail_unless_equals_int (look (cache, "k", &maker), VS_OBJECT_CACHE_MAKE);
  fail_unless_equals_int (look (cache, "k", &joiner), VS_OBJECT_CACHE_WAIT);
  fail_unless_equals_int (joiner.calls, 0);
  vs_object_cache_complete (cache, "k", NULL, error);
  fail_unless (maker.failed && joiner.failed);
  fail_unless_equals_int (maker.calls, 1);
  fail_unless_equals_int (joiner.calls, 1);

  fail_unless_equals_int (look (cache, "k", &later), VS_OBJECT_CACHE_MAKE);
  vs_object_cache_complete (cache, "k", NULL, error);
}

GST_END_TEST;

#define N_THREADS 100

typedef struct
{
  VsObjectCache *cache;
  gint made, answered;
  gint asked;
  GBytes *body;
  GMutex lock;
  GCond cond;
  gboolean go;
} Rush;

static void
rush_answer (VsObject * object, const GError * error, gpointer user_data)
{
  Rush *rush = user_data;

  fail_unless (object && object->body == rush->body);
  g_atomic_int_inc (&rush->answered);
}

static gpointer
rush_thread (gpointer user_data)
{
  Rush *rush = user_data;
  g_autoptr (VsObject) object = NULL;

  g_mutex_lock (&rush->lock);
  while (!rush->go)
    g_cond_wait (&rush->cond, &rush->lock);
  g_mutex_unlock (&rush->lock);

  if (vs_object_cache_lookup (rush->cache, "one", rush_answer, rush)
      != VS_OBJECT_CACHE_MAKE) {
    g_atomic_int_inc (&rush->asked);
    return NULL;
  }
  /* the flight lasts until all others have joined it */
  while (g_atomic_int_get (&rush->asked) < N_THREADS - 1)
    g_thread_yield ();
  g_atomic_int_inc (&rush->made);
  object = vs_object_new (g_bytes_ref (rush->body), FALSE);
  vs_object_cache_complete (rush->cache, "one", object, NULL);
  return NULL;
}

GST_START_TEST (test_single_flight)
{
  Rush rush = {.cache = vs_object_cache_new (1 << 20) };
  GThread *threads[N_THREADS];
  VsObjectCacheStats stats;

  rush.body = g_bytes_new_static ("body", 4);
  g_mutex_init (&rush.lock);
  g_cond_init (&rush.cond);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("rush", rush_thread, &rush);
  g_mutex_lock (&rush.lock);
  rush.go = TRUE;
  g_cond_broadcast (&rush.cond);
  g_mutex_unlock (&rush.lock);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  fail_unless_equals_int (rush.made, 1);
  fail_unless_equals_int (rush.answered, N_THREADS);
  vs_object_cache_get_stats (rush.cache, &stats);
  fail_unless_equals_uint64 (stats.misses, 1);
  fail_unless_equals_uint64 (stats.collapsed, N_THREADS - 1);

  vs_object_cache_free (rush.cache);
  g_bytes_unref (rush.body);
  g_mutex_clear (&rush.lock);
  g_cond_clear (&rush.cond);
}

GST_END_TEST;

GST_START_TEST (test_gzip_is_repeatable)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (VsObject) one = NULL, two = NULL, tiny = NULL;
  guint8 back[8192];
  z_stream stream = { 0 };

  for (guint i = 0; i < 200; i++)
    g_string_append_printf (text, "#EXTINF:6.00000,\nsegment_%u.ts\n", i);
  one = vs_object_new (g_bytes_new (text->str, text->len), TRUE);
  two = vs_object_new (g_bytes_new (text->str, text->len), TRUE);
  fail_unless (one->gzip && g_bytes_equal (one->gzip, two->gzip));
  fail_unless_equals_string (one->gzip_etag, two->gzip_etag);
  fail_if (g_str_equal (one->etag, one->gzip_etag));

  inflateInit2 (&stream, 15 + 16);
  stream.next_in = (Bytef *) g_bytes_get_data (one->gzip, NULL);
  stream.avail_in = g_bytes_get_size (one->gzip);
  stream.next_out = back;
  stream.avail_out = sizeof back;
  fail_unless_equals_int (inflate (&stream, Z_FINISH), Z_STREAM_END);
  fail_unless_equals_int (stream.total_out, text->len);
  fail_unless (memcmp (back, text->str, text->len) == 0);
  inflateEnd (&stream);

  tiny = vs_object_new (g_bytes_new ("x", 1), TRUE);
  fail_unless (tiny->gzip == NULL);
}

GST_END_TEST;

GST_START_TEST (test_etag_is_sha256)
{
  /* FIPS 180-4's example: SHA-256 of "abc" */
  static const guint8 sha256[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01,
    0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23
  };
  g_autoptr (VsObject) computed = vs_object_new (g_bytes_new ("abc", 3), FALSE);
  g_autoptr (VsObject) given =
      vs_object_new_hashed (g_bytes_new ("abc", 3), sha256);

  fail_unless_equals_string (computed->etag,
      "\"ba7816bf8f01cfea414140de5dae2223\"");
  fail_unless_equals_string (computed->etag, given->etag);
}

GST_END_TEST;

/* What is broken is told to all who ask for a while, and then tried again. */
GST_START_TEST (test_failure_is_kept_for_a_while)
{
  g_autoptr (VsObjectCache) cache = vs_object_cache_new (35000);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR,
      G_IO_ERROR_FAILED, "broken");
  VsObjectCacheStats stats;
  VsObjectCacheResult result;
  Answer answer;
  gint64 end;

  fail_unless_equals_int (look (cache, "a", &answer), VS_OBJECT_CACHE_MAKE);
  vs_object_cache_fail (cache, "a", error, G_TIME_SPAN_SECOND / 2);
  fail_unless (answer.failed);
  end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  do {
    result = look (cache, "a", &answer);
    if (result == VS_OBJECT_CACHE_HIT)
      fail_unless (answer.failed && answer.calls == 1 && !answer.object);
    g_usleep (1000);
  } while (result == VS_OBJECT_CACHE_HIT && g_get_monotonic_time () < end);
  fail_unless_equals_int (result, VS_OBJECT_CACHE_MAKE);
  vs_object_cache_get_stats (cache, &stats);
  fail_unless (stats.hits > 0);
  fail_unless_equals_uint64 (stats.misses, 2);

  vs_object_cache_complete (cache, "a", NULL, error);
  put (cache, "a", 100);
}

GST_END_TEST;

static Suite *
objectcache_suite (void)
{
  Suite *s = suite_create ("objectcache");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_evicts_least_recently_used);
  tcase_add_test (tc, test_larger_than_cache);
  tcase_add_test (tc, test_failure_is_not_kept);
  tcase_add_test (tc, test_failure_is_kept_for_a_while);
  tcase_add_test (tc, test_single_flight);
  tcase_add_test (tc, test_gzip_is_repeatable);
  tcase_add_test (tc, test_etag_is_sha256);
  return s;
}

GST_CHECK_MAIN (objectcache);
