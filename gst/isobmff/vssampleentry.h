/* VisionStream: sample entries (ISO/IEC 14496-12 8.5.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "codec/vscodec.h"
#include "isobmff/vsboxwriter.h"

G_BEGIN_DECLS

gboolean vs_sample_entry_supports (VsCodec codec);

/* Whether a sample entry can be made of @config: H.264, H.265, AAC, AC-3 and
 * E-AC-3 with their record, MPEG audio; %VS_PACKAGE_ERROR_UNSUPPORTED else. */
gboolean vs_sample_entry_check (const VsCodecConfig *config, GError **error);

/* The entry (12.1.3, 12.2.3; 14496-14 5.6, 14496-15 5.4.2 and 8.4.1, ETSI TS
 * 102 366 F.2 and F.5) of a @config that was checked. */
void vs_sample_entry_put (VsBoxWriter *w, const VsCodecConfig *config);

G_END_DECLS
