/* VisionStream: test of the S3 store by a service that fails
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "common/await.h"
#include "common/deadline.h"
#include "common/folder.h"
#include "store/awsfixture.h"
#include "store/fakes3.h"
#include "store/vsspool.h"

#define AWAIT_DEADLINE test_deadline (20)

#define KEY "a.ts"
#define PATH "/bucket/pre/a.ts"
#define PUT "PUT " PATH
#define GET "GET " PATH
#define TOO_LATE "HTTP/1.1 503 x\r\nRetry-After: 3600\r\n" \
    "Content-Length: 0\r\n\r\n"

#define PART_SIZE (8 * 1024 * 1024)

static void
assert_stored (const gchar * path, const gchar * text)
{
  g_autoptr (GBytes) bytes = fake_s3_get (fake, path);

  fail_unless (bytes != NULL, "%s is not there", path);
  fail_unless_equals_int (g_bytes_get_size (bytes), strlen (text));
  fail_unless (memcmp (g_bytes_get_data (bytes, NULL), text,
          strlen (text)) == 0);
}

static void
assert_put (const gchar * text)
{
  g_autoptr (GError) error = NULL;

  fail_unless (fake_s3_put (bucket, KEY, text, &error), "%s",
      error ? error->message : "");
  assert_stored (PATH, text);
}

/* @text: (nullable): that the error says */
static void
assert_error (GError ** error, gint code, const gchar * text)
{
  fail_unless (*error != NULL);
  fail_unless (g_error_matches (*error, G_IO_ERROR, code), "%d: %s",
      (*error)->code, (*error)->message);
  if (text)
    fail_unless (strstr ((*error)->message, text) != NULL, "%s",
        (*error)->message);
  g_clear_error (error);
}

static GBytes *
get (gint64 offset, gssize length, GError ** error)
{
  return vs_store_get (bucket, KEY, offset, length, 1000, NULL, error);
}

static void
assert_got (gint64 offset, gssize length, const gchar * text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = get (offset, length, &error);

  fail_unless (bytes != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (g_bytes_get_size (bytes), strlen (text));
  fail_unless (memcmp (g_bytes_get_data (bytes, NULL), text,
          strlen (text)) == 0);
}

/* ---- what passes --------------------------------------------------------- */

GST_START_TEST (test_passing)
{
  g_autofree gchar *slow = fake_s3_refusal (503, "SlowDown", "");
  g_autofree gchar *soon = fake_s3_answer (503, "Retry-After: 1\r\n", "");
  g_autofree gchar *broken = fake_s3_refusal (500, "InternalError", "");
  g_autofree gchar *timeout = fake_s3_refusal (400, "RequestTimeout", "");
  g_autofree gchar *conflict = fake_s3_refusal (409, "OperationAborted", "");
  const gchar *const answers[] = { slow, soon, broken, timeout, conflict };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    gint64 start = g_get_monotonic_time ();

    fake_s3_fail (PUT, 2, FALSE, answers[i]);
    assert_put ("text");
    fail_unless_equals_int (fake_s3_count (fake, PUT), 3 * (i + 1));
    if (answers[i] == soon)
      fail_unless (g_get_monotonic_time () - start >= 2 * G_TIME_SPAN_SECOND);
  }
  fail_unless_equals_int (fake_s3_count_objects (fake), 1);
}

GST_END_TEST;

GST_START_TEST (test_lasting)
{
  g_autofree gchar *slow = fake_s3_refusal (503, "SlowDown", "");
  GError *error = NULL;

  fake_s3_fail (PUT, 100, FALSE, slow);
  fail_if (fake_s3_put (bucket, KEY, "text", &error));
  assert_error (&error, G_IO_ERROR_BUSY, "s3://bucket/pre/a.ts: SlowDown");
  fail_unless_equals_int (fake_s3_count (fake, PUT), 4);
}

GST_END_TEST;

/* HEAD has no text to its refusal; what the server could not do is not asked
 * for anew to hear it. */
