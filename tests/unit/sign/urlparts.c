/* VisionStream: tests of URLs as signatures see them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/vsurlparts.h"

static gchar *
dup_part (VsUrlPart part)
{
  return part.text ? g_strndup (part.text, part.size) : g_strdup ("-");
}

GST_START_TEST (test_split)
{
  static const struct
  {
    const gchar *url, *scheme, *authority, *path, *query;
  } cases[] = {
    {"https://h/", "https", "h", "/", "-"},
    {"http://h:80/a/b.ts?c=d&e", "http", "h:80", "/a/b.ts", "c=d&e"},
    {"https://h", "https", "h", "", "-"},
    {"https://h?a/b", "https", "h", "", "a/b"},
    {"https://h/?", "https", "h", "/", ""},
    {"https://[::1]:8443/a?b?c://d", "https", "[::1]:8443", "/a", "b?c://d"},
    {"https://H/%zz*'();", "https", "H", "/%zz*'();", "-"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VsUrlParts parts;
    g_autofree gchar *scheme = NULL, *authority = NULL, *path = NULL;
    g_autofree gchar *query = NULL;

    fail_unless (vs_url_parts_split (cases[i].url, &parts, NULL), "%s",
        cases[i].url);
    scheme = dup_part (parts.scheme);
    authority = dup_part (parts.authority);
    path = dup_part (parts.path);
    query = dup_part (parts.query);
    fail_unless_equals_string (scheme, cases[i].scheme);
    fail_unless_equals_string (authority, cases[i].authority);
    fail_unless_equals_string (path, cases[i].path);
    fail_unless_equals_string (query, cases[i].query);
  }
}

GST_END_TEST;

GST_START_TEST (test_no_urls)
{
  static const gchar *const cases[] = { "", "/", "h/a", "//h/a", "https:/h/a",
    "https:///a", "https://:80/a", "https://u@h/a", "https://u:p@h/a",
    "ftp://h/a", "HTTP://h/a", "Https://h/a", "https://h/a b", "https://h/a#b",
    "https://h/\"", "https://h/<", "https://h/>", "https://h/\\",
    "https://h/^", "https://h/`", "https://h/{", "https://h/|", "https://h/}",
    "https://h/\x7f", "https://h/\x01", "https://h/\xc3\xa4", "https://h/a\n",
    "?https://h/", "file:///a", "https"
  };
  g_autofree gchar *longest = g_strnfill (VS_URL_MAX, 'a');
  g_autofree gchar *longer = g_strnfill (VS_URL_MAX + 1, 'a');
  VsUrlParts parts;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vs_url_parts_split (cases[i], &parts, &error), "%s", cases[i]);
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT));
  }
  memcpy (longest, "https://h/", 10);
  memcpy (longer, "https://h/", 10);
  fail_unless (vs_url_parts_split (longest, &parts, NULL));
  fail_if (vs_url_parts_split (longer, &parts, NULL));
}

GST_END_TEST;

/* RFC 3986, 5.4, without fragments */
GST_START_TEST (test_resolve)
{
  static const gchar base[] = "http://a/b/c/d;p?q";
  static const gchar *const cases[][2] = {
    {"g", "http://a/b/c/g"}, {"./g", "http://a/b/c/g"},
    {"g/", "http://a/b/c/g/"}, {"/g", "http://a/g"}, {"//g", "http://g"},
    {"?y", "http://a/b/c/d;p?y"}, {"g?y", "http://a/b/c/g?y"},
    {";x", "http://a/b/c/;x"}, {"g;x", "http://a/b/c/g;x"},
    {"", "http://a/b/c/d;p?q"}, {".", "http://a/b/c/"},
    {"./", "http://a/b/c/"}, {"..", "http://a/b/"}, {"../", "http://a/b/"},
    {"../g", "http://a/b/g"}, {"../..", "http://a/"},
    {"../../", "http://a/"}, {"../../g", "http://a/g"},
    {"../../../g", "http://a/g"}, {"../../../../g", "http://a/g"},
    {"/./g", "http://a/g"}, {"/../g", "http://a/g"},
    {"g.", "http://a/b/c/g."}, {".g", "http://a/b/c/.g"},
    {"g..", "http://a/b/c/g.."}, {"..g", "http://a/b/c/..g"},
    {"./../g", "http://a/b/g"}, {"./g/.", "http://a/b/c/g/"},
    {"g/./h", "http://a/b/c/g/h"}, {"g/../h", "http://a/b/c/h"},
    {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
    {"g;x=1/../y", "http://a/b/c/y"}, {"g?y/./x", "http://a/b/c/g?y/./x"},
    {"g?y/../x", "http://a/b/c/g?y/../x"},
    {"https://h/./a", "https://h/./a"}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *url = vs_url_resolve (base, cases[i][0], NULL);

    fail_unless_equals_string (url, cases[i][1]);
  }
}

GST_END_TEST;

GST_START_TEST (test_resolve_by_a_host)
{
  static const gchar *const cases[][3] = {
    {"http://h", "a", "http://h/a"}, {"http://h?q", "a", "http://h/a"},
    {"http://h", "", "http://h"}, {"http://h", "?q", "http://h?q"},
    {"http://h", "/a", "http://h/a"}, {"http://h", "../a", "http://h/a"}
  };
  static const gchar *const bad[][2] = {
    {NULL, "a"}, {"a/b", "c"}, {"http://h/", "g:h"}, {"http://h/", "a b"},
    {"http://h/", "a#b"}, {"http://h/", "data:,a"}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *url = vs_url_resolve (cases[i][0], cases[i][1], NULL);

    fail_unless_equals_string (url, cases[i][2]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (vs_url_resolve (bad[i][0], bad[i][1], &error) == NULL);
    fail_unless (error != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_normal_paths)
{
  static const gchar *const good[] = { "/", "/a", "/a/", "/a/b.ts", "/a/...",
    "/.a", "/a..", "/%20", "/%C3%A4", "/%c3", "/*", "/%25", "/a:b@c", "/%3F"
  };
  static const gchar *const bad[] = { "", "a", "//", "/a//b", "//a", "/.",
    "/..", "/./", "/a/../b", "/a/..", "/a/.", "/%", "/%2", "/%2g", "/%gg",
    "/%41", "/%61", "/%30", "/%2d", "/%2E", "/%2e%2e/a", "/%5F", "/%7e",
    "/%2f", "/%2F", "/%5c", "/%5C", "/\\", "/%00", "/%0a", "/%1f", "/%7f",
    "/a?b", "/a#b", "/a b", "/\xc3\xa4"
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    fail_unless (vs_url_path_is_normal (good[i], strlen (good[i])), "%s",
        good[i]);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_if (vs_url_path_is_normal (bad[i], strlen (bad[i])), "%s", bad[i]);
}

GST_END_TEST;

static gboolean
matches (const gchar * pattern, const gchar * url)
{
  return vs_url_matches (pattern, strlen (pattern), url, strlen (url));
}

GST_START_TEST (test_patterns)
{
  static const struct
  {
    const gchar *pattern, *url;
    gboolean match;
  } cases[] = {
    {"*", "https://h/a?b", TRUE},
    {"https://h/a", "https://h/a", TRUE},
    {"https://h/a", "https://h/A", FALSE},
    {"https://h/a", "http://h/a", FALSE},
    {"https://h/a", "https://h/a?b", FALSE},
    {"https://h/a", "https://h/ab", FALSE},
    {"https://h/*", "https://h/", TRUE},
    {"https://h/*", "https://h/a/b/c?d/e", TRUE},
    {"https://h/*", "https://h:8443/a", FALSE},
    {"https://h/*", "https://h.evil/a", FALSE},
    {"https://h*/a", "https://h.evil/a", TRUE},
    {"https://*/a", "https://evil/b/a", FALSE},
    {"https://*.h/a", "https://evil/x.h/a", FALSE},
    {"https://*.h/a", "https://evil?x.h/a", FALSE},
    {"https://?.h/a", "https://c.h/a", TRUE},
    {"https://?.h/a", "https://cc.h/a", FALSE},
    {"http*://h/a", "https://h/a", TRUE},
    {"http*://h/a", "http://h/a", TRUE},
    {"*://h/a", "https://h/a", TRUE},
    {"*://h/a", "https://x/://h/a", FALSE},
    {"https://*", "https://h/a", FALSE},
    {"https://*/*", "https://h/a?b", TRUE},
    {"https://h/*.ts", "https://h/a/b.ts", TRUE},
    {"https://h/*.ts", "https://h/a.ts?b", FALSE},
    {"https://h/*.ts", "https://h/a.mp4?x=.ts", FALSE},
    {"https://h/*.ts*", "https://h/a.ts?b", TRUE},
    {"https://h/*.ts?*", "https://h/a.ts?b", TRUE},
    {"https://h/*.ts?*", "https://h/a.ts", FALSE},
    {"https://h/a?b", "https://h/a?b", TRUE},
    {"https://h/a?b", "https://h/axb", TRUE},
    {"https://h/a?b", "https://h/ab", FALSE},
    {"https://h/*?b=*", "https://h/a?b=c?d", TRUE},
    {"https://h/*?b=*&c=1", "https://h/a?b=&c=1", TRUE},
    {"https://h/*?b=*&c=1", "https://h/a?b=&c=2", FALSE},
    {"https://h/*a?b*c", "https://h/a1b/a?bc", TRUE},
    {"https://h/**", "https://h/a?b", TRUE},
    {"https://h/*a*", "https://h/b", FALSE},
    {"https://h", "https://h", TRUE},
    {"https://h/", "https://h", FALSE},
    {"", "https://h/", FALSE},
    {"**", "https://h/", FALSE},
    {"h/*", "h/a", FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless (matches (cases[i].pattern, cases[i].url) == cases[i].match,
        "%s of %s", cases[i].pattern, cases[i].url);
}

GST_END_TEST;

/* What the header says, word for word, of a path and a query. */
static gboolean
is_meant (const gchar * pattern, const gchar * text, const gchar * mark)
{
  if (*pattern == '\0')
    return *text == '\0';
  if (*pattern == '*')
    return is_meant (pattern + 1, text, mark) || (*text
        && (text != mark || pattern[1] == '\0')
        && is_meant (pattern, text + 1, mark));
  return *text && (*pattern == '?' || *pattern == *text)
      && is_meant (pattern + 1, text + 1, mark);
}

static void
fill_randomly (gchar * text, const gchar * letters)
{
  gint n = g_random_int_range (0, 9);

  for (gint i = 0; i < n; i++)
    *text++ = letters[g_random_int_range (0, (gint) strlen (letters))];
  *text = '\0';
}

GST_START_TEST (test_patterns_as_meant)
{
  guint matched = 0;

  for (guint round = 0; round < 200000; round++) {
    gchar pattern[32] = "http://h/", url[32] = "http://h/";
    const gchar *start = "http://h";
    gboolean want;

    fill_randomly (pattern + strlen (pattern), "ab/*?");
    fill_randomly (url + strlen (url), "ab/?");
    want = is_meant (pattern + strlen (start), url + strlen (start),
        strchr (url, '?'));
    fail_unless (matches (pattern, url) == want, "%s of %s", pattern, url);
    matched += want;
  }
  fail_unless (matched > 1000);
}

GST_END_TEST;

/* A pattern at which one that goes back would never come to an end. */
GST_START_TEST (test_patterns_are_bounded)
{
  g_autoptr (GString) pattern = g_string_new ("http://h/");
  g_autoptr (GString) url = g_string_new ("http://h/");

  while (pattern->len < VS_URL_MAX - 3)
    g_string_append (pattern, "*a");
  g_string_append_c (pattern, 'b');
  while (url->len < VS_URL_MAX)
    g_string_append_c (url, 'a');
  fail_if (matches (pattern->str, url->str));
  g_string_truncate (pattern, pattern->len - 1);
  fail_unless (matches (pattern->str, url->str));
}

GST_END_TEST;

static Suite *
urlparts_suite (void)
{
  Suite *s = suite_create ("urlparts");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_split);
  tcase_add_test (tc, test_no_urls);
  tcase_add_test (tc, test_resolve);
  tcase_add_test (tc, test_resolve_by_a_host);
  tcase_add_test (tc, test_normal_paths);
  tcase_add_test (tc, test_patterns);
  tcase_add_test (tc, test_patterns_as_meant);
  tcase_add_test (tc, test_patterns_are_bounded);
  return s;
}

GST_CHECK_MAIN (urlparts);
