/* VisionStream: tests of answers that are read as they are sent
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOSE "Host: a\r\nConnection: close\r\n"
#define MIB (1024 * 1024)
#define SIZE (10 * MIB + 123)
#define ETAG "\"movie-1\""
#define STALL_MS 400

/* How the source answers. */
typedef enum
{
  MODE_THREAD,                  /* from another thread */
  MODE_NOW,                     /* from the call */
  MODE_HELD                     /* when the test does */
} Mode;

typedef struct
{
  guint64 offset;
  gsize size;
  GCancellable *cancellable;
  VsHttpSourceDone done;
  gpointer user_data;
} Read;

static VsHttpServer *server;
static guint16 port;
static Mode mode;
static guint64 source_size;
static guint64 bad_offset;      /* reads from here on fail */
static gint bad_code, n_busy;
static gboolean is_short;
static gint n_reads, n_running, most_running, n_sources;        /* atomic */
static GAsyncQueue *held;       /* Read */
static GThreadPool *threads;

/* Differs between any two places that are not the same modulo 251. */
static GBytes *
make_bytes (guint64 offset, gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (offset + i) % 251;
  return g_bytes_new_take (data, size);
}

static void
read_free (Read * read)
{
  g_object_unref (read->cancellable);
  g_free (read);
}

static void
answer_read (Read * read)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (g_atomic_int_add (&n_busy, -1) > 0)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
  else if (read->offset >= bad_offset && !is_short)
    error = g_error_new_literal (G_IO_ERROR, bad_code, "the disk is on fire");
  else
    bytes = make_bytes (read->offset, read->size -
        (read->offset >= bad_offset));
  g_atomic_int_add (&n_running, -1);
  read->done (bytes, error, read->user_data);
  read_free (read);
}

static void
run_read (gpointer data, gpointer user_data)
{
  answer_read (data);
}

static void
on_read (gpointer data, guint64 offset, gsize size, GCancellable * cancellable,
    VsHttpSourceDone done, gpointer user_data)
{
  Read *read = g_new (Read, 1);
  gint running = g_atomic_int_add (&n_running, 1) + 1;

  *read = (Read) {
  offset, size, g_object_ref (cancellable), done, user_data};
  g_atomic_int_inc (&n_reads);
  if (running > g_atomic_int_get (&most_running))
    g_atomic_int_set (&most_running, running);
  if (mode == MODE_HELD)
    g_async_queue_push (held, read);
  else if (mode == MODE_THREAD)
    g_thread_pool_push (threads, read, NULL);
  else
    answer_read (read);
}

static void
on_free (gpointer data)
{
  g_atomic_int_add (&n_sources, -1);
}

static void
on_request (VsHttpRequest * request, gpointer user_data)
{
  g_autoptr (VsHttpSource) source = vs_http_source_new (source_size, on_read,
      NULL, on_free);
  VsHttpAnswer answer = {.status = 200,.source = source,.etag = ETAG,
    .content_type = "video/mp4",.ranges = TRUE
  };

  g_atomic_int_inc (&n_sources);
  vs_http_request_respond (request, &answer);
}

static void
setup (void)
{
  const VsHttpSettings settings = {.address = "127.0.0.1",.n_workers = 2,
    .head_timeout_ms = 5000,.idle_timeout_ms = 5000,.stall_timeout_ms = STALL_MS
  };

  mode = MODE_THREAD;
  source_size = SIZE;
  bad_offset = G_MAXUINT64;
  bad_code = G_IO_ERROR_FAILED;
  n_busy = n_reads = n_running = most_running = n_sources = 0;
  is_short = FALSE;
  held = g_async_queue_new ();
  threads = g_thread_pool_new (run_read, NULL, 4, FALSE, NULL);
  server = vs_http_server_new (&settings, on_request, NULL, NULL);
  port = vs_http_server_get_port (server);
}

static void
teardown (void)
{
  g_thread_pool_free (threads, FALSE, TRUE);
  if (server)
    vs_http_server_free (server, 0);
  g_async_queue_unref (held);
  fail_unless_equals_int (g_atomic_int_get (&n_sources), 0);
}

static guint
get_connections (void)
{
  VsHttpStats stats;

  vs_http_server_get_stats (server, &stats);
  return stats.connections;
}

