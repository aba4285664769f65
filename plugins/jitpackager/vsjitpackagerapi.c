/* VisionStream: what vsjitpackager does for those who have an account
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A request becomes a Call: what is wanted, and of which account. Who asks is
 * found out, at once for a token, in the accounts' own thread for a password;
 * then it is answered in that thread, or in one of the origin's.
 */
#include "config.h"
#include "jitpackager/vsjitpackagerapi.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "jitpackager/vsjitpackagerorder.h"

#define LIST_PATH "/v1/vod/"
#define JSON_TYPE "application/json"
/* s: when to ask again after a check that there was no room for */
#define BUSY_RETRY_AFTER 2
/* RFC 7617, RFC 6750 */
#define BASIC_CHALLENGE "Basic realm=\"VisionStream\", charset=\"UTF-8\""
#define BEARER_CHALLENGE "Bearer realm=\"VisionStream\""

struct _VsJitPackagerApi
{
  VsOrigin *origin;
  VsSignAccounts *accounts;     /* not ours */
  gchar *id_account, *base_path;
};

typedef struct
{
  VsJitPackagerApi *api;
  VsHttpRequest *request;
  gchar *account;               /* NULL: whose the token is */
  VsSignOrder *order;           /* NULL: a list is wanted */
  gchar *origin;                /* of the URLs that are signed */
  gboolean by_tls;
  gboolean by_viewer;
} Call;

/* Of whoever asks: a token, or a user with a password. */
typedef struct
{
  gchar *token, *user, *password;
} Credentials;

/* ---- answers ------------------------------------------------------------ */

static void
call_free (Call * call)
{
  g_clear_pointer (&call->order, vs_sign_order_free);
  g_free (call->account);
  g_free (call->origin);
  g_free (call);
}

/* @answer: all but the body's type and how long it may be kept */
static void
end_call (Call * call, VsHttpAnswer * answer)
{
  answer->content_type = JSON_TYPE;
  answer->cache_control = "no-store";
  vs_http_request_respond (call->request, answer);
  call_free (call);
}

/* (transfer full) @builder */
static GBytes *
to_bytes (JsonBuilder * builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  gchar *text = json_to_string (root, FALSE);

  g_object_unref (builder);
  return g_bytes_new_take (text, strlen (text));
}

static GBytes *
make_error (const gchar * what)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "error");
  json_builder_add_string_value (builder, what);
  json_builder_end_object (builder);
  return to_bytes (builder);
}

/* @what: what to do about it
 * @reason: (nullable): for the access log */
static void
refuse (Call * call, guint status, const gchar * what, const gchar * reason)
{
  g_autoptr (GBytes) body = make_error (what);
  VsHttpAnswer answer = {.status = status,.body = body,.reason = reason };

  if (status == 503)
    answer.retry_after = BUSY_RETRY_AFTER;
  end_call (call, &answer);
}

/* One answer for whatever is wrong with who asks. */
static void
refuse_credentials (Call * call, const gchar * reason)
{
  static const gchar *const plain[] =
      { "WWW-Authenticate", BEARER_CHALLENGE, NULL };
  static const gchar *const safe[] = {
    "WWW-Authenticate", BEARER_CHALLENGE,
    "WWW-Authenticate", BASIC_CHALLENGE, NULL
  };
  g_autoptr (GBytes) body = make_error ("Send the account's token, or the name "
      "and the password of one of its viewers.");
  VsHttpAnswer answer = {.status = 401,.body = body,.reason = reason };

  answer.headers = call->by_tls ? safe : plain;
  end_call (call, &answer);
}

static void
refuse_method (Call * call, const gchar * allowed)
{
  const gchar *headers[] = { "Allow", allowed, NULL };
  g_autofree gchar *what = g_strdup_printf ("Use %s.", allowed);
  g_autoptr (GBytes) body = make_error (what);
  VsHttpAnswer answer = {.status = 405,.body = body,.headers = headers };

  end_call (call, &answer);
}

/* ---- who asks ----------------------------------------------------------- */

