/* VisionStream: tests of AWS Signature Version 4, against known signatures
 * and against botocore's signer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "store/vssigv4.h"

#define N_RANDOM 400

/* A request that owns its text, and the scope that signs it. */
typedef struct
{
  gchar *name;
  gchar *id, *region, *service, *token, *method, *path;
  const gchar *secret;
  GPtrArray *query, *headers;
  gint64 time;
  GString *body;
  VsSigV4Rules rules;
} Case;

static Case *
case_new (void)
{
  Case *self = g_new0 (Case, 1);

  self->query = g_ptr_array_new_with_free_func (g_free);
  self->headers = g_ptr_array_new_with_free_func (g_free);
  self->body = g_string_new (NULL);
  return self;
}

static void
case_free (Case * self)
{
  g_free (self->name);
  g_free (self->id);
  g_free (self->region);
  g_free (self->service);
  g_free (self->token);
  g_free (self->method);
  g_free (self->path);
  g_ptr_array_unref (self->query);
  g_ptr_array_unref (self->headers);
  g_string_free (self->body, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Case, case_free);

static void
add_pair (GPtrArray * pairs, gchar * name, gchar * value)
{
  g_ptr_array_add (pairs, name);
  g_ptr_array_add (pairs, value);
}

/* The pairs of @pairs as the signer takes them. */
static const gchar **
list_of (GPtrArray * pairs)
{
  const gchar **list = g_new0 (const gchar *, pairs->len + 1);

  for (guint i = 0; i < pairs->len; i++)
    list[i] = g_ptr_array_index (pairs, i);
  return list;
}

static VsSigV4Signed *
sign (Case * self, gboolean cached_key)
{
  VsSigV4Scope scope = { self->id, self->secret, self->token, self->region,
    self->service, self->time
  };
  g_autofree const gchar **query = list_of (self->query);
  g_autofree const gchar **headers = list_of (self->headers);
  gchar hash[VS_SHA256_HEX_SIZE];
  VsSigV4Request request = { self->method, self->path, query, headers, hash,
    self->rules
  };
  g_auto (VsSigV4Key) key;

  vs_sigv4_key_init (&key, &scope);
  vs_sha256_hex (self->body->str, self->body->len, hash);
  return vs_sigv4_sign (&scope, cached_key ? &key : NULL, &request);
}

/* ---- known signatures ---------------------------------------------------- */

static VsSigV4Rules
parse_rules (const gchar * word)
{
  if (strcmp (word, "s3") == 0)
    return VS_SIGV4_S3;
  if (strcmp (word, "plain") == 0)
    return VS_SIGV4_NO_CONTENT_SHA256;
  fail_unless_equals_string (word, "normalized");
  return VS_SIGV4_NO_CONTENT_SHA256 | VS_SIGV4_NORMALIZE_PATH;
}

static void
parse_query (Case * self, const gchar * text)
{
  g_auto (GStrv) parts = g_strsplit (text, "&", -1);

  for (guint i = 0; parts[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (parts[i], "=", 2);

    add_pair (self->query, g_uri_unescape_string (pair[0], NULL),
        g_uri_unescape_string (pair[1] ? pair[1] : "", NULL));
  }
}

/* "GET /a b?c=d HTTP/1.1" */
static void
parse_request_line (Case * self, const gchar * line)
{
  const gchar *target = strchr (line, ' ') + 1;
  g_autofree gchar *text = g_strndup (target, strrchr (target, ' ') - target);
  gchar *query = strchr (text, '?');

  self->method = g_strndup (line, target - 1 - line);
  if (query) {
    *query = '\0';
    parse_query (self, query + 1);
  }
  self->path = g_strdup (text);
}

static gint64
parse_time (const gchar * text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

  return g_date_time_to_unix (time);
}

/* Those that @names has are signed; some of them the signer adds. */
static void
parse_header (Case * self, const gchar * line, const gchar * names)
{
  const gchar *colon = strchr (line, ':');
  g_autofree gchar *name = g_ascii_strdown (line, colon - line);
  g_autofree gchar *value = g_strstrip (g_strdup (colon + 1));
  g_auto (GStrv) signed_names = g_strsplit (names, ";", -1);

  if (strcmp (name, "x-amz-date") == 0)
    self->time = parse_time (value);
  if (!g_strv_contains ((const gchar * const *) signed_names, name)
      || strcmp (name, "x-amz-date") == 0
      || strcmp (name, "x-amz-content-sha256") == 0)
    return;
  if (strcmp (name, "x-amz-security-token") == 0)
    self->token = g_steal_pointer (&value);
  else
    add_pair (self->headers, g_strndup (line, colon - line),
        g_strdup (colon + 1));
}

/* A line that goes on the one before is, to the suite, one more value. */
static void
parse_headers (Case * self, gchar ** lines, const gchar * names)
{
  const gchar *last = NULL;

  for (; *lines; lines++) {
    g_autofree gchar *folded = NULL;

    if (g_ascii_isspace (**lines))
      folded = g_strdup_printf ("%.*s:%s", (gint) strcspn (last, ":"), last,
          *lines);
    else
      last = *lines;
    parse_header (self, folded ? folded : last, names);
  }
}

/* The id and scope of a value of Authorization; its names are returned. */
static gchar *
parse_authorization (Case * self, const gchar * text)
{
  g_auto (GStrv) parts = g_strsplit_set (text, "=/,", -1);

  self->id = g_strdup (parts[1]);
  self->region = g_strdup (parts[3]);
  self->service = g_strdup (parts[4]);
  self->secret = strcmp (self->id, "AKIDEXAMPLE") == 0 ?
      "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" :
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  return g_strdup (parts[7]);
}

static Case *
parse_case (const gchar * text, gchar ** want)
{
  Case *self = case_new ();
  g_auto (GStrv) halves = g_strsplit (text, "\n= ", 2);
  g_auto (GStrv) request = g_strsplit (halves[0], "\n\n", 2);
  g_auto (GStrv) lines = g_strsplit (request[0], "\n", -1);
  g_auto (GStrv) title = g_strsplit (lines[0], " ", 2);
  g_autofree gchar *names = parse_authorization (self, halves[1]);

  self->name = g_strdup (title[0]);
  self->rules = parse_rules (title[1]);
  parse_request_line (self, lines[1]);
  parse_headers (self, lines + 2, names);
  if (request[1])
    g_string_append (self->body, request[1]);
  *want = g_strstrip (g_strdup (halves[1]));
  return self;
}

/* S3's examples have no blanks after the commas. */
static gchar *
without_blanks (const gchar * text)
{
  g_auto (GStrv) parts = g_strsplit (text, " ", -1);

  return g_strjoinv (NULL, parts);
}

GST_START_TEST (test_known)
{
  g_autofree gchar *path = g_build_filename (g_getenv ("VS_SIGV4_DIR"),
      "vectors.txt", NULL);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) cases = NULL;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL), "%s", path);
  cases = g_strsplit (text, "\ncase ", -1);
  fail_unless_equals_int (g_strv_length (cases), 46);
  for (guint i = 1; cases[i]; i++) {
    g_autofree gchar *want = NULL;
    g_autoptr (Case) self = parse_case (cases[i], &want);
    g_autoptr (VsSigV4Signed) got = sign (self, i % 2);
    g_autofree gchar *a = without_blanks (got->authorization);
    g_autofree gchar *b = without_blanks (want);

    fail_unless (strcmp (a, b) == 0, "%s: %s, not %s", self->name, a, b);
  }
}

