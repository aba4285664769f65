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
 * @max_samples: more of them are damage. @fragmented: there need be none. */
gboolean vs_mp4_samples_parse (const GstByteReader *stbl,
    gboolean fragmented, guint64 file_size, guint max_samples,
    VsMp4Track *track, GError **error);

/* Media times up to here, as UTC in most timescales, can be subtracted. */
#define VS_MP4_TIME_MAX ((gint64) 1 << 61)

/* mvex (8.8.1): what holds for a track's fragments where they say nothing. */
typedef struct
{
  guint32 track_id;
  guint32 description, duration, size, flags;
} VsMp4Defaults;

gboolean vs_mp4_defaults_parse (const GstByteReader *mvex, GArray *defaults);

G_END_DECLS
