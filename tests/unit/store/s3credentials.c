/* VisionStream: tests of where the keys to S3 come from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <openssl/crypto.h>
#include <string.h>

#include "store/awsfixture.h"
#include "store/vss3credentials.h"

#define MINUTE (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)
#define START G_GINT64_CONSTANT (1800000000000000)

static gint64 now;

static gint64
fake_clock (void)
{
  return now;
}

static void
setup (void)
{
  aws_setup ();
  now = START;
}

static VsS3Credentials *
credentials_new (const gchar * id, const gchar * secret, const gchar * profile)
{
  VsS3CredentialsSettings settings = { id, secret, NULL, profile, fake_clock };
  g_autoptr (GError) error = NULL;
  VsS3Credentials *self = vs_s3_credentials_new (&settings, &error);

  fail_unless (self != NULL, "%s", error ? error->message : "");
  return self;
}

/* Fails unless the keys are @id's. Returns the remark. */
static gchar *
expect (VsS3Credentials * self, const gchar * id)
{
  g_autoptr (GError) error = NULL;
  gchar *remark = NULL;
  g_autoptr (VsS3Keys) keys = vs_s3_credentials_get (self, &remark, NULL,
      &error);

  fail_unless (keys != NULL, "%s, not %s", error ? error->message : "", id);
  fail_unless_equals_string (keys->access_key_id, id);
  return remark;
}

static void
expect_plain (VsS3Credentials * self, const gchar * id)
{
  g_autofree gchar *remark = expect (self, id);

  fail_unless (remark == NULL, "%s", remark);
}

static void
expect_error (VsS3Credentials * self, gint code, const gchar * says)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vs_s3_credentials_get (self, NULL, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, code), "%s", error->message);
  fail_unless (strstr (error->message, says) != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "S3CR3T") == NULL, "%s", error->message);
}

/* ---- places -------------------------------------------------------------- */

static void
fill_all_places (void)
{
  g_setenv ("AWS_ACCESS_KEY_ID", "AKENV", TRUE);
  g_setenv ("AWS_SECRET_ACCESS_KEY", "S3CR3T", TRUE);
  aws_write (".aws/credentials", "[default]\naws_access_key_id = AKDEFAULT\n"
      "aws_secret_access_key = S3CR3T\n[one]\naws_access_key_id = AKONE\n"
      "aws_secret_access_key = S3CR3T\n[two]\naws_access_key_id = AKTWO\n"
      "aws_secret_access_key = S3CR3T\n");
  aws_write (".aws/config", "[default]\naws_access_key_id = AKCONFIG\n"
      "aws_secret_access_key = S3CR3T\n");
  g_setenv ("AWS_PROFILE", "one", TRUE);
  aws_be_container ();
}

