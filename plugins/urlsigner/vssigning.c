/* VisionStream: what vsurlsigner signs and verifies with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "vssigning.h"

#include <string.h>

#define PEM_START "-----BEGIN"
#define ACCOUNT "{account}"
#define EVENT "{event}"

struct _VsSigning
{
  VsSignKey *key;
  gchar *key_id;
  VsUrlSignerSettings settings; /* but for when it expires */
  guint expires_in;
  gchar *base;

  VsKeyGroup *group;            /* the key's public half */
  VsUrlVerifier *verifier;
};

static gboolean
fail (GError ** error, const gchar * format, ...)
G_GNUC_PRINTF (2, 3);

     static gboolean fail (GError ** error, const gchar * format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_clear_error (error);
  if (error)
    *error = g_error_new_valist (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        format, arguments);
  va_end (arguments);
  return FALSE;
}

static gboolean
is_set (const gchar * text)
{
  return text && *text;
}

/* ---- settings ------------------------------------------------------------ */

static gboolean
check_names (const VsSigningSettings * settings, GError ** error)
{
  if (!is_set (settings->private_key))
    return fail (error, "private-key is not set: it is the PEM file with the "
        "key that signs, as \"openssl genrsa -out key.pem 2048\" makes one");
  if (strstr (settings->private_key, PEM_START))
    return fail (error, "private-key is the name of a file, not the key: put "
        "the key into a file that nobody else can read");
  if (!is_set (settings->key_pair_id))
    return fail (error, "key-pair-id is not set: it is the id by which whoever "
        "verifies knows the public key");
  if (!vs_key_id_is_valid (settings->key_pair_id))
    return fail (error, "key-pair-id has other characters than letters, digits "
        "and \"-._~\", or more than %d", VS_KEY_ID_MAX);
  return TRUE;
}

static gboolean
parse_start (const gchar * text, gint64 * seconds, GError ** error)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = NULL;

  if (!is_set (text))
    return TRUE;
  time = g_date_time_new_from_iso8601 (text, utc);
  *seconds = time ? g_date_time_to_unix (time) : 0;
  return *seconds > 0 || fail (error, "starts-at is no time like "
      "2026-01-01T20:00:00Z: %s", text);
}

static gboolean
parse_conditions (VsSigning * self, const VsSigningSettings * settings,
    GError ** error)
{
  VsSignPolicy *conditions = &self->settings.conditions;

  if (!parse_start (settings->starts_at, &conditions->starts, error))
    return FALSE;
  if (is_set (settings->allowed_source)
      && !vs_sign_policy_set_source (conditions, settings->allowed_source,
          NULL))
    return fail (error, "allowed-source is no IPv4 address or CIDR block like "
        "192.0.2.0/24: %s", settings->allowed_source);
  if (settings->policy == VS_SIGN_CANNED
      && (conditions->starts > 0 || conditions->prefix > 0))
    return fail (error, "a canned policy has neither starts-at nor "
        "allowed-source: set policy=custom or policy=wildcard");
  return TRUE;
}

static gchar *
replace_all (const gchar * text, const gchar * name, const gchar * by)
{
  g_auto (GStrv) parts = g_strsplit (text, name, -1);

  return g_strjoinv (by, parts);
}

/* (transfer full) */
static gchar *
fill_in (const gchar * text, const gchar * account, const gchar * event)
{
  g_autofree gchar *first = replace_all (text, ACCOUNT, account);

  return replace_all (first, EVENT, event);
}

static gboolean
check_base (const gchar * base, GError ** error)
{
  g_autofree gchar *filled = base ? fill_in (base, "a", "e") : NULL;
  g_autoptr (GError) reason = NULL;
  VsUrlParts parts;

  if (base && !vs_url_parts_split (filled, &parts, &reason))
    return fail (error, "base-url is no URL like https://host/folder: %s",
        reason->message);
  return TRUE;
}

/* ---- life ---------------------------------------------------------------- */

static void
signing_clear (gpointer data)
{
  VsSigning *self = data;

  g_clear_pointer (&self->key, vs_sign_key_unref);
  g_clear_pointer (&self->group, vs_key_group_unref);
  g_clear_pointer (&self->verifier, vs_url_verifier_free);
  g_free (self->key_id);
  g_free (self->base);
}

