/* VisionStream: what there is of an event in an archive, in short
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * VsArchiveSummary:
 *
 * What a list of events tells of one.
 */
typedef struct
{
  GPtrArray *renditions;        /* gchar *: names, as the main playlist has
                                 * them */
  GstClockTime duration;        /* ns; where older segments were pruned, what
                                 * the retained bytes are worth on average */
  gboolean ended;
} VsArchiveSummary;

/**
 * vs_archive_summary_read:
 * @folder: "account/event[/breakout]"
 *
 * Reads the main playlist and the beginning of its first child: the same
 * little for an event of a day as for one of a minute.
 *
 * Returns: (transfer full): it, or NULL with an error of the store's, or
 *   %G_IO_ERROR_INVALID_DATA
 */
VsArchiveSummary *vs_archive_summary_read (VsStore *store,
    const gchar *folder, GCancellable *cancellable, GError ** error);
void              vs_archive_summary_free (VsArchiveSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsArchiveSummary, vs_archive_summary_free)

G_END_DECLS
