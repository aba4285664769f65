/* VisionStream: what an archive lacks, left out of its time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsarchiveholes.h"

/* Another maker's dates are rounded: what is less is no hole. */
#define LEAST_US 20000

typedef struct
{
  gint64 end_us;                /* UTC */
  gint64 sum_us;                /* of it and all before it */
} Hole;

struct _VsArchiveHoles
{
  GArray *holes;                /* Hole, ascending */
  gint64 end_us;                /* UTC, of what was looked at */
  guint64 next;
};

VsArchiveHoles *
vs_archive_holes_new (void)
{
  VsArchiveHoles *holes = g_new0 (VsArchiveHoles, 1);

  holes->holes = g_array_new (FALSE, FALSE, sizeof (Hole));
  return holes;
}

void
vs_archive_holes_free (VsArchiveHoles * holes)
{
  g_array_unref (holes->holes);
  g_free (holes);
}

static const Hole *
nth (VsArchiveHoles * holes, guint i)
{
  return &g_array_index (holes->holes, Hole, i);
}

static gint64
sum_up_to (VsArchiveHoles * holes, guint n)
{
  return n > 0 ? nth (holes, n - 1)->sum_us : 0;
}

/* How many end at or before @utc_us. */
static guint
count_up_to (VsArchiveHoles * holes, gint64 utc_us)
{
  guint low = 0, high = holes->holes->len;

  while (low < high) {
    guint middle = (low + high) / 2;

    if (nth (holes, middle)->end_us > utc_us)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static void
add_hole (VsArchiveHoles * holes, gint64 start_us, gint64 end_us)
{
  guint at = count_up_to (holes, start_us);
  Hole hole = { end_us, sum_up_to (holes, at) };

  g_array_insert_val (holes->holes, at, hole);
  for (guint i = at; i < holes->holes->len; i++)
    g_array_index (holes->holes, Hole, i).sum_us += end_us - start_us;
}

void
vs_archive_holes_add (VsArchiveHoles * holes, const VsSegment * segment)
{
  gint64 end_us = segment->utc_us + GST_TIME_AS_USECONDS (segment->duration);

  if (holes->next != 0 && segment->utc_us > holes->end_us + LEAST_US)
    add_hole (holes, holes->end_us, segment->utc_us);
  if (segment->gap)
    add_hole (holes, segment->utc_us, end_us);
  holes->end_us = end_us;
  holes->next = segment->sequence + 1;
}

void
vs_archive_holes_lose (VsArchiveHoles * holes, const VsSegment * segment)
{
  gint64 end_us = segment->utc_us + GST_TIME_AS_USECONDS (segment->duration);

  if (vs_archive_holes_close (holes, segment->utc_us) <
      vs_archive_holes_close (holes, end_us))
    add_hole (holes, segment->utc_us, end_us);
}

guint64
vs_archive_holes_get_next (VsArchiveHoles * holes)
{
  return holes->next;
}

gint64
vs_archive_holes_get_end (VsArchiveHoles * holes)
{
  return holes->end_us - sum_up_to (holes, holes->holes->len);
}

gint64
vs_archive_holes_close (VsArchiveHoles * holes, gint64 utc_us)
{
  guint at = count_up_to (holes, utc_us);
  gint64 before_us = sum_up_to (holes, at), start_us;

  if (at == holes->holes->len)
    return utc_us - before_us;
  start_us = nth (holes, at)->end_us - (nth (holes, at)->sum_us - before_us);
  return MIN (utc_us, start_us) - before_us;
}

gint64
vs_archive_holes_open (VsArchiveHoles * holes, gint64 closed_us)
{
  guint low = 0, high = holes->holes->len;

  /* how many end at or before that */
  while (low < high) {
    guint middle = (low + high) / 2;

    if (nth (holes, middle)->end_us - nth (holes, middle)->sum_us > closed_us)
      high = middle;
    else
      low = middle + 1;
  }
  return closed_us + sum_up_to (holes, low);
}
