/* VisionStream: tests of the HTTP client, against servers that people run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "common/folder.h"
#include "common/poolthreads.h"
#include "store/digestserver.h"
#include "store/nginx.h"
#include "store/rawserver.h"
#include "store/vshttpclient.h"

#define MAX_ANSWER (64 * 1024 * 1024)
#define N_THREADS 8
#define N_ROUNDS 50

static Nginx *nginx;
static VsHttpClient *client;

static void
setup (void)
{
  test_pool_threads_limit ();
  nginx = nginx_new ();
}

static void
teardown (void)
{
  g_clear_pointer (&client, vs_http_client_unref);
  nginx_free (nginx);
  test_pool_threads_await_end ();
}

static void
make_client (VsHttpClientSettings settings)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&client, vs_http_client_unref);
  client = vs_http_client_new (&settings, &error);
  fail_unless (client != NULL, "%s", error ? error->message : "");
}

static guint
send_to (const gchar * method, const gchar * base, const gchar * path,
    GBytes * bytes, GBytes ** answer, GError ** error)
{
  const VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  g_autofree gchar *uri = g_strconcat (base, path, NULL);
  const VsHttpCall call = {.method = method,.uri = uri,
    .body = bytes ? &body : NULL,.max_answer = MAX_ANSWER,
    .deadline_us = g_get_monotonic_time () + 40 * G_USEC_PER_SEC
  };
  g_auto (VsHttpReply) reply = { 0 };

  if (!vs_http_client_send (client, &call, NULL, &reply, error))
    return 0;
  if (answer)
    *answer = g_bytes_ref (reply.body);
  return reply.status;
}

static void
expect (guint status, const gchar * method, const gchar * base,
    const gchar * path, GBytes * bytes, GBytes ** answer)
{
  g_autoptr (GError) error = NULL;
  guint got = send_to (method, base, path, bytes, answer, &error);

  fail_unless (error == NULL, "%s", error ? error->message : "");
  fail_unless (got == status, "%s %s: %u, not %u", method, path, got, status);
}

static GBytes *
make_bytes (GRand * rand, gsize size)
{
  guint32 *words = g_malloc (size + sizeof *words);

  for (gsize i = 0; i <= size / sizeof *words; i++)
    words[i] = g_rand_int (rand);
  return g_bytes_new_take (words, size);
}

static void
check_dav (const gchar * base, const gchar * folder)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GBytes) bytes = make_bytes (rand, 3000000);
  g_autoptr (GBytes) back = NULL, none = NULL;
  g_autofree gchar *path = g_strconcat (folder, "a%20b/c+d%2Be", NULL);
  g_autofree gchar *made = g_strconcat (folder, "made/", NULL);

  expect (404, "GET", base, path, NULL, NULL);
  expect (201, "PUT", base, path, bytes, NULL);
  expect (204, "PUT", base, path, bytes, NULL);
  expect (200, "GET", base, path, NULL, &back);
  fail_unless (g_bytes_equal (bytes, back));
  expect (200, "HEAD", base, path, NULL, &none);
  fail_unless_equals_int (g_bytes_get_size (none), 0);
  expect (204, "DELETE", base, path, NULL, NULL);
  expect (404, "DELETE", base, path, NULL, NULL);
  expect (201, "MKCOL", base, made, NULL, NULL);
}

GST_START_TEST (test_dav)
{
  make_client ((VsHttpClientSettings) {
      0});
  check_dav (nginx->plain, "/open/");
}

GST_END_TEST;

/* nginx would speak HTTP/2 to whom offers it. */
GST_START_TEST (test_tls)
{
  g_autoptr (GBytes) protocol = NULL;

  make_client ((VsHttpClientSettings) {
      .ca_file = nginx->ca_file});
  check_dav (nginx->tls, "/open/");
  expect (200, "GET", nginx->tls, "/protocol", NULL, &protocol);
  fail_unless (g_bytes_get_size (protocol) == 8
      && memcmp (g_bytes_get_data (protocol, NULL), "HTTP/1.1", 8) == 0);
}

GST_END_TEST;

static void
check_refused (const gchar * base, const gchar * reason)
{
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (send_to ("GET", base, "/open/", NULL, NULL, &error),
      0);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED)
      && strstr (error->message, reason), "%s", error->message);
}

