/* VisionStream: an event's archive, as its writer's thread holds it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchiveset.h"
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

VsArchiveSet *
vs_archive_set_new (VsStore * store, const gchar * folder,
    const VsArchiveWriterSettings * settings, GCancellable * cancellable)
{
  VsArchiveSet *set = g_new0 (VsArchiveSet, 1);

  set->folder = g_strdup (folder);
  set->place.store = store;
  set->place.folder = set->folder;
  set->place.cancellable = cancellable;
  set->max_age = settings->max_age;
  set->max_segments = settings->max_segments;
  set->max_bytes = settings->max_bytes;
  set->needed = G_MAXUINT64;
  set->at_end = settings->at_end;
  if (settings->redundant)
    set->redundant = vs_archive_path_to_event (settings->redundant,
        settings->breakout);
  set->lists = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_archive_list_free);
  set->garbage = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)
      vs_archive_garbage_free);
  return set;
}

void
vs_archive_set_free (VsArchiveSet * set)
{
  g_hash_table_unref (set->garbage);
  g_ptr_array_unref (set->lists);
  g_free (set->main);
  g_free (set->redundant);
  g_free (set->folder);
  g_free (set);
}

static VsArchiveList *
nth_list (VsArchiveSet * set, guint i)
{
  return g_ptr_array_index (set->lists, i);
}

VsArchiveList *
vs_archive_set_get_list (VsArchiveSet * set, const gchar * rendition)
{
  VsArchiveList *list;

  for (guint i = 0; i < set->lists->len; i++) {
    if (strcmp (nth_list (set, i)->name, rendition) == 0)
      return nth_list (set, i);
  }

  list = vs_archive_list_new (rendition);
  list->target_duration = set->target_duration;
  g_ptr_array_add (set->lists, list);
  g_hash_table_insert (set->garbage, list, vs_archive_garbage_new (rendition));
  return list;
}

guint64
vs_archive_set_get_next (VsArchiveSet * set)
{
  guint64 next = 0;

  for (guint i = 0; i < set->lists->len; i++)
    next = MAX (next, nth_list (set, i)->next);
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
  state->ended = list->ended && (state->ended || !state->found);
  state->found = TRUE;
  state->next_sequence = MAX (state->next_sequence, list->next);
  state->next_discontinuity_sequence =
      MAX (state->next_discontinuity_sequence,
      last->discontinuity_sequence + 1);
  state->next_run = MAX (state->next_run, last->run + 1);
  state->end_utc_us = MAX (state->end_utc_us, end_utc_us (last));
  state->event_utc_us = MAX (state->event_utc_us, last->event_utc_us);
}

/* A segment stays as long as a playlist that named it lasts, and as long as
 * it lasts itself (RFC 8216bis 6.2.2). */
static gint64
grace_us (VsArchiveList * list)
{
  return (list->longest + list->target_duration * GST_SECOND) / GST_USECOND;
}

static gboolean
recover_list (VsArchiveSet * set, const gchar * rendition,
    VsArchiveState * state, GError ** error)
{
  VsArchiveList *list = vs_archive_set_get_list (set, rendition);
  VsArchiveGarbage *garbage = g_hash_table_lookup (set->garbage, list);

  if (!vs_archive_list_recover (list, &set->place, error)
      || !vs_archive_garbage_find (garbage, list->first,
          MAX (list->first, list->next), &set->place, error))
    return FALSE;

  vs_archive_garbage_mark (garbage, list->first, g_get_monotonic_time ()
      + grace_us (list));
  update_state (state, list);
  return TRUE;
}

static GPtrArray *
list_renditions (VsArchiveSet * set, GError ** error)
{
  g_autoptr (GPtrArray) objects = vs_store_list (set->place.store,
      set->folder, ".m3u8", set->place.cancellable, error);
  GPtrArray *names;

  if (objects == NULL)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);
    gchar *name = vs_archive_name_to_rendition (object->key
        + strlen (set->folder) + 1);

    if (name)
      g_ptr_array_add (names, name);
  }
  return names;
}

/* A folder on the disk is listed, however much is in it. A bucket lists a
 * thousand objects at a time: there the main playlist says what was
 * published. */
static GPtrArray *
find_renditions (VsArchiveSet * set, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  GPtrArray *names;

  if (!vs_store_is_remote (set->place.store))
    return list_renditions (set, error);
  names = vs_archive_main_read_renditions (&set->place, &cause);
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return list_renditions (set, error);
  if (cause)
    g_propagate_error (error, g_steal_pointer (&cause));
  return names;
}

