/* VisionStream: signed URLs and cookies, made
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parameters are in the order in which Amazon's documentation and botocore
 * have them.
 */
#include "sign/vsurlsign.h"

#include <string.h>

#include "sign/vskeygroup.h"
#include "sign/vssignbase64.h"
#include "sign/vssignparameters.h"

/* policies that are remembered with their signature: a manifest has one, or
 * one a folder that it points to */
#define REMEMBERED_MAX 64

struct _VsUrlSigner
{
  VsSignKey *key;
  gchar *key_id;
  VsSignKind kind;
  VsSignHash hash;
  VsSignPolicy conditions;

  GMutex lock;
  /* protected by lock */
  GHashTable *queries;          /* resource -> text */
};

static gboolean
fail (GError ** error, const gchar * reason)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, reason);
  return FALSE;
}

/* ---- settings ------------------------------------------------------------ */

static gboolean
check_settings (const VsUrlSignerSettings * settings, GError ** error)
{
  const VsSignPolicy *conditions = &settings->conditions;

  if (settings->key == NULL || !vs_sign_key_is_private (settings->key))
    return fail (error, "no private key to sign with");
  if (settings->key_id == NULL || !vs_key_id_is_valid (settings->key_id))
    return fail (error, "the key's id is missing, or not of letters, digits "
        "and \"-._~\"");
  if (conditions->expires <= 0 || conditions->expires > VS_SIGN_DATE_MAX
      || conditions->starts < 0 || conditions->starts > VS_SIGN_DATE_MAX)
    return fail (error, "a date that no policy can have");
  if (settings->kind == VS_SIGN_CANNED
      && (conditions->starts > 0 || conditions->prefix > 0))
    return fail (error, "a canned policy has neither a start nor a source: "
        "take a custom one");
  return TRUE;
}

VsUrlSigner *
vs_url_signer_new (const VsUrlSignerSettings * settings, GError ** error)
{
  VsUrlSigner *self;

  if (!check_settings (settings, error))
    return NULL;
  self = g_new0 (VsUrlSigner, 1);
  self->key = vs_sign_key_ref (settings->key);
  self->key_id = g_strdup (settings->key_id);
  self->kind = settings->kind;
  self->hash = settings->hash;
  self->conditions = settings->conditions;
  self->conditions.resource = NULL;
  g_mutex_init (&self->lock);
  self->queries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      g_free);
  return self;
}

void
vs_url_signer_free (VsUrlSigner * self)
{
  vs_sign_key_unref (self->key);
  g_hash_table_unref (self->queries);
  g_mutex_clear (&self->lock);
  g_free (self->key_id);
  g_free (self);
}

VsSignKind
vs_url_signer_get_kind (VsUrlSigner * self)
{
  return self->kind;
}

/* ---- what may be signed -------------------------------------------------- */

/* Whether a URL as a pattern stands for itself alone, but for the one character
 * that begins its query. */
static gboolean
check_wildcards (const gchar * url, GError ** error)
{
  const gchar *mark = strchr (url, '?');

  if (strchr (url, '*') || (mark && strchr (mark + 1, '?')))
    return fail (error, "the URL has a \"*\" or a \"?\" in it that its policy "
        "would take for any characters");
  return TRUE;
}

static gboolean
check_url (const gchar * url, VsUrlParts * parts, GError ** error)
{
  if (!vs_url_parts_split (url, parts, error))
    return FALSE;
  if (vs_url_query_is_signed (parts->query))
    return fail (error, "the URL is signed already");
  return TRUE;
}

gchar *
vs_sign_folder_of (const gchar * url, GError ** error)
{
  VsUrlParts parts;
  gsize size;

  if (!vs_url_parts_split (url, &parts, error))
    return NULL;
  size = parts.path.size;
  while (size > 0 && parts.path.text[size - 1] != '/')
    size--;
  size += (gsize) (parts.path.text - url);
  if (memchr (url, '*', size)) {
    fail (error, "the folder has a \"*\" in its name");
    return NULL;
  }
  return g_strdup_printf ("%.*s%s*", (gint) size, url,
      parts.path.size == 0 ? "/" : "");
}

