/* VisionStream: another maker's segments as transport streams
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsArchiveLoader:
 *
 * Gives segments as transport streams, whatever they are stored as. Where the
 * sound of a variant has a playlist of its own, a segment gets the sound of its
 * time: from its first picture up to the next segment's; the first and the last
 * of a run also what is up to 10 s around them. Of a playlist that grows that is
 * the sound that is listed by then. Thread-safe, one call at a time
 * does the work.
 */
typedef struct _VsArchiveLoader VsArchiveLoader;

VsArchiveLoader *vs_archive_loader_new (VsStore *store, const gchar *folder);
void             vs_archive_loader_free (VsArchiveLoader *loader);

/**
 * vs_archive_loader_load:
 * @audio: (nullable): where its sound is; NULL: it is given without
 * @rewritten: (out): it is not as it is stored, and its continuity counters
 *   begin at 0
 *
 * Errors name the object: those of vs_archive_fetch_get (), and
 * %G_IO_ERROR_INVALID_DATA when it can be read as nothing.
 */
GBytes *vs_archive_loader_load (VsArchiveLoader *loader,
    const VsSegment *segment, VsTimeline *audio, gboolean *rewritten,
    GCancellable *cancellable, GError **error);

G_END_DECLS
