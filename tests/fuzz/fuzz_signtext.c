/* VisionStream: texts of any bytes whose URLs get signed, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says which kind it is to be, the second where it is cut. What
 * comes out is the same as of one piece; an error names a line.
 */
#include <openssl/ec.h>
#include <stdlib.h>
#include <string.h>

#include "sign/vssignkeyprivate.h"
#include "sign/vssigntext.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

static VsUrlSigner *signer;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  EVP_PKEY *pkey = EVP_EC_gen ("P-256");
  VsSignKey *key = vs_sign_key_new_for (pkey, TRUE);
  VsUrlSignerSettings settings = { key, "K1", VS_SIGN_WILDCARD, VS_SIGN_SHA1, {
      NULL, 2000000000}
  };

  EVP_PKEY_free (pkey);
  signer = vs_url_signer_new (&settings, NULL);
  return signer ? 0 : 1;
}

static GString *
run (VsSignTextKind kind, const gchar * data, gsize size, gsize piece,
    GError ** error)
{
  g_autoptr (VsSignText) text =
      vs_sign_text_new (signer, kind, "https://h/a/index");
  GString *out = g_string_new (NULL);
  gboolean ok = TRUE;

  for (gsize at = 0; ok && at < size; at += piece)
    ok = vs_sign_text_push (text, data + at, MIN (piece, size - at), out,
        error);
  ok = ok && vs_sign_text_finish (text, out, error);
  if (ok != (*error == NULL)
      || (!ok && !g_str_has_prefix ((*error)->message, "line ")))
    g_error ("%d with %s", ok, *error ? (*error)->message : "no error");
  return out;
}

/* ECDSA signs in another way each time, in its size too, and what is remembered
 * may have been forgotten by the second time. */
static void
erase_signatures (GString * text)
{
  static const gchar name[] = "Signature=";
  const gchar *at = text->str;

  while ((at = memmem (at, text->len - (at - text->str), name, strlen (name)))) {
    gsize start = at - text->str + strlen (name), end = start;

    while (g_ascii_isalnum (text->str[end]) || (text->str[end]
            && strchr ("-~_", text->str[end])))
      end++;
    g_string_erase (text, start, end - start);
    at = text->str + start;
  }
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;
  g_autoptr (GString) whole = NULL;
  g_autoptr (GString) pieces = NULL;
  const gchar *text;

  if (size < 3)
    return 0;
  text = (const gchar *) data + 2;
  whole = run (data[0] % 5, text, size - 2, size, &error);
  pieces = run (data[0] % 5, text, size - 2, 1 + data[1] % 16, &again);
  if (g_strcmp0 (error ? error->message : NULL,
          again ? again->message : NULL) != 0)
    g_error ("%s, then %s", error ? error->message : "no error",
        again ? again->message : "no error");
  erase_signatures (whole);
  erase_signatures (pieces);
  if (!g_string_equal (whole, pieces))
    g_error ("%s, then %s", whole->str, pieces->str);
  return 0;
}
