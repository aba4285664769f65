/* VisionStream: vsjitpackager, the origin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsorigin.h"
#include "timeline/vssegmenter.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_JIT_PACKAGER (gst_vs_jit_packager_get_type ())
G_DECLARE_FINAL_TYPE (GstVsJitPackager, gst_vs_jit_packager, GST,
    VS_JIT_PACKAGER, GstElement)

GST_ELEMENT_REGISTER_DECLARE (vsjitpackager);

GST_DEBUG_CATEGORY_EXTERN (gst_vs_jit_packager_debug);

/* What pads ask of their element, from streaming threads, while it is PAUSED
 * or PLAYING. */

/* (transfer none): valid until the element is READY again */
VsOriginEvent *gst_vs_jit_packager_get_event (GstVsJitPackager *self,
    const VsRendition *rendition);
/* (transfer none): the segmenter of pads whose stream nobody has cut */
VsSegmenter *gst_vs_jit_packager_get_segmenter (GstVsJitPackager *self);
/* A rendition of the element's own account, event and breakout, its name made
 * unique among those that were given out. */
VsRendition *gst_vs_jit_packager_new_rendition (GstVsJitPackager *self,
    const gchar *name);
/* The store upstream says where it is. */
void gst_vs_jit_packager_found_archive (GstVsJitPackager *self,
    const gchar *location);
void gst_vs_jit_packager_count_segment (GstVsJitPackager *self);
/* A pad's EOS came, or its stream goes on. */
void gst_vs_jit_packager_pad_ended (GstVsJitPackager *self);

G_END_DECLS
