/* VisionStream: tests of the store behind HTTP, against a server that errs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "store/rawserver.h"
#include "store/vsstore.h"

#define MIB (1024 * 1024)

static RawServer *server;
static VsStore *store;

static void
start_with (RawHandler handler, gpointer data, VsStoreSettings settings)
{
  g_autofree gchar *location = NULL;
  g_autoptr (GError) error = NULL;

  server = raw_server_new (handler, data);
  location = g_strdup_printf ("http://127.0.0.1:%u/dav", server->port);
  settings.location = location;
  store = vs_store_open_with (&settings, &error);
  fail_unless (store != NULL, "%s", error ? error->message : "");
}

static void
start (RawHandler handler, const gchar * text)
{
  start_with (handler, (gpointer) text, (VsStoreSettings) {
      0});
}

static void
teardown (void)
{
  g_clear_pointer (&store, vs_store_unref);
  g_clear_pointer (&server, raw_server_free);
}

static void
assert_error (gboolean ok, GError ** error, gint code, const gchar * text)
{
  fail_if (ok);
  fail_unless (g_error_matches (*error, G_IO_ERROR, code), "%s",
      (*error)->message);
  fail_unless (strstr ((*error)->message, text) != NULL, "no \"%s\": %s", text,
      (*error)->message);
  fail_if (strstr ((*error)->message, "secret") != NULL, "%s",
      (*error)->message);
  g_clear_error (error);
}

static gboolean
put (const gchar * key, const gchar * text, GError ** error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return vs_store_put (store, key, &bytes, 1, NULL, error);
}

static gboolean
get_range (guint64 offset, gssize length, gsize max, GBytes ** bytes,
    GError ** error)
{
  g_autoptr (GBytes) got = vs_store_get (store, "a.ts", offset, length, max,
      NULL, error);

  if (got && bytes)
    *bytes = g_steal_pointer (&got);
  return bytes ? *bytes != NULL : got != NULL;
}

/* Answers each request with the same text. */
static gboolean
answer_text (RawRequest * request, gpointer text)
{
  return raw_send (request->fd, text);
}

/* ---- locations ---------------------------------------------------------- */

