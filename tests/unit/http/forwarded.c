/* VisionStream: tests of whom a proxy speaks for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "client.h"

#include <glib/gstdio.h>
#include <string.h>
#include "http/vshttpforwarded.h"
#include "http/vshttpguard.h"

#define TRUSTED "127.0.0.1, 10.0.0.0/8, 2001:db8:1::/48"
#define X "X-Forwarded-For: "
#define F "Forwarded: "
#define P "X-Forwarded-Proto: "
#define END "\r\n"

static const struct
{
  const gchar *peer;
  const gchar *fields;
  const gchar *client;          /* NULL: can't be known */
} cases[] = {
  {"10.0.0.1", "", "10.0.0.1"},
  {"192.0.2.1", "", "192.0.2.1"},

  /* whoever is not trusted may say what he likes */
  {"192.0.2.1", X "198.51.100.7" END, "192.0.2.1"},
  {"192.0.2.1", F "for=198.51.100.7" END, "192.0.2.1"},
  {"192.0.2.1", X "10.0.0.1" END, "192.0.2.1"},
  {"192.0.2.1", X "\"" END, "192.0.2.1"},
  {"11.0.0.1", X "198.51.100.7" END, "11.0.0.1"},

  /* X-Forwarded-For */
  {"10.0.0.1", X "198.51.100.7" END, "198.51.100.7"},
  {"::ffff:10.0.0.1", X "198.51.100.7" END, "198.51.100.7"},
  {"2001:db8:1::1", X "198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", X "198.51.100.7:4711" END, "198.51.100.7"},
  {"10.0.0.1", X "2001:db8::7" END, "2001:db8::7"},
  {"10.0.0.1", X "2001:DB8:0:0::7" END, "2001:db8::7"},
  {"10.0.0.1", X "[2001:db8::7]" END, "2001:db8::7"},
  {"10.0.0.1", X "[2001:db8::7]:4711" END, "2001:db8::7"},
  {"10.0.0.1", X "::ffff:198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", X "1.1.1.1, 198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", X "1.1.1.1,198.51.100.7,10.2.3.4 , 10.0.0.9" END,
      "198.51.100.7"},
  {"10.0.0.1", X "1.1.1.1" END X "198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", X "198.51.100.7" END X "10.0.0.2" END, "198.51.100.7"},
  {"10.0.0.1", X "10.0.0.3, 10.0.0.2" END, "10.0.0.3"},
  {"10.0.0.1", X END, "10.0.0.1"},
  {"10.0.0.1", X ", ," END, "10.0.0.1"},
  {"10.0.0.1", X "unknown" END, NULL},
  {"10.0.0.1", X "1.1.1.1, unknown" END, NULL},
  {"10.0.0.1", X "198.51.100.7, [10.0.0.2" END, NULL},
  {"10.0.0.1", X "198.51.100.7, [2001:db8:1::2]x" END, NULL},
  {"10.0.0.1", X "198.51.100.300" END, NULL},
  {"10.0.0.1", X "198.51.100.7/8" END, NULL},
  /* what a client wrote hides nothing behind it */
  {"10.0.0.1", X "\"1.1.1.1, 198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", X "garbage (), 198.51.100.7" END, "198.51.100.7"},

  /* Forwarded */
  {"10.0.0.1", F "for=198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", F "For=\"198.51.100.7:80\"" END, "198.51.100.7"},
  {"10.0.0.1", F "for=\"[2001:db8::7]:4711\"" END, "2001:db8::7"},
  {"10.0.0.1", F "for=\"[2001:db8::\\7]\"" END, "2001:db8::7"},
  {"10.0.0.1", F "proto=https;FOR=198.51.100.7;by=10.0.0.1" END,
      "198.51.100.7"},
  {"10.0.0.1", F "for=1.1.1.1, for=198.51.100.7;host=\"a,b;for=2.2.2.2\"" END,
      "198.51.100.7"},
  {"10.0.0.1", F "for=198.51.100.7, for=10.0.0.2" END, "198.51.100.7"},
  {"10.0.0.1", F "for=1.1.1.1" END F "for=198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", F "for=unknown" END, NULL},
  {"10.0.0.1", F "for=1.1.1.1, for=_hidden" END, NULL},
  {"10.0.0.1", F "proto=https" END, NULL},
  {"10.0.0.1", F "for=1.1.1.1;for=2.2.2.2" END, NULL},
  {"10.0.0.1", F "for 1.1.1.1" END, NULL},
  {"10.0.0.1", F "for=1.1.1.1; by=x" END, NULL},
  /* quotes that are opened ahead of what the proxy wrote */
  {"10.0.0.1", F "for=1.1.1.1;x=\", for=198.51.100.7" END, NULL},
  {"10.0.0.1", F "for=1.1.1.1;x=\", for=\"[2001:db8::7]\"" END, NULL},
  {"10.0.0.1", F "for=1.1.1.1;x=\", for=198.51.100.7;host=\"a\"" END, NULL},
  {"10.0.0.1", F "for=1.1.1.1;x=\"\\" END, NULL},

  /* both: nobody knows which of them the proxy writes */
  {"10.0.0.1", F "for=198.51.100.7" END X "198.51.100.7" END, "198.51.100.7"},
  {"10.0.0.1", F "for=1.1.1.1" END X "198.51.100.7" END, NULL},
  {"10.0.0.1", X "1.1.1.1" END F "for=198.51.100.7" END, NULL},
  {"10.0.0.1", X "1.1.1.1" END F "for=unknown" END, NULL},
};

