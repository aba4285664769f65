/* VisionStream: how an endpoint writes the entries of an HLS media playlist
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsm3u8.h"
#include "origin/vsmanifests.h"
#include "origin/vspackage.h"

G_BEGIN_DECLS

/* Stays where it is: @settings points at the rest. */
typedef struct
{
  VsM3u8MediaSettings settings;

  /*< private >*/
  const VsManifestContext *context;
  VsObjectName object;
  VsFormat format;
} VsHlsMedia;

/* @one: of the context's view, the one that @name means */
void vs_hls_media_init (VsHlsMedia *media, const VsManifestContext *context,
    const VsObjectName *name, const VsTimelineView *one);

G_END_DECLS
