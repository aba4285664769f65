/* VisionStream: renditions and segments, and the events that carry them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "codec/vscodec.h"
#include "timeline/vssegmentstorage.h"

G_BEGIN_DECLS

/* account, event, breakout, rendition and endpoint names */
#define VS_NAME_MAX 64
#define VS_DEFAULT_ACCOUNT "default"
#define VS_DEFAULT_EVENT "live"

/**
 * vs_name_is_valid:
 *
 * Whether @name is [A-Za-z0-9_-]{1,64}. `recordings` and `media` are refused
 * for events and breakouts by vs_event_name_is_valid ().
 */
gboolean vs_name_is_valid (const gchar *name);
gboolean vs_event_name_is_valid (const gchar *name);

/**
 * VsRendition:
 *
 * One pad's stream, as the sticky `visionstream-rendition` event tells it.
 * Boxed and immutable once shared (vs_rendition_ref).
 */
typedef struct
{
  gchar *account, *event, *breakout;    /* breakout NULL for none */
  guint ingest_index;
  gchar *name;                  /* "1080p" */
  guint track_count;            /* 0 when not known yet */
  gchar *audio_id;              /* equal ids carry the same audio; or NULL */
  gchar *language;              /* BCP 47, or NULL */
  gchar *role;                  /* DASH role ("main"), or NULL */
  GstClockTime target_duration; /* ns, 0 when not cut yet */
  gboolean segmented;           /* boundaries come as events: do not cut */
  /* nominal bit rate and frame rate where the maker knows them, else 0 */
  guint bitrate;                /* bit/s, video + audio */
  guint fps_n, fps_d;
  gchar *archive;               /* `location` of the store that has what is
                                 * older, or NULL */

  /*< private >*/
  gint ref_count;
} VsRendition;

#define VS_TYPE_RENDITION (vs_rendition_get_type ())
GType        vs_rendition_get_type (void);
VsRendition *vs_rendition_new (const gchar *account, const gchar *event,
    const gchar *breakout, const gchar *name);
VsRendition *vs_rendition_copy (const VsRendition *rendition);
VsRendition *vs_rendition_ref (VsRendition *rendition);
void         vs_rendition_unref (VsRendition *rendition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsRendition, vs_rendition_unref)

/* most tracks of a rendition that packaging tells apart */
#define VS_SEGMENT_MAX_TRACKS 2

/* Most bytes of a segment: it is held in memory as a whole. A minute of the
 * fastest rung stays below; what gets there is a clock that stands still. */
#define VS_SEGMENT_MAX_BYTES (256 * 1024 * 1024)

/**
 * VsSegmentTrack:
 *
 * Where a track stands in a segment, in the track's own timescale: 90000 for
 * video, the sample rate for audio. Audio times are counted in whole frames
 * from the run's start, so that neighbours touch exactly.
 */
typedef struct
{
  VsMediaType type;
  guint32 timescale;
  gint64 start;                 /* earliest presentation time, unwrapped */
  gint64 duration;              /* up to the next segment's start */
  gchar config_id[9];           /* VsCodecConfig.id of its first unit */
  guint64 size;                 /* bytes of its units; 0 when not known */
} VsSegmentTrack;

/**
 * VsSegment:
 *
 * One segment of one rendition. Identity is (account, event, breakout,
 * rendition, sequence); the boundary fields are equal in all renditions.
 * Boxed; immutable once shared.
 */
typedef struct
{
  /* the boundary: decided once an event */
  guint64 sequence;             /* from 1; media sequence number */
  guint64 discontinuity_sequence;
  gboolean discontinuity;       /* first of its run (not of the stream) */
  guint64 run;                  /* discontinuity run, from 0 */
  gint64 run_start_pts_90k;     /* where the run's first segment starts */
  gint64 start_pts_90k;         /* unwrapped */
  gint64 utc_us;                /* of start_pts_90k, µs since 1970: the UTC of
                                 * the run's start plus the media time since,
                                 * rounded down */
  gint64 event_utc_us;          /* of the event's first segment: the same for
                                 * all that follow, also over restarts; 0 when
                                 * that is not known */
  GstClockTime duration;        /* ns; GST_CLOCK_TIME_NONE while open */
  gchar cause[16];              /* "idr", "eos", "max", "discont", ... */

  /* this rendition's part of it */
  gboolean independent;         /* begins with an IDR (or has no video) */
  gboolean gap;                 /* EXT-X-GAP: nothing is stored */
  guint n_tracks;
  VsSegmentTrack tracks[VS_SEGMENT_MAX_TRACKS];
  guint64 size;                 /* bytes */
  guint8 sha256[32];
  gchar *uri;                   /* relative to the event's folder, or NULL */
  VsSegmentStorage *storage;    /* of another maker's, or NULL; stands in no
                                 * event */

  /*< private >*/
  gint ref_count;
} VsSegment;

#define VS_TYPE_SEGMENT (vs_segment_get_type ())
GType      vs_segment_get_type (void);
VsSegment *vs_segment_new (void);
VsSegment *vs_segment_copy (const VsSegment *segment);
VsSegment *vs_segment_ref (VsSegment *segment);
void       vs_segment_unref (VsSegment *segment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSegment, vs_segment_unref)

const VsSegmentTrack *vs_segment_get_track (const VsSegment *segment,
    VsMediaType type);
/* UTC of the run's start, µs since 1970: the same in all its segments. */
gint64 vs_segment_get_run_utc (const VsSegment *segment);

/* The two events. Both hold the whole state, never a delta. */

/**
 * vs_event_new_rendition:
 *
 * Sticky, before the first buffer; sent again when something changed.
 */
GstEvent    *vs_event_new_rendition (const VsRendition *rendition);
VsRendition *vs_event_parse_rendition (GstEvent *event);

/**
 * vs_event_new_segment:
 * @opened: (nullable): the segment that starts here; NULL at the end
 * @closed: (nullable): the one before it, with duration, size, hash and URI
 *
 * Serialized, at each start. The last one, ahead of EOS, has no @opened and
 * is marked `final`.
 */
GstEvent *vs_event_new_segment (const VsSegment *opened,
    const VsSegment *closed);
gboolean  vs_event_parse_segment (GstEvent *event, VsSegment **opened,
    VsSegment **closed);

gboolean vs_event_is_rendition (GstEvent *event);
gboolean vs_event_is_segment (GstEvent *event);

G_END_DECLS