static VsHttpHead *
parse (const gchar * fields)
{
  g_autofree gchar *text = g_strdup_printf ("GET / HTTP/1.1\r\nHost: a\r\n"
      "%s\r\n", fields);
  g_autoptr (VsHttpGuard) guard = vs_http_guard_new ();
  const VsHttpRules rules = { NULL };
  gsize used;

  fail_unless_equals_int (vs_http_guard_push (guard, (const guint8 *) text,
          strlen (text), &rules, &used), VS_HTTP_VERDICT_PASS);
  return vs_http_guard_steal_head (guard);
}

GST_START_TEST (test_cases)
{
  g_autoptr (VsAddressList) trusted = vs_address_list_new (TRUSTED, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsHttpHead) head = parse (cases[i].fields);
    g_auto (VsHttpForwarded) told = { 0 };
    g_auto (VsHttpForwarded) alone = { 0 };

    vs_http_forwarded_read (head, cases[i].peer, trusted, &told);
    fail_unless (g_strcmp0 (told.client, cases[i].client) == 0, "%s%s: %s",
        cases[i].peer, cases[i].fields, told.client);
    vs_http_forwarded_read (head, cases[i].peer, NULL, &alone);
    fail_unless_equals_string (alone.client, cases[i].peer);
    fail_if (alone.by_proxy || alone.by_tls);
  }
}

GST_END_TEST;

static const struct
{
  const gchar *peer;
  const gchar *fields;
  gboolean by_proxy, by_tls;
} schemes[] = {
  {"192.0.2.1", P "https" END, FALSE, FALSE},
  {"10.0.0.1", "", TRUE, FALSE},
  {"10.0.0.1", P "https" END, TRUE, TRUE},
  {"10.0.0.1", P "HTTPS" END X "198.51.100.7" END, TRUE, TRUE},
  {"10.0.0.1", P "http" END, TRUE, FALSE},
  {"10.0.0.1", P "https" END P "http" END, TRUE, FALSE},
  {"10.0.0.1", P "https, http" END, TRUE, FALSE},
  {"10.0.0.1", F "for=198.51.100.7;proto=https" END, TRUE, TRUE},
  {"10.0.0.1", F "for=198.51.100.7;proto=http" END, TRUE, FALSE},
  {"10.0.0.1", F "for=198.51.100.7" END, TRUE, FALSE},
  {"10.0.0.1", F "for=198.51.100.7;proto=http" END P "https" END, TRUE, FALSE},
  {"10.0.0.1", F "for=198.51.100.7;proto=https" END P "http" END, TRUE, FALSE},
  /* of whoever asked, not of what is between proxies */
  {"10.0.0.1", F "for=198.51.100.7;proto=https, for=10.0.0.2;proto=http" END,
      TRUE, TRUE},
  {"10.0.0.1", F "for=198.51.100.7;proto=http, for=10.0.0.2;proto=https" END,
      TRUE, FALSE},
  /* nor what he wrote himself */
  {"10.0.0.1", F "for=1.1.1.1;proto=https, for=198.51.100.7;proto=http" END,
      TRUE, FALSE},
};

GST_START_TEST (test_schemes)
{
  g_autoptr (VsAddressList) trusted = vs_address_list_new (TRUSTED, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (VsHttpHead) head = parse (schemes[i].fields);
    g_auto (VsHttpForwarded) told = { 0 };

    vs_http_forwarded_read (head, schemes[i].peer, trusted, &told);
    fail_unless (told.by_proxy == schemes[i].by_proxy
        && told.by_tls == schemes[i].by_tls, "%s%s", schemes[i].peer,
        schemes[i].fields);
  }
}

GST_END_TEST;

static gchar *
ask (TestServer * server, const gchar * fields)
{
  g_autofree gchar *text = g_strdup_printf ("GET /client HTTP/1.1\r\n"
      "Host: a\r\nConnection: close\r\n%s\r\n", fields);
  g_autofree gchar *answer = client_talk (server->port, text);

  return g_strdup (strstr (answer, "\r\n\r\n") + 4);
}

static void
check_server (const gchar * proxies, const gchar * told, const gchar * unknown)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-http-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "access.log", NULL);
  g_autoptr (VsAddressList) trusted = vs_address_list_new (proxies, NULL);
  VsHttpSettings settings = {.trusted_proxies = trusted,.access_log = path };
  TestServer *server = test_server_new (&settings);
  g_autofree gchar *one = ask (server, X "198.51.100.7" END);
  g_autofree gchar *two = ask (server, X "unknown" END);
  g_autofree gchar *line = g_strdup_printf ("\"clientIp\":\"%s\"", told);
  g_autofree gchar *text = NULL;

  fail_unless_equals_string (one, told);
  fail_unless_equals_string (two, unknown);
  test_server_free (server, 1000);
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless (strstr (text, line) != NULL, "%s", text);
  fail_unless (strstr (text, "\"clientIp\":null") == NULL, "%s", text);
  g_unlink (path);
  g_rmdir (folder);
}

/* The handler and the log agree; of who is not known the log has the proxy. */
GST_START_TEST (test_server)
{
  check_server ("127.0.0.1", "198.51.100.7", "nobody");
  check_server ("127.0.0.2", "127.0.0.1", "127.0.0.1");
}

GST_END_TEST;

static Suite *
http_forwarded_suite (void)
{
  Suite *s = suite_create ("http_forwarded");
  TCase *tc = tcase_create ("forwarded");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_cases);
  tcase_add_test (tc, test_schemes);
  tcase_add_test (tc, test_server);
  return s;
}

GST_CHECK_MAIN (http_forwarded);
