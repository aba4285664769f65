/* VisionStream: a range of time, cut out of a timeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsselection.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * vs_range_init_window:
 *
 * The newest segments that together last @window, 0 for all that a manifest
 * may span.
 */
void vs_range_init_window (VsRange *range, GstClockTime window);

/**
 * vs_range_view:
 * @older: (nullable): the same rendition from an archive, for what @timeline
 *   does not reach back to
 * @join: how many stored segments make one (vsjoin.h)
 *
 * Returns: (transfer full): the segments of @range, joined; NULL when there
 *   are none
 */
VsTimelineView *vs_range_view (VsTimeline *timeline, VsTimeline *older,
    const VsRange *range, guint join);

/**
 * vs_range_get_extent:
 * @older: (nullable)
 *
 * Widens @extent, which begins as {0, 0}, by what the timeline has.
 */
void vs_range_get_extent (VsTimeline *timeline, VsTimeline *older,
    VsExtent *extent);

G_END_DECLS
