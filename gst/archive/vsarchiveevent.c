/* VisionStream: an event's archive, as its writer's thread holds it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchiveevent.h"
#include "archive/vsarchivegarbage.h"
#include "archive/vsarchivemain.h"
#include "archive/vsarchivename.h"

#include <string.h>

/* Entries that retention leaves in any case: a live playlist has at least
 * three target durations (RFC 8216bis 6.2.2). */
#define KEEP_MIN 3

/* Entries that are forgotten at a time: what a lowered limit leaves behind
 * goes over some segments. */
#define PRUNE_MAX 128

VsArchiveEvent *
vs_archive_event_new (VsStore * store, const gchar * folder,
    const VsArchiveWriterSettings * settings, GCancellable * cancellable)
{
  VsArchiveEvent *event = g_new0 (VsArchiveEvent, 1);

  event->folder = g_strdup (folder);
  event->place.store = store;
  event->place.folder = event->folder;
  event->place.cancellable = cancellable;
  event->max_age = settings->max_age;
  event->max_segments = settings->max_segments;
  event->max_bytes = settings->max_bytes;
  event->lists = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_archive_list_free);
  event->garbage = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)
      vs_archive_garbage_free);
  return event;
}

void
vs_archive_event_free (VsArchiveEvent * event)
{
  g_hash_table_unref (event->garbage);
  g_ptr_array_unref (event->lists);
  g_free (event->main);
  g_free (event->folder);
  g_free (event);
}

static VsArchiveList *
nth_list (VsArchiveEvent * event, guint i)
{
  return g_ptr_array_index (event->lists, i);
}

VsArchiveList *
vs_archive_event_get_list (VsArchiveEvent * event, const gchar * rendition)
{
  VsArchiveList *list;

  for (guint i = 0; i < event->lists->len; i++) {
    if (strcmp (nth_list (event, i)->name, rendition) == 0)
      return nth_list (event, i);
  }

  list = vs_archive_list_new (rendition);
  list->target_duration = event->target_duration;
  g_ptr_array_add (event->lists, list);
  g_hash_table_insert (event->garbage, list,
      vs_archive_garbage_new (rendition));
  return list;
}

guint64
vs_archive_event_get_next (VsArchiveEvent * event)
{
  guint64 next = 0;

  for (guint i = 0; i < event->lists->len; i++)
    next = MAX (next, nth_list (event, i)->next);
  return next;
}

/* ---- recovery ----------------------------------------------------------- */

static gint64
end_utc_us (const VsSegment * segment)
{
  return segment->utc_us + (gint64) (segment->duration / GST_USECOND);
}

static void
update_state (VsArchiveState * state, VsArchiveList * list)
{
  const VsSegment *last = vs_archive_list_get_last (list);

  state->target_duration = MAX (state->target_duration, list->target_duration);
  if (last == NULL)
    return;
  state->found = TRUE;
  state->next_sequence = MAX (state->next_sequence, list->next);
  state->next_discontinuity_sequence =
      MAX (state->next_discontinuity_sequence,
      last->discontinuity_sequence + 1);
  state->next_run = MAX (state->next_run, last->run + 1);
  state->end_utc_us = MAX (state->end_utc_us, end_utc_us (last));
}

static gboolean
recover_list (VsArchiveEvent * event, const gchar * rendition,
    VsArchiveState * state, GError ** error)
{
  VsArchiveList *list = vs_archive_event_get_list (event, rendition);
  VsArchiveGarbage *garbage = g_hash_table_lookup (event->garbage, list);

  if (!vs_archive_list_recover (list, &event->place, error)
      || !vs_archive_garbage_find (garbage, list->first, list->next,
          &event->place, error))
    return FALSE;

  vs_archive_garbage_mark (garbage, list->first, g_get_monotonic_time ()
      + vs_archive_list_get_duration (list) / GST_USECOND);
  update_state (state, list);
  return TRUE;
}