static GString *
talk (const gchar * method, const gchar * fields)
{
  g_autofree gchar *text = g_strdup_printf ("%s /movie HTTP/1.1\r\n" CLOSE
      "%s\r\n", method, fields);
  gint fd = client_connect (port);

  client_send (fd, text);
  return client_read_all (fd);
}

/* The body is that of the part, or its beginning. Returns its size. */
static gsize
check_body (const GString * all, guint64 offset)
{
  const gchar *body = strstr (all->str, "\r\n\r\n") + 4;
  gsize size = all->str + all->len - body;
  g_autoptr (GBytes) expected = make_bytes (offset, size);

  fail_unless (size == 0
      || memcmp (body, g_bytes_get_data (expected, NULL), size) == 0);
  return size;
}

static void
assert_part (const gchar * fields, guint status, const gchar * content_range,
    guint64 offset, gsize size)
{
  g_autoptr (GString) all = talk ("GET", fields);
  g_autofree gchar *line = g_strdup_printf ("HTTP/1.1 %u ", status);
  g_autofree gchar *length = g_strdup_printf ("\r\nContent-Length: %"
      G_GSIZE_FORMAT "\r\n", size);

  fail_unless (g_str_has_prefix (all->str, line), "%s: %.300s", fields,
      all->str);
  fail_unless (strstr (all->str, length) != NULL, "%.400s", all->str);
  if (content_range)
    fail_unless (strstr (all->str, content_range) != NULL, "%.400s", all->str);
  else
    fail_unless (strstr (all->str, "Content-Range") == NULL);
  fail_unless_equals_int (check_body (all, offset), size);
}

static void
assert_parts (void)
{
  assert_part ("", 200, NULL, 0, SIZE);
  assert_part ("Range: bytes=0-0\r\n", 206,
      "\r\nContent-Range: bytes 0-0/10485883\r\n", 0, 1);
  assert_part ("Range: bytes=1048570-3145740\r\n", 206,
      "\r\nContent-Range: bytes 1048570-3145740/10485883\r\n", 1048570,
      2097171);
  assert_part ("Range: bytes=-7\r\n", 206,
      "\r\nContent-Range: bytes 10485876-10485882/10485883\r\n", SIZE - 7, 7);
  assert_part ("Range: bytes=10485882-\r\n", 206,
      "\r\nContent-Range: bytes 10485882-10485882/10485883\r\n", SIZE - 1, 1);
  assert_part ("Range: bytes=10485883-\r\n", 416,
      "\r\nContent-Range: bytes */10485883\r\n", 0, 0);
  assert_part ("Range: bytes=0-1,5-6\r\n", 200, NULL, 0, SIZE);
  assert_part ("Range: bytes=5-6\r\nIf-Range: " ETAG "\r\n", 206,
      "\r\nContent-Range: bytes 5-6/10485883\r\n", 5, 2);
  assert_part ("Range: bytes=5-6\r\nIf-Range: \"x\"\r\n", 200, NULL, 0, SIZE);
}

GST_START_TEST (test_parts)
{
  assert_parts ();
}

GST_END_TEST;

GST_START_TEST (test_parts_at_once)
{
  mode = MODE_NOW;
  assert_parts ();
}

GST_END_TEST;

GST_START_TEST (test_empty)
{
  source_size = 0;
  assert_part ("", 200, NULL, 0, 0);
  assert_part ("Range: bytes=0-\r\n", 416,
      "\r\nContent-Range: bytes */0\r\n", 0, 0);
  fail_unless_equals_int (n_reads, 0);
}

GST_END_TEST;

/* Nothing is read for who wants no body. */
GST_START_TEST (test_no_body)
{
  g_autoptr (GString) head = talk ("HEAD", "");
  g_autoptr (GString) same = talk ("GET", "If-None-Match: " ETAG "\r\n");

  fail_unless (g_str_has_prefix (head->str, "HTTP/1.1 200 "));
  fail_unless (strstr (head->str, "\r\nContent-Length: 10485883\r\n") != NULL,
      "%s", head->str);
  fail_unless (strstr (head->str, "\r\nAccept-Ranges: bytes\r\n") != NULL);
  fail_unless (g_str_has_suffix (head->str, "\r\n\r\n"));
  fail_unless (g_str_has_prefix (same->str, "HTTP/1.1 304 "));
  fail_unless_equals_int (n_reads, 0);
}

GST_END_TEST;

