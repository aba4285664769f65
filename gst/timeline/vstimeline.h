/* VisionStream: an event's timeline: what segments there are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vspeaks.h"

G_BEGIN_DECLS

/* entries of a sealed block */
#define VS_TIMELINE_BLOCK 1000

/**
 * VsTimeline:
 *
 * One rendition's segments: sealed immutable blocks of VS_TIMELINE_BLOCK
 * entries and a tail. Append is O(1). Readers take a VsTimelineView, which
 * never changes and holds no lock.
 */
typedef struct _VsTimeline VsTimeline;

VsTimeline *vs_timeline_new (VsRendition *rendition);
VsTimeline *vs_timeline_ref (VsTimeline *timeline);
void        vs_timeline_unref (VsTimeline *timeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsTimeline, vs_timeline_unref)

VsRendition *vs_timeline_get_rendition (VsTimeline *timeline);
void         vs_timeline_set_rendition (VsTimeline *timeline,
    VsRendition *rendition);

/**
 * vs_timeline_append:
 * @segment: closed; its sequence is one above the last one's
 *
 * Returns: FALSE (and nothing appended) when the sequence does not follow
 */
gboolean vs_timeline_append (VsTimeline *timeline, VsSegment *segment);
/* Forgets segments below @sequence, of those in memory. */
void     vs_timeline_prune (VsTimeline *timeline, guint64 sequence);
/* No more segments will come: playlists become VOD. FALSE reopens. */
void     vs_timeline_set_ended (VsTimeline *timeline, gboolean ended);
/* A configuration that segments name by id. */
void     vs_timeline_add_config (VsTimeline *timeline,
    VsCodecConfig *config);
VsCodecConfig *vs_timeline_get_config (VsTimeline *timeline,
    const gchar *config_id);

/**
 * VsTimelinePart:
 *
 * Neighbouring segments that a timeline has, but not in memory. Parts are
 * aligned: each holds what there is of VS_TIMELINE_PART numbers, from 1 on. A
 * g_atomic_rc_box; immutable.
 */
#define VS_TIMELINE_PART 32

typedef struct
{
  GPtrArray *segments;          /* VsSegment, owned, ascending */
  GPtrArray *configs;           /* VsCodecConfig that they name, owned */
} VsTimelinePart;

/* @segments, @configs: (transfer full) */
VsTimelinePart *vs_timeline_part_new (GPtrArray *segments,
    GPtrArray *configs);
void            vs_timeline_part_unref (VsTimelinePart *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsTimelinePart, vs_timeline_part_unref)
/* Frees what it holds: for vs_lru_put (). */
void            vs_timeline_part_clear (gpointer part);
gsize           vs_timeline_part_get_size (const VsTimelinePart *part);
guint64         vs_timeline_part_start (guint64 sequence);
/* (transfer none) (nullable) */
VsSegment      *vs_timeline_part_find (const VsTimelinePart *part,
    guint64 sequence);

/**
 * VsTimelineSource:
 *
 * Where the segments are that came before those in memory. Reference counted
 * by @ref and @unref.
 *
 * @get: the part that holds @sequence (transfer full); may block.
 *   %G_IO_ERROR_NOT_FOUND when it is gone.
 * @peek: (nullable) (transfer full): the same if it is at hand; never blocks
 */
typedef struct _VsTimelineSource VsTimelineSource;
struct _VsTimelineSource
{
  VsTimelinePart *(*get) (VsTimelineSource *source, guint64 sequence,
      GError **error);
  VsTimelinePart *(*peek) (VsTimelineSource *source, guint64 sequence);
  VsTimelineSource *(*ref) (VsTimelineSource *source);
  void (*unref) (VsTimelineSource *source);
};

/**
 * vs_timeline_set_source:
 * @oldest: (nullable): the oldest segment that is retained, ahead of those in
 *   memory; NULL when there is none
 *
 * Functions of VsTimeline look at what is in memory alone and never block;
 * VsHistory (vshistory.h) reads what the source has.
 */
void vs_timeline_set_source (VsTimeline *timeline, VsTimelineSource *source,
    VsSegment *oldest);
/* (transfer full) (nullable) */
VsTimelineSource *vs_timeline_get_source (VsTimeline *timeline);
/* The oldest segment that is retained, in memory or not: (transfer full)
 * (nullable) */
VsSegment        *vs_timeline_get_oldest (VsTimeline *timeline);
/* What was measured of all segments, where not all of them were appended. */
void vs_timeline_set_average_bandwidth (VsTimeline *timeline, guint average);

/**
 * VsTimelineState:
 * @id: of the timeline: no other one ever has it
 * @revision: changes whenever the timeline does, and is no other timeline's:
 *   what was made from a timeline is current as long as this is the same
 * @oldest: sequence of the oldest segment that is retained
 * @first: of the oldest that is in memory
 * @next: of the segment that comes next, 0 before the first
 * @target_duration: EXT-X-TARGETDURATION, s
 */
typedef struct
{
  guint64 id, revision;
  guint64 oldest, first, next;
  gboolean ended;
  guint target_duration;
} VsTimelineState;

/* A short look: copies no entries. */
void vs_timeline_get_state (VsTimeline *timeline, VsTimelineState *state);

/**
 * VsTimelineView:
 *
 * A run of neighbouring segments, ascending by sequence. One that is long may
 * have only the newest of them in @segments, and all of them in @video and
 * @audio.
 */
typedef struct
{
  VsRendition *rendition;
  GPtrArray *segments;          /* VsSegment, owned */
  GPtrArray *configs;           /* VsCodecConfig that they name, owned */
  GArray *video, *audio;        /* VsSpan (vsspan.h), owned; or NULL */
  gboolean ended;
  guint target_duration;        /* EXT-X-TARGETDURATION, s */
  /* measured over the whole timeline, bit/s */
  VsPeaks peaks;
  guint average_bandwidth;
} VsTimelineView;

/**
 * vs_timeline_view:
 * @first: smallest sequence wanted, 0 for all
 * @last: largest, G_MAXUINT64 for all
 */
VsTimelineView *vs_timeline_view (VsTimeline *timeline, guint64 first,
    guint64 last);
/* The newest segments, up to @last, that together last at least @window; 0
 * for all. */
VsTimelineView *vs_timeline_view_window (VsTimeline *timeline, guint64 last,
    GstClockTime window);
void            vs_timeline_view_free (VsTimelineView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsTimelineView, vs_timeline_view_free)

VsSegment *vs_timeline_get (VsTimeline *timeline, guint64 sequence);

/* Whether @segment is the one that is looked for, or comes after it. */
typedef gboolean (*VsSegmentReached) (const VsSegment *segment,
    gpointer user_data);

/**
 * vs_timeline_search:
 * @reached: (scope call): FALSE up to some segment, TRUE from there on; no
 *   lock is held
 *
 * Returns: the sequence of the first segment that @reached, in O(log n)
 *   calls, or G_MAXUINT64
 */
guint64    vs_timeline_search (VsTimeline *timeline,
    VsSegmentReached reached, gpointer user_data);
void       vs_timeline_set_target_duration (VsTimeline *timeline, guint s);
/* What was measured of the rendition before this timeline began. */
void       vs_timeline_raise_peaks (VsTimeline *timeline,
    const VsPeaks *peaks);

G_END_DECLS
