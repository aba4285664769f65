/* VisionStream: Smooth Streaming manifests ([MS-SSTR] 2.2.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vssmoothlevel.h"
#include "manifest/vssmoothname.h"
#include "manifest/vsxmlcuts.h"

G_BEGIN_DECLS

/**
 * VsSmoothSettings:
 * @look_ahead: LookAheadFragmentCount: fragments that tfrf tells of
 * @window: DVRWindowLength; 0 for all that was
 * @compact: neighbours that last equally long share a `c` element (version
 *   2.2); else each has its own, with time and duration (version 2.0)
 * @prefix: (nullable): put ahead of the URLs of fragments: "a2/"
 * @query: (nullable): put behind the URLs of fragments: "?m=1-2"
 * @cuts: (nullable): where to note where the text may be cut
 */
typedef struct
{
  guint look_ahead;
  GstClockTime window;
  gboolean compact;
  const gchar *prefix;
  const gchar *query;
  VsXmlCuts *cuts;
} VsSmoothSettings;

/**
 * vs_smooth_manifest_write:
 * @levels: all of the event, with their bit rates; those of which codec or
 *   configuration can not be described are passed over
 *
 * Live while one of the views grows: times are counted from 1970; the newest
 * @look_ahead fragments are not listed, as those before them tell of them. The
 * origin answers 412 to a request for a fragment whose successors it does not
 * know yet. VOD when all have ended: times count from 0, where GStreamer
 * begins to play, and Duration is exact.
 *
 * A StreamIndex has one list for all its levels, so it is that of the level
 * that has most, and levels that do not have all of it are left out.
 *
 * Smooth Streaming has no discontinuity: live, a new run is a jump in time, as
 * long as the interruption was; in VOD runs touch.
 *
 * Returns: (transfer full) (nullable): the text; NULL when there is nothing to
 *   list yet
 */
gchar *vs_smooth_manifest_write (const VsSmoothLevel *levels, guint n_levels,
    const VsSmoothSettings *settings);

G_END_DECLS
