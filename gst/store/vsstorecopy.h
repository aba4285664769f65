/* VisionStream: settings of a store that outlive their owner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

G_BEGIN_DECLS

/* Immutable and counted; secrets are wiped with the last reference. */
typedef struct _VsStoreCopy VsStoreCopy;

VsStoreCopy *vs_store_copy_new (const VsStoreSettings *settings);
VsStoreCopy *vs_store_copy_ref (VsStoreCopy *copy);
void         vs_store_copy_unref (VsStoreCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsStoreCopy, vs_store_copy_unref)

const VsStoreSettings *vs_store_copy_get (VsStoreCopy *copy);

G_END_DECLS
