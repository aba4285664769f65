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

static gboolean
segment_exists (VsArchiveGarbage * garbage, guint64 sequence,
    const VsArchivePlace * place)
{
  g_autofree gchar *name =
      vs_archive_segment_name (garbage->rendition, sequence);
  g_autofree gchar *key = vs_archive_key (place->folder, name);
  g_autoptr (VsStoreObject) object =
      vs_store_stat (place->store, key, place->cancellable, NULL);

  return object != NULL;
}

gboolean
vs_archive_garbage_find (VsArchiveGarbage * garbage, guint64 first,
    guint64 next, const VsArchivePlace * place, GError ** error)
{
  guint missing = 0;

  for (guint i = 0; i < PROBE_MAX; i++) {
    if (!delete_name (place, vs_archive_segment_name (garbage->rendition,
                next + i), error))
      return FALSE;
  }

  garbage->deleted = first;
  for (guint64 s = first; s > 1 && missing < PROBE_MAX; s--) {
    missing++;
    if (segment_exists (garbage, s - 1, place)) {
      garbage->deleted = s - 1;
      missing = 0;
    }
  }
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
