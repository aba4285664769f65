/* VisionStream: tests of what vsjitpackager does for those with an account
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/await.h"
#include "common/deadline.h"
#include "packager.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define AWAIT_DEADLINE test_deadline (30)

#define SIGN "/v1/sign"
#define LIST "/v1/vod/"
#define JSON "application/json"
#define FILM "/out/v1/alpha/media/film.mp4"
#define RECORDING "/out/v1/alpha/live/recordings/a.mp4"
#define MANIFEST "/out/v1/alpha/media/film.mp4/hls/index.m3u8"
#define SIZE 100000

/* whoever asks */
#define ALICE "alice:the password"
#define TOKEN_ALPHA "token-of-alpha-0123456789abcdef"
#define TOKEN_BETA "token-of-beta-0123456789abcdef"

static const gchar *scheme;

/* Accounts: alpha with a viewer and a signer, beta with a signer, gamma with a
 * viewer alone, delta with a viewer whose hash takes long. */

static gchar *
hash_of (const gchar * password)
{
  const gchar *argv[] = { "openssl", "passwd", "-6", password, NULL };
  gchar *hash = run (argv);

  fail_unless (hash != NULL);
  return g_strstrip (hash);
}

static void
make_key (const gchar * name)
{
  g_autofree gchar *key = g_strdup_printf ("%s/%s.key", folder, name);
  g_autofree gchar *pem = g_strdup_printf ("%s/%s.pem", folder, name);
  const gchar *make[] = { "openssl", "genrsa", "-out", key, "2048", NULL };
  const gchar *publish[] = { "openssl", "pkey", "-in", key, "-pubout", "-out",
    pem, NULL
  };

  g_free (run (make));
  g_free (run (publish));
  fail_unless (g_chmod (key, 0600) == 0);
}

