/* VisionStream: what a settings file says of accounts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* bytes of a SHA-256 */
#define VS_TOKEN_HASH_SIZE 32

/* @hash: a string of crypt(5) */
typedef struct
{
  gchar *user;
  gchar *hash;
} VsViewerSettings;

/**
 * VsAccountSettings:
 * @ids: of public keys, each of which vs_key_id_is_valid ()
 * @paths: one an id, as they are written
 * @key_id: (nullable): of what signs; the members of a signer that follow count
 *   where there is one
 * @viewers: (element-type VsViewerSettings): in the order of their names
 */
typedef struct
{
  gchar *name;
  GPtrArray *ids, *paths;
  gchar *key_id;
  gchar *private_key;
  guint8 token[VS_TOKEN_HASH_SIZE];
  guint expires_in;
  GPtrArray *viewers;
} VsAccountSettings;

VsAccountSettings *vs_account_settings_new (const gchar *name);
/* (transfer full): @settings with those keys alone whose ids are among @ids; the
 * signer goes with its key */
VsAccountSettings *vs_account_settings_narrow (
    const VsAccountSettings *settings, GPtrArray *ids);
void               vs_account_settings_free (VsAccountSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAccountSettings, vs_account_settings_free)

/* %G_IO_ERROR_INVALID_DATA: no id, or more than VS_KEY_GROUP_MAX of them */
gboolean     vs_account_settings_add_key (VsAccountSettings *settings,
    const gchar *id, const gchar *path, GError **error);
/* (transfer none) (nullable) */
const gchar *vs_account_settings_find_viewer (
    const VsAccountSettings *settings, const gchar *user);

/**
 * vs_sign_settings_parse:
 *
 * %G_IO_ERROR_INVALID_DATA: names the line, the account and the member, and
 * repeats no value
 *
 * Returns: (transfer full) (element-type VsAccountSettings)
 */
GPtrArray *vs_sign_settings_parse (const gchar *text, gsize size,
    GError **error);

G_END_DECLS
