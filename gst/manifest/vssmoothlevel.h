/* VisionStream: the quality levels of a Smooth Streaming presentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vssmoothname.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsSmoothLevel:
 *
 * One QualityLevel: one track of one rendition's view. Those of equal @stream
 * are alternatives: they have one type and codec, and share a list of
 * fragments.
 */
typedef struct
{
  const VsTimelineView *view;
  VsMediaType type;
  const VsCodecConfig *config;  /* with its record: of the newest segment */
  const gchar *stream;          /* vs_smooth_stream_name () */
  guint bitrate;                /* bit/s: the key in URLs */
  gboolean hidden;              /* not shown: known for the times of others */
} VsSmoothLevel;

/**
 * vs_smooth_levels_choose_bitrates:
 * @levels: all that the event has, whatever of them is shown then
 *
 * Sets @bitrate of all. It tells levels apart in URLs, so it may not change
 * while the event lives, nor from one origin to another, nor with what else is
 * shown. It is therefore never measured: it is the rendition's nominal bit
 * rate, else what is usual for its pictures or channels, in whole kbit/s; the
 * last three digits are a hash of the rendition's name, so that two renditions
 * of the same rate differ.
 */
void vs_smooth_levels_choose_bitrates (VsSmoothLevel *levels, guint n);

/* NULL when there is no such level. */
const VsSmoothLevel *vs_smooth_levels_find (const VsSmoothLevel *levels,
    guint n, const gchar *stream, guint bitrate);

typedef struct
{
  guint64 sequence;
  guint64 time, duration;       /* VS_SMOOTH_TIMESCALE */
  guint64 shift;                /* for vs_smooth_fragment () */
} VsSmoothFragmentEntry;

/**
 * vs_smooth_levels_find_fragment:
 * @level: one of @levels
 * @time: where it starts, counted from @shift: see
 *   vs_smooth_level_find_shift (); 0 for times since 1970
 * @entry: (out): the fragment that starts exactly there
 *
 * Looks in @level, then in the others of its stream, for a list that was
 * written from one of those. Views that hold the segments around that time are
 * enough. What is found has still to be looked up in the level's own view, by
 * its sequence number.
 */
gboolean vs_smooth_levels_find_fragment (const VsSmoothLevel *levels, guint n,
    const VsSmoothLevel *level, guint64 time, guint64 shift,
    VsSmoothFragmentEntry *entry);

/**
 * vs_smooth_levels_place_runs:
 * @levels: all of the event
 * @base: where a VOD presentation begins, which is the start of a segment; 0
 *   for times since 1970
 *
 * Where to count the times of each run from. Live times jump over what was
 * between two runs, as long as that lasted; in a VOD presentation runs follow
 * each other, and those before @base are not there.
 *
 * Returns: (transfer full): for vs_smooth_level_list ()
 */
GArray *vs_smooth_levels_place_runs (const VsSmoothLevel *levels, guint n,
    guint64 base);

/**
 * vs_smooth_level_list:
 *
 * The fragments of a level, times growing: gaps have none.
 *
 * Returns: (transfer full) (element-type VsSmoothFragmentEntry)
 */
GArray *vs_smooth_level_list (const VsSmoothLevel *level, const GArray *runs);

/**
 * vs_smooth_level_find_shift:
 * @level: its view holds at least the first and the last segment of each run
 * @runs: vs_smooth_levels_place_runs () of views that do so too
 * @time: of a fragment, as the manifest counts
 * @shift: (out): what its run is counted from
 *
 * Returns: FALSE when nothing is as early
 */
gboolean vs_smooth_level_find_shift (const VsSmoothLevel *level,
    const GArray *runs, guint64 time, guint64 *shift);

/* Whether two levels stand in one StreamIndex. */
gboolean vs_smooth_level_is_alternative (const VsSmoothLevel *a,
    const VsSmoothLevel *b);

G_END_DECLS
