/* VisionStream: a body that is not in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VsHttpSource:
 *
 * What an answer's body is read from, piece by piece, as fast as the client
 * takes it. Immutable, reference counted.
 */
typedef struct _VsHttpSource VsHttpSource;

/**
 * VsHttpSourceDone:
 * @bytes: (nullable) (transfer none): all that was asked for; NULL: they can't
 *   be had
 * @error: (nullable): why; after %G_IO_ERROR_BUSY the same is asked for again,
 *   a moment later
 */
typedef void (*VsHttpSourceDone) (GBytes *bytes, const GError *error,
    gpointer user_data);

/**
 * VsHttpSourceRead:
 * @data: of vs_http_source_new ()
 * @cancellable: cancelled when nobody wants them any more
 * @done: (scope async): to be called once, now or later, in any thread
 *
 * Reads a part of the body; must not block.
 */
typedef void (*VsHttpSourceRead) (gpointer data, guint64 offset, gsize size,
    GCancellable *cancellable, VsHttpSourceDone done, gpointer user_data);

/* @free_data: (nullable): of @data, in any thread */
VsHttpSource *vs_http_source_new (guint64 size, VsHttpSourceRead read,
    gpointer data, GDestroyNotify free_data);
VsHttpSource *vs_http_source_ref (VsHttpSource *source);
void          vs_http_source_unref (VsHttpSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpSource, vs_http_source_unref)

guint64       vs_http_source_get_size (VsHttpSource *source);
void          vs_http_source_read (VsHttpSource *source, guint64 offset,
    gsize size, GCancellable *cancellable, VsHttpSourceDone done,
    gpointer user_data);

G_END_DECLS