static void
wipe (gchar * secret)
{
  if (secret)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

static void
credentials_clear (Credentials * credentials)
{
  wipe (credentials->token);
  wipe (credentials->password);
  g_free (credentials->user);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Credentials, credentials_clear);

/* RFC 7617, 2: base64 of "user:password", which has no control characters */
static void
read_basic (const gchar * text, Credentials * credentials)
{
  gsize size;
  g_autofree guchar *decoded = g_base64_decode (text, &size);
  g_autofree gchar *pair = g_strndup ((const gchar *) decoded, size);
  const gchar *colon = strchr (pair, ':');

  if (colon && strlen (pair) == size) {
    credentials->user = g_strndup (pair, colon - pair);
    credentials->password = g_strdup (colon + 1);
  }
  explicit_bzero (decoded, size);
  explicit_bzero (pair, strlen (pair));
}

/* FALSE: there are none, or more than one. */
static gboolean
read_credentials (VsHttpRequest * request, Credentials * credentials)
{
  g_autofree const gchar **lines =
      vs_http_request_get_header_lines (request, "Authorization");
  gsize scheme;

  if (lines == NULL || lines[0] == NULL || lines[1])
    return FALSE;
  scheme = strcspn (lines[0], " ");
  if (scheme == strlen ("Bearer")
      && g_ascii_strncasecmp (lines[0], "Bearer ", scheme + 1) == 0)
    credentials->token = g_strdup (lines[0] + scheme + 1);
  else if (scheme == strlen ("Basic")
      && g_ascii_strncasecmp (lines[0], "Basic ", scheme + 1) == 0)
    read_basic (lines[0] + scheme + 1, credentials);
  return credentials->token || credentials->user;
}

/* ---- what is wanted ----------------------------------------------------- */

static GBytes *
make_signed (const gchar * url, gint64 expires)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "url");
  json_builder_add_string_value (builder, url);
  json_builder_set_member_name (builder, "expires");
  json_builder_add_int_value (builder, expires);
  json_builder_end_object (builder);
  return to_bytes (builder);
}

/* s: a viewer has no longer than the account gives */
static guint
find_expires_in (const Call * call, const VsAccountSigner * signer)
{
  guint wanted = call->order->expires_in;

  if (wanted == 0)
    return signer->expires_in;
  return call->by_viewer ? MIN (wanted, signer->expires_in) : wanted;
}

/* What of another account is there is not told, nor whether there is one. */
static void
refuse_path (Call * call, const gchar * reason)
{
  refuse (call, 403, "The path is to be one of the account's own, below "
      "/out/v1/, without a query, as its manifests and GET " LIST_PATH
      "<account> have them.", reason);
}

static void
sign (Call * call)
{
  VsJitPackagerApi *api = call->api;
  g_autoptr (VsAccountSigner) signer = NULL;
  g_autofree gchar *url = NULL;
  g_autoptr (GBytes) body = NULL;
  VsHttpAnswer answer = {.status = 200,.account = call->account };
  gint64 expires;

  if (!vs_sign_order_is_of (call->order, api->base_path, api->id_account,
          call->account)) {
    refuse_path (call, "path");
    return;
  }
  signer = vs_sign_accounts_find_signer (api->accounts, call->account);
  if (signer == NULL) {
    refuse (call, 404, "The account has no signer: give it one in the settings "
        "file that vsjitpackager's key-groups names.", "no signer");
    return;
  }
  expires = g_get_real_time () / G_USEC_PER_SEC
      + find_expires_in (call, signer);
  url = vs_sign_order_sign (call->order, signer, call->origin, expires, NULL);
  if (url == NULL) {
    refuse_path (call, "path");
    return;
  }
  answer.body = body = make_signed (url, expires);
  end_call (call, &answer);
}

static void
list_ready (VsOriginResponse * response, gpointer user_data)
{
  Call *call = user_data;
  VsHttpAnswer answer = {.status = response->status,.body = response->body,
    .account = call->account
  };

  if (response->status == 200)
    end_call (call, &answer);
  else if (response->status == 503)
    refuse (call, 503, "Too much is going on just now: ask again in a moment.",
        "busy");
  else
    refuse (call, response->status, "The account's archive can't be read just "
        "now: ask again in a moment.", "archive");
}

static void
proceed (Call * call)
{
  if (call->order)
    sign (call);
  else
    vs_origin_list_files (call->api->origin, call->account, list_ready, call);
}

static void
viewer_checked (VsViewerVerdict verdict, gpointer user_data)
{
  Call *call = user_data;

  if (verdict == VS_VIEWER_RIGHT)
    proceed (call);
  else if (verdict == VS_VIEWER_BUSY)
    refuse (call, 503, "Too many passwords are being checked: ask again in a "
        "moment.", "busy");
  else
    refuse_credentials (call, "password");
}

/* An account's token opens that account alone; whether there is another one of
 * the name that was asked for is not told. */
