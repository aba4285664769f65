/* VisionStream: all that is known of a rendition, in memory and in an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Timelines move on while this looks at them: a number may leave memory for
 * the source between two looks, so memory is asked first and the source then.
 * One that a source has lost was pruned.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vshistory.h"

#include <gio/gio.h>
#include <string.h>

static void
join_older (VsHistory * history, VsTimeline * older,
    const VsTimelineState * state, guint64 oldest)
{
  if (history->oldest == history->next)
    history->joint = history->next = state->next;
  else if (oldest >= history->oldest || state->next < history->oldest)
    return;
  history->older = older;
  history->oldest = oldest;
}

static void
init (VsHistory * history, VsTimeline * timeline, VsTimeline * older,
    gboolean memory)
{
  VsTimelineState state, older_state = { 0 };

  memset (history, 0, sizeof *history);
  vs_timeline_get_state (timeline, &state);
  history->timeline = timeline;
  history->memory = memory;
  history->oldest = memory ? state.first : state.oldest;
  history->joint = history->oldest;
  history->next = state.next;
  if (older) {
    vs_timeline_get_state (older, &older_state);
    join_older (history, older, &older_state,
        memory ? older_state.first : older_state.oldest);
  }
  g_snprintf (history->id, sizeof history->id, "%" G_GINT64_MODIFIER
      "x.%" G_GINT64_MODIFIER "x", state.id, older_state.id);
}

void
vs_history_init (VsHistory * history, VsTimeline * timeline, VsTimeline * older)
{
  init (history, timeline, older, FALSE);
}

void
vs_history_init_memory (VsHistory * history, VsTimeline * timeline,
    VsTimeline * older)
{
  init (history, timeline, older, TRUE);
}

static VsTimeline *
timeline_of (const VsHistory * history, guint64 sequence)
{
  return sequence < history->joint ? history->older : history->timeline;
}

static void
set_not_there (guint64 sequence, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "There is no segment %" G_GUINT64_FORMAT, sequence);
}

static VsTimelinePart *
get_part (const VsHistory * history, guint64 sequence, GError ** error)
{
  VsTimelineSource *source = history->memory ? NULL :
      vs_timeline_get_source (timeline_of (history, sequence));
  VsTimelinePart *part;

  if (source == NULL) {
    set_not_there (sequence, error);
    return NULL;
  }
  part = source->get (source, sequence, error);
  source->unref (source);
  return part;
}

VsSegment *
vs_history_get (const VsHistory * history, guint64 sequence, GError ** error)
{
  g_autoptr (VsTimelinePart) part = NULL;
  VsSegment *segment;

  if (sequence < history->oldest || sequence >= history->next) {
    set_not_there (sequence, error);
    return NULL;
  }
  segment = vs_timeline_get (timeline_of (history, sequence), sequence);
  if (segment)
    return segment;
  part = get_part (history, sequence, error);
  if (part == NULL)
    return NULL;
  segment = vs_timeline_part_find (part, sequence);
  if (segment == NULL)
    set_not_there (sequence, error);
  return segment ? vs_segment_ref (segment) : NULL;
}

gboolean
vs_history_is_at_hand (const VsHistory * history, guint64 sequence)
{
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (VsTimelinePart) part = NULL;
  VsTimelineSource *source;
  VsTimeline *timeline;

  if (sequence < history->oldest || sequence >= history->next)
    return TRUE;
  timeline = timeline_of (history, sequence);
  segment = vs_timeline_get (timeline, sequence);
  source = segment ? NULL : vs_timeline_get_source (timeline);
  if (source == NULL)
    return TRUE;
  part = source->peek (source, sequence);
  source->unref (source);
  return part != NULL;
}

/* ---- searching ---------------------------------------------------------- */

typedef struct
{
  VsSegmentReached reached;
  gpointer user_data;
} Condition;

