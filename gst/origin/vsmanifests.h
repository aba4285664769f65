/* VisionStream: an endpoint's manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vseventview.h"
#include "origin/vsroute.h"

G_BEGIN_DECLS

/**
 * vs_manifest_write:
 * @view: of the event; shortened to what a DASH manifest may show
 * @endpoint: which manifest: its type and settings
 * @name: which of its manifests: %VS_OBJECT_MAIN or %VS_OBJECT_MEDIA
 * @utc_timing_uri: (nullable): the clock that a DASH manifest names
 *
 * Pure: no clock, no counter.
 *
 * Returns: (transfer full): the text; NULL when the event has nothing to show
 *   there
 */
gchar *vs_manifest_write (VsEventView *view, const VsEndpoint *endpoint,
    const VsObjectName *name, const gchar *utc_timing_uri);

G_END_DECLS
