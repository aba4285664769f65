/* VisionStream: tests of the settings file's text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/vskeygroup.h"
#include "sign/vssignsettings.h"

#define HEX "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3"
#define TOKEN "sha256:" HEX
#define HASH "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
#define KEYS "\"keys\": {\"K1\": \"K1.pem\"}"
#define SIGNER "\"key-pair-id\": \"K1\", \"private-key\": \"K1.key\", " \
    "\"token\": \"" TOKEN "\""

static GPtrArray *
parse (const gchar * text)
{
  GError *error = NULL;
  GPtrArray *accounts = vs_sign_settings_parse (text, strlen (text), &error);

  fail_unless (accounts != NULL, "%s: %s", text, error ? error->message : "");
  return accounts;
}

/* what is wrong with the text of an account */
static void
check_problem (const gchar * text, const gchar * problem)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vs_sign_settings_parse (text, strlen (text), &error) == NULL,
      "%s", text);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  fail_unless_equals_string (error->message, problem);
}

GST_START_TEST (test_all_of_it)
{
  g_autoptr (GPtrArray) accounts = parse ("{\"alpha\": {\n"
      "  \"keys\": {\"K2\": \"alpha\\/K2.pem\", \"K1\": \"\\u0061.pem\"},\n"
      "  \"signer\": {\"key-pair-id\": \"K2\", \"private-key\": \"K2.key\",\n"
      "    \"token\": \"" TOKEN "\", \"expires-in\": 604800},\n"
      "  \"viewers\": {\"zoe\": \"" HASH "\",\n"
      "    \"\\ud83d\\ude00\": \"" HASH "\", \"a b\": \"" HASH "\"}},\n"
      " \"b_-9\": {\"signer\": {\"token\": \"sha256:"
      "A665A45920422F9D417E4867EFDC4FB8A04A1F3FFF1FA07E998E86F7F7A27AE4\",\n"
      "    \"private-key\": \"/k\", \"key-pair-id\": \"K\"},\n"
      "  \"keys\": {\"K\": \"k\"}, \"viewers\": {}},\n"
      " \"c\": {\"keys\": {}}}\n");
  const VsAccountSettings *alpha = accounts->pdata[0];
  const VsAccountSettings *beta = accounts->pdata[1];
  const VsAccountSettings *gamma = accounts->pdata[2];

  fail_unless_equals_int (accounts->len, 3);
  fail_unless_equals_string (alpha->name, "alpha");
  fail_unless_equals_int (alpha->ids->len, 2);
  fail_unless_equals_string (alpha->ids->pdata[0], "K2");
  fail_unless_equals_string (alpha->paths->pdata[0], "alpha/K2.pem");
  fail_unless_equals_string (alpha->paths->pdata[1], "a.pem");
  fail_unless_equals_string (alpha->key_id, "K2");
  fail_unless_equals_string (alpha->private_key, "K2.key");
  fail_unless (alpha->token[0] == 0xa6 && alpha->token[31] == 0xe3);
  fail_unless_equals_int (alpha->expires_in, 604800);
  fail_unless_equals_string (vs_account_settings_find_viewer (alpha, "zoe"),
      HASH);
  fail_unless (vs_account_settings_find_viewer (alpha, "\360\237\230\200"));
  fail_unless (vs_account_settings_find_viewer (alpha, "a b"));
  fail_if (vs_account_settings_find_viewer (alpha, "zo"));
  fail_if (vs_account_settings_find_viewer (alpha, ""));

  fail_unless (beta->token[0] == 0xa6 && beta->token[31] == 0xe4);
  fail_unless_equals_int (beta->expires_in, 3600);
  fail_if (vs_account_settings_find_viewer (beta, "zoe"));
  fail_unless (gamma->key_id == NULL);
  fail_unless_equals_int (gamma->ids->len + gamma->viewers->len, 0);
}

GST_END_TEST;

GST_START_TEST (test_no_accounts)
{
  g_autoptr (GPtrArray) none = parse (" {\t} \r\n");

  fail_unless_equals_int (none->len, 0);
}

GST_END_TEST;

