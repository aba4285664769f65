/* VisionStream: tests of the HTTP client, against a server that errs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/await.h"
#include "common/deadline.h"
#include "common/folder.h"
#include "store/rawserver.h"
#include "store/vshttpclient.h"

#define AWAIT_DEADLINE test_deadline (20)

#define OK "HTTP/1.1 200 OK\r\n"
/* long enough that only a watch that fails would let it pass */
#define NEVER (40 * G_USEC_PER_SEC)

static VsHttpClient *client;
static RawServer *server;
static gchar *address;

static void
start (RawHandler handler, const gchar * text)
{
  const VsHttpClientSettings settings = {.timeout_s = 15,
    .user_agent = "test/1"
  };

  client = vs_http_client_new (&settings, NULL);
  server = raw_server_new (handler, (gpointer) text);
  address = g_strdup_printf ("http://127.0.0.1:%u", server->port);
}

static void
teardown (void)
{
  g_clear_pointer (&client, vs_http_client_unref);
  g_clear_pointer (&server, raw_server_free);
  g_clear_pointer (&address, g_free);
}

static gboolean
send_to (const gchar * base, const gchar * target, VsHttpCall call,
    VsHttpReply * reply, GError ** error)
{
  g_autofree gchar *uri = g_strconcat (base, target, NULL);

  call.uri = uri;
  if (call.method == NULL)
    call.method = "GET";
  if (call.max_answer == 0)
    call.max_answer = 1024 * 1024;
  return vs_http_client_send (client, &call, NULL, reply, error);
}

static guint
count_fds (void)
{
  return test_folder_count ("/proc/self/fd");
}

static void
fail_on (const GError * error)
{
  fail_unless (error == NULL, "%s", error ? error->message : "");
}

static void
check_body (const VsHttpReply * reply, const gchar * text)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);

  fail_unless_equals_int (size, strlen (text));
  fail_unless (memcmp (data, text, size) == 0);
}

/* Answers each request with the same text. */
static gboolean
answer_text (RawRequest * request, gpointer text)
{
  return raw_send (request->fd, text);
}

static gboolean
answer_and_close (RawRequest * request, gpointer text)
{
  raw_send (request->fd, text);
  return FALSE;
}

GST_START_TEST (test_target)
{
  static const gchar *const targets[] = { "/", "/a%2Bb+c%20d%7Ee~f",
    "/a:b=c@d;e,f!g$h&i'j(k)l*m", "/%2f%2F%c3%a9%C3%A9/%00",
    "/a?list-type=2&prefix=a%2Fb%2Bc+d&delimiter=/&x=%7E~:=@", "/a?",
    "/a?uploads",
    "/a?X=a/b?c", "/a//b/./c/../d", "/a%2e%2E/b"
  };
  g_autofree gchar *host = NULL;

  start (answer_text, OK "Content-Length: 0\r\n\r\n");
  host = g_strdup_printf ("\r\nHost: 127.0.0.1:%u\r\n", server->port);
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    g_autofree gchar *line = g_strdup_printf ("GET %s HTTP/1.1\r\n",
        targets[i]);
    g_auto (VsHttpReply) reply = { 0 };
    g_autofree gchar *head = NULL;
    GError *error = NULL;

    send_to (address, targets[i], (VsHttpCall) {
        0}
        , &reply, &error);
    fail_on (error);
    head = raw_server_get_head (server);
    fail_unless (g_str_has_prefix (head, line), "%s of %s", head, line);
    fail_unless (strstr (head, host) != NULL);
  }
  fail_unless_equals_int (g_atomic_int_get (&server->n_connections), 1);
}

GST_END_TEST;

