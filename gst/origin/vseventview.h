/* VisionStream: what a manifest is written from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsrange.h"

G_BEGIN_DECLS

/**
 * VsAudioTrack:
 *
 * An audio track as CMAF publishes it: renditions with equal audio ids share
 * one, taken from the first of them. Its name, which stands in URLs, is the
 * audio id, else the rendition's name, made unique.
 */
typedef struct
{
  gchar *name;
  guint view;                   /* index of the view that carries it */
} VsAudioTrack;

/**
 * VsEventView:
 *
 * An event at one moment: a view of each rendition that has segments, in the
 * main playlist's order. Never changes.
 */
typedef struct
{
  GPtrArray *views;             /* VsTimelineView, owned */
  GPtrArray *audios;            /* VsAudioTrack, owned */
  gboolean ended;               /* there will be no more */
  gboolean slides;              /* its start moves on */
  guint join;                   /* stored segments that make one */
} VsEventView;

/**
 * vs_event_view_new:
 * @timelines: (element-type VsTimeline): of the event
 * @older: (nullable) (element-type VsTimeline): the same renditions from an
 *   archive, for what @timelines do not reach back to
 * @window: how far it reaches back from the newest segment, 0 for all;
 *   nothing longer than %VS_MANIFEST_MAX is shown
 *
 * Of what is in memory; never blocks.
 */
VsEventView *vs_event_view_new (GPtrArray *timelines, GPtrArray *older,
    GstClockTime window);
/**
 * vs_event_view_new_range:
 * @segment_duration: stored segments are joined to ones that last as long
 * @cache: (nullable): for summaries
 *
 * The same for any range. Blocks where an archive has to be read.
 */
VsEventView *vs_event_view_new_range (GPtrArray *timelines,
    GPtrArray *older, const VsRange *range, GstClockTime segment_duration,
    VsLru *cache, GError **error);
void         vs_event_view_free (VsEventView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsEventView, vs_event_view_free)

/* What there is of a rendition; FALSE when it is not one of @timelines. */
gboolean vs_event_find_history (GPtrArray *timelines, GPtrArray *older,
    const gchar *rendition, VsHistory *history);

/* From when to when there is something; @extent->ended is FALSE. */
void vs_event_get_extent (GPtrArray *timelines, GPtrArray *older,
    VsExtent *extent);

/**
 * vs_event_view_align:
 *
 * Cuts all views to the sequence numbers that all of them have: a DASH period
 * shows its representations together. A rendition that stays behind by more
 * than a few segments holds nobody up.
 */
void vs_event_view_align (VsEventView *view);

/* The first segment of the first rendition that has one, see vsspan.h: what
 * all segments of an event tell alike can be read from it. FALSE: none has. */
gboolean vs_event_view_get_first (const VsEventView *view,
    VsSegment *segment);

/* NULL when there is no such rendition, or it has no such track. */
VsTimelineView *vs_event_view_find (const VsEventView *view,
    VsMediaType track, const gchar *name);
/* Index into audios of the track that the rendition @view uses, or -1. */
gint vs_event_view_get_audio (const VsEventView *view, guint index);

/* The configuration of the newest segment that has such a track, or NULL. */
VsCodecConfig *vs_timeline_view_find_config (const VsTimelineView *view,
    VsMediaType track);
GstClockTime   vs_timeline_view_get_duration (const VsTimelineView *view);

G_END_DECLS
