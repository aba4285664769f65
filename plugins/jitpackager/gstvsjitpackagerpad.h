/* VisionStream: a sink pad of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "jitpackager/gstvsjitpackager.h"

G_BEGIN_DECLS

/* One rendition's TS: collected between the boundary events that a store or a
 * ladder upstream sends, else cut here. */
#define GST_TYPE_VS_JIT_PACKAGER_PAD (gst_vs_jit_packager_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstVsJitPackagerPad, gst_vs_jit_packager_pad, GST,
    VS_JIT_PACKAGER_PAD, GstPad)

/* @position: among the element's pads */
GstPad  *gst_vs_jit_packager_pad_new (GstPadTemplate *templ,
    const gchar *name, guint position);
gboolean gst_vs_jit_packager_pad_is_eos (GstVsJitPackagerPad *self);
/* Before it becomes active: from now on the other streams wait for it, if it
 * is linked. */
void     gst_vs_jit_packager_pad_start (GstVsJitPackagerPad *self);
/* Forgets the stream: the pad is not active. */
void     gst_vs_jit_packager_pad_reset (GstVsJitPackagerPad *self);

G_END_DECLS
