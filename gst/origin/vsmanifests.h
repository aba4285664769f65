/* VisionStream: an endpoint's manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsxmlcuts.h"
#include "origin/vschoice.h"
#include "origin/vsmsslevels.h"
#include "origin/vsobjectname.h"
#include "origin/vsselection.h"

G_BEGIN_DECLS

/**
 * VsManifestContext:
 * @view: of the event; shortened to what a DASH or Smooth Streaming
 *   manifest may show
 * @endpoint: its type and settings
 * @selection: (nullable): what the request asks for, beyond what @view is
 * @root: what stands ahead of URIs of the type root: the endpoint's own URL
 *   path, with a slash at its end
 * @utc_timing_uri: (nullable): the clock that a DASH manifest names
 * @mss_levels: (nullable): of a Smooth Streaming endpoint, for which the
 *   configurations in @view that are in force have their records
 * @cuts: (nullable): where to note where the text may be cut
 *
 * All that a manifest is written from. Writing is pure: no clock, no counter.
 */
typedef struct
{
  VsEventView *view;
  const VsEndpoint *endpoint;
  const VsSelection *selection;
  const gchar *root;
  const gchar *utc_timing_uri;
  const VsMssLevels *mss_levels;
  VsXmlCuts *cuts;
} VsManifestContext;

/**
 * vs_manifest_write:
 * @name: which of its manifests: %VS_OBJECT_MAIN or %VS_OBJECT_MEDIA
 *
 * Returns: (transfer full): the text; or NULL with
 *   %VS_SELECTION_ERROR_MALFORMED when the filter leaves nothing,
 *   %G_IO_ERROR_NOT_FOUND when the event has nothing to show there
 */
gchar *vs_manifest_write (const VsManifestContext *context,
    const VsObjectName *name, GError **error);

/* The same by format: NULL when there is nothing to show. */
gchar *vs_manifest_write_hls_main (const VsManifestContext *context,
    const VsChoice *choice);
gchar *vs_manifest_write_hls_media (const VsManifestContext *context,
    const VsObjectName *name);
gchar *vs_manifest_write_dash (const VsManifestContext *context,
    const VsChoice *choice);
gchar *vs_manifest_write_mss (const VsManifestContext *context,
    const VsChoice *choice);

/* Appends an object's URI as the endpoint writes it. */
void vs_manifest_append_uri (GString *out, const VsManifestContext *context,
    const VsObjectName *name);

G_END_DECLS