/* What the next place is found behind. */
static void
empty_place (guint i)
{
  if (i == 0)
    g_setenv ("AWS_ACCESS_KEY_ID", "", TRUE);
  if (i == 0)
    g_unsetenv ("AWS_SECRET_ACCESS_KEY");
  if (i == 1)
    g_unsetenv ("AWS_PROFILE");
  if (i == 2)
    aws_write (".aws/credentials", NULL);
  if (i == 3)
    aws_write (".aws/config", NULL);
  if (i == 4)
    aws_set_keys ("AKINSTANCE", 0);
  if (i == 4)
    g_unsetenv ("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

GST_START_TEST (test_order)
{
  static const gchar *const ids[] = { "AKENV", "AKONE", "AKDEFAULT",
    "AKCONFIG", "AKCONTAINER", "AKINSTANCE"
  };
  g_autoptr (VsS3Credentials) given = credentials_new ("AKGIVEN", "S", "two");
  g_autoptr (VsS3Credentials) two = credentials_new ("", NULL, "two");
  g_autoptr (VsS3Credentials) any = credentials_new (NULL, NULL, NULL);

  aws_set_keys ("AKCONTAINER", 0);
  fill_all_places ();
  expect_plain (given, "AKGIVEN");
  expect_plain (two, "AKTWO");
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (VsS3Keys) refused = NULL;

    expect_plain (any, ids[i]);
    empty_place (i);
    expect_plain (any, ids[i]);
    refused = vs_s3_credentials_get (any, NULL, NULL, NULL);
    vs_s3_credentials_invalidate (any, refused);
  }
  expect_plain (given, "AKGIVEN");
}

GST_END_TEST;

/* The error says what was asked and what to do. */
GST_START_TEST (test_none)
{
  static const gchar *const says[] = { "set access-key-id and secret-access-"
        "key, AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID is not set",
    "/.aws/credentials is not there",
    "/.aws/config has no profile \"default\"", "is no container",
    "no instance gives any: the instance has no role"
  };
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);

  aws_role = NULL;
  aws_write (".aws/config", "[profile x]\nregion = r\n");
  for (guint i = 0; i < G_N_ELEMENTS (says); i++)
    expect_error (self, G_IO_ERROR_NOT_FOUND, says[i]);
  g_setenv ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1", TRUE);
  expect_error (self, G_IO_ERROR_NOT_FOUND, "Connection refused");
  g_setenv ("AWS_EC2_METADATA_DISABLED", "true", TRUE);
  expect_error (self, G_IO_ERROR_NOT_FOUND, "forbids");
  /* a place that is filled later is found */
  aws_write (".aws/credentials", "[default]\naws_access_key_id = AKLATE\n"
      "aws_secret_access_key = S3CR3T\n");
  expect_plain (self, "AKLATE");
}

GST_END_TEST;

/* Places that are there and no good are not passed over. */
GST_START_TEST (test_half_given)
{
  static const struct
  {
    const gchar *variable, *value, *says;
  } rows[] = {
    {"AWS_ACCESS_KEY_ID", "AK", "the secret access key is missing"},
    {"AWS_SECRET_ACCESS_KEY", "S3CR3T", "the access key id is missing"},
    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x", "begin with a slash"},
  };
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  g_autoptr (VsS3Credentials) other = credentials_new (NULL, NULL, "other");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    g_setenv (rows[i].variable, rows[i].value, TRUE);
    fail_unless (vs_s3_credentials_get (self, NULL, NULL, &error) == NULL);
    fail_unless (strstr (error->message, rows[i].says) != NULL, "%s",
        error->message);
    g_unsetenv (rows[i].variable);
  }
  expect_error (other, G_IO_ERROR_NOT_FOUND, "no profile \"other\" (");
  g_setenv ("AWS_PROFILE", "another", TRUE);
  expect_error (self, G_IO_ERROR_NOT_FOUND, "no profile \"another\" (");
  /* one that is there for its region only says nothing of keys */
  aws_write (".aws/config", "[profile another]\nregion = r\n");
  expect_plain (self, "AKINSTANCE");
}

GST_END_TEST;

