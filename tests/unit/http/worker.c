/* VisionStream: tests of a worker's bound on waiting requests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <string.h>
#include <unistd.h>
#include "http/vshttplistener.h"
#include "http/vshttpworker.h"

#define MAX_PENDING 2
#define GET_LATE "GET /late HTTP/1.1\r\nHost: a\r\n\r\n"

static VsHttpListener *listener;
static VsHttpWorker *worker;
static VsHttpWorkerConfig config;
static GAsyncQueue *late;

static void
on_request (VsHttpRequest * request, gpointer user_data)
{
  g_async_queue_push (late, request);
}

static void
on_accepted (GSocket * socket, GSocketAddress * remote, gpointer user_data)
{
  vs_http_worker_add (worker, socket, remote);
}

static void
on_closed (GSocketAddress * remote, gpointer user_data)
{
  vs_http_listener_release (listener, remote);
}

static void
setup (void)
{
  late = g_async_queue_new ();
  config = (VsHttpWorkerConfig) {
    .connection = {.head_timeout_ms = 5000,.idle_timeout_ms = 5000,
      .stall_timeout_ms = 5000
  },.max_pending = MAX_PENDING,.handler = on_request,.closed = on_closed};
  config.viewers = vs_http_viewers_new ();
  listener = vs_http_listener_new ("127.0.0.1", 0, 100, 0, NULL);
  worker = vs_http_worker_new (&config);
  vs_http_listener_start (listener, on_accepted, NULL);
}

static void
teardown (void)
{
  vs_http_listener_stop (listener);
  vs_http_worker_stop (worker, 0);
  vs_http_worker_join (worker);
  vs_http_worker_unref (worker);
  vs_http_listener_free (listener);
  vs_http_viewers_free (config.viewers);
  g_async_queue_unref (late);
}

static void
answer_one (void)
{
  VsHttpRequest *request = g_async_queue_timeout_pop (late, PATIENCE);
  VsHttpAnswer answer = {.status = 200 };

  fail_unless (request != NULL);
  vs_http_request_respond (request, &answer);
}

static gint
send_late (void)
{
  gint fd = client_connect (vs_http_listener_get_port (listener));

  client_send (fd, GET_LATE);
  return fd;
}

static void
assert_response (gint fd, const gchar * prefix)
{
  g_autoptr (GString) response = client_read_response (fd, FALSE);

  fail_unless (g_str_has_prefix (response->str, prefix), "%s", response->str);
  close (fd);
}

GST_START_TEST (test_max_pending)
{
  gint fds[MAX_PENDING], fd;
  guint i;

  for (i = 0; i < MAX_PENDING; i++)
    fds[i] = send_late ();
  AWAIT (g_async_queue_length (late) == MAX_PENDING);
  assert_response (send_late (), "HTTP/1.1 503 ");
  fail_unless_equals_int (g_async_queue_length (late), MAX_PENDING);
  for (i = 0; i < MAX_PENDING; i++)
    answer_one ();
  for (i = 0; i < MAX_PENDING; i++)
    assert_response (fds[i], "HTTP/1.1 200 ");
  /* there is room again */
  fd = send_late ();
  answer_one ();
  assert_response (fd, "HTTP/1.1 200 ");
}

GST_END_TEST;

/* A client that left still counts until the handler lets go of it. */
GST_START_TEST (test_vanished_is_pending)
{
  guint i;
  gint last;

  for (i = 0; i < MAX_PENDING; i++) {
    gint fd = send_late ();

    AWAIT (g_async_queue_length (late) == i + 1);
    close (fd);
  }
  AWAIT (vs_http_worker_get_load (worker) == 0);
  assert_response (send_late (), "HTTP/1.1 503 ");
  for (i = 0; i < MAX_PENDING; i++)
    answer_one ();
  last = send_late ();
  answer_one ();
  assert_response (last, "HTTP/1.1 200 ");
}

GST_END_TEST;

static gboolean
count_call (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
  return G_SOURCE_REMOVE;
}

GST_START_TEST (test_post)
{
  VsHttpWorkerConfig other = config;
  VsHttpWorker *short_lived = vs_http_worker_new (&other);
  gint count = 0;
  guint i;

  for (i = 0; i < 100; i++)
    fail_unless (vs_http_worker_post (short_lived, count_call, &count));
  fail_if (vs_http_worker_is_current (short_lived));
  vs_http_worker_stop (short_lived, 0);
  vs_http_worker_join (short_lived);
  fail_unless_equals_int (count, 100);
  fail_if (vs_http_worker_post (short_lived, count_call, &count));
  vs_http_worker_unref (short_lived);
}

GST_END_TEST;

static Suite *
http_worker_suite (void)
{
  Suite *s = suite_create ("http_worker");
  TCase *tc = tcase_create ("worker");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_max_pending);
  tcase_add_test (tc, test_vanished_is_pending);
  tcase_add_test (tc, test_post);
  return s;
}

GST_CHECK_MAIN (http_worker);
