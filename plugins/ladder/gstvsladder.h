/* VisionStream: vsladder, the bit-rate ladder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_VS_LADDER (gst_vs_ladder_get_type ())
G_DECLARE_FINAL_TYPE (GstVsLadder, gst_vs_ladder, GST, VS_LADDER, GstBin)

GST_ELEMENT_REGISTER_DECLARE (vsladder);

G_END_DECLS
