/* VisionStream: media files as sources of segments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vssegmentsource.h"

G_BEGIN_DECLS

/* folder of an account with its media files */
#define VS_ASSET_FOLDER "media"

/**
 * vs_asset_open:
 * @file: a name without a folder, of an MP4 file or of a list of them (`.json`,
 *   `.smil`, see vsassetlist.h)
 *
 * Opens "<account>/media/<file>": a timeline for each rendition, ended. Of a
 * file, the first video and the first audio track are a rendition; further
 * audio tracks in other languages are renditions without video.
 *
 * An asset has no time of day: its UTC begins when its files were last
 * modified. That is part of the URLs of its segments, and origins that serve
 * the same files must agree about it.
 *
 * The source never changes: to refresh it gives another one when a file is not
 * what it was.
 *
 * Returns: (transfer full): a source, or NULL with %G_IO_ERROR_NOT_FOUND when
 *   there is no such file, else what is wrong with it
 */
VsSegmentSource *vs_asset_open (VsStore *store, const gchar *account,
    const gchar *file, GError **error);

G_END_DECLS
