/* VisionStream: requests to a WebDAV server, or one that takes PUT
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock, over the folders that are known to be there.
 */
#include "store/vsdavclient.h"

#include <string.h>

#include "store/vshttpretry.h"
#include "store/vssigv4.h"

#define USER_AGENT "VisionStream"

/* What a server says of an error, which nobody reads. */
#define ERROR_MAX (256 * 1024)

/* What stays as it is in a query (RFC 3986 3.4), where it is encoded already */
#define QUERY_ALLOWED "!$&'()*+,;=:@/?%"

/* An archive has a folder an event: past so many all are forgotten. */
#define FOLDERS_MAX 4096

struct _VsDavClient
{
  VsHttpClient *http;
  gchar *origin;                /* "https://host:port" */
  gchar *location;              /* with its path, encoded */
  gchar *path;                  /* of the location, decoded: "" or "/some" */
  gboolean create, has_user;

  GMutex lock;
  /* protected by lock */
  GHashTable *folders;          /* keys, "" for the location */
};

/* ---- where it is -------------------------------------------------------- */

/* The cause would show a part of the text, which may be the password. */
static gboolean
refuse_location (GError ** error, const gchar * reason)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "location %s", reason);
  return FALSE;
}

static gboolean
check_uri (GUri * uri, GError ** error)
{
  if (uri && g_uri_get_userinfo (uri))
    return refuse_location (error, "holds a user or password, which all can "
        "read there: set the properties user and password instead");
  if (uri == NULL || !g_uri_get_host (uri) || !*g_uri_get_host (uri))
    return refuse_location (error,
        "is to be http://host[:port]/folder or https://");
  if (g_uri_get_query (uri) || g_uri_get_fragment (uri))
    return refuse_location (error, "is an address with ? or #: what is stored "
        "there would have no name of its own");
  return TRUE;
}

/* What can't stand in an address as it is, as ümläuts, is encoded. */
static gboolean
set_path (VsDavClient * self, const gchar * encoded, GError ** error)
{
  g_autofree gchar *path = g_strdup (encoded);
  g_autofree gchar *plain = NULL;

  while (g_str_has_suffix (path, "/"))
    path[strlen (path) - 1] = '\0';
  plain = g_uri_escape_string (path, "!$&'()*+,;=:@/%", FALSE);
  self->path = g_uri_unescape_string (plain, "/");
  if (self->path == NULL || (self->path[0]
          && !vs_store_key_is_valid (self->path + 1)))
    return refuse_location (error, "has a path that no folder can have");
  self->location = g_strconcat (self->origin, plain, NULL);
  return TRUE;
}

/* Without the slash that is the least path. */
static gchar *
get_origin (GUri * uri)
{
  g_autoptr (GUri) origin = g_uri_build (SOUP_HTTP_URI_FLAGS,
      g_uri_get_scheme (uri), NULL, g_uri_get_host (uri), g_uri_get_port (uri),
      "/", NULL, NULL);
  gchar *text = g_uri_to_string (origin);

  text[strlen (text) - 1] = '\0';
  return text;
}

static gboolean
set_location (VsDavClient * self, const gchar * text, GError ** error)
{
  g_autoptr (GUri) uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS
      & ~G_URI_FLAGS_PARSE_RELAXED, NULL);

  if (strchr (text, '@') && uri == NULL)
    return refuse_location (error, "can't be read, and may hold a password: "
        "set the properties user and password instead");
  if (!check_uri (uri, error))
    return FALSE;
  self->origin = get_origin (uri);
  return set_path (self, g_uri_get_path (uri), error);
}

static gboolean
set_client (VsDavClient * self, const VsStoreSettings * settings,
    GError ** error)
{
  VsHttpClientSettings http = {
    .user_agent = USER_AGENT,.ca_file = settings->ca_file,
    .origin = self->origin,.user = settings->user,.password = settings->password
  };

  if (settings->password && settings->user == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s: there is a password and no user: set user", self->location);
    return FALSE;
  }
  self->create = settings->create;
  self->has_user = settings->user != NULL;
  self->http = vs_http_client_new (&http, error);
  return self->http != NULL;
}

VsDavClient *
vs_dav_client_new (const VsStoreSettings * settings, GError ** error)
{
  VsDavClient *self = g_new0 (VsDavClient, 1);

  g_mutex_init (&self->lock);
  self->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!set_location (self, settings->location, error)
      || !set_client (self, settings, error)) {
    vs_dav_client_free (self);
    return NULL;
  }
  return self;
}

