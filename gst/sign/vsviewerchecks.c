/* VisionStream: viewers' passwords, checked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A hash takes milliseconds, and no request should wait for those of others any
 * longer than it must: a page that asks ten times at once costs one hash, the
 * nine behind it find it remembered. Passwords live in the memory of a question
 * alone, and are wiped with it.
 */
#include "sign/vsviewerchecks.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "sign/vssigncache.h"

#define KEY_SIZE 32

typedef struct
{
  gchar *hash, *password;
  gboolean real;
  guint8 digest[VS_SIGN_DIGEST_SIZE];
  VsViewerFunc done;
  gpointer user_data;
} Check;

struct _VsViewerChecks
{
  guint8 key[KEY_SIZE];
    gint64 (*now) (void);
  VsSignCache *right;
  GThread *thread;
  /* of the thread */
  struct crypt_data *data;

  GMutex lock;
  GCond wake;
  /* protected by lock */
  GQueue waiting;               /* Check */
  gboolean stop;
};

/* ---- hashes -------------------------------------------------------------- */

/* @tail: letters of the hash itself, behind the last "$" or, of bcrypt, the
 * cost */
typedef struct
{
  const gchar *prefix;
  gsize tail;
  gboolean rounds;
} Method;

static const Method methods[] = {
  {"$6$", 86, TRUE}, {"$5$", 43, TRUE}, {"$y$", 43, FALSE},
  {"$gy$", 43, FALSE}, {"$7$", 43, FALSE}, {"$2b$", 53, FALSE},
  {"$2y$", 53, FALSE}, {"$2a$", 53, FALSE},
};

static const Method *
find_method (const gchar * hash)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
    if (g_str_has_prefix (hash, methods[i].prefix))
      return &methods[i];
  }
  return NULL;
}

/* SHA-crypt, "rounds=N$": 1000 to 999999999 */
static gboolean
check_rounds (const gchar * setting)
{
  guint64 rounds = 0;

  if (!g_str_has_prefix (setting, "rounds="))
    return TRUE;
  setting += strlen ("rounds=");
  if (*setting == '0')
    return FALSE;
  while (g_ascii_isdigit (*setting) && rounds <= 999999999)
    rounds = rounds * 10 + (guint) (*setting++ - '0');
  return *setting == '$' && rounds >= 1000 && rounds <= 999999999;
}

/* crypt(5): printable ASCII, but for blanks and what separates fields in files
 * and tells tokens of failure apart. */
static gboolean
is_plain (const gchar * text)
{
  while (g_ascii_isgraph (*text) && !strchr (":;*!\\", *text))
    text++;
  return *text == '\0';
}

gboolean
vs_viewer_hash_is_strong (const gchar * hash)
{
  const Method *method = find_method (hash);
  gsize size = strlen (hash), prefix;
  const gchar *tail;

  if (method == NULL || size >= CRYPT_OUTPUT_SIZE || !is_plain (hash))
    return FALSE;
  prefix = strlen (method->prefix);
  if (size <= prefix + 1 + method->tail)
    return FALSE;
  tail = hash + size - method->tail;
  if (tail[-1] != '$' || strspn (tail, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS
          "./") != method->tail)
    return FALSE;
  /* bcrypt: "NN$", 04 to 31 */
  if (hash[1] == '2')
    return tail - hash == (gssize) prefix + 3
        && strncmp (hash + prefix, "04", 2) >= 0
        && strncmp (hash + prefix, "31", 2) <= 0
        && g_ascii_isdigit (hash[prefix + 1]);
  return !method->rounds || check_rounds (hash + prefix);
}

static gboolean
is_right (VsViewerChecks * self, const Check * check)
{
  const gchar *hash = crypt_rn (check->password, check->hash, self->data,
      sizeof *self->data);
  gsize size = strlen (check->hash);
  gboolean right = hash && strlen (hash) == size
      && CRYPTO_memcmp (hash, check->hash, size) == 0;

  OPENSSL_cleanse (self->data, sizeof *self->data);
  return right && check->real;
}

/* ---- what is remembered -------------------------------------------------- */

/* HMAC-SHA-256 of texts, each with its NUL */
static void
compute_digest (VsViewerChecks * self, const gchar * const *texts, guint n,
    guint8 digest[VS_SIGN_DIGEST_SIZE])
{
  gsize size = 0, at = 0;
  guint8 *text;

  for (guint i = 0; i < n; i++)
    size += strlen (texts[i]) + 1;
  text = g_malloc (size);
  for (guint i = 0; i < n; i++) {
    gsize length = strlen (texts[i]) + 1;

    memcpy (text + at, texts[i], length);
    at += length;
  }
  if (!HMAC (EVP_sha256 (), self->key, KEY_SIZE, text, size, digest, NULL))
    g_error ("OpenSSL has no SHA-256: look at its openssl.cnf");
  OPENSSL_cleanse (text, size);
  g_free (text);
}

