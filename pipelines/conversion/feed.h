/* VisionStream: the tracks of an archive, fed to a pipeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "convert.h"

G_BEGIN_DECLS

/**
 * VsFeed:
 *
 * Reads a conversion's range in a thread of its own, and gives the access units
 * of its first tracks to the appsrcs "video" and "audio" of a pipeline, where
 * there are such. Running time is the position in the range.
 *
 * tsdemux can't be in its place: a programme that is another one in the middle
 * of an archive (other PIDs, one track more) has other pads there, and the
 * stream ends. What is wrong is posted on the pipeline's bus, with its GError.
 */
typedef struct _VsFeed VsFeed;

/* Opens the range; NULL with the errors of vs_archive_cursor_open (). */
VsFeed *vs_feed_new (const VsConvert *convert, GstElement *pipeline,
    GCancellable *cancellable, GError **error);
/* Begins; the pipeline is at least READY. */
void    vs_feed_start (VsFeed *feed);
/* It reads no more. It ends once the pipeline is at rest. */
void    vs_feed_cancel (VsFeed *feed);
/* How long the range is, as far as it is known. */
GstClockTime vs_feed_get_duration (VsFeed *feed);
/* The pipeline is at rest. */
void    vs_feed_free (VsFeed *feed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsFeed, vs_feed_free)

G_END_DECLS
