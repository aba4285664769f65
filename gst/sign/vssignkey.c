/* VisionStream: keys that sign, and keys that verify
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To set a context up (fetch the algorithm, export the key to its provider)
 * takes longer than to verify with it. A thread takes one that is free, or
 * makes one, and gives it back: there are as many as threads that were at work
 * at a time, and none outlives its key.
 */
#include "sign/vssignkeyprivate.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#define DIGEST_MAX 32
/* contexts that wait for the next who signs, of one kind */
#define FREE_MAX 16
/* bytes of the order of P-256, and of its numbers */
#define ORDER_SIZE 32

typedef struct
{
  EVP_PKEY_CTX *free[FREE_MAX];
  guint n_free;
} Contexts;

struct _VsSignKey
{
  EVP_PKEY *pkey;
  gboolean is_private, is_rsa;
  /* what no signature may reach: RSA's modulus, the curve's order */
  guint8 bound[VS_SIGNATURE_MAX];
  gsize bound_size;
  /* is verified where what came is no signature */
  guint8 decoy[VS_SIGNATURE_MAX];
  gsize decoy_size;

  GMutex lock;
  /* protected by lock */
  Contexts signing[VS_SIGN_N_HASHES], verifying[VS_SIGN_N_HASHES];
};

/* Fetched once: by its name an algorithm is looked up under a lock. */
static const EVP_MD *
get_hash (VsSignHash hash)
{
  static const gchar *const names[] = { "SHA1", "SHA2-256" };
  static gsize fetched[VS_SIGN_N_HASHES];

  if (g_once_init_enter (&fetched[hash])) {
    EVP_MD *md = EVP_MD_fetch (NULL, names[hash], NULL);

    if (md == NULL)
      g_error ("OpenSSL has no %s: look at its openssl.cnf", names[hash]);
    g_once_init_leave (&fetched[hash], (gsize) md);
  }
  return (const EVP_MD *) fetched[hash];
}

/* ---- life ---------------------------------------------------------------- */

static gboolean
find_rsa_bound (VsSignKey * self)
{
  BIGNUM *n = NULL;
  gboolean ok = EVP_PKEY_get_bn_param (self->pkey, OSSL_PKEY_PARAM_RSA_N, &n)
      && BN_num_bytes (n) <= VS_SIGNATURE_MAX;

  if (ok)
    self->bound_size = (gsize) BN_bn2bin (n, self->bound);
  BN_free (n);
  /* below any modulus of that size */
  memset (self->decoy, 0x55, self->bound_size);
  self->decoy_size = self->bound_size;
  return ok;
}

/* SEC 2, 2.4.2; the decoy is r and s in DER, of which neither is zero. */
static void
find_ec_bound (VsSignKey * self)
{
  static const guint8 order[ORDER_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
    0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51
  };
  static const guint8 head[] = { 0x30, 2 * (ORDER_SIZE + 2) };
  static const guint8 number[] = { 0x02, ORDER_SIZE };
  guint8 *out = self->decoy;

  memcpy (self->bound, order, sizeof order);
  self->bound_size = sizeof order;
  self->decoy_size = sizeof head + 2 * (sizeof number + ORDER_SIZE);
  memset (out, 0x55, self->decoy_size);
  memcpy (out, head, sizeof head);
  memcpy (out + sizeof head, number, sizeof number);
  memcpy (out + sizeof head + sizeof number + ORDER_SIZE, number,
      sizeof number);
}

VsSignKey *
vs_sign_key_new_for (EVP_PKEY * pkey, gboolean is_private)
{
  VsSignKey *self = g_atomic_rc_box_new0 (VsSignKey);

  g_mutex_init (&self->lock);
  EVP_PKEY_up_ref (pkey);
  self->pkey = pkey;
  self->is_private = is_private;
  self->is_rsa = EVP_PKEY_is_a (pkey, "RSA");
  if (!self->is_rsa)
    find_ec_bound (self);
  else if (!find_rsa_bound (self))
    g_clear_pointer (&self, vs_sign_key_unref);
  return self;
}

VsSignKey *
vs_sign_key_ref (VsSignKey * self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
contexts_clear (Contexts * contexts)
{
  while (contexts->n_free > 0)
    EVP_PKEY_CTX_free (contexts->free[--contexts->n_free]);
}

static void
key_clear (gpointer data)
{
  VsSignKey *self = data;

  for (guint i = 0; i < VS_SIGN_N_HASHES; i++) {
    contexts_clear (&self->signing[i]);
    contexts_clear (&self->verifying[i]);
  }
  EVP_PKEY_free (self->pkey);
  g_mutex_clear (&self->lock);
}

void
vs_sign_key_unref (VsSignKey * self)
{
  g_atomic_rc_box_release_full (self, key_clear);
}

EVP_PKEY *
vs_sign_key_get_pkey (VsSignKey * self)
{
  return self->pkey;
}

gboolean
vs_sign_key_is_private (VsSignKey * self)
{
  return self->is_private;
}

guint
vs_sign_key_get_cost (VsSignKey * self)
{
  return self->is_rsa ? (guint) self->bound_size : 0;
}

/* ---- contexts ------------------------------------------------------------ */

static EVP_PKEY_CTX *
make_context (VsSignKey * self, VsSignHash hash, gboolean signing)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey (NULL, self->pkey, NULL);

  if (context && (signing ? EVP_PKEY_sign_init (context)
          : EVP_PKEY_verify_init (context)) > 0
      && (!self->is_rsa
          || EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING) > 0)
      && EVP_PKEY_CTX_set_signature_md (context, get_hash (hash)) > 0)
    return context;
  EVP_PKEY_CTX_free (context);
  ERR_clear_error ();
  return NULL;
}

