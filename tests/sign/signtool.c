/* VisionStream: signs and checks for tests/sign/run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   signtool url KEY ID KIND HASH EXPIRES STARTS SOURCE     URLs, line by line
 *   signtool cookies KEY ID KIND HASH EXPIRES STARTS SOURCE URLs, line by line
 *   signtool check ID=PUBLICKEY...
 *
 * KIND is canned, custom or wildcard, HASH sha1 or sha256, STARTS 0 for none,
 * SOURCE "-" for any. Cookies come out as a header. What is checked comes as
 * lines of a URL, a Cookie header or nothing, seconds and an address, with tabs
 * between them; their verdicts come out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign/vsurlsign.h"
#include "sign/vsurlverify.h"

static void
need (gboolean ok, GError * error)
{
  if (ok)
    return;
  fprintf (stderr, "signtool: %s\n", error ? error->message : "it failed");
  exit (1);
}

/* (transfer full) (nullable) */
static gchar *
read_line (void)
{
  gchar *line = NULL, *copy;
  gsize size = 0;

  if (getline (&line, &size, stdin) < 0) {
    free (line);
    return NULL;
  }
  copy = g_strndup (line, strcspn (line, "\n"));
  free (line);
  return copy;
}

static VsUrlSigner *
make_signer (gchar ** arguments)
{
  static const gchar *const kinds[] = { "canned", "custom", "wildcard", NULL };
  GError *error = NULL;
  g_autoptr (VsSignKey) key = vs_sign_key_new_private (arguments[0], &error);
  VsUrlSignerSettings settings = {.key = key,.key_id = arguments[1] };
  VsUrlSigner *signer;

  need (key != NULL, error);
  while (strcmp (kinds[settings.kind], arguments[2]) != 0)
    need (kinds[++settings.kind] != NULL, NULL);
  settings.hash = strcmp (arguments[3], "sha256") == 0 ? VS_SIGN_SHA256
      : VS_SIGN_SHA1;
  settings.conditions.expires = g_ascii_strtoll (arguments[4], NULL, 10);
  settings.conditions.starts = g_ascii_strtoll (arguments[5], NULL, 10);
  if (strcmp (arguments[6], "-") != 0)
    need (vs_sign_policy_set_source (&settings.conditions, arguments[6],
            &error), error);
  signer = vs_url_signer_new (&settings, &error);
  need (signer != NULL, error);
  return signer;
}

static void
print_url (VsUrlSigner * signer, const gchar * url)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GError *error = NULL;

  need (vs_url_signer_append (signer, text, url, &error), error);
  puts (text->str);
}

static void
print_cookies (VsUrlSigner * signer, const gchar * url)
{
  VsSignedCookie cookies[VS_SIGNED_COOKIES_MAX];
  GError *error = NULL;
  guint n = vs_url_signer_make_cookies (signer, url, cookies, &error);

  need (n > 0, error);
  for (guint i = 0; i < n; i++)
    printf ("%s%s=%s", i > 0 ? "; " : "", cookies[i].name, cookies[i].value);
  putchar ('\n');
  vs_signed_cookies_clear (cookies, n);
}

static VsKeyGroup *
load_group (gchar ** arguments, guint n)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_sign_key_unref);
  GError *error = NULL;
  VsKeyGroup *group;

  for (guint i = 0; i < n; i++) {
    g_auto (GStrv) pair = g_strsplit (arguments[i], "=", 2);
    g_autofree gchar *pem = NULL;
    VsSignKey *key;

    need (g_file_get_contents (pair[1], &pem, NULL, &error), error);
    key = vs_sign_key_new_public (pem, strlen (pem), &error);
    need (key != NULL, error);
    g_ptr_array_add (ids, g_strdup (pair[0]));
    g_ptr_array_add (keys, key);
  }
  group = vs_key_group_new ((const gchar * const *) ids->pdata,
      (VsSignKey * const *) keys->pdata, n, &error);
  need (group != NULL, error);
  return group;
}

static void
print_verdict (VsUrlVerifier * verifier, VsKeyGroup * group, const gchar * line)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", 4);
  g_autoptr (GInetAddress) client = NULL;
  g_autofree gchar *origin = NULL;
  const gchar *path;
  VsSignedRequest request = { 0 };

  need (g_strv_length (fields) == 4 && strstr (fields[0], "://"), NULL);
  path = strstr (fields[0], "://") + 3;
  path += strcspn (path, "/");
  origin = g_strndup (fields[0], path - fields[0]);
  client = g_inet_address_new_from_string (fields[3]);
  request.origin = origin;
  request.target = path;
  request.cookie = fields[1][0] ? fields[1] : NULL;
  request.now = g_ascii_strtoll (fields[2], NULL, 10);
  request.client = client;
  puts (vs_sign_verdict_get_name (vs_url_verifier_check (verifier, group,
              &request, NULL)));
}

static void
check_lines (gchar ** arguments, guint n)
{
  VsUrlVerifierSettings settings = { 0 };
  g_autoptr (VsUrlVerifier) verifier = vs_url_verifier_new (&settings);
  g_autoptr (VsKeyGroup) group = load_group (arguments, n);
  gchar *line;

  while ((line = read_line ())) {
    print_verdict (verifier, group, line);
    g_free (line);
  }
}

static void
sign_lines (gchar ** arguments, gboolean cookies)
{
  g_autoptr (VsUrlSigner) signer = make_signer (arguments);
  gchar *line;

  while ((line = read_line ())) {
    if (cookies)
      print_cookies (signer, line);
    else
      print_url (signer, line);
    g_free (line);
  }
}

int
main (int argc, char **argv)
{
  if (argc > 2 && strcmp (argv[1], "check") == 0) {
    check_lines (argv + 2, (guint) argc - 2);
  } else if (argc == 9) {
    sign_lines (argv + 2, strcmp (argv[1], "cookies") == 0);
  } else {
    fprintf (stderr, "see the head of signtool.c\n");
    return 2;
  }
  return 0;
}
