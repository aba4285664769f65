/* VisionStream: who may have what vsjitpackager serves, by signatures
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttpserver.h"
#include "origin/vsorigin.h"
#include "sign/vssignaccounts.h"
#include "sign/vsurlverify.h"

G_BEGIN_DECLS

typedef enum
{
  VS_SIGNED_URLS_OFF,
  VS_SIGNED_URLS_REQUIRED
} VsSignedUrls;

/* How what a manifest names is signed by the policy of the manifest's URL. */
typedef enum
{
  VS_SIGNED_CHILDREN_COOKIES,
  VS_SIGNED_CHILDREN_URLS
} VsSignedChildren;

/**
 * VsJitPackagerGate:
 *
 * Checks the signatures of requests (gst/sign), and passes a policy with a
 * wildcard on to what a manifest names. The origin behind it knows nothing of
 * either: what it makes and keeps is the same for all. Thread-safe; one RSA
 * verification a policy, which takes a HTTP worker less than 50 us.
 */
typedef struct _VsJitPackagerGate VsJitPackagerGate;

/**
 * VsJitPackagerGateSettings:
 * @accounts: not used any more when the gate is freed
 * @account: (nullable): of URLs that name an endpoint's id alone
 * @base_path: "" or "/a/b", ahead of all paths
 * @skew: seconds by which clocks may differ: 0 to 5
 * @any_resource: policies without a Resource hold for all of their account
 */
typedef struct
{
  VsSignAccounts *accounts;
  const gchar *account, *base_path;
  VsSignedChildren children;
  guint skew;
  gboolean any_resource;
} VsJitPackagerGateSettings;

VsJitPackagerGate *vs_jit_packager_gate_new (
    const VsJitPackagerGateSettings *settings);
/* Passes may outlive it. */
void               vs_jit_packager_gate_free (VsJitPackagerGate *gate);

/**
 * VsJitPackagerPass:
 * @reason: (nullable): why it has to be refused, for the access log; NULL when
 *   it may be answered
 * @account: (nullable): whose the path is, for the access log too
 * @query: (nullable): of the target, without signatures: what the origin is
 *   asked for
 *
 * What a request may have.
 */
typedef struct
{
  const gchar *reason;
  gchar *account;
  gchar *query;

  /*< private >*/
  VsJitPackagerGate *gate;
  VsSignGrant grant;
  gchar *folder;                /* what is below it is the manifest's, or NULL */
  gint64 now;                   /* s since 1970 */
  gboolean by_tls, by_proxy;
  /* of its answer */
  VsHttpSource *source;
  gchar *etag, *cache_control;
} VsJitPackagerPass;

/**
 * vs_jit_packager_gate_check:
 * @path: of @request, decoded, below the base path
 *
 * Does not block; @request is not used later. (transfer full)
 */
VsJitPackagerPass *vs_jit_packager_gate_check (VsJitPackagerGate *gate,
    VsHttpRequest *request, const gchar *path);
void               vs_jit_packager_pass_free (VsJitPackagerPass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsJitPackagerPass, vs_jit_packager_pass_free)

/* Whether a manifest is wanted as plain text, for queries are put into it. */
gboolean vs_jit_packager_pass_wants_plain (const VsJitPackagerPass *pass);

/**
 * vs_jit_packager_pass_sign:
 * @answer: what @response is going to be answered with
 * @headers: (inout) (nullable): name, value, ..., NULL: cookies are added
 *
 * Makes what a manifest names askable by the same policy, and an answer that is
 * for this viewer alone private. Changes fields of @answer to memory of @pass.
 */
void vs_jit_packager_pass_sign (VsJitPackagerPass *pass,
    const VsOriginResponse *response, VsHttpAnswer *answer,
    gchar ***headers);

G_END_DECLS
