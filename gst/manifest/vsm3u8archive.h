/* VisionStream: the comment lines of an archive's playlists
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The format is described in gst/archive/README.md.
 */
#pragma once

#include "manifest/vsm3u8.h"

G_BEGIN_DECLS

#define VS_M3U8_TAG_PLAYLIST "#VISIONSTREAM-PLAYLIST:"
#define VS_M3U8_TAG_CONFIG "#VISIONSTREAM-CONFIG:"
#define VS_M3U8_TAG_SEGMENT "#VISIONSTREAM:"
/* ahead of a main playlist's tag: what that names is another chain's */
#define VS_M3U8_TAG_REDUNDANT "#VISIONSTREAM-REDUNDANT"

/* The URI line of a gap for which no name was given. */
#define VS_M3U8_GAP_URI "gap"

void vs_m3u8_append_archive_head (GString *out, const VsTimelineView *view,
    const VsM3u8MediaSettings *settings);
void vs_m3u8_append_archive_segment (GString *out,
    const VsSegment *segment);

/* Each takes what follows the colon, cuts it up in place, and says what is
 * wrong: (transfer full), or NULL when all is well. */
gchar *vs_m3u8_parse_archive_head (gchar *list, VsM3u8Media *media);
gchar *vs_m3u8_parse_archive_config (gchar *list, VsM3u8Media *media);
/* @segment: (transfer none): a new one */
gchar *vs_m3u8_parse_archive_segment (gchar *list, VsSegment *segment);

G_END_DECLS