/* Past what 32 bits can tell. */
GST_START_TEST (test_huge)
{
  source_size = 5000000000;
  assert_part ("Range: bytes=4999999990-\r\n", 206,
      "\r\nContent-Range: bytes 4999999990-4999999999/5000000000\r\n",
      4999999990, 10);
  assert_part ("Range: bytes=4294967290-4297967295\r\n", 206,
      "\r\nContent-Range: bytes 4294967290-4297967295/5000000000\r\n",
      4294967290, 3000006);
}

GST_END_TEST;

/* Who asks for one more on the same connection gets it. */
GST_START_TEST (test_keep_alive)
{
  gint fd = client_connect (port);

  source_size = 1000;
  for (guint i = 0; i < 5; i++) {
    g_autoptr (GString) response = NULL;

    client_send (fd, "GET /movie HTTP/1.1\r\nHost: a\r\n\r\n");
    response = client_read_response (fd, FALSE);
    fail_unless_equals_int (check_body (response, 0), 1000);
  }
  close (fd);
}

GST_END_TEST;

static gpointer
client_thread (gpointer data)
{
  assert_part ("", 200, NULL, 0, SIZE);
  return NULL;
}

GST_START_TEST (test_many)
{
  GThread *clients[20];

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    clients[i] = g_thread_new ("client", client_thread, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    g_thread_join (clients[i]);
  /* a read a client at a time */
  fail_unless (most_running <= (gint) G_N_ELEMENTS (clients));
}

GST_END_TEST;

/* A client that does not read is not read for, and closed in the end. */
GST_START_TEST (test_back_pressure)
{
  gint fd = client_connect (port), reads;

  source_size = G_GUINT64_CONSTANT (1) << 40;
  client_send (fd, "GET /movie HTTP/1.1\r\n" CLOSE "\r\n");
  AWAIT (g_atomic_int_get (&n_reads) > 2);
  AWAIT (get_connections () == 0);
  reads = g_atomic_int_get (&n_reads);
  /* what a socket takes on its own is some MiB */
  fail_unless (reads < 40, "%d", reads);
  AWAIT (g_atomic_int_get (&n_sources) == 0);
  close (fd);
}

GST_END_TEST;

static Read *
pop_read (void)
{
  Read *read = g_async_queue_timeout_pop (held, PATIENCE);

  fail_unless (read != NULL);
  return read;
}

/* The client is not to blame for a slow source. */
GST_START_TEST (test_slow_source)
{
  gint fd = client_connect (port);
  g_autoptr (GString) all = NULL;

  mode = MODE_HELD;
  source_size = 3 * MIB;
  client_send (fd, "GET /movie HTTP/1.1\r\n" CLOSE "\r\n");
  for (guint i = 0; i < 3; i++) {
    Read *read = pop_read ();

    fail_unless_equals_uint64 (read->offset, i * MIB);
    g_usleep (2 * STALL_MS * 1000);
    answer_read (read);
  }
  all = client_read_all (fd);
  fail_unless_equals_int (check_body (all, 0), 3 * MIB);
}

GST_END_TEST;

/* Before the first byte there is a status to tell it by. */
GST_START_TEST (test_first_read_fails)
{
  g_autoptr (GString) failed = NULL, busy = NULL;

  bad_offset = 0;
  failed = talk ("GET", "");
  fail_unless (g_str_has_prefix (failed->str, "HTTP/1.1 502 "), "%s",
      failed->str);
  fail_unless (strstr (failed->str, "\r\nContent-Length: 0\r\n") != NULL);
  fail_unless (strstr (failed->str, "fire") == NULL);
  fail_unless (strstr (failed->str, ETAG) == NULL);
  bad_offset = G_MAXUINT64;
  g_atomic_int_set (&n_busy, 1000);
  busy = talk ("GET", "");
  fail_unless (g_str_has_prefix (busy->str, "HTTP/1.1 503 "), "%s", busy->str);
  fail_unless (strstr (busy->str, "\r\nRetry-After: 1\r\n") != NULL);
}

GST_END_TEST;

static void
assert_cut (void)
{
  g_autoptr (GString) all = talk ("GET", "");

  fail_unless (g_str_has_prefix (all->str, "HTTP/1.1 200 "));
  fail_unless (strstr (all->str, "\r\nContent-Length: 10485883\r\n") != NULL);
  fail_unless_equals_int (check_body (all, 0), bad_offset);
  AWAIT (get_connections () == 0);
}

/* Afterwards the only truth left is an end that comes too early. */
GST_START_TEST (test_later_read_fails)
{
  bad_offset = MIB;
  assert_cut ();
  bad_offset = 5 * MIB;
  assert_cut ();
  mode = MODE_NOW;
  assert_cut ();
  is_short = TRUE;
  assert_cut ();
  mode = MODE_THREAD;
  assert_cut ();
  /* the last piece, too */
  bad_offset = 10 * MIB;
  assert_cut ();
}

GST_END_TEST;

GST_START_TEST (test_busy_for_a_moment)
{
  n_busy = 2;
  assert_part ("", 200, NULL, 0, SIZE);
}

GST_END_TEST;

/* What the client has left is not read on. */
static void
leave_at (guint piece)
{
  gint fd = client_connect (port);
  Read *read;

  client_send (fd, "GET /movie HTTP/1.1\r\n" CLOSE "\r\n");
  for (guint i = 0; i < piece; i++)
    answer_read (pop_read ());
  read = pop_read ();
  close (fd);
  if (piece > 0) {
    /* a client that closed only its side may still read: it is told apart by
     * what it answers to the next bytes */
    answer_read (read);
    read = NULL;
  } else {
    AWAIT (g_cancellable_is_cancelled (read->cancellable));
    answer_read (read);
  }
  AWAIT (get_connections () == 0);
  while ((read = g_async_queue_try_pop (held)))
    answer_read (read);
  AWAIT (g_atomic_int_get (&n_sources) == 0);
}

GST_START_TEST (test_client_leaves)
{
  mode = MODE_HELD;
  leave_at (0);
  leave_at (1);
  leave_at (3);
}

GST_END_TEST;

static gsize
sum_reads (Read ** list, guint n)
{
  gsize sum = 0;

  for (guint i = 0; i < n; i++) {
    list[i] = pop_read ();
    sum += list[i]->size;
  }
  return sum;
}

/* Many who want much cost little more than a few do, each gets on, and when
 * they are gone there is room again. */
GST_START_TEST (test_memory_is_short)
{
  gint fds[300], one;
  Read *list[G_N_ELEMENTS (fds)];
  Read *read;

  mode = MODE_HELD;
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++) {
    fds[i] = client_connect (port);
    client_send (fds[i], "GET /movie HTTP/1.1\r\n" CLOSE "\r\n");
  }
  fail_unless_equals_uint64 (sum_reads (list, G_N_ELEMENTS (fds)),
      256 * MIB + 44 * 64 * 1024);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  AWAIT (get_connections () == 0);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    answer_read (list[i]);

  one = client_connect (port);
  client_send (one, "GET /movie HTTP/1.1\r\n" CLOSE "\r\n");
  read = pop_read ();
  fail_unless_equals_int (read->size, MIB);
  close (one);
  answer_read (read);
  AWAIT (get_connections () == 0);
  while ((read = g_async_queue_try_pop (held)))
    answer_read (read);
}

