/* VisionStream: CloudFront's policies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * After "Use signed URLs" and "Use signed cookies" (Amazon CloudFront Developer
 * Guide).
 */
#pragma once

#include <gio/gio.h>
#include "sign/vsurlparts.h"

G_BEGIN_DECLS

/* the largest date, in seconds since 1970: what JSON's readers agree on (RFC
 * 8259, 6) */
#define VS_SIGN_DATE_MAX ((G_GINT64_CONSTANT (1) << 53) - 1)

/**
 * VsSignPolicy:
 * @resource: (nullable): a pattern, see vs_url_matches (); NULL where a policy
 *   has none
 * @expires: DateLessThan: the first second at which it is over
 * @starts: DateGreaterThan: it is valid in the seconds behind it; 0 for none
 * @source: IpAddress: an IPv4 address in host order, of which @prefix bits
 *   count; @prefix is 0 for any address, IPv6 too
 */
typedef struct
{
  gchar *resource;
  gint64 expires, starts;
  guint32 source;
  guint prefix;
} VsSignPolicy;

void vs_sign_policy_clear (VsSignPolicy *policy);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSignPolicy, vs_sign_policy_clear)

/* The one text of a canned policy, which no URL carries: both sides make it. */
void vs_sign_policy_append_canned (GString *text, const gchar *resource,
    gsize resource_size, gint64 expires);

/* A custom policy as text: no white space; members in AWS's order. */
void vs_sign_policy_append (GString *text, const VsSignPolicy *policy);

/**
 * vs_sign_policy_parse:
 * @policy: (out): cleared by the caller when this returns TRUE
 *
 * Reads a custom policy: RFC 8259, at most VS_URL_MAX bytes, with one statement,
 * no member twice, none that is not known, DateLessThan there; dates are whole
 * numbers up to VS_SIGN_DATE_MAX, the address an IPv4 one with or without a prefix of 1 to 32 bits
 * ("0.0.0.0/0" is any), the resource "*" or a pattern that begins with
 * "http://", "https://", "http*://" or "*://" and has no other characters than
 * vs_url_is_plain () takes. Order, white space and escapes are free.
 *
 * FALSE with %G_IO_ERROR_INVALID_DATA, which says what is wrong.
 */
gboolean vs_sign_policy_parse (const gchar *text, gsize size,
    VsSignPolicy *policy, GError **error);

/**
 * vs_sign_policy_set_source:
 * @cidr: (nullable): "192.0.2.0/24", "192.0.2.1"; NULL for any
 *
 * FALSE with %G_IO_ERROR_INVALID_ARGUMENT
 */
gboolean vs_sign_policy_set_source (VsSignPolicy *policy, const gchar *cidr,
    GError **error);

/* (nullable) @address: "::ffff:192.0.2.1" counts as 192.0.2.1. */
gboolean vs_sign_policy_allows_address (const VsSignPolicy *policy,
    GInetAddress *address);

G_END_DECLS
