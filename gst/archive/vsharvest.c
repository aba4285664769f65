/* VisionStream: a part of an event as an archive of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers are the same in all renditions, and so are boundaries: what is
 * wanted of a number is decided once, from the keyframes that all have, and
 * then copied for one rendition after the other.
 */
#include "config.h"
#include "archive/vsharvest.h"

#include <openssl/sha.h>
#include <string.h>

#include "archive/vsarchiveclip.h"
#include "archive/vsarchivename.h"
#include "archive/vsharvestmovies.h"
#include "archive/vsharvestsource.h"
#include "archive/vsharvesttarget.h"

/* Times of renditions agree within this: rounded ticks */
#define SNAP_90K 2
#define SLACK_90K (VS_ARCHIVE_SLACK_US * 9 / 100)
#define DEFAULT_PATIENCE_US (60 * G_TIME_SPAN_SECOND)
#define FOREVER G_MAXINT64
/* No cut: from where a segment begins, or up to where it ends */
#define WHOLE G_MAXINT64

typedef struct
{
  const VsHarvestSettings *settings;
  const VsHarvestCallbacks *callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  VsHarvestSource *source;
  VsHarvestTarget *target;
  VsHarvestMovies *movies;
  VsHarvestStatus *status;

  gint64 start_us, stop_us;     /* UTC */
  gint64 patience_us;
  guint64 first;                /* number that becomes 1 */
  gint64 from_90k;              /* where that is cut, or WHOLE */
  guint64 first_run, first_discontinuity;
  GHashTable *declared;         /* rendition -> set of configuration ids */
} Harvest;

static void
tell_problem (Harvest * self, const GError * error)
{
  if (self->callbacks->problem)
    self->callbacks->problem (error, self->user_data);
}

static void
tell_progress (Harvest * self)
{
  if (self->callbacks->progress)
    self->callbacks->progress (self->status, self->user_data);
}

static gint64
to_pts (const VsSegment * entry, gint64 utc_us)
{
  return entry->start_pts_90k + (utc_us - entry->utc_us) * 9 / 100;
}

/* ---- waiting ------------------------------------------------------------ */

/* Whoever wrote it is gone. */
static gboolean
is_stalled (Harvest * self)
{
  return g_get_monotonic_time () >= self->source->grown_us + self->patience_us
      && g_get_real_time () >= self->stop_us + self->patience_us;
}

static gboolean
can_grow (Harvest * self)
{
  return self->stop_us != FOREVER && !self->source->ended && !is_stalled (self);
}

static gboolean
wait_for_more (Harvest * self, GError ** error)
{
  if (!vs_harvest_source_wait (self->source, self->cancellable, error))
    return FALSE;
  if (self->source->archive->trouble) {
    g_autoptr (GError) trouble =
        g_steal_pointer (&self->source->archive->trouble);

    tell_problem (self, trouble);
  }
  tell_progress (self);
  return TRUE;
}

/* @there: (out): whether there is anything at or behind @sequence */
static gboolean
await_sequence (Harvest * self, guint64 sequence, gboolean * there,
    GError ** error)
{
  while (sequence >= self->source->next && can_grow (self))
    if (!wait_for_more (self, error))
      return FALSE;
  *there = sequence < self->source->next;
  return TRUE;
}

/* ---- the range ---------------------------------------------------------- */

static gint64
to_utc (Harvest * self, const VsArchiveTime * time, gint64 fallback_us)
{
  const VsArchiveRendition *archive = self->source->archive;

  switch (time->kind) {
    case VS_ARCHIVE_TIME_UTC:
      return time->us;
    case VS_ARCHIVE_TIME_START:
      return archive->oldest_us + time->us;
    case VS_ARCHIVE_TIME_END:
      return MAX (archive->end_us - time->us, archive->oldest_us);
    default:
      return fallback_us;
  }
}

static gboolean
set_no_range (Harvest * self, GError ** error)
{
  const VsArchiveRendition *archive = self->source->archive;
  g_autoptr (GDateTime) from =
      g_date_time_new_from_unix_utc (archive->oldest_us / G_USEC_PER_SEC);
  g_autoptr (GDateTime) to =
      g_date_time_new_from_unix_utc (archive->end_us / G_USEC_PER_SEC);
  g_autofree gchar *from_text = g_date_time_format_iso8601 (from);
  g_autofree gchar *to_text = g_date_time_format_iso8601 (to);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "%s has nothing in the range: it is from %s to %s, %.3f s",
      archive->place, from_text, to_text,
      (archive->end_us - archive->oldest_us) / (gdouble) G_USEC_PER_SEC);
  return FALSE;
}