VsSigning *
vs_signing_ref (VsSigning * self)
{
  return g_atomic_rc_box_acquire (self);
}

void
vs_signing_unref (VsSigning * self)
{
  g_atomic_rc_box_release_full (self, signing_clear);
}

static gboolean
make_verifier (VsSigning * self, GError ** error)
{
  const VsUrlVerifierSettings settings = { 0 };
  g_autofree gchar *pem = vs_sign_key_dup_public_pem (self->key);
  g_autoptr (VsSignKey) key = vs_sign_key_new_public (pem, strlen (pem), error);
  const gchar *ids[] = { self->key_id };

  if (key == NULL)
    return FALSE;
  self->group = vs_key_group_new (ids, &key, 1, error);
  self->verifier = vs_url_verifier_new (&settings);
  return self->group != NULL;
}

VsSigning *
vs_signing_new (const VsSigningSettings * settings, GError ** error)
{
  g_autoptr (VsSigning) self = g_atomic_rc_box_new0 (VsSigning);

  self->base = is_set (settings->base_url) ? g_strdup (settings->base_url)
      : NULL;
  if (!check_names (settings, error)
      || !parse_conditions (self, settings, error)
      || !check_base (self->base, error))
    return NULL;
  self->key = vs_sign_key_new_private (settings->private_key, error);
  if (self->key == NULL)
    return NULL;
  self->key_id = g_strdup (settings->key_pair_id);
  self->expires_in = settings->expires_in;
  self->settings.key = self->key;
  self->settings.key_id = self->key_id;
  self->settings.kind = settings->policy;
  self->settings.hash = settings->hash;
  return make_verifier (self, error) ? g_steal_pointer (&self) : NULL;
}

/* ---- use ----------------------------------------------------------------- */

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

VsUrlSigner *
vs_signing_begin (VsSigning * self, gint64 * expires)
{
  VsUrlSignerSettings settings = self->settings;
  g_autoptr (GError) error = NULL;
  VsUrlSigner *signer;

  settings.conditions.expires = self->expires_in
      + MAX (get_now (), settings.conditions.starts);
  signer = vs_url_signer_new (&settings, &error);
  if (signer == NULL)
    g_error ("what was checked is no policy: %s", error->message);
  if (expires)
    *expires = settings.conditions.expires;
  return signer;
}

const gchar *
vs_signing_get_base (VsSigning * self)
{
  return self->base;
}

static gboolean
is_http (const gchar * location)
{
  return location && (g_str_has_prefix (location, "https://")
      || g_str_has_prefix (location, "http://"));
}

gchar *
vs_signing_find_folder (VsSigning * self, const gchar * location,
    const gchar * account, const gchar * event, const gchar * breakout)
{
  const gchar *base = self->base;
  g_autofree gchar *filled = NULL;
  GString *url;

  if (base == NULL && is_http (location))
    base = location;
  if (base == NULL)
    return NULL;
  filled = fill_in (base, account, event);
  url = g_string_new_len (filled, (gssize) strcspn (filled, "?"));
  while (url->len > 0 && url->str[url->len - 1] == '/')
    g_string_truncate (url, url->len - 1);
  if (strstr (base, ACCOUNT) == NULL)
    g_string_append_printf (url, "/%s", account);
  if (strstr (base, EVENT) == NULL)
    g_string_append_printf (url, "/%s", event);
  if (is_set (breakout))
    g_string_append_printf (url, "/%s", breakout);
  return g_string_free (g_string_append_c (url, '/'), FALSE);
}

VsSignVerdict
vs_signing_verify (VsSigning * self, const gchar * url, const gchar * client,
    const gchar * cookie)
{
  g_autoptr (GInetAddress) address =
      client ? g_inet_address_new_from_string (client) : NULL;
  g_autofree gchar *origin = NULL;
  VsSignedRequest request = {.cookie = cookie,.client = address,.now =
        get_now ()
  };
  VsUrlParts parts;

  if (!vs_url_parts_split (url, &parts, NULL) || parts.path.size == 0)
    return VS_SIGN_MALFORMED;
  origin = g_strndup (url, (gsize) (parts.path.text - url));
  request.origin = origin;
  request.target = parts.path.text;
  return vs_url_verifier_check (self->verifier, self->group, &request, NULL);
}
