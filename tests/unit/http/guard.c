/* VisionStream: tests of the request guard
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>
#include "http/vshttpguard.h"

/* paths that take POST, of the test that sets it */
static const gchar *const *posts;

/* Every head is judged whole, byte by byte and in two pieces at each place;
 * the verdicts must agree. Returns 200 for a pass, else the status. */
static guint
judge_split (const gchar * bytes, gsize size, gsize first, gsize step,
    const gchar * const *hosts, VsHttpHead ** head, gsize * used)
{
  g_autoptr (VsHttpGuard) guard = vs_http_guard_new ();
  VsHttpVerdict verdict = VS_HTTP_VERDICT_MORE;
  const VsHttpRules rules = { hosts, posts };
  gsize offset = 0;

  *used = 0;
  while (offset < size && verdict == VS_HTTP_VERDICT_MORE) {
    gsize n = MIN (offset == 0 ? first : step, size - offset), taken;

    verdict = vs_http_guard_push (guard, (const guint8 *) bytes + offset, n,
        &rules, &taken);
    offset += n;
    *used += taken;
  }
  if (verdict == VS_HTTP_VERDICT_MORE)
    return 0;
  if (verdict == VS_HTTP_VERDICT_REFUSE) {
    fail_unless (vs_http_guard_get_reason (guard) != NULL);
    return vs_http_guard_get_status (guard);
  }
  if (head)
    *head = vs_http_guard_steal_head (guard);
  return 200;
}

static guint
judge (const gchar * bytes, gsize size, const gchar * const *hosts,
    VsHttpHead ** head)
{
  gsize used, used_split, i;
  guint status = judge_split (bytes, size, size, size, hosts, head, &used);

  for (i = 1; i < size; i += size > 2000 ? 509 : 1) {
    fail_unless_equals_int (judge_split (bytes, size, i, size, hosts, NULL,
            &used_split), status);
    fail_unless_equals_int (used_split, used);
  }
  fail_unless_equals_int (judge_split (bytes, size, 1, 1, hosts, NULL,
          &used_split), status);
  fail_unless_equals_int (used_split, used);
  return status;
}

static guint
judge_text (const gchar * text)
{
  return judge (text, strlen (text), NULL, NULL);
}

#define H "Host: a\r\n"
#define END "\r\n"

