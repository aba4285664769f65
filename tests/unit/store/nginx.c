/* VisionStream: nginx as a WebDAV server of a test's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/nginx.h"

#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "common/folder.h"

static const gchar config[] =
    "load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;\n"
    "daemon off; master_process off; worker_rlimit_nofile 1024;\n"
    "pid nginx.pid; error_log error.log;\n"
    "events { worker_connections 256; }\n"
    "http {\n"
    "  log_format status '$status'; access_log access.log status;\n"
    "  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
    "  uwsgi_temp_path t4; scgi_temp_path t5;\n"
    "  client_max_body_size 1g; default_type application/octet-stream;\n"
    "  server {\n"
    "    listen 127.0.0.1:%u; listen 127.0.0.1:%u ssl http2;\n"
    "    ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
    "    root root; dav_methods PUT DELETE MKCOL; create_full_put_path on;\n"
    "    location /open/ { }\n"
    "    location /shut/ { auth_basic a; auth_basic_user_file users; }\n"
    "    location /dav/ {\n"
    "      create_full_put_path off; dav_ext_methods PROPFIND OPTIONS;\n"
    "    }\n"
    "    location /push/ { if ($request_method != PUT) { return 405; } }\n"
    "    location /small/ { client_max_body_size 64k; }\n"
    "    location /protocol { return 200 $server_protocol; }\n" "  }\n" "}\n";

/* Ports that were free a moment ago. */
static void
find_ports (guint16 ports[2])
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();

  for (guint i = 0; i < 2; i++)
    ports[i] = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_socket_listener_close (listener);
}

static void
make_certificate (Nginx * self)
{
  g_autofree gchar *key = g_build_filename (self->folder, "key.pem", NULL);
  const gchar *argv[] = { "openssl", "req", "-x509", "-newkey", "rsa:2048",
    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
    "subjectAltName=DNS:localhost", "-keyout", key, "-out", self->ca_file, NULL
  };
  gint status;

  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL |
          G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL));
  fail_unless (status == 0);
}

static void
write_file (Nginx * self, const gchar * name, const gchar * text)
{
  g_autofree gchar *path = g_build_filename (self->folder, name, NULL);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
listens (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;

  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1", port,
      NULL, NULL);
  return connection != NULL;
}

/* FALSE when it ended, as when another took a port. */
static gboolean
await_listening (Nginx * self)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (!listens (self->tls_port)) {
    if (g_subprocess_get_identifier (self->process) == NULL)
      return FALSE;
    fail_unless (g_get_monotonic_time () < end, "nginx does not start");
    g_usleep (5000);
  }
  return TRUE;
}

static gboolean
run (Nginx * self)
{
  g_clear_object (&self->process);
  self->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL,
      "nginx", "-p", self->folder, "-c", "nginx.conf", "-e", "error.log", NULL);
  fail_unless (self->process != NULL);
  return await_listening (self);
}

static gboolean
start (Nginx * self)
{
  g_autofree gchar *text = NULL;
  guint16 ports[2];

  find_ports (ports);
  text = g_strdup_printf (config, ports[0], ports[1]);
  write_file (self, "nginx.conf", text);
  g_free (self->plain);
  g_free (self->tls);
  self->plain = g_strdup_printf ("http://127.0.0.1:%u", ports[0]);
  self->tls = g_strdup_printf ("https://localhost:%u", ports[1]);
  self->tls_port = ports[1];
  return run (self);
}

Nginx *
nginx_new (void)
{
  Nginx *self = g_new0 (Nginx, 1);
  g_autofree gchar *dav = NULL;
  guint tries = 0;

  self->folder = g_dir_make_tmp ("vs-nginx-XXXXXX", NULL);
  self->ca_file = g_build_filename (self->folder, "cert.pem", NULL);
  dav = g_build_filename (self->folder, "root", "dav", NULL);
  fail_unless (g_mkdir_with_parents (dav, 0755) == 0);
  make_certificate (self);
  write_file (self, "users", "u:{PLAIN}p w+\n");
  while (!start (self))
    fail_unless (++tries < 5, "nginx ends at once");
  return self;
}

void
nginx_stop (Nginx * self)
{
  g_subprocess_send_signal (self->process, SIGTERM);
  g_subprocess_wait (self->process, NULL, NULL);
}

void
nginx_restart (Nginx * self)
{
  fail_unless (run (self));
}

void
nginx_free (Nginx * self)
{
  nginx_stop (self);
  g_object_unref (self->process);
  test_folder_remove (self->folder);
  g_free (self->folder);
  g_free (self->ca_file);
  g_free (self->plain);
  g_free (self->tls);
  g_free (self);
}

guint
nginx_count_answers (Nginx * self, guint status)
{
  g_autofree gchar *path = g_build_filename (self->folder, "access.log", NULL);
  g_autofree gchar *line = g_strdup_printf ("%u", status);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    n += g_str_equal (lines[i], line);
  return n;
}