GST_END_TEST;

/* ---- what is sent -------------------------------------------------------- */

GST_START_TEST (test_sent)
{
  static const struct
  {
    const gchar *path, *sent;
    const gchar *query[7];
    const gchar *sent_query;
  } rows[] = {
    {"", "/", {NULL}, ""},
    {"/b/a b.ts", "/b/a%20b.ts", {NULL}, ""},
    {"/b//../a/./c", "/b//../a/./c", {NULL}, ""},
    {"/b/%20+~", "/b/%2520%2B~", {NULL}, ""},
    {"/b/\xc3\xa9\xf0\x9f\x8e\xac", "/b/%C3%A9%F0%9F%8E%AC", {NULL}, ""},
    {"/!\"#$&'()*+,:;<=>?@[]^`{|}", "/%21%22%23%24%26%27%28%29%2A%2B%2C%3A%3B"
          "%3C%3D%3E%3F%40%5B%5D%5E%60%7B%7C%7D", {NULL}, ""},
    {"/\x01\x7f\xff", "/%01%7F%FF", {NULL}, ""},
    {"/", "/", {"uploads", "", NULL}, "uploads="},
    {"/", "/", {"prefix", "a/b c", "delimiter", "/", NULL},
        "delimiter=%2F&prefix=a%2Fb%20c"},
    {"/", "/", {"a-b", "1", "a", "2", "a", "1", NULL}, "a=1&a=2&a-b=1"},
    {"/", "/", {"b", "", "B", "", "\xc3\xa9", "", NULL}, "%C3%A9=&B=&b="},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    VsSigV4Scope scope = { "id", "secret", NULL, "r", "s3", 0 };
    VsSigV4Request request = { "GET", rows[i].path, rows[i].query, NULL,
      "UNSIGNED-PAYLOAD", VS_SIGV4_S3
    };
    g_autoptr (VsSigV4Signed) got = vs_sigv4_sign (&scope, NULL, &request);

    fail_unless_equals_string (got->path, rows[i].sent);
    fail_unless_equals_string (got->query, rows[i].sent_query);
    fail_unless_equals_string (got->date, "19700101T000000Z");
  }
}

