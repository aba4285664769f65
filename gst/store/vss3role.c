/* VisionStream: keys that the machine is lent
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A request runs in the calling thread on a main context of its own. It is an
 * asynchronous one only so that one deadline holds for all of it: libsoup's
 * timeout begins anew with every byte of a server that drips.
 */
#include "store/vss3role.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <openssl/crypto.h>
#include <string.h>

#define DEADLINE_MS 2000
#define BODY_MAX (64 * 1024)
/* objects and arrays in an answer: keys come in one object, and json-glib
 * recurses into each */
#define JSON_NESTING_MAX 16

#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST "http://169.254.169.254"
#define TOKEN_PATH "/latest/api/token"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define TOKEN_SECONDS "21600"

/* ---- requests ------------------------------------------------------------ */

typedef struct
{
  GMainContext *context;
  GCancellable *cancellable;
  gboolean late;
  gboolean done;
  GInputStream *stream;
  gchar *body;                  /* BODY_MAX + 1 bytes, and a NUL */
  gsize size;
  GError *error;
} Call;

static void
on_sent (GObject * session, GAsyncResult * result, gpointer data)
{
  Call *call = data;

  call->stream = soup_session_send_finish (SOUP_SESSION (session), result,
      &call->error);
  call->done = TRUE;
}

static void
on_read (GObject * stream, GAsyncResult * result, gpointer data)
{
  Call *call = data;

  g_input_stream_read_all_finish (G_INPUT_STREAM (stream), result,
      &call->size, &call->error);
  call->done = TRUE;
}

static gboolean
on_deadline (gpointer data)
{
  Call *call = data;

  call->late = TRUE;
  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
cancel_here (gpointer data)
{
  Call *call = data;

  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

/* In the thread of whoever cancels. A GCancellable that is cancelled there
 * while the call lets go of it leaks a source now and then (GLib 2.74), so that
 * the call's own is cancelled where the call runs. */
static void
on_cancelled (GCancellable * outer, gpointer data)
{
  Call *call = data;
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, cancel_here, call, NULL);
  g_source_attach (source, call->context);
  g_source_unref (source);
}

static void
wait_for (Call * call)
{
  while (!call->done)
    g_main_context_iteration (call->context, TRUE);
  call->done = FALSE;
}

/* The address may have a query with secrets. */
static gchar *
shown_uri (SoupMessage * message)
{
  return g_uri_to_string_partial (soup_message_get_uri (message),
      G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT);
}

static gboolean
check_answer (Call * call, SoupMessage * message, GError ** error)
{
  g_autofree gchar *uri = shown_uri (message);
  guint status = soup_message_get_status (message);

  if (call->late)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
        "%s: no answer within %u ms", uri, DEADLINE_MS);
  else if (call->error)
    g_set_error (error, G_IO_ERROR, call->error->domain == G_IO_ERROR ?
        call->error->code : G_IO_ERROR_FAILED, "%s: %s", uri,
        call->error->message);
  else if (status != SOUP_STATUS_OK)
    g_set_error (error, G_IO_ERROR, status == SOUP_STATUS_NOT_FOUND ?
        G_IO_ERROR_NOT_FOUND : G_IO_ERROR_FAILED,
        "%s: it answers with status %u", uri, status);
  else if (call->size > BODY_MAX)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s: the answer is longer than %u bytes", uri, BODY_MAX);
  else
    return TRUE;
  return FALSE;
}

static SoupSession *
session_new (void)
{
  SoupSession *session = soup_session_new_with_options ("proxy-resolver",
      NULL, NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

static void
run_call (Call * call, SoupMessage * message)
{
  SoupSession *session = session_new ();
  GSource *deadline = g_timeout_source_new (DEADLINE_MS);

  g_source_set_callback (deadline, on_deadline, call, NULL);
  g_source_attach (deadline, call->context);
  soup_session_send_async (session, message, G_PRIORITY_DEFAULT,
      call->cancellable, on_sent, call);
  wait_for (call);
  if (call->stream && soup_message_get_status (message) == SOUP_STATUS_OK) {
    g_input_stream_read_all_async (call->stream, call->body, BODY_MAX + 1,
        G_PRIORITY_DEFAULT, call->cancellable, on_read, call);
    wait_for (call);
  }
  g_clear_object (&call->stream);
  g_source_destroy (deadline);
  g_source_unref (deadline);
  soup_session_abort (session);
  g_object_unref (session);
  while (g_main_context_iteration (call->context, FALSE));
}

/* The body of a 200, to be freed by vs_s3_secret_free (). */
static gchar *
fetch (SoupMessage * message, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) inner = g_cancellable_new ();
  Call call = { context, inner };
  gulong id = 0;
  gboolean ok;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  call.body = g_malloc0 (BODY_MAX + 2);
  if (cancellable)
    id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled),
        &call, NULL);
  soup_message_set_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  g_main_context_push_thread_default (context);
  run_call (&call, message);
  g_main_context_pop_thread_default (context);
  g_cancellable_disconnect (cancellable, id);
  ok = check_answer (&call, message, error);
  g_clear_error (&call.error);
  call.body[call.size] = '\0';
  if (!ok) {
    OPENSSL_cleanse (call.body, call.size);
    g_clear_pointer (&call.body, g_free);
  }
  return call.body;
}

