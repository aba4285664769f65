/* VisionStream: an event's timeline: what segments there are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Segments stand in blocks of VS_TIMELINE_BLOCK entries. A block is only ever
 * appended to, by the one who holds the lock; a reader takes, under the lock,
 * a reference of each block and the sequence numbers that are valid then, and
 * reads the entries without it. Sequence numbers are contiguous, so an entry
 * is found by division.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vstimeline.h"

#include <string.h>

typedef struct
{
  gatomicrefcount ref_count;
  guint n;                      /* written under the timeline's lock */
  VsSegment *entries[VS_TIMELINE_BLOCK];
} Block;

struct _VsTimeline
{
  gatomicrefcount ref_count;
  GMutex lock;

  /* protected by lock */
  VsRendition *rendition;
  GPtrArray *blocks;            /* Block, all but the last one full */
  guint64 base;                 /* sequence of the first block's first entry */
  guint64 first;                /* oldest that is not pruned */
  guint64 next;                 /* sequence that must come next */
  gboolean started;
  gboolean ended;
  guint target_duration;        /* s, 0 when not told */
  guint longest;                /* rounded duration of the longest, s */
  guint64 id, revision;
  GHashTable *configs;          /* id (the config's own) -> Config */
  guint max_configs;            /* past which those of no entry are dropped */
  guint64 total_bytes;
  GstClockTime total_duration;
  guint average_bandwidth;      /* 0: of what was appended */
  VsPeaks peaks;
  VsTimelineSource *source;     /* of what is below first; or NULL */
  VsSegment *oldest;            /* that the source has; or NULL */
};

/* Most streams have a few for good; where each keyframe brings another one,
 * those that no entry has any more go. */
#define CONFIGS 64

typedef struct
{
  VsCodecConfig *config;
  guint64 newest;               /* entry that has it, or may be going to */
} Config;

/* What a reader holds instead of the lock: entries [first, next) of blocks
 * that begin at base. */
typedef struct
{
  GPtrArray *blocks;
  guint64 base, first, next;
} Snapshot;

/* Counts over all timelines, so that no two ever have the same revision. */
static guint64
next_revision (void)
{
  static guint64 revisions;

  return __atomic_add_fetch (&revisions, 1, __ATOMIC_RELAXED);
}

static void
touch_unlocked (VsTimeline * timeline)
{
  timeline->revision = next_revision ();
}

static Block *
block_ref (Block * block)
{
  g_atomic_ref_count_inc (&block->ref_count);
  return block;
}

static void
block_unref (Block * block)
{
  if (!g_atomic_ref_count_dec (&block->ref_count))
    return;
  for (guint i = 0; i < block->n; i++)
    vs_segment_unref (block->entries[i]);
  g_free (block);
}

static Config *
config_new (VsCodecConfig * config)
{
  Config *self = g_new0 (Config, 1);

  self->config = vs_codec_config_ref (config);
  return self;
}

static void
config_free (Config * self)
{
  vs_codec_config_unref (self->config);
  g_free (self);
}

VsTimeline *
vs_timeline_new (VsRendition * rendition)
{
  VsTimeline *timeline = g_new0 (VsTimeline, 1);

  g_atomic_ref_count_init (&timeline->ref_count);
  g_mutex_init (&timeline->lock);
  timeline->rendition = vs_rendition_ref (rendition);
  timeline->id = timeline->revision = next_revision ();
  timeline->blocks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) block_unref);
  timeline->configs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) config_free);
  timeline->max_configs = CONFIGS;
  return timeline;
}

VsTimeline *
vs_timeline_ref (VsTimeline * timeline)
{
  g_atomic_ref_count_inc (&timeline->ref_count);
  return timeline;
}

