/* VisionStream: tests of keys that the machine is lent, by a server that is
 * the metadata service of an instance and of a container
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <string.h>

#include "store/awsfixture.h"
#include "store/vss3role.h"

static GString *tried;

static void
setup (void)
{
  aws_setup ();
  tried = g_string_new (NULL);
}

static void
teardown (void)
{
  g_string_free (tried, TRUE);
  aws_teardown ();
}

static void
check_keys (VsS3Keys * keys, const gchar * id, gint64 expires_us)
{
  g_autofree gchar *secret = g_strconcat ("secret-of-", id, NULL);
  g_autofree gchar *token = g_strconcat ("token-of-", id, NULL);

  fail_unless_equals_string (keys->access_key_id, id);
  fail_unless_equals_string (keys->secret_access_key, secret);
  fail_unless_equals_string (keys->session_token, token);
  fail_unless_equals_int64 (keys->expires_us, expires_us);
}

static VsS3Keys *
instance_keys (GError ** error)
{
  return vs_s3_role_instance_keys (tried, NULL, error);
}

static VsS3Keys *
container_keys (GError ** error)
{
  return vs_s3_role_container_keys (tried, NULL, error);
}

GST_START_TEST (test_instance)
{
  static const gchar *const roles[] = { "role.of-this", "a+b=c,d@e_f" };
  const gint64 end = G_GINT64_CONSTANT (1800000000000000);
  g_autofree gchar *slash = g_strconcat (aws_uri, "/", NULL);

  aws_set_keys ("AK1", end);
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++) {
    g_autoptr (VsS3Keys) keys = NULL;
    g_autoptr (GError) error = NULL;

    aws_role = roles[i];
    keys = instance_keys (&error);
    fail_unless (keys != NULL, "%s", error ? error->message : "");
    check_keys (keys, "AK1", end);
    fail_unless (strstr (keys->source, "the instance's role at ") != NULL);
    g_setenv ("AWS_EC2_METADATA_SERVICE_ENDPOINT", slash, TRUE);
  }
  fail_unless_equals_int (aws_token_hits, 2);
}

GST_END_TEST;

GST_START_TEST (test_no_role)
{
  static const gchar *const roles[] = { NULL, "", "\n" };

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++) {
    g_autoptr (GError) error = NULL;

    aws_role = roles[i];
    fail_unless (instance_keys (&error) == NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
    fail_unless (strstr (error->message, "no role") != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_instance_disabled)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("AWS_EC2_METADATA_DISABLED", "True", TRUE);
  fail_unless (instance_keys (&error) == NULL && error == NULL);
  fail_unless (strstr (tried->str, "AWS_EC2_METADATA_DISABLED") != NULL);
  fail_unless_equals_int (aws_token_hits, 0);
}

GST_END_TEST;

/* Each is refused without any of its text in the error. */
GST_START_TEST (test_answers)
{
  static const struct
  {
    const gchar *answer, *says;
  } rows[] = {
    {"", "not a JSON object"},
    {"SECRET", "not a JSON object"},
    {"[\"SECRET\"]", "not a JSON object"},
    {"{\"SecretAccessKey\": \"SECRET\"", "not a JSON object"},
    {"{\"SecretAccessKey\": \"SECRET\"}", "access key id is missing"},
    {"{\"AccessKeyId\": \"SECRET\"}", "secret access key is missing"},
    {"{\"AccessKeyId\": \"SECRET\", \"SecretAccessKey\": 7}",
        "secret access key is missing"},
    {"{\"AccessKeyId\": [\"SECRET\"], \"SecretAccessKey\": null}",
        "access key id is missing"},
    {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"S\\nSECRET\"}",
        "the secret access key holds"},
    {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"S\", \"Token\":"
          "\"SECRET\\r\\nX: y\"}", "the session token holds"},
    {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"SECRET\", "
          "\"Expiration\": \"soon\"}", "Expiration is not a time"},
    {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"SECRET\", "
          "\"Expiration\": \"1601-01-01T00:00:00Z\"}",
        "Expiration is not a time"},
    {"{\"Code\": \"SECRET\"}", "it has no keys"},
    {"\xff\xfe{", "not a JSON object"},
  };

  aws_be_container ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    aws_set_answer (AWS_ANSWER, 200, rows[i].answer);
    fail_unless (container_keys (&error) == NULL, "%u", i);
    fail_unless (strstr (error->message, rows[i].says) != NULL, "%s",
        error->message);
    fail_unless (strstr (error->message, "SECRET") == NULL, "%s",
        error->message);
    fail_unless (strstr (error->message, aws_uri) != NULL, "%s",
        error->message);
  }
}

GST_END_TEST;

/* json-glib recurses into arrays and has no limit: what nests is not given to
 * it, be it good JSON. */
