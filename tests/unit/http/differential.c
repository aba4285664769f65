/* VisionStream: the request guard beside nginx
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nginx is what will stand in front. A head that passes here must be one
 * request to nginx too, and none that it calls bad: else the two could be
 * made to disagree on what was asked (faults.md row 56).
 */
#include "client.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "http/vshttpguard.h"

#define N_MUTATIONS 4000

static const gchar *const seeds[] = {
  "GET /a/b.ts?c=d&e HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
  "HEAD http://a:80/x%20y HTTP/1.1\r\nHost: a:80\r\nRange: bytes=0-1\r\n\r\n",
  "OPTIONS /%c3%a9 HTTP/1.1\r\nHost: [::1]:8080\r\nX: y\r\n\r\n",
  "GET /out/v1/default/live/hls/index.m3u8 HTTP/1.1\r\nHost: tv.example\r\n"
      "Connection: close\r\nContent-Length: 0\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "POST /sign HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
};

static const gchar *const posts[] = { "/sign", NULL };

static gboolean
passes (const gchar * bytes, gsize size)
{
  g_autoptr (VsHttpGuard) guard = vs_http_guard_new ();
  const VsHttpRules rules = { NULL, posts };
  gsize used;

  return vs_http_guard_push (guard, (const guint8 *) bytes, size, &rules,
      &used) == VS_HTTP_VERDICT_PASS && used == size;
}

/* One to three bytes replaced, inserted or left out. */
static GString *
mutate (GRand * rand, const gchar * seed)
{
  static const gchar alphabet[] = " \t\r\n\\/.%:;,?#@[]0aA-_2eEfF\x01\x7f\xff";
  GString *text = g_string_new (seed);
  gint n = g_rand_int_range (rand, 1, 4);

  for (; n > 0; n--) {
    gsize at = g_rand_int_range (rand, 0, text->len);
    gchar c = alphabet[g_rand_int_range (rand, 0, sizeof (alphabet) - 1)];

    switch (g_rand_int_range (rand, 0, 3)) {
      case 0:
        text->str[at] = c;
        break;
      case 1:
        g_string_insert_c (text, at, c);
        break;
      default:
        g_string_erase (text, at, 1);
        break;
    }
  }
  return text;
}

static guint16
find_free_port (void)
{
  TestServer *server = test_server_new (NULL);
  guint16 port = server->port;

  test_server_free (server, 0);
  return port;
}

static GPid
start_nginx (const gchar * folder, guint16 port)
{
  g_autofree gchar *path = g_build_filename (folder, "nginx.conf", NULL);
  g_autofree gchar *config = g_strdup_printf ("daemon off; master_process off;"
      "pid %s/pid; error_log %s/error.log;"
      "events { worker_connections 64; }"
      "http { access_log off; client_body_temp_path %s/1;"
      " proxy_temp_path %s/2; fastcgi_temp_path %s/3; uwsgi_temp_path %s/4;"
      " scgi_temp_path %s/5; server { listen 127.0.0.1:%u;"
      " location / { return 204; } } }", folder, folder, folder, folder,
      folder, folder, folder, port);
  const gchar *argv[] = { "nginx", "-p", folder, "-c", path, NULL };
  GPid pid;

  fail_unless (g_file_set_contents (path, config, -1, NULL));
  fail_unless (g_spawn_async (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
          G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &pid, NULL));
  return pid;
}

static gboolean
is_listening (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;

  /* what looks for one throws C++ exceptions, which valgrind stumbles over */
  g_socket_client_set_enable_proxy (client, FALSE);
  connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, NULL);
  return connection != NULL;
}

static gchar *
ask (guint16 port, const GString * text)
{
  gint fd = client_connect (port);

  client_send (fd, text->str);
  shutdown (fd, SHUT_WR);
  return g_string_free (client_read_all (fd), FALSE);
}

static guint
compare (guint16 port)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (52);
  guint i, n_passed = 0;

  for (i = 0; i < N_MUTATIONS; i++) {
    const gchar *seed = seeds[i % G_N_ELEMENTS (seeds)];
    g_autoptr (GString) text = mutate (rand, seed);
    g_autofree gchar *response = NULL;

    if (strlen (text->str) != text->len || !passes (text->str, text->len))
      continue;
    n_passed++;
    response = ask (port, text);
    fail_unless (g_str_has_prefix (response, "HTTP/1.1 204 "), "%s: %s",
        text->str, response);
    fail_unless (strstr (response + 1, "HTTP/1.1 ") == NULL, "%s: %s",
        text->str, response);
  }
  return n_passed;
}

GST_START_TEST (test_nginx)
{
  g_autofree gchar *program = g_find_program_in_path ("nginx");
  g_autofree gchar *folder = NULL, *command = NULL;
  guint16 port;
  GPid pid;

  if (!program) {
    g_print ("skipped: no nginx\n");
    return;
  }
  folder = g_dir_make_tmp ("vs-nginx-XXXXXX", NULL);
  port = find_free_port ();
  pid = start_nginx (folder, port);
  AWAIT (is_listening (port));
  fail_unless (compare (port) > N_MUTATIONS / 10);
  kill (pid, SIGTERM);
  fail_unless (waitpid (pid, NULL, 0) == pid);
  command = g_strdup_printf ("rm -r %s", folder);
  fail_unless (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
}

GST_END_TEST;

static Suite *
http_differential_suite (void)
{
  Suite *s = suite_create ("http_differential");
  TCase *tc = tcase_create ("differential");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_nginx);
  return s;
}

GST_CHECK_MAIN (http_differential);
