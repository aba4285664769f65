/* VisionStream: what is harvested: all renditions of an event in step
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchiverendition.h"

G_BEGIN_DECLS

/**
 * VsHarvestSource:
 * @archive: the rendition by which times are told
 * @renditions: (element-type VsHarvestRendition): as the main playlist has
 *   them, those that were seen first ahead
 * @next: up to here all of them have what they will have, but those that fell
 *   behind
 * @ended: no more will come
 *
 * For one thread; functions that take a GError may block.
 */
typedef struct
{
  VsArchiveRendition *archive;
  GPtrArray *renditions;
  guint64 next;
  gboolean ended;
  gint64 grown_us;              /* monotonic, when something new came */
} VsHarvestSource;

typedef struct
{
  gchar *name;
  VsTimeline *timeline;
  VsHistory history;
  VsTimelineView *view;         /* what was looked at last, or NULL */
} VsHarvestRendition;

/* Errors are those of vs_archive_rendition_open (); %G_IO_ERROR_NOT_SUPPORTED
 * when it is another maker's archive. */
VsHarvestSource *vs_harvest_source_open (VsStore *store,
    const gchar *account, const gchar *event, const gchar *breakout,
    GCancellable *cancellable, GError **error);
void             vs_harvest_source_free (VsHarvestSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHarvestSource, vs_harvest_source_free)

/* Waits a little, and looks for what is new. */
gboolean   vs_harvest_source_wait (VsHarvestSource *source,
    GCancellable *cancellable, GError **error);

/* What a rendition has of a number; NULL for nothing. (transfer full) */
VsSegment *vs_harvest_source_get (VsHarvestSource *source,
    VsHarvestRendition *rendition, guint64 sequence);
/* The first that any has of it: boundaries are the same in all. */
VsSegment *vs_harvest_source_get_any (VsHarvestSource *source,
    guint64 sequence);

/**
 * vs_harvest_source_find_keys:
 *
 * Where all renditions with video have a keyframe in a segment; without
 * video, where the first one has a frame of sound. What can't be read has no
 * say.
 *
 * Returns: (element-type gint64) (transfer full) (nullable): PTS, 90 kHz,
 *   ascending; NULL when none can be read
 */
GArray    *vs_harvest_source_find_keys (VsHarvestSource *source,
    guint64 sequence, GCancellable *cancellable);

G_END_DECLS