void
vs_dav_client_free (VsDavClient * self)
{
  g_clear_pointer (&self->http, vs_http_client_unref);
  g_hash_table_unref (self->folders);
  g_mutex_clear (&self->lock);
  g_free (self->origin);
  g_free (self->location);
  g_free (self->path);
  g_free (self);
}

const gchar *
vs_dav_client_get_location (VsDavClient * self)
{
  return self->location;
}

gchar *
vs_dav_client_get_key (VsDavClient * self, const gchar * href)
{
  g_autofree gchar *text = g_strstrip (g_strdup (href));
  g_autoptr (GUri) uri = text[0] == '/' ? NULL :
      g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);
  const gchar *encoded = uri ? g_uri_get_path (uri) : text;
  g_autofree gchar *path = NULL;
  gsize length = strlen (self->path);

  text[strcspn (text, "?#")] = '\0';
  path = g_uri_unescape_string (encoded, "/");
  if (path == NULL || !g_str_has_prefix (path, self->path)
      || (path[length] != '/' && path[length] != '\0'))
    return NULL;
  return g_strdup (path + length + (path[length] == '/'));
}

/* ---- what a refusal means ----------------------------------------------- */

static const struct
{
  guint status;
  gint error;
  const gchar *remedy;
} refusals[] = {
  {403, G_IO_ERROR_PERMISSION_DENIED,
      "the server forbids it: look at its rules for this folder"},
  {404, G_IO_ERROR_NOT_FOUND, NULL},
  {405, G_IO_ERROR_NOT_SUPPORTED, "the server does not take that here"},
  {407, G_IO_ERROR_PERMISSION_DENIED, "a proxy wants a password"},
  {409, G_IO_ERROR_NOT_FOUND,
      "a folder above is missing, and the server lets none be made"},
  {410, G_IO_ERROR_NOT_FOUND, NULL},
  {413, G_IO_ERROR_MESSAGE_TOO_LARGE, "the server takes no bodies of that size "
        "(nginx: client_max_body_size)"},
  {423, G_IO_ERROR_BUSY, "somebody has locked it"},
  {429, G_IO_ERROR_BUSY, NULL},
  {501, G_IO_ERROR_NOT_SUPPORTED, "the server does not take that here"},
  {503, G_IO_ERROR_BUSY, NULL},
  {507, G_IO_ERROR_NO_SPACE, "the server has no space left"},
};

/* A server's text is shown to people, and of it the host alone. */
static gchar *
describe_redirect (const VsHttpReply * reply)
{
  const gchar *text = soup_message_headers_get_one (reply->headers,
      "Location");
  g_autoptr (GUri) uri = text ? g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL)
      : NULL;
  g_autofree gchar *host = uri ? g_strndup (g_uri_get_host (uri), 255) : NULL;

  if (host == NULL)
    return g_strdup ("the server sends elsewhere, where nobody follows: "
        "correct location");
  g_strcanon (host, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-.:", '?');
  return g_strdup_printf ("the server sends to %s, where nobody follows: "
      "correct location", host);
}

static gchar *
describe (VsDavClient * self, const VsHttpReply * reply, gint * code)
{
  *code = G_IO_ERROR_FAILED;
  if (reply->status / 100 == 3)
    return describe_redirect (reply);
  if (reply->status == SOUP_STATUS_UNAUTHORIZED) {
    *code = G_IO_ERROR_PERMISSION_DENIED;
    return g_strdup (self->has_user ? "user and password are not accepted" :
        "the server wants a user and a password: set them");
  }
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    if (refusals[i].status == reply->status) {
      *code = refusals[i].error;
      return g_strdup (refusals[i].remedy);
    }
  }
  return NULL;
}

static void
set_refusal (VsDavClient * self, const VsDavCall * call,
    const VsHttpReply * reply, GError ** error)
{
  gint code;
  g_autofree gchar *remedy = describe (self, reply, &code);

  g_set_error (error, G_IO_ERROR, code, "%s/%s: %s: HTTP status %u (%s)%s%s",
      self->location, call->key, call->method, reply->status,
      soup_status_get_phrase (reply->status), remedy ? "; " : "",
      remedy ? remedy : "");
}

/* ---- one try ------------------------------------------------------------ */

static gboolean
send_call (VsDavClient * self, const VsDavCall * call,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  g_autofree gchar *key = vs_sigv4_encode_path (call->key);
  g_autofree gchar *query =
      g_uri_escape_string (call->query ? call->query : "", QUERY_ALLOWED,
      FALSE);
  g_autofree gchar *uri = g_strconcat (self->location, "/", key, query, NULL);
  VsHttpCall http = {
    .method = call->method,.uri = uri,.headers = call->headers,
    .body = call->body,.max_answer = MAX (call->max_answer, ERROR_MAX),
    .deadline_us = vs_http_get_deadline (call->body, call->max_answer)
  };

  if (vs_http_client_send (self->http, &http, cancellable, reply, error))
    return TRUE;
  g_prefix_error (error, "%s/%s: ", self->location, call->key);
  return FALSE;
}

