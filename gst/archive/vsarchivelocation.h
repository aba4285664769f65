/* VisionStream: where an archive is read from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * vs_archive_location_open:
 * @settings: (transfer none): whose location is a store's, in which events lie
 *   in `<account>/<event>[/<breakout>]`, or that of an HLS playlist
 * @playlist: (out) (transfer full) (nullable): what VsArchiveCursorSettings has
 *   to name; NULL where the location names no playlist
 *
 * A location is a playlist's when its path ends with `.m3u8` or `.m3u`:
 * `/films/any.m3u8`, `any.m3u8`, `file:///films/any.m3u8`,
 * `https://host/films/any.m3u8?token=1`, `s3://bucket/films/any.m3u8`; a
 * multivariant or a media playlist, ours or another maker's. The folder that it
 * lies in is then the root of the store: nothing outside of it is read,
 * whatever a playlist says. A query goes with the playlist, and with nothing
 * else; it stands in no message.
 *
 * Returns: (transfer full): the store, nothing is created; NULL with the errors
 *   of vs_store_open_with (), and %G_IO_ERROR_INVALID_ARGUMENT when the name can
 *   be no object's
 */
VsStore *vs_archive_location_open (const VsStoreSettings *settings,
    gchar **playlist, GError **error);

G_END_DECLS
