/* VisionStream: tests of the limits of accepting
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define GET_SMALL "GET /small HTTP/1.1\r\nHost: a\r\n\r\n"

static guint
count_connections (TestServer * server)
{
  VsHttpStats stats;

  test_server_stats (server, &stats);
  return stats.connections;
}

GST_START_TEST (test_max_per_ip)
{
  VsHttpSettings settings = {.max_connections_per_ip = 3 };
  TestServer *server = test_server_new (&settings);
  gint fds[3], extra;
  VsHttpStats stats;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = client_connect (server->port);
  AWAIT (count_connections (server) == 3);
  extra = client_connect (server->port);
  fail_unless (client_is_closed (extra, PATIENCE / 1000));
  close (extra);
  test_server_stats (server, &stats);
  fail_unless_equals_uint64 (stats.refused, 1);
  for (i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  AWAIT (count_connections (server) == 0);
  extra = client_connect (server->port);
  AWAIT (count_connections (server) == 1);
  close (extra);
  test_server_free (server, 0);
}

GST_END_TEST;

/* A proxy speaks for many. */
GST_START_TEST (test_exempt)
{
  g_autoptr (VsAddressList) proxies = vs_address_list_new ("127.0.0.0/8", NULL);
  VsHttpSettings settings = {.max_connections_per_ip = 1,
    .trusted_proxies = proxies
  };
  TestServer *server = test_server_new (&settings);
  gint fds[3];

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = client_connect (server->port);
  AWAIT (count_connections (server) == 3);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  AWAIT (count_connections (server) == 0);
  test_server_free (server, 0);
}

GST_END_TEST;

/* Past the limit a client waits in the backlog until there is room. */
GST_START_TEST (test_max_connections)
{
  VsHttpSettings settings = {.max_connections = 2 };
  TestServer *server = test_server_new (&settings);
  gint first = client_connect (server->port);
  gint second = client_connect (server->port), third;
  g_autoptr (GString) response = NULL;

  AWAIT (count_connections (server) == 2);
  third = client_connect (server->port);
  client_send (third, GET_SMALL);
  fail_if (client_is_closed (third, 100));
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
  close (first);
  response = client_read_response (third, FALSE);
  fail_unless (g_str_has_prefix (response->str, "HTTP/1.1 200"));
  close (second);
  close (third);
  test_server_free (server, 0);
}

GST_END_TEST;

static gint64
cpu_time_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
      (gint64) G_USEC_PER_SEC + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* faults.md row 53: without descriptors the server waits, and does not spin;
 * with them it goes on. */
GST_START_TEST (test_no_descriptors)
{
  TestServer *server;
  struct rlimit limit;
  gint fd, spare[64];
  gint64 before;
  g_autoptr (GString) response = NULL;
  guint i, n = 0;

  if (g_getenv ("VS_VALGRIND")) {
    g_print ("skipped: valgrind keeps descriptors of its own\n");
    return;
  }
  server = test_server_new (NULL);
  fd = client_connect (server->port);
  AWAIT (count_connections (server) == 1);
  close (fd);
  AWAIT (count_connections (server) == 0);
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 64;
  fail_unless (setrlimit (RLIMIT_NOFILE, &limit) == 0);
  while (n < G_N_ELEMENTS (spare)
      && (spare[n] = open ("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
    n++;
  fail_unless (n > 1);
  /* one is left: the client's own */
  close (spare[--n]);
  fd = client_connect (server->port);
  client_send (fd, GET_SMALL);
  before = cpu_time_us ();
  g_usleep (500000);
  fail_unless (cpu_time_us () - before < 100000);
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
  for (i = 0; i < n; i++)
    close (spare[i]);
  response = client_read_response (fd, FALSE);
  fail_unless (g_str_has_prefix (response->str, "HTTP/1.1 200"));
  close (fd);
  test_server_free (server, 0);
}

GST_END_TEST;

/* "::" serves IPv4, whose clients keep their own address. */
GST_START_TEST (test_any_address)
{
  VsHttpSettings settings = {.address = "::" };
  TestServer *server = test_server_new (&settings);
  gint fd = client_connect (server->port);
  VsHttpAnswer answer = {.status = 200 };
  VsHttpRequest *request;
  g_autoptr (GString) response = NULL;

  client_send (fd, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  request = g_async_queue_timeout_pop (server->late, PATIENCE);
  fail_unless (request != NULL);
  fail_unless_equals_string (vs_http_request_get_client_ip (request),
      "127.0.0.1");
  vs_http_request_respond (request, &answer);
  response = client_read_response (fd, FALSE);
  close (fd);
  test_server_free (server, 0);
}

GST_END_TEST;

static Suite *
http_listener_suite (void)
{
  Suite *s = suite_create ("http_listener");
  TCase *tc = tcase_create ("listener");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_max_per_ip);
  tcase_add_test (tc, test_exempt);
  tcase_add_test (tc, test_max_connections);
  tcase_add_test (tc, test_no_descriptors);
  tcase_add_test (tc, test_any_address);
  return s;
}

GST_CHECK_MAIN (http_listener);
