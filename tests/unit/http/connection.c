/* VisionStream: tests of connections: deadlines, bad requests, lost clients
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* deadlines of these tests, and how much later their effect may come */
#define DEADLINE_MS 400
#define LATE_MS 1500

#define GET_SMALL "GET /small HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LARGE "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LATE "GET /late HTTP/1.1\r\nHost: a\r\n\r\n"

static VsHttpStats
get_stats (TestServer * server)
{
  VsHttpStats stats;

  test_server_stats (server, &stats);
  return stats;
}

static void
assert_served (TestServer * server)
{
  gint64 start = g_get_monotonic_time ();
  gint fd = client_connect (server->port);
  g_autoptr (GString) response = NULL;

  client_send (fd, GET_SMALL);
  response = client_read_response (fd, FALSE);
  fail_unless (g_str_has_prefix (response->str, "HTTP/1.1 200"));
  fail_unless (g_get_monotonic_time () - start < G_USEC_PER_SEC);
  close (fd);
}

/* faults.md row 56: whatever is refused is answered once, and nothing behind
 * it is executed. */
GST_START_TEST (test_smuggling)
{
  static const gchar *const corpus[] = {
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        "Content-Length: 5\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" "0\n\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
        "Content-Length: 30\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -30\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
    "OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n X: y\r\n\r\n",
    "GET //b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "\r\n\r\n",
  };
  TestServer *server = test_server_new (NULL);
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (corpus); i++) {
    g_autofree gchar *text = g_strconcat (corpus[i], GET_SMALL, NULL);
    g_autofree gchar *response = client_talk (server->port, text);

    fail_unless (g_str_has_prefix (response, "HTTP/1.1 40"), "%s: %s",
        corpus[i], response);
    fail_unless (strstr (response, "\r\nConnection: close\r\n") != NULL);
    fail_unless (strstr (response + 1, "HTTP/1.1 ") == NULL, "%s: %s",
        corpus[i], response);
  }
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
  fail_unless_equals_uint64 (get_stats (server).refused, G_N_ELEMENTS (corpus));
  assert_served (server);
  test_server_free (server, 0);
}

GST_END_TEST;

