/* VisionStream: tests of vsjitpackager's HTTP side
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Properties that concern the server, and what costs a server its
 * descriptors and threads, through the element. The guard itself is tested in
 * tests/unit/http.
 */
#include "common/await.h"
#include "common/deadline.h"
#include "packager.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/folder.h"

#define SERVED STREAM PACKAGER FOREVER

/* for what happens in the server's threads */
#define AWAIT_DEADLINE test_deadline (30)

static void
start_served (const gchar * properties)
{
  g_autofree gchar *line = g_strconcat (SERVED, properties, NULL);

  start_pipeline (line);
}

static guint
get_connections (void)
{
  GstStructure *stats;
  guint connections = 0;

  g_object_get (packager, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint (stats, "connections", &connections));
  gst_structure_free (stats);
  return connections;
}

/* A client that says what it likes. */

static gint
raw_connect (void)
{
  struct sockaddr_in address = {.sin_family = AF_INET };
  struct timeval patience = {.tv_sec = 30 };
  gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_port = g_htons (get_port ());
  address.sin_addr.s_addr = g_htonl (INADDR_LOOPBACK);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  fail_unless (connect (fd, (struct sockaddr *) &address,
          sizeof address) == 0, "%s", g_strerror (errno));
  return fd;
}

static void
raw_send (gint fd, const gchar * text)
{
  fail_unless_equals_int (send (fd, text, strlen (text), MSG_NOSIGNAL),
      strlen (text));
}

/* All until the server closes. */
static gchar *
raw_read (gint fd)
{
  GString *text = g_string_new (NULL);
  gchar buffer[4096];
  gssize n;

  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    g_string_append_len (text, buffer, n);
  close (fd);
  return g_string_free (text, FALSE);
}

static gchar *
raw_talk (const gchar * text)
{
  gint fd = raw_connect ();

  raw_send (fd, text);
  return raw_read (fd);
}

/* Properties. */

GST_START_TEST (test_base_path)
{
  static const struct
  {
    const gchar *path;
    guint status;
  } cases[] = {
    {"/tv/eu/out/v1/default/live/hls/index.m3u8", 200},
    {"/tv/eu/out/v1/default/live/dash/index.mpd", 200},
    {"/tv/eu/api/time", 200},
    {"/tv/eu/api/events", 200},
    {"/tv/eu/", 200},
    {"/out/v1/default/live/hls/index.m3u8", 404},
    {"/tv/eu2/api/time", 404},
    {"/tv/api/time", 404},
    {"/", 404},
  };
  g_autofree gchar *list = NULL;
  g_autofree gchar *text = NULL;

  g_setenv ("VS_PLAYER_DIR", folder, TRUE);
  text = g_build_filename (folder, "index.html", NULL);
  fail_unless (g_file_set_contents (text, "<!doctype html>", -1, NULL));
  start_served ("base-path=tv/eu/");
  await_text ("/tv/eu/out/v1/default/live/hls/index_108p.m3u8",
      "#EXT-X-ENDLIST", 1);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Reply) reply = { 0 };

    get (cases[i].path, &reply);
    fail_unless (reply.status == cases[i].status, "%s: %u", cases[i].path,
        reply.status);
  }
  /* URLs that are told are below it */
  list = get_text ("/tv/eu/api/events");
  fail_unless (strstr (list,
          "\"url\":\"/tv/eu/out/v1/default/live/hls/index.m3u8\"") != NULL,
      "%s", list);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_hosts)
{
  static const struct
  {
    const gchar *host;
    const gchar *status;
  } cases[] = {
    {"tv.example", "HTTP/1.1 200"},
    {"TV.Example:8080", "HTTP/1.1 200"},
    {"cdn.example", "HTTP/1.1 200"},
    {"evil.example", "HTTP/1.1 400"},
    {"tv.example.evil.example", "HTTP/1.1 400"},
    {"127.0.0.1", "HTTP/1.1 400"},
  };

  start_served ("hosts=\"tv.example, cdn.example\"");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *head = g_strdup_printf ("GET /api/time HTTP/1.1\r\n"
        "Host: %s\r\nConnection: close\r\n\r\n", cases[i].host);
    g_autofree gchar *answer = raw_talk (head);

    fail_unless (g_str_has_prefix (answer, cases[i].status), "%s: %s",
        cases[i].host, answer);
    fail_unless (strstr (answer, "Connection: close") != NULL);
  }
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_max_connections_per_ip)
{
  gint fds[3];
  gchar byte;

  start_served ("max-connections-per-ip=2");
  for (guint i = 0; i < 3; i++)
    fds[i] = raw_connect ();
  fail_unless (recv (fds[2], &byte, 1, 0) <= 0);
  raw_send (fds[1], "GET /api/time HTTP/1.0\r\n\r\n");
  {
    g_autofree gchar *answer = raw_read (fds[1]);

    fail_unless (g_str_has_prefix (answer, "HTTP/1.1 200"), "%s", answer);
  }
  close (fds[0]);
  close (fds[2]);
  AWAIT (get_connections () == 0);
  /* its share is free again */
  {
    g_autofree gchar *answer = raw_talk ("GET /api/time HTTP/1.0\r\n\r\n");

    fail_unless (g_str_has_prefix (answer, "HTTP/1.1 200"), "%s", answer);
  }
  stop_pipeline ();
}