static gboolean
is_gone (const GError * error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Looks at one segment. What is gone was older than all that is left. */
static gboolean
probe (const VsHistory * history, const Condition * condition,
    guint64 sequence, gboolean * is_reached, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (VsSegment) segment = vs_history_get (history, sequence, &cause);

  if (segment == NULL && !is_gone (cause)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  *is_reached = segment && condition->reached (segment, condition->user_data);
  return TRUE;
}

/* Where memory begins: all before it is read. */
static guint64
get_memory_start (const VsHistory * history)
{
  VsTimelineState state;

  vs_timeline_get_state (history->joint < history->next ? history->timeline :
      history->older, &state);
  return CLAMP (state.first, history->oldest, history->next);
}

gboolean
vs_history_search (const VsHistory * history, VsSegmentReached reached,
    gpointer user_data, guint64 * sequence, GError ** error)
{
  Condition condition = { reached, user_data };
  guint64 low = history->oldest, high = history->next;
  guint64 middle;

  *sequence = G_MAXUINT64;
  if (low >= high)
    return TRUE;
  /* most searches end in memory: that is decided first */
  middle = get_memory_start (history);
  if (middle == high)
    middle = low + (high - low) / 2;
  while (low < high) {
    gboolean is_reached;

    if (!probe (history, &condition, middle, &is_reached, error))
      return FALSE;
    if (is_reached)
      high = middle;
    else
      low = middle + 1;
    middle = low + (high - low) / 2;
  }
  if (low < history->next)
    *sequence = low;
  return TRUE;
}

/* ---- reading ------------------------------------------------------------ */

static void
add_config (VsTimelineView * view, VsCodecConfig * config)
{
  for (guint i = 0; i < view->configs->len; i++) {
    const VsCodecConfig *known = g_ptr_array_index (view->configs, i);

    if (strcmp (known->id, config->id) == 0)
      return;
  }
  g_ptr_array_add (view->configs, vs_codec_config_ref (config));
}

/* Appends what @segments has of [*next, last]; all before is dropped when it
 * does not follow. */
static void
add_segments (VsTimelineView * view, GPtrArray * segments, GPtrArray * configs,
    guint64 * next, guint64 last)
{
  for (guint i = 0; i < segments->len; i++) {
    VsSegment *segment = g_ptr_array_index (segments, i);

    if (segment->sequence < *next || segment->sequence > last)
      continue;
    if (segment->sequence != *next)
      g_ptr_array_set_size (view->segments, 0);
    g_ptr_array_add (view->segments, vs_segment_ref (segment));
    *next = segment->sequence + 1;
  }
  for (guint i = 0; i < configs->len; i++)
    add_config (view, g_ptr_array_index (configs, i));
}

/* FALSE: it is not in memory, from *next on. */
static gboolean
add_from_memory (VsTimelineView * view, VsTimeline * timeline,
    guint64 * next, guint64 last)
{
  g_autoptr (VsTimelineView) run = vs_timeline_view (timeline, *next, last);
  const VsSegment *first;

  if (run->segments->len == 0)
    return FALSE;
  first = g_ptr_array_index (run->segments, 0);
  if (first->sequence != *next)
    return FALSE;
  add_segments (view, run->segments, run->configs, next, last);
  return TRUE;
}

static gboolean
add_part (VsTimelineView * view, const VsHistory * history, guint64 * next,
    guint64 last, GError ** error)
{
  guint64 end = vs_timeline_part_start (*next) + VS_TIMELINE_PART;
  g_autoptr (GError) cause = NULL;
  g_autoptr (VsTimelinePart) part = get_part (history, *next, &cause);

  if (part) {
    guint64 before = *next;

    add_segments (view, part->segments, part->configs, next, last);
    if (*next > before)
      return TRUE;
  } else if (!is_gone (cause)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  g_ptr_array_set_size (view->segments, 0);
  *next = MIN (end, last + 1);
  return TRUE;
}

/* What a view tells of the whole rendition. */
static VsTimelineView *
view_nothing (const VsHistory * history)
{
  VsTimelineView *view =
      vs_timeline_view (history->timeline, G_MAXUINT64, G_MAXUINT64);

  if (history->older) {
    g_autoptr (VsTimelineView) older =
        vs_timeline_view (history->older, G_MAXUINT64, G_MAXUINT64);

    vs_peaks_raise (&view->peaks, &older->peaks);
  }
  return view;
}

VsTimelineView *
vs_history_read (const VsHistory * history, guint64 first, guint64 last,
    GError ** error)
{
  g_autoptr (VsTimelineView) view = view_nothing (history);
  guint64 next = MAX (first, history->oldest);

  if (history->next == 0)
    return g_steal_pointer (&view);
  last = MIN (last, history->next - 1);
  while (next <= last) {
    guint64 end = next < history->joint ? MIN (last, history->joint - 1) : last;

    if (!add_from_memory (view, timeline_of (history, next), &next, end)
        && !add_part (view, history, &next, end, error))
      return NULL;
  }
  return g_steal_pointer (&view);
}
