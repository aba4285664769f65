/* VisionStream: the settings of vsurlsigner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "vssigningsettings.h"

#include <string.h>

#define DEFAULT_POLICY VS_SIGN_CANNED
#define DEFAULT_HASH VS_SIGN_SHA1
#define DEFAULT_EXPIRES_IN 3600

enum
{
  PROP_0,
  PROP_PRIVATE_KEY,
  PROP_KEY_PAIR_ID,
  PROP_POLICY,
  PROP_HASH,
  PROP_EXPIRES_IN,
  PROP_STARTS_AT,
  PROP_ALLOWED_SOURCE,
  PROP_BASE_URL
};

GType
vs_signing_policy_get_type (void)
{
  static const GEnumValue values[] = {
    {VS_SIGN_CANNED, "Each URL, until it expires", "canned"},
    {VS_SIGN_CUSTOM, "Each URL, also with starts-at and allowed-source",
        "custom"},
    {VS_SIGN_WILDCARD,
        "All in the URL's folder and below, also with starts-at and "
          "allowed-source", "wildcard"},
    {0, NULL, NULL}
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsUrlSignerPolicy", values));
  return type;
}

GType
vs_signing_hash_get_type (void)
{
  static const GEnumValue values[] = {
    {VS_SIGN_SHA1, "SHA-1, CloudFront's own choice", "sha1"},
    {VS_SIGN_SHA256, "SHA-256, told by Hash-Algorithm", "sha256"},
    {0, NULL, NULL}
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsUrlSignerHash", values));
  return type;
}

void
vs_signing_settings_init (VsSigningSettings * settings)
{
  memset (settings, 0, sizeof *settings);
  settings->policy = DEFAULT_POLICY;
  settings->hash = DEFAULT_HASH;
  settings->expires_in = DEFAULT_EXPIRES_IN;
}

static void
replace (gchar ** text, const gchar * by)
{
  gchar *copy = g_strdup (by);

  if (*text)
    explicit_bzero (*text, strlen (*text));
  g_free (*text);
  *text = copy;
}

void
vs_signing_settings_clear (VsSigningSettings * settings)
{
  replace (&settings->private_key, NULL);
  g_clear_pointer (&settings->key_pair_id, g_free);
  g_clear_pointer (&settings->starts_at, g_free);
  g_clear_pointer (&settings->allowed_source, g_free);
  g_clear_pointer (&settings->base_url, g_free);
}

void
vs_signing_settings_copy (VsSigningSettings * to,
    const VsSigningSettings * from, GObject * object)
{
  GST_OBJECT_LOCK (object);
  *to = *from;
  to->private_key = g_strdup (from->private_key);
  to->key_pair_id = g_strdup (from->key_pair_id);
  to->starts_at = g_strdup (from->starts_at);
  to->allowed_source = g_strdup (from->allowed_source);
  to->base_url = g_strdup (from->base_url);
  GST_OBJECT_UNLOCK (object);
}

static gchar **
string_field (VsSigningSettings * settings, guint id)
{
  switch (id) {
    case PROP_PRIVATE_KEY:
      return &settings->private_key;
    case PROP_KEY_PAIR_ID:
      return &settings->key_pair_id;
    case PROP_STARTS_AT:
      return &settings->starts_at;
    case PROP_ALLOWED_SOURCE:
      return &settings->allowed_source;
    case PROP_BASE_URL:
      return &settings->base_url;
    default:
      return NULL;
  }
}

void
vs_signing_settings_set_property (VsSigningSettings * settings,
    GObject * object, guint id, const GValue * value, GParamSpec * pspec)
{
  gchar **string = string_field (settings, id);

  GST_OBJECT_LOCK (object);
  if (string) {
    replace (string, g_value_get_string (value));
  } else if (id == PROP_POLICY) {
    settings->policy = g_value_get_enum (value);
  } else if (id == PROP_HASH) {
    settings->hash = g_value_get_enum (value);
  } else if (id == PROP_EXPIRES_IN) {
    settings->expires_in = g_value_get_uint (value);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (object);
}

void
vs_signing_settings_get_property (VsSigningSettings * settings,
    GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  gchar **string = string_field (settings, id);

  GST_OBJECT_LOCK (object);
  if (string)
    g_value_set_string (value, *string);
  else if (id == PROP_POLICY)
    g_value_set_enum (value, settings->policy);
  else if (id == PROP_HASH)
    g_value_set_enum (value, settings->hash);
  else if (id == PROP_EXPIRES_IN)
    g_value_set_uint (value, settings->expires_in);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (object);
}

static void
install_key (GObjectClass * klass, GParamFlags flags)
{
  /**
   * GstVsUrlSigner:private-key:
   *
   * The file is read at READY, and can then be moved away. Who else than its
   * owner and group may read or write it is refused: `chmod 600`.
   */
  g_object_class_install_property (klass, PROP_PRIVATE_KEY,
      g_param_spec_string ("private-key", "Private key",
          "PEM file with the key that signs: RSA of 2048 to 4096 bits, or ECDSA "
          "on P-256, not encrypted, closed to others than its owner and group "
          "(chmod 600)", NULL, flags & ~G_PARAM_READABLE));
  /**
   * GstVsUrlSigner:key-pair-id:
   */
  g_object_class_install_property (klass, PROP_KEY_PAIR_ID,
      g_param_spec_string ("key-pair-id", "Key pair id",
          "Id by which whoever verifies finds the public key (CloudFront's: K...)",
          NULL, flags));
  /**
   * GstVsUrlSigner:hash:
   */
  g_object_class_install_property (klass, PROP_HASH,
      g_param_spec_enum ("hash", "Hash", "Hash of the policy that is signed",
          vs_signing_hash_get_type (), DEFAULT_HASH, flags));
}

