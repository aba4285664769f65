/* VisionStream: an account, as its files were read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssignaccounts.h"
#include "sign/vssignsettings.h"

G_BEGIN_DECLS

#define VS_PRIVATE_DIGEST_SIZE 32

/**
 * VsAccount:
 * @texts: of the files of public keys, one an id of @settings
 * @signer: (nullable)
 * @private_digest: SHA-256 of the private key's file
 *
 * Immutable, reference counted.
 */
typedef struct
{
  VsAccountSettings *settings;
  GPtrArray *texts;
  VsKeyGroup *group;
  VsAccountSigner *signer;
  guint8 private_digest[VS_PRIVATE_DIGEST_SIZE];
} VsAccount;

/**
 * vs_account_load:
 * @settings: (transfer full)
 * @last: (nullable): the account as it was: what is the same in its files is
 *   taken from there
 * @folder: which paths are relative to
 *
 * See vs_sign_accounts_open ()
 */
VsAccount *vs_account_load (VsAccountSettings *settings, const VsAccount *last,
    const gchar *folder, GError **error);
/* (transfer full): @last without the keys that @ids (element-type utf8) has not
 * any more: what is wrong with others does not keep them */
VsAccount *vs_account_narrow (VsAccount *last, GPtrArray *ids);
VsAccount *vs_account_ref (VsAccount *account);
void       vs_account_unref (VsAccount *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAccount, vs_account_unref)

/* (transfer full): of `<path>/<key id>.pem`; its paths are relative to @path */
VsAccountSettings *vs_account_list (const gchar *path, const gchar *name,
    GError **error);

/* (transfer full) (element-type utf8): sorted names of what is in a folder and
 * not hidden */
GPtrArray *vs_account_list_folder (const gchar *path, GError **error);

G_END_DECLS
