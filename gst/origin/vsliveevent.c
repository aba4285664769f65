/* VisionStream: an event that is live: its timelines and newest bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each rendition has a timeline, and its newest segments' bytes in a table. A
 * queue holds what is in the tables in the order in which it came; at its head
 * things leave: by age, when nobody may ask for them any more, or because
 * there are too many bytes. Bytes that an archive has too leave alone; else
 * the timeline is shortened with them, for a playlist lists only what can be
 * had.
 *
 * Lock order: the event's, then a timeline's own. Timelines are read without
 * the event's lock, by a reference.
 */
#include "config.h"
#include "origin/vsliveevent.h"

#include <string.h>

#include "isobmff/vscmaf.h"

/* what no archive has may take this many times max_bytes */
#define UNARCHIVED_FACTOR 4
/* more missing sequence numbers than this are not filled with gaps */
#define MAX_GAPS 100

typedef struct
{
  gchar *name;
  guint position;
  VsTimeline *timeline;
  GHashTable *segments;         /* sequence -> LiveSegment */
  guint64 next;                 /* sequence that must come next; 0: any */
  guint64 first;                /* oldest that the timeline has; 0: none */
  gint64 first_utc_us;
} LiveRendition;

typedef struct
{
  LiveRendition *rendition;
  VsSegment *segment;
  GBytes *bytes;                /* NULL: only the archive has them */
} LiveSegment;

struct _VsOriginEvent
{
  gint ref_count;
  gchar *folder;
  gsize max_bytes;

  GMutex lock;
  /* protected by lock */
  GPtrArray *renditions;        /* LiveRendition, by position */
  GQueue order;                 /* LiveSegment, head: oldest */
  gsize size;                   /* bytes in memory */
  GstClockTime keep;
  gboolean archived;
  gboolean ended;
  guint64 revision;
  gint64 grown_us;              /* when the newest segment came, monotonic */
  guint64 newest;
  gint64 newest_utc_us;         /* where the newest segment ends */
};

static void
live_segment_free (LiveSegment * live)
{
  vs_segment_unref (live->segment);
  g_clear_pointer (&live->bytes, g_bytes_unref);
  g_free (live);
}

static void
live_rendition_free (LiveRendition * rendition)
{
  g_free (rendition->name);
  vs_timeline_unref (rendition->timeline);
  g_hash_table_unref (rendition->segments);
  g_free (rendition);
}

VsOriginEvent *
vs_live_event_new (const gchar * account, const gchar * event,
    const gchar * breakout, gsize max_bytes)
{
  VsOriginEvent *live = g_new0 (VsOriginEvent, 1);

  live->ref_count = 1;
  live->folder = g_strjoin ("/", account, event, breakout, NULL);
  live->max_bytes = max_bytes;
  live->grown_us = g_get_monotonic_time ();
  live->renditions = g_ptr_array_new_with_free_func ((GDestroyNotify)
      live_rendition_free);
  g_mutex_init (&live->lock);
  g_queue_init (&live->order);
  return live;
}

VsOriginEvent *
vs_live_event_ref (VsOriginEvent * event)
{
  g_atomic_int_inc (&event->ref_count);
  return event;
}

void
vs_live_event_unref (VsOriginEvent * event)
{
  if (!g_atomic_int_dec_and_test (&event->ref_count))
    return;
  g_ptr_array_unref (event->renditions);
  g_queue_clear_full (&event->order, (GDestroyNotify) live_segment_free);
  g_mutex_clear (&event->lock);
  g_free (event->folder);
  g_free (event);
}

const gchar *
vs_live_event_get_folder (VsOriginEvent * event)
{
  return event->folder;
}

void
vs_live_event_set_keep (VsOriginEvent * event, GstClockTime keep,
    gboolean archived)
{
  g_mutex_lock (&event->lock);
  event->keep = keep;
  event->archived = archived;
  g_mutex_unlock (&event->lock);
}

static LiveRendition *
find_unlocked (VsOriginEvent * event, const gchar * name)
{
  for (guint i = 0; i < event->renditions->len; i++) {
    LiveRendition *rendition = g_ptr_array_index (event->renditions, i);

    if (strcmp (rendition->name, name) == 0)
      return rendition;
  }
  return NULL;
}

