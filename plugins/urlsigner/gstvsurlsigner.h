/* VisionStream: vsurlsigner, signs the URLs in what flows through it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "vssigning.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_URL_SIGNER (gst_vs_url_signer_get_type ())
G_DECLARE_FINAL_TYPE (GstVsUrlSigner, gst_vs_url_signer, GST, VS_URL_SIGNER,
    GstElement)

struct _GstVsUrlSigner
{
  GstElement parent;

  /* protected by the object lock, which is held over nothing else */
  VsSigningSettings settings;
  gboolean changed;             /* since signing was made of them */
  VsSigning *signing;           /* NULL below READY */
  guint next_pad;
};

GST_ELEMENT_REGISTER_DECLARE (vsurlsigner)

/* (transfer full) (nullable) */
VsSigning *gst_vs_url_signer_get_signing (GstVsUrlSigner *self);

/* gstvsurlsigneractions.c: the action signals */
void gst_vs_url_signer_install_actions (GObjectClass *klass);

G_END_DECLS
