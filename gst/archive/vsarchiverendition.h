/* VisionStream: one rendition of an archive, as it is when it is looked at
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchiveholes.h"
#include "archive/vsarchivereader.h"

G_BEGIN_DECLS

/**
 * VsArchiveRendition:
 * @follow: it is waited for what is not there yet
 * @holes: (nullable): set to have holes closed up; NULL: they are kept
 * @oldest_us, @end_us: UTC of what there is
 * @trouble: (nullable): why new segments can't be looked for, once; whoever
 *   tells it takes it
 *
 * What a reader has of one rendition, and its time. For one thread.
 */
typedef struct
{
  VsArchiveReader *reader;
  gchar *place, *name;          /* for messages; of the rendition */
  gboolean follow;
  VsArchiveHoles *holes;

  /* as of the last refresh */
  VsTimeline *timeline;
  VsHistory history;
  VsTimelineState state;
  gint64 oldest_us, end_us;
  gboolean foreign;
  GError *trouble;

  /*< private >*/
  gint64 refreshed_us;          /* monotonic, when that was */
  gint64 failing_since_us;      /* 0 while the store answers */
} VsArchiveRendition;

/**
 * vs_archive_rendition_open:
 * @playlist: (nullable): read in place of the event's: see
 *   vs_archive_reader_open_playlist ()
 * @name: (nullable): NULL for the largest picture, of these the highest bit
 *   rate; without pictures the first
 *
 * Errors are those of vs_archive_reader_open (), and %G_IO_ERROR_NOT_FOUND
 * when there is no such rendition.
 */
VsArchiveRendition *vs_archive_rendition_open (VsStore *store,
    const gchar *account, const gchar *event, const gchar *breakout,
    const gchar *playlist, const gchar *name, GCancellable *cancellable, GError **error);
void                vs_archive_rendition_free (VsArchiveRendition *rendition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveRendition, vs_archive_rendition_free)

/**
 * vs_archive_rendition_refresh:
 *
 * Looks for what is new. A store that does not answer is borne with for a
 * minute (see @trouble); a damaged archive is an error at once.
 */
gboolean vs_archive_rendition_refresh (VsArchiveRendition *rendition,
    GCancellable *cancellable, GError **error);

/* Waits until half a target duration after the last refresh. FALSE: was
 * cancelled. */
gboolean vs_archive_rendition_pause (VsArchiveRendition *rendition,
    GCancellable *cancellable, GError **error);

gboolean vs_archive_rendition_can_grow (VsArchiveRendition *rendition);
gboolean vs_archive_rendition_is_empty (VsArchiveRendition *rendition);
/* Whether its entries are dated: another maker's need not be. */
gboolean vs_archive_rendition_has_dates (VsArchiveRendition *rendition);

/* The last segment that begins at UTC @utc_us or before, else the oldest. */
gboolean vs_archive_rendition_find (VsArchiveRendition *rendition,
    gint64 utc_us, guint64 *sequence, GError **error);

/* Looks at entries for holes up to UTC @utc_us and up to @closed_us, which is
 * with holes closed up; nothing to do when they are kept. */
gboolean vs_archive_rendition_look_for_holes (VsArchiveRendition *rendition,
    gint64 utc_us, gint64 closed_us, GError **error);
/* UTC without holes, and back, as far as was looked for them; µs */
gint64   vs_archive_rendition_close_up (VsArchiveRendition *rendition,
    gint64 utc_us);
gint64   vs_archive_rendition_open_up (VsArchiveRendition *rendition,
    gint64 closed_us);

static inline gint64
vs_archive_end_us (const VsSegment *segment)
{
  return segment->utc_us + GST_TIME_AS_USECONDS (segment->duration);
}

G_END_DECLS