gboolean
vs_archive_set_recover (VsArchiveSet * set, VsArchiveState * state,
    GError ** error)
{
  g_autoptr (GPtrArray) renditions = NULL;

  memset (state, 0, sizeof *state);
  state->next_sequence = 1;
  if (!vs_store_clean (set->place.store, set->folder,
          set->place.cancellable, error))
    return FALSE;
  renditions = find_renditions (set, error);
  for (guint i = 0; renditions && i < renditions->len; i++) {
    if (!recover_list (set, g_ptr_array_index (renditions, i), state, error))
      return FALSE;
  }
  set->target_duration = state->target_duration;
  return renditions != NULL;
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
vs_archive_set_make_gap (VsArchiveSet * set, VsArchiveList * list,
    const VsSegment * following)
{
  VsSegment *last = vs_archive_list_get_last (list);
  VsSegment *gap;

  for (guint i = 0; i < set->lists->len; i++) {
    VsArchiveList *other = nth_list (set, i);
    VsSegment *same = other == list ? NULL :
        vs_archive_list_get (other, list->next, &set->place, NULL);

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
leading_list (VsArchiveSet * set)
{
  VsArchiveList *leading = NULL;

  for (guint i = 0; i < set->lists->len; i++) {
    if (leading == NULL || nth_list (set, i)->next > leading->next)
      leading = nth_list (set, i);
  }
  return leading;
}

static gboolean
is_oldest (VsArchiveList * list, guint64 sequence)
{
  return list->first == sequence && list->next > sequence;
}

static guint64
oldest_sequence (VsArchiveSet * set)
{
  guint64 oldest = G_MAXUINT64;

  for (guint i = 0; i < set->lists->len; i++) {
    const VsArchiveList *list = nth_list (set, i);

    if (list->first > 0 && list->first < list->next)
      oldest = MIN (oldest, list->first);
  }
  return oldest;
}

static gboolean
is_too_old (VsArchiveSet * set, VsArchiveList * leading, guint64 sequence)
{
  gint64 now = end_utc_us (vs_archive_list_get_last (leading));

  for (guint i = 0; i < set->lists->len; i++) {
    VsArchiveList *list = nth_list (set, i);
    VsSegment *segment = is_oldest (list, sequence) ?
        vs_archive_list_get (list, sequence, &set->place, NULL) : NULL;

    if (segment)
      return end_utc_us (segment) < now - (gint64) (set->max_age / GST_USECOND);
  }
  return FALSE;
}

static guint64
retained_bytes (VsArchiveSet * set)
{
  guint64 sum = 0;

  for (guint i = 0; i < set->lists->len; i++)
    sum += nth_list (set, i)->retained_bytes;
  return sum;
}

static gboolean
must_go (VsArchiveSet * set, VsArchiveList * leading, guint64 sequence)
{
  guint64 n = leading->next - sequence;

  if (sequence >= leading->next || n <= KEEP_MIN || sequence >= set->needed)
    return FALSE;
  return (set->max_segments && n > set->max_segments)
      || (set->max_bytes && retained_bytes (set) > set->max_bytes)
      || (set->max_age && is_too_old (set, leading, sequence));
}

/* FALSE when the store would not tell what they are. */
static gboolean
drop_sequence (VsArchiveSet * set, guint64 sequence)
{
  for (guint i = 0; i < set->lists->len; i++) {
    VsArchiveList *list = nth_list (set, i);
    VsSegment *segment;

    if (!is_oldest (list, sequence))
      continue;
    segment = vs_archive_list_get (list, sequence, &set->place, NULL);
    if (segment == NULL)
      return FALSE;
    vs_archive_list_drop_first (list, segment);
  }
  return TRUE;
}

void
vs_archive_set_prune (VsArchiveSet * set)
{
  VsArchiveList *leading = leading_list (set);

  for (guint i = 0; i < PRUNE_MAX; i++) {
    guint64 oldest = oldest_sequence (set);

    if (!must_go (set, leading, oldest) || !drop_sequence (set, oldest))
      break;
  }
}

gint64
vs_archive_set_sweep (VsArchiveSet * set)
{
  gint64 now = g_get_monotonic_time (), next = G_MAXINT64;

  for (guint i = 0; i < set->lists->len; i++) {
    VsArchiveGarbage *garbage =
        g_hash_table_lookup (set->garbage, nth_list (set, i));

    next = MIN (next, vs_archive_garbage_sweep (garbage, &set->place, now));
  }
  return next;
}

/* ---- writing ------------------------------------------------------------ */

gboolean
vs_archive_set_write_list (VsArchiveSet * set, VsArchiveList * list,
    gboolean complete, GError ** error)
{
  VsArchiveGarbage *garbage = g_hash_table_lookup (set->garbage, list);
  gboolean ok = complete ?
      vs_archive_list_write_complete (list, &set->place, error) :
      vs_archive_list_write (list, &set->place, error);

  if (ok)
    vs_archive_garbage_mark (garbage, list->first,
        g_get_monotonic_time () + grace_us (list));
  return ok;
}

gboolean
vs_archive_set_write_main (VsArchiveSet * set, gboolean complete,
    GError ** error)
{
  g_autofree gchar *text = vs_archive_main_render (set->lists, complete,
      set->redundant);
  g_autofree gchar *key = vs_archive_key (set->folder, VS_ARCHIVE_MAIN);
  g_autoptr (GBytes) bytes = NULL;

  if (text == NULL || g_strcmp0 (text, set->main) == 0)
    return TRUE;
  bytes = g_bytes_new_static (text, strlen (text));
  if (!vs_store_put (set->place.store, key, &bytes, 1,
          set->place.cancellable, error))
    return FALSE;
  g_free (set->main);
  set->main = g_steal_pointer (&text);
  return TRUE;
}
