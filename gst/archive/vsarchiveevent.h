/* VisionStream: an event's archive, as its writer's thread holds it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivelist.h"
#include "archive/vsarchivewriter.h"

G_BEGIN_DECLS

/**
 * VsArchiveEvent:
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

  GPtrArray *lists;             /* VsArchiveList */
  GHashTable *garbage;          /* VsArchiveList -> VsArchiveGarbage */
  guint target_duration;        /* s: of new renditions */
  gchar *main;                  /* as it was written last, or NULL */
} VsArchiveEvent;

VsArchiveEvent *vs_archive_event_new (VsStore *store, const gchar *folder,
    const VsArchiveWriterSettings *settings, GCancellable *cancellable);
void            vs_archive_event_free (VsArchiveEvent *event);

/* Reads back what an earlier writer left. */
gboolean vs_archive_event_recover (VsArchiveEvent *event,
    VsArchiveState *state, GError ** error);

/* The rendition's list, made when there is none. */
VsArchiveList *vs_archive_event_get_list (VsArchiveEvent *event,
    const gchar *rendition);
/* The sequence number after the newest of all renditions, 0 for none */
guint64 vs_archive_event_get_next (VsArchiveEvent *event);

/**
 * vs_archive_event_make_gap:
 * @following: (nullable): the next segment that there is
 *
 * The entry that @list lacks next: with the boundary that the other
 * renditions have, else one that fits in between.
 *
 * Returns: (transfer full): a gap
 */
VsSegment *vs_archive_event_make_gap (VsArchiveEvent *event,
    VsArchiveList *list, const VsSegment *following);

/* Makes a gap of @segment: nothing is stored of it. (transfer full) */
VsSegment *vs_archive_segment_to_gap (const VsSegment *segment);

/* Forgets what retention no longer keeps. */
void vs_archive_event_prune (VsArchiveEvent *event);

/* vs_archive_list_write (), after which what it no longer names may go. */
gboolean vs_archive_event_write_list (VsArchiveEvent *event,
    VsArchiveList *list, gboolean complete, GError ** error);
/* Writes the main playlist when it has something new to say. */
gboolean vs_archive_event_write_main (VsArchiveEvent *event,
    gboolean complete, GError ** error);

/* Deletes what is due; returns when to come again (monotonic time). */
gint64 vs_archive_event_sweep (VsArchiveEvent *event);

G_END_DECLS