static void
proceed_with_token (Call * call, const gchar * token)
{
  g_autofree gchar *owner =
      vs_sign_accounts_find_token (call->api->accounts, token);

  if (owner == NULL) {
    refuse_credentials (call, "token");
  } else if (call->account && strcmp (call->account, owner) != 0) {
    refuse (call, 403, "The token is another account's.", "token");
  } else {
    if (call->account == NULL)
      call->account = g_steal_pointer (&owner);
    proceed (call);
  }
}

static void
authorise (Call * call, const Credentials * credentials)
{
  if (credentials->token) {
    proceed_with_token (call, credentials->token);
  } else if (call->account == NULL) {
    refuse (call, 400, "Say in \"account\" whose the user is: names of users "
        "are an account's own.", NULL);
  } else {
    call->by_viewer = TRUE;
    vs_sign_accounts_check_viewer (call->api->accounts, call->account,
        credentials->user, credentials->password, viewer_checked, call);
  }
}

/* ---- requests ----------------------------------------------------------- */

static Call *
call_new (VsJitPackagerApi * api, VsHttpRequest * request)
{
  Call *call = g_new0 (Call, 1);

  call->api = api;
  call->request = request;
  call->by_tls = vs_http_request_is_by_tls (request);
  call->origin = g_strdup (vs_http_request_get_origin (request));
  return call;
}

/* Whether it may go on: what is said here is not to be read on the way. */
static gboolean
check_way (Call * call, const Credentials * credentials)
{
  if (call->by_tls || (vs_http_request_is_local (call->request)
          && credentials->user == NULL))
    return TRUE;
  refuse (call, 403, "Use https: passwords, and tokens of other machines, are "
      "taken over TLS.", "plain http");
  return FALSE;
}

static gboolean
is_json (VsHttpRequest * request)
{
  const gchar *type = vs_http_request_get_header (request, "Content-Type");
  gsize size = type ? strcspn (type, "; \t") : 0;

  return size == strlen (JSON_TYPE)
      && g_ascii_strncasecmp (type, JSON_TYPE, size) == 0;
}

static void
handle_sign (Call * call, const Credentials * credentials)
{
  g_autoptr (GError) error = NULL;

  if (!is_json (call->request)) {
    refuse (call, 415, "Send JSON, with the header Content-Type: " JSON_TYPE,
        NULL);
    return;
  }
  if (call->origin == NULL) {
    refuse (call, 400, "Send the header Host: URLs are signed for the host "
        "that they are asked from.", NULL);
    return;
  }
  call->order =
      vs_sign_order_parse (vs_http_request_get_body (call->request), &error);
  if (call->order == NULL) {
    refuse (call, 400, error->message, NULL);
    return;
  }
  call->account = g_strdup (call->order->account);
  authorise (call, credentials);
}

static void
handle_call (Call * call, const gchar * path)
{
  gboolean is_list = g_str_has_prefix (path, LIST_PATH);
  gboolean is_post =
      strcmp (vs_http_request_get_method (call->request), "POST") == 0;
  g_auto (Credentials) credentials = { 0 };
  gboolean known = read_credentials (call->request, &credentials);

  if (is_list == is_post) {
    refuse_method (call, is_list ? "GET, HEAD" : "POST");
  } else if (call->api->accounts == NULL) {
    refuse (call, 404, "There are no accounts here: vsjitpackager's property "
        "key-groups names the file that has them.", NULL);
  } else if (check_way (call, &credentials)) {
    if (!known) {
      refuse_credentials (call, "no credentials");
    } else if (is_list) {
      call->account = g_strdup (path + strlen (LIST_PATH));
      authorise (call, &credentials);
    } else {
      handle_sign (call, &credentials);
    }
  }
}

gboolean
vs_jit_packager_api_handle (VsJitPackagerApi * api, VsHttpRequest * request,
    const gchar * path)
{
  if (!g_str_has_prefix (path, LIST_PATH)
      && strcmp (path, VS_JIT_PACKAGER_SIGN_PATH) != 0)
    return FALSE;
  handle_call (call_new (api, request), path);
  return TRUE;
}

VsJitPackagerApi *
vs_jit_packager_api_new (VsOrigin * origin, VsSignAccounts * accounts,
    const gchar * id_account, const gchar * base_path)
{
  VsJitPackagerApi *api = g_new0 (VsJitPackagerApi, 1);

  api->origin = vs_origin_ref (origin);
  api->accounts = accounts;
  api->id_account = g_strdup (id_account);
  api->base_path = g_strdup (base_path);
  return api;
}

void
vs_jit_packager_api_free (VsJitPackagerApi * api)
{
  vs_origin_unref (api->origin);
  g_free (api->id_account);
  g_free (api->base_path);
  g_free (api);
}