gboolean
vs_archive_event_recover (VsArchiveEvent * event, VsArchiveState * state,
    GError ** error)
{
  g_autoptr (GPtrArray) objects = NULL;

  memset (state, 0, sizeof *state);
  state->next_sequence = 1;
  if (!vs_store_clean (event->place.store, event->folder,
          event->place.cancellable, error))
    return FALSE;
  objects = vs_store_list (event->place.store, event->folder, ".m3u8",
      event->place.cancellable, error);
  if (objects == NULL)
    return FALSE;

  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);
    g_autofree gchar *rendition = vs_archive_name_to_rendition
        (object->key + strlen (event->folder) + 1);

    if (rendition && !recover_list (event, rendition, state, error))
      return FALSE;
  }
  event->target_duration = state->target_duration;
  return TRUE;
}

/* ---- gaps --------------------------------------------------------------- */

VsSegment *
vs_archive_segment_to_gap (const VsSegment * segment)
{
  VsSegment *gap = vs_segment_copy (segment);

  gap->gap = TRUE;
  gap->independent = FALSE;
  gap->size = 0;
  memset (gap->sha256, 0, sizeof gap->sha256);
  g_clear_pointer (&gap->uri, g_free);
  return gap;
}

/* What lies between two segments, shared out evenly over what is missing. */
static GstClockTime
guess_duration (VsArchiveList * list, const VsSegment * last,
    const VsSegment * following)
{
  GstClockTime longest = MAX (list->target_duration, 1) * GST_SECOND;
  gint64 span;

  if (following == NULL || following->utc_us <= end_utc_us (last))
    return longest;
  span = following->utc_us - end_utc_us (last);
  return MIN (span / (gint64) (following->sequence - list->next) * GST_USECOND,
      longest);
}

VsSegment *
vs_archive_event_make_gap (VsArchiveEvent * event, VsArchiveList * list,
    const VsSegment * following)
{
  VsSegment *last = vs_archive_list_get_last (list);
  VsSegment *gap;

  for (guint i = 0; i < event->lists->len; i++) {
    VsArchiveList *other = nth_list (event, i);
    VsSegment *same = other == list ? NULL :
        vs_archive_list_get (other, list->next, &event->place, NULL);

    if (same) {
      gap = vs_archive_segment_to_gap (same);
      gap->n_tracks = 0;
      return gap;
    }
  }

  gap = vs_archive_segment_to_gap (last);
  gap->n_tracks = 0;
  gap->discontinuity = FALSE;
  gap->sequence = list->next;
  gap->start_pts_90k += gst_util_uint64_scale (last->duration, 90000,
      GST_SECOND);
  gap->utc_us = end_utc_us (last);
  gap->duration = guess_duration (list, last, following);
  g_strlcpy (gap->cause, "lost", sizeof gap->cause);
  return gap;
}

/* ---- retention ---------------------------------------------------------- */

/* Of what retention looks at: the rendition that is furthest on. */
static VsArchiveList *
leading_list (VsArchiveEvent * event)
{
  VsArchiveList *leading = NULL;

  for (guint i = 0; i < event->lists->len; i++) {
    if (leading == NULL || nth_list (event, i)->next > leading->next)
      leading = nth_list (event, i);
  }
  return leading;
}

static gboolean
is_oldest (VsArchiveList * list, guint64 sequence)
{
  return list->first == sequence && list->next > sequence;
}

static guint64
oldest_sequence (VsArchiveEvent * event)
{
  guint64 oldest = G_MAXUINT64;

  for (guint i = 0; i < event->lists->len; i++) {
    const VsArchiveList *list = nth_list (event, i);

    if (list->first > 0 && list->first < list->next)
      oldest = MIN (oldest, list->first);
  }
  return oldest;
}

