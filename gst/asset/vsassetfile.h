/* VisionStream: a media file in a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vsmp4reader.h"
#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * VsAssetFile:
 * @object: as it was when it was opened
 * @sha256: of its movie box and movie fragment boxes
 * @is_cut: the last movie fragment is not there whole, and was left out
 */
typedef struct
{
  VsStoreObject *object;
  VsMp4Movie *movie;
  guint8 sha256[32];
  gboolean is_cut;
} VsAssetFile;

/**
 * vs_asset_file_open:
 *
 * Finds and reads the movie box, wherever it lies in the file, and the movie
 * fragments behind it: a read each, their samples are passed over. Errors are
 * of %VS_MP4_ERROR, and of the store.
 *
 * A recording that was interrupted has a fragment that is cut off at its end:
 * the ones ahead of it are whole.
 */
VsAssetFile *vs_asset_file_open (VsStore *store, const gchar *key,
    GError **error);
void         vs_asset_file_free (VsAssetFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAssetFile, vs_asset_file_free)

/* Whether @object is still what lies in the store; %G_IO_ERROR_NOT_FOUND when
 * it is gone. */
gboolean vs_asset_object_is_current (VsStore *store,
    const VsStoreObject *object, gboolean *current, GError **error);
/* The same, after something was read of it: it is an error when it is not. */
gboolean vs_asset_object_check (VsStore *store, const VsStoreObject *object,
    GError **error);

G_END_DECLS
