/* VisionStream: tests of keys that sign and verify
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/signfixture.h"

#define TEXT "{\"Statement\":[]}"
#define N_THREADS 8
#define ROUNDS 40

static const gchar *const hashes[] = { "sha1", "sha256" };

static gboolean
load_fails (const gchar * name, GIOErrorEnum code)
{
  g_autofree gchar *path = path_of (name);
  g_autoptr (GError) error = NULL;
  VsSignKey *key = vs_sign_key_new_private (path, &error);

  if (key) {
    vs_sign_key_unref (key);
    return FALSE;
  }
  fail_unless (strstr (error->message, path) != NULL, "%s", error->message);
  return g_error_matches (error, G_IO_ERROR, code);
}

GST_START_TEST (test_modes)
{
  static const gint good[] = { 0600, 0400, 0640, 0440, 0660 };
  static const gint bad[] = { 0644, 0604, 0666, 0602, 0444, 0755 };
  g_autofree gchar *text = read_text ("rsa.pem");

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (VsSignKey) key = NULL;

    write_text ("mode.pem", text, good[i]);
    key = load_private ("mode");
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    write_text ("mode.pem", text, bad[i]);
    fail_unless (load_fails ("mode.pem", G_IO_ERROR_PERMISSION_DENIED));
  }
}

GST_END_TEST;

/* What openssl makes, and what is none of it. */
GST_START_TEST (test_private_keys)
{
  static const gchar *const good[] = {
    "rsa -in rsa.pem -traditional -out good.pem",
    "pkcs8 -topk8 -nocrypt -in ec.pem -out good.pem",
    "ec -in ec.pem -out good.pem",
    "ecparam -name prime256v1 -param_enc explicit -genkey -out good.pem",
    "genrsa -3 -out good.pem 2048", "genrsa -out good.pem 3072"
  };
  static const gchar *const bad[] = {
    "genrsa -out bad.pem 1024", "genrsa -out bad.pem 2040",
    "ecparam -name secp384r1 -genkey -out bad.pem",
    "ecparam -name secp256k1 -genkey -out bad.pem",
    "genpkey -algorithm ed25519 -out bad.pem",
    "genpkey -algorithm rsa-pss -out bad.pem",
    "rsa -in rsa.pem -aes128 -passout pass:secret -out bad.pem",
    "rsa -in rsa.pem -traditional -aes128 -passout pass:x123 -out bad.pem",
    "rsa -in rsa.pem -pubout -out bad.pem",
    "rsa -in rsa.pem -outform DER -out bad.pem",
  };
  g_autofree gchar *path = path_of ("bad.pem");
  g_autofree gchar *fine = path_of ("good.pem");

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (VsSignKey) key = NULL;

    fail_unless (openssl ("%s", good[i]), "%s", good[i]);
    fail_unless (g_chmod (fine, 0600) == 0);
    key = load_private ("good");
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    fail_unless (openssl ("%s", bad[i]), "%s", bad[i]);
    fail_unless (g_chmod (path, 0600) == 0);
    fail_unless (load_fails ("bad.pem", G_IO_ERROR_INVALID_DATA), "%s", bad[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_no_keys)
{
  g_autofree gchar *huge = g_strnfill (70000, 'a');

  write_text ("no.pem", "", 0600);
  fail_unless (load_fails ("no.pem", G_IO_ERROR_INVALID_DATA));
  write_text ("no.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n", 0600);
  fail_unless (load_fails ("no.pem", G_IO_ERROR_INVALID_DATA));
  write_text ("no.pem", huge, 0600);
  fail_unless (load_fails ("no.pem", G_IO_ERROR_INVALID_DATA));
  fail_unless (load_fails ("missing.pem", G_IO_ERROR_NOT_FOUND));
  fail_unless (load_fails ("", G_IO_ERROR_INVALID_DATA));
}

GST_END_TEST;

/* No part of a file that can't be read is told. */
GST_START_TEST (test_silence)
{
  g_autofree gchar *path = path_of ("secret.pem");
  g_autoptr (GError) error = NULL;

  write_text ("secret.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n"
      "-----END PRIVATE KEY-----\n", 0600);
  fail_unless (vs_sign_key_new_private (path, &error) == NULL);
  fail_unless (strstr (error->message, "c2Vj") == NULL);
  fail_unless (strstr (error->message, "secretsecret") == NULL);
}

GST_END_TEST;

static gboolean
takes_public (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  VsSignKey *key = vs_sign_key_new_public (text, strlen (text), &error);
  gboolean ok = key != NULL;

  fail_unless (ok || g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_INVALID_DATA));
  g_clear_pointer (&key, vs_sign_key_unref);
  return ok;
}

GST_START_TEST (test_public_keys)
{
  g_autofree gchar *good = read_text ("rsa.pub.pem");
  g_autofree gchar *ec = read_text ("ec.pub.pem");
  g_autofree gchar *private = read_text ("rsa.pem");
  g_autofree gchar *twice = g_strconcat (good, ec, NULL);
  g_autofree gchar *blanks = g_strconcat (good, "\n \n", NULL);
  g_autofree gchar *pkcs1 = NULL, *small = NULL, *curve = NULL;

  fail_unless (openssl ("rsa -in rsa.pem -RSAPublicKey_out -out p.pem"));
  pkcs1 = read_text ("p.pem");
  fail_unless (openssl ("genrsa -out s.pem 1024"));
  fail_unless (openssl ("rsa -in s.pem -pubout -out p.pem"));
  small = read_text ("p.pem");
  fail_unless (openssl ("ecparam -name secp384r1 -genkey -out s.pem"));
  fail_unless (openssl ("ec -in s.pem -pubout -out p.pem"));
  curve = read_text ("p.pem");

  fail_unless (takes_public (good));
  fail_unless (takes_public (ec));
  fail_unless (takes_public (pkcs1));
  fail_unless (takes_public (blanks));
  fail_if (takes_public (private));
  fail_if (takes_public (twice));
  fail_if (takes_public (small));
  fail_if (takes_public (curve));
  fail_if (takes_public (""));
  for (gsize size = 0; size < strlen (good) - 1; size += 7) {
    g_autofree gchar *cut = g_strndup (good, size);

    fail_if (takes_public (cut), "%" G_GSIZE_FORMAT, size);
  }
}

GST_END_TEST;

/* A byte behind the key, in the same PEM. */
GST_START_TEST (test_public_rest)
{
  g_autofree gchar *path = path_of ("p.der");
  g_autofree gchar *der = NULL;
  gsize size;

  fail_unless (openssl ("pkey -pubin -in rsa.pub.pem -outform DER -out p.der"));
  fail_unless (g_file_get_contents (path, &der, &size, NULL));
  for (gsize more = 0; more < 2; more++) {
    g_autofree gchar *text = g_base64_encode ((guint8 *) der, size + more);
    g_autofree gchar *pem = g_strconcat ("-----BEGIN PUBLIC KEY-----\n", text,
        "\n-----END PUBLIC KEY-----\n", NULL);

    fail_unless (takes_public (pem) == (more == 0));
  }
}

GST_END_TEST;

/* An exponent of 1: everything is its own signature. */
GST_START_TEST (test_exponent_of_one)
{
  g_autofree gchar *modulus = g_strnfill (512, 'F');
  g_autofree gchar *config = g_strdup_printf ("asn1=SEQUENCE:k\n[k]\n"
      "n=INTEGER:0x%s\ne=INTEGER:1\n", modulus);
  g_autofree gchar *pem = NULL;

  write_text ("asn1.cnf", config, 0600);
  fail_unless (openssl ("asn1parse -genconf asn1.cnf -noout -out one.der"));
  fail_unless (openssl ("rsa -RSAPublicKey_in -inform DER -in one.der -pubout "
          "-out one.pub.pem"));
  pem = read_text ("one.pub.pem");
  fail_if (takes_public (pem));
}

GST_END_TEST;

static void
write_bytes (const gchar * name, const guint8 * data, gsize size)
{
  g_autofree gchar *path = path_of (name);

  fail_unless (g_file_set_contents (path, (const gchar *) data,
          (gssize) size, NULL));
}

/* By openssl dgst, both ways. */
static void
check_with_openssl (const gchar * name, VsSignHash hash)
{
  g_autoptr (VsSignKey) private = load_private (name);
  g_autoptr (VsSignKey) public = load_public (name);
  guint8 signature[VS_SIGNATURE_MAX];
  g_autofree gchar *theirs = NULL, *path = path_of ("sig");
  gsize size;

  write_text ("text", TEXT, 0600);
  size = vs_sign_key_sign (private, hash, TEXT, strlen (TEXT), signature);
  fail_unless (size > 0);
  write_bytes ("sig", signature, size);
  fail_unless (openssl ("dgst -%s -verify %s.pub.pem -signature sig text",
          hashes[hash], name));
  fail_if (openssl ("dgst -%s -verify %s.pub.pem -signature sig text",
          hashes[!hash], name));

  fail_unless (openssl ("dgst -%s -sign %s.pem -out sig text", hashes[hash],
          name));
  fail_unless (g_file_get_contents (path, &theirs, &size, NULL));
  fail_unless (vs_sign_key_verify (public, hash, TEXT, strlen (TEXT),
          (guint8 *) theirs, size));
  fail_if (vs_sign_key_verify (public, !hash, TEXT, strlen (TEXT),
          (guint8 *) theirs, size));
  /* PKCS#1 v1.5 has one signature for a text */
  if (strcmp (name, "ec") != 0)
    fail_unless (memcmp (theirs, signature, size) == 0);
}

GST_START_TEST (test_openssl)
{
  check_with_openssl ("rsa", VS_SIGN_SHA1);
  check_with_openssl ("rsa", VS_SIGN_SHA256);
  check_with_openssl ("ec", VS_SIGN_SHA1);
  check_with_openssl ("ec", VS_SIGN_SHA256);
}

GST_END_TEST;

/* Every byte of a signature, every shorter and every longer one. */
static void
check_tampered (const gchar * name)
{
  g_autoptr (VsSignKey) private = load_private (name);
  g_autoptr (VsSignKey) public = load_public (name);
  guint8 signature[VS_SIGNATURE_MAX + 1] = { 0 };
  gsize size = vs_sign_key_sign (private, VS_SIGN_SHA1, TEXT, strlen (TEXT),
      signature);

  for (gsize i = 0; i < size; i++) {
    signature[i] ^= 1u << g_random_int_range (0, 8);
    fail_if (vs_sign_key_verify (public, VS_SIGN_SHA1, TEXT, strlen (TEXT),
            signature, size), "%s: byte %" G_GSIZE_FORMAT, name, i);
    vs_sign_key_sign (private, VS_SIGN_SHA1, TEXT, strlen (TEXT), signature);
    /* of ECDSA a signature is another each time, in its size too */
    if (strcmp (name, "ec") == 0)
      size = signature[1] + 2;
  }
  for (gsize i = 0; i <= size + 1; i++) {
    if (i != size)
      fail_if (vs_sign_key_verify (public, VS_SIGN_SHA1, TEXT, strlen (TEXT),
              signature, i), "%s: size %" G_GSIZE_FORMAT, name, i);
  }
  fail_unless (vs_sign_key_verify (public, VS_SIGN_SHA1, TEXT, strlen (TEXT),
          signature, size));
  fail_if (vs_sign_key_verify (public, VS_SIGN_SHA1, TEXT "x",
          strlen (TEXT) + 1, signature, size));
}

GST_START_TEST (test_tampered)
{
  g_autoptr (VsSignKey) other = load_public ("other");
  g_autoptr (VsSignKey) rsa = load_private ("rsa");
  guint8 signature[VS_SIGNATURE_MAX];
  gsize size = vs_sign_key_sign (rsa, VS_SIGN_SHA1, TEXT, strlen (TEXT),
      signature);

  check_tampered ("rsa");
  check_tampered ("ec");
  fail_if (vs_sign_key_verify (other, VS_SIGN_SHA1, TEXT, strlen (TEXT),
          signature, size));
}

GST_END_TEST;

static gpointer
work (gpointer data)
{
  VsSignKey *key = data;

  for (guint i = 0; i < ROUNDS; i++) {
    VsSignHash hash = i % VS_SIGN_N_HASHES;
    guint8 signature[VS_SIGNATURE_MAX];
    g_autofree gchar *text = g_strdup_printf ("%p %u", &text, i);
    gsize size = vs_sign_key_sign (key, hash, text, strlen (text), signature);

    if (!vs_sign_key_verify (key, hash, text, strlen (text), signature, size))
      return NULL;
  }
  return data;
}

GST_START_TEST (test_threads)
{
  g_autoptr (VsSignKey) key = load_private ("rsa");
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("sign", work, key);
  for (guint i = 0; i < N_THREADS; i++)
    fail_unless (g_thread_join (threads[i]) == key);
}

GST_END_TEST;

GST_START_TEST (test_public_half)
{
  g_autoptr (VsSignKey) key = load_private ("rsa");
  g_autofree gchar *pem = vs_sign_key_dup_public_pem (key);
  g_autofree gchar *want = read_text ("rsa.pub.pem");

  fail_unless_equals_string (pem, want);
}

GST_END_TEST;

static Suite *
signkey_suite (void)
{
  Suite *s = suite_create ("signkey");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_test (tc, test_modes);
  tcase_add_test (tc, test_private_keys);
  tcase_add_test (tc, test_no_keys);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_public_keys);
  tcase_add_test (tc, test_public_rest);
  tcase_add_test (tc, test_exponent_of_one);
  tcase_add_test (tc, test_openssl);
  tcase_add_test (tc, test_tampered);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_public_half);
  return s;
}

GST_CHECK_MAIN (signkey);
