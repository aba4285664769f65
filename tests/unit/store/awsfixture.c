/* VisionStream: a machine that AWS's tools would know
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/leaks.h"
#include "store/awsfixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/folder.h"

#define TOKEN "token-of-the-instance"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define DRIP_MS 20

const gchar *aws_role;
const gchar *aws_authorization;
gint aws_hits, aws_token_hits;
gchar *aws_home, *aws_uri;

static GMutex lock;
static GCond changed;
/* protected by lock: how keys, and only they, are answered, and the last one
 * who waits for that */
static AwsManner manner;
static guint answer_status;
static gchar *answer;
static gboolean held;
static SoupServerMessage *waiting;

static GThread *thread;
static GMainLoop *loop;

/* ---- the server ---------------------------------------------------------- */

static void
append (SoupServerMessage * message, gsize size)
{
  soup_message_body_append_take (soup_server_message_get_response_body
      (message), (guchar *) g_strnfill (size, ' '), size);
}

static void
append_more (SoupServerMessage * message, gpointer unused)
{
  append (message, 16 * 1024);
  soup_server_message_unpause (message);
}

static gboolean
drip (gpointer message)
{
  if (soup_server_message_get_socket (message) == NULL)
    return G_SOURCE_REMOVE;
  append (message, 1);
  soup_server_message_unpause (message);
  return G_SOURCE_CONTINUE;
}

static void
answer_without_end (SoupServerMessage * message)
{
  SoupMessageBody *body = soup_server_message_get_response_body (message);

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_message_headers_set_encoding
      (soup_server_message_get_response_headers (message),
      SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate (body, FALSE);
  append (message, 1);
  if (manner == AWS_ENDLESS) {
    g_signal_connect (message, "wrote-chunk", G_CALLBACK (append_more), NULL);
  } else {
    GSource *source = g_timeout_source_new (DRIP_MS);

    g_source_set_callback (source, drip, g_object_ref (message),
        g_object_unref);
    g_source_attach (source, g_main_context_get_thread_default ());
    g_source_unref (source);
  }
}

/* With the lock. */
static void
answer_keys (SoupServerMessage * message)
{
  switch (manner) {
    case AWS_ANSWER:
      soup_server_message_set_status (message, answer_status, NULL);
      soup_server_message_set_response (message, "application/json",
          SOUP_MEMORY_COPY, answer, strlen (answer));
      break;
    case AWS_ENDLESS:
    case AWS_DRIP:
      answer_without_end (message);
      break;
    case AWS_REDIRECT:
      soup_server_message_set_redirect (message, SOUP_STATUS_FOUND,
          "/container");
      manner = AWS_ANSWER;
      break;
  }
}

static void
handle_keys (SoupServerMessage * message)
{
  g_mutex_lock (&lock);
  if (held) {
    g_set_object (&waiting, message);
    soup_server_message_pause (message);
  } else {
    answer_keys (message);
  }
  g_atomic_int_inc (&aws_hits);
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

static gboolean
has_header (SoupServerMessage * message, const gchar * name,
    const gchar * value)
{
  return g_strcmp0 (soup_message_headers_get_one
      (soup_server_message_get_request_headers (message), name), value) == 0;
}

static void
answer_text (SoupServerMessage * message, const gchar * text)
{
  soup_server_message_set_status (message, text ? 200 : 404, NULL);
  if (text)
    soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_COPY,
        text, strlen (text));
}

static void
handle_token (SoupServerMessage * message)
{
  if (soup_server_message_get_method (message) != SOUP_METHOD_PUT
      || !has_header (message, "X-aws-ec2-metadata-token-ttl-seconds",
          "21600")) {
    soup_server_message_set_status (message, 400, NULL);
    return;
  }
  g_atomic_int_inc (&aws_token_hits);
  answer_text (message, TOKEN "\n");
}

static void
handle (SoupServer * server, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer unused)
{
  if (strcmp (path, "/latest/api/token") == 0)
    handle_token (message);
  else if (strcmp (path, "/container") == 0 && (aws_authorization == NULL
          || has_header (message, "Authorization", aws_authorization)))
    handle_keys (message);
  else if (!has_header (message, "X-aws-ec2-metadata-token", TOKEN))
    soup_server_message_set_status (message, 401, NULL);
  else if (strcmp (path, ROLE_PATH) == 0)
    answer_text (message, aws_role);
  else if (g_str_has_prefix (path, ROLE_PATH)
      && g_strcmp0 (path + strlen (ROLE_PATH), aws_role) == 0)
    handle_keys (message);
  else
    soup_server_message_set_status (message, 404, NULL);
}

static gpointer
run_server (gpointer context)
{
  SoupServer *server;
  g_autoptr (GError) error = NULL;
  GSList *uris;

  /* libsoup 3.2's server never lets go of connections that the client closed */
  test_leaks_ignore_thread ();
  server = soup_server_new (NULL, NULL);
  g_main_context_push_thread_default (context);
  soup_server_add_handler (server, NULL, handle, NULL, NULL);
  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  g_mutex_lock (&lock);
  aws_uri = g_uri_to_string (uris->data);
  aws_uri[strlen (aws_uri) - 1] = '\0';
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  g_main_loop_run (loop);
  soup_server_disconnect (server);
  g_object_unref (server);
  while (g_main_context_iteration (context, FALSE));
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

static gboolean
answer_waiting (gpointer unused)
{
  g_mutex_lock (&lock);
  held = FALSE;
  if (waiting) {
    answer_keys (waiting);
    soup_server_message_unpause (waiting);
    g_clear_object (&waiting);
  }
  g_mutex_unlock (&lock);
  return G_SOURCE_REMOVE;
}

void
aws_hold (void)
{
  g_mutex_lock (&lock);
  held = TRUE;
  g_mutex_unlock (&lock);
}

static gboolean
quit (gpointer unused)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
run_in_server (GSourceFunc function)
{
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, function, NULL, NULL);
  g_source_attach (source, g_main_loop_get_context (loop));
  g_source_unref (source);
}

void
aws_release (void)
{
  run_in_server (answer_waiting);
}

void
aws_await_hits (gint n)
{
  g_mutex_lock (&lock);
  while (g_atomic_int_get (&aws_hits) < n)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
}

void
aws_set_answer (AwsManner how, guint status, const gchar * body)
{
  g_mutex_lock (&lock);
  manner = how;
  answer_status = status;
  g_free (answer);
  answer = g_strdup (body);
  g_mutex_unlock (&lock);
}

void
aws_set_keys (const gchar * id, gint64 expires_us)
{
  g_autoptr (GDateTime) time =
      g_date_time_new_from_unix_utc (expires_us / G_USEC_PER_SEC);
  g_autofree gchar *text = g_date_time_format_iso8601 (time);
  g_autofree gchar *expiration = expires_us == 0 ? g_strdup ("") :
      g_strdup_printf (", \"Expiration\": \"%s\"", text);
  g_autofree gchar *body = g_strdup_printf ("{\"Code\": \"Success\", "
      "\"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"secret-of-%s\", "
      "\"Token\": \"token-of-%s\"%s, \"More\": {\"n\": [1]}}", id, id, id,
      expiration);

  aws_set_answer (AWS_ANSWER, 200, body);
}

void
aws_be_container (void)
{
  g_autofree gchar *uri = g_strconcat (aws_uri, "/container?secret=1", NULL);

  g_setenv ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri, TRUE);
}

