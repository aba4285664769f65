/* VisionStream: tests of HTTPS, with curl and openssl as clients
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gchar *folder, *pem;
static TestServer *server;

/* Runs a shell command; returns what it prints, NULL when it fails. */
static gchar *
run (const gchar * format, ...)
{
  g_autofree gchar *command = NULL;
  g_autofree gchar *output = NULL;
  const gchar *argv[] = { "/bin/sh", "-c", NULL, NULL };
  gint status;
  va_list args;

  va_start (args, format);
  command = g_strdup_vprintf (format, args);
  va_end (args);
  argv[2] = command;
  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL, &status,
          NULL));
  return status == 0 ? g_steal_pointer (&output) : NULL;
}

static void
setup (void)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *made = NULL;
  VsHttpSettings settings = {
    .head_timeout_ms = g_getenv ("VS_VALGRIND") ? 15000 : 2500
  };

  folder = g_dir_make_tmp ("vs-tls-XXXXXX", NULL);
  pem = g_build_filename (folder, "server.pem", NULL);
  made = run ("openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost "
      "-keyout %s/key.pem -out %s/cert.pem && cat %s/key.pem %s/cert.pem > %s",
      folder, folder, folder, folder, pem);
  fail_unless (made != NULL);
  certificate = g_tls_certificate_new_from_file (pem, &error);
  fail_unless (certificate != NULL, "%s", error ? error->message : "");
  settings.certificate = certificate;
  server = test_server_new (&settings);
}

static void
teardown (void)
{
  test_server_free (server, 0);
  g_free (run ("rm -r %s", folder));
  g_free (folder);
  g_free (pem);
}

static gchar *
curl (const gchar * options, const gchar * path)
{
  return run ("curl -s --max-time 10 --cacert %s/cert.pem "
      "--resolve localhost:%u:127.0.0.1 %s https://localhost:%u%s", folder,
      server->port, options, server->port, path);
}

GST_START_TEST (test_curl)
{
  g_autofree gchar *small = curl ("", "/small");
  g_autofree gchar *large = curl ("", "/large | wc -c");
  g_autofree gchar *part = curl ("-r 10-19", "/small");
  g_autofree gchar *tls_1_2 = curl ("--tls-max 1.2", "/text");

  fail_unless (small != NULL);
  fail_unless_equals_int (strlen (small), SMALL_SIZE);
  fail_unless (memcmp (small, g_bytes_get_data (server->small, NULL),
          SMALL_SIZE) == 0);
  fail_unless_equals_int (g_ascii_strtoull (large, NULL, 10), LARGE_SIZE);
  fail_unless (memcmp (part, small + 10, 10) == 0);
  fail_unless_equals_int (strlen (part), 10);
  fail_unless_equals_string (tls_1_2, "#EXTM3U\n");
}

GST_END_TEST;

GST_START_TEST (test_keep_alive)
{
  g_autofree gchar *urls = g_strdup_printf ("https://localhost:%u/small",
      server->port);
  g_autofree gchar *options = g_strdup_printf ("-o /dev/null -o /dev/null "
      "-w '%%{num_connects} ' %s", urls);
  g_autofree gchar *connects = curl (options, "/large");

  fail_unless_equals_string (connects, "1 0 ");
}

GST_END_TEST;

GST_START_TEST (test_old_versions)
{
  g_autofree gchar *tls_1_1 = curl ("--tlsv1.0 --tls-max 1.1 "
      "--ciphers DEFAULT@SECLEVEL=0", "/small");
  VsHttpStats stats;

  fail_unless (tls_1_1 == NULL);
  AWAIT ((test_server_stats (server, &stats), stats.connections == 0));
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
}

GST_END_TEST;

/* Clients that never finish their handshake do not keep others out. */
GST_START_TEST (test_stalled_handshakes)
{
  static const guint8 hello[] = { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01 };
  gint fds[40];
  VsHttpStats stats;
  g_autofree gchar *text = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fds); i++) {
    fds[i] = client_connect (server->port);
    if (i % 2)
      fail_unless (write (fds[i], hello, sizeof (hello)) == sizeof (hello));
  }
  text = curl ("", "/text");
  fail_unless_equals_string (text, "#EXTM3U\n");
  for (i = 0; i < G_N_ELEMENTS (fds); i++)
    fail_unless (client_is_closed (fds[i], PATIENCE / 1000));
  AWAIT ((test_server_stats (server, &stats), stats.connections == 0));
  for (i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
}

GST_END_TEST;

/* Gone in the middle of the handshake, and no TLS at all. */
GST_START_TEST (test_broken_handshakes)
{
  static const guint8 hello[] = { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01 };
  VsHttpStats stats;
  /* what GIO opens once a process is open now */
  g_autofree gchar *warm = curl ("", "/text"), *text = NULL;
  guint i, fds;

  AWAIT ((test_server_stats (server, &stats), stats.connections == 0));
  g_atomic_int_set (&server->hits, 0);
  fds = count_fds ();

  for (i = 0; i < 50; i++) {
    gint fd = client_connect (server->port);

    if (i % 2)
      fail_unless (write (fd, hello, sizeof (hello)) == sizeof (hello));
    else
      client_send (fd, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    close (fd);
  }
  AWAIT ((test_server_stats (server, &stats), stats.connections == 0));
  fail_unless_equals_int (g_atomic_int_get (&server->hits), 0);
  AWAIT (count_fds () <= fds);
  text = curl ("", "/text");
  fail_unless_equals_string (text, "#EXTM3U\n");
}

GST_END_TEST;

static Suite *
http_tls_suite (void)
{
  Suite *s = suite_create ("http_tls");
  TCase *tc = tcase_create ("tls");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_curl);
  tcase_add_test (tc, test_keep_alive);
  tcase_add_test (tc, test_old_versions);
  tcase_add_test (tc, test_stalled_handshakes);
  tcase_add_test (tc, test_broken_handshakes);
  return s;
}

GST_CHECK_MAIN (http_tls);
