/* VisionStream: what vsjitpackager does for those who have an account
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttpserver.h"
#include "origin/vsorigin.h"
#include "sign/vssignaccounts.h"

G_BEGIN_DECLS

/* below the base path; takes POST alone */
#define VS_JIT_PACKAGER_SIGN_PATH "/v1/sign"

/**
 * VsJitPackagerApi:
 *
 * `POST /v1/sign` signs a URL of an account, `GET /v1/vod/<account>` lists
 * what the account has on demand: for an account's token (`Authorization:
 * Bearer`, over TLS or from this machine) or one of its viewers
 * (`Authorization: Basic`, over TLS). Errors are JSON, `{"error": "what to
 * do"}`; nothing may be stored by whoever is in between.
 *
 *     POST /v1/sign                   see VsSignOrder
 *     200 {"url": "https://...", "expires": <seconds since 1970>}
 *     GET /v1/vod/<account>
 *     200, see vs_origin_list_files ()
 *
 * A viewer's URLs are valid for no longer than the account's `expires-in` has
 * it.
 */
typedef struct _VsJitPackagerApi VsJitPackagerApi;

/* @id_account: whose URLs are that name an endpoint's id alone
 * (nullable) @accounts: lives longer than the server whose requests come here,
 * and ends ahead of what this returns */
VsJitPackagerApi *vs_jit_packager_api_new (VsOrigin *origin,
    VsSignAccounts *accounts, const gchar *id_account,
    const gchar *base_path);
void              vs_jit_packager_api_free (VsJitPackagerApi *api);

/**
 * vs_jit_packager_api_handle:
 * @path: of @request, below the base path
 *
 * In a worker's thread, which it does not block. FALSE: it is for somebody
 * else.
 */
gboolean          vs_jit_packager_api_handle (VsJitPackagerApi *api,
    VsHttpRequest *request, const gchar *path);

G_END_DECLS
