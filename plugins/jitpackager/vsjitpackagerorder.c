/* VisionStream: what is to be signed for whoever asks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/vsjitpackagerorder.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "origin/vsroute.h"
#include "sign/vsurlsign.h"

#define PATH "path"
#define ACCOUNT "account"
#define SOURCE "allowed-source"
#define EXPIRES_IN "expires-in"

static gboolean
fail (GError ** error, const gchar * reason)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, reason);
  return FALSE;
}

/* A text, or NULL where there is none; FALSE when it is no text. */
static gboolean
get_text (JsonObject * object, const gchar * name, gchar ** text)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  *text = g_strdup (json_node_get_string (node));
  return TRUE;
}

static gboolean
get_expires_in (JsonObject * object, guint * expires_in)
{
  JsonNode *node = json_object_get_member (object, EXPIRES_IN);
  gint64 value;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  value = json_node_get_int (node);
  if (value < 1 || value > VS_SIGN_EXPIRES_MAX)
    return FALSE;
  *expires_in = value;
  return TRUE;
}

static gboolean
has_strange_member (JsonObject * object)
{
  static const gchar *const names[] =
      { PATH, ACCOUNT, SOURCE, EXPIRES_IN, NULL };
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList * l = members; l; l = l->next) {
    if (!g_strv_contains (names, l->data))
      return TRUE;
  }
  return FALSE;
}

static gboolean
source_is_valid (const gchar * source)
{
  g_auto (VsSignPolicy) policy = { 0 };

  return source == NULL || vs_sign_policy_set_source (&policy, source, NULL);
}

static gboolean
read_order (JsonObject * object, VsSignOrder * order, GError ** error)
{
  if (has_strange_member (object))
    return fail (error, "There is a member that is none of " PATH ", "
        EXPIRES_IN ", " SOURCE " and " ACCOUNT ".");
  if (!get_text (object, PATH, &order->path) || order->path == NULL)
    return fail (error, "Say in \"" PATH "\", a string, what is to be signed: "
        "\"/out/v1/<account>/...\".");
  if (!get_text (object, ACCOUNT, &order->account))
    return fail (error, "\"" ACCOUNT "\" is to be a string.");
  if (!get_text (object, SOURCE, &order->source)
      || !source_is_valid (order->source))
    return fail (error, "\"" SOURCE "\" is to be an IPv4 address, or several "
        "as in \"192.0.2.0/24\".");
  if (!get_expires_in (object, &order->expires_in))
    return fail (error, "\"" EXPIRES_IN "\" is to be a number of seconds from "
        "1 to 604800.");
  return TRUE;
}

VsSignOrder *
vs_sign_order_parse (GBytes * body, GError ** error)
{
  g_autoptr (VsSignOrder) order = g_new0 (VsSignOrder, 1);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize size = 0;
  const gchar *text = body ? g_bytes_get_data (body, &size) : NULL;
  JsonNode *root;

  if (text == NULL || !json_parser_load_from_data (parser, text, size, NULL)
      || (root = json_parser_get_root (parser)) == NULL
      || !JSON_NODE_HOLDS_OBJECT (root)) {
    fail (error, "The body is to be a JSON object, such as "
        "{\"" PATH "\": \"/out/v1/<account>/...\"}.");
    return NULL;
  }
  return read_order (json_node_get_object (root), order, error) ?
      g_steal_pointer (&order) : NULL;
}

void
vs_sign_order_free (VsSignOrder * order)
{
  g_free (order->path);
  g_free (order->account);
  g_free (order->source);
  g_free (order);
}

gboolean
vs_sign_order_is_of (const VsSignOrder * order, const gchar * base_path,
    const gchar * id_account, const gchar * account)
{
  g_autofree gchar *path = NULL;
  const gchar *owner;
  VsRoute route;

  if (!vs_url_path_is_normal (order->path, strlen (order->path))
      || strchr (order->path, '?') || !g_str_has_prefix (order->path,
          base_path))
    return FALSE;
  path = g_uri_unescape_string (order->path + strlen (base_path), NULL);
  if (path == NULL || !vs_route_parse (path, &route))
    return FALSE;
  owner = route.kind == VS_ROUTE_ID ? id_account : route.account;
  return strcmp (owner, account) == 0;
}

static gboolean
is_manifest (const gchar * path)
{
  return g_str_has_suffix (path, ".m3u8") || g_str_has_suffix (path, ".mpd")
      || g_str_has_suffix (path, ".ism/Manifest");
}

/* Whoever asks says what is signed: it is hashed by what has no collisions. */
static VsUrlSigner *
new_signer (const VsSignOrder * order, const VsAccountSigner * account,
    gint64 expires, GError ** error)
{
  VsUrlSignerSettings settings = {
    .key = account->key,
    .key_id = account->key_id,
    .hash = VS_SIGN_SHA256,
    .conditions = {.expires = expires},
  };

  if (is_manifest (order->path))
    settings.kind = VS_SIGN_WILDCARD;
  else
    settings.kind = order->source ? VS_SIGN_CUSTOM : VS_SIGN_CANNED;
  if (!vs_sign_policy_set_source (&settings.conditions, order->source, error))
    return NULL;
  return vs_url_signer_new (&settings, error);
}

gchar *
vs_sign_order_sign (const VsSignOrder * order, const VsAccountSigner * account,
    const gchar * origin, gint64 expires, GError ** error)
{
  g_autoptr (VsUrlSigner) signer = new_signer (order, account, expires, error);
  g_autofree gchar *url = g_strconcat (origin, order->path, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  if (signer == NULL || !vs_url_signer_append (signer, text, url, error))
    return NULL;
  return g_string_free (g_steal_pointer (&text), FALSE);
}
