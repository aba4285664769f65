/* VisionStream: a vsjitpackager under test, and its HTTP client
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "packager.h"

#include <string.h>

#include "common/deadline.h"
#include "common/folder.h"

GstElement *pipeline, *packager;
SoupSession *session;
gchar *folder;

void
setup (void)
{
  /* no proxy is looked for: everything is on this machine */
  session = soup_session_new_with_options ("max-conns", 64,
      "max-conns-per-host", 64, "proxy-resolver", NULL, NULL);
  folder = g_dir_make_tmp ("vs-jitpackager-XXXXXX", NULL);
}

void
stop_pipeline (void)
{
  if (pipeline)
    gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_clear_object (&packager);
  gst_clear_object (&pipeline);
}

void
teardown (void)
{
  stop_pipeline ();
  g_clear_object (&session);
  test_folder_remove (folder);
  g_clear_pointer (&folder, g_free);
}

void
start_pipeline (const gchar * line)
{
  g_autoptr (GError) error = NULL;

  pipeline = gst_parse_launch (line, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  if (GST_IS_PIPELINE (pipeline)) {
    packager = gst_bin_get_by_name (GST_BIN (pipeline), "p");
  } else {
    packager = pipeline;
    pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (pipeline), gst_object_ref (packager));
  }
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
      != GST_STATE_CHANGE_FAILURE);
}

void
start_origin (const gchar * properties)
{
  g_autofree gchar *line = g_strdup_printf ("vsjitpackager name=p port=0 "
      "location=%s %s", folder, properties);

  start_pipeline (line);
}

guint64
get_stat (const gchar * name)
{
  GstStructure *stats;
  guint64 value = 0;

  g_object_get (packager, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value));
  gst_structure_free (stats);
  return value;
}

guint
get_port (void)
{
  guint port;

  g_object_get (packager, "port", &port, NULL);
  return port;
}

gchar *
url_of (const gchar * path)
{
  return g_strdup_printf ("http://127.0.0.1:%u%s%s", get_port (),
      path[0] == '/' ? "" : "/out/v1/default/live/", path);
}

void
reply_clear (Reply * reply)
{
  g_clear_pointer (&reply->body, g_bytes_unref);
  g_clear_pointer (&reply->headers, soup_message_headers_unref);
}

void
request (const gchar * method, const gchar * path, const gchar * name,
    const gchar * value, Reply * reply)
{
  g_autofree gchar *url = url_of (path);
  g_autoptr (SoupMessage) message = soup_message_new (method, url);
  g_autoptr (GError) error = NULL;

  if (name)
    soup_message_headers_replace (soup_message_get_request_headers (message),
        name, value);
  reply->body = soup_session_send_and_read (session, message, NULL, &error);
  fail_unless (reply->body != NULL, "%s: %s", url, error ? error->message : "");
  reply->status = soup_message_get_status (message);
  reply->headers =
      soup_message_headers_ref (soup_message_get_response_headers (message));
}

void
get (const gchar * path, Reply * reply)
{
  request ("GET", path, NULL, NULL, reply);
}

gchar *
reply_text (const Reply * reply)
{
  return g_strndup (g_bytes_get_data (reply->body, NULL),
      g_bytes_get_size (reply->body));
}

gchar *
get_text (const gchar * path)
{
  g_auto (Reply) reply = { 0 };

  get (path, &reply);
  fail_unless_equals_int (reply.status, 200);
  return reply_text (&reply);
}

const gchar *
header (const Reply * reply, const gchar * name)
{
  return soup_message_headers_get_one (reply->headers, name);
}

/* Until the playlist has its end, or so many entries. */
guint
count (const gchar * text, const gchar * what)
{
  guint n = 0;

  for (const gchar * p = strstr (text, what); p; p = strstr (p + 1, what))
    n++;
  return n;
}

void
await_text (const gchar * path, const gchar * what, guint times)
{
  gint64 deadline = test_deadline (30);
  guint n;

  do {
    g_auto (Reply) reply = { 0 };
    g_autofree gchar *text = NULL;

    fail_unless (g_get_monotonic_time () < deadline, "no %s in %s", what, path);
    get (path, &reply);
    text = reply_text (&reply);
    n = count (text, what);
    if (n < times)
      g_usleep (20000);
  } while (n < times);
}

GstMessage *
take_message (GstMessageType type)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND,
      type | GST_MESSAGE_ERROR);

  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), type);
  return message;
}

void
await_message (GstMessageType type)
{
  gst_message_unref (take_message (type));
}

gchar *
run (const gchar * const *argv)
{
  gchar *out = NULL;
  g_autofree gchar *err = NULL;
  gint status;

  if (!g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
          NULL, &out, &err, &status, NULL)) {
    g_print ("skipped: no %s\n", argv[0]);
    return NULL;
  }
  fail_unless (g_spawn_check_wait_status (status, NULL), "%s: %s", argv[0],
      err);
  return out;
}
