/* VisionStream: a server that obeys no rules
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/rawserver.h"

#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  RawServer *server;
  gint fd;
  GThread *thread;
} Connection;

gboolean
raw_send (gint fd, const gchar * text)
{
  gsize size = strlen (text), done = 0;

  while (done < size) {
    gssize n = send (fd, text + done, size - done, MSG_NOSIGNAL);

    if (n < 0)
      return FALSE;
    done += n;
  }
  return TRUE;
}

/* Byte by byte: what follows is the body's. */
static gchar *
read_head (gint fd)
{
  g_autoptr (GString) head = g_string_new (NULL);
  gchar c;

  while (!g_str_has_suffix (head->str, "\r\n\r\n")) {
    if (recv (fd, &c, 1, 0) != 1)
      return NULL;
    g_string_append_c (head, c);
  }
  return g_string_free (g_steal_pointer (&head), FALSE);
}

static GBytes *
read_body (gint fd, const gchar * head)
{
  const gchar *length = strstr (head, "Content-Length: ");
  gsize size = length ? strtoull (length + strlen ("Content-Length: "), NULL,
      10) : 0;
  guint8 *data = g_malloc (size);
  gsize done = 0;

  while (done < size) {
    gssize n = recv (fd, data + done, size - done, 0);

    if (n <= 0)
      break;
    done += n;
  }
  return g_bytes_new_take (data, done);
}

static void
remember (RawServer * self, const RawRequest * request)
{
  g_mutex_lock (&self->lock);
  g_free (self->head);
  self->head = g_strdup (request->head);
  g_clear_pointer (&self->body, g_bytes_unref);
  self->body = g_bytes_ref (request->body);
  g_mutex_unlock (&self->lock);
}

static gboolean
serve (Connection * connection, guint n)
{
  RawServer *self = connection->server;
  RawRequest request = {.fd = connection->fd,.n = n };
  gboolean more;

  request.head = read_head (connection->fd);
  if (request.head == NULL)
    return FALSE;
  request.body = read_body (connection->fd, request.head);
  remember (self, &request);
  request.total = g_atomic_int_add (&self->n_requests, 1);
  more = self->handler (&request, self->user_data);
  g_free (request.head);
  g_bytes_unref (request.body);
  return more;
}

static gpointer
run_connection (gpointer data)
{
  Connection *connection = data;
  RawServer *self = connection->server;
  guint n = 0;

  while (serve (connection, n))
    n++;
  g_mutex_lock (&self->lock);
  close (connection->fd);
  connection->fd = -1;
  g_mutex_unlock (&self->lock);
  g_atomic_int_add (&self->n_open, -1);
  return NULL;
}

static void
add_connection (RawServer * self, gint fd)
{
  Connection *connection = g_new0 (Connection, 1);
  gint n_open = g_atomic_int_add (&self->n_open, 1) + 1;

  self->n_open_max = MAX (self->n_open_max, n_open);
  g_atomic_int_inc (&self->n_connections);
  connection->server = self;
  connection->fd = fd;
  g_mutex_lock (&self->lock);
  if (self->stopping)
    shutdown (fd, SHUT_RDWR);
  connection->thread = g_thread_new ("raw", run_connection, connection);
  g_ptr_array_add (self->connections, connection);
  g_mutex_unlock (&self->lock);
}

static gpointer
run (gpointer data)
{
  RawServer *self = data;
  gint fd;

  while ((fd = accept4 (self->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
    add_connection (self, fd);
  return NULL;
}

RawServer *
raw_server_new (RawHandler handler, gpointer user_data)
{
  struct sockaddr_in address = {.sin_family = AF_INET };
  socklen_t size = sizeof (address);
  RawServer *self = g_new0 (RawServer, 1);

  address.sin_addr.s_addr = g_htonl (INADDR_LOOPBACK);
  self->handler = handler;
  self->user_data = user_data;
  self->connections = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&self->lock);
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  fail_unless (bind (self->fd, (struct sockaddr *) &address, size) == 0);
  fail_unless (listen (self->fd, 128) == 0);
  fail_unless (getsockname (self->fd, (struct sockaddr *) &address,
          &size) == 0);
  self->port = g_ntohs (address.sin_port);
  self->thread = g_thread_new ("raw-accept", run, self);
  return self;
}

void
raw_server_free (RawServer * self)
{
  shutdown (self->fd, SHUT_RDWR);
  g_thread_join (self->thread);
  close (self->fd);
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  for (guint i = 0; i < self->connections->len; i++) {
    Connection *connection = g_ptr_array_index (self->connections, i);

    if (connection->fd >= 0)
      shutdown (connection->fd, SHUT_RDWR);
  }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < self->connections->len; i++) {
    Connection *connection = g_ptr_array_index (self->connections, i);

    g_thread_join (connection->thread);
  }
  g_ptr_array_unref (self->connections);
  g_mutex_clear (&self->lock);
  g_free (self->head);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

gchar *
raw_server_get_head (RawServer * self)
{
  gchar *head;

  g_mutex_lock (&self->lock);
  head = g_strdup (self->head);
  g_mutex_unlock (&self->lock);
  return head;
}