GST_END_TEST;

/* One character of anything that is signed makes another signature. */
GST_START_TEST (test_all_counts)
{
  static const gchar *const query[] = { "a", "b", NULL };
  static const gchar *const headers[] = { "Host", "h", NULL };
  static const gchar *const other[] = { "a", "c", NULL };
  const VsSigV4Scope scope = { "id", "secret", "token", "r", "s3", 1 };
  const VsSigV4Request request = { "GET", "/", query, headers, "x", 0 };
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 13; i++) {
    VsSigV4Scope s = scope;
    VsSigV4Request r = request;
    g_autoptr (VsSigV4Signed) got = NULL;

    s.secret_access_key = i == 1 ? "Secret" : s.secret_access_key;
    s.session_token = i == 2 ? "Token" : i == 3 ? NULL : s.session_token;
    s.region = i == 4 ? "q" : s.region;
    s.service = i == 5 ? "s4" : s.service;
    s.time = i == 6 ? 2 : i == 7 ? 86401 : s.time;
    r.method = i == 8 ? "PUT" : r.method;
    r.path = i == 9 ? "/a" : r.path;
    r.query = i == 10 ? other : r.query;
    r.headers = i == 11 ? other : r.headers;
    r.payload_sha256 = i == 12 ? "y" : r.payload_sha256;
    got = vs_sigv4_sign (&s, NULL, &r);
    fail_unless (g_hash_table_add (seen,
            g_strdup (strstr (got->authorization, "Signature="))), "%u", i);
  }
}

GST_END_TEST;

