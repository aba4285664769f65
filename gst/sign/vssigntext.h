/* VisionStream: texts whose URLs get signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vsurlsign.h"

G_BEGIN_DECLS

/* bytes of the longest line, tag or URL */
#define VS_SIGN_TEXT_LINE_MAX 8192

typedef enum
{
  VS_SIGN_TEXT_UNKNOWN,         /* told by its first bytes */
  VS_SIGN_TEXT_URI_LIST,        /* RFC 2483, section 5 */
  VS_SIGN_TEXT_HLS,             /* RFC 8216 */
  VS_SIGN_TEXT_DASH,            /* ISO/IEC 23009-1: MPD */
  VS_SIGN_TEXT_SMOOTH           /* [MS-SSTR]: client manifest */
} VsSignTextKind;

/**
 * VsSignText:
 *
 * Signs the URLs in a text that comes in pieces; holds one line, or one tag, of
 * it. In a playlist each URL is signed, relative ones are resolved first;
 * manifests with templates (DASH, Smooth), and everything under
 * VS_SIGN_WILDCARD, get one policy over their folder, and what is elsewhere one
 * over its own.
 *
 * In a list or a playlist: lines that do not begin with "#", and of tags in
 * HLS what is named URI or "...-URI" (RFC 8216, 4.3, and its second edition) and
 * the interstitials' X-ASSET-LIST. In a manifest: BaseURL, unless it is a
 * folder, Location, PatchLocation, ContentSteering, SegmentTemplate, SegmentURL,
 * Initialization, InitializationSet, RepresentationIndex, BitstreamSwitching,
 * xlink:href; UTCTiming where it is in the manifest's folder, for other clocks are nobody's to sign
 * for; StreamIndex' Url. URIs of another scheme than HTTP's ("data:", "skd:",
 * "urn:") stay as they are, but not in a list.
 *
 * Errors: a URL that can't be signed (see vs_url_signer_append ()), also for a
 * variable of HLS in it; one that is relative without @base; XML with a DOCTYPE,
 * or in another encoding than UTF-8; a BaseURL by which a template stands for
 * URLs in two folders, for which no one query is valid.
 */
typedef struct _VsSignText VsSignText;

/**
 * vs_sign_text_new:
 * @signer: outlives this
 * @base: (nullable): what relative URLs are relative to
 */
VsSignText *vs_sign_text_new (VsUrlSigner *signer, VsSignTextKind kind,
    const gchar *base);
void        vs_sign_text_free (VsSignText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSignText, vs_sign_text_free)

/**
 * vs_sign_text_push:
 * @out: what is ready is appended
 *
 * FALSE with %G_IO_ERROR_INVALID_DATA, which names the line: what is before it
 * has been appended.
 */
gboolean vs_sign_text_push (VsSignText *text, const gchar *data, gsize size,
    GString *out, GError **error);
/* The end: what was held; an unfinished tag is an error. */
gboolean vs_sign_text_finish (VsSignText *text, GString *out, GError **error);

VsSignTextKind vs_sign_text_get_kind (VsSignText *text);

G_END_DECLS