static void
make_accounts (void)
{
  g_autofree gchar *alice = hash_of ("the password");
  g_autofree gchar *carol = hash_of ("carol's");
  g_autofree gchar *alpha =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, TOKEN_ALPHA, -1);
  g_autofree gchar *beta =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, TOKEN_BETA, -1);
  g_autofree gchar *slow = g_strnfill (86, 'a');
  g_autofree gchar *path = g_build_filename (folder, "accounts.json", NULL);
  g_autofree gchar *text = NULL;

  make_key ("alpha");
  make_key ("beta");
  text = g_strdup_printf ("{\"alpha\": {\"keys\": {\"KA\": \"alpha.pem\"},"
      "\"signer\": {\"key-pair-id\": \"KA\", \"private-key\": \"alpha.key\","
      "\"token\": \"sha256:%s\", \"expires-in\": 900},"
      "\"viewers\": {\"alice\": \"%s\"}},"
      "\"beta\": {\"keys\": {\"KB\": \"beta.pem\"},"
      "\"signer\": {\"key-pair-id\": \"KB\", \"private-key\": \"beta.key\","
      "\"token\": \"sha256:%s\", \"expires-in\": 900}},"
      "\"gamma\": {\"keys\": {\"KA\": \"alpha.pem\"},"
      "\"viewers\": {\"carol\": \"%s\"}},"
      "\"delta\": {\"keys\": {\"KA\": \"alpha.pem\"},"
      "\"viewers\": {\"dave\": \"$6$rounds=100000$salt$%s\"}}}",
      alpha, alice, beta, carol, slow);
  fail_unless (g_file_set_contents_full (path, text, -1,
          G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static void
write_file (const gchar * key, gchar fill)
{
  g_autofree gchar *path = g_build_filename (folder, key, NULL);
  g_autofree gchar *parent = g_path_get_dirname (path);
  g_autofree gchar *text = g_strnfill (SIZE, fill);

  fail_unless (g_mkdir_with_parents (parent, 0755) == 0);
  fail_unless (g_file_set_contents (path, text, SIZE, NULL));
}

static void
make_files (void)
{
  write_file ("alpha/media/film.mp4", 'f');
  write_file ("alpha/live/recordings/a.mp4", 'a');
  write_file ("beta/media/film.mp4", 'b');
}

/* The server. */

static void
start_plain (const gchar * properties)
{
  g_autofree gchar *all = g_strdup_printf ("key-groups=%s/accounts.json "
      "hosts=127.0.0.1,tv.example %s", folder, properties);

  make_accounts ();
  make_files ();
  scheme = "http";
  start_origin (all);
}

static void
start_tls (const gchar * properties)
{
  g_autofree gchar *key = g_build_filename (folder, "tls.key", NULL);
  g_autofree gchar *cert = g_build_filename (folder, "tls.crt", NULL);
  const gchar *argv[] = { "openssl", "req", "-x509", "-newkey", "ec",
    "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", "/CN=vod", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
    key, "-out", cert, NULL
  };
  g_autofree gchar *all = g_strdup_printf ("tls-certificate=%s tls-key=%s %s",
      cert, key, properties);
  g_autoptr (GTlsDatabase) anchors = NULL;

  g_free (run (argv));
  anchors = g_tls_file_database_new (cert, NULL);
  fail_unless (anchors != NULL);
  soup_session_set_tls_database (session, anchors);
  start_plain (all);
  scheme = "https";
}

/* The client. */

/* @who: "user:password", or a token, which has no colon; or NULL */
static gchar *
authorization_of (const gchar * who)
{
  g_autofree gchar *encoded = NULL;

  if (who == NULL)
    return NULL;
  if (strchr (who, ':') == NULL)
    return g_strconcat ("Bearer ", who, NULL);
  encoded = g_base64_encode ((const guchar *) who, strlen (who));
  return g_strconcat ("Basic ", encoded, NULL);
}

/* @path: or a URL
 * @type: (nullable): of @body, which makes it a POST */
static SoupMessage *
new_message (const gchar * path, const gchar * who, const gchar * type,
    const gchar * body)
{
  g_autofree gchar *url = path[0] != '/' ? g_strdup (path) :
      g_strdup_printf ("%s://127.0.0.1:%u%s", scheme, get_port (), path);
  SoupMessage *message = soup_message_new (body ? "POST" : "GET", url);
  g_autofree gchar *authorization = authorization_of (who);

  fail_unless (message != NULL, "%s", url);
  /* the session asks nobody for a password */
  soup_message_add_flags (message, SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  if (authorization)
    soup_message_headers_append (soup_message_get_request_headers (message),
        "Authorization", authorization);
  if (body) {
    g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

    soup_message_set_request_body_from_bytes (message, type, bytes);
  }
  return message;
}

static void
send_message (SoupMessage * message, Reply * reply)
{
  g_autoptr (GError) error = NULL;

  reply->body = soup_session_send_and_read (session, message, NULL, &error);
  fail_unless (reply->body != NULL, "%s", error ? error->message : "");
  reply->status = soup_message_get_status (message);
  reply->headers =
      soup_message_headers_ref (soup_message_get_response_headers (message));
}

static void
ask (const gchar * path, const gchar * who, const gchar * type,
    const gchar * body, Reply * reply)
{
  g_autoptr (SoupMessage) message = new_message (path, who, type, body);

  send_message (message, reply);
}

static void
assert_asked (const gchar * path, const gchar * who, const gchar * type,
    const gchar * body, guint status, const gchar * expected)
{
  g_auto (Reply) reply = { 0 };
  g_autofree gchar *text = NULL;

  ask (path, who, type, body, &reply);
  text = reply_text (&reply);
  fail_unless (reply.status == status, "%s %s %s: %u in place of %u: %s", path,
      who, body, reply.status, status, text);
  fail_unless (strstr (text, expected) != NULL, "%s %s: %s", path, body, text);
  fail_unless_equals_string (header (&reply, "Content-Type"), JSON);
  fail_unless_equals_string (header (&reply, "Cache-Control"), "no-store");
}

/* (transfer full): a signed URL, that ends in @seconds */
static gchar *
sign_for (const gchar * who, const gchar * body, gint64 seconds)
{
  gint64 before = g_get_real_time () / G_USEC_PER_SEC;
  g_auto (Reply) reply = { 0 };
  g_autofree gchar *text = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object;
  gint64 expires;

  ask (SIGN, who, JSON, body, &reply);
  text = reply_text (&reply);
  fail_unless (reply.status == 200, "%s: %u %s", body, reply.status, text);
  fail_unless_equals_string (header (&reply, "Cache-Control"), "no-store");
  root = json_from_string (text, NULL);
  object = json_node_get_object (root);
  expires = json_object_get_int_member (object, "expires");
  fail_unless (expires >= before + seconds
      && expires <= g_get_real_time () / G_USEC_PER_SEC + seconds,
      "%" G_GINT64_FORMAT, expires - before);
  return g_strdup (json_object_get_string_member (object, "url"));
}

static guint
status_of (const gchar * url)
{
  g_auto (Reply) reply = { 0 };

  ask (url, NULL, NULL, NULL, &reply);
  return reply.status;
}

/* Who may have what. */

GST_START_TEST (test_list)
{
  static const struct
  {
    const gchar *account, *who;
    guint status;
    const gchar *expected;
  } cases[] = {
    {"alpha", ALICE, 200, "\"url\":\"" RECORDING "\""},
    {"alpha", ALICE, 200, "\"url\":\"" FILM "\",\"size\":100000"},
    {"alpha", TOKEN_ALPHA, 200, "\"url\":\"" FILM "\""},
    {"beta", TOKEN_BETA, 200, "\"url\":\"/out/v1/beta/media/film.mp4\""},
    {"gamma", "carol:carol's", 200, "\"recordings\":[],\"media\":[]"},
    {"alpha", NULL, 401, "\"error\""},
    {"alpha", "alice:the passwor", 401, "\"error\""},
    {"alpha", "alice:", 401, "\"error\""},
    {"alpha", "bob:the password", 401, "\"error\""},
    {"alpha", "nobody's token", 401, "\"error\""},
    {"beta", ALICE, 401, "\"error\""},
    {"nobody", ALICE, 401, "\"error\""},
    {"", ALICE, 401, "\"error\""},
    {"alpha/live", ALICE, 401, "\"error\""},
    {"beta", TOKEN_ALPHA, 403, "another account's"},
    {"nobody", TOKEN_ALPHA, 403, "another account's"},
  };

  start_tls ("");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = g_strconcat (LIST, cases[i].account, NULL);

    assert_asked (path, cases[i].who, NULL, NULL, cases[i].status,
        cases[i].expected);
  }
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_refusals)
{
  static const struct
  {
    const gchar *who, *type, *body;
    guint status;
    const gchar *expected;
  } cases[] = {
    {TOKEN_ALPHA, JSON, "", 400, "JSON object"},
    {TOKEN_ALPHA, JSON, "{\"path\": ", 400, "JSON object"},
    {TOKEN_ALPHA, JSON, "[]", 400, "JSON object"},
    {TOKEN_ALPHA, JSON, "{}", 400, "\\\"path\\\""},
    {TOKEN_ALPHA, JSON, "{\"path\": 1}", 400, "\\\"path\\\""},
    {TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\", \"what\": 1}", 400, "none"},
    {TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\", \"expires-in\": 0}", 400,
        "604800"},
    {TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\", \"expires-in\": 604801}",
        400, "604800"},
    {TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\", \"expires-in\": \"60\"}",
        400, "604800"},
    {TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\", \"expires-in\": 1.5}", 400,
        "604800"},
    {TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\", \"allowed-source\": \"x\"}",
        400, "IPv4"},
    {TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\", \"account\": 1}", 400,
        "string"},
    {ALICE, JSON, "{\"path\": \"" FILM "\"}", 400, "\\\"account\\\""},
    {TOKEN_ALPHA, "text/plain", "{\"path\": \"" FILM "\"}", 415, JSON},
    {TOKEN_ALPHA, "application/jsonx", "{\"path\": \"" FILM "\"}", 415, JSON},
    {NULL, JSON, "{\"path\": \"" FILM "\"}", 401, "token"},
    {"nobody", JSON, "{\"path\": \"" FILM "\"}", 401, "token"},
    {"alice:wrong", JSON, "{\"path\": \"" FILM "\", \"account\": \"alpha\"}",
        401, "token"},
    {ALICE, JSON, "{\"path\": \"" FILM "\", \"account\": \"beta\"}", 401,
        "token"},
    {TOKEN_BETA, JSON, "{\"path\": \"" FILM "\", \"account\": \"alpha\"}",
        403, "another account's"},
    {"carol:carol's", JSON, "{\"path\": \"/out/v1/gamma/media/film.mp4\", "
          "\"account\": \"gamma\"}", 404, "no signer"},
  };

  start_tls ("");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_asked (SIGN, cases[i].who, cases[i].type, cases[i].body,
        cases[i].status, cases[i].expected);
  assert_asked (SIGN, TOKEN_ALPHA, NULL, NULL, 405, "POST");
  stop_pipeline ();
}

GST_END_TEST;

/* One answer for all that is not the account's. */
GST_START_TEST (test_paths)
{
  static const gchar *const refused[] = {
    "/out/v1/beta/media/film.mp4",
    "/out/v1/nobody/media/film.mp4",
    "/out/v1/alpha/../beta/media/film.mp4",
    "/out/v1/alpha/media/%2e%2e/%2e%2e/beta/media/film.mp4",
    "/out/v1//alpha/media/film.mp4",
    "/out/v1/alpha%2Fmedia/film.mp4",
    "/out/v1/alph%61/media/film.mp4",
    "/out/v1/alpha/media/film.mp4?x=1",
    "/out/v1/alpha/live/hls/*",
    "/out/v1/alpha/live/hls/a b.ts",
    "/out/v1/alpha/index.m3u8",
    "/out/v1/alpha/",
    "/out/v1/*",
    "/out/v2/alpha/media/film.mp4",
    "/api/events",
    "out/v1/alpha/media/film.mp4",
    "https://127.0.0.1/out/v1/alpha/media/film.mp4",
    "",
  };
  g_autofree gchar *first = NULL;

  start_tls ("");
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree gchar *body = g_strdup_printf ("{\"path\": \"%s\"}", refused[i]);
    g_auto (Reply) reply = { 0 };
    g_autofree gchar *text = NULL;

    ask (SIGN, TOKEN_ALPHA, JSON, body, &reply);
    text = reply_text (&reply);
    fail_unless (reply.status == 403, "%s: %u %s", body, reply.status, text);
    if (first == NULL)
      first = g_strdup (text);
    fail_unless_equals_string (text, first);
  }
  stop_pipeline ();
}

GST_END_TEST;

/* An endpoint's id alone is a path of the element's own account. */
GST_START_TEST (test_ids)
{
  static const gchar body[] = "{\"path\": \"/out/v1/4f2a/index.m3u8\"}";

  start_tls ("account=alpha");
  assert_asked (SIGN, TOKEN_ALPHA, JSON, body, 200, "/out/v1/4f2a/index.m3u8?");
  assert_asked (SIGN, TOKEN_BETA, JSON, body, 403, "the account's own");
  stop_pipeline ();
}

GST_END_TEST;

/* What is signed, and how. */

static void
assert_prefix (const gchar * url, const gchar * path)
{
  g_autofree gchar *prefix =
      g_strdup_printf ("%s://127.0.0.1:%u%s?", scheme, get_port (), path);

  fail_unless (g_str_has_prefix (url, prefix), "%s", url);
}

GST_START_TEST (test_kinds)
{
  g_autofree gchar *canned = NULL, *custom = NULL, *wildcard = NULL;
  g_autofree gchar *most = NULL, *viewers = NULL, *less = NULL;

  start_tls ("");
  canned = sign_for (TOKEN_ALPHA, "{\"path\": \"" FILM "\"}", 900);
  assert_prefix (canned, FILM);
  fail_unless (strstr (canned, "Expires=") && !strstr (canned, "Policy="));
  fail_unless (strstr (canned, "Key-Pair-Id=KA"));
  custom = sign_for (TOKEN_ALPHA, "{\"path\": \"" FILM "\", \"expires-in\": 60,"
      " \"allowed-source\": \"192.0.2.0/24\"}", 60);
  assert_prefix (custom, FILM);
  fail_unless (strstr (custom, "Policy=") != NULL);
  wildcard = sign_for (TOKEN_ALPHA, "{\"path\": \"" MANIFEST "\"}", 900);
  assert_prefix (wildcard, MANIFEST);
  fail_unless (strstr (wildcard, "Policy=") != NULL);
  /* a program may have it for a week, a viewer for as long as the account has
   * it */
  most = sign_for (TOKEN_ALPHA, "{\"path\": \"" FILM "\","
      " \"expires-in\": 604800, \"account\": \"alpha\"}", 604800);
  viewers = sign_for (ALICE, "{\"path\": \"" FILM "\","
      " \"expires-in\": 604800, \"account\": \"alpha\"}", 900);
  less = sign_for (ALICE, "{\"path\": \"" FILM "\","
      " \"expires-in\": 5, \"account\": \"alpha\"}", 5);
  stop_pipeline ();
}

GST_END_TEST;

static void
assert_bytes (const gchar * url, const gchar * range, guint status, gchar fill,
    gsize size)
{
  g_autoptr (SoupMessage) message = new_message (url, NULL, NULL, NULL);
  g_auto (Reply) reply = { 0 };
  const gchar *bytes;

  if (range)
    soup_message_headers_append (soup_message_get_request_headers (message),
        "Range", range);
  send_message (message, &reply);
  fail_unless (reply.status == status, "%s: %u", url, reply.status);
  fail_unless_equals_int (g_bytes_get_size (reply.body), size);
  bytes = g_bytes_get_data (reply.body, NULL);
  fail_unless (bytes[0] == fill && bytes[size - 1] == fill);
}

GST_START_TEST (test_plays)
{
  g_autofree gchar *url = NULL, *recording = NULL, *brief = NULL;
  g_autofree gchar *elsewhere = NULL;
  gchar *beta;

  start_tls ("signed-urls=required");
  fail_unless_equals_int (status_of (FILM), 403);
  url = sign_for (ALICE, "{\"path\": \"" FILM "\", \"account\": \"alpha\"}",
      900);
  assert_bytes (url, NULL, 200, 'f', SIZE);
  assert_bytes (url, "bytes=1000-1999", 206, 'f', 1000);
  assert_bytes (url, "bytes=-10", 206, 'f', 10);
  recording = sign_for (TOKEN_ALPHA, "{\"path\": \"" RECORDING "\"}", 900);
  assert_bytes (recording, "bytes=0-", 206, 'a', SIZE);
  /* the same for what is another account's */
  elsewhere = g_strdup (url);
  beta = strstr (elsewhere, "/alpha/");
  memcpy (beta, "//beta/", 7);
  fail_unless (status_of (elsewhere) != 200);
  memmove (beta, beta + 1, strlen (beta));
  fail_unless_equals_int (status_of (elsewhere), 403);
  brief = sign_for (ALICE, "{\"path\": \"" FILM "\", \"account\": \"alpha\","
      " \"expires-in\": 1}", 1);
  AWAIT (status_of (brief) == 403);
  stop_pipeline ();
}

GST_END_TEST;

/* By which way. */

GST_START_TEST (test_plain)
{
  g_autofree gchar *url = NULL;
  g_autoptr (SoupMessage) message = NULL;
  g_auto (Reply) none = { 0 }, relayed = { 0 };

  start_plain ("");
  assert_asked (LIST "alpha", ALICE, NULL, NULL, 403, "https");
  assert_asked (SIGN, ALICE, JSON, "{\"path\": \"" FILM "\", "
      "\"account\": \"alpha\"}", 403, "https");
  assert_asked (LIST "alpha", TOKEN_ALPHA, NULL, NULL, 200, FILM);
  url = sign_for (TOKEN_ALPHA, "{\"path\": \"" FILM "\"}", 900);
  assert_prefix (url, FILM);
  ask (LIST "alpha", NULL, NULL, NULL, &none);
  fail_unless_equals_int (none.status, 401);
  fail_unless_equals_string (header (&none, "WWW-Authenticate"),
      "Bearer realm=\"VisionStream\"");
  /* somebody else's, by a proxy on this machine that is not trusted */
  message = new_message (LIST "alpha", TOKEN_ALPHA, NULL, NULL);
  soup_message_headers_append (soup_message_get_request_headers (message),
      "X-Forwarded-For", "192.0.2.1");
  send_message (message, &relayed);
  fail_unless_equals_int (relayed.status, 403);
  stop_pipeline ();
}

GST_END_TEST;

static void
forward (SoupMessage * message, const gchar * protocol)
{
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_headers_append (headers, "X-Forwarded-For", "203.0.113.7");
  soup_message_headers_append (headers, "X-Forwarded-Proto", protocol);
  soup_message_headers_append (headers, "Host", "tv.example");
}

static void
assert_forwarded (const gchar * protocol, const gchar * who, guint status,
    const gchar * expected)
{
  g_autoptr (SoupMessage) message = new_message (SIGN, who, JSON,
      "{\"path\": \"" FILM "\", \"account\": \"alpha\"}");
  g_auto (Reply) reply = { 0 };
  g_autofree gchar *text = NULL;

  forward (message, protocol);
  send_message (message, &reply);
  text = reply_text (&reply);
  fail_unless (reply.status == status, "%s %s: %u %s", protocol, who,
      reply.status, text);
  fail_unless (strstr (text, expected) != NULL, "%s", text);
}

/* Behind a proxy that ends TLS, and one that does not. */
GST_START_TEST (test_proxy)
{
  start_plain ("trusted-proxies=127.0.0.1");
  assert_forwarded ("https", ALICE, 200, "\"https://tv.example" FILM "?");
  assert_forwarded ("https", TOKEN_ALPHA, 200, "\"https://tv.example" FILM);
  assert_forwarded ("http", ALICE, 403, "https");
  assert_forwarded ("http", TOKEN_ALPHA, 403, "https");
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_challenges)
{
  static const gchar challenges[] = "Bearer realm=\"VisionStream\", "
      "Basic realm=\"VisionStream\", charset=\"UTF-8\"";
  g_auto (Reply) none = { 0 }, twice = { 0 };
  g_autoptr (SoupMessage) message = NULL;

  start_tls ("");
  ask (LIST "alpha", NULL, NULL, NULL, &none);
  fail_unless_equals_int (none.status, 401);
  fail_unless_equals_string (soup_message_headers_get_list (none.headers,
          "WWW-Authenticate"), challenges);
  /* two who ask are nobody */
  message = new_message (LIST "alpha", TOKEN_ALPHA, NULL, NULL);
  soup_message_headers_append (soup_message_get_request_headers (message),
      "Authorization", "Bearer " TOKEN_ALPHA);
  send_message (message, &twice);
  fail_unless (twice.status == 401 || twice.status == 400, "%u", twice.status);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_base_path)
{
  g_autofree gchar *url = NULL;

  start_tls ("base-path=/tv signed-urls=required");
  assert_asked ("/tv" LIST "alpha", ALICE, NULL, NULL, 200,
      "\"url\":\"/tv" FILM "\"");
  assert_asked ("/tv" SIGN, TOKEN_ALPHA, JSON, "{\"path\": \"" FILM "\"}", 403,
      "account's own");
  {
    g_auto (Reply) reply = { 0 };
    g_autofree gchar *text = NULL;
    g_autoptr (JsonNode) root = NULL;

    ask ("/tv" SIGN, TOKEN_ALPHA, JSON, "{\"path\": \"/tv" FILM "\"}", &reply);
    fail_unless_equals_int (reply.status, 200);
    text = reply_text (&reply);
    root = json_from_string (text, NULL);
    url = g_strdup (json_object_get_string_member (json_node_get_object (root),
            "url"));
  }
  assert_prefix (url, "/tv" FILM);
  assert_bytes (url, "bytes=0-9", 206, 'f', 10);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_no_accounts)
{
  scheme = "http";
  start_origin ("");
  assert_asked (LIST "alpha", TOKEN_ALPHA, NULL, NULL, 404, "key-groups");
  stop_pipeline ();
}

GST_END_TEST;

/* Who asks for passwords to be checked without an end. */

typedef struct
{
  guint n_left, n_busy, n_wrong;
} Crowd;

static void
crowd_answered (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Crowd *crowd = user_data;
  SoupMessage *message =
      soup_session_get_async_result_message (session, result);
  g_autoptr (GBytes) body =
      soup_session_send_and_read_finish (session, result, NULL);
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);

  fail_unless (body != NULL);
  if (soup_message_get_status (message) == 503) {
    fail_unless (soup_message_headers_get_one (headers, "Retry-After") != NULL);
    crowd->n_busy++;
  } else if (soup_message_get_status (message) == 401) {
    crowd->n_wrong++;
  }
  crowd->n_left--;
}

