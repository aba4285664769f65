/* VisionStream: names in an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VS_ARCHIVE_PART:
 *
 * Entries of a sealed part. A child playlist holds one to two times as many,
 * which is what is written again with each segment (README.md has the
 * figures): small enough for 2 s segments of a 240p rung, long enough for a
 * player that reads the archive as it lies.
 */
#define VS_ARCHIVE_PART VS_TIMELINE_PART

#define VS_ARCHIVE_MAIN "index.m3u8"

/* Sequence number at which the part that holds @sequence begins: parts are
 * [1, 32], [33, 64], ... whatever the first segment is. */
guint64 vs_archive_part_start (guint64 sequence);

/* "index_1080p.00033.m3u8": no rendition's name has a dot */
gchar *vs_archive_part_name (const gchar *rendition, guint64 sequence);

/* The rendition of a child playlist's name, NULL when it is no such name. */
gchar *vs_archive_name_to_rendition (const gchar *name);

/* What leads from an event's folder to that of @other: "../other/", or
 * "../../other/breakout/". Names need no escapes. */
gchar *vs_archive_path_to_event (const gchar *other, const gchar *breakout);

/* "folder/name"; "name" where the folder is the store's root */
gchar *vs_archive_key (const gchar *folder, const gchar *name);

G_END_DECLS
