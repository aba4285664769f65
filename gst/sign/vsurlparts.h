/* VisionStream: URLs as signatures see them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RFC 3986. Nothing is decoded or normalised: what is signed is compared as it
 * was sent.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* bytes of a URL, of a pattern and of a policy, more of which nobody means */
#define VS_URL_MAX 8192

/* @size bytes of somebody else's text */
typedef struct
{
  const gchar *text;
  gsize size;
} VsUrlPart;

/**
 * VsUrlParts:
 * @authority: host and port, as they stand there
 * @path: with its slash; empty where the URL has none
 * @query: behind the question mark; text is NULL where there is none
 */
typedef struct
{
  VsUrlPart scheme, authority, path, query;
} VsUrlParts;

/**
 * vs_url_parts_split:
 *
 * FALSE with %G_IO_ERROR_INVALID_ARGUMENT, which says what is wrong, unless
 * @url is an absolute http or https URL of at most VS_URL_MAX printable ASCII
 * characters, without a fragment, a user, and without what RFC 3986 knows in
 * no URL (blanks, quotes, "<", ">", "\", "^", "`", "{", "|", "}").
 */
gboolean vs_url_parts_split (const gchar *url, VsUrlParts *parts,
    GError **error);

/**
 * vs_url_path_is_normal:
 *
 * Whether a path is what everybody makes of it: it begins with a slash, has no
 * empty part, no "." and no "..", no backslash, and each "%" is followed by two
 * hexadecimal digits that stand for no unreserved character, slash, backslash
 * or control character (RFC 3986, 6.2.2). Authorisation by any other path would
 * be by one, and the answer by another.
 */
gboolean vs_url_path_is_normal (const gchar *path, gsize size);

/**
 * vs_url_matches:
 * @pattern: a policy's Resource: "*" stands for any characters, "?" for one
 *
 * Whether it stands for @url. A wildcard does not leave the section that it
 * stands in: scheme, authority, path, query; but a "*" at the end of the
 * pattern stands for a query too, and a "?" for the query's question mark, as
 * CloudFront's documentation has both. The pattern "*" is all there is.
 * Letters are compared as they are.
 */
gboolean vs_url_matches (const gchar *pattern, gsize pattern_size,
    const gchar *url, gsize url_size);

G_END_DECLS