GST_START_TEST (test_lasting_stat)
{
  g_autofree gchar *broken = fake_s3_answer (500, NULL, "");
  g_autoptr (VsStoreObject) object = NULL;
  GError *error = NULL;

  fake_s3_fail ("*", 100, FALSE, broken);
  object = vs_store_stat (bucket, KEY, NULL, &error);
  fail_unless (object == NULL);
  assert_error (&error, G_IO_ERROR_FAILED, "HTTP status 500");
  fail_unless_equals_int (fake_s3_count (fake, "HEAD"), 4);
  fail_unless_equals_int (fake_s3_count (fake, "GET"), 0);
}

GST_END_TEST;

/* Not waited for: the test would not end. */
GST_START_TEST (test_long_pause)
{
  GError *error = NULL;

  fake_s3_fail (PUT, 100, FALSE, TOO_LATE);
  fail_if (fake_s3_put (bucket, KEY, "text", &error));
  assert_error (&error, G_IO_ERROR_BUSY, KEY);
  fail_unless_equals_int (fake_s3_count (fake, PUT), 1);
}

GST_END_TEST;

static gpointer
cancel_when_asked (gpointer cancellable)
{
  AWAIT (fake_s3_count (fake, PUT) > 0);
  g_cancellable_cancel (cancellable);
  return NULL;
}

GST_START_TEST (test_cancelled_pause)
{
  g_autofree gchar *soon = fake_s3_answer (503, "Retry-After: 2\r\n", "");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("text", 4);
  GThread *thread = g_thread_new ("cancel", cancel_when_asked, cancellable);
  GError *error = NULL;

  fake_s3_fail (PUT, 100, FALSE, soon);
  fail_if (vs_store_put (bucket, KEY, &bytes, 1, cancellable, &error));
  assert_error (&error, G_IO_ERROR_CANCELLED, NULL);
  fail_unless_equals_int (fake_s3_count (fake, PUT), 1);
  g_thread_join (thread);
}

GST_END_TEST;

/* ---- answers that are lost ----------------------------------------------- */

GST_START_TEST (test_lost_put)
{
  for (guint kept = 0; kept < 2; kept++) {
    fake_s3_fail (PUT, 1, TRUE, NULL);
    assert_put ("text");
    fail_unless_equals_int (fake_s3_count (fake, PUT), 2 * (kept + 1));
  }
  fail_unless_equals_int (fake_s3_count_objects (fake), 1);
}

GST_END_TEST;

/* An object in two parts. @sha256: tell its hash ahead */
static gboolean
put_large (GBytes ** expected, gboolean sha256, GError ** error)
{
  g_autofree gchar *text = g_strnfill (PART_SIZE + 1000, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (VsStoreUpload) upload =
      vs_store_upload_new (bucket, KEY, NULL, error);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize size = sizeof digest;

  g_checksum_update (checksum, (const guchar *) text, strlen (text));
  g_checksum_get_digest (checksum, digest, &size);
  if (sha256)
    vs_store_upload_set_sha256 (upload, digest);
  *expected = g_bytes_ref (bytes);
  return vs_store_upload_write (upload, &bytes, 1, error)
      && vs_store_upload_commit (upload, error);
}

static void
assert_large_put (gboolean sha256)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) expected = NULL;
  g_autoptr (GBytes) stored = NULL;

  fail_unless (put_large (&expected, sha256, &error), "%s",
      error ? error->message : "");
  stored = fake_s3_get (fake, PATH);
  fail_unless (stored && g_bytes_equal (stored, expected));
  fail_unless_equals_int (g_hash_table_size (fake->uploads), 0);
}

GST_START_TEST (test_lost_part)
{
  fake_s3_fail (PUT "?partNumber=1", 1, TRUE, NULL);
  fake_s3_fail (PUT "?partNumber=2", 1, TRUE, NULL);
  assert_large_put (TRUE);
  fail_unless_equals_int (fake_s3_count (fake, PUT "?partNumber"), 4);
}

GST_END_TEST;

/* An upload that nobody knows of is found by its key, at the next start; those
 * that are on their way by then stay. */
