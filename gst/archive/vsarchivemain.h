/* VisionStream: an archive's main playlist
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivelist.h"

G_BEGIN_DECLS

/**
 * vs_archive_main_render:
 * @lists: (element-type VsArchiveList): of the event
 * @complete: the event has ended: all that is stored, with exact figures.
 *   Otherwise the renditions of this run.
 * @redundant: (nullable): the way to where another chain has the same
 *   (vs_archive_path_to_event ()): it is named too, see vs_m3u8_write_main ()
 *
 * The text changes only when it has something to say: BANDWIDTH when the
 * measured peak has passed what is shown (then a tenth is put on top),
 * AVERAGE-BANDWIDTH when it is a tenth off, all else when it changed.
 *
 * Returns: (nullable): NULL while nothing is stored
 */
gchar *vs_archive_main_render (GPtrArray *lists, gboolean complete,
    const gchar *redundant);

/**
 * vs_archive_main_read_renditions:
 *
 * The names of all renditions that have a playlist here, those of earlier runs
 * too: a comment line has them while the main playlist leaves them out. Not
 * those of another chain.
 *
 * Returns: (element-type utf8) (transfer full): %G_IO_ERROR_NOT_FOUND when
 *   there is no main playlist
 */
GPtrArray *vs_archive_main_read_renditions (const VsArchivePlace *place,
    GError **error);

G_END_DECLS
