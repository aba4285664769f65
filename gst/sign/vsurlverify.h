/* VisionStream: signed URLs and cookies, checked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vskeygroup.h"
#include "sign/vssigngrant.h"
#include "sign/vssignpolicy.h"

G_BEGIN_DECLS

/* Why somebody is refused: for the operator's log alone. Whoever is refused
 * gets one and the same answer. */
typedef enum
{
  VS_SIGN_VALID,
  VS_SIGN_UNSIGNED,             /* no signature */
  VS_SIGN_MALFORMED,            /* a parameter is missing, there twice, not
                                 * canonical base64; the target is no path
                                 * that is normal, or too long */
  VS_SIGN_UNKNOWN_KEY,          /* not in the account's group */
  VS_SIGN_FORGED,               /* the signature is not this policy's */
  VS_SIGN_POLICY,               /* signed, but no policy that counts here */
  VS_SIGN_RESOURCE,             /* for something else */
  VS_SIGN_EXPIRED,
  VS_SIGN_EARLY,
  VS_SIGN_ADDRESS               /* for another client */
} VsSignVerdict;

/* "expired", ...: for the access log */
const gchar *vs_sign_verdict_get_name (VsSignVerdict verdict);

/**
 * VsUrlVerifier:
 *
 * Checks requests, and remembers signatures that were right, so that a policy
 * is verified once. What it remembers is bounded. Thread-safe; no lock is held
 * while it computes.
 */
typedef struct _VsUrlVerifier VsUrlVerifier;

/**
 * VsUrlVerifierSettings:
 * @remembered: signatures, of which each takes 48 bytes from the start; 0 for
 *   65536
 * @skew: seconds by which clocks may differ: 0 to 5
 * @allow_any_resource: policies without a Resource hold for all that the key
 *   is for, as at CloudFront; else they are refused
 */
typedef struct
{
  guint remembered;
  guint skew;
  gboolean allow_any_resource;
} VsUrlVerifierSettings;

VsUrlVerifier *vs_url_verifier_new (const VsUrlVerifierSettings *settings);
void           vs_url_verifier_free (VsUrlVerifier *verifier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsUrlVerifier, vs_url_verifier_free)

/**
 * VsSignedRequest:
 * @origin: "https://host" or "https://host:8443", as the server knows itself
 *   by a list of names: small letters, no default port
 * @target: path and query as they were sent
 * @cookie: (nullable): the Cookie header; counts where the URL has no
 *   parameter of a signature
 * @client: (nullable)
 * @now: seconds since 1970
 */
typedef struct
{
  const gchar *origin, *target, *cookie;
  GInetAddress *client;
  gint64 now;
} VsSignedRequest;

/**
 * vs_url_verifier_check:
 * @group: (nullable): of the account that the path belongs to
 * @grant: (out) (optional): cleared by the caller; nothing when it is not valid
 *
 * Strict where CloudFront leaves things open: gst/sign/README.md has the table.
 * All that have anything of a signature and are refused wait for the same
 * arithmetic; only those without any are told at once.
 */
VsSignVerdict vs_url_verifier_check (VsUrlVerifier *verifier,
    VsKeyGroup *group, const VsSignedRequest *request, VsSignGrant *grant);

/**
 * vs_signed_target_strip:
 *
 * Appends @target without the parameters of signatures (Expires, Policy,
 * Signature, Key-Pair-Id, Hash-Algorithm), all else as it was sent: what is
 * routed, cached and logged.
 */
void vs_signed_target_strip (GString *text, const gchar *target);

G_END_DECLS
