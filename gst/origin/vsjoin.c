/* VisionStream: segments that are several stored ones
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsjoin.h"

#include <gio/gio.h>
#include <string.h>

#include "memory/vsmemory.h"

/* A GOP is seldom a round number of ms: 2.002 s are enough of 2 s, and three
 * of them of 6 s. */
#define DURATION_TOLERANCE (50 * GST_MSECOND)

guint
vs_join_count (GstClockTime segment_duration, GstClockTime target_duration)
{
  guint64 count;

  if (segment_duration <= target_duration + DURATION_TOLERANCE
      || target_duration == 0)
    return 1;
  count = (segment_duration - DURATION_TOLERANCE + target_duration - 1)
      / target_duration;
  return (guint) MIN (count, VS_JOIN_MAX);
}

/* Where a segment stands among all places of joined segments: @count a number,
 * one place skipped at least wherever a run begins. */
static guint64
place_of (const VsSegment * segment, guint count)
{
  return segment->sequence - 1 + segment->discontinuity_sequence * (count - 1);
}

guint64
vs_join_number (const VsSegment * segment, guint count)
{
  return place_of (segment, count) / count + 1;
}

/* Stored durations round to at most the target: each may be half a second
 * over it. */
guint
vs_join_target_duration (guint target_duration, guint count)
{
  return target_duration * count + count / 2;
}

static gboolean
is_first_part (const VsSegment * segment, guint count)
{
  return segment->discontinuity || segment->sequence == 1
      || place_of (segment, count) % count == 0;
}

gboolean
vs_join_is_last_part (const VsSegment * segment, guint count)
{
  return (place_of (segment, count) + 1) % count == 0;
}

static void
join_track (VsSegment * joined, const VsSegmentTrack * track)
{
  VsSegmentTrack *whole = NULL;

  for (guint i = 0; i < joined->n_tracks; i++)
    if (joined->tracks[i].type == track->type)
      whole = &joined->tracks[i];
  if (whole && whole->duration > 0) {
    whole->duration = track->start + track->duration - whole->start;
    whole->size += track->size;
  } else if (whole) {
    *whole = *track;
  } else if (joined->n_tracks < VS_SEGMENT_MAX_TRACKS) {
    joined->tracks[joined->n_tracks++] = *track;
  }
}

VsSegment *
vs_join_segments (const GPtrArray * parts, guint count)
{
  VsSegment *joined = vs_segment_copy (g_ptr_array_index (parts, 0));
  g_autoptr (GChecksum) hash = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = sizeof joined->sha256;

  joined->sequence = vs_join_number (joined, count);
  g_clear_pointer (&joined->uri, g_free);
  g_checksum_update (hash, joined->sha256, sizeof joined->sha256);
  for (guint i = 1; i < parts->len; i++) {
    const VsSegment *part = g_ptr_array_index (parts, i);

    if (GST_CLOCK_TIME_IS_VALID (part->duration))
      joined->duration += part->duration;
    joined->size += part->size;
    joined->gap |= part->gap;
    for (guint j = 0; j < part->n_tracks; j++)
      join_track (joined, &part->tracks[j]);
    g_checksum_update (hash, part->sha256, sizeof part->sha256);
  }
  if (parts->len > 1)
    g_checksum_get_digest (hash, joined->sha256, &size);
  return joined;
}

GBytes *
vs_join_bytes (GBytes * const *parts, guint n)
{
  gsize size = 0, offset = 0;
  guint8 *all;

  if (n == 1)
    return g_bytes_ref (parts[0]);
  for (guint i = 0; i < n; i++)
    size += g_bytes_get_size (parts[i]);
  all = vs_memory_alloc (size);
  for (guint i = 0; i < n; i++) {
    gsize part_size;
    gconstpointer data = g_bytes_get_data (parts[i], &part_size);

    if (part_size > 0)
      memcpy (all + offset, data, part_size);
    offset += part_size;
  }
  return vs_memory_to_bytes (all, size);
}

/* The parts from @first on that have its number. */
static guint
count_parts (const GPtrArray * segments, guint first, guint count)
{
  guint64 number = vs_join_number (g_ptr_array_index (segments, first), count);
  guint n = 1;

  while (first + n < segments->len
      && vs_join_number (g_ptr_array_index (segments, first + n), count)
      == number)
    n++;
  return n;
}

void
vs_join_view (VsTimelineView * view, guint count, gboolean grows)
{
  g_autoptr (GPtrArray) stored = NULL;
  guint n;

  if (count == 1)
    return;
  stored = g_steal_pointer (&view->segments);
  view->segments = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_segment_unref);
  view->target_duration = vs_join_target_duration (view->target_duration,
      count);
  for (guint i = 0; i < stored->len; i += n) {
    g_autoptr (GPtrArray) parts =
        g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);

    n = count_parts (stored, i, count);
    for (guint j = 0; j < n; j++)
      g_ptr_array_add (parts, vs_segment_ref (g_ptr_array_index (stored,
                  i + j)));
    if (i == 0 && !is_first_part (g_ptr_array_index (parts, 0), count))
      continue;
    if (i + n == stored->len && grows
        && !vs_join_is_last_part (g_ptr_array_index (parts, n - 1), count))
      continue;
    g_ptr_array_add (view->segments, vs_join_segments (parts, count));
  }
}

void
vs_join_measure_peaks (VsTimelineView * view)
{
  VsPeaks peaks = { 0 };

  for (guint last = view->segments->len; last > 0; last--) {
    VsPeakRun run;

    vs_peak_run_begin (&run, view->target_duration);
    for (guint i = last; i > 0 && vs_peak_run_add (&run,
            g_ptr_array_index (view->segments, i - 1), &peaks); i--);
  }
  if (peaks.whole > 0)
    view->peaks = peaks;
}

typedef struct
{
  guint64 number;
  guint count;
} Wanted;

static gboolean
has_come (const VsSegment * segment, gpointer user_data)
{
  const Wanted *wanted = user_data;

  return vs_join_number (segment, wanted->count) >= wanted->number;
}

/* The parts of @number, if @view begins with the first of them. */
static GPtrArray *
take_parts (VsTimelineView * view, guint64 number, guint count)
{
  const VsSegment *segment;

  if (view->segments->len == 0)
    return NULL;
  segment = g_ptr_array_index (view->segments, 0);
  if (vs_join_number (segment, count) != number
      || !is_first_part (segment, count))
    return NULL;
  g_ptr_array_set_size (view->segments, count_parts (view->segments, 0, count));
  return g_ptr_array_ref (view->segments);
}

GPtrArray *
vs_join_find (const VsHistory * history, guint64 number, guint count,
    GError ** error)
{
  Wanted wanted = { number, count };
  g_autoptr (VsTimelineView) view = NULL;
  GPtrArray *parts = NULL;
  guint64 first;

  if (!vs_history_search (history, has_come, &wanted, &first, error))
    return NULL;
  if (first != G_MAXUINT64) {
    view = vs_history_read (history, first, first + count - 1, error);
    if (view == NULL)
      return NULL;
    parts = take_parts (view, number, count);
  }
  if (parts == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "There is no segment %" G_GUINT64_FORMAT, number);
  return parts;
}
