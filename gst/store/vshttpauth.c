/* VisionStream: user and password for one server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store/vshttpauth.h"

#include <string.h>

struct _VsHttpAuth
{
  GUri *origin;
  gchar *user, *password;

  GMutex lock;
  /* protected by lock: NULL until the server has asked */
  SoupAuth *soup;
};

VsHttpAuth *
vs_http_auth_new (const gchar * origin, const gchar * user,
    const gchar * password, GError ** error)
{
  g_autoptr (GUri) uri = NULL;
  VsHttpAuth *self;

  uri = origin ? g_uri_parse (origin, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
  if (uri == NULL || g_uri_get_host (uri) == NULL) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "user and password need the server that they are for");
    return NULL;
  }
  self = g_new0 (VsHttpAuth, 1);
  self->origin = g_steal_pointer (&uri);
  self->user = g_strdup (user);
  self->password = g_strdup (password ? password : "");
  g_mutex_init (&self->lock);
  return self;
}

void
vs_http_auth_free (VsHttpAuth * self)
{
  g_clear_object (&self->soup);
  g_mutex_clear (&self->lock);
  g_uri_unref (self->origin);
  g_free (self->user);
  explicit_bzero (self->password, strlen (self->password));
  g_free (self->password);
  g_free (self);
}

static gboolean
is_for (VsHttpAuth * self, SoupMessage * message)
{
  GUri *uri = soup_message_get_uri (message);

  return g_str_equal (g_uri_get_scheme (uri), g_uri_get_scheme (self->origin))
      && g_uri_get_port (uri) == g_uri_get_port (self->origin)
      && g_ascii_strcasecmp (g_uri_get_host (uri),
      g_uri_get_host (self->origin)) == 0;
}

/* Whether nobody else can hear what is said to it. */
static gboolean
is_private (GUri * uri)
{
  const gchar *host = g_uri_get_host (uri);
  g_autoptr (GInetAddress) address = NULL;

  if (g_str_equal (g_uri_get_scheme (uri), "https"))
    return TRUE;
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;
  address = g_inet_address_new_from_string (host);
  return address && g_inet_address_get_is_loopback (address);
}

void
vs_http_auth_sign (VsHttpAuth * self, SoupMessage * message)
{
  g_autofree gchar *value = NULL;

  if (!is_for (self, message))
    return;

  g_mutex_lock (&self->lock);
  if (self->soup)
    value = soup_auth_get_authorization (self->soup, message);
  g_mutex_unlock (&self->lock);
  if (value)
    soup_message_headers_replace (soup_message_get_request_headers (message),
        "Authorization", value);
}

/* Whether an element of WWW-Authenticate's list begins a challenge: a scheme,
 * alone or with its first parameter behind it (RFC 9110 11.6.1). */
static gboolean
begins_challenge (const gchar * item)
{
  gsize token = strcspn (item, " \t=");
  const gchar *next = item + token + strspn (item + token, " \t");

  return token > 0 && *next != '=';
}

static gboolean
has_scheme (const gchar * item, const gchar * scheme)
{
  gsize size = strlen (scheme);

  return g_ascii_strncasecmp (item, scheme, size) == 0
      && strchr (" \t", item[size]) != NULL;
}

/* A scheme's challenge out of all of the answer's; NULL when it has none. */
static gchar *
find_challenge (SoupMessage * message, const gchar * scheme)
{
  const gchar *all =
      soup_message_headers_get_list (soup_message_get_response_headers
      (message), "WWW-Authenticate");
  GSList *items = all ? soup_header_parse_list (all) : NULL;
  g_autoptr (GString) found = NULL;

  for (GSList * l = items; l; l = l->next) {
    if (begins_challenge (l->data)) {
      if (found)
        break;
      if (has_scheme (l->data, scheme))
        found = g_string_new (l->data);
    } else if (found) {
      g_string_append_printf (found, ", %s", (gchar *) l->data);
    }
  }
  soup_header_free_list (items);
  return found ? g_string_free (g_steal_pointer (&found), FALSE) : NULL;
}

/* What the computation can't do without, libsoup does not ask for. */
static gboolean
is_complete (const gchar * challenge, const gchar * scheme, gboolean digest)
{
  GHashTable *params = soup_header_parse_param_list (challenge
      + strlen (scheme));
  gboolean complete = params && g_hash_table_lookup (params, "realm")
      && (!digest || g_hash_table_lookup (params, "nonce"));

  if (params)
    soup_header_free_param_list (params);
  return complete;
}

static SoupAuth *
take_challenge (VsHttpAuth * self, SoupMessage * message, gboolean digest)
{
  const gchar *scheme = digest ? "Digest" : "Basic";
  g_autofree gchar *challenge = find_challenge (message, scheme);
  SoupAuth *soup;

  if (challenge == NULL || !is_complete (challenge, scheme, digest))
    return NULL;

  soup = soup_auth_new (digest ? SOUP_TYPE_AUTH_DIGEST : SOUP_TYPE_AUTH_BASIC,
      message, challenge);
  if (soup)
    soup_auth_authenticate (soup, self->user, self->password);
  return soup;
}

gboolean
vs_http_auth_learn (VsHttpAuth * self, SoupMessage * message, GError ** error)
{
  const gchar *sent =
      soup_message_headers_get_one (soup_message_get_request_headers
      (message), "Authorization");
  SoupAuth *soup;

  if (!is_for (self, message))
    return FALSE;

  soup = take_challenge (self, message, TRUE);
  /* Basic has nothing that could have become stale */
  if (soup == NULL && !(sent && has_scheme (sent, "Basic")))
    soup = take_challenge (self, message, FALSE);
  if (soup == NULL)
    return FALSE;

  if (has_scheme (soup_auth_get_scheme_name (soup), "Basic")
      && !is_private (self->origin)) {
    g_object_unref (soup);
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
        "the server wants the password unencrypted, which it is not given: "
        "use https");
    return FALSE;
  }
  g_mutex_lock (&self->lock);
  g_clear_object (&self->soup);
  self->soup = soup;
  g_mutex_unlock (&self->lock);
  return TRUE;
}
