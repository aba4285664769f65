/* VisionStream: all that is known of a rendition, in memory and in an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsHistory:
 * @timeline, @older: (nullable): borrowed; @older: the same rendition as an
 *   archive has it, NULL where it does not join up with @timeline
 *
 * A rendition's segments at one moment: [oldest, joint) are those that @older
 * has, [joint, next) those of @timeline. What is not in memory is read from
 * the timelines' sources: functions that may do so take a GError, block, and
 * belong in a thread of the pool. What is in memory is never read.
 */
typedef struct
{
  VsTimeline *timeline, *older;
  guint64 oldest, joint, next;  /* sequences; oldest == next: nothing */
  gboolean memory;              /* nothing is read */
  gchar id[40];                 /* of these timelines: none others have it */
} VsHistory;

void vs_history_init (VsHistory *history, VsTimeline *timeline,
    VsTimeline *older);
/* The same of what is in memory alone: nothing blocks. */
void vs_history_init_memory (VsHistory *history, VsTimeline *timeline,
    VsTimeline *older);

/* (transfer full): NULL with %G_IO_ERROR_NOT_FOUND when there is none */
VsSegment *vs_history_get (const VsHistory *history, guint64 sequence,
    GError **error);

/* Whether vs_history_get () would not block. */
gboolean vs_history_is_at_hand (const VsHistory *history, guint64 sequence);

/**
 * vs_history_search:
 * @sequence: (out): of the first segment that @reached (see
 *   vs_timeline_search ()), G_MAXUINT64 for none
 *
 * Reads O(log n) parts, and none when it is found in memory.
 */
gboolean vs_history_search (const VsHistory *history,
    VsSegmentReached reached, gpointer user_data, guint64 *sequence,
    GError **error);

/**
 * vs_history_read:
 *
 * Returns: (transfer full): the segments [@first, @last], as far as there
 *   are any: what was pruned meanwhile is left out, with all before it
 */
VsTimelineView *vs_history_read (const VsHistory *history, guint64 first,
    guint64 last, GError **error);

G_END_DECLS
