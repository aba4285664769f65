/* VisionStream: where a manifest's own URLs get a viewer's query
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One unsigned body of a manifest serves all viewers; what makes it one's own
 * is the policy behind each URL. The places are found once, and any part of
 * anybody's text is put together when it is sent.
 */
#pragma once

#include "sign/vssigntext.h"

G_BEGIN_DECLS

/* bytes of the longest text */
#define VS_SIGN_CHILDREN_TEXT_MAX (1 << 29)

/**
 * VsSignChildren:
 *
 * The places in a text, 8 bytes each. Immutable; counted atomically.
 */
typedef struct _VsSignChildren VsSignChildren;

/**
 * vs_sign_children_find:
 * @kind: VS_SIGN_TEXT_HLS, VS_SIGN_TEXT_DASH or VS_SIGN_TEXT_SMOOTH
 * @prefix: (nullable): of the absolute paths that the viewer's policy is for,
 *   with a slash at both ends: "/out/v1/account/"
 * @text: any bytes; not kept
 *
 * The references that VsSignText signs, clocks apart, of these the relative
 * ones and the paths below @prefix. What names a scheme or a host gets nothing,
 * for the policy is not for them to see; neither does a reference with a
 * backslash or a control character, which browsers may read as one that does,
 * nor one with a variable of HLS. An MPD with a BaseURL that is elsewhere, or
 * no plain text, has places in Location, PatchLocation and ContentSteering
 * only: what else is relative may be relative to that. A DOCTYPE ends the
 * search, as what it declares may stand for anything. A reference that is
 * signed already is not told apart.
 *
 * One pass; the memory is that of the places.
 *
 * Returns: (transfer full) (nullable): NULL for a text longer than
 *   VS_SIGN_CHILDREN_TEXT_MAX
 */
VsSignChildren *vs_sign_children_find (VsSignTextKind kind,
    const gchar *prefix, const gchar *text, gsize size);
VsSignChildren *vs_sign_children_ref (VsSignChildren *children);
void            vs_sign_children_unref (VsSignChildren *children);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSignChildren, vs_sign_children_unref)

/**
 * vs_sign_children_escape_query:
 * @query: "Policy=...&Signature=...&Key-Pair-Id=...", without "?" or "&" ahead
 *
 * (transfer full) (nullable): @query as it stands in a text of @kind; NULL where
 * it can't: vs_url_is_plain () does not take it, or it has a "$", which is
 * DASH's own in a template.
 */
gchar *vs_sign_children_escape_query (VsSignTextKind kind, const gchar *query);

/**
 * vs_sign_children_get_size:
 * @query_size: bytes of the escaped query
 * @size: (out): bytes of the whole text with a query in each place
 *
 * FALSE when that is more than a gsize can tell.
 */
gboolean vs_sign_children_get_size (const VsSignChildren *children,
    gsize query_size, gsize *size);

/**
 * vs_sign_children_read:
 * @text, @size: as they were when the places were found
 * @query, @query_size: escaped
 * @offset, @length: of the text with queries
 * @out: room for @length bytes
 *
 * Copies that part of it: "?", "&" or "&amp;", as is due, and @query in each
 * place. The first place of the part is found by halving.
 *
 * Returns: the bytes copied: @length, or what there is up to the end
 */
gsize vs_sign_children_read (const VsSignChildren *children,
    const gchar *text, gsize size, const gchar *query, gsize query_size,
    gsize offset, gsize length, gchar *out);

G_END_DECLS