/* ---- the machine --------------------------------------------------------- */

gchar *
aws_path (const gchar * path)
{
  return g_build_filename (aws_home, path, NULL);
}

void
aws_write (const gchar * path, const gchar * text)
{
  g_autofree gchar *full = aws_path (path);

  if (text == NULL) {
    g_unlink (full);
    return;
  }
  fail_unless (g_file_set_contents (full, text, -1, NULL));
  fail_unless (g_chmod (full, 0600) == 0);
}

void
aws_setup_once (void)
{
  g_auto (GStrv) variables = g_listenv ();
  g_autofree gchar *folder = NULL;

  for (guint i = 0; variables[i]; i++)
    if (g_str_has_prefix (variables[i], "AWS_"))
      g_unsetenv (variables[i]);
  aws_home = g_dir_make_tmp ("vs-aws-XXXXXX", NULL);
  g_setenv ("HOME", aws_home, TRUE);
  /* that nobody is to ask */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  folder = aws_path (".aws");
  g_mkdir (folder, 0700);
}

void
aws_teardown_once (void)
{
  test_folder_remove (aws_home);
  g_clear_pointer (&aws_home, g_free);
}

void
aws_setup (void)
{
  GMainContext *context = g_main_context_new ();

  aws_set_keys ("AKINSTANCE", 0);
  aws_role = "role.of-this";
  loop = g_main_loop_new (context, FALSE);
  thread = g_thread_new ("metadata", run_server, context);
  g_mutex_lock (&lock);
  while (aws_uri == NULL)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
  g_setenv ("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws_uri, TRUE);
}

void
aws_teardown (void)
{
  g_auto (GStrv) variables = g_listenv ();

  aws_release ();
  run_in_server (quit);
  g_thread_join (thread);
  g_clear_pointer (&loop, g_main_loop_unref);
  g_clear_pointer (&aws_uri, g_free);
  g_clear_pointer (&answer, g_free);
  aws_authorization = NULL;
  aws_hits = aws_token_hits = 0;
  for (guint i = 0; variables[i]; i++)
    if (g_str_has_prefix (variables[i], "AWS_"))
      g_unsetenv (variables[i]);
  aws_write (".aws/credentials", NULL);
  aws_write (".aws/config", NULL);
}