GST_START_TEST (test_lost_creation)
{
  g_autofree gchar *text = g_strnfill (PART_SIZE + 1000, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GBytes) expected = NULL;
  g_autoptr (GBytes) stored = NULL;
  g_autoptr (VsStoreUpload) upload = NULL;

  fake_s3_fail ("POST " PATH "?uploads", 1, TRUE, NULL);
  fail_unless (put_large (&expected, TRUE, NULL));
  fail_unless_equals_int (g_hash_table_size (fake->uploads), 1);
  upload = vs_store_upload_new (bucket, "b.ts", NULL, NULL);
  fail_unless (vs_store_upload_write (upload, &bytes, 1, NULL));
  fail_unless_equals_int (g_hash_table_size (fake->uploads), 2);
  fail_unless (vs_store_clean (bucket, "", NULL, NULL));
  fail_unless_equals_int (g_hash_table_size (fake->uploads), 1);
  fail_unless (vs_store_upload_commit (upload, NULL));
  fail_unless_equals_int (g_hash_table_size (fake->uploads), 0);
  stored = fake_s3_get (fake, "/bucket/pre/b.ts");
  fail_unless (stored && g_bytes_equal (stored, bytes));
}

GST_END_TEST;

GST_START_TEST (test_lost_completion)
{
  fake_s3_fail ("POST " PATH "?uploadId", 1, TRUE, NULL);
  assert_large_put (FALSE);
  fail_unless_equals_int (fake_s3_count (fake, "POST " PATH "?uploadId"), 2);
  fail_unless_equals_int (fake_s3_count (fake, "HEAD"), 1);
}

GST_END_TEST;

/* What is there is another's, of the same size: it is not taken for ours. */
GST_START_TEST (test_upload_gone)
{
  g_autofree gchar *gone = fake_s3_refusal (404, "NoSuchUpload", "");
  g_autoptr (GBytes) expected = NULL;
  GError *error = NULL;

  assert_large_put (FALSE);
  fake_s3_fail ("POST " PATH "?uploadId", 1, FALSE, gone);
  fail_if (put_large (&expected, FALSE, &error));
  assert_error (&error, G_IO_ERROR_NOT_FOUND, "NoSuchUpload");
}

GST_END_TEST;

GST_START_TEST (test_late_error)
{
  g_autofree gchar *broken = fake_s3_answer (200, NULL,
      " \n<Error><Code>InternalError</Code></Error>");
  g_autofree gchar *invalid = fake_s3_answer (200, NULL,
      "<Error><Code>InvalidPart</Code></Error>");
  g_autofree gchar *nothing = fake_s3_answer (200, NULL, "");
  g_autoptr (GBytes) expected = NULL;
  GError *error = NULL;

  fake_s3_fail ("POST " PATH "?uploadId", 1, FALSE, invalid);
  fail_if (put_large (&expected, FALSE, &error));
  assert_error (&error, G_IO_ERROR_FAILED, "InvalidPart");
  fail_unless_equals_int (fake_s3_count_objects (fake), 0);
  g_clear_pointer (&expected, g_bytes_unref);

  fake_s3_fail ("POST " PATH "?uploadId", 1, FALSE, nothing);
  fail_if (put_large (&expected, FALSE, &error));
  assert_error (&error, G_IO_ERROR_INVALID_DATA, KEY);
  fail_unless_equals_int (fake_s3_count_objects (fake), 0);

  fake_s3_fail ("POST " PATH "?uploadId", 1, FALSE, broken);
  assert_large_put (FALSE);
}

GST_END_TEST;

/* What was told ahead and is not so is never there. */
GST_START_TEST (test_false_promise)
{
  g_autofree gchar *text = g_strnfill (PART_SIZE + 1000, 'x');
  g_autoptr (GBytes) large = g_bytes_new (text, strlen (text));
  g_autoptr (GBytes) small = g_bytes_new_static ("text", 4);
  GBytes *bodies[] = { small, large };
  const guint8 digest[32] = { 1, };

  for (guint i = 0; i < 4; i++) {
    g_autoptr (VsStoreUpload) upload =
        vs_store_upload_new (bucket, KEY, NULL, NULL);
    GError *error = NULL;

    if (i < 2)
      vs_store_upload_set_size (upload, 5);
    else
      vs_store_upload_set_sha256 (upload, digest);
    fail_unless (vs_store_upload_write (upload, &bodies[i % 2], 1, NULL));
    fail_if (vs_store_upload_commit (upload, &error));
    fail_unless (strstr (error->message, KEY) != NULL);
    g_clear_error (&error);
  }
  fail_unless_equals_int (fake_s3_count_objects (fake), 0);
  /* the one that went with a hash that is not its own */
  fail_unless_equals_int (fake->n_malformed, 1);
  fake->n_malformed = 0;
}

