/* VisionStream: what a settings file says of accounts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssignsettings.h"

#include <stdlib.h>
#include <string.h>

#include "sign/vssignaccounts.h"
#include "sign/vssignjson.h"
#include "sign/vsviewerchecks.h"

#define NAME_MAX_CHARS 64
#define TOKEN_PREFIX "sha256:"

/* SHA-256 of nothing (FIPS 180-4): a token that was lost on its way */
static const gchar empty_token[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void
viewer_free (gpointer data)
{
  VsViewerSettings *viewer = data;

  g_free (viewer->user);
  g_free (viewer->hash);
  g_free (viewer);
}

VsAccountSettings *
vs_account_settings_new (const gchar * name)
{
  VsAccountSettings *self = g_new0 (VsAccountSettings, 1);

  self->name = g_strdup (name);
  self->ids = g_ptr_array_new_with_free_func (g_free);
  self->paths = g_ptr_array_new_with_free_func (g_free);
  self->viewers = g_ptr_array_new_with_free_func (viewer_free);
  self->expires_in = VS_SIGN_EXPIRES_DEFAULT;
  return self;
}

void
vs_account_settings_free (VsAccountSettings * self)
{
  g_free (self->name);
  g_ptr_array_unref (self->ids);
  g_ptr_array_unref (self->paths);
  g_free (self->key_id);
  g_free (self->private_key);
  g_ptr_array_unref (self->viewers);
  g_free (self);
}

static const gchar *
find_problem_of_key (const VsAccountSettings * self, const gchar * id)
{
  if (self->ids->len == VS_KEY_GROUP_MAX)
    return "one key too many for its account";
  return vs_key_id_is_valid (id) ? NULL : "its name is no id of a key";
}

static void
add_key (VsAccountSettings * self, const gchar * id, gchar * path)
{
  g_ptr_array_add (self->ids, g_strdup (id));
  g_ptr_array_add (self->paths, path);
}

gboolean
vs_account_settings_add_key (VsAccountSettings * self, const gchar * id,
    const gchar * path, GError ** error)
{
  const gchar *problem = find_problem_of_key (self, id);

  if (problem) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", path,
        problem);
    return FALSE;
  }
  add_key (self, id, g_strdup (path));
  return TRUE;
}

static gboolean
is_listed (GPtrArray * ids, const gchar * id)
{
  return g_ptr_array_find_with_equal_func (ids, id, g_str_equal, NULL);
}

VsAccountSettings *
vs_account_settings_narrow (const VsAccountSettings * settings, GPtrArray * ids)
{
  VsAccountSettings *self = vs_account_settings_new (settings->name);

  for (guint i = 0; i < settings->ids->len; i++) {
    const gchar *id = settings->ids->pdata[i];

    if (is_listed (ids, id))
      add_key (self, id, g_strdup (settings->paths->pdata[i]));
  }
  g_ptr_array_unref (self->viewers);
  self->viewers = g_ptr_array_ref (settings->viewers);
  if (settings->key_id && is_listed (ids, settings->key_id)) {
    self->key_id = g_strdup (settings->key_id);
    self->private_key = g_strdup (settings->private_key);
    self->expires_in = settings->expires_in;
    memcpy (self->token, settings->token, sizeof self->token);
  }
  return self;
}

static gint
compare_viewers (gconstpointer a, gconstpointer b)
{
  const VsViewerSettings *first = *(const VsViewerSettings * const *) a;
  const VsViewerSettings *second = *(const VsViewerSettings * const *) b;

  return strcmp (first->user, second->user);
}

const gchar *
vs_account_settings_find_viewer (const VsAccountSettings * self,
    const gchar * user)
{
  VsViewerSettings wanted = {.user = (gchar *) user }, *key = &wanted, **found;

  if (self->viewers->len == 0)
    return NULL;
  found = bsearch (&key, self->viewers->pdata, self->viewers->len,
      sizeof (gpointer), compare_viewers);
  return found ? (*found)->hash : NULL;
}