GST_START_TEST (test_certificates)
{
  g_autofree gchar *other = g_strdup_printf ("https://127.0.0.1:%u",
      nginx->tls_port);
  const VsHttpClientSettings missing = {.ca_file = "/nonexistent.pem" };
  g_autoptr (GError) error = NULL;

  make_client ((VsHttpClientSettings) {
      0});
  check_refused (nginx->tls, "trusted");
  make_client ((VsHttpClientSettings) {
      .ca_file = nginx->ca_file});
  check_refused (other, "another host");
  fail_unless (vs_http_client_new (&missing, &error) == NULL);
  fail_unless (strstr (error->message, missing.ca_file) != NULL);
}

GST_END_TEST;

static void
make_user (const gchar * origin, const gchar * password)
{
  make_client ((VsHttpClientSettings) {
      .ca_file = nginx->ca_file,.origin = origin,.user = "u",.password =
        password});
}

/* The server asks once. */
GST_START_TEST (test_basic)
{
  const gchar *const bases[] = { nginx->plain, nginx->tls };

  for (guint i = 0; i < G_N_ELEMENTS (bases); i++) {
    make_user (bases[i], "p w+");
    check_dav (bases[i], i ? "/shut/b/" : "/shut/a/");
    fail_unless_equals_int (nginx_count_answers (nginx, 401), i + 1);
  }
  make_user (nginx->plain, "wrong");
  expect (401, "GET", nginx->plain, "/shut/c", NULL, NULL);
  fail_unless_equals_int (nginx_count_answers (nginx, 401), 4);
  /* it is known to be asked for now, and no better */
  expect (401, "GET", nginx->plain, "/shut/c", NULL, NULL);
  fail_unless_equals_int (nginx_count_answers (nginx, 401), 5);
}

GST_END_TEST;

static gboolean
answer_401 (RawRequest * request, gpointer user_data)
{
  return raw_send (request->fd, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n"
      "WWW-Authenticate: Other a=\"b\", Basic realm=\"a\"\r\n\r\n");
}

/* A password is for one server, and not for the wire. */
GST_START_TEST (test_password_kept)
{
  RawServer *raw = raw_server_new (answer_401, NULL);
  g_autofree gchar *near = g_strdup_printf ("http://127.0.0.1:%u", raw->port);
  /* the same machine by an address that is not loopback's */
  g_autofree gchar *far = g_strdup_printf ("http://0.0.0.0:%u", raw->port);
  g_autofree gchar *head = NULL;
  g_autoptr (GError) error = NULL;

  make_user (nginx->plain, "p w+");
  expect (404, "GET", nginx->plain, "/shut/a", NULL, NULL);
  expect (401, "GET", near, "/a", NULL, NULL);
  make_user (far, "p w+");
  fail_unless_equals_int (send_to ("GET", far, "/a", NULL, NULL, &error), 0);
  fail_unless (g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_PERMISSION_DENIED), "%s", error->message);
  fail_unless_equals_int (g_atomic_int_get (&raw->n_requests), 2);
  head = raw_server_get_head (raw);
  fail_unless (strstr (head, "Authorization") == NULL);

  /* and where it may go, it does */
  make_user (near, "p w+");
  expect (401, "GET", near, "/a", NULL, NULL);
  fail_unless_equals_int (g_atomic_int_get (&raw->n_requests), 4);
  g_free (head);
  head = raw_server_get_head (raw);
  fail_unless (strstr (head, "Authorization: Basic dTpwIHcr") != NULL);
  raw_server_free (raw);
}

GST_END_TEST;

static gboolean
answer_digest (RawRequest * request, gpointer user_data)
{
  return raw_send (request->fd, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n"
      "WWW-Authenticate: Basic realm=\"a\", Digest realm=\"a, b\", "
      "qop=\"auth,auth-int\", nonce=\"n\"\r\n\r\n");
}

/* The stronger of two is taken; what it covers is the target as it is sent,
 * which SoupServer compares with one that it has decoded. */
