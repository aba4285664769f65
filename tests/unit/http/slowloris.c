/* VisionStream: tests of clients that are slow on purpose (faults.md row 52)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With the deadlines that a server has when nobody sets any: the test lasts as
 * long as they do.
 */
#include "client.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_US (10 * G_USEC_PER_SEC)
#define LATE_US (20 * 1000)
/* what drips does so this often, each time one byte, or a few */
#define DRIP_US (100 * 1000)
#define DRIP_BYTES 64
/* more than what a server takes that nobody attacks, on the same machine */
#define P99_US 50000
#define EACH 20
/* 4 MiB, which may all go into the buffers of a socket: so it is asked for
 * several times */
#define LARGE "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"

typedef enum
{
  SILENT,                       /* says nothing */
  HEAD,                         /* drips a head */
  SECOND_HEAD,                  /* the same, after a request */
  BODY,                         /* drips the body of a request */
  READ,                         /* does not read what it asked for */
  DRIP_READ,                    /* reads a few bytes at a time */
  KINDS
} Kind;

static const gchar *const openings[KINDS] = {
  [HEAD] = "GET / HTTP/1.1\r\nX: ",
  [SECOND_HEAD] = "GET /small HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nX: ",
  [BODY] = "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
  [READ] = LARGE LARGE LARGE LARGE,
  [DRIP_READ] = LARGE LARGE LARGE LARGE,
};

/* A client that behaves: how long its requests took, µs */
typedef struct
{
  guint16 port;
  gint stop;                    /* atomic */
  GArray *times;                /* gint64 */
  GThread *thread;
} Viewer;

static gpointer
view (gpointer user_data)
{
  Viewer *viewer = user_data;
  gint fd = client_connect (viewer->port);

  while (!g_atomic_int_get (&viewer->stop)) {
    gint64 start = g_get_monotonic_time ();
    g_autoptr (GString) response = NULL;

    client_send (fd, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    response = client_read_response (fd, FALSE);
    fail_unless (g_str_has_prefix (response->str, "HTTP/1.1 200"));
    start = g_get_monotonic_time () - start;
    g_array_append_val (viewer->times, start);
    /* a new connection now and then */
    if (viewer->times->len % 100 == 0) {
      close (fd);
      fd = client_connect (viewer->port);
    }
    g_usleep (2000);
  }
  close (fd);
  return NULL;
}

static void
start_viewer (Viewer * viewer, TestServer * server)
{
  viewer->port = server->port;
  viewer->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  viewer->thread = g_thread_new ("viewer", view, viewer);
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

/* Returns: what 99 of 100 requests took at most, µs */
static gint64
stop_viewer (Viewer * viewer)
{
  gint64 p99;

  g_atomic_int_set (&viewer->stop, 1);
  g_thread_join (viewer->thread);
  fail_unless (viewer->times->len >= 100);
  g_array_sort (viewer->times, compare_times);
  p99 = g_array_index (viewer->times, gint64, viewer->times->len * 99 / 100);
  g_array_unref (viewer->times);
  return p99;
}

static void
drip (gint fd, Kind kind)
{
  gchar buffer[DRIP_BYTES];

  if (kind == HEAD || kind == SECOND_HEAD || kind == BODY)
    client_send (fd, "y");
  else if (kind == DRIP_READ)
    recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
}

static guint
count_connections (TestServer * server)
{
  VsHttpStats stats;

  test_server_stats (server, &stats);
  return stats.connections;
}

GST_START_TEST (test_slowloris)
{
  TestServer *server = test_server_new_default ();
  TestServer *calm = test_server_new_default ();
  Viewer viewer = { 0 }, control = { 0 };
  gint64 start = g_get_monotonic_time (), now, last = start, late = 0;
  gint64 attacked_us, calm_us;
  gint fds[KINDS][EACH];

  for (guint i = 0; i < KINDS * EACH; i++) {
    gint fd = client_connect (server->port);

    if (openings[i % KINDS])
      client_send (fd, openings[i % KINDS]);
    fds[i % KINDS][i / KINDS] = fd;
  }
  start_viewer (&viewer, server);
  start_viewer (&control, calm);
  AWAIT (count_connections (server) > KINDS * EACH / 2);
  do {
    for (guint i = 0; i < KINDS * EACH; i++)
      drip (fds[i % KINDS][i / KINDS], i % KINDS);
    g_usleep (DRIP_US);
    now = g_get_monotonic_time ();
    /* a machine that stands still does so for the server too */
    if (now - last > DRIP_US + LATE_US)
      late += now - last - DRIP_US;
    last = now;
    fail_unless (now - start - late <= LIMIT_US, "%u are open after 10 s",
        count_connections (server));
    /* the viewer's own, and one that it has just closed */
  } while (count_connections (server) > 2);
  attacked_us = stop_viewer (&viewer);
  calm_us = stop_viewer (&control);
  fail_unless (g_getenv ("VS_VALGRIND") || attacked_us < calm_us + P99_US,
      "%" G_GINT64_FORMAT " us, and %" G_GINT64_FORMAT " us without an attack",
      attacked_us, calm_us);
  for (guint i = 0; i < KINDS * EACH; i++)
    close (fds[i % KINDS][i / KINDS]);
  test_server_free (calm, 0);
  test_server_free (server, 0);
}

GST_END_TEST;

static Suite *
slowloris_suite (void)
{
  Suite *s = suite_create ("slowloris");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_slowloris);
  return s;
}

GST_CHECK_MAIN (slowloris);
