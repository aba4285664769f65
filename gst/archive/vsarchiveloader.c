/* VisionStream: another maker's segments as transport streams
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which segments of sound belong to one of video is guessed from the
 * playlists' times, and then found out from the times in them.
 */
#include "archive/vsarchiveloader.h"

#include <string.h>

#include "archive/vsarchivefetch.h"
#include "archive/vsarchiveunits.h"
#include "archive/vsarchiveuri.h"
#include "mpegts/vstsclock.h"
#include "mpegts/vstspacket.h"
#include "timeline/vshistory.h"

/* Segments of sound that are kept: two lie over a boundary of video */
#define KEPT 3
/* How far the playlists' times may be off, in segments of sound */
#define STEPS_MAX 16
/* Segments of sound for one of video */
#define SEGMENTS_MAX 256
/* Sound ahead of the first picture of a run, and behind the last */
#define AROUND_90K (10 * 90000)
/* As far as the end of a segment is off the next one's start: nothing lies in
 * between. */
#define TOUCHING_90K 9000
/* Dates that nobody wrote are below: a year after 1970 */
#define FIRST_DATE_US (G_USEC_PER_SEC * G_GINT64_CONSTANT (31536000))

typedef struct
{
  gchar *name;
  VsArchiveUnits *units;
} KeptUnits;

struct _VsArchiveLoader
{
  VsStore *store;
  gchar *folder;

  GMutex lock;
  /* protected by lock */
  VsArchiveFetch *fetch;
  KeptUnits kept[KEPT];         /* of sound */
  guint next_kept;

  /* the segment that was given last with sound: what goes on from it begins
   * where its sound ended */
  gchar *audio;
  guint64 sequence;
  gint64 end_90k;
  VsCodec codec;                /* of that sound */
};

typedef struct
{
  const VsSegment *segment;     /* of video */
  VsArchiveUnits *units;
  VsHistory history;            /* of the sound */
  gboolean shift;
  gint64 start_90k, end_90k;    /* of the sound that is wanted */
  GCancellable *cancellable;
} Joining;

VsArchiveLoader *
vs_archive_loader_new (VsStore * store, const gchar * folder)
{
  VsArchiveLoader *self = g_new0 (VsArchiveLoader, 1);

  self->store = vs_store_ref (store);
  self->folder = g_strdup (folder);
  self->fetch = vs_archive_fetch_new (store, folder);
  g_mutex_init (&self->lock);
  return self;
}

static void
kept_clear (KeptUnits * kept)
{
  g_clear_pointer (&kept->name, g_free);
  g_clear_pointer (&kept->units, vs_archive_units_free);
}

void
vs_archive_loader_free (VsArchiveLoader * self)
{
  for (guint i = 0; i < KEPT; i++)
    kept_clear (&self->kept[i]);
  vs_archive_fetch_free (self->fetch);
  g_mutex_clear (&self->lock);
  vs_store_unref (self->store);
  g_free (self->folder);
  g_free (self->audio);
  g_free (self);
}

/* ---- segments ----------------------------------------------------------- */

static guint64
get_offset (const VsSegment * segment)
{
  return segment->storage ? segment->storage->offset : 0;
}

static VsArchiveUnits *
parse (VsArchiveLoader * self, const VsSegment * segment, GBytes * header,
    GBytes * bytes, gint64 near_90k, gboolean shift, GError ** error)
{
  VsArchiveUnits *units = vs_archive_units_parse (header, bytes,
      get_offset (segment), near_90k, shift, error);
  g_autofree gchar *shown = NULL;

  if (units == NULL) {
    shown = vs_archive_show (self->store, self->folder, segment->uri);
    g_prefix_error (error, "%s: ", shown);
  }
  return units;
}

static gboolean
is_ts (GBytes * bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return vs_archive_units_is_ts (data, size);
}

/* Tables of their own ahead of a transport stream (RFC 8216bis 3.1.1).
 * (transfer full) @bytes */
static GBytes *
put_ahead (GBytes * header, GBytes * bytes)
{
  g_autoptr (GBytes) old = bytes;
  GByteArray *all;

  if (header == NULL || !is_ts (header))
    return g_steal_pointer (&old);
  all = g_byte_array_sized_new (g_bytes_get_size (header)
      + g_bytes_get_size (bytes));
  g_byte_array_append (all, g_bytes_get_data (header, NULL),
      g_bytes_get_size (header));
  g_byte_array_append (all, g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes));
  return g_byte_array_free_to_bytes (all);
}