GST_END_TEST;

/* ---- what comes damaged -------------------------------------------------- */

#define DIGEST "x-amz-meta-vs-sha256: " \
    "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1\r\n"
/* of "text", and of something else */
#define MD5 "1cb251ec0d568de6a929b520c4aed8d1"
#define OTHER_MD5 "00b251ec0d568de6a929b520c4aed8d1"
#define TEXT "Content-Length: 4\r\n\r\ntext"
#define SSE "x-amz-server-side-encryption: "

GST_START_TEST (test_damaged)
{
  static const struct
  {
    const gchar *answer;
    gint64 offset;
    gssize length;
    gboolean intact;
  } answers[] = {
    {"HTTP/1.1 200 x\r\n" DIGEST TEXT, 0, -1, TRUE},
    {"HTTP/1.1 200 x\r\n" DIGEST "Content-Length: 4\r\n\r\nTEXT", 0, -1},
    {"HTTP/1.1 200 x\r\nx-amz-meta-vs-sha256: none\r\n" TEXT, 0, -1},
    /* short: the connection ends */
    {"HTTP/1.1 200 x\r\nConnection: close\r\n"
          "Content-Length: 5\r\n\r\ntext", 0, -1},
    {"HTTP/1.1 200 x\r\nConnection: close\r\n"
          "Transfer-Encoding: chunked\r\n\r\n4\r\ntext", 0, -1},
    {"HTTP/1.1 200 x\r\nETag: \"" MD5 "\"\r\n" TEXT, 0, -1, TRUE},
    {"HTTP/1.1 200 x\r\nETag: \"" OTHER_MD5 "\"\r\n" TEXT, 0, -1},
    {"HTTP/1.1 200 x\r\nETag: \"" OTHER_MD5 "\"\r\n" SSE "AES256\r\n" TEXT,
        0, -1},
    /* ETags that are no MD5 */
    {"HTTP/1.1 200 x\r\nETag: \"" OTHER_MD5 "-2\"\r\n" TEXT, 0, -1, TRUE},
    {"HTTP/1.1 200 x\r\nETag: \"" OTHER_MD5 "\"\r\n" SSE "aws:kms\r\n" TEXT,
        0, -1, TRUE},
    {"HTTP/1.1 200 x\r\nETag: \"" OTHER_MD5 "\"\r\n"
          "x-amz-server-side-encryption-customer-algorithm: AES256\r\n" TEXT,
        0, -1, TRUE},
    /* not the whole */
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 0-3/9\r\n" TEXT, 0, -1},
    {"HTTP/1.1 416 x\r\n" TEXT, 0, -1},
    /* ranges */
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-5/9\r\n" TEXT, 2, 4, TRUE},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-5/6\r\n" TEXT, 2, 9, TRUE},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-5/6\r\n" TEXT, 2, -1, TRUE},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 3-6/9\r\n" TEXT, 2, 4},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-6/9\r\n" TEXT, 2, 5},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-5/9\r\n" TEXT, 2, 3},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-5/9\r\n" TEXT, 2, 5},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-5/9\r\n" TEXT, 2, -1},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 2-5/*\r\n" TEXT, 2, 5},
    {"HTTP/1.1 206 x\r\nContent-Range: bytes 5-2/9\r\n" TEXT, 2, 4},
    {"HTTP/1.1 206 x\r\nContent-Range: nonsense\r\n" TEXT, 2, 4},
    {"HTTP/1.1 206 x\r\n" TEXT, 2, 4},
    {"HTTP/1.1 200 x\r\n" TEXT, 2, 4},
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autoptr (GBytes) bytes = NULL;
    GError *error = NULL;

    fake_s3_fail (GET, 100, FALSE, answers[i].answer);
    bytes = get (answers[i].offset, answers[i].length, &error);
    fail_unless ((bytes != NULL) == answers[i].intact, "%u", i);
    if (bytes == NULL)
      assert_error (&error, G_IO_ERROR_PARTIAL_INPUT, NULL);
    fake_s3_clear_faults (fake);
  }
}

GST_END_TEST;

/* It may have been on the way. */
GST_START_TEST (test_damaged_once)
{
  static const gchar *const answers[] = {
    "HTTP/1.1 200 x\r\n" DIGEST "Content-Length: 4\r\n\r\nTEXT",
    "HTTP/1.1 200 x\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntext",
  };

  assert_put ("text");
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    fake_s3_fail (GET, 1, FALSE, answers[i]);
    assert_got (0, -1, "text");
    fail_unless_equals_int (fake_s3_count (fake, GET), 2 * (i + 1));
  }
}

