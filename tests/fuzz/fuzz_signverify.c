/* VisionStream: requests with signatures of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A target, a line's end, a Cookie header. Nobody has the private half of the
 * key: nothing is valid. Stripped once, a target has nothing left to strip.
 */
#include <string.h>

#include "sign/vsurlverify.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

static const gchar pem[] = "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOPyF97h2eqnEtgvEzi/YtPW6mjlJ\n"
    "8e/H3Pczdz31VsPIUUxM4kKYrHKXAmcCH3CcBd0D0v63hDKhSOCi9hKZcQ==\n"
    "-----END PUBLIC KEY-----\n";

static VsUrlVerifier *verifier;
static VsKeyGroup *group;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  static const gchar *const ids[] = { "K1" };
  VsUrlVerifierSettings settings = { 64 };
  VsSignKey *key = vs_sign_key_new_public (pem, sizeof pem - 1, NULL);

  if (key == NULL)
    return 1;
  group = vs_key_group_new (ids, &key, 1, NULL);
  verifier = vs_url_verifier_new (&settings);
  return group ? 0 : 1;
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  gchar *cookie = strchr (text, '\n');
  g_autoptr (GString) once = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);
  VsSignedRequest request = {.origin = "https://h",.target = text,.now = 1 };

  if (cookie) {
    *cookie = '\0';
    request.cookie = cookie + 1;
  }
  if (vs_url_verifier_check (verifier, group, &request, NULL) == VS_SIGN_VALID)
    g_error ("valid: %s", text);
  vs_signed_target_strip (once, text);
  vs_signed_target_strip (twice, once->str);
  if (strcmp (once->str, twice->str) != 0)
    g_error ("%s became %s, then %s", text, once->str, twice->str);
  request.target = once->str;
  request.cookie = NULL;
  if (vs_url_verifier_check (verifier, group, &request, NULL) !=
      VS_SIGN_UNSIGNED)
    g_error ("still signed: %s", once->str);
  return 0;
}