/* ---- URLs ---------------------------------------------------------------- */

static gboolean
append_signature (VsUrlSigner * self, GString * text, const GString * policy,
    GError ** error)
{
  guint8 signature[VS_SIGNATURE_MAX];
  gsize size = vs_sign_key_sign (self->key, self->hash, policy->str,
      policy->len, signature);

  if (size == 0) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "OpenSSL failed to sign");
    return FALSE;
  }
  vs_sign_base64_append (text, signature, size);
  return TRUE;
}

static gboolean
append_common (VsUrlSigner * self, GString * text, const GString * policy,
    GError ** error)
{
  g_string_append (text, "&Signature=");
  if (!append_signature (self, text, policy, error))
    return FALSE;
  g_string_append (text, "&Key-Pair-Id=");
  g_string_append (text, self->key_id);
  if (self->hash == VS_SIGN_SHA256)
    g_string_append (text, "&Hash-Algorithm=SHA256");
  return TRUE;
}

static void
append_policy (VsUrlSigner * self, GString * text, const gchar * resource)
{
  VsSignPolicy policy = self->conditions;

  policy.resource = (gchar *) resource;
  vs_sign_policy_append (text, &policy);
}

/* (transfer full) */
static gchar *
make_query (VsUrlSigner * self, const gchar * resource, GError ** error)
{
  g_autoptr (GString) query = g_string_sized_new (1024);
  g_autoptr (GString) policy = g_string_sized_new (512);

  append_policy (self, policy, resource);
  g_string_append (query, "Policy=");
  vs_sign_base64_append (query, policy->str, policy->len);
  if (!append_common (self, query, policy, error))
    return NULL;
  return g_string_free (g_steal_pointer (&query), FALSE);
}

static gboolean
append_canned (VsUrlSigner * self, GString * text, const gchar * url,
    GError ** error)
{
  g_autoptr (GString) policy = g_string_sized_new (512);
  gint64 expires = self->conditions.expires;

  vs_sign_policy_append_canned (policy, url, strlen (url), expires);
  g_string_append_printf (text, "Expires=%" G_GINT64_FORMAT, expires);
  return append_common (self, text, policy, error);
}

static gboolean
append_custom (VsUrlSigner * self, GString * text, const gchar * url,
    GError ** error)
{
  g_autofree gchar *query = make_query (self, url, error);

  if (query)
    g_string_append (text, query);
  return query != NULL;
}

static gboolean
append_wildcard (VsUrlSigner * self, GString * text, const gchar * url,
    GError ** error)
{
  g_autofree gchar *resource = vs_sign_folder_of (url, error);

  return resource && vs_url_signer_append_query (self, text, resource, error);
}

gboolean
vs_url_signer_append (VsUrlSigner * self, GString * text, const gchar * url,
    GError ** error)
{
  gsize before = text->len;
  VsUrlParts parts;
  gboolean ok;

  if (!check_url (url, &parts, error)
      || (self->kind != VS_SIGN_WILDCARD && !check_wildcards (url, error)))
    return FALSE;
  g_string_append (text, url);
  g_string_append_c (text, parts.query.text ? '&' : '?');
  if (self->kind == VS_SIGN_CANNED)
    ok = append_canned (self, text, url, error);
  else if (self->kind == VS_SIGN_CUSTOM)
    ok = append_custom (self, text, url, error);
  else
    ok = append_wildcard (self, text, url, error);
  if (!ok)
    g_string_truncate (text, before);
  return ok;
}

static gboolean
append_remembered (VsUrlSigner * self, GString * text, const gchar * resource)
{
  const gchar *query;

  g_mutex_lock (&self->lock);
  query = g_hash_table_lookup (self->queries, resource);
  if (query)
    g_string_append (text, query);
  g_mutex_unlock (&self->lock);
  return query != NULL;
}

/* @query: (transfer full). Two threads may have made one: the first one's is
 * everybody's. */
