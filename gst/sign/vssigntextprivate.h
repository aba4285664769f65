/* VisionStream: texts whose URLs get signed, their kinds
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssigntext.h"
#include "sign/vsurlparts.h"

G_BEGIN_DECLS

/* RFC 8216, 4.3: what may have a URL in its attributes begins with this */
#define VS_SIGN_HLS_TAG "#EXT-X-"

/* XML's white space */
#define VS_SIGN_BLANKS " \t\r\n"

/* What a URL in a text is signed with.
 * @folder: (nullable): the pattern for all that is in the folder of @base */
typedef struct
{
  VsUrlSigner *signer;
  gchar *base, *folder;
} VsSignPlace;

/* (transfer full): the folder's pattern, or that of @url's own */
gchar *vs_sign_place_find_pattern (const VsSignPlace *place, const gchar *url,
    GError **error);
/* Whether @reference has a scheme that is not HTTP's. */
gboolean vs_sign_is_foreign (const gchar *reference);

gboolean vs_sign_fail (GError **error, const gchar *reason);

/**
 * vs_sign_line:
 * @line: without its end
 *
 * Appends a line of a list or of a playlist.
 */
gboolean vs_sign_line (const VsSignPlace *place, VsSignTextKind kind,
    const gchar *line, gsize size, GString *out, GError **error);

/**
 * vs_sign_line_find_url:
 * @at: (inout): in a list of attributes (RFC 8216, 4.2), between two of them;
 *   moved behind the one that was found
 * @end: of the line
 *
 * The next attribute that is a URL, which may be empty. FALSE at the end, and
 * ahead of what is no list of attributes.
 */
gboolean vs_sign_line_find_url (const gchar **at, const gchar *end,
    VsUrlPart *url);

typedef enum
{
  VS_SIGN_REF_SEGMENT,          /* relative to BaseURL; may be a template */
  VS_SIGN_REF_BASE,             /* a BaseURL */
  VS_SIGN_REF_DOCUMENT,         /* relative to the manifest */
  VS_SIGN_REF_CLOCK             /* that too; signed in its folder only */
} VsSignRef;

/**
 * vs_sign_manifest_find_attribute, vs_sign_manifest_find_text:
 * @element: without its prefix
 *
 * (nullable): what URL an attribute, or the text of an element, is.
 */
const VsSignRef *vs_sign_manifest_find_attribute (VsSignTextKind kind,
    const gchar *element, gsize size, const gchar *name, gsize name_size);
const VsSignRef *vs_sign_manifest_find_text (VsSignTextKind kind,
    const gchar *element, gsize size);

/* The name behind a prefix; @size is moved to what it has. */
const gchar *vs_sign_manifest_find_local_name (const gchar *name, gsize *size);

/* The character that "&" @name ";" stands for (XML 1.0, 4.1 and 4.6), of those
 * that can be in a URL, or are escaped in one; -1 for another. */
gint vs_sign_manifest_find_entity (const gchar *name, gsize size);

/**
 * VsSignManifest:
 *
 * XML, byte by byte.
 */
typedef struct _VsSignManifest VsSignManifest;

VsSignManifest *vs_sign_manifest_new (const VsSignPlace *place,
    VsSignTextKind kind);
void            vs_sign_manifest_free (VsSignManifest *manifest);
gboolean        vs_sign_manifest_push (VsSignManifest *manifest, gchar c,
    GString *out, GError **error);
gboolean        vs_sign_manifest_finish (VsSignManifest *manifest,
    GError **error);
VsSignTextKind  vs_sign_manifest_get_kind (VsSignManifest *manifest);

/**
 * VsSignScope:
 *
 * What URLs in an MPD are relative to, level by level (MPD, Period,
 * AdaptationSet, Representation), and which policy they have.
 */
typedef struct _VsSignScope VsSignScope;

VsSignScope *vs_sign_scope_new (const VsSignPlace *place);
void         vs_sign_scope_free (VsSignScope *scope);
gboolean     vs_sign_scope_enter (VsSignScope *scope, GError **error);
gboolean     vs_sign_scope_leave (VsSignScope *scope, GError **error);

/**
 * vs_sign_scope_append:
 * @reference: as it is meant, without XML's escapes
 *
 * Appends it, and the query that signs it.
 */
gboolean     vs_sign_scope_append (VsSignScope *scope, VsSignRef kind,
    const gchar *reference, GString *out, GError **error);

G_END_DECLS