/* ---- folders ------------------------------------------------------------ */

/* The folder of a key, "" for the location. */
static gchar *
get_folder (const gchar * key)
{
  const gchar *slash = strrchr (key, '/');

  return g_strndup (key, slash ? slash - key : 0);
}

static void
remember_folder (VsDavClient * self, const gchar * key)
{
  gchar *folder = get_folder (key);

  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->folders) >= FOLDERS_MAX)
    g_hash_table_remove_all (self->folders);
  g_hash_table_add (self->folders, folder);
  g_mutex_unlock (&self->lock);
}

static gboolean
knows_folder (VsDavClient * self, const gchar * key)
{
  g_autofree gchar *folder = get_folder (key);
  gboolean known;

  g_mutex_lock (&self->lock);
  known = g_hash_table_contains (self->folders, folder);
  g_mutex_unlock (&self->lock);
  return known;
}

/* RFC 4918 9.7.1 says 409; others have 404, and nginx 500. */
static gboolean
may_lack_folder (VsDavClient * self, const VsDavCall * call, guint status)
{
  if (strcmp (call->method, "PUT") != 0)
    return FALSE;
  return status == SOUP_STATUS_CONFLICT || status == SOUP_STATUS_NOT_FOUND
      || (status == SOUP_STATUS_INTERNAL_SERVER_ERROR
      && !knows_folder (self, call->key));
}

/* What is there already is refused (RFC 4918 9.3.1), as it is where another
 * thread was first: the next PUT tells whether it will do. */
static gboolean
make_folder (VsDavClient * self, const gchar * key, GCancellable * cancellable)
{
  VsDavCall call = {.method = "MKCOL",.key = key };
  g_auto (VsHttpReply) reply = { 0, };

  return send_call (self, &call, cancellable, &reply, NULL);
}

/* FALSE: there was no answer. */
static gboolean
make_folders (VsDavClient * self, const gchar * key, GCancellable * cancellable)
{
  if (self->create && self->path[0] && !make_folder (self, "", cancellable))
    return FALSE;
  for (const gchar * end = strchr (key, '/'); end; end = strchr (end + 1, '/')) {
    g_autofree gchar *folder = g_strndup (key, end + 1 - key);

    if (!make_folder (self, folder, cancellable))
      return FALSE;
  }
  return TRUE;
}

/* ---- many tries --------------------------------------------------------- */

/* A call under way. */
typedef struct
{
  VsDavClient *client;
  const VsDavCall *call;
  gboolean has_made;            /* the folders above */
} Sending;

static gboolean
is_answer (const VsDavCall * call, guint status)
{
  return status / 100 == 2 || (strcmp (call->method, "GET") == 0
      && status == SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE);
}

static VsHttpVerdict
judge (Sending * sending, const VsHttpReply * reply,
    GCancellable * cancellable, GError ** error)
{
  VsDavClient *self = sending->client;
  const VsDavCall *call = sending->call;

  if (is_answer (call, reply->status)) {
    if (strcmp (call->method, "PUT") == 0)
      remember_folder (self, call->key);
    return VS_HTTP_DONE;
  }
  set_refusal (self, call, reply, error);
  if (!sending->has_made && may_lack_folder (self, call, reply->status)) {
    sending->has_made = TRUE;
    if (make_folders (self, call->key, cancellable))
      return VS_HTTP_AT_ONCE;
  }
  return vs_http_status_is_retryable (reply->status) ? VS_HTTP_LATER :
      VS_HTTP_REFUSED;
}

static VsHttpVerdict
try_once (gpointer data, VsHttpReply * reply, GCancellable * cancellable,
    GError ** error)
{
  Sending *sending = data;
  g_autoptr (GError) cause = NULL;
  VsHttpVerdict verdict;

  if (send_call (sending->client, sending->call, cancellable, reply, &cause))
    return judge (sending, reply, cancellable, error);
  verdict = vs_http_judge_error (cause);
  g_propagate_error (error, g_steal_pointer (&cause));
  return verdict;
}

gboolean
vs_dav_client_send (VsDavClient * self, const VsDavCall * call,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  Sending sending = { self, call, FALSE };

  return vs_http_retry (try_once, &sending, reply, cancellable, error);
}
