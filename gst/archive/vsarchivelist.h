/* VisionStream: a rendition's playlists in an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsm3u8.h"
#include "store/vsstore.h"

G_BEGIN_DECLS

/* Where an event's objects lie; nothing here is owned. */
typedef struct
{
  VsStore *store;
  const gchar *folder;
  GCancellable *cancellable;
} VsArchivePlace;

/**
 * VsArchiveList:
 *
 * The child playlist of one rendition and its sealed parts, as a writer holds
 * them: the newest entries (the tail, which begins where a part begins unless
 * that was pruned), and sums over the rest. Not thread-safe.
 *
 * Functions that take a VsArchivePlace write or read objects: one try each.
 * They leave the list as it was when they fail, and may be called again.
 */
typedef struct
{
  gchar *name;
  VsRendition *rendition;
  GHashTable *configs;          /* id -> VsCodecConfig, named by the tail */
  guint target_duration;        /* EXT-X-TARGETDURATION, s */

  GPtrArray *tail;              /* VsSegment */
  guint64 first;                /* oldest that is retained, 0 for none */
  guint64 next;                 /* must come next, 0 for any */

  /* measured over all, and what is retained */
  guint64 total_bytes, retained_bytes;
  GstClockTime total_duration;
  VsPeaks peaks;
  gboolean dependent;           /* some segment begins without a keyframe */

  GstClockTime longest;         /* that the rolling playlist was, ns */
  gboolean stored;              /* the child playlist exists */
  gboolean dirty;               /* and lacks entries of the tail */
  guint64 stored_first;         /* the oldest that it retains */
  gboolean ended;               /* it has EXT-X-ENDLIST */

  /* a part that was read back, see vs_archive_list_get () */
  GPtrArray *part;

  /* the main playlist's: see vs_archive_main_render () */
  guint order;                  /* G_MAXUINT: not of this run */
  guint shown_peak, shown_average;
} VsArchiveList;

VsArchiveList *vs_archive_list_new (const gchar *name);
void           vs_archive_list_free (VsArchiveList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveList, vs_archive_list_free)

/**
 * vs_archive_list_recover:
 *
 * Reads back what an earlier writer left. A playlist that is damaged or of
 * another maker is %G_IO_ERROR_INVALID_DATA.
 */
gboolean vs_archive_list_recover (VsArchiveList *list,
    const VsArchivePlace *place, GError ** error);

/* A configuration that entries to come name. */
void vs_archive_list_add_config (VsArchiveList *list, VsCodecConfig *config);

/* Adds an entry; its sequence must be list->next, its bytes durable. */
void vs_archive_list_append (VsArchiveList *list, VsSegment *segment);

/**
 * vs_archive_list_is_full:
 *
 * Whether the oldest part of the tail is to be sealed before more is added.
 */
gboolean vs_archive_list_is_full (VsArchiveList *list);
/* The list must not be dirty: a part holds only what was listed. */
gboolean vs_archive_list_seal (VsArchiveList *list,
    const VsArchivePlace *place, GError ** error);

gboolean vs_archive_list_write (VsArchiveList *list,
    const VsArchivePlace *place, GError ** error);
/**
 * vs_archive_list_write_complete:
 *
 * The VOD playlist of all that is retained, written part by part, after the
 * parts that the tail makes.
 */
gboolean vs_archive_list_write_complete (VsArchiveList *list,
    const VsArchivePlace *place, GError ** error);

/**
 * vs_archive_list_get:
 *
 * A retained entry, from the tail or its part.
 *
 * Returns: (transfer none) (nullable): valid until the list is used again
 */
VsSegment *vs_archive_list_get (VsArchiveList *list, guint64 sequence,
    const VsArchivePlace *place, GError ** error);

/* Forgets the oldest retained entry, @segment; the next playlist that is
 * written no longer names it. A list that is empty by that may begin again
 * with any number. */
void vs_archive_list_drop_first (VsArchiveList *list,
    const VsSegment *segment);

VsSegment *vs_archive_list_get_last (VsArchiveList *list);
guint      vs_archive_list_get_average (VsArchiveList *list);

/**
 * vs_archive_read_playlist:
 * @whole: (out): FALSE when only the head was read: a complete playlist of
 *   ours, whose entries are read from the parts
 *
 * %G_IO_ERROR_INVALID_DATA names object and line.
 */
VsM3u8Media *vs_archive_read_playlist (const VsArchivePlace *place,
    const gchar *name, gboolean *whole, GError ** error);
/* Reads all of it, however long. */
VsM3u8Media *vs_archive_read_whole_playlist (const VsArchivePlace *place,
    const gchar *name, GError ** error);

/* The last sequence number that a complete playlist says that it has, or 0. */
guint64 vs_archive_get_last_sequence (VsM3u8Media *media);

G_END_DECLS