GST_END_TEST;

/* There is room for a few bytes only, and a refusal is longer. */
GST_START_TEST (test_refused_part)
{
  g_autofree gchar *slow = fake_s3_refusal (503, "SlowDown", "");
  guint8 byte = 0;
  VsStorePart part = { 1, 1, &byte };
  GError *error = NULL;

  fail_if (vs_store_read (bucket, KEY, &part, 1, NULL, &error));
  assert_error (&error, G_IO_ERROR_NOT_FOUND, "NoSuchKey");
  assert_put ("text");
  fake_s3_fail (GET, 2, FALSE, slow);
  fail_unless (vs_store_read (bucket, KEY, &part, 1, NULL, &error));
  fail_unless_equals_int (byte, 'e');
  fail_unless (vs_store_get (bucket, KEY, 0, -1, 3, NULL, &error) == NULL);
  assert_error (&error, G_IO_ERROR_MESSAGE_TOO_LARGE, KEY);
}

GST_END_TEST;

GST_START_TEST (test_strange_success)
{
  static const gchar *const statuses[] = {
    "304", "416", "300", "100"
  };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    g_autofree gchar *answer = g_strdup_printf ("HTTP/1.1 %s x\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n", statuses[i]);
    g_autoptr (GError) error = NULL;

    fake_s3_fail (PUT, 100, FALSE, answer);
    fail_if (fake_s3_put (bucket, KEY, "text", &error), "%s", statuses[i]);
    fail_unless (error != NULL);
    fake_s3_clear_faults (fake);
  }
}

GST_END_TEST;

GST_START_TEST (test_stat_without_size)
{
  GError *error = NULL;

  fake_s3_fail ("HEAD", 1, FALSE, "HTTP/1.1 200 x\r\nConnection: close\r\n"
      "ETag: \"x\"\r\n\r\n");
  fail_unless (vs_store_stat (bucket, KEY, NULL, &error) == NULL);
  assert_error (&error, G_IO_ERROR_INVALID_DATA, KEY);
}

GST_END_TEST;

/* ---- where it is --------------------------------------------------------- */

static gboolean
on_other (RawRequest * request, gpointer user_data)
{
  return FALSE;
}

GST_START_TEST (test_elsewhere)
{
  static const guint statuses[] = { 301, 302, 307, 308 };
  RawServer *other = raw_server_new (on_other, NULL);
  GError *error = NULL;

  for (guint i = 0; i < 2 * G_N_ELEMENTS (statuses); i++) {
    g_autofree gchar *headers = g_strdup_printf ("Location: "
        "http://127.0.0.1:%u/pre/a.ts\r\n%s", other->port,
        i % 2 ? "x-amz-bucket-region: eu-west-3\r\n" : "");
    g_autofree gchar *answer = fake_s3_answer (statuses[i / 2], headers, "");

    fake_s3_fail ("*", 100, FALSE, answer);
    fail_if (fake_s3_put (bucket, KEY, "text", &error));
    assert_error (&error, G_IO_ERROR_FAILED, i % 2 ?
        "the bucket is in region eu-west-3: set region" : "set region");
    fail_unless (get (0, -1, &error) == NULL);
    assert_error (&error, G_IO_ERROR_FAILED, "set region");
    fail_unless (vs_store_stat (bucket, KEY, NULL, &error) == NULL);
    assert_error (&error, G_IO_ERROR_FAILED, "set region");
    fail_unless (vs_store_list (bucket, "", NULL, NULL, &error) == NULL);
    assert_error (&error, G_IO_ERROR_FAILED, "set region");
    fake_s3_clear_faults (fake);
  }
  fail_unless_equals_int (g_atomic_int_get (&other->n_connections), 0);
  raw_server_free (other);
}