/* ---- parser -------------------------------------------------------------- */

/* A string that is a path, or an id: never empty. */
static gchar *
read_word (VsSignJson * json)
{
  gchar *text = vs_sign_json_read_string (json);

  if (text && *text == '\0') {
    vs_sign_json_fail (json, "an empty string");
    g_clear_pointer (&text, g_free);
  }
  return text;
}

static gboolean
read_key (VsSignJson * json, const gchar * name, gpointer user_data)
{
  VsAccountSettings *account = user_data;
  const gchar *problem = find_problem_of_key (account, name);
  gchar *path;

  if (problem)
    return vs_sign_json_fail (json, problem);
  path = read_word (json);
  if (path == NULL)
    return FALSE;
  add_key (account, name, path);
  return TRUE;
}

static gboolean
decode_token (const gchar * digits, guint8 * token)
{
  if (strlen (digits) != 2 * VS_TOKEN_HASH_SIZE)
    return FALSE;
  for (guint i = 0; i < VS_TOKEN_HASH_SIZE; i++) {
    gint high = g_ascii_xdigit_value (digits[2 * i]);
    gint low = g_ascii_xdigit_value (digits[2 * i + 1]);

    if (high < 0 || low < 0)
      return FALSE;
    token[i] = (guint8) (high << 4 | low);
  }
  return TRUE;
}

static gboolean
read_token (VsSignJson * json, guint8 * token)
{
  g_autofree gchar *text = vs_sign_json_read_string (json);
  gsize prefix = strlen (TOKEN_PREFIX);

  if (text == NULL)
    return FALSE;
  if (!g_str_has_prefix (text, TOKEN_PREFIX)
      || !decode_token (text + prefix, token))
    return vs_sign_json_fail (json, "not \"" TOKEN_PREFIX
        "\" and 64 hexadecimal digits");
  if (g_ascii_strcasecmp (text + prefix, empty_token) == 0)
    return vs_sign_json_fail (json, "the hash of an empty token");
  return TRUE;
}

static gboolean
read_expires_in (VsSignJson * json, guint * expires_in)
{
  if (!vs_sign_json_read_number (json, VS_SIGN_EXPIRES_MAX, expires_in))
    return FALSE;
  return *expires_in > 0 || vs_sign_json_fail (json, "not 1 second or more");
}

typedef struct
{
  VsAccountSettings *account;
  gboolean has_token;
} Signer;

static gboolean
read_signer_member (VsSignJson * json, const gchar * name, gpointer user_data)
{
  Signer *signer = user_data;
  VsAccountSettings *account = signer->account;

  if (strcmp (name, "key-pair-id") == 0)
    return (account->key_id = read_word (json)) != NULL;
  if (strcmp (name, "private-key") == 0)
    return (account->private_key = read_word (json)) != NULL;
  if (strcmp (name, "token") == 0)
    return signer->has_token = read_token (json, account->token);
  if (strcmp (name, "expires-in") == 0)
    return read_expires_in (json, &account->expires_in);
  return vs_sign_json_fail (json, "no member of a signer");
}

static gboolean
read_signer (VsSignJson * json, VsAccountSettings * account)
{
  Signer signer = { account };

  if (!vs_sign_json_read_object (json, read_signer_member, &signer))
    return FALSE;
  if (account->key_id == NULL)
    return vs_sign_json_fail (json, "\"key-pair-id\" is missing");
  if (account->private_key == NULL)
    return vs_sign_json_fail (json, "\"private-key\" is missing");
  return signer.has_token || vs_sign_json_fail (json, "\"token\" is missing");
}