GST_START_TEST (test_locations)
{
  static const struct
  {
    const gchar *location, *text;
  } cases[] = {
    {"http://user:secret@host/a", "properties user and password"},
    {"https://secret@host", "properties user and password"},
    {"http://user:secret/word@host/", "properties user and password"},
    {"http://user:sec%ret@host/secret", "properties user and password"},
    {"http:///secret", "http://host"}, {"http:secret", "http://host"},
    {"http://host/a?secret", "?"}, {"http://host/a#secret", "#"},
    {"http://host/.secret", "path"}, {"http://host/a%2Fsecret", "path"},
    {"http://host/a//secret", "path"}, {"http://host/%00secret", "path"},
    {"ftp://user:secret@host/", "no store for ftp"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    VsStore *none = vs_store_open (cases[i].location, TRUE, &error);

    fail_unless (none == NULL, "%s", cases[i].location);
    fail_unless (strstr (error->message, cases[i].text), "%s: %s",
        cases[i].location, error->message);
    fail_if (strstr (error->message, "secret"), "%s", error->message);
    fail_if (strstr (error->message, "sec%ret"), "%s", error->message);
  }
}

GST_END_TEST;

GST_START_TEST (test_password_alone)
{
  VsStoreSettings settings = {.location = "http://host/",.password = "secret" };
  GError *error = NULL;

  assert_error (vs_store_open_with (&settings, &error) != NULL, &error,
      G_IO_ERROR_INVALID_ARGUMENT, "set user");
}

GST_END_TEST;

/* ---- statuses ----------------------------------------------------------- */

GST_START_TEST (test_statuses)
{
  static const struct
  {
    const gchar *head;
    gint code;
    const gchar *text;
    guint n_requests;
  } cases[] = {
    {"401 No", G_IO_ERROR_PERMISSION_DENIED, "set them", 1},
    {"403 No", G_IO_ERROR_PERMISSION_DENIED, "forbids", 1},
    {"404 No", G_IO_ERROR_NOT_FOUND, "404", 2},
    {"405 No", G_IO_ERROR_NOT_SUPPORTED, "405", 1},
    {"409 No", G_IO_ERROR_NOT_FOUND, "folder above", 2},
    {"413 No", G_IO_ERROR_MESSAGE_TOO_LARGE, "client_max_body_size", 1},
    {"416 No", G_IO_ERROR_FAILED, "416", 1},
    {"423 No", G_IO_ERROR_BUSY, "locked", 1},
    {"500 No", G_IO_ERROR_FAILED, "500", 4},
    {"501 No", G_IO_ERROR_NOT_SUPPORTED, "501", 1},
    {"503 No\r\nRetry-After: 100", G_IO_ERROR_BUSY, "503", 1},
    {"507 No", G_IO_ERROR_NO_SPACE, "no space", 1},
    {"302 No\r\nLocation: https://u:secret@away.example:8443/secret?secret",
        G_IO_ERROR_FAILED, "away.example", 1},
    {"302 No\r\nLocation: /secret", G_IO_ERROR_FAILED, "elsewhere", 1},
    {"308 No", G_IO_ERROR_FAILED, "elsewhere", 1},
    {"600 No", G_IO_ERROR_FAILED, "600", 1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *answer = g_strdup_printf
        ("HTTP/1.1 %s\r\nContent-Length: 6\r\n\r\nsecret", cases[i].head);
    GError *error = NULL;

    start (answer_text, answer);
    assert_error (put ("a.ts", "x", &error), &error, cases[i].code,
        cases[i].text);
    fail_unless (g_atomic_int_get (&server->n_requests) == cases[i].n_requests,
        "%s: %d requests", cases[i].head,
        g_atomic_int_get (&server->n_requests));
    teardown ();
  }
}

GST_END_TEST;

static gboolean
answer_401 (RawRequest * request, gpointer user_data)
{
  return raw_send (request->fd, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n"
      "WWW-Authenticate: Digest realm=\"a\", nonce=\"n\", stale=true\r\n\r\n");
}

/* A server that says that the nonce is stale for ever is not asked for ever. */
GST_START_TEST (test_endless_401)
{
  GError *error = NULL;

  start_with (answer_401, NULL, (VsStoreSettings) {
      .user = "u",.password = "secret"}
  );
  assert_error (put ("a.ts", "x", &error), &error,
      G_IO_ERROR_PERMISSION_DENIED, "not accepted");
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 2);
}

GST_END_TEST;

/* Fails twice, and then no more. */
static gboolean
answer_third (RawRequest * request, gpointer user_data)
{
  return raw_send (request->fd, request->total < 2 ?
      "HTTP/1.1 503 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n" :
      "HTTP/1.1 201 Yes\r\nContent-Length: 0\r\n\r\n");
}

GST_START_TEST (test_tried_again)
{
  g_autoptr (GError) error = NULL;

  start (answer_third, NULL);
  fail_unless (put ("a.ts", "body", &error), "%s", error ? error->message : "");
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 3);
  fail_unless_equals_int (g_bytes_get_size (server->body), 4);
}

GST_END_TEST;

/* The folders are made top down, once, and PUT goes out again with its body. */
static gboolean
answer_without_folder (RawRequest * request, gpointer log)
{
  static const gchar created[] =
      "HTTP/1.1 201 Yes\r\nContent-Length: 0\r\n\r\n";
  const gchar *end = strstr (request->head, " HTTP");

  g_string_append_len (log, request->head, end - request->head);
  g_string_append_c (log, '\n');
  if (g_str_has_prefix (request->head, "PUT") && request->total < 2)
    return raw_send (request->fd,
        "HTTP/1.1 409 No\r\nContent-Length: 0\r\n\r\n");
  return raw_send (request->fd, created);
}