/* ---- sound -------------------------------------------------------------- */

/* (transfer none): a segment of sound, until the next is loaded */
static const VsArchiveUnits *
load_audio (VsArchiveLoader * self, const Joining * joining,
    const VsSegment * segment, GError ** error)
{
  g_autofree gchar *name = g_strdup_printf ("%" G_GUINT64_FORMAT " %"
      G_GUINT64_FORMAT " %s", segment->sequence, get_offset (segment),
      segment->uri);
  KeptUnits *kept = &self->kept[self->next_kept];
  g_autoptr (GBytes) header = NULL, bytes = NULL;
  VsArchiveUnits *units;

  for (guint i = 0; i < KEPT; i++)
    if (g_strcmp0 (self->kept[i].name, name) == 0)
      return self->kept[i].units;
  bytes = vs_archive_fetch_get (self->fetch, segment, &header,
      joining->cancellable, error);
  if (bytes == NULL)
    return NULL;
  bytes = put_ahead (header, g_steal_pointer (&bytes));
  units = parse (self, segment, header, bytes, joining->units->start_90k,
      joining->shift, error);
  if (units == NULL)
    return NULL;
  self->next_kept = (self->next_kept + 1) % KEPT;
  kept_clear (kept);
  kept->name = g_steal_pointer (&name);
  kept->units = units;
  return units;
}

/* Where the sound begins that belongs to a segment. */
static gint64
find_start (VsArchiveLoader * self, const Joining * joining)
{
  const VsSegment *segment = joining->segment;
  gint64 start = joining->units->start_90k;
  gint64 end = vs_ts_unwrap (self->end_90k & (VS_TS_CLOCK_WRAP - 1), start);

  if (segment->storage->first)
    return start - AROUND_90K;
  return g_strcmp0 (self->audio, segment->storage->audio) == 0
      && segment->sequence == self->sequence + 1
      && ABS (end - start) <= TOUCHING_90K ? end : start;
}

static gboolean
is_after (const VsSegment * segment, gpointer user_data)
{
  return segment->utc_us > *(const gint64 *) user_data;
}

/* The segment of sound that is likely to have the beginning. */
static gboolean
guess (const Joining * joining, guint64 * sequence, GError ** error)
{
  const VsHistory *history = &joining->history;
  gint64 utc_us = joining->segment->utc_us;
  g_autoptr (VsSegment) oldest =
      vs_history_get (history, history->oldest, error);

  if (oldest == NULL)
    return FALSE;
  /* only one of both has dates */
  if ((oldest->utc_us > FIRST_DATE_US) != (utc_us > FIRST_DATE_US))
    utc_us = oldest->utc_us + joining->segment->storage->offset_us;
  if (!vs_history_search (history, is_after, &utc_us, sequence, error))
    return FALSE;
  *sequence = *sequence == G_MAXUINT64 ? history->next - 1 :
      MAX (*sequence, history->oldest + 1) - 1;
  return TRUE;
}

/* Whether the segment @sequence is of the same run: -1 where it is of an
 * earlier one. */
static gint
compare_run (const Joining * joining, guint64 sequence)
{
  g_autoptr (VsSegment) entry =
      vs_history_get (&joining->history, sequence, NULL);
  guint64 run = joining->segment->discontinuity_sequence;

  if (entry == NULL || entry->discontinuity_sequence > run)
    return 1;
  return entry->discontinuity_sequence < run ? -1 : 0;
}

/* Goes to the segment that has the beginning, or the first of its run. */
static gboolean
find_first (VsArchiveLoader * self, const Joining * joining,
    guint64 * sequence, GError ** error)
{
  if (!guess (joining, sequence, error))
    return FALSE;
  while (*sequence + 1 < joining->history.next
      && compare_run (joining, *sequence) < 0)
    (*sequence)++;
  while (*sequence > joining->history.oldest
      && compare_run (joining, *sequence) > 0)
    (*sequence)--;
  for (guint i = 0; i < STEPS_MAX && *sequence > joining->history.oldest
      && compare_run (joining, *sequence - 1) == 0; i++) {
    g_autoptr (VsSegment) entry =
        vs_history_get (&joining->history, *sequence, error);
    const VsArchiveUnits *units;

    if (entry == NULL)
      return FALSE;
    if (!entry->gap) {
      units = load_audio (self, joining, entry, error);
      if (units == NULL)
        return FALSE;
      if (units->start_90k <= joining->start_90k)
        return TRUE;
    }
    (*sequence)--;
  }
  return TRUE;
}

