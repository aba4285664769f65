/* VisionStream: events that are served from an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivereader.h"
#include "origin/vspool.h"

G_BEGIN_DECLS

/**
 * VsArchiveEvents:
 *
 * The events of a store that somebody asks for: opened in threads of the pool
 * when they are first wanted, looked at again while they may have grown, a
 * bounded number of them kept, closed when nobody wants them any more. Many
 * who wait for one event wait for one opening.
 */
typedef struct _VsArchiveEvents VsArchiveEvents;

/**
 * VsArchiveEvent:
 *
 * An event as it was last found; immutable, reference counted.
 */
typedef struct
{
  gchar *folder;                /* "account/event[/breakout]" */
  VsArchiveReader *reader;
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
 * @parts: where the events' sealed parts are kept */
VsArchiveEvents *vs_archive_events_new (VsStore *store, VsPool *pool,
    VsLru *parts);
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

G_END_DECLS
