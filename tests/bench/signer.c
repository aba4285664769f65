/* VisionStream: what signatures cost, for tests/bench/signing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   signer rates KEY SECONDS      each kind of work: its name, and how often it
 *                                 was done in a second of the processor
 *   signer refusals KEY ROUNDS    each kind of refusal: its name, and the 5th,
 *                                 50th and 95th percentile of its nanoseconds
 *   signer mixed KEY ROUNDS       the same with a second key, on P-256
 *   signer list KEY KIND LINES    of a list: lines a second
 *
 * KEY is a private key in PEM.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sign/vssigntext.h"
#include "sign/vsurlsign.h"
#include "sign/vsurlverify.h"

#define ORIGIN "https://cdn.example.com"
#define EXPIRES 2000000000
#define NOW 1900000000
/* more than the verifier remembers of them, so that each is verified */
#define N_TARGETS 64
#define REMEMBERED 8
#define LISTED_AT_ONCE 100

/* nobody has the other half of it */
static const gchar ec_pem[] = "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOPyF97h2eqnEtgvEzi/YtPW6mjlJ\n"
    "8e/H3Pczdz31VsPIUUxM4kKYrHKXAmcCH3CcBd0D0v63hDKhSOCi9hKZcQ==\n"
    "-----END PUBLIC KEY-----\n";

typedef struct
{
  VsSignKey *key;
  VsKeyGroup *group;
  VsUrlSigner *signers[3];
  VsUrlVerifier *verifier;
  gchar *targets[N_TARGETS];
  guint8 signature[VS_SIGNATURE_MAX];
  gsize size;
  guint next;
} Bench;

/* the processor's time of this thread, as openssl speed counts */
static gdouble
get_seconds (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return (gdouble) t.tv_sec + (gdouble) t.tv_nsec / 1e9;
}

static void
need (gboolean ok, GError * error)
{
  if (!ok)
    g_error ("%s", error ? error->message : "it failed");
}

static VsUrlSigner *
make_signer (VsSignKey * key, VsSignKind kind)
{
  VsUrlSignerSettings settings = { key, "K1", kind, VS_SIGN_SHA1, {
      NULL, EXPIRES}
  };
  GError *error = NULL;
  VsUrlSigner *signer = vs_url_signer_new (&settings, &error);

  need (signer != NULL, error);
  return signer;
}

static gchar *
sign_target (VsUrlSigner * signer, guint number)
{
  g_autofree gchar *url =
      g_strdup_printf (ORIGIN "/out/v1/a/live/cmaf/video_%u.m4s", number);
  g_autoptr (GString) text = g_string_new (NULL);
  GError *error = NULL;

  need (vs_url_signer_append (signer, text, url, &error), error);
  return g_strdup (text->str + strlen (ORIGIN));
}

static void
bench_init (Bench * self, const gchar * path, gboolean mixed)
{
  static const gchar *const ids[] = { "K1", "E1" };
  VsUrlVerifierSettings settings = { REMEMBERED };
  GError *error = NULL;
  g_autofree gchar *pem = NULL;
  g_autoptr (VsSignKey) public = NULL;
  g_autoptr (VsSignKey) ec = NULL;
  VsSignKey *keys[2];

  self->key = vs_sign_key_new_private (path, &error);
  need (self->key != NULL, error);
  pem = vs_sign_key_dup_public_pem (self->key);
  public = vs_sign_key_new_public (pem, strlen (pem), &error);
  need (public != NULL, error);
  ec = vs_sign_key_new_public (ec_pem, strlen (ec_pem), &error);
  need (ec != NULL, error);
  keys[0] = public;
  keys[1] = ec;
  self->group = vs_key_group_new (ids, keys, mixed ? 2 : 1, &error);
  need (self->group != NULL, error);
  for (guint i = 0; i < G_N_ELEMENTS (self->signers); i++)
    self->signers[i] = make_signer (self->key, (VsSignKind) i);
  self->verifier = vs_url_verifier_new (&settings);
  for (guint i = 0; i < N_TARGETS; i++)
    self->targets[i] = sign_target (self->signers[VS_SIGN_CUSTOM], i);
  self->size = vs_sign_key_sign (self->key, VS_SIGN_SHA1, "text", 4,
      self->signature);
}

