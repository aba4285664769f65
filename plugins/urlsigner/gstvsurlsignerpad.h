/* VisionStream: a stream that passes through vsurlsigner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvsurlsigner.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_URL_SIGNER_PAD (gst_vs_url_signer_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstVsUrlSignerPad, gst_vs_url_signer_pad, GST,
    VS_URL_SIGNER_PAD, GstPad)

struct _GstVsUrlSignerPad
{
  GstPad parent;
  GstPad *srcpad;               /* not owned: it goes when this one goes */

  /* the streaming thread's */
  VsRendition *rendition;       /* what upstream said, or NULL */
  gboolean warned;              /* that nothing can be signed */
};

GstPad *gst_vs_url_signer_pad_new (GstPadTemplate *sink_templ,
    GstPadTemplate *src_templ, guint number);
/* When nothing streams any more. */
void    gst_vs_url_signer_pad_reset (GstVsUrlSignerPad *pad);

G_END_DECLS