/* libsoup takes any scheme for HTTP's. */
static SoupMessage *
message_new (const gchar * method, const gchar * uri, const gchar * variable,
    GError ** error)
{
  g_autoptr (SoupMessage) message = soup_message_new (method, uri);
  GUri *parsed = message ? soup_message_get_uri (message) : NULL;

  if (parsed == NULL || (strcmp (g_uri_get_scheme (parsed), "http") != 0
          && strcmp (g_uri_get_scheme (parsed), "https") != 0)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s is not an http or https URI", variable);
    return NULL;
  }
  return g_steal_pointer (&message);
}

/* ---- answers ------------------------------------------------------------- */

static const gchar *
get_string (JsonObject * object, const gchar * name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_STRING ?
      json_node_get_string (node) : NULL;
}

/* 0 for no time, -1 for one that is none. */
static gint64
parse_expiration (const gchar * text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = NULL;

  if (text == NULL)
    return 0;
  time = g_date_time_new_from_iso8601 (text, utc);
  return time ? g_date_time_to_unix (time) * G_USEC_PER_SEC : -1;
}

static gboolean
is_deep (const gchar * text)
{
  guint n = 0;

  for (; *text; text++)
    n += *text == '{' || *text == '[';
  return n > JSON_NESTING_MAX;
}

/* What is wrong with an answer is said without any of its text, which may be
 * a key. */
static VsS3Keys *
object_to_keys (JsonObject * object, const gchar * source, GError ** error)
{
  const gchar *code = get_string (object, "Code");
  gint64 expires_us = parse_expiration (get_string (object, "Expiration"));

  if (g_strcmp0 (code ? code : "Success", "Success") != 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "%s: the answer says that it has no keys", source);
    return NULL;
  }
  if (expires_us < 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s: the answer's Expiration is not a time", source);
    return NULL;
  }
  return vs_s3_keys_new (get_string (object, "AccessKeyId"),
      get_string (object, "SecretAccessKey"), get_string (object, "Token"),
      expires_us, source, error);
}

static VsS3Keys *
parse_keys (const gchar * body, const gchar * source, GError ** error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = NULL;

  if (!is_deep (body) && json_parser_load_from_data (parser, body, -1, NULL))
    root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s: the answer is not a JSON object", source);
    return NULL;
  }
  return object_to_keys (json_node_get_object (root), source, error);
}

static VsS3Keys *
fetch_keys (SoupMessage * message, const gchar * what,
    GCancellable * cancellable, GError ** error)
{
  gchar *body = fetch (message, cancellable, error);
  g_autofree gchar *uri = shown_uri (message);
  g_autofree gchar *source = g_strdup_printf ("%s at %s", what, uri);
  VsS3Keys *keys = body ? parse_keys (body, source, error) : NULL;

  vs_s3_secret_free (body);
  return keys;
}

/* As a header's value: without the line end that a file or an answer ends in.
 * Takes @text. */
static gchar *
check_token (gchar * text, const gchar * source, GError ** error)
{
  g_strchomp (text);
  for (gchar * c = text; *c; c++) {
    if (!g_ascii_isprint (*c)) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          "%s: what is there is not a token", source);
      vs_s3_secret_free (text);
      return NULL;
    }
  }
  return text;
}

/* ---- containers ---------------------------------------------------------- */

static const gchar *
get_variable (const gchar * name)
{
  const gchar *value = g_getenv (name);

  return value && value[0] ? value : NULL;
}

static gchar *
read_token_file (const gchar * path, GError ** error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = NULL;
  gchar *text = g_malloc0 (BODY_MAX + 1);
  gsize size = 0;

  if (g_file_test (path, G_FILE_TEST_IS_REGULAR)
      || !g_file_test (path, G_FILE_TEST_EXISTS))
    stream = g_file_read (file, NULL, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
        "%s: not a regular file", path);
  if (stream && g_input_stream_read_all (G_INPUT_STREAM (stream), text,
          BODY_MAX, &size, NULL, error))
    return check_token (text, path, error);
  OPENSSL_cleanse (text, size);
  g_free (text);
  return NULL;
}

/* FALSE: there is one, but it can't be had. */
static gboolean
add_container_token (SoupMessage * message, GError ** error)
{
  const gchar *path = get_variable ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const gchar *given = get_variable ("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  gchar *token;

  if (path == NULL && given == NULL)
    return TRUE;
  token = path ? read_token_file (path, error) :
      check_token (g_strdup (given), "AWS_CONTAINER_AUTHORIZATION_TOKEN",
      error);
  if (token == NULL)
    return FALSE;
  soup_message_headers_replace (soup_message_get_request_headers (message),
      "Authorization", token);
  vs_s3_secret_free (token);
  return TRUE;
}

/* This host, and where ECS and EKS have their endpoints */
static gboolean
may_be_plain (const gchar * host)
{
  static const gchar *const known[] = { "localhost", "169.254.170.2",
    "169.254.170.23", "fd00:ec2::23"
  };
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (host, known[i]) == 0)
      return TRUE;
  return address && g_inet_address_get_is_loopback (address);
}

