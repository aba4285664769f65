/* VisionStream: the origin of vsjitpackager, its archive and its server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/gstvsjitpackagerprivate.h"

#define GST_CAT_DEFAULT gst_vs_jit_packager_debug

#define PLAYER_DIR_VARIABLE "VS_PLAYER_DIR"

static void
on_origin_warning (const gchar * text, gpointer user_data)
{
  GST_ELEMENT_WARNING (user_data, RESOURCE, READ,
      ("What is stored is not as it should be: %s", text), (NULL));
}

static gboolean
open_store (GstVsJitPackager * self, const VsJitPackagerSettings * settings)
{
  g_autoptr (VsStore) store = NULL;
  g_autoptr (GError) error = NULL;

  if (settings->store.location == NULL && settings->store.accounts == NULL)
    return TRUE;
  store = vs_store_properties_open (&settings->store, FALSE, &error);
  if (store == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("Can't open the archive: %s. Set location to what vssegmentstore "
            "writes.", error->message), (NULL));
    return FALSE;
  }
  vs_origin_set_store (self->origin, store);
  self->has_store = TRUE;
  return TRUE;
}

static void
on_certificate_changed (GTlsCertificate * tls, const GError * error,
    gpointer user_data)
{
  if (tls)
    GST_INFO_OBJECT (user_data, "The TLS certificate was read anew");
  else
    GST_ELEMENT_WARNING (user_data, RESOURCE, READ,
        ("The renewed TLS certificate can't be used, the one before stays: %s",
            error->message), (NULL));
}

static void
on_accounts_problem (const GError * error, gpointer user_data)
{
  GST_ELEMENT_WARNING (user_data, RESOURCE, READ,
      ("What changed in key-groups can't be used, what was there stays: %s",
          error->message), (NULL));
}

/* (transfer full): what is between commas and blanks */
static gchar **
split_list (const gchar * list)
{
  g_auto (GStrv) parts = g_strsplit_set (list ? list : "", ", ", -1);
  GPtrArray *members = g_ptr_array_new ();

  for (guint i = 0; parts[i]; i++)
    if (parts[i][0])
      g_ptr_array_add (members, g_strdup (parts[i]));
  g_ptr_array_add (members, NULL);
  return (gchar **) g_ptr_array_free (members, FALSE);
}

/* (nullable): what signed-urls=required can't do without */
static const gchar *
find_missing (const VsJitPackagerSettings * settings)
{
  g_auto (GStrv) hosts = split_list (settings->hosts);

  if (settings->key_groups == NULL)
    return "key-groups to a folder with the public keys of each account";
  return hosts[0] ? NULL : "hosts to the names that URLs are signed for, as in "
      "hosts=video.example.com";
}

/* FALSE: the ERROR is posted. */
static gboolean
open_accounts (GstVsJitPackager * self, const VsJitPackagerSettings * settings,
    VsSignAccounts ** accounts)
{
  g_autoptr (GError) error = NULL;
  const gchar *missing = find_missing (settings);

  *accounts = NULL;
  if (settings->signed_urls == VS_SIGNED_URLS_REQUIRED && missing) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("signed-urls=required needs more: set %s.", missing), (NULL));
    return FALSE;
  }
  if (settings->key_groups)
    *accounts = vs_sign_accounts_open (settings->key_groups,
        on_accounts_problem, self, &error);
  if (error)
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("Can't read key-groups: %s", error->message), (NULL));
  return error == NULL;
}

/* (nullable): without signatures everybody may pass */
static VsJitPackagerGate *
new_gate (const VsJitPackagerSettings * settings, VsSignAccounts * accounts)
{
  VsJitPackagerGateSettings gate = {
    .accounts = accounts,
    .account = settings->identity.account,
    .base_path = settings->base_path,
    .children = settings->signed_children,
    .skew = (guint) (settings->clock_skew / GST_SECOND),
    .any_resource = settings->allow_any_resource,
  };

  return settings->signed_urls == VS_SIGNED_URLS_REQUIRED ?
      vs_jit_packager_gate_new (&gate) : NULL;
}

/* What browsers send as Origin (RFC 6454, 6.2). */
static gboolean
is_page (const gchar * text)
{
  const gchar *host = g_str_has_prefix (text, "https://") ? text + 8 :
      g_str_has_prefix (text, "http://") ? text + 7 : "";

  if (*host == '\0' || strpbrk (host, "/?#*@"))
    return FALSE;
  for (; *host; host++)
    if (g_ascii_isupper (*host))
      return FALSE;
  return TRUE;
}

/* FALSE: the ERROR is posted. */
static gboolean
read_pages (GstVsJitPackager * self, const VsJitPackagerSettings * settings,
    gchar *** pages)
{
  *pages = split_list (settings->cors_origins);
  for (guint i = 0; (*pages)[i]; i++) {
    if (is_page ((*pages)[i]))
      continue;
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("cors-origins: \"%s\" is no page's origin. Set it as in "
            "cors-origins=https://www.example.com, in small letters, without "
            "a path.", (*pages)[i]), (NULL));
    return FALSE;
  }
  return TRUE;
}