GST_START_TEST (test_headers)
{
  static const gchar *const headers[] = { "Content-Type", "video/mp2t",
    "x-amz-meta-a", "a b, c", "Authorization", "AWS4 x", NULL
  };
  static const gchar *const wanted[] = { "\r\nContent-Type: video/mp2t\r\n",
    "\r\nx-amz-meta-a: a b, c\r\n", "\r\nAuthorization: AWS4 x\r\n",
    "\r\nAccept-Encoding: identity\r\n", "\r\nUser-Agent: test/1\r\n",
    "\r\nContent-Length: 5\r\n"
  };
  g_autoptr (GBytes) a = g_bytes_new_static ("ab", 2);
  g_autoptr (GBytes) b = g_bytes_new_static ("cde", 3);
  GBytes *const parts[] = { a, b };
  const VsHttpBody body = {.parts = parts,.n_parts = 2 };
  g_auto (VsHttpReply) reply = { 0 };
  g_autofree gchar *head = NULL;
  GError *error = NULL;

  start (answer_text, OK "Content-Length: 2\r\nContent-Encoding: gzip\r\n"
      "Set-Cookie: a=b\r\n\r\nhi");
  for (guint i = 0; i < 2; i++) {
    vs_http_reply_clear (&reply);
    send_to (address, "/", (VsHttpCall) {
        .method = "PUT",.headers = headers,.body = &body}
        , &reply, &error);
    fail_on (error);
    check_body (&reply, "hi");
  }
  head = raw_server_get_head (server);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    fail_unless (strstr (head, wanted[i]) != NULL, "%s", wanted[i]);
  fail_unless (strstr (head, "Cookie") == NULL);
  fail_unless_equals_int (g_atomic_int_get (&server->n_connections), 1);
  fail_unless (g_bytes_get_size (server->body) == 5
      && memcmp (g_bytes_get_data (server->body, NULL), "abcde", 5) == 0);
}

GST_END_TEST;

GST_START_TEST (test_empty_put)
{
  g_auto (VsHttpReply) reply = { 0 };
  const VsHttpBody body = { 0 };
  g_autofree gchar *head = NULL;
  GError *error = NULL;

  start (answer_text, "HTTP/1.1 204 No Content\r\n\r\n");
  for (guint i = 0; i < 2; i++) {
    g_clear_pointer (&head, g_free);
    vs_http_reply_clear (&reply);
    send_to (address, "/", (VsHttpCall) {
        .method = "PUT",.body = i ? &body : NULL}
        , &reply, &error);
    fail_on (error);
    head = raw_server_get_head (server);
    fail_unless (strstr (head, "\r\nContent-Length: 0\r\n") != NULL);
    fail_unless_equals_int (reply.status, 204);
    check_body (&reply, "");
  }
}

GST_END_TEST;

GST_START_TEST (test_invalid_calls)
{
  static const gchar *const cr[] = { "A", "b\r\nC: d", NULL };
  static const gchar *const name[] = { "A b", "c", NULL };
  static const gchar *const host[] = { "host", "b", NULL };
  static const gchar *const odd[] = { "A", NULL };
  static const struct
  {
    const gchar *method, *uri;
    const gchar *const *headers;
  } calls[] = {
    {"GET", "http://127.0.0.1:1/", cr}, {"GET", "http://127.0.0.1:1/", name},
    {"GET", "http://127.0.0.1:1/", host}, {"GET", "http://127.0.0.1:1/", odd},
    {"GET /", "http://127.0.0.1:1/"}, {"", "http://127.0.0.1:1/"},
    {"GET", "http://127.0.0.1:1/a b"}, {"GET", "http://127.0.0.1:1/\xc3\xa9"},
    {"GET", "http://127.0.0.1:1/a\r\nb"}, {"GET", "http://127.0.0.1:1/a#b"},
    {"GET", "http://u:p@127.0.0.1:1/"}, {"GET", "ftp://127.0.0.1:1/"},
    {"GET", "http:///a"}, {"GET", "http:a"}, {"GET", "/a"}, {"GET", ""},
    {"GET", "http://127.0.0.1:1/%zz"}, {"GET", "http://127.0.0.1:99999/"},
  };

  start (answer_text, "");
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    const VsHttpCall call = {.method = calls[i].method,.uri = calls[i].uri,
      .headers = calls[i].headers
    };
    g_autoptr (GError) error = NULL;
    VsHttpReply reply;

    fail_if (vs_http_client_send (client, &call, NULL, &reply, &error));
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT), "%s: %s", calls[i].uri,
        error->message);
  }
}