static gboolean
is_remembered (VsViewerChecks * self, const Check * check)
{
  gboolean known =
      vs_sign_cache_has_at (self->right, check->digest, self->now ());

  return known && check->real;
}

static void
remember (VsViewerChecks * self, const Check * check)
{
  gint64 now = self->now ();

  vs_sign_cache_add (self->right, check->digest, now,
      now + VS_VIEWER_REMEMBERED_S);
}

guint
vs_viewer_checks_pick (VsViewerChecks * self, const gchar * account,
    const gchar * user, guint n)
{
  const gchar *texts[] = { account, user };
  guint8 digest[VS_SIGN_DIGEST_SIZE];
  guint32 number;

  compute_digest (self, texts, G_N_ELEMENTS (texts), digest);
  memcpy (&number, digest, sizeof number);
  return number % n;
}

/* ---- checks -------------------------------------------------------------- */

static Check *
check_new (VsViewerChecks * self, const VsViewerQuestion * question,
    VsViewerFunc done, gpointer user_data)
{
  const gchar *texts[] = { question->account, question->user, question->hash,
    question->password
  };
  Check *check = g_new0 (Check, 1);

  compute_digest (self, texts, G_N_ELEMENTS (texts), check->digest);
  check->hash = g_strdup (question->hash);
  check->password = g_strdup (question->password);
  check->real = question->real;
  check->done = done;
  check->user_data = user_data;
  return check;
}

/* Without a lock: who asked may ask again. */
static void
answer (Check * check, VsViewerVerdict verdict)
{
  VsViewerFunc done = check->done;
  gpointer user_data = check->user_data;

  OPENSSL_cleanse (check->password, strlen (check->password));
  g_free (check->password);
  g_free (check->hash);
  g_free (check);
  done (verdict, user_data);
}

/* (transfer full) (nullable): NULL at the end */
static Check *
await_check (VsViewerChecks * self)
{
  Check *check = NULL;

  g_mutex_lock (&self->lock);
  while (!self->stop && g_queue_is_empty (&self->waiting))
    g_cond_wait (&self->wake, &self->lock);
  if (!self->stop)
    check = g_queue_pop_head (&self->waiting);
  g_mutex_unlock (&self->lock);
  return check;
}

static gpointer
run (gpointer data)
{
  VsViewerChecks *self = data;
  Check *check;

  while ((check = await_check (self)) != NULL) {
    gboolean right = is_remembered (self, check);

    if (!right && is_right (self, check)) {
      remember (self, check);
      right = TRUE;
    }
    answer (check, right ? VS_VIEWER_RIGHT : VS_VIEWER_WRONG);
  }
  return NULL;
}

void
vs_viewer_checks_ask (VsViewerChecks * self, const VsViewerQuestion * question,
    VsViewerFunc done, gpointer user_data)
{
  Check *check = check_new (self, question, done, user_data);
  gboolean room;

  if (is_remembered (self, check)) {
    answer (check, VS_VIEWER_RIGHT);
    return;
  }
  g_mutex_lock (&self->lock);
  room = !self->stop
      && g_queue_get_length (&self->waiting) < VS_VIEWER_CHECKS_MAX;
  if (room) {
    g_queue_push_tail (&self->waiting, check);
    g_cond_signal (&self->wake);
  }
  g_mutex_unlock (&self->lock);
  if (!room)
    answer (check, VS_VIEWER_BUSY);
}

VsViewerChecks *
vs_viewer_checks_new (gint64 (*now) (void))
{
  VsViewerChecks *self = g_new0 (VsViewerChecks, 1);

  if (RAND_bytes (self->key, KEY_SIZE) != 1)
    g_error ("OpenSSL has no random bytes");
  self->now = now;
  self->right = vs_sign_cache_new (VS_VIEWER_REMEMBERED_MAX);
  self->data = g_new0 (struct crypt_data, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_queue_init (&self->waiting);
  self->thread = g_thread_new ("viewers", run, self);
  return self;
}

void
vs_viewer_checks_free (VsViewerChecks * self)
{
  GQueue waiting;
  Check *check;

  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  waiting = self->waiting;
  g_queue_init (&self->waiting);
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
  while ((check = g_queue_pop_head (&waiting)) != NULL)
    answer (check, VS_VIEWER_BUSY);
  g_thread_join (self->thread);
  vs_sign_cache_free (self->right);
  OPENSSL_cleanse (self->key, KEY_SIZE);
  g_free (self->data);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self);
}
