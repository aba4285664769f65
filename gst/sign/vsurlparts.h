/* VisionStream: URLs as signatures see them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RFC 3986. Nothing is decoded or normalised: what is signed is compared as it
 * was sent.
 */
#pragma once

#include <gio/gio.h>

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
 * @url is an absolute http or https URL (in small letters: who requests
 * "HTTP://" sends "http://") of at most VS_URL_MAX characters that
 * vs_url_is_plain () takes, without a user.
 */
gboolean vs_url_parts_split (const gchar *url, VsUrlParts *parts,
    GError **error);

/**
 * vs_url_is_plain:
 *
 * Whether there are only printable ASCII characters that RFC 3986 knows in a
 * URL: no blank, double quote, "#", "<", ">", "\", "^", "`", "{", "|", "}".
 * Such a text can stand in JSON, in a header or in an attribute of a playlist
 * as it is.
 */
gboolean vs_url_is_plain (const gchar *text, gsize size);

/**
 * vs_url_resolve:
 * @base: (nullable): absolute
 *
 * (transfer full): @reference as an absolute URL (RFC 3986, 5.2); one that is
 * absolute comes back as it is. %G_IO_ERROR_INVALID_ARGUMENT as for
 * vs_url_parts_split (), or because there is no base for it.
 */
gchar   *vs_url_resolve (const gchar *base, const gchar *reference,
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
 * Letters are compared as they are. What vs_url_is_plain () does not take
 * matches nothing. A step for each character of @url and each 64 of @pattern.
 */
gboolean vs_url_matches (const gchar *pattern, gsize pattern_size,
    const gchar *url, gsize url_size);

G_END_DECLS
