/* VisionStream: DASH media presentation descriptions (ISO/IEC 23009-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vstimeline.h"

G_BEGIN_DECLS

#define VS_MPD_VERSION 1

/**
 * VsMpdTrack:
 *
 * One Representation: one track of one rendition's view.
 */
typedef struct
{
  const VsTimelineView *view;
  VsMediaType type;
  const gchar *id;              /* Representation@id: in the URLs */
  guint bandwidth;              /* bit/s of this track */
} VsMpdTrack;

/**
 * VsMpdSettings:
 *
 * URL templates as in SegmentTemplate, with $RepresentationID$ and $Number$;
 * %s in @initialization stands for the configuration id.
 */
typedef struct
{
  const gchar *media;           /* "$RepresentationID$_$Number$.m4s" */
  const gchar *initialization;  /* "$RepresentationID$_init_%s.mp4" */
  gint64 availability_start_us; /* UTC; fixed for an event */
  gint64 publish_us;            /* UTC of the newest segment's end */
  GstClockTime window;          /* timeShiftBufferDepth */
  GstClockTime suggested_delay;
  const gchar *utc_timing_uri;  /* urn:mpeg:dash:utc:http-iso:2014, or NULL */
} VsMpdSettings;

/**
 * vs_mpd_write:
 *
 * An isoff-live MPD: dynamic with SegmentTimeline while the views grow,
 * static when they have ended. One Period a discontinuity run, ids stable
 * ("p<run>"), presentationTimeOffset a representation. Video renditions in
 * one adaptation set, audio in one a language and codec.
 */
gchar *vs_mpd_write (const VsMpdTrack *tracks, guint n_tracks,
    const VsMpdSettings *settings);

G_END_DECLS