GST_END_TEST;

GST_START_TEST (test_wrong_region)
{
  static const struct
  {
    const gchar *region, *text;
  } regions[] = {
    {"eu-central-1", "region eu-central-1: set region"},
    {"Nonsense <b>", "AuthorizationHeaderMalformed"},
  };
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (regions); i++) {
    g_autofree gchar *text = g_markup_printf_escaped ("<Region>%s</Region>",
        regions[i].region);
    g_autofree gchar *answer =
        fake_s3_refusal (400, "AuthorizationHeaderMalformed", text);

    fake_s3_fail ("*", 1, FALSE, answer);
    fail_if (fake_s3_put (bucket, KEY, "text", &error));
    fail_if (strstr (error->message, "Nonsense") != NULL);
    assert_error (&error, G_IO_ERROR_FAILED, regions[i].text);
  }
}

GST_END_TEST;

/* ---- clocks -------------------------------------------------------------- */

static const gint64 offsets[] = { -20 * 60, 20 * 60, 40 * 365 * 86400 };

GST_START_TEST (test_clock)
{
  fake->offset_s = offsets[__i__];
  for (guint i = 0; i < 3; i++)
    assert_put ("text");
  assert_got (0, -1, "text");
  fail_unless_equals_int (fake_s3_count (fake, PUT), 4);
  fail_unless_equals_int (fake_s3_count (fake, GET), 1);
  /* it was set right */
  fake->offset_s = 0;
  assert_put ("text");
  fail_unless_equals_int (fake_s3_count (fake, PUT), 6);
}

GST_END_TEST;

static gpointer
put_one (gpointer number)
{
  g_autofree gchar *key = g_strdup_printf ("%u.ts", GPOINTER_TO_UINT (number));

  return GINT_TO_POINTER (fake_s3_put (bucket, key, "text", NULL));
}

/* All are refused, and one is the first to learn. */
GST_START_TEST (test_clock_of_many)
{
  GThread *threads[8];

  fake->offset_s = -20 * 60;
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("put", put_one, GUINT_TO_POINTER (i));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    fail_unless (g_thread_join (threads[i]) != NULL, "%u", i);
}

GST_END_TEST;

/* ---- keys ---------------------------------------------------------------- */

static void
write_keys (const gchar * token)
{
  g_autofree gchar *text = g_strdup_printf ("[default]\n"
      "aws_access_key_id = AKFILE\naws_secret_access_key = secret-of-file\n"
      "aws_session_token = %s\n", token);

  aws_write (".aws/credentials", text);
}

static void
use_file (void)
{
  g_setenv ("AWS_EC2_METADATA_DISABLED", "true", TRUE);
  write_keys ("token-1");
  fake_s3_set_token (fake, "token-1");
  vs_store_unref (bucket);
  bucket = fake_s3_open (NULL, NULL, NULL);
  assert_put ("text");
  fake_s3_set_token (fake, "token-2");
}

GST_START_TEST (test_expired)
{
  GError *error = NULL;

  use_file ();
  write_keys ("token-2");
  assert_put ("newer");
  fail_unless_equals_int (fake_s3_count (fake, PUT), 3);

  fake_s3_set_token (fake, "token-3");
  fail_if (fake_s3_put (bucket, KEY, "newest", &error));
  fail_if (strstr (error->message, "token-") != NULL);
  assert_error (&error, G_IO_ERROR_PERMISSION_DENIED,
      "the credentials have expired: renew them");
  fail_unless (fake_s3_count (fake, PUT) <= 6);
  write_keys ("token-3");
  assert_put ("newest");
}