static void
set_first (LiveRendition * rendition, const VsSegment * first)
{
  rendition->first = first ? first->sequence : 0;
  rendition->first_utc_us = first ? first->utc_us : 0;
}

static LiveRendition *
live_rendition_new (const gchar * name, VsTimeline * timeline, guint position)
{
  LiveRendition *rendition = g_new0 (LiveRendition, 1);
  g_autoptr (VsTimelineView) all = vs_timeline_view (timeline, 0, G_MAXUINT64);
  guint n = all->segments->len;

  rendition->name = g_strdup (name);
  rendition->position = position;
  rendition->timeline = vs_timeline_ref (timeline);
  rendition->segments = g_hash_table_new (g_int64_hash, g_int64_equal);
  if (n > 0) {
    const VsSegment *last = g_ptr_array_index (all->segments, n - 1);

    set_first (rendition, g_ptr_array_index (all->segments, 0));
    rendition->next = last->sequence + 1;
  }
  return rendition;
}

static void
fix_target_duration (VsTimeline * timeline, const VsRendition * rendition)
{
  if (rendition->target_duration > 0)
    vs_timeline_set_target_duration (timeline,
        gst_util_uint64_scale_round (rendition->target_duration, 1,
            GST_SECOND));
}

static gint
compare_positions (gconstpointer a, gconstpointer b)
{
  const LiveRendition *left = *(const LiveRendition **) a;
  const LiveRendition *right = *(const LiveRendition **) b;

  return (left->position > right->position)
      - (left->position < right->position);
}

void
vs_origin_event_add_rendition (VsOriginEvent * event, VsTimeline * timeline,
    guint position)
{
  g_autoptr (VsRendition) rendition = vs_timeline_get_rendition (timeline);
  LiveRendition *known;

  g_mutex_lock (&event->lock);
  known = find_unlocked (event, rendition->name);
  if (known) {
    vs_timeline_set_rendition (known->timeline, rendition);
    timeline = known->timeline;
  } else {
    g_ptr_array_add (event->renditions,
        live_rendition_new (rendition->name, timeline, position));
    g_ptr_array_sort (event->renditions, compare_positions);
  }
  fix_target_duration (timeline, rendition);
  vs_timeline_set_ended (timeline, FALSE);
  event->ended = FALSE;
  event->revision++;
  g_mutex_unlock (&event->lock);
}

static gint64
segment_end_us (const VsSegment * segment)
{
  gint64 end = segment->utc_us;

  if (GST_CLOCK_TIME_IS_VALID (segment->duration))
    end += segment->duration / GST_USECOND;
  return end;
}

/* Forgets the bytes at the head; the timeline too where nothing else has
 * them. */
static void
drop_oldest_unlocked (VsOriginEvent * event, gboolean from_timeline)
{
  LiveSegment *live = g_queue_pop_head (&event->order);
  LiveRendition *rendition = live->rendition;

  if (from_timeline) {
    guint64 next = live->segment->sequence + 1;
    g_autoptr (VsSegment) first = NULL;

    vs_timeline_prune (rendition->timeline, next);
    first = vs_timeline_get (rendition->timeline, next);
    set_first (rendition, first);
  }
  if (live->bytes)
    event->size -= g_bytes_get_size (live->bytes);
  g_hash_table_remove (rendition->segments, &live->segment->sequence);
  live_segment_free (live);
}

/* Whether the head's bytes may go although somebody could still ask. */
static gboolean
is_over_budget_unlocked (VsOriginEvent * event, const LiveSegment * oldest)
{
  gboolean archived = event->archived && oldest->segment->uri;
  gsize max = event->max_bytes * (archived ? 1 : UNARCHIVED_FACTOR);

  /* the newest of a rendition stays whatever its size */
  return event->size > max
      && g_hash_table_size (oldest->rendition->segments) > 1;
}

static void
evict_unlocked (VsOriginEvent * event)
{
  gint64 oldest_us = event->newest_utc_us - event->keep / GST_USECOND;
  LiveSegment *oldest;

  while ((oldest = g_queue_peek_head (&event->order)) != NULL) {
    gboolean archived = event->archived && oldest->segment->uri;

    if (segment_end_us (oldest->segment) < oldest_us)
      drop_oldest_unlocked (event, TRUE);
    else if (is_over_budget_unlocked (event, oldest))
      drop_oldest_unlocked (event, !archived);
    else
      break;
  }
}

