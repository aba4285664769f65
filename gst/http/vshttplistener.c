/* VisionStream: a listening socket with limits
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttplistener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BACKLOG 1024
/* how long to wait when the system has no descriptor for us, ms */
#define PAUSE_MS 100
/* connections taken between two looks at the limits */
#define BATCH 64

/*
 * Lock: mutex guards n_open, per_ip, n_refused and stop. The rest is set
 * before the thread starts.
 */
struct _VsHttpListener
{
  GSocket *socket;
  GThread *thread;
  gint wake_fd;
  guint max_connections, max_per_ip;
  VsAddressList *exempt;        /* NULL for none */
  guint16 port;
  VsHttpListenerFunc func;
  gpointer user_data;

  GMutex mutex;
  gboolean stop;
  guint n_open;
  guint64 n_refused;
  GHashTable *per_ip;           /* gint64 -> number of connections */
};

static GSocket *
listen_on (const gchar * address, guint16 port, GError ** error)
{
  g_autoptr (GSocketAddress) where = NULL;
  g_autoptr (GSocket) socket = NULL;
  GSocketFamily family;

  where = g_inet_socket_address_new_from_string (address, port);
  if (!where) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s is not an IP address", address);
    return NULL;
  }
  family = g_socket_address_get_family (where);
  socket = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
      error);
  if (!socket)
    return NULL;
  /* "::" serves IPv4 too, whatever the system's default */
  if (family == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 0, NULL);
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, where, TRUE, error) ||
      !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

VsHttpListener *
vs_http_listener_new (const gchar * address, guint16 port,
    guint max_connections, guint max_per_ip, GError ** error)
{
  g_autoptr (GSocket) socket = listen_on (address, port, error);
  g_autoptr (GSocketAddress) local = NULL;
  VsHttpListener *listener;
  gint wake_fd;

  if (!socket || !(local = g_socket_get_local_address (socket, error)))
    return NULL;
  wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    gint code = errno;

    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
        "No eventfd: %s", g_strerror (code));
    return NULL;
  }
  listener = g_new0 (VsHttpListener, 1);
  listener->socket = g_steal_pointer (&socket);
  listener->wake_fd = wake_fd;
  listener->max_connections = max_connections;
  listener->max_per_ip = max_per_ip;
  listener->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
  g_mutex_init (&listener->mutex);
  listener->per_ip = g_hash_table_new_full (g_int64_hash, g_int64_equal,
      g_free, NULL);
  return listener;
}

static void
wake (VsHttpListener * listener)
{
  guint64 one = 1;
  gssize n = write (listener->wake_fd, &one, sizeof (one));

  /* fails only when the counter is full: then it wakes anyway */
  (void) n;
}

/* What one client's connections are counted by: an IPv4 address (also when
 * mapped, RFC 4291 2.5.5.2), or the /64 that one IPv6 subscriber has. */
static gint64
client_key (GSocketAddress * remote)
{
  GInetAddress *address = g_inet_socket_address_get_address
      (G_INET_SOCKET_ADDRESS (remote));
  const guint8 *bytes = g_inet_address_to_bytes (address);
  static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  guint8 key[8] = { 0, 0, 0xff, 0xff };
  gint64 value;

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    memcpy (key + 4, bytes, 4);
  else if (memcmp (bytes, mapped, sizeof (mapped)) == 0)
    memcpy (key + 4, bytes + sizeof (mapped), 4);
  else
    memcpy (key, bytes, sizeof (key));
  memcpy (&value, key, sizeof (value));
  return value;
}

static gboolean
is_exempt (VsHttpListener * listener, GSocketAddress * remote)
{
  return listener->exempt && vs_address_list_contains (listener->exempt,
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
}

/* Returns whether the client still has a connection free. */
static gboolean
admit (VsHttpListener * listener, GSocketAddress * remote)
{
  gint64 key = client_key (remote);
  gboolean is_free = listener->max_per_ip == 0 || is_exempt (listener, remote);
  gboolean admitted;
  guint n;

  g_mutex_lock (&listener->mutex);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (listener->per_ip, &key));
  admitted = is_free || n < listener->max_per_ip;
  if (admitted) {
    listener->n_open++;
    g_hash_table_insert (listener->per_ip, g_memdup2 (&key, sizeof (key)),
        GUINT_TO_POINTER (n + 1));
  } else {
    listener->n_refused++;
  }
  g_mutex_unlock (&listener->mutex);
  return admitted;
}