GST_START_TEST (test_deep_answer)
{
  static const guint depths[] = { 20, 30000 };

  aws_be_container ();
  for (guint i = 0; i < G_N_ELEMENTS (depths); i++) {
    g_autofree gchar *open = g_strnfill (depths[i], '[');
    g_autofree gchar *close = g_strnfill (depths[i], ']');
    g_autofree gchar *answer = g_strdup_printf ("{\"AccessKeyId\": \"A\", "
        "\"SecretAccessKey\": \"S\", \"x\": %s%s}", open, close);
    g_autoptr (GError) error = NULL;

    aws_set_answer (AWS_ANSWER, 200, answer);
    fail_unless (container_keys (&error) == NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  }
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  static const struct
  {
    AwsManner manner;
    guint status;
    gint code;
    const gchar *says;
  } rows[] = {
    {AWS_ENDLESS, 200, G_IO_ERROR_INVALID_DATA, "longer than 65536 bytes"},
    {AWS_DRIP, 200, G_IO_ERROR_TIMED_OUT, "no answer within 2000 ms"},
    {AWS_REDIRECT, 302, G_IO_ERROR_FAILED, "status 302"},
    {AWS_ANSWER, 500, G_IO_ERROR_FAILED, "status 500"},
    {AWS_ANSWER, 401, G_IO_ERROR_FAILED, "status 401"},
    {AWS_ANSWER, 404, G_IO_ERROR_NOT_FOUND, "status 404"},
  };

  aws_be_container ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    aws_set_answer (rows[i].manner, rows[i].status, "SECRET");
    fail_unless (container_keys (&error) == NULL, "%u", i);
    fail_unless (g_error_matches (error, G_IO_ERROR, rows[i].code), "%s",
        error->message);
    fail_unless (strstr (error->message, rows[i].says) != NULL, "%s",
        error->message);
    /* and not asked again, nor anywhere else */
    fail_unless_equals_int (g_atomic_int_get (&aws_hits), i + 1);
    fail_unless (strstr (error->message, "secret=1") == NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_container)
{
  g_autoptr (VsS3Keys) plain = NULL, given = NULL, first = NULL, second = NULL;
  g_autofree gchar *path = aws_path ("token");

  fail_unless (container_keys (NULL) == NULL);
  fail_unless (strstr (tried->str, "no container") != NULL);
  aws_be_container ();
  plain = container_keys (NULL);
  check_keys (plain, "AKINSTANCE", 0);

  g_setenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc=", TRUE);
  aws_authorization = "Basic abc=";
  given = container_keys (NULL);
  fail_unless (given != NULL);

  /* the file goes first, and is read each time */
  g_setenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, TRUE);
  aws_write ("token", "first\n");
  aws_authorization = "first";
  first = container_keys (NULL);
  fail_unless (first != NULL);
  aws_write ("token", "second");
  aws_authorization = "second";
  second = container_keys (NULL);
  fail_unless (second != NULL);
}

GST_END_TEST;

/* No token leaves the machine in the clear. */
GST_START_TEST (test_container_refused)
{
  static const struct
  {
    const gchar *name, *value, *says;
  } rows[] = {
    {"FULL_URI", "http://example.com/x", "\"example.com\""},
    {"FULL_URI", "http://169.254.169.254/x", "\"169.254.169.254\""},
    {"FULL_URI", "http://127.0.0.1.example.com/", "127.0.0.1.example.com"},
    {"FULL_URI", "http://127.0.0.1@example.com/", "\"example.com\""},
    {"FULL_URI", "ftp://127.0.0.1/x", "is not an http or https URI"},
    {"FULL_URI", "nonsense", "is not an http or https URI"},
    {"RELATIVE_URI", "@example.com/", "does not begin with a slash"},
    {"AUTHORIZATION", NULL, "not a token"},
    {"FILE", NULL, "/none: "},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *name =
        g_strconcat ("AWS_CONTAINER_CREDENTIALS_", rows[i].name, NULL);
    g_autofree gchar *none = aws_path ("none");
    g_autoptr (GError) error = NULL;

    if (rows[i].value)
      g_setenv (name, rows[i].value, TRUE);
    else
      aws_be_container ();
    if (strcmp (rows[i].name, "AUTHORIZATION") == 0)
      g_setenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "SECRET\r\nX: y", TRUE);
    if (strcmp (rows[i].name, "FILE") == 0)
      g_setenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", none, TRUE);
    fail_unless (container_keys (&error) == NULL, "%u", i);
    fail_unless (strstr (error->message, rows[i].says) != NULL, "%s",
        error->message);
    fail_unless (strstr (error->message, "SECRET") == NULL);
    g_unsetenv (name);
  }
  fail_unless_equals_int (aws_hits, 0);
}

GST_END_TEST;

static gpointer
cancel_when_asked (gpointer cancellable)
{
  aws_await_hits (1);
  g_cancellable_cancel (cancellable);
  return NULL;
}

GST_START_TEST (test_cancelled)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL, again = NULL;
  GThread *thread;

  aws_be_container ();
  aws_hold ();
  thread = g_thread_new ("cancel", cancel_when_asked, cancellable);
  fail_unless (vs_s3_role_container_keys (tried, cancellable, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_thread_join (thread);
  fail_unless (vs_s3_role_instance_keys (tried, cancellable, &again) == NULL);
  fail_unless (g_error_matches (again, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

GST_END_TEST;

static Suite *
s3role_suite (void)
{
  Suite *suite = suite_create ("s3role");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_unchecked_fixture (tcase, aws_setup_once, aws_teardown_once);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_instance);
  tcase_add_test (tcase, test_no_role);
  tcase_add_test (tcase, test_instance_disabled);
  tcase_add_test (tcase, test_answers);
  tcase_add_test (tcase, test_deep_answer);
  tcase_add_test (tcase, test_limits);
  tcase_add_test (tcase, test_container);
  tcase_add_test (tcase, test_container_refused);
  tcase_add_test (tcase, test_cancelled);
  return suite;
}

GST_CHECK_MAIN (s3role);
