/* VisionStream: accounts that sign, and what they sign and check with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vskeygroup.h"

G_BEGIN_DECLS

/* seconds: AWS's own bound for a presigned URL */
#define VS_SIGN_EXPIRES_MAX (7 * 24 * 60 * 60)
#define VS_SIGN_EXPIRES_DEFAULT 3600

/* bytes; the second is what libcrypt takes */
#define VS_VIEWER_NAME_MAX 128
#define VS_VIEWER_PASSWORD_MAX 511

/* checks that wait at a time */
#define VS_VIEWER_CHECKS_MAX 64

/**
 * VsSignAccounts:
 *
 * The accounts of a settings file, a JSON object:
 *
 * |[
 * {"alpha": {"keys": {"K2": "alpha/K2.pem", "K1": "alpha/K1.pem"},
 *            "signer": {"key-pair-id": "K2", "private-key": "alpha/K2.key",
 *                       "token": "sha256:<64 hexadecimal digits>",
 *                       "expires-in": 3600},
 *            "viewers": {"alice": "$6$..."}}}
 * ]|
 *
 * whose paths are relative to it; or of a directory of directories,
 * `<account>/<key id>.pem`, which have key groups alone. README.md says more of
 * the members, and how they are made. Thread-safe.
 *
 * All of it is read once, and what changed is read again, some seconds later at
 * the latest. What can't be read then leaves what there was, and is told once:
 * of the settings file all accounts, of the files that it names the account of
 * which they are, but for keys that are not named any more: those go at once.
 * In a directory what is no "*.pem" in an account's folder,
 * begins with a dot, or is no folder beside those, is passed over.
 */
typedef struct _VsSignAccounts VsSignAccounts;

/**
 * vs_sign_accounts_open:
 * @problem: (nullable): called in any thread for what can't be read later on;
 *   does not free @accounts
 *
 * %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_INVALID_DATA, and others of the file
 * system: names the file, the account and the member. Of
 * %G_IO_ERROR_PERMISSION_DENIED see vs_sign_key_new_private (); a settings file
 * with a signer or a viewer in it is held to the same. No message has a part of
 * a key or a hash in it. A group without keys is one that nothing passes.
 */
VsSignAccounts *vs_sign_accounts_open (const gchar *path,
    void (*problem) (const GError *error, gpointer user_data),
    gpointer user_data, GError **error);
/* Checks that wait get %VS_VIEWER_BUSY, in this thread; the one that goes on is
 * waited for. */
void            vs_sign_accounts_free (VsSignAccounts *accounts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSignAccounts, vs_sign_accounts_free)

/* Reads what changed now, in this thread. */
void vs_sign_accounts_refresh (VsSignAccounts *accounts);

/* What follows does not block on files. */

/* (transfer full) (nullable) */
VsKeyGroup *vs_sign_accounts_find_group (VsSignAccounts *accounts,
    const gchar *account);

/**
 * vs_sign_accounts_find_token:
 * @token: (nullable): what came behind "Bearer "
 *
 * Takes the same time for any token of a length, also for one of nobody.
 *
 * Returns: (transfer full) (nullable): the name of the account whose it is
 */
gchar *vs_sign_accounts_find_token (VsSignAccounts *accounts,
    const gchar *token);

/**
 * VsAccountSigner:
 * @key: private; its public half is in the account's key group as @key_id
 * @expires_in: seconds; 1 to VS_SIGN_EXPIRES_MAX
 *
 * What an account signs with: see vs_url_signer_new (). Immutable, reference
 * counted; whoever has it may sign with it when the file has another one.
 */
typedef struct
{
  VsSignKey *key;
  gchar *key_id;
  guint expires_in;
} VsAccountSigner;

VsAccountSigner *vs_account_signer_ref (VsAccountSigner *signer);
void             vs_account_signer_unref (VsAccountSigner *signer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAccountSigner, vs_account_signer_unref)

/* (transfer full) (nullable): also for an account that has none */
VsAccountSigner *vs_sign_accounts_find_signer (VsSignAccounts *accounts,
    const gchar *account);

typedef enum
{
  VS_VIEWER_RIGHT,
  VS_VIEWER_WRONG,
  VS_VIEWER_BUSY                /* not checked: ask again later */
} VsViewerVerdict;

/* Called once, with no lock held: in the thread that asked, before
 * vs_sign_accounts_check_viewer () returns, or later in another one. It does not
 * free the accounts. */
typedef void (*VsViewerFunc) (VsViewerVerdict verdict, gpointer user_data);

/**
 * vs_sign_accounts_check_viewer:
 * @account: any text
 * @user: any text; none longer than VS_VIEWER_NAME_MAX is right
 * @password: any text; none longer than VS_VIEWER_PASSWORD_MAX is right
 *
 * Whether @password is that of @user, a viewer of @account. Hashes of passwords
 * are slow on purpose: they are computed one after another in a thread of their
 * own, and what was right is right again at once for ten minutes, as long as
 * its hash is in the file. A user or an account that is not there costs what
 * one does that is. When VS_VIEWER_CHECKS_MAX wait already, the verdict is
 * %VS_VIEWER_BUSY.
 */
void vs_sign_accounts_check_viewer (VsSignAccounts *accounts,
    const gchar *account, const gchar *user, const gchar *password,
    VsViewerFunc done, gpointer user_data);

G_END_DECLS