void
vs_timeline_unref (VsTimeline * timeline)
{
  if (!g_atomic_ref_count_dec (&timeline->ref_count))
    return;
  vs_rendition_unref (timeline->rendition);
  g_ptr_array_unref (timeline->blocks);
  g_hash_table_unref (timeline->configs);
  if (timeline->source)
    timeline->source->unref (timeline->source);
  g_clear_pointer (&timeline->oldest, vs_segment_unref);
  g_mutex_clear (&timeline->lock);
  g_free (timeline);
}

VsRendition *
vs_timeline_get_rendition (VsTimeline * timeline)
{
  VsRendition *rendition;

  g_mutex_lock (&timeline->lock);
  rendition = vs_rendition_ref (timeline->rendition);
  g_mutex_unlock (&timeline->lock);
  return rendition;
}

void
vs_timeline_set_rendition (VsTimeline * timeline, VsRendition * rendition)
{
  VsRendition *old;

  g_mutex_lock (&timeline->lock);
  old = timeline->rendition;
  timeline->rendition = vs_rendition_ref (rendition);
  touch_unlocked (timeline);
  g_mutex_unlock (&timeline->lock);
  vs_rendition_unref (old);
}

static inline VsSegment *
entry_at (GPtrArray * blocks, guint64 base, guint64 sequence)
{
  guint64 index = sequence - base;
  Block *block = g_ptr_array_index (blocks, index / VS_TIMELINE_BLOCK);

  return block->entries[index % VS_TIMELINE_BLOCK];
}

static guint
effective_target_unlocked (VsTimeline * timeline)
{
  return timeline->target_duration ? timeline->target_duration :
      timeline->longest;
}

/* Looks at the runs that end with the newest segment. */
static void
update_peaks_unlocked (VsTimeline * timeline)
{
  guint64 sequence = timeline->next;
  VsPeakRun run;

  vs_peak_run_begin (&run, effective_target_unlocked (timeline));
  while (sequence > timeline->first
      && vs_peak_run_add (&run, entry_at (timeline->blocks, timeline->base,
              sequence - 1), &timeline->peaks))
    sequence--;
}

static void
measure_unlocked (VsTimeline * timeline, const VsSegment * segment)
{
  if (GST_CLOCK_TIME_IS_VALID (segment->duration))
    timeline->longest = MAX (timeline->longest,
        (guint) gst_util_uint64_scale_round (segment->duration, 1, GST_SECOND));
  if (!vs_segment_is_measurable (segment))
    return;
  timeline->total_bytes += segment->size;
  timeline->total_duration += segment->duration;
  update_peaks_unlocked (timeline);
}

static void
use_configs_unlocked (VsTimeline * timeline, const VsSegment * segment)
{
  for (guint i = 0; i < segment->n_tracks; i++) {
    Config *config = g_hash_table_lookup (timeline->configs,
        segment->tracks[i].config_id);

    if (config)
      config->newest = segment->sequence;
  }
}

gboolean
vs_timeline_append (VsTimeline * timeline, VsSegment * segment)
{
  Block *block = NULL;
  gboolean follows;

  g_mutex_lock (&timeline->lock);
  if (!timeline->started) {
    timeline->base = timeline->first = timeline->next = segment->sequence;
    timeline->started = TRUE;
  }
  follows = segment->sequence == timeline->next;
  if (follows) {
    guint last = timeline->blocks->len;

    if (last > 0)
      block = g_ptr_array_index (timeline->blocks, last - 1);
    if (block == NULL || block->n == VS_TIMELINE_BLOCK) {
      block = g_new0 (Block, 1);
      g_atomic_ref_count_init (&block->ref_count);
      g_ptr_array_add (timeline->blocks, block);
    }
    block->entries[block->n++] = vs_segment_ref (segment);
    timeline->next++;
    touch_unlocked (timeline);
    measure_unlocked (timeline, segment);
    use_configs_unlocked (timeline, segment);
  }
  g_mutex_unlock (&timeline->lock);
  return follows;
}

/* What the newest entry has may go on. Entries of blocks that are kept count,
 * also where they are pruned: a view may be about to ask for what they have. */
