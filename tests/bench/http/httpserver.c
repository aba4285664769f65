/* VisionStream: serves constant bodies, for tests/bench/http/run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   httpserver PORT SMALL-FILE LARGE-FILE
 */
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include "http/vshttpserver.h"

typedef struct
{
  GBytes *small, *large;
} Bodies;

static void
on_request (VsHttpRequest * request, gpointer user_data)
{
  Bodies *bodies = user_data;
  VsHttpAnswer answer = {.status = 200,.ranges = TRUE };
  const gchar *path = vs_http_request_get_path (request);

  answer.content_type = "video/mp4";
  answer.cache_control = "max-age=60";
  answer.etag = "\"1\"";
  if (strcmp (path, "/small") == 0)
    answer.body = bodies->small;
  else if (strcmp (path, "/large") == 0)
    answer.body = bodies->large;
  else
    answer.status = 404;
  vs_http_request_respond (request, &answer);
}

static GBytes *
load (const gchar * path)
{
  g_autoptr (GError) error = NULL;
  gchar *data;
  gsize size;

  if (!g_file_get_contents (path, &data, &size, &error))
    g_error ("%s", error->message);
  return g_bytes_new_take (data, size);
}

static gboolean
on_signal (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  VsHttpSettings settings = {.address = "127.0.0.1" };
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  VsHttpServer *server;
  Bodies bodies;

  if (argc != 4) {
    g_printerr ("usage: %s PORT SMALL-FILE LARGE-FILE\n", argv[0]);
    return 2;
  }
  settings.port = atoi (argv[1]);
  bodies.small = load (argv[2]);
  bodies.large = load (argv[3]);
  server = vs_http_server_new (&settings, on_request, &bodies, &error);
  if (!server)
    g_error ("%s", error->message);
  g_unix_signal_add (SIGTERM, on_signal, loop);
  g_unix_signal_add (SIGINT, on_signal, loop);
  g_main_loop_run (loop);
  vs_http_server_free (server, 1000);
  g_bytes_unref (bodies.small);
  g_bytes_unref (bodies.large);
  return 0;
}
