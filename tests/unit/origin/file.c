/* VisionStream: tests of files that are served as they are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <string.h>

#include "common/folder.h"
#include "origin/vsoriginresponse.h"

#define SIZE 100000
#define RECORDING "/out/v1/default/live/recordings/a.mp4"

static gchar *folder;
static VsOrigin *origin;
static GAsyncQueue *answers, *reads;

typedef struct
{
  GBytes *bytes;
  GError *error;
} Result;

static void
write_file (const gchar * key, gchar fill, gsize size)
{
  g_autofree gchar *path = g_build_filename (folder, key, NULL);
  g_autofree gchar *parent = g_path_get_dirname (path);
  g_autofree gchar *text = g_strnfill (size, fill);

  fail_unless (g_mkdir_with_parents (parent, 0755) == 0);
  fail_unless (g_file_set_contents (path, text, size, NULL));
}

static void
setup (void)
{
  const VsOriginSettings settings = { 0 };
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
  g_autoptr (VsStore) store = NULL;

  folder = g_dir_make_tmp ("vs-origin-XXXXXX", NULL);
  store = vs_store_open (folder, FALSE, NULL);
  origin = vs_origin_new (&settings);
  vs_origin_set_endpoint (origin, endpoint);
  vs_origin_set_store (origin, store);
  answers = g_async_queue_new ();
  reads = g_async_queue_new ();
  write_file ("default/live/recordings/a.mp4", 'a', SIZE);
  write_file ("default/live/two/recordings/b.mp4", 'b', 10);
  write_file ("default/live/recordings/a.720p.marker", 'm', 10);
  write_file ("default/live/secret.mp4", 's', 10);
  write_file ("default/media/film.mp4", 'f', 10);
  write_file ("default/media/list.json", 'l', 10);
}

static void
teardown (void)
{
  vs_origin_unref (origin);
  g_async_queue_unref (answers);
  g_async_queue_unref (reads);
  test_folder_remove (folder);
  g_free (folder);
}

static void
take_response (VsOriginResponse * response, gpointer user_data)
{
  g_async_queue_push (answers, vs_origin_response_ref (response));
}

static VsOriginResponse *
get_as (const gchar * path, const gchar * client)
{
  VsOriginRequest request = {.path = path,.client = client };
  VsOriginResponse *response;

  vs_origin_request (origin, &request, take_response, NULL);
  response = g_async_queue_timeout_pop (answers, 30 * G_TIME_SPAN_SECOND);
  fail_unless (response != NULL);
  return response;
}

static void
take_bytes (GBytes * bytes, const GError * error, gpointer user_data)
{
  Result *result = g_new0 (Result, 1);

  result->bytes = bytes ? g_bytes_ref (bytes) : NULL;
  result->error = error ? g_error_copy (error) : NULL;
  g_async_queue_push (reads, result);
}

static void
result_free (Result * result)
{
  g_clear_pointer (&result->bytes, g_bytes_unref);
  g_clear_error (&result->error);
  g_free (result);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Result, result_free);

static Result *
read_file (VsOriginFile * file, guint64 offset, gsize size,
    GCancellable * cancellable)
{
  Result *result;

  vs_origin_file_read (file, offset, size, cancellable, take_bytes, NULL);
  result = g_async_queue_timeout_pop (reads, 30 * G_TIME_SPAN_SECOND);
  fail_unless (result != NULL);
  return result;
}

GST_START_TEST (test_answers)
{
  static const struct
  {
    const gchar *path;
    guint status;
    guint64 size;
    const gchar *cache_control, *breakout;
  } cases[] = {
    {RECORDING, 200, SIZE, "max-age=31536000, immutable"},
    {"/out/v1/default/live/two/recordings/b.mp4", 200, 10,
        "max-age=31536000, immutable", "two"},
    {"/out/v1/default/media/film.mp4", 200, 10, "max-age=60, stale-if-error=0",
        "film.mp4"},
    {"/out/v1/default/live/recordings/b.mp4", 404},
    {"/out/v1/default/other/recordings/a.mp4", 404},
    {"/out/v1/other/live/recordings/a.mp4", 404},
    {"/out/v1/default/live/recordings/a.720p.marker", 404},
    {"/out/v1/default/live/recordings/../secret.mp4", 404},
    {"/out/v1/default/live/secret.mp4", 404},
    {"/out/v1/default/media/list.json", 404},
    {"/out/v1/default/media/none.mp4", 404},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsOriginResponse) response = get_as (cases[i].path, NULL);

    fail_unless (response->status == cases[i].status, "%s: %u", cases[i].path,
        response->status);
    fail_unless ((response->file != NULL) == (cases[i].status == 200));
    if (response->file == NULL)
      continue;
    fail_unless_equals_uint64 (vs_origin_file_get_size (response->file),
        cases[i].size);
    fail_unless_equals_string (response->content_type, "video/mp4");
    fail_unless_equals_string (response->cache_control, cases[i].cache_control);
    fail_unless_equals_string (response->account, "default");
    fail_unless_equals_string (response->breakout, cases[i].breakout);
    fail_if (response->is_live);
    fail_unless (response->etag[0] == '"' && strlen (response->etag) == 34);
  }
}

GST_END_TEST;

GST_START_TEST (test_reads)
{
  g_autoptr (VsOriginResponse) response = get_as (RECORDING, NULL);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (Result) part = read_file (response->file, SIZE - 7, 7, NULL);
  g_autoptr (Result) end = read_file (response->file, SIZE - 7, 70, NULL);
  g_autoptr (Result) none = NULL;

  fail_unless_equals_int (g_bytes_get_size (part->bytes), 7);
  fail_unless (memcmp (g_bytes_get_data (part->bytes, NULL), "aaaaaaa",
          7) == 0);
  fail_unless_equals_int (g_bytes_get_size (end->bytes), 7);
  g_cancellable_cancel (cancelled);
  none = read_file (response->file, 0, 10, cancelled);
  fail_unless (none->bytes == NULL);
  fail_unless (g_error_matches (none->error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

GST_END_TEST;

/* What was found is served, or nothing. */
GST_START_TEST (test_changes)
{
  g_autoptr (VsOriginResponse) before = get_as (RECORDING, NULL);
  g_autoptr (VsOriginResponse) same = get_as (RECORDING, NULL);
  g_autoptr (VsOriginResponse) after = NULL;
  g_autoptr (Result) changed = NULL, gone = NULL;
  g_autofree gchar *path =
      g_build_filename (folder, "default/live/recordings/a.mp4", NULL);

  fail_unless_equals_string (before->etag, same->etag);
  write_file ("default/live/recordings/a.mp4", 'x', SIZE);
  after = get_as (RECORDING, NULL);
  fail_if (g_str_equal (before->etag, after->etag));
  changed = read_file (before->file, 0, 10, NULL);
  fail_unless (changed->bytes == NULL && changed->error != NULL);
  fail_unless (g_unlink (path) == 0);
  gone = read_file (after->file, 0, 10, NULL);
  fail_unless (gone->bytes == NULL && gone->error != NULL);
}