/* Offsets are counted from what there is when it is looked at. */
static gboolean
find_range (Harvest * self, GError ** error)
{
  const VsHarvestSettings *settings = self->settings;

  self->stop_us = settings->stop.kind == VS_ARCHIVE_TIME_NONE ? FOREVER : 0;
  while (vs_archive_rendition_is_empty (self->source->archive)
      && can_grow (self))
    if (!wait_for_more (self, error))
      return FALSE;
  self->start_us = to_utc (self, &settings->start, G_MININT64);
  self->stop_us = to_utc (self, &settings->stop, FOREVER);
  if (self->stop_us <= self->start_us) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s: the stop is not after the start", self->source->archive->place);
    return FALSE;
  }
  while (self->start_us >= self->source->archive->end_us && can_grow (self))
    if (!wait_for_more (self, error))
      return FALSE;
  if (self->start_us >= self->source->archive->end_us
      || self->stop_us <= self->source->archive->oldest_us)
    return set_no_range (self, error);
  return TRUE;
}

/* What the end is going to be is told by numbers where they are known, else
 * by what segments last. */
static void
guess_total (Harvest * self)
{
  VsArchiveRendition *archive = self->source->archive;
  gint64 missing_us = self->stop_us == FOREVER || self->source->ended ?
      0 : self->stop_us - archive->end_us;
  guint64 last = archive->history.next - 1, numbers;

  if (self->stop_us < archive->end_us
      && !vs_archive_rendition_find (archive, self->stop_us, &last, NULL))
    return;
  numbers = last + 1 - MIN (self->first, last);
  if (missing_us > 0)
    numbers += missing_us / G_USEC_PER_SEC
        / MAX (archive->state.target_duration, 1);
  self->status->total = numbers * self->source->renditions->len;
}

/* ---- keyframes ---------------------------------------------------------- */

/* The segment begins with a keyframe in all renditions. */
static gboolean
is_independent (Harvest * self, guint64 sequence)
{
  GPtrArray *renditions = self->source->renditions;

  for (guint i = 0; i < renditions->len; i++) {
    g_autoptr (VsSegment) entry = vs_harvest_source_get (self->source,
        g_ptr_array_index (renditions, i), sequence);

    if (entry && !entry->gap && !entry->independent)
      return FALSE;
  }
  return TRUE;
}

static gint64
find_key_before (const GArray * keys, gint64 pts_90k)
{
  for (guint i = keys->len; i-- > 0;)
    if (g_array_index (keys, gint64, i) <= pts_90k + SLACK_90K)
      return g_array_index (keys, gint64, i);
  return WHOLE;
}

static gint64
find_key_after (const GArray * keys, gint64 pts_90k)
{
  for (guint i = 0; i < keys->len; i++)
    if (g_array_index (keys, gint64, i) >= pts_90k - SLACK_90K)
      return g_array_index (keys, gint64, i);
  return WHOLE;
}

static gboolean
goes_on_from (Harvest * self, const VsSegment * entry)
{
  g_autoptr (VsSegment) before = entry->discontinuity || entry->sequence <= 1 ?
      NULL : vs_harvest_source_get_any (self->source, entry->sequence - 1);

  return before && before->run == entry->run && !before->gap;
}

/* Where @entry is to begin; WHOLE where it has no keyframe at or before the
 * start. @readable: (out) */
static gint64
find_from (Harvest * self, const VsSegment * entry, gint64 pts_90k,
    gboolean * readable)
{
  g_autoptr (GArray) keys = vs_harvest_source_find_keys (self->source,
      entry->sequence, self->cancellable);
  gint64 from_90k = WHOLE;

  *readable = keys != NULL;
  if (keys)
    from_90k = find_key_before (keys, pts_90k);
  /* nothing can be shown ahead of its first keyframe */
  if (keys && keys->len > 0 && from_90k == WHOLE
      && !goes_on_from (self, entry) && !is_independent (self, entry->sequence))
    from_90k = g_array_index (keys, gint64, 0);
  return from_90k;
}

/* Looks for the keyframe at or before the start in @entry, and where that goes
 * on from others in those. */