GST_END_TEST;

/* Row 56 of what a client may try: what two servers could read differently
 * never reaches libsoup, and nothing that follows it on the connection is
 * served. */
GST_START_TEST (test_smuggling)
{
  static const gchar *const heads[] = {
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
        "Content-Length: 0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "GET /out/v1/default/%2e%2e/live/hls/index.m3u8 HTTP/1.1\r\n"
        "Host: a\r\n\r\n",
    "GET /out/v1/default/../default/live/hls/index.m3u8 HTTP/1.1\r\n"
        "Host: a\r\n\r\n",
    "GET /out/v1/default%2flive/hls/index.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /out/v1/default/live/hls//index.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /out/v1/default/live/hls/index.m3u8%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /out/v1\\default/live/hls/index.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /out/v1/default/%c0%ae/hls/index.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  guint64 served;

  start_served ("");
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  /* a request counts when its answer is out */
  soup_session_abort (session);
  AWAIT (get_connections () == 0);
  served = get_stat ("requests");
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    g_autofree gchar *text = g_strconcat (heads[i],
        "GET /api/time HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
    g_autofree gchar *answer = raw_talk (text);

    fail_unless (g_str_has_prefix (answer, "HTTP/1.1 400"), "%s -> %s",
        heads[i], answer);
    fail_unless (strstr (answer + 1, "HTTP/1.1") == NULL, "%s", answer);
    fail_unless (strstr (answer, "Connection: close") != NULL, "%s", answer);
  }
  fail_unless_equals_uint64 (get_stat ("requests"), served);
  fail_unless_equals_uint64 (get_stat ("refused"), G_N_ELEMENTS (heads));
  stop_pipeline ();
}

GST_END_TEST;

static gchar *
make_ranges (guint n)
{
  GString *text = g_string_new ("bytes=0-");

  while (--n > 0)
    g_string_append (text, ",0-");
  return g_string_free (text, FALSE);
}

/* Row 55: one range is served, what is odd gets the whole body or 416, never
 * more than one body. */
GST_START_TEST (test_range_abuse)
{
  g_autofree gchar *many = make_ranges (400);
  const struct
  {
    const gchar *range;
    guint status;
  } cases[] = {
    {"bytes=188-375", 206},
    {"bytes=-188", 206},
    {"bytes=99999999-", 416},
    {"bytes=-99999999999999999999", 206},
    {"bytes=5-2", 200},
    {"bytes=0-1,0-1,0-1", 200},
    {"bytes=18446744073709551615-18446744073709551616", 416},
    {many, 200},
  };
  g_auto (Reply) whole = { 0 };

  start_served ("");
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  get ("hls/108p_2.ts", &whole);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Reply) reply = { 0 };
    gsize size;

    request ("GET", "hls/108p_2.ts", "Range", cases[i].range, &reply);
    size = g_bytes_get_size (reply.body);
    fail_unless (reply.status == cases[i].status, "%s: %u", cases[i].range,
        reply.status);
    fail_unless (size <= g_bytes_get_size (whole.body));
    if (i < 2)
      fail_unless_equals_int (size, 188);
  }
  stop_pipeline ();
}

GST_END_TEST;

/* Row 52: heads that never come to an end, and answers that nobody reads,
 * are others' to bear no longer than their deadlines; meanwhile others are
 * served as ever. */
