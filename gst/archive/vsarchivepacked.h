/* VisionStream: packed audio (RFC 8216bis 3.1.3)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "codec/vscodec.h"

G_BEGIN_DECLS

/* Whether bytes begin with an ID3 tag, or a frame of sound. */
gboolean vs_archive_packed_is_one (const guint8 *data, gsize size);

/**
 * vs_archive_packed_parse:
 * @start_90k: (out): 33 bits, as its ID3 tag tells it
 * @frame: (scope call): a whole frame, in their order; how long it lasts
 *
 * Returns: the codec; %VS_CODEC_UNKNOWN with %G_IO_ERROR_INVALID_DATA when no
 *   time is told, or it has no frames
 */
VsCodec vs_archive_packed_parse (const guint8 *data, gsize size,
    gint64 *start_90k, void (*frame) (const guint8 *data, gsize size,
        guint samples, guint sample_rate, gpointer user_data),
    gpointer user_data, GError **error);

G_END_DECLS
