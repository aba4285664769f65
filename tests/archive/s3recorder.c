/* VisionStream: test of recordings into a bucket of another make's service
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See bucket.h for the service; tests/archive/run starts one.
 */
#include <gst/check/gstcheck.h>

#include "archive/recordercheck.h"
#include "bucket.h"

#define UTC G_GINT64_CONSTANT (1767225600000000)
#define NAME ARCHIVE_FOLDER "/recordings/live-20260101T000000Z_a.mp4"

static VsStore *bucket;
static Clip *clip;
static GArray *fed;

static void
setup (void)
{
  g_autofree gchar *name = bucket_new ();
  g_autofree gchar *location = g_strdup_printf ("s3://%s/archive", name);

  archive_setup ();
  recorder_log_clear ();
  bucket = bucket_open (location, g_getenv ("VS_S3_KEY"),
      g_getenv ("VS_S3_SECRET"));
  fed = g_array_new (FALSE, FALSE, sizeof (Fed));
}

static void
teardown (void)
{
  g_clear_pointer (&clip, clip_free);
  g_clear_pointer (&fed, g_array_unref);
  g_clear_pointer (&bucket, vs_store_unref);
  recorder_log_clear ();
  archive_teardown ();
}

static void
check_object (void)
{
  g_autofree gchar *path = g_build_filename (root, "a.mp4", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      vs_store_get (bucket, NAME, 0, -1, 1 << 28, NULL, &error);
  gsize size;
  gconstpointer data;

  fail_unless (bytes != NULL, "%s", error ? error->message : "");
  data = g_bytes_get_data (bytes, &size);
  fail_unless_equals_uint64 (recorder_log.info->size, size);
  fail_unless (g_str_has_prefix (recorder_log.info->location, "s3://"));
  fail_unless (g_file_set_contents (path, data, size, NULL));
  recording_check (path, fed, FALSE);
}

/* What goes with one request, and what takes several parts, of which the
 * first is sent last. */
static const gchar *const bit_rates[] = {
  "-b:a 64k", "-pix_fmt yuv444p -x264-params qp=0 -b:a 64k"
};

GST_START_TEST (test_bucket)
{
  const ChainSettings settings = {.recordings = bucket };
  guint rounds = __i__ ? 25 : 1;
  Chain chain;

  clip = clip_make (root, "a.ts", bit_rates[__i__]);
  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  for (guint i = 0; i < rounds; i++)
    chain_feed_clip (&chain, clip, 0, 20, 1 + 20 * i, i,
        UTC + 20 * i * G_TIME_SPAN_SECOND, fed);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  check_object ();
  fail_unless (__i__ == 0 || recorder_log.info->size > 20 * 1024 * 1024, "%d",
      (int) recorder_log.info->size);
  fail_unless_equals_int (recorder_log.failed, 0);
}

GST_END_TEST;

/* Stopped in the middle: what was sent is aborted at the next start, which
 * makes it anew from the archive. */
GST_START_TEST (test_restart)
{
  const ChainSettings settings = {.recordings = bucket };
  Chain chain;

  clip = clip_make (root, "a.ts", "-b:a 64k");
  if (clip == NULL)
    return;
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 0, 4, 1, 0, UTC, fed);
  chain_close (&chain);
  fail_unless (vs_store_stat (bucket, NAME, NULL, NULL) == NULL);
  chain_open (&chain, &settings);
  chain_feed_clip (&chain, clip, 4, 8, 5, 1, UTC + 9 * G_TIME_SPAN_SECOND, fed);
  fail_unless (chain_end (&chain));
  chain_close (&chain);
  check_object ();
}

GST_END_TEST;

static Suite *
s3recorder_suite (void)
{
  Suite *s = suite_create ("s3recorder");
  TCase *tc = tcase_create ("s3recorder");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_bucket, 0, G_N_ELEMENTS (bit_rates));
  tcase_add_test (tc, test_restart);
  return s;
}

GST_CHECK_MAIN (s3recorder);