GST_START_TEST (test_folders)
{
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  start_with (answer_without_folder, log, (VsStoreSettings) {
      .create = TRUE}
  );
  fail_unless (put ("a b/c/d.ts", "body", &error), "%s",
      error ? error->message : "");
  fail_unless_equals_string (log->str, "PUT /dav/a%20b/c/d.ts\n"
      "MKCOL /dav/\nMKCOL /dav/a%20b/\nMKCOL /dav/a%20b/c/\n"
      "PUT /dav/a%20b/c/d.ts\n");
  fail_unless_equals_int (g_bytes_get_size (server->body), 4);
}

GST_END_TEST;

/* Players take it as it lies there. */
GST_START_TEST (test_media_types)
{
  static const struct
  {
    const gchar *key, *type;
  } cases[] = {
    {"a.m3u8", "application/vnd.apple.mpegurl"}, {"a.ts", "video/mp2t"},
    {"a.mp4", "video/mp4"}, {"a", "application/octet-stream"}
  };

  start (answer_text, "HTTP/1.1 201 Yes\r\nContent-Length: 0\r\n\r\n");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *type = g_strdup_printf ("\r\nContent-Type: %s\r\n",
        cases[i].type);
    g_autofree gchar *head = NULL;

    fail_unless (put (cases[i].key, "body", NULL));
    head = raw_server_get_head (server);
    fail_unless (strstr (head, type) != NULL, "%s", head);
    fail_unless (strstr (head, "\r\nContent-Length: 4\r\n") != NULL, "%s",
        head);
  }
}

GST_END_TEST;

/* ---- reading ------------------------------------------------------------ */

/* Part of the request, and of no message; a key that has none stays one. */
GST_START_TEST (test_queries)
{
  static const struct
  {
    gboolean queries;
    const gchar *key, *target;
  } cases[] = {
    {TRUE, "a b.m3u8?t=secret/../%20\xc3\xbc x",
        "/dav/a%20b.m3u8?t=secret/../%20" "%C3%BC%20x "},
    {TRUE, "a.m3u8", "/dav/a.m3u8 "},
    {FALSE, "a?b", "/dav/a%3Fb "},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VsStoreSettings settings = {.queries = cases[i].queries };
    g_autoptr (GError) error = NULL;
    g_autofree gchar *head = NULL;
    VsStoreObject *object;

    start_with (answer_text, (gpointer) "HTTP/1.1 404 No\r\n"
        "Content-Length: 0\r\n\r\n", settings);
    fail_unless (vs_store_get (store, cases[i].key, 0, -1, 9, NULL,
            &error) == NULL);
    head = raw_server_get_head (server);
    fail_unless (g_str_has_prefix (head + strlen ("GET "), cases[i].target),
        "%s", head);
    assert_error (FALSE, &error, G_IO_ERROR_NOT_FOUND, "/dav/a");
    object = vs_store_stat (store, cases[i].key, NULL, &error);
    assert_error (object != NULL, &error, G_IO_ERROR_NOT_FOUND, "/dav/a");
    teardown ();
  }
}

GST_END_TEST;

#define OK "HTTP/1.1 200 OK\r\n"
#define PART "HTTP/1.1 206 Part\r\n"