static gboolean
find_first_key (Harvest * self, const VsSegment * entry, GError ** error)
{
  gint64 pts_90k = to_pts (entry, self->start_us);
  g_autoptr (VsSegment) segment = vs_segment_ref ((VsSegment *) entry);
  gboolean readable;

  for (;;) {
    self->first = segment->sequence;
    self->from_90k = find_from (self, segment, pts_90k, &readable);
    if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
      return FALSE;
    if (self->from_90k != WHOLE || !readable || !goes_on_from (self, segment))
      break;
    vs_segment_unref (segment);
    segment = vs_harvest_source_get_any (self->source, self->first - 1);
  }
  if (ABS (self->from_90k - segment->start_pts_90k) <= SNAP_90K)
    self->from_90k = WHOLE;
  return TRUE;
}

static gboolean
find_start (Harvest * self, GError ** error)
{
  VsArchiveRendition *archive = self->source->archive;
  gint64 start_us = MAX (self->start_us, archive->oldest_us);
  g_autoptr (VsSegment) entry = NULL;

  self->from_90k = WHOLE;
  if (!vs_archive_rendition_find (archive, start_us, &self->first, error))
    return FALSE;
  entry = vs_harvest_source_get_any (self->source, self->first);
  if (entry == NULL)
    return TRUE;
  if (start_us >= vs_archive_end_us (entry)) {
    /* nothing is stored of that time: what comes after it */
    self->first++;
    return TRUE;
  }
  if (start_us <= entry->utc_us + VS_ARCHIVE_SLACK_US
      && is_independent (self, self->first))
    return TRUE;
  self->start_us = start_us;
  return find_first_key (self, entry, error);
}

/* Whether the stop is so far ahead of @entry that none of it is wanted. */
static gboolean
is_behind_stop (Harvest * self, const VsSegment * entry)
{
  return self->stop_us != FOREVER
      && entry->utc_us >= self->stop_us - VS_ARCHIVE_SLACK_US
      && (is_independent (self, entry->sequence)
      || !goes_on_from (self, entry));
}

/* Where @entry is to end. */
static gint64
find_end (Harvest * self, const VsSegment * entry)
{
  g_autoptr (GArray) keys = NULL;

  if (self->stop_us == FOREVER
      || vs_archive_end_us (entry) <= self->stop_us - VS_ARCHIVE_SLACK_US)
    return WHOLE;
  keys = vs_harvest_source_find_keys (self->source, entry->sequence,
      self->cancellable);
  return keys ? find_key_after (keys, to_pts (entry, self->stop_us)) : WHOLE;
}

/* ---- one segment -------------------------------------------------------- */

static gboolean
is_of_one_segment (const GError * error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE);
}

static GstClockTime
to_ns (gint64 ticks)
{
  return gst_util_uint64_scale_round (MAX (ticks, 0), GST_SECOND, 90000);
}

/* The boundary is the same in all renditions, whatever their first unit is. */
static void
set_boundary (VsSegment * segment, const VsSegment * entry, gint64 from_90k,
    gint64 to_90k)
{
  gint64 start = from_90k == WHOLE ? entry->start_pts_90k : from_90k;
  GstClockTime lost = to_ns (start - entry->start_pts_90k);

  segment->start_pts_90k = start;
  segment->utc_us = entry->utc_us + (start - entry->start_pts_90k) * 100 / 9;
  segment->duration = to_90k != WHOLE ? to_ns (to_90k - start) :
      entry->duration - MIN (lost, entry->duration);
}

static void
make_gap (VsSegment * segment)
{
  segment->gap = TRUE;
  segment->independent = FALSE;
  segment->n_tracks = 0;
  segment->size = 0;
  memset (segment->sha256, 0, sizeof segment->sha256);
}

static void
sign (VsSegment * segment, GBytes * bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  segment->size = size;
  SHA256 (data, size, segment->sha256);
}

/* In a rendition of sound, the frames ahead of the cut are counted. */
static const VsTsKey *
find_cut (const GArray * keys, gint64 pts_90k, VsTsKey * key)
{
  if (pts_90k == WHOLE)
    return NULL;
  for (guint i = 0; i < keys->len; i++) {
    *key = g_array_index (keys, VsTsKey, i);
    if (key->pts_90k + SNAP_90K >= pts_90k)
      return key;
  }
  if (keys->len > 0)
    key->index = G_MAXUINT;
  else
    key->index = 0;
  key->pts_90k = pts_90k;
  return key;
}