GST_START_TEST (test_shape)
{
  static const struct
  {
    const gchar *text, *problem;
  } rows[] = {
    {"", "line 1: an object is missing"},
    {"[]", "line 1: an object is missing"},
    {"{", "line 1: a string is missing"},
    {"{\"alpha\": {" KEYS "}", "line 1: a comma, or an object's end, is "
          "missing"},
    {"{} {}", "line 1: something behind the end"},
    {"{}\n// and so on", "line 2: something behind the end"},
    {"\xff", "line 1: no text in UTF-8"},
    {"{alpha: {}}", "line 1: a string is missing"},
    {"{\"alpha\" {}}", "line 1: alpha: a colon is missing"},
    {"{\"alpha\": {" KEYS "},}", "line 1: a string is missing"},
    {"{\"alpha\": {" KEYS "}\n \"beta\": {" KEYS "}}",
        "line 2: a comma, or an object's end, is missing"},
    {"{\"alpha", "line 1: a string without an end"},
    {"{\"al\\n\": {}}", "line 1: a character that is not in its strings"},
    {"{\"al\n\": {}}", "line 2: a character that is not in its strings"},
    {"{\"al\\u0000\": {}}", "line 1: a character that is not in its strings"},
    {"{\"\\ud83d\": {}}", "line 1: a character that is not in its strings"},
    {"{\"\\ude00\": {}}", "line 1: a character that is not in its strings"},
    {"{\"\\ud83d\\u0061\": {}}",
        "line 1: a character that is not in its strings"},
    {"{\"\\u12", "line 1: a character that is not in its strings"},
    {"{\"\\", "line 1: a character that is not in its strings"},
    {"{\"alpha\": 1}", "line 1: alpha: an object is missing"},
    {"{\"al.pha\": {}}", "line 1: al.pha: its name is no account's"},
    {"{\"\": {}}", "line 1: its name is no account's"},
    {"{\"alpha\": {" KEYS "},\n\"alpha\": {}}",
        "line 2: alpha: it is there twice"},
    {"{\"alpha\": {" KEYS "},\n\"\\u0061lpha\": {}}",
        "line 2: alpha: it is there twice"},
  };
  g_autofree gchar *name = g_strnfill (65, 'a');
  g_autofree gchar *text = g_strdup_printf ("{\"%s\": {}}", name);
  g_autofree gchar *problem =
      g_strdup_printf ("line 1: %s: its name is no account's", name);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_problem (rows[i].text, rows[i].problem);
  check_problem (text, problem);
}

GST_END_TEST;

static void
check_account_problem (const gchar * account, const gchar * problem)
{
  g_autofree gchar *text = g_strdup_printf ("{\"alpha\": {%s}}", account);
  g_autofree gchar *whole = g_strconcat ("line 1: alpha", problem, NULL);

  check_problem (text, whole);
}

GST_START_TEST (test_members)
{
  static const struct
  {
    const gchar *account, *problem;
  } rows[] = {
    {"", ": \"keys\" is missing"},
    {"\"viewers\": {}", ": \"keys\" is missing"},
    {KEYS ", \"K2\": \"K2.pem\"", ".K2: no member of an account"},
    {KEYS ", " KEYS, ".keys: it is there twice"},
    {"\"keys\": []", ".keys: an object is missing"},
    {"\"keys\": {\"K1\": 1}", ".keys.K1: a string is missing"},
    {"\"keys\": {\"K1\": \"\"}", ".keys.K1: an empty string"},
    {"\"keys\": {\"K 1\": \"a\"}", ".keys.K 1: its name is no id of a key"},
    {"\"keys\": {\"K1\": \"a\", \"K1\": \"b\"}",
        ".keys.K1: it is there twice"},
    {KEYS ", \"viewers\": {\"al:ice\": \"" HASH "\"}",
        ".viewers.al:ice: its name is no viewer's"},
    {KEYS ", \"viewers\": {\"\": \"" HASH "\"}",
        ".viewers.: its name is no viewer's"},
    {KEYS ", \"viewers\": {\"alice\": null}",
        ".viewers.alice: a string is missing"},
    {KEYS ", \"viewers\": {\"alice\": \"secret\"}",
        ".viewers.alice: not a hash that crypt(5) makes with "
          "$6$, $5$, $y$, $gy$, $7$, $2b$, $2y$ or $2a$"},
    {KEYS ", \"viewers\": {\"alice\": \"" HASH "\", \"alice\": \"" HASH "\"}",
        ".viewers.alice: it is there twice"},
  };
  g_autofree gchar *user = g_strnfill (129, 'u');
  g_autofree gchar *viewers = g_strdup_printf (KEYS
      ", \"viewers\": {\"%s\": \"" HASH "\"}", user);
  g_autofree gchar *problem =
      g_strdup_printf (".viewers.%s: its name is no viewer's", user);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_account_problem (rows[i].account, rows[i].problem);
  check_account_problem (viewers, problem);
}

