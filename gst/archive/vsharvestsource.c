/* VisionStream: what is harvested: all renditions of an event in step
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsharvestsource.h"

#include <string.h>

#include "mpegts/vstscut.h"

/* A rendition that lacks so many segments is not waited for. */
#define BEHIND 3
/* Times of renditions agree within this: rounded ticks */
#define SNAP_90K 2

/* ---- renditions --------------------------------------------------------- */

static void
rendition_free (VsHarvestRendition * rendition)
{
  g_clear_pointer (&rendition->view, vs_timeline_view_free);
  vs_timeline_unref (rendition->timeline);
  g_free (rendition->name);
  g_free (rendition);
}

static VsHarvestRendition *
nth (VsHarvestSource * self, guint i)
{
  return g_ptr_array_index (self->renditions, i);
}

static VsHarvestRendition *
get_rendition (VsHarvestSource * self, const gchar * name)
{
  VsHarvestRendition *rendition;

  for (guint i = 0; i < self->renditions->len; i++)
    if (strcmp (nth (self, i)->name, name) == 0)
      return nth (self, i);
  rendition = g_new0 (VsHarvestRendition, 1);
  rendition->name = g_strdup (name);
  g_ptr_array_add (self->renditions, rendition);
  return rendition;
}

static void
take_timelines (VsHarvestSource * self)
{
  g_autoptr (GPtrArray) timelines =
      vs_archive_reader_get_timelines (self->archive->reader);

  for (guint i = 0; i < timelines->len; i++) {
    VsTimeline *timeline = g_ptr_array_index (timelines, i);
    g_autoptr (VsRendition) told = vs_timeline_get_rendition (timeline);
    VsHarvestRendition *rendition = get_rendition (self, told->name);

    g_clear_pointer (&rendition->view, vs_timeline_view_free);
    vs_timeline_ref (timeline);
    g_clear_pointer (&rendition->timeline, vs_timeline_unref);
    rendition->timeline = timeline;
    vs_history_init (&rendition->history, timeline, NULL);
  }
}

/* Renditions are listed one after the other: the newest number may be there
 * of some of them only. */
static void
look_how_far (VsHarvestSource * self)
{
  guint64 next = self->archive->history.next;

  self->ended = self->archive->state.ended;
  for (guint i = 0; i < self->renditions->len; i++) {
    VsHarvestRendition *rendition = nth (self, i);
    VsTimelineState state;

    if (rendition->history.next + BEHIND < self->archive->history.next)
      continue;
    vs_timeline_get_state (rendition->timeline, &state);
    next = MIN (next, state.ended ? next : rendition->history.next);
    self->ended &= state.ended;
  }
  if (next > self->next)
    self->grown_us = g_get_monotonic_time ();
  self->next = next;
}

static gboolean
look (VsHarvestSource * self, GError ** error)
{
  if (self->archive->foreign) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
        "%s is another maker's archive: its renditions can't be cut at the "
        "same keyframes. A rendition of it can be cut by vsarchivesrc",
        self->archive->place);
    return FALSE;
  }
  take_timelines (self);
  look_how_far (self);
  return TRUE;
}

gboolean
vs_harvest_source_wait (VsHarvestSource * self, GCancellable * cancellable,
    GError ** error)
{
  return vs_archive_rendition_pause (self->archive, cancellable, error)
      && vs_archive_rendition_refresh (self->archive, cancellable, error)
      && look (self, error);
}

VsHarvestSource *
vs_harvest_source_open (VsStore * store, const gchar * account,
    const gchar * event, const gchar * breakout, GCancellable * cancellable,
    GError ** error)
{
  VsArchiveRendition *archive = vs_archive_rendition_open (store, account,
      event, breakout, NULL, NULL, cancellable, error);
  g_autoptr (VsHarvestSource) self = NULL;

  if (archive == NULL)
    return NULL;
  self = g_new0 (VsHarvestSource, 1);
  self->archive = archive;
  self->archive->follow = TRUE;
  self->grown_us = g_get_monotonic_time ();
  self->renditions = g_ptr_array_new_with_free_func ((GDestroyNotify)
      rendition_free);
  return look (self, error) ? g_steal_pointer (&self) : NULL;
}

