/* VisionStream: what vsjitpackager serves, over HTTP
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttpcertificate.h"
#include "http/vshttpserver.h"
#include "jitpackager/vsjitpackagergate.h"

G_BEGIN_DECLS

/**
 * VsJitPackagerServer:
 *
 * Joins an origin, the player page and an HTTP server: `/out/v1/...` are the
 * origin's objects, `/api/events` says what there is, `/api/time` what time it
 * is, `/v1/...` is for who has an account (VsJitPackagerApi), and everything
 * else is a file of the player page.
 */
typedef struct _VsJitPackagerServer VsJitPackagerServer;

/**
 * VsJitPackagerServerSettings:
 * @http: but for the certificate
 * @account: of URLs that name an endpoint's id alone
 * @base_path: "" or "/a/b", ahead of all paths
 * @accounts: (nullable): what URLs are signed and checked with
 * @gate: (nullable): what is below `/out/v1/` has to be signed
 * @certificate: (nullable): for TLS
 * @certificate_changed: the certificate was renewed, or could not be; in a
 *   thread of its own
 */
typedef struct
{
  VsHttpSettings http;
  const gchar *account;
  const gchar *base_path;
  const gchar *player_folder;
  VsSignAccounts *accounts;
  VsJitPackagerGate *gate;
  VsHttpCertificate *certificate;
  VsHttpCertificateChanged certificate_changed;
  gpointer user_data;
} VsJitPackagerServerSettings;

/* (transfer full) @settings->certificate, ->accounts and ->gate, also on
 * failure */
VsJitPackagerServer *vs_jit_packager_server_new (VsOrigin *origin,
    const VsJitPackagerServerSettings *settings, GError **error);
/* Answers under way have a moment to finish. */
void    vs_jit_packager_server_free (VsJitPackagerServer *server);
guint16 vs_jit_packager_server_get_port (VsJitPackagerServer *server);
void    vs_jit_packager_server_get_stats (VsJitPackagerServer *server,
    VsHttpStats *stats);

G_END_DECLS
