/* VisionStream: cuts an event's renditions at common boundaries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mpegts/vstsreader.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsSegmenter:
 *
 * One an event. The reference rendition (the first with video; without any,
 * the first with audio) decides where a segment ends: at the first keyframe at
 * or after the target duration. The others follow by PTS. One VsCutter a
 * rendition holds the half of the work that belongs to a pad.
 *
 * Thread-safe: each cutter is used by one streaming thread; the boundaries
 * they share are behind one lock, never held over a callback. A rendition
 * ahead of the reference holds its units until it is known where they belong.
 * When that is 10 s or 32 MiB (12 s without video), its thread waits for the
 * reference if it may (see VsCutterCallbacks): as long as the reference comes
 * on at all, nothing is lost. Where it may not, or the reference stands still
 * for longer than `patience`, the rendition takes the reference's place, with
 * a warning. What comes out depends on the bytes that went in alone, not on
 * how the threads ran, unless that happened.
 */
typedef struct _VsSegmenter VsSegmenter;
typedef struct _VsCutter VsCutter;

/**
 * VsSegmenterSettings:
 * @target_duration: ns; a segment ends at the first keyframe at or after it
 * @first_sequence: number of the first segment, 1 unless continuing
 * @first_discontinuity_sequence: of the first segment
 * @first_run: discontinuity run of the first segment
 * @continues: the first segment follows stored ones: mark a discontinuity
 * @fixed_target: EXT-X-TARGETDURATION in s that stored playlists promise, 0
 *   when it is still to be fixed by the first segment
 * @min_utc_us: the first segment's UTC is at least this (timelines only grow)
 * @start_utc_us: pins the UTC of the first segment, -1 for the clock
 * @event_utc_us: UTC of the event's first segment, -1 when that is the first
 *   one cut here; see VsSegment
 * @patience: how long a thread waits for a reference that stands still, 0 for
 *   not at all
 */
typedef struct
{
  GstClockTime target_duration;
  guint64 first_sequence;
  guint64 first_discontinuity_sequence;
  guint64 first_run;
  gboolean continues;
  guint fixed_target;
  gint64 min_utc_us;
  gint64 start_utc_us;
  gint64 event_utc_us;
  GstClockTime patience;
} VsSegmenterSettings;

/* For elements: longer than an encoder takes to come up with its first
 * pictures, or between two. An input that never comes holds the others up for
 * this long, once. */
#define VS_SEGMENTER_PATIENCE (30 * GST_SECOND)

/**
 * VsCutterCallbacks:
 * @open: a segment starts: its boundary fields are set
 * @chunk: the next bytes of the open segment: whole TS packets, one access
 *   unit (with PSI ahead of it where due); times are of that unit.
 *   (transfer full) @bytes
 * @close: the open segment is whole: duration, tracks, independent are set;
 *   size, hash and URI are the store's to fill in. The segment may be changed
 *   until the callback returns. Exactly one @open precedes it. With `gap` set
 *   there are no bytes, or those that came are to be dropped (a flush).
 * @config: the configuration of a track came or changed
 * @warning: something the stream survives, for a WARNING message
 * @end: (nullable): after vs_cutter_drain (): there is no more to come
 * @may_wait: (nullable): whether the pushing thread may be held up: not that
 *   of a live input, which would lose data meanwhile. NULL: it may not
 *
 * All are called without locks, one at a time a cutter, in the thread that
 * pushes into it. After vs_cutter_drain () they may come in the thread of
 * another cutter: a rendition that ended ahead of the reference is closed when
 * the reference gets there. They must not free their cutter.
 */
typedef struct
{
  void (*open) (VsCutter *cutter, VsSegment *segment, gpointer user_data);
  void (*chunk) (VsCutter *cutter, GBytes *bytes, const VsTsUnit *unit,
      gpointer user_data);
  void (*close) (VsCutter *cutter, VsSegment *segment, gpointer user_data);
  void (*config) (VsCutter *cutter, VsCodecConfig *config,
      gpointer user_data);
  void (*warning) (VsCutter *cutter, const gchar *text, gpointer user_data);
  void (*end) (VsCutter *cutter, gpointer user_data);
  gboolean (*may_wait) (VsCutter *cutter, gpointer user_data);
} VsCutterCallbacks;

VsSegmenter *vs_segmenter_new (const VsSegmenterSettings *settings);
VsSegmenter *vs_segmenter_ref (VsSegmenter *segmenter);
void         vs_segmenter_unref (VsSegmenter *segmenter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSegmenter, vs_segmenter_unref)

/**
 * vs_segmenter_get_fixed_target:
 *
 * EXT-X-TARGETDURATION in seconds, 0 until the first segment closed.
 */
guint vs_segmenter_get_fixed_target (VsSegmenter *segmenter);

/**
 * vs_segmenter_add:
 * @program_number: 0 for the first
 *
 * A rendition joins. One that comes after the first segment opened begins
 * with the next boundary.
 */
VsCutter *vs_segmenter_add (VsSegmenter *segmenter, const gchar *name,
    guint16 program_number, const VsCutterCallbacks *callbacks,
    gpointer user_data);
/**
 * vs_cutter_free:
 *
 * The rendition leaves: what is open is dropped. Were it the reference, the
 * next video rendition takes its place. Waits for a callback that runs in
 * another thread.
 */
void vs_cutter_free (VsCutter *cutter);

/**
 * vs_cutter_push:
 * @running_time: of the bytes' arrival, or GST_CLOCK_TIME_NONE (then UTC runs
 *   with the media)
 * @marker: the bytes end an access unit
 */
void vs_cutter_push (VsCutter *cutter, const guint8 *data, gsize size,
    GstClockTime running_time, gboolean marker);
/**
 * vs_cutter_drain:
 *
 * End of stream. The last segment lasts as long in all renditions: it closes
 * when the reference closes it, or all have ended; then @end is called.
 */
void vs_cutter_drain (VsCutter *cutter);
/* A flush: drops the open segment, the next one marks a discontinuity. */
void vs_cutter_flush (VsCutter *cutter);
/**
 * vs_cutter_set_flushing:
 *
 * From any thread: a vs_cutter_push () that waits returns, and none waits
 * until vs_cutter_flush () or @flushing is FALSE. Before a flush, and before
 * the pushing thread is to end.
 */
void vs_cutter_set_flushing (VsCutter *cutter, gboolean flushing);

const gchar       *vs_cutter_get_name (VsCutter *cutter);
/* The programme as it is written, NULL before the first segment: for the
 * callbacks. */
const VsTsProgram *vs_cutter_get_program (VsCutter *cutter);
void               vs_cutter_get_stats (VsCutter *cutter, VsTsStats *stats);

G_END_DECLS
