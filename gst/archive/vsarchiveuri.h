/* VisionStream: what the URIs in an archive's playlists name
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsm3u8.h"
#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * vs_archive_resolve:
 * @base: the playlist that has the URI, below @folder
 *
 * What @uri names, below the folder (RFC 3986 5.2); with its query where the
 * store has them. An address as a whole, or one from the server's root, may
 * lead there too. NULL and %G_IO_ERROR_INVALID_DATA when it leads elsewhere.
 */
gchar *vs_archive_resolve (VsStore *store, const gchar *folder,
    const gchar *base, const gchar *uri, GError **error);
/* Makes the URIs of @media those of VsSegment. */
gboolean vs_archive_resolve_all (VsStore *store, const gchar *folder,
    const gchar *base, VsM3u8Media *media, GError **error);

/* "location/folder/name", for messages: without a query */
gchar *vs_archive_show (VsStore *store, const gchar *folder,
    const gchar *name);

G_END_DECLS
