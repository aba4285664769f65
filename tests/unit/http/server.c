/* VisionStream: tests of the HTTP server: what it answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#define CLOSE "Host: a\r\nConnection: close\r\n"

static TestServer *server;

static void
setup (void)
{
  server = test_server_new (NULL);
}

static void
teardown (void)
{
  test_server_free (server, 0);
}

static gchar *
talk (const gchar * request_line, const gchar * fields)
{
  g_autofree gchar *text = g_strconcat (request_line, " HTTP/1.1\r\n" CLOSE,
      fields, "\r\n", NULL);

  return client_talk (server->port, text);
}

static void
assert_status (const gchar * response, guint status)
{
  g_autofree gchar *line = g_strdup_printf ("HTTP/1.1 %u ", status);

  fail_unless (g_str_has_prefix (response, line), "%s", response);
}

static void
assert_field (const gchar * response, const gchar * field)
{
  g_autofree gchar *line = g_strconcat ("\r\n", field, "\r\n", NULL);
  const gchar *found = strstr (response, line);

  fail_unless (found != NULL, "no %s in %s", field, response);
  fail_unless (strstr (found + 2, line) == NULL, "%s twice", field);
}

static void
assert_no_field (const gchar * response, const gchar * name)
{
  g_autofree gchar *line = g_strconcat ("\r\n", name, ":", NULL);

  fail_unless (strstr (response, line) == NULL, "%s in %s", name, response);
}

/* The head's lines, sorted, without Date. */
static gchar *
comparable_head (const gchar * response)
{
  const gchar *end = strstr (response, "\r\n\r\n");
  g_autofree gchar *head = g_strndup (response, end - response);
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; lines[i]; i++) {
    if (!g_str_has_prefix (lines[i], "Date:"))
      g_string_append_printf (text, "%s\n", lines[i]);
  }
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_get)
{
  gint fd = client_connect (server->port);
  g_autoptr (GString) all = NULL;
  const gchar *body;

  client_send (fd, "GET /small HTTP/1.1\r\n" CLOSE "\r\n");
  all = client_read_all (fd);
  assert_status (all->str, 200);
  assert_field (all->str, "Content-Type: video/mp4");
  assert_field (all->str, "Content-Length: 1000");
  assert_field (all->str, "ETag: " SMALL_ETAG);
  assert_field (all->str, "Cache-Control: max-age=60");
  assert_field (all->str, "Accept-Ranges: bytes");
  assert_field (all->str, "Access-Control-Allow-Origin: *");
  assert_field (all->str, "Access-Control-Expose-Headers: *");
  assert_field (all->str, "X-Content-Type-Options: nosniff");
  assert_field (all->str, "Connection: close");
  assert_no_field (all->str, "Vary");
  fail_unless (strstr (all->str, "\r\nDate: ") != NULL);
  body = strstr (all->str, "\r\n\r\n") + 4;
  fail_unless_equals_int (all->str + all->len - body, SMALL_SIZE);
  fail_unless (memcmp (body, g_bytes_get_data (server->small, NULL),
          SMALL_SIZE) == 0);
}

GST_END_TEST;

GST_START_TEST (test_head)
{
  static const gchar *const paths[] = { "/small", "/large", "/text", "/none" };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree gchar *get_line = g_strconcat ("GET ", paths[i], NULL);
    g_autofree gchar *head_line = g_strconcat ("HEAD ", paths[i], NULL);
    g_autofree gchar *get = talk (get_line, "");
    g_autofree gchar *head = talk (head_line, "");
    g_autofree gchar *get_head = comparable_head (get);
    g_autofree gchar *head_head = comparable_head (head);

    fail_unless_equals_string (head_head, get_head);
    fail_unless (g_str_has_suffix (head, "\r\n\r\n"));
  }
}

GST_END_TEST;

GST_START_TEST (test_options)
{
  g_autofree gchar *response = talk ("OPTIONS /small",
      "Origin: http://b\r\nAccess-Control-Request-Method: GET\r\n"
      "Access-Control-Request-Headers: range\r\n");

  assert_status (response, 204);
  assert_field (response, "Access-Control-Allow-Origin: *");
  assert_field (response, "Access-Control-Allow-Methods: GET, HEAD, OPTIONS");
  assert_field (response, "Access-Control-Allow-Headers: *, Authorization");
  assert_field (response, "Access-Control-Max-Age: 86400");
  assert_field (response, "Allow: GET, HEAD, OPTIONS");
  assert_no_field (response, "Content-Length");
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
}