GST_END_TEST;

GST_START_TEST (test_contents)
{
  static const struct
  {
    const gchar *method, *answer, *body;
    guint status;
  } cases[] = {
    {"GET", OK "Content-Length: 3\r\n\r\nabc", "abc", 200},
    {"GET", OK "Content-Length: 3\r\nConnection: close\r\n\r\nabc", "abc", 200},
    {"GET", OK "Content-Length: 0\r\n\r\n", "", 200},
    {"GET", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0"
          "\r\nA: b\r\n\r\n", "abc", 200},
    {"GET", OK "\r\nabc", "abc", 200},
    {"GET", "HTTP/1.0 200 OK\r\n\r\nabc", "abc", 200},
    {"HEAD", OK "Content-Length: 3000000\r\n\r\n", "", 200},
    {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "", 304},
    {"GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "no", 404},
    {"GET", "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n", "", 503},
    {"GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
          "HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nLink: </a>\r\n\r\n"
          OK "Content-Length: 2\r\n\r\nok", "ok", 200},
    {"DELETE", "HTTP/1.1 204 No Content\r\n\r\n", "", 204},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (VsHttpReply) reply = { 0 };
    GError *error = NULL;

    start (answer_and_close, cases[i].answer);
    send_to (address, "/", (VsHttpCall) {
        .method = cases[i].method}
        , &reply, &error);
    fail_on (error);
    fail_unless_equals_int (reply.status, cases[i].status);
    check_body (&reply, cases[i].body);
    fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 1);
    teardown ();
  }
}

GST_END_TEST;

static void
check_error (const GError * error, GIOErrorEnum code, const gchar * what)
{
  g_autofree gchar *where = g_strdup_printf ("127.0.0.1:%u: ", server->port);

  fail_unless (error != NULL, "%s", what);
  fail_unless (error->domain == G_IO_ERROR && error->code == (gint) code,
      "%s: %d, not %d: %s", what, error->code, code, error->message);
  fail_unless (g_str_has_prefix (error->message, where), "%s", error->message);
  fail_unless (strstr (error->message, "secret") == NULL, "%s", error->message);
}