GST_START_TEST (test_slow_clients)
{
  gint fds[200];
  gdouble worst = 0;

  start_served ("");
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++) {
    fds[i] = raw_connect ();
    raw_send (fds[i], "GET /api/time HTTP/1.1\r\nHost: a\r\nX-Slow: ");
  }
  for (guint i = 0; i < 50; i++) {
    g_autoptr (GTimer) timer = g_timer_new ();
    g_auto (Reply) reply = { 0 };

    get ("hls/108p_2.ts", &reply);
    fail_unless_equals_int (reply.status, 200);
    worst = MAX (worst, g_timer_elapsed (timer, NULL));
    raw_send (fds[i], "x");
  }
  fail_unless (worst < 2.0, "%f s", worst);
  /* dripping does not move the deadline */
  {
    g_autofree gchar *answer = raw_read (fds[0]);

    fail_unless (g_str_has_prefix (answer, "HTTP/1.1 408"), "%s", answer);
  }
  for (guint i = 1; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_access_log)
{
  static const gchar *const members[] = { "timestamp", "clientIp",
    "processingTime", "statusCode", "receivedBytes", "sentBytes", "method",
    "request", "protocol", "userAgent", "account", "channelId", "channelArn",
    "domainName", "requestId", "endpointId", "endpointArn", "eventId",
    "breakoutId", "reason"
  };
  g_autofree gchar *path = g_build_filename (folder, "access.log", NULL);
  g_autofree gchar *property = g_strdup_printf ("access-log=%s", path);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_auto (Reply) reply = { 0 };
  guint found = 0;

  start_served (property);
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  request ("GET", "hls/108p_2.ts?Signature=secret", "User-Agent", "a \"b\"",
      &reply);
  stop_pipeline ();

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless (strstr (text, "secret") == NULL);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] && lines[i][0]; i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
    JsonObject *object;

    fail_unless (node != NULL, "%s", lines[i]);
    object = json_node_get_object (node);
    fail_unless_equals_int (json_object_get_size (object),
        G_N_ELEMENTS (members));
    for (guint j = 0; j < G_N_ELEMENTS (members); j++)
      fail_unless (json_object_has_member (object, members[j]), "%s",
          members[j]);
    if (!strstr (lines[i], "108p_2.ts"))
      continue;
    found++;
    fail_unless_equals_string (json_object_get_string_member (object,
            "eventId"), "live");
    fail_unless_equals_string (json_object_get_string_member (object,
            "endpointId"), "hls");
    fail_unless_equals_string (json_object_get_string_member (object,
            "userAgent"), "a \"b\"");
    fail_unless (json_object_get_null_member (object, "breakoutId"));
  }
  fail_unless_equals_int (found, 1);
}

GST_END_TEST;

/* TLS. */

static void
make_certificate (const gchar * name)
{
  g_autofree gchar *key = g_strdup_printf ("%s/%s.key", folder, name);
  g_autofree gchar *cert = g_strdup_printf ("%s/%s.crt", folder, name);
  g_autofree gchar *subject = g_strdup_printf ("/CN=%s", name);
  const gchar *argv[] = { "openssl", "req", "-x509", "-newkey", "ec",
    "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", subject, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
    key, "-out", cert, NULL
  };

  if (!g_file_test (cert, G_FILE_TEST_EXISTS))
    g_free (run (argv));
}

static void
install (const gchar * name, const gchar * suffix)
{
  g_autofree gchar *from = g_strconcat (folder, "/", name, suffix, NULL);
  g_autofree gchar *to = g_strconcat (folder, "/server", suffix, NULL);
  g_autofree gchar *text = NULL;

  fail_unless (g_file_get_contents (from, &text, NULL, NULL));
  fail_unless (g_file_set_contents (to, text, -1, NULL));
}

static void
start_tls (const gchar * line)
{
  g_autofree gchar *all = NULL;

  make_certificate ("one");
  make_certificate ("two");
  install ("one", ".crt");
  install ("one", ".key");
  all = g_strdup_printf ("%s tls-certificate=%s/server.crt "
      "tls-key=%s/server.key", line, folder, folder);
  start_pipeline (all);
}