static gboolean
check_container_uri (GUri * uri, GError ** error)
{
  if (strcmp (g_uri_get_scheme (uri), "https") == 0
      || may_be_plain (g_uri_get_host (uri)))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "AWS_CONTAINER_CREDENTIALS_FULL_URI: the host \"%s\" is neither this "
      "one nor a container's endpoint, and is not asked without https",
      g_uri_get_host (uri));
  return FALSE;
}

static SoupMessage *
container_message (const gchar * relative, const gchar * full, GError ** error)
{
  g_autofree gchar *uri = g_strconcat (CONTAINER_HOST, relative, NULL);

  if (relative && relative[0] != '/') {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash");
    return NULL;
  }
  return relative ? message_new ("GET", uri,
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", error) :
      message_new ("GET", full, "AWS_CONTAINER_CREDENTIALS_FULL_URI", error);
}

VsS3Keys *
vs_s3_role_container_keys (GString * tried, GCancellable * cancellable,
    GError ** error)
{
  const gchar *relative =
      get_variable ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const gchar *full = get_variable ("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  g_autoptr (SoupMessage) message = NULL;

  if (relative == NULL && full == NULL) {
    g_string_append (tried, "; this is no container with a role "
        "(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI)");
    return NULL;
  }
  message = container_message (relative, full, error);
  if (message == NULL
      || !check_container_uri (soup_message_get_uri (message), error)
      || !add_container_token (message, error))
    return NULL;
  return fetch_keys (message, "the container's role", cancellable, error);
}

/* ---- instances ----------------------------------------------------------- */

static SoupMessage *
instance_message (const gchar * method, const gchar * path,
    const gchar * token, GError ** error)
{
  const gchar *given = get_variable ("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  g_autofree gchar *host = g_strdup (given ? given : INSTANCE_HOST);
  g_autofree gchar *uri = NULL;
  SoupMessage *message;
  SoupMessageHeaders *headers;

  if (g_str_has_suffix (host, "/"))
    host[strlen (host) - 1] = '\0';
  uri = g_strconcat (host, path, NULL);
  message = message_new (method, uri, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
      error);
  if (message == NULL)
    return NULL;
  headers = soup_message_get_request_headers (message);
  if (token)
    soup_message_headers_replace (headers, "X-aws-ec2-metadata-token", token);
  else
    soup_message_headers_replace (headers,
        "X-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS);
  return message;
}

static gchar *
instance_token (GCancellable * cancellable, GError ** error)
{
  g_autoptr (SoupMessage) message =
      instance_message ("PUT", TOKEN_PATH, NULL, error);
  gchar *body = message ? fetch (message, cancellable, error) : NULL;

  return body ? check_token (body, "the instance's metadata", error) : NULL;
}

/* The path of the role's keys. */
static gchar *
instance_role (const gchar * token, GCancellable * cancellable, GError ** error)
{
  g_autoptr (SoupMessage) message =
      instance_message ("GET", ROLE_PATH, token, error);
  g_autoptr (GError) failure = NULL;
  g_autofree gchar *body = message ? fetch (message, cancellable, &failure) :
      NULL;
  g_autofree gchar *name = NULL;

  if (body)
    body[strcspn (body, "\r\n")] = '\0';
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || (body && body[0] == '\0')) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "the instance has no role: attach an IAM role to it");
    return NULL;
  }
  if (failure)
    g_propagate_error (error, g_steal_pointer (&failure));
  if (body == NULL)
    return NULL;
  name = g_uri_escape_string (body, NULL, FALSE);
  return g_strconcat (ROLE_PATH, name, NULL);
}

VsS3Keys *
vs_s3_role_instance_keys (GString * tried, GCancellable * cancellable,
    GError ** error)
{
  const gchar *disabled = get_variable ("AWS_EC2_METADATA_DISABLED");
  g_autoptr (SoupMessage) message = NULL;
  g_autofree gchar *path = NULL;
  VsS3Keys *keys = NULL;
  gchar *token;

  if (disabled && g_ascii_strcasecmp (disabled, "true") == 0) {
    g_string_append (tried,
        "; AWS_EC2_METADATA_DISABLED forbids to ask for an instance's role");
    return NULL;
  }
  token = instance_token (cancellable, error);
  path = token ? instance_role (token, cancellable, error) : NULL;
  message = path ? instance_message ("GET", path, token, error) : NULL;
  if (message)
    keys = fetch_keys (message, "the instance's role", cancellable, error);
  vs_s3_secret_free (token);
  return keys;
}