static void
drop_configs_unlocked (VsTimeline * timeline)
{
  GHashTableIter iter;
  gpointer value;

  if (g_hash_table_size (timeline->configs) <= timeline->max_configs)
    return;
  g_hash_table_iter_init (&iter, timeline->configs);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    guint64 newest = ((Config *) value)->newest;

    if (newest < timeline->base && newest + 1 < timeline->next)
      g_hash_table_iter_remove (&iter);
  }
  timeline->max_configs =
      MAX (CONFIGS, 2 * g_hash_table_size (timeline->configs));
}

void
vs_timeline_prune (VsTimeline * timeline, guint64 sequence)
{
  g_autoptr (GPtrArray) dropped = NULL;

  dropped = g_ptr_array_new_with_free_func ((GDestroyNotify) block_unref);
  g_mutex_lock (&timeline->lock);
  if (sequence > timeline->first)
    touch_unlocked (timeline);
  timeline->first = CLAMP (sequence, timeline->first, timeline->next);
  while (timeline->blocks->len > 0
      && timeline->first - timeline->base >= VS_TIMELINE_BLOCK) {
    g_ptr_array_add (dropped, block_ref (g_ptr_array_index (timeline->blocks,
                0)));
    g_ptr_array_remove_index (timeline->blocks, 0);
    timeline->base += VS_TIMELINE_BLOCK;
  }
  drop_configs_unlocked (timeline);
  g_mutex_unlock (&timeline->lock);
}

void
vs_timeline_set_ended (VsTimeline * timeline, gboolean ended)
{
  g_mutex_lock (&timeline->lock);
  if (timeline->ended != ended)
    touch_unlocked (timeline);
  timeline->ended = ended;
  g_mutex_unlock (&timeline->lock);
}

void
vs_timeline_set_target_duration (VsTimeline * timeline, guint s)
{
  g_mutex_lock (&timeline->lock);
  if (timeline->target_duration != s)
    touch_unlocked (timeline);
  timeline->target_duration = s;
  g_mutex_unlock (&timeline->lock);
}

void
vs_timeline_set_average_bandwidth (VsTimeline * timeline, guint average)
{
  g_mutex_lock (&timeline->lock);
  if (timeline->average_bandwidth != average)
    touch_unlocked (timeline);
  timeline->average_bandwidth = average;
  g_mutex_unlock (&timeline->lock);
}

void
vs_timeline_raise_peaks (VsTimeline * timeline, const VsPeaks * peaks)
{
  VsPeaks before;

  g_mutex_lock (&timeline->lock);
  before = timeline->peaks;
  vs_peaks_raise (&timeline->peaks, peaks);
  if (memcmp (&before, &timeline->peaks, sizeof before) != 0)
    touch_unlocked (timeline);
  g_mutex_unlock (&timeline->lock);
}

void
vs_timeline_add_config (VsTimeline * timeline, VsCodecConfig * config)
{
  Config *known;

  g_mutex_lock (&timeline->lock);
  known = g_hash_table_lookup (timeline->configs, config->id);
  if (known == NULL) {
    known = config_new (config);
    g_hash_table_insert (timeline->configs, known->config->id, known);
    touch_unlocked (timeline);
  }
  known->newest = timeline->next;
  g_mutex_unlock (&timeline->lock);
}

VsCodecConfig *
vs_timeline_get_config (VsTimeline * timeline, const gchar * config_id)
{
  VsCodecConfig *found = NULL;
  Config *config;

  g_mutex_lock (&timeline->lock);
  config = g_hash_table_lookup (timeline->configs, config_id);
  if (config != NULL)
    found = vs_codec_config_ref (config->config);
  g_mutex_unlock (&timeline->lock);
  return found;
}