void
vs_http_listener_release (VsHttpListener * listener, GSocketAddress * remote)
{
  gint64 key = client_key (remote);
  gboolean was_full;
  guint n;

  g_mutex_lock (&listener->mutex);
  was_full = listener->n_open >= listener->max_connections;
  listener->n_open--;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (listener->per_ip, &key));
  if (n > 1)
    g_hash_table_insert (listener->per_ip, g_memdup2 (&key, sizeof (key)),
        GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (listener->per_ip, &key);
  g_mutex_unlock (&listener->mutex);
  if (was_full)
    wake (listener);
}

/* Returns FALSE when there is nothing to accept, or no means to. */
static gboolean
accept_one (VsHttpListener * listener, gboolean * pause)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) remote = NULL;

  socket = g_socket_accept (listener->socket, NULL, &error);
  if (!socket) {
    /* a client that left while it waited is no reason to stop */
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
      return TRUE;
    *pause = !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    return FALSE;
  }
  remote = g_socket_get_remote_address (socket, NULL);
  if (!remote || !admit (listener, remote))
    return TRUE;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  listener->func (socket, remote, listener->user_data);
  return TRUE;
}

static gboolean
has_room (VsHttpListener * listener, gboolean * stop)
{
  gboolean room;

  g_mutex_lock (&listener->mutex);
  room = listener->n_open < listener->max_connections;
  *stop = listener->stop;
  g_mutex_unlock (&listener->mutex);
  return room;
}

static void
wait_for_client (VsHttpListener * listener, gboolean room, gboolean pause)
{
  GPollFD fds[2] = {
    {.fd = listener->wake_fd,.events = G_IO_IN},
    {.fd = g_socket_get_fd (listener->socket),.events = G_IO_IN}
  };
  guint64 count;

  g_poll (fds, room && !pause ? 2 : 1, pause ? PAUSE_MS : -1);
  if (fds[0].revents) {
    gssize n = read (listener->wake_fd, &count, sizeof (count));

    (void) n;
  }
}

static gpointer
accept_thread (gpointer data)
{
  VsHttpListener *listener = data;
  gboolean stop, pause = FALSE;
  guint i;

  while (TRUE) {
    wait_for_client (listener, has_room (listener, &stop), pause);
    pause = FALSE;
    for (i = 0; i < BATCH; i++) {
      gboolean room = has_room (listener, &stop);

      if (stop)
        return NULL;
      if (!room || !accept_one (listener, &pause))
        break;
    }
  }
}

void
vs_http_listener_exempt (VsHttpListener * listener, VsAddressList * addresses)
{
  listener->exempt = vs_address_list_ref (addresses);
}

void
vs_http_listener_start (VsHttpListener * listener, VsHttpListenerFunc func,
    gpointer user_data)
{
  listener->func = func;
  listener->user_data = user_data;
  listener->thread = g_thread_new ("vs-http-accept", accept_thread, listener);
}

void
vs_http_listener_stop (VsHttpListener * listener)
{
  g_mutex_lock (&listener->mutex);
  listener->stop = TRUE;
  g_mutex_unlock (&listener->mutex);
  wake (listener);
  if (listener->thread)
    g_thread_join (g_steal_pointer (&listener->thread));
  g_socket_close (listener->socket, NULL);
}

void
vs_http_listener_free (VsHttpListener * listener)
{
  close (listener->wake_fd);
  g_object_unref (listener->socket);
  g_clear_pointer (&listener->exempt, vs_address_list_unref);
  g_hash_table_unref (listener->per_ip);
  g_mutex_clear (&listener->mutex);
  g_free (listener);
}

guint16
vs_http_listener_get_port (VsHttpListener * listener)
{
  return listener->port;
}

void
vs_http_listener_get_stats (VsHttpListener * listener, guint * open,
    guint64 * refused)
{
  g_mutex_lock (&listener->mutex);
  *open = listener->n_open;
  *refused = listener->n_refused;
  g_mutex_unlock (&listener->mutex);
}