/* (transfer full) @certificate, @accounts */
static VsJitPackagerServer *
new_server (GstVsJitPackager * self, const VsJitPackagerSettings * settings,
    VsAddressList * proxies, gchar ** pages, VsHttpCertificate * certificate,
    VsSignAccounts * accounts, GError ** error)
{
  g_auto (GStrv) hosts = split_list (settings->hosts);
  const gchar *folder = g_getenv (PLAYER_DIR_VARIABLE);
  VsJitPackagerServerSettings server = {
    .http = {
          .address = settings->address,
          .port = settings->port,
          .hosts = (const gchar * const *) hosts,
          .pages = *pages ? (const gchar * const *) pages : NULL,
          .max_connections = settings->max_connections,
          .max_connections_per_ip = settings->max_connections_per_ip,
          .trusted_proxies = proxies,
          .access_log = settings->access_log,
        },
    .account = settings->identity.account,
    .base_path = settings->base_path,
    .player_folder = folder ? folder : VS_PLAYER_DIR,
    .accounts = accounts,
    .gate = new_gate (settings, accounts),
    .certificate = certificate,
    .certificate_changed = on_certificate_changed,
    .user_data = self,
  };

  return vs_jit_packager_server_new (self->origin, &server, error);
}

/* What to do about a server that does not start; a file's error says it. */
static const gchar *
advise (const GError * error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return " Set port to another one (0 takes any that is free), or stop what "
        "uses it.";
  /* GIO has no code for EADDRNOTAVAIL */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED))
    return " Set address to one that this machine has (0.0.0.0 or :: for all).";
  return "";
}

/* FALSE: the ERROR is posted. */
static gboolean
read_proxies (GstVsJitPackager * self, const VsJitPackagerSettings * settings,
    VsAddressList ** proxies)
{
  g_autoptr (GError) error = NULL;

  *proxies = settings->trusted_proxies ?
      vs_address_list_new (settings->trusted_proxies, &error) : NULL;
  if (error)
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("Can't read trusted-proxies: %s", error->message), (NULL));
  return error == NULL;
}

/* FALSE: the ERROR is posted. */
static gboolean
read_certificate (GstVsJitPackager * self,
    const VsJitPackagerSettings * settings, VsHttpCertificate ** certificate)
{
  g_autoptr (GError) error = NULL;

  *certificate = settings->tls_certificate ?
      vs_http_certificate_new (settings->tls_certificate, settings->tls_key,
      &error) : NULL;
  if (error)
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("Can't read the TLS certificate or its key: %s", error->message),
        (NULL));
  return error == NULL;
}

static gboolean
start_server (GstVsJitPackager * self, const VsJitPackagerSettings * settings)
{
  VsHttpCertificate *certificate = NULL;
  g_autoptr (VsSignAccounts) accounts = NULL;
  g_autoptr (VsAddressList) proxies = NULL;
  g_auto (GStrv) pages = NULL;
  g_autoptr (GError) error = NULL;
  VsJitPackagerServer *server;

  if (!read_proxies (self, settings, &proxies)
      || !read_pages (self, settings, &pages)
      || !open_accounts (self, settings, &accounts)
      || !read_certificate (self, settings, &certificate))
    return FALSE;
  server = new_server (self, settings, proxies, pages, certificate,
      g_steal_pointer (&accounts), &error);
  if (server == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("Can't serve on %s, port %u: %s.%s", settings->address,
            settings->port, error->message, advise (error)), (NULL));
    return FALSE;
  }

  g_mutex_lock (&self->lock);
  self->server = server;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static VsOrigin *
new_origin (GstVsJitPackager * self, const VsJitPackagerSettings * settings)
{
  VsOriginSettings origin = {
    .n_threads = settings->threads,
    .cache_bytes = settings->cache_size,
    .live_bytes = settings->live_cache_size,
    .max_queue = settings->max_queue,
    .base_path = settings->base_path,
    .account = settings->identity.account,
    .event = settings->identity.event,
    .breakout = settings->identity.breakout,
    .warning = on_origin_warning,
    .warning_data = self,
  };

  return vs_origin_new (&origin);
}

gboolean
gst_vs_jit_packager_open_origin (GstVsJitPackager * self,
    const VsJitPackagerSettings * settings)
{
  VsOrigin *origin = new_origin (self, settings);

  gst_vs_jit_packager_apply_endpoints (self, origin);
  g_mutex_lock (&self->lock);
  self->origin = origin;
  g_mutex_unlock (&self->lock);
  return open_store (self, settings) && start_server (self, settings);
}