/* An HTTPS connection that trusts @name's certificate alone. */
static GIOStream *
tls_connect (const gchar * name, GError ** error)
{
  g_autofree gchar *path = g_strdup_printf ("%s/%s.crt", folder, name);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) base = NULL;
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GTlsDatabase) anchors = NULL;
  g_autoptr (GSocketConnectable) identity =
      g_network_address_new ("127.0.0.1", get_port ());

  g_socket_client_set_proxy_resolver (client, NULL);
  g_socket_client_set_enable_proxy (client, FALSE);
  base = g_socket_client_connect_to_host (client, "127.0.0.1", get_port (),
      NULL, error);
  if (base == NULL)
    return NULL;
  anchors = g_tls_file_database_new (path, error);
  tls = g_tls_client_connection_new (G_IO_STREAM (base), identity, error);
  g_tls_connection_set_database (G_TLS_CONNECTION (tls), anchors);
  if (!g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, error))
    return NULL;
  return g_steal_pointer (&tls);
}

static gboolean
tls_get (GIOStream * tls, const gchar * expected)
{
  static const gchar head[] = "GET /api/time HTTP/1.1\r\nHost: a\r\n\r\n";
  gchar buffer[2048] = "";
  gssize n = 0;
  gsize size = 0;

  if (!g_output_stream_write_all (g_io_stream_get_output_stream (tls), head,
          sizeof head - 1, NULL, NULL, NULL))
    return FALSE;
  /* the body is a time, which ends so */
  while (!g_str_has_suffix (buffer, "Z") && (n =
          g_input_stream_read (g_io_stream_get_input_stream (tls),
              buffer + size, sizeof buffer - 1 - size, NULL, NULL)) > 0)
    size += n;
  return n > 0 && g_str_has_prefix (buffer, expected);
}

static gboolean
tls_serves (const gchar * name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) tls = tls_connect (name, &error);

  return tls && tls_get (tls, "HTTP/1.1 200");
}

GST_START_TEST (test_tls)
{
  g_autoptr (GIOStream) before = NULL;
  g_autofree gchar *server = g_build_filename (folder, "server.crt", NULL);
  g_autofree gchar *plain = NULL;

  start_tls (PACKAGER);
  before = tls_connect ("one", NULL);
  fail_unless (before != NULL);
  fail_unless (tls_get (before, "HTTP/1.1 200"));
  fail_if (tls_serves ("two"));
  plain = raw_talk ("GET /api/time HTTP/1.0\r\n\r\n");
  fail_if (g_str_has_prefix (plain, "HTTP/"));

  /* renewed: new connections get the new one, without a restart */
  install ("two", ".key");
  install ("two", ".crt");
  AWAIT (tls_serves ("two"));
  fail_unless (tls_get (before, "HTTP/1.1 200"));

  /* one that can't be used is said, and the one before stays */
  {
    g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GError) warning = NULL;

    gst_bus_set_flushing (bus, TRUE);
    gst_bus_set_flushing (bus, FALSE);
    fail_unless (g_file_set_contents (server, "nothing", -1, NULL));
    message = take_message (GST_MESSAGE_WARNING);
    gst_message_parse_warning (message, &warning, NULL);
    fail_unless (strstr (warning->message, server) != NULL, "%s",
        warning->message);
  }
  fail_unless (tls_serves ("two"));
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_tls_bad_files)
{
  g_autofree gchar *cert = g_build_filename (folder, "one.crt", NULL);
  g_autofree gchar *key = g_build_filename (folder, "two.key", NULL);
  g_autoptr (GstElement) element = NULL;

  make_certificate ("one");
  make_certificate ("two");
  element = gst_object_ref_sink (gst_element_factory_make_full
      ("vsjitpackager", "port", 0, "tls-certificate", cert, "tls-key", key,
          NULL));
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (element, GST_STATE_NULL);
}

GST_END_TEST;

/* Descriptors and threads. */

typedef struct
{
  guint fds, threads;
} Usage;

static Usage
get_usage (void)
{
  Usage usage = { test_folder_count ("/proc/self/fd"),
    test_folder_count ("/proc/self/task")
  };

  return usage;
}

/* GIO's own threads (of handshakes) end when they have been idle. */
static void
await_usage (const Usage * base)
{
  Usage now = { 0 };

  AWAIT ((now = get_usage (), now.fds <= base->fds
          && now.threads <= base->threads));
}

/* Clients of all manners: served and closing, leaving in mid answer, leaving
 * in mid head, saying nothing. */
