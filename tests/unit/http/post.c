/* VisionStream: tests of requests with a body
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MS 400
#define LATE_MS 1500
#define GET_SMALL "GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define POST "POST /post HTTP/1.1\r\nHost: a\r\n"

static TestServer *server;

static TestServer *
new_server (const gchar * access_log)
{
  static const gchar *const posts[] = { "/post", "/late", NULL };
  VsHttpSettings settings = {.posts = posts,.head_timeout_ms = DEADLINE_MS,
    .access_log = access_log
  };

  return test_server_new (&settings);
}

static void
setup (void)
{
  server = new_server (NULL);
}

static void
teardown (void)
{
  test_server_free (server, 0);
}

static void
assert_answer (const gchar * request, const gchar * start, const gchar * end)
{
  g_autofree gchar *answer = client_talk (server->port, request);

  fail_unless (g_str_has_prefix (answer, start), "%s: %s", request, answer);
  fail_unless (g_str_has_suffix (answer, end), "%s: %s", request, answer);
}

GST_START_TEST (test_body)
{
  assert_answer (POST "Connection: close\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 ", "\r\n\r\nPOST:hello");
  assert_answer (POST "Connection: close\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 ", "\r\n\r\nPOST:");
  assert_answer ("GET /post HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "HTTP/1.1 200 ", "\r\n\r\nGET:");
  assert_answer (POST "\r\n", "HTTP/1.1 411 ", "\n");
  assert_answer (POST "Content-Length: 16385\r\n\r\n", "HTTP/1.1 413 ", "\n");
  assert_answer ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
      "\r\na", "HTTP/1.1 405 ", "\n");
}

GST_END_TEST;

GST_START_TEST (test_largest_body)
{
  g_autofree gchar *body = g_strnfill (16384, 'b');
  g_autofree gchar *request = g_strconcat (POST "Content-Length: 16384\r\n\r\n",
      body, GET_SMALL, NULL);
  g_autofree gchar *end = g_strconcat ("POST:", body, "HTTP/1.1 200 ", NULL);
  g_autofree gchar *answer = client_talk (server->port, request);

  fail_unless (strstr (answer, end) != NULL);
}

GST_END_TEST;

/* However it is split, the body ends where it was said, and what follows is
 * the next request. */
GST_START_TEST (test_pieces)
{
  static const gchar text[] = POST "Content-Length: 24\r\n\r\n"
      "GET /small HTTP/1.1\r\n\r\n\n" GET_SMALL;

  for (gsize i = 1; i < sizeof text - 1; i += 7) {
    g_autofree gchar *first = g_strndup (text, i);
    g_autoptr (GString) answer = NULL;
    gint fd = client_connect (server->port);
    const gchar *second;

    client_send (fd, first);
    g_usleep (1000);
    client_send (fd, text + i);
    answer = client_read_all (fd);
    fail_unless (g_str_has_prefix (answer->str, "HTTP/1.1 200 "), "%s",
        answer->str);
    second = strstr (answer->str, "\r\n\r\nPOST:GET /small HTTP/1.1\r\n\r\n\n"
        "HTTP/1.1 200 ");
    fail_unless (second != NULL, "%s", answer->str);
    fail_unless (strstr (second + 50, "HTTP/1.1 ") == NULL, "%s", answer->str);
  }
}

GST_END_TEST;

/* Nothing of the body is a request when its POST was refused. */
GST_START_TEST (test_smuggling)
{
  static const gchar *const heads[] = {
    POST "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST "Content-Length: 0\r\nContent-Length: 60\r\n\r\n",
    POST "Content-Length: 99999\r\n\r\n",
    POST "\r\n",
    "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
    "GET /post HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
  };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    g_autofree gchar *text = g_strconcat (heads[i], GET_SMALL, NULL);
    g_autofree gchar *answer = client_talk (server->port, text);

    fail_unless (g_str_has_prefix (answer, "HTTP/1.1 4"), "%s", answer);
    fail_unless (strstr (answer, "\r\nConnection: close\r\n") != NULL);
    fail_unless (strstr (answer + 1, "HTTP/1.1 ") == NULL, "%s: %s", heads[i],
        answer);
  }
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
}

GST_END_TEST;

/* The body's deadline is as absolute as the head's, and no handler hears of
 * one that did not come. */
