/* VisionStream: a rendition's sealed parts, read when they are wanted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsm3u8.h"
#include "store/vsstore.h"
#include "timeline/vslru.h"

G_BEGIN_DECLS

/**
 * VsArchiveParts:
 *
 * The source of a timeline: what lies before the entries of the child
 * playlist. A part is named by its first sequence number, so that any number
 * costs one object. Parts that were read are in a cache that all have in
 * common; nothing is kept here. Thread-safe, reference counted.
 */
typedef struct _VsArchiveParts VsArchiveParts;

/* @id: tells this archive from one that was made anew in its place: a
 * VsTimelineState.id; @cancellable: (nullable): of what its source reads */
VsArchiveParts *vs_archive_parts_new (VsStore *store, const gchar *folder,
    const gchar *rendition, VsLru *cache, guint64 id,
    GCancellable *cancellable);
void            vs_archive_parts_unref (VsArchiveParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveParts, vs_archive_parts_unref)

/* (transfer none) */
VsTimelineSource *vs_archive_parts_get_source (VsArchiveParts *parts);

/**
 * vs_archive_parts_get:
 *
 * Returns: (transfer full): the part that holds @sequence;
 *   %G_IO_ERROR_NOT_FOUND when there is none
 */
VsTimelinePart *vs_archive_parts_get (VsArchiveParts *parts,
    guint64 sequence, GCancellable *cancellable, GError **error);

G_END_DECLS
