/* VisionStream: what an archive no longer names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchivegarbage.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchivewriter.h"

/* A sweep is short: segments wait behind it. */
#define SWEEP_MAX 32
#define RETRY_DELAY (5 * G_USEC_PER_SEC)

/* Entries of a child playlist: no more are unlisted, or kept after they were
 * pruned, at a time; a row of as many missing files is the end. */
#define PROBE_MAX (2 * VS_ARCHIVE_PART)

typedef struct
{
  guint64 sequence;
  gint64 due;
} Mark;

struct _VsArchiveGarbage
{
  gchar *rendition;
  guint64 deleted;              /* all below are gone */
  GQueue marks;                 /* Mark, ascending */
};

VsArchiveGarbage *
vs_archive_garbage_new (const gchar * rendition)
{
  VsArchiveGarbage *garbage = g_new0 (VsArchiveGarbage, 1);

  garbage->rendition = g_strdup (rendition);
  g_queue_init (&garbage->marks);
  return garbage;
}

void
vs_archive_garbage_free (VsArchiveGarbage * garbage)
{
  g_queue_clear_full (&garbage->marks, g_free);
  g_free (garbage->rendition);
  g_free (garbage);
}

static gboolean
delete_name (const VsArchivePlace * place, gchar * name, GError ** error)
{
  g_autofree gchar *taken = name;
  g_autofree gchar *key = vs_archive_key (place->folder, taken);

  return vs_store_delete (place->store, key, place->cancellable, error);
}

/* Which of the segments from @first on are there. */
static gboolean
find_segments (VsArchiveGarbage * garbage, guint64 first, guint n,
    gboolean * found, const VsArchivePlace * place, GError ** error)
{
  g_auto (GStrv) keys = g_new0 (gchar *, n + 1);

  for (guint i = 0; i < n; i++) {
    g_autofree gchar *name =
        vs_archive_segment_name (garbage->rendition, first + i);

    keys[i] = vs_archive_key (place->folder, name);
  }
  return vs_store_find (place->store, (const gchar * const *) keys, n, found,
      place->cancellable, error);
}

/* What was stored and never listed, from @next on. */
static gboolean
delete_unlisted (VsArchiveGarbage * garbage, guint64 next,
    const VsArchivePlace * place, GError ** error)
{
  gboolean found[PROBE_MAX];

  if (!find_segments (garbage, next, PROBE_MAX, found, place, error))
    return FALSE;
  for (guint i = 0; i < PROBE_MAX; i++) {
    if (found[i] && !delete_name (place,
            vs_archive_segment_name (garbage->rendition, next + i), error))
      return FALSE;
  }
  return TRUE;
}

/* The lowest segment ahead of @start, as far as there is one in so many. */
static gboolean
find_lowest (VsArchiveGarbage * garbage, guint64 start, guint64 * lowest,
    const VsArchivePlace * place, GError ** error)
{
  guint n = MIN (start - 1, PROBE_MAX);
  gboolean found[PROBE_MAX];
  guint i = 0;

  if (n > 0 && !find_segments (garbage, start - n, n, found, place, error))
    return FALSE;
  while (i < n && !found[i])
    i++;
  *lowest = start - n + i;
  return TRUE;
}

gboolean
vs_archive_garbage_find (VsArchiveGarbage * garbage, guint64 first,
    guint64 next, const VsArchivePlace * place, GError ** error)
{
  guint64 lowest = first;

  if (!delete_unlisted (garbage, next, place, error))
    return FALSE;
  do {
    garbage->deleted = lowest;
    if (!find_lowest (garbage, garbage->deleted, &lowest, place, error))
      return FALSE;
  } while (lowest < garbage->deleted);
  return TRUE;
}

void
vs_archive_garbage_mark (VsArchiveGarbage * garbage, guint64 sequence,
    gint64 due)
{
  Mark *last = g_queue_peek_tail (&garbage->marks);
  Mark *mark;

  if (garbage->deleted == 0)
    garbage->deleted = sequence;
  if (sequence <= (last ? last->sequence : garbage->deleted))
    return;
  mark = g_new (Mark, 1);
  mark->sequence = sequence;
  mark->due = due;
  g_queue_push_tail (&garbage->marks, mark);
}

/* The segment; before it, should it be the last of its part, the part: a
 * segment that stays when we die in between will be found. */
static gboolean
delete_segment (VsArchiveGarbage * garbage, guint64 sequence,
    const VsArchivePlace * place)
{
  const gchar *rendition = garbage->rendition;
  gboolean is_last = vs_archive_part_start (sequence + 1) == sequence + 1;

  if (is_last && !delete_name (place,
          vs_archive_part_name (rendition, sequence), NULL))
    return FALSE;
  return delete_name (place, vs_archive_segment_name (rendition, sequence),
      NULL);
}

gint64
vs_archive_garbage_sweep (VsArchiveGarbage * garbage,
    const VsArchivePlace * place, gint64 now)
{
  Mark *mark;

  for (guint n = 0; (mark = g_queue_peek_head (&garbage->marks));) {
    if (mark->due > now)
      return mark->due;
    for (; garbage->deleted < mark->sequence; garbage->deleted++) {
      if (n++ == SWEEP_MAX)
        return now;
      if (!delete_segment (garbage, garbage->deleted, place))
        return now + RETRY_DELAY;
    }
    g_free (g_queue_pop_head (&garbage->marks));
  }
  return G_MAXINT64;
}
