/* VisionStream: decoder configuration records of H.264 and H.265, read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/gstbytereader.h>
#include "codec/vscodec.h"

G_BEGIN_DECLS

/* A parameter set; FALSE ends the reading. */
typedef gboolean (*VsCodecSetFunc) (const guint8 *set, gsize size,
    gpointer user_data);

/**
 * vs_codec_record_for_each_set:
 * @codec: VS_CODEC_H264 or VS_CODEC_H265
 * @record: the payload of avcC (ISO/IEC 14496-15 5.3.3.1.2) or hvcC
 *   (8.3.3.1.2)
 *
 * Calls @func with all parameter sets, but those of no bytes, in their order.
 *
 * Returns: how many bytes the lengths of NAL units in samples have, 1 to 4; 0
 *   when the record ends too early or @func ended it
 */
guint vs_codec_record_for_each_set (VsCodec codec, GstByteReader *record,
    VsCodecSetFunc func, gpointer user_data);

/* What stands ahead of each NAL unit, in four bytes */
typedef enum
{
  VS_NAL_PREFIX_START_CODE,
  VS_NAL_PREFIX_LENGTH
} VsNalPrefix;

/* Appends them all; returns the same. */
guint vs_codec_record_append_sets (VsCodec codec, GstByteReader *record,
    VsNalPrefix prefix, GByteArray *out);

G_END_DECLS