static const struct
{
  guint status;
  const gchar *text;
} heads[] = {
  {200, "GET / HTTP/1.1\r\n" H END},
  {200, "HEAD / HTTP/1.1\r\n" H END},
  {200, "OPTIONS / HTTP/1.1\r\n" H END},
  {200, "GET / HTTP/1.0\r\n" END},
  {200, "GET / HTTP/1.0\r\n" H END},
  {200, "GET /?a=b&c=%2f%00 HTTP/1.1\r\n" H END},
  {200, "GET / HTTP/1.1\r\n" H "X:\r\n" END},
  {200, "GET / HTTP/1.1\r\n" H "X: \t \r\n" END},
  {200, "GET / HTTP/1.1\r\n" H "X: \xff\xfe\r\n" END},
  {200, "GET / HTTP/1.1\r\n" H "Content-Length: 0\r\n" END},
  {200, "GET / HTTP/1.1\r\nhOsT: a:80\r\n" END},
  {200, "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n" END},
  {200, "GET http://a/b HTTP/1.1\r\n" H END},
  {200, "GET HTTPS://A/b?c HTTP/1.1\r\n" H END},

  /* unfinished */
  {0, ""},
  {0, "GET"},
  {0, "GET / HTTP/1.1\r\n" H},
  {0, "GET / HTTP/1.1\r\n" H "\r"},

  /* request line (RFC 9112 3) */
  {400, " GET / HTTP/1.1\r\n" H END},
  {400, "\r\nGET / HTTP/1.1\r\n" H END},
  {400, "GET  / HTTP/1.1\r\n" H END},
  {400, "GET\t/ HTTP/1.1\r\n" H END},
  {400, "GET /  HTTP/1.1\r\n" H END},
  {400, "GET / HTTP/1.1 \r\n" H END},
  {400, "GET /\r\n" END},
  {400, "GET / a HTTP/1.1\r\n" H END},
  {400, "GET / http/1.1\r\n" H END},
  {400, "GET / HTTQ/1.1\r\n" H END},
  {400, "GET / HTTP/1.10\r\n" H END},
  {400, "\x16\x03\x01\x02"},
  {505, "GET / HTTP/2.0\r\n" H END},
  {505, "GET / HTTP/1.2\r\n" H END},
  {505, "GET / HTTP/0.9\r\n" H END},
  {505, "GET / HTTP/11\r\n" H END},
  {405, "POST / HTTP/1.1\r\n" H END},
  {405, "PUT / HTTP/1.1\r\n" H "Content-Length: 3\r\n" END "abc"},
  {405, "DELETE / HTTP/1.1\r\n" H END},
  {405, "TRACE / HTTP/1.1\r\n" H END},
  {405, "CONNECT a:80 HTTP/1.1\r\n" H END},
  {405, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
  {405, "get / HTTP/1.1\r\n" H END},
  {405, "GETTTTTTTTTTTTTTTTTTTTTT / HTTP/1.1\r\n" H END},

  /* lines (RFC 9112 2.2, 5) */
  {400, "GET / HTTP/1.1\n" H END},
  {400, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
  {400, "GET / HTTP/1.1\r\n" H "\n"},
  {400, "GET / HTTP/1.1\r\n" H "X: a\rb\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X: a\r\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "\rX"},
  {400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n" END},
  {400, "GET / HTTP/1.1\r\n X: a\r\n" H END},
  {400, "GET / HTTP/1.1\r\n" H "X : a\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H ": a\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X(: a\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X\xc3\xa9: a\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X: a\x01\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X: a\x7f\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "X: \x1b[31m\r\n" END},

  /* framing (RFC 9112 6) */
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: 1\r\n" END "a"},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: 00\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: +0\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: -1\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length:\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: 0, 0\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: 0x0\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: 0\r\nContent-Length: 0\r\n"
        END},
  {400, "GET / HTTP/1.1\r\n" H "content-length: 0\r\nContent-Length: 5\r\n"
        END},
  {400, "GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END},
  {400, "HEAD / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n" END},
  {400, "OPTIONS / HTTP/1.1\r\n" H "transfer-encoding:\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H "Content-Length: 0\r\n"
        "Transfer-Encoding: chunked\r\n" END},

  /* Host and the target's form (RFC 9112 3.2) */
  {400, "GET / HTTP/1.1\r\n" END},
  {400, "GET / HTTP/1.1\r\n" H H END},
  {400, "GET / HTTP/1.1\r\n" H "host: b\r\n" END},
  {400, "GET / HTTP/1.0\r\n" H H END},
  {400, "GET / HTTP/1.1\r\nHost:\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a b\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost:\ta\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a\t\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a/b\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a, b\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: u@a\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a:\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a:0\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a:65536\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a:99999999999999999999\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: a:8o\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: [::1\r\n" END},
  {400, "GET / HTTP/1.1\r\nHost: []\r\n" END},
  {400, "GET http://b/ HTTP/1.1\r\n" H END},
  {400, "GET http://a:81/ HTTP/1.1\r\n" H END},
  {400, "GET http://u@a/ HTTP/1.1\r\n" H END},
  {400, "GET http://a HTTP/1.1\r\n" H END},
  {400, "GET http://aa/ HTTP/1.1\r\n" H END},
  {400, "GET http:///b HTTP/1.1\r\n" H END},
  {400, "GET http://a/b HTTP/1.0\r\n" END},
  {400, "GET ftp://a/ HTTP/1.1\r\n" H END},
  {400, "GET a HTTP/1.1\r\n" H END},
  {400, "GET * HTTP/1.1\r\n" H END},
  {400, "OPTIONS * HTTP/1.1\r\n" H END},
  {400, "GET ?a HTTP/1.1\r\n" H END},
  {400, "GET /a#b HTTP/1.1\r\n" H END},
  {400, "GET /a?b#c HTTP/1.1\r\n" H END},
  {400, "GET /a?\\ HTTP/1.1\r\n" H END},
  {400, "GET /a?\xc3\xa9 HTTP/1.1\r\n" H END},
};

GST_START_TEST (test_heads)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (heads); i++) {
    guint status = judge_text (heads[i].text);

    fail_unless (status == heads[i].status, "%s: %u, not %u", heads[i].text,
        status, heads[i].status);
  }
}

GST_END_TEST;

/* With "/sign" and "/a b" taking POST. */
static const struct
{
  guint status;
  const gchar *text;
} post_heads[] = {
  {200, "POST /sign HTTP/1.1\r\n" H "Content-Length: 0\r\n" END},
  {200, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {200, "POST /sign?x HTTP/1.1\r\n" H "content-length: 16384\r\n" END},
  {200, "POST /a%20b HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {200, "POST http://a/sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {200, "POST /sign HTTP/1.0\r\n" H "Content-Length: 1\r\n" END},
  {200, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n"
        "Expect: 100-Continue\r\n" END},
  {200, "GET /sign HTTP/1.1\r\n" H END},
  {200, "OPTIONS /sign HTTP/1.1\r\n" H END},

  {405, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {405, "POST /sign/ HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {405, "POST /Sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {405, "PUT /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {405, "POSTS /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {400, "POST /x/../sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {400, "POST /%73ign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {411, "POST /sign HTTP/1.1\r\n" H END},
  {413, "POST /sign HTTP/1.1\r\n" H "Content-Length: 16385\r\n" END},
  {413, "POST /sign HTTP/1.1\r\n" H
        "Content-Length: 99999999999999999999\r\n" END},
  {413, "POST /sign HTTP/1.1\r\n" H "Content-Length: 4294967297\r\n" END},
  {417, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n"
        "Expect: 200-ok\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n"
        "Transfer-Encoding: chunked\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n"
        "Content-Length: 1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n"
        "Content-Length: 1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: 01\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: +1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: -1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: 0x1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1 1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length: 1.0\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length:\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" H "Content-Length : 1\r\n" END},
  {400, "POST /sign HTTP/1.1\r\n" "Content-Length: 1\r\n" END},
  {400, "GET /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
  {400, "OPTIONS /sign HTTP/1.1\r\n" H "Content-Length: 1\r\n" END},
};

GST_START_TEST (test_posts)
{
  static const gchar *const paths[] = { "/sign", "/a b", NULL };
  static const gchar text[] = "POST /sign HTTP/1.1\r\nHost: a\r\n"
      "Content-Length: 5\r\n\r\n";
  g_autoptr (VsHttpHead) head = NULL;

  posts = paths;
  for (guint i = 0; i < G_N_ELEMENTS (post_heads); i++) {
    guint status = judge_text (post_heads[i].text);

    fail_unless (status == post_heads[i].status, "%s: %u, not %u",
        post_heads[i].text, status, post_heads[i].status);
  }
  fail_unless_equals_int (judge (text, strlen (text), NULL, &head), 200);
  fail_unless_equals_int (head->method, VS_HTTP_POST);
  fail_unless_equals_int (head->body_size, 5);
  posts = NULL;
  fail_unless_equals_int (judge_text (text), 405);
}

GST_END_TEST;

static const struct
{
  const gchar *raw;
  const gchar *path;            /* NULL: refused */
} paths[] = {
  {"/", "/"},
  {"/a", "/a"},
  {"/a/", "/a/"},
  {"/a/b.c", "/a/b.c"},
  {"/...", "/..."},
  {"/.a", "/.a"},
  {"/a..b", "/a..b"},
  {"/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@"},
  {"/QualityLevels(100)/Fragments(v=0)", "/QualityLevels(100)/Fragments(v=0)"},
  {"/a%20b", "/a b"},
  {"/%c3%A9", "/\xc3\xa9"},
  {"/%f0%9f%8e%a5", "/\xf0\x9f\x8e\xa5"},
  {"/%28", "/("},

  {"", NULL},
  {"a", NULL},
  {"//", NULL},
  {"//a", NULL},
  {"/a//b", NULL},
  {"/a//", NULL},
  {"/.", NULL},
  {"/..", NULL},
  {"/./", NULL},
  {"/../", NULL},
  {"/a/.", NULL},
  {"/a/..", NULL},
  {"/a/../b", NULL},
  {"/a/./b", NULL},
  {"/%2e", NULL},
  {"/%2e%2e/a", NULL},
  {"/.%2e/a", NULL},
  {"/%2E./a", NULL},
  {"/a%2fb", NULL},
  {"/a%2Fb", NULL},
  {"/..%2f", NULL},
  {"/a%5cb", NULL},
  {"/a\\b", NULL},
  {"/..\\", NULL},
  {"/%00", NULL},
  {"/a%00.ts", NULL},
  {"/%0a", NULL},
  {"/%0d%0aX:a", NULL},
  {"/%1b", NULL},
  {"/%7f", NULL},
  {"/%252e", NULL},
  {"/%25", NULL},
  {"/%41", NULL},
  {"/%7e", NULL},
  {"/%", NULL},
  {"/%4", NULL},
  {"/%g0", NULL},
  {"/%-1", NULL},
  {"/% 1", NULL},
  {"/%%30%30", NULL},
  {"/%u002e", NULL},
  /* UTF-8: overlong slash, dot and NUL; surrogate; past U+10FFFF; cut */
  {"/%c0%af", NULL},
  {"/%e0%80%af", NULL},
  {"/%f0%80%80%af", NULL},
  {"/%c0%ae", NULL},
  {"/%c0%80", NULL},
  {"/%ed%a0%80", NULL},
  {"/%f4%90%80%80", NULL},
  {"/%c3", NULL},
  {"/%ff", NULL},
  {"/\xc3\xa9", NULL},
  {"/a b", NULL},
  {"/a|b", NULL},
  {"/a[b]", NULL},
  {"/<a>", NULL},
  {"/\"a\"", NULL},
  {"/a^b`", NULL},
  {"/{a}", NULL},
};

GST_START_TEST (test_paths)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree gchar *path = vs_http_path_decode (paths[i].raw,
        strlen (paths[i].raw));
    g_autofree gchar *text = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\n"
        "\r\n", paths[i].raw);

    fail_unless (g_strcmp0 (path, paths[i].path) == 0, "%s: %s",
        paths[i].raw, path);
    fail_unless_equals_int (judge_text (text), paths[i].path ? 200 : 400);
  }
}

GST_END_TEST;

/* No byte in any of these places passes unless the grammar has it. */
GST_START_TEST (test_bytes)
{
  guint c;

  for (c = 0; c < 256; c++) {
    gchar in_path[] = "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n";
    gchar in_name[] = "GET /aab HTTP/1.1\r\nHost: a\r\nXyX: a\r\n\r\n";
    gchar in_value[] = "GET /aab HTTP/1.1\r\nHost: a\r\nX: ayb\r\n\r\n";
    gboolean good;

    in_path[6] = c;
    good = g_ascii_isalnum (c) || (c && strchr ("-._~!$&'()*+,;=:@/?", c));
    fail_unless_equals_int (judge (in_path, sizeof (in_path) - 1, NULL, NULL)
        == 200, good);
    strchr (in_name, 'y')[0] = c;
    good = g_ascii_isalnum (c) || (c && strchr ("!#$%&'*+-.^_`|~:", c));
    fail_unless_equals_int (judge (in_name, sizeof (in_name) - 1, NULL, NULL)
        == 200, good);
    strchr (in_value, 'y')[0] = c;
    good = c == '\t' || (c >= ' ' && c != 0x7f);
    fail_unless_equals_int (judge (in_value, sizeof (in_value) - 1, NULL, NULL)
        == 200, good);
  }
}

GST_END_TEST;

static gchar *
make_head (gsize target, guint fields, gsize value)
{
  GString *text = g_string_new ("GET /");
  guint i;

  for (; target > 1; target--)
    g_string_append_c (text, 'a');
  g_string_append (text, " HTTP/1.1\r\nHost: a\r\n");
  for (i = 1; i < fields; i++)
    g_string_append (text, "X: y\r\n");
  if (value > 0) {
    g_string_append (text, "Y: ");
    for (; value > 0; value--)
      g_string_append_c (text, 'v');
    g_string_append (text, "\r\n");
  }
  g_string_append (text, "\r\n");
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_limits)
{
  gsize rest = strlen ("GET / HTTP/1.1\r\nHost: a\r\nY: \r\n\r\n");
  const struct
  {
    gsize target;
    guint fields;
    gsize value;
    guint status;
  } cases[] = {
    {VS_HTTP_MAX_TARGET, 1, 0, 200},
    {VS_HTTP_MAX_TARGET + 1, 1, 0, 414},
    {65536, 1, 0, 414},
    {1, VS_HTTP_MAX_HEADERS, 0, 200},
    {1, VS_HTTP_MAX_HEADERS + 1, 0, 431},
    {1, 5000, 0, 431},
    {1, 1, VS_HTTP_MAX_HEAD - rest, 200},
    {1, 1, VS_HTTP_MAX_HEAD - rest + 1, 431},
    {1, 1, 1000000, 431},
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = make_head (cases[i].target, cases[i].fields,
        cases[i].value);
    gsize used;

    fail_unless_equals_int (judge_split (text, strlen (text), strlen (text),
            1, NULL, NULL, &used), cases[i].status);
    fail_unless_equals_int (judge_split (text, strlen (text), 1, 1000, NULL,
            NULL, &used), cases[i].status);
  }
}

GST_END_TEST;

GST_START_TEST (test_hosts)
{
  static const gchar *const hosts[] = { "tv.example", "[::1]", "b:8080",
    NULL
  };
  const struct
  {
    const gchar *host;
    guint status;
  } cases[] = {
    {"tv.example", 200}, {"TV.Example", 200}, {"tv.example:8080", 200},
    {"[::1]", 200}, {"[::1]:80", 200}, {"b:8080", 200}, {"B:8080", 200},
    {"b", 400}, {"b:80", 400}, {"tv.example.", 400}, {"tv.exampl", 400},
    {"tv.example.evil", 400}, {"evil-tv.example", 400}, {"127.0.0.1", 400},
    {"[::2]", 400},
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strdup_printf ("GET / HTTP/1.1\r\nHost: %s\r\n"
        "\r\n", cases[i].host);
    guint status = judge (text, strlen (text), hosts, NULL);

    fail_unless (status == cases[i].status, "%s: %u", cases[i].host, status);
  }
  fail_unless_equals_int (judge ("GET / HTTP/1.0\r\n\r\n", 18, hosts, NULL),
      400);
}

GST_END_TEST;

/* What passed is told as it was sent, and the next request is left alone. */
GST_START_TEST (test_head)
{
  static const gchar text[] = "HEAD http://A:80/x%20y?q=1&r HTTP/1.1\r\n"
      "hoSt:a:80 \r\nRange:  bytes=0-1 , 2  \r\nEmpty:\r\n"
      "Connection: keep-alive, ClosE\r\n\r\nGET /next";
  g_autoptr (VsHttpHead) head = NULL;
  gsize used;

  fail_unless_equals_int (judge_split (text, strlen (text), strlen (text), 1,
          NULL, &head, &used), 200);
  fail_unless_equals_string (text + used, "GET /next");
  fail_unless_equals_int (head->size, used);
  fail_unless_equals_int (head->method, VS_HTTP_HEAD);
  fail_unless_equals_int (head->minor_version, 1);
  fail_unless_equals_string (head->target, "/x%20y?q=1&r");
  fail_unless_equals_string (head->path, "/x y");
  fail_unless_equals_string (head->query, "q=1&r");
  fail_unless_equals_string (head->host, "a:80");
  fail_unless_equals_string (vs_http_head_get (head, "RANGE"), "bytes=0-1 , 2");
  fail_unless_equals_string (vs_http_head_get (head, "empty"), "");
  fail_unless (vs_http_head_get (head, "Absent") == NULL);
  fail_if (head->keep_alive);
}

GST_END_TEST;

GST_START_TEST (test_keep_alive)
{
  const struct
  {
    const gchar *rest;
    gboolean keep;
  } cases[] = {
    {"1.1\r\nHost: a\r\n\r\n", TRUE},
    {"1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", TRUE},
    {"1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", TRUE},
    {"1.1\r\nHost: a\r\nConnection: close\r\n\r\n", FALSE},
    {"1.1\r\nHost: a\r\nConnection: x\r\nconnection: CLOSE\r\n\r\n", FALSE},
    {"1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", FALSE},
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strconcat ("GET / HTTP/", cases[i].rest, NULL);
    g_autoptr (VsHttpHead) head = NULL;

    fail_unless_equals_int (judge (text, strlen (text), NULL, &head), 200);
    fail_unless_equals_int (head->keep_alive, cases[i].keep);
  }
}

GST_END_TEST;

static Suite *
http_guard_suite (void)
{
  Suite *s = suite_create ("http_guard");
  TCase *tc = tcase_create ("guard");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_heads);
  tcase_add_test (tc, test_posts);
  tcase_add_test (tc, test_paths);
  tcase_add_test (tc, test_bytes);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_hosts);
  tcase_add_test (tc, test_head);
  tcase_add_test (tc, test_keep_alive);
  return s;
}

GST_CHECK_MAIN (http_guard);