GST_END_TEST;

GST_START_TEST (test_signer)
{
  static const struct
  {
    const gchar *signer, *problem;
  } rows[] = {
    {"", ".signer: \"key-pair-id\" is missing"},
    {"\"key-pair-id\": \"K1\"", ".signer: \"private-key\" is missing"},
    {"\"key-pair-id\": \"K1\", \"private-key\": \"k\"",
        ".signer: \"token\" is missing"},
    {"\"key-pair-id\": \"K2\", \"private-key\": \"k\", \"token\": \"" TOKEN
          "\"", ": the signer's \"key-pair-id\" is not in \"keys\""},
    {"\"key-pair-id\": \"\"", ".signer.key-pair-id: an empty string"},
    {SIGNER ", \"tokn\": \"\"", ".signer.tokn: no member of a signer"},
    {SIGNER ", " SIGNER, ".signer.key-pair-id: it is there twice"},
    {SIGNER ", \"expires-in\": 0",
        ".signer.expires-in: not 1 second or more"},
    {SIGNER ", \"expires-in\": 604801",
        ".signer.expires-in: no whole number, or one too large"},
    {SIGNER ", \"expires-in\": -1",
        ".signer.expires-in: no whole number, or one too large"},
    {SIGNER ", \"expires-in\": 1.0",
        ".signer.expires-in: no whole number, or one too large"},
    {SIGNER ", \"expires-in\": 1e2",
        ".signer.expires-in: no whole number, or one too large"},
    {SIGNER ", \"expires-in\": 010",
        ".signer.expires-in: no whole number, or one too large"},
    {SIGNER ", \"expires-in\": \"1\"",
        ".signer.expires-in: no whole number, or one too large"},
    {SIGNER ", \"expires-in\": 99999999999999999999999",
        ".signer.expires-in: no whole number, or one too large"},
    {"\"token\": \"" HEX "\"", ".signer.token: not \"sha256:\" and 64 "
          "hexadecimal digits"},
    {"\"token\": \"" TOKEN "0\"", ".signer.token: not \"sha256:\" and 64 "
          "hexadecimal digits"},
    {"\"token\": \"sha256:x665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998"
          "e86f7f7a27ae3\"", ".signer.token: not \"sha256:\" and 64 "
          "hexadecimal digits"},
    {"\"token\": \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca49"
          "5991b7852b855\"", ".signer.token: the hash of an empty token"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *account =
        g_strdup_printf (KEYS ", \"signer\": {%s}", rows[i].signer);

    check_account_problem (account, rows[i].problem);
  }
  check_problem ("{\"a\": {" KEYS ", \"signer\": {" SIGNER "}}, "
      "\"b\": {" KEYS ", \"signer\": {" SIGNER "}}}",
      "line 1: b: its token is that of a too");
}

GST_END_TEST;

GST_START_TEST (test_too_much)
{
  g_autoptr (GString) keys = g_string_new ("\"keys\": {");
  g_autofree gchar *path = g_strnfill (4097, 'p');
  g_autofree gchar *long_path =
      g_strdup_printf ("\"keys\": {\"K1\": \"%s\"}", path);
  g_autofree gchar *deep = g_strnfill (1000000, '[');

  for (guint i = 0; i <= VS_KEY_GROUP_MAX; i++)
    g_string_append_printf (keys, "%s\"K%u\": \"k\"", i ? "," : "", i);
  g_string_append_c (keys, '}');
  check_account_problem (keys->str,
      ".keys.K100: one key too many for its account");
  check_account_problem (long_path, ".keys.K1: a string that is too long");
  check_account_problem (deep, ": a string is missing");
}

GST_END_TEST;

static Suite *
signsettings_suite (void)
{
  Suite *s = suite_create ("signsettings");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_all_of_it);
  tcase_add_test (tc, test_no_accounts);
  tcase_add_test (tc, test_shape);
  tcase_add_test (tc, test_members);
  tcase_add_test (tc, test_signer);
  tcase_add_test (tc, test_too_much);
  return s;
}

GST_CHECK_MAIN (signsettings);
