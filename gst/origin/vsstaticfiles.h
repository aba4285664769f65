/* VisionStream: a folder of files, served from memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsobject.h"

G_BEGIN_DECLS

/**
 * VsStaticFiles:
 *
 * The files of a folder (the player page), read once, so that no request
 * touches the disk. Immutable, and so thread-safe.
 */
typedef struct _VsStaticFiles VsStaticFiles;

/**
 * vs_static_files_new:
 *
 * Reads @folder and the folders in it; hidden files, symbolic links and what
 * goes beyond 256 files, 4 levels or 32 MiB in all are left out. A folder that
 * is not there gives an empty table.
 */
VsStaticFiles *vs_static_files_new (const gchar *folder);
void           vs_static_files_free (VsStaticFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsStaticFiles, vs_static_files_free)

guint vs_static_files_get_count (VsStaticFiles *files);

/**
 * vs_static_files_get:
 * @path: "/player.js"; "/" is "/index.html"
 * @content_type: (out): static
 *
 * Returns: (transfer none) (nullable)
 */
VsObject *vs_static_files_get (VsStaticFiles *files, const gchar *path,
    const gchar **content_type);

G_END_DECLS
