/* VisionStream: tests of accounts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <crypt.h>
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <string.h>
#include <sys/stat.h>

#include "common/deadline.h"
#define AWAIT_DEADLINE test_deadline (30)
#include "common/await.h"
#include "sign/signfixture.h"
#include "sign/vssignaccounts.h"

/* "Hello world!" and "This is just a test", of the SHA-crypt specification */
#define HELLO "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
#define TEST "$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHP" \
    "vOW8mGRcvxa5"

/* What was told, of any thread; before the table is another. */
typedef struct
{
  guint n;
  gchar *last;
} Told;

static Told told;

static void
put_key (const gchar * to, const gchar * from)
{
  g_autofree gchar *text = read_text (from);

  write_text (to, text, 0644);
}

static void
remove_file (const gchar * name)
{
  g_autofree gchar *path = path_of (name);

  g_unlink (path);
}

static void
setup (void)
{
  static const gchar *const folders[] = { "accounts", "accounts/a",
    "accounts/b"
  };
  static const gchar *const keys[] = { "accounts/a/K1.pem",
    "accounts/a/K2.pem", "accounts/b/K1.pem", "accounts/b/K2.pem"
  };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree gchar *path = path_of (folders[i]);

    g_mkdir (path, 0700);
  }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    remove_file (keys[i]);
  told.n = 0;
}

static void
tell (const GError * error, gpointer user_data)
{
  told.n++;
  g_free (told.last);
  told.last = g_strdup (error->message);
}

static VsSignAccounts *
open_accounts (const gchar * name)
{
  g_autofree gchar *path = path_of (name);
  GError *error = NULL;
  VsSignAccounts *accounts = vs_sign_accounts_open (path, tell, NULL, &error);

  fail_unless (accounts != NULL, "%s", error ? error->message : "");
  return accounts;
}

static guint
count_keys (VsSignAccounts * accounts, const gchar * account)
{
  VsKeyGroup *group = vs_sign_accounts_find_group (accounts, account);
  guint n = group ? vs_key_group_get_n_keys (group) : 0;

  g_clear_pointer (&group, vs_key_group_unref);
  return n;
}

static guint64
get_serial (VsSignAccounts * accounts, const gchar * account)
{
  g_autoptr (VsKeyGroup) group =
      vs_sign_accounts_find_group (accounts, account);

  fail_unless (group != NULL, "%s", account);
  return vs_key_group_get_serial (group);
}

GST_START_TEST (test_folder)
{
  g_autoptr (VsSignAccounts) accounts = NULL;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  put_key ("accounts/a/K2.pem", "other.pub.pem");
  write_text ("accounts/a/notes.txt", "no key", 0644);
  write_text ("accounts/a/.hidden.pem", "no key", 0644);
  write_text ("accounts/README", "no account", 0644);
  accounts = open_accounts ("accounts");
  fail_unless_equals_int (count_keys (accounts, "a"), 2);
  fail_unless_equals_int (count_keys (accounts, "b"), 0);
  fail_unless_equals_int (count_keys (accounts, "c"), 0);
}

GST_END_TEST;

static void
write_settings (const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list list;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  write_text ("settings.json", text, 0600);
}

GST_START_TEST (test_file)
{
  g_autoptr (VsSignAccounts) accounts = NULL;
  g_autofree gchar *absolute = path_of ("other.pub.pem");
  g_autofree gchar *json = g_strdup_printf ("{\"a\": {\"keys\": {\"K1\": "
      "\"rsa.pub.pem\", \"K2\": \"%s\"}}, \"b\": {\"keys\": {}}}", absolute);

  /* without a secret, everybody may read it */
  write_text ("settings.json", json, 0644);
  accounts = open_accounts ("settings.json");
  fail_unless_equals_int (count_keys (accounts, "a"), 2);
  fail_unless_equals_int (count_keys (accounts, "b"), 0);

  /* what can't be read leaves all as it was */
  write_settings ("{\"b\": {\"keys\": {\"K1\": \"rsa.pub.pem\"}}, \"a\": 1}");
  vs_sign_accounts_refresh (accounts);
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (count_keys (accounts, "a"), 2);
  fail_unless_equals_int (count_keys (accounts, "b"), 0);
  fail_unless_equals_int (told.n, 1);
  fail_unless (g_str_has_suffix (told.last,
          "settings.json: line 1: a: an object is missing"), "%s", told.last);
  write_settings ("{\"b\": {\"keys\": {\"K1\": \"rsa.pub.pem\"}}}");
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (count_keys (accounts, "a"), 0);
  fail_unless_equals_int (count_keys (accounts, "b"), 1);
  fail_unless_equals_int (told.n, 1);
}

