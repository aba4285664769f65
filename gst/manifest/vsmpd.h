/* VisionStream: DASH media presentation descriptions (ISO/IEC 23009-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsxmlcuts.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

#define VS_MPD_VERSION 1

typedef enum
{
  VS_DASH_NUMBER_TIMELINE,      /* $Number$ and SegmentTimeline */
  VS_DASH_TIME_TIMELINE,        /* $Time$ and SegmentTimeline */
  VS_DASH_NUMBER_DURATION       /* $Number$ and @duration */
} VsDashTemplate;

typedef enum
{
  VS_DASH_PROFILE_ISOFF_LIVE,
  VS_DASH_PROFILE_HBBTV,        /* HbbTV 1.5, ETSI TS 102 796 */
  VS_DASH_PROFILE_DVB,          /* DVB-DASH 2014, ETSI TS 103 285 */
  VS_DASH_PROFILE_HYBRIDCAST    /* IPTVFJ STD-0010: one Period; it has no name
                                 * of its own */
} VsDashProfile;

/* compact: what representations have in common stands once a set */
typedef enum
{
  VS_LAYOUT_FULL,
  VS_LAYOUT_COMPACT
} VsLayout;

/* ISO/IEC 23009-1 5.8.5.7 */
typedef enum
{
  VS_UTC_TIMING_NONE,
  VS_UTC_TIMING_HTTP_HEAD,
  VS_UTC_TIMING_HTTP_ISO,
  VS_UTC_TIMING_HTTP_XSDATE,
  VS_UTC_TIMING_DIRECT
} VsUtcTiming;

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
 * @media, @initialization: URL templates as in SegmentTemplate, with
 *   $RepresentationID$ and $Number$; "%s" in @initialization stands for the
 *   configuration id
 * @availability_start_us: UTC of the event's start; fixed for the event, so
 *   1970 where it is not known
 * @publish_us: UTC of the newest segment's end: changes when the content does
 * @window: timeShiftBufferDepth; 0 for all that was
 * @suggested_delay: 0 for four target durations
 * @min_buffer, @update_period: 0 for a target duration
 * @utc_timing_uri: (nullable): of a server's clock, which @utc_timing says how
 *   to read; VS_UTC_TIMING_DIRECT tells @publish_us
 * @layout: compact: what the representations of a set have in common stands
 *   once
 * @newest_run_only: no Period but the newest run's
 * @base_urls: (nullable): separated by blanks
 * @title, @source, @copyright, @more_url, @language: (nullable): of
 *   ProgramInformation
 * @cuts: (nullable): where to note where the text may be cut
 *
 * @media has $Number$ or, with VS_DASH_TIME_TIMELINE, "%s" for the run and
 * $Time$: media time may come again in another run. With
 * VS_DASH_NUMBER_DURATION segments are taken to be as long as the newest one,
 * and there is one Period, of the newest run.
 */
typedef struct
{
  const gchar *media;           /* "$RepresentationID$_$Number$.m4s" */
  const gchar *initialization;  /* "$RepresentationID$_init_%s.mp4" */
  gint64 availability_start_us;
  gint64 publish_us;
  GstClockTime window;
  GstClockTime suggested_delay, min_buffer, update_period;
  VsUtcTiming utc_timing;
  const gchar *utc_timing_uri;
  VsDashTemplate addressing;
  VsDashProfile profile;
  VsLayout layout;
  gboolean newest_run_only;
  const gchar *base_urls;
  const gchar *title, *source, *copyright, *more_url, *language;
  VsXmlCuts *cuts;
} VsMpdSettings;

/**
 * vs_mpd_write:
 * @tracks: adaptation sets stand in the order of their first track
 *
 * An isoff-live MPD: dynamic with SegmentTimeline while one of the views
 * grows, static when all have ended. Numbers are the segments' sequence
 * numbers; a gap keeps its number, so that those after it keep theirs. A
 * track is listed from the first segment that has some of it to the last.
 *
 * One Period a discontinuity run, with the stable id "p<run>". In a dynamic
 * MPD it starts at the UTC of the run's start, in whole milliseconds, so that
 * the first run of an event starts at 0, which is where it starts in a static
 * one: there Periods follow each other from 0. presentationTimeOffset is where
 * the Period starts on the media clock. Video is one adaptation set a codec, audio one a language,
 * codec and channel count.
 *
 * Returns: (transfer full): the text
 */
gchar *vs_mpd_write (const VsMpdTrack *tracks, guint n_tracks,
    const VsMpdSettings *settings);

G_END_DECLS
