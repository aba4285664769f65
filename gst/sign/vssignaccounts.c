/* VisionStream: accounts that sign, and what they sign and check with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A thread reads the files every REFRESH_S seconds. What it finds is a table
 * that takes the place of the one that there was; nobody changes one that
 * others can see, so that a reader needs the lock for its reference alone.
 */
#include "sign/vssignaccounts.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "sign/vsaccount.h"
#include "sign/vssignfile.h"
#include "sign/vsviewerchecks.h"

#define REFRESH_S 5
#define FILE_MAX (4 * 1024 * 1024)

G_STATIC_ASSERT (SHA256_DIGEST_LENGTH == VS_TOKEN_HASH_SIZE);

/* What is compared where nobody has a password: no one knows one to it. */
static const gchar decoy_hash[] =
    "$6$JyBd84WuT97cSeHr$tcCP3Gewu/2iKbq2QB9xQxZ4mz.WrovKVEcWgCgOYjKV.pG37X9i"
    "F2vm39tf4P/RSD.RonTiPw8AE7SZkScwp/";

/* @viewers: (element-type VsViewerSettings): those of all accounts */
typedef struct
{
  GHashTable *accounts;         /* name -> VsAccount */
  GPtrArray *viewers;
} Table;

struct _VsSignAccounts
{
  gchar *path;
  void (*problem) (const GError * error, gpointer user_data);
  gpointer user_data;
  VsViewerChecks *checks;
  GThread *thread;

  /* held while files are read */
  GMutex refresh_lock;
  /* protected by refresh_lock: what was told last of accounts, and of the whole
   * under "" */
  GHashTable *told;             /* name -> text */

  GMutex lock;
  GCond wake;
  /* protected by lock; written with both locks held */
  Table *table;
  gboolean stop;
};

/* ---- tables -------------------------------------------------------------- */

static Table *
table_new (void)
{
  Table *table = g_atomic_rc_box_new0 (Table);

  table->accounts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) vs_account_unref);
  table->viewers = g_ptr_array_new ();
  return table;
}

static void
table_clear (gpointer data)
{
  Table *table = data;

  g_ptr_array_unref (table->viewers);
  g_hash_table_unref (table->accounts);
}

static void
table_unref (Table * table)
{
  g_atomic_rc_box_release_full (table, table_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Table, table_unref);

/* @account: (transfer full), which has the name's text and the viewers too */
static void
table_add (Table * table, VsAccount * account)
{
  g_hash_table_replace (table->accounts, account->settings->name, account);
  g_ptr_array_extend (table->viewers, account->settings->viewers, NULL, NULL);
}

static Table *
get_table (VsSignAccounts * self)
{
  Table *table;

  g_mutex_lock (&self->lock);
  table = g_atomic_rc_box_acquire (self->table);
  g_mutex_unlock (&self->lock);
  return table;
}

/* ---- refreshing ---------------------------------------------------------- */

/* What is found.
 * @problems: (element-type GError): what is wrong in it, and was not before */
typedef struct
{
  VsSignAccounts *self;
  Table *table;
  GPtrArray *problems;
} Found;

/* @error: (transfer full) (nullable): NULL when all is well. Once, until it is
 * another thing. */
static void
tell (Found * found, const gchar * name, GError * error)
{
  GHashTable *told = found->self->told;
  const gchar *last = g_hash_table_lookup (told, name);

  if (error == NULL) {
    g_hash_table_remove (told, name);
  } else if (last && strcmp (last, error->message) == 0) {
    g_error_free (error);
  } else {
    g_hash_table_replace (told, g_strdup (name), g_strdup (error->message));
    g_ptr_array_add (found->problems, error);
  }
}

/* @settings: (transfer full) (nullable): what the account has now; @error: why
 * there are none. Only a refresh changes the table, so that this one reads it
 * without the lock. */
static void
take_account (Found * found, const gchar * name, VsAccountSettings * settings,
    const gchar * folder, GError * error)
{
  VsAccount *last = found->self->table ?
      g_hash_table_lookup (found->self->table->accounts, name) : NULL;
  g_autoptr (GPtrArray) ids = settings ? g_ptr_array_ref (settings->ids) : NULL;
  VsAccount *account = NULL;

  if (settings)
    account = vs_account_load (settings, last, folder, &error);
  if (error)
    g_prefix_error (&error, "%s: ", name);
  tell (found, name, error);
  if (account == NULL && last)
    account = ids ? vs_account_narrow (last, ids) : vs_account_ref (last);
  if (account)
    table_add (found->table, account);
}

static void
find_in_folder (Found * found)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) names =
      vs_account_list_folder (found->self->path, &error);

  tell (found, "", error);
  for (guint i = 0; names && i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    g_autofree gchar *path = g_build_filename (found->self->path, name, NULL);
    VsAccountSettings *settings;

    if (!g_file_test (path, G_FILE_TEST_IS_DIR))
      continue;
    error = NULL;
    settings = vs_account_list (path, name, &error);
    take_account (found, name, settings, path, error);
  }
}