GST_START_TEST (test_slow_body)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-http-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "access.log", NULL);
  TestServer *slow = new_server (path);
  gint fd = client_connect (slow->port);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GString) answer = NULL;
  g_autofree gchar *text = NULL;
  VsHttpStats stats = { 0 };

  client_send (fd, POST "Content-Length: 10000\r\n\r\nsecret");
  while (stats.refused == 0) {
    fail_unless (g_get_monotonic_time () - start <
        (DEADLINE_MS + LATE_MS) * 1000);
    client_send (fd, "x");
    g_usleep (20000);
    test_server_stats (slow, &stats);
  }
  fail_unless (g_get_monotonic_time () - start >= DEADLINE_MS * 1000);
  answer = client_read_all (fd);
  fail_unless (g_str_has_prefix (answer->str, "HTTP/1.1 408 "), "%s",
      answer->str);
  fail_unless_equals_int (g_atomic_int_get (&slow->hits), 0);
  test_server_free (slow, 1000);
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless (strstr (text,
          "\"method\":\"POST\",\"request\":\"/post\"") != NULL, "%s", text);
  fail_unless (strstr (text, "secret") == NULL, "%s", text);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

/* Who announces a body and leaves is not heard of either. */
GST_START_TEST (test_lost_client)
{
  VsHttpStats stats;
  gint fd = client_connect (server->port);

  client_send (fd, POST "Content-Length: 10\r\n\r\nabc");
  close (fd);
  AWAIT ((test_server_stats (server, &stats), stats.connections == 0));
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
}

GST_END_TEST;

/* RFC 9110 10.1.1 */
GST_START_TEST (test_continue)
{
  static const gchar head[] = POST "Connection: close\r\nExpect: 100-continue"
      "\r\nContent-Length: 5\r\n\r\n";
  gint fd = client_connect (server->port);
  g_autoptr (GString) leave = NULL, answer = NULL;
  g_autofree gchar *whole = g_strconcat (head, "hello", NULL);

  client_send (fd, head);
  leave = client_read_response (fd, TRUE);
  fail_unless_equals_string (leave->str, "HTTP/1.1 100 Continue\r\n\r\n");
  client_send (fd, "hello");
  answer = client_read_all (fd);
  fail_unless (g_str_has_prefix (answer->str, "HTTP/1.1 200 "));
  fail_unless (g_str_has_suffix (answer->str, "POST:hello"));
  /* it does not wait: nothing is to be said */
  assert_answer (whole, "HTTP/1.1 200 ", "POST:hello");
  assert_answer (POST "Expect: x\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 417 ", "\n");
}

GST_END_TEST;

GST_START_TEST (test_preflight)
{
  g_autofree gchar *post = client_talk (server->port, "OPTIONS /post HTTP/1.1"
      "\r\nHost: a\r\nConnection: close\r\n\r\n");
  g_autofree gchar *other = client_talk (server->port, "OPTIONS /small HTTP/1.1"
      "\r\nHost: a\r\nConnection: close\r\n\r\n");

  fail_unless (strstr (post, "\r\nAllow: GET, HEAD, OPTIONS, POST\r\n"), "%s",
      post);
  fail_unless (strstr (post, "\r\nAccess-Control-Allow-Methods: "
          "GET, HEAD, OPTIONS, POST\r\n"));
  fail_unless (strstr (post, "\r\nAccess-Control-Allow-Headers: "
          "*, Authorization\r\n"));
  fail_unless (strstr (other, "POST") == NULL, "%s", other);
  fail_unless (strstr (other, "\r\nAccess-Control-Allow-Headers: "
          "*, Authorization\r\n"));
}

GST_END_TEST;

static Suite *
http_post_suite (void)
{
  Suite *s = suite_create ("http_post");
  TCase *tc = tcase_create ("post");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_body);
  tcase_add_test (tc, test_largest_body);
  tcase_add_test (tc, test_pieces);
  tcase_add_test (tc, test_smuggling);
  tcase_add_test (tc, test_slow_body);
  tcase_add_test (tc, test_lost_client);
  tcase_add_test (tc, test_continue);
  tcase_add_test (tc, test_preflight);
  return s;
}

GST_CHECK_MAIN (http_post);