/* A client that still sends gets to read why it was refused. */
GST_START_TEST (test_refused_while_sending)
{
  TestServer *server = test_server_new (NULL);
  g_autoptr (GString) text = g_string_new ("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  g_autofree gchar *response = NULL;

  while (text->len < 60000)
    g_string_append (text, "0123456789");
  response = client_talk (server->port, text->str);
  fail_unless (g_str_has_prefix (response, "HTTP/1.1 431 "), "%s", response);
  test_server_free (server, 0);
}

GST_END_TEST;

/* faults.md row 52: the deadline of a head is absolute. */
GST_START_TEST (test_slow_head)
{
  VsHttpSettings settings = {.head_timeout_ms = DEADLINE_MS };
  TestServer *server = test_server_new (&settings);
  gint fd = client_connect (server->port);
  gint64 start = g_get_monotonic_time (), taken;
  g_autoptr (GString) response = NULL;

  client_send (fd, "GET / HTTP/1.1\r\nX: ");
  while (!client_is_closed (fd, 50)) {
    client_send (fd, "y");
    assert_served (server);
    taken = (g_get_monotonic_time () - start) / 1000;
    fail_unless (taken < DEADLINE_MS + LATE_MS, "open after %d ms",
        (gint) taken);
    /* the answer has begun: one byte of it is read */
    if (get_stats (server).refused == 1)
      break;
  }
  fail_unless (g_get_monotonic_time () - start >= DEADLINE_MS * 1000);
  response = client_read_all (fd);
  fail_unless (strstr (response->str, "TTP/1.1 408 ") != NULL, "%s",
      response->str);
  test_server_free (server, 0);
}

GST_END_TEST;

GST_START_TEST (test_silent_client)
{
  VsHttpSettings settings = {.head_timeout_ms = DEADLINE_MS };
  TestServer *server = test_server_new (&settings);
  gint64 start = g_get_monotonic_time ();
  gint fd = client_connect (server->port);

  fail_unless (client_is_closed (fd, DEADLINE_MS + LATE_MS));
  fail_unless (g_get_monotonic_time () - start >= DEADLINE_MS * 1000);
  close (fd);
  test_server_free (server, 0);
}

GST_END_TEST;

GST_START_TEST (test_idle_client)
{
  VsHttpSettings settings = {.idle_timeout_ms = DEADLINE_MS };
  TestServer *server = test_server_new (&settings);
  gint fd = client_connect (server->port);
  g_autoptr (GString) response = NULL;
  gint64 start;

  /* the server's clock starts with its answer, which this may see late */
  start = g_get_monotonic_time ();
  client_send (fd, GET_SMALL);
  response = client_read_response (fd, FALSE);
  fail_unless (client_is_closed (fd, DEADLINE_MS + LATE_MS));
  fail_unless (g_get_monotonic_time () - start >= DEADLINE_MS * 900);
  close (fd);
  test_server_free (server, 0);
}

GST_END_TEST;

static gint
connect_slow_reader (guint16 port)
{
  gint fd = client_connect (port);

  client_send (fd, GET_LARGE);
  return fd;
}

/* faults.md row 54: what they wait for exists once; they are evicted. */
GST_START_TEST (test_slow_readers)
{
  VsHttpSettings settings = {.stall_timeout_ms = 1000 };
  TestServer *server = test_server_new (&settings);
  gint fds[100];
  gsize before, growth;
  guint i;

  assert_served (server);
  before = read_rss ();
  for (i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = connect_slow_reader (server->port);
  AWAIT (g_atomic_int_get (&server->hits) == G_N_ELEMENTS (fds) + 1);
  growth = read_rss () - before;
  fail_unless (growth < 8 * LARGE_SIZE, "%" G_GSIZE_FORMAT, growth);
  assert_served (server);
  AWAIT (get_stats (server).connections == 0);
  for (i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  test_server_free (server, 0);
}

GST_END_TEST;

/* A reader that is slow but reads is served to the end. */
GST_START_TEST (test_steady_reader)
{
  VsHttpSettings settings = {.stall_timeout_ms = DEADLINE_MS };
  TestServer *server = test_server_new (&settings);
  gint fd = client_connect (server->port);
  gchar *buffer = g_malloc (LARGE_SIZE / 8);
  gsize total = 0;
  gint small = 65536;
  gssize n;

  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof (small));
  client_send (fd, GET_LARGE);
  while (total < LARGE_SIZE) {
    n = recv (fd, buffer, LARGE_SIZE / 8, 0);
    fail_unless (n > 0, "after %" G_GSIZE_FORMAT, total);
    total += n;
    if (total < 400000)
      g_usleep (20000);
  }
  g_free (buffer);
  close (fd);
  test_server_free (server, 0);
}

GST_END_TEST;

GST_START_TEST (test_many_connections)
{
  TestServer *server = test_server_new (NULL);
  guint n = g_getenv ("VS_VALGRIND") ? 100 : 1000;
  guint fds, threads, i;

  assert_served (server);
  AWAIT (get_stats (server).connections == 0);
  fds = count_fds ();
  threads = count_threads ();
  /* kept alive, and closed by the client while idle */
  for (i = 0; i < n; i++)
    assert_served (server);
  AWAIT (get_stats (server).connections == 0);
  fail_unless_equals_int (count_fds (), fds);
  fail_unless_equals_int (count_threads (), threads);
  test_server_free (server, 0);
}

GST_END_TEST;

static gpointer
respond_in_thread (gpointer request)
{
  VsHttpAnswer answer = {.status = 200 };

  answer.body = g_bytes_new_static ("late", 4);
  vs_http_request_respond (request, &answer);
  g_bytes_unref (answer.body);
  return NULL;
}

static VsHttpRequest *
pop_late (TestServer * server)
{
  VsHttpRequest *request = g_async_queue_timeout_pop (server->late, PATIENCE);

  fail_unless (request != NULL);
  return request;
}

static void
respond_elsewhere (VsHttpRequest * request)
{
  g_thread_join (g_thread_new ("late", respond_in_thread, request));
}

GST_START_TEST (test_late_answer)
{
  TestServer *server = test_server_new (NULL);
  gint fd = client_connect (server->port);
  guint i;

  for (i = 0; i < 50; i++) {
    g_autoptr (GString) response = NULL;

    client_send (fd, GET_LATE);
    respond_elsewhere (pop_late (server));
    response = client_read_response (fd, FALSE);
    fail_unless (g_str_has_suffix (response->str, "\r\n\r\nlate"));
  }
  close (fd);
  test_server_free (server, 0);
}

GST_END_TEST;

/* faults.md row 48: holders whose clients left are released at once. */
GST_START_TEST (test_vanished_client)
{
  TestServer *server = test_server_new (NULL);
  struct linger reset = { 1, 0 };
  guint i, fds;

  assert_served (server);
  AWAIT (get_stats (server).connections == 0);
  fds = count_fds ();
  for (i = 0; i < 100; i++) {
    gint fd = client_connect (server->port);
    VsHttpRequest *request;

    client_send (fd, GET_LATE);
    request = pop_late (server);
    if (i % 2)
      setsockopt (fd, SOL_SOCKET, SO_LINGER, &reset, sizeof (reset));
    close (fd);
    /* before and after the server noticed */
    if (i % 4 < 2)
      AWAIT (get_stats (server).connections == 0);
    respond_elsewhere (request);
  }
  AWAIT (get_stats (server).connections == 0);
  fail_unless_equals_int (count_fds (), fds);
  assert_served (server);
  test_server_free (server, 0);
}

GST_END_TEST;

GST_START_TEST (test_vanished_reader)
{
  TestServer *server = test_server_new (NULL);
  guint i;

  for (i = 0; i < 50; i++) {
    gint fd = client_connect (server->port);
    gchar c;

    client_send (fd, GET_LARGE);
    fail_unless (recv (fd, &c, 1, 0) == 1);
    close (fd);
  }
  AWAIT (get_stats (server).connections == 0);
  test_server_free (server, 0);
}

GST_END_TEST;

/* Stopping: idle connections go at once, an answer under way is finished. */
GST_START_TEST (test_drain)
{
  TestServer *server = test_server_new (NULL);
  gint idle = client_connect (server->port);
  gint busy = client_connect (server->port);
  g_autoptr (GString) first = NULL, rest = NULL;
  gint64 start;

  client_send (idle, GET_SMALL);
  first = client_read_response (idle, FALSE);
  client_send (busy, GET_LATE);
  g_thread_unref (g_thread_new ("late", respond_in_thread, pop_late (server)));
  start = g_get_monotonic_time ();
  vs_http_server_free (g_steal_pointer (&server->server), PATIENCE / 1000);
  fail_unless (g_get_monotonic_time () - start < PATIENCE / 8);
  rest = client_read_all (busy);
  fail_unless (g_str_has_suffix (rest->str, "late"));
  fail_unless (client_is_closed (idle, 0));
  close (idle);
  test_server_free (server, 0);
}

GST_END_TEST;

/* Answers may come after their server has gone. */
GST_START_TEST (test_answer_after_stop)
{
  guint threads, fds, i;
  TestServer *server;
  gint clients[20];

  /* what GLib makes once a process is made now */
  server = test_server_new (NULL);
  test_server_free (server, 0);
  threads = count_threads ();
  fds = count_fds ();
  server = test_server_new (NULL);
  for (i = 0; i < G_N_ELEMENTS (clients); i++) {
    clients[i] = client_connect (server->port);
    client_send (clients[i], GET_LATE);
  }
  AWAIT (g_async_queue_length (server->late) == G_N_ELEMENTS (clients));
  vs_http_server_free (g_steal_pointer (&server->server), 50);
  for (i = 0; i < G_N_ELEMENTS (clients); i++) {
    fail_unless (client_is_closed (clients[i], 0));
    close (clients[i]);
    respond_in_thread (g_async_queue_pop (server->late));
  }
  fail_unless_equals_int (count_threads (), threads);
  test_server_free (server, 0);
  fail_unless_equals_int (count_fds (), fds);
}

GST_END_TEST;

static Suite *
http_connection_suite (void)
{
  Suite *s = suite_create ("http_connection");
  TCase *tc = tcase_create ("connection");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_smuggling);
  tcase_add_test (tc, test_refused_while_sending);
  tcase_add_test (tc, test_slow_head);
  tcase_add_test (tc, test_silent_client);
  tcase_add_test (tc, test_idle_client);
  tcase_add_test (tc, test_slow_readers);
  tcase_add_test (tc, test_steady_reader);
  tcase_add_test (tc, test_many_connections);
  tcase_add_test (tc, test_late_answer);
  tcase_add_test (tc, test_vanished_client);
  tcase_add_test (tc, test_vanished_reader);
  tcase_add_test (tc, test_drain);
  tcase_add_test (tc, test_answer_after_stop);
  return s;
}

GST_CHECK_MAIN (http_connection);
