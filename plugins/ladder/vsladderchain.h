/* VisionStream: which elements decode what
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "codec/vscodec.h"

G_BEGIN_DECLS

/**
 * vs_ladder_chain_get_caps:
 *
 * Returns: (transfer full): all that the ladder takes of @type
 */
GstCaps *vs_ladder_chain_get_caps (VsMediaType type);

/**
 * vs_ladder_chain_decoder:
 *
 * Returns: (transfer full) (nullable): a gst-launch description that decodes
 *   @caps, made of elements named in a table that are installed; or NULL
 */
gchar *vs_ladder_chain_decoder (VsMediaType type, const GstCaps *caps);

/**
 * vs_ladder_chain_picture:
 * @all_fields: make a frame of each field
 *
 * Returns: (transfer full): what makes progressive 8-bit 4:2:0 of the raw
 *   video @caps
 */
gchar *vs_ladder_chain_picture (const GstCaps *caps, gboolean all_fields);

/**
 * vs_ladder_chain_mix:
 * @channels: of what comes out
 *
 * Returns: (transfer full): what makes @channels channels of the raw audio
 *   @caps. Down to two by the coefficients of ITU-R BS.775-3 annex 4, table 2,
 *   lowered so that nothing is clipped; without the LFE channel.
 */
gchar *vs_ladder_chain_mix (const GstCaps *caps, guint channels);

G_END_DECLS