static void
remember (VsUrlSigner * self, GString * text, const gchar * resource,
    gchar * query)
{
  const gchar *first;

  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->queries) >= REMEMBERED_MAX)
    g_hash_table_remove_all (self->queries);
  first = g_hash_table_lookup (self->queries, resource);
  g_string_append (text, first ? first : query);
  if (first)
    g_free (query);
  else
    g_hash_table_insert (self->queries, g_strdup (resource), query);
  g_mutex_unlock (&self->lock);
}

static gboolean
check_resource (const gchar * resource, GError ** error)
{
  gsize size = strnlen (resource, VS_URL_MAX + 1);

  if (size == 0 || size > VS_URL_MAX || !vs_url_is_plain (resource, size))
    return fail (error, "no pattern of URLs");
  return TRUE;
}

gboolean
vs_url_signer_append_query (VsUrlSigner * self, GString * text,
    const gchar * resource, GError ** error)
{
  gchar *query;

  if (append_remembered (self, text, resource))
    return TRUE;
  if (!check_resource (resource, error))
    return FALSE;
  query = make_query (self, resource, error);
  if (query == NULL)
    return FALSE;
  remember (self, text, resource, query);
  return TRUE;
}

gboolean
vs_url_signer_append_under (VsUrlSigner * self, GString * text,
    const gchar * url, const gchar * resource, GError ** error)
{
  gsize before = text->len;
  VsUrlParts parts;

  if (!check_url (url, &parts, error))
    return FALSE;
  if (!vs_url_matches (resource, strlen (resource), url, strlen (url)))
    return fail (error, "the URL is not under the policy's");
  g_string_append (text, url);
  g_string_append_c (text, parts.query.text ? '&' : '?');
  if (vs_url_signer_append_query (self, text, resource, error))
    return TRUE;
  g_string_truncate (text, before);
  return FALSE;
}

/* ---- cookies ------------------------------------------------------------- */

static void
add_cookie (VsSignedCookie * cookie, const gchar * name, gchar * value)
{
  cookie->name = name;
  cookie->value = value;
}

/* The names are those of vs_sign_parameter_get_name () with the prefix. */
guint
vs_url_signer_make_cookies (VsUrlSigner * self, const gchar * resource,
    VsSignedCookie cookies[VS_SIGNED_COOKIES_MAX], GError ** error)
{
  g_autoptr (GString) policy = g_string_sized_new (512);
  g_autoptr (GString) encoded = g_string_sized_new (1024);
  g_autoptr (GString) signature = g_string_sized_new (512);
  gboolean canned = self->kind == VS_SIGN_CANNED;
  gint64 expires = self->conditions.expires;
  guint n = 0;

  if (!check_resource (resource, error)
      || (canned && !check_wildcards (resource, error)))
    return 0;
  if (canned) {
    vs_sign_policy_append_canned (policy, resource, strlen (resource), expires);
    g_string_printf (encoded, "%" G_GINT64_FORMAT, expires);
  } else {
    append_policy (self, policy, resource);
    vs_sign_base64_append (encoded, policy->str, policy->len);
  }
  if (!append_signature (self, signature, policy, error))
    return 0;
  add_cookie (&cookies[n++], canned ? VS_SIGN_COOKIE_PREFIX "Expires"
      : VS_SIGN_COOKIE_PREFIX "Policy",
      g_string_free (g_steal_pointer (&encoded), FALSE));
  add_cookie (&cookies[n++], VS_SIGN_COOKIE_PREFIX "Signature",
      g_string_free (g_steal_pointer (&signature), FALSE));
  add_cookie (&cookies[n++], VS_SIGN_COOKIE_PREFIX "Key-Pair-Id",
      g_strdup (self->key_id));
  if (self->hash == VS_SIGN_SHA256)
    add_cookie (&cookies[n++], VS_SIGN_COOKIE_PREFIX "Hash-Algorithm",
        g_strdup ("SHA256"));
  return n;
}

void
vs_signed_cookies_clear (VsSignedCookie * cookies, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&cookies[i].value, g_free);
}
