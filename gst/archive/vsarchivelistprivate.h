/* VisionStream: what the files of VsArchiveList share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivelist.h"

G_BEGIN_DECLS

/* Attributes of our own in the head. */
#define VS_ARCHIVE_ATTRIBUTE_LAST "LAST-SEQUENCE"
#define VS_ARCHIVE_ATTRIBUTE_BYTES "TOTAL-BYTES"
#define VS_ARCHIVE_ATTRIBUTE_DURATION "TOTAL-DURATION"
#define VS_ARCHIVE_ATTRIBUTE_RETAINED "RETAINED-BYTES"
#define VS_ARCHIVE_ATTRIBUTE_DEPENDENT "DEPENDENT"

GPtrArray *vs_archive_segments_new (void);
/* id -> VsCodecConfig */
GHashTable *vs_archive_configs_new (void);
void        vs_archive_configs_add (GHashTable *configs,
    VsCodecConfig *config);

VsSegment *vs_archive_list_nth (GPtrArray *segments, guint i);
/* Sequence number with which the tail begins, or will. */
guint64    vs_archive_list_get_tail_start (VsArchiveList *list);
/* The tail was written as the rolling playlist. */
void       vs_archive_list_update_longest (VsArchiveList *list);

/* The entries of the part that holds @sequence, as far as they are retained;
 * their configurations go to @configs. */
GPtrArray *vs_archive_list_read_part (VsArchiveList *list, guint64 sequence,
    GHashTable *configs, const VsArchivePlace *place, GError ** error);

/* An attribute of our own that is a number, 0 without it. */
guint64 vs_archive_get_number (VsM3u8Media *media, const gchar *name);

G_END_DECLS