static gboolean
has_secrets (GPtrArray * accounts)
{
  for (guint i = 0; i < accounts->len; i++) {
    const VsAccountSettings *account = accounts->pdata[i];

    if (account->key_id || account->viewers->len > 0)
      return TRUE;
  }
  return FALSE;
}

/* (transfer full) (nullable) */
static GPtrArray *
read_settings (const gchar * path, GError ** error)
{
  gsize size;
  guint mode;
  gchar *text = vs_sign_file_read (path, FILE_MAX, &size, &mode, error);
  g_autoptr (GPtrArray) accounts = NULL;

  if (text == NULL)
    return NULL;
  accounts = vs_sign_settings_parse (text, size, error);
  vs_sign_file_free (text, size);
  if (accounts == NULL) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  if (has_secrets (accounts) && !vs_sign_file_check_mode (path, mode, error))
    return NULL;
  return g_steal_pointer (&accounts);
}

static void
find_in_file (Found * found)
{
  g_autofree gchar *folder = g_path_get_dirname (found->self->path);
  GError *error = NULL;
  g_autoptr (GPtrArray) accounts = read_settings (found->self->path, &error);

  tell (found, "", error);
  while (accounts && accounts->len > 0) {
    VsAccountSettings *settings = g_ptr_array_steal_index (accounts, 0);
    g_autofree gchar *name = g_strdup (settings->name);

    take_account (found, name, settings, folder, NULL);
  }
}

/* (transfer full): new problems. What holds the accounts can't be read: they
 * stay. */
static GPtrArray *
refresh (VsSignAccounts * self)
{
  g_autoptr (Table) table = table_new ();
  Found found = { self, table,
    g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free)
  };

  g_mutex_lock (&self->refresh_lock);
  if (g_file_test (self->path, G_FILE_TEST_IS_DIR))
    find_in_folder (&found);
  else
    find_in_file (&found);
  if (!g_hash_table_contains (self->told, "")) {
    Table *last;

    g_mutex_lock (&self->lock);
    last = self->table;
    self->table = g_steal_pointer (&table);
    g_mutex_unlock (&self->lock);
    g_clear_pointer (&last, table_unref);
  }
  g_mutex_unlock (&self->refresh_lock);
  return found.problems;
}

void
vs_sign_accounts_refresh (VsSignAccounts * self)
{
  g_autoptr (GPtrArray) problems = refresh (self);

  for (guint i = 0; self->problem && i < problems->len; i++)
    self->problem (problems->pdata[i], self->user_data);
}

static gboolean
wait_for_stop (VsSignAccounts * self)
{
  gint64 end = g_get_monotonic_time () + REFRESH_S * G_USEC_PER_SEC;
  gboolean stop;

  g_mutex_lock (&self->lock);
  while (!self->stop && g_cond_wait_until (&self->wake, &self->lock, end));
  stop = self->stop;
  g_mutex_unlock (&self->lock);
  return stop;
}

static gpointer
run (gpointer data)
{
  while (!wait_for_stop (data))
    vs_sign_accounts_refresh (data);
  return NULL;
}

/* ---- accounts ------------------------------------------------------------ */

static gint64
get_seconds (void)
{
  return g_get_monotonic_time () / G_USEC_PER_SEC;
}