/* @done: (out): what follows is later */
static gboolean
add_segment (VsArchiveLoader * self, Joining * joining, guint64 sequence,
    gboolean * done, GError ** error)
{
  g_autoptr (VsSegment) entry =
      vs_history_get (&joining->history, sequence, error);
  g_autofree gchar *shown = NULL;
  const VsArchiveUnits *units;

  if (entry == NULL)
    return FALSE;
  *done = compare_run (joining, sequence) != 0;
  if (*done || entry->gap)
    return TRUE;
  units = load_audio (self, joining, entry, error);
  if (units == NULL)
    return FALSE;
  *done = units->start_90k >= joining->end_90k;
  if (vs_archive_units_add_audio (joining->units, units, joining->start_90k,
          joining->end_90k, error))
    return TRUE;
  shown = vs_archive_show (self->store, self->folder, entry->uri);
  g_prefix_error (error, "%s: ", shown);
  return FALSE;
}

static gboolean
add_segments (VsArchiveLoader * self, Joining * joining, GError ** error)
{
  gboolean done = FALSE;
  guint64 sequence;

  if (joining->history.oldest == joining->history.next)
    return TRUE;
  if (!find_first (self, joining, &sequence, error))
    return FALSE;
  for (guint i = 0; i < SEGMENTS_MAX && !done
      && sequence < joining->history.next; i++)
    if (!add_segment (self, joining, sequence++, &done, error))
      return FALSE;
  return TRUE;
}

static gboolean
join (VsArchiveLoader * self, Joining * joining, GError ** error)
{
  const VsSegment *segment = joining->segment;
  VsArchiveUnits *units = joining->units;

  vs_archive_units_drop_audio (units);
  joining->start_90k = find_start (self, joining);
  joining->end_90k = units->end_90k + (segment->storage->last ? AROUND_90K : 0);
  if (!add_segments (self, joining, error))
    return FALSE;
  /* a segment without sound has the programme of the others */
  if (units->audio == VS_CODEC_UNKNOWN
      && g_strcmp0 (self->audio, segment->storage->audio) == 0)
    units->audio = self->codec;
  if (g_strcmp0 (self->audio, segment->storage->audio) != 0) {
    g_free (self->audio);
    self->audio = g_strdup (segment->storage->audio);
  }
  self->codec = units->audio;
  self->sequence = segment->sequence;
  self->end_90k = units->end_90k;
  return TRUE;
}

/* ---- all of it ---------------------------------------------------------- */

static GBytes *
rewrite (VsArchiveLoader * self, const VsSegment * segment, GBytes * header,
    GBytes * bytes, VsTimeline * audio, GCancellable * cancellable,
    GError ** error)
{
  gboolean shift = !is_ts (bytes);
  g_autoptr (VsArchiveUnits) units =
      parse (self, segment, header, bytes, 0, shift, error);
  Joining joining = {.segment = segment,.units = units,.shift = shift,
    .cancellable = cancellable
  };

  if (units == NULL)
    return NULL;
  if (audio && units->video) {
    vs_history_init (&joining.history, audio, NULL);
    if (!join (self, &joining, error))
      return NULL;
  }
  return vs_archive_units_write (units, error);
}

static GBytes *
load (VsArchiveLoader * self, const VsSegment * segment, VsTimeline * audio,
    gboolean * rewritten, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GBytes) header = NULL;
  g_autoptr (GBytes) bytes = vs_archive_fetch_get (self->fetch, segment,
      &header, cancellable, error);

  *rewritten = FALSE;
  if (bytes == NULL)
    return NULL;
  bytes = put_ahead (header, g_steal_pointer (&bytes));
  if (audio == NULL && is_ts (bytes))
    return g_steal_pointer (&bytes);
  *rewritten = TRUE;
  return rewrite (self, segment, header, bytes, audio, cancellable, error);
}

GBytes *
vs_archive_loader_load (VsArchiveLoader * self, const VsSegment * segment,
    VsTimeline * audio, gboolean * rewritten, GCancellable * cancellable,
    GError ** error)
{
  GBytes *bytes;

  g_mutex_lock (&self->lock);
  bytes = load (self, segment, audio, rewritten, cancellable, error);
  g_mutex_unlock (&self->lock);
  return bytes;
}
