/* VisionStream: tests of what pages of other hosts may have
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <string.h>

#define PAGE "https://www.example.com"
#define OTHER "https://elsewhere.example.com"

static const gchar *const pages[] = { PAGE, "http://localhost:8000", NULL };
static const gchar *const posts[] = { "/post", NULL };

/* (transfer full): the head of the answer */
static gchar *
ask (gboolean with_pages, const gchar * method, const gchar * path,
    const gchar * fields)
{
  VsHttpSettings settings = {.posts = posts,
    .pages = with_pages ? pages : NULL
  };
  TestServer *server = test_server_new (&settings);
  g_autofree gchar *text = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: a\r\n"
      "Connection: close\r\n%s\r\n", method, path, fields);
  g_autofree gchar *answer = client_talk (server->port, text);
  const gchar *end = strstr (answer, "\r\n\r\n");

  test_server_free (server, 0);
  fail_unless (end != NULL);
  return g_strndup (answer, (gsize) (end + 2 - answer));
}

static void
assert_has (const gchar * head, const gchar * field)
{
  g_autofree gchar *line = g_strdup_printf ("\r\n%s\r\n", field);

  fail_unless (strstr (head, line) != NULL, "no %s in %s", field, head);
}

static void
assert_has_not (const gchar * head, const gchar * text)
{
  fail_unless (strstr (head, text) == NULL, "%s in %s", text, head);
}

GST_START_TEST (test_everybody)
{
  g_autofree gchar *head = ask (FALSE, "GET", "/small",
      "Origin: " OTHER "\r\n");

  assert_has (head, "Access-Control-Allow-Origin: *");
  assert_has (head, "Access-Control-Expose-Headers: *");
  assert_has_not (head, "Allow-Credentials");
  assert_has_not (head, "Vary: Origin");
}

GST_END_TEST;

GST_START_TEST (test_page)
{
  g_autofree gchar *head = ask (TRUE, "GET", "/small", "Origin: " PAGE "\r\n");

  assert_has (head, "Access-Control-Allow-Origin: " PAGE);
  assert_has (head, "Access-Control-Allow-Credentials: true");
  assert_has (head, "Vary: Origin");
  assert_has_not (head, "Expose-Headers: *");
}

GST_END_TEST;

/* Nobody is told that he may who is not listed, also not by a longer or a
 * shorter name. */
GST_START_TEST (test_other_pages)
{
  static const gchar *const origins[] = { OTHER, PAGE ".org", PAGE ":8443",
    "https://www.example.co", "http://www.example.com",
    "https://WWW.example.com", "null", ""
  };

  for (guint i = 0; i < G_N_ELEMENTS (origins); i++) {
    g_autofree gchar *field = g_strdup_printf ("Origin: %s\r\n", origins[i]);
    g_autofree gchar *head = ask (TRUE, "GET", "/small", field);

    assert_has (head, "Access-Control-Allow-Origin: *");
    assert_has (head, "Vary: Origin");
    assert_has_not (head, "Allow-Credentials");
  }
}

GST_END_TEST;

/* Fetch, "CORS protocol and credentials": "*" means nothing there */
GST_START_TEST (test_preflight)
{
  g_autofree gchar *page = ask (TRUE, "OPTIONS", "/small",
      "Origin: " PAGE "\r\nAccess-Control-Request-Method: GET\r\n"
      "Access-Control-Request-Headers: range, x-custom\r\n");
  g_autofree gchar *other = ask (TRUE, "OPTIONS", "/post",
      "Origin: " OTHER "\r\nAccess-Control-Request-Method: POST\r\n");

  assert_has (page, "Access-Control-Allow-Origin: " PAGE);
  assert_has (page, "Access-Control-Allow-Credentials: true");
  assert_has (page, "Access-Control-Allow-Headers: range, x-custom");
  assert_has (other, "Access-Control-Allow-Origin: *");
  assert_has (other, "Access-Control-Allow-Headers: *, Authorization");
}

GST_END_TEST;

static Suite *
http_cors_suite (void)
{
  Suite *suite = suite_create ("http_cors");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_everybody);
  tcase_add_test (tc, test_page);
  tcase_add_test (tc, test_other_pages);
  tcase_add_test (tc, test_preflight);
  return suite;
}

GST_CHECK_MAIN (http_cors);
