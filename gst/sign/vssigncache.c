/* VisionStream: signatures that have been verified
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table is divided into sets of WAYS entries, and a digest's own bytes say
 * which one it belongs to. Nobody can fill a set who cannot sign: only what is
 * valid gets in.
 */
#include "sign/vssigncache.h"

#include <openssl/crypto.h>
#include <string.h>

#define WAYS 8
#define N_LOCKS 64

/* @used: a tick of the clock; 0 when it is free */
typedef struct
{
  guint8 digest[VS_SIGN_DIGEST_SIZE];
  gint64 expires;
  guint64 used;
} Entry;

struct _VsSignCache
{
  guint n_sets;
  guint64 clock;                /* atomic */

  GMutex locks[N_LOCKS];
  /* protected by the lock of its set */
  Entry *entries;
};

VsSignCache *
vs_sign_cache_new (guint n)
{
  VsSignCache *self = g_new0 (VsSignCache, 1);

  self->n_sets = MAX (n / WAYS, 1);
  self->entries = g_new0 (Entry, (gsize) self->n_sets * WAYS);
  for (guint i = 0; i < N_LOCKS; i++)
    g_mutex_init (&self->locks[i]);
  return self;
}

void
vs_sign_cache_free (VsSignCache * self)
{
  for (guint i = 0; i < N_LOCKS; i++)
    g_mutex_clear (&self->locks[i]);
  g_free (self->entries);
  g_free (self);
}

static guint
find_set (VsSignCache * self, const guint8 * digest)
{
  guint32 number;

  memcpy (&number, digest, sizeof number);
  return number % self->n_sets;
}

static Entry *
find_entry_unlocked (Entry * set, const guint8 * digest)
{
  for (guint i = 0; i < WAYS; i++) {
    if (set[i].used
        && CRYPTO_memcmp (set[i].digest, digest, VS_SIGN_DIGEST_SIZE) == 0)
      return &set[i];
  }
  return NULL;
}

/* A free one, else one that is over, else the one that was used least
 * recently. */
static Entry *
find_victim_unlocked (Entry * set, gint64 now)
{
  Entry *victim = &set[0];

  for (guint i = 0; i < WAYS; i++) {
    if (set[i].used == 0 || set[i].expires <= now)
      return &set[i];
    if (set[i].used < victim->used)
      victim = &set[i];
  }
  return victim;
}

static guint64
tick (VsSignCache * self)
{
  return __atomic_add_fetch (&self->clock, 1, __ATOMIC_RELAXED);
}

gboolean
vs_sign_cache_has (VsSignCache * self, const guint8 digest[VS_SIGN_DIGEST_SIZE])
{
  return vs_sign_cache_has_at (self, digest, G_MININT64);
}

gboolean
vs_sign_cache_has_at (VsSignCache * self,
    const guint8 digest[VS_SIGN_DIGEST_SIZE], gint64 now)
{
  guint set = find_set (self, digest);
  Entry *entry;

  g_mutex_lock (&self->locks[set % N_LOCKS]);
  entry = find_entry_unlocked (self->entries + (gsize) set * WAYS, digest);
  if (entry && entry->expires <= now)
    entry = NULL;
  if (entry)
    entry->used = tick (self);
  g_mutex_unlock (&self->locks[set % N_LOCKS]);
  return entry != NULL;
}

void
vs_sign_cache_add (VsSignCache * self,
    const guint8 digest[VS_SIGN_DIGEST_SIZE], gint64 now, gint64 expires)
{
  guint set = find_set (self, digest);
  Entry *entries = self->entries + (gsize) set * WAYS, *entry;

  g_mutex_lock (&self->locks[set % N_LOCKS]);
  entry = find_entry_unlocked (entries, digest);
  if (entry == NULL)
    entry = find_victim_unlocked (entries, now);
  memcpy (entry->digest, digest, VS_SIGN_DIGEST_SIZE);
  entry->expires = expires;
  entry->used = tick (self);
  g_mutex_unlock (&self->locks[set % N_LOCKS]);
}
