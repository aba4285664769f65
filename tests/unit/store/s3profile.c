/* VisionStream: tests of the files that AWS's tools share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/awsfixture.h"
#include "store/vss3profile.h"

#define PAIR "aws_access_key_id = AK\naws_secret_access_key = sec/ret+=\n"

/* The keys of profile "p" where a file holds @text. */
static VsS3Keys *
read_as (const gchar * path, const gchar * text, gboolean * exists,
    gchar ** remark, GError ** error)
{
  g_autoptr (GString) tried = g_string_new (NULL);
  VsS3Keys *keys;

  aws_write (path, text);
  keys = vs_s3_profile_keys ("p", exists, tried, remark, error);
  fail_unless (strstr (tried->str, "sec/ret") == NULL);
  aws_write (path, NULL);
  return keys;
}

GST_START_TEST (test_formats)
{
  static const struct
  {
    const gchar *text, *id, *secret, *token;
  } rows[] = {
    {"[p]\n" PAIR, "AK", "sec/ret+=", NULL},
    {"[p]\r\naws_access_key_id=AK\r\naws_secret_access_key=s\r\n", "AK", "s"},
    {"[p]\naws_access_key_id=AK\naws_secret_access_key=s", "AK", "s"},
    {"\xef\xbb\xbf[p]\n" PAIR, "AK", "sec/ret+="},
    {"# a\n; b\n\n[ p ] # c\n" PAIR "aws_session_token = t==\n", "AK",
        "sec/ret+=", "t=="},
    {"[p]\n" PAIR "aws_session_token =\nnonsense\n= x\nregion = r\n", "AK",
        "sec/ret+="},
    {"[p]\n  AWS_Access_Key_Id : AK # mine\n\taws_secret_access_key\t=\ts\t;x",
        "AK", "s"},
    {"[p]\naws_access_key_id=AK\n  aws_secret_access_key=s\n", "AK", NULL},
    {"[p]\naws_secret_access_key = a#b;c\naws_access_key_id = AK", "AK",
        "a#b;c"},
    {"[p]\n" PAIR "s3 =\n  aws_access_key_id = no\n", "AK", "sec/ret+="},
    {"[q]\naws_access_key_id = no\n[p]\n" PAIR "[q]\naws_access_key_id = no\n",
        "AK", "sec/ret+="},
    {"[p]\naws_access_key_id = a\n[q]\n[p]\n" PAIR, "AK", "sec/ret+="},
    {"['p']\n" PAIR, "AK", "sec/ret+="},
    {"[p]\n" PAIR "aws_secret_access_key = \n", "AK", NULL},
    {"[profile p]\n" PAIR, NULL, NULL},
    {"[p\n" PAIR, NULL, NULL},
    {PAIR, NULL, NULL},
    {"[]\n" PAIR, NULL, NULL},
    {"[", NULL, NULL},
    {"", NULL, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *remark = NULL;
    g_autoptr (GError) error = NULL;
    gboolean exists;
    g_autoptr (VsS3Keys) keys = read_as (".aws/credentials", rows[i].text,
        &exists, &remark, &error);

    fail_unless (exists == (rows[i].id != NULL), "%u", i);
    fail_unless ((keys != NULL) == (rows[i].secret != NULL), "%u", i);
    fail_unless ((error != NULL) == (rows[i].id && !rows[i].secret), "%u", i);
    fail_unless (remark == NULL);
    if (keys == NULL)
      continue;
    fail_unless_equals_string (keys->access_key_id, rows[i].id);
    fail_unless_equals_string (keys->secret_access_key, rows[i].secret);
    fail_unless (g_strcmp0 (keys->session_token, rows[i].token) == 0);
    fail_unless_equals_int64 (keys->expires_us, 0);
    fail_unless (strstr (keys->source, "profile \"p\" of /") != NULL);
  }
}

GST_END_TEST;

/* Sections of the config file are called "profile". */
GST_START_TEST (test_config)
{
  static const struct
  {
    const gchar *text;
    gboolean found;
  } rows[] = {
    {"[profile p]\n" PAIR, TRUE},
    {"[ profile \t p ]\n" PAIR, TRUE},
    {"[profile \"p\"]\n" PAIR, TRUE},
    {"[p]\n" PAIR, FALSE},
    {"[profilep]\n" PAIR, FALSE},
    {"[profile]\n" PAIR, FALSE},
    {"[sso-session p]\n" PAIR, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *remark = NULL;
    gboolean exists;
    g_autoptr (VsS3Keys) keys = read_as (".aws/config", rows[i].text, &exists,
        &remark, NULL);

    fail_unless (exists == rows[i].found, "%u", i);
    fail_unless ((keys != NULL) == rows[i].found, "%u", i);
  }
}

GST_END_TEST;

GST_START_TEST (test_regions)
{
  g_autofree gchar *none = vs_s3_profile_dup_region ("default");
  g_autofree gchar *credentials = NULL, *config = NULL, *other = NULL;

  fail_unless (none == NULL);
  aws_write (".aws/credentials", "[default]\nregion = r1\n");
  credentials = vs_s3_profile_dup_region ("default");
  fail_unless_equals_string (credentials, "r1");
  aws_write (".aws/config", "[default]\nregion = r2\n"
      "[profile x]\noutput = json\nregion = r3\n");
  config = vs_s3_profile_dup_region ("default");
  fail_unless_equals_string (config, "r2");
  other = vs_s3_profile_dup_region ("x");
  fail_unless_equals_string (other, "r3");
}

GST_END_TEST;

/* What is no file of credentials is an error that names it, and never waits;
 * no line of it is in the error. */
GST_START_TEST (test_bad_files)
{
  static const struct
  {
    const gchar *path;
    gint code;
    const gchar *says;
  } rows[] = {
    {"fifo", G_IO_ERROR_NOT_REGULAR_FILE, "/fifo: not a regular file"},
    {".aws", G_IO_ERROR_NOT_REGULAR_FILE, "/.aws: not a regular file"},
    {"long", G_IO_ERROR_INVALID_DATA, "/long: longer than"},
    {"binary", G_IO_ERROR_INVALID_DATA, "/binary: not a text"},
    {"control", G_IO_ERROR_INVALID_DATA, "the secret access key holds"},
    {"half", G_IO_ERROR_INVALID_DATA, "the access key id is missing"},
    {"missing", 0, NULL},
    {"longest", 0, NULL},
  };
  static const gchar with_nul[] = "[p]\n" PAIR;
  g_autofree gchar *text = g_strnfill (1024 * 1024 + 1, 'x');
  g_autofree gchar *fifo = aws_path ("fifo"), *binary = aws_path ("binary");

  fail_unless (mkfifo (fifo, 0600) == 0);
  fail_unless (g_file_set_contents (binary, with_nul, sizeof with_nul, NULL));
  aws_write ("long", text);
  aws_write ("longest", text + 1);
  aws_write ("control", "[p]\naws_access_key_id = AK\n"
      "aws_secret_access_key = sec\x01ret\n");
  aws_write ("half", "[p]\naws_secret_access_key = secret\n");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *path = aws_path (rows[i].path), *remark = NULL;
    g_autoptr (GString) tried = g_string_new (NULL);
    g_autoptr (GError) error = NULL;
    gboolean exists;

    g_setenv ("AWS_SHARED_CREDENTIALS_FILE", path, TRUE);
    fail_unless (vs_s3_profile_keys ("p", &exists, tried, &remark,
            &error) == NULL);
    if (rows[i].says == NULL) {
      fail_unless (error == NULL && strstr (tried->str, path) != NULL);
      continue;
    }
    fail_unless (g_error_matches (error, G_IO_ERROR, rows[i].code), "%s",
        rows[i].path);
    fail_unless (strstr (error->message, rows[i].says) != NULL
        && strstr (error->message, path) != NULL, "%s", error->message);
    fail_unless (strstr (error->message, "sec\x01") == NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_paths)
{
  static const gchar *const values[] = { "~/mine", NULL, "" };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    g_autofree gchar *remark = NULL;
    g_autoptr (GString) tried = g_string_new (NULL);
    g_autoptr (VsS3Keys) keys = NULL;
    gboolean exists;

    aws_write (values[i] && values[i][0] ? "mine" : ".aws/credentials",
        "[default]\n" PAIR);
    if (values[i])
      g_setenv ("AWS_SHARED_CREDENTIALS_FILE", values[i], TRUE);
    else
      g_unsetenv ("AWS_SHARED_CREDENTIALS_FILE");
    keys = vs_s3_profile_keys ("default", &exists, tried, &remark, NULL);
    fail_unless (keys != NULL, "%s", tried->str);
  }
}

GST_END_TEST;

/* Used, but remarked upon. */
GST_START_TEST (test_readable_by_all)
{
  static const struct
  {
    gint mode;
    gboolean remarked;
  } rows[] = {
    {0600, FALSE},
    {0640, FALSE},
    {0644, TRUE},
  };
  g_autofree gchar *path = aws_path (".aws/credentials");

  aws_write (".aws/credentials", "[p]\n" PAIR);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *remark = NULL;
    g_autoptr (GString) tried = g_string_new (NULL);
    g_autoptr (VsS3Keys) keys = NULL;
    gboolean exists;

    fail_unless (g_chmod (path, rows[i].mode) == 0);
    keys = vs_s3_profile_keys ("p", &exists, tried, &remark, NULL);
    fail_unless (keys != NULL);
    fail_unless ((remark != NULL) == rows[i].remarked, "%o", rows[i].mode);
    fail_unless (remark == NULL || (strstr (remark, path) != NULL
            && strstr (remark, "chmod 600") != NULL));
  }
}

GST_END_TEST;

static Suite *
s3profile_suite (void)
{
  Suite *suite = suite_create ("s3profile");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_unchecked_fixture (tcase, aws_setup_once, aws_teardown_once);
  tcase_add_checked_fixture (tcase, aws_setup, aws_teardown);
  tcase_add_test (tcase, test_formats);
  tcase_add_test (tcase, test_config);
  tcase_add_test (tcase, test_regions);
  tcase_add_test (tcase, test_bad_files);
  tcase_add_test (tcase, test_paths);
  tcase_add_test (tcase, test_readable_by_all);
  return suite;
}

GST_CHECK_MAIN (s3profile);
