/* VisionStream: SHA-256 of bytes that come in pieces
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vssha256.h"

#include <openssl/evp.h>

/* Fetched once: OpenSSL 3 looks an algorithm up by its name under a lock
 * whenever it is asked for by EVP_sha256 (). */
static const EVP_MD *
sha256 (void)
{
  static gsize algorithm;

  if (g_once_init_enter (&algorithm)) {
    EVP_MD *fetched = EVP_MD_fetch (NULL, "SHA2-256", NULL);

    if (fetched == NULL)
      g_error ("OpenSSL has no SHA-256: look at its openssl.cnf");
    g_once_init_leave (&algorithm, (gsize) fetched);
  }
  return (const EVP_MD *) algorithm;
}

static void
check (gint ok)
{
  if (!ok)
    g_error ("OpenSSL failed to compute a SHA-256");
}

void
vs_sha256_init (VsSha256 * self)
{
  self->context = EVP_MD_CTX_new ();
  check (self->context && EVP_DigestInit_ex (self->context, sha256 (), NULL));
}

void
vs_sha256_update (VsSha256 * self, gconstpointer data, gsize size)
{
  check (EVP_DigestUpdate (self->context, data, size));
}

void
vs_sha256_finish (VsSha256 * self, guint8 digest[VS_SHA256_SIZE])
{
  check (EVP_DigestFinal_ex (self->context, digest, NULL));
  vs_sha256_clear (self);
}

void
vs_sha256_finish_hex (VsSha256 * self, gchar hex[VS_SHA256_HEX_SIZE])
{
  guint8 digest[VS_SHA256_SIZE];

  vs_sha256_finish (self, digest);
  vs_sha256_to_hex (digest, sizeof digest, hex);
}

void
vs_sha256_clear (VsSha256 * self)
{
  g_clear_pointer (&self->context, EVP_MD_CTX_free);
}

void
vs_sha256_hex (gconstpointer data, gsize size, gchar hex[VS_SHA256_HEX_SIZE])
{
  VsSha256 hash;

  vs_sha256_init (&hash);
  vs_sha256_update (&hash, data, size);
  vs_sha256_finish_hex (&hash, hex);
}

void
vs_sha256_to_hex (const guint8 * data, gsize size, gchar * hex)
{
  static const gchar digits[] = "0123456789abcdef";

  for (gsize i = 0; i < size; i++) {
    *hex++ = digits[data[i] >> 4];
    *hex++ = digits[data[i] & 15];
  }
  *hex = '\0';
}
