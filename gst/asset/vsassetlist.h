/* VisionStream: the lists that make several files one ladder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vssegment.h"

G_BEGIN_DECLS

#define VS_ASSET_LIST_MAX (1024 * 1024)
#define VS_ASSET_RENDITIONS_MAX 16

/**
 * VsAssetEntry:
 * @src: name of a file in the same folder
 * @name: of the rendition; valid, and told once a list
 * @language: (nullable): BCP 47, of the audio
 */
typedef struct
{
  gchar *src;
  gchar *name;
  gchar *language;
} VsAssetEntry;

/**
 * vs_asset_list_parse_json:
 *
 * `{"renditions": [{"src": "1080p.mp4", "name": "1080p", "language": "en"},
 * ...]}`; all but `src` may be left out. What else there is is passed over.
 *
 * vs_asset_list_parse_smil:
 *
 * The `video`, `audio` and `ref` elements within `body` and `switch` of a SMIL
 * document (with or without namespace), by their attributes `src` (or `name`),
 * `title` and `systemLanguage`, of which the first counts. Entities are refused,
 * nothing is fetched.
 *
 * Files are named without a folder. A rendition without a name of its own
 * bears the file's.
 *
 * Returns: (element-type VsAssetEntry) (transfer full): 1 to
 *   %VS_ASSET_RENDITIONS_MAX entries, or NULL with %G_IO_ERROR_INVALID_DATA
 */
GPtrArray *vs_asset_list_parse_json (const gchar *data, gsize size,
    GError **error);
GPtrArray *vs_asset_list_parse_smil (const gchar *data, gsize size,
    GError **error);
/* The same for a file alone. */
GPtrArray *vs_asset_list_new_single (const gchar *src);

/* [A-Za-z0-9_-][A-Za-z0-9._-]*, up to 128 characters */
gboolean vs_asset_file_name_is_valid (const gchar *name);

G_END_DECLS
