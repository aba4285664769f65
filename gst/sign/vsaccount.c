/* VisionStream: an account, as its files were read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files are compared by their text: what a date of a file tells is not enough
 * where folders are swapped by a link, or a file is written twice in a tick of
 * the clock. Of a private key, only a digest is kept for it.
 */
#include "sign/vsaccount.h"

#include <openssl/sha.h>
#include <string.h>

#include "sign/vssignfile.h"
#include "sign/vssignkeyprivate.h"

#define KEY_FILE_MAX (64 * 1024)
#define SUFFIX ".pem"

/* As the file system reads it: "..", behind a link, is not the link's folder. */
static gchar *
resolve (const gchar * path, const gchar * folder)
{
  return g_path_is_absolute (path) ? g_strdup (path)
      : g_build_filename (folder, path, NULL);
}

/* ---- signers ------------------------------------------------------------- */

static VsAccountSigner *
signer_new (VsSignKey * key, const VsAccountSettings * settings)
{
  VsAccountSigner *signer = g_atomic_rc_box_new0 (VsAccountSigner);

  signer->key = vs_sign_key_ref (key);
  signer->key_id = g_strdup (settings->key_id);
  signer->expires_in = settings->expires_in;
  return signer;
}

VsAccountSigner *
vs_account_signer_ref (VsAccountSigner * signer)
{
  return g_atomic_rc_box_acquire (signer);
}

static void
signer_clear (gpointer data)
{
  VsAccountSigner *signer = data;

  vs_sign_key_unref (signer->key);
  g_free (signer->key_id);
}

void
vs_account_signer_unref (VsAccountSigner * signer)
{
  g_atomic_rc_box_release_full (signer, signer_clear);
}

/* What was read before is known to be a key; reading it again takes as long as
 * signing. */
static VsSignKey *
make_key (const VsAccount * self, const VsAccount * last, const gchar * text,
    gsize size, GError ** error)
{
  if (last && last->signer && memcmp (self->private_digest,
          last->private_digest, VS_PRIVATE_DIGEST_SIZE) == 0)
    return vs_sign_key_ref (last->signer->key);
  return vs_sign_key_parse_private (text, size, error);
}

static gboolean
is_half_of (VsSignKey * private, const VsAccount * self)
{
  const gchar *id = self->settings->key_id;
  VsSignKey *public = vs_key_group_find (self->group, id, strlen (id));

  return EVP_PKEY_eq (vs_sign_key_get_pkey (private),
      vs_sign_key_get_pkey (public)) == 1;
}

static gboolean
load_signer (VsAccount * self, const VsAccount * last, const gchar * folder,
    GError ** error)
{
  g_autofree gchar *path = resolve (self->settings->private_key, folder);
  gsize size;
  gchar *text = vs_sign_file_read_private (path, KEY_FILE_MAX, &size, error);
  g_autoptr (VsSignKey) key = NULL;

  if (text == NULL)
    return FALSE;
  SHA256 ((const guint8 *) text, size, self->private_digest);
  key = make_key (self, last, text, size, error);
  vs_sign_file_free (text, size);
  if (key && !is_half_of (key, self)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "the private half of another key than %s in \"keys\"",
        self->settings->key_id);
    g_clear_pointer (&key, vs_sign_key_unref);
  }
  if (key == NULL) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  self->signer = signer_new (key, self->settings);
  return TRUE;
}

/* ---- key groups ---------------------------------------------------------- */

static gboolean
read_texts (VsAccount * self, const gchar * folder, GError ** error)
{
  GPtrArray *paths = self->settings->paths;

  for (guint i = 0; i < paths->len; i++) {
    g_autofree gchar *path = resolve (paths->pdata[i], folder);
    gsize size;
    guint mode;
    gchar *text = vs_sign_file_read (path, KEY_FILE_MAX, &size, &mode, error);

    if (text == NULL)
      return FALSE;
    g_ptr_array_add (self->texts, text);
  }
  return TRUE;
}

static gboolean
has_same_keys (const VsAccount * a, const VsAccount * b)
{
  if (a->texts->len != b->texts->len)
    return FALSE;
  for (guint i = 0; i < a->texts->len; i++) {
    if (strcmp (a->settings->ids->pdata[i], b->settings->ids->pdata[i]) != 0
        || strcmp (a->texts->pdata[i], b->texts->pdata[i]) != 0)
      return FALSE;
  }
  return TRUE;
}