/* @segment: (out): NULL, and no bytes, when nothing is left */
static GBytes *
load_cut (Harvest * self, const VsSegment * entry, gint64 from_90k,
    gint64 to_90k, VsSegment ** segment, GError ** error)
{
  g_autoptr (VsArchiveClip) clip =
      vs_archive_clip_load (self->source->archive->reader, entry, FALSE, 0,
      self->cancellable, error);
  g_autoptr (GArray) keys = NULL;
  VsTsKey from, to;
  GBytes *bytes;

  *segment = NULL;
  if (clip == NULL)
    return NULL;
  keys = vs_ts_find_keys (clip->bytes, entry->start_pts_90k);
  bytes = vs_archive_clip_cut (clip, find_cut (keys, from_90k, &from),
      find_cut (keys, to_90k, &to), segment);
  if (bytes)
    sign (*segment, bytes);
  return bytes;
}

/* What of @entry is wanted; a gap (NULL) when there is nothing, with an error
 * where there should be. */
static GBytes *
load (Harvest * self, const VsSegment * entry, gint64 from_90k, gint64 to_90k,
    VsSegment ** segment, GError ** error)
{
  GBytes *bytes = NULL;

  *segment = NULL;
  if (!entry->gap && from_90k == WHOLE && to_90k == WHOLE)
    bytes = vs_archive_reader_load (self->source->archive->reader, entry,
        self->cancellable, error);
  else if (!entry->gap)
    bytes = load_cut (self, entry, from_90k, to_90k, segment, error);
  if (*segment == NULL)
    *segment = vs_segment_copy (entry);
  set_boundary (*segment, entry, from_90k, to_90k);
  if (bytes == NULL)
    make_gap (*segment);
  return bytes;
}

/* What comes ahead of a rendition's first segment, or of one that names a
 * configuration that the ones before did not. */
static void
declare (Harvest * self, VsHarvestRendition * rendition,
    const VsSegment * segment)
{
  GHashTable *configs = g_hash_table_lookup (self->declared, rendition->name);

  if (configs == NULL) {
    g_autoptr (VsRendition) told =
        vs_timeline_get_rendition (rendition->timeline);

    configs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert (self->declared, g_strdup (rendition->name), configs);
    vs_harvest_target_declare (self->target, told);
  }
  for (guint i = 0; i < segment->n_tracks; i++) {
    const gchar *id = segment->tracks[i].config_id;
    GPtrArray *known = rendition->view->configs;

    if (g_hash_table_contains (configs, id))
      continue;
    for (guint k = 0; k < known->len; k++) {
      VsCodecConfig *config = g_ptr_array_index (known, k);

      if (strcmp (config->id, id) == 0
          && g_hash_table_add (configs, g_strdup (id)))
        vs_harvest_target_add_config (self->target, rendition->name, config);
    }
  }
}

static void
renumber (Harvest * self, VsSegment * segment)
{
  gboolean is_first = segment->sequence == self->first;

  segment->sequence -= self->first - 1;
  segment->run -= MIN (self->first_run, segment->run);
  segment->discontinuity_sequence -=
      MIN (self->first_discontinuity, segment->discontinuity_sequence);
  segment->discontinuity &= !is_first;
}

static void
count (Harvest * self, const VsSegment * segment)
{
  VsHarvestStatus *status = self->status;
  gint64 end_us = vs_archive_end_us (segment);

  if (segment->gap)
    status->gaps++;
  else
    status->segments++;
  status->bytes += segment->size;
  status->duration = MAX (status->duration,
      (end_us - status->start_us) * GST_USECOND);
}

static gboolean
copy_segment (Harvest * self, VsHarvestRendition * rendition,
    const VsSegment * entry, gint64 from_90k, gint64 to_90k, GError ** error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) bytes =
      load (self, entry, from_90k, to_90k, &segment, &problem);

  if (problem && !is_of_one_segment (problem)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (problem)
    tell_problem (self, problem);
  declare (self, rendition, segment);
  renumber (self, segment);
  if (!vs_harvest_movies_add (self->movies, rendition, segment, bytes, error))
    return FALSE;
  if (!vs_harvest_target_add (self->target, rendition->name, segment, bytes,
          error))
    return FALSE;
  count (self, segment);
  tell_progress (self);
  return TRUE;
}

/* ---- all of them -------------------------------------------------------- */