GST_END_TEST;

/* A read may outlast the server. */
GST_START_TEST (test_server_leaves)
{
  gint fd = client_connect (port), other = client_connect (port);
  Read *first, *second;

  mode = MODE_HELD;
  client_send (fd, "GET /movie HTTP/1.1\r\n" CLOSE "\r\n");
  first = pop_read ();
  client_send (other, "GET /movie HTTP/1.1\r\n" CLOSE "\r\n");
  answer_read (pop_read ());
  second = pop_read ();
  vs_http_server_free (server, 100);
  server = NULL;
  fail_unless (g_cancellable_is_cancelled (first->cancellable));
  fail_unless (g_cancellable_is_cancelled (second->cancellable));
  answer_read (first);
  answer_read (second);
  close (fd);
  close (other);
}

GST_END_TEST;

static Suite *
http_source_suite (void)
{
  Suite *s = suite_create ("http_source");
  TCase *tc = tcase_create ("source");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_parts);
  tcase_add_test (tc, test_parts_at_once);
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_no_body);
  tcase_add_test (tc, test_huge);
  tcase_add_test (tc, test_keep_alive);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_back_pressure);
  tcase_add_test (tc, test_slow_source);
  tcase_add_test (tc, test_first_read_fails);
  tcase_add_test (tc, test_later_read_fails);
  tcase_add_test (tc, test_busy_for_a_moment);
  tcase_add_test (tc, test_client_leaves);
  tcase_add_test (tc, test_memory_is_short);
  tcase_add_test (tc, test_server_leaves);
  return s;
}

GST_CHECK_MAIN (http_source);
