/* VisionStream: an event's archive, as its writer's thread holds it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivelist.h"
#include "archive/vsarchivewriter.h"

G_BEGIN_DECLS

/**
 * VsArchiveSet:
 *
 * The playlists of all renditions, the main one, and what was pruned. Used by
 * one thread. Writes are one try each.
 */
typedef struct
{
  VsArchivePlace place;
  gchar *folder;
  GstClockTime max_age;
  guint64 max_segments, max_bytes;
  guint64 needed;               /* what retention leaves alone, from there on */
  gboolean at_end;              /* see VsArchiveWriterSettings */
  gchar *redundant;             /* the way to the other chain's, or NULL */

  GPtrArray *lists;             /* VsArchiveList */
  GHashTable *garbage;          /* VsArchiveList -> VsArchiveGarbage */
  guint target_duration;        /* s: of new renditions */
  gchar *main;                  /* as it was written last, or NULL */
} VsArchiveSet;

VsArchiveSet *vs_archive_set_new (VsStore *store, const gchar *folder,
    const VsArchiveWriterSettings *settings, GCancellable *cancellable);
void          vs_archive_set_free (VsArchiveSet *set);

/* Reads back what an earlier writer left. */
gboolean vs_archive_set_recover (VsArchiveSet *set,
    VsArchiveState *state, GError ** error);

/* The rendition's list, made when there is none. */
VsArchiveList *vs_archive_set_get_list (VsArchiveSet *set,
    const gchar *rendition);
/* The sequence number after the newest of all renditions, 0 for none */
guint64 vs_archive_set_get_next (VsArchiveSet *set);

/**
 * vs_archive_set_make_gap:
 * @following: (nullable): the next segment that there is
 *
 * The entry that @list lacks next: with the boundary that the other
 * renditions have, else one that fits in between.
 *
 * Returns: (transfer full): a gap
 */
VsSegment *vs_archive_set_make_gap (VsArchiveSet *set,
    VsArchiveList *list, const VsSegment *following);

/* Makes a gap of @segment: nothing is stored of it. (transfer full) */
VsSegment *vs_archive_segment_to_gap (const VsSegment *segment);

/* Forgets what retention no longer keeps. */
void vs_archive_set_prune (VsArchiveSet *set);

/* vs_archive_list_write (), after which what it no longer names may go. */
gboolean vs_archive_set_write_list (VsArchiveSet *set,
    VsArchiveList *list, gboolean complete, GError ** error);
/* Writes the main playlist when it has something new to say. */
gboolean vs_archive_set_write_main (VsArchiveSet *set,
    gboolean complete, GError ** error);

/* Deletes what is due; returns when to come again (monotonic time). */
gint64 vs_archive_set_sweep (VsArchiveSet *set);

G_END_DECLS