GST_START_TEST (test_faults)
{
  static const struct
  {
    const gchar *answer;
    GIOErrorEnum code;
  } cases[] = {
    {"", G_IO_ERROR_PARTIAL_INPUT},
    {"HTTP/1.1 200 O", G_IO_ERROR_INVALID_DATA},
    {OK "Content-Length: 3\r\n\r\nab", G_IO_ERROR_PARTIAL_INPUT},
    {OK "Content-Length: 3\r\nConnection: close\r\n\r\nab",
        G_IO_ERROR_PARTIAL_INPUT},
    {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nab",
        G_IO_ERROR_PARTIAL_INPUT},
    {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nab", G_IO_ERROR_PARTIAL_INPUT},
    {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        G_IO_ERROR_PARTIAL_INPUT},
    {OK "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n",
        G_IO_ERROR_PARTIAL_INPUT},
    {OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", G_IO_ERROR_PARTIAL_INPUT},
    {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        G_IO_ERROR_INVALID_DATA},
    {OK "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        G_IO_ERROR_INVALID_DATA},
    {OK "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        G_IO_ERROR_INVALID_DATA},
    {OK "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
        G_IO_ERROR_INVALID_DATA},
    {OK "Content-Length: 3000000\r\n\r\n", G_IO_ERROR_MESSAGE_TOO_LARGE},
    {OK "Content-Length: 3\r\nContent-Length: 2\r\n\r\nabc",
        G_IO_ERROR_INVALID_DATA},
    {"gargabe\r\n\r\n", G_IO_ERROR_INVALID_DATA},
    {"HTTP/1.1 OK\r\n\r\n", G_IO_ERROR_INVALID_DATA},
    {OK "Transfer-Encoding: gzip\r\n\r\n", G_IO_ERROR_INVALID_DATA},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    VsHttpReply reply;

    start (answer_and_close, cases[i].answer);
    send_to (address, "/a?secret", (VsHttpCall) {
        0}
        , &reply, &error);
    check_error (error, cases[i].code, cases[i].answer);
    fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 1);
    teardown ();
  }
}

GST_END_TEST;

static gboolean
answer_reset (RawRequest * request, gpointer user_data)
{
  const struct linger linger = {.l_onoff = 1 };

  raw_send (request->fd, OK "Content-Length: 3\r\n\r\na");
  setsockopt (request->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof (linger));
  return FALSE;
}

static gboolean
answer_endless_head (RawRequest * request, gpointer user_data)
{
  if (!raw_send (request->fd, OK))
    return FALSE;
  while (raw_send (request->fd,
          "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"));
  return FALSE;
}

/* That these are over at all shows that the client has closed. */
static gboolean
answer_endless (RawRequest * request, gpointer head)
{
  raw_send (request->fd, head);
  while (raw_send (request->fd, "a\r\naaaaaaaaaa\r\n"));
  return FALSE;
}

GST_START_TEST (test_endless)
{
  static const struct
  {
    RawHandler handler;
    const gchar *head;
    GIOErrorEnum code;
  } cases[] = {
    {answer_endless, OK "\r\n", G_IO_ERROR_MESSAGE_TOO_LARGE},
    {answer_endless, OK "Transfer-Encoding: chunked\r\n\r\n",
        G_IO_ERROR_MESSAGE_TOO_LARGE},
    {answer_endless, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\""
          "\r\n\r\n", G_IO_ERROR_MESSAGE_TOO_LARGE},
    {answer_endless_head, NULL, G_IO_ERROR_INVALID_DATA},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    VsHttpReply reply;

    start (cases[i].handler, cases[i].head);
    send_to (address, "/", (VsHttpCall) {
        0}
        , &reply, &error);
    fail_unless (error != NULL);
    fail_unless (i == 3 || error->code == (gint) cases[i].code, "%u: %s", i,
        error->message);
    AWAIT (g_atomic_int_get (&server->n_open) == 0);
    teardown ();
  }
}

GST_END_TEST;

GST_START_TEST (test_reset)
{
  g_autoptr (GError) error = NULL;
  VsHttpReply reply;

  start (answer_reset, NULL);
  send_to (address, "/", (VsHttpCall) {
      0}
      , &reply, &error);
  check_error (error, G_IO_ERROR_CONNECTION_CLOSED, "reset");
  AWAIT (g_atomic_int_get (&server->n_open) == 0);
}

GST_END_TEST;

/* libsoup hands it on as it is, and GObject warns. */
GST_START_TEST (test_negative_length)
{
  g_autoptr (GError) error = NULL;
  VsHttpReply reply;

  start (answer_and_close, OK "Content-Length: -3\r\n\r\nabc");
  ASSERT_WARNING (send_to (address, "/", (VsHttpCall) {
          0}
          , &reply, &error));
  check_error (error, G_IO_ERROR_INVALID_DATA, "negative");
}

GST_END_TEST;

static gboolean
answer_numbered (RawRequest * request, gpointer twice)
{
  g_autofree gchar *text = g_strdup_printf (OK "Content-Length: 4\r\n\r\n%04u"
      "%s", request->total, twice ? OK "Content-Length: 4\r\n\r\nevil" : "");

  return raw_send (request->fd, text);
}

/* An answer that nobody asked for is not the next one's. */
GST_START_TEST (test_two_answers)
{
  start (answer_numbered, "");
  for (guint i = 0; i < 20; i++) {
    g_autofree gchar *number = g_strdup_printf ("%04u", i);
    g_auto (VsHttpReply) reply = { 0 };
    GError *error = NULL;

    send_to (address, "/", (VsHttpCall) {
        0}
        , &reply, &error);
    fail_on (error);
    check_body (&reply, number);
  }
}

GST_END_TEST;

GST_START_TEST (test_redirect)
{
  static const guint statuses[] = { 301, 302, 303, 307, 308 };
  RawServer *other = raw_server_new (answer_text, (gpointer)
      OK "Content-Length: 0\r\n\r\n");

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    g_autofree gchar *answer = g_strdup_printf ("HTTP/1.1 %u Go\r\nLocation: "
        "http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n", statuses[i],
        other->port);
    g_auto (VsHttpReply) reply = { 0 };
    GError *error = NULL;

    start (answer_text, answer);
    send_to (address, "/", (VsHttpCall) {
        0}
        , &reply, &error);
    fail_on (error);
    fail_unless_equals_int (reply.status, statuses[i]);
    teardown ();
  }
  fail_unless_equals_int (g_atomic_int_get (&other->n_connections), 0);
  raw_server_free (other);
}

GST_END_TEST;

/* Says nothing of it, and closes. */
GST_START_TEST (test_idle_closed)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("body", 4);
  const VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  guint fds;

  start (answer_and_close, OK "Content-Length: 2\r\n\r\nok");
  for (guint i = 0; i < 601; i++) {
    VsHttpCall call = {.method = "PUT",.body = &body };
    g_auto (VsHttpReply) reply = { 0 };
    GError *error = NULL;

    send_to (address, "/", i % 2 ? call : (VsHttpCall) {
        0}
        , &reply, &error);
    fail_on (error);
    check_body (&reply, "ok");
    AWAIT (g_atomic_int_get (&server->n_open) == 0);
    /* what GIO opens once a process is open now */
    if (i == 0)
      fds = count_fds ();
  }
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 601);
  fail_unless (count_fds () <= fds, "%u, at first %u", count_fds (), fds);
}