GST_END_TEST;

/* HEAD is refused without a word. */
GST_START_TEST (test_expired_stat)
{
  g_autoptr (VsStoreObject) object = NULL;
  GError *error = NULL;

  use_file ();
  fail_unless (vs_store_stat (bucket, KEY, NULL, &error) == NULL);
  assert_error (&error, G_IO_ERROR_PERMISSION_DENIED, "expired");
  write_keys ("token-2");
  object = vs_store_stat (bucket, KEY, NULL, &error);
  fail_unless (object != NULL, "%s", error ? error->message : "");
  fail_unless_equals_uint64 (object->size, 4);
}

GST_END_TEST;

static gint failures;           /* atomic */
static gchar *failure;          /* the first one's text */

static void
on_failed (const gchar * key, const GError * error, gpointer user_data)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    failure = g_strdup (error->message);
  g_atomic_int_inc (&failures);
}

GST_START_TEST (test_expired_spool)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-s3-XXXXXX", NULL);
  VsStore *local = vs_store_open (folder, TRUE, NULL);
  VsSpoolSettings settings = { local, "live", 1 << 20, 0 };
  VsSpoolCallbacks callbacks = {.failed = on_failed };
  VsStore *spool;

  use_file ();
  fake_s3_set_token (fake, "token-1");
  spool = vs_spool_open (bucket, &settings, &callbacks, NULL, NULL);
  fail_unless (spool != NULL);
  fake_s3_set_token (fake, "token-2");
  for (guint i = 0; i < 10; i++) {
    g_autofree gchar *key = g_strdup_printf ("live/%u.ts", i);

    fail_unless (fake_s3_put (spool, key, key, NULL));
  }
  AWAIT (g_atomic_int_get (&failures) > 0);
  fail_unless_equals_int (g_atomic_int_get (&failures), 1);
  fail_unless (strstr (failure, "expired: renew them") != NULL, "%s", failure);
  write_keys ("token-2");
  fail_unless (vs_spool_drain (spool, G_TIME_SPAN_HOUR, test_deadline (20)));
  for (guint i = 0; i < 10; i++) {
    g_autofree gchar *path = g_strdup_printf ("/bucket/pre/live/%u.ts", i);

    assert_stored (path, path + strlen ("/bucket/pre/"));
  }
  vs_store_unref (spool);
  vs_store_unref (local);
  test_folder_remove (folder);
  g_clear_pointer (&failure, g_free);
}

GST_END_TEST;

static void
on_warning (const gchar * text, gpointer user_data)
{
  fail_unless (strstr (text, "under a condition") != NULL, "%s", text);
  g_atomic_int_inc ((gint *) user_data);
}

/* Whether the service keeps two writers apart is found out, and said once. */
GST_START_TEST (test_weak_lease)
{
  static const FakeConditions manners[] = {
    FAKE_HONOURS, FAKE_IGNORES, FAKE_REFUSES
  };
  g_autofree gchar *folder = g_dir_make_tmp ("vs-s3-XXXXXX", NULL);
  VsStore *local = vs_store_open (folder, TRUE, NULL);
  VsSpoolSettings settings = { local, "live", 1 << 20, 0 };
  VsSpoolCallbacks callbacks = {.warning = on_warning };
  gint warnings = 0;
  VsStore *spool;

  fake->conditions = manners[__i__];
  spool = vs_spool_open (bucket, &settings, &callbacks, &warnings, NULL);
  fail_unless (spool != NULL);
  fail_unless (fake_s3_put (spool, "live/a.ts", "text", NULL));
  fail_unless (vs_spool_drain (spool, G_TIME_SPAN_HOUR, test_deadline (20)));
  vs_store_unref (spool);
  fail_unless_equals_int (warnings, __i__ > 0);
  vs_store_unref (local);
  test_folder_remove (folder);
}

GST_END_TEST;

/* ---- refusals ------------------------------------------------------------ */

