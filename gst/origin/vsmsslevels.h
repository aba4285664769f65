/* VisionStream: an event's quality levels of Smooth Streaming
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vssmooth.h"
#include "manifest/vssmoothlevel.h"
#include "origin/vseventview.h"
#include "origin/vsobjectname.h"

G_BEGIN_DECLS

/**
 * VsMssLevels:
 *
 * All quality levels of an event, whatever a request shows of them: what they
 * are called in URLs follows from the newest segments of all renditions.
 */
typedef struct
{
  GArray *levels;               /* VsSmoothLevel; views of newest segments */

  /*< private >*/
  VsEventView *newest;
  GStringChunk *strings;
} VsMssLevels;

/* @timelines: (element-type VsTimeline): of the event */
VsMssLevels *vs_mss_levels_new (GPtrArray *timelines);
void         vs_mss_levels_free (VsMssLevels *levels);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsMssLevels, vs_mss_levels_free)

/**
 * VsMssPlace:
 * @timeline: of the level that was asked for
 * @sequence: of the segment, or its number where it is joined
 * @shift: for vs_smooth_fragment ()
 */
typedef struct
{
  VsTimeline *timeline;
  guint64 sequence;
  guint64 shift;
} VsMssPlace;

/**
 * vs_mss_find_fragment:
 * @name: of a fragment
 * @place: (out): @timeline is owned by @timelines
 *
 * Where the fragment is, in O(log n) looks at each timeline for each run. May
 * block, see VsHistory.
 *
 * Returns: FALSE with %G_IO_ERROR_NOT_FOUND when there is none of that time,
 *   or too much has been forgotten to count from the name's base
 */
gboolean vs_mss_find_fragment (GPtrArray *timelines,
    const VsObjectName *name, VsMssPlace *place, GError **error);

G_END_DECLS