GST_END_TEST;

/* Only the first of a connection is answered; @user_data: and of those only
 * the first connection's. */
static gboolean
answer_first (RawRequest * request, gpointer only)
{
  if (request->n > 0 || (only && request->total > 0))
    return FALSE;
  return raw_send (request->fd, OK "Content-Length: 2\r\n\r\nok");
}

GST_START_TEST (test_sent_again)
{
  static const gchar *const methods[] = { "GET", "HEAD", "PUT", "DELETE",
    "OPTIONS", "PROPFIND"
  };
  static const gchar *const headers[] = { "Content-Type", "a/b", NULL };
  g_autoptr (GBytes) bytes = g_bytes_new_static ("body", 4);
  const VsHttpBody body = {.parts = &bytes,.n_parts = 1 };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
    g_autofree gchar *head = NULL;
    VsHttpCall call = {.method = methods[i],.headers = headers };
    g_auto (VsHttpReply) reply = { 0 };
    GError *error = NULL;

    if (g_str_equal (methods[i], "PUT"))
      call.body = &body;
    start (answer_first, NULL);
    send_to (address, "/", (VsHttpCall) {
        0}
        , &reply, &error);
    fail_on (error);
    vs_http_reply_clear (&reply);
    send_to (address, "/", call, &reply, &error);
    fail_unless (error == NULL, "%s: %s", methods[i],
        error ? error->message : "");
    fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 3);
    fail_unless_equals_int (g_atomic_int_get (&server->n_connections), 2);
    head = raw_server_get_head (server);
    fail_unless (strstr (head, "Content-Type: a/b\r\n") != NULL);
    fail_unless_equals_int (g_bytes_get_size (server->body), call.body ? 4 : 0);
    teardown ();
  }
}

GST_END_TEST;

GST_START_TEST (test_sent_again_once)
{
  static const struct
  {
    const gchar *method;
    guint n;
  } cases[] = { {"GET", 3}, {"PUT", 3}, {"POST", 2}, {"MKCOL", 2} };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    VsHttpReply reply;

    start (answer_first, "");
    send_to (address, "/", (VsHttpCall) {
        0}
        , &reply, &error);
    fail_on (error);
    vs_http_reply_clear (&reply);
    send_to (address, "/", (VsHttpCall) {
        .method = cases[i].method}
        , &reply, &error);
    check_error (error, G_IO_ERROR_PARTIAL_INPUT, cases[i].method);
    fail_unless_equals_int (g_atomic_int_get (&server->n_requests), cases[i].n);
    teardown ();
  }
}

GST_END_TEST;

