/* VisionStream: a server that asks for a password by Digest
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/leaks.h"
#include "store/digestserver.h"

#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>

static void
on_request (SoupServer * server, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data)
{
  DigestServer *self = user_data;

  self->received += soup_server_message_get_request_body (message)->length;
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC,
      "ok", 2);
}

static void
on_finished (SoupServer * server, SoupServerMessage * message,
    gpointer user_data)
{
  DigestServer *self = user_data;
  const gchar *sent = soup_message_headers_get_one
      (soup_server_message_get_request_headers (message), "Authorization");

  if (soup_server_message_get_status (message) == 401)
    self->n_401++;
  else
    self->n_200++;
  /* RFC 7616 3.4: a nonce count is never used twice */
  if (sent)
    fail_unless (g_hash_table_add (self->seen, g_strdup (sent)), "%s", sent);
}

static char *
get_digest (SoupAuthDomain * domain, SoupServerMessage * message,
    const char *user, gpointer user_data)
{
  return soup_auth_domain_digest_encode_password (user, "a", "p w+");
}

static gpointer
run_digest (gpointer data)
{
  DigestServer *self = data;
  g_autoptr (SoupServer) server = NULL;
  g_autoptr (SoupAuthDomain) domain = NULL;
  GSList *uris;

  /* libsoup 3.2's server never lets go of connections that the client closed */
  test_leaks_ignore_thread ();
  g_main_context_push_thread_default (self->context);
  server = soup_server_new (NULL, NULL);
  domain = soup_auth_domain_digest_new ("realm", "a", NULL);
  soup_auth_domain_add_path (domain, "/");
  soup_auth_domain_digest_set_auth_callback (domain, get_digest, NULL, NULL);
  soup_server_add_auth_domain (server, domain);
  soup_server_add_handler (server, NULL, on_request, self, NULL);
  g_signal_connect (server, "request-finished", G_CALLBACK (on_finished), self);
  fail_unless (soup_server_listen_local (server, 0,
          SOUP_SERVER_LISTEN_IPV4_ONLY, NULL));
  uris = soup_server_get_uris (server);
  g_mutex_lock (&self->lock);
  self->base = g_strdup_printf ("http://127.0.0.1:%d",
      g_uri_get_port (uris->data));
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  g_main_loop_run (self->loop);
  soup_server_disconnect (server);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

void
digest_server_start (DigestServer * self)
{
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->thread = g_thread_new ("digest", run_digest, self);
  g_mutex_lock (&self->lock);
  while (self->base == NULL)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
digest_server_stop (DigestServer * self)
{
  g_main_context_invoke (self->context, quit, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
}

void
digest_server_clear (DigestServer * self)
{
  g_hash_table_unref (self->seen);
  g_free (self->base);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}