GST_END_TEST;

GST_START_TEST (test_not_modified)
{
  g_autofree gchar *same = talk ("GET /small",
      "If-None-Match: \"x\", W/" SMALL_ETAG "\r\nRange: bytes=0-1\r\n");
  g_autofree gchar *head = talk ("HEAD /small",
      "If-None-Match: " SMALL_ETAG "\r\n");
  g_autofree gchar *other = talk ("GET /small", "If-None-Match: \"x\"\r\n");
  g_autofree gchar *error = talk ("GET /none", "If-None-Match: *\r\n");

  assert_status (same, 304);
  assert_field (same, "ETag: " SMALL_ETAG);
  assert_field (same, "Cache-Control: max-age=60");
  assert_field (same, "Access-Control-Allow-Origin: *");
  assert_no_field (same, "Content-Length");
  assert_no_field (same, "Content-Type");
  fail_unless (g_str_has_suffix (same, "\r\n\r\n"));
  assert_status (head, 304);
  assert_status (other, 200);
  assert_status (error, 404);
}

GST_END_TEST;

GST_START_TEST (test_not_found)
{
  g_autofree gchar *response = NULL;

  /* an error ends the connection though the client would keep it */
  response = client_talk (server->port, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_status (response, 404);
  assert_field (response, "Connection: close");
  assert_field (response, "Cache-Control: max-age=1");
  assert_field (response, "Access-Control-Allow-Origin: *");
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 1);
}

GST_END_TEST;

GST_START_TEST (test_encoding)
{
  g_autofree gchar *plain = talk ("GET /text", "");
  g_autofree gchar *gzip = talk ("GET /text", "Accept-Encoding: gzip\r\n");

  assert_field (plain, "Vary: Accept-Encoding");
  assert_no_field (plain, "Content-Encoding");
  assert_field (gzip, "Vary: Accept-Encoding");
  assert_field (gzip, "Content-Encoding: gzip");
  assert_field (gzip, "Content-Type: application/vnd.apple.mpegurl");
}

GST_END_TEST;

GST_START_TEST (test_unsafe_answer)
{
  g_autofree gchar *response = talk ("GET /rude", "");

  assert_field (response, "X-Good: yes");
  fail_unless (strstr (response, "Injected") == NULL);
}

GST_END_TEST;

static void
assert_body (const gchar * path, const gchar * fields, guint status,
    gsize length)
{
  g_autofree gchar *text = g_strdup_printf ("GET %s HTTP/1.1\r\n" CLOSE
      "%s\r\n", path, fields);
  gint fd = client_connect (server->port);
  g_autoptr (GString) all = NULL;
  const gchar *body;

  client_send (fd, text);
  all = client_read_all (fd);
  assert_status (all->str, status);
  body = strstr (all->str, "\r\n\r\n") + 4;
  fail_unless_equals_int (all->str + all->len - body, length);
}

/* faults.md row 55: no answer holds more than one body. */
GST_START_TEST (test_ranges)
{
  GString *abuse = g_string_new ("Range: bytes=0-");
  g_autofree gchar *part = talk ("GET /small", "Range: bytes=10-19\r\n");
  g_autofree gchar *beyond = talk ("GET /small", "Range: bytes=1000-\r\n");
  guint i;

  assert_status (part, 206);
  assert_field (part, "Content-Range: bytes 10-19/1000");
  assert_field (part, "Content-Length: 10");
  fail_unless (memcmp (strstr (part, "\r\n\r\n") + 4,
          (const guint8 *) g_bytes_get_data (server->small, NULL) + 10,
          10) == 0);
  assert_status (beyond, 416);
  assert_field (beyond, "Content-Range: bytes */1000");
  assert_field (beyond, "Content-Length: 0");

  for (i = 1; i < 400; i++)
    g_string_append (abuse, ",0-");
  g_string_append (abuse, "\r\n");
  assert_body ("/large", abuse->str, 200, LARGE_SIZE);
  g_string_free (abuse, TRUE);
  assert_body ("/small", "Range: bytes=-99999999999999999999\r\n", 206, 1000);
  assert_body ("/small", "Range: bytes=9-3\r\n", 200, 1000);
  assert_body ("/small", "Range: bytes=0-9,5-14\r\n", 200, 1000);
  assert_body ("/small", "Range: bytes=0-1\r\nIf-Range: " SMALL_ETAG "\r\n",
      206, 2);
  assert_body ("/small", "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n", 200, 1000);
  assert_body ("/small", "Range: bytes=0-1\r\nIf-Range: W/" SMALL_ETAG "\r\n",
      200, 1000);
  /* a resource without ranges */
  assert_body ("/text", "Range: bytes=0-1\r\n", 200, 8);
}