static VsKeyGroup *
make_group (const VsAccount * self, const gchar * folder, GError ** error)
{
  const gchar *const *ids = (const gchar * const *) self->settings->ids->pdata;
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_sign_key_unref);

  for (guint i = 0; i < self->texts->len; i++) {
    const gchar *text = self->texts->pdata[i];
    VsSignKey *key = vs_sign_key_new_public (text, strlen (text), error);

    if (key == NULL) {
      g_autofree gchar *path =
          resolve (self->settings->paths->pdata[i], folder);

      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
    g_ptr_array_add (keys, key);
  }
  return vs_key_group_new (ids, (VsSignKey * const *) keys->pdata, keys->len,
      error);
}

/* ---- accounts ------------------------------------------------------------ */

VsAccount *
vs_account_load (VsAccountSettings * settings, const VsAccount * last,
    const gchar * folder, GError ** error)
{
  g_autoptr (VsAccount) self = g_atomic_rc_box_new0 (VsAccount);

  self->settings = settings;
  self->texts = g_ptr_array_new_with_free_func (g_free);
  if (!read_texts (self, folder, error))
    return NULL;
  if (last && has_same_keys (self, last))
    self->group = vs_key_group_ref (last->group);
  else
    self->group = make_group (self, folder, error);
  if (self->group == NULL
      || (settings->key_id && !load_signer (self, last, folder, error)))
    return NULL;
  return g_steal_pointer (&self);
}

VsAccount *
vs_account_narrow (VsAccount * last, GPtrArray * ids)
{
  const GPtrArray *all = last->settings->ids;
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  VsAccountSettings *settings = vs_account_settings_narrow (last->settings,
      ids);
  VsAccount *self;

  if (settings->ids->len == all->len) {
    vs_account_settings_free (settings);
    return vs_account_ref (last);
  }
  self = g_atomic_rc_box_new0 (VsAccount);
  self->settings = settings;
  self->texts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0, n = 0; i < all->len && n < settings->ids->len; i++) {
    const gchar *id = all->pdata[i];

    if (strcmp (id, settings->ids->pdata[n]) != 0)
      continue;
    g_ptr_array_add (self->texts, g_strdup (last->texts->pdata[i]));
    g_ptr_array_add (keys, vs_key_group_find (last->group, id, strlen (id)));
    n++;
  }
  self->group = vs_key_group_new ((const gchar * const *) settings->ids->pdata,
      (VsSignKey * const *) keys->pdata, keys->len, NULL);
  if (settings->key_id)
    self->signer = vs_account_signer_ref (last->signer);
  memcpy (self->private_digest, last->private_digest, VS_PRIVATE_DIGEST_SIZE);
  return self;
}

VsAccount *
vs_account_ref (VsAccount * self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
account_clear (gpointer data)
{
  VsAccount *self = data;

  vs_account_settings_free (self->settings);
  g_ptr_array_unref (self->texts);
  g_clear_pointer (&self->group, vs_key_group_unref);
  g_clear_pointer (&self->signer, vs_account_signer_unref);
}

void
vs_account_unref (VsAccount * self)
{
  g_atomic_rc_box_release_full (self, account_clear);
}

/* ---- folders ------------------------------------------------------------- */

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

GPtrArray *
vs_account_list_folder (const gchar * path, GError ** error)
{
  g_autoptr (GFile) folder = g_file_new_for_path (path);
  g_autoptr (GFileEnumerator) files = g_file_enumerate_children (folder,
      G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NONE, NULL, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GFileInfo *info = NULL;

  if (files == NULL)
    return NULL;
  do {
    if (!g_file_enumerator_iterate (files, &info, NULL, NULL, error)) {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
    if (info && g_file_info_get_name (info)[0] != '.')
      g_ptr_array_add (names, g_strdup (g_file_info_get_name (info)));
  } while (info);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

VsAccountSettings *
vs_account_list (const gchar * path, const gchar * name, GError ** error)
{
  g_autoptr (GPtrArray) names = vs_account_list_folder (path, error);
  g_autoptr (VsAccountSettings) settings = vs_account_settings_new (name);

  if (names == NULL)
    return NULL;
  for (guint i = 0; i < names->len; i++) {
    const gchar *key = g_ptr_array_index (names, i);
    g_autofree gchar *id = NULL;

    if (!g_str_has_suffix (key, SUFFIX))
      continue;
    id = g_strndup (key, strlen (key) - strlen (SUFFIX));
    if (!vs_account_settings_add_key (settings, id, key, error)) {
      g_prefix_error (error, "%s" G_DIR_SEPARATOR_S, path);
      return NULL;
    }
  }
  return g_steal_pointer (&settings);
}
