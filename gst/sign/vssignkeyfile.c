/* VisionStream: keys in PEM
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssignkeyprivate.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "sign/vssignfile.h"

#define FILE_MAX (64 * 1024)
#define EXPONENT_BITS_MAX 64

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
    G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
    G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_DECODER_CTX, OSSL_DECODER_CTX_free)
    G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)
/* What OpenSSL says may hold a part of what it read. */
     static gboolean fail (GError ** error, const gchar * reason)
{
  ERR_clear_error ();
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s", reason);
  return FALSE;
}

static gboolean
check_rsa (EVP_PKEY * pkey, GError ** error)
{
  gint bits = EVP_PKEY_get_bits (pkey);
  BIGNUM *value = NULL;
  g_autoptr (BIGNUM) e = NULL;

  if (bits < 2048 || bits > 8 * VS_SIGNATURE_MAX)
    return fail (error, "an RSA key has 2048 to 4096 bits");
  /* with an exponent of 1, anything is its own signature */
  if (!EVP_PKEY_get_bn_param (pkey, OSSL_PKEY_PARAM_RSA_E, &value))
    return fail (error, "an RSA key without an exponent");
  e = value;
  if (BN_is_one (e) || !BN_is_odd (e) || BN_num_bits (e) > EXPONENT_BITS_MAX)
    return fail (error, "an RSA key with an exponent that nobody uses");
  return TRUE;
}

static gboolean
check_ec (EVP_PKEY * pkey, GError ** error)
{
  gchar group[32] = "";

  if (!EVP_PKEY_get_group_name (pkey, group, sizeof group, NULL)
      || (strcmp (group, "prime256v1") != 0 && strcmp (group, "P-256") != 0))
    return fail (error, "the curve is not P-256");
  return TRUE;
}

static gboolean
check_key (EVP_PKEY * pkey, GError ** error)
{
  if (EVP_PKEY_is_a (pkey, "RSA"))
    return check_rsa (pkey, error);
  if (EVP_PKEY_is_a (pkey, "EC"))
    return check_ec (pkey, error);
  return fail (error, "neither an RSA key nor one on P-256");
}

/* ---- private keys -------------------------------------------------------- */

static gint
refuse_password (gchar * buffer, gint size, gint writing, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return -1;
}

/* A key that OpenSSL takes may still be two halves of different ones. */
static gboolean
signs_for_itself (VsSignKey * key)
{
  guint8 signature[VS_SIGNATURE_MAX];
  gsize size = vs_sign_key_sign (key, VS_SIGN_SHA256, "text", 4, signature);

  return size > 0
      && vs_sign_key_verify (key, VS_SIGN_SHA256, "text", 4, signature, size);
}

VsSignKey *
vs_sign_key_parse_private (const gchar * pem, gsize size, GError ** error)
{
  g_autoptr (BIO) bio = BIO_new_mem_buf (pem, (gint) size);
  gboolean encrypted = FALSE;
  g_autoptr (EVP_PKEY) pkey =
      PEM_read_bio_PrivateKey (bio, NULL, refuse_password, &encrypted);
  g_autoptr (VsSignKey) key = NULL;

  if (pkey == NULL) {
    fail (error, encrypted ? "the key is encrypted" : "no private key in PEM");
    return NULL;
  }
  if (!check_key (pkey, error))
    return NULL;
  key = vs_sign_key_new_for (pkey, TRUE);
  if (key == NULL || !signs_for_itself (key)) {
    fail (error, "a key that does not sign");
    return NULL;
  }
  return g_steal_pointer (&key);
}

VsSignKey *
vs_sign_key_new_private (const gchar * path, GError ** error)
{
  gsize size;
  gchar *text = vs_sign_file_read_private (path, FILE_MAX, &size, error);
  VsSignKey *key;

  if (text == NULL)
    return NULL;
  key = vs_sign_key_parse_private (text, size, error);
  if (key == NULL)
    g_prefix_error (error, "%s: ", path);
  vs_sign_file_free (text, size);
  return key;
}

/* ---- public keys --------------------------------------------------------- */

static EVP_PKEY *
decode_public (const gchar * name, const guint8 * data, gsize size)
{
  gboolean pkcs1 = strcmp (name, PEM_STRING_RSA_PUBLIC) == 0;
  EVP_PKEY *pkey = NULL;
  g_autoptr (OSSL_DECODER_CTX) context = OSSL_DECODER_CTX_new_for_pkey (&pkey,
      "DER", pkcs1 ? "type-specific" : "SubjectPublicKeyInfo",
      pkcs1 ? "RSA" : NULL, EVP_PKEY_PUBLIC_KEY, NULL, NULL);

  if (!pkcs1 && strcmp (name, PEM_STRING_PUBLIC) != 0)
    return NULL;
  if (context && OSSL_DECODER_from_data (context, &data, &size) && size == 0)
    return pkey;
  EVP_PKEY_free (pkey);
  return NULL;
}

static gboolean
is_blank (BIO * bio)
{
  gchar c;

  while (BIO_read (bio, &c, 1) == 1) {
    if (!g_ascii_isspace (c))
      return FALSE;
  }
  return TRUE;
}

VsSignKey *
vs_sign_key_new_public (gconstpointer pem, gsize size, GError ** error)
{
  g_autoptr (BIO) bio = BIO_new_mem_buf (pem, (gint) MIN (size, FILE_MAX));
  g_autoptr (EVP_PKEY) pkey = NULL;
  gchar *name = NULL, *header = NULL;
  guint8 *data = NULL;
  glong length;

  if (size < FILE_MAX && PEM_read_bio (bio, &name, &header, &data, &length)
      && is_blank (bio))
    pkey = decode_public (name, data, (gsize) length);
  OPENSSL_free (name);
  OPENSSL_free (header);
  OPENSSL_free (data);
  if (pkey == NULL) {
    fail (error, "no public key in PEM, or more than one");
    return NULL;
  }
  return check_key (pkey, error) ? vs_sign_key_new_for (pkey, FALSE) : NULL;
}

gchar *
vs_sign_key_dup_public_pem (VsSignKey * key)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  gchar *text;
  glong size;

  if (!PEM_write_bio_PUBKEY (bio, vs_sign_key_get_pkey (key)))
    g_error ("OpenSSL failed to write a public key");
  size = BIO_get_mem_data (bio, &text);
  return g_strndup (text, (gsize) size);
}
