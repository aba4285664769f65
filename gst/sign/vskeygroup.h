/* VisionStream: the public keys that an account's signatures are checked with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssignkey.h"

G_BEGIN_DECLS

/* as many as a key group has at CloudFront */
#define VS_KEY_GROUP_MAX 100
#define VS_KEY_ID_MAX 128

/**
 * VsKeyGroup:
 *
 * Public keys by their ids, all of which are valid at the same time: the key
 * that is used now, and the one before it until nothing is signed with that any
 * more. Immutable, reference counted.
 */
typedef struct _VsKeyGroup VsKeyGroup;

/**
 * vs_key_group_new:
 * @ids: @n of them; each at most VS_KEY_ID_MAX of the characters that need no
 *   escape in a URL or a cookie (RFC 3986, 2.3)
 * @keys: @n of them, of each of which a reference is taken
 *
 * %G_IO_ERROR_INVALID_ARGUMENT: more than VS_KEY_GROUP_MAX, or an id that is
 * none, or is there twice
 */
VsKeyGroup *vs_key_group_new (const gchar *const *ids, VsSignKey *const *keys,
    guint n, GError **error);
VsKeyGroup *vs_key_group_ref (VsKeyGroup *group);
void        vs_key_group_unref (VsKeyGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsKeyGroup, vs_key_group_unref)

gboolean   vs_key_id_is_valid (const gchar *id);
/* (transfer none) (nullable) */
VsSignKey *vs_key_group_find (VsKeyGroup *group, const gchar *id, gsize size);
guint      vs_key_group_get_n_keys (VsKeyGroup *group);
/* A number that no other group of this process has had. */
guint64    vs_key_group_get_serial (VsKeyGroup *group);

/**
 * vs_key_group_waste:
 * @spent: (nullable): a key that a signature has been verified with
 *
 * Verifies nothing with one key of each cost that @group has, but for that of
 * @spent: whoever is refused has then waited for the same arithmetic, whatever
 * he was refused for. (nullable) @group: as if it had one RSA key of 2048 bits.
 */
void       vs_key_group_waste (VsKeyGroup *group, VsSignKey *spent);

G_END_DECLS