void
vs_harvest_source_free (VsHarvestSource * self)
{
  g_ptr_array_unref (self->renditions);
  vs_archive_rendition_free (self->archive);
  g_free (self);
}

/* ---- entries ------------------------------------------------------------ */

static VsSegment *
find_in_view (const VsTimelineView * view, guint64 sequence)
{
  const VsSegment *first;

  if (view == NULL || view->segments->len == 0)
    return NULL;
  first = g_ptr_array_index (view->segments, 0);
  if (sequence < first->sequence
      || sequence - first->sequence >= view->segments->len)
    return NULL;
  return g_ptr_array_index (view->segments, sequence - first->sequence);
}

VsSegment *
vs_harvest_source_get (VsHarvestSource * self, VsHarvestRendition * rendition,
    guint64 sequence)
{
  VsSegment *segment = find_in_view (rendition->view, sequence);

  if (segment == NULL && sequence >= rendition->history.oldest
      && sequence < rendition->history.next) {
    g_clear_pointer (&rendition->view, vs_timeline_view_free);
    rendition->view = vs_history_read (&rendition->history, sequence,
        vs_timeline_part_start (sequence) + VS_TIMELINE_PART - 1, NULL);
    segment = find_in_view (rendition->view, sequence);
  }
  return segment ? vs_segment_ref (segment) : NULL;
}

VsSegment *
vs_harvest_source_get_any (VsHarvestSource * self, guint64 sequence)
{
  VsSegment *segment = NULL;

  for (guint i = 0; i < self->renditions->len && segment == NULL; i++)
    segment = vs_harvest_source_get (self, nth (self, i), sequence);
  return segment;
}

/* ---- keyframes ---------------------------------------------------------- */

static GArray *
find_keys (VsHarvestSource * self, const VsSegment * entry,
    GCancellable * cancellable)
{
  g_autoptr (GBytes) bytes = vs_archive_reader_load (self->archive->reader,
      entry, cancellable, NULL);
  g_autoptr (GArray) keys = bytes ?
      vs_ts_find_keys (bytes, entry->start_pts_90k) : NULL;
  GArray *times;

  if (keys == NULL)
    return NULL;
  times = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < keys->len; i++)
    g_array_append_val (times, g_array_index (keys, VsTsKey, i).pts_90k);
  return times;
}

static gboolean
has_time (const GArray * times, gint64 pts_90k)
{
  for (guint i = 0; i < times->len; i++)
    if (ABS (g_array_index (times, gint64, i) - pts_90k) <= SNAP_90K)
      return TRUE;
  return FALSE;
}

static void
keep_common (GArray * times, const GArray * others)
{
  for (guint i = times->len; i-- > 0;)
    if (!has_time (others, g_array_index (times, gint64, i)))
      g_array_remove_index (times, i);
}

/* (transfer full) @common and @times */
static GArray *
merge (GArray * common, GArray * times)
{
  if (common == NULL || times == NULL)
    return common ? common : times;
  keep_common (common, times);
  g_array_unref (times);
  return common;
}

static GArray *
find_keys_with (VsHarvestSource * self, guint64 sequence, gboolean video,
    GCancellable * cancellable)
{
  GArray *common = NULL;

  for (guint i = 0; i < self->renditions->len; i++) {
    g_autoptr (VsSegment) entry =
        vs_harvest_source_get (self, nth (self, i), sequence);

    if (entry == NULL || entry->gap
        || (video && !vs_segment_get_track (entry, VS_MEDIA_VIDEO)))
      continue;
    common = merge (common, find_keys (self, entry, cancellable));
    if (!video && common)
      break;
  }
  return common;
}

GArray *
vs_harvest_source_find_keys (VsHarvestSource * self, guint64 sequence,
    GCancellable * cancellable)
{
  GArray *keys = find_keys_with (self, sequence, TRUE, cancellable);

  return keys ? keys : find_keys_with (self, sequence, FALSE, cancellable);
}