static gboolean
answer_drip (RawRequest * request, gpointer head)
{
  raw_send (request->fd, head);
  while (raw_send (request->fd, "a"))
    g_usleep (20000);
  return FALSE;
}

static gboolean
answer_never (RawRequest * request, gpointer user_data)
{
  return TRUE;
}

GST_START_TEST (test_call_deadline)
{
  static const struct
  {
    RawHandler handler;
    const gchar *head;
  } cases[] = {
    {answer_drip, OK}, {answer_drip, "HTT"},
    {answer_drip, OK "Content-Length: 30000\r\n\r\n"},
    {answer_drip, OK "\r\n"}, {answer_never, NULL}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gint64 begin = g_get_monotonic_time ();
    g_autoptr (GError) error = NULL;
    VsHttpReply reply;

    start (cases[i].handler, cases[i].head);
    send_to (address, "/?secret", (VsHttpCall) {
        .deadline_us = begin + 200000}
        , &reply, &error);
    check_error (error, G_IO_ERROR_TIMED_OUT, "deadline");
    fail_unless (g_get_monotonic_time () >= begin + 200000);
    fail_unless (g_get_monotonic_time () < begin + 8 * G_USEC_PER_SEC);
    AWAIT (g_atomic_int_get (&server->n_open) == 0);
    teardown ();
  }
}

GST_END_TEST;

/* Without a deadline: no byte for so long. */
GST_START_TEST (test_timeout)
{
  const VsHttpClientSettings settings = {.timeout_s = 1 };
  g_autoptr (GError) error = NULL;
  VsHttpReply reply;

  start (answer_never, NULL);
  vs_http_client_unref (client);
  client = vs_http_client_new (&settings, NULL);
  send_to (address, "/", (VsHttpCall) {
      0}, &reply, &error);
  check_error (error, G_IO_ERROR_TIMED_OUT, "timeout");
}

GST_END_TEST;

static gpointer
send_until_cancelled (gpointer cancellable)
{
  g_autofree gchar *uri = g_strconcat (address, "/", NULL);
  const VsHttpCall call = {.method = "GET",.uri = uri,.deadline_us =
        g_get_monotonic_time () + NEVER
  };
  VsHttpReply reply;
  GError *error = NULL;

  fail_if (vs_http_client_send (client, &call, cancellable, &reply, &error));
  return error;
}

static void
check_cancel (gint64 from, GThread * thread)
{
  g_autoptr (GError) error = g_thread_join (thread);

  check_error (error, G_IO_ERROR_CANCELLED, "cancel");
  fail_unless (g_get_monotonic_time () < from + 5 * G_USEC_PER_SEC);
}

/* One call a connection: the first in an answer that never comes, the second
 * waits for a slot. */
GST_START_TEST (test_cancel)
{
  const VsHttpClientSettings settings = {.max_connections = 1 };
  g_autoptr (GCancellable) cancel_a = g_cancellable_new ();
  g_autoptr (GCancellable) cancel_b = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *a, *b;
  VsHttpReply reply;

  start (answer_never, NULL);
  vs_http_client_unref (client);
  client = vs_http_client_new (&settings, NULL);
  a = g_thread_new ("a", send_until_cancelled, cancel_a);
  AWAIT (g_atomic_int_get (&server->n_requests) == 1);
  send_to (address, "/", (VsHttpCall) {
      .deadline_us = g_get_monotonic_time () + 100000}, &reply, &error);
  check_error (error, G_IO_ERROR_TIMED_OUT, "slot");
  b = g_thread_new ("b", send_until_cancelled, cancel_b);
  g_cancellable_cancel (cancel_b);
  check_cancel (g_get_monotonic_time (), b);
  g_cancellable_cancel (cancel_a);
  check_cancel (g_get_monotonic_time (), a);
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 1);
}

GST_END_TEST;

