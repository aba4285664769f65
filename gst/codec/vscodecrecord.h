/* VisionStream: decoder configuration records of H.264 and H.265, read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/gstbytereader.h>
#include "codec/vscodec.h"

G_BEGIN_DECLS

/* What stands ahead of each NAL unit, in four bytes */
typedef enum
{
  VS_NAL_PREFIX_START_CODE,
  VS_NAL_PREFIX_LENGTH
} VsNalPrefix;

/**
 * vs_codec_record_append_sets:
 * @codec: VS_CODEC_H264 or VS_CODEC_H265
 * @record: the payload of avcC (ISO/IEC 14496-15 5.3.3.1.2) or hvcC
 *   (8.3.3.1.2)
 *
 * Appends all parameter sets, but those of no bytes, in their order.
 *
 * Returns: how many bytes the lengths of NAL units in samples have, 1 to 4; 0
 *   when the record ends too early
 */
guint vs_codec_record_append_sets (VsCodec codec, GstByteReader *record,
    VsNalPrefix prefix, GByteArray *out);

G_END_DECLS