GST_START_TEST (test_bad_settings)
{
  static const VsS3CredentialsSettings rows[] = {
    {"AK", NULL, NULL, NULL, NULL},
    {NULL, "S3CR3T", NULL, NULL, NULL},
    {"AK", "S3CR3T\n", NULL, NULL, NULL},
    {"A K", "S3CR3T", NULL, NULL, NULL},
    {"AK", "S3CR3T", "S3CR3T\r\nX: y", NULL, NULL},
    {"AK\xc3\xa9", "S3CR3T", NULL, NULL, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (vs_s3_credentials_new (&rows[i], &error) == NULL, "%u", i);
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT));
    fail_unless (strstr (error->message, "access-key-id") != NULL);
    fail_unless (strstr (error->message, "S3CR3T") == NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_region)
{
  g_autoptr (VsS3Credentials) any = credentials_new (NULL, NULL, NULL);
  g_autoptr (VsS3Credentials) two = credentials_new (NULL, NULL, "two");
  static const struct
  {
    const gchar *variable, *value, *any, *two;
  } rows[] = {
    {"NONE", "", NULL, "r2"},
    {"AWS_PROFILE", "one", "r1", "r2"},
    {"AWS_DEFAULT_REGION", "r3", "r3", "r2"},
    {"AWS_REGION", "r4", "r4", "r2"},
  };

  aws_write (".aws/config", "[profile one]\nregion = r1\n"
      "[profile two]\nregion = r2\n");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *a = NULL, *b = NULL;

    g_setenv (rows[i].variable, rows[i].value, TRUE);
    a = vs_s3_credentials_dup_region (any);
    b = vs_s3_credentials_dup_region (two);
    fail_unless (g_strcmp0 (a, rows[i].any) == 0, "%u: %s", i, a);
    fail_unless_equals_string (b, rows[i].two);
  }
  aws_write (".aws/config", NULL);
  g_free (vs_s3_credentials_dup_region (two));
  g_unsetenv ("NONE");
}

GST_END_TEST;

/* ---- renewal ------------------------------------------------------------- */

/* Not before its time, then once. */
GST_START_TEST (test_renewal)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);

  aws_set_keys ("AK1", START + 60 * MINUTE);
  expect_plain (self, "AK1");
  aws_set_keys ("AK2", START + 120 * MINUTE);
  now = START + 55 * MINUTE - 1;
  expect_plain (self, "AK1");
  fail_unless_equals_int (aws_hits, 1);
  now++;
  expect_plain (self, "AK2");
  expect_plain (self, "AK2");
  fail_unless_equals_int (aws_hits, 2);
}

GST_END_TEST;

/* What still lasts is used, and the failure told; it is not asked for with
 * each request. */
GST_START_TEST (test_renewal_fails)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  g_autofree gchar *first = NULL, *second = NULL;

  aws_set_keys ("AK1", START + 60 * MINUTE);
  expect_plain (self, "AK1");
  aws_set_answer (AWS_ANSWER, 500, "S3CR3T");
  now = START + 56 * MINUTE;
  first = expect (self, "AK1");
  fail_unless (strstr (first, "end at 2027-01-15T09:00:00Z") != NULL, "%s",
      first);
  fail_unless (strstr (first, "status 500") != NULL, "%s", first);
  expect_plain (self, "AK1");
  fail_unless_equals_int (aws_hits, 2);
  now += 10 * G_USEC_PER_SEC;
  second = expect (self, "AK1");
  fail_unless (second != NULL);
  fail_unless_equals_int (aws_hits, 3);

  now = START + 60 * MINUTE;
  expect_error (self, G_IO_ERROR_FAILED, "status 500");
  /* it was an instance, so that this is a failure and not "no credentials" */
  g_setenv ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1", TRUE);
  expect_error (self, G_IO_ERROR_CONNECTION_REFUSED, "Connection refused");
  g_setenv ("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws_uri, TRUE);
  aws_set_keys ("AK2", START + 120 * MINUTE);
  expect_plain (self, "AK2");
}

GST_END_TEST;

/* A clock that is wrong, or an instance that has none newer: the server
 * judges, and the role is not asked with each request. */
GST_START_TEST (test_expired_on_arrival)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);

  aws_set_keys ("AK1", START - 20 * MINUTE);
  for (guint i = 0; i < 3; i++)
    expect_plain (self, "AK1");
  fail_unless_equals_int (aws_hits, 1);
  now += 10 * G_USEC_PER_SEC;
  expect_plain (self, "AK1");
  fail_unless_equals_int (aws_hits, 2);
  /* set back */
  now -= 40 * MINUTE;
  aws_set_keys ("AK2", START);
  expect_plain (self, "AK1");
  fail_unless_equals_int (aws_hits, 2);
  now += 18 * MINUTE;
  expect_plain (self, "AK2");
}

GST_END_TEST;