VsSegment *
vs_timeline_get (VsTimeline * timeline, guint64 sequence)
{
  VsSegment *segment = NULL;

  g_mutex_lock (&timeline->lock);
  if (sequence >= timeline->first && sequence < timeline->next)
    segment = vs_segment_ref (entry_at (timeline->blocks, timeline->base,
            sequence));
  g_mutex_unlock (&timeline->lock);
  return segment;
}

/* ---- what is not in memory ---------------------------------------------- */

void
vs_timeline_set_source (VsTimeline * timeline, VsTimelineSource * source,
    VsSegment * oldest)
{
  VsTimelineSource *old_source;
  VsSegment *old_oldest;

  g_mutex_lock (&timeline->lock);
  old_source = timeline->source;
  old_oldest = timeline->oldest;
  timeline->source = source->ref (source);
  timeline->oldest = oldest ? vs_segment_ref (oldest) : NULL;
  if (old_oldest != oldest)
    touch_unlocked (timeline);
  g_mutex_unlock (&timeline->lock);

  if (old_source)
    old_source->unref (old_source);
  g_clear_pointer (&old_oldest, vs_segment_unref);
}

VsTimelineSource *
vs_timeline_get_source (VsTimeline * timeline)
{
  VsTimelineSource *source;

  g_mutex_lock (&timeline->lock);
  source = timeline->source ? timeline->source->ref (timeline->source) : NULL;
  g_mutex_unlock (&timeline->lock);
  return source;
}

VsSegment *
vs_timeline_get_oldest (VsTimeline * timeline)
{
  VsSegment *oldest = NULL;

  g_mutex_lock (&timeline->lock);
  if (timeline->oldest)
    oldest = vs_segment_ref (timeline->oldest);
  else if (timeline->first < timeline->next)
    oldest = vs_segment_ref (entry_at (timeline->blocks, timeline->base,
            timeline->first));
  g_mutex_unlock (&timeline->lock);
  return oldest;
}

static void
take_snapshot_unlocked (VsTimeline * timeline, Snapshot * snapshot)
{
  snapshot->base = timeline->base;
  snapshot->first = timeline->first;
  snapshot->next = timeline->next;
  snapshot->blocks = g_ptr_array_new_full (timeline->blocks->len,
      (GDestroyNotify) block_unref);
  for (guint i = 0; i < timeline->blocks->len; i++)
    g_ptr_array_add (snapshot->blocks,
        block_ref (g_ptr_array_index (timeline->blocks, i)));
}

guint64
vs_timeline_search (VsTimeline * timeline, VsSegmentReached reached,
    gpointer user_data)
{
  Snapshot snapshot;
  guint64 low, high;

  g_mutex_lock (&timeline->lock);
  take_snapshot_unlocked (timeline, &snapshot);
  g_mutex_unlock (&timeline->lock);
  low = snapshot.first;
  high = snapshot.next;
  while (low < high) {
    guint64 middle = low + (high - low) / 2;

    if (reached (entry_at (snapshot.blocks, snapshot.base, middle), user_data))
      high = middle;
    else
      low = middle + 1;
  }
  g_ptr_array_unref (snapshot.blocks);
  return low < snapshot.next ? low : G_MAXUINT64;
}

void
vs_timeline_get_state (VsTimeline * timeline, VsTimelineState * state)
{
  g_mutex_lock (&timeline->lock);
  state->id = timeline->id;
  state->revision = timeline->revision;
  state->oldest =
      timeline->oldest ? timeline->oldest->sequence : timeline->first;
  state->first = timeline->first;
  state->next = timeline->next;
  state->ended = timeline->ended;
  state->target_duration = effective_target_unlocked (timeline);
  g_mutex_unlock (&timeline->lock);
}

