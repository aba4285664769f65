/* VisionStream: the recordings of a clip
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsharvest.h"
#include "archive/vsharvestsource.h"

G_BEGIN_DECLS

/**
 * VsHarvestMovies:
 *
 * The MP4 files of a clip, one a rendition that is wanted, made of the same
 * bytes as it is copied: all are there when the clip is, or none. For one
 * thread.
 */
typedef struct _VsHarvestMovies VsHarvestMovies;

/**
 * vs_harvest_movies_open:
 * @settings, @callbacks: stay as long as this does
 * @best: the rendition that is the best one
 * @expected: how long it will be, about
 *
 * Removes what a clip whose process died has left.
 */
VsHarvestMovies *vs_harvest_movies_open (const VsHarvestSettings *settings,
    const VsHarvestCallbacks *callbacks, gpointer user_data,
    const gchar *best, GstClockTime expected, GCancellable *cancellable,
    GError **error);
/* Removes what was written unless it was kept. */
void             vs_harvest_movies_free (VsHarvestMovies *movies);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHarvestMovies, vs_harvest_movies_free)

/* FALSE with %G_IO_ERROR_NOT_FOUND when a rendition is wanted that is not in
 * @renditions: (element-type VsHarvestRendition) */
gboolean vs_harvest_movies_check (VsHarvestMovies *movies,
    const GPtrArray *renditions, GError **error);

/* @segment: as the clip has it */
gboolean vs_harvest_movies_add (VsHarvestMovies *movies,
    const VsHarvestRendition *rendition, const VsSegment *segment,
    GBytes *bytes, GError **error);

gboolean vs_harvest_movies_finish (VsHarvestMovies *movies, GError **error);
void     vs_harvest_movies_keep (VsHarvestMovies *movies);

G_END_DECLS
