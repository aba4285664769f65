/* VisionStream: signed URLs and cookies, made
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssignkey.h"
#include "sign/vssignpolicy.h"

G_BEGIN_DECLS

typedef enum
{
  VS_SIGN_CANNED,               /* this URL, until then */
  VS_SIGN_CUSTOM,               /* this URL, with all conditions */
  VS_SIGN_WILDCARD              /* and all below its folder */
} VsSignKind;

/**
 * VsUrlSigner:
 *
 * What signs: a key, its id, and what is allowed. Immutable; any number of
 * threads may sign with it. One policy for many URLs is signed once.
 */
typedef struct _VsUrlSigner VsUrlSigner;

/**
 * VsUrlSignerSettings:
 * @conditions: @resource is set aside; @expires is needed
 */
typedef struct
{
  VsSignKey *key;
  const gchar *key_id;
  VsSignKind kind;
  VsSignHash hash;
  VsSignPolicy conditions;
} VsUrlSignerSettings;

/* %G_IO_ERROR_INVALID_ARGUMENT: no private key; a canned policy has an expiry
 * alone; a date is at most VS_SIGN_DATE_MAX; see vs_key_id_is_valid (). */
VsUrlSigner *vs_url_signer_new (const VsUrlSignerSettings *settings,
    GError **error);
void         vs_url_signer_free (VsUrlSigner *signer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsUrlSigner, vs_url_signer_free)

VsSignKind   vs_url_signer_get_kind (VsUrlSigner *signer);

/**
 * vs_url_signer_append:
 * @url: absolute, as it will be requested
 *
 * Appends the signed URL. %G_IO_ERROR_INVALID_ARGUMENT for one that can't be
 * signed: see vs_url_parts_split (); or because it is signed already, or has a
 * wildcard in it where that would mean more than itself. In a canned policy too:
 * its text is also that of a custom policy, for which somebody could pass it
 * off. What is meant by itself is written "%2A" or "%3F".
 */
gboolean vs_url_signer_append (VsUrlSigner *signer, GString *text,
    const gchar *url, GError **error);

/**
 * vs_url_signer_append_query:
 * @resource: a pattern, under which the query is valid
 *
 * Appends "Policy=...&Signature=...&Key-Pair-Id=..." (a custom policy), for any
 * URL that @resource stands for. It is the same text for the same @resource.
 */
gboolean vs_url_signer_append_query (VsUrlSigner *signer, GString *text,
    const gchar *resource, GError **error);

/* Appends @url with that query; %G_IO_ERROR_INVALID_ARGUMENT also when @resource
 * does not stand for it. */
gboolean vs_url_signer_append_under (VsUrlSigner *signer, GString *text,
    const gchar *url, const gchar *resource, GError **error);

/* One of the cookies; without attributes such as Path. */
typedef struct
{
  const gchar *name;
  gchar *value;
} VsSignedCookie;

#define VS_SIGNED_COOKIES_MAX 4

/* Returns: how many; 0 with an error */
guint vs_url_signer_make_cookies (VsUrlSigner *signer, const gchar *resource,
    VsSignedCookie cookies[VS_SIGNED_COOKIES_MAX], GError **error);
void  vs_signed_cookies_clear (VsSignedCookie *cookies, guint n);

/* (transfer full): the pattern for all in the folder of @url, which is
 * absolute: ".../folder/" and a "*"; wildcards in it, which stand for
 * themselves, make it an error. */
gchar *vs_sign_folder_of (const gchar *url, GError **error);

G_END_DECLS
