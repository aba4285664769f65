/* VisionStream: where a clip is written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivewriter.h"
#include "archive/vsharvest.h"

G_BEGIN_DECLS

/**
 * VsHarvestTarget:
 *
 * An archive that is written as fast as the store takes it, by a caller that
 * waits for that. For one thread.
 */
typedef struct _VsHarvestTarget VsHarvestTarget;

/* @cancellable: wakes up whoever waits. %G_IO_ERROR_EXISTS when it is there
 * already; what an earlier one left that never became visible is removed. */
VsHarvestTarget *vs_harvest_target_open (const VsHarvestSettings *settings,
    GCancellable *cancellable, GError **error);
/* Removes what was written unless it was finished. */
void             vs_harvest_target_free (VsHarvestTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHarvestTarget, vs_harvest_target_free)

void     vs_harvest_target_declare (VsHarvestTarget *target,
    VsRendition *rendition);
void     vs_harvest_target_add_config (VsHarvestTarget *target,
    const gchar *rendition, VsCodecConfig *config);
/* @bytes: NULL for a gap. Waits while too much is on its way. */
gboolean vs_harvest_target_add (VsHarvestTarget *target,
    const gchar *rendition, VsSegment *segment, GBytes *bytes,
    GError **error);
/* Waits until all is in the store, with complete playlists. */
gboolean vs_harvest_target_finish (VsHarvestTarget *target, GError **error);

G_END_DECLS