static void
write_default (const gchar * id)
{
  g_autofree gchar *text = g_strdup_printf ("[default]\n"
      "aws_access_key_id = %s\naws_secret_access_key = S3CR3T\n", id);

  aws_write (".aws/credentials", text);
}

/* Keys that change in the file while a stream runs. */
GST_START_TEST (test_invalidate)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  g_autoptr (VsS3Keys) old = NULL, newer = NULL;

  write_default ("AK1");
  old = vs_s3_credentials_get (self, NULL, NULL, NULL);
  write_default ("AK2");
  expect_plain (self, "AK1");
  vs_s3_credentials_invalidate (self, old);
  newer = vs_s3_credentials_get (self, NULL, NULL, NULL);
  fail_unless_equals_string (newer->access_key_id, "AK2");
  fail_unless_equals_string (old->access_key_id, "AK1");

  /* who was refused with the older ones does not do harm to the newer */
  write_default ("AK3");
  vs_s3_credentials_invalidate (self, old);
  expect_plain (self, "AK2");
  vs_s3_credentials_invalidate (self, newer);
  expect_plain (self, "AK3");
}

GST_END_TEST;

/* What a server refused does not serve on where there is nothing else. */
GST_START_TEST (test_refused_only)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  g_autoptr (VsS3Keys) keys = NULL;

  aws_set_keys ("AK1", START + 60 * MINUTE);
  keys = vs_s3_credentials_get (self, NULL, NULL, NULL);
  vs_s3_credentials_invalidate (self, keys);
  aws_set_answer (AWS_ANSWER, 500, "S3CR3T");
  expect_error (self, G_IO_ERROR_FAILED, "status 500");
  expect_error (self, G_IO_ERROR_FAILED, "status 500");
  aws_set_keys ("AK2", START + 60 * MINUTE);
  expect_plain (self, "AK2");
}

GST_END_TEST;

/* A file that all can read is told of when it is read. */
GST_START_TEST (test_remark)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  g_autofree gchar *path = aws_path (".aws/credentials"), *remark = NULL;

  write_default ("AK1");
  fail_unless (g_chmod (path, 0644) == 0);
  remark = expect (self, "AK1");
  fail_unless (remark && strstr (remark, "chmod 600") != NULL);
  expect_plain (self, "AK1");
}

GST_END_TEST;

/* ---- threads ------------------------------------------------------------- */

static gpointer
get_in_thread (gpointer self)
{
  return vs_s3_credentials_get (self, NULL, NULL, NULL);
}

/* One asks for all, be they there before the answer or after it. */
GST_START_TEST (test_first_keys_in_threads)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  GThread *threads[16];

  aws_hold ();
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("get", get_in_thread, self);
  aws_await_hits (1);
  aws_release ();
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    g_autoptr (VsS3Keys) keys = g_thread_join (threads[i]);

    fail_unless (keys != NULL);
    fail_unless_equals_string (keys->access_key_id, "AKINSTANCE");
  }
  fail_unless_equals_int (aws_hits, 1);
}

GST_END_TEST;

/* While one renews them, the others go on with those that still last. */
GST_START_TEST (test_renewal_in_threads)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  g_autoptr (VsS3Keys) renewed = NULL;
  GThread *thread;

  aws_set_keys ("AK1", START + 60 * MINUTE);
  expect_plain (self, "AK1");
  aws_set_keys ("AK2", START + 120 * MINUTE);
  now = START + 58 * MINUTE;
  aws_hold ();
  thread = g_thread_new ("get", get_in_thread, self);
  aws_await_hits (2);
  expect_plain (self, "AK1");
  aws_release ();
  renewed = g_thread_join (thread);
  fail_unless_equals_string (renewed->access_key_id, "AK2");
  expect_plain (self, "AK2");
  fail_unless_equals_int (aws_hits, 2);
}

GST_END_TEST;

