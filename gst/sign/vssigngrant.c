/* VisionStream: what a valid signature allows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssigngrant.h"

#include <string.h>

#include "sign/vssignparameters.h"

/* bytes of a cookie with its attributes that every browser keeps */
#define COOKIE_MAX 4096
/* for its name, the path and all else */
#define COOKIE_REST 512

/* In this order URLs and cookies are written. */
static const VsSignParameter order[] = {
  VS_SIGN_PARAMETER_POLICY, VS_SIGN_PARAMETER_SIGNATURE,
  VS_SIGN_PARAMETER_KEY_PAIR_ID, VS_SIGN_PARAMETER_HASH_ALGORITHM
};

void
vs_sign_grant_clear (VsSignGrant * grant)
{
  g_clear_pointer (&grant->policy, g_free);
  g_clear_pointer (&grant->signature, g_free);
  g_clear_pointer (&grant->key_id, g_free);
}

gboolean
vs_sign_grant_is_wide (const VsSignGrant * grant)
{
  return grant->policy != NULL;
}

static const gchar *
get_value (const VsSignGrant * grant, VsSignParameter parameter)
{
  switch (parameter) {
    case VS_SIGN_PARAMETER_POLICY:
      return grant->policy;
    case VS_SIGN_PARAMETER_SIGNATURE:
      return grant->signature;
    case VS_SIGN_PARAMETER_KEY_PAIR_ID:
      return grant->key_id;
    default:
      return grant->hash == VS_SIGN_SHA256 ? "SHA256" : "SHA1";
  }
}

gchar *
vs_sign_grant_make_query (const VsSignGrant * grant)
{
  GString *query = g_string_sized_new (1024);

  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    /* a URL has its default left out, as CloudFront's own signers do */
    if (order[i] != VS_SIGN_PARAMETER_HASH_ALGORITHM
        || grant->hash == VS_SIGN_SHA256)
      g_string_append_printf (query, "%s%s=%s", i > 0 ? "&" : "",
          vs_sign_parameter_get_name (order[i]), get_value (grant, order[i]));
  }
  return g_string_free (query, FALSE);
}

gboolean
vs_sign_grant_fits_cookies (const VsSignGrant * grant)
{
  return strlen (grant->policy) <= COOKIE_MAX - COOKIE_REST;
}

gchar **
vs_sign_grant_make_cookies (const VsSignGrant * grant, const gchar * path,
    gboolean tls, gint64 now)
{
  gint64 left = MAX (grant->expires - now, 0);
  GPtrArray *cookies;

  if (*path != '/' || strchr (path, ';')
      || !vs_url_is_plain (path, strlen (path)))
    return NULL;
  cookies = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    /* what browsers take for a page of another host comes by TLS alone */
    g_ptr_array_add (cookies, g_strdup_printf (VS_SIGN_COOKIE_PREFIX
            "%s=%s; Path=%s; Max-Age=%" G_GINT64_FORMAT "; HttpOnly%s",
            vs_sign_parameter_get_name (order[i]), get_value (grant, order[i]),
            path, left, tls ? "; Secure; SameSite=None" : "; SameSite=Lax"));
  }
  g_ptr_array_add (cookies, NULL);
  return (gchar **) g_ptr_array_free (cookies, FALSE);
}