/* RFC 7617, 2: a user's name has no colon. */
static gboolean
read_viewer (VsSignJson * json, const gchar * name, gpointer user_data)
{
  VsAccountSettings *account = user_data;
  VsViewerSettings *viewer;
  gchar *hash;

  if (*name == '\0' || strlen (name) > VS_VIEWER_NAME_MAX || strchr (name, ':'))
    return vs_sign_json_fail (json, "its name is no viewer's");
  hash = vs_sign_json_read_string (json);
  if (hash == NULL)
    return FALSE;
  viewer = g_new0 (VsViewerSettings, 1);
  viewer->user = g_strdup (name);
  viewer->hash = hash;
  g_ptr_array_add (account->viewers, viewer);
  return vs_viewer_hash_is_strong (hash)
      || vs_sign_json_fail (json, "not a hash that crypt(5) makes with "
      VS_VIEWER_HASHES);
}

typedef struct
{
  VsAccountSettings *account;
  gboolean has_keys;
} Account;

static gboolean
read_account_member (VsSignJson * json, const gchar * name, gpointer user_data)
{
  Account *account = user_data;

  if (strcmp (name, "keys") == 0)
    return account->has_keys =
        vs_sign_json_read_object (json, read_key, account->account);
  if (strcmp (name, "signer") == 0)
    return read_signer (json, account->account);
  if (strcmp (name, "viewers") == 0)
    return vs_sign_json_read_object (json, read_viewer, account->account);
  return vs_sign_json_fail (json, "no member of an account");
}

static gboolean
account_name_is_valid (const gchar * name)
{
  gsize n = strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");

  return n > 0 && n <= NAME_MAX_CHARS && name[n] == '\0';
}

static gboolean
has_id (const VsAccountSettings * account, const gchar * id)
{
  return g_ptr_array_find_with_equal_func (account->ids, id, g_str_equal, NULL);
}

/* Who has a token is one account. */
static const VsAccountSettings *
find_same_token (GPtrArray * accounts, const VsAccountSettings * account)
{
  for (guint i = 0; i < accounts->len; i++) {
    const VsAccountSettings *other = accounts->pdata[i];

    if (other->key_id
        && memcmp (other->token, account->token, VS_TOKEN_HASH_SIZE) == 0)
      return other;
  }
  return NULL;
}

static gboolean
check_signer (VsSignJson * json, GPtrArray * accounts,
    const VsAccountSettings * account)
{
  const VsAccountSettings *other = find_same_token (accounts, account);
  g_autofree gchar *problem = NULL;

  if (!has_id (account, account->key_id))
    problem = g_strdup ("the signer's \"key-pair-id\" is not in \"keys\"");
  else if (other)
    problem = g_strdup_printf ("its token is that of %s too", other->name);
  return problem == NULL || vs_sign_json_fail (json, problem);
}

static gboolean
read_account (VsSignJson * json, const gchar * name, gpointer user_data)
{
  GPtrArray *accounts = user_data;
  g_autoptr (VsAccountSettings) settings = vs_account_settings_new (name);
  Account account = { settings };

  if (!account_name_is_valid (name))
    return vs_sign_json_fail (json, "its name is no account's");
  if (!vs_sign_json_read_object (json, read_account_member, &account))
    return FALSE;
  if (!account.has_keys)
    return vs_sign_json_fail (json, "\"keys\" is missing");
  if (settings->key_id && !check_signer (json, accounts, settings))
    return FALSE;
  g_ptr_array_sort (settings->viewers, compare_viewers);
  g_ptr_array_add (accounts, g_steal_pointer (&settings));
  return TRUE;
}

GPtrArray *
vs_sign_settings_parse (const gchar * text, gsize size, GError ** error)
{
  g_autoptr (GPtrArray) accounts = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_account_settings_free);
  g_auto (VsSignJson) json;

  vs_sign_json_init (&json, text, size);
  vs_sign_json_read_object (&json, read_account, accounts);
  if (!vs_sign_json_end (&json, error))
    return NULL;
  return g_steal_pointer (&accounts);
}
