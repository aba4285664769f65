/* VisionStream: the public keys that an account's signatures are checked with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vskeygroup.h"

#include <string.h>

struct _VsKeyGroup
{
  GHashTable *keys;             /* id -> VsSignKey */
  /* the first of each cost; keys has the references */
  VsSignKey *costs[VS_KEY_GROUP_MAX];
  guint n_costs;
  guint64 serial;
};

/* Of a group that there is not: nobody has the other half of it. */
static const gchar decoy_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA66XQIuwRP8Lw47gqTfLw\n"
    "gadxtF4RcZozUAYhUniD5DK36qrjFnHTj5UiAxsIOpLNXs/082UljV8WcEMiGbb9\n"
    "1qo7g6XxUSjN8rkj9hjjlKR5fNTnxNL63zks8tKot0RkZnuph9JRW4tZloZhUg4c\n"
    "PCJkOuKifpRrFnYxMVB2ETg4LtaobKnqbaWOs66q0ezOwa7RqK+3rKwYKOEknEO+\n"
    "whR6JwvJ5LLuWo264VNWKglDg4zD4sM8aoyeLyrUCD2wLYGEhZFahYXsrSkp4TT5\n"
    "iAjSksfZC409jIuoSsqrzDi8LaA1wM9bCoEGq6YuVxMnEz5FWkoxq4fa24fCcnK+\n"
    "yQIDAQAB\n" "-----END PUBLIC KEY-----\n";

gboolean
vs_key_id_is_valid (const gchar * id)
{
  gsize n = 0;

  while (n <= VS_KEY_ID_MAX && (g_ascii_isalnum (id[n]) || (id[n]
              && strchr ("-._~", id[n]))))
    n++;
  return n > 0 && n <= VS_KEY_ID_MAX && id[n] == '\0';
}

static guint64
next_serial (void)
{
  static GMutex lock;
  static guint64 last;
  guint64 serial;

  g_mutex_lock (&lock);
  serial = ++last;
  g_mutex_unlock (&lock);
  return serial;
}

static void
add_cost (VsKeyGroup * self, VsSignKey * key)
{
  for (guint i = 0; i < self->n_costs; i++) {
    if (vs_sign_key_get_cost (self->costs[i]) == vs_sign_key_get_cost (key))
      return;
  }
  self->costs[self->n_costs++] = key;
}

static gboolean
add_key (VsKeyGroup * self, const gchar * id, VsSignKey * key)
{
  if (!vs_key_id_is_valid (id)
      || g_hash_table_size (self->keys) == VS_KEY_GROUP_MAX
      || !g_hash_table_insert (self->keys, g_strdup (id),
          vs_sign_key_ref (key)))
    return FALSE;
  add_cost (self, key);
  return TRUE;
}

VsKeyGroup *
vs_key_group_new (const gchar * const *ids, VsSignKey * const *keys, guint n,
    GError ** error)
{
  VsKeyGroup *self = g_atomic_rc_box_new0 (VsKeyGroup);

  self->serial = next_serial ();
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) vs_sign_key_unref);
  for (guint i = 0; i < n; i++) {
    if (!add_key (self, ids[i], keys[i])) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "no id of a key, one that is there twice, or more than %d keys",
          VS_KEY_GROUP_MAX);
      vs_key_group_unref (self);
      return NULL;
    }
  }
  return self;
}

VsKeyGroup *
vs_key_group_ref (VsKeyGroup * self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
group_clear (gpointer data)
{
  VsKeyGroup *self = data;

  g_hash_table_unref (self->keys);
}

void
vs_key_group_unref (VsKeyGroup * self)
{
  g_atomic_rc_box_release_full (self, group_clear);
}

VsSignKey *
vs_key_group_find (VsKeyGroup * self, const gchar * id, gsize size)
{
  gchar name[VS_KEY_ID_MAX + 1];

  if (size > VS_KEY_ID_MAX || memchr (id, '\0', size))
    return NULL;
  memcpy (name, id, size);
  name[size] = '\0';
  return g_hash_table_lookup (self->keys, name);
}

guint
vs_key_group_get_n_keys (VsKeyGroup * self)
{
  return g_hash_table_size (self->keys);
}

guint64
vs_key_group_get_serial (VsKeyGroup * self)
{
  return self->serial;
}

static VsSignKey *
get_decoy (void)
{
  static gsize decoy;

  if (g_once_init_enter (&decoy)) {
    VsSignKey *key =
        vs_sign_key_new_public (decoy_pem, sizeof decoy_pem - 1, NULL);

    if (key == NULL)
      g_error ("OpenSSL does not take an RSA key: look at its openssl.cnf");
    g_once_init_leave (&decoy, (gsize) key);
  }
  return (VsSignKey *) decoy;
}

/* Nothing is no signature: the key's decoy is verified. */
static void
waste (VsSignKey * key)
{
  vs_sign_key_verify (key, VS_SIGN_SHA256, "", 0, NULL, 0);
}

void
vs_key_group_waste (VsKeyGroup * self, VsSignKey * spent)
{
  if (self == NULL || self->n_costs == 0) {
    waste (get_decoy ());
    return;
  }
  for (guint i = 0; i < self->n_costs; i++) {
    if (spent == NULL || vs_sign_key_get_cost (spent) !=
        vs_sign_key_get_cost (self->costs[i]))
      waste (self->costs[i]);
  }
}