/* A segment that this rendition missed: its boundary as a sibling knows it. */
static VsSegment *
make_gap_unlocked (VsOriginEvent * event, guint64 sequence)
{
  for (guint i = 0; i < event->renditions->len; i++) {
    LiveRendition *sibling = g_ptr_array_index (event->renditions, i);
    g_autoptr (VsSegment) theirs =
        vs_timeline_get (sibling->timeline, sequence);
    VsSegment *gap;

    if (theirs == NULL)
      continue;
    gap = vs_segment_copy (theirs);
    gap->gap = TRUE;
    gap->n_tracks = 0;
    gap->size = 0;
    memset (gap->sha256, 0, sizeof gap->sha256);
    g_clear_pointer (&gap->uri, g_free);
    return gap;
  }
  return NULL;
}

/* The timeline can't go on: begins another one with @segment. */
static void
restart_timeline_unlocked (LiveRendition * rendition, const VsSegment * segment)
{
  VsTimeline *old = rendition->timeline;
  g_autoptr (VsTimelineView) last =
      vs_timeline_view_window (old, G_MAXUINT64, 1);
  g_autoptr (VsRendition) info = vs_timeline_get_rendition (old);

  rendition->timeline = vs_timeline_new (info);
  vs_timeline_set_target_duration (rendition->timeline, last->target_duration);
  for (guint i = 0; i < segment->n_tracks; i++) {
    g_autoptr (VsCodecConfig) config =
        vs_timeline_get_config (old, segment->tracks[i].config_id);

    if (config)
      vs_timeline_add_config (rendition->timeline, config);
  }
  set_first (rendition, NULL);
  vs_timeline_unref (old);
}

/* Fills what this rendition missed ahead of @segment with gaps. */
static void
fill_gaps_unlocked (VsOriginEvent * event, LiveRendition * rendition,
    const VsSegment * segment)
{
  while (rendition->next < segment->sequence
      && segment->sequence - rendition->next < MAX_GAPS) {
    g_autoptr (VsSegment) gap = make_gap_unlocked (event, rendition->next);

    if (gap == NULL || !vs_timeline_append (rendition->timeline, gap))
      break;
    rendition->next++;
  }
  if (rendition->next < segment->sequence)
    restart_timeline_unlocked (rendition, segment);
}

static void
append_unlocked (VsOriginEvent * event, LiveRendition * rendition,
    VsSegment * segment, GBytes * bytes)
{
  LiveSegment *live;

  if (rendition->next != 0)
    fill_gaps_unlocked (event, rendition, segment);
  if (!vs_timeline_append (rendition->timeline, segment))
    return;
  if (rendition->first == 0)
    set_first (rendition, segment);
  rendition->next = segment->sequence + 1;
  event->revision++;
  event->grown_us = g_get_monotonic_time ();
  event->newest = MAX (event->newest, segment->sequence);
  event->newest_utc_us = MAX (event->newest_utc_us, segment_end_us (segment));

  live = g_new0 (LiveSegment, 1);
  live->rendition = rendition;
  live->segment = vs_segment_ref (segment);
  if (bytes) {
    live->bytes = g_bytes_ref (bytes);
    event->size += g_bytes_get_size (bytes);
  }
  g_queue_push_tail (&event->order, live);
  g_hash_table_insert (rendition->segments, &live->segment->sequence, live);
  evict_unlocked (event);
}

/* Reads the configurations that the timeline does not know yet. */
static void
learn_configs (VsTimeline * timeline, const VsSegment * segment, GBytes * bytes)
{
  for (guint i = 0; i < segment->n_tracks; i++) {
    const VsSegmentTrack *track = &segment->tracks[i];
    g_autoptr (VsCodecConfig) config =
        vs_timeline_get_config (timeline, track->config_id);

    if (config || track->config_id[0] == '\0')
      continue;
    config = vs_cmaf_find_config (bytes, track->type, NULL);
    if (config)
      vs_timeline_add_config (timeline, config);
  }
}

