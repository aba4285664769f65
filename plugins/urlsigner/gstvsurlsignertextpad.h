/* VisionStream: a text whose URLs vsurlsigner signs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstvsurlsigner.h"
#include "sign/vssigntext.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_URL_SIGNER_TEXT_PAD (gst_vs_url_signer_text_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstVsUrlSignerTextPad, gst_vs_url_signer_text_pad, GST,
    VS_URL_SIGNER_TEXT_PAD, GstPad)

struct _GstVsUrlSignerTextPad
{
  GstPad parent;
  GstPad *srcpad;               /* not owned: it goes when this one goes */

  /* the streaming thread's */
  VsSignTextKind kind;          /* that caps tell */
  VsUrlSigner *signer;          /* of a text that has begun, as */
  VsSignText *text;             /* this */
  gboolean has_base, failed;
  gboolean has_preamble;        /* caps and segment went out */
  guint64 offset;               /* of the next buffer, bytes */
};

GstPad *gst_vs_url_signer_text_pad_new (GstPadTemplate *sink_templ,
    GstPadTemplate *src_templ);
/* When nothing streams any more. */
void    gst_vs_url_signer_text_pad_reset (GstVsUrlSignerTextPad *pad);

G_END_DECLS