VsSignAccounts *
vs_sign_accounts_open (const gchar * path,
    void (*problem) (const GError * error, gpointer user_data),
    gpointer user_data, GError ** error)
{
  VsSignAccounts *self = g_new0 (VsSignAccounts, 1);
  g_autoptr (GPtrArray) problems = NULL;

  self->path = g_strdup (path);
  self->problem = problem;
  self->user_data = user_data;
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_mutex_init (&self->refresh_lock);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  problems = refresh (self);
  if (problems->len > 0) {
    g_propagate_error (error, g_error_copy (problems->pdata[0]));
    vs_sign_accounts_free (self);
    return NULL;
  }
  self->checks = vs_viewer_checks_new (get_seconds);
  self->thread = g_thread_new ("accounts", run, self);
  return self;
}

void
vs_sign_accounts_free (VsSignAccounts * self)
{
  /* a viewer who gets BUSY may ask again, and gets it again */
  if (self->checks)
    vs_viewer_checks_free (self->checks);
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
  if (self->thread)
    g_thread_join (self->thread);
  g_clear_pointer (&self->table, table_unref);
  g_hash_table_unref (self->told);
  g_mutex_clear (&self->refresh_lock);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self->path);
  g_free (self);
}

VsKeyGroup *
vs_sign_accounts_find_group (VsSignAccounts * self, const gchar * account)
{
  g_autoptr (Table) table = get_table (self);
  VsAccount *found = g_hash_table_lookup (table->accounts, account);

  return found ? vs_key_group_ref (found->group) : NULL;
}

VsAccountSigner *
vs_sign_accounts_find_signer (VsSignAccounts * self, const gchar * account)
{
  g_autoptr (Table) table = get_table (self);
  VsAccount *found = g_hash_table_lookup (table->accounts, account);

  return found && found->signer ? vs_account_signer_ref (found->signer) : NULL;
}

gchar *
vs_sign_accounts_find_token (VsSignAccounts * self, const gchar * token)
{
  g_autoptr (Table) table = get_table (self);
  guint8 hash[VS_TOKEN_HASH_SIZE];
  const gchar *owner = NULL;
  GHashTableIter iter;
  gpointer account;

  SHA256 ((const guint8 *) (token ? token : ""), token ? strlen (token) : 0,
      hash);
  g_hash_table_iter_init (&iter, table->accounts);
  while (g_hash_table_iter_next (&iter, NULL, &account)) {
    const VsAccountSettings *settings = ((VsAccount *) account)->settings;

    if (settings->key_id
        && CRYPTO_memcmp (settings->token, hash, sizeof hash) == 0)
      owner = settings->name;
  }
  return g_strdup (owner);
}

/* The hash of another viewer, best of the same account: it takes the time that
 * one of @user would. */
static const gchar *
find_stand_in (VsSignAccounts * self, const Table * table,
    const VsAccount * account, const VsViewerQuestion * question)
{
  GPtrArray *viewers = account && account->settings->viewers->len > 0 ?
      account->settings->viewers : table->viewers;
  const VsViewerSettings *other;

  if (viewers->len == 0)
    return decoy_hash;
  other = viewers->pdata[vs_viewer_checks_pick (self->checks,
          question->account, question->user, viewers->len)];
  return other->hash;
}

void
vs_sign_accounts_check_viewer (VsSignAccounts * self, const gchar * account,
    const gchar * user, const gchar * password, VsViewerFunc done,
    gpointer user_data)
{
  g_autoptr (Table) table = get_table (self);
  const VsAccount *found = g_hash_table_lookup (table->accounts, account);
  VsViewerQuestion question = { account, user, password, NULL, TRUE };
  const gchar *stand_in;

  if (strlen (user) > VS_VIEWER_NAME_MAX
      || strlen (password) > VS_VIEWER_PASSWORD_MAX) {
    done (VS_VIEWER_WRONG, user_data);
    return;
  }
  /* looked for in any case, for the time that it takes */
  stand_in = find_stand_in (self, table, found, &question);
  if (found)
    question.hash = vs_account_settings_find_viewer (found->settings, user);
  if (question.hash == NULL) {
    question.hash = stand_in;
    question.real = FALSE;
  }
  vs_viewer_checks_ask (self->checks, &question, done, user_data);
}