static gboolean
copy_sequence (Harvest * self, guint64 sequence, gint64 to_90k, GError ** error)
{
  GPtrArray *renditions = self->source->renditions;
  gint64 from_90k = sequence == self->first ? self->from_90k : WHOLE;

  for (guint i = 0; i < renditions->len; i++) {
    VsHarvestRendition *rendition = g_ptr_array_index (renditions, i);
    g_autoptr (VsSegment) entry =
        vs_harvest_source_get (self->source, rendition, sequence);

    if (entry && !copy_segment (self, rendition, entry, from_90k, to_90k,
            error))
      return FALSE;
  }
  return TRUE;
}

/* What the clip's own numbers are counted from. */
static void
begin (Harvest * self, const VsSegment * entry)
{
  self->first_run = entry->run;
  self->first_discontinuity = entry->discontinuity_sequence;
  self->status->start_us = entry->utc_us;
  if (self->from_90k != WHOLE)
    self->status->start_us += (self->from_90k - entry->start_pts_90k) * 100 / 9;
}

/* One number. @more: (out): whether there may be others */
static gboolean
copy_next (Harvest * self, guint64 sequence, const VsSegment * entry,
    gboolean * more, GError ** error)
{
  gint64 to_90k = WHOLE;

  *more = !is_behind_stop (self, entry);
  if (!*more)
    return TRUE;
  to_90k = find_end (self, entry);
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  *more = to_90k == WHOLE;
  if (ABS (to_90k - entry->start_pts_90k) <= SNAP_90K)
    return TRUE;
  return copy_sequence (self, sequence, to_90k, error);
}

static gboolean
copy_all (Harvest * self, GError ** error)
{
  gboolean begun = FALSE, more = TRUE;

  for (guint64 sequence = self->first; more; sequence++) {
    g_autoptr (VsSegment) entry = NULL;

    if (!await_sequence (self, sequence, &more, error))
      return FALSE;
    if (!more)
      break;
    guess_total (self);
    entry = vs_harvest_source_get_any (self->source, sequence);
    if (entry == NULL) {
      /* retention was faster: it becomes a gap by its number */
      self->first += !begun;
      continue;
    }
    if (!begun)
      begin (self, entry);
    begun = TRUE;
    if (!copy_next (self, sequence, entry, &more, error))
      return FALSE;
  }
  if (self->status->segments > 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "%s: nothing of the range can be read", self->source->archive->place);
  return FALSE;
}

/* Once the range is known */
static gboolean
open_movies (Harvest * self, GError ** error)
{
  VsArchiveRendition *archive = self->source->archive;
  gint64 from_us = MAX (self->start_us, archive->oldest_us);
  gint64 to_us = self->stop_us == FOREVER ? archive->end_us : self->stop_us;

  self->movies = vs_harvest_movies_open (self->settings, self->callbacks,
      self->user_data, archive->name, MAX (to_us - from_us, 0) * GST_USECOND,
      self->cancellable, error);
  return self->movies && vs_harvest_movies_check (self->movies,
      self->source->renditions, error);
}

/* The main playlist comes last of all. */
static gboolean
finish (Harvest * self, GError ** error)
{
  if (!vs_harvest_movies_finish (self->movies, error)
      || !vs_harvest_target_finish (self->target, error))
    return FALSE;
  vs_harvest_movies_keep (self->movies);
  return TRUE;
}

static gboolean
run (Harvest * self, GError ** error)
{
  const VsHarvestSettings *settings = self->settings;

  self->source = vs_harvest_source_open (settings->source, settings->account,
      settings->event, settings->breakout, self->cancellable, error);
  if (self->source == NULL)
    return FALSE;
  self->target = vs_harvest_target_open (settings, self->cancellable, error);
  return self->target && find_range (self, error)
      && open_movies (self, error) && find_start (self, error)
      && copy_all (self, error) && finish (self, error);
}

gboolean
vs_harvest_run (const VsHarvestSettings * settings,
    const VsHarvestCallbacks * callbacks, gpointer user_data,
    VsHarvestStatus * status, GCancellable * cancellable, GError ** error)
{
  Harvest self = {.settings = settings,.callbacks = callbacks,
    .user_data = user_data,.cancellable = cancellable,.status = status
  };
  gboolean ok;

  memset (status, 0, sizeof *status);
  self.patience_us = settings->patience ?
      settings->patience / GST_USECOND : DEFAULT_PATIENCE_US;
  self.declared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) g_hash_table_unref);
  ok = run (&self, error);
  g_clear_pointer (&self.movies, vs_harvest_movies_free);
  g_clear_pointer (&self.target, vs_harvest_target_free);
  g_clear_pointer (&self.source, vs_harvest_source_free);
  g_hash_table_unref (self.declared);
  return ok;
}
