/* VisionStream: the stores of accounts, by a file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstorecopy.h"

G_BEGIN_DECLS

/**
 * VsAccounts:
 *
 * A JSON file with one object, whose members are accounts:
 *
 *     {"acme": {"location": "s3://acme-live", "region": "eu-west-1",
 *               "access-key": "...", "secret-access-key": "..."}}
 *
 * Members of an account are named as the properties of elements: `location`,
 * `endpoint-uri`, `region`, `force-path-style`, `access-key`,
 * `secret-access-key`, `session-token`, `user`, `password`, `ca-file`; what it
 * does not say is as in the defaults, but credentials, which come in one piece. Thread-safe: the
 * file is read anew when it changed, as far as it can be read.
 */
typedef struct _VsAccounts VsAccounts;

/* @defaults: `location` may be NULL: then each account has one */
VsAccounts *vs_accounts_open (const gchar *path,
    const VsStoreSettings *defaults, GError **error);
void        vs_accounts_free (VsAccounts *accounts);

/* (transfer full): %G_IO_ERROR_NOT_FOUND when there is no such account */
VsStoreCopy *vs_accounts_find (VsAccounts *accounts, const gchar *account,
    GError **error);
/* Their names, ascending. */
GStrv        vs_accounts_list (VsAccounts *accounts);

G_END_DECLS
