/* VisionStream: what long runs of segments have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vssummary.h"

#include <string.h>

/* configurations that are told of: more are not told of */
#define MAX_CONFIGS 8

/* What there is to say of a run of segments without looking at each. */
typedef struct
{
  GstClockTime duration;
  gboolean has_more_configs;
  guint n_configs;
  gchar configs[MAX_CONFIGS][9];
} VsSummary;

static gboolean
has_config (const VsSummary * summary, const gchar * id)
{
  for (guint i = 0; i < summary->n_configs; i++)
    if (strcmp (summary->configs[i], id) == 0)
      return TRUE;
  return FALSE;
}

static void
add_config (VsSummary * summary, const gchar * id)
{
  if (*id == '\0' || has_config (summary, id))
    return;
  if (summary->n_configs == MAX_CONFIGS)
    summary->has_more_configs = TRUE;
  else
    g_strlcpy (summary->configs[summary->n_configs++], id,
        sizeof summary->configs[0]);
}

static void
add_segment (VsSummary * summary, const VsSegment * segment)
{
  if (GST_CLOCK_TIME_IS_VALID (segment->duration))
    summary->duration += segment->duration;
  for (guint i = 0; i < segment->n_tracks; i++)
    add_config (summary, segment->tracks[i].config_id);
}

static gchar *
cache_key (const VsHistory * history, guint64 start)
{
  return g_strdup_printf ("s%s.%" G_GINT64_MODIFIER "x", history->id, start);
}

/* Of at most a block. */
static VsSummary *
sum_up (const VsHistory * history, VsLru * cache, guint64 first, guint64 last,
    GError ** error)
{
  gboolean whole = first == vs_block_start (first)
      && last == first + VS_BLOCK - 1;
  g_autofree gchar *key = cache_key (history, first);
  g_autoptr (VsTimelineView) view = NULL;
  VsSummary *summary;

  if (whole && cache && (summary = vs_lru_get (cache, key)))
    return summary;
  view = vs_history_read (history, first, last, error);
  if (view == NULL)
    return NULL;
  summary = g_atomic_rc_box_new0 (VsSummary);
  for (guint i = 0; i < view->segments->len; i++)
    add_segment (summary, g_ptr_array_index (view->segments, i));
  if (whole && cache && view->segments->len == VS_BLOCK)
    vs_lru_put (cache, key, summary, sizeof *summary, NULL);
  return summary;
}

/* Back through a part of a block: moves @start, takes off @duration. */
static gboolean
walk_back (const VsHistory * history, guint64 first, GstClockTime * duration,
    guint64 * start, GError ** error)
{
  g_autoptr (VsTimelineView) view =
      vs_history_read (history, first, *start - 1, error);

  if (view == NULL)
    return FALSE;
  *start = first;
  for (guint i = view->segments->len; i > 0; i--) {
    const VsSegment *segment = g_ptr_array_index (view->segments, i - 1);

    if (GST_CLOCK_TIME_IS_VALID (segment->duration))
      *duration -= MIN (*duration, segment->duration);
    if (*duration == 0) {
      *start = segment->sequence;
      break;
    }
  }
  return TRUE;
}

/* The same by a block as a whole, if it is not long enough. */
static gboolean
skip_back (const VsHistory * history, VsLru * cache, guint64 first,
    GstClockTime * duration, guint64 * start, GError ** error)
{
  VsSummary *summary = sum_up (history, cache, first, *start - 1, error);
  GstClockTime have;

  if (summary == NULL)
    return FALSE;
  have = summary->duration;
  g_atomic_rc_box_release (summary);
  if (have >= *duration)
    return walk_back (history, first, duration, start, error);
  *duration -= have;
  *start = first;
  return TRUE;
}

gboolean
vs_summary_find_start (const VsHistory * history, VsLru * cache, guint64 last,
    GstClockTime duration, guint64 * start, GError ** error)
{
  *start = MIN (last, history->next - 1) + 1;
  while (*start > history->oldest && duration > 0) {
    guint64 first = MAX (vs_block_start (*start - 1), history->oldest);
    gboolean whole = *start - first == VS_BLOCK;

    if (whole && !skip_back (history, cache, first, &duration, start, error))
      return FALSE;
    if (!whole && !walk_back (history, first, &duration, start, error))
      return FALSE;
  }
  return TRUE;
}

static guint64
find_segment (const VsTimelineView * view, VsMediaType track,
    const gchar * config_id)
{
  for (guint i = view->segments->len; i > 0; i--) {
    const VsSegment *segment = g_ptr_array_index (view->segments, i - 1);
    const VsSegmentTrack *t = vs_segment_get_track (segment, track);

    if (t && !segment->gap && strcmp (t->config_id, config_id) == 0)
      return segment->sequence;
  }
  return 0;
}

/* Looks into a block whose summary says that it is worth it. */
static gboolean
find_in_block (const VsHistory * history, VsLru * cache, guint64 first,
    guint64 last, VsMediaType track, const gchar * config_id,
    guint64 * sequence, GError ** error)
{
  VsSummary *summary = sum_up (history, cache, first, last, error);
  g_autoptr (VsTimelineView) view = NULL;
  gboolean worth;

  if (summary == NULL)
    return FALSE;
  worth = has_config (summary, config_id) || summary->has_more_configs;
  g_atomic_rc_box_release (summary);
  if (!worth)
    return TRUE;
  view = vs_history_read (history, first, last, error);
  if (view == NULL)
    return FALSE;
  *sequence = find_segment (view, track, config_id);
  return TRUE;
}

gboolean
vs_summary_find_config (const VsHistory * history, VsLru * cache,
    VsMediaType track, const gchar * config_id, guint64 * sequence,
    GError ** error)
{
  guint64 end = history->next;

  *sequence = 0;
  while (end > history->oldest && *sequence == 0) {
    guint64 first = MAX (vs_block_start (end - 1), history->oldest);

    if (!find_in_block (history, cache, first, end - 1, track, config_id,
            sequence, error))
      return FALSE;
    end = first;
  }
  return TRUE;
}