GST_END_TEST;

/* Also when the path of the file, or of the folder, is relative itself. */
GST_START_TEST (test_relative)
{
  g_autofree gchar *before = g_get_current_dir ();
  GError *error = NULL;
  VsSignAccounts *accounts;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  write_text ("accounts/settings.json", "{\"a\": {\"keys\": {"
      "\"K1\": \"a/K1.pem\", \"K2\": \"../other.pub.pem\"}}}", 0644);
  fail_unless (g_chdir (folder) == 0);
  accounts = vs_sign_accounts_open ("accounts/settings.json", tell, NULL,
      &error);
  fail_unless (accounts != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (count_keys (accounts, "a"), 2);
  vs_sign_accounts_free (accounts);

  fail_unless (g_chdir ("accounts") == 0);
  accounts = vs_sign_accounts_open ("settings.json", tell, NULL, &error);
  fail_unless (accounts != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (count_keys (accounts, "a"), 2);
  vs_sign_accounts_free (accounts);
  remove_file ("accounts/settings.json");

  accounts = vs_sign_accounts_open ("../accounts", tell, NULL, &error);
  fail_unless (accounts != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (count_keys (accounts, "a"), 1);
  vs_sign_accounts_free (accounts);
  fail_unless (g_chdir (before) == 0);
}

GST_END_TEST;

/* The error of opening @name is @code, and ends with @problem. */
static void
check_problem (const gchar * name, gint code, const gchar * problem)
{
  g_autofree gchar *path = path_of (name);
  g_autoptr (GError) error = NULL;

  fail_unless (vs_sign_accounts_open (path, tell, NULL, &error) == NULL, "%s",
      problem);
  fail_unless (g_error_matches (error, G_IO_ERROR, code), "%s", error->message);
  fail_unless (g_str_has_suffix (error->message, problem), "%s",
      error->message);
  fail_unless (strstr (error->message, folder) != NULL, "%s", error->message);
  fail_unless_equals_int (told.n, 0);
}

GST_START_TEST (test_open_errors)
{
  static const struct
  {
    const gchar *path;
    gint code;
    const gchar *problem;
  } rows[] = {
    {"nowhere.pem", G_IO_ERROR_NOT_FOUND,
        "/nowhere.pem: No such file or directory"},
    {"rsa.pem", G_IO_ERROR_INVALID_DATA,
        "/rsa.pem: no public key in PEM, or more than one"},
    {"settings.json", G_IO_ERROR_INVALID_DATA,
        "/settings.json: no public key in PEM, or more than one"},
    {"accounts", G_IO_ERROR_INVALID_DATA, "/accounts: a folder"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    write_settings ("{\"a\": {\"keys\": {\"K1\": \"%s\"}}}", rows[i].path);
    check_problem ("settings.json", rows[i].code, rows[i].problem);
  }
  check_problem ("missing", G_IO_ERROR_NOT_FOUND,
      "/missing: No such file or directory");
  write_settings ("[]");
  check_problem ("settings.json", G_IO_ERROR_INVALID_DATA,
      "/settings.json: line 1: an object is missing");
  write_text ("accounts/a/K1.pem", "no key", 0644);
  check_problem ("accounts", G_IO_ERROR_INVALID_DATA,
      "/accounts/a/K1.pem: no public key in PEM, or more than one");
  remove_file ("accounts/a/K1.pem");
  put_key ("accounts/a/K 1.pem", "rsa.pub.pem");
  check_problem ("accounts", G_IO_ERROR_INVALID_DATA,
      "/accounts/a/K 1.pem: its name is no id of a key");
  remove_file ("accounts/a/K 1.pem");
}

GST_END_TEST;

/* (transfer full): a member of an account, "signer" */
static gchar *
make_settings (const gchar * key, const gchar * token)
{
  g_autofree gchar *hash =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);

  return g_strdup_printf ("\"keys\": {\"K1\": \"rsa.pub.pem\", "
      "\"K2\": \"other.pub.pem\", \"E1\": \"ec.pub.pem\"}, "
      "\"signer\": {\"key-pair-id\": \"K1\", \"private-key\": \"%s\", "
      "\"token\": \"sha256:%s\"}", key, hash);
}

GST_START_TEST (test_signer_errors)
{
  static const struct
  {
    const gchar *path;
    gint mode, code;
    const gchar *problem;
  } rows[] = {
    {"nowhere.key", 0, G_IO_ERROR_NOT_FOUND,
        "/nowhere.key: No such file or directory"},
    {"new.key", 0644, G_IO_ERROR_PERMISSION_DENIED,
        "/new.key: everybody can read or write it (mode 0644): chmod 600"},
    {"rsa.pub.pem", 0600, G_IO_ERROR_INVALID_DATA,
        "/rsa.pub.pem: no private key in PEM"},
    {"other.pem", 0600, G_IO_ERROR_INVALID_DATA,
        "/other.pem: the private half of another key than K1 in \"keys\""},
    {"ec.pem", 0600, G_IO_ERROR_INVALID_DATA,
        "/ec.pem: the private half of another key than K1 in \"keys\""},
  };

  put_key ("new.key", "rsa.pem");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *path = path_of (rows[i].path);
    g_autofree gchar *settings = make_settings (rows[i].path, "t");

    fail_unless (rows[i].mode == 0 || g_chmod (path, rows[i].mode) == 0);
    write_settings ("{\"alpha\": {%s}}", settings);
    check_problem ("settings.json", rows[i].code, rows[i].problem);
  }
}

GST_END_TEST;

/* Of a signer or a viewer, nobody else reads the settings. */
GST_START_TEST (test_mode)
{
  static const gint modes[] = { 0644, 0602, 0666 };
  g_autofree gchar *signer = make_settings ("rsa.pem", "t");
  const gchar *members[] = { signer,
    "\"keys\": {}, \"viewers\": {\"alice\": \"" HELLO "\"}"
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    g_autofree gchar *text = g_strdup_printf ("{\"none\": {\"keys\": {}}, "
        "\"alpha\": {%s}}", members[i]);
    g_autoptr (VsSignAccounts) accounts = NULL;

    for (guint j = 0; j < G_N_ELEMENTS (modes); j++) {
      g_autofree gchar *problem = g_strdup_printf ("/settings.json: everybody "
          "can read or write it (mode %04o): chmod 600", modes[j]);

      write_text ("settings.json", text, modes[j]);
      check_problem ("settings.json", G_IO_ERROR_PERMISSION_DENIED, problem);
    }
    write_text ("settings.json", text, 0640);
    accounts = open_accounts ("settings.json");
    write_text ("settings.json", text, 0644);
    vs_sign_accounts_refresh (accounts);
    fail_unless_equals_int (told.n, 1);
    fail_unless (strstr (told.last, "(mode 0644)") != NULL, "%s", told.last);
    told.n = 0;
  }
}

GST_END_TEST;

/* ---- tokens and signers -------------------------------------------------- */

static void
check_token (VsSignAccounts * accounts, const gchar * token,
    const gchar * account)
{
  g_autofree gchar *found = vs_sign_accounts_find_token (accounts, token);

  fail_unless (g_strcmp0 (found, account) == 0, "%s: %s", token, found);
}

GST_START_TEST (test_tokens)
{
  g_autofree gchar *alpha = make_settings ("rsa.pem", "token of alpha");
  g_autofree gchar *beta = make_settings ("rsa.pem", "token of beta");
  g_autofree gchar *longest = g_strnfill (100000, 't');
  g_autofree gchar *gamma = make_settings ("rsa.pem", longest);
  g_autoptr (VsSignAccounts) accounts = NULL;

  write_settings ("{\"alpha\": {%s}, \"beta\": {%s}, \"gamma\": {%s}, "
      "\"delta\": {\"keys\": {}}}", alpha, beta, gamma);
  accounts = open_accounts ("settings.json");
  check_token (accounts, "token of alpha", "alpha");
  check_token (accounts, "token of beta", "beta");
  check_token (accounts, longest, "gamma");
  check_token (accounts, "token of gamma", NULL);
  check_token (accounts, "token of alph", NULL);
  check_token (accounts, "", NULL);
  check_token (accounts, NULL, NULL);

  /* changed, and taken away */
  g_clear_pointer (&alpha, g_free);
  alpha = make_settings ("rsa.pem", "another token");
  write_settings ("{\"alpha\": {%s}, \"beta\": {\"keys\": {}}}", alpha);
  vs_sign_accounts_refresh (accounts);
  check_token (accounts, "another token", "alpha");
  check_token (accounts, "token of alpha", NULL);
  check_token (accounts, "token of beta", NULL);
  fail_unless_equals_int (told.n, 0);
}

GST_END_TEST;

/* It signs what the account's group verifies. */
static void
check_signer (VsSignAccounts * accounts, const gchar * id, guint expires_in)
{
  g_autoptr (VsAccountSigner) signer =
      vs_sign_accounts_find_signer (accounts, "alpha");
  g_autoptr (VsKeyGroup) group =
      vs_sign_accounts_find_group (accounts, "alpha");
  VsSignKey *key = vs_key_group_find (group, id, strlen (id));
  guint8 signature[VS_SIGNATURE_MAX];
  gsize size;

  fail_unless (signer != NULL);
  fail_unless_equals_string (signer->key_id, id);
  fail_unless_equals_int (signer->expires_in, expires_in);
  fail_unless (vs_sign_key_is_private (signer->key));
  size = vs_sign_key_sign (signer->key, VS_SIGN_SHA256, "a", 1, signature);
  fail_unless (vs_sign_key_verify (key, VS_SIGN_SHA256, "a", 1, signature,
          size));
}

static void
rotate_to (VsSignAccounts * accounts, const gchar * id, const gchar * public,
    const gchar * private, const gchar * more)
{
  g_autofree gchar *text = read_text (private);

  put_key ("new.pub.pem", public);
  write_text ("new.pem", text, 0600);
  write_settings ("{\"alpha\": {\"keys\": {\"%s\": \"new.pub.pem\"}, "
      "\"signer\": {\"key-pair-id\": \"%s\", \"private-key\": \"new.pem\", "
      "\"token\": \"sha256:a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e9"
      "98e86f7f7a27ae3\"%s}}}", id, id, more);
  if (accounts)
    vs_sign_accounts_refresh (accounts);
}

GST_START_TEST (test_signer)
{
  g_autoptr (VsSignAccounts) accounts = NULL;
  g_autoptr (VsAccountSigner) before = NULL;
  g_autoptr (VsAccountSigner) same = NULL;

  rotate_to (NULL, "K1", "rsa.pub.pem", "rsa.pem", "");
  accounts = open_accounts ("settings.json");
  check_signer (accounts, "K1", 3600);
  fail_unless (vs_sign_accounts_find_signer (accounts, "beta") == NULL);
  before = vs_sign_accounts_find_signer (accounts, "alpha");
  vs_sign_accounts_refresh (accounts);
  same = vs_sign_accounts_find_signer (accounts, "alpha");
  fail_unless (same->key == before->key);

  rotate_to (accounts, "K1", "rsa.pub.pem", "rsa.pem", ", \"expires-in\": 60");
  check_signer (accounts, "K1", 60);
  rotate_to (accounts, "K2", "other.pub.pem", "other.pem", "");
  check_signer (accounts, "K2", 3600);
  /* by the same names */
  rotate_to (accounts, "K2", "ec.pub.pem", "ec.pem", "");
  check_signer (accounts, "K2", 3600);
  fail_unless_equals_int (told.n, 0);
  fail_unless_equals_string (before->key_id, "K1");

  /* one half of it: all of the account stays */
  rotate_to (accounts, "K2", "ec.pub.pem", "rsa.pem", "");
  check_signer (accounts, "K2", 3600);
  rotate_to (accounts, "K2", "other.pub.pem", "rsa.pem", "");
  vs_sign_accounts_refresh (accounts);
  check_signer (accounts, "K2", 3600);
  fail_unless_equals_int (told.n, 1);
  fail_unless (g_str_has_suffix (told.last,
          "the private half of another key than K2 in \"keys\""), "%s",
      told.last);
  fail_unless (g_str_has_prefix (told.last, "alpha: /"), "%s", told.last);
  rotate_to (accounts, "K2", "rsa.pub.pem", "rsa.pem", "");
  check_signer (accounts, "K2", 3600);
  fail_unless_equals_int (told.n, 1);
}

GST_END_TEST;

/* ---- viewers ------------------------------------------------------------- */

static void
take (VsViewerVerdict verdict, gpointer user_data)
{
  g_async_queue_push (user_data, GINT_TO_POINTER (verdict + 1));
}

static gboolean
is_right (VsSignAccounts * accounts, const gchar * account, const gchar * user,
    const gchar * password)
{
  GAsyncQueue *verdicts = g_async_queue_new ();
  gint verdict;

  vs_sign_accounts_check_viewer (accounts, account, user, password, take,
      verdicts);
  verdict = GPOINTER_TO_INT (g_async_queue_timeout_pop (verdicts,
          (guint64) (test_deadline (30) - g_get_monotonic_time ()))) - 1;
  g_async_queue_unref (verdicts);
  fail_unless (verdict == VS_VIEWER_RIGHT || verdict == VS_VIEWER_WRONG, "%d",
      verdict);
  return verdict == VS_VIEWER_RIGHT;
}

static void
write_viewers (VsSignAccounts * accounts, const gchar * viewers)
{
  write_settings ("{\"alpha\": {\"keys\": {}, \"viewers\": {%s}}, "
      "\"beta\": {\"keys\": {}, \"viewers\": {\"bob\": \"" TEST "\"}}, "
      "\"gamma\": {\"keys\": {}}}", viewers);
  if (accounts)
    vs_sign_accounts_refresh (accounts);
}

GST_START_TEST (test_viewers)
{
  g_autoptr (VsSignAccounts) accounts = NULL;

  write_viewers (NULL, "\"alice\": \"" HELLO "\", \"bob\": \"" HELLO "\"");
  accounts = open_accounts ("settings.json");
  for (guint i = 0; i < 2; i++) {
    fail_unless (is_right (accounts, "alpha", "alice", "Hello world!"));
    fail_unless (is_right (accounts, "alpha", "bob", "Hello world!"));
    fail_unless (is_right (accounts, "beta", "bob", "This is just a test"));
    fail_if (is_right (accounts, "alpha", "alice", "hello world!"));
    fail_if (is_right (accounts, "alpha", "carol", "Hello world!"));
    fail_if (is_right (accounts, "beta", "bob", "Hello world!"));
    fail_if (is_right (accounts, "beta", "alice", "This is just a test"));
    fail_if (is_right (accounts, "gamma", "bob", "This is just a test"));
    fail_if (is_right (accounts, "delta", "bob", "This is just a test"));
    fail_if (is_right (accounts, "", "", ""));
  }

  /* changed, and taken away */
  write_viewers (accounts, "\"alice\": \"" TEST "\"");
  fail_if (is_right (accounts, "alpha", "alice", "Hello world!"));
  fail_if (is_right (accounts, "alpha", "bob", "Hello world!"));
  fail_unless (is_right (accounts, "alpha", "alice", "This is just a test"));
  fail_unless (is_right (accounts, "beta", "bob", "This is just a test"));
  fail_unless_equals_int (told.n, 0);

  write_viewers (accounts, "\"alice\": \"plain text\"");
  fail_unless (is_right (accounts, "alpha", "alice", "This is just a test"));
  fail_unless_equals_int (told.n, 1);
  fail_unless (strstr (told.last, "alpha.viewers.alice: not a hash") != NULL,
      "%s", told.last);
  fail_unless (strstr (told.last, "plain text") == NULL, "%s", told.last);
}

GST_END_TEST;

GST_START_TEST (test_viewer_bounds)
{
  g_autofree gchar *user = g_strnfill (VS_VIEWER_NAME_MAX + 1, 'u');
  g_autofree gchar *password = g_strnfill (VS_VIEWER_PASSWORD_MAX + 1, 'p');
  g_autofree struct crypt_data *data = g_new0 (struct crypt_data, 1);
  g_autofree gchar *viewers = NULL;
  g_autoptr (VsSignAccounts) accounts = NULL;

  password[VS_VIEWER_PASSWORD_MAX] = '\0';
  user[VS_VIEWER_NAME_MAX] = '\0';
  viewers = g_strdup_printf ("\"%s\": \"%s\"", user, crypt_rn (password,
          "$5$saltstring$", data, sizeof *data));
  write_viewers (NULL, viewers);
  accounts = open_accounts ("settings.json");
  fail_unless (is_right (accounts, "alpha", user, password));
  password[VS_VIEWER_PASSWORD_MAX] = 'p';
  fail_if (is_right (accounts, "alpha", user, password));
  password[VS_VIEWER_PASSWORD_MAX] = '\0';
  user[VS_VIEWER_NAME_MAX] = 'u';
  fail_if (is_right (accounts, "alpha", user, password));
}

GST_END_TEST;

/* Nobody has a password: what there is to compare with is a hash all the same,
 * and no password is right. */
GST_START_TEST (test_no_viewers)
{
  g_autoptr (VsSignAccounts) accounts = open_accounts ("accounts");

  fail_if (is_right (accounts, "a", "alice", ""));
  fail_if (is_right (accounts, "c", "alice", "Hello world!"));
}

GST_END_TEST;

/* Each asks again when it is told: the accounts are closed all the same. */
typedef struct
{
  VsSignAccounts *accounts;
  guint n[VS_VIEWER_BUSY + 1];
} Patient;

static void
ask_again (VsViewerVerdict verdict, gpointer user_data)
{
  Patient *patient = user_data;

  patient->n[verdict]++;
  if (patient->n[VS_VIEWER_BUSY] == 1 && verdict == VS_VIEWER_BUSY)
    vs_sign_accounts_check_viewer (patient->accounts, "alpha", "alice", "",
        ask_again, patient);
}

GST_START_TEST (test_closing)
{
  Patient patients[VS_VIEWER_CHECKS_MAX] = { {NULL}
  };
  VsSignAccounts *accounts;
  guint n_busy = 0, n_wrong = 0;

  write_viewers (NULL, "\"alice\": \"" HELLO "\"");
  accounts = open_accounts ("settings.json");
  for (guint i = 0; i < G_N_ELEMENTS (patients); i++) {
    patients[i].accounts = accounts;
    vs_sign_accounts_check_viewer (accounts, "alpha", "alice", "", ask_again,
        &patients[i]);
  }
  vs_sign_accounts_free (accounts);
  for (guint i = 0; i < G_N_ELEMENTS (patients); i++) {
    fail_unless_equals_int (patients[i].n[VS_VIEWER_RIGHT], 0);
    n_busy += patients[i].n[VS_VIEWER_BUSY] == 2;
    n_wrong += patients[i].n[VS_VIEWER_WRONG] == 1;
  }
  fail_unless_equals_int (n_busy + n_wrong, VS_VIEWER_CHECKS_MAX);
}

GST_END_TEST;

/* ---- what is read again -------------------------------------------------- */

/* A key is added, and the one before it taken away. */
GST_START_TEST (test_rotation)
{
  g_autoptr (VsSignAccounts) accounts = NULL;
  guint64 serial, b;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  put_key ("accounts/b/K1.pem", "rsa.pub.pem");
  accounts = open_accounts ("accounts");
  serial = get_serial (accounts, "a");
  b = get_serial (accounts, "b");
  fail_unless (serial != b);

  /* the same again is the same group */
  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  vs_sign_accounts_refresh (accounts);
  fail_unless (get_serial (accounts, "a") == serial);

  put_key ("accounts/a/K2.pem", "other.pub.pem");
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (count_keys (accounts, "a"), 2);
  fail_unless (get_serial (accounts, "a") != serial);
  fail_unless (get_serial (accounts, "b") == b);

  remove_file ("accounts/a/K1.pem");
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (count_keys (accounts, "a"), 1);
  /* another key by the name that one had */
  serial = get_serial (accounts, "a");
  put_key ("accounts/a/K2.pem", "ec.pub.pem");
  vs_sign_accounts_refresh (accounts);
  fail_unless (get_serial (accounts, "a") != serial);
  fail_unless_equals_int (told.n, 0);
}

GST_END_TEST;

/* Of one account: the other's changes count still. */
GST_START_TEST (test_trouble)
{
  g_autoptr (VsSignAccounts) accounts = NULL;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  put_key ("accounts/b/K1.pem", "rsa.pub.pem");
  accounts = open_accounts ("accounts");
  write_text ("accounts/a/K1.pem", "half a ke", 0644);
  put_key ("accounts/b/K2.pem", "other.pub.pem");
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (count_keys (accounts, "a"), 1);
  fail_unless_equals_int (count_keys (accounts, "b"), 2);
  fail_unless_equals_int (told.n, 1);
  fail_unless (strstr (told.last, "a: ") != NULL, "%s", told.last);
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (told.n, 1);

  put_key ("accounts/a/K1.pem", "other.pub.pem");
  vs_sign_accounts_refresh (accounts);
  write_text ("accounts/a/K1.pem", "half a ke", 0644);
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (told.n, 2);
  fail_unless_equals_int (count_keys (accounts, "a"), 1);
}

GST_END_TEST;

/* What nobody writes to is not waited for. */
GST_START_TEST (test_pipe)
{
  g_autoptr (VsSignAccounts) accounts = NULL;
  g_autofree gchar *path = path_of ("accounts/a/K2.pem");

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  accounts = open_accounts ("accounts");
  fail_unless (mkfifo (path, 0600) == 0);
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (told.n, 1);
  fail_unless (strstr (told.last, "no file") != NULL, "%s", told.last);
  fail_unless_equals_int (count_keys (accounts, "a"), 1);
  g_unlink (path);
}

GST_END_TEST;

static gboolean
has_key (VsSignAccounts * accounts, const gchar * account, const gchar * id)
{
  g_autoptr (VsKeyGroup) group =
      vs_sign_accounts_find_group (accounts, account);

  return group && vs_key_group_find (group, id, strlen (id));
}

/* What is taken away does not wait until all else is well. */
GST_START_TEST (test_taken_away)
{
  g_autoptr (VsSignAccounts) accounts = NULL;
  g_autofree gchar *path = path_of ("accounts/a/K1.pem");
  g_autofree gchar *broken = path_of ("accounts/a/K3.pem");

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  put_key ("accounts/a/K2.pem", "other.pub.pem");
  accounts = open_accounts ("accounts");
  write_text ("accounts/a/K3.pem", "no key", 0644);
  g_unlink (path);
  vs_sign_accounts_refresh (accounts);
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (told.n, 1);
  fail_if (has_key (accounts, "a", "K1"));
  fail_unless (has_key (accounts, "a", "K2"));
  fail_unless_equals_int (count_keys (accounts, "a"), 1);
  g_unlink (broken);
}

GST_END_TEST;

/* Of a signer, too, whose account's viewers stay. */
GST_START_TEST (test_signer_taken_away)
{
  g_autoptr (VsSignAccounts) accounts = NULL;

  write_settings ("{\"alpha\": {\"keys\": {\"K1\": \"rsa.pub.pem\", "
      "\"K2\": \"other.pub.pem\"}, \"signer\": {\"key-pair-id\": \"K1\", "
      "\"private-key\": \"rsa.pem\", \"token\": \"sha256:a665a45920422f9d417e48"
      "67efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3\"}, "
      "\"viewers\": {\"alice\": \"" HELLO "\"}}}");
  accounts = open_accounts ("settings.json");
  write_settings ("{\"alpha\": {\"keys\": {\"K2\": \"other.pub.pem\", "
      "\"K3\": \"missing.pem\"}}}");
  vs_sign_accounts_refresh (accounts);
  fail_unless_equals_int (told.n, 1);
  fail_if (has_key (accounts, "alpha", "K1"));
  fail_unless (has_key (accounts, "alpha", "K2"));
  fail_unless (vs_sign_accounts_find_signer (accounts, "alpha") == NULL);
  fail_unless (vs_sign_accounts_find_token (accounts, "123") == NULL);
  fail_unless (is_right (accounts, "alpha", "alice", "Hello world!"));
}

GST_END_TEST;

/* Nobody asks for it: the thread finds and tells it. */
GST_START_TEST (test_by_itself)
{
  g_autoptr (VsSignAccounts) accounts = NULL;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  accounts = open_accounts ("accounts");
  put_key ("accounts/b/K1.pem", "rsa.pub.pem");
  write_text ("accounts/a/K1.pem", "no key", 0644);
  AWAIT (count_keys (accounts, "b") == 1);
  fail_unless_equals_int (count_keys (accounts, "a"), 1);
  fail_unless_equals_int (told.n, 1);
}

GST_END_TEST;

typedef struct
{
  VsSignAccounts *accounts;
  gint stop;                    /* atomic */
  guint lost;
} Reader;

static gpointer
read_on (gpointer data)
{
  Reader *reader = data;

  while (!g_atomic_int_get (&reader->stop)) {
    g_autoptr (VsKeyGroup) group =
        vs_sign_accounts_find_group (reader->accounts, "a");

    if (group == NULL || vs_key_group_get_n_keys (group) == 0
        || vs_key_group_find (group, "K1", 2) == NULL)
      reader->lost++;
  }
  return NULL;
}

/* Whoever has got a group keeps it, and K1 is in each. */
GST_START_TEST (test_while_in_use)
{
  g_autoptr (VsSignAccounts) accounts = NULL;
  Reader reader = { 0 };
  GThread *thread;

  put_key ("accounts/a/K1.pem", "rsa.pub.pem");
  accounts = open_accounts ("accounts");
  reader.accounts = accounts;
  thread = g_thread_new ("reader", read_on, &reader);
  for (guint i = 0; i < 40; i++) {
    if (i % 2)
      remove_file ("accounts/a/K2.pem");
    else
      put_key ("accounts/a/K2.pem", "other.pub.pem");
    vs_sign_accounts_refresh (accounts);
  }
  g_atomic_int_set (&reader.stop, 1);
  g_thread_join (thread);
  fail_unless_equals_int (reader.lost, 0);
}

GST_END_TEST;

/* All that is asked, while the file changes. */
typedef struct
{
  VsSignAccounts *accounts;
  gint stop;                    /* atomic */
  guint wrong;
} Asker;

static gpointer
ask_on (gpointer data)
{
  Asker *asker = data;

  while (!g_atomic_int_get (&asker->stop)) {
    g_autofree gchar *owner =
        vs_sign_accounts_find_token (asker->accounts, "constant");
    g_autoptr (VsAccountSigner) signer =
        vs_sign_accounts_find_signer (asker->accounts, "alpha");

    if (g_strcmp0 (owner, "alpha") != 0 || signer == NULL
        || !is_right (asker->accounts, "alpha", "alice", "Hello world!"))
      asker->wrong++;
  }
  return NULL;
}

GST_START_TEST (test_threads)
{
  g_autofree gchar *alpha = make_settings ("rsa.pem", "constant");
  g_autoptr (VsSignAccounts) accounts = NULL;
  Asker askers[3];
  GThread *threads[G_N_ELEMENTS (askers)];

  for (guint i = 0; i <= 40; i++) {
    write_settings ("{\"alpha\": {%s, \"viewers\": {\"alice\": \"" HELLO
        "\", \"bob%u\": \"" TEST "\"}}}", alpha, i);
    if (i > 0) {
      vs_sign_accounts_refresh (accounts);
      continue;
    }
    accounts = open_accounts ("settings.json");
    for (guint j = 0; j < G_N_ELEMENTS (askers); j++) {
      askers[j] = (Asker) {
      accounts};
      threads[j] = g_thread_new ("asker", ask_on, &askers[j]);
    }
  }
  for (guint j = 0; j < G_N_ELEMENTS (askers); j++) {
    g_atomic_int_set (&askers[j].stop, 1);
    g_thread_join (threads[j]);
    fail_unless_equals_int (askers[j].wrong, 0);
  }
  fail_unless_equals_int (told.n, 0);
}

GST_END_TEST;

static Suite *
signaccounts_suite (void)
{
  Suite *s = suite_create ("signaccounts");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_checked_fixture (tc, setup, NULL);
  tcase_add_test (tc, test_folder);
  tcase_add_test (tc, test_file);
  tcase_add_test (tc, test_relative);
  tcase_add_test (tc, test_open_errors);
  tcase_add_test (tc, test_signer_errors);
  tcase_add_test (tc, test_mode);
  tcase_add_test (tc, test_tokens);
  tcase_add_test (tc, test_signer);
  tcase_add_test (tc, test_viewers);
  tcase_add_test (tc, test_viewer_bounds);
  tcase_add_test (tc, test_no_viewers);
  tcase_add_test (tc, test_closing);
  tcase_add_test (tc, test_rotation);
  tcase_add_test (tc, test_trouble);
  tcase_add_test (tc, test_pipe);
  tcase_add_test (tc, test_taken_away);
  tcase_add_test (tc, test_signer_taken_away);
  tcase_add_test (tc, test_by_itself);
  tcase_add_test (tc, test_while_in_use);
  tcase_add_test (tc, test_threads);
  return s;
}

GST_CHECK_MAIN (signaccounts);