/* A listener whose queue is full answers no connect. */
GST_START_TEST (test_connect_deadline)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GPtrArray) waiting =
      g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree gchar *base = NULL;
  g_autoptr (GError) error = NULL;
  gint64 begin;
  guint16 port;
  VsHttpReply reply;

  start (answer_never, NULL);
  g_socket_listener_set_backlog (listener, 1);
  port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GSocketAddress) to =
        g_inet_socket_address_new_from_string ("127.0.0.1", port);
    GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
        G_SOCKET_PROTOCOL_DEFAULT, NULL);

    g_socket_set_blocking (socket, FALSE);
    g_socket_connect (socket, to, NULL, NULL);
    g_ptr_array_add (waiting, socket);
  }
  base = g_strdup_printf ("http://127.0.0.1:%u", port);
  begin = g_get_monotonic_time ();
  fail_if (send_to (base, "/", (VsHttpCall) {
          .deadline_us = begin + 200000}
          , &reply, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT), "%s",
      error->message);
  fail_unless (g_get_monotonic_time () < begin + 5 * G_USEC_PER_SEC);
}

GST_END_TEST;

GST_START_TEST (test_unreachable)
{
  g_autofree gchar *label = g_strnfill (64, 'a');
  g_autofree gchar *nowhere = g_strdup_printf ("http://%s.invalid", label);
  g_autoptr (GError) refused = NULL, unknown = NULL;
  VsHttpReply reply;

  start (answer_never, NULL);
  raw_server_free (server);
  server = raw_server_new (answer_never, NULL);
  shutdown (server->fd, SHUT_RDWR);
  g_free (address);
  address = g_strdup_printf ("http://127.0.0.1:%u", server->port);
  send_to (address, "/?secret", (VsHttpCall) {
      0}
      , &reply, &refused);
  check_error (refused, G_IO_ERROR_CONNECTION_REFUSED, "refused");
  fail_if (send_to (nowhere, "/", (VsHttpCall) {
          0}
          , &reply, &unknown));
  fail_unless (g_error_matches (unknown, G_IO_ERROR,
          G_IO_ERROR_HOST_NOT_FOUND), "%s", unknown->message);
}

GST_END_TEST;

static gpointer
send_many (gpointer user_data)
{
  for (guint i = 0; i < 25; i++) {
    g_auto (VsHttpReply) reply = { 0 };
    GError *error = NULL;

    send_to (address, "/", (VsHttpCall) {
        .method = i % 5 ? "GET" : "POST"}
        , &reply, &error);
    fail_on (error);
    check_body (&reply, "ok");
  }
  return NULL;
}

static gint n_busy, n_busy_max; /* atomic: requests that wait for an answer */

static gboolean
answer_counted (RawRequest * request, gpointer text)
{
  gint busy = g_atomic_int_add (&n_busy, 1) + 1, most;

  do {
    most = g_atomic_int_get (&n_busy_max);
  } while (busy > most
      && !g_atomic_int_compare_and_exchange (&n_busy_max, most, busy));
  g_usleep (200);
  g_atomic_int_add (&n_busy, -1);
  return raw_send (request->fd, text);
}

