/* VisionStream: a server with test bodies, and a client that obeys no rules
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/folder.h"

/* (transfer full): "[one][two]" */
static gchar *
join_lines (VsHttpRequest * request, const gchar * name)
{
  g_autofree const gchar **lines =
      vs_http_request_get_header_lines (request, name);
  GString *text = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++)
    g_string_append_printf (text, "[%s]", lines[i]);
  return g_string_free (text, FALSE);
}

static void
answer_secrets (VsHttpRequest * request, VsHttpAnswer * answer)
{
  static const gchar *const cookies[] = { "Set-Cookie",
    "A=1; Path=/; HttpOnly", "Set-Cookie", "B=2", NULL
  };
  g_autofree gchar *cookie = join_lines (request, "cookie");
  g_autofree gchar *authorization = join_lines (request, "Authorization");
  gchar *text = g_strconcat (cookie, authorization, NULL);
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));

  answer->body = body;
  answer->headers = cookies;
  vs_http_request_respond (request, answer);
}

static void
answer_post (VsHttpRequest * request, VsHttpAnswer * answer)
{
  GBytes *body = vs_http_request_get_body (request);
  const gchar *method = vs_http_request_get_method (request);
  g_autoptr (GByteArray) text = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  g_byte_array_append (text, (const guint8 *) method, strlen (method));
  g_byte_array_append (text, (const guint8 *) ":", 1);
  if (body)
    g_byte_array_append (text, g_bytes_get_data (body, NULL),
        g_bytes_get_size (body));
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&text));
  answer->body = bytes;
  vs_http_request_respond (request, answer);
}

static void
answer_client (VsHttpRequest * request, VsHttpAnswer * answer)
{
  const gchar *ip = vs_http_request_get_client_ip (request);
  g_autoptr (GBytes) body = NULL;

  ip = ip ? ip : "nobody";
  body = g_bytes_new (ip, strlen (ip));

  answer->body = body;
  vs_http_request_respond (request, answer);
}

static void
answer_path (TestServer * self, VsHttpRequest * request, VsHttpAnswer * answer)
{
  static const gchar *const rude[] = { "X-Good", "yes", "X-Bad",
    "a\r\nX-Injected: yes", "X-Bad\r\nX-Injected2", "yes", NULL
  };
  const gchar *path = vs_http_request_get_path (request);

  answer->status = 200;
  answer->content_type = "video/mp4";
  answer->cache_control = "max-age=60";
  if (g_str_equal (path, "/small")) {
    answer->body = self->small;
    answer->etag = SMALL_ETAG;
    answer->ranges = TRUE;
  } else if (g_str_equal (path, "/large")) {
    answer->body = self->large;
    answer->ranges = TRUE;
  } else if (g_str_equal (path, "/text")) {
    answer->body = self->text;
    answer->content_type = "application/vnd.apple.mpegurl";
    if (vs_http_request_accepts_gzip (request))
      answer->content_encoding = "gzip";
  } else if (g_str_equal (path, "/event")) {
    answer->body = self->small;
    answer->account = "default";
    answer->event = "live";
    answer->endpoint = "hls";
  } else if (g_str_equal (path, "/rude")) {
    answer->body = self->small;
    answer->headers = rude;
  } else if (g_str_equal (path, "/closed")) {
    answer->status = 403;
    answer->reason = "not \"today\"";
  } else {
    answer->status = 404;
    answer->cache_control = NULL;
  }
}

static const struct
{
  const gchar *path;
  void (*answer) (VsHttpRequest * request, VsHttpAnswer * answer);
} special[] = {
  {"/secrets", answer_secrets},
  {"/post", answer_post},
  {"/client", answer_client},
};

static void
on_request (VsHttpRequest * request, gpointer user_data)
{
  TestServer *self = user_data;
  const gchar *path = vs_http_request_get_path (request);
  VsHttpAnswer answer = {.status = 200 };

  g_atomic_int_inc (&self->hits);
  if (g_str_equal (path, "/late")) {
    g_async_queue_push (self->late, request);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (special); i++) {
    if (g_str_equal (path, special[i].path)) {
      special[i].answer (request, &answer);
      return;
    }
  }
  answer_path (self, request, &answer);
  vs_http_request_respond (request, &answer);
}

static GBytes *
make_body (gsize size)
{
  guint8 *data = g_malloc (size);
  gsize i;

  for (i = 0; i < size; i++)
    data[i] = 'a' + (guint32) (i * 2654435761u) / 0x0a000000;
  return g_bytes_new_take (data, size);
}

