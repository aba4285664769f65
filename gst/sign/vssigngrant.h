/* VisionStream: what a valid signature allows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssignkey.h"

G_BEGIN_DECLS

/**
 * VsSignGrant:
 * @expires: seconds since 1970: the first second at which it is over
 * @policy: (nullable): as a URL carries it; NULL, with the two that follow,
 *   unless the request's URL was signed by a policy with a "*" in its resource:
 *   that may hold for what a manifest names, too. A canned signature never does,
 *   and cookies are sent along anyway.
 * @signature: (nullable)
 * @key_id: (nullable)
 * @hash: of @signature
 */
typedef struct
{
  gint64 expires;
  gchar *policy, *signature, *key_id;
  VsSignHash hash;
} VsSignGrant;

void vs_sign_grant_clear (VsSignGrant *grant);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSignGrant, vs_sign_grant_clear)

/* Whether it has a policy that may be carried on. */
gboolean vs_sign_grant_is_wide (const VsSignGrant *grant);

/* (transfer full): of one that is wide: "Policy=...&Signature=...&Key-Pair-Id=
 * ...", the query of vs_url_signer_append_query () */
gchar   *vs_sign_grant_make_query (const VsSignGrant *grant);

/* Of one that is wide: whether browsers keep cookies as long as its own
 * (RFC 6265, 6.1). */
gboolean vs_sign_grant_fits_cookies (const VsSignGrant *grant);

/**
 * vs_sign_grant_make_cookies:
 * @grant: one that is wide
 * @path: of the folder that they are for, as it is requested
 * @tls: they are sent back by TLS only, and then for pages of other hosts too
 * @now: seconds since 1970
 *
 * Values of Set-Cookie (RFC 6265, 4.1), which end with the policy. Scripts do
 * not see them. They are all there, the default hash too, so that they go with
 * no cookie of another path.
 *
 * Returns: (transfer full) (nullable): NULL for a path that can't be an
 *   attribute
 */
gchar  **vs_sign_grant_make_cookies (const VsSignGrant *grant,
    const gchar *path, gboolean tls, gint64 now);

G_END_DECLS