static void
bench_clear (Bench * self)
{
  for (guint i = 0; i < N_TARGETS; i++)
    g_free (self->targets[i]);
  for (guint i = 0; i < G_N_ELEMENTS (self->signers); i++)
    vs_url_signer_free (self->signers[i]);
  vs_url_verifier_free (self->verifier);
  vs_key_group_unref (self->group);
  vs_sign_key_unref (self->key);
}

/* ---- rates --------------------------------------------------------------- */

static gboolean
sign_step (Bench * self)
{
  guint8 signature[VS_SIGNATURE_MAX];

  return vs_sign_key_sign (self->key, VS_SIGN_SHA1, "text", 4, signature) > 0;
}

static gboolean
verify_step (Bench * self)
{
  return vs_sign_key_verify (self->key, VS_SIGN_SHA1, "text", 4,
      self->signature, self->size);
}

static gboolean
sign_policy (Bench * self)
{
  g_autofree gchar *target =
      sign_target (self->signers[VS_SIGN_CUSTOM], self->next++);

  return target != NULL;
}

static VsSignVerdict
check_target (Bench * self, const gchar * target, VsKeyGroup * group,
    gint64 now)
{
  VsSignedRequest request = {.origin = ORIGIN,.target = target,.now = now };

  return vs_url_verifier_check (self->verifier, group, &request, NULL);
}

static gboolean
verify_policy (Bench * self)
{
  return check_target (self, self->targets[self->next++ % N_TARGETS],
      self->group, NOW) == VS_SIGN_VALID;
}

static gboolean
verify_remembered (Bench * self)
{
  return check_target (self, self->targets[0], self->group, NOW) ==
      VS_SIGN_VALID;
}

static void
measure (Bench * self, const gchar * name, gboolean (*work) (Bench * self),
    gdouble seconds)
{
  gdouble start = get_seconds (), now = start;
  guint64 n = 0;

  do {
    for (guint i = 0; i < 16; i++)
      need (work (self), NULL);
    n += 16;
    now = get_seconds ();
  } while (now - start < seconds);
  printf ("%s %.1f\n", name, (gdouble) n / (now - start));
}

static void
measure_rates (Bench * self, gdouble seconds)
{
  measure (self, "sign-step", sign_step, seconds);
  measure (self, "verify-step", verify_step, seconds);
  measure (self, "sign-policy", sign_policy, seconds);
  measure (self, "verify-policy", verify_policy, seconds);
  measure (self, "verify-remembered", verify_remembered, seconds);
}

/* ---- refusals ------------------------------------------------------------ */

typedef struct
{
  const gchar *name;
  VsSignVerdict verdict;
  gchar *target;
  VsKeyGroup *group;
  gint64 now;
  gint64 *samples;
} Refusal;

static gchar *
replace (const gchar * target, const gchar * from, const gchar * to)
{
  g_autoptr (GString) text = g_string_new (target);

  need (g_string_replace (text, from, to, 1) == 1, NULL);
  return g_strdup (text->str);
}