GST_START_TEST (test_busy)
{
  Crowd crowd = { 100 };

  g_object_unref (session);
  session = soup_session_new_with_options ("max-conns", 100,
      "max-conns-per-host", 100, "proxy-resolver", NULL, NULL);
  /* handshakes would hold them up */
  start_plain ("trusted-proxies=127.0.0.1");
  for (guint i = 0; i < 100; i++) {
    g_autofree gchar *who = g_strdup_printf ("dave:wrong %u", i);
    g_autoptr (SoupMessage) message =
        new_message (LIST "delta", who, NULL, NULL);

    forward (message, "https");
    soup_session_send_and_read_async (session, message, G_PRIORITY_DEFAULT,
        NULL, crowd_answered, &crowd);
  }
  while (crowd.n_left > 0)
    g_main_context_iteration (NULL, TRUE);
  fail_unless (crowd.n_busy > 0 && crowd.n_wrong > 0, "%u busy, %u wrong",
      crowd.n_busy, crowd.n_wrong);
  fail_unless_equals_int (crowd.n_busy + crowd.n_wrong, 100);
  stop_pipeline ();
}

GST_END_TEST;

/* What is secret is in no log. */
GST_START_TEST (test_log)
{
  g_autofree gchar *log = g_build_filename (folder, "access.log", NULL);
  g_autofree gchar *properties = g_strconcat ("access-log=", log, NULL);
  g_autofree gchar *authorization = authorization_of (ALICE);
  g_autofree gchar *url = NULL, *text = NULL;

  start_tls (properties);
  assert_asked (LIST "alpha", ALICE, NULL, NULL, 200, FILM);
  assert_asked (LIST "alpha", "alice:wrong", NULL, NULL, 401, "error");
  url = sign_for (TOKEN_ALPHA, "{\"path\": \"" FILM "\"}", 900);
  fail_unless_equals_int (status_of (url), 200);
  stop_pipeline ();
  fail_unless (g_file_get_contents (log, &text, NULL, NULL));
  fail_unless_equals_int (count (text, LIST "alpha"), 2);
  fail_unless (strstr (text, "\"password\"") != NULL, "%s", text);
  fail_if (strstr (text, TOKEN_ALPHA) || strstr (text, "the password"));
  fail_if (strstr (text, authorization + strlen ("Basic ")) != NULL);
}

GST_END_TEST;

static Suite *
jitpackagersign_suite (void)
{
  Suite *s = suite_create ("jitpackagersign");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_refusals);
  tcase_add_test (tc, test_paths);
  tcase_add_test (tc, test_ids);
  tcase_add_test (tc, test_kinds);
  tcase_add_test (tc, test_plays);
  tcase_add_test (tc, test_plain);
  tcase_add_test (tc, test_proxy);
  tcase_add_test (tc, test_challenges);
  tcase_add_test (tc, test_base_path);
  tcase_add_test (tc, test_no_accounts);
  tcase_add_test (tc, test_busy);
  tcase_add_test (tc, test_log);
  return s;
}

GST_CHECK_MAIN (jitpackagersign);