/* The clock may say anything. */
GST_START_TEST (test_times)
{
  static const struct
  {
    gint64 time;
    const gchar *date;
  } rows[] = {
    {1369353600, "20130524T000000Z"},
    {951827696, "20000229T123456Z"},
    {-1, "19700101T000000Z"},
    {G_MININT64, "19700101T000000Z"},
    {G_MAXINT64, "99991231T235959Z"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    VsSigV4Scope scope = { "id", "secret", NULL, "r", "s3", rows[i].time };
    VsSigV4Request request = { "GET", "/", NULL, NULL, "", VS_SIGV4_S3 };
    g_autoptr (VsSigV4Signed) got = vs_sigv4_sign (&scope, NULL, &request);

    fail_unless_equals_string (got->date, rows[i].date);
  }
}

GST_END_TEST;

/* ---- hashes -------------------------------------------------------------- */

/* In pieces of all sizes as in one, which GLib judges. */
GST_START_TEST (test_sha256)
{
  guint8 data[1000];
  gchar one[VS_SHA256_HEX_SIZE], many[VS_SHA256_HEX_SIZE];

  for (guint i = 0; i < sizeof data; i++)
    data[i] = i * 7;
  for (guint step = 1; step <= sizeof data; step += 37) {
    g_autofree gchar *want = g_compute_checksum_for_data (G_CHECKSUM_SHA256,
        data, sizeof data - step);
    g_auto (VsSha256) hash = { NULL };

    vs_sha256_init (&hash);
    for (guint at = 0; at < sizeof data - step;) {
      guint n = MIN (step, sizeof data - step - at);

      vs_sha256_update (&hash, data + at, n);
      at += n;
    }
    vs_sha256_finish_hex (&hash, many);
    vs_sha256_hex (data, sizeof data - step, one);
    fail_unless_equals_string (one, want);
    fail_unless_equals_string (many, want);
  }
}

GST_END_TEST;

/* ---- against botocore ---------------------------------------------------- */

/* Blanks, what a URL, a header or a shell takes as its own, and UTF-8 of two,
 * three and four bytes */
static const gchar *const odd[] = { " ", "  ", "+", "%", "%2F", "&", "=", "?",
  "#", "/", "//", "/./", "/../", "~", "-", "_", ".", "*", "'", "\"", "(", ")",
  "!", "$", ",", ";", ":", "@", "[", "]", "{", "}", "|", "^", "`", "<", ">",
  "\\", "\xc3\xa9", "\xe1\x88\xb4", "\xf0\x9f\x8e\xac"
};

static gchar *
random_text (GRand * rand, const gchar * start, guint max)
{
  GString *text = g_string_new (start);

  for (guint n = g_rand_int_range (rand, 0, max + 1); n > 0; n--) {
    if (g_rand_int_range (rand, 0, 3) == 0)
      g_string_append (text, odd[g_rand_int_range (rand, 0,
                  G_N_ELEMENTS (odd))]);
    else
      g_string_append_c (text, "azAZ09bcm"[g_rand_int_range (rand, 0, 9)]);
  }
  return g_string_free (text, FALSE);
}

/* Visible text between runs of blanks */
static gchar *
random_header_value (GRand * rand)
{
  static const gchar *const pieces[] = { " ", "   ", "\t", " \t ", "a", "Bc",
    "1,2", "\"x  y\"", "\xc3\xa9", "=;:"
  };
  GString *text = g_string_new (NULL);

  for (guint n = g_rand_int_range (rand, 0, 12); n > 0; n--)
    g_string_append (text, pieces[g_rand_int_range (rand, 0,
                G_N_ELEMENTS (pieces))]);
  return g_string_free (text, FALSE);
}

/* A few names only, in any case, so that some come twice. */
static gchar *
random_header_name (GRand * rand)
{
  static const gchar *const names[] = { "Range", "content-type", "X-Amz-Acl",
    "x-amz-meta-a", "x-amz-meta-A-b", "X-AMZ-META-ab", "x-amz-meta_a", "etag"
  };

  return g_strdup (names[g_rand_int_range (rand, 0, G_N_ELEMENTS (names))]);
}

static Case *
random_case (GRand * rand)
{
  static const gchar *const methods[] = { "GET", "PUT", "DELETE", "POST",
    "HEAD"
  };
  Case *self = case_new ();
  gboolean s3 = g_rand_boolean (rand);

  self->rules = s3 ? VS_SIGV4_S3 : VS_SIGV4_GENERIC;
  self->id = random_text (rand, "AK", 0);
  self->secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  self->region = g_strdup (g_rand_boolean (rand) ? "eu-west-1" : "");
  self->service = g_strdup (s3 ? "s3" : "execute-api");
  self->token = g_rand_boolean (rand) ?
      g_strdup_printf ("tok+/%u==", g_rand_int (rand)) : NULL;
  self->time = g_rand_int (rand);
  self->method = g_strdup (methods[g_rand_int_range (rand, 0, 5)]);
  self->path = random_text (rand, "/", 30);
  for (guint n = g_rand_int_range (rand, 0, 6); n > 0; n--)
    add_pair (self->query, random_text (rand, n % 2 ? "a" : "", 3),
        random_text (rand, "", 6));
  add_pair (self->headers, g_strdup ("Host"), g_strdup ("b.example:9000"));
  for (guint n = g_rand_int_range (rand, 0, 6); n > 0; n--)
    add_pair (self->headers, random_header_name (rand),
        random_header_value (rand));
  if (g_rand_boolean (rand))
    g_string_append_printf (self->body, "%u", g_rand_int (rand));
  return self;
}

static void
build_list (JsonBuilder * builder, const gchar * name, GPtrArray * pairs)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < pairs->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (pairs, i));
  json_builder_end_array (builder);
}