/* The view's head and a snapshot of the entries, as they stand together. */
static VsTimelineView *
begin_view (VsTimeline * timeline, Snapshot * snapshot)
{
  VsTimelineView *view = g_new0 (VsTimelineView, 1);

  g_mutex_lock (&timeline->lock);
  view->rendition = vs_rendition_ref (timeline->rendition);
  view->ended = timeline->ended;
  view->target_duration = effective_target_unlocked (timeline);
  view->peaks = timeline->peaks;
  view->average_bandwidth = timeline->average_bandwidth ?
      timeline->average_bandwidth :
      vs_bits_per_second (timeline->total_bytes, timeline->total_duration);
  take_snapshot_unlocked (timeline, snapshot);
  g_mutex_unlock (&timeline->lock);
  return view;
}

/* Adds the configuration of a track unless the view has it. */
static void
view_add_config (VsTimelineView * view, VsTimeline * timeline, const gchar * id)
{
  VsCodecConfig *config;

  if (id[0] == '\0')
    return;
  for (guint i = 0; i < view->configs->len; i++) {
    config = g_ptr_array_index (view->configs, i);
    if (strcmp (config->id, id) == 0)
      return;
  }
  config = vs_timeline_get_config (timeline, id);
  if (config != NULL)
    g_ptr_array_add (view->configs, config);
}

static void
view_add_configs (VsTimelineView * view, VsTimeline * timeline,
    const VsSegment * segment, const VsSegment * previous)
{
  for (guint i = 0; i < segment->n_tracks; i++) {
    const gchar *id = segment->tracks[i].config_id;

    /* nearly every segment names what the one before it named */
    if (previous != NULL && i < previous->n_tracks
        && strcmp (previous->tracks[i].config_id, id) == 0)
      continue;
    view_add_config (view, timeline, id);
  }
}

/* Fills in entries [first, next) of the snapshot and drops it. */
static VsTimelineView *
finish_view (VsTimelineView * view, VsTimeline * timeline,
    Snapshot * snapshot, guint64 first, guint64 next)
{
  const VsSegment *previous = NULL;

  view->segments = g_ptr_array_new_full (next > first ? next - first : 0,
      (GDestroyNotify) vs_segment_unref);
  view->configs = g_ptr_array_new_with_free_func
      ((GDestroyNotify) vs_codec_config_unref);
  for (guint64 sequence = first; sequence < next; sequence++) {
    VsSegment *segment = entry_at (snapshot->blocks, snapshot->base, sequence);

    g_ptr_array_add (view->segments, vs_segment_ref (segment));
    view_add_configs (view, timeline, segment, previous);
    previous = segment;
  }
  g_ptr_array_unref (snapshot->blocks);
  return view;
}

VsTimelineView *
vs_timeline_view (VsTimeline * timeline, guint64 first, guint64 last)
{
  Snapshot snapshot;
  VsTimelineView *view = begin_view (timeline, &snapshot);
  guint64 next = snapshot.next;

  if (last < next)
    next = last + 1;
  return finish_view (view, timeline, &snapshot, MAX (first, snapshot.first),
      next);
}

VsTimelineView *
vs_timeline_view_window (VsTimeline * timeline, guint64 last,
    GstClockTime window)
{
  Snapshot snapshot;
  VsTimelineView *view = begin_view (timeline, &snapshot);
  guint64 next = last < snapshot.next ? last + 1 : snapshot.next;
  guint64 first = next;
  GstClockTime duration = 0;

  if (window == 0)
    first = snapshot.first;
  while (first > snapshot.first && duration < window) {
    const VsSegment *segment =
        entry_at (snapshot.blocks, snapshot.base, --first);

    if (GST_CLOCK_TIME_IS_VALID (segment->duration))
      duration += segment->duration;
  }
  return finish_view (view, timeline, &snapshot, first, next);
}

void
vs_timeline_view_free (VsTimelineView * view)
{
  vs_rendition_unref (view->rendition);
  g_ptr_array_unref (view->segments);
  g_ptr_array_unref (view->configs);
  g_clear_pointer (&view->video, g_array_unref);
  g_clear_pointer (&view->audio, g_array_unref);
  g_free (view);
}