GST_END_TEST;

/* Answers come in the order of their requests, whoever is ready first. */
GST_START_TEST (test_pipelining)
{
  gint fd = client_connect (server->port);
  VsHttpAnswer answer = {.status = 200 };
  VsHttpRequest *late;
  g_autoptr (GString) all = NULL;
  const gchar *first, *second, *third;

  client_send (fd, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n"
      "HEAD /small HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /text HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  late = g_async_queue_timeout_pop (server->late, PATIENCE);
  fail_unless (late != NULL);
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 1);
  answer.body = g_bytes_new_static ("late", 4);
  vs_http_request_respond (late, &answer);
  g_bytes_unref (answer.body);
  all = client_read_all (fd);
  first = strstr (all->str, "HTTP/1.1 200");
  second = strstr (first + 1, "HTTP/1.1 200");
  third = strstr (second + 1, "HTTP/1.1 200");
  fail_unless (g_str_has_prefix (second - 4, "late"));
  fail_unless (strstr (second, SMALL_ETAG) < third);
  fail_unless (g_str_has_suffix (third, "#EXTM3U\n"));
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 3);
}

GST_END_TEST;

GST_START_TEST (test_keep_alive)
{
  gint fd = client_connect (server->port);
  guint i;

  for (i = 0; i < 20; i++) {
    g_autoptr (GString) response = NULL;

    client_send (fd, i % 2 ? "GET /small HTTP/1.1\r\nHost: a\r\n\r\n"
        : "GET /sma");
    if (i % 2 == 0)
      client_send (fd, "ll HTTP/1.1\r\nHost: a\r\n\r\n");
    response = client_read_response (fd, FALSE);
    assert_status (response->str, 200);
    assert_no_field (response->str, "Connection");
  }
  close (fd);
}

GST_END_TEST;

GST_START_TEST (test_http_1_0)
{
  g_autofree gchar *response = client_talk (server->port,
      "GET /text HTTP/1.0\r\n\r\n");

  assert_status (response, 200);
  assert_field (response, "Connection: close");
  fail_unless (g_str_has_suffix (response, "#EXTM3U\n"));
}

GST_END_TEST;

GST_START_TEST (test_viewers)
{
  VsHttpStats stats;
  g_autofree gchar *a = talk ("GET /event", "User-Agent: a\r\n");
  g_autofree gchar *b = talk ("GET /event", "User-Agent: b\r\n");
  g_autofree gchar *c = talk ("GET /event", "User-Agent: a\r\n");
  g_autofree gchar *d = talk ("GET /small", "User-Agent: c\r\n");

  AWAIT ((test_server_stats (server, &stats), stats.requests == 4));
  fail_unless_equals_int (stats.viewers, 2);
  fail_unless_equals_uint64 (stats.bytes_out, strlen (a) + strlen (b) +
      strlen (c) + strlen (d));
}

GST_END_TEST;

static JsonObject *
parse_line (const gchar * line)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);

  fail_unless (node != NULL, "%s", line);
  return json_object_ref (json_node_get_object (node));
}