static void
install_policy (GObjectClass * klass, GParamFlags flags)
{
  /**
   * GstVsUrlSigner:policy:
   *
   * With `wildcard` all URLs of a folder have one signature, so that a playlist
   * of a million costs one, and players may add parameters to them, as LL-HLS
   * does. DASH and Smooth manifests, whose URLs are made of templates, have that
   * always.
   */
  g_object_class_install_property (klass, PROP_POLICY,
      g_param_spec_enum ("policy", "Policy", "What a signature allows",
          vs_signing_policy_get_type (), DEFAULT_POLICY, flags));
  /**
   * GstVsUrlSigner:expires-in:
   */
  g_object_class_install_property (klass, PROP_EXPIRES_IN,
      g_param_spec_uint ("expires-in", "Expires in",
          "Seconds for which a signature is valid, from the beginning of the "
          "text or the end of the segment, or from starts-at when that is later",
          1, G_MAXUINT, DEFAULT_EXPIRES_IN, flags));
  /**
   * GstVsUrlSigner:starts-at:
   */
  g_object_class_install_property (klass, PROP_STARTS_AT,
      g_param_spec_string ("starts-at", "Starts at",
          "Time after which signatures are valid: 2026-01-01T20:00:00Z, UTC "
          "where it has no zone; not with policy=canned (unset = at once)",
          NULL, flags));
  /**
   * GstVsUrlSigner:allowed-source:
   */
  g_object_class_install_property (klass, PROP_ALLOWED_SOURCE,
      g_param_spec_string ("allowed-source", "Allowed source",
          "IPv4 address or CIDR block of clients for whom signatures are valid: "
          "192.0.2.0/24; not with policy=canned (unset = everybody)", NULL,
          flags));
}

void
vs_signing_settings_install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  install_key (klass, flags);
  install_policy (klass, flags);
  /**
   * GstVsUrlSigner:base-url:
   *
   * In a text: what its relative URLs are relative to, in place of where it
   * comes from (the last part behind a slash does not count, as in a browser).
   * In a stream: where the store's #GstVsSegmentStore:location is for clients,
   * with `{account}` and `{event}` where they do not follow at its end.
   */
  g_object_class_install_property (klass, PROP_BASE_URL,
      g_param_spec_string ("base-url", "Base URL",
          "Text: URL that its relative URLs are relative to (unset = the "
          "source's own). Stream: URL at which clients find the store's "
          "location (unset = that, when it is http)", NULL, flags));
}
