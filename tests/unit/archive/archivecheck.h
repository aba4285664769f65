/* VisionStream: what holds of every archive at any moment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vstimeline.h"

/* Fails the test unless what index.m3u8 and all child playlists of @folder
 * name is there: children, sealed parts in a row, segments with the size and
 * hash that are listed; numbers and dates only grow. Nothing in the archive
 * is no fault. */
void archive_check (VsStore *store, const gchar *folder);

/* As archive_check (), and all of it has ended. Returns the entries of
 * @rendition's complete playlist: (element-type VsSegment). */
GPtrArray *archive_check_ended (VsStore *store, const gchar *folder,
    const gchar *rendition);

/* Entries of a child playlist as it lies there. */
GPtrArray *archive_read_list (VsStore *store, const gchar *folder,
    const gchar *rendition, gboolean *ended);

/* where the event of these segments began */
#define ARCHIVE_EVENT_UTC_US G_GINT64_CONSTANT (1699999999000001)

/* A segment of @size bytes made from its rendition and number; @bytes fit. */
VsSegment *archive_make_segment (const gchar *rendition, guint64 sequence,
    gsize size, GBytes **bytes);

/* The configuration "0a0b0c0d" that these segments name. */
VsCodecConfig *archive_make_config (void);