GST_END_TEST;

static void
assert_access (const gchar * client, guint status, const gchar * reason)
{
  g_autoptr (VsOriginResponse) response = get_as (RECORDING, client);
  g_autoptr (VsOriginResponse) none =
      get_as ("/out/v1/default/live/recordings/none.mp4", client);

  fail_unless_equals_int (response->status, status);
  fail_unless_equals_string (response->reason, reason);
  /* whether it is there is not told either */
  fail_unless_equals_int (none->status, status == 403 ? 403 : 404);
}

/* Whoever has the event by no endpoint has not its recordings either. */
GST_START_TEST (test_access)
{
  g_autoptr (VsEndpoint) closed = vs_endpoint_new ("hls", VS_ENDPOINT_HLS);
  g_autoptr (VsEndpoint) listed = vs_endpoint_new ("cmaf", VS_ENDPOINT_CMAF);

  assert_access (NULL, 200, NULL);
  closed->origination = FALSE;
  vs_origin_set_endpoint (origin, closed);
  assert_access ("192.0.2.1", 403, "origination");
  listed->allowed = vs_address_list_new ("192.0.2.0/24", NULL);
  vs_origin_set_endpoint (origin, listed);
  assert_access ("192.0.2.1", 200, NULL);
  assert_access ("198.51.100.1", 403, "origination");
  assert_access (NULL, 403, "origination");
}

GST_END_TEST;

static Suite *
origin_file_suite (void)
{
  Suite *s = suite_create ("file");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_answers);
  tcase_add_test (tc, test_reads);
  tcase_add_test (tc, test_changes);
  tcase_add_test (tc, test_access);
  return s;
}

GST_CHECK_MAIN (origin_file);