static gchar *
flip (const gchar * target, const gchar * behind, guint offset)
{
  gchar *text = g_strdup (target), *at = strstr (text, behind);

  at += strlen (behind) + offset;
  *at = *at == 'A' ? 'B' : 'A';
  return text;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static gint64
time_refusal (Bench * self, const Refusal * refusal)
{
  gdouble start = get_seconds ();
  VsSignVerdict verdict = check_target (self, refusal->target, refusal->group,
      refusal->now);
  gdouble end = get_seconds ();

  if (verdict != refusal->verdict)
    g_error ("%s: %s", refusal->name, vs_sign_verdict_get_name (verdict));
  return (gint64) ((end - start) * 1e9);
}

/* The kinds take turns, so that what else the machine does falls on all. */
static void
measure_refusals (Bench * self, guint rounds)
{
  const gchar *good = self->targets[0];
  Refusal all[] = {
    {"forged-signature", VS_SIGN_FORGED, flip (good, "Signature=", 100),
        self->group, NOW},
    {"forged-policy", VS_SIGN_FORGED, flip (good, "Policy=", 50),
        self->group, NOW},
    {"short-signature", VS_SIGN_FORGED, replace (good, "Signature=",
            "Signature=AAAA&x="), self->group, NOW},
    {"malformed-signature", VS_SIGN_MALFORMED, flip (good, "Signature=", 343),
        self->group, NOW},
    {"unknown-key", VS_SIGN_UNKNOWN_KEY, replace (good, "=K1", "=K2"),
        self->group, NOW},
    {"other-key", vs_key_group_get_n_keys (self->group) > 1 ? VS_SIGN_FORGED
          : VS_SIGN_UNKNOWN_KEY, replace (good, "=K1", "=E1"), self->group,
        NOW},
    {"other-resource", VS_SIGN_RESOURCE, replace (good, "video_0", "video_1"),
        self->group, NOW},
    {"expired", VS_SIGN_EXPIRED, g_strdup (good), self->group, EXPIRES},
    {"no-normal-path", VS_SIGN_MALFORMED, replace (good, "/v1/", "//1/"),
        self->group, NOW},
  };

  for (guint k = 0; k < G_N_ELEMENTS (all); k++)
    all[k].samples = g_new (gint64, rounds);
  /* what is remembered would be told by a refusal that is sooner */
  need (verify_remembered (self), NULL);
  for (guint i = 0; i < rounds; i++) {
    for (guint k = 0; k < G_N_ELEMENTS (all); k++)
      all[k].samples[i] = time_refusal (self, &all[k]);
  }
  for (guint k = 0; k < G_N_ELEMENTS (all); k++) {
    qsort (all[k].samples, rounds, sizeof (gint64), compare);
    printf ("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
        "\n", all[k].name, all[k].samples[rounds / 20],
        all[k].samples[rounds / 2], all[k].samples[rounds - rounds / 20 - 1]);
    g_free (all[k].samples);
    g_free (all[k].target);
  }
}

/* ---- lists --------------------------------------------------------------- */

static void
measure_list (Bench * self, VsSignKind kind, guint lines)
{
  g_autoptr (VsSignText) text = vs_sign_text_new (self->signers[kind],
      VS_SIGN_TEXT_UNKNOWN, NULL);
  g_autoptr (GString) in = g_string_new (NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  gdouble start = get_seconds ();
  GError *error = NULL;

  for (guint i = 0; i < lines; i++) {
    g_string_append_printf (in, ORIGIN "/out/v1/a/live/hls/video_%u.ts\n", i);
    if (i % LISTED_AT_ONCE == 0 || i + 1 == lines) {
      g_string_truncate (out, 0);
      need (vs_sign_text_push (text, in->str, in->len, out, &error), error);
      g_string_truncate (in, 0);
    }
  }
  need (vs_sign_text_finish (text, out, &error), error);
  printf ("%.1f\n", lines / (get_seconds () - start));
}

int
main (int argc, char **argv)
{
  Bench bench = { 0 };

  if (argc < 4) {
    fprintf (stderr, "see the head of signer.c\n");
    return 2;
  }
  bench_init (&bench, argv[2], strcmp (argv[1], "mixed") == 0);
  if (strcmp (argv[1], "rates") == 0)
    measure_rates (&bench, atof (argv[3]));
  else if (strcmp (argv[1], "list") != 0)
    measure_refusals (&bench, (guint) atoi (argv[3]));
  else
    measure_list (&bench, (VsSignKind) (atoi (argv[3]) % 3),
        (guint) atoi (argc > 4 ? argv[4] : "1"));
  bench_clear (&bench);
  return 0;
}
