/* VisionStream: a range of time, cut out of a timeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsselection.h"
#include "origin/vssummary.h"

G_BEGIN_DECLS

/**
 * vs_range_init_window:
 *
 * The newest segments that together last @window, 0 for all that a manifest
 * may span.
 */
void vs_range_init_window (VsRange *range, GstClockTime window);

/**
 * vs_range_find:
 * @join: how many stored segments make one (vsjoin.h): the bounds lie where
 *   joined segments begin and end, unless one still grows
 * @cache: (nullable): for summaries
 *
 * May block, see VsHistory.
 */
gboolean vs_range_find (const VsHistory *history, const VsRange *range,
    guint join, VsLru *cache, VsBounds *bounds, GError **error);

/**
 * vs_range_view:
 *
 * Returns: (transfer full): the segments of @range, joined; with their spans
 *   where the range is summed up
 */
VsTimelineView *vs_range_view (const VsHistory *history,
    const VsRange *range, guint join, VsLru *cache, GError **error);

/**
 * vs_range_get_extent:
 * @older: (nullable)
 *
 * Widens @extent, which begins as {0, 0}, by what the timeline has.
 */
void vs_range_get_extent (VsTimeline *timeline, VsTimeline *older,
    VsExtent *extent);

G_END_DECLS