static gchar *
case_to_json (Case * self)
{
  const gchar *const members[] = { "id", self->id, "secret", self->secret,
    "region", self->region, "service", self->service, "token",
    self->token ? self->token : "", "method", self->method, "path",
    self->path, "body", self->body->str
  };
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  for (guint i = 0; i < G_N_ELEMENTS (members); i += 2) {
    json_builder_set_member_name (builder, members[i]);
    json_builder_add_string_value (builder, members[i + 1]);
  }
  json_builder_set_member_name (builder, "time");
  json_builder_add_int_value (builder, self->time);
  build_list (builder, "query", self->query);
  build_list (builder, "headers", self->headers);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static gchar *
ask_botocore (const gchar * requests)
{
  g_autofree gchar *script = g_build_filename (g_getenv ("VS_SIGV4_DIR"),
      "botocoresigner.py", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) python =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE
      | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "/usr/bin/python3", script,
      NULL);
  gchar *answers = NULL;

  fail_unless (python != NULL, "%s", error ? error->message : "");
  fail_unless (g_subprocess_communicate_utf8 (python, requests, NULL,
          &answers, NULL, &error), "%s", error ? error->message : "");
  fail_unless (g_subprocess_get_successful (python),
      "%s failed; is python3-botocore installed?", script);
  return answers;
}

static void
check_same (Case * self, const gchar * question, const gchar * answer,
    guint32 seed)
{
  g_autoptr (VsSigV4Signed) got = sign (self, FALSE);
  g_autoptr (JsonNode) root = json_from_string (answer, NULL);
  JsonObject *want = json_node_get_object (root);
  const gchar *const members[] = { "path", got->path, "query", got->query,
    "date", got->date, "authorization", got->authorization
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i += 2) {
    const gchar *other = json_object_get_string_member (want, members[i]);

    fail_unless (g_strcmp0 (members[i + 1], other) == 0,
        "seed %u, %s: %s, botocore has %s, of %s", seed, members[i],
        members[i + 1], other, question);
  }
}

GST_START_TEST (test_botocore)
{
  const gchar *given = g_getenv ("VS_SEED");
  guint32 seed = given ? g_ascii_strtoull (given, NULL, 10) : g_random_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GPtrArray) cases =
      g_ptr_array_new_with_free_func ((GDestroyNotify) case_free);
  g_autoptr (GString) questions = g_string_new (NULL);
  g_autofree gchar *answers = NULL;
  g_auto (GStrv) question = NULL, answer = NULL;

  for (guint i = 0; i < N_RANDOM; i++) {
    Case *self = random_case (rand);
    g_autofree gchar *json = case_to_json (self);

    g_ptr_array_add (cases, self);
    g_string_append_printf (questions, "%s\n", json);
  }
  answers = ask_botocore (questions->str);
  question = g_strsplit (questions->str, "\n", -1);
  answer = g_strsplit (answers, "\n", -1);
  fail_unless_equals_int (g_strv_length (answer), N_RANDOM + 1);
  for (guint i = 0; i < N_RANDOM; i++)
    check_same (g_ptr_array_index (cases, i), question[i], answer[i], seed);
}

GST_END_TEST;

static Suite *
sigv4_suite (void)
{
  Suite *suite = suite_create ("sigv4");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_known);
  tcase_add_test (tcase, test_sent);
  tcase_add_test (tcase, test_all_counts);
  tcase_add_test (tcase, test_times);
  tcase_add_test (tcase, test_sha256);
  tcase_add_test (tcase, test_botocore);
  return suite;
}

GST_CHECK_MAIN (sigv4);
