/* VisionStream: events that are served from a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vspool.h"
#include "store/vsstore.h"
#include "timeline/vslru.h"
#include "timeline/vssegmentsource.h"

G_BEGIN_DECLS

/**
 * VsArchiveEvents:
 *
 * The events and media files of a store that somebody asks for: opened in
 * threads of the pool when they are first wanted, looked at again while they
 * may have grown, a bounded number of them (and of bytes) kept, closed when
 * nobody wants them any more. Many who wait for one event wait for one opening.
 * What can't be opened is not tried again for a moment.
 */
typedef struct _VsArchiveEvents VsArchiveEvents;

/**
 * VsArchiveEvent:
 *
 * An event as it was last found; immutable, reference counted.
 */
typedef struct
{
  gchar *folder;                /* "account/event[/breakout]", or
                                 * "account/media/file" */
  VsSegmentSource *source;
  GPtrArray *timelines;         /* VsTimeline */
  gboolean ended;
  gboolean is_foreign;          /* TS can be served, nothing packaged */
  guint target_duration;        /* s */
  guint64 revision;             /* differs when the event does */
  gint64 grown_us;              /* since when it is as it is, monotonic */

  /*< private >*/
  gint ref_count;
} VsArchiveEvent;

VsArchiveEvent *vs_archive_event_ref (VsArchiveEvent *event);
void            vs_archive_event_unref (VsArchiveEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveEvent, vs_archive_event_unref)

/* µs since the event was seen to have grown */
gint64          vs_archive_event_get_age (const VsArchiveEvent *event);

/* @pool: (transfer none): must live longer, but run no job any more when
 * this is freed
 * @parts: where the events' sealed parts are kept
 * @warning: (nullable): what can't be opened, once for each new reason; and
 *   what is remarked of what can, once each time */
VsArchiveEvents *vs_archive_events_new (VsStore *store, VsPool *pool,
    VsLru *parts, void (*warning) (const gchar *text, gpointer user_data),
    gpointer user_data);
void             vs_archive_events_free (VsArchiveEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveEvents, vs_archive_events_free)

VsStore *vs_archive_events_get_store (VsArchiveEvents *events);

/**
 * VsArchiveEventReady:
 * @event: (nullable) (transfer none)
 * @error: (nullable): %G_IO_ERROR_NOT_FOUND when there is no such event,
 *   %G_IO_ERROR_BUSY when there is no room to look for it now
 */
typedef void (*VsArchiveEventReady) (VsArchiveEvent *event,
    const GError *error, gpointer user_data);

/**
 * vs_archive_events_get:
 * @breakout: (nullable)
 * @ready: (scope async): called once: from here when the event is at hand,
 *   else from a thread of the pool
 */
void vs_archive_events_get (VsArchiveEvents *events, const gchar *account,
    const gchar *event, const gchar *breakout, VsArchiveEventReady ready,
    gpointer user_data);
/* The same for a media file, see vsasset.h. */
void vs_archive_events_get_asset (VsArchiveEvents *events,
    const gchar *account, const gchar *file, VsArchiveEventReady ready,
    gpointer user_data);

G_END_DECLS
