/* VisionStream: an event that is live: its timelines and newest bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsorigin.h"

G_BEGIN_DECLS

/* VsOriginEvent: fed by streaming threads, read by everybody else; one lock,
 * held for short looks only. What vs_origin_event_*() do is in vsorigin.h. */

/**
 * vs_live_event_new:
 * @max_bytes: of segments kept in memory when an archive has them too; what
 *   no archive has may take four times as much
 */
VsOriginEvent *vs_live_event_new (const gchar *account, const gchar *event,
    const gchar *breakout, gsize max_bytes);
VsOriginEvent *vs_live_event_ref (VsOriginEvent *event);
void           vs_live_event_unref (VsOriginEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsOriginEvent, vs_live_event_unref)

/* "account/event[/breakout]" */
const gchar *vs_live_event_get_folder (VsOriginEvent *event);

/* How long a segment is kept after it closed, and whether an archive has
 * those that are dropped. */
void vs_live_event_set_keep (VsOriginEvent *event, GstClockTime keep,
    gboolean archived);

/* (element-type VsTimeline) (transfer full) */
GPtrArray *vs_live_event_get_timelines (VsOriginEvent *event);
/* Changes whenever a manifest would. */
guint64    vs_live_event_get_revision (VsOriginEvent *event);
/* µs since a segment came */
gint64     vs_live_event_get_age (VsOriginEvent *event);
gboolean   vs_live_event_has_ended (VsOriginEvent *event);
/* Of the newest segment, 0 when there is none. */
guint64    vs_live_event_get_newest (VsOriginEvent *event);
/* Whether the timelines reach back by @window, or to the very start. */
gboolean   vs_live_event_covers (VsOriginEvent *event, GstClockTime window);
gsize      vs_live_event_get_size (VsOriginEvent *event);

/* (transfer full) (nullable): a segment's bytes, if they are in memory */
GBytes *vs_live_event_get_bytes (VsOriginEvent *event,
    const gchar *rendition, guint64 sequence);

G_END_DECLS
