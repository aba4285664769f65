/* VisionStream: what is known of another maker's rendition
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivereader.h"
#include "manifest/vsm3u8.h"

G_BEGIN_DECLS

/**
 * VsArchiveForeign:
 *
 * A rendition in whose playlist no comment line tells what it holds. What
 * the main playlist says of it counts; where that names no codec, what is in
 * its first segment.
 */
typedef struct
{
  VsM3u8MainEntry *entry;       /* of the main playlist */
  GPtrArray *configs;           /* VsCodecConfig, one a track; NULL at first */
  gchar *language;              /* as the TS tells it, or NULL */
} VsArchiveForeign;

VsArchiveForeign *vs_archive_foreign_new (const VsM3u8MainEntry *entry);
void              vs_archive_foreign_free (VsArchiveForeign *foreign);

/**
 * vs_archive_foreign_describe:
 * @load: (scope call): gives the bytes of a segment, or NULL
 * @rendition: (transfer none): filled in
 *
 * Completes @media as the comment lines of an archive would: rendition,
 * configurations, and which of them each segment has. The times of tracks
 * stay unknown. What can't be read now is tried again the next time.
 */
void vs_archive_foreign_describe (VsArchiveForeign *foreign,
    VsM3u8Media *media, VsRendition *rendition,
    GBytes *(*load) (VsSegment *segment, gpointer user_data),
    gpointer user_data);

G_END_DECLS