static void
visit (guint i, gboolean tls)
{
  static const gchar *const heads[] = {
    "GET /api/time HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /out/v1/default/live/hls/108p_2.ts HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /out/v1/default/live/cmaf/video_108p_3.m4s HTTP/1.1\r\n", ""
  };
  gint fd;
  gchar byte;

  if (tls && i % 2 == 0) {
    g_autoptr (GIOStream) stream = tls_connect ("one", NULL);

    fail_unless (stream != NULL && tls_get (stream, "HTTP/1.1 200"));
    return;
  }
  fd = raw_connect ();
  /* of TLS: half a handshake, or what is none */
  if (tls)
    raw_send (fd, i % 4 == 1 ? "\x16\x03\x01" : "GET / HTTP/1.0\r\n\r\n");
  else
    raw_send (fd, heads[i % G_N_ELEMENTS (heads)]);
  if (!tls && i % G_N_ELEMENTS (heads) == 0)
    fail_unless_equals_int (recv (fd, &byte, 1, 0), 1);
  close (fd);
}

/* Until all clients are gone. One that is served came after all that still
 * wait to be accepted. */
static void
await_no_connections (gboolean tls)
{
  if (tls) {
    fail_unless (tls_serves ("one"));
  } else {
    g_autofree gchar *answer = raw_talk ("GET /api/time HTTP/1.0\r\n\r\n");

    fail_unless (g_str_has_prefix (answer, "HTTP/1.1 200"), "%s", answer);
  }
  AWAIT (get_connections () == 0);
}

/* The base is taken once each kind of client was there: what libraries keep
 * for good is there then. */
static void
visit_many (guint n, gboolean tls)
{
  Usage base;

  for (guint i = 0; i < 8; i++)
    visit (i, tls);
  await_no_connections (tls);
  base = get_usage ();
  for (guint i = 0; i < n; i++)
    visit (i, tls);
  await_no_connections (tls);
  await_usage (&base);
}

GST_START_TEST (test_connections_leave_nothing)
{
  start_served ("");
  await_text ("hls/index_108p.m3u8", "#EXT-X-ENDLIST", 1);
  soup_session_abort (session);
  visit_many (1000, FALSE);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_tls_connections_leave_nothing)
{
  start_tls (PACKAGER);
  visit_many (g_getenv ("VS_VALGRIND") ? 50 : 300, TRUE);
  stop_pipeline ();
}

GST_END_TEST;

/* A start and a stop, with a client that is answered, one that is in the
 * middle of its answer, and one that has only connected. */
static void
cycle (guint i, gboolean tls)
{
  gint idle = -1, busy = -1;

  if (tls)
    start_tls (PACKAGER);
  else
    start_pipeline (PACKAGER);
  if (i % 5 == 0) {
    idle = raw_connect ();
    busy = raw_connect ();
    raw_send (busy, tls ? "\x16" : "GET /api/events HTTP/1.1\r\nHost: a\r\n"
        "\r\nGET /api");
  }
  if (tls && i % 5 == 0)
    fail_unless (tls_serves ("one"));
  stop_pipeline ();
  if (idle >= 0) {
    close (idle);
    close (busy);
  }
}

static void
cycle_many (guint n, gboolean tls)
{
  Usage base;

  for (guint i = 0; i < 6; i++)
    cycle (i, tls);
  base = get_usage ();
  for (guint i = 0; i < n; i++)
    cycle (i, tls);
  await_usage (&base);
}

GST_START_TEST (test_start_stop)
{
  cycle_many (100, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_start_stop_tls)
{
  cycle_many (20, TRUE);
}

GST_END_TEST;

static Suite *
jitpackagerhttp_suite (void)
{
  Suite *s = suite_create ("vsjitpackager-http");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_base_path);
  tcase_add_test (tc, test_hosts);
  tcase_add_test (tc, test_max_connections_per_ip);
  tcase_add_test (tc, test_smuggling);
  tcase_add_test (tc, test_range_abuse);
  tcase_add_test (tc, test_slow_clients);
  tcase_add_test (tc, test_access_log);
  tcase_add_test (tc, test_tls);
  tcase_add_test (tc, test_tls_bad_files);
  tcase_add_test (tc, test_connections_leave_nothing);
  tcase_add_test (tc, test_tls_connections_leave_nothing);
  tcase_add_test (tc, test_start_stop);
  tcase_add_test (tc, test_start_stop_tls);
  return s;
}

GST_CHECK_MAIN (jitpackagerhttp);
