/* VisionStream: an event's archive as a source of segments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivereader.h"
#include "timeline/vssegmentsource.h"

G_BEGIN_DECLS

/**
 * vs_archive_source_open:
 *
 * Opens the archive of "account/event[/breakout]": see
 * vs_archive_reader_open ().
 */
VsSegmentSource *vs_archive_source_open (VsStore *store, VsLru *parts,
    const gchar *account, const gchar *event, const gchar *breakout,
    GError **error);

G_END_DECLS