GST_START_TEST (test_parts)
{
  static const struct
  {
    const gchar *answer;
    gint code;                  /* -1: fine */
    const gchar *text;
  } cases[] = {
    {PART "Content-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345", -1,
        "2345"},
    {PART "Content-Range: bytes 2-5/*\r\nContent-Length: 4\r\n\r\n2345", -1,
        "2345"},
    {PART "Content-Range: bytes 2-3/4\r\nContent-Length: 2\r\n\r\n23", -1,
        "23"},
    /* ranges are not known there */
    {OK "Content-Length: 10\r\n\r\n0123456789", -1, "2345"},
    {OK "Content-Length: 3\r\n\r\n012", -1, "2"},
    {OK "Content-Length: 1\r\n\r\n0", -1, ""},
    {"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n", -1, ""},
    {OK "Content-Length: 16777217\r\n\r\n0", G_IO_ERROR_MESSAGE_TOO_LARGE,
        "no ranges"},
    {PART "Content-Range: bytes 1-4/10\r\nContent-Length: 4\r\n\r\n2345",
        G_IO_ERROR_INVALID_DATA, "not asked for"},
    {PART "Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\n234",
        G_IO_ERROR_INVALID_DATA, "not asked for"},
    {PART "Content-Range: bytes 2-6/10\r\nContent-Length: 5\r\n\r\n23456",
        G_IO_ERROR_INVALID_DATA, "not asked for"},
    {PART "Content-Range: bytes 2-6/*\r\nContent-Length: 5\r\n\r\n23456",
        G_IO_ERROR_INVALID_DATA, "not asked for"},
    {PART "Content-Range: bytes 2-5/10\r\nContent-Length: 3\r\n\r\n234",
        G_IO_ERROR_INVALID_DATA, "not asked for"},
    {PART "Content-Range: bytes 2-5/10\r\nContent-Length: 0\r\n\r\n",
        G_IO_ERROR_INVALID_DATA, "not asked for"},
    {PART "Content-Length: 4\r\n\r\n2345", G_IO_ERROR_INVALID_DATA,
        "not asked for"},
    {PART "Content-Range: bytes 5-2/10\r\nContent-Length: 4\r\n\r\n2345",
        G_IO_ERROR_INVALID_DATA, "not asked for"},
    {"HTTP/1.1 204 None\r\n\r\n", G_IO_ERROR_INVALID_DATA, "not asked for"},
    {"HTTP/1.1 404 No\r\nContent-Length: 6\r\n\r\nsecret",
        G_IO_ERROR_NOT_FOUND, "404"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) bytes = NULL;
    GError *error = NULL;
    gboolean ok;

    start (answer_text, cases[i].answer);
    ok = get_range (2, 4, 4, &bytes, &error);
    if (cases[i].code >= 0) {
      assert_error (ok, &error, cases[i].code, cases[i].text);
    } else {
      g_autoptr (GBytes) expected = g_bytes_new_static (cases[i].text,
          strlen (cases[i].text));

      fail_unless (ok, "%u: %s", i, error ? error->message : "");
      fail_unless (g_bytes_equal (bytes, expected), "%u", i);
    }
    teardown ();
  }
}

GST_END_TEST;

/* Nothing that is cut off passes for whole, however often it comes. */
static gboolean
answer_short (RawRequest * request, gpointer user_data)
{
  raw_send (request->fd, OK "Content-Length: 10\r\n\r\n012345");
  return FALSE;
}

GST_START_TEST (test_short_body)
{
  GError *error = NULL;

  start (answer_short, NULL);
  assert_error (get_range (0, -1, 10, NULL, &error), &error,
      G_IO_ERROR_PARTIAL_INPUT, "/dav/a.ts");
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 4);
  assert_error (get_range (2, 4, 10, NULL, &error), &error,
      G_IO_ERROR_PARTIAL_INPUT, "/dav/a.ts");
}

GST_END_TEST;

/* A whole object is no answer to a range, nor a range to the whole. */
GST_START_TEST (test_part_for_whole)
{
  GError *error = NULL;

  start (answer_text, PART "Content-Range: bytes 0-3/10\r\n"
      "Content-Length: 4\r\n\r\n0123");
  assert_error (get_range (0, -1, 10, NULL, &error), &error,
      G_IO_ERROR_INVALID_DATA, "not asked for");
}

GST_END_TEST;

static gchar *
stat_etag (const gchar * head)
{
  g_autofree gchar *answer = g_strconcat (OK, head, "\r\n", NULL);
  g_autoptr (VsStoreObject) object = NULL;
  g_autoptr (GError) error = NULL;
  gchar *etag;

  start (answer_text, answer);
  object = vs_store_stat (store, "a.ts", NULL, &error);
  fail_unless (object != NULL, "%s", error ? error->message : "");
  fail_unless_equals_uint64 (object->size, 7);
  etag = g_steal_pointer (&object->etag);
  teardown ();
  return etag;
}