typedef struct
{
  VsS3Credentials *credentials;
  GCancellable *cancellable;
} Asker;

static gpointer
get_and_give_up (gpointer data)
{
  Asker *asker = data;
  g_autoptr (GError) error = NULL;

  fail_unless (vs_s3_credentials_get (asker->credentials, NULL,
          asker->cancellable, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  return NULL;
}

/* Who gives up leaves the others an error that is not theirs. */
GST_START_TEST (test_cancelled)
{
  g_autoptr (VsS3Credentials) self = credentials_new (NULL, NULL, NULL);
  Asker asker = { self, g_cancellable_new () };
  g_autoptr (VsS3Keys) keys = NULL;
  GThread *first, *second;

  aws_hold ();
  first = g_thread_new ("first", get_and_give_up, &asker);
  aws_await_hits (1);
  second = g_thread_new ("second", get_in_thread, self);
  g_cancellable_cancel (asker.cancellable);
  g_thread_join (first);
  aws_await_hits (2);
  aws_release ();
  keys = g_thread_join (second);
  fail_unless (keys != NULL);
  fail_unless_equals_string (keys->access_key_id, "AKINSTANCE");
  g_object_unref (asker.cancellable);
}

GST_END_TEST;

/* ---- wiping -------------------------------------------------------------- */

static GString *wiped;          /* NULL: nobody looks */

/* Stands in for OpenSSL's. */
void
OPENSSL_cleanse (void *data, size_t size)
{
  if (wiped)
    g_string_append_len (wiped, data, size);
  explicit_bzero (data, size);
}

GST_START_TEST (test_wiped)
{
  static const gchar *const secrets[] = { "AKWIPED", "the-secret",
    "the-token", "secret-of-AK1", "token-of-AK1", "the-file's-secret"
  };
  VsS3CredentialsSettings given = { "AKWIPED", "the-secret", "the-token" };
  VsS3Credentials *self;

  wiped = g_string_new (NULL);
  self = vs_s3_credentials_new (&given, NULL);
  expect_plain (self, "AKWIPED");
  vs_s3_credentials_unref (self);

  aws_set_keys ("AK1", 0);
  self = credentials_new (NULL, NULL, NULL);
  expect_plain (self, "AK1");
  vs_s3_credentials_unref (self);

  aws_write (".aws/credentials", "[default]\naws_access_key_id = AK2\n"
      "aws_secret_access_key = the-file's-secret\n");
  self = credentials_new (NULL, NULL, NULL);
  expect_plain (self, "AK2");
  vs_s3_credentials_unref (self);
  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    fail_unless (memmem (wiped->str, wiped->len, secrets[i],
            strlen (secrets[i])) != NULL, "%s", secrets[i]);
  g_string_free (g_steal_pointer (&wiped), TRUE);
}

GST_END_TEST;

static Suite *
s3credentials_suite (void)
{
  Suite *suite = suite_create ("s3credentials");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_unchecked_fixture (tcase, aws_setup_once, aws_teardown_once);
  tcase_add_checked_fixture (tcase, setup, aws_teardown);
  tcase_add_test (tcase, test_order);
  tcase_add_test (tcase, test_none);
  tcase_add_test (tcase, test_half_given);
  tcase_add_test (tcase, test_bad_settings);
  tcase_add_test (tcase, test_region);
  tcase_add_test (tcase, test_renewal);
  tcase_add_test (tcase, test_renewal_fails);
  tcase_add_test (tcase, test_expired_on_arrival);
  tcase_add_test (tcase, test_invalidate);
  tcase_add_test (tcase, test_refused_only);
  tcase_add_test (tcase, test_remark);
  tcase_add_test (tcase, test_first_keys_in_threads);
  tcase_add_test (tcase, test_renewal_in_threads);
  tcase_add_test (tcase, test_cancelled);
  tcase_add_test (tcase, test_wiped);
  return suite;
}

GST_CHECK_MAIN (s3credentials);