#define SIGNATURE \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

GST_START_TEST (test_refusals)
{
  static const struct
  {
    guint status;
    const gchar *code;
    gint error;
    const gchar *text;
  } refusals[] = {
    {403, "AccessDenied", G_IO_ERROR_PERMISSION_DENIED, "bucket's policy"},
    {404, "NoSuchBucket", G_IO_ERROR_NOT_MOUNTED, "correct location"},
    {403, "InvalidAccessKeyId", G_IO_ERROR_PERMISSION_DENIED,
        "does not know this access key"},
    {403, "SignatureDoesNotMatch", G_IO_ERROR_PERMISSION_DENIED,
        "secret access key"},
    {400, "InvalidToken", G_IO_ERROR_PERMISSION_DENIED, "session token"},
    {403, "Another\nThing&#9;&lt;b&gt;", G_IO_ERROR_PERMISSION_DENIED,
        "Another?Thing??b?"},
  };
  static const gchar token[] = "token.which-is_as/long+as=they-are.in/fact";
  g_autoptr (VsStore) store = fake_s3_open ("AKTEST",
      "secretofthetestwhichisfortycharactersall", token);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autofree gchar *echo = g_strdup_printf ("<Message>you sent \303\244"
        "&#10; %s Signature=" SIGNATURE " %s</Message><StringToSign>" SIGNATURE
        "</StringToSign>", token, SIGNATURE);
    g_autofree gchar *answer = fake_s3_refusal (refusals[i].status,
        refusals[i].code, echo);
    GError *error = NULL;

    fake_s3_fail ("*", 10, FALSE, answer);
    fail_if (fake_s3_put (store, KEY, "text", &error));
    fail_unless (strstr (error->message, "s3://bucket/pre/a.ts") != NULL);
    fail_unless (strstr (error->message, "you sent") != NULL);
    fail_if (strstr (error->message, "0123456789abcdef0123456789") != NULL);
    fail_if (strstr (error->message, "secretofthetest") != NULL);
    fail_if (strstr (error->message, "token.which") != NULL);
    for (const gchar * c = error->message; *c; c++)
      fail_unless (g_ascii_isprint (*c), "%s", error->message);
    assert_error (&error, refusals[i].error, refusals[i].text);
    fake_s3_clear_faults (fake);
  }
}

GST_END_TEST;

static Suite *
s3faults_suite (void)
{
  Suite *s = suite_create ("s3faults");
  TCase *tc = tcase_create ("s3faults");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, aws_setup_once, aws_teardown_once);
  tcase_add_checked_fixture (tc, fake_s3_setup, fake_s3_teardown);
  tcase_add_test (tc, test_passing);
  tcase_add_test (tc, test_lasting);
  tcase_add_test (tc, test_lasting_stat);
  tcase_add_test (tc, test_long_pause);
  tcase_add_test (tc, test_cancelled_pause);
  tcase_add_test (tc, test_lost_put);
  tcase_add_test (tc, test_lost_part);
  tcase_add_test (tc, test_lost_creation);
  tcase_add_test (tc, test_lost_completion);
  tcase_add_test (tc, test_upload_gone);
  tcase_add_test (tc, test_late_error);
  tcase_add_test (tc, test_false_promise);
  tcase_add_test (tc, test_damaged);
  tcase_add_test (tc, test_damaged_once);
  tcase_add_test (tc, test_refused_part);
  tcase_add_test (tc, test_strange_success);
  tcase_add_test (tc, test_stat_without_size);
  tcase_add_test (tc, test_elsewhere);
  tcase_add_test (tc, test_wrong_region);
  tcase_add_loop_test (tc, test_clock, 0, G_N_ELEMENTS (offsets));
  tcase_add_test (tc, test_clock_of_many);
  tcase_add_test (tc, test_expired);
  tcase_add_test (tc, test_expired_stat);
  tcase_add_test (tc, test_expired_spool);
  tcase_add_loop_test (tc, test_weak_lease, 0, 3);
  tcase_add_test (tc, test_refusals);
  return s;
}

GST_CHECK_MAIN (s3faults);
