/* VisionStream: the parameters of signed URLs and cookies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vsurlparts.h"

G_BEGIN_DECLS

/* What CloudFront keeps for itself in a query; with VS_SIGN_COOKIE_PREFIX
 * before it, in cookies. */
typedef enum
{
  VS_SIGN_PARAMETER_EXPIRES,
  VS_SIGN_PARAMETER_POLICY,
  VS_SIGN_PARAMETER_SIGNATURE,
  VS_SIGN_PARAMETER_KEY_PAIR_ID,
  VS_SIGN_PARAMETER_HASH_ALGORITHM,
  VS_SIGN_N_PARAMETERS
} VsSignParameter;

#define VS_SIGN_COOKIE_PREFIX "CloudFront-"

/* "Expires", ... */
const gchar    *vs_sign_parameter_get_name (VsSignParameter parameter);
/* VS_SIGN_N_PARAMETERS when it is none; letters as they are */
VsSignParameter vs_sign_parameter_find (const gchar *name, gsize size);

/**
 * vs_url_query_next:
 * @query: what is left; moved behind the parameter
 * @name: (out): up to "=", or all of it
 * @value: (out): behind "="; text is NULL where there is none
 *
 * Takes the next parameter of a query; one without a character is one too.
 * FALSE at the end, which is where text is NULL.
 */
gboolean        vs_url_query_next (VsUrlPart *query, VsUrlPart *name,
    VsUrlPart *value);

/* Whether one of a signature is in it. */
gboolean        vs_url_query_is_signed (VsUrlPart query);

G_END_DECLS
