/* VisionStream: codecs as Smooth Streaming manifests describe them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [MS-SSTR] 2.2.2.5: what a moov would say stands in the manifest.
 */
#pragma once

#include "codec/vscodec.h"

G_BEGIN_DECLS

/* Whether Smooth Streaming has a place for @codec: H.264, H.265, AAC,
 * E-AC-3. */
gboolean vs_smooth_supports (VsCodec codec);

/* "H264", "HVC1", "AACL", "AACH", "EC-3"; NULL when it is not supported. */
const gchar *vs_smooth_get_four_cc (const VsCodecConfig *config);

/* AudioTag: wFormatTag of WAVEFORMATEX; 0 for video */
guint vs_smooth_get_audio_tag (const VsCodecConfig *config);

/* PacketSize: nBlockAlign of WAVEFORMATEX; 0 for video */
guint vs_smooth_get_packet_size (const VsCodecConfig *config);

/**
 * vs_smooth_get_private_data:
 * @config: with its record
 *
 * CodecPrivateData before it is written as hex: the parameter sets in Annex B
 * with start codes of four bytes; the AudioSpecificConfig; for E-AC-3 what
 * WAVEFORMATEXTENSIBLE adds to WAVEFORMATEX, and the payload of dec3.
 *
 * Returns: (transfer full) (nullable): NULL when the codec is not supported
 *   or its record is missing or damaged
 */
GByteArray *vs_smooth_get_private_data (const VsCodecConfig *config);

/**
 * vs_smooth_get_parameter_sets:
 *
 * The parameter sets of H.264 or H.265 as samples have them: each behind its
 * length in four bytes.
 *
 * Returns: (transfer full) (nullable): as above; NULL for audio
 */
GByteArray *vs_smooth_get_parameter_sets (const VsCodecConfig *config);

G_END_DECLS