static TestServer *
start_server (const VsHttpSettings * settings)
{
  TestServer *self = g_new0 (TestServer, 1);
  g_autoptr (GError) error = NULL;

  self->late = g_async_queue_new ();
  self->small = make_body (SMALL_SIZE);
  self->large = make_body (LARGE_SIZE);
  self->text = g_bytes_new_static ("#EXTM3U\n", 8);
  self->server = vs_http_server_new (settings, on_request, self, &error);
  fail_unless (self->server != NULL, "%s", error ? error->message : "");
  self->port = vs_http_server_get_port (self->server);
  return self;
}

TestServer *
test_server_new_default (void)
{
  const VsHttpSettings settings = {.address = "127.0.0.1",.n_workers = 2 };

  return start_server (&settings);
}

TestServer *
test_server_new (const VsHttpSettings * wanted)
{
  VsHttpSettings settings = { 0 };

  if (wanted)
    settings = *wanted;
  if (!settings.address)
    settings.address = "127.0.0.1";
  if (settings.head_timeout_ms == 0)
    settings.head_timeout_ms = 5000;
  if (settings.idle_timeout_ms == 0)
    settings.idle_timeout_ms = 5000;
  if (settings.stall_timeout_ms == 0)
    settings.stall_timeout_ms = 5000;
  if (settings.n_workers == 0)
    settings.n_workers = 2;
  return start_server (&settings);
}

void
test_server_free (TestServer * self, guint drain_ms)
{
  if (self->server)
    vs_http_server_free (self->server, drain_ms);
  g_async_queue_unref (self->late);
  g_bytes_unref (self->small);
  g_bytes_unref (self->large);
  g_bytes_unref (self->text);
  g_free (self);
}

void
test_server_stats (TestServer * self, VsHttpStats * stats)
{
  vs_http_server_get_stats (self->server, stats);
}

gint
client_connect (guint16 port)
{
  struct sockaddr_in address = {.sin_family = AF_INET };
  struct timeval patience = {.tv_sec = PATIENCE / G_USEC_PER_SEC };
  gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  fail_unless (fd >= 0);
  address.sin_port = g_htons (port);
  address.sin_addr.s_addr = g_htonl (INADDR_LOOPBACK);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof (patience));
  fail_unless (connect (fd, (struct sockaddr *) &address,
          sizeof (address)) == 0, "%s", g_strerror (errno));
  return fd;
}

void
client_send (gint fd, const gchar * text)
{
  gsize size = strlen (text), done = 0;

  while (done < size) {
    gssize n = send (fd, text + done, size - done, MSG_NOSIGNAL);

    /* a server that has refused need not read on */
    if (n < 0)
      return;
    done += n;
  }
}

GString *
client_read_all (gint fd)
{
  GString *text = g_string_new (NULL);
  gchar buffer[65536];
  gssize n;

  while ((n = recv (fd, buffer, sizeof (buffer), 0)) > 0)
    g_string_append_len (text, buffer, n);
  fail_unless (n == 0, "not closed: %s after %s", g_strerror (errno),
      text->str);
  close (fd);
  return text;
}

/* Byte by byte up to the empty line, for what follows is not ours. */
GString *
client_read_response (gint fd, gboolean head_only)
{
  GString *text = g_string_new (NULL);
  const gchar *length;
  gchar c;
  gsize left;

  while (!g_str_has_suffix (text->str, "\r\n\r\n")) {
    fail_unless (recv (fd, &c, 1, 0) == 1, "ended after: %s", text->str);
    g_string_append_c (text, c);
  }
  length = strstr (text->str, "Content-Length: ");
  left = length && !head_only ? atoi (length + strlen ("Content-Length: ")) : 0;
  for (; left > 0; left--) {
    fail_unless (recv (fd, &c, 1, 0) == 1);
    g_string_append_c (text, c);
  }
  return text;
}

gboolean
client_is_closed (gint fd, guint ms)
{
  struct pollfd pfd = {.fd = fd,.events = POLLIN };
  gchar c;

  return poll (&pfd, 1, ms) == 1 && recv (fd, &c, 1, 0) <= 0;
}

gchar *
client_talk (guint16 port, const gchar * text)
{
  gint fd = client_connect (port);

  client_send (fd, text);
  return g_string_free (client_read_all (fd), FALSE);
}

guint
count_fds (void)
{
  return test_folder_count ("/proc/self/fd");
}

guint
count_threads (void)
{
  return test_folder_count ("/proc/self/task");
}

gsize
read_rss (void)
{
  g_autofree gchar *text = NULL;
  const gchar *rss;

  fail_unless (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  rss = strstr (text, "VmRSS:");
  fail_unless (rss != NULL);
  return strtoull (rss + strlen ("VmRSS:"), NULL, 10) * 1024;
}