void
vs_origin_event_add_segment (VsOriginEvent * event, const gchar * rendition,
    VsSegment * segment, GBytes * bytes)
{
  g_autoptr (VsTimeline) timeline = NULL;
  LiveRendition *live;

  g_mutex_lock (&event->lock);
  live = find_unlocked (event, rendition);
  if (live)
    timeline = vs_timeline_ref (live->timeline);
  g_mutex_unlock (&event->lock);
  g_return_if_fail (live != NULL);

  if (bytes)
    learn_configs (timeline, segment, bytes);

  g_mutex_lock (&event->lock);
  append_unlocked (event, live, segment, bytes);
  g_mutex_unlock (&event->lock);
}

void
vs_origin_event_add_config (VsOriginEvent * event, const gchar * rendition,
    VsCodecConfig * config)
{
  LiveRendition *live;

  g_mutex_lock (&event->lock);
  live = find_unlocked (event, rendition);
  if (live)
    vs_timeline_add_config (live->timeline, config);
  g_mutex_unlock (&event->lock);
}

void
vs_origin_event_end (VsOriginEvent * event)
{
  g_mutex_lock (&event->lock);
  for (guint i = 0; i < event->renditions->len; i++) {
    LiveRendition *rendition = g_ptr_array_index (event->renditions, i);

    vs_timeline_set_ended (rendition->timeline, TRUE);
  }
  event->ended = TRUE;
  event->revision++;
  g_mutex_unlock (&event->lock);
}

GPtrArray *
vs_live_event_get_timelines (VsOriginEvent * event)
{
  GPtrArray *timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);

  g_mutex_lock (&event->lock);
  for (guint i = 0; i < event->renditions->len; i++) {
    LiveRendition *rendition = g_ptr_array_index (event->renditions, i);

    g_ptr_array_add (timelines, vs_timeline_ref (rendition->timeline));
  }
  g_mutex_unlock (&event->lock);
  return timelines;
}

guint64
vs_live_event_get_revision (VsOriginEvent * event)
{
  guint64 revision;

  g_mutex_lock (&event->lock);
  revision = event->revision;
  g_mutex_unlock (&event->lock);
  return revision;
}

gint64
vs_live_event_get_age (VsOriginEvent * event)
{
  gint64 grown_us;

  g_mutex_lock (&event->lock);
  grown_us = event->grown_us;
  g_mutex_unlock (&event->lock);
  return g_get_monotonic_time () - grown_us;
}

gboolean
vs_live_event_has_ended (VsOriginEvent * event)
{
  gboolean ended;

  g_mutex_lock (&event->lock);
  ended = event->ended;
  g_mutex_unlock (&event->lock);
  return ended;
}

guint64
vs_live_event_get_newest (VsOriginEvent * event)
{
  guint64 newest;

  g_mutex_lock (&event->lock);
  newest = event->newest;
  g_mutex_unlock (&event->lock);
  return newest;
}

gsize
vs_live_event_get_size (VsOriginEvent * event)
{
  gsize size;

  g_mutex_lock (&event->lock);
  size = event->size;
  g_mutex_unlock (&event->lock);
  return size;
}

gboolean
vs_live_event_covers (VsOriginEvent * event, GstClockTime window)
{
  gboolean covers = TRUE;
  gint64 since_us;

  g_mutex_lock (&event->lock);
  since_us = event->newest_utc_us - (gint64) (window / GST_USECOND);
  for (guint i = 0; i < event->renditions->len && covers; i++) {
    LiveRendition *rendition = g_ptr_array_index (event->renditions, i);

    covers = rendition->first <= 1
        || (window > 0 && rendition->first_utc_us <= since_us);
  }
  g_mutex_unlock (&event->lock);
  return covers;
}

GBytes *
vs_live_event_get_bytes (VsOriginEvent * event, const gchar * rendition,
    guint64 sequence)
{
  GBytes *bytes = NULL;
  LiveRendition *found;

  g_mutex_lock (&event->lock);
  found = find_unlocked (event, rendition);
  if (found) {
    LiveSegment *live = g_hash_table_lookup (found->segments, &sequence);

    if (live && live->bytes)
      bytes = g_bytes_ref (live->bytes);
  }
  g_mutex_unlock (&event->lock);
  return bytes;
}