#define MODIFIED "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

/* An object that changed never has the same one. */
GST_START_TEST (test_etags)
{
  static const struct
  {
    const gchar *a, *b;
    gboolean equal;
  } cases[] = {
    {"ETag: \"x\"\r\n", "ETag: \"x\"\r\n", TRUE},
    {"ETag: \"x\"\r\n", "ETag: \"y\"\r\n", FALSE},
    {MODIFIED, MODIFIED, TRUE},
    {MODIFIED, "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\r\n", FALSE},
    {MODIFIED "Date: Sun, 06 Nov 1994 08:50:37 GMT\r\n",
        MODIFIED "Date: Sun, 06 Nov 1994 08:51:37 GMT\r\n", TRUE},
    /* it may change again in this second */
    {MODIFIED "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        MODIFIED "Date: Sun, 06 Nov 1994 08:49:40 GMT\r\n", FALSE},
    {"", "", FALSE},
    {"Last-Modified: yesterday\r\n", "Last-Modified: yesterday\r\n", FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *head_a = g_strconcat ("Content-Length: 7\r\n",
        cases[i].a, NULL);
    g_autofree gchar *head_b = g_strconcat ("Content-Length: 7\r\n",
        cases[i].b, NULL);
    g_autofree gchar *a = stat_etag (head_a);
    g_autofree gchar *b = stat_etag (head_b);

    fail_unless (g_str_equal (a, b) == cases[i].equal, "%u: %s %s", i, a, b);
  }
}

GST_END_TEST;

GST_START_TEST (test_stat_without_size)
{
  GError *error = NULL;

  start (answer_text, OK "ETag: \"x\"\r\n\r\n");
  assert_error (vs_store_stat (store, "a.ts", NULL, &error) != NULL, &error,
      G_IO_ERROR_INVALID_DATA, "how large");
}

GST_END_TEST;

/* Each request takes its time; the 42nd says what none should. */
static gboolean
answer_late (RawRequest * request, gpointer fails)
{
  g_usleep (5000);
  if (fails && request->total == 42)
    return raw_send (request->fd, "HTTP/1.1 403 No\r\n\r\n");
  return raw_send (request->fd, strstr (request->head, "/e/1") ?
      OK "Content-Length: 7\r\n\r\n" :
      "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
}

static gboolean
find (gchar ** keys, gboolean * found, guint n, GError ** error)
{
  return vs_store_find (store, (const gchar * const *) keys, n, found, NULL,
      error);
}

GST_START_TEST (test_find)
{
  g_auto (GStrv) keys = g_new0 (gchar *, 101);
  gboolean found[100];
  GError *error = NULL;

  for (guint i = 0; i < 100; i++)
    keys[i] = g_strdup_printf ("e/%u.ts", 2 * i);
  start (answer_late, NULL);
  fail_unless (find (keys, found, 100, &error));
  for (guint i = 0; i < 100; i++)
    fail_unless (found[i] == (keys[i][2] == '1'), "%s", keys[i]);
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 100);
  fail_unless (server->n_open_max > 1 && server->n_open_max <= 8, "%d",
      server->n_open_max);
  teardown ();

  start (answer_late, "fails");
  assert_error (find (keys, found, 100, &error), &error,
      G_IO_ERROR_PERMISSION_DENIED, "forbids");
  fail_unless (g_atomic_int_get (&server->n_requests) < 60, "%d",
      g_atomic_int_get (&server->n_requests));
}

GST_END_TEST;

/* ---- listings ----------------------------------------------------------- */

#define MULTI "<?xml version='1.0'?><D:multistatus xmlns:D='DAV:'>"
#define END "</D:multistatus>"
#define ENTRY(href, prop) "<D:response><D:href>" href "</D:href><D:propstat>" \
    "<D:prop>" prop "</D:prop><D:status>HTTP/1.1 200 OK</D:status>" \
    "</D:propstat></D:response>"
#define FOLDER "<D:resourcetype><D:collection/></D:resourcetype>"
#define SIZE(n) "<D:resourcetype/><D:getcontentlength>" #n \
    "</D:getcontentlength>"
#define SELF ENTRY ("/dav/e/", FOLDER)

static GPtrArray *
list (const gchar * document, GError ** error)
{
  g_autofree gchar *answer = g_strdup_printf ("HTTP/1.1 207 Multi\r\n"
      "Content-Length: %u\r\n\r\n%s", (guint) strlen (document), document);
  GPtrArray *objects;

  start (answer_text, answer);
  objects = vs_store_list (store, "e", NULL, NULL, error);
  teardown ();
  return objects;
}

GST_START_TEST (test_listings)
{
  static const struct
  {
    const gchar *document, *expected;
  } cases[] = {
    {MULTI SELF END, ""},
    {MULTI SELF ENTRY ("/dav/e/b.ts", SIZE (2)) ENTRY ("/dav/e/a.ts",
            SIZE (1)) END, "e/a.ts 1 e/b.ts 2 "},
    /* addresses, with blanks around and another name for the host */
    {MULTI ENTRY ("\n http://other:1/dav/e/a%20b%C3%A4.ts?x#y ", SIZE (3)) END,
        "e/a bä.ts 3 "},
    {MULTI SELF ENTRY ("/dav/e/f", FOLDER) ENTRY ("/dav/e/g/", FOLDER) END,
        "e/f/ 0 e/g/ 0 "},
    /* nothing of ours */
    {MULTI SELF ENTRY ("/dav/x.ts", SIZE (1)) ENTRY ("/dav/e/../x.ts",
              SIZE (1)) ENTRY ("/dav/e2/x.ts", SIZE (1)) ENTRY ("/etc/passwd",
              SIZE (1)) ENTRY ("http://h/x", SIZE (1)) ENTRY ("//h/dav/e/x",
              SIZE (1)) ENTRY ("/dav/e/f/x.ts", SIZE (1))
          ENTRY ("/dav/e/.hidden", SIZE (1)) ENTRY ("/dav/e/a%2Fb", SIZE (1))
          ENTRY ("/dav/e/a%00b", SIZE (1)) ENTRY ("/dav/e/%2e%2e", SIZE (1))
          ENTRY ("/dav/e/%", SIZE (1)) ENTRY ("/dav/e/%FF", SIZE (1))
          ENTRY ("/dav/e//x", SIZE (1)) ENTRY ("", SIZE (1))
        ENTRY ("/davx/e/x", SIZE (1)) END, ""},
    {MULTI SELF "<D:response><D:propstat/></D:response><D:response/>" END, ""},
    /* what there is, and what there is not */
    {MULTI SELF "<D:response><D:href>/dav/e/a.ts</D:href><D:propstat><D:prop>"
          "<D:getcontentlength/><D:resourcetype><D:collection/>"
          "</D:resourcetype></D:prop><D:status>HTTP/1.1 404 No</D:status>"
          "</D:propstat><D:propstat><D:status>HTTP/1.1 200 OK</D:status>"
          "<D:prop>" SIZE (9) "</D:prop></D:propstat></D:response>"
          "<D:response><D:href>/dav/e/gone.ts</D:href>"
          "<D:status>HTTP/1.1 404 No</D:status></D:response>" END,
        "e/a.ts 9 "},
    {MULTI SELF ENTRY ("/dav/e/a", SIZE (99999999999999999999999999)) END,
        "e/a 9223372036854775807 "},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) objects = list (cases[i].document, &error);
    g_autoptr (GString) text = g_string_new (NULL);

    fail_unless (objects != NULL, "%u: %s", i, error ? error->message : "");
    for (guint k = 0; k < objects->len; k++) {
      const VsStoreObject *object = g_ptr_array_index (objects, k);

      g_string_append_printf (text, "%s %" G_GUINT64_FORMAT " ", object->key,
          object->size);
    }
    fail_unless_equals_string (text->str, cases[i].expected);
  }
}

GST_END_TEST;

GST_START_TEST (test_hostile_listings)
{
  static const struct
  {
    const gchar *document, *text;
  } cases[] = {
    {"", "no XML"}, {"no xml", "XML"}, {MULTI SELF, "XML"},
    {"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"
          "<D:multistatus xmlns:D='DAV:'>" ENTRY ("/dav/e/&b;", SIZE (1)) END,
        "document type"},
    {MULTI END, "another folder"},
    {"<html/>", "another folder"},
    {MULTI ENTRY ("/behind/proxy/e/", FOLDER) END, "another folder"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    GPtrArray *objects = list (cases[i].document, &error);

    assert_error (objects != NULL, &error, G_IO_ERROR_INVALID_DATA,
        cases[i].text);
  }
}

GST_END_TEST;

GST_START_TEST (test_no_listing)
{
  GError *error = NULL;

  start (answer_text, OK "Content-Length: 2\r\n\r\nok");
  assert_error (vs_store_list (store, "", NULL, NULL, &error) != NULL, &error,
      G_IO_ERROR_INVALID_DATA, "no listing");
}

GST_END_TEST;

static gboolean
answer_endless (RawRequest * request, gpointer user_data)
{
  g_autofree gchar *entries = g_strnfill (MIB, ' ');

  raw_send (request->fd, "HTTP/1.1 207 Multi\r\n\r\n" MULTI SELF);
  while (raw_send (request->fd, entries));
  return FALSE;
}

GST_START_TEST (test_endless_listing)
{
  GError *error = NULL;

  start (answer_endless, NULL);
  assert_error (vs_store_list (store, "e", NULL, NULL, &error) != NULL, &error,
      G_IO_ERROR_MESSAGE_TOO_LARGE, "/dav/e");
  fail_unless_equals_int (g_atomic_int_get (&server->n_requests), 1);
}

GST_END_TEST;

/* As large as one may be that has an end. */
GST_START_TEST (test_large_listing)
{
  g_autoptr (GString) document = g_string_new (MULTI SELF);
  g_autoptr (GPtrArray) objects = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  for (; document->len < 20 * MIB; n++)
    g_string_append_printf (document,
        ENTRY ("/dav/e/index_1080p_%07u.ts", SIZE (1234567)), n);
  g_string_append (document, END);
  objects = list (document->str, &error);
  fail_unless (objects != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (objects->len, n);
}

GST_END_TEST;

static Suite *
store_httpstorefaults_suite (void)
{
  Suite *s = suite_create ("store_httpstorefaults");
  TCase *tc = tcase_create ("httpstorefaults");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, teardown);
  tcase_add_test (tc, test_locations);
  tcase_add_test (tc, test_password_alone);
  tcase_add_test (tc, test_statuses);
  tcase_add_test (tc, test_endless_401);
  tcase_add_test (tc, test_tried_again);
  tcase_add_test (tc, test_folders);
  tcase_add_test (tc, test_media_types);
  tcase_add_test (tc, test_queries);
  tcase_add_test (tc, test_parts);
  tcase_add_test (tc, test_short_body);
  tcase_add_test (tc, test_part_for_whole);
  tcase_add_test (tc, test_etags);
  tcase_add_test (tc, test_stat_without_size);
  tcase_add_test (tc, test_find);
  tcase_add_test (tc, test_listings);
  tcase_add_test (tc, test_hostile_listings);
  tcase_add_test (tc, test_no_listing);
  tcase_add_test (tc, test_endless_listing);
  tcase_add_test (tc, test_large_listing);
  return s;
}

GST_CHECK_MAIN (store_httpstorefaults);