static gboolean
is_too_old (VsArchiveEvent * event, VsArchiveList * leading, guint64 sequence)
{
  gint64 now = end_utc_us (vs_archive_list_get_last (leading));

  for (guint i = 0; i < event->lists->len; i++) {
    VsArchiveList *list = nth_list (event, i);
    VsSegment *segment = is_oldest (list, sequence) ?
        vs_archive_list_get (list, sequence, &event->place, NULL) : NULL;

    if (segment)
      return end_utc_us (segment) < now - (gint64) (event->max_age /
          GST_USECOND);
  }
  return FALSE;
}

static guint64
retained_bytes (VsArchiveEvent * event)
{
  guint64 sum = 0;

  for (guint i = 0; i < event->lists->len; i++)
    sum += nth_list (event, i)->retained_bytes;
  return sum;
}

static gboolean
must_go (VsArchiveEvent * event, VsArchiveList * leading, guint64 sequence)
{
  guint64 n = leading->next - sequence;

  if (sequence >= leading->next || n <= KEEP_MIN)
    return FALSE;
  return (event->max_segments && n > event->max_segments)
      || (event->max_bytes && retained_bytes (event) > event->max_bytes)
      || (event->max_age && is_too_old (event, leading, sequence));
}

/* FALSE when the store would not tell what they are. */
static gboolean
drop_sequence (VsArchiveEvent * event, guint64 sequence)
{
  for (guint i = 0; i < event->lists->len; i++) {
    VsArchiveList *list = nth_list (event, i);
    VsSegment *segment;

    if (!is_oldest (list, sequence))
      continue;
    segment = vs_archive_list_get (list, sequence, &event->place, NULL);
    if (segment == NULL)
      return FALSE;
    vs_archive_list_drop_first (list, segment);
  }
  return TRUE;
}

void
vs_archive_event_prune (VsArchiveEvent * event)
{
  VsArchiveList *leading = leading_list (event);

  for (guint i = 0; i < PRUNE_MAX; i++) {
    guint64 oldest = oldest_sequence (event);

    if (!must_go (event, leading, oldest) || !drop_sequence (event, oldest))
      break;
  }
}

gint64
vs_archive_event_sweep (VsArchiveEvent * event)
{
  gint64 now = g_get_monotonic_time (), next = G_MAXINT64;

  for (guint i = 0; i < event->lists->len; i++) {
    VsArchiveGarbage *garbage =
        g_hash_table_lookup (event->garbage, nth_list (event, i));

    next = MIN (next, vs_archive_garbage_sweep (garbage, &event->place, now));
  }
  return next;
}

/* ---- writing ------------------------------------------------------------ */

/* A segment stays as long as a playlist that named it lasts, and as long as
 * it lasts itself (RFC 8216bis 6.2.2). */
static gint64
grace_us (VsArchiveList * list)
{
  return (vs_archive_list_get_duration (list)
      + MAX (list->target_duration, 1) * GST_SECOND) / GST_USECOND;
}

gboolean
vs_archive_event_write_list (VsArchiveEvent * event, VsArchiveList * list,
    gboolean complete, GError ** error)
{
  VsArchiveGarbage *garbage = g_hash_table_lookup (event->garbage, list);
  gboolean ok = complete ?
      vs_archive_list_write_complete (list, &event->place, error) :
      vs_archive_list_write (list, &event->place, error);

  if (ok)
    vs_archive_garbage_mark (garbage, list->first,
        g_get_monotonic_time () + grace_us (list));
  return ok;
}

gboolean
vs_archive_event_write_main (VsArchiveEvent * event, gboolean complete,
    GError ** error)
{
  g_autofree gchar *text = vs_archive_main_render (event->lists, complete);
  g_autofree gchar *key = vs_archive_key (event->folder, VS_ARCHIVE_MAIN);
  g_autoptr (GBytes) bytes = NULL;

  if (text == NULL || g_strcmp0 (text, event->main) == 0)
    return TRUE;
  bytes = g_bytes_new_static (text, strlen (text));
  if (!vs_store_put (event->place.store, key, &bytes, 1,
          event->place.cancellable, error))
    return FALSE;
  g_free (event->main);
  event->main = g_steal_pointer (&text);
  return TRUE;
}