GST_START_TEST (test_digest_target)
{
  RawServer *raw = raw_server_new (answer_digest, NULL);
  g_autofree gchar *base = g_strdup_printf ("http://127.0.0.1:%u", raw->port);
  g_autofree gchar *head = NULL;

  make_user (base, "p w+");
  expect (401, "GET", base, "/a%20b%7E?c=d%2Be", NULL, NULL);
  fail_unless_equals_int (g_atomic_int_get (&raw->n_requests), 2);
  head = raw_server_get_head (raw);
  fail_unless (strstr (head, "Authorization: Digest username=\"u\"") != NULL);
  fail_unless (strstr (head, "realm=\"a, b\"") != NULL);
  fail_unless (strstr (head, "uri=\"/a%20b%7E?c=d%2Be\"") != NULL, "%s", head);
  raw_server_free (raw);
}

GST_END_TEST;

GST_START_TEST (test_origin)
{
  static const gchar *const origins[] = { NULL, "", "host", "/a" };

  for (guint i = 0; i < G_N_ELEMENTS (origins); i++) {
    const VsHttpClientSettings settings = {.user = "u",.origin = origins[i] };
    g_autoptr (GError) error = NULL;

    fail_unless (vs_http_client_new (&settings, &error) == NULL);
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT));
  }
}

GST_END_TEST;

typedef struct
{
  const gchar *base;
  guint seed;
} Worker;

static gpointer
put_and_get (gpointer data)
{
  const Worker *worker = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (worker->seed);

  for (guint i = 0; i < N_ROUNDS; i++) {
    g_autofree gchar *path = g_strdup_printf ("/open/%u/%u", worker->seed,
        i % 7);
    g_autoptr (GBytes) bytes = make_bytes (rand,
        g_rand_int_range (rand, 0, 1 << g_rand_int_range (rand, 1, 20)));
    g_autoptr (GBytes) back = NULL;

    expect (i < 7 ? 201 : 204, "PUT", worker->base, path, bytes, NULL);
    expect (200, "GET", worker->base, path, NULL, &back);
    fail_unless (g_bytes_equal (bytes, back));
  }
  return NULL;
}

static void
check_threads (const gchar * base, guint first)
{
  GThread *threads[N_THREADS];
  Worker workers[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++) {
    workers[i] = (Worker) {
    .base = base,.seed = first + i};
    threads[i] = g_thread_new ("worker", put_and_get, &workers[i]);
  }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

GST_START_TEST (test_threads)
{
  guint fds = test_folder_count ("/proc/self/fd");

  make_client ((VsHttpClientSettings) {
      .ca_file = nginx->ca_file,.max_connections = 5}
  );
  check_threads (nginx->plain, 0);
  check_threads (nginx->tls, N_THREADS);
  g_clear_pointer (&client, vs_http_client_unref);
  /* GIO keeps three or four of its own once it has spoken TLS */
  fail_unless (test_folder_count ("/proc/self/fd") <= fds + 6, "%u, first %u",
      test_folder_count ("/proc/self/fd"), fds);
}

GST_END_TEST;

static gpointer
put_with_digest (gpointer base)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GBytes) bytes = make_bytes (rand, 200000);

  for (guint i = 0; i < 20; i++)
    expect (200, "PUT", base, "/a?c=d", bytes, NULL);
  return NULL;
}

GST_START_TEST (test_digest)
{
  DigestServer server = { 0 };
  GThread *threads[4];

  digest_server_start (&server);
  make_user (server.base, "p w+");
  put_with_digest (server.base);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("put", put_with_digest, server.base);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  make_user (server.base, "wrong");
  expect (401, "GET", server.base, "/", NULL, NULL);
  digest_server_stop (&server);
  /* once at first; and twice, as the nonce might have been stale, at last */
  fail_unless_equals_int (server.n_401, 1 + 2);
  fail_unless_equals_int (server.n_200, 100);
  fail_unless_equals_int (server.received, 100 * 200000);
  digest_server_clear (&server);
}

GST_END_TEST;

static Suite *
store_httpclientserver_suite (void)
{
  Suite *s = suite_create ("store_httpclientserver");
  TCase *tc = tcase_create ("httpclientserver");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_dav);
  tcase_add_test (tc, test_tls);
  tcase_add_test (tc, test_certificates);
  tcase_add_test (tc, test_basic);
  tcase_add_test (tc, test_password_kept);
  tcase_add_test (tc, test_digest_target);
  tcase_add_test (tc, test_origin);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_digest);
  return s;
}

GST_CHECK_MAIN (store_httpclientserver);