GST_START_TEST (test_access_log)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-http-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "access.log", NULL);
  VsHttpSettings settings = {.access_log = path };
  TestServer *logged = test_server_new (&settings);
  static const gchar request[] = "GET /event?Signature=secret HTTP/1.1\r\n"
      CLOSE "User-Agent: a\x1b\"\r\n\r\n";
  static const gchar good[] = "GET /event?Signature=secret HTTP/1.1\r\n"
      CLOSE "User-Agent: a\"\xff\r\n\r\n";
  g_autofree gchar *refused = client_talk (logged->port, request);
  g_autofree gchar *passed = client_talk (logged->port, good);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (JsonObject) line_1 = NULL, line_2 = NULL;

  test_server_free (logged, 1000);
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), 3);
  line_1 = parse_line (lines[0]);
  fail_unless_equals_string (json_object_get_string_member (line_1,
          "statusCode"), "400");
  fail_unless_equals_string (json_object_get_string_member (line_1,
          "request"), "/event?Signature=");
  line_2 = parse_line (lines[1]);
  fail_unless_equals_string (json_object_get_string_member (line_2,
          "statusCode"), "200");
  fail_unless_equals_string (json_object_get_string_member (line_2,
          "clientIp"), "127.0.0.1");
  fail_unless_equals_string (json_object_get_string_member (line_2,
          "userAgent"), "a\"\xef\xbf\xbd");
  fail_unless_equals_string (json_object_get_string_member (line_2,
          "eventId"), "live");
  fail_unless_equals_int (json_object_get_int_member (line_2,
          "receivedBytes"), strlen (good));
  fail_unless (json_object_get_int_member (line_2, "sentBytes") > SMALL_SIZE);
  fail_unless (strstr (text, "secret") == NULL);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

/* What identifies a viewer reaches the handler, line by line, and leaves it
 * too; the log has none of it, also of what was refused. */
GST_START_TEST (test_secrets)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-http-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "access.log", NULL);
  VsHttpSettings settings = {.access_log = path };
  TestServer *logged = test_server_new (&settings);
  g_autofree gchar *answer = client_talk (logged->port,
      "GET /secrets HTTP/1.1\r\n" CLOSE "Cookie: a=secret\r\n"
      "Authorization: Basic secret\r\ncookie: b=secret\r\n\r\n");
  g_autofree gchar *refused = client_talk (logged->port,
      "GET /secrets HTTP/1.1\r\n" CLOSE "Cookie: a=secret\x01\r\n\r\n");
  g_autofree gchar *closed = client_talk (logged->port,
      "GET /closed HTTP/1.1\r\n" CLOSE "\r\n");
  g_autofree gchar *text = NULL;

  assert_field (answer, "Set-Cookie: A=1; Path=/; HttpOnly");
  assert_field (answer, "Set-Cookie: B=2");
  fail_unless (g_str_has_suffix (answer,
          "\r\n\r\n[a=secret][b=secret][Basic secret]"), "%s", answer);
  assert_status (refused, 400);
  assert_status (closed, 403);
  fail_unless (strstr (closed, "today") == NULL);

  test_server_free (logged, 1000);
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless (strstr (text, "ecret\"") == NULL && strstr (text, "=secret") ==
      NULL && strstr (text, "Basic") == NULL, "%s", text);
  fail_unless (strstr (text, "\"reason\":null}") != NULL, "%s", text);
  fail_unless (strstr (text, "\"reason\":\"not \\\"today\\\"\"}") != NULL,
      "%s", text);
  fail_unless (strstr (text,
          "\"reason\":\"control character in header field\"}") != NULL, "%s",
      text);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

GST_START_TEST (test_bad_settings)
{
  VsHttpSettings settings = {.address = "not an address" };
  g_autoptr (GError) error = NULL, busy = NULL;

  fail_unless (vs_http_server_new (&settings, NULL, NULL, &error) == NULL);
  fail_unless (strstr (error->message, "not an address") != NULL);
  settings.address = "127.0.0.1";
  settings.port = server->port;
  fail_unless (vs_http_server_new (&settings, NULL, NULL, &busy) == NULL);
  fail_unless (g_error_matches (busy, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE));
}

GST_END_TEST;

static Suite *
http_server_suite (void)
{
  Suite *s = suite_create ("http_server");
  TCase *tc = tcase_create ("server");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_get);
  tcase_add_test (tc, test_head);
  tcase_add_test (tc, test_options);
  tcase_add_test (tc, test_not_modified);
  tcase_add_test (tc, test_not_found);
  tcase_add_test (tc, test_encoding);
  tcase_add_test (tc, test_unsafe_answer);
  tcase_add_test (tc, test_ranges);
  tcase_add_test (tc, test_pipelining);
  tcase_add_test (tc, test_keep_alive);
  tcase_add_test (tc, test_http_1_0);
  tcase_add_test (tc, test_viewers);
  tcase_add_test (tc, test_access_log);
  tcase_add_test (tc, test_secrets);
  tcase_add_test (tc, test_bad_settings);
  return s;
}

GST_CHECK_MAIN (http_server);
