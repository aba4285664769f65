/* VisionStream: which tracks of an event a manifest shows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vseventview.h"
#include "origin/vsmanifestfilter.h"

G_BEGIN_DECLS

/**
 * VsChoice:
 *
 * What is left of an event's tracks by the endpoint's bit rate limits and a
 * filter, in the endpoint's order.
 */
typedef struct
{
  const VsEventView *view;
  GArray *order;                /* guint: all renditions, by index in views */
  gboolean *videos;             /* of each view: whether its video is shown */
  gboolean *audios;             /* of each of the view's audio tracks */
} VsChoice;

/**
 * vs_choice_new:
 * @filter: (nullable)
 */
VsChoice *vs_choice_new (const VsEventView *view, const VsEndpoint *endpoint,
    const VsManifestFilter *filter);
void      vs_choice_free (VsChoice *choice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsChoice, vs_choice_free)

/* Nominal where its maker told it, else measured: of a track, bit/s. */
guint vs_choice_get_bitrate (const VsTimelineView *view, VsMediaType track);

/**
 * vs_choice_get_bandwidth:
 *
 * The peak of a track in CMAF, bit/s: the measured one of its access units
 * and what boxes add to them; of whole stored segments where an archive's
 * maker did not count. It keeps its first two digits, so that it seldom
 * changes while an event goes on.
 */
guint vs_choice_get_bandwidth (const VsTimelineView *view,
    VsMediaType track);
/* The same on average over the view, in all digits. */
guint vs_choice_get_average (const VsTimelineView *view, VsMediaType track);

/* ISO/IEC 23091-2 as manifests call it: "SDR", "PQ" or "HLG" */
const gchar *vs_video_range (const VsCodecConfig *video);
/* The frame rate as a rendition's maker told it, else as the stream does. */
void vs_video_frame_rate (const VsTimelineView *view,
    const VsCodecConfig *video, guint *n, guint *d);

G_END_DECLS
