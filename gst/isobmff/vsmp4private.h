/* VisionStream: MP4 files read, among the reader's parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/gstbytereader.h>
#include "isobmff/vsmp4reader.h"

G_BEGIN_DECLS

/* The first box of @type in @parent, which stays where it is; @body is its
 * payload. */
gboolean vs_mp4_find (const GstByteReader *parent, guint32 type,
    GstByteReader *body);
/* The next box. FALSE at the end, or where none fits. */
gboolean vs_mp4_next (GstByteReader *parent, guint32 *type,
    GstByteReader *body);
/* version and flags (14496-12 4.2.2) */
gboolean vs_mp4_get_full (GstByteReader *body, guint8 *version,
    guint32 *flags);

/* The sample entry @type, whose payload is @body: a description is always
 * made. FALSE: it is damaged. */
gboolean vs_mp4_description_parse (guint32 type, const GstByteReader *body,
    VsMp4Description *description);

/* stbl: descriptions and samples of a track whose timescale is known;
 * @max_samples: more of them are damage. */
gboolean vs_mp4_samples_parse (const GstByteReader *stbl,
    guint64 file_size, guint max_samples, VsMp4Track *track, GError **error);

G_END_DECLS