static EVP_PKEY_CTX *
take_context (VsSignKey * self, VsSignHash hash, gboolean signing)
{
  Contexts *contexts = signing ? &self->signing[hash] : &self->verifying[hash];
  EVP_PKEY_CTX *context = NULL;

  g_mutex_lock (&self->lock);
  if (contexts->n_free > 0)
    context = contexts->free[--contexts->n_free];
  g_mutex_unlock (&self->lock);
  return context ? context : make_context (self, hash, signing);
}

static void
give_context (VsSignKey * self, VsSignHash hash, gboolean signing,
    EVP_PKEY_CTX * context)
{
  Contexts *contexts = signing ? &self->signing[hash] : &self->verifying[hash];

  g_mutex_lock (&self->lock);
  if (contexts->n_free < FREE_MAX) {
    contexts->free[contexts->n_free++] = context;
    context = NULL;
  }
  g_mutex_unlock (&self->lock);
  EVP_PKEY_CTX_free (context);
}

/* ---- signatures ---------------------------------------------------------- */

static guint
digest_text (VsSignHash hash, gconstpointer text, gsize size,
    guint8 digest[DIGEST_MAX])
{
  guint n = 0;

  if (!EVP_Digest (text, size, digest, &n, get_hash (hash), NULL))
    g_error ("OpenSSL failed to compute a hash");
  return n;
}

gsize
vs_sign_key_sign (VsSignKey * self, VsSignHash hash, gconstpointer text,
    gsize size, guint8 signature[VS_SIGNATURE_MAX])
{
  guint8 digest[DIGEST_MAX];
  guint n = digest_text (hash, text, size, digest);
  gsize used = VS_SIGNATURE_MAX;
  EVP_PKEY_CTX *context;

  g_return_val_if_fail (self->is_private, 0);
  context = take_context (self, hash, TRUE);
  if (context == NULL)
    return 0;
  if (EVP_PKEY_sign (context, signature, &used, digest, n) <= 0) {
    ERR_clear_error ();
    used = 0;
  }
  give_context (self, hash, TRUE, context);
  return used;
}

/* An INTEGER in DER that is positive, in its shortest form, and below @bound;
 * moves @data behind it. */
static gboolean
read_number (const guint8 ** data, const guint8 * end, const guint8 * bound)
{
  const guint8 *number = *data + 2;
  gsize size;

  if (end - *data < 3 || (*data)[0] != 0x02 || (*data)[1] > end - number)
    return FALSE;
  size = (*data)[1];
  if (size == 0 || number[0] & 0x80)
    return FALSE;
  *data = number + size;
  if (number[0] == 0) {
    if (size == 1 || !(number[1] & 0x80))
      return FALSE;
    number++;
    size--;
  }
  return size < ORDER_SIZE
      || (size == ORDER_SIZE && memcmp (number, bound, size) < 0);
}

/* Whether all of the arithmetic is done on it, not a part. */
static gboolean
is_possible (VsSignKey * self, const guint8 * signature, gsize size)
{
  const guint8 *data, *end;

  if (self->is_rsa)
    return size == self->bound_size
        && memcmp (signature, self->bound, size) < 0;
  if (size < 3 || size >= 0x80 || signature[0] != 0x30
      || signature[1] != size - 2)
    return FALSE;
  data = signature + 2;
  end = signature + size;
  return read_number (&data, end, self->bound)
      && read_number (&data, end, self->bound) && data == end;
}

gboolean
vs_sign_key_verify (VsSignKey * self, VsSignHash hash, gconstpointer text,
    gsize size, const guint8 * signature, gsize signature_size)
{
  gboolean possible = is_possible (self, signature, signature_size);
  guint8 digest[DIGEST_MAX];
  guint n = digest_text (hash, text, size, digest);
  EVP_PKEY_CTX *context = take_context (self, hash, FALSE);
  gboolean ok;

  if (context == NULL)
    return FALSE;
  if (!possible) {
    signature = self->decoy;
    signature_size = self->decoy_size;
  }
  ok = EVP_PKEY_verify (context, signature, signature_size, digest, n) == 1;
  give_context (self, hash, FALSE, context);
  if (!ok)
    ERR_clear_error ();
  return ok && possible;
}