GST_START_TEST (test_connections)
{
  const VsHttpClientSettings settings = {.max_connections = 3 };
  GThread *threads[8];

  start (answer_counted, OK "Content-Length: 2\r\n\r\nok");
  vs_http_client_unref (client);
  client = vs_http_client_new (&settings, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("send", send_many, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 200);
  fail_unless_equals_int (n_busy_max, 3);
}

GST_END_TEST;

GST_START_TEST (test_file_body)
{
  g_autofree gchar *path = NULL;
  VsHttpBody body = {.offset = 100000,.size = 300000 };
  g_autofree guint8 *data = g_malloc (500000);
  g_auto (VsHttpReply) reply = { 0 };
  g_autoptr (GError) error = NULL;

  start (answer_text, OK "Content-Length: 2\r\n\r\nok");
  for (guint i = 0; i < 500000; i++)
    data[i] = i * 7 + i / 256;
  body.fd = g_file_open_tmp ("vs-http-XXXXXX", &path, NULL);
  fail_unless (write (body.fd, data, 500000) == 500000);
  for (guint i = 0; i < 2; i++) {
    vs_http_reply_clear (&reply);
    send_to (address, "/", (VsHttpCall) {
        .method = "PUT",.body = &body}
        , &reply, &error);
    fail_on (error);
    fail_unless_equals_int (g_bytes_get_size (server->body), 300000);
    fail_unless (memcmp (g_bytes_get_data (server->body, NULL), data + 100000,
            300000) == 0);
  }
  vs_http_reply_clear (&reply);
  fail_unless (ftruncate (body.fd, 200000) == 0);
  send_to (address, "/", (VsHttpCall) {
      .method = "PUT",.body = &body}
      , &reply, &error);
  check_error (error, G_IO_ERROR_INVALID_DATA, "shorter file");
  close (body.fd);
  unlink (path);
}

GST_END_TEST;

GST_START_TEST (test_reply_headers)
{
  static const struct
  {
    const gchar *date, *retry;
    gint64 unix_s, retry_s;
  } cases[] = {
    {NULL, NULL, -1, 0},
    {"Sun, 06 Nov 1994 08:49:37 GMT", "120", 784111777, 120},
    {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:07 GMT",
        784111777, 30},
    {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT",
        784111777, 0},
    {"yesterday", "soon", -1, 0},
    {NULL, "99999999999999", -1, 24 * 60 * 60},
    {NULL, "999999999999999999999999999", -1, 0},
    {NULL, "-5", -1, 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (VsHttpReply) reply = { 0 };

    reply.headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
    if (cases[i].date)
      soup_message_headers_append (reply.headers, "Date", cases[i].date);
    if (cases[i].retry)
      soup_message_headers_append (reply.headers, "Retry-After",
          cases[i].retry);
    fail_unless_equals_int64 (vs_http_reply_get_date (&reply), cases[i].unix_s);
    fail_unless_equals_int64 (vs_http_reply_get_retry_after (&reply),
        cases[i].retry_s * G_USEC_PER_SEC);
  }
}

GST_END_TEST;

GST_START_TEST (test_backoff)
{
  static const guint retryable[] = { 408, 425, 429, 500, 502, 503, 504 };
  guint n = 0;

  for (guint attempt = 0; attempt < 100; attempt++) {
    gint64 top = attempt < 10 ? MIN (100 << attempt, 3000) : 3000, most = 0;

    for (guint i = 0; i < 200; i++) {
      gint64 wait = vs_http_backoff_us (attempt, 100, 3000);

      fail_unless (wait >= 0 && wait <= top);
      most = MAX (most, wait);
    }
    /* with 200 tries it is as good as sure */
    fail_unless (most > top / 2);
  }
  for (guint status = 100; status < 600; status++)
    n += vs_http_status_is_retryable (status);
  fail_unless_equals_int (n, G_N_ELEMENTS (retryable));
  for (guint i = 0; i < n; i++)
    fail_unless (vs_http_status_is_retryable (retryable[i]));
}

GST_END_TEST;

static Suite *
store_httpclient_suite (void)
{
  Suite *s = suite_create ("store_httpclient");
  TCase *tc = tcase_create ("httpclient");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, teardown);
  tcase_add_test (tc, test_target);
  tcase_add_test (tc, test_headers);
  tcase_add_test (tc, test_empty_put);
  tcase_add_test (tc, test_invalid_calls);
  tcase_add_test (tc, test_contents);
  tcase_add_test (tc, test_faults);
  tcase_add_test (tc, test_endless);
  tcase_add_test (tc, test_reset);
  tcase_add_test (tc, test_negative_length);
  tcase_add_test (tc, test_two_answers);
  tcase_add_test (tc, test_redirect);
  tcase_add_test (tc, test_idle_closed);
  tcase_add_test (tc, test_sent_again);
  tcase_add_test (tc, test_sent_again_once);
  tcase_add_test (tc, test_call_deadline);
  tcase_add_test (tc, test_timeout);
  tcase_add_test (tc, test_cancel);
  tcase_add_test (tc, test_connect_deadline);
  tcase_add_test (tc, test_unreachable);
  tcase_add_test (tc, test_connections);
  tcase_add_test (tc, test_file_body);
  tcase_add_test (tc, test_reply_headers);
  tcase_add_test (tc, test_backoff);
  return s;
}

GST_CHECK_MAIN (store_httpclient);
