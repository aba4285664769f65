/* VisionStream: the properties with which an element opens a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/vsstoreproperties.h"

#include <string.h>

enum
{
  NTH_LOCATION,
  NTH_ACCOUNTS,
  NTH_ENDPOINT_URI,
  NTH_REGION,
  NTH_FORCE_PATH_STYLE,
  NTH_ACCESS_KEY,
  NTH_SECRET_ACCESS_KEY,
  NTH_SESSION_TOKEN,
  NTH_CA_FILE,
  NTH_USER,
  NTH_PASSWORD
};

static void
wipe (gchar ** secret)
{
  if (*secret)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

void
vs_store_properties_init (VsStoreProperties * properties,
    const gchar * location)
{
  memset (properties, 0, sizeof *properties);
  properties->location = g_strdup (location);
}

void
vs_store_properties_copy (VsStoreProperties * dest,
    const VsStoreProperties * src)
{
  dest->location = g_strdup (src->location);
  dest->accounts = g_strdup (src->accounts);
  dest->endpoint_uri = g_strdup (src->endpoint_uri);
  dest->region = g_strdup (src->region);
  dest->ca_file = g_strdup (src->ca_file);
  dest->force_path_style = src->force_path_style;
  dest->access_key = g_strdup (src->access_key);
  dest->secret_access_key = g_strdup (src->secret_access_key);
  dest->session_token = g_strdup (src->session_token);
  dest->user = g_strdup (src->user);
  dest->password = g_strdup (src->password);
}

void
vs_store_properties_clear (VsStoreProperties * properties)
{
  g_clear_pointer (&properties->location, g_free);
  g_clear_pointer (&properties->accounts, g_free);
  g_clear_pointer (&properties->endpoint_uri, g_free);
  g_clear_pointer (&properties->region, g_free);
  g_clear_pointer (&properties->ca_file, g_free);
  g_clear_pointer (&properties->access_key, g_free);
  wipe (&properties->secret_access_key);
  wipe (&properties->session_token);
  wipe (&properties->user);
  wipe (&properties->password);
}

static gboolean
is_same_server (const gchar * a, const gchar * b)
{
  g_autoptr (GUri) x = a ? g_uri_parse (a, G_URI_FLAGS_NONE, NULL) : NULL;
  g_autoptr (GUri) y = g_uri_parse (b, G_URI_FLAGS_NONE, NULL);

  return x && y && g_strcmp0 (g_uri_get_scheme (x), g_uri_get_scheme (y)) == 0
      && g_strcmp0 (g_uri_get_host (x), g_uri_get_host (y)) == 0
      && g_uri_get_port (x) == g_uri_get_port (y);
}

void
vs_store_properties_move (VsStoreProperties * properties,
    const gchar * location)
{
  if (properties->accounts || !is_same_server (properties->location, location)) {
    wipe (&properties->user);
    wipe (&properties->password);
  }
  g_clear_pointer (&properties->accounts, g_free);
  g_free (properties->location);
  properties->location = g_strdup (location);
}

static void
install_s3 (GObjectClass * klass, guint first_id)
{
  const GParamFlags secret = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;
  const GParamFlags flags = secret | G_PARAM_READABLE;

  g_object_class_install_property (klass, first_id + NTH_ENDPOINT_URI,
      g_param_spec_string ("endpoint-uri", "Endpoint URI",
          "S3 service, as https://host:port (unset = AWS in the region)", NULL,
          flags));
  g_object_class_install_property (klass, first_id + NTH_REGION,
      g_param_spec_string ("region", "Region",
          "Region of the bucket (unset = AWS_REGION, the shared configuration "
          "file, or us-east-1)", NULL, flags));
  g_object_class_install_property (klass, first_id + NTH_FORCE_PATH_STYLE,
      g_param_spec_boolean ("force-path-style", "Force path style",
          "The bucket stands in the path and not in the host's name, for "
          "services that know nothing else", FALSE, flags));
  g_object_class_install_property (klass, first_id + NTH_ACCESS_KEY,
      g_param_spec_string ("access-key", "Access key",
          "Access key id for S3 (unset = environment, shared credentials file, "
          "or the instance's role)", NULL, flags));
  g_object_class_install_property (klass, first_id + NTH_SECRET_ACCESS_KEY,
      g_param_spec_string ("secret-access-key", "Secret access key",
          "Secret of access-key", NULL, secret));
  g_object_class_install_property (klass, first_id + NTH_SESSION_TOKEN,
      g_param_spec_string ("session-token", "Session token",
          "Token of access-key where that is temporary", NULL, secret));
}

static void
install_http (GObjectClass * klass, guint first_id)
{
  const GParamFlags secret = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, first_id + NTH_USER,
      g_param_spec_string ("user", "User",
          "User for http:// and https:// locations whose server asks for one "
          "(Digest, or Basic over TLS)", NULL, secret));
  g_object_class_install_property (klass, first_id + NTH_PASSWORD,
      g_param_spec_string ("password", "Password", "Password of user", NULL,
          secret));
}

void
vs_store_properties_install (GObjectClass * klass, guint first_id,
    const gchar * location, const gchar * blurb)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, first_id + NTH_LOCATION,
      g_param_spec_string ("location", "Location", blurb, location, flags));
  g_object_class_install_property (klass, first_id + NTH_ACCOUNTS,
      g_param_spec_string ("accounts", "Accounts",
          "JSON file with a store for each account, in place of location: "
          "{\"account\": {\"location\": ..., \"region\": ...}}", NULL, flags));
  install_s3 (klass, first_id);
  install_http (klass, first_id);
  g_object_class_install_property (klass, first_id + NTH_CA_FILE,
      g_param_spec_string ("ca-file", "CA file",
          "PEM file with the authorities that the store's certificate is "
          "checked against (unset = the system's)", NULL, flags));
}

static gchar **
string_field (VsStoreProperties * properties, guint nth)
{
  switch (nth) {
    case NTH_LOCATION:
      return &properties->location;
    case NTH_ACCOUNTS:
      return &properties->accounts;
    case NTH_ENDPOINT_URI:
      return &properties->endpoint_uri;
    case NTH_REGION:
      return &properties->region;
    case NTH_ACCESS_KEY:
      return &properties->access_key;
    case NTH_SECRET_ACCESS_KEY:
      return &properties->secret_access_key;
    case NTH_SESSION_TOKEN:
      return &properties->session_token;
    case NTH_USER:
      return &properties->user;
    case NTH_PASSWORD:
      return &properties->password;
    default:
      return &properties->ca_file;
  }
}

void
vs_store_properties_set (VsStoreProperties * properties, GObject * object,
    guint nth, const GValue * value)
{
  gchar **field;

  GST_OBJECT_LOCK (object);
  if (nth == NTH_FORCE_PATH_STYLE) {
    properties->force_path_style = g_value_get_boolean (value);
  } else {
    field = string_field (properties, nth);
    wipe (field);
    *field = g_value_dup_string (value);
  }
  GST_OBJECT_UNLOCK (object);
}

void
vs_store_properties_get (VsStoreProperties * properties, GObject * object,
    guint nth, GValue * value)
{
  GST_OBJECT_LOCK (object);
  if (nth == NTH_FORCE_PATH_STYLE)
    g_value_set_boolean (value, properties->force_path_style);
  else
    g_value_set_string (value, *string_field (properties, nth));
  GST_OBJECT_UNLOCK (object);
}

gboolean
vs_store_properties_get_settings (const VsStoreProperties * properties,
    VsStoreSettings * settings, GError ** error)
{
  *settings = (VsStoreSettings) {
  .location = properties->location,.accounts_file =
        properties->accounts,.endpoint_uri =
        properties->endpoint_uri,.region =
        properties->region,.force_path_style =
        properties->force_path_style,.access_key_id =
        properties->access_key,.secret_access_key =
        properties->secret_access_key,.session_token =
        properties->session_token,.ca_file = properties->ca_file,.user =
        properties->user,.password = properties->password,};

  if (properties->accounts == NULL
      && (properties->location == NULL || *properties->location == '\0')) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "location is not set");
    return FALSE;
  }
  return TRUE;
}

VsStore *
vs_store_properties_open (const VsStoreProperties * properties,
    gboolean create, GError ** error)
{
  VsStoreSettings settings;

  if (!vs_store_properties_get_settings (properties, &settings, error))
    return NULL;
  settings.create = create;
  return vs_store_open_with (&settings, error);
}
